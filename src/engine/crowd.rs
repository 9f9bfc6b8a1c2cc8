//! First stays of many children at once, in columns.
//!
//! Most children live one stay: they come in, one of their clocks rings before
//! the others, and they leave. What such a life needs is worked out here column
//! by column, for a crowd of children at a time and with few branches that the
//! processor could guess wrong. Whoever does anything else — moves, joins a
//! pathway, comes back — is handed to `replicate`, which plays one child event
//! by event. Both give the same to the bit; a test plays every child both ways.

// A place stands for one child in every column.
#![expect(clippy::needless_range_loop)]

use super::aftermath::REENTRY_BLOCK;
use super::counting::Nights;
use super::life::{Counted, Life, NONE, Whereabouts, day_of};
use super::places::Places;
use super::record::Recorder;
use super::replicate::Play;
use super::ticking::{CrowdInBands, InBands, Standing, Straight};
use super::walk::{Walk, Walkers};
use crate::calendar::{Calendar, Place};
use crate::luck::{CROWD, CrowdWords, Key, Purpose, exponential, words_at};
use crate::model::clocks::{ClockSet, MOST_CLOCKS, Mask, NO_EXIT};
use crate::wide::{Work, widest};

/// Stands for the eighteenth birthday among the clocks.
pub const BIRTHDAY: usize = MOST_CLOCKS;

/// Up to [`CROWD`] children at the start of their first stays. Reused from
/// crowd to crowd; what lies behind the last child means nothing.
#[derive(Debug)]
pub struct Crowd {
    /// How many there are.
    pub count: usize,
    /// Whether they are in care on the start date.
    pub here_today: bool,
    /// Keys.
    pub keys: [Key; CROWD],
    /// Keys of their families.
    pub families: [Key; CROWD],
    /// Streams.
    pub stream: [u8; CROWD],
    /// Legal statuses.
    pub legal_status: [u8; CROWD],
    /// Placements.
    pub placement: [u8; CROWD],
    /// Days of birth.
    pub born: [i32; CROWD],
    /// Eighteenth birthdays.
    pub adult: [i32; CROWD],
    /// Days from which the stays are counted.
    pub since: [i32; CROWD],
    /// Times from which the clocks run.
    pub origin: [f64; CROWD],
    /// Pathways that they enter at once, or none.
    pub pathway: [u8; CROWD],
    /// When their walks along these begin.
    pub(super) start: [f64; CROWD],
    /// Those who are played one by one whatever their clocks do.
    pub(super) alone: Places,
    /// Words of what they are like when they come in.
    pub profile: CrowdWords,
    /// First words of their attempts, where a case is open.
    pub attempts: CrowdWords,
    /// Words of their clocks, four clocks a block.
    pub clocks: Vec<CrowdWords>,
    /// When their clocks ring, by clock: of any that do not run, whatever.
    /// Empty where nobody has worked it out.
    pub(super) rings: Vec<[f64; CROWD]>,
    /// Keys of the families of a stream that may be referred.
    pub(super) possible: Vec<Key>,
    /// Whoever is played one by one, one after the other.
    pub life: Life,
    pub(super) first: FirstRings,
    pub(super) walkers: Walkers,
    pub(super) walk: Walk,
}

/// Which clock rings first, and when.
#[derive(Debug)]
pub(super) struct FirstRings {
    /// Clocks that run.
    pub running: [ClockSet; CROWD],
    /// When the first of them rings.
    pub time: [f64; CROWD],
    clock: [u32; CROWD],
    /// The kind of exit that it is, or [`NO_EXIT`].
    pub kind: [u8; CROWD],
    /// The day on which it counts, none later than the day behind the horizon.
    day: [i32; CROWD],
    /// Where the days lie from which and up to which the stay is counted.
    places: [[Place; CROWD]; 2],
}

impl Default for Crowd {
    fn default() -> Self {
        Self {
            count: 0,
            here_today: false,
            keys: [0; CROWD],
            families: [0; CROWD],
            stream: [0; CROWD],
            legal_status: [0; CROWD],
            placement: [0; CROWD],
            born: [0; CROWD],
            adult: [0; CROWD],
            since: [0; CROWD],
            origin: [0.0; CROWD],
            pathway: [NONE; CROWD],
            start: [0.0; CROWD],
            alone: Places::NONE,
            profile: [[0; CROWD]; 4],
            attempts: [[0; CROWD]; 4],
            clocks: Vec::new(),
            rings: Vec::new(),
            possible: Vec::new(),
            life: Life::default(),
            first: FirstRings {
                running: [0; CROWD],
                time: [0.0; CROWD],
                clock: [0; CROWD],
                kind: [NO_EXIT; CROWD],
                day: [0; CROWD],
                places: [[Place::default(); CROWD]; 2],
            },
            walkers: Walkers::default(),
            walk: Walk::default(),
        }
    }
}

impl Crowd {
    /// Makes the scratch life the child in a place, outside care, with the
    /// words of its clocks, and when they ring if that is known.
    pub fn bring_to_life(&mut self, place: usize) {
        self.name_life(place);
        for (ring, rings) in self.life.rings.iter_mut().zip(&self.rings) {
            *ring = rings[place];
        }
        self.life.dealt_rings = !self.rings.is_empty();
        for (block, words) in self.clocks.iter().enumerate() {
            self.life.take_words(block, words_at(words, place));
        }
    }

    /// The same without the words.
    fn name_life(&mut self, place: usize) {
        let life = &mut self.life;
        life.become_child(
            self.keys[place],
            self.families[place],
            self.stream[place],
            self.born[place],
            self.adult[place],
        );
        life.legal_status = self.legal_status[place];
        life.placement = self.placement[place];
        life.here_today = self.here_today;
    }
}

impl<R: Recorder> Play<'_, R> {
    /// Plays the children of a crowd whose first stay is all that there is to
    /// them; gives the places of the others.
    pub(super) fn play_crowd(&mut self, crowd: &mut Crowd) -> Places {
        let count = crowd.count;
        let blocks = self.world.clocks.len().div_ceil(4);
        crowd.clocks.resize(blocks, [[0; CROWD]; 4]);
        let keys = &crowd.keys[..count];
        for (block, words) in crowd.clocks.iter_mut().enumerate() {
            self.luck
                .words_of_crowd(keys, Purpose::Clock, block as u8, 0, words);
        }
        self.children += count as u64;
        if R::LISTENS || self.world.model.shares_everything {
            crowd.rings.clear();
            return Places::first(count);
        }
        self.first_rings(crowd);
        if crowd.here_today {
            self.walk_crowd(crowd);
        }
        self.count_crowd(crowd)
    }

    /// Counts the children of a crowd whose first stay is all that there is to
    /// them, and plays what follows from it; gives the places of the others.
    pub(super) fn count_crowd(&mut self, crowd: &mut Crowd) -> Places {
        let count = crowd.count;
        let [plain, over] = widest(Days {
            horizon: self.horizon,
            calendar: self.calendar,
            since: &crowd.since,
            alone: crowd.alone,
            first: &mut crowd.first,
        });
        let counted = Places::first(count).among(plain);
        let others = Places::first(count).without(plain);
        let ended = counted.without(over);
        self.count_first_stays(crowd, counted, ended);
        if self.world.model.consequences != Mask::NONE {
            self.follow_first_stays(crowd, ended);
        }
        others
    }

    /// Counts first stays that are all that there is to some children, one
    /// counter after the other; some end by the horizon.
    #[inline(never)]
    fn count_first_stays(&mut self, crowd: &Crowd, counted: Places, ended: Places) {
        let child = |place: usize| Counted {
            born: crowd.born[place],
            stream: crowd.stream[place],
            legal_status: crowd.legal_status[place],
            placement: crowd.placement[place],
            here_today: crowd.here_today,
        };
        let [from, to] = &crowd.first.places;
        let nights = |place: usize| Nights {
            days: [crowd.since[place], crowd.first.day[place]],
            places: [from[place], to[place]],
        };
        if !crowd.here_today {
            let admissions = self.counters.admissions;
            let events = counted.each().map(|place| (admissions, from[place]));
            self.tally.events_at(events);
        }
        let placements = self.world.model.beds.len();
        let first = self.counters.placement;
        self.count_states(crowd, (first, placements), &crowd.placement, counted, ended);
        if !self.world.model.money.grants.is_empty() {
            for place in counted.each() {
                self.count_grants(child(place), nights(place).days);
            }
        }
        if let Some(first) = self.counters.legal_status {
            let statuses = self.world.model.running.legal_status.len();
            self.count_states(
                crowd,
                (first, statuses),
                &crowd.legal_status,
                counted,
                ended,
            );
        }
        if self.counters.counts_stays() {
            for place in counted.each() {
                self.count_stay_nights(child(place), nights(place));
            }
        }
        let exits = self.counters.exits;
        let exit = |place: usize| exits + usize::from(crowd.first.kind[place]);
        let events = ended.each().map(|place| (exit(place), to[place]));
        self.tally.events_at(events);
    }

    /// Counts the states that children are in all through their first stays: so
    /// many states from a first counter on.
    #[inline(always)]
    fn count_states(
        &mut self,
        crowd: &Crowd,
        (first, states): (usize, usize),
        state: &[u8; CROWD],
        counted: Places,
        ended: Places,
    ) {
        let [from, to] = &crowd.first.places;
        let counter = |place: usize| first + usize::from(state[place]);
        if crowd.here_today {
            // They all begin on the start date.
            let day = self.calendar.place_of(0);
            for one in 0..states {
                let here = Places::with_number(state, one);
                let children = counted.among(here).count();
                self.tally.begin_together(first + one, children, day);
            }
        } else {
            let spells = counted.each().map(|place| (counter(place), from[place]));
            self.tally.begin_spells(spells);
        }
        let spells = ended.each().map(|place| (counter(place), to[place]));
        self.tally.end_spells(spells);
    }

    /// What follows the exits from some first stays.
    fn follow_first_stays(&mut self, crowd: &mut Crowd, ended: Places) {
        let model = self.world.model;
        let kinds = crowd.first.kind;
        let followed = ended.filter(|place| model.consequences.has(kinds[place]));
        let (mut keys, mut count) = ([0; CROWD], 0);
        for place in followed.each() {
            keys[count] = crowd.keys[place];
            count += 1;
        }
        // What follows most exits is nothing. The words that say so are drawn
        // side by side, and once more where something does.
        let mut words = [[0; CROWD]; 4];
        if !model.reentries.is_empty() {
            let luck = self.luck.again();
            let (keys, purpose) = (&keys[..count], Purpose::Aftermath);
            luck.words_of_crowd(keys, purpose, REENTRY_BLOCK, 1, &mut words);
        }
        for (index, place) in followed.each().enumerate() {
            let (kind, day) = (kinds[place], crowd.first.day[place]);
            if model.payments.has(kind) || self.breaks_down(kind, day, words[0][index]) {
                self.follow_first_stay(crowd, place);
            }
        }
    }

    /// What follows an exit from a first stay.
    #[inline(never)]
    fn follow_first_stay(&mut self, crowd: &mut Crowd, place: usize) {
        crowd.name_life(place);
        let life = &mut crowd.life;
        life.stays = 1;
        life.whereabouts = Whereabouts::Over;
        if crowd.pathway[place] != NONE {
            life.plan.attempts = 1;
            self.try_pathway(life, crowd.pathway[place]);
        }
        let (time, kind) = (crowd.first.time[place], crowd.first.kind[place]);
        self.follow_exit(&mut crowd.life, time, kind);
        self.go_on(&mut crowd.life);
    }

    /// Works out which clock of each child rings first, and when.
    #[inline(never)]
    fn first_rings(&self, crowd: &mut Crowd) {
        let count = crowd.count;
        let running = &self.world.model.running;
        let first = &mut crowd.first;
        match running.everybody {
            Some(clocks) => first.running = [clocks; CROWD],
            None => {
                for place in 0..count {
                    first.running[place] = running.off_pathways(
                        crowd.legal_status[place],
                        crowd.placement[place],
                        crowd.stream[place],
                    );
                }
            }
        }
        widest(Begin {
            young: &running.young,
            adult: &crowd.adult,
            origin: &crowd.origin,
            born: &crowd.born,
            first,
        });
        // Not `all`: there is nothing to be saved by stopping early.
        let starts_at_zero = (0..count).fold(true, |all, place| {
            all & (crowd.origin[place] == f64::from(crowd.since[place]))
        });
        crowd
            .rings
            .resize(self.world.clocks.len(), [f64::INFINITY; CROWD]);
        for clock in 0..self.world.clocks.len() {
            let words = &crowd.clocks[clock / 4][clock % 4];
            match self.world.straight(clock).filter(|_| starts_at_zero) {
                Some(straight) => widest(StraightRings {
                    straight,
                    age_below: self.world.model.clocks[clock].age_below,
                    clock,
                    words,
                    origin: &crowd.origin,
                    born: &crowd.born,
                    rings: &mut crowd.rings[clock],
                    first: &mut crowd.first,
                }),
                None => self.other_rings(clock, crowd),
            }
        }
        for place in 0..count {
            crowd.first.kind[place] = running.exits[crowd.first.clock[place] as usize];
        }
    }

    /// A clock that takes a walk for each child whose luck it can reach.
    fn other_rings(&self, clock: usize, crowd: &mut Crowd) {
        let words = &crowd.clocks[clock / 4][clock % 4];
        let age_below = self.world.model.clocks[clock].age_below;
        let first = &mut crowd.first;
        let rings = &mut crowd.rings[clock];
        *rings = [f64::INFINITY; CROWD];
        let children = Places::first(crowd.count);
        let bands = self.world.banded(clock).map(|rates| {
            widest(CrowdInBands {
                rates,
                words,
                runs: (&first.running, 1 << clock),
                since: &crowd.since,
                born: &crowd.born,
                adult: &crowd.adult,
                horizon: self.horizon,
                origin: &crowd.origin,
            })
        });
        let reached = match bands {
            Some((_, reached)) => children.among(reached),
            None => children.filter(|place| first.running[place] >> clock & 1 == 1),
        };
        for place in reached.each() {
            let child = Standing {
                born: f64::from(crowd.born[place]),
                origin: crowd.origin[place],
            };
            let since = f64::from(crowd.since[place]);
            let until = f64::from(crowd.adult[place]).min(self.horizon);
            let (stretch, word) = ((since, until), words[place]);
            let ring = match &bands {
                Some(([ages, times], _)) => {
                    let at = InBands {
                        age: ages[place] as usize,
                        time: times[place] as usize,
                    };
                    let luck = exponential(word);
                    self.world.ring_from(clock, child, stretch, luck, at)
                }
                None => self.world.fresh_ring(clock, child, stretch, word),
            };
            if ring - child.born < age_below {
                rings[place] = ring;
                if ring < first.time[place] {
                    first.time[place] = ring;
                    first.clock[place] = clock as u32;
                }
            }
        }
    }
}

/// Everybody turns eighteen, and clocks for the young stand still for others.
struct Begin<'a> {
    young: &'a [(f64, ClockSet)],
    adult: &'a [i32; CROWD],
    origin: &'a [f64; CROWD],
    born: &'a [i32; CROWD],
    first: &'a mut FirstRings,
}

// What is written lies in arrays of its own until the end: the compiler then
// knows that nothing else is changed by it, and uses vectors.

impl Work for Begin<'_> {
    type Output = ();

    #[inline(always)]
    fn work(self) {
        let mut running = self.first.running;
        for &(limit, clocks) in self.young {
            for place in 0..CROWD {
                let age = self.origin[place] - f64::from(self.born[place]);
                let stand_still = if age >= limit { clocks } else { 0 };
                running[place] &= !stand_still;
            }
        }
        self.first.running = running;
        self.first.time = self.adult.map(f64::from);
        self.first.clock = [BIRTHDAY as u32; CROWD];
    }
}

/// The days on which first rings count, and where first stays lie.
struct Days<'a> {
    horizon: f64,
    calendar: &'a Calendar,
    since: &'a [i32; CROWD],
    alone: Places,
    first: &'a mut FirstRings,
}

impl Work for Days<'_> {
    /// Whose stay is all that there is to them by the horizon, and whose goes on
    /// beyond it.
    type Output = [Places; 2];

    #[inline(always)]
    fn work(self) -> [Places; 2] {
        let behind = self.horizon + 1.0;
        let mut days = [0; CROWD];
        for place in 0..CROWD {
            days[place] = day_of(self.first.time[place].min(behind));
        }
        let [mut from, mut to] = [[Place::default(); CROWD]; 2];
        for place in 0..CROWD {
            from[place] = self.calendar.place_of(self.since[place]);
            to[place] = self.calendar.place_of(days[place]);
        }
        self.first.places = [from, to];
        self.first.day = days;
        let (mut is_done, mut is_over) = ([false; CROWD], [false; CROWD]);
        for place in 0..CROWD {
            is_over[place] = self.first.time[place] > self.horizon;
            is_done[place] = is_over[place] | (self.first.kind[place] != NO_EXIT);
        }
        let [done, over] = [is_done, is_over].map(|holds| Places::of(&holds));
        [done.without(self.alone), over]
    }
}

/// A clock that starts at its own zero for every child of a crowd.
struct StraightRings<'a> {
    straight: Straight<'a>,
    age_below: f64,
    clock: usize,
    words: &'a [u32; CROWD],
    origin: &'a [f64; CROWD],
    born: &'a [i32; CROWD],
    rings: &'a mut [f64; CROWD],
    first: &'a mut FirstRings,
}

impl Work for StraightRings<'_> {
    type Output = ();

    #[inline(always)]
    fn work(self) {
        let mut rings = self.straight.rings(self.origin, self.words);
        let set = 1 << self.clock;
        let (mut times, mut clocks) = (self.first.time, self.first.clock);
        for place in 0..CROWD {
            let is_too_old = rings[place] - f64::from(self.born[place]) >= self.age_below;
            rings[place] = if is_too_old {
                f64::INFINITY
            } else {
                rings[place]
            };
            // One bit and another, not one test after another: nothing to guess.
            let runs = self.first.running[place] & set != 0;
            let is_first = runs & (rings[place] < times[place]);
            times[place] = if is_first { rings[place] } else { times[place] };
            clocks[place] = if is_first {
                self.clock as u32
            } else {
                clocks[place]
            };
        }
        *self.rings = rings;
        self.first.time = times;
        self.first.clock = clocks;
    }
}

#[cfg(test)]
mod tests {
    use crate::config;
    use crate::engine::company::Company;
    use crate::engine::record::{Recorder, Silent};
    use crate::engine::replicate::{Stage, play};
    use crate::engine::worlds;
    use crate::luck::Seed;
    use crate::model::Model;
    use crate::model::stages::PathwayModel;
    use crate::run::Plan;
    use std::path::Path;

    /// What a replicate adds up to: counts, pence, children.
    type Sums = (Vec<i32>, Vec<i64>, u64);

    fn sums<R: Recorder>(plan: &Plan, model: &Model, replicate: u32, recorder: &mut R) -> Sums {
        let luck = Seed(5).replicate(replicate);
        let parameters = plan.numbers.draw(&Seed(5).replicate(replicate));
        let worlds = worlds(&Company::of_one(model), &parameters, &luck);
        let mut sums = Sums::default();
        let keep = |_, tally: &crate::engine::tally::Tally| {
            sums.0.clone_from(&tally.counts);
            sums.1.clone_from(&tally.pence);
        };
        sums.2 = play(&worlds, 0, &luck, &mut Stage::new(model), recorder, keep);
        sums
    }

    fn plan_of(file: &str, text: &str) -> Plan {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        Plan::new(&path, config::load(file, text).unwrap()).unwrap()
    }

    fn text_of(file: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        std::fs::read_to_string(path).unwrap()
    }

    fn assert_one_by_one(file: &str, plan: &Plan) {
        for model in &plan.models {
            for replicate in 0..5 {
                let crowds = sums(plan, model, replicate, &mut Silent);
                let mut notes = Vec::new();
                let one_by_one = sums(plan, model, replicate, &mut notes);
                assert!(crowds == one_by_one, "{file}: {}", model.scenario);
                assert!(crowds.2 > 100 && !notes.is_empty());
            }
        }
    }

    #[test]
    fn whoever_may_ask_later_is_played_one_by_one() {
        let file = "benches/workloads/w1b.toml";
        let text = text_of(file);
        let plan = plan_of(file, &text);
        assert!(plan.models[0].pathways.iter().all(PathwayModel::asks));
        let later = text.replacen("cases = 40", "cases = 40\nnew_cases_per_year = 0.5", 1);
        let plan = plan_of(file, &later);
        assert!(!plan.models[0].pathways.iter().any(PathwayModel::asks));
        assert_one_by_one(file, &plan);
    }

    #[test]
    fn crowds_give_what_children_give_one_by_one() {
        for file in [
            "configs/example.toml",
            "configs/herefordshire.toml",
            "configs/telford.toml",
            "configs/wolverhampton.toml",
            "benches/workloads/w1a.toml",
            "benches/workloads/w1b.toml",
            "tests/data/golden.toml",
        ] {
            assert_one_by_one(file, &plan_of(file, &text_of(file)));
        }
    }
}

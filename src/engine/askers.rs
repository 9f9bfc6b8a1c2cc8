//! Children of the cohort who ask for units of pools once, at the start of
//! their pathway, and need nothing but time from there.
//!
//! Until it is served, such a child can only wait or leave; from then on it
//! walks as those do who wait for nobody (`walk`). So the queues need to know
//! little of it: when its first clock rings, and how long the stage takes for
//! which it asks. Once everybody's turn is known, all of them are walked and
//! counted side by side. Whoever of a scenario is on no pathway, where
//! scenarios part on that, is counted with them.

use super::cohort::Case;
use super::crowd::Crowd;
use super::life::{NONE, Next, day_of, first_of};
use super::places::Places;
use super::record::Recorder;
use super::replicate::{Fork, Play};
use crate::luck::{CROWD, Key, Purpose, uniform, words_at};
use crate::model::clocks::{ClockSet, NO_EXIT};

/// A child in the queues.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    person: Key,
    /// Order among those who ask at the same time.
    pub(super) rank: Key,
    born: i32,
    adult: i32,
    stream: u8,
    legal_status: u8,
    placement: u8,
    /// Pathway, or [`NONE`].
    pub(super) pathway: u8,
    /// When it leaves care unless the pathway comes first, and by which kind of
    /// exit; none before the horizon where that is no exit.
    rings: f64,
    kind: u8,
    /// The word of how long the first stage takes.
    word: u32,
    /// When it has been served; infinite until then.
    start: f64,
    pub(super) stands: Stands,
}

/// Where a child in the queues stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Stands {
    /// About to ask.
    Ready,
    /// In the queue.
    Waiting,
    /// In the stage for which it has asked, until this time.
    Runs(f64),
    /// No longer a matter of pools.
    Over,
}

/// A child of the cohort at the start of its stay.
struct Outset {
    person: Key,
    born: i32,
    adult: i32,
    stream: u8,
    legal_status: u8,
    placement: u8,
    /// Clocks that run.
    running: ClockSet,
    /// The first words of its attempt: its luck, how long the first stage takes.
    attempt: [u32; 4],
}

impl Asker {
    /// What next happens in the queues, and when.
    #[inline]
    pub(super) fn next(&self) -> (f64, Next) {
        let leaves = (self.rings, Next::Adult);
        let (time, next) = match self.stands {
            Stands::Ready => (0.0, Next::Ask),
            Stands::Waiting => return leaves,
            Stands::Runs(time) => (time, Next::StageEnd),
            Stands::Over => return (f64::INFINITY, Next::Nothing),
        };
        if time < self.rings {
            (time, next)
        } else {
            leaves
        }
    }
}

impl<R: Recorder> Play<'_, R> {
    /// Draws the first words of the attempts of a crowd of the cohort, where the
    /// case of any is open.
    pub(super) fn draw_first_attempts(&self, crowd: &mut Crowd, open: Places) {
        if open != Places::NONE {
            // They are drawn again where the pathway is walked.
            let luck = self.luck.again();
            let keys = &crowd.keys[..crowd.count];
            luck.words_of_crowd(keys, Purpose::Attempt, 0, 0, &mut crowd.attempts);
        }
    }

    /// Takes in those of a crowd of the cohort whose case is open, where no
    /// other scenario is played: then it is known already. Who they are.
    pub(super) fn take_crowd_aside(
        &mut self,
        crowd: &Crowd,
        open: Places,
        case: impl Fn(usize) -> Case,
    ) -> Places {
        open.filter(|place| {
            let child = Outset {
                person: crowd.keys[place],
                born: crowd.born[place],
                adult: crowd.adult[place],
                stream: crowd.stream[place],
                legal_status: crowd.legal_status[place],
                placement: crowd.placement[place],
                running: crowd.first.running[place],
                attempt: words_at(&crowd.attempts, place),
            };
            self.takes_aside(child, case(place), |clock| crowd.rings[clock][place])
        })
    }

    /// Takes in a child of the cohort who has just begun its stay, if it may.
    /// Whether it did.
    pub(super) fn takes_fork_aside(&mut self, fork: &Fork, case: Case) -> bool {
        let life = &fork.life;
        let child = Outset {
            person: life.person,
            born: life.born,
            adult: life.adult,
            stream: life.stream,
            legal_status: life.legal_status,
            placement: life.placement,
            running: life.running,
            attempt: fork.attempt,
        };
        self.takes_aside(child, case, |clock| life.rings[clock])
    }

    /// Takes in a child whose clocks ring at some times, if it can do nothing by
    /// the horizon but wait, walk and leave. Whether it can.
    #[inline(always)]
    fn takes_aside(&mut self, child: Outset, case: Case, ring: impl Fn(usize) -> f64) -> bool {
        if R::LISTENS || self.world.model.shares_everything {
            return false;
        }
        let (rank, goes_on, stands) = match case.pathway {
            NONE => (child.person, ClockSet::MAX, Stands::Over),
            pathway => {
                let model = &self.world.model.pathways[usize::from(pathway)];
                if !model.asks() || self.is_in_a_stage(case) {
                    return false;
                }
                let goes_on = self.world.model.running.on_pathway[usize::from(pathway)];
                (Key::from(case.order), goes_on, Stands::Ready)
            }
        };
        let adult = f64::from(child.adult);
        let (rings, kind) = match first_of(child.running & goes_on, &ring) {
            (rings, clock) if rings < adult => {
                (rings, self.world.model.running.exits[usize::from(clock)])
            }
            _ => (adult, self.world.model.ageing_out),
        };
        if rings <= self.horizon && kind == NO_EXIT {
            return false;
        }
        // A clock that the pathway stops goes on if a stage is failed, and rings
        // later than it would have.
        let (would_ring, _) = first_of(child.running & !goes_on, &ring);
        let goes_on_later = would_ring < adult && would_ring <= self.horizon;
        if goes_on_later && !self.passes_all(case.pathway, child.attempt[0]) {
            return false;
        }
        self.pools.askers.push(Asker {
            person: child.person,
            rank,
            born: child.born,
            adult: child.adult,
            stream: child.stream,
            legal_status: child.legal_status,
            placement: child.placement,
            pathway: case.pathway,
            rings,
            kind,
            word: child.attempt[1],
            start: f64::INFINITY,
            stands,
        });
        true
    }

    /// Whether luck passes every stage of a pathway, whenever they end.
    fn passes_all(&self, pathway: u8, luck: u32) -> bool {
        self.world.always().is_some_and(|phase| {
            let pass = phase.pathways[usize::from(pathway)].pass.iter();
            uniform(luck) < pass.fold(1.0, |threshold, pass| threshold * pass)
        })
    }

    /// Starts the stage of a child who has been served.
    pub(super) fn start_asker(&self, asker: &mut Asker, time: f64) {
        let phase = self.world.at(day_of(time));
        let span = phase.pathways[usize::from(asker.pathway)].times[0];
        let days = self.world.days(span, asker.word);
        asker.start = time;
        asker.stands = Stands::Runs(time + days);
    }

    /// Walks and counts everybody who has been in the queues.
    pub(super) fn walk_askers(&mut self, crowd: &mut Crowd) {
        let askers = std::mem::take(&mut self.pools.askers);
        crowd.here_today = true;
        crowd.since = [0; CROWD];
        crowd.alone = Places::NONE;
        for some in askers.chunks(CROWD) {
            crowd.count = some.len();
            for (place, asker) in some.iter().enumerate() {
                crowd.keys[place] = asker.person;
                crowd.families[place] = asker.person;
                crowd.stream[place] = asker.stream;
                crowd.legal_status[place] = asker.legal_status;
                crowd.placement[place] = asker.placement;
                crowd.born[place] = asker.born;
                crowd.adult[place] = asker.adult;
                crowd.pathway[place] = asker.pathway;
                crowd.start[place] = asker.start;
                crowd.first.running[place] = 0;
                crowd.first.time[place] = asker.rings;
                crowd.first.kind[place] = asker.kind;
                self.count_first_wait(asker);
            }
            self.walk_crowd(crowd);
            self.count_crowd(crowd);
        }
        debug_assert!(self.forks.is_empty(), "whoever has asked asks no more");
        self.pools.askers = askers;
        self.pools.askers.clear();
    }

    /// Counts the days in the queue under each resource that is waited for.
    fn count_first_wait(&mut self, asker: &Asker) {
        let Some(pathway) = self.world.model.pathways.get(usize::from(asker.pathway)) else {
            return;
        };
        if asker.rings <= 0.0 {
            return;
        }
        let until = asker.start.min(asker.rings);
        let until = if until > self.horizon {
            i32::MAX
        } else {
            day_of(until)
        };
        for (pool, _) in &pathway.stages[0].needs {
            let counter = self.counters.waiting + pool;
            self.tally.spell(self.calendar, counter, 0, until);
        }
    }
}

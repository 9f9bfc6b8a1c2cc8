//! One replicate: everything that happens to every child.
//!
//! [`Play`] holds what one replicate needs. Children come in through `cohort`
//! and `arrivals`, live through the events below, and those who share pools,
//! beds or a cap are kept in the order of time by `queue`.
//!
//! Scenarios that part on some pathways only are played together: lives are
//! played once up to the point where they touch others or the scenarios part,
//! and from there once in each.

use super::cohort::Roster;
use super::company::PathwaySet;
use super::crowd::Crowd;
use super::life::{Counted, Life, NONE, Next, Step, Whereabouts, day_of};
use super::queue::Pools;
use super::record::{Event, Note, Recorder};
use super::tally::Tally;
use super::world::{Standing, World};
use crate::calendar::{Calendar, Place};
use crate::luck::{Key, Luck, Purpose, exponential, uniform};
use crate::model::Model;
use crate::model::clocks::{ClockSet, Effect};
use crate::model::series::{Counters, FAILED, LEFT_FIRST, SUCCEEDED};
use crate::model::stages::{LeadsTo, OnFail};

/// Block of an attempt's luck that decides how long until another attempt.
const RETRY_BLOCK: u8 = 250;
/// First block of a clock's luck after it has rung once.
const RUNG_BLOCK: u8 = 128;
/// Most rings of one clock in a stay, and most stays of a child: what follows
/// has no luck of its own. No child of a sound scenario comes near.
const MOST_RINGS: u8 = 250;
const MOST_STAYS: u8 = 250;
/// Blocks of what follows an exit.
const REENTRY_BLOCK: u8 = 0;
const ALLOWANCE_BLOCK: u8 = 1;
const FEE_BLOCK: u8 = 128;

/// The play of one replicate.
pub struct Play<'a, R> {
    pub(super) world: &'a World<'a>,
    pub(super) luck: &'a Luck,
    pub(super) calendar: &'a Calendar,
    pub(super) counters: &'a Counters,
    pub(super) horizon: f64,
    /// Pathways that may not be entered yet: scenarios part there.
    pub(super) apart: PathwaySet,
    pub(super) tally: &'a mut Tally,
    pub(super) pools: &'a mut Pools,
    /// Lives to go on with, scenario by scenario.
    pub(super) forks: &'a mut Vec<Fork>,
    pub(super) recorder: &'a mut R,
    /// Children played so far.
    pub(super) children: u64,
}

/// A life up to where it touches others, or the scenarios part.
#[derive(Debug, Clone)]
pub struct Fork {
    pub(super) life: Life,
    /// The child's place in the cohort, if its case is still to be decided.
    pub(super) member: Option<usize>,
}

/// What one thread reuses from replicate to replicate.
#[derive(Debug)]
pub struct Stage {
    roster: Roster,
    forks: Vec<Fork>,
    crowd: Box<Crowd>,
    pools: Pools,
    /// What all scenarios have in common.
    common: Tally,
    /// The same with one scenario's own.
    tally: Tally,
}

impl Stage {
    /// An empty stage for models that count the same things.
    pub fn new(model: &Model) -> Self {
        Self {
            roster: Roster::default(),
            forks: Vec::new(),
            crowd: Box::default(),
            pools: Pools::default(),
            common: Tally::new(model),
            tally: Tally::new(model),
        }
    }
}

/// Plays one replicate of scenarios that part on the pathways `apart` only,
/// and hands over each one's tally; returns how many children there were.
pub fn play<R: Recorder>(
    worlds: &[World<'_>],
    apart: PathwaySet,
    luck: &Luck,
    stage: &mut Stage,
    recorder: &mut R,
    mut done: impl FnMut(usize, &Tally),
) -> u64 {
    let Stage {
        roster,
        forks,
        crowd,
        pools,
        common,
        tally,
    } = stage;
    let lead = &worlds[0];
    let calendar = lead.model.calendar();
    let counters = &lead.model.reporting.counters;
    let horizon = f64::from(calendar.horizon());
    common.clear();
    pools.reset(lead);
    roster.fill(worlds, luck);
    let mut together = Play {
        world: lead,
        luck,
        calendar,
        counters,
        horizon,
        apart,
        tally: common,
        pools,
        forks,
        recorder,
        children: 0,
    };
    together.cohort(roster, crowd);
    together.arrivals(crowd);
    let children = together.children;
    let begun = std::mem::take(forks);
    for (scenario, world) in worlds.iter().enumerate() {
        if scenario > 0 {
            pools.reset(world);
        }
        if scenario + 1 < worlds.len() {
            tally.copy_counters(common);
        } else {
            std::mem::swap(tally, common);
        }
        let mut alone = Play {
            world,
            luck: &luck.branch(),
            calendar,
            counters,
            horizon,
            apart: 0,
            tally,
            pools,
            forks,
            recorder,
            children: 0,
        };
        for fork in &begun {
            let mut life = fork.life.clone();
            match fork.member {
                Some(member) => alone.begin_case(&mut life, roster, (scenario, member)),
                None => alone.go_on(&mut life),
            }
        }
        alone.share();
        tally.fold(world);
        done(scenario, tally);
    }
    *forks = begun;
    forks.clear();
    children * worlds.len() as u64
}

impl<R: Recorder> Play<'_, R> {
    pub(super) fn note(
        &mut self,
        who: Key,
        time: f64,
        event: Event,
        drawn: Option<f64>,
        threshold: Option<f64>,
    ) {
        self.recorder.note(|| Note {
            who,
            time,
            event,
            drawn,
            threshold,
        });
    }

    /// Plays a child from where it stands: to the end if nothing it does
    /// touches others and the scenarios do not part, else until then.
    pub(super) fn go_on(&mut self, life: &mut Life) {
        if self.world.model.shares_everything || self.live(life, f64::INFINITY) {
            self.forks.push(Fork {
                life: life.clone(),
                member: None,
            });
        }
    }

    /// Whether scenarios part on a pathway.
    #[inline]
    pub(super) fn is_apart(&self, pathway: u8) -> bool {
        pathway != NONE && self.apart >> pathway & 1 == 1
    }

    /// Whether scenarios part at a child's next event.
    #[inline]
    fn parts(&self, life: &Life, next: Next) -> bool {
        if self.apart == 0 {
            return false;
        }
        match next {
            Next::Join => self.is_apart(life.plan.pathway),
            Next::Ring(clock) => match self.world.model.clocks[usize::from(clock)].effect {
                Effect::Join(pathway) => self.is_apart(pathway),
                _ => false,
            },
            _ => false,
        }
    }

    /// Plays events that touch nobody else, up to a time. Whether the next one
    /// touches others and must wait its turn, or the scenarios part there.
    pub(super) fn live(&mut self, life: &mut Life, until: f64) -> bool {
        loop {
            let (time, next) = life.next();
            if time > until.min(self.horizon) {
                if until > self.horizon {
                    self.finish(life);
                }
                return false;
            }
            if next == Next::Ask || life.plan.holds || self.parts(life, next) {
                return true;
            }
            self.happen(life, time, next);
        }
    }

    /// One event of one child.
    pub(super) fn happen(&mut self, life: &mut Life, time: f64, next: Next) {
        match next {
            Next::Enter => self.enter(life, time),
            Next::Adult => {
                let kind = self.world.model.ageing_out;
                self.leave(life, time, kind);
            }
            Next::Ring(clock) => self.ring(life, time, clock),
            Next::StageEnd => self.stage_ends(life, time),
            Next::Join => {
                let pathway = life.plan.pathway;
                self.join(life, time, pathway);
                self.change_clocks(life, time);
            }
            Next::Retry => self.start_stage(life, time),
            Next::Ask | Next::Nothing => unreachable!("asking is the queue's business"),
        }
    }

    /// A child outside enters care.
    fn enter(&mut self, life: &mut Life, time: f64) {
        let day = day_of(time);
        if self.is_full(life) {
            self.tally
                .event(self.calendar, self.counters.transferred, day);
            self.note(life.person, time, Event::Transferred, None, None);
            life.whereabouts = Whereabouts::Over;
            return;
        }
        let is_return = life.stays > 0 || life.here_today;
        if is_return {
            let stay = u16::from(life.stays);
            let words = self.luck.words(life.person, Purpose::Entry, 0, stay);
            self.draw_profile(life, day, [words[1], words[2]]);
        }
        life.placement = self.take_bed(life.placement, None);
        life.origin = time;
        self.tally
            .event(self.calendar, self.counters.admissions, day);
        if is_return {
            self.tally
                .event(self.calendar, self.counters.readmissions, day);
        }
        self.note(
            life.person,
            time,
            Event::Entered {
                age: day - life.born,
                stay: life.stays,
                legal_status: life.legal_status,
                placement: life.placement,
            },
            None,
            None,
        );
        self.begin_stay(life, time);
    }

    /// Legal status and placement at another entry, on a day.
    fn draw_profile(&self, life: &mut Life, day: i32, words: [u32; 2]) {
        let stream = usize::from(life.stream);
        // A cohort without streams comes back as it left.
        if stream < self.world.model.streams.len() {
            let age = day - life.born;
            (life.legal_status, life.placement) = self.profile(stream, age, day, words);
        }
    }

    /// Legal status and placement of a child of some days' age who enters.
    #[inline(always)]
    pub(super) fn profile(&self, stream: usize, age: i32, day: i32, words: [u32; 2]) -> (u8, u8) {
        let world = &self.world.at(day).streams[stream];
        let rows = &self.world.model.streams[stream].placement_rows;
        let row = rows
            .iter()
            .find(|(below, _)| f64::from(age) < *below)
            .map_or(0, |(_, row)| *row);
        let [legal_status, placement] = words.map(uniform);
        (
            world.legal_status.pick(legal_status) as u8,
            world.placement[row].pick(placement) as u8,
        )
    }

    /// Starts the clocks of a stay whose origin, placement and status are set.
    pub(super) fn begin_stay(&mut self, life: &mut Life, time: f64) {
        let day = day_of(time);
        life.whereabouts = Whereabouts::InCare;
        life.age_at_entry = life.origin - f64::from(life.born);
        life.stay_since = day;
        life.placement_since = day;
        life.status_since = day;
        let clocks = self.world.clocks.len();
        life.drawn_blocks = std::mem::take(&mut life.dealt_blocks);
        life.fresh = ClockSet::MAX;
        life.rung[..clocks].fill(0);
        life.paused = 0;
        life.possible = ClockSet::MAX;
        for (limit, clock) in &self.world.model.running.young {
            if life.age_at_entry >= *limit {
                life.possible &= !clock;
            }
        }
        life.stays += 1;
        life.running = 0;
        if std::mem::take(&mut life.dealt_rings) {
            life.since[..clocks].fill(time);
            life.running = self.running(life);
            Self::find_first_ring(life);
        } else {
            life.rings[..clocks].fill(f64::INFINITY);
            self.change_clocks(life, time);
        }
    }

    /// The clocks that run for a child as it stands.
    #[inline]
    fn running(&self, life: &Life) -> ClockSet {
        let running = &self.world.model.running;
        let everywhere = running.off_pathways(life.legal_status, life.placement, life.stream)
            & life.possible
            & !life.tried_clocks;
        match life.plan.step {
            Step::Idle => everywhere,
            Step::Joins(_) => everywhere & !running.all_joins,
            _ => everywhere & running.on_pathway[usize::from(life.plan.pathway)],
        }
    }

    /// Starts and stops clocks after the child's state has changed. A clock that
    /// stops keeps the luck it has not used; one that goes on is not touched.
    pub(super) fn change_clocks(&mut self, life: &mut Life, time: f64) {
        let now = self.running(life);
        let mut stopped = life.running & !now;
        while stopped != 0 {
            let clock = stopped.trailing_zeros() as usize;
            stopped &= stopped - 1;
            // What cannot ring by the horizon need not keep account either.
            if !self.never_rings(life, clock) {
                life.paused |= 1 << clock;
                life.until[clock] = time;
                life.rings[clock] = f64::INFINITY;
            }
        }
        let mut started = now & !life.running;
        while started != 0 {
            let clock = started.trailing_zeros() as usize;
            started &= started - 1;
            if life.paused >> clock & 1 == 1 {
                self.settle_luck(life, clock);
            }
            life.since[clock] = time;
            self.draw_block(life, clock / 4);
            if self.never_rings(life, clock) {
                life.rings[clock] = f64::INFINITY;
            } else {
                self.set_ring(life, clock);
            }
        }
        life.running = now;
        Self::find_first_ring(life);
    }

    /// Whether a clock's word lies above all the luck that can be used up to the
    /// horizon, so that it never rings in this stay.
    #[inline]
    fn never_rings(&self, life: &Life, clock: usize) -> bool {
        life.fresh >> clock & 1 == 1 && life.words[clock] > self.world.clocks[clock].never_from
    }

    /// Draws the words of four clocks, once a stay and only if one of them runs.
    #[inline]
    fn draw_block(&self, life: &mut Life, block: usize) {
        if life.drawn_blocks >> block & 1 == 1 {
            return;
        }
        life.drawn_blocks |= 1 << block;
        // Stays count from 1 once begun; their luck from 0, as when it is drawn
        // ahead.
        let stay = u16::from(life.stays) - 1;
        let words = self
            .luck
            .words(life.person, Purpose::Clock, block as u8, stay << 8);
        life.words[4 * block..4 * block + 4].copy_from_slice(&words);
    }

    fn find_first_ring(life: &mut Life) {
        let mut first = (f64::INFINITY, 0);
        let mut running = life.running;
        while running != 0 {
            let clock = running.trailing_zeros();
            running &= running - 1;
            let ring = life.rings[clock as usize];
            if ring < first.0 {
                first = (ring, clock as u8);
            }
        }
        life.first_ring = first;
    }

    fn standing(life: &Life) -> Standing {
        Standing {
            born: f64::from(life.born),
            origin: life.origin,
        }
    }

    /// Luck left on a clock.
    fn left(life: &mut Life, clock: usize) -> f64 {
        if life.fresh >> clock & 1 == 1 {
            life.fresh &= !(1 << clock);
            life.left[clock] = exponential(life.words[clock]);
        }
        life.left[clock]
    }

    /// Works out when a clock rings, from the luck it has left.
    fn set_ring(&self, life: &mut Life, clock: usize) {
        life.rings[clock] = f64::INFINITY;
        let since = life.since[clock];
        let until = f64::from(life.adult).min(self.horizon);
        let child = Self::standing(life);
        let time = if life.fresh >> clock & 1 == 1 {
            let word = life.words[clock];
            self.world.fresh_ring(clock, child, since, until, word)
        } else {
            self.world
                .ring(clock, child, since, until, life.left[clock])
        };
        if time - child.born < self.world.model.clocks[clock].age_below {
            life.rings[clock] = time;
        }
    }

    /// Takes from the luck of a clock that had stopped and starts again what it
    /// used before: few do, so it is left until then.
    fn settle_luck(&self, life: &mut Life, clock: usize) {
        life.paused &= !(1 << clock);
        let left = Self::left(life, clock);
        let (child, since) = (Self::standing(life), life.since[clock]);
        let used = self.world.luck_used(clock, child, since, life.until[clock]);
        life.left[clock] = (left - used).max(0.0);
    }

    fn ring(&mut self, life: &mut Life, time: f64, clock: u8) {
        let index = usize::from(clock);
        let left = Self::left(life, index);
        self.note(life.person, time, Event::Rang { clock }, Some(left), None);
        match self.world.model.clocks[index].effect {
            Effect::Exit(kind) => self.leave(life, time, kind),
            Effect::Move(placement) => {
                self.wind_up(life, index, time);
                self.move_to(life, time, placement);
                self.change_clocks(life, time);
            }
            Effect::Join(pathway) => {
                self.wind_up(life, index, time);
                self.join(life, time, pathway);
                self.change_clocks(life, time);
            }
        }
    }

    /// Fresh luck for a clock that has rung.
    fn wind_up(&mut self, life: &mut Life, clock: usize, time: f64) {
        if life.rung[clock] == MOST_RINGS {
            life.left[clock] = f64::INFINITY;
            life.rings[clock] = f64::INFINITY;
            return;
        }
        life.rung[clock] += 1;
        let occurrence = u16::from(life.stays) << 8 | u16::from(life.rung[clock]);
        let block = RUNG_BLOCK + clock as u8;
        let words = self
            .luck
            .words(life.person, Purpose::Clock, block, occurrence);
        life.words[clock] = words[0];
        life.fresh |= 1 << clock;
        life.since[clock] = time;
        self.set_ring(life, clock);
    }

    /// Moves a child, or leaves it where it is if there is no bed.
    fn move_to(&mut self, life: &mut Life, time: f64, placement: u8) {
        let placement = self.take_bed(placement, Some(life.placement));
        if placement == life.placement {
            return;
        }
        self.free_bed(life.placement);
        self.count_placement(life, day_of(time));
        life.placement = placement;
        self.note(life.person, time, Event::Moved { placement }, None, None);
    }

    /// Puts a child on a pathway; its first stage starts.
    pub(super) fn join(&mut self, life: &mut Life, time: f64, pathway: u8) {
        self.enter_pathway(life, time, pathway);
        self.start_attempt(life, time);
    }

    /// Puts a child on a pathway on the start date, in a stage that has been
    /// under way for some days: what came before has been passed.
    pub(super) fn join_at(&mut self, life: &mut Life, pathway: u8, stage: u8, days: f64) {
        self.enter_pathway(life, 0.0, pathway);
        self.draw_attempt(life);
        life.plan.stage = stage;
        life.plan.elapsed = days;
        let word = 1 + usize::from(stage);
        if word > 4 && !word.is_multiple_of(4) {
            life.plan.words = self.attempt_words(life, (word / 4) as u8);
        }
        self.start_stage(life, 0.0);
    }

    fn enter_pathway(&mut self, life: &mut Life, time: f64, pathway: u8) {
        life.tried |= 1 << pathway;
        life.tried_clocks |= self.world.model.running.joins[usize::from(pathway)];
        life.plan.pathway = pathway;
        self.note(life.person, time, Event::Joined { pathway }, None, None);
    }

    fn start_attempt(&mut self, life: &mut Life, time: f64) {
        self.draw_attempt(life);
        self.start_stage(life, time);
    }

    /// Luck of another attempt, from the first stage.
    fn draw_attempt(&self, life: &mut Life) {
        life.plan.stage = 0;
        life.plan.threshold = 1.0;
        life.plan.words = self.attempt_words(life, 0);
        life.plan.luck = uniform(life.plan.words[0]);
    }

    /// Words of an attempt: siblings together share their family's.
    fn attempt_words(&self, life: &Life, block: u8) -> [u32; 4] {
        let pathway = &self.world.model.pathways[usize::from(life.plan.pathway)];
        let attempt = life.plan.attempts;
        if pathway.siblings_together {
            self.luck
                .again()
                .words(life.family, Purpose::Attempt, block, attempt)
        } else {
            self.luck
                .words(life.person, Purpose::Attempt, block, attempt)
        }
    }

    /// Starts the plan's stage, or has it ask for its units first.
    pub(super) fn start_stage(&mut self, life: &mut Life, time: f64) {
        life.plan.since = day_of(time);
        let stage = &self.world.model.pathways[usize::from(life.plan.pathway)].stages
            [usize::from(life.plan.stage)];
        if stage.needs.is_empty() {
            self.run_stage(life, time);
        } else {
            life.plan.step = Step::Ready(time);
        }
    }

    /// Runs the plan's stage from a time.
    pub(super) fn run_stage(&mut self, life: &mut Life, time: f64) {
        let (pathway, stage) = (usize::from(life.plan.pathway), usize::from(life.plan.stage));
        let word = 1 + stage;
        if word.is_multiple_of(4) {
            life.plan.words = self.attempt_words(life, (word / 4) as u8);
        }
        let luck = exponential(life.plan.words[word % 4]);
        let span = self.world.at(day_of(time)).pathways[pathway].times[stage];
        let elapsed = std::mem::take(&mut life.plan.elapsed);
        let days = self.world.days_left(span, luck, elapsed);
        life.plan.step = Step::Runs(time + days);
        life.plan.since = day_of(time);
        let fee = self.world.model.pathways[pathway].stages[stage].fee;
        if let Some(fee) = fee.filter(|_| elapsed == 0.0) {
            self.tally
                .event(self.calendar, self.counters.fees + fee, day_of(time));
        }
        self.note(
            life.person,
            time,
            Event::StageStarts {
                pathway: life.plan.pathway,
                stage: life.plan.stage,
            },
            Some(luck),
            Some(days),
        );
    }

    fn stage_ends(&mut self, life: &mut Life, time: f64) {
        self.release(life);
        let (pathway, stage) = (life.plan.pathway, life.plan.stage);
        self.count_stage(life, day_of(time));
        let model = &self.world.model.pathways[usize::from(pathway)];
        let phase = self.world.at(day_of(time));
        let pass = phase.pathways[usize::from(pathway)].pass[usize::from(stage)];
        life.plan.threshold *= pass;
        let passes = life.plan.luck < life.plan.threshold;
        let (luck, threshold) = (life.plan.luck, life.plan.threshold);
        let event = if passes {
            Event::Passed { pathway, stage }
        } else {
            Event::Failed { pathway, stage }
        };
        self.note(life.person, time, event, Some(luck), Some(threshold));
        if !passes {
            self.fail(life, time);
        } else if usize::from(stage) + 1 < model.stages.len() {
            life.plan.stage += 1;
            self.start_stage(life, time);
        } else {
            self.succeed(life, time);
        }
    }

    fn fail(&mut self, life: &mut Life, time: f64) {
        let (pathway, stage) = (usize::from(life.plan.pathway), usize::from(life.plan.stage));
        let outcome = self.counters.outcomes[pathway] + FAILED + stage;
        self.tally.event(self.calendar, outcome, day_of(time));
        match self.world.model.pathways[pathway].stages[stage].on_fail {
            OnFail::StayInCare => {
                self.end_plan(life);
                self.change_clocks(life, time);
            }
            OnFail::Retry(_) => {
                let words = self.attempt_words(life, RETRY_BLOCK);
                let span = self.world.at(day_of(time)).pathways[pathway].retries[stage]
                    .expect("a stage that retries has a time");
                let wait = self.world.days(span, exponential(words[0]));
                life.plan.attempts += 1;
                self.draw_attempt(life);
                life.plan.step = Step::Retries(time + wait);
            }
            OnFail::ChangeTo(other) => {
                self.end_plan(life);
                if life.tried >> other & 1 == 0 {
                    self.join(life, time, other);
                }
                self.change_clocks(life, time);
            }
        }
    }

    fn end_plan(&mut self, life: &mut Life) {
        life.plan.attempts += 1;
        life.plan.pathway = NONE;
        life.plan.step = Step::Idle;
    }

    fn succeed(&mut self, life: &mut Life, time: f64) {
        let pathway = life.plan.pathway;
        let outcome = self.counters.outcomes[usize::from(pathway)] + SUCCEEDED;
        self.tally.event(self.calendar, outcome, day_of(time));
        self.note(life.person, time, Event::Succeeded { pathway }, None, None);
        match self.world.model.pathways[usize::from(pathway)].leads_to {
            LeadsTo::Exit(kind) => {
                self.end_plan(life);
                self.leave(life, time, kind);
            }
            LeadsTo::Change {
                legal_status,
                placement,
            } => {
                self.end_plan(life);
                if let Some(legal_status) = legal_status {
                    // Grants may hang on the status: the placement's nights
                    // are counted up to the change.
                    self.count_placement(life, day_of(time));
                    self.count_status(life, day_of(time));
                    life.legal_status = legal_status;
                    self.note(
                        life.person,
                        time,
                        Event::ChangedStatus { legal_status },
                        None,
                        None,
                    );
                }
                if let Some(placement) = placement.filter(|to| *to != life.placement) {
                    self.move_to(life, time, placement);
                }
                self.change_clocks(life, time);
            }
        }
    }

    /// The child leaves care, for good or until the exit breaks down.
    fn leave(&mut self, life: &mut Life, time: f64, kind: u8) {
        let day = day_of(time);
        self.leave_plan(life, time);
        self.free_bed(life.placement);
        self.pools.leave_stream(life.stream);
        self.count_stay(life, day);
        self.tally
            .event(self.calendar, self.counters.exits + usize::from(kind), day);
        self.note(life.person, time, Event::Left { kind }, None, None);
        self.follow_exit(life, time, kind);
    }

    /// What follows an exit: a return, allowances, fees.
    pub(super) fn follow_exit(&mut self, life: &mut Life, time: f64, kind: u8) {
        let day = day_of(time);
        let returns = self.returns(life, time, kind);
        life.whereabouts =
            returns.map_or(Whereabouts::Over, |day| Whereabouts::Enters(f64::from(day)));
        self.pay_allowances(life, day, kind, returns.unwrap_or(i32::MAX));
        self.pay_fees(life, day, kind);
    }

    /// A pathway under way ends because the child has left care.
    fn leave_plan(&mut self, life: &mut Life, time: f64) {
        if life.plan.pathway == NONE {
            return;
        }
        let day = day_of(time);
        match life.plan.step {
            Step::Waiting => {
                self.count_wait(life, day);
                self.leave_queue();
            }
            Step::Runs(_) => self.count_stage(life, day),
            _ => {}
        }
        self.release(life);
        let outcome = self.counters.outcomes[usize::from(life.plan.pathway)] + LEFT_FIRST;
        self.tally.event(self.calendar, outcome, day);
        self.end_plan(life);
    }

    /// The day on which a child who leaves comes back, if the exit breaks down
    /// before the eighteenth birthday.
    fn returns(&mut self, life: &mut Life, time: f64, kind: u8) -> Option<i32> {
        let reentries = &self.world.model.reentries;
        let rule = reentries
            .iter()
            .position(|reentry| reentry.after.has(kind))?;
        let (probability, span) = self.world.at(day_of(time)).reentries[rule];
        let words = self.aftermath(life, REENTRY_BLOCK);
        if uniform(words[0]) >= probability || life.stays >= MOST_STAYS {
            return None;
        }
        let returns = time + self.world.days(span, exponential(words[1]));
        let day = if returns < 1e9 {
            day_of(returns)
        } else {
            i32::MAX
        };
        if day >= life.adult {
            return None;
        }
        self.note(
            life.person,
            time,
            Event::BreaksDown,
            Some(uniform(words[0])),
            Some(probability),
        );
        Some(day.max(day_of(time)))
    }

    /// Words for what follows the exit from a child's latest stay.
    fn aftermath(&self, life: &Life, block: u8) -> [u32; 4] {
        let stay = u16::from(life.stays);
        self.luck
            .words(life.person, Purpose::Aftermath, block, stay)
    }

    fn pay_allowances(&mut self, life: &Life, day: i32, kind: u8, returns: i32) {
        for (index, allowance) in self.world.model.allowances.iter().enumerate() {
            if !(allowance.after.has(kind) && allowance.placement.has(life.placement)) {
                continue;
            }
            let (receives, longest) = self.world.at(day).allowances[index];
            let mut end = returns.min(
                self.world
                    .model
                    .birthdays
                    .turns(life.born, allowance.until_age),
            );
            if receives < 1.0 || longest.is_some() {
                let block = ALLOWANCE_BLOCK + index as u8;
                let words = self.aftermath(life, block);
                if uniform(words[0]) >= receives {
                    continue;
                }
                if let Some(span) = longest {
                    let days = self.world.days(span, exponential(words[1]));
                    end = end.min(day.saturating_add(days.min(1e6).ceil() as i32));
                }
            }
            self.tally
                .priced_spell(self.calendar, self.counters.allowances + index, day, end);
            let event = Event::AllowanceStarts {
                allowance: index as u8,
            };
            self.note(life.person, f64::from(day), event, None, None);
        }
    }

    fn pay_fees(&mut self, life: &Life, day: i32, kind: u8) {
        for (index, fee) in self.world.model.money.fees.iter().enumerate() {
            if !fee.on_exit.has(kind) {
                continue;
            }
            let share = self.world.at(day).fee_shares[index];
            let pays = share >= 1.0 || {
                let block = FEE_BLOCK + index as u8;
                let words = self.aftermath(life, block);
                uniform(words[0]) < share
            };
            if pays {
                self.tally
                    .event(self.calendar, self.counters.fees + index, day);
            }
        }
    }

    /// Counts what a child still in care at the end has been in.
    pub(super) fn finish(&mut self, life: &mut Life) {
        if life.whereabouts == Whereabouts::InCare {
            let end = i32::MAX;
            match life.plan.step {
                Step::Waiting => self.count_wait(life, end),
                Step::Runs(_) => self.count_stage(life, end),
                _ => {}
            }
            self.count_stay(life, end);
        }
        life.whereabouts = Whereabouts::Over;
    }

    fn count_stage(&mut self, life: &Life, day: i32) {
        let first = self.counters.stages[usize::from(life.plan.pathway)];
        let counter = first + usize::from(life.plan.stage);
        self.tally
            .spell(self.calendar, counter, life.plan.since, day);
    }

    /// Counts a wait under each resource that the stage needs.
    pub(super) fn count_wait(&mut self, life: &Life, day: i32) {
        let stage = &self.world.model.pathways[usize::from(life.plan.pathway)].stages
            [usize::from(life.plan.stage)];
        for (pool, _) in &stage.needs {
            self.tally.spell(
                self.calendar,
                self.counters.waiting + pool,
                life.plan.since,
                day,
            );
        }
    }

    fn count_placement(&mut self, life: &mut Life, day: i32) {
        self.count_placement_nights(life.counted(), self.nights(life.placement_since, day));
        life.placement_since = day;
    }

    fn count_status(&mut self, life: &mut Life, day: i32) {
        self.count_status_nights(life.counted(), self.nights(life.status_since, day));
        life.status_since = day;
    }

    /// Counts a stay that ends, or that the forecast's end cuts off.
    fn count_stay(&mut self, life: &mut Life, day: i32) {
        self.count_placement(life, day);
        self.count_status(life, day);
        self.count_stay_nights(life.counted(), self.nights(life.stay_since, day));
    }

    /// The nights from one day up to, not including, one that is no earlier.
    #[inline(always)]
    pub(super) fn nights(&self, from: i32, to: i32) -> Nights {
        Nights {
            days: [from, to],
            places: [self.calendar.place_of(from), self.calendar.place_of(to)],
        }
    }

    /// Counts the nights of a child in its placement.
    #[inline(always)]
    pub(super) fn count_placement_nights(&mut self, child: Counted, nights: Nights) {
        let counter = self.counters.placement + usize::from(child.placement);
        let [from, to] = nights.places;
        self.tally.priced_between(counter, from, to);
        for (index, grant) in self.world.model.money.grants.iter().enumerate() {
            if grant.stream.has(child.stream)
                && grant.placement.has(child.placement)
                && grant.legal_status.has(child.legal_status)
            {
                let birthdays = &self.world.model.birthdays;
                let [from, to] = nights.days;
                let from = from.max(birthdays.turns(child.born, grant.age.0));
                let to = to.min(birthdays.turns(child.born, grant.age.1));
                self.tally
                    .priced_spell(self.calendar, self.counters.grants + index, from, to);
            }
        }
    }

    /// Counts the nights of a child under its legal status.
    #[inline(always)]
    pub(super) fn count_status_nights(&mut self, child: Counted, nights: Nights) {
        if let Some(first) = self.counters.legal_status {
            let [from, to] = nights.places;
            self.tally
                .spell_between(first + usize::from(child.legal_status), from, to);
        }
    }

    /// Counts the nights of a child in care, however it is placed.
    #[inline(always)]
    pub(super) fn count_stay_nights(&mut self, child: Counted, nights: Nights) {
        let [from, to] = nights.places;
        if let Some(first) = self.counters.stream {
            self.tally
                .spell_between(first + usize::from(child.stream), from, to);
        }
        if let Some(counter) = self.counters.here_today.filter(|_| child.here_today) {
            self.tally.spell_between(counter, from, to);
        }
        if let Some(first) = self.counters.age_band {
            let [mut since, end] = nights.days;
            let ends = self.world.model.birthdays.ends_of_bands(child.born);
            for (band, &turns) in ends.iter().enumerate() {
                if turns > since {
                    let until = turns.min(end);
                    self.tally.spell(self.calendar, first + band, since, until);
                    since = turns;
                }
                if turns >= end {
                    break;
                }
            }
        }
    }
}

/// Nights from one day up to, not including, another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nights {
    days: [i32; 2],
    /// Where the two days lie.
    pub places: [Place; 2],
}

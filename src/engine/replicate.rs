//! One replicate: everything that happens to every child.
//!
//! [`Play`] holds what one replicate needs. Children come in through `cohort`
//! and `arrivals`. Most are done with at once, in a `crowd`; the others live
//! through the events below, one by one: clocks ring (`stay`), pathways are
//! walked (`plan`), something follows an exit (`aftermath`). Those who share
//! pools, beds or a cap are kept in the order of time by `queue`.
//!
//! Scenarios that part on some pathways only are played together: lives are
//! played once up to the point where they touch others or the scenarios part,
//! and from there once in each.

use super::cohort::{Case, Roster};
use super::company::PathwaySet;
use super::crowd::Crowd;
use super::life::{Life, NONE, Next, Whereabouts, day_of};
use super::queue::Pools;
use super::record::{Event, Note, Recorder};
use super::tally::Tally;
use super::world::World;
use crate::calendar::Calendar;
use crate::luck::{Key, Luck, Purpose};
use crate::model::Model;
use crate::model::clocks::Effect;
use crate::model::series::Counters;

/// The play of one replicate.
pub struct Play<'a, R> {
    pub(super) world: &'a World<'a>,
    pub(super) luck: &'a Luck,
    pub(super) calendar: &'a Calendar,
    pub(super) counters: &'a Counters,
    pub(super) horizon: f64,
    /// Pathways that may not be entered yet: scenarios part there.
    pub(super) apart: PathwaySet,
    /// Whether no other scenario is played beside this one.
    pub(super) is_only: bool,
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
    pub(super) life: Box<Life>,
    /// The child's place in the cohort, if its case is still to be decided.
    pub(super) member: Option<usize>,
    /// The first words of its attempt at a pathway, in that case.
    pub(super) attempt: [u32; 4],
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
    let is_only = worlds.len() == 1;
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
        is_only,
        tally: common,
        pools,
        forks,
        recorder,
        children: 0,
    };
    together.cohort(roster, crowd);
    together.arrivals(crowd);
    let children = together.children;
    let mut begun = std::mem::take(forks);
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
            is_only,
            tally,
            pools,
            forks,
            recorder,
            children: 0,
        };
        let case = |fork: &Fork| fork.member.map(|member| roster.case(scenario, member));
        if scenario + 1 < worlds.len() {
            for fork in &begun {
                let case = case(fork);
                if !case.is_some_and(|case| alone.takes_fork_aside(fork, case)) {
                    let life = alone.pools.boxed(&fork.life);
                    alone.go_on_alone(life, case);
                }
            }
        } else {
            for fork in begun.drain(..) {
                let case = case(&fork);
                match case.is_some_and(|case| alone.takes_fork_aside(&fork, case)) {
                    true => alone.pools.keep(fork.life),
                    false => alone.go_on_alone(fork.life, case),
                }
            }
        }
        alone.share(crowd);
        tally.fold(world);
        done(scenario, tally);
    }
    *forks = begun;
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
            let life = self.pools.boxed(life);
            self.forks.push(Fork {
                life,
                member: None,
                attempt: [0; 4],
            });
        }
    }

    /// Goes on with a life of one scenario, whose case may still be open: to
    /// the end, or into the queues.
    fn go_on_alone(&mut self, mut life: Box<Life>, case: Option<Case>) {
        if let Some(case) = case {
            self.plan_case(&mut life, case);
        }
        if self.world.model.shares_everything || self.live(&mut life, f64::INFINITY) {
            self.pools.add(life, self.world.model);
        } else {
            self.pools.keep(life);
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
    fn profile(&self, stream: usize, age: i32, day: i32, words: [u32; 2]) -> (u8, u8) {
        let world = &self.world.at(day).streams[stream];
        let rows = &self.world.model.streams[stream].placement_rows;
        let row = rows
            .iter()
            .find(|(below, _)| f64::from(age) < *below)
            .map_or(0, |(_, row)| *row);
        let [legal_status, placement] = words;
        (
            world.legal_status.pick(legal_status) as u8,
            world.placement[row].pick(placement) as u8,
        )
    }

    /// The child leaves care, for good or until the exit breaks down.
    pub(super) fn leave(&mut self, life: &mut Life, time: f64, kind: u8) {
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
}

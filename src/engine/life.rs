//! One child's life: the state between two events, and which comes next.

use crate::luck::Key;
use crate::model::clocks::{ClockSet, MOST_CLOCKS};
use crate::wide::whole_above;

/// No pathway.
pub const NONE: u8 = u8::MAX;

/// Where the child is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Whereabouts {
    /// Outside, to enter care at this time.
    Enters(f64),
    /// In care.
    InCare,
    /// Outside for good.
    Over,
}

/// Where a child on a pathway stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// Not on a pathway.
    Idle,
    /// Identified for a pathway that starts at this time.
    Joins(f64),
    /// A stage is about to start and needs units of a pool.
    Ready(f64),
    /// In the queue of a pool.
    Waiting,
    /// A stage runs until this time.
    Runs(f64),
    /// Another attempt starts at this time.
    Retries(f64),
}

/// A child's walk along a pathway.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Pathway, or [`NONE`].
    pub pathway: u8,
    /// Stage.
    pub stage: u8,
    /// Attempts at any pathway so far.
    pub attempts: u16,
    /// Where it stands.
    pub step: Step,
    /// Whether units of pools are held.
    pub holds: bool,
    /// The attempt's luck.
    pub luck: f64,
    /// Product of the probabilities passed so far.
    pub threshold: f64,
    /// Words of the attempt's current block.
    pub words: [u32; 4],
    /// Day on which the stage, or the wait for it, began.
    pub since: i32,
    /// Days in the stage before the start date, if it was under way then.
    pub elapsed: f64,
}

/// What happens next to a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Enters care.
    Enter,
    /// Turns eighteen.
    Adult,
    /// A clock rings.
    Ring(u8),
    /// An identified child's pathway starts.
    Join,
    /// A stage asks for its units.
    Ask,
    /// A stage ends.
    StageEnd,
    /// Another attempt begins.
    Retry,
    /// Nothing any more.
    Nothing,
}

/// What a child's nights are counted under.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// Day of birth.
    pub born: i32,
    /// Stream.
    pub stream: u8,
    /// Legal status.
    pub legal_status: u8,
    /// Placement.
    pub placement: u8,
    /// Whether in care on the start date.
    pub here_today: bool,
}

/// One child.
#[derive(Debug, Clone)]
pub struct Life {
    /// The child's key.
    pub person: Key,
    /// The family's key.
    pub family: Key,
    /// Order among those who ask a pool at the same time.
    pub rank: Key,
    /// Day of birth.
    pub born: i32,
    /// Eighteenth birthday.
    pub adult: i32,
    /// Stream.
    pub stream: u8,
    /// Legal status.
    pub legal_status: u8,
    /// Placement.
    pub placement: u8,
    /// Whether in care on the start date.
    pub here_today: bool,
    /// Stays begun so far.
    pub stays: u8,
    /// Where the child is.
    pub whereabouts: Whereabouts,
    /// Time from which the clocks of this stay run.
    pub origin: f64,
    /// Age at entry into this stay, in days.
    pub age_at_entry: f64,
    /// Day from which this stay is counted.
    pub stay_since: i32,
    /// Day from which this placement is counted.
    pub placement_since: i32,
    /// Day from which this legal status is counted.
    pub status_since: i32,
    /// Clocks that run.
    pub running: ClockSet,
    /// Clocks that may run in this stay, by the age at entry.
    pub possible: ClockSet,
    /// Blocks of four clocks whose words have been drawn in this stay.
    pub drawn_blocks: u8,
    /// Blocks whose words have been drawn ahead for the next stay.
    pub dealt_blocks: u8,
    /// Whether the rings of the next stay have been worked out ahead.
    pub dealt_rings: bool,
    /// Clocks that have stopped and not accounted for the luck they used.
    pub paused: ClockSet,
    /// When each of them stopped.
    pub until: [f64; MOST_CLOCKS],
    /// Clocks that have rung and have no fresh luck yet: they get it when they
    /// go on.
    pub run_down: ClockSet,
    /// Clocks whose luck is still the word drawn for it.
    pub fresh: ClockSet,
    /// The word drawn for each clock.
    pub words: [u32; MOST_CLOCKS],
    /// Luck left on each clock that is not fresh.
    pub left: [f64; MOST_CLOCKS],
    /// Time up to which each running clock's luck has been used.
    pub since: [f64; MOST_CLOCKS],
    /// When each clock rings.
    pub rings: [f64; MOST_CLOCKS],
    /// How often each clock has rung in this stay.
    pub rung: [u8; MOST_CLOCKS],
    /// The clock that rings first, and when.
    pub first_ring: (f64, u8),
    /// Pathways the child has been on.
    pub tried: u64,
    /// Clocks that would identify the child for one of them again.
    pub tried_clocks: ClockSet,
    /// The walk along a pathway.
    pub plan: Plan,
}

impl Default for Life {
    fn default() -> Self {
        Self {
            person: 0,
            family: 0,
            rank: 0,
            born: 0,
            adult: 0,
            stream: 0,
            legal_status: 0,
            placement: 0,
            here_today: false,
            stays: 0,
            whereabouts: Whereabouts::Over,
            origin: 0.0,
            age_at_entry: 0.0,
            stay_since: 0,
            placement_since: 0,
            status_since: 0,
            running: 0,
            possible: 0,
            drawn_blocks: 0,
            dealt_blocks: 0,
            dealt_rings: false,
            paused: 0,
            until: [0.0; MOST_CLOCKS],
            run_down: 0,
            fresh: 0,
            words: [0; MOST_CLOCKS],
            left: [0.0; MOST_CLOCKS],
            since: [0.0; MOST_CLOCKS],
            rings: [f64::INFINITY; MOST_CLOCKS],
            rung: [0; MOST_CLOCKS],
            first_ring: (f64::INFINITY, 0),
            tried: 0,
            tried_clocks: 0,
            plan: Plan {
                pathway: NONE,
                stage: 0,
                attempts: 0,
                step: Step::Idle,
                holds: false,
                luck: 0.0,
                threshold: 1.0,
                words: [0; 4],
                since: 0,
                elapsed: 0.0,
            },
        }
    }
}

impl Life {
    /// Makes this a child who has not entered care yet, whoever it was before.
    /// What belongs to a stay is set when one begins.
    pub fn become_child(&mut self, person: Key, family: Key, stream: u8, born: i32, adult: i32) {
        self.person = person;
        self.family = family;
        self.rank = person;
        self.born = born;
        self.adult = adult;
        self.stream = stream;
        self.here_today = false;
        self.stays = 0;
        self.whereabouts = Whereabouts::Over;
        self.dealt_blocks = 0;
        self.dealt_rings = false;
        self.tried = 0;
        self.tried_clocks = 0;
        self.plan.pathway = NONE;
        self.plan.attempts = 0;
        self.plan.step = Step::Idle;
        self.plan.holds = false;
        self.plan.elapsed = 0.0;
    }

    /// What its nights are counted under as it stands.
    #[inline(always)]
    pub fn counted(&self) -> Counted {
        Counted {
            born: self.born,
            stream: self.stream,
            legal_status: self.legal_status,
            placement: self.placement,
            here_today: self.here_today,
        }
    }

    /// Takes the words of a block of four clocks, drawn ahead for the next stay.
    #[inline]
    pub fn take_words(&mut self, block: usize, words: [u32; 4]) {
        self.words[4 * block..4 * block + 4].copy_from_slice(&words);
        self.dealt_blocks |= 1 << block;
    }

    /// When the first of some clocks rings, and which it is.
    #[inline]
    pub fn first_of(&self, clocks: ClockSet) -> (f64, u8) {
        first_of(clocks, |clock| self.rings[clock])
    }

    /// The next event and its time.
    #[inline]
    pub fn next(&self) -> (f64, Next) {
        match self.whereabouts {
            Whereabouts::Over => (f64::INFINITY, Next::Nothing),
            Whereabouts::Enters(time) => (time, Next::Enter),
            Whereabouts::InCare => {
                let mut next = (f64::from(self.adult), Next::Adult);
                if self.first_ring.0 < next.0 {
                    next = (self.first_ring.0, Next::Ring(self.first_ring.1));
                }
                let (time, step) = match self.plan.step {
                    Step::Idle | Step::Waiting => return next,
                    Step::Joins(time) => (time, Next::Join),
                    Step::Ready(time) => (time, Next::Ask),
                    Step::Runs(time) => (time, Next::StageEnd),
                    Step::Retries(time) => (time, Next::Retry),
                };
                if time < next.0 { (time, step) } else { next }
            }
        }
    }
}

/// When the first of some clocks rings, and which it is.
#[inline(always)]
pub fn first_of(mut clocks: ClockSet, ring: impl Fn(usize) -> f64) -> (f64, u8) {
    let mut first = (f64::INFINITY, 0);
    while clocks != 0 {
        let clock = clocks.trailing_zeros();
        clocks &= clocks - 1;
        let ring = ring(clock as usize);
        if ring < first.0 {
            first = (ring, clock as u8);
        }
    }
    first
}

/// The whole day on which an event at a time counts.
#[inline(always)]
pub fn day_of(time: f64) -> i32 {
    whole_above(time)
}

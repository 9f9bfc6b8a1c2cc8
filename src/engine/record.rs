//! What happened to whom, for `trace` and the events file.

use crate::luck::Key;

/// One thing that happened to one child or family.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Note {
    /// Child or family.
    pub who: Key,
    /// When, in days; events count on the next whole day.
    pub time: f64,
    /// What.
    pub event: Event,
    /// The uniform or unit exponential that decided it, where one did.
    pub drawn: Option<f64>,
    /// What it was held against, where it was.
    pub threshold: Option<f64>,
}

/// Kinds of things that happen. Numbers index the model's tables.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// In care on the start date.
    HereToday {
        /// Age in days.
        age: i32,
        /// Days already in care.
        served: i32,
        /// Legal status.
        legal_status: u8,
        /// Placement.
        placement: u8,
        /// Stream.
        stream: u8,
    },
    /// The family is referred.
    Referred {
        /// Stream.
        stream: u8,
    },
    /// The family bypasses the panel.
    Bypassed,
    /// The panel admits.
    Admitted {
        /// Children in the family.
        children: u8,
    },
    /// The panel defers to its next sitting.
    Deferred,
    /// The panel diverts.
    Diverted,
    /// The child enters care.
    Entered {
        /// Age in days.
        age: i32,
        /// Stay, from 0.
        stay: u8,
        /// Legal status.
        legal_status: u8,
        /// Placement.
        placement: u8,
    },
    /// The stream is full and the child is transferred elsewhere.
    Transferred,
    /// A clock of the stay rings.
    Rang {
        /// Clock.
        clock: u8,
    },
    /// The child moves.
    Moved {
        /// To this placement.
        placement: u8,
    },
    /// The legal status changes.
    ChangedStatus {
        /// To this status.
        legal_status: u8,
    },
    /// The child enters a pathway.
    Joined {
        /// Pathway.
        pathway: u8,
    },
    /// The child waits for a resource.
    Waits {
        /// Pathway.
        pathway: u8,
        /// Stage.
        stage: u8,
    },
    /// A stage starts.
    StageStarts {
        /// Pathway.
        pathway: u8,
        /// Stage.
        stage: u8,
    },
    /// A stage is passed.
    Passed {
        /// Pathway.
        pathway: u8,
        /// Stage.
        stage: u8,
    },
    /// A stage fails.
    Failed {
        /// Pathway.
        pathway: u8,
        /// Stage.
        stage: u8,
    },
    /// The pathway has succeeded.
    Succeeded {
        /// Pathway.
        pathway: u8,
    },
    /// The child leaves care.
    Left {
        /// Kind of exit.
        kind: u8,
    },
    /// An allowance starts.
    AllowanceStarts {
        /// Allowance.
        allowance: u8,
    },
    /// The exit will break down, and the child come back.
    BreaksDown,
}

/// Somebody who listens while a replicate is played.
pub trait Recorder {
    /// Whether anybody does.
    const LISTENS: bool;

    /// Takes note. The note is made only if somebody listens.
    fn note(&mut self, note: impl FnOnce() -> Note);
}

/// Nobody listens: the calls vanish.
#[derive(Debug, Default)]
pub struct Silent;

impl Recorder for Silent {
    const LISTENS: bool = false;

    #[inline(always)]
    fn note(&mut self, _: impl FnOnce() -> Note) {}
}

impl Recorder for Vec<Note> {
    const LISTENS: bool = true;

    fn note(&mut self, note: impl FnOnce() -> Note) {
        self.push(note());
    }
}

//! `calibrate`: from a return to a scenario of the council's own.
//!
//! Every number is estimated from what was known on the date, under priors that
//! are stated here and in the file: admissions and how they drift; exits by
//! cause, age and time in care, as events and time watched, with open cases
//! censored and time before the window left out; adoption from the placement
//! order to the match, the placement and the adoption order; returns to care;
//! placements, moves and legal statuses. What the data leave open stays uncertain in the
//! scenario's own forms, so that a run carries it on. Beside the scenario lies a
//! cohort file of the children in care, by new random ids and months of birth.

pub mod adoption;
pub mod arrivals;
pub mod cohort;
pub mod exits;
pub mod level;
pub mod moves;
pub mod pooled;
pub mod reentry;
mod scenario;
mod story;
pub mod times;
pub mod window;

use crate::ssda903::Return;
use crate::units::Date;
use adoption::Adoption;
use arrivals::Arrivals;
use cohort::Cohort;
use exits::Exits;
use moves::Change;
use reentry::Reentry;
use thiserror::Error;
use window::Window;

/// What is asked of a fit.
#[derive(Debug, Clone)]
pub struct CalibrateOptions {
    /// Date of the fit: what came later is not known.
    pub as_at: Date,
    /// First day used, if not the first that the return knows.
    pub since: Option<Date>,
    /// Title of the scenario.
    pub name: String,
    /// Name of the cohort file beside the scenario.
    pub cohort_file: String,
}

/// Why a return cannot be calibrated on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalibrateError {
    /// The date lies outside the return.
    #[error("as at {as_at} lies outside the return, which covers {first} to {last}")]
    Outside {
        /// The date asked for.
        as_at: Date,
        /// First day of the return.
        first: Date,
        /// Last day of the return.
        last: Date,
    },
    /// Too little time to count anything in.
    #[error("only {days} days lie between {since} and {as_at}; a fit needs a year")]
    TooShort {
        /// First day used.
        since: Date,
        /// Date of the fit.
        as_at: Date,
        /// Days between.
        days: i32,
    },
    /// Nobody is in care.
    #[error("no child under 18 is in care on {as_at}")]
    Nobody {
        /// Date of the fit.
        as_at: Date,
    },
}

/// What a return tells as at a date.
#[derive(Debug, Clone)]
pub struct Fit {
    /// Date of the fit.
    pub as_at: Date,
    /// First day used.
    pub since: Date,
    /// Title of the scenario.
    pub name: String,
    /// Children in care.
    pub cohort: Cohort,
    /// Name of the cohort file.
    pub cohort_file: String,
    /// Arrivals of the general stream.
    pub general: Arrivals,
    /// Arrivals of unaccompanied asylum seekers.
    pub asylum: Arrivals,
    /// Whether sibling groups can be told.
    pub tells_siblings: bool,
    /// Exits.
    pub exits: Exits,
    /// Returns to care.
    pub reentries: Vec<Reentry>,
    /// Moves between placements, most frequent first.
    pub moves: Vec<Change<crate::ssda903::codes::PlacementKind>>,
    /// Changes of legal status, most frequent first.
    pub status_changes: Vec<Change<crate::ssda903::codes::LegalKind>>,
    /// Adoption from a placement order on; none where too few were made.
    pub adoption: Option<Adoption>,
    /// Stock and flows of each year, oldest first.
    pub history: Vec<Observed>,
    /// Children of unknown age, left out of rates.
    pub ageless: usize,
}

/// Stock on a date and flows since the row before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observed {
    /// The date.
    pub date: Date,
    /// Children in care that night.
    pub population: usize,
    /// Starts since the row before; none in the first.
    pub admissions: Option<usize>,
    /// Ends since the row before; none in the first.
    pub exits: Option<usize>,
}

/// Estimates everything a scenario needs from a return as at a date.
///
/// # Errors
/// [`CalibrateError`] where the date lies outside the return, less than a year
/// is left, or nobody is in care.
pub fn calibrate(returned: &Return, options: &CalibrateOptions) -> Result<Fit, CalibrateError> {
    let as_at = options.as_at;
    let (first, last) = (returned.first_day, returned.last_day);
    if as_at <= first || as_at > last {
        return Err(CalibrateError::Outside { as_at, first, last });
    }
    let since = options.since.map_or(first, |since| since.max(first));
    let days = crate::units::days_between(since, as_at);
    if days < 364 {
        return Err(CalibrateError::TooShort { since, as_at, days });
    }
    let known = returned.as_at(as_at);
    let window = Window::new(&known, as_at, since);
    let cohort = Cohort::of(&known, as_at, window.follows_plans);
    if cohort.children.is_empty() {
        return Err(CalibrateError::Nobody { as_at });
    }
    Ok(Fit {
        as_at,
        since,
        name: options.name.clone(),
        cohort,
        cohort_file: options.cohort_file.clone(),
        general: arrivals::arrivals(&window, false),
        asylum: arrivals::arrivals(&window, true),
        tells_siblings: arrivals::tells_siblings(&window),
        exits: exits::exits(&window),
        reentries: reentry::reentries(&window),
        moves: moves::moves(&window),
        status_changes: moves::status_changes(&window),
        adoption: adoption::adoption(&window),
        history: history(&known, &window),
        ageless: window.ageless,
    })
}

/// Stock at the end of each year of the window, and the flows between.
fn history(known: &Return, window: &Window) -> Vec<Observed> {
    let date = |day: i32| crate::units::date_after(window.as_at, day);
    let mut before = date(window.from);
    let mut rows = vec![Observed {
        date: before,
        population: known.stock_on(before),
        admissions: None,
        exits: None,
    }];
    for (end, _) in window.years() {
        let now = date(end);
        let within = |date: Date| before < date && date <= now;
        let periods = || known.children.iter().flat_map(|child| &child.periods);
        rows.push(Observed {
            date: now,
            population: known.stock_on(now),
            admissions: Some(periods().filter(|period| within(period.start)).count()),
            exits: Some(
                periods()
                    .filter_map(|period| period.end)
                    .filter(|end| within(end.date))
                    .count(),
            ),
        });
        before = now;
    }
    rows
}

impl Fit {
    /// The scenario as TOML: runs as it is, beside its cohort file.
    pub fn scenario(&self) -> String {
        scenario::text(self)
    }

    /// What was found, what is thin: for a person.
    pub fn story(&self) -> String {
        story::text(self)
    }

    /// Whether asylum seekers have a stream of their own.
    pub fn has_asylum_stream(&self) -> bool {
        let in_care = self
            .cohort
            .children
            .iter()
            .any(|child| child.is_unaccompanied);
        self.asylum.children > 0 || in_care
    }
}

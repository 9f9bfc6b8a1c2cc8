//! Exits by cause, age and time in care.

use super::adoption::BY_CONSENT;
use super::level::{Ahead, EXITS, ahead};
use super::pooled::{Cell, Gamma, posteriors};
use super::window::{Stay, Window};
use crate::ssda903::codes::ExitKind;
use crate::units::DAYS_PER_YEAR;

/// Age bands: names and upper ends in years.
pub const AGES: [(&str, f64); 5] = [
    ("0", 1.0),
    ("1-4", 5.0),
    ("5-9", 10.0),
    ("10-15", 16.0),
    ("16-17", 18.0),
];

/// First days of the bands of time in care.
pub const TIMES: [f64; 4] = [0.0, 28.0, 182.0, 730.0];

/// Cells of age and time, `[age][time]` flat.
pub const CELLS: usize = AGES.len() * TIMES.len();

/// A cause with its national rates a year, `[age][time]`.
type National = (ExitKind, [[f64; TIMES.len()]; AGES.len()]);

/// England's rates, the prior. Level and age: DfE ceases and children looked
/// after, year to 31 March 2017 (SFR50/2017); the fall with time in care: DfE
/// leavers of 2018-19 by duration; judged cell by cell where no table crosses
/// the three. A rate of nought says that the event cannot be.
pub const NATIONAL: [National; 7] = [
    (
        ExitKind::ReturnHome,
        [
            [1.3, 0.40, 0.09, 0.020],
            [1.3, 0.40, 0.09, 0.020],
            [1.2, 0.40, 0.08, 0.015],
            [1.5, 0.45, 0.10, 0.020],
            [1.5, 0.45, 0.12, 0.030],
        ],
    ),
    (
        ExitKind::Adoption,
        [
            [0.002, 0.02, 0.20, 0.20],
            [0.002, 0.02, 0.42, 0.50],
            [0.001, 0.005, 0.03, 0.04],
            [0.0005, 0.001, 0.003, 0.003],
            [0.0003, 0.0003, 0.0003, 0.0003],
        ],
    ),
    (
        ExitKind::SpecialGuardianship,
        [
            [0.15, 0.25, 0.15, 0.050],
            [0.12, 0.25, 0.15, 0.040],
            [0.08, 0.15, 0.08, 0.020],
            [0.04, 0.07, 0.04, 0.008],
            [0.02, 0.03, 0.02, 0.004],
        ],
    ),
    (
        ExitKind::ChildArrangementsOrder,
        [
            [0.06, 0.06, 0.030, 0.008],
            [0.06, 0.06, 0.030, 0.008],
            [0.04, 0.05, 0.025, 0.007],
            [0.04, 0.04, 0.020, 0.005],
            [0.03, 0.03, 0.015, 0.004],
        ],
    ),
    (
        ExitKind::IndependentLiving,
        [
            [0.0; 4],
            [0.0; 4],
            [0.0; 4],
            [0.0; 4],
            [0.15, 0.12, 0.07, 0.05],
        ],
    ),
    (
        ExitKind::Custody,
        [
            [0.0; 4],
            [0.0; 4],
            [0.0; 4],
            [0.05, 0.02, 0.005, 0.002],
            [0.15, 0.06, 0.020, 0.010],
        ],
    ),
    (
        ExitKind::Other,
        [
            [0.15, 0.04, 0.012, 0.004],
            [0.15, 0.04, 0.012, 0.004],
            [0.15, 0.04, 0.012, 0.004],
            [0.15, 0.04, 0.012, 0.004],
            [0.40, 0.10, 0.050, 0.030],
        ],
    ),
];

/// Exits as estimated.
#[derive(Debug, Clone)]
pub struct Exits {
    /// Causes, in the order of [`NATIONAL`].
    pub causes: Vec<Cause>,
    /// How the years ahead compare with the window, all causes together.
    pub ahead: Ahead,
    /// Exits of each year with those expected from the rates.
    pub years: Vec<(f64, f64)>,
}

/// One cause.
#[derive(Debug, Clone)]
pub struct Cause {
    /// Its kind.
    pub kind: ExitKind,
    /// Events and years watched, `[age][time]` flat.
    pub cells: Vec<Cell>,
    /// What is known of the rates; none where the event cannot be.
    pub rates: Vec<Option<Gamma>>,
}

impl Cause {
    /// Events in all cells.
    pub fn events(&self) -> f64 {
        self.cells.iter().map(|cell| cell.events).sum()
    }
}

/// Estimates exits from every stay of a window.
pub fn exits(window: &Window) -> Exits {
    let mut years_watched = [0.0; CELLS];
    for stay in &window.stays {
        for_each_piece(stay, |cell, from, until| {
            let half_day = half_day(stay, until);
            years_watched[cell] += (f64::from(until - from) - half_day) / DAYS_PER_YEAR;
        });
    }
    let causes: Vec<Cause> = NATIONAL
        .iter()
        .map(|(kind, national)| {
            let national = national.as_flattened();
            let share = match kind {
                ExitKind::Adoption if window.follows_plans => BY_CONSENT,
                _ => 1.0,
            };
            let cells: Vec<Cell> = (0..CELLS)
                .map(|cell| Cell {
                    events: 0.0,
                    years: years_watched[cell],
                    national: share * national[cell],
                })
                .collect();
            cause(*kind, cells, window)
        })
        .collect();
    let years = by_year(window, &causes);
    Exits {
        causes,
        ahead: ahead(&years, EXITS, false),
        years,
    }
}

fn cause(kind: ExitKind, mut cells: Vec<Cell>, window: &Window) -> Cause {
    for stay in &window.stays {
        if let Some(cell) = cell_of_exit(stay)
            && kind_in(stay, cell) == Some(kind)
        {
            cells[cell].events += 1.0;
        }
    }
    let rates = posteriors(&cells);
    Cause { kind, cells, rates }
}

/// The kind an exit counts as: one that cannot be at its age is another.
fn kind_in(stay: &Stay, cell: usize) -> Option<ExitKind> {
    let exit = stay.ordinary_exit()?;
    let (_, national) = NATIONAL.iter().find(|(kind, _)| *kind == exit)?;
    Some(if national.as_flattened()[cell] > 0.0 {
        exit
    } else {
        ExitKind::Other
    })
}

fn half_day(stay: &Stay, until: i32) -> f64 {
    if stay.ordinary_exit().is_some() && until == stay.until {
        0.5
    } else {
        0.0
    }
}

/// The cell in which a stay ended: that of its last day.
fn cell_of_exit(stay: &Stay) -> Option<usize> {
    stay.ordinary_exit()?;
    let day = f64::from(stay.until) - 0.5;
    let age = age_band((day - f64::from(stay.born)) / DAYS_PER_YEAR);
    let time = time_band(day - f64::from(stay.entered));
    Some(age * TIMES.len() + time)
}

/// Age band of an age in years.
pub fn age_band(age: f64) -> usize {
    AGES.partition_point(|(_, below)| *below <= age)
        .min(AGES.len() - 1)
}

fn time_band(days: f64) -> usize {
    TIMES
        .partition_point(|from| *from <= days)
        .saturating_sub(1)
}

/// Calls with the cell, first and last day of each piece of a stay in which an
/// ordinary exit may end it.
fn for_each_piece(stay: &Stay, mut piece: impl FnMut(usize, i32, i32)) {
    let mut edges: Vec<i32> = AGES
        .iter()
        .map(|(_, below)| stay.born + libm::round(below * DAYS_PER_YEAR) as i32)
        .chain(TIMES.iter().map(|from| stay.entered + *from as i32))
        .collect();
    edges.sort_unstable();
    edges.dedup();
    for (begin, end) in stay.outside_plan() {
        let mut from = begin;
        let inner = edges.iter().copied();
        let inner = inner.filter(|edge| begin < *edge && *edge < end);
        for until in inner.chain((begin < end).then_some(end)) {
            let middle = 0.5 * f64::from(from + until);
            let age = age_band((middle - f64::from(stay.born)) / DAYS_PER_YEAR);
            let time = time_band(middle - f64::from(stay.entered));
            piece(age * TIMES.len() + time, from, until);
            from = until;
        }
    }
}

/// Exits of each year, with those that the rates make of its children.
fn by_year(window: &Window, causes: &[Cause]) -> Vec<(f64, f64)> {
    let rates: Vec<f64> = (0..CELLS)
        .map(|cell| {
            let rates = causes.iter().filter_map(|cause| cause.rates[cell]);
            rates.map(Gamma::mean).sum()
        })
        .collect();
    let ends = window.years();
    let mut years = vec![(0.0, 0.0); ends.len()];
    for stay in &window.stays {
        if stay.ordinary_exit().is_some() {
            years[window.year_of(&ends, stay.until)].0 += 1.0;
        }
        for_each_piece(stay, |cell, from, until| {
            let mut from = from;
            while from < until {
                let year = window.year_of(&ends, from + 1);
                let end = until.min(ends[year].0);
                years[year].1 += rates[cell] * f64::from(end - from) / DAYS_PER_YEAR;
                from = end;
            }
        });
    }
    years
}

#[cfg(test)]
mod tests {
    use super::super::adoption::{AdoptionPlan, PlanEnd};
    use super::*;

    fn stay(born: i32, entered: i32, from: i32, until: i32) -> Stay {
        Stay {
            child: 0,
            born,
            adult: born + 6_575,
            entered,
            from,
            until,
            exit: None,
            is_open: false,
            is_return: false,
            is_unaccompanied: false,
            family: None,
            next: None,
            episodes: Vec::new(),
            plan: None,
            is_after_plan: false,
        }
    }

    #[test]
    fn a_stay_is_cut_at_birthdays_and_at_bands_of_time() {
        // Entered at 300 days of age, first birthday 65 days later.
        let mut pieces = Vec::new();
        for_each_piece(&stay(-1_300, -1_000, -1_000, -700), |cell, from, until| {
            pieces.push((cell, from, until));
        });
        assert_eq!(
            pieces,
            [
                (0, -1_000, -972),
                (1, -972, -935),
                (5, -935, -818),
                (6, -818, -700)
            ]
        );
    }

    #[test]
    fn what_went_before_the_window_is_not_watched() {
        let mut days = 0;
        for_each_piece(&stay(-4_000, -3_000, -500, 0), |cell, from, until| {
            assert_eq!(cell % TIMES.len(), 3);
            days += until - from;
        });
        assert_eq!(days, 500);
    }

    #[test]
    fn no_ordinary_exit_ends_a_plan_for_adoption() {
        let plan = AdoptionPlan {
            ordered: -300,
            matched: None,
            placed: None,
            until: -100,
            end: PlanEnd::Reversed,
        };
        let mut reversed = stay(-4_000, -2_000, -500, -20);
        reversed.exit = Some(ExitKind::ReturnHome);
        reversed.plan = Some(plan);
        let mut pieces = Vec::new();
        for_each_piece(&reversed, |_, from, until| pieces.push((from, until)));
        // The tenth birthday lies 3,653 days after the birth.
        assert_eq!(pieces, [(-500, -347), (-347, -300), (-100, -20)]);
        assert_eq!(reversed.ordinary_exit(), Some(ExitKind::ReturnHome));
        reversed.plan = Some(AdoptionPlan { until: -20, ..plan });
        assert_eq!(reversed.ordinary_exit(), None);
    }
}

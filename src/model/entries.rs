//! How children come in: the cohort, referral streams, the panel.

use super::clocks::{Curves, Time};
use super::numbers::{Number, ParameterSet};
use crate::config::Config;
use crate::config::bands::{AgeShares, Band};
use crate::config::cohort::{Cohort, CohortClock, MarginCohort, Margins};
use crate::config::panel::Panel;
use crate::config::quantity::Quantity;
use crate::config::referrals::Referrals;
use crate::margins::DIMENSIONS;
use crate::units::{DAYS_PER_YEAR, Date, birthday, days_between};

/// Families a year in one layer of a stream's referrals. Frozen: it is part of
/// every family's identity.
pub const LAYER_FAMILIES_PER_YEAR: f64 = 8.0;

/// Shares of which one is drawn by a uniform.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares(pub Vec<Number>);

impl Shares {
    fn of(shares: &[Quantity], numbers: &mut ParameterSet) -> Self {
        Self(shares.iter().map(|share| numbers.number(share)).collect())
    }

    fn known(shares: &[f64]) -> Self {
        Self(shares.iter().map(|&share| Number::Known(share)).collect())
    }
}

/// Ages from which one is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Ages {
    /// Shares of the bands.
    pub shares: Shares,
    /// Ends of the bands in days, one more than bands.
    pub edges: Vec<f64>,
}

impl Ages {
    fn of(age: &AgeShares, numbers: &mut ParameterSet) -> Self {
        let edges = age.bands.iter().map(|band| band.from * DAYS_PER_YEAR);
        let end = age
            .bands
            .last()
            .map_or(0.0, |band| band.below * DAYS_PER_YEAR);
        Self {
            shares: Shares::of(&age.shares, numbers),
            edges: edges.chain([end]).collect(),
        }
    }
}

/// A referral stream, ready to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// Families a year.
    pub families_per_year: Number,
    /// Growth a year.
    pub trend_per_year: Number,
    /// Factors January to December.
    pub month_factors: [f64; 12],
    /// Drift index.
    pub drift: Option<usize>,
    /// Shares of sibling groups.
    pub siblings: Shares,
    /// Share who bypass the panel.
    pub bypass_panel: Number,
    /// Whether any family can bypass the panel.
    pub may_bypass: bool,
    /// Most children in care.
    pub stock_cap: Option<u32>,
    /// Ages at entry.
    pub ages: Ages,
    /// Legal statuses at entry.
    pub legal_status: Shares,
    /// Placements at entry: rows of shares, and which row an age uses.
    pub placement: Vec<Shares>,
    /// Upper ends of ages in days, with the row of `placement` they use.
    pub placement_rows: Vec<(f64, usize)>,
}

/// The panel, ready to hear.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelModel {
    /// Day of the first sitting.
    pub first_day: i32,
    /// Days between sittings.
    pub every_days: i32,
    /// Most families at a sitting.
    pub limit: Option<u32>,
    /// Probability of admission.
    pub admit: Number,
    /// Probability of deferral.
    pub defer: Number,
    /// Probability and time of a return after diversion.
    pub diverted_return: Option<(Number, Time)>,
}

/// The children in care on the start date.
#[derive(Debug, Clone, PartialEq)]
pub struct CohortModel {
    /// Whether their clocks start on day 0 rather than at their own entry.
    pub from_start_date: bool,
    /// How they are known.
    pub known: KnownBy,
}

/// How the children of the cohort are known.
#[derive(Debug, Clone, PartialEq)]
pub enum KnownBy {
    /// One place in the margins for each child, the same in every replicate.
    Cells {
        /// Age bands, legal statuses, placements, bands of days in care and
        /// streams, a column of each: `[children]`.
        columns: [Vec<u8>; DIMENSIONS],
        /// What the bands mean.
        bands: CohortBands,
    },
    /// Each child drawn from the margins.
    Drawn {
        /// How many.
        children: u32,
        /// Shares in the order of a cell.
        shares: [Shares; DIMENSIONS],
        /// What the bands mean.
        bands: CohortBands,
    },
    /// One row of a child-level file for each child.
    Children(Vec<KnownChild>),
}

impl KnownBy {
    /// How many children there are.
    pub fn children(&self) -> usize {
        match self {
            Self::Cells { columns, .. } => columns[0].len(),
            Self::Drawn { children, .. } => *children as usize,
            Self::Children(children) => children.len(),
        }
    }
}

/// Days of birth and of entry that bands stand for.
#[derive(Debug, Clone, PartialEq)]
pub struct CohortBands {
    /// First and last day of birth of each age band.
    pub born: Vec<(i32, i32)>,
    /// Fewest and most days already in care of each band.
    pub served: Vec<(f64, f64)>,
}

/// A child from a child-level file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownChild {
    /// Day of birth.
    pub born: i32,
    /// Day of entry into care.
    pub entered: i32,
    /// Legal status.
    pub legal_status: u8,
    /// Placement.
    pub placement: u8,
    /// Stream.
    pub stream: u8,
}

/// The streams of a model.
pub fn streams(config: &Config, numbers: &mut ParameterSet) -> Vec<Stream> {
    config
        .referrals
        .iter()
        .map(|referrals| stream(referrals, numbers))
        .collect()
}

fn stream(referrals: &Referrals, numbers: &mut ParameterSet) -> Stream {
    let mut placement = vec![Shares::of(&referrals.placement, numbers)];
    let mut placement_rows = Vec::new();
    let mut age = 0.0;
    for (band, shares) in &referrals.placement_by_age {
        placement.push(Shares::of(shares, numbers));
        let (from, below) = (band.from * DAYS_PER_YEAR, band.below * DAYS_PER_YEAR);
        if from > age {
            placement_rows.push((from, 0));
        }
        placement_rows.push((below, placement.len() - 1));
        age = below;
    }
    placement_rows.push((f64::INFINITY, 0));
    let bypass_panel = numbers.number(&referrals.bypass_panel);
    Stream {
        families_per_year: numbers.number(&referrals.families_per_year),
        trend_per_year: numbers.number(&referrals.trend_per_year),
        month_factors: referrals.month_factors,
        drift: referrals.drift,
        siblings: Shares::of(&referrals.siblings, numbers),
        may_bypass: bypass_panel != Number::Known(0.0),
        bypass_panel,
        stock_cap: referrals.stock_cap,
        ages: Ages::of(&referrals.age, numbers),
        legal_status: Shares::of(&referrals.legal_status, numbers),
        placement,
        placement_rows,
    }
}

/// The panel of a model.
pub fn panel(
    panel: &Panel,
    start: Date,
    curves: &mut Curves,
    numbers: &mut ParameterSet,
) -> PanelModel {
    PanelModel {
        first_day: days_between(start, panel.first_sitting),
        every_days: panel.every_days,
        limit: panel.limit,
        admit: numbers.number(&panel.admit),
        defer: numbers.number(&panel.defer),
        diverted_return: panel
            .diverted_return
            .as_ref()
            .map(|(probability, time)| (numbers.number(probability), curves.time(time, numbers))),
    }
}

/// The cohort of a model; a child-level file has been read already.
pub fn cohort(config: &Config, children: Option<&[KnownChild]>) -> Option<CohortModel> {
    Some(match config.cohort.as_ref()? {
        Cohort::File { clock, .. } => CohortModel {
            from_start_date: *clock == CohortClock::FromStartDate,
            known: KnownBy::Children(children.unwrap_or_default().to_vec()),
        },
        Cohort::Margins(margins) => CohortModel {
            from_start_date: margins.clock == CohortClock::FromStartDate,
            known: known_by(margins, config.forecast.start),
        },
    })
}

fn known_by(margins: &MarginCohort, start: Date) -> KnownBy {
    let bands = CohortBands {
        born: margins
            .age
            .bands
            .iter()
            .map(|band| born_between(band, start))
            .collect(),
        served: margins.days_bands.iter().map(served_between).collect(),
    };
    match margins.margins {
        Margins::Exact => KnownBy::Cells {
            columns: std::array::from_fn(|dimension| {
                let cells = margins.cells.iter();
                cells.map(|cell| cell[dimension] as u8).collect()
            }),
            bands,
        },
        Margins::Drawn => KnownBy::Drawn {
            children: margins.children,
            shares: [
                Shares::known(&margins.age_shares()),
                Shares::known(&margins.legal_status),
                Shares::known(&margins.placement),
                Shares::known(&margins.days_in_care),
                Shares::known(&margins.streams),
            ],
            bands,
        },
    }
}

/// First and last day of birth of a child whose age lies in the band.
fn born_between(band: &Band, start: Date) -> (i32, i32) {
    let born = |years: f64| {
        let years = years as i32;
        // The latest birth date whose birthday has come by the start.
        let mut date = birthday(start, -years);
        while birthday(date, years) > start {
            date = date.pred_opt().expect("dates are in range");
        }
        days_between(start, date)
    };
    (born(band.below) + 1, born(band.from))
}

/// Fewest and most days in care; an open band reaches to twice its start.
fn served_between(band: &Band) -> (f64, f64) {
    let most = if band.below.is_finite() {
        band.below
    } else {
        (2.0 * band.from).max(DAYS_PER_YEAR)
    };
    (band.from, most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::date_after;

    #[test]
    fn a_child_of_seventeen_turns_eighteen_after_the_start() {
        let start = Date::from_ymd_opt(2017, 9, 30).unwrap();
        let band = Band::parse("16-17").unwrap();
        let (first, last) = born_between(&band, start);
        assert_eq!(birthday(date_after(start, first), 18), date_after(start, 1));
        assert_eq!(birthday(date_after(start, last), 16), start);
        assert!(birthday(date_after(start, last + 1), 16) > start);
    }

    #[test]
    fn age_bands_follow_on_from_each_other() {
        let start = Date::from_ymd_opt(2016, 2, 29).unwrap();
        let bands = ["0", "1-4", "5-9", "10-15", "16-17"];
        let born: Vec<(i32, i32)> = bands
            .iter()
            .map(|band| born_between(&Band::parse(band).unwrap(), start))
            .collect();
        assert_eq!(born[0].1, 0);
        for pair in born.windows(2) {
            assert_eq!(pair[1].1 + 1, pair[0].0);
        }
    }
}

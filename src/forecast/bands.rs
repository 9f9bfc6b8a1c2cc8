//! Percentile bands of every series in every period.

use super::columns::{Entry, ScenarioColumns, SeriesName};
use super::quantiles::{Summary, summarise};
use crate::model::layout::Period;
use crate::units::Date;
use rayon::prelude::*;

/// The range of one series in one period across replicates: a prediction
/// interval, with its Monte Carlo errors beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// What the band is about.
    pub series: SeriesName,
    /// The period.
    pub period: Period,
    /// Last day of the period.
    pub date: Date,
    /// Mean across replicates.
    pub mean: f64,
    /// Standard deviation across replicates.
    pub sd: f64,
    /// Percentiles at [`LEVELS`](super::LEVELS).
    pub percentiles: [f64; 7],
    /// Monte Carlo standard error of the mean.
    pub mean_se: f64,
    /// Monte Carlo standard errors of the percentiles.
    pub percentile_se: [f64; 7],
    /// Number of replicates.
    pub replicates: u32,
}

impl Band {
    /// Metric, segment_by, segment and period word: what rows are sorted by,
    /// before the date.
    pub fn key(&self) -> (&str, &str, &str, &'static str) {
        let (metric, segment_by, segment) = self.series.key();
        (metric, segment_by, segment, self.period.word())
    }
}

/// A band for every series and period, in the order of the files.
pub(crate) fn all_bands(columns: &ScenarioColumns) -> Vec<Band> {
    let catalogue = columns.catalogue();
    let cells: Vec<(&Entry, Period)> = catalogue
        .entries()
        .iter()
        .flat_map(|entry| {
            let periods = catalogue.periods(entry);
            periods.into_iter().map(move |period| (entry, period))
        })
        .collect();
    cells
        .into_par_iter()
        .map(|(entry, period)| band(columns, entry, period))
        .collect()
}

fn band(columns: &ScenarioColumns, entry: &Entry, period: Period) -> Band {
    let whole = columns.whole(entry, period);
    let Summary {
        mean,
        sd,
        percentiles,
        mean_se,
        percentile_se,
    } = summarise(&whole.values, whole.scale);
    Band {
        series: entry.name.clone(),
        period,
        date: columns.catalogue().date(period),
        mean,
        sd,
        percentiles,
        mean_se,
        percentile_se,
        replicates: u32::try_from(whole.values.len()).expect("replicates are numbered in 32 bits"),
    }
}

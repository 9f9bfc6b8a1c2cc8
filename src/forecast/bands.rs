//! Percentile bands of every series in every period.

use super::abreast::{ABREAST, Abreast};
use super::columns::{Entry, ScenarioColumns, SeriesName};
use super::quantiles::{Summariser, Summary};
use crate::engine::tiles::Frequencies;
use crate::model::layout::Period;
use crate::units::Date;
use rayon::prelude::*;
use std::sync::Arc;

/// The range of one series in one period across replicates: a prediction
/// interval, with its Monte Carlo errors beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// What the band is about.
    pub series: Arc<SeriesName>,
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

    /// Whether another band is of the same series.
    pub fn is_in_one_series(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.series, &other.series) || self.series == other.series
    }

    /// Whether another band has the same key.
    pub fn is_alike(&self, other: &Self) -> bool {
        self.is_in_one_series(other) && self.period.word() == other.period.word()
    }
}

/// A band for every series and period, in the order of the files.
pub(crate) fn all_bands(columns: &ScenarioColumns) -> Vec<Band> {
    let summariser = Summariser::new(columns.replicates());
    let entries = columns.catalogue().entries();
    let bands: Vec<Vec<Band>> = entries
        .par_iter()
        .map_init(Room::default, |room, entry| {
            bands(columns, entry, &summariser, room)
        })
        .collect();
    let mut all = Vec::with_capacity(bands.iter().map(Vec::len).sum());
    bands.into_iter().for_each(|bands| all.extend(bands));
    all
}

/// Room that is used again from series to series.
#[derive(Default)]
struct Room {
    frequencies: Frequencies,
    values: Vec<Vec<i64>>,
    abreast: Abreast,
}

/// Periods read in one pass: so few that their columns stay in the cache until
/// they have been summarised.
const AT_ONCE: usize = 8;

fn bands(
    columns: &ScenarioColumns,
    entry: &Entry,
    summariser: &Summariser,
    room: &mut Room,
) -> Vec<Band> {
    let catalogue = columns.catalogue();
    let periods = catalogue.periods(entry);
    let band = |period: Period, summary: Summary| Band {
        series: entry.name.clone(),
        period,
        date: catalogue.date(period),
        mean: summary.mean,
        sd: summary.sd,
        percentiles: summary.percentiles,
        mean_se: summary.mean_se,
        percentile_se: summary.percentile_se,
        replicates: u32::try_from(columns.replicates())
            .expect("replicates are numbered in 32 bits"),
    };
    let mut bands = Vec::with_capacity(periods.len());
    if summariser.is_of_few() {
        for some in periods.chunks(ABREAST) {
            columns.read(entry, some, 0..columns.replicates(), &mut room.values);
            let scale = |index: usize| catalogue.scale(entry, some[index]);
            let values = &room.values[..some.len()];
            let each = summariser.of_few(values, scale, &mut room.abreast);
            let each = some.iter().zip(each);
            bands.extend(each.map(|(&period, summary)| band(period, summary)));
        }
        return bands;
    }
    if columns.count(entry, &periods, &mut room.frequencies) {
        let each = periods.iter().zip(room.frequencies.each());
        bands.extend(each.map(|(&period, (least, counts))| {
            let scale = catalogue.scale(entry, period);
            band(period, summariser.of_frequencies(least, counts, scale))
        }));
        return bands;
    }
    for some in periods.chunks(AT_ONCE) {
        columns.read(entry, some, 0..columns.replicates(), &mut room.values);
        let each = some.iter().zip(&room.values);
        bands.extend(each.map(|(&period, values)| {
            let scale = catalogue.scale(entry, period);
            band(period, summariser.of_values(values, scale))
        }));
    }
    bands
}

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
}

/// The bands of a scenario in the order of the files: series by series, sorted
/// by metric, segment_by and segment, and within a series by period word and
/// date.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bands {
    /// None of them is empty.
    series: Vec<Vec<Band>>,
}

impl Bands {
    /// A band for every series and period.
    pub(crate) fn of_all(columns: &ScenarioColumns) -> Self {
        let summariser = Summariser::new(columns.replicates());
        let entries = columns.catalogue().entries();
        let mut series: Vec<Vec<Band>> = entries
            .par_iter()
            .map_init(Room::default, |room, entry| {
                bands(columns, entry, &summariser, room)
            })
            .collect();
        series.retain(|bands| !bands.is_empty());
        Self { series }
    }

    /// Adds the band that comes next.
    pub fn push(&mut self, band: Band) {
        match self.series.last_mut() {
            Some(bands) if bands[0].series == band.series => bands.push(band),
            _ => self.series.push(vec![band]),
        }
    }

    /// Number of bands.
    pub fn len(&self) -> usize {
        self.series.iter().map(Vec::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// The bands, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &Band> + Clone {
        self.series.iter().flatten()
    }

    /// The bands of each series, at least one.
    pub fn by_series(&self) -> impl Iterator<Item = &[Band]> {
        self.series.iter().map(Vec::as_slice)
    }

    /// The bands that share a key: those of each series in each kind of period.
    pub fn by_key(&self) -> impl Iterator<Item = &[Band]> {
        let is_alike = |one: &Band, next: &Band| one.period.word() == next.period.word();
        self.by_series()
            .flat_map(move |bands| bands.chunk_by(is_alike))
    }

    /// The bands of one series in one kind of period, by date.
    pub fn of<'a>(
        &'a self,
        metric: &'a str,
        segment_by: &'a str,
        segment: &'a str,
        period_word: &'a str,
    ) -> impl Iterator<Item = &'a Band> {
        let key = (metric, segment_by, segment);
        let place = |bands: &Vec<Band>| bands[0].series.key().cmp(&key);
        let found = self.series.binary_search_by(place).ok();
        let bands = found.into_iter().flat_map(|place| &self.series[place]);
        bands.filter(move |band| band.period.word() == period_word)
    }
}

impl FromIterator<Band> for Bands {
    fn from_iter<I: IntoIterator<Item = Band>>(bands: I) -> Self {
        let mut all = Self::default();
        bands.into_iter().for_each(|band| all.push(band));
        all
    }
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

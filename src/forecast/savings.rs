//! Paired differences from the comparison scenario.
//!
//! Both scenarios run under the same random numbers, so the difference is
//! taken replicate by replicate before any statistic.

use crate::engine::tiles::Tiles;
use crate::model::layout::{Layout, Period};
use std::ops::Range;

use super::columns::PLACEMENTS;

/// What the differences need of the comparison scenario.
#[derive(Debug, Clone)]
pub struct Comparison {
    replicates: usize,
    /// Whether there is nothing else to compare.
    is_all: bool,
    years: Vec<Range<usize>>,
    population: Months,
    spend: Months,
    placements: Months,
}

/// One series month by month, `[months][replicates]`; empty where the layout
/// lacks it.
type Months = Vec<Vec<i64>>;

impl Comparison {
    /// Reads the comparison scenario's population, spend and placement spend.
    pub fn new(layout: &Layout, tiles: &Tiles) -> Self {
        let calendar = layout.calendar();
        let months = |metric, segment_by, segment| -> Months {
            layout
                .find(metric, segment_by, segment)
                .map(|series| {
                    let months: Vec<Period> = (0..calendar.months()).map(Period::Month).collect();
                    tiles.columns(layout, series, &months)
                })
                .unwrap_or_default()
        };
        Self {
            replicates: tiles.replicates(),
            is_all: false,
            years: calendar
                .financial_years()
                .iter()
                .map(|year| year.months.clone())
                .collect(),
            population: months("population", "all", "all"),
            spend: months("spend", "all", "all"),
            placements: months("spend", "category", PLACEMENTS),
        }
    }

    /// The comparison scenario of a run that has no other: it differs from
    /// itself by nothing.
    pub fn with_itself(replicates: usize) -> Self {
        Self {
            replicates,
            is_all: true,
            years: Vec::new(),
            population: Months::new(),
            spend: Months::new(),
            placements: Months::new(),
        }
    }

    /// Number of replicates.
    pub fn replicates(&self) -> usize {
        self.replicates
    }

    /// Whether there is no other scenario, and every difference nothing.
    pub(crate) fn is_all(&self) -> bool {
        self.is_all
    }

    /// Turns the scenario's placement spend, of replicates from `first` on, into
    /// what the comparison spends more, in pence.
    pub(crate) fn saving_gross(&self, period: Period, first: usize, values: &mut [i64]) {
        self.less(&self.placements, period, first, values);
    }

    /// The same with all spend, in pence: net of allowances, fees and programme
    /// costs.
    pub(crate) fn saving_net(&self, period: Period, first: usize, values: &mut [i64]) {
        self.less(&self.spend, period, first, values);
    }

    /// Takes the comparison's population off the scenario's: a fall is negative.
    pub(crate) fn population_change(&self, period: Period, first: usize, values: &mut [i64]) {
        self.less(&self.population, period, first, values);
        values.iter_mut().for_each(|value| *value = -*value);
    }

    fn less(&self, series: &Months, period: Period, first: usize, values: &mut [i64]) {
        values.iter_mut().for_each(|value| *value = -*value);
        for month in self.months(period) {
            for (value, &base) in values.iter_mut().zip(&series[month][first..]) {
                *value += base;
            }
        }
    }

    fn months(&self, period: Period) -> Range<usize> {
        match period {
            Period::Month(month) => month..month + 1,
            Period::FinancialYear(year) => self.years[year].clone(),
        }
    }
}

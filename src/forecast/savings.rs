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
                    (0..calendar.months())
                        .map(|month| tiles.column(layout, series, Period::Month(month)))
                        .collect()
                })
                .unwrap_or_default()
        };
        Self {
            replicates: tiles.replicates(),
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

    /// Number of replicates.
    pub fn replicates(&self) -> usize {
        self.replicates
    }

    /// Placement spend of the comparison less the scenario's, in pence.
    pub(crate) fn saving_gross(&self, period: Period, scenario: Vec<i64>) -> Vec<i64> {
        self.less(&self.placements, period, scenario)
    }

    /// All spend of the comparison less the scenario's, in pence: net of
    /// allowances, fees and programme costs.
    pub(crate) fn saving_net(&self, period: Period, scenario: Vec<i64>) -> Vec<i64> {
        self.less(&self.spend, period, scenario)
    }

    /// The scenario's population less the comparison's: a fall is negative.
    pub(crate) fn population_change(&self, period: Period, scenario: Vec<i64>) -> Vec<i64> {
        let mut values = self.less(&self.population, period, scenario);
        values.iter_mut().for_each(|value| *value = -*value);
        values
    }

    fn less(&self, series: &Months, period: Period, mut scenario: Vec<i64>) -> Vec<i64> {
        scenario.iter_mut().for_each(|value| *value = -*value);
        for month in self.months(period) {
            for (value, &base) in scenario.iter_mut().zip(&series[month]) {
                *value += base;
            }
        }
        scenario
    }

    fn months(&self, period: Period) -> Range<usize> {
        match period {
            Period::Month(month) => month..month + 1,
            Period::FinancialYear(year) => self.years[year].clone(),
        }
    }
}

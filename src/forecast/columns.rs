//! The columns that statistics are taken of: every counted series and every
//! metric derived from them, one value per replicate.

use super::savings::Comparison;
use super::targets::{Target, TargetError};
use crate::calendar::{Calendar, FinancialYear};
use crate::config::money::Category;
use crate::engine::tiles::{Frequencies, TILE, Tiles, room_for};
use crate::model::layout::{Kind, Layout, Period, Unit};
use crate::units::Date;
use std::ops::Range;
use std::sync::Arc;

/// Category of `spend` that gross savings are made of.
pub(crate) const PLACEMENTS: &str = "placements";

/// What a column or band is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesName {
    /// Metric, such as `population` or `saving_net`.
    pub metric: String,
    /// Dimension of the segment, or `all`.
    pub segment_by: String,
    /// Segment, or `all`.
    pub segment: String,
    /// Unit of the written values.
    pub unit: Unit,
}

impl SeriesName {
    /// The name of a metric's total.
    pub fn total(metric: &str, unit: Unit) -> Self {
        Self {
            metric: metric.to_owned(),
            segment_by: "all".to_owned(),
            segment: "all".to_owned(),
            unit,
        }
    }

    /// Metric, segment_by and segment: what rows are sorted by.
    pub fn key(&self) -> (&str, &str, &str) {
        (&self.metric, &self.segment_by, &self.segment)
    }

    /// Whether this is the total of its metric.
    pub fn is_total(&self) -> bool {
        self.segment_by == "all"
    }

    /// Whether this is a difference from the comparison scenario.
    pub fn is_difference(&self) -> bool {
        is_difference(&self.metric)
    }
}

/// One series in one period: a value for each replicate, in written units
/// (children, pounds).
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// What it is about.
    pub series: Arc<SeriesName>,
    /// The period.
    pub period: Period,
    /// Last day of the period.
    pub date: Date,
    /// Values, `[replicates]`.
    pub values: Vec<f64>,
}

/// Money of a series from 1 April to the start date, known from the accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActualToDate {
    /// Metric, such as `spend`.
    pub metric: String,
    /// Dimension of the segment, or `all`.
    pub segment_by: String,
    /// Segment, or `all`.
    pub segment: String,
    /// Amount in pence.
    pub pence: i64,
}

impl ActualToDate {
    /// Spend by category and in all, from the accounts of a scenario file;
    /// nothing where it gives none.
    pub fn of_spend(spent: &[(Category, i64)]) -> Vec<Self> {
        let spend = |segment_by: &str, segment: &str, pence| Self {
            metric: "spend".to_owned(),
            segment_by: segment_by.to_owned(),
            segment: segment.to_owned(),
            pence,
        };
        let total = spent.iter().map(|(_, pence)| pence).sum();
        let categories = spent
            .iter()
            .map(|&(category, pence)| spend("category", category.word(), pence));
        let all = (!spent.is_empty()).then(|| spend("all", "all", total));
        categories.chain(all).collect()
    }
}

/// What a forecast takes besides the tallies.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// Targets to judge.
    pub targets: &'a [Target],
    /// Children who live in the area at each month end, `[months]`; empty, or
    /// none for a month, where not known.
    pub child_population: &'a [Option<f64>],
    /// Money before the start date, for the first financial year.
    pub actuals_to_date: &'a [ActualToDate],
}

/// From whole children and pence to the numbers written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// As they are.
    Children,
    /// Pence, written in pounds.
    Pence,
    /// Children, written for every 10,000 of the area's children.
    Per10000 {
        /// Children who live in the area.
        child_population: f64,
    },
}

impl Scale {
    fn of(unit: Unit) -> Self {
        match unit {
            Unit::Pounds => Self::Pence,
            _ => Self::Children,
        }
    }

    /// The written value of a whole one.
    pub fn written(self, whole: i64) -> f64 {
        self.written_mean(whole as f64)
    }

    /// The written value of a mean of whole ones.
    pub fn written_mean(self, mean: f64) -> f64 {
        match self {
            Self::Children => mean,
            Self::Pence => mean / 100.0,
            Self::Per10000 { child_population } => mean * 10_000.0 / child_population,
        }
    }

    /// The written length of one child or penny.
    pub fn of_one(self) -> f64 {
        self.written_mean(1.0)
    }
}

/// How a series comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Counted(usize),
    Rate { population: usize },
    SavingGross { placements: usize },
    SavingNet { spend: usize },
    PopulationChange { population: usize },
}

/// One series of the catalogue.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub name: Arc<SeriesName>,
    pub kind: Kind,
    source: Source,
}

impl Entry {
    fn derived(metric: &str, unit: Unit, kind: Kind, source: Source) -> Self {
        Self {
            name: Arc::new(SeriesName::total(metric, unit)),
            kind,
            source,
        }
    }
}

/// Every series of a forecast, counted or derived, in the order of the files.
#[derive(Debug, Clone)]
pub struct Catalogue<'a> {
    layout: &'a Layout,
    child_population: &'a [Option<f64>],
    actuals_to_date: &'a [ActualToDate],
    entries: Vec<Entry>,
}

impl<'a> Catalogue<'a> {
    /// The series of a layout and those derived from them.
    pub fn new(layout: &'a Layout, context: &Context<'a>) -> Self {
        let mut entries = counted_entries(layout);
        entries.extend(derived_entries(layout, context.child_population));
        entries.sort_by(|a, b| a.name.key().cmp(&b.name.key()));
        Self {
            layout,
            child_population: context.child_population,
            actuals_to_date: context.actuals_to_date,
            entries,
        }
    }

    /// Names of all series, sorted by metric, segment_by and segment.
    pub fn names(&self) -> impl Iterator<Item = &SeriesName> {
        self.entries.iter().map(|entry| &*entry.name)
    }

    /// Whether a target can be judged.
    ///
    /// # Errors
    /// [`TargetError`] for an unknown series, or a date that closes no period
    /// of the forecast in which the series is known.
    pub fn check(&self, target: &Target) -> Result<(), TargetError> {
        let entry = self
            .find(&target.metric, &target.segment_by, &target.segment)
            .ok_or_else(|| TargetError::unknown_series(target))?;
        match self.period_closing(entry, target.date) {
            Some(_) => Ok(()),
            None => Err(TargetError::no_period(target)),
        }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn find(&self, metric: &str, segment_by: &str, segment: &str) -> Option<&Entry> {
        let key = (metric, segment_by, segment);
        let found = self.entries.binary_search_by(|e| e.name.key().cmp(&key));
        found.ok().map(|index| &self.entries[index])
    }

    /// Periods in which a series has values, financial years first.
    pub(crate) fn periods(&self, entry: &Entry) -> Vec<Period> {
        let mut periods = self.layout.periods(entry.kind);
        periods.retain(|&period| self.is_known(entry, period));
        periods
    }

    /// The period that closes on a date: for a flow the financial year if one
    /// does, else the month.
    pub(crate) fn period_closing(&self, entry: &Entry, date: Date) -> Option<Period> {
        let calendar = self.layout.calendar();
        let year = calendar
            .financial_year_ending(date)
            .filter(|&year| calendar.financial_years()[year].last_day == date)
            .filter(|_| entry.kind == Kind::Flow);
        let month = || calendar.month_ending(date).map(Period::Month);
        year.map(Period::FinancialYear)
            .or_else(month)
            .filter(|&period| self.is_known(entry, period))
    }

    /// Whether a period's value covers all of it: not so for a part-year,
    /// unless the money before the start date is given or cancels out.
    pub(crate) fn is_whole(&self, entry: &Entry, period: Period) -> bool {
        let Period::FinancialYear(year) = period else {
            return true;
        };
        is_whole_year(
            &self.layout.calendar().financial_years()[year],
            &entry.name,
            self.actuals_to_date,
        )
    }

    pub(crate) fn calendar(&self) -> &Calendar {
        self.layout.calendar()
    }

    pub(crate) fn date(&self, period: Period) -> Date {
        self.layout.period_date(period)
    }

    fn is_known(&self, entry: &Entry, period: Period) -> bool {
        match (entry.source, period) {
            (Source::Rate { .. }, Period::Month(month)) => self
                .child_population
                .get(month)
                .is_some_and(Option::is_some),
            _ => true,
        }
    }

    /// What the whole values of a series in a period are written as.
    pub(crate) fn scale(&self, entry: &Entry, period: Period) -> Scale {
        match (entry.source, period) {
            (Source::Rate { .. }, Period::Month(month)) => Scale::Per10000 {
                child_population: self.child_population[month]
                    .expect("a rate is read only where the child population is known"),
            },
            _ => Scale::of(entry.name.unit),
        }
    }

    fn actual(&self, name: &SeriesName) -> Option<&ActualToDate> {
        actual(self.actuals_to_date, name)
    }
}

/// Metrics that are differences from the comparison scenario.
const DIFFERENCES: [&str; 3] = ["population_change", "saving_gross", "saving_net"];

/// Whether a metric is a difference from the comparison scenario.
pub(crate) fn is_difference(metric: &str) -> bool {
    DIFFERENCES.contains(&metric)
}

fn actual<'a>(actuals: &'a [ActualToDate], name: &SeriesName) -> Option<&'a ActualToDate> {
    actuals.iter().find(|actual| {
        let ActualToDate {
            metric,
            segment_by,
            segment,
            ..
        } = actual;
        name.key() == (metric, segment_by, segment)
    })
}

/// Whether the value of a series in a financial year covers all of the year:
/// not so for a part-year, unless the money before the start date is given or
/// cancels out.
pub(crate) fn is_whole_year(
    year: &FinancialYear,
    name: &SeriesName,
    actuals_to_date: &[ActualToDate],
) -> bool {
    let start_is_made_good = name.is_difference() || actual(actuals_to_date, name).is_some();
    year.last_day == year.year_end && (!year.is_part_year || start_is_made_good)
}

fn counted_entries(layout: &Layout) -> Vec<Entry> {
    let entry = |(index, series): (usize, &crate::model::layout::Series)| Entry {
        name: Arc::new(SeriesName {
            metric: series.metric.to_owned(),
            segment_by: series.segment_by.clone(),
            segment: series.segment.clone(),
            unit: series.unit,
        }),
        kind: series.kind,
        source: Source::Counted(index),
    };
    layout.series().iter().enumerate().map(entry).collect()
}

fn derived_entries(layout: &Layout, child_population: &[Option<f64>]) -> Vec<Entry> {
    let mut entries = Vec::new();
    if let Some(population) = layout.find("population", "all", "all") {
        entries.push(Entry::derived(
            "population_change",
            Unit::Children,
            Kind::Stock,
            Source::PopulationChange { population },
        ));
        if child_population.iter().any(Option::is_some) {
            entries.push(Entry::derived(
                "rate_per_10000",
                Unit::ChildrenPer10000,
                Kind::Stock,
                Source::Rate { population },
            ));
        }
    }
    if let Some(placements) = layout.find("spend", "category", PLACEMENTS) {
        let source = Source::SavingGross { placements };
        entries.push(Entry::derived(
            "saving_gross",
            Unit::Pounds,
            Kind::Flow,
            source,
        ));
    }
    if let Some(spend) = layout.find("spend", "all", "all") {
        let source = Source::SavingNet { spend };
        entries.push(Entry::derived(
            "saving_net",
            Unit::Pounds,
            Kind::Flow,
            source,
        ));
    }
    entries
}

/// Values that are handed over at once; eight bytes each.
const PIECE_VALUES: usize = 1 << 16;

/// Whole values of one column, with the scale they are written in.
#[derive(Debug, Clone)]
pub(crate) struct Whole {
    pub values: Vec<i64>,
    pub scale: Scale,
}

/// The columns of one scenario's replicates.
#[derive(Debug, Clone)]
pub struct ScenarioColumns<'a> {
    catalogue: &'a Catalogue<'a>,
    tiles: &'a Tiles,
    comparison: &'a Comparison,
}

impl<'a> ScenarioColumns<'a> {
    /// The columns of `tiles`, with differences taken from `comparison`.
    ///
    /// # Panics
    /// Without replicates, or with another number of them than the comparison.
    pub fn new(catalogue: &'a Catalogue<'a>, tiles: &'a Tiles, comparison: &'a Comparison) -> Self {
        assert!(tiles.replicates() > 0, "a forecast needs replicates");
        assert_eq!(tiles.replicates(), comparison.replicates());
        Self {
            catalogue,
            tiles,
            comparison,
        }
    }

    /// Number of replicates.
    pub fn replicates(&self) -> usize {
        self.tiles.replicates()
    }

    /// The series that the columns belong to.
    pub fn catalogue(&self) -> &'a Catalogue<'a> {
        self.catalogue
    }

    /// One series in one period, in children or pence.
    pub(crate) fn whole(&self, entry: &Entry, period: Period) -> Whole {
        let mut columns = Vec::new();
        self.read(entry, &[period], 0..self.replicates(), &mut columns);
        Whole {
            values: columns.pop().expect("a period has a column"),
            scale: self.catalogue.scale(entry, period),
        }
    }

    /// Hands over the values of one series in some periods a few replicates at a
    /// time, so few that they stay in the cache: the first of them, and a column
    /// for each period.
    pub(crate) fn in_pieces<E>(
        &self,
        entry: &Entry,
        periods: &[Period],
        room: &mut Vec<Vec<i64>>,
        mut take: impl FnMut(usize, &mut [Vec<i64>]) -> Result<(), E>,
    ) -> Result<(), E> {
        let at_once = (PIECE_VALUES / periods.len()).next_multiple_of(TILE);
        for from in (0..self.replicates()).step_by(at_once) {
            let to = self.replicates().min(from + at_once);
            self.read(entry, periods, from..to, room);
            take(from, &mut room[..periods.len()])?;
        }
        Ok(())
    }

    /// How often each number occurs in periods of a series, into room that is
    /// used again; not where it has many kinds of numbers, or is a difference
    /// from another scenario.
    pub(crate) fn count(
        &self,
        entry: &Entry,
        periods: &[Period],
        frequencies: &mut Frequencies,
    ) -> bool {
        if self.differs_by_nothing(entry) {
            frequencies.be_zero(periods.len(), self.replicates());
            return true;
        }
        match entry.source {
            Source::Counted(series) | Source::Rate { population: series } => {
                let layout = self.catalogue.layout;
                self.catalogue.actual(&entry.name).is_none()
                    && self.tiles.count(layout, series, periods, frequencies)
            }
            _ => false,
        }
    }

    /// Whether a series is a difference from another scenario where there is
    /// none.
    fn differs_by_nothing(&self, entry: &Entry) -> bool {
        let is_difference = !matches!(entry.source, Source::Counted(_) | Source::Rate { .. });
        is_difference && self.comparison.is_all()
    }

    /// Some replicates of one series in some periods, in children or pence: those
    /// of whole tiles, into the first of some columns that are used again.
    pub(crate) fn read(
        &self,
        entry: &Entry,
        periods: &[Period],
        replicates: Range<usize>,
        columns: &mut Vec<Vec<i64>>,
    ) {
        if self.differs_by_nothing(entry) {
            let columns = room_for(columns, periods.len(), replicates.len());
            columns.iter_mut().for_each(|values| values.fill(0));
            return;
        }
        let series = match entry.source {
            Source::Counted(series) => series,
            Source::Rate { population } | Source::PopulationChange { population } => population,
            Source::SavingGross { placements } => placements,
            Source::SavingNet { spend } => spend,
        };
        let (layout, first) = (self.catalogue.layout, replicates.start);
        self.tiles
            .read(layout, series, periods, replicates, columns);
        for (values, &period) in columns.iter_mut().zip(periods) {
            match entry.source {
                Source::Counted(_) => {
                    if period == Period::FinancialYear(0)
                        && let Some(actual) = self.catalogue.actual(&entry.name)
                    {
                        values.iter_mut().for_each(|value| *value += actual.pence);
                    }
                }
                Source::Rate { .. } => {}
                Source::SavingGross { .. } => self.comparison.saving_gross(period, first, values),
                Source::SavingNet { .. } => self.comparison.saving_net(period, first, values),
                Source::PopulationChange { .. } => {
                    self.comparison.population_change(period, first, values);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_run::{date, layout, tiles};
    use super::*;

    #[test]
    fn a_scenario_differs_from_itself_by_nothing() {
        let (layout, tiles) = (layout(), tiles(5, |replicate, _| replicate as i32));
        let month = Period::Month(1);
        for comparison in [
            Comparison::new(&layout, &tiles),
            Comparison::with_itself(tiles.replicates()),
        ] {
            let catalogue = Catalogue::new(&layout, &Context::default());
            let columns = ScenarioColumns::new(&catalogue, &tiles, &comparison);
            let of = |metric| {
                let entry = columns.catalogue().find(metric, "all", "all").unwrap();
                columns.whole(entry, month).values
            };
            for difference in DIFFERENCES {
                assert_eq!(of(difference), [0; 5], "{difference}");
            }
            assert!(of("spend").iter().any(|&pence| pence > 0));
        }
    }

    #[test]
    fn a_flow_is_read_over_the_financial_year_that_closes_on_the_date() {
        let layout = layout();
        let catalogue = Catalogue::new(&layout, &Context::default());
        let spend = catalogue.find("spend", "all", "all").unwrap();
        let population = catalogue.find("population", "all", "all").unwrap();
        let on = |entry, date| catalogue.period_closing(entry, date);
        assert_eq!(on(spend, date(2018, 3, 31)), Some(Period::FinancialYear(0)));
        assert_eq!(on(spend, date(2018, 4, 30)), Some(Period::Month(3)));
        assert_eq!(on(population, date(2018, 3, 31)), Some(Period::Month(2)));
        assert_eq!(on(population, date(2018, 3, 30)), None);
    }

    #[test]
    fn a_part_year_is_whole_only_for_differences_or_with_actuals() {
        let layout = layout();
        let actuals = [ActualToDate {
            metric: "spend".into(),
            segment_by: "all".into(),
            segment: "all".into(),
            pence: 1,
        }];
        let context = Context {
            actuals_to_date: &actuals,
            ..Context::default()
        };
        let whole = |context: &Context, metric, year| {
            let catalogue = Catalogue::new(&layout, context);
            let entry = catalogue.find(metric, "all", "all").unwrap();
            catalogue.is_whole(entry, Period::FinancialYear(year))
        };
        assert!(!whole(&Context::default(), "spend", 0));
        assert!(whole(&context, "spend", 0) && !whole(&context, "spend", 1));
        assert!(!whole(&context, "admissions", 0));
        assert!(whole(&Context::default(), "saving_net", 0));
    }
}

//! What a run counts: the list of series, and where each lies in a tally.

use crate::calendar::Calendar;
use crate::units::Date;

/// Unit of a series or band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Whole children (or families, for referrals).
    Children,
    /// Families, before the panel has split them into children in care.
    Families,
    /// Money; kept in pence inside, written in pounds.
    Pounds,
    /// Children in care for every 10,000 children of the area.
    ChildrenPer10000,
}

impl Unit {
    /// The word written to files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Children => "children",
            Self::Families => "families",
            Self::Pounds => "pounds",
            Self::ChildrenPer10000 => "children_per_10000",
        }
    }
}

/// Whether a series is a count at a date or a total over a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Counted at each month end.
    Stock,
    /// Summed over each month and each financial year.
    Flow,
}

/// One series: a metric, one segment of it, one value a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Metric, such as `population` or `spend`.
    pub metric: &'static str,
    /// Dimension of the segment, or `all`.
    pub segment_by: String,
    /// Segment, or `all`.
    pub segment: String,
    /// Unit of the values.
    pub unit: Unit,
    /// Stock or flow.
    pub kind: Kind,
}

impl Series {
    /// The total of a metric, over all segments.
    pub fn total(metric: &'static str, unit: Unit, kind: Kind) -> Self {
        Self::part(metric, "all", "all", unit, kind)
    }

    /// One segment of a metric.
    pub fn part(
        metric: &'static str,
        segment_by: &str,
        segment: &str,
        unit: Unit,
        kind: Kind,
    ) -> Self {
        Self {
            metric,
            segment_by: segment_by.to_owned(),
            segment: segment.to_owned(),
            unit,
            kind,
        }
    }

    /// Whether this is the total of its metric.
    pub fn is_total(&self) -> bool {
        self.segment_by == "all"
    }
}

/// A period that a value belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// A whole financial year, or the part of it that the forecast covers.
    FinancialYear(usize),
    /// One month.
    Month(usize),
}

impl Period {
    /// The word written to files.
    pub fn word(self) -> &'static str {
        match self {
            Self::FinancialYear(_) => "financial_year",
            Self::Month(_) => "month",
        }
    }
}

/// Every series of a run, with the calendar they share.
///
/// Counts and money lie in two separate arrays, each series a run of
/// `calendar.months()` cells.
#[derive(Debug, Clone)]
pub struct Layout {
    calendar: Calendar,
    series: Vec<Series>,
    first_cell: Vec<usize>,
    count_cells: usize,
    pence_cells: usize,
}

impl Layout {
    /// A layout of these series, in this order.
    pub fn new(calendar: Calendar, series: Vec<Series>) -> Self {
        let months = calendar.months();
        let (mut count_cells, mut pence_cells) = (0, 0);
        let mut first_cell = Vec::with_capacity(series.len());
        for one in &series {
            let cells = match one.unit {
                Unit::Pounds => &mut pence_cells,
                _ => &mut count_cells,
            };
            first_cell.push(*cells);
            *cells += months;
        }
        Self {
            calendar,
            series,
            first_cell,
            count_cells,
            pence_cells,
        }
    }

    /// The calendar of every series.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Every series, in the order of its index.
    pub fn series(&self) -> &[Series] {
        &self.series
    }

    /// Index of a series by its names.
    pub fn find(&self, metric: &str, segment_by: &str, segment: &str) -> Option<usize> {
        self.series.iter().position(|one| {
            one.metric == metric && one.segment_by == segment_by && one.segment == segment
        })
    }

    /// Cell of a series' first month, within the counts or within the pence.
    pub fn first_cell(&self, series: usize) -> usize {
        self.first_cell[series]
    }

    /// Number of count cells of one replicate.
    pub fn count_cells(&self) -> usize {
        self.count_cells
    }

    /// Number of money cells of one replicate.
    pub fn pence_cells(&self) -> usize {
        self.pence_cells
    }

    /// Last day of a period.
    pub fn period_date(&self, period: Period) -> Date {
        match period {
            Period::Month(month) => self.calendar.month_date(month),
            Period::FinancialYear(year) => self.calendar.financial_years()[year].last_day,
        }
    }

    /// Periods in which a series has values: months, and for a flow financial
    /// years before them, as the output files sort them.
    pub fn periods(&self, kind: Kind) -> Vec<Period> {
        let years = match kind {
            Kind::Stock => 0,
            Kind::Flow => self.calendar.financial_years().len(),
        };
        (0..years)
            .map(Period::FinancialYear)
            .chain((0..self.calendar.months()).map(Period::Month))
            .collect()
    }
}

//! The calendar of a forecast: month ends, financial years and accounting
//! segments, with a table from day to segment.
//!
//! Day 0 is the start date. The first night whose money is counted is the
//! night of day 1. A segment is a stretch of days inside one month over which
//! every price is constant.

use crate::units::{Date, date_after, days_between, financial_year_end, month_end};
use std::ops::Range;

/// One stretch of days with constant prices inside one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// First day of the segment.
    pub first_day: i32,
    /// Last day of the segment.
    pub last_day: i32,
    /// Index of the month that holds it.
    pub month: usize,
    /// Nights of the financial year that holds it.
    pub year_nights: i32,
    /// Whether it opens on a day on which only some prices may change: where
    /// one does not, its nights are priced with those of the segment before.
    pub is_seam: bool,
}

impl Segment {
    /// Nights in the segment.
    pub fn nights(&self) -> i64 {
        i64::from(self.last_day - self.first_day + 1)
    }
}

/// One financial year, or the part of it that the forecast covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinancialYear {
    /// 31 March that closes the year.
    pub year_end: Date,
    /// Last day covered: the year end, or the forecast's end if that is earlier.
    pub last_day: Date,
    /// Months of the forecast that fall into the year.
    pub months: Range<usize>,
    /// Whether the forecast covers only part of the year.
    pub is_part_year: bool,
}

/// Month ends, financial years and segments from the start date to the end.
#[derive(Debug, Clone)]
pub struct Calendar {
    start: Date,
    horizon: i32,
    month_ends: Vec<i32>,
    financial_years: Vec<FinancialYear>,
    segments: Vec<Segment>,
    /// From day 0 on; behind the last day, the place one past the last.
    places: Box<[Place; MOST_DAYS]>,
}

/// More days than the longest forecast has: a number that is known when the
/// program is built, so that places are looked up side by side.
const MOST_DAYS: usize = 1 << 14;

/// Where a day lies among the segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place(u32);

impl Place {
    fn new(segment: usize, nights_before: i32) -> Self {
        let segment = u16::try_from(segment).expect("a forecast has fewer than 65,536 segments");
        let nights = u16::try_from(nights_before).expect("a segment is part of a month");
        Self(u32::from(nights) << 16 | u32::from(segment))
    }

    /// The segment that holds the day; one past the last for days after the
    /// horizon.
    #[inline(always)]
    pub fn segment(self) -> usize {
        (self.0 & 0xFFFF) as usize
    }

    /// Nights of the segment that lie before the day. The night of day 0
    /// belongs to the month before the forecast.
    #[inline(always)]
    pub fn nights_before(self) -> i32 {
        (self.0 >> 16) as i32
    }
}

impl Calendar {
    /// A calendar from `start` to `end`, which closes a month, with a new
    /// segment at every month start and at every day of `price_changes`.
    ///
    /// # Panics
    /// Where `end` is not after `start`, is not a month end or is more than 40
    /// years away: the configuration has checked all three.
    pub fn new(start: Date, end: Date, price_changes: &[Date]) -> Self {
        Self::with_seams(start, end, price_changes, &[])
    }

    /// The same with a new segment at every day of `seams` too; these do not
    /// part what is rounded to the penny.
    ///
    /// # Panics
    /// As [`Calendar::new`].
    pub fn with_seams(start: Date, end: Date, price_changes: &[Date], seams: &[Date]) -> Self {
        assert!(end > start && month_end(end) == end);
        let horizon = days_between(start, end);
        let mut month_ends = Vec::new();
        let mut next = start.succ_opt().expect("dates are in range");
        while next <= end {
            let last = month_end(next);
            month_ends.push(days_between(start, last));
            next = last.succ_opt().expect("dates are in range");
        }
        let mut lasts = month_ends.clone();
        for &change in price_changes {
            let last = days_between(start, change) - 1;
            if (1..horizon).contains(&last) {
                lasts.push(last);
            }
        }
        let parted = lasts.clone();
        for &seam in seams {
            let last = days_between(start, seam) - 1;
            if (1..horizon).contains(&last) {
                lasts.push(last);
            }
        }
        lasts.sort_unstable();
        lasts.dedup();
        let mut segments = Vec::with_capacity(lasts.len());
        let mut first_day = 1;
        for last_day in lasts {
            let month = month_ends.partition_point(|&end| end < last_day);
            let year_end = financial_year_end(date_after(start, last_day));
            segments.push(Segment {
                first_day,
                last_day,
                month,
                year_nights: days_between(year_end - chrono::Months::new(12), year_end),
                is_seam: first_day > 1 && !parted.contains(&(first_day - 1)),
            });
            first_day = last_day + 1;
        }
        let nights = segments.iter().enumerate().flat_map(|(index, segment)| {
            let nights = 0..=segment.last_day - segment.first_day;
            nights.map(move |night| Place::new(index, night))
        });
        let days = std::iter::once(Place::new(0, 0)).chain(nights);
        assert!(horizon + 1 < MOST_DAYS as i32, "forecasts are shorter");
        let mut places = Box::new([Place::new(segments.len(), 0); MOST_DAYS]);
        for (place, day) in places.iter_mut().zip(days) {
            *place = day;
        }
        let financial_years = financial_years(start, &month_ends);
        Self {
            start,
            horizon,
            month_ends,
            financial_years,
            segments,
            places,
        }
    }

    /// The start date, day 0.
    pub fn start(&self) -> Date {
        self.start
    }

    /// The last day of the forecast.
    #[inline(always)]
    pub fn horizon(&self) -> i32 {
        self.horizon
    }

    /// Number of month ends.
    pub fn months(&self) -> usize {
        self.month_ends.len()
    }

    /// Day of each month end.
    pub fn month_ends(&self) -> &[i32] {
        &self.month_ends
    }

    /// Date of a month end.
    pub fn month_date(&self, month: usize) -> Date {
        date_after(self.start, self.month_ends[month])
    }

    /// The month whose end is on this date.
    pub fn month_ending(&self, date: Date) -> Option<usize> {
        let day = days_between(self.start, date);
        self.month_ends.binary_search(&day).ok()
    }

    /// The month that holds a day; days before the forecast belong to the first.
    pub fn month_of(&self, day: i32) -> usize {
        self.segments
            .get(self.segment_of(day))
            .map_or(self.months(), |segment| segment.month)
    }

    /// Financial years that the forecast touches, in order.
    pub fn financial_years(&self) -> &[FinancialYear] {
        &self.financial_years
    }

    /// The financial year whose 31 March this is.
    pub fn financial_year_ending(&self, date: Date) -> Option<usize> {
        self.financial_years
            .iter()
            .position(|year| year.year_end == date)
    }

    /// Accounting segments in order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The segment that holds a day: the first for day 0, and one past the last
    /// for every day after the horizon.
    #[inline(always)]
    pub fn segment_of(&self, day: i32) -> usize {
        self.place_of(day).segment()
    }

    /// Where a day lies.
    #[inline(always)]
    pub fn place_of(&self, day: i32) -> Place {
        self.places[(day.max(0) as usize).min(MOST_DAYS - 1)]
    }
}

fn financial_years(start: Date, month_ends: &[i32]) -> Vec<FinancialYear> {
    let mut years: Vec<FinancialYear> = Vec::new();
    for (month, &day) in month_ends.iter().enumerate() {
        let date = date_after(start, day);
        let year_end = financial_year_end(date);
        match years.last_mut() {
            Some(year) if year.year_end == year_end => {
                year.months.end = month + 1;
                year.last_day = date;
            }
            _ => years.push(FinancialYear {
                year_end,
                last_day: date,
                months: month..month + 1,
                is_part_year: false,
            }),
        }
    }
    for year in &mut years {
        let opens = year.year_end - chrono::Months::new(12);
        year.is_part_year = start > opens || year.last_day < year.year_end;
    }
    years
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i32, month: u32, day: u32) -> Date {
        Date::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn months_run_from_the_day_after_the_start() {
        let calendar = Calendar::new(date(2017, 9, 30), date(2018, 3, 31), &[]);
        assert_eq!(calendar.month_ends(), [31, 61, 92, 123, 151, 182]);
        assert_eq!(calendar.month_of(0), 0);
        assert_eq!(calendar.month_of(31), 0);
        assert_eq!(calendar.month_of(32), 1);
        assert_eq!(calendar.month_of(183), 6);
        assert_eq!(calendar.month_ending(date(2018, 2, 28)), Some(4));
    }

    #[test]
    fn the_first_year_is_marked_as_part_year() {
        let calendar = Calendar::new(date(2017, 9, 30), date(2019, 6, 30), &[]);
        let years = calendar.financial_years();
        assert_eq!(years.len(), 3);
        assert!(years[0].is_part_year && !years[1].is_part_year && years[2].is_part_year);
        assert_eq!(years[1].months, 6..18);
        assert_eq!(years[2].last_day, date(2019, 6, 30));
        let whole = Calendar::new(date(2017, 3, 31), date(2018, 3, 31), &[]);
        assert!(!whole.financial_years()[0].is_part_year);
    }

    #[test]
    fn a_price_change_opens_a_segment_on_its_day() {
        let calendar = Calendar::new(date(2017, 9, 30), date(2017, 11, 30), &[date(2017, 10, 16)]);
        let segments = calendar.segments();
        assert_eq!(segments.len(), 3);
        assert_eq!((segments[0].first_day, segments[0].last_day), (1, 15));
        assert_eq!((segments[1].first_day, segments[1].last_day), (16, 31));
        assert_eq!(segments[1].month, 0);
        assert_eq!(calendar.segment_of(16), 1);
    }
}

//! Units that the rest of the crate speaks: days, years, pence.
//!
//! Time inside the engine is in days from the start date: fractional inside a
//! clock, whole where an event counts. Money is in whole pence.

use crate::wide::nearest_whole;
use chrono::{Datelike, NaiveDate};

/// A calendar date, as written in files and reports.
pub type Date = NaiveDate;

/// Length of a year wherever a yearly rate meets days.
pub const DAYS_PER_YEAR: f64 = 365.25;

/// Days in a week, for prices.
pub const DAYS_PER_WEEK: f64 = 7.0;

/// Age at which care ends by law, in years.
pub const ADULT_AGE_YEARS: i32 = 18;

/// Whole days from `start` to `date`; negative before the start.
pub fn days_between(start: Date, date: Date) -> i32 {
    i32::try_from((date - start).num_days()).expect("dates lie within a few centuries")
}

/// The date a number of days after another.
pub fn date_after(start: Date, days: i32) -> Date {
    start + chrono::Duration::days(i64::from(days))
}

/// The date on which somebody turns `years` old.
///
/// A child born on 29 February has the birthday on 1 March in other years, as
/// English law counts it.
pub fn birthday(born: Date, years: i32) -> Date {
    let year = born.year() + years;
    NaiveDate::from_ymd_opt(year, born.month(), born.day())
        .unwrap_or_else(|| NaiveDate::from_ymd_opt(year, 3, 1).expect("1 March always exists"))
}

/// The last day of the month that holds `date`.
pub fn month_end(date: Date) -> Date {
    let (year, month) = match date.month() {
        12 => (date.year() + 1, 1),
        month => (date.year(), month + 1),
    };
    NaiveDate::from_ymd_opt(year, month, 1)
        .and_then(|first| first.pred_opt())
        .expect("months lie within chrono's range")
}

/// The 31 March that closes the financial year of `date`.
pub fn financial_year_end(date: Date) -> Date {
    let year = if date.month() <= 3 {
        date.year()
    } else {
        date.year() + 1
    };
    NaiveDate::from_ymd_opt(year, 3, 31).expect("31 March always exists")
}

/// Name of the financial year that ends on the given 31 March, as `2018-19`.
pub fn financial_year_name(year_end: Date) -> String {
    let year = financial_year_end(year_end).year();
    format!("{}-{:02}", year - 1, year % 100)
}

/// Pounds to whole pence, rounded to the nearest penny.
pub fn pence(pounds: f64) -> i64 {
    (pounds * 100.0).round() as i64
}

/// Cost of `nights` at a weekly price, both whole, rounded once to the nearest
/// penny (halves away from zero).
fn cost_of_nights(pence_per_week: i64, nights: i64) -> i64 {
    let sevenths = pence_per_week * nights;
    (sevenths + 3 * sevenths.signum()) / 7
}

/// The costs of a row of nights, each at its own weekly price, in their place:
/// prices and nights whole, each cost rounded once to the nearest penny.
#[inline(always)]
pub fn costs_of_nights(pence_per_week: &[i64], nights: &mut [i64]) {
    let mut most = 0;
    for (nights, price) in nights.iter().zip(pence_per_week) {
        most |= (nights * price).unsigned_abs();
    }
    let row = nights.iter_mut().zip(pence_per_week);
    if most >= 1 << 50 {
        row.for_each(|(nights, price)| *nights = cost_of_nights(*price, *nights));
        return;
    }
    // Vectors divide numbers with a point, not whole ones. A seventh is at least
    // a fourteenth away from where rounding turns, and a number below 2^48 is
    // known to a fiftieth: the nearest whole number is the nearest penny.
    row.for_each(|(nights, price)| *nights = nearest_whole((*nights * price) as f64 / 7.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i32, month: u32, day: u32) -> Date {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn a_leap_day_child_turns_eighteen_on_the_first_of_march() {
        assert_eq!(birthday(date(2000, 2, 29), 18), date(2018, 3, 1));
        assert_eq!(birthday(date(2000, 2, 29), 4), date(2004, 2, 29));
        assert_eq!(birthday(date(2001, 9, 30), 18), date(2019, 9, 30));
    }

    #[test]
    fn a_row_of_nights_costs_what_each_of_them_does() {
        for price in [0, 1, 2, 3_499, 69_001, 123_457, 1 << 36] {
            let all: Vec<i64> = (-40..40).chain([9_999, 4_000_001, -77_777_777]).collect();
            let mut costs = all.clone();
            costs_of_nights(&vec![price; all.len()], &mut costs);
            for (&nights, &cost) in all.iter().zip(&costs) {
                assert_eq!(cost, cost_of_nights(price, nights), "{nights} at {price}");
            }
        }
        // As large as the quicker way goes, on both sides of half a penny.
        let most: Vec<i64> = (0..60).map(|less| (1 << 50) - 1 - less).collect();
        let mut costs = most.clone();
        costs_of_nights(&vec![1; most.len()], &mut costs);
        let each: Vec<i64> = most
            .iter()
            .map(|&nights| cost_of_nights(1, nights))
            .collect();
        assert_eq!(costs, each);
    }

    #[test]
    fn financial_years_run_april_to_march() {
        assert_eq!(financial_year_end(date(2019, 3, 31)), date(2019, 3, 31));
        assert_eq!(financial_year_end(date(2019, 4, 1)), date(2020, 3, 31));
        assert_eq!(financial_year_name(date(2019, 3, 31)), "2018-19");
        assert_eq!(financial_year_name(date(2000, 3, 31)), "1999-00");
    }

    #[test]
    fn months_end_on_their_last_day() {
        assert_eq!(month_end(date(2020, 2, 1)), date(2020, 2, 29));
        assert_eq!(month_end(date(2017, 12, 31)), date(2017, 12, 31));
    }

    #[test]
    fn nights_are_priced_once_to_the_nearest_penny() {
        // 1 night of £450.00 a week is 6428.57 pence.
        assert_eq!(cost_of_nights(45_000, 1), 6_429);
        assert_eq!(cost_of_nights(45_000, 7), 45_000);
        // A grant of £100 a week for 3 nights: -4285.7 pence.
        assert_eq!(cost_of_nights(-10_000, 3), -4_286);
    }
}

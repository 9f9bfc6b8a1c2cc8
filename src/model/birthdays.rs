//! Ages that matter, as days on which children reach them.

use super::series::AGE_BANDS;
use crate::units::{ADULT_AGE_YEARS, Date, birthday, date_after, days_between};
use rayon::prelude::*;

/// Days of 18 years without a leap day.
const PLAIN_DAYS: i32 = 365 * ADULT_AGE_YEARS;

/// The days on which children leave the reported age bands, by day of birth.
#[derive(Debug, Clone)]
pub struct Birthdays {
    start: Date,
    first_born: i32,
    /// A row for each day of birth, so that a child's days lie together.
    days: Vec<[i32; AGE_BANDS.len()]>,
    /// Days from each day of birth to the eighteenth birthday, less those of
    /// 18 years without a leap day: small, for it is looked up for everybody.
    leap_days: Vec<u8>,
}

impl Birthdays {
    /// Birthdays of every child who can be in care from the start to the
    /// horizon.
    pub fn new(start: Date, horizon: i32) -> Self {
        let first_born = days_between(start, birthday(start, -ADULT_AGE_YEARS)) - 3;
        let days: Vec<[i32; AGE_BANDS.len()]> = (first_born..=horizon)
            .into_par_iter()
            .map(|born| {
                let born = date_after(start, born);
                AGE_BANDS.map(|(years, _)| days_between(start, birthday(born, years)))
            })
            .collect();
        let leap_days = (first_born..)
            .zip(&days)
            .map(|(born, ends)| (ends[AGE_BANDS.len() - 1] - born - PLAIN_DAYS) as u8)
            .collect();
        Self {
            start,
            first_born,
            days,
            leap_days,
        }
    }

    /// Whether they are those of a start date and horizon.
    pub fn are_of(&self, start: Date, horizon: i32) -> bool {
        self.start == start && self.first_born + self.days.len() as i32 == horizon + 1
    }

    /// The days on which a child leaves each reported age band.
    #[inline]
    pub fn ends_of_bands(&self, born: i32) -> &[i32; AGE_BANDS.len()] {
        &self.days[(born - self.first_born) as usize]
    }

    /// The eighteenth birthday.
    #[inline]
    pub fn adult(&self, born: i32) -> i32 {
        born + PLAIN_DAYS + i32::from(self.leap_days[(born - self.first_born) as usize])
    }

    /// The day on which somebody turns so many years.
    pub fn turns(&self, born: i32, years: i32) -> i32 {
        match AGE_BANDS.iter().position(|(end, _)| *end == years) {
            Some(band) => self.ends_of_bands(born)[band],
            None => days_between(self.start, birthday(date_after(self.start, born), years)),
        }
    }
}

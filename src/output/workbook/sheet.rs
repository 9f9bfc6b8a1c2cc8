//! One worksheet as data: a title, what it is, and one marked-up table.

use crate::model::layout::Unit;
use crate::output::suppress::WITHHELD;
use crate::units::{Date, days_between};
use std::borrow::Cow;

/// Shown where there is no such figure.
pub const NOT_APPLICABLE: &str = "[z]";

/// Longest text of a cell, in characters: Excel holds 32,767.
const LONGEST: usize = 32_000;

/// A worksheet as data.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet<'a> {
    /// Name on its tab.
    pub name: &'static str,
    /// Title in the first cell.
    pub title: &'static str,
    /// One line about the table.
    pub about: &'static str,
    /// Headers of the columns, each with its unit where one holds for all rows.
    pub headers: Vec<&'static str>,
    /// Rows, a cell for each column.
    pub rows: Vec<Vec<Cell<'a>>>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// Text, never a formula.
    Text(Cow<'a, str>),
    /// A number in a form.
    Number(f64, Shown),
    /// A date.
    Date(Date),
    /// A link to another sheet of the workbook.
    Sheet(&'static str),
    /// A figure withheld for confidentiality.
    Confidential,
    /// No such figure.
    NotApplicable,
}

/// How a number is shown; the cell holds it whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// `1,234`
    Whole,
    /// `1,234.5`
    Tenths,
    /// `0.123`
    Thousandths,
    /// `£1,234`
    Pounds,
    /// As many digits as it has.
    AsItIs,
}

/// What a cell holds, for a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Text.
    Text(&'a str),
    /// A number, or a date as spreadsheets count days.
    Number(f64),
}

impl<'a> Cell<'a> {
    /// Text, cut where it is longer than a cell holds.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        let text = text.into();
        // No character takes less than a byte.
        if text.len() > LONGEST
            && let Some((end, _)) = text.char_indices().nth(LONGEST)
        {
            return Self::Text(format!("{}…", &text[..end]).into());
        }
        Self::Text(text)
    }

    /// A number; not applicable where it is none.
    pub fn number(value: f64, shown: Shown) -> Self {
        if value.is_finite() {
            Self::Number(value, shown)
        } else {
            Self::NotApplicable
        }
    }

    /// A figure in a unit: a percentile, or `fine` for a mean or spread.
    pub fn figure(value: f64, unit: Unit, fine: bool) -> Self {
        let shown = match unit {
            Unit::Pounds => Shown::Pounds,
            Unit::ChildrenPer10000 => Shown::Tenths,
            Unit::Children | Unit::Families if fine => Shown::Tenths,
            Unit::Children | Unit::Families => Shown::Whole,
        };
        Self::number(value, shown)
    }

    /// What is in it, or not applicable.
    pub fn or_none<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::NotApplicable, cell)
    }

    /// What it holds.
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(text),
            Self::Number(value, _) => Value::Number(*value),
            Self::Date(date) => Value::Number(day_number(*date)),
            Self::Sheet(name) => Value::Text(name),
            Self::Confidential => Value::Text(WITHHELD),
            Self::NotApplicable => Value::Text(NOT_APPLICABLE),
        }
    }

    /// Characters, about.
    fn width(&self) -> usize {
        match self {
            Self::Number(..) => 12,
            Self::Date(_) => 18,
            Self::Text(text) => text.chars().count(),
            Self::Sheet(name) => name.chars().count(),
            Self::Confidential | Self::NotApplicable => 3,
        }
    }
}

impl Sheet<'_> {
    /// Widths of the columns, in characters.
    pub fn widths(&self) -> impl Iterator<Item = usize> {
        self.headers.iter().enumerate().map(|(column, header)| {
            let cells = self.rows.iter().map(|row| row[column].width());
            let widest = cells.max().unwrap_or(0).max(header.len().min(14));
            (widest + 2).clamp(8, 70)
        })
    }
}

/// A date as spreadsheets count days: 1 March 1900 is day 61.
fn day_number(date: Date) -> f64 {
    let origin = Date::from_ymd_opt(1899, 12, 30).expect("a date");
    f64::from(days_between(origin, date))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_spreadsheets() {
        // Excel: 31 March 2019 is 43555, 1 March 1900 is 61.
        let day = |y, m, d| day_number(Date::from_ymd_opt(y, m, d).unwrap());
        assert_eq!((day(2019, 3, 31), day(1900, 3, 1)), (43_555.0, 61.0));
    }

    #[test]
    fn a_number_that_is_none_is_marked() {
        assert_eq!(Cell::number(f64::NAN, Shown::Whole), Cell::NotApplicable);
        let pounds = Cell::figure(1.5, Unit::Pounds, true);
        assert_eq!(pounds, Cell::Number(1.5, Shown::Pounds));
    }
}

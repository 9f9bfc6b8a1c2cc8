//! One worksheet: a title, what it is, and one marked-up table.

use crate::model::layout::Unit;
use crate::output::suppress::WITHHELD;
use crate::units::{Date, days_between};
use rust_xlsxwriter::{
    Format, FormatAlign, Table, TableColumn, TableStyle, Url, Workbook, Worksheet, XlsxError,
};

/// Shown where there is no such figure.
pub const NOT_APPLICABLE: &str = "[z]";

/// Longest text of a cell: Excel holds 32,767 characters.
const LONGEST: usize = 32_000;

/// Row of the table's headers, below the title and two lines about it.
const HEADER_ROW: u32 = 3;

/// A worksheet as data.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Name on its tab.
    pub name: &'static str,
    /// Title in the first cell.
    pub title: String,
    /// One line about the table.
    pub about: &'static str,
    /// Headers of the columns, each with its unit where one holds for all rows.
    pub headers: Vec<&'static str>,
    /// Rows, a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text, never a formula.
    Text(String),
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

impl Cell {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
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

    /// Characters, about.
    fn width(&self) -> usize {
        match self {
            Self::Text(text) => text.chars().count(),
            Self::Number(..) => 12,
            Self::Date(_) => 18,
            Self::Sheet(name) => name.chars().count(),
            Self::Confidential | Self::NotApplicable => 3,
        }
    }
}

/// Formats that all sheets share.
pub struct Formats {
    title: Format,
    plain: Format,
    header: Format,
    date: Format,
    mark: Format,
}

impl Formats {
    /// The formats.
    pub fn new() -> Self {
        Self {
            title: Format::new().set_bold().set_font_size(14),
            plain: Format::new().set_text_wrap().set_align(FormatAlign::Top),
            header: Format::new().set_bold().set_text_wrap(),
            date: Format::new()
                .set_num_format("d mmmm yyyy")
                .set_align(FormatAlign::Left),
            mark: Format::new().set_align(FormatAlign::Right),
        }
    }
}

impl Shown {
    fn format(self) -> Format {
        let code = match self {
            Self::Whole => "#,##0",
            Self::Tenths => "#,##0.0",
            Self::Thousandths => "0.000",
            Self::Pounds => "£#,##0;-£#,##0",
            Self::AsItIs => "General",
        };
        Format::new().set_num_format(code)
    }
}

impl Sheet {
    /// The sheet as one of a workbook.
    ///
    /// # Errors
    /// Those of the library, for more rows or text than a sheet holds.
    pub fn worksheet(&self, formats: &Formats) -> Result<Worksheet, XlsxError> {
        let mut worksheet = Worksheet::new();
        let sheet = &mut worksheet;
        sheet.set_name(self.name)?;
        sheet.set_landscape().set_print_fit_to_pages(1, 0);
        sheet.write_string_with_format(0, 0, short(&self.title), &formats.title)?;
        let tables = match self.rows.is_empty() {
            true => "This worksheet contains no table: the run has none of these figures.",
            false => "This worksheet contains one table.",
        };
        sheet.write_string(1, 0, tables)?;
        sheet.write_string(2, 0, self.about)?;
        self.set_widths(sheet)?;
        if self.rows.is_empty() {
            return Ok(worksheet);
        }
        self.add_table(sheet, formats)?;
        let numbers = NumberFormats::new();
        for (row, cells) in (HEADER_ROW + 1..).zip(&self.rows) {
            for (column, cell) in (0..).zip(cells) {
                write_cell(sheet, row, column, cell, formats, &numbers)?;
            }
        }
        Ok(worksheet)
    }

    fn add_table(&self, sheet: &mut Worksheet, formats: &Formats) -> Result<(), XlsxError> {
        let headers = self.headers.iter();
        let columns: Vec<TableColumn> = headers
            .map(|header| {
                TableColumn::new()
                    .set_header(*header)
                    .set_header_format(&formats.header)
            })
            .collect();
        let name: String = self.name.split_whitespace().collect::<Vec<_>>().join("_");
        let table = Table::new()
            .set_name(name)
            .set_columns(&columns)
            .set_autofilter(false)
            .set_style(TableStyle::Light1)
            .set_alt_text(self.title.as_str());
        let last_row = HEADER_ROW + self.rows.len() as u32;
        let last_column = (self.headers.len() - 1) as u16;
        sheet.add_table(HEADER_ROW, 0, last_row, last_column, &table)?;
        Ok(())
    }

    fn set_widths(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        for (column, header) in self.headers.iter().enumerate() {
            let cells = self.rows.iter().map(|row| row[column].width());
            let widest = cells.max().unwrap_or(0).max(header.len().min(14));
            sheet.set_column_width(column as u16, (widest + 2).clamp(8, 70) as f64)?;
        }
        Ok(())
    }
}

/// One format for each way to show a number.
struct NumberFormats([(Shown, Format); 5]);

impl NumberFormats {
    fn new() -> Self {
        let all = [
            Shown::Whole,
            Shown::Tenths,
            Shown::Thousandths,
            Shown::Pounds,
            Shown::AsItIs,
        ];
        Self(all.map(|shown| (shown, shown.format())))
    }

    fn of(&self, shown: Shown) -> &Format {
        let mut formats = self.0.iter();
        let found = formats.find(|(one, _)| *one == shown);
        &found.expect("there is one for each").1
    }
}

fn write_cell(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &Cell,
    formats: &Formats,
    numbers: &NumberFormats,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Text(text) => {
            sheet.write_string_with_format(row, column, short(text), &formats.plain)
        }
        Cell::Number(value, shown) => {
            sheet.write_number_with_format(row, column, *value, numbers.of(*shown))
        }
        Cell::Date(date) => {
            sheet.write_number_with_format(row, column, day_number(*date), &formats.date)
        }
        Cell::Sheet(name) => {
            let link = Url::new(format!("internal:'{name}'!A1")).set_text(*name);
            sheet.write_url(row, column, link)
        }
        Cell::Confidential => sheet.write_string_with_format(row, column, WITHHELD, &formats.mark),
        Cell::NotApplicable => {
            sheet.write_string_with_format(row, column, NOT_APPLICABLE, &formats.mark)
        }
    }?;
    Ok(())
}

/// A date as spreadsheets count days: 1 March 1900 is day 61.
fn day_number(date: Date) -> f64 {
    let origin = Date::from_ymd_opt(1899, 12, 30).expect("a date");
    f64::from(days_between(origin, date))
}

/// A text that fits into a cell.
fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Writes lines of text down the first column of a sheet; the first is its
/// title.
///
/// # Errors
/// Those of the library.
pub fn write_lines(
    workbook: &mut Workbook,
    name: &str,
    lines: &[String],
    formats: &Formats,
) -> Result<(), XlsxError> {
    let sheet = workbook.add_worksheet();
    sheet.set_name(name)?;
    sheet.set_column_width(0, 100)?;
    for (row, line) in (0..).zip(lines) {
        let format = if row == 0 {
            &formats.title
        } else {
            &formats.plain
        };
        sheet.write_string_with_format(row, 0, short(line), format)?;
    }
    Ok(())
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

//! One worksheet: a title, what it is, and one marked-up table.

use crate::model::layout::Unit;
use crate::output::suppress::WITHHELD;
use crate::units::{Date, days_between};
use rust_xlsxwriter::{
    Format, FormatAlign, Table, TableColumn, TableStyle, Url, Workbook, Worksheet, XlsxError,
};
use std::borrow::Cow;

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

    fn look(&self) -> Look {
        match self {
            Self::Text(_) => Look::Plain,
            Self::Number(_, shown) => Look::Number(*shown),
            Self::Date(_) => Look::Date,
            Self::Sheet(_) => Look::Link,
            Self::Confidential | Self::NotApplicable => Look::Mark,
        }
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

/// How a cell looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Text.
    Plain,
    /// A number.
    Number(Shown),
    Date,
    /// As the library shows links.
    Link,
    /// Stands for a figure that is not there.
    Mark,
}

/// Formats that all sheets share.
pub struct Formats {
    title: Format,
    header: Format,
    /// Lines about a table.
    about: Format,
    looks: [(Look, Format); 9],
}

impl Formats {
    /// The formats.
    pub fn new() -> Self {
        let looks = [
            Look::Plain,
            Look::Number(Shown::Whole),
            Look::Number(Shown::Tenths),
            Look::Number(Shown::Thousandths),
            Look::Number(Shown::Pounds),
            Look::Number(Shown::AsItIs),
            Look::Date,
            Look::Link,
            Look::Mark,
        ];
        Self {
            title: Format::new().set_bold().set_font_size(14),
            header: Format::new().set_bold().set_text_wrap(),
            about: Format::new().set_align(FormatAlign::Left),
            looks: looks.map(|look| (look, look.format())),
        }
    }

    fn of(&self, look: Look) -> &Format {
        let mut formats = self.looks.iter();
        let found = formats.find(|(one, _)| *one == look);
        &found.expect("there is one for each").1
    }
}

impl Look {
    fn format(self) -> Format {
        match self {
            Self::Plain => Format::new().set_text_wrap().set_align(FormatAlign::Top),
            // Numbers lie on the right anyway. A format that says nothing would be
            // taken for none, and the cell shown as its column.
            Self::Number(shown) => Format::new()
                .set_num_format(shown.code())
                .set_align(FormatAlign::Right),
            Self::Date => Format::new()
                .set_num_format("d mmmm yyyy")
                .set_align(FormatAlign::Left),
            Self::Link => Format::new().set_hyperlink(),
            Self::Mark => Format::new().set_align(FormatAlign::Right),
        }
    }
}

impl Shown {
    fn code(self) -> &'static str {
        match self {
            Self::Whole => "#,##0",
            Self::Tenths => "#,##0.0",
            Self::Thousandths => "0.000",
            Self::Pounds => "£#,##0;-£#,##0",
            Self::AsItIs => "General",
        }
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
        sheet.write_string_with_format(1, 0, tables, &formats.about)?;
        sheet.write_string_with_format(2, 0, self.about, &formats.about)?;
        self.set_widths(sheet)?;
        if self.rows.is_empty() {
            return Ok(worksheet);
        }
        self.add_table(sheet, formats)?;
        // What most cells of a column look like is said once, for the column:
        // the library takes long to find a format again for every cell.
        let usual: Vec<Look> = (0..self.headers.len())
            .map(|column| self.usual_look(column))
            .collect();
        for (column, &look) in (0..).zip(&usual) {
            sheet.set_column_format(column, formats.of(look))?;
        }
        for (row, cells) in (HEADER_ROW + 1..).zip(&self.rows) {
            for ((column, cell), &usual) in (0..).zip(cells).zip(&usual) {
                let look = cell.look();
                let format = (look != usual).then(|| formats.of(look));
                write_cell(sheet, row, column, cell, format)?;
            }
        }
        Ok(worksheet)
    }

    /// What most cells of a column look like.
    fn usual_look(&self, column: usize) -> Look {
        let mut looks: Vec<(Look, usize)> = Vec::new();
        for row in &self.rows {
            let look = row[column].look();
            match looks.iter_mut().find(|(other, _)| *other == look) {
                Some((_, cells)) => *cells += 1,
                None => looks.push((look, 1)),
            }
        }
        let most = looks.into_iter().max_by_key(|(_, cells)| *cells);
        most.map_or(Look::Plain, |(look, _)| look)
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

/// Writes a cell, in the format of its column unless it has one of its own.
fn write_cell(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &Cell,
    format: Option<&Format>,
) -> Result<(), XlsxError> {
    let mut text = |text: &str| match format {
        Some(format) => sheet
            .write_string_with_format(row, column, text, format)
            .map(drop),
        None => sheet.write_string(row, column, text).map(drop),
    };
    let number = match cell {
        Cell::Number(value, _) => *value,
        Cell::Date(date) => day_number(*date),
        Cell::Text(words) => return text(&short(words)),
        Cell::Confidential => return text(WITHHELD),
        Cell::NotApplicable => return text(NOT_APPLICABLE),
        Cell::Sheet(name) => {
            let link = Url::new(format!("internal:'{name}'!A1")).set_text(*name);
            return sheet.write_url(row, column, link).map(drop);
        }
    };
    match format {
        Some(format) => sheet.write_number_with_format(row, column, number, format),
        None => sheet.write_number(row, column, number),
    }?;
    Ok(())
}

/// A date as spreadsheets count days: 1 March 1900 is day 61.
fn day_number(date: Date) -> f64 {
    let origin = Date::from_ymd_opt(1899, 12, 30).expect("a date");
    f64::from(days_between(origin, date))
}

/// A text that fits into a cell.
fn short(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
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
            formats.of(Look::Plain)
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

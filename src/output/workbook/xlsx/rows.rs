//! Rows of a worksheet, cell by cell.

use super::strings::Strings;
use super::styles::Style;
use crate::output::workbook::sheet::Value;

/// Name of a column: A is 0, Z is 25, AA is 26.
pub(super) fn letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + (column % 26) as u8));
        if column < 26 {
            return letters.iter().rev().collect();
        }
        column = column / 26 - 1;
    }
}

/// Bytes that a cell takes, about.
const CELL: usize = 44;

/// Rows of a worksheet in the making.
pub(super) struct Rows<'s> {
    pub(super) xml: String,
    strings: &'s Strings<'s>,
    columns: Vec<String>,
    /// What says how a cell looks, style by style.
    styles: [String; Style::ALL.len()],
    number: zmij::Buffer,
}

impl<'s> Rows<'s> {
    /// Room for so many rows of so many columns.
    pub(super) fn new(strings: &'s Strings, rows: usize, columns: usize) -> Self {
        Self {
            xml: String::with_capacity((rows + 10) * columns * CELL),
            strings,
            columns: (0..columns).map(letters).collect(),
            styles: Style::ALL.map(|style| format!("\" s=\"{}\"", style as usize + 1)),
            number: zmij::Buffer::new(),
        }
    }

    /// Writes a row from its first cell on.
    pub(super) fn write<'v>(
        &mut self,
        row: usize,
        cells: impl IntoIterator<Item = (Value<'v>, Style)>,
    ) {
        let row = row.to_string();
        let xml = &mut self.xml;
        let mut add = |texts: &[&str]| texts.iter().for_each(|text| xml.push_str(text));
        add(&["<row r=\"", &row, "\">"]);
        for (column, (value, style)) in self.columns.iter().zip(cells) {
            add(&["<c r=\"", column, &row, &self.styles[style as usize]]);
            match value {
                Value::Text(text) => add(&[" t=\"s\"><v>", self.strings.place(text)]),
                Value::Number(value) => add(&["><v>", self.number.format_finite(value)]),
            }
            add(&["</v></c>"]);
        }
        add(&["</row>"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_spreadsheets_name_them() {
        let names = [0, 25, 26, 51, 52, 701, 702].map(letters);
        assert_eq!(names, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}

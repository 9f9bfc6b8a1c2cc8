//! Rows of a worksheet, cell by cell.

use super::strings::Strings;
use super::styles::Style;
use crate::output::decimal::Decimal;
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

/// Height of a line of text.
const LINE_POINTS: usize = 15;

/// Most lines of a row: spreadsheets show 409 points.
const MOST_LINES: usize = 27;

/// Lines that a text takes in a column of so many characters. Where there are
/// several, a few characters are left empty at the end of each, for want of room
/// for the next word. Not every program works out the height of a row by itself.
pub(super) fn lines(text: &str, width: usize) -> usize {
    // No character takes less than a byte.
    if text.len() <= width {
        return 1;
    }
    match text.chars().count() {
        short if short <= width => 1,
        long => long.div_ceil(width - width / 8).clamp(2, MOST_LINES),
    }
}

/// Rows of a worksheet in the making.
pub(super) struct Rows<'s> {
    pub(super) xml: String,
    strings: &'s Strings<'s>,
    columns: Vec<String>,
    /// What says how a cell looks, style by style.
    styles: [String; Style::ALL.len()],
    decimal: Decimal,
}

impl<'s> Rows<'s> {
    /// None yet, of so many columns.
    pub(super) fn new(strings: &'s Strings, columns: usize) -> Self {
        Self {
            xml: String::new(),
            strings,
            columns: (0..columns).map(letters).collect(),
            styles: Style::ALL.map(|style| format!("\" s=\"{}\"", style as usize + 1)),
            decimal: Decimal::default(),
        }
    }

    /// Writes a row of one line from its first cell on.
    pub(super) fn write<'v>(
        &mut self,
        row: usize,
        cells: impl IntoIterator<Item = (Value<'v>, Style)>,
    ) {
        self.write_high(row, 1, cells);
    }

    /// Writes a row with room for so many lines of text.
    pub(super) fn write_high<'v>(
        &mut self,
        row: usize,
        lines: usize,
        cells: impl IntoIterator<Item = (Value<'v>, Style)>,
    ) {
        let row = row.to_string();
        let height = match lines {
            ..=1 => String::new(),
            _ => format!("\" ht=\"{}\" customHeight=\"1", lines * LINE_POINTS),
        };
        let xml = &mut self.xml;
        let add = |xml: &mut String, texts: &[&str]| {
            texts.iter().for_each(|text| xml.push_str(text));
        };
        add(xml, &["<row r=\"", &row, &height, "\">"]);
        for (column, (value, style)) in self.columns.iter().zip(cells) {
            add(
                xml,
                &["<c r=\"", column, &row, &self.styles[style as usize]],
            );
            match value {
                Value::Text(text) => {
                    add(xml, &[" t=\"s\"><v>", self.strings.place(text)]);
                }
                Value::Number(value) => {
                    xml.push_str("><v>");
                    self.decimal.push(xml, value);
                }
            }
            xml.push_str("</v></c>");
        }
        xml.push_str("</row>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_take_several_lines() {
        let of = |letters: usize| lines(&"é".repeat(letters), 16);
        // 14 letters a line, if there are more than 16.
        assert_eq!([0, 16, 17, 28, 29].map(of), [1, 1, 2, 2, 3]);
        assert_eq!(lines(&"x".repeat(30_000), 16), MOST_LINES);
    }

    #[test]
    fn columns_are_named_as_spreadsheets_name_them() {
        let names = [0, 25, 26, 51, 52, 701, 702].map(letters);
        assert_eq!(names, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}

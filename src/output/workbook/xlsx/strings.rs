//! Texts of a workbook: each is written once, and cells say which it is.

use super::{SPREADSHEET, XML, put, tables_of};
use crate::output::workbook::sheet::{Cell, Sheet, Value};
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// Every text of a workbook, once.
pub(super) struct Strings<'a> {
    /// In the order in which they are first used.
    texts: Vec<&'a str>,
    /// Their places in that order, in digits.
    places: HashMap<&'a str, String, RandomState>,
}

impl<'a> Strings<'a> {
    pub(super) fn of(cover: &'a [Cell], sheets: &'a [Sheet]) -> Self {
        let mut strings = Self {
            texts: Vec::new(),
            places: HashMap::default(),
        };
        strings.add_cells(cover);
        for sheet in sheets {
            let about = [sheet.title, tables_of(sheet), sheet.about];
            for text in about.iter().chain(&sheet.headers) {
                strings.add(text);
            }
            strings.add_cells(sheet.rows.iter().flatten());
        }
        strings
    }

    fn add_cells(&mut self, cells: impl IntoIterator<Item = &'a Cell<'a>>) {
        for cell in cells {
            if let Value::Text(text) = cell.value() {
                self.add(text);
            }
        }
    }

    fn add(&mut self, text: &'a str) {
        self.places.entry(text).or_insert_with(|| {
            self.texts.push(text);
            (self.texts.len() - 1).to_string()
        });
    }

    pub(super) fn place(&self, text: &str) -> &str {
        self.places.get(text).expect("every text was added")
    }

    pub(super) fn xml(&self) -> String {
        let mut xml = format!("{XML}<sst xmlns=\"{SPREADSHEET}\">");
        for text in &self.texts {
            let text = escaped(text);
            put(
                &mut xml,
                format_args!("<si><t xml:space=\"preserve\">{text}</t></si>"),
            );
        }
        xml + "</sst>"
    }
}

/// Text for XML. What XML cannot hold is written as `_x0007_`, and what looks
/// like that with its first line escaped (ECMA-376, 22.9.2.19).
pub(super) fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for (start, character) in text.char_indices() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '_' if is_escape(&text.as_bytes()[start..]) => xml.push_str("_x005F_"),
            '\t' | '\n' => xml.push(character),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => {
                put(&mut xml, format_args!("_x{:04X}_", u32::from(character)));
            }
            _ => xml.push(character),
        }
    }
    xml
}

/// Whether a text begins like an escape.
fn is_escape(text: &[u8]) -> bool {
    match text {
        [b'_', b'x', digits @ ..] if digits.len() >= 5 => {
            digits[..4].iter().all(u8::is_ascii_hexdigit) && digits[4] == b'_'
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_for_xml() {
        assert_eq!(
            escaped("a < b & \"c\" > d"),
            "a &lt; b &amp; &quot;c&quot; &gt; d"
        );
        assert_eq!(
            escaped("bell\u{7}\r\n\tend\u{ffff}"),
            "bell_x0007__x000D_\n\tend_xFFFF_"
        );
        assert_eq!(escaped("_x0041_ x_x004_"), "_x005F_x0041_ x_x004_");
    }
}

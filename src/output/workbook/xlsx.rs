//! The bytes of a workbook: Office Open XML spreadsheets (ECMA-376, part 1),
//! as far as tables of text, numbers and dates need it.
//!
//! A short run spends more time on its workbook than on anything else, unless
//! cells go straight into the text of their worksheet, as they do here.

mod rows;
mod strings;
mod styles;

use super::sheet::{Cell, Sheet, Value};
use rayon::prelude::*;
use rows::{Rows, letters, lines};
use std::fmt::{self, Write as _};
use std::io::{self, Cursor, Write};
use strings::{Strings, escaped};
use styles::{Style, styles};
use thiserror::Error;
use zip::result::{ZipError, ZipResult};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// Rows of a worksheet, at most.
const MOST_ROWS: usize = 1_048_576;

/// Row of a table's headers, below the title and two lines about it; the first
/// row of a worksheet is 1.
const HEADER_ROW: usize = 4;

/// Quick to write, and a quarter larger than the usual level.
const COMPRESSION: i64 = 1;

/// Bytes below which compressing a part is not worth it.
const SHORT: usize = 4096;

/// Bytes after which a piece of a worksheet is compressed, while it is in the
/// cache.
const PIECE: usize = 1 << 15;

/// Why a workbook cannot be made.
#[derive(Debug, Error)]
pub enum XlsxError {
    /// A table is longer than a worksheet.
    #[error("{rows} rows are more than the worksheet \"{sheet}\" holds")]
    TooManyRows {
        /// Name of the worksheet.
        sheet: &'static str,
        /// Rows of its table.
        rows: usize,
    },
    /// The parts cannot be put together.
    #[error(transparent)]
    Zip(#[from] ZipError),
}

/// A workbook of a cover, line by line, and tables.
#[derive(Debug)]
pub struct Workbook {
    /// In their order.
    parts: Vec<Archive>,
}

/// A part of a workbook, compressed.
type Archive = ZipArchive<Cursor<Vec<u8>>>;

impl Workbook {
    /// Makes the parts side by side. The title stands among the properties.
    ///
    /// # Errors
    /// [`XlsxError::TooManyRows`].
    pub(super) fn new(title: &str, cover: &[Cell], sheets: &[Sheet]) -> Result<Self, XlsxError> {
        check_rows(sheets)?;
        let strings = Strings::of(cover, sheets);
        let mut parts = package(title, sheets);
        parts.push((format!("xl/{}", worksheet(1)), cover_xml(cover, &strings)));
        parts.push(("xl/sharedStrings.xml".to_owned(), strings.xml()));
        let parts = parts.par_iter().map(|(name, xml)| {
            let write = |part: &mut Part| part.write_all(xml.as_bytes());
            match xml.len() {
                ..SHORT => zipped(name, CompressionMethod::Stored, write),
                _ => zipped(name, CompressionMethod::Deflated, write),
            }
        });
        let pages = sheets.par_iter().enumerate().map(|(index, sheet)| {
            let name = format!("xl/{}", worksheet(index + 2));
            zipped(&name, CompressionMethod::Deflated, |page| {
                write_sheet(sheet, &strings, page)
            })
        });
        // A few pages are long: nobody has two of them to do.
        let (pages, parts) = rayon::join(
            || pages.with_max_len(1).collect::<ZipResult<Vec<_>>>(),
            || parts.collect::<ZipResult<Vec<_>>>(),
        );
        // Programs know a workbook by its first part, the list of types.
        Ok(Self {
            parts: [parts?, pages?].into_iter().flatten().collect(),
        })
    }

    /// Puts the parts together. The same content gives the same bytes.
    ///
    /// # Errors
    /// [`XlsxError::Zip`].
    pub fn bytes(self) -> Result<Vec<u8>, XlsxError> {
        let mut whole = ZipWriter::new(Cursor::new(Vec::new()));
        for part in self.parts {
            whole.merge_archive(part)?;
        }
        Ok(whole.finish()?.into_inner())
    }
}

fn check_rows(sheets: &[Sheet]) -> Result<(), XlsxError> {
    for sheet in sheets {
        let rows = sheet.rows.len();
        if HEADER_ROW + rows > MOST_ROWS {
            let sheet = sheet.name;
            return Err(XlsxError::TooManyRows { sheet, rows });
        }
    }
    Ok(())
}

/// Name of the part of a worksheet within `xl/`; the cover is 1, the first
/// table's 2.
fn worksheet(number: usize) -> String {
    format!("worksheets/sheet{number}.xml")
}

/// The same of a marked-up table, counted from 1.
fn table(number: usize) -> String {
    format!("tables/table{number}.xml")
}

/// A part on its way into an archive.
type Part = ZipWriter<Cursor<Vec<u8>>>;

/// An archive of one part, so that parts are compressed side by side.
fn zipped(
    name: &str,
    method: CompressionMethod,
    write: impl FnOnce(&mut Part) -> io::Result<()>,
) -> ZipResult<Archive> {
    let options = SimpleFileOptions::default()
        .last_modified_time(DateTime::default())
        .compression_method(method);
    let options = match method {
        CompressionMethod::Stored => options,
        _ => options.compression_level(Some(COMPRESSION)),
    };
    let mut part = ZipWriter::new(Cursor::new(Vec::new()));
    part.start_file(name, options)?;
    write(&mut part)?;
    part.finish_into_readable()
}

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const SPREADSHEET: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE_TYPE: &str = "application/vnd.openxmlformats-package";
const SHEETS_TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// Name of the first sheet, and characters of its only column.
const COVER: &str = "Cover";
const COVER_WIDTH: usize = 100;

/// Adds to a text, which cannot fail.
fn put(xml: &mut String, text: fmt::Arguments<'_>) {
    xml.write_fmt(text).expect("a text takes any other");
}

/// Tables by number, those of the worksheets that have one.
fn tables<'s>(sheets: &'s [Sheet]) -> impl Iterator<Item = (usize, &'s Sheet<'s>)> {
    let numbered = (1..).zip(sheets);
    numbered.filter(|(_, sheet)| !sheet.rows.is_empty())
}

/// The parts but for worksheets and strings: their names and text.
fn package(title: &str, sheets: &[Sheet]) -> Vec<(String, String)> {
    let document = [
        (format!("{OFFICE}/officeDocument"), "xl/workbook.xml"),
        (
            format!("{PACKAGE}/relationships/metadata/core-properties"),
            "docProps/core.xml",
        ),
    ];
    let pages =
        (0..=sheets.len()).map(|index| (format!("{OFFICE}/worksheet"), worksheet(index + 1)));
    let shared = ["styles", "sharedStrings"];
    let shared = shared.map(|what| (format!("{OFFICE}/{what}"), format!("{what}.xml")));
    let mut parts = vec![
        ("[Content_Types].xml".to_owned(), content_types(sheets)),
        ("_rels/.rels".to_owned(), relationships(document)),
        ("docProps/core.xml".to_owned(), properties(title)),
        ("xl/workbook.xml".to_owned(), workbook_xml(sheets)),
        (
            "xl/_rels/workbook.xml.rels".to_owned(),
            relationships(pages.chain(shared)),
        ),
        ("xl/styles.xml".to_owned(), styles()),
    ];
    for (number, sheet) in tables(sheets) {
        let (page, table) = (worksheet(number + 1), table(number));
        let page = page.replace("worksheets/", "worksheets/_rels/");
        parts.push((
            format!("xl/{page}.rels"),
            relationships([(format!("{OFFICE}/table"), format!("../{table}"))]),
        ));
        parts.push((format!("xl/{table}"), table_xml(number, sheet)));
    }
    parts
}

fn content_types(sheets: &[Sheet]) -> String {
    let mut xml = format!(
        "{XML}<Types xmlns=\"{PACKAGE}/content-types\">\
         <Default Extension=\"rels\" ContentType=\"{PACKAGE_TYPE}.relationships+xml\"/>\
         <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Override PartName=\"/docProps/core.xml\" \
         ContentType=\"{PACKAGE_TYPE}.core-properties+xml\"/>"
    );
    let mut add = |part: &str, kind: &str| {
        put(
            &mut xml,
            format_args!(
                "<Override PartName=\"/xl/{part}\" ContentType=\"{SHEETS_TYPE}.{kind}+xml\"/>"
            ),
        );
    };
    add("workbook.xml", "sheet.main");
    add("styles.xml", "styles");
    add("sharedStrings.xml", "sharedStrings");
    for number in 1..=sheets.len() + 1 {
        add(&worksheet(number), "worksheet");
    }
    for (number, _) in tables(sheets) {
        add(&table(number), "table");
    }
    xml + "</Types>"
}

/// Relationships `rId1`, `rId2`, ...: their types and targets.
fn relationships<T: fmt::Display>(targets: impl IntoIterator<Item = (String, T)>) -> String {
    let mut xml = format!("{XML}<Relationships xmlns=\"{PACKAGE}/relationships\">");
    for (number, (kind, target)) in (1..).zip(targets) {
        put(
            &mut xml,
            format_args!("<Relationship Id=\"rId{number}\" Type=\"{kind}\" Target=\"{target}\"/>"),
        );
    }
    xml + "</Relationships>"
}

fn properties(title: &str) -> String {
    // A fixed time, that of the parts: the same run gives the same bytes.
    format!(
        "{XML}<cp:coreProperties xmlns:cp=\"{PACKAGE}/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:dcterms=\"http://purl.org/dc/terms/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <dc:title>{}</dc:title><dc:description>Made by lacsim</dc:description>\
         <dcterms:created xsi:type=\"dcterms:W3CDTF\">1980-01-01T00:00:00Z</dcterms:created>\
         </cp:coreProperties>",
        escaped(title)
    )
}

/// The sheets, which are the workbook's first relationships.
fn workbook_xml(sheets: &[Sheet]) -> String {
    let mut xml = format!("{XML}<workbook xmlns=\"{SPREADSHEET}\" xmlns:r=\"{OFFICE}\"><sheets>");
    let names = [COVER].into_iter();
    let names = names.chain(sheets.iter().map(|sheet| sheet.name));
    for (number, name) in (1..).zip(names) {
        put(
            &mut xml,
            format_args!("<sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>"),
        );
    }
    xml + "</sheets></workbook>"
}

/// A marked-up table. Its columns must be named as its headers are.
fn table_xml(number: usize, sheet: &Sheet) -> String {
    let name: Vec<&str> = sheet.name.split_whitespace().collect();
    let name = name.join("_");
    let last_column = letters(sheet.headers.len() - 1);
    let last_row = HEADER_ROW + sheet.rows.len();
    let mut xml = format!(
        "{XML}<table xmlns=\"{SPREADSHEET}\" id=\"{number}\" name=\"{name}\" \
         displayName=\"{name}\" ref=\"A{HEADER_ROW}:{last_column}{last_row}\" \
         totalsRowShown=\"0\"><tableColumns count=\"{}\">",
        sheet.headers.len()
    );
    for (column, header) in (1..).zip(&sheet.headers) {
        let header = escaped(header);
        put(
            &mut xml,
            format_args!("<tableColumn id=\"{column}\" name=\"{header}\"/>"),
        );
    }
    put(
        &mut xml,
        format_args!(
            "</tableColumns><tableStyleInfo name=\"TableStyleLight1\" showFirstColumn=\"0\" \
             showLastColumn=\"0\" showRowStripes=\"1\" showColumnStripes=\"0\"/>\
             <extLst><ext uri=\"{{504A1905-F514-4f6f-8877-14C23A59335A}}\" \
             xmlns:x14=\"http://schemas.microsoft.com/office/spreadsheetml/2009/9/main\">\
             <x14:table altTextSummary=\"{}\"/></ext></extLst></table>",
            escaped(sheet.title)
        ),
    );
    xml
}

fn cover_xml(cover: &[Cell], strings: &Strings) -> String {
    let mut rows = Rows::new(strings, 1);
    for (row, line) in (1..).zip(cover) {
        let style = if row == 1 { Style::Title } else { Style::Text };
        rows.write_high(row, lines_of(line, COVER_WIDTH), [(line.value(), style)]);
    }
    format!(
        "{XML}<worksheet xmlns=\"{SPREADSHEET}\">\
         <cols><col min=\"1\" max=\"1\" width=\"{COVER_WIDTH}\" customWidth=\"1\"/></cols>\
         <sheetData>{}</sheetData></worksheet>",
        rows.xml
    )
}

/// Lines that a cell takes in a column of so many characters.
fn lines_of(cell: &Cell, width: usize) -> usize {
    match cell {
        Cell::Text(text) => lines(text, width),
        _ => 1,
    }
}

fn write_sheet(sheet: &Sheet, strings: &Strings, out: &mut impl Write) -> io::Result<()> {
    let mut rows = Rows::new(strings, sheet.headers.len());
    put(
        &mut rows.xml,
        format_args!(
            "{XML}<worksheet xmlns=\"{SPREADSHEET}\" xmlns:r=\"{OFFICE}\">\
             <sheetPr><pageSetUpPr fitToPage=\"1\"/></sheetPr><cols>"
        ),
    );
    let widths: Vec<usize> = sheet.widths().collect();
    for (column, width) in (1..).zip(&widths) {
        put(
            &mut rows.xml,
            format_args!(
                "<col min=\"{column}\" max=\"{column}\" width=\"{width}\" customWidth=\"1\"/>"
            ),
        );
    }
    rows.xml.push_str("</cols><sheetData>");
    rows.write(1, [(Value::Text(sheet.title), Style::Title)]);
    rows.write(2, [(Value::Text(tables_of(sheet)), Style::About)]);
    rows.write(3, [(Value::Text(sheet.about), Style::About)]);
    if !sheet.rows.is_empty() {
        let headers = sheet.headers.iter();
        let high = headers.clone().zip(&widths);
        let high = high.map(|(header, width)| lines(header, *width));
        let headers = headers.map(|header| (Value::Text(header), Style::Header));
        rows.write_high(HEADER_ROW, high.max().unwrap_or(1), headers);
    }
    for (row, cells) in (HEADER_ROW + 1..).zip(&sheet.rows) {
        let high = cells.iter().zip(&widths);
        let high = high.map(|(cell, width)| lines_of(cell, *width));
        let high = high.max().unwrap_or(1);
        let cells = cells.iter();
        rows.write_high(row, high, cells.map(|cell| (cell.value(), Style::of(cell))));
        if rows.xml.len() >= PIECE {
            out.write_all(rows.xml.as_bytes())?;
            rows.xml.clear();
        }
    }
    let mut xml = rows.xml;
    xml.push_str("</sheetData>");
    xml.push_str(&links(sheet));
    xml.push_str("<pageSetup fitToHeight=\"0\" orientation=\"landscape\"/>");
    if !sheet.rows.is_empty() {
        xml.push_str("<tableParts count=\"1\"><tablePart r:id=\"rId1\"/></tableParts>");
    }
    xml.push_str("</worksheet>");
    out.write_all(xml.as_bytes())
}

fn tables_of(sheet: &Sheet) -> &'static str {
    match sheet.rows.is_empty() {
        true => "This worksheet contains no table: the run has none of these figures.",
        false => "This worksheet contains one table.",
    }
}

/// Cells that lead to another sheet.
fn links(sheet: &Sheet) -> String {
    let mut links = String::new();
    for (row, cells) in (HEADER_ROW + 1..).zip(&sheet.rows) {
        for (column, cell) in cells.iter().enumerate() {
            if let Cell::Sheet(name) = cell {
                let column = letters(column);
                put(
                    &mut links,
                    format_args!("<hyperlink ref=\"{column}{row}\" location=\"'{name}'!A1\"/>"),
                );
            }
        }
    }
    match links.is_empty() {
        true => links,
        false => format!("<hyperlinks>{links}</hyperlinks>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::workbook::sheet::Shown;
    use std::io::Read as _;

    fn sheet(rows: Vec<Vec<Cell<'static>>>) -> Sheet<'static> {
        Sheet {
            name: "Two words",
            title: "A title",
            about: "Each row is a row.",
            headers: vec!["Name", "Number", "Sheet"],
            rows,
        }
    }

    fn bytes(title: &str, cover: &[Cell], sheets: &[Sheet]) -> Result<Vec<u8>, XlsxError> {
        Workbook::new(title, cover, sheets)?.bytes()
    }

    fn part(bytes: &[u8], name: &str) -> Option<String> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut text = String::new();
        archive
            .by_name(name)
            .ok()?
            .read_to_string(&mut text)
            .unwrap();
        Some(text)
    }

    #[test]
    fn a_table_is_written_cell_by_cell() {
        let row = vec![
            Cell::text("=1+1"),
            Cell::Number(-0.5, Shown::Tenths),
            Cell::Sheet("Two words"),
        ];
        let sheets = [sheet(vec![row])];
        let bytes = bytes("A & B", &[Cell::text("A & B")], &sheets).unwrap();
        let page = part(&bytes, "xl/worksheets/sheet2.xml").unwrap();
        // Texts: the cover, three lines, three headers, then those of the row.
        let expected = "<row r=\"5\"><c r=\"A5\" s=\"4\" t=\"s\"><v>7</v></c>\
                        <c r=\"B5\" s=\"6\"><v>-0.5</v></c>\
                        <c r=\"C5\" s=\"11\" t=\"s\"><v>8</v></c></row></sheetData>\
                        <hyperlinks><hyperlink ref=\"C5\" location=\"'Two words'!A1\"/></hyperlinks>";
        assert!(page.contains(expected), "{page}");
        let strings = part(&bytes, "xl/sharedStrings.xml").unwrap();
        assert!(strings.contains("<t xml:space=\"preserve\">A &amp; B</t>"));
        assert!(
            strings
                .ends_with("=1+1</t></si><si><t xml:space=\"preserve\">Two words</t></si></sst>")
        );
        let table = part(&bytes, "xl/tables/table1.xml").unwrap();
        assert!(table.contains("displayName=\"Two_words\" ref=\"A4:C5\""));
        let types = part(&bytes, "[Content_Types].xml").unwrap();
        for name in ZipArchive::new(Cursor::new(&bytes)).unwrap().file_names() {
            let name = name.unwrap();
            let is_listed = types.contains(&format!("PartName=\"/{name}\""));
            assert!(
                is_listed || name.ends_with(".rels") || name == "[Content_Types].xml",
                "{name}"
            );
        }
    }

    #[test]
    fn a_sheet_without_rows_has_no_table() {
        let bytes = bytes("Title", &[], &[sheet(Vec::new())]).unwrap();
        assert_eq!(part(&bytes, "xl/tables/table1.xml"), None);
        assert_eq!(part(&bytes, "xl/worksheets/_rels/sheet2.xml.rels"), None);
        let page = part(&bytes, "xl/worksheets/sheet2.xml").unwrap();
        assert!(!page.contains("tableParts") && !page.contains("r=\"4\""));
    }

    #[test]
    fn a_table_that_no_worksheet_holds_is_refused() {
        let rows = vec![Vec::new(); MOST_ROWS - HEADER_ROW + 1];
        let error = bytes("Title", &[], &[sheet(rows)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "1048573 rows are more than the worksheet \"Two words\" holds"
        );
    }
}

//! `bands_wide.csv`: every band, for Excel.

use super::Findings;
use super::sheet::NOT_APPLICABLE;
use super::sheets::withheld;
use crate::forecast::Band;
use crate::output::decimal::Decimal;
use crate::output::suppress::WITHHELD;
use crate::units::Date;
use ::csv::{Terminator, WriterBuilder};
use std::borrow::Cow;
use std::io::{self, Write};

const HEADERS: [&str; 19] = [
    "scenario",
    "metric",
    "segment_by",
    "segment",
    "period",
    "date",
    "unit",
    "mean",
    "sd",
    "p05",
    "p10",
    "p25",
    "p50",
    "p75",
    "p90",
    "p95",
    "mean_se",
    "p50_se",
    "replicates",
];

/// Writes the file: UTF-8 with a byte-order mark, without which Excel reads
/// another encoding; lines end as RFC 4180 has them.
pub(super) fn write_bands(findings: &Findings, out: &mut impl Write) -> io::Result<()> {
    let mut rows = Rows::default();
    rows.text.push('\u{feff}');
    rows.text.push_str(&record(&HEADERS));
    rows.text.push_str(END_OF_ROW);
    for forecast in findings.forecasts {
        let withheld = withheld(findings, forecast);
        let mut index = 0;
        for bands in forecast.bands.by_key() {
            rows.write(&forecast.scenario, bands, |place| {
                withheld.contains(&(index + place))
            });
            index += bands.len();
            if rows.text.len() >= PIECE {
                out.write_all(rows.text.as_bytes())?;
                rows.text.clear();
            }
        }
    }
    out.write_all(rows.text.as_bytes())
}

const END_OF_ROW: &str = "\r\n";

/// Bytes after which a piece is handed over, while it is in the cache.
const PIECE: usize = 1 << 17;

/// Text that a spreadsheet takes for text: an apostrophe keeps what begins like
/// a formula from being worked out.
fn as_text(word: &str) -> Cow<'_, str> {
    match word.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{word}").into(),
        false => word.into(),
    }
}

/// Words as fields, quoted where they must be, without the end of their row.
fn record<W: AsRef<str>>(words: &[W]) -> String {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    let words = words.iter().map(|word| word.as_ref());
    writer.write_record(words).expect(IN_MEMORY);
    let bytes = writer.into_inner().expect(IN_MEMORY);
    let mut text = String::from_utf8(bytes).expect("words and commas are text");
    text.truncate(text.len() - END_OF_ROW.len());
    text
}

const IN_MEMORY: &str = "writing to memory does not fail";

/// Rows of bands. No number needs quoting, so they are written as they are.
#[derive(Default)]
struct Rows {
    text: String,
    decimal: Decimal,
    dates: Dates,
}

impl Rows {
    /// Writes the bands of a series in all its periods; what these share is made
    /// ready once.
    fn write(&mut self, scenario: &str, bands: &[Band], is_withheld: impl Fn(usize) -> bool) {
        let (metric, segment_by, segment, period) = bands[0].key();
        let words = record(&[scenario, metric, segment_by, segment, period].map(as_text));
        let unit = record(&[bands[0].series.unit.word()]);
        let replicates = bands[0].replicates.to_string();
        for (place, band) in bands.iter().enumerate() {
            self.text.push_str(&words);
            self.text.push(',');
            self.text.push_str(self.dates.text(band.date));
            self.field(&unit);
            let is_withheld = is_withheld(place);
            let numbers = [band.mean, band.sd].into_iter().chain(band.percentiles);
            for value in numbers.chain([band.mean_se, band.percentile_se[3]]) {
                match value.is_finite() {
                    _ if is_withheld => self.field(WITHHELD),
                    true => {
                        self.text.push(',');
                        self.decimal.push(&mut self.text, value);
                    }
                    false => self.field(NOT_APPLICABLE),
                }
            }
            self.field(&replicates);
            self.text.push_str(END_OF_ROW);
        }
    }

    fn field(&mut self, field: &str) {
        self.text.push(',');
        self.text.push_str(field);
    }
}

/// Dates as text, each made once. They come in the same order again and again.
#[derive(Default)]
struct Dates {
    known: Vec<(Date, String)>,
    last: usize,
}

impl Dates {
    fn text(&mut self, date: Date) -> &str {
        let mut places = (self.last + 1..self.known.len()).chain(0..self.known.len());
        let found = places.find(|&place| self.known[place].0 == date);
        self.last = found.unwrap_or_else(|| {
            self.known.push((date, date.to_string()));
            self.known.len() - 1
        });
        &self.known[self.last].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_looks_like_a_formula_stays_text() {
        let words = ["=1+1", "@sum", "50% achieved", "a, b \"c\""];
        let expected = "'=1+1,'@sum,50% achieved,\"a, b \"\"c\"\"\"";
        assert_eq!(record(&words.map(as_text)), expected);
    }

    #[test]
    fn dates_are_known_again_in_any_order() {
        let day = |day| Date::from_ymd_opt(2019, 3, day).unwrap();
        let mut dates = Dates::default();
        for one in [1, 2, 3, 1, 2, 3, 3, 2, 4, 1] {
            assert_eq!(dates.text(day(one)), format!("2019-03-0{one}"));
        }
        assert_eq!(dates.known.len(), 4);
    }
}

//! `bands_wide.csv`: every band, for Excel.

use super::Findings;
use super::sheet::NOT_APPLICABLE;
use super::sheets::withheld;
use crate::forecast::Band;
use crate::output::suppress::WITHHELD;
use crate::units::Date;
use ::csv::{Terminator, WriterBuilder};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

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
    rows.bytes.extend("\u{feff}".as_bytes());
    rows.bytes.extend(record(&HEADERS));
    rows.bytes.extend(END_OF_ROW);
    for forecast in findings.forecasts {
        let withheld = withheld(findings, forecast);
        let mut index = 0;
        for bands in forecast.bands.chunk_by(is_of_one_series) {
            rows.write(&forecast.scenario, bands, |place| {
                withheld.contains(&(index + place))
            });
            index += bands.len();
            if rows.bytes.len() >= PIECE {
                out.write_all(&rows.bytes)?;
                rows.bytes.clear();
            }
        }
    }
    out.write_all(&rows.bytes)
}

const END_OF_ROW: &[u8] = b"\r\n";

/// Bytes after which a piece is handed over, while it is in the cache.
const PIECE: usize = 1 << 17;

fn is_of_one_series(one: &Band, next: &Band) -> bool {
    Arc::ptr_eq(&one.series, &next.series) && one.period.word() == next.period.word()
}

/// Text that a spreadsheet takes for text: an apostrophe keeps what begins like
/// a formula from being worked out.
fn as_text(word: &str) -> Cow<'_, str> {
    match word.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{word}").into(),
        false => word.into(),
    }
}

/// Words as fields, quoted where they must be, without the end of their row.
fn record<W: AsRef<str>>(words: &[W]) -> Vec<u8> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    let words = words.iter().map(|word| word.as_ref());
    writer.write_record(words).expect(IN_MEMORY);
    let mut bytes = writer.into_inner().expect(IN_MEMORY);
    bytes.truncate(bytes.len() - END_OF_ROW.len());
    bytes
}

const IN_MEMORY: &str = "writing to memory does not fail";

/// Rows of bands. No number needs quoting, so they are written as they are.
#[derive(Default)]
struct Rows {
    bytes: Vec<u8>,
    number: zmij::Buffer,
    dates: BTreeMap<Date, String>,
}

impl Rows {
    /// Writes the bands of a series in all its periods; what these share is made
    /// ready once.
    fn write(&mut self, scenario: &str, bands: &[Band], is_withheld: impl Fn(usize) -> bool) {
        let (metric, segment_by, segment, period) = bands[0].key();
        let words = record(&[scenario, metric, segment_by, segment, period].map(as_text));
        let unit = record(&[bands[0].series.unit.word()]);
        for (place, band) in bands.iter().enumerate() {
            self.bytes.extend_from_slice(&words);
            self.bytes.push(b',');
            let date = self.dates.entry(band.date);
            let date = date.or_insert_with(|| band.date.to_string());
            self.bytes.extend_from_slice(date.as_bytes());
            self.field(&unit);
            let is_withheld = is_withheld(place);
            let numbers = [band.mean, band.sd].into_iter().chain(band.percentiles);
            for value in numbers.chain([band.mean_se, band.percentile_se[3]]) {
                match value.is_finite() {
                    _ if is_withheld => self.field(WITHHELD.as_bytes()),
                    true => self.number(value),
                    false => self.field(NOT_APPLICABLE.as_bytes()),
                }
            }
            write!(self.bytes, ",{}", band.replicates).expect(IN_MEMORY);
            self.bytes.extend_from_slice(END_OF_ROW);
        }
    }

    fn field(&mut self, field: &[u8]) {
        self.bytes.push(b',');
        self.bytes.extend_from_slice(field);
    }

    /// A number as `Display` writes it: the fewest digits that read back as it,
    /// and never a power of ten.
    fn number(&mut self, value: f64) {
        self.bytes.push(b',');
        // A quarter of them, which need no search for digits.
        if value.to_bits() == 0 {
            return self.bytes.push(b'0');
        }
        let digits = self.number.format_finite(value);
        if digits.contains('e') {
            write!(self.bytes, "{value}").expect(IN_MEMORY);
        } else {
            let digits = digits.strip_suffix(".0").unwrap_or(digits);
            self.bytes.extend_from_slice(digits.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_looks_like_a_formula_stays_text() {
        let words = ["=1+1", "@sum", "50% achieved", "a, b \"c\""];
        let expected = "'=1+1,'@sum,50% achieved,\"a, b \"\"c\"\"\"";
        assert_eq!(record(&words.map(as_text)), expected.as_bytes());
    }

    #[test]
    fn numbers_are_written_as_display_writes_them() {
        let numbers = [
            0.0,
            -0.0,
            314.0,
            -0.5,
            1.0 / 3.0,
            1e-7,
            -2.5e-300,
            1e15,
            123_456_789_012_345_680.0,
            1e16,
            f64::MAX,
        ];
        let mut rows = Rows::default();
        for number in numbers {
            rows.number(number);
        }
        let written: String = numbers.map(|number| format!(",{number}")).concat();
        assert_eq!(rows.bytes, written.as_bytes());
    }
}

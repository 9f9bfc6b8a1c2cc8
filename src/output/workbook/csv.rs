//! `bands_wide.csv`: every band, for Excel.

use super::Findings;
use super::sheet::NOT_APPLICABLE;
use super::sheets::withheld;
use crate::forecast::Band;
use crate::output::suppress::WITHHELD;
use ::csv::{Terminator, Writer, WriterBuilder};
use rayon::prelude::*;
use std::fmt::{self, Write};

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

/// The file: UTF-8 with a byte-order mark, without which Excel reads another
/// encoding; lines end as RFC 4180 has them.
pub(super) fn bands(findings: &Findings) -> Vec<u8> {
    let mut headers = writer();
    headers.write_record(HEADERS).expect(IN_MEMORY);
    let mut bytes = vec!["\u{feff}".as_bytes().to_vec(), bytes(headers)];
    bytes.par_extend(findings.forecasts.par_iter().map(|forecast| {
        let withheld = withheld(findings, forecast);
        let mut rows = Rows::new();
        for (index, band) in forecast.bands.iter().enumerate() {
            rows.write(&forecast.scenario, band, withheld.contains(&index));
        }
        self::bytes(rows.writer)
    }));
    bytes.concat()
}

const IN_MEMORY: &str = "writing to memory does not fail";

fn writer() -> Writer<Vec<u8>> {
    WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new())
}

fn bytes(writer: Writer<Vec<u8>>) -> Vec<u8> {
    writer.into_inner().expect(IN_MEMORY)
}

/// Rows of bands, field by field.
struct Rows {
    writer: Writer<Vec<u8>>,
    /// Room for the field that is written.
    field: String,
    number: zmij::Buffer,
}

impl Rows {
    fn new() -> Self {
        Self {
            writer: writer(),
            field: String::new(),
            number: zmij::Buffer::new(),
        }
    }

    fn write(&mut self, scenario: &str, band: &Band, is_withheld: bool) {
        let (metric, segment_by, segment, period) = band.key();
        for word in [scenario, metric, segment_by, segment, period] {
            self.text(word);
        }
        self.put(format_args!("{}", band.date));
        self.text(band.series.unit.word());
        let numbers = [band.mean, band.sd].into_iter().chain(band.percentiles);
        for value in numbers.chain([band.mean_se, band.percentile_se[3]]) {
            match value.is_finite() {
                _ if is_withheld => self.word(WITHHELD),
                true => self.number(value),
                false => self.word(NOT_APPLICABLE),
            }
        }
        self.put(format_args!("{}", band.replicates));
        let end_of_row = [""; 0];
        self.writer.write_record(end_of_row).expect(IN_MEMORY);
    }

    /// Text that a spreadsheet takes for text: an apostrophe keeps what begins
    /// like a formula from being worked out.
    fn text(&mut self, word: &str) {
        match word.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            true => self.put(format_args!("'{word}")),
            false => self.word(word),
        }
    }

    /// A number as `Display` writes it: the fewest digits that read back as it,
    /// and never a power of ten.
    fn number(&mut self, value: f64) {
        let digits = self.number.format_finite(value);
        if digits.contains('e') {
            self.put(format_args!("{value}"));
        } else {
            let digits = digits.strip_suffix(".0").unwrap_or(digits);
            self.writer.write_field(digits).expect(IN_MEMORY);
        }
    }

    fn word(&mut self, field: &str) {
        self.writer.write_field(field).expect(IN_MEMORY);
    }

    fn put(&mut self, field: fmt::Arguments<'_>) {
        self.field.clear();
        self.field.write_fmt(field).expect(IN_MEMORY);
        self.writer.write_field(&self.field).expect(IN_MEMORY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_looks_like_a_formula_stays_text() {
        let mut rows = Rows::new();
        for word in ["=1+1", "@sum", "50% achieved"] {
            rows.text(word);
        }
        assert_eq!(bytes(rows.writer), b"'=1+1,'@sum,50% achieved");
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
        let mut rows = Rows::new();
        for number in numbers {
            rows.number(number);
        }
        let written = numbers.map(|number| number.to_string()).join(",");
        assert_eq!(bytes(rows.writer), written.as_bytes());
    }
}

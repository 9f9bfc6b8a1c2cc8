//! `bands_wide.csv`: every band, for Excel.

use super::Findings;
use super::sheet::NOT_APPLICABLE;
use super::sheets::withheld;
use crate::forecast::Band;
use crate::output::suppress::WITHHELD;

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
    let mut bytes = Vec::new();
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .from_writer(&mut bytes);
    let in_memory = "writing to memory does not fail";
    writer.write_record(HEADERS).expect(in_memory);
    for forecast in findings.forecasts {
        let withheld = withheld(findings, forecast);
        for (index, band) in forecast.bands.iter().enumerate() {
            let row = row(&forecast.scenario, band, withheld.contains(&index));
            writer.write_record(row).expect(in_memory);
        }
    }
    writer.flush().expect(in_memory);
    drop(writer);
    ["\u{feff}".as_bytes(), &bytes].concat()
}

fn row(scenario: &str, band: &Band, is_withheld: bool) -> [String; HEADERS.len()] {
    let (metric, segment_by, segment, period) = band.key();
    let number = |value: f64| match value.is_finite() {
        _ if is_withheld => WITHHELD.to_owned(),
        true => value.to_string(),
        false => NOT_APPLICABLE.to_owned(),
    };
    let [p05, p10, p25, p50, p75, p90, p95] = band.percentiles.map(number);
    [
        text(scenario),
        text(metric),
        text(segment_by),
        text(segment),
        text(period),
        band.date.to_string(),
        text(band.series.unit.word()),
        number(band.mean),
        number(band.sd),
        p05,
        p10,
        p25,
        p50,
        p75,
        p90,
        p95,
        number(band.mean_se),
        number(band.percentile_se[3]),
        band.replicates.to_string(),
    ]
}

/// Text that a spreadsheet takes for text: an apostrophe keeps what begins like
/// a formula from being worked out.
fn text(word: &str) -> String {
    match word.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{word}"),
        false => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_looks_like_a_formula_stays_text() {
        assert_eq!(text("=1+1"), "'=1+1");
        assert_eq!(text("@sum"), "'@sum");
        assert_eq!(text("50% achieved"), "50% achieved");
    }
}

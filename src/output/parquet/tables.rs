//! `bands.parquet` and `targets.parquet`: small files, written in one go.

use super::Metadata;
use super::figures::Figures;
use super::runs::{RunValue, Runs};
use super::table::{
    TableKind, TableWriter, count, date, date_array, epoch_days, nullable, number, text, text_array,
};
use crate::forecast::{Band, ScenarioForecast, TargetResult};
use crate::output::OutputError;
use crate::output::manifest::FileRecord;
use crate::output::new_files::NewFiles;
use arrow::array::{ArrayRef, Date32Array, Float64Array, UInt32Array};
use arrow::datatypes::Field;
use rayon::prelude::*;
use std::sync::Arc;

/// Names of the percentile columns of a band.
const PERCENTILES: [&str; 7] = ["p05", "p10", "p25", "p50", "p75", "p90", "p95"];

/// Writes `bands.parquet` into a folder, sorted by scenario and then as the
/// forecasts are.
///
/// # Errors
/// [`OutputError`] where the file cannot be written.
pub fn write_bands(
    files: &NewFiles,
    metadata: &Metadata,
    forecasts: &[&ScenarioForecast],
) -> Result<FileRecord, OutputError> {
    let kind = TableKind {
        file_name: "bands.parquet",
        schema_name: "bands/1",
        fields: band_fields(),
        is_bulky: false,
        scattered: &[],
    };
    let mut writer = TableWriter::create(files, metadata, kind)?;
    let forecasts = sorted(forecasts);
    let rows = forecasts.iter().map(|forecast| forecast.bands.len()).sum();
    if rows == 0 {
        return writer.finish();
    }
    let (figures, words) = rayon::join(|| figures(&forecasts), || words(&forecasts));
    writer.append(rows, |row_group, columns| {
        let mut columns = columns.into_iter();
        let mut next = || columns.next().expect("a field for each column");
        for runs in &words[..WORDS] {
            runs.append_to(row_group, next())?;
        }
        for figures in figures {
            figures.append_to(row_group, next())?;
        }
        words[WORDS].append_to(row_group, next())
    })?;
    writer.finish()
}

/// Writes `targets.parquet` into a folder, sorted by scenario and then in the
/// order of the targets.
///
/// # Errors
/// [`OutputError`] where the file cannot be written.
pub fn write_targets(
    files: &NewFiles,
    metadata: &Metadata,
    forecasts: &[&ScenarioForecast],
) -> Result<FileRecord, OutputError> {
    let kind = TableKind {
        file_name: "targets.parquet",
        schema_name: "targets/1",
        fields: target_fields(),
        is_bulky: false,
        scattered: &[],
    };
    let mut writer = TableWriter::create(files, metadata, kind)?;
    for forecast in sorted(forecasts) {
        writer.write(&target_columns(forecast))?;
    }
    writer.finish()
}

fn sorted<'a>(forecasts: &[&'a ScenarioForecast]) -> Vec<&'a ScenarioForecast> {
    let mut forecasts = forecasts.to_vec();
    forecasts.sort_by(|a, b| a.scenario.cmp(&b.scenario));
    forecasts
}

fn band_fields() -> Vec<Field> {
    let mut fields: Vec<Field> = ["scenario", "metric", "segment_by", "segment", "period"]
        .map(text)
        .into();
    fields.extend([date("date"), text("unit"), number("mean"), number("sd")]);
    fields.extend(PERCENTILES.map(number));
    fields.push(number("mean_se"));
    fields.extend(PERCENTILES.map(|name| number(&format!("{name}_se"))));
    fields.push(count("replicates"));
    fields
}

/// Columns of words, and of the date, before those of figures.
const WORDS: usize = 7;

/// The words and dates of bands, which lie series by series, and at last the
/// numbers of replicates.
fn words(forecasts: &[&ScenarioForecast]) -> [Runs; WORDS + 1] {
    let mut columns: [Runs; WORDS + 1] = Default::default();
    for forecast in forecasts {
        for bands in forecast.bands.by_key() {
            let (metric, segment_by, segment, period) = bands[0].key();
            let unit = bands[0].series.unit.word();
            let words = [
                &*forecast.scenario,
                metric,
                segment_by,
                segment,
                period,
                unit,
            ];
            for (column, word) in [0, 1, 2, 3, 4, 6].into_iter().zip(words) {
                columns[column].push(RunValue::Text(word.to_owned()), bands.len());
            }
            for band in bands {
                columns[5].push(RunValue::Date(epoch_days(band.date)), 1);
                columns[WORDS].push(RunValue::Count(band.replicates), 1);
            }
        }
    }
    columns
}

/// The columns of figures, in the order of the file.
fn figures(forecasts: &[&ScenarioForecast]) -> Vec<Figures> {
    let of = |band: &Band| [band.mean, band.sd, band.mean_se];
    let (scattered, (percentiles, errors)) = rayon::join(
        || columns(forecasts, of),
        || {
            rayon::join(
                || columns(forecasts, |band| band.percentiles),
                || columns(forecasts, |band| band.percentile_se),
            )
        },
    );
    let [mean, sd, mean_se] = scattered.map(|column| (column, false));
    let mut all = vec![mean, sd];
    all.extend(percentiles.map(|column| (column, true)));
    all.push(mean_se);
    all.extend(errors.map(|column| (column, true)));
    let all = all.into_par_iter().with_max_len(1);
    all.map(|(column, comes_again)| match comes_again {
        true => Figures::of_few_kinds(&column),
        false => Figures::of_many_kinds(&column),
    })
    .collect()
}

/// Some figures of every band, `[figures][bands]`: bands are large, and looked at
/// once for all of these.
fn columns<const N: usize>(
    forecasts: &[&ScenarioForecast],
    of: impl Fn(&Band) -> [f64; N],
) -> [Vec<f64>; N] {
    let rows = forecasts.iter().map(|forecast| forecast.bands.len()).sum();
    let mut columns = [const { Vec::new() }; N];
    columns.iter_mut().for_each(|column| column.reserve(rows));
    for band in forecasts.iter().flat_map(|forecast| forecast.bands.iter()) {
        for (column, figure) in columns.iter_mut().zip(of(band)) {
            column.push(figure);
        }
    }
    columns
}

fn target_fields() -> Vec<Field> {
    let mut fields: Vec<Field> = [
        "scenario",
        "target",
        "metric",
        "segment_by",
        "segment",
        "unit",
    ]
    .map(text)
    .into();
    fields.extend([
        date("date"),
        text("direction"),
        number("threshold"),
        text("test"),
        number("probability"),
        number("probability_low"),
        number("probability_high"),
        text("yardstick"),
    ]);
    fields.extend(["gap_p10", "gap_p50", "gap_p90"].map(number));
    fields.extend(
        [
            "first_reached_p10",
            "first_reached_p50",
            "first_reached_p90",
        ]
        .map(|name| nullable(date(name))),
    );
    fields.extend(["met", "replicates"].map(count));
    fields
}

fn target_columns(forecast: &ScenarioForecast) -> Vec<ArrayRef> {
    let results = &forecast.targets;
    let text = |of: fn(&TargetResult) -> &str| text_array(results.iter().map(of));
    let number = |of: &dyn Fn(&TargetResult) -> f64| numbers(results.iter().map(of));
    let mut columns = vec![
        text_array(results.iter().map(|_| forecast.scenario.as_str())),
        text(|result| &result.target.name),
        text(|result| &result.target.metric),
        text(|result| &result.target.segment_by),
        text(|result| &result.target.segment),
        text(|result| result.unit.word()),
        date_array(results.iter().map(|result| result.target.date)),
        text(|result| result.target.direction.word()),
        number(&|result| result.target.threshold),
        text(|result| result.target.test.word()),
        number(&|result| result.probability),
        number(&|result| result.probability_low),
        number(&|result| result.probability_high),
        text(|result| result.yardstick),
    ];
    columns.extend((0..3).map(|i| number(&|result| result.gap[i])));
    columns.extend((0..3).map(|i| first_reached(results, i)));
    columns.push(counts(results.iter().map(|result| result.met)));
    columns.push(counts(results.iter().map(|result| result.replicates)));
    columns
}

fn first_reached(results: &[TargetResult], share: usize) -> ArrayRef {
    let days = results
        .iter()
        .map(|result| result.first_reached[share].map(epoch_days));
    Arc::new(Date32Array::from_iter(days))
}

fn numbers(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}

fn counts(values: impl Iterator<Item = u32>) -> ArrayRef {
    Arc::new(UInt32Array::from_iter_values(values))
}

#[cfg(test)]
mod tests {
    use super::super::test_files::{column, columns, metadata, read};
    use super::*;
    use crate::forecast::{Direction, SeriesName, Target, Test, yardstick};
    use crate::model::layout::{Period, Unit};
    use crate::units::Date;
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{DataType, Date32Type, Float64Type, UInt32Type};

    fn march() -> Date {
        Date::from_ymd_opt(2019, 3, 31).unwrap()
    }

    fn forecast(scenario: &str) -> ScenarioForecast {
        let band = Band {
            series: Arc::new(SeriesName {
                metric: "population".into(),
                segment_by: "all".into(),
                segment: "all".into(),
                unit: Unit::Children,
            }),
            period: Period::Month(17),
            date: march(),
            mean: 290.5,
            sd: 12.0,
            percentiles: [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0],
            mean_se: 0.12,
            percentile_se: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7],
            replicates: 10_000,
        };
        let result = TargetResult {
            target: Target {
                name: "Plan in full".into(),
                metric: "population".into(),
                segment_by: "all".into(),
                segment: "all".into(),
                date: march(),
                direction: Direction::AtMost,
                threshold: 247.0,
                test: Test::OnDate,
            },
            unit: Unit::Children,
            probability: 0.01,
            probability_low: 0.005,
            probability_high: 0.02,
            yardstick: yardstick(0.01),
            gap: [20.0, 40.0, 60.0],
            first_reached: [Some(march()), None, None],
            met: 100,
            replicates: 10_000,
            is_part_year: false,
        };
        ScenarioForecast {
            scenario: scenario.into(),
            bands: [band].into_iter().collect(),
            targets: vec![result],
        }
    }

    #[test]
    fn bands_have_the_columns_of_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let (plan, base) = (forecast("plan"), forecast("base"));
        let record = write_bands(
            &NewFiles::in_folder(folder.path()),
            &metadata(),
            &[&plan, &base],
        )
        .unwrap();
        assert_eq!(
            (record.name.as_str(), record.rows),
            ("bands.parquet", Some(2))
        );
        let (batch, pairs) = read(&folder.path().join("bands.parquet"));
        let schema = batch.schema();
        let names: Vec<&str> = columns(&schema).iter().map(|c| c.0).collect();
        let expected = "scenario metric segment_by segment period date unit mean sd \
            p05 p10 p25 p50 p75 p90 p95 mean_se \
            p05_se p10_se p25_se p50_se p75_se p90_se p95_se replicates";
        assert_eq!(names, expected.split_whitespace().collect::<Vec<_>>());
        assert!(columns(&schema).iter().all(|column| !column.2));
        assert_eq!(columns(&schema)[0].1, &DataType::Utf8);
        assert_eq!(columns(&schema)[5].1, &DataType::Date32);
        assert_eq!(columns(&schema)[24].1, &DataType::UInt32);
        let scenarios = column(&batch, "scenario");
        assert_eq!(scenarios.as_string::<i32>().value(0), "base");
        let p90_se = column(&batch, "p90_se");
        assert_eq!(p90_se.as_primitive::<Float64Type>().value(1), 0.6);
        // 31 March 2019 is day 17,986 of the epoch.
        let dates = column(&batch, "date");
        assert_eq!(dates.as_primitive::<Date32Type>().value(0), 17_986);
        assert_eq!(pairs.len(), 4);
        assert_eq!(pairs[3], ("lacsim.schema".into(), "bands/1".into()));
    }

    #[test]
    fn figures_are_read_as_they_were_written() {
        // Runs of several lengths, few kinds and more than a dictionary holds.
        let figure = |row: usize, level: usize| match level {
            0 => 7.0,
            1 => (row / 29) as f64,
            2 => (row / 3 % 11) as f64 * 0.05,
            3 => -(row as f64),
            _ => f64::NAN,
        };
        let many = |scenario: &str, from: usize, rows: usize| {
            let mut forecast = forecast(scenario);
            let one = forecast.bands.iter().next().unwrap().clone();
            let bands = (from..from + rows).map(|row| Band {
                percentiles: std::array::from_fn(|level| figure(row, level)),
                ..one.clone()
            });
            forecast.bands = bands.collect();
            forecast
        };
        let forecasts = [many("base", 0, 70_001), many("plan", 70_001, 1_234)];
        let folder = tempfile::tempdir().unwrap();
        let forecasts: Vec<&ScenarioForecast> = forecasts.iter().collect();
        write_bands(&NewFiles::in_folder(folder.path()), &metadata(), &forecasts).unwrap();
        let (batch, _) = read(&folder.path().join("bands.parquet"));
        assert_eq!(batch.num_rows(), 71_235);
        for (level, name) in PERCENTILES.into_iter().enumerate() {
            let found = column(&batch, name);
            let found = found.as_primitive::<Float64Type>().values();
            let is_same = |row: usize| found[row].to_bits() == figure(row, level).to_bits();
            assert!((0..found.len()).all(is_same), "{name}");
        }
    }

    #[test]
    fn targets_have_the_columns_of_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        write_targets(
            &NewFiles::in_folder(folder.path()),
            &metadata(),
            &[&forecast("plan")],
        )
        .unwrap();
        let (batch, _) = read(&folder.path().join("targets.parquet"));
        let schema = batch.schema();
        let names: Vec<&str> = columns(&schema).iter().map(|c| c.0).collect();
        let expected = "scenario target metric segment_by segment unit date direction threshold \
            test probability probability_low probability_high yardstick gap_p10 gap_p50 gap_p90 \
            first_reached_p10 first_reached_p50 first_reached_p90 met replicates";
        assert_eq!(names, expected.split_whitespace().collect::<Vec<_>>());
        let nullable = columns(&schema).into_iter().filter(|c| c.2);
        let nullable: Vec<&str> = nullable.map(|column| column.0).collect();
        assert_eq!(nullable, &names[17..20]);
        let first = column(&batch, "first_reached_p10");
        assert_eq!(first.as_primitive::<Date32Type>().value(0), 17_986);
        assert!(column(&batch, "first_reached_p50").is_null(0));
        let met = column(&batch, "met");
        assert_eq!(met.as_primitive::<UInt32Type>().value(0), 100);
        assert_eq!(
            column(&batch, "yardstick").as_string::<i32>().value(0),
            "remote chance"
        );
    }

    #[test]
    fn the_same_forecast_gives_the_same_bytes_as_the_record_says() {
        let folder = tempfile::tempdir().unwrap();
        let once = || {
            let record = write_bands(
                &NewFiles::in_folder(folder.path()),
                &metadata(),
                &[&forecast("plan")],
            )
            .unwrap();
            let bytes = std::fs::read(folder.path().join(&record.name)).unwrap();
            assert_eq!(crate::output::sha256(&bytes), record.sha256);
            bytes
        };
        assert_eq!(once(), once());
    }

    #[test]
    fn files_without_rows_still_have_their_columns() {
        let folder = tempfile::tempdir().unwrap();
        let record = write_targets(&NewFiles::in_folder(folder.path()), &metadata(), &[]).unwrap();
        assert_eq!(record.rows, Some(0));
        let (batch, _) = read(&folder.path().join("targets.parquet"));
        assert_eq!((batch.num_rows(), batch.num_columns()), (0, 22));
    }
}

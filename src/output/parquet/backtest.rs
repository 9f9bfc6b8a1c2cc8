//! `backtest.parquet`: forecasts of the past beside what happened.

use super::Metadata;
use super::table::{
    TableKind, TableWriter, count, date, date_array, epoch_days, nullable, number, text, text_array,
};
use crate::forecast::hindcasts::{Baseline, Hindcast};
use crate::output::OutputError;
use crate::output::backtest::FILE_NAME;
use crate::output::manifest::FileRecord;
use crate::output::new_files::NewFiles;
use arrow::array::{ArrayRef, BooleanArray, Date32Array, Float64Array, UInt32Array};
use arrow::datatypes::{DataType, Field};
use std::sync::Arc;

/// Writes `backtest.parquet`, sorted by metric, origin and date.
///
/// # Errors
/// [`OutputError`] where it cannot be written.
pub fn write_backtest(
    files: &NewFiles,
    metadata: &Metadata,
    hindcasts: &[Hindcast],
) -> Result<FileRecord, OutputError> {
    let kind = TableKind {
        file_name: FILE_NAME,
        schema_name: "backtest/1",
        fields: fields(),
        is_bulky: false,
        scattered: &[],
    };
    let mut rows: Vec<&Hindcast> = hindcasts.iter().collect();
    rows.sort_by(|a, b| (&a.metric, a.origin, a.date).cmp(&(&b.metric, b.origin, b.date)));
    let mut writer = TableWriter::create(files, metadata, kind)?;
    writer.write(&columns(&rows))?;
    writer.finish()
}

fn fields() -> Vec<Field> {
    let mut fields = vec![
        text("metric"),
        date("origin"),
        nullable(date("since")),
        date("date"),
        text("unit"),
        number("observed"),
        number("mean"),
        number("sd"),
    ];
    fields.extend(["p05", "p10", "p25", "p50", "p75", "p90", "p95"].map(number));
    fields.extend(["inside_50", "inside_80", "inside_90"].map(flag));
    fields.extend(["pit", "crps"].map(number));
    for rule in ["persistence", "random_walk", "arithmetic"] {
        for what in ["mean", "sd", "crps"] {
            fields.push(nullable(number(&format!("{rule}_{what}"))));
        }
    }
    fields.push(count("replicates"));
    fields
}

fn flag(name: &str) -> Field {
    Field::new(name, DataType::Boolean, false)
}

fn columns(rows: &[&Hindcast]) -> Vec<ArrayRef> {
    let number = |of: &dyn Fn(&Hindcast) -> Option<f64>| -> ArrayRef {
        Arc::new(Float64Array::from_iter(rows.iter().map(|row| of(row))))
    };
    let mut columns: Vec<ArrayRef> = vec![
        text_array(rows.iter().map(|row| row.metric.as_str())),
        date_array(rows.iter().map(|row| row.origin)),
        Arc::new(Date32Array::from_iter(
            rows.iter().map(|row| row.since.map(epoch_days)),
        )),
        date_array(rows.iter().map(|row| row.date)),
        text_array(rows.iter().map(|_| "children")),
        number(&|row| Some(row.observed)),
        number(&|row| Some(row.mean)),
        number(&|row| Some(row.sd)),
    ];
    columns.extend((0..7).map(|level| number(&|row| Some(row.percentiles[level]))));
    columns.extend((0..3).map(|range| -> ArrayRef {
        let inside = rows.iter().map(|row| Some(row.inside()[range]));
        Arc::new(BooleanArray::from_iter(inside))
    }));
    columns.push(number(&|row| Some(row.pit)));
    columns.push(number(&|row| Some(row.crps)));
    for rule in 0..3 {
        let said =
            |of: fn(Baseline) -> Option<f64>| number(&move |row| row.baselines[rule].and_then(of));
        columns.push(said(|rule| Some(rule.mean)));
        columns.push(said(|rule| rule.sd));
        columns.push(said(|rule| Some(rule.crps)));
    }
    let replicates = rows.iter().map(|row| row.replicates);
    columns.push(Arc::new(UInt32Array::from_iter_values(replicates)));
    columns
}

#[cfg(test)]
mod tests {
    use super::super::test_files::{columns, metadata, read};
    use super::*;
    use crate::forecast::hindcasts::Outcome;
    use crate::forecast::scores::Law;
    use crate::output::backtest::read_backtest;
    use crate::units::Date;

    fn march(year: i32) -> Date {
        Date::from_ymd_opt(year, 3, 31).unwrap()
    }

    fn hindcast(metric: &'static str, since: Option<Date>) -> Hindcast {
        let outcome = Outcome {
            metric,
            origin: march(2015),
            since,
            date: march(2016),
            observed: 12.0,
        };
        let persistence = Law::Normal {
            mean: 11.0,
            sd: 2.0,
        };
        let baselines = [Some(persistence), None, Some(Law::Point(15.0))];
        Hindcast::new(&outcome, vec![10.0, 11.0, 14.0], &baselines, 0.25)
    }

    #[test]
    fn a_backtest_is_read_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let rows = [
            hindcast("population", None),
            hindcast("admissions", Some(march(2015))),
        ];
        let record =
            write_backtest(&NewFiles::in_folder(folder.path()), &metadata(), &rows).unwrap();
        assert_eq!(record.rows, Some(2));
        let found = read_backtest(folder.path()).unwrap();
        // Sorted by metric.
        assert_eq!(found, [rows[1].clone(), rows[0].clone()]);
    }

    #[test]
    fn its_columns_are_those_of_the_readme() {
        let folder = tempfile::tempdir().unwrap();
        write_backtest(
            &NewFiles::in_folder(folder.path()),
            &metadata(),
            &[hindcast("exits", None)],
        )
        .unwrap();
        let (batch, pairs) = read(&folder.path().join(FILE_NAME));
        let schema = batch.schema();
        let names: Vec<&str> = columns(&schema).iter().map(|column| column.0).collect();
        let expected = "metric origin since date unit observed mean sd p05 p10 p25 p50 p75 \
            p90 p95 inside_50 inside_80 inside_90 pit crps persistence_mean persistence_sd \
            persistence_crps random_walk_mean random_walk_sd random_walk_crps \
            arithmetic_mean arithmetic_sd arithmetic_crps replicates";
        assert_eq!(names.join(" "), expected);
        assert_eq!(pairs[3].1, "backtest/1");
    }
}

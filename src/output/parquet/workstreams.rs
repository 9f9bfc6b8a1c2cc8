//! `workstreams.parquet`: which workstream carries the saving.

use super::Metadata;
use super::table::{
    TableKind, TableWriter, count, date, date_array, epoch_days, nullable, number, text, text_array,
};
use crate::attribution::{Attribution, Estimate, Row};
use crate::output::OutputError;
use crate::output::manifest::FileRecord;
use crate::output::new_files::NewFiles;
use arrow::array::{ArrayRef, Date32Array, Float64Array, UInt32Array};
use arrow::datatypes::Field;
use std::sync::Arc;

/// Writes `workstreams.parquet` into a folder, sorted as the rows are.
///
/// # Errors
/// [`OutputError`] where the file cannot be written.
pub fn write_workstreams(
    files: &NewFiles,
    metadata: &Metadata,
    attribution: &Attribution,
) -> Result<FileRecord, OutputError> {
    let kind = TableKind {
        file_name: "workstreams.parquet",
        schema_name: "workstreams/1",
        fields: fields(),
        is_bulky: false,
        scattered: &[],
    };
    let mut writer = TableWriter::create(files, metadata, kind)?;
    writer.write(&columns(attribution))?;
    writer.finish()
}

fn fields() -> Vec<Field> {
    let mut fields: Vec<Field> = ["scenario", "workstream", "owner", "status", "period"]
        .map(text)
        .into();
    fields.extend([
        date("date"),
        nullable(number("target_pounds")),
        number("delivered"),
        nullable(date("mean_start")),
    ]);
    fields.extend(
        [
            "alone",
            "alone_se",
            "leave_one_out",
            "leave_one_out_se",
            "shapley",
            "shapley_se",
            "interaction",
            "p10",
            "p50",
            "p90",
        ]
        .map(number),
    );
    fields.extend(
        ["probability", "probability_low", "probability_high"].map(|name| nullable(number(name))),
    );
    fields.push(count("replicates"));
    fields
}

fn columns(attribution: &Attribution) -> Vec<ArrayRef> {
    let rows = &attribution.rows;
    let text = |of: fn(&Row) -> &str| text_array(rows.iter().map(of));
    let pounds = |of: &dyn Fn(&Row) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(
            rows.iter().map(|row| of(row) / 100.0),
        ))
    };
    let optional = |of: &dyn Fn(&Row) -> Option<f64>| -> ArrayRef {
        Arc::new(Float64Array::from_iter(rows.iter().map(of)))
    };
    let mut columns = vec![
        text_array(rows.iter().map(|_| attribution.scenario.as_str())),
        text(|row| &row.workstream),
        text(|row| &row.owner),
        text(|row| &row.status),
        text(|row| row.period),
        date_array(rows.iter().map(|row| row.date)),
        optional(&|row| Some(row.target_pence? as f64 / 100.0)),
        Arc::new(Float64Array::from_iter_values(
            rows.iter().map(|row| row.delivered),
        )),
        Arc::new(Date32Array::from_iter(
            rows.iter().map(|row| row.mean_start.map(epoch_days)),
        )),
    ];
    let estimates: [fn(&Row) -> Estimate; 3] =
        [|row| row.alone, |row| row.leave_one_out, |row| row.shapley];
    for of in estimates {
        columns.push(pounds(&|row| of(row).mean));
        columns.push(pounds(&|row| of(row).standard_error));
    }
    columns.push(pounds(&|row| row.interaction));
    columns.extend((0..3).map(|level| pounds(&|row| row.percentiles[level])));
    columns.extend((0..3).map(|part| optional(&|row| Some(row.likelihood()?[part]))));
    columns.push(Arc::new(UInt32Array::from_iter_values(
        rows.iter().map(|row| row.replicates),
    )));
    columns
}

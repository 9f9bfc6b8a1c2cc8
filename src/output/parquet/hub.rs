//! The model output of a forecast hub: one quantile a row.

use super::Metadata;
use super::table::{TableKind, TableWriter, date, date_array, number, text, text_array};
use crate::output::OutputError;
use crate::output::manifest::FileRecord;
use crate::output::new_files::NewFiles;
use crate::units::Date;
use arrow::array::{ArrayRef, Float64Array, Int32Array};
use arrow::datatypes::{DataType, Field};
use std::sync::Arc;

/// One quantile of one task.
#[derive(Debug, Clone, PartialEq)]
pub struct HubRow {
    /// What is forecast.
    pub target: String,
    /// Scenario.
    pub scenario: String,
    /// Months from the reference date to the end of the period.
    pub horizon: i32,
    /// Last day of the period.
    pub target_end_date: Date,
    /// Level of the quantile, 0 to 1.
    pub level: f64,
    /// The quantile.
    pub value: f64,
}

/// Writes `model-output.parquet` into a folder, its rows as they come.
///
/// # Errors
/// [`OutputError`] where the file cannot be written.
pub fn write_hub_rows(
    files: &NewFiles,
    metadata: &Metadata,
    reference_date: Date,
    rows: &[HubRow],
) -> Result<FileRecord, OutputError> {
    let kind = TableKind {
        file_name: "model-output.parquet",
        schema_name: "hub/1",
        fields: vec![
            date("reference_date"),
            text("target"),
            text("scenario_id"),
            Field::new("horizon", DataType::Int32, false),
            date("target_end_date"),
            text("output_type"),
            number("output_type_id"),
            number("value"),
        ],
        is_bulky: false,
        scattered: &[],
    };
    let horizons: ArrayRef = Arc::new(Int32Array::from_iter_values(
        rows.iter().map(|row| row.horizon),
    ));
    let numbers = |of: fn(&HubRow) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(rows.iter().map(of)))
    };
    let mut writer = TableWriter::create(files, metadata, kind)?;
    writer.write(&[
        date_array(rows.iter().map(|_| reference_date)),
        text_array(rows.iter().map(|row| row.target.as_str())),
        text_array(rows.iter().map(|row| row.scenario.as_str())),
        horizons,
        date_array(rows.iter().map(|row| row.target_end_date)),
        text_array(rows.iter().map(|_| "quantile")),
        numbers(|row| row.level),
        numbers(|row| row.value),
    ])?;
    writer.finish()
}

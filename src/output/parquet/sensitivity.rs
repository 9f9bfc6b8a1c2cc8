//! `sensitivity.parquet`: what each uncertain quantity does to a figure.

use super::Metadata;
use super::table::{TableKind, TableWriter, date, date_array, nullable, number, text, text_array};
use crate::output::OutputError;
use crate::output::manifest::FileRecord;
use crate::output::new_files::NewFiles;
use crate::units::Date;
use arrow::array::{ArrayRef, BooleanArray, Float64Array};
use arrow::datatypes::{DataType, Field};
use std::sync::Arc;

/// The figure that a file of sensitivities is about.
#[derive(Debug, Clone, PartialEq)]
pub struct SensitivityFigure<'a> {
    /// Scenario.
    pub scenario: &'a str,
    /// Metric.
    pub metric: &'a str,
    /// Dimension of the segment, or `all`.
    pub segment_by: &'a str,
    /// Segment, or `all`.
    pub segment: &'a str,
    /// Last day of the period.
    pub date: Date,
    /// Unit of the figure.
    pub unit: &'a str,
}

/// One source of uncertainty; nothing where a value was not worked out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SensitivityRow {
    /// Address of the quantity, or `all quantities`, `chance` or `capacity`.
    pub parameter: String,
    /// Numbers in the order of [`SENSITIVITY_NUMBERS`].
    pub numbers: [Option<f64>; SENSITIVITY_NUMBERS.len()],
    /// Whether the effect can be told from chance.
    pub is_clear: Option<bool>,
    /// Whether the figure goes one way as the quantity rises.
    pub is_monotone: Option<bool>,
}

/// Names of the columns of numbers.
pub const SENSITIVITY_NUMBERS: [&str; 15] = [
    "contribution",
    "contribution_se",
    "rank_correlation",
    "parameter_p10",
    "parameter_p90",
    "outcome_p10",
    "outcome_p10_se",
    "outcome_p90",
    "outcome_p90_se",
    "sobol_first",
    "sobol_first_se",
    "sobol_total",
    "sobol_total_se",
    "part",
    "part_se",
];

/// Writes `sensitivity.parquet` into a folder, its rows as they come.
///
/// # Errors
/// [`OutputError`] where the file cannot be written.
pub fn write_sensitivity(
    files: &NewFiles,
    metadata: &Metadata,
    figure: &SensitivityFigure,
    rows: &[SensitivityRow],
) -> Result<FileRecord, OutputError> {
    let flag = |name: &str| nullable(Field::new(name, DataType::Boolean, false));
    let mut fields: Vec<Field> = ["scenario", "metric", "segment_by", "segment"]
        .map(text)
        .into();
    fields.extend([date("date"), text("unit"), text("parameter")]);
    fields.extend(SENSITIVITY_NUMBERS.map(|name| nullable(number(name))));
    fields.extend([flag("is_clear"), flag("is_monotone")]);
    let kind = TableKind {
        file_name: "sensitivity.parquet",
        schema_name: "sensitivity/2",
        fields,
        is_bulky: false,
        scattered: &[],
    };
    let same = |word: &str| text_array(rows.iter().map(|_| word));
    let flags = |of: fn(&SensitivityRow) -> Option<bool>| -> ArrayRef {
        Arc::new(BooleanArray::from_iter(rows.iter().map(of)))
    };
    let mut columns = vec![
        same(figure.scenario),
        same(figure.metric),
        same(figure.segment_by),
        same(figure.segment),
        date_array(rows.iter().map(|_| figure.date)),
        same(figure.unit),
        text_array(rows.iter().map(|row| row.parameter.as_str())),
    ];
    columns.extend((0..SENSITIVITY_NUMBERS.len()).map(|index| -> ArrayRef {
        let values = rows.iter().map(|row| row.numbers[index]);
        Arc::new(Float64Array::from_iter(values))
    }));
    columns.extend([flags(|row| row.is_clear), flags(|row| row.is_monotone)]);
    let mut writer = TableWriter::create(files, metadata, kind)?;
    writer.write(&columns)?;
    writer.finish()
}

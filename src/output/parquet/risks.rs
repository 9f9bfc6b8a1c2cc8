//! `risks.parquet`: the risk register, quarter by quarter.

use super::Metadata;
use super::table::{
    TableKind, TableWriter, count, date, date_array, epoch_days, nullable, number, text, text_array,
};
use crate::forecast::risks::{RiskResult, Score};
use crate::forecast::targets::wilson_interval;
use crate::output::OutputError;
use crate::output::manifest::FileRecord;
use crate::output::new_files::NewFiles;
use arrow::array::{ArrayRef, Date32Array, Float64Array, UInt32Array};
use arrow::datatypes::Field;
use std::sync::Arc;

/// Writes `risks.parquet` into a folder, sorted by scenario, risk and date.
///
/// # Errors
/// [`OutputError`] where the file cannot be written.
pub fn write_risks(
    files: &NewFiles,
    metadata: &Metadata,
    risks: &[RiskResult],
) -> Result<FileRecord, OutputError> {
    let kind = TableKind {
        file_name: "risks.parquet",
        schema_name: "risks/1",
        fields: fields(),
        is_bulky: false,
        scattered: &[],
    };
    let mut writer = TableWriter::create(files, metadata, kind)?;
    let mut rows: Vec<(&RiskResult, &Score)> = risks
        .iter()
        .flat_map(|result| result.scores.iter().map(move |score| (result, score)))
        .collect();
    rows.sort_by_key(|(result, score)| (&result.scenario, &result.risk.name, score.date));
    writer.write(&columns(&rows))?;
    writer.finish()
}

fn fields() -> Vec<Field> {
    let mut fields: Vec<Field> = [
        "scenario",
        "risk",
        "owner",
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
        number("limit"),
        number("probability"),
        number("probability_low"),
        number("probability_high"),
        nullable(number("breach_p50")),
        count("likelihood"),
        count("impact"),
        count("score"),
        text("rating"),
        text("travel"),
        nullable(count("previous_score")),
        nullable(count("target_score")),
        nullable(date("target_date")),
        nullable(number("target_probability")),
        nullable(number("target_probability_low")),
        nullable(number("target_probability_high")),
        count("replicates"),
    ]);
    fields
}

fn columns(rows: &[(&RiskResult, &Score)]) -> Vec<ArrayRef> {
    let text = |of: fn(&RiskResult) -> &str| text_array(rows.iter().map(|(result, _)| of(result)));
    let number = |of: &dyn Fn(&RiskResult, &Score) -> f64| -> ArrayRef {
        let values = rows.iter().map(|(result, score)| of(result, score));
        Arc::new(Float64Array::from_iter_values(values))
    };
    let optional = |of: &dyn Fn(&RiskResult, &Score) -> Option<f64>| -> ArrayRef {
        let values = rows.iter().map(|(result, score)| of(result, score));
        Arc::new(Float64Array::from_iter(values))
    };
    let count = |of: fn(&RiskResult, &Score) -> u32| -> ArrayRef {
        let values = rows.iter().map(|(result, score)| of(result, score));
        Arc::new(UInt32Array::from_iter_values(values))
    };
    let maybe = |of: fn(&RiskResult) -> Option<u32>| -> ArrayRef {
        Arc::new(UInt32Array::from_iter(
            rows.iter().map(|(result, _)| of(result)),
        ))
    };
    let interval =
        |result: &RiskResult, score: &Score| wilson_interval(score.breaches, result.replicates);
    vec![
        text(|result| &result.scenario),
        text(|result| &result.risk.name),
        text(|result| result.risk.owner.as_deref().unwrap_or_default()),
        text(|result| &result.risk.metric),
        text(|result| &result.risk.segment_by),
        text(|result| &result.risk.segment),
        text(|result| result.unit.word()),
        date_array(rows.iter().map(|(_, score)| score.date)),
        text(|result| match result.risk.is_at_most {
            true => "at_most",
            false => "at_least",
        }),
        number(&|result, _| result.risk.limit),
        number(&|result, score| f64::from(score.breaches) / f64::from(result.replicates)),
        number(&|result, score| interval(result, score).0),
        number(&|result, score| interval(result, score).1),
        optional(&|_, score| score.breach),
        count(|_, score| score.likelihood),
        count(|_, score| score.impact),
        count(|_, score| score.score()),
        text_array(
            rows.iter()
                .map(|(result, score)| result.rating(score.score())),
        ),
        text_array(rows.iter().map(|(_, score)| score.travel)),
        maybe(|result| result.risk.previous_score),
        maybe(|result| result.risk.target.map(|(score, _)| score)),
        Arc::new(Date32Array::from_iter(rows.iter().map(|(result, _)| {
            result.risk.target.map(|(_, by)| epoch_days(by))
        }))),
        optional(&|result, _| result.likelihood_of_target().map(|one| one[0])),
        optional(&|result, _| result.likelihood_of_target().map(|one| one[1])),
        optional(&|result, _| result.likelihood_of_target().map(|one| one[2])),
        count(|result, _| result.replicates),
    ]
}

//! Which workstream carries the saving, read back from a finished run.

use super::finished::{date, known};
use super::reading::{Rows, for_each_batch};
use super::{FinishedRun, OutputError};
use crate::attribution::{Attribution, Estimate, Row};
use crate::units::{Date, pence};
use arrow::array::{Array, Float64Array};

const FILE_NAME: &str = "workstreams.parquet";

/// Shares of the saving as a run's folder holds them.
#[derive(Debug, Clone, PartialEq)]
pub struct SavingShares {
    /// Scenario.
    pub scenario: String,
    /// A row for each workstream and period, and for all of them, sorted by
    /// name, period and date; money in pence.
    pub rows: Vec<Row>,
}

impl SavingShares {
    /// The shares of a run that has just been played.
    pub fn of(attribution: &Attribution) -> Self {
        Self {
            scenario: attribution.scenario.clone(),
            rows: attribution.rows.clone(),
        }
    }
}

/// Reads how the saving is shared out; none where the run has no workstreams.
///
/// # Errors
/// [`OutputError`] where the file cannot be read or is not the one that the run
/// wrote.
pub fn read_workstreams(run: &FinishedRun) -> Result<Option<SavingShares>, OutputError> {
    const COLUMNS: [&str; 21] = [
        "scenario",
        "workstream",
        "owner",
        "status",
        "period",
        "date",
        "target_pounds",
        "delivered",
        "mean_start",
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
        "probability",
        "replicates",
    ];
    let Some(path) = run.checked_path_of_some(FILE_NAME)? else {
        return Ok(None);
    };
    let mut shares: Option<SavingShares> = None;
    for_each_batch(&path, &COLUMNS, |rows| {
        for index in 0..rows.len() {
            let scenario = rows.texts("scenario")?.value(index);
            let shares = shares.get_or_insert_with(|| SavingShares {
                scenario: scenario.to_owned(),
                rows: Vec::new(),
            });
            shares.rows.push(row(rows, index)?);
        }
        Ok(())
    })?;
    Ok(shares)
}

fn row(rows: &Rows, index: usize) -> Result<Row, OutputError> {
    let text = |name| Ok::<String, OutputError>(rows.texts(name)?.value(index).to_owned());
    let pence_of = |name| Ok::<f64, OutputError>(100.0 * rows.numbers(name)?.value(index));
    let optional = |column: &Float64Array| (!column.is_null(index)).then(|| column.value(index));
    let estimate = |mean, standard_error| {
        Ok::<Estimate, OutputError>(Estimate {
            mean: pence_of(mean)?,
            standard_error: pence_of(standard_error)?,
        })
    };
    let period = rows.texts("period")?.value(index);
    let starts = rows.dates("mean_start")?;
    let mean_start: Option<Date> = starts.is_valid(index).then(|| date(starts, index));
    let replicates = rows.counts("replicates")?.value(index);
    let met = optional(rows.numbers("probability")?);
    Ok(Row {
        workstream: text("workstream")?,
        owner: text("owner")?,
        status: text("status")?,
        period: known(rows.path(), period, ["financial_year", "horizon"], |word| {
            word
        })?,
        date: date(rows.dates("date")?, index),
        target_pence: optional(rows.numbers("target_pounds")?).map(pence),
        delivered: rows.numbers("delivered")?.value(index),
        mean_start,
        alone: estimate("alone", "alone_se")?,
        leave_one_out: estimate("leave_one_out", "leave_one_out_se")?,
        shapley: estimate("shapley", "shapley_se")?,
        interaction: pence_of("interaction")?,
        percentiles: [pence_of("p10")?, pence_of("p50")?, pence_of("p90")?],
        met: met.map(|share| (share * f64::from(replicates)).round() as u32),
        replicates,
    })
}

//! The folder of a back-test, read back.

use super::manifest::Manifest;
use super::reading::{Rows, for_each_batch};
use super::{OutputError, sha256};
use crate::forecast::hindcasts::{Baseline, Hindcast};
use arrow::array::{Array, Float64Array};
use std::path::Path;

/// Name of a back-test's table within its folder.
pub const FILE_NAME: &str = "backtest.parquet";

const PERCENTILES: [&str; 7] = ["p05", "p10", "p25", "p50", "p75", "p90", "p95"];

/// Columns of each simple rule: mean, standard deviation, score.
const RULES: [[&str; 3]; 3] = [
    ["persistence_mean", "persistence_sd", "persistence_crps"],
    ["random_walk_mean", "random_walk_sd", "random_walk_crps"],
    ["arithmetic_mean", "arithmetic_sd", "arithmetic_crps"],
];

/// A whole back-test, as it lies in its folder.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedBacktest {
    /// Where it came from.
    pub manifest: Manifest,
    /// Every forecast beside what happened, sorted by metric, origin and date.
    pub hindcasts: Vec<Hindcast>,
}

impl FinishedBacktest {
    /// Opens the folder of a back-test.
    ///
    /// # Errors
    /// [`OutputError`] where the folder holds no manifest of lacsim, or no table
    /// of a back-test that is the one its manifest lists.
    pub fn open(folder: &Path) -> Result<Self, OutputError> {
        let manifest = Manifest::read(folder)?;
        let path = folder.join(FILE_NAME);
        let mut files = manifest.files.iter();
        let record = files.find(|file| file.name == FILE_NAME);
        let record = record.ok_or_else(|| OutputError::NotABacktest {
            path: folder.to_owned(),
        })?;
        let bytes = std::fs::read(&path).map_err(OutputError::io(&path, "read"))?;
        if sha256(&bytes) != record.sha256 {
            return Err(OutputError::NotTheRuns { path });
        }
        Ok(Self {
            hindcasts: read_backtest(folder)?,
            manifest,
        })
    }
}

/// Reads the hindcasts of a back-test's folder, sorted by metric, origin and
/// date.
///
/// # Errors
/// [`OutputError`] where `backtest.parquet` cannot be read.
pub(super) fn read_backtest(folder: &Path) -> Result<Vec<Hindcast>, OutputError> {
    let path = folder.join(FILE_NAME);
    let mut columns = vec![
        "metric",
        "origin",
        "since",
        "date",
        "observed",
        "mean",
        "sd",
        "pit",
        "crps",
        "replicates",
    ];
    columns.extend(PERCENTILES);
    columns.extend(RULES.as_flattened());
    let mut hindcasts = Vec::new();
    for_each_batch(&path, &columns, |rows| {
        for row in 0..rows.len() {
            hindcasts.push(hindcast(rows, row)?);
        }
        Ok(())
    })?;
    Ok(hindcasts)
}

fn hindcast(rows: &Rows, row: usize) -> Result<Hindcast, OutputError> {
    let number = |name| Ok::<f64, OutputError>(rows.numbers(name)?.value(row));
    let date = |name: &'static str| {
        let dates = rows.dates(name)?;
        Ok::<_, OutputError>(
            (!dates.is_null(row))
                .then(|| dates.value_as_date(row))
                .flatten(),
        )
    };
    let needed = |name: &'static str| {
        date(name)?.ok_or_else(|| OutputError::Column {
            path: rows.path().to_owned(),
            column: name,
        })
    };
    let mut percentiles = [0.0; 7];
    for (value, name) in percentiles.iter_mut().zip(PERCENTILES) {
        *value = number(name)?;
    }
    let mut baselines = [None; 3];
    for (baseline, [mean, sd, crps]) in baselines.iter_mut().zip(RULES) {
        let value = |column: &Float64Array| (!column.is_null(row)).then(|| column.value(row));
        let (mean, sd) = (value(rows.numbers(mean)?), value(rows.numbers(sd)?));
        *baseline = match (mean, value(rows.numbers(crps)?)) {
            (Some(mean), Some(crps)) => Some(Baseline { mean, sd, crps }),
            _ => None,
        };
    }
    Ok(Hindcast {
        metric: rows.texts("metric")?.value(row).to_owned(),
        origin: needed("origin")?,
        since: date("since")?,
        date: needed("date")?,
        observed: number("observed")?,
        mean: number("mean")?,
        sd: number("sd")?,
        percentiles,
        replicates: rows.counts("replicates")?.value(row),
        pit: number("pit")?,
        crps: number("crps")?,
        baselines,
    })
}

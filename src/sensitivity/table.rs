//! What drives a figure, as a Parquet file.

use super::{Effect, Parts, Sensitivity, Share, SobolShares};
use crate::output::folder::write_file;
use crate::output::parquet::{
    Metadata, SENSITIVITY_NUMBERS, SensitivityFigure, SensitivityRow, write_sensitivity,
};
use crate::output::{FinishedRun, OutputError};
use std::path::Path;

/// Writes a file of its own: a row for each quantity, the greatest contribution
/// first, and last for all of them together, for chance and for capacity.
///
/// The run's folder holds what its manifest lists and no more, so the file
/// belongs elsewhere.
///
/// # Errors
/// [`OutputError`] where it cannot be written.
pub fn write(run: &FinishedRun, found: &Sensitivity, file: &Path) -> Result<(), OutputError> {
    let manifest = run.manifest();
    let metadata = Metadata {
        version: manifest.version.clone(),
        seed: manifest.seed,
        scenario_sha256: manifest.scenario.sha256.clone(),
    };
    let figure = SensitivityFigure {
        scenario: &found.scenario,
        metric: &found.figure.metric,
        segment_by: &found.figure.segment_by,
        segment: &found.figure.segment,
        date: found.figure.date,
        unit: found.figure.unit.word(),
    };
    let mut rows: Vec<SensitivityRow> = found.parameters.iter().map(row).collect();
    rows.extend(wholes(found));
    write_file(file, |folder| {
        write_sensitivity(folder, &metadata, &figure, &rows)
    })
}

/// Rows of all quantities together, of chance and of capacity.
fn wholes(found: &Sensitivity) -> [SensitivityRow; 3] {
    let whole = |name: &str, contribution: Option<f64>, part: Option<Share>| {
        let mut row = SensitivityRow {
            parameter: name.to_owned(),
            ..SensitivityRow::default()
        };
        row.numbers[0] = contribution;
        row.numbers[1] = contribution.map(|_| found.parameter_share.standard_error);
        row.numbers[13] = part.map(|part| part.share);
        row.numbers[14] = part.map(|part| part.standard_error);
        row
    };
    let part = |of: fn(Parts) -> Share| found.parts.map(of);
    let mut chance = whole(
        "chance",
        Some(found.chance_share),
        part(|parts| parts.chance),
    );
    chance.numbers[9..13].copy_from_slice(&indices(found.chance_sobol));
    [
        whole(
            "all quantities",
            Some(found.parameter_share.share),
            part(|parts| parts.parameters),
        ),
        chance,
        whole("capacity", None, part(|parts| parts.capacity)),
    ]
}

fn indices(sobol: Option<SobolShares>) -> [Option<f64>; 4] {
    let of = |number: fn(SobolShares) -> f64| sobol.map(number);
    [
        of(|sobol| sobol.first.share),
        of(|sobol| sobol.first.standard_error),
        of(|sobol| sobol.total.share),
        of(|sobol| sobol.total.standard_error),
    ]
}

fn row(effect: &Effect) -> SensitivityRow {
    let known = [
        effect.contribution.share,
        effect.contribution.standard_error,
        effect.rank_correlation,
        effect.low.parameter,
        effect.high.parameter,
        effect.low.outcome,
        effect.low.standard_error,
        effect.high.outcome,
        effect.high.standard_error,
    ];
    let mut numbers = [None; SENSITIVITY_NUMBERS.len()];
    for (number, value) in numbers.iter_mut().zip(known) {
        *number = Some(value);
    }
    numbers[9..13].copy_from_slice(&indices(effect.sobol));
    SensitivityRow {
        parameter: effect.parameter.clone(),
        numbers,
        is_clear: Some(effect.is_clear),
        is_monotone: Some(effect.is_monotone),
    }
}

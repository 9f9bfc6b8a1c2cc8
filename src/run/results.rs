//! What a run has found, on its way to files, one beside the other.

use super::{Extent, Plan};
use crate::forecast::ScenarioForecast;
use crate::luck::Seed;
use crate::output::OutputError;
use crate::output::manifest::{FileRecord, ParameterSummary};
use crate::output::new_files::NewFiles;
use crate::output::parquet::{self, Metadata, ParameterWriter, ReplicateWriter};
use crate::output::workbook::{BANDS_CSV, Findings, WORKBOOK, Workbook};
use rayon::prelude::*;
use std::io::Write;

/// What a run has found.
pub(super) struct Results<'r> {
    /// Bands, targets, parameters: what spreadsheets tell.
    pub findings: Findings<'r>,
    /// What was drawn for each parameter, `[parameters][replicates]`.
    pub draws: Vec<Vec<f64>>,
    /// The file of replicates, all of which have been written.
    pub replicates: Option<ReplicateWriter>,
    /// The first replicate.
    pub first_replicate: u32,
}

impl Results<'_> {
    /// Writes the files, spreadsheets among them if they are asked for.
    ///
    /// # Errors
    /// [`OutputError`] for the first that cannot be written.
    pub fn write(
        self,
        with_spreadsheets: bool,
        files: &NewFiles,
        metadata: &Metadata,
    ) -> Result<Vec<FileRecord>, OutputError> {
        let findings = &self.findings;
        let forecasts: Vec<&ScenarioForecast> = findings.forecasts.iter().collect();
        let bands = || parquet::write_bands(files, metadata, &forecasts);
        let (draws, first) = (&self.draws, self.first_replicate);
        let replicates = self.replicates;
        let short = || -> Result<Vec<FileRecord>, OutputError> {
            let mut records = vec![parquet::write_targets(files, metadata, &forecasts)?];
            records.push(write_parameters(findings, draws, first, files, metadata)?);
            records.extend(replicates.map(ReplicateWriter::finish).transpose()?);
            Ok(records)
        };
        if !with_spreadsheets {
            let (bands, short) = rayon::join(bands, short);
            return Ok([vec![bands?], short?].concat());
        }
        let csv = || files.write(BANDS_CSV, |file| findings.write_bands_csv(file));
        // What is written row by row comes first, what can be shared out in small
        // parts after it; one core puts these together beside the short files.
        let (csv, (bands, (workbook, short))) = rayon::join(csv, || {
            rayon::join(bands, || {
                let workbook = findings.workbook();
                let put_together = || {
                    let bytes = workbook.and_then(Workbook::bytes)?;
                    files.write(WORKBOOK, |file| file.write_all(&bytes))
                };
                rayon::join(put_together, short)
            })
        });
        Ok([vec![csv?, bands?, workbook?], short?].concat())
    }
}

/// What is drawn for each parameter in every replicate, and its summary, in the
/// order of their names.
pub(super) fn draw_parameters(
    plan: &Plan,
    extent: &Extent,
) -> (Vec<Vec<f64>>, Vec<ParameterSummary>) {
    let seed = Seed(extent.seed);
    let replicates = extent.replicates.clone().into_par_iter();
    let draws: Vec<Vec<f64>> = replicates
        .map(|replicate| plan.numbers.draw(&seed.replicate(replicate)))
        .collect();
    let mut named: Vec<(String, usize)> = plan.parameter_names().into_iter().zip(0..).collect();
    named.sort();
    let parameters = named.into_par_iter().map(|(name, index)| {
        let values: Vec<f64> = draws.iter().map(|draw| draw[index]).collect();
        let mut sorted = values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |level| crate::forecast::quantiles::quantile(&sorted, level);
        let summary = ParameterSummary {
            mean: sorted.iter().sum::<f64>() / sorted.len() as f64,
            p10: at(0.1),
            p50: at(0.5),
            p90: at(0.9),
            source: plan.source_of(index),
            name,
        };
        (values, summary)
    });
    parameters.unzip()
}

fn write_parameters(
    findings: &Findings,
    draws: &[Vec<f64>],
    first_replicate: u32,
    files: &NewFiles,
    metadata: &Metadata,
) -> Result<FileRecord, OutputError> {
    let mut writer = ParameterWriter::create(files, metadata)?;
    for (summary, values) in findings.parameters.iter().zip(draws) {
        writer.write(&summary.name, first_replicate, values)?;
    }
    writer.finish()
}

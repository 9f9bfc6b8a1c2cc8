//! `summary.xlsx` and `bands_wide.csv`: a run for whoever works in
//! spreadsheets.
//!
//! The workbook follows the Analysis Function's guidance "Releasing statistics
//! in spreadsheets" (2021, updated 2024): a cover, contents and notes; one
//! marked-up table a worksheet, its title in the first cell; no merged cells and
//! no empty ones; dates as dates and numbers as numbers. It holds totals,
//! breakdowns at year ends and everything about money; the CSV file holds every
//! band. Both depend on the scenario and the seed alone.

mod csv;
mod sheet;
mod sheets;
mod xlsx;

pub use sheet::{Cell, Sheet, Shown, Value};
pub use xlsx::{Workbook, XlsxError};

use super::finished::FinishedRun;
use super::manifest::{Manifest, ParameterSummary};
use super::{OutputError, SavingShares, read_workstreams};
use crate::calendar::Calendar;
use crate::config::ScenarioFile;
use crate::forecast::columns::is_whole_year;
use crate::forecast::{ActualToDate, ScenarioForecast, SeriesName};
use crate::units::Date;
use std::io;

/// Name of the workbook within the folder of a run.
pub const WORKBOOK: &str = "summary.xlsx";

/// Name of the table of all bands within the folder of a run.
pub const BANDS_CSV: &str = "bands_wide.csv";

/// What a workbook tells: a run that has just been played, or a finished one.
#[derive(Debug, Clone)]
pub struct Findings<'a> {
    /// The scenario file.
    pub file: &'a ScenarioFile,
    /// Bands and targets of every scenario played, in the order of the file.
    pub forecasts: &'a [ScenarioForecast],
    /// Uncertain quantities as drawn.
    pub parameters: &'a [ParameterSummary],
    /// Which workstream carries the saving, where the run has any.
    pub workstreams: Option<SavingShares>,
    /// Warnings given.
    pub warnings: Vec<String>,
    /// Which run it is, line by line: version, seed, futures, hash.
    pub identity: Vec<String>,
    /// Whether small observed counts are withheld.
    pub suppress_small: bool,
}

impl<'a> Findings<'a> {
    /// What a finished run found.
    ///
    /// # Errors
    /// [`OutputError`] where a file of the run cannot be read.
    pub fn of(run: &'a FinishedRun, suppress_small: bool) -> Result<Self, OutputError> {
        let manifest = run.manifest();
        Ok(Self {
            file: run.file(),
            forecasts: run.forecasts(),
            parameters: &manifest.parameters,
            workstreams: read_workstreams(run)?,
            warnings: manifest.warnings.clone(),
            identity: identity(manifest),
            suppress_small,
        })
    }

    /// The tables of the workbook, in its order.
    pub fn tables(&self) -> Vec<Sheet<'_>> {
        let tables = sheets::tables(self);
        let mut all = vec![sheets::contents(&tables)];
        all.extend(tables);
        all
    }

    /// The workbook, `summary.xlsx`.
    ///
    /// # Errors
    /// [`XlsxError::TooManyRows`] where there is more than a worksheet holds.
    pub fn workbook(&self) -> Result<Workbook, XlsxError> {
        let cover: Vec<Cell> = self.cover().into_iter().map(Cell::text).collect();
        Workbook::new(self.name(), &cover, &self.tables())
    }

    /// Writes `bands_wide.csv`: one row for each scenario, metric, segment and
    /// period, after a byte-order mark.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write_bands_csv(&self, out: &mut impl io::Write) -> io::Result<()> {
        csv::write_bands(self, out)
    }

    fn name(&self) -> &str {
        &self.file.scenarios[0].forecast.name
    }

    fn cover(&self) -> Vec<String> {
        let forecast = &self.file.scenarios[0].forecast;
        let mut lines = vec![self.name().to_owned()];
        lines.push("A forecast of looked-after children and what they cost.".to_owned());
        lines.extend(forecast.question.clone());
        lines.extend(self.answer());
        lines.push(format!(
            "From {} to {}.",
            forecast.start.format("%-d %B %Y"),
            forecast.end.format("%-d %B %Y")
        ));
        lines.push(
            "Figures are ranges of possible futures, not promises: the notes say how to read them."
                .to_owned(),
        );
        lines.extend(self.identity.iter().cloned());
        lines
    }

    /// The answer to the file's question, where a target answers it.
    fn answer(&self) -> Option<String> {
        let main = &self.file.scenarios[self.file.main_scenario()].scenario;
        let forecast = self.forecasts.iter().find(|one| one.scenario == *main)?;
        let result = forecast.targets.get(self.file.main_target()?)?;
        Some(format!(
            "Answer: {} in scenario \"{main}\" ({}).",
            result.likelihood(),
            result.target.name
        ))
    }

    /// The months and financial years of the forecast.
    fn calendar(&self) -> Calendar {
        let forecast = &self.file.scenarios[0].forecast;
        Calendar::new(forecast.start, forecast.end, &[])
    }

    /// Whether a series' value covers all of the financial year that ends on a
    /// date.
    fn is_whole_year(&self, calendar: &Calendar, series: &SeriesName, date: Date) -> bool {
        let config = &self.file.scenarios[0];
        let actuals = ActualToDate::of_spend(&config.money.spent_to_date);
        let mut years = calendar.financial_years().iter();
        years
            .find(|year| year.last_day == date)
            .is_some_and(|year| is_whole_year(year, series, &actuals))
    }
}

/// Which run it is; nothing that hangs on the clock, the machine or the call.
pub fn identity(manifest: &Manifest) -> Vec<String> {
    let last = u64::from(manifest.first_replicate) + u64::from(manifest.replicates) - 1;
    vec![
        format!("Made by lacsim {}.", manifest.version),
        format!(
            "Scenario file: {}, SHA-256 {}.",
            manifest.scenario.name, manifest.scenario.sha256
        ),
        format!(
            "Seed {}; futures {} to {last} of each scenario.",
            manifest.seed, manifest.first_replicate
        ),
    ]
}

//! A whole run: from a checked scenario file to a folder of results.

mod extend;
mod ignorance;
mod plan;
mod precision;
mod results;

pub use crate::output::manifest::Kept;
pub use extend::{LAST_REPLICATE, extended};
pub use ignorance::Ignorance;
pub use plan::Plan;
pub use precision::{Precision, Reached};

use crate::attribution::{Attribution, attribute};
use crate::cohort_file::CohortFileError;
use crate::engine::company::{Company, companies};
use crate::engine::tiles::Tiles;
use crate::engine::{Chance, Progress, Stopped, run_company};
use crate::forecast::risks::{self, RiskResult};
use crate::forecast::{
    Catalogue, Comparison, Keep, ScenarioColumns, ScenarioForecast, forecast_scenario,
};
use crate::luck::Seed;
use crate::output::folder::StagedFolder;
use crate::output::manifest::{self, FileRecord, Manifest};
use crate::output::new_files::NewFiles;
use crate::output::parquet::{self, EventWriter, Metadata, ReplicateWriter};
use crate::output::workbook::{self, Findings};
use crate::output::{FinishedRun, OutputError, SavingShares, sha256};
use crate::story;
use ignorance::ignorance;
use results::{Results, draw_parameters};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Instant;
use thiserror::Error;

/// Why a run did not finish.
#[derive(Debug, Error)]
pub enum RunError {
    /// The scenario or the call has a mistake.
    #[error("{0}")]
    Mistake(String),
    /// The cohort file has a mistake.
    #[error(transparent)]
    Cohort(#[from] CohortFileError),
    /// Results cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The run was interrupted.
    #[error("interrupted: nothing was written")]
    Interrupted,
}

impl From<Stopped> for RunError {
    fn from(_: Stopped) -> Self {
        Self::Interrupted
    }
}

/// What makes a page of a finished run.
pub type ReportMaker = fn(&FinishedRun) -> Result<String, OutputError>;

/// What is asked of a run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Folder of the results.
    pub out: PathBuf,
    /// Seed, if not the file's.
    pub seed: Option<u64>,
    /// Replicates, if not the file's.
    pub replicates: Option<Range<u32>>,
    /// How precise likelihoods are to be, in place of a number of replicates.
    pub precision: Option<Precision>,
    /// Scenarios to run, by name; all if empty.
    pub scenarios: Vec<String>,
    /// What is kept of every replicate.
    pub kept: Kept,
    /// Replicates whose every event is written.
    pub events: u32,
    /// Whether a workbook and a table of bands for spreadsheets are written.
    pub workbook: bool,
    /// What makes the report that is written with the run, if it is asked for.
    pub report: Option<ReportMaker>,
    /// Arguments of the call, for the record.
    pub arguments: Vec<String>,
}

/// What a run has found.
#[derive(Debug)]
pub struct RunResult {
    /// Scenarios, in the order of the file.
    pub forecasts: Vec<ScenarioForecast>,
    /// Name of the comparison scenario.
    pub comparison: String,
    /// Where the uncertainty comes from.
    pub ignorance: Ignorance,
    /// Which workstream carries the saving, if there are any.
    pub attribution: Option<Attribution>,
    /// The risk register, scenario by scenario.
    pub risks: Vec<RiskResult>,
    /// How precise likelihoods are, where that was asked.
    pub reached: Option<Reached>,
    /// The manifest as written.
    pub manifest: Manifest,
}

impl RunResult {
    /// The scenario that answers the file's question: the main one if it was
    /// played, else the first that was and is not the comparison.
    pub fn answer(&self, plan: &Plan) -> Option<&ScenarioForecast> {
        let main = &plan.models[plan.main_scenario()].scenario;
        let named = |name: &str| self.forecasts.iter().find(|one| one.scenario == name);
        named(main)
            .or_else(|| {
                self.forecasts
                    .iter()
                    .find(|one| one.scenario != self.comparison)
            })
            .or(self.forecasts.first())
    }
}

/// The scenarios and replicates of a run, decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extent {
    /// Indices of the scenarios, in the order of the file.
    pub scenarios: Vec<usize>,
    /// Replicates; the most there may be, where a precision was asked.
    pub replicates: Range<u32>,
    /// Seed.
    pub seed: u64,
}

impl Extent {
    /// What the options ask of a plan.
    ///
    /// # Errors
    /// [`RunError::Mistake`] for a scenario that is not there.
    pub fn new(plan: &Plan, options: &RunOptions) -> Result<Self, RunError> {
        let known: Vec<&str> = plan
            .models
            .iter()
            .map(|model| model.scenario.as_str())
            .collect();
        for name in &options.scenarios {
            if !known.contains(&name.as_str()) {
                let hint = crate::config::mistakes::suggestion(name, known.iter().copied());
                return Err(RunError::Mistake(format!(
                    "error: no scenario is named \"{name}\" in {}\nhint: {hint}\n",
                    plan.file.document.file
                )));
            }
        }
        let scenarios = (0..known.len())
            .filter(|&index| {
                options.scenarios.is_empty()
                    || index == plan.file.comparison
                    || options.scenarios.iter().any(|name| name == known[index])
            })
            .collect();
        let forecast = &plan.config().forecast;
        let replicates = match options.precision {
            Some(precision) => {
                Precision::check(plan)?;
                0..precision.enough_for_any()
            }
            None => options.replicates.clone().unwrap_or(0..forecast.replicates),
        };
        Ok(Self {
            scenarios,
            replicates,
            seed: options.seed.unwrap_or(forecast.seed),
        })
    }

    /// Indices of the scenarios in the order of their names, as files sort them.
    fn by_name(&self, plan: &Plan) -> Vec<usize> {
        let mut order = self.scenarios.clone();
        order.sort_by(|&a, &b| plan.models[a].scenario.cmp(&plan.models[b].scenario));
        order
    }

    /// The scenarios in companies that share lives, each with its scenarios.
    pub fn companies<'p>(&self, plan: &'p Plan) -> Vec<(Company<'p>, Vec<usize>)> {
        let models = self.scenarios.iter().map(|&index| &plan.models[index]);
        let mut companies = companies(models);
        for (_, places) in &mut companies {
            for place in places {
                *place = self.scenarios[*place];
            }
        }
        companies
    }

    /// Bytes that tallies will take at their peak.
    pub fn bytes(&self, plan: &Plan) -> u64 {
        let layout = plan.layout();
        // A count takes one byte or two and a sum of pence four, as long as they fit.
        let cells = layout.count_cells() * 2 + layout.pence_cells() * 4;
        (cells * self.replicates.len() * self.most_held(plan)) as u64
    }

    /// Most scenarios whose tallies are held at once: a company is played as a
    /// whole, and each scenario's tallies stay until its turn by name.
    fn most_held(&self, plan: &Plan) -> usize {
        let companies = self.companies(plan);
        let members = |index: usize| {
            let found = companies.iter().find(|(_, places)| places.contains(&index));
            &found.expect("every scenario is in a company").1
        };
        let mut played = members(plan.file.comparison).clone();
        let (mut held, mut most) = (played.len(), played.len());
        for index in self.by_name(plan) {
            if !played.contains(&index) {
                played.extend(members(index));
                held += members(index).len();
                most = most.max(held);
            }
            held -= 1;
        }
        most
    }
}

/// Tallies of a run's scenarios, played company by company when they are asked
/// for.
struct Tallies<'p> {
    plan: &'p Plan,
    extent: &'p Extent,
    progress: &'p Progress,
    companies: Vec<(Company<'p>, Vec<usize>)>,
    held: Vec<Option<Tiles>>,
}

impl<'p> Tallies<'p> {
    fn new(plan: &'p Plan, extent: &'p Extent, progress: &'p Progress) -> Self {
        Self {
            plan,
            extent,
            progress,
            companies: extent.companies(plan),
            held: plan.models.iter().map(|_| None).collect(),
        }
    }

    /// Reads a scenario's tallies, which stay.
    fn with<T>(&mut self, index: usize, read: impl FnOnce(&Tiles) -> T) -> Result<T, Stopped> {
        let tiles = self.take(index)?;
        let answer = read(&tiles);
        self.held[index] = Some(tiles);
        Ok(answer)
    }

    /// Hands over a scenario's tallies.
    fn take(&mut self, index: usize) -> Result<Tiles, Stopped> {
        if let Some(tiles) = self.held[index].take() {
            return Ok(tiles);
        }
        let mut companies = self.companies.iter();
        let (company, places) = companies
            .find(|(_, places)| places.contains(&index))
            .expect("only scenarios of the run are asked for");
        let played = run_company(
            company,
            &self.plan.numbers,
            Seed(self.extent.seed),
            self.extent.replicates.clone(),
            Chance::Own,
            self.progress,
        )?;
        for (&place, tiles) in places.iter().zip(played) {
            self.held[place] = Some(tiles);
        }
        Ok(self.held[index].take().expect("just played"))
    }
}

/// Plays a plan and writes its folder.
///
/// # Errors
/// [`RunError`]; nothing that looks like a run is left then.
pub fn run(plan: &Plan, options: &RunOptions, progress: &Progress) -> Result<RunResult, RunError> {
    let started = Instant::now();
    let mut extent = Extent::new(plan, options)?;
    let staged = StagedFolder::create(&options.out)?;
    let files = staged.files();
    let text = &plan.file.document.text;
    let metadata = Metadata {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: extent.seed,
        scenario_sha256: sha256(text.as_bytes()),
    };
    if let Some(precision) = options.precision {
        extent.replicates.end = precision.first_round();
    }
    let mut children_of_all_rounds = 0;
    let played = loop {
        progress.replicates.store(0, Ordering::Relaxed);
        progress.children.store(0, Ordering::Relaxed);
        let played = play(plan, &extent, options, files, &metadata, progress)?;
        children_of_all_rounds += progress.children.load(Ordering::Relaxed);
        let next = options
            .precision
            .and_then(|precision| precision.next_round(&played.forecasts));
        match next {
            Some(more) => extent.replicates.end = more,
            None => break played,
        }
    };
    let (ignorance, (draws, summaries)) = rayon::join(
        || ignorance(plan, &extent, &played.main_values, progress),
        || draw_parameters(plan, &extent),
    );
    let ignorance = ignorance?;
    let attribution = attribution(plan, &extent, progress)?;
    let mut records = Vec::new();
    if let Some(attribution) = &attribution {
        records.push(parquet::write_workstreams(files, &metadata, attribution)?);
    }
    if !plan.config().risks.is_empty() {
        records.push(parquet::write_risks(files, &metadata, &played.risks)?);
    }
    if options.events > 0 {
        records.push(write_events(
            plan,
            &extent,
            options.events,
            files,
            &metadata,
        )?);
    }
    let children = progress.children.load(Ordering::Relaxed);
    let mut manifest = Manifest {
        version: metadata.version.clone(),
        seed: extent.seed,
        scenario: manifest::ScenarioFile {
            name: file_name(&plan.file.document.file),
            sha256: metadata.scenario_sha256.clone(),
            text: text.clone(),
        },
        inputs: inputs(plan),
        arguments: options.arguments.clone(),
        scenarios: played
            .forecasts
            .iter()
            .map(|one| one.scenario.clone())
            .collect(),
        comparison: plan.models[plan.file.comparison].scenario.clone(),
        first_replicate: extent.replicates.start,
        replicates: extent.replicates.len() as u32,
        kept: Some(options.kept),
        events: Some(options.events),
        // Known when all files are written.
        wall_seconds: 0.0,
        children_simulated: children,
        children_per_second: 0.0,
        warnings: plan
            .file
            .warnings
            .iter()
            .map(|warning| format!("{}: {}", warning.path, warning.message))
            .collect(),
        parameters: summaries,
        files: records,
    };
    let shares = attribution.as_ref().map(SavingShares::of);
    let results = Results {
        findings: Findings {
            file: &plan.file,
            forecasts: &played.forecasts,
            parameters: &manifest.parameters,
            workstreams: shares,
            warnings: manifest.warnings.clone(),
            identity: workbook::identity(&manifest),
            suppress_small: false,
        },
        draws,
        replicates: played.replicates,
        first_replicate: extent.replicates.start,
    };
    let more = results.write(options.workbook, files, &metadata)?;
    manifest.files.extend(more);
    let seconds = started.elapsed().as_secs_f64();
    manifest.wall_seconds = seconds;
    manifest.children_per_second = children_of_all_rounds as f64 / seconds;
    manifest.files.sort_by(|a, b| a.name.cmp(&b.name));
    if progress.stop.load(Ordering::Relaxed) {
        return Err(RunError::Interrupted);
    }
    if let Some(report) = options.report {
        let record = write_report(files, &manifest, report)?;
        manifest.files.push(record);
        manifest.files.sort_by(|a, b| a.name.cmp(&b.name));
    }
    staged.commit(&manifest)?;
    Ok(RunResult {
        reached: options
            .precision
            .and_then(|precision| Reached::new(precision, &played.forecasts)),
        forecasts: played.forecasts,
        comparison: manifest.comparison.clone(),
        ignorance,
        attribution,
        risks: played.risks,
        manifest,
    })
}

/// Writes the report of a run that is finished but for its last manifest, read
/// back as anybody would read it.
fn write_report(
    files: &NewFiles,
    manifest: &Manifest,
    report: ReportMaker,
) -> Result<FileRecord, RunError> {
    let json = manifest.to_json();
    files.write(manifest::FILE_NAME, |file| file.write_all(json.as_bytes()))?;
    let html = report(&FinishedRun::open(files.folder())?)?;
    Ok(files.write(crate::output::REPORT, |file| {
        file.write_all(html.as_bytes())
    })?)
}

fn file_name(path: &str) -> String {
    Path::new(path).file_name().map_or_else(
        || path.to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn inputs(plan: &Plan) -> Vec<manifest::InputRecord> {
    plan.cohort
        .iter()
        .map(|cohort| manifest::InputRecord {
            name: cohort.name.clone(),
            sha256: sha256(&cohort.bytes),
        })
        .collect()
}

/// The saving of the main scenario's workstreams shared out, or of the first
/// scenario played that takes up any.
fn attribution(
    plan: &Plan,
    extent: &Extent,
    progress: &Progress,
) -> Result<Option<Attribution>, Stopped> {
    let takes_up = |&index: &usize| {
        let workstreams = &plan.file.scenarios[index].workstreams;
        extent.scenarios.contains(&index) && workstreams.iter().any(|one| one.is_on)
    };
    let found = [plan.main_scenario()]
        .into_iter()
        .chain(extent.scenarios.iter().copied())
        .find(takes_up);
    let Some(index) = found else {
        return Ok(None);
    };
    attribute(
        &plan.file.scenarios[index],
        &plan.models[index],
        &plan.numbers,
        Seed(extent.seed),
        extent.replicates.clone(),
        progress,
    )
}

struct Played {
    forecasts: Vec<ScenarioForecast>,
    risks: Vec<RiskResult>,
    /// [`ignorance::main_values`] of the main scenario.
    main_values: Vec<f64>,
    /// The file of replicates, to be finished.
    replicates: Option<ReplicateWriter>,
}

/// Plays every scenario; the replicates file is written as they pass by, in
/// the order of their names.
fn play(
    plan: &Plan,
    extent: &Extent,
    options: &RunOptions,
    files: &NewFiles,
    metadata: &Metadata,
    progress: &Progress,
) -> Result<Played, RunError> {
    let layout = plan.layout();
    let population = plan.child_population();
    let actuals = plan.actuals_to_date();
    let context = plan.context(&population, &actuals);
    let catalogue = Catalogue::new(layout, &context);
    let mut tallies = Tallies::new(plan, extent, progress);
    let comparison = match extent.scenarios.len() {
        1 => Comparison::with_itself(extent.replicates.len()),
        _ => tallies.with(plan.file.comparison, |tiles| Comparison::new(layout, tiles))?,
    };
    let mut writer = match options.kept {
        Kept::Nothing => None,
        _ => Some(ReplicateWriter::create(files, metadata)?),
    };
    let keep = match options.kept {
        Kept::Everything => Keep::All,
        _ => Keep::Headlines,
    };
    let mut forecasts: Vec<(usize, ScenarioForecast)> = Vec::new();
    let mut risks: Vec<(usize, RiskResult)> = Vec::new();
    let mut main_values = Vec::new();
    for index in extent.by_name(plan) {
        let tiles = tallies.take(index)?;
        let scenario = &plan.models[index].scenario;
        if index == plan.main_scenario() {
            main_values = ignorance::main_values(plan, extent, &tiles);
        }
        let columns = ScenarioColumns::new(&catalogue, &tiles, &comparison);
        let write_replicates = || match &mut writer {
            Some(writer) => columns.each_group(keep, |group| {
                writer.write(scenario, extent.replicates.start, group)
            }),
            None => Ok(()),
        };
        let (forecast, written) = rayon::join(
            || forecast_scenario(scenario, &columns, context.targets),
            write_replicates,
        );
        written?;
        forecasts.push((index, forecast));
        for risk in &plan.config().risks {
            risks.push((index, risks::judge(scenario, &columns, risk)));
        }
    }
    forecasts.sort_by_key(|(index, _)| *index);
    risks.sort_by_key(|(index, _)| *index);
    Ok(Played {
        forecasts: forecasts
            .into_iter()
            .map(|(_, forecast)| forecast)
            .collect(),
        risks: risks.into_iter().map(|(_, risk)| risk).collect(),
        main_values,
        replicates: writer,
    })
}

fn write_events(
    plan: &Plan,
    extent: &Extent,
    count: u32,
    files: &NewFiles,
    metadata: &Metadata,
) -> Result<FileRecord, RunError> {
    let mut writer = EventWriter::create(files, metadata)?;
    for index in extent.by_name(plan) {
        let teller = story::Teller::new(&plan.file.scenarios[index], &plan.models[index]);
        for replicate in extent.replicates.clone().take(count as usize) {
            let notes = crate::engine::listen(
                &plan.models[index],
                &plan.numbers,
                Seed(extent.seed),
                replicate,
            );
            writer.write(&plan.models[index].scenario, &teller.rows(replicate, notes))?;
        }
    }
    Ok(writer.finish()?)
}

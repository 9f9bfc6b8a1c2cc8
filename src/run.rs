//! A whole run: from a checked scenario file to a folder of results.

use crate::cohort_file::{self, CohortFile, CohortFileError};
use crate::config::targets as promised;
use crate::config::{Config, ScenarioFile};
use crate::engine::tiles::{TILE, Tiles};
use crate::engine::{Chance, Progress, Stopped, run_replicates};
use crate::forecast::targets::{Direction, Target, Test};
use crate::forecast::variance::{Share, parameter_share};
use crate::forecast::{ActualToDate, Catalogue, Comparison, Context, Keep, ScenarioColumns};
use crate::forecast::{ScenarioForecast, forecast_scenario};
use crate::luck::Seed;
use crate::model::Model;
use crate::model::clocks::Curves;
use crate::model::layout::{Kind, Layout, Period};
use crate::model::numbers::ParameterSet;
use crate::output::folder::StagedFolder;
use crate::output::manifest::{self, FileRecord, Manifest, ParameterSummary};
use crate::output::parquet::{self, EventWriter, Metadata, ParameterWriter, ReplicateWriter};
use crate::output::{OutputError, sha256};
use crate::story;
use std::ops::Range;
use std::path::{Path, PathBuf};
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

/// Which values of every replicate are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// None.
    Nothing,
    /// Headline totals.
    Headlines,
    /// Every series.
    Everything,
}

/// What is asked of a run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Folder of the results.
    pub out: PathBuf,
    /// Seed, if not the file's.
    pub seed: Option<u64>,
    /// Replicates, if not the file's.
    pub replicates: Option<Range<u32>>,
    /// Scenarios to run, by name; all if empty.
    pub scenarios: Vec<String>,
    /// What is kept of every replicate.
    pub kept: Kept,
    /// Replicates whose every event is written.
    pub events: u32,
    /// Arguments of the call, for the record.
    pub arguments: Vec<String>,
}

/// A scenario file made ready to play.
#[derive(Debug)]
pub struct Plan {
    /// The file.
    pub file: ScenarioFile,
    /// Models, in the order of the file's scenarios.
    pub models: Vec<Model>,
    /// Uncertain quantities of all of them.
    pub numbers: ParameterSet,
    /// The cohort file, if the scenario names one.
    pub cohort: Option<CohortFile>,
    /// Targets.
    pub targets: Vec<Target>,
}

impl Plan {
    /// Makes a checked file ready, reading its cohort file.
    ///
    /// # Errors
    /// [`RunError::Cohort`], or [`RunError::Mistake`] where a target names what
    /// the model does not count.
    pub fn new(path: &Path, file: ScenarioFile) -> Result<Self, RunError> {
        let cohort = cohort_file::read(path, &file.scenarios[0])?;
        let children = cohort.as_ref().map(|cohort| cohort.children.as_slice());
        let mut numbers = ParameterSet::default();
        let mut curves = Curves::default();
        let models: Vec<Model> = file
            .scenarios
            .iter()
            .map(|config| Model::new(config, children, &mut curves, &mut numbers))
            .collect();
        let targets: Vec<Target> = file.scenarios[0].targets.iter().map(target).collect();
        let plan = Self {
            file,
            models,
            numbers,
            cohort,
            targets,
        };
        plan.check_layouts()?;
        plan.check_targets()?;
        Ok(plan)
    }

    /// The layout that all scenarios share.
    pub fn layout(&self) -> &Layout {
        &self.models[0].reporting.layout
    }

    /// The first scenario's configuration: what is the same for all.
    pub fn config(&self) -> &Config {
        &self.file.scenarios[0]
    }

    fn check_layouts(&self) -> Result<(), RunError> {
        for model in &self.models {
            if model.reporting.layout.series() != self.layout().series() {
                return Err(RunError::Mistake(format!(
                    "error: {}: scenario \"{}\" counts other things than \"{}\": a scenario may change numbers, not names or stages\n",
                    self.file.document.file, model.scenario, self.models[0].scenario
                )));
            }
        }
        Ok(())
    }

    fn check_targets(&self) -> Result<(), RunError> {
        let population = self.child_population();
        let actuals = self.actuals_to_date();
        let context = self.context(&population, &actuals);
        let catalogue = Catalogue::new(self.layout(), &context);
        let mut report = String::new();
        for target in &self.targets {
            if let Err(error) = catalogue.check(target) {
                report.push_str(&format!("error: {}: {error}\n", self.file.document.file));
            }
        }
        if report.is_empty() {
            Ok(())
        } else {
            Err(RunError::Mistake(report))
        }
    }

    fn child_population(&self) -> Vec<Option<f64>> {
        vec![self.config().forecast.child_population; self.layout().calendar().months()]
    }

    fn actuals_to_date(&self) -> Vec<ActualToDate> {
        let spent = &self.config().money.spent_to_date;
        let total: i64 = spent.iter().map(|(_, pence)| pence).sum();
        let categories = spent.iter().map(|(category, pence)| ActualToDate {
            metric: "spend".to_owned(),
            segment_by: "category".to_owned(),
            segment: category.word().to_owned(),
            pence: *pence,
        });
        let all = (!spent.is_empty()).then(|| ActualToDate {
            metric: "spend".to_owned(),
            segment_by: "all".to_owned(),
            segment: "all".to_owned(),
            pence: total,
        });
        categories.chain(all).collect()
    }

    fn context<'a>(
        &'a self,
        child_population: &'a [Option<f64>],
        actuals_to_date: &'a [ActualToDate],
    ) -> Context<'a> {
        Context {
            targets: &self.targets,
            child_population,
            actuals_to_date,
        }
    }

    /// Index of the scenario that answers the file's question.
    pub fn main_scenario(&self) -> usize {
        let forecast = &self.config().forecast;
        let named = forecast
            .main_scenario
            .as_ref()
            .and_then(|name| self.models.iter().position(|model| model.scenario == *name));
        let other = (0..self.models.len()).find(|index| *index != self.file.comparison);
        named.or(other).unwrap_or(0)
    }

    /// Index of the target that answers it.
    pub fn main_target(&self) -> Option<usize> {
        let named = self.config().forecast.main_target.as_ref();
        let found = named.and_then(|name| self.targets.iter().position(|one| one.name == *name));
        found.or((!self.targets.is_empty()).then_some(0))
    }
}

fn target(target: &promised::Target) -> Target {
    Target {
        name: target.name.clone(),
        metric: target.metric.clone(),
        segment_by: target.segment_by.clone(),
        segment: target.segment.clone(),
        date: target.by,
        direction: if target.is_at_most {
            Direction::AtMost
        } else {
            Direction::AtLeast
        },
        threshold: target.threshold,
        test: match target.test {
            promised::Test::OnDate => Test::OnDate,
            promised::Test::EverBy => Test::EverBy,
        },
    }
}

/// How much of a figure's uncertainty is ignorance, and how much chance.
#[derive(Debug, Clone, PartialEq)]
pub struct Ignorance {
    /// Scenario.
    pub scenario: String,
    /// What the figure is, in words.
    pub figure: String,
    /// Share of its variance that uncertain parameters cause.
    pub share: Option<Share>,
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
    /// Replicates.
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
        Ok(Self {
            scenarios,
            replicates: options.replicates.clone().unwrap_or(0..forecast.replicates),
            seed: options.seed.unwrap_or(forecast.seed),
        })
    }

    /// Indices of the scenarios in the order of their names, as files sort them.
    fn by_name(&self, plan: &Plan) -> Vec<usize> {
        let mut order = self.scenarios.clone();
        order.sort_by(|&a, &b| plan.models[a].scenario.cmp(&plan.models[b].scenario));
        order
    }

    /// Bytes that tallies will take at their peak.
    pub fn bytes(&self, plan: &Plan) -> u64 {
        let layout = plan.layout();
        let cells = layout.count_cells() * 4 + layout.pence_cells() * 8;
        // The comparison's tallies stay while the others pass by.
        let held = self.scenarios.len().min(2);
        let replicates = self.replicates.len().next_multiple_of(TILE);
        (cells * replicates * held) as u64
    }
}

/// Plays a plan and writes its folder.
///
/// # Errors
/// [`RunError`]; nothing that looks like a run is left then.
pub fn run(plan: &Plan, options: &RunOptions, progress: &Progress) -> Result<RunResult, RunError> {
    let started = Instant::now();
    let extent = Extent::new(plan, options)?;
    let staged = StagedFolder::create(&options.out)?;
    let text = &plan.file.document.text;
    let metadata = Metadata {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: extent.seed,
        scenario_sha256: sha256(text.as_bytes()),
    };
    let mut played = play(plan, &extent, options, &staged, &metadata, progress)?;
    let ignorance = ignorance(plan, &extent, progress)?;
    let mut files = Vec::new();
    let forecasts: Vec<&ScenarioForecast> = played.forecasts.iter().collect();
    files.push(parquet::write_bands(staged.path(), &metadata, &forecasts)?);
    files.push(parquet::write_targets(
        staged.path(),
        &metadata,
        &forecasts,
    )?);
    files.append(&mut played.files);
    let (parameters, summaries) = write_parameters(plan, &extent, &staged, &metadata)?;
    files.push(parameters);
    if options.events > 0 {
        files.push(write_events(
            plan,
            &extent,
            options.events,
            &staged,
            &metadata,
        )?);
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let children = progress.children.load(std::sync::atomic::Ordering::Relaxed);
    let seconds = started.elapsed().as_secs_f64();
    let manifest = Manifest {
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
        wall_seconds: seconds,
        children_simulated: children,
        children_per_second: children as f64 / seconds,
        warnings: plan
            .file
            .warnings
            .iter()
            .map(|warning| format!("{}: {}", warning.path, warning.message))
            .collect(),
        parameters: summaries,
        files,
    };
    if progress.stop.load(std::sync::atomic::Ordering::Relaxed) {
        return Err(RunError::Interrupted);
    }
    staged.commit(&manifest)?;
    Ok(RunResult {
        forecasts: played.forecasts,
        comparison: manifest.comparison.clone(),
        ignorance,
        manifest,
    })
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

struct Played {
    forecasts: Vec<ScenarioForecast>,
    files: Vec<FileRecord>,
}

/// Plays every scenario; the replicates file is written as they pass by, in
/// the order of their names.
fn play(
    plan: &Plan,
    extent: &Extent,
    options: &RunOptions,
    staged: &StagedFolder,
    metadata: &Metadata,
    progress: &Progress,
) -> Result<Played, RunError> {
    let layout = plan.layout();
    let population = plan.child_population();
    let actuals = plan.actuals_to_date();
    let context = plan.context(&population, &actuals);
    let tiles_of = |index: usize| -> Result<Tiles, Stopped> {
        run_replicates(
            &plan.models[index],
            &plan.numbers,
            Seed(extent.seed),
            extent.replicates.clone(),
            Chance::Own,
            progress,
        )
    };
    let compared = tiles_of(plan.file.comparison)?;
    let comparison = Comparison::new(layout, &compared);
    let mut compared = Some(compared);
    let mut writer = match options.kept {
        Kept::Nothing => None,
        _ => Some(ReplicateWriter::create(staged.path(), metadata)?),
    };
    let keep = match options.kept {
        Kept::Everything => Keep::All,
        _ => Keep::Headlines,
    };
    let mut forecasts: Vec<(usize, ScenarioForecast)> = Vec::new();
    for index in extent.by_name(plan) {
        let tiles = match compared.take() {
            Some(tiles) if index == plan.file.comparison => tiles,
            held => {
                compared = held;
                tiles_of(index)?
            }
        };
        let scenario = &plan.models[index].scenario;
        forecasts.push((
            index,
            forecast_scenario(scenario, layout, &tiles, &comparison, &context),
        ));
        if let Some(writer) = &mut writer {
            let columns = ScenarioColumns::new(layout, &tiles, &comparison, &context);
            for group in columns.groups(keep) {
                writer.write(scenario, extent.replicates.start, &group)?;
            }
        }
    }
    forecasts.sort_by_key(|(index, _)| *index);
    let files = match writer {
        Some(writer) => vec![writer.finish()?],
        None => Vec::new(),
    };
    Ok(Played {
        forecasts: forecasts
            .into_iter()
            .map(|(_, forecast)| forecast)
            .collect(),
        files,
    })
}

/// Fewest and most pairs of futures that part ignorance from chance.
const PAIRS: Range<u32> = 200..1_000;

/// Plays a second future under the parameters of some replicates of the main
/// scenario, to part what we do not know from what is chance.
fn ignorance(plan: &Plan, extent: &Extent, progress: &Progress) -> Result<Ignorance, RunError> {
    let index = plan.main_scenario();
    let model = &plan.models[index];
    let layout = plan.layout();
    let (series, period) = main_figure(plan);
    let pairs = (extent.replicates.len() as u32 / 10).clamp(PAIRS.start, PAIRS.end);
    let range = extent.replicates.start..extent.replicates.start + pairs;
    let figure = format!(
        "{} on {}",
        layout.series()[series].metric,
        layout.period_date(period).format("%-d %B %Y")
    );
    let scenario = model.scenario.clone();
    if range.end > extent.replicates.end {
        return Ok(Ignorance {
            scenario,
            figure,
            share: None,
        });
    }
    let values = |chance: Chance| -> Result<Vec<f64>, Stopped> {
        let uncounted = Progress::default();
        if progress.stop.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(Stopped);
        }
        let tiles = run_replicates(
            model,
            &plan.numbers,
            Seed(extent.seed),
            range.clone(),
            chance,
            &uncounted,
        )?;
        let column = tiles.column(layout, series, period);
        Ok(column.into_iter().map(|value| value as f64).collect())
    };
    let share = parameter_share(&values(Chance::Own)?, &values(Chance::Twin)?);
    Ok(Ignorance {
        scenario,
        figure,
        share,
    })
}

/// The series and period that the main target speaks of, or the population at
/// the end.
fn main_figure(plan: &Plan) -> (usize, Period) {
    let layout = plan.layout();
    let population = layout
        .find("population", "all", "all")
        .expect("every model counts its population");
    let last = Period::Month(layout.calendar().months() - 1);
    let Some(target) = plan.main_target().map(|index| &plan.targets[index]) else {
        return (population, last);
    };
    let series = layout
        .find(&target.metric, &target.segment_by, &target.segment)
        .unwrap_or(population);
    let month = layout
        .calendar()
        .month_ending(target.date)
        .map(Period::Month);
    let year = layout
        .calendar()
        .financial_year_ending(target.date)
        .map(Period::FinancialYear);
    let period = match layout.series()[series].kind {
        Kind::Stock => month,
        Kind::Flow => year.or(month),
    };
    (series, period.unwrap_or(last))
}

fn write_parameters(
    plan: &Plan,
    extent: &Extent,
    staged: &StagedFolder,
    metadata: &Metadata,
) -> Result<(FileRecord, Vec<ParameterSummary>), RunError> {
    let seed = Seed(extent.seed);
    let draws: Vec<Vec<f64>> = extent
        .replicates
        .clone()
        .map(|replicate| plan.numbers.draw(&seed.replicate(replicate)))
        .collect();
    let mut named: Vec<(String, usize)> = plan.parameter_names().into_iter().zip(0..).collect();
    named.sort();
    let mut writer = ParameterWriter::create(staged.path(), metadata)?;
    let mut summaries = Vec::new();
    for (name, index) in named {
        let mut values: Vec<f64> = draws.iter().map(|draw| draw[index]).collect();
        writer.write(&name, extent.replicates.start, &values)?;
        values.sort_unstable_by(f64::total_cmp);
        let at = |level| crate::forecast::quantiles::quantile(&values, level);
        summaries.push(ParameterSummary {
            mean: values.iter().sum::<f64>() / values.len() as f64,
            p10: at(0.1),
            p50: at(0.5),
            p90: at(0.9),
            source: plan.source_of(index),
            name,
        });
    }
    Ok((writer.finish()?, summaries))
}

impl Plan {
    /// A name for each parameter: its path, and the scenario where a path has
    /// several laws.
    pub fn parameter_names(&self) -> Vec<String> {
        let parameters = self.numbers.parameters();
        parameters
            .iter()
            .enumerate()
            .map(|(index, parameter)| {
                let before = parameters[..index]
                    .iter()
                    .filter(|one| one.path == parameter.path)
                    .count();
                match before {
                    0 => parameter.path.clone(),
                    again => format!("{} (otherwise {again})", parameter.path),
                }
            })
            .collect()
    }

    fn source_of(&self, parameter: usize) -> Option<String> {
        let path = &self.numbers.parameters()[parameter].path;
        let assumptions = self
            .file
            .scenarios
            .iter()
            .flat_map(|config| &config.assumptions);
        assumptions
            .filter(|assumption| assumption.quantity.path == *path)
            .find_map(|assumption| assumption.source.clone())
    }
}

fn write_events(
    plan: &Plan,
    extent: &Extent,
    count: u32,
    staged: &StagedFolder,
    metadata: &Metadata,
) -> Result<FileRecord, RunError> {
    let mut writer = EventWriter::create(staged.path(), metadata)?;
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

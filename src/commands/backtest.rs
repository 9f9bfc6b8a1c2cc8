//! `lacsim backtest`: forecasts from past dates beside what happened.

use super::{Failure, index_of, load, print, stop_on_interrupt, threads};
use crate::backtest::history::{HistoryOptions, backtest_history};
use crate::backtest::returns::{Origins, ReturnOptions, backtest_return, calibrated};
use crate::backtest::{Backtest, words};
use crate::cli::BacktestArgs;
use crate::engine::Progress;
use crate::forecast::hindcasts::{BASELINES, Hindcast};
use crate::output::backtest::FILE_NAME;
use crate::output::manifest::{InputRecord, Manifest, ScenarioFile};
use crate::output::parquet::{Metadata, write_backtest};
use crate::output::{OutputError, StagedFolder, sha256};
use crate::run::RunError;
use crate::ssda903;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Futures from each origin, where none are asked for.
const REPLICATES: u32 = 1_000;

/// Years ahead, where none are asked for.
const HORIZONS: [u32; 3] = [1, 2, 3];

pub(super) fn backtest_command(args: &BacktestArgs) -> Result<ExitCode, Failure> {
    let out = args.out.clone().unwrap_or_else(|| default_out(&args.past));
    refuse_runs(&out)?;
    let progress = Arc::new(Progress::default());
    stop_on_interrupt(&progress);
    let threads = threads(args.threads)?;
    let started = Instant::now();
    let (backtest, source) = threads.install(|| {
        if is_return(&args.past) {
            of_return(args, &progress)
        } else {
            of_history(args, &progress)
        }
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let manifest = write(&out, &backtest, source, &progress, seconds)?;
    if args.json {
        print(&json(&backtest))?;
    } else if !args.quiet {
        print(&words::text(&backtest))?;
        print(&format!(
            "Written to {}: {FILE_NAME}, manifest.json ({:.1} s)\n",
            out.display(),
            manifest.wall_seconds
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn default_out(past: &Path) -> PathBuf {
    let stem = past.file_stem().unwrap_or_default().to_string_lossy();
    PathBuf::from("outputs").join(format!("{stem}-backtest"))
}

/// A back-test takes the place of a back-test, never of a run.
fn refuse_runs(out: &Path) -> Result<(), Failure> {
    let is_backtest =
        |manifest: &Manifest| manifest.files.iter().any(|file| file.name == FILE_NAME);
    match Manifest::read(out) {
        Ok(manifest) if !is_backtest(&manifest) => Err(Failure::could_not(format!(
            "error: {}: holds a run, which is left as it is\nhint: give a back-test a folder of its own with --out\n",
            out.display()
        ))),
        _ => Ok(()),
    }
}

/// What a back-test was made of, for the record.
struct Source {
    scenario: ScenarioFile,
    inputs: Vec<InputRecord>,
}

/// A folder, or a table of its own, is a return; all else a scenario file.
fn is_return(past: &Path) -> bool {
    past.is_dir()
        || past
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}

fn of_return(args: &BacktestArgs, progress: &Progress) -> Result<(Backtest, Source), Failure> {
    if args.scenario.is_some() {
        return Err(Failure::mistake(
            "error: --scenario goes with a scenario file, not with a return\n",
        ));
    }
    let returned = ssda903::read(&args.past)?;
    let mut horizons = match args.horizons.as_slice() {
        [] => HORIZONS.to_vec(),
        given => given.to_vec(),
    };
    horizons.sort_unstable();
    horizons.dedup();
    let options = ReturnOptions {
        origins: args.origins.clone().unwrap_or(Origins::Yearly),
        horizons,
        replicates: args.replicates.unwrap_or(REPLICATES),
        seed: args.seed.unwrap_or(1),
    };
    let folder = std::fs::canonicalize(&args.past).unwrap_or_else(|_| args.past.clone());
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let title = format!(
        "SSDA903 return {name}, {} to {}",
        returned.first_day, returned.last_day
    );
    let backtest = backtest_return(&title, &returned, &options, calibrated, progress)?;
    let inputs = inputs(&args.past, &returned.repairs.files)?;
    let listing: Vec<String> = inputs
        .iter()
        .map(|input| format!("{} {}\n", input.sha256, input.name))
        .collect();
    // No scenario file is read: each origin has a scenario of its own.
    let scenario = ScenarioFile {
        name,
        sha256: sha256(listing.concat().as_bytes()),
        text: String::new(),
    };
    Ok((backtest, Source { scenario, inputs }))
}

/// The hash of every file of a return.
fn inputs(past: &Path, names: &[String]) -> Result<Vec<InputRecord>, Failure> {
    names
        .iter()
        .map(|name| {
            let path = if past.is_dir() {
                past.join(name)
            } else {
                past.to_owned()
            };
            let bytes = std::fs::read(&path).map_err(|error| {
                Failure::could_not(format!("error: {}: cannot read: {error}\n", path.display()))
            })?;
            Ok(InputRecord {
                name: name.clone(),
                sha256: sha256(&bytes),
            })
        })
        .collect()
}

/// A back-test of a scenario file on its history.
fn of_history(args: &BacktestArgs, progress: &Progress) -> Result<(Backtest, Source), Failure> {
    let path = &args.past;
    if args.origins.is_some() || !args.horizons.is_empty() {
        return Err(Failure::mistake(
            "error: --origins and --horizons go with a return: a scenario file has the dates of its history\n",
        ));
    }
    let file = load(path)?;
    let scenario = match &args.scenario {
        None => file.comparison,
        Some(name) => {
            let known = file.scenarios.iter().map(|config| config.scenario.as_str());
            index_of("scenario", name, known)?
        }
    };
    let options = HistoryOptions {
        scenario,
        replicates: args.replicates.unwrap_or(REPLICATES),
        seed: args.seed.unwrap_or(file.scenarios[0].forecast.seed),
    };
    let backtest = backtest_history(path, &file, &options, progress)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let scenario = ScenarioFile {
        name: name.into_owned(),
        sha256: sha256(file.document.text.as_bytes()),
        text: file.document.text,
    };
    let inputs = Vec::new();
    Ok((backtest, Source { scenario, inputs }))
}

fn write(
    out: &Path,
    backtest: &Backtest,
    source: Source,
    progress: &Progress,
    seconds: f64,
) -> Result<Manifest, Failure> {
    let staged = StagedFolder::create(out).map_err(RunError::from)?;
    let metadata = Metadata {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: backtest.seed,
        scenario_sha256: source.scenario.sha256.clone(),
    };
    let file =
        write_backtest(staged.files(), &metadata, &backtest.hindcasts).map_err(RunError::from)?;
    let children = progress.children.load(Ordering::Relaxed);
    let manifest = Manifest {
        version: metadata.version,
        seed: backtest.seed,
        scenario: source.scenario,
        inputs: source.inputs,
        arguments: std::env::args_os()
            .skip(1)
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect(),
        scenarios: Vec::new(),
        comparison: String::new(),
        first_replicate: 0,
        replicates: backtest.replicates,
        wall_seconds: seconds,
        children_simulated: children,
        children_per_second: children as f64 / seconds,
        warnings: backtest.notes.clone(),
        parameters: Vec::new(),
        kept: None,
        events: None,
        files: vec![file],
    };
    if progress.stop.load(Ordering::Relaxed) {
        return Err(RunError::Interrupted.into());
    }
    staged
        .commit(&manifest)
        .map_err(|error: OutputError| Failure::from(RunError::from(error)))?;
    Ok(manifest)
}

/// The back-test for programs.
fn json(backtest: &Backtest) -> String {
    let hindcasts: Vec<serde_json::Value> = backtest.hindcasts.iter().map(hindcast_json).collect();
    let published: Vec<serde_json::Value> = backtest
        .published
        .iter()
        .map(|row| {
            serde_json::json!({
                "line": row.line, "date": row.date.to_string(),
                "published": row.published, "observed": row.observed,
            })
        })
        .collect();
    let scorecards: Vec<serde_json::Value> = backtest
        .scorecards()
        .iter()
        .map(|card| {
            let mut value = serde_json::json!(card);
            value["in_words"] = words::verdict(card).into();
            value
        })
        .collect();
    let value = serde_json::json!({
        "backtest": backtest.title,
        "replicates": backtest.replicates,
        "seed": backtest.seed,
        "notes": backtest.notes,
        "forecasts": hindcasts,
        "published": published,
        "overall": scorecards,
    });
    format!("{value:#}\n")
}

fn hindcast_json(one: &Hindcast) -> serde_json::Value {
    let p = one.percentiles;
    let [inside_50, inside_80, inside_90] = one.inside();
    let rules: serde_json::Map<String, serde_json::Value> = BASELINES
        .iter()
        .zip(one.baselines)
        .filter_map(|(name, said)| {
            let said = said?;
            let value = serde_json::json!({ "mean": said.mean, "sd": said.sd, "crps": said.crps });
            Some(((*name).to_owned(), value))
        })
        .collect();
    serde_json::json!({
        "metric": one.metric,
        "origin": one.origin.to_string(),
        "since": one.since.map(|since| since.to_string()),
        "date": one.date.to_string(),
        "observed": one.observed, "mean": one.mean, "sd": one.sd,
        "p05": p[0], "p10": p[1], "p25": p[2], "p50": p[3], "p75": p[4], "p90": p[5], "p95": p[6],
        "inside_50": inside_50, "inside_80": inside_80, "inside_90": inside_90,
        "pit": one.pit, "crps": one.crps, "rules": rules,
    })
}

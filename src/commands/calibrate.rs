//! `lacsim calibrate`.

use super::{Failure, print};
use crate::calibrate::{CalibrateOptions, calibrate};
use crate::cli::CalibrateArgs;
use crate::config;
use crate::ssda903::{self, Return};
use crate::summary::quoted;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(super) fn calibrate_command(args: &CalibrateArgs) -> Result<ExitCode, Failure> {
    let returned = ssda903::read(&args.folder)?;
    let place = Place::of(args)?;
    let options = CalibrateOptions {
        as_at: args.as_at,
        since: args.since,
        name: format!("{}, as at {}", place.stem, args.as_at.format("%-d %B %Y")),
        cohort_file: place.cohort_name.clone(),
    };
    let fit = calibrate(&returned, &options).map_err(|error| {
        Failure::mistake(format!("error: {}: {error}\n", args.folder.display()))
    })?;
    let scenario = fit.scenario();
    // What is written must run: the language's own checks have the last word.
    config::load(&place.scenario.display().to_string(), &scenario).map_err(|report| {
        Failure::could_not(format!(
            "error: the scenario that was estimated is not sound, and was not written\n{report}"
        ))
    })?;
    place.write(&fit.cohort.csv(), &scenario)?;
    let shown = quoted(&place.scenario.display().to_string());
    print(&format!(
        "{}{}Written to {}, with the children in care in {} (random ids, months of birth{}).\nNext: lacsim check {shown}, then lacsim run {shown}\n",
        fit.story(),
        repairs(&returned),
        place.scenario.display(),
        place.cohort.display(),
        if cfg!(unix) {
            "; readable by you alone"
        } else {
            ""
        },
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// How many rows were put right or left out, in a line.
fn repairs(returned: &Return) -> String {
    use crate::ssda903::repairs::{Outcome, Rule};
    let count = |outcome: Outcome| -> usize {
        Rule::ALL
            .iter()
            .filter(|rule| rule.outcome() == outcome)
            .map(|&rule| returned.repairs.count(rule))
            .sum()
    };
    format!(
        "Reading: {} places put right, {} left out, {} worth a look; `lacsim inspect` tells which.\n",
        count(Outcome::Repaired),
        count(Outcome::LeftOut),
        count(Outcome::Noticed)
    )
}

/// Where the scenario and its cohort file go.
struct Place {
    stem: String,
    scenario: PathBuf,
    cohort: PathBuf,
    cohort_name: String,
}

impl Place {
    fn of(args: &CalibrateArgs) -> Result<Self, Failure> {
        let folder = fs::canonicalize(&args.folder).unwrap_or_else(|_| args.folder.clone());
        let name = folder.file_name().map_or_else(
            || "return".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        );
        let scenario = args
            .out
            .clone()
            .unwrap_or_else(|| PathBuf::from(format!("{name}.toml")));
        let stem = scenario
            .file_stem()
            .map_or_else(|| name.clone(), |stem| stem.to_string_lossy().into_owned());
        let cohort_name = format!("{stem}-cohort.csv");
        let cohort = scenario.with_file_name(&cohort_name);
        for path in [&scenario, &cohort] {
            if path.exists() {
                return Err(Failure::mistake(format!(
                    "error: {}: is there already, and is left as it is\nhint: name another file with --out\n",
                    path.display()
                )));
            }
        }
        Ok(Self {
            stem,
            scenario,
            cohort,
            cohort_name,
        })
    }

    /// Writes the cohort, then the scenario that names it.
    fn write(&self, cohort: &str, scenario: &str) -> Result<(), Failure> {
        let written = write_new(&self.cohort, cohort, true)
            .and_then(|()| write_new(&self.scenario, scenario, false));
        if written.is_err() {
            // No half of the pair is left behind.
            let _ = fs::remove_file(&self.cohort);
        }
        written
    }
}

/// Writes a file beside its place and moves it there; a file about children is
/// readable by its owner alone.
fn write_new(path: &Path, text: &str, is_private: bool) -> Result<(), Failure> {
    let could_not = |error: std::io::Error| {
        Failure::could_not(format!(
            "error: {}: cannot write: {error}\n",
            path.display()
        ))
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.lacsim-new"));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if is_private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = is_private;
    // A leftover of a killed call keeps its mode if it is opened again.
    let _ = fs::remove_file(&beside);
    let result = options
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, path));
    if result.is_err() {
        let _ = fs::remove_file(&beside);
    }
    result.map_err(could_not)
}

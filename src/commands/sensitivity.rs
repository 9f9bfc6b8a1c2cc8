//! `sensitivity`.

use super::{Failure, chain, index_of, plan_of_run, print, print_json, stop_on_interrupt};
use crate::cli::SensitivityArgs;
use crate::config::mistakes::suggestion;
use crate::engine::Progress;
use crate::forecast::ScenarioForecast;
use crate::output::FinishedRun;
use crate::run::RunError;
use crate::sensitivity::capacity::add_capacity;
use crate::sensitivity::sobol::{Design, add_indices};
use crate::sensitivity::{Figure, SensitivityError, analyse, write};
use std::process::ExitCode;
use std::sync::Arc;

impl From<SensitivityError> for Failure {
    fn from(error: SensitivityError) -> Self {
        match error {
            SensitivityError::Stopped => RunError::Interrupted.into(),
            other => Self::could_not(chain(&other)),
        }
    }
}

pub(super) fn sensitivity_command(args: &SensitivityArgs) -> Result<ExitCode, Failure> {
    let run = FinishedRun::open(&args.run)?;
    let forecast = scenario(&run, args.scenario.as_deref())?;
    let figure = match &args.target {
        Some(name) => figure(forecast, name)?,
        None => Figure::main(&run),
    };
    let mut found = analyse(&run, &forecast.scenario, &figure)?;
    let plan = || plan_of_run(&run, args.scenario_file.as_deref());
    let progress = Arc::new(Progress::default());
    stop_on_interrupt(&progress);
    if args.capacity && found.parts.is_none() {
        add_capacity(&mut found, &run, &plan()?, &progress)?;
    }
    if let Some(futures) = args.sobol {
        let plan = plan()?;
        let design = Design {
            seed: run.manifest().seed,
            first_replicate: run.manifest().first_replicate,
            futures,
        };
        add_indices(&mut found, &plan, design, &progress).map_err(RunError::from)?;
        if found.chance_sobol.is_none() {
            return Err(Failure::mistake(format!(
                "error: {} is not counted but worked out: it has no Sobol' indices\nhint: name a target of a counted metric with --target\n",
                figure.words()
            )));
        }
    }
    // What has been found is told, wherever it cannot be written.
    if args.json {
        print_json(&found)?;
    } else {
        print(&found.to_string())?;
    }
    if let Some(file) = &args.out {
        write(&run, &found, file)?;
        if !args.json {
            print(&format!("Written to {}\n", file.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The scenario of this name, or the one that answers the file's question.
fn scenario<'a>(run: &'a FinishedRun, name: Option<&str>) -> Result<&'a ScenarioForecast, Failure> {
    let Some(name) = name else {
        let none = || Failure::could_not("error: the run holds no scenario\n");
        return run.answer().ok_or_else(none);
    };
    run.forecast(name).ok_or_else(|| {
        let known = run.forecasts().iter().map(|one| one.scenario.as_str());
        Failure::mistake(format!(
            "error: the run holds no scenario named \"{name}\"\nhint: {}\n",
            suggestion(name, known)
        ))
    })
}

fn figure(forecast: &ScenarioForecast, name: &str) -> Result<Figure, Failure> {
    let known = forecast.targets.iter().map(|one| one.target.name.as_str());
    let index = index_of("target", name, known)?;
    Ok(Figure::of(&forecast.targets[index]))
}

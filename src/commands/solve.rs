//! `solve`: what would it take?

use super::{Failure, index_of, plan, plan_of_run, print, stop_on_interrupt, threads};
use crate::cli::SolveArgs;
use crate::config::{levers, variant::Variant};
use crate::engine::Progress;
use crate::output::finished::FinishedRun;
use crate::run::{Plan, RunError};
use crate::solve::answer::{Answer, FILE_NAME};
use crate::solve::{self, Question, text};
use crate::summary::grouped;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

pub(super) fn solve_command(args: &SolveArgs) -> Result<ExitCode, Failure> {
    let (plan, seed) = open(args)?;
    let scenario = match &args.scenario {
        Some(name) => index_of("scenario", name, plan.scenario_names())?,
        None => plan.main_scenario(),
    };
    let variant = Variant::new(&plan.file, scenario).map_err(Failure::mistake)?;
    let known = levers::levers(&variant);
    if args.levers {
        print(&text::levers(&plan.models[scenario].scenario, &known))?;
        return Ok(ExitCode::SUCCESS);
    }
    let asked: Result<Vec<_>, String> = args
        .by
        .iter()
        .map(|one| levers::asked(one, &known))
        .collect();
    let asked = asked.map_err(|why| {
        let more = format!("`lacsim solve {} --levers` lists them", args.file.display());
        Failure::mistake(format!("error: {why}\nhint: {more}\n"))
    })?;
    let target = match &args.target {
        Some(name) => index_of("target", name, plan.target_names())?,
        None => plan.main_target().ok_or_else(|| {
            let file = &plan.file.document.file;
            Failure::mistake(format!("error: {file}: has no [[target]] to reach\n"))
        })?,
    };
    let question = Question {
        target,
        likelihood: args.likelihood,
        scenario,
        replicates: args.replicates,
        seed: args.seed.unwrap_or(seed),
    };
    let progress = Arc::new(Progress::default());
    stop_on_interrupt(&progress);
    let tell = |line: &str| {
        if !args.quiet {
            let _ = writeln!(anstream::stderr(), "{line}");
        }
    };
    tell(&format!(
        "Playing {} futures for each value tried, about 20 values for each lever.",
        grouped(f64::from(question.replicates))
    ));
    let threads = threads(args.threads)?;
    let solution = threads.install(|| solve::solve(&plan, &question, &asked, &progress, tell));
    let solution = solution.map_err(|error| match error {
        RunError::Mistake(report) => Failure::mistake(format!(
            "{report}hint: a value of a lever's range is not one that the scenario may have; give a range of your own, as in --by 'panel.admit=0.4..0.7'\n"
        )),
        other => other.into(),
    })?;
    let answer = Answer::of(&plan, &solution);
    if args.json {
        print(&answer.to_json())?;
    } else {
        print(&text::text(&answer, &plan.file.document.file))?;
    }
    if args.file.is_dir() {
        answer.keep(&args.file)?;
        tell(&format!(
            "Kept in {}, where `lacsim report` finds it.",
            args.file.join(FILE_NAME).display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// The plan of a scenario file or of a finished run, and its seed.
fn open(args: &SolveArgs) -> Result<(Plan, u64), Failure> {
    if args.file.is_dir() {
        let run = FinishedRun::open(&args.file)?;
        let plan = plan_of_run(&run, args.scenario_file.as_deref())?;
        return Ok((plan, run.manifest().seed));
    }
    let plan = plan(&args.file)?;
    let seed = plan.config().forecast.seed;
    Ok((plan, seed))
}

//! The commands: files in, results to files, summaries to standard output,
//! progress and mistakes to standard error.

mod backtest;
mod calibrate;
mod export;
mod inspect;
mod report;
mod sensitivity;
mod solve;
mod synthesise;
mod workbook;

use crate::cli::{
    CheckArgs, Cli, Command, CompareArgs, InitArgs, KeepReplicates, RunArgs, TraceArgs,
};
use crate::config::{self, ScenarioFile};
use crate::engine::Progress;
use crate::output::compare::compare;
use crate::output::{FinishedRun, OutputError, sha256};
use crate::run::{Extent, Kept, Plan, Precision, RunError, RunOptions, RunResult, extended, run};
use crate::summary::{grouped, quoted};
use crate::{audit, summary, trace};
use indicatif::{ProgressBar, ProgressStyle};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What the program's exit codes mean.
mod exit {
    pub const COULD_NOT: u8 = 1;
    pub const MISTAKE: u8 = 2;
    pub const ANSWER_IS_NO: u8 = 3;
    pub const INTERRUPTED: u8 = 130;
}

/// An error for a person, and the exit code it stands for.
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn could_not(message: impl Into<String>) -> Self {
        Self {
            code: exit::COULD_NOT,
            message: message.into(),
        }
    }

    fn mistake(message: impl Into<String>) -> Self {
        Self {
            code: exit::MISTAKE,
            message: message.into(),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        let code = match &error {
            RunError::Mistake(_) | RunError::Cohort(_) => exit::MISTAKE,
            RunError::Output(_) => exit::COULD_NOT,
            RunError::Interrupted => exit::INTERRUPTED,
        };
        let message = match error {
            RunError::Mistake(report) => report,
            other => chain(&other),
        };
        Self { code, message }
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        Self::could_not(chain(&error))
    }
}

/// An error with everything that caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        let message = inner.to_string();
        if !text.contains(&message) {
            text.push_str(&format!(": {message}"));
        }
        cause = inner.source();
    }
    text.push('\n');
    text
}

/// Obeys a command; the exit code says how it went.
pub fn obey(cli: Cli) -> ExitCode {
    let result = match cli.command {
        Command::Run(args) => run_command(&args),
        Command::Check(args) => check_command(&args),
        Command::Trace(args) => trace_command(&args),
        Command::Solve(args) => solve::solve_command(&args),
        Command::Compare(args) => compare_command(&args),
        Command::Calibrate(args) => calibrate::calibrate_command(&args),
        Command::Synthesise(args) => synthesise::synthesise_command(&args),
        Command::Backtest(args) => backtest::backtest_command(&args),
        Command::Workbook(args) => workbook::workbook_command(&args),
        Command::Export(args) => export::export_command(&args),
        Command::Sensitivity(args) => sensitivity::sensitivity_command(&args),
        Command::Report(args) => report::report_command(&args),
        Command::Init(args) => init_command(&args),
        Command::Inspect(args) => inspect::inspect_command(&args),
        Command::Schema => schema_command(),
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            let _ = write!(anstream::stderr(), "{}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}

/// Prints to standard output; a reader who has gone away is no error.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::could_not(
            format!("error: cannot print the answer: {error}\n"),
        )),
        _ => Ok(()),
    }
}

fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::could_not(format!("error: {error}\n")))?;
    print(&format!("{json}\n"))
}

/// The place of a name among those known.
fn index_of<'a>(
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Result<usize, Failure> {
    known.clone().position(|one| one == name).ok_or_else(|| {
        let hint = config::mistakes::suggestion(name, known);
        Failure::mistake(format!(
            "error: no {what} is named \"{name}\"\nhint: {hint}\n"
        ))
    })
}

/// So many threads, or one for each core.
fn threads(count: Option<u16>) -> Result<rayon::ThreadPool, Failure> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(count.map_or(0, usize::from))
        .build()
        .map_err(|error| Failure::could_not(format!("error: cannot start threads: {error}\n")))
}

fn load(path: &Path) -> Result<ScenarioFile, Failure> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::could_not(format!("error: {name}: cannot read: {error}\n")))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::mistake(format!("error: {name}: is not UTF-8 text\n")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    config::load(&name, text).map_err(Failure::mistake)
}

fn plan(path: &Path) -> Result<Plan, Failure> {
    Ok(Plan::new(path, load(path)?)?)
}

/// The plan that a run was played from: the same scenario and the same inputs.
/// `file` is the scenario file, to find the cohort file by, which a run does
/// not keep.
fn plan_of_run(run: &FinishedRun, file: Option<&Path>) -> Result<Plan, Failure> {
    let manifest = run.manifest();
    let path = match file {
        Some(file) => file,
        None if manifest.inputs.is_empty() => Path::new(&manifest.scenario.name),
        None => {
            return Err(Failure::mistake(
                "error: the run read a cohort file, which it does not keep\nhint: name its scenario file with --file\n",
            ));
        }
    };
    let plan = Plan::new(path, run.file().clone())?;
    let cohort = plan.cohort.iter().map(|cohort| sha256(&cohort.bytes));
    let recorded = manifest.inputs.iter().map(|input| input.sha256.clone());
    if !cohort.eq(recorded) {
        return Err(Failure::mistake(format!(
            "error: {}: its cohort file is not the one that the run read\n",
            path.display()
        )));
    }
    Ok(plan)
}

fn check_command(args: &CheckArgs) -> Result<ExitCode, Failure> {
    print(&audit::text(&plan(&args.file)?))?;
    Ok(ExitCode::SUCCESS)
}

fn schema_command() -> Result<ExitCode, Failure> {
    print_json(&config::json_schema())?;
    Ok(ExitCode::SUCCESS)
}

/// The example that `init` writes.
const EXAMPLE: &str = include_str!("../configs/example.toml");

fn init_command(args: &InitArgs) -> Result<ExitCode, Failure> {
    let name = args.file.display();
    let mut file = std::fs::File::create_new(&args.file).map_err(|error| {
        let reason = match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                "is there already, and is left as it is".to_owned()
            }
            _ => format!("cannot write: {error}"),
        };
        Failure::could_not(format!("error: {name}: {reason}\n"))
    })?;
    file.write_all(EXAMPLE.as_bytes())
        .map_err(|error| Failure::could_not(format!("error: {name}: cannot write: {error}\n")))?;
    let shown = quoted(&args.file.display().to_string());
    print(&format!(
        "Written to {name}.\nNext: lacsim check {shown}, then lacsim run {shown}\n"
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn compare_command(args: &CompareArgs) -> Result<ExitCode, Failure> {
    let comparison = compare(&args.first, &args.second)?;
    if args.json {
        print_json(&comparison)?;
    } else {
        print(&format!("{comparison}\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn trace_command(args: &TraceArgs) -> Result<ExitCode, Failure> {
    let plan = plan(&args.file)?;
    let index = |name: &String| index_of("scenario", name, plan.scenario_names());
    let options = trace::TraceOptions {
        replicate: args.replicate,
        child: args.child.clone(),
        scenario: args
            .scenario
            .as_ref()
            .map_or_else(|| Ok(plan.main_scenario()), index)?,
        against: args.against.as_ref().map(index).transpose()?,
        seed: args.seed,
    };
    print(&trace::text(&plan, &options)?)?;
    Ok(ExitCode::SUCCESS)
}

fn run_command(args: &RunArgs) -> Result<ExitCode, Failure> {
    let threads = threads(args.threads)?;
    let plan = threads.install(|| plan(&args.file))?;
    for (name, _) in &args.require {
        index_of("target", name, plan.target_names())?;
    }
    let mut options = options(args);
    if let Some(more) = args.extend {
        options = extended(&plan, options, more)?;
    }
    let progress = Arc::new(Progress::default());
    stop_on_interrupt(&progress);
    let result = threads.install(|| -> Result<RunResult, RunError> {
        let extent = Extent::new(&plan, &options)?;
        announce(&plan, &extent, args);
        let watch = Watch::start(&progress, &extent, args);
        let result = run(&plan, &options, &progress);
        watch.end();
        result
    })?;
    if args.json {
        print(&json(&plan, &result))?;
    } else if !args.quiet {
        print(&summary::text(
            &plan,
            &result,
            &options.out.display().to_string(),
        ))?;
    }
    let verdict = verdict(args, &plan, &result);
    // Giving back so much memory takes a while, which nobody need wait for.
    threads.spawn(move || drop((plan, result)));
    Ok(verdict)
}

fn options(args: &RunArgs) -> RunOptions {
    let stem = args.file.file_stem().unwrap_or_default();
    RunOptions {
        out: args
            .out
            .clone()
            .unwrap_or_else(|| PathBuf::from("outputs").join(stem)),
        seed: args.seed,
        replicates: args.replicates.clone(),
        precision: args.precision.map(|half_width| Precision {
            half_width,
            most: args.max_replicates,
        }),
        scenarios: args.scenario.clone(),
        kept: match args.keep_replicates {
            KeepReplicates::None => Kept::Nothing,
            KeepReplicates::Headlines => Kept::Headlines,
            KeepReplicates::All => Kept::Everything,
        },
        events: args.events,
        workbook: !args.no_workbook,
        report: args.report.then_some(report::staged),
        arguments: std::env::args_os()
            .skip(1)
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect(),
    }
}

/// The first interrupt asks the run to stop and clear up after itself.
fn stop_on_interrupt(progress: &Arc<Progress>) {
    let mut signals = vec![SIGINT, SIGTERM];
    #[cfg(unix)]
    if !ignores_hang_ups() {
        signals.push(signal_hook::consts::SIGHUP);
    }
    for signal in signals {
        // Without a handler an interrupt still ends the program; the next run
        // clears up what it left.
        let _ = signal_hook::flag::register(signal, Arc::clone(&progress.stop));
    }
}

/// Whether a hang-up of the terminal is to be ignored, as `nohup` wants it; Linux
/// alone tells.
#[cfg(unix)]
fn ignores_hang_ups() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The first bit is that of signal 1, the hang-up.
    ignored
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}

/// The plan line: how much, and how much memory; how long, [`Watch`] says as soon
/// as it can be known.
fn announce(plan: &Plan, extent: &Extent, args: &RunArgs) {
    if args.quiet {
        return;
    }
    let _ = writeln!(
        anstream::stderr(),
        "Playing {}{} futures of {} scenario(s) on {} thread(s), up to {:.0} MB of memory for percentiles.",
        up_to(args),
        grouped(extent.replicates.len() as f64),
        extent.scenarios.len(),
        rayon::current_num_threads(),
        (extent.bytes(plan) as f64 / 1e6).max(1.0)
    );
    if let Some(more) = args.extend {
        let before = extent.replicates.len() - more as usize;
        let _ = writeln!(
            anstream::stderr(),
            "Playing the {} of the finished run among them again: each comes out as it was.",
            grouped(before as f64)
        );
    }
}

/// What stands before a number of futures that need not all be played.
fn up_to(args: &RunArgs) -> &'static str {
    match args.precision {
        Some(_) => "up to ",
        None => "",
    }
}

/// Says how long a run will take, if that is long, and shows how far it has
/// come: a bar on a terminal, a line now and then elsewhere.
struct Watch {
    done: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Watch {
    fn start(progress: &Arc<Progress>, extent: &Extent, args: &RunArgs) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        if args.quiet {
            return Self { done, thread: None };
        }
        let total = (extent.replicates.len() * extent.scenarios.len()) as u64;
        let (progress, is_done) = (Arc::clone(progress), Arc::clone(&done));
        let up_to = up_to(args);
        let thread = std::thread::spawn(move || {
            if let Some(seconds) = expected_seconds(&progress, &is_done, total)
                && seconds >= 1.0
            {
                let _ = writeln!(
                    anstream::stderr(),
                    "Expected to take {up_to}{seconds:.0} s."
                );
            }
            if std::io::stderr().is_terminal() {
                draw_bar(&progress, &is_done, total);
            } else {
                print_lines(&progress, &is_done, total);
            }
        });
        Self {
            done,
            thread: Some(thread),
        }
    }

    fn end(self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

/// Seconds that all futures will take, by those of the first moments; none where
/// they were all.
fn expected_seconds(progress: &Progress, is_done: &AtomicBool, total: u64) -> Option<f64> {
    const MOMENTS: Duration = Duration::from_millis(100);
    let started = Instant::now();
    while !is_done.load(Ordering::Relaxed) {
        let played = progress.replicates.load(Ordering::Relaxed);
        let elapsed = started.elapsed();
        if played > 0 && elapsed >= MOMENTS {
            return Some(elapsed.as_secs_f64() * total as f64 / played as f64);
        }
        std::thread::park_timeout(MOMENTS / 4);
    }
    None
}

fn draw_bar(progress: &Progress, is_done: &AtomicBool, total: u64) {
    let bar = ProgressBar::new(total);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} futures, {eta} left") {
        bar.set_style(style);
    }
    while !is_done.load(Ordering::Relaxed) {
        bar.set_position(progress.replicates.load(Ordering::Relaxed));
        std::thread::park_timeout(Duration::from_millis(100));
    }
    bar.finish_and_clear();
}

fn print_lines(progress: &Progress, is_done: &AtomicBool, total: u64) {
    const EVERY: Duration = Duration::from_secs(10);
    let mut last = Instant::now();
    while !is_done.load(Ordering::Relaxed) {
        if last.elapsed() >= EVERY {
            let played = progress.replicates.load(Ordering::Relaxed);
            let _ = writeln!(
                anstream::stderr(),
                "{} of {} futures played",
                grouped(played as f64),
                grouped(total as f64)
            );
            last = Instant::now();
        }
        std::thread::park_timeout(Duration::from_millis(200));
    }
}

/// Whether every required target is likely enough in the main scenario.
fn verdict(args: &RunArgs, plan: &Plan, result: &RunResult) -> ExitCode {
    let forecast = result.answer(plan);
    let main = forecast.map_or("", |one| one.scenario.as_str());
    let mut code = ExitCode::SUCCESS;
    for (name, probability) in &args.require {
        let target = forecast
            .iter()
            .flat_map(|one| &one.targets)
            .find(|one| one.target.name == *name);
        if let Some(target) = target.filter(|target| target.probability < *probability) {
            let _ = writeln!(
                anstream::stderr(),
                "\"{name}\" is {} in \"{main}\": less than the {probability} required",
                target.likelihood()
            );
            code = ExitCode::from(exit::ANSWER_IS_NO);
        }
    }
    code
}

/// The summary for programs.
fn json(plan: &Plan, result: &RunResult) -> String {
    let scenarios: Vec<serde_json::Value> = result
        .forecasts
        .iter()
        .map(|forecast| {
            let population: Vec<_> = forecast
                .bands
                .of("population", "all", "all", "month")
                .map(|band| {
                    serde_json::json!({
                        "date": band.date.to_string(), "mean": band.mean, "sd": band.sd,
                        "p05": band.percentiles[0], "p10": band.percentiles[1],
                        "p25": band.percentiles[2], "p50": band.percentiles[3],
                        "p75": band.percentiles[4], "p90": band.percentiles[5],
                        "p95": band.percentiles[6],
                    })
                })
                .collect();
            let targets: Vec<_> = forecast
                .targets
                .iter()
                .map(|target| {
                    serde_json::json!({
                        "target": target.target.name,
                        "date": target.target.date.to_string(),
                        "probability": target.probability,
                        "probability_low": target.probability_low,
                        "probability_high": target.probability_high,
                        "likelihood": target.likelihood(),
                    })
                })
                .collect();
            serde_json::json!({
                "scenario": forecast.scenario, "population": population, "targets": targets,
            })
        })
        .collect();
    let summary = serde_json::json!({
        "name": plan.config().forecast.name,
        "question": plan.config().forecast.question,
        "comparison": result.comparison,
        "scenarios": scenarios,
        "ignorance": {
            "scenario": result.ignorance.scenario,
            "figure": result.ignorance.figure,
            "share": result.ignorance.share.map(|share| share.share),
            "standard_error": result.ignorance.share.map(|share| share.standard_error),
        },
        "precision": result.reached.as_ref().map(|reached| serde_json::json!({
            "asked": reached.precision.half_width,
            "widest_half_width": reached.widest,
            "scenario": reached.at.0,
            "target": reached.at.1,
            "is_reached": reached.is_narrow(),
        })),
        "manifest": result.manifest,
    });
    let text = serde_json::to_string_pretty(&summary).expect("the summary is plain JSON");
    format!("{text}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_a_run_takes_follows_from_its_first_futures() {
        let (progress, is_done) = (Progress::default(), AtomicBool::new(false));
        progress.replicates.store(10, Ordering::Relaxed);
        // A tenth of a second or more for each ten of them.
        let seconds = expected_seconds(&progress, &is_done, 1_000).unwrap();
        assert!((10.0..100.0).contains(&seconds), "{seconds}");
        is_done.store(true, Ordering::Relaxed);
        assert_eq!(expected_seconds(&progress, &is_done, 1_000), None);
    }
}

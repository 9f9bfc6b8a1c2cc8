//! The command line: what may be asked, and its help.

use crate::backtest::returns::Origins;
use crate::run::LAST_REPLICATE;
use crate::units::Date;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::num::IntErrorKind;
use std::ops::Range;
use std::path::PathBuf;

/// How likely is the plan? Plays thousands of futures of every child in care
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play a scenario file's futures and write bands, likelihoods and spend
    Run(RunArgs),
    /// Look for mistakes, audit the paper's arithmetic and tell the scenario back, without running
    Check(CheckArgs),
    /// Tell one simulated child's life as a story, with what was drawn and why
    Trace(TraceArgs),
    /// What would it take? Find the value of a lever at which a target is likely enough
    Solve(SolveArgs),
    /// Compare two runs: paired differences, changed inputs, changed likelihoods
    Compare(CompareArgs),
    /// Estimate a scenario of your own council from its SSDA903 returns
    Calibrate(CalibrateArgs),
    /// Write an SSDA903 return of children who never lived, from one future of a scenario
    Synthesise(SynthesiseArgs),
    /// Forecast from dates in the past and compare with what happened
    Backtest(BacktestArgs),
    /// Write a run's workbook and table of bands again, with small counts withheld if asked
    Workbook(WorkbookArgs),
    /// Write a run in a form that other tools read
    Export(ExportArgs),
    /// Say what drives a run's uncertainty: each uncertain quantity's part in it
    Sensitivity(SensitivityArgs),
    /// Write a finished run as one HTML report for a committee
    Report(ReportArgs),
    /// Write a commented example scenario to start from
    Init(InitArgs),
    /// Read a statutory return (SSDA903) and say what is in it and what had to be repaired
    Inspect(InspectArgs),
    /// Print the JSON Schema of scenario files, for editors
    Schema,
}

/// Play a scenario file's futures
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Scenario file
    pub file: PathBuf,
    /// Folder for the results [default: outputs/NAME OF THE FILE]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Futures to play: a number, or a range such as 2500..5000 [default: the file's]
    #[arg(long, value_name = "N|A..B", value_parser = replicates)]
    pub replicates: Option<Range<u32>>,
    /// Play until the 95 % interval of every target's likelihood is so many points wide to each side
    #[arg(long, value_name = "POINTS", value_parser = points, conflicts_with = "replicates")]
    pub precision: Option<f64>,
    /// Most futures that --precision may play
    #[arg(long, value_name = "N", default_value_t = 100_000, requires = "precision",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(LAST_REPLICATE)))]
    pub max_replicates: u32,
    /// Add N futures to the finished run in the folder, which becomes what one long run would be
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..),
        conflicts_with_all = ["replicates", "precision", "seed", "scenario", "keep_replicates", "events"])]
    pub extend: Option<u32>,
    /// Seed of the random numbers [default: the file's]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Threads to use [default: one for each core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Run this scenario and the comparison only; may be given again
    #[arg(long, value_name = "NAME")]
    pub scenario: Vec<String>,
    /// Values of every single future to write
    #[arg(long, value_enum, default_value_t = KeepReplicates::Headlines)]
    pub keep_replicates: KeepReplicates,
    /// Write every event of every child in the first N futures
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub events: u32,
    /// Write no workbook (summary.xlsx) and no bands_wide.csv
    #[arg(long)]
    pub no_workbook: bool,
    /// Write report.html beside the results, as `lacsim report` does
    #[arg(long)]
    pub report: bool,
    /// Exit with code 3 unless the target is at least this likely in the main scenario; may be given again
    #[arg(long, value_name = "TARGET=PROBABILITY", value_parser = requirement)]
    pub require: Vec<(String, f64)>,
    /// Print the summary as JSON
    #[arg(long)]
    pub json: bool,
    /// Print nothing but mistakes
    #[arg(long)]
    pub quiet: bool,
}

/// Values of every single future to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeepReplicates {
    /// None
    None,
    /// Totals of every metric: stocks at month ends, flows by financial year
    Headlines,
    /// Every series
    All,
}

/// Look for mistakes without running
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Scenario file
    pub file: PathBuf,
}

/// Tell one simulated child's life
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// Scenario file
    pub file: PathBuf,
    /// Which future
    #[arg(long, default_value_t = 0)]
    pub replicate: u32,
    /// Which child, by name; lists some children if not given
    #[arg(long, value_name = "ID")]
    pub child: Option<String>,
    /// In which scenario [default: the main one]
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// Tell the same child's life in this scenario beside it
    #[arg(long, value_name = "NAME")]
    pub against: Option<String>,
    /// Seed of the random numbers [default: the file's]
    #[arg(long)]
    pub seed: Option<u64>,
}

/// Find what it would take for a target to be likely enough
///
/// Levers are numbers and dates of the scenario: success rates and stages of pathways, identified
/// cases and when they start, families referred, the panel, factors on ordinary exits, units of
/// resources and from when, beds, prices. Each is moved alone through its range, then all that
/// help together by the same part of their way. An uncertain number is moved with its uncertainty.
#[derive(Debug, Args)]
pub struct SolveArgs {
    /// Scenario file, or the folder of a run
    #[arg(value_name = "RUN|FILE")]
    pub file: PathBuf,
    /// Target to reach [default: the file's main target]
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    /// How likely it is to be
    #[arg(long, value_name = "PROBABILITY", default_value_t = 0.8, value_parser = likelihood)]
    pub likelihood: f64,
    /// Levers to move: ADDRESS, or ADDRESS=FROM..TO for a range of its own
    #[arg(long, value_name = "LEVER", num_args = 1.., required_unless_present = "levers")]
    pub by: Vec<String>,
    /// List the levers of the scenario, with their present values and ranges
    #[arg(long)]
    pub levers: bool,
    /// Scenario to start from [default: the main one]
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// A run's scenario file, where it names a cohort file
    #[arg(long = "file", value_name = "FILE")]
    pub scenario_file: Option<PathBuf>,
    /// Futures that judge every value tried
    #[arg(long, value_name = "N", default_value_t = 2_000,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(LAST_REPLICATE)))]
    pub replicates: u32,
    /// Seed of the random numbers [default: the file's, or the run's]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Threads to use [default: one for each core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Print the answer as JSON
    #[arg(long)]
    pub json: bool,
    /// Print nothing but the answer and mistakes
    #[arg(long)]
    pub quiet: bool,
}

/// Compare two runs
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Folder of the first run
    pub first: PathBuf,
    /// Folder of the second run
    pub second: PathBuf,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// Estimate a scenario of your own council from its SSDA903 returns: a scenario file that runs as it
/// is, every number with its evidence, and beside it a cohort file of the children in care by random
/// ids and months of birth
#[derive(Debug, Args)]
pub struct CalibrateArgs {
    /// Folder of the return as sent, or of one folder for each year
    pub folder: PathBuf,
    /// Date of the fit, such as 2024-03-31: what came later is not looked at
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub as_at: Date,
    /// Scenario file to write [default: NAME OF THE FOLDER.toml]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// First day to use [default: the first that the return covers]
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub since: Option<Date>,
}

/// Write an SSDA903 return of children who never lived: one future of a scenario's main scenario,
/// with a folder of CSV files for each year to 31 March, as a council sends them
#[derive(Debug, Args)]
pub struct SynthesiseArgs {
    /// Scenario file
    pub file: PathBuf,
    /// Folder for the return; must be new or empty
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// Seed of the random numbers [default: the file's]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Which future
    #[arg(long, default_value_t = 0)]
    pub replicate: u32,
    /// Plant faults that real returns have, and say which and how many
    #[arg(long)]
    pub faults: bool,
}

/// Forecast from dates in the past and compare with what happened
#[derive(Debug, Args)]
pub struct BacktestArgs {
    /// Folder with an SSDA903 return of several years, or a scenario file with history
    #[arg(value_name = "FOLDER|FILE")]
    pub past: PathBuf,
    /// Dates to go back to, of a return: "yearly", or month ends such as 2019-03-31,2020-03-31 [default: yearly]
    #[arg(long, value_name = "DATES", value_parser = origins)]
    pub origins: Option<Origins>,
    /// Years to look ahead, of a return [default: 1,2,3]
    #[arg(long, value_name = "YEARS", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=20))]
    pub horizons: Vec<u32>,
    /// Folder for the results [default: outputs/NAME-backtest]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Futures to play from each origin [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub replicates: Option<u32>,
    /// Scenario of the file that stands for practice in the past [default: the comparison]
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// Seed of the random numbers [default: the file's, or 1]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Threads to use [default: one for each core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Print the back-test as JSON
    #[arg(long)]
    pub json: bool,
    /// Print nothing but mistakes
    #[arg(long)]
    pub quiet: bool,
}

/// Write a run's summary.xlsx and bands_wide.csv
#[derive(Debug, Args)]
pub struct WorkbookArgs {
    /// Folder of the run
    pub run: PathBuf,
    /// Folder for the two files [default: NAME OF THE RUN-workbook, beside the run]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Withhold observed counts and breakdowns from 1 to 5
    #[arg(long)]
    pub suppress_small: bool,
}

/// Write a finished run as one HTML file that needs no network and prints to A4
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Folder of the run
    pub run: PathBuf,
    /// File to write [default: report.html in the run's folder]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Folder of a back-test to tell of
    #[arg(long, value_name = "DIR")]
    pub backtest: Option<PathBuf>,
    /// Withhold observed counts from 1 to 5, and any other that would give them away
    #[arg(long)]
    pub suppress_small: bool,
}

/// Write a run in a form that other tools read
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Folder of the run
    pub run: PathBuf,
    /// Write a forecast hub's folder (hubverse schema 5.0.1): 23 quantiles of every total
    #[arg(long, value_name = "DIR", required = true)]
    pub hubverse: PathBuf,
}

/// Say what drives a run's uncertainty, from its own draws
#[derive(Debug, Args)]
pub struct SensitivityArgs {
    /// Folder of the run
    pub run: PathBuf,
    /// Target whose figure is looked at [default: the main one]
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    /// In which scenario [default: the main one]
    #[arg(long, value_name = "NAME")]
    pub scenario: Option<String>,
    /// Play futures for Sobol' indices: sets of N, as many as there are quantities and three more
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub sobol: Option<u32>,
    /// Play the run's futures again with nothing scarce, to tell the part of capacity
    #[arg(long)]
    pub capacity: bool,
    /// The run's scenario file, where futures are played and it names a cohort file
    #[arg(long = "file", value_name = "FILE")]
    pub scenario_file: Option<PathBuf>,
    /// Write a Parquet table, a row for each quantity
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// Write a commented example
#[derive(Debug, Args)]
pub struct InitArgs {
    /// File to write; must not exist yet
    #[arg(default_value = "scenario.toml")]
    pub file: PathBuf,
}

/// Read a statutory return
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Folder with the return's CSV files as sent, or with one folder for each year
    pub folder: PathBuf,
    /// Print as JSON, with the file, row and column of everything repaired
    #[arg(long)]
    pub json: bool,
}

fn replicates(text: &str) -> Result<Range<u32>, String> {
    let number = |text: &str| {
        text.trim()
            .replace('_', "")
            .parse::<u32>()
            .map_err(|error| match error.kind() {
                IntErrorKind::PosOverflow => format!("must not go beyond {LAST_REPLICATE}"),
                _ => format!("\"{text}\" is no whole number"),
            })
    };
    let range = match text.split_once("..") {
        Some((from, to)) => number(from)?..number(to)?,
        None => 0..number(text)?,
    };
    if range.is_empty() {
        Err("must be at least one future, such as 1000 or 2500..5000".to_owned())
    } else if range.end > LAST_REPLICATE {
        Err(format!("must not go beyond {LAST_REPLICATE}"))
    } else {
        Ok(range)
    }
}

/// A probability that is neither nothing nor certain.
fn likelihood(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("must be a probability between 0 and 1, such as 0.8".to_owned()),
    }
}

/// Percentage points, as a share.
fn points(text: &str) -> Result<f64, String> {
    let number = text
        .strip_suffix("pt")
        .and_then(|text| text.trim().parse::<f64>().ok());
    match number {
        Some(points) if points > 0.0 && points < 50.0 => Ok(points / 100.0),
        _ => Err("must be percentage points between 0 and 50, such as 1pt or 0.5pt".to_owned()),
    }
}

fn date(text: &str) -> Result<Date, String> {
    let date = text.trim().parse();
    date.map_err(|_| format!("\"{text}\" is no date such as 2019-03-31"))
}

fn origins(text: &str) -> Result<Origins, String> {
    if text == "yearly" {
        return Ok(Origins::Yearly);
    }
    let dates = text.split(',').map(date).collect::<Result<_, _>>();
    dates
        .map(Origins::Dates)
        .map_err(|error| format!("{error}, nor \"yearly\""))
}

fn requirement(text: &str) -> Result<(String, f64), String> {
    let (name, probability) = text
        .rsplit_once('=')
        .ok_or("must be TARGET=PROBABILITY, such as \"Plan in full=0.5\"")?;
    match probability.trim().parse::<f64>() {
        Ok(probability) if (0.0..=1.0).contains(&probability) => {
            Ok((name.trim().to_owned(), probability))
        }
        _ => Err(format!("\"{probability}\" is no probability from 0 to 1")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn futures_are_a_number_or_a_range() {
        assert_eq!(replicates("10_000"), Ok(0..10_000));
        assert_eq!(replicates("2500..5000"), Ok(2_500..5_000));
        assert!(
            replicates("0").is_err() && replicates("5..5").is_err() && replicates("x").is_err()
        );
    }

    #[test]
    fn a_precision_is_in_percentage_points() {
        assert_eq!(points("1pt"), Ok(0.01));
        assert_eq!(points("0.5 pt"), Ok(0.005));
        for wrong in ["1", "0pt", "50pt", "-1pt", "NaNpt", "1%", "pt"] {
            assert!(points(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_requirement_names_a_target_and_a_probability() {
        assert_eq!(requirement("a=b=0.5"), Ok(("a=b".to_owned(), 0.5)));
        assert!(requirement("a").is_err() && requirement("a=1.5").is_err());
    }
}

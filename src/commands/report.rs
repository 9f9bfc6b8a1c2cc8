//! `report`: a finished run as one HTML file.

use super::{Failure, print};
use crate::cli::ReportArgs;
use crate::output::{FinishedBacktest, FinishedRun, OutputError, REPORT, folder};
use crate::report::{self, ReportOptions};
use std::process::ExitCode;

pub(super) fn report_command(args: &ReportArgs) -> Result<ExitCode, Failure> {
    let run = FinishedRun::open(&args.run)?;
    let backtest = args.backtest.as_deref().map(FinishedBacktest::open);
    let options = ReportOptions {
        suppress_small: args.suppress_small,
        backtest: backtest.transpose()?,
    };
    let html = report::html(&run, &options)?;
    let path = match &args.out {
        Some(path) => {
            folder::replace_file(path, html.as_bytes())?;
            path.clone()
        }
        None => {
            folder::add_to_run(&args.run, REPORT, html.as_bytes())?;
            args.run.join(REPORT)
        }
    };
    print(&format!("Written to {}\n", path.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// The report that a run writes with its other files.
pub(super) fn staged(run: &FinishedRun) -> Result<String, OutputError> {
    report::html(run, &ReportOptions::default())
}

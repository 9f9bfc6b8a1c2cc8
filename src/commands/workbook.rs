//! `workbook`.

use super::{Failure, print};
use crate::cli::WorkbookArgs;
use crate::output::folder::{is_run, write_file};
use crate::output::workbook::{BANDS_CSV, Findings, WORKBOOK};
use crate::output::{FinishedRun, OutputError};
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(super) fn workbook_command(args: &WorkbookArgs) -> Result<ExitCode, Failure> {
    let folder = args.out.clone().unwrap_or_else(|| beside(&args.run));
    write(args, &folder)?;
    print(&format!(
        "Written to {}: {WORKBOOK}, {BANDS_CSV}\n",
        folder.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// A folder beside the run's, which holds what its manifest lists and no more.
fn beside(run: &Path) -> PathBuf {
    let mut name: OsString = run.file_name().unwrap_or_default().to_owned();
    name.push("-workbook");
    run.with_file_name(name)
}

fn write(args: &WorkbookArgs, folder: &Path) -> Result<(), OutputError> {
    if is_run(folder) {
        return Err(OutputError::IsARun {
            path: folder.to_owned(),
        });
    }
    let run = FinishedRun::open(&args.run)?;
    let findings = Findings::of(&run, args.suppress_small)?;
    let workbook = findings.workbook()?.bytes()?;
    write_file(&folder.join(WORKBOOK), |files| {
        files.write(WORKBOOK, |file| file.write_all(&workbook))
    })?;
    write_file(&folder.join(BANDS_CSV), |files| {
        files.write(BANDS_CSV, |file| findings.write_bands_csv(file))
    })
}

//! `workbook`.

use super::{Failure, print};
use crate::cli::WorkbookArgs;
use crate::output::folder::write_file;
use crate::output::manifest::FileRecord;
use crate::output::workbook::{BANDS_CSV, Findings, WORKBOOK};
use crate::output::{FinishedRun, OutputError};
use std::ffi::OsString;
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
    let run = FinishedRun::open(&args.run)?;
    let findings = Findings::of(&run, args.suppress_small)?;
    for (name, bytes) in [
        (WORKBOOK, findings.workbook()?),
        (BANDS_CSV, findings.bands_csv()),
    ] {
        write_file(&folder.join(name), |staged| {
            let path = staged.join(name);
            std::fs::write(&path, &bytes).map_err(OutputError::io(&path, "write"))?;
            Ok(FileRecord::of_bytes(name, &bytes))
        })?;
    }
    Ok(())
}

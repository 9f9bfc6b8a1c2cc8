//! The files of a run: Parquet, the manifest, the folder they are swapped in
//! with, a finished run read back, and the comparison of two.
//!
//! Nothing here computes a statistic of a run; that is `forecast`.

pub mod backtest;
pub mod compare;
mod decimal;
pub mod finished;
pub mod folder;
pub mod hub;
pub mod manifest;
pub mod new_files;
pub mod parquet;
mod reading;
pub mod risks;
pub mod suppress;
pub mod workbook;
pub mod workstreams;

pub use backtest::FinishedBacktest;
pub use compare::{RunComparison, compare};
pub use finished::{FinishedRun, ParameterDraws};
pub use folder::StagedFolder;
pub use manifest::{FileRecord, Manifest};
pub use risks::read_risks;
pub use workstreams::{SavingShares, read_workstreams};

use std::path::{Path, PathBuf};
use thiserror::Error;

/// What can go wrong with the files of a run.
#[derive(Debug, Error)]
pub enum OutputError {
    /// The file system refused.
    #[error("{}: cannot {action}", path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What was tried, as in "cannot write".
        action: &'static str,
        /// Cause.
        source: std::io::Error,
    },
    /// A Parquet file could not be written or read.
    #[error("{}: cannot {action}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Cause.
        source: ::parquet::errors::ParquetError,
    },
    /// A Parquet file lacks a column, or has it in another type.
    #[error("{}: has no column \"{column}\" of the type that lacsim writes", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// Name of the column.
        column: &'static str,
    },
    /// The target exists and was not written by lacsim.
    #[error("{}: is not the folder of a lacsim run, and is left as it is", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
    },
    /// The run that would be replaced lies beside something else.
    #[error("{}: holds {name}, which is not the run's: move it away, or write to another folder", path.display())]
    HoldsMore {
        /// The folder.
        path: PathBuf,
        /// A file or folder in it.
        name: String,
    },
    /// What would be replaced is a folder, or a file of another kind.
    #[error("{}: is there already and of another kind, and is left as it is", path.display())]
    AnotherKind {
        /// The file.
        path: PathBuf,
    },
    /// What is made of a run is not written into it.
    #[error("{}: is the folder of a run, which is left as it is: write to another", path.display())]
    IsARun {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds a run, or something else, and no back-test.
    #[error("{}: is not the folder of a back-test", path.display())]
    NotABacktest {
        /// The folder.
        path: PathBuf,
    },
    /// Another process writes to the same target.
    #[error("{}: another run is being written there", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// The path has no last part that could name a folder.
    #[error("{}: names no folder", path.display())]
    NoName {
        /// The path.
        path: PathBuf,
    },
    /// A file is not the one that the run wrote, or the run wrote none.
    #[error("{}: is not the file that the run wrote", path.display())]
    NotTheRuns {
        /// The file.
        path: PathBuf,
    },
    /// The run kept no values of single replicates for a series.
    #[error(
        "{}: holds no replicates of {what}: run again with --keep-replicates {}",
        path.display(),
        if *is_total { "headlines" } else { "all" }
    )]
    NotKept {
        /// Folder of the run.
        path: PathBuf,
        /// The series and its scenario, in words.
        what: String,
        /// Whether it is the total of its metric.
        is_total: bool,
    },
    /// A file holds a word that this version of lacsim does not know.
    #[error("{}: holds \"{word}\", which this version of lacsim does not know", path.display())]
    Word {
        /// The file.
        path: PathBuf,
        /// The word.
        word: String,
    },
    /// The scenario file of a run is not one that this version understands.
    #[error("{}: its scenario file is not one for this version of lacsim:\n{report}", path.display())]
    Scenario {
        /// The manifest.
        path: PathBuf,
        /// Every mistake in it.
        report: String,
    },
    /// A folder to write is not empty.
    #[error("{}: is not empty, and is left as it is", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// A workbook cannot hold what there is.
    #[error("cannot make the workbook")]
    Workbook(#[from] workbook::XlsxError),
    /// A JSON file is not what lacsim writes.
    #[error("{}: is not {what} of lacsim", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What it should be: "a manifest", "an answer".
        what: &'static str,
        /// Cause.
        source: serde_json::Error,
    },
}

impl OutputError {
    pub(crate) fn io(
        path: &Path,
        action: &'static str,
    ) -> impl FnOnce(std::io::Error) -> OutputError {
        let path = path.to_owned();
        move |source| Self::Io {
            path,
            action,
            source,
        }
    }

    pub(crate) fn json(
        path: &Path,
        what: &'static str,
    ) -> impl FnOnce(serde_json::Error) -> OutputError {
        let path = path.to_owned();
        move |source| Self::Json { path, what, source }
    }

    pub(crate) fn parquet(
        path: &Path,
        action: &'static str,
    ) -> impl FnOnce(::parquet::errors::ParquetError) -> OutputError {
        let path = path.to_owned();
        move |source| Self::Parquet {
            path,
            action,
            source,
        }
    }
}

/// Name of the report within the folder of a run.
pub const REPORT: &str = "report.html";

/// SHA-256 of bytes, in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standard() {
        // FIPS 180-4, "abc".
        assert_eq!(
            sha256(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}

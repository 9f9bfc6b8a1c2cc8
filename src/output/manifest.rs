//! `manifest.json`: where a run came from and what it wrote.

use super::{OutputError, sha256};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Name of the manifest within the folder of a run.
pub const FILE_NAME: &str = "manifest.json";

/// One file of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Name within the folder.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Rows, where it is a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

impl FileRecord {
    /// The record of a file that is no table, by its bytes.
    pub fn of_bytes(name: &str, bytes: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            sha256: sha256(bytes),
            rows: None,
        }
    }
}

/// An input file besides the scenario file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputRecord {
    /// Name as the scenario gives it.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// The scenario file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioFile {
    /// File name, without its folder.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// The text itself.
    pub text: String,
}

/// One uncertain quantity, as it was drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParameterSummary {
    /// Path of the quantity in the scenario.
    pub name: String,
    /// Mean over replicates.
    pub mean: f64,
    /// 10th percentile over replicates.
    pub p10: f64,
    /// Median over replicates.
    pub p50: f64,
    /// 90th percentile over replicates.
    pub p90: f64,
    /// Where the scenario says the quantity comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// Which values of every replicate are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// None.
    #[serde(rename = "none")]
    Nothing,
    /// Headline totals.
    Headlines,
    /// Every series.
    #[serde(rename = "all")]
    Everything,
}

/// Everything needed to defend or repeat a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of lacsim that wrote the run.
    #[serde(rename = "lacsim")]
    pub version: String,
    /// Seed of every draw.
    pub seed: u64,
    /// The scenario file.
    pub scenario: ScenarioFile,
    /// Every other input file.
    pub inputs: Vec<InputRecord>,
    /// Arguments of the command line.
    pub arguments: Vec<String>,
    /// Names of the scenarios.
    pub scenarios: Vec<String>,
    /// Scenario that savings are measured from.
    pub comparison: String,
    /// Number of the first replicate.
    pub first_replicate: u32,
    /// Number of replicates.
    pub replicates: u32,
    /// Values of every replicate that were kept; not said by older runs.
    #[serde(
        rename = "keep_replicates",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub kept: Option<Kept>,
    /// Replicates whose every event was written; not said by older runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<u32>,
    /// Wall time in seconds.
    pub wall_seconds: f64,
    /// Children simulated, over all scenarios and replicates.
    pub children_simulated: u64,
    /// Children simulated in a second of wall time.
    pub children_per_second: f64,
    /// Warnings given.
    pub warnings: Vec<String>,
    /// Uncertain quantities as drawn.
    pub parameters: Vec<ParameterSummary>,
    /// Every file of the run but this one.
    pub files: Vec<FileRecord>,
}

impl Manifest {
    /// The manifest as JSON, indented, with a last newline.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a manifest is plain JSON");
        text.push('\n');
        text
    }

    /// Reads the manifest of a run's folder.
    ///
    /// # Errors
    /// [`OutputError::Io`] where there is none, [`OutputError::Json`] where
    /// it is not one of lacsim.
    pub fn read(folder: &Path) -> Result<Self, OutputError> {
        let path = folder.join(FILE_NAME);
        let text = std::fs::read_to_string(&path).map_err(OutputError::io(&path, "read"))?;
        serde_json::from_str(&text).map_err(OutputError::json(&path, "a manifest"))
    }
}

#[cfg(test)]
pub(crate) fn example() -> Manifest {
    Manifest {
        version: "0.1.0".into(),
        seed: 20_170_930,
        scenario: ScenarioFile {
            name: "demo.toml".into(),
            sha256: super::sha256(b"[forecast]\n"),
            text: "[forecast]\n".into(),
        },
        inputs: Vec::new(),
        arguments: vec!["run".into(), "demo.toml".into()],
        scenarios: vec!["plan".into()],
        comparison: "no change".into(),
        first_replicate: 0,
        replicates: 100,
        kept: Some(Kept::Headlines),
        events: Some(0),
        wall_seconds: 1.5,
        children_simulated: 60_000,
        children_per_second: 40_000.0,
        warnings: Vec::new(),
        parameters: Vec::new(),
        files: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_survives_writing_and_reading() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = example();
        std::fs::write(folder.path().join(FILE_NAME), manifest.to_json()).unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), manifest);
    }

    #[test]
    fn the_version_comes_first_under_the_name_of_the_program() {
        assert!(
            example()
                .to_json()
                .starts_with("{\n  \"lacsim\": \"0.1.0\",\n")
        );
    }
}

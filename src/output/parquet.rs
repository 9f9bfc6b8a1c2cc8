//! The Parquet files of a run.
//!
//! Text columns are plain UTF-8 and every file has its origin in the file-level
//! metadata; nothing in a file depends on the clock, the machine or the number
//! of threads. Rows come sorted from the caller, or are sorted here where that
//! is cheap.

mod backtest;
mod events;
mod figures;
mod hub;
mod numbers;
mod pages;
mod parameters;
mod replicates;
mod risks;
mod runs;
mod sensitivity;
mod table;
mod tables;
mod workstreams;

pub use backtest::write_backtest;
pub use events::{EventRow, EventWriter};
pub use hub::{HubRow, write_hub_rows};
pub use parameters::ParameterWriter;
pub use replicates::ReplicateWriter;
pub use risks::write_risks;
pub use sensitivity::{SENSITIVITY_NUMBERS, SensitivityFigure, SensitivityRow, write_sensitivity};
pub use tables::{write_bands, write_targets};
pub use workstreams::write_workstreams;

/// Where a run came from, as every Parquet file of it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Version of lacsim.
    pub version: String,
    /// Seed of every draw.
    pub seed: u64,
    /// SHA-256 of the scenario file.
    pub scenario_sha256: String,
}

#[cfg(test)]
pub(crate) mod test_files {
    //! What the tests of each file share.

    use super::Metadata;
    use arrow::array::{ArrayRef, RecordBatch};
    use arrow::compute::concat_batches;
    use arrow::datatypes::{DataType, SchemaRef};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use std::fs::File;
    use std::path::Path;

    pub fn metadata() -> Metadata {
        Metadata {
            version: "0.1.0".into(),
            seed: 42,
            scenario_sha256: "ab".repeat(32),
        }
    }

    /// Names, types and nullability of a file's columns.
    pub fn columns(schema: &SchemaRef) -> Vec<(&str, &DataType, bool)> {
        let fields = schema.fields().iter();
        fields
            .map(|f| (f.name().as_str(), f.data_type(), f.is_nullable()))
            .collect()
    }

    /// All rows, in one batch, and the file-level metadata of lacsim.
    pub fn read(path: &Path) -> (RecordBatch, Vec<(String, String)>) {
        let file = File::open(path).unwrap();
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let schema = builder.schema().clone();
        let pairs = builder.metadata().file_metadata().key_value_metadata();
        let metadata = pairs.into_iter().flatten();
        let metadata = metadata
            .filter(|pair| pair.key.starts_with("lacsim."))
            .map(|pair| (pair.key.clone(), pair.value.clone().unwrap_or_default()))
            .collect();
        let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
        (concat_batches(&schema, &batches).unwrap(), metadata)
    }

    pub fn column(batch: &RecordBatch, name: &str) -> ArrayRef {
        batch.column_by_name(name).unwrap().clone()
    }
}

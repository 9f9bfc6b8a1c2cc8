//! `parameters.parquet`: what was drawn for every uncertain quantity.

use super::Metadata;
use super::table::{TableKind, TableWriter, count, number, text};
use crate::output::OutputError;
use crate::output::manifest::FileRecord;
use crate::output::new_files::NewFiles;
use arrow::array::{Float64Array, StringArray, UInt32Array};
use std::sync::Arc;

/// Writes `parameters.parquet`, sorted by parameter and replicate.
pub struct ParameterWriter {
    writer: TableWriter,
    last: Option<String>,
}

impl ParameterWriter {
    /// Opens the file in a folder.
    ///
    /// # Errors
    /// [`OutputError`] where it cannot be created.
    pub fn create(files: &NewFiles, metadata: &Metadata) -> Result<Self, OutputError> {
        let kind = TableKind {
            file_name: "parameters.parquet",
            schema_name: "parameters/1",
            fields: vec![count("replicate"), text("parameter"), number("value")],
            is_bulky: true,
            scattered: &["value"],
        };
        Ok(Self {
            writer: TableWriter::create(files, metadata, kind)?,
            last: None,
        })
    }

    /// Writes one quantity, `[replicates]` from `first_replicate` on.
    ///
    /// # Errors
    /// [`OutputError`] where the file cannot be written.
    ///
    /// # Panics
    /// Where quantities do not come in the order of their names.
    pub fn write(
        &mut self,
        parameter: &str,
        first_replicate: u32,
        values: &[f64],
    ) -> Result<(), OutputError> {
        let is_in_order = self.last.as_deref().is_none_or(|last| last < parameter);
        assert!(is_in_order, "parameters are written in the order of names");
        self.last = Some(parameter.to_owned());
        let replicates = first_replicate..first_replicate + values.len() as u32;
        self.writer.write(&[
            Arc::new(UInt32Array::from_iter_values(replicates)),
            Arc::new(StringArray::new_repeated(parameter, values.len())),
            Arc::new(Float64Array::from(values.to_vec())),
        ])
    }

    /// Closes the file.
    ///
    /// # Errors
    /// [`OutputError`] where it cannot be written.
    pub fn finish(self) -> Result<FileRecord, OutputError> {
        self.writer.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_files::{column, columns, metadata, read};
    use super::*;
    use arrow::array::AsArray;
    use arrow::datatypes::{DataType, Float64Type, UInt32Type};

    #[test]
    fn parameters_lie_by_name_and_then_by_replicate() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer =
            ParameterWriter::create(&NewFiles::in_folder(folder.path()), &metadata()).unwrap();
        writer.write("panel.admit", 5, &[0.6, 0.7]).unwrap();
        writer
            .write("referrals.general", 5, &[100.0, 99.5])
            .unwrap();
        assert_eq!(writer.finish().unwrap().rows, Some(4));
        let (batch, pairs) = read(&folder.path().join("parameters.parquet"));
        let schema = batch.schema();
        let expected = [
            ("replicate", &DataType::UInt32, false),
            ("parameter", &DataType::Utf8, false),
            ("value", &DataType::Float64, false),
        ];
        assert_eq!(columns(&schema), expected);
        assert_eq!(pairs[3].1, "parameters/1");
        let replicates = column(&batch, "replicate");
        assert_eq!(
            replicates.as_primitive::<UInt32Type>().values()[..],
            [5, 6, 5, 6]
        );
        let values = column(&batch, "value");
        assert_eq!(values.as_primitive::<Float64Type>().value(3), 99.5);
    }
}

//! One Parquet file being written: arrays in, bytes hashed on their way out.

use super::Metadata;
use crate::output::OutputError;
use crate::output::manifest::FileRecord;
use crate::output::new_files::{HashedFile, NewFiles};
use crate::units::Date;
use arrow::array::{ArrayRef, Date32Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::Compression;
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnDescPtr, ColumnPath};
use rayon::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

/// Rows after which a row group is closed.
pub(super) const ROW_GROUP_ROWS: usize = 1_000_000;

/// What a file is called, what it holds and how it is packed.
pub(super) struct TableKind {
    pub file_name: &'static str,
    /// Value of `lacsim.schema`.
    pub schema_name: &'static str,
    pub fields: Vec<Field>,
    /// Whether the file may be large: stronger compression where there is any.
    pub is_bulky: bool,
    /// Columns whose values hardly repeat, so that neither a dictionary nor
    /// statistics pay.
    pub scattered: &'static [&'static str],
}

/// A file that is written row group by row group.
pub(super) struct TableWriter {
    path: PathBuf,
    name: &'static str,
    schema: SchemaRef,
    file: SerializedFileWriter<HashedFile>,
    factory: ArrowRowGroupWriterFactory,
    open: Option<Vec<ArrowColumnWriter>>,
    row_group_rows: usize,
    rows: u64,
}

impl TableWriter {
    /// Opens the file in a folder.
    pub fn create(
        files: &NewFiles,
        metadata: &Metadata,
        kind: TableKind,
    ) -> Result<Self, OutputError> {
        let path = files.folder().join(kind.file_name);
        let file = files.create(kind.file_name)?;
        let properties = properties(metadata, &kind);
        let schema = Arc::new(Schema::new(kind.fields));
        let (file, factory) = ArrowWriter::try_new(file, schema.clone(), Some(properties))
            .and_then(ArrowWriter::into_serialized_writer)
            .map_err(OutputError::parquet(&path, "write"))?;
        Ok(Self {
            path,
            name: kind.file_name,
            schema,
            file,
            factory,
            open: None,
            row_group_rows: 0,
            rows: 0,
        })
    }

    /// Writes rows, a column for each field of the schema.
    pub fn write(&mut self, columns: &[ArrayRef]) -> Result<(), OutputError> {
        self.encode(columns)
            .map_err(OutputError::parquet(&self.path, "write"))
    }

    /// Writes a row group of so many rows, all columns of which the caller has
    /// encoded, in a file that is written in no other way.
    pub fn append(
        &mut self,
        rows: usize,
        append: impl FnOnce(&mut RowGroup<'_>, Vec<ColumnDescPtr>) -> ParquetResult<()>,
    ) -> Result<(), OutputError> {
        debug_assert!(self.open.is_none(), "one way of writing");
        self.rows += rows as u64;
        self.row_group(append)
            .map_err(OutputError::parquet(&self.path, "write"))
    }

    /// Closes the file.
    pub fn finish(mut self) -> Result<FileRecord, OutputError> {
        self.close_row_group()
            .map_err(OutputError::parquet(&self.path, "write"))?;
        let file = self
            .file
            .into_inner()
            .map_err(OutputError::parquet(&self.path, "write"))?;
        Ok(FileRecord {
            name: self.name.to_owned(),
            sha256: file.finish(),
            rows: Some(self.rows),
        })
    }

    fn encode(&mut self, columns: &[ArrayRef]) -> ParquetResult<()> {
        let rows = columns.first().map_or(0, |column| column.len());
        if rows == 0 {
            return Ok(());
        }
        let writers = match &mut self.open {
            Some(writers) => writers,
            none => {
                let index = self.file.flushed_row_groups().len();
                none.insert(self.factory.create_column_writers(index)?)
            }
        };
        let fields = self.schema.fields();
        let columns = writers.par_iter_mut().zip(&**fields).zip(columns);
        columns.try_for_each(|((writer, field), column)| {
            let leaves = compute_leaves(field, column)?;
            leaves.iter().try_for_each(|leaf| writer.write(leaf))
        })?;
        self.rows += rows as u64;
        self.row_group_rows += rows;
        if self.row_group_rows >= ROW_GROUP_ROWS {
            self.close_row_group()?;
        }
        Ok(())
    }

    fn close_row_group(&mut self) -> ParquetResult<()> {
        let Some(writers) = self.open.take() else {
            return Ok(());
        };
        let chunks: Vec<_> = writers
            .into_par_iter()
            .map(ArrowColumnWriter::close)
            .collect::<ParquetResult<_>>()?;
        self.row_group(|row_group, _| {
            chunks
                .into_iter()
                .try_for_each(|chunk| chunk.append_to_row_group(row_group))
        })?;
        self.row_group_rows = 0;
        Ok(())
    }

    fn row_group(
        &mut self,
        append: impl FnOnce(&mut RowGroup<'_>, Vec<ColumnDescPtr>) -> ParquetResult<()>,
    ) -> ParquetResult<()> {
        let columns = self.file.schema_descr().columns().to_vec();
        let mut row_group = self.file.next_row_group()?;
        append(&mut row_group, columns)?;
        row_group.close().map(drop)
    }
}

fn properties(metadata: &Metadata, kind: &TableKind) -> WriterProperties {
    let pair = |key: &str, value: String| KeyValue::new(format!("lacsim.{key}"), value);
    let pairs = vec![
        pair("version", metadata.version.clone()),
        pair("seed", metadata.seed.to_string()),
        pair("scenario_sha256", metadata.scenario_sha256.clone()),
        pair("schema", kind.schema_name.to_owned()),
    ];
    let mut properties = WriterProperties::builder()
        .set_key_value_metadata(Some(pairs))
        .set_compression(compression(kind.is_bulky))
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for &column in kind.scattered {
        let column = ColumnPath::from(column);
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_statistics_enabled(column, EnabledStatistics::None);
    }
    properties.build()
}

#[cfg(feature = "zstd")]
fn compression(is_bulky: bool) -> Compression {
    match is_bulky {
        true => Compression::ZSTD(parquet::basic::ZstdLevel::default()),
        false => Compression::SNAPPY,
    }
}

#[cfg(not(feature = "zstd"))]
fn compression(_is_bulky: bool) -> Compression {
    Compression::SNAPPY
}

/// A row group of a file.
pub(super) type RowGroup<'a> = SerializedRowGroupWriter<'a, HashedFile>;

pub(super) fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, false)
}

pub(super) fn date(name: &str) -> Field {
    Field::new(name, DataType::Date32, false)
}

pub(super) fn number(name: &str) -> Field {
    Field::new(name, DataType::Float64, false)
}

pub(super) fn count(name: &str) -> Field {
    Field::new(name, DataType::UInt32, false)
}

pub(super) fn nullable(field: Field) -> Field {
    field.with_nullable(true)
}

/// Days from 1 January 1970, as date32 counts them.
pub(super) fn epoch_days(date: Date) -> i32 {
    let epoch = Date::from_ymd_opt(1970, 1, 1).expect("the epoch is a date");
    crate::units::days_between(epoch, date)
}

pub(super) fn text_array<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

pub(super) fn date_array(values: impl Iterator<Item = Date>) -> ArrayRef {
    Arc::new(Date32Array::from_iter_values(values.map(epoch_days)))
}

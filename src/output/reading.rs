//! Reading back the Parquet files of a run, column by column.

use super::OutputError;
use arrow::array::{
    Array, AsArray, BooleanArray, Date32Array, Float64Array, RecordBatch, StringArray, UInt32Array,
};
use arrow::datatypes::{Date32Type, Float64Type, UInt32Type};
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicate, ArrowPredicateFn, ParquetRecordBatchReaderBuilder, RowFilter,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Rows read at once.
const BATCH_ROWS: usize = 1 << 16;

/// Some rows of a file.
pub(super) struct Rows {
    path: PathBuf,
    batch: RecordBatch,
}

impl Rows {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    pub fn texts(&self, name: &'static str) -> Result<&StringArray, OutputError> {
        self.column(name, |column| column.as_string_opt())
    }

    pub fn numbers(&self, name: &'static str) -> Result<&Float64Array, OutputError> {
        self.column(name, |column| column.as_primitive_opt::<Float64Type>())
    }

    pub fn counts(&self, name: &'static str) -> Result<&UInt32Array, OutputError> {
        self.column(name, |column| column.as_primitive_opt::<UInt32Type>())
    }

    pub fn dates(&self, name: &'static str) -> Result<&Date32Array, OutputError> {
        self.column(name, |column| column.as_primitive_opt::<Date32Type>())
    }

    fn column<'a, T>(
        &'a self,
        name: &'static str,
        typed: impl Fn(&'a dyn Array) -> Option<&'a T>,
    ) -> Result<&'a T, OutputError> {
        self.batch
            .column_by_name(name)
            .and_then(|column| typed(column.as_ref()))
            .ok_or_else(|| OutputError::Column {
                path: self.path.clone(),
                column: name,
            })
    }
}

/// A text column and the word that it must hold.
pub(super) type Given<'a> = (&'static str, &'a str);

/// Reads some columns of a file, handing over its rows in order, batch by batch.
///
/// # Errors
/// [`OutputError`] where the file cannot be read, and those of `take`.
pub(super) fn for_each_batch(
    path: &Path,
    columns: &[&'static str],
    take: impl FnMut(&Rows) -> Result<(), OutputError>,
) -> Result<(), OutputError> {
    for_each_batch_where(path, &[], columns, take)
}

/// Reads some columns of the rows that hold the given words; parts of the file
/// that cannot hold them are skipped unread.
///
/// # Errors
/// [`OutputError`] where the file cannot be read, and those of `take`.
pub(super) fn for_each_batch_where(
    path: &Path,
    given: &[Given],
    columns: &[&'static str],
    mut take: impl FnMut(&Rows) -> Result<(), OutputError>,
) -> Result<(), OutputError> {
    let file = File::open(path).map_err(OutputError::io(path, "read"))?;
    let unreadable = |error: ParquetError| OutputError::parquet(path, "read")(error);
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(unreadable)?;
    let schema = builder.parquet_schema();
    let mask = ProjectionMask::columns(schema, columns.iter().copied());
    let predicates: Vec<Box<dyn ArrowPredicate>> = given
        .iter()
        .map(|&(name, word)| {
            let mask = ProjectionMask::columns(schema, [name]);
            let word = word.to_owned();
            let holds = move |batch: RecordBatch| rows_that_hold(&batch, &word);
            Box::new(ArrowPredicateFn::new(mask, holds)) as Box<dyn ArrowPredicate>
        })
        .collect();
    let row_groups = builder.metadata().row_groups().iter().enumerate();
    let row_groups = row_groups
        .filter(|(_, group)| given.iter().all(|given| may_hold(group, given)))
        .map(|(index, _)| index)
        .collect();
    let batches = builder
        .with_projection(mask)
        .with_row_groups(row_groups)
        .with_row_filter(RowFilter::new(predicates))
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(unreadable)?;
    for batch in batches {
        let batch = batch.map_err(|error| unreadable(error.into()))?;
        take(&Rows {
            path: path.to_owned(),
            batch,
        })?;
    }
    Ok(())
}

/// Whether each row's only column is this word.
fn rows_that_hold(batch: &RecordBatch, word: &str) -> Result<BooleanArray, ArrowError> {
    let texts = batch.columns().first().and_then(|one| one.as_string_opt());
    let texts: &StringArray =
        texts.ok_or_else(|| ArrowError::SchemaError("is no column of text".to_owned()))?;
    Ok(texts.iter().map(|text| Some(text == Some(word))).collect())
}

/// Whether a row group's statistics leave room for a word.
fn may_hold(group: &RowGroupMetaData, &(name, word): &Given) -> bool {
    let mut columns = group.columns().iter();
    let column = columns.find(|column| column.column_path().string() == name);
    let statistics = column.and_then(|column| column.statistics());
    let Some(Statistics::ByteArray(range)) = statistics else {
        return true;
    };
    let word = word.as_bytes();
    range.min_bytes_opt().is_none_or(|least| least <= word)
        && range.max_bytes_opt().is_none_or(|most| word <= most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::SeriesName;
    use crate::forecast::columns::Scale;
    use crate::forecast::kept::{Group, WholeColumn};
    use crate::model::layout::Unit;
    use crate::output::new_files::NewFiles;
    use crate::output::parquet::{Metadata, ReplicateWriter};
    use crate::units::Date;

    #[test]
    fn only_the_rows_asked_for_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let metadata = Metadata {
            version: "0.1.0".into(),
            seed: 1,
            scenario_sha256: String::new(),
        };
        let mut writer =
            ReplicateWriter::create(&NewFiles::in_folder(folder.path()), &metadata).unwrap();
        for (metric, value) in [("admissions", 1), ("population", 2), ("spend", 3)] {
            let column = WholeColumn {
                date: Date::default(),
                scale: Scale::Children,
                // More than a row group holds, so that some are skipped.
                wholes: vec![value; 600_000],
            };
            let group = Group {
                series: &SeriesName::total(metric, Unit::Children),
                period: "month",
                first: 0,
                columns: &[column],
            };
            writer.write("plan", 0, group).unwrap();
        }
        writer.finish().unwrap();
        let path = folder.path().join("replicates.parquet");
        let read = |given: &[Given]| {
            let (mut rows, mut sum) = (0, 0.0);
            for_each_batch_where(&path, given, &["value"], |batch| {
                rows += batch.len();
                sum += batch.numbers("value")?.values().iter().sum::<f64>();
                Ok(())
            })
            .unwrap();
            (rows, sum)
        };
        assert_eq!(read(&[]), (1_800_000, 3_600_000.0));
        assert_eq!(read(&[("metric", "population")]), (600_000, 1_200_000.0));
        let given = [("scenario", "plan"), ("metric", "spend")];
        assert_eq!(read(&given), (600_000, 1_800_000.0));
        assert_eq!(read(&[("scenario", "base")]), (0, 0.0));
        assert_eq!(read(&[("metric", "migration")]), (0, 0.0));
    }
}

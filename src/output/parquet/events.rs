//! `events.parquet`: the life of every simulated child of a few replicates.

use super::Metadata;
use super::table::{
    TableKind, TableWriter, count, date, date_array, nullable, number, text, text_array,
};
use crate::output::OutputError;
use crate::output::manifest::FileRecord;
use crate::output::new_files::NewFiles;
use crate::units::Date;
use arrow::array::{ArrayRef, Float64Array, UInt32Array};
use std::sync::Arc;

/// One event in a child's life.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    /// Number of the replicate.
    pub replicate: u32,
    /// Pseudonym of the child.
    pub child: String,
    /// Number of the event within the child's life.
    pub sequence: u32,
    /// Day of the event.
    pub date: Date,
    /// What happened.
    pub event: String,
    /// More about it: a placement, a reason.
    pub detail: String,
    /// Uniform number that decided, where one did.
    pub drawn: Option<f64>,
    /// Threshold that it was held against.
    pub threshold: Option<f64>,
}

/// Writes `events.parquet`, in the order in which rows come: scenario,
/// replicate, child, sequence.
pub struct EventWriter {
    writer: TableWriter,
}

impl EventWriter {
    /// Opens the file in a folder.
    ///
    /// # Errors
    /// [`OutputError`] where it cannot be created.
    pub fn create(files: &NewFiles, metadata: &Metadata) -> Result<Self, OutputError> {
        let kind = TableKind {
            file_name: "events.parquet",
            schema_name: "events/1",
            fields: vec![
                text("scenario"),
                count("replicate"),
                text("child"),
                count("sequence"),
                date("date"),
                text("event"),
                text("detail"),
                nullable(number("drawn")),
                nullable(number("threshold")),
            ],
            is_bulky: true,
            scattered: &["drawn"],
        };
        let writer = TableWriter::create(files, metadata, kind)?;
        Ok(Self { writer })
    }

    /// Writes some events of one scenario.
    ///
    /// # Errors
    /// [`OutputError`] where the file cannot be written.
    pub fn write(&mut self, scenario: &str, events: &[EventRow]) -> Result<(), OutputError> {
        let text = |of: fn(&EventRow) -> &str| text_array(events.iter().map(of));
        let count = |of: fn(&EventRow) -> u32| -> ArrayRef {
            Arc::new(UInt32Array::from_iter_values(events.iter().map(of)))
        };
        let number = |of: fn(&EventRow) -> Option<f64>| -> ArrayRef {
            Arc::new(Float64Array::from_iter(events.iter().map(of)))
        };
        self.writer.write(&[
            text_array(events.iter().map(|_| scenario)),
            count(|event| event.replicate),
            text(|event| &event.child),
            count(|event| event.sequence),
            date_array(events.iter().map(|event| event.date)),
            text(|event| &event.event),
            text(|event| &event.detail),
            number(|event| event.drawn),
            number(|event| event.threshold),
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
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{DataType, Float64Type};

    #[test]
    fn an_event_without_a_draw_has_none_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer =
            EventWriter::create(&NewFiles::in_folder(folder.path()), &metadata()).unwrap();
        let event = EventRow {
            replicate: 3,
            child: "general-12-1".into(),
            sequence: 0,
            date: Date::from_ymd_opt(2018, 5, 4).unwrap(),
            event: "panel".into(),
            detail: "admitted".into(),
            drawn: Some(0.25),
            threshold: Some(0.64),
        };
        let birthday = EventRow {
            sequence: 1,
            event: "eighteenth birthday".into(),
            drawn: None,
            threshold: None,
            ..event.clone()
        };
        writer.write("plan", &[event, birthday]).unwrap();
        assert_eq!(writer.finish().unwrap().rows, Some(2));
        let (batch, pairs) = read(&folder.path().join("events.parquet"));
        let schema = batch.schema();
        let expected = [
            ("scenario", &DataType::Utf8, false),
            ("replicate", &DataType::UInt32, false),
            ("child", &DataType::Utf8, false),
            ("sequence", &DataType::UInt32, false),
            ("date", &DataType::Date32, false),
            ("event", &DataType::Utf8, false),
            ("detail", &DataType::Utf8, false),
            ("drawn", &DataType::Float64, true),
            ("threshold", &DataType::Float64, true),
        ];
        assert_eq!(columns(&schema), expected);
        assert_eq!(pairs[0], ("lacsim.version".into(), "0.1.0".into()));
        let drawn = column(&batch, "drawn");
        assert_eq!(drawn.as_primitive::<Float64Type>().value(0), 0.25);
        assert!(drawn.is_null(1));
    }
}

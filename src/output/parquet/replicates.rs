//! `replicates.parquet`: a value for every replicate of every kept series.

use super::Metadata;
use super::runs::RunValue;
use super::table::{TableKind, TableWriter, count, date, epoch_days, number, text};
use crate::forecast::Column;
use crate::output::OutputError;
use crate::output::manifest::FileRecord;
use arrow::array::{ArrayRef, Float64Array};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Rows handed to the encoders at once.
const CHUNK_ROWS: usize = 1 << 17;

/// Writes `replicates.parquet` group by group, in the order of the file:
/// scenario, metric, segment_by, segment, period, replicate, date.
pub struct ReplicateWriter {
    writer: TableWriter,
    last: Option<Position>,
}

/// How far the file has got: scenario, series and period word, next replicate.
type Position = ([String; 5], u32);

impl ReplicateWriter {
    /// Opens the file in a folder.
    ///
    /// # Errors
    /// [`OutputError`] where it cannot be created.
    pub fn create(folder: &Path, metadata: &Metadata) -> Result<Self, OutputError> {
        let mut fields: Vec<_> = ["scenario", "metric", "segment_by", "segment", "period"]
            .map(text)
            .into();
        fields.extend([count("replicate"), date("date"), number("value")]);
        let kind = TableKind {
            file_name: "replicates.parquet",
            schema_name: "replicates/1",
            fields,
            // All but the value.
            runs: 7,
            is_bulky: true,
            scattered: &["value"],
        };
        Ok(Self {
            writer: TableWriter::create(folder, metadata, kind)?,
            last: None,
        })
    }

    /// Writes all dates of one series in one kind of period, for replicates
    /// from `first_replicate` on.
    ///
    /// # Errors
    /// [`OutputError`] where the file cannot be written.
    ///
    /// # Panics
    /// Where the columns are not of one series and kind of period in order of
    /// date with a value for each replicate, or not after what was written
    /// before.
    pub fn write(
        &mut self,
        scenario: &str,
        first_replicate: u32,
        columns: &[Column],
    ) -> Result<(), OutputError> {
        let Some(first) = columns.first() else {
            return Ok(());
        };
        check_group(columns);
        let replicates = first.values.len();
        self.advance(scenario, first_replicate, first);
        let words = self::words(scenario, first);
        let at_once = (CHUNK_ROWS / columns.len()).clamp(1, replicates.max(1));
        for from in (0..replicates).step_by(at_once) {
            let to = (from + at_once).min(replicates);
            let (texts, others) = self.writer.runs().split_at_mut(words.len());
            for (text, word) in texts.iter_mut().zip(words) {
                text.push(RunValue::Text(word.to_owned()), (to - from) * columns.len());
            }
            let replicates = first_replicate + from as u32..first_replicate + to as u32;
            others[0].ramp(replicates, columns.len());
            let dates = columns.iter().map(|column| epoch_days(column.date));
            others[1].cycle(dates.map(RunValue::Date), to - from);
            self.writer.write(&[values(columns, from..to)])?;
        }
        Ok(())
    }

    /// Closes and syncs the file.
    ///
    /// # Errors
    /// [`OutputError`] where it cannot be written.
    pub fn finish(self) -> Result<FileRecord, OutputError> {
        self.writer.finish()
    }

    fn advance(&mut self, scenario: &str, first_replicate: u32, first: &Column) {
        let key = words(scenario, first).map(str::to_owned);
        let next = first_replicate + first.values.len() as u32;
        let position = (key, first_replicate);
        assert!(
            self.last.as_ref().is_none_or(|last| *last <= position),
            "replicates are written in the order of the file"
        );
        self.last = Some((position.0, next));
    }
}

fn words<'a>(scenario: &'a str, column: &'a Column) -> [&'a str; 5] {
    let (metric, segment_by, segment) = column.series.key();
    [scenario, metric, segment_by, segment, column.period.word()]
}

fn check_group(columns: &[Column]) {
    let first = &columns[0];
    let is_alike = |column: &Column| {
        column.series == first.series
            && column.period.word() == first.period.word()
            && column.values.len() == first.values.len()
    };
    assert!(columns.iter().all(is_alike), "a group is of one series");
    assert!(columns.is_sorted_by(|a, b| a.date < b.date));
}

/// Values of some replicates, replicate by replicate.
fn values(columns: &[Column], replicates: Range<usize>) -> ArrayRef {
    let dates = columns.len();
    let mut values = vec![0.0; replicates.len() * dates];
    // A few replicates of every column at a time: what is read and what is
    // written then both stay in the nearest cache.
    let blocks = values.chunks_mut(32 * dates);
    for (block, from) in blocks.zip(replicates.step_by(32)) {
        for (date, column) in columns.iter().enumerate() {
            let rows = block[date..].iter_mut().step_by(dates);
            for (row, &value) in rows.zip(&column.values[from..]) {
                *row = value;
            }
        }
    }
    Arc::new(Float64Array::from(values))
}

#[cfg(test)]
mod tests {
    use super::super::test_files::{column, columns, metadata, read};
    use super::*;
    use crate::forecast::SeriesName;
    use crate::model::layout::{Period, Unit};
    use crate::units::{Date, date_after};
    use arrow::array::AsArray;
    use arrow::datatypes::{DataType, Date32Type, Float64Type, UInt32Type};

    fn group(metric: &str, dates: usize, replicates: usize) -> Vec<Column> {
        let start = Date::from_ymd_opt(1970, 1, 1).unwrap();
        let column = |month: usize| Column {
            series: Arc::new(SeriesName {
                metric: metric.into(),
                segment_by: "all".into(),
                segment: "all".into(),
                unit: Unit::Children,
            }),
            period: Period::Month(month),
            date: date_after(start, 30 * month as i32),
            values: (0..replicates).map(|r| (100 * r + month) as f64).collect(),
        };
        (0..dates).map(column).collect()
    }

    #[test]
    fn values_lie_by_replicate_and_then_by_date() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = ReplicateWriter::create(folder.path(), &metadata()).unwrap();
        writer.write("base", 7, &group("population", 3, 2)).unwrap();
        writer.write("plan", 7, &group("admissions", 3, 2)).unwrap();
        let record = writer.finish().unwrap();
        assert_eq!(record.rows, Some(12));
        let (batch, pairs) = read(&folder.path().join("replicates.parquet"));
        let schema = batch.schema();
        let text = |name| (name, &DataType::Utf8, false);
        let mut expected = ["scenario", "metric", "segment_by", "segment", "period"]
            .map(text)
            .to_vec();
        expected.extend([
            ("replicate", &DataType::UInt32, false),
            ("date", &DataType::Date32, false),
            ("value", &DataType::Float64, false),
        ]);
        assert_eq!(columns(&schema), expected);
        assert_eq!(pairs[3].1, "replicates/1");
        let replicates = column(&batch, "replicate");
        let replicates = replicates.as_primitive::<UInt32Type>().values();
        assert_eq!(replicates[..6], [7, 7, 7, 8, 8, 8]);
        let days = column(&batch, "date");
        assert_eq!(
            days.as_primitive::<Date32Type>().values()[..4],
            [0, 30, 60, 0]
        );
        let values = column(&batch, "value");
        let values = values.as_primitive::<Float64Type>().values();
        assert_eq!(values[..6], [0.0, 1.0, 2.0, 100.0, 101.0, 102.0]);
        assert_eq!(
            column(&batch, "scenario").as_string::<i32>().value(6),
            "plan"
        );
    }

    #[test]
    fn a_large_group_is_written_in_pieces_without_a_seam() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = ReplicateWriter::create(folder.path(), &metadata()).unwrap();
        writer
            .write("plan", 0, &group("population", 7, 40_000))
            .unwrap();
        writer.finish().unwrap();
        let (batch, _) = read(&folder.path().join("replicates.parquet"));
        assert_eq!(batch.num_rows(), 280_000);
        let values = column(&batch, "value");
        let values = values.as_primitive::<Float64Type>().values();
        let is_right = |(row, &value): (usize, &f64)| value == (100 * (row / 7) + row % 7) as f64;
        assert!(values.iter().enumerate().all(is_right));
    }

    #[test]
    fn dates_go_round_however_many_replicates_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = ReplicateWriter::create(folder.path(), &metadata()).unwrap();
        let shapes = [
            ("a", 3, 1),
            ("b", 5, 8),
            ("c", 3, 21),
            ("d", 40, 7),
            ("e", 40, 35),
        ];
        for (metric, dates, replicates) in shapes {
            let group = group(metric, dates, replicates);
            writer.write("plan", 0, &group).unwrap();
        }
        writer.finish().unwrap();
        let (batch, _) = read(&folder.path().join("replicates.parquet"));
        let expected = shapes.iter().flat_map(|&(_, dates, replicates)| {
            let round = move |_| (0..dates as i32).map(|month| 30 * month);
            (0..replicates).flat_map(round)
        });
        let days = column(&batch, "date");
        let days = days.as_primitive::<Date32Type>().values();
        assert_eq!(days[..], expected.collect::<Vec<i32>>());
    }

    #[test]
    #[should_panic(expected = "in the order of the file")]
    fn groups_out_of_order_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = ReplicateWriter::create(folder.path(), &metadata()).unwrap();
        writer.write("plan", 0, &group("spend", 1, 2)).unwrap();
        let _ = writer.write("plan", 0, &group("population", 1, 2));
    }

    /// `cargo test --release -- --ignored --nocapture three_million`
    #[test]
    #[ignore = "a measurement: three million rows, best in a release build"]
    fn three_million_rows_take_less_than_half_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let groups =
            ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].map(|m| group(m, 30, 10_000));
        let clock = std::time::Instant::now();
        let mut writer = ReplicateWriter::create(folder.path(), &metadata()).unwrap();
        for group in &groups {
            writer.write("plan", 0, group).unwrap();
        }
        let record = writer.finish().unwrap();
        let bytes = std::fs::metadata(folder.path().join(&record.name))
            .unwrap()
            .len();
        println!("{:?}, {bytes} bytes", clock.elapsed());
        assert_eq!(record.rows, Some(3_000_000));
    }
}

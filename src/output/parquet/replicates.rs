//! `replicates.parquet`: a value for every replicate of every kept series.

use super::Metadata;
use super::numbers::{Numbers, Wholes};
use super::runs::{RunValue, Runs};
use super::table::{ROW_GROUP_ROWS, TableKind, TableWriter, count, date, epoch_days, number, text};
use crate::forecast::kept::Group;
use crate::output::OutputError;
use crate::output::manifest::FileRecord;
use crate::output::new_files::NewFiles;
use std::ops::Range;

/// Writes `replicates.parquet` group by group, in the order of the file:
/// scenario, metric, segment_by, segment, period, replicate, date.
pub struct ReplicateWriter {
    writer: TableWriter,
    row_group: RowGroup,
    last: Option<Position>,
}

/// The rows of a row group so far.
#[derive(Default)]
struct RowGroup {
    rows: usize,
    words: [Runs; 5],
    replicates: Runs,
    dates: Runs,
    values: Numbers,
}

/// How far the file has got: scenario, series and period word, next replicate.
type Position = ([String; 5], u32);

impl ReplicateWriter {
    /// Opens the file in a folder.
    ///
    /// # Errors
    /// [`OutputError`] where it cannot be created.
    pub fn create(files: &NewFiles, metadata: &Metadata) -> Result<Self, OutputError> {
        let mut fields: Vec<_> = ["scenario", "metric", "segment_by", "segment", "period"]
            .map(text)
            .into();
        fields.extend([count("replicate"), date("date"), number("value")]);
        let kind = TableKind {
            file_name: "replicates.parquet",
            schema_name: "replicates/1",
            fields,
            is_bulky: false,
            scattered: &[],
        };
        Ok(Self {
            writer: TableWriter::create(files, metadata, kind)?,
            row_group: RowGroup::default(),
            last: None,
        })
    }

    /// Writes a group of a run whose first replicate is `first_replicate`, as one
    /// page.
    ///
    /// # Errors
    /// [`OutputError`] where the file cannot be written.
    ///
    /// # Panics
    /// Where its columns are not in order of date with a value for each
    /// replicate, or not after what was written before.
    pub fn write(
        &mut self,
        scenario: &str,
        first_replicate: u32,
        group: Group<'_>,
    ) -> Result<(), OutputError> {
        let count = group.columns.first().map_or(0, |first| first.wholes.len());
        let (dates, rows) = (group.columns.len(), group.columns.len() * count);
        if rows == 0 {
            return Ok(());
        }
        assert!(group.columns.is_sorted_by(|a, b| a.date < b.date));
        let wholes = group.columns.iter().map(|column| {
            assert_eq!(column.wholes.len(), count);
            (&*column.wholes, column.scale)
        });
        let first = first_replicate + group.first as u32;
        let replicates = first..first + count as u32;
        let words = words(scenario, group);
        self.advance(words, replicates.clone());
        let row_group = &mut self.row_group;
        for (runs, word) in row_group.words.iter_mut().zip(words) {
            runs.push(RunValue::Text(word.to_owned()), rows);
        }
        row_group.replicates.ramp(replicates, dates);
        let days = group.columns.iter().map(|column| epoch_days(column.date));
        row_group.dates.cycle(days.map(RunValue::Date), count);
        row_group.values.push(&wholes.collect::<Vec<Wholes<'_>>>());
        row_group.rows += rows;
        if row_group.rows >= ROW_GROUP_ROWS {
            self.close_row_group()?;
        }
        Ok(())
    }

    fn close_row_group(&mut self) -> Result<(), OutputError> {
        let RowGroup {
            rows,
            words,
            replicates,
            dates,
            values,
        } = std::mem::take(&mut self.row_group);
        if rows == 0 {
            return Ok(());
        }
        self.writer.append(rows, |row_group, columns| {
            let mut columns = columns.into_iter();
            let mut next = || columns.next().expect("a field for each column");
            for runs in words.iter().chain([&replicates, &dates]) {
                runs.append_to(row_group, next())?;
            }
            values.append_to(row_group, next())
        })
    }

    /// Closes the file.
    ///
    /// # Errors
    /// [`OutputError`] where it cannot be written.
    pub fn finish(mut self) -> Result<FileRecord, OutputError> {
        self.close_row_group()?;
        self.writer.finish()
    }

    fn advance(&mut self, words: [&str; 5], replicates: Range<u32>) {
        let position = (words.map(str::to_owned), replicates.start);
        assert!(
            self.last.as_ref().is_none_or(|last| *last <= position),
            "replicates are written in the order of the file"
        );
        self.last = Some((position.0, replicates.end));
    }
}

fn words<'a>(scenario: &'a str, group: Group<'a>) -> [&'a str; 5] {
    let (metric, segment_by, segment) = group.series.key();
    [scenario, metric, segment_by, segment, group.period]
}

#[cfg(test)]
mod tests {
    use super::super::test_files::{column, columns, metadata, read};
    use super::*;
    use crate::forecast::SeriesName;
    use crate::forecast::columns::Scale;
    use crate::forecast::kept::WholeColumn;
    use crate::model::layout::Unit;
    use crate::units::{Date, date_after};
    use arrow::array::AsArray;
    use arrow::datatypes::{DataType, Date32Type, Float64Type, UInt32Type};

    fn columns_of(
        dates: usize,
        replicates: usize,
        scale: impl Fn(usize) -> Scale,
        value: impl Fn(usize, usize) -> i64,
    ) -> Vec<WholeColumn> {
        let start = Date::from_ymd_opt(1970, 1, 1).unwrap();
        let column = |month: usize| WholeColumn {
            date: date_after(start, 30 * month as i32),
            scale: scale(month),
            wholes: (0..replicates)
                .map(|replicate| value(replicate, month))
                .collect(),
        };
        (0..dates).map(column).collect()
    }

    fn write(writer: &mut ReplicateWriter, metric: &str, first: u32, columns: &[WholeColumn]) {
        let group = Group {
            series: &SeriesName::total(metric, Unit::Children),
            period: "month",
            first: 0,
            columns,
        };
        writer.write("plan", first, group).unwrap();
    }

    fn group(dates: usize, replicates: usize) -> Vec<WholeColumn> {
        let value = |replicate, month| (100 * replicate + month) as i64;
        columns_of(dates, replicates, |_| Scale::Children, value)
    }

    #[test]
    fn values_lie_by_replicate_and_then_by_date() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer =
            ReplicateWriter::create(&NewFiles::in_folder(folder.path()), &metadata()).unwrap();
        write(&mut writer, "admissions", 7, &group(3, 2));
        write(&mut writer, "population", 7, &group(3, 2));
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
            column(&batch, "metric").as_string::<i32>().value(6),
            "population"
        );
    }

    #[test]
    fn a_large_group_is_written_in_pieces_without_a_seam() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer =
            ReplicateWriter::create(&NewFiles::in_folder(folder.path()), &metadata()).unwrap();
        let whole = group(7, 40_000);
        for replicates in [0..9_000, 9_000..16_000, 16_000..40_000] {
            let first = replicates.start;
            let piece = whole.iter().map(|column| WholeColumn {
                wholes: column.wholes[replicates.clone()].to_vec(),
                ..column.clone()
            });
            let group = Group {
                series: &SeriesName::total("population", Unit::Children),
                period: "month",
                first,
                columns: &piece.collect::<Vec<WholeColumn>>(),
            };
            writer.write("plan", 0, group).unwrap();
        }
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
        let mut writer =
            ReplicateWriter::create(&NewFiles::in_folder(folder.path()), &metadata()).unwrap();
        let shapes = [
            ("a", 3, 1),
            ("b", 5, 8),
            ("c", 3, 21),
            ("d", 40, 7),
            ("e", 40, 35),
        ];
        for (metric, dates, replicates) in shapes {
            write(&mut writer, metric, 0, &group(dates, replicates));
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
        let mut writer =
            ReplicateWriter::create(&NewFiles::in_folder(folder.path()), &metadata()).unwrap();
        write(&mut writer, "spend", 0, &group(1, 2));
        write(&mut writer, "population", 0, &group(1, 2));
    }

    #[test]
    fn numbers_of_every_kind_come_back_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer =
            ReplicateWriter::create(&NewFiles::in_folder(folder.path()), &metadata()).unwrap();
        let mixed = |replicate: usize, month: usize| {
            let mixed = (replicate * 7 + month + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            (mixed >> 33) as i64
        };
        let rate = |month| Scale::Per10000 {
            child_population: 36_000.0 + (month / 3) as f64,
        };
        // Scale, and the least and the greatest whole number.
        type Kind<'a> = (&'a dyn Fn(usize) -> Scale, i64, i64);
        let kinds: [Kind; 8] = [
            (&|_| Scale::Children, 0, 0),
            (&|_| Scale::Children, 0, 70),
            (&|_| Scale::Children, 150, 420),
            (&|_| Scale::Children, -60, 9),
            (&rate, 170, 300),
            (&|_| Scale::Pence, 0, 0),
            (&|_| Scale::Pence, -4_000_000_000, 90_000_000_000),
            (&|_| Scale::Children, i64::MIN / 2, i64::MAX / 2),
        ];
        let shapes = [(1, 1), (5, 3), (31, 9), (48, 700), (36, 9_001)];
        let mut expected: Vec<f64> = Vec::new();
        let names = ('a'..='z').flat_map(|one| ('a'..='z').map(move |two| format!("{one}{two}")));
        let kinds = shapes
            .iter()
            .flat_map(|shape| kinds.iter().map(move |kind| (shape, kind)));
        for ((&(dates, replicates), &(scale, least, most)), name) in kinds.zip(names) {
            let width = most.wrapping_sub(least) as u64 + 1;
            let value = |r, m| least.wrapping_add((mixed(r, m) as u64 % width) as i64);
            let columns = columns_of(dates, replicates, scale, value);
            write(&mut writer, &name, 0, &columns);
            let rows = (0..replicates).flat_map(|r| (0..dates).map(move |m| (r, m)));
            expected.extend(rows.map(|(r, m)| scale(m).written(value(r, m))));
        }
        assert!(expected.len() > ROW_GROUP_ROWS);
        let record = writer.finish().unwrap();
        assert_eq!(record.rows, Some(expected.len() as u64));
        let (batch, _) = read(&folder.path().join("replicates.parquet"));
        let found = column(&batch, "value");
        let found = found.as_primitive::<Float64Type>().values();
        let bits = |number: &f64| number.to_bits();
        assert!(found.iter().map(bits).eq(expected.iter().map(bits)));
    }

    /// `cargo test --release -- --ignored --nocapture three_million`
    #[test]
    #[ignore = "a measurement: three million rows, best in a release build"]
    fn three_million_rows_take_less_than_half_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let value = |replicate, month| (100 + (replicate * 7 + month) % 97) as i64;
        let group = columns_of(30, 10_000, |_| Scale::Children, value);
        let clock = std::time::Instant::now();
        let mut writer =
            ReplicateWriter::create(&NewFiles::in_folder(folder.path()), &metadata()).unwrap();
        for metric in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
            write(&mut writer, metric, 0, &group);
        }
        let record = writer.finish().unwrap();
        let bytes = std::fs::metadata(folder.path().join(&record.name))
            .unwrap()
            .len();
        println!("{:?}, {bytes} bytes", clock.elapsed());
        assert_eq!(record.rows, Some(3_000_000));
    }
}

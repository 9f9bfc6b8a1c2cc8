//! Columns in which one value follows itself many times, or a few follow each
//! other round and round: written as runs and cycles.
//!
//! The Parquet library looks every value up on its own, which took a third of
//! the time of writing the replicates; a run needs one look. What is written is
//! the format's own: a dictionary page, and a data page of run lengths.

use super::pages::{Chunk, Dictionary, push_eights, push_packed, push_run, width_of};
use parquet::basic::Encoding;
use parquet::data_type::ByteArray;
use parquet::errors::Result as ParquetResult;
use parquet::file::statistics::Statistics;
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::ColumnDescPtr;
use std::collections::HashMap;
use std::io::Write;
use std::ops::Range;

/// A value of a column of runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum RunValue {
    /// A word.
    Text(String),
    /// A whole number.
    Count(u32),
    /// A date, in days since 1970.
    Date(i32),
}

/// The runs of one column in one row group.
#[derive(Debug, Default)]
pub(super) struct Runs {
    known: Dictionary<RunValue>,
    /// Counts of ramps that follow each other, with the place of the first.
    stretches: Vec<(Range<u32>, u32)>,
    runs: Vec<Run>,
    rows: usize,
}

/// Rows of one value, or of several in turn: by their places among the values.
#[derive(Debug)]
enum Run {
    /// So many rows of one value.
    Same(u32, usize),
    /// So many rounds of several.
    Cycle(Vec<u32>, usize),
    /// So many rows of each of some places.
    Ramp(Range<u32>, usize),
}

impl Runs {
    /// Adds rows of one value: of the same kind as all before.
    pub fn push(&mut self, value: RunValue, rows: usize) {
        self.rows += rows;
        let mut next = 0;
        if let Some(Run::Same(place, last)) = self.runs.last_mut() {
            if self.known.values[*place as usize] == value {
                *last += rows;
                return;
            }
            next = *place + 1;
        }
        // Values often come in the order in which they first came.
        let place = match self.known.values.get(next as usize) == Some(&value) {
            true => next,
            false => self.known.place(value),
        };
        self.runs.push(Run::Same(place, rows));
    }

    /// Adds so many rounds of these values, one row each.
    pub fn cycle(&mut self, values: impl Iterator<Item = RunValue>, rounds: usize) {
        let places: Vec<u32> = values.map(|value| self.known.place(value)).collect();
        self.rows += places.len() * rounds;
        match self.runs.last_mut() {
            Some(Run::Cycle(last, before)) if *last == places => *before += rounds,
            _ => self.runs.push(Run::Cycle(places, rounds)),
        }
    }

    /// Adds so many rows of each of some counts in turn: as pushing them one by
    /// one does, but looked up by their stretches. A column of ramps takes
    /// nothing else.
    pub fn ramp(&mut self, counts: Range<u32>, rows: usize) {
        debug_assert!(
            self.known.places.is_empty(),
            "a column of ramps takes nothing else"
        );
        self.rows += counts.len() * rows;
        let mut next = counts.start;
        while next < counts.end {
            let mut known = self.stretches.iter();
            let (stretch, place) = match known.find(|(stretch, _)| stretch.contains(&next)) {
                Some((stretch, place)) => (
                    next..stretch.end.min(counts.end),
                    place + next - stretch.start,
                ),
                None => self.add_stretch(next, counts.end),
            };
            next = stretch.end;
            let places = place..place + stretch.len() as u32;
            self.runs.push(Run::Ramp(places, rows));
        }
    }

    /// Takes in counts up to an end or to the next that are known.
    fn add_stretch(&mut self, from: u32, to: u32) -> (Range<u32>, u32) {
        let known = self.stretches.iter().map(|(stretch, _)| stretch.start);
        let to = known.filter(|start| *start > from).fold(to, u32::min);
        let place = self.known.values.len() as u32;
        self.known.values.extend((from..to).map(RunValue::Count));
        self.stretches.push((from..to, place));
        (from..to, place)
    }

    /// Writes the column into a row group as its next one.
    pub fn append_to<W: Write + Send>(
        &self,
        row_group: &mut SerializedRowGroupWriter<'_, W>,
        column: ColumnDescPtr,
    ) -> ParquetResult<()> {
        let mut chunk = Chunk::default();
        chunk.push(self.run_lengths(), self.rows, Encoding::RLE_DICTIONARY);
        let dictionary = (self.dictionary(), self.known.values.len());
        chunk.append_to(row_group, column, Some(dictionary), self.statistics())
    }

    /// Least and greatest value.
    fn statistics(&self) -> Option<Statistics> {
        Some(
            match (
                self.known.values.iter().min()?,
                self.known.values.iter().max()?,
            ) {
                (RunValue::Text(least), RunValue::Text(greatest)) => {
                    let [least, greatest] =
                        [least, greatest].map(|text| ByteArray::from(text.as_str()));
                    Statistics::byte_array(Some(least), Some(greatest), None, Some(0), false)
                }
                (RunValue::Count(least), RunValue::Count(greatest)) => {
                    let [least, greatest] = [least, greatest].map(|count| count.cast_signed());
                    Statistics::int32(Some(least), Some(greatest), None, Some(0), false)
                }
                (&RunValue::Date(least), &RunValue::Date(greatest)) => {
                    Statistics::int32(Some(least), Some(greatest), None, Some(0), false)
                }
                _ => return None,
            },
        )
    }

    /// The values in their plain encoding.
    fn dictionary(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for value in &self.known.values {
            match value {
                RunValue::Text(text) => {
                    bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
                    bytes.extend_from_slice(text.as_bytes());
                }
                RunValue::Count(count) => bytes.extend_from_slice(&count.to_le_bytes()),
                RunValue::Date(days) => bytes.extend_from_slice(&days.to_le_bytes()),
            }
        }
        bytes
    }

    /// The width of a place in bits, then the format's hybrid of run lengths and
    /// packed bits: for a run twice its length as a varint and the place in
    /// whole bytes; for a cycle the places of eight rounds packed, again and
    /// again. Rounds that are left over are runs of one.
    fn run_lengths(&self) -> Vec<u8> {
        let width = width_of(self.known.values.len());
        let mut bytes = vec![width as u8];
        // Every series has the same ramps.
        let mut ramps: HashMap<(&Range<u32>, usize), Range<usize>> = HashMap::new();
        for one in &self.runs {
            match one {
                Run::Same(place, rows) => push_run(&mut bytes, width, *place, *rows),
                Run::Ramp(places, rows) => match ramps.get(&(places, *rows)) {
                    Some(written) => bytes.extend_from_within(written.clone()),
                    None => {
                        let from = bytes.len();
                        for place in places.clone() {
                            push_run(&mut bytes, width, place, *rows);
                        }
                        ramps.insert((places, *rows), from..bytes.len());
                    }
                },
                Run::Cycle(places, rounds) => {
                    if *rounds >= 8 {
                        push_eights(&mut bytes, places.len() * (rounds / 8));
                        let round: Vec<u16> = places.iter().map(|&place| place as u16).collect();
                        let from = bytes.len();
                        push_packed(&mut bytes, &round.repeat(8), width);
                        let eight = bytes.split_off(from);
                        bytes.extend_from_slice(&eight.repeat(rounds / 8));
                    }
                    for &place in places.repeat(rounds % 8).iter() {
                        push_run(&mut bytes, width, place, 1);
                    }
                }
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ramps_are_written_as_their_counts_one_by_one() {
        let (mut ramps, mut pushed) = (Runs::default(), Runs::default());
        for (counts, rows) in [
            (14..19, 3),
            (19..22, 3),
            (0..17, 3),
            (10..40, 130),
            (0..17, 3),
        ] {
            ramps.ramp(counts.clone(), rows);
            for count in counts {
                pushed.push(RunValue::Count(count), rows);
            }
        }
        assert_eq!(ramps.dictionary(), pushed.dictionary());
        assert_eq!(ramps.run_lengths(), pushed.run_lengths());
        assert_eq!(ramps.rows, pushed.rows);
    }
}

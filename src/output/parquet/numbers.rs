//! A column of numbers of which most are of few kinds, such as counts of
//! children.
//!
//! Whole numbers of a narrow range are written as their places in a dictionary,
//! in as few bits as these take. That needs one look into a table for each,
//! where the Parquet library moves and compresses doubles: a run of workload W1a
//! took 6 % longer that way, and its file nearly twice the room. Any others, such
//! as pounds, are written as doubles.

use super::pages::{Chunk, Dictionary, MOST_BITS, push_eights, push_packed, push_run, width_of};
use crate::forecast::columns::Scale;
use parquet::basic::Encoding;
use parquet::errors::Result as ParquetResult;
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::ColumnDescPtr;
use std::io::Write;

/// Whole numbers, and what they are written as.
pub(super) type Wholes<'a> = (&'a [i64], Scale);

/// The least numbers have the first places, so that they take few bits.
const SMALL: u32 = 256;

/// The numbers of one row group.
#[derive(Default)]
pub(super) struct Numbers {
    /// By their bits.
    kinds: Dictionary<u64>,
    pages: Chunk,
}

/// Places in the dictionary of the whole numbers from one on.
struct Table {
    least: i64,
    places: Vec<u16>,
}

impl Numbers {
    /// Adds a page: one row of each of some columns in turn, as long as they go.
    pub fn push(&mut self, columns: &[Wholes<'_>]) {
        let rows = columns.iter().map(|(wholes, _)| wholes.len()).sum();
        match self.tables(columns, rows) {
            Some(tables) => {
                let places = in_turn(columns, |column, whole| {
                    let table: &Table = &tables[column];
                    table.places[(whole - table.least) as usize]
                });
                let page = page_of(&places, &tables);
                self.pages.push(page, rows, Encoding::RLE_DICTIONARY);
            }
            None => {
                let numbers = in_turn(columns, |column, whole| {
                    columns[column].1.written(whole).to_le_bytes()
                });
                let page = numbers.into_flattened();
                self.pages.push(page, rows, Encoding::PLAIN);
            }
        }
    }

    /// Where the numbers of each column stand in the dictionary; nothing where
    /// there are so many kinds that a dictionary would not pay.
    fn tables(&mut self, columns: &[Wholes<'_>], rows: usize) -> Option<Vec<Table>> {
        let range = |(wholes, scale): &Wholes<'_>| {
            let (least, most) = wholes
                .iter()
                .fold((i64::MAX, i64::MIN), |(least, most), &x| {
                    (least.min(x), most.max(x))
                });
            (least, most, *scale)
        };
        let ranges: Vec<(i64, i64, Scale)> = columns.iter().map(range).collect();
        let kinds = ranges.iter().try_fold(0_usize, |sum, (least, most, _)| {
            let kinds = usize::try_from(most.checked_sub(*least)?).ok()?;
            sum.checked_add(kinds)?.checked_add(1)
        })?;
        let known = self.kinds.values.len().max(SMALL as usize);
        if kinds > rows || known + kinds > 1 << MOST_BITS {
            return None;
        }
        if self.kinds.values.is_empty() {
            for small in 0..SMALL {
                self.place(f64::from(small));
            }
        }
        let table = |(least, most, scale): (i64, i64, Scale)| Table {
            least,
            places: (least..=most)
                .map(|whole| self.place(scale.written(whole)))
                .collect(),
        };
        Some(ranges.into_iter().map(table).collect())
    }

    fn place(&mut self, number: f64) -> u16 {
        self.kinds.place(number.to_bits()) as u16
    }

    /// Writes the column into a row group as its next one.
    pub fn append_to<W: Write + Send>(
        self,
        row_group: &mut SerializedRowGroupWriter<'_, W>,
        column: ColumnDescPtr,
    ) -> ParquetResult<()> {
        let kinds = &self.kinds.values;
        let bytes = kinds.iter().flat_map(|kind| kind.to_le_bytes());
        let dictionary = match kinds.len() {
            0 => None,
            kinds => Some((bytes.collect(), kinds)),
        };
        self.pages.append_to(row_group, column, dictionary, None)
    }
}

/// A page of places: one run where there is but one of them, else packed.
fn page_of(places: &[u16], tables: &[Table]) -> Vec<u8> {
    let known = || tables.iter().flat_map(|table| &table.places);
    let highest = usize::from(known().copied().max().unwrap_or_default());
    let width = width_of(highest + 1);
    let mut page = vec![width as u8];
    if known().all(|&place| usize::from(place) == highest) {
        push_run(&mut page, width, highest as u32, places.len());
    } else {
        push_eights(&mut page, places.len().div_ceil(8));
        push_packed(&mut page, places, width);
    }
    page
}

/// What is made of the whole numbers of some columns, a row of each in turn.
fn in_turn<T: Copy + Default>(columns: &[Wholes<'_>], made: impl Fn(usize, i64) -> T) -> Vec<T> {
    let (turn, rounds) = (columns.len(), columns[0].0.len());
    let mut rows = vec![T::default(); turn * rounds];
    // A few rows of every column at a time: what is read and what is written
    // then both stay in the nearest cache.
    const BLOCK: usize = 32;
    for (block, from) in rows.chunks_mut(BLOCK * turn).zip((0..).step_by(BLOCK)) {
        for (column, (wholes, _)) in columns.iter().enumerate() {
            let rows = block[column..].iter_mut().step_by(turn);
            for (row, &whole) in rows.zip(&wholes[from..]) {
                *row = made(column, whole);
            }
        }
    }
    rows
}

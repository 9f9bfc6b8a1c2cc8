//! How often each number of a series occurs.

use super::cells::{Reader, Row};
use super::{TILE, Tiles, each_row, months_of};
use crate::model::layout::{Layout, Period};
use std::ops::Range;

/// How often each number occurs among replicates, period by period.
#[derive(Debug, Default)]
pub struct Frequencies {
    counts: Vec<u32>,
    tables: Vec<Table>,
}

/// One period among the frequencies.
#[derive(Debug)]
struct Table {
    months: Range<usize>,
    /// The number that the first count is of; the next is of one more.
    least: i64,
    counts: Range<usize>,
}

impl Table {
    /// The place of the count of what is no more than the least of a row.
    #[inline(always)]
    fn place(&self, row: &Row) -> usize {
        let least = row.least * self.months.len() as i64;
        self.counts.start + least.abs_diff(self.least) as usize
    }
}

impl Frequencies {
    /// Those of zero in every replicate, in so many periods.
    pub fn be_zero(&mut self, periods: usize, replicates: usize) {
        let replicates = u32::try_from(replicates).expect("replicates are numbered in 32 bits");
        self.counts.clear();
        self.counts.resize(periods, replicates);
        self.tables.clear();
        self.tables.extend((0..periods).map(|period| Table {
            months: 0..0,
            least: 0,
            counts: period..period + 1,
        }));
    }

    /// For each period a number, and how often it and each next one occur.
    pub fn each(&self) -> impl Iterator<Item = (i64, &[u32])> {
        let counts = |table: &Table| &self.counts[table.counts.clone()];
        self.tables
            .iter()
            .map(move |table| (table.least, counts(table)))
    }
}

impl Tiles {
    /// How often each number occurs in each of some periods, into room that is
    /// used again; no where there are so many kinds of numbers that they are
    /// better looked at one by one.
    pub fn count(
        &self,
        layout: &Layout,
        series: usize,
        periods: &[Period],
        frequencies: &mut Frequencies,
    ) -> bool {
        let most_kinds = (self.replicates / 4).max(512);
        let (mut least, mut greatest) = (i64::MAX, i64::MIN);
        for tile in &self.tiles {
            let (cells, row) = tile.row(layout, series);
            let row = &cells.rows[row];
            least = least.min(row.least);
            greatest = greatest.max(row.least.saturating_add_unsigned(row.range));
        }
        let range = greatest.abs_diff(least);
        let Frequencies { counts, tables } = frequencies;
        tables.clear();
        let mut from = 0;
        for &period in periods {
            let months = months_of(layout, period);
            let kinds = (months.len() as u64).checked_mul(range);
            let Some(kinds) = kinds.filter(|&kinds| kinds < most_kinds as u64) else {
                return false;
            };
            let to = from + kinds as usize + 1;
            tables.push(Table {
                least: least * months.len() as i64,
                months,
                counts: from..to,
            });
            from = to;
        }
        counts.clear();
        counts.resize(from, 0);
        each_row(
            &self.tiles,
            layout,
            series,
            &mut Count {
                tables,
                counts,
                single: Vec::new(),
                longer: Vec::new(),
            },
        );
        true
    }
}

/// Counting numbers into their tables.
struct Count<'a> {
    tables: &'a [Table],
    counts: &'a mut [u32],
    /// Months by themselves, each with the place of the count of what is no
    /// more than the least of the row.
    single: Vec<(usize, usize)>,
    /// Longer periods, the same.
    longer: Vec<(Range<usize>, usize)>,
}

impl Reader for Count<'_> {
    #[inline(always)]
    fn read<T: Copy + Into<i64>>(&mut self, row: &Row, replicates: usize, numbers: &[T]) {
        self.single.clear();
        self.longer.clear();
        for table in self.tables {
            let (months, place) = (&table.months, table.place(row));
            match months.len() {
                1 => self.single.push((months.start, place)),
                _ => self.longer.push((months.clone(), place)),
            }
        }
        let counts = &mut *self.counts;
        // All periods of a replicate, then the next replicate: neighbouring
        // counts are in different tables and need not wait for each other.
        for replicate in 0..replicates {
            for &(month, place) in &self.single {
                let more: i64 = numbers[month * replicates + replicate].into();
                counts[place + more as usize] += 1;
            }
        }
        for (months, place) in &self.longer {
            let mut more = [0; TILE];
            for month in months.clone() {
                let numbers = &numbers[month * replicates..][..replicates];
                for (more, &number) in more.iter_mut().zip(numbers) {
                    *more += number.into();
                }
            }
            for more in &more[..replicates] {
                counts[place + *more as usize] += 1;
            }
        }
    }

    #[inline(always)]
    fn read_least(&mut self, row: &Row, replicates: usize) {
        for table in self.tables {
            self.counts[table.place(row)] += replicates as u32;
        }
    }
}

//! Tallies of many replicates, kept so that one cell of all replicates reads
//! quickly: tiles of [`TILE`] replicates, cell by cell within a tile.

use crate::model::layout::{Layout, Period, Unit};
use crate::wide::{Work, widest};
use std::ops::Range;

/// Replicates in one tile; a cell's values in a tile fill two cache lines.
pub const TILE: usize = 32;

/// Whole numbers in the narrowest form that holds them all: a council's counts
/// fit two bytes and its monthly pence four, and most of a run's memory is
/// these.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cells {
    Narrow(Vec<i16>),
    Middling(Vec<i32>),
    Wide(Vec<i64>),
}

impl Cells {
    /// Packs `[TILE × cells]` as `[cells × TILE]`.
    fn pack<T: Copy + Into<i64>>(lanes: &[T]) -> Self {
        let (least, most) = widest(Ends(lanes));
        let fits = |low: i64, high: i64| low <= least && most <= high;
        if fits(i16::MIN.into(), i16::MAX.into()) {
            Self::Narrow(turned(lanes, |value| value as i16))
        } else if fits(i32::MIN.into(), i32::MAX.into()) {
            Self::Middling(turned(lanes, |value| value as i32))
        } else {
            Self::Wide(turned(lanes, |value| value))
        }
    }

    /// The sum of some cells in each lane: at least one cell.
    #[inline(always)]
    fn sum(&self, cells: Range<usize>, values: &mut [i64]) {
        #[inline(always)]
        fn sum<T: Copy + Into<i64>>(cells: &[T], values: &mut [i64]) {
            let (first, others) = cells.split_at(TILE);
            for (value, &cell) in values.iter_mut().zip(first) {
                *value = cell.into();
            }
            for other in others.chunks_exact(TILE) {
                for (value, &cell) in values.iter_mut().zip(other) {
                    *value += cell.into();
                }
            }
        }
        let lanes = cells.start * TILE..cells.end * TILE;
        match self {
            Self::Narrow(cells) => sum(&cells[lanes], values),
            Self::Middling(cells) => sum(&cells[lanes], values),
            Self::Wide(cells) => sum(&cells[lanes], values),
        }
    }
}

/// The least and the greatest of some values and 0.
struct Ends<'a, T>(&'a [T]);

impl<T: Copy + Into<i64>> Work for Ends<'_, T> {
    type Output = (i64, i64);

    #[inline(always)]
    fn work(self) -> (i64, i64) {
        let (mut least, mut most) = (0i64, 0i64);
        for &value in self.0 {
            let value = value.into();
            least = least.min(value);
            most = most.max(value);
        }
        (least, most)
    }
}

/// Values by lane as values by cell. A few cells of every lane at a time: what
/// is read and what is written then both stay in the nearest cache.
fn turned<T: Copy + Into<i64>, U: Copy + Default>(
    lanes: &[T],
    narrow: impl Fn(i64) -> U,
) -> Vec<U> {
    const AT_ONCE: usize = 16;
    let cells = lanes.len() / TILE;
    let mut turned = vec![U::default(); lanes.len()];
    for from in (0..cells).step_by(AT_ONCE) {
        let to = cells.min(from + AT_ONCE);
        let block = &mut turned[from * TILE..to * TILE];
        for lane in 0..TILE {
            let row = &lanes[lane * cells + from..lane * cells + to];
            for (cell, &value) in block.chunks_exact_mut(TILE).zip(row) {
                cell[lane] = narrow(value.into());
            }
        }
    }
    turned
}

/// A tile while its replicates are played, `[TILE × cells]`.
#[derive(Debug, Clone)]
pub struct OpenTile {
    counts: Vec<i32>,
    pence: Vec<i64>,
}

impl OpenTile {
    /// A tile of zeros for a layout.
    pub fn zeros(layout: &Layout) -> Self {
        Self {
            counts: vec![0; layout.count_cells() * TILE],
            pence: vec![0; layout.pence_cells() * TILE],
        }
    }

    /// Stores one replicate's tally in its lane.
    pub fn store(&mut self, lane: usize, counts: &[i32], pence: &[i64]) {
        let row = |cells: usize| lane * cells..(lane + 1) * cells;
        self.counts[row(counts.len())].copy_from_slice(counts);
        self.pence[row(pence.len())].copy_from_slice(pence);
    }

    /// The tile as it is kept. Lanes that the next tile does not store keep
    /// what they hold; nobody reads them.
    pub fn close(&self) -> Tile {
        Tile {
            counts: Cells::pack(&self.counts),
            pence: Cells::pack(&self.pence),
        }
    }
}

/// Tallies of up to [`TILE`] replicates, `[cells × TILE]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    counts: Cells,
    pence: Cells,
}

/// Tallies of every replicate of one scenario, in the order of replicates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tiles {
    replicates: usize,
    tiles: Vec<Tile>,
}

impl Tiles {
    /// Joins tiles in the order of their replicates; all but the last are full.
    pub fn new(replicates: usize, tiles: Vec<Tile>) -> Self {
        assert_eq!(tiles.len(), replicates.div_ceil(TILE));
        Self { replicates, tiles }
    }

    /// Number of replicates.
    pub fn replicates(&self) -> usize {
        self.replicates
    }

    /// One series in one period, a value per replicate: children or pence.
    pub fn column(&self, layout: &Layout, series: usize, period: Period) -> Vec<i64> {
        let mut columns = self.columns(layout, series, &[period]);
        columns.pop().expect("a period has a column")
    }

    /// The same in several periods.
    pub fn columns(&self, layout: &Layout, series: usize, periods: &[Period]) -> Vec<Vec<i64>> {
        let mut columns = Vec::new();
        self.read(layout, series, periods, &mut columns);
        columns
    }

    /// The same into the first of some columns that are used again. All periods are read in one
    /// pass: the cells of a series lie side by side in a tile, and tiles lie far
    /// apart.
    pub fn read(
        &self,
        layout: &Layout,
        series: usize,
        periods: &[Period],
        columns: &mut Vec<Vec<i64>>,
    ) {
        let first = layout.first_cell(series);
        let cells = |period: &Period| match *period {
            Period::Month(month) => first + month..first + month + 1,
            Period::FinancialYear(year) => {
                let months = &layout.calendar().financial_years()[year].months;
                first + months.start..first + months.end
            }
        };
        if columns.len() < periods.len() {
            columns.resize_with(periods.len(), Vec::new);
        }
        let columns = &mut columns[..periods.len()];
        for column in columns.iter_mut() {
            column.resize(self.replicates, 0);
        }
        widest(Read {
            tiles: &self.tiles,
            is_money: layout.series()[series].unit == Unit::Pounds,
            cells: periods.iter().map(cells).collect(),
            columns,
        });
    }
}

/// Sums of cells of every replicate.
struct Read<'a> {
    tiles: &'a [Tile],
    is_money: bool,
    /// Cells that each column sums.
    cells: Vec<Range<usize>>,
    columns: &'a mut [Vec<i64>],
}

impl Work for Read<'_> {
    type Output = ();

    #[inline(always)]
    fn work(self) {
        for (index, tile) in self.tiles.iter().enumerate() {
            let packed = if self.is_money {
                &tile.pence
            } else {
                &tile.counts
            };
            for (column, cells) in self.columns.iter_mut().zip(&self.cells) {
                let to = column.len().min((index + 1) * TILE);
                packed.sum(cells.clone(), &mut column[index * TILE..to]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_any_width_sum_what_was_packed() {
        for most in [7, 40_000, 3_000_000_000i64] {
            // Two cells of every lane: its number, and the same and the most.
            let lanes: Vec<i64> = (0..TILE as i64).flat_map(|i| [i, i + most]).collect();
            let cells = Cells::pack(&lanes);
            let mut values = [10, 10];
            cells.sum(1..2, &mut values);
            assert_eq!(values, [most, 1 + most]);
            cells.sum(0..2, &mut values);
            assert_eq!(values, [most, 2 + most]);
        }
        let of = |value: i64| Cells::pack(&[value; TILE]);
        assert!(matches!(of(i16::MIN.into()), Cells::Narrow(_)));
        assert!(matches!(of(-40_000), Cells::Middling(_)));
        assert!(matches!(of(1 << 31), Cells::Wide(_)));
    }
}

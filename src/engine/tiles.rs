//! Tallies of many replicates, kept so that one cell of all replicates reads
//! quickly: tiles of [`TILE`] replicates, cell by cell within a tile.

use crate::model::layout::{Layout, Period, Unit};

/// Replicates in one tile; a cell's values in a tile fill two cache lines.
pub const TILE: usize = 32;

/// Tallies of up to [`TILE`] replicates, `[cells × TILE]`.
#[derive(Debug, Clone)]
pub struct Tile {
    counts: Vec<i32>,
    pence: Vec<i64>,
}

impl Tile {
    /// A tile of zeros for a layout.
    pub fn zeros(layout: &Layout) -> Self {
        Self {
            counts: vec![0; layout.count_cells() * TILE],
            pence: vec![0; layout.pence_cells() * TILE],
        }
    }

    /// Stores one replicate's tally in its lane.
    pub fn store(&mut self, lane: usize, counts: &[i32], pence: &[i64]) {
        for (row, &value) in self.counts.chunks_exact_mut(TILE).zip(counts) {
            row[lane] = value;
        }
        for (row, &value) in self.pence.chunks_exact_mut(TILE).zip(pence) {
            row[lane] = value;
        }
    }
}

/// Tallies of every replicate of one scenario, in the order of replicates.
#[derive(Debug, Clone)]
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
        let mut values = vec![0; self.replicates];
        match period {
            Period::Month(month) => self.add_month(layout, series, month, &mut values),
            Period::FinancialYear(year) => {
                for month in layout.calendar().financial_years()[year].months.clone() {
                    self.add_month(layout, series, month, &mut values);
                }
            }
        }
        values
    }

    fn add_month(&self, layout: &Layout, series: usize, month: usize, values: &mut [i64]) {
        let cell = layout.first_cell(series) + month;
        let lanes = cell * TILE..(cell + 1) * TILE;
        let is_money = layout.series()[series].unit == Unit::Pounds;
        for (tile, chunk) in self.tiles.iter().zip(values.chunks_mut(TILE)) {
            if is_money {
                for (value, &add) in chunk.iter_mut().zip(&tile.pence[lanes.clone()]) {
                    *value += add;
                }
            } else {
                for (value, &add) in chunk.iter_mut().zip(&tile.counts[lanes.clone()]) {
                    *value += i64::from(add);
                }
            }
        }
    }
}

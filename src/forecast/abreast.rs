//! Columns of few values, put in order side by side.
//!
//! Batcher's merge exchange (Knuth, The Art of Computer Programming, volume 3,
//! 5.2.2, algorithm M) compares the same places whatever stands in them: as many
//! columns are sorted at once as a vector has lanes, and nothing is guessed. For
//! few values that takes less time than sorting or counting them one column after
//! the other; for many, counting is quicker.

use crate::wide::{Work, widest};

/// Columns that are sorted at once.
pub(super) const ABREAST: usize = 16;

/// Values in a column, at most, that are sorted sooner than counted.
pub(super) const FEW: usize = 512;

/// What stands in the same place of each column.
type Row<T> = [T; ABREAST];

/// Sorted columns of whole numbers, as distances from the least of each. Room is
/// used again.
#[derive(Debug, Default)]
pub(super) struct Abreast {
    /// Distances that fit in 16 bits, or in 32, which take longer.
    short: Vec<Row<u16>>,
    long: Vec<Row<u32>>,
    is_short: bool,
    least: [i64; ABREAST],
    sums: [u64; ABREAST],
    squares: [u64; ABREAST],
}

impl Abreast {
    /// Sorts up to [`ABREAST`] columns of one length, `[columns][values]`, of
    /// which the least value and the distance to the greatest are known: a
    /// column whose distances do not fit in 32 bits is left out.
    pub(super) fn sort(&mut self, columns: &[Vec<i64>], ranges: &[(i64, u64)]) {
        let widths = ranges.iter().map(|(_, width)| *width);
        let widest = widths.filter(|&width| fits(width)).max();
        self.is_short = widest.is_none_or(|width| u16::try_from(width).is_ok());
        self.least = [0; ABREAST];
        for (least, range) in self.least.iter_mut().zip(ranges) {
            *least = range.0;
        }
        (self.sums, self.squares) = match self.is_short {
            true => sort(&mut self.short, columns, ranges, |distance| distance as u16),
            false => sort(&mut self.long, columns, ranges, |distance| distance as u32),
        };
    }

    /// The value of a column at a rank, from 0.
    pub(super) fn at(&self, column: usize, rank: usize) -> i64 {
        let distance: i64 = match self.is_short {
            true => self.short[rank][column].into(),
            false => self.long[rank][column].into(),
        };
        self.least[column] + distance
    }

    /// Sum and sum of squares of a column's distances, of so many values and up
    /// to so great, if they fit in 64 bits.
    pub(super) fn moments(&self, column: usize, count: usize, width: u64) -> Option<(u128, u128)> {
        let most = width.checked_mul(width)?.checked_mul(count as u64);
        most.map(|_| (self.sums[column].into(), self.squares[column].into()))
    }
}

/// Whether a column with so great a distance can be sorted here.
pub(super) fn fits(width: u64) -> bool {
    u32::try_from(width).is_ok()
}

/// Sums and sums of squares of distances, lane by lane.
type Moments = ([u64; ABREAST], [u64; ABREAST]);

/// Sorts the distances of columns from their least value into rows.
#[inline(always)]
fn sort<T: Copy + Default + Ord + Into<u64>>(
    rows: &mut Vec<Row<T>>,
    columns: &[Vec<i64>],
    ranges: &[(i64, u64)],
    distance: impl Fn(i64) -> T,
) -> Moments {
    rows.clear();
    rows.resize(columns.first().map_or(0, Vec::len), [T::default(); ABREAST]);
    for (lane, (column, &(least, width))) in columns.iter().zip(ranges).enumerate() {
        if fits(width) {
            for (row, value) in rows.iter_mut().zip(column) {
                row[lane] = distance(value.wrapping_sub(least));
            }
        }
    }
    widest(Network(rows))
}

/// Sorts rows, lane by lane.
struct Network<'r, T>(&'r mut [Row<T>]);

impl<T: Copy + Ord + Into<u64>> Work for Network<'_, T> {
    type Output = Moments;

    #[inline(always)]
    fn work(self) -> Moments {
        let rows = self.0;
        let (mut sums, mut squares) = ([0; ABREAST], [0_u64; ABREAST]);
        for row in &*rows {
            for lane in 0..ABREAST {
                let distance: u64 = row[lane].into();
                sums[lane] += distance;
                squares[lane] = squares[lane].wrapping_add(distance.wrapping_mul(distance));
            }
        }
        let count = rows.len();
        let half = count.next_power_of_two() / 2;
        let mut merged = half;
        while merged > 0 {
            let (mut skip, mut from, mut apart) = (half, 0, merged);
            loop {
                // Places that have `from` in the bit of `merged`, in blocks.
                for block in (from..count.saturating_sub(apart)).step_by(2 * merged) {
                    for place in block..(block + merged).min(count - apart) {
                        order(rows, place, place + apart);
                    }
                }
                if skip == merged {
                    break;
                }
                (apart, skip, from) = (skip - merged, skip / 2, merged);
            }
            merged /= 2;
        }
        (sums, squares)
    }
}

/// Puts the lesser of two values first, lane by lane.
#[inline(always)]
fn order<T: Copy + Ord>(rows: &mut [Row<T>], place: usize, other: usize) {
    let (one, two) = (rows[place], rows[other]);
    for lane in 0..ABREAST {
        rows[place][lane] = one[lane].min(two[lane]);
        rows[other][lane] = one[lane].max(two[lane]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range(column: &[i64]) -> (i64, u64) {
        let (least, greatest) = (column.iter().min().unwrap(), column.iter().max().unwrap());
        (*least, greatest.abs_diff(*least))
    }

    /// What sorts every column of zeros and ones sorts every column (Knuth,
    /// 5.3.4, theorem Z).
    #[test]
    fn every_short_column_of_zeros_and_ones_is_sorted() {
        for count in 1..=13 {
            let columns: Vec<Vec<i64>> = (0..1 << count)
                .map(|bits: i64| (0..count).map(|place| bits >> place & 1).collect())
                .collect();
            for some in columns.chunks(ABREAST) {
                let ranges: Vec<(i64, u64)> = some.iter().map(|one| range(one)).collect();
                let mut abreast = Abreast::default();
                abreast.sort(some, &ranges);
                for (lane, column) in some.iter().enumerate() {
                    let zeros = column.iter().filter(|value| **value == 0).count();
                    let found = (0..count).map(|rank| abreast.at(lane, rank));
                    assert!(found.eq((0..count).map(|rank| i64::from(rank >= zeros))));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn columns_are_sorted_and_summed(
            columns in (1_usize..=FEW).prop_flat_map(|count| {
                let value = move |width: i64| prop_oneof![0..9_i64, -width..width];
                let columns = |width: i64| {
                    prop::collection::vec(prop::collection::vec(value(width), count), 1..=ABREAST)
                };
                prop_oneof![columns(30_000_i64), columns(2_000_000_000)]
            }),
        ) {
            let ranges: Vec<(i64, u64)> = columns.iter().map(|one| range(one)).collect();
            let mut abreast = Abreast::default();
            abreast.sort(&columns, &ranges);
            for (lane, column) in columns.iter().enumerate() {
                let mut sorted = column.clone();
                sorted.sort_unstable();
                let (least, width) = ranges[lane];
                let found: Vec<i64> = (0..sorted.len()).map(|rank| abreast.at(lane, rank)).collect();
                prop_assert_eq!(&found, &sorted);
                if let Some(moments) = abreast.moments(lane, sorted.len(), width) {
                    let each = sorted.iter().map(|value| u128::from(value.abs_diff(least)));
                    let squares = each.clone().map(|distance| distance * distance).sum();
                    prop_assert_eq!(moments, (each.sum(), squares));
                }
            }
        }
    }
}

//! Tallies of many replicates, kept so that one series of all replicates reads
//! quickly: tiles of [`TILE`] replicates, series by series within a tile.

mod cells;
mod frequencies;

pub use frequencies::Frequencies;

use crate::model::layout::{Layout, Period, Unit};
use crate::wide::{Work, sum_rows, widest};
use cells::{Cells, Reader, Row, packed};
use std::ops::{AddAssign, Range, SubAssign};

/// Replicates in one tile.
pub const TILE: usize = 16;

/// A tile while its replicates are played, `[series × TILE × months]`: as the
/// tallies come.
#[derive(Debug, Clone)]
pub struct OpenTile {
    months: usize,
    counts: Vec<i32>,
    pence: Vec<i64>,
}

/// Where tiles are packed, one after the other, before it is known how much
/// room they need.
#[derive(Debug, Default)]
pub struct Room(Cells);

impl OpenTile {
    /// A tile of zeros for a layout.
    pub fn zeros(layout: &Layout) -> Self {
        Self {
            months: layout.calendar().months(),
            counts: vec![0; layout.count_cells() * TILE],
            pence: vec![0; layout.pence_cells() * TILE],
        }
    }

    /// Stores one replicate's tally in its lane.
    pub fn store(&mut self, lane: usize, counts: &[i32], pence: &[i64]) {
        widest(Store {
            tile: self,
            lane,
            counts,
            pence,
        });
    }

    /// The first lanes as they are kept.
    pub fn close(&self, lanes: usize, room: &mut Room) -> Tile {
        Tile {
            counts: packed(&self.counts, self.months, lanes, &mut room.0),
            pence: packed(&self.pence, self.months, lanes, &mut room.0),
        }
    }
}

/// A replicate's tally, on its way into a lane of a tile.
struct Store<'a> {
    tile: &'a mut OpenTile,
    lane: usize,
    counts: &'a [i32],
    pence: &'a [i64],
}

impl Work for Store<'_> {
    type Output = ();

    #[inline(always)]
    fn work(self) {
        let (months, tile) = (self.tile.months, self.tile);
        store(months, &mut tile.counts, self.lane, self.counts);
        store(months, &mut tile.pence, self.lane, self.pence);
    }
}

#[inline(always)]
fn store<T: Copy + Default + AddAssign + SubAssign>(
    months: usize,
    tile: &mut [T],
    lane: usize,
    tally: &[T],
) {
    for (series, row) in tile.chunks_exact_mut(TILE * months).enumerate() {
        // The sum of one row: a call that copies any number takes longer.
        let row = &mut row[lane * months..][..months];
        sum_rows(row, (tally, months), &[series], &[]);
    }
}

/// Tallies of up to [`TILE`] replicates, `[series × months × replicates]`: as
/// columns are read.
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
        self.read(layout, series, periods, 0..self.replicates, &mut columns);
        columns
    }

    /// The same of some replicates, those of whole tiles, into the first of some
    /// columns that are used again. All periods are read in one pass: the cells
    /// of a series lie side by side in a tile, and tiles lie far apart.
    pub fn read(
        &self,
        layout: &Layout,
        series: usize,
        periods: &[Period],
        replicates: Range<usize>,
        columns: &mut Vec<Vec<i64>>,
    ) {
        let tiles = replicates.start / TILE..replicates.end.div_ceil(TILE);
        assert!(
            replicates.start.is_multiple_of(TILE),
            "whole tiles are read"
        );
        assert!(replicates.end.is_multiple_of(TILE) || replicates.end == self.replicates);
        let columns = room_for(columns, periods.len(), replicates.len());
        let spans: Vec<Range<usize>> = periods.iter().map(|&p| months_of(layout, p)).collect();
        each_row(
            &self.tiles[tiles],
            layout,
            series,
            &mut Read {
                columns: columns.iter_mut().zip(spans).collect(),
                from: 0,
            },
        );
    }
}

/// The first so many of some columns that are used again, each as long as asked
/// for; what was in them may still be.
pub fn room_for(columns: &mut Vec<Vec<i64>>, count: usize, length: usize) -> &mut [Vec<i64>] {
    if columns.len() < count {
        columns.resize_with(count, Vec::new);
    }
    let columns = &mut columns[..count];
    for column in columns.iter_mut() {
        column.resize(length, 0);
    }
    columns
}

/// Hands over the rows of one series, tile by tile, while the next is fetched:
/// tiles lie far apart.
fn each_row(tiles: &[Tile], layout: &Layout, series: usize, reader: &mut impl Reader) {
    struct Rows<'a, R> {
        tiles: &'a [Tile],
        layout: &'a Layout,
        series: usize,
        reader: &'a mut R,
    }

    impl<R: Reader> Work for Rows<'_, R> {
        type Output = ();

        #[inline(always)]
        fn work(self) {
            for (index, tile) in self.tiles.iter().enumerate() {
                if let Some(next) = self.tiles.get(index + 1) {
                    let (cells, row) = next.row(self.layout, self.series);
                    cells.fetch(row);
                }
                let (cells, row) = tile.row(self.layout, self.series);
                cells.open(row, self.reader);
            }
        }
    }

    widest(Rows {
        tiles,
        layout,
        series,
        reader,
    });
}

impl Tile {
    /// The cells that hold a series, and its row there.
    #[inline(always)]
    fn row(&self, layout: &Layout, series: usize) -> (&Cells, usize) {
        let cells = match layout.series()[series].unit {
            Unit::Pounds => &self.pence,
            _ => &self.counts,
        };
        (
            cells,
            layout.first_cell(series) / layout.calendar().months(),
        )
    }
}

/// Months of a period.
fn months_of(layout: &Layout, period: Period) -> Range<usize> {
    match period {
        Period::Month(month) => month..month + 1,
        Period::FinancialYear(year) => layout.calendar().financial_years()[year].months.clone(),
    }
}

/// Sums of months, a column for each period.
struct Read<'a> {
    columns: Vec<(&'a mut Vec<i64>, Range<usize>)>,
    /// Replicates that have been read.
    from: usize,
}

impl Reader for Read<'_> {
    #[inline(always)]
    fn read<T: Copy + Into<i64>>(&mut self, row: &Row, replicates: usize, numbers: &[T]) {
        for (column, span) in &mut self.columns {
            let values = &mut column[self.from..][..replicates];
            values.fill(row.least.wrapping_mul(span.len() as i64));
            let numbers = &numbers[span.start * replicates..span.end * replicates];
            match span.len() {
                1 => add(values, numbers),
                _ => add_months(values, numbers),
            }
        }
        self.from += replicates;
    }

    #[inline(always)]
    fn read_least(&mut self, row: &Row, replicates: usize) {
        for (column, span) in &mut self.columns {
            let least = row.least.wrapping_mul(span.len() as i64);
            column[self.from..][..replicates].fill(least);
        }
        self.from += replicates;
    }
}

/// Adds numbers to values, one to each.
#[inline(always)]
fn add<T: Copy + Into<i64>>(values: &mut [i64], numbers: &[T]) {
    for (value, &number) in values.iter_mut().zip(numbers) {
        *value = value.wrapping_add(number.into());
    }
}

/// The same for several months.
///
/// Not inlined, and so built without wide vectors: months of one replicate would
/// be gathered, which takes longer than adding month by month.
#[inline(never)]
fn add_months<T: Copy + Into<i64>>(values: &mut [i64], numbers: &[T]) {
    for numbers in numbers.chunks_exact(values.len()) {
        add(values, numbers);
    }
}

#[cfg(test)]
mod tests {
    use super::cells::Width;
    use super::*;
    use crate::calendar::Calendar;
    use crate::model::layout::{Kind, Series};
    use crate::units::Date;

    /// Two months and a half year of the next: five months.
    fn layout() -> Layout {
        let date = |year, month, day| Date::from_ymd_opt(year, month, day).unwrap();
        let calendar = Calendar::new(date(2018, 1, 31), date(2018, 6, 30), &[]);
        let of = |metric, unit| Series::total(metric, unit, Kind::Flow);
        Layout::new(
            calendar,
            vec![
                of("steady", Unit::Children),
                of("spend", Unit::Pounds),
                of("few", Unit::Children),
                of("some", Unit::Children),
                of("vast", Unit::Pounds),
                of("many", Unit::Children),
            ],
        )
    }

    const SERIES: usize = 6;

    /// Numbers between the ends of each series, both of them met.
    fn value(series: usize, replicate: usize, month: usize) -> i64 {
        let (least, most) = [
            (5, 5),
            (-3_000_000_000, 1_000),
            (-3, 250),
            (-40_000, 3),
            (i64::MIN / 32, i64::MAX / 32),
            (-7, 100_000),
        ][series];
        match (replicate + month) % 3 {
            0 => least,
            1 => most,
            _ => least + (most - least) / 3 * ((replicate % 7) as i64) / 7,
        }
    }

    fn tiles(layout: &Layout, replicates: usize) -> Tiles {
        let months = layout.calendar().months();
        let of = |series: &[usize], replicate| -> Vec<i64> {
            let months = |&series: &usize| (0..months).map(move |m| value(series, replicate, m));
            series.iter().flat_map(months).collect()
        };
        let (mut open, mut room) = (OpenTile::zeros(layout), Room::default());
        let tile = |from: usize| {
            let to = replicates.min(from + TILE);
            for replicate in from..to {
                let counts = of(&[0, 2, 3, 5], replicate);
                let counts: Vec<i32> = counts.into_iter().map(|count| count as i32).collect();
                open.store(replicate - from, &counts, &of(&[1, 4], replicate));
            }
            open.close(to - from, &mut room)
        };
        Tiles::new(
            replicates,
            (0..replicates).step_by(TILE).map(tile).collect(),
        )
    }

    fn periods(layout: &Layout) -> Vec<Period> {
        layout.periods(Kind::Flow)
    }

    fn sums(layout: &Layout, series: usize, period: Period, replicates: usize) -> Vec<i64> {
        let sum = |replicate| {
            months_of(layout, period)
                .map(|m| value(series, replicate, m))
                .sum()
        };
        (0..replicates).map(sum).collect()
    }

    #[test]
    fn cells_of_any_width_sum_what_was_stored() {
        let layout = layout();
        for replicates in [1, TILE, 2 * TILE + 5] {
            let tiles = tiles(&layout, replicates);
            for series in 0..SERIES {
                let found = tiles.columns(&layout, series, &periods(&layout));
                let expected = periods(&layout).into_iter();
                let expected = expected.map(|p| sums(&layout, series, p, replicates));
                assert!(found.into_iter().eq(expected), "series {series}");
            }
        }
        let two = tiles(&layout, TILE);
        let [counts, pence] = [&two.tiles[0].counts, &two.tiles[0].pence];
        let widths = |cells: &Cells| cells.rows.iter().map(Row::width).collect::<Vec<Width>>();
        assert_eq!(
            widths(counts),
            [Width::None, Width::One, Width::Two, Width::Four]
        );
        assert_eq!(widths(pence), [Width::Four, Width::Eight]);
    }

    #[test]
    fn numbers_of_few_kinds_are_counted() {
        let layout = layout();
        let replicates = 20 * TILE + 3;
        let tiles = tiles(&layout, replicates);
        let mut found = Frequencies::default();
        for series in [0, 2] {
            assert!(tiles.count(
                &layout,
                series,
                &[Period::Month(3), Period::Month(0)],
                &mut found
            ));
            for ((least, counts), month) in found.each().zip([3, 0]) {
                let numbers = (least..).zip(counts);
                let numbers =
                    numbers.flat_map(|(n, &count)| std::iter::repeat_n(n, count as usize));
                let mut expected = sums(&layout, series, Period::Month(month), replicates);
                expected.sort_unstable();
                assert!(numbers.eq(expected), "series {series}");
            }
        }
        assert!(tiles.count(&layout, 0, &periods(&layout), &mut found));
        let (least, counts) = found.each().next().unwrap();
        assert_eq!((least, counts), (10, [replicates as u32].as_slice()));
        found.be_zero(3, replicates);
        assert!(found.each().eq([(0, [replicates as u32].as_slice()); 3]));
        for series in [1, 3, 4, 5] {
            assert!(!tiles.count(&layout, series, &[Period::Month(0)], &mut found));
        }
    }
}

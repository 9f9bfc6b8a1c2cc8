//! Whole numbers in the fewest bytes.

use crate::wide::{Work, widest};
use std::ops::Range;

/// Whole numbers in rows, a row `[replicates × months]`: of each, what it is
/// more than the least of its row, in as few bytes as hold that. Most of a
/// run's memory is these, and most of them fit one byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cells {
    pub(super) rows: Vec<Row>,
    ones: Vec<u8>,
    twos: Vec<u16>,
    fours: Vec<u32>,
    eights: Vec<i64>,
}

/// Where the numbers of one series lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) least: i64,
    /// From the least to the greatest.
    pub(super) range: u64,
    /// Where they lie among those that are as wide.
    place: Range<u32>,
}

/// How many bytes a number takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    One,
    Two,
    Four,
    Eight,
}

impl Row {
    #[inline(always)]
    pub(super) fn width(&self) -> Width {
        match self.range {
            0..0x100 => Width::One,
            0x100..0x1_0000 => Width::Two,
            0x1_0000..0x1_0000_0000 => Width::Four,
            _ => Width::Eight,
        }
    }
}

/// What takes in a row, however wide its numbers are.
pub(super) trait Reader {
    fn read<T: Copy + Into<i64>>(&mut self, row: &Row, numbers: &[T]);
}

impl Cells {
    fn clear(&mut self) {
        self.rows.clear();
        self.ones.clear();
        self.twos.clear();
        self.fours.clear();
        self.eights.clear();
    }

    /// Adds a row.
    #[inline(always)]
    fn push<T: Copy + Ord + Into<i64>>(&mut self, values: &[T]) {
        let (mut least, mut most) = (values[0], values[0]);
        for &value in values {
            least = least.min(value);
            most = most.max(value);
        }
        let least = least.into();
        let mut row = Row {
            least,
            range: most.into().wrapping_sub(least) as u64,
            place: 0..0,
        };
        let more = |value: T| value.into().wrapping_sub(least);
        row.place = match row.width() {
            Width::One => append(&mut self.ones, values, |value| more(value) as u8),
            Width::Two => append(&mut self.twos, values, |value| more(value) as u16),
            Width::Four => append(&mut self.fours, values, |value| more(value) as u32),
            Width::Eight => append(&mut self.eights, values, more),
        };
        self.rows.push(row);
    }

    /// Hands over the numbers of a row.
    #[inline(always)]
    pub(super) fn open(&self, row: usize, reader: &mut impl Reader) {
        let row = &self.rows[row];
        let place = row.place.start as usize..row.place.end as usize;
        match row.width() {
            Width::One => reader.read(row, &self.ones[place]),
            Width::Two => reader.read(row, &self.twos[place]),
            Width::Four => reader.read(row, &self.fours[place]),
            Width::Eight => reader.read(row, &self.eights[place]),
        }
    }
}

/// Appends values in another form; their place.
#[inline(always)]
fn append<T: Copy, U: Copy + Default>(
    numbers: &mut Vec<U>,
    values: &[T],
    form: impl Fn(T) -> U,
) -> Range<u32> {
    let from = numbers.len();
    numbers.resize(from + values.len(), U::default());
    for (number, &value) in numbers[from..].iter_mut().zip(values) {
        *number = form(value);
    }
    let place =
        |number| u32::try_from(number).expect("a tile holds less than four thousand million");
    place(from)..place(numbers.len())
}

/// Packs the used part of rows of a length.
pub(super) fn packed<T: Copy + Ord + Into<i64>>(
    values: &[T],
    row: usize,
    used: usize,
    room: &mut Cells,
) -> Cells {
    struct Pack<'a, T> {
        values: &'a [T],
        row: usize,
        used: usize,
        room: &'a mut Cells,
    }

    impl<T: Copy + Ord + Into<i64>> Work for Pack<'_, T> {
        type Output = ();

        #[inline(always)]
        fn work(self) {
            for row in self.values.chunks_exact(self.row) {
                self.room.push(&row[..self.used]);
            }
        }
    }

    room.clear();
    widest(Pack {
        values,
        row,
        used,
        room,
    });
    room.clone()
}

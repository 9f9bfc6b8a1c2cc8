//! Whole numbers in the fewest bytes.

use super::TILE;
use crate::wide::{Work, fetch, widest};
use std::ops::Range;

/// Whole numbers in rows, a row `[months × replicates]`: of each, what it is
/// more than the least of its row, in as few bytes as hold that. Most of a
/// run's memory is these, and most of them fit one byte; some are never more
/// than the least, and take none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cells {
    pub(super) rows: Vec<Row>,
    replicates: usize,
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
    None,
    One,
    Two,
    Four,
    Eight,
}

impl Row {
    #[inline(always)]
    pub(super) fn width(&self) -> Width {
        match self.range {
            0 => Width::None,
            1..0x100 => Width::One,
            0x100..0x1_0000 => Width::Two,
            0x1_0000..0x1_0000_0000 => Width::Four,
            _ => Width::Eight,
        }
    }
}

/// What takes in a row, however wide its numbers are.
pub(super) trait Reader {
    /// Takes in numbers of so many replicates, `[months × replicates]`.
    fn read<T: Copy + Into<i64>>(&mut self, row: &Row, replicates: usize, numbers: &[T]);

    /// Takes in a row of the least.
    fn read_least(&mut self, row: &Row, replicates: usize);
}

impl Cells {
    fn clear(&mut self, replicates: usize) {
        self.replicates = replicates;
        self.rows.clear();
        self.ones.clear();
        self.twos.clear();
        self.fours.clear();
        self.eights.clear();
    }

    /// Adds a row of so many replicates, `[replicates × months]`.
    #[inline(always)]
    fn push<T: Copy + Ord + Into<i64>>(&mut self, values: &[T], replicates: usize) {
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
        let of = (values, replicates);
        row.place = match row.width() {
            Width::None => 0..0,
            Width::One => append(&mut self.ones, of, |value| more(value) as u8, turn_bytes),
            Width::Two => append(&mut self.twos, of, |value| more(value) as u16, turn),
            Width::Four => append(&mut self.fours, of, |value| more(value) as u32, turn),
            Width::Eight => append(&mut self.eights, of, more, turn),
        };
        self.rows.push(row);
    }

    /// Asks for the numbers of a row to be brought near.
    #[inline(always)]
    pub(super) fn fetch(&self, row: usize) {
        let row = &self.rows[row];
        let place = row.place.start as usize..row.place.end as usize;
        match row.width() {
            Width::None => {}
            Width::One => fetch(&self.ones[place]),
            Width::Two => fetch(&self.twos[place]),
            Width::Four => fetch(&self.fours[place]),
            Width::Eight => fetch(&self.eights[place]),
        }
    }

    /// Hands over the numbers of a row.
    #[inline(always)]
    pub(super) fn open(&self, row: usize, reader: &mut impl Reader) {
        // A full tile is built for its known size.
        match self.replicates {
            TILE => self.open_row(row, TILE, reader),
            replicates => self.open_row(row, replicates, reader),
        }
    }

    #[inline(always)]
    fn open_row(&self, row: usize, replicates: usize, reader: &mut impl Reader) {
        let row = &self.rows[row];
        let place = row.place.start as usize..row.place.end as usize;
        match row.width() {
            Width::None => reader.read_least(row, replicates),
            Width::One => reader.read(row, replicates, &self.ones[place]),
            Width::Two => reader.read(row, replicates, &self.twos[place]),
            Width::Four => reader.read(row, replicates, &self.fours[place]),
            Width::Eight => reader.read(row, replicates, &self.eights[place]),
        }
    }
}

/// Appends values in another form and turned; their place.
#[inline(always)]
fn append<T: Copy, U: Copy + Default>(
    numbers: &mut Vec<U>,
    (values, replicates): (&[T], usize),
    form: impl Fn(T) -> U,
    turn: impl Fn(&mut [U], &[U], usize),
) -> Range<u32> {
    let (from, to) = (numbers.len(), numbers.len() + values.len());
    // What is formed lies behind what is turned, for as long as it takes.
    numbers.resize(to + values.len(), U::default());
    let (turned, formed) = numbers[from..].split_at_mut(values.len());
    for (number, &value) in formed.iter_mut().zip(values) {
        *number = form(value);
    }
    turn(turned, formed, replicates);
    numbers.truncate(to);
    let place =
        |number| u32::try_from(number).expect("a tile holds less than four thousand million");
    place(from)..place(to)
}

/// `[replicates × months]` into `[months × replicates]`.
#[inline(always)]
fn turn<T: Copy>(turned: &mut [T], numbers: &[T], replicates: usize) {
    turn_from(0, turned, numbers, replicates);
}

/// The same from a month on.
///
/// Not inlined, and so built without wide vectors: these would be scattered by
/// one instruction, which takes processors longer than storing one by one.
#[inline(never)]
fn turn_from<T: Copy>(first: usize, turned: &mut [T], numbers: &[T], replicates: usize) {
    let months = numbers.len() / replicates;
    let turned = turned.chunks_exact_mut(replicates).enumerate();
    for (month, turned) in turned.skip(first) {
        let numbers = numbers[month..].iter().step_by(months);
        for (turned, &number) in turned.iter_mut().zip(numbers) {
            *turned = number;
        }
    }
}

/// [`turn`] for bytes: those of a full tile in blocks, as far as they go.
#[inline(always)]
fn turn_bytes(turned: &mut [u8], bytes: &[u8], replicates: usize) {
    let months = bytes.len() / replicates;
    let in_blocks = match replicates {
        TILE => months - months % BLOCK,
        _ => 0,
    };
    for month in (0..in_blocks).step_by(BLOCK) {
        for replicate in (0..TILE).step_by(BLOCK) {
            let from = |line| (replicate + line) * months + month;
            let block = turned_block(std::array::from_fn(|line| {
                *bytes[from(line)..].first_chunk().expect("a block")
            }));
            for (line, bytes) in block.iter().enumerate() {
                let to = (month + line) * TILE + replicate;
                turned[to..to + BLOCK].copy_from_slice(bytes);
            }
        }
    }
    turn_from(in_blocks, turned, bytes, replicates);
}

/// Side of the blocks in which bytes are turned.
const BLOCK: usize = 8;

/// Lines into columns: opposite quarters change places, then those within them.
#[inline(always)]
fn turned_block(lines: [[u8; BLOCK]; BLOCK]) -> [[u8; BLOCK]; BLOCK] {
    let mut lines = lines.map(u64::from_le_bytes);
    for (half, keep) in [
        (4, 0x0000_0000_FFFF_FFFF),
        (2, 0x0000_FFFF_0000_FFFF),
        (1, 0x00FF_00FF_00FF_00FF),
    ] {
        for line in (0..BLOCK).filter(|line| line & half == 0) {
            let shift = 8 * half;
            let swapped = ((lines[line] >> shift) ^ lines[line + half]) & keep;
            lines[line + half] ^= swapped;
            lines[line] ^= swapped << shift;
        }
    }
    lines.map(u64::to_le_bytes)
}

/// Packs the first replicates of rows `[TILE × months]`.
pub(super) fn packed<T: Copy + Ord + Into<i64>>(
    values: &[T],
    months: usize,
    replicates: usize,
    room: &mut Cells,
) -> Cells {
    struct Pack<'a, T> {
        values: &'a [T],
        months: usize,
        replicates: usize,
        room: &'a mut Cells,
    }

    impl<T: Copy + Ord + Into<i64>> Work for Pack<'_, T> {
        type Output = ();

        #[inline(always)]
        fn work(self) {
            for row in self.values.chunks_exact(TILE * self.months) {
                let used = &row[..self.replicates * self.months];
                self.room.push(used, self.replicates);
            }
        }
    }

    room.clear(replicates);
    widest(Pack {
        values,
        months,
        replicates,
        room,
    });
    room.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_turned_as_any_number_is() {
        for months in [1, 7, 8, 21, 48] {
            let bytes: Vec<u8> = (0..TILE * months).map(|i| (i * 37 % 251) as u8).collect();
            let [mut blocks, mut plain] = [vec![0; bytes.len()], vec![0; bytes.len()]];
            turn_bytes(&mut blocks, &bytes, TILE);
            turn(&mut plain, &bytes, TILE);
            assert_eq!(blocks, plain);
            assert_eq!(plain[TILE * (months - 1) + 3], bytes[4 * months - 1]);
        }
    }
}

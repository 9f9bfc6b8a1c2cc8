//! The widest vectors that the processor has.
//!
//! The program is built for any processor of its kind; what is worked out for
//! many children at once is built again for newer ones, and the choice is made
//! when the program runs. Nothing is fused or reordered on the way: every
//! width gives the same bits.

use std::ops::{AddAssign, SubAssign};
use std::sync::LazyLock;

/// Widths of vectors, from the narrowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Width {
    /// What every processor has.
    Plain,
    /// 256 bits.
    Avx2,
    /// 512 bits.
    Avx512,
}

impl Width {
    /// The widest that this processor has.
    #[inline(always)]
    pub fn widest() -> Self {
        static WIDEST: LazyLock<Width> = LazyLock::new(Width::ask);
        *WIDEST
    }

    fn ask() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512bw")
            {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Plain
    }
}

/// A piece of work that is built for every width. Its method and what that
/// calls in its loops are `#[inline(always)]`: only what is inlined is built
/// anew.
pub trait Work {
    /// What comes of it.
    type Output;

    /// Does it.
    fn work(self) -> Self::Output;
}

/// Does a piece of work with the widest vectors there are.
#[inline]
pub fn widest<W: Work>(work: W) -> W::Output {
    at_width(Width::widest(), work)
}

/// The same at a width that the processor has.
#[inline]
fn at_width<W: Work>(width: Width, work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn avx2<W: Work>(work: W) -> W::Output {
            work.work()
        }
        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
        fn avx512<W: Work>(work: W) -> W::Output {
            work.work()
        }
        #[allow(unsafe_code)]
        match width.min(Width::widest()) {
            // SAFETY: the processor has just said that it has these vectors,
            // which is all that the functions ask for.
            Width::Avx512 => return unsafe { avx512(work) },
            Width::Avx2 => return unsafe { avx2(work) },
            Width::Plain => {}
        }
    }
    let _ = width;
    work.work()
}

/// What stands at some places of a table with a power of two of them.
///
/// Not inlined, and so built without wide vectors: 64 numbers of eight bytes
/// are loaded one by one in half the time that the instruction takes which
/// gathers them (AMD, fourth generation). It does not pay for eight of them, nor
/// for numbers of four bytes.
#[inline(never)]
pub fn look_up<const LENGTH: usize, const COUNT: usize>(
    table: &[u64; LENGTH],
    places: &[u32; COUNT],
    found: &mut [u64; COUNT],
) {
    const { assert!(LENGTH.is_power_of_two()) };
    for (found, &place) in found.iter_mut().zip(places) {
        *found = table[place as usize % LENGTH];
    }
}

/// Asks the processor to bring numbers near that will be read soon, and waits
/// for none of them.
#[inline(always)]
pub fn fetch<T>(numbers: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for number in numbers.iter().step_by(LINE / size_of::<T>()) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        #[allow(unsafe_code)]
        // SAFETY: every processor of this kind has the instruction, and it reads
        // nothing that the program could see, whatever the address.
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(number).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = numbers;
}

/// Bytes that come from memory together.
#[cfg(target_arch = "x86_64")]
const LINE: usize = 64;

/// Makes cells the sums of some rows of a table of so many columns, less
/// others: some cells at a time, so that none is cleared or loaded twice. The
/// last of them may be worked out with those before and again.
#[inline(always)]
pub fn sum_rows<T: Copy + Default + AddAssign + SubAssign>(
    cells: &mut [T],
    table: (&[T], usize),
    add: &[usize],
    less: &[usize],
) {
    const SOME: usize = 16;
    match cells.len().checked_sub(SOME) {
        Some(last) => {
            for column in (0..cells.len()).step_by(SOME) {
                sum_some::<SOME, T>(cells, column.min(last), table, add, less);
            }
        }
        None => {
            for column in 0..cells.len() {
                sum_some::<1, T>(cells, column, table, add, less);
            }
        }
    }
}

#[inline(always)]
fn sum_some<const SOME: usize, T: Copy + Default + AddAssign + SubAssign>(
    cells: &mut [T],
    column: usize,
    (table, width): (&[T], usize),
    add: &[usize],
    less: &[usize],
) {
    let mut sums = [T::default(); SOME];
    for row in add {
        let added = &table[row * width + column..][..SOME];
        sums.iter_mut()
            .zip(added)
            .for_each(|(sum, &one)| *sum += one);
    }
    for row in less {
        let taken = &table[row * width + column..][..SOME];
        sums.iter_mut()
            .zip(taken)
            .for_each(|(sum, &one)| *sum -= one);
    }
    cells[column..][..SOME].copy_from_slice(&sums);
}

/// 1.5 · 2⁵²: a number added to it is rounded to a whole one, which then
/// stands in the lowest bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// The whole number nearest to a number of up to 2⁵⁰.
#[inline(always)]
pub fn nearest_whole(number: f64) -> i64 {
    (number + ROUNDER).to_bits() as i64 - ROUNDER.to_bits() as i64
}

/// The least whole number that is not below a number of up to 2³⁰.
///
/// `as` would have to look for numbers that no whole one can hold, one lane
/// after the other.
#[inline(always)]
pub fn whole_above(number: f64) -> i32 {
    debug_assert!(number.abs() < f64::from(1 << 30), "{number}");
    let rounded = number + ROUNDER;
    rounded.to_bits() as i32 + i32::from(rounded - ROUNDER < number)
}

/// The greatest whole number that is not above a number of up to 2³⁰.
#[inline(always)]
pub fn whole_below(number: f64) -> i32 {
    debug_assert!(number.abs() < f64::from(1 << 30), "{number}");
    let rounded = number + ROUNDER;
    rounded.to_bits() as i32 - i32::from(rounded - ROUNDER > number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_lie_on_either_side() {
        let thirds = (-3_000..3_000).map(|third| f64::from(third) / 3.0);
        let halves = (-20..20).map(|half| f64::from(half) / 2.0);
        let far = [1e9, -1e9, 1e9 - 0.25, 0.25 - 1e9, 1e-300, -1e-300];
        for number in thirds.chain(halves).chain(far) {
            assert_eq!(whole_above(number), number.ceil() as i32, "{number}");
            assert_eq!(whole_below(number), number.floor() as i32, "{number}");
        }
    }

    struct Sum<'a>(&'a [f64]);

    impl Work for Sum<'_> {
        type Output = Vec<f64>;

        #[inline(always)]
        fn work(self) -> Vec<f64> {
            self.0.iter().map(|x| x * 1.1 + x / 3.0).collect()
        }
    }

    #[test]
    fn every_width_gives_the_same_bits() {
        let numbers: Vec<f64> = (0..1000).map(|i| f64::from(i) * 0.37).collect();
        let plain = at_width(Width::Plain, Sum(&numbers));
        assert_eq!(at_width(Width::Avx2, Sum(&numbers)), plain);
        assert_eq!(widest(Sum(&numbers)), plain);
    }
}

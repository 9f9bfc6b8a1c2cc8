//! Sets of places in a crowd.

use crate::luck::CROWD;

/// A set of places in a crowd, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Places(u64);

const _: () = assert!(CROWD == u64::BITS as usize, "a crowd has a bit for each");

impl Places {
    /// No place.
    pub const NONE: Self = Self(0);

    /// So many places from the first on.
    #[inline(always)]
    pub fn first(count: usize) -> Self {
        Self(u64::MAX.checked_shr((CROWD - count) as u32).unwrap_or(0))
    }

    /// The places where something holds.
    #[inline(always)]
    pub fn of(holds: &[bool; CROWD]) -> Self {
        let mut places = 0;
        let (eights, _) = holds.as_chunks::<8>();
        for (index, eight) in eights.iter().enumerate() {
            // Eight bytes of 0 or 1: the product has each of them once among its
            // topmost eight bits, in their order, and nothing is carried there.
            let bytes = u64::from_le_bytes(eight.map(u8::from));
            let bits = bytes.wrapping_mul(0x0102_0408_1020_4080) >> 56;
            places |= bits << (8 * index);
        }
        Self(places)
    }

    /// The places where a column holds a number.
    #[inline(always)]
    pub fn with_number(column: &[u8; CROWD], number: usize) -> Self {
        debug_assert!(number <= usize::from(u8::MAX), "a column of bytes");
        // Bytes are compared sixteen and more at a time; wider numbers are not.
        let number = number as u8;
        Self::of(&column.map(|other| other == number))
    }

    /// The places of this set at which something holds.
    #[inline(always)]
    pub fn filter(self, mut holds: impl FnMut(usize) -> bool) -> Self {
        let mut kept = Self::NONE;
        for place in self.each() {
            if holds(place) {
                kept.insert(place);
            }
        }
        kept
    }

    /// Adds a place.
    #[inline(always)]
    pub fn insert(&mut self, place: usize) {
        self.0 |= 1 << place;
    }

    /// Those of either set.
    #[inline(always)]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those of both sets.
    #[inline(always)]
    pub fn among(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those of this set that are not in the other.
    #[inline(always)]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// How many there are.
    #[inline(always)]
    pub fn count(self) -> i32 {
        self.0.count_ones() as i32
    }

    /// Whether a place is in the set.
    #[inline(always)]
    pub fn has(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }

    /// Place by place, from the first on.
    #[inline(always)]
    pub fn each(self) -> EachPlace {
        EachPlace(self)
    }
}

/// See [`Places::each`].
#[derive(Debug, Clone)]
pub(super) struct EachPlace(Places);

impl Iterator for EachPlace {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let Places(places) = self.0;
        if places == 0 {
            return None;
        }
        self.0 = Places(places & (places - 1));
        // The remainder changes nothing: it says that a crowd has this place.
        Some(places.trailing_zeros() as usize % CROWD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_kept_as_bits() {
        let mut holds = [false; CROWD];
        for place in [0, 5, 63] {
            holds[place] = true;
        }
        let places = Places::of(&holds);
        let list = |places: Places| places.each().collect::<Vec<usize>>();
        assert_eq!(list(places), [0, 5, 63]);
        assert!(places.has(5) && !places.has(6) && places.count() == 3);
        assert_eq!(list(places.without(Places::first(1))), [5, 63]);
        assert_eq!(list(places.among(Places::first(6))), [0, 5]);
        assert_eq!(list(Places::first(2).with(places)), [0, 1, 5, 63]);
        assert_eq!(list(places.filter(|place| place > 0)), [5, 63]);
        let column = std::array::from_fn(|place| (place % 7) as u8);
        let threes = (3..CROWD).step_by(7).collect::<Vec<usize>>();
        assert_eq!(list(Places::with_number(&column, 3)), threes);
        for place in 0..CROWD {
            let one = std::array::from_fn(|other| other == place);
            assert_eq!(list(Places::of(&one)), [place]);
            let others = Places::of(&one.map(|holds| !holds));
            assert_eq!(others, Places::first(CROWD).without(Places::of(&one)));
        }
        assert_eq!(Places::first(0), Places::NONE);
        assert_eq!(list(Places::first(CROWD)).len(), CROWD);
    }
}

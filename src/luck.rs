//! Luck: a counter-based generator used as a pure function.
//!
//! The seed is the key; replicate, person, purpose and occurrence make the
//! counter. Nothing is carried from draw to draw, so a result never depends on
//! threads, order or which scenario asks. The scenario is in neither key nor
//! counter: the same child has the same luck in all of them.
//!
//! The function is Philox4x32-10: Salmon, Moraes, Dror & Shaw (2011),
//! "Parallel random numbers: as easy as 1, 2, 3". One call gives four words.

pub mod philox;

use philox::philox4x32;
use std::cell::Cell;
use std::convert::Infallible;
use std::sync::LazyLock;

/// People whose words are drawn together.
pub const CROWD: usize = 64;

/// Words of people drawn together, `[word][person]`.
pub type CrowdWords = [[u32; CROWD]; 4];

/// The words of one of them.
#[inline(always)]
pub fn words_at(words: &CrowdWords, place: usize) -> [u32; 4] {
    // Not `words.map`: that would copy them all first.
    std::array::from_fn(|word| words[word][place])
}

/// What a draw decides. The numbers are frozen: a change to any of them
/// changes every result, and a test pins them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// Age, time in care, legal status and placement of a child in the cohort,
    /// and which of those eligible a focused pathway takes at the start.
    Profile = 1,
    /// Number of families of a layer in a period.
    Arrivals = 3,
    /// Referral time, mark, sibling group and first hearing of a family.
    Family = 4,
    /// A later hearing of a family.
    Hearing = 5,
    /// Whether and when a diverted family comes back.
    Diversion = 6,
    /// Age, legal status and placement at an entry into care.
    Entry = 7,
    /// Clocks of a stay: ordinary exits, moves, identification for pathways.
    Clock = 8,
    /// Luck and stage durations of one attempt at a pathway.
    Attempt = 9,
    /// What follows an exit: return to care, allowance, fee.
    Aftermath = 10,
    /// Year-to-year drift.
    Drift = 11,
    /// An uncertain quantity, keyed by its path.
    Parameter = 12,
    /// Delivery and slippage of a workstream.
    Delivery = 13,
}

/// Whose draw it is: a person, a family, or the world.
pub type Key = u64;

/// The seed of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// The luck of one replicate.
    pub fn replicate(self, replicate: u32) -> Luck {
        Luck {
            key: [self.0 as u32, (self.0 >> 32) as u32],
            replicate,
            drawn: Drawn::default(),
        }
    }
}

/// The luck of one replicate under one seed.
#[derive(Debug)]
pub struct Luck {
    key: [u32; 2],
    replicate: u32,
    drawn: Drawn,
}

impl Luck {
    /// The same luck, with no memory of what was drawn.
    pub fn again(&self) -> Self {
        Self {
            key: self.key,
            replicate: self.replicate,
            drawn: Drawn::default(),
        }
    }

    /// The same luck with the same memory, to go on from here in several ways.
    pub fn branch(&self) -> Self {
        Self {
            key: self.key,
            replicate: self.replicate,
            drawn: self.drawn.clone(),
        }
    }

    /// Four words for one person, purpose, block and occurrence.
    ///
    /// A purpose with more than four decisions numbers its blocks.
    ///
    /// # Panics
    /// In debug builds, where the same block is asked for twice in a replicate:
    /// two decisions would share their luck.
    #[inline]
    pub fn words(&self, who: Key, purpose: Purpose, block: u8, occurrence: u16) -> [u32; 4] {
        let what = u32::from(purpose as u8) << 24 | u32::from(block) << 16 | u32::from(occurrence);
        self.drawn.note(who, what);
        philox4x32(
            [what, who as u32, (who >> 32) as u32, self.replicate],
            self.key,
        )
    }

    /// The same for up to [`CROWD`] people at once, in columns; what lies behind
    /// the last of them is left over from whoever was there before.
    ///
    /// # Panics
    /// As [`Luck::words`], and for more people.
    #[inline]
    pub fn words_of_crowd(
        &self,
        who: &[Key],
        purpose: Purpose,
        block: u8,
        occurrence: u16,
        words: &mut CrowdWords,
    ) {
        let what = u32::from(purpose as u8) << 24 | u32::from(block) << 16 | u32::from(occurrence);
        for &one in who {
            self.drawn.note(one, what);
        }
        philox::of_each([what, self.replicate], who, self.key, words);
    }

    /// A generator for draws that take any number of words, such as a
    /// parameter's posterior.
    pub fn stream(&self, who: Key, purpose: Purpose) -> Stream<'_> {
        Stream {
            luck: self,
            who,
            purpose,
            block: Cell::new(0),
            words: Cell::new([0; 4]),
            used: Cell::new(4),
        }
    }
}

/// A run of words of one person and purpose, as rand's generator.
#[derive(Debug)]
pub struct Stream<'a> {
    luck: &'a Luck,
    who: Key,
    purpose: Purpose,
    block: Cell<u16>,
    words: Cell<[u32; 4]>,
    used: Cell<usize>,
}

impl Stream<'_> {
    fn next_word(&self) -> u32 {
        if self.used.get() == 4 {
            let block = self.block.get();
            self.words
                .set(self.luck.words(self.who, self.purpose, 0, block));
            self.block
                .set(block.checked_add(1).expect("no draw takes 262,144 words"));
            self.used.set(0);
        }
        let word = self.words.get()[self.used.get()];
        self.used.set(self.used.get() + 1);
        word
    }
}

impl rand::TryRng for Stream<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.next_word())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let low = u64::from(self.next_word());
        Ok(low | u64::from(self.next_word()) << 32)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(4) {
            let word = self.next_word().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

/// A word as a uniform strictly between 0 and 1.
#[inline(always)]
pub fn uniform(word: u32) -> f64 {
    (f64::from(word) + 0.5) * (1.0 / 4_294_967_296.0)
}

/// The share of all durations that last longer than the one of a word: the
/// greater the word, the longer.
#[inline(always)]
pub fn lasting(word: u32) -> f64 {
    uniform(!word)
}

/// A word as a unit exponential, −ln(1 − u): rising in the word.
#[inline(always)]
pub fn exponential(word: u32) -> f64 {
    -logarithm(lasting(word))
}

/// Bits of the fraction that index [`Logarithms`].
const TABLE_BITS: u32 = 7;

/// For each leading part c of a fraction: 1/c and ln c.
#[derive(Debug)]
pub struct Logarithms([[f64; 2]; 1 << TABLE_BITS]);

/// The table of [`logarithm`], for loops that look it up once for all.
#[inline(always)]
fn logarithms() -> &'static Logarithms {
    static TABLE: LazyLock<Logarithms> = LazyLock::new(|| {
        Logarithms(std::array::from_fn(|index| {
            let middle = 1.0 + (index as f64 + 0.5) / f64::from(1u32 << TABLE_BITS);
            [1.0 / middle, libm::log(middle)]
        }))
    });
    &TABLE
}

/// Natural logarithm of a positive normal number, to 1e-12: the same bits on
/// every platform, in a third of the time of libm's.
///
/// The fraction is cut into 128 parts; within a part, ln(x) = ln(c) + ln(x/c)
/// with |x/c − 1| < 1/256 and a polynomial of degree 4.
#[inline(always)]
pub fn logarithm(x: f64) -> f64 {
    logarithms().of(x)
}

impl Logarithms {
    /// [`logarithm`].
    #[inline(always)]
    pub fn of(&self, x: f64) -> f64 {
        let bits = x.to_bits();
        let exponent = (bits >> 52) as i32 - 1023;
        let fraction = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
        let part = (bits >> (52 - TABLE_BITS)) as usize & ((1 << TABLE_BITS) - 1);
        let [inverse, log] = self.0[part];
        let r = fraction * inverse - 1.0;
        let tail = r * r * (0.5 - r * (1.0 / 3.0 - r * 0.25));
        f64::from(exponent) * std::f64::consts::LN_2 + log + (r - tail)
    }
}

/// The key of a name, so that a quantity's luck hangs on its path alone.
/// FNV-1a with 64 bits.
pub fn key_of_name(name: &str) -> Key {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// In debug builds, the blocks drawn so far; in release builds, nothing.
#[derive(Debug, Clone, Default)]
struct Drawn {
    #[cfg(debug_assertions)]
    blocks: std::cell::RefCell<std::collections::HashSet<(Key, u32)>>,
}

impl Drawn {
    #[inline]
    fn note(&self, _who: Key, _what: u32) {
        #[cfg(debug_assertions)]
        assert!(
            self.blocks.borrow_mut().insert((_who, _what)),
            "the same luck was drawn twice: person {_who:#x}, block {_what:#x}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn a_crowd_draws_what_each_would_draw_alone() {
        let keys: Vec<Key> = (0..CROWD as u64).map(|i| (i << 40) | (7 * i)).collect();
        let luck = Seed(0x1234_5678_9ABC).replicate(77);
        for count in [1, 7, 8, 16, 21, CROWD] {
            let mut together = [[0; CROWD]; 4];
            let block = count as u8;
            luck.words_of_crowd(&keys[..count], Purpose::Clock, block, 0, &mut together);
            let alone = luck.again();
            for (person, &key) in keys[..count].iter().enumerate() {
                let words = words_at(&together, person);
                assert_eq!(words, alone.words(key, Purpose::Clock, block, 0));
            }
        }
    }

    #[test]
    fn purposes_keep_their_frozen_numbers() {
        let numbers = [
            (Purpose::Profile, 1),
            (Purpose::Arrivals, 3),
            (Purpose::Family, 4),
            (Purpose::Hearing, 5),
            (Purpose::Diversion, 6),
            (Purpose::Entry, 7),
            (Purpose::Clock, 8),
            (Purpose::Attempt, 9),
            (Purpose::Aftermath, 10),
            (Purpose::Drift, 11),
            (Purpose::Parameter, 12),
            (Purpose::Delivery, 13),
        ];
        for (purpose, number) in numbers {
            assert_eq!(purpose as u8, number, "{purpose:?}");
        }
    }

    #[test]
    fn a_draw_depends_on_its_key_alone() {
        let one = Seed(7).replicate(3);
        let other = Seed(7).replicate(3);
        let _ = other.words(1, Purpose::Family, 0, 0);
        assert_eq!(
            one.words(9, Purpose::Clock, 2, 5),
            other.words(9, Purpose::Clock, 2, 5)
        );
        let next = Seed(7).replicate(4);
        assert_ne!(
            one.words(9, Purpose::Clock, 2, 6),
            next.words(9, Purpose::Clock, 2, 6)
        );
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "drawn twice")]
    fn the_same_luck_cannot_be_used_twice() {
        let luck = Seed(7).replicate(0);
        let _ = luck.words(1, Purpose::Family, 0, 0);
        let _ = luck.words(1, Purpose::Family, 0, 0);
    }

    #[test]
    fn a_stream_runs_through_the_words_of_its_blocks() {
        let luck = Seed(7).replicate(0);
        let mut stream = luck.stream(1, Purpose::Parameter);
        let drawn: Vec<u32> = (0..6).map(|_| stream.next_u32()).collect();
        let again = Seed(7).replicate(0);
        let first = again.words(1, Purpose::Parameter, 0, 0);
        let second = again.words(1, Purpose::Parameter, 0, 1);
        assert_eq!(drawn[..4], first);
        assert_eq!(drawn[4..], second[..2]);
    }

    #[test]
    fn the_quick_logarithm_agrees_with_libm() {
        let worst = (0..2_000_000u32)
            .map(|step| uniform(step.wrapping_mul(2_147)))
            .chain([uniform(0), uniform(u32::MAX), 1.0, 0.5, 3.7])
            .map(|x| (logarithm(x) - libm::log(x)).abs())
            .fold(0.0, f64::max);
        assert!(worst < 1e-12, "{worst}");
    }

    #[test]
    fn uniforms_lie_strictly_inside_the_unit_interval() {
        assert!(uniform(0) > 0.0 && uniform(u32::MAX) < 1.0);
        assert!(exponential(0) >= 0.0 && exponential(u32::MAX) < 23.0);
        assert!(exponential(5) < exponential(6_000));
    }
}

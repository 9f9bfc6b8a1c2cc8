//! Philox4x32-10: for one counter, and for many side by side.

use super::{CrowdWords, Key};
use crate::wide::Width;

/// Multipliers of the first and the third word of a counter.
const FACTORS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// What is added to the key from round to round.
const STEPS: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// Philox4x32-10.
#[inline]
pub fn philox4x32(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        counter = round(counter, key);
        key = next_key(key);
    }
    counter
}

#[inline(always)]
fn round(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let first = u64::from(counter[0]) * u64::from(FACTORS[0]);
    let second = u64::from(counter[2]) * u64::from(FACTORS[1]);
    [
        (second >> 32) as u32 ^ counter[1] ^ key[0],
        second as u32,
        (first >> 32) as u32 ^ counter[3] ^ key[1],
        first as u32,
    ]
}

#[inline(always)]
fn next_key(key: [u32; 2]) -> [u32; 2] {
    [key[0].wrapping_add(STEPS[0]), key[1].wrapping_add(STEPS[1])]
}

/// [`philox4x32`] of the counters (what, who, replicate) of up to [`CROWD`](crate::luck::CROWD)
/// people.
///
/// One block is a chain of ten multiplications, each waiting for the last.
/// Side by side in the halves of wide registers, sixteen people take 8
/// instructions a round for every four of them (with 512 bits: 6 for every
/// eight) instead of 14 for each one.
#[inline]
pub fn of_each([what, replicate]: [u32; 2], who: &[Key], key: [u32; 2], words: &mut CrowdWords) {
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code)]
    match Width::widest() {
        // SAFETY: the processor has just said that it has these vectors, all
        // that the functions ask for.
        Width::Avx512 => return unsafe { x86::with_512_bits([what, replicate], who, key, words) },
        Width::Avx2 => return unsafe { x86::with_256_bits([what, replicate], who, key, words) },
        Width::Plain => {}
    }
    one_by_one([what, replicate], who, key, words);
}

fn one_by_one([what, replicate]: [u32; 2], who: &[Key], key: [u32; 2], words: &mut CrowdWords) {
    for (person, &who) in who.iter().enumerate() {
        let drawn = philox4x32([what, who as u32, (who >> 32) as u32, replicate], key);
        for (row, word) in words.iter_mut().zip(drawn) {
            row[person] = word;
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod x86 {
    use super::{CrowdWords, FACTORS, Key, ROUNDS, next_key};
    use std::arch::x86_64::*;

    /// As many people as are worked on at once, from one of them on: with
    /// nobody in the places behind the last.
    #[inline(always)]
    fn some_of<const SOME: usize>(who: &[Key], from: usize) -> [Key; SOME] {
        let who = &who[from..];
        who.first_chunk().copied().unwrap_or_else(|| {
            std::array::from_fn(|place| who.get(place).copied().unwrap_or_default())
        })
    }

    /// Four people in a register, a word in the lower half of each lane; what
    /// stands in the upper half is never read.
    #[target_feature(enable = "avx2")]
    pub fn with_256_bits(
        [what, replicate]: [u32; 2],
        who: &[Key],
        key: [u32; 2],
        words: &mut CrowdWords,
    ) {
        const LANES: usize = 4;
        /// Registers worked on at once: while one chain waits, others go on.
        const CHAINS: usize = 2;
        let every = |word: u32| _mm256_set1_epi64x(i64::from(word));
        let even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
        for from in (0..who.len()).step_by(LANES * CHAINS) {
            let some: [Key; LANES * CHAINS] = some_of(who, from);
            let mut counters = [[every(0); 4]; CHAINS];
            for (chain, counter) in counters.iter_mut().enumerate() {
                let people = &some[chain * LANES..][..LANES];
                // SAFETY: the slice holds the four keys that are read.
                let people = unsafe { _mm256_loadu_si256(people.as_ptr().cast()) };
                let upper = _mm256_srli_epi64::<32>(people);
                *counter = [every(what), people, upper, every(replicate)];
            }
            let mut key = key;
            for _ in 0..ROUNDS {
                for counter in &mut counters {
                    let first = _mm256_mul_epu32(counter[0], every(FACTORS[0]));
                    let second = _mm256_mul_epu32(counter[2], every(FACTORS[1]));
                    let mixed = |high, low, key| {
                        let high = _mm256_shuffle_epi32::<0xF5>(high);
                        _mm256_xor_si256(_mm256_xor_si256(high, low), every(key))
                    };
                    *counter = [
                        mixed(second, counter[1], key[0]),
                        second,
                        mixed(first, counter[3], key[1]),
                        first,
                    ];
                }
                key = next_key(key);
            }
            for (chain, counter) in counters.into_iter().enumerate() {
                for (row, lanes) in words.iter_mut().zip(counter) {
                    let row = &mut row[from + chain * LANES..][..LANES];
                    let packed = _mm256_permutevar8x32_epi32(lanes, even);
                    let packed = _mm256_castsi256_si128(packed);
                    // SAFETY: the slice holds the four words that are written.
                    unsafe { _mm_storeu_si128(row.as_mut_ptr().cast(), packed) };
                }
            }
        }
    }

    /// Eight people in a register.
    #[target_feature(enable = "avx512f")]
    pub fn with_512_bits(
        [what, replicate]: [u32; 2],
        who: &[Key],
        key: [u32; 2],
        words: &mut CrowdWords,
    ) {
        const LANES: usize = 8;
        const CHAINS: usize = 4;
        /// The truth table of a ^ b ^ c.
        const XOR: i32 = 0x96;
        let every = |word: u32| _mm512_set1_epi64(i64::from(word));
        for from in (0..who.len()).step_by(LANES * CHAINS) {
            let some: [Key; LANES * CHAINS] = some_of(who, from);
            let mut counters = [[every(0); 4]; CHAINS];
            for (chain, counter) in counters.iter_mut().enumerate() {
                let people = &some[chain * LANES..][..LANES];
                // SAFETY: the slice holds the eight keys that are read.
                let people = unsafe { _mm512_loadu_si512(people.as_ptr().cast()) };
                let upper = _mm512_srli_epi64::<32>(people);
                *counter = [every(what), people, upper, every(replicate)];
            }
            let mut key = key;
            for _ in 0..ROUNDS {
                for counter in &mut counters {
                    let first = _mm512_mul_epu32(counter[0], every(FACTORS[0]));
                    let second = _mm512_mul_epu32(counter[2], every(FACTORS[1]));
                    let mixed = |high, low, key| {
                        // The upper word of each lane in both halves. A shift
                        // would wait for the unit that multiplies.
                        let high = _mm512_shuffle_epi32::<0xF5>(high);
                        _mm512_ternarylogic_epi64::<XOR>(high, low, every(key))
                    };
                    *counter = [
                        mixed(second, counter[1], key[0]),
                        second,
                        mixed(first, counter[3], key[1]),
                        first,
                    ];
                }
                key = next_key(key);
            }
            for (chain, counter) in counters.into_iter().enumerate() {
                for (row, lanes) in words.iter_mut().zip(counter) {
                    let row = &mut row[from + chain * LANES..][..LANES];
                    let packed = _mm512_cvtepi64_epi32(lanes);
                    // SAFETY: the slice holds the eight words that are written.
                    unsafe { _mm256_storeu_si256(row.as_mut_ptr().cast(), packed) };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::luck::CROWD;

    /// Known answers published with Random123 (kat_vectors).
    #[test]
    fn philox_gives_the_published_vectors() {
        assert_eq!(
            philox4x32([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox4x32([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code)]
    fn every_width_gives_the_same_words() {
        let who: Vec<Key> = (0..CROWD as u64)
            .map(|person| person.wrapping_mul(0x9E37_79B9_7F4A_7C15))
            .collect();
        for count in [0, 1, 5, 16, 17, CROWD] {
            let (counter, key) = ([0x0803_0000, 77], [0x1234_5678, 0x9ABC_DEF0]);
            let mut plain = [[0; CROWD]; 4];
            one_by_one(counter, &who[..count], key, &mut plain);
            let same = |words: &CrowdWords| {
                (0..4).all(|word| words[word][..count] == plain[word][..count])
            };
            let mut words = [[0; CROWD]; 4];
            if Width::widest() >= Width::Avx2 {
                // SAFETY: the processor has these vectors.
                unsafe { x86::with_256_bits(counter, &who[..count], key, &mut words) };
                assert!(same(&words));
            }
            words = [[0; CROWD]; 4];
            if Width::widest() >= Width::Avx512 {
                // SAFETY: as above.
                unsafe { x86::with_512_bits(counter, &who[..count], key, &mut words) };
                assert!(same(&words));
            }
        }
    }
}

//! Picking one of several by its share, with one word of luck.

use crate::luck::{CROWD, uniform};
use crate::model::entries::{Ages, Shares};
use crate::model::numbers::{Number, Values};
use crate::wide::{Work, widest};

/// Cumulative shares of which one is picked by a word of luck.
#[derive(Debug, Clone)]
pub struct Picker {
    /// Shares of nothing before the first of something.
    first: usize,
    /// The last word of each share but the very last: in eights, the last one
    /// filled up with words that none lies behind.
    eights: Vec<[u32; 8]>,
}

impl Picker {
    pub(super) fn new(shares: &Shares, values: Values<'_>) -> Self {
        Self::of(&cumulative(&current_shares(shares, values)))
    }

    /// Of cumulative shares.
    pub fn of(ends: &[f64]) -> Self {
        // The word w stands for (w + 1/2) / 2^32: how many words lie below an
        // end. All of this is exact.
        let below = |end: &f64| (end * 4_294_967_296.0 - 0.5).ceil() as u64;
        let counts: Vec<u64> = ends.iter().map(below).collect();
        let first = counts.iter().take_while(|count| **count == 0).count();
        let lasts: Vec<u32> = counts[first..]
            .iter()
            .map(|count| (count - 1) as u32)
            .filter(|last| *last < u32::MAX)
            .collect();
        let eights = lasts.chunks(8).map(|some| {
            let mut eight = [u32::MAX; 8];
            eight[..some.len()].copy_from_slice(some);
            eight
        });
        Self {
            first,
            eights: eights.collect(),
        }
    }

    /// Index picked: counted, not searched, for there are few shares and nobody
    /// can guess where a search would end.
    #[inline(always)]
    pub fn pick(&self, word: u32) -> usize {
        let mut index = self.first;
        for eight in &self.eights {
            for &last in eight {
                index += usize::from(word > last);
            }
        }
        index
    }

    /// The same for a crowd.
    pub fn pick_crowd(&self, words: &[u32; CROWD]) -> [u8; CROWD] {
        widest(Picks {
            picker: self,
            words,
        })
    }

    /// The same within other work.
    #[inline(always)]
    pub fn pick_each(&self, words: &[u32; CROWD]) -> [u8; CROWD] {
        let mut indices = [self.first as u32; CROWD];
        for &last in self.eights.as_flattened() {
            for (index, &word) in indices.iter_mut().zip(words) {
                *index += u32::from(word > last);
            }
        }
        indices.map(|index| index as u8)
    }
}

/// Shares as they stand. A share that a workstream changes is changed as a
/// share of 1; the others divide what it leaves, in their old proportions.
fn current_shares(shares: &Shares, values: Values<'_>) -> Vec<f64> {
    let bases: Vec<f64> = shares.0.iter().map(|share| share.base(values)).collect();
    let total: f64 = bases.iter().sum();
    let changed: Vec<Option<f64>> = shares
        .0
        .iter()
        .zip(&bases)
        .map(|(share, base)| match *share {
            Number::Lever(lever) => values.change(lever, base / total),
            _ => None,
        })
        .collect();
    let taken: f64 = changed.iter().flatten().sum();
    let others: f64 = (changed.iter().zip(&bases))
        .filter(|(change, _)| change.is_none())
        .map(|(_, base)| base)
        .sum();
    if changed.iter().all(Option::is_none) || taken + others <= 0.0 {
        return bases;
    }
    let left = if others > 0.0 {
        (1.0 - taken).max(0.0) / others
    } else {
        0.0
    };
    changed
        .iter()
        .zip(&bases)
        .map(|(change, base)| change.unwrap_or(base * left))
        .collect()
}

/// Ends of shares laid side by side between 0 and 1.
fn cumulative(shares: &[f64]) -> Vec<f64> {
    let total: f64 = shares.iter().sum();
    let mut sum = 0.0;
    let mut ends: Vec<f64> = shares
        .iter()
        .map(|share| {
            sum += share / total;
            sum
        })
        .collect();
    // Whatever rounding left over belongs to the last share that is not 0.
    let last = shares.iter().rposition(|share| *share > 0.0).unwrap_or(0);
    for end in &mut ends[last..] {
        *end = 1.0;
    }
    ends
}

/// Ages of children who enter.
#[derive(Debug, Clone)]
pub struct AgePicker {
    bands: Picker,
    /// For each band where its share begins, its lower age in days, and the
    /// days of age for the whole of 1.
    lines: Vec<[f64; 3]>,
}

impl AgePicker {
    pub(super) fn new(ages: &Ages, values: Values<'_>) -> Self {
        let ends = cumulative(&current_shares(&ages.shares, values));
        let begins = [0.0].iter().chain(&ends);
        let lines = begins.zip(&ends).zip(ages.edges.windows(2));
        Self {
            bands: Picker::of(&ends),
            lines: lines
                .map(|((&from, &end), edges)| {
                    [from, edges[0], (edges[1] - edges[0]) / (end - from)]
                })
                .collect(),
        }
    }

    /// Ages in days of a crowd.
    pub fn days_of_crowd(&self, words: &[u32; CROWD]) -> [f64; CROWD] {
        widest(Days { ages: self, words })
    }
}

struct Picks<'a> {
    picker: &'a Picker,
    words: &'a [u32; CROWD],
}

impl Work for Picks<'_> {
    type Output = [u8; CROWD];

    #[inline(always)]
    fn work(self) -> Self::Output {
        self.picker.pick_each(self.words)
    }
}

struct Days<'a> {
    ages: &'a AgePicker,
    words: &'a [u32; CROWD],
}

impl Work for Days<'_> {
    type Output = [f64; CROWD];

    #[inline(always)]
    fn work(self) -> Self::Output {
        let bands = self.ages.bands.pick_each(self.words);
        let mut days = [0.0; CROWD];
        for (band, &[from, age, slope]) in self.ages.lines.iter().enumerate() {
            for place in 0..CROWD {
                let within = age + (uniform(self.words[place]) - from) * slope;
                let is_here = usize::from(bands[place]) == band;
                days[place] = if is_here { within } else { days[place] };
            }
        }
        days
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::workstreams::Manner;
    use crate::model::workstreams::{Affine, Lever};

    #[test]
    fn a_word_picks_what_its_uniform_falls_into() {
        let tables: [&[f64]; 5] = [
            &[1.0],
            &[0.0, 0.3, 0.3, 1.0, 1.0],
            &[0.125, 0.5, 0.75, 1.0],
            &[1e-10, 1.0 - 1e-10, 1.0],
            &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0],
        ];
        for ends in tables {
            let picker = Picker::of(ends);
            let near = ends.iter().map(|end| (end * 4_294_967_296.0) as u32);
            let words = near
                .flat_map(|word| (0..5).map(move |step| word.wrapping_add(step).wrapping_sub(2)));
            let words: Vec<u32> = words.chain([0, 1, u32::MAX - 1, u32::MAX]).collect();
            for some in words.chunks(CROWD) {
                let mut crowd = [0; CROWD];
                crowd[..some.len()].copy_from_slice(some);
                let picks = picker.pick_each(&crowd);
                for (place, &word) in some.iter().enumerate() {
                    let expected = ends.iter().filter(|end| uniform(word) >= **end).count();
                    assert_eq!(picker.pick(word), expected, "{word} of {ends:?}");
                    assert_eq!(usize::from(picks[place]), expected);
                }
            }
        }
    }

    #[test]
    fn a_changed_share_leaves_the_rest_to_the_others() {
        let lever = Lever {
            path: String::new(),
            base: Number::Known(50.0),
            range: (0.0, 1.0),
            effects: Vec::new(),
            is_by_day: true,
        };
        let levers = [lever];
        // Counts of 50, 30 and 20; the first is halved: 0.25, and the others
        // divide 0.75 as 3 to 2.
        let shares = Shares(vec![
            Number::Lever(0),
            Number::Known(30.0),
            Number::Known(20.0),
        ]);
        let halved = [Affine::NONE.then(Manner::Multiply, 0.5, 1.0)];
        let now = current_shares(&shares, Values::at(&[], &levers, &halved));
        assert_eq!(now[0], 0.25);
        assert!((now[1] - 0.45).abs() < 1e-12 && (now[2] - 0.3).abs() < 1e-12);
        let before = current_shares(&shares, Values::of(&[], &levers));
        assert_eq!(before, [50.0, 30.0, 20.0]);
    }
}

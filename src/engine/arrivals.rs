//! Who is referred: families, before a panel hears them.
//!
//! Families arrive in layers of a fixed height. Each layer is a Poisson process
//! of its own in each year, and a family exists where its mark lies below the
//! current rate: a higher rate adds families and changes none.

use super::crowd::Crowd;
use super::life::{NONE, day_of};
use super::pick::Picker;
use super::places::Places;
use super::record::{Event, Recorder};
use super::replicate::Play;
use crate::calendar::Calendar;
use crate::luck::{CROWD, CrowdWords, Key, Purpose, uniform};
use crate::model::entries::LAYER_FAMILIES_PER_YEAR;
use crate::units::DAYS_PER_YEAR;
use crate::wide::{Work, widest};
use std::sync::LazyLock;

/// Keys: kind, stream, layer, period, index, sibling; a family has sibling 0.
const COHORT_KIND: Key = 1 << 60;
const FAMILY_KIND: Key = 2 << 60;
const INDEX_SHIFT: u32 = 8;

/// The key of a child of the cohort.
pub fn cohort_key(index: usize) -> Key {
    COHORT_KIND | (index as Key) << 8
}

/// The key of a family.
pub fn family_key(stream: usize, layer: usize, year: usize, index: usize) -> Key {
    FAMILY_KIND
        | (stream as Key) << 52
        | (layer as Key) << 32
        | (year as Key) << 24
        | (index as Key) << INDEX_SHIFT
}

/// The key of a sibling, counted from 0.
pub fn sibling_key(family: Key, sibling: usize) -> Key {
    family | (sibling as Key + 1)
}

/// What a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// A child of the cohort.
    Cohort {
        /// From 0.
        index: usize,
    },
    /// A family, or one of its children.
    Family {
        /// Stream.
        stream: usize,
        /// Layer.
        layer: usize,
        /// Forecast year.
        year: usize,
        /// Place within the layer and year.
        index: usize,
        /// 0 for the family, else the child, from 1.
        sibling: usize,
    },
}

/// The forecast year of a family.
#[inline(always)]
fn year_of(family: Key) -> f64 {
    f64::from((family >> 24) as u32 & 0xFF)
}

/// The layer of a family.
#[inline(always)]
fn layer_of(family: Key) -> f64 {
    f64::from((family >> 32) as u32 & 0xF_FFFF)
}

/// Takes a key apart.
pub fn parts(key: Key) -> Parts {
    let bits = |from: u32, count: u32| (key >> from & ((1 << count) - 1)) as usize;
    if key & COHORT_KIND != 0 {
        Parts::Cohort { index: bits(8, 32) }
    } else {
        Parts::Family {
            stream: bits(52, 8),
            layer: bits(32, 20),
            year: bits(24, 8),
            index: bits(8, 16),
            sibling: bits(0, 8),
        }
    }
}

/// Number of a layer's families in a year.
static LAYER_COUNTS: LazyLock<Picker> = LazyLock::new(|| {
    let mean = LAYER_FAMILIES_PER_YEAR;
    let mut term = libm::exp(-mean);
    let mut sum = 0.0;
    let ends = (0..64).map(|count| {
        if count > 0 {
            term *= mean / f64::from(count);
        }
        sum += term;
        sum
    });
    Picker::of(&ends.collect::<Vec<f64>>())
});

/// A family on its way through the panel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    pub key: Key,
    pub stream: usize,
    pub children: usize,
    pub time: f64,
    /// Day of referral, and of the first sitting after it.
    pub day: i32,
    pub sitting: i32,
    /// Hearings so far.
    pub hearings: u16,
    /// Word of the first hearing.
    pub first_hearing: u32,
}

/// When the families of a crowd are referred and first heard, if they exist.
struct Referrals<'a> {
    calendar: &'a Calendar,
    /// Families a year, by segment.
    rates: &'a [f64],
    /// The same where it is one number.
    rate: Option<f64>,
    /// Day of the first sitting, and days from one to the next.
    sittings: (i32, i32),
    keys: &'a [Key; CROWD],
    words: &'a CrowdWords,
}

/// What comes of it.
pub(super) struct Referred {
    pub time: [f64; CROWD],
    pub day: [i32; CROWD],
    /// The first sitting after it.
    pub sitting: [i32; CROWD],
    /// Whether the rate reaches the family's mark by the horizon.
    pub exists: [bool; CROWD],
}

impl Work for Referrals<'_> {
    type Output = Referred;

    #[inline(always)]
    fn work(self) -> Referred {
        let (first, every) = self.sittings;
        let mut time = [0.0; CROWD];
        let mut day = [0; CROWD];
        let mut sitting = [0; CROWD];
        let mut mark = [0.0; CROWD];
        for place in 0..CROWD {
            let key = self.keys[place];
            time[place] = (year_of(key) + uniform(self.words[0][place])) * DAYS_PER_YEAR;
            day[place] = day_of(time[place]);
            sitting[place] = sitting_after(first, every, time[place]);
            mark[place] = (layer_of(key) + uniform(self.words[1][place])) * LAYER_FAMILIES_PER_YEAR;
        }
        let mut rate = [0.0; CROWD];
        match self.rate {
            Some(always) => rate = [always; CROWD],
            None => {
                for (rate, &day) in rate.iter_mut().zip(&day) {
                    let segment = self.calendar.segment_of(day);
                    *rate = self.rates.get(segment).copied().unwrap_or_default();
                }
            }
        }
        let horizon = f64::from(self.calendar.horizon());
        let mut exists = [false; CROWD];
        for place in 0..CROWD {
            exists[place] = (time[place] <= horizon) & (mark[place] < rate[place]);
        }
        Referred {
            time,
            day,
            sitting,
            exists,
        }
    }
}

impl<R: Recorder> Play<'_, R> {
    /// Plays every family that is referred.
    pub(super) fn arrivals(&mut self, crowd: &mut Crowd) {
        crowd.here_today = false;
        crowd.alone = Places::NONE;
        crowd.pathway = [NONE; CROWD];
        crowd.count = 0;
        let mut waiting = Vec::new();
        let mut keys = std::mem::take(&mut crowd.possible);
        let mut words = [[0; CROWD]; 4];
        let panel = self.world.model.panel.as_ref();
        let has_limit = panel.is_some_and(|panel| panel.limit.is_some());
        let sittings = panel.map_or((0, 1), |panel| (panel.first_day, panel.every_days));
        for stream in 0..self.world.families_per_year.len() {
            self.possible_families(stream, &mut keys);
            let rates = &self.world.families_per_year[stream][..];
            let rate = rates[0];
            let is_constant = rates.iter().all(|other| *other == rate);
            let hears_together = !R::LISTENS && !has_limit && self.world.always().is_some();
            let families = keys.len();
            keys.resize(families.next_multiple_of(CROWD), 0);
            let (crowds, _) = keys.as_chunks::<CROWD>();
            for (keys, before) in crowds.iter().zip((0..).step_by(CROWD)) {
                let some = &keys[..CROWD.min(families - before)];
                self.luck
                    .words_of_crowd(some, Purpose::Family, 0, 0, &mut words);
                let mut referred = widest(Referrals {
                    calendar: self.calendar,
                    rates,
                    rate: is_constant.then_some(rate),
                    sittings,
                    keys,
                    words: &words,
                });
                referred.exists[some.len()..].fill(false);
                if hears_together {
                    self.hear_together(crowd, stream, some, &words, &referred);
                    continue;
                }
                for (place, &key) in some.iter().enumerate() {
                    if !referred.exists[place] {
                        continue;
                    }
                    let day = referred.day[place];
                    let siblings = &self.world.at(day).streams[stream].siblings;
                    let children = 1 + siblings.pick(words[2][place]);
                    let family = family(stream, key, children, &words, &referred, place);
                    self.refer(family, family.time);
                    if has_limit {
                        waiting.push(family);
                    } else {
                        self.hear_alone(crowd, family);
                    }
                }
            }
        }
        crowd.possible = keys;
        if has_limit {
            self.hear_in_order(crowd, waiting);
        }
        self.play_entrants(crowd);
    }

    /// Keys of the families of all layers that the rate of a stream reaches in
    /// any year.
    fn possible_families(&self, stream: usize, keys: &mut Vec<Key>) {
        keys.clear();
        let years = (self.horizon / DAYS_PER_YEAR).ceil() as usize;
        let mut layers = [0; CROWD];
        let mut some = 0;
        for year in 0..years {
            let highest = self.highest_rate(stream, year) / LAYER_FAMILIES_PER_YEAR;
            for layer in 0..highest.ceil() as usize {
                layers[some] = family_key(stream, layer, year, 0);
                some += 1;
                if some == CROWD {
                    self.families_of_layers(&layers, keys);
                    some = 0;
                }
            }
        }
        self.families_of_layers(&layers[..some], keys);
    }

    fn families_of_layers(&self, layers: &[Key], keys: &mut Vec<Key>) {
        let mut words = [[0; CROWD]; 4];
        self.luck
            .words_of_crowd(layers, Purpose::Arrivals, 0, 0, &mut words);
        let counts = LAYER_COUNTS.pick_crowd(&words[0]);
        keys.reserve(2 * LAYER_FAMILIES_PER_YEAR as usize * layers.len());
        for (&first, count) in layers.iter().zip(counts) {
            let count = usize::from(count);
            let from = keys.len();
            // In eights, and what is too much is taken off again: nobody can
            // guess how many there are.
            for eight in 0..count.div_ceil(8) as Key {
                let index = |one: usize| 8 * eight + one as Key;
                let eight: [Key; 8] = std::array::from_fn(|one| first | index(one) << INDEX_SHIFT);
                keys.extend_from_slice(&eight);
            }
            keys.truncate(from + count);
        }
    }

    /// Counts a referral at a time.
    #[inline(always)]
    pub(super) fn refer(&mut self, family: Family, time: f64) {
        self.tally
            .event(self.calendar, self.counters.referrals, day_of(time));
        let stream = family.stream as u8;
        self.note(family.key, time, Event::Referred { stream }, None, None);
    }

    /// Highest rate of a stream in a forecast year, in families a year.
    fn highest_rate(&self, stream: usize, year: usize) -> f64 {
        let rates = &self.world.families_per_year[stream];
        let segment = |day: f64| self.calendar.segment_of(day_of(day)).min(rates.len() - 1);
        let from = year as f64 * DAYS_PER_YEAR;
        rates[segment(from)..=segment(from + DAYS_PER_YEAR)]
            .iter()
            .fold(0.0, |high: f64, &rate| high.max(rate))
    }
}

/// A family of a crowd.
#[inline(always)]
pub(super) fn family(
    stream: usize,
    key: Key,
    children: usize,
    words: &CrowdWords,
    referred: &Referred,
    place: usize,
) -> Family {
    Family {
        key,
        stream,
        children,
        time: referred.time[place],
        day: referred.day[place],
        sitting: referred.sitting[place],
        hearings: 0,
        first_hearing: words[3][place],
    }
}

/// First sitting on or after a time.
#[inline(always)]
pub fn sitting_after(first: i32, every: i32, time: f64) -> i32 {
    let periods = day_of((time - f64::from(first)) / f64::from(every));
    first + periods.max(0) * every
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_different_people_differ() {
        let family = family_key(3, 6_445, 9, 40);
        assert_ne!(sibling_key(family, 0), family);
        assert_ne!(sibling_key(family, 0), sibling_key(family, 1));
        assert_ne!(family_key(0, 1, 0, 0), family_key(0, 0, 1, 0));
        assert_ne!(cohort_key(5), family_key(0, 0, 0, 5));
    }

    #[test]
    fn a_key_comes_apart_as_it_was_put_together() {
        let key = sibling_key(family_key(3, 6_445, 9, 40), 2);
        let family = Parts::Family {
            stream: 3,
            layer: 6_445,
            year: 9,
            index: 40,
            sibling: 3,
        };
        assert_eq!(parts(key), family);
        assert_eq!(parts(cohort_key(307)), Parts::Cohort { index: 307 });
    }

    #[test]
    fn a_referral_is_heard_at_the_next_sitting() {
        assert_eq!(sitting_after(7, 7, 0.2), 7);
        assert_eq!(sitting_after(7, 7, 7.0), 7);
        assert_eq!(sitting_after(7, 7, 7.1), 14);
        assert_eq!(sitting_after(10, 14, 3.0), 10);
        assert_eq!(sitting_after(10, 14, 24.5), 38);
    }

    #[test]
    fn layers_hold_eight_families_a_year_on_average() {
        let n = 1 << 17;
        let counts = (0..n).map(|word| LAYER_COUNTS.pick((word << 15) + (1 << 14)) as f64);
        let mean = counts.sum::<f64>() / f64::from(n);
        assert!((mean - 8.0).abs() < 1e-3, "{mean}");
    }
}

//! Who comes in: families through referral and panel.
//!
//! Families arrive in layers of a fixed height. Each layer is a Poisson process
//! of its own in each year, and a family exists where its mark lies below the
//! current rate: a higher rate adds families and changes none.

use super::crowd::Crowd;
use super::life::{NONE, Whereabouts, day_of};
use super::phase::PanelPhase;
use super::record::{Event, Recorder};
use super::replicate::Play;
use crate::luck::{CROWD, Key, Purpose, exponential, uniform, words_at};
use crate::model::entries::LAYER_FAMILIES_PER_YEAR;
use crate::units::DAYS_PER_YEAR;
use crate::wide::{Work, widest};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
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

/// The layer of a family.
fn layer_of(family: Key) -> f64 {
    (family >> 32 & 0xF_FFFF) as f64
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

/// Cumulative probabilities of a layer's number of families in a year.
static LAYER_COUNTS: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let mean = LAYER_FAMILIES_PER_YEAR;
    let mut term = libm::exp(-mean);
    let mut sum = 0.0;
    (0..64)
        .map(|count| {
            if count > 0 {
                term *= mean / f64::from(count);
            }
            sum += term;
            sum
        })
        .collect()
});

fn layer_count(u: f64) -> usize {
    let counts = &*LAYER_COUNTS;
    counts
        .iter()
        .position(|end| u < *end)
        .unwrap_or(counts.len())
}

/// A family on its way through the panel.
#[derive(Debug, Clone, Copy)]
struct Family {
    key: Key,
    stream: usize,
    children: usize,
    time: f64,
    /// Day of referral, and of the first sitting after it.
    day: i32,
    sitting: i32,
    /// Hearings so far.
    hearings: u16,
    /// Word of the first hearing.
    first_hearing: u32,
}

/// When the families of a crowd are referred, and first heard.
struct Referrals<'a> {
    year: usize,
    /// Day of the first sitting, and days from one to the next.
    sittings: (i32, i32),
    words: &'a [u32; CROWD],
    time: [f64; CROWD],
    day: [i32; CROWD],
    sitting: [i32; CROWD],
}

impl Work for Referrals<'_> {
    type Output = Self;

    #[inline(always)]
    fn work(mut self) -> Self {
        let (first, every) = self.sittings;
        for place in 0..CROWD {
            let time = (self.year as f64 + uniform(self.words[place])) * DAYS_PER_YEAR;
            self.time[place] = time;
            self.day[place] = day_of(time);
            self.sitting[place] = sitting_after(first, every, time);
        }
        self
    }
}

/// What the panel decides.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Decision {
    Admit,
    Defer,
    Divert,
}

impl<R: Recorder> Play<'_, R> {
    /// Plays every family that is referred.
    pub(super) fn arrivals(&mut self, crowd: &mut Crowd) {
        crowd.here_today = false;
        crowd.is_alone = [false; CROWD];
        crowd.pathway = [NONE; CROWD];
        crowd.count = 0;
        let mut families = Vec::new();
        let (mut layer_keys, mut keys) = (Vec::new(), Vec::new());
        let mut words = [[0; CROWD]; 4];
        let panel = self.world.model.panel.as_ref();
        let has_limit = panel.is_some_and(|panel| panel.limit.is_some());
        let sittings = panel.map_or((0, 1), |panel| (panel.first_day, panel.every_days));
        for stream in 0..self.world.families_per_year.len() {
            let years = (self.horizon / DAYS_PER_YEAR).ceil() as usize;
            for year in 0..years {
                let layers =
                    (self.highest_rate(stream, year) / LAYER_FAMILIES_PER_YEAR).ceil() as usize;
                layer_keys.clear();
                layer_keys.extend((0..layers).map(|layer| family_key(stream, layer, year, 0)));
                keys.clear();
                for some in layer_keys.chunks(CROWD) {
                    self.luck
                        .words_of_crowd(some, Purpose::Arrivals, 0, &mut words);
                    for (&first, &word) in some.iter().zip(&words[0]) {
                        let count = layer_count(uniform(word)) as Key;
                        keys.extend((0..count).map(|index| first | index << INDEX_SHIFT));
                    }
                }
                for some in keys.chunks(CROWD) {
                    self.luck
                        .words_of_crowd(some, Purpose::Family, 0, &mut words);
                    let referrals = widest(Referrals {
                        year,
                        sittings,
                        words: &words[0],
                        time: [0.0; CROWD],
                        day: [0; CROWD],
                        sitting: [0; CROWD],
                    });
                    for (place, &key) in some.iter().enumerate() {
                        let words = words_at(&words, place);
                        let Some(family) = self.family(stream, key, words, &referrals, place)
                        else {
                            continue;
                        };
                        self.tally
                            .event(self.calendar, self.counters.referrals, family.day);
                        self.note(
                            family.key,
                            family.time,
                            Event::Referred {
                                stream: stream as u8,
                            },
                            None,
                            None,
                        );
                        if has_limit {
                            families.push(family);
                        } else {
                            self.hear_alone(crowd, family);
                        }
                    }
                }
            }
        }
        if has_limit {
            self.hear_in_order(crowd, families);
        }
        self.play_entrants(crowd);
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

    /// A family of a layer, if the rate reaches its mark at its time.
    #[inline(always)]
    fn family(
        &self,
        stream: usize,
        key: Key,
        words: [u32; 4],
        referrals: &Referrals<'_>,
        place: usize,
    ) -> Option<Family> {
        let (time, day) = (referrals.time[place], referrals.day[place]);
        if time > self.horizon {
            return None;
        }
        let rate = self.world.families_per_year[stream][self.calendar.segment_of(day)];
        let mark = (layer_of(key) + uniform(words[1])) * LAYER_FAMILIES_PER_YEAR;
        (mark < rate).then(|| Family {
            key,
            stream,
            children: 1 + self.world.at(day).streams[stream]
                .siblings
                .pick(uniform(words[2])),
            time,
            day,
            sitting: referrals.sitting[place],
            hearings: 0,
            first_hearing: words[3],
        })
    }

    /// Hears a family, where sittings have no limit.
    #[inline(always)]
    fn hear_alone(&mut self, crowd: &mut Crowd, mut family: Family) {
        let Some(panel) = &self.world.model.panel else {
            return self.admit(crowd, family, family.day);
        };
        if self.bypasses(family) {
            return self.admit(crowd, family, family.day);
        }
        let sitting = family.sitting;
        if sitting > self.calendar.horizon() {
            return;
        }
        match self.decide(&mut family, sitting) {
            Decision::Admit => self.admit(crowd, family, sitting),
            Decision::Divert if panel.diverted_return.is_none() => {}
            decision => self.hear_again(crowd, family, decision),
        }
    }

    /// Hears a family that has been deferred or diverted to its end.
    #[inline(never)]
    fn hear_again(&mut self, crowd: &mut Crowd, mut family: Family, mut decision: Decision) {
        let panel = self.world.model.panel.as_ref();
        let panel = panel.expect("a panel has decided");
        loop {
            let sitting = family.sitting;
            let time = match decision {
                Decision::Admit => return self.admit(crowd, family, sitting),
                Decision::Defer => f64::from(sitting) + 0.5,
                Decision::Divert => match self.referred_again(family, sitting) {
                    Some(time) => time,
                    None => return,
                },
            };
            family.sitting = sitting_after(panel.first_day, panel.every_days, time);
            if family.sitting > self.calendar.horizon() {
                return;
            }
            let sitting = family.sitting;
            decision = self.decide(&mut family, sitting);
        }
    }

    /// Hears families in the order of their referral, so many at a sitting.
    #[inline(never)]
    fn hear_in_order(&mut self, crowd: &mut Crowd, families: Vec<Family>) {
        let panel = self
            .world
            .model
            .panel
            .as_ref()
            .expect("a limit needs a panel");
        let limit = panel.limit.unwrap_or(u32::MAX);
        let mut queue = BinaryHeap::new();
        let mut known: Vec<Family> = Vec::with_capacity(families.len());
        for family in families {
            if self.bypasses(family) {
                self.admit(crowd, family, family.day);
            } else {
                queue.push(Reverse((family.time.to_bits(), family.key, known.len())));
                known.push(family);
            }
        }
        let mut sitting = panel.first_day;
        let mut deferred = Vec::new();
        while f64::from(sitting) <= self.horizon {
            for _ in 0..limit {
                let is_due = queue.peek().is_some_and(|Reverse((time, _, _))| {
                    f64::from_bits(*time) <= f64::from(sitting)
                });
                if !is_due {
                    break;
                }
                let Reverse((time, key, index)) = queue.pop().expect("just seen");
                let mut family = known[index];
                match self.decide(&mut family, sitting) {
                    Decision::Admit => self.admit(crowd, family, sitting),
                    Decision::Defer => deferred.push(Reverse((time, key, index))),
                    Decision::Divert => {
                        if let Some(time) = self.referred_again(family, sitting) {
                            queue.push(Reverse((time.to_bits(), key, index)));
                        }
                    }
                }
                known[index] = family;
            }
            queue.extend(deferred.drain(..));
            sitting += panel.every_days;
        }
    }

    #[inline(always)]
    fn bypasses(&mut self, family: Family) -> bool {
        self.world.model.streams[family.stream].may_bypass && self.may_bypass(family)
    }

    #[inline(never)]
    fn may_bypass(&mut self, family: Family) -> bool {
        let word = self.luck.words(family.key, Purpose::Hearing, 0, 0)[0];
        let bypasses =
            uniform(word) < self.world.at(family.day).streams[family.stream].bypass_panel;
        if bypasses {
            self.note(
                family.key,
                family.time,
                Event::Bypassed,
                Some(uniform(word)),
                None,
            );
        }
        bypasses
    }

    /// The panel's numbers at a sitting.
    fn panel(&self, sitting: i32) -> &PanelPhase {
        let panel = &self.world.at(sitting).panel;
        panel.as_ref().expect("there is a panel")
    }

    /// The panel's decision, with fresh luck for each hearing.
    #[inline(always)]
    fn decide(&mut self, family: &mut Family, sitting: i32) -> Decision {
        let panel = self.panel(sitting);
        let word = match family.hearings {
            0 => family.first_hearing,
            hearing => self.luck.words(family.key, Purpose::Hearing, 0, hearing)[0],
        };
        family.hearings += 1;
        let u = uniform(word);
        let (admit, admit_or_defer) = (panel.admit, panel.admit_or_defer);
        let (decision, event) = if u < admit {
            (
                Decision::Admit,
                Event::Admitted {
                    children: family.children as u8,
                },
            )
        } else if u < admit_or_defer {
            (Decision::Defer, Event::Deferred)
        } else {
            self.tally
                .event(self.calendar, self.counters.diverted, sitting);
            (Decision::Divert, Event::Diverted)
        };
        self.note(family.key, f64::from(sitting), event, Some(u), Some(admit));
        decision
    }

    /// When a diverted family is referred again, if it is within the forecast.
    fn referred_again(&mut self, family: Family, sitting: i32) -> Option<f64> {
        let panel = self.panel(sitting);
        let (probability, span) = panel.diverted_return?;
        let words = self
            .luck
            .words(family.key, Purpose::Diversion, 0, family.hearings);
        if uniform(words[0]) >= probability {
            return None;
        }
        let time = f64::from(sitting) + self.world.days(span, exponential(words[1]));
        if time > self.horizon {
            return None;
        }
        self.tally
            .event(self.calendar, self.counters.referrals, day_of(time));
        self.note(
            family.key,
            time,
            Event::Referred {
                stream: family.stream as u8,
            },
            None,
            None,
        );
        Some(time)
    }

    /// Lets a family's children in on a day.
    #[inline(always)]
    fn admit(&mut self, crowd: &mut Crowd, family: Family, day: i32) {
        if day > self.calendar.horizon() {
            return;
        }
        for sibling in 0..family.children {
            let place = crowd.count;
            crowd.keys[place] = sibling_key(family.key, sibling);
            crowd.families[place] = family.key;
            crowd.stream[place] = family.stream as u8;
            crowd.since[place] = day;
            crowd.count += 1;
            if crowd.count == CROWD {
                self.play_entrants(crowd);
            }
        }
    }

    /// Plays the children who have been let in so far.
    #[inline(never)]
    fn play_entrants(&mut self, crowd: &mut Crowd) {
        let keys = &crowd.keys[..crowd.count];
        self.luck
            .words_of_crowd(keys, Purpose::Entry, 0, &mut crowd.profile);
        let birthdays = &self.world.model.birthdays;
        for place in 0..crowd.count {
            let (day, stream) = (crowd.since[place], usize::from(crowd.stream[place]));
            let [age, status, placement, _] = words_at(&crowd.profile, place);
            let age = self.world.at(day).streams[stream].ages.days(uniform(age));
            let mut born = day - age as i32;
            // A birth date so early that the child would be 18 on entry.
            while birthdays.adult(born) <= day {
                born += 1;
            }
            crowd.born[place] = born;
            crowd.adult[place] = birthdays.adult(born);
            crowd.origin[place] = f64::from(day);
            (crowd.legal_status[place], crowd.placement[place]) =
                self.profile(stream, day - born, day, [status, placement]);
        }
        self.play_crowd(crowd);
        for other in 0..crowd.others.len() {
            let place = usize::from(crowd.others[other]);
            crowd.bring_to_life(place);
            crowd.life.whereabouts = Whereabouts::Enters(crowd.origin[place]);
            self.go_on(&mut crowd.life);
        }
        crowd.count = 0;
    }
}

/// First sitting on or after a time.
#[inline(always)]
fn sitting_after(first: i32, every: i32, time: f64) -> i32 {
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
        let n = 100_000;
        let mean = (0..n)
            .map(|i| layer_count((f64::from(i) + 0.5) / f64::from(n)) as f64)
            .sum::<f64>()
            / f64::from(n);
        assert!((mean - 8.0).abs() < 1e-3, "{mean}");
    }
}

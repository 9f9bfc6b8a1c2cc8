//! Who comes in: families through referral and panel.
//!
//! Families arrive in layers of a fixed height. Each layer is a Poisson process
//! of its own in each year, and a family exists where its mark lies below the
//! current rate: a higher rate adds families and changes none.

use super::crowd::Crowd;
use super::life::{NONE, Whereabouts, day_of};
use super::phase::{PanelPhase, StreamPhase};
use super::pick::{AgePicker, Picker};
use super::record::{Event, Recorder};
use super::replicate::Play;
use crate::calendar::Calendar;
use crate::luck::{CROWD, CrowdWords, Key, Purpose, exponential, uniform};
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
struct Referred {
    time: [f64; CROWD],
    day: [i32; CROWD],
    /// The first sitting after it.
    sitting: [i32; CROWD],
    /// Whether the rate reaches the family's mark by the horizon.
    exists: [bool; CROWD],
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

/// What a panel first makes of the families of a crowd.
struct FirstHearings<'a> {
    /// Probabilities of being let in, and of that or being deferred.
    panel: (f64, f64),
    /// The last day on which it sits.
    horizon: i32,
    words: &'a [u32; CROWD],
    referred: &'a Referred,
}

impl Work for FirstHearings<'_> {
    /// Who is let in, deferred and diverted.
    type Output = [[bool; CROWD]; 3];

    #[inline(always)]
    fn work(self) -> Self::Output {
        let mut decisions = [[false; CROWD]; 3];
        let [admit, defer, divert] = &mut decisions;
        let (below_admit, below_defer) = self.panel;
        for place in 0..CROWD {
            let u = uniform(self.words[place]);
            let is_heard =
                self.referred.exists[place] & (self.referred.sitting[place] <= self.horizon);
            admit[place] = is_heard & (u < below_admit);
            defer[place] = is_heard & (u >= below_admit) & (u < below_defer);
            divert[place] = is_heard & (u >= below_admit) & (u >= below_defer);
        }
        decisions
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
        let mut waiting = Vec::new();
        let mut keys = Vec::new();
        let mut words = [[0; CROWD]; 4];
        let panel = self.world.model.panel.as_ref();
        let has_limit = panel.is_some_and(|panel| panel.limit.is_some());
        let sittings = panel.map_or((0, 1), |panel| (panel.first_day, panel.every_days));
        for stream in 0..self.world.families_per_year.len() {
            self.possible_families(stream, &mut keys);
            let rates = &self.world.families_per_year[stream][..];
            let rate = rates[0];
            let is_constant = rates.iter().all(|other| *other == rate);
            let hears_together = !R::LISTENS
                && !has_limit
                && !self.world.model.streams[stream].may_bypass
                && self.world.always().is_some();
            for some in keys.chunks(CROWD) {
                self.luck
                    .words_of_crowd(some, Purpose::Family, 0, &mut words);
                let mut keys = [0; CROWD];
                keys[..some.len()].copy_from_slice(some);
                let mut referred = widest(Referrals {
                    calendar: self.calendar,
                    rates,
                    rate: is_constant.then_some(rate),
                    sittings,
                    keys: &keys,
                    words: &words,
                });
                referred.exists[some.len()..].fill(false);
                if hears_together {
                    self.hear_together(crowd, stream, &keys, &words, &referred);
                    continue;
                }
                for (place, &key) in some.iter().enumerate() {
                    if !referred.exists[place] {
                        continue;
                    }
                    let family = self.family(stream, key, &words, &referred, place);
                    self.refer(family);
                    if has_limit {
                        waiting.push(family);
                    } else {
                        self.hear_alone(crowd, family);
                    }
                }
            }
        }
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
        let layers = (0..years).flat_map(|year| {
            let layers = self.highest_rate(stream, year) / LAYER_FAMILIES_PER_YEAR;
            (0..layers.ceil() as usize).map(move |layer| family_key(stream, layer, year, 0))
        });
        let layers: Vec<Key> = layers.collect();
        let mut words = [[0; CROWD]; 4];
        for some in layers.chunks(CROWD) {
            self.luck
                .words_of_crowd(some, Purpose::Arrivals, 0, &mut words);
            let counts = widest(Picks {
                picker: &LAYER_COUNTS,
                words: &words[0],
            });
            for (&first, count) in some.iter().zip(counts) {
                keys.extend((0..Key::from(count)).map(|index| first | index << INDEX_SHIFT));
            }
        }
    }

    /// Counts a referral.
    #[inline(always)]
    fn refer(&mut self, family: Family) {
        self.tally
            .event(self.calendar, self.counters.referrals, family.day);
        let stream = family.stream as u8;
        self.note(
            family.key,
            family.time,
            Event::Referred { stream },
            None,
            None,
        );
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

    /// A family of a crowd.
    #[inline(always)]
    fn family(
        &self,
        stream: usize,
        key: Key,
        words: &CrowdWords,
        referred: &Referred,
        place: usize,
    ) -> Family {
        let day = referred.day[place];
        let siblings = &self.world.at(day).streams[stream].siblings;
        Family {
            key,
            stream,
            children: 1 + siblings.pick(words[2][place]),
            time: referred.time[place],
            day,
            sitting: referred.sitting[place],
            hearings: 0,
            first_hearing: words[3][place],
        }
    }

    /// Hears the families of a crowd side by side, where the panel's numbers
    /// never change and nobody listens. Whoever is heard once more goes on
    /// alone.
    fn hear_together(
        &mut self,
        crowd: &mut Crowd,
        stream: usize,
        keys: &[Key; CROWD],
        words: &CrowdWords,
        referred: &Referred,
    ) {
        for &place in places(&referred.exists, &mut [0; CROWD]) {
            let day = self.calendar.place_of(referred.day[usize::from(place)]);
            self.tally.event_at(self.counters.referrals, day);
        }
        let horizon = self.calendar.horizon();
        let model = self.world.model.panel.as_ref();
        let decide = |panel: &PanelPhase| {
            widest(FirstHearings {
                panel: (panel.admit, panel.admit_or_defer),
                horizon,
                words: &words[3],
                referred,
            })
        };
        let phase = self.world.always().and_then(|phase| phase.panel.as_ref());
        let [admit, defer, divert] =
            phase.map_or([referred.exists, [false; CROWD], [false; CROWD]], decide);
        let let_in = if model.is_some() {
            &referred.sitting
        } else {
            &referred.day
        };
        for &place in places(&admit, &mut [0; CROWD]) {
            let place = usize::from(place);
            let family = self.family(stream, keys[place], words, referred, place);
            self.admit(crowd, family, let_in[place]);
        }
        let Some(model) = model else { return };
        for &place in places(&divert, &mut [0; CROWD]) {
            let sitting = self.calendar.place_of(referred.sitting[usize::from(place)]);
            self.tally.event_at(self.counters.diverted, sitting);
        }
        let mut again = defer;
        if model.diverted_return.is_some() {
            for place in 0..CROWD {
                again[place] |= divert[place];
            }
        }
        for &place in places(&again, &mut [0; CROWD]) {
            let place = usize::from(place);
            let mut family = self.family(stream, keys[place], words, referred, place);
            family.hearings = 1;
            let decision = if defer[place] {
                Decision::Defer
            } else {
                Decision::Divert
            };
            self.hear_again(crowd, family, decision);
        }
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
        self.draw_entrants(crowd);
        self.play_crowd(crowd);
        for other in 0..crowd.others.len() {
            let place = usize::from(crowd.others[other]);
            crowd.bring_to_life(place);
            crowd.life.whereabouts = Whereabouts::Enters(crowd.origin[place]);
            self.go_on(&mut crowd.life);
        }
        crowd.count = 0;
    }

    /// What the children who are let in are like.
    fn draw_entrants(&self, crowd: &mut Crowd) {
        let count = crowd.count;
        let keys = &crowd.keys[..count];
        self.luck
            .words_of_crowd(keys, Purpose::Entry, 0, &mut crowd.profile);
        let birthdays = &self.world.model.birthdays;
        let group = |crowd: &Crowd, place: usize| {
            let phase = self.world.phase_on(crowd.since[place]);
            (phase, usize::from(crowd.stream[place]))
        };
        // Nearly always all of them have the same numbers.
        let mut drawn = [false; CROWD];
        while let Some(first) = (0..count).find(|&place| !drawn[place]) {
            let numbers = group(crowd, first);
            let stream = &self.world.at(crowd.since[first]).streams[numbers.1];
            let days = widest(Ages {
                ages: &stream.ages,
                words: &crowd.profile[0],
            });
            let mut group_has = [false; CROWD];
            let mut ages = [0; CROWD];
            for place in first..count {
                group_has[place] = !drawn[place] && group(crowd, place) == numbers;
                if !group_has[place] {
                    continue;
                }
                let day = crowd.since[place];
                let mut born = day - days[place] as i32;
                let mut adult = birthdays.adult(born);
                // A birth date so early that the child would be 18 on entry.
                while adult <= day {
                    born += 1;
                    adult = birthdays.adult(born);
                }
                ages[place] = day - born;
                crowd.born[place] = born;
                crowd.adult[place] = adult;
                crowd.origin[place] = f64::from(day);
            }
            let (legal_status, placement) = widest(Profiles {
                stream,
                rows: &self.world.model.streams[numbers.1].placement_rows,
                ages: &ages,
                words: &crowd.profile,
            });
            for place in (first..count).filter(|&place| group_has[place]) {
                crowd.legal_status[place] = legal_status[place];
                crowd.placement[place] = placement[place];
                drawn[place] = true;
            }
        }
    }
}

/// What a picker gives to a crowd.
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

/// Ages of a crowd.
struct Ages<'a> {
    ages: &'a AgePicker,
    words: &'a [u32; CROWD],
}

impl Work for Ages<'_> {
    type Output = [f64; CROWD];

    #[inline(always)]
    fn work(self) -> Self::Output {
        self.ages.days_of_each(self.words)
    }
}

/// Legal statuses and placements of a crowd of known ages.
struct Profiles<'a> {
    stream: &'a StreamPhase,
    rows: &'a [(f64, usize)],
    ages: &'a [i32; CROWD],
    words: &'a CrowdWords,
}

impl Work for Profiles<'_> {
    type Output = ([u8; CROWD], [u8; CROWD]);

    #[inline(always)]
    fn work(self) -> Self::Output {
        let [_, status, placement, _] = self.words;
        let mut placements = [0; CROWD];
        for &(below, row) in self.rows.iter().rev() {
            let picks = self.stream.placement[row].pick_each(placement);
            for place in 0..CROWD {
                let is_younger = f64::from(self.ages[place]) < below;
                placements[place] = if is_younger {
                    picks[place]
                } else {
                    placements[place]
                };
            }
        }
        (self.stream.legal_status.pick_each(status), placements)
    }
}

/// The places where something holds.
#[inline(always)]
fn places<'a>(holds: &[bool; CROWD], places: &'a mut [u8; CROWD]) -> &'a [u8] {
    let mut some = 0;
    for (place, &holds) in holds.iter().enumerate() {
        // Never past the end: there are no more than came before.
        places[some % CROWD] = place as u8;
        some += usize::from(holds);
    }
    &places[..some]
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
        let n = 1 << 17;
        let counts = (0..n).map(|word| LAYER_COUNTS.pick((word << 15) + (1 << 14)) as f64);
        let mean = counts.sum::<f64>() / f64::from(n);
        assert!((mean - 8.0).abs() < 1e-3, "{mean}");
    }
}

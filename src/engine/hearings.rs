//! What the panel makes of the families that are referred: who is let in, who
//! is heard again, who is diverted and comes back.

use super::arrivals::{Family, Referred, family, sitting_after};
use super::crowd::Crowd;
use super::phase::PanelPhase;
use super::places::Places;
use super::record::{Event, Recorder};
use super::replicate::Play;
use crate::luck::{CROWD, CrowdWords, Key, Purpose, uniform};
use crate::wide::{Work, widest};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

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
    type Output = [Places; 3];

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
        decisions.map(|holds| Places::of(&holds))
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
    /// Hears the families of a crowd side by side, where the panel's numbers
    /// never change and nobody listens. Whoever is heard once more goes on
    /// alone.
    pub(super) fn hear_together(
        &mut self,
        crowd: &mut Crowd,
        stream: usize,
        keys: &[Key],
        words: &CrowdWords,
        referred: &Referred,
    ) {
        let everybody = Places::of(&referred.exists);
        let calendar = self.calendar;
        let (referrals, diverted) = (self.counters.referrals, self.counters.diverted);
        let days = everybody.each().map(|place| referred.day[place]);
        let days = days.map(|day| (referrals, calendar.place_of(day)));
        self.tally.events_at(days);
        let horizon = calendar.horizon();
        let model = self.world.model.panel.as_ref();
        let decide = |panel: &PanelPhase| {
            widest(FirstHearings {
                panel: (panel.admit, panel.admit_or_defer),
                horizon,
                words: &words[3],
                referred,
            })
        };
        let bypass = everybody.among(self.who_bypasses(stream, keys));
        let phase = self.world.always().expect("numbers never change");
        let siblings = phase.streams[stream].siblings.pick_crowd(&words[2]);
        let family = |place: usize| {
            let children = 1 + usize::from(siblings[place]);
            family(stream, keys[place], children, words, referred, place)
        };
        let [admit, defer, divert] = phase
            .panel
            .as_ref()
            .map_or([everybody, Places::NONE, Places::NONE], decide)
            .map(|decided| decided.without(bypass));
        let let_in = if model.is_some() {
            &referred.sitting
        } else {
            &referred.day
        };
        for (places, let_in) in [(bypass, &referred.day), (admit, let_in)] {
            for place in places.each() {
                self.admit(crowd, family(place), let_in[place]);
            }
        }
        let Some(model) = model else { return };
        let sittings = divert.each().map(|place| referred.sitting[place]);
        let sittings = sittings.map(|day| (diverted, calendar.place_of(day)));
        self.tally.events_at(sittings);
        let again = match model.diverted_return {
            Some(_) => defer.with(divert),
            None => defer,
        };
        for place in again.each() {
            let mut family = family(place);
            family.hearings = 1;
            let decision = if defer.has(place) {
                Decision::Defer
            } else {
                Decision::Divert
            };
            self.hear_again(crowd, family, decision);
        }
    }

    /// Which families of a crowd bypass the panel.
    fn who_bypasses(&self, stream: usize, keys: &[Key]) -> Places {
        if !self.world.model.streams[stream].may_bypass {
            return Places::NONE;
        }
        let mut words = [[0; CROWD]; 4];
        self.luck
            .words_of_crowd(keys, Purpose::Hearing, 0, 0, &mut words);
        let phase = self.world.always().expect("numbers never change");
        let bypass_panel = phase.streams[stream].bypass_panel;
        Places::of(&words[0].map(|word| uniform(word) < bypass_panel))
    }

    /// Hears a family, where sittings have no limit.
    #[inline(always)]
    pub(super) fn hear_alone(&mut self, crowd: &mut Crowd, mut family: Family) {
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
    pub(super) fn hear_in_order(&mut self, crowd: &mut Crowd, families: Vec<Family>) {
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
        let time = f64::from(sitting) + self.world.days(span, words[1]);
        if time > self.horizon {
            return None;
        }
        self.refer(family, time);
        Some(time)
    }
}

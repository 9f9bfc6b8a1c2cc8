//! Walks along pathways that change nothing until they end.
//!
//! A stage that waits for nobody takes its time whatever else happens, and as
//! long as the pathway turns none of the child's clocks off, these ring as they
//! would without it. The walk is then a sum of times that runs until the first
//! clock rings.

use super::crowd::{Crowd, FirstRings};
use super::life::day_of;
use super::record::Recorder;
use super::replicate::Play;
use crate::luck::{CROWD, CrowdWords, Key, Purpose, exponential, logarithms, uniform};
use crate::model::clocks::NO_EXIT;
use crate::model::curves::Curve;
use crate::model::series::{FAILED, LEFT_FIRST, SUCCEEDED};
use crate::wide::{Work, widest};
use std::ops::Range;

/// The children of a crowd who walk, one pathway after the other.
#[derive(Debug)]
pub struct Walkers {
    places: Vec<u8>,
    /// Pathways, and who of them are on it.
    groups: Vec<(usize, Range<usize>)>,
    keys: [Key; CROWD],
    /// Words of their attempts, `[block]`.
    words: Vec<CrowdWords>,
    /// Days of each stage of the pathway under way, `[stage]`.
    days: Vec<[f64; CROWD]>,
}

impl Default for Walkers {
    fn default() -> Self {
        Self {
            places: Vec::with_capacity(CROWD),
            groups: Vec::new(),
            keys: [0; CROWD],
            words: Vec::new(),
            days: Vec::new(),
        }
    }
}

impl Walkers {
    /// The word of an attempt of one of them.
    #[inline(always)]
    fn word(&self, walker: usize, index: usize) -> u32 {
        self.words[index / 4][index % 4][walker]
    }
}

/// How long a stage takes some of those who walk.
struct StageDays<'a> {
    curve: &'a Curve,
    days: f64,
    words: &'a [u32; CROWD],
    walkers: Range<usize>,
    taken: &'a mut [f64; CROWD],
}

impl Work for StageDays<'_> {
    type Output = ();

    #[inline(always)]
    fn work(self) {
        let logarithms = logarithms();
        let luck = |word: u32| -logarithms.of(uniform(!word));
        // In eights, as they lie in the columns: whoever is beside them in the
        // first and the last is not looked at.
        for eight in self.walkers.start / 8..self.walkers.end.div_ceil(8) {
            let words: &[u32; 8] = self.words[8 * eight..].first_chunk().expect("in eights");
            let mut taken = [0.0; 8];
            let mut all_inside = true;
            for (taken, &word) in taken.iter_mut().zip(words) {
                let (time, is_inside) = self.curve.time_inside(luck(word));
                *taken = time * self.days;
                all_inside &= is_inside;
            }
            if !all_inside {
                for (taken, &word) in taken.iter_mut().zip(words) {
                    *taken = self.curve.time(luck(word)) * self.days;
                }
            }
            self.taken[8 * eight..][..8].copy_from_slice(&taken);
        }
    }
}

impl<R: Recorder> Play<'_, R> {
    /// Walks whoever of a crowd may, once it is known which clocks ring first;
    /// whoever is on another pathway is marked to be played alone.
    #[inline(never)]
    pub(super) fn walk_crowd(&mut self, crowd: &mut Crowd) {
        let mut walkers = std::mem::take(&mut crowd.walkers);
        self.gather_walkers(crowd, &mut walkers);
        let most = walkers.groups.iter();
        let most = most.map(|(pathway, _)| self.world.model.pathways[*pathway].stages.len());
        let most = most.max().unwrap_or(0);
        walkers
            .words
            .resize((1 + most).div_ceil(4), [[0; CROWD]; 4]);
        walkers.days.resize(most, [0.0; CROWD]);
        let keys = &walkers.keys[..walkers.places.len()];
        for (block, words) in walkers.words.iter_mut().enumerate() {
            let block = block as u8;
            self.luck
                .words_of_crowd(keys, Purpose::Attempt, block, words);
        }
        let world = self.world;
        for group in 0..walkers.groups.len() {
            let (pathway, range) = walkers.groups[group].clone();
            if let Some(phase) = world.always() {
                let Walkers { words, days, .. } = &mut walkers;
                for (stage, span) in phase.pathways[pathway].times.iter().enumerate() {
                    widest(StageDays {
                        curve: &world.model.curves[span.curve],
                        days: span.days,
                        words: &words[(1 + stage) / 4][(1 + stage) % 4],
                        walkers: range.clone(),
                        taken: &mut days[stage],
                    });
                }
            }
            for walker in range {
                let days = |stage: usize, since: i32| {
                    if world.always().is_some() {
                        return walkers.days[stage][walker];
                    }
                    let span = world.at(since).pathways[pathway].times[stage];
                    world.days(span, exponential(walkers.word(walker, 1 + stage)))
                };
                let place = usize::from(walkers.places[walker]);
                let luck = uniform(walkers.word(walker, 0));
                self.walk(&mut crowd.first, place, pathway, luck, days);
            }
        }
        crowd.walkers = walkers;
    }

    /// Finds those of a crowd who walk, pathway by pathway.
    fn gather_walkers(&self, crowd: &mut Crowd, walkers: &mut Walkers) {
        let model = self.world.model;
        walkers.places.clear();
        walkers.groups.clear();
        for (pathway, goes_on) in model.running.on_pathway.iter().enumerate() {
            let from = walkers.places.len();
            for place in 0..crowd.count {
                if usize::from(crowd.pathway[place]) != pathway || crowd.is_alone[place] {
                    continue;
                }
                if model.pathways[pathway].walks_to.is_none()
                    || crowd.first.running[place] & !goes_on != 0
                {
                    crowd.is_alone[place] = true;
                    continue;
                }
                walkers.keys[walkers.places.len()] = crowd.keys[place];
                walkers.places.push(place as u8);
            }
            if walkers.places.len() > from {
                walkers.groups.push((pathway, from..walkers.places.len()));
            }
        }
    }

    /// Walks one child from the start date until a stage is failed, the pathway
    /// ends or a clock rings.
    fn walk(
        &mut self,
        first: &mut FirstRings,
        place: usize,
        pathway: usize,
        luck: f64,
        days: impl Fn(usize, i32) -> f64,
    ) {
        let model = &self.world.model.pathways[pathway];
        let outcomes = self.counters.outcomes[pathway];
        let mut threshold = 1.0;
        let mut time = 0.0;
        for (stage, stage_model) in model.stages.iter().enumerate() {
            let since = day_of(time);
            if let Some(fee) = stage_model.fee {
                self.tally
                    .event(self.calendar, self.counters.fees + fee, since);
            }
            time += days(stage, since);
            let rings = first.time[place];
            let ends = time.min(rings).min(self.horizon + 1.0);
            let day = day_of(ends);
            let counter = self.counters.stages[pathway] + stage;
            self.tally.spell(self.calendar, counter, since, day);
            if ends > self.horizon {
                return;
            }
            if rings <= time {
                self.tally.event(self.calendar, outcomes + LEFT_FIRST, day);
                return;
            }
            threshold *= self.world.at(day).pathways[pathway].pass[stage];
            if luck >= threshold {
                let failed = outcomes + FAILED + stage;
                self.tally.event(self.calendar, failed, day);
                return;
            }
        }
        self.tally
            .event(self.calendar, outcomes + SUCCEEDED, day_of(time));
        first.time[place] = time;
        first.kind[place] = model.walks_to.unwrap_or(NO_EXIT);
    }
}

//! Walks along pathways that change nothing until they end.
//!
//! A stage that waits for nobody takes its time whatever else happens, and as
//! long as the pathway turns none of the child's clocks off, these ring as they
//! would without it. The walk is then a sum of times that runs until the first
//! clock rings.

use super::crowd::{Crowd, FirstRings};
use super::life::{NONE, day_of};
use super::record::Recorder;
use super::replicate::Play;
use crate::luck::{CROWD, CrowdWords, Key, Purpose, exponential, uniform};
use crate::model::clocks::NO_EXIT;
use crate::model::series::{FAILED, LEFT_FIRST, SUCCEEDED};

/// The children of a crowd who walk.
#[derive(Debug)]
pub struct Walkers {
    places: Vec<u8>,
    keys: [Key; CROWD],
    /// Words of their attempts, `[block]`.
    words: Vec<CrowdWords>,
}

impl Default for Walkers {
    fn default() -> Self {
        Self {
            places: Vec::with_capacity(CROWD),
            keys: [0; CROWD],
            words: Vec::new(),
        }
    }
}

impl<R: Recorder> Play<'_, R> {
    /// Walks whoever of a crowd may, once it is known which clocks ring first;
    /// whoever is on another pathway is marked to be played alone.
    #[inline(never)]
    pub(super) fn walk_crowd(&mut self, crowd: &mut Crowd) {
        let model = self.world.model;
        let mut walkers = std::mem::take(&mut crowd.walkers);
        walkers.places.clear();
        let mut most_stages = 0;
        for place in 0..crowd.count {
            let pathway = usize::from(crowd.pathway[place]);
            if crowd.pathway[place] == NONE || crowd.is_alone[place] {
                continue;
            }
            let goes_on = model.running.on_pathway[pathway];
            if model.pathways[pathway].walks_to.is_none()
                || crowd.first.running[place] & !goes_on != 0
            {
                crowd.is_alone[place] = true;
                continue;
            }
            walkers.keys[walkers.places.len()] = crowd.keys[place];
            walkers.places.push(place as u8);
            most_stages = most_stages.max(model.pathways[pathway].stages.len());
        }
        if !walkers.places.is_empty() {
            let blocks = (1 + most_stages).div_ceil(4);
            walkers.words.resize(blocks, [[0; CROWD]; 4]);
            let keys = &walkers.keys[..walkers.places.len()];
            for (block, words) in walkers.words.iter_mut().enumerate() {
                let block = block as u8;
                self.luck
                    .words_of_crowd(keys, Purpose::Attempt, block, words);
            }
            for (walker, &place) in walkers.places.iter().enumerate() {
                let place = usize::from(place);
                let word = |index: usize| walkers.words[index / 4][index % 4][walker];
                self.walk(&mut crowd.first, place, crowd.pathway[place], word);
            }
        }
        crowd.walkers = walkers;
    }

    /// Walks one child from the start date until a stage is failed, the pathway
    /// ends or a clock rings.
    fn walk(
        &mut self,
        first: &mut FirstRings,
        place: usize,
        pathway: u8,
        word: impl Fn(usize) -> u32,
    ) {
        let pathway = usize::from(pathway);
        let model = &self.world.model.pathways[pathway];
        let outcomes = self.counters.outcomes[pathway];
        let luck = uniform(word(0));
        let mut threshold = 1.0;
        let mut time = 0.0;
        for (stage, stage_model) in model.stages.iter().enumerate() {
            let since = day_of(time);
            if let Some(fee) = stage_model.fee {
                self.tally
                    .event(self.calendar, self.counters.fees + fee, since);
            }
            let span = self.world.at(since).pathways[pathway].times[stage];
            time += self.world.days(span, exponential(word(1 + stage)));
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

//! What a child's nights are counted under.

use super::life::{Counted, Life, Step, Whereabouts};
use super::record::Recorder;
use super::replicate::Play;
use crate::calendar::Place;

impl<R: Recorder> Play<'_, R> {
    /// Counts what a child still in care at the end has been in.
    pub(super) fn finish(&mut self, life: &mut Life) {
        if life.whereabouts == Whereabouts::InCare {
            let end = i32::MAX;
            match life.plan.step {
                Step::Waiting => self.count_wait(life, end),
                Step::Runs(_) => self.count_stage(life, end),
                _ => {}
            }
            self.count_stay(life, end);
        }
        life.whereabouts = Whereabouts::Over;
    }

    pub(super) fn count_placement(&mut self, life: &mut Life, day: i32) {
        self.count_placement_nights(life.counted(), self.nights(life.placement_since, day));
        life.placement_since = day;
    }

    pub(super) fn count_status(&mut self, life: &mut Life, day: i32) {
        self.count_status_nights(life.counted(), self.nights(life.status_since, day));
        life.status_since = day;
    }

    /// Counts a stay that ends, or that the forecast's end cuts off.
    pub(super) fn count_stay(&mut self, life: &mut Life, day: i32) {
        self.count_placement(life, day);
        self.count_status(life, day);
        self.count_stay_nights(life.counted(), self.nights(life.stay_since, day));
    }

    /// The nights from one day up to, not including, one that is no earlier.
    #[inline(always)]
    pub(super) fn nights(&self, from: i32, to: i32) -> Nights {
        Nights {
            days: [from, to],
            places: [self.calendar.place_of(from), self.calendar.place_of(to)],
        }
    }

    /// Counts the nights of a child in its placement.
    #[inline(always)]
    pub(super) fn count_placement_nights(&mut self, child: Counted, nights: Nights) {
        let counter = self.counters.placement + usize::from(child.placement);
        let [from, to] = nights.places;
        self.tally.spell_between(counter, from, to);
        self.count_grants(child, nights.days);
    }

    /// Counts the nights of a child for which grants are paid.
    #[inline(always)]
    pub(super) fn count_grants(&mut self, child: Counted, [from, to]: [i32; 2]) {
        for (index, grant) in self.world.model.money.grants.iter().enumerate() {
            if grant.stream.has(child.stream)
                && grant.placement.has(child.placement)
                && grant.legal_status.has(child.legal_status)
            {
                let birthdays = &self.world.model.birthdays;
                let from = from.max(birthdays.turns(child.born, grant.age.0));
                let to = to.min(birthdays.turns(child.born, grant.age.1));
                self.tally
                    .spell(self.calendar, self.counters.grants + index, from, to);
            }
        }
    }

    /// Counts the nights of a child under its legal status.
    #[inline(always)]
    pub(super) fn count_status_nights(&mut self, child: Counted, nights: Nights) {
        if let Some(first) = self.counters.legal_status {
            let [from, to] = nights.places;
            self.tally
                .spell_between(first + usize::from(child.legal_status), from, to);
        }
    }

    /// Counts the nights of a child in care, however it is placed.
    #[inline(always)]
    pub(super) fn count_stay_nights(&mut self, child: Counted, nights: Nights) {
        let [from, to] = nights.places;
        if let Some(first) = self.counters.stream {
            self.tally
                .spell_between(first + usize::from(child.stream), from, to);
        }
        if let Some(counter) = self.counters.here_today.filter(|_| child.here_today) {
            self.tally.spell_between(counter, from, to);
        }
        if let Some(first) = self.counters.age_band {
            let [mut since, end] = nights.days;
            let ends = self.world.model.birthdays.ends_of_bands(child.born);
            for (band, &turns) in ends.iter().enumerate() {
                if turns > since {
                    let until = turns.min(end);
                    self.tally.spell(self.calendar, first + band, since, until);
                    since = turns;
                }
                if turns >= end {
                    break;
                }
            }
        }
    }
}

/// Nights from one day up to, not including, another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nights {
    pub days: [i32; 2],
    /// Where the two days lie.
    pub places: [Place; 2],
}

//! Who comes in: the children of families that have been let in.

use super::arrivals::{Family, sibling_key};
use super::crowd::Crowd;
use super::life::Whereabouts;
use super::phase::StreamPhase;
use super::places::Places;
use super::record::Recorder;
use super::replicate::Play;
use crate::luck::{CROWD, CrowdWords, Purpose};
use crate::wide::{Work, whole_below, widest};

impl<R: Recorder> Play<'_, R> {
    /// Lets a family's children in on a day.
    #[inline(always)]
    pub(super) fn admit(&mut self, crowd: &mut Crowd, family: Family, day: i32) {
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
    pub(super) fn play_entrants(&mut self, crowd: &mut Crowd) {
        self.draw_entrants(crowd);
        let others = self.play_crowd(crowd);
        for place in others.each() {
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
            .words_of_crowd(keys, Purpose::Entry, 0, 0, &mut crowd.profile);
        let birthdays = &self.world.model.birthdays;
        let mut left = Places::first(count);
        while let Some(first) = left.each().next() {
            let group = self.like_the_first(crowd, left, first);
            left = left.without(group);
            let index = usize::from(crowd.stream[first]);
            let stream = &self.world.at(crowd.since[first]).streams[index];
            let days = stream.ages.days_of_crowd(&crowd.profile[0]);
            let mut ages = [0; CROWD];
            for place in group.each() {
                let day = crowd.since[place];
                let mut born = day - whole_below(days[place]);
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
                rows: &self.world.model.streams[index].placement_rows,
                ages: &ages,
                words: &crowd.profile,
            });
            if group == Places::first(count) {
                crowd.legal_status = legal_status;
                crowd.placement = placement;
                continue;
            }
            for place in group.each() {
                crowd.legal_status[place] = legal_status[place];
                crowd.placement[place] = placement[place];
            }
        }
    }

    /// Those who are drawn from the same numbers as the first of them.
    fn like_the_first(&self, crowd: &Crowd, left: Places, first: usize) -> Places {
        let stream = crowd.stream[first];
        let same_stream = Places::with_number(&crowd.stream, usize::from(stream));
        let same = left.among(same_stream);
        if self.world.always().is_some() {
            return same;
        }
        let phase = |place: usize| self.world.phase_on(crowd.since[place]);
        same.filter(|place| phase(place) == phase(first))
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

//! Who comes in: the children of families that have been let in.

use super::arrivals::{Family, sibling_key};
use super::crowd::Crowd;
use super::life::Whereabouts;
use super::phase::StreamPhase;
use super::record::Recorder;
use super::replicate::Play;
use crate::luck::{CROWD, CrowdWords, Purpose};
use crate::wide::{Work, widest};

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
            let days = stream.ages.days_of_crowd(&crowd.profile[0]);
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

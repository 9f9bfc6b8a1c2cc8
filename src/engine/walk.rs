//! Walks along pathways that change nothing until they end.
//!
//! A stage that waits for nobody takes its time whatever else happens, and as
//! long as the pathway turns none of the child's clocks off, these ring as they
//! would without it. The walk is then a sum of times that runs until the first
//! clock rings. Those on one pathway walk side by side, stage by stage; whoever
//! has come to an end stands behind the horizon, where nobody looks.

use super::crowd::{Crowd, FirstRings};
use super::life::day_of;
use super::places::Places;
use super::record::Recorder;
use super::replicate::Play;
use crate::calendar::{Calendar, Place};
use crate::luck::{CROWD, CrowdWords, Key, Purpose, lasting, uniform};
use crate::model::clocks::NO_EXIT;
use crate::model::curves::Shares;
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
    /// When they begin; behind the horizon if they do not.
    start: [f64; CROWD],
    /// Words of their attempts, `[block]`.
    words: Vec<CrowdWords>,
}

impl Default for Walkers {
    fn default() -> Self {
        Self {
            places: Vec::with_capacity(CROWD),
            groups: Vec::new(),
            keys: [0; CROWD],
            start: [0.0; CROWD],
            words: Vec::new(),
        }
    }
}

impl Walkers {
    /// A word of the attempt of each.
    #[inline(always)]
    fn column(&self, index: usize) -> &[u32; CROWD] {
        &self.words[index / 4][index % 4]
    }
}

/// Where those on one pathway stand. Reused from walk to walk.
#[derive(Debug)]
pub struct Walk {
    /// When the first clock of each rings.
    rings: [f64; CROWD],
    /// Days that the stage takes.
    days: [f64; CROWD],
    /// Probability of passing it.
    pass: [f64; CROWD],
    /// When it ends.
    time: [f64; CROWD],
    /// Product of the probabilities of passing so far.
    threshold: [f64; CROWD],
    /// First day of the stage.
    since: [i32; CROWD],
    /// The day on which it ends, or is cut off by a ring or the horizon.
    until: [i32; CROWD],
    /// Where these days lie.
    from: [Place; CROWD],
    to: [Place; CROWD],
    /// What became of whoever has stopped, among the pathway's outcomes, and
    /// where the day lies on which they stopped.
    outcome: [u32; CROWD],
    stopped: [Place; CROWD],
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            rings: [0.0; CROWD],
            days: [0.0; CROWD],
            pass: [1.0; CROWD],
            time: [0.0; CROWD],
            threshold: [1.0; CROWD],
            since: [0; CROWD],
            until: [0; CROWD],
            from: [Place::default(); CROWD],
            to: [Place::default(); CROWD],
            outcome: [0; CROWD],
            stopped: [Place::default(); CROWD],
        }
    }
}

/// The eights of columns in which some who walk lie: whoever is beside them in
/// the first and the last is worked out too, and not looked at.
fn eights(walkers: &Range<usize>) -> Range<usize> {
    walkers.start / 8..walkers.end.div_ceil(8)
}

/// One of the eights of a column.
#[inline(always)]
fn eight<T>(column: &[T; CROWD], eight: usize) -> &[T; 8] {
    &column.as_chunks().0[eight]
}

/// The same, to be written.
#[inline(always)]
fn eight_mut<T>(column: &mut [T; CROWD], eight: usize) -> &mut [T; 8] {
    &mut column.as_chunks_mut().0[eight]
}

/// How long a stage takes those who walk.
struct StageDays<'a> {
    shares: &'a Shares,
    days: f64,
    words: &'a [u32; CROWD],
    taken: &'a mut [f64; CROWD],
}

impl Work for StageDays<'_> {
    type Output = ();

    #[inline(always)]
    fn work(self) {
        let times = self.shares.times(&self.words.map(lasting));
        *self.taken = times.map(|time| time * self.days);
    }
}

/// When a stage ends for those who walk.
struct StageEnds<'a> {
    calendar: &'a Calendar,
    eights: Range<usize>,
    walk: &'a mut Walk,
}

impl Work for StageEnds<'_> {
    type Output = ();

    #[inline(always)]
    fn work(self) {
        let (horizon, walk) = (self.calendar.horizon(), self.walk);
        let behind = f64::from(horizon + 1);
        for some in self.eights {
            let [days, rings] = [&walk.days, &walk.rings].map(|column| *eight(column, some));
            let since = *eight(&walk.since, some);
            let mut time = *eight(&walk.time, some);
            let mut until = [horizon + 1; 8];
            for walker in 0..8 {
                time[walker] += days[walker];
                let day = day_of(time[walker].min(rings[walker]).min(behind));
                let walks = since[walker] <= horizon;
                until[walker] = if walks { day } else { until[walker] };
            }
            *eight_mut(&mut walk.time, some) = time;
            *eight_mut(&mut walk.until, some) = until;
            *eight_mut(&mut walk.to, some) = until.map(|day| self.calendar.place_of(day));
        }
    }
}

/// Who passes a stage and begins the next.
struct StagePassed<'a> {
    stage: usize,
    horizon: i32,
    behind: Place,
    luck: &'a [u32; CROWD],
    eights: Range<usize>,
    walk: &'a mut Walk,
}

impl Work for StagePassed<'_> {
    type Output = ();

    #[inline(always)]
    fn work(self) {
        let walk = self.walk;
        let failed = (FAILED + self.stage) as u32;
        for some in self.eights {
            // What is written lies in arrays of its own until the end: see
            // `crowd`.
            let [pass, rings, time] =
                [&walk.pass, &walk.rings, &walk.time].map(|column| *eight(column, some));
            let (until, to) = (*eight(&walk.until, some), *eight(&walk.to, some));
            let luck = eight(self.luck, some);
            let mut threshold = *eight(&walk.threshold, some);
            let mut outcome = *eight(&walk.outcome, some);
            let mut stopped = *eight(&walk.stopped, some);
            let (mut since, mut from) = ([self.horizon + 1; 8], [self.behind; 8]);
            for walker in 0..8 {
                threshold[walker] *= pass[walker];
                let is_there = until[walker] <= self.horizon;
                let leaves = rings[walker] <= time[walker];
                let passes = uniform(luck[walker]) < threshold[walker];
                let goes_on = is_there & !leaves & passes;
                let stops = is_there & !goes_on;
                let here = if leaves { LEFT_FIRST as u32 } else { failed };
                let (day, place) = (until[walker], to[walker]);
                outcome[walker] = if stops { here } else { outcome[walker] };
                stopped[walker] = if stops { place } else { stopped[walker] };
                since[walker] = if goes_on { day } else { since[walker] };
                from[walker] = if goes_on { place } else { from[walker] };
            }
            *eight_mut(&mut walk.threshold, some) = threshold;
            *eight_mut(&mut walk.outcome, some) = outcome;
            *eight_mut(&mut walk.stopped, some) = stopped;
            *eight_mut(&mut walk.since, some) = since;
            *eight_mut(&mut walk.from, some) = from;
        }
    }
}

impl<R: Recorder> Play<'_, R> {
    /// Walks whoever of a crowd may, once it is known which clocks ring first;
    /// whoever is on another pathway is marked to be played alone.
    #[inline(never)]
    pub(super) fn walk_crowd(&mut self, crowd: &mut Crowd) {
        self.gather_walkers(crowd);
        let Crowd {
            walkers,
            walk,
            first,
            ..
        } = crowd;
        let stages = |(pathway, _): &(usize, _)| self.world.model.pathways[*pathway].stages.len();
        let Some(most) = walkers.groups.iter().map(stages).max() else {
            return;
        };
        walkers
            .words
            .resize((1 + most).div_ceil(4), [[0; CROWD]; 4]);
        let keys = &walkers.keys[..walkers.places.len()];
        for (block, words) in walkers.words.iter_mut().enumerate() {
            let block = block as u8;
            self.luck
                .words_of_crowd(keys, Purpose::Attempt, block, 0, words);
        }
        for (pathway, range) in &walkers.groups {
            self.walk_together(first, walkers, walk, *pathway, range.clone());
        }
    }

    /// Finds those of a crowd who walk, pathway by pathway.
    fn gather_walkers(&self, crowd: &mut Crowd) {
        let model = self.world.model;
        let walkers = &mut crowd.walkers;
        walkers.places.clear();
        walkers.groups.clear();
        let alone = crowd.alone;
        for (pathway, goes_on) in model.running.on_pathway.iter().enumerate() {
            let on_it = Places::with_number(&crowd.pathway, pathway);
            let on_it = Places::first(crowd.count).among(on_it).without(alone);
            let from = walkers.places.len();
            for place in on_it.each() {
                let is_stopped = crowd.first.running[place] & !goes_on != 0;
                if is_stopped || model.pathways[pathway].walks_to.is_none() {
                    crowd.alone.insert(place);
                    continue;
                }
                walkers.keys[walkers.places.len()] = crowd.keys[place];
                walkers.start[walkers.places.len()] = crowd.start[place];
                walkers.places.push(place as u8);
            }
            if walkers.places.len() > from {
                walkers.groups.push((pathway, from..walkers.places.len()));
            }
        }
    }

    /// Walks the children on one pathway from where they begin until a stage is
    /// failed, the pathway ends or a clock rings.
    fn walk_together(
        &mut self,
        first: &mut FirstRings,
        walkers: &Walkers,
        walk: &mut Walk,
        pathway: usize,
        range: Range<usize>,
    ) {
        let horizon = self.calendar.horizon();
        let behind = self.calendar.place_of(horizon + 1);
        let model = &self.world.model.pathways[pathway];
        for walker in range.clone() {
            walk.rings[walker] = first.time[usize::from(walkers.places[walker])];
            let start = walkers.start[walker];
            walk.threshold[walker] = 1.0;
            walk.outcome[walker] = 0;
            walk.stopped[walker] = behind;
            walk.time[walker] = start;
            if start <= self.horizon {
                walk.since[walker] = day_of(start);
                walk.from[walker] = self.calendar.place_of(day_of(start));
                continue;
            }
            // Whoever leaves before has been on the pathway.
            walk.since[walker] = horizon + 1;
            walk.from[walker] = behind;
            if walk.rings[walker] <= self.horizon {
                walk.outcome[walker] = LEFT_FIRST as u32;
                walk.stopped[walker] = self.calendar.place_of(day_of(walk.rings[walker]));
            }
        }
        for (stage, stage_model) in model.stages.iter().enumerate() {
            self.stage_days(walkers, walk, pathway, stage, &range);
            widest(StageEnds {
                calendar: self.calendar,
                eights: eights(&range),
                walk,
            });
            if let Some(fee) = stage_model.fee {
                for &from in &walk.from[range.clone()] {
                    self.tally.event_at(self.counters.fees + fee, from);
                }
            }
            let counter = self.counters.stages[pathway] + stage;
            for walker in range.clone() {
                self.tally
                    .spell_between(counter, walk.from[walker], walk.to[walker]);
            }
            match self.world.always() {
                Some(phase) => walk.pass = [phase.pathways[pathway].pass[stage]; CROWD],
                None => {
                    for walker in range.clone() {
                        let phase = self.world.at(walk.until[walker]);
                        walk.pass[walker] = phase.pathways[pathway].pass[stage];
                    }
                }
            }
            widest(StagePassed {
                stage,
                horizon,
                behind,
                luck: walkers.column(0),
                eights: eights(&range),
                walk,
            });
        }
        let outcomes = self.counters.outcomes[pathway];
        for walker in range {
            if walk.since[walker] > horizon {
                let outcome = outcomes + walk.outcome[walker] as usize;
                self.tally.event_at(outcome, walk.stopped[walker]);
                continue;
            }
            self.tally.event_at(outcomes + SUCCEEDED, walk.from[walker]);
            let place = usize::from(walkers.places[walker]);
            first.time[place] = walk.time[walker];
            first.kind[place] = model.walks_to.unwrap_or(NO_EXIT);
        }
    }

    /// Works out how long a stage takes some of those who walk.
    fn stage_days(
        &self,
        walkers: &Walkers,
        walk: &mut Walk,
        pathway: usize,
        stage: usize,
        range: &Range<usize>,
    ) {
        let words = walkers.column(1 + stage);
        match self.world.always() {
            Some(phase) => {
                let span = phase.pathways[pathway].times[stage];
                widest(StageDays {
                    shares: self.world.model.curves[span.curve].shares(),
                    days: span.days,
                    words,
                    taken: &mut walk.days,
                });
            }
            None => {
                for walker in range.clone() {
                    let phase = self.world.at(walk.since[walker]);
                    let span = phase.pathways[pathway].times[stage];
                    walk.days[walker] = self.world.days(span, words[walker]);
                }
            }
        }
    }
}

//! The children in care on the start date, and the cases identified among them.

use super::arrivals::cohort_key;
use super::crowd::Crowd;
use super::life::{Life, NONE, Step};
use super::record::{Event, Recorder};
use super::replicate::{Fork, Play};
use super::world::World;
use crate::luck::{CROWD, CrowdWords, Key, Luck, Purpose, uniform, words_at};
use crate::model::entries::{CohortBands, KnownBy};
use crate::model::stages::CaseFilter;

/// A child of the cohort as the margins or the file know it.
#[derive(Debug, Clone, Copy)]
struct Member {
    born: i32,
    adult: i32,
    /// Day of entry, 0 or before.
    entered: f64,
    stream: u8,
    legal_status: u8,
    placement: u8,
}

/// Which pathway a child of the cohort is identified for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Case {
    /// Pathway, or [`NONE`].
    pathway: u8,
    /// Place in the order in which cases were dealt.
    order: u32,
    /// Place among the pathway's own cases.
    place: u32,
}

const NO_CASE: Case = Case {
    pathway: NONE,
    order: 0,
    place: 0,
};

/// The cohort of one replicate: who is in it, and who is identified in each of
/// the scenarios played together. Reused from replicate to replicate.
#[derive(Debug, Default)]
pub struct Roster {
    members: Vec<Member>,
    /// The word that orders each child for selection; empty where nobody is
    /// identified.
    words: Vec<u32>,
    keys: Vec<Key>,
    /// `[scenario][child]`; empty where the scenario identifies nobody.
    cases: Vec<Vec<Case>>,
    order: Vec<(u32, u32, u64)>,
}

impl Roster {
    /// Works out the cohort and its cases in every world.
    pub fn fill(&mut self, worlds: &[World<'_>], luck: &Luck) {
        let lead = &worlds[0];
        self.members.clear();
        self.words.clear();
        self.cases.resize_with(worlds.len(), Vec::new);
        self.cases.iter_mut().for_each(Vec::clear);
        let Some(cohort) = &lead.model.cohort else {
            return;
        };
        self.keys.clear();
        self.keys
            .extend((0..cohort.known.children()).map(cohort_key));
        let blocks = match &cohort.known {
            KnownBy::Children(_) => 0,
            KnownBy::Cells { .. } => 1,
            KnownBy::Drawn { .. } => 2,
        };
        let mut words: [CrowdWords; 2] = [[[0; CROWD]; 4]; 2];
        for (chunk, keys) in self.keys.chunks(CROWD).enumerate() {
            for (block, words) in words.iter_mut().enumerate().take(blocks) {
                luck.words_of_crowd(keys, Purpose::Profile, block as u8, words);
            }
            self.members.extend((0..keys.len()).map(|place| {
                let words = |block: usize| words_at(&words[block], place);
                member(lead, chunk * CROWD + place, words)
            }));
        }
        for (scenario, world) in worlds.iter().enumerate() {
            self.choose_cases(scenario, world, luck);
        }
    }

    /// Children identified for pathways at the start: in the order of their
    /// luck, dealt to the pathways in turn, each taking the next it may.
    fn choose_cases(&mut self, scenario: usize, world: &World<'_>, luck: &Luck) {
        let pathways = &world.model.pathways;
        let wanted: usize = pathways.iter().map(|pathway| pathway.cases as usize).sum();
        if wanted == 0 {
            return;
        }
        if self.words.is_empty() {
            let mut words = [[0; CROWD]; 4];
            for keys in self.keys.chunks(CROWD) {
                luck.words_of_crowd(keys, Purpose::Selection, 0, &mut words);
                self.words.extend_from_slice(&words[0][..keys.len()]);
            }
        }
        let all_open = pathways
            .iter()
            .all(|pathway| pathway.cases == 0 || pathway.eligible.is_open());
        self.order.clear();
        for (index, member) in self.members.iter().enumerate() {
            let mut may = u64::MAX;
            if !all_open {
                let is_case = |filter: &CaseFilter| is_case(filter, member);
                may = pathways.iter().enumerate().fold(0, |may, (bit, pathway)| {
                    may | u64::from(pathway.cases > 0 && is_case(&pathway.eligible)) << bit
                });
            }
            if may != 0 {
                self.order.push((self.words[index], index as u32, may));
            }
        }
        let order = &mut self.order;
        if all_open && wanted < order.len() {
            order.select_nth_unstable(wanted - 1);
            order.truncate(wanted);
        }
        order.sort_unstable();
        let cases = &mut self.cases[scenario];
        cases.resize(self.members.len(), NO_CASE);
        let mut left: Vec<u32> = pathways.iter().map(|pathway| pathway.cases).collect();
        let mut next = vec![0; pathways.len()];
        let mut dealt = 0;
        while left.iter().any(|&cases| cases > 0) {
            for (pathway, left) in left.iter_mut().enumerate().filter(|(_, left)| **left > 0) {
                let found =
                    (next[pathway]..order.len()).find(|&place| order[place].2 >> pathway & 1 == 1);
                let Some(place) = found else {
                    *left = 0;
                    continue;
                };
                next[pathway] = place + 1;
                cases[order[place].1 as usize] = Case {
                    pathway: pathway as u8,
                    order: dealt,
                    place: pathways[pathway].cases - *left,
                };
                *left -= 1;
                dealt += 1;
                order[place].2 = 0;
            }
        }
    }

    pub(super) fn case(&self, scenario: usize, child: usize) -> Case {
        let cases = &self.cases[scenario];
        cases.get(child).copied().unwrap_or(NO_CASE)
    }

    /// The case that a child is in every scenario, if it is the same in all.
    fn common_case(&self, child: usize) -> Option<Case> {
        let first = self.case(0, child);
        (1..self.cases.len())
            .all(|scenario| self.case(scenario, child) == first)
            .then_some(first)
    }
}

impl<R: Recorder> Play<'_, R> {
    /// Plays the children in care on the start date.
    pub(super) fn cohort(&mut self, roster: &Roster, crowd: &mut Crowd) {
        let model = self.world.model;
        let Some(cohort) = &model.cohort else {
            return;
        };
        crowd.here_today = true;
        for (chunk, members) in roster.members.chunks(CROWD).enumerate() {
            let first = chunk * CROWD;
            crowd.count = members.len();
            for (place, member) in members.iter().enumerate() {
                let key = cohort_key(first + place);
                crowd.keys[place] = key;
                crowd.families[place] = key;
                crowd.stream[place] = member.stream;
                crowd.legal_status[place] = member.legal_status;
                crowd.placement[place] = member.placement;
                crowd.born[place] = member.born;
                crowd.adult[place] = member.adult;
                crowd.since[place] = 0;
                crowd.origin[place] = if cohort.from_start_date {
                    0.0
                } else {
                    member.entered
                };
                let common = self.common_case(roster, first + place);
                crowd.pathway[place] = common.map_or(NONE, |case| case.pathway);
                crowd.is_alone[place] = common.is_none();
                let bed = model.beds[usize::from(member.placement)].map(|(pool, _)| pool);
                self.pools.take_place(member.stream, bed);
            }
            self.play_crowd(crowd);
            for other in 0..crowd.others.len() {
                let place = usize::from(crowd.others[other]);
                let index = first + place;
                self.begin_member(&roster.members[index], crowd, place);
                match self.common_case(roster, index) {
                    Some(case) => {
                        self.plan_case(&mut crowd.life, case);
                        self.go_on(&mut crowd.life);
                    }
                    None => {
                        let life = self.pools.boxed(&crowd.life);
                        let member = Some(index);
                        self.forks.push(Fork { life, member });
                    }
                }
            }
        }
    }

    /// The case that a child is in every scenario, if they do not part on it.
    fn common_case(&self, roster: &Roster, child: usize) -> Option<Case> {
        let common = roster.common_case(child);
        common.filter(|case| !self.is_apart(case.pathway))
    }

    /// Starts the stay that a child of the cohort is in.
    fn begin_member(&mut self, member: &Member, crowd: &mut Crowd, place: usize) {
        crowd.bring_to_life(place);
        let life = &mut crowd.life;
        life.origin = crowd.origin[place];
        self.note(
            life.person,
            0.0,
            Event::HereToday {
                age: -life.born,
                served: -member.entered as i32,
                legal_status: life.legal_status,
                placement: life.placement,
                stream: life.stream,
            },
            None,
            None,
        );
        self.begin_stay(life, 0.0);
    }

    /// Puts an identified child on its pathway, now or on the day it starts.
    pub(super) fn plan_case(&mut self, life: &mut Life, case: Case) {
        let pathway = case.pathway;
        if pathway == NONE {
            return;
        }
        life.rank = Key::from(case.order);
        let model = &self.world.model.pathways[usize::from(pathway)];
        let day = model.cases_day;
        if let Some(&(stage, days)) = model.under_way.get(case.place as usize) {
            self.join_at(life, pathway, stage, days);
        } else if day > 0.0 {
            life.plan.pathway = pathway;
            life.plan.step = Step::Joins(day);
            life.tried |= 1 << pathway;
            life.tried_clocks |= self.world.model.running.joins[usize::from(pathway)];
        } else {
            self.join(life, 0.0, pathway);
        }
        self.change_clocks(life, 0.0);
    }
}

/// A child of the cohort, drawn where it is not known.
fn member(world: &World<'_>, index: usize, profile: impl Fn(usize) -> [u32; 4]) -> Member {
    let model = world.model;
    let cohort = model.cohort.as_ref().expect("there is a cohort");
    if let KnownBy::Children(children) = &cohort.known {
        let child = &children[index];
        return Member {
            born: child.born,
            adult: model.birthdays.adult(child.born),
            entered: f64::from(child.entered),
            stream: child.stream,
            legal_status: child.legal_status,
            placement: child.placement,
        };
    }
    let words = profile(0);
    let (cell, within, bands) = match &cohort.known {
        KnownBy::Cells { cells, bands } => {
            (cells[index], [uniform(words[0]), uniform(words[1])], bands)
        }
        KnownBy::Drawn { bands, .. } => {
            let pickers = world.cohort.as_ref().expect("a drawn cohort has shares");
            let more = profile(1);
            let [age, status, placement, served] = words;
            let words = [age, status, placement, served, more[2]];
            let cell =
                std::array::from_fn(|dimension| pickers[dimension].pick(uniform(words[dimension])));
            (cell, [uniform(more[0]), uniform(more[1])], bands)
        }
        KnownBy::Children(_) => unreachable!("handled above"),
    };
    let born = born_within(bands, cell[0], cell[3], within[0]);
    Member {
        born,
        adult: model.birthdays.adult(born),
        entered: -served_within(bands, cell[3], within[1], -f64::from(born)),
        stream: cell[4] as u8,
        legal_status: cell[1] as u8,
        placement: cell[2] as u8,
    }
}

fn is_case(filter: &CaseFilter, member: &Member) -> bool {
    let age = -f64::from(member.born);
    let served = -member.entered;
    filter.legal_status.has(member.legal_status)
        && filter.placement.has(member.placement)
        && filter.stream.has(member.stream)
        && (filter.age.0..filter.age.1).contains(&age)
        && (filter.served.0..filter.served.1).contains(&served)
}

/// Day of birth within an age band, for a child who has been in care at least
/// as long as its band of days says.
fn born_within(bands: &CohortBands, band: usize, days_band: usize, u: f64) -> i32 {
    let (first, last) = bands.born[band];
    let served = bands.served.get(days_band).map_or(0.0, |(from, _)| *from);
    let last = last.min(-(served as i32)).max(first);
    first + (u * f64::from(last - first + 1)) as i32
}

/// Days already in care within a band, never more than the child's age.
fn served_within(bands: &CohortBands, band: usize, u: f64, age: f64) -> f64 {
    let Some(&(from, below)) = bands.served.get(band) else {
        return 0.0;
    };
    let below = below.min(age + 1.0).max(from);
    (from + u * (below - from)).floor().min(age)
}

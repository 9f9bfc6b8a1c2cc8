//! The children in care on the start date, and the cases identified among them.

use super::arrivals::cohort_key;
use super::crowd::Crowd;
use super::life::{Life, NONE, Step};
use super::places::Places;
use super::record::{Event, Recorder};
use super::replicate::{Fork, Play};
use super::world::World;
use crate::luck::{CROWD, CrowdWords, Key, Luck, Purpose, uniform, words_at};
use crate::margins::DIMENSIONS;
use crate::model::entries::{CohortBands, CohortModel, KnownBy};
use crate::model::stages::{CaseFilter, PathwayModel};
use crate::wide::{Work, whole_below, widest};
use std::borrow::Cow;
use std::ops::Range;

/// Up to a crowd of the cohort, as the margins or the file know them.
#[derive(Debug)]
struct Members {
    born: [i32; CROWD],
    adult: [i32; CROWD],
    /// Days of entry, 0 or before.
    entered: [f64; CROWD],
    stream: [u8; CROWD],
    legal_status: [u8; CROWD],
    placement: [u8; CROWD],
}

impl Default for Members {
    fn default() -> Self {
        Self {
            born: [0; CROWD],
            adult: [0; CROWD],
            entered: [0.0; CROWD],
            stream: [0; CROWD],
            legal_status: [0; CROWD],
            placement: [0; CROWD],
        }
    }
}

/// Which pathway a child of the cohort is identified for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Case {
    /// Pathway, or [`NONE`].
    pub pathway: u8,
    /// Place in the order in which cases were dealt.
    pub order: u32,
    /// Place among the pathway's own cases.
    pub place: u32,
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
    members: Vec<Members>,
    /// The word that orders each child for selection; empty where nobody is
    /// identified.
    words: Vec<u32>,
    keys: Vec<Key>,
    /// `[list][child]`; empty where nobody is identified.
    cases: Vec<Vec<Case>>,
    /// The list of each scenario: the first one that identifies the same.
    lists: Vec<usize>,
    /// Those that are not the first.
    other_lists: Vec<usize>,
    /// Pathways for which each child may be identified.
    may: Vec<u64>,
    /// Word and index of those who may be for any, in this order.
    order: Vec<u64>,
    /// Room to put them in it.
    room: Room,
    /// Those dealt a case last: pathway and index.
    dealt: Vec<(u8, u32)>,
    /// How many turns come first that are of nobody identified in any list.
    free: usize,
    /// All children in the order in which they are played: those identified for
    /// a pathway, in the first list, come last and side by side.
    turns: Vec<u32>,
}

impl Roster {
    /// Works out the cohort and its cases in every world.
    pub fn fill(&mut self, worlds: &[World<'_>], luck: &Luck) {
        let lead = &worlds[0];
        self.words.clear();
        self.cases.resize_with(worlds.len(), Vec::new);
        self.cases.iter_mut().for_each(Vec::clear);
        let Some(cohort) = &lead.model.cohort else {
            return;
        };
        // Keys count the children: those of before are those of now.
        let children = cohort.known.children();
        self.keys.truncate(children);
        self.keys
            .extend((self.keys.len()..children).map(cohort_key));
        let mut cases = worlds.iter().flat_map(|world| &world.model.pathways);
        let identifies = cases.any(|pathway| pathway.cases > 0);
        let blocks = match &cohort.known {
            KnownBy::Children(_) => usize::from(identifies),
            KnownBy::Cells { .. } => 1,
            KnownBy::Drawn { .. } => 2,
        };
        let mut words: [CrowdWords; 2] = [[[0; CROWD]; 4]; 2];
        let crowds = self.keys.len().div_ceil(CROWD);
        self.members.resize_with(crowds, Members::default);
        for (crowd, keys) in self.keys.chunks(CROWD).enumerate() {
            for (block, words) in words.iter_mut().enumerate().take(blocks) {
                luck.words_of_crowd(keys, Purpose::Profile, block as u8, 0, words);
            }
            let children = crowd * CROWD..crowd * CROWD + keys.len();
            self.members[crowd].draw(lead, cohort, children, &words);
            if identifies {
                // The last word of all: the others say what a child is like.
                self.words
                    .extend_from_slice(&words[blocks - 1][3][..keys.len()]);
            }
        }
        self.lists.clear();
        self.other_lists.clear();
        for (scenario, world) in worlds.iter().enumerate() {
            let pathways = &world.model.pathways;
            let is_same = |other: &World<'_>| {
                let mut both = other.model.pathways.iter().zip(pathways);
                both.all(|(one, other)| one.cases == other.cases && one.eligible == other.eligible)
            };
            let first = worlds[..scenario].iter().position(is_same);
            self.lists.push(first.unwrap_or(scenario));
            if first.is_none() {
                self.choose_cases(scenario, world);
                if scenario > 0 {
                    self.other_lists.push(scenario);
                    self.free = 0;
                }
            }
            if scenario == 0 {
                self.take_turns(lead.model.pathways.len());
            }
        }
    }

    /// Puts the children in the order of their play, by the cases of the first
    /// list.
    fn take_turns(&mut self, pathways: usize) {
        let children = self.keys.len();
        let cases = &self.cases[0];
        let is_free = |child: usize| cases.get(child).is_none_or(|case| case.pathway == NONE);
        self.turns.resize(children, 0);
        let mut free = 0;
        for child in 0..children {
            self.turns[free] = child as u32;
            free += usize::from(is_free(child));
        }
        self.turns.truncate(free);
        self.free = free;
        for pathway in 0..pathways {
            let dealt = self.dealt.iter();
            let on_it = dealt.filter(|(other, _)| usize::from(*other) == pathway);
            self.turns.extend(on_it.map(|(_, child)| child));
        }
    }

    /// Children identified for pathways at the start: in the order of their
    /// luck, dealt to the pathways in turn, each taking the next it may.
    fn choose_cases(&mut self, scenario: usize, world: &World<'_>) {
        let pathways = &world.model.pathways;
        self.dealt.clear();
        let wanted: usize = pathways.iter().map(|pathway| pathway.cases as usize).sum();
        if wanted == 0 {
            return;
        }
        let all_open = pathways
            .iter()
            .all(|pathway| pathway.cases == 0 || pathway.eligible.is_open());
        let (order, may) = (&mut self.order, &mut self.may);
        may.clear();
        if !all_open {
            may.resize(self.words.len(), 0);
            for (index, may) in may.iter_mut().enumerate() {
                let (members, member) = (&self.members[index / CROWD], index % CROWD);
                let is_case = |filter: &CaseFilter| members.is_case(member, filter);
                *may = pathways.iter().enumerate().fold(0, |may, (bit, pathway)| {
                    may | u64::from(pathway.cases > 0 && is_case(&pathway.eligible)) << bit
                });
            }
        }
        // Where everybody may be, those of the least words are: so few need be
        // put in order that a good guess of the last word saves most of it.
        let children = self.words.len();
        let likely = wanted as f64 + 4.0 * (wanted as f64).sqrt() + 8.0;
        let likely = (likely / children as f64 * 4_294_967_296.0) as u32;
        let guess = if all_open { likely } else { u32::MAX };
        for most in [guess, u32::MAX] {
            order.resize(children, 0);
            let mut some = 0;
            for (index, &word) in self.words.iter().enumerate() {
                order[some] = u64::from(word) << 32 | index as u64;
                some += usize::from(word <= most && (all_open || may[index] != 0));
            }
            order.truncate(some);
            if some >= wanted || most == u32::MAX {
                sort_even(order, &mut self.room, most);
                break;
            }
        }
        let child = |place: usize| order[place] as u32 as usize;
        // Pathways that whoever stands in a place may still be dealt.
        let mut open: Vec<u64> = match all_open {
            true => vec![u64::MAX; order.len()],
            false => (0..order.len()).map(|place| may[child(place)]).collect(),
        };
        let cases = &mut self.cases[scenario];
        cases.resize(self.keys.len(), NO_CASE);
        let mut left: Vec<u32> = pathways.iter().map(|pathway| pathway.cases).collect();
        let mut next = vec![0; pathways.len()];
        while left.iter().any(|&cases| cases > 0) {
            for (pathway, left) in left.iter_mut().enumerate().filter(|(_, left)| **left > 0) {
                let found =
                    (next[pathway]..order.len()).find(|&place| open[place] >> pathway & 1 == 1);
                let Some(place) = found else {
                    *left = 0;
                    continue;
                };
                next[pathway] = place + 1;
                cases[child(place)] = Case {
                    pathway: pathway as u8,
                    order: self.dealt.len() as u32,
                    place: pathways[pathway].cases - *left,
                };
                self.dealt.push((pathway as u8, child(place) as u32));
                *left -= 1;
                open[place] = 0;
            }
        }
    }

    /// The columns that hold a child, and its place in them.
    #[inline(always)]
    fn member(&self, child: usize) -> (&Members, usize) {
        (&self.members[child / CROWD], child % CROWD)
    }

    pub(super) fn case(&self, scenario: usize, child: usize) -> Case {
        let cases = &self.cases[self.lists[scenario]];
        cases.get(child).copied().unwrap_or(NO_CASE)
    }

    /// The case that a child is in every scenario, if it is the same in all.
    #[inline(always)]
    fn common_case(&self, child: usize) -> Option<Case> {
        let first = self.case(0, child);
        let is_same = |list: &usize| self.cases[*list].get(child).unwrap_or(&NO_CASE) == &first;
        self.other_lists.iter().all(is_same).then_some(first)
    }
}

/// Room for [`sort_even`].
#[derive(Debug, Default)]
struct Room {
    numbers: Vec<u64>,
    /// Where each share ends.
    ends: Vec<u32>,
}

/// Puts numbers in order whose upper halves are spread evenly up to the most
/// that one of them can be: counted first into as many shares of that as there
/// are numbers, so that hardly any is far from its place.
fn sort_even(
    numbers: &mut Vec<u64>,
    Room {
        numbers: spare,
        ends,
    }: &mut Room,
    most: u32,
) {
    let shares = numbers.len().next_power_of_two().max(2);
    let shift = (u32::BITS - most.leading_zeros()).saturating_sub(shares.ilog2());
    let share = |number: u64| (number >> (32 + shift)) as usize & (shares - 1);
    ends.clear();
    ends.resize(shares, 0);
    for &number in &*numbers {
        ends[share(number)] += 1;
    }
    let mut end = 0;
    for count in &mut *ends {
        end += *count;
        *count = end;
    }
    spare.resize(numbers.len(), 0);
    for &number in numbers.iter().rev() {
        let end = &mut ends[share(number)];
        *end -= 1;
        spare[*end as usize] = number;
    }
    std::mem::swap(numbers, spare);
    for place in 1..numbers.len() {
        let number = numbers[place];
        let mut to = place;
        while to > 0 && numbers[to - 1] > number {
            numbers[to] = numbers[to - 1];
            to -= 1;
        }
        numbers[to] = number;
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
        crowd.since = [0; CROWD];
        crowd.start = [0.0; CROWD];
        let (mut turns, mut free) = (Cow::from(&roster.turns), roster.free);
        if R::LISTENS {
            // Whoever listens hears of the children in their own order.
            turns.to_mut().sort_unstable();
            free = 0;
        }
        for turns in turns.chunks(CROWD) {
            crowd.count = turns.len();
            crowd.alone = Places::NONE;
            crowd.pathway = [NONE; CROWD];
            for (place, &child) in turns.iter().enumerate() {
                let child = child as usize;
                let (members, member) = roster.member(child);
                crowd.keys[place] = roster.keys[child];
                crowd.families[place] = roster.keys[child];
                crowd.stream[place] = members.stream[member];
                crowd.legal_status[place] = members.legal_status[member];
                crowd.placement[place] = members.placement[member];
                crowd.born[place] = members.born[member];
                crowd.adult[place] = members.adult[member];
                crowd.origin[place] = match cohort.from_start_date {
                    true => 0.0,
                    false => members.entered[member],
                };
                if model.shares_everything {
                    let bed = model.beds[usize::from(members.placement[member])];
                    let pool = bed.map(|(pool, _)| pool);
                    self.pools.take_place(members.stream[member], pool);
                }
            }
            for (place, &child) in turns.iter().enumerate().skip(free) {
                let common = self.common_case(roster, child as usize);
                crowd.pathway[place] = common.map_or(NONE, |case| case.pathway);
                if common.is_none_or(|case| self.is_in_a_stage(case)) {
                    crowd.alone.insert(place);
                }
            }
            free = free.saturating_sub(turns.len());
            let mut others = self.play_crowd(crowd);
            let child = |place: usize| turns[place] as usize;
            let open = others.filter(|place| self.common_case(roster, child(place)).is_none());
            self.draw_first_attempts(crowd, open);
            if self.is_only {
                let case = |place| roster.case(0, child(place));
                others = others.without(self.take_crowd_aside(crowd, open, case));
            }
            for place in others.each() {
                let child = child(place);
                let (members, member) = roster.member(child);
                self.begin_member(members.entered[member], crowd, place);
                match self.common_case(roster, child) {
                    Some(case) => {
                        self.plan_case(&mut crowd.life, case);
                        self.go_on(&mut crowd.life);
                    }
                    None => {
                        let life = self.pools.boxed(&crowd.life);
                        self.forks.push(Fork {
                            life,
                            member: Some(child),
                            attempt: words_at(&crowd.attempts, place),
                        });
                    }
                }
            }
        }
    }

    /// The case that a child is in every scenario, if they do not part on it
    /// and it asks for nothing that is theirs.
    fn common_case(&self, roster: &Roster, child: usize) -> Option<Case> {
        let asks = |case: &Case| {
            let pathway = self.world.model.pathways.get(usize::from(case.pathway));
            !R::LISTENS && pathway.is_some_and(PathwayModel::asks)
        };
        let common = roster.common_case(child);
        common.filter(|case| !self.is_apart(case.pathway) && !asks(case))
    }

    /// Whether a case is in a stage of its pathway already.
    #[inline]
    pub(super) fn is_in_a_stage(&self, case: Case) -> bool {
        let pathway = self.world.model.pathways.get(usize::from(case.pathway));
        pathway.is_some_and(|pathway| (case.place as usize) < pathway.under_way.len())
    }

    /// Starts the stay that a child of the cohort is in.
    fn begin_member(&mut self, entered: f64, crowd: &mut Crowd, place: usize) {
        crowd.bring_to_life(place);
        let life = &mut crowd.life;
        life.origin = crowd.origin[place];
        self.note(
            life.person,
            0.0,
            Event::HereToday {
                age: -life.born,
                served: -entered as i32,
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
            self.try_pathway(life, pathway);
        } else {
            self.join(life, 0.0, pathway);
        }
        self.change_clocks(life, 0.0);
    }
}

impl Members {
    /// Children of the cohort, drawn where they are not known.
    fn draw(
        &mut self,
        world: &World<'_>,
        cohort: &CohortModel,
        children: Range<usize>,
        words: &[CrowdWords; 2],
    ) {
        let birthdays = &world.model.birthdays;
        let (cells, within, bands) = match &cohort.known {
            KnownBy::Children(known) => {
                for (place, child) in known[children].iter().enumerate() {
                    self.born[place] = child.born;
                    self.adult[place] = birthdays.adult(child.born);
                    self.entered[place] = f64::from(child.entered);
                    self.stream[place] = child.stream;
                    self.legal_status[place] = child.legal_status;
                    self.placement[place] = child.placement;
                }
                return;
            }
            KnownBy::Cells { columns, bands } => {
                let mut cells = [[0; CROWD]; DIMENSIONS];
                for (cells, column) in cells.iter_mut().zip(columns) {
                    cells[..children.len()].copy_from_slice(&column[children.clone()]);
                }
                let [age, served, ..] = &words[0];
                (cells, [age, served], bands)
            }
            KnownBy::Drawn { bands, .. } => {
                let pickers = world.cohort.as_ref().expect("a drawn cohort has shares");
                let [[first, second, third, fourth], [age, served, fifth, _]] = words;
                let words = [first, second, third, fourth, fifth];
                let cells = std::array::from_fn(|dimension| {
                    pickers[dimension].pick_crowd(words[dimension])
                });
                (cells, [age, served], bands)
            }
        };
        let [ages, legal_statuses, placements, days, streams] = cells;
        self.legal_status = legal_statuses;
        self.placement = placements;
        self.stream = streams;
        widest(Within {
            bands,
            of: [&ages, &days],
            words: within,
            members: self,
        });
        for place in 0..children.len() {
            self.adult[place] = birthdays.adult(self.born[place]);
        }
    }

    fn is_case(&self, place: usize, filter: &CaseFilter) -> bool {
        let age = -f64::from(self.born[place]);
        let served = -self.entered[place];
        filter.legal_status.has(self.legal_status[place])
            && filter.placement.has(self.placement[place])
            && filter.stream.has(self.stream[place])
            && (filter.age.0..filter.age.1).contains(&age)
            && (filter.served.0..filter.served.1).contains(&served)
    }
}

/// Days of birth and of entry within the bands of age and of days in care that
/// children are in.
struct Within<'a> {
    bands: &'a CohortBands,
    /// Bands of age and of days in care.
    of: [&'a [u8; CROWD]; 2],
    words: [&'a [u32; CROWD]; 2],
    members: &'a mut Members,
}

impl Work for Within<'_> {
    type Output = ();

    /// Whoever has been in care for so long was born before that; nobody has
    /// been in care for longer than they have lived.
    #[inline(always)]
    fn work(self) -> Self::Output {
        let [ages, days] = self.of;
        let (first, last) = ends_of_bands(ages, &self.bands.born);
        let (least, below) = ends_of_bands(days, &self.bands.served);
        let (mut born, mut entered) = ([0; CROWD], [0.0; CROWD]);
        let [age_words, served_words] = self.words;
        for place in 0..CROWD {
            let age = uniform(age_words[place]);
            let served = uniform(served_words[place]);
            let last = last[place]
                .min(-whole_below(least[place]))
                .max(first[place]);
            born[place] = first[place] + whole_below(age * f64::from(last - first[place] + 1));
            let age = -f64::from(born[place]);
            let below = below[place].min(age + 1.0).max(least[place]);
            let days = (least[place] + served * (below - least[place])).floor();
            entered[place] = -days.min(age);
        }
        (self.members.born, self.members.entered) = (born, entered);
    }
}

/// Both ends of the band that each is in; zeros where there is no such band.
#[inline(always)]
fn ends_of_bands<T: Copy + Default>(
    of: &[u8; CROWD],
    bands: &[(T, T)],
) -> ([T; CROWD], [T; CROWD]) {
    let (mut lower, mut upper) = ([T::default(); CROWD], [T::default(); CROWD]);
    for (band, &(from, to)) in bands.iter().enumerate() {
        for place in 0..CROWD {
            let is_here = usize::from(of[place]) == band;
            lower[place] = if is_here { from } else { lower[place] };
            upper[place] = if is_here { to } else { upper[place] };
        }
    }
    (lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn even_numbers_are_put_in_order(
            mut numbers in prop_oneof![
                prop::collection::vec(any::<u64>(), 0..4),
                prop::collection::vec(any::<u64>(), 0..400),
            ],
            halvings in prop_oneof![Just(0u32), 0u32..32],
        ) {
            let most = u32::MAX >> halvings;
            for number in &mut numbers {
                *number = (*number >> halvings).min(u64::from(most) << 32 | 0xFFFF_FFFF);
            }
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            sort_even(&mut numbers, &mut Room::default(), most);
            prop_assert_eq!(numbers, sorted);
        }
    }
}

//! What children share: units of pools, beds, a stream's cap. Their events are
//! kept in the order of time; everybody else's need not be.
//!
//! Events at the same time come in the order of [`Rank`], then by the child's
//! key, never by the order in which they were put in. A child that waits has
//! its events here too: when it leaves care, those behind it move up at once. Of
//! those who ask only once, `askers`, little more than their turn is known here.

use super::agenda::Agenda;
use super::askers::{Asker, Stands};
use super::crowd::Crowd;
use super::life::{Life, Next, Step, Whereabouts, day_of};
use super::record::{Event, Recorder};
use super::replicate::Play;
use super::world::World;
use crate::config::pathways::UNIT;
use crate::luck::Key;
use crate::model::Model;
use crate::model::clocks::Effect;
use crate::model::stages::PoolModel;
use std::cmp::Reverse;
use std::collections::VecDeque;

/// Order of events at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Exit,
    Capacity,
    Release,
    Entry,
    Allocation,
    /// A sitting serves everybody who is ready that day.
    Sitting,
}

/// Something that will happen. Fields are in the order of comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    /// Bits of a time of 0 or more, which order as the time does.
    time: u64,
    rank: Rank,
    key: Key,
    what: What,
}

impl Item {
    fn of(time: f64, rank: Rank, key: Key, what: What) -> Self {
        Self {
            time: time.to_bits(),
            rank,
            key,
            what,
        }
    }

    /// What next happens to a child that is played event by event.
    fn of_child(index: usize, life: &Life, model: &Model) -> Self {
        Self::of_next(Who::Life(index as u32), life.next(), life.rank, model)
    }

    /// What next happens to a child who asks once.
    fn of_asker(index: usize, asker: &Asker, model: &Model) -> Self {
        Self::of_next(Who::Asker(index as u32), asker.next(), asker.rank, model)
    }

    fn of_next(who: Who, (time, next): (f64, Next), key: Key, model: &Model) -> Self {
        let rank = match next {
            Next::Nothing | Next::Adult => Rank::Exit,
            Next::Ring(clock) => match model.clocks[usize::from(clock)].effect {
                Effect::Exit(_) => Rank::Exit,
                Effect::Move(_) | Effect::Join(_) => Rank::Allocation,
            },
            Next::StageEnd | Next::Retry => Rank::Release,
            Next::Enter => Rank::Entry,
            Next::Join | Next::Ask => Rank::Allocation,
        };
        Self::of(time, rank, key, What::Child(who))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The next event of a child.
    Child(Who),
    /// A pool changes by so many thousandths.
    Resize { pool: u32, by: i64 },
    /// A pool sits.
    Sits { pool: u32, slots: i64 },
}

/// A child who shares something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    /// One that is played event by event.
    Life(u32),
    /// One that asks once.
    Asker(u32),
}

/// A place in a queue: a child, at one attempt and stage.
type Ticket = (Who, u16, u8);

/// One bed in thousandths of a unit.
const BED: i64 = UNIT as i64;

/// Everything shared in one replicate.
#[derive(Debug, Default)]
pub struct Pools {
    free: Vec<i64>,
    queues: Vec<VecDeque<Ticket>>,
    lives: Vec<Option<Box<Life>>>,
    /// Room for lives to come, box by box: a life is large, and there are many.
    #[expect(clippy::vec_box)]
    spare: Vec<Box<Life>>,
    /// Those who ask once.
    pub(super) askers: Vec<Asker>,
    /// When something next happens to each life, and to each asker.
    agenda: Agenda,
    asking: Agenda,
    /// What pools do, the earliest last.
    changes: Vec<Item>,
    /// What happens at the time that is being played, the first last.
    due: Vec<Item>,
    stock: Vec<u32>,
    caps: Vec<Option<u32>>,
    has_freed: bool,
}

impl Pools {
    /// Empties the pools for the next replicate.
    pub fn reset(&mut self, world: &World<'_>) {
        let model = world.model;
        self.spare.extend(self.lives.drain(..).flatten());
        self.askers.clear();
        self.agenda.clear();
        self.asking.clear();
        self.changes.clear();
        self.due.clear();
        self.queues.resize_with(model.pools.len(), VecDeque::new);
        self.queues.iter_mut().for_each(VecDeque::clear);
        self.free.clear();
        self.stock.clear();
        self.stock.resize(model.streams.len().max(1), 0);
        self.caps.clear();
        self.caps
            .extend(model.streams.iter().map(|stream| stream.stock_cap));
        self.caps.resize(self.stock.len(), None);
        self.has_freed = false;
        for (index, pool) in world.pools().iter().enumerate() {
            let free = self.open(index as u32, pool);
            self.free.push(free);
        }
        self.changes.sort_unstable_by_key(|&item| Reverse(item));
    }

    /// Units of a pool at the start; notes when it changes.
    fn open(&mut self, pool: u32, model: &PoolModel) -> i64 {
        let mut now = 0;
        match model {
            PoolModel::Held(sizes) => {
                let mut size = 0;
                for &(day, units) in sizes {
                    if day <= 0 {
                        now = units;
                    } else {
                        let by = units - size;
                        let what = What::Resize { pool, by };
                        let item = Item::of(f64::from(day), Rank::Capacity, 0, what);
                        self.changes.push(item);
                    }
                    size = units;
                }
            }
            PoolModel::Sittings(sittings) => {
                for &(day, slots) in sittings {
                    let what = What::Sits { pool, slots };
                    let item = Item::of(f64::from(day), Rank::Sitting, 0, what);
                    self.changes.push(item);
                }
            }
        }
        now
    }

    /// A life in a box of its own.
    pub(super) fn boxed(&mut self, life: &Life) -> Box<Life> {
        match self.spare.pop() {
            Some(mut room) => {
                Life::clone_from(&mut room, life);
                room
            }
            None => Box::new(life.clone()),
        }
    }

    /// Keeps the box of a life that is over.
    pub(super) fn keep(&mut self, life: Box<Life>) {
        self.spare.push(life);
    }

    /// Takes in a child whose next event touches others.
    pub(super) fn add(&mut self, life: Box<Life>, model: &Model) {
        let index = self.lives.len();
        self.lives.push(Some(life));
        self.schedule(index, model);
    }

    /// Notes a child's next event: at the time that is being played, it takes
    /// its turn among what is due.
    fn schedule(&mut self, index: usize, model: &Model) {
        let Some(life) = &self.lives[index] else {
            return;
        };
        let item = Item::of_child(index, life, model);
        match self.comes_up(item, model) {
            Some(time) => self.agenda.put(index, time),
            None => self.agenda.strike(index),
        }
    }

    /// The same for a child who asks once.
    fn schedule_asker(&mut self, index: usize, model: &Model) {
        let item = Item::of_asker(index, &self.askers[index], model);
        match self.comes_up(item, model) {
            Some(time) => self.asking.put(index, time),
            None => self.asking.strike(index),
        }
    }

    /// When something comes up, if it is by the horizon and not due already.
    fn comes_up(&mut self, item: Item, model: &Model) -> Option<f64> {
        let time = f64::from_bits(item.time);
        if time > f64::from(model.calendar().horizon()) {
            return None;
        }
        if self.due.last().is_some_and(|due| due.time >= item.time) {
            let place = self.due.partition_point(|other| *other > item);
            self.due.insert(place, item);
            return None;
        }
        Some(time)
    }

    /// Takes what happens next, up to the horizon.
    fn take_next(&mut self, model: &Model) -> Option<Item> {
        if self.due.is_empty() {
            let change = self.changes.last().map(|item| f64::from_bits(item.time));
            let times = [self.agenda.earliest(), self.asking.earliest(), change];
            let time = times.into_iter().flatten().fold(f64::INFINITY, f64::min);
            if time > f64::from(model.calendar().horizon()) {
                return None;
            }
            while let Some(item) = self.changes.pop_if(|item| item.time <= time.to_bits()) {
                self.due.push(item);
            }
            let due = &mut self.due;
            self.agenda.take(time, |index| {
                let life = self.lives[index].as_ref();
                let life = life.expect("whoever is noted is there");
                due.push(Item::of_child(index, life, model));
            });
            self.asking.take(time, |index| {
                due.push(Item::of_asker(index, &self.askers[index], model));
            });
            self.due.sort_unstable_by_key(|&item| Reverse(item));
        }
        self.due.pop()
    }

    /// A child of a stream has left care.
    pub(super) fn leave_stream(&mut self, stream: u8) {
        let stock = &mut self.stock[usize::from(stream)];
        *stock = stock.saturating_sub(1);
    }

    /// Puts a ticket in the queue of every pool that is needed.
    fn stand_in_line(&mut self, ticket: Ticket, needs: &[(usize, i64)]) {
        for (pool, _) in needs {
            self.queues[*pool].push_back(ticket);
        }
    }

    /// Takes the units that the holder of a ticket needs, if there are enough
    /// and nobody stands before it. Whether it got them.
    fn hand_over(&mut self, ticket: Ticket, needs: &[(usize, i64)]) -> bool {
        let can_start = needs.iter().all(|&(pool, units)| {
            self.free[pool] >= units && self.queues[pool].front() == Some(&ticket)
        });
        if can_start {
            for &(pool, units) in needs {
                self.free[pool] -= units;
                self.queues[pool].pop_front();
            }
        }
        can_start
    }

    /// Gives back units that a stage has held.
    fn give_back(&mut self, needs: &[(usize, i64)], model: &Model) {
        for &(pool, units) in needs {
            if matches!(model.pools[pool], PoolModel::Held(_)) {
                self.free[pool] += units;
            }
        }
    }

    /// Counts a child of the cohort in its stream and its bed.
    pub(super) fn take_place(&mut self, stream: u8, bed: Option<usize>) {
        self.stock[usize::from(stream)] += 1;
        if let Some(pool) = bed {
            self.free[pool] -= BED;
        }
    }
}

/// The units that a stage of a pathway needs.
fn needs(model: &Model, pathway: u8, stage: u8) -> &[(usize, i64)] {
    &model.pathways[usize::from(pathway)].stages[usize::from(stage)].needs
}

impl<R: Recorder> Play<'_, R> {
    /// Plays everything that children share, in the order of time.
    pub(super) fn share(&mut self, crowd: &mut Crowd) {
        for index in 0..self.pools.askers.len() {
            self.pools.schedule_asker(index, self.world.model);
        }
        let model = self.world.model;
        while let Some(item) = self.pools.take_next(model) {
            let time = f64::from_bits(item.time);
            match item.what {
                What::Child(Who::Life(index)) => self.child_event(index as usize, item),
                What::Child(Who::Asker(index)) => self.asker_event(index as usize, item),
                What::Resize { pool, by } => {
                    self.pools.free[pool as usize] += by;
                    self.grant(time);
                }
                What::Sits { pool, slots } => {
                    self.pools.free[pool as usize] = slots;
                    self.grant(time);
                    self.pools.free[pool as usize] = 0;
                }
            }
        }
        self.walk_askers(crowd);
        for index in 0..self.pools.lives.len() {
            if let Some(mut life) = self.pools.lives[index].take() {
                if !self.world.model.shares_everything {
                    self.live(&mut life, f64::INFINITY);
                }
                self.finish(&mut life);
                self.pools.keep(life);
            }
        }
    }

    /// Plays what was due to a child, unless something else has come of it
    /// meanwhile.
    fn child_event(&mut self, index: usize, item: Item) {
        let model = self.world.model;
        let is_due = |life: &mut Box<Life>| Item::of_child(index, life, model) == item;
        let Some(mut life) = self.pools.lives[index].take_if(is_due) else {
            return;
        };
        let (time, next) = life.next();
        if next == Next::Ask {
            self.ask(&mut life, index, time);
        } else {
            self.happen(&mut life, time, next);
        }
        let asked = next == Next::Ask;
        self.settle(life, index);
        if asked || std::mem::take(&mut self.pools.has_freed) {
            self.grant(time);
        }
    }

    /// The same for a child who asks once.
    fn asker_event(&mut self, index: usize, item: Item) {
        let model = self.world.model;
        let asker = &mut self.pools.askers[index];
        if Item::of_asker(index, asker, model) != item {
            return;
        }
        let (time, next) = asker.next();
        let needs = needs(model, asker.pathway, 0);
        if next == Next::Ask {
            asker.stands = Stands::Waiting;
            self.pools
                .stand_in_line((Who::Asker(index as u32), 0, 0), needs);
        } else {
            let stood = std::mem::replace(&mut asker.stands, Stands::Over);
            if matches!(stood, Stands::Runs(_)) {
                self.pools.give_back(needs, model);
            }
        }
        self.pools.schedule_asker(index, model);
        self.grant(time);
    }

    /// Puts a child back after an event, and notes its next one if that touches
    /// others.
    fn settle(&mut self, mut life: Box<Life>, index: usize) {
        let everything = self.world.model.shares_everything;
        let waits = life.plan.step == Step::Waiting;
        let touches = everything || waits || self.live(&mut life, f64::INFINITY);
        if life.whereabouts == Whereabouts::Over {
            self.pools.agenda.strike(index);
            self.pools.keep(life);
            return;
        }
        self.pools.lives[index] = Some(life);
        if touches {
            self.pools.schedule(index, self.world.model);
        } else {
            self.pools.agenda.strike(index);
        }
    }

    /// Puts a child in the queue of every pool its stage needs.
    fn ask(&mut self, life: &mut Life, index: usize, time: f64) {
        let (pathway, stage) = (life.plan.pathway, life.plan.stage);
        life.plan.step = Step::Waiting;
        life.plan.since = day_of(time);
        let ticket = (Who::Life(index as u32), life.plan.attempts, stage);
        let needs = needs(self.world.model, pathway, stage);
        self.pools.stand_in_line(ticket, needs);
        self.note(
            life.person,
            time,
            Event::Waits { pathway, stage },
            None,
            None,
        );
    }

    /// Hands free units to those at the head of every queue they stand in.
    fn grant(&mut self, time: f64) {
        let mut progress = true;
        while progress {
            progress = false;
            for pool in 0..self.pools.queues.len() {
                // Nobody is served from nothing; who has left a queue is dropped
                // once there is something again.
                while self.pools.free[pool] > 0
                    && let Some(&ticket) = self.pools.queues[pool].front()
                {
                    if !self.serve(ticket, pool, time) {
                        break;
                    }
                    progress = true;
                }
            }
        }
    }

    /// Serves the head of a pool's queue, or drops it if it is no longer there.
    /// Whether the head has gone.
    fn serve(&mut self, ticket: Ticket, pool: usize, time: f64) -> bool {
        let (who, attempts, stage) = ticket;
        let is_there = match who {
            Who::Life(index) => self.pools.lives[index as usize]
                .as_ref()
                .is_some_and(|life| {
                    life.plan.step == Step::Waiting
                        && life.plan.attempts == attempts
                        && life.plan.stage == stage
                }),
            Who::Asker(index) => self.pools.askers[index as usize].stands == Stands::Waiting,
        };
        if !is_there {
            self.pools.queues[pool].pop_front();
            return true;
        }
        match who {
            Who::Life(index) => self.serve_life(ticket, index as usize, time),
            Who::Asker(index) => self.serve_asker(ticket, index as usize, time),
        }
    }

    fn serve_life(&mut self, ticket: Ticket, index: usize, time: f64) -> bool {
        let life = self.pools.lives[index].take();
        let mut life = life.expect("whoever stands in a queue is there");
        let needs = needs(self.world.model, life.plan.pathway, life.plan.stage);
        if !self.pools.hand_over(ticket, needs) {
            self.pools.lives[index] = Some(life);
            return false;
        }
        self.count_wait(&life, day_of(time));
        life.plan.holds = true;
        self.run_stage(&mut life, time);
        self.settle(life, index);
        true
    }

    fn serve_asker(&mut self, ticket: Ticket, index: usize, time: f64) -> bool {
        let mut asker = self.pools.askers[index];
        let needs = needs(self.world.model, asker.pathway, 0);
        if !self.pools.hand_over(ticket, needs) {
            return false;
        }
        self.start_asker(&mut asker, time);
        self.pools.askers[index] = asker;
        self.pools.schedule_asker(index, self.world.model);
        true
    }

    /// Gives back the units that a child's stage holds.
    pub(super) fn release(&mut self, life: &mut Life) {
        if std::mem::take(&mut life.plan.holds) {
            let needs = needs(self.world.model, life.plan.pathway, life.plan.stage);
            self.pools.give_back(needs, self.world.model);
            self.pools.has_freed = true;
        }
    }

    /// Those who wait look again, for somebody has left the queue.
    pub(super) fn leave_queue(&mut self) {
        self.pools.has_freed = true;
    }

    /// Takes a bed in a placement, or in the overflow of a full one. A child
    /// that comes back to its own placement keeps the bed it has.
    pub(super) fn take_bed(&mut self, placement: u8, own: Option<u8>) -> u8 {
        let beds = &self.world.model.beds;
        let mut placement = placement;
        for _ in 0..beds.len() {
            let Some((pool, overflow)) = beds[usize::from(placement)] else {
                return placement;
            };
            if own == Some(placement) {
                return placement;
            }
            if self.pools.free[pool] >= BED {
                self.pools.free[pool] -= BED;
                return placement;
            }
            placement = overflow;
        }
        // Overflows that lead round in a circle, all full: the last takes one
        // more than it has.
        if let Some((pool, _)) = beds[usize::from(placement)] {
            self.pools.free[pool] -= BED;
        }
        placement
    }

    /// Gives back a bed.
    pub(super) fn free_bed(&mut self, placement: u8) {
        if let Some((pool, _)) = self.world.model.beds[usize::from(placement)] {
            self.pools.free[pool] += BED;
        }
    }

    /// Whether a child's stream is full; if not, the child is counted in it.
    pub(super) fn is_full(&mut self, life: &Life) -> bool {
        let stream = usize::from(life.stream);
        let is_new = life.stays == 0 && !life.here_today;
        let full =
            is_new && self.pools.caps[stream].is_some_and(|cap| self.pools.stock[stream] >= cap);
        if !full {
            self.pools.stock[stream] += 1;
        }
        full
    }
}

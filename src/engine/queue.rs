//! What children share: units of pools, beds, a stream's cap. Their events are
//! kept in the order of time; everybody else's need not be.
//!
//! Events at the same time come in the order of [`Rank`], then by the child's
//! key, never by the order in which they were put in. A child that waits has
//! its events here too: when it leaves care, those behind it move up at once.

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
use std::collections::{BinaryHeap, VecDeque};

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// The next event of a child, unless a later one has been scheduled.
    Child { index: u32, version: u32 },
    /// A pool changes by so many thousandths.
    Resize { pool: u32, by: i64 },
    /// A pool sits.
    Sits { pool: u32, slots: i64 },
}

/// A place in a queue: a child, at one attempt and stage.
type Ticket = (u32, u16, u8);

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
    heap: BinaryHeap<Reverse<Item>>,
    stock: Vec<u32>,
    caps: Vec<Option<u32>>,
    has_freed: bool,
}

impl Pools {
    /// Empties the pools for the next replicate.
    pub fn reset(&mut self, world: &World<'_>) {
        let model = world.model;
        self.spare.extend(self.lives.drain(..).flatten());
        self.heap.clear();
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
    }

    /// Units of a pool at the start; its changes go on the heap.
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
                        self.push(f64::from(day), Rank::Capacity, 0, What::Resize { pool, by });
                    }
                    size = units;
                }
            }
            PoolModel::Sittings(sittings) => {
                for &(day, slots) in sittings {
                    let what = What::Sits { pool, slots };
                    self.push(f64::from(day), Rank::Sitting, 0, what);
                }
            }
        }
        now
    }

    fn push(&mut self, time: f64, rank: Rank, key: Key, what: What) {
        self.heap.push(Reverse(Item {
            time: time.to_bits(),
            rank,
            key,
            what,
        }));
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

    /// Puts a child's next event on the heap.
    fn schedule(&mut self, index: usize, model: &Model) {
        let Some(life) = &mut self.lives[index] else {
            return;
        };
        life.version += 1;
        let (time, next) = life.next();
        let rank = match next {
            Next::Nothing => return,
            Next::Adult => Rank::Exit,
            Next::Ring(clock) => match model.clocks[usize::from(clock)].effect {
                Effect::Exit(_) => Rank::Exit,
                Effect::Move(_) | Effect::Join(_) => Rank::Allocation,
            },
            Next::StageEnd | Next::Retry => Rank::Release,
            Next::Join => Rank::Allocation,
            Next::Enter => Rank::Entry,
            Next::Ask => Rank::Allocation,
        };
        let (key, version) = (life.rank, life.version);
        let what = What::Child {
            index: index as u32,
            version,
        };
        self.push(time, rank, key, what);
    }

    /// A child of a stream has left care.
    pub(super) fn leave_stream(&mut self, stream: u8) {
        let stock = &mut self.stock[usize::from(stream)];
        *stock = stock.saturating_sub(1);
    }

    /// Counts a child of the cohort in its stream and its bed.
    pub(super) fn take_place(&mut self, stream: u8, bed: Option<usize>) {
        self.stock[usize::from(stream)] += 1;
        if let Some(pool) = bed {
            self.free[pool] -= BED;
        }
    }
}

impl<R: Recorder> Play<'_, R> {
    /// Plays everything that children share, in the order of time.
    pub(super) fn share(&mut self) {
        while let Some(Reverse(item)) = self.pools.heap.pop() {
            let time = f64::from_bits(item.time);
            if time > self.horizon {
                break;
            }
            match item.what {
                What::Child { index, version } => self.child_event(index as usize, version),
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

    fn child_event(&mut self, index: usize, version: u32) {
        let Some(mut life) = self.pools.lives[index].take_if(|life| life.version == version) else {
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

    /// Puts a child back after an event, with its next one on the heap if that
    /// touches others.
    fn settle(&mut self, mut life: Box<Life>, index: usize) {
        let everything = self.world.model.shares_everything;
        let waits = life.plan.step == Step::Waiting;
        let touches = everything || waits || self.live(&mut life, f64::INFINITY);
        if life.whereabouts == Whereabouts::Over {
            self.pools.keep(life);
            return;
        }
        self.pools.lives[index] = Some(life);
        if touches {
            self.pools.schedule(index, self.world.model);
        }
    }

    /// Puts a child in the queue of every pool its stage needs.
    fn ask(&mut self, life: &mut Life, index: usize, time: f64) {
        let (pathway, stage) = (life.plan.pathway, life.plan.stage);
        life.plan.step = Step::Waiting;
        life.plan.since = day_of(time);
        let ticket = (index as u32, life.plan.attempts, stage);
        let model = self.world.model;
        for (pool, _) in &model.pathways[usize::from(pathway)].stages[usize::from(stage)].needs {
            self.pools.queues[*pool].push_back(ticket);
        }
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
        let (index, attempts, stage) = ticket;
        let index = index as usize;
        let Some(mut life) = self.pools.lives[index].take() else {
            self.pools.queues[pool].pop_front();
            return true;
        };
        let is_there = |life: &Life| {
            life.plan.step == Step::Waiting
                && life.plan.attempts == attempts
                && life.plan.stage == stage
        };
        if !is_there(&life) {
            // It has left the queue, and goes on as it was.
            self.pools.queues[pool].pop_front();
            self.pools.lives[index] = Some(life);
            return true;
        }
        let model = self.world.model;
        let needs =
            &model.pathways[usize::from(life.plan.pathway)].stages[usize::from(stage)].needs;
        let can_start = needs.iter().all(|&(pool, units)| {
            self.pools.free[pool] >= units && self.pools.queues[pool].front() == Some(&ticket)
        });
        if !can_start {
            self.pools.lives[index] = Some(life);
            return false;
        }
        for &(pool, units) in needs {
            self.pools.free[pool] -= units;
            self.pools.queues[pool].pop_front();
        }
        self.count_wait(&life, day_of(time));
        life.plan.holds = true;
        self.run_stage(&mut life, time);
        self.settle(life, index);
        true
    }

    /// Gives back the units that a child's stage holds.
    pub(super) fn release(&mut self, life: &mut Life) {
        if !std::mem::take(&mut life.plan.holds) {
            return;
        }
        let model = self.world.model;
        let stage =
            &model.pathways[usize::from(life.plan.pathway)].stages[usize::from(life.plan.stage)];
        for &(pool, units) in &stage.needs {
            if matches!(model.pools[pool], PoolModel::Held(_)) {
                self.pools.free[pool] += units;
            }
        }
        self.pools.has_freed = true;
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

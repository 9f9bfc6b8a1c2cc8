//! The clocks of one child's stay: which run, and when they ring.
//!
//! A clock that stops keeps the luck it has not used; one that goes on is not
//! touched. What cannot ring by the horizon keeps no account.

use super::life::{Life, Step, Whereabouts, day_of};
use super::record::{Event, Recorder};
use super::replicate::Play;
use super::ticking::Standing;
use crate::luck::{Purpose, exponential};
use crate::model::clocks::{ClockSet, Effect, MOST_CLOCKS};

/// First block of a clock's luck after it has rung once.
const RUNG_BLOCK: u8 = 128;
/// Most rings of one clock in a stay: what follows has no luck of its own. No
/// child of a sound scenario comes near.
const MOST_RINGS: u8 = 250;

impl<R: Recorder> Play<'_, R> {
    /// Starts the clocks of a stay whose origin, placement and status are set.
    pub(super) fn begin_stay(&mut self, life: &mut Life, time: f64) {
        let day = day_of(time);
        life.whereabouts = Whereabouts::InCare;
        life.age_at_entry = life.origin - f64::from(life.born);
        life.stay_since = day;
        life.placement_since = day;
        life.status_since = day;
        let eights = self.world.clocks.len().div_ceil(8);
        life.drawn_blocks = std::mem::take(&mut life.dealt_blocks);
        life.fresh = ClockSet::MAX;
        life.rung = [0; MOST_CLOCKS];
        life.paused = 0;
        life.run_down = 0;
        life.possible = ClockSet::MAX;
        for (limit, clock) in &self.world.model.running.young {
            if life.age_at_entry >= *limit {
                life.possible &= !clock;
            }
        }
        life.stays += 1;
        life.running = 0;
        if std::mem::take(&mut life.dealt_rings) {
            life.since.as_chunks_mut().0[..eights].fill([time; 8]);
            life.running = self.running(life);
            Self::find_first_ring(life);
        } else {
            life.rings.as_chunks_mut().0[..eights].fill([f64::INFINITY; 8]);
            self.change_clocks(life, time);
        }
    }

    /// The clocks that run for a child as it stands.
    #[inline]
    fn running(&self, life: &Life) -> ClockSet {
        let running = &self.world.model.running;
        let everywhere = running.off_pathways(life.legal_status, life.placement, life.stream)
            & life.possible
            & !life.tried_clocks;
        match life.plan.step {
            Step::Idle => everywhere,
            Step::Joins(_) => everywhere & !running.all_joins,
            _ => everywhere & running.on_pathway[usize::from(life.plan.pathway)],
        }
    }

    /// Starts and stops clocks after the child's state has changed. A clock that
    /// stops keeps the luck it has not used; one that goes on is not touched, but
    /// for one that has rung.
    pub(super) fn change_clocks(&mut self, life: &mut Life, time: f64) {
        let now = self.running(life);
        let mut stopped = life.running & !now;
        while stopped != 0 {
            let clock = stopped.trailing_zeros() as usize;
            stopped &= stopped - 1;
            // What cannot ring by the horizon need not keep account either.
            if life.run_down >> clock & 1 == 1 {
                life.rings[clock] = f64::INFINITY;
            } else if !self.never_rings(life, clock) {
                life.paused |= 1 << clock;
                life.until[clock] = time;
                life.rings[clock] = f64::INFINITY;
            }
        }
        let mut started = now & (!life.running | life.run_down);
        while started != 0 {
            let clock = started.trailing_zeros() as usize;
            started &= started - 1;
            if life.paused >> clock & 1 == 1 {
                self.settle_luck(life, clock);
            }
            life.since[clock] = time;
            self.draw_block(life, clock / 4);
            if life.run_down >> clock & 1 == 1 {
                self.wind_up(life, clock);
            }
            if self.never_rings(life, clock) {
                life.rings[clock] = f64::INFINITY;
            } else {
                self.set_ring(life, clock);
            }
        }
        life.running = now;
        Self::find_first_ring(life);
    }

    /// Whether a clock's word lies above all the luck that can be used up to the
    /// horizon, so that it never rings in this stay.
    #[inline]
    fn never_rings(&self, life: &Life, clock: usize) -> bool {
        life.fresh >> clock & 1 == 1 && life.words[clock] > self.world.clocks[clock].never_from
    }

    /// Draws the words of four clocks, once a stay and only if one of them runs.
    #[inline]
    fn draw_block(&self, life: &mut Life, block: usize) {
        if life.drawn_blocks >> block & 1 == 1 {
            return;
        }
        life.drawn_blocks |= 1 << block;
        // Stays count from 1 once begun; their luck from 0, as when it is drawn
        // ahead.
        let stay = u16::from(life.stays) - 1;
        let words = self
            .luck
            .words(life.person, Purpose::Clock, block as u8, stay << 8);
        life.words[4 * block..4 * block + 4].copy_from_slice(&words);
    }

    fn find_first_ring(life: &mut Life) {
        life.first_ring = life.first_of(life.running);
    }

    fn standing(life: &Life) -> Standing {
        Standing {
            born: f64::from(life.born),
            origin: life.origin,
        }
    }

    /// Luck left on a clock.
    fn left(life: &mut Life, clock: usize) -> f64 {
        if life.fresh >> clock & 1 == 1 {
            life.fresh &= !(1 << clock);
            life.left[clock] = exponential(life.words[clock]);
        }
        life.left[clock]
    }

    /// Works out when a clock rings, from the luck it has left.
    fn set_ring(&self, life: &mut Life, clock: usize) {
        life.rings[clock] = f64::INFINITY;
        let since = life.since[clock];
        let until = f64::from(life.adult).min(self.horizon);
        let child = Self::standing(life);
        let time = if life.fresh >> clock & 1 == 1 {
            let word = life.words[clock];
            self.world.fresh_ring(clock, child, (since, until), word)
        } else {
            self.world
                .ring(clock, child, since, until, life.left[clock])
        };
        if time - child.born < self.world.model.clocks[clock].age_below {
            life.rings[clock] = time;
        }
    }

    /// Takes from the luck of a clock that had stopped and starts again what it
    /// used before: few do, so it is left until then.
    fn settle_luck(&self, life: &mut Life, clock: usize) {
        life.paused &= !(1 << clock);
        let left = Self::left(life, clock);
        let (child, since) = (Self::standing(life), life.since[clock]);
        let used = self.world.luck_used(clock, child, since, life.until[clock]);
        life.left[clock] = (left - used).max(0.0);
    }

    pub(super) fn ring(&mut self, life: &mut Life, time: f64, clock: u8) {
        let index = usize::from(clock);
        let left = Self::left(life, index);
        self.note(life.person, time, Event::Rang { clock }, Some(left), None);
        match self.world.model.clocks[index].effect {
            Effect::Exit(kind) => self.leave(life, time, kind),
            Effect::Move(placement) => {
                life.run_down |= 1 << index;
                self.move_to(life, time, placement);
                self.change_clocks(life, time);
            }
            Effect::Join(pathway) => {
                life.run_down |= 1 << index;
                self.join(life, time, pathway);
                self.change_clocks(life, time);
            }
        }
    }

    /// Fresh luck for a clock that has rung.
    fn wind_up(&self, life: &mut Life, clock: usize) {
        life.run_down &= !(1 << clock);
        if life.rung[clock] == MOST_RINGS {
            life.fresh &= !(1 << clock);
            life.left[clock] = f64::INFINITY;
            return;
        }
        life.rung[clock] += 1;
        let occurrence = u16::from(life.stays) << 8 | u16::from(life.rung[clock]);
        let block = RUNG_BLOCK + clock as u8;
        let words = self
            .luck
            .words(life.person, Purpose::Clock, block, occurrence);
        life.words[clock] = words[0];
        life.fresh |= 1 << clock;
    }

    /// Moves a child, or leaves it where it is if there is no bed.
    pub(super) fn move_to(&mut self, life: &mut Life, time: f64, placement: u8) {
        let placement = self.take_bed(placement, Some(life.placement));
        if placement == life.placement {
            return;
        }
        self.free_bed(life.placement);
        self.count_placement(life, day_of(time));
        life.placement = placement;
        self.note(life.person, time, Event::Moved { placement }, None, None);
    }
}

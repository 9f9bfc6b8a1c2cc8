//! The world of one replicate: every number of a scenario, drawn.

use super::course::{Course, drifts};
use super::delivery::Delivery;
use super::phase::{Phase, Span, phases};
use super::pick::Picker;
use super::ticking::{
    BandedRates, InBands, Standing, Straight, Ticking, TickingHazard, Walk, defective_hazard,
    defective_time,
};
use crate::luck::{Luck, exponential};
use crate::margins::DIMENSIONS;
use crate::model::Model;
use crate::model::clocks::ClockHazard;
use crate::model::entries::{KnownBy, Shares};
use crate::model::numbers::{Number, Values};
use crate::model::stages::PoolModel;
use std::rc::Rc;

const OF_ITS_MODEL: &str = "a clock's numbers have the form of its model";

/// One scenario's numbers in one replicate.
#[derive(Debug)]
pub struct World<'m> {
    /// The model they belong to.
    pub model: &'m Model,
    /// Clocks.
    pub clocks: Rc<[Ticking]>,
    /// Families a year of each stream, `[stream][segment]`.
    pub families_per_year: Rc<[Vec<f64>]>,
    /// Shares of a drawn cohort.
    pub cohort: Option<Rc<[Picker; DIMENSIONS]>>,
    /// Numbers by day: one phase, unless workstreams change some of them.
    phases: Vec<Phase>,
    /// Phase of each segment and of what lies behind them; empty for one phase.
    phase_of_segment: Vec<u16>,
    /// Pools, where workstreams change the size of any.
    changed_pools: Option<Vec<PoolModel>>,
    /// Pence a week (or each, for a fee; or in all, for a programme) of each
    /// line of spend in each segment, `[line][segment]`.
    pub prices: Vec<Rc<[i64]>>,
}

impl<'m> World<'m> {
    /// Draws the numbers of a replicate from its parameters and drift.
    pub fn draw(model: &'m Model, parameters: &[f64], luck: &Luck) -> Self {
        let delivery = Delivery::draw(model, parameters, luck);
        let values = Values::of(parameters, &model.levers);
        let course = Course {
            model,
            parameters,
            delivery: &delivery,
            drifts: drifts(model, values, luck),
        };
        let (phases, phase_of_segment) = phases(model, parameters, &delivery, None);
        let lines = model.reporting.lines.iter();
        Self {
            model,
            clocks: model
                .clocks
                .iter()
                .map(|clock| course.ticking(clock))
                .collect(),
            families_per_year: model
                .streams
                .iter()
                .map(|stream| course.families_per_year(stream))
                .collect(),
            cohort: model
                .cohort
                .as_ref()
                .and_then(|cohort| match &cohort.known {
                    KnownBy::Drawn { shares, .. } => {
                        Some(Rc::new(std::array::from_fn(|dimension| {
                            Picker::new(&or_one(&shares[dimension]), values)
                        })))
                    }
                    _ => None,
                }),
            phases,
            phase_of_segment,
            changed_pools: course.changed_pools(),
            prices: lines.map(|line| course.price(*line)).collect(),
        }
    }

    /// The same for a model that parts from another one's world on pathways,
    /// pools and prices alone: everything else is drawn once for both.
    pub fn draw_beside(&self, model: &'m Model, parameters: &[f64], luck: &Luck) -> Self {
        let delivery = Delivery::draw(model, parameters, luck);
        let course = Course {
            model,
            parameters,
            delivery: &delivery,
            drifts: Vec::new(),
        };
        let (phases, phase_of_segment) = phases(model, parameters, &delivery, Some(&self.phases));
        let lead = &self.model;
        let lines = model.reporting.lines.iter().enumerate();
        let prices = lines.map(|(index, &line)| {
            let is_same = lead.reporting.lines.get(index) == Some(&line)
                && model.money.prices_as(&lead.money, line);
            match is_same {
                true => Rc::clone(&self.prices[index]),
                false => course.price(line),
            }
        });
        Self {
            model,
            clocks: Rc::clone(&self.clocks),
            families_per_year: Rc::clone(&self.families_per_year),
            cohort: self.cohort.clone(),
            phases,
            phase_of_segment,
            changed_pools: course.changed_pools(),
            prices: prices.collect(),
        }
    }

    /// The numbers that hold on a day.
    #[inline(always)]
    pub fn at(&self, day: i32) -> &Phase {
        &self.phases[self.phase_on(day)]
    }

    /// The number of the phase that a day lies in.
    #[inline(always)]
    pub fn phase_on(&self, day: i32) -> usize {
        if self.phase_of_segment.is_empty() {
            return 0;
        }
        let segment = self.model.calendar().segment_of(day);
        usize::from(self.phase_of_segment[segment])
    }

    /// The numbers that hold on every day, where they never change.
    #[inline(always)]
    pub fn always(&self) -> Option<&Phase> {
        self.phase_of_segment.is_empty().then(|| &self.phases[0])
    }

    /// The pools of the replicate.
    pub fn pools(&self) -> &[PoolModel] {
        self.changed_pools.as_deref().unwrap_or(&self.model.pools)
    }

    /// Days that a duration takes, by the word drawn for it.
    #[inline(always)]
    pub fn days(&self, span: Span, word: u32) -> f64 {
        self.model.curves[span.curve].days(span.days, word)
    }

    /// Days left of a duration that has run for some, by the word drawn for it.
    #[inline(always)]
    pub fn days_left(&self, span: Span, word: u32, elapsed: f64) -> f64 {
        if elapsed == 0.0 {
            return self.days(span, word);
        }
        let curve = &self.model.curves[span.curve];
        let hazard = curve.hazard(elapsed / span.days) + exponential(word);
        (curve.time(hazard) * span.days - elapsed).max(0.0)
    }

    /// When a clock rings between two times, with so much luck left.
    #[inline]
    pub fn ring(&self, index: usize, child: Standing, from: f64, until: f64, luck: f64) -> f64 {
        self.ring_from(index, child, (from, until), luck, InBands::default())
    }

    /// The same for a child who has come to some bands at least.
    #[inline]
    pub(super) fn ring_from(
        &self,
        index: usize,
        child: Standing,
        (from, until): (f64, f64),
        luck: f64,
        mut at: InBands,
    ) -> f64 {
        let ticking = &self.clocks[index];
        if ticking.timeline.is_empty() {
            let (stretch, factor) = ((from, until), ticking.factor);
            return match self.ring_constant(index, child, stretch, luck, factor, &mut at) {
                Walk::Rings(time) => time,
                Walk::Spent(_) => f64::INFINITY,
            };
        }
        let mut spent = 0.0;
        for (begin, end, factor) in ticking.stretches(from, until) {
            match self.ring_constant(index, child, (begin, end), luck - spent, factor, &mut at) {
                Walk::Rings(time) => return time,
                Walk::Spent(used) => spent += used,
            }
        }
        f64::INFINITY
    }

    /// Luck that a clock uses up between two times.
    pub fn luck_used(&self, index: usize, child: Standing, from: f64, until: f64) -> f64 {
        let ticking = &self.clocks[index];
        if ticking.timeline.is_empty() {
            return self.used_constant(index, child, (from, until), ticking.factor);
        }
        ticking
            .stretches(from, until)
            .map(|(begin, end, factor)| self.used_constant(index, child, (begin, end), factor))
            .sum()
    }

    /// What a clock that starts at its own zero needs to ring straight from the
    /// word drawn for it; none where that takes a walk.
    #[inline(always)]
    pub fn straight(&self, index: usize) -> Option<Straight<'_>> {
        let ticking = &self.clocks[index];
        match ticking.hazard {
            TickingHazard::Curve {
                curve,
                days,
                applies,
                most,
            } if ticking.timeline.is_empty() && ticking.factor == 1.0 => Some(Straight {
                shares: self.model.curves[curve].shares(),
                days,
                applies,
                most,
            }),
            _ => None,
        }
    }

    /// When a clock rings whose luck is still the word drawn for it, between two
    /// times.
    #[inline]
    pub fn fresh_ring(
        &self,
        index: usize,
        child: Standing,
        (since, until): (f64, f64),
        word: u32,
    ) -> f64 {
        if since == child.origin
            && let Some(straight) = self.straight(index)
        {
            return straight.ring(since, word);
        }
        let at = match self.banded(index) {
            Some(rates) => {
                let at = rates.at(since - child.born, since - child.origin);
                if !rates.may_ring(at, until - since, word) {
                    return f64::INFINITY;
                }
                at
            }
            None => InBands::default(),
        };
        self.ring_from(index, child, (since, until), exponential(word), at)
    }

    /// A clock's rates, if they are banded.
    #[inline(always)]
    pub(super) fn banded(&self, index: usize) -> Option<BandedRates<'_>> {
        match (&self.clocks[index].hazard, &self.model.clocks[index].hazard) {
            (TickingHazard::Bands { daily, peak }, ClockHazard::Bands { ages, times, .. }) => {
                Some(BandedRates {
                    ages,
                    times,
                    daily,
                    peak,
                })
            }
            _ => None,
        }
    }

    /// The time at which a clock rings while the calendar's factor is constant,
    /// or the luck used up.
    #[inline]
    fn ring_constant(
        &self,
        index: usize,
        child: Standing,
        (from, until): (f64, f64),
        luck: f64,
        factor: f64,
        at: &mut InBands,
    ) -> Walk {
        if factor <= 0.0 || until <= from {
            return Walk::Spent(0.0);
        }
        match &self.clocks[index].hazard {
            TickingHazard::Curve {
                curve,
                days,
                applies,
                ..
            } => {
                let curve = &self.model.curves[*curve];
                let start = defective_hazard(curve, *applies, (from - child.origin) / days);
                let rings = defective_time(curve, *applies, start + luck / factor);
                let time = (child.origin + rings * days).max(from);
                if time <= until {
                    return Walk::Rings(time);
                }
                Walk::Spent(self.used_constant(index, child, (from, until), factor))
            }
            TickingHazard::Bands { .. } => {
                let rates = self.banded(index).expect(OF_ITS_MODEL);
                rates.walk(child, (from, until), luck, factor, at)
            }
        }
    }

    /// Luck used up while the calendar's factor is constant.
    fn used_constant(
        &self,
        index: usize,
        child: Standing,
        (from, until): (f64, f64),
        factor: f64,
    ) -> f64 {
        if factor <= 0.0 || until <= from {
            return 0.0;
        }
        match &self.clocks[index].hazard {
            TickingHazard::Curve {
                curve,
                days,
                applies,
                ..
            } => {
                let curve = &self.model.curves[*curve];
                let at =
                    |time: f64| defective_hazard(curve, *applies, (time - child.origin) / days);
                factor * (at(until) - at(from))
            }
            TickingHazard::Bands { .. } => {
                let rates = self.banded(index).expect(OF_ITS_MODEL);
                let at = &mut InBands::default();
                match rates.walk(child, (from, until), f64::INFINITY, factor, at) {
                    Walk::Spent(used) => used,
                    Walk::Rings(_) => unreachable!("infinite luck is never used up"),
                }
            }
        }
    }
}

fn or_one(shares: &Shares) -> Shares {
    if shares.0.is_empty() {
        Shares(vec![Number::Known(1.0)])
    } else {
        shares.clone()
    }
}

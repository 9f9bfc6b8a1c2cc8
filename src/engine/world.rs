//! The world of one replicate: every number of a scenario, drawn.

use super::delivery::{Delivery, steps};
use super::phase::{Phase, Span, phases};
use super::pick::Picker;
use crate::config::workstreams::Manner;
use crate::luck::{
    Logarithms, Luck, Purpose, exponential, key_of_name, logarithm, logarithms, uniform,
};
use crate::margins::DIMENSIONS;
use crate::model::Model;
use crate::model::aftercare::{PriceModel, ProgrammeModel};
use crate::model::clocks::{Clock, ClockHazard};
use crate::model::curves::Curve;
use crate::model::entries::{KnownBy, Shares, Stream};
use crate::model::numbers::{Number, Values};
use crate::model::series::Line;
use crate::model::stages::PoolModel;
use crate::model::workstreams::{Affine, changed_units};
use crate::units::{DAYS_PER_WEEK, DAYS_PER_YEAR, pence};
use std::rc::Rc;

/// A clock's numbers.
#[derive(Debug, Clone)]
pub struct Ticking {
    hazard: TickingHazard,
    factor: f64,
    /// Factors by calendar: each holds until its day. Empty where constant.
    timeline: Vec<(f64, f64)>,
    /// A word from which on the clock cannot ring by the horizon, whatever the
    /// child's age and time in care.
    pub never_from: u32,
}

#[derive(Debug, Clone)]
enum TickingHazard {
    Curve {
        curve: usize,
        days: f64,
        applies: f64,
        /// Share that has rung by the horizon, on a clock that starts with it.
        most: f64,
    },
    Bands {
        /// Daily rates, `[age][time]` flat.
        daily: Vec<f64>,
        /// Most luck that could be used up to the horizon from each band of
        /// age and of time on, `[age][time]` flat.
        most: Vec<f64>,
    },
}

/// What became of a clock's luck over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Walk {
    /// The clock rings at this time.
    Rings(f64),
    /// It does not; so much luck is used up.
    Spent(f64),
}

/// Where a child stands when a clock is read.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Day of birth.
    pub born: f64,
    /// Day from which the clocks run.
    pub origin: f64,
}

/// A clock that starts at its own zero and has no factor: its word alone says
/// when it rings.
#[derive(Debug, Clone, Copy)]
pub struct Straight<'a> {
    curve: &'a Curve,
    logarithms: &'static Logarithms,
    days: f64,
    applies: f64,
    most: f64,
}

impl Straight<'_> {
    /// When it rings, and whether that can be believed: a word at the very ends
    /// of the curve's table needs [`Straight::ring_anywhere`].
    #[inline(always)]
    pub fn ring(&self, origin: f64, word: u32) -> (f64, bool) {
        // The share that lasts longer; below 1 − applies, the time never comes.
        let lasts = uniform(!word);
        let survives = lasts - (1.0 - self.applies);
        let is_never = (survives <= 0.0) | (1.0 - lasts >= self.most);
        let share = if is_never {
            0.5
        } else {
            survives / self.applies
        };
        let (time, is_inside) = self.curve.time_inside(-self.logarithms.of(share));
        let ring = origin + time * self.days;
        let ring = if is_never { f64::INFINITY } else { ring };
        (ring, is_inside | is_never)
    }

    /// When it rings, whatever the word.
    #[inline]
    pub fn ring_anywhere(&self, origin: f64, word: u32) -> f64 {
        let (ring, is_inside) = self.ring(origin, word);
        if is_inside {
            return ring;
        }
        let share = (uniform(!word) - (1.0 - self.applies)) / self.applies;
        origin + self.curve.time(-self.logarithms.of(share)) * self.days
    }
}

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

    /// Days that a duration takes, from a unit exponential.
    #[inline(always)]
    pub fn days(&self, span: Span, luck: f64) -> f64 {
        self.model.curves[span.curve].time(luck) * span.days
    }

    /// Days left of a duration that has run for some, from a unit exponential.
    #[inline(always)]
    pub fn days_left(&self, span: Span, luck: f64, elapsed: f64) -> f64 {
        if elapsed == 0.0 {
            return self.days(span, luck);
        }
        let before = self.model.curves[span.curve].hazard(elapsed / span.days);
        (self.days(span, before + luck) - elapsed).max(0.0)
    }

    /// When a clock rings between two times, with so much luck left.
    #[inline]
    pub fn ring(&self, index: usize, child: Standing, from: f64, until: f64, luck: f64) -> f64 {
        let ticking = &self.clocks[index];
        if ticking.timeline.is_empty() {
            return match self.ring_constant(index, child, (from, until), luck, ticking.factor) {
                Walk::Rings(time) => time,
                Walk::Spent(_) => f64::INFINITY,
            };
        }
        let mut spent = 0.0;
        for (begin, end, factor) in ticking.stretches(from, until) {
            match self.ring_constant(index, child, (begin, end), luck - spent, factor) {
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
                curve: &self.model.curves[curve],
                logarithms: logarithms(),
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
        since: f64,
        until: f64,
        word: u32,
    ) -> f64 {
        if since == child.origin
            && let Some(straight) = self.straight(index)
        {
            return straight.ring_anywhere(since, word);
        }
        // The luck −ln(1 − u) is never less than u: a word above the most that
        // can be used needs no logarithm and no walk.
        if uniform(word) >= self.most_luck(index, since - child.born, since - child.origin) {
            return f64::INFINITY;
        }
        self.ring(index, child, since, until, exponential(word))
    }

    /// More luck than a clock of banded rates can use up to the horizon, for a
    /// child of some age and so many days on the clock. Most children's luck
    /// lies above it, and their clocks need no walk.
    #[inline]
    pub fn most_luck(&self, index: usize, age: f64, days: f64) -> f64 {
        let (TickingHazard::Bands { most, .. }, ClockHazard::Bands { ages, times, .. }) =
            (&self.clocks[index].hazard, &self.model.clocks[index].hazard)
        else {
            return f64::INFINITY;
        };
        // Counted, not searched: nobody can guess where a search would end.
        let passed = |ends: &[f64], now: f64| -> usize {
            let passed = ends[..ends.len() - 1].iter();
            passed.map(|end| usize::from(*end <= now)).sum()
        };
        most[passed(ages, age) * times.len() + passed(times, days)]
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
    ) -> Walk {
        if factor <= 0.0 || until <= from {
            return Walk::Spent(0.0);
        }
        match (&self.clocks[index].hazard, &self.model.clocks[index].hazard) {
            (
                TickingHazard::Curve {
                    curve,
                    days,
                    applies,
                    ..
                },
                _,
            ) => {
                let curve = &self.model.curves[*curve];
                let start = defective_hazard(curve, *applies, (from - child.origin) / days);
                let rings = defective_time(curve, *applies, start + luck / factor);
                let time = (child.origin + rings * days).max(from);
                if time <= until {
                    return Walk::Rings(time);
                }
                Walk::Spent(self.used_constant(index, child, (from, until), factor))
            }
            (TickingHazard::Bands { daily, .. }, ClockHazard::Bands { ages, times, .. }) => {
                walk_bands(ages, times, daily, child, (from, until), luck, factor)
            }
            _ => unreachable!("a clock's numbers have the form of its model"),
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
        match (&self.clocks[index].hazard, &self.model.clocks[index].hazard) {
            (
                TickingHazard::Curve {
                    curve,
                    days,
                    applies,
                    ..
                },
                _,
            ) => {
                let curve = &self.model.curves[*curve];
                let at =
                    |time: f64| defective_hazard(curve, *applies, (time - child.origin) / days);
                factor * (at(until) - at(from))
            }
            (TickingHazard::Bands { daily, .. }, ClockHazard::Bands { ages, times, .. }) => {
                match walk_bands(
                    ages,
                    times,
                    daily,
                    child,
                    (from, until),
                    f64::INFINITY,
                    factor,
                ) {
                    Walk::Spent(used) => used,
                    Walk::Rings(_) => unreachable!("infinite luck is never used up"),
                }
            }
            _ => unreachable!("a clock's numbers have the form of its model"),
        }
    }
}

impl Ticking {
    /// Stretches of time with one factor each: begin, end, factor.
    fn stretches(&self, from: f64, until: f64) -> impl Iterator<Item = (f64, f64, f64)> {
        let mut begin = from;
        self.timeline
            .iter()
            .skip_while(move |(end, _)| *end <= from)
            .map_while(move |&(end, factor)| {
                let stretch = (begin, end.min(until), factor * self.factor);
                begin = end;
                (stretch.0 < until).then_some(stretch)
            })
    }
}

/// Runs a clock of banded rates.
fn walk_bands(
    ages: &[f64],
    times: &[f64],
    daily: &[f64],
    child: Standing,
    (from, until): (f64, f64),
    luck: f64,
    factor: f64,
) -> Walk {
    let mut now = from;
    let mut spent = 0.0;
    let mut age = 0;
    while age + 1 < ages.len() && ages[age] <= now - child.born {
        age += 1;
    }
    let mut time = 0;
    while times[time] <= now - child.origin {
        time += 1;
    }
    loop {
        let age_end = child.born + ages[age];
        let time_end = child.origin + times[time];
        let stop = until.min(age_end).min(time_end);
        let rate = daily[age * times.len() + time] * factor;
        let used = rate * (stop - now);
        if spent + used >= luck && rate > 0.0 {
            return Walk::Rings(now + (luck - spent) / rate);
        }
        spent += used;
        now = stop;
        if now >= until {
            return Walk::Spent(spent);
        }
        if now >= age_end {
            if age + 1 == ages.len() {
                return Walk::Spent(spent);
            }
            age += 1;
        }
        if now >= time_end {
            time += 1;
        }
    }
}

/// Cumulative hazard of a time that ever comes with probability `applies`.
#[inline]
fn defective_hazard(curve: &Curve, applies: f64, time: f64) -> f64 {
    if time <= 0.0 {
        return 0.0;
    }
    let hazard = curve.hazard(time);
    if applies >= 1.0 {
        hazard
    } else {
        -logarithm(1.0 - applies + applies * libm::exp(-hazard))
    }
}

/// The inverse: infinite where the time never comes.
#[inline]
fn defective_time(curve: &Curve, applies: f64, hazard: f64) -> f64 {
    if applies >= 1.0 {
        return curve.time(hazard);
    }
    let survives = libm::exp(-hazard) - (1.0 - applies);
    if survives <= 0.0 {
        f64::INFINITY
    } else {
        curve.time(-logarithm(survives / applies))
    }
}

fn or_one(shares: &Shares) -> Shares {
    if shares.0.is_empty() {
        Shares(vec![Number::Known(1.0)])
    } else {
        shares.clone()
    }
}

/// What the numbers of a replicate are worked out from: they may change in the
/// course of the forecast.
struct Course<'a> {
    model: &'a Model,
    parameters: &'a [f64],
    delivery: &'a Delivery,
    drifts: Vec<Vec<f64>>,
}

impl Course<'_> {
    fn base(&self) -> Values<'_> {
        Values::of(self.parameters, &self.model.levers)
    }

    fn at(&self, segment: usize) -> Values<'_> {
        let changes = self.delivery.changes(segment);
        Values::at(self.parameters, &self.model.levers, changes)
    }

    fn ticking(&self, clock: &Clock) -> Ticking {
        let model = self.model;
        let horizon = f64::from(model.calendar().horizon());
        let values = self.base();
        let rate = self.rate(clock);
        let value = |number: Number| match (number, &rate) {
            (Number::Lever(lever), Some(rate)) if lever == rate.lever => rate.unit,
            _ => number.value(values),
        };
        let mut hazard = match &clock.hazard {
            ClockHazard::Curve {
                curve,
                scale,
                factor,
                applies,
            } => TickingHazard::Curve {
                curve: *curve,
                days: value(*scale) * factor,
                applies: value(*applies),
                most: f64::INFINITY,
            },
            ClockHazard::Bands { per_year, .. } => TickingHazard::Bands {
                daily: per_year
                    .iter()
                    .map(|&rate| value(rate) / DAYS_PER_YEAR)
                    .collect(),
                most: Vec::new(),
            },
        };
        let mut timeline: Vec<(f64, f64)> = Vec::new();
        if let Some(drift) = clock.drift {
            timeline = self.drifts[drift]
                .iter()
                .enumerate()
                .map(|(year, &factor)| ((year + 1) as f64 * DAYS_PER_YEAR, factor))
                .collect();
            timeline.last_mut().expect("a forecast has a year").0 = f64::INFINITY;
        }
        if clock.from_day > 0.0 {
            timeline = vec![(clock.from_day, 0.0), (f64::INFINITY, 1.0)];
        }
        let factor = value(clock.factor);
        if let Some(rate) = &rate {
            timeline = product(&timeline, &rate.steps);
        }
        let mut never_from = u32::MAX;
        if let (TickingHazard::Bands { daily, most }, ClockHazard::Bands { times, .. }) =
            (&mut hazard, &clock.hazard)
        {
            let highest = timeline
                .iter()
                .fold(0.0, |high: f64, (_, one)| high.max(*one));
            let highest = factor * if timeline.is_empty() { 1.0 } else { highest };
            *most = most_luck(daily, times.len(), times, highest, horizon);
            let highest = most.iter().fold(0.0, |high: f64, &one| high.max(one));
            never_from = (highest * 4_294_967_296.0).ceil() as u32;
        }
        if let TickingHazard::Curve {
            curve,
            days,
            applies,
            most,
        } = &mut hazard
        {
            let rung = defective_hazard(&model.curves[*curve], *applies, horizon / *days);
            *most = -libm::expm1(-rung);
        }
        Ticking {
            hazard,
            factor,
            timeline,
            never_from,
        }
    }

    /// The rate or factor of a clock that workstreams change in this replicate.
    fn rate(&self, clock: &Clock) -> Option<ChangedRate> {
        let rates = match &clock.hazard {
            ClockHazard::Bands { per_year, .. } => per_year.as_slice(),
            ClockHazard::Curve { .. } => &[],
        };
        let lever = rates
            .iter()
            .chain([&clock.factor])
            .find_map(|number| match *number {
                Number::Lever(lever) if self.delivery.changes_lever(lever) => Some(lever),
                _ => None,
            })?;
        let base = Number::Lever(lever).value(self.base());
        // A rate of nothing that begins later is written as a rate of one.
        let unit = if base > 0.0 { base } else { 1.0 };
        let levers = &self.model.levers;
        let steps = steps(self.model.calendar(), self.delivery, |changes| {
            Number::Lever(lever).value(Values::at(self.parameters, levers, changes)) / unit
        });
        Some(ChangedRate { lever, unit, steps })
    }

    /// Pools with the sizes of this replicate, if workstreams change any.
    fn changed_pools(&self) -> Option<Vec<PoolModel>> {
        let changed = |lever: &Option<usize>| lever.filter(|&one| self.delivery.changes_lever(one));
        let levers = &self.model.pool_levers;
        levers.iter().find_map(changed)?;
        let pools = self.model.pools.iter().zip(levers);
        Some(
            pools
                .map(|(pool, lever)| match (changed(lever), pool) {
                    (None, _) => pool.clone(),
                    (Some(lever), PoolModel::Held(sizes)) => {
                        PoolModel::Held(self.delivery.sizes(self.model, lever, self.base(), sizes))
                    }
                    (Some(lever), PoolModel::Sittings(sittings)) => PoolModel::Sittings(
                        sittings
                            .iter()
                            .map(|&(day, slots)| {
                                let segment = self.model.calendar().segment_of(day);
                                let change = self.delivery.changes(segment)[lever];
                                (day, changed_units(slots, change))
                            })
                            .collect(),
                    ),
                })
                .collect(),
        )
    }

    /// Families a year of a stream in each segment: constant over a month, but
    /// for what workstreams change.
    fn families_per_year(&self, stream: &Stream) -> Vec<f64> {
        let model = self.model;
        let calendar = model.calendar();
        let growth = 1.0 + stream.trend_per_year.value(self.base());
        let factor = |month: usize| {
            let end = f64::from(calendar.month_ends()[month]);
            let begin = if month == 0 {
                0.0
            } else {
                f64::from(calendar.month_ends()[month - 1])
            };
            let years = 0.5 * (begin + end) / DAYS_PER_YEAR;
            let drift = stream
                .drift
                .map_or(1.0, |drift| self.drifts[drift][years as usize]);
            let season = stream.month_factors[model.month_of_year[month]];
            let grown = match growth {
                1.0 => 1.0,
                _ => libm::pow(growth.max(0.0), years),
            };
            (grown, drift, season)
        };
        calendar
            .segments()
            .iter()
            .enumerate()
            .map(|(index, segment)| {
                let (grown, drift, season) = factor(segment.month);
                stream.families_per_year.value(self.at(index)) * grown * drift * season
            })
            .collect()
    }

    /// Pence of a line of spend in each segment.
    fn price(&self, line: Line) -> Rc<[i64]> {
        let money = &self.model.money;
        let segments = self.model.calendar().segments().len();
        let weekly = |price: Option<&PriceModel>| match price {
            Some(price) => self.weekly_prices(price),
            None => vec![0; segments],
        };
        let by_segment = |pence: &dyn Fn(Values<'_>) -> i64| -> Vec<i64> {
            (0..segments)
                .map(|segment| pence(self.at(segment)))
                .collect()
        };
        let prices = match line {
            Line::Placement(index) => weekly(money.placements.get(index)),
            Line::Allowance(index) => weekly(Some(&money.allowances[index])),
            Line::Overhead => weekly(money.overhead.as_ref()),
            Line::Fee(index) => {
                let pounds = money.fees[index].pounds;
                by_segment(&|values| pence(pounds.value(values)))
            }
            Line::Grant(index) => {
                let nightly = money.grants[index].nightly_pounds;
                by_segment(&|values| -pence(nightly.value(values) * DAYS_PER_WEEK))
            }
            Line::Programme(index) => self.programme(&money.programmes[index]),
        };
        prices.into()
    }

    /// Pence of a programme in each segment; over segments that are parted by a
    /// seam alone, what has been spent so far is rounded.
    fn programme(&self, programme: &ProgrammeModel) -> Vec<i64> {
        let (mut spent, mut nights, mut paid) = (0.0, 0, 0);
        let mut last = f64::NAN;
        self.model
            .calendar()
            .segments()
            .iter()
            .enumerate()
            .map(|(index, segment)| {
                let yearly = programme.yearly_pounds.value(self.at(index));
                if !segment.is_seam {
                    (spent, nights, paid) = (0.0, 0, 0);
                } else if yearly != last {
                    spent += ProgrammeModel::pounds(last, nights, segment.year_nights);
                    nights = 0;
                }
                last = yearly;
                nights += programme.nights(segment.first_day, segment.last_day);
                let so_far = spent + ProgrammeModel::pounds(yearly, nights, segment.year_nights);
                let now = pence(so_far) - paid;
                paid += now;
                now
            })
            .collect()
    }

    /// Pence a week in each segment: the latest price, grown on each first of
    /// April since it was set, and what workstreams make of it. Pounds that a
    /// workstream adds or sets are those of its planned date and grow likewise.
    fn weekly_prices(&self, price: &PriceModel) -> Vec<i64> {
        let model = self.model;
        let values = self.base();
        let growth = (1.0 + price.growth_per_year.value(values)).max(0.0);
        // Growths on or before a day.
        let growths = |day: i32| model.money.growth_days.partition_point(|&one| one <= day);
        let powers: Vec<f64> = (0..=model.money.growth_days.len())
            .map(|times| libm::pow(growth, times as f64))
            .collect();
        let grown = |from: i32, day: i32| powers[growths(day).saturating_sub(growths(from))];
        let changes = &price.from_day;
        let lever = match changes[0].1 {
            Number::Lever(lever) if self.delivery.changes_lever(lever) => {
                Some(&model.levers[lever])
            }
            _ => None,
        };
        let mut current = 0;
        model
            .calendar()
            .segments()
            .iter()
            .enumerate()
            .map(|(index, segment)| {
                let day = segment.first_day;
                while changes
                    .get(current + 1)
                    .is_some_and(|(from, _)| *from <= day)
                {
                    current += 1;
                }
                let (from, pounds) = changes[current];
                let pounds = pounds.value(values) * grown(from, day);
                let Some(lever) = lever else {
                    return pence(pounds);
                };
                let changed = lever.effects.iter().fold(pounds, |pounds, effect| {
                    let share = self.delivery.share(index, effect.workstream);
                    if share == 0.0 {
                        return pounds;
                    }
                    let planned = model.workstreams[effect.workstream].from_day;
                    let amount = effect.amount.value(values);
                    let amount = match effect.manner {
                        Manner::Multiply => amount,
                        Manner::Add | Manner::Set => amount * grown(planned, day),
                    };
                    Affine::NONE.then(effect.manner, amount, share).of(pounds)
                });
                pence(lever.within(changed))
            })
            .collect()
    }
}

/// A rate or factor of a clock that workstreams change.
struct ChangedRate {
    lever: usize,
    /// The rate that the steps are multiples of.
    unit: f64,
    /// Multiples by calendar time.
    steps: Vec<(f64, f64)>,
}

/// The product of two factors by calendar time; one without steps is 1.
fn product(first: &[(f64, f64)], second: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if first.is_empty() {
        return second.to_vec();
    }
    let mut steps = Vec::with_capacity(first.len() + second.len());
    let (mut one, mut other) = (0, 0);
    while one < first.len() && other < second.len() {
        let end = first[one].0.min(second[other].0);
        steps.push((end, first[one].1 * second[other].1));
        one += usize::from(first[one].0 <= end);
        other += usize::from(second[other].0 <= end);
    }
    steps
}

/// Most luck that banded rates can use over a horizon, from each band of age
/// and of time on, `[age][time]` flat.
fn most_luck(daily: &[f64], times: usize, ends: &[f64], factor: f64, horizon: f64) -> Vec<f64> {
    let ages = daily.len() / times;
    let mut most = vec![0.0; daily.len()];
    // Highest rate in each band of time at this age or any later one.
    let mut highest = vec![0.0f64; times];
    for age in (0..ages).rev() {
        for time in 0..times {
            highest[time] = highest[time].max(factor * daily[age * times + time]);
        }
        for from in 0..times {
            let mut left = horizon;
            let mut luck = 0.0;
            for time in from..times {
                let begin = if time == 0 { 0.0 } else { ends[time - 1] };
                let days = left.min(ends[time] - begin);
                // A child may be anywhere in its first band, and reach the next
                // one early: the days left do not shrink by that band.
                luck += highest[time] * days;
                if time > from {
                    left -= days;
                }
            }
            most[age * times + from] = luck;
        }
    }
    most
}

/// Multipliers of each drift by forecast year: a stationary AR(1) on the
/// logarithm, with mean 1.
fn drifts(model: &Model, values: Values<'_>, luck: &Luck) -> Vec<Vec<f64>> {
    let years = (f64::from(model.calendar().horizon()) / DAYS_PER_YEAR).ceil() as usize + 1;
    model
        .drifts
        .iter()
        .map(|(name, sd, persistence)| {
            let sd = sd.value(values);
            let persistence = persistence.value(values);
            let fresh = libm::sqrt(1.0 - persistence * persistence);
            let key = key_of_name(name);
            let mut level = 0.0;
            (0..years)
                .map(|year| {
                    let words = luck.words(key, Purpose::Drift, 0, year as u16);
                    let z = standard_normal(words[0], words[1]);
                    level = if year == 0 {
                        z
                    } else {
                        persistence * level + fresh * z
                    };
                    libm::exp(sd * level - sd * sd / 2.0)
                })
                .collect()
        })
        .collect()
}

/// A standard normal from two words (Box & Muller 1958).
fn standard_normal(first: u32, second: u32) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(uniform(first)));
    radius * libm::cos(2.0 * std::f64::consts::PI * uniform(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banded_rates_are_walked_band_by_band() {
        // Ages 1 and 18 years, times 100 days and on; daily rates 0.01, 0.02
        // in the first year of life, then 0.001, 0.0.
        let ages = [365.25, 6574.5];
        let times = [100.0, f64::INFINITY];
        let rates = [0.01, 0.02, 0.001, 0.0];
        let child = Standing {
            born: -300.0,
            origin: 0.0,
        };
        // 65.25 days at 0.01, then 34.75 at 0.001, then nothing.
        let used = 0.6525 + 0.03475;
        match walk_bands(&ages, &times, &rates, child, (0.0, 1000.0), 5.0, 1.0) {
            Walk::Spent(spent) => assert!((spent - used).abs() < 1e-12),
            rings => panic!("{rings:?}"),
        }
        // Without end of luck, what is used is the same.
        assert_eq!(
            walk_bands(
                &ages,
                &times,
                &rates,
                child,
                (0.0, 90.0),
                f64::INFINITY,
                1.0
            ),
            Walk::Spent(65.25 * 0.01 + 24.75 * 0.001)
        );
        let Walk::Rings(time) = walk_bands(&ages, &times, &rates, child, (0.0, 1000.0), 0.66, 1.0)
        else {
            panic!("the luck runs out")
        };
        assert!((time - (65.25 + 7.5)).abs() < 1e-9);
        // Twice the hazard, half the time.
        let Walk::Rings(time) = walk_bands(&ages, &times, &rates, child, (0.0, 1000.0), 0.5, 2.0)
        else {
            panic!("the luck runs out")
        };
        assert!((time - 25.0).abs() < 1e-9);
    }
}

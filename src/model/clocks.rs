//! Clocks that run while a child is in care: ordinary exits, moves between
//! placements, identification for a pathway. One mechanism serves all three.

use super::birthdays::Birthdays;
use super::curves::Curve;
use super::numbers::{Number, ParameterSet};
use crate::config::Config;
use crate::config::bands::Band;
use crate::config::duration::{Duration, Shape};
use crate::config::eligible::Eligible;
use crate::config::exits::{Exit, Hazard};
pub use crate::config::names::MOST_CLOCKS;
use crate::config::quantity::{Form, Quantity};
use crate::units::{ADULT_AGE_YEARS, DAYS_PER_YEAR, Date, days_between};
use std::sync::Arc;

/// A set of clocks, one bit each.
pub type ClockSet = u32;

/// A set of small indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mask(pub u64);

impl Mask {
    /// No index.
    pub const NONE: Self = Self(0);
    /// Every index.
    pub const ALL: Self = Self(u64::MAX);

    /// The named indices, or all where none are named.
    pub fn of(names: Option<&Vec<usize>>) -> Self {
        names.map_or(Self::ALL, |names| {
            Self(names.iter().fold(0, |mask, &index| mask | 1 << index))
        })
    }

    /// Whether an index is in the set.
    #[inline]
    pub fn has(self, index: u8) -> bool {
        self.0 >> index & 1 == 1
    }
}

/// What a clock does when it rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The child leaves care.
    Exit(u8),
    /// The child moves to a placement.
    Move(u8),
    /// The child enters a pathway.
    Join(u8),
}

/// How a clock's hazard is given.
#[derive(Debug, Clone, PartialEq)]
pub enum ClockHazard {
    /// A time from the clock's start, for the share it ever applies to.
    Curve {
        /// Index of the curve.
        curve: usize,
        /// Scale of the curve, and what turns it into days.
        scale: Number,
        /// Days in a unit of the scale.
        factor: f64,
        /// Probability that it ever rings.
        applies: Number,
    },
    /// Yearly rates, constant in bands of age and of time on the clock.
    Bands {
        /// Upper ends of the age bands, in days; the last is 18 years.
        ages: Vec<f64>,
        /// Upper ends of the bands of time on the clock, in days; the last is
        /// infinite.
        times: Vec<f64>,
        /// Yearly rates, `[age][time]` flat.
        per_year: Vec<Number>,
    },
}

/// Who a clock runs for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Who {
    /// Legal statuses.
    pub legal_status: Mask,
    /// Placements.
    pub placement: Mask,
    /// Streams.
    pub stream: Mask,
}

impl Who {
    fn of(eligible: &Eligible) -> Self {
        Self {
            legal_status: Mask::of(eligible.legal_status.as_ref()),
            placement: Mask::of(eligible.placement.as_ref()),
            stream: Mask::of(eligible.stream.as_ref()),
        }
    }
}

/// One clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Clock {
    /// What it does.
    pub effect: Effect,
    /// Its hazard.
    pub hazard: ClockHazard,
    /// Who it runs for.
    pub who: Who,
    /// It rings only before this age, in days.
    pub age_below: f64,
    /// It runs only for children younger than this at entry, in days.
    pub age_at_entry_below: f64,
    /// Factor on its hazard.
    pub factor: Number,
    /// Drift on its hazard.
    pub drift: Option<usize>,
    /// Day from which it runs.
    pub from_day: f64,
}

/// Tables that a file's scenarios share: each shape is tabulated once, and each
/// span of birthdays.
#[derive(Debug, Default)]
pub struct Curves {
    shapes: Vec<Shape>,
    curves: Vec<Arc<Curve>>,
    birthdays: Vec<Arc<Birthdays>>,
}

/// A duration ready to draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Time {
    /// Index of the curve.
    pub curve: usize,
    /// Scale.
    pub scale: Number,
    /// Days in a unit of the scale.
    pub factor: f64,
}

impl Curves {
    /// A duration on one of these curves; a new curve if its shape is new.
    pub fn time(&mut self, duration: &Duration, numbers: &mut ParameterSet) -> Time {
        let curve = match self.shapes.iter().position(|one| *one == duration.shape) {
            Some(index) => index,
            None => {
                self.shapes.push(duration.shape.clone());
                self.curves.push(Arc::new(Curve::new(&duration.shape)));
                self.curves.len() - 1
            }
        };
        Time {
            curve,
            scale: numbers.number(&duration.scale),
            factor: duration.factor * self.curves[curve].unit(),
        }
    }

    /// Birthdays of every child who can be in care from the start to the horizon.
    pub fn birthdays(&mut self, start: Date, horizon: i32) -> Arc<Birthdays> {
        let known = self.birthdays.iter().find(|one| one.are_of(start, horizon));
        if let Some(known) = known {
            return Arc::clone(known);
        }
        let new = Arc::new(Birthdays::new(start, horizon));
        self.birthdays.push(Arc::clone(&new));
        new
    }

    /// The tables, in the order of their index.
    pub fn tables(&self) -> Vec<Arc<Curve>> {
        self.curves.clone()
    }
}

/// The kind of exit of a clock that leads to none.
pub const NO_EXIT: u8 = u8::MAX;

/// Which clocks run for whom: the clocks of a child are an intersection of
/// sets, worked out in a few instructions.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    /// Clocks for each legal status.
    pub legal_status: Vec<ClockSet>,
    /// Clocks for each placement.
    pub placement: Vec<ClockSet>,
    /// Clocks for each stream.
    pub stream: Vec<ClockSet>,
    /// Clocks for everybody, where these are the same for all.
    pub everybody: Option<ClockSet>,
    /// Clocks that go on while a child is on each pathway.
    pub on_pathway: Vec<ClockSet>,
    /// Clocks that identify a child for each pathway.
    pub joins: Vec<ClockSet>,
    /// Clocks that identify a child for any pathway.
    pub all_joins: ClockSet,
    /// Clocks that run only below an age at entry, in days.
    pub young: Vec<(f64, ClockSet)>,
    /// The kind of exit that each clock leads to, or [`NO_EXIT`]; the
    /// eighteenth birthday comes behind the most clocks there can be.
    pub exits: [u8; MOST_CLOCKS + 1],
}

impl Running {
    /// The sets of a model's clocks.
    pub fn new(config: &Config, clocks: &[Clock], ageing_out: u8) -> Self {
        let set = |holds: &dyn Fn(&Clock) -> bool| {
            clocks
                .iter()
                .enumerate()
                .filter(|(_, clock)| holds(clock))
                .fold(0, |set: ClockSet, (index, _)| set | 1 << index)
        };
        let each = |count: usize, holds: &dyn Fn(&Clock, u8) -> bool| {
            (0..count.max(1))
                .map(|index| set(&|clock| holds(clock, index as u8)))
                .collect::<Vec<_>>()
        };
        let names = &config.names;
        let legal_status = each(names.legal_statuses.len(), &|clock, index| {
            clock.who.legal_status.has(index)
        });
        let placement = each(names.placements.len(), &|clock, index| {
            clock.who.placement.has(index)
        });
        let stream = each(names.streams.len(), &|clock, index| {
            clock.who.stream.has(index)
        });
        let is_same = |sets: &[ClockSet]| sets.iter().all(|set| *set == sets[0]);
        let is_same = is_same(&legal_status) && is_same(&placement) && is_same(&stream);
        Self {
            everybody: is_same.then(|| legal_status[0] & placement[0] & stream[0]),
            legal_status,
            placement,
            stream,
            on_pathway: config
                .pathways
                .iter()
                .map(|pathway| {
                    set(&|clock| match clock.effect {
                        Effect::Exit(kind) => !pathway.replaces.contains(&usize::from(kind)),
                        Effect::Move(_) => true,
                        Effect::Join(_) => false,
                    })
                })
                .collect(),
            joins: each(config.pathways.len(), &|clock, index| {
                clock.effect == Effect::Join(index)
            }),
            all_joins: set(&|clock| matches!(clock.effect, Effect::Join(_))),
            young: clocks
                .iter()
                .enumerate()
                .filter(|(_, clock)| clock.age_at_entry_below.is_finite())
                .map(|(index, clock)| (clock.age_at_entry_below, 1 << index))
                .collect(),
            exits: std::array::from_fn(|index| match clocks.get(index) {
                None if index == MOST_CLOCKS => ageing_out,
                None => NO_EXIT,
                Some(clock) => match clock.effect {
                    Effect::Exit(kind) => kind,
                    Effect::Move(_) | Effect::Join(_) => NO_EXIT,
                },
            }),
        }
    }

    /// Clocks that run for a child on no pathway.
    #[inline(always)]
    pub fn off_pathways(&self, legal_status: u8, placement: u8, stream: u8) -> ClockSet {
        self.legal_status[usize::from(legal_status)]
            & self.placement[usize::from(placement)]
            & self.stream[usize::from(stream)]
    }

    /// Whether the same clocks run for whoever is on no pathway.
    pub fn same_off_pathways(&self, other: &Self) -> bool {
        let Self {
            legal_status,
            placement,
            stream,
            everybody: _,
            on_pathway: _,
            joins,
            all_joins,
            young,
            exits,
        } = self;
        *legal_status == other.legal_status
            && *placement == other.placement
            && *stream == other.stream
            && *joins == other.joins
            && *all_joins == other.all_joins
            && *young == other.young
            && *exits == other.exits
    }
}

fn years(years: f64) -> f64 {
    years * DAYS_PER_YEAR
}

/// Days beyond any childhood.
const NEVER: f64 = f64::INFINITY;

/// Every clock of a model: exits, then moves, then pathways.
pub fn clocks(config: &Config, curves: &mut Curves, numbers: &mut ParameterSet) -> Vec<Clock> {
    let exits = config
        .exits
        .iter()
        .map(|exit| exit_clock(exit, curves, numbers));
    let mut clocks: Vec<Clock> = exits.collect();
    for (from, placement) in config.placements.iter().enumerate() {
        for one in &placement.moves {
            clocks.push(rate_clock(
                Effect::Move(one.to as u8),
                &one.per_year,
                Who {
                    legal_status: Mask::ALL,
                    placement: Mask(1 << from),
                    stream: Mask::ALL,
                },
                one.age.as_ref(),
                None,
                NEVER.copysign(-1.0),
                numbers,
            ));
        }
    }
    // A rate of nothing that a workstream raises comes last, so that the luck of
    // the other clocks stays as it is.
    let is_none = |quantity: &Quantity| quantity.form == Form::Known(0.0);
    let (none, some): (Vec<_>, Vec<_>) = config
        .pathways
        .iter()
        .enumerate()
        .partition(|(_, pathway)| is_none(&pathway.new_cases_per_year));
    let raised = none
        .into_iter()
        .filter(|(_, pathway)| numbers.lever(&pathway.new_cases_per_year.path).is_some())
        .collect::<Vec<_>>();
    for (index, pathway) in some.into_iter().chain(raised) {
        let from = days_between(config.forecast.start, pathway.new_cases_from);
        clocks.push(rate_clock(
            Effect::Join(index as u8),
            &pathway.new_cases_per_year,
            Who::of(&pathway.eligible),
            pathway.eligible.age.as_ref(),
            pathway.eligible.days_in_care.as_ref(),
            f64::from(from),
            numbers,
        ));
    }
    clocks
}

fn exit_clock(exit: &Exit, curves: &mut Curves, numbers: &mut ParameterSet) -> Clock {
    let hazard = match &exit.hazard {
        Hazard::Time {
            duration,
            probability,
        } => {
            let time = curves.time(duration, numbers);
            ClockHazard::Curve {
                curve: time.curve,
                scale: time.scale,
                factor: time.factor,
                applies: numbers.number(probability),
            }
        }
        Hazard::Rates {
            ages,
            days_in_care,
            per_year,
        } => ClockHazard::Bands {
            ages: ages.iter().map(|band| years(band.below)).collect(),
            times: days_in_care[1..]
                .iter()
                .copied()
                .chain([f64::INFINITY])
                .collect(),
            per_year: per_year
                .iter()
                .flatten()
                .map(|rate| numbers.number(rate))
                .collect(),
        },
    };
    let limit = |age: Option<u32>| age.map_or(NEVER, |age| years(f64::from(age)));
    Clock {
        effect: Effect::Exit(exit.kind as u8),
        hazard,
        who: Who::of(&exit.eligible),
        age_below: limit(exit.age_below),
        age_at_entry_below: limit(exit.age_at_entry_below),
        factor: numbers.number(&exit.factor),
        drift: exit.drift,
        from_day: NEVER.copysign(-1.0),
    }
}

/// A clock with one yearly rate inside windows of age and time in care.
fn rate_clock(
    effect: Effect,
    per_year: &Quantity,
    who: Who,
    age: Option<&Band>,
    days_in_care: Option<&Band>,
    from_day: f64,
    numbers: &mut ParameterSet,
) -> Clock {
    let adult = f64::from(ADULT_AGE_YEARS);
    let (ages, in_age) = windows(
        age.map_or((0.0, adult), |band| (band.from, band.below)),
        adult,
    );
    let (times, in_time) = windows(
        days_in_care.map_or((0.0, f64::INFINITY), |band| (band.from, band.below)),
        f64::INFINITY,
    );
    let rate = numbers.number(per_year);
    let per_year = in_age
        .iter()
        .flat_map(|&age| in_time.iter().map(move |&time| age && time))
        .map(|inside| if inside { rate } else { Number::Known(0.0) })
        .collect();
    Clock {
        effect,
        hazard: ClockHazard::Bands {
            ages: ages.into_iter().map(years).collect(),
            times,
            per_year,
        },
        who,
        age_below: NEVER,
        age_at_entry_below: NEVER,
        factor: Number::Known(1.0),
        drift: None,
        from_day,
    }
}

/// Upper ends that part a window from what lies outside it, and which parts
/// are inside.
fn windows((from, below): (f64, f64), end: f64) -> (Vec<f64>, Vec<bool>) {
    let mut ends = Vec::new();
    let mut inside = Vec::new();
    if from > 0.0 {
        ends.push(from);
        inside.push(false);
    }
    ends.push(below.min(end));
    inside.push(true);
    if below < end {
        ends.push(end);
        inside.push(false);
    }
    (ends, inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_parted_from_its_outside() {
        assert_eq!(windows((0.0, 18.0), 18.0), (vec![18.0], vec![true]));
        assert_eq!(
            windows((2.0, 16.0), 18.0),
            (vec![2.0, 16.0, 18.0], vec![false, true, false])
        );
        let (ends, inside) = windows((365.0, f64::INFINITY), f64::INFINITY);
        assert_eq!(ends, [365.0, f64::INFINITY]);
        assert_eq!(inside, [false, true]);
    }
}

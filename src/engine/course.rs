//! How the numbers of a replicate are worked out from its parameters, its drift
//! and what its workstreams deliver.

use super::delivery::{Delivery, steps};
use super::ticking::{Ticking, TickingHazard, defective_hazard};
use crate::config::workstreams::Manner;
use crate::luck::{Luck, Purpose, key_of_name, uniform};
use crate::model::Model;
use crate::model::aftercare::{PriceModel, ProgrammeModel};
use crate::model::clocks::{Clock, ClockHazard};
use crate::model::entries::Stream;
use crate::model::numbers::{Number, Values};
use crate::model::series::Line;
use crate::model::stages::PoolModel;
use crate::model::workstreams::{Affine, changed_units};
use crate::units::{DAYS_PER_WEEK, DAYS_PER_YEAR, pence};
use std::rc::Rc;

/// What the numbers of a replicate are worked out from: they may change in the
/// course of the forecast.
pub(super) struct Course<'a> {
    pub model: &'a Model,
    pub parameters: &'a [f64],
    pub delivery: &'a Delivery,
    pub drifts: Vec<Vec<f64>>,
}

impl Course<'_> {
    fn base(&self) -> Values<'_> {
        Values::of(self.parameters, &self.model.levers)
    }

    fn at(&self, segment: usize) -> Values<'_> {
        let changes = self.delivery.changes(segment);
        Values::at(self.parameters, &self.model.levers, changes)
    }

    pub fn ticking(&self, clock: &Clock) -> Ticking {
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
                peak: Vec::new(),
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
        if let (TickingHazard::Bands { daily, peak }, ClockHazard::Bands { times, .. }) =
            (&mut hazard, &clock.hazard)
        {
            let highest = timeline
                .iter()
                .fold(0.0, |high: f64, (_, one)| high.max(*one));
            let highest = factor * if timeline.is_empty() { 1.0 } else { highest };
            *peak = peaks(daily, times.len(), highest);
            never_from = (peak[0] * horizon * 4_294_967_296.0).ceil() as u32;
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
    pub fn changed_pools(&self) -> Option<Vec<PoolModel>> {
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
    pub fn families_per_year(&self, stream: &Stream) -> Vec<f64> {
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
    pub fn price(&self, line: Line) -> Rc<[i64]> {
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

/// Most luck that could be used up in a day from each band of age and of time
/// on, `[age][time]` flat, under the highest factor of any day.
pub(super) fn peaks(daily: &[f64], times: usize, factor: f64) -> Vec<f64> {
    let mut peaks: Vec<f64> = daily.iter().map(|rate| rate * factor).collect();
    for band in (0..daily.len()).rev() {
        if (band + 1) % times != 0 {
            peaks[band] = peaks[band].max(peaks[band + 1]);
        }
        if band + times < daily.len() {
            peaks[band] = peaks[band].max(peaks[band + times]);
        }
    }
    peaks
}

/// Multipliers of each drift by forecast year: a stationary AR(1) on the
/// logarithm, with mean 1.
pub(super) fn drifts(model: &Model, values: Values<'_>, luck: &Luck) -> Vec<Vec<f64>> {
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

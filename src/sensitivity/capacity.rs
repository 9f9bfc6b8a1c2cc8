//! What scarcity adds to the uncertainty of a figure: queues for resources,
//! full beds, the limit of a panel, the cap of a stream.
//!
//! The draws of a run cannot tell it: capacity is the same in every future, and
//! what it does depends on who comes when. So the run's futures are played again
//! with nothing scarce, under the same luck. With Y a figure of the run and U
//! the same figure with nothing scarce, Y = U + (Y − U), and
//!
//! Var(Y) = Cov(Y, Y − U) + Cov(Y, U).
//!
//! The first over the whole is the part of capacity; the second is shared out
//! between parameters and chance as the variance of U is. The three add up to 1.
//! The part of capacity is below nothing where scarcity evens the futures out.

use super::grouping::{BLOCKS, Estimate};
use super::{Figure, Sensitivity, SensitivityError, Share, parameters_together};
use crate::config::Config;
use crate::config::resources::Supply;
use crate::engine::{Chance, Progress, Stopped, run_replicates};
use crate::forecast::targets::{Direction, Target, Test, margins};
use crate::forecast::{Comparison, ScenarioColumns};
use crate::luck::Seed;
use crate::model::Model;
use crate::model::clocks::Curves;
use crate::model::numbers::ParameterSet;
use crate::output::FinishedRun;
use crate::run::Plan;
use crate::solve::BLOCK;
use crate::units::Date;
use serde::Serialize;
use std::ops::Range;

/// Futures that are played as they were, to see that they come out the same.
const TRIED: u32 = 8;

/// More of anything than children could ever take, in thousandths of a unit.
const PLENTY: i64 = 1_000_000_000;

/// The variance of a figure in three parts, which add up to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Parts {
    /// Of what is uncertain, each quantity by itself.
    pub parameters: Share,
    /// Of chance, and of what quantities do only together.
    pub chance: Share,
    /// Of capacity; below 0 where scarcity evens the futures out.
    pub capacity: Share,
}

impl Parts {
    /// The parts, given that of capacity and the share that parameters have in
    /// the figure with nothing scarce.
    pub(super) fn new(capacity: Estimate, parameters: Estimate) -> Self {
        let part = |of: fn(f64, f64) -> f64| Share::of(capacity.with(parameters, of));
        Self {
            parameters: part(|capacity, share| (1.0 - capacity) * share),
            chance: part(|capacity, share| (1.0 - capacity) * (1.0 - share)),
            capacity: Share::of(capacity),
        }
    }
}

/// Whether anything is scarce in a scenario.
pub fn is_scarce(config: &Config) -> bool {
    !config.resources.is_empty()
        || config.placements.iter().any(|one| one.beds.is_some())
        || config.referrals.iter().any(|one| one.stock_cap.is_some())
        || config.panel.as_ref().is_some_and(|one| one.limit.is_some())
}

/// The scenario with nothing scarce. It counts what the scenario counts, and
/// still waits for the days on which a panel or a court sits.
fn without_scarcity(config: &Config) -> Config {
    let mut config = config.clone();
    let start = config.forecast.start;
    for resource in &mut config.resources {
        match &mut resource.supply {
            Supply::Held(sizes) => *sizes = vec![(start, PLENTY)],
            Supply::Sittings { slots, .. } => *slots = PLENTY,
        }
    }
    for placement in &mut config.placements {
        if let Some(beds) = &mut placement.beds {
            beds.sizes = vec![(start, PLENTY)];
        }
    }
    for stream in &mut config.referrals {
        stream.stock_cap = stream.stock_cap.map(|_| u32::MAX);
    }
    if let Some(panel) = &mut config.panel {
        panel.limit = None;
    }
    let resources = config.resources.iter().map(|one| one.address());
    let beds = config.placements.iter().map(|one| one.address_of_beds());
    let scarce: Vec<String> = resources.chain(beds).collect();
    for workstream in &mut config.workstreams {
        workstream
            .changes
            .retain(|change| !scarce.contains(&change.path));
    }
    config
}

/// Adds the part of capacity to what is known of a figure's drivers, by playing
/// the futures of the run again with nothing scarce.
///
/// # Errors
/// [`SensitivityError::Stopped`] when `progress.stop` was set meanwhile;
/// [`SensitivityError::OtherFutures`] where the run's futures do not come out as
/// they are in its files; [`SensitivityError::Output`] where those cannot be
/// read.
pub fn add_capacity(
    found: &mut Sensitivity,
    run: &FinishedRun,
    plan: &Plan,
    progress: &Progress,
) -> Result<(), SensitivityError> {
    let manifest = run.manifest();
    let first = manifest.first_replicate;
    let all = first..first + manifest.replicates;
    let outcome = run
        .column_on(&found.scenario, &found.figure.series(), found.figure.date)?
        .values;
    let replay = |replay: &Replay, replicates: Range<u32>| {
        replay.values(plan, &found.figure, manifest.seed, replicates, progress)
    };
    let tried = first..all.end.min(first + TRIED);
    let as_it_was = Replay::new(plan, &found.scenario, Config::clone);
    if replay(&as_it_was, tried.clone())? != outcome[..tried.len()] {
        return Err(SensitivityError::OtherFutures);
    }
    let unlimited = replay(&Replay::new(plan, &found.scenario, without_scarcity), all)?;
    let names = found.parameters.iter().map(|effect| &effect.parameter);
    let parameters = parameters_together(run, &names.cloned().collect(), &unlimited)?;
    found.parts = Some(Parts::new(part_of(&outcome, &unlimited), parameters));
    Ok(())
}

/// The part of capacity in the variance of outcomes, given what they are with
/// nothing scarce, `[replicates]` each.
fn part_of(outcome: &[f64], unlimited: &[f64]) -> Estimate {
    let mut sums = [Sums::default(); BLOCKS];
    for (replicate, (value, free)) in outcome.iter().zip(unlimited).enumerate() {
        // Small numbers lose no digits in their squares.
        sums[replicate % BLOCKS].add(value - outcome[0], value - free);
    }
    let all = sums.iter().fold(Sums::default(), |all, &one| all.plus(one));
    Estimate {
        value: all.share(),
        without: sums.map(|block| all.less(block).share()),
    }
}

/// Sums over futures of an outcome and of what scarcity adds to it.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: f64,
    value: f64,
    added: f64,
    squares: f64,
    products: f64,
}

impl Sums {
    fn add(&mut self, value: f64, added: f64) {
        self.count += 1.0;
        self.value += value;
        self.added += added;
        self.squares += value * value;
        self.products += value * added;
    }

    fn plus(self, other: Self) -> Self {
        self.each(other, |a, b| a + b)
    }

    fn less(self, other: Self) -> Self {
        self.each(other, |a, b| a - b)
    }

    fn each(self, other: Self, of: fn(f64, f64) -> f64) -> Self {
        Self {
            count: of(self.count, other.count),
            value: of(self.value, other.value),
            added: of(self.added, other.added),
            squares: of(self.squares, other.squares),
            products: of(self.products, other.products),
        }
    }

    /// Covariance of outcome and addition over the variance of the outcome.
    fn share(self) -> f64 {
        let variance = self.squares - self.value * self.value / self.count;
        let covariance = self.products - self.value * self.added / self.count;
        if variance > 0.0 {
            covariance / variance
        } else {
            0.0
        }
    }
}

/// A scenario and the comparison, changed in one way and ready to play.
struct Replay {
    model: Model,
    comparison: Model,
    numbers: ParameterSet,
}

impl Replay {
    fn new(plan: &Plan, scenario: &str, change: impl Fn(&Config) -> Config) -> Self {
        let configs = &plan.file.scenarios;
        let named = configs.iter().find(|config| config.scenario == scenario);
        let children = plan.cohort.as_ref().map(|one| one.children.as_slice());
        let (mut curves, mut numbers) = (Curves::default(), ParameterSet::default());
        let mut model =
            |config: &Config| Model::new(&change(config), children, &mut curves, &mut numbers);
        let comparison = &configs[plan.file.comparison];
        Self {
            model: model(named.unwrap_or(comparison)),
            comparison: model(comparison),
            numbers,
        }
    }

    /// A figure in some of the futures.
    fn values(
        &self,
        plan: &Plan,
        figure: &Figure,
        seed: u64,
        replicates: Range<u32>,
        progress: &Progress,
    ) -> Result<Vec<f64>, Stopped> {
        let layout = &self.model.reporting.layout;
        let is_difference = figure.series().is_difference();
        plan.with_catalogue(layout, |catalogue| {
            let mut values = Vec::with_capacity(replicates.len());
            for start in replicates.clone().step_by(BLOCK as usize) {
                let play = |model: &Model| {
                    let block = start..replicates.end.min(start + BLOCK);
                    run_replicates(
                        model,
                        &self.numbers,
                        Seed(seed),
                        block,
                        Chance::Own,
                        progress,
                    )
                };
                let tiles = play(&self.model)?;
                let comparison = if is_difference {
                    Comparison::new(layout, &play(&self.comparison)?)
                } else {
                    Comparison::new(layout, &tiles)
                };
                let columns = ScenarioColumns::new(catalogue, &tiles, &comparison);
                values.extend(margins(&columns, &above_nothing(figure)));
            }
            Ok(values)
        })
    }
}

/// A target whose margin is the figure itself.
fn above_nothing(figure: &Figure) -> Target {
    let date: Date = figure.date;
    Target {
        name: String::new(),
        metric: figure.metric.clone(),
        segment_by: figure.segment_by.clone(),
        segment: figure.segment.clone(),
        date,
        direction: Direction::AtLeast,
        threshold: 0.0,
        test: Test::OnDate,
    }
}

#[cfg(test)]
mod tests {
    use super::super::known::uniforms;
    use super::*;

    #[test]
    fn the_part_of_capacity_is_the_one_worked_by_hand() {
        // Y = U + D with U and D independent and uniform, D twice as wide:
        // variances 1 and 4 of 5.
        let points = uniforms(20_000, 2, 5);
        let free: Vec<f64> = points.iter().map(|point| 300.0 + point[0]).collect();
        let outcome: Vec<f64> = points
            .iter()
            .map(|point| 300.0 + point[0] + 2.0 * point[1])
            .collect();
        let found = part_of(&outcome, &free);
        let error = found.standard_error();
        assert!(error > 0.0 && error < 0.01, "{error}");
        assert!((found.value - 0.8).abs() < 4.0 * error, "{}", found.value);
        // What halves every distance from the mean takes away as much as is left.
        let halved: Vec<f64> = free.iter().map(|value| 0.5 * value).collect();
        assert!((part_of(&halved, &free).value + 1.0).abs() < 1e-9);
        // Where nothing is scarce, nothing is added.
        assert_eq!(part_of(&outcome, &outcome).value, 0.0);
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let estimate = |value: f64| Estimate {
            value,
            without: [value; BLOCKS],
        };
        let parts = Parts::new(estimate(-0.25), estimate(0.4));
        let shares = [parts.parameters, parts.chance, parts.capacity].map(|part| part.share);
        assert_eq!(shares, [0.5, 0.75, -0.25]);
    }
}

//! What would it take? Searches for the values of levers at which a target
//! becomes as likely as is asked.
//!
//! Every value is judged by the same futures (the same seed and replicates), so
//! that two values differ by the lever alone. The comparison scenario, for
//! targets that are savings, stays as the file has it.

pub mod answer;
mod search;
pub mod text;

use crate::config::levers::{Kind, Lever};
use crate::config::variant::Variant;
use crate::engine::{Chance, Progress, run_replicates};
use crate::forecast::columns::is_difference;
use crate::forecast::targets::{Target, margins, met_by_each};
use crate::forecast::{Comparison, ScenarioColumns};
use crate::luck::Seed;
use crate::model::Model;
use crate::model::clocks::Curves;
use crate::model::numbers::ParameterSet;
use crate::run::{Plan, RunError};
use search::{Finding, Outcome, Search, Trial};
use std::ops::Range;
use std::sync::atomic::Ordering;
use toml::Value;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Index of the target.
    pub target: usize,
    /// Likelihood that it is to reach.
    pub likelihood: f64,
    /// Index of the scenario to start from.
    pub scenario: usize,
    /// Replicates that judge every value.
    pub replicates: u32,
    /// Seed.
    pub seed: u64,
}

/// Where something meets the goal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wanted {
    /// At every value of its range.
    Everywhere,
    /// At none of them.
    Nowhere,
    /// At none, since no future changes with it.
    NoEffect,
    /// From one value on.
    From {
        /// The value nearest to the present one that meets the goal.
        value: f64,
        /// Whether higher values meet it, rather than lower ones.
        is_above: bool,
        /// Lower end of the value's 95 % interval, Monte Carlo error alone;
        /// none where the range ends first.
        low: Option<f64>,
        /// Upper end of it.
        high: Option<f64>,
        /// Replicates that meet the target at the value.
        met: u32,
    },
}

/// The best value that was tried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Best {
    /// The value.
    pub value: f64,
    /// Replicates that meet the target there.
    pub met: u32,
    /// By how much the target is kept on average, in its unit; less than 0
    /// where it is missed.
    pub margin: f64,
}

/// What a search along one lever, or along several at once, has found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where the goal is met.
    pub wanted: Wanted,
    /// The value at which the target is most likely, or else misses by least.
    pub best: Best,
    /// Whether the likelihood only rises, or only falls, along the range.
    pub is_monotone: bool,
    /// Distance between neighbouring values: the tolerance of the answer.
    pub step: f64,
    /// Every value tried, in rising order, with the replicates that meet the
    /// target there.
    pub tried: Vec<(f64, u32)>,
}

/// One lever moved, all else as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Single {
    /// The lever.
    pub lever: Lever,
    /// What its values do.
    pub found: Found,
}

/// Several levers moved by the same share of their ways, each from its present
/// value to where it helps most.
#[derive(Debug, Clone, PartialEq)]
pub struct Mix {
    /// The levers, each with the end of its way.
    pub levers: Vec<(Lever, f64)>,
    /// What shares of the way, from 0 to 1, do.
    pub found: Found,
}

impl Mix {
    /// A lever's value at a share of its way.
    pub fn value(lever: &Lever, end: f64, share: f64) -> f64 {
        lever.now + share * (end - lever.now)
    }
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// What was asked.
    pub question: Question,
    /// Name of the scenario.
    pub scenario: String,
    /// The target.
    pub target: Target,
    /// Replicates that meet it in the scenario as it is.
    pub now: u32,
    /// Each lever by itself, in the order asked.
    pub singles: Vec<Single>,
    /// All that help, together; none where fewer than two do, or where the goal
    /// is met already.
    pub mix: Option<Mix>,
    /// Futures played, over all values tried.
    pub futures: u64,
}

/// Finds what it would take. `tell` hears of each search as it ends.
///
/// # Errors
/// [`RunError::Mistake`] for a value that the scenario language refuses, such
/// as the end of a range that goes too far; [`RunError::Interrupted`].
pub fn solve(
    plan: &Plan,
    question: &Question,
    levers: &[Lever],
    progress: &Progress,
    tell: impl Fn(&str),
) -> Result<Solution, RunError> {
    let mut judge = Judge::new(plan, question, progress)?;
    let as_it_is = judge.as_it_is()?;
    let now = as_it_is.met.iter().filter(|met| **met).count() as u32;
    let helps = |best: &Best| (best.met, best.margin) > (now, as_it_is.margin);
    let mut singles = Vec::new();
    for lever in levers {
        let found = single(&mut judge, lever, question)?;
        tell(&format!(
            "{}: {} values tried",
            lever.address,
            found.tried.len()
        ));
        singles.push(Single {
            lever: lever.clone(),
            found,
        });
    }
    let is_met = f64::from(now) >= question.likelihood * f64::from(question.replicates) - 1e-9;
    let helpful: Vec<(Lever, f64)> = singles
        .iter()
        .filter(|single| helps(&single.found.best))
        .map(|single| (single.lever.clone(), single.found.best.value))
        .collect();
    let mix = if is_met || helpful.len() < 2 {
        None
    } else {
        let found = mix(&mut judge, &helpful, question)?;
        tell(&format!("all together: {} shares tried", found.tried.len()));
        Some(Mix {
            levers: helpful,
            found,
        })
    };
    Ok(Solution {
        question: question.clone(),
        scenario: plan.models[question.scenario].scenario.clone(),
        target: plan.targets[question.target].clone(),
        now,
        singles,
        mix,
        futures: progress.replicates.load(Ordering::Relaxed),
    })
}

fn single(judge: &mut Judge, lever: &Lever, question: &Question) -> Result<Found, RunError> {
    let line = Line::of(lever);
    let search = Search::new(line.last, |step| {
        let overrides = lever.overrides(&judge.variant, line.value(step));
        judge.with(&overrides)
    });
    let found = search.find(line.nearest(lever.now), question.likelihood)?;
    Ok(line.found(&found))
}

fn mix(judge: &mut Judge, levers: &[(Lever, f64)], question: &Question) -> Result<Found, RunError> {
    let line = Line {
        low: 0.0,
        high: 1.0,
        step: 1.0 / MOST_STEPS,
        last: MOST_STEPS as u32,
    };
    let search = Search::new(line.last, |step| {
        if step == 0 {
            return judge.as_it_is();
        }
        let overrides = overrides_of_mix(&judge.variant, levers, line.value(step));
        judge.with(&overrides)
    });
    let found = search.find(0, question.likelihood)?;
    Ok(line.found(&found))
}

fn overrides_of_mix(
    variant: &Variant,
    levers: &[(Lever, f64)],
    share: f64,
) -> Vec<(String, Value)> {
    let each = levers.iter().map(|(lever, end)| {
        let value = Mix::value(lever, *end, share);
        lever.overrides(variant, value)
    });
    each.flatten().collect()
}

/// Most steps that the range of a number is divided into, about.
const MOST_STEPS: f64 = 200.0;

/// A lever's range in steps of a round size.
#[derive(Debug, Clone, Copy)]
struct Line {
    low: f64,
    high: f64,
    step: f64,
    last: u32,
}

impl Line {
    fn of(lever: &Lever) -> Self {
        let (low, high) = lever.range;
        let step = match lever.kind {
            Kind::Day | Kind::Children => 1.0,
            _ => round_below((high - low) / MOST_STEPS),
        };
        Self {
            low,
            high,
            step,
            last: ((high - low) / step - 1e-9).ceil() as u32,
        }
    }

    fn value(self, step: u32) -> f64 {
        if step >= self.last {
            self.high
        } else {
            // Divided by the inverse, 0.005 × 160 is 0.8 to the last digit.
            let inverse = (1.0 / self.step).round();
            let along = if self.step < 1.0 {
                f64::from(step) / inverse
            } else {
                f64::from(step) * self.step
            };
            self.low + along
        }
    }

    fn nearest(self, value: f64) -> u32 {
        let along = (value - self.low) / self.step;
        along.round().clamp(0.0, f64::from(self.last)) as u32
    }

    fn found(self, finding: &Finding) -> Found {
        let met = |step: u32| {
            let found = finding.tried.iter().find(|(tried, _)| *tried == step);
            found.map_or(0, |(_, met)| *met)
        };
        let wanted = match finding.outcome {
            _ if !finding.has_effect && finding.outcome == Outcome::Nowhere => Wanted::NoEffect,
            Outcome::Everywhere => Wanted::Everywhere,
            Outcome::Nowhere => Wanted::Nowhere,
            Outcome::From {
                step,
                is_above,
                low,
                high,
            } => Wanted::From {
                value: self.value(step),
                is_above,
                low: low.map(|step| self.value(step)),
                high: high.map(|step| self.value(step)),
                met: met(step),
            },
        };
        Found {
            wanted,
            best: Best {
                value: self.value(finding.best),
                met: met(finding.best),
                margin: finding.margin,
            },
            is_monotone: finding.is_monotone,
            step: self.step,
            tried: finding
                .tried
                .iter()
                .map(|&(step, met)| (self.value(step), met))
                .collect(),
        }
    }
}

/// The largest of 1, 2 and 5 times a power of ten that is no more.
fn round_below(size: f64) -> f64 {
    let power = libm::floor(libm::log10(size) + 1e-9) as i32;
    let digits = size / libm::pow(10.0, f64::from(power)) + 1e-9;
    let digit = [5.0, 2.0].into_iter().find(|digit| *digit <= digits);
    let digit = digit.unwrap_or(1.0);
    // Exact below 1, where 10^-3 is not.
    if power < 0 {
        digit / libm::pow(10.0, f64::from(-power))
    } else {
        digit * libm::pow(10.0, f64::from(power))
    }
}

/// Replicates whose tallies are in memory at once.
pub(crate) const BLOCK: u32 = 4_096;

/// Plays the question's futures under one set of values after another.
struct Judge<'p> {
    plan: &'p Plan,
    question: &'p Question,
    variant: Variant<'p>,
    curves: Curves,
    /// One for each block of replicates; empty where the target needs none.
    comparisons: Vec<Comparison>,
    progress: &'p Progress,
    as_it_is: Option<Trial>,
}

impl<'p> Judge<'p> {
    fn new(
        plan: &'p Plan,
        question: &'p Question,
        progress: &'p Progress,
    ) -> Result<Self, RunError> {
        let variant = Variant::new(&plan.file, question.scenario).map_err(RunError::Mistake)?;
        let mut judge = Self {
            plan,
            question,
            variant,
            curves: Curves::default(),
            comparisons: Vec::new(),
            progress,
            as_it_is: None,
        };
        let metric = plan.targets[question.target].metric.as_str();
        if is_difference(metric) {
            let model = &plan.models[plan.file.comparison];
            for block in judge.blocks() {
                let tiles = judge.tiles(model, &plan.numbers, block)?;
                let comparison = Comparison::new(plan.layout(), &tiles);
                judge.comparisons.push(comparison);
            }
        }
        Ok(judge)
    }

    fn blocks(&self) -> Vec<Range<u32>> {
        let end = self.question.replicates;
        let starts = (0..end).step_by(BLOCK as usize);
        starts.map(|start| start..end.min(start + BLOCK)).collect()
    }

    fn tiles(
        &self,
        model: &Model,
        numbers: &ParameterSet,
        block: Range<u32>,
    ) -> Result<crate::engine::tiles::Tiles, RunError> {
        let seed = Seed(self.question.seed);
        Ok(run_replicates(
            model,
            numbers,
            seed,
            block,
            Chance::Own,
            self.progress,
        )?)
    }

    /// What the replicates make of the scenario as the file has it.
    fn as_it_is(&mut self) -> Result<Trial, RunError> {
        if let Some(trial) = &self.as_it_is {
            return Ok(trial.clone());
        }
        let model = &self.plan.models[self.question.scenario];
        let trial = self.play(model, &self.plan.numbers)?;
        self.as_it_is = Some(trial.clone());
        Ok(trial)
    }

    /// What they make of it with some addresses set otherwise.
    fn with(&mut self, overrides: &[(String, Value)]) -> Result<Trial, RunError> {
        let config = self.variant.with(overrides).map_err(RunError::Mistake)?;
        let children = self.plan.cohort.as_ref();
        let children = children.map(|cohort| cohort.children.as_slice());
        let mut numbers = ParameterSet::default();
        let model = Model::new(&config, children, &mut self.curves, &mut numbers);
        if model.reporting.layout.series() != self.plan.layout().series() {
            return Err(RunError::Mistake(
                "error: a lever may change numbers, not what is counted\n".to_owned(),
            ));
        }
        self.play(&model, &numbers)
    }

    fn play(&self, model: &Model, numbers: &ParameterSet) -> Result<Trial, RunError> {
        let target = &self.plan.targets[self.question.target];
        let layout = &model.reporting.layout;
        self.plan.with_catalogue(layout, |catalogue| {
            let mut met = Vec::new();
            let mut sum = 0.0;
            for (index, block) in self.blocks().into_iter().enumerate() {
                let tiles = self.tiles(model, numbers, block)?;
                let own;
                let comparison = match self.comparisons.get(index) {
                    Some(comparison) => comparison,
                    None => {
                        own = Comparison::new(layout, &tiles);
                        &own
                    }
                };
                let columns = ScenarioColumns::new(catalogue, &tiles, comparison);
                met.extend(met_by_each(&columns, target));
                sum += margins(&columns, target).into_iter().sum::<f64>();
            }
            Ok(Trial {
                margin: sum / met.len() as f64,
                met,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_of_a_round_size() {
        for (size, expected) in [
            (0.005, 0.005),
            (0.92, 0.5),
            (0.0046, 0.002),
            (1.0, 1.0),
            (19.0, 10.0),
            (20.0, 20.0),
        ] {
            assert_eq!(round_below(size), expected, "{size}");
        }
    }

    #[test]
    fn values_of_a_line_are_round_and_end_at_its_ends() {
        let lever = Lever {
            address: "panel.admit".into(),
            kind: Kind::Probability,
            now: 0.64,
            range: (0.0, 0.92),
            start: crate::units::Date::default(),
        };
        let line = Line::of(&lever);
        assert_eq!((line.step, line.last), (0.002, 460));
        assert_eq!(line.value(0), 0.0);
        assert_eq!(line.value(320), 0.64);
        assert_eq!(line.value(460), 0.92);
        assert_eq!(line.nearest(0.64), 320);
        assert_eq!(line.nearest(7.0), 460);
    }
}

//! An answer as programs read it, and as the folder of a run keeps it.

use super::{Found, Mix, Single, Solution, Wanted, overrides_of_mix};
use crate::config::ScenarioFile;
use crate::config::levers::{Amount, Kind, Lever};
use crate::config::variant::Variant;
use crate::output::{FinishedRun, OutputError, folder};
use crate::run::Plan;
use crate::summary::promise;
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::path::Path;
use toml::Value;

/// Name of the answer within the folder of a run.
pub const FILE_NAME: &str = "solve.json";

/// Name of the scenario that plays an answer.
pub const SCENARIO: &str = "what it would take";

/// What it would take, as far as levers were moved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Name of the forecast.
    pub name: String,
    /// Scenario that was started from.
    pub scenario: String,
    /// Name of the target.
    pub target: String,
    /// What it promises: "population at most 282 on 31 March 2019".
    pub must_hold: String,
    /// Its metric.
    pub metric: String,
    /// Likelihood that it was to reach.
    pub likelihood_wanted: f64,
    /// Likelihood in the scenario as it is.
    pub likelihood_now: f64,
    /// Futures that judged every value tried.
    pub replicates: u32,
    /// Their seed.
    pub seed: u64,
    /// Each lever by itself, in the order asked.
    pub one_at_a_time: Vec<Alone>,
    /// All that help, each by the same part of its way.
    pub together: Option<Together>,
    /// Futures played, over all values tried.
    pub futures_played: u64,
    /// The answer as a scenario, in TOML.
    pub scenario_to_add: Option<String>,
}

/// One lever moved by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alone {
    /// Address of the lever.
    pub lever: String,
    /// What its values are.
    pub kind: Kind,
    /// Its present value.
    pub now: Amount,
    /// Lowest and highest value that may be tried.
    pub range: [Amount; 2],
    /// What its values do.
    #[serde(flatten)]
    pub found: Search,
}

/// Several levers moved by the same share of their ways, from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Together {
    /// The levers.
    pub levers: Vec<Moved>,
    /// What shares of the way do.
    #[serde(flatten)]
    pub found: Search,
}

/// One of several levers that are moved together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// Address of the lever.
    pub lever: String,
    /// What its values are.
    pub kind: Kind,
    /// Its present value.
    pub now: Amount,
    /// Its value at the share found, or else at the best share tried.
    pub then: Amount,
    /// The end of its way.
    pub all_the_way: Amount,
}

/// What a search along one lever, or along shares of several, has found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// Where the target is as likely as was asked.
    pub answer: Reach,
    /// The value nearest to the present one at which it is; none where no one
    /// value is the answer.
    pub value: Option<Amount>,
    /// Lower end of the value's 95 % interval by Monte Carlo error alone; none
    /// where the range ends first.
    pub value_low: Option<Amount>,
    /// Upper end of it.
    pub value_high: Option<Amount>,
    /// Likelihood at the value.
    pub likelihood: Option<f64>,
    /// The value at which the target is most likely.
    pub best: Best,
    /// Whether the likelihood only rises, or only falls, along the range.
    pub is_monotone: bool,
    /// Distance between neighbouring values.
    pub step: f64,
    /// Every value tried, in rising order.
    pub tried: Vec<Tried>,
}

/// Where a target is as likely as was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// At every value of the range.
    Everywhere,
    /// At none of them.
    NotReachable,
    /// At none, since no future changes with the lever.
    NoEffect,
    /// At the value and above.
    AtLeast,
    /// At the value and below.
    AtMost,
}

/// The best value tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// The value.
    pub value: Amount,
    /// Likelihood of the target there.
    pub likelihood: f64,
    /// By how much it is kept on average, in its unit; less than 0 where it is
    /// missed.
    pub margin: f64,
}

/// One value tried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// The value.
    pub value: Amount,
    /// Likelihood of the target there.
    pub likelihood: f64,
}

impl Answer {
    /// The answer that a solution is.
    pub fn of(plan: &Plan, solution: &Solution) -> Self {
        let question = &solution.question;
        let replicates = question.replicates;
        let singles = solution.singles.iter();
        Self {
            name: plan.config().forecast.name.clone(),
            scenario: solution.scenario.clone(),
            target: solution.target.name.clone(),
            must_hold: promise(&solution.target),
            metric: solution.target.metric.clone(),
            likelihood_wanted: question.likelihood,
            likelihood_now: share(solution.now, replicates),
            replicates,
            seed: question.seed,
            one_at_a_time: singles.map(|one| Alone::of(one, replicates)).collect(),
            together: solution
                .mix
                .as_ref()
                .map(|mix| Together::of(mix, replicates)),
            futures_played: solution.futures,
            scenario_to_add: scenario(&plan.file, solution),
        }
    }

    /// Whether the scenario is as likely to meet the target as was asked.
    pub fn is_met(&self) -> bool {
        self.likelihood_now >= self.likelihood_wanted - 1e-9
    }

    /// The likelihood asked for, in 100.
    pub fn wanted_in_100(&self) -> f64 {
        in_100(self.likelihood_wanted)
    }

    /// How many of the futures a likelihood is.
    pub fn futures(&self, likelihood: f64) -> u32 {
        (likelihood * f64::from(self.replicates)).round() as u32
    }

    /// The answer as JSON, indented, with a last newline.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("an answer is plain JSON");
        text.push('\n');
        text
    }

    /// Adds the answer to the folder of a run, in the place of an earlier one.
    ///
    /// # Errors
    /// [`OutputError`] where the folder cannot be written.
    pub fn keep(&self, run: &Path) -> Result<(), OutputError> {
        folder::add_to_run(run, FILE_NAME, self.to_json().as_bytes()).map(|_| ())
    }

    /// The answer that a run keeps; none where nobody has asked.
    ///
    /// # Errors
    /// [`OutputError`] where the file is not one that lacsim wrote.
    pub fn read(run: &FinishedRun) -> Result<Option<Self>, OutputError> {
        let Some(path) = run.checked_path_of_some(FILE_NAME)? else {
            return Ok(None);
        };
        let bytes = std::fs::read(&path).map_err(OutputError::io(&path, "read"))?;
        let answer = serde_json::from_slice(&bytes);
        answer
            .map(Some)
            .map_err(OutputError::json(&path, "an answer"))
    }
}

impl Alone {
    fn of(single: &Single, replicates: u32) -> Self {
        let lever = &single.lever;
        Self {
            lever: lever.address.clone(),
            kind: lever.kind,
            now: lever.amount(lever.now),
            range: [lever.range.0, lever.range.1].map(|value| lever.amount(value)),
            found: Search::of(&single.found, replicates, |value| lever.amount(value)),
        }
    }
}

impl Together {
    fn of(mix: &Mix, replicates: u32) -> Self {
        let at = match mix.found.wanted {
            Wanted::From { value, .. } => value,
            _ => mix.found.best.value,
        };
        let moved = |(lever, end): &(Lever, f64)| Moved {
            lever: lever.address.clone(),
            kind: lever.kind,
            now: lever.amount(lever.now),
            then: lever.amount(Mix::value(lever, *end, at)),
            all_the_way: lever.amount(*end),
        };
        Self {
            levers: mix.levers.iter().map(moved).collect(),
            found: Search::of(&mix.found, replicates, Amount::Number),
        }
    }
}

impl Search {
    fn of(found: &Found, replicates: u32, amount: impl Fn(f64) -> Amount) -> Self {
        let (answer, value, ends, met) = match found.wanted {
            Wanted::Everywhere => (Reach::Everywhere, None, [None, None], None),
            Wanted::Nowhere => (Reach::NotReachable, None, [None, None], None),
            Wanted::NoEffect => (Reach::NoEffect, None, [None, None], None),
            Wanted::From {
                value,
                is_above,
                low,
                high,
                met,
            } => {
                let side = if is_above {
                    Reach::AtLeast
                } else {
                    Reach::AtMost
                };
                (side, Some(value), [low, high], Some(met))
            }
        };
        let [value_low, value_high] = ends.map(|end| end.map(&amount));
        let tried = found.tried.iter().map(|&(value, met)| Tried {
            value: amount(value),
            likelihood: share(met, replicates),
        });
        Self {
            answer,
            value: value.map(&amount),
            value_low,
            value_high,
            likelihood: met.map(|met| share(met, replicates)),
            best: Best {
                value: amount(found.best.value),
                likelihood: share(found.best.met, replicates),
                margin: found.best.margin,
            },
            is_monotone: found.is_monotone,
            step: found.step,
            tried: tried.collect(),
        }
    }
}

fn share(met: u32, replicates: u32) -> f64 {
    f64::from(met) / f64::from(replicates)
}

/// A likelihood as a number out of 100 with two decimals at most.
fn in_100(likelihood: f64) -> f64 {
    (likelihood * 1e4).round() / 100.0
}

/// The scenario, as TOML, in which the target is as likely as was asked: the
/// even mix, else the first lever that gets there alone. None where nothing
/// does, or nothing needs to.
fn scenario(file: &ScenarioFile, solution: &Solution) -> Option<String> {
    let question = &solution.question;
    let goal = question.likelihood * f64::from(question.replicates);
    if f64::from(solution.now) >= goal - 1e-9 {
        return None;
    }
    let variant = Variant::new(file, question.scenario).ok()?;
    let of_mix = solution.mix.iter().find_map(|mix| match mix.found.wanted {
        Wanted::From { value, .. } => Some(overrides_of_mix(&variant, &mix.levers, value)),
        _ => None,
    });
    let of_single = || {
        solution
            .singles
            .iter()
            .find_map(|single| match single.found.wanted {
                Wanted::From { value, .. } => Some(single.lever.overrides(&variant, value)),
                _ => None,
            })
    };
    let answer = of_mix.or_else(of_single)?;
    let mut set: Vec<(String, Value)> = variant.set();
    set.retain(|(address, _)| !answer.iter().any(|(other, _)| other == address));
    set.extend(answer);
    let workstreams = variant.workstreams();
    let workstreams =
        workstreams.map_or_else(String::new, |which| format!("workstreams = {which}\n"));
    let mut text = format!(
        "[[scenario]]\nname = \"{SCENARIO}\"\ndescribes = {}\n{workstreams}[scenario.set]\n",
        Value::String(format!(
            "\"{}\" with {} in 100 for \"{}\"",
            solution.scenario,
            in_100(question.likelihood),
            solution.target.name
        ))
    );
    for (address, value) in set {
        let _ = writeln!(text, "{} = {value}", Value::String(address));
    }
    Some(text)
}

//! What drives the uncertainty of a figure: each uncertain quantity's part in
//! it, found from the draws of a finished run.
//!
//! No future is played again, but for Sobol' indices and for the part of
//! capacity. The quantities of a run are drawn independently of each other, so
//! the futures in which one of them happens to be high or low are a fair
//! experiment on it alone.

pub mod capacity;
mod grouping;
#[cfg(test)]
mod known;
pub mod sobol;
mod table;
mod text;

pub use capacity::Parts;
pub use grouping::{Estimate, GivenMean, Ordered, rank_correlation};
pub use sobol::SobolShares;
pub use table::write;

use crate::config::Config;
use crate::config::parameters::ParameterNames;
use crate::engine::Stopped;
use crate::forecast::{SeriesName, TargetResult};
use crate::model::layout::Unit;
use crate::output::{FinishedRun, OutputError};
use crate::units::Date;
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// Replicates below which nothing can be told.
pub const FEWEST_REPLICATES: usize = 100;

/// Standard errors beyond which an effect is told from chance: among a hundred
/// quantities without any effect, one is about once in ten runs.
const CLEAR: f64 = 3.5;

/// Why a run cannot say what drives a figure.
#[derive(Debug, Error)]
pub enum SensitivityError {
    /// The run cannot be read.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Too few replicates.
    #[error(
        "{found} futures are too few to tell what drives the uncertainty: {FEWEST_REPLICATES} or more are needed"
    )]
    TooFew {
        /// How many there are.
        found: usize,
    },
    /// The figure is the same in every replicate.
    #[error("{figure} is the same in every future of \"{scenario}\": nothing drives it")]
    NothingVaries {
        /// What the figure is, in words.
        figure: String,
        /// Scenario.
        scenario: String,
    },
    /// The run's futures, played again, are not those of its files.
    #[error(
        "the run's futures do not come out as they are in its files: was it played by another version?"
    )]
    OtherFutures,
    /// Told to stop.
    #[error("interrupted")]
    Stopped,
}

impl From<Stopped> for SensitivityError {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

/// A number of every future: one series on one date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Metric, such as `population`.
    pub metric: String,
    /// Dimension of the segment, or `all`.
    pub segment_by: String,
    /// Segment, or `all`.
    pub segment: String,
    /// Last day of the period; a flow is that of the financial year if one
    /// closes then, else of the month.
    #[serde(serialize_with = "as_text")]
    pub date: Date,
    /// Unit, as files write it.
    #[serde(serialize_with = "as_word")]
    pub unit: Unit,
}

/// What drives the uncertainty of a figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sensitivity {
    /// Scenario.
    pub scenario: String,
    /// The figure.
    pub figure: Figure,
    /// Number of replicates.
    pub replicates: usize,
    /// Mean of the figure across replicates, in its unit.
    pub mean: f64,
    /// Standard deviation across replicates.
    pub sd: f64,
    /// Every uncertain quantity of the scenario, the greatest contribution first.
    pub parameters: Vec<Effect>,
    /// Share of the variance that the quantities account for, each by itself.
    pub parameter_share: Share,
    /// The rest: chance, and what quantities do only together.
    pub chance_share: f64,
    /// The variance parted between parameters, chance and capacity; none where
    /// something is scarce and futures would have to be played to tell.
    pub parts: Option<Parts>,
    /// Sobol' indices of chance, where they were asked for.
    pub chance_sobol: Option<SobolShares>,
}

/// What one uncertain quantity does to a figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    /// Address of the quantity in the scenario file.
    pub parameter: String,
    /// Where it comes from, as the scenario says.
    pub source: Option<String>,
    /// Share of the figure's variance that it accounts for by itself.
    pub contribution: Share,
    /// Spearman's rank correlation with the figure.
    pub rank_correlation: f64,
    /// Value of the quantity at its 10th percentile, and the figure's mean there.
    pub low: GivenMean,
    /// The same at its 90th percentile.
    pub high: GivenMean,
    /// Whether the effect can be told from chance.
    pub is_clear: bool,
    /// Whether the figure goes one way as the quantity rises, so far as can be
    /// told.
    pub is_monotone: bool,
    /// Sobol' indices, where they were asked for.
    pub sobol: Option<SobolShares>,
}

/// A share of the variance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// The share. About nothing may come out below zero.
    pub share: f64,
    /// Its Monte Carlo standard error.
    pub standard_error: f64,
}

impl Figure {
    /// The figure that a target is judged by.
    pub fn of(target: &TargetResult) -> Self {
        Self {
            metric: target.target.metric.clone(),
            segment_by: target.target.segment_by.clone(),
            segment: target.target.segment.clone(),
            date: target.target.date,
            unit: target.unit,
        }
    }

    /// The figure that answers the file's question: that of the main target,
    /// or the population at the end.
    pub fn main(run: &FinishedRun) -> Self {
        let answer = run.answer();
        match answer.and_then(|forecast| run.main_target(forecast)) {
            Some(target) => Self::of(target),
            None => Self {
                metric: "population".to_owned(),
                segment_by: "all".to_owned(),
                segment: "all".to_owned(),
                date: run.config().forecast.end,
                unit: Unit::Children,
            },
        }
    }

    /// The figure in words: `population on 31 March 2019`.
    pub fn words(&self) -> String {
        let metric = self.metric.replace('_', " ");
        let date = self.date.format("%-d %B %Y");
        match self.segment_by.as_str() {
            "all" => format!("{metric} on {date}"),
            dimension => format!("{metric} of {dimension} {} on {date}", self.segment),
        }
    }

    fn series(&self) -> SeriesName {
        SeriesName {
            metric: self.metric.clone(),
            segment_by: self.segment_by.clone(),
            segment: self.segment.clone(),
            unit: self.unit,
        }
    }
}

impl Share {
    fn of(estimate: Estimate) -> Self {
        Self {
            share: estimate.value,
            standard_error: estimate.standard_error(),
        }
    }
}

/// Works out what drives a figure in one scenario of a run.
///
/// # Errors
/// [`SensitivityError`] where the run kept no replicates of the figure, has
/// fewer than a hundred, or the figure does not vary.
pub fn analyse(
    run: &FinishedRun,
    scenario: &str,
    figure: &Figure,
) -> Result<Sensitivity, SensitivityError> {
    let outcome = run
        .column_on(scenario, &figure.series(), figure.date)?
        .values;
    if outcome.len() < FEWEST_REPLICATES {
        return Err(SensitivityError::TooFew {
            found: outcome.len(),
        });
    }
    let (mean, sd) = moments(&outcome);
    if outcome.iter().all(|&value| value == outcome[0]) {
        return Err(SensitivityError::NothingVaries {
            figure: figure.words(),
            scenario: scenario.to_owned(),
        });
    }
    let configs = used_configs(run, scenario, figure);
    let used = used_parameters(run, &configs);
    let is_scarce = configs.iter().any(|config| capacity::is_scarce(config));
    let mut effects = Vec::new();
    let mut together = Estimate::NOTHING;
    for drawn in run.parameters()? {
        if !used.contains(&drawn.name) {
            continue;
        }
        let ordered = Ordered::new(&drawn.values, &outcome);
        let contribution = ordered.contribution();
        together = together.plus(contribution);
        let correlation = rank_correlation(&drawn.values, &outcome).unwrap_or(0.0);
        let records = &run.manifest().parameters;
        effects.push(Effect {
            source: records
                .iter()
                .find(|one| one.name == drawn.name)
                .and_then(|one| one.source.clone()),
            contribution: Share::of(contribution),
            rank_correlation: correlation,
            low: ordered.outcome_at(0.1),
            high: ordered.outcome_at(0.9),
            is_clear: correlation.abs() * (outcome.len() as f64 - 1.0).sqrt() > CLEAR
                || ordered.surprise() > CLEAR,
            is_monotone: !ordered.turns(),
            sobol: None,
            parameter: drawn.name,
        });
    }
    effects.sort_by(|a, b| {
        let shares = b.contribution.share.total_cmp(&a.contribution.share);
        shares.then_with(|| a.parameter.cmp(&b.parameter))
    });
    Ok(Sensitivity {
        scenario: scenario.to_owned(),
        figure: figure.clone(),
        replicates: outcome.len(),
        mean,
        sd,
        parameters: effects,
        parameter_share: Share::of(together),
        chance_share: 1.0 - together.value,
        parts: (!is_scarce).then(|| Parts::new(Estimate::NOTHING, together)),
        chance_sobol: None,
    })
}

/// Share of the variance of outcomes that some parameters of a run account for,
/// each by itself.
fn parameters_together(
    run: &FinishedRun,
    used: &BTreeSet<String>,
    outcome: &[f64],
) -> Result<Estimate, OutputError> {
    let drawn = run.parameters()?.into_iter();
    let used = drawn.filter(|drawn| used.contains(&drawn.name));
    let each = used.map(|drawn| Ordered::new(&drawn.values, outcome).contribution());
    Ok(each.fold(Estimate::NOTHING, Estimate::plus))
}

/// Scenarios that a figure of one depends on: a difference depends on the
/// comparison too.
fn used_configs<'a>(run: &'a FinishedRun, scenario: &str, figure: &Figure) -> Vec<&'a Config> {
    let config = |name: &str| {
        let mut configs = run.file().scenarios.iter();
        configs.find(|config| config.scenario == name)
    };
    let comparison = figure.series().is_difference();
    let comparison = comparison.then(|| config(&run.manifest().comparison));
    config(scenario)
        .into_iter()
        .chain(comparison.flatten())
        .collect()
}

/// Names of the parameters that these scenarios play.
///
/// Scenarios may give one path different laws, which are then drawn from the
/// same luck: only the one that the first of them plays counts.
fn used_parameters(run: &FinishedRun, configs: &[&Config]) -> BTreeSet<String> {
    let names = ParameterNames::of(run.file());
    let mut used: BTreeMap<&str, String> = BTreeMap::new();
    for config in configs {
        for (path, law) in config.laws() {
            used.entry(path).or_insert_with(|| names.name(path, law));
        }
    }
    used.into_values().collect()
}

/// Mean and standard deviation (n - 1).
fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0)).sqrt())
}

fn as_text<S: Serializer>(date: &Date, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(date)
}

fn as_word<S: Serializer>(unit: &Unit, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(unit.word())
}

//! How many replicates the likelihoods of a run's targets need.

use super::{Plan, RunError};
use crate::forecast::quantiles::Z_95;
use crate::forecast::{ScenarioForecast, TargetResult};

/// Replicates are added in steps of so many.
const STEP: u32 = 32;

/// How narrow the 95 % interval of every target's likelihood is to be.
///
/// A run under it plays a tenth of the replicates that would be enough for any
/// likelihood, works out how many the widest interval then needs, and plays
/// that many from the first on; so it is the same run as one that was asked for
/// that number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Precision {
    /// Widest half of an interval, as a share: 0.01 for one point.
    pub half_width: f64,
    /// Most replicates to play, whatever comes of it.
    pub most: u32,
}

/// Half the width of the 95 % interval of Wilson (1927) around a share.
fn half_width(share: f64, replicates: f64) -> f64 {
    let variance = share * (1.0 - share) / replicates;
    let square = Z_95 * Z_95 / replicates;
    Z_95 * (variance + square / (4.0 * replicates)).sqrt() / (1.0 + square)
}

impl Precision {
    /// Replicates that are enough for a likelihood: whole steps of them, up to
    /// the most that may be played.
    fn enough_for(self, share: f64) -> u32 {
        // The half-width falls with every replicate more.
        let is_enough = |steps: u32| half_width(share, f64::from(steps * STEP)) <= self.half_width;
        let (mut few, mut many) = (0, self.most.div_ceil(STEP));
        while many - few > 1 {
            let middle = few + (many - few) / 2;
            if is_enough(middle) {
                many = middle;
            } else {
                few = middle;
            }
        }
        (many * STEP).min(self.most)
    }

    /// Replicates that are enough whatever the likelihoods are: even chances
    /// need most.
    pub fn enough_for_any(self) -> u32 {
        self.enough_for(0.5)
    }

    /// Replicates of the first round.
    pub fn first_round(self) -> u32 {
        let tenth = self.enough_for_any().div_ceil(10);
        tenth.next_multiple_of(STEP).min(self.most)
    }

    /// Replicates of the next round, after what one has found; none where it
    /// was enough or no more may be played.
    pub fn next_round(self, forecasts: &[ScenarioForecast]) -> Option<u32> {
        let results = || forecasts.iter().flat_map(|one| &one.targets);
        let played = results().map(|one| one.replicates).max()?;
        let is_enough = results().all(|one| half_of(one) <= self.half_width);
        if is_enough || played >= self.most {
            return None;
        }
        // What lies nearest to even chances among the likelihoods that the
        // round leaves possible needs most.
        let needed = results()
            .map(|one| self.enough_for(0.5_f64.clamp(one.probability_low, one.probability_high)))
            .max()?;
        Some(needed.max(played + 1).min(self.most))
    }

    /// That there is a target to be precise about.
    ///
    /// # Errors
    /// [`RunError::Mistake`] where the file has none.
    pub fn check(plan: &Plan) -> Result<(), RunError> {
        if plan.targets.is_empty() {
            return Err(RunError::Mistake(format!(
                "error: {}: --precision needs a [[target]] whose likelihood is to be precise\n",
                plan.file.document.file
            )));
        }
        Ok(())
    }
}

fn half_of(result: &TargetResult) -> f64 {
    (result.probability_high - result.probability_low) / 2.0
}

/// How precise a run has become, and why it stopped there.
#[derive(Debug, Clone, PartialEq)]
pub struct Reached {
    /// What was asked.
    pub precision: Precision,
    /// Replicates played.
    pub replicates: u32,
    /// Half the width of the widest interval, as a share.
    pub widest: f64,
    /// Scenario and target of it.
    pub at: (String, String),
}

impl Reached {
    /// What the last round has found; none without targets.
    pub fn new(precision: Precision, forecasts: &[ScenarioForecast]) -> Option<Self> {
        let results = forecasts
            .iter()
            .flat_map(|one| one.targets.iter().map(|target| (&one.scenario, target)));
        let (scenario, widest) = results.max_by(|a, b| half_of(a.1).total_cmp(&half_of(b.1)))?;
        Some(Self {
            precision,
            replicates: widest.replicates,
            widest: half_of(widest),
            at: (scenario.clone(), widest.target.name.clone()),
        })
    }

    /// Whether every interval is narrow enough.
    pub fn is_narrow(&self) -> bool {
        self.widest <= self.precision.half_width
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::targets::wilson_interval;

    fn precision(half_width: f64) -> Precision {
        Precision {
            half_width,
            most: 1_000_000,
        }
    }

    #[test]
    fn half_widths_are_those_of_wilsons_interval() {
        for (met, replicates) in [(0, 32), (27, 100), (5_000, 10_000), (320, 320)] {
            let (low, high) = wilson_interval(met, replicates);
            let share = f64::from(met) / f64::from(replicates);
            let found = half_width(share, f64::from(replicates));
            assert!((found - (high - low) / 2.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_fewest_steps_that_are_enough_are_found() {
        // z²/(4h²) − z² = 9,599.8 for one point: 300 steps.
        assert_eq!(precision(0.01).enough_for_any(), 300 * 32);
        for share in [0.0, 0.02, 0.3, 0.5, 0.9] {
            for points in [0.003, 0.01, 0.05] {
                let enough = precision(points).enough_for(share);
                assert!(half_width(share, f64::from(enough)) <= points);
                let fewer = f64::from(enough) - 32.0;
                assert!(fewer == 0.0 || half_width(share, fewer) > points);
            }
        }
    }

    #[test]
    fn no_more_than_the_most_are_played() {
        let precision = Precision {
            half_width: 0.001,
            most: 1_000,
        };
        assert_eq!(precision.enough_for_any(), 1_000);
        assert_eq!(precision.first_round(), 128);
    }
}

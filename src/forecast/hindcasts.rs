//! Forecasts of the past beside what happened, one by one and all together.

use super::quantiles::{LEVELS, quantile};
use super::scores::{Law, Mean, PIT_BINS, RANGES, clustered_mean, pit_histogram, randomised_pit};
use crate::units::{DAYS_PER_YEAR, Date, days_between};
use serde::Serialize;

/// Simple rules that a forecast is measured against, in the order of
/// [`Hindcast::baselines`].
pub const BASELINES: [&str; 3] = ["persistence", "random walk with drift", "last year's flows"];

/// Fewest pairs of origin and horizon that carry a verdict.
pub const FEWEST_PAIRS: usize = 20;

/// Fewest origins that carry a verdict: pairs of one origin share its luck.
pub const FEWEST_ORIGINS: usize = 5;

/// One forecast from a past origin, made with what was known then, and what
/// happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Hindcast {
    /// What is forecast: `population`, `admissions` or `exits`.
    pub metric: String,
    /// Last day of what was known.
    pub origin: Date,
    /// For a flow, the day before the first that counts.
    pub since: Option<Date>,
    /// Date of the count, or last day that counts.
    pub date: Date,
    /// What happened, in children.
    pub observed: f64,
    /// Mean across replicates.
    pub mean: f64,
    /// Standard deviation across replicates; 0 for a single one.
    pub sd: f64,
    /// Percentiles at [`LEVELS`].
    pub percentiles: [f64; 7],
    /// Number of replicates.
    pub replicates: u32,
    /// Randomised probability integral transform.
    pub pit: f64,
    /// Fair continuous ranked probability score, in children.
    pub crps: f64,
    /// What the rules of [`BASELINES`] said, where enough was known.
    pub baselines: [Option<Baseline>; 3],
}

/// What a simple rule said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Baseline {
    /// Mean of its forecast.
    pub mean: f64,
    /// Standard deviation; None where the rule gives one number only.
    pub sd: Option<f64>,
    /// Its score, in children.
    pub crps: f64,
}

impl Baseline {
    /// Scores a rule's forecast, a normal law or a point.
    fn new(law: &Law, observed: f64) -> Self {
        Self {
            mean: law.mean(),
            sd: match law {
                Law::Normal { sd, .. } => Some(*sd),
                Law::Ensemble(_) | Law::Point(_) => None,
            },
            crps: law.crps(observed),
        }
    }

    /// Whether the central range of this probability held the outcome.
    fn holds(&self, range: f64, observed: f64) -> Option<bool> {
        let (mean, sd) = (self.mean, self.sd?);
        Law::Normal { mean, sd }.holds(range, observed)
    }
}

/// What was forecast, from when, and what happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// `population`, `admissions` or `exits`.
    pub metric: &'static str,
    /// Last day of what was known.
    pub origin: Date,
    /// For a flow, the day before the first that counts.
    pub since: Option<Date>,
    /// Date of the count, or last day that counts.
    pub date: Date,
    /// In children.
    pub observed: f64,
}

impl Hindcast {
    /// Months from the origin to the end of what is forecast.
    pub fn months_ahead(&self) -> i64 {
        let days = f64::from(days_between(self.origin, self.date));
        (days / DAYS_PER_YEAR * 12.0).round() as i64
    }

    /// Scores replicates of a forecast, and the simple rules, by what happened.
    /// `luck`, from 0 to 1, breaks ties of the transform.
    ///
    /// # Panics
    /// Without replicates.
    pub fn new(
        outcome: &Outcome,
        replicates: Vec<f64>,
        baselines: &[Option<Law>; 3],
        luck: f64,
    ) -> Self {
        let law = Law::ensemble(replicates);
        let Law::Ensemble(values) = &law else {
            unreachable!("an ensemble was made")
        };
        let (mean, observed) = (law.mean(), outcome.observed);
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let degrees = (values.len() - 1).max(1) as f64;
        Self {
            metric: outcome.metric.to_owned(),
            origin: outcome.origin,
            since: outcome.since,
            date: outcome.date,
            observed,
            mean,
            sd: (squares / degrees).sqrt(),
            percentiles: LEVELS.map(|level| quantile(values, level)),
            replicates: values.len() as u32,
            pit: randomised_pit(values, observed, luck),
            crps: law.crps(observed),
            baselines: std::array::from_fn(|rule| {
                let law = baselines[rule].as_ref()?;
                Some(Baseline::new(law, observed))
            }),
        }
    }

    /// The central ranges of [`RANGES`], low and high end.
    pub fn ranges(&self) -> [(f64, f64); 3] {
        let p = self.percentiles;
        [(p[2], p[4]), (p[1], p[5]), (p[0], p[6])]
    }

    /// Whether each of them held the outcome, ends included.
    pub fn inside(&self) -> [bool; 3] {
        self.ranges()
            .map(|(low, high)| (low..=high).contains(&self.observed))
    }
}

/// How good the forecasts of one metric were, over all origins and horizons.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scorecard {
    /// The metric.
    pub metric: String,
    /// Pairs of origin and horizon.
    pub pairs: usize,
    /// Clusters that standard errors allow for: origins, or councils.
    pub clusters: usize,
    /// Share of outcomes inside the ranges of [`RANGES`].
    pub coverage: [Mean; 3],
    /// Mean of forecast less outcome, in children.
    pub bias: Mean,
    /// Mean score, in children.
    pub crps: Mean,
    /// Transforms in ten bins.
    pub pit_histogram: [u32; PIT_BINS],
    /// The simple rules.
    pub baselines: Vec<BaselineCard>,
    /// What to make of it.
    pub verdict: Verdict,
}

/// How good a simple rule was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BaselineCard {
    /// The rule, one of [`BASELINES`].
    pub rule: &'static str,
    /// Pairs for which enough was known to apply it.
    pub pairs: usize,
    /// Its mean score, in children.
    pub crps: f64,
    /// The model's mean score over the same pairs.
    pub crps_of_model: f64,
    /// The model's score less the rule's, pair by pair.
    pub difference: Mean,
    /// Mean of forecast less outcome, in children.
    pub bias: f64,
    /// Share of outcomes inside its 8-in-10 range, where it has one.
    pub coverage_80: Option<f64>,
}

/// What coverage says of the ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Too few pairs, or too few origins.
    TooFew,
    /// The 8-in-10 range held as many outcomes as it should, as far as so many
    /// can tell.
    NoSignOfError,
    /// It held too few.
    TooNarrow,
    /// It held too many.
    TooWide,
}

impl Scorecard {
    /// Scores the hindcasts of one metric, each with the cluster it belongs
    /// to; those of a cluster stand together. None without any.
    pub fn new(metric: &str, clustered: &[(usize, &Hindcast)]) -> Option<Self> {
        let of_metric: Vec<(usize, &Hindcast)> = clustered
            .iter()
            .filter(|(_, one)| one.metric == metric)
            .copied()
            .collect();
        let mean_of = |value: &dyn Fn(&Hindcast) -> f64| {
            let values: Vec<(usize, f64)> = of_metric
                .iter()
                .map(|&(cluster, one)| (cluster, value(one)))
                .collect();
            clustered_mean(&values)
        };
        let inside = |range: usize| mean_of(&|one| f64::from(u8::from(one.inside()[range])));
        let coverage = [inside(0)?, inside(1)?, inside(2)?];
        let clusters = of_metric.chunk_by(|a, b| a.0 == b.0).count();
        Some(Self {
            metric: metric.to_owned(),
            pairs: of_metric.len(),
            clusters,
            coverage,
            bias: mean_of(&|one| one.mean - one.observed)?,
            crps: mean_of(&|one| one.crps)?,
            pit_histogram: pit_histogram(of_metric.iter().map(|(_, one)| one.pit)),
            baselines: (0..BASELINES.len())
                .filter_map(|rule| BaselineCard::new(rule, &of_metric))
                .collect(),
            verdict: verdict(of_metric.len(), clusters, &coverage[1]),
        })
    }

    /// Scores the hindcasts of one council, whose origins are the clusters.
    pub fn by_origin(metric: &str, hindcasts: &[Hindcast]) -> Option<Self> {
        let mut sorted: Vec<&Hindcast> = hindcasts.iter().collect();
        sorted.sort_by_key(|one| one.origin);
        let mut clustered: Vec<(usize, &Hindcast)> = Vec::new();
        for one in sorted {
            let cluster = match clustered.last() {
                Some(&(cluster, last)) if last.origin == one.origin => cluster,
                Some(&(cluster, _)) => cluster + 1,
                None => 0,
            };
            clustered.push((cluster, one));
        }
        Self::new(metric, &clustered)
    }
}

impl BaselineCard {
    fn new(rule: usize, clustered: &[(usize, &Hindcast)]) -> Option<Self> {
        let both: Vec<(usize, &Hindcast, Baseline)> = clustered
            .iter()
            .filter_map(|&(cluster, one)| Some((cluster, one, one.baselines[rule]?)))
            .collect();
        let differences: Vec<(usize, f64)> = both
            .iter()
            .map(|(cluster, one, said)| (*cluster, one.crps - said.crps))
            .collect();
        let difference = clustered_mean(&differences)?;
        let count = both.len() as f64;
        let held: Vec<bool> = both
            .iter()
            .filter_map(|(_, one, said)| said.holds(RANGES[1], one.observed))
            .collect();
        Some(Self {
            rule: BASELINES[rule],
            pairs: both.len(),
            crps: both.iter().map(|(_, _, said)| said.crps).sum::<f64>() / count,
            crps_of_model: both.iter().map(|(_, one, _)| one.crps).sum::<f64>() / count,
            difference,
            bias: both
                .iter()
                .map(|(_, one, said)| said.mean - one.observed)
                .sum::<f64>()
                / count,
            coverage_80: (!held.is_empty())
                .then(|| held.iter().filter(|&&held| held).count() as f64 / held.len() as f64),
        })
    }
}

/// The two-sided 95 % point of Student's t, by the expansion of Abramowitz &
/// Stegun (1964), 26.7.5: what two standard errors become for few clusters.
fn student_95(degrees: f64) -> f64 {
    let z = super::quantiles::Z_95;
    let cube = z * z * z;
    let fifth = cube * z * z;
    z + (cube + z) / (4.0 * degrees)
        + (5.0 * fifth + 16.0 * cube + 3.0 * z) / (96.0 * degrees * degrees)
}

/// Coverage of the 8-in-10 range against 80 %, at a false-alarm rate of 1 in 20.
fn verdict(pairs: usize, clusters: usize, coverage: &Mean) -> Verdict {
    let Some(error) = coverage.standard_error else {
        return Verdict::TooFew;
    };
    if pairs < FEWEST_PAIRS || clusters < FEWEST_ORIGINS {
        return Verdict::TooFew;
    }
    // Where every outcome was held the clustered error is 0; that of
    // independent outcomes at 80 % is the least that can be claimed.
    let target = RANGES[1];
    let least = (target * (1.0 - target) / pairs as f64).sqrt();
    let distance = (coverage.mean - target) / error.max(least);
    let limit = student_95((clusters - 1) as f64);
    if distance < -limit {
        Verdict::TooNarrow
    } else if distance > limit {
        Verdict::TooWide
    } else {
        Verdict::NoSignOfError
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i32) -> Date {
        Date::from_ymd_opt(year, 3, 31).unwrap()
    }

    /// Replicates 0 to 100, an outcome, and persistence at 50.
    fn hindcast(origin: i32, observed: f64) -> Hindcast {
        let outcome = Outcome {
            metric: "population",
            origin: date(origin),
            since: None,
            date: date(origin + 1),
            observed,
        };
        let persistence = Law::Normal {
            mean: 50.0,
            sd: 10.0,
        };
        let replicates = (0..=100).map(f64::from).collect();
        Hindcast::new(&outcome, replicates, &[Some(persistence), None, None], 0.5)
    }

    #[test]
    fn a_hindcast_holds_its_ranges_and_scores() {
        let one = hindcast(2015, 85.0);
        assert_eq!(one.ranges(), [(25.0, 75.0), (10.0, 90.0), (5.0, 95.0)]);
        assert_eq!(one.inside(), [false, true, true]);
        assert_eq!((one.mean, one.replicates), (50.0, 101));
        assert_eq!(one.baselines[1], None);
        let said = one.baselines[0].unwrap();
        assert_eq!((said.mean, said.sd), (50.0, Some(10.0)));
        assert_eq!(said.holds(0.8, 85.0), Some(false));
    }

    #[test]
    fn few_clusters_need_more_standard_errors() {
        // Tables of Student's t: 2.776 for 4 degrees, 2.262 for 9.
        assert!((student_95(4.0) - 2.776).abs() < 0.06);
        assert!((student_95(9.0) - 2.262).abs() < 0.01);
        assert!((student_95(1e6) - 1.960).abs() < 0.001);
    }

    #[test]
    fn few_pairs_or_few_origins_carry_no_verdict() {
        let few: Vec<Hindcast> = (0..19).map(|year| hindcast(2000 + year, 50.0)).collect();
        let card = Scorecard::by_origin("population", &few).unwrap();
        assert_eq!(card.verdict, Verdict::TooFew);
        let one_origin: Vec<Hindcast> = (0..40).map(|_| hindcast(2000, 50.0)).collect();
        let card = Scorecard::by_origin("population", &one_origin).unwrap();
        assert_eq!((card.clusters, card.verdict), (1, Verdict::TooFew));
        assert_eq!(card.coverage[1].standard_error, None);
        assert_eq!(Scorecard::by_origin("exits", &few), None);
    }

    #[test]
    fn the_verdict_follows_the_coverage_of_eight_in_ten() {
        let card = |inside: i32| {
            let all: Vec<Hindcast> = (0..40)
                .map(|year| hindcast(1980 + year, if year < inside { 50.0 } else { 97.0 }))
                .collect();
            Scorecard::by_origin("population", &all).unwrap()
        };
        assert_eq!(card(32).verdict, Verdict::NoSignOfError);
        assert_eq!(card(20).verdict, Verdict::TooNarrow);
        assert_eq!(card(40).verdict, Verdict::TooWide);
        assert_eq!(card(32).coverage[1].mean, 0.8);
        // Every outcome below the top sits in the fifth or sixth bin.
        assert_eq!(card(20).pit_histogram[9], 20);
        let baseline = &card(40).baselines[0];
        assert_eq!((baseline.rule, baseline.pairs), ("persistence", 40));
        assert_eq!(baseline.coverage_80, Some(1.0));
        // A narrower law around the outcome scores better than a wide one.
        assert!(baseline.difference.mean > 0.0);
    }
}

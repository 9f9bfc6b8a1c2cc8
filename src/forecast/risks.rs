//! The risk register: likelihood times impact on the council's matrix, quarter
//! by quarter.
//!
//! A risk is that a metric breaches its limit. On the last day of each calendar
//! quarter its *likelihood* is the band of the share of futures with a breach,
//! its *impact* the band of the median breach among those futures, and its
//! *score* the product. A stock is read on the day; a flow such as spend is that
//! of the whole financial year that holds the day, so that the quarters of a
//! year have one score; part-years are left out.
//!
//! A target score is *reached* in a future if the risk does not come true in it
//! on the target date, or if the impact band of that future's own breach, times
//! the likelihood band of that date, is no more than the target score.

use super::columns::{Catalogue, Entry, ScenarioColumns};
use super::quantiles::quantile;
use super::targets::{likelihood_words, wilson_interval};
use crate::config::risks::Risk;
use crate::model::layout::{Kind, Period, Unit};
use crate::units::{Date, financial_year_end};
use chrono::Datelike;

/// What the replicates of one scenario say about one risk.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskResult {
    /// Scenario.
    pub scenario: String,
    /// The risk.
    pub risk: Risk,
    /// Unit of the limit and the breach.
    pub unit: Unit,
    /// Scores by date.
    pub scores: Vec<Score>,
    /// Futures that reach the target score on its date.
    pub reached: Option<u32>,
    /// Number of futures.
    pub replicates: u32,
}

/// A risk on one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The day.
    pub date: Date,
    /// Futures with a breach.
    pub breaches: u32,
    /// Median breach among them, in the metric's unit.
    pub breach: Option<f64>,
    /// Likelihood band, 1 to 5.
    pub likelihood: u32,
    /// Impact band, 1 to 5.
    pub impact: u32,
    /// Direction of travel since the score before it: `up`, `down`, `level`, or
    /// `not known` where there is none.
    pub travel: &'static str,
}

impl Score {
    /// Likelihood times impact.
    pub fn score(&self) -> u32 {
        self.likelihood * self.impact
    }
}

impl RiskResult {
    /// Red, amber or green.
    pub fn rating(&self, score: u32) -> &'static str {
        match score {
            score if score >= self.risk.red_from => "red",
            score if score >= self.risk.amber_from => "amber",
            _ => "green",
        }
    }

    /// Share of futures that reach the target score, with its 95 % Wilson
    /// interval.
    pub fn likelihood_of_target(&self) -> Option<[f64; 3]> {
        let reached = self.reached?;
        let (low, high) = wilson_interval(reached, self.replicates);
        Some([f64::from(reached) / f64::from(self.replicates), low, high])
    }

    /// The same for people.
    pub fn words_of_target(&self) -> Option<String> {
        Some(likelihood_words(self.reached?, self.replicates))
    }

    /// The score to tell: on the target's date, else the last.
    pub fn headline(&self) -> Option<&Score> {
        let date = self.risk.target.map(|(_, by)| by);
        let named = self.scores.iter().find(|one| Some(one.date) == date);
        named.or(self.scores.last())
    }
}

/// Whether a risk can be scored.
///
/// # Errors
/// A message for a series that is not counted, or a target score for a year of
/// which only a part is known.
pub(crate) fn check(catalogue: &Catalogue<'_>, risk: &Risk) -> Result<(), String> {
    let (metric, by, segment) = (&risk.metric, &risk.segment_by, &risk.segment);
    let entry = catalogue
        .find(metric, by, segment)
        .ok_or_else(|| format!("no series {metric} by {by} = \"{segment}\" is counted"))?;
    let Some((_, date)) = risk.target else {
        return Ok(());
    };
    match catalogue.period_closing(entry, date) {
        Some(period) if catalogue.is_whole(entry, period) => Ok(()),
        _ => Err(format!(
            "{metric} is known for a part of the year to {date} only, and has no score"
        )),
    }
}

/// Scores a risk, in the order of dates.
///
/// # Panics
/// For a series that the catalogue does not hold.
pub(crate) fn judge(scenario: &str, columns: &ScenarioColumns, risk: &Risk) -> RiskResult {
    let catalogue = columns.catalogue();
    let entry = catalogue
        .find(&risk.metric, &risk.segment_by, &risk.segment)
        .expect("risks are checked against the catalogue");
    let mut before = risk.previous_score;
    let mut scores: Vec<Score> = Vec::new();
    let mut reached = None;
    let mut replicates = 0;
    for (date, period) in days(columns, entry, risk) {
        let breaches = breaches(columns, entry, period, risk);
        replicates = breaches.len() as u32;
        let mut score = score(&breaches, date, risk);
        score.travel = travel(before, score.score());
        before = Some(score.score());
        if let Some((target, by)) = risk.target
            && by == date
        {
            let stays = |breach: &&f64| {
                **breach <= 0.0 || score.likelihood * impact_band(**breach, risk) <= target
            };
            reached = Some(breaches.iter().filter(stays).count() as u32);
        }
        scores.push(score);
    }
    RiskResult {
        scenario: scenario.to_owned(),
        risk: risk.clone(),
        unit: entry.name.unit,
        scores,
        reached,
        replicates,
    }
}

/// Days on which a risk is scored, each with the period that is read: ends of
/// quarters, and the date of the target.
fn days(columns: &ScenarioColumns, entry: &Entry, risk: &Risk) -> Vec<(Date, Period)> {
    let catalogue = columns.catalogue();
    let calendar = catalogue.calendar();
    (0..calendar.months())
        .filter_map(|month| {
            let date = calendar.month_date(month);
            let is_target = risk.target.is_some_and(|(_, by)| by == date);
            if !date.month().is_multiple_of(3) && !is_target {
                return None;
            }
            let period = match entry.kind {
                Kind::Stock => Period::Month(month),
                Kind::Flow => {
                    let year = calendar.financial_year_ending(financial_year_end(date))?;
                    Period::FinancialYear(year)
                }
            };
            catalogue.is_whole(entry, period).then_some((date, period))
        })
        .collect()
}

/// How far each future is beyond the limit; 0 or less where it is within.
fn breaches(columns: &ScenarioColumns, entry: &Entry, period: Period, risk: &Risk) -> Vec<f64> {
    let whole = columns.whole(entry, period);
    whole
        .values
        .iter()
        .map(|&value| {
            let beyond = whole.scale.written(value) - risk.limit;
            if risk.is_at_most { beyond } else { -beyond }
        })
        .collect()
}

fn score(breaches: &[f64], date: Date, risk: &Risk) -> Score {
    let mut sizes: Vec<f64> = breaches.iter().copied().filter(|one| *one > 0.0).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    let breach = (!sizes.is_empty()).then(|| quantile(&sizes, 0.5));
    let share = sizes.len() as f64 / breaches.len() as f64;
    let above = risk.likelihood.iter().filter(|one| share > **one).count();
    Score {
        date,
        breaches: sizes.len() as u32,
        breach,
        likelihood: 1 + above as u32,
        impact: breach.map_or(1, |breach| impact_band(breach, risk)),
        travel: "",
    }
}

fn impact_band(breach: f64, risk: &Risk) -> u32 {
    1 + risk.impact.iter().filter(|one| breach >= **one).count() as u32
}

fn travel(before: Option<u32>, now: u32) -> &'static str {
    match before {
        None => "not known",
        Some(before) if now > before => "up",
        Some(before) if now < before => "down",
        Some(_) => "level",
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_run::{date, layout, tiles};
    use super::super::{Comparison, Context};
    use super::*;

    fn risk() -> Risk {
        Risk {
            name: "numbers".into(),
            owner: None,
            metric: "population".into(),
            segment_by: "all".into(),
            segment: "all".into(),
            is_at_most: true,
            limit: 9.0,
            impact: [2.0, 5.0, 8.0, 11.0],
            likelihood: [0.05, 0.2, 0.5, 0.8],
            red_from: 15,
            amber_from: 6,
            previous_score: Some(20),
            target: Some((8, date(2018, 4, 30))),
        }
    }

    fn judged(risk: &Risk, children: impl Fn(usize, usize) -> i32) -> RiskResult {
        let layout = layout();
        let tiles = tiles(20, children);
        let comparison = Comparison::new(&layout, &tiles);
        let context = Context::default();
        let catalogue = Catalogue::new(&layout, &context);
        let columns = ScenarioColumns::new(&catalogue, &tiles, &comparison);
        judge("plan", &columns, risk)
    }

    /// 0 to 19 children at the end of March, one more in April. March: 10 of 20
    /// futures breach 9, by 1 to 10: likelihood 0.5 is band 3, the median 5.5 is
    /// band 3. April: 11 futures breach by 1 to 11: band 4, and the median 6 band
    /// 3.
    #[test]
    fn a_risk_is_scored_by_hand() {
        let result = judged(&risk(), |replicate, month| {
            replicate as i32 + i32::from(month == 3)
        });
        let march = &result.scores[0];
        assert_eq!((march.date, march.breaches), (date(2018, 3, 31), 10));
        assert_eq!(march.breach, Some(5.5));
        assert_eq!((march.likelihood, march.impact, march.score()), (3, 3, 9));
        assert_eq!(march.travel, "down");
        let april = &result.scores[1];
        assert_eq!((april.likelihood, april.impact, april.score()), (4, 3, 12));
        assert_eq!((april.breach, april.travel), (Some(6.0), "up"));
        assert_eq!(result.rating(12), "amber");
        assert_eq!((result.rating(15), result.rating(5)), ("red", "green"));
        // At likelihood 4 a score of 8 allows impact 2: a breach below 5. Nine
        // futures have none, four have 1 to 4.
        assert_eq!(result.reached, Some(13));
    }

    #[test]
    fn a_risk_that_never_comes_true_scores_one() {
        let result = judged(&risk(), |_, _| 9);
        assert!(result.scores.iter().all(|one| one.score() == 1));
        assert_eq!(result.reached, Some(20));
    }

    #[test]
    fn a_limit_from_below_is_breached_by_less() {
        let below = Risk {
            is_at_most: false,
            ..risk()
        };
        // All 4 short of 9.
        let result = judged(&below, |_, _| 5);
        let march = &result.scores[0];
        assert_eq!(
            (march.breach, march.likelihood, march.impact),
            (Some(4.0), 5, 2)
        );
        // Likelihood 5, impact 2: more than 8 in every future.
        assert_eq!(result.reached, Some(0));
    }

    #[test]
    fn part_years_of_a_flow_have_no_score() {
        let spend = Risk {
            metric: "spend".into(),
            target: None,
            ..risk()
        };
        assert!(judged(&spend, |_, _| 5).scores.is_empty());
    }
}

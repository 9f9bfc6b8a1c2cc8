//! Targets: how likely each is, by how much it is missed, and when it is first
//! reached.

use super::columns::{Entry, Scale, ScenarioColumns, is_difference};
use super::quantiles::{Z_95, percentiles};
use crate::model::layout::{Kind, Period, Unit};
use crate::units::Date;
use std::convert::Infallible;
use thiserror::Error;

/// Which side of the threshold is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The value is to be at most the threshold.
    AtMost,
    /// The value is to be at least the threshold.
    AtLeast,
}

impl Direction {
    /// The word written to files.
    pub fn word(self) -> &'static str {
        match self {
            Self::AtMost => "at_most",
            Self::AtLeast => "at_least",
        }
    }

    pub(crate) fn is_met(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::AtMost => value <= threshold,
            Self::AtLeast => value >= threshold,
        }
    }
}

/// When the threshold is to be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// On the date itself.
    OnDate,
    /// In some period up to the date.
    EverBy,
}

impl Test {
    /// The word written to files.
    pub fn word(self) -> &'static str {
        match self {
            Self::OnDate => "on_date",
            Self::EverBy => "ever_by",
        }
    }
}

/// A number to reach by a date.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// Name, such as `Plan in full`.
    pub name: String,
    /// Metric, such as `population` or `saving_net`.
    pub metric: String,
    /// Dimension of the segment, or `all`.
    pub segment_by: String,
    /// Segment, or `all`.
    pub segment: String,
    /// Last day of the period that is judged.
    pub date: Date,
    /// Which side of the threshold is wanted.
    pub direction: Direction,
    /// Threshold in written units: children, pounds.
    pub threshold: f64,
    /// When it is to be met.
    pub test: Test,
}

/// Why a target cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TargetError {
    /// The run counts no such series.
    #[error("target \"{target}\": no series {metric} by {segment_by} = \"{segment}\" is counted")]
    UnknownSeries {
        /// Name of the target.
        target: String,
        /// Metric asked for.
        metric: String,
        /// Dimension asked for.
        segment_by: String,
        /// Segment asked for.
        segment: String,
    },
    /// The date closes no period with a known value.
    #[error("target \"{target}\": {metric} is not known for a period that closes on {date}")]
    NoPeriod {
        /// Name of the target.
        target: String,
        /// Metric asked for.
        metric: String,
        /// Date asked for.
        date: Date,
    },
}

impl TargetError {
    pub(crate) fn unknown_series(target: &Target) -> Self {
        Self::UnknownSeries {
            target: target.name.clone(),
            metric: target.metric.clone(),
            segment_by: target.segment_by.clone(),
            segment: target.segment.clone(),
        }
    }

    pub(crate) fn no_period(target: &Target) -> Self {
        Self::NoPeriod {
            target: target.name.clone(),
            metric: target.metric.clone(),
            date: target.date,
        }
    }
}

/// What the replicates of one scenario say about one target.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetResult {
    /// The target.
    pub target: Target,
    /// Unit of the threshold and of the gap.
    pub unit: Unit,
    /// Share of replicates that meet it.
    pub probability: f64,
    /// Lower end of the 95 % Wilson interval: Monte Carlo error alone.
    pub probability_low: f64,
    /// Upper end of the 95 % Wilson interval.
    pub probability_high: f64,
    /// Word for the probability on the PHIA yardstick.
    pub yardstick: &'static str,
    /// Value on the date less the threshold: p10, p50 and p90.
    pub gap: [f64; 3],
    /// Date by which 10, 50 and 90 % of replicates have first met the
    /// threshold; none where so many never do within the forecast.
    pub first_reached: [Option<Date>; 3],
    /// Replicates that meet it.
    pub met: u32,
    /// Number of replicates.
    pub replicates: u32,
    /// Whether the value judged covers only part of a financial year.
    pub is_part_year: bool,
}

impl TargetResult {
    /// The likelihood in a number and a word.
    pub fn likelihood(&self) -> String {
        likelihood_words(self.met, self.replicates)
    }

    /// The same for a scenario that may be the one that differences are taken
    /// from: its own are nothing, whatever happens.
    pub fn likelihood_beside(&self, scenario: &str, comparison: &str) -> String {
        match scenario == comparison && is_difference(&self.target.metric) {
            true => "-".to_owned(),
            false => self.likelihood(),
        }
    }
}

/// Shares of replicates that `first_reached` dates.
const REACHED_PERCENT: [usize; 3] = [10, 50, 90];

/// Marks a replicate that never meets the threshold.
const NEVER: u32 = u32::MAX;

/// Judges one target.
///
/// A stock is read at the month end, a flow over the financial year that closes
/// on the date, else over the month. "Ever by" and the date first reached look
/// at every such period of the forecast; part-years of a flow are left out,
/// since a total over half a year says nothing about a year's threshold.
///
/// # Panics
/// For a target that [`Catalogue::check`](super::Catalogue::check) refuses.
pub(crate) fn judge(columns: &ScenarioColumns, target: &Target) -> TargetResult {
    let catalogue = columns.catalogue();
    let (entry, period) = judged_period(columns, target);
    let periods = comparable_periods(columns, entry, period);
    let whole = columns.whole(entry, period);
    let first = first_met(columns, entry, &periods, target);
    let met = count(met_by_each(columns, target).iter(), |&&met| met);
    let replicates = first.len();
    let (probability_low, probability_high) = wilson_interval(met, replicates as u32);
    let levels = percentiles(&whole.values, whole.scale, [0.1, 0.5, 0.9]);
    TargetResult {
        target: target.clone(),
        unit: entry.name.unit,
        probability: f64::from(met) / replicates as f64,
        probability_low,
        probability_high,
        yardstick: yardstick(f64::from(met) / replicates as f64),
        gap: levels.map(|value| value - target.threshold),
        first_reached: REACHED_PERCENT.map(|percent| {
            reached_by(&first, percent, periods.len()).map(|index| catalogue.date(periods[index]))
        }),
        met,
        replicates: u32::try_from(replicates).expect("replicates are numbered in 32 bits"),
        is_part_year: !catalogue.is_whole(entry, period),
    }
}

/// Whether each replicate meets a target.
///
/// # Panics
/// For a target that [`Catalogue::check`](super::Catalogue::check) refuses.
pub(crate) fn met_by_each(columns: &ScenarioColumns, target: &Target) -> Vec<bool> {
    let (entry, period) = judged_period(columns, target);
    match target.test {
        Test::OnDate => {
            let whole = columns.whole(entry, period);
            let written = whole.values.iter().map(|&value| whole.scale.written(value));
            written
                .map(|value| target.direction.is_met(value, target.threshold))
                .collect()
        }
        Test::EverBy => {
            let mut periods = comparable_periods(columns, entry, period);
            periods.retain(|&other| other <= period);
            let first = first_met(columns, entry, &periods, target);
            first.into_iter().map(|index| index != NEVER).collect()
        }
    }
}

/// By how much each replicate keeps a target on its date, in written units;
/// less than 0 where it misses.
///
/// # Panics
/// For a target that [`Catalogue::check`](super::Catalogue::check) refuses.
pub(crate) fn margins(columns: &ScenarioColumns, target: &Target) -> Vec<f64> {
    let (entry, period) = judged_period(columns, target);
    let whole = columns.whole(entry, period);
    let margin = |&value: &i64| {
        let gap = whole.scale.written(value) - target.threshold;
        match target.direction {
            Direction::AtMost => -gap,
            Direction::AtLeast => gap,
        }
    };
    whole.values.iter().map(margin).collect()
}

fn judged_period<'c>(columns: &'c ScenarioColumns, target: &Target) -> (&'c Entry, Period) {
    let catalogue = columns.catalogue();
    let entry = catalogue
        .find(&target.metric, &target.segment_by, &target.segment)
        .expect("targets are checked against the catalogue");
    let period = catalogue
        .period_closing(entry, target.date)
        .expect("targets are checked against the catalogue");
    (entry, period)
}

fn count<T>(values: impl Iterator<Item = T>, is_counted: impl Fn(&T) -> bool) -> u32 {
    let counted = values.filter(|value| is_counted(value)).count();
    u32::try_from(counted).expect("replicates are numbered in 32 bits")
}

/// Periods of the same kind as the one judged, in order of date: all months, or
/// the financial years that are whole.
fn comparable_periods(columns: &ScenarioColumns, entry: &Entry, judged: Period) -> Vec<Period> {
    let catalogue = columns.catalogue();
    let mut periods = catalogue.periods(entry);
    periods.retain(|&period| {
        period.word() == judged.word() && (period == judged || catalogue.is_whole(entry, period))
    });
    debug_assert!(entry.kind == Kind::Flow || judged.word() == "month");
    periods
}

/// Index into `periods` at which each replicate first meets the threshold, or
/// [`NEVER`].
fn first_met(
    columns: &ScenarioColumns,
    entry: &Entry,
    periods: &[Period],
    target: &Target,
) -> Vec<u32> {
    let catalogue = columns.catalogue();
    let scales = periods.iter().map(|&period| catalogue.scale(entry, period));
    let scales: Vec<Scale> = scales.collect();
    let mut first = vec![NEVER; columns.replicates()];
    let taken = columns.in_pieces(entry, periods, &mut Vec::new(), |from, pieces| {
        for (index, (piece, scale)) in pieces.iter().zip(&scales).enumerate() {
            for (first, &value) in first[from..].iter_mut().zip(piece) {
                let value = scale.written(value);
                let is_met = target.direction.is_met(value, target.threshold);
                // No branch: who meets it here is anybody's guess.
                *first = (*first).min(if is_met { index as u32 } else { NEVER });
            }
        }
        Ok::<(), Infallible>(())
    });
    taken.expect("nothing is refused");
    first
}

/// The earliest period by whose end this percentage of replicates has met the
/// threshold.
fn reached_by(first: &[u32], percent: usize, periods: usize) -> Option<usize> {
    (0..periods).find(|&index| {
        let reached = first.iter().filter(|&&at| at as usize <= index).count();
        100 * reached >= percent * first.len()
    })
}

/// The 95 % interval of Wilson (1927) for a share of `replicates`.
pub fn wilson_interval(met: u32, replicates: u32) -> (f64, f64) {
    let (met, count) = (f64::from(met), f64::from(replicates));
    let share = met / count;
    let square = Z_95 * Z_95 / count;
    let middle = share + square / 2.0;
    let half = Z_95 * (share * (1.0 - share) / count + square / (4.0 * count)).sqrt();
    let low = (middle - half) / (1.0 + square);
    let high = (middle + half) / (1.0 + square);
    // At the ends the formula gives 0 or 1 but for rounding.
    let low = if met == 0.0 { 0.0 } else { low };
    let high = if met == count { 1.0 } else { high };
    (low, high)
}

/// The word for a probability on the PHIA yardstick (Cabinet Office, 2025).
///
/// The yardstick leaves gaps (5 to 10 %, 20 to 25 % ...) on purpose; a value in
/// one takes the word of the nearer side, and half-way that of the side nearer
/// to even chances.
pub fn yardstick(probability: f64) -> &'static str {
    match probability {
        p if p < 0.075 => "remote chance",
        p if p < 0.225 => "highly unlikely",
        p if p < 0.375 => "unlikely",
        p if p <= 0.525 => "realistic possibility",
        p if p <= 0.775 => "likely",
        p if p <= 0.925 => "highly likely",
        _ => "almost certain",
    }
}

/// A likelihood for people: "about 27 in 100, unlikely".
///
/// Said to the nearest 1 in 1,000 (below 1 and above 99 in 100), 1 in 100 or
/// 1 in 10, as fine as the Monte Carlo error allows, and never as 0 or 100 %:
/// where no or almost no replicate meets the target it is "fewer than 1 in
/// 1,000 runs", or as much as so many replicates can say.
pub fn likelihood_words(met: u32, replicates: u32) -> String {
    let share = f64::from(met) / f64::from(replicates);
    let error = (share * (1.0 - share) / f64::from(replicates)).sqrt();
    let is_extreme = !(0.01..=0.99).contains(&share);
    let parts = match error {
        error if is_extreme && error <= 0.002 => 1_000,
        error if error <= 0.02 => 100,
        _ => 10,
    };
    let count = (share * f64::from(parts)).round() as u32;
    let word = yardstick(share);
    let (low, high) = wilson_interval(met, replicates);
    if count == 0 {
        match surely_at_least(high) {
            Some(runs) => format!("fewer than 1 in {} runs, {word}", thousands(runs)),
            None => "too few runs to say".to_owned(),
        }
    } else if count == parts {
        match surely_at_least(1.0 - low) {
            Some(runs) => {
                let (most, runs) = (thousands(runs - 1), thousands(runs));
                format!("more than {most} in {runs} runs, {word}")
            }
            None => "too few runs to say".to_owned(),
        }
    } else {
        format!("about {count} in {}, {word}", thousands(parts))
    }
}

/// The rarest "1 in so many" that is still no rarer than a probability may be.
fn surely_at_least(probability: f64) -> Option<u32> {
    let ladder = [1_000, 500, 200, 100, 50, 20, 10, 5, 2];
    ladder
        .into_iter()
        .find(|&runs| probability <= 1.0 / f64::from(runs))
}

fn thousands(number: u32) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", number / 1_000, number % 1_000),
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_run::{date, layout, tiles};
    use super::super::{Catalogue, Comparison, Context};
    use super::*;

    fn target(metric: &str, date: Date, direction: Direction, threshold: f64) -> Target {
        Target {
            name: "test".into(),
            metric: metric.into(),
            segment_by: "all".into(),
            segment: "all".into(),
            date,
            direction,
            threshold,
            test: Test::OnDate,
        }
    }

    /// Ten replicates; replicate r holds r − month children.
    fn judged(target: &Target) -> TargetResult {
        let layout = layout();
        let run = tiles(10, |replicate, month| replicate as i32 - month as i32);
        let comparison = Comparison::new(&layout, &tiles(10, |_, _| 10));
        let context = Context::default();
        let catalogue = Catalogue::new(&layout, &context);
        catalogue.check(target).unwrap();
        let columns = ScenarioColumns::new(&catalogue, &run, &comparison);
        judge(&columns, target)
    }

    #[test]
    fn a_stock_is_judged_at_the_month_end() {
        let goal = target("population", date(2018, 2, 28), Direction::AtMost, 4.0);
        let result = judged(&goal);
        // February holds r − 1: at most 4 for r = 0 to 5.
        assert_eq!((result.met, result.replicates), (6, 10));
        assert_eq!(result.probability, 0.6);
        assert_eq!(result.yardstick, "likely");
        // Values −1 to 8 less 4: p10, p50 and p90 of −5 to 4.
        let expected = [-4.1, -0.5, 3.1];
        assert!((0..3).all(|i| (result.gap[i] - expected[i]).abs() < 1e-12));
    }

    #[test]
    fn first_reached_is_the_month_by_which_the_share_is_there() {
        let goal = target("population", date(2018, 2, 28), Direction::AtMost, 4.0);
        // In January 5 of 10 hold 4 or fewer, in February 6, March 7, April 8.
        let january = Some(date(2018, 1, 31));
        assert_eq!(judged(&goal).first_reached, [january, january, None]);
    }

    #[test]
    fn ever_by_counts_a_target_met_once_and_lost_again() {
        let mut goal = target("population", date(2018, 3, 31), Direction::AtLeast, 8.0);
        // r ≥ 8 in January, only r ≥ 10 in March.
        assert_eq!(judged(&goal).met, 0);
        goal.test = Test::EverBy;
        assert_eq!(judged(&goal).met, 2);
    }

    #[test]
    fn savings_are_judged_over_the_financial_year() {
        // £2 × 3 months × 10 less £2 × (3r − 3): 66 − 6r ≥ 36 for r ≤ 5.
        let goal = target("saving_net", date(2018, 3, 31), Direction::AtLeast, 36.0);
        let result = judged(&goal);
        assert_eq!((result.met, result.is_part_year), (6, false));
        assert_eq!(result.first_reached[0], Some(date(2018, 3, 31)));
        let spend = target("spend", date(2018, 3, 31), Direction::AtMost, 1e9);
        assert!(judged(&spend).is_part_year);
    }

    #[test]
    fn a_target_off_the_calendar_or_the_layout_is_refused() {
        let layout = layout();
        let context = Context::default();
        let catalogue = Catalogue::new(&layout, &context);
        let unknown = target("populaton", date(2018, 3, 31), Direction::AtMost, 1.0);
        assert_eq!(
            catalogue.check(&unknown),
            Err(TargetError::unknown_series(&unknown))
        );
        let between = target("population", date(2018, 3, 30), Direction::AtMost, 1.0);
        assert_eq!(
            catalogue.check(&between).unwrap_err().to_string(),
            "target \"test\": population is not known for a period that closes on 2018-03-30"
        );
    }

    #[test]
    fn wilson_intervals_are_the_published_ones() {
        // Newcombe (1998), "Two-sided confidence intervals for the single
        // proportion", table I, method 3; and 27 of 100 by hand.
        let published = [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0000, 0.1611),
            (1, 29, 0.0061, 0.1718),
            (27, 100, 0.1927, 0.3643),
        ];
        for (met, replicates, expected_low, expected_high) in published {
            let (low, high) = wilson_interval(met, replicates);
            let error = f64::max((low - expected_low).abs(), (high - expected_high).abs());
            assert!(error < 5.1e-5, "{met} of {replicates}: {low} to {high}");
        }
        assert_eq!(wilson_interval(20, 20).1, 1.0);
    }

    #[test]
    fn the_yardstick_keeps_its_bands_and_splits_its_gaps() {
        let words =
            |shares: &[f64]| -> Vec<&str> { shares.iter().map(|&p| yardstick(p)).collect() };
        assert_eq!(words(&[0.0, 0.05, 0.0749]), ["remote chance"; 3]);
        assert_eq!(words(&[0.075, 0.10, 0.20]), ["highly unlikely"; 3]);
        assert_eq!(words(&[0.225, 0.25, 0.35]), ["unlikely"; 3]);
        assert_eq!(words(&[0.375, 0.40, 0.50]), ["realistic possibility"; 3]);
        assert_eq!(words(&[0.53, 0.55, 0.775]), ["likely"; 3]);
        assert_eq!(words(&[0.78, 0.80, 0.90]), ["highly likely"; 3]);
        assert_eq!(words(&[0.93, 0.95, 1.0]), ["almost certain"; 3]);
    }

    #[test]
    fn likelihoods_are_said_in_a_number_and_a_word() {
        assert_eq!(likelihood_words(2_700, 10_000), "about 27 in 100, unlikely");
        assert_eq!(
            likelihood_words(40, 10_000),
            "about 4 in 1,000, remote chance"
        );
        assert_eq!(
            likelihood_words(9_960, 10_000),
            "about 996 in 1,000, almost certain"
        );
    }

    #[test]
    fn likelihoods_are_never_nothing_and_never_certain() {
        let none = "fewer than 1 in 1,000 runs, remote chance";
        let all = "more than 999 in 1,000 runs, almost certain";
        assert_eq!(likelihood_words(0, 10_000), none);
        assert_eq!(likelihood_words(2, 10_000), none);
        assert_eq!(likelihood_words(10_000, 10_000), all);
        assert_eq!(likelihood_words(9_998, 10_000), all);
    }

    #[test]
    fn few_replicates_are_told_in_coarse_words() {
        assert_eq!(likelihood_words(27, 100), "about 3 in 10, unlikely");
        // Up to 3.7 in 100 may be missed by 100 runs, so 1 in 20 is sure.
        assert_eq!(
            likelihood_words(0, 100),
            "fewer than 1 in 20 runs, remote chance"
        );
        assert_eq!(likelihood_words(0, 3), "too few runs to say");
    }
}

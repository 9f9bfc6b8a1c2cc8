//! What one parameter does to an outcome, from replicates alone: futures are
//! put in the order of the parameter and cut into groups of equal size.
//!
//! Nothing is assumed of the shape but that it is no rougher than the groups.
//! All else that varies, known or chance, stays within the groups as noise.

use crate::forecast::quantiles::quantile;
use serde::Serialize;
use std::ops::Range;

/// Blocks of the jackknife.
pub(super) const BLOCKS: usize = 20;

/// Half the width of the window around a percentile, as a share of replicates.
const HALF_WINDOW: f64 = 0.1;

/// Parts of the replicates that a rise or fall is looked for between.
const FIFTHS: usize = 5;

/// Standard errors that a rise and a fall must both exceed to be believed.
const SURE: f64 = 4.0;

/// Replicates in the order of one parameter.
#[derive(Debug, Clone)]
pub struct Ordered<'a> {
    parameter: &'a [f64],
    outcome: &'a [f64],
    /// Replicates from the least value of the parameter to the greatest.
    order: Vec<usize>,
}

/// An estimate, with what it would be without each block of replicates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Without each block.
    pub(super) without: [f64; BLOCKS],
}

/// A mean of the outcome, given a value of the parameter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GivenMean {
    /// Value of the parameter.
    pub parameter: f64,
    /// Mean of the outcome there.
    pub outcome: f64,
    /// Its Monte Carlo standard error.
    pub standard_error: f64,
}

impl Estimate {
    /// No contribution, known exactly.
    pub const NOTHING: Self = Self {
        value: 0.0,
        without: [0.0; BLOCKS],
    };

    /// Sum of two estimates from the same replicates.
    pub fn plus(self, other: Self) -> Self {
        self.with(other, |a, b| a + b)
    }

    /// What follows from two estimates from the same replicates.
    pub fn with(self, other: Self, of: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            value: of(self.value, other.value),
            without: std::array::from_fn(|block| of(self.without[block], other.without[block])),
        }
    }

    /// Monte Carlo standard error: the jackknife over blocks, which assumes no
    /// shape (Tukey 1958).
    pub fn standard_error(self) -> f64 {
        let blocks = BLOCKS as f64;
        let mean = self.without.iter().sum::<f64>() / blocks;
        let squares: f64 = self.without.iter().map(|one| (one - mean).powi(2)).sum();
        ((blocks - 1.0) / blocks * squares).sqrt()
    }
}

impl<'a> Ordered<'a> {
    /// Replicates of a parameter and an outcome, `[replicates]` each.
    ///
    /// # Panics
    /// Where the two differ in length.
    pub fn new(parameter: &'a [f64], outcome: &'a [f64]) -> Self {
        assert_eq!(parameter.len(), outcome.len(), "one value a replicate");
        let mut order: Vec<usize> = (0..parameter.len()).collect();
        order.sort_by(|&a, &b| parameter[a].total_cmp(&parameter[b]));
        Self {
            parameter,
            outcome,
            order,
        }
    }

    /// Share of the outcome's variance that the parameter alone accounts for:
    /// the variance of the groups' means, less what chance alone gives, over
    /// the variance of all.
    ///
    /// The correlation ratio of Pearson (1905), corrected for its bias as by
    /// Kelley (1935); it estimates the first-order index of Sobol' (1993). Not
    /// clamped: about nothing is as often below zero as above.
    pub fn contribution(&self) -> Estimate {
        let groups = group_count(self.order.len());
        let mut sums = vec![[Sums::default(); BLOCKS]; groups];
        for (rank, &replicate) in self.order.iter().enumerate() {
            let group = rank * groups / self.order.len();
            sums[group][replicate % BLOCKS].add(self.outcome[replicate] - self.outcome[0]);
        }
        let all: Vec<Sums> = sums
            .iter()
            .map(|blocks| blocks.iter().fold(Sums::default(), |a, &b| a.plus(b)))
            .collect();
        Estimate {
            value: correlation_ratio(&all),
            without: std::array::from_fn(|block| {
                let others: Vec<Sums> = all
                    .iter()
                    .zip(&sums)
                    .map(|(group, blocks)| group.less(blocks[block]))
                    .collect();
                correlation_ratio(&others)
            }),
        }
    }

    /// How far the groups' means lie apart beyond what chance gives: the normal
    /// deviate of the ratio of variances F, after Wilson and Hilferty (1931).
    pub fn surprise(&self) -> f64 {
        let count = self.order.len();
        let groups = group_count(count);
        let (mut within, mut all) = (0.0, Sums::default());
        for group in 0..groups {
            let ranks = (group * count).div_ceil(groups)..((group + 1) * count).div_ceil(groups);
            let sums = self.sums(ranks);
            within += sums.squares_around_mean();
            all = all.plus(sums);
        }
        let (above, below) = (groups as f64 - 1.0, (count - groups) as f64);
        let between = all.squares_around_mean() - within;
        let ratio = (between / above) / (within / below);
        if !ratio.is_finite() {
            return if between > 0.0 { f64::INFINITY } else { 0.0 };
        }
        let cube = libm::cbrt(ratio);
        let (a, b) = (2.0 / (9.0 * above), 2.0 / (9.0 * below));
        ((1.0 - b) * cube - (1.0 - a)) / (b * cube * cube + a).sqrt()
    }

    /// Mean of the outcome where the parameter is at a percentile, from 0.1 to
    /// 0.9: a straight line through the fifth of the replicates around it
    /// (local linear regression, Cleveland 1979).
    pub fn outcome_at(&self, level: f64) -> GivenMean {
        let count = self.order.len();
        let sorted: Vec<f64> = self.order.iter().map(|&one| self.parameter[one]).collect();
        let at = quantile(&sorted, level);
        let end = |share: f64| (share.clamp(0.0, 1.0) * count as f64).round() as usize;
        let window = end(level - HALF_WINDOW)..end(level + HALF_WINDOW);
        let line = Line::through(self, window);
        GivenMean {
            parameter: at,
            outcome: line.at(at),
            standard_error: line.standard_error_at(at),
        }
    }

    /// Whether the outcome surely rises over one part of the parameter's range
    /// and surely falls over another: between the means of fifths, by more than
    /// four standard errors each way.
    pub fn turns(&self) -> bool {
        let count = self.order.len();
        let means: Vec<(f64, f64)> = (0..FIFTHS)
            .map(|fifth| self.mean(fifth * count / FIFTHS..(fifth + 1) * count / FIFTHS))
            .collect();
        let (mut rises, mut falls) = (false, false);
        for (index, &(before, error)) in means.iter().enumerate() {
            for &(after, other) in &means[index + 1..] {
                let enough = SURE * (error * error + other * other).sqrt();
                rises |= after - before > enough;
                falls |= before - after > enough;
            }
        }
        rises && falls
    }

    /// Mean of the outcome over some ranks, and its standard error.
    fn mean(&self, ranks: Range<usize>) -> (f64, f64) {
        let sums = self.sums(ranks);
        let variance = sums.squares_around_mean() / (sums.count - 1.0);
        let mean = sums.sum / sums.count;
        (mean, (variance.max(0.0) / sums.count).sqrt())
    }

    fn sums(&self, ranks: Range<usize>) -> Sums {
        let mut sums = Sums::default();
        for &replicate in &self.order[ranks] {
            sums.add(self.outcome[replicate] - self.outcome[0]);
        }
        sums
    }
}

/// Groups that so many replicates are cut into: with about 25 each, no fewer
/// than 8 and no more than 20. What varies within a group is lost: of a straight
/// line's share about one part in the square of their number.
fn group_count(replicates: usize) -> usize {
    (replicates / 25).clamp(8, 20)
}

/// Kelley's corrected ratio of the variance between groups.
fn correlation_ratio(groups: &[Sums]) -> f64 {
    let all = groups.iter().fold(Sums::default(), |a, &b| a.plus(b));
    let total = all.squares_around_mean();
    let within: f64 = groups.iter().map(|group| group.squares_around_mean()).sum();
    let parts = groups.len() as f64;
    let noise = within / (all.count - parts);
    if total > 0.0 {
        (total - within - (parts - 1.0) * noise) / total
    } else {
        0.0
    }
}

/// Count, sum and sum of squares of some outcomes.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Sums {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    fn plus(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            squares: self.squares + other.squares,
        }
    }

    fn less(self, other: Self) -> Self {
        Self {
            count: self.count - other.count,
            sum: self.sum - other.sum,
            squares: self.squares - other.squares,
        }
    }

    fn squares_around_mean(self) -> f64 {
        if self.count > 0.0 {
            self.squares - self.sum * self.sum / self.count
        } else {
            0.0
        }
    }
}

/// A least-squares line.
struct Line {
    count: f64,
    middle: f64,
    spread: f64,
    height: f64,
    slope: f64,
    noise: f64,
}

impl Line {
    fn through(ordered: &Ordered, ranks: Range<usize>) -> Self {
        let points: Vec<(f64, f64)> = ordered.order[ranks]
            .iter()
            .map(|&one| (ordered.parameter[one], ordered.outcome[one]))
            .collect();
        let count = points.len() as f64;
        let middle = points.iter().map(|point| point.0).sum::<f64>() / count;
        let height = points.iter().map(|point| point.1).sum::<f64>() / count;
        let spread: f64 = points.iter().map(|point| (point.0 - middle).powi(2)).sum();
        let both: f64 = points
            .iter()
            .map(|point| (point.0 - middle) * (point.1 - height))
            .sum();
        let slope = if spread > 0.0 { both / spread } else { 0.0 };
        let residual = |point: &(f64, f64)| point.1 - height - slope * (point.0 - middle);
        let squares: f64 = points.iter().map(|point| residual(point).powi(2)).sum();
        Self {
            count,
            middle,
            spread,
            height,
            slope,
            noise: squares / (count - 2.0).max(1.0),
        }
    }

    fn at(&self, value: f64) -> f64 {
        self.height + self.slope * (value - self.middle)
    }

    fn standard_error_at(&self, value: f64) -> f64 {
        let away = value - self.middle;
        let lever = if self.spread > 0.0 {
            away * away / self.spread
        } else {
            0.0
        };
        (self.noise * (1.0 / self.count + lever)).sqrt()
    }
}

/// Spearman's rank correlation; values that are alike share the mean of their
/// ranks. Nothing where one of the two does not vary.
///
/// # Panics
/// Where the two differ in length.
pub fn rank_correlation(one: &[f64], other: &[f64]) -> Option<f64> {
    assert_eq!(one.len(), other.len(), "one value a replicate");
    let (a, b) = (ranks(one), ranks(other));
    let middle = (one.len() as f64 + 1.0) / 2.0;
    let sum = |x: &[f64], y: &[f64]| -> f64 {
        let pairs = x.iter().zip(y);
        pairs.map(|(x, y)| (x - middle) * (y - middle)).sum()
    };
    let spread = (sum(&a, &a) * sum(&b, &b)).sqrt();
    (spread > 0.0).then(|| sum(&a, &b) / spread)
}

/// Ranks from 1, shared by values that are alike.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0;
    for alike in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let shared = below as f64 + (alike.len() as f64 + 1.0) / 2.0;
        for &index in alike {
            ranks[index] = shared;
        }
        below += alike.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::super::known::{self, Ishigami, uniforms};
    use super::*;

    #[test]
    fn ishigami_has_its_known_first_order_indices() {
        let points = uniforms(20_000, 3, 1);
        let angle = |input: usize| -> Vec<f64> {
            let column = points.iter().map(|point| point[input]);
            column.map(known::angle).collect()
        };
        let outcome: Vec<f64> = points.iter().map(|point| Ishigami::at(point)).collect();
        for (input, known) in Ishigami::FIRST_ORDER.into_iter().enumerate() {
            let column = angle(input);
            let found = Ordered::new(&column, &outcome).contribution();
            let error = found.standard_error();
            // Twenty groups miss 3 % of two whole waves: (sin(π/10)/(π/10))².
            let missed = if input == 1 { 0.033 * known } else { 0.005 };
            assert!(error > 0.000_1 && error < 0.012, "{input}: {error}");
            assert!(
                (found.value - known).abs() < 4.0 * error + missed,
                "{input}: {} against {known}, standard error {error}",
                found.value
            );
        }
    }

    #[test]
    fn a_linear_outcome_is_shared_as_its_coefficients_say() {
        // 3 a + 2 b + c + noise: variances 9, 4, 1 and 1 of 15.
        let points = uniforms(10_000, 4, 2);
        let outcome: Vec<f64> = points
            .iter()
            .map(|p| 3.0 * p[0] + 2.0 * p[1] + p[2] + p[3])
            .collect();
        let mut sum = Estimate::NOTHING;
        for (input, known) in [9.0, 4.0, 1.0].into_iter().enumerate() {
            let column: Vec<f64> = points.iter().map(|point| point[input]).collect();
            let ordered = Ordered::new(&column, &outcome);
            let found = ordered.contribution();
            sum = sum.plus(found);
            let error = found.standard_error();
            assert!((found.value - known / 15.0).abs() < 4.0 * error, "{input}");
            // The mean of the outcome at p10 and p90 is 0.8 coefficients apart.
            let (low, high) = (ordered.outcome_at(0.1), ordered.outcome_at(0.9));
            let swing = high.outcome - low.outcome;
            let error = low.standard_error.hypot(high.standard_error);
            let expected = 0.8 * known.sqrt();
            assert!((swing - expected).abs() < 4.0 * error + 0.01, "{swing}");
            assert!(!ordered.turns());
        }
        let error = sum.standard_error();
        assert!((sum.value - 14.0 / 15.0).abs() < 4.0 * error, "{sum:?}");
    }

    #[test]
    fn a_parameter_without_effect_contributes_about_nothing_either_way() {
        let points = uniforms(2_000, 41, 3);
        let outcome: Vec<f64> = points.iter().map(|point| point[40]).collect();
        let found: Vec<f64> = (0..40)
            .map(|input| {
                let column: Vec<f64> = points.iter().map(|point| point[input]).collect();
                Ordered::new(&column, &outcome).contribution().value
            })
            .collect();
        // The corrected ratio has mean 0 and standard deviation √(2·19)/2000.
        let error = 38.0_f64.sqrt() / 2_000.0;
        let mean = found.iter().sum::<f64>() / 40.0;
        assert!(mean.abs() < 4.0 * error / 40.0_f64.sqrt(), "{mean}");
        assert!(found.iter().any(|&one| one < 0.0));
    }

    #[test]
    fn surprise_is_a_normal_deviate_where_there_is_no_effect() {
        // Mean 0 and variance 1 within four standard errors of 200 trials.
        let points = uniforms(1_000, 201, 5);
        let outcome: Vec<f64> = points.iter().map(|point| point[200]).collect();
        let found: Vec<f64> = (0..200)
            .map(|input| {
                let column: Vec<f64> = points.iter().map(|point| point[input]).collect();
                Ordered::new(&column, &outcome).surprise()
            })
            .collect();
        let mean = found.iter().sum::<f64>() / 200.0;
        let variance = found.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / 199.0;
        assert!(mean.abs() < 4.0 / 200.0_f64.sqrt(), "{mean}");
        assert!(
            (variance - 1.0).abs() < 4.0 * (2.0_f64 / 199.0).sqrt(),
            "{variance}"
        );
        let ordered = Ordered::new(&outcome, &outcome);
        assert!(ordered.surprise() > 20.0);
    }

    #[test]
    fn what_rises_and_then_falls_is_seen_to_turn() {
        let points = uniforms(2_000, 2, 4);
        let column: Vec<f64> = points.iter().map(|point| point[0]).collect();
        let outcome: Vec<f64> = points
            .iter()
            .map(|point| -(point[0] - 0.5).powi(2) + 0.05 * point[1])
            .collect();
        let ordered = Ordered::new(&column, &outcome);
        assert!(ordered.turns());
        // Straight through the peak there is nothing to be seen.
        assert!(rank_correlation(&column, &outcome).unwrap().abs() < 0.1);
        assert!(ordered.contribution().value > 0.8);
    }

    #[test]
    fn ranks_are_shared_by_values_that_are_alike() {
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 7.0]), [2.5, 1.0, 2.5, 4.0]);
        // scipy.stats.spearmanr([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]): 0.8208.
        let found = rank_correlation(&[1.0, 2.0, 3.0, 4.0, 5.0], &[5.0, 6.0, 7.0, 8.0, 7.0]);
        assert!((found.unwrap() - 0.820_782_681_668_123_3).abs() < 1e-12);
        assert_eq!(rank_correlation(&[1.0, 2.0], &[3.0, 3.0]), None);
    }
}

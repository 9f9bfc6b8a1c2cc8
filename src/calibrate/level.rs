//! How high a rate will lie in the years ahead, given how it wandered.
//!
//! The log of a yearly rate is a level plus an AR(1) drift; each year's count
//! shows it with the error of counting. Level flat; how far and how steadily
//! such rates drift from what England's councils show, weighted by how well it
//! explains this council's years. Rates ahead then have a mean and covariances,
//! which are put into what a scenario can say: a level known as well as its
//! events allow, and a drift about it that holds the rest.

/// Prior of a drift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriftPrior {
    /// Median of the yearly standard deviation of the log.
    pub yearly_sd: f64,
    /// Standard deviation of its log.
    pub log_sd: f64,
}

/// Correlation from year to year, with prior weights: about that of England's
/// councils (0.73 for admissions, 0.67 for exits).
pub const PERSISTENCE: [(f64, f64); 3] = [(0.60, 0.25), (0.73, 0.50), (0.85, 0.25)];

/// Drift of admissions between England's councils: DfE starts of 120 councils,
/// years to March 2011-17.
pub const ADMISSIONS: DriftPrior = DriftPrior {
    yearly_sd: 0.18,
    log_sd: 0.16,
};

/// Drift of exits: DfE ceases under 16 of 93 councils, years to March 2012-17.
pub const EXITS: DriftPrior = DriftPrior {
    yearly_sd: 0.17,
    log_sd: 0.16,
};

/// Drift of unaccompanied asylum seekers, judged: Cambridgeshire's stock doubled
/// within a year (progress report of July 2016).
pub const ASYLUM: DriftPrior = DriftPrior {
    yearly_sd: 0.40,
    log_sd: 0.40,
};

/// Years ahead that the fit is made for.
pub const AHEAD: usize = 3;

/// A rate in the years ahead.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ahead {
    /// Mean.
    pub mean: f64,
    /// Events that the level rests on; none where the drift holds what they
    /// leave open.
    pub events: Option<f64>,
    /// Standard deviation of the log in one year about it.
    pub yearly_sd: f64,
    /// Its relative uncertainty.
    pub relative_sd: f64,
    /// Correlation from year to year.
    pub persistence: f64,
}

/// The rate ahead from counts of years, oldest first, each with the count
/// expected at a rate of one.
///
/// Where `level_apart` is false, all that is not known goes into the drift.
pub fn ahead(counts: &[(f64, f64)], prior: DriftPrior, level_apart: bool) -> Ahead {
    // A year in which nothing could be seen tells nothing.
    let counts: Vec<(f64, f64)> = counts
        .iter()
        .copied()
        .filter(|(_, expected)| *expected > 1e-9)
        .collect();
    if counts.is_empty() {
        return Ahead {
            mean: 1.0,
            events: None,
            yearly_sd: prior.yearly_sd,
            relative_sd: prior.log_sd,
            persistence: PERSISTENCE[1].0,
        };
    }
    let points = grid(prior);
    let fits: Vec<Fit> = points
        .iter()
        .map(|&(sd, persistence, log_prior)| fit(&counts, sd, persistence, log_prior))
        .collect();
    let best = fits
        .iter()
        .fold(f64::NEG_INFINITY, |best, fit| best.max(fit.log_weight));
    let weights: Vec<f64> = fits
        .iter()
        .map(|fit| libm::exp(fit.log_weight - best))
        .collect();
    let total: f64 = weights.iter().sum();
    let mean_of = |value: &dyn Fn(usize) -> f64| {
        weights
            .iter()
            .enumerate()
            .map(|(index, weight)| weight / total * value(index))
            .sum::<f64>()
    };
    let means: [f64; AHEAD] = std::array::from_fn(|h| mean_of(&|index| fits[index].mean[h]));
    let covariance = |h: usize, k: usize| {
        mean_of(&|index| {
            let fit = &fits[index];
            fit.covariance[h][k] + (fit.mean[h] - means[h]) * (fit.mean[k] - means[k])
        })
    };
    let within = average((0..AHEAD).map(|h| covariance(h, h)));
    let across = average(pairs().map(|(h, k)| covariance(h, k)));
    let sd = mean_of(&|index| points[index].0);
    let sd_variance = mean_of(&|index| (points[index].0 - sd) * (points[index].0 - sd));
    let events: f64 = counts.iter().map(|(count, _)| count).sum();
    let level = if level_apart {
        1.0 / (events + 0.5)
    } else {
        0.0
    };
    // The drift is never thought away: a tenth of the spread at the least.
    let variance = (within - level).max(0.1 * within);
    let relative_sd = libm::sqrt(sd_variance) / sd;
    Ahead {
        mean: libm::exp(average(means.iter().copied()) + within / 2.0),
        events: level_apart.then_some(events),
        // Drawn anew in each future, its square is this much more on average.
        yearly_sd: libm::sqrt(variance / (1.0 + relative_sd * relative_sd)),
        relative_sd,
        persistence: persistence_of((across - level) / variance),
    }
}

fn average(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    sum / f64::from(count)
}

fn pairs() -> impl Iterator<Item = (usize, usize)> {
    (0..AHEAD).flat_map(|h| (h + 1..AHEAD).map(move |k| (h, k)))
}

fn power(base: f64, exponent: usize) -> f64 {
    (0..exponent).fold(1.0, |product, _| product * base)
}

/// The persistence whose mean correlation between the years ahead is this.
fn persistence_of(correlation: f64) -> f64 {
    let (mut low, mut high) = (0.0, 0.999);
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if average(pairs().map(|(h, k)| power(middle, k - h))) < correlation {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// Yearly standard deviations and persistences, with the log of their prior.
fn grid(prior: DriftPrior) -> Vec<(f64, f64, f64)> {
    let mut points = Vec::new();
    for step in -5..=5 {
        let z = 0.5 * f64::from(step);
        let sd = prior.yearly_sd * libm::exp(prior.log_sd * z);
        for (persistence, weight) in PERSISTENCE {
            points.push((sd, persistence, libm::log(weight) - 0.5 * z * z));
        }
    }
    points
}

/// One drift's account of the years.
struct Fit {
    log_weight: f64,
    mean: [f64; AHEAD],
    covariance: [[f64; AHEAD]; AHEAD],
}

/// Kriging of the years ahead from the years seen, with an unknown level
/// (Rasmussen & Williams 2006, "Gaussian processes for machine learning", 2.7).
fn fit(counts: &[(f64, f64)], sd: f64, persistence: f64, log_prior: f64) -> Fit {
    let years = counts.len();
    let variance = sd * sd;
    let drift = |a: usize, b: usize| variance * power(persistence, a.abs_diff(b));
    let seen: Vec<f64> = counts
        .iter()
        .map(|(count, expected)| libm::log((count + 0.5) / expected))
        .collect();
    let factor = cholesky(years, |a, b| {
        drift(a, b)
            + if a == b {
                1.0 / (counts[a].0 + 0.5)
            } else {
                0.0
            }
    });
    // Solved against the factor, products become plain dot products.
    let ones = forward(&factor, &vec![1.0; years]);
    let values = forward(&factor, &seen);
    let precision = dot(&ones, &ones);
    let level = dot(&ones, &values) / precision;
    let rest: Vec<f64> = values
        .iter()
        .zip(&ones)
        .map(|(value, one)| value - level * one)
        .collect();
    let log_determinant: f64 = (0..years).map(|a| libm::log(factor[a][a])).sum();
    let links: [Vec<f64>; AHEAD] = std::array::from_fn(|h| {
        let column: Vec<f64> = (0..years).map(|a| drift(a, years + h)).collect();
        forward(&factor, &column)
    });
    let own: [f64; AHEAD] = std::array::from_fn(|h| 1.0 - dot(&links[h], &ones));
    Fit {
        log_weight: log_prior
            - log_determinant
            - 0.5 * libm::log(precision)
            - 0.5 * dot(&rest, &rest),
        mean: std::array::from_fn(|h| level + dot(&links[h], &rest)),
        covariance: std::array::from_fn(|h| {
            std::array::from_fn(|k| {
                drift(h, k) - dot(&links[h], &links[k]) + own[h] * own[k] / precision
            })
        }),
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Lower triangle L of a positive definite matrix, L Lᵀ.
fn cholesky(size: usize, matrix: impl Fn(usize, usize) -> f64) -> Vec<Vec<f64>> {
    let mut factor = vec![vec![0.0; size]; size];
    for row in 0..size {
        for column in 0..=row {
            let rest = matrix(row, column) - dot(&factor[row][..column], &factor[column][..column]);
            factor[row][column] = if row == column {
                libm::sqrt(rest)
            } else {
                rest / factor[column][column]
            };
        }
    }
    factor
}

/// Solves L x = b.
fn forward(factor: &[Vec<f64>], b: &[f64]) -> Vec<f64> {
    let mut x: Vec<f64> = Vec::with_capacity(b.len());
    for (row, value) in b.iter().enumerate() {
        x.push((value - dot(&factor[row][..row], &x)) / factor[row][row]);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_years_give_their_rate() {
        let rate = ahead(&[(100.0, 1.0); 8], ADMISSIONS, true);
        assert!((rate.mean / 102.0 - 1.0).abs() < 0.03, "{rate:?}");
        // Steadier than England's councils: the drift is thought smaller.
        assert!(rate.yearly_sd < 0.18, "{rate:?}");
        assert_eq!(rate.events, Some(800.0));
    }

    #[test]
    fn the_last_years_count_most() {
        let rising: Vec<(f64, f64)> = (0..8)
            .map(|year| (100.0 + 10.0 * f64::from(year), 1.0))
            .collect();
        let falling: Vec<(f64, f64)> = rising.iter().rev().copied().collect();
        let up = ahead(&rising, ADMISSIONS, true).mean;
        let down = ahead(&falling, ADMISSIONS, true).mean;
        assert!(up > 140.0 && down < 130.0, "{up} {down}");
    }

    #[test]
    fn one_year_leaves_much_open() {
        let one = ahead(&[(100.0, 1.0)], EXITS, false);
        let eight = ahead(&[(100.0, 1.0); 8], EXITS, false);
        assert!(one.yearly_sd > eight.yearly_sd, "{one:?} {eight:?}");
        assert!((0.0..1.0).contains(&one.persistence));
    }
}

//! Times to an event: a Weibull law, and its mean as known from what was seen
//! and from a prior, worked out on a grid.

use crate::config::quantity::Z90;

/// A Weibull time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weibull {
    /// Shape: below 1 the hazard falls with time.
    pub shape: f64,
    /// Scale in days.
    pub scale: f64,
}

impl Weibull {
    /// The law of a mean in days.
    pub fn of_mean(shape: f64, mean: f64) -> Self {
        let scale = mean / libm::tgamma(1.0 + 1.0 / shape);
        Self { shape, scale }
    }

    /// Probability of having come by then.
    pub fn by(self, days: f64) -> f64 {
        -libm::expm1(self.log_beyond(days))
    }

    /// Log of the probability of not having come by then.
    pub fn log_beyond(self, days: f64) -> f64 {
        -libm::pow(days / self.scale, self.shape)
    }

    /// Log of the density.
    pub fn log_density(self, days: f64) -> f64 {
        let ratio = days / self.scale;
        libm::log(self.shape / self.scale) + (self.shape - 1.0) * libm::log(ratio)
            - libm::pow(ratio, self.shape)
    }
}

/// What is thought of a time before any is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimePrior {
    /// Median of the mean, in days.
    pub mean_days: f64,
    /// Standard deviation of the log of the mean.
    pub log_sd: f64,
    /// Shapes with their weights.
    pub shapes: &'static [(f64, f64)],
}

/// A time as known: its mean is log-normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanTime {
    /// The likeliest shape.
    pub shape: f64,
    /// Mean of the log of the mean in days.
    pub log_mean: f64,
    /// Standard deviation of the log of the mean.
    pub log_sd: f64,
}

impl MeanTime {
    /// The mean that is as likely too short as too long.
    pub fn days(self) -> f64 {
        libm::exp(self.log_mean)
    }

    /// Tenth and ninetieth percentile of the mean.
    pub fn range(self) -> [f64; 2] {
        [-Z90, Z90].map(|z| libm::exp(self.log_mean + z * self.log_sd))
    }
}

/// Points of the grid over the log of the mean, and how far it reaches.
const POINTS: usize = 161;
const REACH: f64 = 4.0;

impl TimePrior {
    /// The time once something is seen.
    pub fn posterior(&self, log_likelihood: impl Fn(Weibull) -> f64) -> MeanTime {
        let mut grid = Vec::new();
        for &(shape, weight) in self.shapes {
            for point in 0..POINTS {
                let z = REACH * (2.0 * point as f64 / (POINTS - 1) as f64 - 1.0);
                let log_mean = libm::log(self.mean_days) + self.log_sd * z;
                let law = Weibull::of_mean(shape, libm::exp(log_mean));
                let log = libm::log(weight) - 0.5 * z * z + log_likelihood(law);
                grid.push((shape, log_mean, log));
            }
        }
        let best = grid
            .iter()
            .fold(f64::NEG_INFINITY, |best, point| best.max(point.2));
        for point in &mut grid {
            point.2 = libm::exp(point.2 - best);
        }
        let (log_mean, log_sd) = moments(grid.iter().map(|one| (one.1, one.2)));
        MeanTime {
            shape: likeliest(self.shapes, grid.iter().map(|one| (one.0, one.2))),
            log_mean,
            log_sd,
        }
    }
}

/// The shape with most weight.
pub fn likeliest(shapes: &[(f64, f64)], grid: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let weight_of = |shape: f64| -> f64 {
        let of_shape = grid.clone().filter(|one| one.0 == shape);
        of_shape.map(|one| one.1).sum()
    };
    shapes
        .iter()
        .map(|(shape, _)| *shape)
        .max_by(|a, b| weight_of(*a).total_cmp(&weight_of(*b)))
        .unwrap_or(1.0)
}

/// Mean and standard deviation under weights.
pub fn moments(values: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    let (mut total, mut first, mut second) = (0.0, 0.0, 0.0);
    for (value, weight) in values {
        total += weight;
        first += weight * value;
        second += weight * value * value;
    }
    let mean = first / total;
    (mean, libm::sqrt((second / total - mean * mean).max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIOR: TimePrior = TimePrior {
        mean_days: 100.0,
        log_sd: 0.4,
        shapes: &[(0.8, 0.25), (1.1, 0.5), (1.5, 0.25)],
    };

    #[test]
    fn without_a_time_seen_the_prior_stands() {
        let time = PRIOR.posterior(|_| 0.0);
        assert_eq!(time.shape, 1.1);
        assert!((time.days() - 100.0).abs() < 1e-6, "{time:?}");
        assert!((time.log_sd - 0.4).abs() < 0.001, "{time:?}");
    }

    #[test]
    fn many_times_tell_mean_and_shape_and_who_still_waits_counts() {
        // Quantiles of a Weibull of shape 1.5 and mean 180; whoever takes more
        // than 200 days is seen for those days alone.
        let law = Weibull::of_mean(1.5, 180.0);
        let times: Vec<f64> = (0..400)
            .map(|index| {
                let share = (f64::from(index) + 0.5) / 400.0;
                law.scale * libm::pow(-libm::log(1.0 - share), 1.0 / law.shape)
            })
            .collect();
        let time = PRIOR.posterior(|law| {
            let seen = times.iter().map(|&days| match days < 200.0 {
                true => law.log_density(days),
                false => law.log_beyond(200.0),
            });
            seen.sum()
        });
        assert_eq!(time.shape, 1.5);
        assert!((time.days() - 180.0).abs() < 8.0, "{time:?}");
        // About 250 times seen: 1 / (1.5 sqrt(250)) = 0.04 and some more.
        assert!((0.03..0.07).contains(&time.log_sd), "{time:?}");
        let [low, high] = time.range();
        assert!(low < time.days() && time.days() < high);
    }
}

//! Return to care after an exit, as a time to the event for the share who ever
//! return: a Weibull time, with a mass that never comes back.
//!
//! A child who has not returned is censored on the date of the fit, or on the
//! eighteenth birthday. The posterior over probability, shape and scale is
//! worked out on a grid. A return on the very day of the exit cannot be seen,
//! since the period goes on, and is conditioned out.

use super::times::{Weibull, likeliest, moments};
use super::window::Window;
use crate::ssda903::codes::ExitKind;

/// Exits that break down in the same way, with the prior of the probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// Kinds of exit.
    pub after: &'static [ExitKind],
    /// Beta prior of the probability of a return, as successes and failures.
    pub prior: (f64, f64),
}

impl Group {
    /// Its exits in words.
    pub fn words(&self) -> String {
        let kinds: Vec<&str> = self.after.iter().map(|kind| kind.words()).collect();
        kinds.join(", ")
    }
}

/// Groups. Priors: of children returned home, about a third come back within
/// five or six years (DfE data in NSPCC; Goldacre and others 2022); of
/// guardianship and arrangements orders, 6 and 15 in 100 within five years
/// (Selwyn and others 2014). After adoption 7 in 1,000 return, under a new
/// identity that no return links to the old: no table.
pub const GROUPS: [Group; 3] = [
    Group {
        after: &[ExitKind::ReturnHome],
        prior: (3.5, 6.5),
    },
    Group {
        after: &[
            ExitKind::SpecialGuardianship,
            ExitKind::ChildArrangementsOrder,
        ],
        prior: (1.0, 11.0),
    },
    Group {
        after: &[
            ExitKind::IndependentLiving,
            ExitKind::Custody,
            ExitKind::Other,
        ],
        prior: (1.5, 8.5),
    },
];

/// Shapes of the time, with prior weights: the hazard of a return falls.
pub const SHAPES: [(f64, f64); 3] = [(0.5, 0.35), (0.7, 0.40), (1.0, 0.25)];

/// Median of the scale in days, and standard deviation of its log.
pub const SCALE: (f64, f64) = (500.0, 0.5);

/// Return to care after a group of exits.
#[derive(Debug, Clone)]
pub struct Reentry {
    /// The group.
    pub group: Group,
    /// Exits followed.
    pub exits: usize,
    /// Returns seen.
    pub returns: usize,
    /// Mean and standard deviation of the probability.
    pub probability: (f64, f64),
    /// Shape of the time: the likeliest.
    pub shape: f64,
    /// Mean and standard deviation of the scale in days, given the shape.
    pub scale: (f64, f64),
    /// Those still outside who may come back: expected returns in each of the
    /// next years, by age band of today.
    pub pending: Pending,
}

/// Returns to come of children who left within the window.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pending {
    /// Expected in each of the next three years.
    pub by_year: [f64; 3],
    /// Expected over the three by age band of [`super::exits::AGES`].
    pub by_age: [f64; 5],
}

/// One exit followed: days until a return, or until it is out of sight.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Followed {
    days: f64,
    returned: bool,
    /// Ages in days today and at the exit's end of sight; for those outside.
    age: f64,
}

/// Days on the first of which a return goes unseen.
const UNSEEN: f64 = 0.5;

/// Estimates each group's returns.
pub fn reentries(window: &Window) -> Vec<Reentry> {
    GROUPS
        .iter()
        .map(|group| reentry(*group, &followed(window, group)))
        .collect()
}

fn followed(window: &Window, group: &Group) -> Vec<Followed> {
    let mut exits = Vec::new();
    for stay in &window.stays {
        let is_of_group = stay.exit.is_some_and(|kind| group.after.contains(&kind));
        let sight = stay.adult.min(0) - stay.until;
        if !is_of_group || sight <= 0 {
            continue;
        }
        let next = stay.next.filter(|day| *day <= 0 && *day < stay.adult);
        exits.push(Followed {
            days: f64::from(next.map_or(sight, |day| day - stay.until)),
            returned: next.is_some(),
            age: f64::from(-stay.born),
        });
    }
    exits
}

/// Points of the probability and of the scale.
const PROBABILITIES: usize = 60;
const SCALES: usize = 13;

fn reentry(group: Group, exits: &[Followed]) -> Reentry {
    let mut grid: Vec<(f64, f64, f64, f64)> = Vec::new();
    for (shape, weight) in SHAPES {
        for step in 0..SCALES {
            let z = -3.0 + 6.0 * step as f64 / (SCALES - 1) as f64;
            let scale = SCALE.0 * libm::exp(SCALE.1 * z);
            let time = Weibull { shape, scale };
            let log_prior = libm::log(weight) - 0.5 * z * z;
            for (p, log) in chances(group, exits, time) {
                grid.push((shape, scale, p, log + log_prior));
            }
        }
    }
    let best = grid
        .iter()
        .fold(f64::NEG_INFINITY, |best, point| best.max(point.3));
    for point in &mut grid {
        point.3 = libm::exp(point.3 - best);
    }
    let shape = likeliest(&SHAPES, grid.iter().map(|one| (one.0, one.3)));
    let probability = moments(grid.iter().map(|one| (one.2, one.3)));
    let scale = moments(
        grid.iter()
            .filter(|one| one.0 == shape)
            .map(|one| (one.1, one.3)),
    );
    let time = Weibull {
        shape,
        scale: scale.0,
    };
    Reentry {
        group,
        exits: exits.len(),
        returns: exits.iter().filter(|exit| exit.returned).count(),
        probability,
        shape,
        scale,
        pending: pending(exits, probability.0, time),
    }
}

/// Probabilities on a grid, finer near nought, with the log of posterior times
/// width given a time.
fn chances(group: Group, exits: &[Followed], time: Weibull) -> Vec<(f64, f64)> {
    let returns: Vec<&Followed> = exits.iter().filter(|exit| exit.returned).collect();
    let density: f64 = returns.iter().map(|exit| time.log_density(exit.days)).sum();
    let censored: Vec<f64> = exits
        .iter()
        .filter(|exit| !exit.returned)
        .map(|exit| time.by(exit.days))
        .collect();
    let unseen = time.by(UNSEEN);
    (0..PROBABILITIES)
        .map(|step| {
            let root = (step as f64 + 0.5) / PROBABILITIES as f64;
            let p = root * root;
            let outside: f64 = censored.iter().map(|by| libm::log1p(-p * by)).sum();
            let log = density
                + outside
                + (returns.len() as f64 + group.prior.0 - 1.0) * libm::log(p)
                + (group.prior.1 - 1.0) * libm::log1p(-p)
                - exits.len() as f64 * libm::log1p(-p * unseen)
                + libm::log(root);
            (p, log)
        })
        .collect()
}

fn pending(exits: &[Followed], p: f64, time: Weibull) -> Pending {
    let year = crate::units::DAYS_PER_YEAR;
    let mut pending = Pending::default();
    for exit in exits.iter().filter(|exit| !exit.returned) {
        let left = 18.0 * year - exit.age;
        if left <= 0.0 {
            continue;
        }
        let gone = time.by(exit.days);
        for (ahead, expected) in pending.by_year.iter_mut().enumerate() {
            let from = (ahead as f64 * year).min(left);
            let until = ((ahead + 1) as f64 * year).min(left);
            let share = time.by(exit.days + until) - time.by(exit.days + from);
            let chance = p * share / (1.0 - p * gone);
            *expected += chance;
            let age = (exit.age + 0.5 * (from + until)) / year;
            pending.by_age[super::exits::age_band(age)] += chance;
        }
    }
    pending
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exits(returned: usize, outside: usize, days: f64) -> Vec<Followed> {
        (0..returned + outside)
            .map(|index| Followed {
                days: if index < returned {
                    // Quantiles of an exponential of mean 300 days.
                    -300.0 * libm::log(1.0 - (index as f64 + 0.5) / returned as f64)
                } else {
                    days
                },
                returned: index < returned,
                age: 3_000.0,
            })
            .collect()
    }

    #[test]
    fn a_long_watch_tells_the_share_who_return() {
        let fit = reentry(GROUPS[0], &exits(300, 700, 9_000.0));
        assert!((fit.probability.0 - 0.3).abs() < 0.01, "{fit:?}");
        assert!((fit.probability.1 - 0.0145).abs() < 0.003, "{fit:?}");
        assert_eq!(fit.shape, 1.0);
        assert!((fit.scale.0 - 300.0).abs() < 40.0, "{fit:?}");
    }

    #[test]
    fn without_exits_the_prior_stands() {
        let fit = reentry(GROUPS[0], &[]);
        assert!((fit.probability.0 - 0.35).abs() < 0.01, "{fit:?}");
        assert_eq!(fit.pending, Pending::default());
    }

    #[test]
    fn a_short_watch_leaves_the_share_open() {
        let short = reentry(GROUPS[0], &exits(0, 100, 20.0));
        let long = reentry(GROUPS[0], &exits(0, 100, 2_000.0));
        assert!(short.probability.0 > 3.0 * long.probability.0);
    }
}

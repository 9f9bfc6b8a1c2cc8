//! How much of the spread comes from parameters, and how much from chance.

/// Pairs below which the share is not worth telling.
const FEWEST_PAIRS: usize = 50;

/// Groups of the jackknife.
const GROUPS: usize = 20;

/// Share of the variance that uncertain parameters cause; the rest is chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// The share, 0 to 1.
    pub share: f64,
    /// Its Monte Carlo standard error.
    pub standard_error: f64,
}

/// The share of the variance that comes from parameters.
///
/// `first[i]` and `twin[i]` are two replicates under the same parameters and
/// independent chance, so their covariance is the variance that parameters
/// cause: the intraclass correlation of pairs, after Fisher (1925). The
/// standard error is a jackknife over 20 groups of pairs and assumes no shape.
/// None below 50 pairs, or where nothing varies.
///
/// # Panics
/// Where the two differ in length.
pub fn parameter_share(first: &[f64], twin: &[f64]) -> Option<Share> {
    assert_eq!(first.len(), twin.len(), "replicates come in pairs");
    let varies = first.iter().chain(twin).any(|value| *value != first[0]);
    if first.len() < FEWEST_PAIRS || !varies {
        return None;
    }
    let mean = first.iter().chain(twin).sum::<f64>() / (2 * first.len()) as f64;
    let sums: Vec<Sums> = (0..GROUPS)
        .map(|group| Sums::of_group(first, twin, mean, group))
        .collect();
    let all = sums
        .iter()
        .fold(Sums::default(), |sum, &group| sum.plus(group));
    let share = all.correlation()?;
    let without: Option<Vec<f64>> = sums
        .iter()
        .map(|group| all.less(*group).correlation())
        .collect();
    Some(Share {
        share: share.clamp(0.0, 1.0),
        standard_error: jackknife_error(&without?),
    })
}

/// Sums over pairs of distances from a centre near the mean.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    pairs: f64,
    both: f64,
    products: f64,
    squares: f64,
}

impl Sums {
    fn of_group(first: &[f64], twin: &[f64], centre: f64, group: usize) -> Self {
        let pairs = first.iter().zip(twin).skip(group).step_by(GROUPS);
        pairs.fold(Self::default(), |sums, (&a, &b)| {
            let (a, b) = (a - centre, b - centre);
            sums.plus(Self {
                pairs: 1.0,
                both: a + b,
                products: a * b,
                squares: a * a + b * b,
            })
        })
    }

    fn plus(self, other: Self) -> Self {
        Self {
            pairs: self.pairs + other.pairs,
            both: self.both + other.both,
            products: self.products + other.products,
            squares: self.squares + other.squares,
        }
    }

    fn less(self, other: Self) -> Self {
        self.plus(Self {
            pairs: -other.pairs,
            both: -other.both,
            products: -other.products,
            squares: -other.squares,
        })
    }

    /// Covariance within pairs over the pooled variance; none where that is 0.
    fn correlation(self) -> Option<f64> {
        let mean = self.both / (2.0 * self.pairs);
        let covariance = self.products / self.pairs - mean * mean;
        let variance = self.squares / (2.0 * self.pairs) - mean * mean;
        (variance > 0.0).then(|| covariance / variance)
    }
}

fn jackknife_error(without: &[f64]) -> f64 {
    let groups = without.len() as f64;
    let mean = without.iter().sum::<f64>() / groups;
    let squares: f64 = without.iter().map(|r| (r - mean) * (r - mean)).sum();
    ((groups - 1.0) / groups * squares).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twelve uniforms less six: near enough a standard normal.
    fn normals(count: u64, seed: u64) -> Vec<f64> {
        let uniform = |index: u64| {
            let mut z = (seed << 40 | index).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)) as f64 / u64::MAX as f64
        };
        let normal = |index| (0..12).map(|i| uniform(12 * index + i)).sum::<f64>() - 6.0;
        (0..count).map(normal).collect()
    }

    #[test]
    fn the_share_is_that_of_the_common_part() {
        // 2 × common + chance: variances 4 and 1, so the share is 0.8.
        let count = 4_000;
        let (common, chance, other) = (normals(count, 1), normals(count, 2), normals(count, 3));
        let with = |own: &[f64]| -> Vec<f64> {
            common
                .iter()
                .zip(own)
                .map(|(c, o)| 300.0 + 2.0 * c + o)
                .collect()
        };
        let found = parameter_share(&with(&chance), &with(&other)).unwrap();
        // Fisher: (1 − r²)/√n = 0.36/63 = 0.0057.
        assert!((found.standard_error / 0.0057 - 1.0).abs() < 0.6);
        assert!((found.share - 0.8).abs() < 4.0 * 0.0057);
    }

    #[test]
    fn without_uncertain_parameters_the_share_is_about_nothing() {
        let found = parameter_share(&normals(1_000, 4), &normals(1_000, 5)).unwrap();
        assert!(found.share < 4.0 * found.standard_error);
    }

    #[test]
    fn few_pairs_or_no_variance_say_nothing() {
        assert_eq!(parameter_share(&[1.0; 49], &[2.0; 49]), None);
        assert_eq!(parameter_share(&[3.0; 200], &[3.0; 200]), None);
    }
}

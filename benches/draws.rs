//! Single draws: random words, exponentials, durations by table.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use lacsim::config::duration::Shape;
use lacsim::luck::philox::philox4x32;
use lacsim::luck::{Purpose, Seed, exponential};
use lacsim::model::curves::Curve;

fn main() {
    divan::main();
}

const DRAWS: u32 = 4_096;

/// Four words for each of many counters.
#[divan::bench]
fn philox(bencher: Bencher) {
    let sum = || {
        (0..DRAWS).fold(0_u64, |sum, count| {
            let words = philox4x32(black_box([count, 0, 0, 0]), [7, 9]);
            sum + words.iter().map(|&word| u64::from(word)).sum::<u64>()
        })
    };
    // Uniform words: a mean within four standard errors of the middle.
    let mean = sum() as f64 / (4.0 * f64::from(DRAWS)) / 4_294_967_296.0;
    assert!((mean - 0.5).abs() < 4.0 * (1.0 / 12.0_f64 / (4.0 * f64::from(DRAWS))).sqrt());
    bencher.counter(ItemsCount::new(DRAWS)).bench_local(sum);
}

/// Words keyed as the engine keys them. In debug builds, where every draw is
/// noted, each round needs fresh luck.
#[divan::bench]
fn keyed_words(bencher: Bencher) {
    let sum = || {
        let luck = Seed(1).replicate(0);
        (0..DRAWS).fold(0_u64, |sum, child| {
            sum + u64::from(luck.words(u64::from(child), Purpose::Clock, 0, 0)[0])
        })
    };
    assert_eq!(sum(), sum());
    bencher.counter(ItemsCount::new(DRAWS)).bench_local(sum);
}

/// Words spread evenly over their range.
fn words() -> Vec<u32> {
    (0..DRAWS)
        .map(|count| count * (u32::MAX / DRAWS) + (1 << 19))
        .collect()
}

#[divan::bench]
fn exponentials(bencher: Bencher) {
    let words = words();
    let sum = || {
        words
            .iter()
            .map(|&word| exponential(black_box(word)))
            .sum::<f64>()
    };
    // Evenly spread, they come near the mean of 1 but for the cut upper tail.
    assert!((sum() / f64::from(DRAWS) - 1.0).abs() < 2e-3);
    bencher.counter(ItemsCount::new(DRAWS)).bench_local(sum);
}

#[divan::bench(args = ["gamma", "weibull", "lognormal"])]
fn durations(bencher: Bencher, law: &str) {
    let (shape, mean) = match law {
        "gamma" => (Shape::Gamma { shape: 4.0 }, 1.0),
        // Mean of a Weibull: the gamma function at 1 + 1/shape.
        "weibull" => (Shape::Weibull { shape: 0.7 }, libm::tgamma(1.0 + 1.0 / 0.7)),
        _ => (Shape::Lognormal { sigma: 0.4 }, (0.5 * 0.4_f64 * 0.4).exp()),
    };
    let curve = Curve::new(&shape);
    let luck: Vec<f64> = words().into_iter().map(exponential).collect();
    let sum = || {
        luck.iter()
            .map(|&one| curve.time(black_box(one)))
            .sum::<f64>()
    };
    let found = sum() / f64::from(DRAWS) * curve.unit();
    assert!(
        (found / mean - 1.0).abs() < 5e-3,
        "{law}: {found} against {mean}"
    );
    bencher.counter(ItemsCount::new(DRAWS)).bench_local(sum);
}

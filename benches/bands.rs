//! Statistics over 10,000 futures.

use divan::Bencher;
use divan::counter::ItemsCount;
use lacsim::forecast::columns::Scale;
use lacsim::forecast::quantiles::{LEVELS, Summariser, quantile};
use lacsim::luck::{Purpose, Seed};

fn main() {
    divan::main();
}

const FUTURES: u32 = 10_000;

/// Values up to a limit, in no order.
fn values(limit: u64) -> Vec<i64> {
    let luck = Seed(1).replicate(0);
    let word = |child: u32| luck.words(u64::from(child), Purpose::Profile, 0, 0)[0];
    (0..FUTURES)
        .map(|child| ((u64::from(word(child)) * limit) >> 32) as i64)
        .collect()
}

fn summaries(bencher: Bencher, limit: u64, scale: Scale) {
    let values = values(limit);
    let mut sorted: Vec<f64> = values.iter().map(|&value| scale.written(value)).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let expected = LEVELS.map(|level| quantile(&sorted, level));
    let summariser = Summariser::new(values.len());
    bencher.counter(ItemsCount::new(FUTURES)).bench_local(|| {
        let summary = summariser.of_values(&values, scale);
        assert_eq!(summary.percentiles, expected);
        summary
    });
}

/// Children: few distinct values.
#[divan::bench]
fn children(bencher: Bencher) {
    summaries(bencher, 400, Scale::Children);
}

/// Pence: every value another.
#[divan::bench]
fn pounds(bencher: Bencher) {
    summaries(bencher, 2_000_000_000, Scale::Pence);
}

//! Whole futures on every core: without pools, with pools, and a real plan.

mod common;

use common::{model, plan, play};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

const FUTURES: u32 = 256;

fn futures(bencher: Bencher, file: &str, scenario: Option<&str>, children_each: f64) {
    let plan = plan(file);
    let model = model(&plan, scenario);
    let (_, children) = play(&plan, model, FUTURES);
    let each = children as f64 / f64::from(FUTURES);
    assert!(
        (each / children_each - 1.0).abs() < 0.05,
        "{each} children in a future"
    );
    bencher
        .counter(ItemsCount::new(children))
        .bench_local(|| play(&plan, model, FUTURES).1);
}

/// W1a: children are independent.
#[divan::bench]
fn without_pools(bencher: Bencher) {
    futures(bencher, "benches/workloads/w1a.toml", None, 692.0);
}

/// W1b: the same with eight assessment slots.
#[divan::bench]
fn with_pools(bencher: Bencher) {
    futures(bencher, "benches/workloads/w1b.toml", None, 692.0);
}

/// Herefordshire's plan, with uncertain rates, drift, re-entry and money.
#[divan::bench]
fn herefordshire_as_planned(bencher: Bencher) {
    // 308 in care and about 97 a year for two and a half years.
    futures(
        bencher,
        "configs/herefordshire.toml",
        Some("as planned"),
        550.0,
    );
}

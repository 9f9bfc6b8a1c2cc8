//! Children's lives: futures of the fixed workload W1a, on one thread.

mod common;

use common::{model, plan, play};
use divan::Bencher;
use divan::counter::ItemsCount;
use lacsim::model::layout::Period;

fn main() {
    divan::main();
}

/// One tile of futures, so that its cost is spread as in a run.
const FUTURES: u32 = 32;

#[divan::bench]
fn lives_of_w1a(bencher: Bencher) {
    let plan = plan("benches/workloads/w1a.toml");
    let model = model(&plan, None);
    let thread = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("one thread starts");
    let (tiles, children) = thread.install(|| play(&plan, model, FUTURES));
    // 308 in care and 150 x 0.64 a year for four years make 692.
    let each = children as f64 / f64::from(FUTURES);
    assert!(
        (each - 692.0).abs() < 4.0 * (384.0 / f64::from(FUTURES)).sqrt(),
        "{each} children"
    );
    let population = plan
        .layout()
        .find("population", "all", "all")
        .expect("always counted");
    let first = tiles.column(plan.layout(), population, Period::Month(0));
    assert!(
        first.iter().all(|count| (200..400).contains(count)),
        "{first:?}"
    );
    bencher
        .counter(ItemsCount::new(children))
        .bench_local(|| thread.install(|| play(&plan, model, FUTURES)).1);
}

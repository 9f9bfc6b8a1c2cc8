//! The engine against theory: closed forms, numerical integration and sums
//! worked by hand.
//!
//! Where chance is involved, a comparison allows four standard errors over
//! replicates, which fails a correct engine about once in 16,000 seeds a
//! comparison; there are about 130 of them, so a fresh seed would fail a
//! correct engine about once in 120. Seeds are fixed: a failure is a change.
//! Everything else here is exact.
//!
//! The clocks are continuous and events count on the next whole day, so that
//! the closed forms are exact with sums over whole days: a child who enters on
//! day `s` and stays `T` is in care on day `t` if `s <= t < s + T`.

mod accounts;
mod ageing_out;
mod luck;
mod money;
mod panel;
mod pathways;
mod queues;
mod returns;
mod stock;
mod time_in_care;

use lacsim::engine::arrivals::cohort_key;
use lacsim::engine::record::Event;
use lacsim::engine::tiles::Tiles;
use lacsim::engine::{Chance, Progress, listen, run_replicates};
use lacsim::luck::Seed;
use lacsim::model::layout::Period;
use lacsim::run::Plan;
use lacsim::units::{Date, birthday, date_after, days_between};
use std::path::Path;

const SEED: Seed = Seed(20_170_930);

const YEAR: f64 = 365.25;

/// A function of days.
type Curve = fn(f64) -> f64;

/// A scenario file played, seen through one of its scenarios.
#[derive(Clone)]
struct Run {
    plan: std::rc::Rc<Plan>,
    tiles: std::rc::Rc<Tiles>,
    scenario: usize,
    replicates: u32,
}

impl Run {
    fn of(text: &str, replicates: u32) -> Self {
        Self::play(plan("test.toml", text), replicates)
    }

    /// With a child-level cohort: date of birth, start of care, legal status,
    /// placement and perhaps, after a comma, stream.
    fn with_cohort(text: &str, children: &[(&str, &str, &str, &str)], replicates: u32) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut rows =
            String::from("id,date_of_birth,start_of_care,legal_status,placement,stream\n");
        for (index, (born, entered, status, placement)) in children.iter().enumerate() {
            let comma = if placement.contains(',') { "" } else { "," };
            rows.push_str(&format!(
                "c{index},{born},{entered},{status},{placement}{comma}\n"
            ));
        }
        std::fs::write(folder.path().join("cohort.csv"), rows).expect("a file");
        let scenario = folder.path().join("test.toml");
        Self::play(plan(&scenario.to_string_lossy(), text), replicates)
    }

    fn play(plan: Plan, replicates: u32) -> Self {
        let tiles = tiles(&plan, 0, SEED, 0..replicates);
        Self {
            plan: plan.into(),
            tiles: tiles.into(),
            scenario: 0,
            replicates,
        }
    }

    /// The same replicates of another scenario of the file.
    fn scenario(&self, scenario: usize) -> Self {
        Self {
            plan: self.plan.clone(),
            tiles: tiles(&self.plan, scenario, SEED, 0..self.replicates).into(),
            scenario,
            replicates: self.replicates,
        }
    }

    fn months(&self) -> usize {
        self.plan.layout().calendar().months()
    }

    /// Day of a month end.
    fn day(&self, month: usize) -> i32 {
        self.plan.layout().calendar().month_ends()[month]
    }

    /// One series in one period, a value per replicate; money in pence.
    fn values(&self, metric: &str, by: &str, segment: &str, period: Period) -> Vec<f64> {
        let layout = self.plan.layout();
        let series = layout
            .find(metric, by, segment)
            .unwrap_or_else(|| panic!("no series {metric} by {by}: {segment}"));
        let column = self.tiles.column(layout, series, period);
        column.into_iter().map(|value| value as f64).collect()
    }

    fn column(&self, metric: &str, by: &str, segment: &str, month: usize) -> Vec<f64> {
        self.values(metric, by, segment, Period::Month(month))
    }

    fn year(&self, metric: &str, by: &str, segment: &str, year: usize) -> Vec<f64> {
        self.values(metric, by, segment, Period::FinancialYear(year))
    }

    /// Sum over months.
    fn over(
        &self,
        metric: &str,
        by: &str,
        segment: &str,
        months: std::ops::Range<usize>,
    ) -> Vec<f64> {
        let zeros = vec![0.0; self.replicates as usize];
        months.fold(zeros, |sum, month| {
            plus(&sum, &self.column(metric, by, segment, month))
        })
    }

    /// Mean over months.
    fn mean_over(
        &self,
        metric: &str,
        by: &str,
        segment: &str,
        months: std::ops::Range<usize>,
    ) -> Vec<f64> {
        let count = months.len() as f64;
        let sum = self.over(metric, by, segment, months);
        sum.into_iter().map(|sum| sum / count).collect()
    }

    fn population(&self, month: usize) -> Vec<f64> {
        self.column("population", "all", "all", month)
    }

    fn cells(&self) -> Vec<Vec<i64>> {
        cells(&self.plan, &self.tiles)
    }

    /// Everything that happened in a replicate.
    fn notes(&self, replicate: u32) -> Vec<lacsim::engine::record::Note> {
        listen(
            &self.plan.models[self.scenario],
            &self.plan.numbers,
            SEED,
            replicate,
        )
    }
}

fn plan(path: &str, text: &str) -> Plan {
    let file = lacsim::config::load(path, text).unwrap_or_else(|report| panic!("{report}"));
    Plan::new(Path::new(path), file).unwrap_or_else(|error| panic!("{error}"))
}

fn tiles(plan: &Plan, scenario: usize, seed: Seed, replicates: std::ops::Range<u32>) -> Tiles {
    let model = &plan.models[scenario];
    run_replicates(
        model,
        &plan.numbers,
        seed,
        replicates,
        Chance::Own,
        &Progress::default(),
    )
    .expect("nobody stops it")
}

/// Every month of every series, a value per replicate.
fn cells(plan: &Plan, tiles: &Tiles) -> Vec<Vec<i64>> {
    let layout = plan.layout();
    (0..layout.series().len())
        .flat_map(|series| (0..layout.calendar().months()).map(move |month| (series, month)))
        .map(|(series, month)| tiles.column(layout, series, Period::Month(month)))
        .collect()
}

fn date(year: i32, month: u32, day: u32) -> Date {
    Date::from_ymd_opt(year, month, day).expect("a real date")
}

fn plus(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Mean of a power of the deviations from the mean.
fn central_moment(values: &[f64], power: i32) -> f64 {
    let middle = mean(values);
    values.iter().map(|x| (x - middle).powi(power)).sum::<f64>() / values.len() as f64
}

/// The mean of independent values lies within four of its standard errors; the
/// error is at least that of half a child in all replicates together, where
/// the law has next to no variance.
#[track_caller]
fn assert_mean(values: &[f64], expected: f64, what: &str) {
    let count = values.len() as f64;
    let error = (central_moment(values, 2) / count).sqrt().max(0.5 / count);
    let found = mean(values);
    let z = (found - expected) / error;
    assert!(
        z.abs() < 4.0,
        "{what}: found {found}, expected {expected}, z = {z:.2}"
    );
}

/// The variance lies within four standard errors, which are
/// √((m4 − m2²) / n) by the fourth moment.
#[track_caller]
fn assert_variance(values: &[f64], expected: f64, what: &str) {
    let (second, fourth) = (central_moment(values, 2), central_moment(values, 4));
    let error = ((fourth - second * second) / values.len() as f64).sqrt();
    let z = (second - expected) / error;
    assert!(
        z.abs() < 4.0,
        "{what}: found {second}, expected {expected}, z = {z:.2}"
    );
}

/// Midpoint rule.
fn integral(from: f64, to: f64, steps: u32, f: impl Fn(f64) -> f64) -> f64 {
    let width = (to - from) / f64::from(steps);
    (0..steps)
        .map(|step| f(from + (f64::from(step) + 0.5) * width) * width)
        .sum()
}

/// Survivors of a Weibull.
fn weibull(shape: f64, scale: f64, t: f64) -> f64 {
    (-(t / scale).powf(shape)).exp()
}

/// Survivors of a log-normal.
fn lognormal(median: f64, sigma: f64, t: f64) -> f64 {
    if t <= 0.0 {
        return 1.0;
    }
    0.5 * libm::erfc((t / median).ln() / (sigma * std::f64::consts::SQRT_2))
}

/// Share of an Erlang of whole shape and scale 1 that has come by x.
fn erlang(shape: u32, x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..shape {
        term *= x / f64::from(k);
        sum += term;
    }
    1.0 - (-x).exp() * sum
}

/// Erlang's B: the share turned away by so many servers under a load.
fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |blocked, server| {
        load * blocked / (f64::from(server) + load * blocked)
    })
}

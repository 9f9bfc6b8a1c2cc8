//! Whole runs, from the scenario file to the last file written: children a
//! second, and what a child and an event take of one core.
//!
//! `cargo bench --bench whole` plays the fixed workloads and Herefordshire's
//! plan; `cargo bench --bench whole -- FILE FUTURES` any scenario file. An event
//! is a row of `events.parquet`: a referral, a decision, an entry, a stage of a
//! pathway, an exit.

#[expect(dead_code, reason = "a whole run plays its futures itself")]
mod common;

use comfy_table::{Table, presets};
use common::plan;
use lacsim::engine::{Progress, listen};
use lacsim::luck::Seed;
use lacsim::run::{Kept, Plan, RunOptions, run};
use std::time::Instant;

/// Files, and how many futures of each take about a second.
const RUNS: [(&str, u32); 4] = [
    ("benches/workloads/w1a.toml", 20_000),
    ("benches/workloads/w1b.toml", 20_000),
    ("benches/workloads/w2.toml", 100),
    ("configs/herefordshire.toml", 5_000),
];

/// Futures in which events are counted.
const LISTENED: u32 = 2;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Cargo adds a flag of its own; without it, benches are only tried.
    let is_bench = arguments.iter().any(|one| one == "--bench");
    let own: Vec<&String> = arguments
        .iter()
        .filter(|one| !one.starts_with("--"))
        .collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(vec![
        "file",
        "futures",
        "seconds",
        "children a second",
        "ns a child, one core",
        "events a child",
        "ns an event, one core",
    ]);
    if let [file, futures] = own[..] {
        let futures = futures.parse().expect("FUTURES is a whole number");
        table.add_row(row(file, futures));
    } else {
        for (file, futures) in RUNS {
            table.add_row(row(file, if is_bench { futures } else { 2 }));
        }
    }
    println!("{table}");
}

fn row(file: &str, futures: u32) -> [String; 7] {
    let folder = tempfile::tempdir().expect("a folder for what runs write");
    let options = RunOptions {
        out: folder.path().join("run"),
        seed: None,
        replicates: Some(0..futures),
        precision: None,
        scenarios: Vec::new(),
        kept: Kept::Headlines,
        events: 0,
        workbook: true,
        report: None,
        arguments: Vec::new(),
    };
    let started = Instant::now();
    let plan = plan(file);
    let result = run(&plan, &options, &Progress::default()).expect("the file can be played");
    let seconds = started.elapsed().as_secs_f64();
    let children = result.manifest.children_simulated as f64;
    let events = events_in_a_future(&plan) / (children / f64::from(futures));
    assert!(events > 1.0, "a child at least enters: {events} events");
    let core_nanoseconds = seconds * rayon::current_num_threads() as f64 * 1e9;
    [
        file.to_owned(),
        futures.to_string(),
        format!("{seconds:.2}"),
        format!("{:.1} million", children / seconds / 1e6),
        format!("{:.1}", core_nanoseconds / children),
        format!("{events:.2}"),
        format!("{:.1}", core_nanoseconds / (children * events)),
    ]
}

/// Events of all scenarios in a future, on average.
fn events_in_a_future(plan: &Plan) -> f64 {
    let seed = Seed(plan.config().forecast.seed);
    let notes = plan.models.iter().flat_map(|model| {
        (0..LISTENED).map(move |replicate| listen(model, &plan.numbers, seed, replicate).len())
    });
    notes.sum::<usize>() as f64 / f64::from(LISTENED)
}

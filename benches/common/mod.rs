//! What the benches share: a scenario file made ready, and its futures.

use lacsim::config;
use lacsim::engine::tiles::Tiles;
use lacsim::engine::{Chance, Progress, run_replicates};
use lacsim::luck::Seed;
use lacsim::model::Model;
use lacsim::run::Plan;
use std::path::Path;
use std::sync::atomic::Ordering;

/// A scenario file of the repository.
pub fn plan(file: &str) -> Plan {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(&path).expect("the file is in the repository");
    let checked = config::load(file, &text).unwrap_or_else(|report| panic!("{report}"));
    Plan::new(&path, checked).expect("the file can be played")
}

/// The file's own scenario, or the one of this name.
pub fn model<'a>(plan: &'a Plan, scenario: Option<&str>) -> &'a Model {
    let mut models = plan.models.iter();
    match scenario {
        None => &plan.models[0],
        Some(name) => models
            .find(|model| model.scenario == name)
            .expect("the scenario is there"),
    }
}

/// Plays the first futures under seed 1; the tallies, and how many children.
pub fn play(plan: &Plan, model: &Model, futures: u32) -> (Tiles, u64) {
    let progress = Progress::default();
    let tiles = run_replicates(
        model,
        &plan.numbers,
        Seed(1),
        0..futures,
        Chance::Own,
        &progress,
    );
    let children = progress.children.load(Ordering::Relaxed);
    (tiles.expect("nobody stops it"), children)
}

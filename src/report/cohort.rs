//! The children in care at the start, as the scenario file counts them.

use super::figure::Table;
use super::words;
use crate::config::Config;
use crate::config::cohort::Cohort;
use crate::model::layout::Unit;
use crate::output::suppress::{Shown, WITHHELD};

/// A table for each way that the scenario file counts the children; none where
/// their margins are drawn or come from a child-level file.
pub(super) fn tables(config: &Config, is_suppressed: bool) -> Vec<Table> {
    let Some(Cohort::Margins(cohort)) = &config.cohort else {
        return Vec::new();
    };
    let band_names = |bands: &[crate::config::bands::Band]| -> Vec<String> {
        bands.iter().map(|band| band.name.clone()).collect()
    };
    let streams = if cohort.streams.is_empty() {
        Vec::new()
    } else {
        config.names.streams.clone()
    };
    let ways = [
        ("cohort-age", "Age in years", band_names(&cohort.age.bands)),
        (
            "cohort-legal",
            "Legal status",
            config.names.legal_statuses.clone(),
        ),
        (
            "cohort-placement",
            "Placement",
            config.names.placements.clone(),
        ),
        (
            "cohort-days",
            "Days already in care",
            band_names(&cohort.days_bands),
        ),
        ("cohort-stream", "Stream", streams),
    ];
    let mut tables = Vec::new();
    for (dimension, (id, head, names)) in ways.into_iter().enumerate() {
        if names.len() < 2 || cohort.cells.is_empty() {
            continue;
        }
        let mut counts = vec![0.0; names.len()];
        for cell in &cohort.cells {
            counts[cell[dimension]] += 1.0;
        }
        let shown = if is_suppressed {
            Shown::safe(&counts)
        } else {
            Shown::all(&counts)
        };
        let mut table = Table::new(
            id,
            format!("In care at the start, by {}", head.to_lowercase()),
            &[head, "Children"],
            1,
        );
        for (name, count) in names.into_iter().zip(shown.counts) {
            table.rows.push(vec![name, written(count)]);
        }
        table
            .rows
            .push(vec!["all".to_owned(), written(shown.total)]);
        tables.push(table);
    }
    tables
}

/// A count, or what stands for it.
fn written(count: Option<f64>) -> String {
    count.map_or_else(
        || WITHHELD.to_owned(),
        |count| words::exact(Unit::Children, count),
    )
}

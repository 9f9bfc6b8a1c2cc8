//! A finished run as the folder of a forecast hub, which the tools of the
//! hubverse read and score.
//!
//! The folder's form is that of the hubverse's schemas, version 5.0.1
//! (github.com/hubverse-org/schemas: `tasks-schema.json`, `admin-schema.json`),
//! and of its documentation on model output and target data. The forecast is
//! one round, its reference date the run's start; a task is a total of a
//! scenario at the end of a month or a financial year.

use super::OutputError;
use super::finished::FinishedRun;
use super::folder::write_folder;
use super::new_files::NewFiles;
use super::parquet::{HubRow, Metadata, write_hub_rows};
use crate::forecast::quantiles::quantile;
use crate::forecast::{Column, SeriesName};
use crate::model::layout::{Period, Unit};
use crate::units::Date;
use chrono::Datelike;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Levels of the quantiles: those of the forecast hubs, symmetric about one
/// half, among them the seven of a band.
pub const LEVELS: [f64; 23] = [
    0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75,
    0.8, 0.85, 0.9, 0.95, 0.975, 0.99,
];

/// Team and model, as hubs name who forecasts: two abbreviations and a hyphen.
const MODEL: &str = "lacsim-scenario";

const SCHEMAS: &str = "https://raw.githubusercontent.com/hubverse-org/schemas/main/v5.0.1";

/// Totals of a run as tasks of a hub.
struct Tasks {
    rows: Vec<HubRow>,
    /// Unit and horizons of each target.
    targets: BTreeMap<String, (Unit, Vec<(i32, Date)>)>,
}

/// Writes the folder; it must not exist yet, or be empty.
///
/// # Errors
/// [`OutputError::NotKept`] where the run kept no replicates,
/// [`OutputError::Taken`] where the folder holds something, else where a file
/// cannot be read or written.
pub fn export(run: &FinishedRun, folder: &Path) -> Result<(), OutputError> {
    let tasks = Tasks::of(run)?;
    let manifest = run.manifest();
    let metadata = Metadata {
        version: manifest.version.clone(),
        seed: manifest.seed,
        scenario_sha256: manifest.scenario.sha256.clone(),
    };
    let start = run.config().forecast.start;
    write_folder(folder, |hub| {
        let output = subfolder(hub, &format!("model-output/{MODEL}"))?;
        let files = NewFiles::in_folder(&output);
        let record = write_hub_rows(&files, &metadata, start, &tasks.rows)?;
        files.sync()?;
        let from = output.join(record.name);
        let to = output.join(format!("{start}-{MODEL}.parquet"));
        std::fs::rename(&from, &to).map_err(OutputError::io(&to, "write"))?;
        let config = subfolder(hub, "hub-config")?;
        write_json(&config.join("tasks.json"), &tasks.config(run))?;
        write_json(&config.join("admin.json"), &admin(run))?;
        write_json(
            &config.join("model-metadata-schema.json"),
            &model_metadata_schema(),
        )?;
        let models = subfolder(hub, "model-metadata")?;
        // JSON is YAML too, and says what text is text.
        write_json(&models.join(format!("{MODEL}.yml")), &model_metadata(run))?;
        write_observed(run, hub)
    })
}

impl Tasks {
    fn of(run: &FinishedRun) -> Result<Self, OutputError> {
        let start = run.config().forecast.start;
        let mut tasks = Self {
            rows: Vec::new(),
            targets: BTreeMap::new(),
        };
        run.for_each_total(|scenario, columns| {
            for mut column in columns {
                tasks.add(scenario, start, &mut column);
            }
        })?;
        Ok(tasks)
    }

    fn add(&mut self, scenario: &str, start: Date, column: &mut Column) {
        let target = target_name(&column.series, column.period);
        let horizon = months_between(start, column.date);
        column.values.sort_unstable_by(f64::total_cmp);
        for level in LEVELS {
            self.rows.push(HubRow {
                target: target.clone(),
                scenario: scenario.to_owned(),
                horizon,
                target_end_date: column.date,
                level,
                value: quantile(&column.values, level),
            });
        }
        let known = self.targets.entry(target);
        let (_, horizons) = known.or_insert_with(|| (column.series.unit, Vec::new()));
        if !horizons.contains(&(horizon, column.date)) {
            horizons.push((horizon, column.date));
        }
    }

    /// `tasks.json`: one round, and a group of tasks for each target, since
    /// each has its own horizons.
    fn config(&self, run: &FinishedRun) -> Value {
        let start = run.config().forecast.start.to_string();
        let groups: Vec<Value> = self
            .targets
            .iter()
            .map(|(target, (unit, horizons))| group(run, target, *unit, horizons))
            .collect();
        json!({
            "schema_version": format!("{SCHEMAS}/tasks-schema.json"),
            "rounds": [{
                "round_id_from_variable": true,
                "round_id": "reference_date",
                "model_tasks": groups,
                "submissions_due": { "start": start, "end": start },
            }],
            "output_type_id_datatype": "double",
            "derived_task_ids": ["target_end_date"],
        })
    }
}

fn group(run: &FinishedRun, target: &str, unit: Unit, horizons: &[(i32, Date)]) -> Value {
    let start = run.config().forecast.start.to_string();
    let required = |values: Value| json!({ "required": values, "optional": null });
    let dates: Vec<String> = horizons.iter().map(|(_, date)| date.to_string()).collect();
    let months: Vec<i32> = horizons.iter().map(|(horizon, _)| *horizon).collect();
    let kind = match unit {
        Unit::Children | Unit::Families => "discrete",
        Unit::Pounds | Unit::ChildrenPer10000 => "continuous",
    };
    json!({
        "task_ids": {
            "reference_date": required(json!([start])),
            "target": required(json!([target])),
            "scenario_id": required(json!(run.manifest().scenarios)),
            "horizon": required(json!(months)),
            "target_end_date": { "required": null, "optional": dates },
        },
        "output_type": {
            "quantile": {
                "output_type_id": { "required": LEVELS },
                "is_required": true,
                "value": { "type": "double" },
            },
        },
        "target_metadata": [{
            "target_id": target,
            "target_name": format!("{target}, in all, of a scenario"),
            "target_units": unit.word().replace('_', " "),
            "target_keys": { "target": target },
            "description": "A total at the end of a month, or over the month or financial year that ends on target_end_date, which is horizon months after reference_date.",
            "target_type": kind,
            "is_step_ahead": true,
            "time_unit": "month",
        }],
    })
}

/// What a total is called in a hub, in 30 characters at most.
fn target_name(series: &SeriesName, period: Period) -> String {
    let by = match period {
        Period::Month(_) => "month",
        Period::FinancialYear(_) => "year",
    };
    format!("{} by {by}", series.metric)
}

/// Whole months from one date to another.
fn months_between(start: Date, end: Date) -> i32 {
    12 * (end.year() - start.year()) + end.month() as i32 - start.month() as i32
}

fn admin(run: &FinishedRun) -> Value {
    let name = &run.config().forecast.name;
    json!({
        "schema_version": format!("{SCHEMAS}/admin-schema.json"),
        "name": name,
        "maintainer": "whoever made the forecast",
        "contact": { "name": "whoever made the forecast" },
        "repository": { "name": run.manifest().scenario.name },
        "file_format": ["parquet"],
        "timezone": "Europe/London",
    })
}

fn model_metadata(run: &FinishedRun) -> Value {
    let manifest = run.manifest();
    json!({
        "team_name": "lacsim",
        "team_abbr": "lacsim",
        "model_name": run.config().forecast.name,
        "model_abbr": "scenario",
        "model_version": manifest.version,
        "designated_model": true,
        "methods": format!(
            "Child-level Monte Carlo simulation, {} futures, seed {}, scenario file SHA-256 {}",
            manifest.replicates, manifest.seed, manifest.scenario.sha256
        ),
    })
}

fn model_metadata_schema() -> Value {
    let text = json!({ "type": "string" });
    let abbreviation = json!({ "type": "string", "pattern": "^[a-zA-Z0-9_]+$", "maxLength": 16 });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Model metadata",
        "type": "object",
        "properties": {
            "team_name": text,
            "team_abbr": abbreviation,
            "model_name": text,
            "model_abbr": abbreviation,
            "model_version": text,
            "designated_model": { "type": "boolean" },
            "methods": text,
        },
        "required": ["team_name", "team_abbr", "model_name", "model_abbr", "designated_model"],
        "additionalProperties": false,
    })
}

/// `target-data/time-series.csv`: what the scenario file says was observed.
fn write_observed(run: &FinishedRun, hub: &Path) -> Result<(), OutputError> {
    let mut text = "target_end_date,target,observation\n".to_owned();
    for history in &run.config().paper.history {
        if let Some(population) = history.population {
            text.push_str(&format!(
                "{},population by month,{population}\n",
                history.date
            ));
        }
    }
    let file = subfolder(hub, "target-data")?.join("time-series.csv");
    std::fs::write(&file, text).map_err(OutputError::io(&file, "write"))
}

fn subfolder(hub: &Path, name: &str) -> Result<std::path::PathBuf, OutputError> {
    let folder = hub.join(name);
    std::fs::create_dir_all(&folder).map_err(OutputError::io(&folder, "create"))?;
    Ok(folder)
}

fn write_json(file: &Path, value: &Value) -> Result<(), OutputError> {
    let text = serde_json::to_string_pretty(value).expect("it is plain JSON");
    std::fs::write(file, text + "\n").map_err(OutputError::io(file, "write"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast;

    #[test]
    fn levels_are_symmetric_and_hold_those_of_a_band() {
        for (low, high) in LEVELS.iter().zip(LEVELS.iter().rev()) {
            assert!((low + high - 1.0).abs() < 1e-12);
        }
        assert!(forecast::LEVELS.iter().all(|level| LEVELS.contains(level)));
    }

    #[test]
    fn horizons_are_in_months() {
        let date = |y, m, d| Date::from_ymd_opt(y, m, d).unwrap();
        assert_eq!(months_between(date(2017, 9, 30), date(2019, 3, 31)), 18);
        assert_eq!(months_between(date(2017, 12, 31), date(2018, 1, 31)), 1);
    }
}

//! A scenario sent back to an earlier date, to be tested against what has
//! happened since.
//!
//! What a council did as a matter of course goes back with it: children in
//! care by the file's shares, rates, pathways, resources. Money, promises and
//! what the paper says stay behind.

use super::document::{self, Document};
use super::{Config, ScenarioFile, load};
use crate::units::{Date, days_between};
use chrono::Datelike;
use toml::value::Datetime;
use toml::{Table, Value};

/// The date a scenario is sent back to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Origin {
    /// Start date of the forecast.
    pub start: Date,
    /// Last day of the forecast, a month end.
    pub end: Date,
    /// Children in care on the start date.
    pub children: u32,
    /// What every stream's families a year are multiplied by.
    pub families: f64,
    /// What the hazard of every exit is multiplied by.
    pub exits: f64,
}

/// Tables that say nothing of how children enter, live in and leave care.
const LEFT_BEHIND: [&str; 18] = [
    "scenario",
    "workstream",
    "risk",
    "delivery",
    "attribution",
    "owners",
    "budget",
    "target",
    "history",
    "published",
    "claim",
    "prices",
    "overhead",
    "fee",
    "programme",
    "grant",
    "allowance",
    "spent_to_date",
];

/// One scenario of a file, by its index, at an earlier origin.
///
/// Margins of the cohort that are counts become shares; a date within a
/// pathway, panel or resource moves with the start; what a resource or bed had
/// by the file's start it has at the origin.
///
/// # Errors
/// A report of what cannot be at the origin, for a person.
pub fn rewound(
    file: &ScenarioFile,
    scenario: usize,
    origin: &Origin,
) -> Result<ScenarioFile, String> {
    let config = &file.scenarios[scenario];
    let mut table = overridden(&file.document, config)?;
    let days = i64::from(days_between(config.forecast.start, origin.start));
    for name in LEFT_BEHIND {
        table.remove(name);
    }
    if let Some(Value::Table(forecast)) = table.get_mut("forecast") {
        for key in [
            "question",
            "main_target",
            "main_scenario",
            "comparison",
            "child_population",
            "child_population_by_year",
        ] {
            forecast.remove(key);
        }
        forecast.insert("start".to_owned(), datetime(origin.start));
        forecast.insert("end".to_owned(), datetime(origin.end));
        forecast.insert("population_by".to_owned(), Value::Array(Vec::new()));
    }
    if let Some(Value::Table(cohort)) = table.get_mut("cohort") {
        let children = i64::from(origin.children);
        cohort.insert("children".to_owned(), Value::Integer(children));
        for margin in [
            "age",
            "legal_status",
            "placement",
            "days_in_care",
            "streams",
        ] {
            if let Some(Value::Table(margin)) = cohort.get_mut(margin) {
                counts_to_shares(margin);
            }
        }
    }
    for stream in items(&mut table, "referrals") {
        if let Some(families) = stream.get_mut("families_per_year") {
            multiply(families, origin.families);
        }
    }
    for exit in items(&mut table, "exit") {
        let factor = exit.entry("factor").or_insert_with(|| Value::Float(1.0));
        multiply(factor, origin.exits);
    }
    for pathway in items(&mut table, "pathway") {
        move_dates(pathway, &["cases_start", "new_cases_from"], days);
    }
    for resource in items(&mut table, "resource") {
        move_dates(resource, &["first_sitting"], days);
        open_at(resource, "sizes", config.forecast.start, origin.start);
    }
    for placement in items(&mut table, "placement") {
        open_at(placement, "beds", config.forecast.start, origin.start);
    }
    if let Some(Value::Table(panel)) = table.get_mut("panel") {
        move_dates(panel, &["first_sitting"], days);
    }
    let text = toml::to_string(&table).map_err(|error| error.to_string())?;
    load(&file.document.file, &text)
}

/// A scenario file that ends on another day, a month end, and counts no
/// segments of the population.
///
/// # Errors
/// A report of what cannot be, for a person.
pub fn up_to(name: &str, text: &str, end: Date) -> Result<ScenarioFile, String> {
    let mut table = Document::parse(name, text)?.table;
    table.remove("target");
    if let Some(Value::Table(forecast)) = table.get_mut("forecast") {
        forecast.remove("main_target");
        forecast.insert("end".to_owned(), datetime(end));
        forecast.insert("population_by".to_owned(), Value::Array(Vec::new()));
    }
    let text = toml::to_string(&table).map_err(|error| error.to_string())?;
    load(name, &text)
}

/// The file's tables with the overrides of one scenario.
fn overridden(document: &Document, config: &Config) -> Result<Table, String> {
    let mut table = document.table.clone();
    let sets: Vec<(String, Value)> = items(&mut table, "scenario")
        .filter(|one| one.get("name").and_then(Value::as_str) == Some(&config.scenario))
        .filter_map(|one| one.get("set").and_then(Value::as_table))
        .flat_map(|set| set.iter().map(|(key, value)| (key.clone(), value.clone())))
        .collect();
    for (address, value) in sets {
        document::set(&mut table, &address, value)?;
    }
    Ok(table)
}

/// The tables of an array of tables.
fn items<'a>(table: &'a mut Table, name: &str) -> impl Iterator<Item = &'a mut Table> {
    let items = match table.get_mut(name) {
        Some(Value::Array(items)) => items.as_mut_slice(),
        _ => &mut [],
    };
    items.iter_mut().filter_map(Value::as_table_mut)
}

/// Divides whole numbers by their sum; shares stay as they are.
fn counts_to_shares(margin: &mut Table) {
    let counts: Option<Vec<f64>> = margin
        .iter()
        .map(|(_, value)| number(value).filter(|count| count.fract() == 0.0))
        .collect();
    let total: f64 = counts.iter().flatten().sum();
    if total > 0.0 {
        for (_, value) in margin.iter_mut() {
            *value = Value::Float(number(value).unwrap_or(0.0) / total);
        }
    }
}

/// Multiplies a quantity, whatever its form.
fn multiply(quantity: &mut Value, factor: f64) {
    match quantity {
        Value::Table(law) => {
            for key in ["low", "mode", "high", "mean", "sd", "p10", "p90"] {
                if let Some(value) = law.get_mut(key) {
                    multiply(value, factor);
                }
            }
            // The same events in fewer years.
            if let Some(years) = law.get_mut("years") {
                multiply(years, 1.0 / factor);
            }
        }
        plain => {
            if let Some(value) = number(plain) {
                *plain = Value::Float(value * factor);
            }
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(whole) => Some(*whole as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

fn move_dates(table: &mut Table, keys: &[&str], days: i64) {
    for key in keys {
        if let Some(value) = table.get_mut(*key)
            && let Some(date) = date(value)
        {
            *value = datetime(date + chrono::Duration::days(days));
        }
    }
}

/// Sizes by date: the one that held at the file's start holds at the origin;
/// later ones stay.
fn open_at(table: &mut Table, key: &str, start: Date, origin: Date) {
    let Some(Value::Array(sizes)) = table.get_mut(key) else {
        return;
    };
    let from = |size: &Value| size.get("from").and_then(date);
    let before = sizes
        .iter()
        .filter(|size| from(size).is_some_and(|from| from <= start))
        .count();
    if before == 0 {
        return;
    }
    sizes.drain(..before - 1);
    if let Some(Value::Table(size)) = sizes.first_mut() {
        size.insert("from".to_owned(), datetime(origin));
    }
}

fn date(value: &Value) -> Option<Date> {
    let date = value.as_datetime()?.date?;
    Date::from_ymd_opt(
        i32::from(date.year),
        u32::from(date.month),
        u32::from(date.day),
    )
}

fn datetime(date: Date) -> Value {
    let narrow = |part: u32| part as u8;
    Value::Datetime(Datetime {
        date: Some(toml::value::Date {
            year: date.year() as u16,
            month: narrow(date.month()),
            day: narrow(date.day()),
        }),
        time: None,
        offset: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::cohort::Cohort;

    fn date(year: i32, month: u32, day: u32) -> Date {
        Date::from_ymd_opt(year, month, day).unwrap()
    }

    const TEXT: &str = r#"
[forecast]
name = "Plan"
start = 2020-03-31
end = 2022-03-31
main_target = "Fewer"
comparison = "as ever"

[cohort]
children = 60
age = { "0-9" = 20, "10-17" = 40 }
days_in_care = { "0-364" = 0.25, "365+" = 0.75 }

[[referrals]]
name = "general"
families_per_year = { events = 40, years = 2 }
age = { "0-17" = 1 }

[panel]
every_days = 14
first_sitting = 2020-04-07
admit = 0.5

[[exit]]
name = "home"
rates_per_year = { "0-17" = [0.3] }

[[pathway]]
name = "order"
cases = 5
leads_to = { exit = "order" }
[[pathway.stage]]
name = "court"
duration_weeks = { fixed = 10 }
needs = { "worker" = 1 }

[[resource]]
name = "worker"
sizes = [{ from = 2020-01-01, units = 2 }, { from = 2020-03-31, units = 3 }, { from = 2021-01-01, units = 4 }]

[[programme]]
name = "workers"
yearly_pounds = 50000
from = 2020-06-01

[[target]]
name = "Fewer"
at_most = 50
by = 2022-03-31

[[history]]
date = 2017-03-31
population = 50

[[scenario]]
name = "as ever"
set = { "pathway.order.cases" = 0, "programme.workers.yearly_pounds" = 0 }

[[scenario]]
name = "plan"
"#;

    const ORIGIN: (i32, u32, u32) = (2017, 3, 31);

    fn back(text: &str, scenario: usize) -> Result<ScenarioFile, String> {
        let (year, month, day) = ORIGIN;
        let origin = Origin {
            start: date(year, month, day),
            end: date(2020, 3, 31),
            children: 50,
            families: 1.5,
            exits: 1.2,
        };
        rewound(&load("plan.toml", text).unwrap(), scenario, &origin)
    }

    #[test]
    fn practice_goes_back_and_promises_stay_behind() {
        let file = back(TEXT, 0).unwrap();
        let [config] = file.scenarios.as_slice() else {
            panic!("one scenario is left");
        };
        let (start, end) = (date(2017, 3, 31), date(2020, 3, 31));
        assert_eq!((config.forecast.start, config.forecast.end), (start, end));
        let Some(Cohort::Margins(cohort)) = &config.cohort else {
            panic!("the cohort is known by its margins");
        };
        assert_eq!(cohort.children, 50);
        // A third of 50 are under ten: 17 of them.
        let young = cohort.cells.iter().filter(|cell| cell[0] == 0).count();
        assert_eq!((cohort.cells.len(), young), (50, 17));
        // (40 + 1/2) / 2 families a year, times 1.5.
        let families = config.referrals[0].families_per_year.central();
        assert!((families - 40.5 / 2.0 * 1.5).abs() < 1e-9, "{families}");
        assert!((config.exits[0].factor.central() - 1.2).abs() < 1e-12);
        let panel = config.panel.as_ref().unwrap();
        assert_eq!(panel.first_sitting, date(2017, 4, 7));
        assert!(config.targets.is_empty() && config.paper.history.is_empty());
        assert_eq!(config.pathways[0].cases, 0);
        assert_eq!(back(TEXT, 1).unwrap().scenarios[0].pathways[0].cases, 5);
    }

    #[test]
    fn what_a_resource_had_at_the_start_it_has_at_the_origin() {
        use crate::config::resources::Supply;
        let file = back(TEXT, 0).unwrap();
        let expected = vec![(date(2017, 3, 31), 3_000), (date(2021, 1, 1), 4_000)];
        assert_eq!(
            file.scenarios[0].resources[0].supply,
            Supply::Held(expected)
        );
    }

    #[test]
    fn a_quantity_is_multiplied_whatever_its_form() {
        let forms = [
            ("7", "10.5"),
            ("{ mean = 4.0, sd = 1 }", "{ mean = 6.0, sd = 1.5 }"),
            ("{ p10 = 2, p90 = 8 }", "{ p10 = 3.0, p90 = 12.0 }"),
            (
                "{ low = 2, mode = 4, high = 8 }",
                "{ low = 3.0, mode = 6.0, high = 12.0 }",
            ),
            ("{ events = 30, years = 3 }", "{ events = 30, years = 2.0 }"),
        ];
        for (before, after) in forms {
            let parse = |text: &str| {
                let table: Table = format!("x = {text}").parse().unwrap();
                table["x"].clone()
            };
            let mut value = parse(before);
            multiply(&mut value, 1.5);
            assert_eq!(value, parse(after), "{before}");
        }
    }
}

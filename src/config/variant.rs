//! A scenario with further quantities set otherwise, as a search for an answer
//! plays it.

use super::check::Checker;
use super::document::Document;
use super::mistakes::Path;
use super::scenarios::RawScenario;
use super::{
    Config, RawScenarioFile, ScenarioFile, apply, check, decode, json_schema, place_children,
    with_set,
};
use toml::{Table, Value};

/// One scenario of a checked file, as the tables it stands for.
#[derive(Debug, Clone)]
pub struct Variant<'f> {
    document: &'f Document,
    schema: serde_json::Value,
    table: Table,
    index: usize,
    raw: Option<RawScenario>,
    config: &'f Config,
}

impl<'f> Variant<'f> {
    /// The scenario of this index.
    ///
    /// # Errors
    /// A report for a person, where the file is not the checked one.
    pub fn new(file: &'f ScenarioFile, scenario: usize) -> Result<Self, String> {
        let document = &file.document;
        let schema = json_schema();
        let raw: RawScenarioFile = decode(document, document.table.clone())?;
        let table = match raw.scenario.get(scenario) {
            Some(one) => {
                let at = Path::root().key("scenario").item(scenario, Some(&one.name));
                apply(document, &schema, (scenario, one), &at)
                    .map_err(|found| document.report(&found))?
            }
            None => document.table.clone(),
        };
        Ok(Self {
            document,
            schema,
            table,
            index: scenario,
            raw: raw.scenario.into_iter().nth(scenario),
            config: &file.scenarios[scenario],
        })
    }

    /// The file's tables with the scenario's own overrides set.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The scenario's own overrides.
    pub fn set(&self) -> Vec<(String, Value)> {
        let set = super::overrides(self.document, self.index);
        set.map(|(address, value)| (address.clone(), value.clone()))
            .collect()
    }

    /// The scenario's choice of workstreams, as typed.
    pub fn workstreams(&self) -> Option<&'f Value> {
        let scenarios = self.document.table.get("scenario")?.as_array()?;
        scenarios.get(self.index)?.get("workstreams")
    }

    /// The scenario as the file has it.
    pub fn config(&self) -> &'f Config {
        self.config
    }

    /// The scenario with these addresses set as well.
    ///
    /// # Errors
    /// A report of every mistake that the new values make.
    pub fn with(&self, overrides: &[(String, Value)]) -> Result<Config, String> {
        let set: Vec<(&String, &Value)> = overrides.iter().map(|(a, value)| (a, value)).collect();
        let at = |address: &str| Path::root().key(address);
        let table = with_set(&self.table, &self.schema, &set, at, None)
            .map_err(|found| self.document.report(&found))?;
        let raw = decode(self.document, table)?;
        let describes = self.config.describes.as_deref();
        let workstreams = self.raw.as_ref().and_then(|raw| raw.workstreams.as_ref());
        let (mut config, _, mut mistakes) = check(
            Checker::that_leaves_places(),
            &raw,
            &self.config.scenario,
            describes,
            workstreams,
        );
        place_children(&mut config, self.config.cohort.as_ref(), &mut mistakes);
        if mistakes.is_empty() {
            Ok(config)
        } else {
            Err(self.document.report(&mistakes))
        }
    }
}

//! The scenario language: TOML text to a checked [`Config`] per scenario.
//!
//! A file passes three gates. Its text must be TOML. Its form must fit the
//! JSON Schema of the types below. Its meaning must hold, table by table. Each
//! gate reports every mistake it finds, and nothing runs before all are mended.

pub mod aftercare;
mod audit;
pub mod bands;
mod check;
pub mod cohort;
mod dates;
pub mod document;
pub mod drift;
pub mod duration;
pub mod eligible;
pub mod exits;
pub mod forecast;
pub mod levers;
pub mod mistakes;
pub mod money;
pub mod names;
mod owners;
pub mod panel;
pub mod paper;
pub mod parameters;
pub mod pathways;
pub mod placements;
pub mod quantity;
pub mod referrals;
pub mod resources;
pub mod rewound;
pub mod risks;
pub mod scenarios;
pub mod targets;
pub mod variant;
pub mod workstreams;

use check::Checker;
pub use check::{Assumption, Warning};
use document::Document;
use mistakes::{Mistake, Path};
use names::Names;
use rayon::prelude::*;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Deserialize;
use toml::Table;

/// A lacsim scenario file
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawScenarioFile {
    /// What is forecast, from when to when
    pub forecast: forecast::RawForecast,
    /// Children in care on the start date
    pub cohort: Option<cohort::RawCohort>,
    /// Legal statuses
    pub legal_status: Option<placements::RawLegalStatus>,
    /// Placement types
    #[serde(default)]
    pub placement: Vec<placements::RawPlacement>,
    /// Streams of referred families
    #[serde(default)]
    pub referrals: Vec<referrals::RawReferrals>,
    /// The threshold panel; without one every referral is an admission
    pub panel: Option<panel::RawPanel>,
    /// Ordinary exits
    #[serde(default)]
    pub exit: Vec<exits::RawExit>,
    /// Returns to care
    #[serde(default)]
    pub reentry: Vec<aftercare::RawReentry>,
    /// Payments after care
    #[serde(default)]
    pub allowance: Vec<aftercare::RawAllowance>,
    /// Permanence pathways
    #[serde(default)]
    pub pathway: Vec<pathways::RawPathway>,
    /// Scarce resources
    #[serde(default)]
    pub resource: Vec<resources::RawResource>,
    /// Year-to-year drift
    #[serde(default)]
    pub drift: Vec<drift::RawDrift>,
    /// Growth of prices
    pub prices: Option<money::RawPrices>,
    /// Cost for every child in care
    pub overhead: Option<money::RawOverhead>,
    /// One-off costs
    #[serde(default)]
    pub fee: Vec<money::RawFee>,
    /// Programme costs
    #[serde(default)]
    pub programme: Vec<money::RawProgramme>,
    /// Income
    #[serde(default)]
    pub grant: Vec<money::RawGrant>,
    /// Budgets
    #[serde(default)]
    pub budget: Vec<money::RawBudget>,
    /// Money spent before the start date
    #[serde(default)]
    pub spent_to_date: Vec<money::RawSpentToDate>,
    /// Promises
    #[serde(default)]
    pub target: Vec<targets::RawTarget>,
    /// Observed figures
    #[serde(default)]
    pub history: Vec<paper::RawHistory>,
    /// Published forecasts
    #[serde(default)]
    pub published: Vec<paper::RawPublished>,
    /// Figures of the paper to work out again
    #[serde(default)]
    pub claim: Vec<paper::RawClaim>,
    /// What a workstream's status means
    pub delivery: Option<workstreams::RawDelivery>,
    /// The action plan, line by line
    #[serde(default)]
    pub workstream: Vec<workstreams::RawWorkstream>,
    /// The risk register
    #[serde(default)]
    pub risk: Vec<risks::RawRisk>,
    /// How the saving is shared out among workstreams
    pub attribution: Option<workstreams::RawAttribution>,
    /// Who answers for which part of the scenario, by address: { "panel" = "Head of Assessment" }
    #[serde(default)]
    pub owners: bands::Named<String>,
    /// Scenarios; without any, the file itself is the one scenario
    #[serde(default)]
    pub scenario: Vec<scenarios::RawScenario>,
}

/// One scenario, checked: it cannot hold a bad value.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Name of the scenario.
    pub scenario: String,
    /// What it stands for.
    pub describes: Option<String>,
    /// `[forecast]`.
    pub forecast: forecast::Forecast,
    /// Names in the order of the file.
    pub names: Names,
    /// `[cohort]`.
    pub cohort: Option<cohort::Cohort>,
    /// `[[placement]]`.
    pub placements: Vec<placements::Placement>,
    /// `[[referrals]]`.
    pub referrals: Vec<referrals::Referrals>,
    /// `[panel]`.
    pub panel: Option<panel::Panel>,
    /// `[[exit]]`.
    pub exits: Vec<exits::Exit>,
    /// `[[reentry]]`.
    pub reentries: Vec<aftercare::Reentry>,
    /// `[[allowance]]`.
    pub allowances: Vec<aftercare::Allowance>,
    /// `[[pathway]]`.
    pub pathways: Vec<pathways::Pathway>,
    /// `[[resource]]`.
    pub resources: Vec<resources::Resource>,
    /// `[[drift]]`.
    pub drifts: Vec<drift::Drift>,
    /// Money tables.
    pub money: money::Money,
    /// `[[workstream]]`.
    pub workstreams: Vec<workstreams::Workstream>,
    /// `[[risk]]`.
    pub risks: Vec<risks::Risk>,
    /// `[attribution]`.
    pub attribution: workstreams::Attribution,
    /// `[[target]]`.
    pub targets: Vec<targets::Target>,
    /// What the paper says.
    pub paper: paper::Paper,
    /// Every quantity with its source.
    pub assumptions: Vec<Assumption>,
}

/// A checked file: every scenario, and what is worth a second look.
#[derive(Debug, Clone)]
pub struct ScenarioFile {
    /// The file as read.
    pub document: Document,
    /// Scenarios in the order of the file.
    pub scenarios: Vec<Config>,
    /// Index of the comparison scenario.
    pub comparison: usize,
    /// Warnings.
    pub warnings: Vec<Warning>,
}

impl ScenarioFile {
    /// Index of the scenario that answers the file's question: the one named,
    /// else the first that is not the comparison.
    pub fn main_scenario(&self) -> usize {
        let named = self.scenarios[0].forecast.main_scenario.as_ref();
        let named = named.and_then(|name| self.index_of(name));
        let other = (0..self.scenarios.len()).find(|index| *index != self.comparison);
        named.or(other).unwrap_or(0)
    }

    /// Index of the target that answers it: the one named, else the first.
    pub fn main_target(&self) -> Option<usize> {
        let targets = &self.scenarios[0].targets;
        let named = self.scenarios[0].forecast.main_target.as_ref();
        let named = named.and_then(|name| targets.iter().position(|one| one.name == *name));
        named.or((!targets.is_empty()).then_some(0))
    }

    fn index_of(&self, scenario: &str) -> Option<usize> {
        let mut scenarios = self.scenarios.iter();
        scenarios.position(|config| config.scenario == scenario)
    }
}

/// Name of the only scenario of a file that has no `[[scenario]]`.
pub const ONLY_SCENARIO: &str = "as written";

/// Reads and checks a scenario file.
///
/// # Errors
/// A report of every mistake, for a person.
pub fn load(file: &str, text: &str) -> Result<ScenarioFile, String> {
    let (document, schema) = rayon::join(|| Document::parse(file, text), json_schema);
    let document = document?;
    let (form, raw) = rayon::join(
        || audit::mistakes_of_form(&schema, &document.table),
        || decode(&document, document.table.clone()),
    );
    // What is out of form cannot be decoded either.
    if !form.is_empty() {
        return Err(document.report(&form));
    }
    let raw = raw?;
    let read = |(index, scenario)| read_scenario(&document, &schema, index, scenario);
    let scenarios = raw.scenario.par_iter().enumerate().with_max_len(1);
    let (base, read) = rayon::join(
        || check(Checker::default(), &raw, ONLY_SCENARIO, None, None),
        || scenarios.map(read).collect::<Result<Vec<_>, String>>(),
    );
    // Mistakes of the file's own tables would be found again in each scenario.
    let (base, warnings, mut mistakes) = base;
    if !mistakes.is_empty() {
        return Err(document.report(&mistakes));
    }
    let mut scenarios = Vec::new();
    for (config, mut found) in read? {
        if let Some(mut config) = config {
            place_children(&mut config, base.cohort.as_ref(), &mut found);
            for mistake in &mut found {
                mistake.scenario = Some(config.scenario.clone());
            }
            scenarios.push(config);
        }
        mistakes.append(&mut found);
    }
    if scenarios.is_empty() {
        scenarios.push(base);
    }
    let comparison = comparison_index(&scenarios, &mut mistakes);
    check_names_of_answers(&scenarios[0], &raw, &mut mistakes);
    if !mistakes.is_empty() {
        return Err(document.report(&mistakes));
    }
    Ok(ScenarioFile {
        document,
        scenarios,
        comparison,
        warnings,
    })
}

/// Places the children of a cohort that has been left for later, unless mistakes
/// have been found; it hardly ever is another than the one it came from.
fn place_children(
    config: &mut Config,
    known: Option<&cohort::Cohort>,
    mistakes: &mut Vec<Mistake>,
) {
    if mistakes.is_empty()
        && let Some(cohort) = &mut config.cohort
    {
        mistakes.extend(cohort.place_as(known).err());
    }
}

/// One scenario of a file, its children not yet placed, and its mistakes; none
/// where what it sets cannot be.
fn read_scenario(
    document: &Document,
    schema: &serde_json::Value,
    index: usize,
    scenario: &scenarios::RawScenario,
) -> Result<(Option<Config>, Vec<Mistake>), String> {
    let at = Path::root()
        .key("scenario")
        .item(index, Some(&scenario.name));
    let table = match apply(document, schema, (index, scenario), &at) {
        Ok(table) => table,
        Err(found) => return Ok((None, found)),
    };
    let (config, _, found) = check(
        Checker::that_leaves_places(),
        &decode(document, table)?,
        &scenario.name,
        scenario.describes.as_deref(),
        scenario.workstreams.as_ref(),
    );
    Ok((Some(config), found))
}

/// The JSON Schema of the language, generated from its types.
pub fn json_schema() -> serde_json::Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = false;
    let mut schema = settings
        .with_transform(NoNulls)
        .into_generator()
        .into_root_schema_for::<RawScenarioFile>()
        .to_value();
    schema["title"] = "lacsim scenario".into();
    schema
}

/// TOML has no null: an optional key is there or not.
#[derive(Debug, Clone)]
struct NoNulls;

impl schemars::transform::Transform for NoNulls {
    fn transform(&mut self, schema: &mut schemars::Schema) {
        if let Some(object) = schema.as_object_mut() {
            drop_null(object);
        }
        schemars::transform::transform_subschemas(self, schema);
    }
}

fn drop_null(object: &mut serde_json::Map<String, serde_json::Value>) {
    let null = serde_json::Value::from("null");
    if let Some(serde_json::Value::Array(types)) = object.get_mut("type") {
        types.retain(|one| *one != null);
        if let [only] = types.as_slice() {
            object["type"] = only.clone();
        }
    }
    for union in ["anyOf", "oneOf"] {
        let Some(serde_json::Value::Array(branches)) = object.get_mut(union) else {
            continue;
        };
        branches.retain(|one| one.get("type") != Some(&null));
        if let [serde_json::Value::Object(only)] = branches.as_slice() {
            let only = only.clone();
            object.remove(union);
            for (key, value) in only {
                object.entry(key).or_insert(value);
            }
        }
    }
    if object.get("default") == Some(&serde_json::Value::Null) {
        object.remove("default");
    }
}

fn decode(document: &Document, table: Table) -> Result<RawScenarioFile, String> {
    RawScenarioFile::deserialize(table)
        .map_err(|error| format!("error: {}: {}\n", document.file, error.message()))
}

/// The file's tables with one scenario's overrides set.
fn apply(
    document: &Document,
    schema: &serde_json::Value,
    (index, scenario): (usize, &scenarios::RawScenario),
    at: &Path,
) -> Result<Table, Vec<Mistake>> {
    let set: Vec<(&String, &toml::Value)> = overrides(document, index).collect();
    let at = |address: &str| at.key("set").key(address);
    with_set(&document.table, schema, &set, at, Some(&scenario.name))
}

/// Tables that are in form with some addresses set otherwise, by a scenario or by
/// nobody in the file. An address that cannot be set is a mistake where it
/// stands, a value out of form one of the scenario's tables.
fn with_set(
    tables: &Table,
    schema: &serde_json::Value,
    set: &[(&String, &toml::Value)],
    at: impl Fn(&str) -> Path,
    scenario: Option<&str>,
) -> Result<Table, Vec<Mistake>> {
    let mut table = tables.clone();
    let mut mistakes = Vec::new();
    for &(address, value) in set {
        if let Err(message) = set_quantity(&mut table, address, value.clone()) {
            mistakes.push(Mistake::new(at(address), message));
        }
    }
    if mistakes.is_empty() {
        let is_set = |key: &str| {
            let mut addresses = set.iter().map(|(address, _)| address);
            addresses.any(|address| document::is_within(address, key))
        };
        mistakes = audit::mistakes_of_form_in(schema, &table, is_set);
        for mistake in &mut mistakes {
            mistake.scenario = scenario.map(str::to_owned);
        }
    }
    match mistakes.is_empty() {
        true => Ok(table),
        false => Err(mistakes),
    }
}

/// What a scenario sets, as the file has it: a date is no longer one once it has
/// been decoded as any value.
fn overrides(document: &Document, index: usize) -> impl Iterator<Item = (&String, &toml::Value)> {
    let scenarios = document.table.get("scenario");
    let scenario = scenarios.and_then(|all| all.get(index));
    let set = scenario.and_then(|one| one.get("set")?.as_table());
    set.into_iter().flatten()
}

fn set_quantity(table: &mut Table, address: &str, value: toml::Value) -> Result<(), String> {
    let first = address.split('.').next().unwrap_or_default();
    if matches!(
        first,
        "scenario" | "target" | "history" | "published" | "claim" | "attribution" | "risk"
    ) {
        return Err(format!("a scenario cannot change `{first}`"));
    }
    if first == "forecast" {
        return Err("a scenario cannot change `forecast`: it is the same for all".to_owned());
    }
    if address.ends_with(".name") {
        return Err("a scenario cannot change a name".to_owned());
    }
    if value.is_table() && table.contains_key(address) {
        return Err(format!(
            "would replace all of `{address}`: put the whole address in quotes, such as \"{address}.key\""
        ));
    }
    document::set(table, address, value)
}

fn check(
    mut checker: Checker,
    raw: &RawScenarioFile,
    scenario: &str,
    describes: Option<&str>,
    workstreams: Option<&scenarios::Selection>,
) -> (Config, Vec<Warning>, Vec<Mistake>) {
    let names = checker.names_of(raw);
    let forecast = checker.forecast(&raw.forecast);
    let (start, end) = (forecast.start, forecast.end);
    let each = |count: usize| 0..count;
    let cohort = raw.cohort.as_ref().map(|one| checker.cohort(one, &names));
    let placements = each(raw.placement.len())
        .map(|index| checker.placement(&raw.placement[index], index, &names, start))
        .collect();
    let referrals = each(raw.referrals.len())
        .map(|index| checker.referrals(&raw.referrals[index], index, &names))
        .collect();
    let panel = raw.panel.as_ref().map(|one| checker.panel(one, start, end));
    let exits = each(raw.exit.len())
        .map(|index| checker.exit(&raw.exit[index], index, &names))
        .collect();
    let reentries = checker.reentries(&raw.reentry, &names);
    let allowances = each(raw.allowance.len())
        .map(|index| checker.allowance(&raw.allowance[index], index, &names))
        .collect();
    let pathways: Vec<_> = each(raw.pathway.len())
        .map(|index| checker.pathway(&raw.pathway[index], index, &names, start, end))
        .collect();
    checker.cases(&pathways, cohort.as_ref());
    let resources: Vec<_> = each(raw.resource.len())
        .map(|index| checker.resource(&raw.resource[index], index, start, end))
        .collect();
    checker.needs_of_stages(&pathways, &resources);
    let drifts = each(raw.drift.len())
        .map(|index| checker.drift(&raw.drift[index], index))
        .collect();
    let money = checker.money(raw, &names, start, end);
    let workstreams = checker.workstreams(raw, workstreams, (start, end));
    let risks = each(raw.risk.len())
        .map(|index| checker.risk(&raw.risk[index], index, &forecast))
        .collect();
    let attribution = checker.attribution(raw.attribution.as_ref());
    let targets = each(raw.target.len())
        .map(|index| checker.target(&raw.target[index], index, &forecast))
        .collect();
    let paper = checker.paper(raw, start);
    if raw.cohort.is_none() && raw.referrals.is_empty() {
        checker.mistake(
            &Path::root(),
            "needs a [cohort] or a [[referrals]]: there is no child to forecast",
        );
    }
    for (index, scenario) in raw.scenario.iter().enumerate() {
        let at = Path::root()
            .key("scenario")
            .item(index, Some(&scenario.name));
        checker.source(&at, scenario.source.as_ref());
        if let Some(scenarios::Selection::Named(names)) = &scenario.workstreams {
            let known: Vec<String> = raw.workstream.iter().map(|one| one.name.clone()).collect();
            checker.names(names, &known, "workstream", &at.key("workstreams"));
        }
    }
    checker.owners(&raw.owners);
    let (mistakes, warnings, assumptions) = checker.finish();
    let config = Config {
        scenario: scenario.to_owned(),
        describes: describes.map(str::to_owned),
        forecast,
        names,
        cohort,
        placements,
        referrals,
        panel,
        exits,
        reentries,
        allowances,
        pathways,
        resources,
        drifts,
        money,
        workstreams,
        risks,
        attribution,
        targets,
        paper,
        assumptions,
    };
    (config, warnings, mistakes)
}

fn comparison_index(scenarios: &[Config], mistakes: &mut Vec<Mistake>) -> usize {
    let Some(name) = &scenarios[0].forecast.comparison else {
        return 0;
    };
    let found = scenarios.iter().position(|one| one.scenario == *name);
    if found.is_none() && mistakes.is_empty() {
        mistakes.push(unknown_name(
            "comparison",
            "scenario",
            name,
            scenarios.iter().map(|one| one.scenario.as_str()),
        ));
    }
    found.unwrap_or(0)
}

fn check_names_of_answers(config: &Config, raw: &RawScenarioFile, mistakes: &mut Vec<Mistake>) {
    if let Some(name) = &config.forecast.main_target
        && !config.targets.iter().any(|target| target.name == *name)
    {
        let known = config.targets.iter().map(|target| target.name.as_str());
        mistakes.push(unknown_name("main_target", "target", name, known));
    }
    if let Some(name) = &config.forecast.main_scenario
        && !raw.scenario.iter().any(|scenario| scenario.name == *name)
    {
        let known = raw.scenario.iter().map(|scenario| scenario.name.as_str());
        mistakes.push(unknown_name("main_scenario", "scenario", name, known));
    }
}

fn unknown_name<'a>(
    key: &str,
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a str>,
) -> Mistake {
    Mistake::new(
        Path::root().key("forecast").key(key),
        format!("no {what} is named \"{name}\""),
    )
    .hint(mistakes::suggestion(name, known))
}

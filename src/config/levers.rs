//! Levers: numbers and dates of a scenario that somebody might move to reach a
//! target.
//!
//! A lever has an address like an override's. Moving it keeps what the file
//! says of its uncertainty: a rate or price given by evidence, judgement or
//! quantiles is scaled whole, a probability is drawn towards 0 or 1 whole, and
//! the value spoken of is the centre (the mean; the median of `p10` and `p90`
//! for a probability). Four levers stand for a list of figures that moves as
//! one: `resource.NAME.units`, `resource.NAME.from`, `placement.NAME.beds` and
//! `placement.NAME.weekly_pounds` with its later prices.

use super::mistakes::suggestion;
use super::pathways::{Pathway, UNIT};
use super::resources::Supply;
use super::variant::Variant;
use super::{Config, document};
use crate::units::{Date, date_after, days_between};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::{self, Display, Formatter};
use toml::{Table, Value};

/// What a lever's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A probability.
    Probability,
    /// A rate a year, or a factor on rates.
    Rate,
    /// Pounds.
    Pounds,
    /// Units of a resource, beds, or slots of a sitting.
    Units,
    /// Whole children.
    Children,
    /// A date, as days after the start date.
    Day,
}

/// A value of a lever as people and programs read it: a number, or a date.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// A number.
    Number(f64),
    /// A date.
    Day(#[serde(serialize_with = "day_as_text", deserialize_with = "day_of_text")] Date),
}

fn day_as_text<S: Serializer>(date: &Date, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(date)
}

fn day_of_text<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(serde::de::Error::custom)
}

/// As a scenario file would write it: 0.65, 1250, 2018-01-01.
impl Display for Amount {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        match self {
            // Short enough to read, with no digit that a step could change.
            Self::Number(value) => write!(to, "{}", (value * 1e4).round() / 1e4),
            Self::Day(date) => write!(to, "{date}"),
        }
    }
}

/// One lever of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Lever {
    /// Its address.
    pub address: String,
    /// What its values are.
    pub kind: Kind,
    /// Value in the scenario as it is.
    pub now: f64,
    /// Lowest and highest value worth trying, if nobody says otherwise.
    pub range: (f64, f64),
    /// Day 0.
    pub start: Date,
}

impl Lever {
    /// The value as people and programs read it.
    pub fn amount(&self, value: f64) -> Amount {
        match self.kind {
            Kind::Day => Amount::Day(date_after(self.start, value.round() as i32)),
            Kind::Children => Amount::Number(value.round()),
            _ => Amount::Number(value),
        }
    }

    /// The value as a scenario file would write it: 0.65, 1250, 2018-01-01.
    pub fn written(&self, value: f64) -> String {
        self.amount(value).to_string()
    }

    /// Reads a value as a scenario file would write it.
    ///
    /// # Errors
    /// What it should have been.
    pub fn read(&self, text: &str) -> Result<f64, String> {
        let text = text.trim().replace('_', "");
        match self.kind {
            Kind::Day => text
                .parse::<Date>()
                .map(|date| f64::from(days_between(self.start, date)))
                .map_err(|_| format!("\"{text}\" is no date such as 2018-01-01")),
            _ => match text.parse::<f64>() {
                Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
                _ => Err(format!("\"{text}\" is no number of 0 or more")),
            },
        }
    }

    /// The overrides that put the lever at a value.
    pub fn overrides(&self, variant: &Variant, value: f64) -> Vec<(String, Value)> {
        let table = variant.table();
        let key = |key: &str| {
            let base = self.address.rsplit_once('.').map_or("", |(base, _)| base);
            format!("{base}.{key}")
        };
        let factor = if self.now > 0.0 {
            value / self.now
        } else {
            0.0
        };
        let scaled = |address: String, inner: &str| {
            let list = document::get(table, &address).map(|list| each(list, inner, factor));
            list.map(|list| (address, list))
        };
        let last = self.address.rsplit('.').next().unwrap_or_default();
        match (self.kind, last) {
            (Kind::Units, "units") => scaled(key("sizes"), "units").into_iter().collect(),
            (Kind::Units, "beds") => scaled(self.address.clone(), "units").into_iter().collect(),
            (Kind::Day, "from") => {
                let by = value.round() as i32 - self.now.round() as i32;
                let list = document::get(table, &key("sizes")).map(|list| later(list, by));
                list.map(|list| (key("sizes"), list)).into_iter().collect()
            }
            (Kind::Day, _) => {
                let date = self.written(value).parse().map(Value::Datetime);
                date.map(|date| (self.address.clone(), date))
                    .into_iter()
                    .collect()
            }
            (Kind::Children, _) => {
                vec![(self.address.clone(), Value::Integer(value.round() as i64))]
            }
            _ => {
                let raw = document::get(table, &self.address);
                let own = (
                    self.address.clone(),
                    self.moved(raw.unwrap_or(&Value::Float(self.now)), value),
                );
                let later_prices = (last == "weekly_pounds")
                    .then(|| scaled(key("price_changes"), "weekly_pounds"))
                    .flatten();
                std::iter::once(own).chain(later_prices).collect()
            }
        }
    }

    /// A quantity as typed, with its centre at `value`.
    fn moved(&self, raw: &Value, value: f64) -> Value {
        match (raw, self.kind) {
            (Value::Table(law), Kind::Probability) if value > 0.0 && value < 1.0 => {
                Value::Table(drawn_to(law, self.now, value))
            }
            (Value::Table(_), Kind::Probability) => Value::Float(value),
            (Value::Table(_), _) if value <= 0.0 || self.now <= 0.0 => Value::Float(value),
            (Value::Table(_), _) => times(raw, value / self.now),
            _ => Value::Float(value),
        }
    }
}

/// A quantity as typed, times a factor.
fn times(raw: &Value, factor: f64) -> Value {
    match raw {
        Value::Table(law) if factor > 0.0 => {
            let mut law = law.clone();
            for (key, number) in &mut law {
                match (key.as_str(), number_of(number)) {
                    // { events, years }: as many events in fewer years.
                    ("years", Some(years)) => *number = Value::Float(years / factor),
                    ("low" | "mode" | "high" | "mean" | "sd" | "p10" | "p90", Some(x)) => {
                        *number = Value::Float(x * factor);
                    }
                    _ => {}
                }
            }
            Value::Table(law)
        }
        Value::Table(_) => Value::Float(0.0),
        _ => number_of(raw).map_or_else(|| raw.clone(), |number| Value::Float(number * factor)),
    }
}

/// The law of a probability whose centre moves from `now` to `value`: the whole
/// law is drawn towards 0 or 1, evidence keeps its number of trials, and
/// quantiles keep their distance in log odds.
fn drawn_to(law: &Table, now: f64, value: f64) -> Table {
    let mut law = law.clone();
    let towards = |x: f64| {
        if value <= now {
            x * value / now
        } else {
            1.0 - (1.0 - x) * (1.0 - value) / (1.0 - now)
        }
    };
    let odds = |x: f64| libm::log(x / (1.0 - x));
    let trials = law.get("trials").and_then(number_of).unwrap_or(0.0);
    for (key, number) in &mut law {
        let Some(x) = number_of(number) else { continue };
        let moved = match key.as_str() {
            // The mean under Jeffreys prior is (successes + 1/2)/(trials + 1).
            "successes" => (value * (trials + 1.0) - 0.5).clamp(0.0, trials),
            "low" | "mode" | "high" | "mean" => towards(x),
            "sd" => x * (towards(1.0) - towards(0.0)),
            "p10" | "p90" => 1.0 / (1.0 + libm::exp(odds(now) - odds(value) - odds(x))),
            _ => continue,
        };
        *number = Value::Float(moved);
    }
    law
}

fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// A list of tables with one key of each times a factor.
fn each(list: &Value, key: &str, factor: f64) -> Value {
    let mut list = list.clone();
    for item in list.as_array_mut().into_iter().flatten() {
        if let Some(number) = item.get_mut(key) {
            *number = times(number, factor);
            // Units are counted in thousandths.
            if let (Value::Float(units), "units") = (&number, key) {
                *number = Value::Float((units * UNIT).round() / UNIT);
            }
        }
    }
    list
}

/// A list of tables with every `from` so many days later.
fn later(list: &Value, days: i32) -> Value {
    let mut list = list.clone();
    for item in list.as_array_mut().into_iter().flatten() {
        let Some(from) = item.get_mut("from") else {
            continue;
        };
        let date = from.to_string().parse::<Date>();
        if let Ok(moved) = date.map(|date| date_after(date, days).to_string())
            && let Ok(moved) = moved.parse()
        {
            *from = Value::Datetime(moved);
        }
    }
    list
}

/// Every lever of a scenario, table by table.
pub fn levers(variant: &Variant) -> Vec<Lever> {
    let config = variant.config();
    let mut levers = Vec::new();
    for pathway in &config.pathways {
        levers.extend(levers_of_pathway(config, pathway));
    }
    for stream in &config.referrals {
        let at = |key: &str| format!("referrals.{}.{key}", stream.name);
        let families = stream.families_per_year.central();
        levers.push(rate(config, at("families_per_year"), families));
        let bypass = stream.bypass_panel.central();
        if config.panel.is_some() {
            levers.push(probability(config, at("bypass_panel"), bypass, 1.0));
        }
    }
    if let Some(panel) = &config.panel {
        let most = 1.0 - panel.defer.central();
        let admit = panel.admit.central();
        levers.push(probability(config, "panel.admit".into(), admit, most));
        if let Some((back, _)) = &panel.diverted_return {
            let back = back.central();
            levers.push(probability(
                config,
                "panel.diverted_return".into(),
                back,
                1.0,
            ));
        }
    }
    for exit in &config.exits {
        let name = &config.names.exits[exit.kind];
        let factor = exit.factor.central();
        levers.push(rate(config, format!("exit.{name}.factor"), factor));
    }
    levers.extend(levers_of_resources(config));
    for placement in &config.placements {
        if let Some(beds) = &placement.beds {
            let most = most_units(&beds.sizes);
            let at = format!("placement.{}.beds", placement.name);
            levers.push(lever(config, at, Kind::Units, most, (0.0, 2.0 * most)));
        }
    }
    levers.extend(levers_of_money(config));
    // A factor of nothing is nothing: what is 0 cannot be scaled.
    levers.retain(|lever| lever.range.0 < lever.range.1);
    levers
}

fn lever(config: &Config, address: String, kind: Kind, now: f64, range: (f64, f64)) -> Lever {
    Lever {
        address,
        kind,
        now,
        range,
        start: config.forecast.start,
    }
}

fn probability(config: &Config, address: String, now: f64, most: f64) -> Lever {
    lever(config, address, Kind::Probability, now, (0.0, most))
}

fn rate(config: &Config, address: String, now: f64) -> Lever {
    lever(config, address, Kind::Rate, now, (0.0, 2.0 * now))
}

fn levers_of_pathway(config: &Config, pathway: &Pathway) -> Vec<Lever> {
    let at = |key: &str| format!("pathway.{}.{key}", pathway.name);
    let forecast = &config.forecast;
    let last = f64::from(days_between(forecast.start, forecast.end));
    let day = |key: &str, date: Date| {
        let now = f64::from(days_between(forecast.start, date));
        lever(config, at(key), Kind::Day, now, (0.0, last))
    };
    let stages = pathway.stages.iter().map(|stage| stage.pass.central());
    let success = pathway.success.as_ref().map(|success| success.central());
    let now = success.unwrap_or_else(|| stages.product());
    let mut levers = vec![probability(config, at("success"), now, 1.0)];
    if success.is_none() {
        levers.extend(pathway.stages.iter().map(|stage| {
            let address = at(&format!("stage.{}.pass", stage.name));
            probability(config, address, stage.pass.central(), 1.0)
        }));
    }
    if pathway.cases > 0 {
        let cases = f64::from(pathway.cases);
        // Cases that are under way are there, and started in the past.
        let range = (pathway.under_way.len() as f64, 2.0 * cases);
        levers.push(lever(config, at("cases"), Kind::Children, cases, range));
        if pathway.under_way.is_empty() {
            levers.push(day("cases_start", pathway.cases_start));
        }
    }
    let new_cases = pathway.new_cases_per_year.central();
    if new_cases > 0.0 {
        levers.push(rate(config, at("new_cases_per_year"), new_cases));
        levers.push(day("new_cases_from", pathway.new_cases_from));
    }
    levers
}

/// Units that are many for a team of social workers.
const MANY_UNITS: f64 = 10.0;

fn levers_of_resources(config: &Config) -> Vec<Lever> {
    let mut levers = Vec::new();
    for (index, resource) in config.resources.iter().enumerate() {
        let at = |key: &str| format!("resource.{}.{key}", resource.name);
        // With less than a stage needs, nobody is ever served.
        let stages = config.pathways.iter().flat_map(|one| &one.stages);
        let needs = stages.flat_map(|stage| &stage.needs);
        let least = needs
            .filter(|(needed, _)| *needed == index)
            .map(|(_, units)| *units as f64 / UNIT)
            .fold(0.0, f64::max);
        let units = |key: &str, now: f64| {
            let range = (least, f64::max(MANY_UNITS, 2.0 * now));
            lever(config, at(key), Kind::Units, now, range)
        };
        match &resource.supply {
            Supply::Held(sizes) => {
                let most = most_units(sizes);
                if most > 0.0 {
                    levers.push(units("units", most));
                }
                let forecast = &config.forecast;
                let last = f64::from(days_between(forecast.start, forecast.end));
                if let Some((from, _)) = sizes.first() {
                    let now = f64::from(days_between(forecast.start, *from));
                    levers.push(lever(config, at("from"), Kind::Day, now, (0.0, last)));
                }
            }
            Supply::Sittings { slots, .. } => levers.push(units("slots", *slots as f64 / UNIT)),
        }
    }
    levers
}

fn most_units(sizes: &[(Date, i64)]) -> f64 {
    let most = sizes.iter().map(|(_, units)| *units).max();
    most.unwrap_or(0) as f64 / UNIT
}

fn levers_of_money(config: &Config) -> Vec<Lever> {
    let pounds =
        |address: String, now: f64| lever(config, address, Kind::Pounds, now, (0.0, 2.0 * now));
    let mut levers = Vec::new();
    for placement in &config.placements {
        let address = format!("placement.{}.weekly_pounds", placement.name);
        levers.push(pounds(address, placement.prices[0].1.central()));
    }
    for allowance in &config.allowances {
        let address = format!("allowance.{}.weekly_pounds", allowance.name);
        levers.push(pounds(address, allowance.weekly_pounds.central()));
    }
    for fee in &config.money.fees {
        let address = format!("fee.{}.pounds", fee.name);
        levers.push(pounds(address, fee.pounds.central()));
    }
    for programme in &config.money.programmes {
        let address = format!("programme.{}.yearly_pounds", programme.name);
        levers.push(pounds(address, programme.yearly_pounds.central()));
    }
    if let Some(overhead) = &config.money.overhead {
        levers.push(pounds("overhead.weekly_pounds".into(), overhead.central()));
    }
    levers
}

/// The lever that a person means by `ADDRESS` or `ADDRESS=FROM..TO`.
///
/// # Errors
/// What is wrong, with the nearest known address.
pub fn asked(text: &str, known: &[Lever]) -> Result<Lever, String> {
    let whole = known.iter().find(|lever| lever.address == text.trim());
    if let Some(lever) = whole {
        return Ok(lever.clone());
    }
    let (address, range) = text
        .rsplit_once('=')
        .map_or((text, None), |(address, range)| (address, Some(range)));
    let address = address.trim();
    let Some(lever) = known.iter().find(|lever| lever.address == address) else {
        let hint = suggestion(address, known.iter().map(|lever| lever.address.as_str()));
        return Err(format!("no lever is named \"{address}\"\nhint: {hint}"));
    };
    let mut lever = lever.clone();
    if let Some(range) = range {
        let (from, to) = range
            .split_once("..")
            .ok_or_else(|| format!("{address}: \"{range}\" is no range such as 0.2..0.9"))?;
        let from = lever
            .read(from)
            .map_err(|why| format!("{address}: {why}"))?;
        let to = lever.read(to).map_err(|why| format!("{address}: {why}"))?;
        if from >= to {
            return Err(format!("{address}: \"{range}\" must rise"));
        }
        lever.range = (from, to);
    }
    Ok(lever)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ScenarioFile, load};

    const TEXT: &str = r#"
        [forecast]
        name = "levers"
        start = 2024-03-31
        end = 2025-03-31
        [[placement]]
        name = "home"
        weekly_pounds = { p10 = 400, p90 = 900 }
        price_changes = [{ from = 2024-10-01, weekly_pounds = 500 }]
        [[referrals]]
        name = "general"
        families_per_year = { events = 70, years = 2 }
        age = { "0-17" = 1 }
        bypass_panel = { successes = 4, trials = 40 }
        [panel]
        every_days = 7
        admit = { low = 0.5, mode = 0.62, high = 0.75 }
        defer = 0.1
        [[exit]]
        name = "home"
        rates_per_year = { "0-17" = [0.5] }
        factor = { mean = 1.0, sd = 0.1 }
        [[resource]]
        name = "worker"
        sizes = [{ from = 2024-05-01, units = 0.5 }, { from = 2024-07-01, units = 2 }]
        [[pathway]]
        name = "home again"
        new_cases_per_year = 0.2
        leads_to = { exit = "home" }
          [[pathway.stage]]
          name = "court"
          duration_weeks = { fixed = 20 }
          pass = { p10 = 0.5, p90 = 0.9 }
          needs = { "worker" = 0.25 }
    "#;

    fn file() -> ScenarioFile {
        load("levers.toml", TEXT).unwrap()
    }

    /// The centre of a quantity of the scenario, with a lever at a value.
    fn centre(lever: &str, value: f64, path: &str) -> f64 {
        let file = file();
        let variant = Variant::new(&file, 0).unwrap();
        let lever = asked(lever, &levers(&variant)).unwrap();
        let config = variant.with(&lever.overrides(&variant, value)).unwrap();
        let found = config
            .assumptions
            .iter()
            .find(|one| one.quantity.path == path);
        found.unwrap().quantity.central()
    }

    #[test]
    fn a_lever_puts_the_centre_where_it_is_asked() {
        for (lever, value) in [
            ("referrals.general.families_per_year", 20.0),
            ("referrals.general.families_per_year", 64.0),
            ("referrals.general.bypass_panel", 0.05),
            ("referrals.general.bypass_panel", 0.6),
            ("panel.admit", 0.2),
            ("panel.admit", 0.88),
            ("panel.admit", 0.0),
            ("exit.home.factor", 1.7),
            ("placement.home.weekly_pounds", 300.0),
            ("pathway.home again.stage.court.pass", 0.35),
            ("pathway.home again.stage.court.pass", 0.97),
            ("pathway.home again.stage.court.pass", 1.0),
            ("pathway.home again.success", 0.3),
            ("pathway.home again.new_cases_per_year", 0.35),
        ] {
            let found = centre(lever, value, lever);
            assert!((found - value).abs() < 1e-9, "{lever} = {value}: {found}");
        }
    }

    #[test]
    fn a_lever_at_its_present_value_changes_nothing() {
        let file = file();
        let variant = Variant::new(&file, 0).unwrap();
        let as_it_is = variant.with(&[]).unwrap();
        for lever in levers(&variant) {
            // A success rate of its own stands in place of the stages'.
            if lever.address.ends_with(".success") {
                continue;
            }
            let config = variant.with(&lever.overrides(&variant, lever.now)).unwrap();
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs();
            assert_eq!(config.resources, as_it_is.resources, "{}", lever.address);
            for (a, b) in config.assumptions.iter().zip(&as_it_is.assumptions) {
                let (a, b) = (&a.quantity, &b.quantity);
                assert_eq!(a.path, b.path);
                assert!(near(a.central(), b.central()), "{}", a.path);
                assert_eq!(a.basis, b.basis, "{}", a.path);
            }
        }
    }

    #[test]
    fn later_prices_move_with_the_first() {
        let lever = "placement.home.weekly_pounds";
        let now = centre(lever, 300.0, lever);
        let file = file();
        let variant = Variant::new(&file, 0).unwrap();
        let before = asked(lever, &levers(&variant)).unwrap().now;
        let later = centre(
            lever,
            300.0,
            "placement.home.price_changes[1].weekly_pounds",
        );
        assert!((later - 500.0 * now / before).abs() < 1e-9);
    }

    #[test]
    fn units_keep_their_steps_and_dates_their_distance() {
        let file = file();
        let variant = Variant::new(&file, 0).unwrap();
        let known = levers(&variant);
        let sizes = |text: &str, value: f64| {
            let lever = asked(text, &known).unwrap();
            let config = variant.with(&lever.overrides(&variant, value)).unwrap();
            match &config.resources[0].supply {
                Supply::Held(sizes) => sizes.clone(),
                Supply::Sittings { .. } => unreachable!("the resource is held"),
            }
        };
        let date = |month, day| Date::from_ymd_opt(2024, month, day).unwrap();
        let expected = [(date(5, 1), 750), (date(7, 1), 3_000)];
        assert_eq!(sizes("resource.worker.units", 3.0), expected);
        // 31 March is day 0, so 1 June is day 62: a month later than 1 May.
        let expected = [(date(6, 1), 500), (date(8, 1), 2_000)];
        assert_eq!(sizes("resource.worker.from", 62.0), expected);
    }

    #[test]
    fn a_lever_is_asked_by_address_and_range() {
        let file = file();
        let variant = Variant::new(&file, 0).unwrap();
        let known = levers(&variant);
        assert_eq!(asked("panel.admit", &known).unwrap().range, (0.0, 0.9));
        assert_eq!(
            asked("panel.admit = 0.4..0.7", &known).unwrap().range,
            (0.4, 0.7)
        );
        let dates = asked("resource.worker.from=2024-04-10..2024-05-10", &known);
        assert_eq!(dates.unwrap().range, (10.0, 40.0));
        for (wrong, why) in [
            ("panel.admits", "did you mean `panel.admit`?"),
            ("panel.admit=0.4", "no range such as"),
            ("panel.admit=0.7..0.4", "must rise"),
            ("panel.admit=a..b", "no number"),
            ("resource.worker.from=1..2", "no date"),
        ] {
            let found = asked(wrong, &known).unwrap_err();
            assert!(found.contains(why), "{wrong}: {found}");
        }
    }
}

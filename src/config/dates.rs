//! Dates as TOML writes them.

use super::check::Checker;
use super::mistakes::Path;
use crate::units::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// A date as typed: 2019-03-31, without quotes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RawDate(toml::value::Datetime);

impl<'de> Deserialize<'de> for RawDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        toml::value::Datetime::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for RawDate {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date" })
    }
}

impl Checker {
    /// The calendar date, or a mistake and some date.
    pub fn date(&mut self, raw: &RawDate, path: &Path) -> Date {
        let date = raw.0.date.and_then(|date| {
            Date::from_ymd_opt(
                i32::from(date.year),
                u32::from(date.month),
                u32::from(date.day),
            )
        });
        let earliest = Date::from_ymd_opt(1900, 1, 1).expect("a real date");
        let latest = Date::from_ymd_opt(2200, 1, 1).expect("a real date");
        match date.filter(|date| (earliest..latest).contains(date)) {
            Some(date) => date,
            None => {
                self.mistake(
                    path,
                    format!("must be a date between 1900 and 2199, found {}", raw.0),
                );
                earliest
            }
        }
    }

    /// A date that may be left out.
    pub fn date_or(&mut self, raw: Option<&RawDate>, path: &Path, default: Date) -> Date {
        raw.map_or(default, |raw| self.date(raw, path))
    }
}

//! `[[scenario]]`: the same model with some named quantities set otherwise.

use super::bands::Named;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::borrow::Cow;

/// A scenario: overrides of named quantities
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawScenario {
    /// Name of the scenario
    pub name: String,
    /// What it stands for, in plain words
    pub describes: Option<String>,
    /// Values by address: { "pathway.special guardianship.success" = 0.5 }
    #[serde(default)]
    pub set: Named<AnyValue>,
    /// Where it comes from
    pub source: Option<String>,
}

/// Any TOML value; what it may be depends on the address it is set at.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct AnyValue(pub toml::Value);

impl JsonSchema for AnyValue {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "AnyValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "any value that may stand at the address" })
    }
}

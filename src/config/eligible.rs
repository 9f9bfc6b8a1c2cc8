//! Who a clock, pathway, allowance or price speaks of.

use super::bands::Band;
use super::check::Checker;
use super::mistakes::Path;
use super::names::Names;
use schemars::JsonSchema;
use serde::Deserialize;

/// Children a rule applies to; whatever is not given does not matter
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawEligible {
    /// Legal statuses
    pub legal_status: Option<Vec<String>>,
    /// Placements
    pub placement: Option<Vec<String>>,
    /// Streams
    pub stream: Option<Vec<String>>,
    /// Age in years, as a band such as "2-15"
    pub age: Option<String>,
    /// Days in care, as a band such as "365+"
    pub days_in_care: Option<String>,
}

/// Checked filter; `None` means that the attribute does not matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Eligible {
    /// Legal statuses.
    pub legal_status: Option<Vec<usize>>,
    /// Placements.
    pub placement: Option<Vec<usize>>,
    /// Streams.
    pub stream: Option<Vec<usize>>,
    /// Age in years.
    pub age: Option<Band>,
    /// Days in care.
    pub days_in_care: Option<Band>,
}

impl Checker {
    /// Checks a filter.
    pub fn eligible(&mut self, raw: Option<&RawEligible>, path: &Path, names: &Names) -> Eligible {
        let Some(raw) = raw else {
            return Eligible::default();
        };
        let mut list = |given: &Option<Vec<String>>, known: &[String], what: &str, key: &str| {
            given
                .as_ref()
                .map(|list| self.some_names(list, known, what, &path.key(key)))
        };
        let legal_status = list(
            &raw.legal_status,
            &names.legal_statuses,
            "legal status",
            "legal_status",
        );
        let placement = list(&raw.placement, &names.placements, "placement", "placement");
        let stream = list(&raw.stream, &names.streams, "stream", "stream");
        Eligible {
            legal_status,
            placement,
            stream,
            age: raw
                .age
                .as_ref()
                .and_then(|band| self.age_band(band, &path.key("age"))),
            days_in_care: raw
                .days_in_care
                .as_ref()
                .and_then(|band| self.band(band, &path.key("days_in_care"))),
        }
    }
}

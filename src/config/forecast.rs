//! `[forecast]`: what is forecast, from when to when, how many times.

use super::check::Checker;
use super::dates::RawDate;
use super::mistakes::Path;
use crate::units::{Date, month_end};
use schemars::JsonSchema;
use serde::Deserialize;

/// What is forecast, from when to when, how many times
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawForecast {
    /// Title, as the committee knows it
    pub name: String,
    /// The question the forecast answers, in plain words
    pub question: Option<String>,
    /// Target that answers the question, by name; the first target if not given
    pub main_target: Option<String>,
    /// Scenario that answers the question; the first that is not the comparison if not given
    pub main_scenario: Option<String>,
    /// Start date: children in care that night are the cohort
    pub start: RawDate,
    /// Last day; a month end
    pub end: RawDate,
    /// Futures to play (default 10,000)
    pub replicates: Option<u32>,
    /// Seed of the random numbers (default 1)
    pub seed: Option<u64>,
    /// Scenario that savings are measured against; the first if not given
    pub comparison: Option<String>,
    /// Children under 18 in the area, for rates per 10,000
    pub child_population: Option<f64>,
    /// Segments the population is counted by: all five if not given
    pub population_by: Option<Vec<Dimension>>,
    /// Who wrote the scenario, for the record
    pub author: Option<String>,
    /// Where the figures of this table come from
    pub source: Option<String>,
}

/// A way to divide the population.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
pub enum Dimension {
    /// By placement type
    #[serde(rename = "placement")]
    Placement,
    /// By age band: under 1, 1-4, 5-9, 10-15, 16-17
    #[serde(rename = "age band")]
    AgeBand,
    /// By legal status
    #[serde(rename = "legal status")]
    LegalStatus,
    /// By referral stream
    #[serde(rename = "stream")]
    Stream,
    /// By whether in care at the start date
    #[serde(rename = "cohort")]
    Cohort,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Self; 5] = [
        Self::Placement,
        Self::AgeBand,
        Self::LegalStatus,
        Self::Stream,
        Self::Cohort,
    ];

    /// The word in files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Placement => "placement",
            Self::AgeBand => "age band",
            Self::LegalStatus => "legal status",
            Self::Stream => "stream",
            Self::Cohort => "cohort",
        }
    }
}

/// Checked `[forecast]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Title.
    pub name: String,
    /// The question in plain words.
    pub question: Option<String>,
    /// Target that answers it.
    pub main_target: Option<String>,
    /// Scenario that answers it.
    pub main_scenario: Option<String>,
    /// Day 0.
    pub start: Date,
    /// Last day.
    pub end: Date,
    /// Futures to play.
    pub replicates: u32,
    /// Seed.
    pub seed: u64,
    /// Comparison scenario, if named.
    pub comparison: Option<String>,
    /// Children of the area.
    pub child_population: Option<f64>,
    /// Segments counted.
    pub population_by: Vec<Dimension>,
}

/// Longest forecast, in years.
const LONGEST_YEARS: i64 = 40;

impl Checker {
    /// Checks `[forecast]`.
    pub fn forecast(&mut self, raw: &RawForecast) -> Forecast {
        let path = Path::root().key("forecast");
        self.source(&path, raw.source.as_ref());
        self.require(!raw.name.trim().is_empty(), &path.key("name"), || {
            "must not be empty".to_owned()
        });
        let start = self.date(&raw.start, &path.key("start"));
        let end = self.date(&raw.end, &path.key("end"));
        self.require(end > start, &path.key("end"), || {
            format!("must come after the start, found {end}")
        });
        self.require(
            (end - start).num_days() < LONGEST_YEARS * 366,
            &path.key("end"),
            || format!("must lie within {LONGEST_YEARS} years of the start, found {end}"),
        );
        if end != month_end(end) {
            self.mistake_hint(
                &path.key("end"),
                format!("must be the last day of a month, found {end}"),
                &format!("end = {}", month_end(end)),
            );
        }
        let replicates = raw.replicates.unwrap_or(10_000);
        self.require(
            (1..=10_000_000).contains(&replicates),
            &path.key("replicates"),
            || format!("must be from 1 to 10,000,000, found {replicates}"),
        );
        if let Some(children) = raw.child_population {
            self.require(
                children > 0.0 && children.is_finite(),
                &path.key("child_population"),
                || format!("must be more than 0, found {children}"),
            );
        }
        let mut population_by = raw
            .population_by
            .clone()
            .unwrap_or_else(|| Dimension::ALL.to_vec());
        population_by.sort_unstable();
        population_by.dedup();
        Forecast {
            name: raw.name.clone(),
            question: raw.question.clone(),
            main_target: raw.main_target.clone(),
            main_scenario: raw.main_scenario.clone(),
            start,
            end,
            replicates,
            seed: raw.seed.unwrap_or(1),
            comparison: raw.comparison.clone(),
            child_population: raw.child_population,
            population_by,
        }
    }
}

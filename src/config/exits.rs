//! `[[exit]]`: ordinary exits from care as competing causes.

use super::bands::{Band, Named};
use super::check::Checker;
use super::duration::{Duration, RawDuration};
use super::eligible::{Eligible, RawEligible};
use super::mistakes::Path;
use super::names::{AGEING_OUT, Names};
use super::quantity::{Domain, Quantity, RawQuantity};
use schemars::JsonSchema;
use serde::Deserialize;

/// One cause of leaving care: yearly rates by age and time in care, or a time to the event
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawExit {
    /// Reason for leaving
    pub name: String,
    /// Yearly rates by age band, one for each band of `days_in_care`: { "0" = [0.9, 0.4], ... }
    pub rates_per_year: Option<Named<Vec<RawQuantity>>>,
    /// First days of the bands of time in care that `rates_per_year` lists (default: one band from 0)
    pub days_in_care: Option<Vec<u32>>,
    /// Time from entry to the event, in days, instead of rates
    pub time_days: Option<RawDuration>,
    /// Time from entry to the event, in weeks, instead of rates
    pub time_weeks: Option<RawDuration>,
    /// Probability that the event ever applies to a child (default 1)
    pub probability: Option<RawQuantity>,
    /// The event happens only before this age in years
    pub age_below: Option<u32>,
    /// The event applies only to children younger than this at entry, in years
    pub age_at_entry_below: Option<u32>,
    /// Factor on all rates of this cause (default 1)
    pub factor: Option<RawQuantity>,
    /// Year-to-year drift of the rate, by the name of a drift table
    pub drift: Option<String>,
    /// Children it applies to by legal status, placement or stream
    pub eligible: Option<RawEligible>,
    /// Where the figures come from
    pub source: Option<String>,
}

/// Checked exit.
#[derive(Debug, Clone, PartialEq)]
pub struct Exit {
    /// Index among the kinds of exit.
    pub kind: usize,
    /// Rates or time.
    pub hazard: Hazard,
    /// Oldest age, in years.
    pub age_below: Option<u32>,
    /// Oldest age at entry, in years.
    pub age_at_entry_below: Option<u32>,
    /// Factor on the hazard.
    pub factor: Quantity,
    /// Drift index.
    pub drift: Option<usize>,
    /// Children it applies to.
    pub eligible: Eligible,
}

/// How likely the event is, and when.
#[derive(Debug, Clone, PartialEq)]
pub enum Hazard {
    /// Constant within bands of age and of time in care.
    Rates {
        /// Age bands from birth to 18.
        ages: Vec<Band>,
        /// First day of each band of time in care.
        days_in_care: Vec<f64>,
        /// Yearly rates, `[age][time]`.
        per_year: Vec<Vec<Quantity>>,
    },
    /// A time from entry, for the share it ever applies to.
    Time {
        /// Time from entry.
        duration: Duration,
        /// Probability that it ever applies.
        probability: Quantity,
    },
}

impl Checker {
    /// Checks one `[[exit]]`.
    pub fn exit(&mut self, raw: &RawExit, index: usize, names: &Names) -> Exit {
        let path = Path::root().key("exit").item(index, Some(&raw.name));
        self.source(&path, raw.source.as_ref());
        self.require(raw.name != AGEING_OUT, &path.key("name"), || {
            format!("\"{AGEING_OUT}\" always happens on the 18th birthday and takes no table")
        });
        for (key, age) in [
            ("age_below", raw.age_below),
            ("age_at_entry_below", raw.age_at_entry_below),
        ] {
            self.require(
                age.is_none_or(|age| (1..=18).contains(&age)),
                &path.key(key),
                || format!("must be from 1 to 18 years, found {}", age.unwrap_or(0)),
            );
        }
        let has_time = raw.time_days.is_some() || raw.time_weeks.is_some();
        let hazard = match (&raw.rates_per_year, has_time) {
            (Some(rates), false) => self.rates(rates, raw, &path),
            (None, true) => Hazard::Time {
                duration: self.duration(
                    raw.time_days.as_ref(),
                    raw.time_weeks.as_ref(),
                    &path,
                    "time",
                ),
                probability: self.quantity_or(
                    raw.probability.as_ref(),
                    &path.key("probability"),
                    Domain::Probability,
                    1.0,
                ),
            },
            _ => {
                self.mistake(
                    &path,
                    "needs exactly one of `rates_per_year` and `time_days` or `time_weeks`",
                );
                Hazard::Rates {
                    ages: Vec::new(),
                    days_in_care: vec![0.0],
                    per_year: Vec::new(),
                }
            }
        };
        if has_time {
            self.require(
                raw.days_in_care.is_none(),
                &path.key("days_in_care"),
                || "goes with `rates_per_year`, not with a time".to_owned(),
            );
        }
        if let Some(eligible) = &raw.eligible {
            let at = path.key("eligible");
            self.require(eligible.age.is_none(), &at.key("age"), || {
                "cannot limit an exit: use the bands of `rates_per_year`, or `age_below`".to_owned()
            });
            self.require(
                eligible.days_in_care.is_none(),
                &at.key("days_in_care"),
                || "cannot limit an exit: use the bands of `rates_per_year`".to_owned(),
            );
        }
        if raw.rates_per_year.is_some() {
            self.require(raw.probability.is_none(), &path.key("probability"), || {
                "goes with `time_days`, not with `rates_per_year`".to_owned()
            });
        }
        Exit {
            kind: names
                .exits
                .iter()
                .position(|name| *name == raw.name)
                .unwrap_or(0),
            hazard,
            age_below: raw.age_below,
            age_at_entry_below: raw.age_at_entry_below,
            factor: self.quantity_or(
                raw.factor.as_ref(),
                &path.key("factor"),
                Domain::NonNegative,
                1.0,
            ),
            drift: raw
                .drift
                .as_ref()
                .and_then(|name| self.name(name, &names.drifts, "drift", &path.key("drift"))),
            eligible: self.eligible(raw.eligible.as_ref(), &path.key("eligible"), names),
        }
    }

    fn rates(&mut self, rates: &Named<Vec<RawQuantity>>, raw: &RawExit, path: &Path) -> Hazard {
        let starts = raw.days_in_care.clone().unwrap_or_else(|| vec![0]);
        let rising = starts.first() == Some(&0) && starts.windows(2).all(|pair| pair[0] < pair[1]);
        self.require(rising, &path.key("days_in_care"), || {
            format!("must start at 0 and rise, found {starts:?}")
        });
        let at = path.key("rates_per_year");
        let ages = self.bands(rates.0.iter().map(|(name, _)| name), 18.0, &at);
        let mut per_year = Vec::new();
        for (name, row) in &rates.0 {
            let place = at.key(name);
            self.require(row.len() == starts.len(), &place, || {
                format!(
                    "must list a rate for each of the {} bands of days_in_care, found {}",
                    starts.len(),
                    row.len()
                )
            });
            per_year.push(
                row.iter()
                    .enumerate()
                    .map(|(band, rate)| self.quantity(rate, &place.item(band, None), Domain::Rate))
                    .collect(),
            );
        }
        Hazard::Rates {
            ages,
            days_in_care: starts.into_iter().map(f64::from).collect(),
            per_year,
        }
    }
}

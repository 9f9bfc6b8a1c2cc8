//! `[panel]`: the threshold-of-care panel that hears referred families.

use super::check::Checker;
use super::dates::RawDate;
use super::duration::{Duration, RawDuration};
use super::mistakes::Path;
use super::quantity::{Domain, Quantity, RawQuantity};
use crate::units::{Date, date_after};
use schemars::JsonSchema;
use serde::Deserialize;

/// The panel that decides who enters care
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawPanel {
    /// Days between sittings
    pub every_days: u32,
    /// First sitting after the start date (default: start + every_days)
    pub first_sitting: Option<RawDate>,
    /// Most families heard at a sitting; the rest wait for the next (default: no limit)
    pub limit: Option<u32>,
    /// Probability that a family heard is admitted
    pub admit: RawQuantity,
    /// Probability that a family heard is deferred to the next sitting (default 0); the rest are diverted
    pub defer: Option<RawQuantity>,
    /// Probability that a diverted family is referred again (default 0)
    pub diverted_return: Option<RawQuantity>,
    /// Time until a diverted family is referred again, in days
    pub return_after_days: Option<RawDuration>,
    /// Time until a diverted family is referred again, in weeks
    pub return_after_weeks: Option<RawDuration>,
    /// Where the figures come from
    pub source: Option<String>,
}

/// Checked `[panel]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Days between sittings.
    pub every_days: i32,
    /// Date of the first sitting.
    pub first_sitting: Date,
    /// Most families at a sitting.
    pub limit: Option<u32>,
    /// Probability of admission.
    pub admit: Quantity,
    /// Probability of deferral.
    pub defer: Quantity,
    /// Probability that a diverted family returns, and when.
    pub diverted_return: Option<(Quantity, Duration)>,
}

impl Checker {
    /// Checks `[panel]`.
    pub fn panel(&mut self, raw: &RawPanel, start: Date, end: Date) -> Panel {
        let path = Path::root().key("panel");
        self.source(&path, raw.source.as_ref());
        let every_days = i32::try_from(raw.every_days).unwrap_or(i32::MAX);
        self.require(
            (1..=366).contains(&every_days),
            &path.key("every_days"),
            || format!("must be from 1 to 366 days, found {}", raw.every_days),
        );
        let every_days = every_days.clamp(1, 366);
        let first_sitting = self.date_or(
            raw.first_sitting.as_ref(),
            &path.key("first_sitting"),
            date_after(start, every_days),
        );
        self.require(first_sitting > start, &path.key("first_sitting"), || {
            format!("must come after the start date {start}, found {first_sitting}")
        });
        if first_sitting > end {
            self.warn(
                &path.key("first_sitting"),
                "the panel never sits before the forecast ends",
            );
        }
        self.require(raw.limit != Some(0), &path.key("limit"), || {
            "must be 1 or more families, found 0".to_owned()
        });
        let admit = self.quantity(&raw.admit, &path.key("admit"), Domain::Probability);
        let defer = self.quantity_or(
            raw.defer.as_ref(),
            &path.key("defer"),
            Domain::Probability,
            0.0,
        );
        let too_much = admit.central() + defer.central() > 1.0 + 1e-9;
        self.require(raw.defer.is_none() || !too_much, &path.key("defer"), || {
            format!(
                "admit and defer must not add up to more than 1, found {}",
                admit.central() + defer.central()
            )
        });
        for (key, time) in [
            ("return_after_days", &raw.return_after_days),
            ("return_after_weeks", &raw.return_after_weeks),
        ] {
            self.require(
                time.is_none() || raw.diverted_return.is_some(),
                &path.key(key),
                || "goes with `diverted_return`, which is missing".to_owned(),
            );
        }
        let diverted_return = raw.diverted_return.as_ref().map(|probability| {
            (
                self.quantity(
                    probability,
                    &path.key("diverted_return"),
                    Domain::Probability,
                ),
                self.pause(
                    raw.return_after_days.as_ref(),
                    raw.return_after_weeks.as_ref(),
                    &path,
                    "return_after",
                ),
            )
        });
        Panel {
            every_days,
            first_sitting,
            limit: raw.limit,
            admit,
            defer,
            diverted_return,
        }
    }
}

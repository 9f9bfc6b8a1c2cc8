//! `[[reentry]]` and `[[allowance]]`: what follows an exit.

use super::check::Checker;
use super::duration::{Duration, RawDuration};
use super::mistakes::Path;
use super::names::Names;
use super::quantity::{Domain, Quantity, RawQuantity};
use schemars::JsonSchema;
use serde::Deserialize;

/// Return to care after an exit that breaks down
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawReentry {
    /// Kinds of exit it follows
    pub after: Vec<String>,
    /// Probability that the child ever returns (before 18)
    pub probability: RawQuantity,
    /// Time from exit to return, in days
    pub time_days: Option<RawDuration>,
    /// Time from exit to return, in weeks
    pub time_weeks: Option<RawDuration>,
    /// Where the figures come from
    pub source: Option<String>,
}

/// Checked return to care.
#[derive(Debug, Clone, PartialEq)]
pub struct Reentry {
    /// Kinds of exit.
    pub after: Vec<usize>,
    /// Probability of a return.
    pub probability: Quantity,
    /// Time to the return.
    pub time: Duration,
}

/// A weekly payment that goes on after an exit
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawAllowance {
    /// Name of the allowance
    pub name: String,
    /// Kinds of exit it follows
    pub after: Vec<String>,
    /// Placements at exit it is paid for (default: all)
    pub placement: Option<Vec<String>>,
    /// Pounds a week
    pub weekly_pounds: RawQuantity,
    /// Share of leavers who receive it (default 1)
    pub receives: Option<RawQuantity>,
    /// Age in years at which it ends (default 18)
    pub until_age: Option<u32>,
    /// Longest time it is paid, in days
    pub for_days: Option<RawDuration>,
    /// Longest time it is paid, in weeks
    pub for_weeks: Option<RawDuration>,
    /// Where the figures come from
    pub source: Option<String>,
}

/// Checked allowance.
#[derive(Debug, Clone, PartialEq)]
pub struct Allowance {
    /// Name.
    pub name: String,
    /// Kinds of exit.
    pub after: Vec<usize>,
    /// Placements at exit.
    pub placement: Option<Vec<usize>>,
    /// Pounds a week.
    pub weekly_pounds: Quantity,
    /// Share who receive it.
    pub receives: Quantity,
    /// Age at which it ends.
    pub until_age: i32,
    /// Longest time.
    pub longest: Option<Duration>,
}

impl Checker {
    /// Checks every `[[reentry]]`: an exit breaks down in one way only.
    pub fn reentries(&mut self, raw: &[RawReentry], names: &Names) -> Vec<Reentry> {
        let mut seen: Vec<&String> = Vec::new();
        for (index, reentry) in raw.iter().enumerate() {
            let at = Path::root().key("reentry").item(index, None).key("after");
            for (order, exit) in reentry.after.iter().enumerate() {
                self.require(!seen.contains(&exit), &at.item(order, None), || {
                    format!("an exit has one [[reentry]] at most, found \"{exit}\" twice")
                });
                seen.push(exit);
            }
        }
        raw.iter()
            .enumerate()
            .map(|(index, reentry)| self.reentry(reentry, index, names))
            .collect()
    }

    fn reentry(&mut self, raw: &RawReentry, index: usize, names: &Names) -> Reentry {
        let path = Path::root().key("reentry").item(index, None);
        self.source(&path, raw.source.as_ref());
        Reentry {
            after: self.some_names(&raw.after, &names.exits, "exit", &path.key("after")),
            probability: self.quantity(
                &raw.probability,
                &path.key("probability"),
                Domain::Probability,
            ),
            time: self.pause(
                raw.time_days.as_ref(),
                raw.time_weeks.as_ref(),
                &path,
                "time",
            ),
        }
    }

    /// Checks one `[[allowance]]`.
    pub fn allowance(&mut self, raw: &RawAllowance, index: usize, names: &Names) -> Allowance {
        let path = Path::root().key("allowance").item(index, Some(&raw.name));
        self.source(&path, raw.source.as_ref());
        let until_age = raw.until_age.unwrap_or(18);
        self.require(
            (1..=25).contains(&until_age),
            &path.key("until_age"),
            || format!("must be from 1 to 25 years, found {until_age}"),
        );
        let limited = raw.for_days.is_some() || raw.for_weeks.is_some();
        Allowance {
            name: raw.name.clone(),
            after: self.some_names(&raw.after, &names.exits, "exit", &path.key("after")),
            placement: raw.placement.as_ref().map(|list| {
                self.some_names(list, &names.placements, "placement", &path.key("placement"))
            }),
            weekly_pounds: self.quantity(
                &raw.weekly_pounds,
                &path.key("weekly_pounds"),
                Domain::NonNegative,
            ),
            receives: self.quantity_or(
                raw.receives.as_ref(),
                &path.key("receives"),
                Domain::Probability,
                1.0,
            ),
            until_age: i32::try_from(until_age).unwrap_or(18),
            longest: limited.then(|| {
                self.duration(raw.for_days.as_ref(), raw.for_weeks.as_ref(), &path, "for")
            }),
        }
    }
}

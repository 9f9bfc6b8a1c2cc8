//! `[[workstream]]`, `[delivery]` and `[attribution]`: the action plan.
//!
//! A workstream changes named quantities from a date on. What may be changed
//! has an address, as a scenario's `set` writes it; every quantity that can be
//! changed soundly in mid-course can, and the others are refused with a reason.

use super::RawScenarioFile;
use super::bands::Named;
use super::check::Checker;
use super::dates::RawDate;
use super::duration::{Duration, RawDuration};
use super::mistakes::{Path, nearest};
use super::quantity::{Domain, Quantity, RawQuantity};
use super::scenarios::Selection;
use crate::units::{Date, financial_year_end};
use schemars::JsonSchema;
use serde::Deserialize;

/// A line of the action plan: it changes named quantities from a date on
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawWorkstream {
    /// Name of the workstream; its luck hangs on it
    pub name: String,
    /// Who answers for it
    pub owner: Option<String>,
    /// BRAG status, which stands for a probability in the delivery table
    pub status: Option<Status>,
    /// Probability that it is delivered (default: that of its status)
    pub delivery: Option<RawQuantity>,
    /// Date from which it is planned to work
    pub from: RawDate,
    /// Weeks in which the effect rises in a straight line from nothing to the whole (default 0: at once)
    pub ramp_weeks: Option<f64>,
    /// Delay beyond the planned date, in days (default: none)
    pub slippage_days: Option<RawDuration>,
    /// Delay beyond the planned date, in weeks (default: none)
    pub slippage_weeks: Option<RawDuration>,
    /// Quantities by address and what they are multiplied by: { "placement.residential.weekly_pounds" = 0.9 }
    #[serde(default)]
    pub multiply: Named<RawQuantity>,
    /// Quantities by address and what is added to them: { "resource.assessing social worker.units" = 1 }
    #[serde(default)]
    pub add: Named<RawQuantity>,
    /// Quantities by address and what they become: { "panel.admit" = 0.5 }
    #[serde(default)]
    pub set: Named<RawQuantity>,
    /// Net saving promised in the financial year that ends on `by`, in pounds
    pub saving_pounds: Option<f64>,
    /// The 31 March that closes the year of the promised saving
    pub by: Option<RawDate>,
    /// Where the figures come from
    pub source: Option<String>,
}

/// Where a line of the plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Delivered
    Blue,
    /// On its way
    Green,
    /// Slow, or at risk
    Amber,
    /// Not started with high risk, or failing
    Red,
}

impl Status {
    /// The word in files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Green => "green",
            Self::Amber => "amber",
            Self::Red => "red",
        }
    }
}

/// What each status of a workstream means: the probability that it is delivered
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawDelivery {
    /// Probability of delivery of a blue workstream
    pub blue: Option<RawQuantity>,
    /// Probability of delivery of a green workstream
    pub green: Option<RawQuantity>,
    /// Probability of delivery of an amber workstream
    pub amber: Option<RawQuantity>,
    /// Probability of delivery of a red workstream
    pub red: Option<RawQuantity>,
    /// Where the figures come from
    pub source: Option<String>,
}

/// How the saving is shared out among workstreams
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawAttribution {
    /// Futures in which every combination of workstreams is played (default 200)
    pub replicates: Option<u32>,
    /// Orders drawn in a future that delivers more than eight workstreams (default 16)
    pub orders: Option<u32>,
}

/// Checked workstream.
#[derive(Debug, Clone, PartialEq)]
pub struct Workstream {
    /// Name.
    pub name: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where it stands.
    pub status: Option<Status>,
    /// Whether the scenario takes it up.
    pub is_on: bool,
    /// Probability that it is delivered.
    pub delivery: Quantity,
    /// Planned date.
    pub from: Date,
    /// Weeks from nothing to the whole effect.
    pub ramp_weeks: f64,
    /// Delay.
    pub slippage: Option<Duration>,
    /// What it changes: multiplications, additions, settings, each in the order
    /// of the file.
    pub changes: Vec<Change>,
    /// Promised net saving in pounds, and the 31 March that closes its year.
    pub saving: Option<(f64, Date)>,
}

/// What is done to a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Multiplied by the amount.
    Multiply,
    /// The amount is added.
    Add,
    /// It becomes the amount.
    Set,
}

/// One change of one quantity.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Address of the quantity.
    pub path: String,
    /// What is done to it.
    pub manner: Manner,
    /// By or to how much.
    pub amount: Quantity,
    /// Least and most that the quantity may become.
    pub range: (f64, f64),
    /// Whether it is a number that is looked up on the day of an event.
    pub is_by_day: bool,
}

/// Checked `[attribution]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// Futures played with every combination.
    pub replicates: u32,
    /// Orders drawn where too many workstreams are delivered.
    pub orders: u32,
}

/// What stands at an address that a workstream may name.
#[derive(Debug, Clone, PartialEq)]
pub struct Changeable {
    /// The quantity's own address: that of a duration's scale for a duration.
    pub path: String,
    /// What it may be.
    pub domain: Domain,
    /// Whether it can only be multiplied, as a duration as a whole.
    pub is_factor: bool,
}

/// Longest ramp, in weeks.
const LONGEST_RAMP: f64 = 520.0;

/// Largest amount of pounds that a line promises.
const MOST_POUNDS: f64 = 1e12;

impl Checker {
    /// Checks every `[[workstream]]`; `selection` says which of them the
    /// scenario takes up. Comes after every table that they may change.
    pub fn workstreams(
        &mut self,
        raw: &RawScenarioFile,
        selection: Option<&Selection>,
        (start, end): (Date, Date),
    ) -> Vec<Workstream> {
        if let Some(delivery) = &raw.delivery {
            self.source(&Path::root().key("delivery"), delivery.source.as_ref());
        }
        self.sizes_that_change(raw);
        raw.workstream
            .iter()
            .enumerate()
            .map(|(index, one)| {
                let is_on = selection.is_none_or(|selection| selection.has(&one.name));
                let mut workstream = self.workstream(one, index, raw.delivery.as_ref(), start, end);
                workstream.is_on = is_on;
                workstream
            })
            .collect()
    }

    /// Sizes of resources and beds are no quantities, but have an address.
    fn sizes_that_change(&mut self, raw: &RawScenarioFile) {
        for resource in &raw.resource {
            let key = if resource.slots.is_some() {
                "slots"
            } else {
                "units"
            };
            let path = Path::root().key("resource").key(&resource.name).key(key);
            self.note_changeable(&path, Domain::NonNegative);
        }
        for placement in raw.placement.iter().filter(|one| one.beds.is_some()) {
            let path = Path::root()
                .key("placement")
                .key(&placement.name)
                .key("beds");
            self.note_changeable(&path, Domain::NonNegative);
        }
        for pathway in &raw.pathway {
            let path = Path::root()
                .key("pathway")
                .key(&pathway.name)
                .key("success");
            self.note_changeable(&path, Domain::Probability);
        }
    }

    fn workstream(
        &mut self,
        raw: &RawWorkstream,
        index: usize,
        statuses: Option<&RawDelivery>,
        start: Date,
        end: Date,
    ) -> Workstream {
        let path = Path::root().key("workstream").item(index, Some(&raw.name));
        self.source(&path, raw.source.as_ref());
        if let Some(owner) = &raw.owner {
            self.note_owner(&path.to_string(), owner);
        }
        let from = self.date(&raw.from, &path.key("from"));
        if from > end {
            self.warn(&path.key("from"), "lies after the end of the forecast");
        }
        let ramp_weeks = raw.ramp_weeks.unwrap_or(0.0);
        self.require(
            (0.0..=LONGEST_RAMP).contains(&ramp_weeks),
            &path.key("ramp_weeks"),
            || format!("must be from 0 to {LONGEST_RAMP} weeks, found {ramp_weeks}"),
        );
        let slips = raw.slippage_days.is_some() || raw.slippage_weeks.is_some();
        let mut changes = Vec::new();
        for (key, manner, table) in [
            ("multiply", Manner::Multiply, &raw.multiply),
            ("add", Manner::Add, &raw.add),
            ("set", Manner::Set, &raw.set),
        ] {
            for (address, amount) in &table.0 {
                let at = path.key(key).key(address);
                changes.extend(self.change(address, manner, amount, &at));
            }
        }
        let given = raw.multiply.0.len() + raw.add.0.len() + raw.set.0.len();
        self.require(given > 0, &path, || {
            "changes nothing: give `multiply`, `add` or `set`".to_owned()
        });
        Workstream {
            name: raw.name.clone(),
            owner: raw.owner.clone(),
            status: raw.status,
            is_on: true,
            delivery: self.delivery(raw, statuses, &path),
            from,
            ramp_weeks,
            slippage: slips.then(|| {
                self.duration(
                    raw.slippage_days.as_ref(),
                    raw.slippage_weeks.as_ref(),
                    &path,
                    "slippage",
                )
            }),
            changes,
            saving: self.saving(raw, &path, start, end),
        }
    }

    /// The workstream's own probability of delivery, or that of its status.
    fn delivery(
        &mut self,
        raw: &RawWorkstream,
        statuses: Option<&RawDelivery>,
        path: &Path,
    ) -> Quantity {
        if let Some(delivery) = &raw.delivery {
            return self.quantity(delivery, &path.key("delivery"), Domain::Probability);
        }
        let Some(status) = raw.status else {
            self.mistake(
                path,
                "needs `delivery`, or a `status` that has a probability in [delivery]",
            );
            return Quantity::known(path, 1.0);
        };
        let given = statuses.and_then(|table| match status {
            Status::Blue => table.blue.as_ref(),
            Status::Green => table.green.as_ref(),
            Status::Amber => table.amber.as_ref(),
            Status::Red => table.red.as_ref(),
        });
        let word = status.word();
        match given {
            // Its own address: workstreams of one status share what we do not
            // know about it.
            Some(delivery) => self.quantity(
                delivery,
                &Path::root().key("delivery").key(word),
                Domain::Probability,
            ),
            None => {
                self.mistake_hint(
                    &path.key("status"),
                    format!("\"{word}\" has no probability of delivery"),
                    &format!("give [delivery] {word} = ..., or the workstream its own `delivery`"),
                );
                Quantity::known(path, 1.0)
            }
        }
    }

    fn saving(
        &mut self,
        raw: &RawWorkstream,
        path: &Path,
        start: Date,
        end: Date,
    ) -> Option<(f64, Date)> {
        let (pounds, by) = match (raw.saving_pounds, &raw.by) {
            (Some(pounds), Some(by)) => (pounds, self.date(by, &path.key("by"))),
            (None, None) => return None,
            _ => {
                self.mistake(path, "`saving_pounds` and `by` go together");
                return None;
            }
        };
        self.require(
            pounds.abs() <= MOST_POUNDS,
            &path.key("saving_pounds"),
            || format!("must be pounds up to {MOST_POUNDS}, found {pounds}"),
        );
        if by != financial_year_end(by) {
            self.mistake_hint(
                &path.key("by"),
                format!("must be the 31 March that closes a financial year, found {by}"),
                &format!("by = {}", financial_year_end(by)),
            );
        }
        self.require(by > start && by <= end, &path.key("by"), || {
            format!("must lie after the start {start} and no later than the end {end}, found {by}")
        });
        Some((pounds, by))
    }

    fn change(
        &mut self,
        address: &str,
        manner: Manner,
        amount: &RawQuantity,
        at: &Path,
    ) -> Option<Change> {
        if let Some(reason) = refusal(address) {
            self.mistake(at, format!("cannot be changed by a workstream: {reason}"));
            return None;
        }
        let Some(found) = self.changeable(address).cloned() else {
            let known = self.changeable_addresses();
            let hint = match nearest(
                address,
                known.into_iter().filter(|one| refusal(one).is_none()),
            ) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "addresses are such as `panel.admit` or `placement.NAME.weekly_pounds`"
                    .to_owned(),
            };
            self.mistake_hint(
                at,
                "no quantity that a workstream can change has this address",
                &hint,
            );
            return None;
        };
        if found.is_factor && manner != Manner::Multiply {
            self.mistake(at, "a duration as a whole can only be multiplied");
            return None;
        }
        let domain = if is_share(address) {
            Domain::Probability
        } else {
            found.domain
        };
        let amount = match manner {
            Manner::Multiply => self.quantity(amount, at, Domain::NonNegative),
            Manner::Add => self.quantity(amount, at, Domain::Any),
            Manner::Set => self.quantity(amount, at, domain),
        };
        Some(Change {
            is_by_day: is_by_day(&found.path),
            path: found.path,
            manner,
            amount,
            range: (0.0, domain.most()),
        })
    }

    /// Checks `[attribution]`.
    pub fn attribution(&mut self, raw: Option<&RawAttribution>) -> Attribution {
        let path = Path::root().key("attribution");
        let mut count = |key: &str, given: Option<u32>, default: u32, most: u32| {
            let count = given.unwrap_or(default);
            self.require((1..=most).contains(&count), &path.key(key), || {
                format!("must be from 1 to {most}, found {count}")
            });
            count
        };
        let (replicates, orders) = raw.map_or((None, None), |raw| (raw.replicates, raw.orders));
        Attribution {
            replicates: count("replicates", replicates, 200, 1_000_000),
            orders: count("orders", orders, 16, 10_000),
        }
    }
}

fn first_and_last(address: &str) -> (&str, &str) {
    let first = address.split('.').next().unwrap_or_default();
    let last = address.rsplit('.').next().unwrap_or_default();
    (first, last)
}

/// Why a quantity cannot be changed in mid-course, if it cannot.
fn refusal(address: &str) -> Option<&'static str> {
    let (first, last) = first_and_last(address);
    let inside = |key: &str| address.contains(&format!(".{key}"));
    match first {
        "exit" if last != "factor" => {
            Some("an exit is changed by its `factor`, such as `exit.NAME.factor`")
        }
        "placement" if inside("price_changes") || last == "growth_per_year" => {
            Some("change `weekly_pounds`: the change goes on through later prices")
        }
        "referrals" if last == "trend_per_year" => {
            Some("a trend runs from the start date; change `families_per_year`")
        }
        "panel" if inside("return_after") => Some("a time until something happens again is fixed"),
        "pathway" if inside("on_fail") => Some("a time until something happens again is fixed"),
        "reentry" if inside("time_") => Some("a time until something happens again is fixed"),
        "prices" => Some("change the prices themselves"),
        "drift" => Some("drift is no lever of the council's"),
        "cohort" => Some("the children in care at the start are what they are"),
        "workstream" | "delivery" | "scenario" | "target" | "risk" | "attribution" | "forecast" => {
            Some("it is no number of the model")
        }
        _ => None,
    }
}

/// Whether an address is one of several shares that add up to 1.
fn is_share(address: &str) -> bool {
    let (first, last) = first_and_last(address);
    first == "referrals"
        && [
            "siblings",
            "age",
            "legal_status",
            "placement",
            "placement_by_age",
        ]
        .iter()
        .any(|table| address.contains(&format!(".{table}.")))
        && last != "families_per_year"
}

/// Whether a number is looked up on the day of an event; the others are prices,
/// sizes and rates that have a course of their own.
fn is_by_day(address: &str) -> bool {
    let (first, last) = first_and_last(address);
    match first {
        "panel" | "reentry" => true,
        "referrals" => last != "families_per_year",
        "pathway" => last != "new_cases_per_year" && last != "cost_pounds",
        "allowance" => last != "weekly_pounds",
        "fee" => last == "share",
        _ => false,
    }
}

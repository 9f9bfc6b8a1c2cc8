//! What follows an exit: returns to care, allowances, one-off fees; and every
//! price the model charges.

use super::clocks::{Curves, Mask, Time};
use super::numbers::{Number, ParameterSet};
use super::series::Line;
use crate::config::Config;
use crate::config::money::Category;
use crate::units::{Date, birthday, days_between};

/// A return to care.
#[derive(Debug, Clone, PartialEq)]
pub struct ReentryModel {
    /// Kinds of exit it follows.
    pub after: Mask,
    /// Probability that the child ever returns.
    pub probability: Number,
    /// Time from exit to return.
    pub time: Time,
}

/// An allowance.
#[derive(Debug, Clone, PartialEq)]
pub struct AllowanceModel {
    /// Kinds of exit it follows.
    pub after: Mask,
    /// Placements at exit.
    pub placement: Mask,
    /// Share who receive it.
    pub receives: Number,
    /// Age in years at which it ends.
    pub until_age: i32,
    /// Longest time it is paid.
    pub longest: Option<Time>,
}

/// A one-off cost.
#[derive(Debug, Clone, PartialEq)]
pub struct FeeModel {
    /// Kinds of exit that pay it; none for the cost of a stage.
    pub on_exit: Mask,
    /// Share that pays.
    pub share: Number,
    /// Pounds each.
    pub pounds: Number,
}

/// A grant for each night of some children.
#[derive(Debug, Clone, PartialEq)]
pub struct GrantModel {
    /// Streams.
    pub stream: Mask,
    /// Placements.
    pub placement: Mask,
    /// Legal statuses.
    pub legal_status: Mask,
    /// Ages in years, from and below.
    pub age: (i32, i32),
    /// Pounds a night.
    pub nightly_pounds: Number,
}

/// A cost that runs whatever the children do.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgrammeModel {
    /// Pounds a year.
    pub yearly_pounds: Number,
    /// First day.
    pub from: i32,
    /// Last day.
    pub until: i32,
}

/// A weekly price with its changes and growth.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceModel {
    /// Pounds a week from each day on.
    pub from_day: Vec<(i32, Number)>,
    /// Growth each April.
    pub growth_per_year: Number,
}

/// Every price and one-off cost of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Money {
    /// Weekly prices of placements.
    pub placements: Vec<PriceModel>,
    /// Weekly prices of allowances.
    pub allowances: Vec<PriceModel>,
    /// Weekly overhead for each child.
    pub overhead: Option<PriceModel>,
    /// One-off costs: fees of exits, then costs of stages.
    pub fees: Vec<FeeModel>,
    /// Grants.
    pub grants: Vec<GrantModel>,
    /// Programme costs.
    pub programmes: Vec<ProgrammeModel>,
    /// Days on which prices grow, in order.
    pub growth_days: Vec<i32>,
    /// Pence spent before the start in the first financial year, by category.
    pub spent_to_date: Vec<(Category, i64)>,
}

impl Money {
    /// Whether a line of spend has the prices that it has in another model.
    pub fn prices_as(&self, other: &Self, line: Line) -> bool {
        self.growth_days == other.growth_days
            && match line {
                Line::Placement(index) => self.placements.get(index) == other.placements.get(index),
                Line::Allowance(index) => self.allowances.get(index) == other.allowances.get(index),
                Line::Overhead => self.overhead == other.overhead,
                Line::Fee(index) => self.fees.get(index) == other.fees.get(index),
                Line::Grant(index) => self.grants.get(index) == other.grants.get(index),
                Line::Programme(index) => self.programmes.get(index) == other.programmes.get(index),
            }
    }
}

/// Returns to care of a model.
pub fn reentries(
    config: &Config,
    curves: &mut Curves,
    numbers: &mut ParameterSet,
) -> Vec<ReentryModel> {
    config
        .reentries
        .iter()
        .map(|reentry| ReentryModel {
            after: Mask::of(Some(&reentry.after)),
            probability: numbers.number(&reentry.probability),
            time: curves.time(&reentry.time, numbers),
        })
        .collect()
}

/// Allowances of a model.
pub fn allowances(
    config: &Config,
    curves: &mut Curves,
    numbers: &mut ParameterSet,
) -> Vec<AllowanceModel> {
    config
        .allowances
        .iter()
        .map(|allowance| AllowanceModel {
            after: Mask::of(Some(&allowance.after)),
            placement: Mask::of(allowance.placement.as_ref()),
            receives: numbers.number(&allowance.receives),
            until_age: allowance.until_age,
            longest: allowance
                .longest
                .as_ref()
                .map(|time| curves.time(time, numbers)),
        })
        .collect()
}

/// Every price of a model.
pub fn money(config: &Config, numbers: &mut ParameterSet) -> Money {
    let start = config.forecast.start;
    let growth = numbers.number(&config.money.growth_per_year);
    let flat = |number: Number| PriceModel {
        from_day: vec![(0, number)],
        growth_per_year: growth,
    };
    let placements = config
        .placements
        .iter()
        .map(|placement| PriceModel {
            from_day: placement
                .prices
                .iter()
                .map(|(from, price)| (days_between(start, *from).max(0), numbers.number(price)))
                .collect(),
            growth_per_year: placement
                .growth_per_year
                .as_ref()
                .map_or(growth, |growth| numbers.number(growth)),
        })
        .collect();
    let exit_fees = config.money.fees.iter().map(|fee| FeeModel {
        on_exit: Mask::of(Some(&fee.on_exit)),
        share: numbers.number(&fee.share),
        pounds: numbers.number(&fee.pounds),
    });
    let mut fees: Vec<FeeModel> = exit_fees.collect();
    for stage in config.pathways.iter().flat_map(|pathway| &pathway.stages) {
        if let Some(cost) = &stage.cost_pounds {
            fees.push(FeeModel {
                on_exit: Mask(0),
                share: Number::Known(1.0),
                pounds: numbers.number(cost),
            });
        }
    }
    Money {
        placements,
        allowances: config
            .allowances
            .iter()
            .map(|allowance| flat(numbers.number(&allowance.weekly_pounds)))
            .collect(),
        overhead: config
            .money
            .overhead
            .as_ref()
            .map(|overhead| flat(numbers.number(overhead))),
        fees,
        grants: grants(config, numbers),
        programmes: programmes(config, start, numbers),
        growth_days: (0..)
            .map(|years| birthday(config.money.first_growth, years))
            .take_while(|date| *date <= config.forecast.end)
            .map(|date| days_between(start, date))
            .collect(),
        spent_to_date: config.money.spent_to_date.clone(),
    }
}

fn grants(config: &Config, numbers: &mut ParameterSet) -> Vec<GrantModel> {
    config
        .money
        .grants
        .iter()
        .map(|grant| GrantModel {
            stream: Mask::of(grant.eligible.stream.as_ref()),
            placement: Mask::of(grant.eligible.placement.as_ref()),
            legal_status: Mask::of(grant.eligible.legal_status.as_ref()),
            age: grant
                .eligible
                .age
                .as_ref()
                .map_or((0, 18), |band| (band.from as i32, band.below as i32)),
            nightly_pounds: numbers.number(&grant.nightly_pounds),
        })
        .collect()
}

fn programmes(config: &Config, start: Date, numbers: &mut ParameterSet) -> Vec<ProgrammeModel> {
    config
        .money
        .programmes
        .iter()
        .map(|programme| ProgrammeModel {
            yearly_pounds: numbers.number(&programme.yearly_pounds),
            from: days_between(start, programme.from).max(1),
            until: days_between(start, programme.until),
        })
        .collect()
}

impl ProgrammeModel {
    /// Nights of a segment on which the cost runs.
    pub fn nights(&self, first_day: i32, last_day: i32) -> i32 {
        (self.until.min(last_day) - self.from.max(first_day) + 1).max(0)
    }

    /// Pounds for some nights of a financial year that has so many: a whole
    /// year costs the yearly figure.
    pub fn pounds(yearly: f64, nights: i32, year_nights: i32) -> f64 {
        yearly * f64::from(nights) / f64::from(year_nights)
    }
}

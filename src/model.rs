//! From a checked [`Config`] to a [`Model`] that is ready to draw: flat tables
//! indexed by small integers, every name resolved, every duration tabulated.

pub mod aftercare;
pub mod birthdays;
pub mod clocks;
pub mod curves;
pub mod entries;
pub mod layout;
pub mod numbers;
pub mod series;
pub mod stages;
pub mod workstreams;

use crate::calendar::Calendar;
use crate::config::Config;
use crate::config::names::AGEING_OUT;
use crate::units::days_between;
use aftercare::{AllowanceModel, Money, ReentryModel};
use birthdays::Birthdays;
use clocks::{Clock, Curves, Mask, Running};
use curves::Curve;
use entries::{CohortModel, KnownChild, PanelModel, Stream};
use numbers::{Number, ParameterSet};
use series::Reporting;
use stages::{PathwayModel, PoolModel};
use std::sync::Arc;
use workstreams::{Lever, WorkstreamModel};

/// One scenario, ready to draw. Immutable while replicates run.
#[derive(Debug, Clone)]
pub struct Model {
    /// Name of the scenario.
    pub scenario: String,
    /// What is counted and reported.
    pub reporting: Reporting,
    /// Duration tables, shared by the scenarios of a file.
    pub curves: Vec<Arc<Curve>>,
    /// Clocks of a stay.
    pub clocks: Vec<Clock>,
    /// Which of them run for whom.
    pub running: Running,
    /// The children in care on the start date.
    pub cohort: Option<CohortModel>,
    /// Referral streams.
    pub streams: Vec<Stream>,
    /// The panel, if there is one.
    pub panel: Option<PanelModel>,
    /// Pathways.
    pub pathways: Vec<PathwayModel>,
    /// Pools that stages wait for; beds of placements follow them.
    pub pools: Vec<PoolModel>,
    /// Beds: the pool and the overflow of each placement that has them.
    pub beds: Vec<Option<(usize, u8)>>,
    /// Returns to care.
    pub reentries: Vec<ReentryModel>,
    /// Allowances.
    pub allowances: Vec<AllowanceModel>,
    /// Prices.
    pub money: Money,
    /// Drifts: name, standard deviation, persistence.
    pub drifts: Vec<(String, Number, Number)>,
    /// Workstreams.
    pub workstreams: Vec<WorkstreamModel>,
    /// Quantities that they change.
    pub levers: Vec<Lever>,
    /// The lever of each pool whose size they change.
    pub pool_levers: Vec<Option<usize>>,
    /// Birthdays of children by their day of birth.
    pub birthdays: Arc<Birthdays>,
    /// Kind of exit on the eighteenth birthday.
    pub ageing_out: u8,
    /// Kinds of exit that something may follow: a return, an allowance, a fee.
    pub consequences: Mask,
    /// Kinds of exit after which something may be paid.
    pub payments: Mask,
    /// Whether nothing is drawn per replicate beyond the children.
    pub is_certain: bool,
    /// Whether children share beds or a stream's cap, so that every event of
    /// every child must come in the order of time.
    pub shares_everything: bool,
    /// Month of the year (0 for January) of each forecast month.
    pub month_of_year: Vec<usize>,
}

impl Model {
    /// Builds a scenario's model. `curves` and `numbers` collect duration tables
    /// and uncertain quantities over all scenarios of a run; `children` is the
    /// cohort's file, if it has one.
    pub fn new(
        config: &Config,
        children: Option<&[KnownChild]>,
        curves: &mut Curves,
        numbers: &mut ParameterSet,
    ) -> Self {
        let start = config.forecast.start;
        let price_changes: Vec<_> = config
            .placements
            .iter()
            .flat_map(|placement| placement.prices.iter().map(|(from, _)| *from))
            .chain([config.money.first_growth])
            .collect();
        let seams: Vec<_> = config.workstreams.iter().map(|one| one.from).collect();
        let calendar = Calendar::with_seams(start, config.forecast.end, &price_changes, &seams);
        let workstreams = workstreams::workstreams(config, curves, numbers);
        let levers = workstreams::levers(config, numbers);
        numbers.open_levers(levers);
        let clocks = clocks::clocks(config, curves, numbers);
        let streams = entries::streams(config, numbers);
        let panel = config
            .panel
            .as_ref()
            .map(|panel| entries::panel(panel, start, curves, numbers));
        let mut pathways = stages::pathways(config, curves, numbers, |pathway, stage| {
            series::stage_fee(config, pathway, stage)
        });
        let reentries = aftercare::reentries(config, curves, numbers);
        let allowances = aftercare::allowances(config, curves, numbers);
        let money = aftercare::money(config, numbers);
        let drifts: Vec<(String, Number, Number)> = config
            .drifts
            .iter()
            .map(|drift| {
                (
                    drift.name.clone(),
                    numbers.number(&drift.yearly_sd),
                    numbers.number(&drift.persistence),
                )
            })
            .collect();
        let mut pools = stages::pools(&config.resources, start);
        let beds = beds(config, &mut pools);
        let pool_levers = pool_levers(config, numbers);
        let shares_everything = beds.iter().any(Option::is_some)
            || streams.iter().any(|stream| stream.stock_cap.is_some());
        stages::ask_one_by_one(&mut pathways, &clocks, shares_everything);
        let month_of_year = (0..calendar.months())
            .map(|month| chrono::Datelike::month0(&calendar.month_date(month)) as usize)
            .collect();
        let payments = payments(&allowances, &money);
        let horizon = calendar.horizon();
        let mut exits = config.names.exits.iter();
        let ageing_out = exits.position(|name| name == AGEING_OUT);
        let ageing_out = ageing_out.expect("ageing out is always an exit") as u8;
        Self {
            scenario: config.scenario.clone(),
            reporting: Reporting::new(config, calendar),
            curves: curves.tables(),
            running: Running::new(config, &clocks, ageing_out),
            clocks,
            cohort: entries::cohort(config, children),
            streams,
            panel,
            pathways,
            pools,
            beds,
            ageing_out,
            consequences: consequences(&reentries, payments),
            payments,
            reentries,
            allowances,
            money,
            is_certain: drifts.is_empty()
                && numbers.parameters().is_empty()
                && workstreams.is_empty(),
            drifts,
            workstreams,
            levers: numbers.take_levers(),
            pool_levers,
            birthdays: curves.birthdays(start, horizon),
            shares_everything,
            month_of_year,
        }
    }

    /// The same scenario with only some of the workstreams that it takes up.
    #[must_use]
    pub fn with_workstreams(&self, is_on: impl Fn(usize) -> bool) -> Self {
        let mut model = self.clone();
        for (index, workstream) in model.workstreams.iter_mut().enumerate() {
            workstream.is_on &= is_on(index);
        }
        model
    }

    /// The calendar of the forecast.
    pub fn calendar(&self) -> &Calendar {
        self.reporting.layout.calendar()
    }
}

/// Kinds of exit that something may follow.
fn consequences(reentries: &[ReentryModel], Mask(paid): Mask) -> Mask {
    let returns = reentries.iter().map(|reentry| reentry.after);
    Mask(returns.fold(paid, |all, Mask(kinds)| all | kinds))
}

/// Kinds of exit after which something may be paid.
fn payments(allowances: &[AllowanceModel], money: &Money) -> Mask {
    let allowances = allowances.iter().map(|allowance| allowance.after);
    let fees = money.fees.iter().map(|fee| fee.on_exit);
    Mask(
        allowances
            .chain(fees)
            .fold(0, |all, Mask(kinds)| all | kinds),
    )
}

/// The lever of each pool, resources first, then beds.
fn pool_levers(config: &Config, numbers: &ParameterSet) -> Vec<Option<usize>> {
    let resources = config.resources.iter().map(|one| one.address());
    let beds = config.placements.iter().filter(|one| one.beds.is_some());
    resources
        .chain(beds.map(|one| one.address_of_beds()))
        .map(|address| numbers.lever(&address))
        .collect()
}

/// Beds of placements as pools after those of resources.
fn beds(config: &Config, pools: &mut Vec<PoolModel>) -> Vec<Option<(usize, u8)>> {
    let mut beds = Vec::new();
    for placement in &config.placements {
        beds.push(placement.beds.as_ref().map(|beds| {
            pools.push(PoolModel::Held(
                beds.sizes
                    .iter()
                    .map(|(date, size)| (days_between(config.forecast.start, *date), *size))
                    .collect(),
            ));
            (pools.len() - 1, beds.overflow as u8)
        }));
    }
    beds.resize(config.names.placements.len(), None);
    beds
}

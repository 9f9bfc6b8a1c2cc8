//! Scenarios that are played together.
//!
//! Most scenarios of a plan differ in nothing but what happens on a few
//! pathways: how likely they succeed, how many children are identified, how
//! long a stage takes. Every child has the same luck in all of them, so
//! whoever never walks one of these pathways lives the same life in all, and
//! is played once. Prices may differ too: they are charged when tallies are
//! folded, scenario by scenario.

use crate::model::Model;
use crate::model::stages::OnFail;

/// A set of pathways, one bit each.
pub type PathwaySet = u64;

/// Models played together: the first, and those that part from it on some
/// pathways only.
#[derive(Debug)]
pub struct Company<'m> {
    /// The models.
    pub models: Vec<&'m Model>,
    /// Pathways on which any of them parts from the first.
    pub apart: PathwaySet,
}

impl<'m> Company<'m> {
    /// One model by itself.
    pub fn of_one(model: &'m Model) -> Self {
        Self {
            models: vec![model],
            apart: 0,
        }
    }

    /// Takes in a model whose children live as those of the first do, but for
    /// some pathways; whether it was one.
    pub fn admit(&mut self, model: &'m Model) -> bool {
        let lead = self.models[0];
        if !parts_on_pathways_only(lead, model) {
            return false;
        }
        self.apart |= pathways_apart(lead, model);
        self.models.push(model);
        true
    }
}

/// Models sorted into as few companies as they fit, with their places among
/// the models given.
pub fn companies<'m>(
    models: impl IntoIterator<Item = &'m Model>,
) -> Vec<(Company<'m>, Vec<usize>)> {
    let mut companies: Vec<(Company<'m>, Vec<usize>)> = Vec::new();
    for (place, model) in models.into_iter().enumerate() {
        let found = companies
            .iter_mut()
            .find_map(|(company, places)| company.admit(model).then_some(places));
        match found {
            Some(places) => places.push(place),
            None => companies.push((Company::of_one(model), vec![place])),
        }
    }
    companies
}

/// Whether two models differ in nothing but pathways, the pools that stages
/// wait for, and prices.
fn parts_on_pathways_only(one: &Model, other: &Model) -> bool {
    let children_share = |model: &Model| model.shares_everything;
    let on_exit = |model: &Model| {
        let fees = model.money.fees.iter();
        fees.map(|fee| (fee.on_exit, fee.share)).collect::<Vec<_>>()
    };
    let granted = |model: &Model| {
        let grants = model.money.grants.iter();
        grants
            .map(|grant| (grant.stream, grant.placement, grant.legal_status, grant.age))
            .collect::<Vec<_>>()
    };
    // Whoever adds a field to the model decides here whether it parts lives.
    let Model {
        scenario: _,
        reporting,
        curves: _,
        clocks,
        running,
        cohort,
        streams,
        panel,
        pathways,
        pools: _,
        beds,
        reentries,
        allowances,
        money: _,
        drifts,
        workstreams,
        levers,
        pool_levers,
        birthdays: _,
        ageing_out,
        consequences: _,
        payments: _,
        is_certain: _,
        shares_everything: _,
        month_of_year: _,
    } = one;
    !children_share(one)
        && !children_share(other)
        && reporting.counters == other.reporting.counters
        && reporting.layout.series() == other.reporting.layout.series()
        && *clocks == other.clocks
        && running.same_off_pathways(&other.running)
        && *cohort == other.cohort
        && *streams == other.streams
        && *panel == other.panel
        && pathways.len() == other.pathways.len()
        && *beds == other.beds
        && *reentries == other.reentries
        && *allowances == other.allowances
        && *drifts == other.drifts
        && *workstreams == other.workstreams
        && *levers == other.levers
        && *pool_levers == other.pool_levers
        && *ageing_out == other.ageing_out
        && on_exit(one) == on_exit(other)
        && granted(one) == granted(other)
}

/// Pathways that differ, and those that a failure may lead from to one of them.
fn pathways_apart(one: &Model, other: &Model) -> PathwaySet {
    let mut apart = 0;
    for (index, (a, b)) in one.pathways.iter().zip(&other.pathways).enumerate() {
        let off = (
            one.running.on_pathway[index],
            other.running.on_pathway[index],
        );
        if a != b || off.0 != off.1 {
            apart |= 1 << index;
        }
    }
    loop {
        let mut more = apart;
        for (index, pathway) in one.pathways.iter().enumerate() {
            let leads_apart = pathway
                .stages
                .iter()
                .any(|stage| matches!(stage.on_fail, OnFail::ChangeTo(to) if apart >> to & 1 == 1));
            more |= u64::from(leads_apart) << index;
        }
        if more == apart {
            return apart;
        }
        apart = more;
    }
}

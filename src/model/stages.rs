//! Pathways as stages, and the pools that stages wait for.

use super::clocks::{Clock, Curves, Effect, Mask, Time};
use super::numbers::{Number, ParameterSet};
use crate::config::Config;
use crate::config::eligible::Eligible;
use crate::config::pathways::{Failure, Outcome, Pathway};
use crate::config::resources::{Resource, Supply};
use crate::units::{DAYS_PER_YEAR, Date, days_between};

/// A pathway, ready to walk.
#[derive(Debug, Clone, PartialEq)]
pub struct PathwayModel {
    /// Children of the cohort identified for it.
    pub cases: u32,
    /// Who of the cohort may be one of them.
    pub eligible: CaseFilter,
    /// Day on which the identified cases start.
    pub cases_day: f64,
    /// Overall success, if it overrides the stages.
    pub success: Option<Number>,
    /// The lever of an overall success that the scenario does not give: it
    /// changes the product of the stages.
    pub success_lever: Option<usize>,
    /// Kinds of exit that are off while it runs.
    pub replaces: Mask,
    /// Whether siblings share luck and dates.
    pub siblings_together: bool,
    /// Where it leads.
    pub leads_to: LeadsTo,
    /// The exit at its end, where those who start at once need nothing but time
    /// to reach it or to fail; the first stage may need units before it starts,
    /// if nobody asks for any later.
    pub walks_to: Option<u8>,
    /// Stages in order.
    pub stages: Vec<StageModel>,
    /// Cases in a stage already: stage and days in it so far, one for each.
    pub under_way: Vec<(u8, f64)>,
}

impl PathwayModel {
    /// Whether those who walk ask for units before they start.
    #[inline]
    pub fn asks(&self) -> bool {
        self.walks_to.is_some() && !self.stages[0].needs.is_empty()
    }
}

/// Where a finished pathway leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeadsTo {
    /// Out of care.
    Exit(u8),
    /// A change in care.
    Change {
        /// New legal status.
        legal_status: Option<u8>,
        /// New placement.
        placement: Option<u8>,
    },
}

/// A stage, ready to run.
#[derive(Debug, Clone, PartialEq)]
pub struct StageModel {
    /// How long it takes.
    pub time: Time,
    /// Probability of passing.
    pub pass: Number,
    /// Pools it needs, in thousandths of a unit.
    pub needs: Vec<(usize, i64)>,
    /// Index of its one-off cost among the fees, if it has one.
    pub fee: Option<usize>,
    /// What follows a failure.
    pub on_fail: OnFail,
}

/// What follows a failed stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OnFail {
    /// Nothing: the child stays in care.
    StayInCare,
    /// Another attempt after a time.
    Retry(Time),
    /// Another pathway.
    ChangeTo(u8),
}

/// Which children of the cohort may be identified at the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CaseFilter {
    /// Legal statuses.
    pub legal_status: Mask,
    /// Placements.
    pub placement: Mask,
    /// Streams.
    pub stream: Mask,
    /// Ages in days, from and below.
    pub age: (f64, f64),
    /// Days in care, from and below.
    pub served: (f64, f64),
}

impl CaseFilter {
    fn of(eligible: &Eligible) -> Self {
        let all = (f64::NEG_INFINITY, f64::INFINITY);
        Self {
            legal_status: Mask::of(eligible.legal_status.as_ref()),
            placement: Mask::of(eligible.placement.as_ref()),
            stream: Mask::of(eligible.stream.as_ref()),
            age: eligible.age.as_ref().map_or(all, |band| {
                (band.from * DAYS_PER_YEAR, band.below * DAYS_PER_YEAR)
            }),
            served: eligible
                .days_in_care
                .as_ref()
                .map_or(all, |band| (band.from, band.below)),
        }
    }

    /// Whether the filter lets every child through.
    pub fn is_open(&self) -> bool {
        *self == Self::of(&Eligible::default())
    }
}

/// A pool of units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolModel {
    /// Held while a stage runs: days and sizes in thousandths, by day.
    Held(Vec<(i32, i64)>),
    /// Used up at dated sittings: days and thousandths at each.
    Sittings(Vec<(i32, i64)>),
}

/// Pathways of a model; `fees` takes the one-off costs of their stages.
pub fn pathways(
    config: &Config,
    curves: &mut Curves,
    numbers: &mut ParameterSet,
    mut stage_fee: impl FnMut(usize, usize) -> Option<usize>,
) -> Vec<PathwayModel> {
    config
        .pathways
        .iter()
        .enumerate()
        .map(|(index, pathway)| {
            let mut model = PathwayModel {
                cases: pathway.cases,
                eligible: CaseFilter::of(&pathway.eligible),
                cases_day: f64::from(days_between(config.forecast.start, pathway.cases_start))
                    .max(0.0),
                success: pathway
                    .success
                    .as_ref()
                    .map(|success| numbers.number(success)),
                success_lever: match pathway.success {
                    Some(_) => None,
                    None => numbers.lever(&format!("pathway.{}.success", pathway.name)),
                },
                replaces: Mask(
                    pathway
                        .replaces
                        .iter()
                        .fold(0, |mask, &kind| mask | 1 << kind),
                ),
                siblings_together: pathway.siblings_together,
                leads_to: leads_to(pathway),
                walks_to: None,
                under_way: pathway
                    .under_way
                    .iter()
                    .map(|&(stage, days)| (stage as u8, days))
                    .collect(),
                stages: stages(pathway, index, curves, numbers, &mut stage_fee),
            };
            model.walks_to = walks_to(&model);
            model
        })
        .collect()
}

/// Has everybody whose pathway asks for units be played one by one, unless all
/// of them ask once, and from the start date on: whoever walks then has done
/// with units for good.
pub fn ask_one_by_one(pathways: &mut [PathwayModel], clocks: &[Clock], shares_everything: bool) {
    let needs = |pathway: &PathwayModel| pathway.stages.iter().any(|one| !one.needs.is_empty());
    let is_led_to = |index: usize| {
        let mut clocks = clocks.iter();
        let mut stages = pathways.iter().flat_map(|pathway| &pathway.stages);
        clocks.any(|clock| clock.effect == Effect::Join(index as u8))
            || stages.any(|stage| stage.on_fail == OnFail::ChangeTo(index as u8))
    };
    let asked = pathways.iter().enumerate().filter(|(_, one)| needs(one));
    let ask_later = asked.map(|(index, _)| index).any(is_led_to);
    if ask_later || shares_everything {
        for pathway in pathways.iter_mut().filter(|pathway| needs(pathway)) {
            pathway.walks_to = None;
        }
    }
}

/// The exit at the end of a pathway whose walk needs nothing but time.
fn walks_to(pathway: &PathwayModel) -> Option<u8> {
    let stages = &pathway.stages;
    let is_walk = pathway.cases_day == 0.0
        && !pathway.siblings_together
        && stages.iter().skip(1).all(|stage| stage.needs.is_empty())
        && stages
            .iter()
            .all(|stage| stage.on_fail == OnFail::StayInCare);
    match pathway.leads_to {
        LeadsTo::Exit(kind) if is_walk => Some(kind),
        _ => None,
    }
}

fn leads_to(pathway: &Pathway) -> LeadsTo {
    match pathway.leads_to {
        Outcome::Exit(kind) => LeadsTo::Exit(kind as u8),
        Outcome::Change {
            legal_status,
            placement,
        } => LeadsTo::Change {
            legal_status: legal_status.map(|index| index as u8),
            placement: placement.map(|index| index as u8),
        },
    }
}

fn stages(
    pathway: &Pathway,
    index: usize,
    curves: &mut Curves,
    numbers: &mut ParameterSet,
    stage_fee: &mut impl FnMut(usize, usize) -> Option<usize>,
) -> Vec<StageModel> {
    pathway
        .stages
        .iter()
        .enumerate()
        .map(|(order, stage)| StageModel {
            time: curves.time(&stage.duration, numbers),
            pass: numbers.number(&stage.pass),
            needs: stage.needs.clone(),
            fee: stage_fee(index, order),
            on_fail: match &stage.on_fail {
                Failure::StayInCare => OnFail::StayInCare,
                Failure::Retry(after) => OnFail::Retry(curves.time(after, numbers)),
                Failure::ChangeTo(other) => OnFail::ChangeTo(*other as u8),
            },
        })
        .collect()
}

/// Pools of a model.
pub fn pools(resources: &[Resource], start: Date) -> Vec<PoolModel> {
    resources
        .iter()
        .map(|resource| match &resource.supply {
            Supply::Held(sizes) => PoolModel::Held(
                sizes
                    .iter()
                    .map(|(date, units)| (days_between(start, *date), *units))
                    .collect(),
            ),
            Supply::Sittings { slots, dates } => PoolModel::Sittings(
                dates
                    .iter()
                    .map(|date| (days_between(start, *date), *slots))
                    .filter(|(day, _)| *day >= 0)
                    .collect(),
            ),
        })
        .collect()
}

//! From what the engine counts to the series that a run reports.
//!
//! The engine keeps two kinds of counters per accounting segment: *spells*
//! (how many children are in a state, as differences at the days they enter
//! and leave it) and *flows* (how many events). Each reported series is a sum
//! of them, each line of spend a priced one.

use super::layout::{Kind, Layout, Series, Unit};
use crate::calendar::Calendar;
use crate::config::Config;
use crate::config::forecast::Dimension;
use crate::config::money::{Category, OVERHEAD};

/// Upper ends of the reported age bands, in years, and their names.
pub const AGE_BANDS: [(i32, &str); 5] = [
    (1, "0"),
    (5, "1-4"),
    (10, "5-9"),
    (16, "10-15"),
    (18, "16-17"),
];

/// Names of the two sides of `cohort`.
const HERE_TODAY: &str = "here today";
const STILL_TO_COME: &str = "still to come";

/// Where each state's spells and each event's flow are counted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counters {
    /// First spell counter of the placements, which are always counted.
    pub placement: usize,
    /// First spell counter of the age bands, if they are counted.
    pub age_band: Option<usize>,
    /// First spell counter of the legal statuses, if they are counted.
    pub legal_status: Option<usize>,
    /// First spell counter of the streams, if they are counted.
    pub stream: Option<usize>,
    /// Spell counter of children here today, if they are counted.
    pub here_today: Option<usize>,
    /// First spell counter of each pathway's stages.
    pub stages: Vec<usize>,
    /// First spell counter of waiting children, by resource.
    pub waiting: usize,
    /// First spell counter of the allowances.
    pub allowances: usize,
    /// First spell counter of the grants.
    pub grants: usize,
    /// Number of spell counters.
    pub spells: usize,
    /// Flow of families referred.
    pub referrals: usize,
    /// Flow of families diverted.
    pub diverted: usize,
    /// Flow of children transferred because their stream is full.
    pub transferred: usize,
    /// Flow of children admitted.
    pub admissions: usize,
    /// Flow of children admitted again.
    pub readmissions: usize,
    /// First flow of exits, by kind.
    pub exits: usize,
    /// First flow of each pathway's outcomes: succeeded, left care first, then
    /// failed at each stage.
    pub outcomes: Vec<usize>,
    /// First flow of one-off costs.
    pub fees: usize,
    /// Number of flows.
    pub flows: usize,
}

impl Counters {
    /// Whether nights in care are counted otherwise than by placement and legal
    /// status.
    pub fn counts_stays(&self) -> bool {
        self.stream.is_some() || self.here_today.is_some() || self.age_band.is_some()
    }
}

/// Outcomes of a pathway before those that fail at a stage.
pub const SUCCEEDED: usize = 0;
/// The child left care before the pathway ended.
pub const LEFT_FIRST: usize = 1;
/// First outcome that is a failed stage.
pub const FAILED: usize = 2;

/// How a count series is made.
#[derive(Debug, Clone, PartialEq)]
pub enum Recipe {
    /// Children in any of these states, less those in the others.
    Spells(Vec<usize>, Vec<usize>),
    /// Events of any of these kinds.
    Flows(Vec<usize>),
}

/// A priced line of spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Nights in a placement.
    Placement(usize),
    /// Nights of an allowance.
    Allowance(usize),
    /// One-off costs of a kind.
    Fee(usize),
    /// A programme cost.
    Programme(usize),
    /// Overhead on every night.
    Overhead,
    /// Income of a grant.
    Grant(usize),
}

/// What a run reports and how it is put together.
#[derive(Debug, Clone)]
pub struct Reporting {
    /// The counters.
    pub counters: Counters,
    /// Count series in the order of the layout's count cells.
    pub recipes: Vec<Recipe>,
    /// Lines of spend.
    pub lines: Vec<Line>,
    /// Money series in the order of the layout's money cells: indices of lines.
    pub sums: Vec<Vec<usize>>,
    /// The layout.
    pub layout: Layout,
}

impl Reporting {
    /// Everything a scenario's run reports.
    pub fn new(config: &Config, calendar: Calendar) -> Self {
        let counters = counters(config);
        let mut plan = Plan::default();
        plan.population(config, &counters);
        plan.flows(config, &counters);
        plan.pathways(config, &counters);
        plan.waiting(config, &counters);
        plan.spend(config);
        Self {
            counters,
            recipes: plan.recipes,
            lines: plan.lines,
            sums: plan.sums,
            layout: Layout::new(calendar, plan.series),
        }
    }
}

fn counters(config: &Config) -> Counters {
    let counted = |dimension| config.forecast.population_by.contains(&dimension);
    let mut spells = 0;
    let mut take = |count: usize| {
        let first = spells;
        spells += count;
        first
    };
    let placement = take(config.names.placements.len());
    let many = |names: &Vec<String>| names.len() > 1;
    let age_band = counted(Dimension::AgeBand).then(|| take(AGE_BANDS.len()));
    let legal_status = (counted(Dimension::LegalStatus) && many(&config.names.legal_statuses))
        .then(|| take(config.names.legal_statuses.len()));
    let stream = (counted(Dimension::Stream) && many(&config.names.streams))
        .then(|| take(config.names.streams.len()));
    let here_today = counted(Dimension::Cohort).then(|| take(1));
    let stages = config
        .pathways
        .iter()
        .map(|pathway| take(pathway.stages.len()))
        .collect();
    let waiting = take(config.names.resources.len());
    let allowances = take(config.allowances.len());
    let grants = take(config.money.grants.len());
    let mut flows = 0;
    let mut event = |count: usize| {
        let first = flows;
        flows += count;
        first
    };
    let [referrals, diverted, transferred, admissions, readmissions] =
        std::array::from_fn(|_| event(1));
    let exits = event(config.names.exits.len());
    let outcomes = config
        .pathways
        .iter()
        .map(|pathway| event(FAILED + pathway.stages.len()))
        .collect();
    let fees = event(fee_names(config).len());
    Counters {
        placement,
        age_band,
        legal_status,
        stream,
        here_today,
        stages,
        waiting,
        allowances,
        grants,
        spells,
        referrals,
        diverted,
        transferred,
        admissions,
        readmissions,
        exits,
        outcomes,
        fees,
        flows,
    }
}

/// Names of one-off costs, in the order of the model's fees.
fn fee_names(config: &Config) -> Vec<String> {
    let exits = config.money.fees.iter().map(|fee| fee.name.clone());
    let stages = config.pathways.iter().flat_map(|pathway| {
        pathway
            .stages
            .iter()
            .filter(|stage| stage.cost_pounds.is_some())
            .map(|stage| format!("{}: {}", pathway.name, stage.name))
    });
    exits.chain(stages).collect()
}

/// Index among the fees of each stage's one-off cost.
pub fn stage_fee(config: &Config, pathway: usize, stage: usize) -> Option<usize> {
    config.pathways[pathway].stages[stage]
        .cost_pounds
        .as_ref()?;
    let before = config.pathways[..pathway]
        .iter()
        .flat_map(|one| &one.stages)
        .chain(&config.pathways[pathway].stages[..stage])
        .filter(|one| one.cost_pounds.is_some())
        .count();
    Some(config.money.fees.len() + before)
}

#[derive(Default)]
struct Plan {
    series: Vec<Series>,
    recipes: Vec<Recipe>,
    lines: Vec<Line>,
    sums: Vec<Vec<usize>>,
}

impl Plan {
    fn count(&mut self, series: Series, recipe: Recipe) {
        self.series.push(series);
        self.recipes.push(recipe);
    }

    fn stock(&mut self, metric: &'static str, by: &str, segment: &str, spells: Vec<usize>) {
        self.count(
            Series::part(metric, by, segment, Unit::Children, Kind::Stock),
            Recipe::Spells(spells, Vec::new()),
        );
    }

    fn flow(
        &mut self,
        metric: &'static str,
        by: &str,
        segment: &str,
        unit: Unit,
        flows: Vec<usize>,
    ) {
        self.count(
            Series::part(metric, by, segment, unit, Kind::Flow),
            Recipe::Flows(flows),
        );
    }

    fn population(&mut self, config: &Config, counters: &Counters) {
        let placements = config.names.placements.len();
        let everyone: Vec<usize> = (counters.placement..counters.placement + placements).collect();
        self.stock("population", "all", "all", everyone.clone());
        for dimension in &config.forecast.population_by {
            let (first, names) = match dimension {
                Dimension::Placement => (Some(counters.placement), config.names.placements.clone()),
                Dimension::LegalStatus => {
                    (counters.legal_status, config.names.legal_statuses.clone())
                }
                Dimension::Stream => (counters.stream, config.names.streams.clone()),
                Dimension::AgeBand => (
                    counters.age_band,
                    AGE_BANDS
                        .iter()
                        .map(|(_, name)| (*name).to_owned())
                        .collect(),
                ),
                Dimension::Cohort => {
                    let here = counters.here_today.into_iter().collect::<Vec<_>>();
                    self.stock("population", "cohort", HERE_TODAY, here.clone());
                    self.count(
                        Series::part(
                            "population",
                            "cohort",
                            STILL_TO_COME,
                            Unit::Children,
                            Kind::Stock,
                        ),
                        Recipe::Spells(everyone.clone(), here),
                    );
                    continue;
                }
            };
            for (index, name) in names.iter().enumerate() {
                // A dimension with one value is everyone.
                let spells = first.map_or_else(|| everyone.clone(), |first| vec![first + index]);
                self.stock("population", dimension.word(), name, spells);
            }
        }
    }

    fn flows(&mut self, config: &Config, counters: &Counters) {
        self.flow(
            "referrals",
            "all",
            "all",
            Unit::Families,
            vec![counters.referrals],
        );
        self.flow(
            "diverted",
            "all",
            "all",
            Unit::Families,
            vec![counters.diverted],
        );
        if config
            .referrals
            .iter()
            .any(|stream| stream.stock_cap.is_some())
        {
            self.flow(
                "transferred",
                "all",
                "all",
                Unit::Children,
                vec![counters.transferred],
            );
        }
        self.flow(
            "admissions",
            "all",
            "all",
            Unit::Children,
            vec![counters.admissions],
        );
        self.flow(
            "readmissions",
            "all",
            "all",
            Unit::Children,
            vec![counters.readmissions],
        );
        let kinds = config.names.exits.len();
        let all = (counters.exits..counters.exits + kinds).collect();
        self.flow("exits", "all", "all", Unit::Children, all);
        for (kind, name) in config.names.exits.iter().enumerate() {
            self.flow(
                "exits",
                "reason",
                name,
                Unit::Children,
                vec![counters.exits + kind],
            );
        }
    }

    fn pathways(&mut self, config: &Config, counters: &Counters) {
        let mut all_stages = Vec::new();
        let mut all_outcomes = Vec::new();
        for (index, pathway) in config.pathways.iter().enumerate() {
            let stages = counters.stages[index]..counters.stages[index] + pathway.stages.len();
            all_stages.extend(stages);
            let outcomes =
                counters.outcomes[index]..counters.outcomes[index] + FAILED + pathway.stages.len();
            all_outcomes.extend(outcomes);
        }
        self.stock("pathway_cases", "all", "all", all_stages);
        self.flow(
            "pathway_outcomes",
            "all",
            "all",
            Unit::Children,
            all_outcomes,
        );
        for (index, pathway) in config.pathways.iter().enumerate() {
            let first = counters.stages[index];
            let all = (first..first + pathway.stages.len()).collect();
            self.stock("pathway_cases", "pathway", &pathway.name, all);
            for (order, stage) in pathway.stages.iter().enumerate() {
                let name = format!("{}: {}", pathway.name, stage.name);
                self.stock("pathway_cases", "stage", &name, vec![first + order]);
            }
            let first = counters.outcomes[index];
            let named =
                [
                    (SUCCEEDED, "succeeded".to_owned()),
                    (LEFT_FIRST, "left care first".to_owned()),
                ]
                .into_iter()
                .chain(
                    pathway.stages.iter().enumerate().map(|(order, stage)| {
                        (FAILED + order, format!("failed at {}", stage.name))
                    }),
                );
            for (outcome, name) in named {
                let name = format!("{}: {name}", pathway.name);
                self.flow(
                    "pathway_outcomes",
                    "outcome",
                    &name,
                    Unit::Children,
                    vec![first + outcome],
                );
            }
        }
    }

    fn waiting(&mut self, config: &Config, counters: &Counters) {
        let resources = config.names.resources.len();
        let all = (counters.waiting..counters.waiting + resources).collect();
        self.stock("waiting", "all", "all", all);
        for (index, name) in config.names.resources.iter().enumerate() {
            self.stock("waiting", "resource", name, vec![counters.waiting + index]);
        }
    }

    fn spend(&mut self, config: &Config) {
        let mut by_category: Vec<(Category, Line, String)> = Vec::new();
        for (index, name) in config.names.placements.iter().enumerate() {
            by_category.push((Category::Placements, Line::Placement(index), name.clone()));
        }
        for (index, allowance) in config.allowances.iter().enumerate() {
            by_category.push((
                Category::Allowances,
                Line::Allowance(index),
                allowance.name.clone(),
            ));
        }
        for (index, name) in fee_names(config).into_iter().enumerate() {
            by_category.push((Category::Fees, Line::Fee(index), name));
        }
        for (index, programme) in config.money.programmes.iter().enumerate() {
            by_category.push((
                Category::Programme,
                Line::Programme(index),
                programme.name.clone(),
            ));
        }
        if config.money.overhead.is_some() {
            by_category.push((Category::Overhead, Line::Overhead, OVERHEAD.to_owned()));
        }
        for (index, grant) in config.money.grants.iter().enumerate() {
            by_category.push((Category::Grants, Line::Grant(index), grant.name.clone()));
        }
        self.lines = by_category.iter().map(|(_, line, _)| *line).collect();
        let lines_of = |category: Option<Category>| -> Vec<usize> {
            by_category
                .iter()
                .enumerate()
                .filter(|(_, (one, _, _))| category.is_none_or(|category| *one == category))
                .map(|(index, _)| index)
                .collect()
        };
        self.money("all", "all", lines_of(None));
        for category in Category::ALL {
            self.money("category", category.word(), lines_of(Some(category)));
        }
        for (index, (category, _, name)) in by_category.iter().enumerate() {
            let by = if *category == Category::Placements {
                "placement"
            } else {
                "line"
            };
            self.money(by, name, vec![index]);
        }
        for budget in &config.money.budgets {
            let is_in = |(_, line, name): &(Category, Line, String)| match line {
                Line::Placement(index) => budget.placements.contains(index),
                _ => budget.lines.contains(name),
            };
            let lines = (0..by_category.len()).filter(|&index| is_in(&by_category[index]));
            self.money("budget", &budget.name, lines.collect());
        }
    }

    fn money(&mut self, by: &str, segment: &str, lines: Vec<usize>) {
        self.series
            .push(Series::part("spend", by, segment, Unit::Pounds, Kind::Flow));
        self.sums.push(lines);
    }
}

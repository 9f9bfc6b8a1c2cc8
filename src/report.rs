//! The report of a run: one HTML file for an audit committee.
//!
//! Two pages answer the question; appendices let an analyst defend the answer.
//! The file needs no script and no network, and prints to A4. Charts are SVG
//! with their message as title, their content in words, and their numbers as a
//! table. This room reads a finished run and computes no statistic that the
//! run's files do not hold, but for two found from the values of single
//! futures: how likely a target is at each month end, counted here, and what
//! drives the uncertainty, by `sensitivity`.

mod arithmetic;
mod assumptions;
mod backtest;
mod cohort;
mod draw;
mod drivers;
mod fan;
mod figure;
mod flows;
mod likelihood;
mod method;
mod page;
mod pathways;
mod ranges;
mod risks;
mod savings;
mod spend;
mod take;
mod words;

use crate::config::paper::Paper;
use crate::forecast::{ScenarioForecast, SeriesName, TargetResult};
use crate::output::{
    FinishedBacktest, FinishedRun, OutputError, read_risks, read_workstreams, suppress,
};
use crate::sensitivity::{self, Sensitivity, SensitivityError};
use crate::solve::answer::Answer;
use crate::units::Date;
use backtest::Past;
use fan::Fan;
use figure::{Figure, Table};
use flows::Flows;
use likelihood::Met;
use spend::Spend;
use std::collections::BTreeMap;
use take::Take;

/// What is asked of a report.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReportOptions {
    /// Whether observed counts from 1 to 5 are withheld.
    pub suppress_small: bool,
    /// A back-test to tell of.
    pub backtest: Option<FinishedBacktest>,
}

/// The report of a finished run, as one HTML file.
///
/// # Errors
/// [`OutputError`] where a file of the run cannot be read.
pub fn html(run: &FinishedRun, options: &ReportOptions) -> Result<String, OutputError> {
    let facts = Facts::of(run, options)?;
    Ok(page::page(&facts).into_string())
}

/// Everything the page shows, worked out.
pub(crate) struct Facts<'a> {
    run: &'a FinishedRun,
    main: &'a ScenarioForecast,
    comparison: &'a ScenarioForecast,
    target: Option<&'a TargetResult>,
    options: &'a ReportOptions,
    paper: Paper,
    fan: Figure,
    beside: Table,
    /// The charts of the second page.
    charts: Vec<Figure>,
    /// The charts of the appendix on what lies behind the answer.
    behind: Vec<Figure>,
    /// What it would take; none where nobody has asked.
    take: Option<Take>,
    /// How forecasts from past dates fared; none where no back-test is given.
    past: Option<Past>,
    /// What each uncertain quantity does to the answer, by its name.
    effects: BTreeMap<String, assumptions::Effect>,
    saving: Option<String>,
    cohort: Vec<Table>,
    /// What the run has no data for, and how to get it.
    missing: Vec<String>,
}

impl<'a> Facts<'a> {
    fn of(run: &'a FinishedRun, options: &'a ReportOptions) -> Result<Self, OutputError> {
        let forecasts = run.forecasts();
        let main = run.answer().ok_or_else(|| OutputError::NotARun {
            path: run.folder().to_owned(),
        })?;
        let comparison = run.forecast(&run.manifest().comparison).unwrap_or(main);
        let target = run.main_target(main);
        let mut paper = run.config().paper.clone();
        if options.suppress_small {
            paper.history = suppress::history(&paper.history);
        }
        let fan = Fan {
            start: run.config().forecast.start,
            main,
            scenarios: forecasts,
            paper: &paper,
            target: target.filter(|one| is_of_population(one)),
        };
        let part_years = part_years(run);
        let spend = Spend {
            main,
            comparison,
            scenarios: forecasts,
            part_years: &part_years,
            of: spend::promised(target, main),
        };
        let mut missing = Vec::new();
        let mut charts = Vec::new();
        match likelihoods(run, main)? {
            Likelihoods::Counted(counts, of) => {
                charts.push(likelihood::figure(forecasts, main, &counts, of));
            }
            Likelihoods::NotKept => missing.push(
                "How likely the target is at each date: run again without --keep-replicates none."
                    .to_owned(),
            ),
            Likelihoods::NoTarget => {}
        }
        charts.extend(spend.figure());
        let by = target.map(|one| one.target.date);
        charts.extend(pathways_figure(run, main, comparison, by));
        charts.extend(
            flows_of(run, main, comparison, by, &part_years).and_then(|flows| flows.figure()),
        );
        let mut behind = Vec::new();
        let mut effects = BTreeMap::new();
        match drivers_of(run, main)? {
            Ok(found) => {
                effects = drivers::effects(&found);
                match drivers::figure(&found) {
                    Some(figure) => behind.push(figure),
                    None => missing.push(format!(
                        "What drives the uncertainty: no quantity has an effect that {} futures can tell from chance.",
                        found.replicates
                    )),
                }
            }
            Err(reason) => missing.push(format!("What drives the uncertainty: {reason}.")),
        }
        let shares = read_workstreams(run)?;
        behind.extend(shares.as_ref().and_then(savings::figure));
        behind.extend(risks::figure(&main.scenario, &read_risks(run)?));
        let take = Answer::read(run)?.as_ref().map(Take::of);
        if take.is_none() && target.is_some() {
            missing.push(
                "What it would take: `lacsim solve RUN --by LEVER...` finds it and leaves it with the run; `lacsim solve RUN --levers` lists what may be moved."
                    .to_owned(),
            );
        }
        let past = options.backtest.as_ref();
        let past = past.map(|tested| Past::of(tested, run, options.suppress_small));
        Ok(Self {
            take,
            past,
            beside: fan.beside(),
            fan: fan.figure(),
            saving: spend.saving(),
            cohort: cohort::tables(run.config(), options.suppress_small),
            run,
            main,
            comparison,
            target,
            options,
            charts,
            behind,
            effects,
            missing,
            paper,
        })
    }

    /// The scenario file's own configuration of the main scenario.
    fn config(&self) -> &'a crate::config::Config {
        let named = |one: &&crate::config::Config| one.scenario == self.main.scenario;
        let scenarios = self.run.file().scenarios.iter();
        scenarios
            .clone()
            .find(named)
            .unwrap_or_else(|| self.run.config())
    }
}

fn is_of_population(result: &TargetResult) -> bool {
    result.target.metric == "population" && result.target.segment_by == "all"
}

/// Ends of the financial years of whose spend only a part is known.
fn part_years(run: &FinishedRun) -> Vec<Date> {
    let is_spend_given = !run.config().money.spent_to_date.is_empty();
    let years = run.calendar().financial_years().iter();
    years
        .filter(|year| year.last_day != year.year_end || (year.is_part_year && !is_spend_given))
        .map(|year| year.last_day)
        .collect()
}

/// What drives the figure that answers the question, or why nobody can tell.
fn drivers_of(
    run: &FinishedRun,
    main: &ScenarioForecast,
) -> Result<Result<Sensitivity, String>, OutputError> {
    let figure = sensitivity::Figure::main(run);
    match sensitivity::analyse(run, &main.scenario, &figure) {
        Ok(found) => Ok(Ok(found)),
        Err(SensitivityError::Output(OutputError::NotKept { .. })) => Ok(Err(
            "run again without --keep-replicates none, or with its figure kept".to_owned(),
        )),
        Err(SensitivityError::Output(error)) => Err(error),
        Err(reason) => Ok(Err(reason.to_string())),
    }
}

/// How likely a target is at each month end.
enum Likelihoods<'a> {
    Counted(Vec<Met>, &'a TargetResult),
    NotKept,
    NoTarget,
}

/// Counts the futures that meet the main target, or else the first target of
/// the population, in every scenario.
fn likelihoods<'a>(
    run: &'a FinishedRun,
    main: &'a ScenarioForecast,
) -> Result<Likelihoods<'a>, OutputError> {
    let is_monthly = |one: &&TargetResult| {
        let metric = one.target.metric.as_str();
        one.target.segment_by == "all"
            && matches!(
                metric,
                "population" | "rate_per_10000" | "waiting" | "population_change"
            )
    };
    let asked = run.main_target(main).filter(is_monthly);
    let Some(result) = asked.or_else(|| main.targets.iter().find(is_monthly)) else {
        return Ok(Likelihoods::NoTarget);
    };
    let series = SeriesName {
        metric: result.target.metric.clone(),
        segment_by: "all".to_owned(),
        segment: "all".to_owned(),
        unit: result.unit,
    };
    let mut counts = Vec::new();
    for forecast in run.forecasts() {
        match run.columns(&forecast.scenario, &series, "month") {
            Ok(columns) => counts.push(likelihood::met(&forecast.scenario, &columns, result)),
            Err(OutputError::NotKept { .. }) => return Ok(Likelihoods::NotKept),
            Err(error) => return Err(error),
        }
    }
    Ok(Likelihoods::Counted(counts, result))
}

fn pathways_figure(
    run: &FinishedRun,
    main: &ScenarioForecast,
    comparison: &ScenarioForecast,
    by: Option<Date>,
) -> Option<Figure> {
    let pathways = |forecast: &ScenarioForecast| {
        let mut scenarios = run.file().scenarios.iter();
        scenarios
            .find(|one| one.scenario == forecast.scenario)
            .map(|config| config.pathways.as_slice())
    };
    let last = run.calendar().month_date(run.calendar().months() - 1);
    let by = by.unwrap_or(last);
    let fates = pathways::fates(main, pathways(main)?, pathways(comparison)?, by);
    pathways::figure(&main.scenario, &fates, by)
}

/// The flows of the last whole financial year up to the date asked about, else
/// of the first year there is.
fn flows_of<'a>(
    run: &FinishedRun,
    main: &'a ScenarioForecast,
    comparison: &'a ScenarioForecast,
    by: Option<Date>,
    part_years: &[Date],
) -> Option<Flows<'a>> {
    let years = run.calendar().financial_years();
    let is_whole = |date: &Date| {
        years
            .iter()
            .any(|year| year.last_day == *date && year.year_end == *date && !year.is_part_year)
    };
    let dates: Vec<Date> = years.iter().map(|year| year.last_day).collect();
    let whole = || dates.iter().copied().filter(is_whole);
    let due = whole().rev().find(|&date| by.is_some_and(|by| date <= by));
    let year = due.or_else(|| whole().next()).or(dates.first().copied())?;
    Some(Flows {
        main,
        comparison,
        year,
        is_part_year: !is_whole(&year) && part_years.contains(&year),
    })
}

#[cfg(test)]
mod tests;

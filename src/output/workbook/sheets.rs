//! What each worksheet holds.

use super::Findings;
use super::sheet::{Cell, Sheet, Shown};
use crate::attribution::Estimate;
use crate::config::Assumption;
use crate::config::parameters::ParameterNames;
use crate::config::quantity::{Basis, Form};
use crate::forecast::{Band, ScenarioForecast};
use crate::model::layout::{Period, Unit};
use crate::output::SavingShares;
use crate::output::manifest::ParameterSummary;
use crate::output::suppress::{self, withheld_bands};
use crate::units::{Date, financial_year_end, financial_year_name};
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

const LEVEL_HEADERS: [&str; 7] = ["p05", "p10", "p25", "p50 (median)", "p75", "p90", "p95"];

/// Every table, in the order of the workbook.
pub(super) fn tables<'a>(findings: &'a Findings<'a>) -> Vec<Sheet<'a>> {
    let tables: [fn(&'a Findings<'a>) -> Option<Sheet<'a>>; 9] = [
        |findings| Some(notes(findings)),
        |findings| Some(scenarios(findings)),
        |findings| Some(targets(findings)),
        |findings| Some(bands(findings)),
        |findings| Some(breakdowns(findings)),
        |findings| Some(spend(findings)),
        |findings| findings.workstreams.as_ref().map(workstreams),
        |findings| Some(assumptions(findings)),
        |findings| Some(chart_data(findings)),
    ];
    // A few of them are long.
    let tables = tables.into_par_iter().with_max_len(1);
    let tables = tables.map(|table| table(findings));
    tables.collect::<Vec<_>>().into_iter().flatten().collect()
}

/// Sheets by name, with what each holds.
pub(super) fn contents(sheets: &[Sheet]) -> Sheet<'static> {
    let rows = sheets
        .iter()
        .map(|sheet| vec![Cell::Sheet(sheet.name), Cell::text(sheet.title)]);
    Sheet {
        name: "Contents",
        title: "Contents",
        about: "Each row names a worksheet of this workbook.",
        headers: vec!["Worksheet", "What it holds"],
        rows: rows.collect(),
    }
}

fn notes<'a>(findings: &'a Findings<'a>) -> Sheet<'a> {
    let mut notes = vec![
        "A range, such as p10 to p90, is a prediction interval: eight in ten of the futures played end within it. It holds chance, drift and the uncertain quantities of the scenario file, and nothing that the file does not say.".to_owned(),
        "p05, p10, p25, p50, p75, p90 and p95 are percentiles across futures (Hyndman and Fan's type 7). p50 is the median. A financial year's percentiles are taken of each future's total, not added up from months.".to_owned(),
        "The Monte Carlo standard error says how far the mean would move if the same scenario were played with other random numbers. It speaks of the number of futures alone.".to_owned(),
        "Savings and changes are differences from the comparison scenario within the same future. A saving is positive where the scenario costs less.".to_owned(),
        "A financial year that the forecast covers only in part is marked so; its spend is of that part, or is completed by the money spent before the start date where the scenario file gives it.".to_owned(),
        "Words for likelihoods are those of the PHIA yardstick (Cabinet Office, 2025).".to_owned(),
        "[z]: not applicable, or not to be had from this run.".to_owned(),
    ];
    if findings.suppress_small {
        notes.push("[c]: withheld. Observed counts from 1 to 5, and breakdowns of children or families whose median is from 1 to 5, are not shown; nor is any other cell of a breakdown that would give them away.".to_owned());
    }
    for warning in &findings.warnings {
        notes.push(format!(
            "Warning given when the scenario was checked: {warning}"
        ));
    }
    let rows = (1..).zip(notes).map(|(number, note)| {
        vec![
            Cell::Number(f64::from(number), Shown::Whole),
            Cell::text(note),
        ]
    });
    Sheet {
        name: "Notes",
        title: "Notes on the tables",
        about: "Each row is a note.",
        headers: vec!["Note", "Text"],
        rows: rows.collect(),
    }
}

fn scenarios<'a>(findings: &'a Findings<'a>) -> Sheet<'a> {
    let main = findings.file.main_scenario();
    let mut rows = Vec::new();
    for forecast in findings.forecasts {
        let configs = &findings.file.scenarios;
        let index = configs
            .iter()
            .position(|config| config.scenario == forecast.scenario);
        let describes = index.and_then(|index| configs[index].describes.clone());
        let role = if index == Some(main) {
            "answers the question"
        } else if index == Some(findings.file.comparison) {
            "savings are measured from it"
        } else {
            "for comparison"
        };
        rows.push(vec![
            Cell::text(forecast.scenario.as_str()),
            Cell::or_none(describes, Cell::text),
            Cell::text(role),
        ]);
    }
    Sheet {
        name: "Scenarios",
        title: "Scenarios played",
        about: "Each row is a scenario; all are played with the same luck.",
        headers: vec!["Scenario", "What it stands for", "Role"],
        rows,
    }
}

fn targets<'a>(findings: &'a Findings<'a>) -> Sheet<'a> {
    let mut rows = Vec::new();
    for forecast in findings.forecasts {
        for result in &forecast.targets {
            let target = &result.target;
            let gap = |index: usize| Cell::figure(result.gap[index], result.unit, true);
            let reached = |index: usize| Cell::or_none(result.first_reached[index], Cell::Date);
            let share = |value| Cell::number(value, Shown::Thousandths);
            rows.push(vec![
                Cell::text(forecast.scenario.as_str()),
                Cell::text(target.name.as_str()),
                Cell::text(spaced(&target.metric)),
                Cell::text(target.segment_by.as_str()),
                Cell::text(target.segment.as_str()),
                Cell::text(spaced(result.unit.word())),
                Cell::Date(target.date),
                Cell::text(spaced(target.direction.word())),
                Cell::figure(target.threshold, result.unit, false),
                Cell::text(spaced(target.test.word())),
                Cell::text(result.likelihood()),
                share(result.probability),
                share(result.probability_low),
                share(result.probability_high),
                gap(0),
                gap(1),
                gap(2),
                reached(0),
                reached(1),
                reached(2),
                Cell::Number(f64::from(result.met), Shown::Whole),
                Cell::Number(f64::from(result.replicates), Shown::Whole),
            ]);
        }
    }
    Sheet {
        name: "Targets",
        title: "How likely each target is",
        about: "Each row is a target in a scenario. The gap is the figure less the threshold.",
        headers: vec![
            "Scenario",
            "Target",
            "Metric",
            "Broken down by",
            "Segment",
            "Unit",
            "Date",
            "Direction",
            "Threshold",
            "Tested",
            "Likelihood in words",
            "Probability",
            "Probability: 95 % Wilson interval, low",
            "Probability: 95 % Wilson interval, high",
            "Gap p10",
            "Gap p50 (median)",
            "Gap p90",
            "Reached first by 1 in 10 futures",
            "Reached first by half of the futures",
            "Reached first by 9 in 10 futures",
            "Futures that reach it",
            "Futures",
        ],
        rows,
    }
}

fn bands<'a>(findings: &'a Findings<'a>) -> Sheet<'a> {
    let mut rows = Vec::new();
    for forecast in findings.forecasts {
        let series = forecast.bands.by_series();
        for band in series.filter(|bands| bands[0].series.is_total()).flatten() {
            let unit = band.series.unit;
            let first = [
                Cell::text(forecast.scenario.as_str()),
                Cell::text(spaced(&band.series.metric)),
                Cell::text(spaced(band.period.word())),
                Cell::Date(band.date),
                Cell::text(spaced(unit.word())),
                Cell::figure(band.mean, unit, true),
                Cell::figure(band.sd, unit, true),
            ];
            let mut row = with_room(first, 8);
            row.extend(levels(band));
            row.push(Cell::number(band.mean_se, Shown::AsItIs));
            rows.push(row);
        }
    }
    let mut headers = vec![
        "Scenario",
        "Metric",
        "Period",
        "Last day of the period",
        "Unit",
        "Mean",
        "Standard deviation",
    ];
    headers.extend(LEVEL_HEADERS);
    headers.push("Monte Carlo standard error of the mean");
    Sheet {
        name: "Bands",
        title: "Totals by month and financial year: means and percentiles",
        about: "Each row is a total of a scenario in a period. Every breakdown is in bands_wide.csv.",
        headers,
        rows,
    }
}

/// Breakdowns of children and families at year ends, or at the last month.
fn breakdowns<'a>(findings: &'a Findings<'a>) -> Sheet<'a> {
    let mut rows = Vec::new();
    for forecast in findings.forecasts {
        let withheld = withheld(findings, forecast);
        let mut next = 0;
        for bands in forecast.bands.by_series() {
            let index = next;
            next += bands.len();
            let (series, unit) = (&bands[0].series, bands[0].series.unit);
            if series.is_total() || unit == Unit::Pounds {
                continue;
            }
            for (index, band) in (index..)
                .zip(bands)
                .filter(|(_, band)| closes(findings, bands, band))
            {
                let first = [
                    Cell::text(forecast.scenario.as_str()),
                    Cell::text(spaced(&band.series.metric)),
                    Cell::text(band.series.segment_by.as_str()),
                    Cell::text(band.series.segment.as_str()),
                    Cell::text(spaced(band.period.word())),
                    Cell::Date(band.date),
                    Cell::text(spaced(unit.word())),
                ];
                let mut row = with_room(first, 8);
                if withheld.contains(&index) {
                    row.extend((0..8).map(|_| Cell::Confidential));
                } else {
                    row.push(Cell::figure(band.mean, unit, true));
                    row.extend(levels(band));
                }
                rows.push(row);
            }
        }
    }
    let mut headers = vec![
        "Scenario",
        "Metric",
        "Broken down by",
        "Segment",
        "Period",
        "Last day of the period",
        "Unit",
        "Mean",
    ];
    headers.extend(LEVEL_HEADERS);
    Sheet {
        name: "Breakdowns",
        title: "Children and families by segment, at the ends of financial years",
        about: "Each row is a segment of a metric: on the last day for those in care, over the year for those who come and go.",
        headers,
        rows,
    }
}

/// Whether a band is the one of its series that tells of a financial year: of
/// the whole year where there is one, else of the month that closes it.
fn closes(findings: &Findings, series: &[Band], band: &Band) -> bool {
    let is_year = |band: &Band| matches!(band.period, Period::FinancialYear(_));
    if is_year(band) || series.iter().any(is_year) {
        return is_year(band);
    }
    let end = findings.file.scenarios[0].forecast.end;
    financial_year_end(band.date) == band.date || band.date == end
}

fn spend<'a>(findings: &'a Findings<'a>) -> Sheet<'a> {
    let mut rows = Vec::new();
    let calendar = findings.calendar();
    for forecast in findings.forecasts {
        let series = forecast.bands.by_series();
        let money = series.filter(|bands| bands[0].series.unit == Unit::Pounds);
        for band in money.flatten() {
            if !matches!(band.period, Period::FinancialYear(_)) {
                continue;
            }
            let covered = if findings.is_whole_year(&calendar, &band.series, band.date) {
                "whole year"
            } else {
                "part of the year"
            };
            let first = [
                Cell::text(forecast.scenario.as_str()),
                Cell::text(financial_year_name(band.date)),
                Cell::Date(band.date),
                Cell::text(covered),
                Cell::text(spaced(&band.series.metric)),
                Cell::text(band.series.segment_by.as_str()),
                Cell::text(band.series.segment.as_str()),
                Cell::figure(band.mean, Unit::Pounds, true),
            ];
            let mut row = with_room(first, 7);
            row.extend(levels(band));
            rows.push(row);
        }
    }
    let mut headers = vec![
        "Scenario",
        "Financial year",
        "Last day covered",
        "Covers",
        "Metric",
        "Broken down by",
        "Segment",
        "Mean (pounds)",
    ];
    headers.extend([
        "p05 (pounds)",
        "p10 (pounds)",
        "p25 (pounds)",
        "p50, median (pounds)",
        "p75 (pounds)",
        "p90 (pounds)",
        "p95 (pounds)",
    ]);
    Sheet {
        name: "Spend",
        title: "Spend and savings by financial year",
        about: "Each row is a line of spend or a saving in a financial year. Savings are measured from the comparison scenario.",
        headers,
        rows,
    }
}

/// Who carries the saving, by financial year and over the whole forecast.
fn workstreams(shares: &SavingShares) -> Sheet<'_> {
    let rows = shares.rows.iter().map(|row| {
        // Whole pence: what is read back from a file is what was counted.
        let pounds = |pence: f64| Cell::figure(pence.round() / 100.0, Unit::Pounds, true);
        let both = |estimate: Estimate| [estimate.mean, estimate.standard_error].map(pounds);
        let year = match row.period {
            "horizon" => "whole forecast".to_owned(),
            _ => financial_year_name(row.date),
        };
        let likelihood = row.likelihood().map(|shares| shares.map(Some));
        let [share, low, high] = likelihood.unwrap_or_default();
        let thousandths =
            |share| Cell::or_none(share, |share| Cell::number(share, Shown::Thousandths));
        let mut cells = vec![
            Cell::text(shares.scenario.as_str()),
            Cell::text(row.workstream.as_str()),
            if_any(&row.owner),
            if_any(&row.status),
            Cell::text(year),
            Cell::Date(row.date),
            Cell::or_none(row.target_pence, |pence| pounds(pence as f64)),
            Cell::number(row.delivered, Shown::Thousandths),
            Cell::or_none(row.mean_start, Cell::Date),
        ];
        cells.extend(both(row.alone));
        cells.extend(both(row.leave_one_out));
        cells.extend(both(row.shapley));
        cells.push(pounds(row.interaction));
        cells.extend(row.percentiles.map(pounds));
        cells.push(Cell::or_none(row.likelihood_words(), Cell::text));
        cells.extend([share, low, high].map(thousandths));
        cells.push(Cell::Number(f64::from(row.replicates), Shown::Whole));
        cells
    });
    Sheet {
        name: "Workstreams",
        title: "Net saving by workstream",
        about: "Each row is a workstream, or all of them, in a financial year or over the whole forecast. Shares of the saving add up to that of all.",
        headers: vec![
            "Scenario",
            "Workstream",
            "Owner",
            "Status",
            "Financial year",
            "Last day covered",
            "Saving promised (pounds)",
            "Share of futures that deliver it",
            "Mean date from which it works",
            "Saving by itself (pounds)",
            "Saving by itself: Monte Carlo standard error",
            "Lost if it alone is left out (pounds)",
            "Lost if it alone is left out: Monte Carlo standard error",
            "Share of the saving, Shapley (pounds)",
            "Share of the saving: Monte Carlo standard error",
            "Of that, done only together (pounds)",
            "Lost without it, p10 (pounds)",
            "Lost without it, p50, median (pounds)",
            "Lost without it, p90 (pounds)",
            "Likelihood of the promise in words",
            "Probability of the promise",
            "Probability: 95 % Wilson interval, low",
            "Probability: 95 % Wilson interval, high",
            "Futures",
        ],
        rows: rows.collect(),
    }
}

fn if_any(text: &str) -> Cell<'_> {
    match text {
        "" => Cell::NotApplicable,
        text => Cell::text(text),
    }
}

/// Every quantity of the scenario file, once for each form that scenarios give
/// it, in the order of addresses.
fn assumptions<'a>(findings: &'a Findings<'a>) -> Sheet<'a> {
    let mut given: BTreeMap<&str, Vec<(&Assumption, Vec<&str>)>> = BTreeMap::new();
    for config in &findings.file.scenarios {
        for assumption in &config.assumptions {
            let forms = given.entry(&assumption.quantity.path).or_default();
            let same =
                |one: &&mut (&Assumption, _)| one.0.quantity.form == assumption.quantity.form;
            match forms.iter_mut().find(same) {
                Some((_, scenarios)) => scenarios.push(&config.scenario),
                None => forms.push((assumption, vec![&config.scenario])),
            }
        }
    }
    let names = ParameterNames::of(findings.file);
    let everywhere = findings.file.scenarios.len();
    let rows = given
        .into_values()
        .flatten()
        .map(|(assumption, scenarios)| {
            let scenarios = match scenarios.len() == everywhere {
                true => Cell::text("all"),
                false => Cell::text(scenarios.join("; ")),
            };
            assumption_row(findings, &names, assumption, scenarios)
        });
    let rows = rows.collect();
    Sheet {
        name: "Assumptions",
        title: "Every quantity of the scenario file, with its source",
        about: "Each row is a quantity. p10, p50 and p90 are of what was drawn for it, one draw a future.",
        headers: vec![
            "Quantity",
            "Scenarios",
            "Rests on",
            "Value, or mean of the draws",
            "p10",
            "p50 (median)",
            "p90",
            "Owner",
            "Source",
        ],
        rows,
    }
}

fn assumption_row<'a>(
    findings: &'a Findings<'a>,
    names: &ParameterNames,
    assumption: &'a Assumption,
    scenarios: Cell<'a>,
) -> Vec<Cell<'a>> {
    let quantity = &assumption.quantity;
    let drawn = match quantity.form {
        Form::Uncertain(law) => {
            let name = names.name(&quantity.path, law);
            findings.parameters.iter().find(|one| one.name == name)
        }
        Form::Known(_) => None,
    };
    let level = |of: fn(&ParameterSummary) -> f64| {
        Cell::or_none(drawn, |one| Cell::number(of(one), Shown::AsItIs))
    };
    let rests_on = match (quantity.form, quantity.basis) {
        (Form::Known(_), _) => "taken as known",
        (_, Basis::Evidence) => "evidence",
        _ => "judgement or estimate",
    };
    let value = drawn.map_or_else(|| quantity.central(), |one| one.mean);
    vec![
        Cell::text(quantity.path.as_str()),
        scenarios,
        Cell::text(rests_on),
        Cell::number(value, Shown::AsItIs),
        level(|one| one.p10),
        level(|one| one.p50),
        level(|one| one.p90),
        Cell::or_none(assumption.owner.as_deref(), Cell::text),
        Cell::or_none(assumption.source.as_deref(), Cell::text),
    ]
}

/// What the fan chart is drawn from, one row a point.
fn chart_data<'a>(findings: &'a Findings<'a>) -> Sheet<'a> {
    let paper = &findings.file.scenarios[0].paper;
    let mut rows = Vec::new();
    let single = |what: &'static str, name: &'a str, date: Date, value: Cell<'a>| {
        let mut row = vec![Cell::text(what), Cell::text(name), Cell::Date(date), value];
        row.extend((0..6).map(|_| Cell::NotApplicable));
        row
    };
    let shown = match findings.suppress_small {
        true => suppress::history(&paper.history),
        false => paper.history.clone(),
    };
    for (history, shown) in paper.history.iter().zip(shown) {
        if history.population.is_some() {
            let value = shown.population.map_or(Cell::Confidential, |population| {
                Cell::number(population, Shown::Whole)
            });
            rows.push(single("observed", "observed", history.date, value));
        }
    }
    for published in &paper.published {
        let value = Cell::number(published.population, Shown::Whole);
        rows.push(single(
            "published forecast",
            &published.name,
            published.date,
            value,
        ));
    }
    let targets = findings.forecasts.first().map(|one| one.targets.as_slice());
    for result in targets.unwrap_or_default() {
        let target = &result.target;
        if target.metric == "population" && target.segment_by == "all" {
            let value = Cell::number(target.threshold, Shown::Whole);
            rows.push(single("target", &target.name, target.date, value));
        }
    }
    for forecast in findings.forecasts {
        for band in forecast.bands.of("population", "all", "all", "month") {
            let mut row = single(
                "forecast",
                &forecast.scenario,
                band.date,
                Cell::figure(band.percentiles[3], Unit::Children, false),
            );
            let outer = [0, 1, 2, 4, 5, 6].map(|level| band.percentiles[level]);
            for (cell, value) in row[4..].iter_mut().zip(outer) {
                *cell = Cell::figure(value, Unit::Children, false);
            }
            rows.push(row);
        }
    }
    Sheet {
        name: "Chart data",
        title: "Children in care: observed, published, promised and forecast",
        about: "Each row is a point of the fan chart. The figure of a forecast is its median.",
        headers: vec![
            "What",
            "Name",
            "Date",
            "Children in care",
            "p05",
            "p10",
            "p25",
            "p75",
            "p90",
            "p95",
        ],
        rows,
    }
}

/// Indices of a scenario's bands that are not shown.
pub(super) fn withheld(findings: &Findings, forecast: &ScenarioForecast) -> BTreeSet<usize> {
    match findings.suppress_small {
        true => withheld_bands(forecast),
        false => BTreeSet::new(),
    }
}

/// The first cells of a row, with room for so many more.
fn with_room<'a, const N: usize>(first: [Cell<'a>; N], more: usize) -> Vec<Cell<'a>> {
    let mut row = Vec::with_capacity(N + more);
    row.extend(first);
    row
}

fn levels(band: &Band) -> [Cell<'static>; 7] {
    band.percentiles
        .map(|level| Cell::figure(level, band.series.unit, false))
}

fn spaced(word: &str) -> Cow<'_, str> {
    match word.contains('_') {
        true => word.replace('_', " ").into(),
        false => word.into(),
    }
}

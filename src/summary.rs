//! What a person wants to read when a run is done.

use crate::attribution::{ALL, Row};
use crate::forecast::columns::is_whole_year;
use crate::forecast::{ActualToDate, Band, Direction, ScenarioForecast, Target, TargetResult};
use crate::run::{Plan, RunResult};
use crate::units::{financial_year_end, financial_year_name};
use comfy_table::{CellAlignment, Table, presets};
use std::fmt::Write;

/// The summary of a run, for a terminal or a log.
pub fn text(plan: &Plan, result: &RunResult, out: &str) -> String {
    let mut text = String::new();
    answer(&mut text, plan, result);
    bands(&mut text, result);
    money(&mut text, plan, result);
    targets(&mut text, result);
    budgets(&mut text, result);
    workstreams(&mut text, result);
    risks(&mut text, result);
    ignorance(&mut text, result);
    precision(&mut text, result);
    written(&mut text, plan, result, out);
    text
}

/// The file's question and its answer, in the first lines.
fn answer(text: &mut String, plan: &Plan, result: &RunResult) {
    let forecast = &plan.config().forecast;
    let _ = writeln!(text, "{}", forecast.name);
    let Some((target, found)) = plan
        .main_target()
        .and_then(|index| Some((index, result.answer(plan)?)))
    else {
        text.push('\n');
        return;
    };
    if let Some(question) = &forecast.question {
        let _ = writeln!(text, "{question}");
    }
    let result = &found.targets[target];
    let _ = writeln!(
        text,
        "Answer: {} in scenario \"{}\" ({}).\n",
        result.likelihood(),
        found.scenario,
        promise(&result.target)
    );
}

/// A target in words: `population at most 247 on 31 March 2019`.
pub fn promise(target: &Target) -> String {
    let segment = if target.segment_by == "all" {
        String::new()
    } else {
        format!(" of {} {}", target.segment_by, target.segment)
    };
    let side = target.direction.word().replace('_', " ");
    let amount = if target.metric.starts_with("spend") || target.metric.starts_with("saving") {
        pounds(target.threshold)
    } else {
        whole(target.threshold)
    };
    format!(
        "{}{segment} {side} {amount} {} {}",
        target.metric.replace('_', " "),
        match target.test.word() {
            "ever_by" => "at some month end by",
            _ => "on",
        },
        target.date.format("%-d %B %Y")
    )
}

/// Children in care at year ends: median and ranges.
fn bands(text: &mut String, result: &RunResult) {
    let _ = writeln!(
        text,
        "Children in care (median, 8 in 10 futures between, 9 in 10 between)"
    );
    let mut table = table(&["scenario", "date", "median", "8 in 10", "9 in 10"]);
    for forecast in &result.forecasts {
        for band in year_ends(forecast) {
            let p = band.percentiles;
            table.add_row([
                forecast.scenario.clone(),
                band.date.format("%-d %b %Y").to_string(),
                whole(p[3]),
                format!("{} to {}", whole(p[1]), whole(p[5])),
                format!("{} to {}", whole(p[0]), whole(p[6])),
            ]);
        }
    }
    align(&mut table, 2);
    let _ = writeln!(text, "{table}\n");
}

/// Bands of the population at financial year ends, or at the last month.
fn year_ends(forecast: &ScenarioForecast) -> Vec<&Band> {
    let all: Vec<_> = forecast
        .bands
        .of("population", "all", "all", "month")
        .collect();
    let ends: Vec<_> = all
        .iter()
        .copied()
        .filter(|band| financial_year_end(band.date) == band.date)
        .collect();
    if ends.is_empty() {
        all.last().copied().into_iter().collect()
    } else {
        ends
    }
}

/// Spend and saving by financial year.
fn money(text: &mut String, plan: &Plan, result: &RunResult) {
    let spends = result
        .forecasts
        .iter()
        .flat_map(|forecast| forecast.bands.of("spend", "all", "all", "financial_year"))
        .any(|band| band.percentiles[6] > 0.0);
    if !spends {
        return;
    }
    let _ = writeln!(
        text,
        "Spend by financial year, and net saving against \"{}\" (median, 8 in 10 futures between; * part of a year)",
        result.comparison
    );
    let mut table = table(&[
        "scenario",
        "year",
        "spend",
        "8 in 10",
        "net saving",
        "8 in 10",
    ]);
    for forecast in &result.forecasts {
        let savings: Vec<_> = forecast
            .bands
            .of("saving_net", "all", "all", "financial_year")
            .collect();
        for band in forecast.bands.of("spend", "all", "all", "financial_year") {
            let saving = savings.iter().find(|saving| saving.date == band.date);
            let part = part_year(!is_whole(plan, band));
            let mut row = vec![
                forecast.scenario.clone(),
                format!("{}{part}", financial_year_name(band.date)),
                pounds(band.percentiles[3]),
                range(band),
            ];
            if forecast.scenario == result.comparison {
                row.extend(["-".to_owned(), "-".to_owned()]);
            } else {
                row.push(saving.map_or_else(String::new, |saving| pounds(saving.percentiles[3])));
                row.push(saving.map_or_else(String::new, |saving| range(saving)));
            }
            table.add_row(row);
        }
    }
    align(&mut table, 2);
    let _ = writeln!(text, "{table}\n");
}

/// Whether a band of a financial year covers all of it: the forecast does, or
/// money spent before it makes up for the rest.
fn is_whole(plan: &Plan, band: &Band) -> bool {
    let mut years = plan.layout().calendar().financial_years().iter();
    let actuals = ActualToDate::of_spend(&plan.config().money.spent_to_date);
    years
        .find(|year| year.last_day == band.date)
        .is_some_and(|year| is_whole_year(year, &band.series, &actuals))
}

/// What marks a year that is covered in part.
fn part_year(is_part_year: bool) -> &'static str {
    if is_part_year { " *" } else { "" }
}

fn range(band: &Band) -> String {
    format!(
        "{} to {}",
        pounds(band.percentiles[1]),
        pounds(band.percentiles[5])
    )
}

/// Each target with its likelihood, in a number and a word.
fn targets(text: &mut String, result: &RunResult) {
    if result
        .forecasts
        .iter()
        .all(|forecast| forecast.targets.is_empty())
    {
        return;
    }
    let _ = writeln!(text, "How likely is each target?");
    let mut table = table(&["target", "scenario", "likelihood"]);
    let count = result.forecasts[0].targets.len();
    for index in 0..count {
        for (order, forecast) in result.forecasts.iter().enumerate() {
            let target = &forecast.targets[index];
            let name = if order == 0 {
                format!("{}: {}", target.target.name, promise(&target.target))
            } else {
                String::new()
            };
            let scenario = &forecast.scenario;
            let likelihood = target.likelihood_beside(scenario, &result.comparison);
            table.add_row([name, scenario.clone(), likelihood]);
        }
    }
    let _ = writeln!(text, "{table}\n");
}

/// Spend against the budgets that targets set.
fn budgets(text: &mut String, result: &RunResult) {
    let mut table = table(&[
        "budget",
        "scenario",
        "year",
        "budget",
        "spend",
        "8 in 10",
        "likelihood to keep it",
    ]);
    let is_budget = |one: &TargetResult| {
        one.target.metric == "spend" && one.target.direction == Direction::AtMost
    };
    for (index, first) in result.forecasts[0].targets.iter().enumerate() {
        if !is_budget(first) {
            continue;
        }
        for (order, forecast) in result.forecasts.iter().enumerate() {
            let found = &forecast.targets[index];
            let target = &found.target;
            let spend = found.gap.map(|gap| pounds(gap + target.threshold));
            table.add_row([
                if order == 0 {
                    target.name.clone()
                } else {
                    String::new()
                },
                forecast.scenario.clone(),
                format!(
                    "{}{}",
                    financial_year_name(target.date),
                    part_year(found.is_part_year)
                ),
                pounds(target.threshold),
                spend[1].clone(),
                format!("{} to {}", spend[0], spend[2]),
                found.likelihood(),
            ]);
        }
    }
    if table.is_empty() {
        return;
    }
    align(&mut table, 3);
    let _ = writeln!(
        text,
        "Spend against budget (median, 8 in 10 futures between; * part of a year)\n{table}\n"
    );
}

/// Which workstream carries the saving: in each year that promises are made for,
/// or else in the last.
fn workstreams(text: &mut String, result: &RunResult) {
    let Some(found) = &result.attribution else {
        return;
    };
    let years: Vec<&Row> = found
        .rows
        .iter()
        .filter(|row| row.period == "financial_year")
        .collect();
    let mut dates: Vec<_> = years
        .iter()
        .filter(|row| row.target_pence.is_some())
        .map(|row| row.date)
        .collect();
    dates.extend(
        dates
            .is_empty()
            .then(|| years.iter().map(|row| row.date).max())
            .flatten(),
    );
    dates.sort_unstable();
    dates.dedup();
    for date in dates {
        let _ = writeln!(
            text,
            "Net saving by workstream in {}, \"{}\" against the same without workstreams (means of {} futures)",
            financial_year_name(date),
            found.scenario,
            grouped(f64::from(found.replicates))
        );
        let mut table = table(&[
            "workstream",
            "status",
            "delivered",
            "its share",
            "alone",
            "lost without it",
            "promised",
            "likelihood of the promise",
        ]);
        let of_year = years.iter().filter(|row| row.date == date);
        let (all, mut lines): (Vec<&Row>, Vec<&Row>) =
            of_year.copied().partition(|row| row.workstream == ALL);
        lines.sort_by(|a, b| b.shapley.mean.total_cmp(&a.shapley.mean));
        for row in lines.into_iter().chain(all) {
            table.add_row(workstream_row(row));
        }
        align(&mut table, 2);
        let _ = writeln!(text, "{table}\n");
    }
}

fn workstream_row(row: &Row) -> Vec<String> {
    let of = |pence: f64| pounds(pence / 100.0);
    let dash = || "-".to_owned();
    let is_all = row.workstream == ALL;
    vec![
        row.workstream.clone(),
        if row.status.is_empty() {
            dash()
        } else {
            row.status.clone()
        },
        if is_all {
            dash()
        } else {
            format!("{:.0} in 100", 100.0 * row.delivered)
        },
        of(row.shapley.mean),
        of(row.alone.mean),
        of(row.leave_one_out.mean),
        row.target_pence
            .map_or_else(dash, |target| of(target as f64)),
        row.likelihood_words().unwrap_or_else(dash),
    ]
}

/// The risk register on the dates that matter.
fn risks(text: &mut String, result: &RunResult) {
    if result.risks.is_empty() {
        return;
    }
    let _ = writeln!(text, "Risk register (likelihood x impact)");
    let mut table = table(&[
        "risk",
        "scenario",
        "date",
        "score",
        "before",
        "target",
        "likelihood to reach it",
    ]);
    for found in &result.risks {
        let Some(score) = found.headline() else {
            continue;
        };
        let dash = || "-".to_owned();
        table.add_row([
            found.risk.name.clone(),
            found.scenario.clone(),
            score.date.format("%-d %b %Y").to_string(),
            format!(
                "{} ({} x {}), {}",
                score.score(),
                score.likelihood,
                score.impact,
                found.rating(score.score())
            ),
            found
                .risk
                .previous_score
                .map_or_else(dash, |score| score.to_string()),
            found
                .risk
                .target
                .map_or_else(dash, |(score, _)| score.to_string()),
            found.words_of_target().unwrap_or_else(dash),
        ]);
    }
    align(&mut table, 4);
    let _ = writeln!(text, "{table}\n");
}

fn ignorance(text: &mut String, result: &RunResult) {
    let found = &result.ignorance;
    match found.share {
        Some(share) if share.standard_error == 0.0 => {
            let _ = writeln!(
                text,
                "All of the spread of {} in \"{}\" is chance: the file takes every number as known.\n",
                found.figure, found.scenario
            );
        }
        Some(share) => {
            let ignorance = (100.0 * share.share).round();
            let error = (100.0 * share.standard_error).round().max(1.0);
            let _ = writeln!(
                text,
                "Of the spread of {} in \"{}\", about {ignorance:.0} % (give or take {error:.0}) is what we do not know (uncertain rates), the rest is chance.\n",
                found.figure, found.scenario
            );
        }
        None => {
            let _ = writeln!(
                text,
                "Too few futures to part what we do not know from chance (200 or more are needed).\n"
            );
        }
    }
}

/// How many futures a precision took, and why no more were played.
fn precision(text: &mut String, result: &RunResult) {
    let Some(reached) = &result.reached else {
        return;
    };
    let points = |share: f64| format!("{}", (10_000.0 * share - 1e-6).ceil() / 100.0);
    let (scenario, target) = &reached.at;
    let _ = writeln!(
        text,
        "Precision: {} futures, {}. The widest 95 % interval of a likelihood is {} points to each side (\"{target}\" in \"{scenario}\"); {} asked.\n",
        grouped(f64::from(reached.replicates)),
        if reached.is_narrow() {
            "enough for every target in every scenario"
        } else {
            "the most that --max-replicates allows, and not enough"
        },
        points(reached.widest),
        points(reached.precision.half_width),
    );
}

fn written(text: &mut String, plan: &Plan, result: &RunResult, out: &str) {
    let manifest = &result.manifest;
    let files: Vec<&str> = manifest
        .files
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    let _ = writeln!(
        text,
        "Written to {out}: {}, manifest.json",
        files.join(", ")
    );
    let _ = writeln!(
        text,
        "{} children in {} futures of {} scenario(s), {}, {} children a second; seed {}.",
        grouped(manifest.children_simulated as f64),
        grouped(f64::from(manifest.replicates)),
        manifest.scenarios.len(),
        seconds(manifest.wall_seconds),
        grouped(manifest.children_per_second.round()),
        manifest.seed
    );
    let name = &plan.file.document.file;
    let _ = writeln!(
        text,
        "Next: lacsim trace {} --replicate {}   (one future, child by child)",
        quoted(name),
        manifest.first_replicate
    );
}

/// Seconds as people tell them apart: `1.9 s`, `0.06 s`.
fn seconds(seconds: f64) -> String {
    match seconds {
        ..1.0 => format!("{seconds:.2} s"),
        _ => format!("{seconds:.1} s"),
    }
}

/// A file name as a shell takes it.
pub fn quoted(name: &str) -> String {
    let plain = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
    if plain {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "'\\''"))
    }
}

pub(crate) fn table(headers: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(headers.to_vec());
    table
}

/// Sets the columns from `first` on to the right.
pub(crate) fn align(table: &mut Table, first: usize) {
    for column in table.column_iter_mut().skip(first) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

pub(crate) fn whole(value: f64) -> String {
    grouped(value.round())
}

/// Pounds as `£14.2m` or `£850k`: no more digits than a forecast has.
pub fn pounds(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    let amount = value.abs();
    if amount >= 9_950_000.0 {
        format!("{sign}£{:.1}m", amount / 1e6)
    } else if amount >= 995_000.0 {
        format!("{sign}£{:.2}m", amount / 1e6)
    } else if amount >= 500.0 {
        format!("{sign}£{:.0}k", amount / 1e3)
    } else {
        format!("{sign}£{amount:.0}")
    }
}

/// A whole number with commas.
pub fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 && digits != "0" {
        text.insert(0, '-');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_as_committees_write_it() {
        assert_eq!(pounds(14_520_000.0), "£14.5m");
        assert_eq!(pounds(1_234_567.0), "£1.23m");
        assert_eq!(pounds(-850_400.0), "-£850k");
        assert_eq!(pounds(12.0), "£12");
    }

    #[test]
    fn numbers_are_grouped_in_thousands() {
        assert_eq!(grouped(1_234_567.0), "1,234,567");
        assert_eq!(grouped(-1_000.0), "-1,000");
        assert_eq!(grouped(999.0), "999");
    }

    #[test]
    fn a_short_time_has_more_digits() {
        assert_eq!(
            [0.0643, 0.5, 1.93, 14.96].map(seconds),
            ["0.06 s", "0.50 s", "1.9 s", "15.0 s"]
        );
    }

    #[test]
    fn a_name_with_spaces_is_quoted() {
        assert_eq!(quoted("our plan.toml"), "'our plan.toml'");
        assert_eq!(quoted("plan.toml"), "plan.toml");
    }
}

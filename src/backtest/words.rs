//! A back-test as a person reads it.

use super::{Backtest, METRICS};
use crate::forecast::hindcasts::{FEWEST_ORIGINS, FEWEST_PAIRS, Hindcast, Scorecard, Verdict};
use crate::forecast::scores::{Mean, PIT_BINS, RANGES};
use crate::summary::{align, grouped, table, whole};
use crate::units::Date;
use std::fmt::Write;

/// Everything a back-test has found.
pub fn text(backtest: &Backtest) -> String {
    let mut text = String::new();
    let origins = backtest.origins();
    let _ = writeln!(text, "Back-test: {}", backtest.title);
    let _ = writeln!(
        text,
        "{} origin(s), {} futures from each, seed {}.",
        origins.len(),
        grouped(f64::from(backtest.replicates)),
        backtest.seed
    );
    for note in &backtest.notes {
        let _ = writeln!(text, "- {note}");
    }
    text.push('\n');
    for metric in METRICS {
        pairs(&mut text, backtest, metric);
    }
    published(&mut text, backtest);
    let cards = backtest.scorecards();
    overall(&mut text, &cards);
    for card in &cards {
        baselines(&mut text, card);
    }
    if let Some(card) = cards.first() {
        histogram(&mut text, card);
        let _ = writeln!(text, "{}", verdict(card));
        if let Some(comparison) = against_rules(card) {
            let _ = writeln!(text, "{comparison}");
        }
    }
    text
}

/// A metric's name as a heading.
pub fn heading(metric: &str) -> &'static str {
    match metric {
        "population" => "Children in care",
        "admissions" => "Admissions",
        _ => "Exits",
    }
}

/// One row for each origin and horizon.
fn pairs(text: &mut String, backtest: &Backtest, metric: &str) {
    let rows: Vec<&Hindcast> = backtest
        .hindcasts
        .iter()
        .filter(|one| one.metric == metric)
        .collect();
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "{} (median, 8 in 10 futures between, 9 in 10 between)",
        heading(metric)
    );
    let mut table = table(&[
        "origin", "date", "ahead", "observed", "median", "8 in 10", "9 in 10", "inside?",
    ]);
    for one in rows {
        let [_, eight, nine] = one.ranges();
        let range = |(low, high): (f64, f64)| format!("{} to {}", whole(low), whole(high));
        table.add_row([
            day(one.origin),
            match one.since {
                None => day(one.date),
                Some(since) => format!("{} to {}", day(since), day(one.date)),
            },
            ahead(one),
            whole(one.observed),
            whole(one.percentiles[3]),
            range(eight),
            range(nine),
            where_it_lies(one).to_owned(),
        ]);
    }
    align(&mut table, 2);
    let _ = writeln!(text, "{table}\n");
}

fn day(date: Date) -> String {
    date.format("%-d %b %Y").to_string()
}

/// Time from the origin to the end of what is forecast.
fn ahead(one: &Hindcast) -> String {
    match one.months_ahead() {
        1 => "1 month".to_owned(),
        12 => "1 year".to_owned(),
        months if months % 12 == 0 => format!("{} years", months / 12),
        months => format!("{months} months"),
    }
}

fn where_it_lies(one: &Hindcast) -> &'static str {
    let [_, eight, nine] = one.inside();
    if eight {
        "in 8 in 10"
    } else if nine {
        "in 9 in 10"
    } else {
        "outside"
    }
}

fn published(text: &mut String, backtest: &Backtest) {
    if backtest.published.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "What was published for dates that have been counted since"
    );
    let mut table = table(&["line", "date", "published", "observed", "too high by"]);
    for row in &backtest.published {
        table.add_row([
            row.line.clone(),
            day(row.date),
            whole(row.published),
            whole(row.observed),
            whole(row.published - row.observed),
        ]);
    }
    align(&mut table, 2);
    let _ = writeln!(text, "{table}\n");
}

/// Coverage, bias and score of each metric.
fn overall(text: &mut String, cards: &[Scorecard]) {
    let _ = writeln!(
        text,
        "Over all origins and horizons (± one standard error, by origin)"
    );
    let mut header = vec![""];
    header.extend(cards.iter().map(|card| heading(&card.metric)));
    let mut table = table(&header);
    let mut row = |name: &str, value: &dyn Fn(&Scorecard) -> String| {
        let mut cells = vec![name.to_owned()];
        cells.extend(cards.iter().map(value));
        table.add_row(cells);
    };
    row("pairs of origin and horizon", &|card| {
        card.pairs.to_string()
    });
    for (range, share) in RANGES.iter().enumerate() {
        let name = format!(
            "inside {:.0} in 10 ({:.0} % if right)",
            10.0 * share,
            100.0 * share
        );
        row(&name, &|card| {
            with_error(card.coverage[range], 100.0, 0, " %")
        });
    }
    row("forecast less outcome, children", &|card| {
        with_error(card.bias, 1.0, 1, "")
    });
    row("CRPS, children (less is better)", &|card| {
        with_error(card.crps, 1.0, 1, "")
    });
    align(&mut table, 1);
    let _ = writeln!(text, "{table}\n");
}

fn with_error(mean: Mean, scale: f64, digits: usize, unit: &str) -> String {
    let value = format!("{:.digits$}{unit}", mean.mean * scale);
    match mean.standard_error {
        Some(error) => format!("{value} ± {:.digits$}", error * scale),
        None => value,
    }
}

/// The simple rules, each over the pairs for which enough was known.
fn baselines(text: &mut String, card: &Scorecard) {
    if card.baselines.is_empty() {
        return;
    }
    let _ = writeln!(text, "{}: against simple rules", heading(&card.metric));
    let mut table = table(&[
        "rule",
        "pairs",
        "its CRPS",
        "lacsim's",
        "forecast less outcome",
        "inside its 8 in 10",
    ]);
    for rule in &card.baselines {
        table.add_row([
            rule.rule.to_owned(),
            rule.pairs.to_string(),
            format!("{:.1}", rule.crps),
            format!("{:.1}", rule.crps_of_model),
            format!("{:.1}", rule.bias),
            rule.coverage_80.map_or("no range".to_owned(), |share| {
                format!("{:.0} %", 100.0 * share)
            }),
        ]);
    }
    align(&mut table, 1);
    let _ = writeln!(text, "{table}\n");
}

/// Longest bar of the histogram.
const BAR: f64 = 30.0;

fn histogram(text: &mut String, card: &Scorecard) {
    let _ = writeln!(
        text,
        "{}: where outcomes fell among the futures, from the lowest tenth to the highest (level if right)",
        heading(&card.metric)
    );
    let most = card.pit_histogram.iter().copied().max().unwrap_or(0).max(1);
    for (bin, &count) in card.pit_histogram.iter().enumerate() {
        let bar = "#".repeat((f64::from(count) / f64::from(most) * BAR).round() as usize);
        let line = format!("{:>4} of {PIT_BINS}  {count:>4}  {bar}", bin + 1);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text.push('\n');
}

/// One sentence on the ranges of a metric, with its reservation.
pub fn verdict(card: &Scorecard) -> String {
    let coverage = card.coverage[1];
    let held = (coverage.mean * card.pairs as f64).round();
    let found = format!(
        "the 8-in-10 range held {held} of {} outcomes ({:.0} %, give or take {:.0} points)",
        card.pairs,
        100.0 * coverage.mean,
        100.0 * coverage.standard_error.unwrap_or(f64::NAN)
    );
    let overlap = "Origins that lie closer together than a horizon share years, so the truth is less certain than that.";
    match card.verdict {
        Verdict::TooFew => format!(
            "Too few to judge: {} pairs of origin and horizon from {} origin(s). A verdict needs {FEWEST_PAIRS} pairs from {FEWEST_ORIGINS} origins.",
            card.pairs, card.clusters
        ),
        Verdict::NoSignOfError => format!(
            "No sign that the ranges are too narrow or too wide: {found}. A fault smaller than about {:.0} points would not show. {overlap}",
            200.0 * coverage.standard_error.unwrap_or(f64::NAN)
        ),
        Verdict::TooNarrow => format!("The ranges are too narrow: {found}. {overlap}"),
        Verdict::TooWide => format!("The ranges are too wide: {found}. {overlap}"),
    }
}

/// One sentence on the best of the simple rules; None where nothing can be
/// said.
pub fn against_rules(card: &Scorecard) -> Option<String> {
    if card.verdict == Verdict::TooFew {
        return None;
    }
    let best = card
        .baselines
        .iter()
        .filter(|rule| rule.pairs >= FEWEST_PAIRS)
        .min_by(|a, b| (a.crps / a.crps_of_model).total_cmp(&(b.crps / b.crps_of_model)))?;
    let change = 100.0 * (1.0 - best.crps_of_model / best.crps);
    let side = if change >= 0.0 { "less" } else { "more" };
    let error = best.difference.standard_error?;
    let doubt = if best.difference.mean.abs() > 2.0 * error {
        ""
    } else {
        ", which may be luck"
    };
    Some(format!(
        "The hardest simple rule to beat is {}: lacsim's CRPS is {:.0} % {side} than its{doubt}.",
        best.rule,
        change.abs()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::hindcasts::Outcome;
    use crate::forecast::scores::Law;

    fn hindcasts(count: i32) -> Backtest {
        let march = |year: i32| Date::from_ymd_opt(year, 3, 31).unwrap();
        let hindcast = |index: i32| {
            let outcome = Outcome {
                metric: "population",
                origin: march(1980 + index),
                since: None,
                date: march(1981 + index),
                observed: if index % 5 == 0 { 99.0 } else { 50.0 },
            };
            let rule = Law::Normal {
                mean: 70.0,
                sd: 10.0,
            };
            let replicates = (0..=100).map(f64::from).collect();
            Hindcast::new(&outcome, replicates, &[Some(rule), None, None], 0.5)
        };
        Backtest {
            title: "Test".to_owned(),
            hindcasts: (0..count).map(hindcast).collect(),
            published: Vec::new(),
            notes: vec!["A note.".to_owned()],
            replicates: 101,
            seed: 1,
        }
    }

    #[test]
    fn few_pairs_are_told_without_a_verdict() {
        let text = text(&hindcasts(4));
        assert!(text.contains("Too few to judge: 4 pairs of origin and horizon from 4 origin(s)."));
        assert!(!text.contains("No sign") && !text.contains("hardest"));
        assert!(text.contains("31 Mar 1980"), "{text}");
        assert!(text.contains("outside") && text.contains("in 8 in 10"));
    }

    #[test]
    fn enough_pairs_carry_a_verdict_and_a_rule_to_beat() {
        let text = text(&hindcasts(40));
        assert!(text.contains("No sign that the ranges are too narrow or too wide: the 8-in-10 range held 32 of 40 outcomes (80 %"), "{text}");
        assert!(
            text.contains("The hardest simple rule to beat is persistence"),
            "{text}"
        );
    }
}

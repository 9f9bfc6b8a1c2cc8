//! What it would take, in words.

use super::answer::{Answer, Reach, Search, Together};
use crate::config::levers::{Amount, Lever};
use crate::forecast::likelihood_words;
use crate::summary::{align, grouped, pounds, table};
use std::fmt::Write;

/// The levers of a scenario, for choosing among them.
pub fn levers(scenario: &str, levers: &[Lever]) -> String {
    let mut text = format!(
        "Levers of \"{scenario}\": what `--by` takes, alone or with a range of its own, as in \"panel.admit=0.4..0.7\".\n"
    );
    let mut table = table(&["lever", "now", "from", "to"]);
    for lever in levers {
        let (from, to) = lever.range;
        let row = [lever.now, from, to].map(|value| lever.written(value));
        let [now, from, to] = row;
        table.add_row([lever.address.clone(), now, from, to]);
    }
    align(&mut table, 1);
    let _ = writeln!(text, "{table}");
    text
}

/// The answer, for a terminal or a log; `file` is the scenario file.
pub fn text(answer: &Answer, file: &str) -> String {
    let mut text = String::new();
    let now = answer.futures(answer.likelihood_now);
    let _ = writeln!(
        text,
        "{}\nWhat would it take for \"{}\" ({}) to be at least {} in 100 likely in \"{}\"?\nNow: {}.\n",
        answer.name,
        answer.target,
        answer.must_hold,
        answer.wanted_in_100(),
        answer.scenario,
        likelihood_words(now, answer.replicates),
    );
    let lead = if answer.is_met() {
        "That is likely enough. How far each lever may go before it is not:"
    } else {
        "One lever at a time, all else as it is:"
    };
    let _ = writeln!(text, "{lead}");
    let mut table = table(&["lever", "now", "needed", "95 in 100 between"]);
    for one in &answer.one_at_a_time {
        let write = |value: Amount| value.to_string();
        table.add_row([
            one.lever.clone(),
            write(one.now),
            needed(answer, &one.found, one.range, write),
            between(&one.found, one.range, write),
        ]);
    }
    let _ = writeln!(text, "{table}\n");
    if let Some(together) = &answer.together {
        mix(&mut text, answer, together);
    }
    closing(&mut text, answer, file);
    text
}

/// What is needed, values written in a way of one's own.
pub fn needed(
    answer: &Answer,
    found: &Search,
    [from, to]: [Amount; 2],
    write: impl Fn(Amount) -> String,
) -> String {
    let turns = if found.is_monotone {
        ""
    } else {
        " (the likelihood rises and falls along the range)"
    };
    let value = found.value.map_or_else(String::new, &write);
    let is_date = matches!(found.value, Some(Amount::Day(_)));
    match found.answer {
        Reach::Everywhere => format!("any value from {} to {} will do", write(from), write(to)),
        Reach::NoEffect => "changes nothing".to_owned(),
        Reach::NotReachable => format!(
            "not reachable: at best {}, at {}, where it is {} on average{turns}",
            likelihood_words(answer.futures(found.best.likelihood), answer.replicates),
            write(found.best.value),
            margin(&answer.metric, found.best.margin)
        ),
        Reach::AtLeast if is_date => format!("{value} or later{turns}"),
        Reach::AtMost if is_date => format!("{value} or earlier{turns}"),
        Reach::AtLeast => format!("{value} or more{turns}"),
        Reach::AtMost => format!("{value} or less{turns}"),
    }
}

/// Between what values chance leaves what is needed: "64.5 and 67".
pub fn between(
    found: &Search,
    [from, to]: [Amount; 2],
    write: impl Fn(Amount) -> String,
) -> String {
    if found.value.is_none() {
        return String::new();
    }
    let low = found
        .value_low
        .map_or_else(|| format!("below {}", write(from)), &write);
    let high = found
        .value_high
        .map_or_else(|| format!("above {}", write(to)), &write);
    format!("{low} and {high}")
}

/// A margin in words: `missed by 12.3`, `kept by £1.2m`.
pub fn margin(metric: &str, margin: f64) -> String {
    let side = if margin < 0.0 { "missed" } else { "kept" };
    let amount = margin.abs();
    if metric.starts_with("spend") || metric.starts_with("saving") {
        format!("{side} by {}", pounds(amount))
    } else {
        format!("{side} by {}", (10.0 * amount).round() / 10.0)
    }
}

/// What share of their ways levers have to go together, in words: "13.5 % or
/// more of the way (95 in 100 between 12 % and 14 %)".
pub fn share_of_way(answer: &Answer, together: &Together) -> String {
    let percent = |share: Amount| match share {
        Amount::Number(share) => format!("{} %", (share * 1e3).round() / 10.0),
        Amount::Day(date) => date.to_string(),
    };
    let whole = [0.0, 1.0].map(Amount::Number);
    let found = &together.found;
    let needed = needed(answer, found, whole, percent);
    match found.value {
        Some(_) => format!(
            "{needed} of the way (95 in 100 between {})",
            between(found, whole, percent)
        ),
        None => needed,
    }
}

fn mix(text: &mut String, answer: &Answer, together: &Together) {
    let _ = writeln!(
        text,
        "All that help, each by the same part of its way from now to where it helps most:\n{}",
        share_of_way(answer, together)
    );
    let mut table = table(&["lever", "now", "then", "all the way"]);
    for moved in &together.levers {
        let [now, then, end] =
            [moved.now, moved.then, moved.all_the_way].map(|one| one.to_string());
        table.add_row([moved.lever.clone(), now, then, end]);
    }
    align(&mut table, 1);
    let _ = writeln!(text, "{table}\n");
}

/// How the answer was found, and how to play it.
fn closing(text: &mut String, answer: &Answer, file: &str) {
    let _ = writeln!(
        text,
        "Found with {} futures, the same ones for every value tried; seed {}. \"Between\" is the Monte Carlo error of so many futures alone. Values are steps of a two-hundredth of the range or less.",
        grouped(f64::from(answer.replicates)),
        answer.seed,
    );
    let singles = answer.one_at_a_time.iter().map(|one| &one.found);
    let all = singles.chain(answer.together.iter().map(|mix| &mix.found));
    let tried: usize = all.map(|found| found.tried.len()).sum();
    let _ = writeln!(
        text,
        "{tried} values tried, {} futures played.",
        grouped(answer.futures_played as f64)
    );
    if let Some(scenario) = &answer.scenario_to_add {
        let _ = writeln!(
            text,
            "\nTo play the answer, add to the end of {file}:\n\n{scenario}"
        );
    }
}

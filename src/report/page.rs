//! The page: markup around what has been worked out.

use super::backtest::Past;
use super::figure::Table;
use super::take::Take;
use super::words;
use super::{Facts, arithmetic, assumptions, method};
use crate::forecast::likelihood_words;
use crate::output::REPORT;
use crate::summary::grouped;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");

/// The whole file.
pub(super) fn page(facts: &Facts) -> Markup {
    let forecast = &facts.run.config().forecast;
    html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content={ "lacsim " (facts.run.manifest().version) };
                title { (forecast.name) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#answer" { "Skip to the answer" }
                header {
                    h1 { (forecast.name) }
                    (contents(facts))
                }
                main {
                    (first_page(facts))
                    (second_page(facts))
                    div.appendices {
                        (behind(facts))
                        @if let Some(take) = &facts.take { (what_it_would_take(take)) }
                        (assumptions_log(facts))
                        (paper(facts))
                        @if let Some(past) = &facts.past { (back_test(past)) }
                        (the_model(facts))
                        (numbers(facts))
                        (identity(facts))
                    }
                }
            }
        }
    }
}

/// Sections that a reader may jump to.
const SECTIONS: [(&str, &str); 10] = [
    ("answer", "The answer"),
    ("why", "When, how much and why"),
    ("behind", "What lies behind it"),
    ("what-it-would-take", "What it would take"),
    ("assumptions", "Assumptions"),
    ("paper", "The paper’s own arithmetic"),
    ("past", "How past forecasts fared"),
    ("model", "How the model works"),
    ("numbers", "The numbers"),
    ("identity", "This run"),
];

fn contents(facts: &Facts) -> Markup {
    let is_there = |id: &str| match id {
        "what-it-would-take" => facts.take.is_some(),
        "past" => facts.past.is_some(),
        _ => true,
    };
    html! {
        nav aria-label="Contents" { ul {
            @for (id, name) in SECTIONS.iter().filter(|section| is_there(section.0)) {
                li { a href={ "#" (id) } { (name) } }
            }
        } }
    }
}

fn first_page(facts: &Facts) -> Markup {
    let question = &facts.run.config().forecast.question;
    html! {
        section.sheet id="answer" aria-labelledby="question" {
            h2 id="question" { (question.as_deref().unwrap_or("How many children will be in care?")) }
            (answer(facts))
            div.beside {
                (facts.fan.html())
                div { (facts.beside.html()) }
            }
            @if !facts.main.targets.is_empty() {
                h2 { "How likely is each target?" }
                (targets(facts).html())
            }
            p.caution {
                strong { "Read with care. " }
                "The ranges hold chance, drift from year to year and what the scenario says is uncertain; "
                (assumptions::grades(facts.config()))
                ". They cannot hold what nobody wrote down. "
                a href="#assumptions" { "Assumptions" }
                ", "
                a href="#model" { "limits" }
                "."
            }
        }
    }
}

/// The answer in one sentence, with a number and a word.
fn answer(facts: &Facts) -> Markup {
    let scenario = &facts.main.scenario;
    let Some(target) = facts.target else {
        return html! { p.answer { (facts.fan.title) "." } };
    };
    let likelihood = target.likelihood();
    let futures = grouped(f64::from(target.replicates));
    html! {
        p.answer {
            @match words::opening(&likelihood) {
                Some(word) => {
                    strong { (word) ": " (words::odds(&likelihood)) }
                    " of the futures played under “" (scenario) "” " (words::promise(target)) "."
                }
                None => {
                    strong { "Too few futures to say" }
                    " how many under “" (scenario) "” " (words::promise(target)) "."
                }
            }
        }
        p.lead {
            (futures) " futures of every child were played. "
            @if let Some(saving) = &facts.saving { (saving) }
        }
    }
}

/// Each target in the main scenario and in the comparison.
fn targets(facts: &Facts) -> Table {
    let (main, comparison) = (facts.main, facts.comparison);
    let is_compared = main.scenario != comparison.scenario;
    let mut heads = vec!["Target", "What must hold", main.scenario.as_str()];
    if is_compared {
        heads.push(&comparison.scenario);
    }
    let caption = "Share of the futures that meet each target";
    let mut table = Table::new("table-targets", caption, &heads, 4);
    for (index, target) in main.targets.iter().enumerate() {
        let mut row = vec![
            target.target.name.clone(),
            words::short_promise(target),
            target.likelihood(),
        ];
        if is_compared {
            row.push(
                comparison
                    .targets
                    .get(index)
                    .map_or_else(String::new, |one| {
                        one.likelihood_beside(&comparison.scenario, &comparison.scenario)
                    }),
            );
        }
        table.rows.push(row);
    }
    table
}

fn second_page(facts: &Facts) -> Markup {
    html! {
        section.sheet id="why" aria-labelledby="why-title" {
            h2 id="why-title" { "When, how much and why" }
            div.charts {
                @for chart in &facts.charts { (chart.html()) }
            }
        }
    }
}

fn behind(facts: &Facts) -> Markup {
    html! {
        section id="behind" aria-labelledby="behind-title" {
            h2 id="behind-title" { "What lies behind the answer" }
            @if facts.behind.is_empty() {
                p { "This run cannot say: see " a href="#model" { "what is not in this report" } "." }
            } @else {
                div.charts {
                    @for chart in &facts.behind { (chart.html()) }
                }
            }
        }
    }
}

fn what_it_would_take(take: &Take) -> Markup {
    html! {
        section id="what-it-would-take" aria-labelledby="take-title" {
            h2 id="take-title" { "What it would take" }
            p { (take.question) }
            div.charts {
                @if let Some(figure) = &take.figure { (figure.html()) }
                @if let Some((share, table)) = &take.together {
                    div {
                        h3 { "All that help, each by the same part of its way" }
                        p { "Needed: " (share) "." }
                        (table.html())
                    }
                }
            }
            (take.alone.html())
            p { (take.note) }
        }
    }
}

fn back_test(past: &Past) -> Markup {
    html! {
        section id="past" aria-labelledby="past-title" {
            h2 id="past-title" { "How past forecasts fared" }
            p { (past.lead) }
            div.charts {
                @if let Some(figure) = &past.figure { (figure.html()) }
                div {
                    h3 { "What to make of it" }
                    @for verdict in &past.verdicts { p { (verdict) } }
                    @if !past.notes.is_empty() {
                        ul { @for note in &past.notes { li { (note) } } }
                    }
                }
            }
            (past.overall.html())
            @if !past.rules.rows.is_empty() { (past.rules.html()) }
        }
    }
}

fn assumptions_log(facts: &Facts) -> Markup {
    let config = facts.config();
    html! {
        section id="assumptions" aria-labelledby="assumptions-title" {
            h2 id="assumptions-title" { "Assumptions" }
            p {
                "In “" (facts.main.scenario) "”, " (assumptions::grades(config)) ". "
                "Grades: A counted in data that the scenario gives, B taken from a published source, C somebody’s judgement at least in part, D no source given. "
                @if !assumptions::has_owners(config) {
                    "No owner is named: [owners] in the scenario file says who answers for which part. "
                }
            }
            @let mut sources = assumptions::Sources::default();
            @let log = assumptions::log(config, &facts.run.manifest().parameters, &facts.effects, &mut sources);
            @let known = assumptions::known(config, &mut sources);
            @if !log.rows.is_empty() { (log.html()) }
            @if !known.rows.is_empty() { (known.html()) }
            @if !sources.names().is_empty() {
                h3 { "Sources" }
                dl.sources {
                    @for (index, source) in sources.names().iter().enumerate() {
                        dt { (assumptions::Sources::label(index)) }
                        dd { (source) }
                    }
                }
            }
        }
    }
}

fn paper(facts: &Facts) -> Markup {
    let (all, wrong) = arithmetic::counts(&facts.paper);
    html! {
        section id="paper" aria-labelledby="paper-title" {
            h2 id="paper-title" { "What the paper’s own arithmetic gets wrong" }
            @if all == 0 {
                p { "The scenario file holds no sums to check. Give them as [[history]] and [[claim]]." }
            } @else {
                p {
                    @if wrong == 0 { "All " (all) " sums add up." }
                    @else { (wrong) " of " (all) " sums do not add up." }
                }
                (arithmetic::table(&facts.paper).html())
                @if facts.options.suppress_small {
                    p { "Sums that the paper itself prints are shown as printed." }
                }
            }
        }
    }
}

fn the_model(facts: &Facts) -> Markup {
    html! {
        section id="model" aria-labelledby="model-title" {
            h2 id="model-title" { "How the model works" }
            (method::model(facts.config()))
            h3 { "Its limits" }
            (method::limits())
            @if !facts.missing.is_empty() {
                h3 { "Not in this report" }
                ul { @for line in &facts.missing { li { (line) } } }
            }
        }
    }
}

fn numbers(facts: &Facts) -> Markup {
    html! {
        section id="numbers" aria-labelledby="numbers-title" {
            h2 id="numbers-title" { "The numbers" }
            p {
                "The middle future is the median: half of the futures lie below it. "
                @if facts.options.suppress_small {
                    "[c]: an observed count from 1 to 5 is withheld, and with it any other from which it could be worked out. "
                }
            }
            (facts.fan.table.html())
            @for chart in facts.charts.iter().chain(&facts.behind) { (chart.table.html()) }
            @if let Some(figure) = facts.past.as_ref().and_then(|past| past.figure.as_ref()) {
                (figure.table.html())
            }
            (all_targets(facts).html())
            @for table in &facts.cohort { (table.html()) }
        }
    }
}

/// Every target in every scenario, with the error of its likelihood.
fn all_targets(facts: &Facts) -> Table {
    let heads = [
        "Target",
        "Scenario",
        "Likelihood",
        "95 in 100 by number of futures",
        "Half have met it by",
    ];
    let mut table = Table::new(
        "table-all-targets",
        "Every target in every scenario",
        &heads,
        5,
    );
    for (index, target) in facts.main.targets.iter().enumerate() {
        for forecast in facts.run.forecasts() {
            let Some(one) = forecast.targets.get(index) else {
                continue;
            };
            table.rows.push(vec![
                target.target.name.clone(),
                forecast.scenario.clone(),
                likelihood_words(one.met, one.replicates),
                error(one.probability_low, one.probability_high),
                one.first_reached[1]
                    .map_or_else(|| "not within the forecast".to_owned(), words::day),
            ]);
        }
    }
    table
}

/// The 95 % interval of a likelihood, in futures in 1,000.
fn error(low: f64, high: f64) -> String {
    let low = (1000.0 * low).floor().max(0.0);
    let high = (1000.0 * high).ceil().min(1000.0);
    format!("{low:.0} to {high:.0} in 1,000")
}

fn identity(facts: &Facts) -> Markup {
    let manifest = facts.run.manifest();
    let last = u64::from(manifest.first_replicate) + u64::from(manifest.replicates);
    let mut table = Table::new(
        "table-identity",
        "What this report was made from",
        &["What", "Value"],
        2,
    );
    let mut row = |what: &str, value: String| table.rows.push(vec![what.to_owned(), value]);
    row("lacsim", format!("version {}", manifest.version));
    row("Seed", manifest.seed.to_string());
    row(
        "Futures",
        format!(
            "{}, numbers {} to {}",
            grouped(f64::from(manifest.replicates)),
            manifest.first_replicate,
            last.saturating_sub(1)
        ),
    );
    row("Scenario file", manifest.scenario.name.clone());
    row("Its SHA-256", manifest.scenario.sha256.clone());
    for input in &manifest.inputs {
        row(&format!("SHA-256 of {}", input.name), input.sha256.clone());
    }
    for file in manifest.files.iter().filter(|file| file.name != REPORT) {
        row(&format!("SHA-256 of {}", file.name), file.sha256.clone());
    }
    if let Some(tested) = &facts.options.backtest {
        let files = tested.manifest.files.iter();
        for file in files {
            row(
                &format!("SHA-256 of the back-test’s {}", file.name),
                file.sha256.clone(),
            );
        }
    }
    html! {
        section id="identity" aria-labelledby="identity-title" {
            h2 id="identity-title" { "This run" }
            p { "The same scenario file, seed and version give the same numbers to the last digit, on any machine." }
            (table.html())
            @if !manifest.warnings.is_empty() {
                h3 { "Warnings" }
                ul { @for warning in &manifest.warnings { li { (warning) } } }
            }
        }
    }
}

//! What becomes of the children identified for focused work.

use super::draw::{self, LINE, Scale, TEXT, bar, line, lines, text};
use super::figure::{Drawing, Figure, Table};
use super::words;
use crate::config::pathways::{Failure, Pathway};
use crate::config::quantity::Form;
use crate::forecast::{Band, ScenarioForecast};
use crate::model::layout::Unit;
use crate::units::Date;
use maud::{Markup, html};

/// What had become of the cases of one pathway by a date: mean over futures.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fate {
    /// The pathway.
    pub pathway: String,
    /// Identified at the start.
    pub cases: u32,
    /// Reached the end.
    pub succeeded: f64,
    /// Left care some other way before they could.
    pub left: f64,
    /// Failed, stage by stage in order.
    pub failed: Vec<(String, f64)>,
    /// Still on the pathway.
    pub under_way: f64,
    /// Still waiting to begin; 0 where new cases or second attempts come in
    /// too, for then nobody can tell.
    pub waiting: f64,
    /// Standard error of the successes, taking months as independent.
    pub error: f64,
}

impl Fate {
    fn all_failed(&self) -> f64 {
        self.failed.iter().map(|(_, count)| count).sum()
    }
}

/// The fates of the pathways of a plan that have identified cases and that the
/// plan adds to another or changes; of all with cases where it does neither.
///
/// Means of months add up to the mean of the whole time.
pub(super) fn fates(
    forecast: &ScenarioForecast,
    plan: &[Pathway],
    other: &[Pathway],
    by: Date,
) -> Vec<Fate> {
    let total = |outcome: &str| -> (f64, f64) {
        let months: Vec<&Band> = forecast
            .bands
            .of("pathway_outcomes", "outcome", outcome, "month")
            .filter(|band| band.date <= by)
            .collect();
        let sum = months.iter().map(|band| band.mean).sum();
        let variance: f64 = months.iter().map(|band| band.mean_se * band.mean_se).sum();
        (sum, variance.sqrt())
    };
    let is_same = plan == other;
    let focused = plan
        .iter()
        .filter(|pathway| pathway.cases > 0 && (is_same || !other.contains(pathway)));
    focused
        .map(|pathway| {
            let outcome = |word: &str| total(&format!("{}: {word}", pathway.name));
            let under_way = forecast
                .bands
                .of("pathway_cases", "pathway", &pathway.name, "month")
                .find(|band| band.date == by);
            let (succeeded, error) = outcome("succeeded");
            let left = outcome("left care first").0;
            let failed: Vec<(String, f64)> = pathway
                .stages
                .iter()
                .map(|stage| {
                    let failed = outcome(&format!("failed at {}", stage.name)).0;
                    (stage.name.clone(), failed)
                })
                .collect();
            let under_way = under_way.map_or(0.0, |band| band.mean);
            let begun = succeeded + left + under_way + failed.iter().map(|one| one.1).sum::<f64>();
            let waiting = if takes_no_others(pathway, plan) {
                (f64::from(pathway.cases) - begun).max(0.0)
            } else {
                0.0
            };
            Fate {
                pathway: pathway.name.clone(),
                cases: pathway.cases,
                succeeded,
                left,
                failed,
                under_way,
                waiting,
                error,
            }
        })
        .collect()
}

/// Whether a pathway has none but its identified cases, each once.
fn takes_no_others(pathway: &Pathway, all: &[Pathway]) -> bool {
    let itself = all.iter().position(|one| one.name == pathway.name);
    let is_joined = all
        .iter()
        .flat_map(|one| &one.stages)
        .any(|stage| matches!(&stage.on_fail, Failure::ChangeTo(index) if Some(*index) == itself));
    let is_repeated = pathway
        .stages
        .iter()
        .any(|stage| matches!(stage.on_fail, Failure::Retry(_)));
    pathway.new_cases_per_year.form == Form::Known(0.0) && !is_joined && !is_repeated
}

/// The chart; none without identified cases.
pub(super) fn figure(scenario: &str, fates: &[Fate], by: Date) -> Option<Figure> {
    if fates.is_empty() {
        return None;
    }
    let cases: u32 = fates.iter().map(|fate| fate.cases).sum();
    let succeeded: f64 = fates.iter().map(|fate| fate.succeeded).sum();
    let error = fates
        .iter()
        .map(|fate| fate.error * fate.error)
        .sum::<f64>()
        .sqrt();
    let count = words::amount(Unit::Children, succeeded, error);
    Some(Figure {
        id: "pathways",
        title: format!(
            "Of {cases} children identified, about {count} have left by the plan on {}",
            words::day(by)
        ),
        alternative: format!(
            "Stacked bars of what has become of the identified children in “{scenario}”: {}.",
            words::list(&fates.iter().map(in_words).collect::<Vec<_>>())
        ),
        drawings: vec![draw(fates)],
        note: "Means of all futures; new cases and second attempts count too.".to_owned(),
        table: table(fates, by),
    })
}

fn whole(count: f64) -> String {
    words::amount(Unit::Children, count, 0.0)
}

fn in_words(fate: &Fate) -> String {
    format!(
        "{}: {} of {} succeeded, {} failed a stage, {} left care first, {} still under way, {} still waiting to begin",
        fate.pathway,
        whole(fate.succeeded),
        fate.cases,
        whole(fate.all_failed()),
        whole(fate.left),
        whole(fate.under_way),
        whole(fate.waiting)
    )
}

fn draw(fates: &[Fate]) -> Drawing {
    const WIDTH: f64 = 420.0;
    const LABEL: f64 = 118.0;
    const KINDS: [(&str, &str); 5] = [
        ("succeeded", "left by the plan"),
        ("under-way", "still under way"),
        ("waiting", "waiting to begin"),
        ("failed", "failed a stage"),
        ("gone", "left care first"),
    ];
    let parts = |fate: &Fate| {
        [
            fate.succeeded,
            fate.under_way,
            fate.waiting,
            fate.all_failed(),
            fate.left,
        ]
    };
    let most = fates
        .iter()
        .map(|fate| parts(fate).iter().sum::<f64>())
        .fold(1.0, f64::max);
    let x = Scale::new((0.0, most), (LABEL + 8.0, WIDTH - 4.0));
    let mut ink: Vec<Markup> = Vec::new();
    // The key, two to a row.
    for (index, (class, words)) in KINDS.iter().enumerate() {
        let left = LABEL + 8.0 + (index % 2) as f64 * 150.0;
        let y = 9.0 + (index / 2) as f64 * (LINE + 3.0);
        ink.push(bar(
            &format!("part {class}"),
            (left, y - 6.0),
            (left + 14.0, y + 6.0),
        ));
        ink.push(text(left + 19.0, y + TEXT * 0.35, "key", words));
    }
    let mut y = KINDS.len().div_ceil(2) as f64 * (LINE + 3.0) + 8.0;
    for fate in fates {
        let label = draw::wrap(&fate.pathway, LABEL, TEXT, 3);
        let height = (label.len() as f64 * LINE + 8.0).max(38.0);
        ink.push(lines(LABEL, y + height / 2.0, "label end", &label));
        let mut from = 0.0;
        for ((class, _), count) in KINDS.iter().zip(parts(fate)) {
            let ends = (x.at(from), x.at(from + count));
            let (top, bottom) = (y + 3.0, y + height - 3.0);
            ink.push(bar(
                &format!("part {class}"),
                (ends.0, top),
                (ends.1, bottom),
            ));
            if from > 0.0 {
                ink.push(line("gap", (ends.0, top), (ends.0, bottom)));
            }
            let words = whole(count);
            if ends.1 - ends.0 > draw::width(&words, TEXT) + 6.0 {
                let middle = (ends.0 + ends.1) / 2.0;
                ink.push(text(
                    middle,
                    y + height / 2.0 + TEXT * 0.35,
                    &format!("middle strong on-{class}"),
                    &words,
                ));
            }
            from += count;
        }
        y += height + 4.0;
    }
    Drawing {
        class: "",
        width: WIDTH,
        height: y,
        ink: html! { @for one in &ink { (one) } },
    }
}

fn table(fates: &[Fate], by: Date) -> Table {
    let caption = format!(
        "What has become of the identified children by {}",
        words::day(by)
    );
    let mut table = Table::new(
        "table-pathways",
        caption,
        &["Pathway", "What became of them", "Children"],
        2,
    );
    for fate in fates {
        let mut row = |what: String, count: String| {
            table.rows.push(vec![fate.pathway.clone(), what, count]);
        };
        row("identified at the start".to_owned(), fate.cases.to_string());
        row(
            "left by the plan".to_owned(),
            words::amount(Unit::Children, fate.succeeded, fate.error),
        );
        for (stage, count) in &fate.failed {
            row(format!("failed at {stage}"), whole(*count));
        }
        row("left care first".to_owned(), whole(fate.left));
        row("still under way".to_owned(), whole(fate.under_way));
        row("waiting to begin".to_owned(), whole(fate.waiting));
    }
    table
}

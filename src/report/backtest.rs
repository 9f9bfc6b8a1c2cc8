//! How forecasts from past dates fared: the back-test, where one is given.

use super::draw::{self, Scale, TEXT, bar, line, text};
use super::figure::{Drawing, Figure, Table};
use super::words;
use crate::backtest::METRICS;
use crate::backtest::words::{against_rules, heading, verdict};
use crate::forecast::hindcasts::{Hindcast, Scorecard, Verdict};
use crate::forecast::scores::Mean;
use crate::model::layout::Unit;
use crate::output::suppress::{self, WITHHELD};
use crate::output::{FinishedBacktest, FinishedRun};
use crate::summary::grouped;
use crate::units::Date;
use maud::{Markup, html};

/// The section, worked out.
pub(super) struct Past {
    /// What was tested.
    pub lead: String,
    /// What to make of it, a sentence each.
    pub verdicts: Vec<String>,
    /// Outcomes beside the ranges; none without counts of children in care.
    pub figure: Option<Figure>,
    /// Coverage and score of each metric.
    pub overall: Table,
    /// The scores of simple rules.
    pub rules: Table,
    /// How it was done, and what it can and cannot show.
    pub notes: Vec<String>,
}

impl Past {
    /// The section of a back-test, for the report of a run.
    pub fn of(tested: &FinishedBacktest, run: &FinishedRun, suppress_small: bool) -> Self {
        let hindcasts = &tested.hindcasts;
        let cards: Vec<Scorecard> = METRICS
            .iter()
            .filter_map(|metric| Scorecard::by_origin(metric, hindcasts))
            .collect();
        let first = cards.first();
        let verdicts = first.map(verdict).into_iter();
        Self {
            lead: lead(tested, run),
            verdicts: verdicts.chain(first.and_then(against_rules)).collect(),
            figure: figure(hindcasts, &cards, suppress_small),
            overall: overall(&cards),
            rules: rules(&cards),
            notes: tested.manifest.warnings.clone(),
        }
    }
}

fn lead(tested: &FinishedBacktest, run: &FinishedRun) -> String {
    let manifest = &tested.manifest;
    let origins = tested.hindcasts.iter().map(|one| one.origin);
    let (first, last) = (origins.clone().min(), origins.max());
    let when = match (first, last) {
        (Some(first), Some(last)) if first < last => {
            format!(
                "from dates between {} and {}",
                words::day(first),
                words::day(last)
            )
        }
        (Some(only), _) => format!("from {}", words::day(only)),
        _ => "from no date".to_owned(),
    };
    let source = &manifest.scenario;
    let of = if source.sha256 == run.manifest().scenario.sha256 {
        "of this scenario file".to_owned()
    } else if source.text.is_empty() {
        format!("of the statutory return “{}”", source.name)
    } else {
        format!("of another scenario file, “{}”", source.name)
    };
    format!(
        "Back-test {of}: forecasts {when}, each with what was known then and {} futures, beside what happened since.",
        grouped(f64::from(manifest.replicates))
    )
}

/// "1", "1.5": years of so many months.
fn years(months: i64) -> String {
    format!("{}", (months as f64 / 12.0 * 10.0).round() / 10.0)
}

/// Forecasts of children in care, the shortest first and then by date.
fn of_stock(hindcasts: &[Hindcast]) -> Vec<&Hindcast> {
    let mut stock: Vec<&Hindcast> = hindcasts
        .iter()
        .filter(|one| one.metric == METRICS[0])
        .collect();
    stock.sort_by_key(|one| (one.months_ahead(), one.date));
    stock
}

fn figure(hindcasts: &[Hindcast], cards: &[Scorecard], suppress_small: bool) -> Option<Figure> {
    let stock = of_stock(hindcasts);
    let card = cards.first().filter(|card| card.metric == METRICS[0])?;
    let is_withheld = |one: &Hindcast| suppress_small && suppress::is_small(one.observed);
    let held = (card.coverage[1].mean * card.pairs as f64).round();
    let inside = format!("the 8-in-10 range held {held} of {}", outcomes(card.pairs));
    let title = match card.verdict {
        Verdict::TooFew => format!("{}: too few to judge by", words::capital(&inside)),
        Verdict::NoSignOfError => format!(
            "{}: no sign that it is too narrow or too wide",
            words::capital(&inside)
        ),
        Verdict::TooNarrow => format!("The ranges were too narrow: {inside}"),
        Verdict::TooWide => format!("The ranges were too wide: {inside}"),
    };
    let table = table(&stock, is_withheld);
    let each: Vec<String> = table
        .rows
        .iter()
        .map(|row| format!("{} for {}: {} of {}", row[0], row[1], row[3], row[5]))
        .collect();
    Some(Figure {
        id: "backtest",
        title,
        alternative: format!(
            "Children in care as counted, of the range of 8 in 10 futures: {}.",
            each.join("; ")
        ),
        drawings: vec![drawing(&stock, is_withheld)],
        note: "Children in care as counted (dots) beside what was forecast from an earlier date: the middle future, 5 in 10 (dark), 8 in 10 and 9 in 10 (pale) of the futures; by years ahead, then by date.".to_owned(),
        table,
    })
}

fn outcomes(count: usize) -> String {
    match count {
        1 => "1 outcome".to_owned(),
        count => format!("{count} outcomes"),
    }
}

fn drawing(stock: &[&Hindcast], is_withheld: impl Fn(&Hindcast) -> bool) -> Drawing {
    const WIDTH: f64 = 420.0;
    const HEIGHT: f64 = 230.0;
    const LEFT: f64 = 46.0;
    let (top, bottom) = (8.0, HEIGHT - 40.0);
    let values = stock.iter().flat_map(|one| {
        let [_, _, (low, high)] = one.ranges();
        [low, high, one.observed]
    });
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let ticks = draw::ticks(low, high, 4);
    let y = Scale::new((ticks[0], ticks[ticks.len() - 1]), (bottom, top));
    let wide = (WIDTH - LEFT) / stock.len() as f64;
    let half = (0.36 * wide).min(11.0);
    let x = |index: usize| LEFT + (index as f64 + 0.5) * wide;
    let groups: Vec<&[&Hindcast]> = stock
        .chunk_by(|a, b| a.months_ahead() == b.months_ahead())
        .collect();
    let mut first = 0;
    let mut labels: Vec<Markup> = Vec::new();
    let mut free = 0.0;
    for group in groups {
        let last = first + group.len() - 1;
        let middle = (x(first) + x(last)) / 2.0;
        let words = years(group[0].months_ahead());
        let room = draw::width(&words, TEXT);
        if first > 0 {
            let edge = x(first) - wide / 2.0;
            labels.push(line("grid", (edge, top), (edge, bottom + 6.0)));
        }
        // A label that would touch the one before it is left to the table.
        if middle - room / 2.0 > free {
            labels.push(text(middle, bottom + 18.0, "middle", &words));
            free = middle + room / 2.0 + 4.0;
        }
        first = last + 1;
    }
    let unit = |value: f64| words::tick(Unit::Children, value);
    let ink = html! {
        (draw::upright(y, &ticks, (LEFT, WIDTH), unit))
        @for one in &labels { (one) }
        @for (index, one) in stock.iter().enumerate() {
            @let middle = x(index);
            @for ((low, high), class) in one.ranges().into_iter().zip(["shade5", "shade8", "shade9"]).rev() {
                (bar(class, (middle - half, y.at(low)), (middle + half, y.at(high))))
            }
            @let median = y.at(one.percentiles[3]);
            (line("middle-mark main", (middle - half, median), (middle + half, median)))
            @if !is_withheld(one) {
                circle class="observed mark" cx=(draw::n(middle)) cy=(draw::n(y.at(one.observed))) r="3.5" {}
            }
        }
        (text((LEFT + WIDTH) / 2.0, HEIGHT - 4.0, "middle", "years ahead"))
    };
    Drawing {
        class: "",
        width: WIDTH,
        height: HEIGHT,
        ink,
    }
}

fn table(stock: &[&Hindcast], is_withheld: impl Fn(&Hindcast) -> bool) -> Table {
    let heads = [
        "Known up to",
        "Forecast for",
        "Years ahead",
        "Counted",
        "Middle future",
        "8 in 10",
        "9 in 10",
        "Inside",
    ];
    let caption = "Children in care: forecasts from past dates and what happened";
    let mut table = Table::new("table-backtest", caption, &heads, 2);
    let children = |value: f64| words::exact(Unit::Children, value.round());
    for one in stock {
        let [_, eight, nine] = one.ranges();
        let range = |(low, high): (f64, f64)| format!("{} to {}", children(low), children(high));
        let [_, in_eight, in_nine] = one.inside();
        let inside = match (in_eight, in_nine) {
            (true, _) => "8 in 10",
            (false, true) => "9 in 10",
            (false, false) => "neither",
        };
        let seen = |words: String| {
            if is_withheld(one) {
                WITHHELD.to_owned()
            } else {
                words
            }
        };
        table.rows.push(vec![
            day(one.origin),
            day(one.date),
            years(one.months_ahead()),
            seen(children(one.observed)),
            children(one.percentiles[3]),
            range(eight),
            range(nine),
            seen(inside.to_owned()),
        ]);
    }
    table
}

fn day(date: Date) -> String {
    words::short_day(date)
}

/// A mean with its standard error, where there is one.
fn give_or_take(mean: Mean, scale: f64, digits: usize, unit: &str) -> String {
    let value = format!("{:.digits$}{unit}", mean.mean * scale).replace('-', "\u{2212}");
    match mean.standard_error {
        Some(error) => format!("{value} ± {:.digits$}", error * scale),
        None => value,
    }
}

fn overall(cards: &[Scorecard]) -> Table {
    let heads = [
        "Forecast of",
        "Outcomes",
        "Inside 5 in 10",
        "Inside 8 in 10",
        "Inside 9 in 10",
        "Forecast less outcome, children",
        "CRPS, children (less is better)",
    ];
    let caption = "Over all dates (± one standard error)";
    let mut table = Table::new("table-backtest-overall", caption, &heads, 1);
    for card in cards {
        let percent = |range: usize| give_or_take(card.coverage[range], 100.0, 0, "\u{a0}%");
        table.rows.push(vec![
            heading(&card.metric).to_owned(),
            card.pairs.to_string(),
            percent(0),
            percent(1),
            percent(2),
            give_or_take(card.bias, 1.0, 1, ""),
            give_or_take(card.crps, 1.0, 1, ""),
        ]);
    }
    table
}

fn rules(cards: &[Scorecard]) -> Table {
    let heads = [
        "Forecast of",
        "Simple rule",
        "Outcomes",
        "Its CRPS, children",
        "This model’s",
        "Rule less outcome, children",
    ];
    let caption = "Against simple rules, over the outcomes that each could be applied to";
    let mut table = Table::new("table-backtest-rules", caption, &heads, 2);
    for card in cards {
        for rule in &card.baselines {
            let number = |value: f64| format!("{value:.1}").replace('-', "\u{2212}");
            table.rows.push(vec![
                heading(&card.metric).to_owned(),
                rule.rule.to_owned(),
                rule.pairs.to_string(),
                number(rule.crps),
                number(rule.crps_of_model),
                number(rule.bias),
            ]);
        }
    }
    table
}

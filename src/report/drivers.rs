//! What drives the uncertainty: a tornado of the quantities that move the
//! answer most.

use super::assumptions::Effect as Logged;
use super::draw::{self, LINE, Scale, TEXT, bar, line, lines, text};
use super::figure::{Drawing, Figure, Table};
use super::ranges;
use super::words::{self, plain};
use crate::sensitivity::{Effect, GivenMean, Sensitivity};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Quantities drawn at most.
const MOST: usize = 7;

/// The chart; none where no quantity has an effect that can be told from
/// chance.
pub(super) fn figure(found: &Sensitivity) -> Option<Figure> {
    let clear: Vec<&Effect> = found
        .parameters
        .iter()
        .filter(|effect| effect.is_clear)
        .collect();
    let first = clear.first()?;
    let known = percent(
        found.parameter_share.share,
        found.parameter_share.standard_error,
    );
    let each: Vec<String> = clear
        .iter()
        .take(MOST)
        .map(|effect| format!("{} {}", plain(&effect.parameter), ends(found, effect)))
        .collect();
    Some(Figure {
        id: "drivers",
        title: format!(
            "{} of the spread comes from what is uncertain, most of all from {}; the rest is chance",
            words::capital(&known),
            plain(&first.parameter)
        ),
        alternative: format!(
            "Mean of {} where one quantity is near the 10th and where it is near the 90th percentile of its draws: {}.",
            found.figure.words(),
            words::list(&each)
        ),
        drawings: vec![drawing(found, &clear)],
        note: format!(
            "Mean of {} with one quantity low (hollow) or high (solid) in its range, all else as it falls. “*”: not one way all along. Chance holds what quantities do only together.{}",
            found.figure.words(),
            scarcity(found)
        ),
        table: table(found),
    })
}

/// What is to be said of queues, full beds and limits, where there are any.
fn scarcity(found: &Sensitivity) -> &'static str {
    match found.parts {
        Some(_) => "",
        None => {
            " Both work in part through what is scarce, such as beds: `lacsim sensitivity RUN --capacity` tells how much."
        }
    }
}

/// The mean where a quantity is low and where it is high: "282 to 353".
fn ends(found: &Sensitivity, effect: &Effect) -> String {
    let error = effect.low.standard_error.max(effect.high.standard_error);
    let amount = |end: GivenMean| words::amount(found.figure.unit, end.outcome, error);
    format!("{} to {}", amount(effect.low), amount(effect.high))
}

/// A share in words, as exact as its error.
fn percent(share: f64, error: f64) -> String {
    let step = draw::round_step(error).max(0.01);
    let rounded = (share / step).round() * step;
    if rounded < step / 2.0 {
        format!("less than {:.0} in 100", 100.0 * step)
    } else if rounded > 1.0 - step / 2.0 {
        "nearly all".to_owned()
    } else {
        format!("about {:.0} in 100", 100.0 * rounded)
    }
}

fn drawing(found: &Sensitivity, clear: &[&Effect]) -> Drawing {
    const WIDTH: f64 = 420.0;
    const LABEL: f64 = 172.0;
    let shown = &clear[..clear.len().min(MOST)];
    let means = shown
        .iter()
        .flat_map(|effect| [effect.low.outcome, effect.high.outcome]);
    let (low, high) = means.fold((found.mean, found.mean), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let unit = |step: f64| words::tick(found.figure.unit, step);
    let (left, right) = (LABEL + 20.0, WIDTH - 20.0);
    let steps = ranges::spaced_ticks((low, high), right - left, &unit);
    let x = Scale::new((steps[0], steps[steps.len() - 1]), (left, right));
    let mut y = 4.0;
    let mut ink: Vec<Markup> = Vec::new();
    for effect in shown {
        let star = if effect.is_monotone { "" } else { " *" };
        let label = draw::wrap(
            &format!("{}{star}", plain(&effect.parameter)),
            LABEL,
            TEXT,
            2,
        );
        let height = label.len() as f64 * LINE + 9.0;
        let middle = y + height / 2.0;
        ink.push(lines(LABEL, middle, "label end", &label));
        for (end, class) in [(effect.low, "low-end"), (effect.high, "high-end")] {
            ink.push(half(x, found.mean, end, class, middle));
        }
        y += height;
    }
    let ink = html! {
        @for &step in &steps {
            (line("grid", (x.at(step), 4.0), (x.at(step), y)))
            (text(x.at(step), y + 16.0, "middle", &unit(step)))
        }
        @for one in &ink { (one) }
        (line("axis", (x.at(found.mean), 2.0), (x.at(found.mean), y)))
    };
    Drawing {
        class: "",
        width: WIDTH,
        height: y + 22.0,
        ink,
    }
}

fn half(x: Scale, mean: f64, end: GivenMean, class: &str, y: f64) -> Markup {
    bar(class, (x.at(mean), y - 8.0), (x.at(end.outcome), y + 8.0))
}

fn table(found: &Sensitivity) -> Table {
    let caption = format!(
        "What drives {} in “{}”",
        found.figure.words(),
        found.scenario
    );
    let heads = [
        "Quantity",
        "Part of the spread",
        "Mean with it low to high",
        "Told from chance",
    ];
    let mut table = Table::new("table-drivers", caption, &heads, 1);
    for effect in &found.parameters {
        table.rows.push(vec![
            effect.parameter.clone(),
            percent(
                effect.contribution.share,
                effect.contribution.standard_error,
            ),
            ends(found, effect),
            if effect.is_clear { "yes" } else { "no" }.to_owned(),
        ]);
    }
    let error = found.parameter_share.standard_error;
    table.rows.push(vec![
        "chance, and quantities together".to_owned(),
        percent(found.chance_share, error),
        String::new(),
        String::new(),
    ]);
    table
}

/// Effects for the log of assumptions, by the name of the quantity.
pub(super) fn effects(found: &Sensitivity) -> BTreeMap<String, Logged> {
    let unit = found.figure.unit;
    let logged = found.parameters.iter().map(|effect| {
        let change = effect.high.outcome - effect.low.outcome;
        let error = effect.low.standard_error.hypot(effect.high.standard_error);
        let size = words::amount(unit, change.abs(), error);
        let words = match (effect.is_clear, size.as_str()) {
            (false, _) | (true, "0" | "£0") => "none that can be told from chance".to_owned(),
            (true, size) if change > 0.0 => format!("+{size} from low to high"),
            (true, size) => format!("\u{2212}{size} from low to high"),
        };
        let share = if effect.is_clear {
            effect.contribution.share
        } else {
            -1.0
        };
        (effect.parameter.clone(), Logged { words, size: share })
    });
    logged.collect()
}

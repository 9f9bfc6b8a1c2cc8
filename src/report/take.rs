//! What it would take: how far each lever brings the likelihood of a target,
//! from the answer that the run keeps.

use super::draw::{self, LINE, Scale, TEXT, bar, line, lines, text};
use super::figure::{Drawing, Figure, Table};
use super::words::{self, plain};
use crate::config::levers::{Amount, Kind};
use crate::forecast::likelihood_words;
use crate::solve::answer::{Alone, Answer, Reach};
use crate::solve::text::{between, margin, needed, share_of_way};
use crate::summary::grouped;
use maud::{Markup, html};

/// The section, worked out.
pub(super) struct Take {
    /// The question, with the likelihood as it is.
    pub question: String,
    /// How far each lever goes; none where the target is likely enough.
    pub figure: Option<Figure>,
    /// Each lever by itself.
    pub alone: Table,
    /// How far all that help have to go together, and what each is then.
    pub together: Option<(String, Table)>,
    /// How it was found.
    pub note: String,
}

impl Take {
    /// The section of an answer.
    pub fn of(answer: &Answer) -> Self {
        let alone = alone(answer);
        let drawn = !answer.is_met() && !answer.one_at_a_time.is_empty();
        Self {
            question: question(answer),
            figure: drawn.then(|| figure(answer, &alone)),
            together: answer
                .together
                .as_ref()
                .map(|mix| (share_of_way(answer, mix), together(answer))),
            alone,
            note: format!(
                "Found with {} futures, the same ones for every value tried (seed {}). “95 in 100 between” is the Monte Carlo error of so many futures alone; it says nothing of what the scenario does not know.",
                grouped(f64::from(answer.replicates)),
                answer.seed
            ),
        }
    }
}

fn question(answer: &Answer) -> String {
    let now = answer.futures(answer.likelihood_now);
    let now = likelihood_words(now, answer.replicates);
    let lead = if answer.is_met() {
        "That is enough. How far may each lever go before it is not?"
    } else {
        "What would it take?"
    };
    format!(
        "“{}” ({}) is to be at least {} in 100 likely in “{}”. Now: {now}. {lead}",
        answer.target,
        answer.must_hold,
        answer.wanted_in_100(),
        answer.scenario
    )
}

/// A lever's value as a committee reads it.
fn value(kind: Kind, amount: Amount) -> String {
    match (kind, amount) {
        (_, Amount::Day(date)) => words::short_day(date),
        (Kind::Probability, Amount::Number(share)) => {
            format!("{}\u{a0}%", (share * 1e3).round() / 10.0)
        }
        (Kind::Pounds, Amount::Number(pounds)) => format!("£{}", grouped(pounds.round())),
        (_, Amount::Number(number)) => words::digits(number),
    }
}

/// What is needed of a lever by itself; how likely the target is then, a column
/// of its own says.
fn needed_of(answer: &Answer, one: &Alone) -> String {
    let write = |amount| value(one.kind, amount);
    let best = &one.found.best;
    match one.found.answer {
        Reach::NotReachable => format!(
            "not reachable: {} on average at best, at {}",
            margin(&answer.metric, best.margin),
            write(best.value)
        ),
        _ => needed(answer, &one.found, one.range, write),
    }
}

fn reaches(one: &Alone) -> bool {
    matches!(
        one.found.answer,
        Reach::AtLeast | Reach::AtMost | Reach::Everywhere
    )
}

fn figure(answer: &Answer, table: &Table) -> Figure {
    let each: Vec<String> = answer
        .one_at_a_time
        .iter()
        .map(|one| {
            let best = answer.futures(one.found.best.likelihood);
            format!(
                "{}: {} at best",
                plain(&one.lever),
                words::odds(&likelihood_words(best, answer.replicates))
            )
        })
        .collect();
    Figure {
        id: "take",
        title: title(answer),
        alternative: format!(
            "Likelihood of “{}” as each lever is moved by itself from its present value to the best one tried, against {} in 100: {}.",
            answer.target,
            answer.wanted_in_100(),
            each.join("; ")
        ),
        drawings: vec![drawing(answer)],
        note: "Each bar runs from the likelihood as it is to the best that one lever reaches by itself; dotted: the likelihood asked for.".to_owned(),
        table: table.clone(),
    }
}

fn title(answer: &Answer) -> String {
    let goal = answer.wanted_in_100();
    let levers = &answer.one_at_a_time;
    let able: Vec<String> = levers
        .iter()
        .filter(|one| reaches(one))
        .map(|one| format!("{} ({})", plain(&one.lever), needed_of(answer, one)))
        .collect();
    let is_mix_able = |answer: &Answer| {
        let mix = answer.together.as_ref();
        mix.is_some_and(|mix| mix.found.answer == Reach::AtLeast)
    };
    match able.as_slice() {
        [] if is_mix_able(answer) => {
            format!("No lever alone makes the target {goal} in 100 likely; together they do")
        }
        [] => format!("No lever tried makes the target {goal} in 100 likely"),
        [one] => format!(
            "{} alone makes the target {goal} in 100 likely",
            words::capital(one)
        ),
        [first, ..] => format!(
            "{} of {} levers can each make the target {goal} in 100 likely, such as {first}",
            able.len(),
            levers.len()
        ),
    }
}

/// What is written under a lever's name.
fn in_short(answer: &Answer, one: &Alone) -> String {
    let best = value(one.kind, one.found.best.value);
    match one.found.answer {
        Reach::NotReachable => format!("not enough, even at {best}"),
        Reach::Everywhere => "any value will do".to_owned(),
        Reach::NoEffect | Reach::AtLeast | Reach::AtMost => {
            let words = needed_of(answer, one);
            words.split(" (").next().unwrap_or_default().to_owned()
        }
    }
}

fn drawing(answer: &Answer) -> Drawing {
    const WIDTH: f64 = 420.0;
    const LABEL: f64 = 196.0;
    let x = Scale::new((0.0, 100.0), (LABEL + 12.0, WIDTH - 14.0));
    let mut y = LINE + 6.0;
    let top = y;
    let mut ink: Vec<Markup> = Vec::new();
    for one in &answer.one_at_a_time {
        let name = draw::wrap(&plain(&one.lever), LABEL / draw::BOLD, TEXT, 2);
        let what = draw::wrap(&in_short(answer, one), LABEL, TEXT, 2);
        let height = (name.len() + what.len()) as f64 * LINE + 9.0;
        let middle = y + height / 2.0;
        let of_name = name.len() as f64 * LINE;
        ink.push(lines(
            LABEL,
            y + 4.0 + of_name / 2.0,
            "label end strong",
            &name,
        ));
        let below = height - 4.0 - of_name;
        ink.push(lines(LABEL, y + of_name + below / 2.0, "label end", &what));
        let class = if reaches(one) { "gain" } else { "low-end" };
        let [now, best] = [answer.likelihood_now, one.found.best.likelihood];
        ink.push(bar(
            class,
            (x.at(100.0 * now), middle - 8.0),
            (x.at(100.0 * best), middle + 8.0),
        ));
        y += height;
    }
    let goal = x.at(answer.wanted_in_100());
    let words = format!("{} in 100", answer.wanted_in_100());
    // Kept within the drawing.
    let room = draw::width(&words, TEXT) * draw::BOLD / 2.0;
    let at = goal.clamp(LABEL + room, WIDTH - room - 2.0);
    let ink = html! {
        @for tick in [0.0, 50.0, 100.0] {
            (line("grid", (x.at(tick), top), (x.at(tick), y)))
            (text(x.at(tick), y + 16.0, "middle", &format!("{tick:.0}")))
        }
        @for one in &ink { (one) }
        (line("due", (goal, top - 3.0), (goal, y)))
        (text(at, top - 7.0, "middle strong", &words))
        (text(LABEL, y + 16.0, "end", "futures in 100"))
    };
    Drawing {
        class: "",
        width: WIDTH,
        height: y + 22.0,
        ink,
    }
}

fn alone(answer: &Answer) -> Table {
    let needed_head = if answer.is_met() {
        "May go to"
    } else {
        "Needed"
    };
    let heads = [
        "Lever",
        "Now",
        needed_head,
        "95 in 100 between",
        "Likelihood then",
    ];
    let caption = "One lever at a time, all else as it is";
    let mut table = Table::new("table-take", caption, &heads, heads.len());
    for one in &answer.one_at_a_time {
        let write = |amount| value(one.kind, amount);
        let then = one.found.likelihood.unwrap_or(one.found.best.likelihood);
        table.rows.push(vec![
            plain(&one.lever),
            write(one.now),
            needed_of(answer, one),
            between(&one.found, one.range, write),
            likelihood_words(answer.futures(then), answer.replicates),
        ]);
    }
    table
}

fn together(answer: &Answer) -> Table {
    let heads = ["Lever", "Now", "Together", "All the way"];
    let mut table = Table::new("table-together", "All that help, together", &heads, 1);
    let levers = answer.together.iter().flat_map(|mix| &mix.levers);
    for moved in levers {
        let values = [moved.now, moved.then, moved.all_the_way];
        let [now, then, end] = values.map(|amount| value(moved.kind, amount));
        table.rows.push(vec![plain(&moved.lever), now, then, end]);
    }
    table
}

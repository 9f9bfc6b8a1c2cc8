//! `trace`: one simulated child's life as a story, played again from the seed.

use crate::engine::listen;
use crate::engine::record::{Event, Note};
use crate::luck::{Key, Seed};
use crate::run::{Plan, RunError};
use crate::story::{Teller, Told, name_of};
use comfy_table::{Table, presets};
use std::fmt::Write;

/// Which life is told.
#[derive(Debug, Clone)]
pub struct TraceOptions {
    /// Replicate.
    pub replicate: u32,
    /// Child, by its name; a list of children if not given.
    pub child: Option<String>,
    /// Scenario index.
    pub scenario: usize,
    /// Scenario to tell beside it.
    pub against: Option<usize>,
    /// Seed, if not the file's.
    pub seed: Option<u64>,
}

/// Children listed where none is asked for.
const LISTED: usize = 25;

/// The story.
///
/// # Errors
/// [`RunError::Mistake`] where no such child is in the replicate.
pub fn text(plan: &Plan, options: &TraceOptions) -> Result<String, RunError> {
    let Some(child) = &options.child else {
        return Ok(list(plan, options));
    };
    if is_family(plan, child) {
        return Err(RunError::Mistake(format!(
            "error: \"{child}\" is a family, not a child\nhint: its children are {child}-c1, {child}-c2 and so on\n"
        )));
    }
    let first = Life::find(plan, options, options.scenario, child);
    let second = options
        .against
        .map(|scenario| Life::find(plan, options, scenario, child));
    if first.told.is_empty() && second.as_ref().is_none_or(|life| life.told.is_empty()) {
        return Err(RunError::Mistake(format!(
            "error: no child \"{child}\" in replicate {} of \"{}\"\nhint: leave out --child to list some\n",
            options.replicate, plan.models[options.scenario].scenario
        )));
    }
    Ok(match second {
        None => alone(&first, child, options.replicate),
        Some(second) => beside(&first, &second, child, options.replicate),
    })
}

/// Whether a name is that of a family, such as `general-y1-l8-f3`.
fn is_family(plan: &Plan, name: &str) -> bool {
    let streams = &plan.config().names.streams;
    streams.iter().any(|stream| {
        name.strip_prefix(&stream.replace(' ', "_"))
            .is_some_and(|rest| rest.contains("-f") && !rest.contains("-c"))
    })
}

/// One life in one scenario.
struct Life<'a> {
    scenario: &'a str,
    told: Vec<(Told, String)>,
}

impl<'a> Life<'a> {
    fn find(plan: &'a Plan, options: &TraceOptions, scenario: usize, child: &str) -> Self {
        let config = &plan.file.scenarios[scenario];
        let teller = Teller::new(config, &plan.models[scenario]);
        let mut notes = notes(plan, options, scenario);
        notes.retain(|note| {
            let name = name_of(config, note.who);
            // What happens to a family happens to each of its children.
            name == child
                || child
                    .strip_prefix(&name)
                    .is_some_and(|rest| rest.starts_with("-c"))
        });
        notes.sort_by(|a, b| a.time.total_cmp(&b.time));
        Self {
            scenario: &plan.models[scenario].scenario,
            told: notes
                .iter()
                .map(|note| (teller.tell(note), Teller::why(note)))
                .collect(),
        }
    }
}

fn notes(plan: &Plan, options: &TraceOptions, scenario: usize) -> Vec<Note> {
    let seed = options.seed.unwrap_or(plan.config().forecast.seed);
    listen(
        &plan.models[scenario],
        &plan.numbers,
        Seed(seed),
        options.replicate,
    )
}

fn alone(life: &Life<'_>, child: &str, replicate: u32) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "Child {child} in future {replicate} of scenario \"{}\"",
        life.scenario
    );
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["date", "event", "detail", "why"]);
    for (told, why) in &life.told {
        table.add_row([
            told.date.format("%-d %b %Y").to_string(),
            told.event.to_owned(),
            told.detail.clone(),
            why.clone(),
        ]);
    }
    let _ = writeln!(text, "{table}");
    text
}

fn beside(first: &Life<'_>, second: &Life<'_>, child: &str, replicate: u32) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "Child {child} in future {replicate}");
    let parts = first
        .told
        .iter()
        .zip(&second.told)
        .position(|(a, b)| a != b)
        .or_else(|| {
            (first.told.len() != second.told.len()).then(|| first.told.len().min(second.told.len()))
        });
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["", first.scenario, second.scenario]);
    for index in 0..first.told.len().max(second.told.len()) {
        let cell = |life: &Life<'_>| {
            life.told.get(index).map_or_else(String::new, |(told, _)| {
                let date = told.date.format("%-d %b %Y");
                format!("{date}  {} {}", told.event, told.detail)
            })
        };
        let mark = if parts == Some(index) {
            "parts here"
        } else {
            ""
        };
        table.add_row([mark.to_owned(), cell(first), cell(second)]);
    }
    let _ = writeln!(text, "{table}");
    match parts {
        None => {
            let _ = writeln!(text, "The two lives are the same.");
        }
        Some(index) => {
            let date = [first, second]
                .iter()
                .filter_map(|life| life.told.get(index))
                .map(|(told, _)| told.date)
                .min();
            if let Some(date) = date {
                let _ = writeln!(text, "The two lives part on {}.", date.format("%-d %B %Y"));
            }
        }
    }
    text
}

/// Some children of a replicate, those with the most to tell first.
fn list(plan: &Plan, options: &TraceOptions) -> String {
    let scenario = options.scenario;
    let config = &plan.file.scenarios[scenario];
    let teller = Teller::new(config, &plan.models[scenario]);
    let mut notes = notes(plan, options, scenario);
    notes.sort_by(|a, b| a.who.cmp(&b.who).then(a.time.total_cmp(&b.time)));
    let lives: Vec<&[Note]> = notes
        .chunk_by(|a, b| a.who == b.who)
        .filter(|life| is_child(life))
        .collect();
    let mut order: Vec<usize> = (0..lives.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(lives[index].len()));
    let mut text = String::new();
    let _ = writeln!(
        text,
        "Future {} of scenario \"{}\" has {} children; the {} with the most to tell:",
        options.replicate,
        plan.models[scenario].scenario,
        lives.len(),
        LISTED.min(lives.len())
    );
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["child", "events", "last event"]);
    for &index in order.iter().take(LISTED) {
        let life = lives[index];
        let last = teller.tell(&life[life.len() - 1]);
        let who: Key = life[0].who;
        table.add_row([
            name_of(config, who),
            life.len().to_string(),
            format!(
                "{} {} {}",
                last.date.format("%-d %b %Y"),
                last.event,
                last.detail
            ),
        ]);
    }
    let _ = writeln!(text, "{table}");
    text
}

fn is_child(life: &[Note]) -> bool {
    life.iter().any(|note| {
        matches!(
            note.event,
            Event::HereToday { .. } | Event::Entered { .. } | Event::Transferred
        )
    })
}

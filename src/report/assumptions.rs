//! The assumptions log (AQuA Book): every uncertain quantity with its value,
//! where it comes from, how far it may be relied on, and what it does to the
//! answer.

use super::figure::Table;
use super::words;
use crate::audit::is_judgement;
use crate::config::quantity::{Basis, Form};
use crate::config::{Assumption, Config};
use crate::output::manifest::ParameterSummary;
use std::collections::BTreeMap;

/// How far a quantity may be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reliability {
    /// From counts that the scenario gives.
    Counted,
    /// From a source that it names.
    Published,
    /// Somebody's judgement, at least in part.
    Judged,
    /// From nowhere that it says.
    Unsourced,
}

impl Reliability {
    /// The grade of a quantity.
    pub fn of(assumption: &Assumption) -> Self {
        match (assumption.quantity.basis, &assumption.source) {
            (Basis::Evidence, Some(_)) => Self::Counted,
            (_, None) => Self::Unsourced,
            _ if says_judgement(assumption) => Self::Judged,
            _ => Self::Published,
        }
    }

    /// Letter and word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Counted => "A:\u{a0}counted",
            Self::Published => "B:\u{a0}published",
            Self::Judged => "C:\u{a0}judged",
            Self::Unsourced => "D:\u{a0}no source",
        }
    }
}

fn says_judgement(assumption: &Assumption) -> bool {
    is_judgement(assumption)
        || assumption
            .source
            .as_ref()
            .is_some_and(|source| source.to_lowercase().contains("illustrative"))
}

/// Sources in the order in which they are first named.
#[derive(Debug, Default)]
pub(super) struct Sources(Vec<String>);

impl Sources {
    /// What stands for a source in a table: "S1".
    pub fn label(index: usize) -> String {
        format!("S{}", index + 1)
    }

    /// All of them.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    fn cite(&mut self, source: Option<&str>) -> String {
        let Some(source) = source else {
            return "none".to_owned();
        };
        let known = self.0.iter().position(|one| one == source);
        Self::label(known.unwrap_or_else(|| {
            self.0.push(source.to_owned());
            self.0.len() - 1
        }))
    }
}

/// What a quantity does to the answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Effect {
    /// In words, for the log.
    pub words: String,
    /// Size, for the order of the log.
    pub size: f64,
}

/// The log of uncertain quantities, those that matter most first where their
/// effects are known, else by name.
pub(super) fn log(
    config: &Config,
    drawn: &[ParameterSummary],
    effects: &BTreeMap<String, Effect>,
    sources: &mut Sources,
) -> Table {
    let heads = [
        "Assumption",
        "Middle",
        "8 in 10 draws",
        "Effect on the answer",
        "Owner",
        "Reliability",
        "Source",
    ];
    let mut table = Table::new("table-assumptions", "Uncertain quantities", &heads, 7);
    let mut rows: Vec<(&ParameterSummary, f64)> = drawn
        .iter()
        .map(|summary| {
            (
                summary,
                effects
                    .get(&summary.name)
                    .map_or(f64::NEG_INFINITY, |effect| effect.size),
            )
        })
        .collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.name.cmp(&b.0.name)));
    // What was looked for and not found is a quantity of another scenario.
    let none = if effects.is_empty() {
        "not known"
    } else {
        "not in this scenario"
    };
    for (summary, _) in rows {
        let path = summary.name.split(" (otherwise").next().unwrap_or_default();
        let known = config
            .assumptions
            .iter()
            .find(|one| one.quantity.path == path);
        let grade = known.map_or(Reliability::Unsourced, Reliability::of);
        table.rows.push(vec![
            summary.name.clone(),
            words::digits(summary.p50),
            format!(
                "{} to {}",
                words::digits(summary.p10),
                words::digits(summary.p90)
            ),
            effects
                .get(&summary.name)
                .map_or_else(|| none.to_owned(), |effect| effect.words.clone()),
            owner(known.and_then(|one| one.owner.as_deref())),
            grade.word().to_owned(),
            sources.cite(summary.source.as_deref()),
        ]);
    }
    if !has_owners(config) {
        table.leave_out("Owner");
    }
    table
}

/// Whether anybody answers for any number of the scenario.
pub(super) fn has_owners(config: &Config) -> bool {
    config.assumptions.iter().any(|one| one.owner.is_some())
}

fn owner(name: Option<&str>) -> String {
    name.unwrap_or("nobody named").to_owned()
}

/// Plain numbers that are taken as known, counted by what they belong to.
pub(super) fn known(config: &Config, sources: &mut Sources) -> Table {
    let heads = [
        "Part of the model",
        "Plain numbers",
        "Owner",
        "Reliability",
        "Source",
    ];
    let mut table = Table::new("table-known", "Numbers taken as known", &heads, 5);
    type Group<'a> = (String, Option<&'a str>, Option<&'a str>);
    let mut groups: BTreeMap<Group, (usize, Reliability)> = BTreeMap::new();
    for assumption in &config.assumptions {
        // What the scenario leaves out counts as 0 and is no assumption.
        if matches!(assumption.quantity.form, Form::Uncertain(_))
            || assumption.quantity.form == Form::Known(0.0)
        {
            continue;
        }
        let key = (
            part(&assumption.quantity.path),
            assumption.owner.as_deref(),
            assumption.source.as_deref(),
        );
        let grade = Reliability::of(assumption);
        let group = groups.entry(key).or_insert((0, grade));
        group.0 += 1;
        group.1 = group.1.max(grade);
    }
    for ((part, name, source), (count, grade)) in groups {
        table.rows.push(vec![
            part,
            count.to_string(),
            owner(name),
            grade.word().to_owned(),
            sources.cite(source),
        ]);
    }
    if !has_owners(config) {
        table.leave_out("Owner");
    }
    table
}

/// The table of an address and the name within it.
fn part(path: &str) -> String {
    let end = path
        .match_indices('.')
        .nth(1)
        .map_or(path.len(), |(at, _)| at);
    path[..end].to_owned()
}

/// How many quantities have each grade, in words.
pub(super) fn grades(config: &Config) -> String {
    let uncertain = config
        .assumptions
        .iter()
        .filter(|one| matches!(one.quantity.form, Form::Uncertain(_)));
    let grades: Vec<Reliability> = uncertain.map(Reliability::of).collect();
    let grounds = [
        (Reliability::Counted, "counts"),
        (Reliability::Published, "published figures"),
        (Reliability::Judged, "judgement"),
        (Reliability::Unsourced, "nothing that is named"),
    ];
    let counts = grounds.map(|(grade, ground)| {
        let count = grades.iter().filter(|&&one| one == grade).count();
        (count > 0).then(|| format!("{count} on {ground}"))
    });
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    if grades.is_empty() {
        "no quantity is uncertain, so that the ranges show chance alone and are too narrow"
            .to_owned()
    } else {
        let counts = words::list(&counts).replacen(" on ", " rest on ", 1);
        format!("of {} uncertain quantities, {counts}", grades.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_cut_to_its_table_and_name() {
        assert_eq!(
            part("exit.return home.rates_per_year.0"),
            "exit.return home"
        );
        assert_eq!(part("panel.defer"), "panel.defer");
    }
}

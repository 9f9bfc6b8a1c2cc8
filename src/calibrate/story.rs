//! A fit told to a person: what was found, and what is too thin to estimate.

use super::adoption::{FEWEST_ORDERS, Stage};
use super::arrivals::{Arrivals, Rate, seasons};
use super::moves::Change;
use super::{Fit, Observed};
use crate::ssda903::codes::ExitKind;
use std::fmt::Write;

/// Fewer exits of a cause than this lean on England's rates.
const THIN_EXITS: f64 = 20.0;

/// Fewer returns than this lean on the prior.
const THIN_RETURNS: usize = 10;

/// Fewer children than this in a stage of adoption lean on the prior.
const THIN_STAGES: usize = 10;

/// Fewer years than this tell little of drift.
const THIN_YEARS: usize = 4;

/// What was found, then what is thin.
pub fn text(fit: &Fit) -> String {
    let mut text = format!(
        "{}: what was known on {} of the time since {}.\n",
        fit.name,
        fit.as_at.format("%-d %B %Y"),
        fit.since.format("%-d %B %Y")
    );
    let mut say = |line: String| {
        let _ = writeln!(text, "  {line}");
    };
    say(stock(fit));
    say(format!("Families who came: {}.", came(&fit.general)));
    if fit.asylum.children > 0 {
        say(format!(
            "Unaccompanied asylum seekers who came: {}.",
            came(&fit.asylum)
        ));
    }
    say(siblings(fit));
    say(exits(fit));
    for reentry in &fit.reentries {
        say(format!(
            "After {}: {} of {} came back so far; about {:.0} in 100 ever will ({}).",
            reentry.group.words(),
            reentry.returns,
            reentry.exits,
            100.0 * reentry.probability.0,
            range(reentry.probability, 100.0)
        ));
    }
    if let Some(line) = adoption(fit) {
        say(line);
    }
    let thin = thin(fit);
    if !thin.is_empty() {
        text.push_str("Too thin to estimate, or not told by the return:\n");
        for line in thin {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

fn stock(fit: &Fit) -> String {
    let first = fit.history.first();
    let before = first.map_or(String::new(), |row: &Observed| {
        format!("; {} on {}", row.population, row.date.format("%-d %B %Y"))
    });
    format!(
        "In care on the date: {} children{before}.",
        fit.cohort.children.len()
    )
}

fn came(arrivals: &Arrivals) -> String {
    let years: f64 = arrivals
        .families_by_year
        .iter()
        .map(|(_, years)| years)
        .sum();
    let families: f64 = arrivals
        .families_by_year
        .iter()
        .map(|(count, _)| count)
        .sum();
    let ahead = match arrivals.rate {
        Rate::Drifting(ahead) => format!(
            "; {:.0} a year expected ahead, wandering by {:.0} % a year",
            ahead.mean,
            100.0 * ahead.yearly_sd
        ),
        Rate::Plain(_) => String::new(),
    };
    let season = if seasons(arrivals).is_some() {
        "; by seasons"
    } else {
        ""
    };
    format!(
        "{families} with {} children in {years:.1} years{ahead}{season}",
        arrivals.children
    )
}

fn siblings(fit: &Fit) -> String {
    if !fit.tells_siblings {
        return "Sibling groups: not told.".to_owned();
    }
    let groups = &fit.general.siblings;
    let all: f64 = groups.iter().sum();
    format!(
        "Sibling groups: {:.0} in 100 families bring more than one child.",
        100.0 * (all - groups[0]) / all.max(1.0)
    )
}

fn exits(fit: &Fit) -> String {
    let causes: Vec<String> = fit
        .exits
        .causes
        .iter()
        .map(|cause| {
            let apart = match cause.kind {
                ExitKind::Adoption if fit.adoption.is_some() => " outside a plan",
                _ => "",
            };
            format!("{}{apart} {}", cause.kind.words(), cause.events())
        })
        .collect();
    format!(
        "Exits before 18: {}. In the years ahead {:.2} times the rate of the years seen.",
        causes.join(", "),
        fit.exits.ahead.mean
    )
}

/// A spread in words: about two standard deviations each way.
fn range((mean, sd): (f64, f64), unit: f64) -> String {
    let low = (mean - 2.0 * sd).max(0.0) * unit;
    let high = (mean + 2.0 * sd) * unit;
    format!("{low:.0} to {high:.0}")
}

fn adoption(fit: &Fit) -> Option<String> {
    let adoption = fit.adoption.as_ref()?;
    let (matching, adopting) = (&adoption.matching, &adoption.adopting);
    let orders: f64 = adoption.orders.iter().map(|cell| cell.events).sum();
    let (matched, adopted) = (matching.probability().0, adopting.probability().0);
    Some(format!(
        "Placement orders of children under ten: {orders}. From order to match {:.0} days, to the placement {:.0} more, to the adoption order {:.0} more, on average; {} placed ({} not yet), {} of them adopted ({} not yet); about {:.0} in 100 plans end in an adoption.",
        matching.time.days(),
        adoption.moving.days(),
        adopting.time.days(),
        matching.passed,
        matching.waiting,
        adopting.passed,
        adopting.waiting,
        100.0 * matched * adopted
    ))
}

fn thin(fit: &Fit) -> Vec<String> {
    let mut thin = Vec::new();
    let years = fit.general.families_by_year.len();
    if years < THIN_YEARS {
        thin.push(format!(
            "Drift from year to year: only {years} years; mostly that of England's councils."
        ));
    }
    if !fit.tells_siblings {
        thin.push("Sibling groups: few first entries carry a mother's code or a home; a default (mean 1.4) stands in.".to_owned());
    }
    for cause in &fit.exits.causes {
        if cause.events() < THIN_EXITS {
            thin.push(format!(
                "Exits by {}: {} seen; mostly England's rates.",
                cause.kind.words(),
                cause.events()
            ));
        }
    }
    for reentry in &fit.reentries {
        if reentry.returns < THIN_RETURNS {
            thin.push(format!(
                "Returns after {}: {} seen; mostly the prior.",
                reentry.group.words(),
                reentry.returns
            ));
        }
    }
    if fit.asylum.children > 0 && matches!(fit.asylum.rate, Rate::Plain(_)) {
        thin.push("Unaccompanied asylum seekers: too few to see them drift; they drift with all admissions.".to_owned());
    }
    left_out(&mut thin, "moves between placements", fit.moves_written().1);
    left_out(
        &mut thin,
        "changes of legal status",
        fit.status_changes_written().1,
    );
    thin_adoption(fit, &mut thin);
    if fit.ageless > 0 {
        thin.push(format!(
            "{} children without a date of birth: left out of every rate; {} of them are in care and took the month of birth of the child nearest to them.",
            fit.ageless, fit.cohort.borrowed_births
        ));
    }
    if fit.cohort.adults > 0 {
        thin.push(format!(
            "{} in care at 18 or over: left out.",
            fit.cohort.adults
        ));
    }
    thin.push("Prices: a return has none; wide defaults stand in.".to_owned());
    thin
}

fn thin_adoption(fit: &Fit, thin: &mut Vec<String>) {
    let Some(adoption) = &fit.adoption else {
        thin.push(format!(
            "Adoption from a placement order on: fewer than {FEWEST_ORDERS} orders; adoption is a rate by age and time in care."
        ));
        return;
    };
    let resolved = |stage: &Stage| stage.passed + stage.failed;
    for (what, seen) in [
        (
            "from placement order to match",
            resolved(&adoption.matching),
        ),
        ("from match to placement (file AD1)", adoption.matches),
        (
            "from placement to adoption order",
            resolved(&adoption.adopting),
        ),
    ] {
        if seen < THIN_STAGES {
            thin.push(format!("Days {what}: {seen} seen; mostly England's."));
        }
    }
    if adoption.older > 0 {
        thin.push(format!(
            "Placement orders of children of ten and over: {} seen; left out.",
            adoption.older
        ));
    }
}

fn left_out<K>(thin: &mut Vec<String>, what: &str, changes: &[Change<K>]) {
    let events: f64 = changes.iter().map(|change| change.events).sum();
    if events > 0.0 {
        thin.push(format!(
            "The {} rarest kinds of {what} ({events} in all): a child can have so many clocks.",
            changes.len()
        ));
    }
}

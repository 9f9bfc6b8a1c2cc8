//! What `check` says of a scenario that has no mistakes: the paper's own
//! arithmetic, warnings, and the scenario told back in words.

use crate::config::cohort::Cohort;
use crate::config::paper::balances;
use crate::config::pathways::Pathway;
use crate::config::quantity::{Basis, Form};
use crate::config::workstreams::{Manner, Workstream};
use crate::config::{Assumption, Config, ScenarioFile};
use crate::run::Plan;
use crate::summary::grouped;
use crate::units::date_after;
use std::fmt::Write;

/// Everything `check` has to say.
pub fn text(plan: &Plan) -> String {
    let mut text = String::new();
    let config = plan.config();
    told_back(&mut text, plan);
    arithmetic(&mut text, config);
    pathways_in_time(&mut text, &plan.file.scenarios[plan.main_scenario()]);
    judgement(&mut text, &plan.file.scenarios[plan.main_scenario()]);
    sources(&mut text, &plan.file);
    text
}

fn told_back(text: &mut String, plan: &Plan) {
    let config = plan.config();
    let forecast = &config.forecast;
    let _ = writeln!(text, "{}", forecast.name);
    let _ = writeln!(
        text,
        "From {} to {}, {} futures of {} scenario(s), seed {}.",
        forecast.start.format("%-d %B %Y"),
        forecast.end.format("%-d %B %Y"),
        grouped(f64::from(forecast.replicates)),
        plan.models.len(),
        forecast.seed
    );
    match &config.cohort {
        Some(Cohort::Margins(cohort)) => {
            let _ = writeln!(
                text,
                "{} children are in care at the start.",
                cohort.children
            );
        }
        Some(Cohort::File { file, .. }) => {
            let children = plan
                .cohort
                .as_ref()
                .map_or(0, |cohort| cohort.children.len());
            let _ = writeln!(
                text,
                "{children} children are in care at the start, from {file}."
            );
        }
        None => {}
    }
    referrals(text, config);
    // The comparison often leaves pathways out; the plan itself has them.
    for pathway in &plan.file.scenarios[plan.main_scenario()].pathways {
        let _ = writeln!(text, "{}", pathway_in_words(pathway));
    }
    for workstream in &config.workstreams {
        let _ = writeln!(text, "{}", workstream_in_words(workstream));
    }
    for scenario in &plan.file.scenarios {
        let describes = scenario
            .describes
            .as_ref()
            .map_or_else(String::new, |words| format!(": {words}"));
        let _ = writeln!(text, "Scenario \"{}\"{describes}", scenario.scenario);
    }
    text.push('\n');
}

fn referrals(text: &mut String, config: &Config) {
    for stream in &config.referrals {
        let families = stream.families_per_year.central();
        let weights: Vec<f64> = stream
            .siblings
            .iter()
            .map(|share| share.central())
            .collect();
        let total: f64 = weights.iter().sum();
        let siblings: f64 = weights
            .iter()
            .zip(1..)
            .map(|(weight, size)| weight / total * f64::from(size))
            .sum();
        let _ = write!(
            text,
            "Stream \"{}\": about {families:.0} families a year, {siblings:.2} children each",
            stream.name
        );
        let bypass = stream.bypass_panel.central();
        let admitted = match &config.panel {
            Some(panel) => {
                // A deferred family is heard again; a diverted one may return.
                let heard = (1.0 - panel.defer.central()).max(1e-9);
                let once = panel.admit.central() / heard;
                let back = panel
                    .diverted_return
                    .as_ref()
                    .map_or(0.0, |(probability, _)| probability.central());
                let ever = once / (1.0 - (1.0 - once) * back).max(1e-9);
                bypass + (1.0 - bypass) * ever.min(1.0)
            }
            None => 1.0,
        };
        let _ = writeln!(
            text,
            "; about {:.0} children a year enter care.",
            families * siblings * admitted
        );
    }
}

fn workstream_in_words(workstream: &Workstream) -> String {
    let status = workstream
        .status
        .map_or_else(String::new, |status| format!("{}, ", status.word()));
    let ramp = match workstream.ramp_weeks {
        0.0 => String::new(),
        weeks => format!(" over {weeks} weeks"),
    };
    let delay = workstream
        .slippage
        .as_ref()
        .map_or_else(String::new, |time| {
            format!(", late by {:.0} weeks on average", time.mean_days() / 7.0)
        });
    let changes: Vec<String> = workstream
        .changes
        .iter()
        .map(|change| {
            let amount = change.amount.central();
            match change.manner {
                Manner::Multiply => format!("{} times {amount:.3}", change.path),
                Manner::Add => format!("{} plus {amount:.3}", change.path),
                Manner::Set => format!("{} to {amount:.3}", change.path),
            }
        })
        .collect();
    format!(
        "Workstream \"{}\" ({status}delivered in about {:.0} of 100 futures), from {}{ramp}{delay}: {}.",
        workstream.name,
        100.0 * workstream.delivery.central(),
        workstream.from.format("%-d %B %Y"),
        changes.join("; ")
    )
}

fn pathway_in_words(pathway: &Pathway) -> String {
    let weeks: f64 = pathway
        .stages
        .iter()
        .map(|stage| stage.duration.mean_days() / 7.0)
        .sum();
    let success = pathway.success.as_ref().map_or_else(
        || {
            pathway
                .stages
                .iter()
                .map(|stage| stage.pass.central())
                .product()
        },
        |success| success.central(),
    );
    format!(
        "Pathway \"{}\": {} identified children, {} stages, {weeks:.0} weeks on average without waiting, about {:.0} in 100 succeed if they stay in care.",
        pathway.name,
        pathway.cases,
        pathway.stages.len(),
        100.0 * success
    )
}

/// The published table worked out again.
fn arithmetic(text: &mut String, config: &Config) {
    let paper = &config.paper;
    if paper.history.is_empty() && paper.claims.is_empty() {
        return;
    }
    let _ = writeln!(text, "The paper's arithmetic:");
    for balance in balances(&paper.history) {
        let _ = writeln!(
            text,
            "  {} {} + {} - {} = {}; the paper has {} at {}{}",
            mark(balance.holds()),
            balance.before,
            balance.admissions,
            balance.exits,
            balance.worked(),
            balance.population,
            balance.date.format("%-d %B %Y"),
            difference(balance.population - balance.worked())
        );
    }
    for claim in &paper.claims {
        let note = claim
            .note
            .as_ref()
            .map_or_else(String::new, |note| format!(" - {note}"));
        let _ = writeln!(
            text,
            "  {} {}: {} = {}; the paper has {}{}{}{note}",
            mark(claim.holds()),
            claim.says,
            claim.working,
            shown(claim.result),
            claim.printed.words(),
            claim.published,
            difference(claim.published - claim.result)
        );
    }
    text.push('\n');
}

fn difference(amount: f64) -> String {
    if amount.abs() < 1e-6 {
        String::new()
    } else {
        let sign = if amount > 0.0 { "+" } else { "" };
        format!(" ({sign}{})", shown(amount))
    }
}

/// A worked figure with four digits after the point at most.
fn shown(figure: f64) -> f64 {
    (figure * 1e4).round() / 1e4
}

fn mark(holds: bool) -> &'static str {
    if holds {
        "adds up:"
    } else {
        "does NOT add up:"
    }
}

/// Pathways whose mean length does not fit before a target's date.
fn pathways_in_time(text: &mut String, config: &Config) {
    let mut lines = Vec::new();
    for pathway in &config.pathways {
        let days: f64 = pathway
            .stages
            .iter()
            .map(|stage| stage.duration.mean_days())
            .sum();
        let done = date_after(pathway.cases_start, days.ceil() as i32);
        let late: Vec<&str> = config
            .targets
            .iter()
            .filter(|target| target.by < done)
            .map(|target| target.name.as_str())
            .collect();
        if !late.is_empty() {
            lines.push(format!(
                "  pathway \"{}\" takes {:.0} weeks on average: a case that starts on {} is not done before {}",
                pathway.name,
                days / 7.0,
                pathway.cases_start.format("%-d %B %Y"),
                quoted_list(&late)
            ));
        }
        let last = config.targets.iter().map(|target| target.by).max();
        if let Some(last) = last {
            let start = date_after(last, -(days.ceil() as i32));
            lines.push(format!(
                "  pathway \"{}\": for an end by {}, an average case must start by {}",
                pathway.name,
                last.format("%-d %B %Y"),
                start.format("%-d %B %Y")
            ));
        }
    }
    if !lines.is_empty() {
        let _ = writeln!(text, "Pathways and dates:\n{}\n", lines.join("\n"));
    }
}

fn quoted_list(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("\"{name}\""))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Uncertain quantities that rest on judgement, widest first.
fn judgement(text: &mut String, config: &Config) {
    let uncertain = config
        .assumptions
        .iter()
        .filter(|assumption| matches!(assumption.quantity.form, Form::Uncertain(_)));
    let (judged, counted): (Vec<_>, Vec<_>) =
        uncertain.partition(|assumption| is_judgement(assumption));
    if judged.is_empty() && counted.is_empty() {
        let _ = writeln!(
            text,
            "No quantity is uncertain: the bands will show chance alone, and be too narrow.\n"
        );
        return;
    }
    let _ = writeln!(
        text,
        "{} uncertain quantities: {} from figures, {} that rest on judgement.{}",
        judged.len() + counted.len(),
        counted.len(),
        judged.len(),
        match judged.is_empty() {
            true => "",
            false => " The least certain of these:",
        }
    );
    let mut judged: Vec<(f64, &str)> = judged
        .iter()
        .map(|assumption| {
            (
                spread(assumption.quantity.form),
                assumption.quantity.path.as_str(),
            )
        })
        .collect();
    judged.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    for (spread, path) in judged.iter().take(8) {
        let _ = writeln!(text, "  {path} (give or take {:.0} %)", 100.0 * spread);
    }
    text.push('\n');
}

/// Whether an uncertain quantity rests on judgement: its source says so, or it
/// has neither counts nor a source.
pub(crate) fn is_judgement(assumption: &Assumption) -> bool {
    match &assumption.source {
        _ if assumption.quantity.basis == Basis::Evidence => false,
        Some(source) => source.to_lowercase().contains("judgement"),
        None => true,
    }
}

/// Standard deviation of a law over its mean.
fn spread(form: Form) -> f64 {
    use crate::config::quantity::Law;
    let Form::Uncertain(law) = form else {
        return 0.0;
    };
    let sd = match law {
        Law::Beta { a, b } => (a * b / ((a + b) * (a + b) * (a + b + 1.0))).sqrt(),
        Law::Gamma { shape, scale } => shape.sqrt() * scale,
        Law::Pert { low, high, .. } => (high - low) / 6.0,
        Law::Normal { sd, .. } => sd,
        Law::LogNormal { sigma, .. } => sigma * law.mean(),
        Law::LogitNormal { sigma, .. } => sigma * law.mean() * (1.0 - law.mean()),
    };
    sd / law.mean().abs().max(1e-9)
}

fn sources(text: &mut String, file: &ScenarioFile) {
    if file.warnings.is_empty() {
        let _ = writeln!(text, "No warnings: every figure has a source.");
        return;
    }
    let _ = writeln!(text, "{} warning(s):", file.warnings.len());
    for warning in &file.warnings {
        let line = file.document.line(&warning.path);
        let _ = writeln!(
            text,
            "  {}:{line}: {} {}",
            file.document.file, warning.path, warning.message
        );
    }
}

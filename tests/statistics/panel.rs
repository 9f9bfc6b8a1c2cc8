//! The panel.

use super::*;

const PANEL: &str = r#"
    [forecast]
    name = "panel"
    start = 2018-12-31
    end = 2020-12-31
    population_by = []
    [[referrals]]
    name = "general"
    families_per_year = RATE
    bypass_panel = BYPASS
    age = { "0" = 1, "1-17" = 0 }
    [panel]
    every_days = EVERY
    "#;

fn panel(rate: &str, bypass: &str, every: &str, rules: &str) -> String {
    let text = PANEL.replace("RATE", rate).replace("BYPASS", bypass);
    format!("{}\n{rules}", text.replace("EVERY", every))
}

/// With one family a sitting and a long queue, a month admits as many as it
/// has sittings; a family's chance of 0.6 makes that binomial, and those who
/// bypass come on top.
#[test]
fn a_limited_panel_admits_one_family_a_sitting() {
    let sittings = |run: &Run, month: usize| {
        let before = if month == 0 { 0 } else { run.day(month - 1) };
        f64::from(run.day(month) / 7 - before / 7)
    };
    let certain = Run::of(&panel("1_000", "0", "7", "limit = 1\nadmit = 1"), 20);
    for month in 0..24 {
        let admissions = certain.column("admissions", "all", "all", month);
        assert_eq!(admissions, [sittings(&certain, month); 20], "month {month}");
    }
    let run = Run::of(&panel("400", "0.1", "7", "limit = 1\nadmit = 0.6"), 400);
    let heard: f64 = (0..24).map(|month| sittings(&run, month)).sum();
    let bypass = 40.0 * 731.0 / YEAR;
    let admissions = run.over("admissions", "all", "all", 0..24);
    assert_mean(&admissions, 0.6 * heard + bypass, "admissions");
    assert_variance(&admissions, 0.24 * heard + bypass, "variance of admissions");
}

/// Each hearing admits with p = 0.5, defers with d = 0.2, else diverts; a
/// diverted family comes back with r = 0.3. A referral ends in admission with
/// a = p / (1 − d), and a family in the end with a / (1 − (1 − a) r); diverted
/// are (1 − a) / (1 − (1 − a) r). Without delay for those who bypass. In the
/// long run the lag does not matter; a limit that is never reached, neither.
#[test]
fn the_panel_admits_its_share_in_the_end() {
    let rules = r#"
        admit = 0.5
        defer = 0.2
        diverted_return = 0.3
        return_after_days = { exponential = { mean = 20 } }
        "#;
    for (bypass, rules) in [
        (0.0, rules.to_owned()),
        (0.25, rules.to_owned()),
        (0.25, format!("limit = 500\n{rules}")),
    ] {
        let run = Run::of(&panel("60", &bypass.to_string(), "7", &rules), 800);
        let years = f64::from(run.day(23) - run.day(11)) / YEAR;
        let accepted = 0.5 / 0.8;
        let hearings = 1.0 / (1.0 - (1.0 - accepted) * 0.3);
        let families = 60.0 * years;
        let heard = families * (1.0 - bypass) * hearings;
        let admissions = run.over("admissions", "all", "all", 12..24);
        assert_mean(
            &admissions,
            families * bypass + heard * accepted,
            "admitted",
        );
        assert_variance(&admissions, families * bypass + heard * accepted, "Poisson");
        let diverted = run.over("diverted", "all", "all", 12..24);
        assert_mean(&diverted, heard * (1.0 - accepted), "diverted");
        let referrals = run.over("referrals", "all", "all", 12..24);
        assert_mean(&referrals, families * bypass + heard, "referred");
    }
}

//! `sensitivity`.

use super::*;
use serde_json::Value;

/// Children who stay where they are for a year, at uncertain prices: all that
/// varies is the spend, 52 weeks of 10, 20 and 5 children at these prices.
const PRICES: &str = r#"
[forecast]
name = "Prices alone"
start = 2024-03-31
end = 2025-03-31
replicates = 4_000
seed = 5
main_target = "Budget"
source = "illustrative"

[cohort]
children = 35
age = { "0-4" = 0, "5-9" = 35, "10-17" = 0 }
days_in_care = { "0-365" = 35, "366+" = 0 }
placement = { "foster" = 10, "agency" = 20, "residential" = 5 }
source = "illustrative"

[[placement]]
name = "foster"
weekly_pounds = { mean = 500, sd = 40 }
source = "illustrative"

[[placement]]
name = "agency"
weekly_pounds = { mean = 800, sd = 10 }
source = "illustrative"

[[placement]]
name = "residential"
weekly_pounds = { mean = 4_000, sd = 60 }
source = "illustrative"

[[target]]
name = "Budget"
metric = "spend"
at_most = 2_100_000
by = 2025-03-31
source = "illustrative"
"#;

#[test]
fn shares_are_those_of_a_linear_scenario() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("prices.toml"), PRICES).unwrap();
    ends(home.path(), 0, "run prices.toml --out run");
    let before = contents(&home.path().join("run"));
    let output = ends(home.path(), 0, "sensitivity run --json --out s.parquet");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    // Variances of 10·40, 20·10 and 5·60: 16, 4 and 9 of 29.
    let known = [
        ("placement.foster.weekly_pounds", 16.0 / 29.0),
        ("placement.residential.weekly_pounds", 9.0 / 29.0),
        ("placement.agency.weekly_pounds", 4.0 / 29.0),
    ];
    let effects = found["parameters"].as_array().unwrap();
    assert_eq!(effects.len(), 3);
    for (effect, (name, share)) in effects.iter().zip(known) {
        assert_eq!(effect["parameter"], name);
        let contribution = effect["contribution"]["share"].as_f64().unwrap();
        let error = effect["contribution"]["standard_error"].as_f64().unwrap();
        // Groups lose a little of what varies within them.
        let off = (contribution - share).abs();
        assert!(off < 4.0 * error + 0.01, "{name}: {contribution} ±{error}");
        assert!(error < 0.02, "{error}");
        // With nothing else at work the correlation is the root of the share.
        let correlation = effect["rank_correlation"].as_f64().unwrap();
        assert!((correlation - share.sqrt()).abs() < 0.05, "{correlation}");
        assert_eq!(effect["is_clear"], true);
        assert_eq!(effect["is_monotone"], true);
        let swing = |end: &str, of: &str| effect[end][of].as_f64().unwrap();
        let price = swing("high", "parameter") - swing("low", "parameter");
        let spend = swing("high", "outcome") - swing("low", "outcome");
        let error = swing("low", "standard_error").hypot(swing("high", "standard_error"));
        let children = match name {
            "placement.foster.weekly_pounds" => 10.0,
            "placement.agency.weekly_pounds" => 20.0,
            _ => 5.0,
        };
        let expected = price * children * 365.0 / 7.0;
        assert!((spend - expected).abs() < 4.0 * error + 0.01 * expected);
    }
    let together = found["parameter_share"]["share"].as_f64().unwrap();
    assert!((together - 1.0).abs() < 0.03, "{together}");

    let table = Table::read(&home.path().join("s.parquet"));
    let columns = ["parameter", "contribution", "part"];
    let rows = table.select(&[("metric", "spend")], &columns);
    assert_eq!(rows.len(), 6);
    assert_eq!(rows[0][0], known[0].0);
    let written: f64 = rows[0][1].parse().unwrap();
    assert_eq!(Some(written), effects[0]["contribution"]["share"].as_f64());
    // Nothing is scarce: capacity has no part, and the three are the whole.
    let last: Vec<&str> = rows[3..].iter().map(|row| row[0]).collect();
    assert_eq!(last, ["all quantities", "chance", "capacity"]);
    let part = |row: usize| rows[row][2].parse::<f64>().unwrap();
    assert_eq!((part(3), part(5)), (together, 0.0));
    assert!((part(3) + part(4) - 1.0).abs() < 1e-12);
    assert_eq!(found["parts"]["capacity"]["share"], 0.0);
    assert_eq!(
        contents(&home.path().join("run")),
        before,
        "the run is as it was"
    );
    let said = ends(home.path(), 0, "sensitivity run");
    says(
        stdout(&said),
        &[
            "What drives spend on 31 March 2025",
            "placement.foster.weekly_pounds",
            "All uncertain quantities, each by itself",
        ],
    );
}

#[test]
fn only_what_a_scenario_plays_counts() {
    let home = home();
    ends(home.path(), 0, "run plan.toml --replicates 120 --out run");
    let effects = |line: &str| -> Vec<String> {
        let output = ends(home.path(), 0, line);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let effects = found["parameters"].as_array().unwrap().iter();
        let name = |effect: &Value| effect["parameter"].as_str().unwrap().to_owned();
        let mut names: Vec<String> = effects.map(name).collect();
        names.sort();
        names
    };
    let manifest = whole(&home.path().join("run"));
    let drawn: Vec<String> = manifest
        .parameters
        .into_iter()
        .map(|one| one.name)
        .collect();
    let played = effects("sensitivity run --json");
    assert!(played.iter().all(|name| drawn.contains(name)), "{played:?}");
    let mut paths: Vec<&str> = played
        .iter()
        .map(|name| name.split(" (otherwise").next().unwrap())
        .collect();
    paths.dedup();
    assert_eq!(paths.len(), played.len(), "no path counts twice");
}

#[test]
fn what_cannot_be_told_is_said() {
    let home = home();
    ends(home.path(), 0, "run plan.toml --replicates 20 --out few");
    let output = ends(home.path(), 1, "sensitivity few");
    says(stderr(&output), &["20 futures are too few", "100 or more"]);
    let line = "run plan.toml --replicates 120 --keep-replicates none --out bare";
    ends(home.path(), 0, line);
    let output = ends(home.path(), 1, "sensitivity bare");
    says(stderr(&output), &["--keep-replicates"]);
    let output = ends(home.path(), 2, "sensitivity few --target Plam");
    says(stderr(&output), &["no target is named \"Plam\"", "hint"]);
    let output = ends(home.path(), 2, "sensitivity few --scenario none");
    says(stderr(&output), &["no scenario named \"none\"", "hint"]);
    ends(home.path(), 1, "sensitivity nowhere");
}

#[test]
fn sobol_indices_are_those_of_a_linear_scenario() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("prices.toml"), PRICES).unwrap();
    let line = "run prices.toml --replicates 150 --out run";
    ends(home.path(), 0, line);
    let output = ends(home.path(), 0, "sensitivity run --sobol 2000 --json");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    for effect in found["parameters"].as_array().unwrap() {
        let share = match effect["parameter"].as_str().unwrap() {
            "placement.foster.weekly_pounds" => 16.0 / 29.0,
            "placement.agency.weekly_pounds" => 4.0 / 29.0,
            _ => 9.0 / 29.0,
        };
        // Nothing is done together, so first order and total are the same.
        for order in ["first", "total"] {
            let index = effect["sobol"][order]["share"].as_f64().unwrap();
            let error = effect["sobol"][order]["standard_error"].as_f64().unwrap();
            assert!(error < 0.05, "{error}");
            assert!((index - share).abs() < 4.0 * error, "{order}: {effect}");
        }
    }
    // Nothing here is chance.
    for order in ["first", "total"] {
        let chance = &found["chance_sobol"][order]["share"];
        assert_eq!(chance.as_f64(), Some(0.0), "{order}");
    }
    ends(home.path(), 2, "sensitivity run --sobol 5");
}

/// Families of one child arrive at random, and one sitting of a panel hears all
/// or at most so many of them. Nobody leaves.
fn one_sitting(limit: u32) -> String {
    format!(
        r#"
        [forecast]
        name = "One sitting"
        start = 2024-12-31
        end = 2025-01-31
        replicates = 4_000
        population_by = []
        [[referrals]]
        name = "general"
        families_per_year = 243.5
        age = {{ "0-4" = 1, "5-17" = 0 }}
        [panel]
        every_days = 31
        first_sitting = 2025-01-30
        limit = {limit}
        admit = 1
        [[target]]
        name = "held"
        at_most = 30
        by = 2025-01-31
        "#
    )
}

/// The part that a limit has in the variance of a Poisson number cut off at it:
/// Cov(min(N, L), min(N, L) − N) / Var(min(N, L)).
fn part_of_limit(mean: f64, limit: f64) -> f64 {
    let mut weight = (-mean).exp();
    let mut sums = [0.0; 4];
    for count in 0..200 {
        let number = f64::from(count);
        let held = number.min(limit);
        for (sum, value) in sums
            .iter_mut()
            .zip([held, held * held, number, held * number])
        {
            *sum += weight * value;
        }
        weight *= mean / (number + 1.0);
    }
    let [held, squares, number, products] = sums;
    let variance = squares - held * held;
    1.0 - (products - held * number) / variance
}

#[test]
fn the_part_of_capacity_is_that_of_a_poisson_number_cut_off() {
    let home = tempfile::tempdir().unwrap();
    let parts = |limit: u32| -> [f64; 4] {
        fs::write(home.path().join("panel.toml"), one_sitting(limit)).unwrap();
        ends(home.path(), 0, "run panel.toml --quiet --out run");
        let before = contents(&home.path().join("run"));
        let output = ends(home.path(), 0, "sensitivity run --capacity --json");
        assert_eq!(contents(&home.path().join("run")), before);
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let parts = &found["parts"];
        let number = |part: &Value| part.as_f64().unwrap();
        [
            number(&parts["parameters"]["share"]),
            number(&parts["chance"]["share"]),
            number(&parts["capacity"]["share"]),
            number(&parts["capacity"]["standard_error"]),
        ]
    };
    let [parameters, chance, capacity, error] = parts(20);
    // 20 families in 30 days, or 29 or 31 as the ends of the days count.
    let known = [19.3, 20.7].map(|mean| part_of_limit(mean, 20.0));
    let (low, high) = (known[0].min(known[1]), known[0].max(known[1]));
    assert!(low < -0.3, "a limit evens the futures out: {low}");
    assert!(error < 0.05, "{error}");
    assert!(
        (low - 4.0 * error..=high + 4.0 * error).contains(&capacity),
        "{capacity} ±{error} for {low} to {high}"
    );
    assert_eq!(parameters, 0.0, "nothing is uncertain");
    assert!((parameters + chance + capacity - 1.0).abs() < 1e-9);
    let said = ends(home.path(), 0, "sensitivity run --capacity");
    says(
        stdout(&said),
        &[
            "Nothing that the scenario plays is uncertain.",
            "In three parts: what is uncertain 0.0 %",
            "what is scarce evens the futures out",
        ],
    );
    let said = ends(home.path(), 0, "sensitivity run");
    says(stdout(&said), &["`--capacity` parts it from them"]);
    // A limit that is never reached has no part.
    assert_eq!(parts(1_000), [0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn a_queue_is_all_capacity() {
    let home = home();
    let text = fs::read_to_string(home.path().join("plan.toml")).unwrap();
    let target = "[[target]]\nname = \"queue\"\nmetric = \"waiting\"\nsegment_by = \"resource\"\nsegment = \"assessing social worker\"\nat_most = 2\nby = 2024-12-31\n";
    fs::write(home.path().join("plan.toml"), format!("{text}\n{target}")).unwrap();
    let line = "run plan.toml --replicates 120 --keep-replicates all --quiet --out run";
    ends(home.path(), 0, line);
    let line = "sensitivity run --target queue --capacity --json";
    let output = ends(home.path(), 0, line);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(found["sd"].as_f64().unwrap() > 0.5, "{found}");
    // Without scarcity nobody waits, whatever the future.
    let part = |name: &str| found["parts"][name]["share"].as_f64().unwrap();
    assert!((part("capacity") - 1.0).abs() < 1e-9, "{found}");
    assert!(part("parameters").abs() < 1e-9 && part("chance").abs() < 1e-9);
}

#[test]
fn futures_that_come_out_otherwise_are_refused() {
    let home = home();
    ends(
        home.path(),
        0,
        "run plan.toml --replicates 120 --quiet --out run",
    );
    let path = home.path().join("run/manifest.json");
    let text = fs::read_to_string(&path).unwrap();
    let seed = whole(&home.path().join("run")).seed;
    let other = text.replacen(&format!("\"seed\": {seed}"), "\"seed\": 77", 1);
    assert_ne!(other, text);
    fs::write(&path, other).unwrap();
    let output = ends(home.path(), 1, "sensitivity run --capacity");
    says(
        stderr(&output),
        &["do not come out as they are in its files"],
    );
}

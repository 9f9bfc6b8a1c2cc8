//! What would it take? Answers against brute force and a closed form.

use super::*;
use serde_json::Value;

/// The answer of a call, as JSON.
#[track_caller]
fn answer(home: &Path, line: &str) -> Value {
    let output = ends(home, 0, &format!("solve {line} --json --quiet"));
    serde_json::from_str(stdout(&output)).unwrap()
}

/// How many of the futures of a run meet a target, by scenario.
fn met(run: &Path, target: &str) -> BTreeMap<String, f64> {
    let targets = Table::read(&run.join("targets.parquet"));
    let rows = targets.select(&[("target", target)], &["scenario", "met"]);
    let pairs = rows
        .into_iter()
        .map(|row| (row[0].to_owned(), row[1].parse().unwrap()));
    pairs.collect()
}

const TARGET: &str = "60 by March 2025";
const FUTURES: u32 = 96;

/// Every value of a lever as a scenario of its own, played in one run.
fn brute_force(home: &Path, address: &str, values: &[String]) -> Vec<f64> {
    let mut text = fs::read_to_string(home.join("plan.toml")).unwrap();
    let end = text.find("[[scenario]]").unwrap();
    let targets = text[text.find("[[target]]").unwrap()..].to_owned();
    text.truncate(end);
    let text = text.replace("main_scenario = \"half succeed\"\n", "");
    let mut text = text.replace("comparison = \"no focused work\"\n", "");
    for value in values {
        text.push_str(&format!(
            "[[scenario]]\nname = \"{value}\"\n[scenario.set]\n"
        ));
        text.push_str(&format!("\"{address}\" = {value}\n"));
    }
    text.push_str(&targets);
    fs::write(home.join("grid.toml"), text).unwrap();
    let line =
        format!("run grid.toml --replicates {FUTURES} --keep-replicates none --quiet --out grid");
    ends(home, 0, &line);
    let met = met(&home.join("grid"), TARGET);
    values.iter().map(|value| met[value]).collect()
}

#[test]
fn the_answer_is_the_one_that_brute_force_finds() {
    let home = home();
    // Whole cases one by one, as many as leave the other pathway its own; success
    // in fifths, between which a step of 0.005 must be found.
    let cases: Vec<String> = (0..=9).map(|cases| cases.to_string()).collect();
    let fifths: Vec<String> = (0..=5)
        .map(|fifth| format!("{}", f64::from(fifth) / 5.0))
        .collect();
    for (address, range, values) in [
        ("pathway.special guardianship.cases", "=0..9", cases),
        ("pathway.reunification.success", "", fifths),
    ] {
        let met = brute_force(home.path(), address, &values);
        let (first, last) = (met[0], met[values.len() - 1]);
        assert!(last > first + 1.0, "{address} moves too little: {met:?}");
        let goal = ((first + last) / 2.0).ceil() / f64::from(FUTURES);
        let line = format!(
            "plan.toml --scenario 'as planned' --target '{TARGET}' --likelihood {goal} --replicates {FUTURES} --by '{address}{range}'"
        );
        let found = &answer(home.path(), &line)["one_at_a_time"][0];
        assert_eq!(found["answer"], "at_least", "{found}");
        let value = found["value"].as_f64().unwrap();
        let number = |text: &String| text.parse::<f64>().unwrap();
        // The step below the answer fails, and the answer is met.
        let meets = |index: &usize| met[*index] >= goal * f64::from(FUTURES) - 1e-9;
        let crossing = (0..values.len()).find(meets).unwrap();
        let (below, at) = (number(&values[crossing - 1]), number(&values[crossing]));
        assert!(
            below < value && value <= at,
            "{address}: {value} of {met:?}"
        );
        if found["step"] == 1.0 {
            assert_eq!(value, at);
        }
        // What was tried is what brute force finds there, future by future.
        let tried = found["tried"].as_array().unwrap();
        let mut compared = 0;
        for (value, met) in values.iter().zip(&met) {
            let here = tried.iter().find(|one| one["value"] == number(value));
            if let Some(one) = here {
                assert_eq!(
                    one["likelihood"],
                    met / f64::from(FUTURES),
                    "{address} = {value}"
                );
                compared += 1;
            }
        }
        assert!(compared >= 2);
    }
}

/// Families of one child arrive at a rate λ and stay 100 days each, so that the
/// stock is Poisson (M/G/∞) with mean 100 λ / 365.25. P(at most 12) = 0.8 at a
/// mean of 9.909, found by halving the sum of Poisson terms below.
#[test]
fn the_rate_of_arrivals_is_the_one_of_a_poisson_law() {
    let home = tempfile::tempdir().unwrap();
    let text = r#"
        [forecast]
        name = "M/G/infinity"
        start = 2018-12-31
        end = 2019-12-31
        population_by = []
        [[referrals]]
        name = "general"
        families_per_year = 20
        age = { "0" = 1, "1-17" = 0 }
        [[exit]]
        name = "home"
        time_days = { fixed = 100 }
        [[target]]
        name = "twelve"
        at_most = 12
        by = 2019-12-31
    "#;
    fs::write(home.path().join("stock.toml"), text).unwrap();
    let at_most_12 = |mean: f64| {
        let terms = (1..=12).scan(1.0, |term, k| {
            *term *= mean / f64::from(k);
            Some(*term)
        });
        (-mean).exp() * (1.0 + terms.sum::<f64>())
    };
    let (mut low, mut high) = (1.0, 30.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if at_most_12(middle) >= 0.8 {
            low = middle;
        } else {
            high = middle;
        }
    }
    let expected = low * 365.25 / 100.0;
    let line = "stock.toml --likelihood 0.8 --replicates 2000 --seed 1 --by 'referrals.general.families_per_year=20..60'";
    let found = &answer(home.path(), line)["one_at_a_time"][0];
    assert_eq!(found["answer"], "at_most");
    assert_eq!(
        (&found["is_monotone"], &found["step"]),
        (&true.into(), &0.2.into())
    );
    let number = |key: &str| found[key].as_f64().unwrap();
    let (value, below, above) = (number("value"), number("value_low"), number("value_high"));
    // The error of the likelihood is √(0.8 × 0.2/2000) = 0.0089; over the slope
    // of the Poisson law, P(12) × 100/365.25 for each family a year, it is the
    // error of the rate.
    let factorial: f64 = (1..=12).map(f64::from).product();
    let slope = (-low).exp() * low.powi(12) / factorial * 100.0 / 365.25;
    let error = (0.8 * 0.2 / 2_000.0_f64).sqrt() / slope;
    assert!(
        (value - expected).abs() < 4.0 * error + 0.2,
        "{value} for {expected} ± {error}"
    );
    // The interval that is told is as wide: 1.96 errors each way, to a step.
    for half in [above - value, value - below] {
        assert!(
            (half - 1.96 * error).abs() < 0.3 * 1.96 * error + 0.2,
            "{below} {value} {above}"
        );
    }
}

/// Ten children go home 30 days after their pathway starts and come back after
/// 100 more. They are out on 31 December only if it starts 30 to 129 days before.
#[test]
fn a_lever_that_turns_is_told_and_crossed_on_the_near_side() {
    let home = tempfile::tempdir().unwrap();
    let text = r#"
        [forecast]
        name = "out and back"
        start = 2018-12-31
        end = 2019-12-31
        replicates = 50
        [cohort]
        children = 10
        age = { "0-4" = 0, "5-9" = 1, "10-17" = 0 }
        days_in_care = { "0-181" = 1, "182+" = 0 }
        [[pathway]]
        name = "home"
        cases = 10
        cases_start = 2019-04-01
        leads_to = { exit = "home" }
          [[pathway.stage]]
          name = "visits"
          duration_days = { fixed = 30 }
        [[reentry]]
        after = ["home"]
        probability = 1
        time_days = { fixed = 100 }
        [[target]]
        name = "all out"
        at_most = 0
        by = 2019-12-31
    "#;
    fs::write(home.path().join("turn.toml"), text).unwrap();
    let line = "turn.toml --replicates 50 --by pathway.home.cases_start";
    let found = &answer(home.path(), line)["one_at_a_time"][0];
    assert_eq!(
        (&found["is_monotone"], &found["answer"]),
        (&false.into(), &"at_least".into())
    );
    // 31 December less 129 days, give or take how whole days count.
    let value: chrono::NaiveDate = found["value"].as_str().unwrap().parse().unwrap();
    let expected = chrono::NaiveDate::from_ymd_opt(2019, 8, 24).unwrap();
    assert!((value - expected).num_days().abs() <= 2, "{value}");
    let output = ends(home.path(), 0, &format!("solve {line}"));
    says(
        stdout(&output),
        &["or later (the likelihood rises and falls along the range)"],
    );
}

#[test]
fn what_cannot_be_reached_is_told_with_how_close_it_comes() {
    let home = home();
    let text = fs::read_to_string(home.path().join("plan.toml")).unwrap();
    let text = text.replace("at_most = 60\n", "at_most = 1\n");
    fs::write(home.path().join("plan.toml"), text).unwrap();
    let levers = "'pathway.reunification.success' 'overhead.weekly_pounds'";
    let line = format!("plan.toml --replicates 40 --by {levers}");
    let found = answer(home.path(), &line);
    // No success of eight children leaves one of sixty; and money moves nobody.
    let singles = &found["one_at_a_time"];
    assert_eq!(singles[0]["answer"], "not_reachable");
    assert_eq!(
        (
            &singles[0]["best"]["value"],
            &singles[0]["best"]["likelihood"]
        ),
        (&1.0.into(), &0.0.into())
    );
    assert!(singles[0]["best"]["margin"].as_f64().unwrap() < -40.0);
    assert_eq!(singles[1]["answer"], "no_effect");
    assert_eq!(found["together"], Value::Null);
    assert_eq!(found["scenario_to_add"], Value::Null);

    let text = fs::read_to_string(home.path().join("plan.toml")).unwrap();
    fs::write(
        home.path().join("plan.toml"),
        text.replace("at_most = 1\n", "at_most = 57\n"),
    )
    .unwrap();
    let line = format!("plan.toml --replicates 40 --likelihood 0.99 --by {levers}");
    let found = answer(home.path(), &line);
    let first = &found["one_at_a_time"][0];
    assert_eq!(first["answer"], "not_reachable", "{first}");
    let best = &first["best"];
    assert!(best["likelihood"].as_f64() > found["likelihood_now"].as_f64());
    let output = ends(home.path(), 0, &format!("solve {line}"));
    says(
        stdout(&output),
        &["not reachable: at best about", "changes nothing"],
    );
}

#[test]
fn the_even_mix_is_a_scenario_that_plays_as_promised() {
    let home = home();
    let line = format!(
        "plan.toml --target '{TARGET}' --likelihood 0.9 --replicates 100 --seed 4 --by panel.admit 'pathway.reunification.success' 'resource.assessing social worker.units' 'pathway.special guardianship.cases_start'"
    );
    let found = answer(home.path(), &line);
    let mix = &found["together"];
    let share = mix["value"].as_f64().unwrap();
    assert!(share > 0.0 && share <= 1.0, "{mix}");
    // Every lever has gone that share of its way, to what may stand there.
    for lever in mix["levers"].as_array().unwrap() {
        let Some(now) = lever["now"].as_f64() else {
            continue;
        };
        let expected = now + share * (lever["all_the_way"].as_f64().unwrap() - now);
        assert_eq!(lever["then"].as_f64(), Some(expected));
    }
    // The mix needs less of each than the lever alone.
    let text = fs::read_to_string(home.path().join("plan.toml")).unwrap();
    let scenario = found["scenario_to_add"].as_str().unwrap();
    fs::write(home.path().join("then.toml"), format!("{text}\n{scenario}")).unwrap();
    let line = "run then.toml --replicates 100 --seed 4 --quiet --out then --scenario 'what it would take'";
    ends(home.path(), 0, line);
    let met = met(&home.path().join("then"), TARGET)["what it would take"];
    assert_eq!(mix["likelihood"], met / 100.0);
    assert!(met >= 90.0);
}

#[test]
fn threads_and_the_other_levers_change_no_answer() {
    let home = home();
    let line = "plan.toml --replicates 70 --by panel.admit";
    let one = answer(home.path(), &format!("{line} --threads 1"));
    assert_eq!(answer(home.path(), &format!("{line} --threads 3")), one);
    let both = answer(home.path(), &format!("{line} overhead.weekly_pounds"));
    assert_eq!(both["one_at_a_time"][0], one["one_at_a_time"][0]);
}

#[test]
fn a_finished_run_is_solved_as_its_file_is() {
    let home = home();
    ends(
        home.path(),
        0,
        "run plan.toml --replicates 20 --seed 9 --quiet --out run",
    );
    let line = "--replicates 40 --by panel.admit=0.3..0.8";
    let of_run = answer(home.path(), &format!("run {line}"));
    assert_eq!(
        answer(home.path(), &format!("plan.toml --seed 9 {line}")),
        of_run
    );
}

#[test]
fn a_run_keeps_the_last_answer_and_its_report_tells_it() {
    let home = home();
    ends(
        home.path(),
        0,
        "run plan.toml --replicates 20 --quiet --out run",
    );
    let run = home.path().join("run");
    let mut kept = Value::Null;
    for lever in ["panel.admit", "pathway.reunification.success"] {
        let line = format!("solve run --replicates 20 --by {lever} --json");
        let output = ends(home.path(), 0, &line);
        says(stderr(&output), &["Kept in run/solve.json"]);
        kept = serde_json::from_str(stdout(&output)).unwrap();
        let file = fs::read_to_string(run.join("solve.json")).unwrap();
        assert_eq!(file, stdout(&output));
    }
    assert_eq!(
        kept["one_at_a_time"][0]["lever"],
        "pathway.reunification.success"
    );
    let files = whole(&run).files;
    let answers = files.iter().filter(|file| file.name == "solve.json");
    assert_eq!(answers.count(), 1);
    // Looking at the levers, or solving the file, leaves the run as it is.
    let before = contents(&run);
    ends(home.path(), 0, "solve run --levers");
    ends(
        home.path(),
        0,
        "solve plan.toml --replicates 20 --by panel.admit",
    );
    assert_eq!(contents(&run), before);
    ends(home.path(), 0, "report run");
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    says(
        &page,
        &["id=\"what-it-would-take\"", "pathway reunification success"],
    );
    // What is no answer is refused.
    fs::write(run.join("solve.json"), "{}").unwrap();
    let output = ends(home.path(), 1, "report run");
    says(
        stderr(&output),
        &["solve.json: is not the file that the run wrote"],
    );
}

#[test]
fn savings_are_measured_from_the_comparison_as_it_is() {
    let home = home();
    let text = fs::read_to_string(home.path().join("plan.toml")).unwrap();
    let target = "[[target]]\nname = \"saved\"\nmetric = \"saving_gross\"\nat_least = 100_000\nby = 2025-03-31\n";
    fs::write(home.path().join("plan.toml"), format!("{text}\n{target}")).unwrap();
    let line = "plan.toml --target saved --likelihood 0.5 --replicates 60 --by panel.admit";
    let found = answer(home.path(), line);
    ends(
        home.path(),
        0,
        "run plan.toml --replicates 60 --quiet --out run",
    );
    let met = met(&home.path().join("run"), "saved")["half succeed"];
    assert_eq!(found["likelihood_now"], met / 60.0);
    // Fewer admissions in this scenario alone save against the comparison.
    assert_eq!(found["one_at_a_time"][0]["answer"], "at_most");
}

#[test]
fn the_readmes_question_is_answered() {
    let home = home();
    let config = file(HEREFORDSHIRE);
    let line = format!(
        "solve '{}' --target '282 by March 2019' --likelihood 0.5 --replicates 20 --by referrals.general.families_per_year panel.admit 'resource.assessing social worker.units' pathway.reunification.success",
        config.display()
    );
    let output = ends(home.path(), 0, &line);
    says(
        stdout(&output),
        &[
            "What would it take for \"282 by March 2019\" (population at most 282 on 31 March 2019) to be at least 50 in 100 likely in \"as planned\"?",
            "One lever at a time, all else as it is:",
            "All that help, each by the same part of its way",
            "To play the answer, add to the end of",
            "name = \"what it would take\"",
        ],
    );
}

#[test]
fn levers_are_listed_with_their_present_values() {
    let home = home();
    let output = ends(home.path(), 0, "solve plan.toml --levers");
    let listed: Vec<Vec<&str>> = stdout(&output)
        .lines()
        .map(|line| {
            line.split("  ")
                .map(str::trim)
                .filter(|one| !one.is_empty())
                .collect()
        })
        .collect();
    for expected in [
        ["pathway.special guardianship.success", "0.5", "0", "1"],
        ["pathway.special guardianship.cases", "12", "0", "24"],
        [
            "pathway.special guardianship.cases_start",
            "2024-06-30",
            "2024-06-30",
            "2025-09-30",
        ],
        ["referrals.general.families_per_year", "35.25", "0", "70.5"],
        ["panel.admit", "0.6217", "0", "0.9"],
        ["exit.return home.factor", "1", "0", "2"],
        [
            "resource.assessing social worker.units",
            "1.5",
            "0.25",
            "10",
        ],
        ["resource.court sitting.slots", "2", "1", "10"],
        ["placement.in-house.beds", "31", "0", "62"],
        ["placement.agency.weekly_pounds", "850", "0", "1700"],
    ] {
        assert!(
            listed.contains(&expected.to_vec()),
            "{expected:?} in {listed:?}"
        );
    }
}

#[test]
fn wrong_names_and_values_are_wrong_usage() {
    let home = home();
    for (line, why) in [
        ("--by panel.admits", "did you mean `panel.admit`?"),
        ("--by panel.admit=0.9..0.1", "must rise"),
        (
            "--by panel.admit --target '60 by March'",
            "did you mean `60 by March 2025`?",
        ),
        (
            "--by panel.admit --scenario 'half suceed'",
            "did you mean `half succeed`?",
        ),
        (
            "--by panel.admit --likelihood 80",
            "a probability between 0 and 1",
        ),
        ("", "--by"),
        // Admitted and deferred families would be more than all.
        (
            "--by panel.admit=0.1..1 --replicates 10",
            "give a range of your own",
        ),
    ] {
        let output = ends(home.path(), 2, &format!("solve plan.toml {line}"));
        says(stderr(&output), &[why]);
    }
    ends(home.path(), 1, "solve nowhere.toml --levers");
}

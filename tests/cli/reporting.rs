//! `report` and `run --report`.

use super::*;

#[test]
fn a_report_joins_its_run_and_the_manifest() {
    let home = home();
    ends(home.path(), 0, "run plan.toml --replicates 20 --out run");
    let run = home.path().join("run");
    let before = tables(&run);
    let output = ends(home.path(), 0, "report run");
    says(stdout(&output), &["Written to run/report.html"]);
    let manifest = whole(&run);
    let records = manifest
        .files
        .iter()
        .filter(|file| file.name == "report.html");
    assert_eq!(records.count(), 1);
    // Another one takes its place.
    ends(home.path(), 0, "report run --suppress-small");
    whole(&run);
    assert_eq!(tables(&run), before);
    assert_eq!(names(home.path()), ["plan.toml", "run"]);
}

#[test]
fn a_run_writes_its_report_on_request_and_it_is_the_same() {
    let home = home();
    ends(
        home.path(),
        0,
        "run plan.toml --replicates 20 --report --out run",
    );
    let run = home.path().join("run");
    whole(&run);
    ends(home.path(), 0, "report run --out elsewhere.html");
    let text = |path: &Path| fs::read_to_string(path).unwrap();
    assert_eq!(
        text(&run.join("report.html")),
        text(&home.path().join("elsewhere.html"))
    );
    whole(&run);
}

#[test]
fn the_report_answers_the_files_question_first() {
    let home = home();
    ends(
        home.path(),
        0,
        "run plan.toml --replicates 40 --report --out run",
    );
    let page = fs::read_to_string(home.path().join("run/report.html")).unwrap();
    let place = |words: &str| {
        page.find(words)
            .unwrap_or_else(|| panic!("nothing of {words}"))
    };
    let order = [
        "Does the program still say what it said?",
        "class=\"answer\"",
        "id=\"fan\"",
        "id=\"likelihood\"",
        "id=\"spend\"",
        "id=\"pathways\"",
        "id=\"flows\"",
        "id=\"assumptions\"",
        "id=\"paper\"",
        "id=\"model\"",
        "id=\"identity\"",
    ];
    let places: Vec<usize> = order.iter().map(|words| place(words)).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn what_is_no_run_has_no_report() {
    let home = home();
    for line in [
        "report nowhere",
        "report .",
        "report nowhere --out page.html",
    ] {
        ends(home.path(), 1, line);
    }
    ends(home.path(), 0, "run plan.toml --replicates 5 --out run");
    ends(home.path(), 1, "report run --out no/such/folder/page.html");
    let run = home.path().join("run");
    fs::write(run.join("bands.parquet"), "not the run's").unwrap();
    ends(home.path(), 1, "report run");
    assert_eq!(names(home.path()), ["plan.toml", "run"]);
    assert!(!run.join("report.html").exists());
}

#[test]
fn a_back_test_is_told_in_the_report_of_its_scenario() {
    let home = home();
    ends(
        home.path(),
        0,
        "run plan.toml --replicates 20 --quiet --out run",
    );
    ends(
        home.path(),
        0,
        "backtest plan.toml --replicates 20 --quiet --out past",
    );
    ends(home.path(), 0, "report run --backtest past");
    let page = fs::read_to_string(home.path().join("run/report.html")).unwrap();
    says(
        &page,
        &[
            "id=\"past\"",
            "Back-test of this scenario file: forecasts from",
            "Too few to judge",
        ],
    );
    // A run is no back-test, and nor is a folder with another table in it.
    let output = ends(home.path(), 1, "report run --backtest run");
    says(stderr(&output), &["run: is not the folder of a back-test"]);
    fs::write(home.path().join("past/backtest.parquet"), "other").unwrap();
    let output = ends(home.path(), 1, "report run --backtest past");
    says(
        stderr(&output),
        &["backtest.parquet: is not the file that the run wrote"],
    );
}

//! `compare`.

use super::*;
use serde_json::Value;

#[test]
fn compare_pairs_replicates_and_names_what_was_changed() {
    let home = home();
    ends(home.path(), 0, "run plan.toml --replicates 40 --out first");
    let text = fs::read_to_string(home.path().join("plan.toml")).unwrap();
    let changed = text.replace("success\" = 0.5", "success\" = 0.9");
    assert_ne!(changed, text);
    fs::write(home.path().join("plan.toml"), changed).unwrap();
    ends(home.path(), 0, "run plan.toml --replicates 40 --out second");
    let both = || {
        (
            contents(&home.path().join("first")),
            contents(&home.path().join("second")),
        )
    };
    let before = both();

    let output = ends(home.path(), 0, "compare first second");
    let words = [
        "half succeed",
        "paired",
        "success\" = 0.9",
        "60 by March 2025",
    ];
    says(stdout(&output), &words);
    let output = ends(home.path(), 0, "compare first second --json");
    let comparison: Value = serde_json::from_slice(&output.stdout).unwrap();
    let changes = comparison["scenario_text"].as_array().unwrap();
    let kinds: Vec<&str> = changes
        .iter()
        .filter_map(|one| one["change"].as_str())
        .collect();
    assert_eq!(kinds, ["removed", "added"]);
    assert_eq!(both(), before, "a comparison changes nothing");
}

#[test]
fn compare_of_a_run_with_itself_finds_no_difference() {
    let home = home();
    ends(home.path(), 0, "run plan.toml --replicates 20 --out run");
    let output = ends(home.path(), 0, "compare run run --json");
    let comparison: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(comparison["scenario_text"], serde_json::json!([]));
    for target in comparison["targets"].as_array().unwrap() {
        assert_eq!(target["difference"].as_f64(), Some(0.0), "{target}");
    }
    let headlines = comparison["headlines"].as_array().unwrap();
    assert!(!headlines.is_empty());
    for headline in headlines {
        assert_eq!(headline["method"], "paired");
        for figure in ["mean", "p10", "p50", "p90"] {
            assert_eq!(headline[figure].as_f64(), Some(0.0), "{headline}");
        }
    }
}

#[test]
fn compare_refuses_what_is_no_run() {
    let home = home();
    ends(home.path(), 0, "run plan.toml --replicates 5 --out run");
    let output = ends(home.path(), 1, "compare run .");
    says(stderr(&output), &["error: ", "manifest.json"]);
}

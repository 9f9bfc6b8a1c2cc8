//! `check`, `schema` and `init`.

use super::*;
use serde_json::Value;

#[test]
fn every_offered_scenario_passes_its_check() {
    let home = tempfile::tempdir().unwrap();
    let mut checked = 0;
    for entry in file("configs").read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            ends(home.path(), 0, &format!("check '{}'", path.display()));
            checked += 1;
        }
    }
    assert!(checked >= 2);
    assert!(names(home.path()).is_empty(), "a check writes nothing");
}

#[test]
fn check_finds_what_does_not_add_up_in_the_councils_paper() {
    let home = tempfile::tempdir().unwrap();
    let path = file(HEREFORDSHIRE);
    let output = ends(home.path(), 0, &format!("check '{}'", path.display()));
    let text = stdout(&output);
    let found = |needles: &[&str]| {
        text.lines()
            .any(|line| needles.iter().all(|needle| line.contains(needle)))
    };
    let wrong = "does NOT add up";
    // Three years of history, and the line of no change a year late.
    assert!(found(&[wrong, "256", "260", "(-4)"]), "{text}");
    assert!(found(&[wrong, "285", "274", "(+11)"]), "{text}");
    assert!(found(&[wrong, "303", "299", "(+4)"]), "{text}");
    assert!(found(&[wrong, "317", "327", "(-10)"]), "{text}");
    // 317 - 70p with halves to even.
    for row in ["300", "282", "264", "247"] {
        assert!(
            found(&["adds up", "317 - 70 * ", &format!("has {row}")]),
            "{row}: {text}"
        );
    }
}

#[test]
fn check_tells_the_scenario_back_in_words() {
    let home = home();
    let output = ends(home.path(), 0, "check plan.toml");
    let words = [
        "Golden",
        "60 children are in care at the start",
        "half succeed",
        "30 June 2024",
        "\"special guardianship\": 12 identified children",
    ];
    says(stdout(&output), &words);
}

#[test]
fn the_schema_is_json_and_knows_every_table() {
    let home = tempfile::tempdir().unwrap();
    let output = ends(home.path(), 0, "schema");
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    for path in [GOLDEN, HEREFORDSHIRE, "configs/example.toml"] {
        let text = fs::read_to_string(file(path)).unwrap();
        let tables: toml::Table = text.parse().unwrap();
        for table in tables.keys() {
            assert!(
                properties.contains_key(table),
                "{path}: {table} is not in the schema"
            );
        }
    }
    let tables = "forecast cohort legal_status placement referrals panel exit reentry allowance \
        pathway resource drift prices overhead fee programme grant spent_to_date target history \
        published claim scenario";
    for table in tables.split_whitespace() {
        assert!(
            properties.contains_key(table),
            "{table} is not in the schema"
        );
    }
    assert_eq!(schema["required"], serde_json::json!(["forecast"]));
    assert_eq!(schema["additionalProperties"], Value::Bool(false));
}

#[test]
fn init_writes_a_scenario_that_can_be_checked_and_run() {
    let home = tempfile::tempdir().unwrap();
    ends(home.path(), 0, "init");
    assert_eq!(names(home.path()), ["scenario.toml"]);
    ends(home.path(), 0, "check scenario.toml");
    ends(home.path(), 0, "run scenario.toml --replicates 50");
    whole(&home.path().join("outputs/scenario"));
}

#[test]
fn init_does_not_overwrite() {
    let home = tempfile::tempdir().unwrap();
    let mine = home.path().join("mine.toml");
    fs::write(&mine, "my work").unwrap();
    let output = ends(home.path(), 1, "init mine.toml");
    says(stderr(&output), &["mine.toml", "is there already"]);
    assert_eq!(fs::read_to_string(&mine).unwrap(), "my work");
}

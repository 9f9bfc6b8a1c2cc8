//! Standard output and standard error.

use super::*;
use serde_json::Value;
use std::process::Command;

#[test]
fn a_run_tells_its_plan_apart_from_its_answer() {
    let home = home();
    let output = ends(home.path(), 0, "run plan.toml --replicates 50");
    says(stderr(&output), &["Playing 50 futures of 3 scenario(s)"]);
    assert!(
        !stderr(&output).contains('\r'),
        "no bar where there is no terminal"
    );
    let words = [
        "Does the program still say what it said?",
        "Answer:",
        "Children in care",
        "Spend by financial year",
        "How likely is each target?",
        "Written to",
        "manifest.json",
        "Next: lacsim ",
    ];
    says(stdout(&output), &words);
}

#[test]
fn the_next_command_can_be_typed_where_the_last_one_was() {
    let home = home();
    fs::create_dir(home.path().join("deep")).unwrap();
    fs::rename(
        home.path().join("plan.toml"),
        home.path().join("deep/our plan.toml"),
    )
    .unwrap();
    let output = ends(home.path(), 0, "run 'deep/our plan.toml' --replicates 5");
    let last = stdout(&output).lines().last().unwrap();
    let line = last.strip_prefix("Next: lacsim ").unwrap();
    let line = line.split("   ").next().unwrap();
    ends(home.path(), 0, line);
}

#[test]
fn quiet_prints_nothing() {
    let home = home();
    let output = ends(home.path(), 0, "run plan.toml --replicates 20 --quiet");
    assert_eq!((stdout(&output), stderr(&output)), ("", ""));
    whole(&home.path().join("outputs/plan"));
}

#[test]
fn json_is_json_and_agrees_with_the_files() {
    let home = home();
    let output = ends(
        home.path(),
        0,
        "run plan.toml --replicates 30 --json --out run",
    );
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let scenarios = summary["scenarios"].as_array().unwrap();
    assert_eq!(scenarios.len(), 3);
    let targets = Table::read(&home.path().join("run/targets.parquet"));
    let bands = Table::read(&home.path().join("run/bands.parquet"));
    for scenario in scenarios {
        let of = ("scenario", scenario["scenario"].as_str().unwrap());
        for target in scenario["targets"].as_array().unwrap() {
            let name = ("target", target["target"].as_str().unwrap());
            let written = targets.select(&[of, name], &["probability"])[0][0];
            assert_eq!(target["probability"].as_f64(), written.parse().ok());
        }
        for band in scenario["population"].as_array().unwrap() {
            let all = [("metric", "population"), ("segment_by", "all")];
            let date = ("date", band["date"].as_str().unwrap());
            let written = bands.select(&[&[of, date], &all[..]].concat(), &["p50"])[0][0];
            assert_eq!(band["p50"].as_f64(), written.parse().ok());
        }
    }
}

#[test]
fn nothing_is_coloured_where_colour_is_not_wanted() {
    let home = home();
    for line in ["run plan.toml --nonsense", "--help", "check plan.toml"] {
        let piped = call(home.path(), line);
        let refused = lacsim(home.path())
            .args(words(line))
            .env("NO_COLOR", "1")
            .env("CLICOLOR_FORCE", "1")
            .output()
            .unwrap();
        for output in [piped, refused] {
            let text = [&output.stdout[..], &output.stderr].concat();
            assert!(!text.contains(&0x1b), "{line}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_reader_who_goes_away_is_no_error() {
    let home = home();
    let run = "run plan.toml --replicates 20 --json";
    for line in ["schema", "check plan.toml", "trace plan.toml", run] {
        let output = Command::new("sh")
            .args(["-c", r#""$@" | head -1"#, "sh"])
            .arg(env!("CARGO_BIN_EXE_lacsim"))
            .args(words(line))
            .current_dir(home.path())
            .output()
            .unwrap();
        let complaint = stderr(&output);
        let is_calm = !complaint.contains("panicked") && !complaint.contains("error");
        assert!(is_calm, "{line}: {complaint}");
    }
    whole(&home.path().join("outputs/plan"));
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_printed_is_no_success() {
    let home = home();
    for line in ["schema", "check plan.toml"] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = lacsim(home.path());
        let status = command.args(words(line)).stdout(full).status().unwrap();
        assert_eq!(status.code(), Some(1), "{line}");
    }
}

/// Money spent before the start makes a year whole; nothing is saved against
/// oneself.
#[test]
fn marks_and_dashes_stand_where_they_belong() {
    let home = tempfile::tempdir().unwrap();
    let told = |name: &str| {
        let config = file(&format!("configs/{name}.toml"));
        fs::copy(config, home.path().join("plan.toml")).unwrap();
        let line = format!("run plan.toml --replicates 4 --no-workbook --out {name}");
        stdout(&ends(home.path(), 0, &line)).to_owned()
    };
    let has_row = |text: &str, words: &str| {
        let mut lines = text.lines().map(|line| line.split_whitespace());
        lines.any(|line| line.collect::<Vec<_>>().join(" ").contains(words))
    };
    let wolverhampton = told("wolverhampton");
    assert!(has_row(&wolverhampton, "as in 2014-15 2015-16 £"));
    assert!(!wolverhampton.contains("2015-16 *"));
    let cambridgeshire = told("cambridgeshire");
    assert!(has_row(&cambridgeshire, "2016-17 * £16.1m"));
    let telford = told("telford");
    assert!(has_row(&telford, "on 31 March 2015 no focused work -"));
}

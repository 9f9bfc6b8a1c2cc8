//! Every mistake in a scenario file is reported with its place, and nothing
//! is run or written.
//!
//! Each file of `tests/data/invalid` is named after its mistake and opens with
//! the texts that its report must hold, one a line: `# expect: TEXT`.

use lacsim::config::load;
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::process::Command;

const VALID: &str = include_str!("data/valid.toml");

/// Words that betray the program's own types to a reader who knows none.
const RUST_WORDS: [&str; 14] = [
    "panicked", "u32", "u64", "i64", "f64", "usize", "String", "Option", "Some(", "Vec<", "Err(",
    "Raw", "serde", "::",
];

struct Sample {
    path: PathBuf,
    name: String,
    text: String,
    expected: Vec<String>,
}

fn samples() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/invalid");
    let mut samples: Vec<Sample> = std::fs::read_dir(folder)
        .expect("the folder of invalid scenarios is there")
        .map(|entry| sample(entry.expect("the folder can be read").path()))
        .collect();
    samples.sort_by(|a, b| a.name.cmp(&b.name));
    samples
}

fn sample(path: PathBuf) -> Sample {
    let text = std::fs::read_to_string(&path).expect("a sample is text");
    let expected = text
        .lines()
        .map_while(|line| line.strip_prefix("# expect: "))
        .map(str::to_owned)
        .collect();
    Sample {
        name: path
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        path,
        text,
        expected,
    }
}

/// Texts that a report lacks.
fn missing(sample: &Sample, report: &str) -> Vec<String> {
    sample
        .expected
        .iter()
        .filter(|text| !report.contains(text.as_str()))
        .map(|text| format!("{}: not in the report: {text}\n{report}", sample.name))
        .collect()
}

/// Words of the program's own that a report uses.
fn betrayed(sample: &Sample, report: &str) -> Vec<String> {
    RUST_WORDS
        .iter()
        .filter(|word| report.contains(**word))
        .map(|word| format!("{}: the report says `{word}`\n{report}", sample.name))
        .collect()
}

#[test]
fn every_mistake_is_reported_with_its_place() {
    let samples = samples();
    assert!(samples.len() >= 40, "found {} samples", samples.len());
    let mut found = Vec::new();
    for sample in &samples {
        assert!(
            !sample.expected.is_empty(),
            "{} expects nothing",
            sample.name
        );
        match load(&sample.name, &sample.text) {
            Ok(_) => found.push(format!("{}: loads", sample.name)),
            Err(report) => {
                found.extend(missing(sample, &report));
                found.extend(betrayed(sample, &report));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_run_of_a_mistaken_file_ends_with_exit_code_2_and_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder for the run");
    let mut found = Vec::new();
    for sample in samples() {
        let out = folder.path().join(&sample.name);
        let output = Command::new(env!("CARGO_BIN_EXE_lacsim"))
            .arg("run")
            .arg(&sample.path)
            .arg("--out")
            .arg(&out)
            .output()
            .expect("the program starts");
        if output.status.code() != Some(2) {
            found.push(format!("{}: ended with {}", sample.name, output.status));
        }
        found.extend(missing(&sample, &String::from_utf8_lossy(&output.stderr)));
        let left: Vec<_> = std::fs::read_dir(folder.path())
            .expect("the folder can be read")
            .collect();
        if !left.is_empty() {
            found.push(format!("{}: left {left:?}", sample.name));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_valid_scenario_loads() {
    let file = load("valid.toml", VALID).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(file.scenarios.len(), 2);
    let children = file.scenarios[0].cohort.is_some();
    assert!(children && file.comparison == 0);
}

#[test]
fn what_can_never_happen_is_warned_of() {
    let cases = [
        (
            "first_sitting = 2017-10-04",
            "first_sitting = 2071-10-04",
            "the panel never sits",
        ),
        (
            "cases = 4",
            "cases = 4\ncases_start = 2071-10-04",
            "lies after the end",
        ),
        (
            "sizes = [{ from = 2017-10-01, units = 1 }, { from = 2018-01-01, units = 2 }]",
            "sizes = [{ from = 2017-10-01, units = 0 }]",
            "waits for ever",
        ),
        (
            "\"fostering\" = 17, \"residential\" = 3",
            "\"fostering\" = { low = 0.7, mode = 0.8, high = 0.9 }, \"residential\" = 0.2",
            "margins are not drawn",
        ),
    ];
    for (old, new, expected) in cases {
        let text = VALID.replacen(old, new, 1);
        let file = load("valid.toml", &text).unwrap_or_else(|report| panic!("{report}"));
        let is_warned = file
            .warnings
            .iter()
            .any(|warning| warning.message.contains(expected));
        assert!(is_warned, "{new}: {:?}", file.warnings);
    }
}

/// One change to the text of a scenario.
#[derive(Debug, Clone)]
enum Change {
    DeleteLine(usize),
    RepeatLine(usize),
    ReplaceLine(usize, String),
    SwapLines(usize, usize),
    InsertBytes(usize, Vec<u8>),
    SetNumber(usize, String),
    RenameKey(usize, String),
    SetValue(usize, String),
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<f64>().prop_map(|number| format!("{number:?}").to_lowercase()),
        any::<i64>().prop_map(|number| number.to_string()),
        (-3i64..40).prop_map(|number| number.to_string()),
        (0.0f64..1.5).prop_map(|number| format!("{number:?}")),
        prop::sample::select(vec![
            "nan",
            "inf",
            "-inf",
            "-0.0",
            "1e308",
            "5e-324",
            "4294967296"
        ])
        .prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        number(),
        prop::sample::select(vec![
            "true",
            "\"general\"",
            "\"\"",
            "[]",
            "{}",
            "[{}]",
            "[[0, 1], [1, 2]]",
            "2018-03-31",
            "12:00:00",
            "{ low = 1, mode = 2, high = 3 }",
            "{ p10 = 0.1, p90 = 0.2 }",
            "{ fixed = 0 }",
            "{ \"0-17\" = 1 }",
        ])
        .prop_map(str::to_owned),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let place = || any::<usize>();
    prop_oneof![
        place().prop_map(Change::DeleteLine),
        place().prop_map(Change::RepeatLine),
        (place(), ".{0,40}").prop_map(|(at, line)| Change::ReplaceLine(at, line)),
        (place(), place()).prop_map(|(one, other)| Change::SwapLines(one, other)),
        (place(), prop::collection::vec(any::<u8>(), 1..8))
            .prop_map(|(at, bytes)| Change::InsertBytes(at, bytes)),
        (place(), number()).prop_map(|(at, number)| Change::SetNumber(at, number)),
        (place(), "[a-z_]{1,8}").prop_map(|(at, key)| Change::RenameKey(at, key)),
        (place(), value()).prop_map(|(at, value)| Change::SetValue(at, value)),
    ]
}

fn changed(text: &str, change: &Change) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let count = lines.len().max(1);
    lines.resize(count, String::new());
    match change {
        Change::DeleteLine(at) => {
            lines.remove(at % count);
        }
        Change::RepeatLine(at) => lines.insert(at % count, lines[at % count].clone()),
        Change::ReplaceLine(at, line) => lines[at % count].clone_from(line),
        Change::SwapLines(one, other) => lines.swap(one % count, other % count),
        Change::InsertBytes(at, bytes) => return with_bytes(text, *at, bytes),
        Change::SetNumber(at, number) => return with_number(text, *at, number),
        Change::RenameKey(at, key) => {
            edit_entry(&mut lines, *at, |_, value| format!("{key} = {value}"))
        }
        Change::SetValue(at, value) => {
            edit_entry(&mut lines, *at, |key, _| format!("{key} = {value}"))
        }
    }
    lines.join("\n")
}

/// Rewrites one of the lines `key = value`.
fn edit_entry(lines: &mut [String], at: usize, edit: impl Fn(&str, &str) -> String) {
    let mut entries: Vec<&mut String> = lines
        .iter_mut()
        .filter(|line| line.contains(" = "))
        .collect();
    if entries.is_empty() {
        return;
    }
    let chosen = at % entries.len();
    let line = &mut *entries[chosen];
    if let Some((key, value)) = line.clone().split_once(" = ") {
        *line = edit(key, value);
    }
}

fn with_bytes(text: &str, at: usize, bytes: &[u8]) -> String {
    let mut all = text.as_bytes().to_vec();
    let at = at % (all.len() + 1);
    all.splice(at..at, bytes.iter().copied());
    String::from_utf8_lossy(&all).into_owned()
}

/// Replaces one run of digits.
fn with_number(text: &str, at: usize, number: &str) -> String {
    let is_digit = |index: usize| text.as_bytes()[index].is_ascii_digit();
    let starts: Vec<usize> = (0..text.len())
        .filter(|&index| is_digit(index) && (index == 0 || !is_digit(index - 1)))
        .collect();
    if starts.is_empty() {
        return text.to_owned();
    }
    let start = starts[at % starts.len()];
    let end = (start..text.len())
        .find(|&index| !is_digit(index))
        .unwrap_or(text.len());
    format!("{}{number}{}", &text[..start], &text[end..])
}

/// A file loads, or its report says why.
fn is_answered(text: &str) -> bool {
    match load("changed.toml", text) {
        Ok(file) => !file.scenarios.is_empty(),
        Err(report) => report.starts_with("error: changed.toml"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn a_damaged_scenario_is_answered(changes in prop::collection::vec(change(), 1..4)) {
        let text = changes.iter().fold(VALID.to_owned(), |text, change| changed(&text, change));
        prop_assert!(is_answered(&text), "{}", text);
    }

    #[test]
    fn any_text_at_all_is_answered(text in any::<String>()) {
        prop_assert!(is_answered(&text), "{}", text);
    }
}

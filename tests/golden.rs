//! One small scenario with every mechanism, value by value.
//!
//! This proves sameness, not truth: the golden file holds what the program
//! said when it was last written, right or wrong. A commit that changes it says
//! so and by how much. `LACSIM_BLESS=1 cargo test --test golden` writes it anew.

mod common;

use common::{Table, file, lacsim};
use std::fmt::Write;

/// Rows of these dates are held value by value, all others by one hash.
const DATES: [&str; 2] = ["2025-03-31", "2025-09-30"];

#[test]
fn the_golden_scenario_says_what_it_said() {
    let folder = tempfile::tempdir().unwrap();
    let output = lacsim(folder.path())
        .arg("run")
        .arg(file("tests/data/golden.toml"))
        .args(["--out", "golden", "--quiet"])
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let found = told(&folder.path().join("golden"));

    let golden = file("tests/data/golden.csv");
    if std::env::var_os("LACSIM_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(&golden, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&golden)
        .expect("tests/data/golden.csv is there; a missing golden file is a failure");
    let differences: Vec<String> = differences(&expected, &found).collect();
    assert!(
        differences.is_empty(),
        "{} lines differ from tests/data/golden.csv, first:\n{}",
        differences.len(),
        differences[..differences.len().min(10)].join("\n")
    );
}

/// Targets, bands at [`DATES`], and a hash of every band.
fn told(run: &std::path::Path) -> String {
    let mut text = String::new();
    let targets = Table::read(&run.join("targets.parquet"));
    lines(&mut text, &targets, |_| true);
    let bands = Table::read(&run.join("bands.parquet"));
    let date = bands.index("date");
    lines(&mut text, &bands, |row| DATES.contains(&row[date].as_str()));
    let mut all = String::new();
    lines(&mut all, &bands, |_| true);
    let hash = lacsim::output::sha256(all.as_bytes());
    let _ = writeln!(text, "all {} bands,{hash}", bands.rows.len());
    text
}

fn lines(text: &mut String, table: &Table, is_told: impl Fn(&[String]) -> bool) {
    let names: Vec<&str> = table
        .columns
        .iter()
        .map(|column| column.0.as_str())
        .collect();
    let _ = writeln!(text, "{}", names.join(","));
    for row in table.rows.iter().filter(|row| is_told(row)) {
        let _ = writeln!(text, "{}", row.join(","));
    }
}

fn differences<'a>(expected: &'a str, found: &'a str) -> impl Iterator<Item = String> + 'a {
    let count = expected.lines().count().max(found.lines().count());
    (0..count).filter_map(|index| {
        let was = expected.lines().nth(index).unwrap_or("nothing");
        let is = found.lines().nth(index).unwrap_or("nothing");
        (was != is).then(|| format!("line {}:\n  was {was}\n  is  {is}", index + 1))
    })
}

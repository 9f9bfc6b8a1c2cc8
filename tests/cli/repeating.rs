//! The same again: scenarios, seeds, ranges and threads.

use super::*;

#[test]
fn a_scenario_played_with_the_comparison_alone_says_the_same() {
    let home = home();
    ends(home.path(), 0, "run plan.toml --replicates 40 --out all");
    let line = "run plan.toml --replicates 40 --out some --scenario 'half succeed'";
    ends(home.path(), 0, line);
    let manifest = whole(&home.path().join("some"));
    assert_eq!(manifest.scenarios, ["no focused work", "half succeed"]);
    let mut expected = Table::read(&home.path().join("all/bands.parquet")).rows;
    expected.retain(|row| row[0] != "as planned");
    let found = Table::read(&home.path().join("some/bands.parquet")).rows;
    assert!(
        found == expected,
        "bands differ from those of the whole run"
    );
}

#[test]
fn more_threads_change_no_byte() {
    let home = home();
    let run = |threads: u16| {
        let flags = "--replicates 150 --keep-replicates all --events 2 --quiet";
        let line = format!("run plan.toml {flags} --threads {threads} --out {threads}");
        ends(home.path(), 0, &line);
        tables(&home.path().join(threads.to_string()))
    };
    let one = run(1);
    assert_eq!(one.len(), 5);
    assert_eq!(run(2), one);
    assert_eq!(run(7), one);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let home = home();
    let run = |out: &str, seed: &str| {
        let line = format!("run plan.toml --replicates 20 --events 1 --out {out} {seed}");
        ends(home.path(), 0, &line);
        tables(&home.path().join(out))
    };
    let first = run("first", "");
    assert_eq!(run("again", ""), first);
    assert_eq!(run("given", "--seed 20240630"), first);
    let other = run("other", "--seed 20240631");
    for (name, hash) in &first {
        assert_ne!(other[name], *hash, "{name} does not depend on the seed");
    }
}

#[test]
fn parts_of_the_replicates_make_the_whole() {
    let home = home();
    for range in ["0..60", "60..120", "0..120"] {
        let flags = "--keep-replicates all --quiet";
        let line = format!("run plan.toml --replicates {range} {flags} --out {range}");
        ends(home.path(), 0, &line);
    }
    for name in ["replicates.parquet", "parameters.parquet"] {
        let rows = |range: &str| Table::read(&home.path().join(range).join(name)).rows;
        let mut parts = [rows("0..60"), rows("60..120")].concat();
        let mut whole = rows("0..120");
        parts.sort_unstable();
        whole.sort_unstable();
        assert!(parts == whole, "{name}");
    }
}

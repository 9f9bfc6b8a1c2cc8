//! Single children: the events file and `trace`.

use super::*;

/// The last day of the small scenario.
const END: &str = "2025-09-30";

/// Events and replicates of the first two futures.
fn events_and_replicates() -> (Table, Table) {
    let home = home();
    let flags = "--replicates 2 --keep-replicates all --events 2";
    ends(home.path(), 0, &format!("run plan.toml {flags} --out run"));
    let read = |name: &str| Table::read(&home.path().join("run").join(name));
    (read("events.parquet"), read("replicates.parquet"))
}

#[test]
fn exits_are_the_children_who_leave_among_the_events() {
    let (events, replicates) = events_and_replicates();
    // Scenario, replicate, reason, year and month: how many left.
    let mut left: BTreeMap<[&str; 4], f64> = BTreeMap::new();
    let columns = ["scenario", "replicate", "detail", "date"];
    for row in events.select(&[("event", "left care")], &columns) {
        if row[3] <= END {
            let key = [row[0], row[1], row[2], &row[3][..7]];
            *left.entry(key).or_default() += 1.0;
        }
    }
    assert!(left.len() > 20, "too few children leave for this test");
    let mut counted: BTreeMap<[&str; 4], f64> = BTreeMap::new();
    let given = [
        ("metric", "exits"),
        ("segment_by", "reason"),
        ("period", "month"),
    ];
    let columns = ["scenario", "replicate", "segment", "date", "value"];
    for row in replicates.select(&given, &columns) {
        let value: f64 = row[4].parse().unwrap();
        if value > 0.0 {
            counted.insert([row[0], row[1], row[2], &row[3][..7]], value);
        }
    }
    assert_eq!(left, counted);
}

#[test]
fn admissions_are_the_children_who_enter_among_the_events() {
    let (events, replicates) = events_and_replicates();
    for scenario in ["as planned", "half succeed", "no focused work"] {
        for replicate in ["0", "1"] {
            let whose = [("scenario", scenario), ("replicate", replicate)];
            let total = |metric: &str| -> f64 {
                let of = [
                    ("metric", metric),
                    ("segment_by", "all"),
                    ("period", "month"),
                ];
                let values = replicates.select(&[&whose[..], &of].concat(), &["value"]);
                let values = values.iter().map(|row| row[0].parse::<f64>());
                values.map(Result::unwrap).sum()
            };
            let happened = |event: &str| {
                let of = [("event", event)];
                let dates = events.select(&[&whose[..], &of].concat(), &["date"]);
                dates.iter().filter(|row| row[0] <= END).count() as f64
            };
            let came_back = happened("came back into care");
            assert_eq!(total("readmissions"), came_back, "{whose:?}");
            let entered = happened("entered care") + came_back;
            assert_eq!(total("admissions"), entered, "{whose:?}");
        }
    }
}

/// The first child that `trace` lists.
fn first_child(home: &Path, replicate: u32) -> String {
    let output = ends(home, 0, &format!("trace plan.toml --replicate {replicate}"));
    says(stdout(&output), &["half succeed", "child", "events"]);
    let mut lines = stdout(&output).lines();
    lines.find(|line| line.trim_start().starts_with("child"));
    let first = lines.next().and_then(|line| line.split_whitespace().next());
    first.expect("a future has children").to_owned()
}

#[test]
fn trace_tells_the_life_that_the_events_file_holds() {
    let home = home();
    let child = first_child(home.path(), 1);
    let line = format!("trace plan.toml --replicate 1 --child {child}");
    let told = ends(home.path(), 0, &line);
    let told = stdout(&told);
    says(
        told,
        &[&child, "future 1", "half succeed", "date", "event", "why"],
    );
    let (events, _) = events_and_replicates();
    let given = [
        ("scenario", "half succeed"),
        ("replicate", "1"),
        ("child", &*child),
    ];
    let life = events.select(&given, &["event"]);
    assert!(life.len() > 2);
    // A table breaks lines within a cell where a terminal is narrow.
    let joined: String = told.split_whitespace().collect();
    for event in life {
        let event: String = event[0].split_whitespace().collect();
        assert!(joined.contains(&event), "nothing of {event} in:\n{told}");
    }
    assert_eq!(stdout(&ends(home.path(), 0, &line)), told);
    let other = call(home.path(), &format!("{line} --seed 5"));
    assert_ne!(stdout(&other), told);
}

#[test]
fn trace_says_where_two_lives_part() {
    let home = home();
    let mut parted = 0;
    for child in 1..=20 {
        let against = |scenario: &str| {
            let line = format!("trace plan.toml --child cohort-{child} --against '{scenario}'");
            stdout(&ends(home.path(), 0, &line)).to_owned()
        };
        if child == 1 {
            says(&against("half succeed"), &["The two lives are the same."]);
        }
        let beside = against("no focused work");
        says(&beside, &["half succeed", "no focused work"]);
        if beside.contains("The two lives part on ") {
            says(&beside, &["parts here"]);
            parted += 1;
        } else {
            says(&beside, &["The two lives are the same."]);
        }
    }
    // Twenty of sixty children are focused cases in one scenario alone.
    assert!((1..20).contains(&parted), "{parted} of 20 lives part");
}

#[test]
fn a_child_that_is_not_there_is_wrong_usage() {
    let home = home();
    for child in ["cohort-61", "general-y1-l900-f1-c1", "", "nobody"] {
        let output = ends(
            home.path(),
            2,
            &format!("trace plan.toml --child '{child}'"),
        );
        says(stderr(&output), &["no child", "hint"]);
    }
}

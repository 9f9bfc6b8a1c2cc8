//! `summary.xlsx` and `bands_wide.csv`.

use super::*;
use lacsim::output::FinishedRun;
use lacsim::output::workbook::{Cell, Findings, Sheet};

/// Rows of `bands_wide.csv`, its headers first.
fn csv_rows(file: &Path) -> Vec<Vec<String>> {
    let bytes = fs::read(file).unwrap();
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).expect("a mark");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text);
    let rows = reader.records().map(Result::unwrap);
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

fn sheet<'a>(sheets: &'a [Sheet], name: &str) -> &'a Sheet<'a> {
    let found = sheets.iter().find(|sheet| sheet.name == name);
    found.unwrap_or_else(|| panic!("no sheet {name}"))
}

#[test]
fn the_table_of_bands_is_the_bands() {
    let home = home();
    ends(home.path(), 0, "run plan.toml --replicates 20 --out run");
    let run = home.path().join("run");
    let found = csv_rows(&run.join("bands_wide.csv"));
    let bands = Table::read(&run.join("bands.parquet"));
    let columns: Vec<usize> = found[0].iter().map(|name| bands.index(name)).collect();
    assert_eq!(found.len(), bands.rows.len() + 1);
    // The table has scenarios in the order of the file, bands.parquet by name.
    let mut expected: Vec<Vec<String>> = bands
        .rows
        .iter()
        .map(|row| columns.iter().map(|&column| row[column].clone()).collect())
        .collect();
    let mut found = found[1..].to_vec();
    expected.sort();
    found.sort();
    assert!(
        found == expected,
        "bands_wide.csv differs from bands.parquet"
    );
}

#[test]
fn the_workbook_holds_the_numbers_of_the_run() {
    let home = home();
    ends(home.path(), 0, "run plan.toml --replicates 20 --out run");
    let run = FinishedRun::open(&home.path().join("run")).unwrap();
    let findings = Findings::of(&run, false).unwrap();
    let sheets = findings.tables();
    let names: Vec<&str> = sheets.iter().map(|sheet| sheet.name).collect();
    let expected = [
        "Contents",
        "Notes",
        "Scenarios",
        "Targets",
        "Bands",
        "Breakdowns",
        "Spend",
        "Assumptions",
        "Chart data",
    ];
    assert_eq!(names, expected);
    for sheet in &sheets {
        assert!(!sheet.rows.is_empty(), "{}", sheet.name);
        let is_whole = |row: &Vec<Cell>| row.len() == sheet.headers.len();
        assert!(sheet.rows.iter().all(is_whole), "{}", sheet.name);
    }
    let bands = sheet(&sheets, "Bands");
    let totals = run
        .forecasts()
        .iter()
        .flat_map(|forecast| forecast.bands.iter());
    let totals: Vec<_> = totals.filter(|band| band.series.is_total()).collect();
    assert_eq!(bands.rows.len(), totals.len());
    for (row, band) in bands.rows.iter().zip(totals) {
        assert_eq!(row[3], Cell::Date(band.date));
        let numbers = row[5..].iter().map(|cell| match cell {
            Cell::Number(value, _) => *value,
            other => panic!("{other:?} is no number"),
        });
        let mut expected = vec![band.mean, band.sd];
        expected.extend(band.percentiles);
        expected.push(band.mean_se);
        assert_eq!(numbers.collect::<Vec<_>>(), expected);
    }
    let targets = sheet(&sheets, "Targets");
    let results = run
        .forecasts()
        .iter()
        .flat_map(|forecast| &forecast.targets);
    for (row, result) in targets.rows.iter().zip(results) {
        assert_eq!(row[1], Cell::text(result.target.name.as_str()));
        assert_eq!(row[10], Cell::text(result.likelihood()));
    }
    let assumptions = sheet(&sheets, "Assumptions");
    let drawn = run.manifest().parameters.len();
    let uncertain = |row: &&Vec<Cell>| matches!(row[4], Cell::Number(..));
    assert_eq!(assumptions.rows.iter().filter(uncertain).count(), drawn);
}

#[test]
fn the_same_run_gives_the_same_workbook() {
    let home = home();
    let run = |out: &str, threads: u16| {
        let line = format!("run plan.toml --replicates 40 --threads {threads} --out {out}");
        ends(home.path(), 0, &line);
        let mut files = contents(&home.path().join(out));
        files.retain(|name, _| name == "summary.xlsx" || name == "bands_wide.csv");
        assert_eq!(files.len(), 2);
        files
    };
    let first = run("first", 1);
    assert_eq!(run("second", 3), first);
    let before = contents(&home.path().join("first"));
    ends(home.path(), 0, "workbook first");
    assert_eq!(contents(&home.path().join("first-workbook")), first);
    assert_eq!(contents(&home.path().join("first")), before);
    ends(home.path(), 0, "workbook second --out here/deep");
    assert_eq!(contents(&home.path().join("here/deep")), first);
    ends(home.path(), 1, "workbook nowhere");
}

#[test]
fn small_counts_are_withheld_with_another_of_their_breakdown() {
    let home = home();
    ends(home.path(), 0, "run plan.toml --replicates 20 --out run");
    ends(home.path(), 0, "workbook run --suppress-small --out shown");
    let open = csv_rows(&home.path().join("run/bands_wide.csv"));
    let shown = csv_rows(&home.path().join("shown/bands_wide.csv"));
    assert_eq!(open.len(), shown.len());
    let mut breakdowns: BTreeMap<Vec<&str>, (usize, usize)> = BTreeMap::new();
    for (open, shown) in open.iter().zip(&shown).skip(1) {
        let (segment_by, unit) = (open[2].as_str(), open[6].as_str());
        let is_withheld = shown[12] == "[c]";
        if segment_by == "all" || unit == "pounds" {
            assert_eq!(open, shown, "totals and money are as they were");
            continue;
        }
        let median: f64 = open[12].parse().unwrap();
        let is_small = (0.5..5.5).contains(&median);
        assert!(is_withheld || !is_small, "{open:?}");
        if is_withheld {
            assert!(shown[7..18].iter().all(|cell| cell == "[c]"), "{shown:?}");
        } else {
            assert_eq!(open, shown);
        }
        let key = vec![&open[0], &open[1], segment_by, &open[4], &open[5]];
        let counts = breakdowns.entry(key).or_default();
        counts.0 += usize::from(is_withheld);
        counts.1 += 1;
    }
    let found = breakdowns.values().filter(|counts| counts.0 > 0).count();
    assert!(found > 10, "the scenario has small counts");
    for (key, (withheld, segments)) in breakdowns {
        assert!(withheld != 1 || segments == 1, "{key:?}");
    }
}

#[test]
fn a_name_that_looks_like_a_formula_stays_text() {
    let home = home();
    let plan = home.path().join("plan.toml");
    let text = fs::read_to_string(&plan).unwrap();
    fs::write(&plan, text.replace("\"half succeed\"", "\"=1+1\"")).unwrap();
    ends(home.path(), 0, "run plan.toml --replicates 10 --out run");
    let rows = csv_rows(&home.path().join("run/bands_wide.csv"));
    let names: std::collections::BTreeSet<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert!(names.contains("'=1+1") && !names.contains("=1+1"));
    let run = FinishedRun::open(&home.path().join("run")).unwrap();
    let findings = Findings::of(&run, false).unwrap();
    let sheets = findings.tables();
    let scenarios = &sheet(&sheets, "Scenarios").rows;
    assert!(scenarios.iter().any(|row| row[0] == Cell::text("=1+1")));
}

#[test]
fn workstreams_have_a_sheet_that_adds_up() {
    let home = home();
    fs::copy(
        file("tests/data/action.toml"),
        home.path().join("action.toml"),
    )
    .unwrap();
    ends(
        home.path(),
        0,
        "run action.toml --replicates 30 --quiet --out run",
    );
    let run = FinishedRun::open(&home.path().join("run")).unwrap();
    let findings = Findings::of(&run, false).unwrap();
    let sheets = findings.tables();
    let names: Vec<&str> = sheets.iter().map(|sheet| sheet.name).collect();
    let place = |name: &str| names.iter().position(|one| *one == name).unwrap();
    assert_eq!(place("Spend") + 1, place("Workstreams"));
    let shown = sheet(&sheets, "Workstreams");
    let index = |name: &str| shown.headers.iter().position(|one| *one == name).unwrap();
    let read = lacsim::output::read_workstreams(&run).unwrap().unwrap();
    assert_eq!(shown.rows.len(), read.rows.len());
    let (year, name) = (index("Financial year"), index("Workstream"));
    let share = index("Share of the saving, Shapley (pounds)");
    let mut sums: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for (row, found) in shown.rows.iter().zip(&read.rows) {
        assert_eq!(row.len(), shown.headers.len());
        assert_eq!(row[name], Cell::text(found.workstream.as_str()));
        let Cell::Number(pounds, _) = row[share] else {
            panic!("{row:?}");
        };
        assert!((100.0 * pounds - found.shapley.mean).abs() <= 0.5);
        let sum = sums.entry(format!("{:?}", row[year])).or_default();
        match found.workstream.as_str() {
            lacsim::attribution::ALL => sum.1 += pounds,
            _ => sum.0 += pounds,
        }
    }
    // Means over futures are rounded to the penny one by one.
    for (year, (parts, all)) in &sums {
        assert!((parts - all).abs() < 0.1, "{year}: {parts} of {all}");
    }
    assert!(sums.len() > 1 && sums.values().any(|(_, all)| *all != 0.0));
    // What is read back is what was counted.
    ends(home.path(), 0, "workbook run");
    let bytes = |folder: &str| fs::read(home.path().join(folder).join("summary.xlsx")).unwrap();
    assert_eq!(bytes("run-workbook"), bytes("run"));
}

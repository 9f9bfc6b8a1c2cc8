//! Synthetic returns, and scenarios calibrated on them.

use super::*;

/// A council that never was, over eight years.
const COUNCIL: &str = "tests/data/council.toml";

/// A folder to work in, with the council as `council.toml`.
fn council() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::copy(file(COUNCIL), home.path().join("council.toml")).unwrap();
    home
}

/// Every file below a folder, with its bytes.
fn all_files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for year in names(folder) {
        for name in names(&folder.join(&year)) {
            let bytes = fs::read(folder.join(&year).join(&name)).unwrap();
            files.insert(format!("{year}/{name}"), bytes);
        }
    }
    files
}

fn rows(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(&files[name]).unwrap();
    let lines = text.lines().skip(1);
    lines
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

#[test]
fn a_synthetic_return_has_a_folder_for_each_year_as_a_council_sends_them() {
    let home = council();
    let output = ends(home.path(), 0, "synthesise council.toml --out return");
    says(
        stdout(&output),
        &["8 yearly folders (2016-17 to 2023-24)", "calibrate"],
    );
    let files = all_files(&home.path().join("return"));
    assert_eq!(names(&home.path().join("return")).len(), 8);
    // What is open on 31 March is sent open, and again the year after.
    let key = |row: &Vec<String>| (row[0].clone(), row[1].clone());
    let second = rows(&files, "2017-18/episodes.csv");
    let open: Vec<_> = rows(&files, "2016-17/episodes.csv")
        .into_iter()
        .filter(|row| row[7].is_empty())
        .collect();
    assert!(open.len() > 250, "{}", open.len());
    for row in &open {
        assert!(second.iter().any(|other| key(other) == key(row)), "{row:?}");
    }
    // Some child of the first day came into care before it.
    let first = &open.iter().map(|row| &row[1][6..]).min().unwrap();
    assert!(first.parse::<i32>().unwrap() < 2016);
}

#[test]
fn each_adoption_is_sent_once_with_its_decision_and_match() {
    let home = council();
    ends(home.path(), 0, "synthesise council.toml --out return");
    let files = all_files(&home.path().join("return"));
    let iso = |date: &str| format!("{}{}{}", &date[6..], &date[3..5], &date[..2]);
    let years = names(&home.path().join("return"));
    let episodes: Vec<_> = years
        .iter()
        .flat_map(|year| rows(&files, &format!("{year}/episodes.csv")))
        .collect();
    let adopted: Vec<_> = episodes.iter().filter(|one| one[8] == "E12").collect();
    let mut sent = BTreeMap::new();
    for year in years {
        let name = format!("{year}/ad1.csv");
        if !files.contains_key(&name) {
            continue;
        }
        for row in rows(&files, &name) {
            let end = adopted.iter().find(|one| one[0] == row[0]).unwrap();
            let [decided, matched] = [2, 3].map(|column| iso(&row[column]));
            assert!(decided <= matched && matched <= iso(&end[7]), "{row:?}");
            let april = |year: u32| format!("{year}0401");
            let first: u32 = year[..4].parse().unwrap();
            assert!((april(first)..april(first + 1)).contains(&iso(&end[7])));
            // The stage that is called a match leads straight to the placement.
            let own = episodes.iter().filter(|one| one[0] == row[0]);
            let mut placed = own.filter(|one| one[5] == "A6");
            assert!(placed.any(|one| one[1] == row[3]), "{row:?}");
            assert_eq!(sent.insert(row[0].clone(), year.clone()), None);
        }
    }
    assert!(sent.len() > 15, "{}", sent.len());
    assert_eq!(sent.len(), adopted.len());
}

#[test]
fn the_same_seed_makes_the_same_return() {
    let home = council();
    ends(home.path(), 0, "synthesise council.toml --out a --faults");
    ends(home.path(), 0, "synthesise council.toml --out b --faults");
    ends(
        home.path(),
        0,
        "synthesise council.toml --out c --faults --seed 4",
    );
    let [a, b, c] = ["a", "b", "c"].map(|name| all_files(&home.path().join(name)));
    assert!(a == b);
    assert!(a != c);
}

#[test]
fn planted_faults_are_told() {
    let home = council();
    let output = ends(
        home.path(),
        0,
        "synthesise council.toml --out return --faults",
    );
    says(
        stdout(&output),
        &[
            "an episode that ends after the next one begins",
            "a gap of days",
            "a child with short breaks alone",
            "a year in Windows-1252",
            "an open episode that no later year closes",
        ],
    );
}

#[test]
fn a_name_that_stands_for_no_code_is_refused() {
    let home = council();
    let path = home.path().join("council.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replace("\"supported accommodation\"", "\"the moon\""),
    )
    .unwrap();
    let output = ends(home.path(), 2, "synthesise council.toml --out return");
    says(stderr(&output), &["placement \"the moon\"", "hint"]);
    assert_eq!(names(home.path()), ["council.toml"]);
}

#[test]
fn a_folder_that_holds_something_is_left_alone() {
    let home = council();
    fs::create_dir(home.path().join("return")).unwrap();
    fs::write(home.path().join("return/mine.txt"), "mine").unwrap();
    let output = ends(home.path(), 2, "synthesise council.toml --out return");
    says(stderr(&output), &["not empty"]);
    assert_eq!(names(&home.path().join("return")), ["mine.txt"]);
}

/// The council's return, with faults, in a folder `return`.
fn sent() -> TempDir {
    let home = council();
    ends(
        home.path(),
        0,
        "synthesise council.toml --out return --faults",
    );
    home
}

#[test]
fn a_return_becomes_a_scenario_that_runs_as_it_is() {
    let home = sent();
    let output = ends(home.path(), 0, "calibrate return --as-at 2024-03-31");
    says(
        stdout(&output),
        &[
            "Families who came",
            "After return home",
            "Placement orders of children under ten: ",
            "Too thin to estimate",
            "Prices: a return has none",
            "Next: lacsim check return.toml, then lacsim run return.toml",
        ],
    );
    let scenario = fs::read_to_string(home.path().join("return.toml")).unwrap();
    says(
        &scenario,
        &[
            "events = ",
            "successes = ",
            "[[reentry]]",
            "[[drift]]",
            "unaccompanied asylum seekers",
            "placement order, aged 0-4, 182-729 days in care",
            "name = \"match with adopters\"",
            "under_way = [{ cases = ",
            "leads_to = { exit = \"adoption\" }",
            "source = \"SSDA903 return, 1 April 2016 to 31 March 2024",
        ],
    );
    let told = ends(home.path(), 0, "check return.toml");
    says(
        stdout(&told),
        &["children are in care at the start, from return-cohort.csv"],
    );
    let run = ends(home.path(), 0, "run return.toml --replicates 20");
    says(stdout(&run), &["31 Mar 2027"]);
    assert_eq!(stderr(&told), "");
}

#[test]
fn a_calibrated_cohort_is_that_of_the_night_by_months_of_birth() {
    let home = sent();
    ends(
        home.path(),
        0,
        "calibrate return --as-at 2022-03-31 --since 2018-04-01 --out then.toml",
    );
    let cohort = fs::read_to_string(home.path().join("then-cohort.csv")).unwrap();
    let rows: Vec<Vec<&str>> = cohort
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    assert!(rows.iter().all(|row| row[1].len() == "2009-05".len()));
    assert!(rows.iter().all(|row| row[2] <= "2022-03-31"));
    // Whoever is open on the date in that year's episodes, short breaks apart.
    let path = home.path().join("return/2021-22/episodes.csv");
    let episodes = fs::read_to_string(path).unwrap();
    let open = episodes
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>())
        .filter(|row| row[7].is_empty() && !row[0].starts_with("SB"))
        .count();
    assert_eq!(rows.len(), open);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let private = home.path().join("then-cohort.csv");
        let mode = fs::metadata(private).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn the_same_return_calibrates_to_the_same_files() {
    let home = sent();
    let files = |name: &str| {
        ends(
            home.path(),
            0,
            &format!("calibrate return --as-at 2024-03-31 --out {name}.toml"),
        );
        let read = |name: String| fs::read_to_string(home.path().join(name)).unwrap();
        (
            read(format!("{name}.toml")).replace(name, ""),
            read(format!("{name}-cohort.csv")),
        )
    };
    assert!(files("one-of-two") == files("two-of-two"));
}

#[test]
fn a_return_that_cannot_be_calibrated_on_is_refused() {
    let home = sent();
    for (code, line, word) in [
        (
            2,
            "calibrate return --as-at 2030-03-31",
            "covers 2016-04-01 to 2024-03-31",
        ),
        (
            2,
            "calibrate return --as-at 2016-06-30",
            "a fit needs a year",
        ),
        (2, "calibrate return --as-at 31/03/2024", "--as-at"),
        // As `inspect` and `backtest` do: what cannot be read is nobody's mistake.
        (1, "calibrate nowhere --as-at 2024-03-31", "cannot read"),
        (
            2,
            "calibrate return --as-at 2024-03-31 --out council.toml",
            "is there already",
        ),
    ] {
        let output = ends(home.path(), code, line);
        says(stderr(&output), &[word]);
    }
    assert_eq!(names(home.path()), ["council.toml", "return"]);
}

/// Ids, mothers' codes and homes are marked with an unmistakable word, and
/// neither it nor a date of birth comes out again anywhere, nor in an error.
#[test]
fn nothing_of_a_child_leaves_the_return() {
    const CANARY: &str = "CANARY";
    let home = sent();
    let folder = home.path().join("return");
    let mut births = std::collections::BTreeSet::new();
    for (name, bytes) in all_files(&folder) {
        let text = encode(&bytes);
        let columns: Vec<&str> = text.lines().next().unwrap().split(',').collect();
        let birth = columns.iter().position(|column| *column == "DOB");
        let mut marked = String::new();
        for (number, line) in text.lines().enumerate() {
            let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            if number > 0 {
                for (cell, column) in cells.iter_mut().zip(&columns) {
                    let is_marked = ["CHILD", "MOTHER", "HOME_POST", "URN"].contains(column);
                    if is_marked && (!cell.is_empty() || *column == "URN") {
                        *cell = format!("{CANARY}{cell}");
                    }
                }
                births.extend(birth.map(|birth| cells[birth].clone()));
            }
            marked += &(cells.join(",") + "\r\n");
        }
        fs::write(folder.join(name), marked).unwrap();
    }
    assert!(births.len() > 1_000);
    let said = ends(
        home.path(),
        0,
        "calibrate return --as-at 2024-03-31 --out mine.toml",
    );
    let ran = ends(home.path(), 0, "run mine.toml --replicates 5 --events 2");
    // A folder that cannot be read on, with the canary where a date should be.
    fs::create_dir(home.path().join("broken")).unwrap();
    let broken = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN\r\nCANARY1,CANARY2,CANARY3,CANARY4,CANARY5,,,,,,,,\r\n";
    fs::write(home.path().join("broken/episodes.csv"), broken).unwrap();
    let refused = ends(home.path(), 2, "calibrate broken --as-at 2024-03-31");
    let mut outputs: Vec<(String, Vec<u8>)> = vec![
        ("calibrate's answer".to_owned(), said.stdout),
        ("calibrate's progress".to_owned(), said.stderr),
        ("the run's answer".to_owned(), ran.stdout),
        ("the refusal".to_owned(), refused.stderr),
    ];
    let mut files = vec![
        home.path().join("mine.toml"),
        home.path().join("mine-cohort.csv"),
    ];
    let run = home.path().join("outputs/mine");
    files.extend(names(&run).iter().map(|name| run.join(name)));
    for path in files {
        let bytes = fs::read(&path).unwrap();
        if path.extension().is_some_and(|kind| kind == "xlsx") {
            outputs.extend(parts(&bytes));
        }
        outputs.push((path.display().to_string(), bytes));
    }
    for (name, bytes) in outputs {
        let text = encode(&bytes);
        assert!(!text.contains(CANARY), "{name} holds a canary");
        for birth in &births {
            let is_start_of_care = name.ends_with("mine-cohort.csv");
            assert!(
                is_start_of_care || !text.contains(birth),
                "{name} holds a date of birth"
            );
        }
    }
    let cohort = fs::read_to_string(home.path().join("mine-cohort.csv")).unwrap();
    for line in cohort.lines().skip(1) {
        assert_eq!(line.split(',').nth(1).unwrap().len(), "2009-05".len());
    }
}

/// The parts of a workbook, with their names.
fn parts(workbook: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook)).unwrap();
    let count = archive.len();
    assert!(count > 10, "cover, tables, texts");
    let part = |index| {
        let mut part = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut part, &mut bytes).unwrap();
        (part.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(part).collect()
}

/// Bytes as text, one character for each.
fn encode(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

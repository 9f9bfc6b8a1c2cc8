//! Mistakes, refusals and the answer no.

use super::*;

#[test]
fn a_file_that_cannot_be_read_is_no_mistake_in_it() {
    let home = home();
    for command in ["run", "check", "trace"] {
        let output = ends(home.path(), 1, &format!("{command} nowhere.toml"));
        says(stderr(&output), &["error: nowhere.toml", "cannot read"]);
    }
    ends(home.path(), 1, "compare nowhere neither");
    assert_eq!(names(home.path()), ["plan.toml"]);
}

#[test]
fn a_wrong_key_is_a_mistake_and_nothing_is_written() {
    let home = home();
    let text = fs::read_to_string(home.path().join("plan.toml")).unwrap();
    let wrong = text.replace("families_per_year = 8", "familes_per_year = 8");
    fs::write(home.path().join("plan.toml"), wrong).unwrap();
    let line = text
        .lines()
        .position(|line| line == "families_per_year = 8");
    let place = format!("plan.toml:{}:", line.unwrap() + 1);
    for command in ["run", "check", "trace"] {
        let output = ends(home.path(), 2, &format!("{command} plan.toml"));
        says(
            stderr(&output),
            &["familes_per_year", "families_per_year", &place],
        );
        assert_eq!(stdout(&output), "");
    }
    assert_eq!(names(home.path()), ["plan.toml"]);
}

#[test]
fn a_name_that_is_not_there_is_wrong_usage_with_a_hint() {
    let home = home();
    for line in [
        "run plan.toml --scenario 'half suceed'",
        "trace plan.toml --scenario 'half suceed'",
        "trace plan.toml --against 'half suceed'",
    ] {
        let output = ends(home.path(), 2, line);
        says(stderr(&output), &["half suceed", "hint", "half succeed"]);
    }
    let output = ends(
        home.path(),
        2,
        "run plan.toml --require '60 by march 2025=0.5'",
    );
    says(
        stderr(&output),
        &["60 by march 2025", "hint", "60 by March 2025"],
    );
    assert_eq!(names(home.path()), ["plan.toml"]);
}

#[test]
fn nothing_is_written_over_that_is_of_another_kind() {
    let home = home();
    ends(home.path(), 0, "run plan.toml --replicates 200 --out run");
    let run = home.path().join("run");
    let before = (
        contents(&run),
        fs::read(home.path().join("plan.toml")).unwrap(),
    );
    for line in [
        "report run --out plan.toml",
        "sensitivity run --out plan.toml",
        "workbook run --out run",
    ] {
        let output = ends(home.path(), 1, line);
        says(stderr(&output), &["is left as it is"]);
    }
    let after = (
        contents(&run),
        fs::read(home.path().join("plan.toml")).unwrap(),
    );
    assert_eq!(before, after);
    fs::write(run.join("notes.txt"), "mine").unwrap();
    let output = ends(home.path(), 1, "run plan.toml --replicates 5 --out run");
    says(stderr(&output), &["holds notes.txt", "move it away"]);
    assert_eq!(fs::read(run.join("notes.txt")).unwrap(), b"mine");
    assert_eq!(names(home.path()), ["plan.toml", "run"]);
}

#[test]
fn a_folder_that_is_no_run_is_refused_and_untouched() {
    let home = home();
    let photos = home.path().join("photos");
    fs::create_dir(&photos).unwrap();
    fs::write(photos.join("cat.jpg"), "meow").unwrap();
    for out in ["photos", "photos/cat.jpg", "."] {
        let output = ends(
            home.path(),
            1,
            &format!("run plan.toml --replicates 5 --out {out}"),
        );
        says(stderr(&output), &["is left as it is"]);
    }
    assert_eq!(fs::read_to_string(photos.join("cat.jpg")).unwrap(), "meow");
    assert_eq!(names(&photos), ["cat.jpg"]);
    assert_eq!(names(home.path()), ["photos", "plan.toml"]);
}

#[test]
fn a_place_where_no_folder_can_be_is_an_error() {
    let home = home();
    // Below a regular file not even the superuser can make a folder.
    let output = ends(home.path(), 1, "run plan.toml --out plan.toml/run");
    says(stderr(&output), &["error: ", "plan.toml"]);
    assert_eq!(names(home.path()), ["plan.toml"]);
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_stays_as_it_is() {
    use std::os::unix::fs::PermissionsExt;
    let home = home();
    let shelf = home.path().join("shelf");
    fs::create_dir(&shelf).unwrap();
    fs::set_permissions(&shelf, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(shelf.join("probe"), "").is_ok() {
        return; // The superuser writes anywhere: the test above stands for this one.
    }
    ends(
        home.path(),
        1,
        "run plan.toml --replicates 5 --out shelf/run",
    );
    assert!(names(&shelf).is_empty());
}

#[test]
fn a_target_that_is_not_likely_enough_is_the_answer_no() {
    let home = home();
    let line = "run plan.toml --replicates 40 --require '60 by March 2025";
    ends(home.path(), 0, &format!("{line}=0'"));
    let no = ends(home.path(), 3, &format!("{line}=1'"));
    says(
        stderr(&no),
        &["60 by March 2025", "half succeed", "required"],
    );
    // The answer is no, but it is an answer: the run is there.
    whole(&home.path().join("outputs/plan"));
}

#[test]
fn a_requirement_is_not_judged_in_a_scenario_that_was_not_played() {
    let home = home();
    let line = "run plan.toml --replicates 40 --require '60 by March 2025=1'";
    let output = call(home.path(), &format!("{line} --scenario 'as planned'"));
    assert!(!output.status.success());
    // The main scenario, "half succeed", was left out.
    assert!(
        !stderr(&output).contains("in \"half succeed\""),
        "{}",
        stderr(&output)
    );
}

#[test]
fn names_with_spaces_and_accents_are_names() {
    let home = home();
    let stem = "Ynys Môn: our plan 2024–25";
    let name = format!("{stem}.toml");
    fs::rename(home.path().join("plan.toml"), home.path().join(&name)).unwrap();
    ends(home.path(), 0, &format!("run '{name}' --replicates 10"));
    let manifest = whole(&home.path().join("outputs").join(stem));
    assert_eq!(manifest.scenario.name, name);
    let out = "résultats – été/ünser Lauf";
    ends(
        home.path(),
        0,
        &format!("run '{name}' --replicates 10 --out '{out}'"),
    );
    whole(&home.path().join(out));
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_is_a_name_too() {
    use std::os::unix::ffi::OsStrExt;
    let home = home();
    let name = std::ffi::OsStr::from_bytes(b"pl\xe4n.toml");
    fs::rename(home.path().join("plan.toml"), home.path().join(name)).unwrap();
    let mut command = lacsim(home.path());
    command.arg("run").arg(name);
    let output = command
        .args(words("--replicates 10 --out run"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    whole(&home.path().join("run"));
}

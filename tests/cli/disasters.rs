//! What must never happen: half a run, or a lost one.

use super::*;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// More futures than are played before anybody stops them.
const MANY: u32 = 200_000;

/// Starts a run into `run`.
fn start(home: &Path, replicates: u32) -> Child {
    let line = format!("run plan.toml --quiet --replicates {replicates} --out run");
    let mut command = lacsim(home);
    command.args(words(&line)).stdout(Stdio::null());
    command.stderr(Stdio::piped()).spawn().unwrap()
}

/// Starts a run and waits until it has begun to write.
#[track_caller]
fn start_and_see(home: &Path) -> Child {
    seen(home, start(home, MANY))
}

#[track_caller]
fn seen(home: &Path, run: Child) -> Child {
    let started = Instant::now();
    while !home.join(".run.lacsim-new").exists() {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "the run never began"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    run
}

#[cfg(unix)]
fn signal(run: &Child, signal: &str) {
    let mut command = Command::new("kill");
    let status = command.args([signal, &run.id().to_string()]).status();
    assert!(status.unwrap().success());
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_with_130_and_leaves_nothing() {
    for sent in ["-INT", "-TERM"] {
        let home = home();
        let run = start_and_see(home.path());
        signal(&run, sent);
        let output = run.wait_with_output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(130),
            "{sent}: {}",
            stderr(&output)
        );
        says(stderr(&output), &["interrupted"]);
        assert_eq!(names(home.path()), ["plan.toml"]);
    }
}

/// As with `nohup`, whose run goes on when the terminal is closed.
#[cfg(target_os = "linux")]
#[test]
fn a_hang_up_that_is_ignored_stays_ignored() {
    let home = home();
    let line = format!("run plan.toml --quiet --replicates {MANY} --out run");
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]);
    command.arg(lacsim(home.path()).get_program());
    command.args(words(&line)).current_dir(home.path());
    let mut run = seen(home.path(), command.stderr(Stdio::piped()).spawn().unwrap());
    signal(&run, "-HUP");
    std::thread::sleep(Duration::from_millis(300));
    assert!(run.try_wait().unwrap().is_none(), "the run goes on");
    signal(&run, "-INT");
    assert_eq!(run.wait().unwrap().code(), Some(130));
    assert_eq!(names(home.path()), ["plan.toml"]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_the_old_one() {
    let home = home();
    ends(home.path(), 0, "run plan.toml --replicates 10 --out run");
    let before = contents(&home.path().join("run"));
    let run = start_and_see(home.path());
    signal(&run, "-INT");
    assert_eq!(run.wait_with_output().unwrap().status.code(), Some(130));
    assert_eq!(contents(&home.path().join("run")), before);
    assert_eq!(names(home.path()), ["plan.toml", "run"]);
}

/// At any moment the folder is the old run or the new one, and never half.
#[test]
fn a_kill_at_any_moment_leaves_a_whole_run() {
    const FUTURES: u32 = 300;
    let tries = std::env::var("LACSIM_KILLS").map_or(5, |text| text.parse().unwrap());
    let home = home();
    let started = Instant::now();
    assert!(start(home.path(), FUTURES).wait().unwrap().success());
    let length = started.elapsed();
    let mut survived = 0;
    for attempt in 0..tries {
        // Moments spread evenly over the length of a run, by the golden ratio.
        let share = (0.5 + f64::from(attempt) * 0.618_033_988_75).fract();
        let mut run = start(home.path(), FUTURES);
        std::thread::sleep(length.mul_f64(1.1 * share));
        run.kill().unwrap();
        survived += u32::from(run.wait().unwrap().success());
        assert_eq!(whole(&home.path().join("run")).replicates, FUTURES);
        for name in names(home.path()) {
            let is_leftover = name.starts_with(".run.lacsim-");
            assert!(
                is_leftover || ["plan.toml", "run"].contains(&&*name),
                "{name}"
            );
        }
    }
    eprintln!("{tries} kills, of which {survived} came too late");
    assert!(start(home.path(), FUTURES).wait().unwrap().success());
    assert_eq!(
        names(home.path()),
        ["plan.toml", "run"],
        "the next run clears up"
    );
}

/// A limit on the size of files stands for a full disk.
#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_and_leaves_the_old_run() {
    let home = home();
    ends(home.path(), 0, "run plan.toml --replicates 10 --out run");
    let before = contents(&home.path().join("run"));
    for out in ["run", "fresh"] {
        let output = Command::new("sh")
            .args(["-c", r#"trap "" XFSZ; ulimit -f 8; exec "$@""#, "sh"])
            .arg(env!("CARGO_BIN_EXE_lacsim"))
            .args(words(&format!(
                "run plan.toml --replicates 200 --out {out}"
            )))
            .current_dir(home.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        says(stderr(&output), &["error: ", "cannot write"]);
        assert_eq!(names(home.path()), ["plan.toml", "run"]);
    }
    assert_eq!(contents(&home.path().join("run")), before);
}

#[test]
fn two_runs_do_not_share_a_folder() {
    let home = home();
    let mut first = start_and_see(home.path());
    let output = ends(home.path(), 1, "run plan.toml --replicates 5 --out run");
    says(stderr(&output), &["another run is being written there"]);
    first.kill().unwrap();
    first.wait().unwrap();
    ends(home.path(), 0, "run plan.toml --replicates 5 --out run");
    whole(&home.path().join("run"));
}

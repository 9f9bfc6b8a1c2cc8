//! Queues: pools, beds, caps and courts.

use super::*;

/// M/M/c: a case every 83 days (λ = 0.012 a day) asks for one of two workers
/// who take an exponential 100 days each: a = 1.2, and Erlang's C(2, 1.2) =
/// 0.45, so that C ρ / (1 − ρ) = 0.675 wait on average and a = 1.2 are under
/// way. Children enter on whole days and ask within the next day or two, which
/// moves either by less than λ / 2; after 12 years the start has faded by
/// e^(−44).
#[test]
fn a_queue_for_workers_waits_as_erlang_says() {
    let run = Run::of(
        r#"
        [forecast]
        name = "M/M/c"
        start = 2018-12-31
        end = 2030-12-31
        population_by = []
        [[referrals]]
        name = "general"
        families_per_year = 4.383
        age = { "0" = 1, "1-17" = 0 }
        [[resource]]
        name = "worker"
        sizes = [{ from = 2018-12-31, units = 2 }]
        [[pathway]]
        name = "guardianship"
        new_cases_per_year = 1_000
        leads_to = { exit = "order" }
        [[pathway.stage]]
        name = "assessment"
        duration_days = { exponential = { mean = 100 } }
        needs = { worker = 1 }
        "#,
        3_000,
    );
    let load = 1.2;
    let (servers, utilisation) = (2, load / 2.0);
    let blocked = erlang_b(servers, load);
    let waits = blocked / (1.0 - utilisation * (1.0 - blocked));
    assert!((waits - 0.45).abs() < 1e-12);
    // Twelve month ends of one replicate hang together, so that their mean
    // counts as one value.
    let waiting = run.mean_over("waiting", "resource", "worker", 132..144);
    assert_mean(
        &waiting,
        waits * utilisation / (1.0 - utilisation),
        "waiting",
    );
    let under_way = run.mean_over("pathway_cases", "all", "all", 132..144);
    assert_mean(&under_way, load, "under way");
    for month in 0..144 {
        let under_way = run.column("pathway_cases", "all", "all", month);
        assert!(under_way.iter().all(|cases| *cases <= 2.0));
    }
}

/// M/M/n/n: eight beds, six asked for on average, and no queue: the beds hold
/// a (1 − B(8, 6)) children and the overflow a B, Erlang's B(8, 6) = 0.1219.
/// On the day itself a child counts, so a stay has half a day more.
#[test]
fn full_beds_overflow_as_erlang_says() {
    let run = Run::of(
        r#"
        [forecast]
        name = "M/M/n/n"
        start = 2018-12-31
        end = 2026-12-31
        population_by = ["placement"]
        [[placement]]
        name = "foster"
        weekly_pounds = 7
        beds = [{ from = 2018-12-31, units = 8 }]
        overflow = "agency"
        [[placement]]
        name = "agency"
        weekly_pounds = 7
        [[referrals]]
        name = "general"
        families_per_year = 7.305
        age = { "0" = 1, "1-17" = 0 }
        placement = { foster = 1 }
        [[exit]]
        name = "left"
        time_days = { exponential = { mean = 300 } }
        "#,
        2_000,
    );
    let load = 0.02 * 300.5;
    let blocked = erlang_b(8, load);
    assert!((erlang_b(8, 6.0) - 0.121_876).abs() < 1e-6);
    let beds = run.mean_over("population", "placement", "foster", 84..96);
    assert_mean(&beds, load * (1.0 - blocked), "beds taken");
    let agency = run.mean_over("population", "placement", "agency", 84..96);
    assert_mean(&agency, load * blocked, "in the overflow");
    for month in 0..96 {
        let beds = run.column("population", "placement", "foster", month);
        assert!(beds.iter().all(|children| *children <= 8.0));
        // £7 a week is 100 pence a night.
        let nights = run.column("spend", "placement", "foster", month);
        let before = if month == 0 { 0 } else { run.day(month - 1) };
        let most = 800 * (run.day(month) - before);
        assert!(nights.iter().all(|pence| *pence <= f64::from(most)));
    }
}

/// A stream with a cap of 10, asked for by a = 8: never more than ten, and on
/// average a (1 − B(10, 8)); a share B of its children is transferred. The
/// other stream does not notice.
#[test]
fn a_stream_never_exceeds_its_cap() {
    let run = Run::of(
        r#"
        [forecast]
        name = "cap"
        start = 2018-12-31
        end = 2024-12-31
        population_by = ["stream"]
        [[referrals]]
        name = "general"
        families_per_year = 10
        age = { "0" = 1, "1-17" = 0 }
        [[referrals]]
        name = "asylum"
        families_per_year = 14.61
        stock_cap = 10
        age = { "0" = 1, "1-17" = 0 }
        [[exit]]
        name = "left"
        time_days = { exponential = { mean = 200 } }
        "#,
        1_500,
    );
    let load = 0.04 * 200.5;
    let blocked = erlang_b(10, load);
    for month in 0..72 {
        let asylum = run.column("population", "stream", "asylum", month);
        assert!(asylum.iter().all(|children| *children <= 10.0));
    }
    let asylum = run.mean_over("population", "stream", "asylum", 60..72);
    assert_mean(&asylum, load * (1.0 - blocked), "asylum");
    let transferred = run.over("transferred", "all", "all", 60..72);
    // Two arrivals on one day see the same exits: B for a day's second child is
    // a little higher, by less than a hundredth of the rate.
    let rate = 0.04 * 366.0 * blocked;
    assert_mean(&transferred, rate, "transferred in a year");
    let general = run.mean_over("population", "stream", "general", 60..72);
    assert_mean(&general, 10.0 / YEAR * 200.5, "general");
}

const COURT: &str = r#"
    [forecast]
    name = "court"
    start = 2018-12-31
    end = 2019-12-31
    [cohort]
    children = 30
    clock = "from_start_date"
    age = { "0" = 0, "1-4" = 30, "5-17" = 0 }
    [[resource]]
    name = "court"
    slots = 2
    every_days = 28
    first_sitting = 2019-01-14
    [[pathway]]
    name = "proceedings"
    cases = 30
    leads_to = { exit = "order" }
    [[pathway.stage]]
    name = "application"
    duration_days = { exponential = { mean = 30 } }
    [[pathway.stage]]
    name = "hearing"
    duration_days = { fixed = 40 }
    needs = { court = 1 }
    "#;

/// A court that sits every 28 days from 14 January with two slots starts two
/// hearings at a sitting and none between; slots not taken are lost. Fewer
/// start only where fewer wait.
#[test]
fn a_court_starts_no_more_cases_than_it_has_slots() {
    for (more, all_taken) in [
        ("", true),
        (
            "[[exit]]\nname = \"home\"\nrates_per_year = { \"0-17\" = [2] }\n",
            false,
        ),
    ] {
        let run = Run::of(&format!("{COURT}{more}"), 20);
        let mut full = 0;
        for replicate in 0..20 {
            let mut starts = [0; 14];
            for note in run.notes(replicate) {
                if let Event::StageStarts { stage: 1, .. } = note.event {
                    assert_eq!(note.time.fract(), 0.0);
                    let day = note.time as usize;
                    assert_eq!((day - 14) % 28, 0, "a hearing on day {day}");
                    starts[(day - 14) / 28] += 1;
                }
            }
            assert!(starts.iter().all(|&count| count <= 2), "{starts:?}");
            full += starts.iter().filter(|&&count| count == 2).count();
        }
        // Thirty cases are more than the 26 slots of the year.
        assert!(!all_taken || full >= 12 * 20, "{full}");
    }
}

/// First come, first served: hearings start in the order in which children
/// became ready.
#[test]
fn nobody_overtakes_in_a_queue() {
    let run = Run::of(COURT, 20);
    for replicate in 0..20 {
        let notes = run.notes(replicate);
        let mut asked: Vec<(f64, u64)> = Vec::new();
        let mut started: Vec<(f64, u64)> = Vec::new();
        for note in &notes {
            match note.event {
                Event::Waits { .. } => asked.push((note.time, note.who)),
                Event::StageStarts { stage: 1, .. } => started.push((note.time, note.who)),
                _ => {}
            }
        }
        asked.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(started.len() >= 20);
        for (place, (time, who)) in started.iter().enumerate() {
            assert_eq!(asked[place].1, *who, "place {place}");
            assert!(asked[place].0 <= *time);
        }
    }
}

/// A child who leaves care while it waits gives up its place, and has a life
/// after: it comes back, joins another pathway, whose worker is free, and
/// leaves by it. The first queue never moves.
#[test]
fn a_child_who_left_a_queue_is_not_kept_by_it() {
    let children = vec![("2014-06-01", "2018-06-01", "looked after", "in care"); 2];
    let run = Run::with_cohort(
        r#"
        [forecast]
        name = "a life after the queue"
        start = 2018-12-31
        end = 2019-12-31
        [cohort]
        file = "cohort.csv"
        clock = "from_start_date"
        [[exit]]
        name = "home"
        time_days = { fixed = 10 }
        age_at_entry_below = 5
        [[reentry]]
        after = ["home"]
        probability = 1
        time_days = { fixed = 160 }
        [[resource]]
        name = "never there"
        sizes = [{ from = 2018-12-31, units = 0 }]
        [[resource]]
        name = "worker"
        sizes = [{ from = 2018-12-31, units = 2 }]
        [[pathway]]
        name = "first"
        cases = 2
        leads_to = { exit = "first order" }
        [[pathway.stage]]
        name = "wait"
        duration_days = { fixed = 1 }
        needs = { "never there" = 1 }
        [[pathway]]
        name = "second"
        new_cases_per_year = 1_000
        new_cases_from = 2019-02-01
        leads_to = { exit = "second order" }
        [[pathway.stage]]
        name = "work"
        duration_days = { fixed = 30 }
        needs = { worker = 1 }
        "#,
        &children,
        1,
    );
    // Home on day 10, back on day 170 (19 June) at five years of age, when the
    // clock "home" no longer applies; on the second pathway within a few days
    // (a mean of 0.37), and out by it 30 days later, in July.
    assert_eq!(run.over("exits", "reason", "home", 0..1), [2.0]);
    assert_eq!(run.over("readmissions", "all", "all", 5..6), [2.0]);
    assert_eq!(run.column("exits", "reason", "second order", 6), [2.0]);
    assert_eq!(run.population(11), [0.0]);
}

/// Strictly first come, first served: while the first in the queue waits for a
/// whole worker and half a one is free, nobody overtakes it; when it leaves
/// care on day 10, the next starts on that day.
#[test]
fn who_leaves_a_queue_frees_its_place_at_once() {
    let run = Run::with_cohort(
        r#"
        [forecast]
        name = "place in the queue"
        start = 2018-12-31
        end = 2019-12-31
        [legal_status]
        names = ["first", "second", "third"]
        [cohort]
        file = "cohort.csv"
        clock = "from_start_date"
        [[exit]]
        name = "home"
        time_days = { fixed = 10 }
        eligible = { legal_status = ["second"] }
        [[resource]]
        name = "worker"
        sizes = [{ from = 2018-12-31, units = 1 }]
        [[pathway]]
        name = "one"
        cases = 1
        eligible = { legal_status = ["first"] }
        leads_to = { exit = "first order" }
        [[pathway.stage]]
        name = "work"
        duration_days = { fixed = 200 }
        needs = { worker = 0.5 }
        [[pathway]]
        name = "two"
        cases = 1
        eligible = { legal_status = ["second"] }
        leads_to = { exit = "second order" }
        [[pathway.stage]]
        name = "work"
        duration_days = { fixed = 30 }
        needs = { worker = 1 }
        [[pathway]]
        name = "three"
        cases = 1
        eligible = { legal_status = ["third"] }
        leads_to = { exit = "third order" }
        [[pathway.stage]]
        name = "work"
        duration_days = { fixed = 30 }
        needs = { worker = 0.5 }
        "#,
        &["first", "second", "third"].map(|status| ("2014-06-01", "2018-06-01", status, "in care")),
        1,
    );
    // Month ends: day 31 (one of them waits no more), 59; the third child
    // starts on day 10 and leaves on day 40, 9 February.
    assert_eq!(run.column("waiting", "all", "all", 0), [0.0]);
    assert_eq!(run.column("exits", "reason", "third order", 1), [1.0]);
    assert_eq!(run.column("exits", "reason", "first order", 6), [1.0]);
}

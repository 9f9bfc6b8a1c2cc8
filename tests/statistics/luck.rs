//! Common random numbers.

use super::*;

/// A little of everything that leaves children independent of each other.
const INDEPENDENT: &str = r#"
    [forecast]
    name = "independent children"
    start = 2018-12-31
    end = 2020-12-31
    COHORT
    [legal_status]
    names = ["section 20", "full care order"]
    [[placement]]
    name = "foster"
    weekly_pounds = 450
    [[placement.move]]
    to = "home"
    per_year = 0.5
    [[placement]]
    name = "home"
    weekly_pounds = 3000
    [[placement.move]]
    to = "foster"
    per_year = 0.3
    [[drift]]
    name = "admissions"
    yearly_sd = 0.2
    [[referrals]]
    name = "general"
    families_per_year = { mean = 40, sd = 4 }
    siblings = { "1" = 0.7, "2" = 0.3 }
    drift = "admissions"
    age = { "0" = 0.2, "1-4" = 0.3, "5-9" = 0.2, "10-15" = 0.2, "16-17" = 0.1 }
    legal_status = { "section 20" = 0.6, "full care order" = 0.4 }
    placement = { foster = 0.9, home = 0.1 }
    [panel]
    every_days = 7
    admit = 0.6
    defer = 0.1
    diverted_return = 0.2
    return_after_days = { gamma = { mean = 60, shape = 2 } }
    [[exit]]
    name = "home"
    rates_per_year = { "0-4" = [0.8], "5-17" = [0.3] }
    [[exit]]
    name = "adoption"
    time_days = { weibull = { shape = 2, scale = 500 } }
    probability = 0.4
    age_below = 10
    [[reentry]]
    after = ["home"]
    probability = 0.4
    time_days = { exponential = { mean = 150 } }
    [[allowance]]
    name = "adoption"
    after = ["adoption"]
    weekly_pounds = 100
    [[pathway]]
    name = "guardianship"
    new_cases_per_year = 0.5
    eligible = { legal_status = ["full care order"] }
    replaces = ["adoption"]
    leads_to = { exit = "order" }
    [[pathway.stage]]
    name = "assessment"
    duration_days = { gamma = { mean = 60, shape = 3 } }
    pass = 0.8
    [[pathway.stage]]
    name = "court"
    duration_days = { lognormal = { median = 150, sigma = 0.4 } }
    pass = { low = 0.6, mode = 0.8, high = 0.9 }
    "#;

const MARGINS: &str = r#"
    [cohort]
    children = 40
    age = { "0" = 4, "1-4" = 10, "5-9" = 10, "10-15" = 10, "16-17" = 6 }
    legal_status = { "section 20" = 20, "full care order" = 20 }
    placement = { foster = 35, home = 5 }
    days_in_care = { "0-364" = 20, "365+" = 20 }
    "#;

/// A scenario that changes nothing, or sets a value to what it was, has the
/// values of the base in every cell; another seed has not.
#[test]
fn a_scenario_equal_to_the_base_gives_its_values() {
    let scenarios = r#"
        [[scenario]]
        name = "base"
        [[scenario]]
        name = "the same"
        [[scenario]]
        name = "set to what it was"
        set = { "panel.admit" = 0.6, "pathway.guardianship.new_cases_per_year" = 0.5 }
        "#;
    let text = format!("{}{scenarios}", INDEPENDENT.replace("COHORT", MARGINS));
    let run = Run::of(&text, 40);
    let base = run.cells();
    assert!(base == run.scenario(1).cells());
    assert!(base == run.scenario(2).cells());
    let again = tiles(&run.plan, 0, Seed(1), 0..40);
    assert!(base != cells(&run.plan, &again));
}

/// More families only add admissions, in every replicate and month, and never
/// a child less in care: the others' lives are untouched.
#[test]
fn more_families_only_add_children() {
    let scenarios = r#"
        [[scenario]]
        name = "base"
        set = { "referrals.general.families_per_year" = 40 }
        [[scenario]]
        name = "more"
        set = { "referrals.general.families_per_year" = 48 }
        "#;
    let text = format!("{}{scenarios}", INDEPENDENT.replace("COHORT", MARGINS));
    let run = Run::of(&text, 60);
    let more = run.scenario(1);
    for month in 0..24 {
        for metric in [
            "referrals",
            "admissions",
            "readmissions",
            "exits",
            "population",
            "pathway_cases",
        ] {
            let (base, more) = (
                run.column(metric, "all", "all", month),
                more.column(metric, "all", "all", month),
            );
            assert!(
                base.iter().zip(&more).all(|(base, more)| base <= more),
                "{metric}"
            );
        }
    }
    let added: f64 = more
        .over("admissions", "all", "all", 0..24)
        .iter()
        .sum::<f64>()
        - run
            .over("admissions", "all", "all", 0..24)
            .iter()
            .sum::<f64>();
    assert!(added > 0.0);
}

/// One more row in the cohort's file changes that child alone: the difference
/// in population is its own life, as it is told, in every month.
#[test]
fn an_extra_child_changes_only_itself() {
    let text = INDEPENDENT.replace("COHORT", "[cohort]\nfile = \"cohort.csv\"");
    let mut children = vec![
        ("2014-06-01", "2018-06-01", "full care order", "foster"),
        ("2010-01-07", "2016-03-05", "section 20", "home"),
        ("2018-09-09", "2018-09-10", "section 20", "foster"),
        ("2001-08-20", "2012-09-10", "full care order", "foster"),
    ];
    let few = Run::with_cohort(&text, &children, 60);
    children.push(("2013-11-01", "2018-04-01", "full care order", "foster"));
    let more = Run::with_cohort(&text, &children, 60);
    for replicate in 0..60 {
        // Stays as (first day, day of exit).
        let mut stays = vec![(0, i32::MAX)];
        for note in more
            .notes(replicate)
            .iter()
            .filter(|note| note.who == cohort_key(4))
        {
            let day = note.time.ceil() as i32;
            match note.event {
                Event::Left { .. } => stays.last_mut().expect("in care").1 = day,
                Event::Entered { .. } => stays.push((day, i32::MAX)),
                _ => {}
            }
        }
        for month in 0..24 {
            let day = more.day(month);
            let own = stays
                .iter()
                .filter(|(from, to)| (*from..*to).contains(&day))
                .count() as f64;
            let lane = replicate as usize;
            assert_eq!(
                more.population(month)[lane] - few.population(month)[lane],
                own,
                "replicate {replicate}, month {month}"
            );
        }
    }
}

/// Threads and the split of the range change nothing, with queues and drift.
#[test]
fn threads_and_splits_change_nothing() {
    let text = std::fs::read_to_string("configs/herefordshire.toml").expect("the file is there");
    let plan = plan("herefordshire.toml", &text);
    let on = |threads: usize, range: std::ops::Range<u32>| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        pool.install(|| cells(&plan, &tiles(&plan, 1, SEED, range)))
    };
    let whole = on(1, 0..100);
    assert!(whole == on(2, 0..100));
    assert!(whole == on(7, 0..100));
    let (first, second) = (on(2, 0..50), on(7, 50..100));
    for ((all, first), second) in whole.iter().zip(&first).zip(&second) {
        assert!(all[..50] == first[..] && all[50..] == second[..]);
    }
}

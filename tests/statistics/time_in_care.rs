//! Time in care: clocks that run from entry.

use super::*;

/// Children who have been in care 200 to 299 days, evenly, survive t days more
/// with the mean over a of S(a + t) / S(a). Where the cause applies to a share
/// p only, S is 1 − p + p S; those to whom it never applies are then
/// (1 − p) / (1 − p + p S(a)) of the cohort, and stay for good.
#[test]
fn time_already_served_is_never_restarted() {
    let laws: [(&str, f64, Curve); 4] = [
        (
            "time_days = { weibull = { shape = 0.7, scale = 400 } }",
            1.0,
            |t| weibull(0.7, 400.0, t),
        ),
        (
            "time_days = { lognormal = { median = 300, sigma = 1.0 } }",
            1.0,
            |t| lognormal(300.0, 1.0, t),
        ),
        (
            "time_days = { weibull = { shape = 1.5, scale = 150 } }",
            0.6,
            |t| weibull(1.5, 150.0, t),
        ),
        (
            "time_days = { gamma = { mean = 280, shape = 2 } }",
            0.8,
            |t| {
                let x = t / 140.0;
                (1.0 + x) * (-x).exp()
            },
        ),
    ];
    for (law, applies, survivors) in laws {
        let run = Run::of(
            &format!(
                r#"
                [forecast]
                name = "left truncation"
                start = 2018-12-31
                end = 2021-12-31
                population_by = []
                [cohort]
                children = 300
                age = {{ "0" = 0, "1-4" = 300, "5-17" = 0 }}
                days_in_care = {{ "0-199" = 0, "200-299" = 300, "300+" = 0 }}
                [[exit]]
                name = "left"
                probability = {applies}
                {law}
                "#
            ),
            300,
        );
        let all = |days: f64| 1.0 - applies + applies * survivors(days);
        for month in [1, 11, 35] {
            let t = f64::from(run.day(month));
            let share = (200..300)
                .map(|served| all(f64::from(served) + t) / all(f64::from(served)))
                .sum::<f64>()
                / 100.0;
            assert_mean(
                &run.population(month),
                300.0 * share,
                &format!("{law} on day {t}"),
            );
        }
        // By the end the Weibull has taken everybody whom it applies to.
        if law.contains("1.5") {
            let never = (200..300)
                .map(|served| (1.0 - applies) / all(f64::from(served)))
                .sum::<f64>()
                / 100.0;
            assert_mean(&run.population(35), 300.0 * never, "those who never leave");
        }
    }
}

/// A clock from the start date forgets the time served: S(t) itself.
#[test]
fn a_clock_from_the_start_date_forgets_the_time_served() {
    let run = Run::of(
        r#"
        [forecast]
        name = "from the start date"
        start = 2018-12-31
        end = 2019-12-31
        population_by = []
        [cohort]
        children = 300
        clock = "from_start_date"
        age = { "0" = 0, "1-4" = 300, "5-17" = 0 }
        days_in_care = { "0-199" = 0, "200-299" = 300, "300+" = 0 }
        [[exit]]
        name = "left"
        time_days = { weibull = { shape = 0.7, scale = 400 } }
        "#,
        300,
    );
    for month in [1, 11] {
        let t = f64::from(run.day(month));
        assert_mean(
            &run.population(month),
            300.0 * weibull(0.7, 400.0, t),
            "survivors",
        );
    }
}

/// Three causes compete: a Weibull, a log-normal that applies to half, and
/// yearly rates of 0.4 up to day 180 and 0.1 later. By day t cause i has taken
/// ∫ S(x) dH_i(x) over 0 to t, integrated in steps of a tenth of a day.
#[test]
fn competing_causes_share_exits_by_cause_and_date() {
    let run = Run::of(
        r#"
        [forecast]
        name = "competing causes"
        start = 2018-12-31
        end = 2020-12-31
        population_by = []
        [cohort]
        children = 300
        clock = "from_start_date"
        age = { "0" = 0, "1-4" = 300, "5-17" = 0 }
        [[exit]]
        name = "adoption"
        time_days = { weibull = { shape = 1.5, scale = 500 } }
        [[exit]]
        name = "guardianship"
        time_days = { lognormal = { median = 200, sigma = 0.8 } }
        probability = 0.5
        [[exit]]
        name = "home"
        days_in_care = [0, 180]
        rates_per_year = { "0-17" = [0.4, 0.1] }
        "#,
        400,
    );
    let causes: [(&str, Curve); 3] = [
        ("adoption", |t| (t / 500.0).powf(1.5)),
        ("guardianship", |t| {
            -(0.5 + 0.5 * lognormal(200.0, 0.8, t)).ln()
        }),
        ("home", |t| {
            (0.4 * t.min(180.0) + 0.1 * (t - 180.0).max(0.0)) / YEAR
        }),
    ];
    for month in [3, 11, 23] {
        let t = f64::from(run.day(month));
        let steps = (t * 10.0) as u32;
        for (name, hazard) in causes {
            let taken: f64 = (0..steps)
                .map(|step| {
                    let (from, to) = (f64::from(step) * 0.1, f64::from(step + 1) * 0.1);
                    let middle = 0.5 * (from + to);
                    let all: f64 = causes.iter().map(|(_, one)| one(middle)).sum();
                    (-all).exp() * (hazard(to) - hazard(from))
                })
                .sum();
            let exits = run.over("exits", "reason", name, 0..month + 1);
            assert_mean(&exits, 300.0 * taken, &format!("{name} by day {t}"));
        }
    }
}

/// Children born on 1 June 2014 who entered on 1 June 2018 have been in care
/// 213 days on 31 December 2018; they pass one year in care and turn five on
/// the way. The second cause ends at six years of age, and its rates are
/// multiplied by a factor of 1.5. Ages are counted in years of 365.25 days.
#[test]
fn rates_by_age_and_time_in_care_are_lived_band_by_band() {
    let children = vec![("2014-06-01", "2018-06-01", "looked after", "in care"); 300];
    let run = Run::with_cohort(
        r#"
        [forecast]
        name = "banded rates"
        start = 2018-12-31
        end = 2021-12-31
        population_by = []
        [cohort]
        file = "cohort.csv"
        [[exit]]
        name = "home"
        days_in_care = [0, 365]
        [exit.rates_per_year]
        "0-4" = [0.9, 0.5]
        "5-9" = [0.6, 0.2]
        "10-17" = [3, 3]
        [[exit]]
        name = "adoption"
        age_below = 6
        factor = 1.5
        rates_per_year = { "0-17" = [0.3] }
        [[exit]]
        name = "never"
        age_at_entry_below = 4
        rates_per_year = { "0-17" = [5] }
        "#,
        &children,
        300,
    );
    let born = f64::from(days_between(date(2018, 12, 31), date(2014, 6, 1)));
    let entered = f64::from(days_between(date(2018, 12, 31), date(2018, 6, 1)));
    assert_eq!(entered, -213.0);
    let home = |day: f64| match (day - born < 5.0 * YEAR, day - entered < 365.0) {
        (true, true) => 0.9,
        (true, false) => 0.5,
        (false, true) => 0.6,
        (false, false) => 0.2,
    };
    let adoption = |day: f64| if day - born < 6.0 * YEAR { 0.45 } else { 0.0 };
    for month in [3, 6, 17, 35] {
        let t = f64::from(run.day(month));
        let hazard = integral(0.0, t, 20_000, |day| (home(day) + adoption(day)) / YEAR);
        assert_mean(
            &run.population(month),
            300.0 * (-hazard).exp(),
            &format!("survivors on day {t}"),
        );
    }
    let late = run.over("exits", "reason", "adoption", 18..36);
    assert!(late.iter().all(|exits| *exits == 0.0), "adopted after six");
    // Born on 1 June 2014 and in care since 1 June 2018: 1461 days, four years
    // of 365.25 days to the day, and so not below four.
    let never = run.over("exits", "reason", "never", 0..36);
    assert!(never.iter().all(|exits| *exits == 0.0), "entered at four");
}

/// Children move from one placement to the next at 2 a year and from there to
/// the last at 1 a year: exponential stages, so that after t years e^(−2t) are
/// in the first and 2 (e^(−t) − e^(−2t)) in the second.
#[test]
fn children_move_at_their_rates() {
    let run = Run::of(
        r#"
        [forecast]
        name = "moves"
        start = 2018-12-31
        end = 2019-12-31
        [cohort]
        children = 200
        clock = "from_start_date"
        age = { "0" = 0, "1-4" = 200, "5-17" = 0 }
        placement = { "first" = 1, "second" = 0, "last" = 0 }
        [[placement]]
        name = "first"
        weekly_pounds = 1
        move = [{ to = "second", per_year = 2 }]
        [[placement]]
        name = "second"
        weekly_pounds = 1
        move = [{ to = "last", per_year = 1 }]
        [[placement]]
        name = "last"
        weekly_pounds = 1
        "#,
        400,
    );
    for month in [2, 11] {
        let t = f64::from(run.day(month)) / YEAR;
        let first = (-2.0 * t).exp();
        let second = 2.0 * ((-t).exp() - (-2.0 * t).exp());
        for (name, share) in [("first", first), ("second", second)] {
            let there = run.column("population", "placement", name, month);
            assert_mean(&there, 200.0 * share, name);
            assert_variance(&there, 200.0 * share * (1.0 - share), name);
        }
    }
}

/// Children who move to and fro between two placements, and how often each of
/// the two clocks rings in a year.
fn to_and_fro(there: f64, back: f64) -> Run {
    Run::of(
        &format!(
            r#"
            [forecast]
            name = "to and fro"
            start = 2018-12-31
            end = 2019-12-31
            [cohort]
            children = 200
            clock = "from_start_date"
            age = {{ "0" = 0, "1-4" = 200, "5-17" = 0 }}
            placement = {{ "first" = 1, "second" = 0 }}
            [[placement]]
            name = "first"
            weekly_pounds = 1
            move = [{{ to = "second", per_year = {there} }}]
            [[placement]]
            name = "second"
            weekly_pounds = 1
            move = [{{ to = "first", per_year = {back} }}]
            "#
        ),
        400,
    )
}

/// To the second placement at 6 a year and back at 3: two states, so that after
/// t years 2/3 (1 − e^(−9t)) are in the second. A clock that has rung has fresh
/// luck when it goes on.
#[test]
fn children_move_to_and_fro() {
    let run = to_and_fro(6.0, 3.0);
    for month in [0, 2, 11] {
        let t = f64::from(run.day(month)) / YEAR;
        let share = (1.0 - (-9.0 * t).exp()) * 2.0 / 3.0;
        let there = run.column("population", "placement", "second", month);
        assert_mean(&there, 200.0 * share, "second");
        assert_variance(&there, 200.0 * share * (1.0 - share), "second");
    }
}

/// A clock rings at most 250 times in a stay. At 1,000 a year the 500 moves of
/// both clocks take half a year, give or take eight days; then all are back for
/// good.
#[test]
fn a_clock_rings_for_the_last_time() {
    let run = to_and_fro(1000.0, 1000.0);
    let there = |month| run.column("population", "placement", "second", month);
    assert_mean(&there(2), 100.0, "half of them");
    assert!(there(11).iter().all(|children| *children == 0.0));
}

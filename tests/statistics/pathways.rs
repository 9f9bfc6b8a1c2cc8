//! Pathways.

use super::*;

const TWO_STAGES: &str = r#"
    [forecast]
    name = "two stages"
    start = 2018-12-31
    end = 2020-12-31
    [cohort]
    children = 300
    clock = "from_start_date"
    age = { "0" = 0, "1-4" = 300, "5-17" = 0 }
    [[pathway]]
    name = "guardianship"
    cases = 300
    leads_to = { exit = "order" }
    [[pathway.stage]]
    name = "assessment"
    duration_days = { gamma = { mean = 60, shape = 2 } }
    pass = 0.9
    [[pathway.stage]]
    name = "court"
    duration_days = { gamma = { mean = 60, shape = 2 } }
    pass = 0.8
    [[scenario]]
    name = "as written"
    [[scenario]]
    name = "half"
    set = { "pathway.guardianship.success" = 0.5 }
    [[scenario]]
    name = "most"
    set = { "pathway.guardianship.success" = 0.8 }
    [[scenario]]
    name = "all"
    set = { "pathway.guardianship.success" = 1.0 }
    [[scenario]]
    name = "none"
    set = { "pathway.guardianship.success" = 0.0 }
    "#;

/// Two gamma stages of shape 2 and mean 60 days are together a gamma of shape
/// 4 and scale 30: by day t a share 0.9 × 0.8 × F4(t / 30) has left, and 0.1 ×
/// F2(t / 30) has failed at the first stage. `success` raises both
/// probabilities to one power, so that their product is the success.
#[test]
fn stages_add_their_times_and_multiply_their_chances() {
    let run = Run::of(TWO_STAGES, 400);
    for month in [2, 4, 11] {
        let x = f64::from(run.day(month)) / 30.0;
        let succeeded = run.over("exits", "reason", "order", 0..month + 1);
        assert_mean(&succeeded, 300.0 * 0.72 * erlang(4, x), "left by order");
        let failed = "guardianship: failed at assessment";
        let failed = run.over("pathway_outcomes", "outcome", failed, 0..month + 1);
        assert_mean(&failed, 300.0 * 0.1 * erlang(2, x), "failed at assessment");
        let under_way = run.column("pathway_cases", "all", "all", month);
        let share = 1.0 - 0.1 * erlang(2, x) - 0.9 * erlang(4, x);
        assert_mean(&under_way, 300.0 * share, "on the pathway");
    }
    for (scenario, success) in [(1, 0.5), (2, 0.8), (3, 1.0), (4, 0.0f64)] {
        let run = run.scenario(scenario);
        let left = run.over("exits", "all", "all", 0..24);
        assert_mean(
            &left,
            300.0 * success * erlang(4, 731.0 / 30.0),
            "overall success",
        );
        if (0.0..1.0).contains(&success) && success > 0.0 {
            // The first stage's chance is 0.9 ^ (ln s / ln 0.72).
            let first = 0.9f64.powf(success.ln() / 0.72f64.ln());
            let failed = "guardianship: failed at assessment";
            let failed = run.over("pathway_outcomes", "outcome", failed, 0..24);
            assert_mean(&failed, 300.0 * (1.0 - first), "failed at the first stage");
        }
    }
}

/// A child's luck is one number: what succeeds at one in two succeeds at four
/// in five, on the same day, so that in every replicate and every month there
/// are never more children in care.
#[test]
fn more_success_only_adds_successes() {
    let run = Run::of(TWO_STAGES, 100);
    let [none, half, most, all] = [4, 1, 2, 3].map(|scenario| run.scenario(scenario));
    for month in 0..24 {
        let stocks = [&none, &half, &most, &all].map(|run| run.population(month));
        for pair in stocks.windows(2) {
            assert!(
                pair[0]
                    .iter()
                    .zip(&pair[1])
                    .all(|(fewer, more)| more <= fewer)
            );
        }
    }
}

/// A failed court stage starts again after fixed time, with fresh luck: with a
/// chance of 0.5 at each attempt, half of the children leave at day 10, a
/// quarter at day 10 + 20 + 10, an eighth at day 70.
#[test]
fn a_retry_draws_afresh() {
    let run = Run::of(
        r#"
        [forecast]
        name = "retry"
        start = 2018-12-31
        end = 2019-12-31
        [cohort]
        children = 200
        clock = "from_start_date"
        age = { "0" = 0, "1-4" = 200, "5-17" = 0 }
        [[pathway]]
        name = "discharge"
        cases = 200
        leads_to = { exit = "order" }
        [[pathway.stage]]
        name = "court"
        duration_days = { fixed = 10 }
        pass = 0.5
        on_fail = { retry_after_days = { fixed = 20 } }
        "#,
        300,
    );
    // Month ends are days 31, 59, 90: attempts end on days 10, 40, 70, 100 …
    for (month, attempts) in [(0, 1), (1, 2), (2, 3)] {
        let share = 1.0 - 0.5f64.powi(attempts);
        let left = run.over("exits", "all", "all", 0..month + 1);
        assert_mean(&left, 200.0 * share, "left after attempts");
    }
}

/// A pathway that starts later, or that ends before it has begun, costs
/// nothing: children who leave on day 5 have no stage on day 40.
#[test]
fn a_stage_that_never_starts_costs_nothing() {
    let children = vec![("2014-06-01", "2018-06-01", "looked after", "in care"); 3];
    let run = Run::with_cohort(
        r#"
        [forecast]
        name = "cases that start later"
        start = 2018-12-31
        end = 2019-12-31
        [cohort]
        file = "cohort.csv"
        clock = "from_start_date"
        [[exit]]
        name = "home"
        time_days = { fixed = 5 }
        [[pathway]]
        name = "guardianship"
        cases = 3
        cases_start = 2019-02-09
        leads_to = { exit = "order" }
        [[pathway.stage]]
        name = "court"
        duration_days = { fixed = 10 }
        cost_pounds = 1_000
        "#,
        &children,
        1,
    );
    assert_eq!(run.over("exits", "reason", "home", 0..1), [3.0]);
    assert_eq!(run.over("spend", "category", "fees", 0..12), [0.0]);
}

/// The pathway "replaces" an exit only while it runs: cases that start on
/// 9 February are still under the ordinary clock in January.
#[test]
fn a_pathway_replaces_exits_only_from_its_start() {
    let children = vec![("2014-06-01", "2018-06-01", "looked after", "in care"); 3];
    let run = Run::with_cohort(
        r#"
        [forecast]
        name = "cases that start later"
        start = 2018-12-31
        end = 2019-12-31
        [cohort]
        file = "cohort.csv"
        clock = "from_start_date"
        [[exit]]
        name = "home"
        time_days = { fixed = 5 }
        [[pathway]]
        name = "guardianship"
        cases = 3
        cases_start = 2019-02-09
        replaces = ["home"]
        leads_to = { exit = "order" }
        [[pathway.stage]]
        name = "court"
        duration_days = { fixed = 10 }
        "#,
        &children,
        1,
    );
    assert_eq!(run.over("exits", "reason", "home", 0..1), [3.0]);
}

/// A stage under way carries its time so far: an Erlang stage of two phases of
/// 30 days that has run for 40 has P(it lasts 40 + t | it has lasted 40). The
/// others of the pathway's cases start it afresh.
#[test]
fn a_stage_under_way_carries_its_elapsed_time() {
    let run = Run::of(
        r#"
        [forecast]
        name = "under way"
        start = 2018-12-31
        end = 2019-12-31
        [cohort]
        children = 200
        clock = "from_start_date"
        age = { "0" = 0, "1-4" = 200, "5-17" = 0 }
        [[pathway]]
        name = "adoption"
        cases = 200
        leads_to = { exit = "order" }
        [[pathway.stage]]
        name = "match"
        duration_days = { fixed = 10_000 }
        cost_pounds = 1_000
        [[pathway.stage]]
        name = "hearing"
        duration_days = { gamma = { mean = 60, shape = 2 } }
        under_way = [{ cases = 70, days = 40 }, { cases = 50, days = 0 }]
        cost_pounds = 1_000
        "#,
        400,
    );
    let lasts = |days: f64| 1.0 - erlang(2, days / 30.0);
    for month in [0, 1, 4] {
        let days = f64::from(run.day(month));
        let here = 80.0 + 70.0 * lasts(40.0 + days) / lasts(40.0) + 50.0 * lasts(days);
        assert_mean(&run.population(month), here, "waiting for the hearing");
    }
    // What was begun before the start date was paid for then.
    let fees = run.over("spend", "category", "fees", 0..12);
    let fresh = 100.0 * 1_000.0 * (80.0 + 50.0);
    assert!(fees.iter().all(|pence| *pence == fresh), "{fees:?}");
}

/// A child whose first plan fails goes on to the second: 0.4 leave on day 10 by
/// the first, 0.6 × 0.5 on day 10 + 20 by the second.
#[test]
fn a_plan_that_fails_may_change_to_another() {
    let run = Run::of(
        r#"
        [forecast]
        name = "change of plan"
        start = 2018-12-31
        end = 2019-12-31
        [cohort]
        children = 200
        clock = "from_start_date"
        age = { "0" = 0, "1-4" = 200, "5-17" = 0 }
        [[pathway]]
        name = "adoption"
        cases = 200
        leads_to = { exit = "adopted" }
        [[pathway.stage]]
        name = "court"
        duration_days = { fixed = 10 }
        pass = 0.4
        on_fail = { change_to = "guardianship" }
        [[pathway]]
        name = "guardianship"
        leads_to = { exit = "guardian" }
        [[pathway.stage]]
        name = "court"
        duration_days = { fixed = 20 }
        pass = 0.5
        "#,
        400,
    );
    for (kind, share) in [("adopted", 0.4), ("guardian", 0.3)] {
        // Days 10 and 30 both lie in January.
        let left = run.over("exits", "reason", kind, 0..1);
        assert_mean(&left, 200.0 * share, kind);
        assert_variance(&left, 200.0 * share * (1.0 - share), kind);
        let later = run.over("exits", "reason", kind, 1..12);
        assert!(later.iter().all(|left| *left == 0.0));
    }
}

/// Families of two, identified within hours, succeed with 0.5. Together, both
/// leave or neither: exits come in twos, so variance / mean is 2; apart it is
/// E k² / E k of a binomial of two, 1.5.
#[test]
fn siblings_together_share_their_luck() {
    for (siblings, ratio) in [("together", 2.0), ("apart", 1.5)] {
        let run = Run::of(
            &format!(
                r#"
                [forecast]
                name = "siblings"
                start = 2018-12-31
                end = 2020-12-31
                population_by = []
                [[referrals]]
                name = "general"
                families_per_year = 100
                siblings = {{ "2" = 1 }}
                age = {{ "0" = 1, "1-17" = 0 }}
                [[pathway]]
                name = "adoption"
                new_cases_per_year = 2_000
                siblings = "{siblings}"
                leads_to = {{ exit = "adopted" }}
                [[pathway.stage]]
                name = "court"
                duration_days = {{ fixed = 10 }}
                pass = 0.5
                "#
            ),
            1_500,
        );
        let left = run.over("exits", "all", "all", 12..24);
        let expected = 100.0 * 366.0 / YEAR;
        assert_mean(&left, expected, siblings);
        assert_variance(&left, expected * ratio, siblings);
    }
}

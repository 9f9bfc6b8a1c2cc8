//! Return to care.

use super::*;

/// Exits after a mean of 200 days; 40 in 100 come back after a mean of 100, and
/// then anew. From one entry on a whole day to the next is ⌈T + R⌉ days, so
/// returns are a discrete renewal process: u(j) = p (g(j) + Σ g(i) u(j − i)),
/// and the share in care on day t is S(t) + Σ u(j) S(t − j).
#[test]
fn children_return_after_exits_that_break_down() {
    let run = Run::of(
        r#"
        [forecast]
        name = "return to care"
        start = 2018-12-31
        end = 2020-12-31
        population_by = []
        [cohort]
        children = 300
        clock = "from_start_date"
        age = { "0" = 0, "1-4" = 300, "5-17" = 0 }
        [[exit]]
        name = "home"
        time_days = { exponential = { mean = 200 } }
        [[reentry]]
        after = ["home"]
        probability = 0.4
        time_days = { exponential = { mean = 100 } }
        "#,
        500,
    );
    let (a, b) = (1.0 / 200.0, 1.0 / 100.0);
    let both = |t: f64| 1.0 - (b * (-a * t).exp() - a * (-b * t).exp()) / (b - a);
    let last = run.day(23) as usize;
    let after = |day: usize| both(day as f64) - both(day as f64 - 1.0);
    let mut returns = vec![0.0; last + 1];
    for day in 1..=last {
        let again: f64 = (1..day)
            .map(|first| after(first) * returns[day - first])
            .sum();
        returns[day] = 0.4 * (after(day) + again);
    }
    for month in [2, 11, 23] {
        let t = run.day(month) as usize;
        let expected: f64 = returns[..=t].iter().sum();
        let back = run.over("readmissions", "all", "all", 0..month + 1);
        assert_mean(&back, 300.0 * expected, &format!("readmissions by day {t}"));
        let in_care = (-a * t as f64).exp()
            + (1..=t)
                .map(|day| returns[day] * (-a * (t - day) as f64).exp())
                .sum::<f64>();
        assert_mean(
            &run.population(month),
            300.0 * in_care,
            &format!("in care on day {t}"),
        );
    }
}

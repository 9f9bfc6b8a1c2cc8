//! Stock and flow.

use super::*;

/// Families of one child arrive at 60 a year, and stays are Weibull. Then the
/// stock on day t is Poisson (M/G/∞) with mean λ (S(0) + … + S(t − 1)), where λ
/// is the daily rate and S the survivor function of a stay. Children enter
/// under one and the run ends within three years: nobody ages out.
#[test]
fn stock_of_poisson_arrivals_is_poisson() {
    let run = Run::of(
        r#"
        [forecast]
        name = "M/G/infinity"
        start = 2018-12-31
        end = 2021-12-31
        population_by = []
        [[referrals]]
        name = "general"
        families_per_year = 60
        age = { "0" = 1, "1-17" = 0 }
        [[exit]]
        name = "home"
        time_days = { weibull = { shape = 0.7, scale = 150 } }
        "#,
        2_000,
    );
    for month in [5, 35] {
        let days = run.day(month);
        let expected = 60.0 / YEAR
            * (0..days)
                .map(|day| weibull(0.7, 150.0, day.into()))
                .sum::<f64>();
        let stock = run.population(month);
        assert_mean(&stock, expected, &format!("mean stock on day {days}"));
        assert_variance(
            &stock,
            expected,
            &format!("variance of the stock on day {days}"),
        );
        // A Poisson law has its third central moment equal to its mean, too.
        let cubes: Vec<f64> = stock.iter().map(|x| (x - expected).powi(3)).collect();
        assert_mean(
            &cubes,
            expected,
            &format!("skew of the stock on day {days}"),
        );
    }
}

/// L = λW. At 50 a year and exponential stays of mean 100 days, a stay of
/// ⌈T⌉ nights has mean 1 / (1 − e^(−1/100)) = 100.501. Beds cost £7 a week, so
/// that a year's spend in pounds is its child-nights.
#[test]
fn children_in_care_are_arrivals_times_stay() {
    let run = Run::of(
        r#"
        [forecast]
        name = "Little's law"
        start = 2018-12-31
        end = 2022-12-31
        population_by = []
        [[placement]]
        name = "home"
        weekly_pounds = 7
        [[referrals]]
        name = "general"
        families_per_year = 50
        age = { "0" = 1, "1-17" = 0 }
        [[exit]]
        name = "left"
        time_days = { exponential = { mean = 100 } }
        "#,
        800,
    );
    let stay = 1.0 / (1.0 - (-0.01f64).exp());
    let expected = 50.0 / YEAR * stay;
    assert_mean(&run.population(47), expected, "stock in the long run");
    let nights = run.over("spend", "all", "all", 36..48);
    let each_night: Vec<f64> = nights.iter().map(|pence| pence / 100.0 / 365.0).collect();
    assert_mean(
        &each_night,
        expected,
        "child-nights a day in the fourth year",
    );
    let admissions = run.over("admissions", "all", "all", 36..48);
    assert_mean(
        &admissions,
        50.0 * 365.0 / YEAR,
        "admissions in the fourth year",
    );
    assert_variance(&admissions, 50.0 * 365.0 / YEAR, "admissions are Poisson");
}

/// A rate that grows by 30 a year in 100 and has its seasons: families a month
/// are Poisson with the rate in its middle, times the month's factor, times
/// its days.
#[test]
fn referrals_have_their_seasons_and_their_trend() {
    let run = Run::of(
        r#"
        [forecast]
        name = "seasons"
        start = 2018-12-31
        end = 2020-12-31
        population_by = []
        [[referrals]]
        name = "general"
        families_per_year = 600
        trend_per_year = 0.3
        month_factors = [1, 1, 1, 1, 1, 1, 1, 0.4, 1, 1, 1.6, 1]
        age = { "0" = 1, "1-17" = 0 }
        "#,
        400,
    );
    for (month, factor) in [(0, 1.0), (7, 0.4), (10, 1.6), (19, 0.4), (23, 1.0f64)] {
        let before = if month == 0 { 0 } else { run.day(month - 1) };
        let (from, to) = (f64::from(before), f64::from(run.day(month)));
        let growth = 1.3f64.powf(0.5 * (from + to) / YEAR);
        let expected = 600.0 / YEAR * (to - from) * growth * factor;
        let referrals = run.column("referrals", "all", "all", month);
        assert_mean(&referrals, expected, &format!("referrals of month {month}"));
        assert_variance(&referrals, expected, "referrals are Poisson");
    }
}

/// Sibling groups of 1 and 3 with probability 0.6 and 0.4: admissions over a
/// time are compound Poisson, so variance / mean = E k² / E k = 4.2 / 1.8.
#[test]
fn siblings_widen_admissions_by_mean_square_over_mean() {
    let run = Run::of(
        r#"
        [forecast]
        name = "batch arrivals"
        start = 2018-12-31
        end = 2019-12-31
        population_by = []
        [[referrals]]
        name = "general"
        families_per_year = 40
        siblings = { "1" = 0.6, "3" = 0.4 }
        age = { "0" = 1, "1-17" = 0 }
        "#,
        3_000,
    );
    let families = 40.0 * 365.0 / YEAR;
    let admissions = run.over("admissions", "all", "all", 0..12);
    assert_mean(&admissions, families * 1.8, "children admitted");
    assert_variance(&admissions, families * 4.2, "variance of children admitted");
}

/// A drift with sd s of the logarithm, mean one, persistence ρ: a year's
/// admissions N have mean m, variance m + m² (e^(s²) − 1), and two years next
/// to each other covary by m m' (e^(ρ s²) − 1). Forecast years are 365.25 days;
/// a month has the rate of the year that holds its middle, so that twelve
/// calendar months of 2019 have 2019's factor alone.
#[test]
fn drift_widens_admissions_from_year_to_year() {
    for persistence in [0.0, 0.6] {
        let text = r#"
            [forecast]
            name = "drift"
            start = 2018-12-31
            end = 2020-12-31
            population_by = []
            [[drift]]
            name = "admissions"
            yearly_sd = 0.3
            persistence = PERSISTENCE
            [[referrals]]
            name = "general"
            families_per_year = 40
            drift = "admissions"
            age = { "0" = 1, "1-17" = 0 }
            "#
        .replace("PERSISTENCE", &persistence.to_string());
        let run = Run::of(&text, 3_000);
        let spread = 0.09f64;
        let years: Vec<Vec<f64>> = [0..12, 12..24]
            .into_iter()
            .map(|months| run.over("admissions", "all", "all", months))
            .collect();
        let means = [40.0 * 365.0 / YEAR, 40.0 * 366.0 / YEAR];
        for (year, mean) in years.iter().zip(means) {
            assert_mean(year, mean, "admissions with drift");
            let variance = mean + mean * mean * (spread.exp() - 1.0);
            assert_variance(year, variance, "variance of admissions with drift");
        }
        let products: Vec<f64> = years[0]
            .iter()
            .zip(&years[1])
            .map(|(first, second)| (first - means[0]) * (second - means[1]))
            .collect();
        let covariance = means[0] * means[1] * ((persistence * spread).exp() - 1.0);
        assert_mean(&products, covariance, "covariance of neighbouring years");
    }
}

/// 200 children leave at a yearly rate of 0.5 times a log-normal X of mean one
/// and s = 0.4. Given X each survives 365 days with Q = exp(−0.5 X 365/365.25);
/// so the survivors have mean 200 E Q and variance 200 E Q(1 − Q) + 200² Var Q.
#[test]
fn drift_of_exits_moves_all_children_together() {
    let run = Run::of(
        r#"
        [forecast]
        name = "drift of exits"
        start = 2018-12-31
        end = 2019-12-31
        population_by = []
        [cohort]
        children = 200
        clock = "from_start_date"
        age = { "0" = 0, "1-4" = 200, "5-17" = 0 }
        [[drift]]
        name = "exits"
        yearly_sd = 0.4
        [[exit]]
        name = "left"
        rates_per_year = { "0-17" = [0.5] }
        drift = "exits"
        "#,
        1_000,
    );
    let moment = |power: f64| {
        integral(-8.0, 8.0, 4_000, |z| {
            let factor = (0.4 * z - 0.08).exp();
            let survives = (-0.5 * factor * 365.0 / YEAR).exp();
            survives.powf(power) * (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
        })
    };
    let (first, second) = (moment(1.0), moment(2.0));
    let stock = run.population(11);
    assert_mean(&stock, 200.0 * first, "survivors");
    let variance = 200.0 * (first - second) + 40_000.0 * (second - first * first);
    assert_variance(&stock, variance, "variance of survivors");
}

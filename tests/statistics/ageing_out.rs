//! Ageing out.

use super::*;

/// Children leave on the day they turn eighteen, born on 29 February on
/// 1 March; on that day they are no longer in care.
#[test]
fn children_leave_on_their_eighteenth_birthday() {
    let births = [
        ("2000-01-31", date(2018, 1, 31)),
        ("2000-02-28", date(2018, 2, 28)),
        ("2000-02-29", date(2018, 3, 1)),
        ("2000-03-01", date(2018, 3, 1)),
        ("2000-04-01", date(2018, 4, 1)),
        ("2002-02-28", date(2020, 2, 28)),
    ];
    let children: Vec<_> = births
        .iter()
        .map(|(born, _)| (*born, "2016-05-01", "looked after", "in care"))
        .collect();
    let run = Run::with_cohort(
        r#"
        [forecast]
        name = "ageing out"
        start = 2017-12-31
        end = 2020-03-31
        [cohort]
        file = "cohort.csv"
        "#,
        &children,
        2,
    );
    let start = date(2017, 12, 31);
    for (index, (born, leaves)) in births.iter().enumerate() {
        let days: Vec<Date> = run
            .notes(0)
            .into_iter()
            .filter(|note| {
                note.who == cohort_key(index) && matches!(note.event, Event::Left { .. })
            })
            .map(|note| date_after(start, note.time.ceil() as i32))
            .collect();
        assert_eq!(days, [*leaves], "born on {born}");
    }
    // Month ends from January 2018: those who have not left on the day.
    let expected = |month: usize| {
        let day = date_after(start, run.day(month));
        births.iter().filter(|(_, leaves)| *leaves > day).count() as f64
    };
    for month in 0..27 {
        assert_eq!(run.population(month), [expected(month); 2], "month {month}");
        let reason = run.column("exits", "reason", "ageing out", month);
        let before = if month == 0 { 6.0 } else { expected(month - 1) };
        assert_eq!(
            reason,
            [before - expected(month); 2],
            "exits in month {month}"
        );
    }
}

/// Stays without exits end at eighteen: children who enter at sixteen or
/// seventeen, evenly, stay two years to none. In the long run the stock is
/// λ times one year, and all leave by ageing out.
#[test]
fn without_exits_everybody_ages_out() {
    let run = Run::of(
        r#"
        [forecast]
        name = "ageing out"
        start = 2018-12-31
        end = 2021-12-31
        [[referrals]]
        name = "general"
        families_per_year = 30
        age = { "0-15" = 0, "16-17" = 1 }
        "#,
        1_500,
    );
    // A stay ends at a birthday, 0 to 730.5 days away, evenly: the stock has
    // mean λ × 365.25 days, to a quarter of a day.
    assert_mean(&run.population(35), 30.0, "stock in the third year");
    assert_variance(&run.population(35), 30.0, "the stock is Poisson");
    assert_eq!(
        run.over("exits", "all", "all", 0..36),
        run.over("exits", "reason", "ageing out", 0..36)
    );
}

//! Money, by hand.

use super::*;

const ONE_CHILD: (&str, &str, &str, &str) = ("2014-06-01", "2018-06-01", "looked after", "foster");

/// From 28 February 2019 a child stays at £450 a week, and leaves on day 42,
/// 11 April; prices grow by 2 % on 1 April. March: 31 nights, 45,000 × 31 / 7 =
/// 199,285.7 pence. April: 10 nights at £459, 45,900 × 10 / 7 = 65,571.4.
#[test]
fn a_stay_across_31_march_is_priced_by_both_years() {
    let run = Run::with_cohort(
        &leaves_after(
            42,
            r#"
            [[placement]]
            name = "foster"
            weekly_pounds = 450
            [prices]
            growth_per_year = 0.02
            "#,
        ),
        &[ONE_CHILD],
        1,
    );
    assert_eq!(run.column("spend", "all", "all", 0), [199_286.0]);
    assert_eq!(run.column("spend", "all", "all", 1), [65_571.0]);
    assert_eq!(run.column("spend", "all", "all", 2), [0.0]);
    assert_eq!(run.year("spend", "all", "all", 0), [199_286.0]);
    assert_eq!(run.year("spend", "all", "all", 1), [65_571.0]);
}

/// A week is seven nights. In care on 28 February, which is day 0 and not paid
/// here, out on day 8, 8 March: the nights of 1 to 7 March, £450 to the penny.
#[test]
fn a_week_is_seven_nights() {
    let foster = "[[placement]]\nname = \"foster\"\nweekly_pounds = 450\n";
    let run = Run::with_cohort(&leaves_after(8, foster), &[ONE_CHILD], 1);
    assert_eq!(run.column("spend", "all", "all", 0), [45_000.0]);
    // Three children of eight nights: 24 nights are priced at once (154,285.7
    // pence), not three rounded sums (154,287).
    let run = Run::with_cohort(&leaves_after(9, foster), &[ONE_CHILD; 3], 1);
    assert_eq!(run.column("spend", "all", "all", 0), [154_286.0]);
}

/// £450 up to 15 March, £500 from the 16th: 15 and 16 nights of March are
/// 96,428.6 and 114,285.7 pence. In April the new price grows: £510, 30 nights,
/// 218,571.4.
#[test]
fn a_price_changes_on_its_day_and_grows_in_april() {
    let run = Run::with_cohort(
        &leaves_after(
            1_000,
            r#"
            [[placement]]
            name = "foster"
            weekly_pounds = 450
            price_changes = [{ from = 2019-03-16, weekly_pounds = 500 }]
            [prices]
            growth_per_year = 0.02
            "#,
        ),
        &[ONE_CHILD],
        1,
    );
    assert_eq!(run.column("spend", "all", "all", 0), [96_429.0 + 114_286.0]);
    assert_eq!(run.column("spend", "all", "all", 1), [218_571.0]);
}

/// A price set from a first of April is the price on that day, whichever April
/// it is, and grows a year later. April has 30 nights: £700 a week is £3,000,
/// grown once £3,060.
#[test]
fn a_price_set_on_the_first_of_april_does_not_grow_that_day() {
    for (start, year) in [
        (2019, 2019),
        (2019, 2020),
        (2019, 2021),
        (2021, 2022),
        (2021, 2023),
    ] {
        let text = leaves_after(
            3_000,
            &format!(
                r#"
                [[placement]]
                name = "foster"
                weekly_pounds = 450
                price_changes = [{{ from = {year}-04-01, weekly_pounds = 700 }}]
                [prices]
                growth_per_year = 0.02
                "#
            ),
        );
        // In 2021 the first year from April to April has no leap day.
        let text = text
            .replace("2019-02-28", &format!("{start}-02-28"))
            .replace("2022-05-31", "2024-05-31");
        let run = Run::with_cohort(&text, &[ONE_CHILD], 1);
        let april = 1 + 12 * (year - start);
        assert_eq!(
            run.column("spend", "all", "all", april),
            [300_000.0],
            "April {year}"
        );
        assert_eq!(
            run.column("spend", "all", "all", april + 12),
            [306_000.0],
            "a year after"
        );
    }
}

/// A price that changes on 31 March, before the April, is not grown that day:
/// 30 nights at £450 and one at £700, 192,857.1 and 10,000 pence.
#[test]
fn a_price_does_not_grow_before_april() {
    for year in [2019, 2020, 2021] {
        let run = Run::with_cohort(
            &leaves_after(
                3_000,
                &format!(
                    r#"
                    [[placement]]
                    name = "foster"
                    weekly_pounds = 450
                    price_changes = [{{ from = {year}-03-31, weekly_pounds = 700 }}]
                    growth_per_year = 0
                    [[placement]]
                    name = "other"
                    weekly_pounds = 700
                    [prices]
                    growth_per_year = 0.02
                    "#
                ),
            ),
            &[
                ONE_CHILD,
                ("2014-06-01", "2018-06-01", "looked after", "other"),
            ],
            1,
        );
        let march = 12 * (year - 2019);
        assert_eq!(
            run.column("spend", "placement", "foster", march),
            [202_857.0],
            "{year}"
        );
        // 31 nights at £700, grown in each April before, a segment at a time.
        let weekly = (70_000.0 * 1.02f64.powi(march as i32 / 12)).round();
        let other = (weekly * 30.0 / 7.0).round() + (weekly / 7.0).round();
        assert_eq!(
            run.column("spend", "placement", "other", march),
            [other],
            "{year}"
        );
    }
}

/// On day 10 a child moves from £450 to £200 a week: March has 9 nights of the
/// first (57,857.1 pence) and 22 of the second (62,857.1).
#[test]
fn a_move_is_paid_from_its_day() {
    let run = Run::with_cohort(
        &format!(
            r#"
            {MARCH_2019}
            [[placement]]
            name = "foster"
            weekly_pounds = 450
            [[placement]]
            name = "kin"
            weekly_pounds = 200
            [[pathway]]
            name = "move"
            cases = 1
            leads_to = {{ placement = "kin" }}
            [[pathway.stage]]
            name = "move"
            duration_days = {{ fixed = 10 }}
            "#
        ),
        &[ONE_CHILD],
        1,
    );
    assert_eq!(run.column("spend", "placement", "foster", 0), [57_857.0]);
    assert_eq!(run.column("spend", "placement", "kin", 0), [62_857.0]);
    assert_eq!(run.column("population", "placement", "kin", 0), [1.0]);
}

/// One stay over a year end, with a move and a price rise. From 28 February 2019
/// with foster carers at £450; with relatives at £200 from day 38, 7 April, when
/// both prices have grown by 2 %. March: 31 nights at £450, 199,285.7 pence.
/// April: the nights of the 1st to the 6th at £459, 39,342.9 pence, and 24
/// nights at £204, 69,942.9.
#[test]
fn a_stay_moves_after_a_price_rise() {
    let text = format!(
        r#"
        {MARCH_2019}
        [[placement]]
        name = "foster"
        weekly_pounds = 450
        [[placement]]
        name = "kin"
        weekly_pounds = 200
        [prices]
        growth_per_year = 0.02
        [[pathway]]
        name = "move"
        cases = 1
        leads_to = {{ placement = "kin" }}
        [[pathway.stage]]
        name = "move"
        duration_days = {{ fixed = 38 }}
        "#
    );
    let run = Run::with_cohort(&text, &[ONE_CHILD], 1);
    let spend = |placement, month| run.column("spend", "placement", placement, month)[0];
    assert_eq!(
        [0, 1].map(|month| spend("foster", month)),
        [199_286.0, 39_343.0]
    );
    assert_eq!([0, 1].map(|month| spend("kin", month)), [0.0, 69_943.0]);
    assert_eq!(run.year("spend", "all", "all", 0), [199_286.0]);
    assert_eq!(run.column("spend", "all", "all", 1), [39_343.0 + 69_943.0]);
}

/// An adoption pays its fee and spares the placement: out on day 42, 11 April
/// 2019, against a child who stays. The nights from then to 31 May are 20 and
/// 31 at £450: 128,571.4 and 199,285.7 pence, and an allowance of £70 a week
/// gives back 20,000 and 31,000. The agency's fee of £27,000 falls in April.
#[test]
fn an_adoption_is_net_of_its_fee() {
    let text = [
        &leaves_after(
            42,
            r#"
            [[placement]]
            name = "foster"
            weekly_pounds = 450
            [[allowance]]
            name = "adopters"
            after = ["order"]
            weekly_pounds = 70
            [[fee]]
            name = "agency"
            on_exit = ["order"]
            pounds = 27_000
            "#,
        ),
        r#"
        [[scenario]]
        name = "stays"
        set = { "pathway.leave.cases" = 0 }
        [[scenario]]
        name = "adopted"
        "#,
    ]
    .concat();
    let stays = Run::with_cohort(&text, &[ONE_CHILD], 1);
    let adopted = stays.scenario(1);
    let spend = |run: &Run, by, segment, month| run.column("spend", by, segment, month)[0];
    let spared = |month| {
        spend(&stays, "category", "placements", month)
            - spend(&adopted, "category", "placements", month)
    };
    // April of the stay: 10 nights of 30, 64,285.7 pence of 192,857.1.
    assert_eq!(spared(0), 0.0);
    assert_eq!(spared(1), 192_857.0 - 64_286.0);
    assert_eq!(spared(2), 199_286.0);
    let net = |month| spend(&stays, "all", "all", month) - spend(&adopted, "all", "all", month);
    assert_eq!(net(1), 128_571.0 - 20_000.0 - 2_700_000.0);
    assert_eq!(net(2), 199_286.0 - 31_000.0);
}

/// Out by special guardianship on day 42, 11 April 2019, at £150 a week, which
/// has grown by 2 % to £153. A child who turns 18 on 11 May has 20 nights of
/// April (43,714.3 pence) and 10 of May (21,857.1). A limit of 15 days leaves
/// 15 nights (32,785.7); a share of nobody leaves nothing. The fee of £27,000
/// is paid once, the stage's £2,500 when it starts, on 28 February: in March.
#[test]
fn an_allowance_is_paid_from_the_exit_until_eighteen() {
    let run = Run::with_cohort(
        &leaves_after(
            42,
            r#"
            cost_pounds = 2_500
            [[placement]]
            name = "foster"
            weekly_pounds = 0
            [prices]
            growth_per_year = 0.02
            [[allowance]]
            name = "guardian"
            after = ["order"]
            weekly_pounds = 150
            [[allowance]]
            name = "short"
            after = ["order"]
            weekly_pounds = 150
            for_days = { fixed = 15 }
            [[allowance]]
            name = "nobody"
            after = ["order"]
            receives = 0
            weekly_pounds = 150
            [[allowance]]
            name = "elsewhere"
            after = ["ageing out"]
            until_age = 21
            weekly_pounds = 150
            [[fee]]
            name = "agency"
            on_exit = ["order"]
            pounds = 27_000
            "#,
        ),
        &[("2001-05-11", "2018-06-01", "looked after", "foster")],
        1,
    );
    let line = |name: &str, month| run.column("spend", "line", name, month)[0];
    assert_eq!(
        [0, 1, 2, 3].map(|month| line("guardian", month)),
        [0.0, 43_714.0, 21_857.0, 0.0]
    );
    assert_eq!(
        [0, 1, 2].map(|month| line("short", month)),
        [0.0, 32_786.0, 0.0]
    );
    assert_eq!(run.over("spend", "line", "nobody", 0..12), [0.0]);
    assert_eq!(run.over("spend", "line", "elsewhere", 0..12), [0.0]);
    assert_eq!(
        [0, 1, 2].map(|month| line("agency", month)),
        [0.0, 2_700_000.0, 0.0]
    );
    assert_eq!(
        [0, 1].map(|month| line("leave: wait", month)),
        [250_000.0, 0.0]
    );
    assert_eq!(
        run.over("spend", "all", "all", 0..12),
        [43_714.0 + 21_857.0 + 32_786.0 + 2_950_000.0]
    );
}

/// A child who ages out on 11 May 2019 is paid until 21: 11 May 2022.
#[test]
fn an_allowance_may_outlast_childhood() {
    let run = Run::with_cohort(
        &leaves_after(
            3_000,
            r#"
            [[placement]]
            name = "foster"
            weekly_pounds = 0
            [[allowance]]
            name = "staying put"
            after = ["ageing out"]
            until_age = 21
            weekly_pounds = 70
            "#,
        ),
        &[("2001-05-11", "2018-06-01", "looked after", "foster")],
        1,
    );
    // 21 nights of May 2019, every night of the three years up to 10 May 2022:
    // 1,096 nights at £10, the run ending on 31 May 2022.
    assert_eq!(run.column("spend", "all", "all", 2), [21_000.0]);
    assert_eq!(run.column("spend", "all", "all", 38), [10_000.0]);
    let all = run.over("spend", "all", "all", 0..run.months());
    assert_eq!(
        all,
        [f64::from(days_between(date(2019, 5, 11), date(2022, 5, 11))) * 1_000.0]
    );
}

/// March 2019 with three children: overhead of £100 a week for 93 nights is
/// 132,857.1 pence; a grant of £91 a night for the asylum child's 31 nights is
/// −282,100; a post at £45,000 a year from 11 March is 21 nights of 365,
/// 258,904.1. Money adds up by category.
#[test]
fn overhead_grants_and_posts_are_paid_by_the_night() {
    let run = Run::with_cohort(
        &leaves_after(
            3_000,
            r#"
            [[placement]]
            name = "foster"
            weekly_pounds = 450
            [[referrals]]
            name = "general"
            families_per_year = 0
            age = { "0-17" = 1 }
            [[referrals]]
            name = "asylum"
            families_per_year = 0
            age = { "0-17" = 1 }
            [overhead]
            weekly_pounds = 100
            [[grant]]
            name = "asylum grant"
            nightly_pounds = 91
            eligible = { stream = ["asylum"] }
            [[programme]]
            name = "post"
            yearly_pounds = 45_000
            from = 2019-03-11
            until = 2019-04-10
            "#,
        ),
        &[
            ONE_CHILD,
            ONE_CHILD,
            ("2014-06-01", "2018-06-01", "looked after", "foster,asylum"),
        ],
        1,
    );
    let category = |name: &str| run.column("spend", "category", name, 0)[0];
    assert_eq!(category("overhead"), 132_857.0);
    assert_eq!(category("grants"), -282_100.0);
    assert_eq!(category("programme"), 258_904.0);
    assert_eq!(category("placements"), 597_857.0);
    assert_eq!(category("allowances") + category("fees"), 0.0);
    assert_eq!(
        run.column("spend", "all", "all", 0),
        [132_857.0 - 282_100.0 + 258_904.0 + 597_857.0]
    );
    // Ten nights of April, in a financial year of 366: 122,950.8 pence.
    assert_eq!(run.column("spend", "category", "programme", 1), [122_951.0]);
    assert_eq!(run.column("spend", "category", "programme", 2), [0.0]);
}

/// One bed, taken: a child who moves to it on day 10 goes to the overflow, and
/// is paid there: 22 nights of March at £850, 267,142.9 pence.
#[test]
fn a_full_placement_sends_children_to_its_overflow() {
    let run = Run::with_cohort(&to_full_beds("agency"), &BEDS_AND_KIN, 1);
    assert_eq!(run.column("spend", "placement", "foster", 0), [199_286.0]);
    assert_eq!(
        run.column("spend", "placement", "kin", 0),
        [9.0 * 20_000.0 / 7.0].map(f64::round)
    );
    assert_eq!(run.column("spend", "placement", "agency", 0), [267_143.0]);
}

/// Where the overflow is the placement a child is in, it stays: its own bed
/// does not count against it.
#[test]
fn a_child_stays_where_it_is_if_that_is_the_overflow() {
    let run = Run::with_cohort(&to_full_beds("kin"), &BEDS_AND_KIN, 1);
    assert_eq!(run.column("population", "placement", "kin", 0), [1.0]);
    assert_eq!(run.column("population", "placement", "agency", 0), [0.0]);
    assert_eq!(run.column("spend", "placement", "agency", 0), [0.0]);
}

/// That holds for a placement that has more children than beds, too: two are
/// in kin care, which has one bed, and the one who moves comes back to it.
#[test]
fn a_child_keeps_its_place_in_an_overfull_placement() {
    let kin = BEDS_AND_KIN[1];
    let run = Run::with_cohort(&to_full_beds("kin"), &[ONE_CHILD, kin, kin], 1);
    assert_eq!(run.column("population", "placement", "kin", 0), [2.0]);
    assert_eq!(run.column("population", "placement", "agency", 0), [0.0]);
}

const BEDS_AND_KIN: [(&str, &str, &str, &str); 2] = [
    ONE_CHILD,
    ("2014-06-01", "2018-06-01", "looked after", "kin"),
];

/// A child in kin care moves on day 10 to foster care, whose one bed is taken.
fn to_full_beds(overflow: &str) -> String {
    format!(
        r#"
        {MARCH_2019}
        [[placement]]
        name = "foster"
        weekly_pounds = 450
        beds = [{{ from = 2019-02-28, units = 1 }}]
        overflow = "{overflow}"
        [[placement]]
        name = "kin"
        weekly_pounds = 200
        beds = [{{ from = 2019-02-28, units = 1 }}]
        overflow = "agency"
        [[placement]]
        name = "agency"
        weekly_pounds = 850
        [[pathway]]
        name = "move"
        cases = 1
        eligible = {{ placement = ["kin"] }}
        leads_to = {{ placement = "foster" }}
        [[pathway.stage]]
        name = "move"
        duration_days = {{ fixed = 10 }}
        "#
    )
}

const MARCH_2019: &str = r#"
    [forecast]
    name = "money by hand"
    start = 2019-02-28
    end = 2022-05-31
    [cohort]
    file = "cohort.csv"
    "#;

/// Every child leaves by an "order" after so many days, by a pathway with one
/// stage, whose further keys may come first among the other tables.
fn leaves_after(days: u32, tables: &str) -> String {
    format!(
        r#"
        {MARCH_2019}
        [[pathway]]
        name = "leave"
        cases = 1000
        leads_to = {{ exit = "order" }}
        [[pathway.stage]]
        name = "wait"
        duration_days = {{ fixed = {days} }}
        {tables}
        "#
    )
}

/// A budget is the sum of its placements and lines: two children for 30 nights
/// of June, one in each placement. 30 nights at £700 a week and £70 of overhead
/// a week for each make 3,000 + 2 × 300; the home's £1,400 a week is another's.
#[test]
fn a_budget_holds_its_lines() {
    let text = r#"
        [forecast]
        name = "budgets"
        start = 2016-05-31
        end = 2016-06-30
        [cohort]
        children = 2
        age = { "0-9" = 1, "10-17" = 0 }
        placement = { foster = 1, home = 1 }
        days_in_care = { "0+" = 1 }
        [[placement]]
        name = "foster"
        weekly_pounds = 700
        [[placement]]
        name = "home"
        weekly_pounds = 1400
        [overhead]
        weekly_pounds = 70
        [[budget]]
        name = "fostering service"
        placements = ["foster"]
        lines = ["overhead"]
        [[budget]]
        name = "overhead"
        lines = ["overhead"]
    "#;
    let run = Run::of(text, 2);
    let spend = |by, segment| run.column("spend", by, segment, 0)[0];
    assert_eq!(spend("budget", "fostering service"), 360_000.0);
    assert_eq!(spend("budget", "overhead"), 60_000.0);
    assert_eq!(spend("all", "all"), 960_000.0);
}

/// Three exits in ten pay a fee of £1,000: all 100 children leave on day 42.
#[test]
fn a_share_of_exits_pays_a_fee() {
    let run = Run::of(
        r#"
        [forecast]
        name = "fees"
        start = 2018-12-31
        end = 2019-12-31
        [cohort]
        children = 100
        clock = "from_start_date"
        age = { "0" = 0, "1-4" = 100, "5-17" = 0 }
        [[exit]]
        name = "adopted"
        time_days = { fixed = 42 }
        [[fee]]
        name = "agency"
        on_exit = ["adopted"]
        pounds = 1_000
        share = 0.3
        "#,
        600,
    );
    let paid = run.over("spend", "category", "fees", 0..12);
    let paid: Vec<f64> = paid.iter().map(|pence| pence / 100_000.0).collect();
    assert_mean(&paid, 30.0, "fees paid");
    assert_variance(&paid, 100.0 * 0.3 * 0.7, "fees paid");
}

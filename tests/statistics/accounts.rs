//! Accounts: what must add up in every replicate.

use super::*;

/// In every replicate and month of each council's plan: the stock is last
/// month's plus admissions less exits, from the children of the start on;
/// segments of each dimension add up to everybody; reasons, outcomes and lines
/// add up to their totals.
#[test]
fn accounts_balance_in_every_replicate() {
    for (council, children, replicates) in [
        ("herefordshire", 308.0, 40),
        ("cambridgeshire", 631.0, 10),
        ("wolverhampton", 726.0, 10),
        ("telford", 320.0, 20),
    ] {
        let text = std::fs::read_to_string(format!("configs/{council}.toml"));
        accounts_balance(&text.expect("the file is there"), children, replicates);
    }
}

fn accounts_balance(text: &str, children: f64, replicates: u32) {
    let run = Run::of(text, replicates).scenario(1);
    assert_eq!(run.plan.models[1].scenario, "as planned");
    let nobody = vec![0.0; replicates as usize];
    let sum = |metric: &str, by: &str, month: usize| -> Vec<f64> {
        let series = run.plan.layout().series();
        let parts = series
            .iter()
            .filter(|one| one.metric == metric && one.segment_by == by);
        parts.fold(nobody.clone(), |sum, part| {
            plus(&sum, &run.column(metric, by, &part.segment, month))
        })
    };
    let mut before = vec![children; replicates as usize];
    for month in 0..run.months() {
        let population = run.population(month);
        let admissions = run.column("admissions", "all", "all", month);
        let exits = run.column("exits", "all", "all", month);
        let change: Vec<f64> = admissions.iter().zip(&exits).map(|(a, b)| a - b).collect();
        assert_eq!(plus(&before, &change), population, "month {month}");
        before.clone_from(&population);
        for dimension in ["placement", "age band", "legal status", "stream", "cohort"] {
            assert_eq!(
                sum("population", dimension, month),
                population,
                "{dimension}"
            );
        }
        assert_eq!(sum("exits", "reason", month), exits);
        for (metric, parts) in [
            ("pathway_cases", "pathway"),
            ("pathway_cases", "stage"),
            ("pathway_outcomes", "outcome"),
            ("spend", "category"),
        ] {
            assert_eq!(
                sum(metric, parts, month),
                run.column(metric, "all", "all", month),
                "{metric} by {parts}"
            );
        }
        let placements = run.column("spend", "category", "placements", month);
        assert_eq!(sum("spend", "placement", month), placements);
        let others: f64 = sum("spend", "line", month).iter().sum();
        let all: f64 = run.column("spend", "all", "all", month).iter().sum();
        assert_eq!(others + placements.iter().sum::<f64>(), all);
        let again = run.column("readmissions", "all", "all", month);
        assert!(
            again
                .iter()
                .zip(&admissions)
                .all(|(again, all)| again <= all)
        );
    }
    // A financial year is the sum of its months.
    let layout = run.plan.layout();
    for (index, year) in layout.calendar().financial_years().iter().enumerate() {
        let months = run.over("spend", "all", "all", year.months.clone());
        assert_eq!(run.year("spend", "all", "all", index), months);
    }
}

/// Margins are met in every replicate: legal status and placement on the
/// first month end, one day after the start, and ages on the start date.
#[test]
fn margins_are_exact_in_every_replicate() {
    let run = Run::of(
        r#"
        [forecast]
        name = "margins"
        start = 2018-12-30
        end = 2018-12-31
        [legal_status]
        names = ["section 20", "full care order", "placement order"]
        [cohort]
        children = 100
        age = { "0" = 7, "1-4" = 13, "5-9" = 20, "10-15" = 35, "16-17" = 25 }
        legal_status = { "section 20" = 31, "full care order" = 57, "placement order" = 12 }
        placement = { foster = 61, kin = 17, home = 22 }
        days_in_care = { "0-181" = 15, "182-729" = 25, "730+" = 60 }
        [[cohort.impossible]]
        age = ["10-15", "16-17"]
        legal_status = ["placement order"]
        [[placement]]
        name = "foster"
        weekly_pounds = 450
        [[placement]]
        name = "kin"
        weekly_pounds = 200
        [[placement]]
        name = "home"
        weekly_pounds = 3000
        "#,
        50,
    );
    let margins: [(&str, &[(&str, f64)]); 2] = [
        (
            "legal status",
            &[
                ("section 20", 31.0),
                ("full care order", 57.0),
                ("placement order", 12.0),
            ],
        ),
        (
            "placement",
            &[("foster", 61.0), ("kin", 17.0), ("home", 22.0)],
        ),
    ];
    for (dimension, shares) in margins {
        for (name, children) in shares {
            // One sixteen- or seventeen-year-old may turn eighteen on the day.
            let counted = run.column("population", dimension, name, 0);
            let left = run.column("exits", "all", "all", 0);
            assert!(
                counted
                    .iter()
                    .zip(&left)
                    .all(|(count, left)| (children - left..=*children).contains(count)),
                "{name}"
            );
        }
    }
    let start = date(2018, 12, 30);
    for replicate in 0..50 {
        let mut ages = [0; 5];
        let mut times = [0; 3];
        for note in run.notes(replicate) {
            if let Event::HereToday {
                age,
                served,
                legal_status,
                ..
            } = note.event
            {
                let born = date_after(start, -age);
                let band = [1, 5, 10, 16]
                    .iter()
                    .filter(|&&years| birthday(born, years) <= start)
                    .count();
                ages[band] += 1;
                times[[182, 730].iter().filter(|&&days| served >= days).count()] += 1;
                assert!(served <= age, "in care before birth");
                assert!(band < 3 || legal_status != 2, "an impossible child");
            }
        }
        assert_eq!(ages, [7, 13, 20, 35, 25]);
        assert_eq!(times, [15, 25, 60]);
    }
}

/// The streams of the cohort are a margin like the others: none of the
/// unaccompanied is young, placed at home or more than they are, whether margins
/// are exact or drawn.
#[test]
fn the_cohort_belongs_to_its_streams() {
    let text = |margins: &str| {
        format!(
            r#"
            [forecast]
            name = "streams"
            start = 2016-05-31
            end = 2016-06-30
            [cohort]
            children = 631
            margins = "{margins}"
            age = {{ "0-15" = 459, "16-17" = 172 }}
            placement = {{ foster = 525, home = 106 }}
            days_in_care = {{ "0+" = 1 }}
            streams = {{ general = 566, unaccompanied = 65 }}
            IMPOSSIBLE
            [[placement]]
            name = "foster"
            weekly_pounds = 450
            [[placement]]
            name = "home"
            weekly_pounds = 3000
            [[referrals]]
            name = "general"
            families_per_year = 0
            age = {{ "0-17" = 1 }}
            placement = {{ foster = 1 }}
            [[referrals]]
            name = "unaccompanied"
            families_per_year = 0
            age = {{ "0-15" = 0, "16-17" = 1 }}
            placement = {{ foster = 1 }}
            "#
        )
    };
    let impossible = r#"impossible = [
        { stream = ["unaccompanied"], age = ["0-15"] },
        { stream = ["unaccompanied"], placement = ["home"] },
    ]"#;
    let exact = Run::of(&text("exact").replace("IMPOSSIBLE", impossible), 50);
    let streams = [("general", 566.0), ("unaccompanied", 65.0)];
    let left = exact.column("exits", "all", "all", 0);
    for (name, children) in streams {
        let counted = exact.column("population", "stream", name, 0);
        let mut both = counted.iter().zip(&left);
        assert!(both.all(|(count, left)| (children - left..=children).contains(count)));
        // Whoever leaves turned eighteen, and the unaccompanied are all old enough.
        assert!(counted.iter().any(|count| *count < children), "{name}");
    }
    let drawn = Run::of(&text("drawn").replace("IMPOSSIBLE", ""), 400);
    let unaccompanied = drawn.column("population", "stream", "unaccompanied", 0);
    // Of 631 children 65 are unaccompanied; of 172 aged 16 or 17 about one in 24
    // turns 18 in the month.
    let stays = 1.0 - 172.0 / 631.0 * 30.0 / (2.0 * YEAR);
    assert_mean(
        &unaccompanied,
        65.0 * stays,
        "unaccompanied in a drawn cohort",
    );
}

//! The report of whole small runs.

use super::*;
use crate::engine::Progress;
use crate::run::{Kept, Plan, RunOptions, run};
use std::path::Path;
use tempfile::TempDir;

const GOLDEN: &str = include_str!("../../tests/data/golden.toml");

const ACTION: &str = include_str!("../../tests/data/action.toml");

/// Plays 64 futures of a scenario's text and opens the run.
fn finished(text: &str, kept: Kept) -> (TempDir, FinishedRun) {
    played(text, kept, 64)
}

fn played(text: &str, kept: Kept, replicates: u32) -> (TempDir, FinishedRun) {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("run");
    let file = crate::config::load("plan.toml", text).unwrap_or_else(|report| panic!("{report}"));
    let plan = Plan::new(Path::new("plan.toml"), file).unwrap();
    let options = options(&out, kept, replicates);
    run(&plan, &options, &Progress::default()).unwrap();
    let run = FinishedRun::open(&out).unwrap();
    (home, run)
}

fn options(out: &Path, kept: Kept, replicates: u32) -> RunOptions {
    RunOptions {
        out: out.to_owned(),
        seed: None,
        replicates: Some(0..replicates),
        precision: None,
        scenarios: Vec::new(),
        kept,
        events: 0,
        workbook: false,
        report: None,
        arguments: Vec::new(),
    }
}

/// Options of a report that withholds small counts, or does not.
fn with(suppress_small: bool) -> ReportOptions {
    ReportOptions {
        suppress_small,
        ..ReportOptions::default()
    }
}

fn report(text: &str, options: &ReportOptions) -> String {
    let (_home, run) = finished(text, Kept::Headlines);
    html(&run, options).unwrap()
}

#[test]
fn every_chart_has_a_message_words_a_drawing_and_its_numbers() {
    let (_home, run) = finished(GOLDEN, Kept::Headlines);
    let options = ReportOptions::default();
    let facts = Facts::of(&run, &options).unwrap();
    let names: Vec<&str> = facts.charts.iter().map(|chart| chart.id).collect();
    assert_eq!(names, ["likelihood", "spend", "pathways", "flows"]);
    assert_whole(&facts);
}

#[test]
fn what_lies_behind_the_answer_is_shown_in_the_same_way() {
    let (_home, run) = played(ACTION, Kept::Headlines, 200);
    let options = ReportOptions::default();
    let facts = Facts::of(&run, &options).unwrap();
    let names: Vec<&str> = facts.behind.iter().map(|chart| chart.id).collect();
    assert_eq!(names, ["drivers", "savings", "risks"]);
    assert_whole(&facts);
}

#[test]
fn the_log_tells_the_effect_that_the_analysis_finds() {
    let (_home, run) = played(ACTION, Kept::Headlines, 200);
    let options = ReportOptions::default();
    let facts = Facts::of(&run, &options).unwrap();
    let found = drivers_of(&run, facts.main).unwrap().unwrap();
    let clear = found.parameters.iter().find(|effect| effect.is_clear);
    let clear = clear.expect("something drives the spend");
    let logged = &facts.effects[&clear.parameter].words;
    assert!(logged.ends_with("from low to high"), "{logged}");
    assert_eq!(
        logged.starts_with('+'),
        clear.high.outcome > clear.low.outcome
    );
    let unclear = found.parameters.iter().find(|effect| !effect.is_clear);
    let unclear = unclear.expect("something has no effect");
    let logged = &facts.effects[&unclear.parameter].words;
    assert_eq!(logged, "none that can be told from chance");
    let page = page::page(&facts).into_string();
    assert!(page.contains("from low to high</td>") && !page.contains("not known</td>"));
}

#[test]
fn the_log_names_the_owner_of_each_assumption() {
    let log = |text: &str| {
        let (_home, run) = played(text, Kept::Nothing, 20);
        let options = ReportOptions::default();
        let facts = Facts::of(&run, &options).unwrap();
        let config = facts.config();
        let mut sources = assumptions::Sources::default();
        let drawn = &run.manifest().parameters;
        let uncertain = assumptions::log(config, drawn, &BTreeMap::new(), &mut sources);
        let known = assumptions::known(config, &mut sources);
        (uncertain, known, page::page(&facts).into_string())
    };
    let owned = format!(
        "{GOLDEN}\n[owners]\npathway = \"Permanence lead\"\n\"pathway.reunification\" = \"Head of Reunification\"\n"
    );
    let (uncertain, known, page) = log(&owned);
    let column = |table: &Table| table.heads.iter().position(|head| head == "Owner").unwrap();
    let owner = |part: &str| {
        let mut rows = uncertain.rows.iter();
        let row = rows.find(|row| row[0].starts_with(part)).unwrap();
        row[column(&uncertain)].clone()
    };
    assert_eq!(owner("pathway.special guardianship"), "Permanence lead");
    assert_eq!(owner("pathway.reunification"), "Head of Reunification");
    assert_eq!(owner("panel"), "nobody named");
    let named = |name: &str| known.rows.iter().any(|row| row[column(&known)] == name);
    assert!(named("nobody named"));
    assert!(!page.contains("No owner is named"));
    // Where nobody is named at all, that is said once.
    let (uncertain, known, page) = log(GOLDEN);
    for table in [uncertain, known] {
        assert!(!table.heads.iter().any(|head| head == "Owner"));
        assert!(table.rows.iter().all(|row| row.len() == table.heads.len()));
    }
    assert_eq!(page.matches("No owner is named").count(), 1);
    // What a workstream assumes is its owner's.
    let (uncertain, _, _) = log(ACTION);
    let mut rows = uncertain.rows.iter();
    let row = rows.find(|row| row[0].starts_with("workstream.")).unwrap();
    assert_ne!(row[column(&uncertain)], "nobody named");
}

#[test]
fn the_steps_of_the_saving_and_the_scores_are_those_that_were_worked_out() {
    let home = tempfile::tempdir().unwrap();
    let (out, file) = (home.path().join("run"), ACTION);
    let file = crate::config::load("plan.toml", file).unwrap_or_else(|report| panic!("{report}"));
    let plan = Plan::new(Path::new("plan.toml"), file).unwrap();
    let played = run(
        &plan,
        &options(&out, Kept::Nothing, 64),
        &Progress::default(),
    )
    .unwrap();
    let finished = FinishedRun::open(&out).unwrap();
    let shares = read_workstreams(&finished).unwrap().unwrap();
    let attribution = played.attribution.unwrap();
    assert_eq!(shares.scenario, attribution.scenario);
    assert_eq!(shares.rows.len(), attribution.rows.len());
    for (read, row) in shares.rows.iter().zip(&attribution.rows) {
        assert_eq!(
            (&read.workstream, &read.owner, read.period, read.date),
            (&row.workstream, &row.owner, row.period, row.date)
        );
        assert_eq!((read.met, read.target_pence), (row.met, row.target_pence));
        assert_eq!(read.mean_start, row.mean_start);
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * (1.0 + b.abs());
        assert!(near(read.shapley.mean, row.shapley.mean));
        assert!(near(read.leave_one_out.mean, row.leave_one_out.mean));
        assert!(near(read.interaction, row.interaction));
    }
    let risks = read_risks(&finished).unwrap();
    assert_eq!(risks.len(), played.risks.len());
    for risk in &played.risks {
        assert!(risks.contains(risk), "{risk:?}");
    }
}

#[test]
fn labels_of_workstreams_and_risks_stay_text() {
    let evil = "<script>alert('x')</script> & =1+1";
    let text = ACTION
        .replace("edge of care", evil)
        .replace("Head of Fostering", evil)
        .replace("Looked-after children", evil)
        .replace("Director of Children's Services", evil);
    let page = report(&text, &ReportOptions::default());
    assert!(page.contains("id=\"savings\"") && page.contains("id=\"risks\""));
    assert!(!page.contains("<script"), "a label has become a script");
}

#[test]
fn too_few_futures_for_drivers_are_said_to_be_too_few() {
    let page = report(GOLDEN, &ReportOptions::default());
    assert!(page.contains("64 futures are too few to tell what drives the uncertainty"));
    assert!(!page.contains("id=\"drivers\""));
}

/// Solves a run for its main target and keeps the answer with it.
fn solved(run: &FinishedRun, likelihood: f64, levers: &[&str]) -> FinishedRun {
    let plan = Plan::new(Path::new("plan.toml"), run.file().clone()).unwrap();
    let scenario = plan.main_scenario();
    let question = crate::solve::Question {
        target: plan.main_target().unwrap(),
        likelihood,
        scenario,
        replicates: 64,
        seed: 1,
    };
    let variant = crate::config::variant::Variant::new(&plan.file, scenario).unwrap();
    let known = crate::config::levers::levers(&variant);
    let levers: Vec<_> = levers
        .iter()
        .map(|name| crate::config::levers::asked(name, &known).unwrap())
        .collect();
    let progress = Progress::default();
    let solution = crate::solve::solve(&plan, &question, &levers, &progress, |_| ()).unwrap();
    Answer::of(&plan, &solution).keep(run.folder()).unwrap();
    FinishedRun::open(run.folder()).unwrap()
}

#[test]
fn what_it_would_take_is_told_as_it_was_solved() {
    let (_home, run) = finished(GOLDEN, Kept::Nothing);
    let page = html(&run, &ReportOptions::default()).unwrap();
    assert!(page.contains("What it would take: `lacsim solve RUN --by LEVER...`"));
    assert!(!page.contains("id=\"what-it-would-take\""));
    let levers = [
        "panel.admit",
        "pathway.reunification.success",
        "overhead.weekly_pounds",
    ];
    let run = solved(&run, 0.9, &levers);
    let options = ReportOptions::default();
    let facts = Facts::of(&run, &options).unwrap();
    assert_whole(&facts);
    let answer = Answer::read(&run).unwrap().unwrap();
    let take = facts.take.as_ref().unwrap();
    let row = |index: usize| take.alone.rows[index].as_slice();
    // As planned, 0.6217 of families are admitted; fewer must be.
    let admit = &answer.one_at_a_time[0].found;
    let Some(crate::config::levers::Amount::Number(value)) = admit.value else {
        panic!("the panel alone gets there: {admit:?}");
    };
    let percent = (value * 1e3).round() / 10.0;
    assert_eq!(row(0)[..2], ["panel admit", "62.2\u{a0}%"]);
    assert_eq!(row(0)[2], format!("{percent}\u{a0}% or less"));
    assert!(
        row(1)[2].starts_with("not reachable: missed by"),
        "{:?}",
        row(1)
    );
    assert_eq!(row(2)[2], "changes nothing");
    assert!(take.question.contains("at least 90 in 100 likely"));
    let figure = take.figure.as_ref().unwrap();
    assert_eq!(
        figure.title,
        format!("Panel admit ({percent}\u{a0}% or less) alone makes the target 90 in 100 likely")
    );
    let (share, mix) = take.together.as_ref().unwrap();
    assert!(
        share.contains(" % or more of the way (95 in 100 between"),
        "{share}"
    );
    assert_eq!(mix.rows.len(), 2);
    let page = html(&run, &ReportOptions::default()).unwrap();
    let place = |words: &str| page.find(words).unwrap_or_else(|| panic!("no {words}"));
    assert!(place("id=\"behind\"") < place("id=\"what-it-would-take\""));
    assert!(place("id=\"what-it-would-take\"") < place("id=\"assumptions\""));
    assert!(!page.contains("What it would take: `lacsim"));
}

#[test]
fn a_target_that_is_likely_enough_says_how_far_levers_may_go() {
    let (_home, run) = finished(GOLDEN, Kept::Nothing);
    let run = solved(&run, 0.05, &["panel.admit"]);
    let options = ReportOptions::default();
    let facts = Facts::of(&run, &options).unwrap();
    let take = facts.take.as_ref().unwrap();
    assert!(take.figure.is_none() && take.together.is_none());
    assert_eq!(take.alone.heads[2], "May go to");
    assert!(
        take.question.contains("That is enough."),
        "{}",
        take.question
    );
}

/// A back-test of `pairs` yearly origins, two horizons each; outcomes lie in
/// the middle of the futures but for every tenth.
fn tested(pairs: i32) -> FinishedBacktest {
    use crate::forecast::hindcasts::{Hindcast, Outcome};
    use crate::forecast::scores::Law;
    let march = |year: i32| Date::from_ymd_opt(year, 3, 31).unwrap();
    let hindcasts = (0..pairs).map(|index| {
        let (year, ahead) = (1990 + index / 2, 1 + index % 2);
        let outcome = Outcome {
            metric: "population",
            origin: march(year),
            since: None,
            date: march(year + ahead),
            observed: if index % 10 == 0 { 3.0 } else { 250.0 },
        };
        let rule = Law::Normal {
            mean: 240.0,
            sd: 10.0,
        };
        let replicates = (0..=100).map(|one| 200.0 + f64::from(one)).collect();
        Hindcast::new(&outcome, replicates, &[Some(rule), None, None], 0.5)
    });
    FinishedBacktest {
        manifest: crate::output::manifest::example(),
        hindcasts: hindcasts.collect(),
    }
}

#[test]
fn a_back_test_is_shown_with_its_verdict() {
    let (_home, run) = finished(GOLDEN, Kept::Nothing);
    let page = |pairs: i32, suppress_small: bool| {
        let options = ReportOptions {
            suppress_small,
            backtest: Some(tested(pairs)),
        };
        let facts = Facts::of(&run, &options).unwrap();
        assert_whole(&facts);
        html(&run, &options).unwrap()
    };
    let many = page(40, false);
    for words in [
        "of another scenario file, “demo.toml”",
        "from dates between 31 March 1990 and 31 March 2009",
        "The 8-in-10 range held 36 of 40 outcomes",
        "The hardest simple rule to beat is persistence",
        "<td>persistence</td><td class=\"number\">40</td>",
        "90\u{a0}% ± ",
    ] {
        assert!(many.contains(words), "no {words}");
    }
    let place = |words: &str| many.find(words).unwrap();
    assert!(place("id=\"paper\"") < place("id=\"past\""));
    assert!(place("id=\"past\"") < place("id=\"model\""));
    let few = page(4, false);
    assert!(few.contains("Too few to judge: 4 pairs of origin and horizon"));
    assert!(few.contains("too few to judge by") && !few.contains("hardest simple rule"));
    // 3 children counted on 31 March 1991 are withheld on request.
    let counted = "<td class=\"number\">1</td><td class=\"number\">3</td>";
    assert!(few.contains(counted) && few.matches("class=\"observed mark\"").count() == 4);
    let safe = page(4, true);
    assert!(
        !safe.contains(counted)
            && safe.contains("<td class=\"number\">1</td><td class=\"number\">[c]</td>")
    );
    assert_eq!(safe.matches("class=\"observed mark\"").count(), 3);
    assert!(
        !html(&run, &ReportOptions::default())
            .unwrap()
            .contains("id=\"past\"")
    );
}

/// Every chart has all its parts on the page.
fn assert_whole(facts: &Facts) {
    let page = page::page(facts).into_string();
    let take = facts.take.iter().filter_map(|take| take.figure.as_ref());
    let past = facts.past.iter().filter_map(|past| past.figure.as_ref());
    let charts = facts
        .charts
        .iter()
        .chain(&facts.behind)
        .chain(take)
        .chain(past);
    for chart in charts.chain([&facts.fan]) {
        assert!(
            chart.title.len() > 20 && chart.alternative.len() > 40,
            "{chart:?}"
        );
        assert!(!chart.table.rows.is_empty() && !chart.drawings.is_empty());
        let heads = chart.table.heads.len();
        assert!(chart.table.rows.iter().all(|row| row.len() == heads));
        for index in 0..chart.drawings.len() {
            let (id, table) = (chart.id, chart.table.id);
            for part in [
                format!("<title id=\"{id}-{index}-title\">"),
                format!("<desc id=\"{id}-{index}-words\">"),
                format!("aria-labelledby=\"{id}-{index}-title {id}-{index}-words\""),
                format!("<table id=\"{table}\">"),
                format!("href=\"#{table}\""),
            ] {
                assert!(page.contains(&part), "{part}");
            }
        }
    }
}

#[test]
fn the_likelihood_at_the_targets_date_is_that_of_the_targets_file() {
    let (_home, run) = finished(GOLDEN, Kept::Headlines);
    let main = run.answer().unwrap();
    let Likelihoods::Counted(counts, result) = likelihoods(&run, main).unwrap() else {
        panic!("headlines are kept");
    };
    assert_eq!(result.target.name, "60 by March 2025");
    assert_eq!(counts.len(), run.forecasts().len());
    for (met, forecast) in counts.iter().zip(run.forecasts()) {
        let judged = forecast
            .targets
            .iter()
            .find(|one| one.target == result.target)
            .unwrap();
        let month = met
            .months
            .iter()
            .find(|month| month.0 == judged.target.date);
        let &(_, found, replicates) = month.unwrap();
        assert_eq!(
            (found, replicates),
            (judged.met, judged.replicates),
            "{}",
            met.scenario
        );
    }
    let spread = counts
        .iter()
        .flat_map(|met| &met.months)
        .any(|month| month.1 > 0 && month.1 < 64);
    assert!(spread, "some futures meet the target and some do not");
}

#[test]
fn labels_of_a_scenario_file_stay_text() {
    let evil = "<script>alert('x')</script> & =1+1";
    let text = GOLDEN
        .replace("half succeed", evil)
        .replace("name = \"Golden\"", &format!("name = \"{evil}\""))
        .replace("return home", &format!("home {evil}"))
        .replace("60 by March 2025", &format!("60 {evil}"))
        .replace("source = \"illustrative\"", &format!("source = \"{evil}\""));
    let page = report(&text, &ReportOptions::default());
    assert!(!page.contains("<script"), "a label has become a script");
    assert!(page.matches("&lt;script&gt;").count() > 20);
}

#[test]
fn the_report_asks_for_nothing_and_runs_nothing() {
    let page = report(GOLDEN, &ReportOptions::default());
    for word in [
        "<script",
        "http",
        "url(",
        "src=",
        "@import",
        "<link",
        "javascript:",
        "onload",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.starts_with("<!DOCTYPE html><html lang=\"en-GB\">"));
    assert!(page.len() < 1_000_000);
}

#[test]
fn headings_go_down_one_step_at_a_time() {
    let page = report(GOLDEN, &ReportOptions::default());
    let levels: Vec<u32> = page
        .match_indices("<h")
        .filter_map(|(at, _)| page[at + 2..].chars().next()?.to_digit(10))
        .collect();
    assert_eq!(levels.iter().filter(|&&level| level == 1).count(), 1);
    assert_eq!(levels[0], 1);
    assert!(
        levels.windows(2).all(|pair| pair[1] <= pair[0] + 1),
        "{levels:?}"
    );
}

#[test]
fn no_likelihood_is_nothing_or_certain() {
    let page = report(GOLDEN, &ReportOptions::default());
    for word in ["about 0 in", ">0 %", "100 %", ": 0 in", "10 in 10,"] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn without_kept_futures_the_report_says_how_to_get_them() {
    let (_home, run) = finished(GOLDEN, Kept::Nothing);
    let page = html(&run, &ReportOptions::default()).unwrap();
    assert!(page.contains("run again without --keep-replicates none"));
    assert!(!page.contains("id=\"likelihood\""));
}

#[test]
fn small_observed_counts_are_withheld_on_request_with_what_would_give_them_away() {
    // 60 children: 4 under 1 and 9 of 1 to 4 (a single small count takes the
    // next smallest with it); entries of 3 take the exits with them.
    let text = GOLDEN.replace("admissions = 30\nexits = 26", "admissions = 3\nexits = 7");
    let (_home, run) = finished(&text, Kept::Headlines);
    let ages = |suppress_small| {
        let options = with(suppress_small);
        let facts = Facts::of(&run, &options).unwrap();
        let table = facts.cohort.iter().find(|table| table.id == "cohort-age");
        let rows = &table.unwrap().rows;
        let cells: Vec<String> = rows.iter().map(|row| row[1].clone()).collect();
        cells.join(" ")
    };
    assert_eq!(ages(false), "4 9 13 22 12 60");
    assert_eq!(ages(true), "[c] [c] 13 22 12 60");
    let arithmetic = "55 + 3 − 7";
    let page = |suppress_small| html(&run, &with(suppress_small)).unwrap();
    assert!(page(false).contains(arithmetic));
    assert!(!page(true).contains(arithmetic));
    assert!(page(true).contains("[c]: an observed count"));
}

#[test]
fn a_scenario_alone_without_targets_money_or_pathways_has_a_report() {
    let bare = r#"
        [forecast]
        name = "Bare"
        start = 2025-03-31
        end = 2025-09-30
        [legal_status]
        names = ["in care"]
        [[placement]]
        name = "fostering"
        weekly_pounds = 0
        [[referrals]]
        name = "general"
        families_per_year = 40
        age = { "0-17" = 1 }
        legal_status = { "in care" = 1 }
        placement = { "fostering" = 1 }
    "#;
    let page = report(bare, &ReportOptions::default());
    assert!(page.contains("id=\"fan\"") && page.contains("id=\"flows\""));
    assert!(!page.contains("id=\"spend\"") && !page.contains("id=\"likelihood\""));
}

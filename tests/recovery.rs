//! Does `calibrate` find the truth? Simulation-based calibration (Talts and
//! others 2018, "Validating Bayesian inference algorithms with simulation-based
//! calibration").
//!
//! Many councils are drawn from the priors that `calibrate` states; each is
//! played for eight years, sent as a return, read, and calibrated on. The truth
//! must then lie anywhere among the values that a run of the calibrated scenario
//! draws, each place as likely as the next. Rates are compared as they will be
//! over the three years ahead, drift and all, since that is what a forecast
//! needs; the drift that lies ahead of each council is known here. And the
//! children in care one, two and three years after the return must lie anywhere
//! among the futures of the calibrated scenario.
//!
//! `cargo test --test recovery` tries twelve councils;
//! `LACSIM_RECOVERY=200 cargo test --test recovery -- --nocapture` two hundred,
//! and prints the coverage of each kind of parameter.

#[path = "recovery/roundtrip.rs"]
mod roundtrip;

use lacsim::calibrate::adoption::{
    ADOPTED, AT_ONCE, BY_CONSENT, MATCH, MATCHED, MOVE, ORDER, ORDER_BANDS,
};
use lacsim::calibrate::arrivals::{ENTRY_AGES, can_enter, seasons};
use lacsim::calibrate::exits::{AGES, NATIONAL, TIMES};
use lacsim::calibrate::level::{
    ADMISSIONS, AHEAD, ASYLUM as ASYLUM_DRIFT, DriftPrior, EXITS, PERSISTENCE,
};
use lacsim::calibrate::pooled::{LEVEL_SD, PRIOR_EVENTS};
use lacsim::calibrate::reentry::{GROUPS, SCALE, SHAPES};
use lacsim::calibrate::times::TimePrior;
use lacsim::calibrate::{CalibrateOptions, Fit, calibrate};
use lacsim::config::exits::Hazard;
use lacsim::config::{self, Config};
use lacsim::engine::life::day_of;
use lacsim::engine::listen;
use lacsim::engine::record::Event;
use lacsim::luck::{Purpose, Seed, key_of_name, uniform};
use lacsim::run::Plan;
use lacsim::ssda903::codes::{ExitKind, LegalKind, PlacementKind};
use lacsim::synthesise::{synthesise, write};
use lacsim::units::{Date, days_between};
use rand_distr::{Beta, Distribution, Gamma, LogNormal};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Values drawn from each posterior.
const DRAWS: u32 = 399;

/// Futures played of each calibrated scenario.
const FUTURES: u32 = 99;

/// Seed of the draws and futures of council 0, the next for the next. Were it
/// one for all, the same drifts would lie behind every forecast: a range too wide
/// by the chance of 99 futures would be so for all councils together, which no
/// standard error by council sees.
const FITS: u64 = 2_000_000;

/// Streams as a calibrated scenario names them.
const GENERAL: &str = "general";
const ASYLUM: &str = "unaccompanied asylum seekers";

/// Years of a return.
const YEARS: usize = 8;

/// A council drawn from the priors.
struct Truth {
    scenario: String,
    families_per_year: f64,
    admissions: (f64, f64),
    exits: (f64, f64),
    /// Rates of each cause, `[age][time]` flat.
    rates: Vec<Vec<f64>>,
    /// Shares of placement at entry, `[entry age][listed placement]`.
    placements: Vec<Vec<(PlacementKind, f64)>>,
    legal_statuses: Vec<f64>,
    reentry: Vec<f64>,
    adoption: AdoptionTruth,
    asylum: Asylum,
    /// Rates of [`MOVES`] and of [`STATUS_CHANGES`].
    moves: Vec<f64>,
    status_changes: Vec<f64>,
    /// Factors of the months, in every other council.
    seasons: Option<[f64; 12]>,
}

/// Moves of every council, with the least and most that they are a year.
const MOVES: [(PlacementKind, PlacementKind, (f64, f64)); 5] = [
    (
        PlacementKind::InHouseFoster,
        PlacementKind::AgencyFoster,
        (0.05, 0.5),
    ),
    (
        PlacementKind::InHouseFoster,
        PlacementKind::ChildrensHome,
        (0.05, 0.3),
    ),
    (
        PlacementKind::Kinship,
        PlacementKind::InHouseFoster,
        (0.1, 0.5),
    ),
    (
        PlacementKind::AgencyFoster,
        PlacementKind::InHouseFoster,
        (0.05, 0.5),
    ),
    (
        PlacementKind::ChildrensHome,
        PlacementKind::Supported,
        (0.3, 1.0),
    ),
];

/// Changes of legal status of every council, likewise.
const STATUS_CHANGES: [(LegalKind, LegalKind, (f64, f64)); 2] = [
    (
        LegalKind::Section20,
        LegalKind::InterimCareOrder,
        (0.1, 0.5),
    ),
    (
        LegalKind::InterimCareOrder,
        LegalKind::FullCareOrder,
        (0.3, 1.5),
    ),
];

/// Spread of the log of a month's factor.
const SEASON_SD: f64 = 0.25;

/// Unaccompanied asylum seekers.
struct Asylum {
    per_year: f64,
    drift: (f64, f64),
}

/// Adoption from the placement order on.
struct AdoptionTruth {
    /// Orders a year by band.
    orders: Vec<f64>,
    /// Shape and mean in days of the time to the match, of the move, and of the
    /// time to the adoption order.
    times: [(f64, f64); 3],
    /// Probabilities of a match and, once placed, of an adoption.
    passes: [f64; 2],
}

impl Truth {
    fn draw(council: u32) -> Self {
        let luck = Seed(11).replicate(council);
        let mut words = luck.stream(0, Purpose::Parameter);
        let unit = |words: &mut lacsim::luck::Stream<'_>| -> f64 {
            uniform(rand::TryRng::try_next_u32(words).unwrap())
        };
        // From 280 to 1,500 children who come in eight years, beside the cohort.
        let families_per_year = 25.0 * (130.0f64 / 25.0).powf(unit(&mut words));
        let cohort = 150.0 + 300.0 * unit(&mut words);
        let drift = |words: &mut lacsim::luck::Stream<'_>, prior: DriftPrior| {
            let law = LogNormal::new(prior.yearly_sd.ln(), prior.log_sd).unwrap();
            let sd = law.sample(words);
            (sd, picked(&PERSISTENCE, unit(words)))
        };
        let admissions = drift(&mut words, ADMISSIONS);
        let exits = drift(&mut words, EXITS);
        let rates = NATIONAL
            .iter()
            .map(|(kind, national)| {
                let share = match kind {
                    ExitKind::Adoption => BY_CONSENT,
                    _ => 1.0,
                };
                let cells = national.as_flattened().iter();
                pooled(cells.map(|rate| share * rate), &mut words)
            })
            .collect();
        let placements = ENTRY_AGES
            .iter()
            .map(|(_, ages)| {
                let kinds = PlacementKind::ALL.iter().copied();
                let kinds: Vec<_> = kinds.filter(|kind| can_enter(*kind, ages.end)).collect();
                let shares = dirichlet(kinds.len(), &mut words);
                kinds.into_iter().zip(shares).collect()
            })
            .collect();
        let legal_statuses = dirichlet(LegalKind::ALL.len(), &mut words);
        let reentry: Vec<(f64, f64, f64)> = GROUPS
            .iter()
            .map(|group| {
                let p: f64 = Beta::new(group.prior.0, group.prior.1)
                    .unwrap()
                    .sample(&mut words);
                let shape = picked(&SHAPES, unit(&mut words));
                let scale: f64 = LogNormal::new(SCALE.0.ln(), SCALE.1)
                    .unwrap()
                    .sample(&mut words);
                (p, shape, scale)
            })
            .collect();
        let orders = pooled(ORDER_BANDS.iter().map(|band| band.national), &mut words);
        let times = [MATCH, MOVE, ORDER].map(|prior| drawn_time(prior, &mut words));
        let passes = [MATCHED, ADOPTED].map(|(a, b)| Beta::new(a, b).unwrap().sample(&mut words));
        let between = |(low, high): (f64, f64), words: &mut lacsim::luck::Stream<'_>| {
            low * (high / low).powf(unit(words))
        };
        let asylum = Asylum {
            per_year: between((20.0, 60.0), &mut words),
            drift: drift(&mut words, ASYLUM_DRIFT),
        };
        let moves = MOVES.map(|(_, _, range)| between(range, &mut words));
        let changes = STATUS_CHANGES.map(|(_, _, range)| between(range, &mut words));
        let seasons = council.is_multiple_of(2).then(|| {
            let law = LogNormal::new(0.0, SEASON_SD).unwrap();
            let factors: [f64; 12] = std::array::from_fn(|_| law.sample(&mut words));
            let mean = factors.iter().sum::<f64>() / 12.0;
            factors.map(|factor| factor / mean)
        });
        let mut truth = Self {
            asylum,
            moves: moves.to_vec(),
            status_changes: changes.to_vec(),
            seasons,
            adoption: AdoptionTruth {
                orders,
                times,
                passes,
            },
            scenario: String::new(),
            families_per_year,
            admissions,
            exits,
            rates,
            placements,
            legal_statuses,
            reentry: reentry.iter().map(|(p, _, _)| *p).collect(),
        };
        truth.scenario = truth.text(council, cohort as u32, &reentry);
        truth
    }

    /// The scenario in which all this is so, three years longer than the return
    /// that is calibrated on.
    fn text(&self, council: u32, cohort: u32, reentry: &[(f64, f64, f64)]) -> String {
        let quoted = |names: Vec<&str>| {
            let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
            names.join(", ")
        };
        let statuses = quoted(LegalKind::ALL.iter().map(|kind| kind.words()).collect());
        let mut text = format!(
            r#"[forecast]
name = "council {council}"
start = 2016-03-31
end = 2027-03-31
seed = {council}
[cohort]
children = {cohort}
age = {{ "0" = 0.05, "1-4" = 0.14, "5-9" = 0.22, "10-15" = 0.39, "16-17" = 0.2 }}
days_in_care = {{ "0-181" = 0.15, "182-729" = 0.3, "730+" = 0.55 }}
legal_status = {{ "section 20" = 0.3, "full care order" = 0.7 }}
placement = {{ "in-house foster care" = 0.7, "agency foster care" = 0.3 }}
[legal_status]
names = [{statuses}]
"#
        );
        for kind in PlacementKind::ALL {
            let moves: Vec<String> = MOVES
                .iter()
                .zip(&self.moves)
                .filter(|((from, _, _), _)| from == kind)
                .map(|((_, to, _), rate)| {
                    let age = match to {
                        PlacementKind::Supported => ", age = \"16-17\"",
                        _ => "",
                    };
                    format!("{{ to = \"{}\"{age}, per_year = {rate} }}", to.words())
                })
                .collect();
            let _ = writeln!(
                text,
                "[[placement]]\nname = \"{}\"\nweekly_pounds = 0\nmove = [{}]",
                kind.words(),
                moves.join(", ")
            );
        }
        let shares: Vec<String> = LegalKind::ALL
            .iter()
            .zip(&self.legal_statuses)
            .map(|(kind, share)| format!("\"{}\" = {share:.12}", kind.words()))
            .collect();
        let _ = writeln!(
            text,
            "[[referrals]]\nname = \"general\"\nfamilies_per_year = {}\n{}drift = \"admissions\"\nsiblings = {{ \"1\" = 0.73, \"2\" = 0.18, \"3\" = 0.06, \"4\" = 0.03 }}\nage = {{ \"0\" = 0.19, \"1-4\" = 0.18, \"5-9\" = 0.18, \"10-15\" = 0.29, \"16-17\" = 0.16 }}\nlegal_status = {{ {} }}\n[referrals.placement_by_age]",
            self.families_per_year,
            self.seasons.map_or_else(String::new, |factors| format!(
                "month_factors = {factors:?}\n"
            )),
            shares.join(", ")
        );
        for ((band, _), row) in ENTRY_AGES.iter().zip(&self.placements) {
            let shares: Vec<String> = row
                .iter()
                .map(|(kind, share)| format!("\"{}\" = {share:.12}", kind.words()))
                .collect();
            let _ = writeln!(text, "\"{band}\" = {{ {} }}", shares.join(", "));
        }
        let _ = writeln!(
            text,
            "[[referrals]]\nname = \"{ASYLUM}\"\nfamilies_per_year = {}\ndrift = \"{ASYLUM}\"\nage = {{ \"0-15\" = 0, \"16-17\" = 1 }}\nlegal_status = {{ \"section 20\" = 1 }}\nplacement = {{ \"in-house foster care\" = 0.3, \"supported accommodation\" = 0.7 }}",
            self.asylum.per_year
        );
        for (name, (sd, persistence)) in [
            ("admissions", self.admissions),
            ("exits", self.exits),
            (ASYLUM, self.asylum.drift),
        ] {
            let _ = writeln!(
                text,
                "[[drift]]\nname = \"{name}\"\nyearly_sd = {sd}\npersistence = {persistence}"
            );
        }
        for ((kind, _), rates) in NATIONAL.iter().zip(&self.rates) {
            let _ = writeln!(
                text,
                "[[exit]]\nname = \"{}\"\ndrift = \"exits\"\ndays_in_care = {TIMES:?}\n[exit.rates_per_year]",
                kind.words()
            );
            for ((age, _), row) in AGES.iter().zip(rates.chunks(TIMES.len())) {
                let _ = writeln!(text, "\"{age}\" = {row:?}");
            }
        }
        for (group, (p, shape, scale)) in GROUPS.iter().zip(reentry) {
            let after = quoted(group.after.iter().map(|kind| kind.words()).collect());
            let _ = writeln!(
                text,
                "[[reentry]]\nafter = [{after}]\nprobability = {p}\ntime_days = {{ weibull = {{ shape = {shape}, scale = {scale} }} }}"
            );
        }
        for ((from, to, _), rate) in STATUS_CHANGES.iter().zip(&self.status_changes) {
            let (from, to) = (from.words(), to.words());
            let _ = writeln!(
                text,
                "[[pathway]]\nname = \"{from} to {to}\"\neligible = {{ legal_status = [\"{from}\"] }}\nnew_cases_per_year = {rate}\nleads_to = {{ legal_status = \"{to}\" }}\nstage = [{{ name = \"court\", duration_days = {{ fixed = 1 }} }}]"
            );
        }
        self.adoption.tell(&mut text);
        text.replace(".0, 28.0, 182.0, 730.0]", ", 28, 182, 730]")
    }

    /// Mean multiplier of a drift over the years ahead of the return.
    fn drift_ahead(&self, council: u32, name: &str) -> f64 {
        let (sd, persistence) = match name {
            "exits" => self.exits,
            ASYLUM => self.asylum.drift,
            _ => self.admissions,
        };
        let luck = Seed(u64::from(council)).replicate(0);
        let path = multipliers(sd, persistence, YEARS + AHEAD, |year| {
            luck.words(key_of_name(name), Purpose::Drift, 0, year)
        });
        path[YEARS..].iter().sum::<f64>() / AHEAD as f64
    }
}

/// Every legal status but that of a placement order.
fn not_ordered() -> String {
    let others = LegalKind::ALL.iter();
    let others = others.filter(|kind| **kind != LegalKind::PlacementOrder);
    let names: Vec<String> = others.map(|kind| format!("\"{}\"", kind.words())).collect();
    names.join(", ")
}

impl AdoptionTruth {
    /// The pathways, as a council would write them.
    fn tell(&self, text: &mut String) {
        let mut change = |name: &str, enters: &str, leads_to: &str| {
            let _ = writeln!(
                text,
                "[[pathway]]\nname = \"{name}\"\n{enters}leads_to = {{ {leads_to} }}\nstage = [{{ name = \"court\", duration_days = {{ fixed = 1 }} }}]"
            );
        };
        let back = "legal_status = \"full care order\"";
        change("reversed", "", back);
        change(
            "broken down",
            "",
            &format!("{back}, placement = \"in-house foster care\""),
        );
        for (index, (band, rate)) in ORDER_BANDS.iter().zip(&self.orders).enumerate() {
            let days = band.days_in_care.unwrap_or("0+");
            change(
                &format!("order {index}"),
                &format!(
                    "eligible = {{ legal_status = [{}], age = \"{}\", days_in_care = \"{days}\" }}\nnew_cases_per_year = {rate}\n",
                    not_ordered(),
                    band.age
                ),
                "legal_status = \"placement order\"",
            );
        }
        let [matching, moving, adopting] = self.times.map(|(shape, mean)| {
            format!("duration_days = {{ weibull = {{ shape = {shape}, mean = {mean} }} }}")
        });
        let [matched, adopted] = self.passes;
        let exits: Vec<String> = NATIONAL
            .iter()
            .map(|(kind, _)| format!("\"{}\"", kind.words()))
            .collect();
        let exits = exits.join(", ");
        let unplaced: Vec<String> = PlacementKind::ALL
            .iter()
            .filter(|kind| **kind != PlacementKind::PlacedForAdoption)
            .map(|kind| format!("\"{}\"", kind.words()))
            .collect();
        let _ = writeln!(
            text,
            r#"[[pathway]]
name = "family finding"
eligible = {{ legal_status = ["placement order"], placement = [{}] }}
new_cases_per_year = {AT_ONCE}
leads_to = {{ placement = "placed for adoption" }}
replaces = [{exits}]
stage = [
  {{ name = "match", {matching}, pass = {matched}, on_fail = {{ change_to = "reversed" }} }},
  {{ name = "move", {moving} }},
]
[[pathway]]
name = "adoption order"
eligible = {{ legal_status = ["placement order"], placement = ["placed for adoption"] }}
new_cases_per_year = {AT_ONCE}
leads_to = {{ exit = "adoption" }}
replaces = [{exits}]
stage = [{{ name = "court", {adopting}, pass = {adopted}, on_fail = {{ change_to = "broken down" }} }}]"#,
            unplaced.join(", ")
        );
    }

    /// Kind and rank of each number among those of a calibrated scenario.
    fn push_ranks(&self, posterior: &Posterior, ranks: &mut Vec<(&'static str, f64)>) {
        let of = |quantity, truth: f64| rank(truth, posterior.values(quantity).into_iter());
        let pathways = &posterior.config.pathways;
        let named = |name: &'static str| {
            pathways
                .iter()
                .filter(move |one| one.name.starts_with(name))
        };
        for (pathway, truth) in named("placement order, aged").zip(&self.orders) {
            ranks.push(("placement orders", of(&pathway.new_cases_per_year, *truth)));
        }
        let finding = named("family finding").flat_map(|pathway| &pathway.stages);
        let stages: Vec<_> = finding
            .chain(named("adoption order").flat_map(|pathway| &pathway.stages))
            .collect();
        for (stage, (_, mean)) in stages.iter().zip(self.times) {
            ranks.push(("adoption: days of a stage", of(&stage.duration.scale, mean)));
        }
        for (stage, truth) in stages.iter().step_by(2).zip(self.passes) {
            ranks.push(("adoption: stages passed", of(&stage.pass, truth)));
        }
    }
}

/// Rates under the prior of pooled cells: a level of the council's own.
fn pooled(national: impl Iterator<Item = f64>, words: &mut lacsim::luck::Stream<'_>) -> Vec<f64> {
    let level: f64 = LogNormal::new(0.0, LEVEL_SD).unwrap().sample(&mut *words);
    national
        .map(|rate| {
            let law = Gamma::new(PRIOR_EVENTS, level * rate / PRIOR_EVENTS);
            law.map_or(0.0, |law| law.sample(&mut *words))
        })
        .collect()
}

/// Shape and mean of a time.
fn drawn_time(prior: TimePrior, words: &mut lacsim::luck::Stream<'_>) -> (f64, f64) {
    let shape = uniform(rand::TryRng::try_next_u32(words).unwrap());
    let mean = LogNormal::new(prior.mean_days.ln(), prior.log_sd).unwrap();
    (picked(prior.shapes, shape), mean.sample(words))
}

/// Multipliers of a drift by year, as the engine draws them.
fn multipliers(
    sd: f64,
    persistence: f64,
    years: usize,
    words: impl Fn(u16) -> [u32; 4],
) -> Vec<f64> {
    let fresh = (1.0 - persistence * persistence).sqrt();
    let mut level = 0.0;
    (0..years)
        .map(|year| {
            let words = words(year as u16);
            let radius = (-2.0 * uniform(words[0]).ln()).sqrt();
            let z = radius * (2.0 * std::f64::consts::PI * uniform(words[1])).cos();
            level = if year == 0 {
                z
            } else {
                persistence * level + fresh * z
            };
            (sd * level - sd * sd / 2.0).exp()
        })
        .collect()
}

fn picked(weighted: &[(f64, f64)], u: f64) -> f64 {
    let mut left = u;
    for (value, weight) in weighted {
        if left < *weight {
            return *value;
        }
        left -= weight;
    }
    weighted[weighted.len() - 1].0
}

/// Shares under Jeffreys' prior.
fn dirichlet(count: usize, words: &mut lacsim::luck::Stream<'_>) -> Vec<f64> {
    let law = Gamma::new(0.5, 1.0).unwrap();
    let parts: Vec<f64> = (0..count).map(|_| law.sample(&mut *words)).collect();
    let total: f64 = parts.iter().sum();
    parts.iter().map(|part| part / total).collect()
}

/// The scenario calibrated on eight years of a council, sent and read, and the
/// children in care one, two and three years later.
fn fitted(truth: &Truth) -> (Fit, [usize; AHEAD]) {
    let file = config::load("truth.toml", &truth.scenario).unwrap_or_else(|e| panic!("{e}"));
    let plan = Plan::new(Path::new("truth.toml"), file).unwrap();
    let seed = plan.config().forecast.seed;
    let folder = tempfile::tempdir().unwrap();
    let sent = folder.path().join("return");
    write(&synthesise(&plan, seed, 0, false).unwrap(), &sent).unwrap();
    let returned = lacsim::ssda903::read(&sent).unwrap();
    let options = CalibrateOptions {
        as_at: year_end(2024),
        since: None,
        name: "fitted".to_owned(),
        cohort_file: "cohort.csv".to_owned(),
    };
    let later = std::array::from_fn(|year| returned.stock_on(year_end(2025 + year as i32)));
    (calibrate(&returned, &options).unwrap(), later)
}

fn year_end(year: i32) -> Date {
    Date::from_ymd_opt(year, 3, 31).unwrap()
}

/// What a run of a calibrated scenario draws, replicate by replicate.
struct Posterior {
    plan: Plan,
    config: Config,
    index: BTreeMap<String, usize>,
    draws: Vec<Vec<f64>>,
    luck: Vec<lacsim::luck::Luck>,
    seed: Seed,
}

impl Posterior {
    fn of(council: u32, fit: &Fit) -> Self {
        let seed = Seed(FITS + u64::from(council));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cohort.csv"), fit.cohort.csv()).unwrap();
        let file = config::load("fit.toml", &fit.scenario()).unwrap_or_else(|e| panic!("{e}"));
        let plan = Plan::new(&folder.path().join("fit.toml"), file).unwrap();
        let luck: Vec<_> = (0..DRAWS).map(|one| seed.replicate(one)).collect();
        let parameters = plan.numbers.parameters().iter().enumerate();
        Self {
            config: plan.config().clone(),
            index: parameters
                .map(|(index, one)| (one.path.clone(), index))
                .collect(),
            draws: luck.iter().map(|luck| plan.numbers.draw(luck)).collect(),
            luck,
            plan,
            seed,
        }
    }

    /// Values of a quantity.
    fn values(&self, quantity: &lacsim::config::quantity::Quantity) -> Vec<f64> {
        match self.index.get(&quantity.path) {
            Some(&index) => self.draws.iter().map(|draw| draw[index]).collect(),
            None => vec![quantity.central(); DRAWS as usize],
        }
    }

    /// Children in care one, two and three years ahead, future by future.
    fn stocks(&self) -> [Vec<f64>; AHEAD] {
        let start = self.config.forecast.start;
        let ends: [i32; AHEAD] =
            std::array::from_fn(|year| days_between(start, year_end(2025 + year as i32)));
        let mut stocks: [Vec<f64>; AHEAD] = Default::default();
        for future in 0..FUTURES {
            let mut counts = [0.0; AHEAD];
            for note in listen(&self.plan.models[0], &self.plan.numbers, self.seed, future) {
                let change = match note.event {
                    Event::HereToday { .. } | Event::Entered { .. } => 1.0,
                    Event::Left { .. } => -1.0,
                    _ => continue,
                };
                for (count, end) in counts.iter_mut().zip(ends) {
                    *count += if day_of(note.time) <= end {
                        change
                    } else {
                        0.0
                    };
                }
            }
            for (stock, count) in stocks.iter_mut().zip(counts) {
                stock.push(count);
            }
        }
        stocks
    }

    /// Mean multipliers of a drift over the years ahead.
    fn drift(&self, name: &str) -> Vec<f64> {
        let place = self
            .config
            .drifts
            .iter()
            .position(|one| one.name == name)
            .unwrap();
        let drift = &self.config.drifts[place];
        let (sds, persistences) = (
            self.values(&drift.yearly_sd),
            self.values(&drift.persistence),
        );
        let key = key_of_name(name);
        (0..DRAWS as usize)
            .map(|one| {
                let path = multipliers(sds[one], persistences[one], AHEAD, |year| {
                    self.luck[one].words(key, Purpose::Drift, 0, year)
                });
                path.iter().sum::<f64>() / AHEAD as f64
            })
            .collect()
    }
}

/// Where a truth lies among draws: strictly between 0 and 1, uniform if the
/// posterior is right. Among whole numbers it stands in the middle of its
/// equals.
fn rank(truth: f64, draws: impl Iterator<Item = f64>) -> f64 {
    let (mut below, mut count) = (0.0, 0.0);
    for draw in draws {
        count += 1.0;
        below += if draw < truth {
            1.0
        } else if draw == truth {
            0.5
        } else {
            0.0
        };
    }
    (below + 0.5) / (count + 1.0)
}

fn times<'a>(a: &'a [f64], b: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
    a.iter().zip(b).map(|(a, b)| a * b)
}

/// What is found of one council.
struct Found {
    /// Kind of parameter and rank of each truth.
    ranks: Vec<(&'static str, f64)>,
    seasons: Seasons,
}

/// How far the factors of the months lie from the truth, as sums of squares.
#[derive(Clone, Copy)]
struct Seasons {
    /// Whether the council has any, and whether they were seen.
    are: bool,
    seen: bool,
    /// Of the estimates, of chance where each month stands for itself, and of no
    /// seasons at all.
    error: f64,
    chance: f64,
    none: f64,
}

impl Seasons {
    fn of(truth: &Truth, fit: &Fit) -> Self {
        let flat = [1.0; 12];
        let factors = truth.seasons.unwrap_or(flat);
        let found = seasons(&fit.general);
        let families: f64 = fit.general.months.iter().sum();
        let off = |from: [f64; 12]| -> f64 {
            let pairs = factors.iter().zip(from);
            pairs.map(|(factor, one)| (factor - one).powi(2)).sum()
        };
        Self {
            are: truth.seasons.is_some(),
            seen: found.is_some(),
            error: off(found.unwrap_or(flat)),
            // A count of a twelfth of all families, times the factor.
            chance: factors.iter().map(|factor| 12.0 * factor / families).sum(),
            none: off(flat),
        }
    }
}

fn found(council: u32) -> Found {
    let truth = Truth::draw(council);
    let (fit, later) = fitted(&truth);
    Found {
        ranks: ranks(council, &truth, &fit, later),
        seasons: Seasons::of(&truth, &fit),
    }
}

/// Kind of parameter and rank of each truth of one council.
fn ranks(
    council: u32,
    truth: &Truth,
    fit: &Fit,
    later: [usize; AHEAD],
) -> Vec<(&'static str, f64)> {
    let posterior = Posterior::of(council, fit);
    let config = &posterior.config;
    let mut ranks = Vec::new();
    let general = &config.referrals[0];
    for (kind, stream, per_year, drift) in [
        (
            "admission rate",
            GENERAL,
            truth.families_per_year,
            "admissions",
        ),
        (
            "admission rate, asylum seekers",
            ASYLUM,
            truth.asylum.per_year,
            ASYLUM,
        ),
    ] {
        let mut streams = config.referrals.iter();
        let stream = streams.find(|one| one.name == stream).unwrap();
        let families = posterior.values(&stream.families_per_year);
        let drawn = stream.drift.map(|index| &config.drifts[index].name);
        let drifts = posterior.drift(drawn.expect("admissions drift"));
        let rate = per_year * truth.drift_ahead(council, drift);
        ranks.push((kind, rank(rate, times(&families, &drifts))));
    }
    for ((from, to, _), rate) in MOVES.iter().zip(&truth.moves) {
        let place = |kind| PlacementKind::ALL.iter().position(|one| *one == kind);
        let moves = &config.placements[place(*from).unwrap()].moves;
        let one = moves.iter().find(|one| Some(one.to) == place(*to)).unwrap();
        let draws = posterior.values(&one.per_year);
        ranks.push(("moves", rank(*rate, draws.into_iter())));
    }
    for ((from, to, _), rate) in STATUS_CHANGES.iter().zip(&truth.status_changes) {
        let name = format!("{} to {}", from.words(), to.words());
        let mut pathways = config.pathways.iter();
        let change = pathways.find(|one| one.name == name).unwrap();
        let draws = posterior.values(&change.new_cases_per_year);
        ranks.push(("changes of legal status", rank(*rate, draws.into_iter())));
    }
    let drift = truth.drift_ahead(council, "exits");
    let drifts = posterior.drift("exits");
    for (exit, rates) in config.exits.iter().zip(&truth.rates) {
        let Hazard::Rates { per_year, .. } = &exit.hazard else {
            panic!("exits are rates");
        };
        let factor = posterior.values(&exit.factor);
        let factor: Vec<f64> = times(&factor, &drifts).collect();
        for (quantity, rate) in per_year.iter().flatten().zip(rates) {
            if *rate > 0.0 {
                let draws = posterior.values(quantity);
                ranks.push(("exit hazards", rank(rate * drift, times(&draws, &factor))));
            }
        }
    }
    for (reentry, p) in config.reentries.iter().zip(&truth.reentry) {
        let draws = posterior.values(&reentry.probability);
        ranks.push(("re-entry probability", rank(*p, draws.into_iter())));
    }
    truth.adoption.push_ranks(&posterior, &mut ranks);
    for ((_, quantities), row) in general.placement_by_age.iter().zip(&truth.placements) {
        let listed: Vec<usize> = row
            .iter()
            .map(|(kind, _)| {
                PlacementKind::ALL
                    .iter()
                    .position(|one| one == kind)
                    .unwrap()
            })
            .collect();
        let parts: Vec<Vec<f64>> = listed
            .iter()
            .map(|kind| posterior.values(&quantities[*kind]))
            .collect();
        let truths: Vec<f64> = row.iter().map(|(_, share)| *share).collect();
        push_shares(&mut ranks, "placement shares", &truths, &parts);
    }
    for (stock, later) in posterior.stocks().iter().zip(later) {
        ranks.push((
            "children in care",
            rank(later as f64, stock.iter().copied()),
        ));
    }
    let parts: Vec<Vec<f64>> = general
        .legal_status
        .iter()
        .map(|quantity| posterior.values(quantity))
        .collect();
    push_shares(
        &mut ranks,
        "legal status shares",
        &truth.legal_statuses,
        &parts,
    );
    ranks
}

fn push_shares(
    ranks: &mut Vec<(&'static str, f64)>,
    kind: &'static str,
    truths: &[f64],
    parts: &[Vec<f64>],
) {
    let totals: Vec<f64> = (0..DRAWS as usize)
        .map(|one| parts.iter().map(|part| part[one]).sum())
        .collect();
    for (truth, part) in truths.iter().zip(parts) {
        let shares = part.iter().zip(&totals).map(|(part, total)| part / total);
        ranks.push((kind, rank(*truth, shares)));
    }
}

/// A share over all values and its standard error, clustered by council, under
/// the share that is expected; never less than if all values were independent.
fn clustered(councils: &[Vec<f64>], expected: f64, holds: impl Fn(f64) -> bool) -> (f64, f64) {
    let count: usize = councils.iter().map(Vec::len).sum();
    let (mut sum, mut squares) = (0.0, 0.0);
    for values in councils {
        let held = values.iter().filter(|value| holds(**value)).count() as f64;
        let excess = held - expected * values.len() as f64;
        sum += held;
        squares += excess * excess;
    }
    let least = (expected * (1.0 - expected) / count as f64).sqrt();
    let error = squares.sqrt() / count as f64;
    (sum / count as f64, error.max(least))
}

/// Seasons where there are none come no more often than the test's one in a
/// hundred, and factors lie no further off than chance would have each month by
/// itself, and nearer than no seasons; all at three standard errors.
fn wrong_seasons(all: impl Iterator<Item = Seasons>) -> Vec<String> {
    let (with, without): (Vec<Seasons>, Vec<Seasons>) = all.partition(|one| one.are);
    let sum = |of: fn(&Seasons) -> f64| with.iter().map(of).sum::<f64>();
    let (error, chance, none) = (
        sum(|one| one.error),
        sum(|one| one.chance),
        sum(|one| one.none),
    );
    let seen = |all: &[Seasons]| all.iter().filter(|one| one.seen).count();
    println!(
        "seasons: seen in {} of {} councils with and {} of {} without; squared error {:.2} of chance, {:.2} of none",
        seen(&with),
        with.len(),
        seen(&without),
        without.len(),
        error / chance,
        error / none
    );
    let mut wrong = Vec::new();
    let alarms = 0.01 * without.len() as f64;
    if seen(&without) as f64 > 1.0 + alarms + 3.0 * alarms.sqrt() {
        wrong.push(format!(
            "seasons seen in {} councils without",
            seen(&without)
        ));
    }
    // Eleven free factors of each council.
    let most = 1.0 + 3.0 * (2.0 / (11.0 * with.len() as f64)).sqrt();
    if error > most * chance || error > none {
        wrong.push(format!(
            "seasons: error {error:.3}, chance {chance:.3}, none {none:.3}"
        ));
    }
    wrong
}

#[test]
fn calibrate_finds_councils_drawn_from_its_priors() {
    let councils: u32 = std::env::var("LACSIM_RECOVERY").ok().map_or(12, |text| {
        text.parse().expect("LACSIM_RECOVERY is a number")
    });
    let all: Vec<Found> = (1..=councils).into_par_iter().map(found).collect();
    let mut by_kind: BTreeMap<&str, Vec<Vec<f64>>> = BTreeMap::new();
    for (council, found) in all.iter().enumerate() {
        for (kind, rank) in &found.ranks {
            let kind = by_kind
                .entry(kind)
                .or_insert_with(|| vec![Vec::new(); all.len()]);
            kind[council].push(*rank);
        }
    }
    let mut wrong = Vec::new();
    for (kind, ranks) in &by_kind {
        // Bounds of three standard errors; bins of ranks of four, as there are
        // ten of them: together a sound fit fails about once in thirty studies
        // of other councils.
        let (coverage, error) = clustered(ranks, 0.9, |rank| (0.05..0.95).contains(&rank));
        println!(
            "{kind}: {:.1} % of 90 % intervals hold the truth, standard error {:.1}",
            100.0 * coverage,
            100.0 * error
        );
        if (coverage - 0.9).abs() > 3.0 * error {
            wrong.push(format!("{kind}: coverage {coverage:.3}, error {error:.3}"));
        }
        let mut shares = Vec::new();
        for bin in 0..10 {
            let (low, high) = (0.1 * f64::from(bin), 0.1 * f64::from(bin + 1));
            let (share, error) = clustered(ranks, 0.1, |rank| low <= rank && rank < high);
            shares.push(format!("{:.0}", 100.0 * share));
            if (share - 0.1).abs() > 4.0 * error {
                wrong.push(format!(
                    "{kind}: {share:.3} of ranks from {low:.1} to {high:.1}, error {error:.3}"
                ));
            }
        }
        println!("  tenths of ranks, %: {}", shares.join(" "));
    }
    wrong.extend(wrong_seasons(all.iter().map(|found| found.seasons)));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

//! Adoption: a placement order, a match with adopters, the placement with them,
//! the adoption order.
//!
//! A plan runs from the night a child is first under a placement order until
//! the adoption, or until the order ends otherwise: then the plan is reversed.
//! Plans whose order was made within the window are followed from that day;
//! whoever waits on the date of the fit, or turns 18, is censored. The match is
//! in AD1, which is sent once a child is adopted: where a child is placed and
//! not yet adopted, or waits, the match is somewhere in between, and its time
//! is summed over. A plan that is reversed takes as long as one that is not,
//! since a stage of the language has one time. A placement with adopters that
//! ends in another one under the same order goes on as one plan. The language
//! puts a child on a pathway once: only a child's first plan is followed, and
//! what comes later is care as any other.

use super::pooled::{Cell, Gamma, posteriors};
use super::times::{MeanTime, TimePrior, Weibull};
use super::window::{Stay, Window};
use crate::ssda903::codes::{ExitKind, LegalKind, PlacementKind};
use crate::ssda903::{CarePeriod, Episode};
use crate::units::{DAYS_PER_YEAR, Date, days_between};

/// Children among whom placement orders are made at one rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrderBand {
    /// Age band.
    pub age: &'static str,
    /// Its ends in years.
    pub years: (f64, f64),
    /// Band of days in care, if it matters.
    pub days_in_care: Option<&'static str>,
    /// Its ends in days.
    pub days: (f64, f64),
    /// England's rate a year, the prior. Level: adoptions of 2016-17 (DfE,
    /// SFR50/2017), a fifth of plans reversed beside them, against children
    /// looked after of the age who are not under an order; judged by time.
    pub national: f64,
}

/// The bands. Orders of older children are left out, and told.
pub const ORDER_BANDS: [OrderBand; 4] = [
    young("0-181", (0.0, 182.0), 0.45),
    young("182-729", (182.0, 730.0), 0.90),
    young("730+", (730.0, f64::INFINITY), 0.15),
    OrderBand {
        age: "5-9",
        years: (5.0, 10.0),
        days_in_care: None,
        days: (0.0, f64::INFINITY),
        national: 0.04,
    },
];

const fn young(days_in_care: &'static str, days: (f64, f64), national: f64) -> OrderBand {
    OrderBand {
        age: "0-4",
        years: (0.0, 5.0),
        days_in_care: Some(days_in_care),
        days,
        national,
    }
}

/// From the placement order to the match (DfE 2019: 8 months from decision to
/// match).
pub const MATCH: TimePrior = TimePrior {
    mean_days: 200.0,
    log_sd: 0.4,
    shapes: &[(0.8, 0.25), (1.1, 0.5), (1.5, 0.25)],
};

/// From the match to the placement (DfE 2019: one month).
pub const MOVE: TimePrior = TimePrior {
    mean_days: 30.0,
    log_sd: 0.4,
    shapes: &[(1.0, 1.0)],
};

/// From the placement to the adoption order (DfE 2019: nine months).
pub const ORDER: TimePrior = TimePrior {
    mean_days: 270.0,
    log_sd: 0.3,
    shapes: &[(1.2, 0.25), (1.6, 0.5), (2.2, 0.25)],
};

/// Beta prior of a match, as matched and reversed: with [`ADOPTED`], about a
/// fifth of plans are reversed (DfE 2018-19: 920 against 3,580 adopted).
pub const MATCHED: (f64, f64) = (8.5, 1.5);

/// Beta prior of an adoption once placed, as adopted and ended.
pub const ADOPTED: (f64, f64) = (9.5, 0.5);

/// Adoptions outside a plan, such as by consent, as a share of England's
/// rates of adoption: the prior where plans are followed (judgement).
pub const BY_CONSENT: f64 = 0.05;

/// Fewest placement orders within the window for plans to be followed.
pub const FEWEST_ORDERS: usize = 5;

/// The language starts the next pathway of a plan by a clock; at this yearly
/// rate it takes a day.
pub const AT_ONCE: f64 = DAYS_PER_YEAR;

/// Days until that clock rings, and days of the pathway that ends a plan.
const ONE_DAY: f64 = 1.0;

/// One plan for adoption, in days before the date of the fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdoptionPlan {
    /// First day under the placement order.
    pub ordered: i32,
    /// Day of the match, of adopted children.
    pub matched: Option<i32>,
    /// First day with the adopters.
    pub placed: Option<i32>,
    /// Day until which it is followed.
    pub until: i32,
    /// How it ended.
    pub end: PlanEnd,
}

/// How a plan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanEnd {
    /// With the adoption.
    Adopted,
    /// Otherwise: another legal status, or an exit of another kind.
    Reversed,
    /// Not yet, or with the eighteenth birthday.
    Open,
}

/// Adoption as estimated.
#[derive(Debug, Clone)]
pub struct Adoption {
    /// Placement orders and years watched by [`ORDER_BANDS`].
    pub orders: Vec<Cell>,
    /// What is known of the rates.
    pub rates: Vec<Gamma>,
    /// Orders of children of ten and over, which no rate holds.
    pub older: usize,
    /// Until the match.
    pub matching: Stage,
    /// Until the placement.
    pub moving: MeanTime,
    /// Matches with their dates, those of adopted children.
    pub matches: usize,
    /// Until the adoption order.
    pub adopting: Stage,
}

/// A stage of adoption that may fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// Its time.
    pub time: MeanTime,
    /// Children who passed it.
    pub passed: usize,
    /// Children whose plan it ended.
    pub failed: usize,
    /// Children who are in it.
    pub waiting: usize,
    /// Beta law of the probability of passing it.
    pub pass: (f64, f64),
}

impl Stage {
    /// Mean and standard deviation of the probability of passing it.
    pub fn probability(&self) -> (f64, f64) {
        let (a, b) = self.pass;
        let mean = a / (a + b);
        (mean, libm::sqrt(mean * (1.0 - mean) / (a + b + 1.0)))
    }
}

/// Whether an episode is under a placement order.
pub fn is_under_order(episode: &Episode) -> bool {
    episode.legal_kind() == LegalKind::PlacementOrder
}

/// Whether the child is with adopters.
pub fn is_placed(episode: &Episode) -> bool {
    episode.placement_kind() == PlacementKind::PlacedForAdoption
}

/// The first plan of a stay; `matches` are the days known from AD1.
pub fn plan(
    episodes: &[(i32, Episode)],
    until: i32,
    exit: Option<ExitKind>,
    matches: &[i32],
) -> Option<AdoptionPlan> {
    let seen = || episodes.iter().filter(|(day, _)| *day <= until);
    let mut rest = seen().skip_while(|(_, episode)| !is_under_order(episode));
    let (ordered, _) = *rest.clone().next()?;
    let mut under = rest
        .clone()
        .take_while(|(_, episode)| is_under_order(episode));
    let placed = under.find(|(_, episode)| is_placed(episode));
    let placed = placed.map(|(day, _)| *day);
    let (until, end) = match (rest.find(|(_, episode)| !is_under_order(episode)), exit) {
        (Some((day, _)), _) => (*day, PlanEnd::Reversed),
        (None, Some(ExitKind::Adoption)) => (until, PlanEnd::Adopted),
        (None, Some(_)) => (until, PlanEnd::Reversed),
        (None, None) => (until, PlanEnd::Open),
    };
    let by = placed.unwrap_or(until);
    let matched = matches
        .iter()
        .copied()
        .rfind(|day| (ordered..=by).contains(day));
    Some(AdoptionPlan {
        ordered,
        matched: matched.filter(|_| end == PlanEnd::Adopted),
        placed,
        until,
        end,
    })
}

/// Whether a stay has ever been under a placement order.
pub fn has_order(period: &CarePeriod) -> bool {
    period.episodes.iter().any(is_under_order)
}

/// Where the one plan of a child in care stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanState {
    /// No placement order was made yet.
    NotYet,
    /// The child has been placed with adopters, or has waited to be, for so many
    /// days.
    Runs(i32),
    /// It has ended: what comes later, another order too, is care as any other.
    Over,
}

impl PlanState {
    /// The state on a date, given the stay and those before it.
    pub fn of(period: &CarePeriod, before: &[CarePeriod], as_at: Date) -> Self {
        if before.iter().any(has_order) {
            return Self::Over;
        }
        let (mut plan, mut ordered, mut placed) = (Self::NotYet, None, None);
        for episode in period.episodes.iter().filter(|one| one.start <= as_at) {
            match (is_under_order(episode), plan) {
                (_, Self::Over) | (false, Self::NotYet) => {}
                (false, Self::Runs(_)) => plan = Self::Over,
                (true, _) => {
                    let ordered = *ordered.get_or_insert(episode.start);
                    placed = is_placed(episode).then(|| placed.unwrap_or(episode.start));
                    plan = Self::Runs(days_between(placed.unwrap_or(ordered), as_at));
                }
            }
        }
        plan
    }
}

/// Estimates adoption; none where no plans are followed.
pub fn adoption(window: &Window) -> Option<Adoption> {
    if !window.follows_plans {
        return None;
    }
    let (orders, older) = orders(window);
    let plans: Vec<AdoptionPlan> = window
        .stays
        .iter()
        .filter_map(|stay| stay.plan)
        .filter(|plan| plan.ordered > window.from)
        .collect();
    let moves: Vec<f64> = plans
        .iter()
        .filter_map(|plan| Some(f64::from(plan.placed? - plan.matched?)))
        .collect();
    let moving = MOVE.posterior(|law| moves.iter().map(|&days| density(law, days)).sum());
    Some(Adoption {
        rates: posteriors(&orders).into_iter().flatten().collect(),
        orders,
        older,
        matching: matching(&plans, moving.days()),
        moving,
        matches: moves.len(),
        adopting: adopting(&plans),
    })
}

/// Placement orders by band with the years watched: each child up to its first
/// order. And orders of older children.
fn orders(window: &Window) -> (Vec<Cell>, usize) {
    let mut cells: Vec<Cell> = ORDER_BANDS
        .iter()
        .map(|band| Cell {
            national: band.national,
            ..Cell::default()
        })
        .collect();
    let mut older = 0;
    for stay in window.stays.iter().filter(|stay| !stay.is_after_plan) {
        let ordered = stay.plan.map(|plan| plan.ordered);
        let until = ordered.unwrap_or(stay.until);
        for (cell, band) in cells.iter_mut().zip(&ORDER_BANDS) {
            let (from, to) = overlap(stay, band, until);
            cell.years += f64::from((to - from).max(0)) / DAYS_PER_YEAR;
        }
        // Who enters under an order has had none made in care.
        let made = ordered.filter(|&day| day > window.from && day > stay.entered);
        if let Some(day) = made {
            let band = ORDER_BANDS.iter().position(|band| {
                let (from, to) = overlap(stay, band, day);
                from < to && to == day
            });
            match band {
                Some(band) => cells[band].events += 1.0,
                None => older += 1,
            }
        }
    }
    (cells, older)
}

/// The days of a stay, up to one of them, on which the child is in a band.
fn overlap(stay: &Stay, band: &OrderBand, until: i32) -> (i32, i32) {
    let age = |years: f64| stay.born + libm::round(years * DAYS_PER_YEAR) as i32;
    let served = |days: f64| match days.is_finite() {
        true => stay.entered + days as i32,
        false => i32::MAX,
    };
    let from = stay.from.max(age(band.years.0)).max(served(band.days.0));
    let to = until.min(age(band.years.1)).min(served(band.days.1));
    (from, to)
}

fn density(law: Weibull, days: f64) -> f64 {
    law.log_density(days.max(0.5))
}

/// What is seen of the time until the match.
enum Seen {
    /// It took so long.
    Days(f64),
    /// Match and move took so long together.
    WithMove(Moves),
    /// Neither a placement nor a reversal for so long.
    Waiting(Moves),
}

/// Days in which a match and a move were, and moves that fit into them.
struct Moves {
    days: f64,
    /// Probability that a move fits.
    fits: f64,
    /// Moves at even steps of probability among those that fit.
    moves: [f64; STEPS],
}

const STEPS: usize = 12;

impl Moves {
    fn within(days: f64, mean_move: f64) -> Self {
        let fits = -libm::expm1(-days / mean_move);
        let moves = std::array::from_fn(|step| {
            let share = (step as f64 + 0.5) / STEPS as f64;
            -mean_move * libm::log1p(-share * fits)
        });
        Self { days, fits, moves }
    }

    /// The mean over moves of something about the days before.
    fn mean(&self, of: impl Fn(f64) -> f64) -> f64 {
        let each = self.moves.iter().map(|one| of(self.days - one));
        self.fits * each.sum::<f64>() / STEPS as f64
    }
}

fn matching(plans: &[AdoptionPlan], mean_move: f64) -> Stage {
    let mut stage = Stage::none(MATCH, MATCHED);
    let mut seen = Vec::new();
    for plan in plans {
        let since = |day: i32| f64::from(day - plan.ordered) - ONE_DAY;
        let moves = |day: i32| Moves::within(since(day).max(0.5), mean_move);
        match (plan.matched, plan.placed, plan.end) {
            (Some(day), _, _) => seen.push(Seen::Days(since(day))),
            (None, Some(day), _) => seen.push(Seen::WithMove(moves(day))),
            // Adopted by a carer who was one all along: nobody knows when the
            // match was.
            (None, None, PlanEnd::Adopted) => {}
            (None, None, PlanEnd::Reversed) => {
                seen.push(Seen::Days(since(plan.until) - ONE_DAY));
            }
            (None, None, PlanEnd::Open) => seen.push(Seen::Waiting(moves(plan.until))),
        }
        stage.count(match (plan.placed, plan.end) {
            (Some(_), _) => PlanEnd::Adopted,
            (None, end) => end,
        });
    }
    let (pass, _) = stage.probability();
    stage.time = MATCH.posterior(|law| {
        let logs = seen.iter().map(|one| match one {
            Seen::Days(days) => density(law, *days),
            Seen::WithMove(moves) => libm::log(moves.mean(|days| libm::exp(density(law, days)))),
            Seen::Waiting(moves) => {
                let matched = law.by(moves.days) - moves.mean(|days| law.by(days));
                libm::log(libm::exp(law.log_beyond(moves.days)) + pass * matched.max(0.0))
            }
        });
        logs.sum()
    });
    stage
}

fn adopting(plans: &[AdoptionPlan]) -> Stage {
    let mut stage = Stage::none(ORDER, ADOPTED);
    let mut seen: Vec<(f64, PlanEnd)> = Vec::new();
    for plan in plans {
        if let Some(placed) = plan.placed {
            seen.push((f64::from(plan.until - placed) - ONE_DAY, plan.end));
            stage.count(plan.end);
        }
    }
    stage.time = ORDER.posterior(|law| {
        let logs = seen.iter().map(|(days, end)| match end {
            PlanEnd::Adopted => density(law, *days),
            PlanEnd::Reversed => density(law, days - ONE_DAY),
            PlanEnd::Open => law.log_beyond(days.max(0.0)),
        });
        logs.sum()
    });
    stage
}

impl Stage {
    /// A stage of which nothing is seen.
    fn none(time: TimePrior, pass: (f64, f64)) -> Self {
        Self {
            time: time.posterior(|_| 0.0),
            passed: 0,
            failed: 0,
            waiting: 0,
            pass,
        }
    }

    fn count(&mut self, end: PlanEnd) {
        match end {
            PlanEnd::Adopted => {
                self.passed += 1;
                self.pass.0 += 1.0;
            }
            PlanEnd::Reversed => {
                self.failed += 1;
                self.pass.1 += 1.0;
            }
            PlanEnd::Open => self.waiting += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssda903::codes::{LegalStatus, Place};
    use crate::units::date_after;

    fn today() -> Date {
        Date::from_ymd_opt(2024, 3, 31).unwrap()
    }

    fn episode(day: i32, legal: LegalStatus, place: Place) -> (i32, Episode) {
        let episode = Episode {
            start: date_after(today(), day),
            end: None,
            reason_new: None,
            legal: Some(legal),
            need: None,
            place: Some(place),
            provider: None,
            change: None,
        };
        (day, episode)
    }

    #[test]
    fn a_plan_runs_from_the_placement_order_to_the_adoption() {
        let episodes = [
            episode(-900, LegalStatus::C1, Place::U6),
            episode(-700, LegalStatus::E1, Place::U6),
            episode(-500, LegalStatus::E1, Place::A6),
        ];
        let of = |exit| plan(&episodes, -200, exit, &[-800, -520]).unwrap();
        let adopted = AdoptionPlan {
            ordered: -700,
            matched: Some(-520),
            placed: Some(-500),
            until: -200,
            end: PlanEnd::Adopted,
        };
        assert_eq!(of(Some(ExitKind::Adoption)), adopted);
        // What AD1 says of a child who was not adopted is not looked at.
        let open = AdoptionPlan {
            matched: None,
            end: PlanEnd::Open,
            ..adopted
        };
        assert_eq!(of(None), open);
        let reversed = AdoptionPlan {
            end: PlanEnd::Reversed,
            ..open
        };
        assert_eq!(of(Some(ExitKind::ReturnHome)), reversed);
        assert_eq!(plan(&episodes[..1], -200, None, &[]), None);
    }

    #[test]
    fn a_plan_is_reversed_where_the_order_gives_way_to_another() {
        let episodes = [
            episode(-700, LegalStatus::E1, Place::U6),
            episode(-400, LegalStatus::C2, Place::U6),
            episode(-100, LegalStatus::E1, Place::U6),
        ];
        let first = plan(&episodes, 0, None, &[]).unwrap();
        assert_eq!(
            (first.ordered, first.until, first.end),
            (-700, -400, PlanEnd::Reversed)
        );
    }

    #[test]
    fn a_child_waits_since_the_order_and_settles_in_since_the_placement() {
        let state = |episodes: &[(i32, Episode)]| PlanState::of(&stay(episodes), &[], today());
        let before = episode(-900, LegalStatus::C1, Place::U6);
        let order = episode(-700, LegalStatus::E1, Place::U6);
        let moved = episode(-650, LegalStatus::E1, Place::K2);
        let placed = episode(-500, LegalStatus::E1, Place::A6);
        let reversed = episode(-100, LegalStatus::C2, Place::U6);
        assert_eq!(state(&[before]), PlanState::NotYet);
        assert_eq!(state(&[before, order, moved]), PlanState::Runs(700));
        assert_eq!(state(&[before, order, placed]), PlanState::Runs(500));
        let over = [before, order, placed, reversed];
        assert_eq!(state(&over), PlanState::Over);
    }

    #[test]
    fn a_child_whose_plan_is_over_waits_for_no_adopters_under_another_order() {
        let order = episode(-700, LegalStatus::E1, Place::U6);
        let reversed = episode(-400, LegalStatus::C2, Place::U6);
        let again = episode(-100, LegalStatus::E1, Place::U6);
        let state = |episodes: &[(i32, Episode)], before: &[CarePeriod]| {
            PlanState::of(&stay(episodes), before, today())
        };
        assert_eq!(state(&[order, reversed, again], &[]), PlanState::Over);
        assert_eq!(state(&[again], &[stay(&[order])]), PlanState::Over);
        assert_eq!(state(&[again], &[stay(&[reversed])]), PlanState::Runs(100));
    }

    fn stay(episodes: &[(i32, Episode)]) -> CarePeriod {
        CarePeriod {
            start: date_after(today(), -900),
            end: None,
            episodes: episodes.iter().map(|(_, episode)| *episode).collect(),
            home: None,
        }
    }

    /// Plans ordered each day of a thousand that end by a law: the match and the
    /// move of 30 days, then an order 270 days on; what comes after day 0 is not
    /// seen yet.
    fn council(law: Weibull) -> Vec<AdoptionPlan> {
        (0..1_000)
            .map(|index| {
                let share = (f64::from(index * 619 % 1_000) + 0.5) / 1_000.0;
                let days = law.scale * libm::pow(-libm::log(1.0 - share), 1.0 / law.shape);
                let ordered = index - 1_000;
                let matched = ordered + 1 + libm::ceil(days) as i32;
                let placed = matched + 30;
                let adopted = placed + 1 + 270;
                let is_adopted = adopted <= 0;
                AdoptionPlan {
                    ordered,
                    matched: Some(matched).filter(|_| is_adopted),
                    placed: Some(placed).filter(|day| *day <= 0),
                    until: adopted.min(0),
                    end: if is_adopted {
                        PlanEnd::Adopted
                    } else {
                        PlanEnd::Open
                    },
                }
            })
            .collect()
    }

    #[test]
    fn those_who_wait_and_those_not_yet_adopted_keep_the_match_from_looking_short() {
        let plans = council(Weibull::of_mean(1.1, 220.0));
        let stage = matching(&plans, 30.0);
        assert!((stage.time.days() - 220.0).abs() < 12.0, "{stage:?}");
        assert_eq!(stage.time.shape, 1.1);
        assert_eq!(stage.failed, 0);
        // Those adopted alone: two thirds of the time.
        let adopted: Vec<f64> = plans
            .iter()
            .filter_map(|plan| Some(f64::from(plan.matched? - plan.ordered)))
            .collect();
        let mean = adopted.iter().sum::<f64>() / adopted.len() as f64;
        assert!(mean < 180.0, "{mean}");
        assert_eq!(stage.passed + stage.waiting, 1_000);
    }

    #[test]
    fn a_probability_is_what_was_seen_and_ten_children_of_the_prior() {
        let ended = |placed, until, end| AdoptionPlan {
            ordered: -500,
            matched: None,
            placed,
            until,
            end,
        };
        let plans = [
            ended(Some(-300), -50, PlanEnd::Adopted),
            ended(Some(-300), -100, PlanEnd::Reversed),
            ended(Some(-100), 0, PlanEnd::Open),
            ended(None, -200, PlanEnd::Reversed),
            ended(None, 0, PlanEnd::Open),
        ];
        let (first, second) = (matching(&plans, 30.0), adopting(&plans));
        assert_eq!((first.passed, first.failed, first.waiting), (3, 1, 1));
        assert_eq!(first.pass, (11.5, 2.5));
        assert_eq!((second.passed, second.failed, second.waiting), (1, 1, 1));
        assert_eq!(second.probability().0, 10.5 / 12.0);
    }
}

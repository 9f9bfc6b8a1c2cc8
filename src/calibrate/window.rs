//! What a return shows between two dates, in days before the date of the fit:
//! stays, what they were exposed to, and how they ended.
//!
//! Day 0 is the date of the fit. Time counts from the night before the first
//! day of the window: who was in care that night is watched from then on, and
//! what went before says only how long the child has been in care (left
//! truncation). Who is still in care on day 0 is censored.

use super::adoption::{AdoptionPlan, FEWEST_ORDERS, has_order, plan};
use crate::ssda903::codes::ExitKind;
use crate::ssda903::{CarePeriod, Child, Episode, Return};
use crate::units::{Date, days_between};

/// A return as at a date, seen through a window.
#[derive(Debug, Clone)]
pub struct Window {
    /// Date of the fit: day 0.
    pub as_at: Date,
    /// The day before the window's first; negative.
    pub from: i32,
    /// Every stay of which a night lies in the window.
    pub stays: Vec<Stay>,
    /// Children whose age is not known, left out of every rate by age.
    pub ageless: usize,
    /// Whether enough placement orders were made to follow plans for adoption.
    pub follows_plans: bool,
}

/// One stay of one child.
#[derive(Debug, Clone, PartialEq)]
pub struct Stay {
    /// Number of the child.
    pub child: u32,
    /// Day of birth.
    pub born: i32,
    /// Eighteenth birthday.
    pub adult: i32,
    /// Day of entry.
    pub entered: i32,
    /// Day from which the stay is watched.
    pub from: i32,
    /// Day until which it is watched: its end, the eighteenth birthday, or 0.
    pub until: i32,
    /// How it ended before the eighteenth birthday, if it did.
    pub exit: Option<ExitKind>,
    /// Whether the child is in care, and under eighteen, in the night of day 0.
    pub is_open: bool,
    /// Whether the child was in care before, as far as the return goes back.
    pub is_return: bool,
    /// Whether an unaccompanied asylum seeker.
    pub is_unaccompanied: bool,
    /// Number of the mother's code or the home, where either is known.
    pub family: Option<Family>,
    /// Day on which the child's next stay begins.
    pub next: Option<i32>,
    /// Its episodes.
    pub episodes: Vec<Episode>,
    /// The child's first plan for adoption, if it is of this stay and plans are
    /// followed. Ordinary exits are those outside it.
    pub plan: Option<AdoptionPlan>,
    /// Whether an earlier stay was under a placement order.
    pub is_after_plan: bool,
}

/// What tells siblings who enter on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// One mother's code.
    Mother(u32),
    /// One home.
    Home(u32),
}

impl Window {
    /// What was known at a date of the time since another.
    pub fn new(returned: &Return, as_at: Date, since: Date) -> Self {
        let day = |date: Date| days_between(as_at, date);
        let from = day(since) - 1;
        let mut stays = Vec::new();
        let mut ageless = 0;
        for child in &returned.children {
            let (Some(birth), Some(adult)) = (child.birth, child.adult_on()) else {
                ageless += 1;
                continue;
            };
            let (born, adult) = (day(birth), day(adult));
            for (index, period) in child.periods.iter().enumerate() {
                let entered = day(period.start);
                let ended = period.end.map(|end| day(end.date));
                let until = ended.unwrap_or(0).min(adult).min(0);
                let begins = entered.max(from);
                // Whoever enters on day 0 is in care that night.
                let is_seen = until > begins || (entered == 0 && until == 0);
                if !is_seen {
                    continue;
                }
                let exit = child
                    .exit_kind(period)
                    .filter(|kind| *kind != ExitKind::AgeingOut && ended == Some(until));
                let episodes: Vec<(i32, Episode)> = period
                    .episodes
                    .iter()
                    .map(|episode| (day(episode.start), *episode))
                    .collect();
                let matches = child
                    .adoption
                    .iter()
                    .filter_map(|decision| decision.matched);
                let matches: Vec<i32> = matches.map(day).collect();
                let is_after_plan = child.periods[..index].iter().any(has_order);
                stays.push(Stay {
                    child: child.number,
                    born,
                    adult,
                    entered,
                    from: begins,
                    until,
                    exit,
                    is_open: ended.is_none_or(|end| end > 0) && adult > 0,
                    is_return: index > 0,
                    is_unaccompanied: child.uasc.is_some(),
                    family: family(child, period),
                    next: child.periods.get(index + 1).map(|next| day(next.start)),
                    episodes: period.episodes.clone(),
                    plan: plan(&episodes, until, exit, &matches).filter(|_| !is_after_plan),
                    is_after_plan,
                });
            }
        }
        let made = stays.iter().filter_map(|stay| stay.plan);
        let follows_plans = made.filter(|plan| plan.ordered > from).count() >= FEWEST_ORDERS;
        if !follows_plans {
            stays.iter_mut().for_each(|stay| stay.plan = None);
        }
        Self {
            as_at,
            from,
            stays,
            ageless,
            follows_plans,
        }
    }

    /// Length of the window in days.
    pub fn days(&self) -> f64 {
        f64::from(-self.from)
    }

    /// Day of a date.
    pub fn day(&self, date: Date) -> i32 {
        days_between(self.as_at, date)
    }

    /// Stays that began within the window.
    pub fn entries(&self) -> impl Iterator<Item = &Stay> {
        self.stays.iter().filter(|stay| stay.entered > self.from)
    }

    /// The years of the window: each ends on an anniversary of the last day, the
    /// oldest first; ends as days, with the part of a year that each covers.
    pub fn years(&self) -> Vec<(i32, f64)> {
        let mut years = Vec::new();
        let mut end = 0;
        let mut back: u32 = 0;
        while end > self.from {
            back += 1;
            let date = self.as_at - chrono::Months::new(12 * back);
            let begin = self.day(date).max(self.from);
            years.push((end, f64::from(end - begin) / crate::units::DAYS_PER_YEAR));
            end = begin;
        }
        years.reverse();
        years
    }

    /// Index of the year that holds a day of the window.
    pub fn year_of(&self, years: &[(i32, f64)], day: i32) -> usize {
        years.partition_point(|(end, _)| *end < day)
    }
}

fn family(child: &Child, period: &CarePeriod) -> Option<Family> {
    let mother = child.mother.map(Family::Mother);
    mother.or(period.home.map(Family::Home))
}

impl Stay {
    /// Days watched; a child that leaves does so some time on its last day.
    pub fn days_watched(&self) -> f64 {
        f64::from(self.until - self.from) - if self.exit.is_some() { 0.5 } else { 0.0 }
    }

    /// How it ended, unless a plan for adoption went on to the end.
    pub fn ordinary_exit(&self) -> Option<ExitKind> {
        self.exit
            .filter(|_| self.plan.is_none_or(|plan| plan.until < self.until))
    }

    /// The stretches in which an ordinary exit may end it: those before and
    /// after the plan, either perhaps of no day.
    pub fn outside_plan(&self) -> [(i32, i32); 2] {
        match self.plan {
            Some(plan) => [
                (self.from, plan.ordered.max(self.from)),
                (plan.until.max(self.from), self.until),
            ],
            None => [(self.from, self.until), (self.until, self.until)],
        }
    }
}

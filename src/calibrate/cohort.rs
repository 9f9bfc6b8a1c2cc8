//! The children in care on the date of the fit, for the cohort file: a new
//! random id, the month of birth, the start of care, legal status, placement
//! and stream. Nothing leads from a row back to the return.

use super::adoption::PlanState;
use super::scenario::{AFTER_PLAN, ASYLUM, GENERAL};
use crate::luck::{Purpose, Seed};
use crate::output::sha256;
use crate::ssda903::codes::{LegalKind, PlacementKind};
use crate::ssda903::{Child, Return};
use crate::units::{ADULT_AGE_YEARS, Date, birthday, days_between};
use chrono::Datelike;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Children in care.
#[derive(Debug, Clone)]
pub struct Cohort {
    /// The children, in the order of the return.
    pub children: Vec<InCare>,
    /// How many had no date of birth and took that of the child whose start of
    /// care is nearest.
    pub borrowed_births: usize,
    /// Young people of 18 and over, left out.
    pub adults: usize,
}

/// One child in care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InCare {
    /// First day of the month of birth.
    pub birth_month: Date,
    /// Start of the stay.
    pub entered: Date,
    /// Legal status.
    pub legal_status: LegalKind,
    /// Placement.
    pub placement: PlacementKind,
    /// Whether an unaccompanied asylum seeker.
    pub is_unaccompanied: bool,
    /// Where the plan for adoption stands; as before any where none is followed.
    pub plan: PlanState,
}

impl Cohort {
    /// Children under eighteen in care in the night of a date.
    pub fn of(known: &Return, as_at: Date, follows_plans: bool) -> Self {
        let mut children = Vec::new();
        let mut unborn = Vec::new();
        let mut adults = 0;
        for child in &known.children {
            let Some(in_care) = in_care(child, as_at, follows_plans) else {
                continue;
            };
            match child.birth {
                Some(birth) if birthday(birth, ADULT_AGE_YEARS) <= as_at => adults += 1,
                Some(birth) => children.push(InCare {
                    birth_month: first_of_month(birth),
                    ..in_care
                }),
                None => unborn.push(in_care),
            }
        }
        let borrowed_births = unborn.len();
        for child in unborn {
            let nearest = children
                .iter()
                .filter(|other: &&InCare| other.birth_month <= first_of_month(child.entered))
                .min_by_key(|other| days_between(other.entered, child.entered).abs());
            let birth_month =
                nearest.map_or(first_of_month(child.entered), |other| other.birth_month);
            children.push(InCare {
                birth_month,
                ..child
            });
        }
        Self {
            children,
            borrowed_births,
            adults,
        }
    }

    /// The cohort file as CSV, in the order of the random ids.
    ///
    /// The ids come from a hash of all rows: the same return gives the same
    /// file, and no id tells of one child.
    pub fn csv(&self) -> String {
        let rows: Vec<String> = self.children.iter().map(row).collect();
        let hash = sha256(rows.join("\n").as_bytes());
        let seed = u64::from_str_radix(&hash[..16], 16).expect("a hash is hexadecimal");
        let luck = Seed(seed).replicate(0);
        let mut taken = BTreeSet::new();
        let mut lines: Vec<String> = rows
            .iter()
            .enumerate()
            .map(|(index, row)| {
                let id = (0..)
                    .map(|again| luck.words(index as u64, Purpose::Profile, 0, again)[0])
                    .find(|id| taken.insert(*id))
                    .expect("there are more ids than children");
                format!("{id:08x},{row}")
            })
            .collect();
        lines.sort_unstable();
        let mut text =
            String::from("id,date_of_birth,start_of_care,legal_status,placement,stream\n");
        for line in lines {
            let _ = writeln!(text, "{line}");
        }
        text
    }
}

fn row(child: &InCare) -> String {
    format!(
        "{},{},{},{},{}",
        child.birth_month.format("%Y-%m"),
        child.entered,
        match child.plan {
            PlanState::Over => AFTER_PLAN,
            _ => child.legal_status.words(),
        },
        child.placement.words(),
        if child.is_unaccompanied {
            ASYLUM
        } else {
            GENERAL
        }
    )
}

fn first_of_month(date: Date) -> Date {
    date.with_day(1).unwrap_or(date)
}

/// The child in care in the night of a date; its month of birth to be set.
fn in_care(child: &Child, as_at: Date, follows_plans: bool) -> Option<InCare> {
    let period = child.period_on(as_at)?;
    let episode = period.episode_on(as_at).or(period.episodes.last())?;
    let earlier = child.periods.iter();
    let earlier = earlier.take_while(|one| one.start < period.start).count();
    Some(InCare {
        birth_month: as_at,
        entered: period.start,
        legal_status: episode.legal_kind(),
        placement: episode.placement_kind(),
        is_unaccompanied: child.uasc.is_some(),
        plan: match follows_plans {
            true => PlanState::of(period, &child.periods[..earlier], as_at),
            false => PlanState::NotYet,
        },
    })
}

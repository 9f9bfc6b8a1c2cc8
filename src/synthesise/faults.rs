//! Faults that real returns have, planted on purpose and counted.
//!
//! Half of them lie in the children's own episodes (overlaps, gaps, short
//! breaks), the other half in how a year is sent (dates, case, encoding, rows
//! forgotten). Most leave the truth recoverable; those that do not say so.

use super::lives::{Child, Episode};
use super::pick;
use crate::luck::Luck;
use crate::ssda903::codes::{LegalStatus, Need, Place, Provider, Reason, ReasonNew};
use crate::units::{Date, date_after, days_between};
use std::collections::{BTreeMap, BTreeSet};

/// How often a kind of fault was planted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planted {
    /// What was planted.
    pub fault: &'static str,
    /// How often.
    pub times: usize,
}

/// How a year's files are written.
#[derive(Debug, Clone, Default)]
pub struct Habits {
    /// 2019-03-31 in place of 31/03/2019.
    pub iso_dates: bool,
    /// Codes in lower case.
    pub lower_case: bool,
    /// A byte-order mark.
    pub byte_order_mark: bool,
    /// Windows-1252 in place of UTF-8.
    pub windows_1252: bool,
    /// Columns from last to first.
    pub reversed_columns: bool,
    /// PL_POST.
    pub carer_postcode: &'static str,
}

/// Faults of a return.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    counts: BTreeMap<&'static str, usize>,
    /// Open episodes that no later year closes, by child and DECOM.
    never_closed: BTreeSet<(String, Date)>,
    no_header: BTreeSet<String>,
    /// Children whose date of birth is another in one year.
    other_birth: BTreeMap<String, usize>,
    years: usize,
}

/// One child in so many has each fault.
const ONE_IN: u64 = 60;

impl Faults {
    /// Plants faults in children and remembers those of the sending.
    pub fn plant(children: &mut Vec<Child>, start: Date, years: &[Date], luck: &Luck) -> Self {
        let mut faults = Self {
            years: years.len(),
            ..Self::default()
        };
        let has = |child: u64, fault: u8| pick(luck, child, fault) * (ONE_IN as f64) < 1.0;
        for (index, child) in children.iter_mut().enumerate() {
            let who = index as u64;
            for (fault, (name, plant)) in EPISODE_FAULTS.iter().enumerate() {
                if has(who, fault as u8) && plant(child) {
                    *faults.counts.entry(name).or_default() += 1;
                }
            }
            if has(who, 100) && faults.forget_closing(child, years) {
                faults.count("an open episode that no later year closes");
            }
            if has(who, 101) {
                faults.no_header.insert(child.id.clone());
                faults.count("a child without a row in the header file");
            }
            if years.len() > 1 && has(who, 102) {
                let year = (pick(luck, who, 103) * years.len() as f64) as usize;
                faults.other_birth.insert(child.id.clone(), year);
                faults.count("a date of birth that differs in one year");
            }
        }
        let breaks = children.len() / ONE_IN as usize + 1;
        for index in 0..breaks {
            children.push(short_breaks(index, start));
            faults.count("a child with short breaks alone");
        }
        for (index, habit) in HABITS.iter().enumerate() {
            if index < years.len() {
                faults.count(habit);
            }
        }
        faults
    }

    fn count(&mut self, fault: &'static str) {
        *self.counts.entry(fault).or_default() += 1;
    }

    /// What was planted and how often, in the order of the names.
    pub fn planted(&self) -> Vec<Planted> {
        let planted = |(&fault, &times)| Planted { fault, times };
        self.counts.iter().map(planted).collect()
    }

    /// How a year's files are written.
    pub fn habits(&self, year: usize) -> Habits {
        Habits {
            iso_dates: year == 0,
            lower_case: year == 1,
            byte_order_mark: year == 2,
            windows_1252: year == 3,
            reversed_columns: year == 4 && self.years > 4,
            carer_postcode: if year == 3 { "Zür 1" } else { "" },
        }
    }

    /// Whether no year closes an episode.
    pub fn never_closed(&self, id: &str, from: Date) -> bool {
        self.never_closed.contains(&(id.to_owned(), from))
    }

    /// Whether a child is missing from the header.
    pub fn has_no_header(&self, id: &str) -> bool {
        self.no_header.contains(id)
    }

    /// The date of birth that a year gives: in one year it may be a week early.
    pub fn born(&self, child: &Child, year: usize) -> Date {
        if self.other_birth.get(&child.id) == Some(&year) {
            date_after(child.born, -7)
        } else {
            child.born
        }
    }

    /// Forgets to close an episode that is open on a 31 March and is followed
    /// by another of the same stay: the next one says when it ended.
    fn forget_closing(&mut self, child: &Child, years: &[Date]) -> bool {
        let found = child.episodes.windows(2).find(|pair| {
            let end = match pair[0].end {
                Some((end, Some(Reason::X1))) => end,
                _ => return false,
            };
            years
                .iter()
                .any(|year| pair[0].from <= *year && *year < end)
        });
        if let Some(pair) = found {
            self.never_closed.insert((child.id.clone(), pair[0].from));
        }
        found.is_some()
    }
}

/// Habits of the first years, in the order of [`Faults::habits`].
const HABITS: [&str; 5] = [
    "a year with dates as 2019-03-31",
    "a year with codes in lower case",
    "a year with a byte-order mark",
    "a year in Windows-1252",
    "a year with its columns in another order",
];

/// A fault of a child's episodes; whether it found a place for it.
type Plant = fn(&mut Child) -> bool;

const EPISODE_FAULTS: [(&str, Plant); 7] = [
    ("an episode that ends after the next one begins", overlap),
    ("a gap of days between episodes of one stay", gap),
    ("a stay that begins with another reason than S", not_coded_s),
    ("a few days in a temporary placement", temporary),
    (
        "an end date without a reason (its cause is lost)",
        no_reason,
    ),
    (
        "placed for adoption without a placement order",
        adoption_without_order,
    ),
    ("with parents under section 20", home_under_section_20),
];

/// The first episode that goes on in another and lasts some days.
fn linked(child: &mut Child, days: i32) -> Option<&mut Episode> {
    let place = child.episodes.windows(2).position(|pair| {
        pair[0].end.is_some_and(|(end, reason)| {
            reason == Some(Reason::X1) && days_between(pair[0].from, end) > days
        }) && pair[1]
            .end
            .is_none_or(|(end, _)| days_between(pair[1].from, end) > days)
    })?;
    child.episodes.get_mut(place)
}

fn overlap(child: &mut Child) -> bool {
    linked(child, 10).is_some_and(|episode| {
        episode.end = episode
            .end
            .map(|(end, reason)| (date_after(end, 4), reason));
        true
    })
}

fn gap(child: &mut Child) -> bool {
    linked(child, 10).is_some_and(|episode| {
        episode.end = episode
            .end
            .map(|(end, reason)| (date_after(end, -3), reason));
        true
    })
}

fn not_coded_s(child: &mut Child) -> bool {
    let found = child
        .episodes
        .iter_mut()
        .skip(1)
        .find(|one| one.reason == ReasonNew::S);
    found.is_some_and(|episode| {
        episode.reason = ReasonNew::P;
        true
    })
}

fn temporary(child: &mut Child) -> bool {
    let found = child.episodes.iter().position(|episode| {
        episode
            .end
            .is_some_and(|(end, _)| days_between(episode.from, end) > 30)
    });
    let Some(place) = found else { return false };
    let whole = child.episodes[place].clone();
    let (from, until) = (date_after(whole.from, 10), date_after(whole.from, 14));
    child.episodes[place].end = Some((from, Some(Reason::X1)));
    let away = Episode {
        from,
        reason: ReasonNew::T,
        place: Place::T0,
        provider: None,
        end: Some((until, Some(Reason::X1))),
        ..whole.clone()
    };
    let back = Episode {
        from: until,
        reason: ReasonNew::T,
        ..whole
    };
    child.episodes.splice(place + 1..place + 1, [away, back]);
    true
}

fn no_reason(child: &mut Child) -> bool {
    let found = child.episodes.iter_mut().find(|one| {
        one.end
            .is_some_and(|(_, reason)| reason != Some(Reason::X1))
    });
    found.is_some_and(|episode| {
        episode.end = episode.end.map(|(end, _)| (end, None));
        true
    })
}

fn adoption_without_order(child: &mut Child) -> bool {
    let found = child
        .episodes
        .iter_mut()
        .find(|one| one.place.is_for_adoption() && one.legal_status == LegalStatus::E1);
    found.is_some_and(|episode| {
        episode.legal_status = LegalStatus::C2;
        true
    })
}

fn home_under_section_20(child: &mut Child) -> bool {
    let found = child
        .episodes
        .iter_mut()
        .find(|one| one.place == Place::P1 && one.legal_status != LegalStatus::V2);
    found.is_some_and(|episode| {
        episode.legal_status = LegalStatus::V2;
        true
    })
}

/// A child who stays away a few nights now and then under a series of short
/// breaks, and is not looked after for the rest: no part of the truth.
fn short_breaks(index: usize, start: Date) -> Child {
    let first = date_after(start, 40 + 7 * index as i32);
    let episode = |number: i32| {
        let from = date_after(first, 30 * number);
        Episode {
            from,
            reason: ReasonNew::S,
            legal_status: LegalStatus::V4,
            need: Need::N2,
            place: Place::K2,
            provider: Some(Provider::PR1),
            end: Some((date_after(from, 2), Some(Reason::E4A))),
        }
    };
    Child {
        id: format!("SB{index:06}"),
        is_girl: index.is_multiple_of(2),
        born: date_after(start, -3_000 - 10 * index as i32),
        ethnic: "WBRI",
        mother: String::new(),
        home: "ZZ1 1".to_owned(),
        is_unaccompanied: false,
        episodes: (0..3).map(episode).collect(),
        matches: Vec::new(),
    }
}

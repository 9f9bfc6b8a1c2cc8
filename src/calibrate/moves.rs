//! What changes during a stay: placements and legal statuses. Where plans for
//! adoption are followed, what belongs to them is not counted here.

use super::adoption::{is_placed, is_under_order};
use super::window::{Stay, Window};
use crate::ssda903::Episode;
use crate::ssda903::codes::{LegalKind, PlacementKind};
use crate::units::DAYS_PER_YEAR;
use std::collections::BTreeMap;

/// Changes from one state to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change<K> {
    /// From this.
    pub from: K,
    /// To this.
    pub to: K,
    /// Only of children of 16 and 17.
    pub is_of_oldest: bool,
    /// How many were seen.
    pub events: f64,
    /// Child-years in which they could have been.
    pub years: f64,
}

/// Moves between placements, most frequent first. Moves into supported
/// accommodation are those of children of 16 and 17.
pub fn moves(window: &Window) -> Vec<Change<PlacementKind>> {
    let is_of_plan = |one: &Episode, next: &Episode| {
        (is_under_order(one) || is_under_order(next)) && (is_placed(one) || is_placed(next))
    };
    let is_of_oldest = |to| to == PlacementKind::Supported;
    changes(window, Episode::placement_kind, is_of_oldest, is_of_plan)
}

/// Changes of legal status, most frequent first.
pub fn status_changes(window: &Window) -> Vec<Change<LegalKind>> {
    let is_of_plan = |one: &Episode, next: &Episode| is_under_order(one) || is_under_order(next);
    changes(window, Episode::legal_kind, |_| false, is_of_plan)
}

fn changes<K: Copy + Ord>(
    window: &Window,
    kind: impl Fn(&Episode) -> K,
    is_of_oldest: impl Fn(K) -> bool,
    is_of_plan: impl Fn(&Episode, &Episode) -> bool,
) -> Vec<Change<K>> {
    // Child-years by state, of all ages and of 16 and 17.
    let mut years: BTreeMap<K, [f64; 2]> = BTreeMap::new();
    let mut events: BTreeMap<(K, K), f64> = BTreeMap::new();
    for stay in &window.stays {
        let sixteen = stay.born + libm::round(16.0 * DAYS_PER_YEAR) as i32;
        for (index, episode) in stay.episodes.iter().enumerate() {
            let (from, until) = watched(window, stay, episode);
            if until <= from {
                continue;
            }
            let state = years.entry(kind(episode)).or_default();
            state[0] += f64::from(until - from) / DAYS_PER_YEAR;
            state[1] += f64::from((until - from.max(sixteen)).max(0)) / DAYS_PER_YEAR;
            let next = stay.episodes.get(index + 1);
            if let Some(next) = next.filter(|next| window.day(next.start) <= stay.until)
                && kind(next) != kind(episode)
                && !(window.follows_plans && is_of_plan(episode, next))
                && (until >= sixteen || !is_of_oldest(kind(next)))
            {
                *events.entry((kind(episode), kind(next))).or_default() += 1.0;
            }
        }
    }
    let mut changes: Vec<Change<K>> = events
        .into_iter()
        .map(|((from, to), events)| Change {
            from,
            to,
            is_of_oldest: is_of_oldest(to),
            events,
            years: years
                .get(&from)
                .map_or(0.0, |years| years[usize::from(is_of_oldest(to))]),
        })
        .filter(|change| change.years > 0.0)
        .collect();
    changes.sort_by(|a, b| b.events.total_cmp(&a.events));
    changes
}

/// First and last day on which an episode is watched.
fn watched(window: &Window, stay: &Stay, episode: &Episode) -> (i32, i32) {
    let from = window.day(episode.start).max(stay.from);
    let until = episode.end.map_or(0, |end| window.day(end));
    (from, until.min(stay.until))
}

//! From what happened to each child to its episodes.

use super::pick;
use super::words::Codes;
use crate::engine::arrivals::{Parts, parts};
use crate::engine::life::day_of;
use crate::engine::record::{Event, Note};
use crate::luck::{Key, Luck};
use crate::ssda903::codes::{LegalStatus, Need, Place, Provider, Reason, ReasonNew};
use crate::units::{Date, date_after};
use std::collections::{BTreeMap, BTreeSet};

/// One child of a synthetic return.
#[derive(Debug, Clone, PartialEq)]
pub struct Child {
    /// Opaque id, with its leading zeros.
    pub id: String,
    /// Whether a girl.
    pub is_girl: bool,
    /// Date of birth.
    pub born: Date,
    /// ETHNIC.
    pub ethnic: &'static str,
    /// Code of the mother, the same for the children of a family; empty for
    /// the children in care on the first day, whose families are not known.
    pub mother: String,
    /// Home postcode of the family, without its last part.
    pub home: String,
    /// Whether an unaccompanied asylum seeker.
    pub is_unaccompanied: bool,
    /// Episodes in the order of their dates.
    pub episodes: Vec<Episode>,
    /// Days on which the child was matched with adopters, in order.
    pub matches: Vec<Date>,
}

/// One episode of care.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// DECOM.
    pub from: Date,
    /// RNE.
    pub reason: ReasonNew,
    /// LS.
    pub legal_status: LegalStatus,
    /// CIN.
    pub need: Need,
    /// PLACE.
    pub place: Place,
    /// PLACE_PROVIDER.
    pub provider: Option<Provider>,
    /// DEC and REC; no reason where one has been lost.
    pub end: Option<(Date, Option<Reason>)>,
}

/// The state of a child from a day on, or that it has left.
#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    In {
        legal_status: u8,
        placement: u8,
        enters: bool,
    },
    Out {
        kind: u8,
    },
}

/// Every child that was in care, in the order of first entry, then of key.
pub fn children(start: Date, codes: &Codes, notes: Vec<Note>, luck: &Luck) -> Vec<Child> {
    let mut lives: BTreeMap<Key, Vec<Note>> = BTreeMap::new();
    for note in notes {
        lives.entry(note.who).or_default().push(note);
    }
    let mut ids = Ids::default();
    let mut children: Vec<Child> = lives
        .into_iter()
        .filter_map(|(key, mut notes)| {
            // A stable sort keeps events of the same moment as they happened.
            notes.sort_by(|a, b| a.time.total_cmp(&b.time));
            let life = states(start, codes, key, &notes)?;
            Some(child(codes, key, &life, luck, &mut ids))
        })
        .collect();
    children.sort_by(|a, b| {
        let first = |child: &Child| child.episodes.first().map(|episode| episode.from);
        first(a).cmp(&first(b)).then_with(|| a.id.cmp(&b.id))
    });
    children
}

/// What happened to a child.
struct Life {
    born: Date,
    stream: u8,
    /// What it was from each day on.
    states: Vec<(Date, State)>,
    /// Days of matches with adopters.
    matches: Vec<Date>,
}

/// The life behind notes; none for families and for children who never entered.
fn states(start: Date, codes: &Codes, key: Key, notes: &[Note]) -> Option<Life> {
    let mut born = None;
    let mut of_stream = match parts(key) {
        Parts::Family { stream, .. } => stream as u8,
        Parts::Cohort { .. } => 0,
    };
    let mut states: Vec<(Date, State)> = Vec::new();
    let mut matches = Vec::new();
    for note in notes {
        let mut day = date_after(start, day_of(note.time));
        let now = match note.event {
            Event::HereToday {
                age,
                served,
                legal_status,
                placement,
                stream,
            } => {
                of_stream = stream;
                born = Some(date_after(start, -age));
                day = date_after(start, -served);
                State::In {
                    legal_status,
                    placement,
                    enters: true,
                }
            }
            Event::Entered {
                age,
                legal_status,
                placement,
                ..
            } => {
                born.get_or_insert(date_after(day, -age));
                State::In {
                    legal_status,
                    placement,
                    enters: true,
                }
            }
            Event::Moved { placement } => changed(states.last()?.1, None, Some(placement)),
            Event::ChangedStatus { legal_status } => {
                changed(states.last()?.1, Some(legal_status), None)
            }
            Event::Left { kind } => State::Out { kind },
            Event::Passed { pathway, stage } => {
                if codes.matches[usize::from(pathway)][usize::from(stage)] {
                    matches.push(day);
                }
                continue;
            }
            _ => continue,
        };
        states.push((day, now));
    }
    Some(Life {
        born: born?,
        stream: of_stream,
        states,
        matches,
    })
}

fn child(codes: &Codes, key: Key, life: &Life, luck: &Luck, ids: &mut Ids) -> Child {
    let is_unaccompanied = codes.unaccompanied[usize::from(life.stream)];
    let is_known_family = matches!(parts(key), Parts::Family { .. });
    // A child of the cohort stands for its own family.
    let family = if is_known_family { key & !0xff } else { key };
    let need = if is_unaccompanied {
        Need::N8
    } else {
        NEEDS[shares(pick(luck, family, 0), &NEED_SHARES)]
    };
    Child {
        id: ids.new_id(luck, key),
        is_girl: pick(luck, key, 1) < if is_unaccompanied { 0.1 } else { 0.45 },
        born: life.born,
        ethnic: ETHNICITIES[shares(pick(luck, family, 2), &ETHNIC_SHARES)],
        mother: if is_known_family {
            format!("M{:09}", (pick(luck, family, 3) * 1e9) as u64)
        } else {
            String::new()
        },
        home: format!(
            "ZZ{} {}",
            1 + (pick(luck, family, 4) * 98.0) as u32,
            (pick(luck, family, 5) * 10.0) as u32
        ),
        is_unaccompanied,
        episodes: episodes(codes, need, &life.states),
        matches: life.matches.clone(),
    }
}

fn changed(state: State, legal_status: Option<u8>, placement: Option<u8>) -> State {
    match state {
        State::In {
            legal_status: status,
            placement: place,
            enters: _,
        } => State::In {
            legal_status: legal_status.unwrap_or(status),
            placement: placement.unwrap_or(place),
            enters: false,
        },
        out @ State::Out { .. } => out,
    }
}

/// Episodes from states: each lasts until the next begins. A state that lasts
/// no night is not sent; whoever leaves and comes back on one day begins anew.
fn episodes(codes: &Codes, need: Need, states: &[(Date, State)]) -> Vec<Episode> {
    let mut episodes: Vec<Episode> = Vec::new();
    let mut begins = false;
    for (index, &(from, state)) in states.iter().enumerate() {
        let until = states.get(index + 1).map(|(date, _)| *date);
        match state {
            State::In {
                legal_status,
                placement,
                enters,
            } => {
                begins |= enters;
                if until == Some(from) {
                    continue;
                }
                let status = codes.legal_statuses[usize::from(legal_status)];
                let placement = codes.placements[usize::from(placement)];
                let place = placement.place_on(from);
                if let Some(last) = episodes.last_mut().filter(|_| !begins) {
                    last.end = Some((from, Some(Reason::X1)));
                }
                let reason = match episodes.last() {
                    Some(last) if !begins => reason(last, status, place, placement.provider),
                    _ => ReasonNew::S,
                };
                begins = false;
                episodes.push(Episode {
                    from,
                    reason,
                    legal_status: status,
                    need,
                    place,
                    provider: placement.provider,
                    end: None,
                });
            }
            State::Out { kind } => {
                // Who enters and leaves on one day was in care for no night.
                if let Some(last) = episodes.last_mut().filter(|last| last.end.is_none()) {
                    let ending = codes.endings[usize::from(kind)];
                    last.end = Some((from, Some(ending.code(from, last.place))));
                }
            }
        }
    }
    episodes
}

/// Why a new episode begins within a stay.
fn reason(
    before: &Episode,
    status: LegalStatus,
    place: Place,
    provider: Option<Provider>,
) -> ReasonNew {
    let moves = (before.place, before.provider) != (place, provider);
    match (before.legal_status != status, moves) {
        (true, true) => ReasonNew::B,
        (true, false) => ReasonNew::L,
        _ => ReasonNew::P,
    }
}

/// Category of need, and its shares of England's starters in 2016-17 (DfE,
/// SFR50/2017), unaccompanied children apart.
const NEEDS: [Need; 7] = [
    Need::N1,
    Need::N5,
    Need::N4,
    Need::N3,
    Need::N6,
    Need::N2,
    Need::N8,
];
const NEED_SHARES: [f64; 7] = [0.65, 0.17, 0.09, 0.03, 0.03, 0.02, 0.01];

/// Ethnicity, shares invented.
const ETHNICITIES: [&str; 6] = ["WBRI", "WOTH", "MWBC", "BAFR", "APKN", "OOTH"];
const ETHNIC_SHARES: [f64; 6] = [0.74, 0.06, 0.08, 0.05, 0.04, 0.03];

fn shares(u: f64, shares: &[f64]) -> usize {
    let mut left = u;
    for (index, share) in shares.iter().enumerate() {
        if left < *share {
            return index;
        }
        left -= share;
    }
    0
}

/// Ids already given.
#[derive(Debug, Default)]
struct Ids(BTreeSet<String>);

impl Ids {
    /// An id that says nothing about the child, unlike any before it.
    fn new_id(&mut self, luck: &Luck, key: Key) -> String {
        let first = (pick(luck, key, 6) * 1e8) as u64;
        let id = (0..)
            .map(|step| format!("{:08}", (first + step) % 100_000_000))
            .find(|id| !self.0.contains(id))
            .expect("there are more ids than children");
        self.0.insert(id.clone());
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthesise::words::{Ending, PlacementCode};

    fn codes() -> Codes {
        Codes {
            endings: vec![Ending::Code(Reason::E4A), Ending::AgeingOut],
            legal_statuses: vec![LegalStatus::V2, LegalStatus::C2],
            placements: vec![
                PlacementCode {
                    place: Place::U6,
                    provider: Some(Provider::PR1),
                },
                PlacementCode {
                    place: Place::K2,
                    provider: Some(Provider::PR4),
                },
            ],
            unaccompanied: vec![false],
            matches: Vec::new(),
        }
    }

    fn day(day: u32) -> Date {
        Date::from_ymd_opt(2020, 1, day).unwrap()
    }

    fn state(legal_status: u8, placement: u8, enters: bool) -> State {
        State::In {
            legal_status,
            placement,
            enters,
        }
    }

    #[test]
    fn a_stay_is_a_chain_of_episodes() {
        let states = [
            (day(1), state(0, 0, true)),
            (day(5), state(0, 1, false)),
            (day(9), state(1, 1, false)),
            (day(20), State::Out { kind: 0 }),
            (day(20), state(0, 0, true)),
        ];
        let told: Vec<(u32, &str, &str, &str, &str)> = episodes(&codes(), Need::N1, &states)
            .iter()
            .map(|one| {
                let day = chrono::Datelike::day(&one.from);
                let end = one.end.and_then(|(_, code)| code);
                let end = end.map_or("open", Reason::code);
                let status = one.legal_status.code();
                (day, one.reason.code(), status, one.place.code(), end)
            })
            .collect();
        assert_eq!(
            told,
            [
                (1, "S", "V2", "U6", "X1"),
                (5, "P", "V2", "K2", "X1"),
                (9, "L", "C2", "K2", "E4A"),
                (20, "S", "V2", "U6", "open"),
            ]
        );
    }

    #[test]
    fn what_lasts_no_night_is_not_sent() {
        let states = [
            (day(1), state(0, 0, true)),
            (day(1), state(0, 1, false)),
            (day(4), state(0, 0, false)),
            (day(4), State::Out { kind: 1 }),
        ];
        let told = episodes(&codes(), Need::N1, &states);
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].reason, told[0].place), (ReasonNew::S, Place::K2));
        assert_eq!(told[0].end, Some((day(4), Some(Reason::E5))));
    }
}

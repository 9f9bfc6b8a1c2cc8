//! From a scenario's names to the codes of the return.
//!
//! A code within a name counts first: "crisis house (K2)". Else the name is
//! searched for words that councils use, the more telling before the more
//! general. A name that says nothing is refused.

use super::SynthesisError;
use crate::config::Config;
use crate::config::names::AGEING_OUT;
use crate::ssda903::codes::{LegalStatus, Place, Provider, Reason};
use crate::units::Date;

/// A placement as it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacementCode {
    /// PLACE.
    pub place: Place,
    /// PLACE_PROVIDER; blank where the placement has none.
    pub provider: Option<Provider>,
}

/// How a stay ended, before the year and the placement say which code it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The same code in every year.
    Code(Reason),
    /// Special guardianship: its codes change with the year and the carer.
    Guardianship,
    /// The eighteenth birthday.
    AgeingOut,
}

/// Words that tell a code, the more telling first.
type Words<T> = &'static [(&'static [&'static str], T)];

const ENDINGS: Words<Ending> = &[
    (&["special guardian", "sgo"], Ending::Guardianship),
    (&["adopt"], Ending::Code(Reason::E12)),
    (
        &["arrangements order", "residence order"],
        Ending::Code(Reason::E41),
    ),
    (&["relative", "without parental"], Ending::Code(Reason::E13)),
    (&["unplanned"], Ending::Code(Reason::E4B)),
    (
        &["home", "reunif", "discharge", "revocation", "parent"],
        Ending::Code(Reason::E4A),
    ),
    (&["independen"], Ending::Code(Reason::E5)),
    (&["custody"], Ending::Code(Reason::E9)),
    (&["remand"], Ending::Code(Reason::E14)),
    (&["age assess"], Ending::Code(Reason::E15)),
    (&["abroad"], Ending::Code(Reason::E16)),
    (&["adult serv"], Ending::Code(Reason::E7)),
    (
        &["transfer", "another council", "other council"],
        Ending::Code(Reason::E3),
    ),
    (&["died", "death"], Ending::Code(Reason::E2)),
    (&["other"], Ending::Code(Reason::E8)),
];

const LEGAL_STATUSES: Words<LegalStatus> = &[
    (
        &["section 20", "s20", "accommodat", "voluntary"],
        LegalStatus::V2,
    ),
    (&["interim"], LegalStatus::C1),
    (&["placement order"], LegalStatus::E1),
    (&["police"], LegalStatus::L1),
    (&["emergency"], LegalStatus::L2),
    (&["remand"], LegalStatus::J1),
    (&["other"], LegalStatus::L2),
    (&["care order"], LegalStatus::C2),
    (&["looked after"], LegalStatus::C2),
];

const fn place(place: Place, provider: Provider) -> PlacementCode {
    PlacementCode {
        place,
        provider: Some(provider),
    }
}

const PLACEMENTS: Words<PlacementCode> = &[
    (&["adopt"], place(Place::A6, Provider::PR1)),
    (
        &["kinship", "relative", "friend", "connected"],
        place(Place::U3, Provider::PR1),
    ),
    (
        &["agency", "independent foster", "external foster"],
        place(Place::U6, Provider::PR4),
    ),
    (&["foster"], place(Place::U6, Provider::PR1)),
    (&["parent", "at home"], place(Place::P1, Provider::PR0)),
    (&["secure"], place(Place::K1, Provider::PR1)),
    (
        &["supported", "semi-independent", "independent", "hostel"],
        place(Place::K3, Provider::PR4),
    ),
    (
        &["children's home", "children’s home", "childrens home"],
        place(Place::K2, Provider::PR4),
    ),
    (&["school"], place(Place::S1, Provider::PR4)),
    (
        &["mother and baby", "family centre"],
        place(Place::R3, Provider::PR4),
    ),
    (&["hospital", "nhs"], place(Place::R2, Provider::PR3)),
    (
        &["young offender", "custody"],
        place(Place::R5, Provider::PR3),
    ),
    (&["residential"], place(Place::R1, Provider::PR4)),
    (
        &["other"],
        PlacementCode {
            place: Place::Z1,
            provider: None,
        },
    ),
    (&["in care"], place(Place::U6, Provider::PR1)),
];

/// The codes that a scenario's names stand for, in the order of its names.
#[derive(Debug, Clone)]
pub struct Codes {
    /// Kinds of exit.
    pub endings: Vec<Ending>,
    /// Legal statuses.
    pub legal_statuses: Vec<LegalStatus>,
    /// Placements.
    pub placements: Vec<PlacementCode>,
    /// Whether each stream is one of unaccompanied asylum seekers.
    pub unaccompanied: Vec<bool>,
    /// Whether each stage ends in a match with adopters, `[pathway][stage]`.
    pub matches: Vec<Vec<bool>>,
}

impl Codes {
    /// Finds the codes of every name of a scenario.
    ///
    /// # Errors
    /// [`SynthesisError::UnknownNames`] with all that stand for none.
    pub fn of(config: &Config) -> Result<Self, SynthesisError> {
        let names = &config.names;
        let mut unknown = Vec::new();
        let endings = map(&names.exits, "exit", ending, &mut unknown);
        let legal_statuses = map(
            &names.legal_statuses,
            "legal status",
            legal_status,
            &mut unknown,
        );
        let placements = map(&names.placements, "placement", placement, &mut unknown);
        if !unknown.is_empty() {
            return Err(SynthesisError::UnknownNames { names: unknown });
        }
        let unaccompanied = |name: &String| {
            let name = name.to_lowercase();
            ["unaccompanied", "uasc", "asylum"]
                .iter()
                .any(|word| name.contains(word))
        };
        Ok(Self {
            endings,
            legal_statuses,
            placements,
            unaccompanied: names.streams.iter().map(unaccompanied).collect(),
            matches: config
                .pathways
                .iter()
                .map(|pathway| {
                    let stages = pathway.stages.iter();
                    stages
                        .map(|stage| stage.name.to_lowercase().contains("match"))
                        .collect()
                })
                .collect(),
        })
    }
}

fn map<T>(
    names: &[String],
    what: &'static str,
    code: impl Fn(&str) -> Option<T>,
    unknown: &mut Vec<(&'static str, String)>,
) -> Vec<T> {
    let mut codes = Vec::new();
    for name in names {
        match code(name) {
            Some(code) => codes.push(code),
            None => unknown.push((what, name.clone())),
        }
    }
    codes
}

fn ending(name: &str) -> Option<Ending> {
    if name == AGEING_OUT {
        return Some(Ending::AgeingOut);
    }
    let codes = Reason::ALL.iter().filter(|code| !code.continues());
    named(name, codes.map(|&code| (code.code(), code)))
        .map(Ending::Code)
        .or_else(|| told(name, ENDINGS))
}

fn legal_status(name: &str) -> Option<LegalStatus> {
    let codes = LegalStatus::ALL
        .iter()
        .filter(|code| !code.is_short_break());
    named(name, codes.map(|&code| (code.code(), code))).or_else(|| told(name, LEGAL_STATUSES))
}

fn placement(name: &str) -> Option<PlacementCode> {
    let codes = Place::ALL.iter().map(|&place| (place.code(), usual(place)));
    named(name, codes).or_else(|| told(name, PLACEMENTS))
}

/// A placement with the provider it mostly has.
fn usual(place: Place) -> PlacementCode {
    use Place::*;
    let provider = match place {
        _ if place.has_no_provider() => None,
        P1 => Some(Provider::PR0),
        R2 | R5 => Some(Provider::PR3),
        U1 | U2 | U3 | U4 | U5 | U6 | A3 | A4 | A5 | A6 | K1 => Some(Provider::PR1),
        _ => Some(Provider::PR4),
    };
    PlacementCode { place, provider }
}

/// The code that stands within a name.
fn named<T>(name: &str, mut codes: impl Iterator<Item = (&'static str, T)>) -> Option<T> {
    let parts: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    codes
        .find(|(code, _)| parts.contains(code))
        .map(|(_, value)| value)
}

/// The code that a name's words tell.
fn told<T: Copy>(name: &str, words: Words<T>) -> Option<T> {
    let name = name.to_lowercase();
    words
        .iter()
        .find(|(words, _)| words.iter().any(|word| name.contains(word)))
        .map(|(_, code)| *code)
}

impl Ending {
    /// REC as of a date, from a placement.
    pub fn code(self, date: Date, place: Place) -> Reason {
        use Place::*;
        let is_fostered = matches!(place, U1 | U2 | U3 | U4 | U5 | U6);
        let is_relative = matches!(place, U1 | U2 | U3);
        match self {
            Self::Code(code) => code,
            Self::Guardianship if date < first_of_april(2018) => {
                if is_fostered {
                    Reason::E43
                } else {
                    Reason::E44
                }
            }
            Self::Guardianship if is_relative => Reason::E45,
            Self::Guardianship if is_fostered => Reason::E46,
            Self::Guardianship => Reason::E47,
            Self::AgeingOut if is_fostered && date >= first_of_april(2015) => Reason::E17,
            Self::AgeingOut => Reason::E5,
        }
    }
}

impl PlacementCode {
    /// PLACE as of the day on which the episode begins: supported accommodation
    /// was H5 before April 2024.
    pub fn place_on(self, date: Date) -> Place {
        if self.place == Place::K3 && date < first_of_april(2024) {
            Place::H5
        } else {
            self.place
        }
    }
}

fn first_of_april(year: i32) -> Date {
    Date::from_ymd_opt(year, 4, 1).expect("1 April always exists")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ssda903::codes::{ExitKind, LegalKind, PlacementKind};

    #[test]
    fn words_that_councils_use_tell_the_code() {
        let names = [
            ("special school", Place::S1, Some(Provider::PR4)),
            ("fostering by an agency", Place::U6, Some(Provider::PR4)),
            ("crisis house (K1)", Place::K1, Some(Provider::PR1)),
        ];
        for (name, place, provider) in names {
            assert_eq!(placement(name), Some(PlacementCode { place, provider }));
        }
        assert_eq!(ending("return home"), Some(Ending::Code(Reason::E4A)));
        assert_eq!(placement("the moon"), None);
    }

    #[test]
    fn names_that_a_return_gives_come_back_as_codes_of_the_same_kind() {
        for kind in PlacementKind::ALL {
            let code = placement(kind.words()).unwrap();
            assert_eq!(code.place.kind(code.provider), *kind);
        }
        for kind in LegalKind::ALL {
            assert_eq!(legal_status(kind.words()).unwrap().kind(), *kind);
        }
        let today = first_of_april(2020);
        for kind in ExitKind::ALL {
            let ending = ending(kind.words()).unwrap();
            if ending == Ending::AgeingOut {
                assert_eq!(*kind, ExitKind::AgeingOut);
            } else {
                assert_eq!(ending.code(today, Place::U6).kind(), *kind);
            }
        }
    }

    #[test]
    fn guardianship_has_other_codes_from_april_2018() {
        let day = |year, month, day| Date::from_ymd_opt(year, month, day).unwrap();
        let code = |date, from| Ending::Guardianship.code(date, from);
        assert_eq!(code(day(2018, 3, 31), Place::U6), Reason::E43);
        assert_eq!(code(day(2018, 3, 31), Place::P1), Reason::E44);
        assert_eq!(code(day(2018, 4, 1), Place::U6), Reason::E46);
        assert_eq!(code(day(2018, 4, 1), Place::P1), Reason::E47);
    }
}

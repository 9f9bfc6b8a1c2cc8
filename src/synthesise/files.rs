//! The folders of a return, one for each collection year, as a council sends
//! them.

use super::faults::{Faults, Habits};
use super::lives::{Child, Episode};
use super::{SynthesisError, SyntheticReturn};
use crate::ssda903::codes::{LegalStatus, Place, Provider, Reason, ReasonNew};
use crate::units::{ADULT_AGE_YEARS, Date, birthday, financial_year_name};
use chrono::Datelike;
use std::fs;
use std::path::Path;

/// The files of one collection year.
#[derive(Debug, Clone, PartialEq)]
pub struct YearFolder {
    /// Name, such as "2018-19".
    pub name: String,
    /// Names and contents.
    pub files: Vec<(&'static str, Vec<u8>)>,
    /// Rows of the episodes file.
    pub episodes: usize,
}

/// Writes a return into a new folder: whole, or not at all.
///
/// # Errors
/// [`SynthesisError::NotEmpty`] where the folder holds something,
/// [`SynthesisError::Io`] where the file system refuses.
pub fn write(
    synthetic: &SyntheticReturn,
    folder: &Path,
) -> Result<Vec<YearFolder>, SynthesisError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| SynthesisError::Io { path, source }
    };
    let is_taken = folder.exists() && fs::read_dir(folder).map_err(io(folder))?.next().is_some();
    if is_taken {
        return Err(SynthesisError::NotEmpty {
            path: folder.to_owned(),
        });
    }
    let name = folder.file_name().map_or_else(
        || "return".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    let beside = folder.with_file_name(format!(".{name}.lacsim-new"));
    let years = synthetic.folders();
    let written = write_all(&years, &beside).and_then(|()| {
        if folder.exists() {
            fs::remove_dir(folder).map_err(io(folder))?;
        }
        fs::rename(&beside, folder).map_err(io(folder))
    });
    if written.is_err() {
        // Nothing useful can be done where clearing up fails.
        let _ = fs::remove_dir_all(&beside);
    }
    written.map(|()| years)
}

fn write_all(years: &[YearFolder], folder: &Path) -> Result<(), SynthesisError> {
    for year in years {
        let folder = folder.join(&year.name);
        fs::create_dir_all(&folder).map_err(|source| SynthesisError::Io {
            path: folder.clone(),
            source,
        })?;
        for (name, bytes) in &year.files {
            let path = folder.join(name);
            fs::write(&path, bytes).map_err(|source| SynthesisError::Io { path, source })?;
        }
    }
    Ok(())
}

const HEADER: [&str; 7] = ["CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB"];
const EPISODES: [&str; 13] = [
    "CHILD",
    "DECOM",
    "RNE",
    "LS",
    "CIN",
    "PLACE",
    "PLACE_PROVIDER",
    "DEC",
    "REC",
    "REASON_PLACE_CHANGE",
    "HOME_POST",
    "PL_POST",
    "URN",
];
const UASC: [&str; 4] = ["CHILD", "SEX", "DOB", "DUC"];
const PLACED: [&str; 5] = [
    "CHILD",
    "DOB",
    "DATE_PLACED",
    "DATE_PLACED_CEASED",
    "REASON_PLACED_CEASED",
];
const ADOPTIONS: [&str; 8] = [
    "CHILD",
    "DOB",
    "DATE_INT",
    "DATE_MATCH",
    "FOSTER_CARE",
    "NB_ADOPTR",
    "SEX_ADOPTR",
    "LS_ADOPTR",
];

impl SyntheticReturn {
    /// What a council would send, year by year.
    pub fn folders(&self) -> Vec<YearFolder> {
        (0..self.years.len())
            .map(|year| self.folder(year))
            .collect()
    }

    fn folder(&self, year: usize) -> YearFolder {
        let sent = Sent {
            first: Date::from_ymd_opt(self.years[year].year() - 1, 4, 1)
                .expect("1 April always exists"),
            last: self.years[year],
            habits: self
                .faults
                .as_ref()
                .map_or_else(Habits::default, |faults| faults.habits(year)),
            faults: self.faults.as_ref(),
            year,
        };
        let mut header = Sheet::new(&HEADER);
        let mut episodes = Sheet::new(&EPISODES);
        let mut uasc = Sheet::new(&UASC);
        let mut placed = Sheet::new(&PLACED);
        let mut adoptions = Sheet::new(&ADOPTIONS);
        for child in &self.children {
            let sent_now: Vec<&Episode> = child
                .episodes
                .iter()
                .filter(|episode| sent.sends(child, episode))
                .collect();
            if sent_now.is_empty() {
                continue;
            }
            if !sent.lacks_header(child) {
                header.row(sent.header(child));
            }
            for episode in sent_now {
                episodes.row(sent.episode(child, episode));
            }
            if child.is_unaccompanied {
                uasc.row(sent.unaccompanied(child));
            }
            if let Some(row) = sent.placed_for_adoption(child) {
                placed.row(row);
            }
            if let Some(row) = sent.adoption(child) {
                adoptions.row(row);
            }
        }
        let count = episodes.rows.len();
        let mut files = vec![
            ("header.csv", header.bytes(&sent.habits)),
            ("episodes.csv", episodes.bytes(&sent.habits)),
        ];
        if !uasc.rows.is_empty() {
            files.push(("uasc.csv", uasc.bytes(&sent.habits)));
        }
        if !placed.rows.is_empty() {
            files.push(("placed_for_adoption.csv", placed.bytes(&sent.habits)));
        }
        if !adoptions.rows.is_empty() {
            files.push(("ad1.csv", adoptions.bytes(&sent.habits)));
        }
        YearFolder {
            name: financial_year_name(sent.last),
            files,
            episodes: count,
        }
    }
}

/// What is sent of a collection year.
struct Sent<'a> {
    first: Date,
    last: Date,
    habits: Habits,
    faults: Option<&'a Faults>,
    year: usize,
}

impl Sent<'_> {
    /// Whether an episode is sent: it was open on some day of the year.
    fn sends(&self, child: &Child, episode: &Episode) -> bool {
        let is_open_then =
            episode.from <= self.last && episode.end.is_none_or(|(end, _)| end >= self.first);
        let is_closed_now = episode.end.is_some_and(|(end, _)| end <= self.last);
        let is_forgotten = is_closed_now
            && self
                .faults
                .is_some_and(|faults| faults.never_closed(&child.id, episode.from));
        is_open_then && !is_forgotten
    }

    fn lacks_header(&self, child: &Child) -> bool {
        self.faults
            .is_some_and(|faults| faults.has_no_header(&child.id))
    }

    fn date(&self, date: Date) -> String {
        if self.habits.iso_dates {
            date.format("%Y-%m-%d").to_string()
        } else {
            date.format("%d/%m/%Y").to_string()
        }
    }

    /// SEX was 1 and 2 until 2023-24, and is M and F since.
    fn sex(&self, child: &Child) -> &'static str {
        match (self.last.year() >= 2025, child.is_girl) {
            (false, false) => "1",
            (false, true) => "2",
            (true, false) => "M",
            (true, true) => "F",
        }
    }

    fn born(&self, child: &Child) -> Date {
        match self.faults {
            Some(faults) => faults.born(child, self.year),
            None => child.born,
        }
    }

    fn header(&self, child: &Child) -> Vec<String> {
        vec![
            child.id.clone(),
            self.sex(child).to_owned(),
            self.date(self.born(child)),
            child.ethnic.to_owned(),
            "UN3".to_owned(),
            child.mother.clone(),
            String::new(),
        ]
    }

    fn episode(&self, child: &Child, episode: &Episode) -> Vec<String> {
        let (end, reason) = match episode.end.filter(|(end, _)| *end <= self.last) {
            Some((end, reason)) => (self.date(end), reason.map_or("", Reason::code)),
            None => (String::new(), ""),
        };
        let moves = child.episodes.iter().any(|next| {
            episode.end.is_some_and(|(end, _)| end == next.from)
                && matches!(next.reason, ReasonNew::P | ReasonNew::B)
        });
        let mut row: Vec<String> = [
            child.id.as_str(),
            &self.date(episode.from),
            episode.reason.code(),
            episode.legal_status.code(),
            episode.need.code(),
            episode.place.code(),
            episode.provider.map_or("", Provider::code),
            &end,
            reason,
            if moves && !reason.is_empty() {
                "OTHER"
            } else {
                ""
            },
            if child.is_unaccompanied {
                ""
            } else {
                &child.home
            },
            self.habits.carer_postcode,
            "",
        ]
        .map(str::to_owned)
        .to_vec();
        if self.habits.lower_case {
            for cell in &mut row[2..9] {
                *cell = cell.to_lowercase();
            }
        }
        row
    }

    fn unaccompanied(&self, child: &Child) -> Vec<String> {
        let adult = birthday(child.born, ADULT_AGE_YEARS);
        vec![
            child.id.clone(),
            self.sex(child).to_owned(),
            self.date(self.born(child)),
            if adult <= self.last {
                self.date(adult)
            } else {
                String::new()
            },
        ]
    }

    /// A placement order is the decision that the child should be placed. It
    /// is sent while the plan stands, and ends as RD1 where the order does.
    fn placed_for_adoption(&self, child: &Child) -> Option<Vec<String>> {
        let orders: Vec<&Episode> = child
            .episodes
            .iter()
            .filter(|episode| episode.legal_status == LegalStatus::E1 && episode.from <= self.last)
            .collect();
        let decided = orders.first()?.from;
        let last = orders.last()?;
        let reversed = last.end.filter(|(end, reason)| {
            *end <= self.last && !matches!(reason, Some(Reason::E11 | Reason::E12))
        });
        Some(vec![
            child.id.clone(),
            self.date(self.born(child)),
            self.date(decided),
            reversed.map_or_else(String::new, |(end, _)| self.date(end)),
            if reversed.is_some() { "RD1" } else { "" }.to_owned(),
        ])
    }

    /// The row of AD1 that a child who was adopted in the year has: when it was
    /// decided on, which is the placement order, and the match, which is the day
    /// of the placement where no stage of the scenario is one. Of a child
    /// adopted without either order or placement no plan is known.
    fn adoption(&self, child: &Child) -> Option<Vec<String>> {
        let is_adopted = |episode: &&Episode| {
            episode.end.is_some_and(|(end, reason)| {
                (self.first..=self.last).contains(&end)
                    && matches!(reason, Some(Reason::E11 | Reason::E12))
            })
        };
        let last = child.episodes.iter().find(is_adopted)?;
        let (adopted, _) = last.end?;
        let before = || child.episodes.iter().filter(|one| one.from <= last.from);
        let placed = before().find(|episode| episode.place.is_for_adoption());
        let order = before().find(|episode| episode.legal_status == LegalStatus::E1);
        let decided = order.or(placed)?.from;
        let mut matches = child.matches.iter();
        let matched = matches
            .rfind(|day| (decided..=adopted).contains(day))
            .copied()
            .or(placed.map(|episode| episode.from));
        let with_carer = matches!(last.place, Place::A3 | Place::A5);
        Some(vec![
            child.id.clone(),
            self.date(self.born(child)),
            self.date(decided),
            matched.map_or_else(String::new, |day| self.date(day)),
            if with_carer { "1" } else { "0" }.to_owned(),
            "2".to_owned(),
            "MF".to_owned(),
            "L11".to_owned(),
        ])
    }
}

/// A CSV file in the making.
struct Sheet {
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Sheet {
    fn new(columns: &[&'static str]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    fn row(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// The file as the council's system writes it that year.
    fn bytes(&self, habits: &Habits) -> Vec<u8> {
        let order: Vec<usize> = if habits.reversed_columns {
            (0..self.columns.len()).rev().collect()
        } else {
            (0..self.columns.len()).collect()
        };
        let line = |cells: Vec<&str>| cells.join(",") + "\r\n";
        let mut text = line(order.iter().map(|&column| self.columns[column]).collect());
        for row in &self.rows {
            text += &line(order.iter().map(|&column| row[column].as_str()).collect());
        }
        if habits.byte_order_mark {
            let mut bytes = b"\xEF\xBB\xBF".to_vec();
            bytes.extend(text.as_bytes());
            bytes
        } else if habits.windows_1252 {
            encoding_rs::WINDOWS_1252.encode(&text).0.into_owned()
        } else {
            text.into_bytes()
        }
    }
}

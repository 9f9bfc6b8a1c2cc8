//! `[cohort]`: children in care on the start date, from published margins or
//! from a child-level file.

use super::bands::{AgeShares, Band, Named};
use super::check::Checker;
use super::mistakes::{Mistake, Path};
use super::names::Names;
use super::quantity::{Quantity, RawQuantity};
use crate::margins::{self, Cell};
use schemars::JsonSchema;
use serde::Deserialize;

/// Children in care on the start date
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawCohort {
    /// How many
    pub children: Option<u32>,
    /// Child-level CSV file instead of margins, beside the scenario file: columns id, date_of_birth, start_of_care, legal_status, placement, stream
    pub file: Option<String>,
    /// "exact" (default): margins are met in every replicate; "drawn": each child is drawn from them
    pub margins: Option<Margins>,
    /// "time_in_care" (default): clocks run from each child's own entry; "from_start_date": from day 0
    pub clock: Option<CohortClock>,
    /// Stream the children belong to; the first if not given
    pub stream: Option<String>,
    /// Shares or counts by stream, where the children belong to several
    pub streams: Option<Named<RawQuantity>>,
    /// Shares or counts by age band, from birth to 18
    pub age: Option<Named<RawQuantity>>,
    /// Shares or counts by legal status
    pub legal_status: Option<Named<RawQuantity>>,
    /// Shares or counts by placement
    pub placement: Option<Named<RawQuantity>>,
    /// Shares or counts by days already in care, in bands such as "0-181" and "730+"
    pub days_in_care: Option<Named<RawQuantity>>,
    /// Combinations that cannot occur
    #[serde(default)]
    pub impossible: Vec<RawImpossible>,
    /// Where the figures come from
    pub source: Option<String>,
}

/// Whether margins are met or drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Margins {
    /// Met exactly in every replicate
    Exact,
    /// Each child drawn by itself
    Drawn,
}

/// Where the clocks of the cohort start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CohortClock {
    /// At each child's entry into care
    TimeInCare,
    /// At the start date
    FromStartDate,
}

/// A combination of age, legal status, placement and stream that no child has
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawImpossible {
    /// Age bands, as named in `age`
    pub age: Option<Vec<String>>,
    /// Legal statuses
    pub legal_status: Option<Vec<String>>,
    /// Placements
    pub placement: Option<Vec<String>>,
    /// Streams
    pub stream: Option<Vec<String>>,
}

/// Checked `[cohort]`.
#[derive(Debug, Clone, PartialEq)]
pub enum Cohort {
    /// From published margins.
    Margins(MarginCohort),
    /// From a child-level file, by its name beside the scenario.
    File {
        /// File name as written.
        file: String,
        /// Where clocks start.
        clock: CohortClock,
    },
}

/// Children known by their margins.
#[derive(Debug, Clone, PartialEq)]
pub struct MarginCohort {
    /// How many.
    pub children: u32,
    /// Met or drawn.
    pub margins: Margins,
    /// Where clocks start.
    pub clock: CohortClock,
    /// By stream, one share for each known stream.
    pub streams: Vec<f64>,
    /// By age band.
    pub age: AgeShares,
    /// By legal status, one share for each known status.
    pub legal_status: Vec<f64>,
    /// By placement, one share for each known placement.
    pub placement: Vec<f64>,
    /// Bands of days already in care.
    pub days_bands: Vec<Band>,
    /// A share for each.
    pub days_in_care: Vec<f64>,
    /// Cells of (age, legal status, placement, stream) that no child has; an
    /// empty list stands for all.
    pub impossible: Vec<[Vec<usize>; 4]>,
    /// One cell for each child where margins are exact, in the order of age
    /// band, legal status, placement, band of days in care, stream.
    pub cells: Vec<Cell>,
}

/// More than all children in care in England.
const MOST_CHILDREN: u32 = 100_000;

impl MarginCohort {
    /// A share for each age band.
    pub fn age_shares(&self) -> Vec<f64> {
        self.age.shares.iter().map(Quantity::central).collect()
    }

    /// Whether a child of this age band, legal status, placement, band of days
    /// in care and stream can exist.
    fn is_possible(&self, cell: &[usize]) -> bool {
        let listed = |list: &Vec<usize>, index: usize| list.is_empty() || list.contains(&index);
        let named = self.impossible.iter().any(|impossible| {
            listed(&impossible[0], cell[0])
                && listed(&impossible[1], cell[1])
                && listed(&impossible[2], cell[2])
                && listed(&impossible[3], cell[4])
        });
        let too_young = self.days_bands.get(cell[3]).is_some_and(|band| {
            band.from >= (self.age.bands[cell[0]].below * crate::units::DAYS_PER_YEAR).floor()
        });
        !named && !too_young
    }

    /// Places the children of a cohort at a path, where its margins are met.
    fn place_all(&mut self, path: &Path) -> Result<(), Mistake> {
        if self.margins == Margins::Drawn {
            return Ok(());
        }
        self.place().map_err(|margin| {
            Mistake::new(path.key(margin), "cannot be met together with the margins before it: impossible combinations, or children younger than their time in care, leave no room")
        })
    }

    /// Places the children so that every margin is met.
    fn place(&mut self) -> Result<(), &'static str> {
        let or_one = |shares: &[f64]| {
            if shares.is_empty() {
                vec![1.0]
            } else {
                shares.to_vec()
            }
        };
        let shares = [
            self.age_shares(),
            or_one(&self.legal_status),
            or_one(&self.placement),
            or_one(&self.days_in_care),
            or_one(&self.streams),
        ];
        let placed = margins::place(self.children, &shares, |cell| self.is_possible(cell));
        let names = [
            "age",
            "legal_status",
            "placement",
            "days_in_care",
            "streams",
        ];
        self.cells = placed.map_err(|dimension| names[dimension])?;
        Ok(())
    }
}

impl Cohort {
    /// Places the children of a checked cohort that were left for later: as
    /// those of another one where that is the same, which takes no time.
    pub(super) fn place_as(&mut self, other: Option<&Self>) -> Result<(), Mistake> {
        let Self::Margins(own) = self else {
            return Ok(());
        };
        if let Some(Self::Margins(other)) = other {
            own.cells.clone_from(&other.cells);
            if own == other {
                return Ok(());
            }
            own.cells.clear();
        }
        own.place_all(&path())
    }
}

fn path() -> Path {
    Path::root().key("cohort")
}

impl Checker {
    /// Checks `[cohort]`.
    pub fn cohort(&mut self, raw: &RawCohort, names: &Names) -> Cohort {
        let path = path();
        self.source(&path, raw.source.as_ref());
        let clock = raw.clock.unwrap_or(CohortClock::TimeInCare);
        match (&raw.file, raw.children) {
            (Some(file), None) => {
                self.cohort_file(file, raw, &path);
                Cohort::File {
                    file: file.clone(),
                    clock,
                }
            }
            (None, Some(children)) => {
                Cohort::Margins(self.margin_cohort(raw, children, clock, names, &path))
            }
            _ => {
                self.mistake(&path, "needs exactly one of `children` and `file`");
                Cohort::File {
                    file: String::new(),
                    clock,
                }
            }
        }
    }

    /// A file beside the scenario, which says everything about its children.
    fn cohort_file(&mut self, file: &str, raw: &RawCohort, path: &Path) {
        let is_plain = !file.trim().is_empty() && !file.contains(['/', '\\', ':']) && file != "..";
        self.require(is_plain, &path.key("file"), || {
            format!("must be the plain name of a file beside the scenario, found \"{file}\"")
        });
        for (key, is_given) in [
            ("margins", raw.margins.is_some()),
            ("stream", raw.stream.is_some()),
            ("streams", raw.streams.is_some()),
            ("age", raw.age.is_some()),
            ("legal_status", raw.legal_status.is_some()),
            ("placement", raw.placement.is_some()),
            ("days_in_care", raw.days_in_care.is_some()),
            ("impossible", !raw.impossible.is_empty()),
        ] {
            self.require(!is_given, &path.key(key), || {
                "goes with `children`, not with `file`".to_owned()
            });
        }
    }

    fn margin_cohort(
        &mut self,
        raw: &RawCohort,
        children: u32,
        clock: CohortClock,
        names: &Names,
        path: &Path,
    ) -> MarginCohort {
        self.require(
            (1..=MOST_CHILDREN).contains(&children),
            &path.key("children"),
            || format!("must be from 1 to {MOST_CHILDREN} children, found {children}"),
        );
        let streams = self.streams_margin(raw, names, path);
        let age = match &raw.age {
            Some(age) => self.age_shares(age, &path.key("age")),
            None => {
                self.mistake(path, "`age` is missing");
                AgeShares {
                    bands: Vec::new(),
                    shares: Vec::new(),
                }
            }
        };
        let legal_status = self.margin(
            raw.legal_status.as_ref(),
            &names.legal_statuses,
            "legal status",
            &path.key("legal_status"),
        );
        let placement = self.margin(
            raw.placement.as_ref(),
            &names.placements,
            "placement",
            &path.key("placement"),
        );
        let (days_bands, days_in_care) = self.days_margin(raw, clock, path);
        for (key, shares) in [
            ("age", raw.age.as_ref()),
            ("placement", raw.placement.as_ref()),
            ("legal_status", raw.legal_status.as_ref()),
            ("days_in_care", raw.days_in_care.as_ref()),
            ("streams", raw.streams.as_ref()),
        ] {
            self.counts_add_up(shares, children, &path.key(key));
        }
        self.require(
            raw.impossible.is_empty() || raw.margins != Some(Margins::Drawn),
            &path.key("impossible"),
            || "goes with margins = \"exact\", not with \"drawn\"".to_owned(),
        );
        let impossible = self.impossible(raw, &age, names, path);
        let mut cohort = MarginCohort {
            children,
            margins: raw.margins.unwrap_or(Margins::Exact),
            clock,
            streams,
            age,
            legal_status,
            placement,
            days_bands,
            days_in_care,
            impossible,
            cells: Vec::new(),
        };
        if !self.leaves_places
            && self.mistakes().is_empty()
            && let Err(mistake) = cohort.place_all(path)
        {
            self.note_mistake(mistake);
        }
        cohort
    }

    fn margin(
        &mut self,
        raw: Option<&Named<RawQuantity>>,
        known: &[String],
        what: &str,
        path: &Path,
    ) -> Vec<f64> {
        match raw {
            Some(raw) => self
                .shares(raw, known, what, path)
                .iter()
                .map(Quantity::central)
                .collect(),
            None => {
                self.require(known.len() <= 1, path, || {
                    format!("is missing: a share for each {what} is needed")
                });
                vec![1.0; known.len()]
            }
        }
    }

    /// One stream for all, or a share for each.
    fn streams_margin(&mut self, raw: &RawCohort, names: &Names, path: &Path) -> Vec<f64> {
        match (&raw.stream, &raw.streams) {
            (stream, None) => {
                let at = path.key("stream");
                let index = stream.as_ref().map_or(0, |stream| {
                    self.name(stream, &names.streams, "stream", &at)
                        .unwrap_or(0)
                });
                let mut shares = vec![0.0; names.streams.len().max(1)];
                shares[index] = 1.0;
                shares
            }
            (stream, Some(streams)) => {
                self.require(stream.is_none(), &path.key("stream"), || {
                    "goes without `streams`: the children belong to one stream or to several"
                        .to_owned()
                });
                let at = path.key("streams");
                self.margin(Some(streams), &names.streams, "stream", &at)
            }
        }
    }

    fn days_margin(
        &mut self,
        raw: &RawCohort,
        clock: CohortClock,
        path: &Path,
    ) -> (Vec<Band>, Vec<f64>) {
        let at = path.key("days_in_care");
        match &raw.days_in_care {
            Some(shares) => {
                let bands = self.bands(shares.0.iter().map(|(name, _)| name), f64::INFINITY, &at);
                let values = self.share_values(shares, &at);
                (bands, values.iter().map(Quantity::central).collect())
            }
            None => {
                self.require(clock == CohortClock::FromStartDate, path, || {
                    "`days_in_care` is missing: how long have the children been in care?".to_owned()
                });
                (Vec::new(), Vec::new())
            }
        }
    }

    /// Margins given as counts must add up to the children.
    fn counts_add_up(&mut self, raw: Option<&Named<RawQuantity>>, children: u32, path: &Path) {
        let Some(raw) = raw else { return };
        if raw
            .0
            .iter()
            .any(|(_, share)| matches!(share, RawQuantity::Uncertain(_)))
        {
            self.warn(
                path,
                "margins are not drawn: the mean of each uncertain share is used",
            );
        }
        let counts: Option<Vec<f64>> = raw
            .0
            .iter()
            .map(|(_, share)| match share {
                RawQuantity::Known(count) if count.fract() == 0.0 => Some(*count),
                _ => None,
            })
            .collect();
        let Some(counts) = counts else { return };
        let total: f64 = counts.iter().sum();
        self.require(total == f64::from(children) || total == 1.0, path, || {
            format!("counts must add up to the {children} children, found {total}")
        });
    }

    fn impossible(
        &mut self,
        raw: &RawCohort,
        age: &AgeShares,
        names: &Names,
        path: &Path,
    ) -> Vec<[Vec<usize>; 4]> {
        let ages: Vec<String> = age.bands.iter().map(|band| band.name.clone()).collect();
        let mut cells = Vec::new();
        for (index, cell) in raw.impossible.iter().enumerate() {
            let at = path.key("impossible").item(index, None);
            let mut list =
                |given: &Option<Vec<String>>, known: &[String], what: &str, key: &str| {
                    given.as_ref().map_or_else(Vec::new, |list| {
                        self.some_names(list, known, what, &at.key(key))
                    })
                };
            cells.push([
                list(&cell.age, &ages, "age band of the cohort", "age"),
                list(
                    &cell.legal_status,
                    &names.legal_statuses,
                    "legal status",
                    "legal_status",
                ),
                list(&cell.placement, &names.placements, "placement", "placement"),
                list(&cell.stream, &names.streams, "stream", "stream"),
            ]);
            self.require(*cell != RawImpossible::default(), &at, || {
                "must name an age, a legal status, a placement or a stream, found none".to_owned()
            });
        }
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_place_their_own_children() {
        let text = r#"
            [forecast]
            name = "x"
            start = 2017-09-30
            end = 2018-03-31
            [cohort]
            children = 20
            age = { "0-9" = 10, "10-17" = 10 }
            days_in_care = { "0+" = 1 }
            placement = { "fostering" = 15, "residential" = 5 }
            [[placement]]
            name = "fostering"
            weekly_pounds = 450
            [[placement]]
            name = "residential"
            weekly_pounds = 3_500
            [[scenario]]
            name = "as it is"
            [[scenario]]
            name = "fewer with families"
            set = { "cohort.placement" = { "fostering" = 5, "residential" = 15 } }
            [[scenario]]
            name = "drawn"
            set = { "cohort.margins" = "drawn" }
        "#;
        let file = crate::config::load("x.toml", text).unwrap();
        let fostered = |scenario: usize| match &file.scenarios[scenario].cohort {
            Some(Cohort::Margins(cohort)) => {
                let cells = cohort.cells.iter();
                (cells.len(), cells.filter(|cell| cell[2] == 0).count())
            }
            _ => panic!("a cohort of margins"),
        };
        assert_eq!([0, 1, 2].map(fostered), [(20, 15), (20, 5), (0, 0)]);
    }
}

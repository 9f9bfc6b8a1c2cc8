//! `[[referrals]]`: streams of families who are referred, and what the
//! children look like who enter from them.

use super::bands::{AgeShares, Band, Named};
use super::check::Checker;
use super::mistakes::Path;
use super::names::Names;
use super::quantity::{Domain, Quantity, RawQuantity};
use schemars::JsonSchema;
use serde::Deserialize;

/// A stream of referred families
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawReferrals {
    /// Name of the stream
    pub name: String,
    /// Families referred a year
    pub families_per_year: RawQuantity,
    /// Shares of sibling groups by how many children enter: { "1" = 0.73, "2" = 0.18, ... }; one child if not given
    pub siblings: Option<Named<RawQuantity>>,
    /// Growth of the rate a year, as a share: 0.02 is 2 % a year (default 0)
    pub trend_per_year: Option<RawQuantity>,
    /// Twelve factors for January to December around 1 (default: none)
    pub month_factors: Option<Vec<f64>>,
    /// Year-to-year drift, by the name of a drift table
    pub drift: Option<String>,
    /// Most children of the stream in care at once; more are transferred elsewhere
    pub stock_cap: Option<u32>,
    /// Share of families who bypass the panel, such as police protection (default 0)
    pub bypass_panel: Option<RawQuantity>,
    /// Shares by age band of the children who enter
    pub age: Named<RawQuantity>,
    /// Shares by legal status at entry
    pub legal_status: Option<Named<RawQuantity>>,
    /// Shares by placement at entry
    pub placement: Option<Named<RawQuantity>>,
    /// Shares by placement at entry, for age bands that differ: { "0" = { ... }, "16-17" = { ... } }
    pub placement_by_age: Option<Named<Named<RawQuantity>>>,
    /// Where the figures come from
    pub source: Option<String>,
}

/// Checked stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Referrals {
    /// Name.
    pub name: String,
    /// Families a year.
    pub families_per_year: Quantity,
    /// Shares of groups of 1, 2, 3 ... children.
    pub siblings: Vec<Quantity>,
    /// Growth a year.
    pub trend_per_year: Quantity,
    /// January to December.
    pub month_factors: [f64; 12],
    /// Drift index.
    pub drift: Option<usize>,
    /// Most children in care at once.
    pub stock_cap: Option<u32>,
    /// Share who bypass the panel.
    pub bypass_panel: Quantity,
    /// By age at entry.
    pub age: AgeShares,
    /// One share for each legal status.
    pub legal_status: Vec<Quantity>,
    /// One share for each placement, for all ages.
    pub placement: Vec<Quantity>,
    /// Age bands with shares of their own.
    pub placement_by_age: Vec<(Band, Vec<Quantity>)>,
}

/// Largest sibling group.
const LARGEST_GROUP: usize = 12;

/// More families than are referred to all English councils together.
const MOST_FAMILIES: f64 = 1e6;

impl Checker {
    /// Checks one `[[referrals]]`.
    pub fn referrals(&mut self, raw: &RawReferrals, index: usize, names: &Names) -> Referrals {
        let path = Path::root().key("referrals").item(index, Some(&raw.name));
        self.source(&path, raw.source.as_ref());
        let families_per_year = self.quantity(
            &raw.families_per_year,
            &path.key("families_per_year"),
            Domain::NonNegative,
        );
        let families = families_per_year.central();
        if families.is_finite() && families > MOST_FAMILIES {
            self.mistake(
                &path.key("families_per_year"),
                format!("must be {MOST_FAMILIES} families a year or less, found {families}"),
            );
        }
        let placement = self.entry_shares(
            raw.placement.as_ref(),
            &names.placements,
            "placement",
            raw.placement_by_age.is_some(),
            &path.key("placement"),
        );
        let legal_status = self.entry_shares(
            raw.legal_status.as_ref(),
            &names.legal_statuses,
            "legal status",
            false,
            &path.key("legal_status"),
        );
        Referrals {
            name: raw.name.clone(),
            families_per_year,
            siblings: self.siblings(raw.siblings.as_ref(), &path.key("siblings")),
            trend_per_year: self.quantity_or(
                raw.trend_per_year.as_ref(),
                &path.key("trend_per_year"),
                Domain::Growth,
                0.0,
            ),
            month_factors: self.month_factors(raw, &path.key("month_factors")),
            drift: raw
                .drift
                .as_ref()
                .and_then(|name| self.name(name, &names.drifts, "drift", &path.key("drift"))),
            stock_cap: raw.stock_cap,
            bypass_panel: self.quantity_or(
                raw.bypass_panel.as_ref(),
                &path.key("bypass_panel"),
                Domain::Probability,
                0.0,
            ),
            age: self.age_shares(&raw.age, &path.key("age")),
            legal_status,
            placement,
            placement_by_age: self.placement_by_age(raw, names, &path),
        }
    }

    fn entry_shares(
        &mut self,
        raw: Option<&Named<RawQuantity>>,
        known: &[String],
        what: &str,
        given_elsewhere: bool,
        path: &Path,
    ) -> Vec<Quantity> {
        match raw {
            Some(raw) => self.shares(raw, known, what, path),
            None => {
                self.require(known.len() == 1 || given_elsewhere, path, || {
                    format!("is missing: a share for each {what} at entry is needed")
                });
                known
                    .iter()
                    .map(|name| Quantity::known(&path.key(name), 1.0))
                    .collect()
            }
        }
    }

    fn siblings(&mut self, raw: Option<&Named<RawQuantity>>, path: &Path) -> Vec<Quantity> {
        let Some(raw) = raw else {
            return vec![Quantity::known(&path.key("1"), 1.0)];
        };
        let known: Vec<String> = (1..=LARGEST_GROUP).map(|size| size.to_string()).collect();
        self.shares(raw, &known, "sibling group size", path)
    }

    fn month_factors(&mut self, raw: &RawReferrals, path: &Path) -> [f64; 12] {
        let Some(factors) = &raw.month_factors else {
            return [1.0; 12];
        };
        let sound = factors.iter().all(|factor| (0.0..=12.0).contains(factor));
        if sound && factors.iter().all(|factor| *factor == 0.0) {
            self.mistake(path, "must not all be 0");
        }
        match <[f64; 12]>::try_from(factors.as_slice()) {
            Ok(factors) if sound => factors,
            _ => {
                self.mistake(
                    path,
                    format!("must be twelve factors from 0 to 12, January to December, found {factors:?}"),
                );
                [1.0; 12]
            }
        }
    }

    fn placement_by_age(
        &mut self,
        raw: &RawReferrals,
        names: &Names,
        path: &Path,
    ) -> Vec<(Band, Vec<Quantity>)> {
        let at = path.key("placement_by_age");
        let mut rows = Vec::new();
        for (name, shares) in raw.placement_by_age.iter().flat_map(|table| &table.0) {
            let place = at.key(name);
            if let Some(band) = self.age_band(name, &place) {
                rows.push((
                    band,
                    self.shares(shares, &names.placements, "placement", &place),
                ));
            }
        }
        let mut next = 0.0;
        let mut has_gap = false;
        for (band, _) in &rows {
            self.require(band.from >= next, &at.key(&band.name), || {
                format!(
                    "bands must rise without overlap, found \"{}\" after age {next}",
                    band.name
                )
            });
            has_gap |= band.from > next;
            next = band.below;
        }
        let given = raw.placement_by_age.as_ref().map(|table| table.0.len());
        if raw.placement.is_none() && given == Some(rows.len()) {
            self.require(next == 18.0 && !has_gap, &at, || {
                "must cover every age from 0 to 17, where `placement` is not given".to_owned()
            });
        }
        rows
    }
}

//! `[[drift]]`: rates that wander from year to year.

use super::check::Checker;
use super::mistakes::Path;
use super::quantity::{Domain, Quantity, RawQuantity};
use schemars::JsonSchema;
use serde::Deserialize;

/// A multiplier with mean 1 that changes from year to year (an AR(1) on its logarithm)
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawDrift {
    /// Name of the drift
    pub name: String,
    /// Standard deviation of the logarithm in any one year
    pub yearly_sd: RawQuantity,
    /// Correlation of a year's logarithm with the next year's (default 0)
    pub persistence: Option<RawQuantity>,
    /// Where the figures come from
    pub source: Option<String>,
}

/// Checked drift.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// Name, which keys its luck.
    pub name: String,
    /// Standard deviation of the logarithm.
    pub yearly_sd: Quantity,
    /// Correlation from year to year.
    pub persistence: Quantity,
}

/// A standard deviation of the logarithm beyond any rate of care.
const MOST_DRIFT: f64 = 2.0;

impl Checker {
    /// Checks one `[[drift]]`.
    pub fn drift(&mut self, raw: &RawDrift, index: usize) -> Drift {
        let path = Path::root().key("drift").item(index, Some(&raw.name));
        self.source(&path, raw.source.as_ref());
        let yearly_sd = self.quantity(&raw.yearly_sd, &path.key("yearly_sd"), Domain::NonNegative);
        let sd = yearly_sd.central();
        if sd.is_finite() && sd > MOST_DRIFT {
            self.mistake(
                &path.key("yearly_sd"),
                format!("must be {MOST_DRIFT} or less (0.1 is about 10 %), found {sd}"),
            );
        }
        Drift {
            name: raw.name.clone(),
            yearly_sd,
            persistence: self.quantity_or(
                raw.persistence.as_ref(),
                &path.key("persistence"),
                Domain::Probability,
                0.0,
            ),
        }
    }
}

//! Quantities: a plain number, or an uncertain one with its evidence.

use super::check::Checker;
use super::mistakes::Path;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;

/// A number as typed: plain, or a table that says how uncertain it is.
#[derive(Debug, Clone, PartialEq)]
pub enum RawQuantity {
    /// A known number.
    Known(f64),
    /// An uncertain number.
    Uncertain(Box<RawUncertain>),
}

/// How uncertain a number is: evidence, judgement, moments or quantiles.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawUncertain {
    /// Evidence for a probability: how many of the trials came true
    pub successes: Option<f64>,
    /// Evidence for a probability: how many trials there were
    pub trials: Option<f64>,
    /// Evidence for a rate: events seen
    pub events: Option<f64>,
    /// Evidence for a rate: years (or person-years) watched
    pub years: Option<f64>,
    /// Judgement: lowest value thought possible
    pub low: Option<f64>,
    /// Judgement: most likely value
    pub mode: Option<f64>,
    /// Judgement: highest value thought possible
    pub high: Option<f64>,
    /// Moments: mean
    pub mean: Option<f64>,
    /// Moments: standard deviation
    pub sd: Option<f64>,
    /// Elicited: one in ten below this
    pub p10: Option<f64>,
    /// Elicited: one in ten above this
    pub p90: Option<f64>,
    /// Where the figure comes from, or "judgement"
    pub source: Option<String>,
}

impl<'de> Deserialize<'de> for RawQuantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrTable;
        impl<'de> Visitor<'de> for NumberOrTable {
            type Value = RawQuantity;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a table such as { low = 1, mode = 2, high = 4 }")
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<RawQuantity, E> {
                Ok(RawQuantity::Known(number))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<RawQuantity, E> {
                Ok(RawQuantity::Known(number as f64))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<RawQuantity, E> {
                Ok(RawQuantity::Known(number as f64))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawQuantity, A::Error> {
                let table = RawUncertain::deserialize(MapAccessDeserializer::new(map))?;
                Ok(RawQuantity::Uncertain(Box::new(table)))
            }
        }
        deserializer.deserialize_any(NumberOrTable)
    }
}

impl JsonSchema for RawQuantity {
    fn schema_name() -> Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<RawUncertain>();
        json_schema!({
            "description": "A plain number, or an uncertain one: { successes, trials }, { events, years }, { low, mode, high }, { mean, sd } or { p10, p90 }",
            "anyOf": [{ "type": "number" }, table]
        })
    }
}

/// What a quantity may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// From 0 to 1.
    Probability,
    /// 0 or more: a rate, price, count or duration.
    NonNegative,
    /// More than 0.
    Positive,
    /// A yearly rate for each child.
    Rate,
    /// Growth a year as a share, such as a trend.
    Growth,
    /// Anything, such as an amount to add.
    Any,
}

/// No price, count or time of a scenario is larger.
const LARGEST: f64 = 1e9;

/// No child's clock rings more often in a year.
const LARGEST_RATE: f64 = 1000.0;

impl Domain {
    fn holds(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Self::Probability => (0.0..=1.0).contains(&value),
                Self::NonNegative | Self::Rate => value >= 0.0,
                Self::Positive => value > 0.0,
                Self::Growth => value > -1.0,
                Self::Any => value.abs() <= LARGEST,
            }
    }

    /// Largest value.
    pub fn most(self) -> f64 {
        match self {
            Self::Probability | Self::Growth => 1.0,
            Self::NonNegative | Self::Positive | Self::Any => LARGEST,
            Self::Rate => LARGEST_RATE,
        }
    }

    fn rule(self) -> &'static str {
        match self {
            Self::Probability => "must be a probability from 0 to 1",
            Self::NonNegative | Self::Rate => "must be 0 or more",
            Self::Positive => "must be more than 0",
            Self::Growth => "must be more than -1 (0.02 is 2 % a year)",
            Self::Any => "must be a number, not too large",
        }
    }
}

/// The law of an uncertain quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Law {
    /// Beta, for probabilities.
    Beta {
        /// First shape.
        a: f64,
        /// Second shape.
        b: f64,
    },
    /// Gamma.
    Gamma {
        /// Shape.
        shape: f64,
        /// Scale, in the quantity's unit.
        scale: f64,
    },
    /// PERT: a beta stretched over a range.
    Pert {
        /// Lowest value.
        low: f64,
        /// Most likely value.
        mode: f64,
        /// Highest value.
        high: f64,
    },
    /// Normal, for a real quantity given by its moments or quantiles.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// Log-normal.
    LogNormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Logit-normal, for probabilities.
    LogitNormal {
        /// Mean of the log odds.
        mu: f64,
        /// Standard deviation of the log odds.
        sigma: f64,
    },
}

impl Law {
    /// Mean of the law, for descriptions and plans.
    pub fn mean(self) -> f64 {
        match self {
            Self::Beta { a, b } => a / (a + b),
            Self::Gamma { shape, scale } => shape * scale,
            Self::Pert { low, mode, high } => (low + 4.0 * mode + high) / 6.0,
            Self::Normal { mean, .. } => mean,
            Self::LogNormal { mu, sigma } => libm::exp(mu + sigma * sigma / 2.0),
            // The median: close enough for a description.
            Self::LogitNormal { mu, .. } => 1.0 / (1.0 + libm::exp(-mu)),
        }
    }

    /// Whether the law can be drawn: its parameters are neither so large nor so
    /// small that arithmetic fails, and a growth does not fall below -1.
    fn is_drawable(self, domain: Domain) -> bool {
        let sound = |shape: f64| (1e-3..=1e12).contains(&shape);
        match self {
            Self::Beta { a, b } => sound(a) && sound(b),
            Self::Gamma { shape, scale } => sound(shape) && scale > 0.0 && scale.is_finite(),
            Self::Pert { .. } => true,
            Self::Normal { mean, sd } => domain == Domain::Any || mean - 4.0 * sd > -1.0,
            Self::LogNormal { mu, sigma } | Self::LogitNormal { mu, sigma } => {
                mu.abs() <= 100.0 && sigma <= 20.0
            }
        }
    }
}

/// Whether a number rests on counts, on somebody's judgement, or is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Given without uncertainty.
    Given,
    /// Counted.
    Evidence,
    /// Judged or elicited.
    Judgement,
}

/// A checked quantity: its place, its basis, and its value or law.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// Address in the file, which also keys its luck.
    pub path: String,
    /// Known value or law.
    pub form: Form,
    /// What it rests on.
    pub basis: Basis,
}

/// Known value or law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    /// A plain number.
    Known(f64),
    /// Drawn once per replicate.
    Uncertain(Law),
}

impl Quantity {
    /// A number that the scenario does not give, at an address that an override
    /// or workstream may still name.
    pub fn known(path: &Path, value: f64) -> Self {
        Self {
            path: path.to_string(),
            form: Form::Known(value),
            basis: Basis::Given,
        }
    }

    /// The value, or the mean of the law.
    pub fn central(&self) -> f64 {
        match self.form {
            Form::Known(value) => value,
            Form::Uncertain(law) => law.mean(),
        }
    }
}

/// Standard normal quantile of 0.9.
pub(crate) const Z90: f64 = 1.281_551_565_544_600_4;

impl Checker {
    /// Checks a quantity as typed.
    pub fn quantity(&mut self, raw: &RawQuantity, path: &Path, domain: Domain) -> Quantity {
        let (form, basis) = match raw {
            RawQuantity::Known(value) => {
                self.holds(*value, path, domain);
                (Form::Known(*value), Basis::Given)
            }
            RawQuantity::Uncertain(table) => self.uncertain(table, path, domain),
        };
        let quantity = Quantity {
            path: path.to_string(),
            form,
            basis,
        };
        self.note_quantity(&quantity, path);
        self.note_changeable(path, domain);
        quantity
    }

    /// A quantity that may be left out.
    pub fn quantity_or(
        &mut self,
        raw: Option<&RawQuantity>,
        path: &Path,
        domain: Domain,
        default: f64,
    ) -> Quantity {
        match raw {
            Some(raw) => self.quantity(raw, path, domain),
            None => {
                self.note_changeable(path, domain);
                Quantity::known(path, default)
            }
        }
    }

    fn holds(&mut self, value: f64, path: &Path, domain: Domain) -> bool {
        let holds = domain.holds(value);
        let is_largest = value <= domain.most();
        if !holds {
            self.mistake(path, format!("{}, found {value}", domain.rule()));
        } else if !is_largest {
            self.mistake(
                path,
                format!("must be {} or less, found {value}", domain.most()),
            );
        }
        holds && is_largest
    }

    fn uncertain(&mut self, raw: &RawUncertain, path: &Path, domain: Domain) -> (Form, Basis) {
        let unknown = (Form::Known(0.5), Basis::Given);
        let given = raw.given();
        let law = match given.as_slice() {
            ["successes", "trials"] => self.beta_evidence(raw, path, domain),
            ["events", "years"] => self.gamma_evidence(raw, path, domain),
            ["low", "mode", "high"] => self.pert(raw, path, domain),
            ["mean", "sd"] => self.moments(raw, path, domain),
            ["p10", "p90"] => self.elicited(raw, path, domain),
            _ => {
                self.mistake_hint(
                    path,
                    format!("is no known form of uncertainty, found {{ {} }}", given.join(", ")),
                    "give { successes, trials }, { events, years }, { low, mode, high }, { mean, sd } or { p10, p90 }",
                );
                None
            }
        };
        let Some(form) = law else { return unknown };
        if let Form::Uncertain(law) = form
            && !(law.is_drawable(domain) && law.mean() <= domain.most())
        {
            self.mistake(
                path,
                format!(
                    "is too wide, too narrow or too large to be drawn, found a mean of {}",
                    law.mean()
                ),
            );
            return unknown;
        }
        let basis = match given[0] {
            "successes" | "events" => Basis::Evidence,
            _ => Basis::Judgement,
        };
        if let Some(source) = &raw.source {
            self.note_source(path, source);
        }
        (form, basis)
    }

    fn beta_evidence(&mut self, raw: &RawUncertain, path: &Path, domain: Domain) -> Option<Form> {
        let (successes, trials) = (raw.successes?, raw.trials?);
        if domain != Domain::Probability {
            self.mistake_hint(
                path,
                "is no probability, so { successes, trials } cannot be its evidence",
                "a rate takes { events, years }",
            );
            return None;
        }
        if !(successes >= 0.0 && successes <= trials && trials.is_finite()) {
            self.mistake(
                path,
                format!("successes must lie between 0 and trials, found {successes} of {trials}"),
            );
            return None;
        }
        // Jeffreys prior.
        Some(Form::Uncertain(Law::Beta {
            a: successes + 0.5,
            b: trials - successes + 0.5,
        }))
    }

    fn gamma_evidence(&mut self, raw: &RawUncertain, path: &Path, domain: Domain) -> Option<Form> {
        let (events, years) = (raw.events?, raw.years?);
        if domain == Domain::Probability {
            self.mistake_hint(
                path,
                "is a probability, so { events, years } cannot be its evidence",
                "a probability takes { successes, trials }",
            );
            return None;
        }
        if !(events >= 0.0 && events.is_finite() && years > 0.0 && years.is_finite()) {
            self.mistake(
                path,
                format!(
                    "events must be 0 or more and years more than 0, found {events} in {years}"
                ),
            );
            return None;
        }
        // Jeffreys prior for a Poisson rate.
        Some(Form::Uncertain(Law::Gamma {
            shape: events + 0.5,
            scale: 1.0 / years,
        }))
    }

    fn pert(&mut self, raw: &RawUncertain, path: &Path, domain: Domain) -> Option<Form> {
        let (low, mode, high) = (raw.low?, raw.mode?, raw.high?);
        if !(low <= mode && mode <= high) {
            self.mistake(
                path,
                format!("low, mode and high must rise, found {low}, {mode}, {high}"),
            );
            return None;
        }
        if !self.holds(low, path, domain) || !self.holds(high, path, domain) {
            return None;
        }
        Some(if low == high {
            Form::Known(low)
        } else {
            Form::Uncertain(Law::Pert { low, mode, high })
        })
    }

    fn moments(&mut self, raw: &RawUncertain, path: &Path, domain: Domain) -> Option<Form> {
        let (mean, sd) = (raw.mean?, raw.sd?);
        if !(sd >= 0.0 && sd.is_finite()) {
            self.mistake(path, format!("sd must be 0 or more, found {sd}"));
            return None;
        }
        if !self.holds(mean, path, domain) {
            return None;
        }
        if sd == 0.0 {
            return Some(Form::Known(mean));
        }
        let variance = sd * sd;
        let law = match domain {
            Domain::Probability => {
                if variance >= mean * (1.0 - mean) {
                    self.mistake(
                        path,
                        format!("sd {sd} is too large for a probability of mean {mean}"),
                    );
                    return None;
                }
                let strength = mean * (1.0 - mean) / variance - 1.0;
                Law::Beta {
                    a: mean * strength,
                    b: (1.0 - mean) * strength,
                }
            }
            Domain::Growth | Domain::Any => Law::Normal { mean, sd },
            Domain::NonNegative | Domain::Positive | Domain::Rate => {
                if mean <= 0.0 {
                    self.mistake(path, format!("mean must be more than 0, found {mean}"));
                    return None;
                }
                Law::Gamma {
                    shape: mean * mean / variance,
                    scale: variance / mean,
                }
            }
        };
        Some(Form::Uncertain(law))
    }

    fn elicited(&mut self, raw: &RawUncertain, path: &Path, domain: Domain) -> Option<Form> {
        let (p10, p90) = (raw.p10?, raw.p90?);
        if p10 == p90 {
            return self.holds(p10, path, domain).then_some(Form::Known(p10));
        }
        let inside = match domain {
            Domain::Probability => p10 > 0.0 && p90 < 1.0,
            Domain::Growth => p10 > -1.0 && p90.is_finite(),
            Domain::Any => p10.is_finite() && p90.is_finite(),
            Domain::NonNegative | Domain::Positive | Domain::Rate => p10 > 0.0 && p90.is_finite(),
        };
        if !(inside && p10 < p90) {
            self.mistake(
                path,
                format!(
                    "p10 must lie below p90, both inside the possible range, found {p10} and {p90}"
                ),
            );
            return None;
        }
        let scale = |x: f64| match domain {
            Domain::Probability => libm::log(x / (1.0 - x)),
            Domain::Growth | Domain::Any => x,
            Domain::NonNegative | Domain::Positive | Domain::Rate => libm::log(x),
        };
        let (low, high) = (scale(p10), scale(p90));
        let (mu, sigma) = (0.5 * (low + high), (high - low) / (2.0 * Z90));
        Some(Form::Uncertain(match domain {
            Domain::Probability => Law::LogitNormal { mu, sigma },
            Domain::Growth | Domain::Any => Law::Normal {
                mean: mu,
                sd: sigma,
            },
            Domain::NonNegative | Domain::Positive | Domain::Rate => Law::LogNormal { mu, sigma },
        }))
    }
}

impl RawUncertain {
    /// Names of the keys given, in the order of the forms.
    fn given(&self) -> Vec<&'static str> {
        [
            ("successes", self.successes),
            ("trials", self.trials),
            ("events", self.events),
            ("years", self.years),
            ("low", self.low),
            ("mode", self.mode),
            ("high", self.high),
            ("mean", self.mean),
            ("sd", self.sd),
            ("p10", self.p10),
            ("p90", self.p90),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|_| name))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str, domain: Domain) -> (Option<Form>, Vec<String>) {
        #[derive(Deserialize)]
        struct Holder {
            x: RawQuantity,
        }
        let holder: Holder = toml::from_str(&format!("x = {text}")).unwrap();
        let mut checker = Checker::default();
        let quantity = checker.quantity(&holder.x, &Path::root().key("x"), domain);
        let messages: Vec<String> = checker
            .mistakes()
            .iter()
            .map(|mistake| mistake.message.clone())
            .collect();
        (messages.is_empty().then_some(quantity.form), messages)
    }

    #[test]
    fn evidence_becomes_a_posterior_under_jeffreys_prior() {
        let (law, _) = form("{ successes = 96, trials = 150 }", Domain::Probability);
        assert_eq!(law, Some(Form::Uncertain(Law::Beta { a: 96.5, b: 54.5 })));
        let (law, _) = form("{ events = 100, years = 4 }", Domain::NonNegative);
        let expected = Law::Gamma {
            shape: 100.5,
            scale: 0.25,
        };
        assert_eq!(law, Some(Form::Uncertain(expected)));
    }

    #[test]
    fn moments_are_matched() {
        let (law, _) = form("{ mean = 850, sd = 40 }", Domain::NonNegative);
        let Some(Form::Uncertain(Law::Gamma { shape, scale })) = law else {
            panic!("{law:?}")
        };
        assert!((shape * scale - 850.0).abs() < 1e-9);
        assert!((shape * scale * scale - 1600.0).abs() < 1e-9);
    }

    #[test]
    fn mistakes_say_what_must_hold_and_what_was_found() {
        let cases = [
            (
                "1.2",
                Domain::Probability,
                "must be a probability from 0 to 1, found 1.2",
            ),
            ("nan", Domain::NonNegative, "must be 0 or more, found NaN"),
            (
                "{ low = 3, mode = 2, high = 4 }",
                Domain::Positive,
                "must rise, found 3, 2, 4",
            ),
            ("{ low = 3, high = 4 }", Domain::Positive, "no known form"),
            (
                "{ successes = 4, trials = 3 }",
                Domain::Probability,
                "found 4 of 3",
            ),
            (
                "{ events = 4, years = 3 }",
                Domain::Probability,
                "is a probability",
            ),
            (
                "{ successes = 1, trials = 3 }",
                Domain::Positive,
                "is no probability",
            ),
            ("{ mean = 0.5, sd = 0.6 }", Domain::Probability, "too large"),
            (
                "{ p10 = 0.9, p90 = 0.2 }",
                Domain::Probability,
                "p10 must lie below p90",
            ),
        ];
        for (text, domain, expected) in cases {
            let (_, messages) = form(text, domain);
            assert!(
                messages.iter().any(|m| m.contains(expected)),
                "{text}: {messages:?}"
            );
        }
    }
}

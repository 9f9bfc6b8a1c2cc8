//! What drives a figure, for a terminal or a log.

use super::{Effect, Sensitivity, Share};
use crate::model::layout::Unit;
use crate::summary::{align, grouped, pounds, table};
use std::fmt::{self, Display, Formatter};

/// Most quantities that are told one by one.
const MOST_TOLD: usize = 20;

impl Display for Sensitivity {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            to,
            "What drives {} in \"{}\"? Mean {}, standard deviation {}, {} futures.\n",
            self.figure.words(),
            self.scenario,
            self.amount(self.mean),
            self.amount(self.sd),
            grouped(self.replicates as f64)
        )?;
        let (clear, rest): (Vec<&Effect>, Vec<&Effect>) =
            self.parameters.iter().partition(|effect| effect.is_clear);
        if !clear.is_empty() {
            writeln!(to, "{}", self.table(&clear))?;
        }
        let more = clear.len().saturating_sub(MOST_TOLD);
        if more > 0 {
            writeln!(to, " and {more} more with a smaller share.")?;
        }
        match (clear.len(), rest.len()) {
            (0, 0) => writeln!(to, " Nothing that the scenario plays is uncertain.")?,
            (_, 0) => {}
            (0, all) => writeln!(
                to,
                " {}: what each does cannot be told from chance.",
                quantities(all, "uncertain")
            )?,
            (_, more) => writeln!(
                to,
                " {}: what each does cannot be told from chance.",
                quantities(more, "more uncertain")
            )?,
        }
        if clear.iter().any(|effect| !effect.is_monotone) {
            writeln!(
                to,
                " * rises over one part of its range and falls over another."
            )?;
        }
        writeln!(
            to,
            "\nAll uncertain quantities, each by itself: {} of the variance.\nThe rest is chance, and what quantities do only together.",
            share(self.parameter_share)
        )?;
        self.write_parts(to)?;
        self.write_indices(to)
    }
}

/// So many quantities of a kind.
fn quantities(count: usize, kind: &str) -> String {
    let noun = if count == 1 { "quantity" } else { "quantities" };
    format!("{count} {kind} {noun}")
}

impl Sensitivity {
    fn table(&self, effects: &[&Effect]) -> comfy_table::Table {
        let mut table = table(&[
            "uncertain quantity",
            "share of variance",
            "at its p10",
            "at its p90",
            "mean there",
            "and there",
            "rank corr.",
        ]);
        for effect in effects.iter().take(MOST_TOLD) {
            let mark = if effect.is_monotone { "" } else { " *" };
            table.add_row([
                format!("{}{mark}", effect.parameter),
                share(effect.contribution),
                three_digits(effect.low.parameter),
                three_digits(effect.high.parameter),
                self.amount(effect.low.outcome),
                self.amount(effect.high.outcome),
                format!("{:+.2}", effect.rank_correlation),
            ]);
        }
        align(&mut table, 1);
        table
    }

    /// The part of capacity, where it is known.
    fn write_parts(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let Some(parts) = self.parts else {
            return writeln!(
                to,
                "Queues, full beds, limits and caps have a part in both: `--capacity` parts it from them, by playing the run's futures again with nothing scarce."
            );
        };
        if parts.capacity.share == 0.0 && parts.capacity.standard_error == 0.0 {
            return writeln!(to, "Capacity has no part in it: nothing runs short.");
        }
        writeln!(
            to,
            "\nIn three parts: what is uncertain {}, chance {}, capacity {}.",
            part(parts.parameters),
            part(parts.chance),
            part(parts.capacity)
        )?;
        if parts.capacity.share < -2.0 * parts.capacity.standard_error {
            writeln!(
                to,
                "Less than nothing for capacity: what is scarce evens the futures out."
            )?;
        }
        Ok(())
    }

    /// Sobol' indices, the greatest total first, where they were worked out.
    fn write_indices(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let Some(chance) = self.chance_sobol else {
            return Ok(());
        };
        let mut all = vec![("chance", chance)];
        let effects = self.parameters.iter();
        all.extend(effects.filter_map(|one| Some((one.parameter.as_str(), one.sobol?))));
        all.sort_by(|a, b| b.1.total.share.total_cmp(&a.1.total.share));
        let mut table = table(&["input", "first order", "total"]);
        for (name, sobol) in all.iter().take(MOST_TOLD) {
            table.add_row([name.to_string(), share(sobol.first), share(sobol.total)]);
        }
        align(&mut table, 1);
        writeln!(
            to,
            "\nSobol' indices: the share of the variance that an input accounts for by itself, and in all.\n{table}"
        )
    }

    fn amount(&self, value: f64) -> String {
        match self.figure.unit {
            Unit::Pounds => pounds(value),
            Unit::ChildrenPer10000 => format!("{value:.1}"),
            Unit::Children | Unit::Families => grouped(value.round()),
        }
    }
}

/// A share as a person reads it, no finer than its error; about nothing is
/// nothing.
fn share(share: Share) -> String {
    part(Share {
        share: share.share.max(0.0),
        ..share
    })
}

/// The same for a part that may be below nothing.
fn part(share: Share) -> String {
    let decimals = if share.standard_error < 0.005 { 1 } else { 0 };
    let error = (100.0 * share.standard_error).max(0.1_f64.powi(decimals));
    let decimals = decimals as usize;
    let share = format!("{:.decimals$}", 100.0 * share.share);
    // A share that rounds to nothing has no sign.
    let share = match share.trim_start_matches(['-', '0', '.']) {
        "" => share.trim_start_matches('-'),
        _ => &share,
    };
    format!("{share} % ±{error:.decimals$}")
}

/// A quantity with three digits that count.
fn three_digits(value: f64) -> String {
    let size = value.abs();
    if size >= 1_000.0 {
        grouped(value.round())
    } else if size == 0.0 {
        "0".to_owned()
    } else {
        let decimals = (2 - size.log10().floor() as i32).max(0) as usize;
        format!("{value:.decimals$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_told_no_finer_than_their_error() {
        let told = |value, standard_error| {
            share(Share {
                share: value,
                standard_error,
            })
        };
        assert_eq!(told(0.123_4, 0.001_2), "12.3 % ±0.1");
        assert_eq!(told(0.123_4, 0.021), "12 % ±2");
        assert_eq!(told(-0.000_4, 0.000_3), "0.0 % ±0.1");
        let of_part = |share, standard_error| {
            part(Share {
                share,
                standard_error,
            })
        };
        assert_eq!(of_part(-0.001, 0.011), "0 % ±1");
        assert_eq!(of_part(-0.012, 0.011), "-1 % ±1");
    }

    #[test]
    fn quantities_keep_three_digits() {
        let told = [0.012_345, 0.64, 12.345, 850.4, 4_123.7, 0.0, -0.5].map(three_digits);
        let expected = ["0.0123", "0.640", "12.3", "850", "4,124", "0", "-0.500"];
        assert_eq!(told, expected);
    }
}

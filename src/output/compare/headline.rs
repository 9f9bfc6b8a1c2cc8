//! Differences of the headline numbers between two runs.

use crate::forecast::quantiles::quantile;
use crate::output::OutputError;
use crate::output::reading::{Rows, for_each_batch};
use crate::units::{Date, date_after};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::path::Path;

/// Second run less first, for one headline number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeadlineChange {
    /// Name of the scenario.
    pub scenario: String,
    /// `population` at the date, or `spend` of the financial year up to it.
    pub metric: &'static str,
    /// End of the financial year, or of the forecast.
    #[serde(serialize_with = "as_text")]
    pub date: Date,
    /// `children` or `pounds`.
    pub unit: &'static str,
    /// The difference.
    #[serde(flatten)]
    pub difference: Difference,
}

/// A difference, and how it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Difference {
    /// Replicate by replicate, under the same random numbers.
    Paired {
        /// Replicates that both runs have.
        replicates: usize,
        /// Mean difference.
        mean: f64,
        /// Monte Carlo standard error of the mean.
        mean_se: f64,
        /// 10th percentile of the differences.
        p10: f64,
        /// Median difference.
        p50: f64,
        /// 90th percentile of the differences.
        p90: f64,
    },
    /// Between the means of independent replicates.
    Unpaired {
        /// Difference of the means.
        mean: f64,
        /// Monte Carlo standard error of that difference.
        mean_se: f64,
    },
}

/// Headline metrics, the periods they are read over, and their units.
const HEADLINES: [(&str, &str, &str); 2] = [
    ("population", "month", "children"),
    ("spend", "financial_year", "pounds"),
];

/// Values with their replicates, sorted by replicate.
type Sample = Vec<(u32, f64)>;

/// Samples by scenario, then headline, then day of the epoch.
type Samples = BTreeMap<String, [BTreeMap<i32, Sample>; HEADLINES.len()]>;

/// Differences of every headline number that both runs have, by scenario,
/// metric and date.
pub(super) fn changes(
    first: &Path,
    second: &Path,
    is_same_seed: bool,
) -> Result<Vec<HeadlineChange>, OutputError> {
    let (first, second) = (samples(first)?, samples(second)?);
    let mut changes = Vec::new();
    for (scenario, a) in &first {
        let Some(b) = second.get(scenario) else {
            continue;
        };
        // Days on which financial years, or what is forecast of them, end.
        let year_ends = &a[1];
        for (index, &(metric, _, unit)) in HEADLINES.iter().enumerate() {
            for day in year_ends.keys() {
                let (Some(a), Some(b)) = (a[index].get(day), b[index].get(day)) else {
                    continue;
                };
                changes.push(HeadlineChange {
                    scenario: scenario.clone(),
                    metric,
                    date: date_after(Date::default(), *day),
                    unit,
                    difference: difference(a, b, is_same_seed),
                });
            }
        }
    }
    Ok(changes)
}

fn samples(run: &Path) -> Result<Samples, OutputError> {
    const COLUMNS: [&str; 7] = [
        "scenario",
        "metric",
        "segment_by",
        "period",
        "replicate",
        "date",
        "value",
    ];
    let mut samples = Samples::new();
    for_each_batch(&run.join("replicates.parquet"), &COLUMNS, |rows| {
        add_rows(&mut samples, rows)
    })?;
    Ok(samples)
}

fn add_rows(samples: &mut Samples, rows: &Rows) -> Result<(), OutputError> {
    let (scenarios, metrics) = (rows.texts("scenario")?, rows.texts("metric")?);
    let (dimensions, periods) = (rows.texts("segment_by")?, rows.texts("period")?);
    let (replicates, days) = (rows.counts("replicate")?, rows.dates("date")?);
    let values = rows.numbers("value")?;
    for row in 0..rows.len() {
        let (metric, period) = (metrics.value(row), periods.value(row));
        let is_this = |headline: &(&str, &str, &str)| headline.0 == metric && headline.1 == period;
        let Some(headline) = HEADLINES.iter().position(is_this) else {
            continue;
        };
        if dimensions.value(row) != "all" {
            continue;
        }
        let scenario = scenarios.value(row);
        if !samples.contains_key(scenario) {
            samples.insert(scenario.to_owned(), Default::default());
        }
        let of_scenario = samples.get_mut(scenario).expect("just inserted");
        let sample = of_scenario[headline].entry(days.value(row)).or_default();
        sample.push((replicates.value(row), values.value(row)));
    }
    Ok(())
}

fn difference(a: &Sample, b: &Sample, is_same_seed: bool) -> Difference {
    let mut paired = match is_same_seed {
        true => paired_differences(a, b),
        false => Vec::new(),
    };
    if paired.len() < 2 {
        let (mean_a, variance_a) = moments(a.iter().map(|pair| pair.1));
        let (mean_b, variance_b) = moments(b.iter().map(|pair| pair.1));
        let variance = variance_a / a.len() as f64 + variance_b / b.len() as f64;
        return Difference::Unpaired {
            mean: mean_b - mean_a,
            mean_se: variance.sqrt(),
        };
    }
    let (mean, variance) = moments(paired.iter().copied());
    paired.sort_unstable_by(f64::total_cmp);
    Difference::Paired {
        replicates: paired.len(),
        mean,
        mean_se: (variance / paired.len() as f64).sqrt(),
        p10: quantile(&paired, 0.1),
        p50: quantile(&paired, 0.5),
        p90: quantile(&paired, 0.9),
    }
}

/// Second less first for each replicate that both have.
fn paired_differences(a: &Sample, b: &Sample) -> Vec<f64> {
    let (mut i, mut j) = (0, 0);
    let mut differences = Vec::new();
    while let (Some(one), Some(other)) = (a.get(i), b.get(j)) {
        if one.0 == other.0 {
            differences.push(other.1 - one.1);
        }
        i += usize::from(one.0 <= other.0);
        j += usize::from(other.0 <= one.0);
    }
    differences
}

/// Mean and variance (n − 1).
fn moments(values: impl ExactSizeIterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares: f64 = values.map(|value| (value - mean) * (value - mean)).sum();
    (mean, squares / (count - 1.0))
}

impl Display for HeadlineChange {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let period = match self.unit {
            "pounds" => "year to",
            _ => "at",
        };
        write!(
            to,
            "{}, {} {period} {}: ",
            self.scenario, self.metric, self.date
        )?;
        match self.difference {
            Difference::Paired {
                replicates,
                mean,
                mean_se,
                p10,
                p90,
                ..
            } => write!(
                to,
                "{} on average, 8 in 10 between {} and {}; paired, {replicates} replicates",
                self.said(mean, mean_se),
                self.said(p10, 2.0 * mean_se),
                self.said(p90, 2.0 * mean_se)
            ),
            Difference::Unpaired { mean, mean_se } => write!(
                to,
                "{} on average, standard error {}; unpaired",
                self.said(mean, mean_se),
                self.amount(mean_se, step_for(mean_se / 10.0, self.unit))
            ),
        }
    }
}

impl HeadlineChange {
    /// A difference with its sign, no finer than its Monte Carlo error.
    fn said(&self, value: f64, error: f64) -> String {
        let step = step_for(error, self.unit);
        let rounded = (value / step).round() * step;
        let sign = match rounded {
            r if r > 0.0 => "+",
            r if r < 0.0 => "-",
            _ => "",
        };
        format!("{sign}{}", self.amount(value.abs(), step))
    }

    fn amount(&self, value: f64, step: f64) -> String {
        let rounded = (value / step).round() * step;
        let decimals = if step < 0.5 { 1 } else { 0 };
        let number = with_thousands(&format!("{rounded:.decimals$}"));
        match self.unit {
            "pounds" => format!("£{number}"),
            unit => format!("{number} {unit}"),
        }
    }
}

/// The power of ten that a number with this error is rounded to: a whole pound,
/// a tenth of a child, or more.
fn step_for(error: f64, unit: &str) -> f64 {
    let finest = if unit == "pounds" { 1.0 } else { 0.1 };
    let mut step = finest;
    while step < error {
        step *= 10.0;
    }
    // Without any error whole children are whole.
    if error == 0.0 { 1.0 } else { step }
}

/// Puts commas between thousands of a number without a sign.
fn with_thousands(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

fn as_text<S: Serializer>(date: &Date, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(unit: &'static str, difference: Difference) -> HeadlineChange {
        HeadlineChange {
            scenario: "plan".into(),
            metric: if unit == "pounds" {
                "spend"
            } else {
                "population"
            },
            date: Date::from_ymd_opt(2019, 3, 31).unwrap(),
            unit,
            difference,
        }
    }

    #[test]
    fn numbers_are_told_no_finer_than_their_error() {
        let paired = Difference::Paired {
            replicates: 10_000,
            mean: -12.34,
            mean_se: 0.04,
            p10: -20.0,
            p50: -12.0,
            p90: -4.0,
        };
        assert_eq!(
            change("children", paired).to_string(),
            "plan, population at 2019-03-31: -12.3 children on average, \
             8 in 10 between -20.0 children and -4.0 children; paired, 10000 replicates"
        );
        let unpaired = Difference::Unpaired {
            mean: -1_234_567.0,
            mean_se: 23_456.0,
        };
        assert_eq!(
            change("pounds", unpaired).to_string(),
            "plan, spend year to 2019-03-31: -£1,200,000 on average, \
             standard error £20,000; unpaired"
        );
    }

    #[test]
    fn replicates_are_joined_by_their_numbers() {
        let a = vec![(1, 10.0), (2, 20.0), (4, 40.0)];
        let b = vec![(0, 0.0), (2, 21.0), (3, 0.0), (4, 43.0)];
        assert_eq!(paired_differences(&a, &b), [1.0, 3.0]);
    }
}

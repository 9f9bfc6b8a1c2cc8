//! Numbers and dates as a committee reads them: never with more digits than
//! the futures played can carry.

use super::draw::round_step;
use crate::forecast::{Band, Direction, TargetResult, Test};
use crate::model::layout::Unit;
use crate::summary::grouped;
use crate::units::{Date, financial_year_end, financial_year_name};

/// Index of each percentile within a band.
pub(super) const P05: usize = 0;
pub(super) const P10: usize = 1;
pub(super) const P25: usize = 2;
pub(super) const P50: usize = 3;
pub(super) const P75: usize = 4;
pub(super) const P90: usize = 5;
pub(super) const P95: usize = 6;

/// A value in its unit, rounded so that its last digit is no finer than its
/// Monte Carlo standard error; whole children, and pounds to three digits.
pub(super) fn amount(unit: Unit, value: f64, error: f64) -> String {
    let step = round_step(error);
    match unit {
        Unit::Pounds => pounds(value, step),
        Unit::Children | Unit::Families => signed(grouped(whole_steps(value, step))),
        Unit::ChildrenPer10000 if step < 0.15 => signed(format!("{:.1}", rounded(value, 0.1))),
        Unit::ChildrenPer10000 => signed(grouped(rounded(value, step.max(1.0)))),
    }
}

/// A figure that is known without Monte Carlo error, such as a threshold.
pub(super) fn exact(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Pounds => pounds(value, 0.0),
        _ if value == value.round() => signed(grouped(value)),
        _ => signed(format!("{value:.1}")),
    }
}

fn whole_steps(value: f64, step: f64) -> f64 {
    rounded(value, step.max(1.0))
}

fn rounded(value: f64, step: f64) -> f64 {
    // Plus nothing: no minus sign before a 0.
    (value / step).round() * step + 0.0
}

fn signed(text: String) -> String {
    text.replace('-', "\u{2212}")
}

/// Pounds in millions or thousands, no finer than `step` nor than three digits.
fn pounds(value: f64, step: f64) -> String {
    let size = value.abs();
    let digits = if size > 0.0 {
        libm::pow(10.0, libm::floor(libm::log10(size)) - 2.0)
    } else {
        1.0
    };
    // Thousands are whole: £61k, not £61.0k.
    let grain = if (1e3..1e6).contains(&size) { 1e3 } else { 1.0 };
    let step = step.max(digits).max(grain);
    let value = rounded(value, step);
    let size = value.abs();
    let sign = if value < 0.0 { "\u{2212}" } else { "" };
    let decimals = |unit: f64| (-libm::log10(step / unit) - 1e-9).ceil().clamp(0.0, 2.0) as usize;
    if size >= 1e6 || (size == 0.0 && step >= 1e5) {
        format!("{sign}£{:.*}m", decimals(1e6), size / 1e6)
    } else if size >= 1e3 {
        format!("{sign}£{:.0}k", size / 1e3)
    } else {
        format!("{sign}£{size:.0}")
    }
}

/// One percentile of a band.
pub(super) fn level(band: &Band, level: usize) -> String {
    amount(
        band.series.unit,
        band.percentiles[level],
        band.percentile_se[level],
    )
}

/// The number of children that [`level`] tells.
pub(super) fn told_children(band: &Band, level: usize) -> f64 {
    whole_steps(
        band.percentiles[level],
        round_step(band.percentile_se[level]),
    )
}

/// The mean of a band.
pub(super) fn mean(band: &Band) -> String {
    amount(band.series.unit, band.mean, band.mean_se)
}

/// From one percentile to another: "282 to 353".
pub(super) fn range(band: &Band, low: usize, high: usize) -> String {
    format!("{} to {}", level(band, low), level(band, high))
}

/// "31 March 2019".
pub(super) fn day(date: Date) -> String {
    date.format("%-d %B %Y").to_string()
}

/// "31 Mar 2019", which no line break parts.
pub(super) fn short_day(date: Date) -> String {
    date.format("%-d\u{a0}%b\u{a0}%Y").to_string()
}

/// A round value beside a scale: no digit more than it needs.
pub(super) fn tick(unit: Unit, value: f64) -> String {
    let text = exact(unit, value);
    match text.strip_suffix('m') {
        Some(number) if number.contains('.') => {
            format!("{}m", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

/// The number of a likelihood without its word: "about 27 in 100".
pub(super) fn odds(words: &str) -> String {
    let odds = words.split_once(", ").map_or(words, |(odds, _)| odds);
    odds.trim_end_matches(" runs").to_owned()
}

/// The word of a likelihood, as a sentence opens with it.
pub(super) fn opening(words: &str) -> Option<String> {
    let (_, word) = words.split_once(", ")?;
    let article = matches!(word, "remote chance" | "realistic possibility");
    Some(match (article, word) {
        (true, word) => format!("A {word}"),
        (false, word) => capital(word),
    })
}

/// The text with its first letter in capitals.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// What the futures that meet a target do: "hold 247 children or fewer on 31
/// March 2019".
pub(super) fn promise(result: &TargetResult) -> String {
    let target = &result.target;
    let limit = exact(result.unit, target.threshold);
    let side = match (target.direction, result.unit) {
        (Direction::AtMost, Unit::Pounds) => "or less",
        (Direction::AtMost, _) => "or fewer",
        (Direction::AtLeast, _) => "or more",
    };
    let what = match (target.metric.as_str(), target.segment_by.as_str()) {
        ("population", "all") => format!("have {limit} children {side} in care"),
        ("population", by) => {
            format!(
                "have {limit} children {side} in care with {by} “{}”",
                target.segment
            )
        }
        ("spend", "all") => format!("spend {limit} {side}"),
        ("spend", _) => format!("spend {limit} {side} on “{}”", target.segment),
        ("saving_net", "all") => format!("save {limit} {side} (net)"),
        ("saving_gross", "all") => format!("save {limit} {side} (gross)"),
        (metric, by) => {
            let segment = match by {
                "all" => String::new(),
                _ => format!(" by {by} “{}”", target.segment),
            };
            format!("have {} of {limit} {side}{segment}", spoken(metric))
        }
    };
    format!("{what} {}", when(result))
}

/// A metric as people say it: "rate per 10,000".
fn spoken(metric: &str) -> String {
    metric.replace("10000", "10,000").replace('_', " ")
}

/// When a target must hold.
pub(super) fn when(result: &TargetResult) -> String {
    let target = &result.target;
    let is_stock = matches!(
        target.metric.as_str(),
        "population" | "rate_per_10000" | "waiting" | "pathway_cases" | "population_change"
    );
    let closes_year = financial_year_end(target.date) == target.date;
    match (target.test, is_stock || !closes_year) {
        (Test::OnDate, true) => format!("on {}", day(target.date)),
        (Test::OnDate, false) => format!("in {}", financial_year_name(target.date)),
        (Test::EverBy, true) => format!("at some month end by {}", day(target.date)),
        (Test::EverBy, false) => format!("in some year up to {}", financial_year_name(target.date)),
    }
}

/// What must hold, in short: "at most 247 on 31 Mar 2019".
pub(super) fn short_promise(result: &TargetResult) -> String {
    let target = &result.target;
    let metric = match (target.metric.as_str(), target.segment_by.as_str()) {
        ("population", "all") => String::new(),
        (metric, "all") => format!("{} ", spoken(metric)),
        (metric, by) => format!("{} by {by} “{}” ", spoken(metric), target.segment),
    };
    let when = when(result).replace(&day(target.date), &short_day(target.date));
    format!("{metric}{} {when}", limit(result))
}

/// A threshold with its side and unit: "at most 247".
pub(super) fn limit(result: &TargetResult) -> String {
    let side = result.target.direction.word().replace('_', " ");
    format!("{side} {}", exact(result.unit, result.target.threshold))
}

/// A number to three digits, as one writes it.
pub(super) fn digits(value: f64) -> String {
    let size = value.abs();
    let decimals = match size {
        _ if size >= 99.95 || size == 0.0 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    if decimals == 0 {
        grouped(value)
    } else {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// An address as people say it.
pub(super) fn plain(address: &str) -> String {
    address.replace(['.', '_'], " ")
}

/// Things named one after the other: "a, b and c".
pub(super) fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::likelihood_words;

    #[test]
    fn numbers_have_no_more_digits_than_their_error_allows() {
        assert_eq!(amount(Unit::Children, 314.6, 0.3), "315");
        assert_eq!(amount(Unit::Children, 314.6, 1.4), "314");
        assert_eq!(amount(Unit::Children, 314.6, 3.0), "315");
        assert_eq!(amount(Unit::Children, 314.6, 8.0), "310");
        assert_eq!(amount(Unit::ChildrenPer10000, 84.26, 0.03), "84.3");
        assert_eq!(amount(Unit::Children, -0.2, 0.1), "0");
    }

    #[test]
    fn money_is_in_millions_or_thousands() {
        assert_eq!(amount(Unit::Pounds, 16_412_345.0, 9_000.0), "£16.4m");
        assert_eq!(amount(Unit::Pounds, 16_412_345.0, 900_000.0), "£16m");
        assert_eq!(amount(Unit::Pounds, 7_412_345.0, 4_000.0), "£7.41m");
        assert_eq!(amount(Unit::Pounds, -115_432.0, 1_200.0), "−£116k");
        assert_eq!(amount(Unit::Pounds, 61_040.0, 200.0), "£61k");
        assert_eq!(tick(Unit::Pounds, 14e6), "£14m");
        assert_eq!(amount(Unit::Pounds, 999_999.0, 1.0), "£1.00m");
        assert_eq!(amount(Unit::Pounds, 0.0, 0.0), "£0");
        assert_eq!(exact(Unit::Pounds, 14_230_600.0), "£14.2m");
    }

    #[test]
    fn a_likelihood_parts_into_number_and_word() {
        let words = likelihood_words(27, 10_000);
        assert_eq!(odds(&words), "about 3 in 1,000");
        assert_eq!(opening(&words).unwrap(), "A remote chance");
        assert_eq!(odds(&likelihood_words(0, 10_000)), "fewer than 1 in 1,000");
        assert_eq!(
            opening(&likelihood_words(2_700, 10_000)).unwrap(),
            "Unlikely"
        );
        assert_eq!(opening("too few runs to say"), None);
    }

    #[test]
    fn numbers_have_three_digits() {
        let found = [47_999.4, 96.44, 0.7913, 1.0, 0.0, 12.345].map(digits);
        assert_eq!(found, ["47,999", "96.4", "0.791", "1", "0", "12.3"]);
    }

    #[test]
    fn lists_read_as_a_sentence() {
        let names = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&names), "a, b and c");
        assert_eq!(list(&names[..1]), "a");
    }
}

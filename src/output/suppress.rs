//! Small counts withheld on request, so that no child can be told from a table.
//!
//! A count from 1 to 5 is withheld. Where the counts shown and their total
//! would still give it away, another is withheld with it. The report withholds
//! what was observed alone: a simulated child is nobody. Tables for publication
//! withhold breakdowns of the forecast too, whose first month is nearly what was
//! observed.

use crate::config::paper::History;
use crate::forecast::{Band, ScenarioForecast};
use crate::model::layout::Unit;
use crate::units::Date;
use std::collections::{BTreeMap, BTreeSet};

/// What stands for a withheld number.
pub const WITHHELD: &str = "[c]";

/// Counts from 1 to this are small.
const LARGEST_SMALL: f64 = 5.0;

/// Whether a count, rounded to whole children, is small enough to tell of
/// single ones.
pub fn is_small(count: f64) -> bool {
    (1.0..=LARGEST_SMALL).contains(&count.round())
}

/// Counts that add up to a total, as they may be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The counts; none where withheld.
    pub counts: Vec<Option<f64>>,
    /// Their total; none where withheld.
    pub total: Option<f64>,
}

impl Shown {
    /// Everything.
    pub fn all(counts: &[f64]) -> Self {
        Self {
            counts: counts.iter().copied().map(Some).collect(),
            total: Some(counts.iter().sum()),
        }
    }

    /// What may be shown of counts whose total may be shown.
    ///
    /// Withheld are counts from 1 to 5; then, as long as the total less what
    /// is shown gives the withheld ones away (there is only one of them, or
    /// each must be 1), the next smallest count, a 0 if nothing else is left;
    /// in the end the total. A total from 1 to 5 is withheld with all its parts.
    pub fn safe(counts: &[f64]) -> Self {
        let mut shown = Self::all(counts);
        let total: f64 = counts.iter().sum();
        if is_small(total) {
            return Self {
                counts: vec![None; counts.len()],
                total: None,
            };
        }
        for count in &mut shown.counts {
            *count = count.filter(|&count| !is_small(count));
        }
        while shown.gives_away(counts) {
            let rest = shown.counts.iter().enumerate();
            let next = rest
                .filter_map(|(index, count)| Some((index, (*count)?)))
                .min_by(|a, b| (a.1 == 0.0).cmp(&(b.1 == 0.0)).then(a.1.total_cmp(&b.1)));
            match next {
                Some((index, _)) => shown.counts[index] = None,
                None => {
                    shown.total = None;
                    break;
                }
            }
        }
        shown
    }

    /// Whether the withheld counts follow from the total.
    fn gives_away(&self, counts: &[f64]) -> bool {
        let withheld = self.counts.iter().zip(counts);
        let withheld: Vec<f64> = withheld
            .filter(|(shown, _)| shown.is_none())
            .map(|(_, &count)| count)
            .collect();
        let sum: f64 = withheld.iter().sum();
        // Nobody is told a withheld 0, so that each is thought to be 1 or more.
        withheld.len() == 1 || (!withheld.is_empty() && sum <= withheld.len() as f64)
    }
}

/// Observed rows without their small counts.
///
/// Stock is the stock before plus entries less exits, so that any one of them
/// follows from the others: a small entry or exit takes the other with it, and
/// a small stock the entries and exits before and after it.
pub fn history(rows: &[History]) -> Vec<History> {
    let small = |count: Option<f64>| count.is_some_and(is_small);
    let mut shown = rows.to_vec();
    for (index, row) in rows.iter().enumerate() {
        let stock_is_small = small(row.population);
        let before_is_small = index > 0 && small(rows[index - 1].population);
        let flow_is_small = small(row.admissions) || small(row.exits);
        if stock_is_small {
            shown[index].population = None;
        }
        if stock_is_small || before_is_small || flow_is_small {
            shown[index].admissions = None;
            shown[index].exits = None;
        }
    }
    shown
}

/// Indices of the bands of a scenario that are withheld: breakdowns of children
/// or families whose median is small. Totals are not.
pub fn withheld_bands(forecast: &ScenarioForecast) -> BTreeSet<usize> {
    type Breakdown<'a> = (&'a str, &'a str, &'a str, Date);
    let mut breakdowns: BTreeMap<Breakdown, (Vec<usize>, Vec<f64>)> = BTreeMap::new();
    for (index, band) in forecast.bands.iter().enumerate() {
        let (metric, segment_by, _, period) = band.key();
        if is_breakdown(band) {
            let of_same = breakdowns.entry((metric, segment_by, period, band.date));
            let (indices, medians) = of_same.or_default();
            indices.push(index);
            medians.push(band.percentiles[3]);
        }
    }
    let mut found = BTreeSet::new();
    for (indices, medians) in breakdowns.into_values() {
        let shown = Shown::safe(&medians).counts;
        let withheld = indices.into_iter().zip(shown);
        found.extend(withheld.filter_map(|(index, shown)| shown.is_none().then_some(index)));
    }
    found
}

fn is_breakdown(band: &Band) -> bool {
    let is_count = matches!(band.series.unit, Unit::Children | Unit::Families);
    is_count && !band.series.is_total()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Date;

    fn safe(counts: &[f64]) -> (Vec<Option<f64>>, Option<f64>) {
        let shown = Shown::safe(counts);
        (shown.counts, shown.total)
    }

    #[test]
    fn large_counts_and_zeros_are_shown() {
        let (counts, total) = safe(&[66.0, 0.0, 182.0]);
        assert_eq!(counts, [Some(66.0), Some(0.0), Some(182.0)]);
        assert_eq!(total, Some(248.0));
    }

    #[test]
    fn a_single_small_count_takes_the_next_smallest_with_it() {
        // 2 of 308 would be 308 − 68 − 32 − 186 − 20; with 20 withheld, 22 may
        // be 2 + 20 or 3 + 19 and so on.
        let (counts, total) = safe(&[68.0, 32.0, 186.0, 20.0, 2.0]);
        assert_eq!(counts, [Some(68.0), Some(32.0), Some(186.0), None, None]);
        assert_eq!(total, Some(308.0));
    }

    #[test]
    fn a_count_is_small_as_it_is_when_rounded() {
        // Medians of futures may lie half-way: 5.4 is shown as 5, 5.5 as 6.
        assert!(is_small(0.5) && is_small(5.4));
        assert!(!is_small(0.4) && !is_small(5.5));
        assert_eq!(safe(&[5.4, 6.5, 80.0]).0, [None, None, Some(80.0)]);
    }

    #[test]
    fn two_small_counts_hide_each_other() {
        // 7 may be 2 + 5, 3 + 4, ...
        let (counts, _) = safe(&[100.0, 3.0, 4.0]);
        assert_eq!(counts, [Some(100.0), None, None]);
    }

    #[test]
    fn two_ones_do_not_hide_each_other() {
        // 102 − 100 = 2 can only be 1 + 1, so the 100 goes too: 102 in three.
        let (counts, total) = safe(&[100.0, 1.0, 1.0]);
        assert_eq!((counts, total), (vec![None; 3], Some(102.0)));
    }

    #[test]
    fn where_only_zeros_are_left_one_of_them_hides_the_count() {
        // 8 + 3 with the 8 withheld too: 11 may be any two.
        assert_eq!(safe(&[0.0, 8.0, 3.0]).0, [Some(0.0), None, None]);
        // A total of 3 is itself small.
        assert_eq!(safe(&[0.0, 3.0]), (vec![None, None], None));
    }

    #[test]
    fn what_is_withheld_never_follows_from_the_total() {
        // Every group of four counts up to 8: no withheld small count is the
        // only one that fits what is shown, for a reader who knows the rules
        // but for how a second count is chosen.
        let groups = (0..9_usize.pow(4)).map(|code| {
            let digit = |place: u32| (code / 9_usize.pow(place) % 9) as f64;
            [digit(0), digit(1), digit(2), digit(3)]
        });
        for counts in groups {
            let shown = Shown::safe(&counts);
            let withheld = shown.counts.iter().filter(|count| count.is_none()).count();
            let is_there = counts.iter().any(|&count| is_small(count));
            assert!(withheld > 0 || !is_there, "{counts:?}");
            let Some(total) = shown.total else { continue };
            let rest = total - shown.counts.iter().flatten().sum::<f64>();
            assert!(
                withheld != 1 && (withheld == 0 || rest > withheld as f64),
                "{counts:?}"
            );
        }
    }

    #[test]
    fn a_small_flow_or_stock_takes_what_would_give_it_away() {
        let row = |year, population, admissions, exits| History {
            date: Date::from_ymd_opt(year, 3, 31).unwrap(),
            population: Some(population),
            admissions: Some(admissions),
            exits: Some(exits),
        };
        // 20 + 4 − 8 = 16; 16 + 6 − 18 = 4; 4 + 9 − 6 = 7; 7 + 8 − 7 = 8.
        let rows = [
            row(2014, 16.0, 4.0, 8.0),
            row(2015, 4.0, 6.0, 18.0),
            row(2016, 7.0, 9.0, 6.0),
            row(2017, 8.0, 8.0, 7.0),
        ];
        let shown = history(&rows);
        assert_eq!((shown[0].population, shown[0].exits), (Some(16.0), None));
        assert_eq!((shown[1].population, shown[1].admissions), (None, None));
        // 7 + exits − admissions would be the 4 before.
        assert_eq!(
            (shown[2].population, shown[2].admissions),
            (Some(7.0), None)
        );
        assert_eq!(shown[3], rows[3]);
    }
}

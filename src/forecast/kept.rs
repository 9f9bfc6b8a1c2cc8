//! What goes into the file of replicates, and in what order.

use super::columns::{Entry, Scale, ScenarioColumns, SeriesName};
use crate::model::layout::{Kind, Period};
use crate::units::Date;

/// Which series go into the file of replicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Totals of every metric: stocks at month ends, flows by financial year.
    Headlines,
    /// Every series.
    All,
}

/// All dates of one series in one kind of period, for some replicates, in whole
/// numbers.
#[derive(Debug, Clone, Copy)]
pub struct Group<'a> {
    /// What it is about.
    pub series: &'a SeriesName,
    /// Word of the kind of period.
    pub period: &'a str,
    /// The first of the replicates.
    pub first: usize,
    /// One column for each date, in order of date and with as many replicates.
    pub columns: &'a [WholeColumn],
}

/// The whole numbers of one date, and what they are written as.
#[derive(Debug, Clone)]
pub struct WholeColumn {
    /// Last day of the period.
    pub date: Date,
    /// What a whole number is written as.
    pub scale: Scale,
    /// Children or pence, `[replicates]`.
    pub wholes: Vec<i64>,
}

impl ScenarioColumns<'_> {
    /// Hands over the groups of the file of replicates, in its order and some
    /// replicates at a time. The room of their columns is used again.
    ///
    /// # Errors
    /// What `take` refuses a group with.
    pub fn each_group<E>(
        &self,
        keep: Keep,
        mut take: impl FnMut(Group<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let is_headline = |entry: &Entry, period: &Period| {
            entry.kind == Kind::Stock || matches!(period, Period::FinancialYear(_))
        };
        let mut room = Vec::new();
        for entry in self.catalogue().entries() {
            if keep == Keep::Headlines && !entry.name.is_total() {
                continue;
            }
            let mut periods = self.catalogue().periods(entry);
            periods.retain(|period| keep == Keep::All || is_headline(entry, period));
            let months = periods.partition_point(|p| matches!(p, Period::FinancialYear(_)));
            let (years, months) = periods.split_at(months);
            for periods in [years, months] {
                let Some(first_period) = periods.first() else {
                    continue;
                };
                let column = |&period| WholeColumn {
                    date: self.catalogue().date(period),
                    scale: self.catalogue().scale(entry, period),
                    wholes: Vec::new(),
                };
                let mut columns: Vec<WholeColumn> = periods.iter().map(column).collect();
                self.in_pieces(entry, periods, &mut room, |first, pieces| {
                    swap(&mut columns, pieces);
                    let taken = take(Group {
                        series: &entry.name,
                        period: first_period.word(),
                        first,
                        columns: &columns,
                    });
                    swap(&mut columns, pieces);
                    taken
                })?;
            }
        }
        Ok(())
    }
}

/// Puts values into columns, or takes them out again.
fn swap(columns: &mut [WholeColumn], pieces: &mut [Vec<i64>]) {
    for (column, piece) in columns.iter_mut().zip(pieces) {
        std::mem::swap(&mut column.wholes, piece);
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_run::{layout, tiles};
    use super::super::{Catalogue, Comparison, Context};
    use super::*;

    /// Metric, kind of period, columns of whole numbers.
    type Found = (SeriesName, String, Vec<Vec<i64>>);

    fn groups(columns: &ScenarioColumns, keep: Keep) -> Vec<Found> {
        let mut groups = Vec::new();
        let taken = columns.each_group(keep, |group| {
            assert!(group.columns.is_sorted_by(|a, b| a.date < b.date));
            let wholes = group.columns.iter().map(|column| column.wholes.clone());
            let (series, period) = (group.series.clone(), group.period.to_owned());
            groups.push((series, period, wholes.collect()));
            Ok::<(), std::convert::Infallible>(())
        });
        taken.expect("nothing is refused");
        groups
    }

    #[test]
    fn groups_come_in_pieces_without_a_seam() {
        let (layout, replicates) = (layout(), 40_003);
        let base = tiles(replicates, |replicate, month| {
            (replicate % 7 + month) as i32
        });
        let run = tiles(replicates, |replicate, _| (replicate % 11) as i32);
        let comparison = Comparison::new(&layout, &base);
        let catalogue = Catalogue::new(&layout, &Context::default());
        let columns = ScenarioColumns::new(&catalogue, &run, &comparison);
        let (mut pieces, mut all) = (0, 0);
        let taken = columns.each_group(Keep::All, |group| {
            let (metric, segment_by, segment) = group.series.key();
            let catalogue = columns.catalogue();
            let entry = catalogue.find(metric, segment_by, segment).unwrap();
            for column in group.columns {
                let is_it =
                    |p: &Period| p.word() == group.period && catalogue.date(*p) == column.date;
                let period = catalogue.periods(entry).into_iter().find(is_it).unwrap();
                let whole = columns.whole(entry, period).values;
                assert_eq!(
                    column.wholes[..],
                    whole[group.first..][..column.wholes.len()]
                );
                all += column.wholes.len();
            }
            pieces += usize::from(group.first > 0);
            Ok::<(), std::convert::Infallible>(())
        });
        taken.expect("nothing is refused");
        assert!(pieces > 0 && all.is_multiple_of(replicates));
    }

    #[test]
    fn headline_groups_are_the_totals_in_file_order() {
        let layout = layout();
        let run = tiles(3, |replicate, _| replicate as i32);
        let comparison = Comparison::new(&layout, &run);
        let catalogue = Catalogue::new(&layout, &Context::default());
        let columns = ScenarioColumns::new(&catalogue, &run, &comparison);
        let groups = groups(&columns, Keep::Headlines);
        let words: Vec<(&str, &str, usize)> = groups
            .iter()
            .map(|(series, period, columns)| (&*series.metric, &**period, columns.len()))
            .collect();
        assert_eq!(words[0], ("admissions", "financial_year", 2));
        assert_eq!(words[1], ("population", "month", 4));
        assert!(groups.iter().all(|(series, ..)| series.is_total()));
        assert_eq!(groups[1].2[0], [0, 1, 2]);
        let all = self::groups(&columns, Keep::All);
        assert!(all.len() > groups.len());
        // Room that was used before holds nothing of it.
        let mut lengths = all
            .iter()
            .flat_map(|(.., columns)| columns.iter().map(Vec::len));
        assert!(lengths.all(|length| length == 3));
    }
}

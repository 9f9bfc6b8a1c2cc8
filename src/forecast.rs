//! Statistics over replicates: bands, targets and savings.
//!
//! Takes the whole numbers of a run (children, pence) and turns them into
//! what is said about it. A band is a prediction interval: the range across
//! replicates. Its Monte Carlo standard errors are kept apart from it. Writing
//! any of this to files is left to `output`.

mod abreast;
pub mod bands;
pub mod baselines;
pub mod columns;
pub mod hindcasts;
pub mod kept;
pub mod quantiles;
pub mod risks;
pub mod savings;
pub mod scores;
pub mod targets;
pub mod variance;

pub use bands::{Band, Bands};
pub use columns::{ActualToDate, Catalogue, Column, Context, ScenarioColumns, SeriesName};
pub use kept::Keep;
pub use quantiles::LEVELS;
pub use savings::Comparison;
pub use targets::{
    Direction, Target, TargetError, TargetResult, Test, likelihood_words, yardstick,
};
pub use variance::{Share, parameter_share};

use rayon::prelude::*;

/// What the replicates of one scenario say.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioForecast {
    /// Name of the scenario.
    pub scenario: String,
    /// A band for every series and period.
    pub bands: Bands,
    /// One result for each target, in the order of the targets.
    pub targets: Vec<TargetResult>,
}

/// Bands and targets of one scenario.
///
/// # Panics
/// For a target that [`Catalogue::check`] refuses.
pub fn forecast_scenario(
    scenario: &str,
    columns: &ScenarioColumns,
    targets: &[Target],
) -> ScenarioForecast {
    let targets = targets.par_iter();
    ScenarioForecast {
        scenario: scenario.to_owned(),
        bands: Bands::of_all(columns),
        targets: targets
            .map(|target| targets::judge(columns, target))
            .collect(),
    }
}

#[cfg(test)]
pub(crate) mod test_run {
    //! A tiny run with hand-set tallies, for the tests of this room.

    use crate::calendar::Calendar;
    use crate::engine::tiles::{OpenTile, Room, TILE, Tiles};
    use crate::model::layout::{Kind, Layout, Series, Unit};
    use crate::units::Date;

    pub fn date(year: i32, month: u32, day: u32) -> Date {
        Date::from_ymd_opt(year, month, day).expect("a test names real dates")
    }

    /// 31 December 2017 to 30 April 2018: four months, two part-years.
    pub fn layout() -> Layout {
        let calendar = Calendar::new(date(2017, 12, 31), date(2018, 4, 30), &[]);
        Layout::new(
            calendar,
            vec![
                Series::total("spend", Unit::Pounds, Kind::Flow),
                Series::part("spend", "category", "placements", Unit::Pounds, Kind::Flow),
                Series::total("population", Unit::Children, Kind::Stock),
                Series::total("admissions", Unit::Children, Kind::Flow),
            ],
        )
    }

    /// Replicate r has `children(r, month)` in care, twice as many admissions,
    /// placements at £1 a child and another £1 of fees for each.
    pub fn tiles(replicates: usize, children: impl Fn(usize, usize) -> i32) -> Tiles {
        let layout = layout();
        let months = layout.calendar().months();
        let (mut open, mut room) = (OpenTile::zeros(&layout), Room::default());
        let tile = |from: usize| {
            let to = replicates.min(from + TILE);
            for replicate in from..to {
                let population: Vec<i32> = (0..months).map(|m| children(replicate, m)).collect();
                let admissions = population.iter().map(|count| 2 * count);
                let counts: Vec<i32> = population.iter().copied().chain(admissions).collect();
                let pence = |factor: i64| population.iter().map(move |&c| i64::from(c) * factor);
                let pence: Vec<i64> = pence(200).chain(pence(100)).collect();
                open.store(replicate - from, &counts, &pence);
            }
            open.close(to - from, &mut room)
        };
        let tiles = (0..replicates).step_by(TILE).map(tile);
        Tiles::new(replicates, tiles.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::test_run::{date, layout, tiles};
    use super::*;
    use crate::model::layout::Period;

    fn forecast(context: &Context) -> ScenarioForecast {
        let layout = layout();
        let plan = tiles(40, |replicate, month| (replicate + month) as i32);
        let base = tiles(40, |replicate, month| (replicate + month) as i32 + 5);
        let comparison = Comparison::new(&layout, &base);
        let catalogue = Catalogue::new(&layout, context);
        let columns = ScenarioColumns::new(&catalogue, &plan, &comparison);
        forecast_scenario("plan", &columns, context.targets)
    }

    #[test]
    fn rows_are_sorted_as_the_file_wants_them() {
        let population = vec![Some(20_000.0); 4];
        let context = Context {
            child_population: &population,
            ..Context::default()
        };
        let bands = forecast(&context).bands;
        let sorted = bands.iter().is_sorted_by_key(|band| {
            let series = &band.series;
            (
                series.metric.clone(),
                series.segment_by.clone(),
                series.segment.clone(),
                band.period.word(),
                band.date,
            )
        });
        assert!(sorted);
        let mut metrics: Vec<&str> = bands.iter().map(|b| b.series.metric.as_str()).collect();
        metrics.dedup();
        assert_eq!(
            metrics,
            [
                "admissions",
                "population",
                "population_change",
                "rate_per_10000",
                "saving_gross",
                "saving_net",
                "spend"
            ]
        );
    }

    #[test]
    fn bands_are_found_by_series_and_by_key() {
        let all = forecast(&Context::default()).bands;
        assert_eq!(all, all.iter().cloned().collect());
        assert_eq!(all.len(), all.by_series().flatten().count());
        // The five flows have months and years, stocks months alone.
        let keys: Vec<_> = all
            .by_key()
            .map(|bands| (bands[0].key(), bands.len()))
            .collect();
        let of = |metric, period| ((metric, "all", "all", period), 4);
        assert_eq!(
            keys[..2],
            [
                (of("admissions", "financial_year").0, 2),
                of("admissions", "month")
            ]
        );
        assert_eq!(keys.len(), all.by_series().count() + 5);
        for ((metric, segment_by, segment, period), count) in keys {
            let found = all.of(metric, segment_by, segment, period);
            assert_eq!(found.count(), count, "{metric} {segment} {period}");
        }
        assert_eq!(all.of("admissions", "all", "some", "month").count(), 0);
    }

    #[test]
    fn a_financial_year_sums_replicates_before_taking_percentiles() {
        let forecast = forecast(&Context::default());
        // January to March hold r, r + 1 and r + 2 children at £2: 6r + 6.
        let band = forecast
            .bands
            .of("spend", "all", "all", "financial_year")
            .next()
            .unwrap();
        assert_eq!(band.date, date(2018, 3, 31));
        assert_eq!(band.percentiles[3], 6.0 * 19.5 + 6.0);
        assert_eq!(band.mean, 6.0 * 19.5 + 6.0);
    }

    #[test]
    fn savings_are_paired_replicate_by_replicate() {
        let forecast = forecast(&Context::default());
        let first = |metric| {
            let mut bands = forecast.bands.of(metric, "all", "all", "month");
            bands.next().expect("every metric has months")
        };
        // Always five children fewer, at £1 of placement and £2 in all.
        assert_eq!(
            (first("saving_gross").mean, first("saving_gross").sd),
            (5.0, 0.0)
        );
        assert_eq!(first("saving_net").mean, 10.0);
        assert_eq!(first("population_change").mean, -5.0);
    }

    #[test]
    fn actuals_to_date_complete_the_first_financial_year_alone() {
        let actuals = [ActualToDate {
            metric: "spend".into(),
            segment_by: "all".into(),
            segment: "all".into(),
            pence: 100_000,
        }];
        let context = Context {
            actuals_to_date: &actuals,
            ..Context::default()
        };
        let (with, without) = (forecast(&context), forecast(&Context::default()));
        let years = |forecast: &ScenarioForecast, metric| -> Vec<f64> {
            let bands = forecast.bands.of(metric, "all", "all", "financial_year");
            bands.map(|band| band.mean).collect()
        };
        assert_eq!(
            years(&with, "spend")[0],
            years(&without, "spend")[0] + 1000.0
        );
        assert_eq!(years(&with, "spend")[1], years(&without, "spend")[1]);
        assert_eq!(years(&with, "saving_net"), years(&without, "saving_net"));
    }

    #[test]
    fn rates_are_left_out_where_the_child_population_is_unknown() {
        let population = vec![None, Some(10_000.0), None, None];
        let context = Context {
            child_population: &population,
            ..Context::default()
        };
        let forecast = forecast(&context);
        let rates: Vec<&Band> = forecast
            .bands
            .of("rate_per_10000", "all", "all", "month")
            .collect();
        assert_eq!(rates.len(), 1);
        assert_eq!(rates[0].period, Period::Month(1));
        assert_eq!(rates[0].mean, 20.5);
    }

    #[test]
    fn more_threads_change_nothing() {
        let once = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("a small pool starts")
                .install(|| forecast(&Context::default()))
        };
        assert_eq!(once(1), once(3));
    }
}

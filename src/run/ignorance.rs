//! How much of the main figure's spread is ignorance, and how much chance.

use super::{Extent, Plan, RunError};
use crate::engine::tiles::Tiles;
use crate::engine::{Chance, Progress, Stopped, run_replicates};
use crate::forecast::variance::{Share, parameter_share};
use crate::luck::Seed;
use crate::model::layout::{Kind, Period};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::Ordering;

/// How much of a figure's uncertainty is ignorance, and how much chance.
#[derive(Debug, Clone, PartialEq)]
pub struct Ignorance {
    /// Scenario.
    pub scenario: String,
    /// What the figure is, in words.
    pub figure: String,
    /// Share of its variance that uncertain parameters cause.
    pub share: Option<Share>,
}

/// Fewest and most pairs of futures that part ignorance from chance.
const PAIRS: Range<u32> = 200..1_000;

/// Values of the main figure in as many replicates as are paired.
pub(super) fn main_values(plan: &Plan, extent: &Extent, tiles: &Tiles) -> Vec<f64> {
    let (series, period) = main_figure(plan);
    let column = tiles.column(plan.layout(), series, period);
    let values = column.into_iter().map(|value| value as f64);
    values.take(pairs(extent) as usize).collect()
}

/// Number of replicates that are paired, if there are so many.
fn pairs(extent: &Extent) -> u32 {
    (extent.replicates.len() as u32 / 10).clamp(PAIRS.start, PAIRS.end)
}

/// Plays a second future under the parameters of some replicates of the main
/// scenario, to part what we do not know from what is chance: `own` are the
/// [`main_values`] of the first.
pub(super) fn ignorance(
    plan: &Plan,
    extent: &Extent,
    own: &[f64],
    progress: &Progress,
) -> Result<Ignorance, RunError> {
    let index = plan.main_scenario();
    let model = &plan.models[index];
    let layout = plan.layout();
    let (series, period) = main_figure(plan);
    let range = extent.replicates.start..extent.replicates.start + pairs(extent);
    let figure = format!(
        "{} on {}",
        layout.series()[series].metric,
        layout.period_date(period).format("%-d %B %Y")
    );
    let scenario = model.scenario.clone();
    if model.is_certain {
        // Where every number is known, all of the spread is chance.
        return Ok(Ignorance {
            scenario,
            figure,
            share: Some(Share {
                share: 0.0,
                standard_error: 0.0,
            }),
        });
    }
    if range.end > extent.replicates.end {
        return Ok(Ignorance {
            scenario,
            figure,
            share: None,
        });
    }
    let play = |chance: Chance| -> Result<Vec<f64>, Stopped> {
        if progress.stop.load(Ordering::Relaxed) {
            return Err(Stopped);
        }
        let uncounted = Progress::default();
        let (numbers, seed) = (&plan.numbers, Seed(extent.seed));
        let tiles = run_replicates(model, numbers, seed, range.clone(), chance, &uncounted)?;
        Ok(main_values(plan, extent, &tiles))
    };
    // The main scenario need not be one of the run.
    let own = match extent.scenarios.contains(&index) {
        true => Cow::from(own),
        false => Cow::from(play(Chance::Own)?),
    };
    Ok(Ignorance {
        scenario,
        figure,
        share: parameter_share(&own, &play(Chance::Twin)?),
    })
}

/// The series and period that the main target speaks of, or the population at
/// the end.
fn main_figure(plan: &Plan) -> (usize, Period) {
    let layout = plan.layout();
    let population = layout
        .find("population", "all", "all")
        .expect("every model counts its population");
    let last = Period::Month(layout.calendar().months() - 1);
    let Some(target) = plan.main_target().map(|index| &plan.targets[index]) else {
        return (population, last);
    };
    let series = layout
        .find(&target.metric, &target.segment_by, &target.segment)
        .unwrap_or(population);
    let month = layout
        .calendar()
        .month_ending(target.date)
        .map(Period::Month);
    let year = layout
        .calendar()
        .financial_year_ending(target.date)
        .map(Period::FinancialYear);
    let period = match layout.series()[series].kind {
        Kind::Stock => month,
        Kind::Flow => year.or(month),
    };
    (series, period.unwrap_or(last))
}

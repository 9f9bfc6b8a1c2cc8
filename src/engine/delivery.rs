//! Which workstreams are delivered in a replicate, from which day, and what
//! they make of the numbers they change.

use crate::calendar::{Calendar, Segment};
use crate::engine::life::day_of;
use crate::luck::{Luck, Purpose, uniform};
use crate::model::Model;
use crate::model::numbers::Values;
use crate::model::workstreams::{Affine, WorkstreamModel, changed_units};

/// Longest delay, in days: beyond any forecast.
const LONGEST_DELAY: f64 = 1e6;

/// What becomes of a model's workstreams in one replicate.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Day from which each workstream works; none where it is not delivered.
    pub starts: Vec<Option<i32>>,
    /// Share of each one's effect, `[segment][workstream]`; empty where nothing
    /// is delivered before the horizon.
    shares: Vec<Vec<f64>>,
    /// Change of each lever, `[segment][lever]`, empty likewise.
    changes: Vec<Vec<Affine>>,
}

impl Delivery {
    /// Draws them: one uniform says whether a workstream is delivered, another
    /// how late. Both hang on its name alone, so that it is delivered in the
    /// same futures in every scenario and beside any other workstreams.
    pub fn draw(model: &Model, parameters: &[f64], luck: &Luck) -> Self {
        let values = Values::of(parameters, &model.levers);
        let starts: Vec<Option<i32>> = model
            .workstreams
            .iter()
            .map(|workstream| start(model, workstream, values, luck))
            .collect();
        let horizon = model.calendar().horizon();
        if !starts.iter().flatten().any(|&start| start <= horizon) {
            return Self {
                starts,
                shares: Vec::new(),
                changes: Vec::new(),
            };
        }
        let segments = model.calendar().segments();
        let shares: Vec<Vec<f64>> = (0..segments.len())
            .map(|segment| {
                shares(model, &starts, |workstream| {
                    stretch(segments, segment, workstream.from_day)
                })
            })
            .collect();
        let changes = shares
            .iter()
            .map(|shares| changes(model, shares, values))
            .collect();
        Self {
            starts,
            shares,
            changes,
        }
    }

    /// Whether any number of the model is changed at some time.
    pub fn changes_something(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Changes of the levers in a segment of the calendar; the last segment's
    /// hold ever after.
    pub fn changes(&self, segment: usize) -> &[Affine] {
        self.changes
            .get(segment.min(self.changes.len().saturating_sub(1)))
            .map_or(&[], Vec::as_slice)
    }

    /// Whether a lever is changed in any segment.
    pub fn changes_lever(&self, lever: usize) -> bool {
        self.changes.iter().any(|changes| !changes[lever].is_none())
    }

    /// Share of a workstream's effect in a segment.
    pub fn share(&self, segment: usize, workstream: usize) -> f64 {
        self.shares
            .get(segment)
            .map_or(0.0, |shares| shares[workstream])
    }

    /// Sizes of a pool by day, in thousandths, after the changes of a lever in
    /// units. The size changes on the days of the base, on the day on which a
    /// workstream starts, and month by month along a ramp.
    pub fn sizes(
        &self,
        model: &Model,
        lever: usize,
        values: Values<'_>,
        base: &[(i32, i64)],
    ) -> Vec<(i32, i64)> {
        let mut days: Vec<i32> = base.iter().map(|(day, _)| *day).collect();
        days.push(0);
        let segments = model.calendar().segments().iter();
        days.extend(segments.filter(|one| !one.is_seam).map(|one| one.first_day));
        let effects = model.levers[lever].effects.iter();
        days.extend(effects.filter_map(|effect| self.starts[effect.workstream]));
        days.sort_unstable();
        days.dedup();
        let end = model.calendar().horizon() + 1;
        days.retain(|day| *day < end);
        days.iter()
            .enumerate()
            .map(|(index, &day)| {
                let next = days.get(index + 1).copied().unwrap_or(end);
                let shares = shares(model, &self.starts, |_| (day, next));
                let before = base.iter().rev().find(|(from, _)| *from <= day);
                let change = model.levers[lever].change(
                    |workstream| shares[workstream],
                    |number| number.value(values),
                );
                (
                    day,
                    changed_units(before.map_or(0, |(_, size)| *size), change),
                )
            })
            .collect()
    }
}

/// The day from which a workstream works, if it is delivered.
fn start(
    model: &Model,
    workstream: &WorkstreamModel,
    values: Values<'_>,
    luck: &Luck,
) -> Option<i32> {
    if !workstream.is_on {
        return None;
    }
    let words = luck.words(workstream.key, Purpose::Delivery, 0, 0);
    if uniform(words[0]) >= workstream.probability.value(values) {
        return None;
    }
    let delay = workstream.slippage.map_or(0.0, |time| {
        let days = time.scale.value(values) * time.factor;
        model.curves[time.curve].days(days, words[1])
    });
    Some(workstream.from_day + day_of(delay.min(LONGEST_DELAY)))
}

/// The days around a segment that a workstream's effect is averaged over: those
/// from one up to, not including, another. Seams of other workstreams do not
/// part them, so that a workstream does not disturb the others.
fn stretch(segments: &[Segment], segment: usize, own_seam: i32) -> (i32, i32) {
    let parts = |one: &Segment| !one.is_seam || one.first_day == own_seam;
    let first = (0..=segment).rev().find(|&one| parts(&segments[one]));
    let next = (segment + 1..segments.len()).find(|&one| parts(&segments[one]));
    (
        segments[first.unwrap_or(0)].first_day,
        segments[next.unwrap_or(segments.len()) - 1].last_day + 1,
    )
}

/// Mean share of each workstream's effect on a stretch of days: from one up to,
/// not including, another.
fn shares(
    model: &Model,
    starts: &[Option<i32>],
    days: impl Fn(&WorkstreamModel) -> (i32, i32),
) -> Vec<f64> {
    model
        .workstreams
        .iter()
        .zip(starts)
        .map(|(workstream, start)| {
            start.map_or(0.0, |start| {
                let (from, until) = days(workstream);
                mean_share(start, workstream.ramp_days, from, until)
            })
        })
        .collect()
}

/// Mean over some days of an effect that rises in a straight line from nothing
/// at its start to the whole when the ramp is over.
fn mean_share(start: i32, ramp_days: f64, from: i32, until: i32) -> f64 {
    let begins = f64::from(start);
    let whole = begins + ramp_days;
    let (from, until) = (f64::from(from), f64::from(until));
    if until <= begins {
        return 0.0;
    }
    if from >= whole {
        return 1.0;
    }
    // Area under the effect up to a time.
    let area = |time: f64| {
        let risen = time.min(whole) - begins;
        let rising = if risen > 0.0 && ramp_days > 0.0 {
            risen * risen / (2.0 * ramp_days)
        } else {
            0.0
        };
        rising + (time - whole).max(0.0)
    };
    (area(until) - area(from)) / (until - from)
}

fn changes(model: &Model, shares: &[f64], values: Values<'_>) -> Vec<Affine> {
    model
        .levers
        .iter()
        .map(|lever| {
            lever.change(
                |workstream| shares[workstream],
                |number| number.value(values),
            )
        })
        .collect()
}

/// Value of a lever by calendar time: each holds until its time, the last ever
/// after.
pub fn steps(
    calendar: &Calendar,
    delivery: &Delivery,
    value: impl Fn(&[Affine]) -> f64,
) -> Vec<(f64, f64)> {
    let mut steps: Vec<(f64, f64)> = Vec::new();
    for (index, segment) in calendar.segments().iter().enumerate() {
        let value = value(delivery.changes(index));
        // Whatever happens up to the end of a day counts on that day.
        let end = f64::from(segment.last_day);
        match steps.last_mut() {
            Some(last) if last.1 == value => last.0 = end,
            _ => steps.push((end, value)),
        }
    }
    steps.last_mut().expect("a forecast has a segment").0 = f64::INFINITY;
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_workstreams_seam_parts_nothing() {
        let segment = |first_day, last_day, is_seam| Segment {
            first_day,
            last_day,
            month: 0,
            year_nights: 365,
            is_seam,
        };
        let segments = [
            segment(1, 9, false),
            segment(10, 19, true),
            segment(20, 30, true),
            segment(31, 60, false),
        ];
        let of =
            |own| -> Vec<(i32, i32)> { (0..4).map(|one| stretch(&segments, one, own)).collect() };
        assert_eq!(of(20), [(1, 20), (1, 20), (20, 31), (31, 61)]);
        assert_eq!(of(0), [(1, 31), (1, 31), (1, 31), (31, 61)]);
    }

    #[test]
    fn a_change_without_ramp_has_the_share_of_the_days_from_its_start() {
        // 30 days from day 1; it works from day 11: 20 of 30.
        assert_eq!(mean_share(11, 0.0, 1, 31), 20.0 / 30.0);
        assert_eq!(mean_share(31, 0.0, 1, 31), 0.0);
        assert_eq!(mean_share(1, 0.0, 1, 31), 1.0);
        assert_eq!(mean_share(-400, 0.0, 1, 31), 1.0);
    }

    #[test]
    fn a_ramp_rises_in_a_straight_line() {
        // From day 11 over 40 days. Days 1 to 30: a triangle of 20 days that
        // reaches 20/40, 5 days' worth of effect in 30.
        assert!((mean_share(11, 40.0, 1, 31) - 5.0 / 30.0).abs() < 1e-12);
        // Days 31 to 60: from 20/40 to 1 by day 51, mean 0.75 over 20 days,
        // and 10 whole days: 25 of 30.
        assert!((mean_share(11, 40.0, 31, 61) - 25.0 / 30.0).abs() < 1e-12);
        assert_eq!(mean_share(11, 40.0, 51, 61), 1.0);
    }
}

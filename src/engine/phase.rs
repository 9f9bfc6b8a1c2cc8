//! The numbers that are looked up on the day of an event: what the panel does,
//! who enters, how a pathway goes, what follows an exit.
//!
//! Without workstreams there is one phase. Each change that a workstream makes
//! to these numbers opens another.

use super::delivery::Delivery;
use crate::model::Model;
use crate::model::clocks::Time;
use crate::model::entries::{Ages, Shares, Stream};
use crate::model::numbers::{Number, Values};
use crate::model::stages::{OnFail, PathwayModel};

/// Numbers that hold over a stretch of the forecast.
#[derive(Debug)]
pub struct Phase {
    /// Streams.
    pub streams: Vec<StreamPhase>,
    /// Panel.
    pub panel: Option<PanelPhase>,
    /// Pathways.
    pub pathways: Vec<PathwayPhase>,
    /// Returns to care: probability and time.
    pub reentries: Vec<(f64, Span)>,
    /// Allowances: share who receive them, and longest time.
    pub allowances: Vec<(f64, Option<Span>)>,
    /// Share of exits that pay each fee.
    pub fee_shares: Vec<f64>,
}

impl Phase {
    fn draw(model: &Model, values: Values<'_>) -> Self {
        let value = |number: Number| number.value(values);
        let span = |time: &Time| span(time, values);
        Self {
            streams: model
                .streams
                .iter()
                .map(|stream| stream_phase(stream, values))
                .collect(),
            panel: model.panel.as_ref().map(|panel| PanelPhase {
                admit: value(panel.admit),
                admit_or_defer: value(panel.admit) + value(panel.defer),
                diverted_return: panel
                    .diverted_return
                    .as_ref()
                    .map(|(probability, time)| (value(*probability), span(time))),
            }),
            pathways: model
                .pathways
                .iter()
                .map(|pathway| pathway_phase(pathway, values))
                .collect(),
            reentries: model
                .reentries
                .iter()
                .map(|reentry| (value(reentry.probability), span(&reentry.time)))
                .collect(),
            allowances: model
                .allowances
                .iter()
                .map(|allowance| {
                    (
                        value(allowance.receives),
                        allowance.longest.as_ref().map(&span),
                    )
                })
                .collect(),
            fee_shares: model
                .money
                .fees
                .iter()
                .map(|fee| value(fee.share))
                .collect(),
        }
    }
}

/// The phases of a replicate, and the phase of each segment of the calendar;
/// empty where there is only one.
pub(super) fn phases(
    model: &Model,
    parameters: &[f64],
    delivery: &Delivery,
) -> (Vec<Phase>, Vec<u16>) {
    let at = |segment| Values::at(parameters, &model.levers, delivery.changes(segment));
    let is_by_day: Vec<bool> = model.levers.iter().map(|lever| lever.is_by_day).collect();
    let mut phases = vec![Phase::draw(model, at(0))];
    if !delivery.changes_something() || !is_by_day.contains(&true) {
        return (phases, Vec::new());
    }
    let segments = model.calendar().segments().len();
    let mut phase_of_segment = vec![0];
    for segment in 1..segments {
        let (before, now) = (delivery.changes(segment - 1), delivery.changes(segment));
        let differs = (0..is_by_day.len()).any(|one| is_by_day[one] && before[one] != now[one]);
        if differs {
            phases.push(Phase::draw(model, at(segment)));
        }
        phase_of_segment.push(phases.len() as u16 - 1);
    }
    // Beyond the horizon the last phase goes on.
    phase_of_segment.push(phases.len() as u16 - 1);
    (phases, phase_of_segment)
}

/// Shares as they stand. A share that a workstream changes is changed as a
/// share of 1; the others divide what it leaves, in their old proportions.
fn current_shares(shares: &Shares, values: Values<'_>) -> Vec<f64> {
    let bases: Vec<f64> = shares.0.iter().map(|share| share.base(values)).collect();
    let total: f64 = bases.iter().sum();
    let changed: Vec<Option<f64>> = shares
        .0
        .iter()
        .zip(&bases)
        .map(|(share, base)| match *share {
            Number::Lever(lever) => values.change(lever, base / total),
            _ => None,
        })
        .collect();
    let taken: f64 = changed.iter().flatten().sum();
    let others: f64 = (changed.iter().zip(&bases))
        .filter(|(change, _)| change.is_none())
        .map(|(_, base)| base)
        .sum();
    if changed.iter().all(Option::is_none) || taken + others <= 0.0 {
        return bases;
    }
    let left = if others > 0.0 {
        (1.0 - taken).max(0.0) / others
    } else {
        0.0
    };
    changed
        .iter()
        .zip(&bases)
        .map(|(change, base)| change.unwrap_or(base * left))
        .collect()
}

fn span(time: &Time, values: Values<'_>) -> Span {
    Span {
        curve: time.curve,
        days: time.scale.value(values) * time.factor,
    }
}

fn stream_phase(stream: &Stream, values: Values<'_>) -> StreamPhase {
    StreamPhase {
        siblings: Picker::new(&stream.siblings, values),
        bypass_panel: stream.bypass_panel.value(values),
        ages: AgePicker::new(&stream.ages, values),
        legal_status: Picker::new(&stream.legal_status, values),
        placement: stream
            .placement
            .iter()
            .map(|shares| Picker::new(shares, values))
            .collect(),
    }
}

fn pathway_phase(pathway: &PathwayModel, values: Values<'_>) -> PathwayPhase {
    let stages = &pathway.stages;
    let pass: Vec<f64> = stages
        .iter()
        .map(|stage| stage.pass.value(values))
        .collect();
    let success = match (pathway.success, pathway.success_lever) {
        (Some(success), _) => Some(success.value(values)),
        (None, Some(lever)) => values.change(lever, pass.iter().product()),
        (None, None) => None,
    };
    PathwayPhase {
        pass: pass_probabilities(pass, success),
        times: stages
            .iter()
            .map(|stage| span(&stage.time, values))
            .collect(),
        retries: stages
            .iter()
            .map(|stage| match &stage.on_fail {
                OnFail::Retry(time) => Some(span(time, values)),
                _ => None,
            })
            .collect(),
    }
}

/// Cumulative shares of which one is picked by a uniform: eights of them, the
/// last filled up with ends that no uniform reaches.
#[derive(Debug, Clone)]
pub struct Picker {
    eights: Vec<[f64; 8]>,
    /// Whether there is nothing to choose.
    is_single: bool,
}

impl Picker {
    pub(super) fn new(shares: &Shares, values: Values<'_>) -> Self {
        Self::of(&cumulative(&current_shares(shares, values)))
    }

    fn of(ends: &[f64]) -> Self {
        let eights = ends.chunks(8).map(|some| {
            let mut eight = [f64::INFINITY; 8];
            eight[..some.len()].copy_from_slice(some);
            eight
        });
        Self {
            eights: eights.collect(),
            is_single: ends.len() == 1,
        }
    }

    /// Index picked: counted, not searched, for there are few shares and nobody
    /// can guess where a search would end.
    #[inline(always)]
    pub fn pick(&self, u: f64) -> usize {
        if self.is_single {
            return 0;
        }
        let mut index = 0;
        for eight in &self.eights {
            for &end in eight {
                index += usize::from(u >= end);
            }
        }
        index
    }
}

/// Ends of shares laid side by side between 0 and 1.
fn cumulative(shares: &[f64]) -> Vec<f64> {
    let total: f64 = shares.iter().sum();
    let mut sum = 0.0;
    let mut ends: Vec<f64> = shares
        .iter()
        .map(|share| {
            sum += share / total;
            sum
        })
        .collect();
    // Whatever rounding left over belongs to the last share that is not 0.
    let last = shares.iter().rposition(|share| *share > 0.0).unwrap_or(0);
    for end in &mut ends[last..] {
        *end = 1.0;
    }
    ends
}

/// Ages of children who enter.
#[derive(Debug, Clone)]
pub struct AgePicker {
    bands: Picker,
    /// For each band where its share begins, its lower age in days, and the
    /// days of age for the whole of 1.
    lines: Vec<[f64; 3]>,
}

impl AgePicker {
    fn new(ages: &Ages, values: Values<'_>) -> Self {
        let ends = cumulative(&current_shares(&ages.shares, values));
        let begins = [0.0].iter().chain(&ends);
        let lines = begins.zip(&ends).zip(ages.edges.windows(2));
        Self {
            bands: Picker::of(&ends),
            lines: lines
                .map(|((&from, &end), edges)| {
                    [from, edges[0], (edges[1] - edges[0]) / (end - from)]
                })
                .collect(),
        }
    }

    /// Age in days.
    #[inline(always)]
    pub fn days(&self, u: f64) -> f64 {
        let [from, age, slope] = self.lines[self.bands.pick(u)];
        age + (u - from) * slope
    }
}

/// A stream's numbers, but for how many families come.
#[derive(Debug, Clone)]
pub struct StreamPhase {
    /// Sibling groups, by how many children more than one.
    pub siblings: Picker,
    /// Share who bypass the panel.
    pub bypass_panel: f64,
    /// Ages at entry.
    pub ages: AgePicker,
    /// Legal statuses at entry.
    pub legal_status: Picker,
    /// Placements at entry, by row.
    pub placement: Vec<Picker>,
}

/// A duration's numbers.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Index of the curve.
    pub curve: usize,
    /// Days in its unit.
    pub days: f64,
}

/// The panel's numbers.
#[derive(Debug, Clone)]
pub struct PanelPhase {
    /// Probability of admission.
    pub admit: f64,
    /// Probability of admission or deferral.
    pub admit_or_defer: f64,
    /// Probability of a return after diversion, and when.
    pub diverted_return: Option<(f64, Span)>,
}

/// A pathway's numbers.
#[derive(Debug, Clone)]
pub struct PathwayPhase {
    /// Probability of passing each stage, with overall success worked in.
    pub pass: Vec<f64>,
    /// Durations of the stages.
    pub times: Vec<Span>,
    /// Durations until another attempt, by stage.
    pub retries: Vec<Option<Span>>,
}

/// Stage probabilities raised to one power so that their product is `success`.
///
/// Where every stage is certain, the last one takes the whole.
pub fn pass_probabilities(mut pass: Vec<f64>, success: Option<f64>) -> Vec<f64> {
    let Some(success) = success else { return pass };
    let product: f64 = pass.iter().product();
    if product >= 1.0 {
        if let Some(last) = pass.last_mut() {
            *last = success;
        }
        return pass;
    }
    if success <= 0.0 || product <= 0.0 {
        // Nothing passes the first stage that is not certain; where some stage
        // never passes, no power can bring it back and the first takes all.
        let uncertain = pass.iter().position(|p| *p < 1.0).unwrap_or(0);
        for (stage, p) in pass.iter_mut().enumerate() {
            *p = if stage == uncertain { success } else { 1.0 };
        }
        return pass;
    }
    let power = libm::log(success) / libm::log(product);
    for p in &mut pass {
        *p = libm::pow(*p, power);
    }
    pass
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::workstreams::Manner;
    use crate::model::workstreams::{Affine, Lever};

    #[test]
    fn a_changed_share_leaves_the_rest_to_the_others() {
        let lever = Lever {
            path: String::new(),
            base: Number::Known(50.0),
            range: (0.0, 1.0),
            effects: Vec::new(),
            is_by_day: true,
        };
        let levers = [lever];
        // Counts of 50, 30 and 20; the first is halved: 0.25, and the others
        // divide 0.75 as 3 to 2.
        let shares = Shares(vec![
            Number::Lever(0),
            Number::Known(30.0),
            Number::Known(20.0),
        ]);
        let halved = [Affine::NONE.then(Manner::Multiply, 0.5, 1.0)];
        let now = current_shares(&shares, Values::at(&[], &levers, &halved));
        assert_eq!(now[0], 0.25);
        assert!((now[1] - 0.45).abs() < 1e-12 && (now[2] - 0.3).abs() < 1e-12);
        let before = current_shares(&shares, Values::of(&[], &levers));
        assert_eq!(before, [50.0, 30.0, 20.0]);
    }

    #[test]
    fn overall_success_is_the_product_of_the_stages() {
        let pass = pass_probabilities(vec![0.95, 0.95, 0.9, 1.0, 0.9], Some(0.5));
        let product: f64 = pass.iter().product();
        assert!((product - 0.5).abs() < 1e-12);
        assert_eq!(pass[3], 1.0);
        assert_eq!(pass_probabilities(vec![1.0, 1.0], Some(0.25)), [1.0, 0.25]);
        let none: f64 = pass_probabilities(vec![0.9, 0.8], Some(0.0))
            .iter()
            .product();
        assert_eq!(none, 0.0);
        let all: f64 = pass_probabilities(vec![0.9, 0.8], Some(1.0))
            .iter()
            .product();
        assert_eq!(all, 1.0);
        assert_eq!(pass_probabilities(vec![0.9, 0.8], None), [0.9, 0.8]);
    }
}

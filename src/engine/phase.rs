//! The numbers that are looked up on the day of an event: what the panel does,
//! who enters, how a pathway goes, what follows an exit.
//!
//! Without workstreams there is one phase. Each change that a workstream makes
//! to these numbers opens another.

use super::delivery::Delivery;
use super::pick::{AgePicker, Picker};
use crate::model::Model;
use crate::model::clocks::Time;
use crate::model::entries::Stream;
use crate::model::numbers::{Number, Values};
use crate::model::stages::{OnFail, PathwayModel};
use std::rc::Rc;

/// Numbers that hold over a stretch of the forecast.
#[derive(Debug)]
pub struct Phase {
    /// Streams.
    pub streams: Rc<[StreamPhase]>,
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
    /// The numbers of a model; the streams are those of `beside`, the same phase
    /// of a model that parts from it on pathways alone.
    fn draw(model: &Model, values: Values<'_>, beside: Option<&Self>) -> Self {
        let value = |number: Number| number.value(values);
        let span = |time: &Time| span(time, values);
        Self {
            streams: match beside {
                Some(phase) => Rc::clone(&phase.streams),
                None => {
                    let streams = model.streams.iter();
                    streams.map(|stream| stream_phase(stream, values)).collect()
                }
            },
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
    beside: Option<&[Phase]>,
) -> (Vec<Phase>, Vec<u16>) {
    let beside = |phase: usize| beside.map(|phases| &phases[phase]);
    let at = |segment| Values::at(parameters, &model.levers, delivery.changes(segment));
    let is_by_day: Vec<bool> = model.levers.iter().map(|lever| lever.is_by_day).collect();
    let mut phases = vec![Phase::draw(model, at(0), beside(0))];
    if !delivery.changes_something() || !is_by_day.contains(&true) {
        return (phases, Vec::new());
    }
    let segments = model.calendar().segments().len();
    let mut phase_of_segment = vec![0];
    for segment in 1..segments {
        let (before, now) = (delivery.changes(segment - 1), delivery.changes(segment));
        let differs = (0..is_by_day.len()).any(|one| is_by_day[one] && before[one] != now[one]);
        if differs {
            phases.push(Phase::draw(model, at(segment), beside(phases.len())));
        }
        phase_of_segment.push(phases.len() as u16 - 1);
    }
    // Beyond the horizon the last phase goes on.
    phase_of_segment.push(phases.len() as u16 - 1);
    (phases, phase_of_segment)
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

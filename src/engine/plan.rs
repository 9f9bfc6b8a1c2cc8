//! One child's plan: a walk along a pathway, stage by stage, attempt by attempt.

use super::life::{Life, NONE, Step, day_of};
use super::record::{Event, Recorder};
use super::replicate::Play;
use crate::luck::{Purpose, exponential, uniform};
use crate::model::series::{FAILED, LEFT_FIRST, SUCCEEDED};
use crate::model::stages::{LeadsTo, OnFail};

/// Block of an attempt's luck that decides how long until another attempt.
const RETRY_BLOCK: u8 = 250;

impl<R: Recorder> Play<'_, R> {
    /// Puts a child on a pathway; its first stage starts.
    pub(super) fn join(&mut self, life: &mut Life, time: f64, pathway: u8) {
        self.enter_pathway(life, time, pathway);
        self.start_attempt(life, time);
    }

    /// Puts a child on a pathway on the start date, in a stage that has been
    /// under way for some days: what came before has been passed.
    pub(super) fn join_at(&mut self, life: &mut Life, pathway: u8, stage: u8, days: f64) {
        self.enter_pathway(life, 0.0, pathway);
        self.draw_attempt(life);
        life.plan.stage = stage;
        life.plan.elapsed = days;
        let word = 1 + usize::from(stage);
        if word > 4 && !word.is_multiple_of(4) {
            life.plan.words = self.attempt_words(life, (word / 4) as u8);
        }
        self.start_stage(life, 0.0);
    }

    fn enter_pathway(&mut self, life: &mut Life, time: f64, pathway: u8) {
        self.try_pathway(life, pathway);
        life.plan.pathway = pathway;
        self.note(life.person, time, Event::Joined { pathway }, None, None);
    }

    /// Notes that a child has been on a pathway.
    pub(super) fn try_pathway(&self, life: &mut Life, pathway: u8) {
        life.tried |= 1 << pathway;
        life.tried_clocks |= self.world.model.running.joins[usize::from(pathway)];
    }

    fn start_attempt(&mut self, life: &mut Life, time: f64) {
        self.draw_attempt(life);
        self.start_stage(life, time);
    }

    /// Luck of another attempt, from the first stage.
    fn draw_attempt(&self, life: &mut Life) {
        life.plan.stage = 0;
        life.plan.threshold = 1.0;
        life.plan.words = self.attempt_words(life, 0);
        life.plan.luck = uniform(life.plan.words[0]);
    }

    /// Words of an attempt: siblings together share their family's.
    fn attempt_words(&self, life: &Life, block: u8) -> [u32; 4] {
        let pathway = &self.world.model.pathways[usize::from(life.plan.pathway)];
        let attempt = life.plan.attempts;
        if pathway.siblings_together {
            self.luck
                .again()
                .words(life.family, Purpose::Attempt, block, attempt)
        } else {
            self.luck
                .words(life.person, Purpose::Attempt, block, attempt)
        }
    }

    /// Starts the plan's stage, or has it ask for its units first.
    pub(super) fn start_stage(&mut self, life: &mut Life, time: f64) {
        life.plan.since = day_of(time);
        let stage = &self.world.model.pathways[usize::from(life.plan.pathway)].stages
            [usize::from(life.plan.stage)];
        if stage.needs.is_empty() {
            self.run_stage(life, time);
        } else {
            life.plan.step = Step::Ready(time);
        }
    }

    /// Runs the plan's stage from a time.
    pub(super) fn run_stage(&mut self, life: &mut Life, time: f64) {
        let (pathway, stage) = (usize::from(life.plan.pathway), usize::from(life.plan.stage));
        let word = 1 + stage;
        if word.is_multiple_of(4) {
            life.plan.words = self.attempt_words(life, (word / 4) as u8);
        }
        let word = life.plan.words[word % 4];
        let span = self.world.at(day_of(time)).pathways[pathway].times[stage];
        let elapsed = std::mem::take(&mut life.plan.elapsed);
        let days = self.world.days_left(span, word, elapsed);
        life.plan.step = Step::Runs(time + days);
        life.plan.since = day_of(time);
        let fee = self.world.model.pathways[pathway].stages[stage].fee;
        if let Some(fee) = fee.filter(|_| elapsed == 0.0) {
            self.tally
                .event(self.calendar, self.counters.fees + fee, day_of(time));
        }
        self.note(
            life.person,
            time,
            Event::StageStarts {
                pathway: life.plan.pathway,
                stage: life.plan.stage,
            },
            R::LISTENS.then(|| exponential(word)),
            Some(days),
        );
    }

    pub(super) fn stage_ends(&mut self, life: &mut Life, time: f64) {
        self.release(life);
        let (pathway, stage) = (life.plan.pathway, life.plan.stage);
        self.count_stage(life, day_of(time));
        let model = &self.world.model.pathways[usize::from(pathway)];
        let phase = self.world.at(day_of(time));
        let pass = phase.pathways[usize::from(pathway)].pass[usize::from(stage)];
        life.plan.threshold *= pass;
        let passes = life.plan.luck < life.plan.threshold;
        let (luck, threshold) = (life.plan.luck, life.plan.threshold);
        let event = if passes {
            Event::Passed { pathway, stage }
        } else {
            Event::Failed { pathway, stage }
        };
        self.note(life.person, time, event, Some(luck), Some(threshold));
        if !passes {
            self.fail(life, time);
        } else if usize::from(stage) + 1 < model.stages.len() {
            life.plan.stage += 1;
            self.start_stage(life, time);
        } else {
            self.succeed(life, time);
        }
    }

    fn fail(&mut self, life: &mut Life, time: f64) {
        let (pathway, stage) = (usize::from(life.plan.pathway), usize::from(life.plan.stage));
        let outcome = self.counters.outcomes[pathway] + FAILED + stage;
        self.tally.event(self.calendar, outcome, day_of(time));
        match self.world.model.pathways[pathway].stages[stage].on_fail {
            OnFail::StayInCare => {
                self.end_plan(life);
                self.change_clocks(life, time);
            }
            OnFail::Retry(_) => {
                let words = self.attempt_words(life, RETRY_BLOCK);
                let span = self.world.at(day_of(time)).pathways[pathway].retries[stage]
                    .expect("a stage that retries has a time");
                let wait = self.world.days(span, words[0]);
                life.plan.attempts += 1;
                self.draw_attempt(life);
                life.plan.step = Step::Retries(time + wait);
            }
            OnFail::ChangeTo(other) => {
                self.end_plan(life);
                if life.tried >> other & 1 == 0 {
                    self.join(life, time, other);
                }
                self.change_clocks(life, time);
            }
        }
    }

    fn end_plan(&mut self, life: &mut Life) {
        life.plan.attempts += 1;
        life.plan.pathway = NONE;
        life.plan.step = Step::Idle;
    }

    fn succeed(&mut self, life: &mut Life, time: f64) {
        let pathway = life.plan.pathway;
        let outcome = self.counters.outcomes[usize::from(pathway)] + SUCCEEDED;
        self.tally.event(self.calendar, outcome, day_of(time));
        self.note(life.person, time, Event::Succeeded { pathway }, None, None);
        match self.world.model.pathways[usize::from(pathway)].leads_to {
            LeadsTo::Exit(kind) => {
                self.end_plan(life);
                self.leave(life, time, kind);
            }
            LeadsTo::Change {
                legal_status,
                placement,
            } => {
                self.end_plan(life);
                if let Some(legal_status) = legal_status {
                    // Grants may hang on the status: the placement's nights
                    // are counted up to the change.
                    self.count_placement(life, day_of(time));
                    self.count_status(life, day_of(time));
                    life.legal_status = legal_status;
                    self.note(
                        life.person,
                        time,
                        Event::ChangedStatus { legal_status },
                        None,
                        None,
                    );
                }
                if let Some(placement) = placement.filter(|to| *to != life.placement) {
                    self.move_to(life, time, placement);
                }
                self.change_clocks(life, time);
            }
        }
    }

    /// A pathway under way ends because the child has left care.
    pub(super) fn leave_plan(&mut self, life: &mut Life, time: f64) {
        if life.plan.pathway == NONE {
            return;
        }
        let day = day_of(time);
        match life.plan.step {
            Step::Waiting => {
                self.count_wait(life, day);
                self.leave_queue();
            }
            Step::Runs(_) => self.count_stage(life, day),
            _ => {}
        }
        self.release(life);
        let outcome = self.counters.outcomes[usize::from(life.plan.pathway)] + LEFT_FIRST;
        self.tally.event(self.calendar, outcome, day);
        self.end_plan(life);
    }

    pub(super) fn count_stage(&mut self, life: &Life, day: i32) {
        let first = self.counters.stages[usize::from(life.plan.pathway)];
        let counter = first + usize::from(life.plan.stage);
        self.tally
            .spell(self.calendar, counter, life.plan.since, day);
    }

    /// Counts a wait under each resource that the stage needs.
    pub(super) fn count_wait(&mut self, life: &Life, day: i32) {
        let stage = &self.world.model.pathways[usize::from(life.plan.pathway)].stages
            [usize::from(life.plan.stage)];
        for (pool, _) in &stage.needs {
            self.tally.spell(
                self.calendar,
                self.counters.waiting + pool,
                life.plan.since,
                day,
            );
        }
    }
}

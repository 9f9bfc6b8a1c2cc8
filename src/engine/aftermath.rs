//! What follows an exit: a return to care, allowances, fees.

use super::life::{Life, Whereabouts, day_of};
use super::phase::Span;
use super::record::{Event, Recorder};
use super::replicate::Play;
use crate::luck::{Purpose, uniform};

/// Most stays of a child: what follows has no luck of its own. No child of a
/// sound scenario comes near.
const MOST_STAYS: u8 = 250;
/// Blocks of what follows an exit.
pub(super) const REENTRY_BLOCK: u8 = 0;
const ALLOWANCE_BLOCK: u8 = 1;
const FEE_BLOCK: u8 = 128;

impl<R: Recorder> Play<'_, R> {
    /// What follows an exit: a return, allowances, fees.
    pub(super) fn follow_exit(&mut self, life: &mut Life, time: f64, kind: u8) {
        let day = day_of(time);
        let returns = self.returns(life, time, kind);
        life.whereabouts =
            returns.map_or(Whereabouts::Over, |day| Whereabouts::Enters(f64::from(day)));
        self.pay_allowances(life, day, kind, returns.unwrap_or(i32::MAX));
        self.pay_fees(life, day, kind);
    }

    /// The day on which a child who leaves comes back, if the exit breaks down
    /// before the eighteenth birthday.
    fn returns(&mut self, life: &mut Life, time: f64, kind: u8) -> Option<i32> {
        let (probability, span) = self.reentry(kind, day_of(time))?;
        let words = self.aftermath(life, REENTRY_BLOCK);
        if uniform(words[0]) >= probability || life.stays >= MOST_STAYS {
            return None;
        }
        let returns = time + self.world.days(span, words[1]);
        let day = if returns < 1e9 {
            day_of(returns)
        } else {
            i32::MAX
        };
        if day >= life.adult {
            return None;
        }
        self.note(
            life.person,
            time,
            Event::BreaksDown,
            Some(uniform(words[0])),
            Some(probability),
        );
        Some(day.max(day_of(time)))
    }

    /// Probability of a return after an exit on a day, and its time.
    #[inline]
    fn reentry(&self, kind: u8, day: i32) -> Option<(f64, Span)> {
        let mut reentries = self.world.model.reentries.iter();
        let rule = reentries.position(|reentry| reentry.after.has(kind))?;
        Some(self.world.at(day).reentries[rule])
    }

    /// Whether an exit on a day breaks down, before or after the eighteenth
    /// birthday, by the first word of what follows it.
    #[inline]
    pub(super) fn breaks_down(&self, kind: u8, day: i32, word: u32) -> bool {
        let reentry = self.reentry(kind, day);
        reentry.is_some_and(|(probability, _)| uniform(word) < probability)
    }

    /// Words for what follows the exit from a child's latest stay.
    fn aftermath(&self, life: &Life, block: u8) -> [u32; 4] {
        let stay = u16::from(life.stays);
        self.luck
            .words(life.person, Purpose::Aftermath, block, stay)
    }

    fn pay_allowances(&mut self, life: &Life, day: i32, kind: u8, returns: i32) {
        for (index, allowance) in self.world.model.allowances.iter().enumerate() {
            if !(allowance.after.has(kind) && allowance.placement.has(life.placement)) {
                continue;
            }
            let (receives, longest) = self.world.at(day).allowances[index];
            let mut end = returns.min(
                self.world
                    .model
                    .birthdays
                    .turns(life.born, allowance.until_age),
            );
            if receives < 1.0 || longest.is_some() {
                let block = ALLOWANCE_BLOCK + index as u8;
                let words = self.aftermath(life, block);
                if uniform(words[0]) >= receives {
                    continue;
                }
                if let Some(span) = longest {
                    let days = self.world.days(span, words[1]);
                    end = end.min(day + day_of(days.min(1e6)));
                }
            }
            self.tally
                .spell(self.calendar, self.counters.allowances + index, day, end);
            let event = Event::AllowanceStarts {
                allowance: index as u8,
            };
            self.note(life.person, f64::from(day), event, None, None);
        }
    }

    fn pay_fees(&mut self, life: &Life, day: i32, kind: u8) {
        for (index, fee) in self.world.model.money.fees.iter().enumerate() {
            if !fee.on_exit.has(kind) {
                continue;
            }
            let share = self.world.at(day).fee_shares[index];
            let pays = share >= 1.0 || {
                let block = FEE_BLOCK + index as u8;
                let words = self.aftermath(life, block);
                uniform(words[0]) < share
            };
            if pays {
                self.tally
                    .event(self.calendar, self.counters.fees + index, day);
            }
        }
    }
}

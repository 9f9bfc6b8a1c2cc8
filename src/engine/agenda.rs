//! When something next happens to each of those who share pools, and whose
//! turn is first.
//!
//! Everybody has one time at most, and a new one takes the place of the old.
//! Times stand in rows, and a row's earliest is known: the first of all is
//! found in a few vectors, whatever their order.

use super::places::Places;
use crate::luck::CROWD;
use crate::wide::{Work, widest};

/// Bits of a time of 0 or more, which order as the time does.
type Bits = u64;

/// Nothing happens any more.
const NEVER: Bits = u64::MAX;

/// The next time of each.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    rows: Vec<[Bits; CROWD]>,
    /// Earliest of each row.
    earliest: Vec<Bits>,
}

impl Agenda {
    /// Strikes out everything.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.earliest.clear();
    }

    /// Notes when something next happens to somebody.
    pub fn put(&mut self, index: usize, time: f64) {
        let rows = index / CROWD + 1;
        if rows > self.rows.len() {
            self.rows.resize(rows, [NEVER; CROWD]);
            self.earliest.resize(rows, NEVER);
        }
        self.set(index, time.to_bits());
    }

    /// Strikes out somebody.
    pub fn strike(&mut self, index: usize) {
        if index / CROWD < self.rows.len() {
            self.set(index, NEVER);
        }
    }

    fn set(&mut self, index: usize, bits: Bits) {
        let row = index / CROWD;
        let before = std::mem::replace(&mut self.rows[row][index % CROWD], bits);
        if bits <= self.earliest[row] {
            self.earliest[row] = bits;
        } else if before == self.earliest[row] {
            self.earliest[row] = widest(Earliest(&self.rows[row]));
        }
    }

    /// The earliest time of all.
    pub fn earliest(&self) -> Option<f64> {
        let earliest = match &self.earliest[..] {
            few if few.len() < 8 => few.iter().copied().min().unwrap_or(NEVER),
            many => widest(Earliest(many)),
        };
        (earliest != NEVER).then(|| f64::from_bits(earliest))
    }

    /// Takes everybody whose time this is, the earliest of all.
    pub fn take(&mut self, time: f64, mut taken: impl FnMut(usize)) {
        let time = time.to_bits();
        for (row, earliest) in self.earliest.iter_mut().enumerate() {
            if *earliest != time {
                continue;
            }
            let times = &mut self.rows[row];
            let (places, others) = widest(Take { times, time });
            *earliest = others;
            places.each().for_each(|place| taken(row * CROWD + place));
        }
    }
}

/// The earliest of some times.
struct Earliest<'a>(&'a [Bits]);

impl Work for Earliest<'_> {
    type Output = Bits;

    #[inline(always)]
    fn work(self) -> Bits {
        self.0.iter().fold(NEVER, |least, &time| least.min(time))
    }
}

/// Strikes out those of a row whose time has come.
struct Take<'a> {
    times: &'a mut [Bits; CROWD],
    time: Bits,
}

impl Work for Take<'_> {
    /// Who they are, and the earliest of the others.
    type Output = (Places, Bits);

    #[inline(always)]
    fn work(self) -> Self::Output {
        let mut is_due = [false; CROWD];
        let mut others = [NEVER; CROWD];
        for place in 0..CROWD {
            is_due[place] = self.times[place] == self.time;
            others[place] = if is_due[place] {
                NEVER
            } else {
                self.times[place]
            };
        }
        *self.times = others;
        (Places::of(&is_due), Earliest(&others).work())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::luck::{Purpose, Seed, uniform};

    fn take(agenda: &mut Agenda, time: f64) -> Vec<usize> {
        let mut taken = Vec::new();
        agenda.take(time, |index| taken.push(index));
        taken
    }

    #[test]
    fn everybody_comes_at_their_latest_time() {
        let mut agenda = Agenda::default();
        assert_eq!(agenda.earliest(), None);
        agenda.strike(3);
        for (index, time) in [(70, 2.0), (0, 1.0), (5, 0.0), (700, 2.0), (5, 2.0)] {
            agenda.put(index, time);
        }
        assert_eq!(agenda.earliest(), Some(1.0));
        agenda.strike(0);
        assert_eq!(agenda.earliest(), Some(2.0));
        assert_eq!(take(&mut agenda, 2.0), [5, 70, 700]);
        assert_eq!(agenda.earliest(), None);
    }

    #[test]
    fn an_agenda_is_a_list_in_the_order_of_time() {
        let luck = Seed(1).replicate(0);
        let mut agenda = Agenda::default();
        let mut list = vec![None; 600];
        for step in 0..5_000 {
            let words = luck.words(step, Purpose::Clock, 0, 0);
            let index = words[0] as usize % list.len();
            // Whole days, so that many fall together.
            let time = (uniform(words[1]) * 400.0).floor();
            match words[2] % 4 {
                0 => {
                    agenda.strike(index);
                    list[index] = None;
                }
                1 => {
                    let first = list.iter().flatten().copied().reduce(f64::min);
                    assert_eq!(agenda.earliest(), first);
                    let Some(first) = first else { continue };
                    let due = (0..list.len()).filter(|&index| list[index] == Some(first));
                    let due: Vec<usize> = due.collect();
                    assert_eq!(take(&mut agenda, first), due);
                    due.iter().for_each(|&index| list[index] = None);
                }
                _ => {
                    agenda.put(index, time);
                    list[index] = Some(time);
                }
            }
        }
    }
}

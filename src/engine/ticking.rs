//! The numbers of one clock in one replicate, and what they make of luck.

use super::places::Places;
use crate::luck::{CROWD, lasting, logarithm, uniform};
use crate::model::clocks::ClockSet;
use crate::model::curves::{Curve, Shares};
use crate::wide::Work;

/// A clock's numbers.
#[derive(Debug, Clone)]
pub struct Ticking {
    pub(super) hazard: TickingHazard,
    pub(super) factor: f64,
    /// Factors by calendar: each holds until its day. Empty where constant.
    pub(super) timeline: Vec<(f64, f64)>,
    /// A word from which on the clock cannot ring by the horizon, whatever the
    /// child's age and time in care.
    pub never_from: u32,
}

#[derive(Debug, Clone)]
pub(super) enum TickingHazard {
    Curve {
        curve: usize,
        days: f64,
        applies: f64,
        /// Share that has rung by the horizon, on a clock that starts with it.
        most: f64,
    },
    Bands {
        /// Daily rates, `[age][time]` flat.
        daily: Vec<f64>,
        /// Most luck that could be used up in a day from each band of age and
        /// of time on, `[age][time]` flat.
        peak: Vec<f64>,
    },
}

/// What became of a clock's luck over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Walk {
    /// The clock rings at this time.
    Rings(f64),
    /// It does not; so much luck is used up.
    Spent(f64),
}

/// Where a child stands when a clock is read.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Day of birth.
    pub born: f64,
    /// Day from which the clocks run.
    pub origin: f64,
}

/// A clock that starts at its own zero and has no factor: its word alone says
/// when it rings.
#[derive(Debug, Clone, Copy)]
pub struct Straight<'a> {
    pub(super) shares: &'a Shares,
    pub(super) days: f64,
    pub(super) applies: f64,
    pub(super) most: f64,
}

impl Straight<'_> {
    /// When it rings.
    #[inline(always)]
    pub fn ring(&self, origin: f64, word: u32) -> f64 {
        let lasts = lasting(word);
        let time = self.shares.time(self.share(lasts));
        self.ring_after(time, origin, lasts)
    }

    /// The same for each of a crowd.
    #[inline(always)]
    pub fn rings(&self, origin: &[f64; CROWD], words: &[u32; CROWD]) -> [f64; CROWD] {
        let [mut lasts, mut shares] = [[0.0; CROWD]; 2];
        for place in 0..CROWD {
            lasts[place] = lasting(words[place]);
            shares[place] = self.share(lasts[place]);
        }
        let times = self.shares.times(&shares);
        let mut rings = [0.0; CROWD];
        for place in 0..CROWD {
            rings[place] = self.ring_after(times[place], origin[place], lasts[place]);
        }
        rings
    }

    /// Of those for whom the time comes, the share that lasts longer; below 1 −
    /// applies, it never comes.
    #[inline(always)]
    fn share(&self, lasts: f64) -> f64 {
        (lasts - (1.0 - self.applies)) * (1.0 / self.applies)
    }

    #[inline(always)]
    fn ring_after(&self, time: f64, origin: f64, lasts: f64) -> f64 {
        let is_never = (lasts - (1.0 - self.applies) <= 0.0) | (1.0 - lasts >= self.most);
        if is_never {
            f64::INFINITY
        } else {
            origin + time * self.days
        }
    }
}

impl Ticking {
    /// Stretches of time with one factor each: begin, end, factor.
    pub(super) fn stretches(&self, from: f64, until: f64) -> impl Iterator<Item = (f64, f64, f64)> {
        let mut begin = from;
        self.timeline
            .iter()
            .skip_while(move |(end, _)| *end <= from)
            .map_while(move |&(end, factor)| {
                let stretch = (begin, end.min(until), factor * self.factor);
                begin = end;
                (stretch.0 < until).then_some(stretch)
            })
    }
}

/// The bands of age and of time on the clock that a walk has come to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct InBands {
    pub age: usize,
    pub time: usize,
}

/// How many ends of bands lie behind each of some numbers. Counted, not
/// searched: nobody can guess where a search would end.
#[inline(always)]
fn passed<const N: usize>(ends: &[f64], now: [f64; N]) -> [u32; N] {
    let mut bands = [0; N];
    for end in &ends[..ends.len() - 1] {
        for (band, now) in bands.iter_mut().zip(&now) {
            *band += u32::from(end <= now);
        }
    }
    bands
}

/// [`BandedRates::at`] and [`BandedRates::may_ring`] for a crowd whose clocks
/// start on some days.
pub(super) struct CrowdInBands<'a> {
    pub rates: BandedRates<'a>,
    pub words: &'a [u32; CROWD],
    /// Clocks that run, and this one.
    pub runs: (&'a [ClockSet; CROWD], ClockSet),
    pub since: &'a [i32; CROWD],
    pub born: &'a [i32; CROWD],
    pub adult: &'a [i32; CROWD],
    pub horizon: f64,
    pub origin: &'a [f64; CROWD],
}

impl Work for CrowdInBands<'_> {
    /// Bands of age and of time, and for whom the clock may ring.
    type Output = ([[u32; CROWD]; 2], Places);

    #[inline(always)]
    fn work(self) -> Self::Output {
        let [mut ages, mut times, mut left] = [[0.0; CROWD]; 3];
        for place in 0..CROWD {
            let since = f64::from(self.since[place]);
            ages[place] = since - f64::from(self.born[place]);
            times[place] = since - self.origin[place];
            let until = f64::from(self.adult[place]).min(self.horizon);
            left[place] = until - since;
        }
        let ages = passed(self.rates.ages, ages);
        let times = passed(self.rates.times, times);
        let (running, this) = self.runs;
        let mut may_ring = [false; CROWD];
        for place in 0..CROWD {
            let (age, time) = (ages[place] as usize, times[place] as usize);
            let at = InBands { age, time };
            let runs = running[place] & this != 0;
            may_ring[place] = runs & self.rates.may_ring(at, left[place], self.words[place]);
        }
        ([ages, times], Places::of(&may_ring))
    }
}

/// Daily rates, constant in bands of age and of time on the clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct BandedRates<'a> {
    /// Upper ends of the bands of age and of time, in days.
    pub ages: &'a [f64],
    pub times: &'a [f64],
    /// Rates, `[age][time]` flat.
    pub daily: &'a [f64],
    /// Most luck that could be used up in a day from each band on, `[age][time]`
    /// flat.
    pub peak: &'a [f64],
}

impl BandedRates<'_> {
    /// The bands of so many days of age and on the clock.
    #[inline(always)]
    pub fn at(&self, age: f64, days: f64) -> InBands {
        let ([age], [time]) = (passed(self.ages, [age]), passed(self.times, [days]));
        InBands {
            age: age as usize,
            time: time as usize,
        }
    }

    /// Whether a clock whose luck is the word drawn for it may ring in the days
    /// left from some bands on. Most do not, and need no logarithm and no walk.
    #[inline(always)]
    pub fn may_ring(&self, at: InBands, days: f64, word: u32) -> bool {
        // It rings only if its luck −ln(1 − u) is at most x, the most that these
        // days can use; that is, if u ≤ 1 − exp(−x), which is at most x / (1 + x/2).
        let most = self.peak[at.age * self.times.len() + at.time] * days;
        uniform(word) * (1.0 + 0.5 * most) <= most
    }

    /// Runs the clock over a stretch of time with one factor, from the bands
    /// that an earlier stretch of the same walk has come to.
    pub fn walk(
        &self,
        child: Standing,
        (from, until): (f64, f64),
        luck: f64,
        factor: f64,
        at: &mut InBands,
    ) -> Walk {
        let mut now = from;
        let mut spent = 0.0;
        let InBands { age, time } = at;
        while *age + 1 < self.ages.len() && self.ages[*age] <= now - child.born {
            *age += 1;
        }
        while self.times[*time] <= now - child.origin {
            *time += 1;
        }
        loop {
            let age_end = child.born + self.ages[*age];
            let time_end = child.origin + self.times[*time];
            let stop = until.min(age_end).min(time_end);
            let rate = self.daily[*age * self.times.len() + *time] * factor;
            let used = rate * (stop - now);
            if spent + used >= luck && rate > 0.0 {
                return Walk::Rings(now + (luck - spent) / rate);
            }
            spent += used;
            now = stop;
            if now >= until {
                return Walk::Spent(spent);
            }
            if now >= age_end {
                if *age + 1 == self.ages.len() {
                    return Walk::Spent(spent);
                }
                *age += 1;
            }
            if now >= time_end {
                *time += 1;
            }
        }
    }
}

/// Cumulative hazard of a time that ever comes with probability `applies`.
#[inline]
pub(super) fn defective_hazard(curve: &Curve, applies: f64, time: f64) -> f64 {
    if time <= 0.0 {
        return 0.0;
    }
    let hazard = curve.hazard(time);
    if applies >= 1.0 {
        hazard
    } else {
        -logarithm(1.0 - applies + applies * libm::exp(-hazard))
    }
}

/// The inverse: infinite where the time never comes.
#[inline]
pub(super) fn defective_time(curve: &Curve, applies: f64, hazard: f64) -> f64 {
    if applies >= 1.0 {
        return curve.time(hazard);
    }
    let survives = libm::exp(-hazard) - (1.0 - applies);
    if survives <= 0.0 {
        f64::INFINITY
    } else {
        curve.time(-logarithm(survives / applies))
    }
}

#[cfg(test)]
mod tests {
    use super::super::course::peaks;
    use super::*;
    use crate::luck::exponential;

    #[test]
    fn banded_rates_are_walked_band_by_band() {
        // Ages 1 and 18 years, times 100 days and on; daily rates 0.01, 0.02
        // in the first year of life, then 0.001, 0.0.
        let ages = [365.25, 6574.5];
        let times = [100.0, f64::INFINITY];
        let rates = [0.01, 0.02, 0.001, 0.0];
        let child = Standing {
            born: -300.0,
            origin: 0.0,
        };
        let clock = BandedRates {
            ages: &ages,
            times: &times,
            daily: &rates,
            peak: &[],
        };
        // 65.25 days at 0.01, then 34.75 at 0.001, then nothing.
        let used = 0.6525 + 0.03475;
        match clock.walk(child, (0.0, 1000.0), 5.0, 1.0, &mut InBands::default()) {
            Walk::Spent(spent) => assert!((spent - used).abs() < 1e-12),
            rings => panic!("{rings:?}"),
        }
        // Without end of luck, what is used is the same.
        assert_eq!(
            clock.walk(
                child,
                (0.0, 90.0),
                f64::INFINITY,
                1.0,
                &mut InBands::default()
            ),
            Walk::Spent(65.25 * 0.01 + 24.75 * 0.001)
        );
        let Walk::Rings(time) =
            clock.walk(child, (0.0, 1000.0), 0.66, 1.0, &mut InBands::default())
        else {
            panic!("the luck runs out")
        };
        assert!((time - (65.25 + 7.5)).abs() < 1e-9);
        // Twice the hazard, half the time.
        let Walk::Rings(time) = clock.walk(child, (0.0, 1000.0), 0.5, 2.0, &mut InBands::default())
        else {
            panic!("the luck runs out")
        };
        assert!((time - 25.0).abs() < 1e-9);
        // A walk in two stretches goes on in the bands that it has come to.
        let mut at = InBands::default();
        let stretches = [(0.0, 70.0), (70.0, 1000.0)].map(|stretch| {
            let walk = clock.walk(child, stretch, 5.0, 1.0, &mut at);
            match walk {
                Walk::Spent(spent) => spent,
                rings => panic!("{rings:?}"),
            }
        });
        assert!((stretches[0] + stretches[1] - used).abs() < 1e-12);
    }

    /// Two bands of age and two of time, from every day and for every hundredth
    /// of the words: whoever rings may ring, and few others may. From the first
    /// bands the peak of a day is 0.02, where 0.01 and 0.001 are used.
    #[test]
    fn whoever_rings_may_ring() {
        let (ages, times) = ([365.25, 6574.5], [100.0, f64::INFINITY]);
        let daily = [0.01, 0.02, 0.001, 0.0];
        let peak = peaks(&daily, 2, 1.0);
        assert_eq!(peak, [0.02, 0.02, 0.001, 0.0]);
        let child = Standing {
            born: -300.0,
            origin: 0.0,
        };
        let rates = BandedRates {
            ages: &ages,
            times: &times,
            daily: &daily,
            peak: &peak,
        };
        let (mut ring, mut may) = (0, 0);
        for since in 0..200 {
            let since = f64::from(since);
            for step in 0..100 {
                let word = step * (u32::MAX / 100);
                let at = rates.at(since - child.born, since - child.origin);
                let walk = rates.walk(child, (since, since + 50.0), exponential(word), 1.0, &mut {
                    at
                });
                let rings = matches!(walk, Walk::Rings(_));
                let may_ring = rates.may_ring(at, 50.0, word);
                assert!(may_ring || !rings, "{since} {word}");
                ring += u32::from(rings);
                may += u32::from(may_ring);
            }
        }
        assert!(ring > 1000 && may < 20_000 / 4, "{ring} {may}");
    }
}

//! Durations as tables, built once and looked up in a few nanoseconds.
//!
//! A duration is drawn by inversion of its cumulative hazard H(t) = −ln S(t):
//! with a unit exponential E, t = H⁻¹(E). Time already served a, a factor f on
//! the hazard and luck kept from earlier are then additions:
//! t = H⁻¹(H(a) + E / f). Both directions are tables whose knots are even
//! within each power of two, so that the index is the leading bits of the
//! argument and both tails are as fine as the middle.

use crate::config::duration::Shape;
use crate::luck::lasting;
use crate::wide::look_up;
use std::sync::OnceLock;

/// Bits of the fraction that index a knot: 64 knots for each power of two.
const KNOT_BITS: u32 = 6;
const SHIFT: u32 = 23 - KNOT_BITS;

/// A function tabulated from 0 to a power of two.
#[derive(Debug, Clone)]
struct LogTable {
    first: u32,
    origin: f32,
    /// Index of the last knot.
    last: u32,
    /// Each knot and the next one, in the lower and the upper half: both are
    /// looked up at once. Behind the last there is room.
    knots: Box<[u64; MOST_KNOTS]>,
}

/// Room for knots: a power of two, so that any index can be brought inside.
const MOST_KNOTS: usize = 4096;

/// The value between a knot and the next, by the bits of the argument.
#[inline(always)]
fn between(pair: u64, bits: u32) -> f64 {
    let fraction = (bits & ((1 << SHIFT) - 1)) as f32 * (1.0 / (1 << SHIFT) as f32);
    let (low, high) = (
        f32::from_bits(pair as u32),
        f32::from_bits((pair >> 32) as u32),
    );
    f64::from(low + (high - low) * fraction)
}

impl LogTable {
    /// Tabulates `f` from 2^`lowest` to 2^`highest`; below, it runs straight to
    /// `f(0)`, above, straight on.
    fn new(lowest: i32, highest: i32, mut f: impl FnMut(f64) -> f64) -> Self {
        let first = ((lowest + 127) as u32) << KNOT_BITS;
        let last = ((highest + 127) as u32) << KNOT_BITS;
        let origin = f(0.0) as f32;
        let mut knots = Box::new([0; MOST_KNOTS]);
        for (place, index) in (first..=last).enumerate() {
            let knot = f(f64::from(f32::from_bits(index << SHIFT))) as f32;
            let bits = u64::from(knot.to_bits());
            knots[place] = bits;
            if place > 0 {
                knots[place - 1] |= bits << 32;
            }
        }
        Self {
            first,
            origin,
            last: last - first,
            knots,
        }
    }

    #[inline(always)]
    fn at(&self, x: f64) -> f64 {
        let (value, is_inside) = self.inside(x);
        if is_inside {
            return value;
        }
        self.outside(x as f32)
    }

    /// The value between two knots, and whether there are two; without a
    /// branch, so that many look-ups fit side by side.
    #[inline(always)]
    fn inside(&self, x: f64) -> (f64, bool) {
        let bits = (x as f32).to_bits();
        let index = (bits >> SHIFT).wrapping_sub(self.first);
        let pair = self.knots[index as usize % MOST_KNOTS];
        (between(pair, bits), index < self.last)
    }

    fn knot(&self, index: usize) -> f32 {
        f32::from_bits(self.knots[index] as u32)
    }

    /// The argument at which a rising table reaches a value.
    fn search(&self, value: f64) -> f64 {
        let value = value as f32;
        let knots = &self.knots[..=self.last as usize];
        let above = knots.partition_point(|pair| f32::from_bits(*pair as u32) <= value);
        let at = |index: usize| f32::from_bits((self.first + index as u32) << SHIFT);
        if above == 0 {
            let share = (value - self.origin) / (self.knot(0) - self.origin);
            // A table that starts with a jump has nothing below it.
            return if share > 0.0 {
                f64::from(at(0) * share)
            } else {
                0.0
            };
        }
        if above == knots.len() {
            return MOST_HAZARD;
        }
        let (low, high) = (self.knot(above - 1), self.knot(above));
        let (from, to) = (at(above - 1), at(above));
        f64::from(from + (to - from) * (value - low) / (high - low))
    }

    /// Below the first knot or beyond the last.
    #[cold]
    fn outside(&self, x: f32) -> f64 {
        let lowest = f32::from_bits(self.first << SHIFT);
        if x < lowest {
            let share = (x / lowest).max(0.0);
            return f64::from(self.origin + (self.knot(0) - self.origin) * share);
        }
        let end = self.last as usize;
        let highest = f32::from_bits((self.first + self.last) << SHIFT);
        let before = f32::from_bits((self.first + self.last - 1) << SHIFT);
        let slope = (self.knot(end) - self.knot(end - 1)) / (highest - before);
        f64::from(self.knot(end) + slope * (x - highest))
    }
}

/// Bits of the least number that [`Shares`] looks up, 2⁻³³, and of the greatest,
/// the one before a half.
const LEAST_SHARE: i32 = (127 - 33) << 23;
const MOST_SHARE: i32 = (126 << 23) - 1;
/// Knots of each half of [`Shares`].
const KNOTS_OF_SHARES: usize = MOST_KNOTS / 2;

/// Times by the share of all that are over by then, as fine towards none as
/// towards all of them: below a half by that share, above by the rest.
#[derive(Debug, Clone)]
pub struct Shares(Box<[u64; MOST_KNOTS]>);

impl Shares {
    fn new(inverse: &LogTable) -> Self {
        let mut knots = Box::new([0; MOST_KNOTS]);
        for half in 0..2 {
            let time = |knot: usize| {
                let bits = LEAST_SHARE + ((knot as i32) << SHIFT);
                let share = f64::from(f32::from_bits(bits as u32));
                let hazard = match half {
                    0 => -libm::log1p(-share),
                    _ => -libm::log(share),
                };
                u64::from((inverse.at(hazard) as f32).to_bits())
            };
            for knot in 0..KNOTS_OF_SHARES {
                knots[half * KNOTS_OF_SHARES + knot] = time(knot) | time(knot + 1) << 32;
            }
        }
        Self(knots)
    }

    /// The time at which only a share of all go on. Anything but a share has
    /// some time.
    #[inline(always)]
    pub fn time(&self, lasts: f64) -> f64 {
        let (knot, bits) = Self::knot(lasts);
        between(self.0[knot as usize % MOST_KNOTS], bits)
    }

    /// The same of each of some shares.
    #[inline(always)]
    pub fn times<const COUNT: usize>(&self, lasts: &[f64; COUNT]) -> [f64; COUNT] {
        let [mut knots, mut bits] = [[0; COUNT]; 2];
        for place in 0..COUNT {
            (knots[place], bits[place]) = Self::knot(lasts[place]);
        }
        let mut pairs = [0; COUNT];
        look_up(&self.0, &knots, &mut pairs);
        std::array::from_fn(|place| between(pairs[place], bits[place]))
    }

    /// The knot below a share, and the share's bits; without a branch, so that
    /// many are found side by side.
    #[inline(always)]
    fn knot(lasts: f64) -> (u32, u32) {
        let over = 1.0 - lasts;
        let is_late = lasts < 0.5;
        let rest = if is_late { lasts } else { over };
        let bits = (rest as f32).to_bits() as i32;
        let bits = bits.clamp(LEAST_SHARE, MOST_SHARE) as u32;
        let half = if is_late { KNOTS_OF_SHARES as u32 } else { 0 };
        (half + ((bits - LEAST_SHARE as u32) >> SHIFT), bits)
    }
}

/// A duration of unit scale. Its tables are made when they are first asked for:
/// whoever only checks a file needs none.
#[derive(Debug, Clone)]
pub struct Curve {
    shape: Shape,
    unit: f64,
    tables: OnceLock<Tables>,
    shares: OnceLock<Shares>,
}

/// A duration of unit scale in both directions.
#[derive(Debug, Clone)]
pub struct Tables {
    inverse: LogTable,
    /// None where the time has an end: the hazard then rises without bound just
    /// before it, and is searched for in the other table.
    forward: Option<LogTable>,
}

/// Cumulative hazard beyond which nothing survives that a word could draw.
const MOST_HAZARD: f64 = 128.0;

impl Curve {
    /// The curve of a shape.
    pub fn new(shape: &Shape) -> Self {
        Self {
            unit: unit_of(shape),
            shape: shape.clone(),
            tables: OnceLock::new(),
            shares: OnceLock::new(),
        }
    }

    /// What the tables' time is multiplied by to give the shape's own.
    pub fn unit(&self) -> f64 {
        self.unit
    }

    /// The tables.
    #[inline]
    pub fn tables(&self) -> &Tables {
        let new = || Tables::new(&self.shape, self.unit);
        self.tables.get_or_init(new)
    }

    /// Times by the share of all that are over by then.
    #[inline]
    pub fn shares(&self) -> &Shares {
        let new = || Shares::new(&self.tables().inverse);
        self.shares.get_or_init(new)
    }

    /// Time, in units, at which the cumulative hazard is reached.
    #[inline]
    pub fn time(&self, hazard: f64) -> f64 {
        self.tables().time(hazard)
    }

    /// Days that a duration of so many days a unit takes, by the word drawn for
    /// it.
    #[inline]
    pub fn days(&self, days: f64, word: u32) -> f64 {
        self.shares().time(lasting(word)) * days
    }

    /// Cumulative hazard at a time in units.
    #[inline]
    pub fn hazard(&self, time: f64) -> f64 {
        let tables = self.tables();
        match &tables.forward {
            Some(forward) => forward.at(time),
            None => tables.inverse.search(time),
        }
    }
}

impl Tables {
    fn new(shape: &Shape, unit: f64) -> Self {
        let mut so_far = SoFar::default();
        let inverse = LogTable::new(-30, 7, |hazard| {
            let time = time_at(shape, unit, hazard, &so_far);
            so_far.add(hazard, time);
            time
        });
        let has_end = !matches!(
            shape,
            Shape::Exponential
                | Shape::Gamma { .. }
                | Shape::Weibull { .. }
                | Shape::Lognormal { .. }
        );
        let forward = (!has_end).then(|| {
            LogTable::new(-16, 10, |time| {
                hazard_at(shape, unit, time).clamp(0.0, MOST_HAZARD)
            })
        });
        Self { inverse, forward }
    }

    /// [`Curve::time`].
    #[inline(always)]
    pub fn time(&self, hazard: f64) -> f64 {
        self.inverse.at(hazard)
    }
}

/// Scale that brings a shape with ends of its own to about 1.
fn unit_of(shape: &Shape) -> f64 {
    match shape {
        Shape::Uniform { high, .. } | Shape::Triangular { high, .. } | Shape::Pert { high, .. } => {
            *high
        }
        Shape::Empirical { knots } => knots.last().map_or(1.0, |knot| knot[1].max(1e-9)),
        _ => 1.0,
    }
}

/// H(t) of a shape, with t in units.
fn hazard_at(shape: &Shape, unit: f64, time: f64) -> f64 {
    if time <= 0.0 {
        return 0.0;
    }
    let survives = |share: f64| -libm::log(share.max(0.0));
    match shape {
        Shape::Fixed => {
            if time < 1.0 {
                0.0
            } else {
                MOST_HAZARD
            }
        }
        Shape::Exponential => time,
        Shape::Gamma { shape } => gamma_hazard(*shape, libm::lgamma(*shape), shape * time),
        Shape::Weibull { shape } => libm::pow(time, *shape),
        Shape::Lognormal { sigma } => normal_hazard(libm::log(time) / sigma),
        Shape::Uniform { low, high } => {
            survives(1.0 - ((time * unit - low) / (high - low)).clamp(0.0, 1.0))
        }
        Shape::Triangular { low, mode, high } => {
            survives(1.0 - triangular_share(*low, *mode, *high, time * unit))
        }
        Shape::Pert { low, mode, high } => {
            let (a, b) = pert_shapes(*low, *mode, *high);
            let x = ((time * unit - low) / (high - low)).clamp(0.0, 1.0);
            survives(beta_share(b, a, 1.0 - x))
        }
        Shape::Empirical { knots } => survives(1.0 - empirical_share(knots, time * unit)),
    }
}

/// The last three points of an inverse that is tabulated from 0 upwards.
#[derive(Debug, Default)]
struct SoFar {
    hazards: [f64; 3],
    times: [f64; 3],
}

impl SoFar {
    fn add(&mut self, hazard: f64, time: f64) {
        self.hazards = [self.hazards[1], self.hazards[2], hazard];
        self.times = [self.times[1], self.times[2], time];
    }

    /// A time at or below that of any greater hazard.
    fn least(&self) -> f64 {
        self.times[2]
    }

    /// Where a parabola through the points leads, if it leads on. Knots are so
    /// close that it is right to about a millionth.
    fn guess(&self, hazard: f64) -> Option<f64> {
        let [a, b, c] = self.hazards;
        let [t, u, v] = self.times;
        let of_a = (hazard - b) * (hazard - c) / ((a - b) * (a - c));
        let of_b = (hazard - a) * (hazard - c) / ((b - a) * (b - c));
        let of_c = (hazard - a) * (hazard - b) / ((c - a) * (c - b));
        let guess = t * of_a + u * of_b + v * of_c;
        (t > 0.0 && guess > v && guess.is_finite()).then_some(guess)
    }
}

/// H⁻¹ of a shape, in units, given what is known of it at smaller hazards.
fn time_at(shape: &Shape, unit: f64, hazard: f64, so_far: &SoFar) -> f64 {
    let share = -libm::expm1(-hazard);
    match shape {
        Shape::Fixed => 1.0,
        Shape::Exponential => hazard,
        Shape::Weibull { shape } => libm::pow(hazard, 1.0 / shape),
        Shape::Uniform { low, high } => (low + (high - low) * share) / unit,
        Shape::Triangular { low, mode, high } => triangular_time(*low, *mode, *high, share) / unit,
        Shape::Empirical { knots } => empirical_time(knots, share) / unit,
        Shape::Lognormal { sigma } => {
            if hazard <= 0.0 {
                return 0.0;
            }
            let least = if so_far.least() > 0.0 {
                libm::log(so_far.least()) / sigma
            } else {
                // Far below its median, ln H is about −z² / 2.
                -libm::sqrt(-2.0 * libm::log(hazard.min(0.5))) - 1.0
            };
            let guess = so_far.guess(hazard);
            let start = guess.map_or(least, |time| libm::log(time) / sigma);
            let z = climb(normal_hazard, normal_rate, hazard, (least, start), 1.0);
            libm::exp(sigma * z)
        }
        Shape::Gamma { shape } => {
            if hazard <= 0.0 {
                return 0.0;
            }
            let log_gamma = libm::lgamma(*shape);
            // Far below its mean, H(x) is x^shape / Γ(shape + 1).
            let first = || libm::exp((libm::log(hazard * shape) + log_gamma) / shape) * 0.5;
            let least = match so_far.least() {
                0.0 => first(),
                time => shape * time,
            };
            let start = so_far.guess(hazard).map_or(least, |time| shape * time);
            climb(
                |x| gamma_hazard(*shape, log_gamma, x),
                |x, reached| gamma_rate(*shape, log_gamma, x, reached),
                hazard,
                (least, start),
                least,
            ) / shape
        }
        Shape::Pert { low, .. } => {
            let ends = (so_far.least().max(low / unit), 1.0);
            solve(|time| hazard_at(shape, unit, time), hazard, ends.0, ends.1)
        }
    }
}

/// Where a cumulative hazard reaches a target, which it does at or above
/// `least`, looked for from `start`: Newton's steps along its rate, of four
/// times `step` at most, inside what is known to hold the place; where they
/// stall, the bracket is searched.
fn climb(
    hazard: impl Fn(f64) -> f64,
    rate: impl Fn(f64, f64) -> f64,
    target: f64,
    (least, start): (f64, f64),
    step: f64,
) -> f64 {
    let (mut low, mut high) = (least, f64::INFINITY);
    let mut x = start;
    for _ in 0..30 {
        let reached = hazard(x);
        if (reached - target).abs() <= 1e-12 * target {
            return x;
        }
        if reached < target {
            low = low.max(x);
        } else {
            high = high.min(x);
        }
        let newton = (target - reached) / rate(x, reached);
        if newton.abs() <= 1e-6 * x.abs() {
            // What is left is about the square of that.
            return x + newton;
        }
        let next = x + newton.clamp(-4.0 * step, 4.0 * step);
        x = if next > low && next < high && next.is_finite() {
            next
        } else if high.is_finite() {
            0.5 * (low + high)
        } else {
            x + step
        };
    }
    let mut width = step;
    while hazard(low + width) < target {
        width *= 2.0;
    }
    solve(hazard, target, low, high.min(low + width))
}

/// Where a rising function reaches a target, between two ends: regula falsi
/// with the Illinois rule, and bisection where that stalls.
fn solve(f: impl Fn(f64) -> f64, target: f64, mut low: f64, mut high: f64) -> f64 {
    let (mut at_low, mut at_high) = (f(low) - target, f(high) - target);
    if at_low >= 0.0 {
        return low;
    }
    if at_high <= 0.0 {
        return high;
    }
    for step in 0..200 {
        let slope = (at_high - at_low) / (high - low);
        let mut middle = low - at_low / slope;
        if step % 4 == 3 || !(middle > low && middle < high) {
            middle = 0.5 * (low + high);
        }
        let value = f(middle) - target;
        if value.abs() <= 1e-9 * target.abs() || high - low <= 1e-10 * high.abs() {
            return middle;
        }
        if value < 0.0 {
            low = middle;
            at_low = value;
            at_high *= 0.5;
        } else {
            high = middle;
            at_high = value;
            at_low *= 0.5;
        }
    }
    0.5 * (low + high)
}

/// −ln of the upper tail of the standard normal.
fn normal_hazard(z: f64) -> f64 {
    if z < 0.0 {
        -libm::log1p(-0.5 * libm::erfc(-z / std::f64::consts::SQRT_2))
    } else {
        -libm::log(0.5 * libm::erfc(z / std::f64::consts::SQRT_2))
    }
}

/// The rate at which it rises, where it has reached a value: the density over
/// the upper tail.
fn normal_rate(z: f64, reached: f64) -> f64 {
    const LOG_ROOT_TWO_PI: f64 = 0.918_938_533_204_672_8;
    libm::exp(reached - 0.5 * z * z - LOG_ROOT_TWO_PI)
}

/// The rate at which [`gamma_hazard`] rises, where it has reached a value.
fn gamma_rate(shape: f64, log_gamma: f64, x: f64, reached: f64) -> f64 {
    libm::exp(reached + (shape - 1.0) * libm::log(x) - x - log_gamma)
}

/// −ln of the upper tail of a gamma of this shape and scale 1: series below
/// the shape, continued fraction above it (Press et al., Numerical Recipes,
/// section 6.2).
fn gamma_hazard(shape: f64, log_gamma: f64, x: f64) -> f64 {
    let log_front = shape * libm::log(x) - x - log_gamma;
    if x < shape + 1.0 {
        let mut term = 1.0 / shape;
        let mut sum = term;
        let mut n = shape;
        while term > sum * 1e-16 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return -libm::log1p(-(sum * libm::exp(log_front)).min(1.0));
    }
    let mut b = x + 1.0 - shape;
    let mut c = 1e300;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for i in 1..10_000 {
        let a = -f64::from(i) * (f64::from(i) - shape);
        b += 2.0;
        d = 1.0 / nonzero(a * d + b);
        c = nonzero(b + a / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    -(log_front + libm::log(fraction))
}

fn nonzero(x: f64) -> f64 {
    if x.abs() < 1e-300 { 1e-300 } else { x }
}

/// Shapes of the beta under a PERT.
fn pert_shapes(low: f64, mode: f64, high: f64) -> (f64, f64) {
    let range = high - low;
    (
        1.0 + 4.0 * (mode - low) / range,
        1.0 + 4.0 * (high - mode) / range,
    )
}

/// Regularised incomplete beta function (Numerical Recipes, section 6.4).
fn beta_share(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let log_front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b)
        + a * libm::log(x)
        + b * libm::log1p(-x);
    let front = libm::exp(log_front);
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(a, b, x) / a
    } else {
        1.0 - front * beta_fraction(b, a, 1.0 - x) / b
    }
}

fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    let mut c = 1.0;
    let mut d = 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / nonzero(1.0 + even * d);
        c = nonzero(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / nonzero(1.0 + odd * d);
        c = nonzero(1.0 + odd / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

fn triangular_share(low: f64, mode: f64, high: f64, time: f64) -> f64 {
    if time <= low {
        0.0
    } else if time < mode {
        (time - low) * (time - low) / ((high - low) * (mode - low))
    } else if time < high {
        1.0 - (high - time) * (high - time) / ((high - low) * (high - mode))
    } else {
        1.0
    }
}

fn triangular_time(low: f64, mode: f64, high: f64, share: f64) -> f64 {
    let peak = (mode - low) / (high - low);
    if share < peak {
        low + libm::sqrt(share * (high - low) * (mode - low))
    } else {
        high - libm::sqrt((1.0 - share) * (high - low) * (high - mode))
    }
}

fn empirical_share(knots: &[[f64; 2]], time: f64) -> f64 {
    let above = knots.partition_point(|knot| knot[1] <= time);
    if above == 0 {
        return 0.0;
    }
    if above == knots.len() {
        return 1.0;
    }
    let ([p0, t0], [p1, t1]) = (knots[above - 1], knots[above]);
    p0 + (p1 - p0) * (time - t0) / (t1 - t0)
}

fn empirical_time(knots: &[[f64; 2]], share: f64) -> f64 {
    let above = knots
        .partition_point(|knot| knot[0] <= share)
        .clamp(1, knots.len() - 1);
    let ([p0, t0], [p1, t1]) = (knots[above - 1], knots[above]);
    t0 + (t1 - t0) * (share - p0) / (p1 - p0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::luck::{Purpose, Seed, exponential};

    /// A shape's share that is over by a time in units.
    type Share = fn(f64) -> f64;

    fn shapes() -> Vec<(Shape, Share)> {
        fn erlang4(t: f64) -> f64 {
            let x = 4.0 * t;
            1.0 - (-x).exp() * (1.0 + x + x * x / 2.0 + x * x * x / 6.0)
        }
        fn weibull(t: f64) -> f64 {
            1.0 - (-t.powf(0.7)).exp()
        }
        fn lognormal(t: f64) -> f64 {
            0.5 * libm::erfc(-(t.ln() / 0.5) / std::f64::consts::SQRT_2)
        }
        fn exponential(t: f64) -> f64 {
            1.0 - (-t).exp()
        }
        fn uniform(t: f64) -> f64 {
            ((t * 30.0 - 10.0) / 20.0).clamp(0.0, 1.0)
        }
        fn triangular(t: f64) -> f64 {
            triangular_share(4.0, 8.0, 20.0, t * 20.0)
        }
        // PERT(0, 1, 3) is 3 times a beta(7/3, 11/3); its share is integrated.
        fn pert(t: f64) -> f64 {
            let (a, b) = (7.0 / 3.0, 11.0 / 3.0);
            let front = libm::tgamma(a + b) / (libm::tgamma(a) * libm::tgamma(b));
            let steps = 4000;
            let width = t / f64::from(steps);
            (0..steps)
                .map(|i| (f64::from(i) + 0.5) * width)
                .map(|x: f64| front * x.powf(a - 1.0) * (1.0 - x).powf(b - 1.0) * width)
                .sum()
        }
        fn empirical(t: f64) -> f64 {
            empirical_share(&[[0.0, 2.0], [0.5, 10.0], [1.0, 40.0]], t * 40.0)
        }
        vec![
            (Shape::Gamma { shape: 4.0 }, erlang4 as Share),
            (Shape::Weibull { shape: 0.7 }, weibull),
            (Shape::Lognormal { sigma: 0.5 }, lognormal),
            (Shape::Exponential, exponential),
            (
                Shape::Uniform {
                    low: 10.0,
                    high: 30.0,
                },
                uniform,
            ),
            (
                Shape::Triangular {
                    low: 4.0,
                    mode: 8.0,
                    high: 20.0,
                },
                triangular,
            ),
            (
                Shape::Pert {
                    low: 0.0,
                    mode: 1.0,
                    high: 3.0,
                },
                pert,
            ),
            (
                Shape::Empirical {
                    knots: vec![[0.0, 2.0], [0.5, 10.0], [1.0, 40.0]],
                },
                empirical,
            ),
        ]
    }

    /// Kolmogorov's test with n = 50,000: the statistic √n·D exceeds 2.23 in
    /// one correct table of 10,000; both tables of eight shapes fail a correct
    /// engine at most once in 625 seeds.
    #[test]
    fn every_inverse_table_draws_its_law() {
        let n = 50_000;
        for (index, (shape, share)) in shapes().into_iter().enumerate() {
            let curve = Curve::new(&shape);
            let luck = Seed(11).replicate(index as u32);
            let words = (0..n / 4).flat_map(|child| luck.words(child, Purpose::Clock, 0, 0));
            let words: Vec<u32> = words.collect();
            let by_hazard = |&word: &u32| curve.time(exponential(word));
            let by_share = |&word: &u32| curve.shares().time(lasting(word));
            for mut drawn in [
                words.iter().map(by_hazard).collect::<Vec<f64>>(),
                words.iter().map(by_share).collect(),
            ] {
                drawn.sort_unstable_by(f64::total_cmp);
                let gap = drawn
                    .iter()
                    .enumerate()
                    .map(|(rank, &time)| {
                        let below = rank as f64 / n as f64;
                        let law = share(time);
                        (law - below)
                            .abs()
                            .max((law - below - 1.0 / n as f64).abs())
                    })
                    .fold(0.0, f64::max);
                let statistic = gap * (n as f64).sqrt();
                assert!(statistic < 2.23, "{shape:?}: {statistic}");
            }
        }
    }

    /// Both tables are straight between their knots. Where the law has a kink,
    /// a chord of the table by hazard cuts it short: its knots there are 0.004
    /// of all apart, and the slope changes from 0.4 to 1.5.
    #[test]
    fn a_share_has_the_time_of_its_hazard() {
        for (shape, _) in shapes() {
            let curve = Curve::new(&shape);
            let most = match shape {
                Shape::Empirical { .. } => 5e-3,
                _ => 1e-4,
            };
            for word in (0..u32::MAX).step_by(99_991) {
                let lasts = lasting(word);
                let (time, by_share) = (curve.time(exponential(word)), curve.shares().time(lasts));
                assert!(
                    (by_share - time).abs() < most * time + 1e-6,
                    "{shape:?}: {lasts} lasts {by_share}, not {time}"
                );
            }
        }
    }

    #[test]
    fn the_two_directions_undo_each_other() {
        for (shape, _) in shapes() {
            let curve = Curve::new(&shape);
            for hazard in [0.01, 0.3, 1.0, 2.5, 6.0] {
                let back = curve.hazard(curve.time(hazard));
                assert!(
                    (back - hazard).abs() < 4e-3 * hazard + 1e-5,
                    "{shape:?}: {hazard} became {back}"
                );
            }
        }
    }

    #[test]
    fn a_fixed_time_is_always_the_same() {
        let curve = Curve::new(&Shape::Fixed);
        for hazard in [1e-9, 0.1, 1.0, 20.0, 100.0] {
            assert_eq!(curve.time(hazard), 1.0);
        }
    }

    #[test]
    fn more_luck_never_shortens_a_duration() {
        for (shape, _) in shapes() {
            let curve = Curve::new(&shape);
            let times: Vec<f64> = (0..20_000)
                .map(|step| curve.time(f64::from(step) * 0.001))
                .collect();
            assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "{shape:?}");
        }
    }
}

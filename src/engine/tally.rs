//! The tally of one replicate: integer counters by accounting segment, folded
//! into the series that a run reports.

use super::world::World;
use crate::calendar::{Calendar, Place};
use crate::model::Model;
use crate::model::series::{Line, Recipe};
use crate::units::costs_of_nights;
use crate::wide::{Work, sum_rows, widest};
use std::ops::Range;

/// Spells of a state that begin or end in a segment: how many more begin, and
/// the nights of the segment that they have more than they miss. The children
/// are the upper half and the nights the lower, so that one addition counts
/// both; nights below zero take one off the half above, which reading gives
/// back.
#[derive(Debug, Clone, Copy, Default)]
struct Spells(i64);

impl Spells {
    #[inline(always)]
    fn add(&mut self, children: i64, nights: i32) {
        self.0 += (children << 32) + i64::from(nights);
    }

    #[inline(always)]
    fn nights(self) -> i32 {
        self.0 as i32
    }

    #[inline(always)]
    fn children(self) -> i32 {
        ((self.0 - i64::from(self.nights())) >> 32) as i32
    }
}

/// Counters of one replicate, and the folded values.
///
/// A spell adds one at the segment it starts in and takes it away at the one
/// it ends in; a running sum is the stock at the end of each segment. What a
/// spell misses of its first segment's nights, and has of its last one's, is
/// kept as a correction, so that nights cost two additions, not a scan.
#[derive(Debug)]
pub struct Tally {
    segments: usize,
    nights: Vec<i64>,
    month: Vec<usize>,
    /// Segments that are parted from the next one by a seam alone.
    before_seams: Vec<usize>,
    spells: Vec<Spells>,
    flows: Vec<i32>,
    /// Children in each state at the end of each segment, and of each month.
    held: Vec<i32>,
    stocks: Vec<i32>,
    /// Nights by segment of the line that is being priced, then their price.
    paid: Vec<i64>,
    lines: Vec<i64>,
    /// Folded counts, in the order of the layout's count cells.
    pub counts: Vec<i32>,
    /// Folded money, in the order of the layout's money cells.
    pub pence: Vec<i64>,
}

impl Tally {
    /// An empty tally for a model.
    pub fn new(model: &Model) -> Self {
        let calendar: &Calendar = model.calendar();
        let segments = calendar.segments();
        let counters = &model.reporting.counters;
        let months = calendar.months();
        Self {
            segments: segments.len(),
            nights: segments.iter().map(|segment| segment.nights()).collect(),
            month: segments.iter().map(|segment| segment.month).collect(),
            before_seams: (1..segments.len())
                .filter(|next| segments[*next].is_seam)
                .map(|next| next - 1)
                .collect(),
            spells: vec![Spells::default(); counters.spells * (segments.len() + 1)],
            flows: vec![0; counters.flows * (segments.len() + 1)],
            held: vec![0; counters.spells * segments.len()],
            stocks: vec![0; counters.spells * months],
            paid: vec![0; segments.len()],
            lines: vec![0; model.reporting.lines.len() * months],
            counts: vec![0; model.reporting.layout.count_cells()],
            pence: vec![0; model.reporting.layout.pence_cells()],
        }
    }

    /// Empties the counters for the next replicate.
    pub fn clear(&mut self) {
        self.spells.fill(Spells::default());
        self.flows.fill(0);
    }

    /// Takes over the counters of another tally of the same model.
    pub fn copy_counters(&mut self, other: &Self) {
        self.spells.copy_from_slice(&other.spells);
        self.flows.copy_from_slice(&other.flows);
    }

    /// Counts a state that holds on the nights from one day up to, not
    /// including, another.
    #[inline]
    pub fn spell(&mut self, calendar: &Calendar, counter: usize, from: i32, to: i32) {
        if to > from {
            self.spell_between(counter, calendar.place_of(from), calendar.place_of(to));
        }
    }

    /// [`Tally::spell`] from a day to one that is no earlier.
    #[inline(always)]
    pub fn spell_between(&mut self, counter: usize, from: Place, to: Place) {
        self.begin_spells(std::iter::once((counter, from)));
        self.end_spells(std::iter::once((counter, to)));
    }

    /// Begins spells of states, each on a day.
    #[inline(always)]
    pub fn begin_spells(&mut self, spells: impl Iterator<Item = (usize, Place)>) {
        let (width, cells) = (self.segments + 1, self.spells.as_mut_slice());
        for (counter, from) in spells {
            cells[counter * width + from.segment()].add(1, -from.nights_before());
        }
    }

    /// Begins so many spells of one state on one day.
    #[inline(always)]
    pub fn begin_together(&mut self, counter: usize, children: i32, from: Place) {
        let cell = &mut self.spells[counter * (self.segments + 1) + from.segment()];
        cell.add(i64::from(children), -children * from.nights_before());
    }

    /// Ends spells of states, each before the night of a day.
    #[inline(always)]
    pub fn end_spells(&mut self, spells: impl Iterator<Item = (usize, Place)>) {
        let (width, cells) = (self.segments + 1, self.spells.as_mut_slice());
        for (counter, to) in spells {
            cells[counter * width + to.segment()].add(-1, to.nights_before());
        }
    }

    /// Counts an event on a day.
    #[inline]
    pub fn event(&mut self, calendar: &Calendar, flow: usize, day: i32) {
        self.event_at(flow, calendar.place_of(day));
    }

    /// [`Tally::event`].
    #[inline(always)]
    pub fn event_at(&mut self, flow: usize, day: Place) {
        self.events_at(std::iter::once((flow, day)));
    }

    /// [`Tally::event_at`] for many at once.
    #[inline(always)]
    pub fn events_at(&mut self, events: impl Iterator<Item = (usize, Place)>) {
        let (width, cells) = (self.segments + 1, self.flows.as_mut_slice());
        for (flow, day) in events {
            cells[flow * width + day.segment()] += 1;
        }
    }

    /// Folds the counters into the reported series.
    pub fn fold(&mut self, world: &World<'_>) {
        widest(Fold { tally: self, world });
    }

    #[inline(always)]
    fn fold_all(&mut self, world: &World<'_>) {
        let reporting = &world.model.reporting;
        let months = reporting.layout.calendar().months();
        self.fold_stocks(months);
        self.fold_counts(&reporting.recipes, months);
        self.fold_lines(world, months);
        let sums = self.pence.chunks_exact_mut(months);
        for (sum, cells) in reporting.sums.iter().zip(sums) {
            sum_rows(cells, (&self.lines, months), sum, &[]);
        }
    }

    #[inline(always)]
    fn fold_stocks(&mut self, months: usize) {
        let spells = self.spells.chunks_exact(self.segments + 1);
        let held = self.held.chunks_exact_mut(self.segments);
        let stocks = self.stocks.chunks_exact_mut(months);
        for ((spells, held), stocks) in spells.zip(held).zip(stocks) {
            let mut stock = 0;
            if self.segments == months {
                for ((stocks, held), spells) in stocks.iter_mut().zip(held).zip(spells) {
                    stock += spells.children();
                    (*held, *stocks) = (stock, stock);
                }
                continue;
            }
            for ((held, spells), &month) in held.iter_mut().zip(spells).zip(&self.month) {
                stock += spells.children();
                (*held, stocks[month]) = (stock, stock);
            }
        }
    }

    #[inline(always)]
    fn fold_counts(&mut self, recipes: &[Recipe], months: usize) {
        for (recipe, cells) in recipes.iter().zip(self.counts.chunks_exact_mut(months)) {
            match recipe {
                Recipe::Spells(add, less) => {
                    sum_rows(cells, (&self.stocks, months), add, less);
                }
                Recipe::Flows(flows) => {
                    let width = self.segments + 1;
                    if self.segments == months {
                        // Each month is one segment: rows lie side by side.
                        sum_rows(cells, (&self.flows, width), flows, &[]);
                        continue;
                    }
                    cells.fill(0);
                    for flow in flows {
                        let row = &self.flows[flow * width..];
                        for (&month, &events) in self.month.iter().zip(row) {
                            cells[month] += events;
                        }
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn fold_lines(&mut self, world: &World<'_>, months: usize) {
        let counters = &world.model.reporting.counters;
        let placements = world.model.beds.len();
        self.lines.fill(0);
        let lines = world.model.reporting.lines.iter().zip(&world.prices);
        for (index, (line, prices)) in lines.enumerate() {
            match *line {
                Line::Placement(placement) => {
                    self.price_nights(one(counters.placement + placement), prices);
                }
                Line::Allowance(allowance) => {
                    self.price_nights(one(counters.allowances + allowance), prices);
                }
                Line::Grant(grant) => self.price_nights(one(counters.grants + grant), prices),
                Line::Overhead => {
                    let placements = counters.placement..counters.placement + placements;
                    self.price_nights(placements, prices);
                }
                Line::Fee(fee) => {
                    let row = (counters.fees + fee) * (self.segments + 1);
                    let fees = self.flows[row..].iter().zip(&prices[..]);
                    for (paid, (&events, &price)) in self.paid.iter_mut().zip(fees) {
                        *paid = price * i64::from(events);
                    }
                }
                Line::Programme(_) => self.paid.copy_from_slice(&prices[..self.segments]),
            }
            let line_of_months = &mut self.lines[index * months..][..months];
            for (&month, &pence) in self.month.iter().zip(&self.paid) {
                line_of_months[month] += pence;
            }
        }
    }

    /// Prices the nights of some states. Nights before a seam wait for the
    /// segment behind it where the price is the same, to be priced once.
    #[inline(always)]
    fn price_nights(&mut self, counters: Range<usize>, prices: &[i64]) {
        self.fold_nights(counters);
        for &segment in &self.before_seams {
            if prices[segment + 1] == prices[segment] {
                self.paid[segment + 1] += std::mem::take(&mut self.paid[segment]);
            }
        }
        costs_of_nights(prices, &mut self.paid);
    }

    /// Adds up the nights of some states in each segment, after the stocks have
    /// been folded.
    #[inline(always)]
    fn fold_nights(&mut self, counters: Range<usize>) {
        if counters.is_empty() {
            self.paid.fill(0);
        }
        for (place, counter) in counters.enumerate() {
            let spells = &self.spells[counter * (self.segments + 1)..][..self.segments];
            let held = &self.held[counter * self.segments..][..self.segments];
            let states = held.iter().zip(spells).zip(&self.nights);
            for (paid, ((&held, spells), &nights)) in self.paid.iter_mut().zip(states) {
                let others = if place == 0 { 0 } else { *paid };
                *paid = others + i64::from(held) * nights + i64::from(spells.nights());
            }
        }
    }
}

/// A counter by itself.
fn one(counter: usize) -> Range<usize> {
    counter..counter + 1
}

struct Fold<'a, 'w, 'm> {
    tally: &'a mut Tally,
    world: &'w World<'m>,
}

impl Work for Fold<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn work(self) {
        self.tally.fold_all(self.world);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_and_nights_share_a_number_and_come_apart() {
        let mut spells = Spells::default();
        let counted = [
            (1, -30),
            (-1, 12),
            (1, 0),
            (1, -2_000_000_000),
            (-70_000, 5),
        ];
        let (mut children, mut nights) = (0, 0);
        for (more, had) in counted {
            spells.add(more, had);
            children += more;
            nights += had;
            assert_eq!(
                (i64::from(spells.children()), spells.nights()),
                (children, nights)
            );
        }
    }
}

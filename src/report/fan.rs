//! The fan of children in care: observed figures, the range of futures, every
//! scenario labelled at its end, targets and the council's own forecast.

use super::draw::{self, BOLD, LINE, Scale, TEXT, line, lines, text};
use super::figure::{Drawing, Figure, Table};
use super::words::{self, P05, P10, P25, P50, P75, P90, P95};
use crate::config::paper::{History, Paper};
use crate::forecast::{Band, Direction, ScenarioForecast, TargetResult};
use crate::model::layout::Unit;
use crate::units::{Date, financial_year_end};
use maud::{Markup, html};

/// What the fan shows.
#[derive(Debug)]
pub(super) struct Fan<'a> {
    /// Day 0.
    pub start: Date,
    /// The scenario that the fan is of.
    pub main: &'a ScenarioForecast,
    /// All scenarios, in the order of the file.
    pub scenarios: &'a [ScenarioForecast],
    /// Observed and published figures.
    pub paper: &'a Paper,
    /// The target that answers the question, if it is of the population.
    pub target: Option<&'a TargetResult>,
}

/// Months of the population of a scenario.
pub(super) fn population(forecast: &ScenarioForecast) -> Vec<&Band> {
    forecast
        .bands
        .of("population", "all", "all", "month")
        .collect()
}

/// A mark at a date: a target or a published figure.
#[derive(Debug, Clone, PartialEq)]
struct Mark {
    date: Date,
    value: f64,
    /// Direction of a target; none for a published figure.
    target: Option<Direction>,
    is_main: bool,
}

/// Classes of the lines of scenarios other than the main one, in turn.
const STYLES: usize = 5;

/// Class of a scenario's line and label; the main one is drawn apart.
pub(super) fn style(scenarios: &[ScenarioForecast], main: &str, index: usize) -> String {
    if scenarios[index].scenario == main {
        return "main".to_owned();
    }
    let before = scenarios[..index].iter();
    let order = before.filter(|one| one.scenario != main).count();
    format!("other{}", order % STYLES)
}

impl Fan<'_> {
    /// The chart.
    pub fn figure(&self) -> Figure {
        let months = population(self.main);
        Figure {
            id: "fan",
            title: self.title(&months),
            alternative: self.alternative(&months),
            drawings: vec![
                self.draw("wide", 640.0, 200.0, &months),
                self.draw("narrow", 380.0, 104.0, &months),
            ],
            note: "Shades are prediction intervals: where the number will lie if the scenario is right. The scale does not begin at 0.".to_owned(),
            table: self.table(),
        }
    }

    /// The band that the question is about: at the target's date, or the last.
    fn asked<'b>(&self, months: &[&'b Band]) -> &'b Band {
        let at = self.target.map(|target| target.target.date);
        let found = months.iter().find(|band| Some(band.date) == at);
        found.or(months.last()).expect("a forecast has a month")
    }

    fn title(&self, months: &[&Band]) -> String {
        let band = self.asked(months);
        let expected = format!(
            "About {} children are expected in care on {}",
            words::level(band, P50),
            words::day(band.date)
        );
        let Some(target) = self.target else {
            return format!(
                "{expected}; 8 in 10 futures have {}",
                words::range(band, P10, P90)
            );
        };
        // Of the number that has just been told.
        let gap = words::told_children(band, P50) - target.target.threshold;
        let size = words::exact(Unit::Children, gap.abs());
        let limit = words::exact(Unit::Children, target.target.threshold);
        match (size.as_str(), gap > 0.0) {
            ("0", _) => format!("{expected}, as many as the target of {limit}"),
            (_, true) => format!("{expected}, {size} more than the target of {limit}"),
            (_, false) => format!("{expected}, {size} fewer than the target of {limit}"),
        }
    }

    fn alternative(&self, months: &[&Band]) -> String {
        let (first, last) = (months[0], months[months.len() - 1]);
        let mut words = format!(
            "Line chart of children in care from {} to {}. In the scenario “{}” the middle future goes from {} on {} to {} on {}; 8 in 10 futures end between {}.",
            words::day(self.history().first().map_or(self.start, |row| row.0)),
            words::day(last.date),
            self.main.scenario,
            words::level(first, P50),
            words::day(first.date),
            words::level(last, P50),
            words::day(last.date),
            words::range(last, P10, P90).replace(" to ", " and ")
        );
        let ends: Vec<String> = self
            .scenarios
            .iter()
            .filter(|one| one.scenario != self.main.scenario)
            .filter_map(|one| {
                let months = population(one);
                let band = months.last()?;
                Some(format!("“{}” at {}", one.scenario, words::level(band, P50)))
            })
            .collect();
        if !ends.is_empty() {
            words.push_str(&format!(" Other scenarios end: {}.", words::list(&ends)));
        }
        words
    }

    /// Observed figures no further back than the forecast goes on, but at least
    /// the last three.
    fn history(&self) -> Vec<(Date, f64)> {
        let observed = |row: &History| Some((row.date, row.population?));
        let mut rows: Vec<(Date, f64)> = self.paper.history.iter().filter_map(observed).collect();
        let months = population(self.main);
        let length = months
            .last()
            .map_or(0, |band| (band.date - self.start).num_days());
        let is_old = |date: Date| (self.start - date).num_days() > length;
        let old = rows.iter().filter(|row| is_old(row.0)).count();
        rows.drain(..old.min(rows.len().saturating_sub(3)));
        rows
    }

    fn marks(&self) -> Vec<Mark> {
        let targets = self
            .main
            .targets
            .iter()
            .filter(|one| one.target.metric == "population" && one.target.segment_by == "all");
        let mut marks: Vec<Mark> = targets
            .map(|one| Mark {
                date: one.target.date,
                value: one.target.threshold,
                target: Some(one.target.direction),
                is_main: self.target.is_some_and(|main| main.target == one.target),
            })
            .collect();
        for row in &self.paper.published {
            let is_there = |mark: &Mark| mark.date == row.date && mark.value == row.population;
            if !marks.iter().any(is_there) {
                marks.push(Mark {
                    date: row.date,
                    value: row.population,
                    target: None,
                    is_main: false,
                });
            }
        }
        marks.sort_by(|a, b| a.date.cmp(&b.date).then(b.value.total_cmp(&a.value)));
        marks
    }

    fn draw(&self, class: &'static str, width: f64, margin: f64, months: &[&Band]) -> Drawing {
        let key = self.key(width);
        let top = key.1 + 16.0;
        let labels = self.labels(margin - 14.0);
        let label_height: f64 = labels.iter().map(|label| label.height()).sum();
        let bottom = top + label_height.max(if class == "wide" { 300.0 } else { 260.0 });
        let height = bottom + 30.0;
        let left = 40.0;
        let right = width - margin;

        let history = self.history();
        let marks = self.marks();
        let (low, high) = self.extent(&history, &marks, months);
        let steps = draw::ticks(low, high, 5);
        let y = Scale::new((steps[0], steps[steps.len() - 1]), (bottom, top));
        let first = history
            .first()
            .map_or(self.start, |row| row.0.min(self.start));
        let last = months[months.len() - 1].date;
        let x = Scale::new((draw::days(first), draw::days(last)), (left, right));
        let dates = draw::date_ticks(first, last, ((right - left) / 72.0) as usize);

        let ink = html! {
            (draw::upright(y, &steps, (left, right), |tick| format!("{tick:.0}")))
            (draw::calendar(x, &dates, bottom))
            (line("axis", (left, bottom), (right, bottom)))
            (self.shades(x, y, months))
            (line("start", (x.at_date(self.start), top), (x.at_date(self.start), bottom)))
            (self.lines_of_scenarios(x, y))
            (observed(x, y, &history))
            (marked(x, y, &marks, (top, bottom), (left, right)))
            (self.labelled(&labels, y, (top, bottom), right))
            (key.0)
        };
        Drawing {
            class,
            width,
            height,
            ink,
        }
    }

    fn extent(&self, history: &[(Date, f64)], marks: &[Mark], months: &[&Band]) -> (f64, f64) {
        let shades = months
            .iter()
            .flat_map(|band| [band.percentiles[P05], band.percentiles[P95]]);
        let medians = self.scenarios.iter().flat_map(|one| {
            let values: Vec<f64> = population(one).iter().map(|b| b.percentiles[P50]).collect();
            values
        });
        let values = shades
            .chain(medians)
            .chain(history.iter().map(|row| row.1))
            .chain(marks.iter().map(|mark| mark.value));
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    }

    /// The start of every line: what was observed last, if that was at the start.
    fn origin(&self) -> Option<(Date, f64)> {
        let last = self.history().last().copied();
        last.filter(|row| row.0 == self.start)
    }

    fn shades(&self, x: Scale, y: Scale, months: &[&Band]) -> Markup {
        let edge = |level: usize| -> Vec<(f64, f64)> {
            let origin = self.origin().into_iter();
            let bands = months
                .iter()
                .map(|band| (band.date, band.percentiles[level]));
            origin
                .chain(bands)
                .map(|(date, value)| (x.at_date(date), y.at(value)))
                .collect()
        };
        html! {
            @for (class, low, high) in [("shade9", P05, P95), ("shade8", P10, P90), ("shade5", P25, P75)] {
                path class=(class) d=(draw::area(&edge(high), &edge(low))) {}
            }
        }
    }

    fn lines_of_scenarios(&self, x: Scale, y: Scale) -> Markup {
        let points = |one: &ScenarioForecast| {
            let bands: Vec<(Date, f64)> = population(one)
                .iter()
                .map(|band| (band.date, band.percentiles[P50]))
                .collect();
            let all = self.origin().into_iter().chain(bands);
            draw::path(all.map(|(date, value)| (x.at_date(date), y.at(value))))
        };
        // The main scenario lies on top.
        let others = self.scenarios.iter().enumerate();
        let others = others.filter(|(_, one)| one.scenario != self.main.scenario);
        html! {
            @for (index, one) in others {
                path class={ "median " (style(self.scenarios, &self.main.scenario, index)) }
                    d=(points(one)) {}
            }
            path class="median main" d=(points(self.main)) {}
        }
    }

    /// Labels of the scenarios, from the highest to the lowest end.
    fn labels(&self, room: f64) -> Vec<EndLabel> {
        let mut labels: Vec<EndLabel> = self
            .scenarios
            .iter()
            .enumerate()
            .filter_map(|(index, one)| {
                let months = population(one);
                let band = months.last()?;
                let words = format!("{} {}", words::level(band, P50), one.scenario);
                Some(EndLabel {
                    value: band.percentiles[P50],
                    class: style(self.scenarios, &self.main.scenario, index),
                    lines: draw::wrap(&words, room / BOLD, TEXT, 3),
                })
            })
            .collect();
        labels.sort_by(|a, b| b.value.total_cmp(&a.value));
        labels
    }

    fn labelled(&self, labels: &[EndLabel], y: Scale, room: (f64, f64), right: f64) -> Markup {
        let wanted: Vec<f64> = labels.iter().map(|label| y.at(label.value)).collect();
        let heights: Vec<f64> = labels.iter().map(EndLabel::height).collect();
        let places = draw::spread(&wanted, &heights, room);
        html! {
            @for ((label, place), wanted) in labels.iter().zip(places).zip(wanted) {
                (line("leader", (right + 1.0, wanted), (right + 11.0, place)))
                (lines(right + 14.0, place, &format!("label {}", label.class), &label.lines))
            }
        }
    }

    /// What the signs mean, in as many rows as they need, and their height.
    fn key(&self, room: f64) -> (Markup, f64) {
        let mut items: Vec<(&str, &str)> = Vec::new();
        if !self.paper.history.is_empty() {
            items.push(("observed", "observed"));
        }
        items.extend([
            ("shade5", "half of futures"),
            ("shade8", "8 in 10"),
            ("shade9", "9 in 10"),
        ]);
        let marks = self.marks();
        if marks.iter().any(|mark| mark.target.is_some()) {
            items.push(("target", "target"));
        }
        if marks.iter().any(|mark| mark.target.is_none()) {
            items.push(("published", "council’s forecast"));
        }
        let (mut x, mut y) = (2.0, 10.0);
        let mut ink = Vec::new();
        for (sign, words) in items {
            let length = 20.0 + draw::width(words, TEXT);
            if x + length > room {
                (x, y) = (2.0, y + LINE + 3.0);
            }
            ink.push(html! {
                @match sign {
                    "observed" => circle class="observed" cx=(draw::n(x + 7.0)) cy=(draw::n(y)) r="3.5" {},
                    "target" => (sign_of_target(x + 7.0, y + 5.0, Direction::AtMost, "target")),
                    "published" => (diamond(x + 7.0, y)),
                    shade => (draw::bar(shade, (x, y - 6.0), (x + 15.0, y + 6.0))),
                }
                (text(x + 19.0, y + TEXT * 0.35, "key", words))
            });
            x += length + 14.0;
        }
        (html! { @for one in &ink { (one) } }, y + 8.0)
    }

    fn table(&self) -> Table {
        let heads = [
            "Date",
            "Scenario",
            "Middle future",
            "8 in 10 futures",
            "9 in 10 futures",
        ];
        let mut table = Table::new("table-fan", "Children in care", &heads, 2);
        for (date, value) in self.history() {
            table.rows.push(vec![
                words::short_day(date),
                "observed".to_owned(),
                words::exact(Unit::Children, value),
                String::new(),
                String::new(),
            ]);
        }
        let asked = self.target.map(|target| target.target.date);
        for date in kept_dates(&population(self.main), asked) {
            for one in self.scenarios {
                let months = population(one);
                for band in months.iter().filter(|band| band.date == date) {
                    table.rows.push(vec![
                        words::short_day(date),
                        one.scenario.clone(),
                        words::level(band, P50),
                        words::range(band, P10, P90),
                        words::range(band, P05, P95),
                    ]);
                }
            }
        }
        table
    }

    /// The small table beside the chart: the main scenario at the dates that
    /// matter.
    pub fn beside(&self) -> Table {
        let heads = ["Date", "Middle future", "8 in 10 futures"];
        let caption = format!("Children in care, “{}”", self.main.scenario);
        let mut table = Table::new("table-beside", caption, &heads, 1);
        let months = population(self.main);
        let asked = self.target.map(|target| target.target.date);
        let last = months.last().map(|band| band.date);
        let ends = |date: Date| {
            financial_year_end(date) == date || Some(date) == asked || Some(date) == last
        };
        let mut rows: Vec<&&Band> = months.iter().filter(|band| ends(band.date)).collect();
        const MOST: usize = 10;
        let every = rows.len().div_ceil(MOST);
        if every > 1 {
            rows = rows.into_iter().rev().step_by(every).collect();
            rows.reverse();
        }
        for band in rows {
            table.rows.push(vec![
                words::short_day(band.date),
                words::level(band, P50),
                words::range(band, P10, P90),
            ]);
        }
        table
    }
}

/// A label at the end of a line.
struct EndLabel {
    value: f64,
    class: String,
    lines: Vec<String>,
}

impl EndLabel {
    fn height(&self) -> f64 {
        self.lines.len() as f64 * LINE + 2.0
    }
}

/// Dates of a table of months: every quarter, or the ends of financial years
/// where there are many; the date asked about and the last always.
pub(super) fn kept_dates(months: &[&Band], asked: Option<Date>) -> Vec<Date> {
    use chrono::Datelike;
    let last = months.last().map(|band| band.date);
    let is_long = months.len() > 24;
    months
        .iter()
        .map(|band| band.date)
        .filter(|&date| {
            let closes = if is_long {
                financial_year_end(date) == date
            } else {
                date.month().is_multiple_of(3)
            };
            closes || Some(date) == asked || Some(date) == last
        })
        .collect()
}

fn observed(x: Scale, y: Scale, history: &[(Date, f64)]) -> Markup {
    let points: Vec<(f64, f64)> = history
        .iter()
        .map(|&(date, value)| (x.at_date(date), y.at(value)))
        .collect();
    html! {
        path class="observed-line" d=(draw::path(points.iter().copied())) {}
        @for (x, y) in points {
            circle class="observed" cx=(draw::n(x)) cy=(draw::n(y)) r="3.5" {}
        }
    }
}

/// A triangle whose tip touches the threshold: from above where the number
/// must come down to it, from below where it must rise.
fn sign_of_target(x: f64, y: f64, direction: Direction, class: &str) -> Markup {
    let base = match direction {
        Direction::AtMost => y - 10.0,
        Direction::AtLeast => y + 10.0,
    };
    let data = draw::path([(x, y), (x - 6.0, base), (x + 6.0, base)]);
    html! { path class=(class) d={ (data) "Z" } {} }
}

fn diamond(x: f64, y: f64) -> Markup {
    let data = draw::path([(x, y - 5.0), (x + 5.0, y), (x, y + 5.0), (x - 5.0, y)]);
    html! { path class="published" d={ (data) "Z" } {} }
}

/// Targets and published figures with their values beside them, to the left of
/// their date, or to its right at the left edge.
fn marked(x: Scale, y: Scale, marks: &[Mark], room: (f64, f64), sides: (f64, f64)) -> Markup {
    let of_date = marks.chunk_by(|a, b| a.date == b.date);
    html! {
        @for group in of_date {
            @let at = x.at_date(group[0].date);
            @let is_left = at - 60.0 < sides.0;
            @let (edge, class) = if is_left { (at + 10.0, "mark") } else { (at - 10.0, "mark end") };
            @let wanted: Vec<f64> = group.iter().map(|mark| y.at(mark.value)).collect();
            @let heights = vec![TEXT + 1.0; group.len()];
            @let places = draw::spread(&wanted, &heights, room);
            @for (mark, place) in group.iter().zip(places) {
                @match mark.target {
                    Some(direction) => (sign_of_target(at, y.at(mark.value), direction, "target")),
                    None => (diamond(at, y.at(mark.value))),
                }
                @let words = words::exact(Unit::Children, mark.value);
                @let words = if mark.is_main { format!("target {words}") } else { words };
                @let class = if mark.is_main { format!("{class} strong") } else { class.to_owned() };
                (text(edge, place + TEXT * 0.35, &class, &words))
            }
        }
    }
}

//! Spend by financial year against what is promised.

use super::figure::{Figure, Table};
use super::ranges::{self, Group, Look, Row};
use super::words::{self, P05, P10, P50, P90, P95};
use crate::forecast::{Band, ScenarioForecast, TargetResult};
use crate::model::layout::Unit;
use crate::units::{Date, financial_year_name};

/// What the chart shows.
pub(super) struct Spend<'a> {
    /// The scenario that answers the question.
    pub main: &'a ScenarioForecast,
    /// The scenario that savings are measured from.
    pub comparison: &'a ScenarioForecast,
    /// All scenarios, for the table.
    pub scenarios: &'a [ScenarioForecast],
    /// Ends of the financial years of which only a part is known.
    pub part_years: &'a [Date],
    /// Dimension and segment of the spend, `all` and `all` for the whole.
    pub of: (&'a str, &'a str),
}

/// Years drawn at most.
const MOST_YEARS: usize = 4;

/// Dimension and segment of the spend that is promised first: by the target
/// that answers the question, or else by another; of all spend where nothing
/// is promised.
pub(super) fn promised<'a>(
    asked: Option<&'a TargetResult>,
    main: &'a ScenarioForecast,
) -> (&'a str, &'a str) {
    asked
        .into_iter()
        .chain(&main.targets)
        .find(|one| one.target.metric == "spend")
        .map_or(("all", "all"), |one| {
            (one.target.segment_by.as_str(), one.target.segment.as_str())
        })
}

impl<'a> Spend<'a> {
    /// The chart, if the scenario has money in it.
    pub fn figure(&self) -> Option<Figure> {
        let dates = self.drawn_years()?;
        let groups: Vec<Group> = dates.iter().map(|&date| self.group(date)).collect();
        Some(Figure {
            id: "spend",
            title: self.title(&dates)?,
            alternative: self.alternative(&dates),
            drawings: vec![ranges::draw(&groups, Look::Box, |value| {
                words::tick(Unit::Pounds, value)
            })],
            note: "Boxes hold 8 in 10 futures, lines 9 in 10; the bar across is the middle future. The scale does not begin at £0.".to_owned(),
            table: self.table(),
        })
    }

    fn years(&self, forecast: &'a ScenarioForecast, metric: &'a str) -> Vec<&'a Band> {
        let (by, segment) = self.of;
        forecast
            .bands
            .of(metric, by, segment, "financial_year")
            .collect()
    }

    fn year(
        &self,
        forecast: &'a ScenarioForecast,
        metric: &'a str,
        date: Date,
    ) -> Option<&'a Band> {
        let mut years = self.years(forecast, metric).into_iter();
        years.find(|band| band.date == date)
    }

    /// " on “external placements”", or nothing for all spend.
    fn what(&self) -> String {
        match self.of {
            ("all", _) => String::new(),
            (_, segment) => format!(" on “{segment}”"),
        }
    }

    /// Whole years, or all where none is whole; the first ones and the last.
    fn drawn_years(&self) -> Option<Vec<Date>> {
        let all = self.years(self.main, "spend");
        if all.iter().all(|band| band.percentiles[P95] <= 0.0) {
            return None;
        }
        let mut dates: Vec<Date> = all.iter().map(|band| band.date).collect();
        let is_whole = |date: &Date| !self.part_years.contains(date);
        if dates.iter().any(is_whole) {
            dates.retain(is_whole);
        }
        if let Some(last) = dates.last().copied().filter(|_| dates.len() > MOST_YEARS) {
            dates.truncate(MOST_YEARS - 1);
            dates.push(last);
        }
        Some(dates)
    }

    fn target(&self, date: Date) -> Option<&'a TargetResult> {
        self.main.targets.iter().find(|one| {
            let target = &one.target;
            target.metric == "spend"
                && (target.segment_by.as_str(), target.segment.as_str()) == self.of
                && target.date == date
        })
    }

    fn group(&self, date: Date) -> Group<'a> {
        let mut rows = Vec::new();
        let mut forecasts = vec![(self.main, "main")];
        if self.comparison.scenario != self.main.scenario {
            forecasts.insert(0, (self.comparison, "compared"));
        }
        for (forecast, class) in forecasts {
            rows.extend(self.year(forecast, "spend", date).map(|band| Row {
                label: forecast.scenario.clone(),
                class: class.to_owned(),
                band,
                value: words::level(band, P50),
            }));
        }
        let limit = self.target(date).map(|target| {
            let limit = target.target.threshold;
            (
                limit,
                format!("target {}", words::exact(Unit::Pounds, limit)),
            )
        });
        Group {
            heading: self.name(date),
            rows,
            limit,
        }
    }

    fn name(&self, date: Date) -> String {
        let part = if self.part_years.contains(&date) {
            " (part of the year)"
        } else {
            ""
        };
        format!("{}{part}", financial_year_name(date))
    }

    fn title(&self, dates: &[Date]) -> Option<String> {
        let promised = dates
            .iter()
            .rev()
            .find(|&&date| self.target(date).is_some());
        let date = *promised.or(dates.last())?;
        let band = self.year(self.main, "spend", date)?;
        let spend = format!(
            "About {} is spent{} in {}",
            words::level(band, P50),
            self.what(),
            financial_year_name(date)
        );
        let Some(target) = self.target(date) else {
            return Some(format!(
                "{spend}; 8 in 10 futures spend {}",
                words::range(band, P10, P90)
            ));
        };
        let gap = band.percentiles[P50] - target.target.threshold;
        let size = words::amount(Unit::Pounds, gap.abs(), band.percentile_se[P50]);
        let limit = words::exact(Unit::Pounds, target.target.threshold);
        let side = if gap > 0.0 { "more" } else { "less" };
        Some(format!("{spend}, {size} {side} than the {limit} promised"))
    }

    fn alternative(&self, dates: &[Date]) -> String {
        let each: Vec<String> = dates
            .iter()
            .filter_map(|&date| {
                let band = self.year(self.main, "spend", date)?;
                Some(format!(
                    "{} {} ({} in 8 of 10 futures)",
                    self.name(date),
                    words::level(band, P50),
                    words::range(band, P10, P90)
                ))
            })
            .collect();
        format!(
            "Ranges of yearly spend{} in the scenario “{}”: {}.",
            self.what(),
            self.main.scenario,
            words::list(&each)
        )
    }

    fn table(&self) -> Table {
        let heads = [
            "Year",
            "Scenario",
            "Spend",
            "8 in 10 futures",
            "Net saving",
            "8 in 10 futures",
        ];
        let caption = format!(
            "Spend{}, and net saving against “{}”",
            self.what(),
            self.comparison.scenario
        );
        let mut table = Table::new("table-spend", caption, &heads, 2);
        for band in self.years(self.main, "spend") {
            for one in self.scenarios {
                let Some(spend) = self.year(one, "spend", band.date) else {
                    continue;
                };
                let is_compared = one.scenario == self.comparison.scenario;
                let saving = self
                    .year(one, "saving_net", band.date)
                    .filter(|_| !is_compared);
                table.rows.push(vec![
                    self.name(band.date),
                    one.scenario.clone(),
                    words::level(spend, P50),
                    words::range(spend, P10, P90),
                    saving.map_or_else(|| "–".to_owned(), |saving| words::level(saving, P50)),
                    saving.map_or_else(|| "–".to_owned(), |saving| words::range(saving, P10, P90)),
                ]);
            }
        }
        table
    }

    /// What the plan saves in one year, in words.
    pub fn saving(&self) -> Option<String> {
        let date = *self.drawn_years()?.last()?;
        let mut savings = (self.main)
            .bands
            .of("saving_net", "all", "all", "financial_year");
        let band = savings.find(|band| band.date == date)?;
        if self.main.scenario == self.comparison.scenario {
            return None;
        }
        Some(format!(
            "In {} “{}” saves about {} net of its own cost against “{}” (8 in 10 futures: {}; 9 in 10: {}).",
            self.name(date),
            self.main.scenario,
            words::level(band, P50),
            self.comparison.scenario,
            words::range(band, P10, P90),
            words::range(band, P05, P95)
        ))
    }
}

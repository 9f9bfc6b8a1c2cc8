//! Where the children go: who enters care and who leaves in a year, and what
//! becomes of the children identified for focused work.

use super::figure::{Figure, Table};
use super::ranges::{self, Group, Look, Row};
use super::words::{self, P10, P90};
use crate::forecast::{Band, ScenarioForecast};
use crate::units::{Date, financial_year_name};

/// The year's entries and exits by reason.
pub(super) struct Flows<'a> {
    /// The scenario that answers the question.
    pub main: &'a ScenarioForecast,
    /// The scenario that it is compared with.
    pub comparison: &'a ScenarioForecast,
    /// Last day of the financial year.
    pub year: Date,
    /// Whether only part of the year is forecast.
    pub is_part_year: bool,
}

fn of_year<'a>(
    forecast: &'a ScenarioForecast,
    metric: &'a str,
    segment_by: &'a str,
    segment: &'a str,
    year: Date,
) -> Option<&'a Band> {
    forecast
        .bands
        .of(metric, segment_by, segment, "financial_year")
        .find(|band| band.date == year)
}

impl<'a> Flows<'a> {
    /// The chart, if anybody enters or leaves.
    pub fn figure(&self) -> Option<Figure> {
        let main = self.main;
        let admissions = of_year(main, "admissions", "all", "all", self.year)?;
        let exits = of_year(main, "exits", "all", "all", self.year)?;
        let reasons = self.reasons();
        let row = |label: &str, class: &str, band: &'a Band| Row {
            label: label.to_owned(),
            class: class.to_owned(),
            band,
            value: words::mean(band),
        };
        let mut entering = vec![row("enter care", "in", admissions)];
        let back = of_year(main, "readmissions", "all", "all", self.year);
        entering.extend(back.map(|band| row("of them, come back", "in", band)));
        let groups = [
            Group {
                heading: "In".to_owned(),
                rows: entering,
                limit: None,
            },
            Group {
                heading: "Out".to_owned(),
                rows: reasons
                    .iter()
                    .map(|band| row(&band.series.segment, "out", band))
                    .collect(),
                limit: None,
            },
        ];
        let most = reasons.first().map_or_else(String::new, |band| {
            format!(
                "; most leave by {} ({})",
                band.series.segment,
                words::mean(band)
            )
        });
        Some(Figure {
            id: "flows",
            title: format!(
                "In {} about {} children enter and {} leave{most}",
                self.name(),
                words::mean(admissions),
                words::mean(exits)
            ),
            alternative: self.alternative(&reasons),
            drawings: vec![ranges::draw(&groups, Look::Bar, |value| {
                words::tick(admissions.series.unit, value)
            })],
            note: "Bars are means of all futures, lines hold 8 in 10 futures.".to_owned(),
            table: self.table(&reasons),
        })
    }

    fn name(&self) -> String {
        let part = if self.is_part_year {
            " (part of the year)"
        } else {
            ""
        };
        format!("{}{part}", financial_year_name(self.year))
    }

    /// Exits by reason, the commonest first.
    fn reasons(&self) -> Vec<&'a Band> {
        let mut bands: Vec<&Band> = self
            .main
            .bands
            .iter()
            .filter(|band| {
                let (metric, by, _) = band.series.key();
                (metric, by) == ("exits", "reason")
                    && band.period.word() == "financial_year"
                    && band.date == self.year
            })
            .collect();
        bands.sort_by(|a, b| b.mean.total_cmp(&a.mean));
        bands
    }

    fn alternative(&self, reasons: &[&Band]) -> String {
        let each: Vec<String> = reasons
            .iter()
            .map(|band| format!("{} {}", band.series.segment, words::mean(band)))
            .collect();
        format!(
            "Bars of the children who leave care in {} by reason, in the scenario “{}”: {}.",
            self.name(),
            self.main.scenario,
            words::list(&each)
        )
    }

    fn table(&self, reasons: &[&Band]) -> Table {
        let is_compared = self.main.scenario != self.comparison.scenario;
        let mut heads = vec!["Children", self.main.scenario.as_str(), "8 in 10 futures"];
        if is_compared {
            heads.push(self.comparison.scenario.as_str());
        }
        let caption = format!("Children who enter and leave in {}", self.name());
        let mut table = Table::new("table-flows", caption, &heads, 1);
        let rows = [
            ("enter care", "admissions", "all", "all"),
            ("of them, come back", "readmissions", "all", "all"),
            ("leave care", "exits", "all", "all"),
        ];
        let reasons = reasons.iter().map(|band| {
            let segment = band.series.segment.as_str();
            (segment, "exits", "reason", segment)
        });
        for (label, metric, by, segment) in rows.into_iter().chain(reasons) {
            let Some(band) = of_year(self.main, metric, by, segment, self.year) else {
                continue;
            };
            let mut row = vec![
                label.to_owned(),
                words::mean(band),
                words::range(band, P10, P90),
            ];
            if is_compared {
                let other = of_year(self.comparison, metric, by, segment, self.year);
                row.push(other.map_or_else(String::new, words::mean));
            }
            table.rows.push(row);
        }
        table
    }
}

//! A finished run, read back from its folder.
//!
//! Bands and targets come back as the same types that a run hands to its
//! files, so that whatever is said about a run can be said about a finished one
//! too. The values of single replicates may be many: they are read series by
//! series, when asked for.

use super::manifest::{self, FileRecord, Manifest};
use super::reading::{Given, Rows, for_each_batch, for_each_batch_where};
use super::{OutputError, sha256};
use crate::calendar::Calendar;
use crate::config::{self, Config, ScenarioFile};
use crate::forecast::columns::is_whole_year;
use crate::forecast::{
    ActualToDate, Band, Bands, Column, Direction, ScenarioForecast, SeriesName, Target,
    TargetResult, Test, yardstick,
};
use crate::model::layout::{Period, Unit};
use crate::units::{Date, date_after};
use arrow::array::{Array, Date32Array, StringArray};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Names of the percentile columns of a band and of their errors.
const PERCENTILES: [(&str, &str); 7] = [
    ("p05", "p05_se"),
    ("p10", "p10_se"),
    ("p25", "p25_se"),
    ("p50", "p50_se"),
    ("p75", "p75_se"),
    ("p90", "p90_se"),
    ("p95", "p95_se"),
];

/// The file of single replicates' values.
const REPLICATES: &str = "replicates.parquet";

/// A whole run, as it lies in its folder.
#[derive(Debug)]
pub struct FinishedRun {
    folder: PathBuf,
    manifest: Manifest,
    file: ScenarioFile,
    calendar: Calendar,
    forecasts: Vec<ScenarioForecast>,
    /// Files whose bytes have been found to be those of the manifest.
    checked: BTreeMap<String, OnceLock<()>>,
}

/// What was drawn for one uncertain quantity.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterDraws {
    /// Address of the quantity in the scenario file.
    pub name: String,
    /// Values, `[replicates]`, in the quantity's own unit.
    pub values: Vec<f64>,
}

impl FinishedRun {
    /// Opens the folder of a run: reads its manifest, its scenario file, its
    /// bands and its targets, and looks whether every other file is there.
    ///
    /// A file's hash is checked before it is first read.
    ///
    /// # Errors
    /// [`OutputError`] where the folder holds no manifest of lacsim, a file of
    /// the manifest is missing or is not the one that the run wrote, or the
    /// scenario file is not one that this version understands.
    pub fn open(folder: &Path) -> Result<Self, OutputError> {
        let manifest = Manifest::read(folder)?;
        for record in &manifest.files {
            let path = folder.join(&record.name);
            std::fs::metadata(&path).map_err(OutputError::io(&path, "read"))?;
        }
        let scenario = &manifest.scenario;
        let file = config::load(&scenario.name, &scenario.text).map_err(|report| {
            OutputError::Scenario {
                path: folder.join(manifest::FILE_NAME),
                report,
            }
        })?;
        let forecast = &file.scenarios[0].forecast;
        let calendar = Calendar::new(forecast.start, forecast.end, &[]);
        let files = manifest.files.iter();
        let checked = files.map(|record| (record.name.clone(), OnceLock::new()));
        let mut run = Self {
            folder: folder.to_owned(),
            checked: checked.collect(),
            manifest,
            file,
            calendar,
            forecasts: Vec::new(),
        };
        run.forecasts = run.read_forecasts()?;
        Ok(run)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the run came from and what it wrote.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The scenario file, checked again.
    pub fn file(&self) -> &ScenarioFile {
        &self.file
    }

    /// The file's first scenario: what is the same for all.
    pub fn config(&self) -> &Config {
        &self.file.scenarios[0]
    }

    /// Months and financial years of the forecast.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Bands and targets of every scenario that was played, in the order of the
    /// scenario file.
    pub fn forecasts(&self) -> &[ScenarioForecast] {
        &self.forecasts
    }

    /// Bands and targets of one scenario.
    pub fn forecast(&self, scenario: &str) -> Option<&ScenarioForecast> {
        self.forecasts.iter().find(|one| one.scenario == scenario)
    }

    /// The scenario that answers the file's question: the main one if it was
    /// played, else the first that was and is not the comparison.
    pub fn answer(&self) -> Option<&ScenarioForecast> {
        let main = &self.file.scenarios[self.file.main_scenario()].scenario;
        let is_other = |one: &&ScenarioForecast| one.scenario != self.manifest.comparison;
        self.forecast(main)
            .or_else(|| self.forecasts.iter().find(is_other))
            .or(self.forecasts.first())
    }

    /// The target that answers the file's question, in a scenario.
    pub fn main_target<'a>(&self, forecast: &'a ScenarioForecast) -> Option<&'a TargetResult> {
        forecast.targets.get(self.file.main_target()?)
    }

    /// The value of one series in the period that closes on a date, for each
    /// replicate of a scenario: as a target on that date is judged.
    ///
    /// # Errors
    /// As [`columns`](Self::columns).
    pub fn column_on(
        &self,
        scenario: &str,
        series: &SeriesName,
        date: Date,
    ) -> Result<Column, OutputError> {
        let word = self.period_word(series, date);
        let columns = self.columns(scenario, series, word)?;
        let found = columns.into_iter().find(|column| column.date == date);
        found.ok_or_else(|| self.not_kept(scenario, series))
    }

    /// Kind of the period that closes on a date: `financial_year` for a flow on
    /// 31 March, else `month`.
    fn period_word(&self, series: &SeriesName, date: Date) -> &'static str {
        let years = self.calendar.financial_years().iter();
        let is_year_end = years
            .filter(|year| year.last_day == date)
            .any(|year| year.year_end == date);
        let (metric, segment_by, segment) = series.key();
        let is_flow = self.forecasts.iter().any(|forecast| {
            let mut years = forecast
                .bands
                .of(metric, segment_by, segment, "financial_year");
            years.next().is_some()
        });
        if is_year_end && is_flow {
            "financial_year"
        } else {
            "month"
        }
    }

    /// Every value of one series in one kind of period (`month` or
    /// `financial_year`): a column for each date, in order, `[replicates]`.
    ///
    /// # Errors
    /// [`OutputError::NotKept`] where the run kept no values of the series,
    /// else where the file cannot be read.
    pub fn columns(
        &self,
        scenario: &str,
        series: &SeriesName,
        period_word: &str,
    ) -> Result<Vec<Column>, OutputError> {
        if !self.checked.contains_key(REPLICATES) {
            return Err(self.not_kept(scenario, series));
        }
        let path = self.checked_path(REPLICATES)?;
        let given: [Given; 5] = [
            ("scenario", scenario),
            ("metric", &series.metric),
            ("segment_by", &series.segment_by),
            ("segment", &series.segment),
            ("period", period_word),
        ];
        let mut values: BTreeMap<Date, Vec<f64>> = BTreeMap::new();
        for_each_batch_where(&path, &given, &["date", "value"], |rows| {
            let (dates, numbers) = (rows.dates("date")?, rows.numbers("value")?);
            for row in 0..rows.len() {
                let of_date = values.entry(date(dates, row)).or_default();
                of_date.push(numbers.value(row));
            }
            Ok(())
        })?;
        if values.is_empty() {
            return Err(self.not_kept(scenario, series));
        }
        let series = Arc::new(series.clone());
        let columns = values.into_iter().map(|(date, values)| {
            Ok(Column {
                series: series.clone(),
                period: self.period(&path, period_word, date)?,
                date,
                values,
            })
        });
        columns.collect()
    }

    /// Hands over the values of every total, one scenario, metric and kind of
    /// period after another: a column for each date, in order, `[replicates]`.
    ///
    /// # Errors
    /// [`OutputError::NotKept`] where the run kept no values, else where the
    /// file cannot be read.
    pub fn for_each_total(
        &self,
        mut take: impl FnMut(&str, Vec<Column>),
    ) -> Result<(), OutputError> {
        const COLUMNS: [&str; 5] = ["scenario", "metric", "period", "date", "value"];
        for forecast in &self.forecasts {
            let scenario = forecast.scenario.as_str();
            let Some(first) = forecast.bands.iter().find(|band| band.series.is_total()) else {
                continue;
            };
            if !self.checked.contains_key(REPLICATES) {
                return Err(self.not_kept(scenario, &first.series));
            }
            let path = self.checked_path(REPLICATES)?;
            let given: [Given; 2] = [("scenario", scenario), ("segment_by", "all")];
            let mut totals = Totals::default();
            for_each_batch_where(&path, &given, &COLUMNS, |rows| {
                let (metrics, periods) = (rows.texts("metric")?, rows.texts("period")?);
                let (dates, values) = (rows.dates("date")?, rows.numbers("value")?);
                for row in 0..rows.len() {
                    let key = (metrics.value(row), periods.value(row));
                    if let Some(columns) = totals.turn_to(key) {
                        take(scenario, self.total(forecast, &path, columns)?);
                    }
                    let of_date = totals.values.entry(date(dates, row)).or_default();
                    of_date.push(values.value(row));
                }
                Ok(())
            })?;
            if let Some(columns) = totals.turn_to(("", "")) {
                take(scenario, self.total(forecast, &path, columns)?);
            }
        }
        Ok(())
    }

    /// The columns of a total whose values have been read.
    fn total(
        &self,
        forecast: &ScenarioForecast,
        path: &Path,
        ((metric, period_word), values): ReadTotal,
    ) -> Result<Vec<Column>, OutputError> {
        let mut bands = forecast.bands.of(&metric, "all", "all", &period_word);
        let series = bands.next().map(|band| band.series.clone());
        let series = series.ok_or_else(|| OutputError::Word {
            path: path.to_owned(),
            word: metric.clone(),
        })?;
        let columns = values.into_iter().map(|(date, values)| {
            Ok(Column {
                series: series.clone(),
                period: self.period(path, &period_word, date)?,
                date,
                values,
            })
        });
        columns.collect()
    }

    /// Every uncertain quantity as drawn, in the order of names.
    ///
    /// # Errors
    /// [`OutputError`] where the file cannot be read.
    pub fn parameters(&self) -> Result<Vec<ParameterDraws>, OutputError> {
        let path = self.checked_path("parameters.parquet")?;
        let mut draws: Vec<ParameterDraws> = Vec::new();
        for_each_batch(&path, &["parameter", "value"], |rows| {
            let (names, values) = (rows.texts("parameter")?, rows.numbers("value")?);
            for row in 0..rows.len() {
                let name = names.value(row);
                if draws.last().is_none_or(|last| last.name != name) {
                    draws.push(ParameterDraws {
                        name: name.to_owned(),
                        values: Vec::with_capacity(self.manifest.replicates as usize),
                    });
                }
                let last = draws.last_mut().expect("just pushed");
                last.values.push(values.value(row));
            }
            Ok(())
        })?;
        Ok(draws)
    }

    /// Where a file of the manifest lies, once its bytes are known to be those
    /// that the run wrote.
    ///
    /// # Errors
    /// [`OutputError::NotTheRuns`] where they are not, or the manifest lists no
    /// such file.
    pub fn checked_path(&self, name: &str) -> Result<PathBuf, OutputError> {
        let path = self.folder.join(name);
        let foreign = || OutputError::NotTheRuns { path: path.clone() };
        let mut files = self.manifest.files.iter();
        let record: &FileRecord = files.find(|one| one.name == name).ok_or_else(foreign)?;
        let checked = self.checked.get(name).ok_or_else(foreign)?;
        if checked.get().is_none() {
            let bytes = std::fs::read(&path).map_err(OutputError::io(&path, "read"))?;
            if sha256(&bytes) != record.sha256 {
                return Err(foreign());
            }
            // Another thread may have found the same.
            let _ = checked.set(());
        }
        Ok(path)
    }

    /// The same for a file that not every run has.
    ///
    /// # Errors
    /// [`OutputError::NotTheRuns`] where the bytes are not those that the run
    /// wrote.
    pub fn checked_path_of_some(&self, name: &str) -> Result<Option<PathBuf>, OutputError> {
        let is_there = self.manifest.files.iter().any(|file| file.name == name);
        is_there.then(|| self.checked_path(name)).transpose()
    }

    fn not_kept(&self, scenario: &str, series: &SeriesName) -> OutputError {
        OutputError::NotKept {
            path: self.folder.clone(),
            what: format!(
                "{} ({}: {}) in \"{scenario}\"",
                series.metric, series.segment_by, series.segment
            ),
            is_total: series.is_total(),
        }
    }

    fn read_forecasts(&self) -> Result<Vec<ScenarioForecast>, OutputError> {
        let mut bands = self.read_bands()?;
        let mut targets = self.read_targets(&bands)?;
        let scenarios = self.manifest.scenarios.iter();
        let forecasts = scenarios.map(|scenario| ScenarioForecast {
            scenario: scenario.clone(),
            bands: bands.remove(scenario).unwrap_or_default(),
            targets: targets.remove(scenario).unwrap_or_default(),
        });
        Ok(forecasts.collect())
    }

    fn read_bands(&self) -> Result<BTreeMap<String, Bands>, OutputError> {
        let path = self.checked_path("bands.parquet")?;
        let mut columns = vec![
            "scenario",
            "metric",
            "segment_by",
            "segment",
            "period",
            "date",
            "unit",
            "mean",
            "sd",
            "mean_se",
            "replicates",
        ];
        columns.extend(
            PERCENTILES
                .iter()
                .flat_map(|&(level, error)| [level, error]),
        );
        let mut bands: BTreeMap<String, Bands> = BTreeMap::new();
        for_each_batch(&path, &columns, |rows| {
            let series = SeriesColumns::of(rows)?;
            let (periods, dates) = (rows.texts("period")?, rows.dates("date")?);
            let numbers = |name| rows.numbers(name).map(|column| column.values());
            let (means, sds) = (numbers("mean")?, numbers("sd")?);
            let (mean_ses, replicates) = (numbers("mean_se")?, rows.counts("replicates")?);
            let levels = PERCENTILES.map(|(level, error)| (numbers(level), numbers(error)));
            let mut percentiles = Vec::with_capacity(levels.len());
            for (level, error) in levels {
                percentiles.push((level?, error?));
            }
            for row in 0..rows.len() {
                let date = date(dates, row);
                let band = Band {
                    series: series.name(&path, row)?.into(),
                    period: self.period(&path, periods.value(row), date)?,
                    date,
                    mean: means[row],
                    sd: sds[row],
                    percentiles: std::array::from_fn(|level| percentiles[level].0[row]),
                    mean_se: mean_ses[row],
                    percentile_se: std::array::from_fn(|level| percentiles[level].1[row]),
                    replicates: replicates.value(row),
                };
                of_scenario(&mut bands, series.scenarios.value(row)).push(band);
            }
            Ok(())
        })?;
        Ok(bands)
    }

    fn read_targets(
        &self,
        bands: &BTreeMap<String, Bands>,
    ) -> Result<BTreeMap<String, Vec<TargetResult>>, OutputError> {
        const COLUMNS: [&str; 21] = [
            "scenario",
            "target",
            "metric",
            "segment_by",
            "segment",
            "unit",
            "date",
            "direction",
            "threshold",
            "test",
            "probability",
            "probability_low",
            "probability_high",
            "gap_p10",
            "gap_p50",
            "gap_p90",
            "first_reached_p10",
            "first_reached_p50",
            "first_reached_p90",
            "met",
            "replicates",
        ];
        let path = self.checked_path("targets.parquet")?;
        let actuals = ActualToDate::of_spend(&self.config().money.spent_to_date);
        let mut targets: BTreeMap<String, Vec<TargetResult>> = BTreeMap::new();
        for_each_batch(&path, &COLUMNS, |rows| {
            let series = SeriesColumns::of(rows)?;
            let (names, dates) = (rows.texts("target")?, rows.dates("date")?);
            let (directions, tests) = (rows.texts("direction")?, rows.texts("test")?);
            let numbers = |name| rows.numbers(name).map(|column| column.values());
            let (thresholds, shares) = (numbers("threshold")?, numbers("probability")?);
            let (lows, highs) = (numbers("probability_low")?, numbers("probability_high")?);
            let gaps = [
                numbers("gap_p10")?,
                numbers("gap_p50")?,
                numbers("gap_p90")?,
            ];
            let reached = [
                rows.dates("first_reached_p10")?,
                rows.dates("first_reached_p50")?,
                rows.dates("first_reached_p90")?,
            ];
            let (met, replicates) = (rows.counts("met")?, rows.counts("replicates")?);
            for row in 0..rows.len() {
                let name = series.name(&path, row)?;
                let scenario = series.scenarios.value(row);
                let result = TargetResult {
                    unit: name.unit,
                    is_part_year: self.is_part_year(&name, date(dates, row), bands, &actuals),
                    target: Target {
                        name: names.value(row).to_owned(),
                        metric: name.metric,
                        segment_by: name.segment_by,
                        segment: name.segment,
                        date: date(dates, row),
                        direction: known(
                            &path,
                            directions.value(row),
                            [Direction::AtMost, Direction::AtLeast],
                            Direction::word,
                        )?,
                        threshold: thresholds[row],
                        test: known(
                            &path,
                            tests.value(row),
                            [Test::OnDate, Test::EverBy],
                            Test::word,
                        )?,
                    },
                    probability: shares[row],
                    probability_low: lows[row],
                    probability_high: highs[row],
                    yardstick: yardstick(shares[row]),
                    gap: gaps.map(|gap| gap[row]),
                    first_reached: reached
                        .map(|dates| dates.is_valid(row).then(|| date(dates, row))),
                    met: met.value(row),
                    replicates: replicates.value(row),
                };
                of_scenario(&mut targets, scenario).push(result);
            }
            Ok(())
        })?;
        Ok(targets)
    }

    /// Whether the value judged on a date covers only part of a financial year.
    fn is_part_year(
        &self,
        name: &SeriesName,
        date: Date,
        bands: &BTreeMap<String, Bands>,
        actuals: &[ActualToDate],
    ) -> bool {
        let years = self.calendar.financial_years();
        let year = years.iter().find(|year| year.year_end == date);
        let is_judged_by_year = bands.values().flat_map(Bands::iter).any(|band| {
            matches!(band.period, Period::FinancialYear(_)) && band.series.key() == name.key()
        });
        is_judged_by_year && year.is_some_and(|year| !is_whole_year(year, name, actuals))
    }

    fn period(&self, path: &Path, word: &str, date: Date) -> Result<Period, OutputError> {
        let years = self.calendar.financial_years();
        let found = match word {
            "month" => self.calendar.month_ending(date).map(Period::Month),
            "financial_year" => years
                .iter()
                .position(|year| year.last_day == date)
                .map(Period::FinancialYear),
            _ => None,
        };
        found.ok_or_else(|| OutputError::Word {
            path: path.to_owned(),
            word: format!("{word} {date}"),
        })
    }
}

/// Metric and period word of a total, and its values by date.
type ReadTotal = ((String, String), BTreeMap<Date, Vec<f64>>);

/// The total that is being read.
#[derive(Default)]
struct Totals {
    key: (String, String),
    values: BTreeMap<Date, Vec<f64>>,
}

impl Totals {
    /// Turns to a total; gives the one before it where that is another.
    fn turn_to(&mut self, (metric, period): (&str, &str)) -> Option<ReadTotal> {
        if self.key.0 == metric && self.key.1 == period {
            return None;
        }
        let before = std::mem::replace(&mut self.key, (metric.to_owned(), period.to_owned()));
        let values = std::mem::take(&mut self.values);
        (!values.is_empty()).then_some((before, values))
    }
}

/// The columns that say what a row is about.
struct SeriesColumns<'a> {
    scenarios: &'a StringArray,
    metrics: &'a StringArray,
    dimensions: &'a StringArray,
    segments: &'a StringArray,
    units: &'a StringArray,
}

impl<'a> SeriesColumns<'a> {
    fn of(rows: &'a Rows) -> Result<Self, OutputError> {
        Ok(Self {
            scenarios: rows.texts("scenario")?,
            metrics: rows.texts("metric")?,
            dimensions: rows.texts("segment_by")?,
            segments: rows.texts("segment")?,
            units: rows.texts("unit")?,
        })
    }

    fn name(&self, path: &Path, row: usize) -> Result<SeriesName, OutputError> {
        Ok(SeriesName {
            metric: self.metrics.value(row).to_owned(),
            segment_by: self.dimensions.value(row).to_owned(),
            segment: self.segments.value(row).to_owned(),
            unit: unit_of(path, self.units.value(row))?,
        })
    }
}

/// The unit that is written as this word.
pub(super) fn unit_of(path: &Path, word: &str) -> Result<Unit, OutputError> {
    const UNITS: [Unit; 4] = [
        Unit::Children,
        Unit::Families,
        Unit::Pounds,
        Unit::ChildrenPer10000,
    ];
    known(path, word, UNITS, Unit::word)
}

/// The one of some values that is written as this word.
pub(super) fn known<T: Copy, const N: usize>(
    path: &Path,
    word: &str,
    values: [T; N],
    written: impl Fn(T) -> &'static str,
) -> Result<T, OutputError> {
    let found = values.into_iter().find(|&value| written(value) == word);
    found.ok_or_else(|| OutputError::Word {
        path: path.to_owned(),
        word: word.to_owned(),
    })
}

fn of_scenario<'l, T: Default>(lists: &'l mut BTreeMap<String, T>, scenario: &str) -> &'l mut T {
    if !lists.contains_key(scenario) {
        lists.insert(scenario.to_owned(), T::default());
    }
    lists.get_mut(scenario).expect("just added")
}

pub(super) fn date(column: &Date32Array, row: usize) -> Date {
    date_after(Date::default(), column.value(row))
}

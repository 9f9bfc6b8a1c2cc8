//! A scenario file made ready to play.

use super::RunError;
use crate::cohort_file::{self, CohortFile};
use crate::config::targets as promised;
use crate::config::{Config, ScenarioFile};
use crate::forecast::risks;
use crate::forecast::targets::{Direction, Target, Test};
use crate::forecast::{ActualToDate, Catalogue, Context};
use crate::model::Model;
use crate::model::clocks::Curves;
use crate::model::layout::Layout;
use crate::model::numbers::ParameterSet;
use std::path::Path;

/// A scenario file made ready to play.
#[derive(Debug)]
pub struct Plan {
    /// The file.
    pub file: ScenarioFile,
    /// Models, in the order of the file's scenarios.
    pub models: Vec<Model>,
    /// Uncertain quantities of all of them.
    pub numbers: ParameterSet,
    /// The cohort file, if the scenario names one.
    pub cohort: Option<CohortFile>,
    /// Targets.
    pub targets: Vec<Target>,
}

impl Plan {
    /// Makes a checked file ready, reading its cohort file.
    ///
    /// # Errors
    /// [`RunError::Cohort`], or [`RunError::Mistake`] where a target names what
    /// the model does not count.
    pub fn new(path: &Path, file: ScenarioFile) -> Result<Self, RunError> {
        let cohort = cohort_file::read(path, &file.scenarios[0])?;
        Self::of(file, cohort)
    }

    /// Makes a checked file ready with a cohort already read, where the
    /// scenario names one.
    ///
    /// # Errors
    /// [`RunError::Mistake`] where a target names what the model does not count.
    pub fn of(file: ScenarioFile, cohort: Option<CohortFile>) -> Result<Self, RunError> {
        let children = cohort.as_ref().map(|cohort| cohort.children.as_slice());
        let mut numbers = ParameterSet::default();
        let mut curves = Curves::default();
        let models: Vec<Model> = file
            .scenarios
            .iter()
            .map(|config| Model::new(config, children, &mut curves, &mut numbers))
            .collect();
        let targets: Vec<Target> = file.scenarios[0].targets.iter().map(target).collect();
        let plan = Self {
            file,
            models,
            numbers,
            cohort,
            targets,
        };
        plan.check_layouts()?;
        plan.check_targets()?;
        Ok(plan)
    }

    /// The layout that all scenarios share.
    pub fn layout(&self) -> &Layout {
        &self.models[0].reporting.layout
    }

    /// The first scenario's configuration: what is the same for all.
    pub fn config(&self) -> &Config {
        &self.file.scenarios[0]
    }

    fn check_layouts(&self) -> Result<(), RunError> {
        for model in &self.models {
            if model.reporting.layout.series() != self.layout().series() {
                return Err(RunError::Mistake(format!(
                    "error: {}: scenario \"{}\" counts other things than \"{}\": a scenario may change numbers, not names or stages\n",
                    self.file.document.file, model.scenario, self.models[0].scenario
                )));
            }
        }
        Ok(())
    }

    fn check_targets(&self) -> Result<(), RunError> {
        let population = self.child_population();
        let actuals = self.actuals_to_date();
        let context = self.context(&population, &actuals);
        let catalogue = Catalogue::new(self.layout(), &context);
        let mut report = String::new();
        for target in &self.targets {
            if let Err(error) = catalogue.check(target) {
                report.push_str(&format!("error: {}: {error}\n", self.file.document.file));
            }
        }
        for risk in &self.config().risks {
            if let Err(reason) = risks::check(&catalogue, risk) {
                report.push_str(&format!(
                    "error: {}: risk \"{}\": {reason}\n",
                    self.file.document.file, risk.name
                ));
            }
        }
        if report.is_empty() {
            Ok(())
        } else {
            Err(RunError::Mistake(report))
        }
    }

    /// Names of the scenarios, in the order of the file.
    pub fn scenario_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.models.iter().map(|model| model.scenario.as_str())
    }

    /// Names of the targets, in the order of the file.
    pub fn target_names(&self) -> impl Iterator<Item = &str> + Clone {
        self.targets.iter().map(|target| target.name.as_str())
    }

    pub(super) fn child_population(&self) -> Vec<Option<f64>> {
        let calendar = self.layout().calendar();
        (0..calendar.months())
            .map(|month| calendar.month_date(month))
            .map(|date| self.config().forecast.children_of_area(date))
            .collect()
    }

    pub(super) fn actuals_to_date(&self) -> Vec<ActualToDate> {
        ActualToDate::of_spend(&self.config().money.spent_to_date)
    }

    /// Does something with the catalogue of what this plan's tallies, of a
    /// layout, are read as.
    pub fn with_catalogue<T>(&self, layout: &Layout, read: impl FnOnce(&Catalogue) -> T) -> T {
        let population = self.child_population();
        let actuals = self.actuals_to_date();
        let context = self.context(&population, &actuals);
        read(&Catalogue::new(layout, &context))
    }

    pub(super) fn context<'a>(
        &'a self,
        child_population: &'a [Option<f64>],
        actuals_to_date: &'a [ActualToDate],
    ) -> Context<'a> {
        Context {
            targets: &self.targets,
            child_population,
            actuals_to_date,
        }
    }

    /// Index of the scenario that answers the file's question.
    pub fn main_scenario(&self) -> usize {
        self.file.main_scenario()
    }

    /// Index of the target that answers it.
    pub fn main_target(&self) -> Option<usize> {
        self.file.main_target()
    }

    /// A name for each parameter: its path, and the scenario where a path has
    /// several laws.
    pub fn parameter_names(&self) -> Vec<String> {
        let parameters = self.numbers.parameters();
        parameters
            .iter()
            .enumerate()
            .map(|(index, parameter)| {
                let before = parameters[..index]
                    .iter()
                    .filter(|one| one.path == parameter.path)
                    .count();
                match before {
                    0 => parameter.path.clone(),
                    again => format!("{} (otherwise {again})", parameter.path),
                }
            })
            .collect()
    }

    pub(super) fn source_of(&self, parameter: usize) -> Option<String> {
        let path = &self.numbers.parameters()[parameter].path;
        let assumptions = self
            .file
            .scenarios
            .iter()
            .flat_map(|config| &config.assumptions);
        assumptions
            .filter(|assumption| assumption.quantity.path == *path)
            .find_map(|assumption| assumption.source.clone())
    }
}

fn target(target: &promised::Target) -> Target {
    Target {
        name: target.name.clone(),
        metric: target.metric.clone(),
        segment_by: target.segment_by.clone(),
        segment: target.segment.clone(),
        date: target.by,
        direction: if target.is_at_most {
            Direction::AtMost
        } else {
            Direction::AtLeast
        },
        threshold: target.threshold,
        test: match target.test {
            promised::Test::OnDate => Test::OnDate,
            promised::Test::EverBy => Test::EverBy,
        },
    }
}

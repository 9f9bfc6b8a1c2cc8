//! Two runs side by side: what changed in the scenario file, in the likelihood
//! of each target and in the headline numbers.
//!
//! Differences are the second run less the first.

mod headline;
mod text;

pub use headline::{Difference, HeadlineChange};
pub use text::{LineChange, TextChange, changed_lines};

use super::OutputError;
use super::manifest::Manifest;
use super::reading::for_each_batch;
use crate::forecast::likelihood_words;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};
use std::path::Path;

/// What differs between two runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunComparison {
    /// Scenario file, seed and size of the first run.
    pub first: RunIdentity,
    /// Scenario file, seed and size of the second run.
    pub second: RunIdentity,
    /// Lines of the scenario file that were removed or added.
    pub scenario_text: Vec<TextChange>,
    /// Likelihoods of the targets, by scenario and target.
    pub targets: Vec<TargetChange>,
    /// Differences of population and spend at the ends of financial years.
    pub headlines: Vec<HeadlineChange>,
}

/// Which run it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunIdentity {
    /// Version of lacsim.
    pub version: String,
    /// Name of the scenario file.
    pub scenario_file: String,
    /// Seed of every draw.
    pub seed: u64,
    /// Number of the first replicate.
    pub first_replicate: u32,
    /// Number of replicates.
    pub replicates: u32,
}

/// How likely one target is in each run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetChange {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the target.
    pub target: String,
    /// Likelihood in the first run; none where it has no such target or has not played the scenario.
    pub first: Option<Likelihood>,
    /// Likelihood in the second run.
    pub second: Option<Likelihood>,
    /// Second probability less the first, where both have the target.
    pub difference: Option<f64>,
}

/// How likely one target is in one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Likelihood {
    /// Threshold in written units.
    pub threshold: f64,
    /// Share of replicates that meet it.
    pub probability: f64,
    /// Lower end of its 95 % Wilson interval.
    pub probability_low: f64,
    /// Upper end of its 95 % Wilson interval.
    pub probability_high: f64,
    /// The likelihood in a number and a word.
    pub words: String,
}

/// Compares the folders of two runs.
///
/// Headline differences are paired replicate by replicate where both runs have
/// the same seed and share replicates, for then they share their random
/// numbers; else they are differences of means.
///
/// # Errors
/// [`OutputError`] where a folder is not a run or cannot be read.
pub fn compare(first: &Path, second: &Path) -> Result<RunComparison, OutputError> {
    let (a, b) = (Manifest::read(first)?, Manifest::read(second)?);
    Ok(RunComparison {
        scenario_text: changed_lines(&a.scenario.text, &b.scenario.text),
        targets: target_changes(likelihoods(first)?, likelihoods(second)?),
        headlines: headline::changes(first, second, a.seed == b.seed)?,
        first: RunIdentity::of(a),
        second: RunIdentity::of(b),
    })
}

impl RunIdentity {
    fn of(manifest: Manifest) -> Self {
        Self {
            version: manifest.version,
            scenario_file: manifest.scenario.name,
            seed: manifest.seed,
            first_replicate: manifest.first_replicate,
            replicates: manifest.replicates,
        }
    }
}

/// Likelihoods by scenario and target.
type Likelihoods = BTreeMap<(String, String), Likelihood>;

fn likelihoods(run: &Path) -> Result<Likelihoods, OutputError> {
    const COLUMNS: [&str; 8] = [
        "scenario",
        "target",
        "threshold",
        "probability",
        "probability_low",
        "probability_high",
        "met",
        "replicates",
    ];
    let mut found = Likelihoods::new();
    for_each_batch(&run.join("targets.parquet"), &COLUMNS, |rows| {
        let (scenarios, targets) = (rows.texts("scenario")?, rows.texts("target")?);
        let (met, replicates) = (rows.counts("met")?, rows.counts("replicates")?);
        let thresholds = rows.numbers("threshold")?;
        let shares = rows.numbers("probability")?;
        let (low, high) = (
            rows.numbers("probability_low")?,
            rows.numbers("probability_high")?,
        );
        for row in 0..rows.len() {
            let key = (scenarios.value(row).into(), targets.value(row).into());
            let likelihood = Likelihood {
                threshold: thresholds.value(row),
                probability: shares.value(row),
                probability_low: low.value(row),
                probability_high: high.value(row),
                words: likelihood_words(met.value(row), replicates.value(row)),
            };
            found.insert(key, likelihood);
        }
        Ok(())
    })?;
    Ok(found)
}

fn target_changes(mut first: Likelihoods, mut second: Likelihoods) -> Vec<TargetChange> {
    let keys: BTreeSet<_> = first.keys().chain(second.keys()).cloned().collect();
    keys.into_iter()
        .map(|key| {
            let (first, second) = (first.remove(&key), second.remove(&key));
            let difference = first.as_ref().zip(second.as_ref());
            TargetChange {
                difference: difference.map(|(a, b)| b.probability - a.probability),
                scenario: key.0,
                target: key.1,
                first,
                second,
            }
        })
        .collect()
}

impl Display for RunComparison {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        writeln!(to, "First:  {}", self.first)?;
        writeln!(to, "Second: {}", self.second)?;
        match self.scenario_text.len() {
            0 => writeln!(to, "\nThe scenario files are the same.")?,
            lines => writeln!(to, "\nScenario file, {lines} lines differ:")?,
        }
        text::write_changes(to, &self.scenario_text)?;
        if !self.targets.is_empty() {
            writeln!(to, "\nTargets, first run then second:")?;
        }
        self.targets
            .iter()
            .try_for_each(|change| writeln!(to, "  {change}"))?;
        if !self.headlines.is_empty() {
            writeln!(to, "\nSecond run less first:")?;
        }
        self.headlines
            .iter()
            .try_for_each(|change| writeln!(to, "  {change}"))
    }
}

impl Display for RunIdentity {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let last = u64::from(self.first_replicate) + u64::from(self.replicates);
        write!(
            to,
            "{}, seed {}, replicates {} to {}, lacsim {}",
            self.scenario_file,
            self.seed,
            self.first_replicate,
            last.saturating_sub(1),
            self.version
        )
    }
}

impl Display for TargetChange {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let words = |likelihood: &Option<Likelihood>| match likelihood {
            Some(likelihood) => likelihood.words.clone(),
            None => "not in this run".to_owned(),
        };
        write!(
            to,
            "{}, {}: {}; {}",
            self.scenario,
            self.target,
            words(&self.first),
            words(&self.second)
        )?;
        match (&self.first, &self.second) {
            (Some(a), Some(b)) if a.threshold != b.threshold => write!(
                to,
                " (threshold {} in the first, {} in the second)",
                a.threshold, b.threshold
            ),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::kept::Group;
    use crate::forecast::test_run::{date, layout, tiles};
    use crate::forecast::{
        Catalogue, Comparison, Context, Direction, Keep, ScenarioColumns, Target, Test,
        forecast_scenario,
    };
    use crate::output::manifest::{self, example};
    use crate::output::new_files::NewFiles;
    use crate::output::parquet::{Metadata, ReplicateWriter, write_bands, write_targets};

    /// Writes a run of one scenario in which replicate r holds
    /// `r + month + more` children.
    fn write_run(folder: &Path, seed: u64, first_replicate: u32, replicates: usize, more: i32) {
        let layout = layout();
        let run = tiles(replicates, |replicate, month| {
            (replicate + first_replicate as usize + month) as i32 + more
        });
        let targets = [Target {
            name: "Plan".into(),
            metric: "population".into(),
            segment_by: "all".into(),
            segment: "all".into(),
            date: date(2018, 3, 31),
            direction: Direction::AtMost,
            threshold: 50.0,
            test: Test::OnDate,
        }];
        let context = Context {
            targets: &targets,
            ..Context::default()
        };
        let comparison = Comparison::new(&layout, &run);
        let catalogue = Catalogue::new(&layout, &context);
        let columns = ScenarioColumns::new(&catalogue, &run, &comparison);
        let forecast = forecast_scenario("plan", &columns, context.targets);
        let mut manifest = example();
        manifest.seed = seed;
        manifest.scenario.text = format!("[panel]\nadmit = 0.{more}\n");
        let metadata = Metadata {
            version: manifest.version.clone(),
            seed,
            scenario_sha256: manifest.scenario.sha256.clone(),
        };
        let files = NewFiles::in_folder(folder);
        write_bands(&files, &metadata, &[&forecast]).unwrap();
        write_targets(&files, &metadata, &[&forecast]).unwrap();
        let mut writer = ReplicateWriter::create(&files, &metadata).unwrap();
        let write = |group: Group<'_>| writer.write("plan", first_replicate, group);
        columns.each_group(Keep::Headlines, write).unwrap();
        writer.finish().unwrap();
        std::fs::write(folder.join(manifest::FILE_NAME), manifest.to_json()).unwrap();
    }

    fn compared(second_seed: u64, first_replicate: u32) -> RunComparison {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write_run(a.path(), 1, 0, 100, 0);
        write_run(b.path(), second_seed, first_replicate, 100, 4);
        compare(a.path(), b.path()).unwrap()
    }

    #[test]
    fn runs_under_the_same_numbers_are_compared_in_pairs() {
        let found = compared(1, 0);
        // The same replicates hold four children more: no error in that.
        let population = &found.headlines[0];
        assert_eq!(population.metric, "population");
        assert_eq!(population.date, date(2018, 3, 31));
        let expected = Difference::Paired {
            replicates: 100,
            mean: 4.0,
            mean_se: 0.0,
            p10: 4.0,
            p50: 4.0,
            p90: 4.0,
        };
        assert_eq!(population.difference, expected);
        // £2 a child in each of three months.
        let spend = found
            .headlines
            .iter()
            .find(|h| h.metric == "spend")
            .unwrap();
        assert!(matches!(
            spend.difference,
            Difference::Paired { mean: 24.0, .. }
        ));
    }

    #[test]
    fn only_shared_replicates_are_paired() {
        let found = compared(1, 60);
        let paired = &found.headlines[0].difference;
        assert!(matches!(
            paired,
            Difference::Paired {
                replicates: 40,
                mean: 4.0,
                ..
            }
        ));
    }

    #[test]
    fn runs_under_other_numbers_are_compared_by_their_means() {
        let found = compared(2, 0);
        let Difference::Unpaired { mean, mean_se } = found.headlines[0].difference else {
            panic!("another seed gives no pairs");
        };
        assert_eq!(mean, 4.0);
        // Variance of 0 to 99 is 841.67; two such means of 100 replicates.
        assert!((mean_se - (2.0 * 8.4167_f64).sqrt()).abs() < 1e-3);
    }

    #[test]
    fn likelihoods_and_changed_lines_are_told() {
        let found = compared(1, 0);
        // r + 2 ≤ 50 for 49 of 100 replicates, r + 6 ≤ 50 for 45.
        let difference = found.targets[0].difference.unwrap();
        assert!((difference + 0.04).abs() < 1e-12);
        assert_eq!(found.scenario_text.len(), 2);
        let text = found.to_string();
        assert!(
            text.contains("\n    - 2: admit = 0.0\n    + 2: admit = 0.4\n"),
            "{text}"
        );
        assert!(
            text.contains("plan, Plan: about 5 in 10, realistic possibility;"),
            "{text}"
        );
        assert!(
            text.contains("population at 2018-03-31: +4 children"),
            "{text}"
        );
    }

    #[test]
    fn a_comparison_is_plain_json() {
        let json = serde_json::to_value(compared(2, 0)).unwrap();
        assert_eq!(json["headlines"][0]["method"], "unpaired");
        assert_eq!(json["headlines"][0]["date"], "2018-03-31");
        assert_eq!(json["scenario_text"][0]["change"], "removed");
    }

    #[test]
    fn a_folder_without_a_manifest_is_no_run() {
        let folder = tempfile::tempdir().unwrap();
        let error = compare(folder.path(), folder.path()).unwrap_err();
        assert!(matches!(error, OutputError::Io { .. }), "{error}");
    }
}

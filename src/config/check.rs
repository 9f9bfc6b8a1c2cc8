//! The checker: what every table's checks share while they run.

use super::mistakes::{Mistake, Path, suggestion};
use super::quantity::{Basis, Domain, Form, Quantity};
use super::workstreams::Changeable;
use std::collections::BTreeMap;

/// Something worth a second look that does not stop a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where.
    pub path: Path,
    /// What.
    pub message: String,
}

/// Collects mistakes, warnings and every uncertain quantity of a file.
#[derive(Debug, Default)]
pub struct Checker {
    mistakes: Vec<Mistake>,
    warnings: Vec<Warning>,
    quantities: BTreeMap<String, (Quantity, Path)>,
    sources: BTreeMap<String, String>,
    owners: BTreeMap<String, String>,
    changeable: BTreeMap<String, Changeable>,
}

impl Checker {
    /// Notes a mistake.
    pub fn mistake(&mut self, path: &Path, message: impl Into<String>) {
        self.mistakes.push(Mistake::new(path.clone(), message));
    }

    /// Notes a mistake with its cure.
    pub fn mistake_hint(&mut self, path: &Path, message: impl Into<String>, hint: &str) {
        self.mistakes
            .push(Mistake::new(path.clone(), message).hint(hint));
    }

    /// Notes a mistake unless something holds.
    pub fn require(&mut self, holds: bool, path: &Path, message: impl FnOnce() -> String) {
        if !holds {
            self.mistake(path, message());
        }
    }

    /// Notes a warning.
    pub fn warn(&mut self, path: &Path, message: impl Into<String>) {
        self.warnings.push(Warning {
            path: path.clone(),
            message: message.into(),
        });
    }

    /// Index of a name in a list of what is known, or a mistake.
    pub fn name(&mut self, name: &str, known: &[String], what: &str, path: &Path) -> Option<usize> {
        let index = known.iter().position(|one| one == name);
        if index.is_none() {
            let hint = suggestion(name, known.iter().map(String::as_str));
            self.mistake_hint(path, format!("no {what} is named \"{name}\""), &hint);
        }
        index
    }

    /// Indices of names in a list of what is known.
    pub fn names(
        &mut self,
        names: &[String],
        known: &[String],
        what: &str,
        path: &Path,
    ) -> Vec<usize> {
        names
            .iter()
            .enumerate()
            .filter_map(|(index, name)| self.name(name, known, what, &path.item(index, None)))
            .collect()
    }

    /// The same for a list that must not be empty.
    pub fn some_names(
        &mut self,
        names: &[String],
        known: &[String],
        what: &str,
        path: &Path,
    ) -> Vec<usize> {
        self.require(!names.is_empty(), path, || {
            format!("must name at least one {what}, found an empty list")
        });
        self.names(names, known, what, path)
    }

    /// Notes where a table's figures come from.
    pub fn source(&mut self, path: &Path, source: Option<&String>) {
        if let Some(source) = source {
            self.note_source(path, source);
        }
    }

    pub(super) fn note_source(&mut self, path: &Path, source: &str) {
        if source.trim().is_empty() {
            self.mistake(
                &path.key("source"),
                "must say where the figures come from, found nothing",
            );
        }
        self.sources.insert(path.to_string(), source.to_owned());
    }

    /// Notes who answers for the part of the scenario at an address.
    pub(super) fn note_owner(&mut self, address: &str, owner: &str) {
        self.owners.insert(address.to_owned(), owner.to_owned());
    }

    /// Address of every quantity so far.
    pub(super) fn quantity_addresses(&self) -> Vec<&str> {
        let paths = self.quantities.keys();
        paths.map(String::as_str).collect()
    }

    pub(super) fn note_quantity(&mut self, quantity: &Quantity, path: &Path) {
        self.quantities
            .insert(quantity.path.clone(), (quantity.clone(), path.clone()));
    }

    /// Notes an address at which a workstream may find a number.
    pub(super) fn note_changeable(&mut self, path: &Path, domain: Domain) {
        let path = path.to_string();
        let found = Changeable {
            path: path.clone(),
            domain,
            is_factor: false,
        };
        self.changeable.insert(path, found);
    }

    /// Notes the address of a duration, whose scale a workstream may multiply.
    pub(super) fn note_duration(&mut self, path: &Path, scale: &Quantity) {
        let found = Changeable {
            path: scale.path.clone(),
            domain: Domain::NonNegative,
            is_factor: true,
        };
        self.changeable.insert(path.to_string(), found);
    }

    /// What a workstream finds at an address.
    pub(super) fn changeable(&self, address: &str) -> Option<&Changeable> {
        self.changeable.get(address)
    }

    /// Every address at which a workstream may find a number.
    pub(super) fn changeable_addresses(&self) -> Vec<&str> {
        self.changeable.keys().map(String::as_str).collect()
    }

    /// Every mistake so far.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// Takes what was collected; warns of uncertain quantities without a source.
    pub fn finish(mut self) -> (Vec<Mistake>, Vec<Warning>, Vec<Assumption>) {
        let quantities = std::mem::take(&mut self.quantities);
        let mut assumptions = Vec::new();
        for (quantity, path) in quantities.into_values() {
            // Of the nearest table around it.
            let (mut source, mut owner) = (None, None);
            for address in path.addresses() {
                source = self.sources.get(&address).or(source);
                owner = self.owners.get(&address).or(owner);
            }
            if source.is_none() && quantity.form != Form::Known(0.0) {
                self.warnings.push(Warning {
                    path: path.clone(),
                    message: match quantity.basis {
                        Basis::Given => "has no source".to_owned(),
                        Basis::Evidence => "is evidence without a source".to_owned(),
                        Basis::Judgement => {
                            "is judgement that does not say so in a source".to_owned()
                        }
                    },
                });
            }
            assumptions.push(Assumption {
                quantity,
                source: source.cloned(),
                owner: owner.cloned(),
            });
        }
        (self.mistakes, self.warnings, assumptions)
    }
}

/// A number of the model with where it comes from and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Assumption {
    /// The quantity.
    pub quantity: Quantity,
    /// Its source, from its own table or the nearest around it.
    pub source: Option<String>,
    /// Who answers for it, or for the nearest part around it that has an owner.
    pub owner: Option<String>,
}

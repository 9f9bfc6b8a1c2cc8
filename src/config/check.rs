//! The checker: what every table's checks share while they run.

use super::mistakes::{Mistake, Path, suggestion};
use super::quantity::{Basis, Domain, Form, Quantity};
use super::workstreams::Changeable;
use std::cell::OnceCell;
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
    /// Whether children known by margins are left for later to be placed.
    pub(super) leaves_places: bool,
    mistakes: Vec<Mistake>,
    warnings: Vec<Warning>,
    quantities: BTreeMap<String, (Quantity, Path)>,
    sources: BTreeMap<String, String>,
    owners: BTreeMap<String, String>,
    changeable: Vec<(Path, Changed)>,
    /// The last of each address, made when somebody asks.
    by_address: OnceCell<BTreeMap<String, Changeable>>,
}

/// What a workstream may change at an address.
#[derive(Debug)]
enum Changed {
    /// A number of a domain.
    Number(Domain),
    /// A duration, by the address of its scale.
    Duration(String),
}

impl Checker {
    /// One that leaves children known by margins for later to be placed.
    pub(super) fn that_leaves_places() -> Self {
        Self {
            leaves_places: true,
            ..Self::default()
        }
    }

    /// Notes a mistake.
    pub fn mistake(&mut self, path: &Path, message: impl Into<String>) {
        self.note_mistake(Mistake::new(path.clone(), message));
    }

    pub(super) fn note_mistake(&mut self, mistake: Mistake) {
        self.mistakes.push(mistake);
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
        self.note_changed(path, Changed::Number(domain));
    }

    /// Notes the address of a duration, whose scale a workstream may multiply.
    pub(super) fn note_duration(&mut self, path: &Path, scale: &Quantity) {
        self.note_changed(path, Changed::Duration(scale.path.clone()));
    }

    fn note_changed(&mut self, path: &Path, changed: Changed) {
        self.changeable.push((path.clone(), changed));
        self.by_address.take();
    }

    fn by_address(&self) -> &BTreeMap<String, Changeable> {
        let found = |(path, changed): &(Path, Changed)| {
            let address = path.to_string();
            let found = match changed {
                Changed::Number(domain) => Changeable {
                    path: address.clone(),
                    domain: *domain,
                    is_factor: false,
                },
                Changed::Duration(scale) => Changeable {
                    path: scale.clone(),
                    domain: Domain::NonNegative,
                    is_factor: true,
                },
            };
            (address, found)
        };
        self.by_address
            .get_or_init(|| self.changeable.iter().map(found).collect())
    }

    /// What a workstream finds at an address.
    pub(super) fn changeable(&self, address: &str) -> Option<&Changeable> {
        self.by_address().get(address)
    }

    /// Every address at which a workstream may find a number.
    pub(super) fn changeable_addresses(&self) -> Vec<&str> {
        self.by_address().keys().map(String::as_str).collect()
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

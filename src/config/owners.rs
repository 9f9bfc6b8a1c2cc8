//! `[owners]`: who answers for which part of the scenario.
//!
//! An address that is part of another owns what the other does not: the owner
//! of `placement` answers for every price but those of a placement with an owner
//! of its own. What a workstream assumes is its owner's.

use super::bands::Named;
use super::check::Checker;
use super::mistakes::{Path, suggestion};
use std::collections::BTreeSet;

impl Checker {
    /// Checks `[owners]`. Comes after every table that they may own.
    pub fn owners(&mut self, raw: &Named<String>) {
        if raw.0.is_empty() {
            return;
        }
        let known = self.parts();
        for (address, owner) in &raw.0 {
            let path = Path::root().key("owners").key(address);
            self.require(!owner.trim().is_empty(), &path, || {
                "must name somebody, found nothing".to_owned()
            });
            if known.contains(address) {
                self.note_owner(address, owner);
            } else {
                let hint = suggestion(address, known.iter().map(String::as_str));
                self.mistake_hint(&path, "is no address of a number, nor of a part", &hint);
            }
        }
    }

    /// Every address of a number, and of what holds one: `placement`,
    /// `placement.foster` and `placement.foster.weekly_pounds`.
    fn parts(&self) -> BTreeSet<String> {
        let addresses = self.quantity_addresses();
        let addresses = addresses.into_iter().chain(self.changeable_addresses());
        let mut parts = BTreeSet::new();
        for address in addresses {
            let ends = address.match_indices('.').map(|(at, _)| at);
            parts.extend(ends.map(|end| address[..end].to_owned()));
            parts.insert(address.to_owned());
        }
        parts
    }
}

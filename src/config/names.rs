//! Names that tables use to speak of each other.

use super::RawScenarioFile;
use super::check::Checker;
use super::mistakes::Path;

/// Name of the exit on the eighteenth birthday; always there.
pub const AGEING_OUT: &str = "ageing out";

/// Every name that a table may refer to, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Names {
    /// Referral streams.
    pub streams: Vec<String>,
    /// Placement types.
    pub placements: Vec<String>,
    /// Legal statuses.
    pub legal_statuses: Vec<String>,
    /// Kinds of exit: `[[exit]]` tables, exits that pathways lead to, ageing out.
    pub exits: Vec<String>,
    /// Pathways.
    pub pathways: Vec<String>,
    /// Resources.
    pub resources: Vec<String>,
    /// Drifts.
    pub drifts: Vec<String>,
}

impl Checker {
    /// Collects the names; a name twice in one kind of table is a mistake.
    pub fn names_of(&mut self, raw: &RawScenarioFile) -> Names {
        let streams = raw.referrals.iter().map(|one| &one.name);
        let placements = raw.placement.iter().map(|one| &one.name);
        let pathways = raw.pathway.iter().map(|one| &one.name);
        let resources = raw.resource.iter().map(|one| &one.name);
        let drifts = raw.drift.iter().map(|one| &one.name);
        let exits = raw.exit.iter().map(|one| &one.name);
        let mut names = Names {
            streams: self.distinct("referrals", streams),
            placements: self.distinct("placement", placements),
            legal_statuses: raw
                .legal_status
                .as_ref()
                .map_or_else(Vec::new, |table| table.names.clone()),
            exits: self.distinct("exit", exits),
            pathways: self.distinct("pathway", pathways),
            resources: self.distinct("resource", resources),
            drifts: self.distinct("drift", drifts),
        };
        for pathway in &raw.pathway {
            if let Some(exit) = &pathway.leads_to.exit
                && !names.exits.contains(exit)
            {
                names.exits.push(exit.clone());
            }
        }
        if !names.exits.iter().any(|exit| exit == AGEING_OUT) {
            names.exits.push(AGEING_OUT.to_owned());
        }
        if names.streams.is_empty() {
            names.streams.push("general".to_owned());
        }
        if names.placements.is_empty() {
            names.placements.push("in care".to_owned());
        }
        if names.legal_statuses.is_empty() {
            names.legal_statuses.push("looked after".to_owned());
        }
        self.distinct("target", raw.target.iter().map(|one| &one.name));
        self.distinct("scenario", raw.scenario.iter().map(|one| &one.name));
        names
    }

    /// Names of one kind of table, each once and fit to stand in an address.
    fn distinct<'a>(&mut self, table: &str, names: impl Iterator<Item = &'a String>) -> Vec<String> {
        let mut seen: Vec<String> = Vec::new();
        for (index, name) in names.enumerate() {
            let at = Path::root().key(table).item(index, None).key("name");
            self.require(!name.trim().is_empty(), &at, || {
                "must not be empty".to_owned()
            });
            self.require(!name.contains(['.', '\n']) || table == "scenario" || table == "target", &at, || {
                format!("must not contain a full stop, found \"{name}\"")
            });
            self.require(!seen.contains(name), &at, || {
                format!("must be unlike every other [[{table}]], found \"{name}\" twice")
            });
            seen.push(name.clone());
        }
        seen
    }
}

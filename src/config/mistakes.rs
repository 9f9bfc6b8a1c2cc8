//! Mistakes in a scenario file: all of them at once, each with its place.

use std::fmt::{self, Write};
use std::sync::Arc;

/// One step into a scenario file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A key of a table.
    Key(String),
    /// An item of an array, with its name if it has one.
    Item(usize, Option<String>),
}

impl Step {
    /// Writes the step behind the address of the table it is in.
    fn write(&self, address: &mut String) -> fmt::Result {
        let dot = if address.is_empty() { "" } else { "." };
        match self {
            Self::Key(key) => write!(address, "{dot}{key}"),
            Self::Item(_, Some(name)) => write!(address, "{dot}{name}"),
            Self::Item(item, None) => write!(address, "[{}]", item + 1),
        }
    }
}

/// A place in a scenario file: the last step, and the place that it leads on
/// from, which places beside it share.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path(Option<Arc<(Path, Step)>>);

impl Path {
    /// The top of the file.
    pub fn root() -> Self {
        Self::default()
    }

    /// A key of the table at this place.
    pub fn key(&self, key: &str) -> Self {
        self.then(Step::Key(key.to_owned()))
    }

    /// An item of the array at this place; items count from 0.
    pub fn item(&self, index: usize, name: Option<&str>) -> Self {
        self.then(Step::Item(index, name.map(str::to_owned)))
    }

    fn then(&self, step: Step) -> Self {
        Self(Some(Arc::new((self.clone(), step))))
    }

    /// The keys alone, as a table's header names them.
    pub fn keys(&self) -> String {
        let keys = self.steps().into_iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Item(..) => None,
        });
        keys.collect::<Vec<_>>().join(".")
    }

    /// The steps from the top of the file.
    pub fn steps(&self) -> Vec<&Step> {
        let mut steps = Vec::new();
        let mut place = self;
        while let Some(last) = &place.0 {
            steps.push(&last.1);
            place = &last.0;
        }
        steps.reverse();
        steps
    }

    /// Addresses of the tables around this place, from the outermost, and of
    /// the place itself.
    pub fn addresses(&self) -> impl Iterator<Item = String> {
        let mut address = String::new();
        self.steps().into_iter().map(move |step| {
            step.write(&mut address).expect("text takes any length");
            address.clone()
        })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut address = String::new();
        for step in self.steps() {
            step.write(&mut address)?;
        }
        f.write_str(&address)
    }
}

/// Something in a scenario file that cannot stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub path: Path,
    /// What must hold, and what was found.
    pub message: String,
    /// The obvious cure, if there is one.
    pub hint: Option<String>,
    /// The scenario whose override brought it in, if it was not in the file's
    /// own tables.
    pub scenario: Option<String>,
}

impl Mistake {
    /// A mistake without a hint.
    pub fn new(path: Path, message: impl Into<String>) -> Self {
        Self {
            path,
            message: message.into(),
            hint: None,
            scenario: None,
        }
    }

    /// The same with a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The known word most like this one, if any is close.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// `did you mean ...?` for the nearest known word, or the list of them.
pub fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "none is known here".to_owned(),
        None => format!("known here: {}", known.join(", ")),
    }
}

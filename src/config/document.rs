//! A scenario file as text: parsing, places of keys, and scenarios as
//! overrides of named quantities.

use super::mistakes::{Mistake, Path, Step, suggestion};
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

/// A scenario file that is well-formed TOML.
#[derive(Debug, Clone)]
pub struct Document {
    /// Name of the file, for messages.
    pub file: String,
    /// The text as read.
    pub text: String,
    /// The text as tables.
    pub table: Table,
}

impl Document {
    /// Parses the text.
    ///
    /// # Errors
    /// A report of the first place where the text is no TOML.
    pub fn parse(file: &str, text: &str) -> Result<Self, String> {
        let table = text.parse::<Table>().map_err(|error| {
            let message = error.message();
            match error.span() {
                Some(span) => {
                    let line = line_of(text, span.start);
                    format!(
                        "error: {file}:{line}: not TOML: {message}\n{}",
                        quote(text, line)
                    )
                }
                None => format!("error: {file}: not TOML: {message}\n"),
            }
        })?;
        Ok(Self {
            file: file.to_owned(),
            text: text.to_owned(),
            table,
        })
    }

    /// The line, counted from 1, of the deepest part of a path that is there.
    pub fn line(&self, path: &Path) -> usize {
        self.line_in(DeTable::parse(&self.text).ok().as_ref(), path)
    }

    fn line_in(&self, root: Option<&Spanned<DeTable<'_>>>, path: &Path) -> usize {
        root.map_or(1, |root| {
            line_of(&self.text, span_start(root, &path.steps()))
        })
    }

    /// Draws mistakes for a person: file, line, key, what must hold, the line
    /// itself, and a hint.
    pub fn report(&self, mistakes: &[Mistake]) -> String {
        let root = DeTable::parse(&self.text).ok();
        let mut report = String::new();
        for mistake in mistakes {
            report.push_str(&self.report_one(mistake, root.as_ref()));
        }
        if mistakes.len() > 1 {
            report.push_str(&format!("{} mistakes\n", mistakes.len()));
        }
        report
    }

    fn report_one(&self, mistake: &Mistake, root: Option<&Spanned<DeTable<'_>>>) -> String {
        let line = match &mistake.scenario {
            Some(name) => self.line_in(root, &self.override_place(name, &mistake.path)),
            None => self.line_in(root, &mistake.path),
        };
        let within = mistake
            .scenario
            .as_ref()
            .map_or_else(String::new, |name| format!(" (scenario `{name}`)"));
        let key = match mistake.path.steps()[..] {
            [] => String::new(),
            _ => format!("{}: ", mistake.path),
        };
        let mut report = format!(
            "error: {}:{line}: {key}{}{within}\n{}",
            self.file,
            mistake.message,
            quote(&self.text, line)
        );
        if let Some(hint) = &mistake.hint {
            report.push_str(&format!("hint: {hint}\n"));
        }
        report
    }

    /// The place of the override that a mistake under `path` came from.
    fn override_place(&self, scenario: &str, path: &Path) -> Path {
        let root = Path::root().key("scenario");
        let Some(Value::Array(scenarios)) = self.table.get("scenario") else {
            return root;
        };
        let named = scenarios
            .iter()
            .position(|one| one.get("name").and_then(Value::as_str) == Some(scenario));
        let Some(index) = named else { return root };
        let set = root.item(index, Some(scenario)).key("set");
        let sought = path.to_string();
        let best = scenarios[index]
            .get("set")
            .and_then(Value::as_table)
            .into_iter()
            .flat_map(Table::keys)
            .find(|key| is_within(&sought, key) || is_within(key, &sought));
        match best {
            Some(key) => set.key(key),
            None => set,
        }
    }
}

/// Whether an address is the other one or lies inside it.
pub(super) fn is_within(address: &str, other: &str) -> bool {
    address
        .strip_prefix(other)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// A line of the text with its number.
fn quote(text: &str, line: usize) -> String {
    let source = text.lines().nth(line - 1).unwrap_or_default();
    format!("  {line:>4} | {}\n", source.trim_end())
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())]
        .iter()
        .filter(|&&byte| byte == b'\n')
        .count()
        + 1
}

fn span_start(root: &Spanned<DeTable<'_>>, steps: &[&Step]) -> usize {
    let mut table = Some(root.get_ref());
    let mut array = None;
    let mut start = 0;
    for step in steps {
        let value: &Spanned<DeValue<'_>> = match step {
            Step::Key(key) => {
                let entry = table.and_then(|table| {
                    table
                        .iter()
                        .find(|(name, _)| name.get_ref().as_ref() == key.as_str())
                });
                let Some((name, value)) = entry else { break };
                start = name.span().start;
                value
            }
            Step::Item(index, _) => {
                let items: Option<&toml::de::DeArray<'_>> = array;
                let Some(value) = items.and_then(|items| items.get(*index)) else {
                    break;
                };
                start = value.span().start;
                value
            }
        };
        table = match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => None,
        };
        array = match value.get_ref() {
            DeValue::Array(array) => Some(array),
            _ => None,
        };
    }
    start
}

/// Sets one named quantity in a copy of the file's tables.
///
/// The address is a dotted path in which items of an array go by their `name`:
/// `pathway.special guardianship.success`. An array is replaced whole.
///
/// # Errors
/// A message where no table has the address.
pub fn set(table: &mut Table, address: &str, value: Value) -> Result<(), String> {
    set_in_table(table, address, value)
}

/// The value at an address, if there is one.
pub fn get<'t>(table: &'t Table, address: &str) -> Option<&'t Value> {
    let (key, rest) = split_known(address, table.keys().map(String::as_str))?;
    let mut value = table.get(&key)?;
    let Some(mut rest) = rest else {
        return Some(value);
    };
    if let Value::Array(items) = value {
        let name_of = |item: &'t Value| item.get("name")?.as_str();
        let (name, inner) = split_known(&rest, items.iter().filter_map(name_of))?;
        value = items.iter().find(|item| name_of(item) == Some(&name))?;
        rest = inner?;
    }
    get(value.as_table()?, &rest)
}

fn set_in_table(table: &mut Table, address: &str, value: Value) -> Result<(), String> {
    let known: Vec<String> = table.keys().cloned().collect();
    if let Some((key, rest)) = split_known(address, known.iter().map(String::as_str)) {
        let Some(rest) = rest else {
            table.insert(key, value);
            return Ok(());
        };
        return match table.get_mut(&key) {
            Some(Value::Table(inner)) => set_in_table(inner, &rest, value),
            Some(Value::Array(items)) => set_in_array(items, &rest, value),
            _ => Err(format!("`{key}` is a plain value, it has no `{rest}`")),
        };
    }
    match address.split_once('.') {
        Some((first, _)) => Err(format!(
            "no table or name `{first}`; {}",
            suggestion(first, known.iter().map(String::as_str))
        )),
        None => {
            table.insert(address.to_owned(), value);
            Ok(())
        }
    }
}

fn set_in_array(items: &mut [Value], address: &str, value: Value) -> Result<(), String> {
    let names: Vec<String> = items
        .iter()
        .filter_map(|item| item.get("name")?.as_str().map(str::to_owned))
        .collect();
    let Some((name, Some(rest))) = split_known(address, names.iter().map(String::as_str)) else {
        if names.iter().any(|name| name == address) {
            return Err(format!(
                "`{address}` is a whole table: name one of its keys"
            ));
        }
        let first = address.split('.').next().unwrap_or(address);
        return Err(format!(
            "nothing here is named `{first}`; {}",
            suggestion(first, names.iter().map(String::as_str))
        ));
    };
    let item = items
        .iter_mut()
        .filter_map(Value::as_table_mut)
        .find(|item| item.get("name").and_then(Value::as_str) == Some(name.as_str()))
        .expect("the name was taken from these items");
    set_in_table(item, &rest, value)
}

/// Splits an address after the longest known first part.
fn split_known<'a>(
    address: &str,
    known: impl Iterator<Item = &'a str>,
) -> Option<(String, Option<String>)> {
    known
        .filter(|name| {
            address == *name
                || address
                    .strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with('.'))
        })
        .max_by_key(|name| name.len())
        .map(|name| {
            let rest = address[name.len()..].strip_prefix('.').map(str::to_owned);
            (name.to_owned(), rest)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[panel]\nadmit = 0.6\n\n[[pathway]]\nname = \"special guardianship\"\ncases = 40\n  [[pathway.stage]]\n  name = \"court\"\n  pass = 0.9\n";

    #[test]
    fn places_are_found_by_line() {
        let document = Document::parse("x.toml", TEXT).unwrap();
        let panel = Path::root().key("panel").key("admit");
        assert_eq!(document.line(&panel), 2);
        let pass = Path::root()
            .key("pathway")
            .item(0, None)
            .key("stage")
            .item(0, None)
            .key("pass");
        assert_eq!(document.line(&pass), 9);
    }

    #[test]
    fn an_override_reaches_a_table_by_its_name() {
        let mut table = Document::parse("x.toml", TEXT).unwrap().table;
        set(
            &mut table,
            "pathway.special guardianship.stage.court.pass",
            Value::Float(0.5),
        )
        .unwrap();
        set(
            &mut table,
            "pathway.special guardianship.success",
            Value::Float(1.0),
        )
        .unwrap();
        let pathway = &table["pathway"][0];
        assert_eq!(pathway["stage"][0]["pass"].as_float(), Some(0.5));
        let pass = get(&table, "pathway.special guardianship.stage.court.pass");
        assert_eq!(pass, Some(&Value::Float(0.5)));
        assert_eq!(get(&table, "panel.admit"), Some(&Value::Float(0.6)));
        assert_eq!(get(&table, "panel.admit.mode"), None);
        assert_eq!(get(&table, "pathway.adoption.success"), None);
        assert_eq!(pathway["success"].as_float(), Some(1.0));
    }

    #[test]
    fn an_override_of_nothing_known_is_refused_with_the_nearest_name() {
        let mut table = Document::parse("x.toml", TEXT).unwrap().table;
        let error = set(
            &mut table,
            "pathway.special gardianship.cases",
            Value::Integer(3),
        )
        .unwrap_err();
        assert!(
            error.contains("did you mean `special guardianship`?"),
            "{error}"
        );
    }
}

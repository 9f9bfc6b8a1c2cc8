//! Form of a scenario file, checked against the JSON Schema of its types.
//!
//! The types are the language; the schema is generated from them, and this
//! walk finds every key, type and word that the schema does not allow, all at
//! once. Meaning is checked later, table by table.

use super::mistakes::{Mistake, Path, suggestion};
use serde_json::{Map, Value as Schema};
use toml::{Table, Value};

/// Every mistake of form in a file's tables.
pub fn mistakes_of_form(schema: &Schema, table: &Table) -> Vec<Mistake> {
    mistakes_of_form_in(schema, table, |_| true)
}

/// The same in some of the tables, by their keys; the others are known to be in
/// form.
pub fn mistakes_of_form_in(
    schema: &Schema,
    table: &Table,
    is_new: impl Fn(&str) -> bool,
) -> Vec<Mistake> {
    let mut audit = Audit {
        named: schema.get("$defs").and_then(Schema::as_object),
        mistakes: Vec::new(),
    };
    let keys = table.iter().filter(|(key, _)| is_new(key));
    audit.keys(audit.resolve(schema), keys, &Path::root());
    audit.required(audit.resolve(schema), table, &Path::root());
    audit.mistakes
}

struct Audit<'a> {
    /// Schemas that others refer to, by name.
    named: Option<&'a Map<String, Schema>>,
    mistakes: Vec<Mistake>,
}

impl<'a> Audit<'a> {
    fn value(&mut self, schema: &'a Schema, value: &Value, path: &Path) {
        let schema = self.resolve(schema);
        for union in ["anyOf", "oneOf"] {
            if let Some(branches) = schema.get(union).and_then(Schema::as_array) {
                return self.union(branches, value, path);
            }
        }
        let Some(kind) = schema.get("type").and_then(Schema::as_str) else {
            return;
        };
        match (kind, value) {
            ("object", Value::Table(table)) => self.table(schema, table, path),
            ("array", Value::Array(items)) => self.items(schema, items, path),
            ("string", Value::String(text)) if !is_date(schema) => self.word(schema, text, path),
            ("string", Value::Datetime(date))
                if is_date(schema) && date.time.is_none() && date.date.is_some() => {}
            ("integer", Value::Integer(number)) => self.integer(schema, *number, path),
            ("number", Value::Float(_) | Value::Integer(_)) | ("boolean", Value::Boolean(_)) => {}
            ("array", Value::Table(_)) if self.lists_tables(schema) => self.add_hint(
                path,
                "must be a list of tables, found one table".to_owned(),
                format!("write [[{}]] with two brackets", path.keys()),
            ),
            ("object", Value::Array(items)) if items.iter().any(Value::is_table) => self.add_hint(
                path,
                "must be one table, found a list of tables".to_owned(),
                format!("write [{}] with one bracket", path.keys()),
            ),
            _ => self.add(
                path,
                format!("must be {}, found {}", expected(schema), found(value)),
            ),
        }
    }

    /// A whole number in the range of its type.
    fn integer(&mut self, schema: &Schema, number: i64, path: &Path) {
        let least = schema.get("minimum").and_then(Schema::as_i64);
        let most = match schema.get("format").and_then(Schema::as_str) {
            Some("uint32") => i64::from(u32::MAX),
            _ => i64::MAX,
        };
        match least {
            Some(least) if number < least => {
                self.add(path, format!("must be {least} or more, found {number}"));
            }
            _ if number > most => self.add(path, format!("must be {most} or less, found {number}")),
            _ => {}
        }
    }

    fn lists_tables(&self, schema: &'a Schema) -> bool {
        schema.get("items").is_some_and(|item| {
            self.resolve(item).get("type").and_then(Schema::as_str) == Some("object")
        })
    }

    fn resolve(&self, schema: &'a Schema) -> &'a Schema {
        schema
            .get("$ref")
            .and_then(Schema::as_str)
            .and_then(|place| self.named?.get(place.strip_prefix("#/$defs/")?))
            .map_or(schema, |target| self.resolve(target))
    }

    /// The branches of a union, and of unions within it.
    fn flat(&self, branches: &'a [Schema]) -> Vec<&'a Schema> {
        let mut flat = Vec::new();
        for branch in branches.iter().map(|one| self.resolve(one)) {
            let inner = branch.get("anyOf").or_else(|| branch.get("oneOf"));
            match inner.and_then(Schema::as_array) {
                Some(inner) => flat.extend(self.flat(inner)),
                None => flat.push(branch),
            }
        }
        flat
    }

    fn union(&mut self, branches: &'a [Schema], value: &Value, path: &Path) {
        let branches = self.flat(branches);
        match value {
            Value::Table(table) => self.tagged(&branches, table, value, path),
            Value::String(text) => {
                let words: Vec<&str> = branches.iter().flat_map(|one| words_of(one)).collect();
                let message = format!("must be {}, found \"{text}\"", alternatives(&branches));
                if words.is_empty() {
                    self.add(path, message);
                } else if !words.contains(&text.as_str()) {
                    self.add_hint(path, message, suggestion(text, words));
                }
            }
            Value::Array(items) if branches.iter().any(|one| accepts_plain(one, value)) => {
                let lists = branches.iter().filter(|one| accepts_plain(one, value));
                lists.for_each(|one| self.items(one, items, path));
            }
            _ if branches.iter().any(|one| accepts_plain(one, value)) => {}
            _ => self.add(
                path,
                format!(
                    "must be {}, found {}",
                    alternatives(&branches),
                    found(value)
                ),
            ),
        }
    }

    /// A table under a union: one plain object branch, or branches that are
    /// told apart by their one key.
    fn tagged(&mut self, branches: &[&'a Schema], table: &Table, value: &Value, path: &Path) {
        let objects: Vec<&Schema> = branches
            .iter()
            .copied()
            .filter(|one| one.get("type").and_then(Schema::as_str) == Some("object"))
            .collect();
        if let [only] = objects[..] {
            return self.value(only, value, path);
        }
        let tags: Vec<&str> = objects.iter().filter_map(|one| tag_of(one)).collect();
        if let Some(index) = tags.iter().position(|tag| table.contains_key(*tag)) {
            return self.value(objects[index], value, path);
        }
        let message = format!("must be {}", alternatives(branches));
        match table.keys().next() {
            Some(key) => self.add_hint(
                &path.key(key),
                format!("{message}, found key `{key}`"),
                suggestion(key, tags),
            ),
            None => self.add(path, format!("{message}, found a table without keys")),
        }
    }

    fn table(&mut self, schema: &'a Schema, table: &Table, path: &Path) {
        self.keys(schema, table.iter(), path);
        self.required(schema, table, path);
    }

    fn keys<'t>(
        &mut self,
        schema: &'a Schema,
        keys: impl Iterator<Item = (&'t String, &'t Value)>,
        path: &Path,
    ) {
        let known = schema.get("properties").and_then(Schema::as_object);
        let other = schema.get("additionalProperties");
        for (key, value) in keys {
            let place = path.key(key);
            if let Some(property) = known.and_then(|known| known.get(key)) {
                self.value(property, value, &place);
            } else if let Some(other) = other.filter(|other| other.is_object()) {
                self.value(other, value, &place);
            } else if other == Some(&Schema::Bool(false)) {
                let words = known.into_iter().flat_map(|known| known.keys());
                self.add_hint(
                    &place,
                    "no such key here".to_owned(),
                    suggestion(key, words.map(String::as_str)),
                );
            }
        }
    }

    fn required(&mut self, schema: &Schema, table: &Table, path: &Path) {
        for key in schema
            .get("required")
            .and_then(Schema::as_array)
            .into_iter()
            .flatten()
        {
            let key = key.as_str().unwrap_or_default();
            if !table.contains_key(key) {
                self.add(path, format!("`{key}` is missing"));
            }
        }
    }

    fn items(&mut self, schema: &'a Schema, items: &[Value], path: &Path) {
        let Some(item) = schema.get("items") else {
            return;
        };
        let length = |key: &str| schema.get(key).and_then(Schema::as_u64);
        if let (Some(least), Some(most)) = (length("minItems"), length("maxItems"))
            && !(least..=most).contains(&(items.len() as u64))
        {
            self.add(
                path,
                format!("must be a list of {most}, found {}", items.len()),
            );
        }
        for (index, value) in items.iter().enumerate() {
            let name = value.get("name").and_then(Value::as_str);
            self.value(item, value, &path.item(index, name));
        }
    }

    fn word(&mut self, schema: &'a Schema, text: &str, path: &Path) {
        let words = words_of(schema);
        if !words.is_empty() && !words.contains(&text) {
            self.add_hint(
                path,
                format!("must be {}, found \"{text}\"", expected(schema)),
                suggestion(text, words),
            );
        }
    }

    fn add(&mut self, path: &Path, message: String) {
        self.mistakes.push(Mistake::new(path.clone(), message));
    }

    fn add_hint(&mut self, path: &Path, message: String, hint: String) {
        self.mistakes
            .push(Mistake::new(path.clone(), message).hint(hint));
    }
}

fn is_date(schema: &Schema) -> bool {
    schema.get("format").and_then(Schema::as_str) == Some("date")
}

/// Words that a schema allows a string to be; none where any will do.
fn words_of(schema: &Schema) -> Vec<&str> {
    let one = schema.get("const").into_iter();
    let many = schema
        .get("enum")
        .and_then(Schema::as_array)
        .into_iter()
        .flatten();
    one.chain(many).filter_map(Schema::as_str).collect()
}

fn tag_of(schema: &Schema) -> Option<&str> {
    schema.get("required")?.as_array()?.first()?.as_str()
}

fn accepts_plain(schema: &Schema, value: &Value) -> bool {
    matches!(
        (schema.get("type").and_then(Schema::as_str), value),
        (Some("number"), Value::Float(_) | Value::Integer(_))
            | (Some("integer"), Value::Integer(_))
            | (Some("boolean"), Value::Boolean(_))
            | (Some("array"), Value::Array(_))
    )
}

fn expected(schema: &Schema) -> String {
    let words = words_of(schema);
    match schema.get("type").and_then(Schema::as_str) {
        Some("string") if is_date(schema) => "a date such as 2019-03-31, without quotes".to_owned(),
        Some("string") if !words.is_empty() => words
            .iter()
            .map(|word| format!("\"{word}\""))
            .collect::<Vec<_>>()
            .join(" or "),
        Some("string") => "text in quotes".to_owned(),
        Some("number") => "a number".to_owned(),
        Some("integer") => "a whole number".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("array") => "a list in [ ]".to_owned(),
        Some("object") => tag_of(schema)
            .filter(|_| schema.get("additionalProperties") == Some(&Schema::Bool(false)))
            .map_or_else(|| "a table".to_owned(), |tag| format!("{{ {tag} = ... }}")),
        _ => "a known form".to_owned(),
    }
}

fn alternatives(branches: &[&Schema]) -> String {
    branches
        .iter()
        .map(|one| expected(one))
        .collect::<Vec<_>>()
        .join(" or ")
}

fn found(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text \"{text}\""),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(flag) => flag.to_string(),
        Value::Datetime(date) => format!("the date or time {date}"),
        Value::Array(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    }
}

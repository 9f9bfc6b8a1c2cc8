//! Lines that differ between two scenario files.

use serde::Serialize;
use std::fmt::{self, Formatter};

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineChange {
    /// Only the first file has it.
    Removed,
    /// Only the second file has it.
    Added,
}

/// A line that only one of two files has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextChange {
    /// What became of it.
    pub change: LineChange,
    /// Header of the TOML table around it, such as `[panel]`; may be empty.
    pub table: String,
    /// Line number in its file, from 1.
    pub line: usize,
    /// The line without spaces around it.
    pub text: String,
}

/// Pairs of lines beyond which files are taken to differ throughout.
const MOST_PAIRS: usize = 16_000_000;

/// The lines to remove from the first text and to add from the second, in order.
///
/// By the longest common subsequence of lines; blank lines and spaces around a
/// line do not count.
pub fn changed_lines(first: &str, second: &str) -> Vec<TextChange> {
    let (a, b) = (Line::all(first), Line::all(second));
    let head = a
        .iter()
        .zip(&b)
        .take_while(|(a, b)| a.text == b.text)
        .count();
    let (a, b) = (&a[head..], &b[head..]);
    let tail = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(a, b)| a.text == b.text)
        .count();
    differences(&a[..a.len() - tail], &b[..b.len() - tail])
}

/// A line that is not blank.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    number: usize,
    table: &'a str,
    text: &'a str,
}

impl<'a> Line<'a> {
    fn all(text: &'a str) -> Vec<Self> {
        let mut table = "";
        text.lines()
            .map(str::trim)
            .enumerate()
            .filter(|(_, text)| !text.is_empty())
            .map(|(index, text)| {
                if text.starts_with('[') {
                    table = text;
                }
                Self {
                    number: index + 1,
                    table,
                    text,
                }
            })
            .collect()
    }

    fn changed(&self, change: LineChange) -> TextChange {
        TextChange {
            change,
            table: self.table.to_owned(),
            line: self.number,
            text: self.text.to_owned(),
        }
    }
}

fn differences(a: &[Line], b: &[Line]) -> Vec<TextChange> {
    let common = CommonLengths::of(a, b);
    let (mut i, mut j) = (0, 0);
    let mut changes = Vec::new();
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && common.are_kept(a, b, i, j) {
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && common.at(i + 1, j) >= common.at(i, j + 1)) {
            changes.push(a[i].changed(LineChange::Removed));
            i += 1;
        } else {
            changes.push(b[j].changed(LineChange::Added));
            j += 1;
        }
    }
    changes
}

/// Length of the longest common subsequence of every pair of line tails.
struct CommonLengths {
    width: usize,
    // Empty where the texts are too long for it.
    lengths: Vec<u32>,
}

impl CommonLengths {
    fn of(a: &[Line], b: &[Line]) -> Self {
        let width = b.len() + 1;
        if a.len() * b.len() > MOST_PAIRS {
            let lengths = Vec::new();
            return Self { width, lengths };
        }
        let mut lengths = vec![0_u32; (a.len() + 1) * width];
        for i in (0..a.len()).rev() {
            for j in (0..b.len()).rev() {
                let (right, below) = (lengths[i * width + j + 1], lengths[(i + 1) * width + j]);
                lengths[i * width + j] = if a[i].text == b[j].text {
                    lengths[(i + 1) * width + j + 1] + 1
                } else {
                    right.max(below)
                };
            }
        }
        Self { width, lengths }
    }

    fn at(&self, i: usize, j: usize) -> u32 {
        self.lengths.get(i * self.width + j).copied().unwrap_or(0)
    }

    fn are_kept(&self, a: &[Line], b: &[Line], i: usize, j: usize) -> bool {
        !self.lengths.is_empty() && a[i].text == b[j].text
    }
}

/// Writes changes under the headers of their tables.
pub(super) fn write_changes(to: &mut Formatter<'_>, changes: &[TextChange]) -> fmt::Result {
    let mut table = "";
    for change in changes {
        if change.table != table {
            table = &change.table;
            writeln!(to, "  {table}")?;
        }
        let sign = match change.change {
            LineChange::Removed => '-',
            LineChange::Added => '+',
        };
        writeln!(to, "    {sign} {}: {}", change.line, change.text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(first: &str, second: &str) -> Vec<String> {
        let sign = |change| match change {
            LineChange::Removed => '-',
            LineChange::Added => '+',
        };
        changed_lines(first, second)
            .iter()
            .map(|c| format!("{} {}{}: {}", c.table, sign(c.change), c.line, c.text))
            .collect()
    }

    #[test]
    fn a_changed_value_is_told_with_its_table() {
        let first = "[panel]\nevery_days = 7\nadmit = 0.6\n\n[cohort]\nchildren = 308\n";
        let second = "[panel]\nevery_days = 7\n\nadmit = 0.7\n[cohort]\nchildren = 308\n";
        assert_eq!(
            told(first, second),
            ["[panel] -3: admit = 0.6", "[panel] +4: admit = 0.7"]
        );
    }

    #[test]
    fn a_moved_line_costs_no_more_than_itself() {
        assert_eq!(told("a\nb\nc\nd", "b\nc\na\nd"), [" -1: a", " +3: a"]);
    }

    #[test]
    fn the_same_text_has_no_changes() {
        assert!(told("a = 1\nb = 2", "  a = 1\n\nb = 2\n").is_empty());
        assert_eq!(told("", "a = 1"), [" +1: a = 1"]);
    }
}

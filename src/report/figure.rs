//! A chart as a reader meets it: the message, the drawing, the words for those
//! who do not see it, and the numbers as a table.

use super::draw::n;
use maud::{Markup, html};

/// One drawing of a chart.
#[derive(Debug)]
pub(super) struct Drawing {
    /// Where it is shown: "wide", "narrow" or "" for everywhere.
    pub class: &'static str,
    /// Width of the view box.
    pub width: f64,
    /// Height of the view box.
    pub height: f64,
    /// What is drawn.
    pub ink: Markup,
}

/// A chart with all that belongs to it.
#[derive(Debug)]
pub(super) struct Figure {
    /// Name within the page, for links.
    pub id: &'static str,
    /// The message, worked out from the numbers.
    pub title: String,
    /// What the chart shows, for those who do not see it.
    pub alternative: String,
    /// The same chart for one or more widths.
    pub drawings: Vec<Drawing>,
    /// How to read it.
    pub note: String,
    /// The numbers.
    pub table: Table,
}

/// Numbers in rows and columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    /// Name within the page, for links.
    pub id: &'static str,
    /// What it holds.
    pub caption: String,
    /// Heads of the columns; those of numbers begin at `numbers_from`.
    pub heads: Vec<String>,
    /// First column that holds numbers.
    pub numbers_from: usize,
    /// Rows, each as long as the heads; the first cell heads its row.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table whose columns after the first `words` hold numbers.
    pub fn new(id: &'static str, caption: impl Into<String>, heads: &[&str], words: usize) -> Self {
        Self {
            id,
            caption: caption.into(),
            heads: heads.iter().map(|&head| head.to_owned()).collect(),
            numbers_from: words,
            rows: Vec::new(),
        }
    }

    /// Leaves out the column of words under a head.
    pub fn leave_out(&mut self, head: &str) {
        let Some(column) = self.heads.iter().position(|one| one == head) else {
            return;
        };
        self.heads.remove(column);
        self.numbers_from -= 1;
        for row in &mut self.rows {
            row.remove(column);
        }
    }

    /// The table, in a box that scrolls by itself on a narrow screen.
    pub fn html(&self) -> Markup {
        let class = |column| (column >= self.numbers_from).then_some("number");
        html! {
            div.scroll tabindex="0" role="region" aria-labelledby={ (self.id) "-caption" } {
                table id=(self.id) {
                    caption id={ (self.id) "-caption" } { (self.caption) }
                    thead { tr {
                        @for (column, head) in self.heads.iter().enumerate() {
                            th scope="col" class=[class(column)] { (head) }
                        }
                    } }
                    tbody {
                        @for row in &self.rows { tr {
                            @for (column, cell) in row.iter().enumerate() {
                                @if column == 0 {
                                    th scope="row" { (cell) }
                                } @else {
                                    td class=[class(column)] { (cell) }
                                }
                            }
                        } }
                    }
                }
            }
        }
    }
}

impl Figure {
    /// The chart with its message and a link to its numbers.
    pub fn html(&self) -> Markup {
        html! {
            figure id=(self.id) {
                h3 { (self.title) }
                @for (index, drawing) in self.drawings.iter().enumerate() {
                    @let id = format!("{}-{index}", self.id);
                    svg class={ "chart " (drawing.class) } role="img"
                        aria-labelledby={ (id) "-title " (id) "-words" }
                        viewBox={ "0 0 " (n(drawing.width)) " " (n(drawing.height)) } {
                        title id={ (id) "-title" } { (self.title) }
                        desc id={ (id) "-words" } { (self.alternative) }
                        (drawing.ink)
                    }
                }
                figcaption {
                    @if !self.note.is_empty() { (self.note) " " }
                    a href={ "#" (self.table.id) } { "Numbers: " (self.table.caption) }
                }
            }
        }
    }
}

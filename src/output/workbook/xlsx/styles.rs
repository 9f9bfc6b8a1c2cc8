//! How cells look.

use super::{SPREADSHEET, XML, put};
use crate::output::workbook::sheet::{Cell, Shown};

/// How a cell looks: its place among the formats in [`styles`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Title,
    /// Lines about a table.
    About,
    Header,
    Text,
    Whole,
    Tenths,
    Thousandths,
    Pounds,
    AsItIs,
    Date,
    Link,
    /// Stands for a figure that is not there.
    Mark,
}

impl Style {
    pub(super) const ALL: [Self; 12] = [
        Self::Title,
        Self::About,
        Self::Header,
        Self::Text,
        Self::Whole,
        Self::Tenths,
        Self::Thousandths,
        Self::Pounds,
        Self::AsItIs,
        Self::Date,
        Self::Link,
        Self::Mark,
    ];

    pub(super) fn of(cell: &Cell) -> Self {
        match cell {
            Cell::Text(_) => Self::Text,
            Cell::Number(_, Shown::Whole) => Self::Whole,
            Cell::Number(_, Shown::Tenths) => Self::Tenths,
            Cell::Number(_, Shown::Thousandths) => Self::Thousandths,
            Cell::Number(_, Shown::Pounds) => Self::Pounds,
            Cell::Number(_, Shown::AsItIs) => Self::AsItIs,
            Cell::Date(_) => Self::Date,
            Cell::Sheet(_) => Self::Link,
            Cell::Confidential | Cell::NotApplicable => Self::Mark,
        }
    }

    /// Place of its font among those of [`styles`].
    fn font(self) -> usize {
        match self {
            Self::Title => 1,
            Self::Header => 2,
            Self::Link => 3,
            _ => 0,
        }
    }

    /// Form of its numbers.
    fn numbers(self) -> &'static str {
        match self {
            Self::Whole => "#,##0",
            Self::Tenths => "#,##0.0",
            Self::Thousandths => "0.000",
            Self::Pounds => "£#,##0;-£#,##0",
            Self::Date => "d mmmm yyyy",
            _ => "General",
        }
    }

    fn alignment(self) -> &'static str {
        match self {
            Self::Title => "",
            Self::About => "horizontal=\"left\"",
            Self::Header => "wrapText=\"1\"",
            Self::Text => "vertical=\"top\" wrapText=\"1\"",
            Self::Link => "vertical=\"top\"",
            Self::Date => "horizontal=\"left\" vertical=\"top\"",
            _ => "horizontal=\"right\" vertical=\"top\"",
        }
    }
}

/// First number that a workbook may give to a form of numbers.
const FIRST_FORM: usize = 164;

/// How cells look; place 0 is that of empty cells.
pub(super) fn styles() -> String {
    let font = |more: &str, size: u8| {
        format!("<font>{more}<sz val=\"{size}\"/><name val=\"Calibri\"/><family val=\"2\"/></font>")
    };
    let fonts = [
        font("", 11),
        font("<b/>", 14),
        font("<b/>", 11),
        "<font><u/><sz val=\"11\"/><color rgb=\"FF0000FF\"/><name val=\"Calibri\"/>\
         <family val=\"2\"/></font>"
            .to_owned(),
    ];
    let (mut forms, mut looks) = (String::new(), String::new());
    for (form, style) in (FIRST_FORM..).zip(Style::ALL) {
        let code = style.numbers();
        put(
            &mut forms,
            format_args!("<numFmt numFmtId=\"{form}\" formatCode=\"{code}\"/>"),
        );
        put(
            &mut looks,
            format_args!(
                "<xf numFmtId=\"{form}\" fontId=\"{}\" fillId=\"0\" borderId=\"0\" xfId=\"0\" \
                 applyNumberFormat=\"1\" applyFont=\"1\" applyAlignment=\"1\">\
                 <alignment {}/></xf>",
                style.font(),
                style.alignment()
            ),
        );
    }
    let plain = "numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"";
    format!(
        "{XML}<styleSheet xmlns=\"{SPREADSHEET}\"><numFmts count=\"{count}\">{forms}</numFmts>\
         <fonts count=\"{}\">{}</fonts>\
         <fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill>\
         <fill><patternFill patternType=\"gray125\"/></fill></fills>\
         <borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
         <cellStyleXfs count=\"1\"><xf {plain}/></cellStyleXfs>\
         <cellXfs count=\"{}\"><xf {plain} xfId=\"0\"/>{looks}</cellXfs>\
         <cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles>\
         </styleSheet>",
        fonts.len(),
        fonts.concat(),
        Style::ALL.len() + 1,
        count = Style::ALL.len(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_lie_where_cells_look_for_them() {
        for (place, style) in Style::ALL.into_iter().enumerate() {
            assert_eq!(style as usize, place);
        }
        let xml = styles();
        assert_eq!(xml.matches("<xf ").count(), Style::ALL.len() + 2);
        assert_eq!(xml.matches("<font>").count(), 4);
    }
}

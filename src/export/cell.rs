//! Cells: what stands in one, and what of it a spreadsheet can take.

use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// Characters that a cell of a spreadsheet takes, counted as UTF-16 does.
pub const LONGEST: usize = 32_767;

/// What says that a cell was cut.
const CUT: &str = "… (cut)";

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text.
    Text(String),
    /// A number of things.
    Count(u64),
}

impl Cell {
    /// A text that may be missing.
    pub(super) fn of(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Empty, |text| Self::Text(text.into()))
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Empty => serializer.serialize_none(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Count(count) => serializer.serialize_u64(*count),
        }
    }
}

/// What a column is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// What people read.
    pub title: Cow<'static, str>,
    /// What programs read.
    pub key: Cow<'static, str>,
    /// How wide it is, in characters.
    pub width: u16,
}

/// A row as a JSON object.
pub(super) struct Object<'a>(pub(super) &'a [Heading], pub(super) &'a [Cell]);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cells = self.0.iter().zip(self.1);
        serializer.collect_map(cells.map(|(heading, cell)| (&heading.key, cell)))
    }
}

/// A cell that no spreadsheet takes for a formula: one that begins like a formula gets an apostrophe before it.
#[must_use]
pub fn harmless(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// A cell that is no longer than a spreadsheet takes: what is longer is cut, and ends by saying so.
#[must_use]
pub fn fitting(cell: Cow<'_, str>) -> Cow<'_, str> {
    // A character takes no fewer bytes than it counts.
    if cell.len() <= LONGEST || cell.encode_utf16().count() <= LONGEST {
        return cell;
    }
    let mut room = LONGEST - CUT.encode_utf16().count();
    let mut kept = String::with_capacity(LONGEST);
    for letter in cell.chars() {
        if room < letter.len_utf16() {
            break;
        }
        room -= letter.len_utf16();
        kept.push(letter);
    }
    kept.push_str(CUT);
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::{CUT, LONGEST, fitting, harmless};
    use std::borrow::Cow;

    #[test]
    fn formulas_are_told_to_be_text() {
        for (cell, safe) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2", "'-2"),
            ("\tx", "'\tx"),
            ("Ann-Lee", "Ann-Lee"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell), safe);
        }
    }

    #[test]
    fn long_cells_are_cut_and_say_so() {
        for (letter, units) in [("x", 1), ("ä", 1), ("🙂", 2)] {
            let longest = letter.repeat(LONGEST / units);
            assert_eq!(fitting(Cow::Borrowed(&longest)), longest, "{letter}");
            let longer = letter.repeat(LONGEST / units + 1);
            let cut = fitting(Cow::Borrowed(&longer));
            assert!(cut.ends_with(CUT), "{letter}");
            let length = cut.encode_utf16().count();
            assert!((LONGEST - 1..=LONGEST).contains(&length), "{letter}");
        }
    }
}

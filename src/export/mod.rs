//! What leaves as a file: rows made from the store, and the forms they are written in.
//!
//! Knows nothing of who asked for the file or where it goes.

pub mod last_active;

use std::borrow::Cow;

/// A cell that no spreadsheet takes for a formula: one that begins like a formula gets an apostrophe before it.
#[must_use]
pub fn harmless(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

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
}

//! THE TABLE of columns: what a row of events, of views of issues and of people has, in this order (C28, C25, C35).
//!
//! The columns of the aggregated view depend on what is asked, see [`aggregated`](super::aggregated). A new column is a row
//! here; all forms have it then.

use super::cell::{Cell, Heading};
use super::detail::Detail;
use super::people::Person;
use std::borrow::Cow;

/// A column of rows of that kind.
pub struct Column<R> {
    /// What people read.
    pub title: &'static str,
    /// What programs read.
    pub key: &'static str,
    /// How wide it is, in characters.
    pub width: u16,
    /// What stands in it.
    pub(super) cell: fn(&R) -> Cell,
}

macro_rules! columns {
    ($($title:literal $key:literal $width:literal $cell:path),+ $(,)?) => {
        [$(Column { title: $title, key: $key, width: $width, cell: $cell }),+]
    };
}

/// A row an event (C28).
pub static DETAIL: [Column<Detail>; 9] = columns![
    "Date"         "date"      26 Detail::time,
    "Author"       "author"    24 Detail::author,
    "Target"       "target"    32 Detail::target,
    "Action"       "action"    24 Detail::action,
    "Project"      "project"   20 Detail::project,
    "Old"          "old"       32 Detail::before,
    "New"          "new"       32 Detail::after,
    "ID/Issue Key" "id"        16 Detail::id,
    "Issue Type"   "issueType" 16 Detail::issue_type,
];

/// A row a view of an issue (C25, C26).
pub static ISSUE_VIEWS: [Column<Detail>; 6] = columns![
    "Date"      "date"     26 Detail::time,
    "Author"    "author"   24 Detail::author,
    "Issue Key" "issueKey" 16 Detail::issue_key,
    "Summary"   "summary"  48 Detail::summary,
    "Project"   "project"  20 Detail::project,
    "Place"     "place"    18 Detail::place,
];

/// A row a user, with the sign by which they were last active (C35).
pub static LAST_ACTIVE: [Column<Person>; 9] = columns![
    "Name"        "name"       24 Person::name,
    "Account ID"  "accountId"  44 Person::account_id,
    "E-Mail"      "email"      32 Person::email,
    "State"       "state"      12 Person::state,
    "Last Active" "lastActive" 26 Person::last_active,
    "Precision"   "precision"  12 Person::precision,
    "Sign"        "sign"       26 Person::sign,
    "Source"      "source"     20 Person::source,
    "Evidence"    "evidence"   28 Person::evidence,
];

/// What the columns are called.
pub(super) fn headings<R>(columns: &[Column<R>]) -> Vec<Heading> {
    let heading = |column: &Column<R>| Heading {
        title: Cow::Borrowed(column.title),
        key: Cow::Borrowed(column.key),
        width: column.width,
    };
    columns.iter().map(heading).collect()
}

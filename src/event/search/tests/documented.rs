//! The page that tells people of all qualifiers has those that are read, and its examples are read as it says.

use super::super::qualifier::Qualifier;
use crate::event::search::{parse, print};

const PAGE: &str = include_str!("../../../../docs/search.md");

/// The texts between backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The rows of the table, each as its cells.
fn rows() -> Vec<Vec<&'static str>> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split(" | ").collect())
        .collect()
}

#[test]
fn every_qualifier_has_a_row_with_all_its_names() {
    let documented: Vec<Vec<&str>> = rows().iter().map(|row| quoted(row[0])).collect();
    let known: Vec<Vec<&str>> = Qualifier::all().map(<[_]>::to_vec).collect();
    assert_eq!(
        documented, known,
        "docs/search.md and the table of qualifiers"
    );
}

#[test]
fn every_example_uses_its_qualifier_and_has_a_text() {
    for row in rows() {
        let (names, examples) = (quoted(row[0]), quoted(row[2]));
        assert_eq!(examples.len(), 1, "{row:?}");
        let example = examples[0];
        let uses = |name: &&str| example.contains(&format!("{name}:"));
        assert!(names.iter().any(uses), "{example} shows none of {names:?}");
        let filter = parse(example).unwrap_or_else(|problems| panic!("{example}: {problems:?}"));
        assert_eq!(parse(&print(&filter)), Ok(filter), "{example}");
    }
}

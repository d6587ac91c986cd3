//! What is wrong with a text, where, and what was probably meant.

use std::fmt;

/// How many problems are told of one text, at most: the first ones matter, the rest often follows from them.
const MOST: usize = 10;

/// How many problems are looked for: some of the first ones are found late.
const ENOUGH: usize = 3 * MOST;

/// Characters beyond which nobody mistypes a word.
const LONGEST: usize = 40;

/// Something that is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it is: the number of the character, counted from 1.
    pub column: usize,
    /// What is wrong, and what was expected.
    pub message: String,
    /// What was probably meant, to be put in the place of what is wrong.
    pub suggestion: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; did you mean \"{suggestion}\"?"),
            None => Ok(()),
        }
    }
}

/// What is wrong, before its place is known in columns.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) suggestion: Option<String>,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            suggestion: None,
        }
    }

    /// With the one of these words that is most like `word`.
    pub(super) fn meaning<'a>(
        mut self,
        word: &str,
        words: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.suggestion = closest(word, words);
        self
    }
}

/// The problems of a text as they are found, each with the byte at which it is.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<(usize, Fault)>);

impl Faults {
    /// Adds one; whether there is any use in looking for more.
    pub(super) fn add(&mut self, at: usize, fault: Fault) -> bool {
        self.0.push((at, fault));
        self.0.len() < ENOUGH
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first of them, by place, with their columns in `text`.
    pub(super) fn in_columns(mut self, text: &str) -> Vec<Problem> {
        self.0.sort_by_key(|(at, _)| *at);
        self.0.truncate(MOST);
        let problem = |(at, fault): (usize, Fault)| Problem {
            column: text[..text.floor_char_boundary(at)].chars().count() + 1,
            message: fault.message,
            suggestion: fault.suggestion,
        };
        self.0.into_iter().map(problem).collect()
    }
}

/// The word that was probably meant.
fn closest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let word: Vec<char> = word.to_lowercase().chars().take(LONGEST + 1).collect();
    if word.len() < 2 || word.len() > LONGEST {
        return None;
    }
    let begins: String = word.iter().collect();
    let distance = |candidate: &&str| {
        let lower = candidate.to_lowercase();
        if lower.starts_with(&begins) {
            return 0;
        }
        distance(&word, &lower.chars().collect::<Vec<_>>())
    };
    let near = |(distance, _): &(usize, &str)| *distance <= (word.len() / 3).max(1);
    words
        .into_iter()
        .map(|candidate| (distance(&candidate), candidate))
        .filter(near)
        // Letters are left out more often than mistaken.
        .min_by_key(|(distance, candidate)| {
            (*distance, !is_within(&word, candidate), candidate.len())
        })
        .map(|(_, candidate)| candidate.to_owned())
}

/// Whether a word is a candidate with some letters left out.
fn is_within(word: &[char], candidate: &str) -> bool {
    let mut letters = candidate.chars().flat_map(char::to_lowercase);
    word.iter()
        .all(|letter| letters.any(|other| other == *letter))
}

/// How many letters have to be put in, left out, replaced or exchanged with their neighbour.
fn distance(from: &[char], to: &[char]) -> usize {
    let width = to.len() + 1;
    let (mut before, mut last) = (vec![0; width], (0..width).collect::<Vec<usize>>());
    for (row, a) in from.iter().enumerate() {
        let mut this = vec![row + 1; width];
        for (column, b) in to.iter().enumerate() {
            let replaced = last[column] + usize::from(a != b);
            let mut fewest = replaced.min(last[column + 1] + 1).min(this[column] + 1);
            if row > 0 && column > 0 && *a == to[column - 1] && from[row - 1] == *b {
                fewest = fewest.min(before[column - 1] + 1);
            }
            this[column + 1] = fewest;
        }
        (before, last) = (last, this);
    }
    last[width - 1]
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn what_was_meant_is_guessed_within_reason() {
        let words = ["action", "actor", "country", "created"];
        let cases = [
            ("acton", Some("action")),
            ("acotr", Some("actor")),
            ("CREATD", Some("created")),
            ("coun", Some("country")),
            ("banana", None),
            ("x", None),
            ("", None),
        ];
        for (word, meant) in cases {
            assert_eq!(closest(word, words).as_deref(), meant, "{word}");
        }
    }
}

//! Names and issues as numbers: short enough for a column, and equal exactly when what they stand for is.

use std::collections::HashMap;
use std::sync::Arc;

/// Names, each with a number; the case of plain Latin letters does not matter, and the first spelling is kept.
#[derive(Debug, Default)]
pub(super) struct Names {
    all: Vec<Arc<str>>,
    /// By folded name.
    places: HashMap<Box<str>, u32>,
    /// Texts of issues that are no plain numbers or keys, and what comes before the number in a key; by itself.
    texts: HashMap<Arc<str>, u32>,
    spelled: Vec<Arc<str>>,
}

/// What an event calls its issue, in eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct IssueRef(u64);

/// The bit that tells keys from ids.
const KEY: u64 = 1 << 63;

/// The bit that tells a name that is kept as a text from one that is, or ends with, a number.
const TEXT: u64 = 1 << 62;

/// How an event names an issue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum IssueText {
    /// By Jira's id.
    Id(String),
    /// By a key.
    Key(String),
}

impl IssueRef {
    /// No issue.
    pub(super) const NONE: Self = Self(0);
}

impl Names {
    /// The number of a name.
    pub(super) fn of(&mut self, name: &str) -> u32 {
        let folded = name.to_ascii_lowercase();
        if let Some(place) = self.places.get(folded.as_str()) {
            return *place;
        }
        let place = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.all.push(name.into());
        self.places.insert(folded.into(), place);
        place
    }

    /// The number of a name that has one.
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.places.get(name.to_ascii_lowercase().as_str()).copied()
    }

    /// The name with a number.
    pub(super) fn name(&self, number: u32) -> Arc<str> {
        self.all
            .get(number as usize)
            .map_or_else(|| "".into(), Arc::clone)
    }

    /// An issue by its id, or where it has none by its key.
    pub(super) fn issue(&mut self, id: Option<&str>, key: Option<&str>) -> IssueRef {
        match (id, key) {
            (Some(id), _) => match plain(id) {
                Some(number) => IssueRef(number),
                None => IssueRef(TEXT | self.text(id)),
            },
            (None, Some(key)) => match keyed(key) {
                Some((prefix, number)) => {
                    IssueRef(KEY | (self.text(prefix) << 32) | u64::from(number))
                }
                None => IssueRef(KEY | TEXT | self.text(key)),
            },
            (None, None) => IssueRef::NONE,
        }
    }

    /// The same for a name that the columns know already; those that they do not are no event's.
    pub(super) fn find_issue(&self, id: Option<&str>, key: Option<&str>) -> Option<IssueRef> {
        let text = |text: &str| self.texts.get(text).map(|place| u64::from(*place));
        match (id, key) {
            (Some(id), _) => match plain(id) {
                Some(number) => Some(IssueRef(number)),
                None => Some(IssueRef(TEXT | text(id)?)),
            },
            (None, Some(key)) => match keyed(key) {
                Some((prefix, number)) => {
                    Some(IssueRef(KEY | (text(prefix)? << 32) | u64::from(number)))
                }
                None => Some(IssueRef(KEY | TEXT | text(key)?)),
            },
            (None, None) => None,
        }
    }

    /// How an event names the issue; `None` for none.
    pub(super) fn issue_text(&self, issue: IssueRef) -> Option<IssueText> {
        let value = issue.0 & !(KEY | TEXT);
        let text = |place: u64| {
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            self.spelled.get(place).map_or("", |text| text)
        };
        Some(match (issue.0 & KEY != 0, issue.0 & TEXT != 0) {
            (false, false) if value == 0 => return None,
            (false, false) => IssueText::Id(value.to_string()),
            (false, true) => IssueText::Id(text(value).to_owned()),
            (true, false) => {
                let number = value & u64::from(u32::MAX);
                IssueText::Key(format!("{}-{number}", text(value >> 32)))
            }
            (true, true) => IssueText::Key(text(value).to_owned()),
        })
    }

    fn text(&mut self, text: &str) -> u64 {
        if let Some(place) = self.texts.get(text) {
            return (*place).into();
        }
        // Twenty-nine bits and more hold as many as memory does.
        let place = u32::try_from(self.spelled.len()).unwrap_or(u32::MAX);
        let text: Arc<str> = text.into();
        self.spelled.push(Arc::clone(&text));
        self.texts.insert(text, place);
        place.into()
    }

    /// About how many bytes the names hold.
    pub(super) fn bytes(&self) -> usize {
        let texts = self.all.iter().chain(&self.spelled);
        texts.map(|text| 2 * text.len() + 64).sum()
    }
}

/// The number that a text is, written as numbers are.
fn plain(id: &str) -> Option<u64> {
    let number: u64 = id.parse().ok()?;
    (number > 0 && number < TEXT && number.to_string() == id).then_some(number)
}

/// The two parts of a key such as `WEB-12`.
fn keyed(key: &str) -> Option<(&str, u32)> {
    let (prefix, digits) = key.rsplit_once('-')?;
    let number: u32 = digits.parse().ok()?;
    (number.to_string() == digits).then_some((prefix, number))
}

#[cfg(test)]
mod tests {
    use super::{IssueRef, IssueText, Names};

    #[test]
    fn issues_come_back_as_they_were_named() {
        let mut names = Names::default();
        let texts = [
            "1",
            "284408",
            "0",
            "007",
            "WEB-1",
            "WEB-0",
            "WEB-01",
            "A-B-12",
            "-1",
            "-",
            "x",
            "",
            "99999999999999999999",
            "WEB-4294967296",
            "WEB-4294967295",
            "+5",
            "9223372036854775807",
        ];
        let mut seen = std::collections::HashSet::new();
        for text in texts {
            let (id, key) = (names.issue(Some(text), None), names.issue(None, Some(text)));
            assert!(id != IssueRef::NONE && key != IssueRef::NONE);
            assert!(seen.insert(id) && seen.insert(key), "{text}");
            assert_eq!(names.issue_text(id), Some(IssueText::Id(text.to_owned())));
            assert_eq!(names.issue_text(key), Some(IssueText::Key(text.to_owned())));
            assert_eq!(names.find_issue(Some(text), None), Some(id));
            assert_eq!(names.find_issue(None, Some(text)), Some(key));
        }
        assert_eq!(names.issue(None, None), IssueRef::NONE);
        assert_eq!(names.issue_text(IssueRef::NONE), None);
    }

    #[test]
    fn a_name_is_one_whatever_its_case() {
        let mut names = Names::default();
        assert_eq!(names.of("In Progress"), names.of("in progress"));
        assert_ne!(names.of("Done"), names.of("In Progress"));
        assert_eq!(&*names.name(0), "In Progress");
        assert_eq!(names.find("IN PROGRESS"), Some(0));
        assert_eq!(names.find("nothing"), None);
    }
}

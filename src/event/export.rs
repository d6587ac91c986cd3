//! What an export is: which rows, in which form, and how far it has come.

use super::filter::EventFilter;
use super::saved::SavedView;
use async_graphql::Enum;
use serde::{Deserialize, Serialize};

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
#[graphql(name = "ExportFormat")]
pub enum Format {
    /// A workbook for Excel and other spreadsheets. Goes on in another sheet where one is full.
    Xlsx,
    /// Comma-separated values (RFC 4180) in UTF-8, with a header.
    Csv,
    /// A JSON object a line.
    Ndjson,
    /// One JSON list of objects.
    Json,
}

impl Format {
    /// All forms; a form's place in this list is its number in the database, so only ever append.
    pub const ALL: [Self; 4] = [Self::Xlsx, Self::Csv, Self::Ndjson, Self::Json];

    /// The ending of a file's name, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Json => "json",
        }
    }

    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
            Self::Json => "application/json",
        }
    }

    /// The form of that name, which is the ending of its files; in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|format| format.extension().eq_ignore_ascii_case(name))
    }

    /// Whether half a file can be gone on with: each row stands for itself, and nothing comes after the last.
    #[must_use]
    pub const fn can_resume(self) -> bool {
        matches!(self, Self::Csv | Self::Ndjson)
    }

    /// The form's number in the database.
    #[must_use]
    pub fn number(self) -> i16 {
        place(&Self::ALL, self)
    }

    /// The form with that number.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }
}

/// How far an export has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
#[graphql(name = "ExportStatus")]
pub enum Status {
    /// It waits for its turn.
    Queued,
    /// Its file is being written.
    Running,
    /// Its file is complete.
    Done,
    /// There is no file, and `error` says why.
    Failed,
}

impl Status {
    /// All of them; a status's place in this list is its number in the database, so only ever append.
    pub const ALL: [Self; 4] = [Self::Queued, Self::Running, Self::Done, Self::Failed];

    /// The status's number in the database.
    #[must_use]
    pub fn number(self) -> i16 {
        place(&Self::ALL, self)
    }

    /// The status with that number; failed when there is none.
    #[must_use]
    pub fn from_number(number: i16) -> Self {
        let place = usize::try_from(number).ok();
        place
            .and_then(|place| Self::ALL.get(place))
            .copied()
            .unwrap_or(Self::Failed)
    }
}

/// Which rows are exported.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Question {
    /// What a row is, which columns there are, and the order.
    pub view: SavedView,
    /// What is chosen.
    pub filter: EventFilter,
    /// The IANA time zone of dates; that of the filter when absent, or else UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// With last activity: the Bitbucket workspace whose members the rows are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
}

impl Question {
    /// The name of the time zone of dates.
    #[must_use]
    pub fn zone(&self) -> Option<&str> {
        let own = self.time_zone.as_deref();
        own.or(self.filter.time_zone.as_deref())
    }
}

fn place<T: PartialEq + Copy>(all: &[T], one: T) -> i16 {
    let place = all.iter().position(|other| *other == one);
    place
        .and_then(|place| i16::try_from(place).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Format, Status};

    #[test]
    fn numbers_lead_back() {
        for format in Format::ALL {
            assert_eq!(Format::from_number(format.number()), Some(format));
            assert_eq!(Format::parse(format.extension()), Some(format));
        }
        for status in Status::ALL {
            assert_eq!(Status::from_number(status.number()), status);
        }
        assert_eq!(Format::from_number(9), None);
        assert_eq!(Status::from_number(9), Status::Failed);
    }
}

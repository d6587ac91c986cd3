//! In what form mails have events, and what becomes of a due time.

use async_graphql::Enum;

/// In what form a mail has the events that were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum MailFormat {
    /// As a table in the mail, of the newest 200.
    #[default]
    Table,
    /// As an attached CSV file, beside the table.
    Csv,
    /// As an attached Excel file, beside the table.
    Xlsx,
}

impl MailFormat {
    /// All forms; a form's place in this list is its number in the database, so only ever append.
    const ALL: [Self; 3] = [Self::Table, Self::Csv, Self::Xlsx];

    pub(super) fn number(self) -> i16 {
        match self {
            Self::Table => 0,
            Self::Csv => 1,
            Self::Xlsx => 2,
        }
    }

    pub(super) fn from_number(number: i16) -> Self {
        let place = usize::try_from(number).ok();
        let found = place.and_then(|place| Self::ALL.get(place).copied());
        found.unwrap_or_default()
    }
}

/// What became of one due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "FilterSubscriptionRunStatus")]
pub enum RunStatus {
    /// The mail is being made or sent.
    Running,
    /// The mail was accepted.
    Sent,
    /// Nothing was found, so no mail was sent.
    Empty,
    /// It did not work, and will be tried again.
    Retrying,
    /// It did not work, and will not be tried again: what was found will be in the next mail.
    Failed,
}

impl RunStatus {
    /// All of them; a status's place in this list is its number in the database, so only ever append.
    const ALL: [Self; 5] = [
        Self::Running,
        Self::Sent,
        Self::Empty,
        Self::Retrying,
        Self::Failed,
    ];

    pub(super) fn number(self) -> i16 {
        let place = Self::ALL.iter().position(|status| *status == self);
        place.and_then(|at| i16::try_from(at).ok()).unwrap_or(0)
    }

    /// The status with that number.
    #[must_use]
    pub fn from_number(number: i16) -> Self {
        let place = usize::try_from(number).ok();
        let found = place.and_then(|place| Self::ALL.get(place).copied());
        found.unwrap_or(Self::Failed)
    }
}

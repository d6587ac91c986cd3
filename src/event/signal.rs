//! Signs that somebody was active: what each kind of evidence proves, and which count as activity.
//!
//! What somebody has done counts: using a product, work in a workspace, an event of their own. Signing in does not:
//! sessions last for weeks, and pushes and tools never sign in, so that the last sign-in says little about the last
//! activity (C35). It is kept and shown, and counts only for somebody of whom nothing better is known.
//!
//! Knows nothing of how signs are stored or of whose they are.

use super::System;

/// What shows that somebody was active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, async_graphql::Enum)]
#[graphql(name = "ActivitySignalKind")]
pub enum Signal {
    /// Bitbucket Cloud's own `last_accessed` of a workspace: it counts pushes, comments and the like.
    BitbucketLastAccessed,
    /// The moment at which a product was last used, as the organization's directory tells it.
    OrgProductAccess,
    /// The day on which a product was last used, where the organization tells no more than the day.
    OrgLastActiveDate,
    /// The newest event that names them as the one who did it, other than signing in and out.
    OwnEvent,
    /// The last time a Data Center instance authenticated them. A sign-in only.
    DataCenterLogin,
    /// The newest event of their signing in or out. A sign-in only.
    SignIn,
    /// Anything else that a source takes for a sign of activity. Never accepted.
    Other,
}

/// How exact the time of a sign is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, async_graphql::Enum)]
#[graphql(name = "TimePrecision")]
pub enum Precision {
    /// The day in UTC, given as its first moment.
    Day,
    /// The moment.
    Instant,
}

/// What a sign is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, async_graphql::Enum)]
#[graphql(name = "ActivityWorth")]
pub enum Worth {
    /// It proves nothing: shown, never accepted.
    Nothing,
    /// It is signing in, which is no activity: accepted only where there is no sign of activity.
    SignIn,
    /// It is activity: accepted.
    Activity,
}

/// The prefix of evidence that tells the moment of a product's use; the product's key follows.
pub const PRODUCT_ACCESS: &str = "product-access:";

/// The prefix of evidence that tells only the day of a product's use; the product's key follows.
pub const LAST_ACTIVE_DATE: &str = "last-active-date:";

/// The prefix of evidence that tells the last access to a workspace; its slug follows.
pub const WORKSPACE: &str = "workspace:";

/// The evidence of the last authentication by a Data Center instance.
pub const LAST_AUTHENTICATION: &str = "last-authentication";

/// Codes of the actions that are signing in or out.
pub const SIGN_INS: [&str; 2] = ["user.logged_in", "user.logged_out"];

/// Codes of actions that name somebody as their actor who did nothing.
pub const NO_DEEDS: [&str; 1] = ["user.login_failed"];

impl Signal {
    /// What a source's evidence is.
    #[must_use]
    pub fn of(system: System, evidence: &str) -> Self {
        match system {
            System::BitbucketCloud if evidence.starts_with(WORKSPACE) => {
                Self::BitbucketLastAccessed
            }
            System::Organization if evidence.starts_with(PRODUCT_ACCESS) => Self::OrgProductAccess,
            System::Organization if evidence.starts_with(LAST_ACTIVE_DATE) => {
                Self::OrgLastActiveDate
            }
            System::BitbucketDc | System::JiraDc | System::ConfluenceDc => Self::DataCenterLogin,
            _ => Self::Other,
        }
    }

    /// What it is worth.
    #[must_use]
    pub fn worth(self) -> Worth {
        match self {
            Self::BitbucketLastAccessed
            | Self::OrgProductAccess
            | Self::OrgLastActiveDate
            | Self::OwnEvent => Worth::Activity,
            Self::DataCenterLogin | Self::SignIn => Worth::SignIn,
            Self::Other => Worth::Nothing,
        }
    }

    /// How exact its time is.
    #[must_use]
    pub fn precision(self) -> Precision {
        if self == Self::OrgLastActiveDate {
            Precision::Day
        } else {
            Precision::Instant
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{NO_DEEDS, SIGN_INS, Signal, System, Worth};
    use crate::event::action;

    #[test]
    fn evidence_is_worth_what_its_source_can_know() {
        for (system, evidence, signal, worth) in [
            (
                System::BitbucketCloud,
                "workspace:acme",
                Signal::BitbucketLastAccessed,
                Worth::Activity,
            ),
            (
                System::Organization,
                "product-access:jira",
                Signal::OrgProductAccess,
                Worth::Activity,
            ),
            (
                System::Organization,
                "last-active-date:jira",
                Signal::OrgLastActiveDate,
                Worth::Activity,
            ),
            (
                System::JiraDc,
                "last-authentication",
                Signal::DataCenterLogin,
                Worth::SignIn,
            ),
            (
                System::Organization,
                "horoscope",
                Signal::Other,
                Worth::Nothing,
            ),
            (
                System::JiraCloud,
                "workspace:acme",
                Signal::Other,
                Worth::Nothing,
            ),
        ] {
            assert_eq!(Signal::of(system, evidence), signal);
            assert_eq!(signal.worth(), worth);
        }
    }

    #[test]
    fn actions_that_do_not_count_are_in_the_catalogue() {
        for code in SIGN_INS.into_iter().chain(NO_DEEDS) {
            assert!(action::by_code(code).is_some(), "{code}");
        }
    }
}

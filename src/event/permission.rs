//! Who may see which issue: only Jira knows, for it decides by security levels, roles, groups and people.
//!
//! Who asks it is passed to whoever looks up what a viewer may see.

use super::Timestamp;
use futures::future::BoxFuture;
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

/// Somebody who can find out what an Atlassian account may see in Jira.
pub trait Permissions: Send + Sync + fmt::Debug {
    /// Now, by the clock by which answers grow old.
    fn now(&self) -> Timestamp;

    /// For how long an answer is believed at most.
    fn lasts(&self) -> Duration;

    /// What the account may see now of these issues of a site, at most [`AT_ONCE`] of them, by Jira's ids.
    fn ask<'a>(
        &'a self,
        account: &'a str,
        scope: &'a str,
        issues: &'a [u64],
    ) -> BoxFuture<'a, Result<Permitted, Unanswered>>;
}

/// Issues that can be asked about at once.
pub const AT_ONCE: usize = 1_000;

/// What an account may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permitted {
    /// Whether it may administer Jira.
    pub administers: bool,
    /// Those of the issues in question that it may see.
    pub issues: BTreeSet<u64>,
}

/// Jira could not be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Jira could not be asked who may see an issue: {0}")]
pub struct Unanswered(pub String);

//! Questions in Jira's own language (JQL), as filters ask them: who can answer, and what an answer is.
//!
//! Only Jira knows what such a question means. Who asks it is passed to whoever looks filters up.

use futures::future::BoxFuture;
use std::fmt;
use std::sync::Arc;

/// Somebody who can find out which issues a query in Jira's language chooses.
pub trait IssueSearch: Send + Sync + fmt::Debug {
    /// The issues that it chooses now, or chose a few minutes ago.
    fn find<'a>(&'a self, jql: &'a str) -> BoxFuture<'a, Result<Arc<FoundIssues>, SearchError>>;
}

/// The issues that a query found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FoundIssues {
    /// The scope of the site whose they are, as in [`Container::scope`](super::Container::scope).
    pub scope: String,
    /// The issues.
    pub issues: Vec<FoundIssue>,
}

/// An issue that a query found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundIssue {
    /// Jira's id.
    pub id: Box<str>,
    /// The key, where the answer has one.
    pub key: Option<Box<str>>,
}

/// Why a query found nothing that could be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// There is no Jira to ask.
    #[error(
        "no Jira Cloud site is connected that could be asked; the settings in [jira_cloud] connect one"
    )]
    NoJira,
    /// Jira refuses the query, mostly because it is not written as it should be.
    #[error("Jira says: {0}")]
    Refused(String),
    /// It finds more than is allowed.
    #[error(
        "Jira finds more than {most} issues; narrow the query, or allow more in jira_cloud.jql_issues"
    )]
    TooMany {
        /// How many are allowed.
        most: u32,
    },
    /// Jira could not be asked.
    #[error("Jira could not be asked: {0}")]
    Unavailable(String),
}

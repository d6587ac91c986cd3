//! THE TABLE of actions: everything that can happen, under one code each.
//!
//! An upstream name that the table does not know is not an error: the event keeps that name as its code, in the
//! category [`OTHER`]. A new action is one row here, nothing else.

use super::Product;

/// The category of actions that the catalogue does not know.
pub const OTHER: &str = "OTHER";

/// One row of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Action {
    /// The code, e.g. `issue.deleted`; stable for ever.
    pub code: &'static str,
    /// What people read, e.g. `Issue deleted`.
    pub label: &'static str,
    /// The heading it belongs under, e.g. `ISSUES`.
    pub category: &'static str,
    /// The product it happens in, unless the event itself says otherwise.
    pub product: Product,
    /// The counter's name in the REST interface for saved filters, e.g. `ISSUE_DELETED`.
    pub counter: &'static str,
    /// The names under which upstream systems report it.
    pub upstream: &'static [Name],
}

/// A name under which an upstream system reports an action. Compared without regard to case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// The id of an organization event, e.g. `jira_issue_viewed`.
    Organization(&'static str),
    /// The display name in the organization's list of event actions, where ids are not known for certain.
    OrganizationLabel(&'static str),
    /// The `webhookEvent` of a Jira webhook, e.g. `jira:issue_created`.
    JiraWebhook(&'static str),
    /// The `fieldId` of a Jira changelog item, e.g. `status`.
    JiraField(&'static str),
    /// The summary of a Jira audit record.
    JiraAudit(&'static str),
    /// A polled resource of Jira or Assets, e.g. `worklog/deleted`.
    Polled(&'static str),
    /// The event key of a Bitbucket Cloud webhook, e.g. `repo:push`.
    BitbucketWebhook(&'static str),
    /// A change that Auditgraph noticed by comparing two directory snapshots.
    Directory(&'static str),
}

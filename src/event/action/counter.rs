//! The counters of the REST interface for saved filters (C32): each is a row of the catalogue under another name.

use super::{Action, all};

/// The counters that are always there, by name.
pub const COUNTERS: [&str; 23] = [
    "ASSET_OBJECT_CREATED",
    "ASSET_OBJECT_UPDATED",
    "BOARD_CONFIGURATION_CHANGED",
    "BOARD_UPDATED",
    "COMMENT_DELETED",
    "COMMENT_UPDATED",
    "ISSUE_COMMENTED",
    "ISSUE_CREATED",
    "ISSUE_DELETED",
    "ISSUELINK_CREATED",
    "ISSUELINK_DELETED",
    "ISSUE_RESOLVED",
    "ISSUE_UPDATED",
    "SPRINT_CLOSED",
    "SPRINT_CREATED",
    "SPRINT_STARTED",
    "SPRINT_UPDATED",
    "STATUS_CHANGED",
    "USER_CREATED",
    "VERSION_CREATED",
    "VERSION_RELEASED",
    "VERSION_UPDATED",
    "WORKLOG_CREATED",
];

/// The action that a counter counts.
#[must_use]
pub fn by_counter(name: &str) -> Option<&'static Action> {
    all().find(|action| action.counter == name)
}

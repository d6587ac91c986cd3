//! Which actions upstream may report without a name, and which reports name whoever did the same.

use super::{Vocabulary, by_name};
use crate::event::System;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Jira's webhooks that name whoever did it; the others leave it to the audit log or the changelog.
const NAMED: [&str; 8] = [
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "worklog_created",
    "worklog_updated",
    "attachment_created",
];

/// The action of an event that says what changed in an issue.
pub const ISSUE_UPDATED: &str = "issue.updated";

/// Whether a system may report this action without saying who did it, so that another report may tell later.
#[must_use]
pub fn may_lack_actor(system: System, name: &str) -> bool {
    matches!(system, System::JiraCloud | System::JiraDc)
        && !NAMED.iter().any(|named| named.eq_ignore_ascii_case(name))
        && (by_name(Vocabulary::JiraHook, name).is_some() || name == "worklog/deleted")
}

/// Whether reports without a name may have this code.
#[must_use]
pub fn may_be_awaited(code: &str) -> bool {
    static CODES: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        let hooks = super::all().flat_map(|action| {
            let names = action.upstream.iter();
            let names = names.filter(|name| name.vocabulary == Vocabulary::JiraHook);
            names.map(|name| (action.code, name.text))
        });
        hooks
            .filter(|(_, name)| may_lack_actor(System::JiraCloud, name))
            .map(|(code, _)| code)
            .collect()
    });
    CODES.contains(code)
}

/// The fields under which an issue's changelog tells of this act on one of the issue's parts; none for other acts.
#[must_use]
pub fn changelog_fields(code: &str) -> &'static [&'static str] {
    match code {
        "comment.deleted" => &["Comment"],
        "issue_link.created" | "issue_link.deleted" => &["Link"],
        "attachment.deleted" => &["Attachment"],
        "worklog.deleted" => &["WorklogId", "Worklog Id", "timespent", "Time Spent"],
        _ => &[],
    }
}

/// Whether an issue's changelog tells of any such act under this field.
#[must_use]
pub fn tells_of_parts(field: &str) -> bool {
    [
        "comment.deleted",
        "issue_link.created",
        "attachment.deleted",
        "worklog.deleted",
    ]
    .iter()
    .flat_map(|code| changelog_fields(code))
    .any(|known| known.eq_ignore_ascii_case(field))
}

//! Whether a record is one of Jira's, and of which Jira: Cloud names people by account ids and lives at Atlassian's hosts.
//!
//! Audit records are not told apart here: those of Data Center have a shape that all its products share.

use crate::event::System;
use crate::source::look::Look;

/// Deeper than this, nothing says whose record it is.
const DEPTH: usize = 12;

/// The system of an issue, a piece of one, or a webhook body; `None` for anything else, and where nothing says which.
#[must_use]
pub fn system_of(record: Look<'_>) -> Option<System> {
    let has = |name: &str| record.at(name).text().is_some();
    let is_issue = has("key") && record.at("fields").is_object();
    let is_history = record.at("items").is_list() && record.at("created").time().is_some();
    let is_piece = has("id") && (record.at("updateAuthor").is_object() || has("timeSpentSeconds"));
    let is_jira = has("webhookEvent")
        || is_issue
        || is_history
        || is_piece
        || record.at("changelog").at("histories").is_list()
        || record.at("changeHistories").is_list()
        || record.at("deletedWorklog").is_object()
        || (record.at("issue").is_object() && record.at("changelog").is_list());
    if !is_jira {
        return None;
    }
    match edition(record, DEPTH) {
        Edition::Cloud => Some(System::JiraCloud),
        Edition::DataCenter => Some(System::JiraDc),
        Edition::Unsaid => None,
    }
}

/// What a record shows of where it is from; the more telling is the greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Edition {
    Unsaid,
    DataCenter,
    Cloud,
}

/// Account ids and links to Atlassian's hosts are of the cloud; links elsewhere and people without account ids are not.
fn edition(look: Look<'_>, depth: usize) -> Edition {
    if depth == 0 {
        return Edition::Unsaid;
    }
    let has = |name: &str| look.at(name).text().is_some();
    let link = look.at("self").text().unwrap_or_default();
    let host = link.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or_default().to_lowercase();
    let at_atlassian = host.ends_with(".atlassian.net")
        || host.ends_with(".jira.com")
        || host == "api.atlassian.com";
    let here = if has("accountId") || at_atlassian {
        Edition::Cloud
    } else if !host.is_empty() || (has("displayName") && (has("key") || has("name"))) {
        Edition::DataCenter
    } else {
        Edition::Unsaid
    };
    let members = look.entries().map(|(_, inner)| inner);
    let inner = members
        .chain(look.list())
        .map(|inner| edition(inner, depth - 1));
    inner.fold(here, Edition::max)
}

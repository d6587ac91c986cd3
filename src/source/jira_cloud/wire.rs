//! The JSON of Jira's answers: envelopes, and the marks that paging needs.
//!
//! Only what is around the records is typed. Everything may be missing but the list itself: an answer without it is not an
//! empty list, it is no answer, and taking it for one would lose what should have been in it. A record stays the text it is, and what it says is for
//! [`jira`](crate::source::jira) to read.

use crate::event::Timestamp;
use crate::event::permission::Permitted;
use crate::source::look::{self, Look};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The permission to administer Jira.
pub(super) const ADMINISTER: &str = "ADMINISTER";

/// The permission to see a project and those of its issues that its security levels allow.
pub(super) const BROWSE: &str = "BROWSE_PROJECTS";

/// Records, exactly as received.
pub(super) type Records = Vec<Box<RawValue>>;

/// A page of the audit log.
#[derive(Debug, Deserialize)]
pub(super) struct AuditPage {
    pub(super) records: Records,
}

/// A page of found issues.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SearchPage {
    pub(super) issues: Records,
    #[serde(default)]
    next_page_token: Value,
}

impl SearchPage {
    /// Upstream's token for the next page.
    pub(super) fn next(&self) -> Option<String> {
        Look::new(&self.next_page_token).text()
    }
}

/// A page of the changelogs of several issues.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangelogsPage {
    pub(super) issue_change_logs: Vec<IssueChangelog>,
    #[serde(default)]
    next_page_token: Value,
}

impl ChangelogsPage {
    /// Upstream's token for the next page.
    pub(super) fn next(&self) -> Option<String> {
        Look::new(&self.next_page_token).text()
    }
}

/// The part of one issue's changelog that is on a page.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IssueChangelog {
    #[serde(default)]
    issue_id: Value,
    pub(super) change_histories: Option<Records>,
}

impl IssueChangelog {
    pub(super) fn issue(&self) -> Option<String> {
        Look::new(&self.issue_id).text()
    }
}

/// A page of one issue's changelog or comments.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PartsPage {
    #[serde(alias = "comments")]
    pub(super) values: Records,
    #[serde(default)]
    is_last: Value,
    #[serde(default)]
    total: Value,
}

impl PartsPage {
    /// Whether nothing follows once `received` parts have been received, this page's among them.
    pub(super) fn is_last(&self, received: usize) -> bool {
        let total = self.total.as_u64();
        self.values.is_empty()
            || self.is_last.as_bool() == Some(true)
            || total.is_some_and(|total| received as u64 >= total)
    }
}

/// Worklogs that were updated or deleted since some moment.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorklogChanges {
    pub(super) values: Records,
    #[serde(default)]
    until: Value,
    #[serde(default)]
    last_page: Value,
}

impl WorklogChanges {
    /// Up to where this page goes.
    pub(super) fn until(&self) -> Option<i64> {
        self.until.as_i64()
    }

    pub(super) fn is_last(&self) -> bool {
        self.last_page.as_bool() != Some(false)
    }
}

/// Any other list, bare or in an envelope.
#[derive(Debug)]
pub(super) struct Listing(pub(super) Value);

impl Listing {
    /// What is listed, under any of the names that Jira gives to lists.
    pub(super) fn items(&self) -> Vec<Look<'_>> {
        let whole = Look::new(&self.0);
        let named = ["values", "permissionSchemes", "issueSecuritySchemes"];
        let inner = named.into_iter().map(|name| whole.at(name));
        let mut lists = std::iter::once(whole).chain(inner);
        lists
            .find(|list| list.is_list())
            .map(|list| list.list().collect())
            .unwrap_or_default()
    }

    /// Whether upstream says that nothing follows.
    pub(super) fn is_last(&self) -> bool {
        let whole = Look::new(&self.0);
        whole.at("isLast").flag() == Some(true) || whole.at("isLastPage").flag() == Some(true)
    }
}

/// What is needed of an issue or a changelog's entry to decide what to do with it.
#[derive(Debug)]
pub(super) struct Glance {
    pub(super) id: Option<String>,
    pub(super) created: Option<Timestamp>,
    pub(super) updated: Option<Timestamp>,
}

impl Glance {
    /// A glance at a record: at its own fields and those of an issue.
    pub(super) fn at(record: &RawValue) -> Self {
        let value = look::value(record);
        let look = Look::new(&value);
        let time = |name: &str| {
            let own = look.at(name).time();
            own.or_else(|| look.at("fields").at(name).time())
        };
        Self {
            id: look.at("id").text(),
            created: time("created"),
            updated: time("updated"),
        }
    }
}

/// What an account is granted of what was asked about.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Granted {
    project_permissions: Vec<InProjects>,
    global_permissions: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct InProjects {
    permission: String,
    #[serde(default)]
    issues: Vec<u64>,
}

impl Granted {
    pub(super) fn permitted(self) -> Permitted {
        let seen = self.project_permissions.into_iter();
        let seen = seen.filter(|part| part.permission == BROWSE);
        Permitted {
            administers: self
                .global_permissions
                .iter()
                .any(|name| name == ADMINISTER),
            issues: seen.flat_map(|part| part.issues).collect(),
        }
    }
}

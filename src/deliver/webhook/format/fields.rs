//! FIELDS: a flat object with few fields, each present, as audit apps for Jira send it (C33).

use crate::deliver::detail::{ChangeDetail, Detail};
use crate::event::Timestamp;
use serde::Serialize;

/// The fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fields<'a> {
    account_id: Option<&'a str>,
    account_name: Option<&'a str>,
    avatar: Option<&'a str>,
    instance_name: Option<&'a str>,
    issue_key: Option<&'a str>,
    request_type_name: Option<&'a str>,
    issue_type_name: Option<&'a str>,
    /// The counter's name, e.g. `ISSUE_DELETED`.
    action_type: &'a str,
    /// What kind of thing.
    target: Option<&'a str>,
    project_key: Option<&'a str>,
    project_name: Option<&'a str>,
    changed_from: Option<String>,
    changed_to: Option<String>,
    created_at: Timestamp,
    object_id: Option<&'a str>,
    summary: Option<&'a str>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(event: &'a Detail) -> Self {
        let (actor, issue) = (event.actor.as_ref(), event.issue.as_ref());
        let (target, project) = (event.target.as_ref(), event.project.as_ref());
        let site = event.site.as_ref();
        let instance = site.and_then(|site| site.name.as_deref().or(site.key.as_deref()));
        Self {
            account_id: actor.map(|actor| actor.account_id.as_str()),
            account_name: actor.map(|actor| actor.name.as_str()),
            avatar: actor.and_then(|actor| actor.avatar_url.as_deref()),
            instance_name: instance.or(event.source.as_deref()),
            issue_key: issue.and_then(|issue| issue.key.as_deref()),
            request_type_name: issue.and_then(|issue| issue.request_type.as_deref()),
            issue_type_name: issue.and_then(|issue| issue.kind.as_deref()),
            action_type: &event.action.counter,
            target: target.map(|target| target.kind.as_str()),
            project_key: project.and_then(|project| project.key.as_deref()),
            project_name: project.and_then(|project| project.name.as_deref()),
            changed_from: changed(&event.changes, |change| change.from.as_deref()),
            changed_to: changed(&event.changes, |change| change.to.as_deref()),
            created_at: event.time,
            object_id: target.and_then(|target| target.id.as_deref()),
            summary: issue
                .and_then(|issue| issue.summary.as_deref())
                .or(event.message.as_deref()),
        }
    }
}

/// One side of what changed: the value itself where one field did, `field: value; field: value` where several did.
fn changed(changes: &[ChangeDetail], side: fn(&ChangeDetail) -> Option<&str>) -> Option<String> {
    if let [change] = changes {
        return side(change).map(ToOwned::to_owned);
    }
    let told = changes
        .iter()
        .filter_map(|change| Some(format!("{}: {}", change.field, side(change)?)));
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join("; "))
}

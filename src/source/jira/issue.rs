//! Issues: what they are now, that they were created, and what their changelogs and comments tell.

use super::history::{self, History};
use super::{Site, comment, members, people};
use crate::event::directory::{DirectoryIssue, Entry, SecurityLevel};
use crate::event::{Container, ContainerKind, Facts, IssueRef, NewEvent, Object, Product};
use crate::source::look::{self, Look};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The issue that something happened to, as far as a record shows it.
#[derive(Clone, Debug)]
pub struct About {
    /// Its id and key.
    pub issue: IssueRef,
    /// Its project; the site where that is all there is.
    pub container: Option<Container>,
    /// Service Management for issues of a service project.
    pub product: Product,
    /// The issue as what the event was done to.
    pub target: Option<Object>,
}

impl About {
    /// An issue as the REST API or a webhook shows it.
    #[must_use]
    pub fn new(site: &Site, issue: Look<'_>) -> Self {
        let (id, key) = (issue.at("id").text(), issue.at("key").text());
        let project = issue.at("fields").at("project");
        let named = project_key(key.as_deref()).map(|key| Container {
            id: None,
            key: Some(key.to_owned()),
            url: site.browse(key),
            parent: site.container().map(Box::new),
            ..Container::new(ContainerKind::Project, site.scope.clone(), "")
        });
        let target = (id.is_some() || key.is_some()).then(|| Object {
            kind: "issue".to_owned(),
            id: id.clone().or_else(|| key.clone()),
            name: key.clone(),
            url: key.as_deref().and_then(|key| site.browse(key)),
            user: None,
        });
        Self {
            container: self::project(site, project)
                .or(named)
                .or_else(|| site.container()),
            product: if project.at("projectTypeKey").is("service_desk") {
                Product::ServiceManagement
            } else {
                Product::Jira
            },
            issue: IssueRef { id, key },
            target,
        }
    }

    /// An issue of which only the id is known.
    #[must_use]
    pub fn by_id(site: &Site, id: Option<String>) -> Self {
        Self {
            target: id.as_ref().map(|id| Object {
                kind: "issue".to_owned(),
                id: Some(id.clone()),
                ..Object::default()
            }),
            issue: IssueRef { id, key: None },
            container: site.container(),
            product: Product::Jira,
        }
    }

    /// An event about the issue.
    #[must_use]
    pub fn event(&self, site: &Site, upstream_key: String, action: &str, raw: &str) -> NewEvent {
        let known = self.issue != IssueRef::default();
        NewEvent {
            product: self.product,
            target: self.target.clone(),
            container: self.container.clone(),
            issue: known.then(|| self.issue.clone()),
            ..super::event(site, upstream_key, action, raw)
        }
    }
}

/// A project as it stands in an issue or in the list of projects; `None` without id and key.
#[must_use]
pub fn project(site: &Site, project: Look<'_>) -> Option<Container> {
    let (id, key) = (project.at("id").text(), project.at("key").text());
    if id.is_none() && key.is_none() {
        return None;
    }
    Some(Container {
        id,
        name: project.at("name").text(),
        url: key.as_deref().and_then(|key| site.browse(key)),
        private: project.at("isPrivate").flag(),
        parent: site.container().map(Box::new),
        key,
        ..Container::new(ContainerKind::Project, site.scope.clone(), "")
    })
}

/// The issue as the directory keeps it; `None` without an id.
#[must_use]
pub fn entry(site: &Site, issue: Look<'_>) -> Option<DirectoryIssue> {
    let fields = issue.at("fields");
    let security = fields.at("security");
    let level = security.at("id").text().map(|id| SecurityLevel {
        id,
        name: security.at("name").text(),
    });
    let request_type = fields
        .entries()
        .find_map(|(_, field)| field.at("requestType").at("name").text());
    Some(DirectoryIssue {
        scope: site.scope.clone(),
        id: issue.at("id").text()?,
        key: issue.at("key").text(),
        kind: fields.at("issuetype").at("name").text(),
        summary: fields.at("summary").text(),
        request_type,
        security: match level {
            Some(level) => Some(Some(level)),
            None => security.is_null().then_some(None),
        },
        project: About::new(site, issue)
            .container
            .filter(|container| container.kind == ContainerKind::Project),
        at: fields.at("updated").time(),
        deleted: None,
    })
}

/// That the issue was created; `None` without an id or the moment.
#[must_use]
pub fn created(site: &Site, about: &About, issue: Look<'_>, raw: &str) -> Option<NewEvent> {
    let (id, fields) = (issue.at("id").text()?, issue.at("fields"));
    Some(NewEvent {
        time: Some(fields.at("created").time()?),
        actor: people::actor(site, fields.at("creator")),
        ..about.event(
            site,
            format!("issue/{id}/created"),
            "jira:issue_created",
            raw,
        )
    })
}

/// What an issue with its changelog and comments tells.
///
/// Takes an issue as the REST API shows it, what [`record`] puts together, and an item of a bulk fetch of changelogs.
#[must_use]
pub fn facts(record: &RawValue, site: &Site) -> Facts {
    let whole = members(record);
    let (issue, histories, comments) = match whole.get("issue") {
        Some(issue) => (*issue, list(&whole, "changelog"), list(&whole, "comments")),
        None if whole.contains_key("changeHistories") => {
            (record, list(&whole, "changeHistories"), Vec::new())
        }
        None => {
            let fields = within(&whole, "fields");
            let histories = within(&whole, "changelog");
            let comments = within(&fields, "comment");
            (
                record,
                list(&histories, "histories"),
                list(&comments, "comments"),
            )
        }
    };
    let value = look::value(issue);
    let look = Look::new(&value);
    let site = &site.clone().or_of(look);
    let about = match look.at("issueId").text() {
        None => About::new(site, look),
        id => About::by_id(site, id),
    };
    let mut events: Vec<NewEvent> = created(site, &about, look, issue.get())
        .into_iter()
        .collect();
    for raw in histories {
        let value = look::value(raw);
        let history = History::read(site, Look::new(&value));
        events.extend(history::events(site, &about, &history, raw.get()));
    }
    for raw in comments {
        let value = look::value(raw);
        events.extend(comment::polled(site, &about, Look::new(&value), raw.get()));
    }
    if let Some(since) = whole.get("since") {
        let since = look::value(since);
        let since = Look::new(&since).time();
        events.retain(|event| event.time >= since);
    }
    let entry = entry(site, look).filter(|_| look.at("fields").is_object());
    Facts {
        events,
        entries: entry.map(Box::new).map(Entry::Issue).into_iter().collect(),
    }
}

/// An issue with its changelog and comments as one record, each of them as received; what happened before `since`
/// (milliseconds) is to be left out.
#[must_use]
pub fn record(
    issue: &RawValue,
    histories: &[Box<RawValue>],
    comments: &[Box<RawValue>],
    since: i64,
) -> Option<Box<RawValue>> {
    let join = |parts: &[Box<RawValue>]| {
        let parts: Vec<&str> = parts.iter().map(|part| part.get()).collect();
        parts.join(",")
    };
    let text = format!(
        r#"{{"issue":{},"changelog":[{}],"comments":[{}],"since":{since}}}"#,
        issue.get(),
        join(histories),
        join(comments)
    );
    RawValue::from_string(text).ok()
}

/// `WEB` of `WEB-1`.
fn project_key(issue: Option<&str>) -> Option<&str> {
    let (project, number) = issue?.rsplit_once('-')?;
    let digits = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    (digits && !project.is_empty()).then_some(project)
}

fn within<'a>(
    outer: &BTreeMap<Cow<'_, str>, &'a RawValue>,
    name: &str,
) -> BTreeMap<Cow<'a, str>, &'a RawValue> {
    outer
        .get(name)
        .map(|inner| members(inner))
        .unwrap_or_default()
}

fn list<'a>(members: &BTreeMap<Cow<'_, str>, &'a RawValue>, name: &str) -> Vec<&'a RawValue> {
    let list = members
        .get(name)
        .map(|list| serde_json::from_str(list.get()));
    list.and_then(Result::ok).unwrap_or_default()
}

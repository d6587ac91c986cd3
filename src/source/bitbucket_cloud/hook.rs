//! From the body of a Bitbucket Cloud webhook to an event. Pure.
//!
//! A header says which event it is; recorded bodies have lost it, so the shape tells as much as it can. What was deleted,
//! or pushed, has no time of its own in the body: the moment of recording stands in.

use super::normalise;
use crate::event::{
    Actor, ActorKind, Change, Container, ContainerKind, Location, NewEvent, Object, Product,
    System, Timestamp,
};
use crate::source::hook::fingerprint;
use crate::source::look::{self, Look};
use serde_json::value::RawValue;
use std::time::Duration;

/// Upstream writes two times for one moment, a moment apart.
const MOMENT: Duration = Duration::from_secs(1);

/// The event in the body of a webhook; nothing when it is none.
///
/// `name` is the event key and `delivery` the id of the delivery, as the headers say them.
#[must_use]
pub(crate) fn event(
    record: &RawValue,
    name: Option<&str>,
    delivery: Option<&str>,
) -> Option<NewEvent> {
    let value = look::value(record);
    let body = Look::new(&value);
    let name = match name {
        Some(name) => name.to_owned(),
        None => shape(body)?.to_owned(),
    };
    let time = time(body, &name);
    let key = match (time, delivery) {
        // The same may be pushed again; without a time in it, only the delivery tells.
        (None, Some(delivery)) => delivery.to_owned(),
        _ => fingerprint(record),
    };
    let (target, objects) = involved(body);
    Some(NewEvent {
        upstream_key: format!("hook/{name}/{key}"),
        system: System::BitbucketCloud,
        action: name,
        product: Product::Bitbucket,
        time,
        actor: somebody(body.at("actor")),
        target,
        objects,
        container: container(body),
        issue: None,
        changes: changes(body),
        location: Location::default(),
        method: None,
        message: None,
        raw: record.get().to_owned(),
    })
}

/// Which event a body without a header is.
fn shape(body: Look<'_>) -> Option<&'static str> {
    let has = |key: &str| body.at(key).is_object();
    let (request, issue, comment) = (body.at("pullrequest"), body.at("issue"), body.at("comment"));
    if !has("actor") && !has("repository") {
        return None;
    }
    Some(if has("push") {
        "repo:push"
    } else if has("approval") && request.is_object() {
        if is_approved(request, body.at("approval").at("user")) {
            "pullrequest:approved"
        } else {
            "pullrequest:unapproved"
        }
    } else if has("changes_request") && request.is_object() {
        "pullrequest:changes_request_created"
    } else if comment.is_object() && request.is_object() {
        if comment.at("deleted").flag() == Some(true) {
            "pullrequest:comment_deleted"
        } else if is_edited(comment) {
            "pullrequest:comment_updated"
        } else {
            "pullrequest:comment_created"
        }
    } else if request.is_object() {
        match request.at("state").text().as_deref() {
            Some("MERGED") => "pullrequest:fulfilled",
            Some("DECLINED" | "SUPERSEDED") => "pullrequest:rejected",
            _ if is_edited(request) => "pullrequest:updated",
            _ => "pullrequest:created",
        }
    } else if issue.is_object() {
        if has("changes") {
            "issue:updated"
        } else if comment.is_object() {
            "issue:comment_created"
        } else if is_edited(issue) {
            "issue:updated"
        } else {
            "issue:created"
        }
    } else if has("commit_status") {
        if is_edited(body.at("commit_status")) {
            "repo:commit_status_updated"
        } else {
            "repo:commit_status_created"
        }
    } else if comment.is_object() && has("commit") {
        "repo:commit_comment_created"
    } else if has("fork") {
        "repo:fork"
    } else if has("changes") {
        if has("repository") {
            "repo:updated"
        } else {
            "project:updated"
        }
    } else {
        return None;
    })
}

/// Whether that user's approval stands.
fn is_approved(request: Look<'_>, user: Look<'_>) -> bool {
    let uuid = user.at("uuid").text();
    let mut participants = request.at("participants").list();
    participants.any(|participant| {
        participant.at("user").at("uuid").text() == uuid
            && participant.at("approved").flag() == Some(true)
    })
}

fn is_edited(thing: Look<'_>) -> bool {
    let (created, updated) = (thing.at("created_on").time(), thing.at("updated_on").time());
    created
        .zip(updated)
        .is_some_and(|(created, updated)| updated.since(created) > MOMENT)
}

fn time(body: Look<'_>, name: &str) -> Option<Timestamp> {
    let created = |thing: Look<'_>| thing.at("created_on").time();
    let updated = |thing: Look<'_>| thing.at("updated_on").time().or_else(|| created(thing));
    let (request, comment) = (body.at("pullrequest"), body.at("comment"));
    let deed = name.split(':').next_back().unwrap_or_default();
    match deed {
        "approved" | "unapproved" => body.at("approval").at("date").time(),
        "changes_request_created" | "changes_request_removed" => {
            body.at("changes_request").at("date").time()
        }
        "comment_created" | "commit_comment_created" => created(comment),
        "comment_updated" => updated(comment),
        "comment_deleted" => None,
        "commit_status_created" => created(body.at("commit_status")),
        "commit_status_updated" => updated(body.at("commit_status")),
        "created" => created(request).or_else(|| created(body.at("issue"))),
        _ => updated(request)
            .filter(|_| !comment.is_object())
            .or_else(|| updated(body.at("issue"))),
    }
}

fn somebody(item: Look<'_>) -> Option<Actor> {
    let user = normalise::user(item)?;
    let kind = if item.at("type").is("team") {
        // A workspace acts through its access tokens.
        ActorKind::App
    } else {
        user.kind
    };
    Some(Actor {
        alias: user.aliases.into_iter().next()?,
        kind,
        name: user.name.or(user.nickname),
        email: user.email,
    })
}

/// The repository or project, with what is around it.
fn container(body: Look<'_>) -> Option<Container> {
    let repository = body.at("repository");
    if !repository.is_object() {
        let project = body.at("project");
        let around = around(project);
        return match &around {
            Some(around) => normalise::project(project, around).or_else(|| Some(around.clone())),
            None => None,
        };
    }
    let full = repository.at("full_name").text();
    let (owner, slug) = match full.as_deref().and_then(|name| name.split_once('/')) {
        Some((owner, slug)) => (Some(owner.to_owned()), Some(slug.to_owned())),
        None => (None, None),
    };
    let workspace = around(repository).or_else(|| {
        let mut workspace = Container::new(ContainerKind::Workspace, "", "");
        workspace.id = None;
        workspace.key = Some(owner.clone()?);
        Some(workspace)
    })?;
    let workspace = Container {
        key: workspace.key.or(owner),
        ..workspace
    };
    let mut found = normalise::repository(repository, &workspace)?;
    found.key = found.key.or(slug);
    Some(found)
}

/// The workspace that something names, or what stood for it before there were workspaces: the owner.
fn around(item: Look<'_>) -> Option<Container> {
    let workspace = item.at("workspace");
    let (named, key) = if workspace.is_object() {
        (workspace, workspace.at("slug").text())
    } else {
        (item.at("owner"), None)
    };
    let id = named.at("uuid").text();
    if id.is_none() && key.is_none() {
        return None;
    }
    Some(Container {
        key,
        id,
        name: workspace.at("name").text(),
        url: workspace.at("links").at("html").at("href").text(),
        ..Container::new(ContainerKind::Workspace, "", "")
    })
}

/// What it was done to, and what else was involved.
fn involved(body: Look<'_>) -> (Option<Object>, Vec<Object>) {
    let (request, issue, status) = (
        body.at("pullrequest"),
        body.at("issue"),
        body.at("commit_status"),
    );
    let (comment, fork, repository) = (body.at("comment"), body.at("fork"), body.at("repository"));
    let mut objects = Vec::new();
    let target = if request.is_object() {
        Some(thing("pull-request", request, "title"))
    } else if issue.is_object() {
        Some(thing("bitbucket-issue", issue, "title"))
    } else if status.is_object() {
        objects.push(Object {
            id: status.at("key").text(),
            url: status.at("url").text(),
            ..thing("build", status, "name")
        });
        commit(status.at("commit")).or_else(|| commit(body.at("commit")))
    } else if body.at("commit").is_object() {
        commit(body.at("commit"))
    } else if fork.is_object() {
        Some(named("repository", fork))
    } else if repository.is_object() {
        Some(named("repository", repository))
    } else if body.at("project").is_object() {
        Some(named("project", body.at("project")))
    } else {
        None
    };
    if comment.is_object() {
        objects.push(thing("comment", comment, ""));
    }
    for place in ["approval", "changes_request"] {
        let user = somebody(body.at(place).at("user"));
        objects.extend(user.map(|user| Object {
            kind: "reviewer".to_owned(),
            id: Some(user.alias.value.clone()),
            user: Some(user),
            ..Object::default()
        }));
    }
    (target, objects)
}

fn thing(kind: &str, item: Look<'_>, name: &str) -> Object {
    Object {
        kind: kind.to_owned(),
        id: item.at("id").text(),
        name: item.at(name).text(),
        url: item.at("links").at("html").at("href").text(),
        user: None,
    }
}

fn named(kind: &str, item: Look<'_>) -> Object {
    Object {
        id: item.at("uuid").text(),
        ..thing(kind, item, "name")
    }
}

fn commit(item: Look<'_>) -> Option<Object> {
    Some(Object {
        id: Some(item.at("hash").text()?),
        ..thing("commit", item, "")
    })
}

/// What changed: references by a push, fields by an update.
fn changes(body: Look<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for pushed in body.at("push").at("changes").list() {
        let (old, new) = (pushed.at("old"), pushed.at("new"));
        let reference = if new.is_object() { new } else { old };
        let Some(name) = reference.at("name").text() else {
            continue;
        };
        let is_tag = reference.at("type").is("tag") || reference.at("type").is("annotated_tag");
        changes.push(Change {
            field: format!("refs/{}/{name}", if is_tag { "tags" } else { "heads" }),
            from: old.at("target").at("hash").text(),
            to: new.at("target").at("hash").text(),
        });
        if pushed.at("forced").flag() == Some(true) {
            changes.push(Change {
                field: "forced".to_owned(),
                from: None,
                to: Some(name),
            });
        }
    }
    for (field, change) in body.at("changes").entries() {
        changes.push(Change {
            field: field.to_owned(),
            from: word(change.at("old")),
            to: word(change.at("new")),
        });
    }
    let state = body.at("commit_status").at("state").text();
    changes.extend(state.map(|state| Change {
        field: "state".to_owned(),
        from: None,
        to: Some(state),
    }));
    changes
}

/// A value as a word: what it is called, where it is a thing.
fn word(value: Look<'_>) -> Option<String> {
    let flag = value.flag().map(|flag| flag.to_string());
    value.text().or(flag).or_else(|| {
        // Names of people live in their own rows.
        let names = if value.at("uuid").text().is_some() {
            "uuid"
        } else {
            "name"
        };
        value.at(names).text()
    })
}

/// Nobody but Bitbucket gives such names.
#[must_use]
pub(crate) fn is_hook(body: Look<'_>) -> bool {
    let uuid = |key: &str| body.at(key).at("uuid").text().is_some();
    (uuid("actor") || uuid("repository")) && shape(body).is_some()
}

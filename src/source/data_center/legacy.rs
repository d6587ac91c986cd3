//! The audit log of Bitbucket before the shared plugin: one list for each project and repository.
//!
//! Its records do not say where they belong, so the place that was asked travels with them in an envelope of ours, which
//! ends here: the event's raw text is upstream's own record.

use super::Product;
use super::subject::{self, Place};
use crate::event::{Actor, ActorKind, Container, ContainerKind, Facts, NewEvent, Object};
use crate::source::content_key;
use crate::source::look::{self, Look};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A record with the place whose list it was in.
#[derive(Deserialize, Serialize)]
pub(super) struct Found<'a> {
    /// The key of the project.
    #[serde(rename = "auditgraphProject", borrow)]
    pub(super) project: Cow<'a, str>,
    /// The slug of the repository, when it was in a repository's list.
    #[serde(rename = "auditgraphRepository", borrow)]
    pub(super) repository: Option<Cow<'a, str>>,
    /// Upstream's record.
    #[serde(borrow)]
    pub(super) record: &'a RawValue,
}

impl Found<'_> {
    /// One record of both.
    pub(super) fn wrapped(&self) -> Option<Box<RawValue>> {
        serde_json::value::to_raw_value(self).ok()
    }
}

/// What such a record says; `None` when it is of another shape. A record without its envelope belongs nowhere.
pub(super) fn facts(
    product: Product,
    record: &RawValue,
    whole: Look<'_>,
    scope: &str,
) -> Option<Facts> {
    let place = Place { product, scope };
    if whole.at("auditgraphProject").text().is_some() {
        let found: Found<'_> = serde_json::from_str(record.get()).ok()?;
        let value = look::value(found.record);
        return Some(event(&place, found.record, Look::new(&value), Some(&found)).into());
    }
    let bare = product == Product::Bitbucket
        && whole.at("action").text().is_some()
        && whole.at("timestamp").time().is_some()
        && !whole.at("type").is_object()
        && !whole.at("auditType").is_object();
    bare.then(|| event(&place, record, whole, None).into())
}

fn event(
    place: &Place<'_>,
    record: &RawValue,
    whole: Look<'_>,
    found: Option<&Found<'_>>,
) -> NewEvent {
    let action = whole.at("action").text();
    let action = action.unwrap_or_else(|| "unknown".to_owned());
    let user = whole.at("user");
    let text = |look: Look<'_>| look.text().unwrap_or_default();
    let (project, repository) = found.map_or(("", ""), |found| {
        (&found.project, found.repository.as_deref().unwrap_or(""))
    });
    let container = container(place, found);
    NewEvent {
        upstream_key: content_key([
            "bitbucket-legacy",
            project,
            repository,
            &action,
            &text(whole.at("timestamp")),
            &text(whole.at("details")),
            &text(user.at("id")),
            &text(user.at("name")),
        ]),
        system: place.product.system(),
        action,
        product: place.product.product(),
        time: whole.at("timestamp").time(),
        actor: actor(place, user),
        target: container.as_ref().map(|container| Object {
            kind: match container.kind {
                ContainerKind::Repository => "repository".to_owned(),
                _ => "project".to_owned(),
            },
            id: container.id.clone().or_else(|| container.key.clone()),
            name: container.key.clone(),
            ..Object::default()
        }),
        objects: Vec::new(),
        container,
        issue: None,
        changes: Vec::new(),
        location: crate::event::Location::default(),
        method: None,
        message: None,
        raw: record.get().to_owned(),
    }
}

fn actor(place: &Place<'_>, user: Look<'_>) -> Option<Actor> {
    let name = user.at("name").text();
    let alias = match (user.at("id").text(), &name) {
        (Some(id), _) => subject::alias(place, &id),
        (None, Some(name)) => subject::by_name(place.scope, name),
        (None, None) => return None,
    };
    Some(Actor {
        alias,
        kind: if user.at("type").is("SERVICE") {
            ActorKind::App
        } else {
            ActorKind::Person
        },
        name: user.at("displayName").text().or(name),
        email: user.at("emailAddress").text(),
    })
}

fn container(place: &Place<'_>, found: Option<&Found<'_>>) -> Option<Container> {
    let instance = subject::instance(place).map(Box::new);
    let found = found?;
    let by_key = |kind, key: &str, parent| Container {
        id: None,
        key: Some(key.to_owned()),
        parent,
        ..Container::new(kind, place.scope, "")
    };
    let project = by_key(ContainerKind::Project, &found.project, instance);
    Some(match &found.repository {
        None => project,
        Some(slug) => by_key(ContainerKind::Repository, slug, Some(Box::new(project))),
    })
}

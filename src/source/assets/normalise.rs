//! From an entry of an object's history, or a change of roles, to an event. Pure: no network, no clock, no store.
//!
//! Histories name people by e-mail address, key or name, never by account id. Who has an address is known by that;
//! anybody else is somebody of this workspace's own, and not guessed to be a person known elsewhere.

use super::roles;
use crate::event::{
    Actor, ActorKind, Alias, Change, Container, ContainerKind, Facts, Location, NewEvent, Object,
    Product, System,
};
use crate::source::content_key;
use crate::source::look::{self, Look};
use serde_json::value::RawValue;

/// What a record says; `scope` is that of its site, empty when it is not known.
///
/// Takes an entry of a history with its object (`{"object", "history"}`), such an entry alone, and a change of roles.
#[must_use]
pub fn facts(record: &RawValue, scope: &str) -> Facts {
    let value = look::value(record);
    let whole = Look::new(&value);
    if whole.at("roles").is_object() {
        return roles::change(whole.at("roles"), record, scope).into();
    }
    let (entry, thing) = match whole.at("history") {
        entry if entry.is_object() => (entry, whole.at("object")),
        _ => (whole, whole.at("object")),
    };
    let created = is_creation(entry);
    let action = if created {
        "object/created"
    } else {
        "object/updated"
    };
    let id = entry.at("id").text();
    NewEvent {
        upstream_key: id.map_or_else(|| key(entry), |id| format!("history/{id}")),
        system: System::Assets,
        action: action.to_owned(),
        product: Product::Assets,
        time: entry.at("created").time(),
        actor: actor(entry.at("actor"), thing, scope),
        target: target(entry, thing),
        objects: object_type(thing).into_iter().collect(),
        container: site(scope),
        issue: None,
        changes: change(entry).into_iter().collect(),
        location: Location::default(),
        method: None,
        message: None,
        raw: record.get().to_owned(),
    }
    .into()
}

/// The key of an entry without an id: what it says, whatever has become of its object since.
fn key(entry: Look<'_>) -> String {
    let names = [
        "objectId",
        "created",
        "type",
        "affectedAttribute",
        "oldValue",
        "newValue",
    ];
    let parts = names.map(|name| entry.at(name).text().unwrap_or_default());
    content_key(parts.iter().map(String::as_str))
}

/// Type 0 is a creation; where there is no type, an entry that names no attribute is one.
fn is_creation(entry: Look<'_>) -> bool {
    match entry.at("type").text() {
        Some(kind) => kind == "0",
        None => entry.at("affectedAttribute").text().is_none(),
    }
}

fn target(entry: Look<'_>, thing: Look<'_>) -> Option<Object> {
    let id = thing
        .at("id")
        .text()
        .or_else(|| entry.at("objectId").text());
    let key = thing.at("objectKey").text();
    let label = thing.at("label").text().or_else(|| thing.at("name").text());
    (id.is_some() || key.is_some()).then(|| Object {
        kind: "asset-object".to_owned(),
        id,
        name: label.or(key),
        url: thing.at("_links").at("self").text(),
        user: None,
    })
}

fn object_type(thing: Look<'_>) -> Option<Object> {
    let kind = thing.at("objectType");
    let (id, name) = (kind.at("id").text(), kind.at("name").text());
    (id.is_some() || name.is_some()).then(|| Object {
        kind: "asset-object-type".to_owned(),
        id,
        name,
        ..Object::default()
    })
}

fn actor(actor: Look<'_>, thing: Look<'_>, scope: &str) -> Option<Actor> {
    let email = actor.at("emailAddress").text();
    let email = email.filter(|email| email.contains('@'));
    let name = actor.at("displayName").text();
    let own = || {
        let names = [actor.at("key"), actor.at("name"), actor.at("displayName")];
        let value = names.into_iter().find_map(Look::text)?;
        let workspace = thing.at("workspaceId").text();
        let workspace = workspace.unwrap_or_else(|| scope.to_owned());
        Some(Alias {
            namespace: format!("assets:{workspace}"),
            value,
        })
    };
    Some(Actor {
        alias: match &email {
            Some(email) => Alias::email(email),
            None => own()?,
        },
        kind: ActorKind::Person,
        name,
        email,
    })
}

fn change(entry: Look<'_>) -> Option<Change> {
    let change = Change {
        field: entry.at("affectedAttribute").text()?,
        from: entry.at("oldValue").text(),
        to: entry.at("newValue").text(),
    };
    Some(change)
}

/// The site as a place; none when it is not known.
pub(super) fn site(scope: &str) -> Option<Container> {
    (!scope.is_empty()).then(|| Container {
        name: Some(scope.to_owned()),
        url: Some(format!("https://{scope}")),
        ..Container::new(ContainerKind::Site, "", scope)
    })
}

//! Who has which role, read from a file that somebody else keeps: what differs from the last reading is an event.
//!
//! Upstream offers no way to ask for roles. The file's form is in the manual of the settings; the last reading is kept in
//! the cursor. The first reading is where we start from.

use super::normalise::site;
use crate::clock::Clock;
use crate::event::directory::{Entry, RoleHolder};
use crate::event::{
    Actor, ActorKind, Alias, Change, Location, NewEvent, Object, Product, System, Timestamp,
};
use crate::source::look::Look;
use crate::source::{Page, SourceError, content_key};
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What the file says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Snapshot {
    /// When it was true; without it, when it was read.
    #[serde(default)]
    taken_at: Option<Timestamp>,
    roles: Vec<Role>,
}

/// A role of a schema, or of one of its object types.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Role {
    schema: Named,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object_type: Option<Named>,
    #[serde(rename = "role")]
    title: String,
    #[serde(default)]
    actors: BTreeSet<RoleActor>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// Somebody who has a role: a user by account id, or a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleActor {
    r#type: String,
    id: String,
}

/// What makes a role the same in two readings.
type Key = (String, Option<String>, String);

/// The changes since the reading in `cursor`, in one page.
pub(super) fn pages(
    file: &Path,
    cursor: Option<String>,
    clock: &Clock,
) -> impl Stream<Item = Result<Page, SourceError>> + use<> {
    let (file, now) = (file.to_owned(), clock.now());
    stream::once(async move {
        let text = tokio::fs::read_to_string(&file).await;
        let text = text.map_err(|error| unusable(&file, &error.to_string()))?;
        let mut new: Snapshot =
            serde_json::from_str(&text).map_err(|error| unusable(&file, &error.to_string()))?;
        new.taken_at = new.taken_at.or(Some(now));
        let old: Option<Snapshot> = cursor.and_then(|cursor| serde_json::from_str(&cursor).ok());
        let records = old.map_or_else(Vec::new, |old| differences(old, &new));
        Ok(Page {
            records,
            entries: vec![Entry::RoleHolders(holders(&new))],
            cursor: serde_json::to_string(&new).ok(),
            ..Page::default()
        })
    })
}

fn unusable(file: &Path, message: &str) -> SourceError {
    SourceError::Unusable {
        what: format!("assets.roles_snapshot (`{}`)", file.display()),
        message: message.to_owned(),
    }
}

/// Everybody who has a role of a whole schema.
fn holders(snapshot: &Snapshot) -> Vec<RoleHolder> {
    let of_schemas = snapshot
        .roles
        .iter()
        .filter(|role| role.object_type.is_none());
    let actors = of_schemas.flat_map(|role| &role.actors);
    // Somebody of another kind is not known to have any rights.
    actors
        .filter_map(|actor| match actor.r#type.as_str() {
            "user" => Some(RoleHolder::Account(actor.id.clone())),
            "group" => Some(RoleHolder::Group(actor.id.clone())),
            _ => None,
        })
        .collect()
}

/// One record for each role that is not as it was.
fn differences(old: Snapshot, new: &Snapshot) -> Vec<Box<RawValue>> {
    let key = |role: &Role| -> Key {
        let kind = role.object_type.as_ref().map(|kind| kind.id.clone());
        (role.schema.id.clone(), kind, role.title.clone())
    };
    let old: BTreeMap<Key, Role> = old
        .roles
        .into_iter()
        .map(|role| (key(&role), role))
        .collect();
    let new_roles: BTreeMap<Key, &Role> = new.roles.iter().map(|role| (key(role), role)).collect();
    let keys: BTreeSet<&Key> = old.keys().chain(new_roles.keys()).collect();
    let nobody = BTreeSet::new();
    let mut records = Vec::new();
    for key in keys {
        let (before, after) = (old.get(key), new_roles.get(key).copied());
        let had = before.map_or(&nobody, |role| &role.actors);
        let has = after.map_or(&nobody, |role| &role.actors);
        let (Some(role), true) = (after.or(before), had != has) else {
            continue;
        };
        let record = json!({"roles": {
            "takenAt": new.taken_at,
            "schema": role.schema,
            "objectType": role.object_type,
            "role": role.title,
            "added": has.difference(had).collect::<Vec<_>>(),
            "removed": had.difference(has).collect::<Vec<_>>(),
        }});
        records.extend(to_raw_value(&record).ok());
    }
    records
}

/// The event of a role that was given or taken; nobody says by whom.
pub(super) fn change(roles: Look<'_>, record: &RawValue, scope: &str) -> NewEvent {
    let thing = |name: &str, kind: &str| {
        let thing = roles.at(name);
        thing.is_object().then(|| Object {
            kind: kind.to_owned(),
            id: thing.at("id").text(),
            name: thing.at("name").text(),
            ..Object::default()
        })
    };
    let schema = thing("schema", "asset-schema");
    let object_type = thing("objectType", "asset-object-type");
    let action = if object_type.is_some() {
        "object_type_roles/updated"
    } else {
        "roles/updated"
    };
    let (target, mut objects) = match object_type {
        Some(kind) => (Some(kind), schema.into_iter().collect()),
        None => (schema, Vec::new()),
    };
    let role = roles.at("role").text().unwrap_or_default();
    let mut changes = Vec::new();
    for (list, added) in [("added", true), ("removed", false)] {
        for actor in roles.at(list).list() {
            let Some(id) = actor.at("id").text() else {
                continue;
            };
            let (from, to) = if added {
                (None, Some(id.clone()))
            } else {
                (Some(id.clone()), None)
            };
            changes.push(Change {
                field: role.clone(),
                from,
                to,
            });
            objects.push(holder(actor, id));
        }
    }
    NewEvent {
        upstream_key: content_key([record.get()]),
        system: System::Assets,
        action: action.to_owned(),
        product: Product::Assets,
        time: roles.at("takenAt").time(),
        actor: None,
        target,
        objects,
        container: site(scope),
        issue: None,
        changes,
        location: Location::default(),
        method: None,
        message: None,
        raw: record.get().to_owned(),
    }
}

/// Who was given a role, or lost it.
fn holder(actor: Look<'_>, id: String) -> Object {
    let kind = actor.at("type").text();
    let kind = kind.unwrap_or_else(|| "group".to_owned());
    let user = (kind == "user").then(|| Actor {
        alias: Alias::account(&*id),
        kind: ActorKind::Person,
        name: None,
        email: None,
    });
    Object {
        name: user.is_none().then(|| id.clone()),
        id: Some(id),
        user,
        kind,
        ..Object::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Snapshot, holders};
    use crate::event::directory::RoleHolder;
    use serde_json::json;

    #[test]
    fn users_and_groups_of_whole_schemas_count() {
        let actor = |kind: &str, id: &str| json!({"type": kind, "id": id});
        let snapshot: Snapshot = serde_json::from_value(json!({"roles": [
            {"schema": {"id": "3"}, "role": "Object Schema Users",
             "actors": [actor("user", "557058:1"), actor("group", "device-admins"), actor("app", "device-admins-app")]},
            {"schema": {"id": "3"}, "objectType": {"id": "12"}, "role": "Object Type Users",
             "actors": [actor("user", "557058:2")]},
        ]}))
        .unwrap();
        let mut found = holders(&snapshot);
        found.sort();
        assert_eq!(
            found,
            [
                RoleHolder::Account("557058:1".to_owned()),
                RoleHolder::Group("device-admins".to_owned()),
            ]
        );
    }
}

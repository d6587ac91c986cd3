//! What comparing two snapshots of a directory shows, as an event.
//!
//! Such an event has no actor, for a snapshot does not say who did it, and its raw record is our own note of what was
//! noticed.

use super::entity::{container, group};
use crate::event::directory::ThingKind;
use crate::event::{
    Actor, Alias, Change, Container, IssueRef, Location, NewEvent, Object, Product, System,
    Timestamp,
};
use serde_json::json;
use sha2::{Digest, Sha256};

/// Something noticed, on its way to becoming an event.
pub(super) struct Observation<'a> {
    code: &'a str,
    product: Product,
    target: Object,
    objects: Vec<Object>,
    container: Option<Container>,
    issue: Option<IssueRef>,
    changes: Vec<Change>,
    time: Option<Timestamp>,
    message: Option<String>,
}

impl<'a> Observation<'a> {
    pub(super) fn of_user(code: &'a str, person: Actor) -> Self {
        Self::of(code, user_object(person))
    }

    pub(super) fn of_group(code: &'a str, group: &group::Model) -> Self {
        Self::of(code, group_object(group))
    }

    pub(super) fn of_container(code: &'a str, row: &container::Model, place: Container) -> Self {
        let target = Object {
            kind: format!("{:?}", place.kind).to_lowercase(),
            id: row.upstream_id.clone(),
            name: row.name.clone().or_else(|| row.key.clone()),
            url: row.url.clone(),
            user: None,
        };
        Self {
            container: Some(place),
            ..Self::of(code, target)
        }
    }

    pub(super) fn of_thing(
        code: &'a str,
        kind: ThingKind,
        target: Object,
        place: Option<Container>,
    ) -> Self {
        Self {
            container: place,
            product: match kind {
                ThingKind::CustomerOrganization => Product::ServiceManagement,
                _ => Product::Jira,
            },
            ..Self::of(code, target)
        }
    }

    pub(super) fn of_grouping(code: &'a str, person: Actor, group: &group::Model) -> Self {
        Self {
            objects: vec![group_object(group)],
            ..Self::of(code, user_object(person))
        }
    }

    /// Somebody, and others whom it is about as well.
    pub(super) fn of_people(code: &'a str, person: Actor, others: Vec<Actor>) -> Self {
        Self {
            objects: others.into_iter().map(user_object).collect(),
            ..Self::of(code, user_object(person))
        }
    }

    pub(super) fn of_member(code: &'a str, person: Actor, place: Container) -> Self {
        Self {
            container: Some(place),
            ..Self::of(code, user_object(person))
        }
    }

    /// Something that is kept on this server, such as a setting.
    pub(super) fn of_own(code: &'a str, own: Object) -> Self {
        Self {
            product: Product::Auditgraph,
            ..Self::of(code, own)
        }
    }

    fn of(code: &'a str, target: Object) -> Self {
        Self {
            code,
            product: Product::Organization,
            target,
            objects: Vec::new(),
            container: None,
            issue: None,
            changes: Vec::new(),
            time: None,
            message: None,
        }
    }

    /// Says which issue it concerns, and where that is.
    pub(super) fn about(self, issue: IssueRef, place: Option<Container>) -> Self {
        Self {
            issue: Some(issue),
            container: place,
            ..self
        }
    }

    /// Adds one changed field.
    pub(super) fn change(mut self, field: &str, from: Option<String>, to: Option<String>) -> Self {
        self.changes.push(Change {
            field: field.to_owned(),
            from,
            to,
        });
        self
    }

    /// Whether anything changed.
    pub(super) fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    pub(super) fn changes(self, changes: Vec<Change>) -> Self {
        Self { changes, ..self }
    }

    /// Sets when it happened, where upstream says so; otherwise it is when we noticed.
    pub(super) fn at(self, time: Option<Timestamp>) -> Self {
        Self { time, ..self }
    }

    /// Says why, for people.
    pub(super) fn because(self, why: String) -> Self {
        Self {
            message: Some(why),
            ..self
        }
    }

    pub(super) fn into_event(self, source: &str, now: Timestamp) -> NewEvent {
        let target_id = self
            .target
            .user
            .as_ref()
            .map(|user| mark(&user.alias))
            .or(self.target.id.clone());
        let raw = json!({
            "observed": self.code,
            "source": source,
            "noticed": now,
            "target": {"type": &self.target.kind, "id": &target_id},
            "objects": &self.objects,
            "container": self.container.as_ref().map(|place| json!({"id": &place.id, "key": &place.key})),
            "changes": &self.changes,
        });
        let key = [
            source,
            self.code,
            target_id.as_deref().unwrap_or_default(),
            self.objects
                .first()
                .and_then(|object| object.id.as_deref())
                .unwrap_or_default(),
            self.container
                .as_ref()
                .and_then(|place| place.id.as_deref())
                .unwrap_or_default(),
            &now.to_string(),
        ]
        .join("/");
        NewEvent {
            upstream_key: key,
            system: System::Directory,
            action: self.code.to_owned(),
            product: self.product,
            time: Some(self.time.unwrap_or(now)),
            actor: None,
            target: Some(self.target),
            objects: self.objects,
            container: self.container,
            issue: self.issue,
            changes: self.changes,
            location: Location::default(),
            method: Some("directory listing".to_owned()),
            message: self.message,
            raw: raw.to_string(),
        }
    }
}

fn user_object(person: Actor) -> Object {
    Object {
        kind: "user".to_owned(),
        id: Some(mark(&person.alias)),
        name: None,
        url: None,
        user: Some(person),
    }
}

/// What an event calls somebody in its own text: an id, or where only an address is known, what cannot be read back.
pub(super) fn mark(alias: &Alias) -> String {
    if alias.namespace == "email" {
        format!("{:x}", Sha256::digest(&alias.value))
    } else {
        alias.value.clone()
    }
}

fn group_object(group: &group::Model) -> Object {
    Object {
        kind: "group".to_owned(),
        id: Some(group.upstream_id.clone()),
        name: group.name.clone(),
        url: None,
        user: None,
    }
}

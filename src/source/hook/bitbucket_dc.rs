//! From the body of a Bitbucket Data Center webhook to an event. Pure.
//!
//! Every body says what happened (`eventKey`) and when (`date`, to the second), so the whole of it makes its key.

use super::fingerprint;
use crate::event::{
    Actor, ActorKind, Alias, Change, Container, ContainerKind, Location, NewEvent, Object, Product,
    System,
};
use crate::source::look::{self, Look};
use serde_json::value::RawValue;

/// Stands for a commit that is not there: before a branch was made, after it was deleted.
const NOTHING: &str = "0000000000000000000000000000000000000000";

/// The event in the body of a webhook; nothing when it is none.
///
/// `name` is the event key that the headers say, for bodies that do not.
#[must_use]
pub fn event(record: &RawValue, scope: &str, name: Option<&str>) -> Option<NewEvent> {
    let value = look::value(record);
    let body = Look::new(&value);
    let said = body.at("eventKey").text();
    let name = said.or_else(|| name.map(str::to_owned))?;
    let place = Place { scope, body };
    let (target, objects) = place.involved();
    Some(NewEvent {
        upstream_key: format!("hook/{name}/{}", fingerprint(record)),
        system: System::BitbucketDc,
        action: name,
        product: Product::Bitbucket,
        time: body.at("date").time(),
        actor: place.somebody(body.at("actor")),
        target,
        objects,
        container: place.container(),
        issue: None,
        changes: changes(body),
        location: Location::default(),
        method: None,
        message: None,
        raw: record.get().to_owned(),
    })
}

/// Whether that is what an administrator sends to see whether anybody listens.
#[must_use]
pub fn is_test(record: &RawValue) -> bool {
    let value = look::value(record);
    let body = Look::new(&value);
    body.at("test").flag() == Some(true) && body.entries().count() == 1
}

/// A body and the instance it is from.
struct Place<'a> {
    scope: &'a str,
    body: Look<'a>,
}

impl<'a> Place<'a> {
    fn at(&self, key: &str) -> Look<'a> {
        self.body.at(key)
    }

    fn somebody(&self, user: Look<'_>) -> Option<Actor> {
        let name = user.at("name").text().or_else(|| user.at("slug").text());
        let alias = match (user.at("id").text(), &name) {
            (Some(id), _) => Alias::data_center(self.scope, id),
            (None, Some(name)) => Alias {
                namespace: format!("data-center-name:{}", self.scope),
                value: name.to_lowercase(),
            },
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

    /// The repository or project, with what is around it.
    fn container(&self) -> Option<Container> {
        let request = self.at("pullRequest").at("toRef").at("repository");
        let places = [
            self.at("repository"),
            request,
            self.at("new"),
            self.at("project"),
        ];
        let found = places.into_iter().find(|place| place.is_object());
        let instance =
            (!self.scope.is_empty()).then(|| Container::new(ContainerKind::Site, "", self.scope));
        let Some(found) = found else {
            return instance;
        };
        let is_project = found.at("slug").text().is_none() && found.at("key").text().is_some();
        if is_project {
            return self.place(ContainerKind::Project, found, "key", instance);
        }
        let project = found.at("project");
        let around = self.place(ContainerKind::Project, project, "key", instance.clone());
        self.place(
            ContainerKind::Repository,
            found,
            "slug",
            around.or(instance),
        )
    }

    fn place(
        &self,
        kind: ContainerKind,
        item: Look<'_>,
        key: &str,
        around: Option<Container>,
    ) -> Option<Container> {
        let (id, key) = (item.at("id").text(), item.at(key).text());
        if id.is_none() && (key.is_none() || kind == ContainerKind::Repository) {
            return None;
        }
        Some(Container {
            kind,
            scope: self.scope.to_owned(),
            id,
            key,
            name: item.at("name").text(),
            url: link(item),
            private: item.at("public").flag().map(|public| !public),
            parent: around.map(Box::new),
        })
    }

    /// What it was done to, and what else was involved.
    fn involved(&self) -> (Option<Object>, Vec<Object>) {
        let (request, commit) = (self.at("pullRequest"), self.at("commit").text());
        let things = ["repository", "new", "project"].map(|key| (key, self.at(key)));
        let target = if request.is_object() {
            Some(thing("pull-request", request, "title"))
        } else if commit.is_some() {
            Some(Object {
                kind: "commit".to_owned(),
                id: commit,
                ..Object::default()
            })
        } else {
            let found = things.into_iter().find(|(_, thing)| thing.is_object());
            found.map(|(_, found)| {
                let is_project = found.at("slug").text().is_none();
                let kind = if is_project { "project" } else { "repository" };
                thing(kind, found, "name")
            })
        };
        let mut objects = Vec::new();
        if self.at("comment").is_object() {
            objects.push(thing("comment", self.at("comment"), ""));
        }
        let reviewers = [
            (
                "reviewer",
                std::iter::once(self.at("participant").at("user")).collect(),
            ),
            ("added-reviewer", self.at("addedReviewers").list().collect()),
            (
                "removed-reviewer",
                self.at("removedReviewers").list().collect::<Vec<_>>(),
            ),
        ];
        for (kind, people) in reviewers {
            let people = people.into_iter().filter_map(|user| self.somebody(user));
            objects.extend(people.map(|user| Object {
                kind: kind.to_owned(),
                id: Some(user.alias.value.clone()),
                user: Some(user),
                ..Object::default()
            }));
        }
        (target, objects)
    }
}

fn thing(kind: &str, item: Look<'_>, name: &str) -> Object {
    Object {
        kind: kind.to_owned(),
        id: item.at("id").text(),
        name: item.at(name).text(),
        url: link(item),
        user: None,
    }
}

fn link(item: Look<'_>) -> Option<String> {
    item.at("links").at("self").list().next()?.at("href").text()
}

/// What changed: references by a push, fields by an update.
fn changes(body: Look<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    let commit = |item: Look<'_>| item.text().filter(|hash| hash != NOTHING);
    for pushed in body.at("changes").list() {
        let field = pushed.at("refId").text();
        let Some(field) = field.or_else(|| pushed.at("ref").at("id").text()) else {
            continue;
        };
        changes.push(Change {
            field,
            from: commit(pushed.at("fromHash")),
            to: commit(pushed.at("toHash")),
        });
    }
    let request = body.at("pullRequest");
    let branch = |item: Look<'_>| item.at("id").text();
    for (field, was, is) in [
        (
            "title",
            body.at("previousTitle").text(),
            request.at("title").text(),
        ),
        (
            "description",
            body.at("previousDescription").text(),
            request.at("description").text(),
        ),
        (
            "target",
            branch(body.at("previousTarget")),
            branch(request.at("toRef")),
        ),
        (
            "commit",
            body.at("previousFromHash").text(),
            request.at("fromRef").at("latestCommit").text(),
        ),
        (
            "status",
            body.at("previousStatus").text(),
            body.at("participant").at("status").text(),
        ),
    ] {
        let said = match field {
            "title" | "description" | "target" => body.at("previousTitle").text().is_some(),
            _ => was.is_some(),
        };
        if said && was != is {
            changes.push(Change {
                field: field.to_owned(),
                from: was,
                to: is,
            });
        }
    }
    let (old, new) = (body.at("old"), body.at("new"));
    for field in [
        "name",
        "slug",
        "key",
        "description",
        "public",
        "archived",
        "project",
    ] {
        let value = |item: Look<'_>| {
            let item = item.at(field);
            let flag = item.flag().map(|flag| flag.to_string());
            item.text().or(flag).or_else(|| item.at("key").text())
        };
        let (from, to) = (value(old), value(new));
        if from != to {
            changes.push(Change {
                field: field.to_owned(),
                from,
                to,
            });
        }
    }
    changes
}

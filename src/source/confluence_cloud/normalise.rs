//! From a record of Confluence's audit log to an event. Pure: no network, no clock, no store.
//!
//! A record has no id, and names things and people by their names. What is named so is not guessed to be somebody or
//! something that is known by an id: a person becomes somebody of that name on that site, a space a thing of that name,
//! unless the record says its key.

use crate::event::directory::{DirectoryAction, Entry};
use crate::event::{
    Actor, ActorKind, Alias, Change, Container, ContainerKind, Facts, Location, NewEvent, Object,
    Product, System,
};
use crate::source::content_key;
use crate::source::look::{self, Look};
use serde_json::value::RawValue;

/// The action of a record that names none.
const UNKNOWN: &str = "unknown";

/// What a record says; `scope` is that of its site, empty when it is not known.
#[must_use]
pub fn facts(record: &RawValue, scope: &str) -> Facts {
    let value = look::value(record);
    let whole = Look::new(&value);
    let action = whole.at("summary").text();
    let action = action.unwrap_or_else(|| UNKNOWN.to_owned());
    let target = object(whole.at("affectedObject"), scope);
    let associated = whole.at("associatedObjects").list();
    let mut objects: Vec<Object> = Vec::new();
    for object in associated.filter_map(|item| object(item, scope)) {
        if Some(&object) != target.as_ref() && !objects.contains(&object) {
            objects.push(object);
        }
    }
    let (target, objects) = person_first(target, objects);
    let space = space(whole, scope);
    let event = NewEvent {
        upstream_key: key(whole),
        system: System::ConfluenceCloud,
        product: Product::Confluence,
        time: whole.at("creationDate").time(),
        actor: actor(whole.at("author"), scope),
        target,
        objects,
        container: space.or_else(|| site(scope)),
        issue: None,
        changes: changes(whole.at("changedValues")),
        location: Location {
            ip: whole.at("remoteAddress").text(),
            ..Location::default()
        },
        method: means(whole),
        message: whole.at("description").text(),
        raw: record.get().to_owned(),
        action: action.clone(),
    };
    let listed = DirectoryAction {
        name: action.clone(),
        label: Some(action),
        group: whole.at("category").text(),
        group_key: None,
    };
    Facts {
        events: vec![event],
        entries: vec![Entry::Action(listed)],
    }
}

/// The site as a place; none when it is not known.
pub(super) fn site(scope: &str) -> Option<Container> {
    (!scope.is_empty()).then(|| Container {
        name: Some(scope.to_owned()),
        // Below a path there is the API only.
        url: (!scope.contains('/')).then(|| format!("https://{scope}/wiki")),
        ..Container::new(ContainerKind::Site, "", scope)
    })
}

/// The key of a record: all that it says, except what its author is called now.
fn key(whole: Look<'_>) -> String {
    let text = |look: Look<'_>| look.text().unwrap_or_default();
    let flag = |name: &str| format!("{:?}", whole.at(name).flag());
    let author = whole.at("author");
    let author = author.at("accountId").text();
    let author = author.unwrap_or_else(|| text(whole.at("author").at("displayName")));
    let time = whole.at("creationDate");
    let time = time
        .time()
        .map_or_else(|| text(time), |time| time.micros().to_string());
    let thing = |item: Look<'_>| {
        let parts = [item.at("objectType"), item.at("name")].map(text);
        content_key(parts.iter().map(String::as_str))
    };
    let change = |item: Look<'_>| {
        let parts = [
            "name",
            "oldValue",
            "newValue",
            "hiddenOldValue",
            "hiddenNewValue",
        ];
        let parts = parts.map(|part| text(item.at(part)));
        content_key(parts.iter().map(String::as_str))
    };
    let mut changes: Vec<String> = whole.at("changedValues").list().map(change).collect();
    changes.sort_unstable();
    let mut things: Vec<String> = whole.at("associatedObjects").list().map(thing).collect();
    things.sort_unstable();
    let parts = [
        time,
        author,
        text(whole.at("remoteAddress")),
        text(whole.at("summary")),
        text(whole.at("description")),
        text(whole.at("category")),
        flag("sysAdmin"),
        flag("superAdmin"),
        thing(whole.at("affectedObject")),
        changes.concat(),
        things.concat(),
    ];
    content_key(parts.iter().map(String::as_str))
}

fn actor(author: Look<'_>, scope: &str) -> Option<Actor> {
    let name = author.at("displayName").text();
    let Some(id) = author.at("accountId").text() else {
        let name = name?;
        let kind = match name.as_str() {
            "System" => ActorKind::System,
            "Anonymous" => ActorKind::Anonymous,
            _ => ActorKind::Person,
        };
        return Some(Actor {
            kind,
            ..named(name, scope)
        });
    };
    let kind = match author.at("accountType") {
        kind if kind.is("app") => ActorKind::App,
        kind if kind.is("customer") => ActorKind::Customer,
        _ => ActorKind::Person,
    };
    Some(Actor {
        alias: Alias::account(id),
        kind,
        name,
        email: author.at("email").text(),
    })
}

/// Somebody of whom only the name is known: two of that name on one site are one.
fn named(name: String, scope: &str) -> Actor {
    Actor {
        alias: Alias {
            namespace: if scope.is_empty() {
                "name".to_owned()
            } else {
                format!("name:{scope}")
            },
            value: name.clone(),
        },
        kind: ActorKind::Person,
        name: Some(name),
        email: None,
    }
}

/// Something that a record names; upstream leaves the names empty where there is nothing.
fn object(item: Look<'_>, scope: &str) -> Option<Object> {
    let name = item.at("name").text();
    let kind = item.at("objectType").text();
    if name.is_none() && kind.is_none() {
        return None;
    }
    let kind = kind.map_or_else(|| UNKNOWN.to_owned(), |kind| kind.to_lowercase());
    let mut object = Object {
        kind,
        name,
        ..Object::default()
    };
    match (object.kind.as_str(), object.name.take()) {
        ("user", Some(name)) => object.user = Some(named(name, scope)),
        ("group", Some(name)) => (object.name, object.id) = group(&name),
        (_, name) => object.name = name,
    }
    Some(object)
}

/// The name of a group, and its id, which upstream puts behind it for some.
fn group(text: &str) -> (Option<String>, Option<String>) {
    match text.rsplit_once(':') {
        Some((name, id)) if uuid::Uuid::try_parse(id).is_ok() => {
            (Some(name.to_owned()), Some(id.to_owned()))
        }
        _ => (Some(text.to_owned()), None),
    }
}

/// Of a person in a group the person is the target and the group an object, as in all other systems.
fn person_first(target: Option<Object>, mut objects: Vec<Object>) -> (Option<Object>, Vec<Object>) {
    let person = objects.iter().position(|object| object.user.is_some());
    match (target, person) {
        (Some(group), Some(place)) if group.kind == "group" => {
            let person = objects.remove(place);
            objects.insert(0, group);
            (Some(person), objects)
        }
        (target, _) => (target, objects),
    }
}

/// The space that a record is about, if it says the key.
fn space(whole: Look<'_>, scope: &str) -> Option<Container> {
    let things = || {
        let affected = std::iter::once(whole.at("affectedObject"));
        affected.chain(whole.at("associatedObjects").list())
    };
    let is_space = |item: &Look<'_>| {
        let kind = item.at("objectType").text();
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case("space"))
    };
    let name = things()
        .find(is_space)
        .and_then(|item| item.at("name").text());
    let value = |field: &str| {
        let mut changes = whole.at("changedValues").list();
        let change = changes.find(|change| {
            let name = change.at("name").text();
            name.is_some_and(|name| name.eq_ignore_ascii_case(field))
        })?;
        let value = change.at("newValue").text();
        value.or_else(|| change.at("oldValue").text())
    };
    // Records of permissions say the key of the space there; other records may say its name.
    let summary = whole.at("summary").text().unwrap_or_default();
    let about_permission = summary.to_lowercase().contains("permission");
    let named = value("Space").filter(|key| about_permission && !key.contains(char::is_whitespace));
    let key = value("Space key").or(named)?;
    Some(Container {
        id: None,
        key: Some(key),
        name,
        parent: site(scope).map(Box::new),
        ..Container::new(ContainerKind::Space, scope, "")
    })
}

/// What changed; what upstream hides stays in the raw record, and so does what somebody is called.
fn changes(changed: Look<'_>) -> Vec<Change> {
    let change = |item: Look<'_>| {
        let field = item.at("name").text()?;
        let shown = |value: &str| item.at(value).text().filter(|_| !is_personal(&field));
        Some(Change {
            from: shown("oldValue"),
            to: shown("newValue"),
            field: field.clone(),
        })
    };
    changed.list().filter_map(change).collect()
}

/// Whether the values of a field say who somebody is; such things are kept with the person, not with the event.
fn is_personal(field: &str) -> bool {
    [
        "user",
        "username",
        "display name",
        "full name",
        "email",
        "e-mail",
        "email address",
    ]
    .iter()
    .any(|personal| personal.eq_ignore_ascii_case(field))
}

/// With which power it was done, where that is out of the ordinary.
fn means(whole: Look<'_>) -> Option<String> {
    let is = |name: &str| whole.at(name).flag() == Some(true);
    let power = if is("superAdmin") {
        "super-admin"
    } else if is("sysAdmin") {
        "sys-admin"
    } else {
        return None;
    };
    Some(power.to_owned())
}

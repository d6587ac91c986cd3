//! Records of Jira's audit log.

use super::issue;
use super::{Site, people};
use crate::event::action;
use crate::event::{Actor, Change, Container, Location, NewEvent, Object, Product};
use crate::source::content_key;
use crate::source::look::Look;

/// The event in one record, however little there is in it.
#[must_use]
pub fn event(site: &Site, record: Look<'_>, raw: &str) -> NewEvent {
    let text = |key: &str| record.at(key).text();
    let key = text("id").map(|id| format!("audit/{id}"));
    let key = key.unwrap_or_else(|| content_key([raw]));
    let summary = text("summary").unwrap_or_else(|| "unknown".to_owned());
    let action = action_of(&summary, &text("category").unwrap_or_default());
    let (target, objects) = involved(site, record);
    let about_person = target.as_ref().is_some_and(|target| target.user.is_some());
    let product = action::resolve(site.system, &action, None).map(|action| action.product);
    NewEvent {
        time: record.at("created").time(),
        actor: text("authorAccountId").and_then(|id| people::by_id(site, &id, None)),
        container: place(site, record),
        changes: record
            .at("changedValues")
            .list()
            .map(|change| self::change(change, about_person))
            .collect(),
        location: Location {
            ip: text("remoteAddress"),
            ..Location::default()
        },
        message: text("description").or_else(|| (action != summary).then(|| summary.clone())),
        product: match product {
            Some(Product::ServiceManagement) => Product::ServiceManagement,
            _ => Product::Jira,
        },
        target,
        objects,
        ..super::event(site, key, &action, raw)
    }
}

/// The action that a summary means: the summary itself, but for those about permissions that name the permission.
fn action_of(summary: &str, category: &str) -> String {
    let lower = summary.to_lowercase();
    let words = |word: &str| lower.split_whitespace().any(|found| found == word);
    let one = category.eq_ignore_ascii_case("permissions")
        && lower.starts_with("permission")
        && !lower.starts_with("permission scheme");
    if one && words("added") {
        "Permission added".to_owned()
    } else if one && (words("deleted") || words("removed")) {
        "Permission deleted".to_owned()
    } else {
        summary.to_owned()
    }
}

/// What it was done to, and what else was involved.
///
/// Of a user who was added to a group the user is the target and the group an object, as in all other logs.
fn involved(site: &Site, record: Look<'_>) -> (Option<Object>, Vec<Object>) {
    let item = record.at("objectItem");
    let changed = record.at("changedValues");
    let mut objects: Vec<Object> = std::iter::once(object(site, item, changed))
        .chain(
            record
                .at("associatedItems")
                .list()
                .map(|item| object(site, item, Look::default())),
        )
        .flatten()
        .collect();
    let is_group = objects.first().is_some_and(|object| object.kind == "group");
    let person = objects.iter().position(|object| object.user.is_some());
    let first = if is_group { person } else { None };
    if objects.is_empty() {
        return (None, objects);
    }
    let target = objects.remove(first.unwrap_or(0));
    objects.extend(named_people(site, changed));
    // Of users who were changed, records name the same user twice.
    objects.retain(|object| object.user.is_none() || object.id != target.id);
    (Some(target), objects)
}

/// The people whose account ids are among the changed values, e.g. those who were given a role.
fn named_people(site: &Site, changed: Look<'_>) -> Vec<Object> {
    let values = changed.list().flat_map(|change| {
        [
            change.at("changedFrom").text(),
            change.at("changedTo").text(),
        ]
    });
    let mut ids: Vec<String> = values
        .flatten()
        .flat_map(|value| {
            value
                .split(',')
                .map(|id| id.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .filter(|id| people::is_account_id(id))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let people = ids.iter().filter_map(|id| people::by_id(site, id, None));
    people.map(|user| people::object("user", user)).collect()
}

fn object(site: &Site, item: Look<'_>, changed: Look<'_>) -> Option<Object> {
    let (id, name) = (item.at("id").text(), item.at("name").text());
    let kind = item.at("typeName").text()?.to_lowercase();
    if kind == "user" {
        let value = |fields: &[&str]| {
            changed.list().find_map(|change| {
                let field = change.at("fieldName").text()?.to_lowercase();
                change
                    .at("changedTo")
                    .text()
                    .filter(|_| fields.contains(&field.as_str()))
            })
        };
        let user = people::by_id(site, id.as_deref().or(name.as_deref())?, name.clone())?;
        return Some(people::object(
            "user",
            Actor {
                name: value(&["full name", "display name"]).or(user.name),
                email: value(&["email", "email address"]).filter(|email| email.contains('@')),
                ..user
            },
        ));
    }
    let url = match kind.as_str() {
        "project" => item.at("key").text().and_then(|key| site.browse(&key)),
        _ => None,
    };
    Some(Object {
        kind,
        id: id.or_else(|| name.clone()),
        name,
        url,
        user: None,
    })
}

/// The project that the record names, else the site.
fn place(site: &Site, record: Look<'_>) -> Option<Container> {
    let items = std::iter::once(record.at("objectItem")).chain(record.at("associatedItems").list());
    items
        .filter(|item| {
            item.at("typeName")
                .text()
                .is_some_and(|kind| kind.eq_ignore_ascii_case("project"))
        })
        .find_map(|item| issue::project(site, item))
        .or_else(|| site.container())
}

/// What changed; a person's names and addresses are left to the person.
fn change(change: Look<'_>, about_person: bool) -> Change {
    let field = change.at("fieldName").text();
    let field = field.unwrap_or_else(|| "unknown".to_owned());
    let lower = field.to_lowercase();
    let personal = about_person && (lower.contains("name") || lower.contains("mail"));
    let value = |key: &str| change.at(key).text().filter(|_| !personal);
    Change {
        from: value("changedFrom"),
        to: value("changedTo"),
        field,
    }
}

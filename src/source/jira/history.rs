//! One entry of an issue's changelog: who changed which fields when.
//!
//! It becomes at most one event each for the status, the resolution and all other fields together, and one for each
//! attachment that came or went.

use super::issue::About;
use super::{Site, people};
use crate::event::{Actor, Change, NewEvent, Object, Timestamp};
use crate::source::content_key;
use crate::source::look::Look;

/// Fields whose values are people.
const PEOPLE: [&str; 3] = ["assignee", "reporter", "creator"];

/// An entry of a changelog, put together from wherever its parts were found.
#[derive(Clone, Debug)]
pub struct History<'a> {
    /// Jira's id; the same in a webhook's `changelog`.
    pub id: Option<String>,
    /// Who made the change.
    pub author: Option<Actor>,
    /// When.
    pub time: Option<Timestamp>,
    /// The list of changed fields.
    pub items: Look<'a>,
}

impl<'a> History<'a> {
    /// An entry as the REST API shows it.
    #[must_use]
    pub fn read(site: &Site, history: Look<'a>) -> Self {
        Self {
            id: history.at("id").text(),
            author: people::actor(site, history.at("author")),
            time: history.at("created").time(),
            items: history.at("items"),
        }
    }
}

/// What kind of change an item is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Status,
    Resolved,
    Attachment,
    Other,
}

/// The events in one entry.
#[must_use]
pub fn events(site: &Site, about: &About, history: &History<'_>, raw: &str) -> Vec<NewEvent> {
    let id = history.id.clone().unwrap_or_else(|| {
        let issue = about.issue.id.as_deref().or(about.issue.key.as_deref());
        content_key([issue.unwrap_or_default(), raw])
    });
    let new = |key: String, action: &str| NewEvent {
        actor: history.author.clone(),
        time: history.time,
        ..about.event(site, key, action, raw)
    };
    let (mut events, mut attachments) = (Vec::new(), Vec::new());
    for (kind, name, action) in [
        (Kind::Status, "status", "status"),
        (Kind::Resolved, "resolution", "resolution"),
        (Kind::Other, "fields", "jira:issue_updated"),
    ] {
        let mut event = new(format!("changelog/{id}/{name}"), action);
        for item in history.items.list().filter(|item| kind_of(*item) == kind) {
            let (change, people) = change(site, item);
            event.changes.push(change);
            for object in people {
                if event.objects.iter().all(|known| known.id != object.id) {
                    event.objects.push(object);
                }
            }
        }
        if !event.changes.is_empty() {
            events.push(event);
        }
    }
    for item in history.items.list() {
        if kind_of(item) != Kind::Attachment {
            continue;
        }
        for (id, name, verb) in [
            ("from", "fromString", "deleted"),
            ("to", "toString", "created"),
        ] {
            let Some(id) = item.at(id).text() else {
                continue;
            };
            let mut event = new(
                format!("attachment/{id}/{verb}"),
                &format!("attachment_{verb}"),
            );
            event.target = Some(Object {
                kind: "attachment".to_owned(),
                id: Some(id),
                name: item.at(name).text(),
                ..Object::default()
            });
            attachments.push(event);
        }
    }
    events.extend(attachments);
    events
}

fn kind_of(item: Look<'_>) -> Kind {
    let has = |key: &str| item.at(key).text().is_some();
    if item.at("fieldtype").is("custom") {
        return Kind::Other;
    }
    let name = item
        .at("fieldId")
        .text()
        .or_else(|| item.at("field").text());
    match name.unwrap_or_default().to_ascii_lowercase().as_str() {
        "status" => Kind::Status,
        // A resolution that was taken back is a change like any other.
        "resolution" if has("to") || has("toString") => Kind::Resolved,
        "attachment" if has("to") || has("from") => Kind::Attachment,
        _ => Kind::Other,
    }
}

/// What one item changed; where its values are people, their ids stand for them, and they are named beside it.
fn change(site: &Site, item: Look<'_>) -> (Change, Vec<Object>) {
    let text = |key: &str| item.at(key).text();
    let field = text("field").or_else(|| text("fieldId"));
    let field = field.unwrap_or_else(|| "unknown".to_owned());
    let from = text("tmpFromAccountId").or_else(|| text("from"));
    let to = text("tmpToAccountId").or_else(|| text("to"));
    let ids = |value: &Option<String>| -> Vec<String> {
        let list = value.as_deref().unwrap_or_default();
        let list = list.trim_start_matches('[').trim_end_matches(']');
        let ids = list.split(',').map(str::trim).filter(|id| !id.is_empty());
        ids.map(str::to_owned).collect()
    };
    let (before, after) = (ids(&from), ids(&to));
    let named = text("fieldId")
        .unwrap_or_else(|| field.clone())
        .to_ascii_lowercase();
    let are_people = PEOPLE.contains(&named.as_str())
        || text("tmpFromAccountId").is_some()
        || text("tmpToAccountId").is_some()
        || (!(before.is_empty() && after.is_empty())
            && before
                .iter()
                .chain(&after)
                .all(|id| people::is_account_id(id)));
    if !are_people {
        let value = |text_key: &str, id: Option<String>| text(text_key).or(id);
        let change = Change {
            from: value("fromString", from),
            to: value("toString", to),
            field,
        };
        return (change, Vec::new());
    }
    let somebody = |ids: &[String], name: &str| -> Vec<Object> {
        // Several names in one text cannot be told apart.
        let name = text(name).filter(|_| ids.len() == 1);
        let people = ids
            .iter()
            .filter_map(|id| people::by_id(site, id, name.clone()));
        people.map(|user| people::object("user", user)).collect()
    };
    let mut objects = somebody(&before, "fromString");
    objects.extend(somebody(&after, "toString"));
    (Change { field, from, to }, objects)
}

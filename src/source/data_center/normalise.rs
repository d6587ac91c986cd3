//! From a record of a Data Center audit log to an event, in either of the two shapes it comes in. Pure: no network, no
//! clock, no store.
//!
//! The REST interface answers with `type` and a text as `timestamp`, log files hold `auditType` and seconds with
//! nanoseconds. Neither shape has an id, so the key is a hash over what both say of the fact. People and places are
//! `subject`'s part.

use super::subject::{self, Place};
use super::{Product, legacy};
use crate::event::directory::{DirectoryAction, Entry};
use crate::event::{Change, Facts, IssueRef, Location, NewEvent, Object};
use crate::source::content_key;
use crate::source::look::{self, Look};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The action of a record that names none.
const UNKNOWN: &str = "unknown";

/// Attributes longer than this are documents: they stay in the raw record.
const LONGEST_ATTRIBUTE: usize = 200;

/// Words in the key or name of an attribute that may hold a secret, or repeats somebody's name.
const WITHHELD: [&str; 9] = [
    "publickey",
    "public key",
    "key text",
    "gpgevent.text",
    "subkeys",
    "secret",
    "password",
    "legacy.",
    "token value",
];

/// Words in the name of a change of a user that make its values personal.
const PERSONAL: [&str; 3] = ["name", "mail", "phone"];

/// What one record says, whatever shape it has; `scope` is empty when the instance is not known.
#[must_use]
pub fn facts(product: Product, record: &RawValue, scope: &str) -> Facts {
    let value = look::value(record);
    let whole = Look::new(&value);
    if let Some(facts) = legacy::facts(product, record, whole, scope) {
        return facts;
    }
    // An instance that nobody has named is known by the address that it gives itself.
    let own = whole.at("system").text().filter(|_| scope.is_empty());
    let own = own.and_then(|url| url.parse().ok());
    let scope = own.map_or_else(|| scope.to_owned(), |url| crate::source::scope_of(&url));
    let place = Place {
        product,
        scope: &scope,
    };
    let event = event(&place, record, whole);
    let kind = kind(whole);
    let listed = Entry::Action(DirectoryAction {
        name: event.action.clone(),
        label: kind.at("action").text(),
        group: kind.at("category").text(),
        group_key: kind.at("categoryI18nKey").text(),
    });
    let described = event.action != UNKNOWN && kind.at("action").text().is_some();
    Facts {
        events: vec![event],
        entries: described.then_some(listed).into_iter().collect(),
    }
}

fn kind(whole: Look<'_>) -> Look<'_> {
    match whole.at("type") {
        kind if kind.is_object() => kind,
        _ => whole.at("auditType"),
    }
}

/// The stable name of what happened: the key that does not follow the server's language, where there is one.
fn action(whole: Look<'_>) -> String {
    let kind = kind(whole);
    let key = kind
        .at("actionI18nKey")
        .text()
        .or_else(|| kind.at("action").text());
    key.unwrap_or_else(|| UNKNOWN.to_owned())
}

fn event(place: &Place<'_>, record: &RawValue, whole: Look<'_>) -> NewEvent {
    let (target, mut objects) = subject::involved(place, whole);
    objects.extend(whole.at("extraAttributes").list().filter_map(attribute));
    let of_user = target.as_ref().is_some_and(|target| target.kind == "user");
    let issue = whole
        .at("affectedObjects")
        .list()
        .find(|object| subject::kind(*object) == "issue")
        .map(|object| IssueRef {
            id: object.at("id").text(),
            key: object.at("name").text(),
        });
    NewEvent {
        upstream_key: key(whole),
        system: place.product.system(),
        action: action(whole),
        product: place.product.product(),
        time: whole.at("timestamp").time(),
        actor: subject::person(place, whole.at("author")),
        target,
        objects,
        container: subject::container(place, whole),
        issue,
        changes: whole
            .at("changedValues")
            .list()
            .filter_map(|item| change(item, of_user))
            .collect(),
        location: Location {
            ip: whole.at("source").text(),
            ..Location::default()
        },
        method: whole.at("method").text(),
        message: kind(whole).at("action").text(),
        raw: record.get().to_owned(),
    }
}

/// One change; what somebody is or was called stays in the raw record, where it can be erased with it.
fn change(item: Look<'_>, of_user: bool) -> Option<Change> {
    let (key, i18n) = (item.at("key").text(), item.at("i18nKey").text());
    let words = [&key, &i18n].map(|word| word.as_deref().unwrap_or_default().to_lowercase());
    let personal = of_user
        && words
            .iter()
            .any(|words| PERSONAL.iter().any(|word| words.contains(word)));
    let value = |name| {
        item.at(name)
            .text()
            .filter(|value| !personal && !value.contains('@'))
    };
    Some(Change {
        field: key.or(i18n)?,
        from: value("from"),
        to: value("to"),
    })
}

/// What else the record says, as far as it is short and harmless.
fn attribute(item: Look<'_>) -> Option<Object> {
    let key = item.at("nameI18nKey").text().unwrap_or_default();
    let name = item.at("name").text().filter(|name| !name.is_empty());
    let value = item.at("value").text()?;
    let words = format!("{key} {}", name.as_deref().unwrap_or_default()).to_lowercase();
    let withheld = WITHHELD.iter().any(|word| words.contains(word))
        || value.len() > LONGEST_ATTRIBUTE
        || value.starts_with(['{', '['])
        || value.contains(['@', '\n', '\r']);
    (!withheld).then(|| Object {
        kind: "attribute".to_owned(),
        id: name.or(Some(key)),
        name: Some(value),
        ..Object::default()
    })
}

/// What makes the fact what it is, in either shape: REST cuts times to milliseconds and orders lists otherwise, and adds
/// links, which are therefore left out; the file adds area and level.
fn key(whole: Look<'_>) -> String {
    let text = |look: Look<'_>| look.text().map_or(Value::Null, Value::String);
    let time = whole.at("timestamp");
    let time = time.time().map_or_else(
        || time.text().unwrap_or_default(),
        |time| time.millis().to_string(),
    );
    let author = whole.at("author");
    let author = author
        .at("id")
        .text()
        .or_else(|| author.at("name").text().map(|name| format!("name:{name}")));
    let objects = sorted(whole.at("affectedObjects"), |object| {
        json!([
            subject::kind(object),
            text(object.at("id")),
            text(object.at("name"))
        ])
    });
    let named = |item: Look<'_>, key: &str, name: &str| {
        let key = item.at(key).text();
        key.or_else(|| item.at(name).text())
            .map_or(Value::Null, Value::String)
    };
    let changes = sorted(whole.at("changedValues"), |item| {
        json!([
            named(item, "i18nKey", "key"),
            text(item.at("from")),
            text(item.at("to"))
        ])
    });
    let attributes = sorted(whole.at("extraAttributes"), |item| {
        json!([named(item, "nameI18nKey", "name"), text(item.at("value"))])
    });
    content_key([
        "data-center",
        &time,
        &author.unwrap_or_default(),
        &action(whole),
        &objects,
        &changes,
        &attributes,
        &whole.at("source").text().unwrap_or_default(),
        &whole.at("node").text().unwrap_or_default(),
    ])
}

fn sorted<'a>(list: Look<'a>, part: impl Fn(Look<'a>) -> Value) -> String {
    let mut parts: Vec<String> = list.list().map(|item| part(item).to_string()).collect();
    parts.sort_unstable();
    parts.join("\n")
}

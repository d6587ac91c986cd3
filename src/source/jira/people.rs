//! People in Jira's JSON: account ids in Cloud, keys and names in Data Center. Nobody is ever guessed.

use super::Site;
use crate::event::{Actor, ActorKind, Alias, Object, System};
use crate::source::look::Look;

/// The account id that stands for accounts which no longer exist.
const GONE: &str = "unknown";

/// Somebody as a user object shows them; `None` without an account id (Cloud) or key (Data Center).
#[must_use]
pub fn actor(site: &Site, user: Look<'_>) -> Option<Actor> {
    let text = |key: &str| user.at(key).text();
    let alias = match text("accountId").filter(|id| id != GONE) {
        Some(id) => Alias::account(id),
        None if site.system == System::JiraDc => {
            let key = text("key").or_else(|| text("name"))?;
            Alias::data_center(&site.scope, key)
        }
        None => return None,
    };
    let kind = match text("accountType").as_deref() {
        Some("app") => ActorKind::App,
        Some("customer") => ActorKind::Customer,
        Some("system") => ActorKind::System,
        _ => kind_of_id(&alias.value),
    };
    Some(Actor {
        kind,
        name: text("displayName").filter(|name| *name != alias.value),
        email: text("emailAddress").filter(|email| email.contains('@')),
        alias,
    })
}

/// Somebody of whom only the id or key is known, and perhaps a name.
#[must_use]
pub fn by_id(site: &Site, id: &str, name: Option<String>) -> Option<Actor> {
    if id == GONE {
        return None;
    }
    let account = site.system != System::JiraDc && !is_user_key(id);
    let alias = if account {
        Alias::account(id)
    } else {
        Alias::data_center(&site.scope, id)
    };
    Some(Actor {
        alias,
        kind: kind_of_id(id),
        name: name.filter(|name| name != id),
        email: None,
    })
}

/// Somebody as a thing that an event involves, e.g. the new assignee.
#[must_use]
pub fn object(kind: &str, user: Actor) -> Object {
    Object {
        kind: kind.to_owned(),
        id: Some(user.alias.value.clone()),
        user: Some(user),
        ..Object::default()
    }
}

/// Whether a text is an id as only accounts have them, so that the name beside it is a person's.
#[must_use]
pub fn is_account_id(text: &str) -> bool {
    let hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let numbered = text.split_once(':').is_some_and(|(number, rest)| {
        !number.is_empty()
            && number.chars().all(|c| c.is_ascii_digit())
            && rest.len() >= 32
            && hex(rest)
    });
    numbered
        || (text.len() == 24 && !text.contains('-') && hex(text))
        || text.starts_with("qm:")
        || is_user_key(text)
}

/// Whether an id is one of the user keys that Jira Cloud made for accounts which came after names were given up.
fn is_user_key(id: &str) -> bool {
    id.starts_with("ug:") || id.starts_with("JIRAUSER")
}

fn kind_of_id(id: &str) -> ActorKind {
    if id.starts_with("qm:") {
        ActorKind::Customer
    } else {
        ActorKind::Person
    }
}

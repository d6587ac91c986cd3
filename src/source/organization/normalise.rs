//! From a record of the organization's audit log to an event. Pure: no network, no clock, no store.
//!
//! A record is looked into, never trusted: whatever is missing, misplaced or unheard of is left out of the fields and
//! stays in the raw text. Which places a record names is `place`'s part.

use super::place;
use crate::event::{
    Actor, ActorKind, Alias, IssueRef, Location, NewEvent, Object, Product, System,
};
use crate::source::look::{self, Look};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// The action of a record that names none.
const UNKNOWN: &str = "unknown";

/// The event in one record of the audit log, however little there is in it.
#[must_use]
pub fn event(record: &RawValue) -> NewEvent {
    let value = look::value(record);
    let whole = Look::new(&value);
    // Some collectors hand on what is inside the envelope without the envelope.
    let facts = match whole.at("attributes") {
        attributes if attributes.is_object() => attributes,
        _ => whole,
    };
    let action = facts.at("action").text();
    let action = action.unwrap_or_else(|| UNKNOWN.to_owned());
    let product = product(facts, &action);
    let issue = issue(facts);
    let (target, mut objects) = involved(facts, issue.as_ref());
    objects.extend(on_behalf_of(facts.at("actor")));
    objects.extend(app(facts.at("actor").at("app")));
    let location = facts.at("location");
    NewEvent {
        upstream_key: whole
            .at("id")
            .text()
            .unwrap_or_else(|| format!("sha256:{:x}", Sha256::digest(record.get()))),
        system: System::Organization,
        action,
        product,
        time: facts
            .at("time")
            .time()
            .or_else(|| facts.at("processedAt").time()),
        actor: actor(facts.at("actor")),
        target,
        objects,
        container: place::container(facts, issue.as_ref(), product),
        issue,
        changes: Vec::new(),
        location: Location {
            ip: location.at("ip").text(),
            city: location.at("city").text(),
            region: location.at("regionName").text(),
            country: location.at("countryName").text(),
        },
        method: facts.at("actor").at("auth").at("authType").text(),
        message: whole.at("message").at("content").text(),
        raw: record.get().to_owned(),
    }
}

/// The product that a container or context names, else the one that the action's name begins with.
fn product(facts: Look<'_>, action: &str) -> Product {
    let named = [facts.at("container"), facts.at("context")]
        .into_iter()
        .flat_map(Look::list)
        .find_map(|item| item.at("attributes").at("product").text());
    if let Some(name) = named {
        return product_named(&name);
    }
    let action = action.to_lowercase();
    [
        ("jira_service_", Product::ServiceManagement),
        ("jsm_", Product::ServiceManagement),
        ("servicedesk_", Product::ServiceManagement),
        ("service_desk_", Product::ServiceManagement),
        ("jira_", Product::Jira),
        ("confluence_", Product::Confluence),
        ("bitbucket_", Product::Bitbucket),
        ("assets_", Product::Assets),
        ("insight_", Product::Assets),
        ("guard_", Product::Guard),
        ("beacon_", Product::Guard),
        ("loom_", Product::Other),
        ("trello_", Product::Other),
        ("opsgenie_", Product::Other),
        ("statuspage_", Product::Other),
        ("compass_", Product::Other),
    ]
    .into_iter()
    .find(|(prefix, _)| action.starts_with(prefix))
    .map_or(Product::Organization, |(_, product)| product)
}

fn product_named(name: &str) -> Product {
    let letters = |c: char| c.is_ascii_alphanumeric();
    let name: String = name
        .to_lowercase()
        .chars()
        .filter(|c| letters(*c))
        .collect();
    match name.as_str() {
        "software"
        | "core"
        | "jira"
        | "jirasoftware"
        | "jiracore"
        | "jirawork"
        | "jiraproductdiscovery"
        | "productdiscovery" => Product::Jira,
        "servicedesk"
        | "jiraservicedesk"
        | "servicemanagement"
        | "jiraservicemanagement"
        | "jsm" => Product::ServiceManagement,
        "confluence" => Product::Confluence,
        "bitbucket" => Product::Bitbucket,
        "assets" | "insight" | "cmdb" => Product::Assets,
        "guard" | "guarddetect" | "atlassianguard" | "beacon" => Product::Guard,
        "organization" | "admin" | "administration" => Product::Organization,
        _ => Product::Other,
    }
}

/// What the event was done to, and what else was involved.
///
/// The target is the first person in the context; without people the first thing that is not merely a place
/// (organization, site, directory); else the first item. So of a user who was added to a group the user is the target
/// and the group an object. Without any context the issue that the container names is the target, or its page.
fn involved(facts: Look<'_>, issue: Option<&IssueRef>) -> (Option<Object>, Vec<Object>) {
    let mut objects: Vec<Object> = facts.at("context").list().filter_map(object).collect();
    let rank = |object: &Object| match object.kind.as_str() {
        _ if object.user.is_some() => 0,
        "organization" | "site" | "directory" => 2,
        _ => 1,
    };
    let first = (0..objects.len()).min_by_key(|place| (rank(&objects[*place]), *place));
    let target = match first {
        Some(place) => Some(objects.remove(place)),
        None => facts
            .at("container")
            .list()
            .find_map(|item| viewed(item, issue)),
    };
    (target, objects)
}

/// What kind of thing, in the singular as all other systems say it. Unknown kinds stay as they are.
fn singular(kind: String) -> String {
    let known = match kind.as_str() {
        "users" => "user",
        "groups" => "group",
        "sites" => "site",
        "orgs" | "org" | "organizations" => "organization",
        "directories" => "directory",
        "issues" => "issue",
        "pages" => "page",
        "spaces" => "space",
        "projects" => "project",
        "repositories" => "repository",
        "workspaces" => "workspace",
        _ => return kind,
    };
    known.to_owned()
}

/// One item of a context.
fn object(item: Look<'_>) -> Option<Object> {
    let attributes = item.at("attributes");
    let kind = item.at("type").text();
    let kind = kind.map_or_else(|| UNKNOWN.to_owned(), singular);
    let id = item.at("id").text();
    let person = matches!(kind.as_str(), "user" | "invited-user")
        || (!attributes.at("accountType").is("") && attributes.at("accountType").text().is_some());
    let user = person
        .then(|| somebody(id.as_deref(), attributes))
        .flatten();
    let name = [
        "name",
        "title",
        "displayName",
        "groupName",
        "siteName",
        "key",
    ]
    .into_iter()
    .find_map(|key| attributes.at(key).text())
    .filter(|_| user.is_none());
    let url = item.at("links").at("alt").text();
    if !item.is_object() || (id.is_none() && name.is_none() && user.is_none() && url.is_none()) {
        return None;
    }
    Some(Object {
        kind,
        id,
        name,
        url,
        user,
    })
}

/// The issue or page that a container names in passing, as events about viewing do.
fn viewed(item: Look<'_>, issue: Option<&IssueRef>) -> Option<Object> {
    let attributes = item.at("attributes");
    let url = item.at("links").at("alt").text();
    if let Some(IssueRef { id, key }) = issue {
        return Some(Object {
            kind: "issue".to_owned(),
            id: id.clone().or_else(|| key.clone()),
            name: key.clone(),
            url: url.filter(|_| place::names_issue(item)),
            user: None,
        });
    }
    let page = |keys: [&str; 2]| keys.iter().find_map(|key| attributes.at(key).text());
    Some(Object {
        kind: "page".to_owned(),
        id: Some(page(["pageId", "contentId"])?),
        name: page(["pageTitle", "contentTitle"]),
        url,
        user: None,
    })
}

fn issue(facts: Look<'_>) -> Option<IssueRef> {
    let issue = |item| {
        let found = place::issue(item);
        (found.id.is_some() || found.key.is_some()).then_some(found)
    };
    let containers = facts.at("container").list().find_map(issue);
    containers.or_else(|| facts.at("context").list().find_map(issue))
}

/// Who did it.
fn actor(actor: Look<'_>) -> Option<Actor> {
    let id = actor.at("id").text();
    let mut found = somebody(id.as_deref(), actor)?;
    if actor.at("app").is_object() {
        found.kind = ActorKind::App;
    }
    Some(found)
}

fn on_behalf_of(actor: Look<'_>) -> Option<Object> {
    let other = actor.at("onBehalfOf");
    let id = other.at("id").text();
    Some(Object {
        kind: "on-behalf-of".to_owned(),
        user: Some(somebody(id.as_deref(), other)?),
        id,
        ..Object::default()
    })
}

fn app(app: Look<'_>) -> Option<Object> {
    Some(Object {
        kind: "app".to_owned(),
        id: Some(app.at("id").text()?),
        name: app.at("attributes").at("name").text(),
        ..Object::default()
    })
}

/// Somebody by the best name there is: the account id, else an e-mail address, else what they are called.
fn somebody(id: Option<&str>, facts: Look<'_>) -> Option<Actor> {
    // Upstream puts names into `email` where there is no address, and addresses into `name` where there is no name.
    let email = facts.at("email").text().filter(|email| is_address(email));
    let name = facts
        .at("name")
        .text()
        .filter(|name| email.as_ref() != Some(name));
    let alias = match (id, &email, &name) {
        (Some(id), ..) => Alias::account(id),
        (None, Some(email), _) => Alias {
            namespace: "email".to_owned(),
            value: email.to_lowercase(),
        },
        (None, None, Some(name)) => Alias {
            namespace: "name".to_owned(),
            value: name.clone(),
        },
        (None, None, None) => return None,
    };
    let kind = if facts.at("accountType").is("app")
        || email
            .as_ref()
            .is_some_and(|email| email.to_lowercase().ends_with("@connect.atlassian.com"))
    {
        ActorKind::App
    } else if facts.at("accountType").is("customer") {
        ActorKind::Customer
    } else {
        match id {
            Some(id) if email.is_none() && id.eq_ignore_ascii_case("anonymous") => {
                ActorKind::Anonymous
            }
            Some(id) if email.is_none() && is_word(id) => ActorKind::System,
            _ => ActorKind::Person,
        }
    };
    Some(Actor {
        alias,
        kind,
        name,
        email,
    })
}

/// Whether an id is made of words, as no account's is, e.g. `atlassian-internal-system`.
fn is_word(id: &str) -> bool {
    id.chars()
        .all(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '_' | ' '))
}

fn is_address(email: &str) -> bool {
    let spaces = email.chars().any(char::is_whitespace);
    email.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !host.contains('@') && !spaces
    })
}

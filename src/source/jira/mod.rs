//! What Jira's JSON says, whoever hands it over: a poll, a webhook or a recorded file, of Jira Cloud or Data Center. Pure.
//!
//! [`facts`] tells the shapes apart; the other modules read one shape each. The keys given here are the same for poll and
//! webhook, so that both meet on one event. How records are fetched is not known here.

pub mod audit;
pub mod comment;
pub mod history;
pub mod hook;
pub mod issue;
pub mod people;
pub mod shape;
pub mod worklog;

use super::look::{self, Look};
use crate::event::{Container, ContainerKind, Facts, Location, NewEvent, Product, System};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The site or instance that a record is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Jira Cloud or Jira Data Center.
    pub system: System,
    /// What makes its ids unique, e.g. `acme.atlassian.net`; empty when that is not known.
    pub scope: String,
    /// Where people open it, without a slash at the end; empty when that is not known.
    pub url: String,
}

impl Site {
    /// The site with that scope, opened at `url`.
    #[must_use]
    pub fn new(system: System, scope: &str, url: &str) -> Self {
        Self {
            system,
            scope: scope.to_owned(),
            url: url.trim_end_matches('/').to_owned(),
        }
    }

    /// This site; where scope or address are not known, those that the `self` link of `item` shows.
    #[must_use]
    pub fn or_of(mut self, item: Look<'_>) -> Self {
        let link = item.at("self").text().unwrap_or_default();
        let Some((base, _)) = link.split_once("/rest/") else {
            return self;
        };
        let Some((_, scope)) = base.split_once("://") else {
            return self;
        };
        if self.scope.is_empty() {
            self.scope = scope.to_ascii_lowercase();
        }
        // The address of an API gateway is nothing that people could open.
        if self.url.is_empty() && !scope.contains("/ex/jira/") {
            base.clone_into(&mut self.url);
        }
        self
    }

    /// The site as a container; `None` when it is not known.
    #[must_use]
    pub fn container(&self) -> Option<Container> {
        (!self.scope.is_empty()).then(|| Container {
            url: Some(self.url.clone()).filter(|url| !url.is_empty()),
            ..Container::new(ContainerKind::Site, "", self.scope.clone())
        })
    }

    /// Where people open the project or issue with that key.
    #[must_use]
    pub fn browse(&self, key: &str) -> Option<String> {
        (!self.url.is_empty()).then(|| format!("{}/browse/{key}", self.url))
    }
}

/// What one record says, in any of the shapes that Jira's REST API and our own polling give.
#[must_use]
pub fn facts(record: &RawValue, site: &Site) -> Facts {
    let value = look::value(record);
    let look = Look::new(&value);
    let raw = record.get();
    if let Some(facts) = hook::facts(record, site, None) {
        return facts;
    }
    let of_issue = look.at("issue").is_object()
        || look.at("fields").is_object()
        || look.at("changelog").is_object()
        || look.at("changeHistories").is_list();
    if of_issue {
        issue::facts(record, site)
    } else if look.at("items").is_list() {
        let about = issue::About::by_id(site, None);
        history::events(site, &about, &history::History::read(site, look), raw).into()
    } else if look.at("deletedWorklog").is_object() {
        let gone = worklog::polled_deletion(site, record);
        gone.into_iter().collect::<Vec<_>>().into()
    } else if look.at("timeSpentSeconds").text().is_some() {
        worklog::polled(site, look, raw).into()
    } else if look.at("updateAuthor").is_object() {
        comment::polled(site, &issue::About::by_id(site, None), look, raw).into()
    } else {
        audit::event(site, look, raw).into()
    }
}

/// An event of which nothing but this is known.
#[must_use]
pub fn event(site: &Site, upstream_key: String, action: &str, raw: &str) -> NewEvent {
    NewEvent {
        upstream_key,
        system: site.system,
        action: action.to_owned(),
        product: Product::Jira,
        time: None,
        actor: None,
        target: None,
        objects: Vec::new(),
        container: site.container(),
        issue: None,
        changes: Vec::new(),
        location: Location::default(),
        method: None,
        message: None,
        raw: raw.to_owned(),
    }
}

/// The members of an object, each exactly as it is written; none when it is no object.
fn members(object: &RawValue) -> BTreeMap<Cow<'_, str>, &RawValue> {
    serde_json::from_str(object.get()).unwrap_or_default()
}

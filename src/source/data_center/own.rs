//! The noise of our own reading: each search of an audit log is written into that log.
//!
//! What somebody else has searched for is news. So nothing is left out before it is known who we are.

use super::Product;
use crate::source::look::{self, Look};
use serde_json::value::RawValue;

/// Searching an audit log, in all products.
const SEARCHED: &str = "atlassian.audit.event.action.audit.search";

/// Logging in, which each request with a password is. Only Bitbucket's key has been seen; the others are remembered.
const LOGGED_IN: [&str; 3] = [
    "bitbucket.service.user.audit.action.authenticationsuccess",
    "jira.auditing.user.logged.in",
    "audit.logging.summary.user.login.success",
];

/// Who we are in an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity {
    ids: Vec<String>,
    names: Vec<String>,
}

impl Identity {
    pub(super) fn learn_id(&mut self, id: Option<String>) {
        // The log writes the number alone.
        self.ids.extend(id.map(|id| {
            let number = id.strip_prefix("JIRAUSER").map(ToOwned::to_owned);
            number.unwrap_or(id)
        }));
    }

    pub(super) fn learn_name(&mut self, name: Option<String>) {
        let name = name.filter(|name| !name.is_empty() && name != "anonymous");
        self.names.extend(name.map(|name| name.to_lowercase()));
    }

    /// Whether an author is us. Names decide only where they are unique, and an id says more than any name.
    fn is(&self, product: Product, author: Look<'_>) -> bool {
        if author
            .at("id")
            .text()
            .is_some_and(|id| self.ids.contains(&id))
        {
            return true;
        }
        let name = match product {
            // What stands there is the display name; the user name is in the link alone.
            Product::Confluence => author.at("uri").text().and_then(|uri| {
                let (_, query) = uri.split_once('?')?;
                url::form_urlencoded::parse(query.as_bytes())
                    .find(|(key, _)| key == "username")
                    .map(|(_, name)| name.into_owned())
            }),
            Product::Bitbucket | Product::Jira => author.at("name").text(),
        };
        name.is_some_and(|name| self.names.contains(&name.to_lowercase()))
    }

    /// Whether a record tells of nothing but our own reading.
    pub(super) fn caused(&self, product: Product, basic: bool, record: &RawValue) -> bool {
        let text = record.get();
        let logged_in = || LOGGED_IN.iter().any(|key| text.contains(key));
        // Most records are told without taking them apart.
        if !(text.contains(SEARCHED) || basic && logged_in()) {
            return false;
        }
        let value = look::value(record);
        let whole = Look::new(&value);
        let keys = ["type", "auditType"].map(|kind| whole.at(kind).at("actionI18nKey"));
        let noise = keys
            .iter()
            .any(|key| key.is(SEARCHED) || (basic && LOGGED_IN.iter().any(|login| key.is(login))));
        noise && self.is(product, whole.at("author"))
    }
}

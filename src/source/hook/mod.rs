//! What webhooks of all systems share: what a delivery is, how one without an id is known, and Bitbucket Data Center's
//! bodies. The bodies of a system with a folder of its own are read there.

pub mod bitbucket_dc;
mod delivery;
mod view;

pub use delivery::{Delivery, NoHook};
pub use view::IssueViews;

use super::look::Look;
use super::{bitbucket_cloud, content_key, jira};
use crate::event::{Facts, System};
use serde_json::value::RawValue;

/// What tells the body of one webhook from another where there is no id: a hash over its text.
///
/// Unlike records out of a log, two bodies with the same text are one: upstream sent it again.
#[must_use]
pub fn fingerprint(record: &RawValue) -> String {
    content_key([record.get()]).replace(':', "-")
}

/// What a webhook of Jira says, Cloud or Data Center.
pub fn of_jira(delivery: &Delivery<'_>, site: &jira::Site) -> Result<Facts, NoHook> {
    let id = delivery.header("X-Atlassian-Webhook-Identifier");
    let facts = jira::hook::facts(delivery.record()?, site, id).ok_or(NoHook::Unknown {
        system: "Jira",
        expected: "it has a webhookEvent, e.g. jira:issue_updated; what a workflow's post function sends has none, and \
                   is told by the issue's changelog",
    })?;
    Ok(delivery.say(facts))
}

/// What a webhook of Bitbucket Data Center says; nothing, when an administrator tries whether anybody listens.
pub fn of_bitbucket_dc(delivery: &Delivery<'_>, scope: &str) -> Result<Facts, NoHook> {
    let record = delivery.record()?;
    if bitbucket_dc::is_test(record) {
        return Ok(Facts::default());
    }
    let name = delivery.header("X-Event-Key");
    let event = bitbucket_dc::event(record, scope, name).ok_or(NoHook::Unknown {
        system: "Bitbucket Data Center",
        expected: "it has an eventKey, e.g. repo:refs_changed",
    })?;
    Ok(delivery.say(event.into()))
}

/// Whose webhook a recorded body is, as far as its shape says so.
///
/// Jira Cloud knows people by account ids, Jira Data Center by keys and names; a body that names nobody could be of
/// either and counts as the first.
#[must_use]
pub fn recognise(body: Look<'_>) -> Option<System> {
    if body.at("eventKey").text().is_some() && body.at("date").time().is_some() {
        return Some(System::BitbucketDc);
    }
    if body.at("webhookEvent").text().is_some() && body.at("timestamp").time().is_some() {
        let people = ["user", "comment", "worklog", "attachment"].map(|part| {
            let part = body.at(part);
            [part, part.at("author"), part.at("updateAuthor")]
        });
        let named = |person: &Look<'_>| {
            person.at("name").text().is_some() && person.at("self").text().is_some()
        };
        let has = |person: &Look<'_>| person.at("accountId").text().is_some();
        let people = people.as_flattened();
        let is_dc = people.iter().any(named) && !people.iter().any(has);
        return Some(if is_dc {
            System::JiraDc
        } else {
            System::JiraCloud
        });
    }
    bitbucket_cloud::hook::is_hook(body).then_some(System::BitbucketCloud)
}

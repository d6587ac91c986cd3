//! Directory items in upstream's words, read as directory entries. Pure.

use crate::event::directory::{
    ActivitySignal, DirectoryAction, DirectoryGroup, DirectoryUser, UserStatus,
};
use crate::event::signal::{LAST_ACTIVE_DATE, PRODUCT_ACCESS};
use crate::event::{ActorKind, Alias, Timestamp};
use crate::source::look::Look;

/// A user of a directory, from version 2 of the API.
pub(super) fn user(item: Look<'_>) -> Option<DirectoryUser> {
    let id = item.at("accountId").text()?;
    let groups = item.at("groups");
    Some(DirectoryUser {
        aliases: vec![Alias::account(id)],
        kind: kind(item.at("accountType")),
        name: item.at("name").text(),
        nickname: item.at("nickname").text(),
        email: item.at("email").text(),
        unverified_email: item.at("emailVerified").flag() == Some(false),
        status: status(&[
            item.at("accountStatus"),
            item.at("status"),
            item.at("membershipStatus"),
        ]),
        avatar_url: item
            .at("picture")
            .text()
            .or_else(|| item.at("avatar").text()),
        job_title: item.at("jobTitle").text(),
        department: item.at("department").text(),
        added_at: item.at("addedToOrg").time(),
        groups: groups
            .is_list()
            .then(|| groups.list().filter_map(group).collect()),
        activity: newest(item.at("productAccess"), "lastActiveTimestamp", ""),
    })
}

/// A managed account, from version 1 of the API.
pub(super) fn account(item: Look<'_>) -> Option<DirectoryUser> {
    let id = item.at("account_id").text()?;
    Some(DirectoryUser {
        aliases: vec![Alias::account(id)],
        kind: kind(item.at("account_type")),
        name: item.at("name").text(),
        email: item.at("email").text(),
        status: status(&[item.at("account_status")]),
        avatar_url: item.at("picture").text(),
        activity: newest(item.at("product_access"), "last_active", ""),
        ..DirectoryUser::default()
    })
}

/// A group, alone or within a user.
pub(super) fn group(item: Look<'_>) -> Option<DirectoryGroup> {
    Some(DirectoryGroup {
        id: item.at("id").text()?,
        name: item.at("name").text(),
        description: item.at("description").text(),
    })
}

/// An action that the log can report. Many have no label.
pub(super) fn action(item: Look<'_>) -> Option<DirectoryAction> {
    let attributes = item.at("attributes");
    Some(DirectoryAction {
        name: item.at("id").text()?,
        label: attributes.at("displayName").text(),
        group: attributes.at("groupDisplayName").text(),
        group_key: None,
    })
}

/// The signs of activity in an answer about one user.
pub(super) fn last_active(data: Look<'_>) -> Vec<ActivitySignal> {
    newest(
        data.at("product_access"),
        "last_active_timestamp",
        "last_active",
    )
}

/// When one user was added to the organization.
pub(super) fn added_to_org(data: Look<'_>) -> Option<Timestamp> {
    let exact = data.at("added_to_org_timestamp").time();
    exact.or_else(|| data.at("added_to_org").time())
}

/// The newest sign for each product: the same product may be there once for each site, with the moment or only the day.
fn newest(access: Look<'_>, exact: &str, day: &str) -> Vec<ActivitySignal> {
    let mut signals: Vec<ActivitySignal> = Vec::new();
    for product in access.list() {
        let Some(key) = product.at("key").text() else {
            continue;
        };
        let found = match product.at(exact).time() {
            Some(time) if product.at(exact).text().is_some_and(|text| is_day(&text)) => {
                Some((LAST_ACTIVE_DATE, time))
            }
            Some(time) => Some((PRODUCT_ACCESS, time)),
            None => product.at(day).time().map(|time| (LAST_ACTIVE_DATE, time)),
        };
        let Some((kind, time)) = found else {
            continue;
        };
        let evidence = format!("{kind}{key}");
        match signals
            .iter_mut()
            .find(|signal| signal.evidence == evidence)
        {
            Some(signal) => signal.time = signal.time.max(time),
            None => signals.push(ActivitySignal { evidence, time }),
        }
    }
    signals
}

/// Whether a time names only a day, e.g. `2026-11-03`.
fn is_day(text: &str) -> bool {
    text.len() == "2026-11-03".len() && text.contains('-')
}

fn kind(account_type: Look<'_>) -> ActorKind {
    if account_type.is("app") {
        ActorKind::App
    } else if account_type.is("customer") {
        ActorKind::Customer
    } else {
        ActorKind::Person
    }
}

/// The worst of several statuses: an active account may be suspended from its directory.
fn status(words: &[Look<'_>]) -> Option<UserStatus> {
    let any = |names: &[&str]| {
        words
            .iter()
            .any(|word| names.iter().any(|name| word.is(name)))
    };
    if any(&["closed", "for_deletion"]) {
        Some(UserStatus::Closed)
    } else if any(&["inactive", "deactivated"]) {
        Some(UserStatus::Inactive)
    } else if any(&["suspended", "not_invited", "no_membership"]) {
        Some(UserStatus::Suspended)
    } else if any(&["active"]) {
        Some(UserStatus::Active)
    } else {
        None
    }
}

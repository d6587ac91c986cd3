//! Items of Jira's lists, read as directory entries. Pure.

use crate::event::directory::{
    CUSTOMER_ORGANIZATION, DirectoryGroup, DirectoryThing, DirectoryUser, ThingKind, UserStatus,
};
use crate::event::{ActorKind, Container, ContainerKind};
use crate::source::jira::{Site, issue, people};
use crate::source::look::Look;
use std::collections::{BTreeMap, BTreeSet};

/// A user, with the groups given.
pub(super) fn user(
    site: &Site,
    item: Look<'_>,
    groups: Option<Vec<DirectoryGroup>>,
) -> Option<DirectoryUser> {
    let actor = people::actor(site, item)?;
    Some(DirectoryUser {
        kind: actor.kind,
        name: actor.name,
        email: actor.email,
        status: item.at("active").flag().map(|active| {
            if active {
                UserStatus::Active
            } else {
                UserStatus::Inactive
            }
        }),
        avatar_url: item.at("avatarUrls").at("48x48").text(),
        aliases: vec![actor.alias],
        groups,
        ..DirectoryUser::default()
    })
}

/// Somebody of whom a list of members says nothing but the account.
pub(super) fn member(site: &Site, account: &str, kind: ActorKind) -> Option<DirectoryUser> {
    let actor = people::by_id(site, account, None)?;
    Some(DirectoryUser {
        aliases: vec![actor.alias],
        kind,
        ..DirectoryUser::default()
    })
}

/// A group; by its name on sites that give no ids.
pub(super) fn group(item: Look<'_>) -> Option<DirectoryGroup> {
    let name = item.at("name").text();
    Some(DirectoryGroup {
        id: item.at("groupId").text().or_else(|| name.clone())?,
        name,
        description: None,
    })
}

/// A customer organization as the group of its people.
pub(super) fn organization_group(item: Look<'_>) -> Option<DirectoryGroup> {
    Some(DirectoryGroup {
        id: format!("{CUSTOMER_ORGANIZATION}{}", item.at("id").text()?),
        name: item.at("name").text(),
        description: Some("Organization of Jira Service Management".to_owned()),
    })
}

/// A thing of that kind, with those of its details that say something about it and not about the moment.
pub(super) fn thing(
    site: &Site,
    kind: ThingKind,
    item: Look<'_>,
    place: Option<&Container>,
) -> Option<DirectoryThing> {
    Some(DirectoryThing {
        id: item.at("id").text()?,
        name: item.at("name").text(),
        container: place.cloned().or_else(|| place_of(site, item)),
        details: details(kind, item),
        kind,
    })
}

/// The project that an item says it belongs to.
fn place_of(site: &Site, item: Look<'_>) -> Option<Container> {
    let location = item.at("location");
    if let Some(project) = issue::project(site, item.at("scope").at("project")) {
        return Some(project);
    }
    let (id, key) = (
        location.at("projectId").text(),
        location.at("projectKey").text(),
    );
    (id.is_some() || key.is_some()).then(|| Container {
        id,
        name: None,
        url: key.as_deref().and_then(|key| site.browse(key)),
        parent: site.container().map(Box::new),
        key,
        ..Container::new(ContainerKind::Project, site.scope.clone(), "")
    })
}

/// The plain details of each kind, by the names that Jira gives them.
const fn plain(kind: ThingKind) -> &'static [&'static str] {
    match kind {
        ThingKind::Version => &[
            "description",
            "released",
            "archived",
            "startDate",
            "releaseDate",
        ],
        ThingKind::Board => &["type", "isPrivate"],
        ThingKind::Sprint => &[
            "state",
            "goal",
            "startDate",
            "endDate",
            "completeDate",
            "originBoardId",
        ],
        ThingKind::Filter => &["description", "jql"],
        ThingKind::IssueType => &["description", "subtask", "hierarchyLevel"],
        ThingKind::Status => &["description", "statusCategory"],
        ThingKind::SecurityLevel => &["description", "isDefault", "issueSecuritySchemeId"],
        ThingKind::Field => &["custom"],
        ThingKind::Resolution | ThingKind::ProjectRole | ThingKind::PermissionScheme => {
            &["description"]
        }
        ThingKind::CustomerOrganization => &[],
    }
}

fn details(kind: ThingKind, item: Look<'_>) -> BTreeMap<String, String> {
    let word = |look: Look<'_>| {
        let flag = look.flag().map(|flag| flag.to_string());
        look.text().or(flag)
    };
    let mut details: BTreeMap<String, String> = plain(kind)
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), word(item.at(name))?)))
        .collect();
    let more = [
        ("owner", item.at("owner").at("accountId")),
        ("statusCategory", item.at("statusCategory").at("key")),
        ("type", item.at("schema").at("type")),
    ];
    for (name, look) in more {
        if let Some(word) = word(look) {
            details.entry(name.to_owned()).or_insert(word);
        }
    }
    // Who has which permission of a scheme: one detail for each permission, whoever is granted it.
    let mut grants: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for grant in item.at("permissions").list() {
        let (Some(permission), Some(holder)) =
            (grant.at("permission").text(), holder(grant.at("holder")))
        else {
            continue;
        };
        grants.entry(permission).or_default().insert(holder);
    }
    details.extend(
        grants
            .into_iter()
            .map(|(permission, holders)| (format!("permission {permission}"), join(holders))),
    );
    details
}

/// Who holds a permission or belongs to a security level, e.g. `group:42`.
pub(super) fn holder(holder: Look<'_>) -> Option<String> {
    let kind = holder.at("type").text()?;
    let value = holder.at("value").text();
    Some(match value.or_else(|| holder.at("parameter").text()) {
        Some(value) => format!("{kind}:{value}"),
        None => kind,
    })
}

/// Words in one text, sorted.
pub(super) fn join(words: impl IntoIterator<Item = String>) -> String {
    let words: BTreeSet<String> = words.into_iter().collect();
    words.into_iter().collect::<Vec<_>>().join(", ")
}

//! Items of the lists of Data Center products, read as directory entries. Pure.

use super::Product;
use super::subject::{self, Place};
use crate::event::directory::{
    ActivitySignal, DirectoryGroup, DirectoryMember, DirectoryUser, UserStatus,
};
use crate::event::{ActorKind, Alias, Container, ContainerKind};
use crate::source::look::Look;

/// A group; its id is its name, in all three products.
pub(super) fn group(item: Look<'_>) -> Option<DirectoryGroup> {
    item.at("name").text().as_deref().map(named)
}

/// The group of that name.
pub(super) fn named(name: &str) -> DirectoryGroup {
    DirectoryGroup {
        id: name.to_owned(),
        name: Some(name.to_owned()),
        description: None,
    }
}

/// A user, by id or key and by user name.
pub(super) fn user(product: Product, scope: &str, item: Look<'_>) -> Option<DirectoryUser> {
    let place = Place { product, scope };
    let (id, user_name) = match product {
        Product::Bitbucket => (item.at("id"), item.at("name")),
        Product::Jira => (item.at("key"), item.at("name")),
        Product::Confluence => (item.at("userKey"), item.at("username")),
    };
    let id = id.text().map(|id| subject::alias(&place, &id));
    let name = user_name.text();
    let by_name = name.as_deref().map(|name| subject::by_name(scope, name));
    let aliases: Vec<Alias> = id.into_iter().chain(by_name).collect();
    if aliases.is_empty() {
        return None;
    }
    let signed_in = item.at("lastAuthenticationTimestamp").time();
    Some(DirectoryUser {
        aliases,
        kind: if item.at("type").is("SERVICE") {
            ActorKind::App
        } else {
            ActorKind::Person
        },
        name: item.at("displayName").text(),
        nickname: name,
        email: item
            .at("emailAddress")
            .text()
            .or_else(|| item.at("email").text()),
        status: item.at("active").flag().map(|active| {
            if active {
                UserStatus::Active
            } else {
                UserStatus::Inactive
            }
        }),
        added_at: item.at("createdDate").time(),
        activity: signed_in
            .map(|time| ActivitySignal {
                evidence: format!("data-center-login:{scope}"),
                time,
            })
            .into_iter()
            .collect(),
        ..DirectoryUser::default()
    })
}

/// A project, or a space of Confluence.
pub(super) fn place(product: Product, scope: &str, item: Look<'_>) -> Option<Container> {
    let kind = match product {
        Product::Confluence => ContainerKind::Space,
        Product::Bitbucket | Product::Jira => ContainerKind::Project,
    };
    let (id, key) = (item.at("id").text(), item.at("key").text());
    if id.is_none() && key.is_none() {
        return None;
    }
    let place = Place { product, scope };
    Some(Container {
        kind,
        scope: scope.to_owned(),
        id,
        key,
        name: item.at("name").text(),
        url: link(item),
        private: item.at("public").flag().map(|public| !public),
        parent: subject::instance(&place).map(Box::new),
    })
}

/// A repository of Bitbucket, in its project.
pub(super) fn repository(scope: &str, item: Look<'_>) -> Option<Container> {
    let project = place(Product::Bitbucket, scope, item.at("project"));
    Some(Container {
        kind: ContainerKind::Repository,
        scope: scope.to_owned(),
        id: Some(item.at("id").text()?),
        key: item.at("slug").text(),
        name: item.at("name").text(),
        url: link(item),
        private: item.at("public").flag().map(|public| !public),
        parent: project.map(Box::new),
    })
}

/// Somebody who has been given rights in a project.
pub(super) fn member(scope: &str, item: Look<'_>, project: &Container) -> Option<DirectoryMember> {
    Some(DirectoryMember {
        container: project.clone(),
        user: Box::new(user(Product::Bitbucket, scope, item.at("user"))?),
        permission: item.at("permission").text(),
        since: None,
    })
}

/// Where people find it.
fn link(item: Look<'_>) -> Option<String> {
    let links = item.at("links").at("self");
    links.list().find_map(|link| link.at("href").text())
}

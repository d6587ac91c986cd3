//! Items of Bitbucket Cloud lists, read as directory entries. Pure.

use crate::event::directory::{ActivitySignal, DirectoryMember, DirectoryUser, Entry, UserStatus};
use crate::event::{ActorKind, Alias, Container, ContainerKind};
use crate::source::look::Look;

/// A workspace; without a slug it cannot be asked anything, so it is none.
pub(super) fn workspace(item: Look<'_>) -> Option<Container> {
    item.at("slug").text()?;
    container(ContainerKind::Workspace, item, "slug", "")
}

/// A project of `workspace`.
pub(super) fn project(item: Look<'_>, workspace: &Container) -> Option<Container> {
    let project = container(ContainerKind::Project, item, "key", scope(workspace))?;
    Some(within(project, workspace.clone()))
}

/// A repository of `workspace`, in its project where it names one.
pub(super) fn repository(item: Look<'_>, workspace: &Container) -> Option<Container> {
    let repository = container(ContainerKind::Repository, item, "slug", scope(workspace))?;
    let parent = project(item.at("project"), workspace).unwrap_or_else(|| workspace.clone());
    Some(within(repository, parent))
}

/// A member of `workspace`: the user, and the membership.
///
/// When they joined and when they were last there is said until a workspace's administration moves to the organization.
pub(super) fn member(item: Look<'_>, workspace: &Container) -> Vec<Entry> {
    let Some(mut user) = user(item.at("user")) else {
        return Vec::new();
    };
    let membership = DirectoryMember {
        container: workspace.clone(),
        user: Box::new(user.clone()),
        permission: item.at("permission").text(),
        since: item.at("added_on").time(),
    };
    let slug = workspace.key.as_deref().unwrap_or_default();
    user.activity = item
        .at("last_accessed")
        .time()
        .map(|time| ActivitySignal {
            evidence: format!("workspace:{slug}"),
            time,
        })
        .into_iter()
        .collect();
    vec![Entry::User(Box::new(user)), Entry::Member(membership)]
}

/// A user. Deleted users and apps may have no account id, only the uuid.
pub(super) fn user(item: Look<'_>) -> Option<DirectoryUser> {
    let account = item.at("account_id").text().map(Alias::account);
    let uuid = item.at("uuid").text().map(Alias::bitbucket);
    let aliases: Vec<Alias> = account.into_iter().chain(uuid).collect();
    if aliases.is_empty() {
        return None;
    }
    let status = item.at("account_status");
    Some(DirectoryUser {
        aliases,
        kind: if item.at("type").is("app_user") || item.at("type").is("AppUser") {
            ActorKind::App
        } else {
            ActorKind::Person
        },
        name: item.at("display_name").text(),
        nickname: item.at("nickname").text(),
        email: item.at("email").text(),
        status: [
            ("active", UserStatus::Active),
            ("inactive", UserStatus::Inactive),
            ("closed", UserStatus::Closed),
        ]
        .into_iter()
        .find_map(|(word, meant)| status.is(word).then_some(meant)),
        avatar_url: item.at("links").at("avatar").at("href").text(),
        ..DirectoryUser::default()
    })
}

fn container(kind: ContainerKind, item: Look<'_>, key: &str, scope: &str) -> Option<Container> {
    let (id, key) = (item.at("uuid").text(), item.at(key).text());
    if id.is_none() && key.is_none() {
        return None;
    }
    Some(Container {
        kind,
        scope: scope.to_owned(),
        id,
        key,
        name: item.at("name").text(),
        url: item.at("links").at("html").at("href").text(),
        private: item.at("is_private").flag(),
        parent: None,
    })
}

fn within(inner: Container, outer: Container) -> Container {
    Container {
        parent: Some(Box::new(outer)),
        ..inner
    }
}

fn scope(workspace: &Container) -> &str {
    let id = workspace.id.as_deref();
    id.or(workspace.key.as_deref()).unwrap_or_default()
}

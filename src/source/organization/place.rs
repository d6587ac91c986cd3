//! The places that a record names: organization, site, workspace, project, space, repository, and the issue in them.

use crate::event::{Container, ContainerKind, IssueRef, Product};
use crate::source::look::Look;

/// The innermost place, with the places around it.
///
/// Places are what the record's container lists, the project of the issue's key, and inner places that only the context
/// names. Ids and keys are unique within the site or workspace, which is their scope.
pub(super) fn container(
    facts: Look<'_>,
    issue: Option<&IssueRef>,
    product: Product,
) -> Option<Container> {
    let mut places: Vec<Container> = Vec::new();
    let containers = facts.at("container").list().filter_map(place);
    let context = facts.at("context").list().filter_map(place);
    let spaces = facts.at("container").list().filter_map(space);
    let inner = context
        .chain(spaces)
        .chain(project(issue))
        .filter(|place| place.kind != ContainerKind::Organization)
        .filter(|place| place.kind != ContainerKind::Site);
    for place in containers.chain(inner) {
        if places.iter().all(|known| known.kind != place.kind) {
            places.push(place);
        }
    }
    // Bitbucket's projects are in workspaces, Jira's in sites: the chain holds whichever of them is there.
    places.sort_by_key(|place| depth(place.kind));
    let scope = |kind: ContainerKind| {
        let place = places.iter().find(|place| place.kind == kind)?;
        place.id.clone().or_else(|| place.key.clone())
    };
    let (site, workspace) = (scope(ContainerKind::Site), scope(ContainerKind::Workspace));
    let scope = if product == Product::Bitbucket {
        workspace.or(site)
    } else {
        site.or(workspace)
    };
    let mut around: Option<Container> = None;
    for mut place in places {
        if depth(place.kind) > depth(ContainerKind::Workspace) {
            place.scope = scope.clone().unwrap_or_default();
        }
        place.parent = around.map(Box::new);
        around = Some(place);
    }
    around
}

/// The issue that an item is, or names.
pub(super) fn issue(item: Look<'_>) -> IssueRef {
    let attributes = item.at("attributes");
    let is_issue = item.at("type").text().is_some_and(|kind| {
        matches!(
            kind.to_lowercase().as_str(),
            "issue" | "issues" | "jira-issue" | "work-item"
        )
    });
    let named = [
        attributes.at("issueKeyOrId"),
        attributes.at("issueKey"),
        attributes.at("issueId"),
    ];
    let itself = [attributes.at("key"), attributes.at("name"), item.at("id")];
    let itself = itself.into_iter().filter(|_| is_issue);
    let mut found = IssueRef::default();
    for name in named.into_iter().chain(itself).filter_map(Look::text) {
        if project_key(&name).is_some() {
            found.key.get_or_insert(name);
        } else if name.chars().all(|c| c.is_ascii_digit()) {
            found.id.get_or_insert(name);
        }
    }
    found
}

/// Whether an item names an issue.
pub(super) fn names_issue(item: Look<'_>) -> bool {
    issue(item) != IssueRef::default()
}

/// `WEB` of `WEB-1`.
fn project_key(issue: &str) -> Option<&str> {
    let (project, number) = issue.rsplit_once('-')?;
    let mut letters = project.chars();
    let fits = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !number.is_empty()
        && number.chars().all(|c| c.is_ascii_digit());
    fits.then_some(project)
}

fn project(issue: Option<&IssueRef>) -> Option<Container> {
    let key = project_key(issue?.key.as_deref()?)?;
    Some(named(ContainerKind::Project, None, Some(key.to_owned())))
}

/// The Confluence space that a site names in passing.
fn space(item: Look<'_>) -> Option<Container> {
    let attributes = item.at("attributes");
    let (id, key) = (
        attributes.at("spaceId").text(),
        attributes.at("spaceKey").text(),
    );
    (id.is_some() || key.is_some()).then(|| named(ContainerKind::Space, id, key))
}

fn place(item: Look<'_>) -> Option<Container> {
    let kind = match item.at("type").text()?.to_lowercase().as_str() {
        "org" | "orgs" | "organization" | "organizations" => ContainerKind::Organization,
        "site" | "sites" => ContainerKind::Site,
        "workspace" | "workspaces" | "bitbucket-workspace" => ContainerKind::Workspace,
        "project" | "projects" | "jira-project" | "bitbucket-project" => ContainerKind::Project,
        "space" | "spaces" | "confluence-space" => ContainerKind::Space,
        "repository" | "repositories" | "bitbucket-repository" => ContainerKind::Repository,
        _ => return None,
    };
    let attributes = item.at("attributes");
    let first = |keys: &[&str]| keys.iter().find_map(|key| attributes.at(key).text());
    let id = item.at("id").text();
    let (key, name) = match kind {
        ContainerKind::Organization => (None, first(&["name"])),
        ContainerKind::Site => (None, first(&["siteName", "name"])),
        _ => (
            first(&["key", "projectKey", "spaceKey", "slug"]),
            first(&["name", "title"]),
        ),
    };
    let url = match kind {
        ContainerKind::Site => first(&["siteHostName"]),
        _ => item.at("links").at("alt").text(),
    };
    let key = match (&id, key) {
        (None, None) => Some(name.clone()?),
        (_, key) => key,
    };
    Some(Container {
        name,
        url,
        ..named(kind, id, key)
    })
}

fn named(kind: ContainerKind, id: Option<String>, key: Option<String>) -> Container {
    Container {
        id,
        key,
        ..Container::new(kind, "", "")
    }
}

fn depth(kind: ContainerKind) -> u8 {
    match kind {
        ContainerKind::Organization => 0,
        ContainerKind::Site => 1,
        ContainerKind::Workspace => 2,
        ContainerKind::Project | ContainerKind::Space => 3,
        ContainerKind::Repository => 4,
    }
}

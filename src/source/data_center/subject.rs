//! The people, things and places that a record of a Data Center audit log names. Pure.

use super::Product;
use crate::event::{Actor, ActorKind, Alias, Container, ContainerKind, Object};
use crate::source::look::Look;
use url::Url;

/// Where a record was written.
pub(super) struct Place<'a> {
    /// By which product.
    pub(super) product: Product,
    /// The scope of the instance.
    pub(super) scope: &'a str,
}

/// The kind of an affected object, in one case: `GROUP` in Bitbucket is `Group` in Confluence.
pub(super) fn kind(object: Look<'_>) -> String {
    let kind = object.at("type").text();
    kind.map_or_else(|| "unknown".to_owned(), |kind| kind.trim().to_lowercase())
}

/// Who is meant by an author or an affected object.
pub(super) fn person(place: &Place<'_>, facts: Look<'_>) -> Option<Actor> {
    let (id, name) = (facts.at("id").text(), facts.at("name").text());
    let kind = match id.as_deref() {
        Some("-2") => ActorKind::Anonymous,
        Some("-1") => ActorKind::System,
        _ if kind(facts) == "service"
            || name.as_deref().is_some_and(|name| {
                name.starts_with("access-token-user/") || name.starts_with("access-token-user-")
            }) =>
        {
            ActorKind::App
        }
        // The system has no user of its own before it is set up.
        None if kind(facts) == "system" => ActorKind::System,
        _ => ActorKind::Person,
    };
    let alias = match (&id, &name) {
        (Some(id), _) => alias(place, id),
        // Deleted users are known by nothing but the name they had.
        (None, Some(name)) => by_name(place.scope, name),
        (None, None) => return None,
    };
    Some(Actor {
        alias,
        kind,
        name,
        email: None,
    })
}

/// The name by which a product knows somebody. Jira's log says `10000` of the author whose key is `JIRAUSER10000`.
pub(super) fn alias(place: &Place<'_>, id: &str) -> Alias {
    let numeric = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    if place.product == Product::Jira && numeric {
        return Alias::data_center(place.scope, format!("JIRAUSER{id}"));
    }
    Alias::data_center(place.scope, id)
}

/// Somebody of whom only the user name is known.
pub(super) fn by_name(scope: &str, name: &str) -> Alias {
    Alias {
        namespace: format!("data-center-name:{scope}"),
        value: name.to_lowercase(),
    }
}

/// What the event was done to, and what else was involved.
///
/// The target is the first person; without people the first thing that is not merely a place; else the innermost place.
pub(super) fn involved(place: &Place<'_>, whole: Look<'_>) -> (Option<Object>, Vec<Object>) {
    let affected = whole.at("affectedObjects").list();
    let mut objects: Vec<Object> = affected.filter_map(|item| object(place, item)).collect();
    let rank = |object: &Object| match object.kind.as_str() {
        _ if object.user.is_some() => 0,
        "repository" => 2,
        "project" | "space" => 3,
        _ => 1,
    };
    let first = (0..objects.len()).min_by_key(|index| (rank(&objects[*index]), *index));
    (first.map(|index| objects.remove(index)), objects)
}

fn object(place: &Place<'_>, item: Look<'_>) -> Option<Object> {
    let kind = kind(item);
    let user = (kind == "user").then(|| person(place, item)).flatten();
    // A repository that has only been asked for has no number yet.
    let id = item.at("id").text().filter(|id| !unborn(&kind, id));
    let name = item.at("name").text().filter(|_| user.is_none());
    let url = item.at("uri").text();
    if id.is_none() && name.is_none() && user.is_none() && url.is_none() {
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

fn unborn(kind: &str, id: &str) -> bool {
    kind == "repository" && id == "0"
}

/// The innermost place that the record names: a repository, project or space; without any, the instance.
pub(super) fn container(place: &Place<'_>, whole: Look<'_>) -> Option<Container> {
    let instance = instance(place);
    let named = |wanted: &str| {
        let mut affected = whole.at("affectedObjects").list();
        affected.find(|object| kind(*object) == wanted)
    };
    let (project_key, slug) = address(whole);
    let repository = named("repository");
    let project = named("project").and_then(|item| {
        let key = uri_part(item, &["projects", "browse", "project-config"]);
        // In Bitbucket's legacy attribute a project is named by itself, or before its repository.
        let key = key.or_else(|| project_key.clone());
        known(place, ContainerKind::Project, item, key, instance.clone())
    });
    let repository = repository.and_then(|item| {
        let key = uri_part(item, &["repos"]).or_else(|| slug.clone());
        let around = project.clone().or_else(|| instance.clone());
        known(place, ContainerKind::Repository, item, key, around)
    });
    let space = || {
        let item = named("space")?;
        let key = uri_part(item, &["display"]).or_else(|| space_key(whole));
        known(place, ContainerKind::Space, item, key, instance.clone())
    };
    repository
        .or_else(|| project.clone())
        .or_else(space)
        .or(instance)
}

/// The instance itself.
pub(super) fn instance(place: &Place<'_>) -> Option<Container> {
    (!place.scope.is_empty()).then(|| Container::new(ContainerKind::Site, "", place.scope))
}

fn known(
    place: &Place<'_>,
    kind: ContainerKind,
    item: Look<'_>,
    key: Option<String>,
    around: Option<Container>,
) -> Option<Container> {
    let word = if kind == ContainerKind::Repository {
        "repository"
    } else {
        "project"
    };
    let id = item.at("id").text().filter(|id| !unborn(word, id));
    if id.is_none() && (key.is_none() || kind == ContainerKind::Repository) {
        return None;
    }
    Some(Container {
        kind,
        scope: place.scope.to_owned(),
        id,
        key,
        name: item.at("name").text(),
        url: item.at("uri").text(),
        private: None,
        parent: around.map(Box::new),
    })
}

/// The project key and repository slug in Bitbucket's attribute `target`, `KEY/slug`.
fn address(whole: Look<'_>) -> (Option<String>, Option<String>) {
    let target = whole.at("extraAttributes").list().find(|item| {
        item.at("nameI18nKey")
            .is("bitbucket.audit.attribute.legacy.target")
    });
    let target = target.and_then(|item| item.at("value").text());
    match target.as_deref().and_then(|target| target.split_once('/')) {
        Some((key, slug)) if !key.is_empty() && !slug.is_empty() && !slug.contains('/') => {
            (Some(key.to_owned()), Some(slug.to_owned()))
        }
        _ => (None, None),
    }
}

/// The key that Confluence names among the changes of a space.
fn space_key(whole: Look<'_>) -> Option<String> {
    let mut changes = whole.at("changedValues").list();
    let space = changes.find(|change| change.at("i18nKey").is("Space"))?;
    space.at("to").text().or_else(|| space.at("from").text())
}

/// What follows one of these words in the path of an object's link.
fn uri_part(item: Look<'_>, words: &[&str]) -> Option<String> {
    let url = Url::parse(&item.at("uri").text()?).ok()?;
    let mut parts = url.path_segments()?;
    parts.find(|part| words.contains(part))?;
    let part = parts.next().filter(|part| !part.is_empty())?;
    let part = percent_encoding::percent_decode_str(part)
        .decode_utf8()
        .ok()?;
    Some(part.into_owned())
}

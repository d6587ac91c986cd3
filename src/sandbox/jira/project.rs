//! Routes about projects and what belongs to them: roles, versions, security levels.

use super::super::answer;
use super::super::world::World;
use super::audit::category;
use super::people::browses;
use super::render::{Style, View, time};
use super::thing::{Kind, Thing};
use super::value::LEVELS;
use super::{Asked, missing, read};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/rest/api/3/project/search", get(search))
        .route("/rest/api/3/project/{project}", get(one))
        .route("/rest/api/3/project/{project}/role", get(roles_of))
        .route("/rest/api/3/project/{project}/role/{role}", get(role_in))
        .route("/rest/api/3/role", get(roles))
        .route("/rest/api/3/project/{project}/version", get(versions_paged))
        .route("/rest/api/3/project/{project}/versions", get(versions))
        .route("/rest/api/3/project/{project}/securitylevel", get(levels))
}

/// The things of a kind that are there.
pub(super) fn things(view: View<'_>, kind: Kind) -> impl Iterator<Item = &Thing> {
    let all = view.jira.things.iter();
    all.filter(move |thing| thing.kind == kind && !thing.gone)
}

/// A project as the search shows it.
pub(super) fn project(view: View<'_>, thing: &Thing) -> Value {
    let style = Style::V3;
    let mut project = json!({
        "self": view.link(&format!("rest/api/3/project/{}", thing.id)),
        "id": thing.id.to_string(),
        "key": thing.key(view.company),
        "name": thing.name,
        "description": format!("Revision {}", thing.changes),
        "lead": view.user(thing.owner, style),
        "projectTypeKey": if thing.id % 7 == 3 { "service_desk" } else { "software" },
        "simplified": false,
        "style": "classic",
        "isPrivate": false,
        "avatarUrls": {},
        "properties": {},
    });
    // Only some projects have a category.
    if let Some(name) = category(thing) {
        let id = 10_000 + thing.parent;
        project["projectCategory"] = json!({
            "self": view.link(&format!("rest/api/3/projectCategory/{id}")),
            "id": id.to_string(), "name": name, "description": "",
        });
    }
    let (state, since) = (thing.state, thing.dates[usize::from(thing.state.min(2))]);
    let since = since.or(thing.dates[2]);
    if state == 1 {
        project["archived"] = true.into();
        project["archivedBy"] = view.user(0, style);
        project["archivedDate"] = since.map(time).into();
    } else if state == 2 {
        project["deleted"] = true.into();
        project["deletedBy"] = view.user(0, style);
        project["deletedDate"] = since.map(time).into();
        let until = since.map(|since| time(since.plus(Duration::from_hours(60 * 24))));
        project["retentionTillDate"] = until.into();
    }
    project
}

async fn search(State(world): State<Arc<World>>, asked: Asked) -> Response {
    answer::ok(&read(&world, |view| {
        let mut states: Vec<u8> = asked
            .all("status")
            .filter_map(|status| {
                ["live", "archived", "deleted"]
                    .iter()
                    .position(|it| *it == status)
            })
            .filter_map(|state| u8::try_from(state).ok())
            .collect();
        if states.is_empty() {
            states.push(0);
        }
        let found: Vec<&Thing> = things(view, Kind::Project)
            .filter(|thing| states.contains(&thing.state))
            .collect();
        asked.page(view.base, (found.len(), 50, 100), |place| {
            project(view, found[place])
        })
    }))
}

/// The project of that id or key.
fn find<'a>(view: View<'a>, name: &str) -> Option<&'a Thing> {
    let all = view.jira.things.iter();
    all.filter(|thing| thing.kind == Kind::Project && !thing.gone)
        .find(|thing| thing.id.to_string() == name || thing.key(view.company) == name)
}

/// Answers about a project, if there is one.
fn about(world: &World, name: &str, say: impl FnOnce(View<'_>, &Thing) -> Value) -> Response {
    let said = read(world, |view| Some(say(view, find(view, name)?)));
    said.map_or_else(|| missing("Project"), |said| answer::ok(&said))
}

async fn one(State(world): State<Arc<World>>, Path(name): Path<String>) -> Response {
    about(&world, &name, project)
}

async fn roles_of(State(world): State<Arc<World>>, Path(name): Path<String>) -> Response {
    about(&world, &name, |view, it| {
        let roles: Map<String, Value> = things(view, Kind::Role)
            .map(|role| {
                let path = format!("rest/api/3/project/{}/role/{}", it.id, role.id);
                (role.name.clone(), view.link(&path).into())
            })
            .collect();
        roles.into()
    })
}

async fn role_in(
    State(world): State<Arc<World>>,
    Path((name, id)): Path<(String, u64)>,
) -> Response {
    let said = read(&world, |view| {
        let project = find(view, &name)?;
        let role = things(view, Kind::Role).find(|role| role.id == id)?;
        Some(shown(view, role, Some(project)))
    });
    said.map_or_else(|| missing("Role"), |said| answer::ok(&said))
}

async fn roles(State(world): State<Arc<World>>) -> Response {
    answer::ok(&read(&world, |view| {
        let roles: Vec<Value> = things(view, Kind::Role)
            .map(|role| shown(view, role, None))
            .collect();
        roles.into()
    }))
}

/// A role, with its actors in a project.
fn shown(view: View<'_>, role: &Thing, project: Option<&Thing>) -> Value {
    let path = match project {
        Some(project) => format!("rest/api/3/project/{}/role/{}", project.id, role.id),
        None => format!("rest/api/3/role/{}", role.id),
    };
    let mut actors = Vec::new();
    if let Some(project) = project {
        let group = view
            .company
            .groups
            .get(if role.id == 10_002 { 1 } else { 6 });
        if let Some(group) = group.filter(|group| !group.gone) {
            actors.push(json!({
                "id": project.id * 100 + role.id % 100,
                "displayName": group.name,
                "type": "atlassian-group-role-actor",
                "name": group.name,
                "actorGroup": {"name": group.name, "displayName": group.name, "groupId": group.id},
            }));
        }
        let lead = u32::try_from(project.id % 5).unwrap_or(0);
        if browses(
            view,
            lead,
            u32::try_from(project.id.saturating_sub(10_000)).unwrap_or(0),
        ) {
            actors.push(json!({
                "id": project.id * 100 + role.id % 100 + 50,
                "displayName": view.company.card_of(lead).name,
                "type": "atlassian-user-role-actor",
                "actorUser": {"accountId": view.account_id(lead)},
            }));
        }
    }
    json!({
        "self": view.link(&path),
        "id": role.id,
        "name": role.name,
        "description": format!("Revision {}", role.changes),
        "actors": actors,
    })
}

fn versions_in(view: View<'_>, project: &Thing) -> Vec<Value> {
    let number = project.id.saturating_sub(10_000);
    things(view, Kind::Version)
        .filter(|version| u64::from(version.parent) == number)
        .map(|version| view.version(version, Style::V3))
        .collect()
}

async fn versions(State(world): State<Arc<World>>, Path(name): Path<String>) -> Response {
    about(&world, &name, |view, it| versions_in(view, it).into())
}

async fn versions_paged(
    State(world): State<Arc<World>>,
    Path(name): Path<String>,
    asked: Asked,
) -> Response {
    about(&world, &name, |view, it| {
        let versions = versions_in(view, it);
        asked.page(view.base, (versions.len(), 50, 50), |place| {
            versions[place].clone()
        })
    })
}

async fn levels(State(world): State<Arc<World>>, Path(name): Path<String>) -> Response {
    about(&world, &name, |view, _| {
        let levels: Vec<Value> = LEVELS
            .iter()
            .map(|(id, name)| {
                json!({
                    "self": view.link(&format!("rest/api/3/securitylevel/{id}")),
                    "id": id, "name": name, "description": format!("{name} may look"),
                    "isDefault": false,
                })
            })
            .collect();
        json!({"levels": levels})
    })
}

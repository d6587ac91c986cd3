//! Routes about how the site is set up: statuses, resolutions, fields, types, categories, filters, schemes.

use super::super::answer;
use super::super::world::World;
use super::project::things;
use super::render::{Style, View};
use super::thing::Kind;
use super::value::{COUNT, LEVELS, PRIORITIES, STATUSES, called};
use super::{Asked, missing, read};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/rest/api/3/statuses/search", get(statuses_paged))
        .route("/rest/api/3/status", get(statuses))
        .route("/rest/api/3/resolution/search", get(resolutions))
        .route("/rest/api/3/field", get(fields))
        .route("/rest/api/3/issuetype", get(types))
        .route("/rest/api/3/priority/search", get(priorities))
        .route("/rest/api/3/projectCategory", get(categories))
        .route("/rest/api/3/filter/search", get(filters))
        .route("/rest/api/3/permissionscheme", get(permission_schemes))
        .route(
            "/rest/api/3/project/{project}/permissionscheme",
            get(permission_scheme_of),
        )
        .route("/rest/api/3/issuesecurityschemes", get(security_schemes))
        .route("/rest/api/3/issuesecurityschemes/level", get(levels))
        .route(
            "/rest/api/3/issuesecurityschemes/level/member",
            get(holders),
        )
        .route("/rest/api/3/issuesecurityschemes/project", get(secured))
}

async fn statuses_paged(State(world): State<Arc<World>>, asked: Asked) -> Response {
    answer::ok(&read(&world, |view| {
        asked.page(view.base, (STATUSES.len(), 200, 200), |place| {
            let (id, name) = STATUSES[place];
            let category = ["TODO", "IN_PROGRESS", "IN_PROGRESS", "DONE"][place];
            json!({
                "id": id, "name": name, "description": "", "statusCategory": category,
                "scope": {"type": "GLOBAL"},
            })
        })
    }))
}

async fn statuses(State(world): State<Arc<World>>) -> Response {
    answer::ok(&read(&world, |view| {
        let all = (0..4).map(|value| view.status(value, Style::V3));
        Value::Array(all.collect())
    }))
}

async fn resolutions(State(world): State<Arc<World>>, asked: Asked) -> Response {
    answer::ok(&read(&world, |view| {
        let found: Vec<_> = things(view, Kind::Resolution).collect();
        asked.page(view.base, (found.len(), 50, 50), |place| {
            let it = found[place];
            json!({
                "self": view.link(&format!("rest/api/3/resolution/{}", it.id)),
                "id": it.id.to_string(), "name": it.name, "description": "",
                "default": place == 0,
            })
        })
    }))
}

async fn fields() -> Response {
    let names = (0..u8::try_from(COUNT).unwrap_or(0)).map(called);
    let all: Vec<Value> = names
        .map(|(name, id, custom)| {
            json!({
                "id": id, "key": id, "name": name, "custom": custom, "orderable": true,
                "navigable": true, "searchable": true, "clauseNames": [id],
                "schema": {"type": "string", "system": id},
            })
        })
        .collect();
    answer::ok(&all.into())
}

async fn types(State(world): State<Arc<World>>) -> Response {
    answer::ok(&read(&world, |view| {
        let all =
            things(view, Kind::IssueType).map(|it| view.issue_type(it.id, &it.name, Style::V3));
        Value::Array(all.collect())
    }))
}

async fn priorities(State(world): State<Arc<World>>, asked: Asked) -> Response {
    answer::ok(&read(&world, |view| {
        asked.page(view.base, (PRIORITIES.len(), 50, 50), |place| {
            let (id, name) = PRIORITIES[place];
            json!({
                "self": view.link(&format!("rest/api/3/priority/{id}")),
                "id": id, "name": name, "description": "", "statusColor": "#8777D9",
                "iconUrl": view.link("images/icons/priority.svg"), "isDefault": place == 2,
            })
        })
    }))
}

async fn categories(State(world): State<Arc<World>>) -> Response {
    answer::ok(&read(&world, |view| {
        let all = things(view, Kind::Category).map(|it| {
            json!({
                "self": view.link(&format!("rest/api/3/projectCategory/{}", it.id)),
                "id": it.id.to_string(), "name": it.name, "description": "",
            })
        });
        Value::Array(all.collect())
    }))
}

/// A filter; webhooks show it alike.
pub(super) fn filter(view: View<'_>, it: &super::thing::Thing) -> Value {
    json!({
        "self": view.link(&format!("rest/api/3/filter/{}", it.id)),
        "id": it.id.to_string(), "name": it.name,
        "description": format!("Revision {}", it.changes),
        "owner": view.user(it.owner, Style::V3),
        "jql": format!("project = {} AND resolution = Unresolved", 10_000 + it.parent),
        "viewUrl": view.link(&format!("issues/?filter={}", it.id)),
        "favourite": false, "sharePermissions": [],
    })
}

async fn filters(State(world): State<Arc<World>>, asked: Asked) -> Response {
    let expand = asked.get("expand").unwrap_or_default();
    answer::ok(&read(&world, |view| {
        let found: Vec<_> = things(view, Kind::Filter).collect();
        asked.page(view.base, (found.len(), 50, 100), |place| {
            let mut shown = filter(view, found[place]);
            // Apart from the name, all has to be asked for.
            if let Some(shown) = shown.as_object_mut() {
                shown.retain(|name, _| {
                    ["self", "id", "name"].contains(&name.as_str())
                        || expand.contains(name.as_str())
                });
            }
            shown
        })
    }))
}

/// A permission scheme with its grants.
fn scheme(view: View<'_>, it: &super::thing::Thing, whole: bool) -> Value {
    let mut shown = json!({
        "self": view.link(&format!("rest/api/3/permissionscheme/{}", it.id)),
        "id": it.id, "name": it.name, "description": format!("Revision {}", it.changes),
    });
    if whole {
        let group = view.company.groups.get(if it.id == 10_001 { 8 } else { 2 });
        let mut grants = Vec::new();
        for (number, permission) in
            (0_u64..).zip(["BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES"])
        {
            if let Some(group) = group {
                grants.push(json!({
                    "id": it.id * 100 + number, "permission": permission,
                    "self": view.link(&format!("rest/api/3/permissionscheme/{}/permission/{}", it.id, it.id * 100 + number)),
                    "holder": {"type": "group", "parameter": group.name, "value": group.id},
                }));
            }
        }
        if it.changes % 2 == 1 {
            grants.push(json!({
                "id": it.id * 100 + 90, "permission": "DELETE_ALL_COMMENTS",
                "holder": {"type": "projectRole", "parameter": "10002", "value": "10002"},
            }));
        }
        shown["permissions"] = grants.into();
    }
    shown
}

async fn permission_schemes(State(world): State<Arc<World>>, asked: Asked) -> Response {
    let whole = asked.get("expand").is_some();
    answer::ok(&read(&world, |view| {
        let all: Vec<Value> = things(view, Kind::PermissionScheme)
            .map(|it| scheme(view, it, whole))
            .collect();
        json!({"permissionSchemes": all})
    }))
}

async fn permission_scheme_of(
    State(world): State<Arc<World>>,
    Path(project): Path<String>,
    asked: Asked,
) -> Response {
    let whole = asked.get("expand").is_some();
    let found = read(&world, |view| {
        let secret = view.company.projects.iter().position(|it| it.key == "SEC");
        let secret = secret.map(|place| (10_000 + place).to_string());
        let restricted = project == "SEC" || Some(&project) == secret.as_ref();
        let id = if restricted { 10_001 } else { 0 };
        let it = things(view, Kind::PermissionScheme).find(|it| it.id == id)?;
        Some(scheme(view, it, whole))
    });
    found.map_or_else(|| missing("Permission scheme"), |found| answer::ok(&found))
}

async fn security_schemes(State(world): State<Arc<World>>) -> Response {
    answer::ok(&read(&world, |view| {
        let all: Vec<Value> = things(view, Kind::SecurityScheme)
            .map(|it| {
                json!({
                    "self": view.link(&format!("rest/api/3/issuesecurityschemes/{}", it.id)),
                    "id": it.id, "name": it.name, "description": "",
                    "defaultSecurityLevelId": 10_100,
                })
            })
            .collect();
        json!({"issueSecuritySchemes": all})
    }))
}

async fn levels(State(world): State<Arc<World>>, asked: Asked) -> Response {
    answer::ok(&read(&world, |view| {
        asked.page(view.base, (LEVELS.len(), 50, 50), |place| {
            let (id, name) = LEVELS[place];
            json!({
                "self": view.link(&format!("rest/api/3/issuesecurityschemes/level/{id}")),
                "id": id, "name": name, "description": format!("{name} may look"),
                "isDefault": place == 0, "issueSecuritySchemeId": "10000",
            })
        })
    }))
}

async fn holders(State(world): State<Arc<World>>, asked: Asked) -> Response {
    let wanted: Vec<&str> = asked.all("levelId").collect();
    answer::ok(&read(&world, |view| {
        let group = view.company.groups.get(6);
        let group = group.map(|group| (group.name.clone(), group.id.clone()));
        let (group, group_id) = group.unwrap_or_default();
        let found: Vec<Value> = [
            ("10200", "10100", json!({"type": "group", "parameter": group, "value": group_id})),
            ("10201", "10101", json!({"type": "reporter"})),
            ("10202", "10101", json!({"type": "user", "parameter": view.account_id(0), "value": view.account_id(0)})),
            ("10203", "10100", json!({"type": "user", "parameter": view.account_id(1), "value": view.account_id(1)})),
            ("10204", "10101", json!({"type": "projectRole", "parameter": "10002", "value": "10002"})),
        ]
        .into_iter()
        .filter(|(_, level, _)| wanted.is_empty() || wanted.contains(level))
        .map(|(id, level, holder)| {
            json!({
                "id": id, "issueSecurityLevelId": level, "issueSecuritySchemeId": "10000",
                "holder": holder, "managed": false,
            })
        })
        .collect();
        asked.page(view.base, (found.len(), 50, 50), |place| {
            found[place].clone()
        })
    }))
}

async fn secured(State(world): State<Arc<World>>, asked: Asked) -> Response {
    answer::ok(&read(&world, |view| {
        let found: Vec<_> = things(view, Kind::Project)
            .filter(|it| it.id < 19_000)
            .collect();
        asked.page(view.base, (found.len(), 50, 50), |place| {
            json!({"issueSecuritySchemeId": "10000", "projectId": found[place].id.to_string()})
        })
    }))
}

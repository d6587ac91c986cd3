//! Routes about people: users, groups and their members, who is asking, and what somebody may do.

use super::super::answer;
use super::super::company::{Kind, Person, Standing};
use super::super::world::World;
use super::render::{Style, View};
use super::value::SECURITY;
use super::{Asked, missing, read, refuse};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/rest/api/3/users/search", get(users))
        .route("/rest/api/3/users", get(users))
        .route("/rest/api/3/user", get(user))
        .route("/rest/api/3/user/bulk", get(bulk))
        .route("/rest/api/3/user/groups", get(groups_of))
        .route("/rest/api/3/user/viewissue/search", get(viewers))
        .route("/rest/api/3/group/bulk", get(groups))
        .route("/rest/api/3/group/member", get(members))
        .route("/rest/api/3/myself", get(myself))
        .route("/rest/api/3/serverInfo", get(server))
        .route("/rest/api/3/mypermissions", get(my_permissions))
        .route("/rest/api/3/permissions/check", post(check))
        .route("/rest/api/3/permissions/project", post(projects))
}

/// Everybody whom Jira knows.
fn known(view: View<'_>) -> Vec<u32> {
    (0_u32..)
        .zip(&view.company.people)
        .filter(|(_, person)| person.standing != Standing::Gone)
        .map(|(number, _)| number)
        .collect()
}

async fn users(State(world): State<Arc<World>>, asked: Asked) -> Response {
    let page = read(&world, |view| {
        let known = known(view);
        asked.array(known.len(), 50, 1_000, |place| {
            view.user(known[place], Style::V3)
        })
    });
    answer::ok(&page)
}

async fn user(State(world): State<Arc<World>>, asked: Asked) -> Response {
    let found = read(&world, |view| {
        let person = view.company.find(asked.get("accountId")?)?;
        let mut user = view.user(person, Style::V3);
        if asked
            .get("expand")
            .is_some_and(|expand| expand.contains("groups"))
        {
            let groups = groups_in(view, person);
            user["groups"] = json!({"size": groups.len(), "items": groups});
        }
        Some(user)
    });
    found.map_or_else(|| missing("The user"), |user| answer::ok(&user))
}

async fn bulk(State(world): State<Arc<World>>, asked: Asked) -> Response {
    let page = read(&world, |view| {
        let found: Vec<u32> = asked
            .all("accountId")
            .filter_map(|id| view.company.find(id))
            .collect();
        asked.page(view.base, (found.len(), 10, 200), |place| {
            view.user(found[place], Style::V3)
        })
    });
    answer::ok(&page)
}

fn groups_in(view: View<'_>, person: u32) -> Vec<Value> {
    view.company.people[person as usize]
        .groups
        .iter()
        .filter_map(|group| view.company.groups.get(*group as usize))
        .filter(|group| !group.gone)
        .map(|group| {
            let address = view.link(&format!("rest/api/3/group?groupId={}", group.id));
            json!({"name": group.name, "groupId": group.id, "self": address})
        })
        .collect()
}

async fn groups_of(State(world): State<Arc<World>>, asked: Asked) -> Response {
    let groups = read(&world, |view| {
        let person = view.company.find(asked.get("accountId")?)?;
        Some(groups_in(view, person))
    });
    groups.map_or_else(|| missing("The user"), |groups| answer::ok(&groups.into()))
}

async fn groups(State(world): State<Arc<World>>, asked: Asked) -> Response {
    let page = read(&world, |view| {
        let groups: Vec<_> = view
            .company
            .groups
            .iter()
            .filter(|group| !group.gone)
            .collect();
        asked.page(view.base, (groups.len(), 50, 50), |place| {
            let group = groups[place];
            json!({"name": group.name, "groupId": group.id})
        })
    });
    answer::ok(&page)
}

async fn members(State(world): State<Arc<World>>, asked: Asked) -> Response {
    let page = read(&world, |view| {
        let group = view.company.groups.iter().position(|group| {
            !group.gone
                && (asked.get("groupId") == Some(&group.id)
                    || asked.get("groupname") == Some(&group.name))
        })?;
        let group = super::super::company::number(group);
        let inactive = asked.get("includeInactiveUsers") == Some("true");
        let fits = |person: &Person| {
            person.groups.contains(&group)
                && person.standing != Standing::Gone
                && (inactive || person.standing == Standing::Active)
        };
        let found: Vec<u32> = (0_u32..)
            .zip(&view.company.people)
            .filter(|(_, person)| fits(person))
            .map(|(number, _)| number)
            .collect();
        Some(asked.page(view.base, (found.len(), 50, 50), |place| {
            view.user(found[place], Style::V3)
        }))
    });
    page.map_or_else(|| missing("The group"), |page| answer::ok(&page))
}

async fn myself(State(world): State<Arc<World>>) -> Response {
    answer::ok(&read(&world, |view| {
        let mut user = view.user(0, Style::V3);
        user["locale"] = "en_GB".into();
        user["emailAddress"] = view.company.card_of(0).email.clone().into();
        user
    }))
}

async fn server(State(world): State<Arc<World>>) -> Response {
    let now = super::render::time(world.clock.now());
    answer::ok(&read(&world, |view| {
        json!({
            "baseUrl": view.base,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100_287,
            "buildDate": "2026-11-02T08:00:00.000+0100",
            "serverTime": now,
            "scmInfo": "0123456789abcdef0123456789abcdef01234567",
            "serverTitle": "Jira",
            "serverTimeZone": "Europe/Stockholm",
        })
    }))
}

async fn my_permissions(asked: Asked) -> Response {
    let Some(wanted) = asked.get("permissions").filter(|wanted| !wanted.is_empty()) else {
        let message = "The 'permissions' query parameter is required.";
        return refuse(StatusCode::BAD_REQUEST, message);
    };
    let permissions: Map<String, Value> = (1..)
        .zip(wanted.split(','))
        .map(|(id, key)| {
            let kind = if ["ADMINISTER", "SYSTEM_ADMIN"].contains(&key) {
                "GLOBAL"
            } else {
                "PROJECT"
            };
            let about = json!({
                "id": id.to_string(), "key": key, "name": key.replace('_', " ").to_lowercase(),
                "type": kind, "description": "", "havePermission": true,
            });
            (key.to_owned(), about)
        })
        .collect();
    answer::ok(&json!({"permissions": permissions}))
}

/// Whether somebody may browse a project: all who use Jira may, except for the security project.
pub(super) fn browses(view: View<'_>, person: u32, project: u32) -> bool {
    let Some(somebody) = view.company.people.get(person as usize) else {
        return false;
    };
    let secret = view
        .company
        .projects
        .get(project as usize)
        .is_none_or(|project| project.key == "SEC");
    somebody.standing == Standing::Active
        && (person < 2
            || somebody.groups.contains(if secret { &8 } else { &2 })
            || (somebody.kind == Kind::App && !secret))
}

/// Whether somebody may see an issue: its security level counts too.
pub(super) fn sees(view: View<'_>, person: u32, issue: u32) -> bool {
    let it = &view.jira.issues[issue as usize];
    let level = match it.now[usize::from(SECURITY)] {
        0 => true,
        1 => view
            .company
            .people
            .get(person as usize)
            .is_some_and(|somebody| somebody.groups.contains(&6)),
        _ => it.reporter == person,
    };
    browses(view, person, it.project) && (level || person < 2)
}

async fn check(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let ids = |value: &Value| -> Vec<u64> {
        let list = value.as_array().cloned().unwrap_or_default();
        list.iter().filter_map(Value::as_u64).collect()
    };
    let asked = body["projectPermissions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    if asked
        .iter()
        .any(|part| ids(&part["projects"]).len() > 1_000 || ids(&part["issues"]).len() > 1_000)
    {
        return refuse(
            StatusCode::BAD_REQUEST,
            "At most 1000 projects and 1000 issues.",
        );
    }
    let grants = read(&world, |view| {
        let person = match body["accountId"].as_str() {
            Some(id) => view.company.find(id),
            None => Some(0),
        };
        let person = person.unwrap_or(u32::MAX);
        let parts: Vec<Value> = asked
            .iter()
            .flat_map(|part| {
                let projects: Vec<u64> = ids(&part["projects"])
                    .into_iter()
                    .filter(|id| {
                        let number = u32::try_from(id.saturating_sub(10_000)).unwrap_or(u32::MAX);
                        browses(view, person, number)
                    })
                    .collect();
                let issues: Vec<u64> = ids(&part["issues"])
                    .into_iter()
                    .filter(|id| {
                        let issue = view.jira.by_id.get(id);
                        issue.is_some_and(|issue| sees(view, person, *issue))
                    })
                    .collect();
                let permissions = part["permissions"].as_array().cloned().unwrap_or_default();
                permissions.into_iter().map(move |permission| {
                    json!({"permission": permission, "projects": projects, "issues": issues})
                })
            })
            .collect();
        let global: Vec<Value> = body["globalPermissions"]
            .as_array()
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .filter(|_| person < 2)
            .collect();
        json!({"projectPermissions": parts, "globalPermissions": global})
    });
    answer::ok(&grants)
}

async fn projects(State(world): State<Arc<World>>) -> Response {
    answer::ok(&read(&world, |view| {
        let all: Vec<Value> = (0_u64..)
            .zip(&view.company.projects)
            .filter(|(_, project)| project.site == 0)
            .map(|(number, project)| json!({"id": 10_000 + number, "key": project.key}))
            .collect();
        json!({"projects": all})
    }))
}

async fn viewers(State(world): State<Arc<World>>, asked: Asked) -> Response {
    let found = read(&world, |view| {
        let issue = view.jira.find(view.company, asked.get("issueKey")?)?;
        let wanted = asked.get("accountId");
        let found: Vec<u32> = known(view)
            .into_iter()
            .filter(|person| sees(view, *person, issue))
            .filter(|person| wanted.is_none_or(|wanted| view.account_id(*person) == wanted))
            .collect();
        Some(asked.array(found.len(), 50, 50, |place| {
            view.user(found[place], Style::V3)
        }))
    });
    found.map_or_else(|| missing("The issue"), |found| answer::ok(&found))
}

//! Routes of Jira Software and of the service desk: boards, their configuration and sprints; customers' organizations.

use super::super::answer;
use super::super::company::Kind as Account;
use super::super::world::World;
use super::project::things;
use super::render::{Style, View, sprint_state};
use super::thing::{Kind, Thing};
use super::value::STATUSES;
use super::{Asked, missing, read, refuse};
use crate::event::Timestamp;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/rest/agile/1.0/board", get(boards))
        .route("/rest/agile/1.0/board/{board}", get(one_board))
        .route(
            "/rest/agile/1.0/board/{board}/configuration",
            get(configuration_of),
        )
        .route("/rest/agile/1.0/board/{board}/sprint", get(sprints))
        .route("/rest/agile/1.0/sprint/{sprint}", get(one_sprint))
        .route("/rest/servicedeskapi/organization", get(organizations))
        .route(
            "/rest/servicedeskapi/organization/{id}/user",
            get(customers),
        )
}

/// A time as sprints have it.
fn iso(moment: Timestamp) -> String {
    moment
        .to_utc()
        .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn kind(board: &Thing) -> &'static str {
    match board.state {
        0 => "scrum",
        _ if board.id >= super::thing::MADE => "simple",
        _ => "kanban",
    }
}

/// A board.
pub(super) fn board(view: View<'_>, it: &Thing) -> Value {
    let mut board = json!({
        "id": it.id,
        "self": view.link(&format!("rest/agile/1.0/board/{}", it.id)),
        "name": it.name,
        "type": kind(it),
    });
    if let Some(project) = view.company.projects.get(it.parent as usize) {
        board["location"] = json!({
            "projectId": 10_000 + it.parent, "projectKey": project.key, "projectName": project.name,
            "displayName": format!("{} ({})", project.name, project.key), "projectTypeKey": "software",
            "name": format!("{} ({})", project.name, project.key),
        });
    }
    board
}

/// How a board is set up.
pub(super) fn configuration(view: View<'_>, it: &Thing) -> Value {
    // Each change of the configuration adds a column or takes it away again.
    let count = 3 + (it.changes as usize) % 2;
    let columns: Vec<Value> = STATUSES[..count]
        .iter()
        .map(|(id, name)| {
            let status = view.link(&format!("rest/api/2/status/{id}"));
            json!({"name": name, "statuses": [{"id": id, "self": status}]})
        })
        .collect();
    json!({
        "id": it.id, "name": it.name, "type": kind(it),
        "self": view.link(&format!("rest/agile/1.0/board/{}/configuration", it.id)),
        "filter": {"id": "10000", "self": view.link("rest/api/2/filter/10000")},
        "columnConfig": {"columns": columns, "constraintType": "issueCount"},
        "ranking": {"rankCustomFieldId": 10_019},
    })
}

/// A sprint.
pub(super) fn sprint(view: View<'_>, it: &Thing) -> Value {
    let mut sprint = json!({
        "id": it.id,
        "self": view.link(&format!("rest/agile/1.0/sprint/{}", it.id)),
        "state": sprint_state(it),
        "name": it.name,
        "originBoardId": view.board_of(it),
    });
    if it.changes > 0 {
        sprint["goal"] = format!("Reach revision {}", it.changes).into();
    }
    if let Some(created) = it.dates[0] {
        sprint["createdDate"] = iso(created).into();
    }
    if let Some(started) = it.dates[1] {
        sprint["startDate"] = iso(started).into();
        sprint["endDate"] = iso(started.plus(Duration::from_hours(14 * 24))).into();
    }
    if let Some(completed) = it.dates[2] {
        sprint["completeDate"] = iso(completed).into();
    }
    sprint
}

fn bare(mut page: Value, links: bool) -> Value {
    if let Some(page) = page.as_object_mut()
        && !links
    {
        page.remove("self");
        page.remove("nextPage");
    }
    page
}

async fn boards(State(world): State<Arc<World>>, asked: Asked) -> Response {
    answer::ok(&read(&world, |view| {
        let found: Vec<_> = things(view, Kind::Board).collect();
        let page = asked.page(view.base, (found.len(), 50, 50), |place| {
            board(view, found[place])
        });
        bare(page, false)
    }))
}

/// Answers about a board, if there is one.
fn about(world: &World, id: u64, say: impl FnOnce(View<'_>, &Thing) -> Response) -> Response {
    read(world, |view| {
        let found = things(view, Kind::Board).find(|board| board.id == id);
        found.map_or_else(|| missing("Board"), |found| say(view, found))
    })
}

async fn one_board(State(world): State<Arc<World>>, Path(id): Path<u64>) -> Response {
    about(&world, id, |view, it| answer::ok(&board(view, it)))
}

async fn configuration_of(State(world): State<Arc<World>>, Path(id): Path<u64>) -> Response {
    about(&world, id, |view, it| answer::ok(&configuration(view, it)))
}

async fn sprints(State(world): State<Arc<World>>, Path(id): Path<u64>, asked: Asked) -> Response {
    about(&world, id, |view, it| {
        if it.state != 0 {
            return refuse(
                StatusCode::BAD_REQUEST,
                "The board does not support sprints",
            );
        }
        let states = asked.get("state").unwrap_or("future,active,closed");
        let found: Vec<_> = things(view, Kind::Sprint)
            .filter(|sprint| view.board_of(sprint) == id)
            .filter(|sprint| states.split(',').any(|state| state == sprint_state(sprint)))
            .collect();
        let page = asked.page(view.base, (found.len(), 50, 50), |place| {
            sprint(view, found[place])
        });
        answer::ok(&bare(page, false))
    })
}

async fn one_sprint(State(world): State<Arc<World>>, Path(id): Path<u64>) -> Response {
    let found = read(&world, |view| {
        let found = things(view, Kind::Sprint).find(|sprint| sprint.id == id)?;
        Some(sprint(view, found))
    });
    found.map_or_else(|| missing("Sprint"), |found| answer::ok(&found))
}

/// A page of the service desk: `start` and `limit`.
fn desk_page(asked: &Asked, base: &str, values: &[Value]) -> Value {
    let (start, limit) = (asked.number("start", 0), asked.number("limit", 50).min(50));
    let end = values.len().min(start + limit);
    let shown = values.get(start..end).unwrap_or_default();
    let mut page = json!({
        "size": shown.len(), "start": start, "limit": limit, "isLastPage": end >= values.len(),
        "_links": {"self": format!("{base}{}", asked.path), "base": base, "context": ""},
        "values": shown,
    });
    if end < values.len() {
        page["_links"]["next"] = format!("{base}{}?start={end}&limit={limit}", asked.path).into();
    }
    page
}

async fn organizations(State(world): State<Arc<World>>, asked: Asked) -> Response {
    answer::ok(&read(&world, |view| {
        let all: Vec<Value> = things(view, Kind::Organization)
            .map(|it| {
                let address = view.link(&format!("rest/servicedeskapi/organization/{}", it.id));
                json!({"id": it.id.to_string(), "name": it.name, "_links": {"self": address}})
            })
            .collect();
        desk_page(&asked, view.base, &all)
    }))
}

async fn customers(State(world): State<Arc<World>>, Path(id): Path<u64>, asked: Asked) -> Response {
    answer::ok(&read(&world, |view| {
        let all: Vec<Value> = (0_u32..)
            .zip(&view.company.people)
            .filter(|(number, it)| it.kind == Account::Customer && u64::from(*number) % 2 == id % 2)
            .map(|(number, _)| view.user(number, Style::V3))
            .collect();
        desk_page(&asked, view.base, &all)
    }))
}

//! Routes of Assets, and the one of the site that says which workspace it is.

use super::object_id;
use crate::event::Timestamp;
use crate::sandbox::AssetsShape;
use crate::sandbox::answer;
use crate::sandbox::company::number;
use crate::sandbox::fault::Fault;
use crate::sandbox::world::World;
use crate::sandbox::zone;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use chrono::NaiveDateTime;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The routes.
pub(in crate::sandbox) fn routes() -> Router<Arc<World>> {
    let base = "/jsm/assets/workspace/{workspace}/v1";
    Router::new()
        .route("/rest/servicedeskapi/assets/workspace", get(workspaces))
        .route(&format!("{base}/objectschema/list"), get(schemas))
        .route(&format!("{base}/object/aql"), post(search))
        .route(&format!("{base}/object/{{object}}/history"), get(history))
}

async fn workspaces(State(world): State<Arc<World>>) -> Response {
    let id = &world.state().inventory.workspace;
    answer::ok(&json!({
        "size": 1, "start": 0, "limit": 50, "isLastPage": true,
        "values": [{"workspaceId": id}],
    }))
}

async fn schemas(State(world): State<Arc<World>>, Path(workspace): Path<String>) -> Response {
    let inventory = &world.state().inventory;
    if workspace != inventory.workspace {
        return no_workspace();
    }
    answer::ok(&json!({
        "startAt": 0, "maxResults": 25, "total": 1, "isLast": true,
        "values": [{"id": "3", "name": "Devices", "objectSchemaKey": "DEV",
            "objectCount": inventory.objects.len(), "objectTypeCount": super::TYPES.len()}],
    }))
}

async fn search(
    State(world): State<Arc<World>>,
    Path(workspace): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    fault: Option<Extension<Fault>>,
    Json(asked): Json<Value>,
) -> Response {
    let now = world.clock.now();
    let state = &mut *world.state();
    if workspace != state.inventory.workspace {
        return no_workspace();
    }
    let words = asked["qlQuery"].as_str().unwrap_or_default();
    let Some((from, to)) = span(words, world.settings.zone_hours) else {
        let message = format!("AQL cannot be parsed: {words}");
        return answer::assets(StatusCode::BAD_REQUEST, &message);
    };
    let number = |name: &str, usual: usize| match query.get(name) {
        None => Some(usual),
        Some(text) => text.parse::<usize>().ok(),
    };
    let (Some(start), Some(limit)) = (number("startAt", 0), number("maxResults", 25)) else {
        return answer::assets(
            StatusCode::BAD_REQUEST,
            "startAt and maxResults are numbers.",
        );
    };
    let limit = limit.min(world.settings.site_page);
    let fault = fault.map(|Extension(fault)| fault);
    let (start, limit) = match fault {
        Some(Fault::RepeatedEvent) => {
            state.inventory.intrude(&state.company, now);
            (start, limit)
        }
        Some(Fault::ShortPage) => (start, (limit / 2).max(1)),
        Some(Fault::EmptyPage | Fault::NoAuditLog) => (start, 0),
        Some(Fault::SamePage) => (0, limit),
        _ => (start, limit),
    };
    let found = state.inventory.search(from, to, now);
    let page: Vec<&Value> = found.iter().skip(start).take(limit).collect();
    let end = start + page.len();
    answer::ok(&if world.settings.assets == AssetsShape::ObjectEntries {
        json!({
            "objectEntries": page, "startIndex": start, "toIndex": end, "pageSize": limit,
            "totalFilterCount": found.len(),
        })
    } else {
        json!({
            "values": page, "startAt": start, "maxResults": limit, "total": found.len(),
            "isLast": end >= found.len(),
        })
    })
}

/// The moments that a search names, read by the clocks on the site's walls.
fn span(words: &str, hours: i64) -> Option<(Timestamp, Timestamp)> {
    let date = |before: &str| {
        let (_, after) = words.split_once(before)?;
        let (text, _) = after.split_once('"')?;
        let shown = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").ok()?;
        Some(zone::moment(shown, hours))
    };
    Some((date("Updated >= \"")?, date("Updated <= \"")?))
}

async fn history(
    State(world): State<Arc<World>>,
    Path((workspace, object)): Path<(String, String)>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let now = world.clock.now();
    let state = &*world.state();
    let inventory = &state.inventory;
    if workspace != inventory.workspace {
        return no_workspace();
    }
    let objects = 0..number(inventory.objects.len());
    let Some(object) = objects
        .into_iter()
        .find(|known| object_id(*known) == object)
    else {
        return answer::assets(StatusCode::NOT_FOUND, "The object does not exist.");
    };
    let mut entries = inventory.history(&state.company, object, now);
    if query.get("asc").is_none_or(|asc| asc != "true") {
        entries.reverse();
    }
    answer::ok(&entries.into())
}

fn no_workspace() -> Response {
    answer::assets(StatusCode::NOT_FOUND, "The workspace does not exist.")
}

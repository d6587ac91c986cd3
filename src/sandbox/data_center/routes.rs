//! What the instances answer: the audit log in its style of paging, the old lists, and everything else in `lists`.

use super::log::Row;
use super::record::{self, Shape};
use super::{Instance, base, lists, millis, user_name};
use crate::event::Timestamp;
use crate::sandbox::answer::{self, System};
use crate::sandbox::fault::Fault;
use crate::sandbox::world::World;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

type Parameters = BTreeMap<String, String>;

/// The most events that one answer holds.
const MOST: usize = 10_000;

/// The routes.
pub(in crate::sandbox) fn routes() -> Router<Arc<World>> {
    Instance::ALL
        .into_iter()
        .fold(Router::new(), |router, instance| {
            router.route(&format!("/{}/rest/{{*path}}", instance.name()), get(ask))
        })
}

/// Any request.
async fn ask(
    State(world): State<Arc<World>>,
    uri: Uri,
    headers: HeaderMap,
    Query(query): Query<Parameters>,
    fault: Option<Extension<Fault>>,
) -> Response {
    let path = percent_encoding::percent_decode_str(uri.path())
        .decode_utf8_lossy()
        .into_owned();
    let Some(instance) = Instance::of(&path) else {
        return System::DataCenter.refuse(StatusCode::NOT_FOUND);
    };
    let parts: Vec<&str> = path.trim_matches('/').split('/').skip(1).collect();
    let basic = headers
        .get(header::AUTHORIZATION)
        .is_some_and(|value| value.as_bytes().starts_with(b"Basic"));
    let short = matches!(fault, Some(Extension(Fault::ShortPage)));
    let found = match parts.as_slice() {
        ["rest", "auditing", "1.0", "events"]
            if world.settings.audit_plugin || instance != Instance::Bitbucket =>
        {
            Some(events(&world, instance, &query, (basic, short)))
        }
        ["rest", "audit", "latest", "projects", rest @ ..] if instance == Instance::Bitbucket => {
            old_events(&world, rest, &query)
        }
        path => {
            let state = world.state();
            lists::answer(&world, &state.company, instance, path, &query, short).map(Ok)
        }
    };
    let mut answer = match found {
        Some(Ok(value)) => answer::ok(&value),
        Some(Err(message)) => answer::data_center(StatusCode::BAD_REQUEST, &message),
        None => System::DataCenter.refuse(StatusCode::NOT_FOUND),
    };
    // Confluence does not say it.
    if instance != Instance::Confluence {
        let name = user_name(&world.state().company, 0);
        if let Ok(name) = HeaderValue::try_from(name) {
            answer.headers_mut().insert("x-ausername", name);
        }
    }
    answer
}

/// A page of the audit log; asking for it is written into it.
fn events(
    world: &Arc<World>,
    instance: Instance,
    query: &Parameters,
    (basic, short): (bool, bool),
) -> Result<Value, String> {
    let moment = |name: &str, default: i64| match query.get(name) {
        None => Ok(default),
        Some(text) => Timestamp::parse(text)
            .filter(|_| text.contains('T'))
            .map(Timestamp::millis)
            .ok_or_else(|| format!("{name}: `{text}` is no ISO 8601 date")),
    };
    let window = (moment("from", i64::MIN)?, moment("to", i64::MAX)?);
    let cursor = match query.get("pageCursor").map(|text| text.split_once(',')) {
        None => None,
        Some(parts) => {
            let place = parts.and_then(|(time, id)| Some((time.parse().ok()?, id.parse().ok()?)));
            if place.is_none() {
                return Err("pageCursor is not valid".to_owned());
            }
            place
        }
    };
    let asked = query.get("limit").and_then(|limit| limit.parse().ok());
    let limit = asked.unwrap_or(100).clamp(1, MOST);
    let limit = if short { limit.div_ceil(2) } else { limit };
    let base = base(world, instance);
    let now = world.clock.now();
    let mut state = world.state();
    let state = &mut *state;
    let (rows, more) = state.logs.page(instance, window, cursor, limit);
    let entities: Vec<Value> = rows
        .iter()
        .map(|row| record::text(&state.company, instance, row, &base, Shape::Rest))
        .collect();
    state
        .logs
        .searched(&state.company, instance, (now, rows.len()), basic);
    let mut paging = json!({"lastPage": !more, "size": rows.len()});
    if let Some(Row { id, time, .. }) = rows.last().filter(|_| more) {
        let next = format!("{},{id}", millis(*time));
        paging["nextPageOffset"] = 0.into();
        paging["nextPageLink"] =
            format!("{base}/rest/auditing/1.0/events?offset=0&limit={limit}&pageCursor={next}")
                .into();
        paging["nextPageCursor"] = next.into();
    }
    Ok(json!({"entities": entities, "pagingInfo": paging}))
}

/// A page of one of the lists that were there before the audit plugin.
fn old_events(
    world: &Arc<World>,
    path: &[&str],
    query: &Parameters,
) -> Option<Result<Value, String>> {
    let state = world.state();
    let company = &state.company;
    let project = |key: &str| {
        let place = company
            .projects
            .iter()
            .position(|project| project.key == key);
        place.map(crate::sandbox::company::number)
    };
    let rows = match path {
        [key, "events"] => state.logs.of_place(project(key)?, None),
        [key, "repos", slug, "events"] => {
            let within = project(key)?;
            let repository = company
                .repositories
                .iter()
                .position(|repository| repository.slug == *slug && repository.project == within)?;
            let repository = crate::sandbox::company::number(repository);
            state.logs.of_place(within, Some(repository))
        }
        _ => return None,
    };
    let values: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "action": row.deed.action.0.split(' ').chain(["Event"]).collect::<String>(),
                "timestamp": millis(row.time),
                "details": format!("{{\"host\":{}}}", row.host),
                "user": lists::bitbucket_user(company, record::actor(row).unwrap_or(0)),
            })
        })
        .collect();
    Some(Ok(lists::bitbucket_page(&values, query, false)))
}

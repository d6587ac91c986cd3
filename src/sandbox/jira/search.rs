//! Routes of the issue search: pages by token, which lives seven days; without `fields` there is nothing but ids.

use super::super::answer;
use super::super::cursor::Cursor;
use super::super::fault::Fault;
use super::super::world::World;
use super::jql::{self, Query, Term};
use super::render::{Style, View};
use super::value::{STATUS, STATUSES, TYPE, TYPES};
use super::{Asked, read, refuse};
use crate::event::Timestamp;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/rest/api/3/search/jql", get(by_query).post(by_body))
        .route("/rest/api/3/search/approximate-count", post(count))
}

/// What is asked for.
#[derive(Debug, Default)]
struct Search {
    jql: String,
    token: Option<String>,
    size: usize,
    fields: Vec<String>,
    expand: String,
}

async fn by_query(State(world): State<Arc<World>>, asked: Asked) -> Response {
    let search = Search {
        jql: asked.get("jql").unwrap_or_default().to_owned(),
        token: asked.get("nextPageToken").map(ToOwned::to_owned),
        size: asked.number("maxResults", 50),
        fields: asked
            .all("fields")
            .flat_map(|fields| fields.split(','))
            .map(|field| field.trim().to_owned())
            .filter(|field| !field.is_empty())
            .collect(),
        expand: asked.get("expand").unwrap_or_default().to_owned(),
    };
    answer_to(&world, search, asked.fault.as_ref())
}

async fn by_body(State(world): State<Arc<World>>, asked: Asked, body: Bytes) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "The body is not JSON.");
    };
    let text = |name: &str| body[name].as_str().map(ToOwned::to_owned);
    let size = body["maxResults"].as_u64().unwrap_or(50);
    let fields = body["fields"].as_array().cloned().unwrap_or_default();
    let search = Search {
        jql: text("jql").unwrap_or_default(),
        token: text("nextPageToken"),
        size: usize::try_from(size).unwrap_or(50),
        fields: fields
            .iter()
            .filter_map(|field| Some(field.as_str()?.to_owned()))
            .collect(),
        expand: text("expand").unwrap_or_default(),
    };
    answer_to(&world, search, asked.fault.as_ref())
}

async fn count(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    match jql::parse(body["jql"].as_str().unwrap_or_default(), world.clock.now()) {
        Ok(query) => {
            let count = read(&world, |view| found(view, &query).len());
            answer::ok(&json!({"count": count}))
        }
        Err(error) => refuse(StatusCode::BAD_REQUEST, &error),
    }
}

/// Id and name of a value among those that a field can have.
fn one_of(values: &[(&str, &str)], value: u32) -> (String, String) {
    let (id, name) = values[value as usize % values.len()];
    (id.to_owned(), name.to_owned())
}

/// How long a token is good for.
const LIFE: Duration = Duration::from_hours(7 * 24);

fn answer_to(world: &World, search: Search, fault: Option<&Fault>) -> Response {
    let now = world.clock.now();
    let query = match jql::parse(&search.jql, now) {
        Ok(query) => query,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, &error),
    };
    let (seed, generation) = (world.settings.seed, world.state().cursors);
    let mut start = 0;
    if let Some(token) = &search.token {
        let cursor = Cursor::open(token, seed, "jql", generation);
        let made = cursor.as_ref().and_then(Cursor::made);
        let good = made.is_some_and(|made| made.plus(LIFE) > now);
        match cursor {
            Some(cursor) if good && cursor.filter == search.jql => start = cursor.position,
            _ => {
                return refuse(
                    StatusCode::BAD_REQUEST,
                    "The nextPageToken is invalid or has expired.",
                );
            }
        }
    }
    let mut size = search.size.clamp(1, 5_000).min(world.settings.site_page);
    if search.fields.len() > 2 || search.expand.contains("changelog") {
        size = size.min(1_000);
    }
    if fault == Some(&Fault::ShortPage) {
        size = (size / 2).max(1);
    }
    let (issues, more) = read(world, |view| {
        let found = found(view, &query);
        let page: Vec<Value> = found
            .iter()
            .skip(start)
            .take(size)
            .map(|issue| shown(view, *issue, &search))
            .collect();
        (page, found.len() > start + size)
    });
    let mut page = json!({"isLast": !more, "issues": issues});
    if more {
        let cursor = Cursor::new("jql", generation, start + size).filtered(search.jql);
        page["nextPageToken"] = cursor.made_at(now).seal(seed).into();
    }
    answer::ok(&page)
}

/// The issues that a query finds, in its order.
fn found(view: View<'_>, query: &Query) -> Vec<u32> {
    let jira = view.jira;
    let fits = |issue: &u32| {
        let it = &jira.issues[*issue as usize];
        it.born
            && !it.gone
            && query.terms.iter().all(|term| match term {
                Term::Time(updated, ordering, moment) => {
                    ordering.holds(if *updated { it.updated } else { it.created }, *moment)
                }
                Term::OneOf(field, values) => {
                    let project = &view.company.projects[it.project as usize];
                    let (id, name) = match field.as_str() {
                        "project" => ((10_000 + it.project).to_string(), project.key.clone()),
                        "status" => one_of(&STATUSES, it.now[usize::from(STATUS)]),
                        "issuetype" | "type" => one_of(&TYPES, it.now[usize::from(TYPE)]),
                        _ => (it.id().to_string(), view.key(*issue)),
                    };
                    values
                        .iter()
                        .any(|value| *value == id || value.eq_ignore_ascii_case(&name))
                }
            })
    };
    let mut found: Vec<u32> = jira.alive.iter().copied().filter(fits).collect();
    let (field, down) = query
        .order
        .clone()
        .unwrap_or_else(|| ("created".to_owned(), true));
    let place = |issue: &u32| -> (Option<Timestamp>, u64) {
        let it = &jira.issues[*issue as usize];
        let time = match field.as_str() {
            "updated" => Some(it.updated),
            "created" => Some(it.created),
            _ => None,
        };
        (time, it.id())
    };
    found.sort_by_key(place);
    if down {
        found.reverse();
    }
    found
}

fn shown(view: View<'_>, issue: u32, search: &Search) -> Value {
    if search.fields.is_empty() {
        let id = view.jira.issues[issue as usize].id();
        return json!({"id": id.to_string()});
    }
    let it = &view.jira.issues[issue as usize];
    let fields = chosen(view.fields(issue, &it.now, Style::V3), &search.fields);
    let mut shown = view.issue_with(issue, Style::V3, &fields);
    if search
        .expand
        .split(',')
        .any(|part| part.trim() == "changelog")
    {
        shown["changelog"] = recent(view, issue);
    }
    shown
}

/// The newest histories, newest first, as they come with an issue.
pub(super) fn recent(view: View<'_>, issue: u32) -> Value {
    let history = &view.jira.issues[issue as usize].history;
    let histories: Vec<Value> = history
        .iter()
        .rev()
        .take(40)
        .map(|act| view.history(issue, *act as usize, Style::V3))
        .collect();
    json!({"startAt": 0, "maxResults": histories.len(), "total": history.len(), "histories": histories})
}

/// The fields that were asked for.
pub(super) fn chosen(mut fields: Map<String, Value>, wanted: &[String]) -> Map<String, Value> {
    let all = wanted
        .iter()
        .any(|field| field == "*all" || field == "*navigable");
    let only_less = !wanted.is_empty() && wanted.iter().all(|field| field.starts_with('-'));
    fields.retain(|name, _| {
        let less = wanted
            .iter()
            .any(|field| field.strip_prefix('-') == Some(name));
        !less && (all || only_less || wanted.contains(name))
    });
    fields
}

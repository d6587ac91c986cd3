//! Routes about single issues: fields, change log, comments and worklogs.

use super::super::answer;
use super::super::cursor::Cursor;
use super::super::fault::Fault;
use super::super::world::World;
use super::render::{Style, View};
use super::search::{chosen, recent};
use super::table::Part;
use super::value::called;
use super::{Asked, missing, read, refuse};
use crate::event::Timestamp;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/rest/api/3/issue/{issue}", get(one))
        .route("/rest/api/3/issue/{issue}/changelog", get(changelog))
        .route("/rest/api/3/changelog/bulkfetch", post(bulk))
        .route("/rest/api/3/issue/{issue}/comment", get(comments))
        .route("/rest/api/3/comment/list", post(comment_list))
        .route("/rest/api/3/worklog/updated", get(worklogs_updated))
        .route("/rest/api/3/worklog/deleted", get(worklogs_deleted))
        .route("/rest/api/3/worklog/list", post(worklog_list))
        .route("/rest/api/3/issue/{issue}/worklog", get(worklogs))
}

/// Answers about an issue, if there is one of that id or key.
fn about(world: &World, name: &str, say: impl FnOnce(View<'_>, u32) -> Value) -> Response {
    let said = read(world, |view| {
        let issue = view.jira.find(view.company, name)?;
        Some(say(view, issue))
    });
    said.map_or_else(|| missing("Issue"), |said| answer::ok(&said))
}

async fn one(State(world): State<Arc<World>>, Path(name): Path<String>, asked: Asked) -> Response {
    let wanted: Vec<String> = asked
        .all("fields")
        .flat_map(|fields| fields.split(','))
        .map(ToOwned::to_owned)
        .collect();
    about(&world, &name, |view, issue| {
        let it = &view.jira.issues[issue as usize];
        let mut fields = view.fields(issue, &it.now, Style::V3);
        let list = |part, show: &dyn Fn(u32) -> Value| -> Vec<Value> {
            view.pieces(issue, part).map(show).collect()
        };
        let comments = list(Part::Comment, &|place| {
            view.comment(place, view.jira.pieces[place as usize].changes, Style::V3)
        });
        let attachments = list(Part::Attachment, &|place| view.attachment(place, Style::V3));
        let worklogs = list(Part::Worklog, &|place| view.worklog(place, Style::V3));
        let total = comments.len();
        fields.insert(
            "comment".to_owned(),
            json!({"comments": comments, "startAt": 0, "maxResults": total, "total": total}),
        );
        fields.insert("attachment".to_owned(), attachments.into());
        let total = worklogs.len();
        fields.insert(
            "worklog".to_owned(),
            json!({"worklogs": worklogs, "startAt": 0, "maxResults": 20, "total": total}),
        );
        if !wanted.is_empty() {
            fields = chosen(fields, &wanted);
        }
        let mut shown = view.issue_with(issue, Style::V3, &fields);
        if asked
            .get("expand")
            .is_some_and(|expand| expand.contains("changelog"))
        {
            shown["changelog"] = recent(view, issue);
        }
        shown
    })
}

async fn changelog(
    State(world): State<Arc<World>>,
    Path(name): Path<String>,
    asked: Asked,
) -> Response {
    about(&world, &name, |view, issue| {
        let history = &view.jira.issues[issue as usize].history;
        asked.page(view.base, (history.len(), 100, 100), |place| {
            view.history(issue, history[place] as usize, Style::V3)
        })
    })
}

async fn bulk(State(world): State<Arc<World>>, asked: Asked, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let texts = |name: &str| -> Vec<String> {
        let list = body[name].as_array().cloned().unwrap_or_default();
        list.iter()
            .filter_map(|value| Some(value.as_str()?.to_owned()))
            .collect()
    };
    let (names, fields) = (texts("issueIdsOrKeys"), texts("fieldIds"));
    if names.is_empty() || names.len() > 1_000 || fields.len() > 10 {
        return refuse(
            StatusCode::BAD_REQUEST,
            "Between 1 and 1000 issues and at most 10 fields.",
        );
    }
    let (seed, generation) = (world.settings.seed, world.state().cursors);
    let start = match body["nextPageToken"].as_str() {
        None => 0,
        Some(token) => match Cursor::open(token, seed, "bulk", generation) {
            Some(cursor) if cursor.filter == names.join(",") => cursor.position,
            _ => return refuse(StatusCode::BAD_REQUEST, "The nextPageToken is invalid."),
        },
    };
    let size = body["maxResults"]
        .as_u64()
        .unwrap_or(1_000)
        .clamp(1, 10_000);
    let mut size = usize::try_from(size).unwrap_or(1_000);
    if asked.fault == Some(Fault::ShortPage) {
        size = (size / 2).max(1);
    }
    let (groups, more) = read(&world, |view| {
        let issues: BTreeSet<u32> = names
            .iter()
            .filter_map(|name| view.jira.find(view.company, name))
            .collect();
        let mut all: Vec<(Timestamp, u32, u32)> = Vec::new();
        for issue in issues {
            for act in &view.jira.issues[issue as usize].history {
                let items = view.jira.items(*act as usize);
                let wanted = fields.is_empty()
                    || items
                        .iter()
                        .any(|item| fields.iter().any(|field| field == called(item.field).1));
                if wanted {
                    all.push((view.jira.acts[*act as usize].time, issue, *act));
                }
            }
        }
        all.sort_unstable();
        let mut groups: Vec<Value> = Vec::new();
        let mut place = std::collections::BTreeMap::new();
        for (_, issue, act) in all.iter().skip(start).take(size) {
            let mut history = view.history(*issue, *act as usize, Style::V3);
            // Here times have been seen as numbers.
            history["created"] = view.jira.acts[*act as usize].time.millis().into();
            let at = *place.entry(*issue).or_insert_with(|| {
                let id = view.jira.issues[*issue as usize].id().to_string();
                groups.push(json!({"issueId": id, "changeHistories": []}));
                groups.len() - 1
            });
            if let Some(list) = groups[at]["changeHistories"].as_array_mut() {
                list.push(history);
            }
        }
        (groups, all.len() > start + size)
    });
    let mut page = json!({"issueChangeLogs": groups});
    if more {
        let cursor = Cursor::new("bulk", generation, start + size).filtered(names.join(","));
        page["nextPageToken"] = cursor.seal(seed).into();
    }
    answer::ok(&page)
}

async fn comments(
    State(world): State<Arc<World>>,
    Path(name): Path<String>,
    asked: Asked,
) -> Response {
    about(&world, &name, |view, issue| {
        let mut places: Vec<u32> = view.pieces(issue, Part::Comment).collect();
        if asked.get("orderBy") == Some("-created") {
            places.reverse();
        }
        let mut page = asked.page(view.base, (places.len(), 5_000, 5_000), |place| {
            let changes = view.jira.pieces[places[place] as usize].changes;
            view.comment(places[place], changes, Style::V3)
        });
        renamed(&mut page, "comments");
        page
    })
}

/// Makes of a page in style G one whose values have another name, without links.
fn renamed(page: &mut Value, name: &str) {
    if let Some(page) = page.as_object_mut() {
        let values = page.remove("values").unwrap_or_default();
        page.insert(name.to_owned(), values);
        for name in ["self", "isLast", "nextPage"] {
            page.remove(name);
        }
    }
}

/// The pieces of a kind with the ids in the body.
fn listed(view: View<'_>, body: &Bytes, part: Part) -> Vec<u32> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let ids = body["ids"].as_array().cloned().unwrap_or_default();
    ids.iter()
        .take(1_000)
        .filter_map(Value::as_u64)
        .filter_map(|id| {
            let place = u32::try_from(id.checked_sub(30_000)?).ok()?;
            let piece = view.jira.pieces.get(place as usize)?;
            (piece.part == part && piece.gone.is_none()).then_some(place)
        })
        .collect()
}

async fn comment_list(State(world): State<Arc<World>>, asked: Asked, body: Bytes) -> Response {
    answer::ok(&read(&world, |view| {
        let places = listed(view, &body, Part::Comment);
        asked.page(view.base, (places.len(), 1_000, 1_000), |place| {
            let changes = view.jira.pieces[places[place] as usize].changes;
            view.comment(places[place], changes, Style::V3)
        })
    }))
}

async fn worklog_list(State(world): State<Arc<World>>, body: Bytes) -> Response {
    answer::ok(&read(&world, |view| {
        let places = listed(view, &body, Part::Worklog);
        let all: Vec<Value> = places
            .into_iter()
            .map(|place| view.worklog(place, Style::V3))
            .collect();
        all.into()
    }))
}

async fn worklogs(
    State(world): State<Arc<World>>,
    Path(name): Path<String>,
    asked: Asked,
) -> Response {
    let after = asked.get("startedAfter").and_then(|text| text.parse().ok());
    about(&world, &name, |view, issue| {
        let places: Vec<u32> = view
            .pieces(issue, Part::Worklog)
            .filter(|place| {
                let piece = &view.jira.pieces[*place as usize];
                after.is_none_or(|after: i64| piece.created.millis() > after)
            })
            .collect();
        let mut page = asked.page(view.base, (places.len(), 5_000, 5_000), |place| {
            view.worklog(places[place], Style::V3)
        });
        renamed(&mut page, "worklogs");
        page
    })
}

async fn worklogs_updated(State(world): State<Arc<World>>, asked: Asked) -> Response {
    changed_worklogs(&world, &asked, false)
}

async fn worklogs_deleted(State(world): State<Arc<World>>, asked: Asked) -> Response {
    changed_worklogs(&world, &asked, true)
}

fn changed_worklogs(world: &World, asked: &Asked, deleted: bool) -> Response {
    let since = asked.get("since").and_then(|since| since.parse().ok());
    let since: i64 = since.unwrap_or(0);
    // The last minute is not there yet.
    let until = world.clock.now().minus(Duration::from_mins(1)).millis();
    let size = match asked.fault {
        Some(Fault::ShortPage) => 500,
        _ => 1_000,
    };
    let page = read(world, |view| {
        let mut found: Vec<(i64, u64)> = view
            .jira
            .pieces
            .iter()
            .filter(|piece| piece.part == Part::Worklog && piece.gone.is_some() == deleted)
            .map(|piece| (piece.gone.unwrap_or(piece.updated).millis(), piece.id))
            .filter(|(time, _)| *time >= since && *time <= until)
            .collect();
        found.sort_unstable();
        let last = found.len() <= size;
        found.truncate(size);
        let until = if last {
            until.max(since)
        } else {
            found.last().map_or(since, |(time, _)| *time)
        };
        let values: Vec<Value> = found
            .iter()
            .map(|(time, id)| json!({"worklogId": id, "updatedTime": time, "properties": []}))
            .collect();
        let mut page = json!({
            "self": format!("{}{}?since={since}", view.base, asked.path),
            "since": since,
            "until": until,
            "lastPage": last,
            "values": values,
        });
        if !last {
            let base = match &asked.fault {
                Some(Fault::NextElsewhere(elsewhere)) => elsewhere.as_str().trim_end_matches('/'),
                _ => view.base,
            };
            page["nextPage"] = format!("{base}{}?since={until}", asked.path).into();
        }
        page
    });
    answer::ok(&page)
}

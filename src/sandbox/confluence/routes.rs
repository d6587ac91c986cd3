//! Routes of Confluence Cloud, versions 1 and 2 of its API.

use super::{records, spaces};
use crate::event::Timestamp;
use crate::sandbox::answer;
use crate::sandbox::company::{Company, Kind, Person, Standing};
use crate::sandbox::cursor::Cursor;
use crate::sandbox::fault::Fault;
use crate::sandbox::names;
use crate::sandbox::world::World;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The parameters of a request.
type Parameters = BTreeMap<String, String>;

/// The routes.
pub(in crate::sandbox) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/wiki/rest/api/audit", get(audit))
        .route("/wiki/rest/api/user/current", get(current))
        .route("/wiki/rest/api/group", get(groups))
        .route(
            "/wiki/rest/api/group/{group}/membersByGroupId",
            get(members),
        )
        .route("/wiki/rest/api/search/user", get(users))
        .route("/wiki/api/v2/users-bulk", post(details))
        .route("/wiki/api/v2/spaces", get(list_spaces))
}

async fn audit(
    State(world): State<Arc<World>>,
    Query(query): Query<Parameters>,
    fault: Option<Extension<Fault>>,
) -> Response {
    let now = world.clock.now();
    let moment = |name: &str, usual: i64| match query.get(name) {
        None => Some(usual),
        Some(text) => text.parse::<i64>().ok(),
    };
    let (Some(from), Some(to)) = (moment("startDate", 0), moment("endDate", i64::MAX)) else {
        return answer::confluence(StatusCode::BAD_REQUEST, "The date is not a number.");
    };
    let fault = fault.map(|Extension(fault)| fault);
    let state = &mut *world.state();
    if fault == Some(Fault::RepeatedEvent) {
        state.intrude(to, now);
    }
    let found = records(state, Some((from, to)), now);
    by_offset(&world, &query, fault.as_ref(), &found)
}

/// A page in style K: the records are put in as they are, and `size` says how many there are in all.
fn by_offset(
    world: &World,
    query: &Parameters,
    fault: Option<&Fault>,
    found: &[String],
) -> Response {
    let number = |name: &str, usual: usize| match query.get(name) {
        None => Some(usual),
        Some(text) => text.parse::<usize>().ok(),
    };
    let (Some(start), Some(limit)) = (number("start", 0), number("limit", 1_000)) else {
        return answer::confluence(StatusCode::BAD_REQUEST, "start and limit must be numbers.");
    };
    let limit = limit.min(world.settings.site_page);
    let (start, limit) = match fault {
        Some(Fault::ShortPage) => (start, (limit / 2).max(1)),
        Some(Fault::EmptyPage | Fault::NoAuditLog) => (start, 0),
        Some(Fault::SamePage) => (0, limit),
        _ => (start, limit),
    };
    let page: Vec<&str> = found
        .iter()
        .skip(start)
        .take(limit)
        .map(String::as_str)
        .collect();
    let links = json!({"base": names::SITES[0].1.to_owned() + "/wiki", "context": "/wiki"});
    let text = format!(
        r#"{{"results":[{}],"start":{start},"limit":{limit},"size":{},"_links":{links}}}"#,
        page.join(","),
        found.len(),
    );
    answer::text(StatusCode::OK, text)
}

async fn current(State(world): State<Arc<World>>) -> Response {
    let company = &world.state().company;
    answer::ok(&user(company, &company.people[0]))
}

async fn groups(
    State(world): State<Arc<World>>,
    Query(query): Query<Parameters>,
    fault: Option<Extension<Fault>>,
) -> Response {
    let company = &world.state().company;
    let groups = company.groups.iter().filter(|group| !group.gone);
    let found: Vec<String> = groups
        .map(|group| json!({"type": "group", "name": group.name, "id": group.id}).to_string())
        .collect();
    by_offset(&world, &query, fault.as_deref(), &found)
}

async fn members(
    State(world): State<Arc<World>>,
    Path(group): Path<String>,
    Query(query): Query<Parameters>,
    fault: Option<Extension<Fault>>,
) -> Response {
    let company = &world.state().company;
    let mut groups = company.groups.iter().zip(0_u32..);
    let Some((_, group)) = groups.find(|(known, _)| known.id == group && !known.gone) else {
        return answer::confluence(StatusCode::NOT_FOUND, "No group with that id.");
    };
    let found: Vec<String> = present(company)
        .filter(|person| person.groups.contains(&group))
        .map(|person| user(company, person).to_string())
        .collect();
    by_offset(&world, &query, fault.as_deref(), &found)
}

async fn users(
    State(world): State<Arc<World>>,
    Query(query): Query<Parameters>,
    fault: Option<Extension<Fault>>,
) -> Response {
    if query.get("cql").is_none_or(|cql| cql != "type=user") {
        return answer::confluence(StatusCode::BAD_REQUEST, "Could not parse cql.");
    }
    let company = &world.state().company;
    let found: Vec<String> = present(company)
        .map(|person| {
            let title = &company.cards[person.card as usize].name;
            json!({"user": user(company, person), "title": title, "entityType": "user"}).to_string()
        })
        .collect();
    by_offset(&world, &query, fault.as_deref(), &found)
}

async fn details(State(world): State<Arc<World>>, Json(asked): Json<Value>) -> Response {
    let company = &world.state().company;
    let accounts: Vec<&str> = asked["accountIds"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if accounts.is_empty() || accounts.len() > 250 {
        return refused("accountIds must have 1 to 250 items.");
    }
    let people = present(company).filter(|person| accounts.contains(&person.account_id.as_str()));
    let results: Vec<Value> = people
        .map(|person| {
            let card = &company.cards[person.card as usize];
            let status = match person.standing {
                Standing::Active | Standing::Suspended => "active",
                Standing::Deactivated => "inactive",
                Standing::Gone => "closed",
            };
            json!({
                "displayName": card.name,
                "isExternalCollaborator": false,
                "accountStatus": status,
                "accountId": person.account_id,
                "email": card.email.clone().unwrap_or_default(),
                "accountType": kind(person),
                "publicName": card.nickname,
            })
        })
        .collect();
    answer::ok(&json!({"results": results}))
}

async fn list_spaces(
    State(world): State<Arc<World>>,
    Query(query): Query<Parameters>,
    fault: Option<Extension<Fault>>,
) -> Response {
    let state = &*world.state();
    let company = &state.company;
    let seed = world.settings.seed;
    let status = query.get("status").cloned().unwrap_or_default();
    let limit = query
        .get("limit")
        .map_or(Some(25), |text| text.parse().ok());
    let Some(limit @ 1..=250) = limit else {
        return refused("limit must be between 1 and 250.");
    };
    let limit = match fault.as_deref() {
        Some(Fault::ShortPage) => (limit / 2).max(1),
        _ => limit.min(world.settings.site_page),
    };
    let start = match query.get("cursor") {
        None => Cursor::new("spaces", state.cursors, 0),
        Some(text) => match Cursor::open(text, seed, "spaces", state.cursors) {
            Some(cursor) => cursor,
            None => return refused("The cursor is not valid."),
        },
    };
    let found: Vec<Value> = all_spaces(company)
        .filter(|space| status.is_empty() || space["status"] == status.as_str())
        .collect();
    let page: Vec<&Value> = found.iter().skip(start.position).take(limit).collect();
    let mut next = start.position + page.len();
    if matches!(fault.as_deref(), Some(Fault::SamePage)) {
        next = start.position;
    }
    let mut links = json!({"base": format!("{}/wiki", names::SITES[0].1)});
    if next < found.len() {
        let path = "wiki/api/v2/spaces";
        let sealed = start.at(next).seal(seed);
        let query = format!("status={status}&limit={limit}&cursor={sealed}");
        links["next"] = match fault.as_deref() {
            Some(Fault::NextElsewhere(origin)) => format!("{origin}{path}?{query}").into(),
            _ => format!("/{path}?{query}").into(),
        };
    }
    answer::ok(&json!({"results": page, "_links": links}))
}

fn refused(detail: &str) -> Response {
    let error = json!({"errors": [{
        "status": 400, "code": "INVALID_REQUEST_PARAMETER", "title": "Bad request", "detail": detail,
    }]});
    answer::text(StatusCode::BAD_REQUEST, error.to_string())
}

/// The spaces of the company's projects, every sixth archived, and those of some people.
fn all_spaces(company: &Company) -> impl Iterator<Item = Value> + '_ {
    let shared = spaces(company).map(|(index, project)| {
        let archived = index % 6 == 5;
        space(
            4_000 + index,
            (&project.key, &project.name),
            ("global", if archived { "archived" } else { "current" }),
            (&company.people[0].account_id, project.created),
        )
    });
    let own = company.people.iter().take(3).enumerate();
    let own = own.map(|(index, person)| {
        let name = &company.cards[person.card as usize].name;
        let key = format!("~{}", person.account_id.replace([':', '-'], ""));
        space(
            9_000 + index,
            (&key, name),
            ("personal", "current"),
            (&person.account_id, person.added),
        )
    });
    shared.chain(own)
}

fn space(
    id: usize,
    (key, name): (&str, &str),
    (kind, status): (&str, &str),
    (author, created): (&str, Timestamp),
) -> Value {
    json!({
        "id": id.to_string(),
        "key": key,
        "name": name,
        "type": kind,
        "status": status,
        "authorId": author,
        "createdAt": created.to_string(),
        "homepageId": (70_000 + id).to_string(),
        "_links": {"webui": format!("/spaces/{key}")},
    })
}

fn present(company: &Company) -> impl Iterator<Item = &Person> {
    let people = company.people.iter();
    people.filter(|person| person.standing != Standing::Gone)
}

fn user(company: &Company, person: &Person) -> Value {
    let card = &company.cards[person.card as usize];
    json!({
        "type": "known",
        "accountId": person.account_id,
        "accountType": kind(person),
        "email": card.email.clone().filter(|_| !person.host.is_multiple_of(16)).unwrap_or_default(),
        "publicName": card.nickname,
        "displayName": card.name,
        "isExternalCollaborator": false,
    })
}

fn kind(person: &Person) -> &'static str {
    match person.kind {
        Kind::Person => "atlassian",
        Kind::Customer => "customer",
        Kind::App => "app",
    }
}

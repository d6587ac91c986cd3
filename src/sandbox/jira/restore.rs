//! Routes that write: creating an issue again, moving it along its workflow, registering a webhook.

use super::super::answer;
use super::super::catalogue as org;
use super::super::life::Doing;
use super::super::world::World;
use super::act::What;
use super::render::Style;
use super::table::row_of;
use super::value::{
    ASSIGNEE, Item, LABEL_WORDS, LABELS, LEVELS, PRIORITIES, PRIORITY, RESOLUTION, SECURITY,
    STATUS, STATUSES, TYPE, TYPES,
};
use super::{missing, read, refuse};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use url::Url;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/rest/api/3/issue", post(create))
        .route(
            "/rest/api/3/issue/createmeta/{project}/issuetypes",
            get(types),
        )
        .route(
            "/rest/api/3/issue/createmeta/{project}/issuetypes/{type}",
            get(fields),
        )
        .route(
            "/rest/api/3/issue/{issue}/transitions",
            get(transitions).post(transition),
        )
        .route("/rest/webhooks/1.0/webhook", get(webhooks).post(register))
}

/// The fields on the create screen: id, type, whether required.
const SCREEN: [(&str, &str, bool); 10] = [
    ("project", "project", true),
    ("issuetype", "issuetype", true),
    ("summary", "string", true),
    ("description", "string", false),
    ("priority", "priority", false),
    ("labels", "array", false),
    ("assignee", "user", false),
    ("reporter", "user", false),
    ("duedate", "date", false),
    ("security", "securitylevel", false),
];

async fn types(State(world): State<Arc<World>>) -> Response {
    answer::ok(&read(&world, |view| {
        let types: Vec<Value> = TYPES
            .iter()
            .map(|(id, name)| view.issue_type(id.parse().unwrap_or(0), name, Style::V3))
            .collect();
        json!({"issueTypes": types, "startAt": 0, "maxResults": 50, "total": types.len()})
    }))
}

async fn fields(State(world): State<Arc<World>>) -> Response {
    let refused = world.state().outbox.refused.clone();
    let fields: Vec<Value> = SCREEN
        .iter()
        .filter(|(id, ..)| refused.as_deref() != Some(id))
        .map(|(id, kind, required)| {
            json!({
                "fieldId": id, "key": id, "name": id, "required": required,
                "hasDefaultValue": false, "operations": ["set"],
                "schema": {"type": kind, "system": id},
            })
        })
        .collect();
    answer::ok(&json!({"fields": fields, "startAt": 0, "maxResults": 50, "total": fields.len()}))
}

async fn create(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let fields = &body["fields"];
    let now = world.clock.now();
    let state = &mut *world.state();
    let mut errors = Map::new();
    let project = {
        let asked = &fields["project"];
        let mut all = (0_u32..).zip(&state.company.projects);
        all.find(|(number, project)| {
            project.site == 0
                && (asked["id"].as_str() == Some(format!("{}", 10_000 + number).as_str())
                    || asked["key"] == project.key)
        })
        .map(|(number, _)| number)
    };
    if project.is_none() {
        errors.insert(
            "project".to_owned(),
            "Specify a valid project ID or key".into(),
        );
    }
    let kind = TYPES.iter().position(|(id, name)| {
        fields["issuetype"]["id"] == *id || fields["issuetype"]["name"] == *name
    });
    if kind.is_none() {
        errors.insert("issuetype".to_owned(), "Specify a valid issue type".into());
    }
    let summary = fields["summary"].as_str().unwrap_or_default().to_owned();
    if summary.is_empty() || summary.len() > 255 {
        let message = "You must specify a summary of the issue.";
        errors.insert("summary".to_owned(), message.into());
    }
    if fields["description"].is_string() {
        let message =
            "Operation value must be an Atlassian Document (see the Atlassian Document Format)";
        errors.insert("description".to_owned(), message.into());
    }
    for name in fields.as_object().into_iter().flat_map(Map::keys) {
        let known = SCREEN.iter().any(|(id, ..)| id == name);
        if !known || state.outbox.refused.as_ref() == Some(name) {
            let message = format!(
                "Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
            );
            errors.insert(name.clone(), message.into());
        }
    }
    let (Some(project), Some(kind), true) = (project, kind, errors.is_empty()) else {
        let body = json!({"errorMessages": [], "errors": errors});
        return answer::text(StatusCode::BAD_REQUEST, body.to_string());
    };
    state.jira();
    state.company.projects[project as usize].issues += 1;
    let number = state.company.projects[project as usize].issues;
    let actor = state.company.people[0].card;
    let (jira, company, _) = state.jira();
    let issue = jira.add_issue(project, number, super::super::company::floor(now));
    let it = &mut jira.issues[issue as usize];
    it.text = Some((summary, fields["description"].clone()));
    let set = |values: &mut super::value::Values, field: u8, value: usize| {
        values[usize::from(field)] = u32::try_from(value).unwrap_or(0);
    };
    let by_id =
        |list: &[(&str, &str)], value: &Value| list.iter().position(|(id, _)| value["id"] == *id);
    set(&mut it.first, TYPE, kind);
    let priority = by_id(&PRIORITIES, &fields["priority"]).unwrap_or(2);
    set(&mut it.first, PRIORITY, priority);
    let level = by_id(&LEVELS, &fields["security"]).map_or(0, |place| place + 1);
    set(&mut it.first, SECURITY, level);
    let person =
        |value: &Value| company.find(value["id"].as_str().or(value["accountId"].as_str())?);
    let assignee = person(&fields["assignee"]).map_or(0, |person| person as usize + 1);
    set(&mut it.first, ASSIGNEE, assignee);
    if let Some(reporter) = person(&fields["reporter"]) {
        it.reporter = reporter;
    }
    let labels = label_bits(&fields["labels"]);
    set(&mut it.first, LABELS, labels);
    it.now = it.first;
    let id = it.id();
    let doing = Doing {
        deed: org::ISSUE_CREATED,
        actor,
        object: project,
        other: number,
        gap: 0,
    };
    state.record(doing, now);
    state.jira();
    state.outbox.wake.notify_one();
    let key = format!("{}-{number}", state.company.projects[project as usize].key);
    let created = json!({
        "id": id.to_string(), "key": key,
        "self": world.link(&format!("rest/api/3/issue/{id}")),
    });
    answer::text(StatusCode::CREATED, created.to_string())
}

/// Labels as a value: those that are known here.
fn label_bits(labels: &Value) -> usize {
    let labels = labels.as_array().cloned().unwrap_or_default();
    LABEL_WORDS
        .iter()
        .enumerate()
        .filter(|(_, word)| labels.iter().any(|label| label == *word))
        .map(|(place, _)| 1 << place)
        .sum()
}

async fn transitions(State(world): State<Arc<World>>, Path(name): Path<String>) -> Response {
    let found = read(&world, |view| {
        view.jira.find(view.company, &name)?;
        let all: Vec<Value> = (0_u32..)
            .zip(&STATUSES)
            .map(|(value, (_, status))| {
                json!({
                    "id": format!("{}1", value + 1), "name": status,
                    "to": view.status(value, Style::V3),
                    "hasScreen": false, "isGlobal": true, "isInitial": false,
                    "isAvailable": true, "isConditional": false, "looped": false,
                })
            })
            .collect();
        Some(json!({"expand": "transitions", "transitions": all}))
    });
    found.map_or_else(|| missing("Issue"), |found| answer::ok(&found))
}

async fn transition(
    State(world): State<Arc<World>>,
    Path(name): Path<String>,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let wanted = (0_u32..4).find(|value| body["transition"]["id"] == format!("{}1", value + 1));
    let Some(to) = wanted else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "The transition is not valid for this issue.",
        );
    };
    let time = super::super::company::floor(world.clock.now());
    let state = &mut *world.state();
    let (jira, company, _) = state.jira();
    let Some(issue) = jira.find(company, &name) else {
        return missing("Issue");
    };
    let now = jira.issues[issue as usize].now;
    let from = now[usize::from(STATUS)];
    let resolution = now[usize::from(RESOLUTION)];
    let mut items = vec![Item {
        field: STATUS,
        from,
        to,
    }];
    if (to == 3) != (resolution > 0) {
        let to = u32::from(to == 3);
        items.push(Item {
            field: RESOLUTION,
            from: resolution,
            to,
        });
    }
    if from != to {
        let row = row_of("ISSUE_UPDATED", "");
        jira.act(row, time, Some(0), What::Issue(issue, items));
        state.outbox.wake.notify_one();
    }
    StatusCode::NO_CONTENT.into_response()
}

fn registered(world: &World) -> Option<Value> {
    let state = world.state();
    let (url, secret) = state.outbox.target.as_ref()?;
    let mut webhook = json!({
        "name": "Audit", "url": url.as_str(), "events": state.outbox.events,
        "filters": {}, "excludeBody": false, "enabled": true,
        "self": world.link("rest/webhooks/1.0/webhook/1"),
    });
    webhook["isSigned"] = secret.is_some().into();
    Some(webhook)
}

async fn webhooks(State(world): State<Arc<World>>) -> Response {
    let all: Vec<Value> = registered(&world).into_iter().collect();
    answer::ok(&all.into())
}

async fn register(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let url = body["url"].as_str().and_then(|url| Url::parse(url).ok());
    let Some(url) = url else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "The URL of the webhook is not valid.",
        );
    };
    {
        let state = &mut *world.state();
        let count = state.jira().0.acts.len();
        state.outbox.next = count;
        let secret = body["secret"].as_str().map(SecretString::from);
        state.outbox.target = Some((url, secret));
        let events = body["events"].as_array().cloned().unwrap_or_default();
        state.outbox.events = events
            .iter()
            .filter_map(|event| Some(event.as_str()?.to_owned()))
            .collect();
    }
    let webhook = registered(&world).unwrap_or_default();
    answer::text(StatusCode::CREATED, webhook.to_string())
}

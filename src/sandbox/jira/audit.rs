//! Routes of Jira's own audit log: newest first, paged by offset, so that new records shift the pages.

use super::super::answer;
use super::super::world::World;
use super::act::{Act, What, record_id};
use super::render::{View, time_utc};
use super::table::Op;
use super::thing::{Kind, Thing};
use super::{Asked, read, refuse};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<World>> {
    Router::new().route("/rest/api/3/auditing/record", get(records))
}

async fn records(State(world): State<Arc<World>>, asked: Asked) -> Response {
    if world.state().outbox.free_plan {
        return refuse(
            StatusCode::FORBIDDEN,
            "The audit log is not available on the Free plan.",
        );
    }
    let mut span = [None; 2];
    for (name, bound) in ["from", "to"].into_iter().zip(&mut span) {
        if let Some(text) = asked.get(name) {
            // A plus that was not encoded arrives as a space.
            let Some(moment) = super::jql::moment(text) else {
                let message = format!("The parameter {name} is not a date.");
                return refuse(StatusCode::BAD_REQUEST, &message);
            };
            *bound = Some(moment);
        }
    }
    let words: Vec<String> = asked
        .get("filter")
        .unwrap_or_default()
        .split_whitespace()
        .map(str::to_lowercase)
        .collect();
    let offset = asked.number("offset", 0);
    let limit = asked.number("limit", 1_000).min(1_000);
    let limit = match asked.fault {
        Some(super::Fault::ShortPage) => (limit / 2).max(1),
        _ => limit,
    };
    let page = read(&world, |view| {
        let within = |number: &usize| {
            let time = view.jira.acts[*number].time;
            span[0].is_none_or(|from| time >= from) && span[1].is_none_or(|to| time <= to)
        };
        let numbers = view
            .jira
            .records
            .iter()
            .rev()
            .map(|number| *number as usize);
        let found: Vec<usize> = numbers
            .filter(within)
            .filter(|number| words.is_empty() || matches(&record(view, *number), &words))
            .collect();
        let records: Vec<Value> = found
            .iter()
            .skip(offset)
            .take(limit)
            .map(|number| record(view, *number))
            .collect();
        json!({"offset": offset, "limit": limit, "total": found.len(), "records": records})
    });
    answer::ok(&page)
}

fn matches(record: &Value, words: &[String]) -> bool {
    let text = record.to_string().to_lowercase();
    words.iter().all(|word| text.contains(word))
}

/// The audit record of an act.
pub(super) fn record(view: View<'_>, number: usize) -> Value {
    let act = &view.jira.acts[number];
    let deed = act.deed();
    let mut record = json!({
        "id": record_id(number),
        "summary": deed.summary,
        "created": time_utc(act.time),
        "category": deed.category,
        "eventSource": "",
    });
    if let Some(author) = act.author() {
        let id = view.account_id(author);
        record["authorKey"] = if number.is_multiple_of(3) {
            format!("JIRAUSER{}", 10_000 + author).into()
        } else {
            id.clone().into()
        };
        record["authorAccountId"] = id.into();
        if let Some(person) = view.company.people.get(author as usize) {
            let network = super::super::names::PLACES[person.place].network;
            record["remoteAddress"] = format!("{network}{}", person.host).into();
        }
    }
    about(view, act, &mut record);
    // A field that no specification has.
    if number % 29 == 7 {
        record["moonPhase"] = "waxing".into();
    }
    record
}

/// Says what a record is about.
fn about(view: View<'_>, act: &Act, record: &mut Value) {
    const DIRECTORY: &str = "IDP Directory";
    let user = |person: u32| {
        let id = view.account_id(person);
        json!({"id": id, "name": id, "typeName": "USER", "parentId": "10000", "parentName": DIRECTORY})
    };
    let group = |group: u32| {
        let group = &view.company.groups[group as usize];
        json!({"id": group.id, "name": group.name, "typeName": "GROUP", "parentId": "10000", "parentName": DIRECTORY})
    };
    match &act.what {
        What::User(person) => {
            record["objectItem"] = user(*person);
            record["associatedItems"] = json!([user(*person)]);
            if act.deed().code == "USER_CREATED" {
                record["changedValues"] =
                    json!([{"fieldName": "Active / Inactive", "changedTo": "Active"}]);
            }
        }
        What::Member(of, person) => {
            record["objectItem"] = group(*of);
            record["associatedItems"] = json!([user(*person)]);
        }
        What::Group(of) => record["objectItem"] = group(*of),
        What::Thing(after, before) => {
            record["objectItem"] = object(view, after);
            let mut changes = Vec::new();
            let old = before.as_ref().map(|before| before.name.as_str());
            if old != Some(after.name.as_str()) {
                let mut change = json!({"fieldName": "Name", "changedTo": after.name});
                if let Some(old) = old {
                    change["changedFrom"] = old.into();
                }
                changes.push(change);
            }
            match act.deed().op {
                Op::Touch(Kind::PermissionScheme) => {
                    changes.push(
                        json!({"fieldName": "Permission", "changedTo": "Delete all comments"}),
                    );
                    changes.push(json!({"fieldName": "Type", "changedTo": "Group"}));
                }
                Op::Touch(Kind::Project) if act.deed().number == 20 => {
                    changes.push(
                        json!({"fieldName": "Project category", "changedTo": category(after)}),
                    );
                }
                Op::Touch(Kind::Project) if act.deed().number == 76 => {
                    changes.push(json!({"fieldName": "Users", "changedFrom": "", "changedTo": view.account_id(after.changes % 5)}));
                    record["associatedItems"] = json!([
                        {"id": "10003", "name": "Developers", "typeName": "PROJECT_ROLE"},
                    ]);
                }
                Op::Alter(Kind::Project) => changes.push(json!({
                    "fieldName": "Description",
                    "changedFrom": format!("Revision {}", after.changes.saturating_sub(1)),
                    "changedTo": format!("Revision {}", after.changes),
                })),
                Op::Shift(..) => changes.push(json!({
                    "fieldName": "State",
                    "changedFrom": before.as_ref().map_or(0, |before| before.state).to_string(),
                    "changedTo": after.state.to_string(),
                })),
                _ => {}
            }
            if !changes.is_empty() {
                record["changedValues"] = changes.into();
            }
        }
        What::Switch(on) => {
            record["objectItem"] = json!({"name": act.deed().summary, "typeName": "SETTING"});
            record["description"] = "Changed in the administration of the site".into();
            record["changedValues"] = json!([{
                "fieldName": act.deed().summary,
                "changedFrom": (!on).to_string(),
                "changedTo": on.to_string(),
            }]);
        }
        What::Issue(..) | What::Piece(..) => {}
    }
}

/// The category of a project.
pub(super) fn category(project: &Thing) -> Option<&'static str> {
    ["Products", "Inside"].get(project.parent as usize).copied()
}

fn object(view: View<'_>, thing: &Thing) -> Value {
    let kind = match thing.kind {
        Kind::Project => "PROJECT",
        Kind::Version => "VERSION",
        Kind::Role => "PROJECT_ROLE",
        Kind::Sprint => "SPRINT",
        Kind::Category => "PROJECT_CATEGORY",
        _ => "SCHEME",
    };
    let mut object = json!({"id": thing.id.to_string(), "name": thing.name, "typeName": kind});
    if thing.kind == Kind::Version {
        object["parentId"] = (10_000 + thing.parent).to_string().into();
        if let Some(project) = view.company.projects.get(thing.parent as usize) {
            object["parentName"] = project.name.clone().into();
        }
    }
    object
}

//! ECS: a document of the Elastic Common Schema; what the schema has no place for is under `auditgraph`.

use crate::deliver::detail::{ActorDetail, Detail};
use serde_json::{Map, Value, json};

/// The version whose fields these are.
const VERSION: &str = "8.17.0";

/// The document of an event. Absent values are left out, as the schema wants it.
pub(super) fn document(event: &Detail) -> Value {
    let location = event.location.as_ref();
    let (target, project) = (event.target.as_ref(), event.project.as_ref());
    let user_name = event.actor.as_ref().map(|actor| &actor.name);
    let ip = location.and_then(|location| location.ip.as_ref());
    let whole = json!({
        "@timestamp": event.time,
        "ecs": {"version": VERSION},
        "message": event.message.as_deref().unwrap_or(&event.action.label),
        "event": {
            "kind": "event",
            "id": event.id,
            "action": event.action.code,
            "category": category(event),
            "type": kind(&event.action.code),
            "dataset": "auditgraph.event",
            "module": "auditgraph",
            "provider": event.source,
            "sequence": event.seq,
            "created": event.recorded_at,
            "original": event.raw,
        },
        "user": event.actor.as_ref().map(user),
        "source": location.map(|location| json!({
            "ip": location.ip,
            "geo": {
                "city_name": location.city,
                "region_name": location.region,
                "country_name": location.country,
            },
        })),
        "related": {"user": user_name.map(|name| [name]), "ip": ip.map(|ip| [ip])},
        "auditgraph": {
            "position": event.position,
            "product": event.product,
            "category": event.category,
            "label": event.action.label,
            "target": target,
            "project": project.map(|project| json!({"key": project.key, "name": project.name})),
            "issue": event.issue,
            "changes": event.changes,
            "method": event.method,
        },
    });
    pruned(whole).unwrap_or_default()
}

fn user(actor: &ActorDetail) -> Value {
    json!({"id": actor.account_id, "full_name": actor.name, "email": actor.email})
}

/// What the schema calls the kind of thing that it is about.
fn category(event: &Detail) -> Vec<&'static str> {
    let code = event.action.code.as_str();
    let noun = code.split('.').next().unwrap_or_default();
    match noun {
        "user" | "group" | "member" | "project_role" => vec!["iam"],
        "session" | "login" | "token" | "api_token" => vec!["authentication"],
        _ if code.contains("permission") || code.contains("setting") => vec!["configuration"],
        _ => Vec::new(),
    }
}

/// What the schema calls what was done.
fn kind(code: &str) -> Vec<&'static str> {
    let verb = code.rsplit('.').next().unwrap_or_default();
    let ends = |endings: &[&str]| endings.iter().any(|ending| verb.ends_with(ending));
    if ends(&["created", "added", "invited"]) {
        vec!["creation"]
    } else if ends(&["deleted", "removed", "revoked"]) {
        vec!["deletion"]
    } else if ends(&["viewed", "read", "downloaded", "exported"]) {
        vec!["access"]
    } else if ends(&["updated", "changed", "renamed", "moved", "edited"]) {
        vec!["change"]
    } else {
        vec!["info"]
    }
}

/// The value without what says nothing.
fn pruned(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Object(fields) => {
            let fields: Map<String, Value> = fields
                .into_iter()
                .filter_map(|(name, value)| Some((name, pruned(value)?)))
                .collect();
            (!fields.is_empty()).then_some(Value::Object(fields))
        }
        Value::Array(items) => {
            let items: Vec<Value> = items.into_iter().filter_map(pruned).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        other => Some(other),
    }
}

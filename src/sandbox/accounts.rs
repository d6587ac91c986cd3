//! Routes of user management: the profile and the life cycle of managed accounts.
//!
//! Profiles that an identity provider keeps refuse every change, as upstream does.

use super::answer::{account, account_with, ok};
use super::catalogue::{DEACTIVATED, REACTIVATED, RENAMED};
use super::company::{Company, Kind, Person, Standing};
use super::names;
use super::people::{account_status, kind, picture};
use super::world::{State as Changing, World};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Map, Value, json};
use std::sync::Arc;

type Refused = Box<Response>;

/// The routes.
pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/users/{account}/manage", get(privileges))
        .route(
            "/users/{account}/manage/profile",
            get(profile).patch(change_profile),
        )
        .route("/users/{account}/manage/api-tokens", get(tokens))
        .route("/users/{account}/manage/lifecycle/disable", post(disable))
        .route("/users/{account}/manage/lifecycle/enable", post(enable))
}

/// The managed account of that id.
fn managed(company: &Company, id: &str) -> Result<u32, Refused> {
    let found = company.find(id).filter(|person| {
        let person = &company.people[*person as usize];
        person.kind == Kind::Person && person.standing != Standing::Gone
    });
    match found {
        None => Err(Box::new(account(StatusCode::NOT_FOUND, "accountNotFound"))),
        Some(person) if !company.people[person as usize].managed => {
            let key = "forbidden.targetUnverified";
            Err(Box::new(account(StatusCode::FORBIDDEN, key)))
        }
        Some(person) => Ok(person),
    }
}

fn with(
    world: &World,
    id: &str,
    answer: impl FnOnce(&mut Changing, u32) -> Result<Response, Refused>,
) -> Response {
    let mut state = world.state();
    managed(&state.company, id)
        .and_then(|person| answer(&mut state, person))
        .unwrap_or_else(|refusal| *refusal)
}

async fn privileges(State(world): State<Arc<World>>, Path(id): Path<String>) -> Response {
    with(&world, &id, |state, person| {
        let may = if state.company.people[person as usize].synced {
            json!({"allowed": false, "reason": {"key": "externalDirectory.scim"}})
        } else {
            json!({"allowed": true})
        };
        let fields = [
            "name",
            "nickname",
            "extended_profile.job_title",
            "extended_profile.department",
        ];
        let write: Map<_, _> = fields
            .into_iter()
            .map(|field| (field.to_owned(), may.clone()))
            .collect();
        Ok(ok(&json!({
            "email.set": may,
            "lifecycle.enablement": may,
            "profile": write,
            "profile.write": write,
            "profile.read": {"allowed": true},
            "apiToken.read": {"allowed": true},
            "apiToken.delete": {"allowed": true},
        })))
    })
}

async fn profile(State(world): State<Arc<World>>, Path(id): Path<String>) -> Response {
    with(&world, &id, |state, person| {
        Ok(described(&state.company, person))
    })
}

fn described(company: &Company, index: u32) -> Response {
    let (person, card) = (&company.people[index as usize], company.card_of(index));
    ok(&json!({"account": {
        "account_id": person.account_id,
        "account_type": kind(person.kind),
        "account_status": account_status(person.standing),
        "name": card.name,
        "nickname": card.nickname,
        "picture": picture(person),
        "email": card.email,
        "email_verified": true,
        "locale": "en-US",
        "characteristics": {"not_mentionable": null},
        "extended_profile": {
            "job_title": person.title,
            "department": person.department,
            "organization": names::COMPANY,
            "location": names::PLACES[person.place].city,
        },
    }}))
}

async fn change_profile(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let now = world.clock.now();
    with(&world, &id, |state, index| {
        let Ok(Value::Object(fields)) = serde_json::from_slice(&body) else {
            return Err(Box::new(account(
                StatusCode::BAD_REQUEST,
                "bodyParseFailure",
            )));
        };
        let changes = flat(&fields);
        let person = &mut state.company.people[index as usize];
        refuse(person, &changes)?;
        for (field, value) in &changes {
            match field.as_str() {
                "extended_profile.department" => person.department.clone_from(value),
                "extended_profile.job_title" => person.title.clone_from(value),
                _ => {}
            }
        }
        if let Some((_, name)) = changes.iter().find(|(field, _)| field == "name") {
            state.company.add_card(index, name);
        }
        let card = state.company.people[index as usize].card;
        state.tell(RENAMED, 0, card, now);
        Ok(described(&state.company, index))
    })
}

/// Refuses what cannot be changed, by anybody or for this person.
fn refuse(person: &Person, changes: &[(String, String)]) -> Result<(), Refused> {
    let known = [
        "name",
        "extended_profile.department",
        "extended_profile.job_title",
    ];
    let unknown = changes
        .iter()
        .find(|(field, value)| !known.contains(&field.as_str()) || value.len() > 255);
    if let Some((field, _)) = unknown {
        let context =
            json!({"fieldViolations": [{"field": field, "violations": [{"key": "unsupported"}]}]});
        let key = "fieldConstraintsViolated";
        return Err(Box::new(account_with(
            StatusCode::BAD_REQUEST,
            key,
            &context,
        )));
    }
    if person.synced {
        let fields: Vec<_> = changes.iter().map(|(field, _)| field).collect();
        let context = json!({"fields": fields, "reason": "externalDirectory.scim"});
        let key = "forbidden.fieldMutation";
        return Err(Box::new(account_with(StatusCode::FORBIDDEN, key, &context)));
    }
    Ok(())
}

/// Nested fields under dotted names.
fn flat(fields: &Map<String, Value>) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    fields
        .iter()
        .flat_map(|(name, value)| match value {
            Value::Object(inner) => inner
                .iter()
                .map(|(inner, value)| (format!("{name}.{inner}"), text(value)))
                .collect(),
            value => vec![(name.clone(), text(value))],
        })
        .collect()
}

async fn tokens(State(world): State<Arc<World>>, Path(id): Path<String>) -> Response {
    with(&world, &id, |state, person| {
        let person = &state.company.people[person as usize];
        let created = super::record::time(person.added);
        let has_one = person.host.is_multiple_of(3);
        let token =
            json!({"id": format!("t-{}", person.host), "label": "reports", "createdAt": created});
        Ok(ok(&if has_one { json!([token]) } else { json!([]) }))
    })
}

async fn disable(State(world): State<Arc<World>>, Path(id): Path<String>) -> Response {
    switch(&world, &id, Standing::Deactivated)
}

async fn enable(State(world): State<Arc<World>>, Path(id): Path<String>) -> Response {
    switch(&world, &id, Standing::Active)
}

fn switch(world: &World, id: &str, to: Standing) -> Response {
    let now = world.clock.now();
    with(world, id, |state, index| {
        let person = &mut state.company.people[index as usize];
        if person.synced {
            let key = "forbidden.action";
            return Err(Box::new(account(StatusCode::FORBIDDEN, key)));
        }
        let card = person.card;
        if person.standing != to {
            let deactivated = to == Standing::Deactivated;
            person.standing = to;
            person.deactivated = deactivated.then_some(now);
            let deed = if deactivated {
                DEACTIVATED
            } else {
                REACTIVATED
            };
            state.tell(deed, 0, card, now);
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    })
}

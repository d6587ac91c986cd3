//! Routes of the organization API that are about the organization and its managed accounts (v1).
//!
//! The audit log is in `events.rs`, the directory (v2) in `directory.rs`.

use super::answer;
use super::catalogue::DEEDS;
use super::company::{Company, Person, Standing};
use super::cursor::Cursor;
use super::fault::Fault;
use super::names;
use super::people::{access, managed};
use super::world::World;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many managed accounts are on a page.
const PAGE: usize = 50;

/// The routes.
pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/admin/v1/orgs", get(organizations))
        .route("/admin/v1/orgs/{org}", get(organization))
        .route("/admin/v1/orgs/{org}/event-actions", get(actions))
        .route("/admin/v1/orgs/{org}/users", get(users))
        .route("/admin/v1/orgs/{org}/domains", get(domains))
        .route(
            "/admin/v1/orgs/{org}/directory/users/{account}/last-active-dates",
            get(last_active),
        )
}

fn describe(world: &World, company: &Company) -> Value {
    let link = world.link(&format!("admin/v1/orgs/{}", company.org_id));
    json!({
        "id": company.org_id,
        "type": "orgs",
        "attributes": {"name": names::COMPANY},
        "relationships": {
            "domains": {"links": {"related": format!("{link}/domains")}},
            "users": {"links": {"related": format!("{link}/users")}},
        },
        "links": {"self": link},
    })
}

async fn organizations(State(world): State<Arc<World>>) -> Response {
    let company = &world.state().company;
    answer::ok(&json!({
        "data": [describe(&world, company)],
        "links": {"self": world.link("admin/v1/orgs")},
    }))
}

async fn organization(State(world): State<Arc<World>>, Path(org): Path<String>) -> Response {
    let company = &world.state().company;
    if org != company.org_id {
        return answer::no_organization();
    }
    answer::ok(&json!({"data": describe(&world, company)}))
}

async fn actions(State(world): State<Arc<World>>, Path(org): Path<String>) -> Response {
    if org != world.state().company.org_id {
        return answer::no_organization();
    }
    let listed = DEEDS.iter().filter(|deed| !deed.label.is_empty());
    let data: Vec<_> = listed
        .clone()
        .map(|deed| {
            json!({
                "id": deed.action,
                "type": "event-actions",
                "attributes": {"displayName": deed.label, "groupDisplayName": deed.group},
            })
        })
        .collect();
    let mut groups: Vec<_> = listed.map(|deed| deed.group).collect();
    groups.sort_unstable();
    groups.dedup();
    answer::ok(&json!({"data": data, "groupDisplayNames": groups}))
}

async fn domains(State(world): State<Arc<World>>, Path(org): Path<String>) -> Response {
    let company = &world.state().company;
    if org != company.org_id {
        return answer::no_organization();
    }
    let link = world.link(&format!("admin/v1/orgs/{org}/domains"));
    answer::ok(&json!({
        "data": [{
            "id": company.directory_id,
            "type": "domains",
            "attributes": {"name": names::DOMAIN, "claim": {"type": "dns", "status": "verified"}},
            "links": {"self": format!("{link}/{}", company.directory_id)},
        }],
        "links": {"self": link},
    }))
}

async fn users(
    State(world): State<Arc<World>>,
    Path(org): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    fault: Option<Extension<Fault>>,
) -> Response {
    let state = world.state();
    let company = &state.company;
    if org != company.org_id {
        return answer::no_organization();
    }
    let seed = world.settings.seed;
    let start = match query.get("cursor") {
        None => Cursor::new("managed", state.cursors, 0),
        Some(text) => match Cursor::open(text, seed, "managed", state.cursors) {
            Some(cursor) => cursor,
            None => return answer::bad_cursor(),
        },
    };
    let fault = fault.map(|Extension(fault)| fault);
    let size = if fault == Some(Fault::ShortPage) {
        PAGE / 2
    } else {
        PAGE
    };
    let is_listed = |person: &&Person| person.managed && person.standing != Standing::Gone;
    let mut left = company
        .people
        .iter()
        .enumerate()
        .skip(start.position)
        .filter(|(_, person)| is_listed(person));
    let page: Vec<_> = left.by_ref().take(size).collect();
    let mut next = left.next().map(|(index, _)| index);
    if fault == Some(Fault::SamePage) {
        next = Some(start.position);
    }
    let path = format!("admin/v1/orgs/{org}/users");
    let mut links = json!({"self": world.link(&path)});
    if let Some(next) = next {
        let sealed = start.at(next).seal(seed);
        links["next"] = format!("{}?cursor={sealed}", world.link(&path)).into();
    }
    if let Some(Fault::NextElsewhere(origin)) = fault {
        links["next"] = format!("{origin}{path}?cursor=elsewhere").into();
    }
    let data: Vec<_> = page
        .iter()
        .map(|(_, person)| managed(company, person))
        .collect();
    let total = company.people.iter().filter(is_listed).count();
    answer::ok(&json!({"data": data, "meta": {"total": total}, "links": links}))
}

async fn last_active(
    State(world): State<Arc<World>>,
    Path((org, account)): Path<(String, String)>,
) -> Response {
    let state = world.state();
    let company = &state.company;
    if org != company.org_id {
        return answer::no_organization();
    }
    let person = company
        .find(&account)
        .map(|index| &company.people[index as usize])
        .filter(|person| person.standing != Standing::Gone);
    let Some(person) = person else {
        return answer::organization("ADMIN-404-8", "Not found", "The user was not found.");
    };
    let products: Vec<_> = access(company, person)
        .map(|(key, id, active)| {
            let mut access = json!({"id": id, "key": key});
            if let Some(active) = active.map(crate::event::Timestamp::to_utc) {
                access["last_active"] = active.format("%Y-%m-%d").to_string().into();
                access["last_active_timestamp"] =
                    active.format("%Y-%m-%dT%H:%M:%SZ").to_string().into();
            }
            access
        })
        .collect();
    let added = person.added.to_utc();
    answer::ok(&json!({
        "data": {
            "product_access": products,
            "added_to_org": added.format("%Y-%m-%d").to_string(),
            "added_to_org_timestamp": added.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        },
        "links": {},
    }))
}

//! Routes of the organization's directory (v2): directories, users, groups.
//!
//! Bare cursors (style C). A cursor only fits the filters it was made for; send the same ones with it.

use super::answer;
use super::company::{Company, Group, Person, Standing, number};
use super::cursor::Cursor;
use super::fault::Fault;
use super::names;
use super::people::{access, account_status, claimed, membership, nanos, status, user};
use super::world::World;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The routes.
pub(super) fn routes() -> Router<Arc<World>> {
    let directory = "/admin/v2/orgs/{org}/directories/{directory}";
    Router::new()
        .route("/admin/v2/orgs/{org}/directories", get(directories))
        .route(&format!("{directory}/users/search"), post(search_users))
        .route(&format!("{directory}/groups/search"), post(search_groups))
        .route(&format!("{directory}/users"), get(list_users))
        .route(&format!("{directory}/groups"), get(list_groups))
}

async fn directories(State(world): State<Arc<World>>, Path(org): Path<String>) -> Response {
    let company = &world.state().company;
    if org != company.org_id {
        return answer::no_organization();
    }
    answer::ok(&json!({
        "data": [{
            "directoryId": company.directory_id,
            "name": names::COMPANY,
            "icon": "https://avatars.example/directory.png",
        }],
        "links": {},
    }))
}

type Refused = Box<Response>;
type Where = Path<(String, String)>;
type Broken = Option<Extension<Fault>>;
type Asked = Query<BTreeMap<String, String>>;

async fn search_users(
    State(world): State<Arc<World>>,
    place: Where,
    fault: Broken,
    body: Bytes,
) -> Response {
    answered(posted(&body).and_then(|body| users(&world, &place.0, &body, fault)))
}

async fn search_groups(
    State(world): State<Arc<World>>,
    place: Where,
    fault: Broken,
    body: Bytes,
) -> Response {
    answered(posted(&body).and_then(|body| groups(&world, &place.0, &body, fault)))
}

async fn list_users(
    State(world): State<Arc<World>>,
    place: Where,
    fault: Broken,
    query: Asked,
) -> Response {
    answered(
        queried(&world, "users", query.0).and_then(|body| users(&world, &place.0, &body, fault)),
    )
}

async fn list_groups(
    State(world): State<Arc<World>>,
    place: Where,
    fault: Broken,
    query: Asked,
) -> Response {
    answered(
        queried(&world, "groups", query.0).and_then(|body| groups(&world, &place.0, &body, fault)),
    )
}

fn answered(answer: Result<Response, Refused>) -> Response {
    answer.unwrap_or_else(|refusal| *refusal)
}

fn posted(body: &[u8]) -> Result<Map<String, Value>, Refused> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_slice(body).or_else(|_| bad("The body must be a JSON object."))
}

/// The parameters of the deprecated lists as if they had been posted; a cursor makes the server ignore all others.
fn queried(
    world: &World,
    kind: &str,
    query: BTreeMap<String, String>,
) -> Result<Map<String, Value>, Refused> {
    if let Some(text) = query.get("cursor") {
        let cursor = Cursor::open(text, world.settings.seed, kind, world.state().cursors)
            .ok_or_else(|| Box::new(answer::bad_cursor()))?;
        let mut body = posted(cursor.filter.as_bytes())?;
        body.insert("cursor".to_owned(), text.clone().into());
        return Ok(body);
    }
    Ok(query
        .into_iter()
        .map(|(name, value)| {
            let value = match name.as_str() {
                "limit" => value.parse::<u64>().map_or(Value::Null, Value::from),
                "searchTerm" | "claimStatus" => value.into(),
                _ => value.split(',').collect(),
            };
            (name, value)
        })
        .collect())
}

fn bad<T>(detail: &str) -> Result<T, Refused> {
    Err(Box::new(answer::bad_syntax(detail)))
}

/// What a listing is asked for.
struct Listing<'a> {
    kind: &'static str,
    place: &'a (String, String),
    body: &'a Map<String, Value>,
    fault: Broken,
    /// How many items are on a page when nobody says.
    usual: usize,
}

/// One page of a listing in style C: of `all`, those that `wanted` wants.
fn page<T>(
    world: &World,
    listing: Listing<'_>,
    all: impl Fn(&Company) -> &[T],
    wanted: impl Fn(&Company, u32, &T) -> bool,
    show: impl Fn(&Company, u32, &T) -> Value,
) -> Result<Response, Refused> {
    let Listing {
        kind,
        place: (org, directory),
        body,
        fault,
        usual,
    } = listing;
    let state = world.state();
    let company = &state.company;
    if *org != company.org_id {
        return Err(Box::new(answer::no_organization()));
    }
    if directory != "-" && *directory != company.directory_id {
        let detail = "The directory was not found.";
        let refusal = answer::organization("ADMIN-404-1", "Not found", detail);
        return Err(Box::new(refusal));
    }
    let mut limit = match body.get("limit") {
        None => usual,
        Some(limit) => limit
            .as_u64()
            .filter(|limit| (1..=100).contains(limit))
            .and_then(|limit| usize::try_from(limit).ok())
            .map_or_else(|| bad("limit must be between 1 and 100."), Ok)?,
    };
    let mut filter = body.clone();
    filter.remove("cursor");
    filter.remove("limit");
    let filter = Value::from(filter).to_string();
    let seed = world.settings.seed;
    let start = match body.get("cursor").and_then(Value::as_str) {
        None => Cursor::new(kind, state.cursors, 0).filtered(filter.clone()),
        Some(text) => Cursor::open(text, seed, kind, state.cursors)
            .filter(|cursor| cursor.filter == filter)
            .ok_or_else(|| Box::new(answer::bad_cursor()))?,
    };
    let fault = fault.map(|Extension(fault)| fault);
    if fault == Some(Fault::ShortPage) {
        limit = (limit / 2).max(1);
    }
    let mut left = all(company)
        .iter()
        .enumerate()
        .skip(start.position)
        .filter(|(index, item)| wanted(company, number(*index), item));
    let data: Vec<_> = left
        .by_ref()
        .take(limit)
        .map(|(index, item)| show(company, number(index), item))
        .collect();
    let mut next = left.next().map(|(index, _)| index);
    if fault == Some(Fault::SamePage) {
        next = Some(start.position);
    }
    let mut links = json!({"self": start.seal(seed)});
    if let Some(next) = next {
        links["next"] = start.at(next).seal(seed).into();
    }
    Ok(answer::ok(&json!({"data": data, "links": links})))
}

/// A filter that names values: whether one of `have` is among them.
fn among(body: &Map<String, Value>, name: &str, have: &[&str]) -> bool {
    let Some(Value::Array(wanted)) = body.get(name) else {
        return true;
    };
    wanted
        .iter()
        .filter_map(Value::as_str)
        .any(|wanted| have.iter().any(|have| have.eq_ignore_ascii_case(wanted)))
}

fn contains(body: &Map<String, Value>, have: &[&str]) -> bool {
    let Some(term) = body.get("searchTerm").and_then(Value::as_str) else {
        return true;
    };
    let term = term.to_lowercase();
    have.iter().any(|have| have.to_lowercase().contains(&term))
}

/// Refuses lists that are longer than allowed, and filters that exclude each other.
fn check(
    body: &Map<String, Value>,
    most: &[(&str, usize)],
    exclusive: &[&str],
) -> Result<(), Refused> {
    for (name, most) in most {
        match body.get(*name) {
            None => {}
            Some(Value::Array(values)) if (1..=*most).contains(&values.len()) => {}
            Some(_) => return bad(&format!("{name} must be a list of 1 to {most}.")),
        }
    }
    if exclusive
        .iter()
        .filter(|name| body.contains_key(**name))
        .count()
        > 1
    {
        return bad(&format!(
            "Only one of {} may be given.",
            exclusive.join(", ")
        ));
    }
    Ok(())
}

fn users(
    world: &World,
    place: &(String, String),
    body: &Map<String, Value>,
    fault: Broken,
) -> Result<Response, Refused> {
    let most = [
        ("accountIds", 10),
        ("groupIds", 10),
        ("emails", 100),
        ("emailDomains", 10),
        ("expand", 4),
    ];
    check(body, &most, &["emails", "searchTerm"])?;
    let wanted = |company: &Company, _: u32, person: &Person| {
        let card = &company.cards[person.card as usize];
        let email = card.email.as_deref().unwrap_or_default();
        let domain = email.rsplit('@').next().unwrap_or_default();
        let groups: Vec<_> = person
            .groups
            .iter()
            .map(|group| company.groups[*group as usize].id.as_str())
            .collect();
        let claim = body.get("claimStatus").and_then(Value::as_str);
        person.standing != Standing::Gone
            && among(body, "accountIds", &[&person.account_id])
            && among(body, "groupIds", &groups)
            && among(body, "emails", &[email])
            && among(body, "emailDomains", &[domain])
            && among(body, "status", &[status(person.standing)])
            && among(body, "accountStatus", &[account_status(person.standing)])
            && among(body, "membershipStatus", &[membership(person.standing)])
            && claim.is_none_or(|claim| claim == claimed(person))
            && contains(body, &[&card.name, &card.nickname, email])
    };
    let expand = |name: &str| body.contains_key("expand") && among(body, "expand", &[name]);
    let show = |company: &Company, index: u32, person: &Person| {
        let mut item = user(company, index, person);
        if expand("groups") {
            item["groups"] = person
                .groups
                .iter()
                .map(|group| &company.groups[*group as usize])
                .map(|group| json!({"id": group.id, "name": group.name, "description": group.description}))
                .collect();
        }
        if expand("productAccess") {
            item["productAccess"] = access(company, person)
                .map(|(key, id, active)| {
                    let mut access = json!({"id": id, "key": key});
                    if let Some(active) = active {
                        access["lastActiveTimestamp"] = nanos(active, person.host).into();
                    }
                    access
                })
                .collect();
        }
        if expand("platformRoles") {
            let admin = person.groups.contains(&0);
            item["platformRoles"] = if admin {
                json!(["atlassian/org-admin"])
            } else {
                json!([])
            };
        }
        if expand("counts.resources") {
            item["counts"] = json!({"resources": access(company, person).count()});
        }
        item
    };
    let listing = Listing {
        kind: "users",
        place,
        body,
        fault,
        usual: 50,
    };
    page(
        world,
        listing,
        |company| company.people.as_slice(),
        wanted,
        show,
    )
}

fn groups(
    world: &World,
    place: &(String, String),
    body: &Map<String, Value>,
    fault: Broken,
) -> Result<Response, Refused> {
    let most = [
        ("accountIds", 10),
        ("groupIds", 10),
        ("groupNames", 10),
        ("expand", 2),
    ];
    check(body, &most, &["groupIds", "groupNames", "searchTerm"])?;
    let members = |company: &Company, index: u32| {
        let people = company
            .people
            .iter()
            .filter(|person| person.standing != Standing::Gone);
        people
            .filter(|person| person.groups.contains(&index))
            .map(|person| person.account_id.clone())
            .collect::<Vec<_>>()
    };
    let wanted = |company: &Company, index: u32, group: &Group| {
        let by_member = !body.contains_key("accountIds") || {
            let members = members(company, index);
            among(
                body,
                "accountIds",
                &members.iter().map(String::as_str).collect::<Vec<_>>(),
            )
        };
        !group.gone
            && by_member
            && among(body, "groupIds", &[&group.id])
            && among(body, "groupNames", &[&group.name])
            && contains(body, &[&group.name])
    };
    let expand = |name: &str| body.contains_key("expand") && among(body, "expand", &[name]);
    let show = |company: &Company, index: u32, group: &Group| {
        let mut counts = Map::new();
        if expand("counts.users") {
            counts.insert("users".to_owned(), members(company, index).len().into());
        }
        if expand("counts.resources") {
            counts.insert("resources".to_owned(), u64::from(index < 6).into());
        }
        let mut item = json!({
            "id": group.id,
            "name": group.name,
            "description": group.description,
            "directoryId": company.directory_id,
            "externalSynced": index % 7 == 6,
            "managedBy": if index % 7 == 6 { "external" } else { "admins" },
            "managementAccess": {"deletable": index > 5, "modifiable": true, "readable": true},
        });
        if !counts.is_empty() {
            item["counts"] = counts.into();
        }
        item
    };
    let listing = Listing {
        kind: "groups",
        place,
        body,
        fault,
        usual: 20,
    };
    page(
        world,
        listing,
        |company| company.groups.as_slice(),
        wanted,
        show,
    )
}

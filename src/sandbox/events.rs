//! Routes of the audit log: polling it, searching it, one event of it.

use super::EndOfLog;
use super::answer;
use super::catalogue::deed;
use super::cursor::Cursor;
use super::fault::Fault;
use super::gate::Carried;
use super::log::{Fact, Order, Selection, Span};
use super::record::Form;
use super::world::{State as Changing, World};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The parameters of a request.
type Parameters = BTreeMap<String, String>;

/// The routes.
pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/admin/v1/orgs/{org}/events-stream", get(stream))
        .route("/admin/v1/orgs/{org}/events", get(search))
        .route("/admin/v1/orgs/{org}/events/{event}", get(one))
}

/// One listing of the log, as a request asks for it.
struct Listing {
    path: String,
    form: Form,
    start: Cursor,
    limit: usize,
}

async fn stream(
    State(world): State<Arc<World>>,
    Path(org): Path<String>,
    Query(query): Query<Parameters>,
    fault: Option<Extension<Fault>>,
) -> Response {
    let state = world.state();
    if org != state.company.org_id {
        return answer::no_organization();
    }
    let order = match query.get("sortOrder").map(String::as_str) {
        None | Some("asc") => Order::Ascending,
        Some("desc") => Order::Descending,
        Some(_) => return answer::bad_syntax("sortOrder must be asc or desc."),
    };
    let opened = open(
        &world,
        &state,
        &query,
        "events-stream",
        order,
        String::new(),
        200,
    );
    match opened {
        Ok((start, limit)) => {
            let path = format!("admin/v1/orgs/{org}/events-stream");
            let listing = Listing {
                path,
                form: Form::Stream,
                start,
                limit,
            };
            page(
                &world,
                &state,
                &listing,
                fault.as_ref().map(|Extension(fault)| fault),
                |_, _| true,
            )
        }
        Err(refusal) => *refusal,
    }
}

async fn search(
    State(world): State<Arc<World>>,
    Path(org): Path<String>,
    Query(query): Query<Parameters>,
    fault: Option<Extension<Fault>>,
) -> Response {
    let state = world.state();
    if org != state.company.org_id {
        return answer::no_organization();
    }
    let filters: Parameters = query
        .iter()
        .filter(|(name, _)| {
            ["q", "action", "actor", "ip", "product", "location"].contains(&name.as_str())
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let filter = serde_json::to_string(&filters).unwrap_or_default();
    let opened = open(
        &world,
        &state,
        &query,
        "events",
        Order::Descending,
        filter,
        30,
    );
    let (start, limit) = match opened {
        Ok(opened) => opened,
        Err(refusal) => return *refusal,
    };
    let filters: Parameters = serde_json::from_str(&start.filter).unwrap_or_default();
    if filters
        .get("location")
        .is_some_and(|text| serde_json::from_str::<Vec<Parameters>>(text).is_err())
    {
        return answer::bad_syntax("location must be a JSON list of objects.");
    }
    let path = format!("admin/v1/orgs/{org}/events");
    let listing = Listing {
        path,
        form: Form::Plain,
        start,
        limit,
    };
    page(
        &world,
        &state,
        &listing,
        fault.as_ref().map(|Extension(fault)| fault),
        |place, fact| matches(&state, &filters, place, fact),
    )
}

async fn one(
    State(world): State<Arc<World>>,
    Path((org, event)): Path<(String, String)>,
) -> Response {
    let state = world.state();
    if org != state.company.org_id {
        return answer::no_organization();
    }
    match state.log.find(&event) {
        Some(place) => {
            let text = state.text(place, Form::Plain);
            answer::text(StatusCode::OK, format!("{{\"data\":{text}}}"))
        }
        None => answer::organization("ADMIN-404-4", "Not found", "The event was not found."),
    }
}

/// Where a listing starts and how long its pages are.
fn open(
    world: &World,
    state: &Changing,
    query: &Parameters,
    kind: &str,
    order: Order,
    filter: String,
    usual: usize,
) -> Result<(Cursor, usize), Box<Response>> {
    let limit = match query.get("limit").map(|text| text.parse::<usize>()) {
        None => usual,
        Some(Ok(limit @ 1..=500)) => limit,
        Some(_) => {
            return Err(Box::new(answer::bad_syntax(
                "limit must be between 1 and 500.",
            )));
        }
    };
    if let Some(text) = query.get("cursor").filter(|text| !text.is_empty()) {
        let cursor = Cursor::open(text, world.settings.seed, kind, state.cursors);
        return cursor
            .map(|cursor| (cursor, limit))
            .ok_or_else(|| Box::new(answer::bad_cursor()));
    }
    let moment = |name: &str| match query.get(name).map(|text| text.parse::<i64>()) {
        None => Ok(None),
        Some(Ok(millis)) => Ok(Some(millis)),
        Some(Err(_)) => Err(Box::new(answer::organization(
            "ADMIN-400-3",
            "Bad request",
            "from and to must be in epoch milliseconds.",
        ))),
    };
    let span = Span {
        from: moment("from")?,
        to: moment("to")?,
    };
    let start = Cursor::new(kind, state.cursors, state.log.start(order))
        .ordered(order, span)
        .filtered(filter);
    Ok((start, limit))
}

/// One page in style A.
fn page(
    world: &World,
    state: &Changing,
    listing: &Listing,
    fault: Option<&Fault>,
    keep: impl Fn(usize, &Fact) -> bool,
) -> Response {
    let Listing {
        path, start, limit, ..
    } = listing;
    let (order, span) = (start.order(), start.span());
    let select = |order, limit| state.log.select(order, start.position, span, limit, &keep);
    let mut selection = match fault {
        Some(Fault::NoAuditLog) => return body(world, listing, &[], state, None, None),
        Some(Fault::EmptyPage) => Selection {
            places: Vec::new(),
            next: start.position,
            end: false,
        },
        Some(Fault::ShortPage) => select(order, (limit / 2).max(1)),
        Some(Fault::RepeatedEvent) if *limit > 1 => {
            let back = match order {
                Order::Ascending => Order::Descending,
                Order::Descending => Order::Ascending,
            };
            let mut repeated = select(back, 1).places;
            let rest = select(order, limit - 1);
            repeated.extend(rest.places);
            Selection {
                places: repeated,
                ..rest
            }
        }
        _ => select(order, *limit),
    };
    if fault == Some(&Fault::SamePage) {
        selection = Selection {
            next: start.position,
            end: false,
            ..selection
        };
    }
    let has_next = match world.settings.end_of_log {
        EndOfLog::KeepsCursor => true,
        EndOfLog::NullCursor => !selection.end,
        EndOfLog::NullOnEmpty => !selection.end || !selection.places.is_empty(),
    };
    let next = has_next.then(|| start.at(selection.next).seal(world.settings.seed));
    let elsewhere = match (fault, &next) {
        (Some(Fault::NextElsewhere(origin)), Some(next)) => {
            Some(format!("{origin}{path}?cursor={next}"))
        }
        _ => None,
    };
    body(
        world,
        listing,
        &selection.places,
        state,
        next.as_deref(),
        elsewhere,
    )
}

fn body(
    world: &World,
    listing: &Listing,
    places: &[usize],
    state: &Changing,
    next: Option<&str>,
    elsewhere: Option<String>,
) -> Response {
    // The records are put in as they are, byte for byte.
    let records: Vec<_> = places
        .iter()
        .map(|place| state.text(*place, listing.form))
        .collect();
    let own = world.link(&listing.path);
    let link = elsewhere.or_else(|| next.map(|next| format!("{own}?cursor={next}")));
    let meta = json!({"next": next, "page_size": listing.limit});
    let links = json!({"self": own, "next": link, "prev": Value::Null});
    let text = format!(
        "{{\"data\":[{}],\"meta\":{meta},\"links\":{links}}}",
        records.join(",")
    );
    let mut response = answer::text(StatusCode::OK, text);
    response
        .extensions_mut()
        .insert(Carried(Arc::new(places.to_vec())));
    response
}

/// Whether an event fits the filters of a search.
fn matches(state: &Changing, filters: &Parameters, place: usize, fact: &Fact) -> bool {
    let listed = |name: &str, value: &str| {
        filters
            .get(name)
            .is_none_or(|wanted| wanted.split(',').any(|wanted| wanted == value))
    };
    let action = deed(fact.deed).action;
    let product = action.split('_').next().unwrap_or_default();
    if !listed("action", action)
        || !listed("product", product)
        || !listed(
            "actor",
            state.actor(place).unwrap_or("atlassian-internal-system"),
        )
    {
        return false;
    }
    if !["q", "ip", "location"]
        .iter()
        .any(|name| filters.contains_key(*name))
    {
        return true;
    }
    let text = state.text(place, Form::Plain);
    let record: Value = serde_json::from_str(&text).unwrap_or_default();
    let location = &record["attributes"]["location"];
    let places: Option<Vec<Parameters>> = filters
        .get("location")
        .and_then(|text| serde_json::from_str(text).ok());
    listed("ip", location["ip"].as_str().unwrap_or_default())
        && filters
            .get("q")
            .is_none_or(|term| text.to_lowercase().contains(&term.to_lowercase()))
        && places.is_none_or(|places| {
            places.iter().any(|place| {
                place
                    .iter()
                    .all(|(part, value)| location[part] == value.as_str())
            })
        })
}

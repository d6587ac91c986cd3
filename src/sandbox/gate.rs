//! What every request passes on its way in and every answer on its way out: faults, credentials, limits, the date.
//!
//! In the order of the real thing: a broken gateway answers first, then credentials are checked, then requests are
//! counted. It knows paths only as far as that takes.

use super::answer::{self, System};
use super::fault::{Asked, Fault, Hint};
use super::limit::{self, Standing, limits_of, up};
use super::world::World;
use crate::event::Timestamp;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::SecondsFormat;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// The places of the log that an answer carries; counted as served once the answer has got out whole.
#[derive(Clone, Debug)]
pub(super) struct Carried(pub(super) Arc<Vec<usize>>);

/// Whose credential a request came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// An administrator: the organization key, or a person's API token.
    Admin,
    /// A workspace access token, which may not see permissions.
    AccessToken,
}

/// Lets a request through to its route, or answers in its stead.
pub(super) async fn gate(
    State(world): State<Arc<World>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = percent_encoding::percent_decode_str(request.uri().path())
        .decode_utf8_lossy()
        .into_owned();
    let cursor = request.uri().query().is_some_and(|query| {
        let offset = |pair: &str| {
            let number = pair
                .strip_prefix("start=")
                .or(pair.strip_prefix("startAt="));
            number.is_some_and(|number| number != "0")
        };
        query
            .split('&')
            .any(|pair| (pair.starts_with("cursor=") && pair.len() > 7) || offset(pair))
    });
    let system = System::of(&path);
    let now = world.clock.now();
    let fault = {
        let mut state = world.state();
        state.served.arrived.send_modify(|arrived| *arrived += 1);
        *state.served.requests.entry(path.clone()).or_default() += 1;
        state.served.manners.arrives(&path, now);
        let asked = Asked {
            path: &path,
            cursor,
        };
        state.faults.next(&asked)
    };
    let answer = if let Some(answer) = fault.as_ref().and_then(|fault| instead(fault, system, now))
    {
        answer
    } else if let Err(answer) = admit(&world, &mut request, &path, system, now) {
        *answer
    } else {
        let standing = request.extensions().get::<Standing>().copied();
        if let Some(fault) = fault.clone() {
            request.extensions_mut().insert(fault);
        }
        let mut answer = next.run(request).await;
        if let Some(standing) = standing {
            announce(answer.headers_mut(), system, standing);
        }
        answer
    };
    if let Some(until) = asked_to_wait(&answer, now) {
        world.state().served.manners.told(&path, until);
    }
    let mut answer = spoil(&world, fault, answer).await;
    if let Ok(date) = HeaderValue::try_from(http_date(world.clock.now())) {
        answer.headers_mut().insert(header::DATE, date);
    }
    answer
}

/// Checks the credential and counts the request.
fn admit(
    world: &World,
    request: &mut Request,
    path: &str,
    system: System,
    now: Timestamp,
) -> Result<(), Box<Response>> {
    let mut state = world.state();
    let Some(caller) = caller(&state.company, request.headers(), system) else {
        return Err(Box::new(system.refuse(StatusCode::UNAUTHORIZED)));
    };
    request.extensions_mut().insert(caller);
    if world.settings.limits
        && let Some(standing) = state.limits.count(limits_of(path), now)
    {
        if standing.exceeded {
            let mut answer = system.refuse(StatusCode::TOO_MANY_REQUESTS);
            announce(answer.headers_mut(), system, standing);
            if system == System::Jira {
                put(answer.headers_mut(), "ratelimit-reason", "jira-burst-based");
            }
            if [System::Bitbucket, System::Jira].contains(&system) {
                let wait = standing.reset.since(now).as_secs() + 1;
                put(answer.headers_mut(), "retry-after", &wait.to_string());
            }
            return Err(Box::new(answer));
        }
        request.extensions_mut().insert(standing);
    }
    Ok(())
}

fn caller(
    company: &super::company::Company,
    headers: &HeaderMap,
    system: System,
) -> Option<Caller> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = given.split_once(' ')?;
    match system {
        System::Organization | System::Accounts => (scheme.eq_ignore_ascii_case("bearer")
            && secret == company.api_key)
            .then_some(Caller::Admin),
        System::Bitbucket if scheme.eq_ignore_ascii_case("bearer") => {
            (secret == company.access_token).then_some(Caller::AccessToken)
        }
        System::DataCenter => {
            let token = super::data_center::token(company);
            let user = super::data_center::user_name(company, 0);
            let expected = STANDARD.encode(format!("{user}:{token}"));
            let basic = scheme.eq_ignore_ascii_case("basic") && secret == expected;
            let bearer = scheme.eq_ignore_ascii_case("bearer") && secret == token;
            (basic || bearer).then_some(Caller::Admin)
        }
        System::Bitbucket | System::Jira | System::Confluence | System::Assets => {
            let email = company.card_of(0).email.clone().unwrap_or_default();
            let expected = STANDARD.encode(format!("{email}:{}", company.api_token));
            (scheme.eq_ignore_ascii_case("basic") && secret == expected).then_some(Caller::Admin)
        }
    }
}

/// The answer of a fault that keeps the request from its route.
fn instead(fault: &Fault, system: System, now: Timestamp) -> Option<Response> {
    let (status, hint) = match fault {
        Fault::TooManyRequests(hint) => (StatusCode::TOO_MANY_REQUESTS, *hint),
        Fault::InternalError => (StatusCode::INTERNAL_SERVER_ERROR, Hint::None),
        Fault::BadGateway => (StatusCode::BAD_GATEWAY, Hint::None),
        Fault::Unavailable(hint) => (StatusCode::SERVICE_UNAVAILABLE, *hint),
        Fault::GatewayTimeout => (StatusCode::GATEWAY_TIMEOUT, Hint::None),
        Fault::ExpiredKey => (StatusCode::UNAUTHORIZED, Hint::None),
        Fault::StaleCursor => return Some(answer::bad_cursor()),
        Fault::EmptyBody => return Some(StatusCode::OK.into_response()),
        Fault::LoginPage => {
            let page = "<!doctype html><html><head><title>Log in to continue</title></head><body>\
                        <form action=\"/login\"><input name=\"username\"></form></body></html>";
            let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            return Some((StatusCode::OK, html, page).into_response());
        }
        _ => return None,
    };
    let mut answer = system.refuse(status);
    let headers = answer.headers_mut();
    match hint {
        Hint::Seconds(seconds) => put(headers, "retry-after", &seconds.to_string()),
        Hint::Date(ahead) => put(headers, "retry-after", &http_date(up(now.plus(ahead)))),
        Hint::Reset(ahead) => {
            put(headers, "x-ratelimit-limit", "50");
            put(headers, "x-ratelimit-remaining", "0");
            put(headers, "x-ratelimit-reset", &iso(up(now.plus(ahead))));
        }
        Hint::None => {}
    }
    Some(answer)
}

/// Until when an answer asks to be left alone.
fn asked_to_wait(answer: &Response, now: Timestamp) -> Option<Timestamp> {
    let refused = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    if !refused.contains(&answer.status()) {
        return None;
    }
    let text = |name: &str| answer.headers().get(name)?.to_str().ok();
    let Some(wait) = text("retry-after") else {
        return text("x-ratelimit-reset").and_then(Timestamp::parse);
    };
    if let Ok(seconds) = wait.parse() {
        return Some(now.plus(Duration::from_secs(seconds)));
    }
    let date = httpdate::parse_http_date(wait).ok()?;
    let micros = date.duration_since(UNIX_EPOCH).ok()?.as_micros();
    Some(Timestamp::from_micros(i64::try_from(micros).ok()?))
}

/// Spoils the body of an answer, if that is the fault; notes what got out whole.
async fn spoil(world: &Arc<World>, fault: Option<Fault>, mut answer: Response) -> Response {
    let carried = answer.extensions_mut().remove::<Carried>();
    let spoilt = match fault {
        Some(Fault::Reset) => {
            let (parts, bytes) = whole(answer).await;
            let half = bytes.slice(..bytes.len() / 2);
            let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
            let body = futures::stream::iter([Ok(half), Err(broken)]);
            return promised(parts, bytes.len(), Body::from_stream(body));
        }
        Some(Fault::Truncated) => {
            let (parts, bytes) = whole(answer).await;
            let cut = bytes.slice(..bytes.len() * 3 / 5);
            return promised(parts, cut.len(), Body::from(cut));
        }
        Some(Fault::Slow { pieces, pause }) => {
            let (parts, bytes) = whole(answer).await;
            let length = bytes.len();
            promised(parts, length, drip(world, bytes, pieces, pause))
        }
        _ => answer,
    };
    if let Some(Carried(places)) = carried {
        let mut state = world.state();
        for place in places.iter() {
            state.served.note(*place);
        }
    }
    spoilt
}

/// A body in pieces, with a pause before each.
fn drip(world: &Arc<World>, bytes: Bytes, pieces: u32, pause: Duration) -> Body {
    let size = bytes
        .len()
        .div_ceil(usize::try_from(pieces.max(1)).unwrap_or(1))
        .max(1);
    let clock = world.clock.clone();
    Body::from_stream(futures::stream::unfold(bytes, move |mut rest| {
        let clock = clock.clone();
        async move {
            if rest.is_empty() {
                return None;
            }
            clock.sleep(pause).await;
            let piece = rest.split_to(size.min(rest.len()));
            Some((Ok::<_, std::io::Error>(piece), rest))
        }
    }))
}

async fn whole(answer: Response) -> (axum::http::response::Parts, Bytes) {
    let (parts, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX)
        .await
        .unwrap_or_default();
    (parts, bytes)
}

/// An answer that promises so many bytes.
fn promised(mut parts: axum::http::response::Parts, length: usize, body: Body) -> Response {
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    Response::from_parts(parts, body)
}

/// Says how a request stands against its limits.
fn announce(headers: &mut HeaderMap, system: System, standing: Standing) {
    let limit::Limit { name, most, .. } = standing.limit;
    put(headers, "x-ratelimit-limit", &most.to_string());
    if system == System::Bitbucket {
        put(headers, "x-ratelimit-resource", name);
        let near = standing.remaining * 5 < most;
        put(
            headers,
            "x-ratelimit-nearlimit",
            if near { "true" } else { "false" },
        );
    } else {
        put(
            headers,
            "x-ratelimit-remaining",
            &standing.remaining.to_string(),
        );
        put(headers, "x-ratelimit-reset", &iso(standing.reset));
    }
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

fn iso(moment: Timestamp) -> String {
    moment.to_utc().to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn http_date(moment: Timestamp) -> String {
    let since = Duration::from_micros(u64::try_from(moment.micros()).unwrap_or(0));
    httpdate::fmt_http_date(UNIX_EPOCH + since)
}

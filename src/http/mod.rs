//! The server's outside: routes, and how GraphQL requests and answers travel.
//!
//! Everything that is asked and answered is in [`graphql`](crate::graphql); here are only the ways in: one module each
//! for requests, sockets and the page.

mod accept;
mod address;
mod credentials;
mod event_stream;
mod exports;
mod hooks;
mod issue_view;
mod listen;
mod multipart;
mod page;
mod places;
mod proof;
mod request;
mod rest;
mod socket;
mod stream;

use crate::config;
use crate::graphql::{Backend, Engine};
use crate::metrics::Metrics;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use credentials::{Attempts, Revocations};
use places::Places;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

/// How long requests under way are waited for when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// For how many periods of `limits.keep_alive` a client may say and take nothing.
const PATIENCE: u32 = 3;

/// For how long a browser remembers what another origin may do.
const PREFLIGHT: Duration = Duration::from_hours(1);

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that a client may give its request.
const REQUEST_ID: usize = 100;

/// What the routes work with.
#[derive(Clone)]
struct Site {
    engine: Engine,
    backend: Backend,
    server: Arc<config::Server>,
    attempts: Arc<Attempts>,
    places: Places,
    revocations: Revocations,
    hooks: Arc<hooks::Gate>,
    metrics: Metrics,
    stop: CancellationToken,
}

/// Serves until told to stop, then lets requests under way finish.
pub async fn serve(
    listener: TcpListener,
    engine: Engine,
    backend: Backend,
    server: config::Server,
    metrics: Metrics,
    stop: CancellationToken,
) {
    let revocations = Revocations::start(&backend, stop.clone());
    let clock = backend.clock.clone();
    let limits = engine.limits().clone();
    let site = Site {
        attempts: Arc::new(Attempts::new(&limits)),
        places: Places::new(&limits, metrics.clone()),
        hooks: Arc::new(hooks::Gate::new(&limits)),
        engine,
        backend,
        server: Arc::new(server),
        revocations,
        metrics,
        stop: stop.clone(),
    };
    let patience = PATIENCE * limits.keep_alive();
    listen::serve(listener, routes(site), patience, &clock, &stop).await;
}

/// Lets pages on other origins read answers, where the settings name them.
fn cors(allowed: &[String]) -> Option<CorsLayer> {
    let origins = allowed
        .iter()
        .filter_map(|origin| HeaderValue::from_str(origin.trim_end_matches('/')).ok());
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            X_REQUEST_ID,
            header::RETRY_AFTER,
            header::CONTENT_DISPOSITION,
        ])
        .max_age(PREFLIGHT);
    (!allowed.is_empty()).then_some(layer)
}

fn routes(site: Site) -> Router {
    let request_limit = site.engine.limits().request_bytes();
    let body_patience = RequestBodyTimeoutLayer::new(site.engine.limits().execution());
    let cors = cors(&site.server.allowed_origins);
    // An answer of a stream is not to wait in the compressor for the next one; it knows of event streams by itself.
    let at_once = DefaultPredicate::new().and(NotForContentType::const_new("multipart/mixed"));
    let header =
        |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    let router = Router::new()
        .route(
            "/",
            get(|| async { axum::response::Redirect::temporary("/graphql") }),
        )
        .route(
            "/graphql",
            get(request::get)
                .post(request::post)
                .fallback(request::other),
        )
        .route("/graphql/ws", get(socket::upgrade))
        .route("/graphql/assets/{*path}", get(page::asset))
        .route("/exports/{id}", get(exports::download))
        .route("/rest/v2/data", get(rest::data))
        .route("/metrics", get(metrics))
        .route("/health/live", get(|| async { "ok" }))
        .route("/health/ready", get(ready))
        .layer(DefaultBodyLimit::max(request_limit));
    let router = match cors {
        Some(cors) => router.layer(cors),
        None => router,
    };
    let views = Router::new()
        .route("/hooks/{source}/issue-view", post(issue_view::receive))
        .layer(issue_view::cors(&site));
    // What sends webhooks is no browser, so pages on other origins have no business there.
    router
        .route("/hooks/{source}", post(hooks::receive))
        .merge(views)
        .layer(body_patience)
        .layer(CompressionLayer::new().compress_when(at_once))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::REFERRER_POLICY, "no-referrer"))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(axum::middleware::map_request(without_odd_id))
        .with_state(site)
}

/// Forgets a request id that a client made up and that would be out of place in a log.
async fn without_odd_id(mut request: Request) -> Request {
    let is_fine = |id: &HeaderValue| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+=".contains(&byte);
        (1..=REQUEST_ID).contains(&id.len()) && id.as_bytes().iter().all(|byte| fits(*byte))
    };
    let headers = request.headers_mut();
    if headers.get(X_REQUEST_ID).is_some_and(|id| !is_fine(id)) {
        headers.remove(X_REQUEST_ID);
    }
    request
}

/// Whether the database answers.
async fn ready(State(site): State<Site>) -> (StatusCode, &'static str) {
    match site.backend.feed.store().newest().await {
        Ok(_) => (StatusCode::OK, "ready"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer",
            )
        }
    }
}

/// What the server counts about itself.
async fn metrics(State(site): State<Site>) -> Result<impl IntoResponse, StatusCode> {
    let text = site.metrics.text();
    let text = text.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], text))
}

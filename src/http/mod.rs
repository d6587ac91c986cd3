//! The server's outside: routes, and how GraphQL requests and answers travel.
//!
//! Everything that is asked and answered is in [`graphql`](crate::graphql); here are only the ways in: one module each
//! for requests, sockets and the page.

mod credentials;
mod page;
mod request;
mod socket;

use crate::config;
use crate::graphql::{Backend, Schema};
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::routing::get;
use credentials::Revocations;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;

/// The largest request, in bytes.
const REQUEST_LIMIT: usize = 256 * 1024;

/// How long requests under way are waited for when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// What the routes work with.
#[derive(Clone)]
struct Site {
    schema: Schema,
    backend: Backend,
    server: Arc<config::Server>,
    revocations: Revocations,
    stop: CancellationToken,
}

/// Serves until told to stop, then lets requests under way finish.
pub async fn serve(
    listener: TcpListener,
    schema: Schema,
    backend: Backend,
    server: config::Server,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let revocations = Revocations::start(&backend, stop.clone());
    let clock = backend.clock.clone();
    let site = Site {
        schema,
        backend,
        server: Arc::new(server),
        revocations,
        stop: stop.clone(),
    };
    let accepting =
        axum::serve(listener, routes(site)).with_graceful_shutdown(stop.clone().cancelled_owned());
    tokio::select! {
        ended = accepting.into_future() => ended,
        () = async { stop.cancelled().await; clock.sleep(GRACE).await } => Ok(()),
    }
}

fn routes(site: Site) -> Router {
    let header =
        |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    Router::new()
        .route(
            "/",
            get(|| async { axum::response::Redirect::temporary("/graphql") }),
        )
        .route("/graphql", get(request::get).post(request::post))
        .route("/graphql/ws", get(socket::upgrade))
        .route("/graphql/assets/{*path}", get(page::asset))
        .route("/health/live", get(|| async { "ok" }))
        .route("/health/ready", get(ready))
        .layer(DefaultBodyLimit::max(REQUEST_LIMIT))
        .layer(CompressionLayer::new())
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::REFERRER_POLICY, "no-referrer"))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .with_state(site)
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

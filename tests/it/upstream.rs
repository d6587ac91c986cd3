//! A scripted upstream system on the loopback interface: it answers as it is told and remembers what it was asked.

use auditgraph::clock::Clock;
use auditgraph::config::Config;
use auditgraph::event::Timestamp;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tower_http::compression::CompressionLayer;

/// One request as the upstream saw it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) query: HashMap<String, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Asked {
    /// A query parameter; empty when it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }
}

/// A running upstream; it stops when dropped.
pub(crate) struct Upstream {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Upstream {
    /// Starts one that answers with `script`, which is given the request and how many came before it.
    pub(crate) async fn start<A: IntoResponse>(
        clock: &Clock,
        script: impl Fn(&Asked, usize) -> A + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, script, clock) = (Arc::clone(&asked), Arc::new(script), clock.clone());
        let router = Router::new()
            .fallback(move |request: Request| {
                let (log, script, clock) = (Arc::clone(&log), Arc::clone(&script), clock.clone());
                async move {
                    let asked = read(request).await;
                    let before = {
                        let mut log = log.lock().unwrap();
                        log.push(asked.clone());
                        log.len() - 1
                    };
                    dated(script(&asked, before).into_response(), &clock)
                }
            })
            .layer(CompressionLayer::new());
        #[expect(
            clippy::disallowed_methods,
            reason = "the task ends with its handle, which the test holds"
        )]
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, asked, server }
    }

    /// All requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How many requests there were so far.
    pub(crate) fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// Settings with this upstream behind both sources, then `more`.
    pub(crate) fn config(&self, more: &str) -> Config {
        let url = &self.url;
        let config: Config = format!(
            "organization.org_id = 'org-1'\norganization.api_key = '{SECRET}'\norganization.base_url = '{url}'\n\
             organization.requests_per_minute = 100000\norganization.activity_requests_per_minute = 100000\n\
             bitbucket_cloud.token = '{SECRET}'\nbitbucket_cloud.base_url = '{url}/2.0'\n\
             bitbucket_cloud.requests_per_hour = 1000000\nhttp_client.max_page_mib = 1\n{more}"
        )
        .parse()
        .unwrap();
        config
    }
}

/// The credential of all tests.
pub(crate) const SECRET: &str = "s3cr3t-canary-7731";

/// A clock that stands still in the morning of 2026-11-20.
pub(crate) fn clock() -> Clock {
    Clock::manual(Timestamp::parse("2026-11-20T09:00:00Z").unwrap())
}

/// An answer in JSON.
pub(crate) fn json(value: &Value) -> Response {
    axum::Json(value).into_response()
}

/// An answer of any status.
pub(crate) fn status(status: u16, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

/// An answer whose connection breaks after `start`.
pub(crate) fn cut(start: &'static str) -> Response {
    let start = futures::stream::iter([Ok(Bytes::from_static(start.as_bytes()))]);
    let end = futures::stream::once(async {
        // Lets the start go out first.
        tokio::task::yield_now().await;
        Err(std::io::Error::other("cut"))
    });
    let body = Body::from_stream(start.chain(end));
    // Compression would hold the start back.
    ([("content-encoding", "identity")], body).into_response()
}

/// An answer of nothing but blanks, never in memory as a whole.
pub(crate) fn blank(mebibytes: usize) -> Response {
    let chunk = Bytes::from(vec![b' '; 1024 * 1024]);
    let chunks = std::iter::repeat_n(chunk, mebibytes).map(Ok::<_, std::io::Error>);
    let body = Body::from_stream(futures::stream::iter(chunks));
    ([("content-type", "application/json")], body).into_response()
}

async fn read(request: Request) -> Asked {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1024 * 1024).await.unwrap();
    let query = parts.uri.query().unwrap_or_default();
    Asked {
        path: parts.uri.path().to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        headers: parts.headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    }
}

fn dated(mut response: Response, clock: &Clock) -> Response {
    let now = Duration::from_micros(u64::try_from(clock.now().micros()).unwrap());
    let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + now);
    let headers = response.headers_mut();
    headers
        .entry("date")
        .or_insert_with(|| date.parse().unwrap());
    response
}

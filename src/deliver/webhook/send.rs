//! One request to a target, and what came of it.

use super::format::Body;
use super::guard::Guard;
use super::sign;
use crate::clock::Clock;
use crate::event::Timestamp;
use crate::store::deliveries::Message;
use crate::store::entity::webhook_endpoint::Model;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Response, redirect, tls};
use std::error::Error;
use std::fmt::Write;
use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};
use url::Url;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// How long an open connection waits for the next request.
const IDLE: Duration = Duration::from_secs(30);

/// More of an answer is not read.
const ANSWER: usize = 16 * 1024;

/// More of what a target says is not kept.
const EXCERPT: usize = 200;

/// What came of a request.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// When it began.
    pub(super) at: Timestamp,
    /// How long it took.
    pub(super) took: Duration,
    /// The status of the answer, if there was one.
    pub(super) status: Option<u16>,
    /// Why it failed, if it did.
    pub(super) error: Option<String>,
    /// How long the target wants to be left alone.
    pub(super) retry_after: Option<Duration>,
}

/// What sends requests.
#[derive(Debug)]
pub(super) struct Sender {
    /// Made when it is needed first: it takes a while to read what certificates the system trusts.
    client: OnceLock<reqwest::Client>,
    guard: Guard,
    clock: Clock,
}

impl Sender {
    pub(super) fn new(guard: Guard, clock: Clock) -> Self {
        Self {
            client: OnceLock::new(),
            guard,
            clock,
        }
    }

    fn client(&self) -> Result<&reqwest::Client, reqwest::Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Losing a race against another caller leaves ring chosen as well.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let client = reqwest::Client::builder()
            .user_agent(concat!("auditgraph/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            // What HTTP/2 changes about time-outs and retries nobody has tried.
            .http1_only()
            .gzip(false)
            .tls_version_min(tls::Version::TLS_1_2)
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(1)
            .dns_resolver(self.guard.clone())
            .build()?;
        Ok(self.client.get_or_init(|| client))
    }

    /// Sends a message once, within that time.
    pub(super) async fn send(
        &self,
        endpoint: &Model,
        message: &Message,
        body: Body,
        within: Duration,
    ) -> Outcome {
        let at = self.clock.now();
        let mut outcome = Outcome {
            at,
            took: Duration::ZERO,
            status: None,
            error: None,
            retry_after: None,
        };
        match self.request(endpoint, message, body, (at, within)).await {
            Ok(response) => {
                let (status, headers) = (response.status(), response.headers().clone());
                let said = read(response).await;
                outcome.status = Some(status.as_u16());
                if !status.is_success() {
                    outcome.retry_after = retry_after(&headers, self.clock.now());
                    outcome.error = Some(if status.is_redirection() {
                        "redirects are not followed; give the address that it leads to".to_owned()
                    } else if said.is_empty() {
                        "no reason given".to_owned()
                    } else {
                        excerpt(&redacted(endpoint, &said))
                    });
                }
            }
            Err(reason) => outcome.error = Some(excerpt(&redacted(endpoint, &reason))),
        }
        outcome.took = self.clock.now().since(at);
        outcome
    }

    async fn request(
        &self,
        endpoint: &Model,
        message: &Message,
        body: Body,
        (at, within): (Timestamp, Duration),
    ) -> Result<Response, String> {
        let url = Url::parse(&endpoint.url).map_err(|error| error.to_string())?;
        // The client resolves names through the guard, but not what is an address already.
        self.guard
            .look(&url)
            .map_err(|refused| format!("the address {refused}"))?;
        let signature = sign::signatures(endpoint, &message.id, at, &body.bytes);
        let client = self.client().map_err(explain)?;
        let mut request = client
            .post(url)
            .timeout(within)
            .header(header::CONTENT_TYPE, body.content_type)
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", sign::seconds(at))
            .header("webhook-signature", signature)
            .body(body.bytes);
        if let Some(secret) = &endpoint.authorization {
            let mut value = HeaderValue::from_str(&secret.0).map_err(|error| error.to_string())?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        request.send().await.map_err(explain)
    }
}

/// The beginning of what a target says.
async fn read(mut response: Response) -> String {
    let mut said = Vec::new();
    while said.len() < ANSWER
        && let Ok(Some(chunk)) = response.chunk().await
    {
        said.extend_from_slice(&chunk);
    }
    String::from_utf8_lossy(&said).into_owned()
}

/// How long a target wants to be left alone, from a moment on.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let until = until.duration_since(UNIX_EPOCH).ok()?;
    let until = i64::try_from(until.as_micros()).ok()?;
    Some(Timestamp::from_micros(until).since(now))
}

/// What went wrong with its causes, without the address, which may hold a key.
fn explain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(words, ": {error}");
        cause = error.source();
    }
    words
}

/// The beginning of a text, on one line and without control characters.
fn excerpt(text: &str) -> String {
    let one_line = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = one_line.filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

/// What a target says without the secrets that it was sent, should it have repeated them.
fn redacted(endpoint: &Model, text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(secret) = &endpoint.authorization {
        let bare = secret.0.split_once(' ').map_or("", |(_, bare)| bare.trim());
        for secret in [secret.0.as_str(), bare] {
            if !secret.is_empty() {
                text = text.replace(secret, "***");
            }
        }
    }
    text
}

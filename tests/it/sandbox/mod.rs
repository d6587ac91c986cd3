//! The sandbox as its clients see it: over HTTP, without knowing what is inside.

mod accounts;
mod faults;
mod hooks;
mod jira;
mod life;
mod lists;
mod log;

use auditgraph::clock::Clock;
use auditgraph::event::Timestamp;
use auditgraph::sandbox::{Sandbox, Settings};
use reqwest::header::HeaderMap;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A sandbox with a client that knows its credentials, and a clock that stands still.
pub(crate) struct Upstream {
    pub(crate) sandbox: Sandbox,
    clock: Clock,
    tasks: TaskTracker,
    stop: CancellationToken,
    client: reqwest::Client,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// A page of events whose records stay as they are.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    meta: Value,
}

pub(crate) fn small() -> Settings {
    Settings {
        history_events: 700,
        history_days: 30,
        people: 130,
        ..Settings::default()
    }
}

pub(crate) async fn start(settings: Settings) -> Upstream {
    // Fails when another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let clock = Clock::manual(Timestamp::parse("2026-11-20T15:00:00Z").unwrap());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let sandbox = Sandbox::start(settings, clock.clone(), listener, &tasks, stop.clone()).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    Upstream {
        sandbox,
        clock,
        tasks,
        stop,
        client,
    }
}

impl Upstream {
    pub(crate) fn org(&self) -> String {
        format!(
            "/admin/v1/orgs/{}",
            self.sandbox.organization_settings().org_id
        )
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            self.sandbox.url().join(path).unwrap().to_string()
        };
        let request = self.client.request(method, &url);
        if url.contains("/2.0/") || url.contains("/rest/") {
            let settings = self.sandbox.bitbucket_settings();
            request.basic_auth(settings.email, Some(settings.token.expose_secret()))
        } else {
            request.bearer_auth(self.sandbox.organization_settings().api_key.expose_secret())
        }
    }

    async fn send(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer {
            status,
            headers,
            text: response.text().await?,
        })
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Self::send(self.request(reqwest::Method::GET, path))
            .await
            .unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self
            .request(reqwest::Method::POST, path)
            .body(body.to_string());
        Self::send(request).await.unwrap()
    }

    async fn stream(&self, query: &str) -> Answer {
        self.get(&format!("{}/events-stream?{query}", self.org()))
            .await
    }

    /// Reads the stream from a query to its end: the records, and the last cursor.
    async fn read(&self, query: &str) -> (Vec<String>, Option<String>) {
        let (mut records, mut last) = (Vec::new(), None);
        let mut next = query.to_owned();
        loop {
            let answer = self.stream(&next).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let page: Page<'_> = serde_json::from_str(&answer.text).unwrap();
            records.extend(page.data.iter().map(|record| record.get().to_owned()));
            let cursor = page.meta["next"].as_str().map(ToOwned::to_owned);
            last = cursor.clone().or(last);
            match cursor {
                Some(cursor) if !page.data.is_empty() => {
                    next = format!("cursor={cursor}&limit=200");
                }
                _ => return (records, last),
            }
        }
    }

    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        drop(self.client);
        self.tasks.wait().await;
    }
}

fn truth(sandbox: &Sandbox) -> Vec<String> {
    sandbox.ledger().events().map(|event| event.raw).collect()
}

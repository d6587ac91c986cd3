//! How long answers take while many ask at once: a server on loopback, clients that each wait for one answer before they
//! ask again, and the time that half and that 99 of 100 requests took, beside the smallest query in the same run.
//!
//! `cargo bench -- load`. Runs on SQLite in a temporary folder; `EVENTS` sets how long the log is, `CLIENTS` how many ask.
//! Bounded: each client asks a fixed number of times.

use crate::company::{backend, log_in, median, millis, now, variable};
use auditgraph::access::Role;
use auditgraph::clock::Clock;
use auditgraph::config::Config;
use auditgraph::graphql::Engine;
use auditgraph::metrics::Metrics;
use auditgraph::store::Store;
use auditgraph::store::tokens::NewToken;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often each client asks.
const REQUESTS: usize = 50;

/// What is asked: the smallest first, which the others are compared with.
const QUERIES: [(&str, &str); 4] = [
    ("nothing", "{ __typename }"),
    (
        "a page of 50",
        "{ events(first: 50) { nodes { id time action { label } actor { name } project { key } message } } }",
    ),
    (
        "a page of what somebody did",
        r#"{ events(first: 50, filter: {users: ["557058:4000"]}) { nodes { id time actor { name } } } }"#,
    ),
    (
        "a month's counts",
        r#"{ activity(search: "created:2026-10-19..2026-11-17", first: 50) { nodes { actor { name } counts { count } } } }"#,
    ),
];

pub(crate) async fn measure() {
    let number = |name: &str| variable(name).and_then(|text| text.parse::<i64>().ok());
    let count = number("EVENTS").unwrap_or(1_000_000);
    let clients = number("CLIENTS").map_or(16, |clients| clients.clamp(1, 256));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = log_in(folder.path(), count).await;
    let stop = CancellationToken::new();
    let (endpoint, token) = Box::pin(serve(&store, stop.clone())).await;
    println!("SQLite, {count} events, {clients} clients");
    let mut smallest = Duration::ZERO;
    for (label, query) in QUERIES {
        let mut took = ask(&endpoint, &token, query, clients).await;
        took.sort();
        let (half, most) = (median(took.clone()), took[took.len() * 99 / 100]);
        if smallest.is_zero() {
            smallest = half;
        }
        println!(
            "  {label}: {:.1} ms, 99 of 100 within {:.1} ms; {:.1} times the smallest query; {} MiB of memory",
            millis(half),
            millis(most),
            millis(half) / millis(smallest),
            resident() / 1_024,
        );
    }
    stop.cancel();
}

/// Serves the log until told to stop; where, and a token for it.
async fn serve(store: &Store, stop: CancellationToken) -> (String, String) {
    let mut config: Config = "".parse().expect("the defaults");
    config.limits.cost_per_minute = u32::MAX;
    let backend = backend(store.clone(), &config, Clock::System).await;
    backend.activity.catch_up().await.expect("the log");
    let new = NewToken {
        name: "bench".to_owned(),
        role: Role::Administrator,
        account_id: None,
        projects: Vec::new(),
        expires_at: None,
    };
    let mut randomness = StdRng::from_os_rng();
    let made = store.create_token(new, None, now(), &mut randomness).await;
    let (_, token) = made.expect("a token");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let engine = Engine::new(backend.clone(), &config, Metrics::default()).expect("the engine");
    let tasks = backend.tasks.clone();
    tasks.spawn(async move {
        let metrics = Metrics::default();
        auditgraph::http::serve(listener, engine, backend, config.server, metrics, stop).await;
    });
    (format!("http://{address}/graphql"), token)
}

/// How long each answer took.
async fn ask(endpoint: &str, token: &str, query: &'static str, clients: i64) -> Vec<Duration> {
    // Fails when it was done before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut asking = JoinSet::new();
    for _ in 0..clients {
        let client = reqwest::Client::builder().no_proxy().build();
        let request = client
            .expect("a client")
            .post(endpoint)
            .bearer_auth(token)
            .json(&json!({"query": query}));
        asking.spawn(async move {
            let mut took = Vec::new();
            for _ in 0..REQUESTS {
                let request = request.try_clone().expect("a body that can be sent again");
                let begin = Instant::now();
                let answer = request.send().await.expect("an answer");
                let answer: Value = answer.json().await.expect("JSON");
                took.push(begin.elapsed());
                assert!(answer.get("errors").is_none(), "{answer}");
            }
            took
        });
    }
    asking.join_all().await.concat()
}

/// Memory of this process, server and clients together, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

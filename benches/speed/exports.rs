//! How much memory a file of all events takes while it is written, and how long that takes.
//!
//! `cargo bench -- exports`. Runs on SQLite in a temporary folder. The peak of the process's memory is set back before
//! each file (Linux only), and what it grows by is the answer; a small file of each form is written before, so that
//! what stays once it is there does not count. `EVENTS` sets how many events there are (1,000,000 unless told
//! otherwise).

use crate::company::{ask, backend, log_in, now, peak, reset_peak, variable};
use auditgraph::clock::Clock;
use auditgraph::config::Config;
use auditgraph::export::Exports;
use auditgraph::graphql::Engine;
use auditgraph::metrics::Metrics;
use serde_json::{Value, json};
use std::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const CREATE: &str =
    "mutation ($input: CreateExportInput!) { createExport(input: $input) { export { id } } }";

const NEWEST: &str = "{ exports(first: 1) { nodes { status records error bytes } } }";

pub(crate) async fn measure() {
    let count = variable("EVENTS")
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = log_in(folder.path(), count).await;
    let mut config: Config = "".parse().expect("the defaults");
    config.limits.cost_per_minute = u32::MAX;
    config.exports.folder = folder.path().join("exports");
    let backend = backend(store, &config, Clock::manual(now())).await;
    let exports = backend.exports.clone();
    let engine = Engine::new(backend, &config, Metrics::default()).expect("the engine");
    println!("exports of {count} events:");
    for format in ["CSV", "XLSX", "NDJSON"] {
        let year = json!({"last": {"days": 365}});
        let few = json!({"format": format, "filter": {"time": year, "users": ["557058:1"]}});
        write(&engine, &exports, few).await;
        let before = reset_peak();
        let began = Instant::now();
        let all = json!({"format": format, "filter": {"time": year}});
        let made = write(&engine, &exports, all).await;
        let grown = peak().saturating_sub(before);
        println!(
            "  {format}: {} rows, {} MB, in {:.0} s; memory grew by {:.1} MB",
            made["records"],
            made["bytes"].as_u64().unwrap_or(0) / 1_000_000,
            began.elapsed().as_secs_f64(),
            f64::from(grown) / 1_000.0
        );
    }
}

/// Asks for a file and writes it; what became of it.
async fn write(engine: &Engine, exports: &Exports, input: Value) -> Value {
    ask(engine, CREATE, json!({"input": input})).await;
    let go_on = CancellationToken::new();
    let worked = exports.work_once(Uuid::from_u128(1), &go_on).await;
    assert!(worked.expect("the store"), "there is nothing to write");
    let made = ask(engine, NEWEST, json!({})).await["exports"]["nodes"][0].take();
    assert_eq!(made["status"], "DONE", "{made}");
    made
}

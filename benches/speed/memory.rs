//! What memory grows by with the number of events that are asked over: by a walk through pages and by counting, over four
//! days and over a year, which is all of the log.
//!
//! `cargo bench -- memory`. Runs on SQLite in a temporary folder. The columns of `activity`, which grow with the log, are
//! there before anything is measured. The peak of the process's memory is set back before each question (Linux only).
//! `EVENTS` sets how many events there are (1,000,000 unless told otherwise).

use crate::company::{ask, backend, log_in, now, peak, reset_peak, variable};
use auditgraph::clock::Clock;
use auditgraph::config::Config;
use auditgraph::graphql::Engine;
use auditgraph::metrics::Metrics;
use serde_json::{Value, json};

const PAGE: &str = "query ($after: String, $filter: EventFilter) { events(first: 500, after: $after, filter: $filter) {
    nodes { id time action { code label } actor { name } project { key name } target { type name } issue { key } message
        changes { field from to } }
    pageInfo { endCursor hasNextPage } } }";

const COUNTS: &str = "query ($filter: EventFilter) { activity(filter: $filter, first: 50) {
    totals { count } nodes { actor { name } counts { count } } } }";

pub(crate) async fn measure() {
    let count = variable("EVENTS")
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = log_in(folder.path(), count).await;
    let mut config: Config = "".parse().expect("the defaults");
    config.limits.cost_per_minute = u32::MAX;
    let backend = backend(store, &config, Clock::manual(now())).await;
    backend.activity.catch_up().await.expect("the log");
    let engine = Engine::new(backend, &config, Metrics::default()).expect("the engine");
    println!("memory beside a log of {count} events:");
    // What stays once it is there is not to count: so the few are asked over once before.
    for (what, days) in [("at first", 4), ("four days", 4), ("a year", 365)] {
        let filter = json!({"time": {"last": {"days": days}}});
        let before = reset_peak();
        let walked = walk(&engine, &filter).await;
        let paged = peak().saturating_sub(before);
        let before = reset_peak();
        ask(&engine, COUNTS, json!({"filter": filter})).await;
        let counted = peak().saturating_sub(before);
        println!(
            "  {what}: {walked} events read in pages of 500: {:.1} MB; counted: {:.1} MB",
            f64::from(paged) / 1_000.0,
            f64::from(counted) / 1_000.0
        );
    }
}

/// Reads page by page; how many events there were.
async fn walk(engine: &Engine, filter: &Value) -> usize {
    let (mut walked, mut after) = (0, Value::Null);
    loop {
        let asked = json!({"after": after, "filter": filter});
        let mut page = ask(engine, PAGE, asked).await["events"].take();
        walked += page["nodes"].as_array().map_or(0, Vec::len);
        if page["pageInfo"]["hasNextPage"] != true {
            return walked;
        }
        after = page["pageInfo"]["endCursor"].take();
    }
}

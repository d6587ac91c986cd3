//! A company to measure with: 5,000 people, 500 projects, 40 actions, a year.

use auditgraph::access::Viewer;
use auditgraph::activity::Activity;
use auditgraph::clock::Clock;
use auditgraph::config::Config;
use auditgraph::deliver::webhook::{Names, Webhooks};
use auditgraph::event::{
    Actor, ActorKind, Alias, Container, ContainerKind, IssueRef, Location, NewEvent, Object,
    Product, System, Timestamp,
};
use auditgraph::export::Exports;
use auditgraph::feed::Feed;
use auditgraph::graphql::{Backend, Caller, Engine, Viewed};
use auditgraph::store::{Batch, Purpose, Store};
use auditgraph::write_back::WriteBacks;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// Events that go through the store; the others are made of them by the database.
const SEEDS: i64 = 20_000;

/// Microseconds of the year of which the log tells.
pub(crate) const YEAR: i64 = 365 * 86_400 * 1_000_000;

/// The time that it is.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000)
}

/// Events of a year: few are busy, most are not.
pub(crate) fn events(seed: u64, count: usize) -> Vec<NewEvent> {
    let mut dice = StdRng::seed_from_u64(seed);
    let year: i64 = 365 * 86_400 * 1_000_000;
    (0..count)
        .map(|number| {
            let busy: f64 = dice.random();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a small positive number"
            )]
            let actor = (busy * busy * 5_000.0) as u32;
            let project = dice.random_range(0..500);
            let id: u128 = dice.random();
            NewEvent {
                upstream_key: format!("{id:032x}"),
                system: System::Organization,
                action: format!("action_{}", dice.random_range(0..40)),
                product: Product::Jira,
                time: Some(Timestamp::from_micros(
                    now().micros() - dice.random_range(0..year),
                )),
                actor: Some(Actor {
                    alias: Alias::account(format!("557058:{actor}")),
                    kind: ActorKind::Person,
                    name: Some(format!("Person {actor}")),
                    email: None,
                }),
                target: Some(Object {
                    kind: "issue".to_owned(),
                    id: Some(number.to_string()),
                    name: Some(format!("P{project}-{number}")),
                    url: Some(format!("https://site.example/browse/P{project}-{number}")),
                    user: None,
                }),
                objects: Vec::new(),
                container: Some(Container {
                    id: None,
                    key: Some(format!("P{project}")),
                    ..Container::new(ContainerKind::Project, "site", "")
                }),
                issue: Some(IssueRef {
                    id: Some(number.to_string()),
                    key: Some(format!("P{project}-{number}")),
                }),
                changes: Vec::new(),
                location: Location {
                    ip: Some(format!("203.0.113.{}", dice.random_range(1..255))),
                    city: Some("Tbilisi".to_owned()),
                    region: None,
                    country: Some("Georgia".to_owned()),
                },
                method: Some("session".to_owned()),
                message: Some(format!("Viewed issue P{project}-{number}")),
                raw: format!(
                    r#"{{"id":"{id:032x}","attributes":{{"action":"x","text":"{}"}}}}"#,
                    "x".repeat(300)
                ),
            }
        })
        .collect()
}

/// Opens the store at a database URL.
pub(crate) async fn open(url: &str) -> Store {
    let mut config: Config = "".parse().expect("the defaults");
    config.database.url = url.to_owned().into();
    Store::open(&config.database, Purpose::Log)
        .await
        .expect("the store")
}

/// What answers questions about a log.
pub(crate) async fn backend(store: Store, config: &Config, clock: Clock) -> Backend {
    let feed = Feed::open(store.clone()).await.expect("the log");
    let webhooks = Webhooks::new(
        feed.clone(),
        clock.clone(),
        &config.webhooks,
        Names::System,
        StdRng::seed_from_u64(0),
    );
    let activity = Activity::new(store.clone(), clock.clone());
    let tasks = TaskTracker::new();
    Backend {
        write_backs: WriteBacks::new(
            feed.clone(),
            Vec::new(),
            clock.clone(),
            tasks.clone(),
            config,
        ),
        exports: Exports::new(
            store.clone(),
            activity.clone(),
            auditgraph::app::counted(config),
            clock.clone(),
            config.exports.clone(),
        ),
        activity,
        activity_limits: auditgraph::app::counted(config),
        feed,
        webhooks,
        sources: Vec::new(),
        clock,
        tasks,
        sends_mails: false,
        expiry: Arc::default(),
        randomness: Arc::new(Mutex::new(StdRng::seed_from_u64(1))),
        viewed: Viewed::default(),
    }
}

/// What a variable of the environment says.
#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark has no settings of its own"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::vars()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

/// A connection to the database or the server at a URL, one at a time.
pub(crate) async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.sqlx_logging(false).max_connections(1);
    let connected = Box::pin(Database::connect(options)).await;
    connected.expect("a database that answers")
}

/// Carries a statement out.
pub(crate) async fn run(db: &DatabaseConnection, sql: &str) {
    db.execute_unprepared(sql).await.expect("the statement");
}

/// The one in the middle.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// A time in milliseconds.
pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// One number over another.
#[expect(clippy::cast_precision_loss, reason = "a ratio needs few digits")]
pub(crate) fn ratio(one: usize, other: usize) -> f64 {
    one as f64 / other as f64
}

/// Events as the log takes them.
pub(crate) fn batches(events: &[NewEvent]) -> Vec<Batch> {
    let batch = |events: &[NewEvent]| Batch {
        part: "bench",
        events: events.to_vec(),
        ..Batch::default()
    };
    events.chunks(5_000).map(batch).collect()
}

/// The data of an answer to an administrator.
pub(crate) async fn ask(engine: &Engine, query: &str, variables: Value) -> Value {
    let json = answer(engine, query, variables).await;
    let mut answer: Value = serde_json::from_slice(&json).expect("JSON");
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"].take()
}

/// An answer to an administrator, as JSON.
pub(crate) async fn answer(engine: &Engine, query: &str, variables: Value) -> Vec<u8> {
    let asked = json!({"query": query, "variables": variables});
    let asked = serde_json::from_value(asked).expect("a request");
    let caller = Caller {
        viewer: Arc::new(Viewer::server()),
        request_id: "bench".to_owned(),
    };
    let answer = match engine.prepare(&asked, caller) {
        Ok(ready) => engine.execute(ready).await,
        Err(refusal) => refusal,
    };
    answer.to_json().expect("an answer")
}

/// A log of so many events, on SQLite in a folder.
pub(crate) async fn log_in(folder: &Path, count: i64) -> Store {
    let url = format!("sqlite://{}?mode=rwc", folder.join("log.db").display());
    let store = open(&url).await;
    seed(&store).await;
    multiply(&connect(&url).await, count).await;
    store
}

/// Sets back the peak of this process's memory; what it is at now, in kilobytes (Linux only).
pub(crate) fn reset_peak() -> u32 {
    std::fs::write("/proc/self/clear_refs", "5").expect("the peak, set back");
    memory("VmRSS")
}

/// The peak of this process's memory since it was set back, in kilobytes.
pub(crate) fn peak() -> u32 {
    memory("VmHWM")
}

/// What the kernel says of this process's memory, in kilobytes.
fn memory(what: &str) -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let number = line.and_then(|line| line.trim_start_matches(':').split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

/// Everybody does something, everywhere, so that there is everything that the other events refer to.
pub(crate) async fn seed(store: &Store) {
    let count = usize::try_from(SEEDS).unwrap_or_default();
    for batch in batches(&events(1, count)) {
        let appended = store.append("bench", System::Organization, batch, now());
        appended.await.expect("the append");
    }
}

/// Makes the log as long as it is to be: a year in which few are busy and most are not.
pub(crate) async fn multiply(db: &DatabaseConnection, count: i64) {
    let sqlite = db.get_database_backend() == DbBackend::Sqlite;
    let (series, key, random, whole) = if sqlite {
        let series =
            "WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to})";
        let random = "(abs(random()) / 9223372036854775807.0)";
        (series, "randomblob(16)", random, "CAST({} AS INTEGER)")
    } else {
        let series = "WITH n(i) AS (SELECT * FROM generate_series(CAST({from} AS bigint), {to}))";
        (series, "gen_random_uuid()", "random()", "floor({})::bigint")
    };
    let whole = |text: &str| whole.replace("{}", text);
    // Nobody and nothing is referred to that is not there.
    let people = "((SELECT count(*) FROM aliases) - 0.01)";
    let places = "((SELECT count(*) FROM containers) - 0.01)";
    let busy = whole(&format!("{people} * {random} * {random}"));
    let place = whole(&format!("{places} * {random} * {random}"));
    let action = whole(&format!("39.99 * {random}"));
    let step = YEAR / count;
    let begin = now().micros() - YEAR;
    let mut from = SEEDS + 1;
    while from <= count {
        let to = count.min(from + 499_999);
        let series = series
            .replace("{from}", &from.to_string())
            .replace("{to}", &to.to_string());
        let insert = "INSERT INTO events (seq, key, source_id, upstream_key, action_id, product, time, recorded_at, \
             actor_id, container_id, target_kind, issue_id, issue_key, message)";
        let select = format!(
            "SELECT i, {key}, 1, 'k' || i, (SELECT min(id) FROM actions) + {action}, 1, {begin} + i * {step}, \
             {begin} + i * {step}, (SELECT min(id) FROM aliases) + {busy}, (SELECT min(id) FROM containers) + {place}, \
             'issue', CASE WHEN i % 5 < 3 THEN CAST(10000 + i / 20 AS TEXT) END, NULL, 'Viewed issue' FROM n"
        );
        let sql = if sqlite {
            format!("{series} {insert} {select}")
        } else {
            format!("{insert} {series} {select}")
        };
        run(db, &sql).await;
        let changes = format!(
            "INSERT INTO changes (seq, place, field, from_value, to_value) SELECT seq, 0, \
             CASE WHEN seq % 2 = 0 THEN 'status' ELSE 'priority' END, 'To Do', 'Done' FROM events \
             WHERE seq BETWEEN {from} AND {to} AND seq % 5 = 0"
        );
        run(db, &changes).await;
        from = to + 1;
    }
    if !sqlite {
        // PostgreSQL does this by itself after a while; with SQLite nobody does.
        run(db, "ANALYZE").await;
    }
}

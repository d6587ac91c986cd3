//! What a page of events costs, beside the database building the same JSON by itself, in the same run; and what page
//! 10,000 costs beside page 1.
//!
//! `cargo bench -- pages`. Runs on SQLite in a temporary folder, and on PostgreSQL when `TEST_DATABASE_URL` names
//! a server on this machine. Measured is the time of processors, this process's and the database's, for a machine that
//! is busy with something else, too, makes everything late but costs nothing. Both ways take turns; look at the ratio.
//! `EVENTS` sets how many events there are (1,000,000 unless told otherwise).

use crate::company::{
    YEAR, answer, backend, connect, multiply, now, open, ratio, run, seed, variable,
};
use auditgraph::clock::Clock;
use auditgraph::config::Config;
use auditgraph::graphql::Engine;
use auditgraph::metrics::Metrics;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use serde_json::json;
use std::collections::BTreeMap;

const ROUNDS: usize = 7;
const REQUESTS: u64 = 1_000;

/// A page of 50 with the actor and the project of each.
const QUERY: &str = "query ($after: String) { events(first: 50, after: $after) {
    nodes { id time action { code label } actor { name } project { key name } target { type name } issue { key } message }
    pageInfo { endCursor hasNextPage } } }";

pub(crate) async fn measure() {
    let count = variable("EVENTS")
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sqlite = format!(
        "sqlite://{}?mode=rwc",
        folder.path().join("log.db").display()
    );
    Box::pin(measure_on("SQLite", &sqlite, count)).await;
    let Some(server) = variable("TEST_DATABASE_URL") else {
        println!("PostgreSQL: not measured; TEST_DATABASE_URL names no server");
        return;
    };
    let admin = connect(&server).await;
    let name = format!("auditgraph_bench_{}", std::process::id());
    run(&admin, &format!("CREATE DATABASE {name}")).await;
    let mut url = url::Url::parse(&server).expect("a URL");
    url.set_path(&name);
    Box::pin(measure_on("PostgreSQL", url.as_str(), count)).await;
    run(&admin, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

async fn measure_on(database: &str, url: &str, count: i64) {
    let store = open(url).await;
    seed(&store).await;
    let db = connect(url).await;
    multiply(&db, count).await;
    let mut config: Config = "".parse().expect("the defaults");
    config.limits.cost_per_minute = u32::MAX;
    let backend = backend(store, &config, Clock::manual(now())).await;
    let engine = Engine::new(backend, &config, Metrics::default()).expect("the engine");
    // Page 10,000, or the one in the middle of a log that has fewer.
    let deep = Ord::min(10_000 * 50, count / 2);
    let position = count - deep;
    let time = now().micros() - YEAR + position * (YEAR / count);
    let cursor = URL_SAFE_NO_PAD.encode(format!("events by time desc|{position}|{time}"));
    let (mut first, mut last, mut built) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begin = spent(&db).await;
        for _ in 0..REQUESTS {
            ask(&engine, None).await;
        }
        let middle = spent(&db).await;
        for _ in 0..REQUESTS {
            ask(&engine, Some(&cursor)).await;
        }
        let end = spent(&db).await;
        for _ in 0..REQUESTS {
            build(&db).await;
        }
        first.push(middle - begin);
        last.push(end - middle);
        built.push(spent(&db).await - end);
    }
    let micros = |mut ticks: Vec<u64>| {
        ticks.sort_unstable();
        // The kernel counts in hundredths of a second.
        ticks[ticks.len() / 2] * 10_000 / REQUESTS
    };
    let (first, last, built) = (micros(first), micros(last), micros(built));
    println!(
        "{database}, {count} events: a page {first} us of CPU, {:.2} times what the database takes that builds it ({built} us); \
         page {} {last} us",
        ratio(first.try_into().unwrap_or(0), built.try_into().unwrap_or(1)),
        deep / 50,
    );
}

async fn ask(engine: &Engine, after: Option<&str>) {
    let json = answer(engine, QUERY, json!({"after": after})).await;
    assert!(
        json.starts_with(b"{\"data\""),
        "{}",
        String::from_utf8_lossy(&json)
    );
}

/// The same page, as the database can build it alone.
async fn build(db: &DatabaseConnection) {
    let (array, object) = if db.get_database_backend() == DbBackend::Sqlite {
        ("json_group_array", "json_object")
    } else {
        ("json_agg", "json_build_object")
    };
    let sql = format!(
        "SELECT CAST({array}({object}('id', e.seq, 'time', e.time, \
         'action', {object}('code', a.code, 'label', a.label), 'actor', {object}('name', u.name), \
         'project', {object}('key', c.key, 'name', c.name), \
         'target', {object}('type', e.target_kind, 'name', e.target_name), \
         'issue', {object}('key', e.issue_key), 'message', e.message)) AS text) \
         FROM (SELECT * FROM events ORDER BY time DESC, seq DESC LIMIT 51) AS e \
         JOIN actions a ON a.id = e.action_id LEFT JOIN aliases n ON n.id = e.actor_id \
         LEFT JOIN users u ON u.id = n.user_id LEFT JOIN containers c ON c.id = e.container_id"
    );
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("the page")
        .expect("a row");
    let text: String = row.try_get_by_index(0).expect("a text");
    assert!(text.len() > 1_000, "{text}");
}

/// How long processors have worked for this process and for the database's, in hundredths of a second.
async fn spent(db: &DatabaseConnection) -> u64 {
    let mut processes: BTreeMap<String, u64> = BTreeMap::new();
    let own = "self".to_owned();
    processes.insert(own.clone(), ticks(&own));
    if db.get_database_backend() == DbBackend::Postgres {
        let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()";
        let rows = db
            .query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
            .await
            .expect("the processes");
        for row in rows {
            let pid: i32 = row.try_get_by_index(0).expect("a number");
            processes.insert(pid.to_string(), ticks(&pid.to_string()));
        }
    }
    processes.values().sum()
}

/// What one process has had.
fn ticks(process: &str) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Behind the name, which may have spaces: user and system time are the 12th and 13th of what follows.
    let behind = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = behind.split_whitespace().collect();
    let number = |place: usize| fields.get(place).and_then(|text| text.parse().ok());
    number(11).unwrap_or(0) + number(12).unwrap_or(0)
}

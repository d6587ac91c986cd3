//! How fast events go into the log, beside what SeaORM's plain `insert_many` does with the same rows in the same run.
//!
//! `cargo bench -- ingest`. Runs on SQLite in a temporary folder, and on PostgreSQL when `TEST_DATABASE_URL` names
//! a server. Both ways take turns, so that a busy machine slows both; look at the ratio. `EVENTS` sets how many events a
//! round has.

use crate::company::{connect, events, now, open, run, variable};
use auditgraph::event::{NewEvent, System, Timestamp};
use auditgraph::store::Batch;
use auditgraph::store::entity::{event, payload};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, TransactionTrait};
use std::time::Instant;

const BATCH: usize = 5_000;
const ROUNDS: u64 = 3;

pub(crate) async fn measure() {
    let count = variable("EVENTS")
        .and_then(|text| text.parse().ok())
        .unwrap_or(50_000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    compare("SQLite", count, |round, way| {
        format!(
            "sqlite://{}?mode=rwc",
            folder.path().join(format!("{way}-{round}.db")).display()
        )
    })
    .await;
    match variable("TEST_DATABASE_URL") {
        None => println!("PostgreSQL: not measured; TEST_DATABASE_URL names no server"),
        Some(server) => {
            let admin = connect(&server).await;
            let name = |round: u64, way: &str| {
                format!("auditgraph_bench_{}_{way}_{round}", std::process::id())
            };
            for round in 0..ROUNDS {
                for way in ["append", "insert_many"] {
                    run(&admin, &format!("CREATE DATABASE {}", name(round, way))).await;
                }
            }
            compare("PostgreSQL", count, |round, way| {
                let mut url = url::Url::parse(&server).expect("a URL");
                url.set_path(&name(round, way));
                url.into()
            })
            .await;
            for round in 0..ROUNDS {
                for way in ["append", "insert_many"] {
                    run(
                        &admin,
                        &format!("DROP DATABASE {} WITH (FORCE)", name(round, way)),
                    )
                    .await;
                }
            }
        }
    }
}

async fn compare(database: &str, count: usize, url: impl Fn(u64, &str) -> String) {
    let mut ratios = Vec::new();
    for round in 0..ROUNDS {
        let events = events(round, count);
        let ours = append(&url(round, "append"), events.clone()).await;
        let plain = insert_many(&url(round, "insert_many"), events).await;
        println!(
            "{database} round {round}: append {ours:.0} events/s, insert_many {plain:.0} events/s"
        );
        ratios.push(ours / plain);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "{database}: append is {:.2} times insert_many (median of {ROUNDS})",
        ratios[ratios.len() / 2]
    );
}

/// Events a second through the store: names resolved, repeats found, positions given, cursor kept.
async fn append(url: &str, events: Vec<NewEvent>) -> f64 {
    let store = open(url).await;
    let count = events.len();
    let begin = Instant::now();
    for events in events.chunks(BATCH) {
        let batch = Batch {
            part: "bench",
            events: events.to_vec(),
            cursor: Some("x".to_owned()),
            ..Batch::default()
        };
        store
            .append("bench", System::Organization, batch, now())
            .await
            .expect("the append");
    }
    rate(count, begin)
}

/// Events a second by `insert_many` of ready rows: two statements for the same two tables, nothing looked up.
async fn insert_many(url: &str, events: Vec<NewEvent>) -> f64 {
    drop(open(url).await);
    let db = connect(url).await;
    let rows: Vec<(event::Model, payload::Model)> = (1..)
        .zip(events)
        .map(|(seq, event)| rows(seq, event))
        .collect();
    let count = rows.len();
    let begin = Instant::now();
    for rows in rows.chunks(BATCH) {
        let transaction = db.begin().await.expect("a transaction");
        // Both databases limit the parameters of a statement.
        for rows in rows.chunks(1_000) {
            let events = rows
                .iter()
                .map(|(event, _)| event.clone().into_active_model().reset_all());
            event::Entity::insert_many(events)
                .exec_without_returning(&transaction)
                .await
                .expect("the insert");
            let payloads = rows
                .iter()
                .map(|(_, payload)| payload.clone().into_active_model().reset_all());
            payload::Entity::insert_many(payloads)
                .exec_without_returning(&transaction)
                .await
                .expect("the insert");
        }
        transaction.commit().await.expect("the commit");
    }
    rate(count, begin)
}

#[expect(clippy::cast_precision_loss, reason = "a rate needs few digits")]
fn rate(count: usize, begin: Instant) -> f64 {
    count as f64 / begin.elapsed().as_secs_f64()
}

fn rows(seq: i64, event: NewEvent) -> (event::Model, payload::Model) {
    let target = event.target.unwrap_or_default();
    let issue = event.issue.unwrap_or_default();
    let id = u128::from_str_radix(&event.upstream_key, 16).unwrap_or_default();
    let row = event::Model {
        seq,
        key: sea_orm::prelude::Uuid::from_u128(id),
        source_id: 1,
        upstream_key: event.upstream_key,
        action_id: i32::try_from(seq % 40).unwrap_or(0),
        product: 1,
        time: event.time.map_or(0, Timestamp::micros),
        recorded_at: now().micros(),
        actor_id: Some(seq * 7_919 % 5_000),
        container_id: Some(seq * 104_729 % 500),
        target_kind: Some(target.kind),
        target_id: target.id,
        target_name: target.name,
        target_url: target.url,
        target_alias_id: None,
        objects: None,
        issue_id: issue.id,
        issue_key: issue.key,
        ip: event.location.ip,
        ip_number: Some(sea_orm::prelude::Uuid::from_u128(0xffff_cb00_7100)),
        city: event.location.city,
        region: event.location.region,
        country: event.location.country,
        method: event.method,
        message: event.message,
    };
    (
        row,
        payload::Model {
            seq,
            raw: event.raw,
        },
    )
}

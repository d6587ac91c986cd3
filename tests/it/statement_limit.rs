//! A statement that reads for too long is ended, and nothing else is.

use crate::world::{Kind, World, administrator, caller, event, on_both};
use auditgraph::config::Config;
use auditgraph::feed::Feed;
use auditgraph::store::query::Condition;
use auditgraph::store::{Purpose, Store, StoreError};
use futures::StreamExt;
use sea_orm::sea_query::Expr;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor};
use std::time::{Duration, Instant};

on_both!(
    a_slow_read_is_ended_and_the_next_has_its_full_time,
    a_read_that_nobody_waits_for_is_ended,
    a_slow_write_is_not_ended,
    requests_hear_of_the_limit
);

/// An event, one reader, and a second for each statement.
async fn impatient(kind: Kind) -> World {
    let mut world = World::new(kind).await;
    world.append(vec![event("1", "2026-11-20T10:00:00Z")]).await;
    world.config.database.readers = 1;
    world.config.database.statement_seconds = 1;
    let store = Store::open(&world.config.database, Purpose::Beside).await;
    world.feed = Feed::open(store.unwrap()).await.unwrap();
    world
}

/// SQL for a number that SQLite counts up to; without a limit it counts for ever.
fn counted(limit: Option<u64>) -> String {
    let limit = limit.map_or_else(String::new, |limit| format!("LIMIT {limit}"));
    format!(
        "(WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers {limit}) \
         SELECT count(*) FROM numbers)"
    )
}

/// SQL for a number that PostgreSQL has after some seconds.
fn slept(seconds: f64) -> String {
    format!("(SELECT count(*) FROM pg_sleep({seconds}))")
}

/// SQL for a number that takes for ever.
fn endless(kind: Kind) -> String {
    match kind {
        Kind::Sqlite => counted(None),
        Kind::Postgres => slept(3600.0),
    }
}

/// SQL for a number that takes a small part of a second, but not so little that nobody would look at the time.
fn short(kind: Kind) -> String {
    match kind {
        Kind::Sqlite => counted(Some(50_000)),
        Kind::Postgres => slept(0.05),
    }
}

/// Has a reader work out a number.
async fn read(world: &World, number: &str) -> Result<(), StoreError> {
    let condition = Condition::all().add(Expr::cust(format!("{number} > 0")));
    let found = world.store().following(0, &condition, 1).await?;
    assert_eq!(found.events.len(), 1);
    Ok(())
}

/// Runs statements on a connection of their own.
async fn run(world: &World, kind: Kind, statements: &[&str]) {
    let url = &world.database.url;
    for statement in statements {
        let statement = AssertSqlSafe((*statement).to_owned());
        match kind {
            Kind::Sqlite => {
                let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
                connection.execute(statement).await.unwrap();
            }
            Kind::Postgres => {
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                connection.execute(statement).await.unwrap();
            }
        }
    }
}

async fn a_slow_read_is_ended_and_the_next_has_its_full_time(kind: Kind) {
    let world = impatient(kind).await;
    for _ in 0..2 {
        let ended = read(&world, &endless(kind)).await.unwrap_err();
        assert!(matches!(ended, StoreError::TimedOut), "{ended}");
        // Together these take longer than one may.
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_millis(1_500) {
            read(&world, &short(kind)).await.unwrap();
        }
    }
}

async fn a_read_that_nobody_waits_for_is_ended(kind: Kind) {
    let world = impatient(kind).await;
    let other = Store::open(&world.config.database, Purpose::Beside).await;
    let other = other.unwrap();
    let a_while = async {
        for _ in 0..20 {
            other.newest().await.unwrap();
        }
    };
    let number = endless(kind);
    tokio::select! {
        ended = read(&world, &number) => {
            let ended = ended.unwrap_err();
            assert!(matches!(ended, StoreError::TimedOut), "{ended}");
        }
        () = a_while => {}
    }
    // There is one reader, so this waits for the other to end.
    read(&world, &short(kind)).await.unwrap();
}

async fn a_slow_write_is_not_ended(kind: Kind) {
    let world = impatient(kind).await;
    if kind == Kind::Sqlite {
        let mut much = 500_000;
        while read(&world, &counted(Some(much))).await.is_ok() {
            much *= 2;
        }
        let trigger = format!(
            "CREATE TRIGGER slow BEFORE INSERT ON payloads BEGIN SELECT {}; END",
            counted(Some(much * 2))
        );
        run(&world, kind, &[&trigger]).await;
    } else {
        let function = format!(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN PERFORM {}; RETURN NEW; END $$",
            slept(1.5)
        );
        let trigger =
            "CREATE TRIGGER slow BEFORE INSERT ON payloads FOR EACH ROW EXECUTE FUNCTION slow()";
        run(&world, kind, &[&function, trigger]).await;
    }
    world.append(vec![event("2", "2026-11-20T10:00:00Z")]).await;
    assert_eq!(world.stored("organization").await.len(), 2);
}

/// Makes whoever reads a table wait for ever.
async fn block(world: &World, kind: Kind, table: &str) {
    let rename = format!("ALTER TABLE {table} RENAME TO kept_{table}");
    let view = format!(
        "CREATE VIEW {table} AS SELECT * FROM kept_{table} WHERE {} > 0",
        endless(kind)
    );
    run(world, kind, &[&rename, &view]).await;
}

async fn requests_hear_of_the_limit(kind: Kind) {
    let world = impatient(kind).await;
    block(&world, kind, "payloads").await;
    let answer = world.ask("{ events { nodes { raw } } }", json!({})).await;
    hears_of_the_limit(&answer);
    block(&world, kind, "events").await;
    let answer = world.ask("{ events { nodes { id } } }", json!({})).await;
    hears_of_the_limit(&answer);

    let engine = world.engine();
    let asked = json!({"query": r#"subscription { events(after: "0") { cursor } }"#});
    let asked = serde_json::from_value(asked).unwrap();
    let ready = engine.prepare(&asked, caller(administrator()));
    let first = engine.stream(ready.ok().unwrap()).next().await.unwrap();
    let first = first.to_json().unwrap();
    hears_of_the_limit(&serde_json::from_slice(&first).unwrap());
}

#[track_caller]
fn hears_of_the_limit(answer: &Value) {
    let error = &answer["errors"][0];
    let extensions = json!({
        "code": "QUERY_TOO_COMPLEX", "limit": "statement_seconds", "allowed": 1, "requestId": "test"
    });
    assert_eq!(error["extensions"], extensions, "{answer}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("after 1 s"), "{message}");
}

#[test]
fn the_limit_has_a_range() {
    for seconds in [0, 3601] {
        let config = format!("[database]\nstatement_seconds = {seconds}").parse::<Config>();
        let wrong =
            format!("database.statement_seconds: {seconds} is out of range; give 1 to 3600");
        assert_eq!(config.unwrap_err().0, [wrong]);
    }
}

//! What the log promises, whatever is appended and however an append ends.

use crate::world::{Kind, World, administrator, event, on_both};
use auditgraph::event::filter::EventFilter;
use auditgraph::event::{NewEvent, System};
use auditgraph::store::Batch;
use futures::{StreamExt, TryStreamExt};
use proptest::collection::vec;
use proptest::test_runner::{Config, TestRunner};
use sqlx::{Connection, Executor};
use std::cell::Cell;
use std::collections::BTreeSet;
use tokio::runtime::Handle;

on_both!(
    any_cut_stores_each_event_once,
    a_failed_append_leaves_nothing,
    an_abandoned_append_is_whole_or_nothing
);

fn batch(events: Vec<NewEvent>, cursor: &str) -> Batch {
    Batch {
        part: "test",
        events,
        cursor: Some(cursor.to_owned()),
        ..Batch::default()
    }
}

fn plain(key: u32) -> NewEvent {
    event(&key.to_string(), "2026-11-20T10:00:00Z")
}

async fn any_cut_stores_each_event_once(kind: Kind) {
    let world = World::new(kind).await;
    let config = Config {
        cases: 32,
        failure_persistence: None,
        ..Config::default()
    };
    let case = Cell::new(0);
    let cuts = (vec(vec(0..40_u32, 0..15), 1..8), 0..30_i64);
    let outcome = tokio::task::block_in_place(|| {
        TestRunner::new(config).run(&cuts, |(batches, back)| {
            case.set(case.get() + 1);
            let source = format!("source-{}", case.get());
            Handle::current().block_on(append_and_follow(&world, &source, &batches, back));
            Ok(())
        })
    });
    outcome.unwrap();
}

/// Appends batches while somebody follows from `back` positions before the end of the log.
async fn append_and_follow(world: &World, source: &str, batches: &[Vec<u32>], back: i64) {
    let before = world.feed.newest();
    let after = Ord::max(0, before - back);
    let distinct: BTreeSet<u32> = batches.iter().flatten().copied().collect();
    let last = before + i64::try_from(distinct.len()).unwrap();
    let (now, everything) = (world.clock.now(), EventFilter::default());
    let sight = administrator().sight();
    let events = world.feed.follow(after, &everything, &sight, now);
    let events = events
        .await
        .unwrap()
        .take(usize::try_from(last - after).unwrap());
    let appending = async {
        let mut known = BTreeSet::new();
        for keys in batches {
            let events = keys.iter().copied().map(plain).collect();
            let system = System::Organization;
            let appended = world
                .feed
                .append(source, system, batch(events, "read"), now);
            let appended = appended.await.unwrap();
            let new = keys.iter().filter(|key| known.insert(**key)).count();
            assert_eq!(appended.new, new as u64);
            assert_eq!(appended.repeated, (keys.len() - new) as u64);
            assert_eq!(
                appended.newest,
                before + i64::try_from(known.len()).unwrap()
            );
        }
    };
    let following = events.map_ok(|event| event.seq).try_collect::<Vec<_>>();
    let ((), seen) = tokio::join!(appending, following);
    assert_eq!(seen.unwrap(), (after + 1..=last).collect::<Vec<_>>());
}

/// Makes the database refuse payloads that contain `poison`, after their events have been written.
async fn poison(world: &World, kind: Kind) {
    let url = &world.database.url;
    if kind == Kind::Sqlite {
        let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
        let trigger = "CREATE TRIGGER refuse BEFORE INSERT ON payloads WHEN NEW.raw LIKE '%poison%' \
                       BEGIN SELECT RAISE(ABORT, 'refused'); END";
        connection.execute(trigger).await.unwrap();
        return;
    }
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let function = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
                    $$ BEGIN RAISE EXCEPTION 'refused'; END $$";
    connection.execute(function).await.unwrap();
    let trigger = "CREATE TRIGGER refuse BEFORE INSERT ON payloads FOR EACH ROW \
                   WHEN (NEW.raw LIKE '%poison%') EXECUTE FUNCTION refuse()";
    connection.execute(trigger).await.unwrap();
}

async fn a_failed_append_leaves_nothing(kind: Kind) {
    let world = World::new(kind).await;
    poison(&world, kind).await;
    let (now, system) = (world.clock.now(), System::Organization);
    let bad = NewEvent {
        raw: "poison".to_owned(),
        ..plain(2)
    };
    for _ in 0..3 {
        let events = vec![plain(1), bad.clone(), plain(3)];
        let failed = world
            .feed
            .append("source", system, batch(events, "bad"), now);
        failed.await.unwrap_err();
        assert_eq!(world.store().newest().await.unwrap(), 0);
        assert_eq!(world.feed.newest(), 0, "nobody is woken");
        assert_eq!(world.store().cursor("source", "test").await.unwrap(), None);
        assert!(world.store().sources().await.unwrap().is_empty());
    }
    // The same names again: their numbers were rolled back and must not have been remembered.
    let events = vec![plain(1), plain(2), plain(3)];
    let appended = world
        .feed
        .append("source", system, batch(events, "good"), now);
    assert_eq!(appended.await.unwrap().new, 3);
    assert_eq!(world.stored("source").await.len(), 3);
    let cursor = world.store().cursor("source", "test").await.unwrap();
    assert_eq!(cursor.as_deref(), Some("good"));
    let named =
        world.data("{ events { nodes { actor { name } project { key } action { code } } } }");
    let named = named.await;
    for node in named["events"]["nodes"].as_array().unwrap() {
        assert_eq!(node["actor"]["name"], "Ann Lee");
        assert_eq!(node["project"]["key"], "WEB");
        assert_eq!(node["action"]["code"], "issue.deleted");
    }
}

async fn an_abandoned_append_is_whole_or_nothing(kind: Kind) {
    let world = World::new(kind).await;
    let (now, system) = (world.clock.now(), System::Organization);
    let mut stored = 0;
    for patience in 0..40 {
        let cursor = patience.to_string();
        let events = (0..5).map(|place| plain(patience * 5 + place)).collect();
        let given_up = async {
            for _ in 0..patience * 3 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            appended = world.feed.append("source", system, batch(events, &cursor), now) => drop(appended.unwrap()),
            () = given_up => {}
        }
        // An empty append comes after whatever the abandoned one still did.
        let settled = world
            .feed
            .append("source", system, Batch::default(), now)
            .await;
        let newest = settled.unwrap().newest;
        let kept = world.store().cursor("source", "test").await.unwrap();
        if newest == stored {
            assert_ne!(kept, Some(cursor));
        } else {
            assert_eq!(newest, stored + 5);
            assert_eq!(kept, Some(cursor));
        }
        stored = newest;
    }
    let whole = world.stored("source").await;
    assert_eq!(i64::try_from(whole.len()).unwrap(), stored);
}

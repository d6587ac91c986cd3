//! Several processes on one PostgreSQL database: many write at once, and who follows misses nothing.

use crate::world::{Kind, World, administrator, event};
use auditgraph::clock::Clock;
use auditgraph::event::filter::EventFilter;
use auditgraph::event::{System, Timestamp};
use auditgraph::feed::Feed;
use auditgraph::store::{Batch, Purpose, Store};
use futures::{Stream, StreamExt, TryStreamExt};
use sqlx::{Connection, PgConnection};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

const WRITERS: usize = 4;
const BATCHES: usize = 1_000;
const BATCH: usize = 2;

/// A feed as another process would have it: nothing shared but the database.
async fn another(world: &World) -> Feed {
    let store = Store::open(&world.config.database, Purpose::Log).await;
    Feed::open(store.unwrap()).await.unwrap()
}

/// Everything in the log of a feed that hears what other processes append.
async fn following(
    world: &World,
    feed: &Feed,
) -> Pin<Box<impl Stream<Item = (i64, String)> + use<>>> {
    let (hears, stop) = (feed.clone(), world.stop.clone());
    world
        .tasks
        .spawn(async move { hears.hear_others(&Clock::System, &stop).await });
    let sight = administrator().sight();
    let everything = EventFilter::default();
    let events = feed.follow(0, &everything, &sight, world.clock.now());
    Box::pin(
        events
            .await
            .unwrap()
            .map_ok(|event| (event.seq, event.upstream_key.clone()))
            .map(Result::unwrap),
    )
}

async fn write(feed: &Feed, source: &str, keys: impl Iterator<Item = usize>, now: Timestamp) {
    let events = keys.map(|key| event(&format!("{source}/{key}"), "2026-11-20T10:00:00Z"));
    let batch = Batch {
        part: "test",
        events: events.collect(),
        cursor: Some("read so far".to_owned()),
        ..Batch::default()
    };
    feed.append(source, System::Organization, batch, now)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_writers_and_one_follower() {
    let world = World::new(Kind::Postgres).await;
    let reader = another(&world).await;
    let events = following(&world, &reader).await;
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let feed = another(&world).await;
        let now = world.clock.now();
        writers.push(world.tasks.spawn(async move {
            let source = format!("writer-{writer}");
            for batch in 0..BATCHES {
                write(&feed, &source, batch * BATCH..(batch + 1) * BATCH, now).await;
            }
        }));
    }
    let mut next = [0; WRITERS];
    let reading = async {
        let mut seen = events.take(WRITERS * BATCHES * BATCH).enumerate();
        while let Some((place, (position, key))) = seen.next().await {
            assert_eq!(
                position,
                i64::try_from(place + 1).unwrap(),
                "dense, in order"
            );
            let (writer, number) = key
                .strip_prefix("writer-")
                .unwrap()
                .split_once('/')
                .unwrap();
            let expected = &mut next[writer.parse::<usize>().unwrap()];
            assert_eq!(number.parse::<usize>().unwrap(), *expected, "{key}");
            *expected += 1;
        }
        Ok(())
    };
    tokio::try_join!(futures::future::try_join_all(writers), reading).unwrap();
    assert_eq!(next, [BATCHES * BATCH; WRITERS]);
}

/// Looking now and then would find these as well, but one look every five seconds would take 200 seconds for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notification_wakes_other_processes() {
    const ROUNDS: usize = 40;
    let world = World::new(Kind::Postgres).await;
    let reader = another(&world).await;
    let mut events = following(&world, &reader).await;
    let rounds = async {
        for round in 0..ROUNDS {
            write(&world.feed, "writer", round..=round, world.clock.now()).await;
            let (position, key) = events.next().await.unwrap();
            assert_eq!(position, i64::try_from(round + 1).unwrap());
            assert_eq!(key, format!("writer/{round}"));
        }
    };
    tokio::time::timeout(Duration::from_mins(1), rounds)
        .await
        .unwrap();
}

/// Processes that meet a source, an action, a person and a place for the first time, all at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_agree_on_names() {
    let world = World::new(Kind::Postgres).await;
    let now = world.clock.now();
    let mut runs = Vec::new();
    for process in 0..6 {
        let feed = another(&world).await;
        runs.push(world.tasks.spawn(async move {
            let part = "events";
            let run = feed
                .store()
                .begin_run("new", System::Organization, part, now);
            run.await.unwrap();
            write(&feed, "new", process..=process, now).await;
        }));
    }
    futures::future::try_join_all(runs).await.unwrap();
    let sources = world.store().sources().await.unwrap();
    assert_eq!(sources.len(), 1, "{sources:?}");
    let stored: BTreeMap<String, String> = world.stored("new").await;
    assert_eq!(stored.len(), 6);
}

/// How often a deed waits before it is given up, at most; more often than an append does.
const WAITS: usize = 60;

/// Lets somebody do something until it has waited so often, and then gives it up; whether it was done.
async fn given_up(deed: impl Future, waits: usize) -> bool {
    let mut deed = pin!(deed);
    let mut left = waits;
    poll_fn(|context| match deed.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending if left == 0 => Poll::Ready(false),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Whether all transactions come to an end: connections are given back by others, at their own pace.
async fn all_end(database: &mut PgConnection) -> bool {
    let open = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL";
    for _ in 0..5_000 {
        let left: i64 = sqlx::query_scalar(open)
            .fetch_one(&mut *database)
            .await
            .unwrap();
        if left == 0 {
            return true;
        }
    }
    false
}

/// Whoever goes away in the middle, such as a client that closes its connection, leaves nothing half done behind: above
/// all no transaction that is open for good, in which others would write what is never committed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_up_anywhere_leaves_no_transaction_open() {
    let world = World::new(Kind::Postgres).await;
    world.append(Vec::new()).await;
    let mut database = PgConnection::connect(&world.database.url).await.unwrap();
    let mut done = 0;
    for waits in 0..WAITS {
        let key = format!("given up after {waits}");
        let appended = world.append(vec![event(&key, "2026-11-20T10:00:00Z")]);
        done += usize::from(given_up(appended, waits).await);
        assert!(all_end(&mut database).await, "{waits} times it waited");
    }
    assert!((1..WAITS).contains(&done), "{done} of {WAITS} were done");
    for waits in 0..WAITS {
        let key = format!("given up after {waits}");
        let again = vec![event(&key, "2026-11-20T10:00:00Z")];
        world.append(again).await;
    }
    assert_eq!(world.stored("organization").await.len(), WAITS);
}

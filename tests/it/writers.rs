//! Several writers and one reader: positions are dense, in the order of commits, and nobody skips one.

use crate::world::{Database, Kind, World, at, event};
use auditgraph::access::Sight;
use auditgraph::clock::Clock;
use auditgraph::config::Config;
use auditgraph::event::System;
use auditgraph::event::filter::EventFilter;
use auditgraph::feed::Feed;
use auditgraph::store::{Batch, Purpose, Store};
use futures::StreamExt;
use std::collections::BTreeSet;

const WRITERS: usize = 4;

const BATCHES: usize = 150;

const EVENTS: usize = WRITERS * BATCHES * 3;

async fn another_process(url: &str) -> Feed {
    let mut config: Config = "".parse().unwrap();
    config.database.url = url.into();
    Feed::open(Store::open(&config.database, Purpose::Log).await.unwrap())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_writers_and_a_follower_on_postgres() {
    let database = Database::new(Kind::Postgres).await;
    let url = database.url.clone();
    let world = World::on(database).await;
    let reader = another_process(&url).await;
    let (clock, stop) = (Clock::System, world.stop.clone());
    {
        let (reader, stop) = (reader.clone(), stop.clone());
        world
            .tasks
            .spawn(async move { reader.hear_others(&clock, &stop).await });
    }
    let everything = EventFilter::default();
    let followed = reader
        .follow(
            0,
            &everything,
            &Sight::Everything,
            at("2026-11-20T12:00:00Z"),
        )
        .await
        .unwrap();

    for writer in 0..WRITERS {
        let feed = another_process(&url).await;
        world.tasks.spawn(async move {
            let source = format!("writer-{writer}");
            for batch in 0..BATCHES {
                let id = |number: usize| format!("{writer}-{batch}-{number}");
                let events = (0..3)
                    .map(|number| event(&id(number), "2026-11-20T08:00:00Z"))
                    .collect();
                let batch = Batch {
                    part: "test",
                    events,
                    cursor: Some(batch.to_string()),
                    ..Batch::default()
                };
                let now = at("2026-11-20T12:00:00Z");
                feed.append(&source, System::Organization, batch, now)
                    .await
                    .unwrap();
            }
        });
    }
    let seen: Vec<_> = followed.take(EVENTS).map(Result::unwrap).collect().await;
    let positions: Vec<i64> = seen.iter().map(|event| event.seq).collect();
    let expected: Vec<i64> = (1..=i64::try_from(EVENTS).unwrap()).collect();
    assert_eq!(positions, expected, "each position once, in order");
    let keys: BTreeSet<(i32, &str)> = seen
        .iter()
        .map(|event| (event.source_id, event.upstream_key.as_str()))
        .collect();
    assert_eq!(keys.len(), EVENTS, "each event once");
    for source in seen
        .iter()
        .map(|event| event.source_id)
        .collect::<BTreeSet<_>>()
    {
        let batches: Vec<usize> = seen
            .iter()
            .filter(|event| event.source_id == source)
            .map(|event| {
                event
                    .upstream_key
                    .split('-')
                    .nth(1)
                    .unwrap()
                    .parse()
                    .unwrap()
            })
            .collect();
        assert!(batches.is_sorted(), "a writer's batches keep their order");
    }
}

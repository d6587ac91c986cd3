//! Streams over real sockets: cut, slow, and many; nothing is lost, nothing comes twice, nobody waits for another.

use crate::client::{Heard, Socket, edge};
use crate::world::{Kind, World, administrator, event, on_both};
use auditgraph::access::Role;
use auditgraph::event::NewEvent;
use auditgraph::event::filter::EventFilter;
use futures::StreamExt;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use sqlx::{Connection, Executor};
use std::net::SocketAddr;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

on_both!(
    a_stream_cut_a_hundred_times_loses_and_repeats_nothing,
    a_reader_that_stops_stops_nobody_else,
    positions_resume_a_stream_and_page_cursors_do_not,
    a_filtered_stream_carries_what_the_filter_chooses,
    open_streams_are_told_when_the_server_stops,
);

fn events(numbers: impl Iterator<Item = usize>) -> Vec<NewEvent> {
    numbers
        .map(|number| event(&format!("e-{number}"), "2026-11-20T09:00:00Z"))
        .collect()
}

async fn a_stream_cut_a_hundred_times_loses_and_repeats_nothing(kind: Kind) {
    const CUTS: usize = 100;
    const LAST: &str = "the last";
    let world = World::new(kind).await;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    // How far the reader is; nothing once it has been cut for the last time.
    let (reader, mut progress) = tokio::sync::watch::channel(Some(0));

    let appending = async {
        let mut expected = Vec::new();
        let mut randomness = StdRng::seed_from_u64(1);
        // Always ahead of the reader, but not so far that it would only ever read what is old.
        while progress
            .wait_for(|read| read.is_none_or(|read| read + 200 > expected.len()))
            .await
            .unwrap()
            .is_some()
        {
            let size = randomness.random_range(1..40);
            let batch = events(expected.len()..expected.len() + size);
            expected.extend(batch.iter().map(|event| event.upstream_key.clone()));
            world.append(batch).await;
        }
        world
            .append(vec![event(LAST, "2026-11-20T09:00:00Z")])
            .await;
        expected.push(LAST.to_owned());
        expected
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relayed = listener.local_addr().unwrap();
    let relaying = async {
        let mut randomness = StdRng::seed_from_u64(2);
        for cut in 0..=CUTS {
            // In the middle of the handshake, of the greeting, of any message.
            let most = if cut % 5 == 0 { 500 } else { 10_000 };
            let left = randomness.random_range(0..most);
            relay(
                &listener,
                address,
                if cut == CUTS { u64::MAX } else { left },
            )
            .await;
        }
    };
    let reading = async {
        let (mut cursor, mut seen) = ("0".to_owned(), Vec::<String>::new());
        for cut in 0..=CUTS {
            if cut == CUTS {
                reader.send(None).unwrap();
            }
            let Ok(mut socket) = Socket::open(relayed, None).await else {
                continue;
            };
            socket.init(Some(&token)).await;
            if socket.heard().await == Heard::Gone {
                continue;
            }
            socket.follow("1", "", Some(&cursor)).await;
            while seen.last().is_none_or(|last| last != LAST) {
                let heard = socket.heard().await;
                if heard == Heard::Gone {
                    break;
                }
                let (next, id) = edge(&heard.message());
                cursor = next;
                seen.push(id);
                reader.send_if_modified(|read| {
                    let moves = read.is_some();
                    *read = read.map(|_| seen.len());
                    moves
                });
            }
        }
        seen
    };
    let (expected, seen, ()) = tokio::join!(appending, reading, relaying);
    assert_eq!(seen, expected);
}

/// Passes one connection on to the server, and cuts it once so many bytes have come back.
async fn relay(listener: &TcpListener, server: SocketAddr, bytes: u64) {
    let (mut client, _) = listener.accept().await.unwrap();
    let mut server = TcpStream::connect(server).await.unwrap();
    let (from_client, mut to_client) = client.split();
    let (from_server, mut to_server) = server.split();
    let (mut from_client, mut from_server) = (from_client, from_server.take(bytes));
    tokio::select! {
        _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
        _ = tokio::io::copy(&mut from_server, &mut to_client) => {}
    }
}

async fn a_reader_that_stops_stops_nobody_else(kind: Kind) {
    const MANY: usize = 20_000;
    let mut world = World::new(kind).await;
    // Who takes nothing for too long is given up, which is tested elsewhere.
    world.config.limits.keep_alive_seconds = 3_600;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    let big = "subscription { events { cursor node { upstreamId message position } } }";
    let mut slow = Socket::greeted(address, &token).await;
    slow.subscribe("1", big).await;
    slow.settled().await;
    let mut quick = Socket::greeted(address, &token).await;
    quick.follow("1", "", None).await;
    quick.settled().await;

    // More than both ends of a connection hold between them, so the server cannot have got rid of it.
    let message = "x".repeat(1_500);
    let appending = async {
        for start in (0..MANY).step_by(2_000) {
            let mut batch = events(start..start + 2_000);
            for event in &mut batch {
                event.message = Some(message.clone());
            }
            world.append(batch).await;
        }
    };
    let reading = async {
        for number in 0..MANY {
            assert_eq!(quick.event().await.1, format!("e-{number}"));
        }
    };
    tokio::join!(appending, reading);
    for number in 0..MANY {
        assert_eq!(slow.event().await.1, format!("e-{number}"));
    }
}

/// A follower that is not asked for more holds a page, however much is stored: what lies further on is read when its
/// turn comes, and therefore as it is then.
#[tokio::test]
async fn a_follower_holds_one_page() {
    let world = World::new(Kind::Sqlite).await;
    world.append(events(0..250)).await;
    let sight = administrator().sight();
    let log = world
        .feed
        .follow(0, &EventFilter::default(), &sight, world.clock.now())
        .await
        .unwrap();
    futures::pin_mut!(log);
    let mut database = sqlx::SqliteConnection::connect(&world.database.url)
        .await
        .unwrap();
    for page in 0..3_i64 {
        let mark = sqlx::AssertSqlSafe(format!("UPDATE events SET message = 'at page {page}'"));
        database.execute(mark).await.unwrap();
        for seq in page * 100 + 1..=250.min(page * 100 + 100) {
            let event = log.next().await.unwrap().unwrap();
            assert_eq!(event.seq, seq);
            assert_eq!(event.message, Some(format!("at page {page}")));
        }
    }
}

async fn positions_resume_a_stream_and_page_cursors_do_not(kind: Kind) {
    let world = World::new(kind).await;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    let mut old = event("c", "2025-01-01T00:00:00Z");
    old.actor = None;
    world
        .append(vec![
            event("a", "2026-11-20T09:00:00Z"),
            event("b", "2026-11-21T09:00:00Z"),
            old,
            event("d", "2026-11-19T09:00:00Z"),
        ])
        .await;
    let mut socket = Socket::greeted(address, &token).await;
    let log = ["a", "b", "c", "d"];
    let mut stream = 0;
    for field in ["TIME", "RECORDED", "ACTOR", "ACTION", "PROJECT", "TARGET"] {
        for direction in ["ASC", "DESC"] {
            let page = world
                .data(&format!(
                    "{{ events(orderBy: {{field: {field}, direction: {direction}}}) {{ edges {{ cursor node {{ position upstreamId }} }} }} }}"
                ))
                .await;
            for edge in page["events"]["edges"].as_array().unwrap() {
                let id = edge["node"]["upstreamId"].as_str().unwrap();
                let place = log.iter().position(|known| *known == id).unwrap();
                stream += 1;
                let stream = format!("{stream}");
                socket
                    .follow(&stream, "", edge["node"]["position"].as_str())
                    .await;
                for expected in &log[place + 1..] {
                    assert_eq!(socket.event().await.1, *expected);
                }
                socket.say(json!({"type": "complete", "id": stream})).await;

                let cursor = edge["cursor"].as_str().unwrap();
                socket.follow("refused", "", Some(cursor)).await;
                let error = socket.refusal().await;
                assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{error}");
                assert_eq!(error["extensions"]["argument"], "after");
                assert!(error["message"].as_str().unwrap().starts_with("after: "));
            }
        }
    }
    for beyond in ["5", "-1", "9223372036854775807", "1e3", "", " 1"] {
        socket.follow("refused", "", Some(beyond)).await;
        let error = socket.refusal().await;
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{error}");
        assert_eq!(error["extensions"]["argument"], "after");
    }
    socket.follow("all", "", Some("0")).await;
    for expected in log {
        assert_eq!(socket.event().await.1, expected);
    }
}

async fn a_filtered_stream_carries_what_the_filter_chooses(kind: Kind) {
    let world = World::new(kind).await;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    let mut socket = Socket::greeted(address, &token).await;
    // Nothing of the kind has ever been stored when the stream begins.
    let filters = [
        r#"actions: ["issue.deleted"]"#,
        r#"actions: ["ISSUE.Deleted"]"#,
        r#"categories: ["issues"]"#,
        r#"not: {categories: ["OTHER"]}"#,
        r#"text: "deleted""#,
        "products: [JIRA]",
    ];
    // One socket each: streams on one socket come in no particular order.
    let mut others = Vec::new();
    for filter in filters {
        let mut other = Socket::greeted(address, &token).await;
        other.follow("1", filter, None).await;
        other.settled().await;
        others.push(other);
    }
    socket.follow("1", "", None).await;
    socket.settled().await;
    let mut other = event("other", "2026-11-20T09:00:00Z");
    "something_else".clone_into(&mut other.action);
    other.product = auditgraph::event::Product::Confluence;
    other.message = None;
    other.target = None;
    world
        .append(vec![other, event("chosen", "2026-11-20T09:00:00Z")])
        .await;
    assert_eq!(socket.event().await.1, "other");
    assert_eq!(socket.event().await.1, "chosen");
    for (filter, mut other) in filters.into_iter().zip(others) {
        assert_eq!(other.event().await.1, "chosen", "{filter}");
    }
    socket.follow("2", r#"ips: ["not an address"]"#, None).await;
    let error = socket.refusal().await;
    assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{error}");
}

async fn open_streams_are_told_when_the_server_stops(kind: Kind) {
    let world = World::new(kind).await;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    world.append(events(0..5_000)).await;
    let mut idle = Socket::greeted(address, &token).await;
    idle.follow("1", "", None).await;
    idle.settled().await;
    let mut silent = Socket::open(address, None).await.unwrap();
    let mut busy = Socket::greeted(address, &token).await;
    busy.follow("1", "", Some("0")).await;
    busy.event().await;
    world.stop.cancel();
    world.tasks.close();
    let reason = "the server stops; reconnect and resume after the last cursor";
    let farewell = Heard::Closed(1001, reason.to_owned());
    assert_eq!(idle.heard().await, farewell);
    assert_eq!(silent.heard().await, farewell);
    loop {
        match busy.heard().await {
            // Not `complete`: that would tell the client not to come back for the rest.
            Heard::Message(message) => assert_eq!(message["type"], "next"),
            other => {
                assert_eq!(other, farewell);
                break;
            }
        }
    }
    drop((idle, silent, busy));
    world.tasks.wait().await;
}

//! The protocol graphql-transport-ws, rule by rule, as a client meets it.

use crate::client::{Heard, PATIENCE, Socket, edge};
use crate::world::{Kind, World, event};
use auditgraph::access::Role;
use auditgraph::event::NewEvent;
use serde_json::{Value, json};
use sqlx::{Connection, Executor};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

const NAME: &str = "{ viewer { name } }";
const SPOKEN: (&str, &str) = ("sec-websocket-protocol", "graphql-transport-ws");

fn closed(code: u16, reason: &str) -> Heard {
    Heard::Closed(code, reason.to_owned())
}

fn events(count: usize, message: &str) -> Vec<NewEvent> {
    let numbered = (0..count).map(|number| event(&format!("e-{number}"), "2026-11-20T09:00:00Z"));
    let with_message = numbered.map(|event| NewEvent {
        message: Some(message.to_owned()),
        ..event
    });
    with_message.collect()
}

/// A served world with a token.
async fn served(change: impl FnOnce(&mut World)) -> (World, SocketAddr, String) {
    let mut world = World::new(Kind::Sqlite).await;
    change(&mut world);
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    (world, address, token)
}

/// Asks for an upgrade by hand: the connection, and the head of the answer.
async fn knock(address: SocketAddr, headers: &str) -> (TcpStream, String) {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /graphql/ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.unwrap());
    }
    (connection, String::from_utf8(head).unwrap().to_lowercase())
}

/// Subscribes again and again until it is not refused any more.
async fn insist(socket: &mut Socket) {
    let insisting = async {
        loop {
            socket.subscribe("mine", NAME).await;
            let message = socket.heard().await.message();
            if message["type"] == "next" {
                return;
            }
            assert_eq!(message["payload"][0]["extensions"]["code"], "RATE_LIMITED");
        }
    };
    tokio::time::timeout(PATIENCE, insisting).await.unwrap();
}

#[tokio::test]
async fn messages_that_make_no_sense_close_with_4400() {
    let (_world, address, token) = served(|_| {}).await;
    let long = "x".repeat(1_025);
    let cases = [
        ("{", "the message is not JSON: EOF while parsing"),
        ("", "the message is not JSON: "),
        ("{} {}", "the message is not JSON: trailing characters"),
        (r#"["ping"]"#, "the message has to be a JSON object"),
        ("null", "the message has to be a JSON object"),
        ("{}", "type: is missing"),
        (r#"{"type": null}"#, "type: is missing"),
        (r#"{"type": 1}"#, "type: has to be a string"),
        (r#"{"type": "start"}"#, "type: there is no message `start`"),
        (
            r#"{"type": "next", "id": "1"}"#,
            "type: only the server says `next`",
        ),
        (
            r#"{"type": "connection_ack"}"#,
            "type: only the server says `connection_ack`",
        ),
        (
            r#"{"type": "ping", "payload": 1}"#,
            "payload: has to be an object",
        ),
        (
            r#"{"type": "pong", "payload": []}"#,
            "payload: has to be an object",
        ),
        (
            r#"{"type": "connection_init", "payload": "x"}"#,
            "payload: has to be an object",
        ),
        (r#"{"type": "complete"}"#, "id: is missing"),
        (r#"{"type": "complete", "id": 1}"#, "id: has to be a string"),
        (
            r#"{"type": "subscribe", "payload": {"query": "{ a }"}}"#,
            "id: is missing",
        ),
        (
            r#"{"type": "subscribe", "id": "", "payload": {"query": "{ a }"}}"#,
            "id: is empty",
        ),
        (
            r#"{"type": "subscribe", "id": 1, "payload": {"query": "{ a }"}}"#,
            "id: has to be a string",
        ),
        (r#"{"type": "subscribe", "id": "1"}"#, "payload: is missing"),
        (
            r#"{"type": "subscribe", "id": "1", "payload": ["{ a }"]}"#,
            "payload: has to be an object",
        ),
        (
            r#"{"type": "subscribe", "id": "1", "payload": {}}"#,
            "payload.query: is missing",
        ),
        (
            r#"{"type": "subscribe", "id": "1", "payload": {"query": 1}}"#,
            "payload.query: has to be a string",
        ),
        (
            r#"{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "operationName": 1}}"#,
            "payload.operationName: has to be a string",
        ),
        (
            r#"{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "variables": "x"}}"#,
            "payload.variables: has to be an object",
        ),
        (
            r#"{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "extensions": [1]}}"#,
            "payload.extensions: has to be an object",
        ),
    ];
    let more = [
        (
            format!(r#"{{"type": "complete", "id": "{long}"}}"#),
            "id: longer than 1024 bytes",
        ),
        (
            format!(r#"{{"type": "{long}"}}"#),
            "type: there is no message `xxx",
        ),
    ];
    let cases = cases.map(|(text, reason)| (text.to_owned(), reason));
    for (text, expected) in cases.into_iter().chain(more) {
        let mut socket = Socket::greeted(address, &token).await;
        socket.send(Message::text(text.clone())).await;
        let Heard::Closed(4400, reason) = socket.heard().await else {
            panic!("{text} was let through");
        };
        assert!(reason.starts_with(expected), "{text}: {reason}");
        assert!(reason.len() <= 123, "{reason}");
        assert_eq!(socket.heard().await, Heard::Gone);
    }
    let mut socket = Socket::open(address, None).await.unwrap();
    socket.send(Message::binary(r#"{"type": "ping"}"#)).await;
    assert_eq!(socket.heard().await.code(), 4400);
}

#[tokio::test]
async fn messages_that_are_none_close_with_the_codes_of_websockets() {
    let (_world, address, _) = served(|world| world.config.limits.request_kib = 2).await;
    let ping = |bytes: usize| {
        let text = json!({"type": "ping", "payload": {"x": "x".repeat(bytes)}}).to_string();
        Message::text(text)
    };
    let mut socket = Socket::open(address, None).await.unwrap();
    socket.send(ping(1_900)).await;
    assert_eq!(socket.heard().await.message()["type"], "pong");
    socket.send(ping(2_048)).await;
    let reason = "the message is larger than 2 KiB (limits.request_kib)";
    assert_eq!(socket.heard().await, closed(1009, reason));

    // Frames by hand: text that is not UTF-8, and text that is not masked.
    for (frame, code) in [
        (&b"\x81\x81\0\0\0\0\xff"[..], 1007),
        (&b"\x81\x02{}"[..], 1002),
    ] {
        let spoken = format!("{}: {}\r\n", SPOKEN.0, SPOKEN.1);
        let (mut connection, _) = knock(address, &spoken).await;
        connection.write_all(frame).await.unwrap();
        let mut socket = Socket::upgraded(connection).await;
        assert_eq!(socket.heard().await.code(), code);
    }
}

#[tokio::test]
async fn subscribing_before_the_acknowledgement_closes_with_4401() {
    let (_world, address, token) = served(|_| {}).await;
    let mut hasty = Socket::open(address, None).await.unwrap();
    hasty.subscribe("1", NAME).await;
    assert_eq!(hasty.heard().await, closed(4401, "Unauthorized"));

    let mut patient = Socket::open(address, None).await.unwrap();
    // Neither of these says anything about who is there.
    patient.say(json!({"type": "complete", "id": "1"})).await;
    patient.say(json!({"type": "pong"})).await;
    patient.settled().await;
    patient.init(Some(&token)).await;
    assert_eq!(
        patient.heard().await.message(),
        json!({"type": "connection_ack"})
    );
}

#[tokio::test]
async fn a_token_that_does_not_work_closes_with_4403() {
    let (_world, address, token) = served(|_| {}).await;
    let good = format!("Bearer {token}");
    let header = ("authorization", good.as_str());
    let cases = [
        (json!({"Authorization": good}), None, true),
        (
            json!({"authorization": format!("bearer  {token}")}),
            None,
            true,
        ),
        (json!({}), Some(header), true),
        (Value::Null, Some(header), true),
        (json!({"Authorization": null}), Some(header), true),
        (json!({}), None, false),
        (json!({"Authorization": token}), None, false),
        (json!({"Authorization": [good]}), None, false),
        (json!({"token": token}), None, false),
        // Who says who they are is taken at their word.
        (json!({"Authorization": "Bearer x"}), Some(header), false),
        (json!({"Authorization": "Basic x"}), Some(header), false),
    ];
    for (payload, header, works) in cases {
        let headers: Vec<_> = std::iter::once(SPOKEN).chain(header).collect();
        let mut socket = Socket::open_with(address, &headers).await.unwrap();
        socket
            .say(json!({"type": "connection_init", "payload": payload}))
            .await;
        let heard = socket.heard().await;
        if works {
            assert_eq!(
                heard,
                Heard::Message(json!({"type": "connection_ack"})),
                "{payload}"
            );
        } else {
            assert_eq!(heard, closed(4403, "Forbidden"), "{payload}");
        }
    }
}

#[tokio::test]
async fn another_protocol_closes_with_4406() {
    let (_world, address, token) = served(|_| {}).await;
    for offered in ["", "sec-websocket-protocol: graphql-ws, mqtt\r\n"] {
        let (connection, head) = knock(address, offered).await;
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        assert!(!head.contains("sec-websocket-protocol"), "{head}");
        let mut socket = Socket::upgraded(connection).await;
        let reason = "Subprotocol not acceptable";
        assert_eq!(socket.heard().await, closed(4406, reason), "{offered}");
        assert_eq!(socket.heard().await, Heard::Gone);
    }
    let several = "sec-websocket-protocol: graphql-ws,graphql-transport-ws\r\n";
    let (connection, head) = knock(address, several).await;
    let chosen = "sec-websocket-protocol: graphql-transport-ws\r\n";
    assert!(head.contains(chosen), "{head}");
    let mut socket = Socket::upgraded(connection).await;
    socket.init(Some(&token)).await;
    assert_eq!(socket.heard().await.message()["type"], "connection_ack");
}

#[tokio::test]
async fn who_does_not_say_who_they_are_is_closed_with_4408() {
    let (_world, address, token) =
        served(|world| world.config.limits.connection_init_seconds = 1).await;
    let mut known = Socket::greeted(address, &token).await;
    let mut silent = Socket::open(address, None).await.unwrap();
    silent.settled().await;
    let reason = "Connection initialisation timeout";
    assert_eq!(silent.heard().await, closed(4408, reason));
    known.settled().await;
}

#[tokio::test]
async fn an_id_in_use_closes_with_4409() {
    let (_world, address, token) = served(|_| {}).await;
    // A reason has 123 bytes: a long id is cut, between two characters.
    for (id, said) in [
        ("1".to_owned(), "1".to_owned()),
        ("ü".repeat(500), "ü".repeat(46)),
    ] {
        let mut socket = Socket::greeted(address, &token).await;
        socket.follow(&id, "", None).await;
        socket.subscribe(&id, NAME).await;
        let reason = format!("Subscriber for {said} already exists");
        assert_eq!(socket.heard().await, closed(4409, &reason));
    }
}

#[tokio::test]
async fn an_id_is_free_once_its_operation_has_ended() {
    let (world, address, token) = served(|_| {}).await;
    let mut socket = Socket::greeted(address, &token).await;
    // Ended by the client, by its end, by an error.
    for _ in 0..3 {
        socket.follow("1", "", None).await;
        socket.say(json!({"type": "complete", "id": "1"})).await;
        socket.say(json!({"type": "complete", "id": "1"})).await;
    }
    for _ in 0..2 {
        socket.subscribe("1", NAME).await;
        let data = json!({"viewer": {"name": "test"}});
        let next = socket.heard().await.message();
        assert_eq!((&next["type"], &next["id"]), (&json!("next"), &json!("1")));
        assert_eq!(next["payload"]["data"], data);
        let complete = socket.heard().await.message();
        assert_eq!(complete, json!({"type": "complete", "id": "1"}));
    }
    for _ in 0..2 {
        socket.subscribe("1", "{ nonsense }").await;
        let error = socket.refusal().await;
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{error}");
    }
    // Of those that were ended nothing is heard.
    socket.follow("2", "", None).await;
    socket.settled().await;
    world.append(events(1, "")).await;
    let next = socket.heard().await.message();
    assert_eq!(next["id"], "2");
    assert_eq!(edge(&next).1, "e-0");
    socket.settled().await;
}

#[tokio::test]
async fn a_second_connection_init_closes_with_4429() {
    let (_world, address, token) = served(|_| {}).await;
    let reason = "Too many initialisation requests";
    let mut again = Socket::greeted(address, &token).await;
    again.init(Some(&token)).await;
    assert_eq!(again.heard().await, closed(4429, reason));

    // The first may still be looked at, or acknowledged.
    let mut twice = Socket::open(address, None).await.unwrap();
    twice.init(Some(&token)).await;
    twice.init(Some(&token)).await;
    let mut heard = twice.heard().await;
    if heard == Heard::Message(json!({"type": "connection_ack"})) {
        heard = twice.heard().await;
    }
    assert_eq!(heard, closed(4429, reason));
}

#[tokio::test]
async fn guessing_tokens_closes_with_4429() {
    let (world, address, token) =
        served(|world| world.config.limits.failed_logins_per_minute = 2).await;
    Socket::greeted(address, &token).await;
    let unknown = world.token(Role::Viewer).await;
    let reason = "Too many attempts from this address with a token that does not work";
    for (token, expected) in [
        ("x", closed(4403, "Forbidden")),
        ("y", closed(4403, "Forbidden")),
        ("z", closed(4429, reason)),
        (&unknown, closed(4429, reason)),
    ] {
        let mut socket = Socket::open(address, None).await.unwrap();
        socket.init(Some(token)).await;
        assert_eq!(socket.heard().await, expected, "{token}");
    }
    Socket::greeted(address, &token).await;
}

#[tokio::test]
async fn when_all_places_are_taken_clients_are_told_to_come_back() {
    let (world, address, token) = served(|world| {
        world.config.limits.connections = 3;
        world.config.limits.connections_per_token = 2;
        world.config.limits.streams_per_token = 1;
    })
    .await;
    let mut first = Socket::greeted(address, &token).await;
    let mut second = Socket::greeted(address, &token).await;
    first.follow("1", "", None).await;
    first.settled().await;
    for (socket, id) in [(&mut first, "2"), (&mut second, "1")] {
        socket.follow(id, "", None).await;
        let error = socket.refusal().await;
        assert_eq!(error["extensions"]["code"], "RATE_LIMITED", "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("limits.streams_per_token"), "{message}");
    }
    first.say(json!({"type": "complete", "id": "1"})).await;
    // The place is free at once, not some time later.
    first.follow("1", "", None).await;
    first.settled().await;
    drop(first);
    insist(&mut second).await;
    assert_eq!(second.heard().await.message()["type"], "complete");

    let first = Socket::greeted(address, &token).await;
    let mut third = Socket::open(address, None).await.unwrap();
    assert_eq!(Socket::open(address, None).await.err(), Some(503));
    let spoken = format!("{}: {}\r\n", SPOKEN.0, SPOKEN.1);
    let (mut connection, head) = knock(address, &spoken).await;
    assert!(head.contains("content-type: application/json"), "{head}");
    let mut start = [0; 11];
    connection.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, br#"{"errors":["#);
    third.init(Some(&token)).await;
    let Heard::Closed(1013, reason) = third.heard().await else {
        panic!("a third connection was let through");
    };
    assert!(reason.contains("limits.connections_per_token"), "{reason}");
    drop(third);
    let other = world.token(Role::Viewer).await;
    let waiting = async { while Socket::open(address, None).await.is_err() {} };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
    drop((first, second));
    Socket::greeted(address, &other).await;
}

#[tokio::test]
async fn a_database_that_does_not_answer_closes_with_1013() {
    let (world, address, token) = served(|_| {}).await;
    let mut database = sqlx::SqliteConnection::connect(&world.database.url)
        .await
        .unwrap();
    let rename = "ALTER TABLE tokens RENAME TO elsewhere";
    database.execute(rename).await.unwrap();
    let mut socket = Socket::open(address, None).await.unwrap();
    socket.init(Some(&token)).await;
    let reason = "the database does not answer; try again";
    assert_eq!(socket.heard().await, closed(1013, reason));
}

#[tokio::test]
async fn what_breaks_in_a_stream_ends_it_with_an_error() {
    let (world, address, token) = served(|_| {}).await;
    let mut socket = Socket::greeted(address, &token).await;
    socket.follow("1", "", None).await;
    socket.settled().await;
    world.append(events(1, "")).await;
    socket.event().await;
    let mut database = sqlx::SqliteConnection::connect(&world.database.url)
        .await
        .unwrap();
    let spoil = "CREATE TRIGGER spoil AFTER INSERT ON events BEGIN \
                 UPDATE events SET product = 'spoilt' WHERE seq = NEW.seq; END";
    database.execute(spoil).await.unwrap();
    world
        .append(vec![event("spoilt", "2026-11-20T09:00:00Z")])
        .await;
    let error = socket.refusal().await;
    assert_eq!(
        error["extensions"]["code"], "INTERNAL_SERVER_ERROR",
        "{error}"
    );
    socket.subscribe("1", NAME).await;
    assert_eq!(socket.heard().await.message()["type"], "next");
}

#[tokio::test]
async fn a_ping_is_answered_with_the_same_payload() {
    let (_world, address, token) = served(|_| {}).await;
    let mut socket = Socket::open(address, None).await.unwrap();
    let payload = json!({"at": 1.5, "big": u64::MAX, "list": [null, {"ü": "\u{1F600}"}]});
    for round in 0..2 {
        socket
            .say(json!({"type": "ping", "payload": payload}))
            .await;
        let pong = socket.heard().await.message();
        assert_eq!(pong, json!({"type": "pong", "payload": payload}));
        socket.say(json!({"type": "ping"})).await;
        assert_eq!(socket.heard().await.message(), json!({"type": "pong"}));
        if round == 0 {
            socket.init(Some(&token)).await;
            assert_eq!(socket.heard().await.message()["type"], "connection_ack");
        }
    }
}

#[tokio::test]
async fn errors_carry_an_id_under_which_the_log_has_them() {
    let (_world, address, token) = served(|_| {}).await;
    let headers = [SPOKEN, ("x-request-id", "from-the-client")];
    let mut socket = Socket::open_with(address, &headers).await.unwrap();
    socket.init(Some(&token)).await;
    socket.heard().await;
    for id in ["1", &"x".repeat(200)] {
        socket.subscribe(id, "{ nonsense }").await;
        let error = socket.refusal().await;
        let expected: String = format!("from-the-client/{id}").chars().take(100).collect();
        assert_eq!(error["extensions"]["requestId"], expected);
    }
}

#[tokio::test]
async fn a_foreign_page_is_told_why_it_may_not_connect() {
    let (_world, address, _) = served(|world| {
        world.config.server.allowed_origins = vec!["https://audit.example.com/".to_owned()];
    })
    .await;
    let open = |origin| async move { Socket::open(address, Some(origin)).await.err() };
    assert_eq!(open("https://audit.example.com").await, None);
    assert_eq!(open("http://audit.example.com").await, Some(403));
    let (mut connection, head) = knock(address, "origin: https://evil.example\r\n").await;
    assert!(head.starts_with("http/1.1 403 "), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    connection.read_exact(&mut body).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        body["errors"][0]["extensions"]["code"], "FORBIDDEN",
        "{body}"
    );

    let url = format!("http://{address}/graphql/ws");
    let answer = fetch(&url).await;
    assert_eq!(answer.0, 400);
    assert!(answer.1.starts_with(r#"{"errors":["#), "{}", answer.1);
}

async fn fetch(url: &str) -> (u16, String) {
    // Fails when another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gives_no_sign_of_life_is_closed_with_1001() {
    let (world, address, token) = served(|world| world.config.limits.keep_alive_seconds = 1).await;
    let mut lively = Socket::greeted(address, &token).await;
    lively.follow("1", "", None).await;
    // It answers pings as long as it is listened to.
    let living = async {
        let heard = lively.heard().await;
        assert_eq!(edge(&heard.message()).1, "e-0");
    };
    let dying = async {
        let spoken = format!("{}: {}\r\n", SPOKEN.0, SPOKEN.1);
        let (mut dead, _) = knock(address, &spoken).await;
        // Two pings, then the end; a client that is there would have answered.
        let mut heard = Vec::new();
        dead.read_to_end(&mut heard).await.unwrap();
        let (pings, close) = heard.split_at(4);
        assert_eq!(pings, [0x89, 0, 0x89, 0]);
        assert_eq!(
            (close[0], &close[2..4]),
            (0x88, &1001_u16.to_be_bytes()[..])
        );
        let reason = std::str::from_utf8(&close[4..]).unwrap();
        assert!(reason.starts_with("no answer to two pings"), "{reason}");
        world.append(events(1, "")).await;
    };
    tokio::join!(living, tokio::time::timeout(PATIENCE, dying))
        .1
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_on_one_socket_take_turns() {
    const MANY: usize = 1_000;
    let (world, address, token) = served(|_| {}).await;
    world.append(events(MANY, "")).await;
    let mut socket = Socket::greeted(address, &token).await;
    for id in ["0", "1", "2"] {
        socket.follow(id, "", Some("0")).await;
    }
    let mut seen = [0; 3];
    while seen != [MANY; 3] {
        let message = socket.heard().await.message();
        let stream: usize = message["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(edge(&message).1, format!("e-{}", seen[stream]));
        seen[stream] += 1;
        // One of them may wait for the database while the others go on, but not for long.
        let (least, most) = (seen.iter().min().unwrap(), seen.iter().max().unwrap());
        assert!(most - least <= 3 * MANY / 10, "{seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_takes_long_holds_nothing_up() {
    let world = World::new(Kind::Postgres).await;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    world.append(events(1, "")).await;
    let mut socket = Socket::greeted(address, &token).await;
    let mut database = sqlx::PgConnection::connect(&world.database.url)
        .await
        .unwrap();
    let mut lock = database.begin().await.unwrap();
    lock.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    for id in ["slow", "given up"] {
        socket
            .subscribe(id, "{ events { nodes { upstreamId } } }")
            .await;
    }
    socket.settled().await;
    socket.subscribe("quick", NAME).await;
    for expected in ["next", "complete"] {
        let message = socket.heard().await.message();
        assert_eq!(
            (&message["id"], &message["type"]),
            (&json!("quick"), &json!(expected))
        );
    }
    socket
        .say(json!({"type": "complete", "id": "given up"}))
        .await;
    socket.settled().await;
    lock.rollback().await.unwrap();
    for expected in ["next", "complete"] {
        let message = socket.heard().await.message();
        assert_eq!(
            (&message["id"], &message["type"]),
            (&json!("slow"), &json!(expected))
        );
    }
    socket.settled().await;
}

/// Whoever keeps the server waiting is still listened to, still loses what a token no longer allows, and does not keep
/// the server from stopping.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_takes_nothing_can_still_be_ended() {
    let (world, address, token) = served(|world| {
        world.config.limits.streams_per_token = 1;
    })
    .await;
    let other = world.token_named("other", Role::Administrator).await;
    // More than both ends of a connection hold between them.
    world.append(events(8_000, &"x".repeat(1_500))).await;
    let big = r#"subscription { events(after: "0") { node { message } } }"#;
    let mut full = Socket::greeted(address, &token).await;
    full.subscribe("1", big).await;
    let mut second = Socket::greeted(address, &token).await;
    // When somebody else has had everything, this one would have as well.
    let mut reader = Socket::greeted(address, &other).await;
    reader.subscribe("1", big).await;
    for _ in 0..8_000 {
        reader.heard().await.message();
    }
    second.subscribe("refused", NAME).await;
    let error = second.refusal().await;
    assert_eq!(error["extensions"]["code"], "RATE_LIMITED", "{error}");
    full.say(json!({"type": "complete", "id": "1"})).await;
    insist(&mut second).await;
    drop((second, reader));

    // It is full still: not one message has been taken.
    let url = format!("http://{address}/metrics");
    let ended = async { while !fetch(&url).await.1.contains("\nauditgraph_connections 0\n") {} };
    world
        .store()
        .revoke_token("test", None, auditgraph::clock::Clock::System.now())
        .await
        .unwrap();
    tokio::time::timeout(PATIENCE, ended).await.unwrap();

    let mut full = Socket::greeted(address, &other).await;
    full.subscribe("1", big).await;
    full.heard().await.message();
    world.stop.cancel();
    world.tasks.close();
    let limit = Duration::from_secs(15);
    tokio::time::timeout(limit, world.tasks.wait())
        .await
        .unwrap();
}

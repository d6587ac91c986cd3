//! Streams over HTTP: server-sent events, and the multipart protocol of Apollo's clients.

use crate::client::PATIENCE;
use crate::world::{Kind, World, event, on_both};
use auditgraph::access::Role;
use auditgraph::clock::Clock;
use auditgraph::store::{Purpose, Store};
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::time::timeout;

on_both!(
    a_stream_replays_goes_live_and_resumes,
    a_revoked_token_ends_its_streams,
);

const EVENT_STREAM: &str = "text/event-stream";
/// As Apollo Client 4 sends it.
const MULTIPART: &str = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json";
const BOTH: [&str; 2] = [EVENT_STREAM, MULTIPART];

/// A piece of a stream.
#[derive(Debug, PartialEq)]
enum Said {
    Next(Value),
    /// The transport's own errors.
    Failed(Value),
    Alive,
    /// The end, as the protocol has it.
    Complete,
    /// The connection was cut.
    Cut,
}

/// A stream that is being read.
struct Stream {
    response: Response,
    is_multipart: bool,
    unread: String,
}

fn request(address: SocketAddr, token: &str, accept: &str) -> RequestBuilder {
    let method = Method::POST;
    with_method(method, address, accept).bearer_auth(token)
}

fn with_method(method: Method, address: SocketAddr, accept: &str) -> RequestBuilder {
    let url = format!("http://{address}/graphql");
    client().request(method, url).header("accept", accept)
}

fn client() -> reqwest::Client {
    // Fails when another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().no_gzip().build();
    client.unwrap()
}

fn subscription(after: Option<&str>) -> Value {
    let query =
        "subscription ($after: String) { events(after: $after) { node { upstreamId } cursor } }";
    json!({"query": query, "variables": {"after": after}})
}

impl Stream {
    async fn open(address: SocketAddr, token: &str, accept: &str, asked: Value) -> Self {
        let request = request(address, token, accept).json(&asked);
        // Compressed, an answer would wait for the next one.
        let request = request.header("accept-encoding", "gzip");
        Self::of(request.send().await.unwrap())
    }

    #[track_caller]
    fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        let headers = response.headers();
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-accel-buffering"], "no");
        assert!(!headers["x-request-id"].is_empty());
        assert_eq!(headers.get("content-encoding"), None);
        let is_multipart = match headers["content-type"].to_str().unwrap() {
            "text/event-stream; charset=utf-8" => false,
            "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0" => true,
            other => panic!("{other}"),
        };
        Self {
            response,
            is_multipart,
            unread: String::new(),
        }
    }

    /// The next piece; each has to come as a whole before anything follows it.
    async fn said(&mut self) -> Said {
        loop {
            let read = if self.is_multipart {
                part(&self.unread)
            } else {
                message(&self.unread)
            };
            if let Some((said, length)) = read {
                self.unread.drain(..length);
                if said == Said::Complete {
                    assert_eq!(self.unread, "");
                    assert_eq!(self.response.chunk().await.unwrap(), None);
                }
                return said;
            }
            match timeout(PATIENCE, self.response.chunk()).await.unwrap() {
                Ok(Some(chunk)) => self.unread += std::str::from_utf8(&chunk).unwrap(),
                Ok(None) => panic!("ended without being cut, after {:?}", self.unread),
                Err(_) => return Said::Cut,
            }
        }
    }

    /// The next piece that is more than a sign of life.
    async fn heard(&mut self) -> Said {
        loop {
            match self.said().await {
                Said::Alive => {}
                other => return other,
            }
        }
    }

    async fn next(&mut self) -> Value {
        match self.heard().await {
            Said::Next(answer) => answer,
            other => panic!("an answer was expected, not {other:?}"),
        }
    }

    /// The cursor and upstream id of the next event.
    async fn event(&mut self) -> (String, String) {
        let answer = self.next().await;
        let edge = &answer["data"]["events"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&edge["cursor"]), text(&edge["node"]["upstreamId"]))
    }
}

/// The first message of an event stream and its length.
fn message(unread: &str) -> Option<(Said, usize)> {
    let length = unread.find("\n\n")? + 2;
    let said = match &unread[..length] {
        ":\n\n" => Said::Alive,
        "event: complete\ndata:\n\n" => Said::Complete,
        message => {
            let data = message.strip_prefix("event: next\ndata: ").unwrap();
            Said::Next(serde_json::from_str(data).unwrap())
        }
    };
    Some((said, length))
}

/// The first part of a multipart body and its length, up to and with the boundary after it.
fn part(unread: &str) -> Option<(Said, usize)> {
    const BOUNDARY: &str = "\r\n--graphql";
    if unread.starts_with("--\r\n") {
        return Some((Said::Complete, 4));
    }
    let end = unread.find(BOUNDARY)?;
    let said = if end == 0 {
        Said::Alive
    } else {
        let head = "\r\ncontent-type: application/json\r\n\r\n";
        let content = unread[..end].strip_prefix(head).unwrap();
        let content: Value = serde_json::from_str(content).unwrap();
        match (content.get("payload"), content.get("errors")) {
            (None, None) => Said::Alive,
            (Some(Value::Null), Some(errors)) => Said::Failed(errors.clone()),
            (Some(payload), None) => Said::Next(payload.clone()),
            _ => panic!("{content}"),
        }
    };
    Some((said, end + BOUNDARY.len()))
}

/// What the server counts of itself under a name.
async fn count(address: SocketAddr, name: &str) -> u64 {
    let text = client().get(format!("http://{address}/metrics")).send();
    let text = text.await.unwrap().text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |number| number.trim().parse().unwrap())
}

/// Waits until so many connections and streams are open.
async fn until_open(address: SocketAddr, expected: u64) {
    let all = async {
        for name in ["auditgraph_connections ", "auditgraph_streams "] {
            while count(address, name).await != expected {}
        }
    };
    timeout(PATIENCE, all).await.unwrap();
}

#[track_caller]
fn code(answer: &Value) -> &str {
    assert_eq!(answer.get("data"), None, "{answer}");
    answer["errors"][0]["extensions"]["code"].as_str().unwrap()
}

async fn a_stream_replays_goes_live_and_resumes(kind: Kind) {
    let world = World::new(kind).await;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    let append = async |id: &str| {
        let event = event(id, "2026-11-20T09:00:00Z");
        world.append(vec![event]).await;
    };
    append("stored 1").await;
    append("stored 2").await;
    let mut last = Vec::new();
    for accept in BOTH {
        let mut replayed = Stream::open(address, &token, accept, subscription(Some("0"))).await;
        assert_eq!(replayed.event().await.1, "stored 1");
        let answer = replayed.next().await;
        assert_eq!(answer["data"]["events"]["node"]["upstreamId"], "stored 2");
        assert_eq!(answer.get("errors"), None);
        let cursor = answer["data"]["events"]["cursor"].as_str().unwrap();
        let live = Stream::open(address, &token, accept, subscription(None)).await;
        last.push((accept, replayed, live, cursor.to_owned()));
    }
    until_open(address, 4).await;
    append("live").await;
    for (_, replayed, live, _) in &mut last {
        assert_eq!(replayed.event().await.1, "live");
        assert_eq!(live.event().await.1, "live");
    }
    let resume: Vec<_> = last
        .into_iter()
        .map(|(accept, .., cursor)| (accept, cursor))
        .collect();
    // Who goes away makes room at once, although nothing happens on the stream.
    until_open(address, 0).await;
    for (accept, cursor) in resume {
        let asked = subscription(Some(&cursor));
        let mut resumed = Stream::open(address, &token, accept, asked).await;
        assert_eq!(resumed.event().await.1, "live");
    }
}

async fn a_revoked_token_ends_its_streams(kind: Kind) {
    let world = World::new(kind).await;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    let mut streams = Vec::new();
    for accept in BOTH {
        streams.push(Stream::open(address, &token, accept, subscription(None)).await);
    }
    // As the command `token revoke` does it, beside the server.
    let beside = Store::open(&world.config.database, Purpose::Beside);
    let now = Clock::System.now();
    beside
        .await
        .unwrap()
        .revoke_token("test", None, now)
        .await
        .unwrap();
    for mut stream in streams {
        let errors = match stream.heard().await {
            Said::Next(answer) if !stream.is_multipart => answer["errors"].clone(),
            Said::Failed(errors) => errors,
            other => panic!("{other:?}"),
        };
        assert_eq!(errors[0]["extensions"]["code"], "UNAUTHENTICATED");
        let request_id = &stream.response.headers()["x-request-id"];
        assert_eq!(
            errors[0]["extensions"]["requestId"],
            request_id.to_str().unwrap()
        );
        assert_eq!(stream.heard().await, Said::Complete);
    }
    until_open(address, 0).await;
}

#[tokio::test]
async fn queries_are_answered_with_one_answer_and_the_end() {
    let world = World::new(Kind::Sqlite).await;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    let query = "{ viewer { role name } }";
    for accept in [EVENT_STREAM, "multipart/mixed"] {
        let posted = request(address, &token, accept).json(&json!({"query": query}));
        let got = with_method(Method::GET, address, accept)
            .bearer_auth(&token)
            .query(&[("query", query)]);
        for request in [posted, got] {
            let mut stream = Stream::of(request.send().await.unwrap());
            let answer = stream.next().await;
            assert_eq!(answer["data"]["viewer"]["role"], "ADMINISTRATOR");
            assert_eq!(answer.get("errors"), None);
            assert_eq!(stream.heard().await, Said::Complete);
        }
    }
    // What takes a single answer, too, gets JSON for it.
    let request = request(address, &token, MULTIPART).json(&json!({"query": query}));
    let response = request.send().await.unwrap();
    let content_type = &response.headers()["content-type"];
    assert_eq!(content_type, "application/json; charset=utf-8");
}

#[tokio::test]
async fn a_subscription_may_come_by_get() {
    let world = World::new(Kind::Sqlite).await;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    world
        .append(vec![event("stored", "2026-11-20T09:00:00Z")])
        .await;
    let asked = subscription(Some("0"));
    for accept in BOTH {
        let request = with_method(Method::GET, address, accept)
            .bearer_auth(&token)
            .query(&[
                ("query", asked["query"].as_str().unwrap()),
                ("variables", &asked["variables"].to_string()),
            ]);
        let mut stream = Stream::of(request.send().await.unwrap());
        assert_eq!(stream.event().await.1, "stored");
    }
}

/// Answers keep the order in which fields were asked for, and stay on one line.
#[tokio::test]
async fn an_answer_is_one_line_in_the_order_asked_for() {
    let world = World::new(Kind::Sqlite).await;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    let mut event = event("stored", "2026-11-20T09:00:00Z");
    event.message = Some("one\ntwo\r\n\r\n--graphql--\r\u{2028}".to_owned());
    world.append(vec![event]).await;
    let query = r#"subscription { events(after: "0") { node { upstreamId message action { label code } } cursor } }"#;
    for accept in BOTH {
        let mut stream = Stream::open(address, &token, accept, json!({"query": query})).await;
        let text = loop {
            let chunk = stream.response.chunk().await.unwrap().unwrap();
            let text = String::from_utf8(chunk.to_vec()).unwrap();
            if text.contains("upstreamId") {
                break text;
            }
        };
        let asked = ["upstreamId", "message", "action", "label", "code", "cursor"];
        let places = asked.map(|name| text.find(&format!("\"{name}\":")).unwrap());
        assert!(places.is_sorted(), "{text}");
        assert!(text.contains(r"one\ntwo\r\n\r\n--graphql--\r"), "{text}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_document_is_said_on_the_stream() {
    let world = World::new(Kind::Sqlite).await;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    let deep = format!("{{ viewer {}", "{ a ".repeat(200));
    for query in [
        "{ nonsense",
        "{ nonsense }",
        "subscription { nonsense }",
        "subscription { events { nonsense } }",
        r#"subscription { events(after: "x") { cursor } }"#,
        r#"subscription { events(filter: {ips: ["x"]}) { cursor } }"#,
        &deep,
    ] {
        for accept in [EVENT_STREAM, "multipart/mixed;subscriptionSpec=1.0"] {
            let asked = json!({"query": query});
            let mut stream = Stream::open(address, &token, accept, asked).await;
            let answer = stream.next().await;
            assert!(
                ["BAD_USER_INPUT", "QUERY_TOO_COMPLEX"].contains(&code(&answer)),
                "{answer}"
            );
            assert_eq!(stream.heard().await, Said::Complete, "{query}");
        }
    }
    // Apollo's client takes JSON, too, which tells by the status that nothing was begun.
    let asked = json!({"query": "subscription { nonsense"});
    let accept = MULTIPART.replace("/json", "/graphql-response+json");
    let request = request(address, &token, &accept).json(&asked);
    assert_eq!(refused(request).await.0, 400);
    until_open(address, 0).await;
}

/// The status, head and JSON of an answer that is no stream.
async fn refused(request: RequestBuilder) -> (StatusCode, HeaderMap, Value) {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    assert!(!headers["x-request-id"].is_empty());
    (status, headers, response.json().await.unwrap())
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_by_its_status() {
    let world = World::new(Kind::Sqlite).await;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    for accept in BOTH {
        let good = || request(address, &token, accept).json(&subscription(None));
        let method = |method| with_method(method, address, accept).bearer_auth(&token);
        let json = || request(address, &token, accept).header("content-type", "application/json");
        let wrong = [
            (with_method(Method::POST, address, accept).json(&1), 401),
            (request(address, "wrong", accept).json(&1), 401),
            (json().body("{"), 400),
            (json().body("{}"), 400),
            (json().body(r#"{"query": 1}"#), 400),
            (request(address, &token, accept).body("{}"), 415),
            (json().body(" ".repeat(300 * 1_024)), 413),
            (method(Method::GET), 400),
            // What a client sends that means to have one connection for everything.
            (method(Method::PUT), 405),
            (method(Method::DELETE), 405),
            (good().header("X-GraphQL-Event-Stream-Token", "x"), 400),
        ];
        for (number, (request, expected)) in wrong.into_iter().enumerate() {
            let (status, headers, answer) = refused(request).await;
            assert_eq!(status, expected, "{number}: {answer}");
            code(&answer);
            let content_type = headers["content-type"].to_str().unwrap();
            assert!(content_type.starts_with("application/json"));
        }
    }
    until_open(address, 0).await;
}

#[tokio::test]
async fn who_takes_no_stream_gets_no_subscription() {
    let world = World::new(Kind::Sqlite).await;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    for accept in [
        "application/json",
        "application/graphql-response+json",
        "*/*",
        "text/event-stream;q=0, application/json",
    ] {
        let request = request(address, &token, accept).json(&subscription(None));
        let (status, _, answer) = refused(request).await;
        assert_eq!(status, 406, "{accept}");
        assert_eq!(code(&answer), "BAD_USER_INPUT");
    }
}

/// A client that is cut off comes back; one that is told that it is over does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_cuts_its_streams() {
    let world = World::new(Kind::Sqlite).await;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    let events = (0..2_000).map(|number| event(&format!("e-{number}"), "2026-11-20T09:00:00Z"));
    world.append(events.collect()).await;
    let mut streams = Vec::new();
    for accept in BOTH {
        streams.push(Stream::open(address, &token, accept, subscription(None)).await);
        let mut busy = Stream::open(address, &token, accept, subscription(Some("0"))).await;
        busy.event().await;
        streams.push(busy);
    }
    world.stop.cancel();
    world.tasks.close();
    for stream in &mut streams {
        loop {
            match stream.heard().await {
                Said::Next(_) => {}
                other => break assert_eq!(other, Said::Cut),
            }
        }
    }
    // While the clients still hold their ends.
    timeout(PATIENCE, world.tasks.wait()).await.unwrap();
}

#[tokio::test]
async fn places_are_limited() {
    for (setting, expected) in [
        ("connections", 503),
        ("connections_per_token", 429),
        ("streams_per_token", 429),
    ] {
        let mut world = World::new(Kind::Sqlite).await;
        let limits = &mut world.config.limits;
        match setting {
            "connections" => limits.connections = 2,
            "connections_per_token" => limits.connections_per_token = 2,
            _ => limits.streams_per_token = 2,
        }
        let address = world.serve().await;
        let token = world.token(Role::Administrator).await;
        let mut open = Vec::new();
        for accept in BOTH {
            open.push(Stream::open(address, &token, accept, subscription(None)).await);
        }
        for accept in BOTH {
            let request = request(address, &token, accept).json(&subscription(None));
            let (status, headers, answer) = refused(request).await;
            assert_eq!(status, expected, "{setting}");
            assert_eq!(code(&answer), "RATE_LIMITED");
            assert_eq!(headers["retry-after"], "5");
            let message = answer["errors"][0]["message"].as_str().unwrap();
            assert!(message.contains(&format!("limits.{setting})")), "{message}");
            // A query needs no place.
            let query = json!({"query": "{ __typename }"});
            let mut query = Stream::open(address, &token, EVENT_STREAM, query).await;
            assert_eq!(query.next().await["data"]["__typename"], "Query");
        }
        until_open(address, 2).await;
        open.pop();
        until_open(address, 1).await;
        Stream::open(address, &token, EVENT_STREAM, subscription(None)).await;
    }
}

#[tokio::test]
async fn a_silent_stream_gives_signs_of_life() {
    let mut world = World::new(Kind::Sqlite).await;
    world.config.limits.keep_alive_seconds = 1;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    for accept in BOTH {
        let mut stream = Stream::open(address, &token, accept, subscription(None)).await;
        // The first is how the stream begins.
        for _ in 0..3 {
            assert_eq!(stream.said().await, Said::Alive);
        }
        world
            .append(vec![event(accept, "2026-11-20T09:00:00Z")])
            .await;
        assert_eq!(stream.event().await.1, accept);
    }
}

/// More events than both ends of a connection hold, and a request for all of them.
async fn flood(world: &World, many: usize) -> Value {
    let events = (0..many).map(|number| {
        let mut event = event(&format!("e-{number}"), "2026-11-20T09:00:00Z");
        event.message = Some("x".repeat(10_000));
        event
    });
    world.append(events.collect()).await;
    json!({"query": r#"subscription { events(after: "0") { cursor node { upstreamId message } } }"#})
}

/// Nothing is made for a reader that takes nothing, and others do not wait for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_holds_up_only_itself() {
    const MANY: usize = 1_500;
    let world = World::new(Kind::Sqlite).await;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    let asked = flood(&world, MANY).await;
    let answers = "auditgraph_requests_total{outcome=\"ok\"} ";
    let mut slow = Stream::open(address, &token, EVENT_STREAM, asked.clone()).await;
    let mut quick = Stream::open(address, &token, MULTIPART, asked).await;
    for number in 0..MANY {
        assert_eq!(quick.event().await.1, format!("e-{number}"));
    }
    let made = usize::try_from(count(address, answers).await).unwrap();
    assert!((MANY..2 * MANY).contains(&made), "{made}");
    for number in 0..MANY {
        assert_eq!(slow.event().await.1, format!("e-{number}"));
    }
}

/// Only Linux can be told to give up on a connection whose other end is there but takes nothing.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_takes_nothing_loses_its_place() {
    let mut world = World::new(Kind::Sqlite).await;
    world.config.limits.keep_alive_seconds = 1;
    let address = world.serve().await;
    let token = world.token(Role::Administrator).await;
    let asked = flood(&world, 1_500).await;
    let stuck = Stream::open(address, &token, EVENT_STREAM, asked).await;
    until_open(address, 1).await;
    until_open(address, 0).await;
    drop(stuck);
}

//! GraphQL over HTTP: methods, media types, statuses, and who is let in.

use crate::client::{PATIENCE, post};
use crate::world::{Kind, World, on_both};
use auditgraph::access::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};

const JSON: &str = "application/json";
const GRAPHQL_JSON: &str = "application/graphql-response+json";

/// A server, and a client that nobody has told anything.
struct Door {
    url: String,
    token: String,
    client: reqwest::Client,
    world: World,
}

impl Door {
    async fn new() -> Self {
        Self::with(World::new(Kind::Sqlite).await).await
    }

    async fn with(world: World) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let token = world.token(Role::Administrator).await;
        let redirect = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder()
            .no_proxy()
            .no_gzip()
            .redirect(redirect);
        Self {
            url: format!("http://{}/graphql", world.serve().await),
            token,
            client: client.build().unwrap(),
            world,
        }
    }

    async fn send(&self, method: Method, headers: &[(&str, &str)], body: &str) -> Response {
        self.send_to(&self.url, method, headers, body).await
    }

    async fn send_to(
        &self,
        url: &str,
        method: Method,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let mut request = self.client.request(method, url).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body.to_owned()).send().await.unwrap()
    }

    async fn get(&self, parameters: &[(&str, &str)], accept: &str) -> Response {
        let url = url::Url::parse_with_params(&self.url, parameters).unwrap();
        self.send_to(url.as_str(), Method::GET, &[("accept", accept)], "")
            .await
    }

    async fn post(&self, accept: &str, body: &Value) -> Response {
        let headers = [("content-type", JSON), ("accept", accept)];
        self.send(Method::POST, &headers, &body.to_string()).await
    }
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn the_answer_comes_in_the_form_that_was_asked_for() {
    let door = Door::new().await;
    let fine = json!({"query": "{ __typename }"});
    let invalid = json!({"query": "{ nothing }"});
    let incomplete = json!({"query": "{"});
    for (accept, name, refused) in [
        (JSON, JSON, 200),
        ("*/*", JSON, 200),
        ("application/*", JSON, 200),
        (GRAPHQL_JSON, GRAPHQL_JSON, 400),
        (
            "application/graphql-response+json, application/json;q=0.9",
            GRAPHQL_JSON,
            400,
        ),
        (
            "application/json, application/graphql-response+json;q=0.9",
            JSON,
            200,
        ),
    ] {
        let answer = door.post(accept, &fine).await;
        assert_eq!(answer.status(), 200, "{accept}");
        assert_eq!(
            header(&answer, "content-type"),
            format!("{name}; charset=utf-8")
        );
        assert_eq!(header(&answer, "cache-control"), "no-store");
        for wrong in [&invalid, &incomplete] {
            let answer = door.post(accept, wrong).await;
            assert_eq!(answer.status(), refused, "{accept}");
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body.get("data"), None);
            assert_eq!(body["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
        }
    }
    assert_eq!(door.post("image/png", &fine).await.status(), 406);
}

#[tokio::test]
async fn data_with_errors_is_an_answer() {
    let door = Door::new().await;
    let answer = door
        .post(
            GRAPHQL_JSON,
            &json!({"query": "{ viewer { name } node(id: \"x\") { id } }"}),
        )
        .await;
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.unwrap();
    assert!(
        text.contains(r#""data":{"viewer":{"name":"test"},"node":null}"#),
        "{text}"
    );
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["errors"][0]["path"], json!(["node"]));
}

#[tokio::test]
async fn queries_may_come_in_the_url_and_nothing_else_may() {
    let door = Door::new().await;
    let query = "query One($with: Boolean!) { __typename @include(if: $with) } query Two { two: __typename }";
    let one = [
        ("query", query),
        ("operationName", "One"),
        ("variables", r#"{"with": true}"#),
        ("extensions", "{}"),
    ];
    let answer = door.get(&one, JSON).await;
    assert_eq!(answer.status(), 200);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["data"], json!({"__typename": "Query"}), "{body}");

    for (parameters, status) in [
        (vec![("query", "mutation { __typename }")], 405),
        (vec![("query", "subscription { events { cursor } }")], 406),
        (vec![("query", "{ __typename }"), ("variables", "[1]")], 400),
        (
            vec![("query", "{ __typename }"), ("extensions", "nonsense")],
            400,
        ),
        (vec![("something", "else")], 400),
    ] {
        let answer = door.get(&parameters, JSON).await;
        assert_eq!(answer.status(), status, "{parameters:?}");
        if status == 405 {
            assert_eq!(header(&answer, "allow"), "POST");
        }
    }
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let answer = door.send(method, &[], "").await;
        assert_eq!(answer.status(), 405);
        assert_eq!(header(&answer, "allow"), "GET, HEAD, POST");
    }
    let answer = door.get(&[], "text/html,*/*;q=0.8").await;
    assert!(header(&answer, "content-type").starts_with("text/html"));
}

#[tokio::test]
async fn only_json_is_read() {
    let door = Door::new().await;
    let body = json!({"query": "{ __typename }"}).to_string();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=latin1",
        "application/jsonp",
    ] {
        let answer = door
            .send(Method::POST, &[("content-type", content_type)], &body)
            .await;
        assert_eq!(answer.status(), 415, "{content_type}");
    }
    assert_eq!(door.send(Method::POST, &[], &body).await.status(), 415);
    for content_type in [
        "application/json; charset=utf-8",
        "Application/JSON;charset=\"UTF-8\"",
    ] {
        let answer = door
            .send(Method::POST, &[("content-type", content_type)], &body)
            .await;
        assert_eq!(answer.status(), 200, "{content_type}");
    }
}

#[tokio::test]
async fn a_malformed_request_is_refused() {
    let door = Door::new().await;
    for body in [
        "",
        "{",
        "[]",
        "\"text\"",
        r#"[{"query": "{ __typename }"}]"#,
        r#"["{ __typename }", null, null, null, null]"#,
        r#"{"notquery": 1}"#,
        r#"{"query": 7}"#,
        r#"{"query": "{ __typename }", "operationName": 7}"#,
        r#"{"query": "{ __typename }", "variables": [1]}"#,
        r#"{"query": "{ __typename }", "variables": "{}"}"#,
        r#"{"query": "{ __typename }", "extensions": 0}"#,
    ] {
        let answer = door
            .send(Method::POST, &[("content-type", JSON)], body)
            .await;
        assert_eq!(answer.status(), 400, "{body}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
            "{body}"
        );
    }
    let large = json!({"query": "{ __typename }", "variables": {"x": "x".repeat(256 * 1_024)}});
    let answer = door.post(JSON, &large).await;
    assert_eq!(answer.status(), 413);
    let answer: Value = answer.json().await.unwrap();
    assert!(
        answer["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("256 KiB")
    );
}

#[tokio::test]
async fn a_request_is_known_by_its_id() {
    let door = Door::new().await;
    let headers = [("content-type", JSON), ("x-request-id", "mine-1.2:3")];
    let answer = door
        .send(Method::POST, &headers, r#"{"query": "{ wrong }"}"#)
        .await;
    assert_eq!(header(&answer, "x-request-id"), "mine-1.2:3");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["errors"][0]["extensions"]["requestId"], "mine-1.2:3");
    for wrong in ["x".repeat(101).as_str(), "a b", "<script>"] {
        let headers = [("content-type", JSON), ("x-request-id", wrong)];
        let answer = door
            .send(Method::POST, &headers, r#"{"query": "{ __typename }"}"#)
            .await;
        assert_eq!(header(&answer, "x-request-id").len(), 36, "{wrong}");
    }
}

#[tokio::test]
async fn long_answers_are_compressed() {
    let door = Door::new().await;
    let headers = [("content-type", JSON), ("accept-encoding", "gzip")];
    let query = json!({"query": "{ actions { code label category product } }"}).to_string();
    let answer = door.send(Method::POST, &headers, &query).await;
    assert_eq!(header(&answer, "content-encoding"), "gzip");
}

on_both!(who_guesses_has_to_wait);

async fn who_guesses_has_to_wait(kind: Kind) {
    let mut world = World::new(kind).await;
    world.config.limits.failed_logins_per_minute = 3;
    world.config.server.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let door = Door::with(world).await;
    let status = |token: String, from: &'static str| {
        let request = door.client.post(&door.url).bearer_auth(token);
        let request = request.header("x-forwarded-for", from);
        let request = request.json(&json!({"query": "{ __typename }"}));
        async move { request.send().await.unwrap() }
    };
    let late = door.world.token(Role::Administrator).await;
    assert_eq!(
        status(door.token.clone(), "198.51.100.1").await.status(),
        200
    );
    for n in 0..3 {
        assert_eq!(
            status(format!("guess-{n}"), "198.51.100.1").await.status(),
            401
        );
    }
    let answer = status("guess-4".to_owned(), "198.51.100.1").await;
    assert_eq!(answer.status(), 429);
    let wait: u64 = header(&answer, "retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait));
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["errors"][0]["extensions"]["code"], "RATE_LIMITED");
    // A right guess is not found out either, but who was let in before stays in.
    assert_eq!(status(late.clone(), "198.51.100.1").await.status(), 429);
    assert_eq!(
        status(door.token.clone(), "198.51.100.1").await.status(),
        200
    );
    assert_eq!(status(late, "198.51.100.2").await.status(), 200);
}

#[tokio::test]
async fn without_a_token_nothing_of_the_schema_is_learnt() {
    let world = World::new(Kind::Sqlite).await;
    let url = format!("http://{}/graphql", world.serve().await);
    for query in [
        "{ viewr { name } }",
        "{ __schema { types { name } } }",
        "{ __typename }",
        "{",
    ] {
        let answer = post(&url, None, query).await;
        assert_eq!(answer.status, 401, "{query}");
        assert_eq!(
            answer.headers["www-authenticate"],
            "Bearer realm=\"auditgraph\""
        );
        let errors = &answer.json["errors"];
        assert_eq!(errors[0]["extensions"]["code"], "UNAUTHENTICATED");
        assert!(!errors.to_string().contains("viewer"));
    }
}

#[tokio::test]
async fn what_a_token_spends_is_limited_and_counted() {
    let mut world = World::new(Kind::Sqlite).await;
    world.config.limits.cost = 500;
    world.config.limits.cost_per_minute = 500;
    let door = Door::with(world).await;
    let query = json!({"query": "{ events(first: 200) { nodes { id } } }"});
    assert_eq!(door.post(GRAPHQL_JSON, &query).await.status(), 200);
    for accept in [GRAPHQL_JSON, JSON] {
        let answer = door.post(accept, &query).await;
        assert_eq!(answer.status(), 429);
        assert!(header(&answer, "retry-after").parse::<u64>().unwrap() >= 1);
    }
    let metrics = door.url.replace("/graphql", "/metrics");
    let answer = door.send_to(&metrics, Method::GET, &[], "").await;
    assert!(header(&answer, "content-type").starts_with("application/openmetrics-text"));
    let text = answer.text().await.unwrap();
    for line in [
        r#"auditgraph_requests_total{outcome="ok"} 1"#,
        r#"auditgraph_requests_total{outcome="RATE_LIMITED"} 2"#,
        "auditgraph_cost_total 401",
        "auditgraph_panics_total 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn pages_on_other_origins_may_ask_when_they_are_named() {
    let mut world = World::new(Kind::Sqlite).await;
    world.config.server.allowed_origins = vec!["https://ours.example.com/".to_owned()];
    let door = Door::with(world).await;
    for (origin, allowed) in [
        ("https://ours.example.com", "https://ours.example.com"),
        ("https://theirs.example.com", ""),
    ] {
        let preflight = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            (
                "access-control-request-headers",
                "authorization, content-type",
            ),
        ];
        let answer = door.send(Method::OPTIONS, &preflight, "").await;
        assert_eq!(header(&answer, "access-control-allow-origin"), allowed);
        let headers = [("origin", origin), ("content-type", JSON)];
        let answer = door
            .send(Method::POST, &headers, r#"{"query": "{ __typename }"}"#)
            .await;
        assert_eq!(header(&answer, "access-control-allow-origin"), allowed);
    }
    let config =
        "[server]\nallowed_origins = [\"example.com\"]".parse::<auditgraph::config::Config>();
    assert!(
        config
            .unwrap_err()
            .to_string()
            .contains("`example.com` is not an origin")
    );
}

#[tokio::test]
async fn a_connection_that_wants_nothing_is_closed() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut world = World::new(Kind::Sqlite).await;
    world.config.limits.keep_alive_seconds = 1;
    let address = world.serve().await;
    for said in [
        "",
        "POST /graphql HTTP/1.1\r\nhost: a\r\n",
        "GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n",
    ] {
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        connection.write_all(said.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        let end = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut heard)).await;
        end.unwrap().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&heard).contains("200 OK"),
            said.contains("live")
        );
    }
}

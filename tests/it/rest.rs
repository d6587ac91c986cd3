//! Access tokens of saved filters, and what programs read with them over REST (C31, C32).

mod answers;
mod pages;

use crate::queries::seeded;
use crate::world::{Kind, World, administrator, at, on_both};
use auditgraph::access::{Role, Viewer};
use auditgraph::event::System;
use auditgraph::event::directory::{DirectoryGroup, Entry, Listing};
use auditgraph::store::Batch;
use auditgraph::store::entity::access_token;
use auditgraph::store::tokens::NewToken;
use rand::SeedableRng;
use rand::rngs::StdRng;
use reqwest::header::HeaderMap;
use sea_orm::{Database, EntityTrait};
use serde_json::{Value, json};
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

on_both!(
    c31_access_tokens_are_named_any_number_renamed_and_deleted,
    c31_what_is_done_with_access_tokens_is_in_the_log,
    c31_others_have_nothing_to_do_with_them,
    c31_a_token_opens_nothing_but_its_filter,
    c31_wrong_requests_hear_what_would_be_right,
    c31_guessing_and_asking_are_limited,
    c31_a_broken_filter_is_named,
    c31_no_log_has_the_token,
);

/// A program that reads over REST.
pub(crate) struct Program {
    client: reqwest::Client,
    address: SocketAddr,
}

/// What it is answered.
pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

impl Heard {
    /// The message and code of the error.
    #[track_caller]
    pub(crate) fn error(&self) -> (&str, &str) {
        let error = &self.json["errors"][0];
        let text = |value: &Value| -> &'static str {
            Box::leak(
                value
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
                    .into_boxed_str(),
            )
        };
        (text(&error["message"]), text(&error["extensions"]["code"]))
    }

    /// The rows.
    #[track_caller]
    pub(crate) fn rows(&self) -> &Vec<Value> {
        assert_eq!(self.status, 200, "{}", self.json);
        self.json["data"].as_array().unwrap()
    }
}

impl Program {
    pub(crate) async fn of(world: &World) -> Self {
        // Fails when another test was first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            address: world.serve().await,
        }
    }

    pub(crate) async fn get(&self, path: &str, bearer: Option<&str>) -> Heard {
        let url = format!("http://{}{path}", self.address);
        let mut request = self.client.get(url);
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        Heard {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            json: response.json().await.unwrap_or_default(),
        }
    }

    /// Reads with an access token in the header.
    pub(crate) async fn read(&self, token: &str, parameters: &str) -> Heard {
        self.get(&format!("/rest/v2/data?{parameters}"), Some(token))
            .await
    }
}

/// Saves a filter; its id.
pub(crate) async fn saved(world: &World, viewer: Viewer, input: Value) -> String {
    let mut input = input;
    if input.get("name").is_none() {
        input["name"] = "read by programs".into();
    }
    let query = "mutation ($input: CreateSavedFilterInput!) {
        createSavedFilter(input: $input) { savedFilter { id } } }";
    let made = world.ask_as(viewer, query, json!({"input": input})).await;
    assert_eq!(made.get("errors"), None, "{made}");
    let id = &made["data"]["createSavedFilter"]["savedFilter"]["id"];
    id.as_str().unwrap().to_owned()
}

/// Makes an access token; its id and the token itself.
pub(crate) async fn opened(
    world: &World,
    viewer: Viewer,
    filter: &str,
    name: &str,
) -> (String, String) {
    let query = "mutation ($input: CreateAccessTokenInput!) {
        createAccessToken(input: $input) { token accessToken { id } } }";
    let input = json!({"input": {"savedFilterId": filter, "name": name}});
    let made = world.ask_as(viewer, query, input).await;
    assert_eq!(made.get("errors"), None, "{made}");
    let made = &made["data"]["createAccessToken"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&made["accessToken"]["id"]), text(&made["token"]))
}

/// Somebody with an API token of their own: the token and who they are.
pub(crate) async fn somebody(
    world: &World,
    name: &str,
    role: Role,
    (account, projects): (Option<&str>, &[&str]),
) -> (String, Viewer) {
    let new = NewToken {
        name: name.to_owned(),
        role,
        account_id: account.map(str::to_owned),
        projects: projects.iter().map(ToString::to_string).collect(),
        expires_at: None,
    };
    let (store, now) = (world.store(), world.clock.now());
    let mut randomness = StdRng::from_os_rng();
    let made = store.create_token(new, None, now, &mut randomness);
    let secret = made.await.unwrap().1;
    let viewer = store.viewer(&secret, now).await.unwrap().unwrap();
    (secret, viewer)
}

/// Everything in the weeks of the seeded world, whenever the test runs.
pub(crate) fn november() -> Value {
    json!({"time": {"between": {"from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}}, "not": {"products": ["AUDITGRAPH"]}})
}

async fn c31_access_tokens_are_named_any_number_renamed_and_deleted(kind: Kind) {
    let world = seeded(kind).await;
    let filter = saved(&world, administrator(), json!({})).await;
    let mut secrets = Vec::new();
    for number in 0..25 {
        let name = format!("Program {number:02}");
        let (_, secret) = opened(&world, administrator(), &filter, &name).await;
        assert!(secret.starts_with("agr_") && secret.len() > 40, "{secret}");
        secrets.push(secret);
    }
    secrets.sort();
    secrets.dedup();
    assert_eq!(secrets.len(), 25);
    let list = |arguments: &str| {
        format!(
            "{{ node(id: \"{filter}\") {{ ... on SavedFilter {{ accessTokens({arguments}) {{
                nodes {{ id name owner isOwn createdAt lastUsedAt savedFilter {{ id }} }}
                pageInfo {{ hasNextPage endCursor }} }} }} }} }}"
        )
    };
    let first = world.data(&list("first: 20")).await;
    let page = &first["node"]["accessTokens"];
    assert_eq!(page["nodes"].as_array().unwrap().len(), 20);
    assert_eq!(page["pageInfo"]["hasNextPage"], true);
    let cursor = page["pageInfo"]["endCursor"].as_str().unwrap();
    let second = world.data(&list(&format!("after: \"{cursor}\""))).await;
    let rest = second["node"]["accessTokens"]["nodes"].as_array().unwrap();
    assert_eq!(rest.len(), 5);
    let id = rest[0]["id"].as_str().unwrap();
    assert_eq!(
        rest[0],
        json!({
            "id": id, "name": "Program 20", "owner": "test", "isOwn": true, "createdAt": "2026-11-20T12:00:00Z",
            "lastUsedAt": null, "savedFilter": {"id": filter},
        })
    );
    // What is kept is no secret.
    let db = Box::pin(Database::connect(&world.database.url))
        .await
        .unwrap();
    for row in access_token::Entity::find().all(&db).await.unwrap() {
        assert_eq!(row.hash.len(), 32);
        let kept = format!("{row:?}");
        assert!(!secrets.iter().any(|secret| kept.contains(&secret[4..])));
    }
    db.close().await.unwrap();

    let rename = |name: &str| {
        let name = json!(name);
        format!(
            "mutation {{ renameAccessToken(input: {{id: \"{id}\", name: {name}}}) {{ accessToken {{ name }} }} }}"
        )
    };
    let renamed = world.data(&rename("  Dashboard ")).await;
    assert_eq!(
        renamed["renameAccessToken"]["accessToken"]["name"],
        "Dashboard"
    );
    for wrong in [String::new(), "x".repeat(256)] {
        let refused = world.ask(&rename(&wrong), json!({})).await;
        let message = refused["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("give one of 1 to 255"), "{message}");
    }
    let found = world
        .data(&format!(
            "{{ node(id: \"{id}\") {{ ... on AccessToken {{ name }} }} }}"
        ))
        .await;
    assert_eq!(found["node"]["name"], "Dashboard");

    let (again, secret) = opened(&world, administrator(), &filter, "Dashboard").await;
    let program = Program::of(&world).await;
    assert_eq!(program.read(&secret, "").await.status, 200);
    let used = world
        .data(&format!(
            "{{ node(id: \"{again}\") {{ ... on AccessToken {{ lastUsedAt }} }} }}"
        ))
        .await;
    assert!(used["node"]["lastUsedAt"].is_string(), "{used}");
    let delete =
        format!("mutation {{ deleteAccessToken(input: {{id: \"{again}\"}}) {{ deletedId }} }}");
    assert_eq!(
        world.data(&delete).await["deleteAccessToken"]["deletedId"],
        json!(again)
    );
    assert_eq!(program.read(&secret, "").await.status, 401);
    assert_eq!(program.read(&secrets[0], "").await.status, 200);
    // A filter that is deleted takes its tokens along.
    world
        .data(&format!(
            "mutation {{ deleteSavedFilter(input: {{id: \"{filter}\"}}) {{ deletedId }} }}"
        ))
        .await;
    assert_eq!(program.read(&secrets[0], "").await.status, 401);
}

async fn c31_what_is_done_with_access_tokens_is_in_the_log(kind: Kind) {
    let world = seeded(kind).await;
    let filter = saved(&world, administrator(), json!({"name": "Deletions"})).await;
    let (id, _) = opened(&world, administrator(), &filter, "Dashboard").await;
    let (_, secret) = opened(&world, administrator(), &filter, "Sheet").await;
    for deed in [
        format!(
            "renameAccessToken(input: {{id: \"{id}\", name: \"Wall\"}}) {{ accessToken {{ id }} }}"
        ),
        // What changes nothing is no deed.
        format!(
            "renameAccessToken(input: {{id: \"{id}\", name: \"Wall\"}}) {{ accessToken {{ id }} }}"
        ),
        format!("deleteAccessToken(input: {{id: \"{id}\"}}) {{ deletedId }}"),
        format!("deleteSavedFilter(input: {{id: \"{filter}\"}}) {{ deletedId }}"),
    ] {
        world.data(&format!("mutation {{ {deed} }}")).await;
    }
    let told = world
        .data(
            "{ events(filter: {actions: [\"access_token.created\", \"access_token.renamed\", \"access_token.deleted\"]},
                orderBy: {field: RECORDED, direction: ASC}) {
                nodes { action { code } target { type name } actor { name } changes { field from to } raw } } }",
        )
        .await;
    let told = told["events"]["nodes"].as_array().unwrap();
    let deed = |event: &Value| {
        let change = &event["changes"][0];
        json!([
            event["action"]["code"],
            event["target"]["name"],
            change["field"],
            change["from"],
            change["to"]
        ])
    };
    let deeds: Vec<Value> = told.iter().map(deed).collect();
    assert_eq!(
        json!(deeds),
        json!([
            [
                "access_token.created",
                "Dashboard",
                "saved filter",
                null,
                "Deletions"
            ],
            [
                "access_token.created",
                "Sheet",
                "saved filter",
                null,
                "Deletions"
            ],
            ["access_token.renamed", "Wall", "name", "Dashboard", "Wall"],
            [
                "access_token.deleted",
                "Wall",
                "saved filter",
                "Deletions",
                null
            ],
            [
                "access_token.deleted",
                "Sheet",
                "saved filter",
                "Deletions",
                null
            ],
        ])
    );
    assert!(
        told.iter()
            .all(|event| event["target"]["type"] == "access_token")
    );
    assert!(!json!(told).to_string().contains(&secret[4..]));
}

async fn c31_others_have_nothing_to_do_with_them(kind: Kind) {
    let world = seeded(kind).await;
    let (_, ann) = somebody(&world, "ann's", Role::Manager, (Some("557058:ann"), &[])).await;
    let (_, bo) = somebody(&world, "bo's", Role::Manager, (Some("557058:bo"), &[])).await;
    let shared = json!({"name": "shared", "viewers": {"users": ["557058:bo"]}});
    let filter = saved(&world, ann.clone(), shared).await;
    let hidden = saved(&world, ann.clone(), json!({"name": "private"})).await;
    let (id, _) = opened(&world, ann.clone(), &filter, "ann's").await;
    opened(&world, bo.clone(), &filter, "bo's").await;
    let list = format!(
        "{{ node(id: \"{filter}\") {{ ... on SavedFilter {{ accessTokens {{ nodes {{ name isOwn }} }} }} }} }}"
    );
    for (viewer, seen) in [
        (ann, json!([{"name": "ann's", "isOwn": true}])),
        (bo.clone(), json!([{"name": "bo's", "isOwn": true}])),
        (
            administrator(),
            json!([{"name": "ann's", "isOwn": false}, {"name": "bo's", "isOwn": false}]),
        ),
    ] {
        let found = world.ask_as(viewer, &list, json!({})).await;
        assert_eq!(
            found["data"]["node"]["accessTokens"]["nodes"], seen,
            "{found}"
        );
    }
    for refused in [
        format!(
            "mutation {{ renameAccessToken(input: {{id: \"{id}\", name: \"mine\"}}) {{ accessToken {{ id }} }} }}"
        ),
        format!("mutation {{ deleteAccessToken(input: {{id: \"{id}\"}}) {{ deletedId }} }}"),
        format!(
            "mutation {{ createAccessToken(input: {{savedFilterId: \"{hidden}\", name: \"mine\"}}) {{ token }} }}"
        ),
    ] {
        let answer = world.ask_as(bo.clone(), &refused, json!({})).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "NOT_FOUND",
            "{answer}"
        );
    }
    let nothing = world
        .ask_as(bo, &format!("{{ node(id: \"{id}\") {{ id }} }}"), json!({}))
        .await;
    assert_eq!(nothing["data"]["node"], Value::Null);
}

async fn c31_a_token_opens_nothing_but_its_filter(kind: Kind) {
    let world = seeded(kind).await;
    let filter = saved(&world, administrator(), json!({"filter": november()})).await;
    let (_, secret) = opened(&world, administrator(), &filter, "program").await;
    let api = world.token(Role::Administrator).await;
    let program = Program::of(&world).await;
    for parameters in ["", "page=1", "dataType=aggregated"] {
        let by_header = program.read(&secret, parameters).await;
        let url = format!("/rest/v2/data?token={secret}&{parameters}");
        let by_url = program.get(&url, None).await;
        assert_eq!(by_url.status, 200);
        assert_eq!(by_header.json, by_url.json);
        for heard in [by_header, by_url] {
            let header = |name: &str| heard.headers[name].to_str().unwrap();
            assert_eq!(header("content-type"), "application/json; charset=utf-8");
            assert_eq!(header("cache-control"), "no-store");
            assert_eq!(header("referrer-policy"), "no-referrer");
        }
    }
    // The header is what counts.
    let url = format!("/rest/v2/data?token={secret}");
    assert_eq!(program.get(&url, Some(&api)).await.status, 401);
    // Nowhere else, and nothing else here.
    for (path, bearer) in [
        (
            format!("/graphql?query=%7Bviewer%7Bname%7D%7D&token={secret}"),
            None,
        ),
        (
            format!("/graphql?query=%7Bviewer%7Bname%7D%7D&token={api}"),
            None,
        ),
        (
            "/graphql?query=%7Bviewer%7Bname%7D%7D".to_owned(),
            Some(&secret),
        ),
        (format!("/exports/x?token={api}"), None),
        ("/exports/x".to_owned(), Some(&secret)),
        (format!("/rest/v2/data?token={api}"), None),
        ("/rest/v2/data".to_owned(), Some(&api)),
        ("/rest/v2/data".to_owned(), None),
        ("/rest/v2/data?token=agr_".to_owned(), None),
        (format!("/rest/v2/data?token={secret}x"), None),
        (
            format!("/rest/v2/data?token={}", secret.to_uppercase()),
            None,
        ),
    ] {
        let heard = program.get(&path, bearer.map(String::as_str)).await;
        assert_eq!(heard.status, 401, "{path}");
        assert_eq!(heard.error().1, "UNAUTHENTICATED", "{path}");
        assert_eq!(heard.headers["cache-control"], "no-store");
        assert!(heard.headers.contains_key("www-authenticate"), "{path}");
        assert!(!heard.json.to_string().contains(&secret[4..]), "{path}");
    }
}

async fn c31_wrong_requests_hear_what_would_be_right(kind: Kind) {
    let world = seeded(kind).await;
    let long = json!({"time": {"last": {"days": 800}}});
    let filter = saved(&world, administrator(), json!({"filter": long})).await;
    let (_, secret) = opened(&world, administrator(), &filter, "program").await;
    let program = Program::of(&world).await;
    for (parameters, status, code, right) in [
        ("dataType=details", 400, "BAD_USER_INPUT", "`detail`"),
        ("dataType=", 400, "BAD_USER_INPUT", "`aggregated`"),
        ("page=0", 400, "BAD_USER_INPUT", "give 1 to"),
        ("page=two", 400, "BAD_USER_INPUT", "give 1 to"),
        ("page=1&page=2", 400, "BAD_USER_INPUT", "give it once"),
        ("Page=1", 400, "BAD_USER_INPUT", "`page`"),
        (
            "dataType=detail&page=900",
            400,
            "BAD_USER_INPUT",
            "one up to 51",
        ),
        // A year at most, as `activity` has it.
        (
            "",
            409,
            "CONFLICT",
            "800 days are too many; give a range of at most 366 days",
        ),
    ] {
        let heard = program.read(&secret, parameters).await;
        assert_eq!(heard.status, status, "{parameters}: {}", heard.json);
        let (message, said) = heard.error();
        assert_eq!(said, code, "{parameters}");
        assert!(message.contains(right), "{parameters}: {message}");
        // Who has no token learns nothing of that.
        let stranger = program
            .get(&format!("/rest/v2/data?{parameters}"), None)
            .await;
        assert_eq!(stranger.status, 401, "{parameters}");
    }
    assert_eq!(program.read(&secret, "dataType=detail").await.status, 200);
    let post = program
        .client
        .post(format!("http://{}/rest/v2/data", program.address));
    assert_eq!(post.send().await.unwrap().status().as_u16(), 405);
}

async fn c31_guessing_and_asking_are_limited(kind: Kind) {
    let mut world = seeded(kind).await;
    world.config.limits.failed_logins_per_minute = 3;
    world.config.limits.cost = 25_000;
    world.config.limits.cost_per_minute = 25_000;
    let filter = saved(&world, administrator(), json!({"filter": november()})).await;
    let (_, secret) = opened(&world, administrator(), &filter, "program").await;
    let (_, other) = opened(&world, administrator(), &filter, "other").await;
    let program = Program::of(&world).await;
    assert_eq!(program.read(&secret, "dataType=detail").await.status, 200);
    for _ in 0..3 {
        assert_eq!(program.read("agr_guessed", "").await.status, 401);
    }
    let guessed = program.read("agr_guessed", "").await;
    assert_eq!(guessed.status, 429);
    assert!(guessed.headers.contains_key("retry-after"));
    // One that has not been seen to work yet is not looked at either, and one that has is.
    assert_eq!(program.read(&other, "dataType=detail").await.status, 429);
    assert_eq!(program.read(&secret, "dataType=detail").await.status, 200);
    let spent = program.read(&secret, "dataType=detail").await;
    assert_eq!(spent.status, 429, "{}", spent.json);
    assert_eq!(spent.error().1, "RATE_LIMITED");
    assert!(spent.headers.contains_key("retry-after"));
}

async fn c31_a_broken_filter_is_named(kind: Kind) {
    let world = seeded(kind).await;
    let groups = json!({"filter": {"groups": ["developers"]}});
    let filter = saved(&world, administrator(), groups).await;
    let (_, secret) = opened(&world, administrator(), &filter, "program").await;
    let program = Program::of(&world).await;
    assert_eq!(program.read(&secret, "").await.status, 200);
    // The group is deleted upstream.
    let admins = DirectoryGroup {
        id: "id-of-admins".to_owned(),
        name: Some("admins".to_owned()),
        description: None,
    };
    let began = at("2026-11-21T08:00:00Z");
    let batch = Batch {
        part: "directory",
        entries: vec![Entry::Group(admins), Entry::End(Listing::Groups)],
        listing_began: Some(began),
        ..Batch::default()
    };
    world
        .feed
        .append("organization", System::Organization, batch, began)
        .await
        .unwrap();
    for parameters in ["", "dataType=detail"] {
        let heard = program.read(&secret, parameters).await;
        assert_eq!(heard.status, 409, "{}", heard.json);
        let (message, code) = heard.error();
        assert_eq!(code, "CONFLICT");
        assert!(
            message.starts_with("the saved filter cannot be run: filter.groups[0]: ")
                && message.contains("developers"),
            "{message}"
        );
    }
}

/// Everything that was logged.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Write::write(&mut *LOG.lock().unwrap(), bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn c31_no_log_has_the_token(kind: Kind) {
    // Fails when another test was first; that one's log is as good.
    let _ = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(|| Log)
        .try_init();
    let world = seeded(kind).await;
    let filter = saved(&world, administrator(), json!({"filter": november()})).await;
    let (_, secret) = opened(&world, administrator(), &filter, "program").await;
    let address = world.serve().await;
    for request in [
        format!("GET /rest/v2/data?token={secret} HTTP/1.1"),
        format!("GET /rest/v2/data?token={secret}&dataType=detail&page=1 HTTP/1.1"),
        format!("GET /rest/v2/data?token={secret}&page=wrong HTTP/1.1"),
        format!("GET /rest/v2/data?token={secret}x HTTP/1.1"),
        format!("GET /rest/v2/data?{secret} HTTP/1.1"),
        format!("GET /rest/v2/data HTTP/1.1\r\nAuthorization: Bearer {secret}"),
        format!("GET /graphql?token={secret} HTTP/1.1"),
        format!("GET /nowhere?token={secret} HTTP/1.1"),
    ] {
        // By hand, because a client has a log, too.
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("{request}\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
        assert!(!answer.contains(&secret[4..]), "{answer}");
    }
    let log = String::from_utf8_lossy(&LOG.lock().unwrap()).into_owned();
    assert!(!log.is_empty());
    assert!(!log.contains(&secret[4..]));
}

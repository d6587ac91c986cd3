//! Who may see what: tokens that do not work, roles, and the end of what a revoked token has opened.

use crate::client::{Heard, Socket, ask, post};
use crate::world::{Kind, World, event, on_both, person, project};
use auditgraph::access::Role;
use auditgraph::clock::Clock;
use auditgraph::event::NewEvent;
use auditgraph::store::tokens::NewToken;
use auditgraph::store::{Purpose, Store};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    nobody_gets_anything_without_a_token,
    a_revoked_token_ends_its_streams_and_no_others,
    an_expired_token_ends_its_streams,
    a_viewer_sees_granted_projects_only,
    a_viewer_learns_no_address,
    managers_and_administrators_see_everything,
);

async fn token(world: &World, name: &str, role: Role, projects: &[&str]) -> String {
    let new = NewToken {
        name: name.to_owned(),
        role,
        account_id: None,
        projects: projects.iter().map(ToString::to_string).collect(),
        expires_at: None,
    };
    make(world, new).await
}

async fn make(world: &World, new: NewToken) -> String {
    let mut randomness = StdRng::from_os_rng();
    let now = world.clock.now();
    let made = world
        .store()
        .create_token(new, None, now, &mut randomness)
        .await;
    made.unwrap().1
}

async fn nobody_gets_anything_without_a_token(kind: Kind) {
    let world = World::new(kind).await;
    let address = world.serve().await;
    let url = format!("http://{address}/graphql");
    let valid = world.token(Role::Viewer).await;
    let revoked = token(&world, "revoked", Role::Administrator, &[]).await;
    world
        .store()
        .revoke_token("revoked", None, world.clock.now())
        .await
        .unwrap();
    let almost = &valid[..valid.len() - 1];
    let wrong = [None, Some(""), Some("x"), Some(almost), Some(&revoked)];
    for token in wrong {
        for query in [
            "{ viewer { name } }",
            "{ __typename }",
            "{ __schema { types { name } } }",
            "{ nonsense",
        ] {
            let answer = post(&url, token, query).await;
            assert_eq!(answer.status, 401, "{token:?} {query}");
            assert!(
                answer.headers["www-authenticate"]
                    .to_str()
                    .unwrap()
                    .starts_with("Bearer"),
            );
            assert_eq!(
                answer.json["errors"][0]["extensions"]["code"],
                "UNAUTHENTICATED"
            );
            assert_eq!(answer.json["data"], Value::Null);
        }
        let mut socket = Socket::open(address, None).await.unwrap();
        socket.init(token).await;
        let forbidden = Heard::Closed(4403, "Forbidden".to_owned());
        assert_eq!(socket.heard().await, forbidden, "{token:?}");
        assert_eq!(socket.heard().await, Heard::Gone);
    }
    let mut hasty = Socket::open(address, None).await.unwrap();
    hasty.follow("1", "", Some("0")).await;
    assert_eq!(hasty.heard().await.code(), 4401);

    let open = |origin| async move { Socket::open(address, Some(origin)).await.err() };
    assert_eq!(open("https://evil.example").await, Some(403));
    assert_eq!(open("null").await, Some(403));
    assert_eq!(open("http://127.0.0.1:1").await, Some(403));
    assert_eq!(open("http://127.0.0.1").await, Some(403));
    assert_eq!(open(&format!("http://{address}")).await, None);
    assert_eq!(
        ask(&url, &valid, "{ __typename }").await["__typename"],
        "Query"
    );
}

async fn a_revoked_token_ends_its_streams_and_no_others(kind: Kind) {
    let world = World::new(kind).await;
    let address = world.serve().await;
    let lost = token(&world, "lost", Role::Administrator, &[]).await;
    let kept = token(&world, "kept", Role::Administrator, &[]).await;
    let mut ended = Vec::new();
    for _ in 0..3 {
        let mut socket = Socket::greeted(address, &lost).await;
        socket.follow("1", "", None).await;
        socket.settled().await;
        ended.push(socket);
    }
    let mut idle = Socket::greeted(address, &lost).await;
    let mut other = Socket::greeted(address, &kept).await;
    other.follow("1", "", None).await;
    other.settled().await;

    // As the command `token revoke` does it, beside the server.
    let beside = Store::open(&world.config.database, Purpose::Beside)
        .await
        .unwrap();
    beside
        .revoke_token("lost", None, Clock::System.now())
        .await
        .unwrap();
    let all_end = async {
        for socket in &mut ended {
            assert_eq!(socket.heard().await.code(), 4403);
        }
        assert_eq!(idle.heard().await.code(), 4403);
    };
    tokio::time::timeout(within(Duration::from_secs(1)), all_end)
        .await
        .unwrap();
    world
        .append(vec![event("later", "2026-11-20T09:00:00Z")])
        .await;
    assert_eq!(other.event().await.1, "later");
}

/// A time limit with room for a machine that does other things, too.
fn within(limit: Duration) -> Duration {
    limit * 3
}

async fn an_expired_token_ends_its_streams(kind: Kind) {
    let world = World::new(kind).await;
    let address = world.serve().await;
    let soon = make(
        &world,
        NewToken {
            name: "soon".to_owned(),
            role: Role::Administrator,
            account_id: None,
            projects: Vec::new(),
            expires_at: Some(Clock::System.now().plus(Duration::from_secs(2))),
        },
    )
    .await;
    let mut socket = Socket::greeted(address, &soon).await;
    socket.follow("1", "", None).await;
    socket.settled().await;
    assert_eq!(socket.heard().await.code(), 4403);
    let url = format!("http://{address}/graphql");
    assert_eq!(post(&url, Some(&soon), "{ __typename }").await.status, 401);
}

fn in_project(id: &str, key: &str, actor: &str) -> NewEvent {
    let mut event = event(id, "2026-11-20T09:00:00Z");
    event.container = Some(project(key));
    let mut somebody = person(actor, "Ann Lee");
    somebody.email = Some(format!("{}@acme.example", actor.replace(':', "-")));
    event.actor = Some(somebody);
    event
}

/// A log with events in two projects and in none.
async fn two_projects(kind: Kind) -> World {
    let world = World::new(kind).await;
    let mut nowhere = in_project("nowhere", "WEB", "557058:bo");
    nowhere.container = None;
    world
        .append(vec![
            in_project("web-1", "WEB", "557058:ann"),
            in_project("ops-1", "OPS", "557058:bo"),
            nowhere,
            in_project("web-2", "WEB", "557058:ann"),
        ])
        .await;
    world
}

const IDS: &str = "nodes { upstreamId }";

fn upstream_ids(connection: &Value) -> Vec<&str> {
    let nodes = connection["nodes"].as_array().unwrap();
    nodes
        .iter()
        .map(|node| node["upstreamId"].as_str().unwrap())
        .collect()
}

/// Neither from the record nor by searching for it.
async fn a_viewer_learns_no_address(kind: Kind) {
    let world = two_projects(kind).await;
    let url = format!("http://{}/graphql", world.serve().await);
    let viewer = token(&world, "viewer", Role::Viewer, &["WEB"]).await;
    let hidden = ask(
        &url,
        &viewer,
        "{ events { nodes { raw actor { email } } } }",
    )
    .await;
    for node in hidden["events"]["nodes"].as_array().unwrap() {
        assert_eq!(
            (&node["raw"], &node["actor"]["email"]),
            (&Value::Null, &Value::Null)
        );
    }
    for text in ["ann", "Ann Lee"] {
        let query = format!(r#"{{ events(filter: {{text: "{text}"}}) {{ nodes {{ id }} }} }}"#);
        let found = ask(&url, &viewer, &query).await;
        assert_eq!(found["events"]["nodes"], json!([]), "{text}");
    }
}

async fn a_viewer_sees_granted_projects_only(kind: Kind) {
    let world = two_projects(kind).await;
    let address = world.serve().await;
    let url = format!("http://{address}/graphql");
    let administrator = world.token(Role::Administrator).await;
    let viewer = token(&world, "viewer", Role::Viewer, &["WEB"]).await;
    let nobody = token(&world, "nobody", Role::Viewer, &[]).await;

    let everything = "{ events(orderBy: {field: RECORDED, direction: ASC}) { nodes { id upstreamId
        actor { user { id } } project { id } } } sources { id } }";
    let everything = ask(&url, &administrator, everything).await;
    let nodes = everything["events"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 4);

    let mut stream = Socket::greeted(address, &viewer).await;
    stream.follow("1", "", Some("0")).await;
    let mut blind = Socket::greeted(address, &nobody).await;
    blind.follow("1", "", Some("0")).await;
    for field in ["TIME", "RECORDED", "ACTOR", "ACTION", "PROJECT", "TARGET"] {
        let query =
            format!("{{ events(orderBy: {{field: {field}, direction: ASC}}) {{ {IDS} }} }}");
        let page = ask(&url, &viewer, &query).await;
        assert_eq!(upstream_ids(&page["events"]), ["web-1", "web-2"]);
        let page = ask(&url, &nobody, &query).await;
        assert_eq!(upstream_ids(&page["events"]), [""; 0]);
    }

    // What may not be seen answers like what is not there.
    for node in nodes {
        let visible = node["upstreamId"].as_str().unwrap().starts_with("web");
        let mut ids = vec![(&node["id"], visible)];
        ids.push((&node["actor"]["user"]["id"], false));
        if let Some(project) = node["project"].get("id") {
            ids.push((project, visible));
        }
        ids.push((&everything["sources"][0]["id"], false));
        for (id, visible) in ids {
            let found = ask(&url, &viewer, &format!("{{ node(id: {id}) {{ id }} }}")).await;
            let expected = if visible {
                json!({"id": id})
            } else {
                Value::Null
            };
            assert_eq!(found["node"], expected, "{node}");
            let found = ask(&url, &nobody, &format!("{{ node(id: {id}) {{ id }} }}")).await;
            assert_eq!(found["node"], Value::Null, "{node}");
        }
        let id = &node["id"];
        let found = ask(&url, &viewer, &format!("{{ event(id: {id}) {{ id }} }}")).await;
        assert_eq!(found["event"].is_object(), visible);
    }
    let (ops, bo) = (&nodes[1]["project"]["id"], &nodes[1]["actor"]["user"]["id"]);
    let ann = &nodes[0]["actor"]["user"]["id"];
    for filter in [
        format!("projects: [{ops}]"),
        r#"projects: ["OPS"]"#.to_owned(),
        r#"projects: ["NOWHERE"]"#.to_owned(),
        format!("users: [{bo}]"),
        format!("users: [{ann}]"),
        r#"users: ["557058:ann"]"#.to_owned(),
        r#"users: ["557058-ann@acme.example"]"#.to_owned(),
        r#"users: ["nobody@acme.example"]"#.to_owned(),
        r#"groups: ["no such group"]"#.to_owned(),
    ] {
        let query = format!("{{ events(filter: {{{filter}}}) {{ {IDS} }} }}");
        let found = ask(&url, &viewer, &query).await;
        assert_eq!(found, json!({"events": {"nodes": []}}), "{filter}");
    }

    let lists = ask(
        &url,
        &viewer,
        "{ users { nodes { id } } groups { nodes { id } } sources { id } projects { nodes { key } }
           events { nodes { actor { name email user { id } } } } }",
    )
    .await;
    assert_eq!(lists["users"]["nodes"], json!([]));
    assert_eq!(lists["groups"]["nodes"], json!([]));
    assert_eq!(lists["sources"], json!([]));
    assert_eq!(lists["projects"]["nodes"], json!([{"key": "WEB"}]));
    for node in lists["events"]["nodes"].as_array().unwrap() {
        assert_eq!(
            node["actor"],
            json!({"name": "Ann Lee", "email": null, "user": null})
        );
    }

    world
        .append(vec![
            in_project("ops-2", "OPS", "557058:bo"),
            in_project("web-3", "WEB", "557058:ann"),
        ])
        .await;
    for expected in ["web-1", "web-2", "web-3"] {
        assert_eq!(stream.event().await.1, expected);
    }
    // Whatever the blind stream was sent would come before the answer to the ping.
    blind.settled().await;
}

async fn managers_and_administrators_see_everything(kind: Kind) {
    let world = two_projects(kind).await;
    let address = world.serve().await;
    let url = format!("http://{address}/graphql");
    for role in [Role::Manager, Role::Administrator] {
        let token = world.token(role).await;
        let seen = ask(
            &url,
            &token,
            "{ events { nodes { upstreamId actor { name email user { id } } } } users { nodes { id } } sources { name } }",
        )
        .await;
        assert_eq!(upstream_ids(&seen["events"]).len(), 4);
        assert_eq!(seen["users"]["nodes"].as_array().unwrap().len(), 2);
        assert_eq!(seen["sources"], json!([{"name": "organization"}]));
        for node in seen["events"]["nodes"].as_array().unwrap() {
            assert!(node["actor"]["user"]["id"].is_string(), "{node}");
            assert!(node["actor"]["email"].is_string(), "{node}");
        }
        let mut stream = Socket::greeted(address, &token).await;
        stream.follow("1", "", Some("0")).await;
        for expected in ["web-1", "ops-1", "nowhere", "web-2"] {
            assert_eq!(stream.event().await.1, expected);
        }
    }
}

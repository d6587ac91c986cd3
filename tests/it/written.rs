//! Events of a list are written in one pass where they can be: what comes out is what the resolvers say, whatever is asked
//! and whoever asks.

use crate::visibility::viewer;
use crate::world::{Kind, World, on_both};
use auditgraph::access::{Role, Viewer};
use auditgraph::event::node::NodeId;
use auditgraph::sandbox::Settings;
use auditgraph::source;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::fmt::Write;

on_both!(lists_say_what_resolvers_say);

/// Fields of an event; those without a list of their own are plain.
const FIELDS: [(&str, &[&str]); 23] = [
    ("id", &[]),
    ("__typename", &[]),
    ("position", &[]),
    ("time", &[]),
    ("recordedAt", &[]),
    ("source", &[]),
    ("upstreamId", &[]),
    ("product", &[]),
    ("category", &[]),
    ("upstreamAction", &[]),
    (
        "action",
        &[
            "code",
            "label",
            "category",
            "product",
            "__typename",
            "available",
        ],
    ),
    (
        "actor",
        &["kind", "name", "__typename", "email", "user { name }"],
    ),
    ("actorResolvedFrom", &["id"]),
    (
        "target",
        &["type", "id", "name", "url", "__typename", "user { id }"],
    ),
    ("objects", &["type", "name"]),
    (
        "container",
        &["type", "id", "key", "name", "url", "container { key }"],
    ),
    ("project", &["id", "kind", "key", "name", "url", "private"]),
    ("issue", &["id", "key", "issue { id }"]),
    ("changes", &["field", "from", "to"]),
    ("location", &["ip", "city", "region", "country"]),
    ("method", &[]),
    ("message", &[]),
    ("raw", &[]),
];

/// A selection of some fields, the rarer ones seldom, each under its own name or another.
fn selection(dice: &mut StdRng) -> String {
    let rare = ["changes", "raw", "objects", "actorResolvedFrom"];
    let mut text = String::new();
    for number in 0..dice.random_range(1..8) {
        let (name, inner) = FIELDS.choose(dice).unwrap();
        if rare.contains(name) && dice.random_range(0..10) > 0 {
            continue;
        }
        let alias = if dice.random_range(0..3) == 0 {
            "a"
        } else {
            "b"
        };
        write!(text, " {alias}{number}: {name}").unwrap();
        if !inner.is_empty() {
            // What comes late in a list has to be loaded by most, and is asked for seldom.
            let mut wanted = |place: usize| {
                dice.random_range(0..2) == 0 && (place < 4 || dice.random_range(0..8) == 0)
            };
            let some: Vec<&str> = inner
                .iter()
                .enumerate()
                .filter(|(place, _)| wanted(*place))
                .map(|(_, name)| *name)
                .collect();
            let some = if some.is_empty() {
                inner[0].to_owned()
            } else {
                some.join(" ")
            };
            write!(text, " {{ {some} }}").unwrap();
        }
    }
    if text.is_empty() {
        " id".to_owned()
    } else {
        text
    }
}

async fn data(world: &World, viewer: &Viewer, query: &str) -> Value {
    let answer = world.ask_as(viewer.clone(), query, json!({})).await;
    assert_eq!(answer.get("errors"), None, "{query}\n{answer}");
    answer["data"].clone()
}

async fn lists_say_what_resolvers_say(kind: Kind) {
    let settings = Settings {
        history_events: 300,
        history_days: 8,
        people: 12,
        ..Settings::default()
    };
    let mut world = World::with_sandbox(kind, settings).await;
    world.config.jira_cloud = world.sandbox().jira_settings();
    world.config.confluence_cloud = world.sandbox().confluence_settings();
    world.config.limits.cost_per_minute = u32::MAX;
    world.sources = source::configured(&world.config, &world.clock).unwrap();
    world.sync_all().await;
    let all = viewer(Role::Administrator, None, &[]);
    let projects = data(&world, &all, "{ projects(first: 3) { nodes { id } } }").await;
    let projects: Vec<i64> = projects["projects"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| NodeId::decode(node["id"].as_str().unwrap()).unwrap().number)
        .collect();
    let viewers = [all, viewer(Role::Viewer, None, &projects)];
    let mut dice = StdRng::seed_from_u64(7);
    for round in 0..60 {
        let viewer = &viewers[usize::from(round % 4 == 0)];
        let order = ["TIME", "RECORDED", "ACTOR", "TARGET"]
            .choose(&mut dice)
            .unwrap();
        let list = format!("events(first: 60, orderBy: {{field: {order}}})");
        let ids = data(
            &world,
            viewer,
            &format!("{{ {list} {{ nodes {{ id }} }} }}"),
        )
        .await;
        let ids: Vec<&str> = ids["events"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["id"].as_str().unwrap())
            .collect();
        assert!(ids.len() > 10);
        // Two things of one page, and what is read is enough for either.
        let (nodes, edges) = (selection(&mut dice), selection(&mut dice));
        let listed = data(
            &world,
            viewer,
            &format!("{{ {list} {{ nodes {{{nodes}}} edges {{ node {{{edges}}} }} }} }}"),
        )
        .await;
        let ids = json!(ids);
        let single = data(
            &world,
            viewer,
            &format!(
                "{{ nodes: nodes(ids: {ids}) {{ ... on Event {{{nodes}}} }}
                    edges: nodes(ids: {ids}) {{ ... on Event {{{edges}}} }} }}"
            ),
        )
        .await;
        assert_eq!(listed["events"]["nodes"], single["nodes"], "{nodes}");
        let found = listed["events"]["edges"].as_array().unwrap();
        let found: Vec<&Value> = found.iter().map(|edge| &edge["node"]).collect();
        assert_eq!(json!(found), single["edges"], "{edges}");
    }
}

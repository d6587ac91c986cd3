//! What the log tells of its own readers.

use crate::mails::holder;
use crate::world::{Kind, World, event, on_both};
use auditgraph::access::{Role, Viewer};
use auditgraph::graphql::Viewed;
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    readers_are_told_once_an_hour,
    whoever_uses_this_server_is_not_active_upstream,
);

const COUNT: &str = "{ activity { totalCount } }";

/// Reads as somebody, until it has been noted.
async fn read(world: &World, viewer: &Viewer, query: &str) {
    let answer = world.ask_as(viewer.clone(), query, json!({})).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    world.tasks.close();
    world.tasks.wait().await;
    world.tasks.reopen();
}

/// Who has been told to have read.
async fn readers(world: &World) -> Vec<Value> {
    let query = "{ events(search: \"action:log.viewed\", orderBy: {field: RECORDED, direction: ASC}) { nodes {
        actor { name } } } }";
    let data = world.data(query).await;
    let nodes = data["events"]["nodes"].as_array().unwrap().iter();
    nodes.map(|node| node["actor"]["name"].clone()).collect()
}

async fn readers_are_told_once_an_hour(kind: Kind) {
    let mut world = World::new(kind).await;
    world
        .append(vec![event("e1", "2026-11-20T10:00:00Z")])
        .await;
    let ann = holder(&world, "ann's script", Role::Manager).await;
    let bob = holder(&world, "bob's script", Role::Viewer).await;
    // Unless they are to be told of, nobody is.
    read(&world, &ann, COUNT).await;
    assert_eq!(readers(&world).await, [] as [Value; 0]);
    world.viewed = Viewed::new(true);
    for _ in 0..2 {
        read(&world, &ann, "{ events { nodes { id } } }").await;
        read(&world, &ann, COUNT).await;
        read(&world, &bob, COUNT).await;
        read(&world, &bob, "{ viewer { role } }").await;
    }
    assert_eq!(readers(&world).await, ["ann's script", "bob's script"]);
    // Another process has told nobody, but the log has.
    world.viewed = Viewed::new(true);
    read(&world, &ann, COUNT).await;
    assert_eq!(readers(&world).await.len(), 2);
    world.clock.advance(Duration::from_hours(1));
    read(&world, &ann, COUNT).await;
    assert_eq!(
        readers(&world).await,
        ["ann's script", "bob's script", "ann's script"]
    );
}

async fn whoever_uses_this_server_is_not_active_upstream(kind: Kind) {
    let mut world = World::new(kind).await;
    world.viewed = Viewed::new(true);
    let deed = event("e1", "2026-11-01T10:00:00Z");
    let account = deed.actor.as_ref().unwrap().alias.value.clone();
    world.append(vec![deed]).await;
    let viewer = Viewer {
        account_id: Some(account),
        ..holder(&world, "script", Role::Administrator).await
    };
    read(&world, &viewer, COUNT).await;
    let users = "{ events(search: \"action:log.viewed\") { nodes { actor { user { lastActive { at } } } } } }";
    let data = world.data(users).await;
    let user = &data["events"]["nodes"][0]["actor"]["user"];
    assert_eq!(user["lastActive"]["at"], "2026-11-01T10:00:00Z", "{data}");
}

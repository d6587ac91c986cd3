//! Versions, sprints, boards and other things: what differs between two listings becomes an event, and none twice.

use crate::world::{Kind, World, at, event, on_both, person};
use auditgraph::event::directory::{DirectoryThing, Entry, Listing, ThingKind};
use auditgraph::event::{Container, ContainerKind, NewEvent, Object, System};
use auditgraph::store::Batch;
use serde_json::{Value, json};

on_both!(
    differences_become_events,
    what_was_told_is_not_told_again,
    an_empty_listing_is_not_believed,
    every_kind_has_its_actions,
);

fn thing(kind: ThingKind, id: &str, details: &[(&str, &str)]) -> DirectoryThing {
    let details = details.iter();
    DirectoryThing {
        kind,
        id: id.to_owned(),
        name: Some(format!("{} {id}", kind.as_str())),
        container: Some(Container {
            key: Some("WEB".to_owned()),
            ..Container::new(ContainerKind::Project, "acme.atlassian.net", "10000")
        }),
        details: details
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

/// A complete listing; what it changes, as code, id and changes.
async fn list(world: &World, time: &str, kind: ThingKind, things: &[DirectoryThing]) -> Value {
    let before = world.feed.newest();
    let things = things.iter().cloned().map(Box::new).map(Entry::Thing);
    let end = Entry::End(Listing::Things(kind));
    let batch = Batch {
        part: "directory",
        entries: things.chain([end]).collect(),
        listing_began: Some(at(time)),
        ..Batch::default()
    };
    let listed = world
        .feed
        .append("jira", System::JiraCloud, batch, at(time));
    listed.await.unwrap();
    let query = "{ events(first: 500, orderBy: {field: RECORDED, direction: ASC}) { nodes { position source time product
        action { code } actor { name } target { type id name } project { key } changes { field from to } } } }";
    let data = world.data(query).await;
    let new = data["events"]["nodes"].as_array().unwrap().iter();
    new.filter(|node| node["position"].as_str().unwrap().parse::<i64>().unwrap() > before)
        .map(|node| {
            assert_eq!(node["source"], "directory");
            assert_eq!(node["time"], time);
            assert_eq!(node["actor"], Value::Null);
            assert_eq!(node["project"]["key"], "WEB");
            assert_eq!(node["target"]["type"], kind.as_str());
            let changes = node["changes"].as_array().unwrap().iter();
            let changes: Vec<Value> = changes
                .map(|change| json!([change["field"], change["from"], change["to"]]))
                .collect();
            json!([node["action"]["code"], node["target"]["id"], changes])
        })
        .collect()
}

const DAYS: [&str; 7] = [
    "2026-11-01T10:00:00Z",
    "2026-11-02T10:00:00Z",
    "2026-11-03T10:00:00Z",
    "2026-11-04T10:00:00Z",
    "2026-11-05T10:00:00Z",
    "2026-11-06T10:00:00Z",
    "2026-11-07T10:00:00Z",
];

async fn differences_become_events(kind: Kind) {
    let world = World::new(kind).await;
    let version = |id: &str, details: &[(&str, &str)]| thing(ThingKind::Version, id, details);
    let open = version("1", &[("released", "false")]);
    let released = version("1", &[("archived", "true"), ("released", "true")]);
    let renamed = DirectoryThing {
        name: Some("v2".to_owned()),
        ..version("2", &[])
    };
    let steps = [
        (vec![open.clone(), version("2", &[])], json!([])),
        (
            vec![released.clone(), renamed.clone()],
            json!([
                ["version.released", "1", [["released", "false", "true"]]],
                ["version.updated", "1", [["archived", null, "true"]]],
                ["version.updated", "2", [["name", "version 2", "v2"]]],
            ]),
        ),
        (vec![released.clone(), renamed.clone()], json!([])),
        (
            vec![open.clone(), version("3", &[("released", "true")])],
            json!([
                ["version.unreleased", "1", [["released", "true", "false"]]],
                ["version.updated", "1", [["archived", "true", null]]],
                ["version.created", "3", []],
                ["version.released", "3", [["released", null, "true"]]],
                ["version.deleted", "2", []],
            ]),
        ),
        (
            vec![
                open.clone(),
                renamed.clone(),
                version("3", &[("released", "true")]),
            ],
            json!([["version.created", "2", []]]),
        ),
    ];
    for ((things, expected), day) in steps.into_iter().zip(DAYS) {
        let found = list(&world, day, ThingKind::Version, &things).await;
        assert_eq!(found, expected, "{day}");
    }

    let sprint = |state: &str| [thing(ThingKind::Sprint, "1", &[("state", state)])];
    let steps = [
        ("future", json!([])),
        (
            "active",
            json!([["sprint.started", "1", [["state", "future", "active"]]]]),
        ),
        (
            "closed",
            json!([["sprint.completed", "1", [["state", "active", "closed"]]]]),
        ),
        (
            "active",
            json!([["sprint.updated", "1", [["state", "closed", "active"]]]]),
        ),
    ];
    for ((state, expected), day) in steps.into_iter().zip(DAYS) {
        let found = list(&world, day, ThingKind::Sprint, &sprint(state)).await;
        assert_eq!(found, expected, "{state}");
    }

    let board = |details: &[(&str, &str)]| [thing(ThingKind::Board, "1", details)];
    let steps = [
        (board(&[]), json!([])),
        (
            board(&[("configuration", "a")]),
            json!([["board.updated", "1", [["configuration", null, "a"]]]]),
        ),
        (
            board(&[("configuration", "b")]),
            json!([[
                "board.configuration_changed",
                "1",
                [["configuration", "a", "b"]]
            ]]),
        ),
    ];
    for ((board, expected), day) in steps.into_iter().zip(DAYS) {
        let found = list(&world, day, ThingKind::Board, &board).await;
        assert_eq!(found, expected, "{day}");
    }
}

async fn what_was_told_is_not_told_again(kind: Kind) {
    let world = World::new(kind).await;
    let version =
        |id: &str, released: &str| thing(ThingKind::Version, id, &[("released", released)]);
    let some = |released: &str| {
        let ids = ["1", "2", "3", "4", "5"].into_iter();
        ids.map(|id| version(id, released)).collect::<Vec<_>>()
    };
    list(&world, DAYS[0], ThingKind::Version, &some("false")).await;
    let told = |key: &str, time: &str, action: &str, id: &str| NewEvent {
        system: System::JiraCloud,
        action: action.to_owned(),
        actor: Some(person("ann", "Ann")),
        target: Some(Object {
            kind: "VERSION".to_owned(),
            id: Some(id.to_owned()),
            ..Object::default()
        }),
        ..event(key, time)
    };
    // By a webhook, by the audit log with a slow clock; of the wrong action, too early, and read late.
    let events = vec![
        told("1", "2026-11-01T20:00:00Z", "jira:version_released", "1"),
        told("2", "2026-11-01T09:50:00Z", "Project version released", "2"),
        told("3", "2026-11-01T20:00:00Z", "jira:version_moved", "3"),
        told("4", "2026-10-20T20:00:00Z", "jira:version_released", "4"),
    ];
    let batch = Batch {
        part: "hooks",
        events,
        ..Batch::default()
    };
    let stored = world
        .feed
        .append("jira", System::JiraCloud, batch, at("2026-11-02T08:00:00Z"));
    stored.await.unwrap();
    let found = list(&world, DAYS[1], ThingKind::Version, &some("true")).await;
    let expected: Vec<Value> = ["3", "4", "5"]
        .iter()
        .map(|id| json!(["version.released", id, [["released", "false", "true"]]]))
        .collect();
    assert_eq!(found, json!(expected));
    // What was told counts once: the next difference is news again.
    list(&world, DAYS[2], ThingKind::Version, &some("false")).await;
    let found = list(&world, DAYS[3], ThingKind::Version, &some("true")).await;
    assert_eq!(found.as_array().unwrap().len(), 5);
    // Merged is gone, too.
    let merged = Batch {
        events: vec![told(
            "5",
            "2026-11-04T20:00:00Z",
            "jira:version_merged",
            "1",
        )],
        ..Batch::default()
    };
    let stored = world.feed.append(
        "jira",
        System::JiraCloud,
        merged,
        at("2026-11-04T20:00:00Z"),
    );
    stored.await.unwrap();
    let found = list(&world, DAYS[4], ThingKind::Version, &some("true")[2..]).await;
    assert_eq!(found, json!([["version.deleted", "2", []]]));
}

async fn an_empty_listing_is_not_believed(kind: Kind) {
    let world = World::new(kind).await;
    let role = thing(ThingKind::ProjectRole, "1", &[]);
    let status = thing(ThingKind::Status, "1", &[]);
    // Nothing at all is something to start from.
    for (day, kind, things, expected) in [
        (DAYS[0], ThingKind::ProjectRole, vec![], json!([])),
        (
            DAYS[1],
            ThingKind::ProjectRole,
            vec![role],
            json!([["project_role.created", "1", []]]),
        ),
        (DAYS[2], ThingKind::ProjectRole, vec![], json!([])),
        (DAYS[0], ThingKind::Status, vec![status.clone()], json!([])),
        (DAYS[3], ThingKind::Status, vec![], json!([])),
        (DAYS[4], ThingKind::Status, vec![status], json!([])),
    ] {
        assert_eq!(list(&world, day, kind, &things).await, expected, "{day}");
    }
}

async fn every_kind_has_its_actions(kind: Kind) {
    let world = World::new(kind).await;
    for kind in ThingKind::ALL {
        let of = |ids: &[&str], detail: &str| -> Vec<DirectoryThing> {
            let ids = ids.iter();
            ids.map(|id| thing(kind, id, &[("detail", detail)]))
                .collect()
        };
        list(&world, DAYS[0], kind, &of(&["1", "2"], "a")).await;
        let found = list(&world, DAYS[1], kind, &of(&["2", "3"], "b")).await;
        let found = found.as_array().unwrap();
        assert_eq!(found.len(), 3, "{kind:?}: {found:?}");
        for (event, id) in found.iter().zip(["2", "3", "1"]) {
            let code = event[0].as_str().unwrap();
            assert_eq!(event[1], id, "{kind:?}: {code}");
            assert!(auditgraph::event::action::by_code(code).is_some(), "{code}");
        }
    }
}

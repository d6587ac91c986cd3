//! What was promised of Bitbucket's own events: those of Cloud through the organization's log (C36), and those that a
//! plugin of Data Center puts into its audit log under a category of its own (C39).

use crate::exports::Office;
use crate::world::{Kind, World, administrator, on_both};
use auditgraph::event::System;
use auditgraph::sandbox::Settings;
use auditgraph::source::{Part, normaliser};
use auditgraph::store::Batch;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both!(
    c36_bitbucket_events_come_through_the_organization_log,
    c39_a_plugins_category_is_kept_and_chosen,
);

/// The events that a filter chooses.
async fn chosen(world: &World, filter: Value) -> Vec<Value> {
    let query = "query ($filter: EventFilter) { events(filter: $filter, first: 500) { nodes {
        id time product category action { code label } upstreamAction actor { name user { id } }
        target { type name } location { ip country } changes { field from to } raw } } }";
    let answer = world.ask(query, json!({"filter": filter})).await;
    assert_eq!(answer.get("errors"), None, "{filter}: {answer}");
    answer["data"]["events"]["nodes"]
        .as_array()
        .unwrap()
        .clone()
}

fn ids(events: &[Value]) -> BTreeSet<&str> {
    events
        .iter()
        .map(|event| event["id"].as_str().unwrap())
        .collect()
}

async fn c36_bitbucket_events_come_through_the_organization_log(kind: Kind) {
    let settings = Settings {
        history_days: 20,
        history_events: 1_500,
        people: 30,
        ..Settings::default()
    };
    let mut world = World::with_sandbox(kind, settings).await;
    let folder = tempfile::tempdir().unwrap();
    world.config.exports.folder = folder.path().join("exports");
    for part in [Part::Events, Part::History] {
        world.sync("organization", part).await.unwrap();
    }
    let of_bitbucket = |raw: &&String| raw.contains("\"bitbucket_");
    let published = world.published();
    let published = published.values().filter(of_bitbucket).count();
    let bitbucket = json!({"sources": ["organization"], "products": ["BITBUCKET"]});
    let all = chosen(&world, bitbucket.clone()).await;
    assert_eq!(all.len(), published);
    assert!((10..500).contains(&published), "{published}");
    // Who, what, when.
    for event in &all {
        assert!(event["actor"]["name"].is_string(), "{event}");
        assert!(event["action"]["label"].is_string(), "{event}");
        assert!(event["time"].is_string(), "{event}");
    }
    // By actor, action and place.
    let some = |path: &str| -> BTreeSet<String> {
        let values = all.iter().filter_map(|event| event.pointer(path)?.as_str());
        values.take(5).map(str::to_owned).collect()
    };
    for (criterion, path) in [
        ("users", "/actor/user/id"),
        ("actions", "/action/code"),
        ("ips", "/location/ip"),
        ("countries", "/location/country"),
    ] {
        let values = some(path);
        assert!(!values.is_empty(), "{criterion}");
        for value in values {
            let mut filter = bitbucket.clone();
            filter[criterion] = json!([value]);
            let found = chosen(&world, filter).await;
            let right = all
                .iter()
                .filter(|event| event.pointer(path) == Some(&json!(value)));
            let right: Vec<Value> = right.cloned().collect();
            assert_eq!(ids(&found), ids(&right), "{criterion} {value}");
        }
    }
    // As a file.
    let office = Office {
        exports: world.exports(),
        world,
        folder,
    };
    let input = json!({"format": "CSV", "filter": bitbucket});
    let (_, bytes) = office.made(administrator(), input).await;
    let rows = String::from_utf8(bytes).unwrap().lines().count();
    assert_eq!(rows, published + 1);
}

/// A record as the plugin's documentation has it: a category and actions of its own.
fn of_plugin(number: u32, action: &str, object: &Value) -> Box<RawValue> {
    let record = json!({
        "timestamp": format!("2026-11-19T10:00:{number:02}Z"),
        "author": {"name": "ann", "type": "NORMAL", "id": "7", "uri": "", "avatarUri": ""},
        "type": {"category": "Soteri Security for Bitbucket", "action": action},
        "affectedObjects": [object],
        "changedValues": [{"key": "Hook mode", "from": "WARN", "to": "BLOCK"}],
        "source": "203.0.113.7", "system": "https://bb.example.com", "node": "n1", "method": "Browser",
        "extraAttributes": [],
    });
    serde_json::value::to_raw_value(&record).unwrap()
}

async fn c39_a_plugins_category_is_kept_and_chosen(kind: Kind) {
    let world = World::new(kind).await;
    let normalise = normaliser(System::BitbucketDc).unwrap();
    let repository = json!({"name": "lamp", "type": "REPOSITORY", "id": "42"});
    let actions = [
        "Global settings changed",
        "Manual scan of a repository started",
        "Finding marked as reviewed",
        "Hook skipped by commit message",
    ];
    let records = (0..).zip(actions);
    let records = records.map(|(number, action)| of_plugin(number, action, &repository));
    let mut batch = Batch {
        part: "test",
        ..Batch::default()
    };
    for record in records {
        let facts = normalise(&record, "bb.example.com");
        batch.events.extend(facts.events);
        batch.entries.extend(facts.entries);
    }
    let (system, now) = (System::BitbucketDc, world.clock.now());
    let appended = world.feed.append("bitbucket-dc", system, batch, now).await;
    assert_eq!(appended.unwrap().new, 4);
    // Under the category as it was sent, in any case.
    for category in [
        "Soteri Security for Bitbucket",
        "SOTERI SECURITY FOR BITBUCKET",
    ] {
        let found = chosen(&world, json!({"categories": [category]})).await;
        assert_eq!(found.len(), 4, "{category}");
    }
    for action in actions {
        let found = chosen(&world, json!({"actions": [action]})).await;
        assert_eq!(found.len(), 1, "{action}");
        let event = &found[0];
        assert_eq!(event["upstreamAction"], action);
        assert_eq!(event["actor"]["name"], "ann");
        assert_eq!(event["target"]["name"], "lamp");
        assert_eq!(
            event["changes"],
            json!([{"field": "Hook mode", "from": "WARN", "to": "BLOCK"}])
        );
        assert!(
            event["raw"]
                .as_str()
                .unwrap()
                .contains("Soteri Security for Bitbucket")
        );
    }
}

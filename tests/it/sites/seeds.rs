//! Many companies with many faults in one database: what each has published is stored, once, as it was.

use crate::world::{Kind, World, at, on_both};
use auditgraph::access::Viewer;
use auditgraph::clock::Clock;
use auditgraph::event::filter::EventFilter;
use auditgraph::sandbox::{AssetsShape, Faults, Sandbox, Settings};
use auditgraph::source::assets::Assets;
use auditgraph::source::confluence_cloud::ConfluenceCloud;
use auditgraph::source::{Part, Source};
use auditgraph::sync;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use tokio::net::TcpListener;

on_both!(
    confluence_of_seeds_0_to_49_is_stored_once,
    confluence_of_seeds_50_to_99_is_stored_once,
    confluence_of_seeds_100_to_149_is_stored_once,
    confluence_of_seeds_150_to_199_is_stored_once,
    assets_of_seeds_0_to_49_are_stored_once,
    assets_of_seeds_50_to_99_are_stored_once,
    assets_of_seeds_100_to_149_are_stored_once,
    assets_of_seeds_150_to_199_are_stored_once,
    one_story_is_told_by_both_logs,
);

async fn confluence_of_seeds_0_to_49_is_stored_once(kind: Kind) {
    seeds(kind, false, 0..50).await;
}

async fn confluence_of_seeds_50_to_99_is_stored_once(kind: Kind) {
    seeds(kind, false, 50..100).await;
}

async fn confluence_of_seeds_100_to_149_is_stored_once(kind: Kind) {
    seeds(kind, false, 100..150).await;
}

async fn confluence_of_seeds_150_to_199_is_stored_once(kind: Kind) {
    seeds(kind, false, 150..200).await;
}

async fn assets_of_seeds_0_to_49_are_stored_once(kind: Kind) {
    seeds(kind, true, 0..50).await;
}

async fn assets_of_seeds_50_to_99_are_stored_once(kind: Kind) {
    seeds(kind, true, 50..100).await;
}

async fn assets_of_seeds_100_to_149_are_stored_once(kind: Kind) {
    seeds(kind, true, 100..150).await;
}

async fn assets_of_seeds_150_to_199_are_stored_once(kind: Kind) {
    seeds(kind, true, 150..200).await;
}

async fn sandbox(world: &World, settings: Settings, clock: Clock) -> Sandbox {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stop = world.stop.child_token();
    Sandbox::start(settings, clock, listener, &world.tasks, stop).unwrap()
}

/// Every seed is another company, day and order of faults; clocks differ by ten minutes, and summer time ends or begins.
async fn seeds(kind: Kind, assets: bool, seeds: Range<u64>) {
    const DAYS: [&str; 3] = [
        "2026-10-25T04:30:00Z",
        "2026-03-29T03:10:00Z",
        "2026-11-20T12:00:00Z",
    ];
    let world = World::new(kind).await;
    let mut expected = BTreeMap::new();
    for (seed, day) in seeds.zip(DAYS.into_iter().cycle()) {
        let name = format!("seed-{seed}");
        let records = one(&world, &name, assets, seed, at(day)).await;
        expected.insert(name, records);
    }
    let stored = stored(&world, expected.keys()).await;
    for (name, mut expected) in expected {
        let mut stored: Vec<&str> = stored[&name].iter().map(|raw| essence(raw)).collect();
        stored.sort_unstable();
        expected.sort_unstable();
        assert!(
            stored == expected,
            "{name}: {} stored, {} published; missing: {:?}, surplus: {:?}",
            stored.len(),
            expected.len(),
            expected.iter().find(|one| !stored.contains(&one.as_str())),
            stored
                .iter()
                .find(|one| !expected.contains(&(**one).to_owned())),
        );
    }
}

/// What a record says itself: of Assets the entry, without the object as it was when it was read.
fn essence(raw: &str) -> &str {
    match raw.split_once(r#","history":"#) {
        Some((object, entry)) if object.starts_with(r#"{"object":"#) => {
            entry.strip_suffix('}').unwrap()
        }
        _ => raw,
    }
}

/// Reads one company until nothing is left; what it has published.
async fn one(
    world: &World,
    name: &str,
    assets: bool,
    seed: u64,
    now: auditgraph::event::Timestamp,
) -> Vec<String> {
    let clock = Clock::manual(now);
    let skew = Duration::from_mins(10);
    let upstream_clock = match seed % 3 {
        0 => clock.clone(),
        1 => Clock::manual(now.plus(skew)),
        _ => Clock::manual(now.minus(skew)),
    };
    let settings = Settings {
        seed,
        history_events: 80,
        history_days: 3,
        people: 10,
        site_page: 3 + usize::try_from(seed % 7).unwrap(),
        assets: if seed.is_multiple_of(2) {
            AssetsShape::ObjectEntries
        } else {
            AssetsShape::Values
        },
        zone_hours: [1, -12, 13, 0, -8][usize::try_from(seed % 5).unwrap()],
        faults: Faults::mix(0.15, seed),
        ..Settings::default()
    };
    let sandbox = sandbox(world, settings, upstream_clock.clone()).await;
    let limits = &world.config.http_client;
    let source: Box<dyn Source> = if assets {
        let mut settings = sandbox.assets_settings();
        name.clone_into(&mut settings.name);
        Box::new(Assets::new(&settings, limits, &clock).unwrap())
    } else {
        let mut settings = sandbox.confluence_settings();
        name.clone_into(&mut settings.name);
        Box::new(ConfluenceCloud::new(&settings, false, limits, &clock).unwrap())
    };
    let advance = |duration: Duration| {
        clock.advance(duration);
        if !seed.is_multiple_of(3) {
            upstream_clock.advance(duration);
        }
    };
    let mut clean = 0;
    for round in 0..40 {
        let mut failed = false;
        for part in [Part::Events, Part::History] {
            let run = sync::recorded_run(
                source.as_ref(),
                part,
                &world.feed,
                &clock,
                |_| None,
                &|_, _| {},
            );
            failed |= run.await.is_err();
        }
        if round < 3 {
            sandbox.publish_confluence(6);
            sandbox.publish_assets(6);
            sandbox.publish(4);
            advance(Duration::from_mins(3));
            continue;
        }
        if round == 3 {
            sandbox.heal();
        }
        // Late records are found when the last two days are read again.
        advance(Duration::from_mins(16));
        clean = if failed { 0 } else { clean + 1 };
        if clean == 2 {
            break;
        }
    }
    assert_eq!(clean, 2, "{name}: no end");
    if seed.is_multiple_of(3) {
        assert_eq!(sandbox.ledger().offences(), [""; 0], "{name}");
    }
    if assets {
        sandbox.ledger().asset_changes().into_values().collect()
    } else {
        sandbox.ledger().confluence_records()
    }
}

/// Every stored text, by the name of its source.
async fn stored(
    world: &World,
    names: impl Iterator<Item = &String>,
) -> BTreeMap<String, Vec<String>> {
    let store = world.store();
    let mut by_id = BTreeMap::new();
    for name in names {
        if let Some(id) = store.source_id(name).await.unwrap() {
            by_id.insert(id, name.clone());
        }
    }
    let sight = Viewer::server().sight();
    let everything = store
        .condition(&EventFilter::default(), &sight, world.clock.now())
        .await
        .unwrap();
    let mut stored: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut after, newest) = (0, store.newest().await.unwrap());
    while after < newest {
        let found = store.following(after, &everything, 1_000).await.unwrap();
        after = found.searched;
        let positions: Vec<i64> = found.events.iter().map(|event| event.seq).collect();
        let rows = store.payloads(&positions).await.unwrap();
        let raw: BTreeMap<i64, String> = rows.into_iter().map(|row| (row.seq, row.raw)).collect();
        for event in found.events {
            let name = by_id[&event.source_id].clone();
            stored
                .entry(name)
                .or_default()
                .push(raw[&event.seq].clone());
        }
    }
    stored
}

/// Who was added to which group when, by whom: the same in the organization's log and in Confluence's.
async fn one_story_is_told_by_both_logs(kind: Kind) {
    let mut world = World::new(kind).await;
    let settings = Settings {
        history_events: 900,
        history_days: 20,
        people: 40,
        ..Settings::default()
    };
    let sandbox = sandbox(&world, settings, world.clock.clone()).await;
    for _ in 0..4 {
        sandbox.hire();
    }
    world.config.organization = sandbox.organization_settings();
    world.config.confluence_cloud = sandbox.confluence_settings();
    world.config.assets = sandbox.assets_settings();
    world.sources = auditgraph::source::configured(&world.config, &world.clock).unwrap();
    world.sync_all().await;
    let told = async |source: &str| {
        let query = format!(
            r#"{{ events(first: 500, filter: {{sources: ["{source}"], actions: ["user.added_to_group"]}}) {{ nodes {{
                time actor {{ user {{ accountId }} }} objects {{ type id name }} }} }} }}"#
        );
        let data = world.data(&query).await;
        let nodes = data["events"]["nodes"].as_array().unwrap().clone();
        assert!(nodes.len() > 3, "{source}: {}", nodes.len());
        nodes
    };
    let theirs = told("organization").await;
    for event in told("confluence-cloud").await {
        let time = |event: &Value| at(event["time"].as_str().unwrap()).millis();
        let group = |event: &Value| {
            let mut objects = event["objects"].as_array().unwrap().iter();
            let group = objects.find(|object| object["type"] == "group");
            group.map(|group| group["id"].clone())
        };
        // Some records of the organization leave out what they are about.
        let alike = |other: &&Value| {
            time(other) == time(&event)
                && other["actor"]["user"] == event["actor"]["user"]
                && group(other).is_none_or(|id| Some(id) == group(&event))
        };
        assert!(
            theirs.iter().any(|other| alike(&other)),
            "nothing like {event}"
        );
    }
    // Spaces come with their keys, whoever tells of them.
    let spaces = world
        .data("{ projects(first: 100) { nodes { key name } } }")
        .await;
    let spaces = spaces["projects"]["nodes"].as_array().unwrap();
    for (key, name) in sandbox.ledger().spaces() {
        let known = |space: &&Value| space["key"] == key.as_str() && space["name"] == name.as_str();
        assert!(spaces.iter().any(|space| known(&space)), "{key}");
    }
}

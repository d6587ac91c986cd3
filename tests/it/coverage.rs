//! What is proven to have been read, what is still to be read, what never can be, and what a source is warned of.

use crate::world::{Kind, World, at, event, on_both};
use auditgraph::event::System;
use auditgraph::sandbox::Settings;
use auditgraph::source::Part;
use auditgraph::store::Batch;
use auditgraph::store::runs::Outcome;
use auditgraph::sync;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::Notify;

on_both!(
    a_source_read_to_its_ends_is_proven_without_holes,
    an_interrupted_backfill_goes_on_and_knows_when_it_will_end,
    what_was_not_read_in_time_is_a_gap,
    hooks_are_proven_while_the_server_can_be_reached,
    missed_webhooks_are_gaps,
    warnings_say_what_to_look_at,
);

const DAY: Duration = Duration::from_hours(24);

fn small(days: u32, events: usize) -> Settings {
    Settings {
        history_days: days,
        history_events: events,
        people: 20,
        ..Settings::default()
    }
}

/// The coverage of one log: (from, to, state), and its gaps' reasons.
async fn coverage(world: &World, log: &str) -> Vec<(String, String, String)> {
    let sources = source(world, "coverage { log from to state reason }").await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let stretches = sources["coverage"].as_array().unwrap().iter();
    let stretches = stretches.filter(|stretch| stretch["log"] == log);
    stretches
        .map(|stretch| {
            assert_eq!(stretch["state"] == "GAP", stretch["reason"].is_string());
            (
                text(&stretch["from"]),
                text(&stretch["to"]),
                text(&stretch["state"]),
            )
        })
        .collect()
}

/// What `sources` says of the organization.
async fn source(world: &World, fields: &str) -> Value {
    let data = world
        .data(&format!("{{ sources {{ name {fields} }} }}"))
        .await;
    let sources = data["sources"].as_array().unwrap();
    let found = sources
        .iter()
        .find(|source| source["name"] == "organization");
    found.unwrap().clone()
}

fn stretch(from: &str, to: &str, state: &str) -> (String, String, String) {
    (from.to_owned(), to.to_owned(), state.to_owned())
}

async fn a_source_read_to_its_ends_is_proven_without_holes(kind: Kind) {
    let world = World::with_sandbox(kind, small(5, 200)).await;
    world.sync("organization", Part::Events).await.unwrap();
    let now = "2026-11-20T12:00:00Z";
    assert_eq!(
        coverage(&world, "events").await,
        [
            stretch("2026-11-15T12:00:00Z", "2026-11-18T12:00:00Z", "PENDING"),
            stretch("2026-11-18T12:00:00Z", now, "PROVEN"),
        ],
        "the first round of the tail reads two days back, the rest is the history's"
    );
    world.sync("organization", Part::History).await.unwrap();
    let all = [stretch("2026-11-15T12:00:00Z", now, "PROVEN")];
    assert_eq!(coverage(&world, "events").await, all);

    world.clock.advance(Duration::from_mins(10));
    let later = "2026-11-20T12:10:00Z";
    let open = [all[0].clone(), stretch(now, later, "PENDING")];
    assert_eq!(coverage(&world, "events").await, open);
    world.sync("organization", Part::Events).await.unwrap();
    let all = [stretch("2026-11-15T12:00:00Z", later, "PROVEN")];
    assert_eq!(coverage(&world, "events").await, all);
}

/// Reads a part of the organization until so many pages have been stored, and cuts it off there. Whether it came to its end.
async fn cut_after(world: &World, part: Part, pages: u64) -> bool {
    let enough = Notify::new();
    let progress = |outcome: &Outcome, _: Option<(u64, u64)>| {
        if outcome.pages == pages {
            enough.notify_one();
        }
    };
    let source = world.sources[0].as_ref();
    let run = sync::recorded_run(source, part, &world.feed, &world.clock, |_| None, &progress);
    tokio::select! {
        biased;
        () = enough.notified() => false,
        end = run => end.is_ok(),
    }
}

async fn an_interrupted_backfill_goes_on_and_knows_when_it_will_end(kind: Kind) {
    let settings = Settings {
        limits: true,
        ..small(180, 2_000)
    };
    let world = World::with_sandbox(kind, settings).await;
    let mut estimate = None;
    for round in 1.. {
        let pages = if round <= 10 { 18 } else { u64::MAX };
        let ended = cut_after(&world, Part::History, pages).await;
        let backfills = source(&world, "backfills { part done of estimatedEndAt }").await;
        let backfills = backfills["backfills"].as_array().unwrap();
        if ended {
            assert!(backfills.is_empty(), "nothing is left: {backfills:?}");
            break;
        }
        let backfill = &backfills[0];
        assert_eq!(
            (&backfill["part"], &backfill["of"]),
            (&json!("history"), &json!(180))
        );
        if estimate.is_none() && backfill["done"].as_i64().unwrap() >= 90 {
            let end = at(backfill["estimatedEndAt"].as_str().unwrap());
            estimate = Some((world.clock.now(), end));
        }
    }
    let (half, estimated) = estimate.unwrap();
    let took = world.clock.now().since(half).as_secs_f64();
    let thought = estimated.since(half).as_secs_f64();
    assert!(
        (thought / took - 1.0).abs() <= 0.2,
        "it took {took} s and was thought to take {thought} s"
    );
    world.sync("organization", Part::Events).await.unwrap();
    assert_eq!(world.stored("organization").await, world.published());
    let states: Vec<_> = coverage(&world, "events").await;
    assert!(
        states.iter().all(|stretch| stretch.2 == "PROVEN"),
        "{states:?}"
    );
}

async fn what_was_not_read_in_time_is_a_gap(kind: Kind) {
    let world = World::with_sandbox(kind, small(5, 100)).await;
    for part in [Part::Events, Part::History] {
        world.sync("organization", part).await.unwrap();
    }
    // A server that was off for most of a year.
    world.clock.advance(DAY * 200);
    world.sync("organization", Part::Events).await.unwrap();
    let gap = stretch("2026-11-20T12:00:00Z", "2026-12-10T12:00:00Z", "GAP");
    let known = coverage(&world, "events").await;
    assert_eq!(known[1], gap, "what upstream had dropped meanwhile");
    let rest = stretch("2026-12-10T12:00:00Z", "2027-06-08T12:00:00Z", "PROVEN");
    assert_eq!(known[2], rest);
    assert_eq!(known.len(), 3);

    // An outage that is shorter than that loses nothing.
    world.clock.advance(DAY * 170);
    world.sync("organization", Part::Events).await.unwrap();
    let known = coverage(&world, "events").await;
    let gaps = known.iter().filter(|stretch| stretch.2 == "GAP");
    assert_eq!(gaps.count(), 1);
    assert_eq!(known.len(), 3);
}

async fn hooks_are_proven_while_the_server_can_be_reached(kind: Kind) {
    let world = World::with_sandbox(kind, small(1, 10)).await;
    world.sync("organization", Part::Events).await.unwrap();
    let patience = Duration::from_mins(25);
    let beat = async |pause: Duration| {
        world.clock.advance(pause);
        let now = world.clock.now();
        world
            .store()
            .reachable("organization", patience, now)
            .await
            .unwrap();
    };
    for minutes in [0, 1, 1, 20, 1] {
        beat(Duration::from_mins(minutes)).await;
    }
    let all = [stretch(
        "2026-11-20T12:00:00Z",
        "2026-11-20T12:23:00Z",
        "PROVEN",
    )];
    assert_eq!(coverage(&world, "hooks").await, all);
    beat(Duration::from_hours(2)).await;
    beat(Duration::from_mins(1)).await;
    let known = coverage(&world, "hooks").await;
    let gap = stretch("2026-11-20T12:23:00Z", "2026-11-20T14:23:00Z", "GAP");
    assert_eq!((known.len(), &known[1]), (3, &gap));
}

async fn missed_webhooks_are_gaps(kind: Kind) {
    const PATIENCE: Duration = Duration::from_mins(45);
    let world = World::with_sandbox(kind, small(1, 10)).await;
    world.sync("organization", Part::Events).await.unwrap();
    let store = world.store();
    let search = async || {
        let now = world.clock.now();
        store
            .reachable("organization", PATIENCE, now)
            .await
            .unwrap();
        let found = store.find_missed_hooks("organization", PATIENCE, now).await;
        found.unwrap()
    };
    assert_eq!(search().await, 0);
    let tell = async |key: &str, pushed: bool| {
        let batch = Batch {
            part: "test",
            events: vec![event(key, &world.clock.now().to_string())],
            pushed,
            ..Batch::default()
        };
        let now = world.clock.now();
        let appended = world
            .feed
            .append("organization", System::Organization, batch, now);
        appended.await.unwrap();
        world.clock.advance(Duration::from_mins(10));
        let now = world.clock.now();
        store
            .reachable("organization", PATIENCE, now)
            .await
            .unwrap();
    };
    tell("comment/1", true).await;
    tell("comment/2", false).await;
    tell("comment/2", true).await;
    // At 12:30 one goes missing; of worklogs no webhook has ever told.
    tell("comment/3", false).await;
    tell("worklog/1", false).await;
    tell("comment/4", true).await;
    assert_eq!(search().await, 0, "it may still come");
    world.clock.advance(Duration::from_mins(40));
    assert_eq!(search().await, 1);
    world.clock.advance(Duration::from_mins(40));
    assert_eq!(search().await, 0);
    let known = coverage(&world, "hooks").await;
    assert_eq!(
        known,
        [
            stretch("2026-11-20T12:00:00Z", "2026-11-20T12:29:00Z", "PROVEN"),
            stretch("2026-11-20T12:29:00Z", "2026-11-20T12:31:00Z", "GAP"),
            stretch("2026-11-20T12:31:00Z", "2026-11-20T14:20:00Z", "PROVEN"),
        ]
    );
}

async fn warnings_say_what_to_look_at(kind: Kind) {
    let mut world = World::with_sandbox(kind, small(1, 10)).await;
    let settings = "[credential_expiry]\norganization = \"2026-11-27\"";
    let config: auditgraph::config::Config = settings.parse().unwrap();
    world.config.credential_expiry = config.credential_expiry;
    world.sync("organization", Part::Events).await.unwrap();
    let fields = "credentialExpiresOn credentialDaysLeft warnings { code message } budget { perMinute spent left }";
    let shown = source(&world, fields).await;
    assert_eq!(shown["credentialExpiresOn"], "2026-11-27");
    assert_eq!(shown["credentialDaysLeft"], 7);
    let left =
        shown["budget"]["perMinute"].as_i64().unwrap() - shown["budget"]["spent"].as_i64().unwrap();
    assert_eq!(shown["budget"]["left"], left);
    let codes = |shown: &Value| -> Vec<String> {
        let warnings = shown["warnings"].as_array().unwrap().iter();
        warnings
            .map(|warning| warning["code"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(codes(&shown), ["CREDENTIAL_EXPIRES"]);

    // Every hour of three weeks had an event; then nothing comes any more.
    let hours = 1..21 * 24;
    let events = hours.map(|hour| {
        let mut event = event(&format!("h-{hour}"), "2026-11-20T12:00:00Z");
        event.time = Some(at("2026-11-20T12:00:00Z").minus(Duration::from_hours(hour)));
        event
    });
    let batch = Batch {
        part: "test",
        events: events.collect(),
        ..Batch::default()
    };
    let now = world.clock.now();
    world
        .feed
        .append("organization", System::Organization, batch, now)
        .await
        .unwrap();
    assert_eq!(codes(&source(&world, fields).await), ["CREDENTIAL_EXPIRES"]);
    world.clock.advance(Duration::from_hours(6));
    assert_eq!(
        codes(&source(&world, fields).await),
        ["CREDENTIAL_EXPIRES", "SILENT"]
    );
}

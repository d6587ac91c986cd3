//! What upstream systems do that they should not: each ends in a clear record of the run, and loses nothing.

use crate::world::{Kind, World, event, on_both};
use auditgraph::sandbox::{EndOfLog, Fault, Faults, Settings};
use auditgraph::source::Part;
use serde_json::Value;
use std::time::Duration;
use url::Url;

on_both!(
    a_failed_run_says_why_and_the_next_one_goes_on,
    an_empty_page_in_the_middle_hides_nothing,
    a_plan_without_an_audit_log_is_an_empty_log,
    a_lost_cursor_costs_nothing_but_a_second_look,
    what_is_not_understood_is_stored_as_it_is,
    names_of_any_length_do_not_block_the_log,
);

fn small() -> Settings {
    Settings {
        history_events: 400,
        history_days: 6,
        people: 20,
        ..Settings::default()
    }
}

const LOG: &str = "/events-stream";

async fn last_error(world: &World, source: &str) -> (String, String) {
    let sources = world.data("{ sources { name status lastError } }").await;
    let sources = sources["sources"].as_array().unwrap();
    let found = sources
        .iter()
        .find(|known| known["name"] == source)
        .unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&found["status"]), text(&found["lastError"]))
}

async fn a_failed_run_says_why_and_the_next_one_goes_on(kind: Kind) {
    let elsewhere = Url::parse("https://elsewhere.example/").unwrap();
    let cases = [
        (Fault::ExpiredKey, "organization API key"),
        (Fault::LoginPage, "HTML"),
        (Fault::Truncated, "JSON"),
        (Fault::EmptyBody, "empty"),
        (Fault::SamePage, "already read"),
    ];
    for (fault, expected) in cases {
        let world = World::with_sandbox(kind, small()).await;
        let name = format!("{fault:?}");
        world.sandbox().inject(fault.on(LOG).after(1).for_good());
        let failures = [
            world.sync("organization", Part::Events).await.is_err(),
            world.sync("organization", Part::History).await.is_err(),
        ];
        assert!(failures.contains(&true), "{name}");
        let (status, error) = last_error(&world, "organization").await;
        assert_eq!(status, "FAILING", "{name}");
        assert!(
            error.to_lowercase().contains(&expected.to_lowercase()),
            "{name}: {error}"
        );

        world.sandbox().heal();
        world.clock.advance(Duration::from_mins(30));
        world.sync("organization", Part::Events).await.unwrap();
        world.sync("organization", Part::History).await.unwrap();
        assert_eq!(
            last_error(&world, "organization").await,
            ("HEALTHY".to_owned(), String::new()),
            "{name}"
        );
        assert_eq!(
            world.stored("organization").await,
            world.published(),
            "{name}"
        );
    }
    let world = World::with_sandbox(
        kind,
        Settings {
            people: 250,
            ..small()
        },
    )
    .await;
    world.sandbox().inject(
        Fault::NextElsewhere(elsewhere)
            .on("/permissions")
            .for_good(),
    );
    world
        .sync("bitbucket-cloud", Part::Directory)
        .await
        .unwrap_err();
    let (status, error) = last_error(&world, "bitbucket-cloud").await;
    assert_eq!(status, "FAILING");
    assert!(error.contains("elsewhere.example"), "{error}");
}

async fn an_empty_page_in_the_middle_hides_nothing(kind: Kind) {
    for end_of_log in [
        EndOfLog::NullCursor,
        EndOfLog::NullOnEmpty,
        EndOfLog::KeepsCursor,
    ] {
        let world = World::with_sandbox(
            kind,
            Settings {
                end_of_log,
                ..small()
            },
        )
        .await;
        for after in [1, 3, 5] {
            world
                .sandbox()
                .inject(Fault::EmptyPage.on(LOG).after(after));
        }
        for _ in 0..3 {
            world.sync("organization", Part::Events).await.unwrap();
        }
        world.sync("organization", Part::History).await.unwrap();
        assert_eq!(
            world.stored("organization").await,
            world.published(),
            "{end_of_log:?}"
        );
    }
}

async fn a_plan_without_an_audit_log_is_an_empty_log(kind: Kind) {
    let faults = Faults::none().and(Fault::NoAuditLog.on(LOG).for_good());
    let world = World::with_sandbox(kind, Settings { faults, ..small() }).await;
    world.sync("organization", Part::Events).await.unwrap();
    world.sync("organization", Part::History).await.unwrap();
    assert_eq!(world.store().newest().await.unwrap(), 0);
    assert_eq!(last_error(&world, "organization").await.0, "HEALTHY");
}

async fn a_lost_cursor_costs_nothing_but_a_second_look(kind: Kind) {
    let world = World::with_sandbox(kind, small()).await;
    world.sync("organization", Part::Events).await.unwrap();
    world.sandbox().publish(30);
    world.sandbox().forget_cursors();
    let outcome = world.sync("organization", Part::Events).await.unwrap();
    assert_eq!(outcome.new, 30);
    assert!(outcome.repeated > 0, "it looked at the last days again");
    world.sync("organization", Part::History).await.unwrap();
    assert_eq!(world.stored("organization").await, world.published());
}

async fn what_is_not_understood_is_stored_as_it_is(kind: Kind) {
    let world = World::new(kind).await;
    let mut odd = event("odd", "2026-11-20T08:00:00Z");
    odd.action = String::from("moon_landed");
    (odd.actor, odd.target, odd.container, odd.time, odd.message) =
        (None, None, None, None, Some("a\0b".to_owned()));
    odd.raw = String::from(r#"{"id":"odd","text":"\u0000 \ud800"}"#);
    world.append(vec![odd]).await;
    let stored = world
        .data(
            "{ events { nodes { time recordedAt category action { code label } actor { name } target { type } \
             location { ip } project { key } message raw } } }",
        )
        .await;
    let stored = &stored["events"]["nodes"][0];
    assert_eq!(stored["category"], "OTHER");
    assert_eq!(stored["action"]["code"], "moon_landed");
    assert_eq!(
        stored["time"], stored["recordedAt"],
        "without a time of its own it happened when it was stored"
    );
    assert_eq!(stored["raw"], r#"{"id":"odd","text":"\u0000 \ud800"}"#);
    assert_eq!(stored["message"], "a\u{FFFD}b", "PostgreSQL has no NUL");
    for unknown in ["actor", "target", "location", "project"] {
        assert_eq!(stored[unknown], Value::Null, "{unknown}");
    }
}

async fn names_of_any_length_do_not_block_the_log(kind: Kind) {
    let world = World::new(kind).await;
    let long = |seed: &str| -> String {
        // Text that does not compress, as an index would otherwise make it fit.
        let words = (0..4_000).map(|place| format!("{:x} ", (place * 7_919 + seed.len()) % 65_521));
        format!("{}{seed}", words.collect::<String>())
    };
    let odd = |id: &str| {
        let mut odd = event(id, "2026-11-20T08:00:00Z");
        odd.action = long("action");
        odd.actor = Some(crate::world::person(&long("account"), &long("name")));
        let place = crate::world::project(&long("key"));
        odd.container = Some(place);
        odd
    };
    world
        .append(vec![odd("1"), event("2", "2026-11-20T09:00:00Z")])
        .await;
    world.append(vec![odd("3")]).await;
    let stored = world
        .data("{ events { nodes { upstreamId actor { user { id } } } } users { nodes { id } } }")
        .await;
    assert_eq!(stored["events"]["nodes"].as_array().unwrap().len(), 3);
    assert_eq!(stored["users"]["nodes"].as_array().unwrap().len(), 2);
}

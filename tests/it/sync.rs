//! Synchronisation against the sandbox: what upstream has published is stored, once, as it was.

use crate::world::{Kind, World, on_both};
use auditgraph::sandbox::{Faults, Settings};
use auditgraph::source::Part;
use std::time::Duration;

on_both!(
    everything_published_is_stored_once,
    faults_lose_and_repeat_nothing,
    directories_become_events
);

fn small() -> Settings {
    Settings {
        history_events: 800,
        history_days: 20,
        people: 60,
        ..Settings::default()
    }
}

async fn everything_published_is_stored_once(kind: Kind) {
    let world = World::with_sandbox(kind, small()).await;
    world.sync_all().await;
    assert_eq!(world.stored("organization").await, world.published());

    world.sandbox().publish(120);
    let outcome = world.sync("organization", Part::Events).await.unwrap();
    assert_eq!(outcome.new, 120);
    assert_eq!(world.stored("organization").await, world.published());

    let before = world.store().newest().await.unwrap();
    world.sync_all().await;
    assert_eq!(
        world.store().newest().await.unwrap(),
        before,
        "reading again brings nothing new"
    );
}

async fn faults_lose_and_repeat_nothing(kind: Kind) {
    // Every seed is another company, another past and another order of faults.
    for seed in 0..50 {
        let settings = Settings {
            seed,
            history_events: 300,
            history_days: 5,
            people: 20,
            faults: Faults::mix(0.2, seed),
            ..Settings::default()
        };
        let world = World::with_sandbox(kind, settings).await;
        for round in 0..20 {
            let mut failed = 0;
            for part in [Part::Events, Part::History] {
                failed += u32::from(world.sync("organization", part).await.is_err());
            }
            world.sandbox().publish(if round < 3 { 40 } else { 0 });
            if failed == 0 && round >= 3 {
                break;
            }
            world.clock.advance(Duration::from_mins(1));
        }
        assert_eq!(
            world.stored("organization").await,
            world.published(),
            "seed {seed}"
        );
    }
}

async fn directories_become_events(kind: Kind) {
    let world = World::with_sandbox(kind, small()).await;
    world.sync("organization", Part::Directory).await.unwrap();
    world
        .sync("bitbucket-cloud", Part::Directory)
        .await
        .unwrap();
    let listed = world
        .data("{ users(first: 500) { nodes { kind listed groups { name } } } }")
        .await;
    let listed = listed["users"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|user| user["listed"] == true && user["kind"] == "PERSON")
        .count();
    assert_eq!(listed, world.sandbox().ledger().users().len());
    assert_eq!(
        world.store().newest().await.unwrap(),
        0,
        "the first listing is where we start from"
    );

    let ledger = world.sandbox().ledger();
    let users = ledger.users();
    let mut accounts = users.keys();
    let (renamed, gone, off) = (
        accounts.next().unwrap(),
        accounts.next().unwrap(),
        accounts.next().unwrap(),
    );
    let group = ledger
        .groups()
        .into_values()
        .find(|group| !users[renamed].groups.contains(group))
        .unwrap();
    let sandbox = world.sandbox();
    sandbox.rename(renamed, "Somebody Else");
    sandbox.join_group(renamed, &group);
    sandbox.leave(gone);
    sandbox.deactivate(off);
    sandbox.hire();
    world.clock.advance(Duration::from_mins(30));
    world.sync("organization", Part::Directory).await.unwrap();

    let noticed = world
        .data(r#"{ events(filter: {sources: ["directory"]}, orderBy: {field: ACTION, direction: ASC}) {
            nodes { action { code } target { type name } objects { name } changes { field to } time actor { name } } } }"#)
        .await;
    let noticed = noticed["events"]["nodes"].as_array().unwrap();
    let codes: Vec<&str> = noticed
        .iter()
        .map(|event| event["action"]["code"].as_str().unwrap())
        .collect();
    for code in [
        "directory.user_renamed",
        "directory.group_joined",
        "directory.user_removed",
        "directory.user_deactivated",
        "directory.user_added",
    ] {
        assert!(codes.contains(&code), "{code} is missing in {codes:?}");
    }
    let joined = noticed
        .iter()
        .find(|event| event["action"]["code"] == "directory.group_joined")
        .unwrap();
    assert_eq!(joined["target"]["name"], "Somebody Else");
    assert_eq!(joined["objects"][0]["name"], group.as_str());
    assert_eq!(
        joined["actor"],
        serde_json::Value::Null,
        "a snapshot does not say who did it"
    );

    let before = world.store().newest().await.unwrap();
    world.clock.advance(Duration::from_mins(30));
    world.sync("organization", Part::Directory).await.unwrap();
    assert_eq!(
        world.store().newest().await.unwrap(),
        before,
        "nothing changed, so nothing is noticed"
    );
}

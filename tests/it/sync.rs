//! Synchronisation against the sandbox: what upstream has published is stored, once, as it was.

use crate::seeds::Upstream;
use crate::world::{Kind, World, on_both};
use auditgraph::sandbox::{EndOfLog, Faults, Settings};
use auditgraph::source::Part;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

on_both!(
    everything_published_is_stored_once,
    faults_of_seeds_0_to_9_lose_and_repeat_nothing,
    faults_of_two_hundred_seeds_lose_and_repeat_nothing,
    directories_become_events,
    a_listing_is_not_undone_by_what_runs_beside_it,
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

    // The directory tells who was active by that.
    world.sync_all().await;
    let before = world.store().newest().await.unwrap();
    world.sync_all().await;
    assert_eq!(
        world.store().newest().await.unwrap(),
        before,
        "reading again brings nothing new"
    );
}

async fn faults_of_seeds_0_to_9_lose_and_repeat_nothing(kind: Kind) {
    Box::pin(faults(kind, 0..10)).await;
}

async fn faults_of_two_hundred_seeds_lose_and_repeat_nothing(kind: Kind) {
    let world = World::new(kind).await;
    for seed in 0..200 {
        one_seed(&world, seed).await;
    }
}

/// Another log, another order of faults, on a database that many share: each seed is a source of its own.
async fn one_seed(world: &World, seed: u64) {
    let settings = Settings {
        seed,
        history_events: 60,
        history_days: 2,
        people: 10,
        limits: seed.is_multiple_of(2),
        faults: Faults::mix(0.2, seed),
        ..Settings::default()
    };
    let upstream = Upstream::start(world, settings, |config, sandbox| {
        config.organization = sandbox.organization_settings();
        config.organization.name = format!("organization-{seed}");
        config.organization.page_size = 30;
    })
    .await;
    let source = upstream.sources[0].as_ref();
    let before = world.store().newest().await.unwrap();
    upstream
        .read(source, &[Part::Events, Part::History], 2, |sandbox| {
            sandbox.publish(8);
        })
        .await;
    let stored = world.stored_since(source.name(), before).await;
    let ledger = upstream.sandbox.ledger();
    let published = ledger.events().map(|event| (event.id, event.raw)).collect();
    assert_eq!(stored, published, "seed {seed}");
    assert_eq!(ledger.offences(), [""; 0], "seed {seed}");
}

/// Every seed is another company, another past, another order of faults; a fifth of all answers is one.
async fn faults(kind: Kind, seeds: Range<u64>) {
    const ENDS: [EndOfLog; 3] = [
        EndOfLog::KeepsCursor,
        EndOfLog::NullOnEmpty,
        EndOfLog::NullCursor,
    ];
    for (seed, end_of_log) in seeds.zip(ENDS.into_iter().cycle()) {
        let settings = Settings {
            seed,
            history_events: 300,
            history_days: 5,
            people: 20,
            end_of_log,
            faults: Faults::mix(0.2, seed),
            ..Settings::default()
        };
        let world = World::with_sandbox(kind, settings).await;
        let mut clean_rounds = 0;
        for round in 0..20 {
            let mut failed = false;
            for (source, part) in [
                ("organization", Part::Events),
                ("organization", Part::History),
                ("organization", Part::Directory),
                ("bitbucket-cloud", Part::Directory),
            ] {
                failed |= world.sync(source, part).await.is_err();
            }
            if round < 3 {
                world.sandbox().publish(40);
                continue;
            }
            clean_rounds += u32::from(!failed);
            if clean_rounds > 0 {
                break;
            }
            world.clock.advance(Duration::from_mins(1));
        }
        assert_eq!(
            clean_rounds, 1,
            "seed {seed}: no round of the last ones went through"
        );
        assert_eq!(
            world.stored("organization").await,
            world.published(),
            "seed {seed}"
        );
        assert_everybody_is_listed(&world, &format!("seed {seed}")).await;
    }
}

/// That our directory lists everybody whom upstream's does, and besides them apps at most.
async fn assert_everybody_is_listed(world: &World, context: &str) {
    let users = world
        .data("{ users(first: 500) { nodes { accountId kind listed } } }")
        .await;
    let users = users["users"]["nodes"].as_array().unwrap().iter();
    let listed: BTreeMap<&str, &str> = users
        .filter(|user| user["listed"] == true)
        .map(|user| {
            (
                user["accountId"].as_str().unwrap_or_default(),
                user["kind"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = world.sandbox().ledger().users();
    for account in expected.keys() {
        assert!(
            listed.contains_key(account.as_str()),
            "{context}: {account} is missing"
        );
    }
    for (account, kind) in listed {
        assert!(
            expected.contains_key(account) || kind == "APP",
            "{context}: {account} ({kind}) is gone upstream"
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
    assert_everybody_is_listed(&world, "at first").await;
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

async fn a_listing_is_not_undone_by_what_runs_beside_it(kind: Kind) {
    let world = World::with_sandbox(kind, small()).await;
    world.sync_all().await;
    for _ in 0..4 {
        // The round of activity begins before the listing and ends after it, or in the middle of it.
        let (activity, directory) = tokio::join!(
            world.sync("organization", Part::Activity),
            world.sync("organization", Part::Directory),
        );
        activity.unwrap();
        directory.unwrap();
        world.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(
        world.stored("directory").await.len(),
        0,
        "nothing changed, so nothing is noticed"
    );
}

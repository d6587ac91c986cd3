//! Synchronisation against the sandbox: what upstream has published is stored, once, as it was.

use crate::world::{Kind, World, on_both};
use auditgraph::sandbox::{EndOfLog, Faults, Settings};
use auditgraph::source::Part;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

on_both!(
    everything_published_is_stored_once,
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

/// Makes a function for [`on_both`] out of each name and the seeds behind it.
macro_rules! faulty {
    ($($test:ident: $seeds:expr),+ $(,)?) => {
        $(async fn $test(kind: Kind) {
            for seed in $seeds {
                faults_lose_and_repeat_nothing(kind, seed).await;
            }
        })+
        on_both!($($test),+);
    };
}

faulty!(
    faults_0_to_9: 0..10,
    faults_10_to_19: 10..20,
    faults_20_to_29: 20..30,
    faults_30_to_39: 30..40,
    faults_40_to_49: 40..50,
);

/// Every seed is another company, another past, another order of faults and another end of the log.
async fn faults_lose_and_repeat_nothing(kind: Kind, seed: u64) {
    let ends = [
        EndOfLog::NullCursor,
        EndOfLog::NullOnEmpty,
        EndOfLog::KeepsCursor,
    ];
    let settings = Settings {
        seed,
        history_events: 300,
        history_days: 5,
        people: 20,
        end_of_log: ends[usize::try_from(seed).unwrap() % ends.len()],
        faults: Faults::mix(0.2, seed),
        ..Settings::default()
    };
    let world = World::with_sandbox(kind, settings).await;
    let mut parts = vec![
        ("organization", Part::Events),
        ("organization", Part::History),
    ];
    if seed.is_multiple_of(5) {
        parts.push(("organization", Part::Directory));
        parts.push(("bitbucket-cloud", Part::Directory));
    }
    let mut all_well = false;
    for round in 0..20 {
        let mut failed = 0;
        for (source, part) in &parts {
            failed += u32::from(world.sync(source, *part).await.is_err());
        }
        all_well = failed == 0 && round >= 3;
        if all_well {
            break;
        }
        world.sandbox().publish(if round < 3 { 40 } else { 0 });
        if round < 3 && parts.len() > 2 {
            change_the_directory(&world);
        }
        world.clock.advance(Duration::from_mins(1));
    }
    assert!(all_well, "seed {seed}: every part gets through in the end");
    assert_eq!(
        world.stored("organization").await,
        world.published(),
        "seed {seed}"
    );
    if parts.len() > 2 {
        assert_eq!(
            listed_people(&world).await,
            people_upstream(&world),
            "seed {seed}"
        );
    }
}

/// Somebody comes, somebody goes, somebody changes groups.
fn change_the_directory(world: &World) {
    let (sandbox, ledger) = (world.sandbox(), world.sandbox().ledger());
    let users = ledger.users();
    let mut accounts = users.keys().rev();
    sandbox.hire();
    sandbox.leave(accounts.next().unwrap());
    let joins = accounts.next().unwrap();
    let groups = ledger.groups();
    let other = groups
        .values()
        .find(|group| !users[joins].groups.contains(*group));
    if let Some(group) = other {
        sandbox.join_group(joins, group);
    }
}

/// Name and groups of each person that upstream lists, by account id.
fn people_upstream(world: &World) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let users = world.sandbox().ledger().users();
    users
        .into_iter()
        .map(|(account, user)| (account, (user.name, user.groups)))
        .collect()
}

/// The same as it is stored, of everybody who is listed; apps of Bitbucket alone have no account.
async fn listed_people(world: &World) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let answer = world
        .data("{ users(first: 500) { nodes { accountId name listed groups { name } } } }")
        .await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let users = answer["users"]["nodes"].as_array().unwrap().iter();
    users
        .filter(|user| user["listed"] == true && user["accountId"].is_string())
        .map(|user| {
            let groups = user["groups"].as_array().unwrap().iter();
            let groups = groups.map(|group| text(&group["name"])).collect();
            (text(&user["accountId"]), (text(&user["name"]), groups))
        })
        .collect()
}

async fn directories_become_events(kind: Kind) {
    let world = World::with_sandbox(kind, small()).await;
    world.sync("organization", Part::Directory).await.unwrap();
    world
        .sync("bitbucket-cloud", Part::Directory)
        .await
        .unwrap();
    let listed = listed_people(&world).await;
    for (account, person) in people_upstream(&world) {
        assert_eq!(listed.get(&account), Some(&person), "{account}");
    }
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

//! Jira Cloud against the sandbox: what can be heard of by polling is stored, once, and says what was true.

use crate::world::{Kind, World, at, on_both};
use auditgraph::clock::Clock;
use auditgraph::config::JiraCloud as Settings;
use auditgraph::event::action;
use auditgraph::event::directory::{Entry, Listing, ThingKind};
use auditgraph::event::{NewEvent, System};
use auditgraph::sandbox::{self, Channel, Faults, JiraTruth, Sandbox};
use auditgraph::source::jira_cloud::JiraCloud;
use auditgraph::source::{Part, Retry, Source, SourceError};
use auditgraph::sync;
use futures::TryStreamExt;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;
use tokio::net::TcpListener;

on_both!(
    faults_of_seeds_0_to_49_lose_and_repeat_nothing,
    faults_of_seeds_50_to_99_lose_and_repeat_nothing,
    faults_of_seeds_100_to_149_lose_and_repeat_nothing,
    faults_of_seeds_150_to_199_lose_and_repeat_nothing,
    a_backfill_goes_on_where_it_was,
);

/// All that is polled of what happens.
const PARTS: [Part; 5] = [
    Part::Events,
    Part::History,
    Part::Issues,
    Part::IssueHistory,
    Part::Worklogs,
];

fn small(seed: u64) -> sandbox::Settings {
    sandbox::Settings {
        seed,
        history_events: 250,
        history_days: 6,
        people: 20,
        ..sandbox::Settings::default()
    }
}

async fn start(world: &World, settings: sandbox::Settings) -> Sandbox {
    start_at(world, settings, world.clock.clone()).await
}

/// With a clock of its own.
async fn start_at(world: &World, settings: sandbox::Settings, clock: Clock) -> Sandbox {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (tasks, stop) = (&world.tasks, world.stop.clone());
    Sandbox::start(settings, clock, listener, tasks, stop).unwrap()
}

fn settings(world: &World, sandbox: &Sandbox, name: &str) -> Settings {
    Settings {
        name: name.to_owned(),
        base_url: Some(sandbox.jira_url()),
        email: sandbox.jira_email(),
        token: sandbox.jira_token(),
        requests_per_minute: 100_000,
        history_days: 7,
        page_size: 40,
        issue_page_size: 15,
        ..world.config.jira_cloud.clone()
    }
}

fn source(world: &World, settings: &Settings) -> JiraCloud {
    JiraCloud::new(settings, &world.config.http_client, &world.clock).unwrap()
}

async fn run(world: &World, source: &JiraCloud, part: Part) -> Result<u64, sync::SyncError> {
    let outcome = sync::recorded_run(
        source,
        part,
        &world.feed,
        &world.clock,
        |_| None,
        &|_, _| {},
    )
    .await?;
    Ok(outcome.new)
}

/// What could be heard of by polling, and what could not, by key.
fn truths(sandbox: &Sandbox) -> BTreeMap<String, (JiraTruth, bool)> {
    let truths = sandbox.jira_truths(0..sandbox.jira_acts());
    let truths = truths.into_iter().map(|truth| {
        let polled = truth
            .heard
            .iter()
            .any(|channel| *channel != Channel::Webhook);
        (truth.key.clone(), (truth, polled))
    });
    truths.collect()
}

fn assert_complete<'a>(
    stored: impl Iterator<Item = &'a String>,
    sandbox: &Sandbox,
    since: auditgraph::event::Timestamp,
    context: &str,
) {
    let stored: BTreeSet<&str> = stored.map(String::as_str).collect();
    let truths = truths(sandbox);
    // What is edited in the very instant in which it was made does not show as edited.
    let at_once = |truth: &JiraTruth| {
        let made = truth.key.split_once("/updated/");
        let made = made.map(|(thing, _)| format!("{thing}/created"));
        let made = made.and_then(|key| truths.get(&key));
        made.is_some_and(|(made, _)| made.time == truth.time)
    };
    let missing: Vec<_> = truths
        .values()
        .filter(|(truth, polled)| *polled && truth.time >= since && !at_once(truth))
        .filter(|(truth, _)| !stored.contains(truth.key.as_str()))
        .map(|(truth, _)| (&truth.key, truth.time, truth.code))
        .collect();
    assert!(missing.is_empty(), "{context}: missing {missing:#?}");
    let made_up: Vec<_> = stored
        .iter()
        .filter(|key| !truths.contains_key(**key))
        .collect();
    assert!(made_up.is_empty(), "{context}: made up {made_up:#?}");
}

#[tokio::test]
async fn what_is_polled_says_what_was_true() {
    let world = World::new(Kind::Sqlite).await;
    let sandbox = start(&world, small(7)).await;
    let source = source(&world, &settings(&world, &sandbox, "jira"));
    let mut found: BTreeMap<String, NewEvent> = BTreeMap::new();
    let mut issues = BTreeSet::new();
    for part in PARTS {
        let mut pages = source.pages(part, None);
        while let Some(page) = pages.try_next().await.unwrap() {
            for record in &page.records {
                let facts = source.normalise(record);
                for entry in facts.entries {
                    let Entry::Issue(issue) = entry else {
                        panic!("{entry:?}");
                    };
                    assert!(issue.security.is_some(), "said, even when there is none");
                    issues.insert(issue.id);
                }
                for event in facts.events {
                    found.insert(event.upstream_key.clone(), event);
                }
            }
        }
    }
    let since = world.clock.now().minus(Duration::from_hours(24 * 6));
    assert_complete(found.keys(), &sandbox, since, "all parts");
    assert!(issues.len() > 20, "{}", issues.len());
    let (truths, mut numbers) = (truths(&sandbox), BTreeSet::new());
    for (key, event) in &found {
        let (truth, _) = &truths[key];
        assert_eq!(event.time, Some(truth.time), "{key}");
        let actor = event.actor.as_ref().map(|actor| actor.alias.value.clone());
        assert_eq!(actor, truth.actor, "{key}");
        let action = action::resolve(System::JiraCloud, &event.action, None);
        let number = action.and_then(|action| action.number).unwrap_or(0);
        assert_eq!(number, truth.number, "{key} is {}", event.action);
        numbers.insert(number);
        if let Some((id, name)) = &truth.issue {
            let issue = event.issue.as_ref();
            if let Some(known) = issue.and_then(|issue| issue.id.as_ref()) {
                assert_eq!(known, id, "{key}");
            }
            if let Some(known) = issue.and_then(|issue| issue.key.as_ref()) {
                assert_eq!(known, name, "{key}");
            }
        }
    }
    assert!(numbers.len() > 40, "{numbers:?}");
}

async fn faults_of_seeds_0_to_49_lose_and_repeat_nothing(kind: Kind) {
    faults(kind, 0..50).await;
}

async fn faults_of_seeds_50_to_99_lose_and_repeat_nothing(kind: Kind) {
    faults(kind, 50..100).await;
}

async fn faults_of_seeds_100_to_149_lose_and_repeat_nothing(kind: Kind) {
    faults(kind, 100..150).await;
}

async fn faults_of_seeds_150_to_199_lose_and_repeat_nothing(kind: Kind) {
    faults(kind, 150..200).await;
}

/// Every seed is another site, day and order of faults. Its clock may be ten minutes wrong, its limits may hold, and its
/// cursors may be forgotten.
async fn faults(kind: Kind, seeds: Range<u64>) {
    // Some of the days are those on which clocks in Europe and America change.
    const DAYS: [&str; 4] = [
        "2026-11-20T12:00:00Z",
        "2026-10-26T01:30:00Z",
        "2026-11-02T03:00:00Z",
        "2026-03-30T00:30:00Z",
    ];
    let skew = Duration::from_mins(10);
    let mut world = World::new(kind).await;
    for (seed, day) in seeds.zip(DAYS.into_iter().cycle()) {
        let now = at(day);
        world.clock = Clock::manual(now);
        let right = seed / 4 % 3 == 0;
        let theirs = match seed / 4 % 3 {
            0 => world.clock.clone(),
            1 => Clock::manual(now.plus(skew)),
            _ => Clock::manual(now.minus(skew)),
        };
        let pass = |time: Duration| {
            world.clock.advance(time);
            if !right {
                theirs.advance(time);
            }
        };
        let since = now.minus(Duration::from_hours(24 * 6));
        let settings_of_seed = sandbox::Settings {
            history_events: 80,
            people: 10,
            faults: Faults::mix(0.15, seed),
            limits: seed.is_multiple_of(5),
            ..small(seed)
        };
        let sandbox = start_at(&world, settings_of_seed, theirs.clone()).await;
        let name = format!("jira-{seed}");
        let source = source(&world, &settings(&world, &sandbox, &name));
        let before = world.store().newest().await.unwrap();
        let mut whole = false;
        for round in 0..25 {
            let mut failed = false;
            for part in PARTS {
                if let Err(error) = run(&world, &source, part).await {
                    failed = true;
                    if let sync::SyncError::Source(error) = &error
                        && let Retry::After(wait) = error.retry()
                    {
                        pass(wait);
                    }
                }
                if round < 2 {
                    sandbox.publish_jira(4);
                }
            }
            pass(Duration::from_secs(70));
            if seed.is_multiple_of(3) && round == 1 {
                sandbox.forget_cursors();
            }
            whole = !failed && round > 3;
            if whole {
                break;
            }
        }
        assert!(whole, "seed {seed}: no round of the last ones went through");
        let stored = world.stored_since(&name, before).await;
        assert_complete(stored.keys(), &sandbox, since, &format!("seed {seed}"));
        // Where the clocks are two, that of the other side stands still while we wait.
        if right {
            assert_eq!(sandbox.ledger().offences(), [""; 0], "seed {seed}");
        }
    }
}

async fn a_backfill_goes_on_where_it_was(kind: Kind) {
    let world = World::new(kind).await;
    let sandbox = start(&world, small(99)).await;
    let whole = source(&world, &settings(&world, &sandbox, "whole"));
    for part in PARTS {
        run(&world, &whole, part).await.unwrap();
    }
    let through = sandbox.ledger().requests().values().sum::<u64>();
    let torn = source(&world, &settings(&world, &sandbox, "torn"));
    for part in PARTS {
        // Each run is allowed a few pages, then it is gone.
        for _ in 0..200 {
            let cursor = world.store().cursor("torn", part.as_str()).await.unwrap();
            let mut pages = torn.pages(part, cursor);
            let mut over = false;
            for _ in 0..2 {
                let Some(page) = pages.try_next().await.unwrap() else {
                    over = true;
                    break;
                };
                let events = page
                    .records
                    .iter()
                    .map(|record| torn.normalise(record).events);
                let batch = auditgraph::store::Batch {
                    part: part.as_str(),
                    events: events.flatten().collect(),
                    cursor: page.cursor,
                    ..Default::default()
                };
                let now = world.clock.now();
                let system = System::JiraCloud;
                world.feed.append("torn", system, batch, now).await.unwrap();
            }
            if over {
                break;
            }
        }
    }
    let all = world.stored("whole").await;
    let torn: BTreeSet<String> = world.stored("torn").await.into_keys().collect();
    let all: BTreeSet<String> = all.into_keys().collect();
    // Two pages are not always a whole window of the audit log, which begins anew.
    let lost: Vec<_> = all
        .difference(&torn)
        .filter(|key| !key.starts_with("audit/"))
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
    let requests = sandbox.ledger().requests().values().sum::<u64>() - through;
    assert!(requests < through * 6, "{requests} instead of {through}");
}

#[tokio::test]
async fn without_an_audit_log_everything_else_is_read() {
    let world = World::new(Kind::Sqlite).await;
    let sandbox = start(&world, small(3)).await;
    sandbox.set_jira_free_plan(true);
    let source = source(&world, &settings(&world, &sandbox, "jira"));
    for part in [Part::Events, Part::History] {
        let error = run(&world, &source, part).await.unwrap_err().to_string();
        assert!(
            error.contains("the site's plan has no audit log"),
            "{error}"
        );
    }
    for part in [Part::Issues, Part::IssueHistory, Part::Worklogs] {
        run(&world, &source, part).await.unwrap();
    }
    assert!(!world.stored("jira").await.is_empty());
}

#[tokio::test]
async fn the_directory_is_read_whole() {
    let world = World::new(Kind::Sqlite).await;
    let sandbox = start(&world, small(5)).await;
    let source = source(&world, &settings(&world, &sandbox, "jira"));
    let pages: Result<Vec<_>, SourceError> =
        source.pages(Part::Directory, None).try_collect().await;
    let entries: Vec<Entry> = pages
        .unwrap()
        .into_iter()
        .flat_map(|page| page.entries)
        .collect();
    let count = |wanted: fn(&Entry) -> bool| entries.iter().filter(|entry| wanted(entry)).count();
    let ledger = sandbox.ledger();
    assert_eq!(
        count(|entry| matches!(entry, Entry::User(_))),
        ledger.users().len()
    );
    assert!(count(|entry| matches!(entry, Entry::Member(_))) > 10);
    for listing in [
        Listing::Users,
        Listing::Groups,
        Listing::Containers,
        Listing::Members,
    ] {
        assert!(entries.contains(&Entry::End(listing)), "{listing:?}");
    }
    for kind in ThingKind::ALL {
        let things = entries.iter().filter(|entry| match entry {
            Entry::Thing(thing) => thing.kind == kind,
            _ => false,
        });
        assert!(things.count() > 0, "{kind:?}");
        assert!(
            entries.contains(&Entry::End(Listing::Things(kind))),
            "{kind:?}"
        );
    }
}

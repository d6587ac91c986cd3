//! The table of actions, end to end: each of the 88 happens in the sandbox and arrives in the log, with who did it and to
//! what; those that no system reports say so.

use crate::seeds::Upstream;
use crate::world::{Kind, World, on_both};
use auditgraph::event::action;
use auditgraph::sandbox::{JiraTruth, Sandbox, Settings};
use auditgraph::sync::hook;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

on_both!(every_action_arrives);

/// What Atlassian offers no way to read.
const UNREADABLE: [u8; 2] = [86, 87];

/// Of these, upstream tells neither in a webhook nor in a record who did it, or tells it of nothing.
const NOBODY: [&str; 21] = [
    "comment.deleted",
    "worklog.deleted",
    "user.deleted",
    "version.released",
    "version.unreleased",
    "version.moved",
    "option.voting_changed",
    "option.watching_changed",
    "option.unassigned_issues_changed",
    "option.subtasks_changed",
    "option.issue_links_changed",
    "option.time_tracking_changed",
    "board.created",
    "board.updated",
    "board.deleted",
    "board.configuration_changed",
    "issue_type.created",
    "issue_type.updated",
    "issue_type.deleted",
    "asset_roles.updated",
    "asset_object_type_roles.updated",
];

/// Reads everything that all sources have.
async fn read(world: &World, upstream: &Upstream<'_>) {
    for source in &upstream.sources {
        upstream
            .read(source.as_ref(), source.parts(), 0, |_| {})
            .await;
    }
    world.clock.advance(Duration::from_mins(2));
}

/// Somebody in the directory who can be sent away and called back.
fn somebody(sandbox: &Sandbox) -> Vec<String> {
    let users = sandbox.ledger().users().into_iter();
    let active = users.filter(|(_, user)| user.status == "active");
    active.map(|(id, _)| id).skip(1).collect()
}

/// Delivers every webhook that the sandbox's Jira would have sent.
async fn deliver(world: &World, upstream: &Upstream<'_>) {
    let sandbox = &upstream.sandbox;
    let jira = upstream
        .sources
        .iter()
        .find(|source| source.name() == "jira-cloud");
    let jira = jira.unwrap().as_ref();
    for delivery in sandbox.jira_deliveries(0..sandbox.jira_acts()) {
        let headers = delivery.headers(None, 0);
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        let now = world.clock.now();
        hook::receive(jira, &headers, &delivery.body, 0, &world.feed, now)
            .await
            .unwrap();
    }
}

/// Who an event names, what it was done to, and what else was involved.
struct Found {
    actor: Value,
    target: Value,
    objects: Vec<Value>,
}

/// All events of an action, by source and key.
async fn events(world: &World, code: &str) -> BTreeMap<(String, String), Found> {
    let mut found = BTreeMap::new();
    let mut after = Value::Null;
    loop {
        let query = "query ($actions: [String!], $after: String) {
            events(filter: {actions: $actions}, first: 500, after: $after) {
                nodes { source upstreamId actor { user { accountId } } target { type id user { accountId } } objects { id } }
                pageInfo { hasNextPage endCursor }
            }
        }";
        let answer = world
            .ask(query, json!({"actions": [code], "after": after}))
            .await;
        let page = &answer["data"]["events"];
        assert!(page.is_object(), "{code}: {answer}");
        for node in page["nodes"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let key = (text(&node["source"]), text(&node["upstreamId"]));
            let target = &node["target"];
            let objects = node["objects"].as_array().unwrap().iter();
            let one = Found {
                actor: node["actor"]["user"]["accountId"].clone(),
                target: if target["user"].is_null() {
                    target["id"].clone()
                } else {
                    target["user"]["accountId"].clone()
                },
                objects: objects.map(|object| object["id"].clone()).collect(),
            };
            found.insert(key, one);
        }
        if page["pageInfo"]["hasNextPage"] == false {
            return found;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// Lets everything happen once.
fn live(world: &World, sandbox: &Sandbox) {
    let people = somebody(sandbox);
    assert!(sandbox.deactivate(&people[0]) && sandbox.reactivate(&people[0]));
    for action in [
        "user_invitation_sent",
        "user_removed_from_site",
        "managed_account_deletion_scheduled",
        "managed_account_deletion_cancelled",
        "api_token_created",
        "api_token_revoked",
    ] {
        assert!(sandbox.report(action, &people[1]), "{action}");
    }
    let codes = action::all().filter(|action| action.number.is_some());
    for action in codes {
        sandbox.jira_do(action.counter);
    }
    sandbox.publish(200);
    world.clock.advance(Duration::from_hours(30));
    sandbox.publish(200);
}

async fn every_action_arrives(kind: Kind) {
    let world = World::new(kind).await;
    let settings = Settings {
        history_events: 700,
        history_days: 20,
        people: 40,
        ..Settings::default()
    };
    let upstream = Upstream::start(&world, settings, |config, sandbox| {
        config.organization = sandbox.organization_settings();
        config.bitbucket_cloud = sandbox.bitbucket_settings();
        config.jira_cloud = sandbox.jira_settings();
        config.confluence_cloud = sandbox.confluence_settings();
        config.assets = sandbox.assets_settings();
    })
    .await;
    let sandbox = &upstream.sandbox;
    read(&world, &upstream).await;
    live(&world, sandbox);
    read(&world, &upstream).await;
    deliver(&world, &upstream).await;
    read(&world, &upstream).await;

    let truths = sandbox.jira_truths(0..sandbox.jira_acts());
    let truths: BTreeMap<String, JiraTruth> = truths
        .into_iter()
        .map(|truth| (truth.key.clone(), truth))
        .collect();
    let (mut missing, mut wrong, mut anonymous) = (BTreeSet::new(), Vec::new(), Vec::new());
    for action in action::all() {
        let Some(number) = action.number else {
            continue;
        };
        let found = events(&world, action.code).await;
        if found.is_empty() {
            missing.insert(number);
        }
        let mut named = false;
        for ((source, key), event) in &found {
            named |= !event.actor.is_null() && !event.target.is_null();
            let Some(truth) = truths.get(key).filter(|_| source == "jira-cloud") else {
                continue;
            };
            let told = json!(truth.actor);
            let learned = told.is_null() && event.actor == json!(truth.by);
            // Who joins a group is the target, the group comes with it.
            let thing = json!(truth.id);
            let about =
                truth.id.is_empty() || event.target == thing || event.objects.contains(&thing);
            if truth.number != number || !(event.actor == told || learned) || !about {
                let Found { actor, target, .. } = event;
                wrong.push(format!(
                    "{key} of {number}: {actor} {target}, in truth {truth:?}"
                ));
            }
        }
        if !named {
            anonymous.push(action.code);
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong, such as {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(12)]
    );
    assert_eq!(missing, BTreeSet::from(UNREADABLE));
    assert_eq!(
        anonymous, NOBODY,
        "actions of which nobody is known to have done one"
    );

    let data = world
        .data("{ actions { code available unavailableBecause } }")
        .await;
    for action in data["actions"].as_array().unwrap() {
        let known = action::by_code(action["code"].as_str().unwrap());
        let number = known.and_then(|known| known.number);
        let unreadable = number.is_some_and(|number| UNREADABLE.contains(&number));
        assert_eq!(action["available"] == false, unreadable, "{action}");
        assert_eq!(
            action["unavailableBecause"].is_string(),
            unreadable,
            "{action}"
        );
    }
}

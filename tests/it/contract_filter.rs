//! The lines of the contract that filters have to keep: who is chosen by what they belong to, changes, and Jira's language.

use crate::world::{Kind, World, administrator, event, on_both, person, project};
use auditgraph::access::{Role, Viewer};
use auditgraph::event::directory::{
    DirectoryGroup, DirectoryMember, DirectoryUser, Entry, Listing,
};
use auditgraph::event::{Alias, Change, IssueRef, NewEvent, System};
use auditgraph::feed::Feed;
use auditgraph::sandbox::{self, Sandbox};
use auditgraph::source;
use auditgraph::source::jql::AskJira;
use auditgraph::store::Batch;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

on_both!(
    c05_selectors_of_people_combine_with_or_now_and_at_the_time,
    c07_c09_status_and_resolution_hold_together,
    c08_no_field_means_the_monitored_ones,
    c10_jira_finds_the_issues_of_its_own_language,
);

const QUERY: &str = "query ($filter: EventFilter) {
    events(filter: $filter, first: 500, orderBy: {field: RECORDED, direction: ASC}) {
        nodes { upstreamId issue { key } }
    }
}";

/// The upstream ids of what a filter chooses, of those that a test has stored.
async fn chosen(world: &World, filter: Value) -> String {
    let answer = world.ask(QUERY, json!({"filter": filter})).await;
    assert_eq!(answer.get("errors"), None, "{filter}");
    let nodes = answer["data"]["events"]["nodes"].as_array().unwrap();
    let ids = nodes.iter().filter_map(|node| node["upstreamId"].as_str());
    ids.filter(|id| id.len() == 1).collect()
}

/// What is wrong with a filter: the code and the message.
async fn refused(world: &World, filter: Value) -> (String, String) {
    let answer = world.ask(QUERY, json!({"filter": filter})).await;
    let error = &answer["errors"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&error["extensions"]["code"]), text(&error["message"]))
}

fn user(account: &str, groups: &[&str]) -> DirectoryUser {
    let group = |name: &&str| DirectoryGroup {
        id: (*name).to_owned(),
        name: Some((*name).to_owned()),
        description: None,
    };
    DirectoryUser {
        aliases: vec![Alias::account(account)],
        groups: Some(groups.iter().map(group).collect()),
        ..DirectoryUser::default()
    }
}

/// Lists these people with their groups, and these as the members of the project WEB.
async fn list(world: &World, people: &[(&str, &[&str])], members: &[&str]) {
    let member = |account: &&str| {
        let container = project("WEB");
        Entry::Member(DirectoryMember {
            container,
            user: Box::new(DirectoryUser {
                groups: None,
                ..user(account, &[])
            }),
            permission: Some("Developers".to_owned()),
            since: None,
        })
    };
    let people = people
        .iter()
        .map(|(account, groups)| Entry::User(Box::new(user(account, groups))));
    let entries = people
        .chain([Entry::End(Listing::Users)])
        .chain([Entry::Container(project("WEB"))])
        .chain(members.iter().map(member))
        .chain([Entry::End(Listing::Members)]);
    let now = world.clock.now();
    let batch = Batch {
        part: "directory",
        entries: entries.collect(),
        listing_began: Some(now),
        ..Batch::default()
    };
    let appended = world
        .feed
        .append("organization", System::Organization, batch, now);
    appended.await.unwrap();
}

async fn c05_selectors_of_people_combine_with_or_now_and_at_the_time(kind: Kind) {
    let world = World::new(kind).await;
    let (ann, bo, cy) = ("557058:ann", "557058:bo", "557058:cy");
    list(&world, &[(ann, &["admins"]), (bo, &[]), (cy, &[])], &[bo]).await;
    let by = |id: &str, account: &str, time: &str| NewEvent {
        actor: Some(person(account, account)),
        ..event(id, time)
    };
    let (before, after) = ("2026-11-20T12:30:00Z", "2026-11-20T14:00:00Z");
    world.clock.advance(Duration::from_hours(1));
    // At one o'clock Ann is no administrator any more, and Cy takes Bo's place in the project.
    list(&world, &[(ann, &[]), (bo, &[]), (cy, &[])], &[cy]).await;
    world
        .append(vec![
            by("a", ann, before),
            by("b", bo, before),
            by("c", cy, before),
            by("d", ann, after),
            by("e", bo, after),
            by("f", cy, after),
        ])
        .await;
    let past = "AT_EVENT_TIME";
    for (filter, expected) in [
        (json!({"groups": ["admins"]}), ""),
        (json!({"groups": ["admins"], "membership": past}), "a"),
        (json!({"peopleInProjects": ["WEB"]}), "cf"),
        (
            json!({"peopleInProjects": ["WEB"], "membership": past}),
            "bf",
        ),
        (json!({"users": [ann], "peopleInProjects": ["WEB"]}), "acdf"),
        (
            json!({"users": [cy], "groups": ["admins"], "peopleInProjects": ["WEB"], "membership": past}),
            "abcf",
        ),
        (
            json!({"users": [ann], "groups": ["admins"], "time": {"between": {"to": after}}}),
            "a",
        ),
    ] {
        assert_eq!(chosen(&world, filter.clone()).await, expected, "{filter}");
    }
    let (code, message) = refused(&world, json!({"peopleInProjects": ["NOPE"]})).await;
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(message.contains("peopleInProjects[0]"), "{message}");
    let (code, _) = refused(&world, json!({"peopleInOrganizations": ["Nope"]})).await;
    assert_eq!(code, "BAD_USER_INPUT");
}

fn changing(id: &str, changes: &[(&str, Option<&str>, &str)]) -> NewEvent {
    let change = |(field, from, to): &(&str, Option<&str>, &str)| Change {
        field: (*field).to_owned(),
        from: from.map(str::to_owned),
        to: Some((*to).to_owned()),
    };
    NewEvent {
        issue: Some(IssueRef {
            id: Some("10001".to_owned()),
            key: Some("WEB-1".to_owned()),
        }),
        changes: changes.iter().map(change).collect(),
        ..event(id, "2026-11-20T11:00:00Z")
    }
}

async fn c07_c09_status_and_resolution_hold_together(kind: Kind) {
    let world = World::new(kind).await;
    let resolution = ("resolution", None, "Fixed");
    world
        .append(vec![
            changing("a", &[("status", Some("To Do"), "Doing")]),
            changing("b", &[("status", Some("Doing"), "Done"), resolution]),
            changing("c", &[("Status", Some("To Do"), "Done")]),
            changing("d", &[resolution, ("priority", Some("Low"), "High")]),
        ])
        .await;
    for (filter, expected) in [
        (json!({"statusFrom": ["to do"]}), "ac"),
        (json!({"statusTo": ["Done", "Doing"]}), "abc"),
        (json!({"statusFrom": ["To Do"], "statusTo": ["DONE"]}), "c"),
        (json!({"resolutions": ["fixed"]}), "bd"),
        (json!({"statusTo": ["Done"], "resolutions": ["Fixed"]}), "b"),
        (
            json!({"statusTo": ["Done"], "resolutions": ["Fixed"], "fields": ["priority"]}),
            "",
        ),
        (
            json!({"resolutions": ["Fixed"], "fields": ["priority"]}),
            "d",
        ),
    ] {
        assert_eq!(chosen(&world, filter.clone()).await, expected, "{filter}");
    }
    let (code, message) = refused(&world, json!({"statusTo": ["Dome"]})).await;
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(message.contains("there is no status `Dome`"), "{message}");
}

async fn c08_no_field_means_the_monitored_ones(kind: Kind) {
    const SET: &str = "mutation ($fields: [String!]!) {
        setMonitoredFields(input: {fields: $fields}) { monitoredFields }
    }";
    let world = World::new(kind).await;
    world
        .append(vec![
            changing("a", &[("priority", None, "High")]),
            changing("b", &[("Story Points", None, "3")]),
            changing("c", &[("labels", None, "new")]),
        ])
        .await;
    let set = world
        .ask(SET, json!({"fields": ["story points", "labels"]}))
        .await;
    let known = json!(["labels", "story points"]);
    assert_eq!(set["data"]["setMonitoredFields"]["monitoredFields"], known);
    assert_eq!(chosen(&world, json!({"fields": []})).await, "bc");
    assert_eq!(chosen(&world, json!({"fields": ["PRIORITY"]})).await, "a");
    let filter = json!({"not": {"fields": []}});
    assert_eq!(chosen(&world, filter).await, "a");
    let manager = Viewer {
        role: Role::Manager,
        ..administrator()
    };
    let denied = world.ask_as(manager, SET, json!({"fields": []})).await;
    assert_eq!(denied["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(
        world.data("{ monitoredFields }").await["monitoredFields"],
        known
    );
}

async fn c10_jira_finds_the_issues_of_its_own_language(kind: Kind) {
    let mut world = World::new(kind).await;
    let (code, message) = refused(&world, json!({"jql": "project = WEB"})).await;
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(message.contains("[jira_cloud]"), "{message}");

    let small = sandbox::Settings {
        history_events: 200,
        history_days: 6,
        people: 12,
        ..sandbox::Settings::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (clock, stop) = (world.clock.clone(), world.stop.clone());
    let upstream = Sandbox::start(small, clock, listener, &world.tasks, stop).unwrap();
    world.config.jira_cloud = upstream.jira_settings();
    world.sources = source::configured(&world.config, &world.clock).unwrap();
    let (tasks, stop) = (&world.tasks, &world.stop);
    let search = AskJira::new(
        &world.sources,
        &world.config.jira_cloud,
        &world.clock,
        tasks,
        stop,
    );
    let store = world.store().clone().asking(Arc::new(search));
    world.feed = Feed::open(store).await.unwrap();
    world.sync_all().await;

    let all = world
        .ask(QUERY, json!({"filter": {"products": ["JIRA"]}}))
        .await;
    let keys = |answer: &Value| -> Vec<String> {
        let nodes = answer["data"]["events"]["nodes"].as_array().unwrap();
        let keys = nodes.iter().map(|node| node["issue"]["key"].as_str());
        keys.map(|key| key.unwrap_or_default().to_owned()).collect()
    };
    let everything = keys(&all);
    let first = everything.iter().find(|key| !key.is_empty()).unwrap();
    let project = first.split('-').next().unwrap();
    let filter = json!({"jql": format!("project = {project}")});
    let found = world.ask(QUERY, json!({"filter": filter})).await;
    let found: BTreeSet<String> = keys(&found).into_iter().collect();
    assert!(found.contains(first), "{found:?}");
    let of_project = |key: &String| key.starts_with(&format!("{project}-"));
    assert!(
        found.iter().all(of_project),
        "only what concerns its issues: {found:?}"
    );

    let (code, message) = refused(&world, json!({"jql": "project is what it is"})).await;
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(
        message.contains("filter.jql") && message.contains("Jira says"),
        "{message}"
    );
}

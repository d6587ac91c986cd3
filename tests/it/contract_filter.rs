//! The lines of the contract that filters have to keep: who is chosen by what they belong to, changes, and Jira's language.

use crate::world::{Kind, World, administrator, at, event, on_both, person, project};
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
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

on_both!(
    c03_all_basic_filters_work_together,
    c04_ranges_of_time_begin_and_end_in_a_time_zone,
    c04_without_a_range_events_are_paged_through_to_the_last,
    c05_selectors_of_people_combine_with_or_now_and_at_the_time,
    c07_c09_status_and_resolution_hold_together,
    c08_no_field_means_the_monitored_ones,
    c10_jira_finds_the_issues_of_its_own_language,
    c10_jira_finds_by_status_and_by_type_all_there_are,
    c10_more_issues_than_the_setting_allows_are_an_error,
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

async fn c03_all_basic_filters_work_together(kind: Kind) {
    let world = World::new(kind).await;
    let (ann, bo) = ("557058:ann", "557058:bo");
    let people: [(&str, &[&str]); 2] = [(ann, &["admins", "jsm-organization/7"]), (bo, &[])];
    list(&world, &people, &[ann]).await;
    let done = |id: &str, account: &str, place: &str| NewEvent {
        actor: Some(person(account, account)),
        container: Some(project(place)),
        ..changing(
            id,
            &[
                ("status", Some("To Do"), "Done"),
                ("resolution", None, "Fixed"),
                ("priority", Some("Low"), "High"),
            ],
        )
    };
    world
        .append(vec![
            done("a", ann, "WEB"),
            done("b", ann, "OPS"),
            done("c", bo, "WEB"),
            NewEvent {
                changes: Vec::new(),
                ..done("d", ann, "WEB")
            },
            NewEvent {
                time: Some(at("2026-10-01T00:00:00Z")),
                ..done("e", ann, "WEB")
            },
        ])
        .await;
    let each = [
        (json!({"time": {"preset": "TODAY"}}), "abcd"),
        (json!({"projects": ["WEB"]}), "acde"),
        (json!({"users": [ann]}), "abde"),
        (json!({"groups": ["admins"]}), "abde"),
        (json!({"peopleInProjects": ["WEB"]}), "abde"),
        (json!({"peopleInOrganizations": ["7"]}), "abde"),
        (
            json!({"statusFrom": ["To Do"], "statusTo": ["Done"]}),
            "abce",
        ),
        (json!({"resolutions": ["Fixed"]}), "abce"),
        (json!({"fields": ["priority"]}), "abce"),
    ];
    let mut whole = json!({});
    for (filter, expected) in each {
        assert_eq!(chosen(&world, filter.clone()).await, expected, "{filter}");
        let fields = filter.as_object().unwrap().clone();
        whole.as_object_mut().unwrap().extend(fields);
    }
    assert_eq!(chosen(&world, whole).await, "a");
}

async fn c04_ranges_of_time_begin_and_end_in_a_time_zone(kind: Kind) {
    let world = World::new(kind).await;
    // It is noon of Friday, one o'clock in Berlin; there the day began at eleven in the evening.
    let events = [
        ("a", "2026-11-20T11:59:00Z"),
        ("b", "2026-11-19T23:30:00Z"),
        ("c", "2026-11-19T22:30:00Z"),
        ("d", "2026-11-15T23:30:00Z"),
        ("e", "2026-10-31T23:30:00Z"),
        ("f", "2026-10-20T12:00:00Z"),
        ("g", "2025-12-31T23:30:00Z"),
        ("h", "2024-02-29T00:00:00Z"),
    ];
    let events = events.map(|(id, time)| event(id, time));
    world.append(events.to_vec()).await;
    let between = |from: &str, to: &str| json!({"between": {"from": from, "to": to}});
    for (time, utc, berlin) in [
        (json!({"preset": "TODAY"}), "a", "ab"),
        (json!({"preset": "YESTERDAY"}), "bc", "c"),
        (json!({"preset": "THIS_WEEK"}), "abc", "abcd"),
        (json!({"preset": "LAST_WEEK"}), "d", ""),
        (json!({"preset": "THIS_MONTH"}), "abcd", "abcde"),
        (json!({"preset": "LAST_MONTH"}), "ef", "f"),
        (json!({"preset": "THIS_YEAR"}), "abcdef", "abcdefg"),
        (json!({"preset": "LAST_7_DAYS"}), "abcd", "abcd"),
        (json!({"preset": "LAST_30_DAYS"}), "abcde", "abcde"),
        (json!({"preset": "LAST_365_DAYS"}), "abcdefg", "abcdefg"),
        (json!({"last": {"hours": 1}}), "a", "a"),
        (json!({"last": {"days": 1}}), "abc", "abc"),
        (
            between("2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z"),
            "bc",
            "bc",
        ),
        (
            between("2026-11-19T00:00:00+01:00", "2026-11-20T00:00:00+01:00"),
            "c",
            "c",
        ),
        (json!({"between": {"to": "2025-01-01T00:00:00Z"}}), "h", "h"),
    ] {
        assert_eq!(sorted(&world, json!({"time": time})).await, utc, "{time}");
        let there = json!({"time": time, "timeZone": "Europe/Berlin"});
        assert_eq!(sorted(&world, there).await, berlin, "{time} in Berlin");
    }
    for (filter, at) in [
        (json!({"time": {"last": {"days": 0}}}), "filter.time"),
        (
            json!({"time": between("2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z")}),
            "filter.time",
        ),
        (json!({"timeZone": "Mars/Olympus"}), "filter.timeZone"),
    ] {
        let (code, message) = refused(&world, filter.clone()).await;
        assert_eq!(code, "BAD_USER_INPUT", "{filter}");
        assert!(message.starts_with(at), "{message}");
    }
}

/// The ids of what a filter chooses, in alphabetical order.
async fn sorted(world: &World, filter: Value) -> String {
    let mut ids: Vec<char> = chosen(world, filter).await.chars().collect();
    ids.sort_unstable();
    ids.into_iter().collect()
}

async fn c04_without_a_range_events_are_paged_through_to_the_last(kind: Kind) {
    const PAGE: &str = "query ($after: String) {
        events(first: 500, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
    }";
    let world = World::new(kind).await;
    // Five years, at a moment for three each.
    let first = at("2021-11-20T12:00:00Z");
    let many = (0..1_300_u64).map(|id| NewEvent {
        time: Some(first.plus(Duration::from_hours(id / 3 * 100))),
        ..event(&id.to_string(), "2026-11-20T12:00:00Z")
    });
    world.append(many.collect()).await;
    let (mut seen, mut pages, mut after) = (BTreeSet::new(), 0, Value::Null);
    loop {
        let answer = world.ask(PAGE, json!({"after": after})).await;
        let events = &answer["data"]["events"];
        let nodes = events["nodes"].as_array().unwrap().iter();
        seen.extend(nodes.map(|node| node["id"].as_str().unwrap().to_owned()));
        pages += 1;
        if events["pageInfo"]["hasNextPage"] != true {
            break;
        }
        after = events["pageInfo"]["endCursor"].clone();
    }
    assert_eq!((seen.len(), pages), (1_300, 3));
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

    connect_jira(&mut world, 50_000).await;
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

/// Issues on a page of Jira's answers.
const PAGE: usize = 3;

/// Connects a sandbox's Jira, whose answers may have so many issues, and reads all of it.
async fn connect_jira(world: &mut World, most: u32) {
    let small = sandbox::Settings {
        history_events: 200,
        history_days: 6,
        people: 12,
        // So that what Jira finds comes on several pages.
        site_page: PAGE,
        ..sandbox::Settings::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (clock, stop) = (world.clock.clone(), world.stop.clone());
    let upstream = Sandbox::start(small, clock, listener, &world.tasks, stop).unwrap();
    world.config.jira_cloud = upstream.jira_settings();
    world.config.jira_cloud.jql_issues = most;
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
}

/// What a filter chooses of what concerns issues that are there, newest first, page by page.
async fn of_issues(world: &World, filter: Value) -> Vec<Value> {
    const PAGE: &str = "query ($filter: EventFilter, $after: String) {
        events(filter: $filter, first: 500, after: $after) {
            nodes { issue { issue { key type deleted } } changes { field to } } pageInfo { hasNextPage endCursor }
        }
    }";
    let (mut all, mut after) = (Vec::new(), Value::Null);
    loop {
        let variables = json!({"filter": filter, "after": after});
        let answer = world.ask(PAGE, variables).await;
        assert_eq!(answer.get("errors"), None, "{filter}");
        let events = &answer["data"]["events"];
        all.extend(events["nodes"].as_array().unwrap().clone());
        if events["pageInfo"]["hasNextPage"] != true {
            all.retain(|event| event["issue"]["issue"]["deleted"] == false);
            return all;
        }
        after = events["pageInfo"]["endCursor"].clone();
    }
}

/// What is true of an issue.
#[derive(Default)]
struct Truth {
    kind: String,
    status: Option<String>,
}

/// Whether an issue, by its key and what is true of it, is to be found.
type Fits<'a> = &'a dyn Fn(&str, &Truth) -> bool;

async fn c10_jira_finds_by_status_and_by_type_all_there_are(kind: Kind) {
    let mut world = World::new(kind).await;
    connect_jira(&mut world, 50_000).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut issues: BTreeMap<String, Truth> = BTreeMap::new();
    for event in of_issues(&world, json!({})).await {
        let issue = &event["issue"]["issue"];
        let truth = issues.entry(text(&issue["key"])).or_default();
        truth.kind = text(&issue["type"]);
        let mut changes = event["changes"].as_array().unwrap().iter();
        if let Some(change) = changes.find(|change| change["field"] == "status") {
            // The newest change comes first.
            truth.status.get_or_insert_with(|| text(&change["to"]));
        }
    }
    // Its type and its project are asked for, too, so that there is something to find each time.
    let done = issues
        .iter()
        .find(|(_, truth)| truth.status.as_deref() == Some("Done"));
    let (first, some_kind) = done
        .map(|(key, truth)| (key.clone(), truth.kind.clone()))
        .unwrap();
    let project = first.split('-').next().unwrap();
    let here = |key: &str| key.starts_with(&format!("{project}-"));
    let is = |truth: &Truth, status: &str| truth.status.as_deref() == Some(status);
    let cases: [(String, Fits<'_>); 5] = [
        ("status = Done".to_owned(), &|_, truth| is(truth, "Done")),
        (
            "status in (Done, \"In Progress\")".to_owned(),
            &|_, truth| is(truth, "Done") || is(truth, "In Progress"),
        ),
        (format!("type = {some_kind}"), &|_, truth| {
            truth.kind == some_kind
        }),
        (
            format!("project = {project} AND type = {some_kind}"),
            &|key, truth| here(key) && truth.kind == some_kind,
        ),
        (
            format!("project = {project} AND status = Done"),
            &|key, truth| here(key) && is(truth, "Done"),
        ),
    ];
    let mut most = 0;
    for (jql, fits) in cases {
        let found = of_issues(&world, json!({"jql": jql})).await;
        let found: BTreeSet<String> = found
            .iter()
            .map(|event| text(&event["issue"]["issue"]["key"]))
            .collect();
        let expected = issues.iter().filter(|(key, truth)| fits(key, truth));
        let expected: BTreeSet<String> = expected.map(|(key, _)| key.clone()).collect();
        assert!(!expected.is_empty(), "{jql}");
        assert_eq!(found, expected, "{jql}");
        most = most.max(found.len());
    }
    assert!(
        most > 2 * PAGE,
        "an answer of several pages is among them: {most}"
    );
}

async fn c10_more_issues_than_the_setting_allows_are_an_error(kind: Kind) {
    let mut world = World::new(kind).await;
    connect_jira(&mut world, 5).await;
    let (code, message) = refused(&world, json!({"jql": "created > -365d"})).await;
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(
        message.contains("filter.jql") && message.contains("more than 5 issues"),
        "{message}"
    );
}

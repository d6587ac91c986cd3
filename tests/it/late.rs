//! Who did what a webhook reports without a name: learned from other reports of the same act, never guessed.

use crate::world::{Kind, World, administrator, event, on_both, person};
use auditgraph::event::directory::{DirectoryIssue, Entry};
use auditgraph::event::filter::EventFilter;
use auditgraph::event::{
    Actor, ActorKind, Change, Container, ContainerKind, IssueRef, NewEvent, Object, System,
};
use auditgraph::store::Batch;
use futures::{StreamExt, TryStreamExt};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::BTreeMap;

on_both!(
    a_witness_names_whoever_did_it,
    whoever_turns_out_later_is_found_everywhere,
    pages_hold_what_was_told_at_once_and_later,
    witnesses_that_disagree_name_nobody,
    changelogs_tell_of_parts_of_issues,
    the_same_record_with_a_name_is_its_own_witness,
    other_sites_are_no_witnesses,
    the_order_of_arrival_does_not_matter,
);

const SITE: &str = "acme.atlassian.net";

fn web(scope: &str) -> Container {
    Container {
        key: Some("WEB".to_owned()),
        ..Container::new(ContainerKind::Project, scope, "10000")
    }
}

/// A report of Jira about a thing.
fn report(key: &str, time: &str, action: &str, thing: &str) -> NewEvent {
    NewEvent {
        system: System::JiraCloud,
        action: action.to_owned(),
        actor: None,
        target: Some(Object {
            kind: "version".to_owned(),
            id: Some(thing.to_owned()),
            ..Object::default()
        }),
        container: Some(web(SITE)),
        message: None,
        ..event(key, time)
    }
}

fn by(account: &str, event: NewEvent) -> NewEvent {
    NewEvent {
        actor: Some(person(account, account)),
        ..event
    }
}

/// The same under the organization's words.
fn from_organization(event: NewEvent, action: &str) -> NewEvent {
    NewEvent {
        system: System::Organization,
        action: action.to_owned(),
        ..event
    }
}

async fn store(world: &World, source: &str, events: Vec<NewEvent>) {
    let system = match source {
        "organization" => System::Organization,
        _ => System::JiraCloud,
    };
    let batch = Batch {
        part: "test",
        events,
        ..Batch::default()
    };
    let stored = world.feed.append(source, system, batch, world.clock.now());
    stored.await.unwrap();
}

/// Key of every event to who did it and the key of the event that says so.
async fn actors(world: &World) -> BTreeMap<String, (Value, Value)> {
    let query =
        "{ events(first: 500, orderBy: {field: RECORDED, direction: ASC}) { nodes { upstreamId
        actor { name } actorResolvedFrom { upstreamId } } } }";
    let data = world.data(query).await;
    let events = data["events"]["nodes"].as_array().unwrap().iter();
    let row = |event: &Value| {
        let key = event["upstreamId"].as_str().unwrap().to_owned();
        let (who, from) = (
            &event["actor"]["name"],
            &event["actorResolvedFrom"]["upstreamId"],
        );
        (key, (who.clone(), from.clone()))
    };
    events.map(row).collect()
}

async fn a_witness_names_whoever_did_it(kind: Kind) {
    let world = World::new(kind).await;
    let hook = report(
        "hook/1",
        "2026-11-20T10:00:00Z",
        "jira:version_released",
        "7",
    );
    let audit = report(
        "audit/1",
        "2026-11-20T10:01:59Z",
        "Project version released",
        "7",
    );
    store(&world, "jira", vec![hook]).await;
    assert_eq!(actors(&world).await["hook/1"], (Value::Null, Value::Null));
    store(&world, "jira", vec![by("ann", audit)]).await;
    let learned = actors(&world).await;
    assert_eq!(learned["hook/1"], (json!("ann"), json!("audit/1")));
    assert_eq!(learned["audit/1"], (json!("ann"), Value::Null));

    // The other way round, and where something is not the same.
    let audit = |key: &str, time: &str, thing: &str| {
        by("bo", report(key, time, "Project version updated", thing))
    };
    let system = Actor {
        kind: ActorKind::System,
        ..person("jira", "Jira")
    };
    let automatic = NewEvent {
        actor: Some(system),
        ..report(
            "audit/5",
            "2026-11-20T12:00:00Z",
            "Project version updated",
            "5",
        )
    };
    let witnesses = vec![
        audit("audit/2", "2026-11-20T12:00:00Z", "2"),
        audit("audit/3", "2026-11-20T12:02:01Z", "3"),
        audit("audit/4", "2026-11-20T12:00:00Z", "other"),
        automatic,
    ];
    store(&world, "jira", witnesses).await;
    let hooks = (2..=6).map(|number| {
        let (key, action) = (format!("hook/{number}"), "jira:version_updated");
        report(&key, "2026-11-20T12:00:00Z", action, &number.to_string())
    });
    store(&world, "jira", hooks.collect()).await;
    let learned = actors(&world).await;
    assert_eq!(learned["hook/2"], (json!("bo"), json!("audit/2")));
    for unknown in ["hook/3", "hook/4", "hook/5", "hook/6"] {
        assert_eq!(learned[unknown], (Value::Null, Value::Null), "{unknown}");
    }
}

async fn whoever_turns_out_later_is_found_everywhere(kind: Kind) {
    let world = World::new(kind).await;
    let plain = by("cy", event("plain", "2026-11-20T09:00:00Z"));
    let hook = report("hook/1", "2026-11-20T10:00:00Z", "sprint_started", "7");
    let nobody = report("hook/2", "2026-11-20T10:00:00Z", "sprint_started", "8");
    let audit = report("audit/1", "2026-11-20T10:00:01Z", "Sprint started", "7");
    store(&world, "jira", vec![plain, hook, nobody]).await;
    store(&world, "jira", vec![by("ann", audit)]).await;

    let query = r#"{
        found: events(filter: {users: ["ann"]}) { nodes { upstreamId } }
        text: events(filter: {text: "ann"}) { nodes { upstreamId } }
        not: events(filter: {not: {users: ["ann"]}}) { nodes { upstreamId } }
        any: events(filter: {any: [{users: ["ann"]}, {users: ["cy"]}]}) { nodes { upstreamId } }
        ordered: events(orderBy: {field: ACTOR, direction: ASC}) { nodes { upstreamId } }
        user(accountId: "ann") { events(filter: {actions: ["sprint.started"]}, last: 1) { nodes { upstreamId } } }
    }"#;
    let data = world.data(query).await;
    let keys = |list: &Value| -> Vec<String> {
        let nodes = list["nodes"].as_array().unwrap().iter();
        nodes
            .map(|node| node["upstreamId"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(keys(&data["found"]), ["audit/1", "hook/1"]);
    assert_eq!(keys(&data["text"]), ["audit/1", "hook/1"]);
    assert_eq!(keys(&data["not"]), ["hook/2", "plain"]);
    assert_eq!(keys(&data["any"]), ["audit/1", "hook/1", "plain"]);
    assert_eq!(
        keys(&data["ordered"]),
        ["hook/2", "hook/1", "audit/1", "plain"]
    );
    assert_eq!(keys(&data["user"]["events"]), ["hook/1"]);

    let filter = EventFilter {
        users: Some(vec!["ann".to_owned()]),
        ..EventFilter::default()
    };
    let sight = administrator().sight();
    let stream = world.feed.follow(0, &filter, &sight, world.clock.now());
    let streamed: Vec<_> = stream.await.unwrap().take(2).try_collect().await.unwrap();
    assert_eq!(streamed[0].upstream_key, "hook/1");
    assert_eq!(streamed[1].upstream_key, "audit/1");
}

/// Pages of either size, direction and order hold the same events, whoever named the actor.
async fn pages_hold_what_was_told_at_once_and_later(kind: Kind) {
    let world = World::new(kind).await;
    let (mut hooks, mut audits) = (Vec::new(), Vec::new());
    for hour in 0..7 {
        // One that is recorded early happens late.
        let time = format!("2026-11-20T{:02}:00:00Z", (hour * 3) % 7);
        let thing = hour.to_string();
        hooks.push(report(
            &format!("hook/{hour}"),
            &time,
            "sprint_started",
            &thing,
        ));
        let audit = report(&format!("audit/{hour}"), &time, "Sprint started", &thing);
        let who = if hour % 3 == 0 { "bo" } else { "ann" };
        audits.push(by(who, audit));
    }
    store(&world, "jira", hooks).await;
    store(&world, "jira", audits).await;
    for (order, key) in [("TIME", "time"), ("RECORDED", "position")] {
        for direction in ["ASC", "DESC"] {
            let list = format!(
                "filter: {{users: [\"ann\"]}}, orderBy: {{field: {order}, direction: {direction}}}"
            );
            let query = format!("{{ events({list}) {{ nodes {{ upstreamId time position }} }} }}");
            let data = world.data(&query).await;
            let whole = data["events"]["nodes"].as_array().unwrap().clone();
            assert_eq!(whole.len(), 8, "{order} {direction}");
            let rank = |node: &Value| match node[key].as_str().unwrap().parse::<i64>() {
                Ok(position) => format!("{position:09}"),
                Err(_) => node[key].to_string(),
            };
            let ordered = whole.windows(2).all(|two| match direction {
                "ASC" => rank(&two[0]) <= rank(&two[1]),
                _ => rank(&two[0]) >= rank(&two[1]),
            });
            assert!(ordered, "{order} {direction}: {whole:#?}");
            for (size, from) in [("first", "after"), ("last", "before")] {
                let (mut found, mut cursor) = (Vec::new(), String::new());
                loop {
                    let query = format!(
                        "{{ events({list}, {size}: 3{cursor}) {{ nodes {{ upstreamId time position }}
                        pageInfo {{ startCursor endCursor hasNextPage hasPreviousPage }} }} }}"
                    );
                    let data = world.data(&query).await;
                    let (nodes, page) = (&data["events"]["nodes"], &data["events"]["pageInfo"]);
                    let nodes = nodes.as_array().unwrap().clone();
                    let (mark, more) = if size == "first" {
                        found.extend(nodes);
                        ("endCursor", "hasNextPage")
                    } else {
                        found.splice(0..0, nodes);
                        ("startCursor", "hasPreviousPage")
                    };
                    cursor = format!(", {from}: {}", page[mark]);
                    if page[more] == false {
                        break;
                    }
                }
                assert_eq!(found, whole, "{order} {direction} {size}");
            }
        }
    }
}

async fn witnesses_that_disagree_name_nobody(kind: Kind) {
    let world = World::new(kind).await;
    let audit = |number: u32, account: &str| {
        let (key, time) = (format!("audit/{number}"), "2026-11-20T10:00:10Z");
        by(
            account,
            report(&key, time, "Sprint started", &(number / 10).to_string()),
        )
    };
    let hook = |number: u32| {
        let (key, thing) = (format!("hook/{number}"), number.to_string());
        report(&key, "2026-11-20T10:00:00Z", "sprint_started", &thing)
    };
    // Two people from the start; one, and another when it is too late; twice the same one.
    let first = vec![
        audit(10, "ann"),
        audit(11, "bo"),
        hook(1),
        audit(20, "ann"),
        hook(2),
    ];
    store(&world, "jira", first).await;
    let then = vec![audit(21, "bo"), hook(3), audit(30, "ann"), audit(31, "ann")];
    store(&world, "jira", then).await;
    let learned = actors(&world).await;
    assert_eq!(learned["hook/1"], (Value::Null, Value::Null));
    assert_eq!(learned["hook/2"], (json!("ann"), json!("audit/20")));
    assert_eq!(learned["hook/3"].0, json!("ann"));
}

/// An act on an issue; `key` stands for the id where it is not a number.
fn on_issue(event: NewEvent, issue: &str) -> NewEvent {
    let is_id = issue.bytes().all(|byte| byte.is_ascii_digit());
    NewEvent {
        target: Some(Object {
            kind: "issue".to_owned(),
            ..Object::default()
        }),
        issue: Some(IssueRef {
            id: is_id.then(|| issue.to_owned()),
            key: (!is_id).then(|| issue.to_owned()),
        }),
        ..event
    }
}

fn changing(event: NewEvent, field: &str) -> NewEvent {
    NewEvent {
        changes: vec![Change {
            field: field.to_owned(),
            ..Change::default()
        }],
        ..event
    }
}

async fn changelogs_tell_of_parts_of_issues(kind: Kind) {
    let world = World::new(kind).await;
    let known = DirectoryIssue {
        scope: SITE.to_owned(),
        id: "5".to_owned(),
        key: Some("WEB-5".to_owned()),
        project: Some(web(SITE)),
        ..DirectoryIssue::default()
    };
    let batch = Batch {
        entries: vec![Entry::Issue(Box::new(known))],
        ..Batch::default()
    };
    let stored = world
        .feed
        .append("jira", System::JiraCloud, batch, world.clock.now());
    stored.await.unwrap();
    let time = "2026-11-20T10:00:00Z";
    let hook = |number: u32, action: &str| {
        let key = format!("hook/{number}");
        on_issue(report(&key, time, action, ""), &number.to_string())
    };
    let update = |number: u32, issue: &str| {
        let key = format!("changelog/{number}");
        by(
            "ann",
            on_issue(report(&key, time, "jira:issue_updated", ""), issue),
        )
    };
    let hooks = vec![
        hook(1, "comment_deleted"),
        hook(2, "issuelink_created"),
        hook(3, "worklog_deleted"),
        hook(4, "issuelink_deleted"),
        hook(5, "comment_deleted"),
        hook(6, "comment_deleted"),
        hook(7, "jira:version_updated"),
    ];
    let updates = vec![
        // The right field, whatever else there is; the wrong one; none at all, and by key; of another issue.
        changing(update(1, "1"), "Comment"),
        changing(update(2, "2"), "Link"),
        changing(update(3, "3"), "timespent"),
        changing(update(4, "4"), "summary"),
        from_organization(update(5, "WEB-5"), "jira_issue_updated"),
        changing(update(60, "60"), "Comment"),
        changing(update(7, "7"), "Version"),
    ];
    for (source, events) in [("jira", hooks), ("jira", updates)] {
        store(&world, source, events).await;
    }
    let learned = actors(&world).await;
    for number in [1, 2, 3, 5] {
        let from = json!(format!("changelog/{number}"));
        assert_eq!(learned[&format!("hook/{number}")], (json!("ann"), from));
    }
    for number in [4, 6, 7] {
        let unknown = &learned[&format!("hook/{number}")];
        assert_eq!(*unknown, (Value::Null, Value::Null), "{number}");
    }
}

async fn the_same_record_with_a_name_is_its_own_witness(kind: Kind) {
    let world = World::new(kind).await;
    let hook = report(
        "attachment/1/deleted",
        "2026-11-20T10:00:00Z",
        "attachment_deleted",
        "1",
    );
    store(&world, "jira", vec![hook.clone()]).await;
    store(&world, "jira", vec![hook.clone()]).await;
    assert_eq!(actors(&world).await["attachment/1/deleted"].0, Value::Null);
    store(&world, "jira", vec![by("ann", hook.clone())]).await;
    store(&world, "jira", vec![by("bo", hook)]).await;
    let itself = (json!("ann"), json!("attachment/1/deleted"));
    let learned = actors(&world).await;
    assert_eq!(learned["attachment/1/deleted"], itself);
    assert_eq!(learned.len(), 1);
}

async fn other_sites_are_no_witnesses(kind: Kind) {
    let world = World::new(kind).await;
    let time = "2026-11-20T10:00:00Z";
    let at_site = |event: NewEvent, site: &str, url: &str| NewEvent {
        container: Some(Container {
            parent: Some(Box::new(Container {
                url: Some(url.to_owned()),
                ..Container::new(ContainerKind::Site, "", site)
            })),
            ..web(site)
        }),
        ..event
    };
    let told = |key: &str, thing: &str| {
        let audit = report(key, time, "project_made_up", thing);
        from_organization(by("ann", audit), "user_added_to_group")
    };
    let audit = |key: &str, thing: &str| by("ann", report(key, time, "Project updated", thing));
    let hook = |key: &str, thing: &str| report(key, time, "project_updated", thing);
    // Another Jira is another site; the organization's log names sites by id, and some by host as well.
    store(
        &world,
        "other-jira",
        vec![NewEvent {
            container: Some(web("other.atlassian.net")),
            ..audit("audit/1", "1")
        }],
    )
    .await;
    let somewhere = vec![
        at_site(
            told("org/2", "2"),
            "cloud-id-1",
            "https://acme.atlassian.net",
        ),
        at_site(
            audit("org/3", "3"),
            "cloud-id-1",
            "https://acme.atlassian.net",
        ),
        at_site(
            audit("org/4", "4"),
            "cloud-id-2",
            "https://other.atlassian.net",
        ),
        NewEvent {
            container: Some(web("cloud-id-3")),
            ..audit("org/5", "5")
        },
    ];
    store(&world, "organization", somewhere).await;
    let hooks = (1..=5).map(|number| hook(&format!("hook/{number}"), &number.to_string()));
    store(&world, "jira", hooks.collect()).await;
    let learned = actors(&world).await;
    assert_eq!(learned["hook/3"], (json!("ann"), json!("org/3")));
    assert_eq!(learned["hook/5"], (json!("ann"), json!("org/5")));
    for unknown in ["hook/1", "hook/2", "hook/4"] {
        assert_eq!(learned[unknown].0, Value::Null, "{unknown}");
    }
}

/// Acts far apart, each reported without a name and by up to three witnesses who name one person.
async fn the_order_of_arrival_does_not_matter(kind: Kind) {
    let world = World::new(kind).await;
    for seed in 0..20_u64 {
        let mut dice = StdRng::seed_from_u64(seed);
        let (mut events, mut expected) = (Vec::new(), BTreeMap::new());
        for act in 0..12 {
            let minute = format!("2026-{:02}-{:02}T{act:02}:30", seed % 12 + 1, seed / 12 + 1);
            let thing = (act % 3).to_string();
            let hook = report(
                &format!("{seed}/hook/{act}"),
                &format!("{minute}:30Z"),
                "",
                &thing,
            );
            let (action, told) = [
                ("jira:version_updated", "Project version updated"),
                ("sprint_closed", "Sprint completed"),
                ("filter_deleted", "Filter deleted"),
            ][act % 3];
            let somebody = format!("person-{}", dice.random_range(0..3));
            let witnesses = dice.random_range(0..=3);
            events.push(NewEvent {
                action: action.to_owned(),
                ..hook.clone()
            });
            expected.insert(
                format!("{seed}/hook/{act}"),
                if witnesses > 0 {
                    json!(somebody)
                } else {
                    Value::Null
                },
            );
            for witness in 0..witnesses {
                let time = format!("{minute}:{:02}Z", dice.random_range(0..60));
                let audit = report(
                    &format!("{seed}/audit/{act}/{witness}"),
                    &time,
                    told,
                    &thing,
                );
                events.push(by(&somebody, audit));
            }
        }
        events.shuffle(&mut dice);
        let source = format!("jira-{seed}");
        while !events.is_empty() {
            let size = dice.random_range(1..=events.len().min(6));
            let rest = events.split_off(size);
            store(&world, &source, std::mem::replace(&mut events, rest)).await;
        }
        let query = "query ($sources: [String!]) { events(first: 500, filter: {sources: $sources,
            actions: [\"version.updated\", \"sprint.completed\", \"filter.deleted\"]}) { nodes { upstreamId actor { name } } } }";
        let answer = world.ask(query, json!({"sources": [source]})).await;
        let nodes = answer["data"]["events"]["nodes"].as_array().unwrap();
        let found: BTreeMap<String, Value> = nodes
            .iter()
            .map(|node| {
                let key = node["upstreamId"].as_str().unwrap().to_owned();
                (key, node["actor"]["name"].clone())
            })
            .filter(|(key, _)| key.contains("/hook/"))
            .collect();
        assert_eq!(found, expected, "seed {seed}");
    }
}

//! What the answers say: counters, rows of events, and only what the token's owner may see.

use super::{Program, november, opened, saved, somebody};
use crate::queries::seeded;
use crate::visibility::{SITE, issue, learn, with_jira, within};
use crate::world::{Kind, World, administrator, event, on_both, person};
use auditgraph::access::{Role, Viewer};
use auditgraph::clock::Clock;
use auditgraph::event::action::COUNTERS;
use auditgraph::event::directory::{DirectoryUser, Entry};
use auditgraph::event::{Alias, IssueRef, NewEvent, System};
use auditgraph::store::Batch;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

on_both!(
    c32_a_row_has_every_counter,
    c32_columns_and_breakdowns_of_the_filter_are_there_too,
    c31_events_have_the_columns_of_exports,
    c31_counts_are_of_the_last_30_days_unless_the_filter_says,
    c31_it_reads_with_the_eyes_of_its_owner,
    c31_hidden_issues_are_counted_and_not_shown,
);

async fn portrait(world: &World) {
    let ann = DirectoryUser {
        aliases: vec![Alias::account("557058:ann")],
        name: Some("Ann Lee".to_owned()),
        avatar_url: Some("https://avatars.example.com/ann.png".to_owned()),
        ..DirectoryUser::default()
    };
    let batch = Batch {
        part: "people",
        entries: vec![Entry::User(Box::new(ann))],
        ..Batch::default()
    };
    world
        .feed
        .append("jira", System::JiraCloud, batch, world.clock.now())
        .await
        .unwrap();
}

async fn c32_a_row_has_every_counter(kind: Kind) {
    let world = seeded(kind).await;
    portrait(&world).await;
    let filter = saved(
        &world,
        administrator(),
        json!({"name": "All", "filter": november()}),
    )
    .await;
    let (_, secret) = opened(&world, administrator(), &filter, "program").await;
    let program = Program::of(&world).await;
    let heard = program.read(&secret, "").await;
    let rows = heard.rows();
    let mut whole = heard.json.clone();
    whole["data"] = json!([]);
    assert_eq!(
        whole,
        json!({"filter": "All", "dataType": "aggregated", "page": 1, "pageSize": 5000, "hasNext": false, "data": []})
    );
    let expected: BTreeSet<&str> = COUNTERS.into_iter().collect();
    assert_eq!(expected.len(), 23);
    for row in rows {
        let counters = row["counters"].as_object().unwrap();
        let names: BTreeSet<&str> = counters.keys().map(String::as_str).collect();
        assert_eq!(names, expected);
        let sum: u64 = counters.values().map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(row["total"], sum);
        assert!(sum > 0, "{row}");
    }
    let ann = rows
        .iter()
        .find(|row| row["userId"] == "557058:ann")
        .unwrap();
    assert_eq!(ann["username"], "Ann Lee");
    assert_eq!(ann["avatar"], "https://avatars.example.com/ann.png");
    assert_eq!(ann["counters"]["ISSUE_DELETED"], 1);
    assert_eq!(ann["counters"]["ISSUE_CREATED"], 0);
    assert_eq!(ann["total"], 1);
    let bo = rows
        .iter()
        .find(|row| row["userId"] == "557058:bo")
        .unwrap();
    assert_eq!(bo["username"], "Bo Ek");
    assert_eq!(bo["avatar"], Value::Null);
    assert_eq!(bo["counters"]["ISSUE_UPDATED"], 1);
    // The counts are those of `activity`.
    let answer = world
        .ask_as(
            administrator(),
            "query ($filter: EventFilter) { activity(filter: $filter, columns: [\"issue.deleted\", \"issue.updated\"]) {
                total nodes { actor { name } total } } }",
            json!({"filter": november()}),
        )
        .await;
    let counted = &answer["data"]["activity"];
    let sum: u64 = rows.iter().map(|row| row["total"].as_u64().unwrap()).sum();
    assert_eq!(counted["total"], sum);
}

async fn c32_columns_and_breakdowns_of_the_filter_are_there_too(kind: Kind) {
    let world = seeded(kind).await;
    let view = json!({
        "kind": "AGGREGATED", "columns": ["user.logged_in", "issue.deleted", "page_made_up"],
        "breakdown": ["PROJECT"], "activityOrder": {"field": "COLUMN", "column": "page_made_up", "direction": "DESC"},
    });
    let input = json!({"filter": november(), "view": view});
    let filter = saved(&world, administrator(), input).await;
    let (_, secret) = opened(&world, administrator(), &filter, "program").await;
    let program = Program::of(&world).await;
    let heard = program.read(&secret, "").await;
    let rows = heard.rows();
    for row in rows {
        let counters = row["counters"].as_object().unwrap();
        assert!(COUNTERS.iter().all(|name| counters.contains_key(*name)));
        assert!(counters.contains_key("USER_LOGGED_IN"), "{row}");
        assert!(counters.contains_key("page_made_up"), "{row}");
        assert_eq!(counters.len(), COUNTERS.len() + 2);
        let sum: u64 = counters.values().map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(row["total"], sum);
    }
    assert_eq!(rows[0]["username"], "Özlem Çelik");
    assert_eq!(rows[0]["counters"]["page_made_up"], 1);
    assert_eq!(rows[0]["project"], "Documentation");
    let login = rows
        .iter()
        .find(|row| row["counters"]["USER_LOGGED_IN"] == 1);
    assert_eq!(login.unwrap()["project"], "Non-project activities");
}

async fn c31_events_have_the_columns_of_exports(kind: Kind) {
    let world = seeded(kind).await;
    let filter = saved(&world, administrator(), json!({"filter": november()})).await;
    let (_, secret) = opened(&world, administrator(), &filter, "program").await;
    let program = Program::of(&world).await;
    let heard = program.read(&secret, "dataType=detail&page=1").await;
    let rows = heard.rows();
    assert_eq!(heard.json["dataType"], "detail");
    assert_eq!(heard.json["pageSize"], 1_000);
    assert_eq!(heard.json["hasNext"], false);
    let keys: Vec<&String> = rows[0].as_object().unwrap().keys().collect();
    let mut columns = [
        "date",
        "author",
        "target",
        "action",
        "project",
        "old",
        "new",
        "id",
        "issueType",
    ];
    columns.sort_unstable();
    assert_eq!(keys.len(), columns.len());
    assert!(
        keys.iter().all(|key| columns.contains(&key.as_str())),
        "{keys:?}"
    );
    let two = rows
        .iter()
        .find(|row| row["target"] == "page: apple")
        .unwrap();
    assert_eq!(
        *two,
        json!({
            "date": "2026-11-15T10:30:00.250Z", "author": "Bo Ek", "target": "page: apple", "action": "Issue updated",
            "project": "Website", "old": "status: Open", "new": "status: Done\nassignee: Ann Lee", "id": null,
            "issueType": null,
        })
    );
    let dates: Vec<&str> = rows
        .iter()
        .map(|row| row["date"].as_str().unwrap())
        .collect();
    let mut newest_first = dates.clone();
    newest_first.sort_unstable();
    newest_first.reverse();
    assert_eq!(dates, newest_first);
}

async fn c31_counts_are_of_the_last_30_days_unless_the_filter_says(kind: Kind) {
    let world = World::new(kind).await;
    // A server's clock is the system's.
    let now = Clock::System.now();
    let ago = |id: &str, days: u64| NewEvent {
        time: Some(now.minus(Duration::from_hours(24 * days))),
        ..event(id, "2026-11-20T10:00:00Z")
    };
    world
        .append(vec![ago("new", 2), ago("old", 40), ago("older", 300)])
        .await;
    let program = Program::of(&world).await;
    for (filter, counted, listed) in [
        (json!({}), 1, 3),
        (json!({"time": {"last": {"days": 50}}}), 2, 2),
        (json!({"time": {"last": {"days": 365}}}), 3, 3),
    ] {
        let only = json!({"filter": filter, "search": "source:organization"});
        let filter = saved(&world, administrator(), only).await;
        let (_, secret) = opened(&world, administrator(), &filter, "program").await;
        let counts = program.read(&secret, "").await;
        assert_eq!(counts.rows()[0]["counters"]["ISSUE_DELETED"], counted);
        let events = program.read(&secret, "dataType=detail").await;
        assert_eq!(events.rows().len(), listed);
    }
}

async fn c31_it_reads_with_the_eyes_of_its_owner(kind: Kind) {
    let world = seeded(kind).await;
    let (_, everything) = somebody(&world, "manager", Role::Manager, (None, &[])).await;
    let (_, web) = somebody(&world, "of WEB", Role::Viewer, (None, &["WEB"])).await;
    let program = Program::of(&world).await;
    let mut secrets = Vec::new();
    for viewer in [&everything, &web] {
        let filter = saved(&world, viewer.clone(), json!({"filter": november()})).await;
        let (_, secret) = opened(&world, viewer.clone(), &filter, "program").await;
        let seen = world
            .ask_as(
                viewer.clone(),
                "query ($filter: EventFilter) { events(filter: $filter) { nodes { time } }
                    activity(filter: $filter, columns: [\"issue.deleted\", \"issue.updated\"]) { total } }",
                json!({"filter": november()}),
            )
            .await;
        let events = program.read(&secret, "dataType=detail").await;
        let times = |rows: &[Value], name: &str| -> Vec<String> {
            rows.iter()
                .map(|row| row[name].as_str().unwrap().to_owned())
                .collect()
        };
        let listed = seen["data"]["events"]["nodes"].as_array().unwrap();
        assert_eq!(times(events.rows(), "date"), times(listed, "time"));
        assert!(!listed.is_empty());
        let counts = program.read(&secret, "").await;
        let sum: u64 = counts
            .rows()
            .iter()
            .map(|row| row["total"].as_u64().unwrap())
            .sum();
        assert_eq!(seen["data"]["activity"]["total"], sum);
        // Who may not look people up learns names, no ids.
        let ids = counts.rows().iter().any(|row| row["userId"].is_string());
        assert_eq!(ids, viewer.role == Role::Manager);
        assert!(counts.rows().iter().all(|row| row["username"].is_string()));
        secrets.push(secret);
    }
    let all = program
        .read(&secrets[0], "dataType=detail")
        .await
        .rows()
        .len();
    let some = program
        .read(&secrets[1], "dataType=detail")
        .await
        .rows()
        .len();
    assert!(some < all, "{some} of {all}");
    // What the owner loses, the token loses.
    world
        .store()
        .revoke_token("of WEB", None, world.clock.now())
        .await
        .unwrap();
    let heard = program.read(&secrets[1], "").await;
    assert_eq!((heard.status, heard.error().1), (401, "UNAUTHENTICATED"));
    assert_eq!(program.read(&secrets[0], "").await.status, 200);

    let (_, ann) = somebody(&world, "ann's", Role::Manager, (Some("557058:ann"), &[])).await;
    let shared =
        json!({"name": "shared", "filter": november(), "viewers": {"users": ["557058:ann"]}});
    let filter = saved(&world, administrator(), shared).await;
    let (_, secret) = opened(&world, ann, &filter, "ann's").await;
    assert_eq!(program.read(&secret, "").await.status, 200);
    let update = "mutation ($input: UpdateSavedFilterInput!) { updateSavedFilter(input: $input) { savedFilter { id } } }";
    let input = json!({"input": {"id": filter, "viewers": {"users": []}}});
    let answer = world.ask_as(administrator(), update, input).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    let heard = program.read(&secret, "").await;
    assert_eq!(
        (heard.status, heard.error().1),
        (404, "NOT_FOUND"),
        "{}",
        heard.json
    );
}

async fn c31_hidden_issues_are_counted_and_not_shown(kind: Kind) {
    let (world, _jira) = with_jira(kind).await;
    let deed = |number: &str| NewEvent {
        container: Some(within(SITE, "WEB")),
        actor: Some(person("557058:cay", "Cay Roe")),
        issue: Some(IssueRef {
            id: Some(number.to_owned()),
            key: Some(format!("WEB-{number}")),
        }),
        ..event(&format!("deed-{number}"), "2026-11-15T10:00:00Z")
    };

    world.append(vec![deed("1"), deed("2")]).await;
    learn(
        &world,
        vec![
            issue("1", "WEB-1", None),
            issue("2", "WEB-2", Some("10000")),
        ],
    )
    .await;
    let program = Program::of(&world).await;
    let mut read = Vec::new();
    for (account, shown) in [("557058:ann", 2), ("557058:bob", 1)] {
        let (_, viewer): (_, Viewer) =
            somebody(&world, account, Role::Manager, (Some(account), &[])).await;
        let filter = saved(&world, viewer.clone(), json!({"filter": november()})).await;
        let (_, secret) = opened(&world, viewer, &filter, "program").await;
        let events = program.read(&secret, "dataType=detail").await;
        assert_eq!(events.rows().len(), shown, "{account}");
        let counts = program.read(&secret, "").await;
        assert_eq!(
            counts.rows()[0]["counters"]["ISSUE_DELETED"],
            2,
            "{account}"
        );
        read.push(counts.json.to_string());
    }
    assert!(!read[1].contains("WEB-2"));
}

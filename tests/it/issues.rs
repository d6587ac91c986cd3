//! Issues as the newest news has them, whatever order it comes in; what happened to them; who may see them.

use crate::world::{Kind, World, administrator, at, event, on_both, person};
use auditgraph::access::{Role, Viewer};
use auditgraph::event::directory::{DirectoryIssue, Entry, SecurityLevel};
use auditgraph::event::{Container, ContainerKind, IssueRef, NewEvent, System};
use auditgraph::store::Batch;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};

on_both!(
    the_newest_word_on_each_field_counts,
    old_keys_find_moved_issues,
    issues_of_two_sites_are_kept_apart,
    viewers_see_issues_of_their_projects,
    a_page_of_a_thousand_issues_is_one_batch,
);

const SITE: &str = "acme.atlassian.net";

fn in_project(scope: &str, key: &str) -> Container {
    Container {
        id: None,
        key: Some(key.to_owned()),
        ..Container::new(ContainerKind::Project, scope, "")
    }
}

fn issue(id: &str, time: &str) -> DirectoryIssue {
    DirectoryIssue {
        scope: SITE.to_owned(),
        id: id.to_owned(),
        at: Some(at(time)),
        ..DirectoryIssue::default()
    }
}

async fn learn(world: &World, news: Vec<DirectoryIssue>) {
    let entries = news.into_iter().map(Box::new).map(Entry::Issue);
    let batch = Batch {
        part: "issues",
        entries: entries.collect(),
        ..Batch::default()
    };
    let learned = world
        .feed
        .append("jira", System::JiraCloud, batch, world.clock.now());
    learned.await.unwrap();
}

/// A word that upstream says.
fn said<T: From<String>>(text: &str) -> T {
    text.to_owned().into()
}

const ALL: &str = "{ issues { nodes { upstreamId site key keys type summary requestType
    securityLevel { id name } project { key } deleted deletedAt url } } }";

async fn the_newest_word_on_each_field_counts(kind: Kind) {
    let level = SecurityLevel {
        id: "1".to_owned(),
        name: said("Staff only"),
    };
    let news = vec![
        DirectoryIssue {
            key: said("WEB-1"),
            summary: said("First"),
            kind: said("Bug"),
            security: Some(Some(level)),
            project: Some(in_project(SITE, "WEB")),
            ..issue("1", "2026-11-01T10:00:00Z")
        },
        DirectoryIssue {
            summary: said("Second"),
            security: Some(None),
            request_type: said("Get help"),
            ..issue("1", "2026-11-02T10:00:00Z")
        },
        DirectoryIssue {
            key: said("OPS-7"),
            project: Some(in_project(SITE, "OPS")),
            ..issue("1", "2026-11-03T10:00:00Z")
        },
        DirectoryIssue {
            deleted: said(r#"{"id":"1"}"#),
            ..issue("1", "2026-11-04T10:00:00Z")
        },
        DirectoryIssue {
            summary: said("Third"),
            ..issue("1", "2026-11-05T10:00:00Z")
        },
        DirectoryIssue {
            deleted: said(""),
            ..issue("1", "2026-11-06T10:00:00Z")
        },
    ];
    let world = World::new(kind).await;
    let expected = json!([{
        "upstreamId": "1", "site": SITE, "key": "OPS-7", "keys": ["OPS-7", "WEB-1"], "type": "Bug",
        "summary": "Third", "requestType": "Get help", "securityLevel": null, "project": {"key": "OPS"},
        "deleted": true, "deletedAt": "2026-11-04T10:00:00Z", "url": null,
    }]);
    for seed in 0..12 {
        let scope = format!("site-{seed}.example.com");
        let mut shuffled = news.clone();
        for news in &mut shuffled {
            news.scope.clone_from(&scope);
            news.id = format!("{seed}-1");
            news.project = news.project.clone().map(|project| Container {
                scope: scope.clone(),
                ..project
            });
        }
        let mut dice = StdRng::seed_from_u64(seed);
        shuffled.shuffle(&mut dice);
        let rest = shuffled.split_off(usize::try_from(seed).unwrap() % 6);
        learn(&world, shuffled).await;
        learn(&world, rest).await;
        let data = world.data(ALL).await;
        let mine = data["issues"]["nodes"].as_array().unwrap().iter();
        let mine: Vec<Value> = mine
            .filter(|node| node["site"] == scope.as_str())
            .cloned()
            .map(|mut node| {
                node["site"] = json!(SITE);
                node["upstreamId"] = json!("1");
                node
            })
            .collect();
        assert_eq!(json!(mine), expected, "seed {seed}");
    }
}

fn about(id: &str, time: &str, issue: (Option<&str>, Option<&str>), scope: &str) -> NewEvent {
    NewEvent {
        issue: Some(IssueRef {
            id: issue.0.map(str::to_owned),
            key: issue.1.map(str::to_owned),
        }),
        container: Some(in_project(scope, "WEB")),
        ..event(id, time)
    }
}

fn keys(list: &Value) -> Vec<&str> {
    let nodes = list["nodes"].as_array().unwrap().iter();
    nodes
        .map(|node| node["upstreamId"].as_str().unwrap())
        .collect()
}

/// An issue that has moved, with events under all its names; another one; and one that only an event names.
async fn moved(kind: Kind) -> World {
    let world = World::new(kind).await;
    learn(
        &world,
        vec![
            DirectoryIssue {
                key: said("WEB-1"),
                summary: said("100% broken"),
                project: Some(in_project(SITE, "WEB")),
                ..issue("10001", "2026-11-01T10:00:00Z")
            },
            DirectoryIssue {
                key: said("OPS-7"),
                ..issue("10001", "2026-11-03T10:00:00Z")
            },
            DirectoryIssue {
                key: said("OPS-10"),
                ..issue("10002", "2026-11-03T10:00:00Z")
            },
        ],
    )
    .await;
    let viewed = |key: &str, time: &str| NewEvent {
        action: "jira_issue_viewed".to_owned(),
        actor: Some(person("bo", "Bo")),
        ..about(key, time, (None, Some("OPS-7")), SITE)
    };
    world
        .append(vec![
            about("by id", "2026-11-10T10:00:00Z", (Some("10001"), None), SITE),
            about(
                "by old key",
                "2026-11-11T10:00:00Z",
                (None, Some("WEB-1")),
                SITE,
            ),
            about(
                "by both",
                "2026-11-12T10:00:00Z",
                (Some("10001"), Some("OPS-7")),
                SITE,
            ),
            about("other", "2026-11-13T10:00:00Z", (Some("10002"), None), SITE),
            about(
                "unknown",
                "2026-11-14T10:00:00Z",
                (None, Some("NEW-1")),
                SITE,
            ),
            viewed("view 1", "2026-11-15T10:00:00Z"),
            viewed("view 2", "2026-11-16T10:00:00Z"),
        ])
        .await;
    world
}

async fn old_keys_find_moved_issues(kind: Kind) {
    let world = moved(kind).await;
    let data = world
        .data(
            r#"{
            issue(key: "WEB-1") {
                key url
                events(filter: {not: {actions: ["issue.viewed"]}}) { nodes { upstreamId issue { id key issue { key } } } }
                viewers(first: 1) { nodes { time place actor { name } issue { key issue { summary } } project { key } event { upstreamId } } pageInfo { hasNextPage } }
            }
            none: issue(key: "web-1") { key }
            byKey: issues(search: "web-") { nodes { key } }
            bySummary: issues(search: "0% BRO") { nodes { key } }
            byNothing: issues(search: "_") { nodes { key } }
            inWeb: issues(project: "WEB", deleted: false) { nodes { key } }
            all: issues { nodes { key } }
            oldKey: events(filter: {issues: ["WEB-1"], not: {actions: ["issue.viewed"]}}) { nodes { upstreamId } }
            unknown: events(filter: {issues: ["NEW-1", "10002"]}) { nodes { upstreamId issue { key issue { key } } } }
            issueViews(filter: {users: ["bo"]}) { nodes { event { upstreamId } } }
        }"#,
        )
        .await;
    let found = &data["issue"];
    assert_eq!(found["key"], "OPS-7");
    assert_eq!(found["url"], "https://acme.atlassian.net/browse/OPS-7");
    assert_eq!(keys(&found["events"]), ["by both", "by old key", "by id"]);
    for event in found["events"]["nodes"].as_array().unwrap() {
        assert_eq!(event["issue"]["issue"]["key"], "OPS-7", "{event}");
    }
    let view = &found["viewers"]["nodes"][0];
    assert_eq!(view["event"]["upstreamId"], "view 2");
    assert_eq!(view["place"], "ISSUE_VIEW");
    assert_eq!(view["actor"]["name"], "Bo");
    assert_eq!(view["issue"]["issue"]["summary"], "100% broken");
    assert_eq!(found["viewers"]["pageInfo"]["hasNextPage"], true);
    assert_eq!(data["none"], Value::Null);
    assert_eq!(data["byKey"]["nodes"], json!([{"key": "OPS-7"}]));
    assert_eq!(data["bySummary"]["nodes"], json!([{"key": "OPS-7"}]));
    assert_eq!(data["byNothing"]["nodes"], json!([]));
    assert_eq!(data["inWeb"]["nodes"], json!([{"key": "OPS-7"}]));
    let all = json!([{"key": "OPS-7"}, {"key": "OPS-10"}]);
    assert_eq!(data["all"]["nodes"], all);
    assert_eq!(keys(&data["oldKey"]), ["by both", "by old key", "by id"]);
    assert_eq!(keys(&data["unknown"]), ["unknown", "other"]);
    assert_eq!(data["unknown"]["nodes"][0]["issue"]["issue"], Value::Null);
    assert_eq!(data["issueViews"]["nodes"].as_array().unwrap().len(), 2);

    let wrong = r#"{ events(filter: {issues: ["WEB-1", "NO-1"]}) { nodes { id } } }"#;
    let answer = world.ask(wrong, json!({})).await;
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("filter.issues[1]: there is no issue `NO-1`"),
        "{message}"
    );
}

async fn issues_of_two_sites_are_kept_apart(kind: Kind) {
    let world = World::new(kind).await;
    let there = "other.atlassian.net";
    let of = |scope: &str, summary: &str| DirectoryIssue {
        scope: scope.to_owned(),
        key: said("WEB-1"),
        summary: said(summary),
        project: Some(in_project(scope, "WEB")),
        ..issue("10001", "2026-11-01T10:00:00Z")
    };
    learn(&world, vec![of(SITE, "here"), of(there, "there")]).await;
    // The organization's log names sites by id.
    let site = Container {
        url: said("https://acme.atlassian.net/"),
        ..Container::new(ContainerKind::Site, "", "cloud-id")
    };
    let mut known = about(
        "known",
        "2026-11-12T10:00:00Z",
        (None, Some("WEB-1")),
        "cloud-id",
    );
    known.container.as_mut().unwrap().parent = Some(Box::new(site));
    world
        .append(vec![
            about("here", "2026-11-10T10:00:00Z", (Some("10001"), None), SITE),
            about(
                "there",
                "2026-11-11T10:00:00Z",
                (None, Some("WEB-1")),
                there,
            ),
            known,
            about(
                "somewhere",
                "2026-11-13T10:00:00Z",
                (None, Some("WEB-1")),
                "another-id",
            ),
        ])
        .await;
    let data = world
        .data(
            "{ events { nodes { upstreamId issue { issue { summary } } } }
            issues { nodes { summary events { nodes { upstreamId } } } } }",
        )
        .await;
    let summaries: Vec<(&str, &Value)> = keys(&data["events"])
        .into_iter()
        .zip(data["events"]["nodes"].as_array().unwrap())
        .map(|(key, node)| (key, &node["issue"]["issue"]["summary"]))
        .collect();
    assert_eq!(
        summaries,
        [
            ("somewhere", &Value::Null),
            ("known", &json!("here")),
            ("there", &json!("there")),
            ("here", &json!("here")),
        ]
    );
    let issues = data["issues"]["nodes"].as_array().unwrap();
    for (issue, events) in issues.iter().zip([vec!["known", "here"], vec!["there"]]) {
        assert_eq!(keys(&issue["events"]), events, "{issue}");
    }
}

async fn viewers_see_issues_of_their_projects(kind: Kind) {
    let world = World::new(kind).await;
    let in_place = |id: &str, key: &str, place: &str| DirectoryIssue {
        key: said(key),
        summary: said("secret"),
        project: Some(in_project(SITE, place)),
        ..issue(id, "2026-11-01T10:00:00Z")
    };
    let nowhere = DirectoryIssue {
        key: said("LOST-1"),
        ..issue("3", "2026-11-01T10:00:00Z")
    };
    // One event in the granted project is about an issue that has left it since.
    learn(
        &world,
        vec![
            in_place("1", "WEB-1", "WEB"),
            in_place("2", "OPS-1", "OPS"),
            nowhere,
        ],
    )
    .await;
    world
        .append(vec![
            about("one", "2026-11-10T10:00:00Z", (Some("1"), None), SITE),
            about(
                "two",
                "2026-11-11T10:00:00Z",
                (Some("2"), Some("WEB-2")),
                SITE,
            ),
        ])
        .await;
    let data = world
        .data(r#"{ project(key: "WEB") { id } issues { nodes { id } } }"#)
        .await;
    let ids = data["issues"]["nodes"].as_array().unwrap();
    let project = auditgraph::event::node::NodeId::decode(data["project"]["id"].as_str().unwrap());
    let viewer = Viewer {
        role: Role::Viewer,
        projects: vec![project.unwrap().number],
        ..administrator()
    };
    let query = r#"query ($ids: [ID!]!) { issues { nodes { key } } hidden: issue(key: "OPS-1") { key } own: issue(key: "WEB-1") { key }
        found: issues(search: "secret") { nodes { key } } other: issues(project: "OPS") { nodes { key } }
        nodes(ids: $ids) { ... on Issue { key } } events { nodes { upstreamId issue { key issue { key } } } }
        hiddenEvents: events(filter: {issues: ["OPS-1"]}) { nodes { upstreamId issue { issue { key } } } }
        none: events(filter: {issues: ["NO-1"]}) { nodes { upstreamId } } }"#;
    let ids: Vec<&Value> = ids.iter().map(|node| &node["id"]).collect();
    let answer = world.ask_as(viewer, query, json!({"ids": ids})).await;
    assert_eq!(
        answer["data"],
        json!({
            "issues": {"nodes": [{"key": "WEB-1"}]}, "hidden": null, "own": {"key": "WEB-1"},
            "found": {"nodes": [{"key": "WEB-1"}]}, "other": {"nodes": []},
            "nodes": [null, null, {"key": "WEB-1"}],
            "events": {"nodes": [
                {"upstreamId": "two", "issue": {"key": "WEB-2", "issue": null}},
                {"upstreamId": "one", "issue": {"key": null, "issue": {"key": "WEB-1"}}},
            ]},
            "hiddenEvents": {"nodes": [{"upstreamId": "two", "issue": {"issue": null}}]},
            "none": {"nodes": []},
        })
    );
}

async fn a_page_of_a_thousand_issues_is_one_batch(kind: Kind) {
    let world = World::new(kind).await;
    for day in ["01", "02"] {
        let news = (0..1_000).map(|number| DirectoryIssue {
            key: Some(format!("WEB-{number}")),
            summary: Some(format!("Day {day}")),
            project: Some(in_project(SITE, "WEB")),
            ..issue(&number.to_string(), &format!("2026-11-{day}T10:00:00Z"))
        });
        learn(&world, news.collect()).await;
    }
    let data = world
        .data("{ issues(last: 2) { nodes { key summary } pageInfo { hasPreviousPage } } }")
        .await;
    let last =
        json!([{"key": "WEB-998", "summary": "Day 02"}, {"key": "WEB-999", "summary": "Day 02"}]);
    assert_eq!(data["issues"]["nodes"], last);
    assert_eq!(data["issues"]["pageInfo"]["hasPreviousPage"], true);
}

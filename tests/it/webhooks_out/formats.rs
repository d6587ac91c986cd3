//! In which forms events are sent: each as a snapshot of what a target receives.

use super::sink::{Received, Sink};
use super::{change, create, drive, world};
use crate::visibility::{SITE, issue, learn, within};
use crate::world::{Kind, World, event, person};
use auditgraph::deliver::webhook::Names;
use auditgraph::event::directory::DirectoryIssue;
use auditgraph::event::{Change, Container, ContainerKind, IssueRef, Location, NewEvent, Object};
use serde_json::{Value, json};
use std::fmt::Write;

/// Two events: one with everything in it, and one with next to nothing.
async fn company() -> World {
    let world = world(Kind::Sqlite).await;
    let site = Container {
        name: Some("Acme".to_owned()),
        key: Some("acme".to_owned()),
        ..Container::new(ContainerKind::Site, "", SITE)
    };
    let project = Container {
        name: Some("Web | shop".to_owned()),
        parent: Some(Box::new(site)),
        ..within(SITE, "WEB")
    };
    let news = DirectoryIssue {
        kind: Some("Bug".to_owned()),
        request_type: Some("Report a fault".to_owned()),
        project: Some(project.clone()),
        ..issue("7", "WEB-7", None)
    };
    learn(&world, vec![news]).await;
    let field = |field: &str, from: Option<&str>, to: Option<&str>| Change {
        field: field.to_owned(),
        from: from.map(ToOwned::to_owned),
        to: to.map(ToOwned::to_owned),
    };
    let mut ann = person("557058:ann", "Ann = Lee");
    ann.email = Some("ann@example.com".to_owned());
    let rich = NewEvent {
        actor: Some(ann),
        target: Some(Object {
            kind: "issue".to_owned(),
            id: Some("7".to_owned()),
            name: Some("WEB-7".to_owned()),
            url: Some(format!("https://{SITE}/browse/WEB-7")),
            user: None,
        }),
        objects: vec![Object {
            kind: "group".to_owned(),
            name: Some("staff".to_owned()),
            ..Object::default()
        }],
        container: Some(project),
        issue: Some(IssueRef {
            id: Some("7".to_owned()),
            key: Some("WEB-7".to_owned()),
        }),
        changes: vec![field("status", Some("Open"), Some("Done"))],
        location: Location {
            ip: Some("203.0.113.9".to_owned()),
            city: Some("Zürich".to_owned()),
            region: None,
            country: Some("Switzerland".to_owned()),
        },
        method: Some("session".to_owned()),
        message: Some("Changed a = b\nand | more".to_owned()),
        action: "jira_issue_deleted".to_owned(),
        ..event("rich", "2026-11-20T10:15:30.25Z")
    };
    let bare = NewEvent {
        actor: None,
        target: None,
        container: None,
        message: None,
        action: "never_heard_of".to_owned(),
        changes: vec![field("a", None, Some("1")), field("b", Some("2"), None)],
        ..event("bare", "2026-11-20T10:20:00Z")
    };
    world.append(vec![rich, bare]).await;
    world
}

/// What a target receives in a form.
async fn sent(world: &World, format: &str) -> Vec<Received> {
    let sink = Sink::willing().await;
    let made = create(world, &sink, json!({"format": format, "after": "0"})).await;
    drive(world, &world.webhooks(Names::System), &made).await;
    change(
        world,
        "deleteWebhookEndpoint",
        json!({"id": made.id}),
        "deletedId",
    )
    .await;
    sink.received()
}

/// Everything, in a form that people can read.
fn written(received: &[Received], is_json: bool) -> String {
    let mut text = String::new();
    for one in received {
        writeln!(text, "content-type: {}", one.headers["content-type"]).unwrap();
        for line in one.text().lines() {
            if is_json {
                let value: Value = serde_json::from_str(line).unwrap();
                writeln!(text, "{}", serde_json::to_string_pretty(&value).unwrap()).unwrap();
            } else {
                writeln!(text, "{line}").unwrap();
            }
        }
        text.push('\n');
    }
    text
}

#[tokio::test]
async fn c33_every_form_is_what_its_readers_expect() {
    let world = company().await;
    for (format, requests) in [
        ("EVENT", 2),
        ("FIELDS", 2),
        ("CLOUDEVENTS", 2),
        ("ECS", 2),
        ("SPLUNK_HEC", 1),
        ("CEF", 1),
        ("SYSLOG", 1),
    ] {
        let received = sent(&world, format).await;
        assert_eq!(received.len(), requests, "{format}");
        let is_json = !["CEF", "SYSLOG"].contains(&format);
        let name = format!("webhook-{}", format.to_lowercase().replace('_', "-"));
        insta::assert_snapshot!(name, written(&received, is_json));
    }
}

#[tokio::test]
async fn c33_the_fields_are_all_there_whatever_is_known() {
    const FIELDS: [&str; 16] = [
        "accountId",
        "accountName",
        "avatar",
        "instanceName",
        "issueKey",
        "requestTypeName",
        "issueTypeName",
        "actionType",
        "target",
        "projectKey",
        "projectName",
        "changedFrom",
        "changedTo",
        "createdAt",
        "objectId",
        "summary",
    ];
    let world = company().await;
    for one in sent(&world, "FIELDS").await {
        let body = one.json();
        let body = body.as_object().unwrap();
        let mut there: Vec<&str> = body.keys().map(String::as_str).collect();
        let mut wanted = FIELDS.to_vec();
        there.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(there, wanted);
    }
}

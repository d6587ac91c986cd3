//! Views of issues that are posted: who may, what is refused, and that looking again within five minutes is one view.

use crate::hooks::{Inbox, SECRET, error};
use crate::world::{Kind, event, on_both, person};
use auditgraph::access::Role;
use auditgraph::event::{IssueRef, NewEvent, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

on_both!(repeated_views_are_one, views_of_two_sources_are_one);

const PATH: &str = "jira/issue-view";

/// Some minutes ago, by the clock that the server has.
fn ago(minutes: u64) -> Timestamp {
    let now = auditgraph::clock::Clock::System.now();
    Timestamp::from_millis(now.minus(Duration::from_mins(minutes)).millis()).unwrap()
}

fn view(minutes: u64) -> Value {
    json!({"accountId": "557058:ann", "issueKey": "WEB-1", "time": ago(minutes).to_string()})
}

async fn post(inbox: &Inbox, bearer: &str, body: &Value) -> u16 {
    let bearer = format!("Bearer {bearer}");
    let headers = [("authorization", bearer.as_str())];
    let answer = inbox.send(PATH, &headers, body.to_string()).await;
    answer.status().as_u16()
}

async fn count(inbox: &Inbox) -> usize {
    let data = inbox
        .world
        .data("{ events(filter: {actions: [\"issue.viewed\"]}) { nodes { position } } }")
        .await;
    data["events"]["nodes"].as_array().unwrap().len()
}

#[tokio::test]
async fn scripts_apps_and_administrators_may_post() {
    let inbox = Inbox::jira(Kind::Sqlite, SECRET).await;
    let administrator = inbox.world.token(Role::Administrator).await;
    let manager = inbox.world.token_named("manager", Role::Manager).await;
    for (bearer, status) in [
        ("look", 204),
        (SECRET, 204),
        (administrator.as_str(), 204),
        (manager.as_str(), 403),
        ("wrong", 401),
    ] {
        assert_eq!(post(&inbox, bearer, &view(1)).await, status, "{bearer}");
    }
    // What a script can show to everybody opens nothing else.
    let hook = inbox
        .send("jira", &[("authorization", "Bearer look")], "{}")
        .await;
    assert_eq!(hook.status(), 401);
    for (origin, allowed) in [
        ("https://acme.atlassian.net", true),
        ("https://evil.example.com", false),
    ] {
        let asked = inbox
            .client
            .request(Method::OPTIONS, format!("{}/{PATH}", inbox.url))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            );
        let answer = asked.send().await.unwrap();
        let named = answer.headers().get("access-control-allow-origin");
        assert_eq!(named.is_some(), allowed, "{origin}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_and_nothing_is_stored() {
    let inbox = Inbox::jira(Kind::Sqlite, SECRET).await;
    let many: Vec<Value> = vec![view(1); 101];
    let with = |key: &str, value: Value| {
        let mut view = view(1);
        view[key] = value;
        view
    };
    for (body, word) in [
        (json!("text"), "a view is an object"),
        (json!({"issueKey": "WEB-1"}), "accountId: missing"),
        (json!({"accountId": "557058:ann"}), "issueKey: missing"),
        (with("issueKey", json!("WEB")), "issueKey: not a key"),
        (with("issueId", json!("ten")), "issueId: not a number"),
        (with("place", json!("MOON")), "place: `MOON`"),
        (with("time", json!("yesterday")), "time: not a moment"),
        (with("time", json!("2099-01-01T00:00:00Z")), "in the future"),
        (view(25 * 60), "24 hours ago"),
        (json!(many), "at most 100"),
        (json!([view(1), {"issueKey": "WEB-1"}]), "[1]: accountId"),
    ] {
        let headers = [("authorization", "Bearer look")];
        let answer = inbox.send(PATH, &headers, body.to_string()).await;
        assert_eq!(answer.status(), 400, "{body}");
        let message = error(answer).await;
        assert!(message.contains(word), "{body}: {message}");
    }
    assert_eq!(count(&inbox).await, 0);
}

async fn repeated_views_are_one(kind: Kind) {
    let inbox = Inbox::jira(kind, SECRET).await;
    let portal = json!({"accountId": "557058:ann", "issueKey": "WEB-1", "place": "customer_portal",
        "time": ago(60).to_string()});
    let other =
        json!({"accountId": "557058:bob", "issueKey": "WEB-1", "time": ago(60).to_string()});
    for (body, stored) in [
        (view(60), 1),
        (view(60), 1),
        (view(57), 1),
        (view(54), 2),
        // Late ones change nothing that is stored.
        (view(58), 2),
        (view(64), 2),
        (portal, 3),
        (other, 4),
        // Of several at once the earliest counts.
        (json!([view(32), view(30), view(34)]), 5),
    ] {
        assert_eq!(post(&inbox, "look", &body).await, 204);
        assert_eq!(count(&inbox).await, stored, "{body}");
    }
    let data = inbox
        .world
        .data("{ events(filter: {actions: [\"view/customer_portal\"]}) { nodes { method project { key } } } }")
        .await;
    let nodes = data["events"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 1);
    assert_eq!(nodes[0]["method"], "CUSTOMER_PORTAL");
    assert_eq!(nodes[0]["project"]["key"], "WEB");
}

async fn views_of_two_sources_are_one(kind: Kind) {
    let inbox = Inbox::jira(kind, SECRET).await;
    let reported = |id: &str, minutes: u64| NewEvent {
        action: "jira_issue_viewed".to_owned(),
        actor: Some(person("557058:ann", "Ann Lee")),
        issue: Some(IssueRef {
            id: Some("10001".to_owned()),
            key: Some("WEB-1".to_owned()),
        }),
        ..event(id, &ago(minutes).to_string())
    };
    // What upstream counts twice is twice.
    inbox
        .world
        .append(vec![reported("a", 60), reported("b", 58)])
        .await;
    assert_eq!(count(&inbox).await, 2);
    assert_eq!(post(&inbox, "look", &view(59)).await, 204);
    assert_eq!(count(&inbox).await, 2, "the log told of it before");
    assert_eq!(post(&inbox, "look", &view(30)).await, 204);
    assert_eq!(count(&inbox).await, 3);
    inbox
        .world
        .append(vec![reported("c", 31), reported("d", 20)])
        .await;
    assert_eq!(count(&inbox).await, 4, "the script told of it before");
    inbox.world.append(vec![reported("c", 31)]).await;
    assert_eq!(count(&inbox).await, 4);
}

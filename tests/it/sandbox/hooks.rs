//! Webhooks of the sandbox's Jira: what they say, how they are signed, and how they get lost.

use super::{Upstream, small, start};
use auditgraph::sandbox::{Delivery, Mischief};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use url::Url;

type Received = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// Somebody who listens, and answers with the statuses it was given, then with 204.
async fn listener(it: &Upstream, statuses: Vec<u16>) -> (Url, Received) {
    let received = Received::default();
    let statuses = Arc::new(Mutex::new(statuses.into_iter()));
    let log = received.clone();
    let routes = Router::new().route(
        "/hooks",
        post(async move |headers: HeaderMap, body: Bytes| {
            log.lock().unwrap().push((headers, body));
            let status = statuses.lock().unwrap().next().unwrap_or(204);
            StatusCode::from_u16(status).unwrap()
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let stop = it.stop.clone().cancelled_owned();
    it.tasks.spawn(async move {
        axum::serve(listener, routes)
            .with_graceful_shutdown(stop)
            .await
            .unwrap();
    });
    (Url::parse(&url).unwrap(), received)
}

fn identifiers(received: &Received) -> Vec<String> {
    let received = received.lock().unwrap();
    let header = |headers: &HeaderMap| {
        headers["x-atlassian-webhook-identifier"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    received
        .iter()
        .map(|(headers, _)| header(headers))
        .collect()
}

fn body(delivery: &Delivery) -> Value {
    serde_json::from_str(&delivery.body).unwrap()
}

#[tokio::test]
async fn every_event_has_its_body() {
    let it = start(small()).await;
    let deliveries = it.sandbox.jira_deliveries(0..usize::MAX);
    let bodies: BTreeMap<String, Value> = deliveries
        .iter()
        .map(|it| (it.event.clone(), body(it)))
        .collect();
    let parts = [
        ("jira:issue_created", "issue"),
        ("jira:issue_updated", "issue"),
        ("jira:issue_deleted", "issue"),
        ("comment_created", "comment"),
        ("comment_updated", "comment"),
        ("comment_deleted", "comment"),
        ("worklog_created", "worklog"),
        ("worklog_updated", "worklog"),
        ("worklog_deleted", "worklog"),
        ("issuelink_created", "issueLink"),
        ("issuelink_deleted", "issueLink"),
        ("attachment_created", "attachment"),
        ("attachment_deleted", "attachment"),
        ("issuetype_created", "issuetype"),
        ("issuetype_updated", "issuetype"),
        ("issuetype_deleted", "issuetype"),
        ("project_created", "project"),
        ("project_updated", "project"),
        ("project_deleted", "project"),
        ("project_soft_deleted", "project"),
        ("project_restored_deleted", "project"),
        ("project_archived", "project"),
        ("project_restored_archived", "project"),
        ("jira:version_created", "version"),
        ("jira:version_updated", "version"),
        ("jira:version_deleted", "version"),
        ("jira:version_moved", "version"),
        ("jira:version_merged", "mergedVersion"),
        ("jira:version_released", "version"),
        ("jira:version_unreleased", "version"),
        ("user_created", "user"),
        ("user_updated", "user"),
        ("user_deleted", "user"),
        ("option_voting_changed", "property"),
        ("option_watching_changed", "property"),
        ("option_unassigned_issues_changed", "property"),
        ("option_subtasks_changed", "property"),
        ("option_issuelinks_changed", "property"),
        ("option_timetracking_changed", "property"),
        ("option_timetracking_provider_changed", "property"),
        ("sprint_created", "sprint"),
        ("sprint_updated", "oldValue"),
        ("sprint_deleted", "sprint"),
        ("sprint_started", "sprint"),
        ("sprint_closed", "sprint"),
        ("board_created", "board"),
        ("board_updated", "board"),
        ("board_deleted", "board"),
        ("board_configuration_changed", "configuration"),
        ("filter_created", "filter"),
        ("filter_updated", "filter"),
        ("filter_deleted", "filter"),
        ("issue_property_set", "property"),
        ("issue_property_deleted", "property"),
    ];
    for (event, part) in parts {
        let body = bodies
            .get(event)
            .unwrap_or_else(|| panic!("{event} never happens"));
        assert!(body[part].is_object(), "{event}: {body}");
        assert!(body["timestamp"].is_i64() || body["timestamp"].is_u64());
        assert_eq!(body["webhookEvent"], event);
    }
    assert!(bodies["comment_created"]["user"].is_null());
    assert!(bodies["comment_created"]["comment"]["body"].is_string());
    assert!(bodies["issuelink_created"]["issueLink"]["sourceIssueId"].is_u64());
    assert!(bodies["jira:version_created"]["version"]["projectId"].is_u64());
    let identifiers: BTreeSet<&str> = deliveries.iter().map(|it| it.identifier.as_str()).collect();
    assert_eq!(identifiers.len(), deliveries.len());
    it.end().await;
}

#[tokio::test]
async fn a_comment_also_updates_its_issue_without_a_changelog() {
    let it = start(small()).await;
    let acts = it.sandbox.jira_do("ISSUE_COMMENTED");
    let deliveries = it.sandbox.jira_deliveries(acts);
    let events: Vec<&str> = deliveries.iter().map(|it| it.event.as_str()).collect();
    assert_eq!(events, ["comment_created", "jira:issue_updated"]);
    let update = body(&deliveries[1]);
    assert!(update["comment"].is_object() && update["changelog"].is_null());
    assert_eq!(update["issue_event_type_name"], "issue_commented");
    it.end().await;
}

#[tokio::test]
async fn a_webhook_and_the_change_log_tell_the_same_history() {
    let it = start(small()).await;
    let acts = it.sandbox.jira_do("ISSUE_UPDATED");
    let hook = body(&it.sandbox.jira_deliveries(acts)[0]);
    let path = format!(
        "/rest/api/3/issue/{}/changelog",
        hook["issue"]["id"].as_str().unwrap()
    );
    let log = it.get(&path).await.json();
    let last = log["values"].as_array().unwrap().last().unwrap();
    assert_eq!(last["id"], hook["changelog"]["id"]);
    assert_eq!(last["author"]["accountId"], hook["user"]["accountId"]);
    assert_eq!(
        last["items"][0]["toString"],
        hook["changelog"]["items"][0]["toString"]
    );
    it.end().await;
}

#[tokio::test]
async fn what_happens_is_sent_signed_and_byte_for_byte() {
    let it = start(small()).await;
    let (url, received) = listener(&it, vec![]).await;
    it.sandbox.set_jira_webhook(Some(url), Some("a secret"));
    let mut acts = it.sandbox.publish_jira(30);
    acts.end = it.sandbox.jira_acts();
    it.sandbox.jira_settled().await;
    let expected = it.sandbox.jira_deliveries(acts);
    let got = received.lock().unwrap().clone();
    assert_eq!(got.len(), expected.len());
    for ((headers, bytes), delivery) in got.iter().zip(&expected) {
        assert_eq!(bytes, delivery.body.as_bytes());
        for (name, value) in delivery.headers(Some("a secret"), 0) {
            assert_eq!(headers[name], *value);
        }
        assert!(!headers.contains_key("x-atlassian-webhook-retry"));
    }
    it.end().await;
}

#[tokio::test]
async fn a_webhook_is_tried_again_five_times_and_no_more() {
    let it = start(small()).await;
    let (url, received) = listener(&it, vec![503; 40]).await;
    it.sandbox.set_jira_webhook(Some(url), None);
    it.sandbox.jira_do("HELP_CENTER_UPDATED");
    it.sandbox.jira_do("BOARD_CREATED");
    for _ in 0..9 {
        it.sandbox.jira_settled().await;
        it.clock.advance(Duration::from_mins(16));
    }
    let identifiers = identifiers(&received);
    assert_eq!(identifiers.len(), 6);
    assert!(identifiers.iter().all(|it| *it == identifiers[0]));
    let last = received.lock().unwrap()[5].0.clone();
    assert_eq!(last["x-atlassian-webhook-retry"], "5");
    it.end().await;
}

#[tokio::test]
async fn a_refusal_is_final() {
    let it = start(small()).await;
    let (url, received) = listener(&it, vec![400, 404]).await;
    it.sandbox.set_jira_webhook(Some(url), None);
    it.sandbox.jira_do("BOARD_CREATED");
    it.sandbox.jira_do("FILTER_CREATED");
    for _ in 0..3 {
        it.sandbox.jira_settled().await;
        it.clock.advance(Duration::from_mins(16));
    }
    assert_eq!(identifiers(&received).len(), 2);
    it.end().await;
}

#[tokio::test]
async fn webhooks_get_lost_doubled_and_spoilt_on_demand() {
    let it = start(small()).await;
    let (url, received) = listener(&it, vec![]).await;
    it.sandbox.set_jira_webhook(Some(url), Some("a secret"));
    it.sandbox.jira_mischief(Mischief::Dropped, 1);
    it.sandbox.jira_do("BOARD_CREATED");
    it.sandbox.jira_settled().await;
    assert_eq!(identifiers(&received).len(), 0);

    it.sandbox.jira_mischief(Mischief::Duplicated, 1);
    it.sandbox.jira_mischief(Mischief::WronglySigned, 1);
    it.sandbox.jira_do("BOARD_CREATED");
    it.sandbox.jira_settled().await;
    let twice = identifiers(&received);
    assert!(twice.len() == 2 && twice[0] == twice[1]);
    {
        let received = received.lock().unwrap();
        let signed = |place: usize| {
            received[place].0["x-hub-signature"]
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_ne!(signed(0), signed(1));
    }

    it.sandbox.jira_mischief(Mischief::Unsigned, 1);
    it.sandbox.jira_mischief(Mischief::Outage, 1);
    it.sandbox.jira_do("BOARD_CREATED");
    it.sandbox.jira_settled().await;
    assert_eq!(identifiers(&received).len(), 2);
    it.clock.advance(Duration::from_mins(16));
    it.sandbox.jira_settled().await;
    assert_eq!(identifiers(&received).len(), 3);
    assert!(
        !received.lock().unwrap()[2]
            .0
            .contains_key("x-hub-signature")
    );

    it.sandbox.jira_mischief(Mischief::Shuffled, 1);
    let acts = it.sandbox.jira_do("ISSUE_COMMENTED");
    it.sandbox.jira_settled().await;
    let straight: Vec<String> = it
        .sandbox
        .jira_deliveries(acts)
        .into_iter()
        .map(|it| it.identifier)
        .collect();
    let mut got = identifiers(&received).split_off(3);
    got.reverse();
    assert_eq!(got, straight);
    it.end().await;
}

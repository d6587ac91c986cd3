//! The audit log as a client reads it: all of it, in order, byte for byte.

use super::{small, start, truth};
use auditgraph::sandbox::{EndOfLog, Settings};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

#[tokio::test]
async fn the_stream_serves_the_whole_log_byte_for_byte_and_goes_on() {
    for end_of_log in [
        EndOfLog::NullCursor,
        EndOfLog::NullOnEmpty,
        EndOfLog::KeepsCursor,
    ] {
        let it = start(Settings {
            end_of_log,
            ..small()
        })
        .await;
        let (records, cursor) = it.read("limit=200").await;
        assert_eq!(records, truth(&it.sandbox));
        assert!(it.sandbox.ledger().unserved().is_empty());

        it.clock.advance(Duration::from_secs(30));
        let ids = it.sandbox.publish(5);
        assert_eq!(it.sandbox.ledger().unserved(), ids.into_iter().collect());
        let cursor = cursor.unwrap();
        let (more, _) = it.read(&format!("cursor={cursor}")).await;
        // A null cursor leaves only the cursor of the last page, which is read again.
        assert!(truth(&it.sandbox).ends_with(&more));
        assert!(more.len() >= 5);
        assert!(it.sandbox.ledger().unserved().is_empty());
        it.end().await;
    }
}

#[tokio::test]
async fn the_stream_filters_by_time_of_event_and_can_run_backwards() {
    let it = start(small()).await;
    let events: Vec<_> = it.sandbox.ledger().events().collect();
    let (from, to) = (events[200].time.millis(), events[500].time.millis());
    let (records, _) = it.read(&format!("from={from}&to={to}&limit=50")).await;
    let expected: Vec<_> = events
        .iter()
        .filter(|event| (from..=to).contains(&event.time.millis()))
        .map(|event| event.raw.clone())
        .collect();
    assert!(expected.len() > 200);
    assert_eq!(records, expected);

    let (mut backwards, _) = it.read("sortOrder=desc&limit=99").await;
    backwards.reverse();
    assert_eq!(backwards, truth(&it.sandbox));

    for wrong in ["limit=501", "limit=0", "limit=x", "sortOrder=up"] {
        let answer = it.stream(wrong).await;
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["code"]),
            (400, &json!("ADMIN-400-19")),
            "{wrong}"
        );
    }
    let answer = it.stream("from=yesterday").await;
    assert_eq!(answer.json()["errors"][0]["code"], "ADMIN-400-3");
    let answer = it.stream("cursor=made-up").await;
    assert_eq!(
        (answer.status, &answer.json()["errors"][0]["code"]),
        (400, &json!("ADMIN-400-1"))
    );
    it.end().await;
}

#[tokio::test]
async fn the_same_seed_gives_the_same_company_and_past() {
    let one = start(small()).await;
    let other = start(small()).await;
    let third = start(Settings { seed: 2, ..small() }).await;
    assert_eq!(truth(&one.sandbox), truth(&other.sandbox));
    assert_eq!(one.sandbox.ledger().users(), other.sandbox.ledger().users());
    assert_ne!(truth(&one.sandbox), truth(&third.sandbox));
    one.sandbox.publish(20);
    other.sandbox.publish(20);
    one.sandbox.hire();
    other.sandbox.hire();
    assert_eq!(truth(&one.sandbox), truth(&other.sandbox));
    for it in [one, other, third] {
        it.end().await;
    }
}

#[tokio::test]
async fn the_log_is_as_odd_as_the_real_one() {
    let it = start(Settings {
        history_events: 6_000,
        ..small()
    })
    .await;
    let ledger = it.sandbox.ledger();
    let events: Vec<_> = ledger.events().collect();
    let records: Vec<Value> = events
        .iter()
        .map(|event| serde_json::from_str(&event.raw).unwrap())
        .collect();
    let some =
        |wanted: &dyn Fn(&Value) -> bool| records.iter().filter(|record| wanted(record)).count();
    let of = |record: &Value, field: &str| record["attributes"][field].clone();

    assert!(some(&|record| record.get("links").is_none()) > 10);
    assert!(some(&|record| of(record, "context").is_null()) > 10);
    assert!(some(&|record| of(record, "context") == json!([])) > 10);
    assert!(some(&|record| of(record, "location").is_null()) > 10);
    assert!(some(&|record| of(record, "location")["city"] == "") > 10);
    assert!(some(&|record| of(record, "actor")["email"].is_null()) > 10);
    assert!(some(&|record| of(record, "actor")["app"].is_object()) > 10);
    assert!(some(&|record| of(record, "actor")["onBehalfOf"].is_object()) > 10);
    assert!(some(&|record| of(record, "actor")["auth"]["authType"] == "session") > 10);
    assert!(some(&|record| of(record, "actor")["id"] == "atlassian-internal-system") > 10);
    assert!(some(&|record| record.get("classification").is_some()) > 10);
    assert!(some(&|record| of(record, "time").as_str().unwrap().len() == 27) > 10);
    assert!(some(&|record| of(record, "time").as_str().unwrap().len() == 24) > 10);
    let late = events
        .iter()
        .filter(|event| event.processed_at.since(event.time) > Duration::from_hours(1));
    assert!(late.count() > 10);
    assert!(events.iter().all(|event| event.processed_at >= event.time));
    assert!(events.is_sorted_by_key(|event| event.processed_at));
    let ids: BTreeSet<_> = events.iter().map(|event| &event.id).collect();
    assert_eq!(ids.len(), events.len());
    let counts = ledger.counts();
    for action in [
        "jira_issue_viewed",
        "jira_issue_created",
        "jira_issue_updated",
        "confluence_page_viewed",
        "user_login",
        "user_login_failed",
        "user_logout",
        "user_logged_in_as_user",
        "user_added_to_group",
        "user_removed_from_group",
        "user_invitation_sent",
        "api_token_created",
        "org_settings_update",
        "aurora_lamp_dimmed",
    ] {
        assert!(
            counts.get(action).is_some_and(|count| *count > 0),
            "{action}"
        );
    }
    it.end().await;
}

//! Alerts: a mail soon after something happens, not one for each thing.

use super::{Post, said, subjects, text};
use crate::world::{Kind, on_both};
use auditgraph::event::NewEvent;
use serde_json::json;
use std::time::Duration;

on_both!(
    c41_an_alert_is_sent_within_a_minute_of_the_first_event,
    c41_what_happens_meanwhile_is_in_the_next_alert,
    an_alert_whose_filter_is_broken_says_so,
    an_alert_passes_over_what_it_does_not_wait_for,
);

const SECONDS: Duration = Duration::from_secs(5);

/// Lets time pass in steps of five seconds and returns the mails, each with how many seconds had passed.
async fn wait(post: &Post, seconds: u64) -> Vec<(u64, String)> {
    let mut sent = Vec::new();
    for passed in 1..=seconds / 5 {
        post.world.clock.advance(SECONDS);
        for subject in subjects(&post.deliver().await) {
            sent.push((passed * 5, subject));
        }
    }
    sent
}

async fn c41_an_alert_is_sent_within_a_minute_of_the_first_event(kind: Kind) {
    let post = Post::new(kind).await;
    // What was there before is no news.
    post.happens("before").await;
    let id = post
        .subscribe(json!({"atOnce": {}}), json!({"name": "Alert"}))
        .await;
    assert_eq!(post.about(&id).await["nextRuns"], json!([]));
    assert_eq!(post.about(&id).await["schedule"]["minutesBetween"], 5);
    assert_eq!(wait(&post, 120).await, []);
    post.happens("one").await;
    post.deliver().await;
    post.world.clock.advance(SECONDS);
    post.happens("two").await;
    post.happens("three").await;
    let sent = wait(&post, 120).await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].0 < 55, "{sent:?}");
    assert_eq!(sent[0].1, "Alert: 3 events");
    assert_eq!(wait(&post, 600).await, []);
}

async fn c41_what_happens_meanwhile_is_in_the_next_alert(kind: Kind) {
    let post = Post::new(kind).await;
    let schedule = json!({"atOnce": {"minutesBetween": 10}});
    post.subscribe(schedule, json!({"name": "Alert"})).await;
    post.happens("first").await;
    assert_eq!(wait(&post, 60).await.len(), 1);
    // Ten minutes have to pass between two mails, whatever happens.
    let mut sent = Vec::new();
    for minute in 0..9 {
        post.happens(&format!("minute {minute}")).await;
        sent.extend(wait(&post, 60).await);
    }
    assert_eq!(sent, []);
    let sent = wait(&post, 60).await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].1, "Alert: 9 events");
}

async fn an_alert_whose_filter_is_broken_says_so(kind: Kind) {
    let post = Post::new(kind).await;
    super::list_ann(&post.world, &["auditors", "others"]).await;
    let filter = json!({"name": "Auditors", "filter": {"groups": ["auditors"]}});
    let filter = post.filter(filter).await;
    let made = post.create(&filter, json!({"atOnce": {}}), json!({})).await;
    let id = text(&made["data"]["createFilterSubscription"]["filterSubscription"]["id"]);
    super::list_ann(&post.world, &["others"]).await;
    post.happens("one").await;
    assert_eq!(wait(&post, 60).await, []);
    let run = post.run(&id).await;
    assert_eq!(run["status"], "FAILED");
    assert!(text(&run["error"]).contains("the group `auditors` has been deleted"));
    // It rests, so that its own failure does not fill the log.
    wait(&post, 600).await;
    assert_eq!(post.about(&id).await["runs"].as_array().unwrap().len(), 1);
    super::list_ann(&post.world, &["auditors", "others"]).await;
    post.world.clock.advance(Duration::from_hours(1));
    let sent = post.deliver().await;
    assert_eq!(sent.len(), 1);
    assert!(said(&sent[0]).contains("Ann Lee"));
}

async fn an_alert_passes_over_what_it_does_not_wait_for(kind: Kind) {
    let post = Post::new(kind).await;
    post.subscribe(json!({"atOnce": {}}), json!({"name": "Alert"}))
        .await;
    let other = |number: u32| NewEvent {
        action: "jira_issue_viewed".to_owned(),
        ..post.event(&format!("view {number}"))
    };
    post.world.append((0..1_500).map(other).collect()).await;
    assert_eq!(wait(&post, 60).await, []);
    post.happens("one").await;
    let sent = wait(&post, 60).await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].1, "Alert: 1 event");
}

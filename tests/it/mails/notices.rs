//! What administrators are told by mail: what on this server has stopped, once each, however many processes there are.

use super::{Post, daily, mails, subjects};
use crate::world::{Kind, on_both};
use auditgraph::deliver::mail::{Mails, Outgoing, Transport};
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;

on_both!(
    administrators_are_told_once_of_what_has_stopped,
    a_notice_that_could_not_be_sent_is_sent_later,
    nobody_is_told_where_there_are_no_administrators,
);

type Sent = Arc<Mutex<Vec<Outgoing>>>;

/// A server with administrators to tell.
async fn post(kind: Kind) -> Post {
    let mut post = Post::new(kind).await;
    post.world.config.mail.administrators = vec!["root@example.com".to_owned()];
    post
}

/// Another process, and what it sends.
fn process(post: &Post, holder: u128) -> (Mails, Sent) {
    let sent = Sent::default();
    let transport = Transport::Memory(Arc::clone(&sent));
    (mails(&post.world, transport, holder), sent)
}

async fn notices(mails: &Mails, sent: &Sent) -> Vec<Outgoing> {
    mails.notify().await.unwrap();
    std::mem::take(&mut sent.lock().unwrap())
}

/// A filter subscription that is paused as soon as it is due, since its owner's token has been revoked.
async fn stop_one(post: &Post, day: &str) {
    post.subscribe(daily("09:00"), json!({})).await;
    let (owner, now) = (post.owner.token_id.to_string(), post.world.clock.now());
    let store = post.world.feed.store();
    assert_eq!(store.revoke_token(&owner, None, now).await.unwrap(), 1);
    assert_eq!(post.reach(&format!("{day}T09:00:00Z")).await, []);
}

async fn administrators_are_told_once_of_what_has_stopped(kind: Kind) {
    let post = post(kind).await;
    let (one, sent) = process(&post, 1);
    let (other, sent_by_other) = process(&post, 2);
    assert_eq!(notices(&one, &sent).await, []);
    stop_one(&post, "2026-11-21").await;
    let told = notices(&one, &sent).await;
    assert_eq!(
        subjects(&told),
        ["Filter subscription paused: Daily deletions"]
    );
    let body = String::from_utf8_lossy(&told[0].bytes);
    assert_eq!(told[0].to[0].to_string(), "root@example.com");
    assert!(body.contains("revoked or has expired"), "{body}");
    assert!(body.contains("resumeFilterSubscription"), "{body}");
    assert!(body.contains("Message-ID: <notice-"), "{body}");
    assert_eq!(notices(&one, &sent).await, []);
    post.world.clock.advance(Duration::from_hours(1));
    assert_eq!(notices(&other, &sent_by_other).await, []);
}

async fn a_notice_that_could_not_be_sent_is_sent_later(kind: Kind) {
    let post = post(kind).await;
    let (one, sent) = process(&post, 1);
    assert_eq!(notices(&one, &sent).await, []);
    stop_one(&post, "2026-11-21").await;
    let broken = mails(&post.world, Transport::Directory("/dev/null/no".into()), 1);
    broken.notify().await.unwrap();
    // It is not tried all the time.
    broken.notify().await.unwrap();
    let told = notices(&one, &sent).await;
    assert_eq!(
        subjects(&told),
        ["Filter subscription paused: Daily deletions"]
    );
}

async fn nobody_is_told_where_there_are_no_administrators(kind: Kind) {
    let post = Post::new(kind).await;
    stop_one(&post, "2026-11-21").await;
    let (one, sent) = process(&post, 1);
    assert_eq!(notices(&one, &sent).await, []);
}

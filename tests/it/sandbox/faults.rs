//! What goes wrong: limits, and every fault on demand and at random.

use super::{Answer, Upstream, small, start};
use auditgraph::sandbox::{Fault, Faults, Hint, Settings};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

#[tokio::test]
async fn limits_hold_until_the_clock_has_passed_the_window() {
    let it = start(Settings {
        limits: true,
        ..small()
    })
    .await;
    for left in (0..50).rev() {
        let answer = it.stream("limit=1").await;
        assert_eq!(
            (answer.status, answer.header("x-ratelimit-remaining")),
            (200, left.to_string().as_str())
        );
    }
    let refused = it.stream("limit=1").await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (429, &json!(429))
    );
    assert_eq!(refused.header("date"), "Fri, 20 Nov 2026 15:00:00 GMT");
    assert_eq!(refused.header("x-ratelimit-reset"), "2026-11-20T15:01:00Z");
    assert_eq!(refused.header("x-ratelimit-limit"), "50");
    assert!(!refused.headers.contains_key("retry-after"));
    it.clock.advance(Duration::from_mins(1));
    assert_eq!(it.stream("limit=1").await.status, 200);

    for _ in 0..10 {
        assert_eq!(
            it.get(&format!("{}/event-actions", it.org())).await.status,
            200
        );
    }
    assert_eq!(it.get(&format!("{}/events", it.org())).await.status, 429);
    assert_eq!(it.sandbox.ledger().requests_to("/events-stream"), 52);
    it.end().await;
}

#[tokio::test]
async fn every_fault_can_be_had_on_demand() {
    let it = start(small()).await;
    let at = |hint| it.sandbox.inject(Fault::TooManyRequests(hint));
    at(Hint::Seconds(7));
    let answer = it.stream("").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "7"));
    at(Hint::Date(Duration::from_secs(9)));
    assert_eq!(
        it.stream("").await.header("retry-after"),
        "Fri, 20 Nov 2026 15:00:09 GMT"
    );
    at(Hint::Reset(Duration::from_secs(9)));
    let answer = it.stream("").await;
    assert_eq!(answer.header("x-ratelimit-reset"), "2026-11-20T15:00:09Z");
    assert!(!answer.headers.contains_key("retry-after"));
    at(Hint::None);
    assert_eq!(it.stream("").await.status, 429);
    let broken = [
        (Fault::InternalError, 500),
        (Fault::BadGateway, 502),
        (Fault::Unavailable(Hint::Seconds(3)), 503),
        (Fault::GatewayTimeout, 504),
        (Fault::ExpiredKey, 401),
    ];
    for (fault, status) in broken {
        it.sandbox.inject(fault.on("events-stream").times(2));
        assert_eq!(it.get("/2.0/user").await.status, 200);
        assert_eq!(it.stream("").await.status, status);
        assert_eq!(it.stream("").await.status, status);
    }
    it.sandbox.inject(Fault::LoginPage);
    let answer = it.stream("").await;
    assert!(answer.status == 200 && answer.text.starts_with("<!doctype html>"));
    it.sandbox.inject(Fault::EmptyBody);
    assert_eq!(it.stream("").await.text, "");

    assert!(it.sandbox.ledger().served().is_empty());
    it.sandbox.inject(Fault::Truncated);
    let answer = it.stream("").await;
    assert!(serde_json::from_str::<Value>(&answer.text).is_err());
    it.sandbox.inject(Fault::Reset);
    let path = format!("{}/events-stream", it.org());
    assert!(
        Upstream::send(it.request(reqwest::Method::GET, &path))
            .await
            .is_err()
    );
    assert!(
        it.sandbox.ledger().served().is_empty(),
        "what did not arrive whole was not served"
    );

    let before = it.clock.now();
    it.sandbox.inject(Fault::Slow {
        pieces: 4,
        pause: Duration::from_secs(5),
    });
    assert_eq!(it.stream("").await.status, 200);
    assert_eq!(it.clock.now().since(before), Duration::from_secs(20));

    it.sandbox.inject(Fault::NoAuditLog);
    let answer = it.stream("").await.json();
    assert_eq!(
        (&answer["data"], &answer["meta"]["next"]),
        (&json!([]), &Value::Null)
    );
    it.sandbox.inject(Fault::ExpiredKey.after(2).for_good());
    let statuses = [
        it.stream("").await.status,
        it.get("/2.0/user").await.status,
        it.get("/2.0/user").await.status,
    ];
    assert_eq!(statuses, [200, 200, 401]);
    it.sandbox.heal();
    assert_eq!(it.stream("").await.status, 200);
    it.end().await;
}

#[tokio::test]
async fn pages_can_be_bent() {
    let it = start(small()).await;
    let ids = |answer: &Answer| -> Vec<String> {
        let page = answer.json();
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let next = |answer: &Answer| answer.json()["meta"]["next"].as_str().unwrap().to_owned();
    let all = it.sandbox.ledger().ids();
    let first = it.stream("limit=10").await;
    let second = format!("limit=10&cursor={}", next(&first));

    it.sandbox.inject(Fault::RepeatedEvent);
    let repeated = it.stream(&second).await;
    assert_eq!(ids(&repeated), all[9..19]);
    let following = it
        .stream(&format!("limit=10&cursor={}", next(&repeated)))
        .await;
    assert_eq!(ids(&following), all[19..29]);

    it.sandbox.inject(Fault::ShortPage);
    assert_eq!(ids(&it.stream(&second).await), all[10..15]);
    it.sandbox.inject(Fault::EmptyPage);
    let empty = it.stream(&second).await;
    assert!(ids(&empty).is_empty());
    assert_eq!(
        ids(&it
            .stream(&format!("limit=10&cursor={}", next(&empty)))
            .await),
        all[10..20]
    );

    it.sandbox.inject(Fault::SamePage.for_good());
    let mut query = second.clone();
    for _ in 0..3 {
        let same = it.stream(&query).await;
        assert_eq!(ids(&same), all[10..20]);
        query = format!("limit=10&cursor={}", next(&same));
    }
    it.sandbox.heal();

    let elsewhere: reqwest::Url = "http://127.0.0.9:9/".parse().unwrap();
    it.sandbox
        .inject(Fault::NextElsewhere(elsewhere.clone()).for_good());
    for path in [
        "/2.0/repositories/larkspur",
        "/2.0/workspaces/larkspur/projects",
    ] {
        let page = it.get(path).await.json();
        assert!(
            page["next"]
                .as_str()
                .unwrap()
                .starts_with(elsewhere.as_str()),
            "{page}"
        );
    }
    let page = it.get(&format!("{}/users", it.org())).await.json();
    assert!(
        page["links"]["next"]
            .as_str()
            .unwrap()
            .starts_with(elsewhere.as_str())
    );
    it.sandbox.heal();

    it.sandbox.forget_cursors();
    assert_eq!(
        it.stream(&second).await.json()["errors"][0]["code"],
        "ADMIN-400-1"
    );
    let again = it.stream("limit=10").await;
    it.sandbox.inject(Fault::StaleCursor);
    assert_eq!(it.stream("").await.status, 200);
    let stale = it.stream(&format!("cursor={}", next(&again))).await;
    assert_eq!(stale.json()["errors"][0]["code"], "ADMIN-400-1");
    it.end().await;
}

#[tokio::test]
async fn a_patient_client_gets_through_the_mix() {
    let it = start(Settings {
        faults: Faults::mix(0.4, 11),
        ..small()
    })
    .await;
    let mut seen = BTreeSet::new();
    let mut cursor = None::<String>;
    let mut failures = 0;
    loop {
        let query = cursor.as_ref().map_or_else(
            || "limit=20".to_owned(),
            |cursor| format!("limit=20&cursor={cursor}"),
        );
        let path = format!("{}/events-stream?{query}", it.org());
        let answer = Upstream::send(it.request(reqwest::Method::GET, &path)).await;
        let page = answer
            .ok()
            .filter(|answer| answer.status == 200)
            .and_then(|answer| serde_json::from_str::<Value>(&answer.text).ok());
        let Some(page) = page else {
            failures += 1;
            continue;
        };
        let ids: Vec<_> = page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["id"].to_string())
            .collect();
        if ids.is_empty() {
            break;
        }
        seen.extend(ids);
        cursor = page["meta"]["next"].as_str().map(ToOwned::to_owned);
    }
    assert_eq!(seen.len(), it.sandbox.ledger().len());
    assert!(failures > 5, "{failures}");
    it.end().await;
}

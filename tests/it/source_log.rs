//! Following the organization's audit log: both of its ends, lost cursors, loops, and the past day by day.

use crate::upstream::{Asked, Upstream, clock, json, status};
use auditgraph::clock::Clock;
use auditgraph::event::{Stretch, Timestamp};
use auditgraph::source::organization::Organization;
use auditgraph::source::{Page, Part, Source, SourceError};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::Duration;

fn organization(upstream: &Upstream, clock: &Clock, more: &str) -> Organization {
    let config = upstream.config(more);
    Organization::new(&config.organization, &config.http_client, clock).unwrap()
}

/// All pages of one round, and what it ended with.
async fn round(
    source: &Organization,
    part: Part,
    cursor: Option<String>,
) -> (Vec<Page>, Option<SourceError>) {
    let mut pages = Vec::new();
    let mut stream = source.pages(part, cursor);
    while let Some(page) = stream.next().await {
        match page {
            Ok(page) => pages.push(page),
            Err(error) => return (pages, Some(error)),
        }
        assert!(pages.len() < 1_000, "no end");
    }
    (pages, None)
}

fn ids(source: &Organization, pages: &[Page]) -> Vec<String> {
    pages
        .iter()
        .flat_map(|page| &page.records)
        .flat_map(|record| source.normalise(record).events)
        .map(|event| event.upstream_key)
        .collect()
}

fn last_cursor(pages: &[Page]) -> Option<String> {
    pages.iter().rev().find_map(|page| page.cursor.clone())
}

fn event(id: usize, processed: &str) -> Value {
    json!({"id": format!("e{id}"), "type": "events", "attributes": {
        "action": "user_login", "time": processed, "processedAt": processed,
    }})
}

fn page(events: &[Value], next: Option<&str>) -> Response {
    json(&json!({"data": events, "meta": {"next": next}, "links": {}}))
}

fn lost() -> Response {
    let error = json!({"errors": [{"code": "ADMIN-400-1", "title": "Invalid cursor"}]});
    status(400, error.to_string()).into_response()
}

/// A log of `events` that is read two at a time, whose cursors are places in it. At its end it gives a cursor or none.
fn log(asked: &Asked, events: &[Value], cursor_at_end: bool) -> Response {
    let start: usize = asked.get("cursor").parse().unwrap_or(0);
    let end = (start + 2).min(events.len());
    let next = (end < events.len() || cursor_at_end).then(|| end.to_string());
    page(&events[start..end], next.as_deref())
}

#[tokio::test]
async fn both_ends_of_the_log_are_followed_without_loss() {
    for cursor_at_end in [true, false] {
        let clock = clock();
        let events: &'static Mutex<Vec<Value>> = Box::leak(Box::default());
        let script = move |asked: &Asked, _| log(asked, &events.lock().unwrap(), cursor_at_end);
        let upstream = Upstream::start(&clock, script).await;
        let source = organization(&upstream, &clock, "");
        let mut cursor = None;
        let mut seen = std::collections::BTreeSet::new();
        for count in 0..9 {
            let (pages, error) = round(&source, Part::Events, cursor.clone()).await;
            assert!(error.is_none(), "{error:?}");
            cursor = last_cursor(&pages).or(cursor);
            seen.extend(ids(&source, &pages));
            assert_eq!(
                seen.len(),
                events.lock().unwrap().len(),
                "{cursor_at_end} {count}"
            );
            for _ in 0..count % 4 {
                let mut events = events.lock().unwrap();
                let next = event(events.len(), "2026-11-20T08:00:00Z");
                events.push(next);
            }
        }
        // Nothing new: nothing but at most one page of old events.
        let (pages, _) = round(&source, Part::Events, cursor.clone()).await;
        let (pages, _) = round(&source, Part::Events, last_cursor(&pages).or(cursor)).await;
        assert!(ids(&source, &pages).len() <= 2);
        assert_eq!(ids(&source, &pages).is_empty(), cursor_at_end);
        assert_eq!(pages.len(), 1, "the end is told once");
    }
}

#[tokio::test]
async fn the_first_round_starts_some_hours_ago_and_the_next_at_the_cursor() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| match asked.get("cursor") {
        "" => page(&[event(1, "2026-11-20T08:59:00Z")], Some("opaque/+=")),
        _ => page(&[], Some("opaque/+=")),
    })
    .await;
    let source = organization(&upstream, &clock, "organization.lateness_hours = 2");
    let (pages, _) = round(&source, Part::Events, None).await;
    assert_eq!(pages.len(), 2);
    let watermark = Timestamp::parse("2026-11-20T09:00:00Z").unwrap();
    assert_eq!(pages[0].watermark, Some(watermark));
    assert_eq!(pages[0].covered, None, "not yet at the end");
    let from = watermark.minus(Duration::from_hours(2));
    let covered = pages[1].covered.unwrap();
    assert_eq!(
        covered,
        Stretch {
            from,
            to: watermark
        }
    );
    clock.advance(Duration::from_mins(1));
    let (again, _) = round(&source, Part::Events, last_cursor(&pages)).await;
    assert!(again[0].records.is_empty() && again.len() == 1);
    assert_eq!(again[0].covered.unwrap().from, covered.to, "without a hole");
    let asked = upstream.asked();
    assert_eq!(asked[0].path, "/admin/v1/orgs/org-1/events-stream");
    assert_eq!(asked[0].get("from"), "1795158000000");
    assert_eq!(asked[0].get("limit"), "500");
    assert_eq!(asked[2].get("cursor"), "opaque/+=");
    assert_eq!(asked[2].get("from"), "");
}

#[tokio::test]
async fn a_lost_cursor_starts_again_before_the_watermark() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| match asked.get("cursor") {
        "" => page(&[event(1, "2026-11-21T03:00:00Z")], Some("a")),
        "a" => page(&[event(2, "2026-11-21T04:00:00.5Z")], Some("b")),
        _ => page(&[], Some("b")),
    })
    .await;
    let source = organization(&upstream, &clock, "organization.lateness_hours = 1");
    clock.advance(Duration::from_hours(24));
    let (pages, _) = round(&source, Part::Events, None).await;
    let cursor = last_cursor(&pages);
    drop(upstream);

    let upstream = Upstream::start(&clock, |asked, _| match asked.get("cursor") {
        "" => page(&[event(2, "2026-11-21T04:00:00.5Z")], Some("c")),
        "c" => page(&[], Some("c")),
        _ => lost(),
    })
    .await;
    let source = organization(&upstream, &clock, "organization.lateness_hours = 1");
    let (pages, error) = round(&source, Part::Events, cursor).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(ids(&source, &pages), ["e2"]);
    let asked = upstream.asked();
    assert_eq!(asked.len(), 3);
    // The watermark was the clock of the first round, which is later than both events.
    assert_eq!(asked[1].get("from"), "1795248000000");
    assert_eq!(asked[2].get("cursor"), "c");
}

#[tokio::test]
async fn a_log_that_refuses_every_cursor_is_an_error_not_a_loop() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| match asked.get("cursor") {
        "" => page(&[event(1, "2026-11-20T08:00:00Z")], Some("a")),
        _ => lost(),
    })
    .await;
    let source = organization(&upstream, &clock, "");
    let (pages, error) = round(&source, Part::Events, None).await;
    assert_eq!(pages.len(), 2);
    assert!(
        matches!(error, Some(SourceError::CursorLost { .. })),
        "{error:?}"
    );
    let refusing = Upstream::start(&clock, |_, _| lost()).await;
    let source = organization(&refusing, &clock, "");
    let (_, error) = round(&source, Part::Events, None).await;
    assert!(
        matches!(error, Some(SourceError::Unusable { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_cursor_that_is_not_ours_loses_nothing() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |_, _| page(&[], None)).await;
    let source = organization(&upstream, &clock, "organization.history_days = 10");
    let (pages, error) = round(&source, Part::Events, Some("damaged".to_owned())).await;
    assert!(error.is_none() && pages.len() == 1);
    // Ten days and 48 hours before the morning of the clock.
    assert_eq!(upstream.asked()[0].get("from"), "1794128400000");
}

#[tokio::test]
async fn pages_that_lead_back_end_in_an_error() {
    let same: fn(&Asked, usize) -> Response =
        |_, _| page(&[event(1, "2026-11-20T08:00:00Z")], Some("same"));
    let ring: fn(&Asked, usize) -> Response = |asked, _| match asked.get("cursor") {
        "a" => page(&[event(2, "2026-11-20T08:00:00Z")], Some("b")),
        _ => page(&[event(1, "2026-11-20T08:00:00Z")], Some("a")),
    };
    for part in [Part::Events, Part::History] {
        for script in [same, ring] {
            let clock = clock();
            let upstream = Upstream::start(&clock, script).await;
            let source = organization(&upstream, &clock, "");
            let (pages, error) = round(&source, part, None).await;
            assert!(
                matches!(error, Some(SourceError::Misdirected { .. })),
                "{error:?}"
            );
            assert!(pages.len() <= 3 && upstream.count() <= 4);
        }
    }
}

#[tokio::test]
async fn a_plan_without_a_log_is_an_end_with_nothing() {
    for body in [
        json!({"data": []}),
        json!({"data": null, "meta": null}),
        json!({}),
    ] {
        let clock = clock();
        let upstream = Upstream::start(&clock, move |_, _| json(&body)).await;
        let source = organization(&upstream, &clock, "organization.history_days = 3");
        for part in [Part::Events, Part::History] {
            let (pages, error) = round(&source, part, None).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(ids(&source, &pages), Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn records_stay_as_they_are() {
    let record = "{ \"id\":\"e1\",\t\"n\": 1.50e+2, \"n\": 7, \"s\": \"\\u00fc\\/\" }";
    let clock = clock();
    let upstream = Upstream::start(&clock, move |_, _| {
        (
            [("content-type", "application/json")],
            format!("{{\"data\": [\n {record} ]}}"),
        )
    })
    .await;
    let source = organization(&upstream, &clock, "");
    let (pages, _) = round(&source, Part::Events, None).await;
    assert_eq!(pages[0].records[0].get(), record);
    assert_eq!(source.normalise(&pages[0].records[0]).events[0].raw, record);
}

#[tokio::test]
async fn a_stray_byte_does_not_block_the_log() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |_, _| {
        let body: &[u8] = b"{\"data\": [{\"id\": \"e1\", \"x\": \"\xff\"}]}";
        ([("content-type", "application/json")], body)
    })
    .await;
    let source = organization(&upstream, &clock, "");
    let (pages, error) = round(&source, Part::Events, None).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(ids(&source, &pages), ["e1"]);
}

#[tokio::test]
async fn the_past_is_read_backwards_and_once() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| {
        let day = asked.get("from").to_owned();
        match asked.get("cursor") {
            "" => page(&[json!({"id": format!("{day}-1")})], Some("more")),
            "more" => page(&[json!({"id": format!("{day}-2")})], Some("end")),
            _ => page(&[], Some("end")),
        }
    })
    .await;
    let source = organization(&upstream, &clock, "organization.history_days = 3");
    let (pages, error) = round(&source, Part::History, None).await;
    assert!(error.is_none());
    let days: Vec<_> = upstream
        .asked()
        .iter()
        .step_by(3)
        .map(|asked| (asked.get("from").to_owned(), asked.get("to").to_owned()))
        .collect();
    let now = clock.now().millis();
    let day = |back: i64| (now - back * 86_400_000).to_string();
    assert_eq!(days, [(day(1), day(0)), (day(2), day(1)), (day(3), day(2))]);
    let all = ids(&source, &pages);
    assert_eq!(all.len(), 6);
    assert_eq!(pages.last().unwrap().progress, Some((3, 3)));

    // From the cursor of any page the rest follows, and nothing is left out.
    for stop in 0..pages.len() {
        clock.advance(Duration::from_mins(7));
        let (rest, _) = round(&source, Part::History, pages[stop].cursor.clone()).await;
        let seen = ids(&source, &pages[..=stop]);
        assert_eq!([seen, ids(&source, &rest)].concat(), all);
    }
    // Finished: no request. Unless more is asked for.
    let before = upstream.count();
    let (rest, _) = round(&source, Part::History, last_cursor(&pages)).await;
    assert!(rest.is_empty());
    assert_eq!(upstream.count(), before);
    let source = organization(&upstream, &clock, "organization.history_days = 4");
    let (rest, _) = round(&source, Part::History, last_cursor(&pages)).await;
    assert_eq!(
        ids(&source, &rest),
        [format!("{}-1", day(4)), format!("{}-2", day(4))]
    );
}

#[tokio::test]
async fn a_cursor_lost_within_a_day_reads_that_day_again() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, before| match asked.get("cursor") {
        "" => page(&[json!({"id": "1"})], Some("more")),
        _ if before == 1 => lost(),
        _ => page(&[json!({"id": "2"})], None),
    })
    .await;
    let source = organization(&upstream, &clock, "organization.history_days = 1");
    let (pages, error) = round(&source, Part::History, None).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(ids(&source, &pages), ["1", "1", "2"]);
}

#[tokio::test]
async fn no_history_is_no_request() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |_, _| lost()).await;
    let source = organization(&upstream, &clock, "organization.history_days = 0");
    let (pages, error) = round(&source, Part::History, None).await;
    assert!(pages.is_empty() && error.is_none());
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn the_budget_is_kept_and_reported() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |_, _| page(&[], None)).await;
    let more = "organization.history_days = 120";
    let mut config = upstream.config(more);
    config.organization.requests_per_minute = 45;
    let source = Organization::new(&config.organization, &config.http_client, &clock).unwrap();
    let start = clock.now();
    round(&source, Part::History, None).await;
    assert_eq!(upstream.count(), 120);
    let took = clock.now().since(start);
    assert!(
        took >= Duration::from_secs(150) && took < Duration::from_secs(160),
        "{took:?}"
    );
    assert!((44..=46).contains(&source.budget().spent));
}

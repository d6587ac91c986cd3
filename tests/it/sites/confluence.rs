//! How Confluence is asked: windows, pages that overlap, links, and who is listed.

use super::{last_cursor, round, texts};
use crate::upstream::{Asked, SECRET, Upstream, clock, json, status};
use auditgraph::clock::Clock;
use auditgraph::config::Config;
use auditgraph::event::directory::{Entry, Listing};
use auditgraph::source::confluence_cloud::ConfluenceCloud;
use auditgraph::source::{Page, Part, Source, SourceError};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::Duration;

fn source(upstream: &Upstream, clock: &Clock, path: &str, people: bool) -> ConfluenceCloud {
    let url = format!("{}{path}", upstream.url);
    let config: Config = format!(
        "confluence_cloud.token = '{SECRET}'\nconfluence_cloud.email = 'a@example.com'\n\
         confluence_cloud.base_url = '{url}'\nconfluence_cloud.requests_per_minute = 100000\n\
         confluence_cloud.history_days = 3"
    )
    .parse()
    .unwrap();
    ConfluenceCloud::new(&config.confluence_cloud, people, &config.http_client, clock).unwrap()
}

fn record(number: i64) -> Value {
    json!({"summary": format!("s{number}"), "creationDate": 1_795_163_000_000 - number})
}

/// A page of `list` as it is asked for, of at most `most` records; `size` tells nonsense.
fn page(asked: &Asked, list: &[Value], most: usize) -> Response {
    let start: usize = asked.get("start").parse().unwrap();
    let page: Vec<&Value> = list.iter().skip(start).take(most).collect();
    json(&json!({"results": page, "start": start, "limit": most, "size": 2}))
}

fn of(pages: &[Page]) -> Vec<Value> {
    let texts = texts(pages).into_iter();
    texts
        .map(|text| serde_json::from_str(text).unwrap())
        .collect()
}

#[tokio::test]
async fn a_window_is_read_until_nothing_follows() {
    let list: Vec<Value> = (0..11).map(record).collect();
    let shown = list.clone();
    let clock = clock();
    let upstream = Upstream::start(&clock, move |asked, _| page(asked, &shown, 4)).await;
    let source = source(&upstream, &clock, "/wiki", false);
    let (pages, error) = round(&source, Part::Events, None).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(of(&pages), list);
    let starts = |asked: &[Asked]| -> Vec<String> {
        asked
            .iter()
            .map(|asked| asked.get("start").to_owned())
            .collect()
    };
    let asked = upstream.asked();
    // One record again each time, to see that nothing has moved; at the end nothing behind the last.
    assert_eq!(starts(&asked), ["0", "2", "4", "6", "8", "9", "11"]);
    assert_eq!(asked[0].path, "/wiki/rest/api/audit");
    // Two days before nine o'clock, and a millisecond on either side.
    assert_eq!(asked[0].get("startDate"), "1794992399999");
    assert_eq!(asked[0].get("endDate"), "1795165200001");
    assert!(pages[0].starts_reading && !pages[1].starts_reading);
    let covered = pages.last().unwrap().covered.unwrap();
    assert_eq!(covered.from.to_string(), "2026-11-18T09:00:00Z");
    assert_eq!(covered.to.to_string(), "2026-11-20T09:00:00Z");

    // The next round reads ten minutes again, and every quarter of an hour two days.
    for (minutes, from) in [(1, "2026-11-20T08:50:00Z"), (15, "2026-11-18T09:01:00Z")] {
        let before = upstream.count();
        clock.advance(Duration::from_mins(minutes));
        let (pages, _) = round(&source, Part::Events, last_cursor(&pages)).await;
        let asked: i64 = upstream.asked()[before].get("startDate").parse().unwrap();
        if minutes == 1 {
            let from = auditgraph::event::Timestamp::parse(from).unwrap();
            assert_eq!(asked, from.millis() - 1);
        }
        assert!(last_cursor(&pages).is_some());
    }
}

#[tokio::test]
async fn what_comes_in_front_makes_the_window_be_read_anew() {
    let clock = clock();
    let list: &'static Mutex<Vec<Value>> =
        Box::leak(Box::new(Mutex::new((0..9).map(record).collect())));
    let upstream = Upstream::start(&clock, move |asked, before| {
        let mut list = list.lock().unwrap();
        if before == 2 {
            list.insert(0, record(99));
        }
        page(asked, &list, 4)
    })
    .await;
    let source = source(&upstream, &clock, "/wiki", false);
    let (pages, error) = round(&source, Part::Events, None).await;
    assert!(error.is_none(), "{error:?}");
    let begun: Vec<usize> = (0..pages.len())
        .filter(|place| pages[*place].starts_reading)
        .collect();
    assert_eq!(begun.len(), 2);
    assert_eq!(of(&pages[begun[1]..]), *list.lock().unwrap());
}

#[tokio::test]
async fn the_past_goes_on_where_it_was() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| {
        let day: i64 = asked.get("endDate").parse().unwrap();
        page(asked, &[json!({"summary": "s", "creationDate": day})], 4)
    })
    .await;
    let source = source(&upstream, &clock, "/wiki", false);
    let (pages, error) = round(&source, Part::History, None).await;
    assert!(error.is_none());
    let all = of(&pages);
    assert_eq!(all.len(), 3);
    assert_eq!(pages.last().unwrap().progress, Some((3, 3)));
    for stop in 0..pages.len() {
        clock.advance(Duration::from_mins(7));
        let (rest, _) = round(&source, Part::History, last_cursor(&pages[..=stop])).await;
        let mut days = of(&pages[..=stop]);
        days.extend(of(&rest));
        days.dedup();
        if last_cursor(&pages[..=stop]).is_some() {
            assert_eq!(days, all, "{stop}");
        }
    }
    let before = upstream.count();
    assert!(
        round(&source, Part::History, last_cursor(&pages))
            .await
            .0
            .is_empty()
    );
    assert_eq!(upstream.count(), before);
}

#[tokio::test]
async fn a_refused_credential_says_what_is_needed() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |asked, _| match asked.path.as_str() {
        "/wiki/rest/api/user/current" => json(&json!({"displayName": "Ann"})),
        _ => status(
            403,
            json!({"statusCode": 403, "message": "Not yours"}).to_string(),
        )
        .into_response(),
    })
    .await;
    let source = source(&upstream, &clock, "/wiki", false);
    let refused = source.check().await.unwrap_err();
    assert!(matches!(refused, SourceError::Credential { .. }));
    let said = refused.to_string();
    assert!(
        said.contains("Not yours") && said.contains("Confluence Administrator"),
        "{said}"
    );
    assert!(!said.contains(SECRET));
}

/// A site with three spaces on two pages, two groups and three users.
fn site(asked: &Asked, below: &str) -> Response {
    let path = asked.path.strip_prefix(below).unwrap();
    let space = |id: &str| json!({"id": id, "key": format!("K{id}"), "name": "N", "_links": {"webui": "/spaces/K"}});
    let user =
        |id: &str| json!({"accountId": id, "displayName": format!("{id} name"), "email": ""});
    match path {
        "/wiki/api/v2/spaces" => match (asked.get("status"), asked.get("cursor")) {
            ("current", "") => json(&json!({"results": [space("1")],
                "_links": {"next": "/wiki/api/v2/spaces?status=current&cursor=two", "base": "https://a.example.com/wiki"}})),
            ("current", _) => json(&json!({"results": [space("2")], "_links": {}})),
            _ => json(&json!({"results": [space("3")]})),
        },
        "/wiki/rest/api/group" => page(
            asked,
            &[
                json!({"id": "g1", "name": "one"}),
                json!({"id": "g2", "name": "two"}),
            ],
            5,
        ),
        "/wiki/rest/api/group/g1/membersByGroupId" => page(asked, &[user("a"), user("b")], 5),
        "/wiki/rest/api/group/g2/membersByGroupId" => page(asked, &[user("b")], 5),
        "/wiki/rest/api/search/user" => {
            let found = ["a", "c"].map(|id| json!({"user": user(id)}));
            page(asked, &found, 5)
        }
        "/wiki/api/v2/users-bulk" => {
            assert_eq!(asked.body["accountIds"], json!(["a", "b", "c"]));
            json(
                &json!({"results": [{"accountId": "c", "email": "c@example.com", "accountStatus": "inactive"}]}),
            )
        }
        _ => status(404, "").into_response(),
    }
}

#[tokio::test]
async fn people_are_listed_where_no_organization_is_read() {
    for below in ["", "/ex/confluence/c1"] {
        let clock = clock();
        let upstream = Upstream::start(&clock, move |asked, _| site(asked, below)).await;
        let path = if below.is_empty() { "/wiki" } else { below };
        for people in [false, true] {
            let source = source(&upstream, &clock, path, people);
            let (pages, error) = round(&source, Part::Directory, None).await;
            assert!(error.is_none(), "{error:?}");
            let entries: Vec<&Entry> = pages.iter().flat_map(|page| &page.entries).collect();
            let spaces: Vec<_> = entries
                .iter()
                .filter_map(|entry| match entry {
                    Entry::Container(space) => space.key.clone(),
                    _ => None,
                })
                .collect();
            assert_eq!(spaces, ["K1", "K2", "K3"]);
            assert!(entries.contains(&&Entry::End(Listing::Containers)));
            let users: Vec<_> = entries
                .iter()
                .filter_map(|entry| match entry {
                    Entry::User(user) => Some((
                        user.aliases[0].value.as_str(),
                        user.groups.as_ref().map_or(0, Vec::len),
                        user.email.as_deref(),
                    )),
                    _ => None,
                })
                .collect();
            if people {
                assert_eq!(
                    users,
                    [
                        ("a", 1, None),
                        ("b", 2, None),
                        ("c", 0, Some("c@example.com"))
                    ]
                );
                assert!(entries.contains(&&Entry::End(Listing::Users)));
                assert!(entries.contains(&&Entry::End(Listing::Groups)));
            } else {
                assert_eq!(users, []);
            }
        }
    }
}

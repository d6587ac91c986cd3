//! How Assets is asked: searches that allow for time zones, both shapes of lists, and roles out of a file.

use super::{last_cursor, round, texts};
use crate::upstream::{Asked, SECRET, Upstream, clock, json, status};
use crate::world::{Kind, World};
use auditgraph::clock::Clock;
use auditgraph::config::Config;
use auditgraph::source::assets::Assets;
use auditgraph::source::{Part, Source, SourceError};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn config(url: &str, more: &str) -> Config {
    format!(
        "assets.token = '{SECRET}'\nassets.email = 'a@example.com'\nassets.base_url = '{url}'\n\
         assets.api_base_url = '{url}/jsm/assets'\nassets.requests_per_minute = 100000\nassets.history_days = 2\n{more}"
    )
    .parse()
    .unwrap()
}

fn source(upstream: &Upstream, clock: &Clock, more: &str) -> Assets {
    let config = config(&upstream.url, more);
    Assets::new(&config.assets, &config.http_client, clock).unwrap()
}

fn object(id: u32, updated: &str) -> Value {
    json!({"id": id.to_string(), "objectKey": format!("D-{id}"), "updated": updated})
}

fn answer(asked: &Asked, older: bool) -> Response {
    let list = [
        object(1, "2026-11-20T08:59:00.5Z"),
        object(2, "2026-11-10T00:00:00Z"),
        object(3, "2026-11-19T23:00:00Z"),
    ];
    match asked.path.as_str() {
        "/rest/servicedeskapi/assets/workspace" => {
            json(&json!({"values": [{"workspaceId": "w1"}], "size": 1}))
        }
        "/jsm/assets/workspace/w1/v1/object/aql" => {
            let start: usize = asked.get("startAt").parse().unwrap();
            let page: Vec<&Value> = list.iter().skip(start).take(2).collect();
            let name = if older { "objectEntries" } else { "values" };
            json(&json!({name: page, "total": 3, "isLast": true}))
        }
        "/jsm/assets/workspace/w1/v1/object/1/history" if older => {
            json(&json!({"values": [{"id": "h1", "type": 0}]}))
        }
        "/jsm/assets/workspace/w1/v1/object/1/history" => json(&json!([{"id": "h1", "type": 0}])),
        "/jsm/assets/workspace/w1/v1/object/3/history" => {
            json(&json!([{"id": "h3", "type": 0}, {"id": "h4", "affectedAttribute": "x"}]))
        }
        _ => status(404, "{}").into_response(),
    }
}

#[tokio::test]
async fn histories_are_read_of_what_really_changed() {
    for older in [false, true] {
        let clock = clock();
        let upstream = Upstream::start(&clock, move |asked, _| answer(asked, older)).await;
        let source = source(&upstream, &clock, "");
        let (pages, error) = round(&source, Part::Events, None).await;
        assert!(error.is_none(), "{error:?}");
        let records = texts(&pages);
        let object = object(1, "2026-11-20T08:59:00.5Z");
        assert_eq!(
            records[0],
            format!(r#"{{"object":{object},"history":{{"id":"h1","type":0}}}}"#)
        );
        let records = pages.iter().flat_map(|page| &page.records);
        let events: Vec<_> = records
            .flat_map(|record| source.normalise(record).events)
            .map(|event| (event.upstream_key, event.action))
            .collect();
        let (created, updated) = ("object/created".to_owned(), "object/updated".to_owned());
        assert_eq!(
            events,
            [
                ("history/h1".to_owned(), created.clone()),
                ("history/h3".to_owned(), created),
                ("history/h4".to_owned(), updated)
            ]
        );
        let asked = upstream.asked();
        assert_eq!(
            asked
                .iter()
                .filter(|asked| asked.path.contains("workspace/w1"))
                .count(),
            asked.len() - 1
        );
        assert_eq!(
            asked[1].body["qlQuery"],
            r#"Updated >= "2026-11-17 20:59" AND Updated <= "2026-11-20 23:01""#
        );
        // Not again for ten minutes.
        let before = upstream.count();
        clock.advance(Duration::from_mins(9));
        assert!(
            round(&source, Part::Events, last_cursor(&pages))
                .await
                .0
                .is_empty()
        );
        assert_eq!(upstream.count(), before);
        clock.advance(Duration::from_mins(1));
        assert!(
            !round(&source, Part::Events, last_cursor(&pages))
                .await
                .0
                .is_empty()
        );
    }
}

#[tokio::test]
async fn a_site_without_assets_says_so() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |_, _| json(&json!({"values": [], "size": 0}))).await;
    let source = source(&upstream, &clock, "");
    let said = source.check().await.unwrap_err().to_string();
    assert!(said.contains("assets.workspace_id"), "{said}");
}

fn roles(actors: &[&str], users: &[&str]) -> String {
    let list = |ids: &[&str], kind: &str| -> Vec<Value> {
        ids.iter()
            .map(|id| json!({"type": kind, "id": id}))
            .collect()
    };
    json!({"takenAt": "2026-11-20T08:00:00Z", "roles": [
        {"schema": {"id": "3", "name": "Devices"}, "role": "Object Schema Managers", "actors": list(actors, "group")},
        {"schema": {"id": "3"}, "objectType": {"id": "12", "name": "Laptop"}, "role": "Object Type Users",
         "actors": list(users, "user")},
    ]})
    .to_string()
}

#[tokio::test]
async fn changes_of_roles_come_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roles.json");
    let write = |text: String| std::fs::write(&file, text).unwrap();
    let mut world = World::new(Kind::Sqlite).await;
    let needed = "{ actions(categories: [\"ASSETS\"]) { code available unavailableBecause } }";
    let available = |answer: &Value| -> Vec<bool> {
        let actions = answer["actions"].as_array().unwrap();
        for action in actions {
            assert_eq!(action["available"], action["unavailableBecause"].is_null());
        }
        actions
            .iter()
            .map(|action| action["available"] == true)
            .collect()
    };
    assert_eq!(
        available(&world.data(needed).await),
        [true, true, false, false]
    );

    let more = format!("assets.roles_snapshot = '{}'", file.display());
    let config = config("http://127.0.0.1:9", &more);
    let source = Assets::new(&config.assets, &config.http_client, &world.clock).unwrap();
    world.sources.push(Arc::new(source));
    assert_eq!(available(&world.data(needed).await), [true; 4]);

    let missing = world.sync("assets", Part::Directory).await.unwrap_err();
    assert!(missing.to_string().contains("roles.json"), "{missing}");
    write(roles(&["device-admins"], &["557058:1"]));
    assert_eq!(world.sync("assets", Part::Directory).await.unwrap().new, 0);
    assert_eq!(world.sync("assets", Part::Directory).await.unwrap().new, 0);
    write(roles(&["device-admins", "interns"], &["557058:2"]));
    assert_eq!(world.sync("assets", Part::Directory).await.unwrap().new, 2);
    assert_eq!(world.sync("assets", Part::Directory).await.unwrap().new, 0);
    let asked = "{ events(orderBy: {field: ACTION, direction: ASC}) { nodes { action { code } time actor { name }
        target { name } objects { type name } changes { field from to } } } }";
    let events = world.data(asked).await["events"]["nodes"].clone();
    assert_eq!(events.as_array().unwrap().len(), 2);
    let of = |code: &str| {
        let mut events = events.as_array().unwrap().iter();
        events
            .find(|event| event["action"]["code"] == code)
            .unwrap()
            .clone()
    };
    let of_schema = of("asset_roles.updated");
    assert_eq!(of_schema["target"]["name"], "Devices");
    assert_eq!(of_schema["actor"], Value::Null);
    assert_eq!(
        of_schema["changes"],
        json!([{"field": "Object Schema Managers", "from": null, "to": "interns"}])
    );
    let of_type = of("asset_object_type_roles.updated");
    assert_eq!(of_type["target"]["name"], "Laptop");
    assert_eq!(of_type["changes"].as_array().unwrap().len(), 2);

    write("{\"roles\": [{\"schema\": 3}]}".to_owned());
    let broken = world.sync("assets", Part::Directory).await.unwrap_err();
    assert!(
        broken.to_string().contains("assets.roles_snapshot"),
        "{broken}"
    );
    assert!(Path::new(&file).exists());
}

#[tokio::test]
async fn the_credential_goes_where_it_was_configured_for() {
    let clock = clock();
    let upstream = Upstream::start(&clock, |_, _| {
        (
            [("location", "http://127.0.0.1:1/")],
            axum::http::StatusCode::FOUND,
        )
    })
    .await;
    let source = source(&upstream, &clock, "");
    let (_, error) = round(&source, Part::Events, None).await;
    assert!(
        matches!(error, Some(SourceError::Misdirected { .. })),
        "{error:?}"
    );
}

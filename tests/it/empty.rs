//! Why a page of events is empty: each reason where it holds, and none told to who may not know it.

use crate::world::{Kind, World, administrator, at, event, on_both};
use auditgraph::access::{Role, Viewer};
use auditgraph::event::{Change, ContainerKind, NewEvent, System};
use auditgraph::sandbox::{Sandbox, Settings};
use auditgraph::source::{self, Part};
use auditgraph::store::runs::Outcome;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpListener;

on_both!(
    a_page_with_events_gives_no_reason,
    nothing_is_there_before_the_first_sync,
    a_failing_source_is_named,
    a_silent_source_is_named,
    a_range_before_everything_read_is_said,
    fields_that_are_not_monitored_are_named,
    who_may_see_nothing_learns_only_that,
);

fn small() -> Settings {
    Settings {
        history_days: 3,
        history_events: 60,
        people: 12,
        ..Settings::default()
    }
}

const QUERY: &str = "query ($filter: EventFilter, $first: Int, $after: String) {
    events(filter: $filter, first: $first, after: $after) {
        emptyBecause { code message } pageInfo { endCursor }
    }
}";

async fn reasons(world: &World, viewer: Viewer, variables: Value) -> Value {
    let answer = world.ask_as(viewer, QUERY, variables.clone()).await;
    assert_eq!(answer.get("errors"), None, "{variables}");
    answer["data"]["events"]["emptyBecause"].clone()
}

/// The codes of the reasons for which a filter finds nothing.
async fn codes(world: &World, filter: Value) -> Vec<String> {
    let told = reasons(world, administrator(), json!({"filter": filter})).await;
    let told = told.as_array().unwrap().iter();
    told.map(|reason| {
        assert!(reason["message"].as_str().unwrap().len() > 20, "{reason}");
        reason["code"].as_str().unwrap().to_owned()
    })
    .collect()
}

async fn a_page_with_events_gives_no_reason(kind: Kind) {
    let world = World::new(kind).await;
    world.append(vec![event("a", "2026-11-20T10:00:00Z")]).await;
    let told = reasons(&world, administrator(), json!({})).await;
    assert_eq!(told, Value::Null);
    assert_eq!(
        codes(&world, json!({"actions": ["board.deleted"]})).await,
        ["NOTHING_MATCHED"]
    );
    let page = world.ask(QUERY, json!({"first": 1})).await;
    let end = &page["data"]["events"]["pageInfo"]["endCursor"];
    for variables in [json!({"after": end}), json!({"first": 0})] {
        let told = reasons(&world, administrator(), variables.clone()).await;
        assert_eq!(told[0]["code"], "END_OF_LIST", "{variables}");
        assert_eq!(told.as_array().unwrap().len(), 1, "{variables}");
    }
    let query = r#"{ users { nodes { events(search: "action:board.deleted") { emptyBecause { code } } } } }"#;
    let told = world.data(query).await;
    let user = &told["users"]["nodes"][0]["events"];
    assert_eq!(user["emptyBecause"][0]["code"], "NOTHING_MATCHED");
}

async fn nothing_is_there_before_the_first_sync(kind: Kind) {
    let world = World::new(kind).await;
    assert_eq!(codes(&world, json!({})).await, ["BEFORE_FIRST_SYNC"]);
    let world = World::with_sandbox(kind, small()).await;
    assert_eq!(
        codes(&world, json!({})).await,
        ["BEFORE_FIRST_SYNC", "BEFORE_FIRST_SYNC"],
        "one for each source"
    );
    assert_eq!(
        codes(&world, json!({"products": ["JIRA"]})).await,
        ["BEFORE_FIRST_SYNC"],
        "Bitbucket tells nothing of Jira"
    );
    world.sync("organization", Part::Events).await.unwrap();
    let filter = json!({"products": ["JIRA"], "actions": ["board.deleted"]});
    assert_eq!(codes(&world, filter).await, ["NOTHING_MATCHED"]);
}

async fn a_failing_source_is_named(kind: Kind) {
    let mut world = World::with_sandbox(kind, small()).await;
    world.sync_all().await;
    let filter = json!({"products": ["JIRA"], "actions": ["board.deleted"]});
    assert_eq!(codes(&world, filter.clone()).await, ["NOTHING_MATCHED"]);
    let failed = Outcome {
        error: Some("the audit log is on holiday".to_owned()),
        ..Outcome::default()
    };
    let (store, now) = (world.store().clone(), world.clock.now());
    let run = store.begin_run("organization", System::Organization, "events", now);
    let run = run.await.unwrap();
    store.end_run(run, &failed, now, None).await.unwrap();
    let told = reasons(&world, administrator(), json!({"filter": filter})).await;
    assert_eq!(told[0]["code"], "SOURCE_FAILING");
    let message = told[0]["message"].as_str().unwrap();
    assert!(message.contains("organization") && message.contains("holiday"));

    let (clock, stop) = (world.clock.clone(), world.stop.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let jira = Sandbox::start(small(), clock, listener, &world.tasks, stop).unwrap();
    jira.set_jira_free_plan(true);
    world.config.jira_cloud = jira.jira_settings();
    world.sources = source::configured(&world.config, &world.clock).unwrap();
    world.sync("jira-cloud", Part::Events).await.unwrap_err();
    let filter = json!({"sources": ["jira-cloud"], "actions": ["board.deleted"]});
    assert_eq!(codes(&world, filter).await, ["PLAN_WITHOUT_AUDIT_LOG"]);
}

async fn a_silent_source_is_named(kind: Kind) {
    let world = World::with_sandbox(kind, small()).await;
    world.sync("organization", Part::Events).await.unwrap();
    // Every hour of three weeks had an event; then nothing comes any more.
    let noon = at("2026-11-20T12:00:00Z");
    let hourly = (1..21 * 24).map(|hour| NewEvent {
        time: Some(noon.minus(Duration::from_hours(hour))),
        ..event(&format!("h-{hour}"), "2026-11-20T12:00:00Z")
    });
    world.append(hourly.collect()).await;
    world.clock.advance(Duration::from_hours(6));
    let of = |bounds: Value| json!({"sources": ["organization"], "time": {"between": bounds}, "actions": ["board.deleted"]});
    let after = of(json!({"from": "2026-11-20T14:00:00Z"}));
    assert_eq!(codes(&world, after).await, ["SOURCE_SILENT"]);
    let before = of(json!({"from": "2026-11-19T12:00:00Z", "to": "2026-11-20T10:00:00Z"}));
    assert_eq!(codes(&world, before).await, ["NOTHING_MATCHED"]);
}

async fn a_range_before_everything_read_is_said(kind: Kind) {
    let world = World::with_sandbox(kind, small()).await;
    world.sync_all().await;
    let until = |to: &str| json!({"time": {"between": {"to": to}}});
    assert_eq!(
        codes(&world, until("2020-01-01T00:00:00Z")).await,
        ["RANGE_BEFORE_COVERAGE"]
    );
    let within = json!({"time": {"last": {"hours": 1}}, "actions": ["board.deleted"]});
    assert_eq!(codes(&world, within).await, ["NOTHING_MATCHED"]);
}

async fn fields_that_are_not_monitored_are_named(kind: Kind) {
    let world = World::new(kind).await;
    let change = |field: &str| Change {
        field: field.to_owned(),
        from: None,
        to: Some("1".to_owned()),
    };
    world
        .append(vec![NewEvent {
            changes: vec![change("Rank"), change("priority")],
            ..event("a", "2026-11-20T10:00:00Z")
        }])
        .await;
    let none = |fields: Value| json!({"fields": fields, "actions": ["board.deleted"]});
    for (fields, expected) in [
        (json!(["Rank"]), "NOT_MONITORED"),
        (json!(["Rank", "Priority"]), "NOTHING_MATCHED"),
        (json!([]), "NOTHING_MATCHED"),
    ] {
        let told = codes(&world, none(fields.clone())).await;
        assert_eq!(told, [expected], "{fields}");
    }
    let set = "mutation { setMonitoredFields(input: {fields: []}) { monitoredFields } }";
    world.data(set).await;
    assert_eq!(
        codes(&world, json!({"fields": []})).await,
        ["NOT_MONITORED"]
    );
}

async fn who_may_see_nothing_learns_only_that(kind: Kind) {
    let world = World::with_sandbox(kind, small()).await;
    world.append(vec![event("a", "2026-11-20T10:00:00Z")]).await;
    let viewer = |projects: Vec<i64>| Viewer {
        role: Role::Viewer,
        projects,
        ..administrator()
    };
    let told = reasons(&world, viewer(Vec::new()), json!({})).await;
    assert_eq!(told[0]["code"], "HIDDEN");
    assert_eq!(told.as_array().unwrap().len(), 1);
    let web = world
        .store()
        .containers_by_key(&Viewer::server(), "WEB", &[ContainerKind::Project])
        .await
        .unwrap();
    let seen = reasons(&world, viewer(vec![web[0].id]), json!({})).await;
    assert_eq!(seen, Value::Null);
    // Whether there is nothing or only nothing that may be seen, and how sources are doing, is not told.
    for filter in [
        json!({"actions": ["board.deleted"]}),
        json!({"projects": ["OPS"]}),
        json!({"time": {"between": {"to": "2020-01-01T00:00:00Z"}}}),
    ] {
        let variables = json!({"filter": filter});
        let told = reasons(&world, viewer(vec![web[0].id]), variables).await;
        assert_eq!(told[0]["code"], "NOTHING_MATCHED", "{filter}");
        assert_eq!(told.as_array().unwrap().len(), 1, "{filter}");
    }
}

//! Hidden and absent are the same: whoever may not see some issues is answered as by a store that never had them.

use crate::visibility::{about, issue, learn, viewer, with_jira, within};
use crate::world::{Kind, World, answer, event, on_both, person};
use auditgraph::access::{Role, Viewer};
use auditgraph::event::{Change, NewEvent};
use auditgraph::graphql::Engine;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::time::Duration;

on_both!(c17_hidden_and_absent_are_the_same);

/// Rounds of random questions, each to both stores.
const QUESTIONS: usize = 1_000;

const KEYS: [&str; 8] = [
    "WEB-1", "WEB-2", "OPS-3", "OPS-4", "WEB-5", "NO-1", "2", "3",
];

/// Issues 2, 3 and 5 are hidden from Bob.
const HIDDEN: [&str; 3] = ["2", "3", "5"];

fn ids() -> [(&'static str, &'static str); 5] {
    [
        ("1", "WEB-1"),
        ("2", "WEB-2"),
        ("3", "OPS-3"),
        ("4", "OPS-4"),
        ("5", "WEB-5"),
    ]
}

/// Random events of all issues and of none; the second list is the same without the hidden issues'.
fn events(dice: &mut StdRng, count: usize) -> (Vec<NewEvent>, Vec<NewEvent>) {
    let (mut all, mut some) = (Vec::new(), Vec::new());
    for number in 0..count {
        let upstream = format!("e{number}");
        let (id, key) = ids()[dice.random_range(0..5)];
        let project = key.split('-').next().unwrap();
        let (name, way) = (number.to_string(), dice.random_range(0..4));
        let one = match way {
            0 => about(&upstream, Some(id), None, project),
            1 => about(&upstream, None, Some(key), project),
            2 => about(&upstream, Some(id), Some(key), project),
            _ => NewEvent {
                issue: None,
                ..about(&upstream, None, None, project)
            },
        };
        let action = [
            "jira_issue_updated",
            "jira_issue_viewed",
            "jira_issue_deleted",
        ];
        let minute = dice.random_range(0..40);
        let somebody = ["ann", "bob", "cy"][dice.random_range(0..3)];
        let status = ["Open", "Done"][dice.random_range(0..2)];
        let one = NewEvent {
            action: action[dice.random_range(0..3)].to_owned(),
            time: event("", &format!("2026-11-12T10:{minute:02}:00Z")).time,
            actor: Some(person(&format!("557058:{somebody}"), somebody)),
            changes: vec![Change {
                field: "status".to_owned(),
                from: None,
                to: Some(status.to_owned()),
            }],
            message: Some(format!("words {name}")),
            ..one
        };
        all.push(one.clone());
        if way == 3 || !HIDDEN.contains(&id) {
            some.push(one);
        }
    }
    (all, some)
}

/// Things that stand in the log before all else, so that everything has a name in both stores.
fn preface() -> Vec<NewEvent> {
    let people = ["ann", "bob", "cy"].into_iter().zip(["WEB", "OPS", "WEB"]);
    let events = people.map(|(name, project)| NewEvent {
        actor: Some(person(&format!("557058:{name}"), name)),
        container: Some(within(crate::visibility::SITE, project)),
        issue: None,
        ..about(&format!("first-{name}"), None, None, project)
    });
    let status = ["Open", "Done"].map(|to| Change {
        field: "status".to_owned(),
        from: None,
        to: Some(to.to_owned()),
    });
    let actions = ["jira_issue_viewed", "jira_issue_deleted"].map(|action| NewEvent {
        action: action.to_owned(),
        issue: None,
        changes: status.to_vec(),
        ..about(action, None, None, "WEB")
    });
    events.chain(actions).collect()
}

/// A random filter, as people write it.
fn filter(dice: &mut StdRng, depth: u32) -> Value {
    let mut filter = serde_json::Map::new();
    let mut pick = |list: &[&str]| list[dice.random_range(0..list.len())].to_owned();
    match pick(&[
        "issues", "actions", "users", "projects", "text", "statusTo", "nothing",
    ])
    .as_str()
    {
        "issues" => {
            filter.insert("issues".to_owned(), json!([pick(&KEYS), pick(&KEYS)]));
        }
        "actions" => {
            let actions = ["issue.viewed", "issue.updated", "issue.deleted"];
            filter.insert("actions".to_owned(), json!([pick(&actions)]));
        }
        "users" => {
            let users = ["557058:ann", "557058:bob", "557058:cy"];
            filter.insert("users".to_owned(), json!([pick(&users)]));
        }
        "projects" => {
            filter.insert(
                "projects".to_owned(),
                json!([pick(&["WEB", "OPS", "NONE"])]),
            );
        }
        "text" => {
            let texts = ["words 1", "WEB-2", "web", "OPS-3", "staff"];
            filter.insert("text".to_owned(), json!(pick(&texts)));
        }
        "statusTo" => {
            filter.insert("statusTo".to_owned(), json!([pick(&["Open", "Done"])]));
        }
        _ => {}
    }
    if depth > 0 && dice.random_bool(0.5) {
        filter.insert("not".to_owned(), self::filter(dice, depth - 1));
    }
    if depth > 0 && dice.random_bool(0.3) {
        let any = [self::filter(dice, depth - 1), self::filter(dice, depth - 1)];
        filter.insert("any".to_owned(), json!(any));
    }
    filter.into()
}

async fn store(kind: Kind, events: Vec<NewEvent>, known: &[(&str, &str)]) -> World {
    let (world, _) = with_jira(kind).await;
    world.append(preface()).await;
    let news = known.iter().map(|(id, key)| {
        let level = HIDDEN.contains(id).then_some("staff");
        issue(id, key, level)
    });
    learn(&world, news.collect()).await;
    world.append(events).await;
    world
}

async fn ask(engine: &Engine, viewer: &Viewer, query: &str, variables: Value) -> Value {
    let asked = json!({"query": query, "variables": variables});
    let mut answer = answer(engine, viewer.clone(), asked).await;
    // What it cost, and what is left of somebody's budget, is another matter.
    answer.as_object_mut().unwrap().remove("extensions");
    let code = &answer["errors"][0]["extensions"]["code"];
    assert!(code.is_null() || code == "BAD_USER_INPUT", "{answer}");
    answer
}

/// Everything that somebody gets to hear: pages, views, issues, and errors, with cursors left out.
async fn hear(
    engine: &Engine,
    viewer: &Viewer,
    filter: &Value,
    order: &str,
    key: &str,
) -> Vec<Value> {
    const EVENTS: &str = "query ($filter: EventFilter, $order: EventOrderField!, $after: String) {
        events(filter: $filter, first: 20, after: $after, orderBy: {field: $order}) {
            nodes { upstreamId issue { id key issue { key summary securityLevel { name } } } }
            pageInfo { hasNextPage endCursor }
        }
    }";
    const VIEWS: &str = "query ($filter: EventFilter) {
        issueViews(filter: $filter, first: 500) { nodes { issue { key } event { upstreamId } } }
    }";
    const ISSUES: &str = "query ($key: String!) {
        issue(key: $key) { summary keys viewers { nodes { event { upstreamId } } } }
        issues(search: $key) { nodes { key events { nodes { upstreamId } } } }
    }";
    let views = ask(engine, viewer, VIEWS, json!({"filter": filter}));
    let mut heard = vec![views.await];
    heard.push(ask(engine, viewer, ISSUES, json!({"key": key})).await);
    let mut after = Value::Null;
    loop {
        let asked = json!({"filter": filter, "order": order, "after": after});
        let mut answer = ask(engine, viewer, EVENTS, asked).await;
        let page = &mut answer["data"]["events"]["pageInfo"];
        let end = page["endCursor"].take();
        let more = page["hasNextPage"] == true;
        heard.push(answer);
        if !more {
            return heard;
        }
        after = end;
    }
}

async fn c17_hidden_and_absent_are_the_same(kind: Kind) {
    let mut dice = StdRng::seed_from_u64(17);
    let (all, some) = events(&mut dice, 100);
    let open: Vec<(&str, &str)> = ids()
        .into_iter()
        .filter(|(id, _)| !HIDDEN.contains(id))
        .collect();
    let full = Box::pin(store(kind, all, &ids())).await;
    let bare = Box::pin(store(kind, some, &open)).await;
    let projects = r#"{ web: project(key: "WEB") { id } }"#;
    let mut grants = Vec::new();
    for world in [&full, &bare] {
        let id = world.data(projects).await["web"]["id"].clone();
        let id = auditgraph::event::node::NodeId::decode(id.as_str().unwrap());
        grants.push(id.unwrap().number);
    }
    assert_eq!(grants[0], grants[1]);
    let engines = [full.engine(), bare.engine()];
    let viewers = [
        viewer(Role::Administrator, None, &[]),
        viewer(Role::Manager, Some("bob"), &[]),
        viewer(Role::Viewer, Some("bob"), &grants[..1]),
    ];
    let orders = ["TIME", "RECORDED", "ACTOR", "ACTION", "PROJECT", "TARGET"];
    for question in 0..QUESTIONS {
        let filter = filter(&mut dice, 2);
        // Nobody may ask so much within one minute.
        for world in [&full, &bare] {
            world.clock.advance(Duration::from_mins(1));
        }
        let viewer = &viewers[question % viewers.len()];
        let (order, key) = (
            orders[dice.random_range(0..6)],
            KEYS[dice.random_range(0..8)],
        );
        let hidden = hear(&engines[0], viewer, &filter, order, key).await;
        let absent = hear(&engines[1], viewer, &filter, order, key).await;
        assert_eq!(
            hidden, absent,
            "{question}: {} {filter} {order}",
            viewer.name
        );
    }
}

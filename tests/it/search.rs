//! Filters as text: read and printed by `parseSearch` and `printSearch`, and given as `search` beside `filter`.

use crate::world::{Kind, World, event, on_both, person, project};
use auditgraph::event::NewEvent;
use serde_json::{Value, json};

on_both!(
    a_search_is_a_filter,
    what_is_wrong_with_a_search_is_named_by_column,
);

async fn world(kind: Kind) -> World {
    let world = World::new(kind).await;
    let of = |id: &str, account: &str, key: &str| NewEvent {
        actor: Some(person(account, account)),
        container: Some(project(key)),
        message: Some(format!("release notes {id}")),
        ..event(id, "2026-11-20T10:00:00Z")
    };
    world
        .append(vec![
            of("a", "557058:ann", "WEB"),
            of("b", "557058:ann", "OPS"),
            of("c", "557058:bo", "OPS"),
        ])
        .await;
    world
}

async fn chosen(world: &World, search: &str, filter: Value) -> Value {
    const QUERY: &str = "query ($search: String, $filter: EventFilter) {
        events(search: $search, filter: $filter, orderBy: {field: RECORDED, direction: ASC}) { nodes { upstreamId } }
    }";
    let variables = json!({"search": search, "filter": filter});
    world.ask(QUERY, variables).await
}

async fn a_search_is_a_filter(kind: Kind) {
    let world = world(kind).await;
    for (search, filter, expected) in [
        ("", Value::Null, "abc"),
        ("actor:557058:ann", Value::Null, "ab"),
        ("-project:WEB", Value::Null, "bc"),
        ("actor:557058:ann -project:WEB", Value::Null, "b"),
        (r#""release notes c""#, Value::Null, "c"),
        ("created:>=2026-11-21", Value::Null, ""),
        ("action:issue.deleted", json!({"projects": ["WEB"]}), "a"),
    ] {
        let answer = chosen(&world, search, filter).await;
        assert_eq!(answer.get("errors"), None, "{search}");
        let nodes = answer["data"]["events"]["nodes"].as_array().unwrap();
        let ids = nodes.iter().filter_map(|node| node["upstreamId"].as_str());
        assert_eq!(ids.collect::<String>(), expected, "{search}");
    }
    let filter = json!({"projects": ["WEB", "OPS"], "not": {"text": "release \"notes\""}});
    let printed = world
        .ask(
            "query ($f: EventFilter!) { printSearch(filter: $f) }",
            json!({"f": filter}),
        )
        .await;
    let text = &printed["data"]["printSearch"];
    let parsed = world
        .ask(
            "query ($s: String!) { parseSearch(search: $s) { filter search problems { message } } }",
            json!({"s": text}),
        )
        .await;
    let parsed = &parsed["data"]["parseSearch"];
    assert_eq!(parsed["filter"], filter);
    assert_eq!(&parsed["search"], text);
    assert_eq!(parsed["problems"], json!([]));
}

async fn what_is_wrong_with_a_search_is_named_by_column(kind: Kind) {
    let world = world(kind).await;
    let answer = chosen(&world, "project:WEB acton:issue.deleted", Value::Null).await;
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
    assert_eq!(error["extensions"]["column"], 13);
    assert_eq!(error["extensions"]["suggestion"], "action");
    assert!(
        error["message"].as_str().unwrap().starts_with("search"),
        "{error}"
    );
    // What cannot be looked up is a mistake in the search, too, and not in a filter that nobody gave.
    let answer = chosen(&world, "project:NOPE", Value::Null).await;
    let error = &answer["errors"][0];
    assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
    assert!(
        error["message"].as_str().unwrap().starts_with("search"),
        "{error}"
    );
}

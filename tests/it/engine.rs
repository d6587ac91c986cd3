//! What happens to a request between a transport and the resolvers: limits, documents by hash, budgets, time-outs.

use crate::world::{Kind, World, administrator, answer, caller, event, on_both};
use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo,
};
use async_graphql::{QueryPathSegment, ServerResult, Value as GraphqlValue};
use auditgraph::access::Viewer;
use auditgraph::clock::Clock;
use auditgraph::graphql::{self, Backend, Engine};
use auditgraph::metrics::Metrics;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

async fn world() -> World {
    World::new(Kind::Sqlite).await
}

async fn ask(engine: &Engine, asked: Value) -> Value {
    answer(engine, administrator(), asked).await
}

/// The code of the first error.
fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or("none")
}

fn hash(text: &str) -> String {
    format!("{:x}", Sha256::digest(text))
}

/// Fragments that spread each other twice, and in the end one that is not there.
fn spread_to_nothing(depth: usize) -> String {
    let each = |n: usize| format!("fragment F{n} on Query {{ ...F{} ...F{} }} ", n + 1, n + 1);
    (0..depth).fold("{ ...F0 } ".to_owned(), |text, n| text + &each(n))
}

/// A text so many times, each with its number for `#`.
fn numbered(times: usize, text: &str) -> String {
    let each = |number: usize| text.replace('#', &number.to_string());
    (0..times).map(each).collect()
}

fn persisted(hash: &str) -> Value {
    json!({"persistedQuery": {"version": 1, "sha256Hash": hash}})
}

#[tokio::test]
async fn each_limit_says_what_was_used_and_what_is_allowed() {
    let world = world().await;
    let engine = world.engine();
    let spread = |n: usize| {
        let each = |i: usize| format!("fragment F{i} on Query {{ ...F{} ...F{} }} ", i + 1, i + 1);
        let chain: String = (0..n).map(each).collect();
        format!("{{ ...F0 }} {chain} fragment F{n} on Query {{ viewer {{ name }} }}")
    };
    let repeat = |part: &str, times: usize| part.repeat(times);
    let nested = |open: &str, inner: &str, close: &str, times: usize| {
        format!(
            "{{ {} {inner} {} }}",
            open.repeat(times),
            close.repeat(times)
        )
    };
    let introspection = nested("fields { type { ", "name", "} }", 3);
    for (query, limit) in [
        (format!("{{ {} }}", repeat("viewer ", 9_000)), "tokens"),
        (nested("... {", "viewer { name }", "}", 62), "nesting"),
        (spread(14), "selections"),
        (spread(60), "selections"),
        (format!("{{ viewer {{ {} }} }}", repeat("name ", 6_000)), "selections"),
        (format!("{{ {} }}", repeat("a: viewer { name } ", 101)), "aliases"),
        (format!("{{ {} }}", repeat("viewer { name } ", 31)), "root_fields"),
        (
            format!("{{ viewer {{ {} }} }}", repeat("name @skip(if: false) ", 201)),
            "directives",
        ),
        (
            format!("{{ viewer {{ name }} }} {}", numbered(101, "fragment G# on Query { __typename } ")),
            "fragments",
        ),
        (numbered(21, "query Q# { __typename } "), "operations"),
        (
            format!("{{ nodes(ids: [{}]) {{ id }} }}", repeat("\"a\" ", 1_001)),
            "list_items",
        ),
        (
            "subscription { events { node { actor { user { events(first: 500) { nodes { id } } } } } } }"
                .to_owned(),
            "stream_cost",
        ),
        (format!("{{ {} }}", repeat("x", 129)), "name_length"),
        (
            nested("events { nodes { actor { user { ", "id", "} } } }", 5),
            "depth",
        ),
        (format!("{{ __schema {{ types {introspection} }} }}"), "introspection_depth"),
        (
            "{ users(first: 500) { nodes { events(first: 500) { nodes { id } } } } }".to_owned(),
            "cost",
        ),
        (
            "query($n: Int = 500) { users(last: $n) { nodes { events(first: $n) { nodes { id } } } } }"
                .to_owned(),
            "cost",
        ),
    ] {
        let answer = ask(&engine, json!({"query": query})).await;
        let error = &answer["errors"][0];
        let about = &error["extensions"];
        assert_eq!(about["code"], "QUERY_TOO_COMPLEX", "{limit}: {answer}");
        assert_eq!(about["limit"], limit, "{answer}");
        assert!(about["used"].as_u64() > about["allowed"].as_u64(), "{answer}");
        assert_eq!(answer.get("data"), None, "{answer}");
        assert!(answer.to_string().len() < 1_000);
    }
}

#[tokio::test]
async fn nested_variables_are_a_limit_and_circles_an_error() {
    let world = world().await;
    let engine = world.engine();
    let mut deep = json!("x");
    for _ in 0..70 {
        deep = json!([deep]);
    }
    let asked = json!({"query": "{ viewer { name } }", "variables": {"deep": deep}});
    let answer = ask(&engine, asked).await;
    assert_eq!(answer["errors"][0]["extensions"]["limit"], "nesting");

    // Whoever ends in nothing would be written out all the same.
    let nowhere = spread_to_nothing(50);
    let answer = ask(&engine, json!({"query": nowhere})).await;
    assert!(
        answer.to_string().contains("there is no fragment"),
        "{answer}"
    );

    let circle = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A ...A }";
    let answer = ask(&engine, json!({"query": circle})).await;
    assert_eq!(code(&answer), "BAD_USER_INPUT", "{answer}");
}

#[tokio::test]
async fn ordinary_requests_pass() {
    let world = world().await;
    let engine = world.engine();
    // As deep as tools ask.
    let wrapped = "ofType { kind name ".repeat(9) + &"} ".repeat(9);
    let tools = format!(
        "{{ __schema {{ description queryType {{ name }} mutationType {{ name }} subscriptionType {{ name }} \
         types {{ ...Full }} directives {{ name description locations args {{ ...In }} }} }} }} \
         fragment Full on __Type {{ kind name description specifiedByURL \
         fields(includeDeprecated: true) {{ name description args {{ ...In }} type {{ ...Ref }} isDeprecated \
         deprecationReason }} inputFields {{ ...In }} interfaces {{ ...Ref }} \
         enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }} \
         possibleTypes {{ ...Ref }} }} \
         fragment In on __InputValue {{ name description type {{ ...Ref }} defaultValue }} \
         fragment Ref on __Type {{ kind name {wrapped} }}"
    );
    for query in [
        tools.as_str(),
        "{ __typename }",
        "{ events(first: 500) { edges { cursor node { id time actor { name user { id } } action { code label } \
            target { name } objects { type name } changes { field from to } location { ip city } } } } }",
        "query($first: Int!) { users(first: $first) { nodes { name groups { name } } } }",
    ] {
        let answer = ask(
            &engine,
            json!({"query": query, "variables": {"first": 500}}),
        )
        .await;
        assert_eq!(answer.get("errors"), None, "{query}");
        assert!(answer["extensions"]["cost"]["requested"].as_u64().unwrap() >= 1);
    }
}

#[tokio::test]
async fn errors_are_few_and_short() {
    let world = world().await;
    let engine = world.engine();
    let unknown = format!("{{ viewer {{ {} }} }}", numbered(500, "unknown# "));
    let answer = ask(&engine, json!({"query": unknown})).await;
    assert_eq!(code(&answer), "BAD_USER_INPUT");
    assert!(
        answer.to_string().contains("more than 20 of the fields"),
        "{answer}"
    );
    let unknown = format!("{{ viewer {{ {} }} }}", numbered(20, "unknown# "));
    let answer = ask(&engine, json!({"query": unknown})).await;
    let errors = answer["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 11, "{answer}");
    assert_eq!(errors[10]["message"], "and 10 more errors");
    assert!(answer.to_string().len() < 5_000);
    for error in errors {
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
        assert_eq!(error["extensions"]["requestId"], "test");
    }
    let long = format!("{{ event(id: \"{}\") {{ id }} }}", "x".repeat(100_000));
    assert!(ask(&engine, json!({"query": long})).await.to_string().len() < 1_000);
}

#[tokio::test]
async fn documents_are_found_again_by_their_hash() {
    let world = world().await;
    let engine = world.engine();
    let query = "{ viewer { role } }";
    let by_hash = json!({"extensions": persisted(&hash(query))});
    let answer = ask(&engine, by_hash.clone()).await;
    assert_eq!(code(&answer), "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(answer["errors"][0]["message"], "PersistedQueryNotFound");

    let both = json!({"query": query, "extensions": persisted(&hash("another"))});
    assert_eq!(code(&ask(&engine, both).await), "BAD_USER_INPUT");

    let both = json!({"query": query, "extensions": persisted(&hash(query))});
    let expected = json!({"viewer": {"role": "ADMINISTRATOR"}});
    assert_eq!(ask(&engine, both).await["data"], expected);
    assert_eq!(ask(&engine, by_hash.clone()).await["data"], expected);

    for wrong in [
        json!({}),
        json!({"version": 2, "sha256Hash": hash(query)}),
        json!("x"),
    ] {
        let asked = json!({"query": query, "extensions": {"persistedQuery": wrong}});
        assert_eq!(code(&ask(&engine, asked).await), "BAD_USER_INPUT");
    }

    let mut world = self::world().await;
    world.config.limits.persisted_queries = 0;
    let answer = ask(&world.engine(), by_hash).await;
    assert_eq!(code(&answer), "PERSISTED_QUERY_NOT_SUPPORTED");
}

#[tokio::test]
async fn only_so_many_documents_are_kept() {
    let mut world = world().await;
    world.config.limits.persisted_queries = 3;
    let engine = world.engine();
    let query = |n: usize| format!("{{ n{n}: __typename }}");
    for n in 0..5 {
        ask(&engine, json!({"query": query(n)})).await;
    }
    for n in 0..5 {
        let answer = ask(&engine, json!({"extensions": persisted(&hash(&query(n)))})).await;
        assert_eq!(answer.get("errors").is_none(), n >= 2, "{n}: {answer}");
    }
}

#[tokio::test]
async fn only_trusted_documents_run_when_there_is_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = ("{ viewer { role } }", "query Two { __typename }");
    std::fs::write(folder.path().join("one.graphql"), one).unwrap();
    let map = json!({"two": two, hash(two): two});
    std::fs::write(folder.path().join("more.json"), map.to_string()).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "not a document").unwrap();
    let mut world = world().await;
    world.config.server.trusted_documents = folder.path().to_owned();
    let engine = world.engine();
    for asked in [
        json!({"query": one}),
        json!({"documentId": "two"}),
        json!({"documentId": format!("sha256:{}", hash(two))}),
        json!({"extensions": persisted(&hash(one))}),
    ] {
        let answer = ask(&engine, asked.clone()).await;
        assert_eq!(answer.get("errors"), None, "{asked}");
    }
    let answer = ask(&engine, json!({"query": "{ __typename }"})).await;
    assert_eq!(code(&answer), "FORBIDDEN");
    let answer = ask(&engine, json!({"documentId": "three"})).await;
    assert_eq!(code(&answer), "PERSISTED_QUERY_NOT_FOUND");

    std::fs::write(folder.path().join("broken.graphql"), "{ viewer").unwrap();
    let metrics = Metrics::default();
    let failure = Engine::new(world.backend(), &world.config, metrics)
        .err()
        .unwrap();
    assert!(failure.to_string().contains("broken.graphql"), "{failure}");
}

#[tokio::test]
async fn introspection_can_be_switched_off() {
    let mut world = world().await;
    world.config.server.introspection = false;
    let engine = world.engine();
    for query in [
        "{ __schema { types { name } } }",
        "{ __type(name: \"Event\") { name } }",
    ] {
        assert_eq!(
            code(&ask(&engine, json!({"query": query})).await),
            "FORBIDDEN"
        );
    }
    let answer = ask(&engine, json!({"query": "{ __typename }"})).await;
    assert_eq!(answer["data"], json!({"__typename": "Query"}));
    let answer = ask(&engine, json!({"query": "{ viewr { name } }"})).await;
    assert!(!answer.to_string().contains("viewer"), "{answer}");
    world.config.server.introspection = true;
    let answer = ask(&world.engine(), json!({"query": "{ viewr { name } }"})).await;
    assert!(answer.to_string().contains("viewer"), "{answer}");
}

#[tokio::test]
async fn a_token_spends_its_budget_and_gets_it_back() {
    let mut world = world().await;
    world.config.limits.cost = 1_000;
    world.config.limits.cost_per_minute = 1_000;
    let engine = world.engine();
    let query = json!({"query": "{ events(first: 200) { nodes { id } } }"});
    let first = ask(&engine, query.clone()).await;
    assert_eq!(
        first["extensions"]["cost"],
        json!({"requested": 401, "remaining": 599})
    );
    let second = ask(&engine, query.clone()).await;
    assert_eq!(second["extensions"]["cost"]["remaining"], 198);
    let third = ask(&engine, query.clone()).await;
    assert_eq!(code(&third), "RATE_LIMITED", "{third}");
    let wait = third["errors"][0]["extensions"]["retryAfterMs"]
        .as_u64()
        .unwrap();
    assert!((1..=60_000).contains(&wait), "{third}");
    let other = Viewer {
        token_id: 7,
        ..administrator()
    };
    let others = answer(&engine, other, query.clone()).await;
    assert_eq!(
        others.get("errors"),
        None,
        "one token's budget is not another's"
    );
    world.clock.advance(Duration::from_millis(wait));
    assert_eq!(ask(&engine, query).await.get("errors"), None);
}

#[tokio::test]
async fn what_is_not_given_has_its_default_and_what_is_skipped_is_not_there() {
    let world = world().await;
    let engine = world.engine();
    for (query, variables, expected) in [
        (
            "query($with: Boolean = true) { viewer { role @include(if: $with) name @skip(if: $with) } }",
            json!({}),
            json!({"viewer": {"role": "ADMINISTRATOR"}}),
        ),
        (
            "query($with: Boolean = true) { viewer { role @include(if: $with) } }",
            json!({"with": false}),
            json!({"viewer": {}}),
        ),
        ("{ viewer @skip(if: true) { role } }", json!({}), json!({})),
        (
            "{ node(id: \"ZXZlbnQ6OTk\") @include(if: true) { ... @skip(if: true) { id } } }",
            json!({}),
            json!({"node": null}),
        ),
    ] {
        let answer = ask(&engine, json!({"query": query, "variables": variables})).await;
        assert_eq!(answer["data"], expected, "{query}: {answer}");
        assert_eq!(answer.get("errors"), None);
    }
}

#[tokio::test]
async fn arguments_cost_what_it_takes_to_read_them() {
    let world = world().await;
    let engine = world.engine();
    let many: Vec<String> = (0..60_000).map(|n| n.to_string()).collect();
    for query in [
        "query A($v: [ID!]!) { __typename @include(if: $v) nodes(ids: $v) { id } }".to_owned(),
        // Not carried out, but validated.
        format!(
            "query A {{ __typename }} query B($v: [ID!]!) {{ {} }}",
            numbered(20, "n#: nodes(ids: $v) { id } ")
        ),
    ] {
        let asked = json!({"query": query, "operationName": "A", "variables": {"v": many}});
        let answer = ask(&engine, asked).await;
        assert_eq!(code(&answer), "QUERY_TOO_COMPLEX", "{answer}");
        assert_eq!(answer["errors"][0]["extensions"]["limit"], "cost");
    }
}

#[tokio::test]
async fn a_field_is_carried_out_once_however_often_it_is_asked_for() {
    let world = world().await;
    let events = (0..3).map(|n| event(&format!("e{n}"), "2026-11-20T08:00:00Z"));
    world.append(events.collect()).await;
    let metrics = Metrics::default();
    let count = Counting::default();
    let schema = graphql::schema_builder(Some(world.backend())).extension(count.clone());
    let engine = Engine::over(schema.finish(), world.backend(), &world.config, metrics).unwrap();
    let query = "{ events { nodes { id } } ...A ... on Query { events { nodes { ...B } } } } \
        fragment A on Query { events { nodes { upstreamId action { code } } } } \
        fragment B on Event { action { label } raw ... @include(if: true) { id } }";
    let answer = ask(&engine, json!({"query": query})).await;
    let first = &answer["data"]["events"]["nodes"][0];
    assert_eq!(
        first["action"],
        json!({"code": "issue.deleted", "label": "Issue deleted"})
    );
    assert_eq!(count.of("events"), 1);
    assert_eq!(count.of("action"), 3);
    assert_eq!(count.of("id"), 3);
}

/// Counts what is carried out, by field.
#[derive(Clone, Default)]
struct Counting(Arc<Mutex<HashMap<String, usize>>>);

impl Counting {
    fn of(&self, field: &str) -> usize {
        self.0.lock().unwrap()[field]
    }
}

impl ExtensionFactory for Counting {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(self.clone())
    }
}

#[async_trait]
impl Extension for Counting {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<GraphqlValue>> {
        if matches!(info.path_node.segment, QueryPathSegment::Name(_)) {
            *self
                .0
                .lock()
                .unwrap()
                .entry(info.name.to_owned())
                .or_default() += 1;
        }
        next.run(ctx, info).await
    }
}

#[tokio::test]
async fn the_operation_is_found_by_its_name() {
    let world = world().await;
    let engine = world.engine();
    let two = "query A { a: __typename } query B { b: __typename }";
    for (query, name, expected) in [
        (two, json!("B"), "b"),
        (two, json!("C"), "there is: A, B"),
        (two, Value::Null, "several operations"),
        (two, json!(""), "several operations"),
        ("{ c: __typename }", json!("A"), "without a name"),
        ("query A { a: __typename }", Value::Null, "a"),
    ] {
        let asked = json!({"query": query, "operationName": name});
        let answer = ask(&engine, asked).await;
        assert!(answer.to_string().contains(expected), "{name}: {answer}");
    }
}

/// Makes one field do something to its request.
#[derive(Clone, Copy)]
enum Trouble {
    Panic,
    Hang,
}

impl ExtensionFactory for Trouble {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(*self)
    }
}

#[async_trait]
impl Extension for Trouble {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<GraphqlValue>> {
        match self {
            _ if info.name != "role" => next.run(ctx, info).await,
            Self::Panic => panic!("made to panic over {}", info.name),
            Self::Hang => std::future::pending().await,
        }
    }
}

fn troubled(world: &World, trouble: Trouble, metrics: &Metrics) -> Engine {
    let backend = Backend {
        clock: Clock::System,
        ..world.backend()
    };
    let schema = graphql::schema_builder(Some(backend.clone()))
        .extension(trouble)
        .finish();
    Engine::over(schema, backend, &world.config, metrics.clone()).unwrap()
}

#[tokio::test]
async fn a_panic_is_one_error_and_counted() {
    let (world, metrics) = (world().await, Metrics::default());
    let engine = troubled(&world, Trouble::Panic, &metrics);
    let answer = ask(&engine, json!({"query": "{ viewer { name role } }"})).await;
    assert_eq!(code(&answer), "INTERNAL_SERVER_ERROR");
    assert_eq!(answer["data"], Value::Null);
    assert!(!answer.to_string().contains("made to"), "{answer}");
    let text = metrics.text().unwrap();
    assert!(text.contains("auditgraph_panics_total 1"), "{text}");
    assert!(
        text.contains(r#"auditgraph_requests_total{outcome="INTERNAL_SERVER_ERROR"} 1"#),
        "{text}"
    );
    let answer = ask(&engine, json!({"query": "{ viewer { name } }"})).await;
    assert_eq!(answer.get("errors"), None, "the engine goes on");
}

#[tokio::test]
async fn a_request_that_hangs_is_given_up() {
    let mut world = world().await;
    world.config.limits.execution_seconds = 1;
    let engine = troubled(&world, Trouble::Hang, &Metrics::default());
    let answer = ask(&engine, json!({"query": "{ viewer { name role } }"})).await;
    let about = &answer["errors"][0]["extensions"];
    assert_eq!(
        (&about["code"], &about["limit"]),
        (&json!("QUERY_TOO_COMPLEX"), &json!("execution_seconds"))
    );
}

on_both!(subscriptions_have_one_root_field);

async fn subscriptions_have_one_root_field(kind: Kind) {
    use futures::StreamExt;
    let world = World::new(kind).await;
    world
        .append(vec![event("one", "2026-11-20T08:00:00Z")])
        .await;
    let engine = world.engine();
    for query in [
        "subscription { a: events(after: \"0\") { cursor } b: events { cursor } }",
        "subscription { __typename }",
        "subscription { ...A } fragment A on Subscription { ...A }",
    ] {
        let asked = serde_json::from_value(json!({"query": query})).unwrap();
        let refusal = engine
            .prepare(&asked, caller(administrator()))
            .err()
            .unwrap();
        assert!(refusal.is_refusal(), "{query}");
    }
    let query = "subscription { ...A ... on Subscription { events(after: \"0\") { node { upstreamId } } } } \
        fragment A on Subscription { events(after: \"0\") { cursor } }";
    let asked = serde_json::from_value(json!({"query": query})).unwrap();
    let ready = engine
        .prepare(&asked, caller(administrator()))
        .ok()
        .unwrap();
    let first = engine.stream(ready).next().await.unwrap();
    assert_eq!(
        String::from_utf8(first.to_json().unwrap()).unwrap(),
        r#"{"data":{"events":{"cursor":"1","node":{"upstreamId":"one"}}}}"#
    );
}

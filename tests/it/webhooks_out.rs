//! Webhooks out, against a target over real HTTP: what it fails to take comes again, in order, and nothing is lost.

mod formats;
mod guard;
mod keeping;
mod sink;

use crate::world::{Kind, World, administrator, event, on_both};
use auditgraph::access::Viewer;
use auditgraph::config::Inside;
use auditgraph::deliver::webhook::{Names, Turn, Webhooks};
use auditgraph::event::node::NodeId;
use auditgraph::event::{NewEvent, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use sink::{Received, Reply, Sink};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

on_both!(
    c30_every_event_arrives_once_in_order_and_signed,
    what_a_target_fails_to_take_comes_again_in_order,
    a_target_that_dies_for_two_days_misses_nothing,
    retry_after_is_obeyed,
    what_answers_410_is_sent_nothing_more,
    three_days_of_failures_pause_and_lose_nothing,
    a_crash_after_the_target_took_it_sends_the_same_id,
    what_is_tried_again_in_one_request_does_not_grow,
    one_process_at_a_time_sends,
    everything_runs_by_itself,
);

/// A world whose endpoints may be on this machine.
async fn world(kind: Kind) -> World {
    let mut world = World::new(kind).await;
    world.config.webhooks.allow = vec![Inside::try_from("127.0.0.1".to_owned()).unwrap()];
    world.config.webhooks.timeout_seconds = 1;
    // So that there is a source of that name.
    world.append(Vec::new()).await;
    world
}

/// An endpoint as a test has made it.
struct Made {
    id: String,
    number: i64,
    secret: String,
}

async fn create_as(world: &World, viewer: Viewer, input: Value) -> Made {
    const CREATE: &str = "mutation ($input: CreateWebhookEndpointInput!) {
        createWebhookEndpoint(input: $input) { secret webhookEndpoint { id state } } }";
    let answer = world.ask_as(viewer, CREATE, json!({"input": input})).await;
    let made = &answer["data"]["createWebhookEndpoint"];
    assert_eq!(made["webhookEndpoint"]["state"], "ACTIVE", "{answer}");
    let id = made["webhookEndpoint"]["id"].as_str().unwrap().to_owned();
    Made {
        number: NodeId::decode(&id).unwrap().number,
        secret: made["secret"].as_str().unwrap().to_owned(),
        id,
    }
}

/// An endpoint for what upstream reports.
async fn create(world: &World, sink: &Sink, more: Value) -> Made {
    let mut input = json!({"name": "siem", "url": sink.url(), "search": "source:organization"});
    let more = more.as_object().unwrap().clone();
    input.as_object_mut().unwrap().extend(more);
    create_as(world, administrator(), input).await
}

/// What a mutation of an endpoint answers; `fields` are of its payload.
async fn change(world: &World, mutation: &str, input: Value, fields: &str) -> Value {
    let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    let query =
        format!("mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {fields} }} }}");
    let answer = world.ask(&query, json!({"input": input})).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    answer["data"][mutation].clone()
}

async fn update(world: &World, made: &Made, more: Value) -> Value {
    let mut input = json!({"id": made.id});
    let more = more.as_object().unwrap().clone();
    input.as_object_mut().unwrap().extend(more);
    let fields = "webhookEndpoint { name url state stateReason format search owner isOwn }";
    let done = change(world, "updateWebhookEndpoint", input, fields).await;
    done["webhookEndpoint"].clone()
}

/// An endpoint as it is now.
async fn shown(world: &World, made: &Made, fields: &str) -> Value {
    let query = format!(
        "{{ node(id: \"{}\") {{ ... on WebhookEndpoint {{ {fields} }} }} }}",
        made.id
    );
    world.data(&query).await["node"].clone()
}

fn numbered(numbers: std::ops::Range<usize>) -> Vec<NewEvent> {
    let one = |number: usize| event(&format!("e{number:03}"), "2026-11-20T10:00:00Z");
    numbers.map(one).collect()
}

/// The upstream ids in a request with one event.
fn upstream_id(received: &Received) -> String {
    let body = received.json();
    body["upstreamId"].as_str().unwrap().to_owned()
}

fn upstream_ids(received: &[Received]) -> Vec<String> {
    received.iter().map(upstream_id).collect()
}

fn names(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("e{number:03}")).collect()
}

/// Takes an endpoint's turns until there is nothing left to do, and says how long each wait was.
async fn drive(world: &World, webhooks: &Webhooks, made: &Made) -> Vec<Duration> {
    let mut waits = Vec::new();
    loop {
        match webhooks.turn(made.number).await.unwrap() {
            Turn::Again => {}
            Turn::Idle | Turn::Over => return waits,
            Turn::Wait(until) => waits.push(wait(world, until)),
        }
    }
}

fn wait(world: &World, until: Timestamp) -> Duration {
    let wait = until.since(world.clock.now());
    world.clock.advance(wait);
    wait
}

/// Takes an endpoint's turns until it has to wait; until when.
async fn until_it_waits(webhooks: &Webhooks, made: &Made) -> Timestamp {
    loop {
        match webhooks.turn(made.number).await.unwrap() {
            Turn::Again => {}
            Turn::Wait(until) => return until,
            other => panic!("{other:?}"),
        }
    }
}

async fn c30_every_event_arrives_once_in_order_and_signed(kind: Kind) {
    let world = world(kind).await;
    let sink = Sink::willing().await;
    world.append(numbered(0..3)).await;
    let made = create(&world, &sink, json!({})).await;
    world.append(numbered(3..45)).await;
    let waits = drive(&world, &world.webhooks(Names::System), &made).await;
    assert_eq!(waits, Vec::<Duration>::new());
    let received = sink.received();
    // What was there before is not sent.
    assert_eq!(upstream_ids(&received), names(3..45));
    let ids: HashSet<&str> = received.iter().map(Received::id).collect();
    assert_eq!(ids.len(), received.len());
    for one in &received {
        assert_eq!(one.signed_with(&made.secret), Some(0));
        assert_eq!(one.headers["content-type"], "application/json");
        assert_eq!(one.headers["webhook-timestamp"], "1795176000");
        assert!(one.id().starts_with("msg_"), "{}", one.id());
        assert!(!one.headers.contains_key("authorization"));
    }
    // A body that was tampered with is not signed.
    let mut forged = received[0].clone();
    forged.body.push(b' ');
    assert_eq!(forged.signed_with(&made.secret), None);

    // It is the event that the schema shows.
    let body = received[0].json();
    let query = format!(
        r#"{{ event(id: "{}") {{ id position time recordedAt source upstreamId product category
            action {{ code label }} upstreamAction actor {{ kind name }} target {{ type id name url }}
            container {{ key }} project {{ key }} method message raw }} }}"#,
        body["id"].as_str().unwrap()
    );
    let shown = world.data(&query).await;
    let shown = shown["event"].as_object().unwrap();
    for (field, value) in shown {
        let sent = &body[field];
        match value.as_object() {
            Some(parts) => {
                for (part, value) in parts {
                    assert_eq!(&sent[part], value, "{field}.{part}");
                }
            }
            None => assert_eq!(sent, value, "{field}"),
        }
    }
    let kept = shown_deliveries(&world, &made, 100).await;
    assert_eq!(kept.len(), 42);
    assert!(kept.iter().all(|delivery| delivery["state"] == "DELIVERED"));
    let newest = self::shown(&world, &made, "position behind failingSince nextAttemptAt").await;
    let expected =
        json!({"position": "46", "behind": 0, "failingSince": null, "nextAttemptAt": null});
    assert_eq!(newest, expected);
}

async fn shown_deliveries(world: &World, made: &Made, first: usize) -> Vec<Value> {
    let fields = format!(
        "deliveries(first: {first}) {{ nodes {{ messageId isTest state eventCount firstPosition lastPosition
            attemptCount attempts {{ status error durationMs }} nextAttemptAt startedAt endedAt }} }}"
    );
    let shown = shown(world, made, &fields).await;
    shown["deliveries"]["nodes"].as_array().unwrap().clone()
}

/// Every event was taken, the first time in order; what came again had the same id; and nothing was taken twice.
fn complete_and_in_order(received: &[Received], expected: &[String]) {
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    let mut taken = Vec::new();
    for one in received {
        let event = upstream_id(one);
        let id = ids.entry(event.clone()).or_insert(one.id().to_owned());
        assert_eq!(id, one.id(), "{event} came with another id");
        if one.was_taken() {
            taken.push(event);
        }
    }
    assert_eq!(taken, expected);
    let different: HashSet<&String> = ids.values().collect();
    assert_eq!(different.len(), ids.len(), "an id stands for two events");
}

async fn what_a_target_fails_to_take_comes_again_in_order(kind: Kind) {
    let world = world(kind).await;
    let seed = 20_261_120;
    let mut dice = StdRng::seed_from_u64(seed);
    let mut hangs = 2;
    let sink = Sink::start(move |_| {
        if !dice.random_bool(0.4) {
            return Reply::Status(200);
        }
        match dice.random_range(0..8) {
            0 => Reply::Status(500),
            1 => Reply::Status(404),
            2 => Reply::With(302, "location: http://169.254.169.254/".to_owned()),
            3 => Reply::With(307, "location: /elsewhere".to_owned()),
            4 => Reply::With(429, "retry-after: 7".to_owned()),
            5 if hangs > 0 => {
                hangs -= 1;
                Reply::Hang
            }
            _ => Reply::Cut,
        }
    })
    .await;
    let made = create(&world, &sink, json!({})).await;
    let webhooks = world.webhooks(Names::System);
    for part in 0..3 {
        world.append(numbered(part * 20..part * 20 + 20)).await;
        let waits = drive(&world, &webhooks, &made).await;
        assert!(!waits.is_empty());
        let longest = Duration::from_hours(1);
        assert!(waits.iter().all(|wait| *wait <= longest), "{waits:?}");
    }
    let received = sink.received();
    assert!(received.len() > 80, "{} with seed {seed}", received.len());
    complete_and_in_order(&received, &names(0..60));
    assert!(
        received
            .iter()
            .all(|one| one.signed_with(&made.secret) == Some(0))
    );
    let kept = shown_deliveries(&world, &made, 100).await;
    assert_eq!(kept.len(), 60);
    let tried = kept.iter().map(|one| one["attemptCount"].as_u64().unwrap());
    assert_eq!(tried.sum::<u64>(), received.len() as u64);
    let errors: Vec<&str> = kept
        .iter()
        .flat_map(|one| one["attempts"].as_array().unwrap())
        .filter_map(|attempt| attempt["error"].as_str())
        .collect();
    for wanted in ["redirects are not followed", "no reason given", "timed out"] {
        let found = errors.iter().any(|error| error.contains(wanted));
        assert!(found, "{wanted}: {errors:?}");
    }
    assert!(
        !errors.iter().any(|error| error.contains("k3y")),
        "{errors:?}"
    );
}

async fn a_target_that_dies_for_two_days_misses_nothing(kind: Kind) {
    let world = world(kind).await;
    let mut sink = Sink::willing().await;
    let made = create(&world, &sink, json!({})).await;
    let webhooks = world.webhooks(Names::System);
    world.append(numbered(0..5)).await;
    drive(&world, &webhooks, &made).await;
    sink.die();
    world.append(numbered(5..12)).await;
    let died = world.clock.now();
    let mut waits = Vec::new();
    while world.clock.now().since(died) < Duration::from_hours(48) {
        waits.push(wait(&world, until_it_waits(&webhooks, &made).await));
    }
    // Later and later, each time between half and all of twice the wait before, up to an hour.
    for (place, wait) in waits.iter().enumerate() {
        let whole = 5 * 2_u64.pow(u32::try_from(place).unwrap().min(20));
        let whole = Duration::from_secs(whole.min(3_600));
        assert!(*wait <= whole && *wait >= whole / 2, "{place}: {wait:?}");
    }
    let failing = shown(&world, &made, "state failingSince behind").await;
    assert_eq!(failing["state"], "ACTIVE");
    assert_eq!(failing["failingSince"], "2026-11-20T12:00:00Z");
    sink.revive().await;
    drive(&world, &webhooks, &made).await;
    complete_and_in_order(&sink.received(), &names(0..12));
    let recovered = shown(&world, &made, "failingSince").await;
    assert_eq!(recovered["failingSince"], Value::Null);
}

async fn retry_after_is_obeyed(kind: Kind) {
    let world = world(kind).await;
    let date = "Fri, 20 Nov 2026 12:30:00 GMT";
    let sink = Sink::start(move |before| match before {
        0 => Reply::With(429, "retry-after: 600".to_owned()),
        1 => Reply::With(503, format!("retry-after: {date}")),
        2 => Reply::With(503, "retry-after: soon".to_owned()),
        3 => Reply::With(429, "retry-after: 99999999".to_owned()),
        _ => Reply::Status(200),
    })
    .await;
    let made = create(&world, &sink, json!({})).await;
    world.append(numbered(0..1)).await;
    let webhooks = world.webhooks(Names::System);
    let until = until_it_waits(&webhooks, &made).await;
    assert_eq!(until.to_string(), "2026-11-20T12:10:00Z");
    // Nothing is sent before, whatever happens.
    world.append(numbered(1..2)).await;
    world.clock.advance(Duration::from_secs(599));
    assert_eq!(until_it_waits(&webhooks, &made).await, until);
    assert_eq!(sink.received().len(), 1);
    let waits = drive(&world, &webhooks, &made).await;
    assert_eq!(waits[0], Duration::from_secs(1));
    assert_eq!(waits[1], Duration::from_mins(20));
    assert!(waits[2] <= Duration::from_secs(20), "{waits:?}");
    assert_eq!(waits[3], Duration::from_hours(24));
    complete_and_in_order(&sink.received(), &names(0..2));
}

async fn what_answers_410_is_sent_nothing_more(kind: Kind) {
    let world = world(kind).await;
    let sink = Sink::start(|before| Reply::Status(if before == 2 { 410 } else { 200 })).await;
    let made = create(&world, &sink, json!({})).await;
    world.append(numbered(0..5)).await;
    let webhooks = world.webhooks(Names::System);
    drive(&world, &webhooks, &made).await;
    assert_eq!(sink.received().len(), 3);
    let state = shown(&world, &made, "state stateReason").await;
    assert_eq!(state["state"], "DISABLED");
    assert!(
        state["stateReason"].as_str().unwrap().contains("410"),
        "{state}"
    );
    assert_eq!(webhooks.turn(made.number).await.unwrap(), Turn::Over);
    // Whoever wants it back gets it back from there.
    let active = update(&world, &made, json!({"state": "ACTIVE"})).await;
    assert_eq!(active["stateReason"], Value::Null);
    drive(&world, &webhooks, &made).await;
    complete_and_in_order(&sink.received(), &names(0..5));
}

async fn three_days_of_failures_pause_and_lose_nothing(kind: Kind) {
    let world = world(kind).await;
    let sink = Sink::start(|_| Reply::Says(503, "down for maintenance".to_owned())).await;
    let made = create(&world, &sink, json!({})).await;
    let webhooks = world.webhooks(Names::System);
    world.append(numbered(0..4)).await;
    let began = world.clock.now();
    drive(&world, &webhooks, &made).await;
    let took = world.clock.now().since(began);
    assert!(
        took >= Duration::from_hours(72) && took < Duration::from_hours(73),
        "{took:?}"
    );
    let paused = shown(&world, &made, "state stateReason nextAttemptAt").await;
    assert_eq!(paused["state"], "PAUSED");
    let reason = paused["stateReason"].as_str().unwrap();
    assert!(
        reason.contains("72 hours") && reason.contains("down for maintenance"),
        "{reason}"
    );
    let told = world
        .data("{ events(search: \"action:webhook_endpoint.paused\") { nodes { actor { name kind } target { type name id } message changes { to } } } }")
        .await;
    let told = &told["events"]["nodes"];
    assert_eq!(told.as_array().unwrap().len(), 1);
    assert_eq!(told[0]["target"]["id"], made.id);
    assert_eq!(told[0]["message"], reason);
    assert_eq!(told[0]["actor"], Value::Null);
    let deliveries = shown_deliveries(&world, &made, 5).await;
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0]["attempts"].as_array().unwrap().len(), 20);
    assert!(deliveries[0]["attemptCount"].as_u64().unwrap() > 70);

    // What happens meanwhile waits for it.
    world.append(numbered(4..6)).await;
    sink.obey(|_| Reply::Status(200));
    drive(&world, &webhooks, &made).await;
    update(&world, &made, json!({"state": "ACTIVE"})).await;
    drive(&world, &webhooks, &made).await;
    complete_and_in_order(&sink.received(), &names(0..6));
}

async fn a_crash_after_the_target_took_it_sends_the_same_id(kind: Kind) {
    let world = world(kind).await;
    for (first, format) in [(0, "EVENT"), (10, "SPLUNK_HEC")] {
        let sink = Sink::willing().await;
        sink.obey(|before| {
            if before == 0 {
                Reply::Hang
            } else {
                Reply::Status(200)
            }
        });
        let made = create(&world, &sink, json!({"format": format})).await;
        world.append(numbered(first..first + 3)).await;
        // It has been sent, and nobody is left to hear the answer.
        let webhooks = world.webhooks(Names::System);
        tokio::select! {
            turn = webhooks.turn(made.number) => panic!("{turn:?}"),
            () = sink.heard(1) => {}
        }
        world.clock.advance(Duration::from_mins(2));
        world.append(numbered(first + 3..first + 5)).await;
        drive(&world, &world.webhooks(Names::System), &made).await;
        let received = sink.received();
        assert_eq!(received[0].id(), received[1].id(), "{format}");
        assert_eq!(received[0].text(), received[1].text(), "{format}");
        let ids: HashSet<&str> = received.iter().map(Received::id).collect();
        assert_eq!(ids.len(), received.len() - 1, "{format}");
        let query = "mutation ($id: ID!) { deleteWebhookEndpoint(input: {id: $id}) { deletedId } }";
        world.ask(query, json!({"id": made.id})).await;
    }
}

async fn what_is_tried_again_in_one_request_does_not_grow(kind: Kind) {
    let world = world(kind).await;
    let sink = Sink::start(|before| Reply::Status(if before < 3 { 500 } else { 200 })).await;
    let made = create(&world, &sink, json!({"format": "SPLUNK_HEC"})).await;
    let webhooks = world.webhooks(Names::System);
    let lines = |one: &Received| -> Vec<String> {
        let lines = one.text().lines().map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["event"]["upstreamId"].as_str().unwrap().to_owned()
        });
        lines.collect()
    };
    for part in 0..3 {
        world.append(numbered(part * 60..part * 60 + 60)).await;
        let until = until_it_waits(&webhooks, &made).await;
        wait(&world, until);
    }
    drive(&world, &webhooks, &made).await;
    let received = sink.received();
    for again in &received[..4] {
        assert_eq!(again.id(), received[0].id());
        assert_eq!(lines(again), names(0..60));
    }
    // A hundred at most, then the rest.
    assert_eq!(lines(&received[4]), names(60..160));
    assert_eq!(lines(&received[5]), names(160..180));
    assert_eq!(received.len(), 6);
    let kept = shown_deliveries(&world, &made, 10).await;
    let counts: Vec<u64> = kept
        .iter()
        .map(|one| one["eventCount"].as_u64().unwrap())
        .collect();
    assert_eq!(counts, [20, 100, 60]);
}

async fn one_process_at_a_time_sends(kind: Kind) {
    let world = world(kind).await;
    let sink = Sink::willing().await;
    let made = create(&world, &sink, json!({})).await;
    let (one, other) = (world.webhooks(Names::System), world.webhooks(Names::System));
    world.append(numbered(0..3)).await;
    drive(&world, &one, &made).await;
    world.append(numbered(3..6)).await;
    // The endpoint is still the first one's, so the other stays away.
    let until = until_it_waits(&other, &made).await;
    assert_eq!(until.since(world.clock.now()), Duration::from_secs(5));
    assert_eq!(sink.received().len(), 3);
    drive(&world, &one, &made).await;
    assert_eq!(other.turn(made.number).await.unwrap(), Turn::Idle);
    world.append(numbered(6..9)).await;
    // The first one is gone; the other takes over when its lease has ended.
    let waits = drive(&world, &other, &made).await;
    assert!(
        waits.iter().sum::<Duration>() <= Duration::from_secs(65),
        "{waits:?}"
    );
    complete_and_in_order(&sink.received(), &names(0..9));
    // Both at once, for a while.
    world.append(numbered(9..60)).await;
    let idle = async |webhooks: &Webhooks| {
        while webhooks.turn(made.number).await.unwrap() != Turn::Idle {
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(idle(&one), idle(&other));
    complete_and_in_order(&sink.received(), &names(0..60));
}

async fn everything_runs_by_itself(kind: Kind) {
    let world = world(kind).await;
    let (first, second) = (Sink::willing().await, Sink::willing().await);
    let webhooks = world.webhooks(Names::System);
    let (stop, running) = (world.stop.clone(), webhooks.clone());
    let run = world.tasks.spawn(async move { running.run(&stop).await });
    let made = create(&world, &first, json!({})).await;
    world.append(numbered(0..5)).await;
    first.heard(5).await;
    create(&world, &second, json!({"name": "another", "after": "0"})).await;
    second.heard(5).await;
    update(&world, &made, json!({"state": "MUTED"})).await;
    world.append(numbered(5..8)).await;
    second.heard(8).await;
    assert_eq!(first.received().len(), 5);
    update(&world, &made, json!({"state": "ACTIVE"})).await;
    first.heard(8).await;
    complete_and_in_order(&first.received(), &names(0..8));
    complete_and_in_order(&second.received(), &names(0..8));
    world.stop.cancel();
    run.await.unwrap();
    // Whoever comes next need not wait for its leases.
    world.append(numbered(8..9)).await;
    let waits = drive(&world, &world.webhooks(Names::System), &made).await;
    assert_eq!(waits, Vec::<Duration>::new());
}

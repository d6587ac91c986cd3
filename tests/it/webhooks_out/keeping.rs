//! Endpoints as administrators keep them: made, changed, muted, tested, moved, given other secrets, taken over, deleted.

use super::sink::{Received, Reply, Sink};
use super::{
    Made, change, complete_and_in_order, create, create_as, drive, names, numbered, shown,
    shown_deliveries, update, upstream_ids, world,
};
use crate::visibility::{SITE, issue, learn, viewer, within};
use crate::world::{Kind, World, on_both};
use auditgraph::access::{Role, Viewer};
use auditgraph::deliver::webhook::{Names, Turn};
use auditgraph::event::webhook::Attempt;
use auditgraph::store::deliveries::Message;
use auditgraph::store::tokens::NewToken;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::time::Duration;

on_both!(
    c33_endpoints_are_made_listed_edited_muted_unmuted_and_deleted,
    c33_what_happened_before_can_be_sent_too,
    an_endpoint_is_tested,
    secrets_overlap_while_one_replaces_the_other,
    an_endpoint_goes_on_from_any_position,
    an_endpoint_is_sent_what_its_owner_may_see,
    a_saved_filter_holds_as_it_is_then,
    only_administrators_have_anything_to_do_with_endpoints,
    what_makes_no_sense_is_refused_with_its_place,
    what_is_done_with_endpoints_is_in_the_log,
);

async fn list(world: &World, arguments: &str) -> Vec<String> {
    let query = format!("{{ webhookEndpoints{arguments} {{ nodes {{ name }} }} }}");
    let answer = world.data(&query).await;
    let nodes = answer["webhookEndpoints"]["nodes"].as_array().unwrap();
    let name = |node: &Value| node["name"].as_str().unwrap().to_owned();
    nodes.iter().map(name).collect()
}

fn code(answer: &Value) -> &str {
    let code = answer["errors"][0]["extensions"]["code"].as_str();
    code.unwrap_or_else(|| panic!("{answer}"))
}

async fn c33_endpoints_are_made_listed_edited_muted_unmuted_and_deleted(kind: Kind) {
    let world = world(kind).await;
    let sink = Sink::willing().await;
    let webhooks = world.webhooks(Names::System);
    // So that there is a project.
    world.append(numbered(90..91)).await;
    let made = create(&world, &sink, json!({})).await;
    for name in ["Splunk", "a chat", "Elastic siem"] {
        create(&world, &sink, json!({"name": name})).await;
    }
    assert_eq!(
        list(&world, "").await,
        ["a chat", "Elastic siem", "siem", "Splunk"]
    );
    assert_eq!(
        list(&world, r#"(search: "si")"#).await,
        ["Elastic siem", "siem"]
    );
    assert_eq!(list(&world, "(last: 1)").await, ["Splunk"]);

    let edited = update(
        &world,
        &made,
        json!({"name": "edited", "format": "FIELDS", "search": "project:WEB source:organization"}),
    )
    .await;
    assert_eq!(edited["name"], "edited");
    assert_eq!(edited["format"], "FIELDS");
    assert_eq!(edited["search"], "source:organization project:WEB");
    assert_eq!(edited["url"], sink.url());
    assert_eq!(
        (&edited["owner"], &edited["isOwn"]),
        (&json!("test"), &json!(true))
    );

    // Muted, it is sent nothing; then it goes on from where it was.
    let muted = update(&world, &made, json!({"state": "MUTED"})).await;
    assert_eq!(muted["state"], "MUTED");
    world.append(numbered(0..3)).await;
    drive(&world, &webhooks, &made).await;
    assert_eq!(sink.received().len(), 0);
    update(&world, &made, json!({"state": "ACTIVE", "format": "EVENT"})).await;
    drive(&world, &webhooks, &made).await;
    assert_eq!(upstream_ids(&sink.received()), names(0..3));

    let input = json!({"id": made.id});
    let deleted = change(&world, "deleteWebhookEndpoint", input.clone(), "deletedId").await;
    assert_eq!(deleted["deletedId"], made.id);
    assert_eq!(list(&world, "").await, ["a chat", "Elastic siem", "Splunk"]);
    assert_eq!(webhooks.turn(made.number).await.unwrap(), Turn::Over);
    let query = "mutation ($input: DeleteWebhookEndpointInput!) { deleteWebhookEndpoint(input: $input) { deletedId } }";
    let again = world.ask(query, json!({"input": input})).await;
    assert_eq!(code(&again), "NOT_FOUND");
}

async fn c33_what_happened_before_can_be_sent_too(kind: Kind) {
    let world = world(kind).await;
    let sink = Sink::willing().await;
    world.append(numbered(0..30)).await;
    let webhooks = world.webhooks(Names::System);
    let all = create(&world, &sink, json!({"after": "0"})).await;
    drive(&world, &webhooks, &all).await;
    assert_eq!(upstream_ids(&sink.received()), names(0..30));
    let sink = Sink::willing().await;
    let some = create(&world, &sink, json!({"after": "27"})).await;
    drive(&world, &webhooks, &some).await;
    assert_eq!(upstream_ids(&sink.received()), names(27..30));
}

async fn an_endpoint_is_tested(kind: Kind) {
    let world = world(kind).await;
    let sink = Sink::start(|before| match before {
        0 => Reply::Status(200),
        1 => Reply::Says(403, "no such token Splunk t0p\n\u{7}secret".to_owned()),
        _ => Reply::Cut,
    })
    .await;
    let more = json!({"format": "CEF", "authorization": "Splunk t0p"});
    let made = create(&world, &sink, more).await;
    update(&world, &made, json!({"state": "MUTED"})).await;
    let before = shown(&world, &made, "position sendsAuthorization state").await;
    assert_eq!(before["sendsAuthorization"], true);
    let test = async || {
        let fields = "webhookEndpoint { state } delivery { isTest state eventCount attempts { status error } }";
        let done = change(
            &world,
            "testWebhookEndpoint",
            json!({"id": made.id}),
            fields,
        )
        .await;
        assert_eq!(done["webhookEndpoint"]["state"], "MUTED");
        assert_eq!(done["delivery"]["isTest"], true);
        done["delivery"].clone()
    };
    let taken = test().await;
    assert_eq!(taken["state"], "DELIVERED");
    assert_eq!(taken["attempts"], json!([{"status": 200, "error": null}]));
    let refused = test().await;
    assert_eq!(refused["state"], "FAILED");
    let said = "no such token *** secret";
    assert_eq!(refused["attempts"], json!([{"status": 403, "error": said}]));
    let cut = test().await;
    assert_eq!(cut["attempts"][0]["status"], Value::Null);
    let received = sink.received();
    assert_eq!(received.len(), 3);
    for one in &received {
        assert_eq!(one.signed_with(&made.secret), Some(0));
        assert_eq!(one.headers["authorization"], "Splunk t0p");
        assert!(
            one.text().contains("|webhook_endpoint.tested|"),
            "{}",
            one.text()
        );
    }
    let after = shown(&world, &made, "position sendsAuthorization state").await;
    assert_eq!(after, before);
    assert_eq!(shown_deliveries(&world, &made, 10).await.len(), 3);
}

async fn secrets_overlap_while_one_replaces_the_other(kind: Kind) {
    let world = world(kind).await;
    let sink = Sink::willing().await;
    let webhooks = world.webhooks(Names::System);
    let made = create(&world, &sink, json!({})).await;
    let rotate = async |input: Value| -> String {
        let fields = "secret webhookEndpoint { oldSecretUntil }";
        let done = change(&world, "rotateWebhookSecret", input, fields).await;
        done["secret"].as_str().unwrap().to_owned()
    };
    let send = async |number: usize| -> Received {
        world.append(numbered(number..number + 1)).await;
        drive(&world, &webhooks, &made).await;
        sink.received().pop().unwrap()
    };
    let first = made.secret.clone();
    let second = rotate(json!({"id": made.id, "overlapHours": 2})).await;
    let both = send(0).await;
    assert_eq!(
        (both.signed_with(&second), both.signed_with(&first)),
        (Some(0), Some(1))
    );
    let until = shown(&world, &made, "oldSecretUntil").await;
    assert_eq!(until["oldSecretUntil"], "2026-11-20T14:00:00Z");
    world.clock.advance(Duration::from_hours(2));
    let alone = send(1).await;
    assert_eq!(
        (alone.signed_with(&second), alone.signed_with(&first)),
        (Some(0), None)
    );
    let until = shown(&world, &made, "oldSecretUntil").await;
    assert_eq!(until["oldSecretUntil"], Value::Null);
    // One that has leaked does not hold a moment longer.
    let third = rotate(json!({"id": made.id, "overlapHours": 0})).await;
    let alone = send(2).await;
    assert_eq!(
        (alone.signed_with(&third), alone.signed_with(&second)),
        (Some(0), None)
    );
    for secret in [&first, &second, &third] {
        assert_eq!(secret.len(), "whsec_".len() + 44, "{secret}");
    }
}

async fn an_endpoint_goes_on_from_any_position(kind: Kind) {
    let world = world(kind).await;
    let sink = Sink::willing().await;
    let webhooks = world.webhooks(Names::System);
    world.append(numbered(0..10)).await;
    let made = create(&world, &sink, json!({"after": "0"})).await;
    drive(&world, &webhooks, &made).await;
    let replay = async |after: &str| {
        let input = json!({"id": made.id, "after": after});
        let fields = "webhookEndpoint { position }";
        let moved = change(&world, "replayWebhookEndpoint", input, fields).await;
        assert_eq!(moved["webhookEndpoint"]["position"], after);
    };
    replay("7").await;
    drive(&world, &webhooks, &made).await;
    let received = sink.received();
    assert_eq!(upstream_ids(&received[10..]), names(7..10));
    // A receiver that has them already can tell.
    for (place, again) in received[10..].iter().enumerate() {
        assert_eq!(again.id(), received[7 + place].id());
    }
    // What is under way is given up, and what was not sent is passed over.
    sink.obey(|_| Reply::Status(500));
    world.append(numbered(10..15)).await;
    let turn = webhooks.turn(made.number).await.unwrap();
    assert_eq!(turn, Turn::Again);
    let newest = world.store().newest().await.unwrap();
    replay(&(newest - 1).to_string()).await;
    sink.obey(|_| Reply::Status(200));
    drive(&world, &webhooks, &made).await;
    let received = sink.received();
    assert_eq!(upstream_ids(&received[13..]), ["e010", "e014"]);
    let kept = shown_deliveries(&world, &made, 2).await;
    let states: Vec<&Value> = kept.iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["DELIVERED", "FAILED"]);
    for wrong in ["-1", "999999", "soon", ""] {
        let query = "mutation ($input: ReplayWebhookEndpointInput!) {
            replayWebhookEndpoint(input: $input) { webhookEndpoint { id } } }";
        let input = json!({"input": {"id": made.id, "after": wrong}});
        let answer = world.ask(query, input).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{wrong}");
        assert_eq!(answer["errors"][0]["extensions"]["argument"], "input.after");
    }
}

async fn token(world: &World, name: &str, account: Option<&str>) -> Viewer {
    let new = NewToken {
        name: name.to_owned(),
        role: Role::Administrator,
        account_id: account.map(ToOwned::to_owned),
        projects: Vec::new(),
        expires_at: None,
    };
    let (store, now) = (world.store(), world.clock.now());
    let mut randomness = StdRng::from_os_rng();
    let (_, secret) = store
        .create_token(new, None, now, &mut randomness)
        .await
        .unwrap();
    store.viewer(&secret, now).await.unwrap().unwrap()
}

async fn an_endpoint_is_sent_what_its_owner_may_see(kind: Kind) {
    use auditgraph::event::IssueRef;
    let world = world(kind).await;
    let sink = Sink::willing().await;
    let webhooks = world.webhooks(Names::System);
    // Nobody says who may see issues with a security level, so nobody may.
    learn(&world, vec![issue("7", "WEB-7", Some("staff"))]).await;
    let ann = token(&world, "ann", None).await;
    let input =
        |name: &str| json!({"name": name, "url": sink.url(), "search": "source:organization"});
    let made = create_as(&world, ann, input("ann's")).await;
    let mut events = numbered(0..3);
    events[1].container = Some(within(SITE, "WEB"));
    events[1].issue = Some(IssueRef {
        id: Some("7".to_owned()),
        key: Some("WEB-7".to_owned()),
    });
    world.append(events).await;
    drive(&world, &webhooks, &made).await;
    assert_eq!(upstream_ids(&sink.received()), ["e000", "e002"]);

    // Who may nothing any more is sent nothing any more.
    let now = world.clock.now();
    world.store().revoke_token("ann", None, now).await.unwrap();
    world.append(numbered(3..5)).await;
    drive(&world, &webhooks, &made).await;
    assert_eq!(sink.received().len(), 2);
    let paused = shown(&world, &made, "state stateReason owner isOwn").await;
    assert_eq!(paused["state"], "PAUSED");
    assert!(
        paused["stateReason"]
            .as_str()
            .unwrap()
            .contains("take it over"),
        "{paused}"
    );
    assert_eq!(
        (&paused["owner"], &paused["isOwn"]),
        (&json!("ann"), &json!(false))
    );
    let ours = update(&world, &made, json!({"state": "ACTIVE", "takeOver": true})).await;
    assert_eq!(
        (&ours["owner"], &ours["isOwn"]),
        (&json!("test"), &json!(true))
    );
    drive(&world, &webhooks, &made).await;
    assert_eq!(
        upstream_ids(&sink.received()),
        ["e000", "e002", "e003", "e004"]
    );

    // An account has it, whichever token it acts with.
    let bob = token(&world, "bob", Some("557058:bob")).await;
    let made = create_as(&world, bob, input("bob's")).await;
    token(&world, "bob's new one", Some("557058:bob")).await;
    world.store().revoke_token("bob", None, now).await.unwrap();
    world.append(numbered(5..6)).await;
    drive(&world, &webhooks, &made).await;
    assert_eq!(sink.received().len(), 5);
}

async fn a_saved_filter_holds_as_it_is_then(kind: Kind) {
    let world = world(kind).await;
    let sink = Sink::willing().await;
    let webhooks = world.webhooks(Names::System);
    let query = "mutation { createSavedFilter(input: {name: \"deletions\", search: \"action:issue.deleted\"}) { savedFilter { id } } }";
    let saved = world.data(query).await;
    let saved = saved["createSavedFilter"]["savedFilter"]["id"].clone();
    let made = create(&world, &sink, json!({"savedFilterId": saved})).await;
    let shown_filter = shown(&world, &made, "savedFilter { name } search").await;
    assert_eq!(shown_filter["savedFilter"]["name"], "deletions");
    assert_eq!(shown_filter["search"], "source:organization");
    world.append(numbered(0..2)).await;
    drive(&world, &webhooks, &made).await;
    let input = json!({"id": saved, "search": "action:issue.created"});
    change(&world, "updateSavedFilter", input, "savedFilter { id }").await;
    world.append(numbered(2..4)).await;
    drive(&world, &webhooks, &made).await;
    assert_eq!(upstream_ids(&sink.received()), names(0..2));
    change(
        &world,
        "deleteSavedFilter",
        json!({"id": saved}),
        "deletedId",
    )
    .await;
    world.append(numbered(4..6)).await;
    drive(&world, &webhooks, &made).await;
    // Better nothing than everything.
    let paused = shown(&world, &made, "state stateReason").await;
    assert_eq!(paused["state"], "PAUSED");
    assert!(
        paused["stateReason"]
            .as_str()
            .unwrap()
            .contains("saved filter"),
        "{paused}"
    );
    update(
        &world,
        &made,
        json!({"state": "ACTIVE", "savedFilterId": null}),
    )
    .await;
    drive(&world, &webhooks, &made).await;
    complete_and_in_order(&sink.received(), &[names(0..2), names(2..6)].concat());
}

async fn only_administrators_have_anything_to_do_with_endpoints(kind: Kind) {
    let world = world(kind).await;
    let sink = Sink::willing().await;
    let made = create(&world, &sink, json!({})).await;
    let (id, url) = (&made.id, sink.url());
    for viewer in [
        viewer(Role::Manager, Some("557058:ann"), &[]),
        viewer(Role::Viewer, None, &[]),
    ] {
        for query in [
            format!("mutation {{ createWebhookEndpoint(input: {{name: \"n\", url: \"{url}\"}}) {{ secret }} }}"),
            // What a name leads to is not for everybody to find out either.
            "mutation { createWebhookEndpoint(input: {name: \"n\", url: \"https://localhost\"}) { secret } }".to_owned(),
            format!("mutation {{ updateWebhookEndpoint(input: {{id: \"{id}\", name: \"n\"}}) {{ webhookEndpoint {{ id }} }} }}"),
            format!("mutation {{ deleteWebhookEndpoint(input: {{id: \"{id}\"}}) {{ deletedId }} }}"),
            format!("mutation {{ rotateWebhookSecret(input: {{id: \"{id}\"}}) {{ secret }} }}"),
            format!("mutation {{ testWebhookEndpoint(input: {{id: \"{id}\"}}) {{ delivery {{ messageId }} }} }}"),
            format!("mutation {{ replayWebhookEndpoint(input: {{id: \"{id}\", after: \"0\"}}) {{ webhookEndpoint {{ id }} }} }}"),
        ] {
            let answer = world.ask_as(viewer.clone(), &query, json!({})).await;
            assert_eq!(code(&answer), "FORBIDDEN", "{query}");
        }
        let query =
            format!("{{ node(id: \"{id}\") {{ id }} webhookEndpoints {{ nodes {{ id }} }} }}");
        let answer = world.ask_as(viewer, &query, json!({})).await;
        let nothing = json!({"node": null, "webhookEndpoints": {"nodes": []}});
        assert_eq!(answer["data"], nothing);
    }
    assert_eq!(sink.connections(), 0);
}

async fn what_makes_no_sense_is_refused_with_its_place(kind: Kind) {
    let world = world(kind).await;
    let sink = Sink::willing().await;
    let good = json!({"name": "n", "url": sink.url()});
    for (with, place) in [
        (json!({"name": " "}), "input.name"),
        (json!({"url": "siem.example.com"}), "input.url"),
        (
            json!({"url": format!("{}/{}", sink.url(), "x".repeat(2_000))}),
            "input.url",
        ),
        (json!({"search": "actoin:x"}), "input.search"),
        (
            json!({"filter": {"groups": ["nobody"]}}),
            "input.filter.groups[0]",
        ),
        (json!({"savedFilterId": "x"}), "input.savedFilterId"),
        (json!({"authorization": "  "}), "input.authorization"),
        (json!({"authorization": "a\nb: c"}), "input.authorization"),
        (json!({"after": "9"}), "input.after"),
    ] {
        let mut input = good.clone();
        input
            .as_object_mut()
            .unwrap()
            .extend(with.as_object().unwrap().clone());
        let query = "mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) { secret } }";
        let answer = world.ask(query, json!({"input": input})).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{with}: {answer}");
        assert_eq!(
            answer["errors"][0]["extensions"]["argument"], place,
            "{answer}"
        );
    }
    let made = create(&world, &sink, json!({})).await;
    for (mutation, with, place) in [
        (
            "updateWebhookEndpoint",
            json!({"state": "PAUSED"}),
            "input.state",
        ),
        (
            "updateWebhookEndpoint",
            json!({"url": "ftp://x"}),
            "input.url",
        ),
        (
            "rotateWebhookSecret",
            json!({"overlapHours": -1}),
            "input.overlapHours",
        ),
        (
            "rotateWebhookSecret",
            json!({"overlapHours": 721}),
            "input.overlapHours",
        ),
    ] {
        let mut input = json!({"id": made.id});
        input
            .as_object_mut()
            .unwrap()
            .extend(with.as_object().unwrap().clone());
        let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let query = format!(
            "mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ webhookEndpoint {{ id }} }} }}"
        );
        let answer = world.ask(&query, json!({"input": input})).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["argument"], place,
            "{answer}"
        );
    }
    assert_eq!(list(&world, "").await, ["siem"]);
}

async fn what_is_done_with_endpoints_is_in_the_log(kind: Kind) {
    let world = world(kind).await;
    let sink = Sink::willing().await;
    let made: Made = create(&world, &sink, json!({})).await;
    update(
        &world,
        &made,
        json!({"state": "MUTED", "authorization": "Bearer t0p"}),
    )
    .await;
    update(&world, &made, json!({"state": "MUTED"})).await;
    change(
        &world,
        "rotateWebhookSecret",
        json!({"id": made.id}),
        "secret",
    )
    .await;
    change(
        &world,
        "testWebhookEndpoint",
        json!({"id": made.id}),
        "delivery { messageId }",
    )
    .await;
    let input = json!({"id": made.id, "after": "0"});
    change(
        &world,
        "replayWebhookEndpoint",
        input,
        "webhookEndpoint { id }",
    )
    .await;
    change(
        &world,
        "deleteWebhookEndpoint",
        json!({"id": made.id}),
        "deletedId",
    )
    .await;
    let told = world
        .data(
            "{ events(filter: {sources: [\"auditgraph\"]}, orderBy: {field: RECORDED, direction: ASC}) { nodes {
                action { code } actor { name } target { type name id } changes { field from to } raw } } }",
        )
        .await;
    let told = told["events"]["nodes"].as_array().unwrap();
    let codes: Vec<&str> = told
        .iter()
        .map(|one| one["action"]["code"].as_str().unwrap())
        .collect();
    let expected = [
        "created",
        "changed",
        "secret_rotated",
        "tested",
        "replayed",
        "deleted",
    ];
    assert_eq!(
        codes,
        expected.map(|verb| format!("webhook_endpoint.{verb}"))
    );
    for one in told {
        let target = json!({"type": "webhook_endpoint", "name": "siem", "id": made.id});
        assert_eq!(one["target"], target);
        assert_eq!(one["actor"]["name"], "test");
        let text = one.to_string();
        for secret in ["k3y", "t0p", "whsec_", &made.secret] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    let changed = json!([
        {"field": "state", "from": "ACTIVE", "to": "MUTED"},
        {"field": "authorization", "from": null, "to": "***"},
    ]);
    assert_eq!(told[1]["changes"], changed);
    let url = format!("http://127.0.0.1:{}/***", sink.port());
    assert_eq!(told[0]["changes"][0]["to"], url);
}

#[tokio::test]
async fn only_the_newest_deliveries_are_remembered() {
    let world = world(Kind::Sqlite).await;
    let sink = Sink::willing().await;
    let made = create(&world, &sink, json!({})).await;
    let (store, now) = (world.store(), world.clock.now());
    let endpoint = store.active_endpoint(made.number).await.unwrap().unwrap();
    for number in 1..=1_003 {
        let message = Message {
            id: format!("msg_{number}"),
            first: 1,
            last: 1,
            events: 1,
        };
        let attempt = Attempt {
            at: now.micros(),
            status: Some(200),
            millis: 3,
            error: None,
        };
        store
            .note_test(&endpoint, &message, attempt, now)
            .await
            .unwrap();
    }
    let oldest = "deliveries(last: 2) { nodes { messageId } pageInfo { hasPreviousPage } }";
    let oldest = shown(&world, &made, oldest).await;
    let expected = json!({"nodes": [{"messageId": "msg_5"}, {"messageId": "msg_4"}], "pageInfo": {"hasPreviousPage": true}});
    assert_eq!(oldest["deliveries"], expected);
    let page = "deliveries(first: 2) { nodes { messageId } pageInfo { endCursor } }";
    let page = shown(&world, &made, page).await;
    let after = page["deliveries"]["pageInfo"]["endCursor"]
        .as_str()
        .unwrap();
    let next = format!("deliveries(first: 1, after: \"{after}\") {{ nodes {{ messageId }} }}");
    let next = shown(&world, &made, &next).await;
    assert_eq!(
        next["deliveries"]["nodes"],
        json!([{"messageId": "msg_1001"}])
    );
}

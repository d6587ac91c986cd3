//! Where webhooks may not go: however it is written, nothing inside is ever connected to.

use super::sink::{Reply, Sink};
use super::{
    Made, create, create_as, drive, names, numbered, shown_deliveries, upstream_ids, wait, world,
};
use crate::world::{Kind, World, administrator, on_both};
use auditgraph::config::{Config, Inside};
use auditgraph::deliver::webhook::{Names, Turn, Webhooks};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

on_both!(
    s7_what_was_let_in_once_is_looked_at_again,
    s7_a_name_that_leads_elsewhere_later_leads_nowhere,
    s7_a_redirect_leads_nowhere,
);

/// Ways to write an address of this machine, or of what is beside it. PORT is where somebody listens.
const FORMS: [&str; 80] = [
    "http://127.0.0.1:PORT/",
    "https://127.0.0.1:PORT/",
    "https://127.0.0.1.:PORT/",
    "https://127.1:PORT/",
    "https://127.0.1:PORT/",
    "https://127.1.1.1:PORT/",
    "https://127.255.255.254:PORT/",
    "https://2130706433:PORT/",
    "https://0x7f000001:PORT/",
    "https://0x7f.1:PORT/",
    "https://0x7f.0x0.0x0.0x1:PORT/",
    "https://0177.0.0.1:PORT/",
    "https://0177.1:PORT/",
    "https://017700000001:PORT/",
    "https://127.0.0.0x1:PORT/",
    "https://0:PORT/",
    "https://0.0.0.0:PORT/",
    "https://00000.0:PORT/",
    "https://0x0:PORT/",
    "https://１２７.０.０.１:PORT/",
    "https://127。0。0。1:PORT/",
    "https://127%2e0%2e0%2e1:PORT/",
    "https://%31%32%37.0.0.1:PORT/",
    "https://①②⑦.⓪.⓪.①:PORT/",
    "https://localhost:PORT/",
    "https://LOCALHOST:PORT/",
    "https://localhost.:PORT/",
    "https://localhost..:PORT/",
    "https://ｌocalhost:PORT/",
    "https://loc%61lhost:PORT/",
    "https://a.localhost:PORT/",
    "https://localhost.localdomain:PORT/",
    "http://localhost:PORT/",
    "https://[::1]:PORT/",
    "https://[::]:PORT/",
    "https://[0:0:0:0:0:0:0:1]:PORT/",
    "https://[::ffff:127.0.0.1]:PORT/",
    "https://[::ffff:7f00:1]:PORT/",
    "https://[0:0:0:0:0:ffff:127.0.0.1]:PORT/",
    "https://[::127.0.0.1]:PORT/",
    "https://[64:ff9b::127.0.0.1]:PORT/",
    "https://[64:ff9b::7f00:1]:PORT/",
    "https://[64:ff9b:1::7f00:1]:PORT/",
    "https://[2002:7f00:1::]:PORT/",
    "https://[2002:a00:1::1]:PORT/",
    "https://[2001:0:7f00:1::]:PORT/",
    "https://[fe80::1]:PORT/",
    "https://[fc00::1]:PORT/",
    "https://[fd00:ec2::254]/latest/meta-data/",
    "https://[ff02::1]:PORT/",
    "https://[::ffff:169.254.169.254]/",
    "https://user@127.0.0.1:PORT/",
    "https://example.com@127.0.0.1:PORT/",
    "https://user:secret@example.com/",
    "https://example.com:secret@localhost:PORT/",
    "https://127.0.0.1:PORT#@example.com/",
    "https://127.0.0.1:PORT?@example.com/",
    "https:\\\\127.0.0.1:PORT\\",
    "https:127.0.0.1:PORT/",
    "https:///127.0.0.1:PORT/",
    "https:////127.0.0.1:PORT/",
    " https://127.0.0.1:PORT/ ",
    "https://127.0.0.1\t:PORT/",
    "ht\ntps://127.0.0.1:PORT/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.0.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://168.63.129.16/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:PORT/",
    "ftp://127.0.0.1:PORT/",
    "unix:/var/run/docker.sock",
];

/// What a name leads to in these tests; everything that is not known leads to the public internet.
fn leading(to: impl Fn(&str) -> Vec<IpAddr> + Send + Sync + 'static) -> Names {
    Names::Given(Arc::new(to))
}

fn strict(world: &mut World) {
    world.config.webhooks.allow = Vec::new();
}

#[tokio::test]
async fn s7_no_form_of_an_inner_address_makes_a_connection() {
    let mut world = world(Kind::Sqlite).await;
    strict(&mut world);
    let sink = Sink::willing().await;
    let query = "mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) { secret } }";
    for form in FORMS {
        let url = form.replace("PORT", &sink.port().to_string());
        let answer = world
            .ask(query, json!({"input": {"name": "n", "url": url}}))
            .await;
        let error = &answer["errors"][0];
        assert_eq!(
            error["extensions"]["code"], "BAD_USER_INPUT",
            "{url}: {answer}"
        );
        assert_eq!(error["extensions"]["argument"], "input.url", "{url}");
        assert!(error["message"].as_str().unwrap().len() > 20, "{error}");
    }
    // Nor does any that has got into the database.
    let lenient = self::world(Kind::Sqlite).await;
    let webhooks = lenient.webhooks(Names::System);
    let made = create(&lenient, &sink, json!({})).await;
    let store = lenient.store();
    let mut endpoint = store.active_endpoint(made.number).await.unwrap().unwrap();
    for form in FORMS {
        endpoint.url = form.replace("PORT", &sink.port().to_string());
        let refused = strict_guard(&world).check(&endpoint.url).await;
        assert!(refused.is_err(), "{form}");
    }
    drop(webhooks);
    assert_eq!(sink.connections(), 0);
}

fn strict_guard(world: &World) -> Webhooks {
    world.webhooks(leading(|_| Vec::new()))
}

#[tokio::test]
async fn s7_what_is_public_is_let_through() {
    let mut world = world(Kind::Sqlite).await;
    strict(&mut world);
    let webhooks = world.webhooks(leading(|_| vec!["93.184.216.34".parse().unwrap()]));
    for (given, kept) in [
        ("https://siem.example.com", "https://siem.example.com/"),
        (
            " https://SIEM.example.com:8443/a?b=c ",
            "https://siem.example.com:8443/a?b=c",
        ),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        (
            "https://localhost.example.com/",
            "https://localhost.example.com/",
        ),
        (
            "https://xn--bcher-kva.example/",
            "https://xn--bcher-kva.example/",
        ),
    ] {
        assert_eq!(webhooks.check(given).await.as_deref(), Ok(kept));
    }
    let refused = webhooks.check("http://siem.example.com").await.unwrap_err();
    assert!(refused.to_string().contains("not encrypted"), "{refused}");
}

#[tokio::test]
async fn s7_what_the_settings_allow_is_let_through() {
    let mut world = world(Kind::Sqlite).await;
    let config: Config =
        r#"webhooks.allow = ["10.0.0.0/8", "SIEM.example.com", "fd00::/8", "192.168.1.7"]"#
            .parse()
            .unwrap();
    world.config.webhooks = config.webhooks;
    let inner = leading(|name| {
        let address = if name.starts_with("siem") {
            "127.0.0.1"
        } else {
            "10.1.2.3"
        };
        vec![address.parse().unwrap()]
    });
    let webhooks = world.webhooks(inner);
    for good in [
        "http://10.1.2.3/",
        "https://167772161/",
        "http://192.168.1.7:8088/services/collector/event",
        "http://siem.example.com/",
        "https://siem.example.com./",
        "http://[fd00::1]/",
        "https://other.example.com/",
    ] {
        assert!(webhooks.check(good).await.is_ok(), "{good}");
    }
    for bad in [
        "http://192.168.1.8/",
        "http://11.0.0.1/",
        "http://127.0.0.1/",
        "https://[fc00::1]/",
        "http://other.example.com/",
    ] {
        assert!(webhooks.check(bad).await.is_err(), "{bad}");
    }
    for wrong in ["10.0.0.0/33", "", "a b", "http://x"] {
        let settings = format!("webhooks.allow = [{}]", json!(wrong));
        let error = settings.parse::<Config>().unwrap_err().to_string();
        assert!(error.contains("webhooks.allow"), "{error}");
    }
}

async fn s7_what_was_let_in_once_is_looked_at_again(kind: Kind) {
    let mut world = world(kind).await;
    let sink = Sink::willing().await;
    let made = create(&world, &sink, json!({})).await;
    world.config.webhooks.allow = vec![Inside::try_from("localhost".to_owned()).unwrap()];
    let url = sink.url().replace("127.0.0.1", "localhost");
    let named = json!({"name": "by name", "url": url, "search": "source:organization"});
    let named = create_as(&world, administrator(), named).await;
    let lenient = world.webhooks(Names::System);
    strict(&mut world);
    world.append(numbered(0..1)).await;
    for made in [&made, &named] {
        let error = error_of(&world, &world.webhooks(Names::System), made).await;
        assert!(
            error.contains("not a public address") || error.contains("a name inside"),
            "{error}"
        );
        assert_eq!(sink.connections(), 0);
    }
    // And what the settings allow gets there.
    wait(
        &world,
        world.clock.now().plus(std::time::Duration::from_mins(2)),
    );
    drive(&world, &lenient, &named).await;
    assert_eq!(upstream_ids(&sink.received()), names(0..1));
}

/// Why the next attempt fails.
async fn error_of(world: &World, webhooks: &Webhooks, made: &Made) -> String {
    assert_eq!(webhooks.turn(made.number).await.unwrap(), Turn::Again);
    let newest = shown_deliveries(world, made, 1).await.remove(0);
    let attempts = newest["attempts"].as_array().unwrap();
    let last = attempts.last().unwrap();
    assert_eq!(last["status"], Value::Null, "{last}");
    last["error"].as_str().unwrap().to_owned()
}

async fn s7_a_name_that_leads_elsewhere_later_leads_nowhere(kind: Kind) {
    let mut world = world(kind).await;
    strict(&mut world);
    let sink = Sink::willing().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    // The first answer is for whoever looks, the second for whoever connects.
    let names = leading(move |name| {
        assert_eq!(name, "rebind.example.com");
        let address = match count.fetch_add(1, Ordering::SeqCst) {
            0 => "93.184.216.34",
            1 => "127.0.0.1",
            2 => "::ffff:127.0.0.1",
            _ => "169.254.169.254",
        };
        vec![address.parse().unwrap()]
    });
    let webhooks = world.webhooks(names);
    let url = format!("https://rebind.example.com:{}/", sink.port());
    assert!(webhooks.check(&url).await.is_ok());
    // Where nothing is known of a name, it may be saved.
    let input = json!({"name": "n", "url": url.replace("rebind.example.com", "rebind.invalid")});
    let made = create_as(&world, administrator(), input).await;
    let store = world.store();
    let change = auditgraph::store::endpoints::EndpointChange {
        url: Some(url),
        ..auditgraph::store::endpoints::EndpointChange::default()
    };
    let (viewer, now) = (administrator(), world.clock.now());
    let changed = store.change_webhook_endpoint(&viewer, made.number, change, now);
    changed.await.unwrap();
    world.append(numbered(0..1)).await;
    for inner in ["127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254"] {
        let error = error_of(&world, &webhooks, &made).await;
        assert!(error.contains(&format!("leads to {inner}")), "{error}");
        world.clock.advance(std::time::Duration::from_hours(2));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 4);
    assert_eq!(sink.connections(), 0);
}

async fn s7_a_redirect_leads_nowhere(kind: Kind) {
    let world = world(kind).await;
    let canary = Sink::willing().await;
    let to = canary.url();
    let mut left = [301, 302, 303, 307, 308].into_iter();
    let sink = Sink::start(move |_| match left.next() {
        Some(status) => Reply::With(status, format!("location: {to}")),
        None => Reply::Status(200),
    })
    .await;
    let made = create(&world, &sink, json!({})).await;
    world.append(numbered(0..1)).await;
    let waits = drive(&world, &world.webhooks(Names::System), &made).await;
    assert_eq!(waits.len(), 5);
    assert_eq!(canary.connections(), 0);
    assert_eq!(sink.received().len(), 6);
}

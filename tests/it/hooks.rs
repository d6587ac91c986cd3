//! Webhooks in: what proves them, what becomes of them, and that each is stored once before it is answered.

use crate::world::{Kind, World, on_both};
use auditgraph::config::Config;
use auditgraph::sandbox::{Channel, Mischief};
use auditgraph::source::bitbucket_cloud::BitbucketCloud;
use auditgraph::source::data_center::{DataCenter, Product};
use auditgraph::source::jira_cloud::JiraCloud;
use auditgraph::source::{self, Part, Source};
use hmac::{Hmac, Mac};
use reqwest::{Client, Response};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::Sha256;
use sqlx::{Connection, Executor};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

on_both!(
    a_burst_is_stored_once_each,
    a_store_that_fails_is_tried_again,
    the_sandbox_tells_all,
);

pub(crate) const SECRET: &str = "hush";

/// A source of that kind: its folder in the samples decides.
fn source(world: &World, folder: &str, name: &str, secret: &str) -> Arc<dyn Source> {
    let settings: Config = "".parse().unwrap();
    let (limits, clock) = (&settings.http_client, &world.clock);
    let address = "https://jira.example.com".parse().unwrap();
    let center = |product, mut settings: auditgraph::config::DataCenter| {
        name.clone_into(&mut settings.name);
        settings.base_url = Some(address);
        settings.hook_secret = SecretString::from(secret);
        DataCenter::new(product, &settings, limits, clock).unwrap()
    };
    match folder {
        "jira-cloud" => {
            let mut settings = settings.jira_cloud.clone();
            name.clone_into(&mut settings.name);
            settings.base_url = "https://acme.atlassian.net".parse().ok();
            settings.token = SecretString::from("token");
            settings.hook_secret = SecretString::from(secret);
            settings.issue_view_secret = SecretString::from("look");
            Arc::new(JiraCloud::new(&settings, limits, clock).unwrap())
        }
        "bitbucket-cloud" => {
            let mut settings = settings.bitbucket_cloud.clone();
            name.clone_into(&mut settings.name);
            settings.hook_secret = SecretString::from(secret);
            Arc::new(BitbucketCloud::new(&settings, limits, clock).unwrap())
        }
        "jira-dc" => Arc::new(center(Product::Jira, settings.jira_dc.clone())),
        "bitbucket-dc" => Arc::new(center(Product::Bitbucket, settings.bitbucket_dc.clone())),
        other => panic!("there is no source for {other}"),
    }
}

/// A server that takes webhooks, and whoever sends them.
pub(crate) struct Inbox {
    pub(crate) world: World,
    pub(crate) url: String,
    pub(crate) client: Client,
}

impl Inbox {
    async fn new(mut world: World, sources: Vec<Arc<dyn Source>>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        world.sources = sources;
        let url = format!("http://{}/hooks", world.serve().await);
        Self {
            world,
            url,
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// With one source of Jira Cloud, called `jira`.
    pub(crate) async fn jira(kind: Kind, secret: &str) -> Self {
        let world = World::new(kind).await;
        let sources = vec![source(&world, "jira-cloud", "jira", secret)];
        Self::new(world, sources).await
    }

    pub(crate) async fn send(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Response {
        let url = format!("{}/{path}", self.url);
        let mut request = self.client.post(url).body(body.into());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    async fn signed(&self, name: &str, body: &str) -> u16 {
        let signature = sign(SECRET, body);
        let headers = [("x-hub-signature", signature.as_str())];
        self.send(name, &headers, body).await.status().as_u16()
    }
}

fn sign(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={:x}", mac.finalize().into_bytes())
}

fn updated(id: usize) -> String {
    json!({
        "timestamp": 1_795_172_400_123_u64 + id as u64,
        "webhookEvent": "jira:issue_updated",
        "user": {"accountId": "557058:ann", "displayName": "Ann Lee"},
        "issue": {"id": "10001", "key": "WEB-1", "fields": {"summary": "Ship it"}},
        "changelog": {"id": id.to_string(), "items": [
            {"field": "status", "fieldId": "status", "from": "1", "fromString": "Open", "to": "3", "toString": "Done"},
        ]},
    })
    .to_string()
}

pub(crate) async fn error(response: Response) -> String {
    let body: Value = response.json().await.unwrap();
    body["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn only_what_is_proven_is_taken() {
    let inbox = Inbox::jira(Kind::Sqlite, "hush, old").await;
    let body = updated(1);
    let (good, old, wrong) = (
        sign("hush", &body),
        sign("old", &body),
        sign("other", &body),
    );
    for (headers, status) in [
        (vec![], 401),
        (vec![("x-hub-signature", wrong.as_str())], 401),
        (vec![("x-hub-signature", "sha256=")], 401),
        (vec![("authorization", "Bearer other")], 401),
        (vec![("authorization", "Bearer hush, old")], 401),
        (vec![("x-hub-signature", good.as_str())], 204),
        (vec![("X-Hub-Signature", old.as_str())], 204),
        (vec![("authorization", "Bearer old")], 204),
        (
            vec![
                ("authorization", "Bearer other"),
                ("x-hub-signature", good.as_str()),
            ],
            204,
        ),
    ] {
        let answer = inbox.send("jira", &headers, body.clone()).await;
        assert_eq!(answer.status().as_u16(), status, "{headers:?}");
        if status == 401 {
            assert!(error(answer).await.contains("X-Hub-Signature"));
        }
    }
    assert_eq!(inbox.world.stored("jira").await.len(), 1);
    // A signature is over the bytes, not over what they mean.
    let other = format!("{body} ");
    let answer = inbox
        .send("jira", &[("x-hub-signature", &good)], other)
        .await;
    assert_eq!(answer.status(), 401);
    assert_eq!(inbox.world.stored("jira").await.len(), 1);
    let store = inbox.world.store();
    let id = store.source_id("jira").await.unwrap().unwrap();
    let hooks = store.hooks(id).await.unwrap().unwrap();
    assert_eq!(hooks.received, 4);
    assert!(hooks.refused >= 1 && hooks.received_at.is_some() && hooks.refused_at.is_some());
}

#[tokio::test]
async fn guessing_is_limited_and_the_right_ones_are_not() {
    let inbox = Inbox::jira(Kind::Sqlite, SECRET).await;
    let body = updated(1);
    let mut statuses = BTreeSet::new();
    for guess in 0..40 {
        let guess = sign(&guess.to_string(), &body);
        let headers = [("x-hub-signature", guess.as_str())];
        let answer = inbox.send("jira", &headers, body.clone()).await;
        statuses.insert(answer.status().as_u16());
    }
    assert_eq!(statuses, BTreeSet::from([401, 429]));
    assert_eq!(inbox.signed("jira", &body).await, 204);
}

#[tokio::test]
async fn which_sources_there_are_is_not_told() {
    let world = World::new(Kind::Sqlite).await;
    let sources = vec![source(&world, "jira-cloud", "quiet", "")];
    let inbox = Inbox::new(world, sources).await;
    let mut answers = BTreeSet::new();
    for name in ["quiet", "unknown"] {
        let answer = inbox
            .send(name, &[("authorization", "Bearer ")], "{}")
            .await;
        assert_eq!(answer.status(), 404);
        answers.insert(error(answer).await);
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn what_is_no_webhook_is_told_so() {
    let mut world = World::new(Kind::Sqlite).await;
    world.config.limits.hook_mib = 1;
    let names = ["jira-cloud", "bitbucket-cloud", "jira-dc", "bitbucket-dc"];
    let sources = names.map(|name| source(&world, name, name, SECRET));
    let inbox = Inbox::new(world, sources.into()).await;
    for name in names {
        for (body, word) in [
            ("", "JSON"),
            ("{", "JSON"),
            ("[]", "JSON"),
            ("\"text\"", "JSON"),
            ("{}", "not a webhook"),
            (r#"{"id": 7, "title": "A pull request"}"#, "not a webhook"),
        ] {
            let signature = sign(SECRET, body);
            let answer = inbox
                .send(name, &[("x-hub-signature", &signature)], body)
                .await;
            assert_eq!(answer.status(), 400, "{name} {body}");
            let message = error(answer).await;
            assert!(message.contains(word), "{name} {body}: {message}");
        }
        let proof = [("authorization", "Bearer hush")];
        let answer = inbox.send(name, &proof, [b'"', 0xff, b'"']).await;
        assert_eq!(answer.status(), 400);
        assert!(error(answer).await.contains("UTF-8"));
        let answer = inbox
            .send(name, &proof, vec![b' '; 1_024 * 1_024 + 1])
            .await;
        assert_eq!(answer.status(), 413);
        assert!(error(answer).await.contains("1 MiB (limits.hook_mib)"));
        assert!(inbox.world.stored(name).await.is_empty());
    }
    let ping = inbox.signed("bitbucket-dc", r#"{"test":true}"#).await;
    assert_eq!(ping, 204, "an administrator tries the connection");
    assert!(inbox.world.stored("bitbucket-dc").await.is_empty());
    let get = inbox.client.get(format!("{}/jira-cloud", inbox.url));
    assert_eq!(get.send().await.unwrap().status(), 405);
}

async fn a_burst_is_stored_once_each(kind: Kind) {
    const BODIES: usize = 250;
    let inbox = Inbox::jira(kind, SECRET).await;
    // Each twice, the second time from the other end.
    let numbers = (0..BODIES).chain((0..BODIES).rev());
    let posts = numbers.map(|number| {
        let (inbox, body) = (&inbox, updated(number));
        async move { inbox.signed("jira", &body).await }
    });
    let statuses = futures::future::join_all(posts).await;
    assert!(statuses.iter().all(|status| *status == 204), "{statuses:?}");
    let stored = inbox.world.stored("jira").await;
    let expected: BTreeSet<String> = (0..BODIES)
        .map(|number| format!("changelog/{number}/status"))
        .collect();
    assert_eq!(stored.keys().cloned().collect::<BTreeSet<_>>(), expected);
    for (key, raw) in stored {
        let number = key.split('/').nth(1).unwrap().parse().unwrap();
        assert_eq!(raw, updated(number));
    }
    let store = inbox.world.store();
    let id = store.source_id("jira").await.unwrap().unwrap();
    let hooks = store.hooks(id).await.unwrap().unwrap();
    assert_eq!((hooks.received, hooks.refused), (500, 0));
}

async fn a_store_that_fails_is_tried_again(kind: Kind) {
    let inbox = Inbox::jira(kind, SECRET).await;
    let url = &inbox.world.database.url;
    let (hide, show) = (
        "ALTER TABLE payloads RENAME TO hidden",
        "ALTER TABLE hidden RENAME TO payloads",
    );
    for (statement, status, stored) in [(hide, 503, 0), (show, 204, 1)] {
        if kind == Kind::Sqlite {
            let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
            connection.execute(statement).await.unwrap();
        } else {
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            connection.execute(statement).await.unwrap();
        }
        assert_eq!(inbox.signed("jira", &updated(1)).await, status);
        let newest = inbox.world.store().newest().await.unwrap();
        assert_eq!(newest, stored);
    }
}

#[tokio::test]
async fn an_unknown_webhook_is_kept_under_its_own_name() {
    let inbox = Inbox::jira(Kind::Sqlite, SECRET).await;
    let body = r#"{"webhookEvent": "jira:issue_teleported", "timestamp": 1795172400123, "issue": {"id": "10001"}}"#;
    assert_eq!(inbox.signed("jira", body).await, 204);
    // Of a shape that shows neither thing nor moment, the delivery's own id tells a retry from another.
    let bare = r#"{"webhookEvent": "moon_risen"}"#;
    let signature = sign(SECRET, bare);
    for (identifier, stored) in [("one", 2), ("one", 2), ("two", 3)] {
        let headers = [
            ("x-hub-signature", signature.as_str()),
            ("x-atlassian-webhook-identifier", identifier),
        ];
        assert_eq!(inbox.send("jira", &headers, bare).await.status(), 204);
        assert_eq!(inbox.world.stored("jira").await.len(), stored);
    }
    let data = inbox
        .world
        .data("{ events { nodes { upstreamId action { code category } } } }")
        .await;
    for node in data["events"]["nodes"].as_array().unwrap() {
        assert_eq!(node["action"]["category"], "OTHER", "{node}");
    }
}

/// What happens in the sandbox's Jira arrives by webhook, whatever goes wrong on the way, under the keys under which
/// reading finds it.
async fn the_sandbox_tells_all(kind: Kind) {
    let settings = auditgraph::sandbox::Settings {
        history_days: 5,
        history_events: 300,
        ..auditgraph::sandbox::Settings::default()
    };
    let mut world = World::with_sandbox(kind, settings).await;
    let sandbox = world.sandbox.take().unwrap();
    world.config.jira_cloud.base_url = Some(sandbox.jira_url());
    world.config.jira_cloud.email = sandbox.jira_email();
    world.config.jira_cloud.token = sandbox.jira_token();
    world.config.jira_cloud.hook_secret = SecretString::from(SECRET);
    let sources = source::configured(&world.config, &world.clock).unwrap();
    let inbox = Inbox::new(world, sources).await;
    let url = format!("{}/jira-cloud", inbox.url).parse().unwrap();
    sandbox.set_jira_webhook(Some(url), Some(SECRET));
    for mischief in [Mischief::Shuffled, Mischief::Duplicated, Mischief::Outage] {
        sandbox.jira_mischief(mischief, 3);
    }
    let first = sandbox.jira_acts();
    let acts = sandbox.publish_jira(60);
    sandbox.jira_settled().await;
    inbox
        .world
        .clock
        .advance(std::time::Duration::from_mins(10));
    sandbox.jira_settled().await;
    assert_eq!(acts.start, first);
    let stored: BTreeSet<String> = inbox.world.stored("jira-cloud").await.into_keys().collect();
    let truths = sandbox.jira_truths(acts.clone());
    let told = truths
        .iter()
        .filter(|truth| truth.heard.contains(&Channel::Webhook));
    let told: BTreeSet<String> = told.map(|truth| truth.key.clone()).collect();
    let missed: Vec<_> = told.difference(&stored).collect();
    assert!(missed.is_empty(), "{missed:#?} of {stored:#?}");
    // Reading finds the same once more, and nothing of it is stored twice.
    let mut repeated = 0;
    for part in [Part::Issues, Part::IssueHistory, Part::Worklogs] {
        repeated += inbox.world.sync("jira-cloud", part).await.unwrap().repeated;
    }
    assert!(repeated > 0);
    let after: BTreeSet<String> = inbox.world.stored("jira-cloud").await.into_keys().collect();
    assert!(after.is_superset(&stored));
    let polled = [Channel::Search, Channel::Changelog, Channel::Comments];
    let read = truths
        .iter()
        .filter(|truth| truth.heard.iter().any(|channel| polled.contains(channel)));
    let read: BTreeSet<String> = read.map(|truth| truth.key.clone()).collect();
    let missed: Vec<_> = read.difference(&after).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

fn samples() -> Vec<(String, PathBuf)> {
    let mut roots = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let Some(root) = roots.find_map(|root| root.join("shared/samples").canonicalize().ok()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for folder in ["bitbucket-cloud", "bitbucket-dc", "jira-cloud", "jira-dc"] {
        let Ok(collections) = root.join(folder).join("webhooks").read_dir() else {
            continue;
        };
        let files = collections.flat_map(|entry| entry.unwrap().path().read_dir().unwrap());
        found.extend(files.map(|file| (folder.to_owned(), file.unwrap().path())));
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_webhooks_are_taken() {
    const NONE: [&str; 2] = ["bitbucket-server-get-pull.json", "change_status_v1.json"];
    let samples = samples();
    if samples.is_empty() {
        println!("skipped: there are no recorded webhooks beside the repository");
        return;
    }
    let world = World::new(Kind::Sqlite).await;
    let sources = samples.iter().enumerate();
    let sources = sources.map(|(at, (folder, _))| source(&world, folder, &at.to_string(), SECRET));
    let sources = sources.collect();
    let inbox = Inbox::new(world, sources).await;
    for (at, (_, file)) in samples.iter().enumerate() {
        let (name, body) = (at.to_string(), std::fs::read_to_string(file).unwrap());
        let title = file.file_name().unwrap().to_str().unwrap();
        let status = inbox.signed(&name, &body).await;
        if NONE.contains(&title) {
            assert_eq!(status, 400, "{title}");
            assert!(inbox.world.stored(&name).await.is_empty());
            continue;
        }
        assert_eq!(status, 204, "{title}");
        let stored = inbox.world.stored(&name).await;
        assert!(!stored.is_empty(), "{title}");
        assert!(stored.values().all(|raw| *raw == body), "{title}");
        assert_eq!(inbox.signed(&name, &body).await, 204);
        assert_eq!(inbox.world.stored(&name).await, stored, "{title}");
    }
}

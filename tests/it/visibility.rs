//! Who sees what Jira hides: every way to events and issues, for every role, whether or not Jira lets the account see an
//! issue that has a security level; and Assets.

use crate::world::{Kind, World, answer, at, event, on_both, person};
use auditgraph::access::Role::{self, Administrator, Manager};
use auditgraph::access::{Sight, Viewer};
use auditgraph::clock::Clock;
use auditgraph::event::directory::{DirectoryIssue, Entry, SecurityLevel};
use auditgraph::event::filter::EventFilter;
use auditgraph::event::permission::{Permissions, Permitted, Unanswered};
use auditgraph::event::{Container, ContainerKind, IssueRef, NewEvent, Product, System, Timestamp};
use auditgraph::feed::Feed;
use auditgraph::graphql::Engine;
use auditgraph::sandbox::{self, Sandbox};
use auditgraph::source;
use auditgraph::source::permission::AskPermissions;
use auditgraph::store::Batch;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

on_both!(
    c17_every_way_to_an_event_obeys_the_security_level,
    c17_a_level_hides_what_happened_before,
    c17_answers_are_kept_for_some_minutes_and_no_longer,
    c17_an_issue_of_another_site_is_not_hidden,
    c17_the_sandbox_says_who_may_see_what,
    c17_totals_count_what_is_hidden,
    c25_c26_views_of_hidden_issues_are_hidden,
);

pub(crate) const SITE: &str = "acme.atlassian.net";

/// Jira, as far as it says who may see what.
#[derive(Debug)]
pub(crate) struct Jira {
    clock: Clock,
    /// Who may see which issues.
    grants: Mutex<BTreeMap<String, BTreeSet<u64>>>,
    administrators: BTreeSet<String>,
    pub(crate) asked: AtomicUsize,
    silent: AtomicBool,
}

impl Jira {
    /// One that gives no answer.
    pub(crate) fn silent(clock: &Clock) -> Self {
        Self {
            clock: clock.clone(),
            grants: Mutex::default(),
            administrators: BTreeSet::new(),
            asked: AtomicUsize::new(0),
            silent: AtomicBool::new(true),
        }
    }

    fn grant(&self, account: &str, issues: &[u64]) {
        let issues = issues.iter().copied().collect();
        let mut grants = self.grants.lock().unwrap();
        grants.insert(account.to_owned(), issues);
    }
}

impl Permissions for Jira {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn lasts(&self) -> Duration {
        Duration::from_mins(10)
    }

    fn ask<'a>(
        &'a self,
        account: &'a str,
        scope: &'a str,
        issues: &'a [u64],
    ) -> BoxFuture<'a, Result<Permitted, Unanswered>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.silent.load(Ordering::SeqCst) {
            return async { Err(Unanswered("it is silent".to_owned())) }.boxed();
        }
        let granted = self.grants.lock().unwrap().get(account).cloned();
        let mine = issues.iter().copied().filter(|_| scope == SITE);
        let seen = mine.filter(|issue| granted.iter().flatten().any(|granted| granted == issue));
        let permitted = Permitted {
            administers: self.administrators.contains(account),
            issues: seen.collect(),
        };
        async { Ok(permitted) }.boxed()
    }
}

/// Lets a world ask a Jira in which Ann sees everything and administers, and Bob sees what everybody sees.
pub(crate) async fn with_jira(kind: Kind) -> (World, Arc<Jira>) {
    let mut world = World::new(kind).await;
    let jira = Arc::new(Jira {
        clock: world.clock.clone(),
        grants: Mutex::default(),
        administrators: BTreeSet::from(["557058:ann".to_owned()]),
        asked: AtomicUsize::new(0),
        silent: AtomicBool::new(false),
    });
    jira.grant("557058:ann", &[1, 2, 3]);
    jira.grant("557058:bob", &[1]);
    let permissions: Arc<dyn Permissions> = Arc::<Jira>::clone(&jira);
    let store = world.store().clone().permitting(permissions);
    world.feed = Feed::open(store).await.unwrap();
    (world, jira)
}

pub(crate) fn within(scope: &str, key: &str) -> Container {
    Container {
        id: None,
        key: Some(key.to_owned()),
        ..Container::new(ContainerKind::Project, scope, "")
    }
}

/// What is told of an issue: its id, its key, and its security level.
pub(crate) fn issue(id: &str, key: &str, level: Option<&str>) -> DirectoryIssue {
    let project = key.split('-').next().unwrap();
    let level = level.map(|id| SecurityLevel {
        id: id.to_owned(),
        name: Some("Staff".to_owned()),
    });
    DirectoryIssue {
        scope: SITE.to_owned(),
        id: id.to_owned(),
        key: Some(key.to_owned()),
        summary: Some(format!("The summary of {key}")),
        security: Some(level),
        project: Some(within(SITE, project)),
        at: Some(at("2026-11-10T10:00:00Z")),
        ..DirectoryIssue::default()
    }
}

pub(crate) async fn learn(world: &World, news: Vec<DirectoryIssue>) {
    let entries = news.into_iter().map(Box::new).map(Entry::Issue);
    let batch = Batch {
        part: "issues",
        entries: entries.collect(),
        ..Batch::default()
    };
    let learned = world
        .feed
        .append("jira", System::JiraCloud, batch, world.clock.now());
    learned.await.unwrap();
}

/// Something that happened to an issue, named by id, by key, or by both.
pub(crate) fn about(
    upstream: &str,
    id: Option<&str>,
    key: Option<&str>,
    project: &str,
) -> NewEvent {
    NewEvent {
        action: "jira_issue_updated".to_owned(),
        issue: Some(IssueRef {
            id: id.map(str::to_owned),
            key: key.map(str::to_owned),
        }),
        target: None,
        container: Some(within(SITE, project)),
        message: Some(format!("release notes {upstream}")),
        ..event(upstream, "2026-11-12T10:00:00Z")
    }
}

fn viewed(upstream: &str, id: &str, key: &str, project: &str) -> NewEvent {
    NewEvent {
        action: "jira_issue_viewed".to_owned(),
        ..about(upstream, Some(id), Some(key), project)
    }
}

pub(crate) fn asset(upstream: &str) -> NewEvent {
    NewEvent {
        action: "object/created".to_owned(),
        system: System::Assets,
        product: Product::Assets,
        container: None,
        target: None,
        message: Some("release notes of an asset".to_owned()),
        ..event(upstream, "2026-11-12T10:00:00Z")
    }
}

pub(crate) async fn append_as(world: &World, source: &str, system: System, events: Vec<NewEvent>) {
    let batch = Batch {
        part: "test",
        events,
        ..Batch::default()
    };
    let now = world.clock.now();
    world.feed.append(source, system, batch, now).await.unwrap();
}

/// An open issue in WEB, two secured ones in WEB and OPS, and what happened to them.
pub(crate) async fn fill(world: &World) {
    let news = vec![
        issue("1", "WEB-1", None),
        issue("2", "WEB-2", Some("staff")),
        issue("3", "OPS-3", Some("board")),
    ];
    learn(world, news).await;
    world
        .append(vec![
            about("open-id", Some("1"), None, "WEB"),
            about("open-key", None, Some("WEB-1"), "WEB"),
            viewed("open-view", "1", "WEB-1", "WEB"),
            about("web-id", Some("2"), None, "WEB"),
            about("web-key", None, Some("WEB-2"), "WEB"),
            viewed("web-view", "2", "WEB-2", "WEB"),
            about("ops-both", Some("3"), Some("OPS-3"), "OPS"),
            viewed("ops-view", "3", "OPS-3", "OPS"),
            NewEvent {
                issue: None,
                ..about("none", None, None, "OPS")
            },
        ])
        .await;
    append_as(world, "assets", System::Assets, vec![asset("asset")]).await;
}

pub(crate) fn viewer(role: Role, account: Option<&str>, projects: &[i64]) -> Viewer {
    Viewer {
        token_id: 1,
        name: format!("{role:?} as {account:?}"),
        role,
        account_id: account.map(|name| format!("557058:{name}")),
        projects: projects.to_vec(),
    }
}

fn number(id: &Value) -> i64 {
    auditgraph::event::node::NodeId::decode(id.as_str().unwrap())
        .unwrap()
        .number
}

fn names<'a>(list: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    list.into_iter().map(str::to_owned).collect()
}

/// Upstream's ids of all events in an answer, however deep.
pub(crate) fn upstream_ids(answer: &Value) -> BTreeSet<String> {
    match answer {
        Value::Array(list) => list.iter().flat_map(upstream_ids).collect(),
        Value::Object(fields) => {
            let inner = fields.values().flat_map(upstream_ids);
            let own = fields.get("upstreamId").and_then(Value::as_str);
            inner.chain(own.map(str::to_owned)).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// What somebody is shown of all events, by the way to it. Each way is a query that finds everything for the server.
/// Asks on somebody's behalf; cheaper than a new engine for each question.
async fn ask(engine: &Engine, viewer: &Viewer, query: &str, variables: Value) -> Value {
    let asked = json!({"query": query, "variables": variables});
    answer(engine, viewer.clone(), asked).await
}

async fn shown(
    world: &World,
    engine: &Engine,
    viewer: &Viewer,
) -> BTreeMap<&'static str, BTreeSet<String>> {
    let all = world
        .data(
            "{ events(first: 500) { nodes { id upstreamId actor { user { id } } } } issues { nodes { id } }
            projects { nodes { id } } }",
        )
        .await;
    let ids = |list: &str| -> Vec<Value> {
        let nodes = all[list]["nodes"].as_array().unwrap();
        nodes.iter().map(|node| node["id"].clone()).collect()
    };
    let (events, issues, projects) = (ids("events"), ids("issues"), ids("projects"));
    let user = &all["events"]["nodes"][0]["actor"]["user"]["id"];
    let variables = json!({
        "events": events, "issues": issues, "projects": projects, "user": user,
        "open": {"any": issues.iter().map(|id| json!({"issues": [id]})).collect::<Vec<_>>()},
    });
    let events_of = "{ nodes { upstreamId } }";
    let ways = [
        ("events", format!("events(first: 500) {events_of}")),
        (
            "events by actor",
            format!("events(orderBy: {{field: ACTOR}}) {events_of}"),
        ),
        (
            "events by project",
            format!("events(orderBy: {{field: PROJECT, direction: ASC}}) {events_of}"),
        ),
        (
            "search",
            format!("events(search: \"\\\"release notes\\\"\") {events_of}"),
        ),
        (
            "not",
            format!("events(filter: {{not: {{methods: [\"none\"]}}}}) {events_of}"),
        ),
        (
            "nodes",
            "nodes(ids: $events) { ... on Event { upstreamId } }".to_owned(),
        ),
        (
            "Issue.events",
            format!("nodes(ids: $issues) {{ ... on Issue {{ events {events_of} }} }}"),
        ),
        (
            "Project.events",
            format!("nodes(ids: $projects) {{ ... on Project {{ events {events_of} }} }}"),
        ),
        (
            "User.events",
            format!("node(id: $user) {{ ... on User {{ events {events_of} }} }}"),
        ),
        (
            "issueViews",
            "issueViews { nodes { event { upstreamId } } }".to_owned(),
        ),
        (
            "Issue.viewers",
            "issues { nodes { viewers { nodes { event { upstreamId } } } } }".to_owned(),
        ),
    ];
    let mut shown = BTreeMap::new();
    for (way, fields) in ways {
        let query = format!(
            "query ($events: [ID!]! = [], $issues: [ID!]! = [], $projects: [ID!]! = [], $user: ID! = \"\") {{
                answer: {fields}
                unused: nodes(ids: []) {{ id }}
                used: nodes(ids: $events) {{ id }} used2: nodes(ids: $issues) {{ id }}
                used3: nodes(ids: $projects) {{ id }} used4: node(id: $user) {{ id }} }}"
        );
        let answer = ask(engine, viewer, &query, variables.clone()).await;
        assert_eq!(answer.get("errors"), None, "{way}: {}", viewer.name);
        shown.insert(way, upstream_ids(&answer["data"]["answer"]));
    }
    let mut single = BTreeSet::new();
    for id in &events {
        let query = "query ($id: ID!) { event(id: $id) { upstreamId } node(id: $id) { id } }";
        let answer = ask(engine, viewer, query, json!({"id": id})).await;
        let data = &answer["data"];
        assert_eq!(
            data["event"].is_null(),
            data["node"].is_null(),
            "{}",
            viewer.name
        );
        single.extend(upstream_ids(data));
    }
    shown.insert("event", single);
    shown.insert("stream, near", matched(world, &viewer.sight()).await);
    shown.insert("stream, far", followed(world, &viewer.sight()).await);
    shown
}

/// What a stream near the end of the log chooses, in memory.
pub(crate) async fn matched(world: &World, sight: &Sight) -> BTreeSet<String> {
    let (store, now) = (world.store(), world.clock.now());
    let test = store
        .chosen(&EventFilter::default(), sight, now)
        .await
        .unwrap();
    let newest = store.newest().await.unwrap();
    let excerpt = store.excerpt(0, newest).await.unwrap();
    let rows = excerpt.choose(store, &test, 0).await.unwrap();
    rows.iter().map(|row| row.upstream_key.clone()).collect()
}

/// What a stream that is far behind has the database choose.
async fn followed(world: &World, sight: &Sight) -> BTreeSet<String> {
    let (store, now) = (world.store(), world.clock.now());
    let lasting = store
        .condition(&EventFilter::default(), sight, now)
        .await
        .unwrap();
    let rows = store.following(0, &lasting, 500).await.unwrap().events;
    rows.into_iter().map(|row| row.upstream_key).collect()
}

const OPEN: [&str; 3] = ["open-id", "open-key", "open-view"];
const SECURED_WEB: [&str; 3] = ["web-id", "web-key", "web-view"];
const SECURED_OPS: [&str; 2] = ["ops-both", "ops-view"];

/// The roles, each with what it may see at all, and the keys of the issues among it.
async fn table(world: &World) -> Vec<(Viewer, BTreeSet<String>, BTreeSet<String>)> {
    let data = world
        .data(r#"{ web: project(key: "WEB") { id } ops: project(key: "OPS") { id } }"#)
        .await;
    let (web, ops) = (number(&data["web"]["id"]), number(&data["ops"]["id"]));
    let open = || OPEN.into_iter();
    let every = || open().chain(SECURED_WEB).chain(SECURED_OPS).chain(["none"]);
    let (all, some) = (["WEB-1", "WEB-2", "OPS-3"], ["WEB-1"]);
    let row = |viewer: Viewer, events: BTreeSet<String>, issues: &[&str]| {
        (viewer, events, names(issues.iter().copied()))
    };
    vec![
        row(
            viewer(Administrator, Some("ann"), &[]),
            names(every().chain(["asset"])),
            &all,
        ),
        row(
            viewer(Administrator, Some("bob"), &[]),
            names(open().chain(["none"])),
            &some,
        ),
        row(
            viewer(Administrator, None, &[]),
            names(open().chain(["none"])),
            &some,
        ),
        row(
            viewer(Manager, Some("ann"), &[]),
            names(every().chain(["asset"])),
            &all,
        ),
        row(
            viewer(Manager, Some("bob"), &[]),
            names(open().chain(["none"])),
            &some,
        ),
        row(
            viewer(Manager, None, &[]),
            names(open().chain(["none"])),
            &some,
        ),
        row(
            viewer(Role::Viewer, Some("ann"), &[web]),
            names(open().chain(SECURED_WEB)),
            &["WEB-1", "WEB-2"],
        ),
        row(
            viewer(Role::Viewer, Some("bob"), &[web, ops]),
            names(open().chain(["none"])),
            &some,
        ),
        row(viewer(Role::Viewer, None, &[web]), names(open()), &some),
        row(viewer(Role::Viewer, Some("ann"), &[]), BTreeSet::new(), &[]),
    ]
}

async fn c17_every_way_to_an_event_obeys_the_security_level(kind: Kind) {
    let (world, _) = with_jira(kind).await;
    fill(&world).await;
    let engine = world.engine();
    for (viewer, events, issues) in table(&world).await {
        world.clock.advance(Duration::from_mins(1));
        let only = |wanted: &dyn Fn(&str) -> bool| -> BTreeSet<String> {
            events.iter().filter(|name| wanted(name)).cloned().collect()
        };
        let leads = viewer.role != Role::Viewer;
        for (way, found) in shown(&world, &engine, &viewer).await {
            let expected = match way {
                "Issue.events" => only(&|name| !["none", "asset"].contains(&name)),
                "Project.events" => only(&|name| name != "asset"),
                "issueViews" | "Issue.viewers" => only(&|name| name.ends_with("-view")),
                // Whom they may not look up they cannot ask about.
                "User.events" => only(&|_| leads),
                _ => events.clone(),
            };
            assert_eq!(found, expected, "{way}: {}", viewer.name);
        }
        let query = r#"{ issues { nodes { key } } found: issues(search: "summary") { nodes { key } }
            open: issue(key: "WEB-1") { key } web: issue(key: "WEB-2") { key } ops: issue(key: "OPS-3") { key }
            events { nodes { issue { issue { key } } } } }"#;
        let answer = world.ask_as(viewer.clone(), query, json!({})).await;
        let data = &answer["data"];
        let keys = |list: &Value| -> BTreeSet<String> {
            let list = list.as_array().unwrap().iter();
            list.filter_map(|node| Some(node["key"].as_str()?.to_owned()))
                .collect()
        };
        let name = &viewer.name;
        assert_eq!(keys(&data["issues"]["nodes"]), issues, "{name}");
        assert_eq!(keys(&data["found"]["nodes"]), issues, "{name}");
        let single = json!([data["open"], data["web"], data["ops"]]);
        assert_eq!(keys(&single), issues, "{name}");
        let named = data["events"]["nodes"].as_array().unwrap().iter();
        let named: Vec<Value> = named.map(|node| node["issue"]["issue"].clone()).collect();
        assert_eq!(keys(&json!(named)), issues, "{name}");
        // To ask for a hidden issue is to ask for none.
        for (key, id) in [("WEB-2", "2"), ("OPS-3", "3")] {
            for hidden in [key, id] {
                let asked = |issue: &str| json!({"filter": {"issues": [issue]}});
                let query = "query ($filter: EventFilter) { events(filter: $filter) { nodes { upstreamId } } }";
                let found = world.ask_as(viewer.clone(), query, asked(hidden)).await;
                if issues.contains(key) {
                    assert!(!upstream_ids(&found).is_empty(), "{name}: {found}");
                    continue;
                }
                let none = world.ask_as(viewer.clone(), query, asked("NO-1")).await;
                let text = |answer: &Value| answer.to_string().replace(hidden, "NO-1");
                assert_eq!(text(&found), text(&none), "{name}");
            }
        }
    }
}

async fn c17_totals_count_what_is_hidden(kind: Kind) {
    let (world, _) = with_jira(kind).await;
    fill(&world).await;
    let count = async |viewer: &Viewer, filter: Value| {
        let filter: EventFilter = serde_json::from_value(filter).unwrap();
        let (store, now) = (world.store(), world.clock.now());
        let test = store
            .countable(&filter, &viewer.sight(), now)
            .await
            .unwrap();
        let newest = store.newest().await.unwrap();
        store.positions(&test, 0, newest).await.unwrap().len()
    };
    for (viewer, events, _) in table(&world).await {
        let counted = match (viewer.role, viewer.projects.len()) {
            (Role::Viewer, 0) => 0,
            (Role::Viewer, 1) => 6,
            (Role::Viewer, _) => 9,
            // Assets are hidden altogether.
            _ => 9 + usize::from(events.contains("asset")),
        };
        assert_eq!(count(&viewer, json!({})).await, counted, "{}", viewer.name);
    }
    let bob = viewer(Role::Administrator, Some("bob"), &[]);
    let filter: EventFilter = serde_json::from_value(json!({"issues": ["WEB-2"]})).unwrap();
    let named = world
        .store()
        .countable(&filter, &bob.sight(), world.clock.now())
        .await;
    let message = named.unwrap_err().to_string();
    assert!(message.contains("there is no issue `WEB-2`"), "{message}");
}

async fn c17_a_level_hides_what_happened_before(kind: Kind) {
    let (world, jira) = with_jira(kind).await;
    fill(&world).await;
    let (ann, bob) = (
        viewer(Role::Administrator, Some("ann"), &[]).sight(),
        viewer(Role::Administrator, Some("bob"), &[]).sight(),
    );
    let open = names(OPEN);
    assert!(matched(&world, &bob).await.is_superset(&open));
    let later = |level, time: &str| DirectoryIssue {
        at: Some(at(time)),
        ..issue("1", "WEB-1", level)
    };
    jira.grant("557058:bob", &[]);
    learn(&world, vec![later(Some("staff"), "2026-11-13T10:00:00Z")]).await;
    for found in [matched(&world, &bob).await, followed(&world, &bob).await] {
        assert!(found.is_disjoint(&open), "{found:?}");
    }
    assert!(matched(&world, &ann).await.is_superset(&open));
    // Another level: Jira is asked again at once, though it said yes a moment ago.
    jira.grant("557058:ann", &[2, 3]);
    learn(&world, vec![later(Some("board"), "2026-11-14T10:00:00Z")]).await;
    assert!(followed(&world, &ann).await.is_disjoint(&open));
    learn(&world, vec![later(None, "2026-11-15T10:00:00Z")]).await;
    for sight in [&ann, &bob] {
        assert!(matched(&world, sight).await.is_superset(&open));
    }
}

async fn c17_answers_are_kept_for_some_minutes_and_no_longer(kind: Kind) {
    let (world, jira) = with_jira(kind).await;
    fill(&world).await;
    let ann = viewer(Role::Viewer, Some("ann"), &[]);
    let ann = Viewer {
        role: Role::Manager,
        ..ann
    }
    .sight();
    let secured = names(SECURED_WEB);
    let asked = || jira.asked.swap(0, Ordering::SeqCst);
    let sees = async || followed(&world, &ann).await.is_superset(&secured);
    assert!(sees().await);
    assert!(asked() > 0);
    assert!(sees().await);
    assert_eq!(asked(), 0, "what is known is not asked");
    // Another replica shares what was said of issues.
    let beside: Arc<dyn Permissions> = Arc::<Jira>::clone(&jira);
    let beside = world.store().clone().permitting(beside);
    let test = beside
        .chosen(&EventFilter::default(), &ann, world.clock.now())
        .await
        .unwrap();
    beside.lasting(&test).await.unwrap();
    assert_eq!(asked(), 1, "only whether she administers");
    // What was refused meanwhile is hidden after some minutes.
    jira.grant("557058:ann", &[1]);
    world.clock.advance(Duration::from_mins(4));
    assert!(sees().await);
    world.clock.advance(Duration::from_mins(2));
    assert!(!sees().await);
    jira.grant("557058:ann", &[1, 2, 3]);
    world.clock.advance(Duration::from_mins(6));
    assert!(sees().await);
    // Without an answer the last one is believed for as long as it is good, and Jira is not asked each time.
    jira.silent.store(true, Ordering::SeqCst);
    world.clock.advance(Duration::from_mins(6));
    asked();
    assert!(sees().await);
    assert!(sees().await);
    assert!(asked() <= 2);
    world.clock.advance(Duration::from_mins(5));
    assert!(!sees().await);
    jira.silent.store(false, Ordering::SeqCst);
    world.clock.advance(Duration::from_mins(1));
    assert!(sees().await);
}

async fn c17_an_issue_of_another_site_is_not_hidden(kind: Kind) {
    let (world, _) = with_jira(kind).await;
    fill(&world).await;
    // The same id and key at a site that is known to be another, and at one of which only the id is known.
    let there = |upstream: &str, scope: &str| NewEvent {
        container: Some(within(scope, "WEB")),
        ..about(upstream, Some("2"), Some("WEB-2"), "WEB")
    };
    let known = Container {
        url: Some("https://other.atlassian.net/".to_owned()),
        ..Container::new(ContainerKind::Site, "", "other-id")
    };
    let same = Container {
        url: Some("https://acme.atlassian.net".to_owned()),
        ..Container::new(ContainerKind::Site, "", "acme-id")
    };
    let mut by_id = there("there-by-id", "other-id");
    by_id.container.as_mut().unwrap().parent = Some(Box::new(known));
    let mut here = there("here-by-id", "acme-id");
    here.container.as_mut().unwrap().parent = Some(Box::new(same));
    let more = vec![
        there("there", "other.atlassian.net"),
        by_id,
        here,
        there("somewhere", "unknown-id"),
        NewEvent {
            container: None,
            ..there("nowhere", SITE)
        },
    ];
    world.append(more).await;
    let bob = viewer(Role::Manager, Some("bob"), &[]).sight();
    for found in [matched(&world, &bob).await, followed(&world, &bob).await] {
        let expected = OPEN.into_iter().chain(["none", "there", "there-by-id"]);
        assert_eq!(found, names(expected));
    }
}

async fn c25_c26_views_of_hidden_issues_are_hidden(kind: Kind) {
    let (world, _) = with_jira(kind).await;
    fill(&world).await;
    let portal = NewEvent {
        system: System::JiraCloud,
        action: "view/customer_portal".to_owned(),
        actor: Some(person("557058:cy", "Cy")),
        time: Some(at("2026-11-12T11:00:00Z")),
        ..about("portal", Some("2"), Some("WEB-2"), "WEB")
    };
    append_as(&world, "jira", System::JiraCloud, vec![portal]).await;
    let query = r#"{ issue(key: "WEB-2") { viewers { nodes { time place actor { name } issue { key } } } }
        issueViews(filter: {projects: ["WEB"]}) { nodes { issue { key } } } }"#;
    let ann = viewer(Role::Manager, Some("ann"), &[]);
    let answer = world.ask_as(ann, query, json!({})).await;
    let viewers = &answer["data"]["issue"]["viewers"]["nodes"];
    assert_eq!(
        *viewers,
        json!([
            {"time": "2026-11-12T11:00:00Z", "place": "CUSTOMER_PORTAL", "actor": {"name": "Cy"}, "issue": {"key": "WEB-2"}},
            {"time": "2026-11-12T10:00:00Z", "place": "ISSUE_VIEW", "actor": {"name": "Ann Lee"}, "issue": {"key": "WEB-2"}},
        ])
    );
    assert_eq!(
        answer["data"]["issueViews"]["nodes"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    for account in [None, Some("bob")] {
        let somebody = viewer(Role::Administrator, account, &[]);
        let answer = world.ask_as(somebody, query, json!({})).await;
        assert_eq!(
            answer["data"],
            json!({"issue": null, "issueViews": {"nodes": [{"issue": {"key": "WEB-1"}}]}})
        );
    }
}

async fn c17_the_sandbox_says_who_may_see_what(kind: Kind) {
    let mut world = World::new(kind).await;
    let small = sandbox::Settings {
        history_events: 400,
        history_days: 6,
        people: 12,
        ..sandbox::Settings::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (clock, stop) = (world.clock.clone(), world.stop.clone());
    let upstream = Sandbox::start(small, clock, listener, &world.tasks, stop).unwrap();
    world.config.jira_cloud = upstream.jira_settings();
    world.sources = source::configured(&world.config, &world.clock).unwrap();
    let asked = AskPermissions::new(&world.sources, &world.config.jira_cloud, &world.clock);
    let store = world.store().clone().permitting(Arc::new(asked.unwrap()));
    world.feed = Feed::open(store).await.unwrap();
    world.sync_all().await;
    let first = world.data("{ issues(first: 2) { nodes { upstreamId site } } }");
    let first = first.await["issues"]["nodes"].clone();
    let text = |node: &Value, field: &str| node[field].as_str().unwrap().to_owned();
    let secured = first.as_array().unwrap().iter().map(|node| DirectoryIssue {
        scope: text(node, "site"),
        id: text(node, "upstreamId"),
        security: Some(Some(SecurityLevel {
            id: "10100".to_owned(),
            name: None,
        })),
        at: Some(world.clock.now()),
        ..DirectoryIssue::default()
    });
    learn(&world, secured.collect()).await;
    let count = async |viewer: Viewer| {
        let query = "{ issues(first: 500) { nodes { securityLevel { id } } } }";
        let answer = world.ask_as(viewer, query, json!({})).await;
        let nodes = answer["data"]["issues"]["nodes"]
            .as_array()
            .unwrap()
            .clone();
        nodes
            .iter()
            .filter(|node| !node["securityLevel"].is_null())
            .count()
    };
    let all = count(crate::world::administrator()).await;
    assert!(all >= 2);
    let account = Some(upstream.jira_account());
    let linked = Viewer {
        account_id: account,
        ..viewer(Role::Manager, None, &[])
    };
    assert_eq!(
        count(linked).await,
        all,
        "the administrator sees all of them"
    );
    let stranger = viewer(Role::Manager, Some("nobody"), &[]);
    assert_eq!(count(stranger).await, 0);
    assert_eq!(count(viewer(Role::Administrator, None, &[])).await, 0);
}

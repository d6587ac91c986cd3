//! Every field of the schema against everybody who may ask: what they get of it is a line of a table, so a field that is
//! new has no line, and the test fails until somebody has read what its line says. Who has no token, or a revoked one, gets
//! nothing of any; then come an administrator, a manager, a viewer of half of the projects, and a viewer of nothing: `all` that
//! an administrator gets, `some` of it, nothing (`-`), or an error. All of them have an account that sees everything in Jira.
//!
//! `INSTA_UPDATE=always cargo nextest run fields` writes the table, to be read before it is committed.

use crate::visibility::viewer;
use crate::world::{Kind, World, answer, on_both};
use auditgraph::access::{Role, Viewer};
use auditgraph::event::node::{NodeId, NodeKind};
use auditgraph::event::webhook::Attempt;
use auditgraph::feed::Feed;
use auditgraph::graphql::Engine;
use auditgraph::sandbox::Settings;
use auditgraph::source;
use auditgraph::source::permission::AskPermissions;
use auditgraph::store::deliveries::Message;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;
use std::sync::Arc;

on_both!(every_field_of_every_type_has_a_rule);

/// What is said to fields that demand something, or that say more to some; placeholders stand for ids of the company.
const ARGUMENTS: [(&str, &[&str]); 40] = [
    (
        "Mutation.createAccessToken",
        &[r#"(input: {savedFilterId: "{saved}", name: "kept"})"#],
    ),
    (
        "Mutation.deleteAccessToken",
        &[r#"(input: {id: "{closed}"})"#],
    ),
    (
        "Mutation.renameAccessToken",
        &[r#"(input: {id: "{opened}", name: "kept"})"#],
    ),
    ("Mutation.createExport", &["(input: {format: CSV})"]),
    ("Mutation.deleteExport", &[r#"(input: {id: "{export}"})"#]),
    (
        "Mutation.createFilterSubscription",
        &[
            r#"(input: {savedFilterId: "{saved}", name: "sent", recipients: ["a@example.com"], schedule: {daily: {time: "09:00"}}})"#,
        ],
    ),
    (
        "Mutation.deleteFilterSubscription",
        &[r#"(input: {id: "{over}"})"#],
    ),
    (
        "Mutation.pauseFilterSubscription",
        &[r#"(input: {id: "{sent}"})"#],
    ),
    (
        "Mutation.resumeFilterSubscription",
        &[r#"(input: {id: "{sent}"})"#],
    ),
    (
        "Mutation.runFilterSubscription",
        &[r#"(input: {id: "{sent}"})"#],
    ),
    (
        "Mutation.updateFilterSubscription",
        &[r#"(input: {id: "{sent}", name: "sent"})"#],
    ),
    (
        "Query.previewSchedule",
        &[r#"(schedule: {daily: {time: "09:00"}})"#],
    ),
    (
        "Mutation.createSavedFilter",
        &[r#"(input: {name: "kept", viewers: {users: []}})"#],
    ),
    (
        "Mutation.deleteSavedFilter",
        &[r#"(input: {id: "{doomed}"})"#],
    ),
    (
        "Mutation.createWebhookEndpoint",
        &[r#"(input: {name: "n", url: "https://8.8.8.8/"})"#],
    ),
    (
        "Mutation.deleteWebhookEndpoint",
        &[r#"(input: {id: "{gone}"})"#],
    ),
    (
        "Mutation.linkUsers",
        &[r#"(input: {users: ["{user}", "{user}"]})"#],
    ),
    (
        "Mutation.replayWebhookEndpoint",
        &[r#"(input: {id: "{endpoint}", after: "0"})"#],
    ),
    (
        "Mutation.restoreIssue",
        &[r#"(input: {event: "{event}", dryRun: true})"#],
    ),
    (
        "Mutation.updateUserProfile",
        &[r#"(input: {user: "{user}", department: "Lamps", dryRun: true})"#],
    ),
    (
        "Mutation.rotateWebhookSecret",
        &[r#"(input: {id: "{endpoint}"})"#],
    ),
    (
        "Mutation.separateUser",
        &[r#"(input: {user: "{user}", aliases: []})"#],
    ),
    (
        "Mutation.setSavedFilterFavorite",
        &[r#"(input: {id: "{saved}", favorite: true})"#],
    ),
    (
        "Mutation.updateSavedFilter",
        &[r#"(input: {id: "{saved}", name: "kept"})"#],
    ),
    (
        "Mutation.setMonitoredFields",
        &[r#"(input: {fields: ["status"]})"#],
    ),
    (
        "Mutation.testWebhookEndpoint",
        &[r#"(input: {id: "{gone}"})"#],
    ),
    (
        "Mutation.updateWebhookEndpoint",
        &[r#"(input: {id: "{endpoint}", state: MUTED})"#],
    ),
    (
        "Query.activity",
        &[
            "",
            "(breakdown: [PROJECT])",
            "(breakdown: [STATUS])",
            "(breakdown: [TRANSITION])",
            "(breakdown: [ISSUE])",
            "(breakdown: [FIELD])",
        ],
    ),
    ("Query.event", &[r#"(id: "{event}")"#]),
    (
        "Query.events",
        &[
            // What this test does itself would push the company's events off the page.
            r#"(filter: {not: {sources: ["auditgraph"]}})"#,
            r#"(filter: {countries: ["ZZ"]})"#,
        ],
    ),
    ("Query.group", &[r#"(id: "{group}")"#]),
    ("Query.issue", &[r#"(id: "{issue}")"#]),
    ("Query.node", &[r#"(id: "{project}")"#]),
    ("Query.nodes", &[r#"(ids: ["{event}", "{opened}"])"#]),
    (
        "Query.parseSearch",
        &[r#"(search: "actor:ann")"#, r#"(search: "acter:ann")"#],
    ),
    ("Query.printSearch", &[r#"(filter: {countries: ["FR"]})"#]),
    ("Query.project", &[r#"(id: "{project}")"#]),
    ("Query.user", &[r#"(id: "{user}")"#]),
    ("Subscription.exportProgress", &[r#"(id: "{export}")"#]),
    ("User.events", &["(first: 3)"]),
];

/// Ways to a type that are tried, shortest first: the shortest may lead to nothing.
const WAYS: usize = 12;

/// Fields on the longest way to a type.
const LONGEST: usize = 6;

/// A field, as the schema tells of it.
struct Field {
    name: String,
    /// The name of its type, without lists and bangs.
    of: String,
    arguments: Vec<String>,
    /// Whether it has fields itself.
    deep: bool,
}

/// The schema, by type and field.
struct Schema {
    types: BTreeMap<String, Vec<Field>>,
    possible: BTreeMap<String, Vec<String>>,
}

/// How to get to a type: what is written before a selection, and what closes it.
#[derive(Clone, Default)]
struct Way {
    at: String,
    opened: String,
    closed: String,
    passed: Vec<String>,
}

impl Schema {
    async fn ask(world: &World) -> Self {
        const QUERY: &str = "{ __schema { types { kind name possibleTypes { name } fields {
            name args { name type { kind } defaultValue }
            type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";
        let ids = ids(world).await;
        let schema = world.data(QUERY).await;
        let (mut types, mut possible) = (BTreeMap::new(), BTreeMap::new());
        for known in schema["__schema"]["types"].as_array().unwrap() {
            let name = known["name"].as_str().unwrap();
            let concrete = known["possibleTypes"].as_array().into_iter().flatten();
            let concrete: Vec<String> = concrete.map(|one| text(&one["name"])).collect();
            if !concrete.is_empty() {
                possible.insert(name.to_owned(), concrete);
            } else if known["kind"] == "OBJECT" && !name.starts_with("__") {
                let fields = known["fields"].as_array().unwrap().iter();
                let fields = fields.map(|field| Field::new(name, field, &ids));
                types.insert(name.to_owned(), fields.collect());
            }
        }
        Self { types, possible }
    }

    /// The shortest ways to each type.
    fn ways(&self) -> BTreeMap<&str, Vec<Way>> {
        let mut found: BTreeMap<&str, Vec<Way>> = BTreeMap::new();
        let start = Way {
            at: "Query".to_owned(),
            ..Way::of("")
        };
        let mut open = VecDeque::from([start]);
        while let Some(way) = open.pop_front() {
            let Some((name, fields)) = self.types.get_key_value(&way.at) else {
                continue;
            };
            let known = found.entry(name).or_default();
            if known.len() == WAYS || way.passed.contains(name) || way.passed.len() == LONGEST {
                continue;
            }
            known.push(way.clone());
            let deep = fields.iter().filter(|field| field.deep);
            for (field, arguments) in deep.flat_map(Field::variants) {
                let within = format!("{}{}{arguments} {{ ", way.opened, field.name);
                let mut passed = way.passed.clone();
                passed.push(name.clone());
                let step = |at: &str, opened: String, closed: &str| Way {
                    at: at.to_owned(),
                    opened,
                    closed: format!("{closed}{}", way.closed),
                    passed: passed.clone(),
                };
                match self.possible.get(&field.of) {
                    Some(concrete) => open.extend(
                        concrete
                            .iter()
                            .map(|at| step(at, format!("{within}... on {at} {{ "), " } }")),
                    ),
                    None => open.push_back(step(&field.of, within, " }")),
                }
            }
        }
        found
    }
}

impl Way {
    fn of(operation: &str) -> Self {
        Self {
            opened: format!("{operation}{{ "),
            closed: " }".to_owned(),
            ..Self::default()
        }
    }

    fn to(&self, selection: &str) -> String {
        format!("{}{selection}{}", self.opened, self.closed)
    }
}

impl Field {
    fn new(of: &str, field: &Value, ids: &BTreeMap<&str, String>) -> Self {
        let name = text(&field["name"]);
        let path = format!("{of}.{name}");
        let told = ARGUMENTS.iter().find(|(known, _)| *known == path);
        let with_ids = |arguments: &&str| {
            ids.iter()
                .fold((*arguments).to_owned(), |text, (what, id)| {
                    text.replace(&format!("{{{what}}}"), id)
                })
        };
        let told = told.map_or(&[""][..], |(_, arguments)| arguments);
        let demanded = |argument: &Value| {
            argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null()
        };
        let demands = field["args"].as_array().unwrap().iter().any(demanded);
        assert!(
            !demands || told != [""],
            "{path} must be told something: say what in ARGUMENTS"
        );
        let mut kind = &field["type"];
        while !kind["ofType"].is_null() {
            kind = &kind["ofType"];
        }
        Self {
            name,
            of: text(&kind["name"]),
            arguments: told.iter().map(with_ids).collect(),
            deep: ["OBJECT", "INTERFACE", "UNION"]
                .map(Value::from)
                .contains(&kind["kind"]),
        }
    }

    /// What can be said to it.
    fn variants(&self) -> impl Iterator<Item = (&Self, &str)> {
        self.arguments.iter().map(move |told| (self, told.as_str()))
    }

    /// What to write to get it under another name.
    fn under(&self, alias: &str) -> String {
        let deeper = if self.deep { " { __typename }" } else { "" };
        format!("{alias}: {}{}{deeper}", self.name, self.arguments[0])
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// An id of everything that has one.
async fn ids(world: &World) -> BTreeMap<&'static str, String> {
    let all = world
        .data(
            "{ user: users { nodes { id } } group: groups { nodes { id } } issue: issues { nodes { id } }
            event: events(filter: {not: {sources: [\"auditgraph\"]}}) { nodes { id } } export: exports { nodes { id } }
            project: events(filter: {not: {sources: [\"auditgraph\"]}}) { nodes { project { id } } } }",
        )
        .await;
    let id = |kind: &str| {
        let nodes = all[kind]["nodes"].as_array().unwrap().iter();
        // Not everything happens in a project.
        let mut ids = nodes.flat_map(|node| [&node["id"], &node["project"]["id"]]);
        text(ids.find(|id| id.is_string()).unwrap())
    };
    let kinds = ["user", "group", "project", "issue", "event", "export"];
    let mut ids: BTreeMap<&str, String> = kinds.map(|kind| (kind, id(kind))).into();
    for saved in ["saved", "doomed"] {
        let keep = "mutation ($name: String!) { createSavedFilter(input: {
            name: $name, description: \"kept\", filter: {products: [JIRA]},
            view: {kind: AGGREGATED, columns: [\"issue.created\"], breakdown: [PROJECT],
                eventOrder: {field: TIME}, activityOrder: {field: COLUMN, column: \"issue.created\"}},
        }) { savedFilter { id } } }";
        let kept = world.ask(keep, json!({"name": saved})).await;
        let id = text(&kept["data"]["createSavedFilter"]["savedFilter"]["id"]);
        ids.insert(saved, id);
    }
    for opened in ["opened", "closed"] {
        let open = "mutation ($name: String!, $saved: ID!) { createAccessToken(input: {
            savedFilterId: $saved, name: $name,
        }) { accessToken { id } } }";
        let variables = json!({"name": opened, "saved": ids["saved"]});
        let kept = world.ask(open, variables).await;
        let id = text(&kept["data"]["createAccessToken"]["accessToken"]["id"]);
        ids.insert(opened, id);
    }
    for sent in ["sent", "over"] {
        let send = "mutation ($name: String!, $saved: ID!) { createFilterSubscription(input: {
            savedFilterId: $saved, name: $name, recipients: [\"ann@example.com\"],
            schedule: {weekly: {days: [MONDAY], time: \"09:00\"}},
        }) { filterSubscription { id } } }";
        let variables = json!({"name": sent, "saved": ids["saved"]});
        let kept = world.ask(send, variables).await;
        let id = text(&kept["data"]["createFilterSubscription"]["filterSubscription"]["id"]);
        ids.insert(sent, id);
    }
    let gone = NodeId::new(NodeKind::WebhookEndpoint, i64::MAX);
    ids.insert("gone", gone.encode());
    ids.insert("endpoint", endpoint(world).await);
    ids
}

/// What a field gave, wherever it was met.
#[derive(Clone, Debug, Default, PartialEq)]
struct Got {
    values: Vec<Value>,
    refused: BTreeSet<String>,
}

impl Got {
    /// In a word, beside what an administrator gets.
    fn word(&self, all: &Self) -> String {
        if !self.refused.is_empty() {
            let codes: Vec<&str> = self.refused.iter().map(String::as_str).collect();
            codes.join("+")
        } else if self.values.is_empty() {
            "-".to_owned()
        } else if self.values == all.values {
            "all".to_owned()
        } else {
            "some".to_owned()
        }
    }
}

/// Everything under a name that says something, however deep.
fn collect(value: &Value, name: &str, into: &mut Vec<Value>) {
    match value {
        Value::Object(fields) => {
            for (known, value) in fields {
                if known == name {
                    let nothing = value.is_null() || *value == json!([]) || *value == json!({});
                    into.extend((!nothing).then(|| value.clone()));
                } else {
                    collect(value, name, into);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, name, into)),
        _ => {}
    }
}

/// All fields of a type, each under its number.
fn all_of(fields: &[Field]) -> String {
    let numbered = (0..).zip(fields);
    let every: Vec<String> = numbered
        .map(|(i, field)| field.under(&format!("x{i}")))
        .collect();
    every.join(" ")
}

/// What each field of a type gives somebody who gets there in this way.
async fn gather(engine: &Engine, role: &Viewer, fields: &[Field], way: &Way, got: &mut [Got]) {
    let query = way.to(&all_of(fields));
    let whole = answer(engine, role.clone(), json!({"query": query})).await;
    for (i, (field, got)) in fields.iter().zip(got).enumerate() {
        // An error takes its neighbours away with it, so each is asked for alone then.
        let mut alone = None;
        if whole.get("errors").is_some() {
            let query = way.to(&field.under(&format!("x{i}")));
            alone = Some(answer(engine, role.clone(), json!({"query": query})).await);
        }
        let answer = alone.as_ref().unwrap_or(&whole);
        collect(&answer["data"], &format!("x{i}"), &mut got.values);
        let errors = answer["errors"].as_array().into_iter().flatten();
        got.refused
            .extend(errors.map(|error| text(&error["extensions"]["code"])));
    }
}

/// A company with everything there is, and the account of somebody who may see all of it in Jira.
async fn company(kind: Kind) -> (World, String) {
    let settings = Settings {
        history_events: 600,
        history_days: 8,
        people: 12,
        ..Settings::default()
    };
    let mut world = World::with_sandbox(kind, settings).await;
    let sandbox = world.sandbox();
    let (jira, confluence, assets, account) = (
        sandbox.jira_settings(),
        sandbox.confluence_settings(),
        sandbox.assets_settings(),
        sandbox.jira_account(),
    );
    world.config.mail.directory = "unused".into();
    world.config.jira_cloud = jira;
    world.config.confluence_cloud = confluence;
    world.config.assets = assets;
    // More is asked, and refused, than anybody may ask in a minute.
    world.config.limits.cost_per_minute = u32::MAX;
    world.config.limits.failed_logins_per_minute = u32::MAX;
    world.sources = source::configured(&world.config, &world.clock).unwrap();
    let asked = AskPermissions::new(&world.sources, &world.config.jira_cloud, &world.clock);
    let store = world.store().clone().permitting(Arc::new(asked.unwrap()));
    world.feed = Feed::open(store).await.unwrap();
    world.sync_all().await;
    let export = "mutation { createExport(input: {format: CSV}) { export { id } } }";
    world.data(export).await;
    (world, account)
}

/// Adds a webhook endpoint to which something was sent; its id.
async fn endpoint(world: &World) -> String {
    let create = r#"mutation { createWebhookEndpoint(input: {name: "siem", url: "https://8.8.8.8/", search: "source:organization"}) { webhookEndpoint { id } } }"#;
    let made = world.data(create).await;
    let id = text(&made["createWebhookEndpoint"]["webhookEndpoint"]["id"]);
    let number = NodeId::decode(&id).unwrap().number;
    let (store, now) = (world.store(), world.clock.now());
    let endpoint = store.active_endpoint(number).await.unwrap().unwrap();
    let message = Message {
        id: "msg_1".to_owned(),
        first: 1,
        last: 1,
        events: 1,
    };
    let attempt = Attempt {
        at: now.micros(),
        status: Some(500),
        millis: 3,
        error: Some("no reason given".to_owned()),
    };
    let noted = store.note_test(&endpoint, &message, attempt, now).await;
    noted.unwrap();
    id
}

async fn every_field_of_every_type_has_a_rule(kind: Kind) {
    let (world, account) = company(kind).await;
    let schema = Schema::ask(&world).await;
    let projects = world
        .data("{ projects(first: 500) { nodes { id } } }")
        .await;
    let projects = projects["projects"]["nodes"].as_array().unwrap().iter();
    let number = |node: &Value| NodeId::decode(&text(&node["id"])).unwrap().number;
    let granted: Vec<i64> = projects.step_by(2).map(number).collect();
    let linked = |role: Role, projects: &[i64]| Viewer {
        account_id: Some(account.clone()),
        ..viewer(role, None, projects)
    };
    let roles = [
        linked(Role::Administrator, &[]),
        linked(Role::Manager, &[]),
        linked(Role::Viewer, &granted),
        linked(Role::Viewer, &[]),
    ];
    let engine = world.engine();
    let strangers = Strangers::new(&world).await;
    let mut table = String::new();
    let ways = schema.ways();
    for (name, fields) in &schema.types {
        let ways = match name.as_str() {
            "Mutation" => vec![Way::of("mutation ")],
            name => ways.get(name).cloned().unwrap_or_default(),
        };
        let mut got = vec![vec![Got::default(); fields.len()]; roles.len()];
        for way in &ways {
            for (role, got) in roles.iter().zip(&mut got) {
                gather(&engine, role, fields, way, got).await;
            }
        }
        if let Some(way) = ways.first() {
            strangers.are_refused(&way.to(&all_of(fields))).await;
        }
        for (i, field) in fields.iter().enumerate() {
            let words: Vec<String> = got.iter().map(|mine| mine[i].word(&got[0][i])).collect();
            let rule = if ways.is_empty() {
                "after a command or in a stream".to_owned()
            } else {
                words.join(" | ")
            };
            writeln!(table, "{name}.{}: {rule}", field.name).unwrap();
        }
    }
    insta::assert_snapshot!("fields", table);
}

/// Who has no token, and who had one.
struct Strangers {
    url: String,
    revoked: String,
    client: reqwest::Client,
}

impl Strangers {
    async fn new(world: &World) -> Self {
        let url = format!("http://{}/graphql", world.serve().await);
        let revoked = world.token_named("revoked", Role::Administrator).await;
        let now = world.clock.now();
        world
            .store()
            .revoke_token("revoked", None, now)
            .await
            .unwrap();
        // Fails when another test was first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            url,
            revoked,
            client,
        }
    }

    async fn are_refused(&self, query: &str) {
        let request = || self.client.post(&self.url).json(&json!({"query": query}));
        for request in [request(), request().bearer_auth(&self.revoked)] {
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 401, "{query}");
            let answer: Value = response.json().await.unwrap();
            assert_eq!(answer["data"], Value::Null, "{query}");
        }
    }
}

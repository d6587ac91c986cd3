//! Exports as jobs: asked for, written in the background, gone on with after a crash, seen by some and nobody else.

mod forms;
mod killed;
mod views;

use crate::client::{PATIENCE, Socket, post};
use crate::world::{Kind, World, administrator, event, on_both, person, project};
use auditgraph::access::{Role, Viewer};
use auditgraph::event::{Change, NewEvent};
use auditgraph::export::{Exports, Pace};
use auditgraph::store::tokens::NewToken;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

on_both!(
    c29_the_history_tells_of_every_export,
    an_export_that_is_killed_half_way_goes_on,
    what_cannot_be_gone_on_with_begins_anew,
    two_processes_write_an_export_once,
    an_export_does_not_take_more_than_it_may,
    files_are_deleted_when_their_time_is_over,
    a_viewer_exports_only_what_they_see,
    others_do_not_see_it,
    who_loses_their_token_gets_no_file,
    what_cannot_be_exported_is_refused_with_its_place,
    what_is_done_with_exports_is_in_the_log,
);

/// A world with a folder for its exports.
pub(crate) struct Office {
    pub(crate) world: World,
    pub(crate) exports: Exports,
    pub(crate) folder: TempDir,
}

/// The name of a process that writes exports.
pub(crate) fn process(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

impl Office {
    pub(crate) async fn new(kind: Kind) -> Self {
        let mut world = World::new(kind).await;
        let folder = tempfile::tempdir().unwrap();
        world.config.exports.folder = folder.path().join("exports");
        Self {
            exports: world.exports(),
            world,
            folder,
        }
    }

    /// With twenty-five things that happened in one project, and five in another.
    pub(crate) async fn busy(kind: Kind) -> Self {
        let office = Self::new(kind).await;
        let deed = |number: usize| NewEvent {
            time: Some(
                crate::world::at("2026-11-20T10:00:00Z")
                    .plus(Duration::from_secs(u64::try_from(number % 7).unwrap())),
            ),
            container: Some(project(if number % 6 == 5 { "OPS" } else { "WEB" })),
            actor: Some(person("557058:ann", "Ann Lee")),
            changes: vec![Change {
                field: "status".to_owned(),
                from: Some(format!("step {number}")),
                to: Some(format!("step {}", number + 1)),
            }],
            ..event(&format!("event-{number}"), "2026-11-20T10:00:00Z")
        };
        office.world.append((0..30).map(deed).collect()).await;
        office
    }

    /// The same in small steps.
    pub(crate) fn in_steps(&self, page: u64, note: u64) -> Exports {
        self.exports.clone().paced(Pace { page, note })
    }

    /// Asks for an export; of what came from upstream unless the input chooses.
    pub(crate) async fn create(&self, viewer: Viewer, mut input: Value) -> Value {
        let chooses = ["view", "filter", "search", "savedFilterId"];
        if chooses.iter().all(|name| input.get(name).is_none()) {
            input["filter"] = json!({"sources": ["organization"]});
        }
        let answer = self
            .world
            .ask_as(viewer, CREATE, json!({"input": input}))
            .await;
        assert_eq!(answer.get("errors"), None, "{answer}");
        answer["data"]["createExport"]["export"].clone()
    }

    /// Writes all that is asked for.
    pub(crate) async fn write_all(&self) {
        let go_on = CancellationToken::new();
        while self.exports.work_once(process(1), &go_on).await.unwrap() {}
    }

    /// The export as it is now.
    pub(crate) async fn now(&self, export: &Value) -> Value {
        let query = format!(
            "{{ node(id: {}) {{ ... on Export {{ {FIELDS} }} }} }}",
            export["id"]
        );
        self.world.data(&query).await["node"].take()
    }

    pub(crate) fn path(&self, export: &Value) -> PathBuf {
        let name = export["fileName"].as_str().unwrap();
        self.folder.path().join("exports").join(name)
    }

    /// Asks for an export and writes it; its bytes.
    pub(crate) async fn made(&self, viewer: Viewer, input: Value) -> (Value, Vec<u8>) {
        let export = self.create(viewer, input).await;
        self.write_all().await;
        let export = self.now(&export).await;
        assert_eq!(export["status"], "DONE", "{export}");
        let bytes = std::fs::read(self.path(&export)).unwrap();
        assert_eq!(export["bytes"], bytes.len());
        (export, bytes)
    }

    async fn token(&self, name: &str, role: Role, projects: &[&str]) -> (String, Viewer) {
        let new = NewToken {
            name: name.to_owned(),
            role,
            account_id: None,
            projects: projects.iter().map(ToString::to_string).collect(),
            expires_at: None,
        };
        let (store, now) = (self.world.store(), self.world.clock.now());
        let made = store
            .create_token(new, None, now, &mut StdRng::from_os_rng())
            .await;
        let secret = made.unwrap().1;
        let viewer = store.viewer(&secret, now).await.unwrap().unwrap();
        (secret, viewer)
    }
}

pub(crate) const FIELDS: &str =
    "id fileName status error format view url records expectedRecords bytes search filterLabel
    timeZone createdAt startedAt finishedAt expiresAt author { name } savedFilter { id name }";

const CREATE: &str = "mutation ($input: CreateExportInput!) { createExport(input: $input) { export {
    id fileName status error format view url records bytes search filterLabel createdAt finishedAt } } }";

/// The lines of a file.
pub(crate) fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let line = |line: &str| serde_json::from_str(line).unwrap();
    text.lines().map(line).collect()
}

fn code(answer: &Value) -> &str {
    let code = answer["errors"][0]["extensions"]["code"].as_str();
    code.unwrap_or_else(|| panic!("{answer}"))
}

async fn c29_the_history_tells_of_every_export(kind: Kind) {
    let office = Office::busy(kind).await;
    let world = &office.world;
    let keep = "mutation { createSavedFilter(input: {name: \"Web only\", search: \"project:WEB\",
        view: {kind: AGGREGATED, columns: [\"issue.deleted\"]}}) { savedFilter { id } } }";
    let saved = world.data(keep).await;
    let saved = saved["createSavedFilter"]["savedFilter"]["id"].clone();
    let first = office
        .create(
            administrator(),
            json!({"format": "CSV", "search": "project:OPS"}),
        )
        .await;
    assert_eq!(first["status"], "QUEUED");
    assert_eq!(first["url"], Value::Null);
    assert_eq!(first["view"], "DETAIL");
    world.clock.advance(Duration::from_secs(90));
    let input =
        json!({"format": "NDJSON", "savedFilterId": saved, "filter": {"users": ["557058:ann"]}});
    office.create(administrator(), input).await;
    office.write_all().await;

    let query = format!(
        "query ($after: String) {{ exports(first: 1, after: $after) {{ nodes {{ {FIELDS} }} pageInfo {{ endCursor hasNextPage }} }} }}"
    );
    let newest = world.ask(&query, json!({})).await["data"]["exports"].take();
    let cursor = newest["pageInfo"]["endCursor"].clone();
    let oldest = world.ask(&query, json!({"after": cursor})).await["data"]["exports"].take();
    assert_eq!(oldest["pageInfo"]["hasNextPage"], false);
    let (newest, oldest) = (&newest["nodes"][0], &oldest["nodes"][0]);

    assert_eq!(oldest["id"], first["id"]);
    assert_eq!(oldest["fileName"], "detail-2026-11-20T120000Z-1.csv");
    assert_eq!(oldest["createdAt"], "2026-11-20T12:00:00Z");
    assert_eq!(oldest["author"]["name"], "test");
    assert_eq!(oldest["records"], 5);
    assert_eq!(oldest["expectedRecords"], 5);
    assert_eq!(oldest["search"], "project:OPS");
    assert_eq!(oldest["filterLabel"], "custom");
    assert_eq!(oldest["savedFilter"], Value::Null);
    assert_eq!(oldest["status"], "DONE");
    let url = format!("/exports/{}", first["id"].as_str().unwrap());
    assert_eq!(oldest["url"], url);

    // The saved filter's own view is taken where nothing else is said.
    assert_eq!(newest["view"], "AGGREGATED");
    assert_eq!(newest["fileName"], "aggregated-2026-11-20T120130Z-2.ndjson");
    assert_eq!(newest["filterLabel"], "Web only");
    assert_eq!(
        newest["savedFilter"],
        json!({"id": saved, "name": "Web only"})
    );
    assert_eq!(newest["search"], "actor:557058:ann project:WEB");
    assert_eq!(newest["records"], 1);
    let line = json!({"author": "Ann Lee", "issue.deleted": 25, "total": 25});
    assert_eq!(lines(&std::fs::read(office.path(newest)).unwrap()), [line]);

    let delete = "mutation ($id: ID!) { deleteExport(input: {id: $id}) { deletedId } }";
    let deleted = world.ask(delete, json!({"id": first["id"]})).await;
    assert_eq!(deleted["data"]["deleteExport"]["deletedId"], first["id"]);
    assert!(!office.path(oldest).exists());
    let again = world.ask(delete, json!({"id": first["id"]})).await;
    assert_eq!(code(&again), "NOT_FOUND");
    let left = world.data("{ exports { nodes { id } } }").await;
    assert_eq!(left["exports"]["nodes"], json!([{"id": newest["id"]}]));
}

/// Cuts an export off after a few pages, as a crash does.
async fn crash(office: &Office, holder: Uuid, export: &Value) {
    let exports = office.in_steps(4, 8);
    let mut movements = exports.movements();
    let go_on = CancellationToken::new();
    let writing = exports.work_once(holder, &go_on);
    // The begin, and two notes of how far it has come.
    let three = async {
        for _ in 0..3 {
            movements.changed().await.unwrap();
        }
    };
    tokio::select! {
        biased;
        () = three => {}
        _ = writing => panic!("it was written before it could be cut off"),
    }
    let now = office.now(export).await;
    assert_eq!(now["status"], "RUNNING", "{now}");
    assert_eq!(now["url"], Value::Null);
    // What came after the last note may be on the disk, and need not be whole.
    let path = office.path(export);
    let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    std::io::Write::write_all(&mut file, b"half a li").unwrap();
}

async fn an_export_that_is_killed_half_way_goes_on(kind: Kind) {
    let office = Office::busy(kind).await;
    for (format, order) in [
        ("CSV", json!({"field": "TIME", "direction": "ASC"})),
        ("NDJSON", json!(null)),
        ("CSV", json!({"field": "PROJECT", "direction": "DESC"})),
    ] {
        let input = json!({"format": format, "eventOrder": order});
        let (_, whole) = office.made(administrator(), input.clone()).await;
        let export = office.create(administrator(), input).await;
        crash(&office, process(7), &export).await;
        let half = office.now(&export).await;
        assert!(half["records"].as_u64().unwrap() >= 8, "{half}");
        // What comes meanwhile belongs to another export.
        let late = event(&format!("late {order}"), "2026-11-20T09:00:00Z");
        office.world.append(vec![late]).await;
        // As long as the process that died holds it, nobody else begins.
        let exports = office.in_steps(4, 8);
        let go_on = CancellationToken::new();
        assert!(!exports.work_once(process(8), &go_on).await.unwrap());
        office.world.clock.advance(Duration::from_mins(1));
        assert!(exports.work_once(process(8), &go_on).await.unwrap());
        let done = office.now(&export).await;
        assert_eq!(done["status"], "DONE", "{done}");
        let bytes = std::fs::read(office.path(&export)).unwrap();
        assert_eq!(done["bytes"], bytes.len());
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(text(&bytes), text(&whole));
        // Later exports have it.
        let filter = json!({"format": "NDJSON", "filter": {"targets": ["10001"]}});
        let (now, _) = office.made(administrator(), filter).await;
        let more = done["records"].as_u64().unwrap() + 1;
        assert_eq!(now["records"], more, "{now}");
    }
}

async fn what_cannot_be_gone_on_with_begins_anew(kind: Kind) {
    let office = Office::busy(kind).await;
    for input in [json!({"format": "JSON"}), json!({"format": "XLSX"})] {
        let export = office.create(administrator(), input).await;
        crash(&office, process(7), &export).await;
        office.world.clock.advance(Duration::from_mins(1));
        office.write_all().await;
        let done = office.now(&export).await;
        assert_eq!(done["status"], "DONE", "{done}");
        assert_eq!(done["records"], 30);
        let bytes = std::fs::read(office.path(&export)).unwrap();
        match export["format"].as_str().unwrap() {
            "JSON" => {
                let rows: Vec<Value> = serde_json::from_slice(&bytes).unwrap();
                assert_eq!(rows.len(), 30);
            }
            _ => assert_eq!(forms::sheets(&bytes)[0].1.len(), 31),
        }
    }
    // A file that somebody took away begins anew, too.
    let export = office
        .create(administrator(), json!({"format": "CSV"}))
        .await;
    crash(&office, process(7), &export).await;
    std::fs::remove_file(office.path(&export)).unwrap();
    office.world.clock.advance(Duration::from_mins(1));
    office.write_all().await;
    let rows = forms::rows(&std::fs::read(office.path(&export)).unwrap());
    assert_eq!(rows.len(), 31);
    assert_eq!(office.now(&export).await["records"], 30);
    // Whoever is told to stop lets others go on at once.
    let export = office
        .create(administrator(), json!({"format": "NDJSON"}))
        .await;
    let stop = CancellationToken::new();
    stop.cancel();
    let exports = office.in_steps(4, 1_000);
    assert!(exports.work_once(process(7), &stop).await.unwrap());
    assert_eq!(office.now(&export).await["records"], 4);
    office.write_all().await;
    let written = lines(&std::fs::read(office.path(&export)).unwrap());
    assert_eq!(written.len(), 30);
}

async fn two_processes_write_an_export_once(kind: Kind) {
    let office = Office::busy(kind).await;
    let mut made = Vec::new();
    for _ in 0..6 {
        made.push(
            office
                .create(administrator(), json!({"format": "CSV"}))
                .await,
        );
    }
    let exports = office.in_steps(4, 4);
    let work = |number| {
        let exports = exports.clone();
        async move {
            let (go_on, mut written) = (CancellationToken::new(), 0);
            while exports.work_once(process(number), &go_on).await.unwrap() {
                written += 1;
            }
            written
        }
    };
    let (one, other, third) = tokio::join!(work(1), work(2), work(3));
    assert_eq!(one + other + third, 6);
    let first = std::fs::read(office.path(&made[0])).unwrap();
    for export in &made {
        assert_eq!(office.now(export).await["status"], "DONE");
        assert_eq!(std::fs::read(office.path(export)).unwrap(), first);
    }
}

async fn an_export_does_not_take_more_than_it_may(kind: Kind) {
    let mut office = Office::busy(kind).await;
    let (_, bytes) = office.made(administrator(), json!({"format": "CSV"})).await;
    let room = u64::try_from(bytes.len()).unwrap();
    office.world.config.exports.quota_bytes = room + room / 2;
    office.exports = office.world.exports();
    let export = office
        .create(administrator(), json!({"format": "CSV"}))
        .await;
    let exports = office.in_steps(4, 4);
    let go_on = CancellationToken::new();
    assert!(exports.work_once(process(1), &go_on).await.unwrap());
    let failed = office.now(&export).await;
    assert_eq!(failed["status"], "FAILED");
    assert_eq!(failed["url"], Value::Null);
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("exports.quota_bytes"), "{error}");
    assert!(!office.path(&export).exists(), "nothing is left of it");

    office.world.config.exports.quota_bytes = room;
    let full = office
        .world
        .ask(CREATE, json!({"input": {"format": "CSV"}}))
        .await;
    assert_eq!(code(&full), "CONFLICT");

    office.world.config.exports.quota_bytes = 1_000_000;
    office.world.config.exports.max_rows = 29;
    office.exports = office.world.exports();
    let export = office
        .create(administrator(), json!({"format": "XLSX"}))
        .await;
    office.write_all().await;
    let failed = office.now(&export).await;
    assert_eq!(failed["status"], "FAILED");
    assert_eq!(failed["records"], 0, "it was known before the first row");
    let error = failed["error"].as_str().unwrap();
    assert!(
        error.contains("30 records") && error.contains("exports.max_rows"),
        "{error}"
    );
    let fits = json!({"format": "XLSX", "search": "project:WEB"});
    assert_eq!(office.made(administrator(), fits).await.0["records"], 25);
}

async fn files_are_deleted_when_their_time_is_over(kind: Kind) {
    let office = Office::busy(kind).await;
    let (export, _) = office.made(administrator(), json!({"format": "CSV"})).await;
    assert_eq!(export["expiresAt"], "2026-11-27T12:00:00Z");
    let path = office.path(&export);
    let almost = Duration::from_secs(7 * 24 * 3600 - 1);
    office.world.clock.advance(almost);
    office.exports.tidy().await.unwrap();
    assert!(path.exists());
    office.world.clock.advance(Duration::from_secs(1));
    assert_eq!(office.now(&export).await["url"], Value::Null);
    office.exports.tidy().await.unwrap();
    office.exports.tidy().await.unwrap();
    assert!(!path.exists());
    let now = office.now(&export).await;
    assert_eq!(now["status"], "DONE", "the history keeps it");
    assert_eq!(now["records"], 30);
    let listed = office.world.data("{ exports { nodes { url } } }").await;
    assert_eq!(listed["exports"]["nodes"], json!([{"url": null}]));
}

async fn a_viewer_exports_only_what_they_see(kind: Kind) {
    let office = Office::busy(kind).await;
    let (_, viewer) = office.token("web", Role::Viewer, &["WEB"]).await;
    let (_, bytes) = office
        .made(viewer.clone(), json!({"format": "NDJSON"}))
        .await;
    let all = lines(&bytes);
    assert_eq!(all.len(), 25);
    assert!(all.iter().all(|row| row["project"] == "WEB"));
    let (nobody, _) = office
        .made(
            viewer.clone(),
            json!({"format": "NDJSON", "search": "project:OPS"}),
        )
        .await;
    assert_eq!(nobody["records"], 0);
    assert_eq!(nobody["expectedRecords"], 0);
    // People whom they may not look up are not in the list of people.
    let input = json!({"format": "NDJSON", "view": "LAST_ACTIVE"});
    assert_eq!(office.made(viewer, input).await.0["records"], 0);
    let (_, blind) = office.token("blind", Role::Viewer, &[]).await;
    let (nothing, bytes) = office.made(blind, json!({"format": "CSV"})).await;
    assert_eq!(nothing["records"], 0);
    assert_eq!(forms::rows(&bytes).len(), 1, "only the header");
}

async fn others_do_not_see_it(kind: Kind) {
    let office = Office::busy(kind).await;
    let (ours, we) = office.token("ours", Role::Manager, &[]).await;
    let (theirs, they) = office.token("theirs", Role::Manager, &[]).await;
    let (export, bytes) = office.made(we.clone(), json!({"format": "CSV"})).await;
    let admin = office.world.token(Role::Administrator).await;
    let id = export["id"].as_str().unwrap();

    let list = "{ exports { nodes { id } } }";
    let mine = office.world.ask_as(we, list, json!({})).await;
    assert_eq!(mine["data"]["exports"]["nodes"], json!([{"id": id}]));
    let empty = office.world.ask_as(they.clone(), list, json!({})).await;
    assert_eq!(empty["data"]["exports"]["nodes"], json!([]));
    let node = format!("{{ node(id: \"{id}\") {{ id }} }}");
    let missing = office.world.ask_as(they.clone(), &node, json!({})).await;
    assert_eq!(missing["data"]["node"], Value::Null);
    let delete = format!("mutation {{ deleteExport(input: {{id: \"{id}\"}}) {{ deletedId }} }}");
    let refused = office.world.ask_as(they, &delete, json!({})).await;
    assert_eq!(code(&refused), "NOT_FOUND");
    assert!(office.path(&export).exists());

    let address = office.world.serve().await;
    let url = format!("http://{address}/exports/{id}");
    let client = client();
    for (token, status) in [
        (None, 401),
        (Some("ag_wrong"), 401),
        (Some(theirs.as_str()), 404),
        (Some(ours.as_str()), 200),
        (Some(admin.as_str()), 200),
    ] {
        let mut request = client.get(&url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{token:?}");
        if status == 200 {
            let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(
                header("content-type"),
                "text/csv; charset=utf-8; header=present"
            );
            let name = export["fileName"].as_str().unwrap();
            assert_eq!(
                header("content-disposition"),
                format!("attachment; filename=\"{name}\"")
            );
            assert_eq!(header("cache-control"), "no-store");
            assert_eq!(response.bytes().await.unwrap(), bytes);
        }
    }
    for unknown in ["x", "ZXhwb3J0Ojk5", "..%2F..%2Fetc%2Fpasswd"] {
        let url = format!("http://{address}/exports/{unknown}");
        let response = client.get(url).bearer_auth(&admin).send().await.unwrap();
        assert_eq!(response.status(), 404, "{unknown}");
    }
    let watch = format!("subscription {{ exportProgress(id: \"{id}\") {{ status records }} }}");
    let mut socket = Socket::greeted(address, &theirs).await;
    socket.subscribe("1", &watch).await;
    let refused = socket.heard().await.message();
    assert_eq!(
        refused["payload"][0]["extensions"]["code"], "NOT_FOUND",
        "{refused}"
    );
}

fn client() -> reqwest::Client {
    // Fails when another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn who_loses_their_token_gets_no_file(kind: Kind) {
    let office = Office::busy(kind).await;
    let (_, viewer) = office.token("gone", Role::Manager, &[]).await;
    let export = office.create(viewer, json!({"format": "CSV"})).await;
    let now = office.world.clock.now();
    office
        .world
        .store()
        .revoke_token("gone", None, now)
        .await
        .unwrap();
    office.write_all().await;
    let failed = office.now(&export).await;
    assert_eq!(failed["status"], "FAILED");
    let error = failed["error"].as_str().unwrap();
    assert!(error.contains("does not work any more"), "{error}");
    assert!(!office.path(&export).exists());
}

async fn what_cannot_be_exported_is_refused_with_its_place(kind: Kind) {
    let office = Office::busy(kind).await;
    let with = |mut input: Value, more: Value| {
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    };
    let csv = json!({"format": "CSV"});
    let counts = with(csv.clone(), json!({"view": "AGGREGATED"}));
    let people = with(csv.clone(), json!({"view": "LAST_ACTIVE"}));
    let ancient = json!({"time": {"between": {"from": "2010-01-01T00:00:00Z"}}});
    for (input, more, place) in [
        (&csv, json!({"timeZone": "Mars/Olympus"}), "input.timeZone"),
        (&csv, json!({"search": "actoin:x"}), "input.search"),
        (&csv, json!({"search": "group:nobody"}), "input.search"),
        (
            &csv,
            json!({"filter": {"groups": ["nobody"]}}),
            "input.filter.groups[0]",
        ),
        (&csv, json!({"savedFilterId": "x"}), "input.savedFilterId"),
        (&csv, json!({"columns": ["issue.deleted"]}), "input.columns"),
        (&csv, json!({"breakdown": ["PROJECT"]}), "input.breakdown"),
        (&csv, json!({"workspace": "acme"}), "input.workspace"),
        (&people, json!({"workspace": "acme"}), "input.workspace"),
        (
            &counts,
            json!({"columns": ["issue.eaten"]}),
            "input.columns[0]",
        ),
        (
            &counts,
            json!({"breakdown": ["FIELD", "STATUS"]}),
            "input.breakdown",
        ),
        (
            &counts,
            json!({"activityOrder": {"field": "COLUMN", "column": "x"}}),
            "input.activityOrder.column",
        ),
        (
            &counts,
            json!({"eventOrder": {"field": "TIME"}}),
            "input.eventOrder",
        ),
        (&counts, json!({"filter": ancient}), "input.filter.time"),
        (
            &people,
            json!({"filter": {"projects": ["WEB"]}}),
            "input.filter.projects",
        ),
    ] {
        let input = with(input.clone(), more);
        let answer = office.world.ask(CREATE, json!({"input": input})).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{input}");
        let argument = &answer["errors"][0]["extensions"]["argument"];
        assert_eq!(argument, place, "{answer}");
    }
    let listed = office.world.data("{ exports { nodes { id } } }").await;
    assert_eq!(listed["exports"]["nodes"], json!([]));
    // So that nobody fills the queue.
    for _ in 0..20 {
        office.create(administrator(), csv.clone()).await;
    }
    let many = office.world.ask(CREATE, json!({"input": csv})).await;
    assert_eq!(code(&many), "BAD_USER_INPUT", "{many}");
}

async fn what_is_done_with_exports_is_in_the_log(kind: Kind) {
    let office = Office::busy(kind).await;
    let (secret, viewer) = office.token("auditor", Role::Manager, &[]).await;
    let input = json!({"format": "CSV", "search": "project:WEB"});
    let (export, _) = office.made(viewer.clone(), input).await;
    let id = export["id"].as_str().unwrap();
    let url = format!("http://{}/exports/{id}", office.world.serve().await);
    let response = client()
        .get(&url)
        .bearer_auth(&secret)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    // A look at what there would be takes nothing away.
    let look = client()
        .head(&url)
        .bearer_auth(&secret)
        .send()
        .await
        .unwrap();
    assert_eq!(look.status(), 200);
    let delete = format!("mutation {{ deleteExport(input: {{id: \"{id}\"}}) {{ deletedId }} }}");
    office.world.ask_as(viewer, &delete, json!({})).await;
    let told = office
        .world
        .data(
            "{ events(filter: {sources: [\"auditgraph\"]}, orderBy: {field: RECORDED, direction: ASC}) { nodes {
                action { code } product actor { name } target { type id name } changes { field from to } } } }",
        )
        .await;
    let target = json!({"type": "export", "id": id, "name": export["fileName"]});
    let deed = |code: &str, changes: Value| {
        json!({"action": {"code": code}, "product": "AUDITGRAPH",
        "actor": {"name": "auditor"}, "target": &target, "changes": changes})
    };
    let expected = json!([
        deed(
            "export.created",
            json!([
                {"field": "view", "from": null, "to": "detail"},
                {"field": "format", "from": null, "to": "csv"},
                {"field": "filter", "from": null, "to": "project:WEB"},
            ])
        ),
        deed("export.downloaded", json!([])),
        deed(
            "export.deleted",
            json!([{"field": "records", "from": "25", "to": null}])
        ),
    ]);
    assert_eq!(told["events"]["nodes"], expected);
}

/// The whole way over the wire: asked for, followed to its end, downloaded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_is_told_until_the_end() {
    let mut office = Office::busy(Kind::Sqlite).await;
    office.world.clock = auditgraph::clock::Clock::System;
    office.exports = office.world.exports();
    let exports = office.in_steps(4, 4);
    let (address, token) = (
        office.world.serve().await,
        office.world.token(Role::Administrator).await,
    );
    let url = format!("http://{address}/graphql");
    let create = "mutation { createExport(input: {format: CSV}) { export { id fileName } } }";
    let created = post(&url, Some(&token), create).await.json;
    let export = &created["data"]["createExport"]["export"];
    let id = export["id"].as_str().unwrap();
    let mut socket = Socket::greeted(address, &token).await;
    let watch = format!("subscription {{ exportProgress(id: \"{id}\") {{ status records url }} }}");
    socket.subscribe("1", &watch).await;
    let first = socket.heard().await.message();
    assert_eq!(
        first["payload"]["data"]["exportProgress"],
        json!({"status": "QUEUED", "records": 0, "url": null})
    );
    let stop = office.world.stop.clone();
    office
        .world
        .tasks
        .spawn(async move { exports.run(process(1), &stop).await });
    let mut records = 0;
    let last = loop {
        let message = tokio::time::timeout(PATIENCE, socket.heard())
            .await
            .unwrap()
            .message();
        assert!(message["type"] != "complete", "it ended without a file");
        let told = message["payload"]["data"]["exportProgress"].clone();
        let now = told["records"].as_u64().unwrap();
        assert!(now >= records, "{told}");
        records = now;
        if told["status"] == "DONE" {
            break told;
        }
    };
    assert_eq!(
        last,
        json!({"status": "DONE", "records": 30, "url": format!("/exports/{id}")})
    );
    assert_eq!(socket.heard().await.message()["type"], "complete");
    let url = format!("http://{address}/exports/{id}");
    let file = client().get(url).bearer_auth(&token).send().await.unwrap();
    assert_eq!(forms::rows(&file.bytes().await.unwrap()).len(), 31);
}

//! A server that is killed while it writes an export: the next one goes on with it, and nothing is missing or doubled.

use crate::client::ask;
use crate::database::Database;
use crate::world::{Kind, at, event, on_both};
use auditgraph::config::Config;
use auditgraph::event::{NewEvent, System};
use auditgraph::store::{Batch, Purpose, Store};
use sea_orm::ConnectionTrait;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

on_both!(an_export_whose_server_is_killed_is_finished_by_the_next);

/// Several pages, so that there is something to be killed in the middle of.
const EVENTS: u32 = 20_000;

const STATE: &str = "{ exports { nodes { status records fileName error } } }";

/// A server, killed when it is dropped.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(database: &Database, exports: &Path) -> Self {
        let mut child = auditgraph(database, exports, &["serve", "--output", "json"])
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let url = ready["url"].as_str().unwrap().to_owned();
        Self { child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn auditgraph(database: &Database, exports: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auditgraph"));
    command
        .args(arguments)
        .args(["--database-url", &database.url])
        .env("AUDITGRAPH__EXPORTS__FOLDER", exports)
        .env("AUDITGRAPH__LIMITS__COST_PER_MINUTE", "1000000000")
        .env("RUST_LOG", "off")
        .stdin(Stdio::null());
    command
}

async fn fill(database: &Database) {
    let mut settings: Config = "".parse().unwrap();
    settings.database.url = database.url.clone().into();
    let store = Store::open(&settings.database, Purpose::Log).await.unwrap();
    // Each at a moment of its own, by which it is known in the file.
    let one = |id: u32| NewEvent {
        time: Some(at("2026-11-18").plus(Duration::from_secs(id.into()))),
        ..event(&format!("e{id}"), "2026-11-18")
    };
    for page in 0..EVENTS / 5_000 {
        let batch = Batch {
            part: "test",
            events: (page * 5_000..(page + 1) * 5_000).map(one).collect(),
            ..Batch::default()
        };
        let append = store.append(
            "organization",
            System::Organization,
            batch,
            at("2026-11-20"),
        );
        append.await.unwrap();
    }
}

/// Asks until something is so.
async fn until(url: &str, token: &str, holds: impl Fn(&Value) -> bool) -> Value {
    loop {
        let state = ask(url, token, STATE).await["exports"]["nodes"][0].take();
        assert_ne!(state["status"], "FAILED", "{state}");
        if holds(&state) {
            return state;
        }
    }
}

async fn an_export_whose_server_is_killed_is_finished_by_the_next(kind: Kind) {
    let database = Database::new(kind).await;
    fill(&database).await;
    let folder = tempfile::tempdir().unwrap();
    let exports = folder.path().join("exports");
    let create = ["token", "create", "--role", "administrator", "--name", "me"];
    let made = auditgraph(&database, &exports, &create).output().unwrap();
    let said = String::from_utf8(made.stdout).unwrap();
    let token = said.split_whitespace().last().unwrap();
    let server = Server::start(&database, &exports);
    let ask_for =
        "mutation { createExport(input: {format: CSV, filter: {sources: [\"organization\"]},
        eventOrder: {field: TIME, direction: ASC}}) { export { id } } }";
    ask(&server.url, token, ask_for).await;
    let half = until(&server.url, token, |state| state["records"] != 0).await;
    drop(server);
    assert_eq!(half["status"], "RUNNING", "{half}");
    // Nobody waits here until the lease of the dead has run out.
    let db = Box::pin(sea_orm::Database::connect(&database.url));
    let db = db.await.unwrap();
    db.execute_unprepared("DELETE FROM leases").await.unwrap();
    db.close().await.unwrap();
    let server = Server::start(&database, &exports);
    let done = until(&server.url, token, |state| state["status"] == "DONE").await;
    assert_eq!(done["records"], EVENTS, "{done}");
    let file = std::fs::read_to_string(exports.join(done["fileName"].as_str().unwrap())).unwrap();
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines.len(), EVENTS as usize + 1);
    assert!(
        lines[0].trim_start_matches('\u{feff}').starts_with("Date,"),
        "{}",
        lines[0]
    );
    let moments: BTreeSet<&str> = lines[1..]
        .iter()
        .filter_map(|line| line.split(',').next())
        .collect();
    assert_eq!(moments.len(), EVENTS as usize);
}

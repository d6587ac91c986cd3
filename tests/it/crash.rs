//! `kill -9` in the middle of a synchronisation: whatever the moment, nothing is lost and nothing is stored twice.

use crate::world::{Database, Kind, World, at, on_both};
use auditgraph::clock::Clock;
use auditgraph::sandbox::{Sandbox, Settings};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use secrecy::ExposeSecret;
use std::process::{Child, Command, Stdio};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

on_both!(killed_at_any_moment_it_goes_on);

const KILLS: usize = 25;

const EVENTS: usize = 20_000;

async fn killed_at_any_moment_it_goes_on(kind: Kind) {
    let database = Database::new(kind).await;
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = Settings {
        history_events: EVENTS,
        history_days: 25,
        people: 60,
        ..Settings::default()
    };
    let clock = Clock::manual(at("2026-11-20T12:00:00Z"));
    let sandbox = Sandbox::start(settings, clock, listener, &tasks, stop.clone()).unwrap();

    let mut dice = StdRng::seed_from_u64(2_511);
    let (mut kills, mut unfinished) = (0, 0);
    while kills < KILLS {
        let asked = requests(&sandbox);
        // Some moments are within a page, some at its end; 280 requests are all there is.
        let wanted = asked + dice.random_range(1..12);
        let idle = dice.random_range(0..400);
        let mut child = synchronise(&database, &sandbox);
        while requests(&sandbox) < wanted && child.try_wait().unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        for _ in 0..idle {
            tokio::task::yield_now().await;
        }
        unfinished += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(
        unfinished > KILLS / 2,
        "only {unfinished} of {KILLS} runs were cut off in the middle"
    );

    let done = synchronise(&database, &sandbox).wait().unwrap();
    assert!(done.success());
    let mut world = World::on(database).await;
    world.sandbox = Some(sandbox);
    assert_eq!(world.stored("organization").await, world.published());
    let source = world
        .store()
        .source_id("organization")
        .await
        .unwrap()
        .unwrap();
    let runs = world.store().recent_runs(source, 500).await.unwrap();
    assert!(
        runs.iter().any(|run| run.finished_at.is_none()),
        "a run that was cut off has no end"
    );
    stop.cancel();
}

fn requests(sandbox: &Sandbox) -> u64 {
    sandbox.ledger().requests_to("/events-stream")
}

/// The real binary, reading the sandbox's log to its end.
fn synchronise(database: &Database, sandbox: &Sandbox) -> Child {
    let organization = sandbox.organization_settings();
    Command::new(env!("CARGO_BIN_EXE_auditgraph"))
        .args([
            "sync",
            "organization",
            "--once",
            "--database-url",
            &database.url,
        ])
        .env("AUDITGRAPH__ORGANIZATION__ORG_ID", &organization.org_id)
        .env(
            "AUDITGRAPH__ORGANIZATION__API_KEY",
            organization.api_key.expose_secret(),
        )
        .env(
            "AUDITGRAPH__ORGANIZATION__BASE_URL",
            organization.base_url.as_str(),
        )
        .env("AUDITGRAPH__ORGANIZATION__REQUESTS_PER_MINUTE", "100000")
        .env(
            "AUDITGRAPH__ORGANIZATION__ACTIVITY_REQUESTS_PER_MINUTE",
            "100000",
        )
        .env(
            "AUDITGRAPH__ORGANIZATION__HISTORY_DAYS",
            organization.history_days.to_string(),
        )
        .env("AUDITGRAPH__ORGANIZATION__PAGE_SIZE", "100")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

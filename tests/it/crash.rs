//! `kill -9` in the middle of synchronisation: what was killed is started again and goes on, and nothing is lost or
//! repeated by that.

use crate::database::Database;
use crate::world::{Kind, World, on_both};
use auditgraph::clock::Clock;
use auditgraph::sandbox::{Sandbox, Settings};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use secrecy::ExposeSecret;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A child that ends with the test, however that ends.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How often the process is killed.
const KILLS: usize = 25;

on_both!(killed_again_and_again);

async fn killed_again_and_again(kind: Kind) {
    let database = Database::new(kind).await;
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let _stops = stop.clone().drop_guard();
    let settings = Settings {
        history_events: 20_000,
        history_days: 20,
        ..Settings::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sandbox = Sandbox::start(settings, Clock::System, listener, &tasks, stop).unwrap();

    let mut random = StdRng::seed_from_u64(25);
    for kill in 0..KILLS {
        let requests = random.random_range(1..=6);
        let moments = random.random_range(0..2_000);
        let mut arrivals = sandbox.arrivals();
        let goal = *arrivals.borrow() + requests;
        let (mut child, ended) = start(&sandbox, &database.url);
        tokio::select! {
            arrived = arrivals.wait_for(|count| *count >= goal) => drop(arrived.unwrap()),
            _ = ended => panic!("the process ended by itself before kill {kill}"),
        }
        // A little further, so that kills hit the storing as well as the fetching.
        for _ in 0..moments {
            tokio::task::yield_now().await;
        }
        child.0.kill().unwrap();
        drop(child);
        sandbox.publish(3);
    }

    let (mut child, ended) = start(&sandbox, &database.url);
    let printed = ended.await.unwrap();
    assert!(child.0.wait().unwrap().success(), "{printed}");
    let mut world = World::on(database).await;
    world.sandbox = Some(sandbox);
    let (stored, published) = (world.stored("organization").await, world.published());
    assert_eq!(published.len(), 20_000 + 3 * KILLS);
    assert_eq!(stored.len(), published.len());
    assert!(stored == published, "every text is stored as it was sent");
}

/// Starts to synchronise in a process of its own; the receiver gets what it printed, as soon as it has ended.
fn start(sandbox: &Sandbox, database: &str) -> (Process, oneshot::Receiver<String>) {
    let upstream = sandbox.organization_settings();
    let mut child = Command::new(env!("CARGO_BIN_EXE_auditgraph"))
        .args(["sync", "--once", "--output", "json"])
        .args(["--database-url", database])
        .env("RUST_LOG", "off")
        .env(
            "AUDITGRAPH__ORGANIZATION__BASE_URL",
            upstream.base_url.as_str(),
        )
        .env("AUDITGRAPH__ORGANIZATION__ORG_ID", upstream.org_id)
        .env(
            "AUDITGRAPH__ORGANIZATION__API_KEY",
            upstream.api_key.expose_secret(),
        )
        .env("AUDITGRAPH__ORGANIZATION__REQUESTS_PER_MINUTE", "100000")
        .env(
            "AUDITGRAPH__ORGANIZATION__ACTIVITY_REQUESTS_PER_MINUTE",
            "100000",
        )
        // The children start later than the sandbox, whose past ends at its start.
        .env("AUDITGRAPH__ORGANIZATION__HISTORY_DAYS", "21")
        .env("AUDITGRAPH__ORGANIZATION__PAGE_SIZE", "200")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (send, ended) = oneshot::channel();
    let mut stdout = child.stdout.take().unwrap();
    std::thread::spawn(move || {
        let mut printed = String::new();
        let _ = stdout.read_to_string(&mut printed);
        let _ = send.send(printed);
    });
    (Process(child), ended)
}

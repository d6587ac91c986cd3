//! A whole Auditgraph for one test: a database of its own, a clock that stands still, and a sandbox upstream.

use crate::database::Database;
use auditgraph::access::{Role, Viewer};
use auditgraph::activity::Activity;
use auditgraph::clock::Clock;
use auditgraph::config::Config;
use auditgraph::deliver::webhook::{Names, Webhooks};
use auditgraph::event::{
    Actor, ActorKind, Alias, Container, Location, NewEvent, Object, Product, System, Timestamp,
};
use auditgraph::export::Exports;
use auditgraph::feed::Feed;
use auditgraph::graphql::{Backend, Caller, Engine, Viewed};
use auditgraph::metrics::Metrics;
use auditgraph::sandbox::{Sandbox, Settings};
use auditgraph::source::{self, Part, Source};
use auditgraph::store::runs::Outcome;
use auditgraph::store::tokens::NewToken;
use auditgraph::store::{Batch, Purpose, Store};
use auditgraph::sync::{self, SyncError};
use auditgraph::write_back::WriteBacks;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// Makes two tests out of each of these functions: one on SQLite, one on PostgreSQL.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        $(mod $test {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$test($crate::world::Kind::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                super::$test($crate::world::Kind::Postgres).await;
            }
        })+
    };
}
pub(crate) use on_both;

/// A whole Auditgraph.
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) feed: Feed,
    pub(crate) sandbox: Option<Sandbox>,
    pub(crate) sources: Vec<Arc<dyn Source>>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    pub(crate) database: Database,
    /// Tells of nobody, so that the log has only what a test puts there.
    pub(crate) viewed: Viewed,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

impl World {
    /// Without an upstream.
    pub(crate) async fn new(kind: Kind) -> Self {
        Box::pin(async { Self::on(Database::new(kind).await).await }).await
    }

    /// On a database that somebody else may have filled.
    pub(crate) async fn on(database: Database) -> Self {
        let mut config: Config = "".parse().unwrap();
        config.database.url = database.url.clone().into();
        let store = Store::open(&config.database, Purpose::Log).await.unwrap();
        Self {
            config,
            clock: Clock::manual(at("2026-11-20T12:00:00Z")),
            feed: Feed::open(store).await.unwrap(),
            sandbox: None,
            sources: Vec::new(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            database,
            viewed: Viewed::default(),
        }
    }

    /// With a sandbox as its upstream; nothing is synchronised yet.
    pub(crate) async fn with_sandbox(kind: Kind, settings: Settings) -> Self {
        let mut world = Self::new(kind).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sandbox = Sandbox::start(
            settings,
            world.clock.clone(),
            listener,
            &world.tasks,
            world.stop.clone(),
        )
        .unwrap();
        world.config.organization = sandbox.organization_settings();
        world.config.bitbucket_cloud = sandbox.bitbucket_settings();
        world.sources = source::configured(&world.config, &world.clock).unwrap();
        world.sandbox = Some(sandbox);
        world
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().unwrap()
    }

    pub(crate) fn store(&self) -> &Store {
        self.feed.store()
    }

    /// Reads one part of a source to its end.
    pub(crate) async fn sync(&self, source: &str, part: Part) -> Result<Outcome, SyncError> {
        let source = self
            .sources
            .iter()
            .find(|known| known.name() == source)
            .unwrap();
        sync::recorded_run(
            source.as_ref(),
            part,
            &self.feed,
            &self.clock,
            |_| None,
            &|_, _| {},
        )
        .await
    }

    /// Reads everything of every source to its end.
    pub(crate) async fn sync_all(&self) {
        for source in &self.sources {
            for part in source.parts() {
                self.sync(source.name(), *part).await.unwrap();
            }
        }
    }

    /// Stores these events under the source `organization`.
    pub(crate) async fn append(&self, events: Vec<NewEvent>) {
        let batch = Batch {
            part: "test",
            events,
            ..Batch::default()
        };
        self.feed
            .append(
                "organization",
                System::Organization,
                batch,
                self.clock.now(),
            )
            .await
            .unwrap();
    }

    /// Every stored event of a source: upstream id to raw text. Fails when one is stored twice.
    pub(crate) async fn stored(&self, source: &str) -> BTreeMap<String, String> {
        self.stored_since(source, 0).await
    }

    /// The same, of what stands behind a position.
    pub(crate) async fn stored_since(
        &self,
        source: &str,
        mut after: i64,
    ) -> BTreeMap<String, String> {
        let store = self.store();
        let source_id = store.source_id(source).await.unwrap();
        let mut stored = BTreeMap::new();
        let everything = store
            .condition(
                &auditgraph::event::filter::EventFilter::default(),
                &Viewer::server().sight(),
                self.clock.now(),
            )
            .await
            .unwrap();
        let newest = store.newest().await.unwrap();
        while after < newest {
            let found = store.following(after, &everything, 1_000).await.unwrap();
            after = found.searched;
            let events: Vec<_> = found
                .events
                .into_iter()
                .filter(|event| Some(event.source_id) == source_id)
                .collect();
            let positions: Vec<i64> = events.iter().map(|event| event.seq).collect();
            let raw: BTreeMap<i64, String> = store
                .payloads(&positions)
                .await
                .unwrap()
                .into_iter()
                .map(|row| (row.seq, row.raw))
                .collect();
            for event in events {
                let before = stored.insert(event.upstream_key.clone(), raw[&event.seq].clone());
                assert_eq!(before, None, "{} is stored twice", event.upstream_key);
            }
        }
        stored
    }

    /// Everything that the sandbox has published: id to raw text.
    pub(crate) fn published(&self) -> BTreeMap<String, String> {
        self.sandbox()
            .ledger()
            .events()
            .map(|event| (event.id, event.raw))
            .collect()
    }

    /// Its exports, and who writes them.
    pub(crate) fn exports(&self) -> Exports {
        let store = self.feed.store();
        Exports::new(
            store.clone(),
            Activity::new(store.clone(), self.clock.clone()),
            auditgraph::app::counted(&self.config),
            self.clock.clone(),
            self.config.exports.clone(),
        )
    }

    pub(crate) fn backend(&self) -> Backend {
        Backend {
            activity: Activity::new(self.feed.store().clone(), self.clock.clone()),
            exports: self.exports(),
            activity_limits: auditgraph::app::counted(&self.config),
            feed: self.feed.clone(),
            sources: self.sources.clone(),
            clock: self.clock.clone(),
            tasks: self.tasks.clone(),
            sends_mails: self.config.mail.is_on(),
            expiry: Arc::new(self.config.credential_expiry.clone()),
            webhooks: self.webhooks(Names::System),
            write_backs: WriteBacks::new(
                self.feed.clone(),
                self.sources.clone(),
                self.clock.clone(),
                self.tasks.clone(),
                &self.config,
            ),
            randomness: Arc::new(Mutex::new(StdRng::from_os_rng())),
            viewed: self.viewed.clone(),
        }
    }

    /// What sends to webhook endpoints, as one process does.
    pub(crate) fn webhooks(&self, names: Names) -> Webhooks {
        let (feed, clock) = (self.feed.clone(), self.clock.clone());
        let randomness = StdRng::from_os_rng();
        Webhooks::new(feed, clock, &self.config.webhooks, names, randomness)
    }

    /// Asks as an administrator, without HTTP; the whole answer.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Value {
        self.ask_as(administrator(), query, variables).await
    }

    /// Asks on somebody's behalf, without HTTP; the whole answer.
    pub(crate) async fn ask_as(&self, viewer: Viewer, query: &str, variables: Value) -> Value {
        let asked = json!({"query": query, "variables": variables});
        let mut answer = answer(&self.engine(), viewer, asked).await;
        // What it cost is another matter.
        answer.as_object_mut().unwrap().remove("extensions");
        answer
    }

    /// What carries requests out.
    pub(crate) fn engine(&self) -> Engine {
        Engine::new(self.backend(), &self.config, Metrics::default()).unwrap()
    }

    /// Asks as an administrator and expects no error; the data.
    pub(crate) async fn data(&self, query: &str) -> Value {
        let answer = self.ask(query, json!({})).await;
        assert_eq!(answer.get("errors"), None, "{query}");
        answer["data"].clone()
    }

    /// Makes a token.
    pub(crate) async fn token(&self, role: Role) -> String {
        self.token_named("test", role).await
    }

    /// Makes a token of that name.
    pub(crate) async fn token_named(&self, name: &str, role: Role) -> String {
        let new = NewToken {
            name: name.to_owned(),
            role,
            account_id: None,
            projects: Vec::new(),
            expires_at: None,
        };
        let mut randomness = StdRng::from_os_rng();
        self.store()
            .create_token(new, None, self.clock.now(), &mut randomness)
            .await
            .unwrap()
            .1
    }

    /// Serves it over HTTP, on a port of its own, until the world ends; waiting is real there.
    pub(crate) async fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let backend = Backend {
            clock: Clock::System,
            ..self.backend()
        };
        let metrics = Metrics::default();
        let engine = Engine::new(backend.clone(), &self.config, metrics.clone()).unwrap();
        let (server, stop) = (self.config.server.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            auditgraph::http::serve(listener, engine, backend, server, metrics, stop).await;
        });
        address
    }
}

/// Has a request answered on somebody's behalf, without HTTP; the whole answer.
pub(crate) async fn answer(engine: &Engine, viewer: Viewer, asked: Value) -> Value {
    let asked = serde_json::from_value(asked).unwrap();
    let answer = match engine.prepare(&asked, caller(viewer)) {
        Ok(ready) => engine.execute(ready).await,
        Err(refusal) => refusal,
    };
    serde_json::from_slice(&answer.to_json().unwrap()).unwrap()
}

/// Somebody who asks, under the request id `test`.
pub(crate) fn caller(viewer: Viewer) -> Caller {
    Caller {
        viewer: Arc::new(viewer),
        request_id: "test".to_owned(),
    }
}

pub(crate) fn administrator() -> Viewer {
    Viewer {
        name: "test".to_owned(),
        ..Viewer::server()
    }
}

/// An event to change to one's needs: somebody deleted an issue.
pub(crate) fn event(id: &str, time: &str) -> NewEvent {
    NewEvent {
        upstream_key: id.to_owned(),
        system: System::Organization,
        action: "jira_issue_deleted".to_owned(),
        product: Product::Jira,
        time: Some(at(time)),
        actor: Some(person("557058:ann", "Ann Lee")),
        target: Some(Object {
            kind: "issue".to_owned(),
            id: Some("10001".to_owned()),
            name: Some("WEB-1".to_owned()),
            ..Object::default()
        }),
        objects: Vec::new(),
        container: Some(project("WEB")),
        issue: None,
        changes: Vec::new(),
        location: Location::default(),
        method: None,
        message: Some(format!("Deleted issue {id}")),
        raw: format!(r#"{{"id":"{id}"}}"#),
    }
}

pub(crate) fn person(account: &str, name: &str) -> Actor {
    Actor {
        alias: Alias::account(account),
        kind: ActorKind::Person,
        name: Some(name.to_owned()),
        email: None,
    }
}

pub(crate) fn project(key: &str) -> Container {
    use auditgraph::event::ContainerKind;
    let site = Container::new(ContainerKind::Site, "", "site-1");
    Container {
        id: None,
        key: Some(key.to_owned()),
        parent: Some(Box::new(site)),
        ..Container::new(ContainerKind::Project, "site-1", "")
    }
}

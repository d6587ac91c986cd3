//! The only wiring place: builds the store, the feed, the sources and the schema, starts what runs by itself, and stops
//! it again.

use crate::access::Role;
use crate::activity::{self, Activity};
use crate::clock::Clock;
use crate::config::Config;
use crate::deliver::archive::{self, Archive, ArchiveError};
use crate::deliver::mail::{Mails, SendError, Transport};
use crate::deliver::webhook::{Names, Webhooks};
use crate::event::action::Need;
use crate::export::Exports;
use crate::feed::Feed;
use crate::graphql::{Backend, Engine, Viewed};
use crate::metrics::Metrics;
use crate::sandbox::{self, Sandbox};
use crate::source::jql::AskJira;
use crate::source::permission::AskPermissions;
use crate::source::{self, Part, Source};
use crate::store::runs::Outcome;
use crate::store::tokens::NewToken;
use crate::store::{Purpose, Store};
use crate::write_back::WriteBacks;
use crate::{http, schedule, sync};
use anyhow::Context;
use futures::StreamExt;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// How long what runs in the background is waited for; whatever it is, it can go on from where it was.
const GRACE: Duration = Duration::from_secs(3);

/// Everything that runs, put together.
pub struct App {
    /// The settings.
    pub config: Config,
    /// The log.
    pub feed: Feed,
    /// The counts of the log.
    pub activity: Activity,
    /// The exports, and who writes them.
    pub exports: Exports,
    /// What sends to webhook endpoints.
    pub webhooks: Webhooks,
    /// What is counted of all this.
    pub metrics: Metrics,
    /// The configured sources.
    pub sources: Vec<Arc<dyn Source>>,
    /// What time it is.
    pub clock: Clock,
    /// What runs in the background.
    pub tasks: TaskTracker,
    /// Tells everything to stop.
    pub stop: CancellationToken,
}

impl App {
    /// Opens the store and prepares the sources; nothing runs yet.
    pub async fn open(config: Config, clock: Clock) -> anyhow::Result<Self> {
        let store = Store::open(&config.database, Purpose::Log).await?;
        let sources = source::configured(&config, &clock)?;
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let search = AskJira::new(&sources, &config.jira_cloud, &clock, &tasks, &stop);
        let mut store = store.asking(Arc::new(search));
        if let Some(permissions) = AskPermissions::new(&sources, &config.jira_cloud, &clock) {
            store = store.permitting(Arc::new(permissions));
        }
        let with_roles: Vec<&str> = sources
            .iter()
            .filter(|source| source.meets(Need::RolesSnapshot))
            .map(|source| source.name())
            .collect();
        store.keep_role_holders_of(&with_roles).await?;
        let feed = Feed::open(store).await?;
        let activity = Activity::new(feed.store().clone(), clock.clone());
        let exports = Exports::new(
            feed.store().clone(),
            activity.clone(),
            counted(&config),
            clock.clone(),
            config.exports.clone(),
        );
        let webhooks = Webhooks::new(
            feed.clone(),
            clock.clone(),
            &config.webhooks,
            Names::System,
            StdRng::from_os_rng(),
        );
        Ok(Self {
            config,
            feed,
            activity,
            exports,
            webhooks,
            metrics: Metrics::default(),
            sources,
            clock,
            tasks,
            stop,
        })
    }

    /// Listens where the settings say.
    pub async fn listen(&self) -> anyhow::Result<TcpListener> {
        let address = self.config.server.listen;
        TcpListener::bind(address)
            .await
            .with_context(|| format!("server.listen: cannot listen on {address}"))
    }

    /// Starts the jobs and hearing what other processes append.
    pub async fn start_jobs(&self) -> anyhow::Result<()> {
        let (feed, clock, stop) = (self.feed.clone(), self.clock.clone(), self.stop.clone());
        self.tasks
            .spawn(async move { feed.hear_others(&clock, &stop).await });
        let (activity, feed, stop) = (self.activity.clone(), self.feed.clone(), self.stop.clone());
        self.tasks
            .spawn(async move { activity.follow(&feed, &stop).await });
        let jobs = schedule::jobs(&self.sources, &self.config.schedule);
        let (feed, clock) = (self.feed.clone(), self.clock.clone());
        schedule::start(jobs, feed, clock, self.tasks.clone(), self.stop.clone()).await?;
        Ok(())
    }

    /// Starts to send the mails of filter subscriptions, where the settings say how.
    pub fn start_mails(&self) -> anyhow::Result<()> {
        if let Some(transport) = Transport::configured(&self.config.mail, &self.clock)? {
            let mails = Mails::new(
                self.feed.clone(),
                self.clock.clone(),
                transport,
                &self.config.mail,
                counted(&self.config),
                Uuid::from_u128(StdRng::from_os_rng().random()),
            )?;
            let stop = self.stop.clone();
            self.tasks.spawn(async move { mails.run(&stop).await });
        }
        Ok(())
    }

    /// Starts to write the archive, where the settings say where.
    pub fn start_archive(&self) -> anyhow::Result<()> {
        if let Some(archive) = archive(&self.config, &self.feed, &self.clock)? {
            let (archiving, stop) = (self.metrics.archiving.clone(), self.stop.clone());
            self.tasks
                .spawn(async move { archive.run(&archiving, &stop).await });
        }
        Ok(())
    }

    /// Serves until told to stop, then waits for what is under way.
    pub async fn serve(self, listener: TcpListener) -> anyhow::Result<()> {
        let (webhooks, stop) = (self.webhooks.clone(), self.stop.clone());
        self.tasks.spawn(async move { webhooks.run(&stop).await });
        let (exports, stop) = (self.exports.clone(), self.stop.clone());
        let holder = Uuid::from_u128(StdRng::from_os_rng().random());
        self.tasks
            .spawn(async move { exports.run(holder, &stop).await });
        let write_backs = WriteBacks::new(
            self.feed.clone(),
            self.sources.clone(),
            self.clock.clone(),
            self.tasks.clone(),
            &self.config,
        );
        let backend = Backend {
            activity: self.activity,
            activity_limits: counted(&self.config),
            exports: self.exports,
            feed: self.feed,
            sources: self.sources,
            clock: self.clock.clone(),
            tasks: self.tasks.clone(),
            sends_mails: self.config.mail.is_on(),
            expiry: Arc::new(self.config.credential_expiry.clone()),
            webhooks: self.webhooks,
            write_backs,
            randomness: Arc::new(Mutex::new(StdRng::from_os_rng())),
            viewed: Viewed::new(self.config.server.record_views),
        };
        let engine = Engine::new(backend.clone(), &self.config, self.metrics.clone())?;
        http::serve(
            listener,
            engine,
            backend,
            self.config.server,
            self.metrics,
            self.stop.clone(),
        )
        .await;
        self.stop.cancel();
        finish(&self.tasks, &self.clock).await;
        Ok(())
    }

    /// Reads some parts of some sources once, one after the other; every part is tried, even after a failure.
    ///
    /// Returns what went wrong, one line a part.
    pub async fn sync_once(
        &self,
        chosen: impl Fn(&dyn Source, Part) -> bool,
        progress: impl Fn(&dyn Source, Part, &Outcome, Option<(u64, u64)>) + Send + Sync,
    ) -> Vec<String> {
        let mut failures = Vec::new();
        for source in &self.sources {
            let source = source.as_ref();
            for part in source
                .parts()
                .iter()
                .copied()
                .filter(|part| chosen(source, *part))
            {
                let report = |outcome: &Outcome, done: Option<(u64, u64)>| {
                    progress(source, part, outcome, done);
                };
                let run =
                    sync::recorded_run(source, part, &self.feed, &self.clock, |_| None, &report);
                if let Err(error) = run.await {
                    failures.push(format!("{} {}: {error}", source.name(), part.as_str()));
                }
            }
        }
        failures
    }

    /// Makes a token that acts for an Atlassian account.
    pub async fn create_token(
        &self,
        name: &str,
        role: Role,
        account: &str,
    ) -> anyhow::Result<String> {
        let new = NewToken {
            name: name.to_owned(),
            role,
            account_id: Some(account.to_owned()),
            projects: Vec::new(),
            expires_at: None,
        };
        let (_, secret) = self
            .feed
            .store()
            .create_token(
                new,
                Some("demo"),
                self.clock.now(),
                &mut StdRng::from_os_rng(),
            )
            .await?;
        Ok(secret)
    }
}

/// What writes the archive; `None` where the settings name none.
pub fn archive(
    config: &Config,
    feed: &Feed,
    clock: &Clock,
) -> Result<Option<Archive>, ArchiveError> {
    let holder = Uuid::from_u128(StdRng::from_os_rng().random());
    Archive::configured(&config.archive, feed, clock, holder)
}

/// Whether mails can be sent: says where they go. `None` where the settings say of none.
pub async fn check_mail(config: &Config, clock: &Clock) -> Result<Option<String>, SendError> {
    match Transport::configured(&config.mail, clock)? {
        Some(transport) => transport.check().await.map(Some),
        None => Ok(None),
    }
}

/// Whether the archive can be written: says where it is. `None` where the settings name none.
pub async fn check_archive(config: &Config) -> Result<Option<String>, ArchiveError> {
    archive::check(&config.archive).await
}

/// How far back the settings let counts go.
#[must_use]
pub fn counted(config: &Config) -> activity::Limits {
    activity::Limits {
        default_days: config.activity.default_days,
        max_days: config.activity.max_days,
    }
}

/// The secret with which the made-up company signs its webhooks.
const DEMO_SECRET: &str = "nothing here is secret";

/// Lets the made-up company send its webhooks to where the demo listens.
pub fn demo_hooks(sandbox: &Sandbox, config: &Config, address: SocketAddr) -> anyhow::Result<()> {
    let path = format!("http://{address}/hooks/{}", config.jira_cloud.name);
    sandbox.set_jira_webhook(Some(path.parse()?), Some(DEMO_SECRET));
    Ok(())
}

/// Lets the demo write its mails into a folder, whatever else was set.
pub fn demo_mails(config: &mut Config, folder: &Path) {
    config.mail.smtp_host = String::new();
    folder.clone_into(&mut config.mail.directory);
    if config.mail.from.is_empty() {
        config.mail.from = String::from("Auditgraph <auditgraph@acme.example>");
    }
}

/// Starts a made-up company and points the settings at it.
pub async fn demo(
    config: &mut Config,
    clock: &Clock,
    tasks: &TaskTracker,
    stop: &CancellationToken,
) -> anyhow::Result<Sandbox> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    // Three months: enough to look around in, little enough to be read within seconds.
    let settings = sandbox::Settings {
        history_days: 90,
        history_events: 12_000,
        ..sandbox::Settings::default()
    };
    let sandbox = Sandbox::start(settings, clock.clone(), listener, tasks, stop.clone())?;
    config.organization = sandbox.organization_settings();
    config.bitbucket_cloud = sandbox.bitbucket_settings();
    config.bitbucket_dc = sandbox.bitbucket_dc_settings();
    config.jira_dc = sandbox.jira_dc_settings();
    config.confluence_dc = sandbox.confluence_dc_settings();
    for center in [
        &mut config.bitbucket_dc,
        &mut config.jira_dc,
        &mut config.confluence_dc,
    ] {
        // Each look at a log leaves a row in it.
        center.seconds_between_reads = 5;
    }
    config.jira_cloud = sandbox.jira_settings();
    config.jira_cloud.hook_secret = DEMO_SECRET.into();
    config.confluence_cloud = sandbox.confluence_settings();
    config.assets = sandbox.assets_settings();
    // Nobody waits for a demo, and the sandbox has no limits.
    config.schedule.events = String::from("* * * * * *");
    config.schedule.directory = String::from("*/20 * * * * *");
    Ok(sandbox)
}

/// Waits for what has been told to stop, but not for ever.
pub async fn finish(tasks: &TaskTracker, clock: &Clock) {
    tasks.close();
    tokio::select! {
        () = tasks.wait() => {}
        () = clock.sleep(GRACE) => tracing::warn!("stopped with work under way"),
    }
}

/// Waits until the process is asked to stop.
pub async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut signals = futures::stream::FuturesUnordered::new();
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        if let Ok(mut signal) = signal(kind) {
            signals.push(async move { signal.recv().await });
        }
    }
    signals.next().await;
}

//! Many seeds on one database: each is an upstream of its own, with its own past and its own faults.

use crate::world::World;
use auditgraph::config::Config;
use auditgraph::sandbox::{Sandbox, Settings};
use auditgraph::source::{self, Part, Retry, Source};
use auditgraph::store::runs::Outcome;
use auditgraph::sync::{self, SyncError};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Rounds after which an upstream that fails now and then must have been read.
const ROUNDS: usize = 60;

/// A sandbox with sources that read it into a world's log.
pub(crate) struct Upstream<'a> {
    world: &'a World,
    pub(crate) sandbox: Sandbox,
    pub(crate) sources: Vec<Arc<dyn Source>>,
}

impl<'a> Upstream<'a> {
    /// `configure` switches sources on, under names that no other upstream of the world has.
    pub(crate) async fn start(
        world: &'a World,
        settings: Settings,
        configure: impl FnOnce(&mut Config, &Sandbox),
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (clock, stop) = (world.clock.clone(), world.stop.child_token());
        let sandbox = Sandbox::start(settings, clock, listener, &world.tasks, stop).unwrap();
        let mut config = world.config.clone();
        configure(&mut config, &sandbox);
        let sources = source::configured(&config, &world.clock).unwrap();
        Self {
            world,
            sandbox,
            sources,
        }
    }

    /// Reads some parts of a source round after round, as the schedule does: `meanwhile` happens before each of the first
    /// rounds, and then rounds go on until one has gone through.
    pub(crate) async fn read(
        &self,
        source: &dyn Source,
        parts: &[Part],
        busy: usize,
        meanwhile: impl Fn(&Sandbox),
    ) {
        for round in 0..ROUNDS {
            if round < busy {
                meanwhile(&self.sandbox);
            }
            let mut failed = false;
            for part in parts {
                if let Err(error) = self.once(source, *part).await {
                    failed = true;
                    self.wait(&error);
                }
            }
            if round >= busy && !failed {
                return;
            }
            self.world.clock.advance(Duration::from_mins(1));
        }
        panic!("{}: no round has gone through", source.name());
    }

    async fn once(&self, source: &dyn Source, part: Part) -> Result<Outcome, SyncError> {
        let (feed, clock) = (&self.world.feed, &self.world.clock);
        sync::recorded_run(source, part, feed, clock, |_| None, &|_, _| {}).await
    }

    fn wait(&self, error: &SyncError) {
        if let SyncError::Source(error) = error
            && let Retry::After(wait) = error.retry()
        {
            self.world.clock.advance(wait);
        }
    }
}

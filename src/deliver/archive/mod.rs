//! The archive: every event as a file of its own, outside of the database.
//!
//! A follower like the others: it reads on from its position, writes, and moves the position once everything before it is
//! written. An event has two files, whose names and content follow from the log alone, so that writing them again, by this
//! process or another, changes nothing: upstream's record as it was received, and beside it what an import needs to make
//! the same event of it. It holds everything, whoever may see it.

mod name;
mod record;
mod target;

use crate::access::Viewer;
use crate::clock::Clock;
use crate::config;
use crate::event::Stretch;
use crate::event::filter::{EventFilter, TimeBounds, TimeFilter};
use crate::event::order::EventOrderField;
use crate::feed::Feed;
use crate::metrics::Archiving;
use crate::store::entity::event;
use crate::store::read::{EventMark, Range};
use crate::store::{Store, StoreError};
use futures::{StreamExt, TryStreamExt, stream};
use name::Names;
use record::{Beside, Whole};
use std::time::Duration;
use target::Target;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Events that are written, and held in memory, before the position moves.
const PAGE: u64 = 200;

/// Events that are written at once: enough to make up for the time that a request to a bucket takes.
const AT_ONCE: usize = 16;

/// For how long the archive is one process's own to write. Two at once do no harm: they write the same.
const LEASE: Duration = Duration::from_mins(2);

/// How long to stay away while another process writes.
const TAKEN: Duration = Duration::from_secs(15);

/// How often to look, should a wake-up have been lost.
const LOOK: Duration = Duration::from_secs(30);

/// The wait after a failure; each further one waits twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// Why the archive could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// What is set cannot be used.
    #[error("{setting}: {reason}")]
    Unusable {
        /// The setting.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A file could not be written; it may work later.
    #[error("cannot write {path}: {error}")]
    Write {
        /// The file, and where it was to be.
        path: String,
        /// What the disk or the bucket's store says.
        error: object_store::Error,
    },
    /// What an event says could not be put into words.
    #[error("cannot put the event at position {0} into JSON: {1}")]
    Form(i64, serde_json::Error),
    /// The log could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// There may be more: at once.
    Again,
    /// Everything is written.
    Idle,
    /// Another process writes.
    Taken,
}

/// What a backfill has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Events.
    pub events: u64,
    /// Bytes of their files.
    pub bytes: u64,
}

/// What writes the archive.
#[derive(Clone, Debug)]
pub struct Archive {
    feed: Feed,
    clock: Clock,
    target: Target,
    /// This process, among those that may write.
    holder: Uuid,
    /// Under which name the position is kept. Each place has its own: another one gets everything.
    consumer: String,
}

impl Archive {
    /// What writes the archive that the settings name; `None` when they name none.
    pub fn configured(
        settings: &config::Archive,
        feed: &Feed,
        clock: &Clock,
        holder: Uuid,
    ) -> Result<Option<Self>, ArchiveError> {
        let target = Target::configured(settings)?;
        Ok(target.map(|target| Self {
            feed: feed.clone(),
            clock: clock.clone(),
            holder,
            consumer: format!("archive/{}", target.place),
            target,
        }))
    }

    /// Writes what is in the log and what comes, until told to stop.
    pub async fn run(&self, archiving: &Archiving, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = Box::pin(self.follow(archiving)) => {}
        }
        // Whoever takes over need not wait then; if this fails, they do.
        let returned = self.store().return_lease(&self.consumer, self.holder).await;
        if let Err(error) = returned {
            tracing::debug!(%error, "cannot return a lease");
        }
    }

    async fn follow(&self, archiving: &Archiving) {
        let mut failures = 0;
        loop {
            let newest = self.feed.newest();
            let turn = Box::pin(self.turn()).await;
            self.tell(archiving, turn.is_ok()).await;
            match turn {
                Ok(turn) => {
                    if failures > 0 {
                        tracing::info!(archive = self.target.place, "the archive is written again");
                        failures = 0;
                    }
                    match turn {
                        Turn::Again => {}
                        Turn::Taken => self.clock.sleep(TAKEN).await,
                        Turn::Idle => tokio::select! {
                            () = self.feed.beyond(newest) => {}
                            () = self.clock.alarm(LOOK) => {}
                        },
                    }
                }
                Err(error) => {
                    let wait = wait_after(failures);
                    failures += 1;
                    archiving.failures.inc();
                    tracing::warn!(
                        archive = self.target.place,
                        %error,
                        failures,
                        again_in_seconds = wait.as_secs(),
                        "the archive cannot be written; nothing is lost, it goes on from here"
                    );
                    self.clock.sleep(wait).await;
                }
            }
        }
    }

    /// Tells how far the archive is behind the log.
    async fn tell(&self, archiving: &Archiving, works: bool) {
        archiving.on.set(1);
        archiving.failing.set(i64::from(!works));
        if let Ok(position) = self.store().position(&self.consumer).await {
            archiving.behind.set((self.feed.newest() - position).max(0));
        }
    }

    /// Writes the next events of the log, or else those whose actor has been named since they were written.
    pub async fn turn(&self) -> Result<Turn, ArchiveError> {
        let (store, now) = (self.store(), self.clock.now());
        if !store
            .take_lease(&self.consumer, self.holder, now, LEASE)
            .await?
        {
            return Ok(Turn::Taken);
        }
        let position = store.position(&self.consumer).await?;
        let (all, sight) = (EventFilter::default(), Viewer::server().sight());
        let everything = store.condition(&all, &sight, now).await?;
        let found = store.following(position, &everything, PAGE).await?;
        if found.searched == position {
            return self.named_later().await;
        }
        self.write(&found.events).await?;
        let now = self.clock.now();
        store
            .move_position(&self.consumer, found.searched, now)
            .await?;
        Ok(Turn::Again)
    }

    /// Writes events again that were written before their record came again with a name.
    async fn named_later(&self) -> Result<Turn, ArchiveError> {
        let (store, consumer) = (self.store(), format!("{}/named-later", self.consumer));
        let (known, newest) = (store.position(&consumer).await?, store.tide().await?.late);
        let page = i64::try_from(PAGE).unwrap_or(i64::MAX);
        let until = newest.min(known.saturating_add(page));
        if until <= known {
            return Ok(Turn::Idle);
        }
        let named = store.late_values(known, until).await?;
        let named: Vec<i64> = named.into_iter().map(|(position, _)| position).collect();
        let events = store.events_at(&named, &Viewer::server().sight()).await?;
        self.write(&events).await?;
        store
            .move_position(&consumer, until, self.clock.now())
            .await?;
        Ok(Turn::Again)
    }

    /// Writes all events of a stretch of time, whatever the position is; `progress` hears how many of how many are written.
    pub async fn backfill(
        &self,
        stretch: Stretch,
        progress: impl Fn(u64, u64),
    ) -> Result<Written, ArchiveError> {
        let (store, now) = (self.store(), self.clock.now());
        let sight = Viewer::server().sight();
        let filter = EventFilter {
            time: Some(TimeFilter::Between(TimeBounds {
                from: Some(stretch.from),
                to: Some(stretch.to),
            })),
            ..EventFilter::default()
        };
        let until = store.newest().await?;
        let chosen = Box::pin(store.chosen(&filter, &sight, now)).await?;
        let condition = store.lasting(&chosen).await?;
        let total = store.count_between(&condition, (0, until)).await?;
        let (mut written, mut after) = (Written::default(), None);
        loop {
            let range = Range {
                limit: PAGE,
                after,
                before: None,
                from_end: false,
                descending: false,
            };
            let page = store.events_until(&chosen, &sight, EventOrderField::Time, range, until);
            let (page, _) = Box::pin(page).await?;
            written.bytes += self.write(&page.rows).await?;
            written.events += page.rows.len() as u64;
            progress(written.events, total);
            after = page.rows.last().map(|row| EventMark {
                seq: row.seq,
                time: row.time,
            });
            if !page.more {
                return Ok(written);
            }
        }
    }

    /// Writes the files of these events; says how many bytes. All are written, or it is an error.
    async fn write(&self, rows: &[event::Model]) -> Result<u64, ArchiveError> {
        if rows.is_empty() {
            return Ok(0);
        }
        let beside = Box::pin(Beside::load(self.store(), rows)).await?;
        let writes: Vec<_> = rows
            .iter()
            .map(|row| self.write_one(&beside, row))
            .collect();
        let mut writes = stream::iter(writes).buffer_unordered(AT_ONCE);
        let mut sum = 0;
        while let Some(bytes) = writes.try_next().await? {
            sum += bytes;
        }
        Ok(sum)
    }

    async fn write_one(&self, beside: &Beside, row: &event::Model) -> Result<u64, ArchiveError> {
        let Whole { archived, content } = beside.whole(self.store(), row).await?;
        let names = Names::of(&archived.source.name, &archived.upstream_id, archived.time);
        let meta = archived.to_json();
        let meta = meta.map_err(|error| ArchiveError::Form(row.seq, error))?;
        let bytes = content.len() + meta.len();
        // The record first: what says something of a file is never there without it.
        self.target.put(&names.record, content).await?;
        self.target.put(&names.meta, meta).await?;
        Ok(bytes as u64)
    }

    fn store(&self) -> &Store {
        self.feed.store()
    }
}

/// Whether the archive that the settings name can be written: says where it is. `None` when they name none.
pub async fn check(settings: &config::Archive) -> Result<Option<String>, ArchiveError> {
    let Some(target) = Target::configured(settings)? else {
        return Ok(None);
    };
    target.check().await?;
    Ok(Some(format!("{} can be written", target.place)))
}

/// How long to wait after so many failures in a row, before this one.
fn wait_after(failures: u32) -> Duration {
    let wait = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(failures.min(16)));
    wait.min(LONGEST_WAIT)
}

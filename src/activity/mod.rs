//! The aggregated view: who did how much of what.
//!
//! It counts in columns of the log that are kept in memory (see [`columns`]), one more follower of the log and never the
//! truth: rebuilt at every start, brought up to date before every answer, and always equal to counting the events.
//! Whoever asks is told of what they may count ([`Store::countable`]); what they may see beyond counts is up to the store.

mod answer;
pub mod asked;
mod columns;
mod count;
mod marks;
mod mask;
mod names;
mod people;
mod range;
mod set;
mod times;

pub use answer::{Answer, Order, OrderBy, Question, Rank, Row, RowKey};
pub use range::{Limits, within_range};

use crate::clock::Clock;
use crate::event::ContainerKind;
use crate::feed::Feed;
use crate::store::columns::Tide;
use crate::store::{Store, StoreError};
use columns::Columns;
use futures::stream::{self, StreamExt, TryStreamExt};
use people::People;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// How many events are read in one statement, and how many statements run at once.
const STRETCH: i64 = 10_000;
const AT_ONCE: usize = 3;

/// How long to wait before trying again.
const RETRY: Duration = Duration::from_secs(5);

/// How long an answer waits for the columns when they are read for the first time.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there are no counts.
#[derive(Debug, thiserror::Error)]
pub enum ActivityError {
    /// The store could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The columns are still being read after a start.
    #[error(
        "the log is still being read after the start: {done} of {all} events; ask again in a few seconds"
    )]
    Starting {
        /// Events read so far.
        done: i64,
        /// Events there are.
        all: i64,
    },
    /// Too many rows would have to be told apart.
    #[error("{0}")]
    TooLarge(String),
    /// The count was given up.
    #[error("the count was given up")]
    Stopped,
}

/// By what actors' rows are divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is asked for or not, and most go together"
)]
pub struct Breakdown {
    /// By project.
    pub project: bool,
    /// By the status that an issue came to.
    pub status: bool,
    /// By the status that it left and the one that it came to.
    pub transition: bool,
    /// By issue.
    pub issue: bool,
    /// By monitored field.
    pub field: bool,
}

impl Breakdown {
    /// Whether rows are by actor only.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// The counts of a log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Activity {
    store: Store,
    clock: Clock,
    state: Arc<RwLock<State>>,
    following: Arc<Mutex<Tide>>,
}

/// What is in memory.
#[derive(Debug, Default)]
struct State {
    columns: Columns,
    people: People,
}

/// Where things happen, as far as a breakdown needs it.
#[derive(Debug, Default)]
struct Places {
    projects: HashMap<u32, u32>,
    sites: HashMap<u32, u32>,
}

impl Places {
    /// The project or space that a container is, or the project around a repository; 0 for none.
    fn project_of(&self, container: u32) -> u32 {
        self.projects.get(&container).copied().unwrap_or_default()
    }

    /// One container for all at the same site; 0 where the site is unknown.
    fn site_of(&self, container: u32) -> u32 {
        self.sites.get(&container).copied().unwrap_or_default()
    }
}

impl Activity {
    /// The counts of a store's log; nothing is read yet.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        Self {
            store,
            clock,
            state: Arc::default(),
            following: Arc::default(),
        }
    }

    /// Reads what has come into the log since the last time.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        let mut tide = self.following.lock().await;
        self.read_on(&mut tide).await
    }

    /// Reads the log, then follows it until told to stop.
    pub async fn follow(&self, feed: &Feed, stop: &CancellationToken) {
        let follow = async {
            loop {
                if let Err(error) = self.catch_up().await {
                    tracing::warn!(%error, "cannot read the log to count in it; trying again");
                    self.clock.sleep(RETRY).await;
                    continue;
                }
                let (_, events) = self.size();
                feed.beyond(events).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = follow => {}
        }
    }

    /// Bytes that the columns hold, and of how many events.
    #[must_use]
    pub fn size(&self) -> (usize, i64) {
        let state = read(&self.state);
        (state.columns.bytes(), state.columns.events())
    }

    /// The same, but not for longer than anybody waits.
    async fn up_to_date(&self) -> Result<(), ActivityError> {
        tokio::select! {
            done = self.catch_up() => Ok(done?),
            () = self.clock.alarm(PATIENCE) => Err(ActivityError::Starting {
                done: self.size().1,
                all: self.store.newest().await?,
            }),
        }
    }

    async fn read_on(&self, tide: &mut Tide) -> Result<(), StoreError> {
        let newest = self.store.tide().await?;
        let (_, after) = self.size();
        let starts = (after..newest.events).step_by(usize::try_from(STRETCH).unwrap_or(1));
        let stretches = starts.map(|after| async move {
            let until = newest.events.min(after + STRETCH);
            tokio::try_join!(
                self.store.event_values(after, until),
                self.store.change_values(after, until)
            )
        });
        let mut stretches = stream::iter(stretches).buffered(AT_ONCE);
        while let Some((events, changes)) = stretches.try_next().await? {
            write(&self.state).columns.append(&events, &changes);
        }
        drop(stretches);
        if tide.late < newest.late {
            let late = self.store.late_values(tide.late, newest.late).await?;
            let columns = &mut write(&self.state).columns;
            for (position, alias) in late {
                columns.learn(position, alias);
            }
        }
        if tide.people == newest.people {
            let known = self.newest_name();
            if known < newest.aliases {
                let names = self.store.name_values(known).await?;
                write(&self.state).people.add(&names);
            }
        } else {
            let mut people = People::default();
            people.add(&self.store.name_values(0).await?);
            write(&self.state).people = people;
        }
        *tide = newest;
        Ok(())
    }

    fn newest_name(&self) -> i64 {
        read(&self.state).people.newest()
    }

    async fn places(&self) -> Result<Places, StoreError> {
        let number = |id: i64| u32::try_from(id).unwrap_or_default();
        let all = self.store.container_values().await?;
        let kinds: HashMap<i64, ContainerKind> = all.iter().map(|row| (row.id, row.kind)).collect();
        let mut places = Places::default();
        let mut sites: HashMap<String, u32> = HashMap::new();
        for row in all {
            let project = match row.kind {
                ContainerKind::Project | ContainerKind::Space => Some(row.id),
                ContainerKind::Repository => row
                    .parent_id
                    .filter(|around| kinds.get(around) == Some(&ContainerKind::Project)),
                _ => None,
            };
            if let Some(project) = project {
                places.projects.insert(number(row.id), number(project));
            }
            if let Some(site) = row.site {
                let first = *sites.entry(site).or_insert(number(row.id));
                places.sites.insert(number(row.id), first);
            }
        }
        Ok(places)
    }
}

fn read(state: &RwLock<State>) -> RwLockReadGuard<'_, State> {
    state.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(state: &RwLock<State>) -> RwLockWriteGuard<'_, State> {
    state.write().unwrap_or_else(PoisonError::into_inner)
}

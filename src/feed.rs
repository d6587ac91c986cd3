//! The log as a feed: [`Feed::append`] puts events in and wakes whoever follows, [`Feed::follow`] reads on from a
//! position, first what is stored and then what comes.
//!
//! The wake-up says "look again, the newest is n" and nothing else. It may be lost, doubled or late: who follows reads
//! the log. Resume, replay, restart and a slow reader are therefore all the same thing.

use crate::access::Sight;
use crate::clock::Clock;
use crate::event::filter::EventFilter;
use crate::event::{System, Timestamp};
use crate::store::entity::event;
use crate::store::query::Condition;
use crate::store::{Appended, Batch, Store, StoreError};
use futures::stream::{Stream, try_unfold};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Events that one follower holds in memory, at most.
const PAGE: u64 = 100;

/// How often the log is looked at for what a lost wake-up would have told.
const POLL: Duration = Duration::from_secs(5);

/// The log, with the means to wake those who follow it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Feed {
    store: Store,
    newest: Arc<watch::Sender<i64>>,
}

/// Where a follower stands.
struct Follower {
    feed: Feed,
    condition: Condition,
    page: VecDeque<event::Model>,
    searched: i64,
    newest: watch::Receiver<i64>,
}

impl Feed {
    /// The feed of a store.
    pub async fn open(store: Store) -> Result<Self, StoreError> {
        let newest = store.newest().await?;
        Ok(Self {
            store,
            newest: Arc::new(watch::Sender::new(newest)),
        })
    }

    /// The store behind it.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The newest position that this process knows of.
    #[must_use]
    pub fn newest(&self) -> i64 {
        *self.newest.borrow()
    }

    /// Stores a batch of a source's events with the cursor behind it, then wakes the followers.
    pub async fn append(
        &self,
        source: &str,
        system: System,
        batch: Batch,
        now: Timestamp,
    ) -> Result<Appended, StoreError> {
        let appended = self.store.append(source, system, batch, now).await?;
        self.wake(appended.newest);
        Ok(appended)
    }

    /// All events after a position that the filter chooses and the viewer may see: those stored, then those to come.
    ///
    /// Ends only with an error. Holds one page of events, however slowly it is read.
    pub async fn follow(
        &self,
        after: i64,
        filter: &EventFilter,
        sight: &Sight,
        now: Timestamp,
    ) -> Result<impl Stream<Item = Result<event::Model, StoreError>> + Send + use<>, StoreError>
    {
        let condition = self.store.condition(filter, sight, now).await?;
        let follower = Follower {
            feed: self.clone(),
            condition,
            page: VecDeque::new(),
            searched: after,
            newest: self.newest.subscribe(),
        };
        Ok(try_unfold(follower, |mut follower| async move {
            let event = follower.next().await?;
            Ok(Some((event, follower)))
        }))
    }

    /// Listens for what other processes append, until told to stop. Returns at once where there are none.
    pub async fn hear_others(&self, clock: &Clock, stop: &CancellationToken) {
        loop {
            let heard = async {
                let Some(mut listener) = self.store.listen().await? else {
                    return Ok(());
                };
                loop {
                    self.look().await?;
                    tokio::select! {
                        heard = listener.heard() => heard?,
                        () = clock.sleep(POLL) => {}
                    }
                }
            };
            let outcome: Result<(), StoreError> = tokio::select! {
                () = stop.cancelled() => return,
                outcome = heard => outcome,
            };
            let Err(error) = outcome else { return };
            tracing::warn!(%error, "cannot hear what other processes append; trying again");
            tokio::select! {
                () = stop.cancelled() => return,
                () = clock.sleep(POLL) => {}
            }
        }
    }

    async fn look(&self) -> Result<(), StoreError> {
        self.wake(self.store.newest().await?);
        Ok(())
    }

    fn wake(&self, newest: i64) {
        self.newest.send_if_modified(|known| {
            let newer = newest > *known;
            *known = newest.max(*known);
            newer
        });
    }
}

impl Follower {
    async fn next(&mut self) -> Result<event::Model, StoreError> {
        loop {
            if let Some(event) = self.page.pop_front() {
                return Ok(event);
            }
            // Marked as seen before the look, so that what is appended meanwhile wakes us.
            let newest = *self.newest.borrow_and_update();
            if self.searched < newest {
                let found = self
                    .feed
                    .store
                    .following(self.searched, &self.condition, PAGE)
                    .await?;
                self.searched = found.searched;
                self.page = found.events.into();
            } else if self.newest.changed().await.is_err() {
                return Err(StoreError::NotFound {
                    what: "log to follow any more".to_owned(),
                });
            }
        }
    }
}

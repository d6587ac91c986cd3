//! The log as a feed: [`Feed::append`] puts events in and wakes whoever follows, [`Feed::follow`] reads on from a
//! position, first what is stored and then what comes.
//!
//! The wake-up says "look again, the newest is n" and nothing else. It may be lost, doubled or late: who follows reads
//! the log. Resume, replay, restart and a slow reader are therefore all the same thing.
//!
//! Who is near the end of the log shares what is read there with the others, and looks for their own events in memory.
//! Who is far behind has the database look for them: it passes over what nobody asked for without sending it.

mod recent;

use crate::access::{Sight, Viewer};
use crate::clock::Clock;
use crate::event::filter::EventFilter;
use crate::event::{Alias, System, Timestamp};
use crate::store::entity::event;
use crate::store::query::chosen::Test;
use crate::store::{Appended, Batch, Linked, Separated, Store, StoreError};
use futures::stream::{Stream, try_unfold};
use recent::{Moment, Recent};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Events that one follower holds in memory, at most.
const PAGE: u32 = 100;

/// A follower that is no more than this behind looks through all that is there; one that is further behind has the
/// database pass over what it does not want.
const NEAR: i64 = 1_000;

/// How often the log is looked at for what a lost wake-up would have told.
const POLL: Duration = Duration::from_secs(5);

/// The log, with the means to wake those who follow it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Feed {
    store: Store,
    newest: Arc<watch::Sender<i64>>,
    recent: Arc<Recent>,
}

/// Where a follower stands.
struct Follower {
    feed: Feed,
    chosen: Test,
    page: VecDeque<Arc<event::Model>>,
    searched: i64,
    began: Moment,
    newest: watch::Receiver<i64>,
}

impl Feed {
    /// The feed of a store.
    pub async fn open(store: Store) -> Result<Self, StoreError> {
        let newest = store.newest().await?;
        Ok(Self {
            store,
            newest: Arc::new(watch::Sender::new(newest)),
            recent: Arc::default(),
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

    /// Waits until something comes behind a position, as far as this process is told.
    pub async fn beyond(&self, position: i64) {
        let mut newest = self.newest.subscribe();
        // The sender lives as long as this does.
        let _ = newest.wait_for(|newest| *newest > position).await;
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

    /// Does what adds to the log, then wakes the followers.
    pub async fn recording<T>(
        &self,
        deed: impl Future<Output = Result<(T, Appended), StoreError>>,
    ) -> Result<T, StoreError> {
        let (done, appended) = deed.await?;
        self.wake(appended.newest);
        Ok(done)
    }

    /// Makes one person of several, by an administrator's decision, then wakes the followers.
    pub async fn link_users(
        &self,
        viewer: &Viewer,
        users: &[i64],
        now: Timestamp,
    ) -> Result<Linked, StoreError> {
        let linked = self.store.link_users(viewer, users, now).await?;
        self.wake(linked.appended.newest);
        Ok(linked)
    }

    /// Makes some of a person's names another person's, by an administrator's decision, then wakes the followers.
    pub async fn separate_user(
        &self,
        viewer: &Viewer,
        user: i64,
        names: &[Alias],
        now: Timestamp,
    ) -> Result<Separated, StoreError> {
        let separated = self.store.separate_user(viewer, user, names, now).await?;
        self.wake(separated.appended.newest);
        Ok(separated)
    }

    /// Monitors these fields and no others, by an administrator's decision, then wakes the followers.
    pub async fn set_monitored_fields(
        &self,
        viewer: &Viewer,
        fields: &[String],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let decided = self.store.set_monitored_fields(viewer, fields, now).await?;
        if let Some(appended) = decided {
            self.wake(appended.newest);
        }
        Ok(())
    }

    /// All events after a position that the filter chooses and the viewer may see: those stored, then those to come.
    ///
    /// Who joins a group, and what is seen for the first time, counts from then on; times that count from `now`, issues
    /// that Jira finds and monitored fields are those of the beginning. Ends only with an error. Holds one page of
    /// events, however slowly it is read.
    pub async fn follow(
        &self,
        after: i64,
        filter: &EventFilter,
        sight: &Sight,
        now: Timestamp,
    ) -> Result<impl Stream<Item = Result<Arc<event::Model>, StoreError>> + Send + use<>, StoreError>
    {
        let began = self.recent.now();
        // Boxed here and below, so that a follower that waits does not hold the room that looking takes.
        let chosen = Box::pin(self.store.chosen(filter, sight, now)).await?;
        let follower = Follower {
            feed: self.clone(),
            chosen,
            page: VecDeque::new(),
            searched: after,
            began,
            newest: self.newest.subscribe(),
        };
        Ok(try_unfold(follower, |mut follower| async move {
            let event = follower.next().await?;
            Ok(Some((event, follower)))
        }))
    }

    /// Hears of what other processes append, until told to stop.
    pub async fn hear_others(&self, clock: &Clock, stop: &CancellationToken) {
        loop {
            let heard = async {
                let mut listener = self.store.listen().await?;
                loop {
                    self.look().await?;
                    // Where nobody can be heard, some still do small things beside this process, such as making a token.
                    let heard = async {
                        match &mut listener {
                            Some(listener) => listener.heard().await,
                            None => std::future::pending().await,
                        }
                    };
                    tokio::select! {
                        heard = heard => heard?,
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
    async fn next(&mut self) -> Result<Arc<event::Model>, StoreError> {
        loop {
            if let Some(event) = self.page.pop_front() {
                if self.page.is_empty() {
                    self.page = VecDeque::new();
                }
                return Ok(event);
            }
            // Marked as seen before the look, so that what is appended meanwhile wakes us.
            let newest = *self.newest.borrow_and_update();
            if self.searched < newest {
                (self.page, self.searched) = Box::pin(self.look(newest)).await?;
            } else if self.newest.changed().await.is_err() {
                return Err(StoreError::NotFound {
                    what: "log to follow any more".to_owned(),
                });
            }
        }
    }

    /// The next page of what is chosen, which may be empty, and how far the log was searched for it.
    async fn look(&self, newest: i64) -> Result<(VecDeque<Arc<event::Model>>, i64), StoreError> {
        let store = &self.feed.store;
        if newest - self.searched > NEAR {
            let condition = store.lasting(&self.chosen).await?;
            let found = store
                .following(self.searched, &condition, PAGE.into())
                .await?;
            return Ok((
                found.events.into_iter().map(Arc::new).collect(),
                found.searched,
            ));
        }
        let until = newest.min(self.searched + i64::from(PAGE));
        let stretch = (self.searched, until);
        let excerpt = self.feed.recent.behind(store, stretch, self.began).await?;
        let chosen = excerpt.choose(store, &self.chosen, self.searched).await?;
        Ok((chosen.into(), excerpt.until()))
    }
}

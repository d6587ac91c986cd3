//! Webhooks out: each endpoint is sent what its owner may see and its filter chooses, in the order of the log.
//!
//! An endpoint's turn is to look what comes behind its position, and to send it: one request at a time, and on only once
//! the target has taken it. What it does not take is tried again, later and later, for three days; then the endpoint is
//! paused and stays where it is. Nothing is kept between turns but what the store keeps, so a turn may end at any moment
//! and be taken by another process: a target sees every event at least once, and what comes again has the same id.

mod format;
mod guard;
mod send;
mod sign;
mod verdict;

pub use guard::{LookUp, Names, Refused};

use super::Detail;
use crate::access::Viewer;
use crate::clock::Clock;
use crate::config;
use crate::event::Timestamp;
use crate::event::search::both;
use crate::event::webhook::{WebhookEndpointState, WebhookFormat};
use crate::feed::Feed;
use crate::store::deliveries::{Message, Verdict};
use crate::store::endpoints::filter_of;
use crate::store::entity::webhook_delivery as delivery;
use crate::store::entity::webhook_endpoint::{Model, Secret};
use crate::store::read::Following;
use crate::store::{Store, StoreError};
use guard::Guard;
use rand::Rng;
use rand::rngs::StdRng;
use send::Sender;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::{self, JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use verdict::{attempt, report, verdict};

/// Events that are looked at together, where a request carries one.
const PAGE: usize = 20;

/// How far an endpoint may be behind what was looked at for it, before that is written down.
const STRIDE: i64 = 1_000;

/// For how long an endpoint is a process's own to send to; longer than any request takes.
const LEASE: Duration = Duration::from_mins(1);

/// For how long a turn goes on before it begins anew: who may see what is looked at then, and the lease is asked for.
const TURN: Duration = Duration::from_secs(25);

/// How long to stay away from an endpoint that another process sends to.
const TAKEN: Duration = Duration::from_secs(5);

/// How long to wait after the store, or an upstream system that a filter asks, has failed.
const TROUBLE: Duration = Duration::from_secs(15);

/// How often to look for endpoints, should a wake-up have been lost.
const LOOK: Duration = Duration::from_secs(30);

/// How long a test waits for the target: whoever tests waits, too.
const TEST: Duration = Duration::from_secs(10);

/// What sends to webhook endpoints. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Webhooks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    feed: Feed,
    clock: Clock,
    guard: Guard,
    sender: Sender,
    timeout: Duration,
    /// This process, among those that may send.
    holder: Uuid,
    randomness: Mutex<StdRng>,
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// There may be more: at once.
    Again,
    /// There is nothing to send until something happens.
    Idle,
    /// Nothing can be done before that moment, unless something happens.
    Wait(Timestamp),
    /// The endpoint is sent nothing any more.
    Over,
}

/// What an endpoint is sent: on whose behalf, and what comes behind its position.
enum Look {
    Found(Viewer, Following),
    /// It cannot be told any more what to send.
    Lost(String),
}

impl Webhooks {
    /// What sends what this feed has, as the settings allow; nothing is sent yet.
    #[must_use]
    pub fn new(
        feed: Feed,
        clock: Clock,
        settings: &config::Webhooks,
        names: Names,
        mut randomness: StdRng,
    ) -> Self {
        let guard = Guard::new(&settings.allow, names);
        Self(Arc::new(Inner {
            feed,
            clock: clock.clone(),
            sender: Sender::new(guard.clone(), clock),
            guard,
            timeout: settings.timeout(),
            holder: Uuid::from_u128(randomness.random()),
            randomness: Mutex::new(randomness),
        }))
    }

    /// Sends to all endpoints until told to stop.
    pub async fn run(&self, stop: &CancellationToken) {
        let mut at_work: HashMap<task::Id, i64> = HashMap::new();
        // Tasks of their own: one that holds a connection to the database must not wait for this loop to look at it.
        let mut endpoints = JoinSet::new();
        loop {
            let newest = self.0.feed.newest();
            match self.store().active_endpoints().await {
                Ok(active) => {
                    for id in active {
                        if !at_work.values().any(|known| *known == id) {
                            let webhooks = self.clone();
                            let task = endpoints.spawn(async move { webhooks.follow(id).await });
                            at_work.insert(task.id(), id);
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "cannot look for webhook endpoints"),
            }
            tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = endpoints.join_next_with_id() => match ended {
                    Ok((task, ())) => {
                        at_work.remove(&task);
                    }
                    Err(error) => {
                        tracing::error!(%error, "what sends to a webhook endpoint broke off; trying again");
                        if let Some(id) = at_work.remove(&error.id()) {
                            let webhooks = self.clone();
                            let task = endpoints.spawn(async move {
                                webhooks.0.clock.sleep(TROUBLE).await;
                                webhooks.follow(id).await;
                            });
                            at_work.insert(task.id(), id);
                        }
                    }
                },
                () = self.0.feed.beyond(newest) => {}
                () = self.0.clock.alarm(LOOK) => {}
            }
        }
        endpoints.shutdown().await;
        for id in at_work.into_values() {
            // Whoever takes over need not wait then; if this fails, they do.
            let returned = self.store().return_lease(&lease(id), self.0.holder).await;
            if let Err(error) = returned {
                tracing::debug!(%error, "cannot return a lease");
            }
        }
    }

    /// Takes an endpoint's turns as long as it is active.
    async fn follow(&self, id: i64) {
        loop {
            let newest = self.0.feed.newest();
            let turn = match Box::pin(self.turn(id)).await {
                Ok(turn) => turn,
                Err(error) => {
                    tracing::warn!(endpoint = id, %error, "cannot send to a webhook endpoint; trying again");
                    Turn::Wait(self.0.clock.now().plus(TROUBLE))
                }
            };
            let wait = match turn {
                Turn::Over => return,
                Turn::Again => continue,
                Turn::Idle => None,
                Turn::Wait(until) => Some(until.since(self.0.clock.now())),
            };
            tokio::select! {
                () = self.0.feed.beyond(newest) => {}
                () = async {
                    match wait {
                        Some(wait) => self.0.clock.sleep(wait).await,
                        None => self.0.clock.alarm(LOOK).await,
                    }
                } => {}
            }
        }
    }

    /// Looks what comes next for an endpoint and sends it, as far as that goes.
    pub async fn turn(&self, id: i64) -> Result<Turn, StoreError> {
        let now = self.0.clock.now();
        let Some(endpoint) = self.store().active_endpoint(id).await? else {
            return Ok(Turn::Over);
        };
        if let Some(at) = endpoint.next_attempt_at.filter(|at| *at > now.micros()) {
            return Ok(Turn::Wait(Timestamp::from_micros(at)));
        }
        let under_way = self.store().open_delivery(&endpoint).await?;
        let (viewer, found) = match self.look(&endpoint, under_way.as_ref(), now).await? {
            Look::Found(viewer, found) => (viewer, found),
            Look::Lost(reason) => {
                tracing::warn!(endpoint = id, reason, "a webhook endpoint is paused");
                let paused = self.store().pause_endpoint(&endpoint, reason, now);
                self.0.feed.recording(Box::pin(paused)).await?;
                return Ok(Turn::Again);
            }
        };
        if found.events.is_empty() {
            return self.pass_over(&endpoint, &found, now).await;
        }
        let ours = self
            .store()
            .take_lease(&lease(id), self.0.holder, now, LEASE)
            .await?;
        if !ours {
            return Ok(Turn::Wait(now.plus(TAKEN)));
        }
        // Before the lease was ours, another process may have gone on, or somebody may have decided otherwise.
        if self.store().active_endpoint(id).await?.as_ref() != Some(&endpoint) {
            return Ok(Turn::Again);
        }
        let events = Detail::of(self.store(), &viewer, &found.events).await?;
        Box::pin(self.deliver(endpoint, under_way, &events, now)).await
    }

    /// Reads an address as it was typed, and refuses one to which nothing would be sent; what a name leads to is looked
    /// up, unless that cannot be known now.
    pub async fn check(&self, address: &str) -> Result<String, Refused> {
        let url = self.0.guard.read(address)?;
        if let Some(url::Host::Domain(name)) = url.host() {
            let looked_up = self.0.guard.resolve(name);
            tokio::select! {
                found = looked_up => {
                    found?;
                }
                () = self.0.clock.alarm(TEST) => {}
            }
        }
        Ok(url.into())
    }

    /// A new secret to sign with.
    #[must_use]
    pub fn secret(&self) -> Secret {
        sign::secret(&mut *self.randomness())
    }

    /// What makes an endpoint's messages unlike those of all others.
    #[must_use]
    pub fn key(&self) -> Uuid {
        Uuid::from_u128(self.randomness().random())
    }

    /// Sends an endpoint, whatever its state, the event that it is tested, once.
    pub async fn test(
        &self,
        viewer: &Viewer,
        id: i64,
    ) -> Result<Option<delivery::Model>, StoreError> {
        let now = self.0.clock.now();
        let noted = self.store().test_webhook_endpoint(viewer, id, now);
        let (endpoint, seq) = self.0.feed.recording(Box::pin(noted)).await?;
        let events = self.store().events_at(&[seq], &viewer.sight()).await?;
        let events = Detail::of(self.store(), viewer, &events).await?;
        let body = format::body(WebhookFormat::from_number(endpoint.format), &events);
        let message = Message {
            id: sign::id(&endpoint, "test", (seq, seq)),
            first: seq,
            last: seq,
            events: body.events,
        };
        let within = TEST.min(self.0.timeout);
        let outcome = self.0.sender.send(&endpoint, &message, body, within).await;
        let attempt = attempt(&outcome);
        let now = self.0.clock.now();
        self.store()
            .note_test(&endpoint, &message, attempt, now)
            .await
    }

    fn store(&self) -> &Store {
        self.0.feed.store()
    }

    fn randomness(&self) -> std::sync::MutexGuard<'_, StdRng> {
        self.0
            .randomness
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes behind an endpoint's position that its owner may see now and its filter chooses; of what is under way,
    /// nothing that has come behind it.
    async fn look(
        &self,
        endpoint: &Model,
        under_way: Option<&delivery::Model>,
        now: Timestamp,
    ) -> Result<Look, StoreError> {
        let Some(viewer) = self.store().viewer_of(&endpoint.holder, now).await? else {
            let reason =
                "no token of its owner works any more; another administrator can take it over";
            return Ok(Look::Lost(reason.to_owned()));
        };
        let mut filter = match filter_of(endpoint) {
            Ok(filter) => filter,
            Err(broken) => return Ok(Look::Lost(broken.to_string())),
        };
        if let Some(id) = endpoint.saved_filter_id {
            let Some(saved) = self.store().saved_filter(&viewer, id).await? else {
                let reason = "its saved filter is gone, or its owner may not see it any more";
                return Ok(Look::Lost(reason.to_owned()));
            };
            match saved.filter() {
                Ok(saved) => filter = both(filter, saved),
                Err(broken) => return Ok(Look::Lost(broken.to_string())),
            }
        }
        let condition = self.store().condition(&filter, &viewer.sight(), now).await;
        let condition = match condition {
            Ok(condition) => condition,
            Err(broken @ StoreError::Filter { .. }) => {
                return Ok(Look::Lost(format!("its filter is broken: {broken}")));
            }
            Err(failure) => return Err(failure),
        };
        let format = WebhookFormat::from_number(endpoint.format);
        let most = if format.takes_several() {
            format::SEVERAL
        } else {
            PAGE
        };
        let mut found = self
            .store()
            .following(endpoint.position, &condition, most as u64)
            .await?;
        if let Some(under_way) = under_way {
            found.events.retain(|event| event.seq <= under_way.last_seq);
            found.searched = found.searched.min(under_way.last_seq);
        }
        Ok(Look::Found(viewer, found))
    }

    /// Notes that nothing was there for an endpoint.
    async fn pass_over(
        &self,
        endpoint: &Model,
        found: &Following,
        now: Timestamp,
    ) -> Result<Turn, StoreError> {
        let further = found.searched - endpoint.position;
        if endpoint.open_delivery.is_none() && further < STRIDE {
            return Ok(Turn::Idle);
        }
        self.store()
            .move_endpoint(endpoint, found.searched, now)
            .await?;
        Ok(Turn::Again)
    }

    /// Sends these events, one request after the other, until one is not taken.
    async fn deliver(
        &self,
        mut endpoint: Model,
        mut under_way: Option<delivery::Model>,
        mut events: &[Detail],
        began: Timestamp,
    ) -> Result<Turn, StoreError> {
        let format = WebhookFormat::from_number(endpoint.format);
        while let Some(first) = events.first() {
            let now = self.0.clock.now();
            if now.since(began) >= TURN {
                return Ok(Turn::Again);
            }
            let body = format::body(format, events);
            let (these, rest) = events.split_at(body.events);
            let range = (first.seq, these.last().unwrap_or(first).seq);
            let message = Message {
                id: match under_way.take() {
                    Some(under_way) => under_way.message_id,
                    None => sign::id(&endpoint, "events", range),
                },
                first: range.0,
                last: range.1,
                events: body.events,
            };
            if format.takes_several() && endpoint.open_delivery.is_none() {
                // What belongs to it is not to change, even if nobody is left to say what came of it.
                match self
                    .store()
                    .begin_delivery(&endpoint, &message, now)
                    .await?
                {
                    Some(noted) => endpoint = noted,
                    None => return Ok(Turn::Again),
                }
            }
            let outcome = self
                .0
                .sender
                .send(&endpoint, &message, body, self.0.timeout)
                .await;
            let now = self.0.clock.now();
            let verdict = verdict(&endpoint, &outcome, now, &mut *self.randomness());
            report(&endpoint, &outcome, &verdict);
            let taken = verdict == Verdict::Taken;
            let settled = (attempt(&outcome), verdict);
            let settled = self
                .store()
                .settle_delivery(&endpoint, &message, settled, now);
            let then = self.0.feed.recording(Box::pin(settled)).await?;
            match then {
                Some(then) if taken && goes_on(&endpoint, &then) => endpoint = then,
                _ => return Ok(Turn::Again),
            }
            events = rest;
        }
        Ok(Turn::Again)
    }
}

/// Whether what is sent next is still what was looked at: nobody has changed the endpoint meanwhile.
fn goes_on(before: &Model, then: &Model) -> bool {
    then.state == WebhookEndpointState::Active.number() && then.updated_at == before.updated_at
}

/// The lease under which a process sends to an endpoint.
fn lease(id: i64) -> String {
    format!("webhook/{id}")
}

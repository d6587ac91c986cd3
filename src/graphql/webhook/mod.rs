//! Webhook endpoints: where events are sent, and how that goes. For administrators.

mod change;

pub(super) use change::WebhookMutation;

use super::page::{Connection, PageArgs};
use super::saved::{self, SavedFilter};
use super::{backend, error, node, viewer};
use crate::event::Timestamp;
use crate::event::filter::EventFilter;
use crate::event::node::{NodeId, NodeKind};
use crate::event::search::print;
use crate::event::webhook::{Attempt, WebhookDeliveryState, WebhookEndpointState, WebhookFormat};
use crate::store::StoreError;
use crate::store::deliveries::attempts_of;
use crate::store::directory::NameMark;
use crate::store::endpoints::filter_of;
use crate::store::entity::{webhook_delivery, webhook_endpoint};
use async_graphql::types::Json;
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use std::sync::Arc;

/// The names of the lists, which their cursors bear.
const ENDPOINTS: &str = "webhook endpoints";
const DELIVERIES: &str = "webhook deliveries";

#[derive(Default)]
pub(super) struct WebhookQuery;

#[Object]
impl WebhookQuery {
    /// Webhook endpoints by name. None for who is no administrator.
    async fn webhook_endpoints(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What a word of the name must begin with.")] search: Option<String>,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<WebhookEndpoint>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        let range = page.range::<NameMark>(ENDPOINTS, false)?;
        let store = backend(ctx)?.feed.store();
        let rows = store
            .webhook_endpoints(viewer(ctx)?, search.as_deref(), range.clone())
            .await;
        let rows = rows.map_err(|failure| error::from_store(ctx, failure))?;
        let mark = |row: &webhook_endpoint::Model| NameMark {
            name: row.sort_name.clone(),
            id: row.id,
        };
        Ok(Connection::new(rows, &range, ENDPOINTS, mark, |row| {
            WebhookEndpoint(Arc::new(row))
        }))
    }
}

#[derive(Clone)]
pub(super) struct WebhookEndpoint(Arc<webhook_endpoint::Model>);

/// Where events are sent: in the order of the log, each at least once, as its owner may see them at that moment.
#[Object]
impl WebhookEndpoint {
    /// The global id.
    pub(super) async fn id(&self) -> ID {
        NodeId::new(NodeKind::WebhookEndpoint, self.0.id)
            .encode()
            .into()
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where events are sent.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// In which form.
    async fn format(&self) -> WebhookFormat {
        WebhookFormat::from_number(self.0.format)
    }

    /// What it is sent, in the form in which `EventFilter` is given; null when what is kept cannot be read any more.
    async fn filter(&self) -> Option<Json<EventFilter>> {
        filter_of(&self.0).ok().map(Json)
    }

    /// The same as text; null when what is kept cannot be read any more.
    async fn search(&self) -> Option<String> {
        filter_of(&self.0).ok().map(|filter| print(&filter))
    }

    /// A saved filter that must hold, too; null when there is none, and when you may not see it any more.
    async fn saved_filter(&self, ctx: &Context<'_>) -> Result<Option<SavedFilter>> {
        match self.0.saved_filter_id {
            Some(id) => saved::by_number(ctx, id).await,
            None => Ok(None),
        }
    }

    /// Whether an `Authorization` header is sent; which one is not told.
    async fn sends_authorization(&self) -> bool {
        self.0.authorization.is_some()
    }

    /// Until when messages are signed with the secret before this one, too; null when they are not.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn old_secret_until(&self, ctx: &Context<'_>) -> Result<Option<Timestamp>> {
        let now = backend(ctx)?.clock.now();
        let until = self.0.old_secret_until.map(Timestamp::from_micros);
        Ok(until.filter(|until| *until > now))
    }

    /// Whose it is, by the name of their token. It is sent what they may see.
    async fn owner(&self) -> &str {
        &self.0.holder_name
    }

    /// Whether it is yours.
    #[expect(clippy::unused_async, reason = "resolvers are async")]
    async fn is_own(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.0.holder == viewer(ctx)?.holder())
    }

    /// How it is doing.
    async fn state(&self) -> WebhookEndpointState {
        WebhookEndpointState::from_number(self.0.state)
    }

    /// Why the server has paused or disabled it.
    async fn state_reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Since when it is in this state.
    async fn state_since(&self) -> Timestamp {
        Timestamp::from_micros(self.0.state_since)
    }

    /// The position up to which everything has been delivered, or passed over because it is not chosen.
    async fn position(&self) -> String {
        self.0.position.to_string()
    }

    /// How many positions of the log come behind that; not all of them need be chosen.
    async fn behind(&self, ctx: &Context<'_>) -> Result<i64> {
        let newest = backend(ctx)?.feed.store().newest().await;
        let newest = newest.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(newest.saturating_sub(self.0.position).max(0))
    }

    /// Since when every attempt has failed; null when the newest has not.
    async fn failing_since(&self) -> Option<Timestamp> {
        self.0.failing_since.map(Timestamp::from_micros)
    }

    /// When the next attempt is due; null when none is put off.
    async fn next_attempt_at(&self) -> Option<Timestamp> {
        self.0.next_attempt_at.map(Timestamp::from_micros)
    }

    /// What was sent, newest first: the newest 1,000 requests.
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, from the start; 50 when absent, 500 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<WebhookDelivery>> {
        let page = PageArgs {
            first,
            after,
            last,
            before,
        };
        let range = page.range::<i64>(DELIVERIES, true)?;
        let store = backend(ctx)?.feed.store();
        let rows = store
            .webhook_deliveries(viewer(ctx)?, self.0.id, range)
            .await;
        let rows = rows.map_err(|failure| error::from_store(ctx, failure))?;
        let mark = |row: &webhook_delivery::Model| row.number;
        Ok(Connection::new(rows, &range, DELIVERIES, mark, |row| {
            WebhookDelivery(Arc::new(row))
        }))
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(self.0.created_at)
    }

    /// When it was changed last.
    async fn updated_at(&self) -> Timestamp {
        Timestamp::from_micros(self.0.updated_at)
    }
}

#[derive(Clone)]
pub(super) struct WebhookDelivery(Arc<webhook_delivery::Model>);

/// One request that was sent to an endpoint, as often as it took.
#[Object]
impl WebhookDelivery {
    /// The header `webhook-id`, the same in all attempts.
    async fn message_id(&self) -> &str {
        &self.0.message_id
    }

    /// Whether it was sent because somebody tested the endpoint.
    async fn is_test(&self) -> bool {
        self.0.test
    }

    /// What has become of it.
    async fn state(&self) -> WebhookDeliveryState {
        WebhookDeliveryState::from_number(self.0.state)
    }

    /// How many events are in it.
    async fn event_count(&self) -> i64 {
        self.0.events
    }

    /// The position of its first event.
    async fn first_position(&self) -> String {
        self.0.first_seq.to_string()
    }

    /// The position of its last event.
    async fn last_position(&self) -> String {
        self.0.last_seq.to_string()
    }

    /// How often it was tried.
    async fn attempt_count(&self) -> i64 {
        self.0.attempts
    }

    /// The newest 20 attempts, oldest first.
    async fn attempts(&self) -> Vec<WebhookAttempt> {
        attempts_of(&self.0)
            .into_iter()
            .map(WebhookAttempt::from)
            .collect()
    }

    /// When it is tried again; null when that is not put off, or not going to be.
    async fn next_attempt_at(&self) -> Option<Timestamp> {
        self.0.next_attempt_at.map(Timestamp::from_micros)
    }

    /// When it was sent first.
    async fn started_at(&self) -> Timestamp {
        Timestamp::from_micros(self.0.began_at)
    }

    /// When it was taken or given up.
    async fn ended_at(&self) -> Option<Timestamp> {
        self.0.ended_at.map(Timestamp::from_micros)
    }
}

/// One attempt to deliver something.
#[derive(SimpleObject)]
struct WebhookAttempt {
    /// When it began.
    time: Timestamp,
    /// The HTTP status of the answer; null when there was none.
    status: Option<u16>,
    /// How long it took, in milliseconds.
    duration_ms: u64,
    /// Why it failed, in the target's words or ours; null when it did not.
    error: Option<String>,
}

impl From<Attempt> for WebhookAttempt {
    fn from(attempt: Attempt) -> Self {
        Self {
            time: Timestamp::from_micros(attempt.at),
            status: attempt.status,
            duration_ms: attempt.millis,
            error: attempt.error,
        }
    }
}

/// An endpoint by its number, as `node` finds it.
pub(super) async fn by_number(ctx: &Context<'_>, number: i64) -> Result<Option<WebhookEndpoint>> {
    let store = backend(ctx)?.feed.store();
    let found = store.webhook_endpoint(viewer(ctx)?, number).await;
    let found = found.map_err(|failure| error::from_store(ctx, failure))?;
    Ok(found.map(|row| WebhookEndpoint(Arc::new(row))))
}

/// The endpoint with that number, which has just been there.
async fn present(ctx: &Context<'_>, number: i64) -> Result<WebhookEndpoint> {
    let missing = StoreError::NotFound {
        what: "webhook endpoint with this id".to_owned(),
    };
    let found = by_number(ctx, number).await?;
    found.ok_or_else(|| error::from_store(ctx, missing))
}

fn number(argument: &str, id: &ID) -> Result<i64> {
    let id = node::read(argument, id)?;
    if id.kind == NodeKind::WebhookEndpoint {
        return Ok(id.number);
    }
    Err(error::bad_input(
        argument,
        "is not the id of a webhook endpoint",
    ))
}

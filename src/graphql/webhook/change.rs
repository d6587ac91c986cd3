//! What administrators do with webhook endpoints.

use super::super::{backend, error, node, saved, viewer};
use super::{WebhookDelivery, WebhookEndpoint, number, present};
use crate::event::filter::EventFilter;
use crate::event::node::NodeKind;
use crate::event::webhook::{WebhookEndpointState, WebhookFormat};
use crate::store::endpoints::{EndpointChange, NewEndpoint};
use crate::store::entity::webhook_endpoint::Secret;
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use std::sync::Arc;
use std::time::Duration;

/// Hours for which messages are signed with two secrets when nobody says for how many.
const OVERLAP: i32 = 24;

/// Hours for which messages may be signed with two secrets.
const LONGEST_OVERLAP: i32 = 30 * 24;

#[derive(Default)]
pub(in crate::graphql) struct WebhookMutation;

#[Object]
impl WebhookMutation {
    /// Has events sent to an address from now on. Its secret, with which receivers verify that messages come from here,
    /// is in the answer and nowhere else. For administrators.
    async fn create_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where to send what.")] input: CreateWebhookEndpointInput,
    ) -> Result<CreateWebhookEndpointPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let secret = backend.webhooks.secret();
        let after = input.after.as_deref().map(position).transpose()?;
        let new = NewEndpoint {
            name: input.name,
            url: checked_url(ctx, &input.url).await?,
            format: input.format.unwrap_or_default(),
            filter: saved::given(input.filter, input.search.as_deref())?.unwrap_or_default(),
            saved_filter: input
                .saved_filter_id
                .as_ref()
                .map(saved_number)
                .transpose()?,
            authorization: input.authorization.map(Secret),
            after,
            secret: secret.clone(),
            key: backend.webhooks.key(),
        };
        let store = backend.feed.store();
        let created = store.create_webhook_endpoint(viewer, new, backend.clock.now());
        let created = backend.feed.recording(Box::pin(created)).await;
        let id = created.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(CreateWebhookEndpointPayload {
            webhook_endpoint: present(ctx, id).await?,
            secret: secret.0,
        })
    }

    /// Changes a webhook endpoint, mutes it, or lets it go on; what is not given stays as it is. What is put off is tried
    /// at once. For administrators.
    async fn update_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateWebhookEndpointInput,
    ) -> Result<WebhookEndpointPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let id = number("input.id", &input.id)?;
        if let Some(state @ (WebhookEndpointState::Paused | WebhookEndpointState::Disabled)) =
            input.state
        {
            let message = format!(
                "{} is for the server to say; give ACTIVE or MUTED",
                state.as_str()
            );
            return Err(error::bad_input("input.state", message));
        }
        let url = match &input.url {
            Some(url) => Some(checked_url(ctx, url).await?),
            None => None,
        };
        let change = EndpointChange {
            name: input.name,
            url,
            format: input.format,
            filter: saved::given(input.filter, input.search.as_deref())?,
            saved_filter: match &input.saved_filter_id {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(id) => Some(Some(saved_number(id)?)),
            },
            authorization: match input.authorization {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(header) => Some(Some(Secret(header))),
            },
            state: input.state,
            take_over: input.take_over.unwrap_or(false),
        };
        let store = backend.feed.store();
        let changed = store.change_webhook_endpoint(viewer, id, change, backend.clock.now());
        let changed = backend.feed.recording(Box::pin(changed)).await;
        changed.map_err(|failure| error::from_store(ctx, failure))?;
        payload(ctx, id).await
    }

    /// Deletes a webhook endpoint, and what is remembered of its deliveries. For administrators.
    async fn delete_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: DeleteWebhookEndpointInput,
    ) -> Result<DeleteWebhookEndpointPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let id = number("input.id", &input.id)?;
        let store = backend.feed.store();
        let deleted = store.delete_webhook_endpoint(viewer, id, backend.clock.now());
        let deleted = backend.feed.recording(Box::pin(deleted)).await;
        deleted.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(DeleteWebhookEndpointPayload {
            deleted_id: input.id,
        })
    }

    /// Gives a webhook endpoint another secret, which is in the answer and nowhere else. For a while messages are signed
    /// with both, so that receivers can change over without missing any. For administrators.
    async fn rotate_webhook_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose secret, and for how long the old one still holds.")]
        input: RotateWebhookSecretInput,
    ) -> Result<RotateWebhookSecretPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let id = number("input.id", &input.id)?;
        let hours = input.overlap_hours.unwrap_or(OVERLAP);
        let overlap = u64::try_from(hours)
            .ok()
            .filter(|_| hours <= LONGEST_OVERLAP)
            .map(Duration::from_hours);
        let Some(overlap) = overlap else {
            let message = format!("{hours} is out of range; give 0 to {LONGEST_OVERLAP}");
            return Err(error::bad_input("input.overlapHours", message));
        };
        let secret = backend.webhooks.secret();
        let store = backend.feed.store();
        let now = backend.clock.now();
        let rotated = store.rotate_webhook_secret(viewer, id, (secret.clone(), overlap), now);
        let rotated = backend.feed.recording(Box::pin(rotated)).await;
        rotated.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(RotateWebhookSecretPayload {
            webhook_endpoint: present(ctx, id).await?,
            secret: secret.0,
        })
    }

    /// Sends a webhook endpoint one event, that it is being tested, and waits up to 10 seconds for the answer. Works in
    /// every state, and changes none. For administrators.
    async fn test_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: TestWebhookEndpointInput,
    ) -> Result<TestWebhookEndpointPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let id = number("input.id", &input.id)?;
        let delivery = Box::pin(backend.webhooks.test(viewer, id)).await;
        let delivery = delivery.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(TestWebhookEndpointPayload {
            webhook_endpoint: present(ctx, id).await?,
            delivery: delivery.map(|row| WebhookDelivery(Arc::new(row))),
        })
    }

    /// Lets a webhook endpoint go on behind another position: an earlier one to send again what came since, a later one
    /// to pass over what it has not been sent. For administrators.
    async fn replay_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one, and from where.")] input: ReplayWebhookEndpointInput,
    ) -> Result<WebhookEndpointPayload> {
        let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
        let id = number("input.id", &input.id)?;
        let after = position(&input.after)?;
        let store = backend.feed.store();
        let moved = store.replay_webhook_endpoint(viewer, id, after, backend.clock.now());
        let moved = backend.feed.recording(Box::pin(moved)).await;
        moved.map_err(|failure| error::from_store(ctx, failure))?;
        payload(ctx, id).await
    }
}

/// Where to send what.
#[derive(InputObject)]
struct CreateWebhookEndpointInput {
    /// A name for it; 1 to 255 characters.
    name: String,
    /// Where: an https address that leads to the public internet, or one that the setting `webhooks.allow` names.
    url: String,
    /// In which form; EVENT when absent.
    format: Option<WebhookFormat>,
    /// What to send; every event when neither this nor `search` nor `savedFilterId` is given.
    filter: Option<EventFilter>,
    /// What to send, too, as text; see `parseSearch`. With `filter`, both must hold.
    search: Option<String>,
    /// The id of a saved filter that must hold, too, as it will be at that moment.
    saved_filter_id: Option<ID>,
    /// The `Authorization` header to send, e.g. `Splunk 0e7a…`. It is not shown again.
    authorization: Option<String>,
    /// The position behind which to begin, as `Event.position` has it; `0` for the beginning of the log. The end of the
    /// log when absent.
    after: Option<String>,
}

/// What to change of a webhook endpoint.
#[derive(InputObject)]
struct UpdateWebhookEndpointInput {
    /// Its global id.
    id: ID,
    /// A name for it; 1 to 255 characters.
    name: Option<String>,
    /// Where: an https address that leads to the public internet, or one that the setting `webhooks.allow` names.
    url: Option<String>,
    /// In which form.
    format: Option<WebhookFormat>,
    /// What to send, in place of all that was given before, `search` included.
    filter: Option<EventFilter>,
    /// The same as text; see `parseSearch`. With `filter`, both must hold.
    search: Option<String>,
    /// The id of a saved filter that must hold, too; null for none.
    saved_filter_id: MaybeUndefined<ID>,
    /// The `Authorization` header to send; null for none.
    authorization: MaybeUndefined<String>,
    /// MUTED: nothing is sent until it is made active again. ACTIVE: it goes on from where it was, whether it was muted,
    /// paused or disabled.
    state: Option<WebhookEndpointState>,
    /// True: it becomes yours, and is sent what you may see.
    take_over: Option<bool>,
}

/// A webhook endpoint to delete.
#[derive(InputObject)]
struct DeleteWebhookEndpointInput {
    /// Its global id.
    id: ID,
}

/// A webhook endpoint whose secret is to be another.
#[derive(InputObject)]
struct RotateWebhookSecretInput {
    /// Its global id.
    id: ID,
    /// For how many hours messages are signed with the old secret, too: 0 to 720, 24 when absent.
    overlap_hours: Option<i32>,
}

/// A webhook endpoint to test.
#[derive(InputObject)]
struct TestWebhookEndpointInput {
    /// Its global id.
    id: ID,
}

/// From where a webhook endpoint is to go on.
#[derive(InputObject)]
struct ReplayWebhookEndpointInput {
    /// Its global id.
    id: ID,
    /// The position behind which it goes on, as `Event.position` has it; `0` for the beginning of the log.
    after: String,
}

/// A new webhook endpoint.
#[derive(SimpleObject)]
struct CreateWebhookEndpointPayload {
    /// The endpoint.
    webhook_endpoint: WebhookEndpoint,
    /// What receivers verify its messages with, as Standard Webhooks has it. It is not shown again.
    secret: String,
}

/// A webhook endpoint, as it is now.
#[derive(SimpleObject)]
struct WebhookEndpointPayload {
    /// The endpoint.
    webhook_endpoint: WebhookEndpoint,
}

/// What was deleted.
#[derive(SimpleObject)]
struct DeleteWebhookEndpointPayload {
    /// The global id that it had.
    deleted_id: ID,
}

/// A webhook endpoint with another secret.
#[derive(SimpleObject)]
struct RotateWebhookSecretPayload {
    /// The endpoint.
    webhook_endpoint: WebhookEndpoint,
    /// The new secret. It is not shown again.
    secret: String,
}

/// What came of a test.
#[derive(SimpleObject)]
struct TestWebhookEndpointPayload {
    /// The endpoint.
    webhook_endpoint: WebhookEndpoint,
    /// What was sent, and what the target answered; null when the endpoint was deleted meanwhile.
    delivery: Option<WebhookDelivery>,
}

async fn payload(ctx: &Context<'_>, id: i64) -> Result<WebhookEndpointPayload> {
    Ok(WebhookEndpointPayload {
        webhook_endpoint: present(ctx, id).await?,
    })
}

/// An address to which something may be sent; only an administrator learns what names lead to.
async fn checked_url(ctx: &Context<'_>, url: &str) -> Result<String> {
    let (viewer, backend) = (viewer(ctx)?, backend(ctx)?);
    if !viewer.administers() {
        // The store says so, too, and in which words.
        return Ok(url.to_owned());
    }
    let checked = backend.webhooks.check(url).await;
    checked.map_err(|refused| error::bad_input("input.url", refused.to_string()))
}

fn position(text: &str) -> Result<i64> {
    text.parse().map_err(|_| {
        let message = format!("`{text}` is not a position; give `Event.position`, or `0`");
        error::bad_input("input.after", message)
    })
}

fn saved_number(id: &ID) -> Result<i64> {
    let found = node::read("input.savedFilterId", id)?;
    if found.kind == NodeKind::SavedFilter {
        return Ok(found.number);
    }
    let message = "is not the id of a saved filter";
    Err(error::bad_input("input.savedFilterId", message))
}

//! What is sent to webhook endpoints: how far each has come, what is under way, and how it went.
//!
//! Whoever sends says from which position they set out. Where the endpoint has been told to go on from elsewhere since
//! then, or another process has gone on, nothing they report counts.

mod rows;

pub use rows::attempts_of;
pub(super) use rows::give_up;

use super::append::Appended;
use super::endpoints::object;
use super::entity::webhook_delivery as delivery;
use super::entity::webhook_endpoint as endpoint;
use super::names::Resolver;
use super::observation::Observation;
use super::read::{Range, Rows, cut};
use super::{Store, StoreError, clean, deeds};
use crate::access::Viewer;
use crate::event::Timestamp;
use crate::event::webhook::{Attempt, WebhookDeliveryState, WebhookEndpointState};
use rows::{begun, claim, end, failed, insert, note, open, tried_again, update, with_attempts};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// What one request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The id that the target sees; the same in all attempts.
    pub id: String,
    /// The position of its first event.
    pub first: i64,
    /// The position of its last event.
    pub last: i64,
    /// Events in it.
    pub events: usize,
}

/// What follows from an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken: on to what comes behind it.
    Taken,
    /// It was not taken, and is tried again at that moment.
    Again(Timestamp),
    /// It was not taken, and nothing is tried any more until somebody says so.
    Over(WebhookEndpointState, String),
}

impl Store {
    /// The endpoints that are sent what happens, by number.
    pub async fn active_endpoints(&self) -> Result<Vec<i64>, StoreError> {
        Ok(endpoint::Entity::find()
            .select_only()
            .column(endpoint::Column::Id)
            .filter(
                endpoint::COLUMN
                    .state
                    .eq(WebhookEndpointState::Active.number()),
            )
            .order_by_asc(endpoint::Column::Id)
            .into_tuple()
            .all(&self.door)
            .await?)
    }

    /// The endpoint with that number, as long as it is sent what happens.
    pub async fn active_endpoint(&self, id: i64) -> Result<Option<endpoint::Model>, StoreError> {
        Ok(endpoint::Entity::find_by_id(id)
            .filter(
                endpoint::COLUMN
                    .state
                    .eq(WebhookEndpointState::Active.number()),
            )
            .one(&self.door)
            .await?)
    }

    /// A page of an endpoint's deliveries, by number. For administrators, as the endpoint itself.
    pub async fn webhook_deliveries(
        &self,
        viewer: &Viewer,
        id: i64,
        range: Range<i64>,
    ) -> Result<Rows<delivery::Model>, StoreError> {
        if !viewer.administers() {
            return Ok(Rows {
                rows: Vec::new(),
                more: false,
            });
        }
        let mut page = delivery::Entity::find().filter(delivery::COLUMN.endpoint_id.eq(id));
        for (bound, above) in [
            (range.after, !range.descending),
            (range.before, range.descending),
        ] {
            page = match bound {
                Some(number) if above => page.filter(delivery::COLUMN.number.gt(number)),
                Some(number) => page.filter(delivery::COLUMN.number.lt(number)),
                None => page,
            };
        }
        page = if range.descending == range.from_end {
            page.order_by_asc(delivery::Column::Number)
        } else {
            page.order_by_desc(delivery::Column::Number)
        };
        let rows = page.limit(range.limit + 1).all(&self.read).await?;
        Ok(cut(rows, &range))
    }

    /// The delivery that an endpoint has under way, if any.
    pub async fn open_delivery(
        &self,
        endpoint: &endpoint::Model,
    ) -> Result<Option<delivery::Model>, StoreError> {
        open(&self.door, endpoint).await
    }

    /// Notes what is about to be sent, so that it is the same that is tried again, whatever comes behind it meanwhile.
    pub async fn begin_delivery(
        &self,
        endpoint: &endpoint::Model,
        message: &Message,
        now: Timestamp,
    ) -> Result<Option<endpoint::Model>, StoreError> {
        let transaction = self.begin().await?;
        let Some(mut row) = claim(&transaction, endpoint, endpoint.position).await? else {
            return Ok(None);
        };
        let attempts = Vec::new();
        row.open_delivery = Some(note(&transaction, &mut row, message, attempts, now).await?);
        update(&transaction, &row).await?;
        transaction.commit().await?;
        Ok(Some(row))
    }

    /// Notes what has come of an attempt. The endpoint as it is then; `None` where it is elsewhere by now, and the attempt
    /// counts for nothing.
    pub async fn settle_delivery(
        &self,
        endpoint: &endpoint::Model,
        message: &Message,
        (attempt, verdict): (Attempt, Verdict),
        now: Timestamp,
    ) -> Result<(Option<endpoint::Model>, Appended), StoreError> {
        // Only what goes into the log takes its turn with others that write to it.
        let transaction = match verdict {
            Verdict::Over(..) => self.begin_alone().await?,
            Verdict::Taken | Verdict::Again(_) => self.begin().await?,
        };
        let position = match verdict {
            Verdict::Taken => message.last,
            _ => endpoint.position,
        };
        let Some(mut row) = claim(&transaction, endpoint, position).await? else {
            return Ok((None, Appended::default()));
        };
        let number = note(&transaction, &mut row, message, vec![attempt], now).await?;
        let mut appended = Appended::default();
        match verdict {
            Verdict::Taken => {
                (row.failures, row.failing_since, row.next_attempt_at) = (0, None, None);
                row.open_delivery = None;
                end(
                    &transaction,
                    &row,
                    number,
                    WebhookDeliveryState::Delivered,
                    now,
                )
                .await?;
            }
            Verdict::Again(at) => {
                failed(&mut row, number, now);
                row.next_attempt_at = Some(at.micros());
                tried_again(&transaction, &row, number).await?;
            }
            Verdict::Over(state, reason) => {
                failed(&mut row, number, now);
                row.next_attempt_at = None;
                tried_again(&transaction, &row, number).await?;
                appended = self
                    .put_down(&transaction, &mut row, (state, reason), now)
                    .await?;
            }
        }
        update(&transaction, &row).await?;
        transaction.commit().await?;
        Ok((Some(row), appended))
    }

    /// Pauses an endpoint that cannot be told any more what to send, where it still is active.
    pub async fn pause_endpoint(
        &self,
        endpoint: &endpoint::Model,
        reason: String,
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        let transaction = self.begin_alone().await?;
        let Some(mut row) = claim(&transaction, endpoint, endpoint.position).await? else {
            return Ok(((), Appended::default()));
        };
        let over = (WebhookEndpointState::Paused, reason);
        let appended = self.put_down(&transaction, &mut row, over, now).await?;
        update(&transaction, &row).await?;
        transaction.commit().await?;
        Ok(((), appended))
    }

    /// Lets an endpoint pass over everything up to a position, for none of it is for it.
    pub async fn move_endpoint(
        &self,
        endpoint: &endpoint::Model,
        position: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self.begin().await?;
        let Some(mut row) = claim(&transaction, endpoint, position).await? else {
            return Ok(());
        };
        give_up(&transaction, &row, now).await?;
        row.open_delivery = None;
        update(&transaction, &row).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Notes what has come of a test, which changes nothing else.
    pub async fn note_test(
        &self,
        endpoint: &endpoint::Model,
        message: &Message,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<Option<delivery::Model>, StoreError> {
        let transaction = self.begin().await?;
        let counted = endpoint::Entity::update_many()
            .col_expr(
                endpoint::Column::Deliveries,
                Expr::col(endpoint::Column::Deliveries).add(1),
            )
            .filter(endpoint::COLUMN.id.eq(endpoint.id))
            .exec(&transaction)
            .await?;
        let row = endpoint::Entity::find_by_id(endpoint.id)
            .one(&transaction)
            .await?;
        let Some(row) = row.filter(|_| counted.rows_affected > 0) else {
            return Ok(None);
        };
        let state = match attempt.error {
            None => WebhookDeliveryState::Delivered,
            Some(_) => WebhookDeliveryState::Failed,
        };
        let delivery = delivery::Model {
            test: true,
            state: state.number(),
            ended_at: Some(now.micros()),
            ..begun(&row, row.deliveries, message, now)
        };
        let delivery = with_attempts(delivery, vec![attempt]);
        insert(&transaction, delivery.clone()).await?;
        transaction.commit().await?;
        Ok(Some(delivery))
    }

    /// Ends the sending to an endpoint until somebody says otherwise, and tells the log. Whoever has to be told besides
    /// follows the log and finds `webhook_endpoint.paused` and `webhook_endpoint.disabled` there.
    async fn put_down(
        &self,
        transaction: &DatabaseTransaction,
        row: &mut endpoint::Model,
        (state, reason): (WebhookEndpointState, String),
        now: Timestamp,
    ) -> Result<Appended, StoreError> {
        if row.state != WebhookEndpointState::Active.number() {
            return Ok(Appended::default());
        }
        let code = match state {
            WebhookEndpointState::Disabled => "webhook_endpoint.disabled",
            _ => "webhook_endpoint.paused",
        };
        let deed = Observation::of_own(code, object(row)).change(
            "state",
            Some(WebhookEndpointState::Active.as_str().to_owned()),
            Some(state.as_str().to_owned()),
        );
        row.state = state.number();
        row.state_since = now.micros();
        row.reason = Some(clean(reason.clone()));
        let mut resolver = Resolver::new(transaction, &self.names);
        let happened = deeds::happened(&mut resolver, now, ("delivery", [deed.because(reason)]));
        let appended = Box::pin(happened).await?;
        self.tell_others(transaction, appended).await?;
        Ok(appended)
    }
}

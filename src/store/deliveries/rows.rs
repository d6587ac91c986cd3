//! The rows of endpoints and deliveries, as sending changes them.

use super::{Message, delivery, endpoint};
use crate::event::Timestamp;
use crate::event::webhook::{Attempt, WebhookDeliveryState};
use crate::store::{StoreError, clean};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, Set,
};

/// Deliveries of an endpoint that are remembered.
const KEPT: i64 = 1_000;

/// Attempts of a delivery that are remembered.
const ATTEMPTS: usize = 20;

/// Gives up the delivery that an endpoint has under way, if any.
pub(in crate::store) async fn give_up(
    transaction: &DatabaseTransaction,
    endpoint: &endpoint::Model,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(number) = endpoint.open_delivery else {
        return Ok(());
    };
    let state = WebhookDeliveryState::Failed;
    end(transaction, endpoint, number, state, now).await
}

/// The newest attempts of a delivery, oldest first.
#[must_use]
pub fn attempts_of(delivery: &delivery::Model) -> Vec<Attempt> {
    serde_json::from_str(&delivery.log).unwrap_or_default()
}

/// Moves an endpoint on, if it still is where it was, and keeps others from changing it until the transaction ends.
pub(super) async fn claim(
    transaction: &DatabaseTransaction,
    endpoint: &endpoint::Model,
    position: i64,
) -> Result<Option<endpoint::Model>, StoreError> {
    let moved = endpoint::Entity::update_many()
        .col_expr(endpoint::Column::Position, Expr::value(position))
        .filter(endpoint::COLUMN.id.eq(endpoint.id))
        .filter(endpoint::COLUMN.position.eq(endpoint.position))
        .exec(transaction)
        .await?;
    if moved.rows_affected == 0 {
        return Ok(None);
    }
    Ok(endpoint::Entity::find_by_id(endpoint.id)
        .one(transaction)
        .await?)
}

pub(super) async fn open(
    db: &impl ConnectionTrait,
    endpoint: &endpoint::Model,
) -> Result<Option<delivery::Model>, StoreError> {
    let Some(number) = endpoint.open_delivery else {
        return Ok(None);
    };
    Ok(delivery::Entity::find_by_id((endpoint.id, number))
        .one(db)
        .await?)
}

/// Writes down what was sent, in the delivery that is under way or in a new one; its number.
pub(super) async fn note(
    transaction: &DatabaseTransaction,
    row: &mut endpoint::Model,
    message: &Message,
    attempts: Vec<Attempt>,
    now: Timestamp,
) -> Result<i64, StoreError> {
    if let Some(under_way) = open(transaction, row).await? {
        let number = under_way.number;
        let delivery = delivery::Model {
            last_seq: message.last,
            events: count(message.events),
            ..with_attempts(under_way, attempts)
        };
        delivery::Entity::update(delivery.into_active_model().reset_all())
            .exec(transaction)
            .await?;
        return Ok(number);
    }
    row.deliveries += 1;
    let delivery = begun(row, row.deliveries, message, now);
    insert(transaction, with_attempts(delivery, attempts)).await?;
    Ok(row.deliveries)
}

pub(super) fn begun(
    endpoint: &endpoint::Model,
    number: i64,
    message: &Message,
    now: Timestamp,
) -> delivery::Model {
    delivery::Model {
        endpoint_id: endpoint.id,
        number,
        message_id: message.id.clone(),
        test: false,
        first_seq: message.first,
        last_seq: message.last,
        events: count(message.events),
        state: WebhookDeliveryState::Open.number(),
        attempts: 0,
        log: "[]".to_owned(),
        began_at: now.micros(),
        ended_at: None,
        next_attempt_at: None,
    }
}

pub(super) fn with_attempts(mut delivery: delivery::Model, new: Vec<Attempt>) -> delivery::Model {
    let mut attempts = attempts_of(&delivery);
    delivery.attempts += count(new.len());
    attempts.extend(new);
    attempts.drain(..attempts.len().saturating_sub(ATTEMPTS));
    delivery.log = clean(serde_json::to_string(&attempts).unwrap_or_default());
    delivery
}

/// Adds a delivery and forgets those that are older than is remembered.
pub(super) async fn insert(
    transaction: &DatabaseTransaction,
    delivery: delivery::Model,
) -> Result<(), StoreError> {
    let (endpoint, number) = (delivery.endpoint_id, delivery.number);
    delivery::Entity::insert(delivery.into_active_model())
        .exec_without_returning(transaction)
        .await?;
    delivery::Entity::delete_many()
        .filter(delivery::COLUMN.endpoint_id.eq(endpoint))
        .filter(delivery::COLUMN.number.lte(number - KEPT))
        .filter(
            delivery::COLUMN
                .state
                .ne(WebhookDeliveryState::Open.number()),
        )
        .exec(transaction)
        .await?;
    Ok(())
}

pub(super) async fn end(
    transaction: &DatabaseTransaction,
    endpoint: &endpoint::Model,
    number: i64,
    state: WebhookDeliveryState,
    now: Timestamp,
) -> Result<(), StoreError> {
    let ended = delivery::ActiveModel {
        state: Set(state.number()),
        ended_at: Set(Some(now.micros())),
        next_attempt_at: Set(None),
        ..Default::default()
    };
    write(transaction, endpoint, number, ended).await
}

pub(super) async fn tried_again(
    transaction: &DatabaseTransaction,
    endpoint: &endpoint::Model,
    number: i64,
) -> Result<(), StoreError> {
    let put_off = delivery::ActiveModel {
        next_attempt_at: Set(endpoint.next_attempt_at),
        ..Default::default()
    };
    write(transaction, endpoint, number, put_off).await
}

async fn write(
    transaction: &DatabaseTransaction,
    endpoint: &endpoint::Model,
    number: i64,
    active: delivery::ActiveModel,
) -> Result<(), StoreError> {
    delivery::Entity::update_many()
        .set(active)
        .filter(delivery::COLUMN.endpoint_id.eq(endpoint.id))
        .filter(delivery::COLUMN.number.eq(number))
        .exec(transaction)
        .await?;
    Ok(())
}

pub(super) fn failed(row: &mut endpoint::Model, number: i64, now: Timestamp) {
    row.failures += 1;
    row.failing_since = row.failing_since.or(Some(now.micros()));
    row.open_delivery = Some(number);
}

/// Writes what the sending has changed of an endpoint, and nothing else.
pub(super) async fn update(
    transaction: &DatabaseTransaction,
    row: &endpoint::Model,
) -> Result<(), StoreError> {
    endpoint::Entity::update_many()
        .set(endpoint::ActiveModel {
            state: Set(row.state),
            state_since: Set(row.state_since),
            reason: Set(row.reason.clone()),
            failures: Set(row.failures),
            failing_since: Set(row.failing_since),
            next_attempt_at: Set(row.next_attempt_at),
            deliveries: Set(row.deliveries),
            open_delivery: Set(row.open_delivery),
            ..Default::default()
        })
        .filter(endpoint::COLUMN.id.eq(row.id))
        .exec(transaction)
        .await?;
    Ok(())
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

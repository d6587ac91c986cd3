//! That webhooks came: what they said is in the log, how many there were and when is kept here.

use super::entity::hook;
use super::{Store, StoreError};
use crate::event::Timestamp;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{DatabaseTransaction, EntityTrait, ExprTrait, Set};

/// Webhooks that came since the last time that this was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// How many were taken.
    pub received: u32,
    /// How many were refused.
    pub refused: u32,
}

impl Store {
    /// Which webhooks came for a source since the beginning; nothing when there never was one.
    pub async fn hooks(&self, source_id: i32) -> Result<Option<hook::Model>, StoreError> {
        Ok(hook::Entity::find_by_id(source_id).one(&self.read).await?)
    }
}

/// Adds to what is known of a source's webhooks.
pub(super) async fn count(
    transaction: &DatabaseTransaction,
    source_id: i32,
    arrived: Arrived,
    now: Timestamp,
) -> Result<(), StoreError> {
    if arrived == Arrived::default() {
        return Ok(());
    }
    let moment = |count: u32| (count > 0).then(|| now.micros());
    let row = hook::ActiveModel {
        source_id: Set(source_id),
        received: Set(arrived.received.into()),
        refused: Set(arrived.refused.into()),
        received_at: Set(moment(arrived.received)),
        refused_at: Set(moment(arrived.refused)),
    };
    let column = |column: hook::Column| Expr::col((hook::Entity, column));
    let mut add = OnConflict::column(hook::Column::SourceId);
    for (counter, since, count) in [
        (
            hook::Column::Received,
            hook::Column::ReceivedAt,
            arrived.received,
        ),
        (
            hook::Column::Refused,
            hook::Column::RefusedAt,
            arrived.refused,
        ),
    ] {
        if count > 0 {
            add.value(counter, column(counter).add(i64::from(count)));
            add.update_column(since);
        }
    }
    hook::Entity::insert(row)
        .on_conflict(add)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

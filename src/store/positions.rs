//! Consumers of the log: how far each has read, and which process reads for it.
//!
//! Several processes may serve one database, but what leaves must leave once: whoever delivers holds a lease, and asks for
//! it again while at work. One that has died is followed by another when its lease ends.

use super::entity::{lease, position};
use super::{Store, StoreError};
use crate::event::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{EntityTrait, QueryFilter, Set};
use std::time::Duration;
use uuid::Uuid;

impl Store {
    /// Everything up to this position is done by that consumer; 0 when it has never read.
    pub async fn position(&self, consumer: &str) -> Result<i64, StoreError> {
        let row = position::Entity::find_by_id(consumer.to_owned())
            .one(&self.door)
            .await?;
        Ok(row.map_or(0, |row| row.seq))
    }

    /// Notes that a consumer has done everything up to a position; may go back, to do it again.
    pub async fn move_position(
        &self,
        consumer: &str,
        seq: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = position::ActiveModel {
            consumer: Set(consumer.to_owned()),
            seq: Set(seq),
            moved_at: Set(now.micros()),
        };
        let moved = OnConflict::column(position::Column::Consumer)
            .update_columns([position::Column::Seq, position::Column::MovedAt])
            .to_owned();
        position::Entity::insert(row)
            .on_conflict(moved)
            .exec_without_returning(&self.write)
            .await?;
        Ok(())
    }

    /// Whether what goes by that name is `holder`'s to do until `span` from now: true when nobody else is at it. Whoever
    /// holds it asks again before that time has passed.
    pub async fn take_lease(
        &self,
        name: &str,
        holder: Uuid,
        now: Timestamp,
        span: Duration,
    ) -> Result<bool, StoreError> {
        let row = lease::ActiveModel {
            name: Set(name.to_owned()),
            holder: Set(holder),
            until: Set(now.plus(span).micros()),
        };
        let column = |column| Expr::col((lease::Entity, column));
        let free = column(lease::Column::Until)
            .lte(now.micros())
            .or(column(lease::Column::Holder).eq(holder));
        let taken = OnConflict::column(lease::Column::Name)
            .update_columns([lease::Column::Holder, lease::Column::Until])
            .action_and_where(free)
            .to_owned();
        let taken = lease::Entity::insert(row)
            .on_conflict(taken)
            .exec_without_returning(&self.write)
            .await?;
        Ok(taken > 0)
    }

    /// Gives back what is `holder`'s to do, so that nobody has to wait for it.
    pub async fn return_lease(&self, name: &str, holder: Uuid) -> Result<(), StoreError> {
        lease::Entity::delete_many()
            .filter(lease::COLUMN.name.eq(name))
            .filter(lease::COLUMN.holder.eq(holder))
            .exec(&self.write)
            .await?;
        Ok(())
    }
}

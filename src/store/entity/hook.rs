//! `hooks`: how many webhooks came for a source, and when the last one did.

use sea_orm::entity::prelude::*;

/// How many webhooks came for a source, and when the last one did.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "hooks")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: i32,
    /// Webhooks that were stored, repeated ones included.
    pub received: i64,
    /// Webhooks that were refused: not signed as they should be, or not of the source's system.
    pub refused: i64,
    /// When the last one was stored, in microseconds.
    pub received_at: Option<i64>,
    /// When the last one was refused, in microseconds; up to some seconds late, as refusals are written together.
    pub refused_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

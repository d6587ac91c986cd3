//! `positions`: how far a consumer has read the log.

use sea_orm::entity::prelude::*;

/// How far a consumer has read the log.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "positions")]
pub struct Model {
    /// Who reads.
    #[sea_orm(primary_key, auto_increment = false)]
    pub consumer: String,
    /// Everything up to this position is done.
    pub seq: i64,
    /// When it moved last, in microseconds.
    pub moved_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

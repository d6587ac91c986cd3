//! `payloads`: upstream's own text of an event.

use sea_orm::entity::prelude::*;

/// Upstream's own text of an event.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payloads")]
pub struct Model {
    /// The event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// The record, character for character.
    pub raw: String,
}

impl ActiveModelBehavior for ActiveModel {}

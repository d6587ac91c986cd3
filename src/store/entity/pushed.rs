//! `pushed`: an event that upstream has pushed, whether or not it had been read before.

use sea_orm::entity::prelude::*;

/// An event that upstream has pushed, whether or not it had been read before.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pushed")]
pub struct Model {
    /// The event's position.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
}

impl ActiveModelBehavior for ActiveModel {}

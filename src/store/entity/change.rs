//! `changes`: one field that an event changed.

use sea_orm::entity::prelude::*;

/// One field that an event changed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "changes")]
pub struct Model {
    /// The event.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Place in the list, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub place: i32,
    /// The field.
    pub field: String,
    /// Value before.
    pub from_value: Option<String>,
    /// Value after.
    pub to_value: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

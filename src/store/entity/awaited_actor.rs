//! `awaited_actors`: that an event still waits for somebody to be named.

use sea_orm::entity::prelude::*;

/// That an event still waits for somebody to be named.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "awaited_actors")]
pub struct Model {
    /// The event that names nobody.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// What another event must be about to say who did it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: String,
    /// When it happened, in microseconds.
    pub time: i64,
}

impl ActiveModelBehavior for ActiveModel {}

//! `activity_signals`: a sign that somebody was active, with its evidence.

use sea_orm::entity::prelude::*;

/// A sign that somebody was active, with its evidence.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "activity_signals")]
pub struct Model {
    /// Whose account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// Which source says so.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: i32,
    /// What says so.
    #[sea_orm(primary_key, auto_increment = false)]
    pub evidence: String,
    /// When, in microseconds.
    pub time: i64,
}

impl ActiveModelBehavior for ActiveModel {}

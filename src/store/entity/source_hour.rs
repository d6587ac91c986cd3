//! `source_hours`: how many events of a source happened in one hour.

use sea_orm::entity::prelude::*;

/// How many events of a source happened in one hour.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source_hours")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: i32,
    /// The hour, counted from 1970 in UTC.
    #[sea_orm(primary_key, auto_increment = false)]
    pub hour: i64,
    /// Events stored that happened in it.
    pub events: i64,
}

impl ActiveModelBehavior for ActiveModel {}

//! `sources`: an upstream connection.

use sea_orm::entity::prelude::*;

/// An upstream connection.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sources")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Its configured name.
    pub name: String,
    /// The system behind it.
    pub system: String,
    /// When it was first read, in microseconds; absent while nothing but imports came from it.
    pub connected_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

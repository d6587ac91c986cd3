//! `listed_users`: that a source lists somebody.

use sea_orm::entity::prelude::*;

/// That a source lists somebody.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "listed_users")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: i32,
    /// Who.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// The listing that named them last, by its start in microseconds.
    pub seen_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

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
    /// The account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// The listing that named them last, by its start in microseconds.
    pub seen_at: i64,
    /// The lower-case e-mail address that the source vouches for.
    pub email: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

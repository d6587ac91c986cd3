//! `issue_keys`: a key that an issue has or had.

use sea_orm::entity::prelude::*;

/// A key that an issue has or had.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "issue_keys")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The issue, in `issues`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub issue_id: i64,
}

impl ActiveModelBehavior for ActiveModel {}

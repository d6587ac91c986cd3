//! `leases`: which process does what only one may do at a time.

use sea_orm::entity::prelude::*;

/// Which process does what only one may do at a time.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "leases")]
pub struct Model {
    /// What is done.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The process.
    pub holder: Uuid,
    /// Until when it is theirs unless they ask again, in microseconds.
    pub until: i64,
}

impl ActiveModelBehavior for ActiveModel {}

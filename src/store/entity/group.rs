//! `groups`: a group.

use sea_orm::entity::prelude::*;

/// A group.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "groups")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The source that lists it.
    pub source_id: i32,
    /// Upstream's id.
    pub upstream_id: String,
    /// Name.
    pub name: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Lower-case name to sort by.
    pub sort_name: String,
    /// The listing that named it last, by its start in microseconds.
    pub seen_at: i64,
    /// When it was noticed gone, in microseconds.
    pub gone_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

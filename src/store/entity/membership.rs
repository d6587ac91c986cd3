//! `memberships`: that somebody was in a group or container, from when until when.

use sea_orm::entity::prelude::*;

/// That somebody was in a group or container, from when until when.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "memberships")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The source that says so.
    pub source_id: i32,
    /// Whose account.
    pub user_id: i64,
    /// In which group.
    pub group_id: Option<i64>,
    /// In which container.
    pub container_id: Option<i64>,
    /// With which rights.
    pub permission: Option<String>,
    /// From when, in microseconds; unknown when they were there before we looked.
    pub since: Option<i64>,
    /// Until when, in microseconds; absent while it lasts.
    pub until: Option<i64>,
    /// The listing that named it last, by its start in microseconds.
    pub seen_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

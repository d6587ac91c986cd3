//! `role_holders`: who has a role in a schema of Assets, as a source has read it last.

use sea_orm::entity::prelude::*;

/// Somebody who has a role in a schema of Assets.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "role_holders")]
pub struct Model {
    /// The source that says so.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: i32,
    /// Whether it is a group.
    #[sea_orm(primary_key, auto_increment = false)]
    pub is_group: bool,
    /// The Atlassian account, or the id or name of the group.
    #[sea_orm(primary_key, auto_increment = false)]
    pub holder: String,
}

impl ActiveModelBehavior for ActiveModel {}

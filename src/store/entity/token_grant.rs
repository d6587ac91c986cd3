//! `token_grants`: a project that a viewer's token may see.

use sea_orm::entity::prelude::*;

/// A project that a viewer's token may see.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "token_grants")]
pub struct Model {
    /// The token.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_id: i32,
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub container_id: i64,
}

impl ActiveModelBehavior for ActiveModel {}

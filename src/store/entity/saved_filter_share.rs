//! `saved_filter_shares`: with whom a saved filter is shared.

use sea_orm::entity::prelude::*;

/// With whom a saved filter is shared.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "saved_filter_shares")]
pub struct Model {
    /// The filter.
    #[sea_orm(primary_key, auto_increment = false)]
    pub filter_id: i64,
    /// `ShareKind` by number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: i16,
    /// The user, group or container.
    #[sea_orm(primary_key, auto_increment = false)]
    pub target_id: i64,
    /// Whether they may change it, too.
    pub may_edit: bool,
}

impl ActiveModelBehavior for ActiveModel {}

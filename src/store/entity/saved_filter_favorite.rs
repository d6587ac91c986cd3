//! `saved_filter_favorites`: that somebody has marked a saved filter with a star.

use sea_orm::entity::prelude::*;

/// That somebody has marked a saved filter with a star.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "saved_filter_favorites")]
pub struct Model {
    /// Who: `Viewer::holder`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub holder: String,
    /// The filter.
    #[sea_orm(primary_key, auto_increment = false)]
    pub filter_id: i64,
}

impl ActiveModelBehavior for ActiveModel {}

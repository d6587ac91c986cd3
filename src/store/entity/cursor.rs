//! `cursors`: how far a part of a source has been read.

use sea_orm::entity::prelude::*;

/// How far a part of a source has been read.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cursors")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: i32,
    /// The part.
    #[sea_orm(primary_key, auto_increment = false)]
    pub part: String,
    /// The mark.
    pub value: String,
    /// When it moved last, in microseconds.
    pub updated_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

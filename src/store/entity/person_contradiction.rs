//! `person_contradictions`: two names that a source gives to one person, though they belong to two.

use sea_orm::entity::prelude::*;

/// Two names that a source gives to one person, though each belongs to somebody with another account of the same kind.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_contradictions")]
pub struct Model {
    /// The alias with the smaller number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub low_id: i64,
    /// The other alias.
    #[sea_orm(primary_key, auto_increment = false)]
    pub high_id: i64,
    /// The source that named them together.
    pub source_id: i32,
    /// When, in microseconds.
    pub noticed_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

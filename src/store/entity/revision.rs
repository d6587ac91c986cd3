//! `revisions`: numbers that grow whenever something changes that others keep a copy of.

use sea_orm::entity::prelude::*;

/// The revision of which names are whose.
pub const PEOPLE: &str = "people";

/// The revision of whatever events refer to: whose names are, and what people and places are called. The database counts
/// it by itself.
pub const NAMES: &str = "names";

/// A number that grows whenever something changes.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revisions")]
pub struct Model {
    /// What changes.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// How often it has changed.
    pub number: i64,
}

impl ActiveModelBehavior for ActiveModel {}

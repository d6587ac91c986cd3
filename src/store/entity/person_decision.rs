//! `person_decisions`: an administrator's word on whether two names are one person's.

use sea_orm::entity::prelude::*;

/// An administrator's word on whether two names are one person's.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_decisions")]
pub struct Model {
    /// The alias with the smaller number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub low_id: i64,
    /// The other alias.
    #[sea_orm(primary_key, auto_increment = false)]
    pub high_id: i64,
    /// Whether they are one person's.
    pub linked: bool,
    /// The name of the token that decided.
    pub decided_by: String,
    /// When, in microseconds.
    pub decided_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

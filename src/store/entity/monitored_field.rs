//! `monitored_fields`: a field whose changes are asked for when a filter asks for those of no field in particular.

use sea_orm::entity::prelude::*;

/// A field whose changes are asked for when a filter asks for those of no field in particular.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "monitored_fields")]
pub struct Model {
    /// Its name, with plain Latin letters in lower case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub folded: String,
    /// Its name as it was given.
    pub name: String,
}

impl ActiveModelBehavior for ActiveModel {}

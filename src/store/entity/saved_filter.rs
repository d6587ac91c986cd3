//! `saved_filters`: a filter that somebody keeps.

use sea_orm::entity::prelude::*;

/// A filter that somebody keeps.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "saved_filters")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Name.
    pub name: String,
    /// Lower-case name to sort by.
    pub sort_name: String,
    /// What it is for.
    pub description: Option<String>,
    /// `EventFilter` as JSON.
    pub filter: String,
    /// `SavedView` as JSON.
    pub view: String,
    /// Whose it is: `Viewer::holder`.
    pub holder: String,
    /// The name of the token with which they made it.
    pub holder_name: String,
    /// In microseconds.
    pub created_at: i64,
    /// In microseconds.
    pub updated_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

//! `access_tokens`: what opens one saved filter to programs, by its hash, and which reading of it is under way.

use sea_orm::entity::prelude::*;

/// What opens one saved filter to programs, by its hash, and which reading of it is under way.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_tokens")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The saved filter, in `saved_filters`.
    pub filter_id: i64,
    /// What it is for.
    pub name: String,
    /// Lower-case name to sort by.
    pub sort_name: String,
    /// SHA-256 of the token.
    pub hash: Vec<u8>,
    /// Whose it is: `Viewer::holder`.
    pub holder: String,
    /// The name of the token with which they made it.
    pub holder_name: String,
    /// That token, in `tokens`, with whose eyes it reads; 0 for the server itself.
    pub token_id: i32,
    /// In microseconds.
    pub created_at: i64,
    /// In microseconds, at most a minute late.
    pub last_used_at: Option<i64>,
    /// How many readings have begun.
    pub reading: i64,
    /// SHA-256 of what the newest reading is of; absent before the first.
    pub read_what: Option<Vec<u8>>,
    /// From when its relative times count, in microseconds.
    pub read_at: i64,
    /// Events up to this position are in it.
    pub read_until: i64,
}

impl ActiveModelBehavior for ActiveModel {}

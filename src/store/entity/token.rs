//! `tokens`: a token, by its hash.

use sea_orm::entity::prelude::*;

/// A token, by its hash.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tokens")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// What it is for.
    pub name: String,
    /// `Role` by number.
    pub role: i16,
    /// SHA-256 of the token.
    pub hash: Vec<u8>,
    /// The Atlassian account it acts for.
    pub account_id: Option<String>,
    /// In microseconds.
    pub created_at: i64,
    /// In microseconds.
    pub expires_at: Option<i64>,
    /// In microseconds, at most a minute late.
    pub last_used_at: Option<i64>,
    /// In microseconds.
    pub revoked_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

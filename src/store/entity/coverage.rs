//! `coverage`: a stretch of an upstream log that has been read completely, or that can never be.

use sea_orm::entity::prelude::*;

/// A stretch of an upstream log that has been read completely, or that can never be.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "coverage")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The source.
    pub source_id: i32,
    /// Which of its logs, e.g. `events`.
    pub log: String,
    /// Its first moment, in microseconds.
    pub begins: i64,
    /// The moment after its last, in microseconds.
    pub ends: i64,
    /// Why it is missing; absent when it has been read.
    pub gap: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

//! `sync_runs`: one run of one part of a source.

use sea_orm::entity::prelude::*;

/// One run of one part of a source.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sync_runs")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The source.
    pub source_id: i32,
    /// The part.
    pub part: String,
    /// Start in microseconds.
    pub started_at: i64,
    /// End in microseconds; absent while it runs, or when it was cut off.
    pub finished_at: Option<i64>,
    /// Pages fetched.
    pub pages: i64,
    /// Records on them.
    pub records: i64,
    /// Events that were new.
    pub new: i64,
    /// Events that were there already.
    pub repeated: i64,
    /// Where it began.
    pub cursor_from: Option<String>,
    /// How far it came.
    pub cursor_to: Option<String>,
    /// The newest upstream moment read, in microseconds.
    pub watermark: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
    /// When it is to run again, in microseconds.
    pub next_run_at: Option<i64>,
    /// How much of the whole is done after it, where that is known.
    pub done: Option<i64>,
    /// How much the whole is.
    pub total: Option<i64>,
    /// When its newest page was stored, in microseconds.
    pub stored_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

//! `exports`: a file that somebody asked for, and how far it has come.

use sea_orm::entity::prelude::*;

/// A file that somebody asked for, and how far it has come.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "exports")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The name of the file, in the folder and for whoever downloads it.
    pub file_name: String,
    /// Whose it is: `Viewer::holder`.
    pub holder: String,
    /// The name of the token with which they asked for it.
    pub holder_name: String,
    /// That token, in `tokens`; 0 for the server itself.
    pub token_id: i32,
    /// `Format` by number.
    pub format: i16,
    /// `Question` as JSON.
    pub question: String,
    /// The saved filter that was given, in `saved_filters`; it may be gone.
    pub saved_filter_id: Option<i64>,
    /// The name that it had.
    pub saved_filter_name: Option<String>,
    /// `Status` by number.
    pub status: i16,
    /// Why there is no file.
    pub problem: Option<String>,
    /// Events up to this position are in it.
    pub until: i64,
    /// About how many records there will be.
    pub expected: Option<i64>,
    /// Records that are written.
    pub records: i64,
    /// Bytes of the file that hold them.
    pub bytes: i64,
    /// Where the list goes on behind them, for a file that can be gone on with.
    pub mark: Option<String>,
    /// How often it failed since it last came further.
    pub attempts: i32,
    /// Not to be tried before, in microseconds.
    pub not_before: i64,
    /// When it was asked for, in microseconds; relative times count from then.
    pub created_at: i64,
    /// In microseconds.
    pub started_at: Option<i64>,
    /// In microseconds.
    pub finished_at: Option<i64>,
    /// When its file is deleted, in microseconds.
    pub expires_at: Option<i64>,
    /// When its file was deleted, in microseconds.
    pub removed_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

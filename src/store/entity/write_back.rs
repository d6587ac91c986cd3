//! `write_backs`: what was changed upstream through this server.

use sea_orm::entity::prelude::*;

/// A change that was made upstream, or was to be made.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "write_backs")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The name of the source through which it is made.
    pub source: String,
    /// The event that it undoes: the deletion of an issue. There is one row an event.
    #[sea_orm(unique)]
    pub seq: Option<i64>,
    /// `State` by number.
    pub state: i16,
    /// Who asked for it: `Viewer::holder`.
    pub holder: String,
    /// When it was last begun, in microseconds.
    pub started_at: i64,
    /// When upstream's answer was there, in microseconds.
    pub ended_at: Option<i64>,
    /// When it was first begun of which nobody knows what came, in microseconds.
    pub unclear_since: Option<i64>,
    /// What came of it: the key of the new issue.
    pub result: Option<String>,
    /// Why it was not done.
    pub problem: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

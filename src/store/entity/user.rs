//! `users`: somebody: one row for one person, however many names they have.

use sea_orm::entity::prelude::*;

/// Somebody: one row for one person, however many names they have.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// `ActorKind` by number.
    pub kind: i16,
    /// Display name.
    pub name: Option<String>,
    /// Nickname.
    pub nickname: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// `UserStatus` by number; unknown when never listed.
    pub status: Option<i16>,
    /// Picture.
    pub avatar_url: Option<String>,
    /// Job title.
    pub job_title: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// When they joined, in microseconds.
    pub added_at: Option<i64>,
    /// The newest sign of activity, in microseconds.
    pub last_active_at: Option<i64>,
    /// What says so.
    pub last_active_evidence: Option<String>,
    /// Whether a directory lists them now.
    pub listed: bool,
    /// Lower-case name to sort by.
    pub sort_name: String,
}

impl ActiveModelBehavior for ActiveModel {}

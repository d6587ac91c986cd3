//! `users`: somebody's account, and somebody: one of a person's accounts stands for the person.

use sea_orm::entity::prelude::*;
use serde::Deserialize;

/// Somebody's account. The row that is its own `person_id` stands for the person.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
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
    /// Whether a directory lists them now.
    pub listed: bool,
    /// Lower-case name to sort by.
    pub sort_name: String,
    /// The row that stands for the person whose account this is: this one, or another.
    pub person_id: i64,
    /// Lower-case e-mail address, to find who else has it.
    pub email_key: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

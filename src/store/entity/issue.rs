//! `issues`: an issue, as the newest news of it has it.

use sea_orm::entity::prelude::*;

/// An issue, as the newest news of it has it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "issues")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The scope of its site or instance.
    pub scope: String,
    /// Jira's id, unique in its scope.
    pub upstream_id: String,
    /// The key it has now; others that it had are in `issue_keys`.
    pub key: Option<String>,
    /// The issue type's name.
    pub kind: Option<String>,
    /// Its title.
    pub summary: Option<String>,
    /// The request type's name.
    pub request_type: Option<String>,
    /// The security level; absent when it has none, or when nobody has said.
    pub security_id: Option<String>,
    /// The security level's name.
    pub security_name: Option<String>,
    /// The place of the newest change of its security level among all such changes; absent when it never had one.
    pub security_change: Option<i64>,
    /// The project it is in.
    pub container_id: Option<i64>,
    /// The moment of the newest news, in microseconds.
    pub at: i64,
    /// When it was deleted, in microseconds.
    pub deleted_at: Option<i64>,
    /// The whole issue before it was deleted, in upstream's words.
    pub body: Option<String>,
    /// Of which moment the news of each field is, as a JSON map of microseconds: older news does not replace newer.
    pub said: String,
    /// What it is sorted by: its key in lower case, the number padded.
    pub sort_name: String,
}

impl ActiveModelBehavior for ActiveModel {}

//! `issue_permissions`: whether an account may see an issue that has a security level, as Jira said.

use sea_orm::entity::prelude::*;

/// Whether an account may see an issue that has a security level, as Jira said.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "issue_permissions")]
pub struct Model {
    /// The Atlassian account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: String,
    /// The issue, in `issues`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub issue_id: i64,
    /// The level that it had: what was said of one level says nothing of another.
    pub security_id: String,
    /// Whether they may.
    pub may_see: bool,
    /// When Jira was asked, in microseconds.
    pub checked_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

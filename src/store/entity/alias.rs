//! `aliases`: one name under which some system knows a user.

use sea_orm::entity::prelude::*;
use serde::Deserialize;

/// One name under which some system knows a user.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "aliases")]
pub struct Model {
    /// Number; events refer to it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// Who gave the name.
    pub namespace: String,
    /// The name.
    pub value: String,
    /// The person whose it is: the row of `users` that stands for them.
    pub user_id: i64,
    /// The account whose it is.
    pub account_id: i64,
}

impl ActiveModelBehavior for ActiveModel {}

//! `user_words`: a word of somebody's name, nickname or e-mail address, for search by prefix.

use sea_orm::entity::prelude::*;

/// A word of somebody's name, nickname or e-mail address, for search by prefix.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_words")]
pub struct Model {
    /// The word in lower case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub word: String,
    /// In whose account.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
}

impl ActiveModelBehavior for ActiveModel {}

//! `access_token_pages`: where the pages of a reading begin.

use sea_orm::entity::prelude::*;

/// Where a page of a reading begins.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "access_token_pages")]
pub struct Model {
    /// The token, in `access_tokens`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub access_token_id: i64,
    /// Which of its readings.
    #[sea_orm(primary_key, auto_increment = false)]
    pub reading: i64,
    /// The number of the page; the first needs no mark.
    #[sea_orm(primary_key, auto_increment = false)]
    pub page: i64,
    /// The place in the list behind which it begins.
    pub mark: String,
}

impl ActiveModelBehavior for ActiveModel {}

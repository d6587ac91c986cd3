//! `actions`: an upstream action name and what it means to us; the meaning may be learned later.

use sea_orm::entity::prelude::*;

/// An upstream action name and what it means to us; the meaning may be learned later.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "actions")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i32,
    /// Whose name it is.
    pub system: String,
    /// The upstream name.
    pub name: String,
    /// The catalogue's code, or the upstream name where it has none.
    pub code: String,
    /// What people read.
    pub label: String,
    /// The heading it belongs under.
    pub category: String,
    /// What upstream shows people.
    pub upstream_label: Option<String>,
    /// The heading upstream lists it under.
    pub upstream_group: Option<String>,
    /// The key of that heading, which does not follow upstream's language.
    pub upstream_group_key: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

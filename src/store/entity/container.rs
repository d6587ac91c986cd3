//! `containers`: a project, space, repository, workspace, site or organization.

use sea_orm::entity::prelude::*;
use serde::Deserialize;

/// A project, space, repository, workspace, site or organization.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "containers")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// `ContainerKind` by number.
    pub kind: i16,
    /// What makes ids and keys unique.
    pub scope: String,
    /// Upstream's id; unknown as long as only events named its key.
    pub upstream_id: Option<String>,
    /// Short name.
    pub key: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// A link to it.
    pub url: Option<String>,
    /// Whether outsiders are kept out.
    pub private: Option<bool>,
    /// The container around it.
    pub parent_id: Option<i64>,
    /// Lower-case name to sort by.
    pub sort_name: String,
    /// The source that lists it.
    pub source_id: Option<i32>,
    /// The listing that named it last, by its start in microseconds.
    pub seen_at: Option<i64>,
    /// When it was noticed gone, in microseconds.
    pub gone_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

//! `things`: a version, board, sprint or whatever else a source lists by name.

use sea_orm::entity::prelude::*;

/// A version, board, sprint or whatever else a source lists by name.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "things")]
pub struct Model {
    /// The source that lists it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source_id: i32,
    /// `ThingKind` by number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: i16,
    /// Upstream's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub upstream_id: String,
    /// Name.
    pub name: Option<String>,
    /// Where it belongs.
    pub container_id: Option<i64>,
    /// What else is known of it, as a JSON map.
    pub details: String,
    /// The listing that named it last, by its start in microseconds.
    pub seen_at: i64,
    /// When it was noticed gone, in microseconds.
    pub gone_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

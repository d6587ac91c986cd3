//! `events`: one event of the log.

use sea_orm::entity::prelude::*;
use serde::Deserialize;

/// One event of the log.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
#[sea_orm(table_name = "events")]
pub struct Model {
    /// Position in the log, from 1, without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Hash over source and upstream key: what makes the event unique.
    pub key: Uuid,
    /// The source it came from.
    pub source_id: i32,
    /// What upstream calls it.
    pub upstream_key: String,
    /// The action, in `actions`.
    pub action_id: i32,
    /// `Product` by number.
    pub product: i16,
    /// When it happened, in microseconds since 1970 UTC.
    pub time: i64,
    /// When it was stored, in microseconds since 1970 UTC.
    pub recorded_at: i64,
    /// Who did it, in `aliases`.
    pub actor_id: Option<i64>,
    /// Where it happened.
    pub container_id: Option<i64>,
    /// What kind of thing it was done to.
    pub target_kind: Option<String>,
    /// Upstream's id of that thing.
    pub target_id: Option<String>,
    /// Its name; absent for people.
    pub target_name: Option<String>,
    /// A link to it.
    pub target_url: Option<String>,
    /// The person it was done to, in `aliases`.
    pub target_alias_id: Option<i64>,
    /// What else was involved, as a JSON list.
    pub objects: Option<String>,
    /// Jira's id of the issue.
    pub issue_id: Option<String>,
    /// The issue's key at the time.
    pub issue_key: Option<String>,
    /// IP address as upstream wrote it.
    pub ip: Option<String>,
    /// The address as sixteen bytes (IPv4 mapped), so that networks are ranges.
    pub ip_number: Option<Uuid>,
    /// City.
    pub city: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// By which means.
    pub method: Option<String>,
    /// Upstream's own sentence.
    pub message: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

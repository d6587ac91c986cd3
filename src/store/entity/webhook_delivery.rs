//! `webhook_deliveries`: what was sent to an endpoint, and how that went.

use sea_orm::entity::prelude::*;

/// What was sent to an endpoint, and how that went.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_deliveries")]
pub struct Model {
    /// The endpoint.
    #[sea_orm(primary_key, auto_increment = false)]
    pub endpoint_id: i64,
    /// Number among those of its endpoint, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    /// The id that the target sees; the same in all attempts.
    pub message_id: String,
    /// Whether somebody has asked for it, only to see whether it arrives.
    pub test: bool,
    /// The position of its first event.
    pub first_seq: i64,
    /// The position of its last event.
    pub last_seq: i64,
    /// Events in it.
    pub events: i64,
    /// `WebhookDeliveryState` by number.
    pub state: i16,
    /// How often it was tried.
    pub attempts: i64,
    /// The newest attempts, oldest first, as a JSON list.
    pub log: String,
    /// In microseconds.
    pub began_at: i64,
    /// When it was taken or given up, in microseconds.
    pub ended_at: Option<i64>,
    /// When it is tried again, in microseconds.
    pub next_attempt_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

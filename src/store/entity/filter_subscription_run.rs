//! `filter_subscription_runs`: one due time of a filter subscription, and what became of it.

use sea_orm::entity::prelude::*;

/// One due time of a filter subscription, and what became of it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "filter_subscription_runs")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The filter subscription.
    pub subscription_id: i64,
    /// When it was due, in microseconds.
    pub due_at: i64,
    /// Whether somebody asked for it.
    pub requested: bool,
    /// `RunStatus` by number.
    pub status: i16,
    /// How often it was tried.
    pub attempts: i32,
    /// When it was first tried, in microseconds.
    pub started_at: i64,
    /// When it is tried again, in microseconds.
    pub next_attempt_at: Option<i64>,
    /// When it was over, in microseconds.
    pub finished_at: Option<i64>,
    /// From when, in microseconds.
    pub window_from: i64,
    /// Until when, in microseconds.
    pub window_to: i64,
    /// Behind which position.
    pub after_seq: i64,
    /// Up to which position.
    pub until_seq: i64,
    /// How many events were found.
    pub events: Option<i64>,
    /// To how many addresses it goes.
    pub recipients: i32,
    /// The mail's Message-ID, without angle brackets.
    pub message_id: String,
    /// Why it failed or has to be tried again, or who was refused.
    pub error: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

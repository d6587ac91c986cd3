//! `filter_subscriptions`: mails that are sent of what a saved filter chooses.

use sea_orm::entity::prelude::*;

/// Mails that are sent of what a saved filter chooses.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "filter_subscriptions")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The saved filter.
    pub filter_id: i64,
    /// Name.
    pub name: String,
    /// Lower-case name to sort by.
    pub sort_name: String,
    /// E-mail addresses, as a JSON list.
    pub recipients: String,
    /// `Schedule` as JSON.
    pub schedule: String,
    /// IANA name of the time zone.
    pub time_zone: String,
    /// Whether the schedule waits for events instead of for a time.
    pub at_once: bool,
    /// Whether a mail is sent when nothing was found.
    pub send_when_empty: bool,
    /// `MailFormat` by number.
    pub format: i16,
    /// Whose it is: `Viewer::holder`.
    pub holder: String,
    /// The name of the token with which they saved it last.
    pub holder_name: String,
    /// That token: what it may see is what is sent.
    pub token_id: i32,
    /// Everything up to this position has been in a mail, or was looked at and is in none.
    pub position: i64,
    /// What the last mail that was sent reached up to, in microseconds.
    pub window_from: i64,
    /// When it is due by its schedule, in microseconds.
    pub next_run_at: Option<i64>,
    /// When somebody asked for a mail that has not been sent yet, in microseconds.
    pub requested_at: Option<i64>,
    /// When it is to be looked at next, in microseconds; absent while it is paused or waits for events.
    pub attempt_at: Option<i64>,
    /// When a mail was last sent, in microseconds.
    pub last_sent_at: Option<i64>,
    /// Since when it is paused, in microseconds.
    pub paused_at: Option<i64>,
    /// Why it was paused, where nobody did it.
    pub paused_because: Option<String>,
    /// The process that is at it.
    pub lease_holder: Option<Uuid>,
    /// Until when it is theirs, in microseconds.
    pub lease_until: Option<i64>,
    /// In microseconds.
    pub created_at: i64,
    /// In microseconds.
    pub updated_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

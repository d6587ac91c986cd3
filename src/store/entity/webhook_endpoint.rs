//! `webhook_endpoints`: where events are sent, and how far that has come.

use sea_orm::entity::prelude::*;
use std::fmt;

/// Where events are sent, and how far that has come.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoints")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Made up at random: what makes the ids of its messages unlike those of all others.
    pub key: Uuid,
    /// Name.
    pub name: String,
    /// Lower-case name to sort by.
    pub sort_name: String,
    /// Where events are sent.
    pub url: String,
    /// `WebhookFormat` by number.
    pub format: i16,
    /// `EventFilter` as JSON.
    pub filter: String,
    /// A saved filter that must hold, too.
    pub saved_filter_id: Option<i64>,
    /// What messages are signed with.
    pub secret: Secret,
    /// What messages are signed with as well, for a while.
    pub old_secret: Option<Secret>,
    /// The end of that while, in microseconds.
    pub old_secret_until: Option<i64>,
    /// The `Authorization` header to send.
    pub authorization: Option<Secret>,
    /// Whose it is: `Viewer::holder`. It is sent what they may see.
    pub holder: String,
    /// The name of the token with which they made it.
    pub holder_name: String,
    /// `WebhookEndpointState` by number.
    pub state: i16,
    /// Why it is in that state, where the server has put it there.
    pub reason: Option<String>,
    /// When it came into that state, in microseconds.
    pub state_since: i64,
    /// Everything up to this position has been delivered or passed over.
    pub position: i64,
    /// Attempts that have failed since the last that did not.
    pub failures: i64,
    /// The first of them, in microseconds.
    pub failing_since: Option<i64>,
    /// When the next attempt is due, in microseconds; at once when absent.
    pub next_attempt_at: Option<i64>,
    /// Deliveries that there were ever; the number of the newest.
    pub deliveries: i64,
    /// The number of the delivery that is under way or tried again.
    pub open_delivery: Option<i64>,
    /// In microseconds.
    pub created_at: i64,
    /// In microseconds.
    pub updated_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// Text that is not for logs.
#[derive(Clone, PartialEq, Eq, DeriveValueType)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

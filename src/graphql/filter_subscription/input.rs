//! What is said to make, change and send filter subscriptions.

use crate::event::schedule::Schedule;
use crate::store::subscriptions::MailFormat;
use async_graphql::{ID, InputObject};

/// A filter subscription to make.
#[derive(InputObject)]
pub(super) struct CreateFilterSubscriptionInput {
    /// The saved filter that chooses what is sent.
    pub(super) saved_filter_id: ID,
    /// Its name; 1 to 255 characters. The mail's subject begins with it.
    pub(super) name: String,
    /// To whom the mail goes: 1 to 500 e-mail addresses.
    pub(super) recipients: Vec<String>,
    /// When it is sent.
    pub(super) schedule: Schedule,
    /// The IANA time zone of the schedule and of the times in the mail, e.g. `Europe/Berlin`.
    #[graphql(default_with = "utc()")]
    pub(super) time_zone: String,
    /// Whether a mail is sent when nothing was found. Never when it is sent at once.
    #[graphql(default = false)]
    pub(super) send_when_empty: bool,
    /// In what form the mail has the events.
    #[graphql(default)]
    pub(super) format: MailFormat,
}

/// What to change of a filter subscription.
#[derive(InputObject)]
pub(super) struct UpdateFilterSubscriptionInput {
    /// Its global id.
    pub(super) id: ID,
    /// Its name; 1 to 255 characters.
    pub(super) name: Option<String>,
    /// To whom the mail goes, in place of all to whom it went before: 1 to 500 e-mail addresses.
    pub(super) recipients: Option<Vec<String>>,
    /// When it is sent.
    pub(super) schedule: Option<Schedule>,
    /// The IANA time zone of the schedule and of the times in the mail.
    pub(super) time_zone: Option<String>,
    /// Whether a mail is sent when nothing was found.
    pub(super) send_when_empty: Option<bool>,
    /// In what form the mail has the events.
    pub(super) format: Option<MailFormat>,
}

/// A filter subscription to send now.
#[derive(InputObject)]
pub(super) struct RunFilterSubscriptionInput {
    /// Its global id.
    pub(super) id: ID,
}

/// A filter subscription to pause.
#[derive(InputObject)]
pub(super) struct PauseFilterSubscriptionInput {
    /// Its global id.
    pub(super) id: ID,
}

/// A filter subscription to let go on.
#[derive(InputObject)]
pub(super) struct ResumeFilterSubscriptionInput {
    /// Its global id.
    pub(super) id: ID,
}

/// A filter subscription to delete.
#[derive(InputObject)]
pub(super) struct DeleteFilterSubscriptionInput {
    /// Its global id.
    pub(super) id: ID,
}

/// The time zone that is meant when none is given.
pub(super) fn utc() -> String {
    "UTC".to_owned()
}

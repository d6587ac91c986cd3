//! What became of a filter subscription's due times.

use crate::event::Timestamp;
use crate::store::entity::filter_subscription_run;
use crate::store::subscriptions::RunStatus;
use async_graphql::Object;

pub(super) struct FilterSubscriptionRun(pub(super) filter_subscription_run::Model);

/// A time at which a filter subscription was due, and what became of it.
#[Object]
impl FilterSubscriptionRun {
    /// When it was due.
    async fn due_at(&self) -> Timestamp {
        Timestamp::from_micros(self.0.due_at)
    }

    /// Whether somebody asked for it.
    async fn requested(&self) -> bool {
        self.0.requested
    }

    /// What became of it.
    async fn status(&self) -> RunStatus {
        RunStatus::from_number(self.0.status)
    }

    /// How often it was tried.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// When it was first tried.
    async fn started_at(&self) -> Timestamp {
        Timestamp::from_micros(self.0.started_at)
    }

    /// When it is tried again.
    async fn next_attempt_at(&self) -> Option<Timestamp> {
        self.0.next_attempt_at.map(Timestamp::from_micros)
    }

    /// When it was over.
    async fn finished_at(&self) -> Option<Timestamp> {
        self.0.finished_at.map(Timestamp::from_micros)
    }

    /// From when the mail has what became known.
    async fn window_from(&self) -> Timestamp {
        Timestamp::from_micros(self.0.window_from)
    }

    /// Until when.
    async fn window_to(&self) -> Timestamp {
        Timestamp::from_micros(self.0.window_to)
    }

    /// How many events were found; null when it did not come to that.
    async fn events(&self) -> Option<i64> {
        self.0.events
    }

    /// To how many addresses it goes.
    async fn recipients(&self) -> i32 {
        self.0.recipients
    }

    /// Why it failed or is tried again; when it was sent: who was refused.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    /// The part of the mail's Message-ID before the `@`; the same however often it is tried.
    async fn message_id(&self) -> &str {
        &self.0.message_id
    }
}

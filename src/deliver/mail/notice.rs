//! Notices: mails to the administrators about what on this server has stopped working and needs somebody.
//!
//! What stops is an event of the log like any other. Whoever tells the administrators reads on from a position, one mail an
//! event, and moves it once the mail has been taken; so what stops while the mail server is down, too, is told later.

use super::letter::{self, Envelope};
use super::transport::{self, SendError};
use super::{Mails, PATIENCE};
use crate::access::Viewer;
use crate::deliver::Detail;
use crate::event::filter::EventFilter;
use crate::event::{Product, Timestamp};
use crate::store::StoreError;
use crate::store::entity::event;
use lettre::message::Mailbox;
use std::time::Duration;

/// The name of the position, and of the lease of the one process that moves it.
const NOTICES: &str = "administrator-notices";

/// For how long one process tells the administrators without asking again: longer than a mail can take.
const TELLS: Duration = Duration::from_mins(10);

/// How long to wait after a mail that was not taken.
const REST: Duration = Duration::from_mins(1);

/// Events that are told in one go.
const PAGE: u64 = 10;

/// How far the log is looked through before that is written down.
const UNWRITTEN: i64 = 1_000;

/// What is told: the actions of what stopped, each with what follows from it.
const TOLD: [(&str, &str); 4] = [
    (
        "filter_subscription.failed",
        "Nothing is lost: the next mail will have what this one would have had.",
    ),
    (
        "filter_subscription.paused",
        "No mail is sent until it is resumed (resumeFilterSubscription); the first one then has everything since the last.",
    ),
    (
        "webhook_endpoint.disabled",
        "Nothing is sent until it is made active again (updateWebhookEndpoint); it then goes on from where it was.",
    ),
    (
        "webhook_endpoint.paused",
        "Nothing is sent until it is made active again (updateWebhookEndpoint); it then goes on from where it was.",
    ),
];

/// Where whoever tells the administrators stands.
#[derive(Debug, Default)]
pub(super) struct Notices {
    /// How far the log was looked through.
    searched: i64,
    /// Nothing is sent before.
    rests_until: Option<Timestamp>,
}

impl Mails {
    /// Tells the administrators what has stopped since they were told last; the first time, what has stopped within a day.
    pub async fn notify(&self) -> Result<(), StoreError> {
        let (store, now) = (self.store(), self.clock.now());
        let mut notices = self.notices.lock().await;
        let newest = store.newest().await?;
        let rests = notices.rests_until.is_some_and(|until| until > now);
        if self.administrators.is_empty() || rests || notices.searched >= newest {
            return Ok(());
        }
        if !store.take_lease(NOTICES, self.holder, now, TELLS).await? {
            return Ok(());
        }
        let mut position = store.position(NOTICES).await?;
        let begins = position == 0;
        let mut searched = position.max(notices.searched);
        let filter = EventFilter {
            products: Some(vec![Product::Auditgraph]),
            actions: Some(TOLD.map(|(action, _)| action.to_owned()).to_vec()),
            ..EventFilter::default()
        };
        let sight = Viewer::server().sight();
        let condition = store.condition(&filter, &sight, now).await?;
        while searched < newest {
            let found = store.following(searched, &condition, PAGE).await?;
            for event in &found.events {
                let recorded = Timestamp::from_micros(event.recorded_at);
                if begins && now.since(recorded) >= PATIENCE {
                    continue;
                }
                if let Err(error) = self.tell(event).await? {
                    tracing::warn!(%error, "the administrators could not be told; trying again");
                    notices.rests_until = Some(now.plus(REST));
                    return Ok(());
                }
                store.move_position(NOTICES, event.seq, now).await?;
                position = event.seq;
            }
            searched = found.searched;
        }
        if searched - position >= UNWRITTEN {
            store.move_position(NOTICES, searched, now).await?;
        }
        notices.searched = searched;
        Ok(())
    }

    /// Tells about one event; what cannot be told, whatever is done about it, is in the server's own log.
    async fn tell(&self, event: &event::Model) -> Result<Result<(), SendError>, StoreError> {
        let viewer = Viewer::server();
        let details = Detail::of(self.store(), &viewer, std::slice::from_ref(event));
        let Some(detail) = details.await?.pop() else {
            return Ok(Ok(()));
        };
        let follows = TOLD
            .iter()
            .find(|(action, _)| *action == detail.action.code);
        let to = self.administrators.iter().cloned();
        let mail = letter::notice(
            Envelope {
                id: &format!("notice-{}", event.seq),
                from: &self.from,
                to: to.map(|address| Mailbox::new(None, address)).collect(),
                date: detail.recorded_at,
            },
            &detail,
            follows.map_or("", |(_, sentence)| sentence),
        );
        let patient = self.clock.now().since(detail.recorded_at) < PATIENCE;
        let sent = match mail {
            Ok(mail) => self.transport.send(&mail, patient).await,
            Err(error) => Err(SendError::Never(error)),
        };
        let seq = event.seq;
        match sent {
            Ok(refused) if refused.is_empty() => {}
            Ok(refused) => {
                let error = transport::told(&refused, self.administrators.len());
                tracing::error!(
                    seq,
                    error,
                    "not all administrators were told what has stopped"
                );
            }
            Err(SendError::Later(error)) if patient => return Ok(Err(SendError::Later(error))),
            Err(error) => {
                tracing::error!(seq, %error, "the administrators were not told what has stopped");
            }
        }
        Ok(Ok(()))
    }
}

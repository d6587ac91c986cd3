//! Mails of filter subscriptions: those that are due are claimed, made with their owner's eyes, and sent; and notices to the
//! administrators.
//!
//! Each due time is claimed in the database, so that however many processes there are, one of them sends its mail. Only when
//! one dies between the server's answer and the note of it, the same mail goes again, under the same Message-ID.

mod alert;
mod attachment;
mod letter;
mod notice;
mod row;
mod transport;

pub use transport::{Outgoing, Refusal, SendError, Smtp, Transport};

use crate::access::Viewer;
use crate::activity;
use crate::clock::Clock;
use crate::config;
use crate::event::Timestamp;
use crate::event::search;
use crate::feed::Feed;
use crate::store::query::Condition;
use crate::store::read::EventMark;
use crate::store::saved::SavedFilter;
use crate::store::subscriptions::{Claim, Ending, MailFormat};
use crate::store::{Store, StoreError};
use alert::Watched;
use letter::{Envelope, Subject};
use lettre::Address;
use lettre::message::Mailbox;
use notice::Notices;
use row::Row;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// For how long a due time is claimed: longer than a mail can take to be made and sent.
const CLAIM: Duration = Duration::from_mins(15);

/// How often it is looked for what is due.
const POLL: Duration = Duration::from_secs(2);

/// Mails that are made and sent at once.
const AT_ONCE: usize = 4;

/// How long it is tried to send a mail.
const PATIENCE: Duration = Duration::from_hours(24);

/// Minutes until the next attempt, by how many there were; the last one from then on.
const WAITS: [u64; 6] = [1, 2, 4, 8, 16, 30];

/// What sends the mails of filter subscriptions.
#[derive(Debug)]
pub struct Mails {
    feed: Feed,
    clock: Clock,
    transport: Transport,
    from: Mailbox,
    /// Who is told what has stopped.
    administrators: Vec<Address>,
    attachment_rows: u64,
    limits: activity::Limits,
    /// Who this process is.
    holder: Uuid,
    watched: Mutex<Watched>,
    notices: Mutex<Notices>,
}

impl Mails {
    /// What sends mails in this way; an error when an address in the settings is none.
    pub fn new(
        feed: Feed,
        clock: Clock,
        transport: Transport,
        settings: &config::Mail,
        limits: activity::Limits,
        holder: Uuid,
    ) -> Result<Self, SendError> {
        let wrong = |name: &str, error| SendError::Never(format!("mail.{name}: {error}"));
        let from = settings.from.parse();
        let administrators = settings.administrators.iter();
        let administrators = administrators.map(|address| address.parse()).collect();
        Ok(Self {
            feed,
            clock,
            transport,
            from: from.map_err(|error| wrong("from", error))?,
            administrators: match administrators {
                Ok(addresses) => addresses,
                Err(error) => return Err(wrong("administrators", error)),
            },
            attachment_rows: settings.attachment_rows.into(),
            limits,
            holder,
            watched: Mutex::default(),
            notices: Mutex::default(),
        })
    }

    /// Sends what is due, as it becomes due, until told to stop.
    pub async fn run(&self, stop: &CancellationToken) {
        loop {
            if let Err(error) = self.watch().await {
                tracing::warn!(%error, "alerts could not be looked after; trying again");
            }
            if let Err(error) = self.notify().await {
                tracing::warn!(%error, "notices could not be looked after; trying again");
            }
            // A mail that is under way is not cut off: what the server has accepted should be noted.
            while !stop.is_cancelled() {
                match self.deliver_some().await {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!(%error, "mails could not be looked after; trying again");
                        break;
                    }
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.clock.sleep(POLL) => {}
            }
        }
    }

    /// Sends what is due now; says for how many due times it did what there was to do.
    pub async fn deliver_due(&self) -> Result<usize, StoreError> {
        let mut done = 0;
        loop {
            match self.deliver_some().await? {
                0 => return Ok(done),
                some => done += some,
            }
        }
    }

    async fn deliver_some(&self) -> Result<usize, StoreError> {
        let mut claims = Vec::new();
        while claims.len() < AT_ONCE {
            let now = self.clock.now();
            let claim = self
                .store()
                .claim_filter_subscription(self.holder, now, CLAIM);
            match claim.await? {
                Some(claim) => claims.push(claim),
                None => break,
            }
        }
        let carried_out = claims.iter().map(|claim| self.carry_out(claim));
        // All of them to their end, whatever becomes of one.
        let carried_out = futures::future::join_all(carried_out).await;
        carried_out.into_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(claims.len())
    }

    async fn carry_out(&self, claim: &Claim) -> Result<(), StoreError> {
        let ending = match self.send(claim).await {
            Ok(ending) => ending,
            Err(trouble) => trouble.ending(claim, self.clock.now()),
        };
        let (id, name) = (claim.row.id, &claim.row.name);
        match &ending {
            Ending::Sent { events, refused } => {
                tracing::info!(id, name, events, refused, "mail sent");
            }
            Ending::Empty => tracing::debug!(id, name, "nothing found, no mail sent"),
            Ending::Later { error, .. } => {
                tracing::warn!(id, name, error, "mail not sent; trying again");
            }
            Ending::Failed { error } | Ending::Paused { error } => {
                tracing::error!(id, name, error, "mail not sent");
            }
        }
        let ended = self
            .store()
            .end_filter_subscription_run(claim, &ending, self.clock.now());
        self.feed.recording(ended).await
    }

    /// Makes the mail of a due time and hands it over.
    async fn send(&self, claim: &Claim) -> Result<Ending, Trouble> {
        let (row, run) = (&claim.row, &claim.run);
        let (viewer, saved) = self.owner(row.token_id, row.filter_id).await?;
        let window = (
            Timestamp::from_micros(run.window_from),
            Timestamp::from_micros(run.window_to),
        );
        let condition = self.condition(&viewer, &saved, window).await?;
        let stretch = (run.after_seq, run.until_seq);
        let total = self.store().count_between(&condition, stretch).await?;
        if total == 0 && (row.at_once || !row.send_when_empty) {
            return Ok(Ending::Empty);
        }
        let format = row.format();
        let most = match format {
            MailFormat::Table => letter::ROWS,
            MailFormat::Csv | MailFormat::Xlsx => self.attachment_rows,
        };
        let rows = self.rows(&condition, stretch, most).await?;
        let zone = row.zone();
        let day = window.1.to_utc().with_timezone(&zone).date_naive();
        let file = attachment::file(format, &rows, &day.to_string(), zone);
        let file = file.map_err(Trouble::Failed)?;
        let search = saved.filter().map(|filter| search::print(&filter));
        let subject = Subject {
            name: &row.name,
            filter: &saved.row.name,
            description: saved.row.description.as_deref(),
            search: &search.unwrap_or_default(),
            window,
            zone,
            total,
            attached: file.as_ref().map_or(0, |_| rows.len() as u64),
        };
        let recipients = row.recipients();
        let to = recipients
            .iter()
            .filter_map(|address| address.parse().ok())
            .map(|address| Mailbox::new(None, address));
        let envelope = Envelope {
            id: &run.message_id,
            from: &self.from,
            to: to.collect(),
            date: window.1,
        };
        let mail = letter::message(envelope, &subject, &rows, file).map_err(Trouble::Failed)?;
        let now = self.clock.now();
        if !self
            .store()
            .keep_filter_subscription(claim, now, CLAIM)
            .await?
        {
            return Err(Trouble::Later(
                "another process has taken it over".to_owned(),
            ));
        }
        let patient = now.since(Timestamp::from_micros(run.started_at)) < PATIENCE;
        let refused = self.transport.send(&mail, patient).await?;
        let refused = (!refused.is_empty()).then(|| transport::told(&refused, mail.to.len()));
        Ok(Ending::Sent {
            events: total,
            refused,
        })
    }

    /// Who is behind a filter subscription, as their token is now, and the filter as they see it.
    async fn owner(&self, token: i32, filter: i64) -> Result<(Viewer, SavedFilter), Trouble> {
        let (store, now) = (self.store(), self.clock.now());
        let Some(viewer) = store.viewer_by_token(token, now).await? else {
            return Err(Trouble::Paused(
                "the token with which it was saved has been revoked or has expired; its owner can resume it with another one"
                    .to_owned(),
            ));
        };
        let Some(saved) = store.saved_filter(&viewer, filter).await? else {
            return Err(Trouble::Paused(
                "its owner may no longer see the saved filter; it can be resumed once the filter is shared with them again"
                    .to_owned(),
            ));
        };
        Ok((viewer, saved))
    }

    /// What a filter chooses of what its owner may see now. Where it does not say when, it goes back as far as counts do
    /// from the beginning of the window: what becomes known late is not lost, and a filled-up past is not news.
    async fn condition(
        &self,
        viewer: &Viewer,
        saved: &SavedFilter,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Condition, Trouble> {
        let broken = |error: StoreError| match error {
            StoreError::Filter { .. } => {
                Trouble::Failed(format!("its saved filter cannot be run: {error}"))
            }
            error => Trouble::from(error),
        };
        let filter = saved.filter().map_err(broken)?;
        let store = self.store();
        let chosen = store.chosen(&filter, &viewer.sight(), to).await;
        let chosen = chosen.map_err(broken)?;
        let chosen = activity::within_range(chosen, from, self.limits);
        let chosen = chosen.map_err(|message| {
            Trouble::Failed(format!(
                "its saved filter cannot be run: filter.time: {message}"
            ))
        })?;
        Ok(store.lasting(&chosen).await?)
    }

    /// The latest events of a stretch of the log as rows, latest first.
    async fn rows(
        &self,
        condition: &Condition,
        stretch: (i64, i64),
        most: u64,
    ) -> Result<Vec<Row>, StoreError> {
        let (mut rows, mut mark): (Vec<Row>, _) = (Vec::new(), None);
        loop {
            let limit = row::PAGE.min(most - rows.len() as u64);
            let page = self.store().latest_between(condition, stretch, mark, limit);
            let page = page.await?;
            rows.extend(row::rows(self.store(), &page).await?);
            mark = page.last().map(|last| EventMark {
                seq: last.seq,
                time: last.time,
            });
            if (page.len() as u64) < limit || rows.len() as u64 == most {
                return Ok(rows);
            }
        }
    }

    fn store(&self) -> &Store {
        self.feed.store()
    }
}

/// Why a mail was not sent.
enum Trouble {
    /// It may work later.
    Later(String),
    /// It will not work.
    Failed(String),
    /// It will not work until somebody does something about it.
    Paused(String),
}

impl Trouble {
    /// What becomes of the due time.
    fn ending(self, claim: &Claim, now: Timestamp) -> Ending {
        match self {
            Self::Failed(error) => Ending::Failed { error },
            Self::Paused(error) => Ending::Paused { error },
            Self::Later(error) => {
                let run = &claim.run;
                if now.since(Timestamp::from_micros(run.started_at)) >= PATIENCE {
                    let hours = PATIENCE.as_secs() / 3_600;
                    let error = format!(
                        "given up after {hours} hours and {} attempts: {error}",
                        run.attempts
                    );
                    return Ending::Failed { error };
                }
                let place = usize::try_from(run.attempts.saturating_sub(1)).unwrap_or(0);
                let minutes = WAITS[place.min(WAITS.len() - 1)];
                Ending::Later {
                    error,
                    at: now.plus(Duration::from_mins(minutes)),
                }
            }
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Later(error.to_string())
    }
}

impl From<SendError> for Trouble {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Later(error) => Self::Later(error),
            SendError::Never(error) => Self::Failed(error),
        }
    }
}

//! Upstream systems: how they are asked, and how their records become events.
//!
//! One folder per system, each with the same four files: `mod` ([`Source`] for it), `client` (its calls), `wire` (its
//! JSON shapes) and `normalise` (record to event, pure). What they share is in [`http`]. A source knows nothing of the
//! store: it is given a cursor and yields pages, and `sync.rs` does the rest.

pub mod bitbucket_cloud;
pub mod http;
pub mod import;
pub mod look;
pub mod organization;

use crate::clock::Clock;
use crate::config::Config;
use crate::event::directory::Entry;
use crate::event::{NewEvent, System, Timestamp};
use futures::stream::BoxStream;
use secrecy::ExposeSecret;
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Duration;

/// THE LIST of sources: all that the settings switch on.
pub fn configured(
    config: &Config,
    clock: &Clock,
) -> Result<Vec<Arc<dyn Source>>, http::SetupError> {
    let (limits, mut sources) = (&config.http_client, Vec::<Arc<dyn Source>>::new());
    let on = |secret: &secrecy::SecretString| !secret.expose_secret().is_empty();
    let organization = &config.organization;
    if on(&organization.api_key) && !organization.org_id.is_empty() {
        let source = organization::Organization::new(organization, limits, clock)?;
        sources.push(Arc::new(source));
    }
    if on(&config.bitbucket_cloud.token) {
        let source = bitbucket_cloud::BitbucketCloud::new(&config.bitbucket_cloud, limits, clock)?;
        sources.push(Arc::new(source));
    }
    Ok(sources)
}

/// How recorded records of a system become events; `None` for systems whose records cannot be read.
#[must_use]
pub fn normaliser(system: System) -> Option<fn(&RawValue) -> Vec<NewEvent>> {
    match system {
        System::Organization => Some(|record| vec![organization::event(record)]),
        _ => None,
    }
}

/// One configured connection to an upstream system.
pub trait Source: Send + Sync {
    /// The configured name; events, cursors and runs are kept under it.
    fn name(&self) -> &str;

    /// The system behind it.
    fn system(&self) -> System;

    /// What can be fetched from it.
    fn parts(&self) -> &'static [Part];

    /// The pages of one part after `cursor`, oldest unread first; ends when upstream has no more for now.
    ///
    /// Each page carries the cursor to keep once it is stored. Fetching again from an older cursor repeats records and
    /// loses none.
    fn pages(&self, part: Part, cursor: Option<String>)
    -> BoxStream<'_, Result<Page, SourceError>>;

    /// The events in one upstream record; none when it is not worth one (our own reading noise).
    ///
    /// Never fails: what is not understood is left out of the fields and stays in [`NewEvent::raw`].
    fn normalise(&self, record: &RawValue) -> Vec<NewEvent>;

    /// Asks upstream whether the connection works, and says in a sentence what it is connected to.
    fn check(&self) -> futures::future::BoxFuture<'_, Result<String, SourceError>>;

    /// How much of the request budget has been spent.
    fn budget(&self) -> Budget;
}

/// What can be fetched from a source; each part has its own cursor and its own job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// New events, as they come.
    Events,
    /// Old events, newest day first, as far back as upstream keeps them.
    History,
    /// Users, groups, containers and memberships.
    Directory,
    /// Per-person last-activity dates: many calls, low urgency.
    Activity,
    /// The list of actions that upstream can report.
    Actions,
}

impl Part {
    /// The name used for cursors, runs and jobs, e.g. `events`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::History => "history",
            Self::Directory => "directory",
            Self::Activity => "activity",
            Self::Actions => "actions",
        }
    }
}

/// One page of upstream's answer.
#[derive(Debug, Default)]
pub struct Page {
    /// Log records, exactly as received.
    pub records: Vec<Box<RawValue>>,
    /// Directory entries.
    pub entries: Vec<Entry>,
    /// The cursor to keep once this page is stored; `None` keeps the old one.
    pub cursor: Option<String>,
    /// The newest moment up to which upstream's log has been read with this page.
    pub watermark: Option<Timestamp>,
    /// How much of the whole is done, for progress bars: (done, of).
    pub progress: Option<(u64, u64)>,
}

/// The request budget of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Requests allowed a minute.
    pub per_minute: u32,
    /// Requests sent in the last minute.
    pub spent: u32,
}

/// Why an upstream system could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The credential is missing, wrong, expired or not allowed to do this.
    #[error("{what} refused the credential ({status}): {message}")]
    Credential {
        /// Which call.
        what: String,
        /// HTTP status.
        status: u16,
        /// What to do about it.
        message: String,
    },
    /// Upstream does not know the cursor any more.
    #[error("{what} no longer knows the cursor: {message}")]
    CursorLost {
        /// Which call.
        what: String,
        /// Upstream's words.
        message: String,
    },
    /// Too many requests, for longer than a run waits.
    #[error("{what} is rate limited for another {} s", retry_after.as_secs())]
    RateLimited {
        /// Which call.
        what: String,
        /// How long to leave upstream alone.
        retry_after: Duration,
    },
    /// Upstream could not be reached, or failed, more often than a run retries.
    #[error("{what} failed after {attempts} attempts: {message}")]
    Unavailable {
        /// Which call.
        what: String,
        /// How often it was tried.
        attempts: usize,
        /// The last failure.
        message: String,
    },
    /// Upstream answered something that is not what it should be: HTML, cut-off JSON, a refused request.
    #[error("{what} answered what cannot be used: {message}")]
    Unusable {
        /// Which call.
        what: String,
        /// What is wrong with it.
        message: String,
    },
    /// Upstream pointed somewhere that must not be followed: another host, or back to the same page.
    #[error("{what} pointed to where must not be followed: {message}")]
    Misdirected {
        /// Which call.
        what: String,
        /// Where it pointed, and why not.
        message: String,
    },
}

/// When it makes sense to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// At the next scheduled run.
    NextRun,
    /// Not before this much time has passed.
    After(Duration),
    /// Not until somebody has changed the configuration or upstream.
    AfterRepair,
}

impl SourceError {
    /// When it makes sense to try again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::Credential { .. } => Retry::AfterRepair,
            Self::RateLimited { retry_after, .. } => Retry::After(*retry_after),
            Self::CursorLost { .. }
            | Self::Unavailable { .. }
            | Self::Unusable { .. }
            | Self::Misdirected { .. } => Retry::NextRun,
        }
    }
}

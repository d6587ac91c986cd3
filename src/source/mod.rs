//! Upstream systems: how they are asked, and how their records become events.
//!
//! One folder per system, each with the same four files: `mod` ([`Source`] for it), `client` (its calls), `wire` (its
//! JSON shapes) and `normalise` (record to event, pure). What they share is in [`http`]. A source knows nothing of the
//! store: it is given a cursor and yields pages, and `sync.rs` does the rest.

pub mod assets;
pub mod bitbucket_cloud;
pub mod confluence_cloud;
pub mod data_center;
pub mod hook;
pub mod http;
pub mod import;
pub mod jira;
pub mod jira_cloud;
pub mod jql;
pub mod look;
mod offset;
pub mod organization;
pub mod permission;
mod repeats;
mod windows;

pub use crate::event::Stretch;
pub use hook::{Delivery, IssueViews, NoHook};
pub use repeats::{Repeats, content_key};

use crate::clock::Clock;
use crate::config::Config;
use crate::event::action::Need;
use crate::event::directory::Entry;
use crate::event::jql::{FoundIssue, SearchError};
use crate::event::permission::Permitted;
use crate::event::{Facts, System, Timestamp};
use futures::stream::BoxStream;
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// THE LIST of sources: all that the settings switch on.
pub fn configured(
    config: &Config,
    clock: &Clock,
) -> Result<Vec<Arc<dyn Source>>, http::SetupError> {
    let (limits, mut sources) = (&config.http_client, Vec::<Arc<dyn Source>>::new());
    let on = |secret: &secrecy::SecretString| !secret.expose_secret().is_empty();
    let organization = &config.organization;
    let whole = on(&organization.api_key) && !organization.org_id.is_empty();
    if whole {
        let source = organization::Organization::new(organization, limits, clock)?;
        sources.push(Arc::new(source));
    }
    if on(&config.bitbucket_cloud.token) {
        let source = bitbucket_cloud::BitbucketCloud::new(&config.bitbucket_cloud, limits, clock)?;
        sources.push(Arc::new(source));
    }
    if on(&config.jira_cloud.token) {
        let source = jira_cloud::JiraCloud::new(&config.jira_cloud, limits, clock)?;
        sources.push(Arc::new(source));
    }
    for (product, (_, settings)) in data_center::Product::ALL
        .into_iter()
        .zip(config.data_centers())
    {
        if settings.has_credential() || settings.has_folder() {
            let source = data_center::DataCenter::new(product, settings, limits, clock)?;
            sources.push(Arc::new(source));
        }
    }
    if on(&config.confluence_cloud.token) {
        // Accounts and groups are the organization's; only where nobody reads them there are they read here.
        let people = !whole;
        let config = &config.confluence_cloud;
        let source = confluence_cloud::ConfluenceCloud::new(config, people, limits, clock)?;
        sources.push(Arc::new(source));
    }
    if on(&config.assets.token) {
        let source = assets::Assets::new(&config.assets, limits, clock)?;
        sources.push(Arc::new(source));
    }
    Ok(sources)
}

/// What makes the ids of a site or instance unique: where it is, e.g. `acme.atlassian.net`, `bb.example.com/bitbucket`.
///
/// A Confluence site is the site it is on, without `/wiki`.
#[must_use]
pub fn scope_of(base: &Url) -> String {
    let host = base.host_str().unwrap_or_default();
    let port = base
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let path = base.path().trim_end_matches('/');
    let path = if host.ends_with(".atlassian.net") {
        path.trim_end_matches("/wiki")
    } else {
        path
    };
    format!("{host}{port}{path}").to_lowercase()
}

/// How a record becomes facts; the second argument is the scope of its site or instance, empty when that is not known.
pub type Normalise = fn(&RawValue, &str) -> Facts;

/// How recorded records of a system become facts; `None` for systems whose records cannot be read.
#[must_use]
pub fn normaliser(system: System) -> Option<Normalise> {
    match system {
        System::Organization => Some(|record, _| organization::event(record).into()),
        System::BitbucketCloud => Some(|record, _| bitbucket_cloud::facts(record)),
        System::JiraCloud => Some(|record, scope| {
            jira::facts(record, &jira::Site::new(System::JiraCloud, scope, ""))
        }),
        System::BitbucketDc => Some(|record, scope| {
            let hook = hook::bitbucket_dc::event(record, scope, None).map(Facts::from);
            hook.unwrap_or_else(|| {
                data_center::facts(data_center::Product::Bitbucket, record, scope)
            })
        }),
        System::JiraDc => Some(|record, scope| {
            let site = jira::Site::new(System::JiraDc, scope, "");
            let hook = jira::hook::facts(record, &site, None);
            hook.unwrap_or_else(|| data_center::facts(data_center::Product::Jira, record, scope))
        }),
        System::ConfluenceDc => Some(|record, scope| {
            data_center::facts(data_center::Product::Confluence, record, scope)
        }),
        System::ConfluenceCloud => Some(confluence_cloud::facts),
        System::Assets => Some(assets::facts),
        System::Directory | System::Auditgraph => None,
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

    /// What one upstream record says; nothing when it is not worth an event (our own reading noise).
    ///
    /// Never fails: what is not understood is left out of the fields and stays in
    /// [`NewEvent::raw`](crate::event::NewEvent::raw).
    fn normalise(&self, record: &RawValue) -> Facts;

    /// What proves that a webhook comes from this source: one secret, or several with commas between them while one
    /// replaces the other. `None` or nothing in it: webhooks are not taken.
    fn hook_secret(&self) -> Option<&SecretString> {
        None
    }

    /// What a webhook says; unlike a record, it may turn out to be none of this system's.
    fn receive(&self, _delivery: &Delivery<'_>) -> Result<Facts, NoHook> {
        Err(NoHook::Unsupported)
    }

    /// How views of its issues are posted to it; `None` where there are no issues.
    fn issue_views(&self) -> Option<IssueViews<'_>> {
        None
    }

    /// The issues that a query in Jira's own language finds; `None` where nobody understands it.
    fn search<'a>(&'a self, _jql: &'a str) -> Option<Search<'a>> {
        None
    }

    /// What an account may see of these issues, by Jira's ids; `None` where nobody can tell.
    fn permitted<'a>(&'a self, _account: &'a str, _issues: &'a [u64]) -> Option<Question<'a>> {
        None
    }

    /// The profiles of accounts that may be changed through it; `None` where there are none, or the settings do not allow it.
    fn profiles(&self) -> Option<organization::Profiles<'_>> {
        None
    }

    /// Where deleted issues are made again; `None` where there are none, or the settings do not allow it.
    fn restores(&self) -> Option<jira_cloud::Restores<'_>> {
        None
    }

    /// Asks upstream whether the connection works, and says in a sentence what it is connected to.
    fn check(&self) -> futures::future::BoxFuture<'_, Result<String, SourceError>>;

    /// How far back upstream keeps its logs; `None` when that is not known, or for ever.
    ///
    /// What a source has not read within that time cannot be read any more.
    fn retention(&self) -> Option<Duration> {
        None
    }

    /// How far back the past is read, counted from when the source was first connected.
    fn reach(&self) -> Duration {
        Duration::ZERO
    }

    /// How much of the request budget has been spent.
    fn budget(&self) -> Budget;

    /// Whether it gives what some actions need to have a source at all.
    fn meets(&self, _need: Need) -> bool {
        false
    }
}

/// What can be fetched from a source; each part has its own cursor and its own job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// New events, as they come.
    Events,
    /// Old events, newest day first, as far back as upstream keeps them.
    History,
    /// Issues that changed lately, with their changelogs and comments.
    Issues,
    /// The issues of the past, newest day first.
    IssueHistory,
    /// Worklogs that were updated or deleted.
    Worklogs,
    /// Log files in a watched folder.
    Files,
    /// Users, groups, containers, memberships, and things such as versions and boards.
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
            Self::Issues => "issues",
            Self::IssueHistory => "issue-history",
            Self::Worklogs => "worklogs",
            Self::Files => "files",
            Self::Directory => "directory",
            Self::Activity => "activity",
            Self::Actions => "actions",
        }
    }

    /// The log of upstream that the part reads: what follows it live and what reads its past share one. `None` for parts
    /// that read no log.
    #[must_use]
    pub const fn log(self) -> Option<&'static str> {
        match self {
            Self::Events | Self::History => Some("events"),
            Self::Issues | Self::IssueHistory => Some("issues"),
            Self::Worklogs => Some("worklogs"),
            Self::Files | Self::Directory | Self::Activity | Self::Actions => None,
        }
    }

    /// Whether the part follows a log live, rather than reading its past.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Events | Self::Issues | Self::Worklogs)
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
    /// A new reading begins with this page: identical records without an id are told apart by counting from here.
    pub starts_reading: bool,
    /// The stretch of upstream's log, by the time of events, that has been read completely once this page is stored.
    pub covered: Option<Stretch>,
}

/// The answer to a query in Jira's own language.
pub struct Search<'a> {
    /// The scope of the site whose issues they are.
    pub scope: &'a str,
    /// What it finds, page by page.
    pub pages: BoxStream<'a, Result<Vec<FoundIssue>, SearchError>>,
}

/// The question what an account may see.
pub struct Question<'a> {
    /// The scope of the site whose issues they are.
    pub scope: &'a str,
    /// Asks it, and answers.
    pub answer: futures::future::BoxFuture<'a, Result<Permitted, SourceError>>,
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

/// Whether a run of a part failed, by the words of its error, because there is no audit log that we may read: whether the
/// plan has none or the account lacks the right, upstream answers the same.
#[must_use]
pub fn says_no_log(system: System, part: &str, error: &str) -> bool {
    let by_plan = matches!(system, System::JiraCloud | System::ConfluenceCloud);
    let of_log = [Part::Events, Part::History]
        .iter()
        .any(|log| log.as_str() == part);
    by_plan && of_log && error.contains(" refused the credential (403): ")
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

//! The audit logs and directories of Bitbucket, Jira and Confluence Data Center: one implementation, because the three
//! share one audit plugin.
//!
//! The log is followed by `tail` and read backwards by `history`, both window by window (`reading`), or from the old
//! lists of Bitbucket where there is no plugin (`old`); `files` follows the log files of a node; `directory` lists who and
//! what there is. A fact has one key, whichever way it comes (`normalise`).

mod client;
mod directory;
mod entry;
mod files;
mod folder;
mod history;
mod legacy;
mod normalise;
mod old;
mod own;
mod reading;
mod subject;
mod tail;
mod wire;

pub use normalise::facts;

use super::http::{CallError, SetupError};
use super::look::Look;
use super::{Budget, Delivery, IssueViews, NoHook, Page, Part, Source, SourceError, hook, jira};
use crate::clock::Clock;
use crate::config;
use crate::event::{Facts, System};
use client::Client;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryFutureExt, TryStreamExt};
use own::Identity;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::value::RawValue;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;
use tail::Pace;
use url::Url;

/// A Data Center product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Bitbucket.
    Bitbucket,
    /// Jira.
    Jira,
    /// Confluence.
    Confluence,
}

impl Product {
    /// All of them, in the order of their sections.
    pub const ALL: [Self; 3] = [Self::Bitbucket, Self::Jira, Self::Confluence];

    /// The system that its instances are.
    #[must_use]
    pub const fn system(self) -> System {
        match self {
            Self::Bitbucket => System::BitbucketDc,
            Self::Jira => System::JiraDc,
            Self::Confluence => System::ConfluenceDc,
        }
    }

    /// What its events happen in.
    #[must_use]
    pub const fn product(self) -> crate::event::Product {
        match self {
            Self::Bitbucket => crate::event::Product::Bitbucket,
            Self::Jira => crate::event::Product::Jira,
            Self::Confluence => crate::event::Product::Confluence,
        }
    }

    /// Its section in the settings.
    const fn section(self) -> &'static str {
        match self {
            Self::Bitbucket => "bitbucket_dc",
            Self::Jira => "jira_dc",
            Self::Confluence => "confluence_dc",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Bitbucket => "Bitbucket Data Center",
            Self::Jira => "Jira Data Center",
            Self::Confluence => "Confluence Data Center",
        }
    }
}

/// One instance of a Data Center product.
#[derive(Debug)]
pub struct DataCenter {
    product: Product,
    name: String,
    scope: String,
    client: Option<Client>,
    folder: Option<PathBuf>,
    /// Who we are there, once that is known.
    identity: OnceLock<Identity>,
    user: String,
    basic: bool,
    pace: Pace,
    history_days: u32,
    base: Option<Url>,
    hook_secret: SecretString,
    view_secret: SecretString,
}

impl DataCenter {
    /// The instance that the settings name.
    pub fn new(
        product: Product,
        config: &config::DataCenter,
        limits: &config::HttpClient,
        clock: &Clock,
    ) -> Result<Self, SetupError> {
        let base = config.base_url.as_ref();
        let client = base.filter(|_| config.has_credential()).map(|base| {
            // A message about a missing address is for the settings to give.
            Client::new(product, base, config, limits, clock)
        });
        Ok(Self {
            product,
            name: config.name.clone(),
            scope: base.map(super::scope_of).unwrap_or_default(),
            client: client.transpose()?,
            folder: config.has_folder().then(|| config.audit_log_folder.clone()),
            identity: OnceLock::new(),
            user: config.user.clone(),
            basic: config.token.expose_secret().is_empty(),
            pace: Pace {
                lateness: config.lateness(),
                history: Duration::from_hours(u64::from(config.history_days) * 24),
                pause: Duration::from_secs(config.seconds_between_reads.into()),
            },
            history_days: config.history_days,
            base: config.base_url.clone(),
            hook_secret: config.hook_secret.clone(),
            view_secret: config.issue_view_secret.clone(),
        })
    }

    /// Asks who we are there and what time it is, unless that is known.
    async fn introduce<'a>(&self, client: &'a Client) -> Result<&'a Client, SourceError> {
        if self.identity.get().is_none() {
            let mut identity = match client.hello().await {
                Ok((identity, _)) => identity,
                // Who may read the log need not be allowed to ask this.
                Err(error) if matches!(error.status(), Some(403 | 404)) => Identity::default(),
                Err(error) => return Err(error.into()),
            };
            identity.learn_name(Some(self.user.clone()));
            // Whoever was first has asked the same.
            let _ = self.identity.set(identity);
        }
        Ok(client)
    }

    fn events(&self, cursor: Option<String>) -> BoxStream<'_, Result<Page, SourceError>> {
        let Some(client) = &self.client else {
            return stream::empty().boxed();
        };
        let pages = async move {
            let client = self.introduce(client).await?;
            let cursor = cursor.as_deref();
            if let Some(mark) = old::mark(cursor) {
                return Ok(old::pages(client, self.pace, mark).boxed());
            }
            let mut pages = tail::pages(client, self.pace, cursor).boxed();
            match pages.try_next().await {
                Ok(None) => Ok(stream::empty().boxed()),
                Ok(Some(page)) => {
                    let rest = pages.map_err(SourceError::from);
                    Ok(stream::iter([Ok(page)]).chain(rest).boxed())
                }
                Err(error) if self.has_no_plugin(&error) => {
                    Ok(old::pages(client, self.pace, old::Mark::default()).boxed())
                }
                Err(error) => Err(SourceError::from(error)),
            }
        };
        pages.try_flatten_stream().boxed()
    }

    /// Before version 7 Bitbucket had lists of its own, and no plugin.
    fn has_no_plugin(&self, error: &CallError) -> bool {
        self.product == Product::Bitbucket && error.status() == Some(404)
    }

    fn past(&self, cursor: Option<String>) -> BoxStream<'_, Result<Page, SourceError>> {
        let days = self.history_days;
        let client = self.client.as_ref();
        let Some(client) = client.filter(|_| !history::is_over(days, cursor.as_deref())) else {
            return stream::empty().boxed();
        };
        let pages = async move {
            let client = self.introduce(client).await?;
            let pages = history::pages(client, days, cursor.as_deref());
            let pages = pages.map(move |page| match page {
                // The old lists are read to their beginnings by the tail.
                Err(error) if self.has_no_plugin(&error) => Ok(None),
                page => page.map(Some).map_err(SourceError::from),
            });
            Ok(pages.try_filter_map(futures::future::ok))
        };
        pages.try_flatten_stream().boxed()
    }

    async fn describe(&self) -> Result<String, SourceError> {
        let title = self.product.title();
        let Some(client) = &self.client else {
            let folder = self.folder.as_deref().unwrap_or(std::path::Path::new(""));
            let found = folder::names(folder)
                .await
                .map_err(|error| folder::unreadable(folder, &error))?;
            return Ok(format!(
                "{} audit log files of {title} in {}",
                found.len(),
                folder.display()
            ));
        };
        let (_, answer) = client.hello().await?;
        let now = client::Window {
            from: client.now(),
            to: client.now(),
        };
        match client.events(now, None).await {
            Err(error) if self.has_no_plugin(&error) => {}
            page => drop(page?),
        }
        let answer = Look::new(&answer);
        let version = answer.at("version").text();
        let user = answer.at("name").text().or(answer.at("username").text());
        Ok(match (version, user) {
            (Some(version), _) => format!("{title} {version} at {}", self.scope),
            (None, Some(user)) => format!("{title} at {}, as {user}", self.scope),
            (None, None) => format!("{title} at {}", self.scope),
        })
    }
}

impl Source for DataCenter {
    fn name(&self) -> &str {
        &self.name
    }

    fn system(&self) -> System {
        self.product.system()
    }

    fn parts(&self) -> &'static [Part] {
        match (&self.client, &self.folder) {
            (Some(_), None) => &[Part::Events, Part::History, Part::Directory],
            (Some(_), Some(_)) => &[Part::Events, Part::Files, Part::History, Part::Directory],
            (None, _) => &[Part::Files],
        }
    }

    fn pages(
        &self,
        part: Part,
        cursor: Option<String>,
    ) -> BoxStream<'_, Result<Page, SourceError>> {
        match (part, &self.client, &self.folder) {
            (Part::Events, ..) => self.events(cursor),
            (Part::History, ..) => self.past(cursor),
            (Part::Files, _, Some(folder)) => files::pages(folder, cursor.as_deref()).boxed(),
            (Part::Directory, Some(client), _) => {
                directory::pages(client, self.product, &self.scope).boxed()
            }
            _ => stream::empty().boxed(),
        }
    }

    fn normalise(&self, record: &RawValue) -> Facts {
        let identity = self.identity.get();
        if identity.is_some_and(|identity| identity.caused(self.product, self.basic, record)) {
            return Facts::default();
        }
        facts(self.product, record, &self.scope)
    }

    fn hook_secret(&self) -> Option<&SecretString> {
        (self.product != Product::Confluence).then_some(&self.hook_secret)
    }

    fn receive(&self, delivery: &Delivery<'_>) -> Result<Facts, NoHook> {
        match self.product {
            Product::Bitbucket => hook::of_bitbucket_dc(delivery, &self.scope),
            Product::Jira => {
                let url = self.base.as_ref().map(Url::as_str).unwrap_or_default();
                hook::of_jira(delivery, &jira::Site::new(System::JiraDc, &self.scope, url))
            }
            Product::Confluence => Err(NoHook::Unsupported),
        }
    }

    fn issue_views(&self) -> Option<IssueViews<'_>> {
        let site = self.base.as_ref()?;
        (self.product == Product::Jira).then_some(IssueViews {
            system: System::JiraDc,
            scope: &self.scope,
            site,
            secret: &self.view_secret,
        })
    }

    fn check(&self) -> BoxFuture<'_, Result<String, SourceError>> {
        self.describe().boxed()
    }

    fn budget(&self) -> Budget {
        self.client.as_ref().map(Client::budget).unwrap_or_default()
    }
}

/// A mark of ours as the store keeps it.
fn to_cursor(mark: &impl Serialize) -> String {
    // Marks are plain structs, which serialisation cannot fail on.
    serde_json::to_string(mark).unwrap_or_default()
}

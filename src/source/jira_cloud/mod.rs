//! A Jira Cloud site: its audit log, its issues with their changelogs and comments, its worklogs, and its directory.
//!
//! What a record means is read by [`jira`](super::jira), the same for webhooks. Polling does not see everything: a deleted
//! issue or comment, or the text before an edit, is only told by webhooks.

mod client;
mod directory;
mod draft;
mod entry;
mod issues;
mod list;
mod restore;
mod scan;
mod search;
mod wire;
mod worklogs;

pub use restore::Restores;

use super::http::SetupError;
use super::jira::{self, Site};
use super::windows::{self, Log, Patience};
use super::{
    Budget, Delivery, IssueViews, NoHook, Page, Part, Question, Search, Source, SourceError,
    Stretch, hook, scope_of,
};
use crate::clock::Clock;
use crate::config;
use crate::event::{Facts, System, Timestamp};
use client::Client;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::Duration;
use url::Url;

/// The audit log is not asked more often than this: it costs three requests.
const PAUSE: Duration = Duration::from_secs(30);

/// A Jira Cloud site, seen with one credential.
#[derive(Debug)]
pub struct JiraCloud {
    client: Client,
    name: String,
    site: Site,
    lateness: Duration,
    history_days: u32,
    /// Where people open the site.
    address: Option<Url>,
    hook_secret: SecretString,
    view_secret: SecretString,
    /// Whether deleted issues may be made again.
    writes: bool,
}

impl JiraCloud {
    /// The site that the settings name.
    pub fn new(
        config: &config::JiraCloud,
        limits: &config::HttpClient,
        clock: &Clock,
    ) -> Result<Self, SetupError> {
        let client = Client::new(config, limits, clock)?;
        let (scope, url) = config
            .site()
            .map(|url| (scope_of(url), url.to_string()))
            .unwrap_or_default();
        Ok(Self {
            client,
            name: config.name.clone(),
            site: Site::new(System::JiraCloud, &scope, &url),
            lateness: Duration::from_hours(config.lateness_hours.into()),
            history_days: config.history_days,
            address: config.site().cloned(),
            hook_secret: config.hook_secret.clone(),
            view_secret: config.issue_view_secret.clone(),
            writes: config.writes_per_day > 0,
        })
    }

    async fn describe(&self) -> Result<String, SourceError> {
        let (user, title, administers) = self.client.describe().await?;
        let mut text = format!("Jira Cloud site {title} ({}) as {user}", self.site.scope);
        if !administers {
            text += ", who may not administer Jira: no audit log, groups and schemes";
        }
        Ok(text)
    }
}

impl Log for Client {
    fn what(&self) -> &'static str {
        client::AUDIT
    }

    fn now(&self) -> Timestamp {
        Client::now(self)
    }

    fn page(
        &self,
        stretch: Stretch,
        start: usize,
    ) -> BoxFuture<'_, Result<Vec<Box<RawValue>>, SourceError>> {
        self.audit(stretch, start).boxed()
    }
}

impl Source for JiraCloud {
    fn name(&self) -> &str {
        &self.name
    }

    fn system(&self) -> System {
        System::JiraCloud
    }

    fn parts(&self) -> &'static [Part] {
        &[
            Part::Events,
            Part::History,
            Part::Issues,
            Part::IssueHistory,
            Part::Worklogs,
            Part::Directory,
        ]
    }

    fn pages(
        &self,
        part: Part,
        cursor: Option<String>,
    ) -> BoxStream<'_, Result<Page, SourceError>> {
        let (client, days, cursor) = (&self.client, self.history_days, cursor.as_deref());
        match part {
            Part::Events => {
                let patience = Patience {
                    lateness: self.lateness,
                    pause: PAUSE,
                };
                windows::tail(client, patience, cursor).boxed()
            }
            Part::History => windows::history(client, days, cursor).boxed(),
            Part::Issues => issues::changed(client, days, cursor).boxed(),
            Part::IssueHistory => issues::past(client, days, cursor).boxed(),
            Part::Worklogs => worklogs::pages(client, days, cursor).boxed(),
            Part::Directory => directory::pages(client, &self.site).boxed(),
            _ => stream::empty().boxed(),
        }
    }

    fn normalise(&self, record: &RawValue) -> Facts {
        jira::facts(record, &self.site)
    }

    fn hook_secret(&self) -> Option<&SecretString> {
        Some(&self.hook_secret)
    }

    fn receive(&self, delivery: &Delivery<'_>) -> Result<Facts, NoHook> {
        hook::of_jira(delivery, &self.site)
    }

    fn issue_views(&self) -> Option<IssueViews<'_>> {
        Some(IssueViews {
            system: System::JiraCloud,
            scope: &self.site.scope,
            site: self.address.as_ref()?,
            secret: &self.view_secret,
        })
    }

    fn search<'a>(&'a self, jql: &'a str) -> Option<Search<'a>> {
        Some(Search {
            scope: &self.site.scope,
            pages: search::pages(&self.client, jql).boxed(),
        })
    }

    fn permitted<'a>(&'a self, account: &'a str, issues: &'a [u64]) -> Option<Question<'a>> {
        let answer = async move {
            let granted = self.client.granted(account, issues).await?;
            Ok(granted.permitted())
        };
        Some(Question {
            scope: &self.site.scope,
            answer: answer.boxed(),
        })
    }

    fn restores(&self) -> Option<Restores<'_>> {
        self.writes.then_some(Restores {
            client: &self.client,
            address: self.address.as_ref(),
        })
    }

    fn check(&self) -> BoxFuture<'_, Result<String, SourceError>> {
        self.describe().boxed()
    }

    fn budget(&self) -> Budget {
        self.client.budget()
    }
}

/// A mark of ours as the store keeps it.
fn to_cursor(mark: &impl Serialize) -> String {
    // Marks are plain structs, which serialisation cannot fail on.
    serde_json::to_string(mark).unwrap_or_default()
}

//! The audit log, spaces and, where no organization is read, people of a Confluence Cloud site.
//!
//! Records have no id and are listed newest first by offset: the windows and their paging are
//! [`windows`](super::windows)' affair. Confluence Data Center is another system with another log.

mod client;
mod directory;
mod normalise;
mod wire;

pub use normalise::facts;

use super::http::SetupError;
use super::look::Look;
use super::windows::{self, Patience};
use super::{Budget, Page, Part, Source, SourceError};
use crate::clock::Clock;
use crate::config;
use crate::event::{Facts, System};
use client::Client;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use serde_json::value::RawValue;
use std::time::Duration;

/// A Confluence Cloud site, seen with one credential.
#[derive(Debug)]
pub struct ConfluenceCloud {
    client: Client,
    name: String,
    scope: String,
    people: bool,
    lateness: Duration,
    history_days: u32,
}

impl ConfluenceCloud {
    /// The site that the settings name; `people` says whether its users and groups are listed, too.
    pub fn new(
        config: &config::ConfluenceCloud,
        people: bool,
        limits: &config::HttpClient,
        clock: &Clock,
    ) -> Result<Self, SetupError> {
        Ok(Self {
            client: Client::new(config, limits, clock)?,
            name: config.name.clone(),
            scope: scope(config),
            people,
            lateness: Duration::from_hours(config.lateness_hours.into()),
            history_days: config.history_days,
        })
    }

    async fn describe(&self) -> Result<String, SourceError> {
        let user = self.client.user().await?;
        let name = Look::new(&user).at("displayName").text();
        self.client.may_audit().await?;
        Ok(format!(
            "Confluence at {} as {}",
            self.scope,
            name.unwrap_or_else(|| "somebody without a name".to_owned())
        ))
    }
}

/// What makes ids and keys of the site unique; empty when the settings name no site.
#[must_use]
pub fn scope(config: &config::ConfluenceCloud) -> String {
    config.base_url.as_ref().map_or_else(String::new, |url| {
        super::scope_of(&client::without_context(url))
    })
}

impl Source for ConfluenceCloud {
    fn name(&self) -> &str {
        &self.name
    }

    fn system(&self) -> System {
        System::ConfluenceCloud
    }

    fn parts(&self) -> &'static [Part] {
        &[Part::Events, Part::History, Part::Directory]
    }

    fn pages(
        &self,
        part: Part,
        cursor: Option<String>,
    ) -> BoxStream<'_, Result<Page, SourceError>> {
        let (client, cursor) = (&self.client, cursor.as_deref());
        match part {
            Part::Events => {
                let patience = Patience {
                    lateness: self.lateness,
                    pause: Duration::ZERO,
                };
                windows::tail(client, patience, cursor).boxed()
            }
            Part::History => windows::history(client, self.history_days, cursor).boxed(),
            Part::Directory => directory::pages(client, &self.scope, self.people).boxed(),
            _ => stream::empty().boxed(),
        }
    }

    fn normalise(&self, record: &RawValue) -> Facts {
        facts(record, &self.scope)
    }

    fn check(&self) -> BoxFuture<'_, Result<String, SourceError>> {
        self.describe().boxed()
    }

    fn budget(&self) -> Budget {
        self.client.budget()
    }
}

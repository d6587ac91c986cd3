//! Objects of Assets in Jira Service Management: who created and changed what, and who has which role.
//!
//! Assets has no log and no webhooks: objects that changed lately are searched for and their histories read. A record is
//! one entry of a history together with its object, each as received. Roles cannot be asked for at all; [`roles`] reads
//! them from a file that somebody else keeps.

mod client;
mod normalise;
mod roles;

pub use normalise::facts;

use super::http::SetupError;
use super::windows::{self, Patience};
use super::{Budget, Page, Part, Source, SourceError};
use crate::clock::Clock;
use crate::config;
use crate::event::action::Need;
use crate::event::{Facts, System};
use client::Client;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use serde_json::value::RawValue;
use std::path::PathBuf;
use std::time::Duration;

/// The Assets of one site.
#[derive(Debug)]
pub struct Assets {
    client: Client,
    name: String,
    scope: String,
    patience: Patience,
    history_days: u32,
    roles: Option<PathBuf>,
    clock: Clock,
}

impl Assets {
    /// The Assets that the settings name.
    pub fn new(
        config: &config::Assets,
        limits: &config::HttpClient,
        clock: &Clock,
    ) -> Result<Self, SetupError> {
        let roles = &config.roles_snapshot;
        Ok(Self {
            client: Client::new(config, limits, clock)?,
            name: config.name.clone(),
            scope: scope(config),
            patience: Patience {
                lateness: Duration::from_hours(config.lateness_hours.into()),
                pause: Duration::from_mins(config.poll_minutes.into()),
            },
            history_days: config.history_days,
            roles: (!roles.as_os_str().is_empty()).then(|| roles.clone()),
            clock: clock.clone(),
        })
    }

    async fn describe(&self) -> Result<String, SourceError> {
        let workspace = self.client.workspace().await?;
        let schemas = self.client.schemas().await?;
        Ok(format!(
            "Assets of {} (workspace {workspace}, {schemas} object schemas)",
            self.scope
        ))
    }
}

/// What makes ids of the site unique; empty when the settings name no site.
#[must_use]
pub fn scope(config: &config::Assets) -> String {
    let base = config.base_url.as_ref();
    base.map_or_else(String::new, super::scope_of)
}

impl Source for Assets {
    fn name(&self) -> &str {
        &self.name
    }

    fn system(&self) -> System {
        System::Assets
    }

    fn parts(&self) -> &'static [Part] {
        if self.roles.is_some() {
            &[Part::Events, Part::History, Part::Directory]
        } else {
            &[Part::Events, Part::History]
        }
    }

    fn pages(
        &self,
        part: Part,
        cursor: Option<String>,
    ) -> BoxStream<'_, Result<Page, SourceError>> {
        let client = &self.client;
        match (part, &self.roles) {
            (Part::Events, _) => windows::tail(client, self.patience, cursor.as_deref()).boxed(),
            (Part::History, _) => {
                windows::history(client, self.history_days, cursor.as_deref()).boxed()
            }
            (Part::Directory, Some(file)) => roles::pages(file, cursor, &self.clock).boxed(),
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

    fn meets(&self, need: Need) -> bool {
        match need {
            Need::RolesSnapshot => self.roles.is_some(),
        }
    }
}

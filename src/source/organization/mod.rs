//! The audit log and directory of an Atlassian organization.
//!
//! The log is followed live by `tail` and read backwards by `history`; `directory` lists who and what there is.
//! Products' own logs and histories are other systems' affair, also where this log mentions the same fact.

mod client;
mod directory;
mod entry;
mod history;
pub mod normalise;
mod place;
mod profile;
mod tail;
mod wire;

pub use normalise::event;
pub use profile::Profiles;

use super::http::SetupError;
use super::{Budget, Page, Part, Source, SourceError};
use crate::clock::Clock;
use crate::config;
use crate::event::{Facts, System};
use client::{Client, Stretch};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::Duration;

/// How long Atlassian keeps the audit log.
const RETENTION: Duration = Duration::from_hours(180 * 24);

/// An organization, seen through its administration API.
#[derive(Debug)]
pub struct Organization {
    client: Client,
    name: String,
    org_id: String,
    lateness: Duration,
    history_days: u32,
    /// Whether profiles may be changed.
    writes: bool,
}

impl Organization {
    /// The organization that the settings name.
    pub fn new(
        config: &config::Organization,
        limits: &config::HttpClient,
        clock: &Clock,
    ) -> Result<Self, SetupError> {
        Ok(Self {
            client: Client::new(config, limits, clock)?,
            name: config.name.clone(),
            org_id: config.org_id.clone(),
            lateness: Duration::from_hours(config.lateness_hours.into()),
            history_days: config.history_days,
            writes: config.writes_per_day > 0,
        })
    }

    async fn describe(&self) -> Result<String, SourceError> {
        let listing = match self.client.organizations().await {
            // A key with scopes may read the log and not the list of organizations.
            Err(error) if matches!(error.status(), Some(401 | 403 | 404)) => {
                let now = Stretch {
                    from: Some(self.client.now()),
                    ..Stretch::default()
                };
                self.client.events(&now).await?;
                return Ok(format!("the audit log of organization {}", self.org_id));
            }
            listing => listing?,
        };
        let mut others = Vec::new();
        for organization in listing.items() {
            let id = organization.at("id").text().unwrap_or_default();
            let name = organization.at("attributes").at("name").text();
            let name = name.unwrap_or_else(|| "without a name".to_owned());
            if id == self.org_id {
                return Ok(format!("organization {name} ({id})"));
            }
            others.push(format!("{name} ({id})"));
        }
        Err(SourceError::Unusable {
            what: "the organization API key".to_owned(),
            message: format!(
                "it is for {}, while organization.org_id is {}",
                if others.is_empty() {
                    "no organization".to_owned()
                } else {
                    others.join(", ")
                },
                self.org_id
            ),
        })
    }
}

impl Source for Organization {
    fn name(&self) -> &str {
        &self.name
    }

    fn system(&self) -> System {
        System::Organization
    }

    fn parts(&self) -> &'static [Part] {
        &[
            Part::Events,
            Part::History,
            Part::Directory,
            Part::Activity,
            Part::Actions,
        ]
    }

    fn pages(
        &self,
        part: Part,
        cursor: Option<String>,
    ) -> BoxStream<'_, Result<Page, SourceError>> {
        let (client, cursor) = (&self.client, cursor.as_deref());
        match part {
            Part::Events => {
                let history = Duration::from_hours(u64::from(self.history_days) * 24);
                tail::pages(client, self.lateness, history, cursor).boxed()
            }
            Part::History => history::pages(client, self.history_days, cursor).boxed(),
            Part::Directory => directory::pages(client).boxed(),
            Part::Activity => directory::activity(client, cursor).boxed(),
            Part::Actions => directory::actions(client).boxed(),
            _ => stream::empty().boxed(),
        }
    }

    fn normalise(&self, record: &RawValue) -> Facts {
        event(record).into()
    }

    fn profiles(&self) -> Option<Profiles<'_>> {
        let client = &self.client;
        self.writes.then_some(Profiles { client })
    }

    fn check(&self) -> BoxFuture<'_, Result<String, SourceError>> {
        self.describe().boxed()
    }

    fn retention(&self) -> Option<Duration> {
        Some(RETENTION)
    }

    fn reach(&self) -> Duration {
        Duration::from_hours(u64::from(self.history_days) * 24).min(RETENTION)
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

//! The members, projects and repositories of Bitbucket Cloud workspaces.
//!
//! Bitbucket Cloud has no audit log of its own: administration is in the organization's, see
//! [`organization`](super::organization). Pushes and pull requests come by webhook.

mod client;
pub(super) mod hook;
mod normalise;
mod walk;
mod wire;

use super::http::SetupError;
use super::look::Look;
use super::{Budget, Delivery, NoHook, Page, Part, Source, SourceError};
use crate::clock::Clock;
use crate::config;
use crate::event::{Facts, System};
use client::Client;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use secrecy::SecretString;
use serde_json::value::RawValue;

/// Bitbucket Cloud, seen with one credential.
#[derive(Debug)]
pub struct BitbucketCloud {
    client: Client,
    name: String,
    workspaces: Vec<String>,
    hook_secret: SecretString,
}

/// What a recorded webhook says; nothing when it is none.
pub(super) fn facts(record: &RawValue) -> Facts {
    let event = hook::event(record, None, None);
    event.map(Facts::from).unwrap_or_default()
}

impl BitbucketCloud {
    /// The workspaces that the settings name.
    pub fn new(
        config: &config::BitbucketCloud,
        limits: &config::HttpClient,
        clock: &Clock,
    ) -> Result<Self, SetupError> {
        Ok(Self {
            client: Client::new(config, limits, clock)?,
            name: config.name.clone(),
            workspaces: config.workspaces.clone(),
            hook_secret: config.hook_secret.clone(),
        })
    }

    async fn describe(&self) -> Result<String, SourceError> {
        if let [slug, ..] = self.workspaces.as_slice() {
            let workspace = self.client.workspace(slug).await?;
            let name = Look::new(&workspace).at("name").text();
            return Ok(format!(
                "workspace {} ({slug})",
                name.unwrap_or_else(|| "without a name".to_owned())
            ));
        }
        let user = self.client.user().await?;
        let name = Look::new(&user).at("display_name").text();
        Ok(format!(
            "Bitbucket Cloud as {}",
            name.unwrap_or_else(|| "somebody without a name".to_owned())
        ))
    }
}

impl Source for BitbucketCloud {
    fn name(&self) -> &str {
        &self.name
    }

    fn system(&self) -> System {
        System::BitbucketCloud
    }

    fn parts(&self) -> &'static [Part] {
        &[Part::Directory]
    }

    fn pages(
        &self,
        part: Part,
        _cursor: Option<String>,
    ) -> BoxStream<'_, Result<Page, SourceError>> {
        match part {
            Part::Directory => walk::pages(&self.client, &self.workspaces).boxed(),
            _ => stream::empty().boxed(),
        }
    }

    fn normalise(&self, record: &RawValue) -> Facts {
        facts(record)
    }

    fn hook_secret(&self) -> Option<&SecretString> {
        Some(&self.hook_secret)
    }

    fn receive(&self, delivery: &Delivery<'_>) -> Result<Facts, NoHook> {
        let name = delivery.header("X-Event-Key");
        let id = delivery.header("X-Request-UUID");
        let event = hook::event(delivery.record()?, name, id).ok_or(NoHook::Unknown {
            system: "Bitbucket Cloud",
            expected: "it has a header X-Event-Key, e.g. repo:push",
        })?;
        Ok(delivery.say(event.into()))
    }

    fn check(&self) -> BoxFuture<'_, Result<String, SourceError>> {
        self.describe().boxed()
    }

    fn budget(&self) -> Budget {
        self.client.budget()
    }
}

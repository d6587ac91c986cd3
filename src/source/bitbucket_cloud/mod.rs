//! The members, projects and repositories of Bitbucket Cloud workspaces.
//!
//! Bitbucket Cloud has no audit log of its own: what happens there is in the organization's, see
//! [`organization`](super::organization).

mod client;
mod normalise;
mod walk;
mod wire;

use super::http::SetupError;
use super::look::Look;
use super::{Budget, Page, Part, Source, SourceError};
use crate::clock::Clock;
use crate::config;
use crate::event::{NewEvent, System};
use client::Client;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt};
use serde_json::value::RawValue;

/// Bitbucket Cloud, seen with one credential.
#[derive(Debug)]
pub struct BitbucketCloud {
    client: Client,
    name: String,
    workspaces: Vec<String>,
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
            Part::Events | Part::History | Part::Activity | Part::Actions => {
                stream::empty().boxed()
            }
        }
    }

    fn normalise(&self, _record: &RawValue) -> Vec<NewEvent> {
        Vec::new()
    }

    fn check(&self) -> BoxFuture<'_, Result<String, SourceError>> {
        self.describe().boxed()
    }

    fn budget(&self) -> Budget {
        self.client.budget()
    }
}

//! The calls of the Bitbucket Cloud API that are used, one function each.
//!
//! Which call follows which is not decided here.

use super::wire::Listing;
use crate::clock::Clock;
use crate::config;
use crate::source::Budget;
use crate::source::http::{Bucket, Call, CallError, Credential, Http, SetupError};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::time::Duration;
use url::Url;

const ADVICE: &str = "Give the API token of a user in bitbucket_cloud.token with the account's e-mail address in \
    bitbucket_cloud.email, or an access token without one. It needs read access to the account, workspaces, projects \
    and repositories, and expires after a year at most";

/// Entries a request, the most that upstream gives.
const PAGE: (&str, &str) = ("pagelen", "100");

/// A client of the Bitbucket Cloud API.
#[derive(Debug)]
pub(super) struct Client {
    http: Http,
    bucket: Bucket,
}

impl Client {
    pub(super) fn new(
        config: &config::BitbucketCloud,
        limits: &config::HttpClient,
        clock: &Clock,
    ) -> Result<Self, SetupError> {
        let credential = if config.email.is_empty() {
            Credential::Bearer(config.token.clone())
        } else {
            let token = config.token.expose_secret().to_owned();
            Credential::Basic(config.email.clone(), token.into())
        };
        let hour = Duration::from_hours(1);
        Ok(Self {
            http: Http::new(
                "bitbucket_cloud",
                &config.base_url,
                credential,
                ADVICE,
                limits,
                clock.clone(),
            )?,
            bucket: Bucket::new(config.requests_per_hour, hour, clock),
        })
    }

    pub(super) fn budget(&self) -> Budget {
        self.bucket.budget()
    }

    /// The user behind the credential; access tokens have none.
    pub(super) async fn user(&self) -> Result<Value, CallError> {
        let url = self.http.url(&["user"], &[]);
        self.get("the user behind the credential", url).await
    }

    /// One workspace, by its slug.
    pub(super) async fn workspace(&self, slug: &str) -> Result<Value, CallError> {
        let what = format!("workspace {slug}");
        let url = self.http.url(&["workspaces", slug], &[]);
        self.get(&what, url).await
    }

    /// Where the list of the user's workspaces begins.
    pub(super) fn workspaces(&self) -> Url {
        self.http.url(&["user", "workspaces"], &[PAGE])
    }

    /// Where a list within a workspace begins: `permissions`, `members` or `projects`.
    pub(super) fn within(&self, slug: &str, noun: &str) -> Url {
        self.http.url(&["workspaces", slug, noun], &[PAGE])
    }

    /// Where the list of a workspace's repositories begins.
    pub(super) fn repositories(&self, slug: &str) -> Url {
        self.http.url(&["repositories", slug], &[PAGE])
    }

    /// One page of a list, and where the next one is.
    pub(super) async fn page(
        &self,
        what: &str,
        url: Url,
    ) -> Result<(Listing, Option<Url>), CallError> {
        let listing: Listing = self.get(what, url).await?;
        let next = listing.next().map(|next| self.http.link(what, &next));
        let next = next.transpose()?;
        Ok((listing, next))
    }

    async fn get<T: serde::de::DeserializeOwned>(
        &self,
        what: &str,
        url: Url,
    ) -> Result<T, CallError> {
        self.http
            .fetch(Call {
                what,
                url,
                body: None,
                bucket: &self.bucket,
            })
            .await
    }
}

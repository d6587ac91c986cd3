//! The calls of the Confluence Cloud API that are used, one function each.
//!
//! Which call follows which is not decided here.

use super::wire::{Listing, Records};
use crate::clock::Clock;
use crate::config;
use crate::event::Timestamp;
use crate::source::http::{Bucket, Call, CallError, Credential, Http, SetupError};
use crate::source::windows::Log;
use crate::source::{Budget, SourceError, Stretch};
use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

const ADVICE: &str = "Give the API token of a Confluence administrator in confluence_cloud.token with the account's \
    e-mail address in confluence_cloud.email, or an OAuth access token without one. The audit log needs the permission \
    Confluence Administrator (scope read:audit-log:confluence), and the site a plan that has one";

/// What calls ask for, in the words of error messages.
pub(super) const LOG: &str = "Confluence's audit log";
pub(super) const SPACES: &str = "Confluence's list of spaces";
pub(super) const GROUPS: &str = "Confluence's list of groups";
pub(super) const MEMBERS: &str = "the members of a group of Confluence";
pub(super) const USERS: &str = "Confluence's list of users";

/// Entries a request; upstream may give fewer.
const PAGE: &str = "200";

/// The path under which every site has its Confluence.
const CONTEXT: &str = "wiki";

/// A client of one site.
#[derive(Debug)]
pub(super) struct Client {
    http: Http,
    root: Url,
    page_size: String,
    bucket: Bucket,
}

/// A site's address without the path under which it has its Confluence.
pub(super) fn without_context(url: &Url) -> Url {
    let mut root = url.clone();
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/wiki").unwrap_or(path).to_owned();
    root.set_path(&path);
    root
}

impl Client {
    pub(super) fn new(
        config: &config::ConfluenceCloud,
        limits: &config::HttpClient,
        clock: &Clock,
    ) -> Result<Self, SetupError> {
        let Some(base) = &config.base_url else {
            return Err(SetupError {
                setting: "confluence_cloud.base_url".to_owned(),
                message: "missing; give an address such as https://acme.atlassian.net/wiki"
                    .to_owned(),
            });
        };
        let root = without_context(base);
        let credential = if config.email.is_empty() {
            Credential::Bearer(config.token.clone())
        } else {
            let token = config.token.expose_secret().to_owned();
            Credential::Basic(config.email.clone(), token.into())
        };
        Ok(Self {
            http: Http::new(
                "confluence_cloud",
                &root,
                credential,
                ADVICE,
                limits,
                clock.clone(),
            )?,
            root,
            page_size: config.page_size.to_string(),
            bucket: Bucket::new(config.requests_per_minute, Duration::from_mins(1), clock),
        })
    }

    pub(super) fn budget(&self) -> Budget {
        self.bucket.budget()
    }

    /// The user behind the credential.
    pub(super) async fn user(&self) -> Result<Value, CallError> {
        let what = "the user behind the credential";
        self.get(what, &["rest", "api", "user", "current"], &[])
            .await
    }

    /// Fails when the credential may not read the audit log.
    pub(super) async fn may_audit(&self) -> Result<(), CallError> {
        let path = ["rest", "api", "audit"];
        let page: Records = self.get(LOG, &path, &[("limit", "1")]).await?;
        drop(page);
        Ok(())
    }

    /// Where the list of spaces of a status begins.
    pub(super) fn spaces(&self, status: &str) -> Url {
        let query = [("status", status), ("limit", "250")];
        self.url(&["api", "v2", "spaces"], &query)
    }

    /// One page of version 2 of the API, and where the next one is.
    pub(super) async fn listing(
        &self,
        what: &str,
        url: Url,
    ) -> Result<(Listing, Option<Url>), CallError> {
        let listing: Listing = self.fetch(what, url, None).await?;
        let next = listing.next().map(|next| self.link(what, &next));
        let next = next.transpose()?;
        Ok((listing, next))
    }

    /// The groups from `start` on.
    pub(super) async fn groups(&self, start: usize) -> Result<Vec<Box<RawValue>>, CallError> {
        self.by_offset(GROUPS, &["rest", "api", "group"], &[], start)
            .await
    }

    /// The members of a group from `start` on.
    pub(super) async fn members(
        &self,
        group: &str,
        start: usize,
    ) -> Result<Vec<Box<RawValue>>, CallError> {
        let path = ["rest", "api", "group", group, "membersByGroupId"];
        self.by_offset(MEMBERS, &path, &[], start).await
    }

    /// The users from `start` on.
    pub(super) async fn users(&self, start: usize) -> Result<Vec<Box<RawValue>>, CallError> {
        let path = ["rest", "api", "search", "user"];
        self.by_offset(USERS, &path, &[("cql", "type=user")], start)
            .await
    }

    /// What is known of these accounts, at most 250.
    pub(super) async fn details(&self, accounts: &[String]) -> Result<Listing, CallError> {
        let url = self.url(&["api", "v2", "users-bulk"], &[]);
        self.fetch(USERS, url, Some(json!({"accountIds": accounts})))
            .await
    }

    async fn by_offset(
        &self,
        what: &str,
        path: &[&str],
        query: &[(&str, &str)],
        start: usize,
    ) -> Result<Vec<Box<RawValue>>, CallError> {
        let start = start.to_string();
        let query = [query, &[("start", &start), ("limit", PAGE)]].concat();
        let page: Records = self.get(what, path, &query).await?;
        Ok(page.into_records())
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        self.http.url(&[&[CONTEXT], path].concat(), query)
    }

    /// The address behind a link: links begin with `/wiki`, also where the site is below another path.
    fn link(&self, what: &str, link: &str) -> Result<Url, SourceError> {
        let below = self.root.path().trim_end_matches('/');
        if link.starts_with("/wiki/") && !below.is_empty() {
            return self.http.link(what, &format!("{below}{link}"));
        }
        self.http.link(what, link)
    }

    async fn get<T: DeserializeOwned>(
        &self,
        what: &str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, CallError> {
        self.fetch(what, self.url(path, query), None).await
    }

    async fn fetch<T: DeserializeOwned>(
        &self,
        what: &str,
        url: Url,
        body: Option<Value>,
    ) -> Result<T, CallError> {
        self.http
            .fetch(Call {
                what,
                url,
                body,
                bucket: &self.bucket,
            })
            .await
    }
}

impl Log for Client {
    fn what(&self) -> &'static str {
        LOG
    }

    fn now(&self) -> Timestamp {
        self.http.server_now()
    }

    fn page(
        &self,
        stretch: Stretch,
        start: usize,
    ) -> BoxFuture<'_, Result<Vec<Box<RawValue>>, SourceError>> {
        async move {
            // It is not said whether the ends are included: a millisecond more includes them.
            let from = (stretch.from.millis() - 1).to_string();
            let to = (stretch.to.millis() + 1).to_string();
            let start = start.to_string();
            let query = [
                ("startDate", from.as_str()),
                ("endDate", &to),
                ("start", &start),
                ("limit", &self.page_size),
            ];
            let page: Records = self.get(LOG, &["rest", "api", "audit"], &query).await?;
            Ok(page.into_records())
        }
        .boxed()
    }
}

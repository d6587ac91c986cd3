//! The calls of the Data Center products that are used, one function each.
//!
//! Which call follows which is not decided here.

use super::Product;
use super::own::Identity;
use super::wire::{AuditPage, Listing, OldPage};
use crate::clock::Clock;
use crate::config;
use crate::event::Timestamp;
use crate::source::Budget;
use crate::source::http::{Bucket, Call, CallError, Credential, Http, SetupError};
use crate::source::look::Look;
use chrono::SecondsFormat;
use secrecy::ExposeSecret;
use serde_json::Value;
use std::time::Duration;
use url::Url;

const ADVICE: &str = "The audit log needs a system administrator's credential: an HTTP or personal access token in \
    token, or a user name and password in user and password";

/// What calls ask for, in the words of error messages.
pub(super) const LOG: &str = "the instance's audit log";

/// Entries a request of a list; the instance may give fewer.
const LIST_PAGE: &str = "100";

/// A stretch of the audit log, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// Its first moment.
    pub(super) from: Timestamp,
    /// Its last moment.
    pub(super) to: Timestamp,
}

/// A client of one instance.
#[derive(Debug)]
pub(super) struct Client {
    http: Http,
    product: Product,
    page_size: String,
    bucket: Bucket,
}

impl Client {
    pub(super) fn new(
        product: Product,
        base: &Url,
        config: &config::DataCenter,
        limits: &config::HttpClient,
        clock: &Clock,
    ) -> Result<Self, SetupError> {
        let credential = if config.token.expose_secret().is_empty() {
            Credential::Basic(config.user.clone(), config.password.clone())
        } else {
            Credential::Bearer(config.token.clone())
        };
        let minute = Duration::from_mins(1);
        Ok(Self {
            http: Http::new(
                product.section(),
                base,
                credential,
                ADVICE,
                limits,
                clock.clone(),
            )?,
            product,
            page_size: config.page_size.to_string(),
            bucket: Bucket::new(config.requests_per_minute, minute, clock),
        })
    }

    /// Now, by the instance's clock.
    pub(super) fn now(&self) -> Timestamp {
        self.http.server_now()
    }

    pub(super) fn budget(&self) -> Budget {
        self.bucket.budget()
    }

    /// Makes itself known: tells the instance's clock, who we are there, and what is there.
    pub(super) async fn hello(&self) -> Result<(Identity, Value), CallError> {
        let path: &[&str] = match self.product {
            Product::Bitbucket => &["rest", "api", "latest", "application-properties"],
            Product::Jira => &["rest", "api", "2", "myself"],
            Product::Confluence => &["rest", "api", "user", "current"],
        };
        let answer: Value = self.get("who the credential belongs to", path, &[]).await?;
        let mut identity = Identity::default();
        let user = Look::new(&answer);
        if self.product != Product::Bitbucket {
            identity.learn_id(user.at("key").text());
            identity.learn_id(user.at("userKey").text());
            identity.learn_name(user.at("name").text());
            identity.learn_name(user.at("username").text());
        }
        identity.learn_name(self.http.user());
        Ok((identity, answer))
    }

    /// One page of the audit log, newest first.
    pub(super) async fn events(
        &self,
        window: Window,
        cursor: Option<&str>,
    ) -> Result<AuditPage, CallError> {
        let text = |time: Timestamp| time.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true);
        let (from, to) = (text(window.from), text(window.to));
        let mut query = vec![
            ("from", from.as_str()),
            ("to", to.as_str()),
            ("limit", self.page_size.as_str()),
        ];
        query.extend(cursor.map(|cursor| ("pageCursor", cursor)));
        let path = ["rest", "auditing", "1.0", "events"];
        self.get(LOG, &path, &query).await
    }

    /// One page of the old list of a project, or of one of its repositories; newest first.
    pub(super) async fn old_events(
        &self,
        project: &str,
        repository: Option<&str>,
        start: u64,
    ) -> Result<OldPage, CallError> {
        let mut path = vec!["rest", "audit", "latest", "projects", project];
        if let Some(slug) = repository {
            path.extend(["repos", slug]);
        }
        path.push("events");
        let start = start.to_string();
        self.get(
            LOG,
            &path,
            &[("start", start.as_str()), ("limit", LIST_PAGE)],
        )
        .await
    }

    /// One page of a list.
    pub(super) async fn list(
        &self,
        what: &str,
        path: &[&str],
        query: &[(&str, &str)],
        start: u64,
    ) -> Result<Listing, CallError> {
        let start = start.to_string();
        let paging = match self.product {
            Product::Jira => [("startAt", start.as_str()), ("maxResults", LIST_PAGE)],
            _ => [("start", start.as_str()), ("limit", LIST_PAGE)],
        };
        let query: Vec<_> = query.iter().copied().chain(paging).collect();
        self.get(what, path, &query).await.map(Listing)
    }

    async fn get<T: serde::de::DeserializeOwned>(
        &self,
        what: &str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, CallError> {
        self.http
            .fetch(Call {
                what,
                url: self.http.url(path, query),
                body: None,
                bucket: &self.bucket,
            })
            .await
    }
}

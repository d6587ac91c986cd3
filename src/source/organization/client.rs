//! The calls of the organization API that are used, one function each.
//!
//! Which call follows which is not decided here.

use super::wire::{EventsPage, Listing};
use crate::clock::Clock;
use crate::config;
use crate::event::Timestamp;
use crate::source::Budget;
use crate::source::http::{
    Bucket, Call, CallError, Change, ChangeError, Credential, Http, SetupError, Verb,
};
use serde_json::{Map, Value, json};
use std::time::Duration;

const ADVICE: &str = "Give an organization API key (Atlassian Administration > Settings > API keys); the API token of a \
    user or site does not work here. A key with scopes needs read:events:admin, read:directories:admin and \
    read:accounts:admin, and every key expires after a year at most";

/// What calls ask for, in the words of error messages.
pub(super) const LOG: &str = "the organization's audit log";
pub(super) const USERS: &str = "the organization's list of users";
pub(super) const GROUPS: &str = "the organization's list of groups";
const ORGANIZATION: &str = "the organization";
const DIRECTORIES: &str = "the organization's list of directories";
const ACTIVITY: &str = "last-active dates";
const ACTIONS: &str = "the list of event actions";
const PROFILE: &str = "the profile of an account";
const PRIVILEGES: &str = "what may be changed of an account";
const CHANGE: &str = "the change of a profile";

/// Directory entries a request, the most that upstream gives.
const DIRECTORY_PAGE: u32 = 100;

/// Which stretch of the audit log to read.
#[derive(Clone, Debug, Default)]
pub(super) struct Stretch {
    /// Behind this upstream cursor.
    pub(super) cursor: Option<String>,
    /// Events of this moment and later.
    pub(super) from: Option<Timestamp>,
    /// Events of this moment and earlier.
    pub(super) to: Option<Timestamp>,
}

/// A client of the organization API.
#[derive(Debug)]
pub(super) struct Client {
    http: Http,
    org_id: String,
    page_size: String,
    log: Bucket,
    directory: Bucket,
    activity: Bucket,
}

impl Client {
    pub(super) fn new(
        config: &config::Organization,
        limits: &config::HttpClient,
        clock: &Clock,
    ) -> Result<Self, SetupError> {
        let minute = Duration::from_mins(1);
        Ok(Self {
            http: Http::new(
                "organization",
                &config.base_url,
                Credential::Bearer(config.api_key.clone()),
                ADVICE,
                limits,
                clock.clone(),
            )?,
            org_id: config.org_id.clone(),
            page_size: config.page_size.to_string(),
            log: Bucket::new(config.requests_per_minute, minute, clock),
            directory: Bucket::new(config.requests_per_minute, minute, clock),
            activity: Bucket::new(config.activity_requests_per_minute, minute, clock),
        })
    }

    /// Now, by upstream's clock.
    pub(super) fn now(&self) -> Timestamp {
        self.http.server_now()
    }

    /// The sum over all paths.
    pub(super) fn budget(&self) -> Budget {
        [&self.log, &self.directory, &self.activity]
            .map(Bucket::budget)
            .into_iter()
            .fold(Budget::default(), |sum, one| Budget {
                per_minute: sum.per_minute + one.per_minute,
                spent: sum.spent + one.spent,
            })
    }

    /// One page of the audit log, in the order in which upstream took the events in.
    pub(super) async fn events(&self, stretch: &Stretch) -> Result<EventsPage, CallError> {
        let millis = |time: Timestamp| time.millis().to_string();
        let from = stretch.from.map(millis);
        let to = stretch.to.map(millis);
        let mut query = vec![("limit", self.page_size.as_str())];
        for (name, value) in [("cursor", &stretch.cursor), ("from", &from), ("to", &to)] {
            query.extend(value.as_deref().map(|value| (name, value)));
        }
        let path = ["admin", "v1", "orgs", &self.org_id, "events-stream"];
        self.get(LOG, &path, &query, &self.log).await
    }

    /// The organizations that the key belongs to: one.
    pub(super) async fn organizations(&self) -> Result<Listing, CallError> {
        let path = ["admin", "v1", "orgs"];
        self.get(ORGANIZATION, &path, &[], &self.directory).await
    }

    pub(super) async fn directories(&self) -> Result<Listing, CallError> {
        let path = ["admin", "v2", "orgs", &self.org_id, "directories"];
        self.get(DIRECTORIES, &path, &[], &self.directory).await
    }

    /// One page of the users of a directory, with their groups and last access to products when `whole`.
    pub(super) async fn users(
        &self,
        directory: &str,
        cursor: Option<&str>,
        whole: bool,
    ) -> Result<Listing, CallError> {
        let mut body = json!({"limit": DIRECTORY_PAGE});
        if whole {
            body["expand"] = json!(["groups", "productAccess"]);
        }
        self.search(USERS, directory, "users", body, cursor).await
    }

    /// One page of the groups of a directory.
    pub(super) async fn groups(
        &self,
        directory: &str,
        cursor: Option<&str>,
    ) -> Result<Listing, CallError> {
        let body = json!({"limit": DIRECTORY_PAGE});
        self.search(GROUPS, directory, "groups", body, cursor).await
    }

    /// One page of the managed accounts; `next` is the address that the page before gave.
    pub(super) async fn managed_accounts(&self, next: Option<&str>) -> Result<Listing, CallError> {
        let url = if let Some(next) = next {
            self.http.link(USERS, next)?
        } else {
            let path = ["admin", "v1", "orgs", &self.org_id, "users"];
            self.http.url(&path, &[])
        };
        self.http
            .fetch(Call {
                what: USERS,
                url,
                body: None,
                bucket: &self.directory,
            })
            .await
    }

    /// One page of the days on which somebody was last active.
    pub(super) async fn last_active(
        &self,
        account: &str,
        cursor: Option<&str>,
    ) -> Result<Listing, CallError> {
        let path = [
            "admin",
            "v1",
            "orgs",
            &self.org_id,
            "directory",
            "users",
            account,
            "last-active-dates",
        ];
        let query: Vec<_> = cursor
            .map(|cursor| ("cursor", cursor))
            .into_iter()
            .collect();
        self.get(ACTIVITY, &path, &query, &self.activity).await
    }

    /// All actions that upstream can report.
    pub(super) async fn actions(&self) -> Result<Listing, CallError> {
        let path = ["admin", "v1", "orgs", &self.org_id, "event-actions"];
        self.get(ACTIONS, &path, &[], &self.directory).await
    }

    /// What a managed account's profile says.
    pub(super) async fn profile(&self, account: &str) -> Result<Value, CallError> {
        let path = ["users", account, "manage", "profile"];
        self.get(PROFILE, &path, &[], &self.directory).await
    }

    /// Which fields of it may be changed.
    pub(super) async fn privileges(&self, account: &str) -> Result<Value, CallError> {
        let query = [("privileges", "profile.write")];
        let path = ["users", account, "manage"];
        self.get(PRIVILEGES, &path, &query, &self.directory).await
    }

    /// Changes these fields of it.
    pub(super) async fn change_profile(
        &self,
        account: &str,
        fields: Map<String, Value>,
    ) -> Result<Value, ChangeError> {
        let path = ["users", account, "manage", "profile"];
        let change = Change {
            what: CHANGE,
            verb: Verb::Patch,
            url: self.http.url(&path, &[]),
            body: json!({ super::profile::PROFILE: fields }),
            bucket: &self.directory,
        };
        self.http.change(change).await
    }

    async fn search(
        &self,
        what: &str,
        directory: &str,
        noun: &str,
        mut body: Value,
        cursor: Option<&str>,
    ) -> Result<Listing, CallError> {
        if let Some(cursor) = cursor {
            body["cursor"] = json!(cursor);
        }
        let path = [
            "admin",
            "v2",
            "orgs",
            &self.org_id,
            "directories",
            directory,
            noun,
            "search",
        ];
        self.http
            .fetch(Call {
                what,
                url: self.http.url(&path, &[]),
                body: Some(body),
                bucket: &self.directory,
            })
            .await
    }

    async fn get<T: serde::de::DeserializeOwned>(
        &self,
        what: &str,
        path: &[&str],
        query: &[(&str, &str)],
        bucket: &Bucket,
    ) -> Result<T, CallError> {
        self.http
            .fetch(Call {
                what,
                url: self.http.url(path, query),
                body: None,
                bucket,
            })
            .await
    }
}

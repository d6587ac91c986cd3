//! The calls of the Jira Cloud API that are used, one function each.
//!
//! Which call follows which is not decided here.

use super::wire::{
    ADMINISTER, AuditPage, BROWSE, ChangelogsPage, Granted, Listing, PartsPage, Records,
    SearchPage, WorklogChanges,
};
use crate::clock::Clock;
use crate::config;
use crate::event::Timestamp;
use crate::source::http::{
    Bucket, Call, CallError, Change, ChangeError, Credential, Http, SetupError, Verb,
};
use crate::source::look::Look;
use crate::source::{Budget, SourceError, Stretch};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

const ADVICE: &str = "Give the API token of a user in jira_cloud.token with the account's e-mail address in \
    jira_cloud.email; a token with scopes needs jira_cloud.base_url = https://api.atlassian.com/ex/jira/CLOUDID. The \
    audit log, groups, roles and schemes need the permission \"Administer Jira\"";

/// What calls ask for, in the words of error messages.
pub(super) const AUDIT: &str = "Jira's audit log";
pub(super) const SEARCH: &str = "the search for issues";
pub(super) const CHANGELOGS: &str = "the changelogs of issues";
const COMMENTS: &str = "the comments of an issue";
const FIELDS: &str = "the list of fields";
const MYSELF: &str = "the user behind the credential";
const SERVER: &str = "the site";
const PERMISSIONS: &str = "the credential's permissions";
const GRANTED: &str = "the permissions of an account";
const SCREEN: &str = "the fields of new issues";
const STATUS: &str = "the status of an issue";
const TRANSITIONS: &str = "the steps of an issue's workflow";
const STEP: &str = "the step of an issue's workflow";
pub(super) const CREATE: &str = "the new issue";

/// What is asked of an issue; bodies and comments are not.
const ISSUE_FIELDS: [&str; 15] = [
    "summary",
    "status",
    "resolution",
    "issuetype",
    "project",
    "priority",
    "security",
    "created",
    "updated",
    "creator",
    "reporter",
    "assignee",
    "labels",
    "parent",
    "fixVersions",
];

/// Issues on one page of a search that asks for no more than their keys, the most that upstream gives.
const MOST_FOUND: u32 = 5_000;

/// What an issue has many of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Parts {
    Changelog,
    Comments,
}

/// How long it is believed that the credential still works.
const BELIEF: Duration = Duration::from_mins(10);

/// A client of the Jira Cloud API.
#[derive(Debug)]
pub(super) struct Client {
    http: Http,
    bucket: Bucket,
    page_size: String,
    issue_page_size: u32,
    projects: Vec<String>,
    /// The field that holds request types, once it has been looked for.
    request_type: OnceLock<Option<String>>,
    /// Whether changelogs can be had of many issues at once.
    bulk: AtomicBool,
    /// When the credential was last seen to work, in microseconds.
    proven: AtomicI64,
}

impl Client {
    pub(super) fn new(
        config: &config::JiraCloud,
        limits: &config::HttpClient,
        clock: &Clock,
    ) -> Result<Self, SetupError> {
        let base = config.base_url.as_ref().ok_or_else(|| SetupError {
            setting: "jira_cloud.base_url".to_owned(),
            message: "missing; give the address of the site".to_owned(),
        })?;
        let credential = if config.email.is_empty() {
            Credential::Bearer(config.token.clone())
        } else {
            let token = config.token.expose_secret().to_owned();
            Credential::Basic(config.email.clone(), token.into())
        };
        let minute = Duration::from_mins(1);
        Ok(Self {
            http: Http::new(
                "jira_cloud",
                base,
                credential,
                ADVICE,
                limits,
                clock.clone(),
            )?,
            bucket: Bucket::new(config.requests_per_minute, minute, clock),
            page_size: config.page_size.to_string(),
            issue_page_size: config.issue_page_size,
            projects: config.projects.clone(),
            request_type: OnceLock::new(),
            bulk: AtomicBool::new(true),
            proven: AtomicI64::new(i64::MIN),
        })
    }

    /// Now, by upstream's clock.
    pub(super) fn now(&self) -> Timestamp {
        self.http.server_now()
    }

    pub(super) fn budget(&self) -> Budget {
        self.bucket.budget()
    }

    /// Whether changelogs are asked for in bulk.
    pub(super) fn in_bulk(&self) -> bool {
        self.bulk.load(Ordering::Relaxed)
    }

    /// Remembers that this site does not give changelogs in bulk.
    pub(super) fn not_in_bulk(&self) {
        self.bulk.store(false, Ordering::Relaxed);
    }

    /// One page of the audit log, newest record first.
    pub(super) async fn audit(
        &self,
        stretch: Stretch,
        offset: usize,
    ) -> Result<Records, SourceError> {
        let (from, to, offset) = (date(stretch.from), date(stretch.to), offset.to_string());
        let query = [
            ("offset", offset.as_str()),
            ("limit", &self.page_size),
            ("from", &from),
            ("to", &to),
        ];
        let path = ["rest", "api", "3", "auditing", "record"];
        let page: Result<AuditPage, _> = self.get(AUDIT, &path, &query).await;
        match page {
            Err(CallError::Refused {
                status: 403,
                message,
                ..
            }) => Err(SourceError::Credential {
                what: AUDIT.to_owned(),
                status: 403,
                message: format!(
                    "the site's plan has no audit log (it begins with the Standard plan), or the user may not \
                     administer Jira; issues, worklogs and the directory are read nevertheless. {message}"
                ),
            }),
            page => Ok(page?.records),
        }
    }

    /// One page of the issues that were updated at `from` or later and before `to` (epoch milliseconds), in the order
    /// of their update.
    pub(super) async fn updated_issues(
        &self,
        (from, to): (i64, Option<i64>),
        token: Option<&str>,
    ) -> Result<SearchPage, CallError> {
        let mut terms = vec![format!("updated >= {from}")];
        terms.extend(to.map(|to| format!("updated < {to}")));
        if !self.projects.is_empty() {
            let keys = self.projects.join("\", \"");
            terms.push(format!("project in (\"{keys}\")"));
        }
        let jql = format!("{} order by updated asc", terms.join(" and "));
        let request_type = self.request_type().await?;
        let fields: Vec<&str> = ISSUE_FIELDS.into_iter().chain(request_type).collect();
        self.search(&jql, &fields, self.issue_page_size, token)
            .await
    }

    /// The comments of issues, as far as a search shows them.
    pub(super) async fn comments_of(&self, ids: &[String]) -> Result<SearchPage, CallError> {
        let jql = format!("id in ({})", ids.join(", "));
        let most = u32::try_from(ids.len()).unwrap_or(self.issue_page_size);
        self.search(&jql, &["comment"], most, None).await
    }

    /// One page of the issues that somebody's own query finds, of each its id and key.
    pub(super) async fn found(
        &self,
        jql: &str,
        token: Option<&str>,
    ) -> Result<SearchPage, CallError> {
        self.search(jql, &["key"], MOST_FOUND, token).await
    }

    async fn search(
        &self,
        jql: &str,
        fields: &[&str],
        most: u32,
        token: Option<&str>,
    ) -> Result<SearchPage, CallError> {
        let mut body = json!({"jql": jql, "fields": fields, "maxResults": most});
        if let Some(token) = token {
            body["nextPageToken"] = json!(token);
        }
        self.post(SEARCH, &["rest", "api", "3", "search", "jql"], body)
            .await
    }

    /// One page of the changelogs of several issues.
    pub(super) async fn changelogs(
        &self,
        ids: &[String],
        token: Option<&str>,
    ) -> Result<ChangelogsPage, CallError> {
        let mut body = json!({"issueIdsOrKeys": ids, "maxResults": 1000});
        if let Some(token) = token {
            body["nextPageToken"] = json!(token);
        }
        let path = ["rest", "api", "3", "changelog", "bulkfetch"];
        self.post(CHANGELOGS, &path, body).await
    }

    /// One page of an issue's changelog or comments, oldest first.
    pub(super) async fn parts(
        &self,
        parts: Parts,
        id: &str,
        start: usize,
    ) -> Result<PartsPage, CallError> {
        let start = start.to_string();
        let (what, noun, order) = match parts {
            Parts::Changelog => (CHANGELOGS, "changelog", None),
            Parts::Comments => (COMMENTS, "comment", Some(("orderBy", "created"))),
        };
        let path = ["rest", "api", "3", "issue", id, noun];
        let mut query = vec![("startAt", start.as_str()), ("maxResults", "100")];
        query.extend(order);
        self.get(what, &path, &query).await
    }

    /// Worklogs that were `updated` or `deleted` at `since` (epoch milliseconds) or later.
    pub(super) async fn worklog_changes(
        &self,
        verb: &str,
        since: i64,
    ) -> Result<WorklogChanges, CallError> {
        let since = since.to_string();
        let what = format!("the list of {verb} worklogs");
        let path = ["rest", "api", "3", "worklog", verb];
        self.get(&what, &path, &[("since", &since)]).await
    }

    /// Worklogs by their ids; those that are gone or not visible are left out.
    pub(super) async fn worklogs(&self, ids: &[i64]) -> Result<Records, CallError> {
        let path = ["rest", "api", "3", "worklog", "list"];
        self.post("worklogs", &path, json!({"ids": ids})).await
    }

    /// One page of a list of the directory, or all of it where it has no pages.
    pub(super) async fn listing(
        &self,
        what: &str,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Listing, CallError> {
        let path: Vec<&str> = path.split('/').collect();
        self.get(what, &path, query).await.map(Listing)
    }

    /// The name of the user behind the credential, of the site, and whether the user may administer Jira.
    pub(super) async fn describe(&self) -> Result<(String, String, bool), CallError> {
        let api = ["rest", "api", "3"];
        let at = |name| [api.as_slice(), &[name]].concat();
        let server: Value = self.get(SERVER, &at("serverInfo"), &[]).await?;
        let user: Value = self.get(MYSELF, &at("myself"), &[]).await?;
        let query = [("permissions", ADMINISTER)];
        let permissions: Value = self.get(PERMISSIONS, &at("mypermissions"), &query).await?;
        let administer = Look::new(&permissions).at("permissions").at(ADMINISTER);
        let name = Look::new(&user).at("displayName").text();
        let site = Look::new(&server).at("serverTitle").text();
        Ok((
            name.unwrap_or_else(|| "somebody without a name".to_owned()),
            site.unwrap_or_else(|| "without a title".to_owned()),
            administer.at("havePermission").flag() != Some(false),
        ))
    }

    /// What an account is granted: to administer, and to see these issues, at most 1,000.
    pub(super) async fn granted(
        &self,
        account: &str,
        issues: &[u64],
    ) -> Result<Granted, CallError> {
        let mut body = json!({"accountId": account, "globalPermissions": [ADMINISTER]});
        if !issues.is_empty() {
            body["projectPermissions"] = json!([{"permissions": [BROWSE], "issues": issues}]);
        }
        let path = ["rest", "api", "3", "permissions", "check"];
        self.post(GRANTED, &path, body).await
    }

    /// The fields of a project's create screen for a type of issue: each with whether it has to be given.
    pub(super) async fn screen(
        &self,
        project: &str,
        kind: &str,
    ) -> Result<BTreeMap<String, bool>, CallError> {
        let path = [
            "rest",
            "api",
            "3",
            "issue",
            "createmeta",
            project,
            "issuetypes",
            kind,
        ];
        let mut screen = BTreeMap::new();
        loop {
            let start = screen.len().to_string();
            let query = [("startAt", start.as_str()), ("maxResults", "200")];
            let page: Value = self.get(SCREEN, &path, &query).await?;
            let (page, before) = (Look::new(&page), screen.len());
            screen.extend(page.at("fields").list().filter_map(|field| {
                let required = field.at("required").flag() == Some(true);
                let defaulted = field.at("hasDefaultValue").flag() == Some(true);
                Some((field.at("fieldId").text()?, required && !defaulted))
            }));
            let total = page.at("total").text().and_then(|total| total.parse().ok());
            if screen.len() == before || total.is_none_or(|total| screen.len() >= total) {
                return Ok(screen);
            }
        }
    }

    /// Makes an issue of these fields.
    pub(super) async fn create_issue(
        &self,
        fields: &Map<String, Value>,
    ) -> Result<Value, ChangeError> {
        let path = ["rest", "api", "3", "issue"];
        self.send(CREATE, &path, json!({ "fields": fields })).await
    }

    /// The issues of a project that were made at that moment or later, oldest first.
    pub(super) async fn made_since(
        &self,
        project: &str,
        since: Timestamp,
    ) -> Result<SearchPage, CallError> {
        let since = since.millis();
        let jql = format!("project = \"{project}\" and created >= {since} order by created asc");
        let fields = ["summary", "created", "creator"];
        self.search(&jql, &fields, 100, None).await
    }

    /// The account of the user behind the credential.
    pub(super) async fn account(&self) -> Result<Option<String>, CallError> {
        let path = ["rest", "api", "3", "myself"];
        let user: Value = self.get(MYSELF, &path, &[]).await?;
        Ok(Look::new(&user).at("accountId").text())
    }

    /// The id of the status that an issue has.
    pub(super) async fn status(&self, issue: &str) -> Result<Option<String>, CallError> {
        let path = ["rest", "api", "3", "issue", issue];
        let found: Value = self.get(STATUS, &path, &[("fields", "status")]).await?;
        let status = Look::new(&found).at("fields").at("status");
        Ok(status.at("id").text())
    }

    /// The steps of its workflow that an issue can take now.
    pub(super) async fn transitions(&self, issue: &str) -> Result<Value, CallError> {
        let path = ["rest", "api", "3", "issue", issue, "transitions"];
        self.get(TRANSITIONS, &path, &[]).await
    }

    /// Takes a step.
    pub(super) async fn transition(&self, issue: &str, step: &str) -> Result<(), ChangeError> {
        let path = ["rest", "api", "3", "issue", issue, "transitions"];
        let body = json!({"transition": {"id": step}});
        self.send(STEP, &path, body).await.map(|_| ())
    }

    /// Makes sure that an empty answer is empty because there is nothing: to strangers, Jira shows nothing.
    pub(super) async fn prove(&self) -> Result<(), CallError> {
        let now = self.now();
        let proven = Timestamp::from_micros(self.proven.load(Ordering::Relaxed));
        if proven <= now && proven.plus(BELIEF) > now {
            return Ok(());
        }
        let path = ["rest", "api", "3", "myself"];
        let _: Value = self.get(MYSELF, &path, &[]).await?;
        self.proven.store(now.micros(), Ordering::Relaxed);
        Ok(())
    }

    /// The field that holds an issue's request type, on sites that have one.
    async fn request_type(&self) -> Result<Option<&str>, CallError> {
        if let Some(known) = self.request_type.get() {
            return Ok(known.as_deref());
        }
        let fields: Value = self
            .get(FIELDS, &["rest", "api", "3", "field"], &[])
            .await?;
        let found = Look::new(&fields).list().find(|field| {
            let kind = field.at("schema").at("custom");
            kind.is("com.atlassian.servicedesk:vp-origin")
        });
        let found = found.and_then(|field| field.at("id").text());
        Ok(self.request_type.get_or_init(|| found).as_deref())
    }

    async fn get<T: DeserializeOwned>(
        &self,
        what: &str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, CallError> {
        let url = self.http.url(path, query);
        self.fetch(what, url, None).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        what: &str,
        path: &[&str],
        body: Value,
    ) -> Result<T, CallError> {
        let url = self.http.url(path, &[]);
        self.fetch(what, url, Some(body)).await
    }

    async fn send(&self, what: &str, path: &[&str], body: Value) -> Result<Value, ChangeError> {
        let change = Change {
            what,
            verb: Verb::Post,
            url: self.http.url(path, &[]),
            body,
            bucket: &self.bucket,
        };
        self.http.change(change).await
    }

    async fn fetch<T: DeserializeOwned>(
        &self,
        what: &str,
        url: url::Url,
        body: Option<Value>,
    ) -> Result<T, CallError> {
        let bucket = &self.bucket;
        self.http
            .fetch(Call {
                what,
                url,
                body,
                bucket,
            })
            .await
    }
}

/// A moment as Jira's audit log reads it.
fn date(time: Timestamp) -> String {
    time.to_utc().format("%Y-%m-%dT%H:%M:%S%.3f%z").to_string()
}

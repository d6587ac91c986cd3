//! `[jira_cloud]`: issues, audit log and directory of a Jira Cloud site.

use super::address;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

/// `[jira_cloud]`: a Jira Cloud site.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JiraCloud {
    /// The name under which its events are kept.
    pub name: String,
    /// Where the API is: `https://SITE.atlassian.net` or `https://api.atlassian.com/ex/jira/CLOUDID`.
    #[serde(deserialize_with = "address")]
    pub base_url: Option<Url>,
    /// Where people open the site; absent when that is where the API is.
    #[serde(deserialize_with = "address")]
    pub site_url: Option<Url>,
    /// The Atlassian account e-mail of an API token; empty for an OAuth access token.
    pub email: String,
    /// API token or access token; empty switches the source off.
    pub token: SecretString,
    /// The secret of the webhooks that the site sends; empty for none.
    pub hook_secret: SecretString,
    /// The secret with which views of issues are posted; empty for none.
    pub issue_view_secret: SecretString,
    /// Keys of the projects whose issues are read; empty for all that the credential can see.
    pub projects: Vec<String>,
    /// Requests a minute.
    pub requests_per_minute: u32,
    /// How many days back the first synchronisation reads.
    pub history_days: u32,
    /// How many hours late an audit record may show up and still be found.
    pub lateness_hours: u32,
    /// Audit records a request.
    pub page_size: u32,
    /// Issues a request.
    pub issue_page_size: u32,
    /// How many issues a filter's query in Jira's language may find.
    pub jql_issues: u32,
    /// For how many minutes such an answer is good.
    pub jql_minutes: u32,
    /// For how many minutes it is believed at most what Jira says of who may see which issues.
    pub permission_minutes: u32,
    /// How many deleted issues may be made again in 24 hours.
    pub writes_per_day: u32,
}

impl JiraCloud {
    /// Where people open the site.
    #[must_use]
    pub fn site(&self) -> Option<&Url> {
        self.site_url.as_ref().or(self.base_url.as_ref())
    }

    /// Finds what is wrong with values that are of the right kind.
    pub(super) fn validate(&self, wrong: &mut Vec<String>) {
        if !self.token.expose_secret().is_empty() && self.base_url.is_none() {
            wrong.push(
                "jira_cloud.base_url: missing; give the address of the site, such as https://acme.atlassian.net"
                    .to_owned(),
            );
        }
        let gateway = |url: &Url| url.path().starts_with("/ex/jira/");
        if self.base_url.as_ref().is_some_and(gateway) && self.site_url.is_none() {
            wrong.push(
                "jira_cloud.site_url: missing; base_url is the API gateway, so say where people open the site, such as \
                 https://acme.atlassian.net"
                    .to_owned(),
            );
        }
        for key in &self.projects {
            let fits = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !fits || key.is_empty() {
                wrong.push(format!(
                    "jira_cloud.projects: `{key}` is not a project key; give keys such as \"WEB\""
                ));
            }
        }
        for (setting, value, range) in [
            ("requests_per_minute", self.requests_per_minute, 1..=100_000),
            ("history_days", self.history_days, 0..=3650),
            ("lateness_hours", self.lateness_hours, 0..=720),
            ("page_size", self.page_size, 2..=1000),
            ("issue_page_size", self.issue_page_size, 1..=1000),
            ("jql_issues", self.jql_issues, 1..=1_000_000),
            ("jql_minutes", self.jql_minutes, 0..=1440),
            ("permission_minutes", self.permission_minutes, 1..=60),
            ("writes_per_day", self.writes_per_day, 0..=10_000),
        ] {
            if !range.contains(&value) {
                wrong.push(format!(
                    "jira_cloud.{setting}: {value} is out of range; give {} to {}",
                    range.start(),
                    range.end()
                ));
            }
        }
    }
}

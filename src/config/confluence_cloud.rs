//! `[confluence_cloud]`: the audit log and spaces of a Confluence Cloud site.

use super::{address, within};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

/// `[confluence_cloud]`: a Confluence Cloud site.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfluenceCloud {
    /// The name under which its events are kept.
    pub name: String,
    /// Where the site is, `https://SITE.atlassian.net/wiki` or `https://api.atlassian.com/ex/confluence/CLOUDID`.
    #[serde(deserialize_with = "address")]
    pub base_url: Option<Url>,
    /// The Atlassian account e-mail of an API token; empty for an OAuth access token.
    pub email: String,
    /// API token or access token; empty switches the source off.
    pub token: SecretString,
    /// Requests a minute.
    pub requests_per_minute: u32,
    /// How many days back the first synchronisation reads.
    pub history_days: u32,
    /// How many hours late a record may show up and still be found.
    pub lateness_hours: u32,
    /// Records a request.
    pub page_size: u32,
}

impl ConfluenceCloud {
    /// Finds what is wrong with values that are of the right kind.
    pub(super) fn validate(&self, wrong: &mut Vec<String>) {
        for (setting, value, range) in [
            (
                "confluence_cloud.requests_per_minute",
                self.requests_per_minute,
                1..=100_000,
            ),
            ("confluence_cloud.history_days", self.history_days, 0..=3650),
            (
                "confluence_cloud.lateness_hours",
                self.lateness_hours,
                0..=24 * 60,
            ),
            ("confluence_cloud.page_size", self.page_size, 2..=1000),
        ] {
            within(setting, value, &range, wrong);
        }
        if !self.token.expose_secret().is_empty() && self.base_url.is_none() {
            wrong.push(
                "confluence_cloud.base_url: missing; give the address of the site, such as \
                 https://acme.atlassian.net/wiki"
                    .to_owned(),
            );
        }
    }
}

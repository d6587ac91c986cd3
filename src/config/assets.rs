//! `[assets]`: the objects of Assets in Jira Service Management.

use super::{address, within};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::path::PathBuf;
use url::Url;

/// `[assets]`: one workspace of Assets.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assets {
    /// The name under which its events are kept.
    pub name: String,
    /// Where the Jira site is, `https://SITE.atlassian.net`.
    #[serde(deserialize_with = "address")]
    pub base_url: Option<Url>,
    /// The Atlassian account e-mail of an API token; empty for an OAuth access token.
    pub email: String,
    /// API token or access token; empty switches the source off.
    pub token: SecretString,
    /// The workspace's id; empty to ask the site for it.
    pub workspace_id: String,
    /// Where the Assets API is.
    pub api_base_url: Url,
    /// Requests a minute.
    pub requests_per_minute: u32,
    /// How many days back the first synchronisation reads.
    pub history_days: u32,
    /// How many hours late a change may show up and still be found.
    pub lateness_hours: u32,
    /// Minutes between two looks for changes.
    pub poll_minutes: u32,
    /// Objects a request.
    pub page_size: u32,
    /// A JSON file that says who has which role; empty when there is none.
    pub roles_snapshot: PathBuf,
}

impl Assets {
    /// Finds what is wrong with values that are of the right kind.
    pub(super) fn validate(&self, wrong: &mut Vec<String>) {
        for (setting, value, range) in [
            (
                "assets.requests_per_minute",
                self.requests_per_minute,
                1..=100_000,
            ),
            ("assets.history_days", self.history_days, 0..=3650),
            ("assets.lateness_hours", self.lateness_hours, 0..=24 * 60),
            ("assets.page_size", self.page_size, 2..=1000),
        ] {
            within(setting, value, &range, wrong);
        }
        if !self.token.expose_secret().is_empty() && self.base_url.is_none() {
            wrong.push(
                "assets.base_url: missing; give the address of the Jira site, such as https://acme.atlassian.net"
                    .to_owned(),
            );
        }
    }
}

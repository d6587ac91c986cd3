//! `[bitbucket_dc]`, `[jira_dc]` and `[confluence_dc]`: one instance of a Data Center product each.

use super::address;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// One Data Center instance: its audit log and directory.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataCenter {
    /// The name under which its events are kept.
    pub name: String,
    /// Where the instance is, with its context path.
    #[serde(deserialize_with = "address")]
    pub base_url: Option<Url>,
    /// The user whose credential it is: with a password for Basic authentication, with a token to know our own reading.
    pub user: String,
    /// A bearer token; empty for none.
    pub token: SecretString,
    /// The user's password; empty for none.
    pub password: SecretString,
    /// A folder of audit log files to follow; empty for none.
    pub audit_log_folder: PathBuf,
    /// The secret of the webhooks that the instance sends; empty for none.
    pub hook_secret: SecretString,
    /// The secret with which views of issues are posted; of Jira only, empty for none.
    #[serde(default)]
    pub issue_view_secret: SecretString,
    /// Requests a minute.
    pub requests_per_minute: u32,
    /// How many days back the first synchronisation reads.
    pub history_days: u32,
    /// How many hours late an event may show up in the log and still be found.
    pub lateness_hours: u32,
    /// Seconds between two looks at the log; each leaves a row in it.
    pub seconds_between_reads: u32,
    /// Events a request.
    pub page_size: u32,
}

impl DataCenter {
    /// Whether there is something to log in with.
    #[must_use]
    pub fn has_credential(&self) -> bool {
        !self.token.expose_secret().is_empty() || !self.password.expose_secret().is_empty()
    }

    /// Whether log files are followed.
    #[must_use]
    pub fn has_folder(&self) -> bool {
        !self.audit_log_folder.as_os_str().is_empty()
    }

    /// How late an event may show up and still be found.
    #[must_use]
    pub fn lateness(&self) -> Duration {
        Duration::from_hours(self.lateness_hours.into())
    }

    /// Finds what is wrong with values that are of the right kind.
    pub(super) fn validate(&self, section: &str, wrong: &mut Vec<String>) {
        let token = !self.token.expose_secret().is_empty();
        let password = !self.password.expose_secret().is_empty();
        if token && password {
            wrong.push(format!(
                "{section}.password: give a token or a password, not both"
            ));
        }
        if password && self.user.is_empty() {
            wrong.push(format!(
                "{section}.user: missing; the password alone does not say whose it is"
            ));
        }
        if (token || password) && self.base_url.is_none() {
            wrong.push(format!(
                "{section}.base_url: missing; give the address of the instance with its context path"
            ));
        }
        for (setting, value, range) in [
            ("requests_per_minute", self.requests_per_minute, 1..=100_000),
            ("history_days", self.history_days, 0..=3650),
            ("lateness_hours", self.lateness_hours, 0..=720),
            (
                "seconds_between_reads",
                self.seconds_between_reads,
                0..=3600,
            ),
            ("page_size", self.page_size, 1..=10_000),
        ] {
            if !range.contains(&value) {
                wrong.push(format!(
                    "{section}.{setting}: {value} is out of range; give {} to {}",
                    range.start(),
                    range.end()
                ));
            }
        }
    }
}

//! All settings: one struct per section, read from the compiled-in defaults, a file and the environment.
//!
//! `default.toml` is the manual; this file only gives it types and says what is wrong with a value. The environment is
//! read nowhere else.

use figment::error::Kind;
use figment::providers::{Format, Serialized, Toml};
use figment::{Figment, Source};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;
use url::Url;

/// The defaults, which are also the manual.
pub const DEFAULTS: &str = include_str!("default.toml");

/// What the names of our environment variables begin with.
const PREFIX: &str = "AUDITGRAPH__";

/// The settings that may be kept in a file of their own, and are never printed.
const SECRETS: [&str; 3] = [
    "organization.api_key",
    "bitbucket_cloud.token",
    "database.url",
];

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `[server]`
    pub server: Server,
    /// `[database]`
    pub database: Database,
    /// `[organization]`
    pub organization: Organization,
    /// `[bitbucket_cloud]`
    pub bitbucket_cloud: BitbucketCloud,
    /// `[schedule]`
    pub schedule: Schedule,
    /// `[http_client]`
    pub http_client: HttpClient,
}

/// `[server]`: who may reach it, and how much of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Origins from which browsers may open a WebSocket, besides the server's own.
    pub allowed_origins: Vec<String>,
}

/// `[database]`: where the log is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// A database URL in SeaORM's form.
    pub url: SecretString,
    /// Connections to read with.
    pub readers: u32,
}

/// `[organization]`: the audit log and directory of an Atlassian organization.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// The name under which its events are kept.
    pub name: String,
    /// The organization's id; empty switches the source off.
    pub org_id: String,
    /// The organization API key; empty switches the source off.
    pub api_key: SecretString,
    /// Where the API is.
    pub base_url: Url,
    /// Requests a minute on the audit log and the directory.
    pub requests_per_minute: u32,
    /// Requests a minute for last-activity dates.
    pub activity_requests_per_minute: u32,
    /// How many days back the first synchronisation reads.
    pub history_days: u32,
    /// How many hours late an event may show up and still be found after a lost cursor.
    pub lateness_hours: u32,
    /// Events a request.
    pub page_size: u32,
    /// Codes for upstream actions that the catalogue does not know.
    pub actions: BTreeMap<String, String>,
}

/// `[bitbucket_cloud]`: members, projects and repositories of Bitbucket Cloud workspaces.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BitbucketCloud {
    /// The name under which its events are kept.
    pub name: String,
    /// Slugs of the workspaces to read; empty for all that the credential can see.
    pub workspaces: Vec<String>,
    /// The Atlassian account e-mail of an API token; empty for an access token.
    pub email: String,
    /// API token or access token; empty switches the source off.
    pub token: SecretString,
    /// Where the API is.
    pub base_url: Url,
    /// Requests an hour.
    pub requests_per_hour: u32,
}

/// `[schedule]`: when each job runs, as cron with seconds in UTC, or `off`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// New events.
    pub events: String,
    /// Old events, until all are there.
    pub history: String,
    /// Users, groups, projects and memberships.
    pub directory: String,
    /// Last-activity dates.
    pub activity: String,
    /// The list of upstream's actions.
    pub actions: String,
}

/// `[http_client]`: limits on what upstream systems may send and how long they may take.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpClient {
    /// Seconds until a request is given up.
    pub timeout_seconds: u64,
    /// Largest answer, in MiB.
    pub max_page_mib: usize,
    /// How often one request is tried.
    pub max_attempts: usize,
    /// The longest single wait, in seconds.
    pub max_wait_seconds: u64,
}

impl HttpClient {
    /// The longest single wait.
    #[must_use]
    pub fn max_wait(&self) -> Duration {
        Duration::from_secs(self.max_wait_seconds)
    }
}

/// What is wrong with the settings: every problem found, one a line.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// The settings from the defaults, `file` and the process environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that reads the environment"
        )]
        let environment: Vec<(String, String)> = std::env::vars().collect();
        Self::from_parts(file, &environment)
    }

    /// The settings from the defaults, `file` and the given environment variables.
    pub fn from_parts(
        file: Option<&Path>,
        environment: &[(String, String)],
    ) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(file) = file {
            if !file.is_file() {
                return Err(ConfigError(vec![format!(
                    "--config: there is no file `{}`",
                    file.display()
                )]));
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        for (name, value) in variables(environment)? {
            figment = figment.merge(Serialized::default(&name, value));
        }
        Self::from_figment(&figment)
    }

    fn from_figment(figment: &Figment) -> Result<Self, ConfigError> {
        let config: Self = figment
            .extract()
            .map_err(|errors| ConfigError(errors.into_iter().map(describe).collect()))?;
        config.validate()?;
        Ok(config)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let mut wrong = Vec::new();
        for (setting, cron) in self.schedule.rows() {
            if cron != "off"
                && let Err(error) = parse_cron(cron)
            {
                wrong.push(format!(
                    "schedule.{setting}: `{cron}` is not a schedule ({error}); give six fields such as \
                     `0 */30 * * * *`, or `off`"
                ));
            }
        }
        let organization = &self.organization;
        let has_key = !organization.api_key.expose_secret().is_empty();
        if has_key && organization.org_id.is_empty() {
            wrong.push(
                "organization.org_id: missing; api_key alone does not say which organization"
                    .to_owned(),
            );
        }
        if !has_key && !organization.org_id.is_empty() {
            wrong.push("organization.api_key: missing; give an organization API key".to_owned());
        }
        for (setting, value, range) in [
            ("organization.page_size", organization.page_size, 1..=500),
            (
                "organization.requests_per_minute",
                organization.requests_per_minute,
                1..=100_000,
            ),
            (
                "organization.activity_requests_per_minute",
                organization.activity_requests_per_minute,
                1..=100_000,
            ),
            (
                "organization.history_days",
                organization.history_days,
                0..=3650,
            ),
            (
                "bitbucket_cloud.requests_per_hour",
                self.bitbucket_cloud.requests_per_hour,
                1..=1_000_000,
            ),
            ("database.readers", self.database.readers, 1..=100),
        ] {
            if !range.contains(&value) {
                wrong.push(format!(
                    "{setting}: {value} is out of range; give {} to {}",
                    range.start(),
                    range.end()
                ));
            }
        }
        if organization.name == self.bitbucket_cloud.name {
            wrong.push(format!(
                "bitbucket_cloud.name: `{}` is taken by organization.name",
                organization.name
            ));
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(ConfigError(wrong))
        }
    }
}

impl Schedule {
    /// Each setting with its value.
    #[must_use]
    pub fn rows(&self) -> [(&'static str, &str); 5] {
        [
            ("events", &self.events),
            ("history", &self.history),
            ("directory", &self.directory),
            ("activity", &self.activity),
            ("actions", &self.actions),
        ]
    }
}

/// Reads a cron expression with seconds.
pub fn parse_cron(cron: &str) -> Result<croner::Cron, croner::errors::CronError> {
    croner::parser::CronParser::builder()
        .seconds(croner::parser::Seconds::Required)
        .build()
        .parse(cron)
}

impl FromStr for Config {
    type Err = ConfigError;

    /// The defaults with `toml` on top of them.
    fn from_str(toml: &str) -> Result<Self, ConfigError> {
        Self::from_figment(&Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(toml)))
    }
}

/// What is wrong with a setting, where it stands, and what would be right; never the value of a secret.
fn describe(error: figment::Error) -> String {
    let setting = error.path.join(".");
    let place = match error
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.source.as_ref())
    {
        Some(Source::File(file)) => format!(" (in {})", file.display()),
        Some(Source::Code(_)) => format!(
            " ({PREFIX}{} in the environment)",
            setting.to_uppercase().replace('.', "__")
        ),
        _ => String::new(),
    };
    match error.kind {
        Kind::UnknownField(_, known) => {
            format!(
                "{setting}: there is no such setting{place}; give one of {}",
                known.join(", ")
            )
        }
        Kind::InvalidType(_, wanted) if SECRETS.contains(&setting.as_str()) => {
            format!("{setting}: not {wanted}{place}; put it in quotes")
        }
        kind if setting.is_empty() => format!("{}{place}", kind.to_string().trim_end()),
        kind => format!("{setting}: {kind}{place}"),
    }
}

/// The settings in the environment, as dotted names with values; `_FILE` variables are replaced by what they name.
fn variables(
    environment: &[(String, String)],
) -> Result<Vec<(String, figment::value::Value)>, ConfigError> {
    let mut settings = Vec::new();
    let mut wrong = Vec::new();
    for (variable, value) in environment {
        let Some(name) = variable.strip_prefix(PREFIX) else {
            continue;
        };
        let name = name.to_lowercase().replace("__", ".");
        let secret = name
            .strip_suffix("_file")
            .filter(|name| SECRETS.contains(name));
        if let Some(name) = secret {
            match std::fs::read_to_string(value) {
                Ok(content) => {
                    settings.push((name.to_owned(), content.trim_end().to_owned().into()));
                }
                Err(error) => wrong.push(format!("{variable}: cannot read `{value}`: {error}")),
            }
        } else if SECRETS.contains(&name.as_str()) {
            // A secret is text even when it looks like a number.
            settings.push((name, value.clone().into()));
        } else {
            // figment reads numbers, lists and booleans out of text, as in TOML.
            settings.push((name, value.parse().unwrap_or_else(|_| value.clone().into())));
        }
    }
    if wrong.is_empty() {
        Ok(settings)
    } else {
        Err(ConfigError(wrong))
    }
}

//! All settings: one struct per section, read from the compiled-in defaults, a file and the environment.
//!
//! `default.toml` is the manual; this file only gives it types and says what is wrong with a value. The environment is
//! read nowhere else.

mod activity;
mod archive;
mod assets;
mod bitbucket_cloud;
mod confluence_cloud;
mod data_center;
mod exports;
mod given;
mod jira_cloud;
mod limits;
mod mail;
mod webhooks;

pub use activity::Activity;
pub use archive::Archive;
pub use assets::Assets;
pub use bitbucket_cloud::BitbucketCloud;
pub use confluence_cloud::ConfluenceCloud;
pub use data_center::DataCenter;
pub use exports::Exports;
pub use jira_cloud::JiraCloud;
pub use limits::Limits;
pub use mail::{Mail, Security};
pub use webhooks::{Inside, Webhooks};

use chrono::NaiveDate;
use figment::Figment;
use figment::providers::{Format, Toml};
use figment::value::Dict;
use given::{SECRETS, by_default, defaults, leaves, variables};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use url::Url;

/// The defaults, which are also the manual.
pub const DEFAULTS: &str = include_str!("default.toml");

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `[server]`
    pub server: Server,
    /// `[limits]`
    pub limits: Limits,
    /// `[database]`
    pub database: Database,
    /// `[organization]`
    pub organization: Organization,
    /// `[bitbucket_cloud]`
    pub bitbucket_cloud: BitbucketCloud,
    /// `[jira_cloud]`
    pub jira_cloud: JiraCloud,
    /// `[confluence_cloud]`
    pub confluence_cloud: ConfluenceCloud,
    /// `[assets]`
    pub assets: Assets,
    /// `[bitbucket_dc]`
    pub bitbucket_dc: DataCenter,
    /// `[jira_dc]`
    pub jira_dc: DataCenter,
    /// `[confluence_dc]`
    pub confluence_dc: DataCenter,
    /// `[credential_expiry]`: by the name of the source, the day on which its credential expires.
    pub credential_expiry: BTreeMap<String, NaiveDate>,
    /// `[activity]`
    pub activity: Activity,
    /// `[exports]`
    pub exports: Exports,
    /// `[archive]`
    pub archive: Archive,
    /// `[mail]`
    pub mail: Mail,
    /// `[schedule]`
    pub schedule: Schedule,
    /// `[http_client]`
    pub http_client: HttpClient,
    /// `[webhooks]`
    pub webhooks: Webhooks,
}

/// `[server]`: who may reach it, and how much of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Origins whose pages may ask and open WebSockets, besides the server's own.
    pub allowed_origins: Vec<String>,
    /// Networks of the reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether a valid token may read the schema, and is told which names are similar to a wrong one.
    pub introspection: bool,
    /// Whether the log is told who reads it.
    pub record_views: bool,
    /// A folder of documents; when it is not empty, nothing else is carried out.
    pub trusted_documents: PathBuf,
}

/// `[database]`: where the log is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// A database URL in SeaORM's form.
    pub url: SecretString,
    /// Connections to read with.
    pub readers: u32,
    /// Seconds that one statement of a reader may take.
    pub statement_seconds: u32,
}

impl Database {
    /// How long one statement of a reader may take.
    #[must_use]
    pub fn statement_limit(&self) -> Duration {
        Duration::from_secs(self.statement_seconds.into())
    }
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
    /// How many profiles may be changed in 24 hours.
    pub writes_per_day: u32,
    /// Codes for upstream actions that the catalogue does not know.
    pub actions: BTreeMap<String, String>,
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
#[error("{}{}", if .0.len() == 1 { "" } else { "the settings are wrong:\n  " }, .0.join("\n  "))]
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
        let mut given = Figment::new();
        if let Some(file) = file {
            if !file.is_file() {
                return Err(ConfigError(vec![format!(
                    "--config: there is no file `{}`",
                    file.display()
                )]));
            }
            given = given.merge(Toml::file_exact(file));
        }
        let (settings, wrong) = variables(environment);
        for setting in settings {
            given = given.merge(setting);
        }
        Self::assemble(&given, wrong)
    }

    /// The defaults with what is given on top of them; every setting is looked at, so that all mistakes are found.
    fn assemble(given: &Figment, mut wrong: Vec<String>) -> Result<Self, ConfigError> {
        let given: Dict = given
            .extract()
            .map_err(|error| ConfigError(vec![error.to_string().trim_end().to_owned()]))?;
        let mut settings = Vec::new();
        leaves(&defaults(), given, "", &mut settings, &mut wrong);
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        for (name, value) in settings {
            let with = figment.clone().merge((name.as_str(), value));
            match with.extract::<Self>() {
                Ok(_) => figment = with,
                Err(_) if SECRETS.contains(&name.as_str()) => {
                    wrong.push(format!("{name}: give text in quotes"));
                }
                Err(error) => wrong.push(format!("{name}: {}{}", error.kind, by_default(&name))),
            }
        }
        let config: Self = figment
            .extract()
            .map_err(|error| ConfigError(vec![error.to_string()]))?;
        config.validate(&mut wrong);
        if wrong.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError(wrong))
        }
    }

    /// Finds what is wrong with values that are of the right kind.
    fn validate(&self, wrong: &mut Vec<String>) {
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
                "organization.writes_per_day",
                organization.writes_per_day,
                0..=10_000,
            ),
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
            (
                "database.statement_seconds",
                self.database.statement_seconds,
                1..=3600,
            ),
        ] {
            within(setting, value, &range, wrong);
        }
        for origin in &self.server.allowed_origins {
            let parsed = Url::parse(origin).map(|url| url.origin().ascii_serialization());
            if parsed.as_deref() != Ok(origin.trim_end_matches('/')) {
                wrong.push(format!(
                    "server.allowed_origins: `{origin}` is not an origin; give one such as https://audit.example.com"
                ));
            }
        }
        self.limits.validate(wrong);
        self.exports.validate(wrong);
        self.archive.validate(wrong);
        self.mail.validate(wrong);
        self.webhooks.validate(wrong);
        self.jira_cloud.validate(wrong);
        self.confluence_cloud.validate(wrong);
        self.assets.validate(wrong);
        for (section, data_center) in self.data_centers() {
            data_center.validate(section, wrong);
        }
        let known: Vec<_> = self.names().map(|(_, name)| name).collect();
        for name in self.credential_expiry.keys() {
            if !known.contains(&name.as_str()) {
                wrong.push(format!(
                    "credential_expiry.{name}: there is no source of that name; there are: {}",
                    known.join(", ")
                ));
            }
        }
        let names: Vec<_> = self.names().collect();
        for (place, (section, name)) in names.iter().enumerate() {
            let taken = names[..place].iter().find(|(_, other)| other == name);
            if let Some((other, _)) = taken {
                wrong.push(format!("{section}.name: `{name}` is taken by {other}.name"));
            }
        }
    }

    /// The sections of the Data Center products, each with its name.
    #[must_use]
    pub fn data_centers(&self) -> [(&'static str, &DataCenter); 3] {
        [
            ("bitbucket_dc", &self.bitbucket_dc),
            ("jira_dc", &self.jira_dc),
            ("confluence_dc", &self.confluence_dc),
        ]
    }

    /// The names under which events are kept, each with its section.
    fn names(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let clouds = [
            ("organization", self.organization.name.as_str()),
            ("bitbucket_cloud", self.bitbucket_cloud.name.as_str()),
            ("jira_cloud", self.jira_cloud.name.as_str()),
            ("confluence_cloud", self.confluence_cloud.name.as_str()),
            ("assets", self.assets.name.as_str()),
        ];
        let centers = self.data_centers();
        let centers = centers.map(|(section, settings)| (section, settings.name.as_str()));
        clouds.into_iter().chain(centers)
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
        Self::assemble(&Figment::from(Toml::string(toml)), Vec::new())
    }
}

/// Finds a number that is out of its range.
fn within(setting: &str, value: u32, range: &RangeInclusive<u32>, wrong: &mut Vec<String>) {
    if !range.contains(&value) {
        wrong.push(format!(
            "{setting}: {value} is out of range; give {} to {}",
            range.start(),
            range.end()
        ));
    }
}

/// An address that need not be given: empty text is none.
fn address<'de, D: Deserializer<'de>>(text: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(text)?;
    if text.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(&text);
    url.map(Some).map_err(serde::de::Error::custom)
}

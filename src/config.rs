//! All settings: one struct per section, read from the compiled-in defaults, a file and the environment.
//!
//! `default.toml` is the manual; this file only gives it types and says what is wrong with a value. The environment is
//! read nowhere else.

use figment::Figment;
use figment::providers::{Format, Toml};
use figment::value::{Dict, Value};
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

/// Settings that are text whatever they look like, that are never shown, and that may come from a file.
const SECRETS: [&str; 3] = [
    "organization.api_key",
    "bitbucket_cloud.token",
    "database.url",
];

/// A setting whose own keys are up to whoever sets it.
const OPEN: &str = "organization.actions";

fn defaults() -> Dict {
    Figment::from(Toml::string(DEFAULTS))
        .extract()
        .unwrap_or_default()
}

/// What is set by default, as far as it helps to see it.
fn by_default(name: &str) -> String {
    match Figment::from(Toml::string(DEFAULTS)).extract_inner::<Value>(name) {
        Ok(Value::String(_, text)) if !text.is_empty() => format!("; by default it is \"{text}\""),
        Ok(Value::Num(_, number)) => number
            .to_i128()
            .map_or_else(String::new, |number| format!("; by default it is {number}")),
        Ok(Value::Array(..)) => "; give a list, such as [\"one\", \"two\"]".to_owned(),
        _ => String::new(),
    }
}

/// The single settings in what is given, by dotted name; what is none is wrong.
fn leaves(
    known: &Dict,
    given: Dict,
    section: &str,
    settings: &mut Vec<(String, Value)>,
    wrong: &mut Vec<String>,
) {
    for (key, value) in given {
        let name = if section.is_empty() {
            key.clone()
        } else {
            format!("{section}.{key}")
        };
        match (known.get(&key), value) {
            (Some(Value::Dict(_, known)), Value::Dict(_, given)) if name != OPEN => {
                leaves(known, given, &name, settings, wrong);
            }
            (Some(_), value) => settings.push((name, value)),
            (None, _) => {
                let names: Vec<&str> = known.keys().map(String::as_str).collect();
                let names = names.join(", ");
                wrong.push(if section.is_empty() {
                    format!("{name}: there is no such section; the sections are: {names}")
                } else {
                    format!("{name}: there is no such setting; [{section}] has: {names}")
                });
            }
        }
    }
}

/// The settings in the environment, as dotted names with values, and what is wrong with them; `_FILE` variables are
/// replaced by what they name.
fn variables(environment: &[(String, String)]) -> (Vec<(String, Value)>, Vec<String>) {
    const PREFIX: &str = "AUDITGRAPH__";
    let defaults = Figment::from(Toml::string(DEFAULTS));
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
            continue;
        }
        let parsed = match defaults.find_value(&name) {
            // Text stays text even when it looks like a number.
            Ok(Value::String(..)) => value.clone().into(),
            Ok(Value::Array(..)) if !value.trim_start().starts_with('[') => {
                let items = value.split(',').map(str::trim);
                items
                    .filter(|item| !item.is_empty())
                    .collect::<Vec<_>>()
                    .into()
            }
            // figment reads numbers, lists and booleans out of text, as in TOML.
            _ => value.parse().unwrap_or_else(|_| value.clone().into()),
        };
        settings.push((name, parsed));
    }
    (settings, wrong)
}

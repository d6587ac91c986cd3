//! What is given in files and the environment, as single settings with dotted names, and what is none of ours.

use super::DEFAULTS;
use figment::Figment;
use figment::providers::{Format, Toml};
use figment::value::{Dict, Value};

/// Settings that are text whatever they look like, that are never shown, and that may come from a file.
pub(super) const SECRETS: [&str; 22] = [
    "organization.api_key",
    "bitbucket_cloud.token",
    "bitbucket_cloud.hook_secret",
    "jira_cloud.token",
    "jira_cloud.hook_secret",
    "jira_cloud.issue_view_secret",
    "confluence_cloud.token",
    "assets.token",
    "bitbucket_dc.token",
    "bitbucket_dc.password",
    "bitbucket_dc.hook_secret",
    "jira_dc.token",
    "jira_dc.password",
    "jira_dc.hook_secret",
    "jira_dc.issue_view_secret",
    "confluence_dc.token",
    "confluence_dc.password",
    "confluence_dc.hook_secret",
    "archive.access_key_id",
    "archive.secret_access_key",
    "mail.smtp_password",
    "database.url",
];

/// Settings whose own keys are up to whoever sets them.
const OPEN: [&str; 2] = ["organization.actions", "credential_expiry"];

pub(super) fn defaults() -> Dict {
    Figment::from(Toml::string(DEFAULTS))
        .extract()
        .unwrap_or_default()
}

/// What is set by default, as far as it helps to see it.
pub(super) fn by_default(name: &str) -> String {
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
pub(super) fn leaves(
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
            (Some(Value::Dict(_, known)), Value::Dict(_, given))
                if !OPEN.contains(&name.as_str()) =>
            {
                leaves(known, given, &name, settings, wrong);
            }
            (Some(_), Value::Dict(_, given)) if OPEN.contains(&name.as_str()) => {
                let each = given
                    .into_iter()
                    .map(|(key, value)| (format!("{name}.{key}"), value));
                settings.extend(each);
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
pub(super) fn variables(environment: &[(String, String)]) -> (Vec<(String, Value)>, Vec<String>) {
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

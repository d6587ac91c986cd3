//! `[archive]`: where copies of all events are kept.

use super::address;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::path::PathBuf;
use url::{Host, Url};

/// `[archive]`: a folder, or a bucket of a store that speaks S3.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// The folder; empty for none.
    pub folder: PathBuf,
    /// The bucket; empty for none.
    pub bucket: String,
    /// Where the bucket's store is; that of AWS when absent.
    #[serde(deserialize_with = "address")]
    pub url: Option<Url>,
    /// The region that requests are signed for.
    pub region: String,
    /// What the names of all objects begin with, as a folder.
    pub prefix: String,
    /// Whose requests they are.
    pub access_key_id: SecretString,
    /// What they are signed with.
    pub secret_access_key: SecretString,
}

impl Archive {
    /// Whether copies are kept.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.folder.as_os_str().is_empty() || !self.bucket.is_empty()
    }

    /// Finds what is wrong with values that are of the right kind.
    pub(super) fn validate(&self, wrong: &mut Vec<String>) {
        let id = !self.access_key_id.expose_secret().is_empty();
        let secret = !self.secret_access_key.expose_secret().is_empty();
        if self.bucket.is_empty() {
            if self.url.is_some() || id || secret || !self.prefix.is_empty() {
                wrong.push(
                    "archive.bucket: missing; url, prefix and credentials alone do not say which bucket"
                        .to_owned(),
                );
            }
            return;
        }
        if !self.folder.as_os_str().is_empty() {
            wrong.push(
                "archive.folder: copies go to one place; give this or bucket, not both".to_owned(),
            );
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if !self.bucket.chars().all(plain) {
            wrong.push(format!(
                "archive.bucket: `{}` is not the name of a bucket; give the name alone, such as \"audit-archive\"",
                self.bucket
            ));
        }
        if !id {
            wrong.push("archive.access_key_id: missing; give the id of an access key".to_owned());
        }
        if !secret {
            wrong.push(
                "archive.secret_access_key: missing; give the secret of that access key".to_owned(),
            );
        }
        if self.region.is_empty() {
            wrong.push(
                "archive.region: missing; give one such as \"eu-central-1\", or \"us-east-1\" where the store has none"
                    .to_owned(),
            );
        }
        if self
            .prefix
            .split('/')
            .any(|part| part == ".." || part == "." || part.chars().any(|c| !plain(c) && c != '='))
        {
            wrong.push(format!(
                "archive.prefix: `{}` is not a folder in a bucket; give letters, digits, `.`, `_`, `-` and `/`, such as \
                 \"audit/main\"",
                self.prefix
            ));
        }
        if let Some(url) = &self.url {
            let known = ["http", "https"].contains(&url.scheme()) && url.has_host();
            let named = !url.username().is_empty() || url.password().is_some();
            if named {
                wrong.push(
                    "archive.url: holds a name or password; give access_key_id and secret_access_key instead"
                        .to_owned(),
                );
            } else if !known || url.query().is_some() || url.fragment().is_some() {
                wrong.push(format!(
                    "archive.url: `{url}` is not the address of a store; give one such as https://s3.eu-central-1.amazonaws.com"
                ));
            } else if url.scheme() == "http" && !is_here(url) {
                wrong.push(format!(
                    "archive.url: `{url}` would send what is in the log as plain text; give an https address"
                ));
            }
        }
    }
}

/// Whether an address is on this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

//! `[webhooks]`: webhooks that this server sends.

use super::within;
use ipnet::IpNet;
use serde::Deserialize;
use std::net::IpAddr;
use std::time::Duration;
use url::Host;

/// `[webhooks]`: where they may go, and how long a target may take.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Targets that need be neither public nor encrypted.
    pub allow: Vec<Inside>,
    /// Seconds until a request is given up.
    pub timeout_seconds: u32,
}

/// A target that may be inside.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Inside {
    /// All addresses of a network.
    Network(IpNet),
    /// A host by its name, wherever that leads.
    Host(String),
}

impl Webhooks {
    /// How long a target may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.into())
    }

    /// Finds what is wrong with values that are of the right kind.
    pub(super) fn validate(&self, wrong: &mut Vec<String>) {
        let setting = "webhooks.timeout_seconds";
        within(setting, self.timeout_seconds, &(1..=25), wrong);
    }
}

impl TryFrom<String> for Inside {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if let Ok(network) = text.parse::<IpNet>() {
            return Ok(Self::Network(network));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Network(address.into()));
        }
        match Host::parse(&text) {
            Ok(Host::Domain(name)) => Ok(Self::Host(name)),
            _ => Err(format!(
                "`{text}` is neither a network such as \"10.0.0.0/8\" nor a host name such as \"siem.example.com\""
            )),
        }
    }
}

//! Where requests may go: out, and inside only where the settings say so.
//!
//! An address is looked at when it is saved, before each request, and, for what a name leads to, when the connection is
//! made: what is connected to is what was looked at. The client follows no redirects and knows no proxy.

use crate::config::Inside;
use ipnet::{Ipv4Net, Ipv6Net};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use url::{Host, Url};

/// Why a request may not go somewhere, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(String);

/// What says which addresses a name leads to.
pub type LookUp = dyn Fn(&str) -> Vec<IpAddr> + Send + Sync;

/// Who says which addresses a name leads to.
#[derive(Clone)]
pub enum Names {
    /// The system.
    System,
    /// A function, for tests; no addresses mean that the name is unknown.
    Given(Arc<LookUp>),
}

/// What looks at where requests are to go.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    allow: Arc<[Inside]>,
    names: Names,
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::Given(_) => "Given",
        })
    }
}

impl Guard {
    /// A guard that lets through what is public or allowed.
    pub(super) fn new(allow: &[Inside], names: Names) -> Self {
        Self {
            allow: allow.into(),
            names,
        }
    }

    /// Reads an address as it was typed.
    pub(super) fn read(&self, text: &str) -> Result<Url, Refused> {
        let url = Url::parse(text.trim()).map_err(|error| {
            Refused(format!(
                "is not an address ({error}); give one such as https://siem.example.com/hook"
            ))
        })?;
        self.look(&url)?;
        Ok(url)
    }

    /// Looks at an address; what a name leads to is not looked up.
    pub(super) fn look(&self, url: &Url) -> Result<(), Refused> {
        let encrypted = match url.scheme() {
            "https" => true,
            "http" => false,
            other => {
                return Err(Refused(format!(
                    "`{other}` is not spoken here; give an address that begins with https://"
                )));
            }
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused(
                "holds a user name or password; give `authorization` instead".to_owned(),
            ));
        }
        let allowed = match url.host() {
            None => return Err(Refused("names no host".to_owned())),
            Some(Host::Domain(name)) => self.look_at_name(name)?,
            Some(Host::Ipv4(address)) => self.look_at_address(address.into())?,
            Some(Host::Ipv6(address)) => self.look_at_address(address.into())?,
        };
        if encrypted || allowed {
            return Ok(());
        }
        Err(Refused(format!(
            "is not encrypted; give an https address, or add `{}` to webhooks.allow in the settings",
            url.host_str().unwrap_or_default()
        )))
    }

    /// The addresses that a name leads to, if all of them may be connected to; none when nothing is known of it.
    pub(super) async fn resolve(&self, name: &str) -> Result<Vec<SocketAddr>, Refused> {
        let addresses: Vec<IpAddr> = match &self.names {
            Names::Given(names) => names(name),
            Names::System => match tokio::net::lookup_host((name, 0)).await {
                Ok(found) => found.map(|address| address.ip()).collect(),
                Err(error) => {
                    tracing::debug!(name, %error, "a webhook's host cannot be looked up");
                    Vec::new()
                }
            },
        };
        if !self.look_at_name(name)? {
            for address in &addresses {
                self.look_at_address(*address).map_err(|refused| {
                    Refused(format!("`{name}` leads to {address}, which {refused}"))
                })?;
            }
        }
        Ok(addresses
            .into_iter()
            .map(|address| SocketAddr::new(address, 0))
            .collect())
    }

    /// Whether a name is allowed whatever it leads to; an error when it may not be meant at all.
    fn look_at_name(&self, name: &str) -> Result<bool, Refused> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let allowed = self.allow.iter().any(
            |inside| matches!(inside, Inside::Host(host) if host.trim_end_matches('.') == name),
        );
        let inner = INNER.iter().any(|inner| {
            name.strip_suffix(inner)
                .is_some_and(|before| before.is_empty() || before.ends_with('.'))
        });
        if inner && !allowed {
            return Err(Refused(format!(
                "`{name}` is a name inside; where that is meant, add it to webhooks.allow in the settings"
            )));
        }
        Ok(allowed)
    }

    /// Whether an address is allowed although it may be inside; an error when it is inside and not allowed.
    fn look_at_address(&self, address: IpAddr) -> Result<bool, Refused> {
        let allowed = self
            .allow
            .iter()
            .any(|inside| matches!(inside, Inside::Network(network) if network.contains(&address)));
        if allowed || is_public(address) {
            return Ok(allowed);
        }
        Err(Refused(format!(
            "is not a public address ({address}); where it is meant, add it to webhooks.allow in the settings"
        )))
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = Self::resolve(&guard, name.as_str()).await?;
            if found.is_empty() {
                return Err(Refused(format!("`{}` leads nowhere", name.as_str())).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Names that mean something else on every machine or network.
const INNER: [&str; 5] = ["localhost", "local", "internal", "localdomain", "home.arpa"];

/// IPv4 that is not the public internet, by the registry of special addresses; and the host of a cloud's metadata that is
/// none of these.
const INNER_V4: [Ipv4Net; 17] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(168, 63, 129, 16, 32),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 31, 196, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(224, 0, 0, 0, 4),
    v4(240, 0, 0, 0, 4),
];

/// All IPv6 that is handed out to the public.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0], 3);

/// What of it is special: protocols (Teredo among them), documentation, 6to4.
const INNER_V6: [Ipv6Net; 4] = [
    v6([0x2001, 0], 23),
    v6([0x2001, 0xdb8], 32),
    v6([0x2002, 0], 16),
    v6([0x3fff, 0], 20),
];

/// IPv4 as a translating network shows it.
const NAT64: Ipv6Net = v6([0x64, 0xff9b], 96);

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b]: [u16; 2], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !INNER_V4.iter().any(|inner| inner.contains(&address)),
        IpAddr::V6(address) if NAT64.contains(&address) => {
            let [.., high, low] = address.segments();
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            is_public(Ipv4Addr::new(a, b, c, d).into())
        }
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !INNER_V6.iter().any(|inner| inner.contains(&address))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_public;

    #[test]
    fn only_the_public_internet_is_public() {
        for public in [
            "8.8.8.8",
            "1.1.1.1",
            "100.63.255.255",
            "172.32.0.1",
            "2606:4700::1111",
            "64:ff9b::8.8.8.8",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for inner in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.192",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::127.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(inner.parse().unwrap()), "{inner}");
        }
    }
}

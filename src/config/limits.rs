//! `[limits]`: how much one request, one token and one address may ask for.

use serde::Deserialize;
use std::time::Duration;

/// `[limits]`: bounds that keep one client from taking the server away from the others.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The largest request, in KiB.
    pub request_kib: usize,
    /// The largest webhook, in MiB.
    pub hook_mib: usize,
    /// Webhooks that are held in memory at once, in MiB.
    pub hooks_mib: usize,
    /// Tokens in a document.
    pub tokens: usize,
    /// How deep brackets may nest, in a document and in its variables.
    pub nesting: usize,
    /// How deep fields may nest.
    pub depth: usize,
    /// Selected fields, with fragments written out.
    pub selections: usize,
    /// Fields under another name, with fragments written out.
    pub aliases: usize,
    /// Fields at the root of an operation.
    pub root_fields: usize,
    /// Operations in a document.
    pub operations: usize,
    /// Fragments in a document.
    pub fragments: usize,
    /// Directives in a document.
    pub directives: usize,
    /// Items of one list written into a document.
    pub list_items: usize,
    /// The cost of one request: about the number of values that it may answer with.
    pub cost: u32,
    /// The cost of one answer of a stream.
    pub stream_cost: u32,
    /// The cost of all requests of a token a minute.
    pub cost_per_minute: u32,
    /// Requests of one token that are carried out at once.
    pub requests_per_token: usize,
    /// Seconds until a request is given up.
    pub execution_seconds: u64,
    /// How many documents are kept ready to run again, and by their hash.
    pub persisted_queries: usize,
    /// Failed attempts to authenticate an address may make a minute.
    pub failed_logins_per_minute: u32,
    /// Open sockets and event streams in all.
    pub connections: usize,
    /// Open sockets of one address that have not said yet who is there.
    pub strangers_per_address: usize,
    /// Open sockets and event streams of one token.
    pub connections_per_token: usize,
    /// Streams of one token, on all its connections.
    pub streams_per_token: usize,
    /// Seconds that a socket may be open before it says who is there.
    pub connection_init_seconds: u64,
    /// Seconds between signs of life on an open connection.
    pub keep_alive_seconds: u64,
}

impl Limits {
    /// The most that `nesting` can be set to.
    pub const MOST_NESTING: usize = 100;

    /// The most that `hooks_mib` can be set to.
    pub const MOST_HOOKS_MIB: usize = 65_536;

    /// The largest request, in bytes.
    #[must_use]
    pub fn request_bytes(&self) -> usize {
        self.request_kib * 1_024
    }

    /// The largest webhook, in bytes.
    #[must_use]
    pub fn hook_bytes(&self) -> usize {
        self.hook_mib * 1_024 * 1_024
    }

    /// How long a request may be carried out.
    #[must_use]
    pub fn execution(&self) -> Duration {
        Duration::from_secs(self.execution_seconds)
    }

    /// How long a socket may be open before it says who is there.
    #[must_use]
    pub fn connection_init(&self) -> Duration {
        Duration::from_secs(self.connection_init_seconds)
    }

    /// How long a connection may be silent.
    #[must_use]
    pub fn keep_alive(&self) -> Duration {
        Duration::from_secs(self.keep_alive_seconds)
    }

    /// Finds what is wrong with values that are of the right kind.
    pub(super) fn validate(&self, wrong: &mut Vec<String>) {
        for (setting, value) in [
            ("request_kib", self.request_kib),
            ("hook_mib", self.hook_mib),
            ("tokens", self.tokens),
            ("nesting", self.nesting),
            ("depth", self.depth),
            ("selections", self.selections),
            ("root_fields", self.root_fields),
            ("operations", self.operations),
            ("requests_per_token", self.requests_per_token),
            ("list_items", self.list_items),
            ("cost", usize::try_from(self.cost).unwrap_or(usize::MAX)),
            ("connections", self.connections),
            ("strangers_per_address", self.strangers_per_address),
            ("connections_per_token", self.connections_per_token),
            ("streams_per_token", self.streams_per_token),
        ] {
            if value == 0 {
                wrong.push(format!(
                    "limits.{setting}: 0 lets nothing through; give 1 or more"
                ));
            }
        }
        for (setting, value) in [
            ("execution_seconds", self.execution_seconds),
            ("connection_init_seconds", self.connection_init_seconds),
            ("keep_alive_seconds", self.keep_alive_seconds),
        ] {
            if !(1..=3_600).contains(&value) {
                wrong.push(format!(
                    "limits.{setting}: {value} is out of range; give 1 to 3600"
                ));
            }
        }
        if self.nesting > Self::MOST_NESTING {
            wrong.push(format!(
                "limits.nesting: {} is out of range; give 1 to {}",
                self.nesting,
                Self::MOST_NESTING
            ));
        }
        if !(self.hook_mib..=Self::MOST_HOOKS_MIB).contains(&self.hooks_mib) {
            wrong.push(format!(
                "limits.hooks_mib: {} is out of range; give {} (limits.hook_mib) to {}",
                self.hooks_mib,
                self.hook_mib,
                Self::MOST_HOOKS_MIB
            ));
        }
        if self.cost_per_minute < self.cost {
            wrong.push(format!(
                "limits.cost_per_minute: {} is less than limits.cost, which one request may cost; give {} or more",
                self.cost_per_minute, self.cost
            ));
        }
        if self.failed_logins_per_minute == 0 {
            wrong.push("limits.failed_logins_per_minute: give 1 or more".to_owned());
        }
    }
}

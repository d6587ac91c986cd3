//! What the server counts about itself, as Prometheus reads it at `/metrics`.
//!
//! Counts and durations only: nothing of what was asked or answered, and nobody's name.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::Arc;

/// The upper ends of the classes of durations, in seconds.
const SECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 20.0];

/// Everything that is counted; clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Answers to requests that came in by a valid token, each answer of a stream for itself, by outcome: `ok`, or the
    /// code of the first error.
    pub requests: Family<Outcome, Counter>,
    /// How long requests took that were carried out, in seconds.
    pub seconds: Histogram,
    /// What requests were charged.
    pub cost: Counter,
    /// Panics while a request was carried out.
    pub panics: Counter,
    /// Failed attempts to authenticate.
    pub failed_logins: Counter,
    /// Open sockets and event streams over HTTP.
    pub connections: Gauge,
    /// Running streams, and whatever else runs on sockets.
    pub streams: Gauge,
    /// How the archive is doing.
    pub archiving: Archiving,
    registry: Arc<Registry>,
}

/// How the archive is doing, in this process.
#[derive(Clone, Debug, Default)]
pub struct Archiving {
    /// 1 when this process is to write it.
    pub on: Gauge,
    /// 1 as long as it cannot be written.
    pub failing: Gauge,
    /// Attempts to write it that failed.
    pub failures: Counter,
    /// Events in the log that are not in it yet.
    pub behind: Gauge,
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Outcome {
    /// `ok`, or the code of the first error.
    pub outcome: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("auditgraph");
        let requests = Family::default();
        let seconds = Histogram::new(SECONDS);
        let (cost, panics, failed_logins) =
            (Counter::default(), Counter::default(), Counter::default());
        let (connections, streams) = (Gauge::default(), Gauge::default());
        registry.register(
            "requests",
            "GraphQL answers by outcome",
            Family::clone(&requests),
        );
        registry.register(
            "request_seconds",
            "Time to carry a request out",
            seconds.clone(),
        );
        registry.register("cost", "Cost that requests were charged", cost.clone());
        registry.register(
            "panics",
            "Panics while a request was carried out",
            panics.clone(),
        );
        registry.register(
            "failed_logins",
            "Failed attempts to authenticate",
            failed_logins.clone(),
        );
        registry.register(
            "connections",
            "Open sockets and event streams",
            connections.clone(),
        );
        registry.register(
            "streams",
            "Running streams and other operations on sockets",
            streams.clone(),
        );
        let archiving = Archiving::default();
        archiving.register(&mut registry);
        Self {
            requests,
            seconds,
            cost,
            panics,
            failed_logins,
            connections,
            streams,
            archiving,
            registry: Arc::new(registry),
        }
    }
}

impl Archiving {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "archive_on",
            "Whether this process writes the archive",
            self.on.clone(),
        );
        registry.register(
            "archive_failing",
            "Whether the archive cannot be written",
            self.failing.clone(),
        );
        registry.register(
            "archive_failures",
            "Attempts to write the archive that failed",
            self.failures.clone(),
        );
        registry.register(
            "archive_behind",
            "Events in the log that are not in the archive yet",
            self.behind.clone(),
        );
    }
}

impl Metrics {
    /// All of it in the OpenMetrics text format.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

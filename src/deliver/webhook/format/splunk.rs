//! `SPLUNK_HEC`: what Splunk's HTTP Event Collector takes at `/services/collector/event`.

use crate::deliver::Detail;
use serde::Serialize;

/// One event for the collector.
#[derive(Serialize)]
pub(super) struct Entry<'a> {
    /// Seconds since 1970, with microseconds.
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    source: String,
    sourcetype: &'static str,
    event: &'a Detail,
}

impl<'a> Entry<'a> {
    pub(super) fn of(event: &'a Detail) -> Self {
        let micros = event.time.micros();
        let (seconds, rest) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
        let site = event.site.as_ref();
        Self {
            time: format!("{seconds}.{rest:06}"),
            host: site.and_then(|site| site.name.as_deref().or(site.key.as_deref())),
            source: format!(
                "auditgraph:{}",
                event.source.as_deref().unwrap_or("unknown")
            ),
            sourcetype: "auditgraph:event",
            event,
        }
    }
}

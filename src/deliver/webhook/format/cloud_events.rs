//! CLOUDEVENTS: `CloudEvents` 1.0 in its structured JSON form, with the extension `sequence`.

use crate::deliver::Detail;
use crate::event::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

/// An event with what `CloudEvents` wants to know of it.
#[derive(Serialize)]
pub(super) struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    time: Timestamp,
    datacontenttype: &'static str,
    /// The position in the log, padded so that it sorts as text.
    sequence: String,
    data: &'a Detail,
}

impl<'a> CloudEvent<'a> {
    pub(super) fn of(event: &'a Detail) -> Self {
        let source = event.source.as_deref().unwrap_or("unknown");
        let subject = event.target.as_ref().and_then(|target| {
            let name = target.name.as_ref().or(target.id.as_ref())?;
            Some(format!("{}/{name}", target.kind))
        });
        Self {
            specversion: "1.0",
            id: &event.id,
            source: format!(
                "/auditgraph/sources/{}",
                utf8_percent_encode(source, NON_ALPHANUMERIC)
            ),
            kind: format!("auditgraph.{}", event.action.code),
            subject,
            time: event.time,
            datacontenttype: "application/json",
            sequence: format!("{:020}", event.seq),
            data: event,
        }
    }
}

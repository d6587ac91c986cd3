//! In which form events are sent: one file a form. Pure: an event with everything beside it goes in, bytes come out.

mod cef;
mod cloud_events;
mod ecs;
mod fields;
mod splunk;
mod syslog;

use crate::deliver::Detail;
use crate::event::webhook::WebhookFormat;
use serde::Serialize;

/// Events in one request, at most, where a form takes several.
pub(super) const SEVERAL: usize = 100;

/// Bytes in one request, unless one event alone is larger.
const BYTES: usize = 1024 * 1024;

/// What a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Body {
    /// What it is.
    pub(super) content_type: &'static str,
    /// The bytes themselves.
    pub(super) bytes: Vec<u8>,
    /// How many events are in it, from the first.
    pub(super) events: usize,
}

/// The first of these events in a request; where the form takes several, as many as fit.
pub(super) fn body(format: WebhookFormat, events: &[Detail]) -> Body {
    let text = |event: &Detail| match format {
        WebhookFormat::Event => json(event),
        WebhookFormat::Fields => json(&fields::Fields::of(event)),
        WebhookFormat::CloudEvents => json(&cloud_events::CloudEvent::of(event)),
        WebhookFormat::Ecs => json(&ecs::document(event)),
        WebhookFormat::SplunkHec => json(&splunk::Entry::of(event)),
        WebhookFormat::Cef => cef::line(event),
        WebhookFormat::Syslog => syslog::line(event),
    };
    let content_type = match format {
        WebhookFormat::Event
        | WebhookFormat::Fields
        | WebhookFormat::Ecs
        | WebhookFormat::SplunkHec => "application/json",
        WebhookFormat::CloudEvents => "application/cloudevents+json; charset=utf-8",
        WebhookFormat::Cef | WebhookFormat::Syslog => "text/plain; charset=utf-8",
    };
    let (most, end) = if format.takes_several() {
        (SEVERAL, "\n")
    } else {
        (1, "")
    };
    let (mut bytes, mut count) = (Vec::new(), 0);
    for event in events.iter().take(most) {
        let text = text(event);
        if count > 0 && bytes.len() + text.len() > BYTES {
            break;
        }
        bytes.extend_from_slice(text.as_bytes());
        bytes.extend_from_slice(end.as_bytes());
        count += 1;
    }
    Body {
        content_type,
        bytes,
        events: count,
    }
}

fn json(value: &impl Serialize) -> String {
    // Text, numbers and lists of them: there is nothing that JSON could not say.
    serde_json::to_string(value).unwrap_or_default()
}

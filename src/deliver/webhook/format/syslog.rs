//! SYSLOG: RFC 5424, a line an event, whose message is the event as JSON.

use crate::deliver::Detail;

/// Facility 13 (log audit), severity 6 (informational).
const PRIORITY: u8 = 13 * 8 + 6;

/// Characters of a message's kind.
const KIND: usize = 32;

/// The line of an event, without its end: JSON has no line ends of its own.
pub(super) fn line(event: &Detail) -> String {
    let site = event.site.as_ref();
    let host = site.and_then(|site| site.name.as_deref().or(site.key.as_deref()));
    format!(
        "<{PRIORITY}>1 {} {} auditgraph - {} - {}",
        event.time,
        printable(host.unwrap_or("-"), 255),
        printable(&event.action.code, KIND),
        super::json(event),
    )
}

/// Text that a header takes: printable ASCII without spaces, and not too much of it.
fn printable(text: &str, most: usize) -> String {
    let text: String = text
        .chars()
        .filter(char::is_ascii_graphic)
        .take(most)
        .collect();
    if text.is_empty() {
        "-".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn headers_hold_what_they_may() {
        assert_eq!(printable("issue viewed\n", 32), "issueviewed");
        assert_eq!(printable(" ü ", 32), "-");
        assert_eq!(printable("abc", 2), "ab");
    }
}

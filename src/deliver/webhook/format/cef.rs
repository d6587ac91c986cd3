//! CEF: the Common Event Format, a line an event.

use crate::deliver::Detail;
use std::fmt::Write;

/// How severe all events are: whether one is bad is not for us to say.
const SEVERITY: u8 = 3;

/// The line of an event, without its end.
pub(super) fn line(event: &Detail) -> String {
    let mut line = format!(
        "CEF:0|Auditgraph|Auditgraph|{}|{}|{}|{SEVERITY}|",
        env!("CARGO_PKG_VERSION"),
        header(&event.action.code),
        header(&event.action.label),
    );
    let actor = event.actor.as_ref();
    let (target, project) = (event.target.as_ref(), event.project.as_ref());
    let location = event.location.as_ref();
    let issue = event.issue.as_ref();
    let changes: Vec<String> = event
        .changes
        .iter()
        .map(|change| {
            let side = |value: &Option<String>| value.clone().unwrap_or_default();
            format!(
                "{}: {} -> {}",
                change.field,
                side(&change.from),
                side(&change.to)
            )
        })
        .collect();
    let text = |text: &str| Some(text.to_owned());
    let place = project.and_then(|project| project.key.clone().or_else(|| project.name.clone()));
    let fields = [
        ("rt", text(&event.time.millis().to_string())),
        ("externalId", text(&event.id)),
        ("cat", text(&event.category)),
        ("act", text(&event.action.code)),
        ("suser", actor.map(|actor| actor.name.clone())),
        ("suid", actor.map(|actor| actor.account_id.clone())),
        ("src", location.and_then(|location| location.ip.clone())),
        ("msg", event.message.clone()),
        ("cs1Label", place.as_ref().and_then(|_| text("project"))),
        ("cs1", place),
        ("cs2Label", target.and_then(|_| text("target"))),
        (
            "cs2",
            target.map(|target| {
                let name = target.name.as_ref().or(target.id.as_ref());
                format!("{} {}", target.kind, name.map_or("", String::as_str))
            }),
        ),
        (
            "cs3Label",
            issue
                .and_then(|issue| issue.key.as_ref())
                .and_then(|_| text("issue")),
        ),
        ("cs3", issue.and_then(|issue| issue.key.clone())),
        (
            "cs4Label",
            event.changes.first().and_then(|_| text("changes")),
        ),
        ("cs4", (!changes.is_empty()).then(|| changes.join("; "))),
        ("cn1Label", text("position")),
        ("cn1", text(&event.position)),
    ];
    let mut first = true;
    for (name, value) in fields {
        if let Some(value) = value {
            let _ = write!(
                line,
                "{}{name}={}",
                if first { "" } else { " " },
                extension(&value)
            );
            first = false;
        }
    }
    line
}

/// Text between bars.
fn header(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('|', "\\|");
    text.replace(['\r', '\n'], " ")
}

/// Text behind an equals sign.
fn extension(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('=', "\\=");
    text.replace("\r\n", "\\n").replace(['\r', '\n'], "\\n")
}

#[cfg(test)]
mod tests {
    use super::{extension, header};

    #[test]
    fn what_would_end_a_field_does_not() {
        assert_eq!(header("a|b\\c\nd"), "a\\|b\\\\c d");
        assert_eq!(extension("a=b\\c\r\nd|e\nf"), "a\\=b\\\\c\\nd|e\\nf");
    }
}

//! What a mail says: as HTML and as plain text, and both as one message.
//!
//! Everything in it comes from somewhere else and is shown as text: the templates escape it, and what would disturb the text
//! around it (line breaks, control characters, marks that turn the direction of writing) is taken out first.

use super::attachment::Attachment;
use super::row::Row;
use super::transport::Outgoing;
use crate::deliver::Detail;
use crate::event::Timestamp;
use askama::Template;
use chrono_tz::Tz;
use lettre::Message;
use lettre::message::header::{ContentDisposition, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use std::time::SystemTime;

/// Characters of one cell.
const CELL: usize = 200;

/// Characters of a description or of a filter's text.
const TEXT: usize = 2_000;

/// Rows of the table.
pub(super) const ROWS: u64 = 200;

/// What a mail is about.
pub(super) struct Subject<'a> {
    /// The filter subscription's name.
    pub(super) name: &'a str,
    /// The saved filter's name.
    pub(super) filter: &'a str,
    /// What it is for.
    pub(super) description: Option<&'a str>,
    /// What it chooses, as text.
    pub(super) search: &'a str,
    /// From when until when.
    pub(super) window: (Timestamp, Timestamp),
    /// In which time zone times are shown.
    pub(super) zone: Tz,
    /// How many events were found.
    pub(super) total: u64,
    /// How many of them are in the attached file.
    pub(super) attached: u64,
}

/// From whom to whom a mail goes.
pub(super) struct Envelope<'a> {
    pub(super) id: &'a str,
    pub(super) from: &'a Mailbox,
    pub(super) to: Vec<Mailbox>,
    pub(super) date: Timestamp,
}

/// A row of the table, ready to be shown.
struct Line {
    time: String,
    actor: String,
    action: String,
    target: String,
    project: String,
    change: String,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{{ text.title }}</title></head>
<body style="margin:0;padding:16px;font-family:Arial,Helvetica,sans-serif;font-size:14px;color:#172b4d">
<h1 style="font-size:18px;margin:0 0 8px"><bdi>{{ text.title }}</bdi></h1>
<p style="margin:0 0 4px">Saved filter: <b><bdi>{{ text.filter }}</bdi></b></p>
{% if let Some(description) = text.description %}<p style="margin:0 0 4px"><bdi>{{ description }}</bdi></p>
{% endif %}{% if !text.search.is_empty() %}<p style="margin:0 0 4px"><code><bdi>{{ text.search }}</bdi></code></p>
{% endif %}<p style="margin:0 0 4px">What became known from {{ text.from }} to {{ text.to }}</p>
<p style="margin:0 0 12px"><b>{{ text.count }}</b></p>
{% if !text.lines.is_empty() %}<table style="border-collapse:collapse;font-size:13px">
<tr>{% for heading in text.headings %}<th style="text-align:left;padding:4px 8px;border-bottom:2px solid #c1c7d0">{{ heading }}</th>{% endfor %}</tr>
{% for line in text.lines %}<tr>
{% for cell in line.cells() %}<td style="padding:4px 8px;border-bottom:1px solid #dfe1e6;vertical-align:top"><bdi>{{ cell }}</bdi></td>
{% endfor %}</tr>
{% endfor %}</table>
{% endif %}{% for note in text.notes %}<p style="margin:12px 0 0">{{ note }}</p>
{% endfor %}</body>
</html>
"#
)]
struct Html<'a> {
    text: &'a Text,
}

#[derive(Template)]
#[template(
    ext = "txt",
    source = r"{{ text.title }}

Saved filter: {{ text.filter }}
{% if let Some(description) = text.description %}{{ description }}
{% endif %}{% if !text.search.is_empty() %}{{ text.search }}
{% endif %}What became known from {{ text.from }} to {{ text.to }}

{{ text.count }}
{% for line in text.lines %}
{{ line.time }}  {{ line.actor }}
  {{ line.action }}{% if !line.target.is_empty() %}: {{ line.target }}{% endif %}{% if !line.project.is_empty() %} ({{ line.project }}){% endif %}
{% if !line.change.is_empty() %}  {{ line.change }}
{% endif %}{% endfor %}{% for note in text.notes %}
{{ note }}
{% endfor %}"
)]
struct Plain<'a> {
    text: &'a Text,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{{ title }}</title></head>
<body style="margin:0;padding:16px;font-family:Arial,Helvetica,sans-serif;font-size:14px;color:#172b4d">
<h1 style="font-size:18px;margin:0 0 8px"><bdi>{{ title }}</bdi></h1>
{% for line in lines %}<p style="margin:0 0 4px"><bdi>{{ line }}</bdi></p>
{% endfor %}</body>
</html>
"#
)]
struct NoticeHtml<'a> {
    title: &'a str,
    lines: &'a [String],
}

/// What both forms of a mail show.
struct Text {
    title: String,
    filter: String,
    description: Option<String>,
    search: String,
    from: String,
    to: String,
    count: String,
    headings: [&'static str; 6],
    lines: Vec<Line>,
    notes: Vec<String>,
}

impl Line {
    fn of(row: &Row, zone: Tz) -> Self {
        let change = match (row.field.as_str(), row.old.as_str(), row.new.as_str()) {
            ("", _, _) => String::new(),
            (field, "", "") => field.to_owned(),
            (field, old, new) => format!("{field}: {old} → {new}"),
        };
        Self {
            time: row
                .time
                .map(|time| shown_time(time, zone))
                .unwrap_or_default(),
            actor: shown(&row.actor, CELL),
            action: shown(&row.action, CELL),
            target: shown(&row.target, CELL),
            project: shown(&row.project, CELL),
            change: shown(&change, CELL),
        }
    }

    fn cells(&self) -> [&str; 6] {
        [
            &self.time,
            &self.actor,
            &self.action,
            &self.target,
            &self.project,
            &self.change,
        ]
    }
}

impl Text {
    fn of(subject: &Subject<'_>, rows: &[Row]) -> Self {
        let shown_rows = rows
            .iter()
            .take(usize::try_from(ROWS).unwrap_or(usize::MAX));
        let lines: Vec<Line> = shown_rows.map(|row| Line::of(row, subject.zone)).collect();
        let mut notes = Vec::new();
        let more = subject.total.saturating_sub(lines.len() as u64);
        if more > 0 {
            notes.push(format!("and {more} more"));
        }
        if subject.attached > 0 && subject.attached < subject.total {
            notes.push(format!(
                "The attached file has the newest {} of {} events.",
                subject.attached, subject.total
            ));
        }
        let (from, to) = subject.window;
        Self {
            title: title(subject),
            filter: shown(subject.filter, CELL),
            description: subject.description.map(|text| shown(text, TEXT)),
            search: shown(subject.search, TEXT),
            from: shown_time(from, subject.zone),
            to: shown_time(to, subject.zone),
            count: counted(subject.total),
            headings: ["Time", "Who", "What", "To what", "Where", "Change"],
            lines,
            notes,
        }
    }
}

/// `Auto-Submitted: auto-generated` (RFC 3834), so that nobody's mailbox answers by itself.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The whole message. It is the same, byte for byte, whenever it is made of the same.
pub(super) fn message(
    envelope: Envelope<'_>,
    subject: &Subject<'_>,
    rows: &[Row],
    attachment: Option<Attachment>,
) -> Result<Outgoing, String> {
    let text = Text::of(subject, rows);
    let plain = Plain { text: &text }.render();
    let html = Html { text: &text }.render();
    let bodies = (
        plain.map_err(|error| failed(&error))?,
        html.map_err(|error| failed(&error))?,
    );
    assemble(envelope, text.title, bodies, attachment)
}

/// A message to administrators about what has stopped, and what follows from that.
pub(super) fn notice(
    envelope: Envelope<'_>,
    event: &Detail,
    follows: &str,
) -> Result<Outgoing, String> {
    let name = event
        .target
        .as_ref()
        .and_then(|target| target.name.as_ref());
    let name = name.map_or_else(String::new, |name| format!(": {}", shown(name, CELL)));
    let title = format!("{}{name}", event.action.label);
    let mut lines = vec![shown_time(event.time, Tz::UTC)];
    lines.extend(event.message.as_ref().map(|why| shown(why, TEXT)));
    lines.push(follows.to_owned());
    let plain = format!("{title}\n\n{}\n", lines.join("\n"));
    let html = NoticeHtml {
        title: &title,
        lines: &lines,
    };
    let html = html.render().map_err(|error| failed(&error))?;
    assemble(envelope, title, (plain, html), None)
}

fn failed(error: &dyn std::fmt::Display) -> String {
    format!("the mail cannot be written: {error}")
}

fn assemble(
    envelope: Envelope<'_>,
    title: String,
    (plain, html): (String, String),
    attachment: Option<Attachment>,
) -> Result<Outgoing, String> {
    let bodies = MultiPart::alternative()
        .boundary(format!("alternative-{}", envelope.id))
        .singlepart(SinglePart::plain(plain))
        .singlepart(SinglePart::html(html));
    let body = match attachment {
        None => bodies,
        Some(file) => {
            let media_type = ContentType::parse(file.media_type);
            let part = SinglePart::builder()
                .header(media_type.map_err(|error| failed(&error))?)
                .header(ContentDisposition::attachment(&file.name))
                .body(file.bytes);
            MultiPart::mixed()
                .boundary(format!("mixed-{}", envelope.id))
                .multipart(bodies)
                .singlepart(part)
        }
    };
    let to: Vec<_> = envelope.to.iter().map(|to| to.email.clone()).collect();
    let (id, domain) = (envelope.id, envelope.from.email.domain());
    let mut message = Message::builder()
        .from(envelope.from.clone())
        .subject(title)
        .date(SystemTime::from(envelope.date.to_utc()))
        .message_id(Some(format!("<{id}@{domain}>")))
        .header(AutoSubmitted);
    for recipient in envelope.to {
        message = message.to(recipient);
    }
    let message = message.multipart(body).map_err(|error| failed(&error))?;
    Ok(Outgoing {
        id: id.to_owned(),
        from: envelope.from.email.clone(),
        to,
        bytes: message.formatted(),
    })
}

fn title(subject: &Subject<'_>) -> String {
    format!("{}: {}", shown(subject.name, CELL), counted(subject.total))
}

fn counted(events: u64) -> String {
    match events {
        0 => "no events".to_owned(),
        1 => "1 event".to_owned(),
        events => format!("{events} events"),
    }
}

fn shown_time(time: Timestamp, zone: Tz) -> String {
    let time = time.to_utc().with_timezone(&zone);
    time.format("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// Text in one line that cannot disturb what stands around it.
fn shown(text: &str, most: usize) -> String {
    let plain = |c: char| match c {
        '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => '\u{FFFD}',
        '\u{2028}' | '\u{2029}' => ' ',
        c if c.is_whitespace() => ' ',
        c if c.is_control() => '\u{FFFD}',
        c => c,
    };
    let mut characters = text.chars().map(plain);
    let mut shown: String = characters.by_ref().take(most).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn what_would_disturb_is_taken_out() {
        assert_eq!(shown("a\r\nb\u{0}c\u{202E}d", 10), "a  b\u{FFFD}c\u{FFFD}d");
        assert_eq!(shown("Grüße", 3), "Grü…");
        assert_eq!(shown(&"x".repeat(1_000_000), 200).chars().count(), 201);
    }
}

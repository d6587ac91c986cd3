//! What mails look like, whatever the names in them.

use super::{Post, daily, said, text};
use crate::world::{Kind, on_both, person};
use auditgraph::deliver::mail::{Outgoing, Transport};
use auditgraph::event::{Change, NewEvent, Object};
use mail_parser::{Message, MessageParser, MimeHeaders};
use serde_json::json;
use std::time::Duration;

on_both!(
    c13_a_mail_is_html_and_text_with_its_headers,
    c13_hostile_names_stay_text,
    c13_a_table_has_two_hundred_rows_and_says_how_many_more,
    c13_a_csv_file_is_attached,
    mails_are_written_into_a_folder,
);

fn parsed(mail: &Outgoing) -> Message<'_> {
    MessageParser::default().parse(&mail.bytes).unwrap()
}

fn html(mail: &Outgoing) -> String {
    parsed(mail).body_html(0).unwrap().into_owned()
}

async fn c13_a_mail_is_html_and_text_with_its_headers(kind: Kind) {
    let post = Post::new(kind).await;
    let filter = json!({"name": "Deletions in WEB", "description": "Who deletes what",
        "search": "action:issue.deleted project:WEB"});
    let event = NewEvent {
        changes: vec![Change {
            field: "status".to_owned(),
            from: Some("Open".to_owned()),
            to: Some("Done".to_owned()),
        }],
        ..post.event("one")
    };
    post.world.append(vec![event]).await;
    let filter = post.filter(filter).await;
    let more = json!({"name": "Täglich", "recipients": ["ann@example.com", "bob@example.com"], "timeZone": "Europe/Berlin"});
    post.create(&filter, daily("09:00"), more).await;
    let sent = post.reach("2026-11-21T08:00:00Z").await;
    let mail = parsed(&sent[0]);
    assert_eq!(mail.subject(), Some("Täglich: 1 event"));
    assert_eq!(
        mail.message_id(),
        Some(format!("{}@example.com", sent[0].id).as_str())
    );
    let from = mail.from().unwrap().first().unwrap();
    assert_eq!(
        (from.name(), from.address()),
        (Some("Auditgraph"), Some("audit@example.com"))
    );
    let to: Vec<_> = mail
        .to()
        .unwrap()
        .iter()
        .map(|to| to.address().unwrap())
        .collect();
    assert_eq!(to, ["ann@example.com", "bob@example.com"]);
    assert_eq!(
        mail.header("Auto-Submitted").unwrap().as_text(),
        Some("auto-generated")
    );
    assert_eq!(mail.date().unwrap().to_rfc3339(), "2026-11-21T08:00:00Z");
    assert!(sent[0].bytes.is_ascii());
    assert_eq!(mail.attachment_count(), 0);

    let expected = "Täglich: 1 event\n\nSaved filter: Deletions in WEB\nWho deletes what\n\
        action:issue.deleted project:WEB\n\
        What became known from 2026-11-20 09:00:00 CET to 2026-11-21 09:00:00 CET\n\n1 event\n\n\
        2026-11-20 13:00:00 CET  Ann Lee\n  Issue deleted: WEB-1 (WEB)\n  status: Open → Done\n";
    assert_eq!(
        said(&sent[0]).replace("\r\n", "\n").trim_end(),
        expected.trim_end()
    );
    let html = html(&sent[0]);
    for part in [
        "Deletions in WEB",
        "Who deletes what",
        "Ann Lee",
        "Issue deleted",
        "status: Open → Done",
        "1 event",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    // Mail programs show nothing from elsewhere, and leave style sheets out.
    for part in ["<style", "<link", "<script", "http:", "https:", "src="] {
        assert!(!html.contains(part), "{part}: {html}");
    }
}

async fn c13_hostile_names_stay_text(kind: Kind) {
    let post = Post::new(kind).await;
    let hostile = [
        "<script>alert(1)</script>",
        "</td></table><img src=x onerror=alert(1)>",
        "\"><a href='https://evil.example'>click</a>",
        "{{ text.title }} {% if true %}",
        "a\r\nBcc: everybody@example.com\r\n\r\nbody",
        "\u{202E}gnp.exe",
        "\u{0}\u{7}\u{1b}[31m",
        "=?utf-8?q?x?=",
        "\r\n.\r\nQUIT\r\n",
    ];
    let huge = "A".repeat(1_000_000);
    let names = hostile.iter().copied().chain([huge.as_str()]);
    let event = |(place, name): (usize, &str)| NewEvent {
        actor: Some(person(&format!("557058:{place}"), name)),
        target: Some(Object {
            kind: "issue".to_owned(),
            id: Some(name.to_owned()),
            name: Some(name.to_owned()),
            ..Object::default()
        }),
        changes: vec![Change {
            field: name.to_owned(),
            from: Some(name.to_owned()),
            to: Some(name.to_owned()),
        }],
        ..post.event(&format!("event {place}"))
    };
    post.world
        .append(names.enumerate().map(event).collect())
        .await;
    let name = format!("Mail {}", hostile[..5].join(" "));
    let name: String = name.chars().take(255).collect();
    let filter = json!({"name": name, "description": hostile.join(" "), "filter": {"actions": ["issue.deleted"]}});
    let filter = post.filter(filter).await;
    let made = post
        .create(&filter, daily("09:00"), json!({"name": name}))
        .await;
    assert_eq!(made.get("errors"), None, "{made}");
    let sent = post.reach("2026-11-21T09:00:00Z").await;
    let mail = parsed(&sent[0]);
    assert!(sent[0].bytes.len() < 100_000, "{}", sent[0].bytes.len());
    // No header was added, and none was cut.
    let mut headers: Vec<&str> = mail
        .headers()
        .iter()
        .map(mail_parser::Header::name)
        .collect();
    headers.sort_unstable();
    let expected = [
        "Auto-Submitted",
        "Content-Type",
        "Date",
        "From",
        "MIME-Version",
        "Message-ID",
        "Subject",
        "To",
    ];
    assert_eq!(headers, expected);
    assert!(
        mail.subject()
            .unwrap()
            .contains("<script>alert(1)</script>")
    );
    let html = html(&sent[0]);
    for part in [
        "<script",
        "<img",
        "<a ",
        "</table></",
        "\u{202E}",
        "\u{0}",
        "\u{1b}",
    ] {
        assert!(!html.contains(part), "{part}");
    }
    // As many cells as there are, and nothing that opens or closes another one.
    assert_eq!(html.matches("<td ").count(), 6 * (hostile.len() + 1));
    assert_eq!(html.matches("<table").count(), 1);
    assert_eq!(html.matches("</table>").count(), 1);
    assert!(html.contains("{{ text.title }}"));
    let plain = said(&sent[0]);
    assert!(
        !plain.contains("\nBcc:") && !plain.contains('\u{202E}'),
        "{plain}"
    );
}

async fn c13_a_table_has_two_hundred_rows_and_says_how_many_more(kind: Kind) {
    let post = Post::new(kind).await;
    // What happened last is on top, in whatever order it became known.
    let events = (0..250).map(|place| NewEvent {
        time: Some(crate::world::at("2026-11-20T11:00:00Z").minus(Duration::from_mins(place))),
        ..post.event(&format!("event {place}"))
    });
    post.world.append(events.collect()).await;
    post.subscribe(daily("09:00"), json!({})).await;
    let sent = post.reach("2026-11-21T09:00:00Z").await;
    let html = html(&sent[0]);
    assert_eq!(html.matches("<tr>").count(), 201);
    assert!(html.contains("and 50 more"), "{html}");
    assert!(html.contains("250 events"));
    let plain = said(&sent[0]);
    assert!(plain.contains("and 50 more"));
    let (first, last) = (
        plain.find("2026-11-20 11:00:00"),
        plain.find("2026-11-20 07:41:00"),
    );
    assert!(first.unwrap() < last.unwrap());
    assert!(!plain.contains("2026-11-20 07:40:00"));
}

async fn c13_a_csv_file_is_attached(kind: Kind) {
    let mut post = Post::new(kind).await;
    let event = |place: usize| NewEvent {
        actor: Some(person("557058:mallory", "=HYPERLINK(\"x\")")),
        target: Some(Object {
            kind: "issue".to_owned(),
            id: Some(format!("{place}")),
            name: Some(format!("WEB-{place}, \"quoted\"")),
            ..Object::default()
        }),
        ..post.event(&format!("event {place}"))
    };
    post.world.append((0..1_200).map(event).collect()).await;
    let id = post
        .subscribe(
            daily("09:00"),
            json!({"format": "CSV", "timeZone": "Europe/Berlin"}),
        )
        .await;
    let sent = post.reach("2026-11-21T08:00:00Z").await;
    let mail = parsed(&sent[0]);
    let file = mail.attachment(0).unwrap();
    assert_eq!(file.attachment_name(), Some("events-2026-11-21.csv"));
    assert_eq!(file.content_type().unwrap().ctype(), "text");
    let mut rows = csv::Reader::from_reader(file.contents());
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1_200);
    assert_eq!(&rows[0][0], "2026-11-20T13:00:00.000+01:00");
    assert_eq!(&rows[0][1], "'=HYPERLINK(\"x\")");
    assert_eq!(&rows[0][3], "WEB-1199, \"quoted\"");
    assert_eq!(&rows[1_199][3], "WEB-0, \"quoted\"");
    assert!(!said(&sent[0]).contains("The attached file"));

    // No more than the settings allow, and the mail says so.
    post.world.config.mail.attachment_rows = 700;
    post.mails = super::mails(&post.world, Transport::Memory(post.sent.clone()), 1);
    let again = post.event("again");
    let many = (0..900).map(|place| NewEvent {
        upstream_key: format!("again {place}"),
        ..again.clone()
    });
    post.world.append(many.collect()).await;
    post.deed("runFilterSubscription", &id).await;
    let sent = post.deliver().await;
    let mail = parsed(&sent[0]);
    let file = mail.attachment(0).unwrap().contents().to_vec();
    assert_eq!(
        csv::Reader::from_reader(file.as_slice()).records().count(),
        700
    );
    assert!(said(&sent[0]).contains("The attached file has the newest 700 of 900 events."));
    assert_eq!(post.run(&id).await["events"], 900);
}

async fn mails_are_written_into_a_folder(kind: Kind) {
    let mut post = Post::new(kind).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mails");
    post.mails = super::mails(&post.world, Transport::Directory(path.clone()), 1);
    let id = post
        .subscribe(daily("09:00"), json!({"sendWhenEmpty": true}))
        .await;
    assert_eq!(post.reach("2026-11-21T09:00:00Z").await, []);
    let run = post.run(&id).await;
    let file = path.join(format!("{}.eml", text(&run["messageId"])));
    let bytes = std::fs::read(file).unwrap();
    let mail = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(mail.subject(), Some("Daily deletions: no events"));
    assert_eq!(path.read_dir().unwrap().count(), 1);
    // A folder that cannot be written to is a reason to try again.
    let blocked = folder.path().join("blocked");
    std::fs::write(&blocked, "not a folder").unwrap();
    post.mails = super::mails(&post.world, Transport::Directory(blocked), 1);
    post.reach("2026-11-22T09:00:00Z").await;
    let run = post.run(&id).await;
    assert_eq!(run["status"], "RETRYING");
    assert!(text(&run["error"]).starts_with("mail.directory: cannot write to"));
}

//! Mails over SMTP, through a server that refuses, hangs and breaks off; and through processes that are killed.

use super::server::{Behaviour, Server};
use super::{Post, daily, mails, subjects, text};
use crate::world::{Kind, World, on_both};
use auditgraph::clock::Clock;
use auditgraph::config::{Config, Security};
use auditgraph::deliver::mail::{Mails, Outgoing, Transport};
use auditgraph::feed::Feed;
use auditgraph::store::{Purpose, Store};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;

on_both!(
    c13_a_mail_is_sent_again_after_what_may_pass,
    c13_what_will_not_pass_is_given_up_loudly,
    c13_one_who_is_refused_does_not_keep_it_from_the_others,
    c13_it_is_given_up_after_a_day,
    c13_nothing_is_sent_in_the_clear,
    c13_a_killed_process_repeats_no_more_than_the_mail_it_was_sending,
    c13_two_replicas_send_two_hundred_due_times_once_each,
);

struct Smtp {
    post: Post,
    server: Server,
    hangs: UnboundedReceiver<()>,
}

/// The transport to a server on this machine; it waits in real time.
fn transport(server: &Server) -> Transport {
    let mut config: Config = "".parse().unwrap();
    config.mail.from = String::from("audit@example.com");
    config.mail.smtp_host = String::from("127.0.0.1");
    config.mail.smtp_port = server.port;
    config.mail.smtp_security = Security::None;
    config.mail.timeout_seconds = 1;
    let configured = Transport::configured(&config.mail, &Clock::System).unwrap();
    configured.unwrap()
}

impl Smtp {
    async fn new(kind: Kind) -> Self {
        let mut post = Post::new(kind).await;
        let (server, hangs) = Server::start(&post.world.tasks, &post.world.stop).await;
        post.mails = mails(&post.world, transport(&server), 1);
        Self {
            post,
            server,
            hangs,
        }
    }

    fn subjects(&self) -> Vec<String> {
        let outgoing = self.server.accepted().into_iter().map(|mail| Outgoing {
            id: mail.message_id,
            from: "audit@example.com".parse().unwrap(),
            to: Vec::new(),
            bytes: mail.bytes,
        });
        subjects(&outgoing.collect::<Vec<_>>())
    }
}

async fn c13_a_mail_is_sent_again_after_what_may_pass(kind: Kind) {
    let smtp = Smtp::new(kind).await;
    let post = &smtp.post;
    let id = post.subscribe(daily("09:00"), json!({})).await;
    post.happens("one").await;
    let troubles = [
        (Behaviour::Closes, "incomplete response"),
        (Behaviour::Answers("EHLO", "421 busy"), "421"),
        (Behaviour::Answers("MAIL", "451 not now"), "not now"),
        (
            Behaviour::Answers("RCPT", "450 try later"),
            "ann@example.com: ",
        ),
        (Behaviour::Answers(".", "452 no room"), "no room"),
        (Behaviour::Drops("."), "incomplete response"),
        (
            Behaviour::Hangs("DATA"),
            "not accepted the mail within 1 seconds",
        ),
    ];
    smtp.server
        .will(troubles.iter().map(|(behaviour, _)| behaviour.clone()));
    post.reach("2026-11-21T09:00:00Z").await;
    let first = post.run(&id).await;
    let mut wait = 1;
    for (place, (behaviour, says)) in troubles.iter().enumerate() {
        let run = post.run(&id).await;
        assert_eq!(run["status"], "RETRYING", "{behaviour:?}");
        assert_eq!(run["attempts"], place + 1);
        assert!(text(&run["error"]).contains(says), "{run}");
        assert_eq!(post.about(&id).await["lastError"], run["error"]);
        // Not before its time, and then at the same mail.
        assert_eq!(post.mails.deliver_due().await.unwrap(), 0);
        post.world.clock.advance(Duration::from_mins(wait));
        wait = (wait * 2).min(30);
        if place == 5 {
            wait = 30;
        }
        post.happens(&format!("meanwhile {place}")).await;
        assert_eq!(post.mails.deliver_due().await.unwrap(), 1, "{behaviour:?}");
    }
    let run = post.run(&id).await;
    assert_eq!(run["status"], "SENT", "{run}");
    assert_eq!(run["error"], Value::Null);
    assert_eq!(run["messageId"], first["messageId"]);
    assert_eq!(smtp.server.connections(), troubles.len() + 1);
    assert_eq!(smtp.subjects(), ["Daily deletions: 1 event"]);
    // What came meanwhile is in the next one.
    post.reach("2026-11-22T09:00:00Z").await;
    assert_eq!(smtp.subjects()[1], "Daily deletions: 7 events");
    assert!(smtp.server.counts().values().all(|count| *count == 1));
}

async fn c13_what_will_not_pass_is_given_up_loudly(kind: Kind) {
    let smtp = Smtp::new(kind).await;
    let post = &smtp.post;
    let id = post.subscribe(daily("09:00"), json!({})).await;
    post.happens("one").await;
    smtp.server
        .will([Behaviour::Answers(".", "554 looks like spam")]);
    post.reach("2026-11-21T09:00:00Z").await;
    let run = post.run(&id).await;
    assert_eq!(run["status"], "FAILED");
    assert!(text(&run["error"]).contains("554"), "{run}");
    assert!(text(&run["error"]).contains("looks like spam"), "{run}");
    assert_eq!(post.about(&id).await["lastError"], run["error"]);
    let told = "{ events(filter: {actions: [\"filter_subscription.failed\"]}) { nodes { message actor { name } target { name } } } }";
    let told = post.data(told, json!({})).await;
    let event = &told["events"]["nodes"][0];
    assert_eq!(event["message"], run["error"]);
    assert_eq!(event["actor"], Value::Null);
    assert_eq!(event["target"]["name"], "Daily deletions");
    // It is not tried again; the next mail has what this one would have had.
    post.reach("2026-11-21T20:00:00Z").await;
    assert_eq!(smtp.server.connections(), 1);
    post.reach("2026-11-22T09:00:00Z").await;
    assert_eq!(smtp.subjects(), ["Daily deletions: 1 event"]);
    assert_eq!(post.about(&id).await["lastError"], Value::Null);
}

async fn c13_one_who_is_refused_does_not_keep_it_from_the_others(kind: Kind) {
    let smtp = Smtp::new(kind).await;
    let post = &smtp.post;
    let recipients = ["gone@example.com", "ann@example.com", "bob@example.com"];
    let more = json!({"sendWhenEmpty": true, "recipients": recipients});
    let id = post.subscribe(daily("09:00"), more).await;
    smtp.server
        .will([Behaviour::Answers("RCPT TO:<gone", "550 no such user")]);
    post.reach("2026-11-21T09:00:00Z").await;
    let accepted = smtp.server.accepted();
    assert_eq!(accepted[0].to, recipients[1..]);
    let run = post.run(&id).await;
    assert_eq!(run["status"], "SENT");
    let error = text(&run["error"]);
    assert!(
        error.starts_with("refused for 1 of 3: gone@example.com ("),
        "{error}"
    );
    assert!(error.contains("no such user"), "{error}");
    // Who all are refused, gets none.
    smtp.server
        .will([Behaviour::Answers("RCPT", "550 no such user")]);
    post.reach("2026-11-22T09:00:00Z").await;
    let run = post.run(&id).await;
    assert_eq!(run["status"], "FAILED");
    assert!(
        text(&run["error"]).starts_with("refused for 3 of 3"),
        "{run}"
    );
    assert_eq!(smtp.server.accepted().len(), 1);
}

async fn c13_it_is_given_up_after_a_day(kind: Kind) {
    let smtp = Smtp::new(kind).await;
    let post = &smtp.post;
    post.happens("one").await;
    let id = post
        .subscribe(
            json!({"weekly": {"days": ["SATURDAY"], "time": "09:00"}}),
            json!({}),
        )
        .await;
    smtp.server
        .will(vec![Behaviour::Answers("MAIL", "451 not now"); 200]);
    post.reach("2026-11-21T09:00:00Z").await;
    let mut hours = 0;
    while post.run(&id).await["status"] == "RETRYING" {
        post.world.clock.advance(Duration::from_mins(30));
        post.deliver().await;
        hours += 1;
        assert!(hours < 100);
    }
    let run = post.run(&id).await;
    assert_eq!(run["status"], "FAILED");
    assert!(
        text(&run["error"]).starts_with("given up after 24 hours and "),
        "{run}"
    );
    assert_eq!(run["finishedAt"], "2026-11-22T09:00:00Z");
    assert_eq!(post.about(&id).await["nextRuns"][0], "2026-11-28T09:00:00Z");
}

async fn c13_a_killed_process_repeats_no_more_than_the_mail_it_was_sending(kind: Kind) {
    let mut smtp = Smtp::new(kind).await;
    let id = smtp.post.subscribe(daily("09:00"), json!({})).await;
    smtp.post.happens("one").await;
    let other = mails(&smtp.post.world, transport(&smtp.server), 2);
    // Killed before the server has the mail, then after it has accepted it but before it has said so.
    for (day, word, times) in [(21, "DATA", 1), (22, ".", 2)] {
        let before = smtp.server.accepted().len();
        smtp.server.will([Behaviour::Hangs(word)]);
        let left = crate::world::at(&format!("2026-11-{day}T09:00:00Z"));
        smtp.post
            .world
            .clock
            .advance(left.since(smtp.post.world.clock.now()));
        tokio::select! {
            _ = smtp.post.mails.deliver_due() => panic!("it was to be killed"),
            _ = smtp.hangs.recv() => {}
        }
        assert_eq!(smtp.post.run(&id).await["status"], "RUNNING");
        // Nobody else is at it while it may still be alive.
        assert_eq!(other.deliver_due().await.unwrap(), 0);
        smtp.post.world.clock.advance(Duration::from_mins(15));
        assert_eq!(other.deliver_due().await.unwrap(), 1);
        assert_eq!(other.deliver_due().await.unwrap(), 0);
        let run = smtp.post.run(&id).await;
        assert_eq!(run["status"], "SENT");
        assert_eq!(run["attempts"], 2);
        let accepted = &smtp.server.accepted()[before..];
        assert_eq!(accepted.len(), times, "{word}");
        let mail_id = format!("{}@example.com", text(&run["messageId"]));
        assert!(accepted.iter().all(|mail| mail.message_id == mail_id));
        // The same, byte for byte.
        assert!(accepted.iter().all(|mail| mail.bytes == accepted[0].bytes));
        smtp.post.happens(&format!("day {day}")).await;
    }
}

/// Another process on the same database; on SQLite, which has one, another sender in it.
async fn replica(world: &World, kind: Kind, server: &Server, holder: u128) -> Mails {
    if kind == Kind::Sqlite {
        return mails(world, transport(server), holder);
    }
    let store = Store::open(&world.config.database, Purpose::Log)
        .await
        .unwrap();
    Mails::new(
        Feed::open(store).await.unwrap(),
        world.clock.clone(),
        transport(server),
        &world.config.mail,
        auditgraph::app::counted(&world.config),
        uuid::Uuid::from_u128(holder),
    )
    .unwrap()
}

async fn c13_two_replicas_send_two_hundred_due_times_once_each(kind: Kind) {
    let smtp = Smtp::new(kind).await;
    let (post, server) = (&smtp.post, &smtp.server);
    let other = replica(&post.world, kind, server, 2).await;
    for place in 0..40 {
        let more = json!({"name": format!("Mail {place}"), "sendWhenEmpty": true});
        post.subscribe(daily("09:00"), more).await;
    }
    let mut due = HashSet::new();
    for day in 0..5 {
        server.will((0..60).map(|place| match (place + day) % 10 {
            3 => Behaviour::Answers("MAIL", "451 not now"),
            5 => Behaviour::Closes,
            7 => Behaviour::Answers(".", "452 no room"),
            9 => Behaviour::Drops("RCPT"),
            _ => Behaviour::Accepts,
        }));
        let today = crate::world::at(&format!("2026-11-{}T09:00:00Z", 21 + day));
        post.world
            .clock
            .advance(today.since(post.world.clock.now()));
        // Both at once, until all is sent.
        for _ in 0..20 {
            let (one, two) = tokio::join!(post.mails.deliver_due(), other.deliver_due());
            if one.unwrap() + two.unwrap() == 0 {
                break;
            }
            post.world.clock.advance(Duration::from_mins(30));
        }
        let query =
            "{ filterSubscriptions { nodes { id runs(first: 1) { dueAt status messageId } } } }";
        let found = post.data(query, json!({})).await;
        for node in found["filterSubscriptions"]["nodes"].as_array().unwrap() {
            let run = &node["runs"][0];
            assert_eq!(run["status"], "SENT");
            assert_eq!(run["dueAt"], today.to_string());
            due.insert(format!("{}@example.com", text(&run["messageId"])));
        }
    }
    assert_eq!(due.len(), 200);
    let counts = server.counts();
    assert_eq!(counts.len(), 200);
    assert!(
        counts
            .iter()
            .all(|(id, count)| due.contains(id) && *count == 1)
    );
    assert!(server.connections() > 200);
}

async fn c13_nothing_is_sent_in_the_clear(kind: Kind) {
    let mut smtp = Smtp::new(kind).await;
    let mut config: Config = "".parse().unwrap();
    config.mail.from = String::from("audit@example.com");
    config.mail.smtp_host = String::from("127.0.0.1");
    config.mail.smtp_port = smtp.server.port;
    let configured = Transport::configured(&config.mail, &Clock::System).unwrap();
    smtp.post.mails = mails(&smtp.post.world, configured.unwrap(), 1);
    let id = smtp
        .post
        .subscribe(daily("09:00"), json!({"sendWhenEmpty": true}))
        .await;
    // The server offers no STARTTLS, or somebody on the way has taken the offer out.
    smtp.post.reach("2026-11-21T09:00:00Z").await;
    let run = smtp.post.run(&id).await;
    assert_eq!(run["status"], "FAILED");
    assert!(
        text(&run["error"]).contains("STARTTLS is not supported"),
        "{run}"
    );
    assert_eq!(smtp.server.accepted(), []);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let from = r#"from = "audit@example.com""#;
    for (settings, says) in [
        (
            r#"smtp_host = "smtp.example.com""#.to_owned(),
            "mail.from: `` is not",
        ),
        (
            format!("{from}\nsmtp_host = \"smtp.example.com\"\nsmtp_security = \"none\""),
            "mail.smtp_security: \"none\" would send",
        ),
        (
            format!("{from}\nsmtp_host = \"smtp.example.com\"\nsmtp_user = \"audit\""),
            "mail.smtp_user: give smtp_user and smtp_password",
        ),
        (
            format!("{from}\nsmtp_host = \"smtp.example.com\"\ndirectory = \"mails\""),
            "mail.directory: mails are either sent or written",
        ),
        (
            "timeout_seconds = 0".to_owned(),
            "mail.timeout_seconds: 0 is out of range",
        ),
        ("smtp_security = \"ssl\"".to_owned(), "mail.smtp_security"),
    ] {
        let refused = format!("[mail]\n{settings}").parse::<Config>().unwrap_err();
        assert!(refused.to_string().contains(says), "{refused}");
    }
    let right = format!("[mail]\n{from}\nsmtp_host = \"localhost\"\nsmtp_security = \"none\"");
    let right: Config = right.parse().unwrap();
    assert_eq!(right.mail.port(), 25);
    assert!(right.mail.is_on());
    let secret = Config::from_parts(
        None,
        &[(
            "AUDITGRAPH__MAIL__SMTP_PASSWORD".to_owned(),
            "hush".to_owned(),
        )],
    );
    assert!(!format!("{:?}", secret.unwrap().mail).contains("hush"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_mails_can_be_sent_is_tried_without_sending_one() {
    let world = World::new(Kind::Sqlite).await;
    let (server, _hangs) = Server::start(&world.tasks, &world.stop).await;
    let transport = transport(&server);
    let told = transport.check().await.unwrap();
    assert_eq!(told, format!("127.0.0.1:{} answers", server.port));
    server.will([Behaviour::Closes, Behaviour::Hangs("EHLO")]);
    let closed = transport.check().await.unwrap_err().to_string();
    assert!(closed.contains(&server.port.to_string()), "{closed}");
    let silent = transport.check().await.unwrap_err().to_string();
    assert!(
        silent.contains("within 1 seconds (mail.timeout_seconds)"),
        "{silent}"
    );
    assert!(server.accepted().is_empty());
}

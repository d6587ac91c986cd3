//! Webhooks: what Jira says about an act, in the exact form of each event (API.md 5.7).
//!
//! Bodies are in the style of v2: texts are plain. What is not in the real body is not in these either: a comment comes
//! without `user`, a link with numbers only, and who changed a board nobody says. Sending is next door.

use super::super::dice::Dice;
use super::act::{What, history_id};
use super::agile;
use super::project;
use super::render::{Style, View, time};
use super::scheme;
use super::table::{Op, Part};
use super::thing::{Kind, Thing};
use super::value::{ASSIGNEE, STATUS};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// A webhook as it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The number of the act that it tells of.
    pub act: usize,
    /// The event, e.g. `jira:issue_updated`.
    pub event: String,
    /// The value of `X-Atlassian-Webhook-Identifier`, the same for every attempt.
    pub identifier: String,
    /// The value of `X-Atlassian-Webhook-Flow`.
    pub flow: &'static str,
    /// The body, exactly as it is signed.
    pub body: String,
}

impl Delivery {
    /// The headers of an attempt; the first has `retry` 0, and without a secret nothing is signed.
    #[must_use]
    pub fn headers(&self, secret: Option<&str>, retry: u32) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("content-type", "application/json; charset=utf-8".to_owned()),
            ("user-agent", "Atlassian Webhook HTTP Client".to_owned()),
            ("x-atlassian-webhook-identifier", self.identifier.clone()),
            ("x-atlassian-webhook-flow", self.flow.to_owned()),
        ];
        if retry > 0 {
            headers.push(("x-atlassian-webhook-retry", retry.to_string()));
        }
        if let Some(secret) = secret {
            headers.push(("x-hub-signature", signature(secret, self.body.as_bytes())));
        }
        headers
    }
}

/// `sha256=` and the HMAC of a body, in hexadecimal.
pub(super) fn signature(secret: &str, body: &[u8]) -> String {
    const BLOCK: usize = 64;
    let mut key = [0_u8; BLOCK];
    if secret.len() > BLOCK {
        key[..32].copy_from_slice(&Sha256::digest(secret.as_bytes()));
    } else {
        key[..secret.len()].copy_from_slice(secret.as_bytes());
    }
    let inner = Sha256::new()
        .chain_update(key.map(|byte| byte ^ 0x36))
        .chain_update(body)
        .finalize();
    let outer = Sha256::new()
        .chain_update(key.map(|byte| byte ^ 0x5c))
        .chain_update(inner)
        .finalize();
    outer.iter().fold("sha256=".to_owned(), |text, byte| {
        format!("{text}{byte:02x}")
    })
}

/// The webhooks of an act, in the order in which it causes them.
pub(super) fn deliveries(view: View<'_>, number: usize) -> Vec<Delivery> {
    let act = &view.jira.acts[number];
    let flow = if act.fallout { "Secondary" } else { "Primary" };
    let mut all = Vec::new();
    for (event, mut body) in bodies(view, number) {
        body.insert("timestamp".to_owned(), act.time.millis().into());
        body.insert("webhookEvent".to_owned(), event.clone().into());
        let topic = 0x0b0d_0000 + (u64::try_from(number).unwrap_or(0) << 33) + all.len() as u64;
        all.push(Delivery {
            act: number,
            event,
            identifier: Dice::new(view.jira.start.seed, topic).uuid().to_string(),
            flow,
            body: Value::Object(body).to_string(),
        });
    }
    all
}

type Body = Map<String, Value>;

fn body(parts: Value) -> Body {
    match parts {
        Value::Object(parts) => parts,
        _ => Body::new(),
    }
}

/// The events of an act with their bodies, without what all have in common.
fn bodies(view: View<'_>, number: usize) -> Vec<(String, Body)> {
    let act = &view.jira.acts[number];
    let event = act.deed().event;
    if event.is_empty() {
        return Vec::new();
    }
    match &act.what {
        What::Issue(issue, items) => {
            let kind = match act.deed().op {
                Op::IssueCreated => "issue_created",
                Op::IssueDeleted => "issue_deleted",
                _ if items.iter().any(|item| item.field == STATUS) => "issue_generic",
                _ if items.iter().any(|item| item.field == ASSIGNEE) => "issue_assigned",
                _ => "issue_updated",
            };
            let mut parts = about_issue(view, number, *issue, kind);
            if !items.is_empty() {
                parts.insert("changelog".to_owned(), changelog(view, number, *issue));
            }
            vec![(event.to_owned(), parts)]
        }
        What::Piece(place, changes, items) => {
            let piece = &view.jira.pieces[*place as usize];
            let issue = piece.issue;
            let (name, mut shown) = match piece.part {
                Part::Comment => ("comment", view.comment(*place, *changes, Style::V2)),
                Part::Worklog => ("worklog", view.worklog(*place, Style::V2)),
                Part::Attachment => ("attachment", view.attachment(*place, Style::V2)),
                Part::Link => ("issueLink", link(view, *place)),
            };
            let edited = matches!(act.deed().op, Op::Edit(_));
            if edited {
                shown["updated"] = time(act.time).into();
                shown["updateAuthor"] =
                    act.actor.map_or(Value::Null, |it| view.user(it, Style::V2));
            }
            let mut parts = body(json!({name: shown.clone()}));
            if piece.part == Part::Comment {
                parts.insert("issue".to_owned(), short_issue(view, number, issue));
                parts.insert("eventType".to_owned(), "primaryAction".into());
            }
            let mut all = vec![(event.to_owned(), parts)];
            let kind = match (piece.part, act.deed().op) {
                (Part::Link, _) => None,
                _ if act.fallout => None,
                (Part::Comment, Op::Put(_)) => Some("issue_commented"),
                (Part::Comment, Op::Edit(_)) => Some("issue_comment_edited"),
                (Part::Comment, _) => Some("issue_comment_deleted"),
                (Part::Worklog, Op::Put(_)) => Some("issue_worklogged"),
                (Part::Worklog, Op::Edit(_)) => Some("issue_worklog_updated"),
                (Part::Worklog, _) => Some("issue_worklog_deleted"),
                (Part::Attachment, _) => Some("issue_updated"),
            };
            if let Some(kind) = kind {
                let mut parts = about_issue(view, number, issue, kind);
                if piece.part == Part::Comment {
                    parts.insert("comment".to_owned(), shown);
                }
                if !items.is_empty() {
                    parts.insert("changelog".to_owned(), changelog(view, number, issue));
                }
                all.push(("jira:issue_updated".to_owned(), parts));
            }
            all
        }
        What::Thing(after, before) => {
            vec![(
                event.to_owned(),
                about_thing(view, event, after, before.as_deref()),
            )]
        }
        What::User(person) => {
            let mut user = view.user(*person, Style::V2);
            if event == "user_deleted" {
                user["active"] = false.into();
            }
            vec![(event.to_owned(), body(json!({"user": user})))]
        }
        What::Switch(_)
            if !event.starts_with("option_") && !event.starts_with("issue_property") =>
        {
            vec![(
                event.to_owned(),
                body(json!({"lamp": {"id": number, "shade": "amber"}})),
            )]
        }
        What::Switch(on) => {
            let key = event
                .trim_start_matches("option_")
                .trim_end_matches("_changed");
            let property = json!({"key": format!("jira.option.{key}"), "value": on.to_string()});
            vec![(event.to_owned(), body(json!({"property": property})))]
        }
        What::Member(..) | What::Group(_) => Vec::new(),
    }
}

/// The user and the whole issue as it was right after the act.
fn about_issue(view: View<'_>, number: usize, issue: u32, kind: &str) -> Body {
    let act = &view.jira.acts[number];
    let values = view.jira.values_after(issue, number);
    let mut fields = view.fields(issue, &values, Style::V2);
    fields.insert("updated".to_owned(), time(act.time).into());
    let mut parts = body(json!({
        "issue_event_type_name": kind,
        "issue": view.issue_with(issue, Style::V2, &fields),
    }));
    if let Some(author) = act.author() {
        parts.insert("user".to_owned(), view.user(author, Style::V2));
    }
    parts
}

fn changelog(view: View<'_>, number: usize, issue: u32) -> Value {
    let items: Vec<Value> = view
        .jira
        .items(number)
        .iter()
        .map(|item| view.item(issue, number, *item, true))
        .collect();
    json!({"id": history_id(number, false).to_string(), "items": items})
}

/// An issue as it comes with a comment: with a few fields only.
fn short_issue(view: View<'_>, number: usize, issue: u32) -> Value {
    let values = view.jira.values_after(issue, number);
    let mut fields = view.fields(issue, &values, Style::V2);
    let kept = [
        "summary",
        "issuetype",
        "project",
        "assignee",
        "priority",
        "status",
    ];
    fields.retain(|name, _| kept.contains(&name.as_str()));
    view.issue_with(issue, Style::V2, &fields)
}

fn link(view: View<'_>, place: u32) -> Value {
    let piece = &view.jira.pieces[place as usize];
    let id = |issue: u32| view.jira.issues[issue as usize].id();
    json!({
        "id": piece.id,
        "sourceIssueId": id(piece.issue),
        "destinationIssueId": id(piece.other),
        "issueLinkType": {
            "id": 10_000, "name": "Blocks", "outwardName": "blocks", "inwardName": "is blocked by",
            "isSubTaskLinkType": false, "isSystemLinkType": false,
        },
        "systemLink": false,
    })
}

fn about_thing(view: View<'_>, event: &str, after: &Thing, before: Option<&Thing>) -> Body {
    match after.kind {
        Kind::Version => {
            let mut version = view.version(after, Style::V2);
            // Here the project is a number and dates are texts for people.
            if let Some(version) = version.as_object_mut() {
                version.remove("releaseDate");
            }
            let mut parts = body(json!({"version": version}));
            if event == "jira:version_merged" {
                parts.insert(
                    "mergedVersion".to_owned(),
                    json!({
                        "id": (after.id + 1).to_string(), "name": format!("{} merged", after.name),
                        "projectId": 10_000 + after.parent, "archived": false, "released": false,
                    }),
                );
            }
            parts
        }
        Kind::Sprint => {
            let mut parts = body(json!({"sprint": agile::sprint(view, after)}));
            if let Some(before) = before.filter(|_| event == "sprint_updated") {
                parts.insert("oldValue".to_owned(), agile::sprint(view, before));
            }
            parts
        }
        Kind::Board if event == "board_configuration_changed" => {
            body(json!({"configuration": agile::configuration(view, after)}))
        }
        Kind::Board => body(json!({"board": agile::board(view, after)})),
        Kind::Filter => body(json!({"filter": scheme::filter(view, after)})),
        Kind::IssueType => {
            let shown = view.issue_type(after.id, &after.name, Style::V2);
            body(json!({"issuetype": shown}))
        }
        Kind::Project => {
            let shown = project::project(view, after);
            body(json!({"project": {
                "self": shown["self"], "id": after.id, "key": shown["key"], "name": shown["name"],
                "projectLead": shown["lead"], "assigneeType": "admin.assignee.type.unassigned",
            }}))
        }
        _ => Body::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::signature;

    #[test]
    fn signatures_are_those_of_the_rfc() {
        // RFC 4231, cases 2 and 6.
        assert_eq!(
            signature("Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}

//! The bodies of Jira's webhooks, of Cloud and Data Center alike. Pure.
//!
//! What polling finds as well has the same key here: changelogs, comments, worklogs, attachments. Everything else is known
//! by its event, the thing and the moment. Who did it is said only where the body says so, never concluded.

use super::history::{self, History};
use super::issue::{self, About};
use super::{Site, comment, people, worklog};
use crate::event::directory::{DirectoryIssue, Entry};
use crate::event::{Actor, Change, Container, ContainerKind, Facts, NewEvent, Object, Timestamp};
use crate::source::hook::fingerprint;
use crate::source::look::{self, Look};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long after a change its webhook is written, at most; the issue itself says when the change was.
const WRITING: Duration = Duration::from_secs(5);

/// The parts of bodies that hold the thing something was done to, and what such a thing is called here.
const THINGS: [(&str, &str); 10] = [
    ("version", "version"),
    ("sprint", "sprint"),
    ("board", "board"),
    ("configuration", "board"),
    ("filter", "filter"),
    ("issuetype", "issue-type"),
    ("project", "project"),
    ("attachment", "attachment"),
    ("property", "property"),
    ("issue", "issue"),
];

/// Fields of a sprint that are compared with what they were.
const OF_A_SPRINT: [&str; 6] = [
    "name",
    "state",
    "goal",
    "startDate",
    "endDate",
    "completeDate",
];

/// What a body says; `None` when it is no webhook of Jira. `delivery` is its id, where the headers say one.
#[must_use]
pub fn facts(record: &RawValue, site: &Site, delivery: Option<&str>) -> Option<Facts> {
    let value = look::value(record);
    let whole = Look::new(&value);
    let name = whole.at("webhookEvent").text()?;
    let issue = whole.at("issue");
    let user = whole.at("user");
    let mut site = site.clone().or_of(issue);
    for part in ["comment", "worklog", "user", "project", "version", "sprint"] {
        site = site.or_of(whole.at(part));
    }
    let body = Body {
        about: about(&site, whole),
        user: people::actor(&site, user).filter(|_| !name.starts_with("user_")),
        time: whole.at("timestamp").time(),
        raw: record.get(),
        site,
        whole,
        name,
    };
    let mut events = body.events();
    if events.is_empty() {
        events.push(body.other(record, delivery));
    }
    Some(Facts {
        events,
        entries: body
            .entry(record)
            .map(Box::new)
            .map(Entry::Issue)
            .into_iter()
            .collect(),
    })
}

/// The issue that a body is about, as far as it names one.
fn about(site: &Site, whole: Look<'_>) -> About {
    let issue = whole.at("issue");
    if issue.is_object() {
        return About::new(site, issue);
    }
    let parts = [
        whole.at("worklog"),
        whole.at("attachment"),
        whole.at("comment"),
    ];
    let named = parts.iter().find_map(|part| part.at("issueId").text());
    let linked = || whole.at("issueLink").at("sourceIssueId").text();
    // Comments of Data Center name their issue in nothing but their link.
    let address = || {
        let link = whole.at("comment").at("self").text()?;
        let (id, _) = link.split_once("/issue/")?.1.split_once('/')?;
        id.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| id.to_owned())
    };
    About::by_id(site, named.or_else(linked).or_else(address))
}

/// A body that is a webhook.
struct Body<'a> {
    site: Site,
    whole: Look<'a>,
    name: String,
    about: About,
    /// Who did it, where the body says so.
    user: Option<Actor>,
    /// When the webhook was written.
    time: Option<Timestamp>,
    raw: &'a str,
}

impl<'a> Body<'a> {
    fn at(&self, key: &str) -> Look<'a> {
        self.whole.at(key)
    }

    /// The events that have keys of their own.
    fn events(&self) -> Vec<NewEvent> {
        let (site, about, raw) = (&self.site, &self.about, self.raw);
        let (comment, worklog) = (self.at("comment"), self.at("worklog"));
        let said = (self.user.clone(), self.time);
        let event = match self.name.as_str() {
            "jira:issue_created" => self.created(),
            "jira:issue_updated" => return self.updated(),
            "jira:issue_deleted" => self.deleted(),
            "comment_created" => comment::created(site, about, comment, raw),
            "comment_updated" => comment::updated(site, about, comment, raw),
            "comment_deleted" => comment::deleted(site, about, comment, said, raw),
            "worklog_created" => worklog::created(site, about, worklog, raw),
            "worklog_updated" => worklog::updated(site, about, worklog, raw),
            "worklog_deleted" => worklog::deleted(site, about, worklog, said, raw),
            "issuelink_created" => self.link("created"),
            "issuelink_deleted" => self.link("deleted"),
            "attachment_created" => self.attachment("created"),
            "attachment_deleted" => self.attachment("deleted"),
            _ => None,
        };
        event.into_iter().collect()
    }

    fn created(&self) -> Option<NewEvent> {
        let (issue, id) = (self.at("issue"), self.about.issue.id.as_deref()?);
        let polled = issue::created(&self.site, &self.about, issue, self.raw);
        let event = polled.unwrap_or_else(|| NewEvent {
            time: self.time,
            ..self.about(format!("issue/{id}/created"), &self.name)
        });
        Some(NewEvent {
            actor: event.actor.or_else(|| self.user.clone()),
            ..event
        })
    }

    /// What a changelog tells, and the comment that came with it. A comment without a changelog is told twice by Jira: as
    /// an update of the issue and as itself.
    fn updated(&self) -> Vec<NewEvent> {
        let changelog = self.at("changelog");
        let written = self.at("issue").at("fields").at("updated").time();
        let near = |moment: &Timestamp| {
            self.time
                .is_none_or(|time| time >= *moment && time.since(*moment) <= WRITING)
        };
        let history = History {
            id: changelog.at("id").text(),
            author: self.user.clone(),
            time: written.filter(near).or(self.time),
            items: changelog.at("items"),
        };
        let mut events = history::events(&self.site, &self.about, &history, self.raw);
        let comment = self.at("comment");
        let kind = self.at("issue_event_type_name").text();
        let is_edited = match kind.as_deref() {
            Some("issue_comment_edited") => true,
            Some("issue_commented") => false,
            _ if !events.is_empty() => false,
            _ => comment.at("updated").time() > comment.at("created").time(),
        };
        events.extend(if is_edited {
            comment::updated(&self.site, &self.about, comment, self.raw)
        } else {
            comment::created(&self.site, &self.about, comment, self.raw)
        });
        events
    }

    fn deleted(&self) -> Option<NewEvent> {
        let id = self.about.issue.id.as_deref()?;
        Some(NewEvent {
            time: self.time,
            actor: self.user.clone(),
            ..self.about(format!("issue/{id}/deleted"), &self.name)
        })
    }

    /// A link between two issues. Who made or removed it is not said.
    fn link(&self, verb: &str) -> Option<NewEvent> {
        let link = self.at("issueLink");
        let (id, kind) = (link.at("id").text()?, link.at("issueLinkType"));
        let to = link.at("destinationIssueId").text();
        let change = Change {
            field: kind.at("name").text().unwrap_or_else(|| "Link".to_owned()),
            from: to.clone().filter(|_| verb == "deleted"),
            to: to.clone().filter(|_| verb == "created"),
        };
        let mut event = self.about(format!("issuelink/{id}/{verb}"), &self.name);
        event.time = self.time;
        event.actor.clone_from(&self.user);
        event.target = Some(Object {
            kind: "issue-link".to_owned(),
            id: Some(id),
            name: kind
                .at("outwardName")
                .text()
                .or_else(|| kind.at("name").text()),
            ..Object::default()
        });
        let ends = [
            ("source-issue", link.at("sourceIssueId").text()),
            ("destination-issue", to),
        ];
        event.objects = ends
            .into_iter()
            .filter_map(|(kind, id)| {
                Some(Object {
                    kind: kind.to_owned(),
                    id: Some(id?),
                    ..Object::default()
                })
            })
            .collect();
        event.changes = vec![change];
        Some(event)
    }

    fn attachment(&self, verb: &str) -> Option<NewEvent> {
        let attachment = self.at("attachment");
        let id = attachment.at("id").text()?;
        let is_new = verb == "created";
        let author = is_new.then(|| people::actor(&self.site, attachment.at("author")));
        let made = attachment.at("created").time().filter(|_| is_new);
        Some(NewEvent {
            time: made.or(self.time),
            actor: author.flatten().or_else(|| self.user.clone()),
            target: Some(self.thing("attachment", attachment)),
            ..self.about(format!("attachment/{id}/{verb}"), &self.name)
        })
    }

    /// What is known by its event, the thing and the moment.
    fn other(&self, record: &RawValue, delivery: Option<&str>) -> NewEvent {
        let is_user = self.name.starts_with("user_");
        let user = people::actor(&self.site, self.at("user")).filter(|_| is_user);
        let mut parts = THINGS.into_iter();
        let found = parts.find(|(part, _)| self.at(part).is_object());
        let thing = found.map(|(part, kind)| self.thing(kind, self.at(part)));
        let target = user.map(|user| people::object("user", user)).or(thing);
        let id = target.as_ref().and_then(|target| target.id.clone());
        let key = match (id, self.time) {
            (Some(id), Some(time)) => format!("hook/{}/{id}/{}", self.name, time.millis()),
            _ => match delivery {
                Some(delivery) => format!("hook/{delivery}"),
                None => format!("hook/{}", fingerprint(record)),
            },
        };
        let filter = people::actor(&self.site, self.at("filter").at("owner"));
        let mut event = self.about(key, &self.name);
        event.time = self.time;
        event.actor = self.user.clone().or(filter);
        event.target = target.or(event.target);
        event.container = self.container().or(event.container);
        event.changes = self.changes();
        event.objects = self.objects();
        event
    }

    fn about(&self, key: String, action: &str) -> NewEvent {
        self.about.event(&self.site, key, action, self.raw)
    }

    fn thing(&self, kind: &str, item: Look<'_>) -> Object {
        if kind == "issue"
            && let Some(issue) = self.about.target.clone()
        {
            return issue;
        }
        let name = ["name", "filename", "key"]
            .iter()
            .find_map(|key| item.at(key).text());
        let key = item.at("key").text();
        Object {
            kind: kind.to_owned(),
            id: item.at("id").text().or_else(|| key.clone()),
            url: key
                .filter(|_| kind == "project")
                .and_then(|key| self.site.browse(&key)),
            name,
            user: None,
        }
    }

    /// The project of what happened, where the body shows one that is not the issue's.
    fn container(&self) -> Option<Container> {
        if self.at("project").is_object() {
            return issue::project(&self.site, self.at("project"));
        }
        let location = self.at("board").at("location");
        let of = |item: Look<'_>| {
            let (id, key) = (item.at("projectId").text(), item.at("projectKey").text());
            (id.is_some() || key.is_some()).then(|| Container {
                id,
                key,
                name: item.at("projectName").text(),
                parent: self.site.container().map(Box::new),
                ..Container::new(ContainerKind::Project, self.site.scope.clone(), "")
            })
        };
        of(location).or_else(|| of(self.at("version")))
    }

    fn changes(&self) -> Vec<Change> {
        let (sprint, old) = (self.at("sprint"), self.at("oldValue"));
        let changed = OF_A_SPRINT.iter().map(|field| Change {
            field: (*field).to_owned(),
            from: old.at(field).text(),
            to: sprint.at(field).text(),
        });
        let property = self.at("property");
        let flag = property.at("value").flag().map(|flag| flag.to_string());
        let option = property.at("key").text().map(|field| Change {
            field,
            from: None,
            to: property.at("value").text().or(flag),
        });
        let changed = changed.filter(|change| old.is_object() && change.from != change.to);
        changed.chain(option).collect()
    }

    /// Versions that took over what a version had, and who leads a project.
    fn objects(&self) -> Vec<Object> {
        let versions = [
            "mergedVersion",
            "mergedTo",
            "affectsVersionSwappedTo",
            "fixVersionSwappedTo",
        ];
        let versions = versions.into_iter().map(|part| (part, self.at(part)));
        let versions = versions.filter(|(_, version)| version.is_object());
        let versions = versions.map(|(part, version)| self.thing(&words(part), version));
        let lead = people::actor(&self.site, self.at("project").at("projectLead"));
        versions
            .chain(lead.map(|lead| people::object("lead", lead)))
            .collect()
    }

    /// The issue as the body shows it; all of it when it was deleted.
    fn entry(&self, record: &RawValue) -> Option<DirectoryIssue> {
        let shown = self.at("issue");
        let entry = issue::entry(&self.site, shown).filter(|_| shown.at("fields").is_object());
        let entry = entry.map(|entry| DirectoryIssue {
            at: entry.at.or(self.time),
            ..entry
        });
        if self.name != "jira:issue_deleted" {
            return entry;
        }
        let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(record.get()).ok()?;
        Some(DirectoryIssue {
            at: self.time,
            deleted: Some(members.get("issue")?.get().to_owned()),
            ..entry.or_else(|| issue::entry(&self.site, shown))?
        })
    }
}

/// `mergedTo` becomes `merged-to`.
fn words(part: &str) -> String {
    let mut words = String::new();
    for letter in part.chars() {
        if letter.is_ascii_uppercase() {
            words.push('-');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

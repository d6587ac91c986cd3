//! What the archive says of an event beside upstream's record: everything that makes the log's event out of the record
//! again, whichever source, version or settings it went through.
//!
//! A record alone does not: many say nothing of where they came from, some become several events, and what this server
//! noticed or did itself nobody can read anew. The archive writes this form, an import reads it.

use super::directory::{DirectoryAction, DirectoryIssue, Entry, SecurityLevel};
use super::{
    Actor, Change, Container, IssueRef, Location, NewEvent, Object, Product, System, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt::Write;

/// The form that this version writes and reads.
pub const FORM: u32 = 1;

/// An event of the log without upstream's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Archived {
    /// The form in which this is written: [`FORM`].
    pub form: u32,
    /// Its position in the log from which it was archived.
    pub position: i64,
    /// When it was stored there.
    pub recorded_at: Timestamp,
    /// The source it came from.
    pub source: Origin,
    /// What makes it unique within its source.
    pub upstream_id: String,
    /// The file of its record.
    pub record: Record,
    /// When it happened.
    pub time: Timestamp,
    /// The product in which it happened.
    pub product: Product,
    /// What was done.
    pub action: ArchivedAction,
    /// Who did it, as upstream said at once.
    pub actor: Option<Actor>,
    /// Who did it, when its record came again with a name.
    pub actor_named_later: Option<Actor>,
    /// What it was done to.
    pub target: Option<ArchivedObject>,
    /// What else was involved.
    #[serde(default)]
    pub objects: Vec<ArchivedObject>,
    /// Where it happened.
    pub container: Option<Container>,
    /// The issue it concerns, as the event names it.
    pub issue: Option<IssueRef>,
    /// What was known of that issue.
    pub known_issue: Option<KnownIssue>,
    /// Field by field what changed.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// From where it was done.
    pub location: Option<Location>,
    /// By which means.
    pub method: Option<String>,
    /// Upstream's own sentence.
    pub message: Option<String>,
}

/// A source as an archive names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Its name in the settings.
    pub name: String,
    /// The system behind it.
    pub system: System,
}

/// The file that holds upstream's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Whether the record was no JSON, so that the file holds its text as one JSON string.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub text: bool,
    /// The SHA-256 of the file, in hexadecimal digits.
    pub sha256: String,
}

/// What was done, and what upstream calls that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchivedAction {
    /// Whose vocabulary the name belongs to.
    pub system: System,
    /// The action's name as upstream says it.
    pub name: String,
    /// What upstream's own list of actions calls it.
    pub label: Option<String>,
    /// The heading under which it is there.
    pub group: Option<String>,
    /// The key of that heading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_key: Option<String>,
}

/// A thing or person that an event involves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchivedObject {
    /// What kind of thing.
    pub kind: String,
    /// Upstream's id of it.
    pub id: Option<String>,
    /// Its name; absent for people.
    pub name: Option<String>,
    /// A link to it.
    pub url: Option<String>,
    /// The person, when it is one.
    pub person: Option<Actor>,
}

/// What was known of an issue: without its security level, an import would show to everybody what few may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KnownIssue {
    /// The scope of its site or instance.
    pub scope: String,
    /// Jira's id.
    pub id: String,
    /// Its key.
    pub key: Option<String>,
    /// Other keys that it had.
    #[serde(default)]
    pub other_keys: Vec<String>,
    /// The issue type.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Its title.
    pub summary: Option<String>,
    /// The request type.
    pub request_type: Option<String>,
    /// What was said of its security level; absent when nothing was.
    pub security: Option<Security>,
    /// The project it is in.
    pub project: Option<Container>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// The moment of the newest news of it.
    pub at: Timestamp,
}

/// What was said of an issue's security level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// The level; absent when it has none.
    pub level: Option<SecurityLevel>,
}

/// Why something is not an archived event.
#[derive(Debug, thiserror::Error)]
pub enum ArchivedError {
    /// It is not of the form that this version reads.
    #[error("it is not what the archive says of an event: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A later version has written it.
    #[error("it is of form {0}; this version reads form {FORM}, a later one reads it")]
    Form(u32),
    /// The record's file is not the one that was archived.
    #[error(
        "`{file}` has been changed: its SHA-256 is {found}, and was {expected} when it was archived"
    )]
    Changed {
        /// The record's file.
        file: String,
        /// What its hash was.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The record's file is not text.
    #[error("`{0}` is not what the archive writes: a record is JSON in UTF-8")]
    NoRecord(String),
}

/// What an archived event becomes when it is imported.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The source it came from.
    pub source: Origin,
    /// The event; again with a name, when that came later.
    pub events: Vec<NewEvent>,
    /// What is known beside it.
    pub entries: Vec<Entry>,
}

impl Record {
    /// What the file of a record holds, and what is said of it.
    #[must_use]
    pub fn of(raw: &str) -> (Cow<'_, str>, Self) {
        let text = serde_json::from_str::<&RawValue>(raw).is_err();
        let content = if text {
            Value::from(raw).to_string().into()
        } else {
            Cow::Borrowed(raw)
        };
        let sha256 = hash(content.as_bytes());
        (content, Self { text, sha256 })
    }

    /// The record, out of the content of its file.
    fn read(&self, file: &str, content: Vec<u8>) -> Result<String, ArchivedError> {
        let found = hash(&content);
        if found != self.sha256 {
            return Err(ArchivedError::Changed {
                file: file.to_owned(),
                expected: self.sha256.clone(),
                found,
            });
        }
        let no_record = || ArchivedError::NoRecord(file.to_owned());
        if self.text {
            return serde_json::from_slice(&content).map_err(|_| no_record());
        }
        String::from_utf8(content).map_err(|_| no_record())
    }
}

impl Archived {
    /// As it is written: JSON, without what is not known.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut value = serde_json::to_value(self)?;
        prune(&mut value);
        serde_json::to_string_pretty(&value).map(|text| text + "\n")
    }

    /// Reads what was written.
    pub fn parse(text: &[u8]) -> Result<Self, ArchivedError> {
        #[derive(Deserialize)]
        struct Form {
            form: u32,
        }
        let Form { form } = serde_json::from_slice(text)?;
        if form != FORM {
            return Err(ArchivedError::Form(form));
        }
        Ok(serde_json::from_slice(text)?)
    }

    /// The event that it was, with the content of its record's file, which must be what was archived.
    pub fn restore(self, file: &str, content: Vec<u8>) -> Result<Restored, ArchivedError> {
        let raw = self.record.read(file, content)?;
        let mut entries = Vec::new();
        if self.action.label.is_some() || self.action.group.is_some() {
            entries.push(Entry::Action(DirectoryAction {
                name: self.action.name.clone(),
                label: self.action.label,
                group: self.action.group,
                group_key: self.action.group_key,
            }));
        }
        if let Some(known) = self.known_issue {
            entries.extend(known.entries());
        }
        let event = NewEvent {
            upstream_key: self.upstream_id,
            system: self.action.system,
            action: self.action.name,
            product: self.product,
            time: Some(self.time),
            actor: self.actor,
            target: self.target.map(Object::from),
            objects: self.objects.into_iter().map(Object::from).collect(),
            container: self.container,
            issue: self.issue,
            changes: self.changes,
            location: self.location.unwrap_or_default(),
            method: self.method,
            message: self.message,
            raw,
        };
        // As it came: without a name at first, then once more with one.
        let again = self.actor_named_later.map(|actor| NewEvent {
            actor: Some(actor),
            ..event.clone()
        });
        Ok(Restored {
            source: self.source,
            events: std::iter::once(event).chain(again).collect(),
            entries,
        })
    }
}

impl KnownIssue {
    /// The issue as a directory would list it: first under the other keys that it had, then as it was.
    fn entries(self) -> Vec<Entry> {
        let other = |key| DirectoryIssue {
            scope: self.scope.clone(),
            id: self.id.clone(),
            key: Some(key),
            at: Some(self.at),
            ..DirectoryIssue::default()
        };
        let others: Vec<DirectoryIssue> = self.other_keys.into_iter().map(other).collect();
        // Without its body: that is in the record that told of it.
        let deleted = self.deleted_at.map(|at| DirectoryIssue {
            scope: self.scope.clone(),
            id: self.id.clone(),
            at: Some(at),
            deleted: Some(String::new()),
            ..DirectoryIssue::default()
        });
        let now = DirectoryIssue {
            scope: self.scope,
            id: self.id,
            key: self.key,
            kind: self.kind,
            summary: self.summary,
            request_type: self.request_type,
            security: self.security.map(|security| security.level),
            project: self.project,
            at: Some(self.at),
            deleted: None,
        };
        let entry = |issue| Entry::Issue(Box::new(issue));
        let known = others.into_iter().chain([now]).chain(deleted);
        known.map(entry).collect()
    }
}

impl From<ArchivedObject> for Object {
    fn from(object: ArchivedObject) -> Self {
        Self {
            kind: object.kind,
            id: object.id,
            name: object.name,
            url: object.url,
            user: object.person,
        }
    }
}

/// Takes out of JSON what is not known, and lists of nothing. An object of nothing stays: it may say something.
fn prune(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| {
                prune(value);
                !value.is_null() && !value.as_array().is_some_and(Vec::is_empty)
            });
        }
        Value::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}

/// The SHA-256 of something, in hexadecimal digits.
fn hash(content: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(content) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

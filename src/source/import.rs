//! Records out of a file: pages, lists and lines that somebody recorded from an upstream system.
//!
//! The file is read as a sequence of JSON documents, so JSON lines of any length take the memory of one line. What a
//! record means is for the [`Source`](super::Source) of its system to say.

use crate::event::System;
use crate::source::hook;
use crate::source::jira::shape;
use crate::source::look::{self, Look};
use serde_json::StreamDeserializer;
use serde_json::de::IoRead;
use serde_json::value::RawValue;
use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where upstream systems put the records of a page.
const ENVELOPES: [&str; 7] = [
    "data",
    "entities",
    "issueChangeLogs",
    "issues",
    "records",
    "results",
    "values",
];

/// Why a file cannot be read as records. The records before the fault have been handed out.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Something that is no record, or no JSON at all.
    #[error("line {line}, column {column}: {message}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// The file could not be read on.
    #[error("reading failed: {0}")]
    Unreadable(#[from] io::Error),
}

/// The records in a recorded file, exactly as they stand there.
///
/// Takes a page as upstream sends it (`{"data": [...]}` and its like), a single answer (`{"data": {...}}`), a bare
/// array, a single record, recorded calls with their answers, and any number of these one after the other, as in JSON
/// lines.
pub fn records<R: BufRead>(reader: R) -> Records<R> {
    let place = Arc::new(Place::default());
    let counted = Counted {
        reader,
        place: Arc::clone(&place),
        start: true,
    };
    Records {
        documents: serde_json::Deserializer::from_reader(counted).into_iter(),
        place,
        waiting: VecDeque::new(),
        over: false,
    }
}

/// The records in a file; see [`records`].
pub struct Records<R: BufRead> {
    documents: StreamDeserializer<'static, IoRead<Counted<R>>, Box<RawValue>>,
    place: Arc<Place>,
    waiting: VecDeque<Box<RawValue>>,
    over: bool,
}

impl<R: BufRead> Iterator for Records<R> {
    type Item = Result<Box<RawValue>, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.over {
            if let Some(record) = self.waiting.pop_front() {
                if record.get().starts_with('{') {
                    return Some(Ok(record));
                }
                return Some(Err(self.no_record(&record)));
            }
            match self.documents.next()? {
                Ok(document) => self.waiting = unwrap(document),
                Err(error) => {
                    self.over = true;
                    return Some(Err(malformed(error)));
                }
            }
        }
        None
    }
}

impl<R: BufRead> Records<R> {
    fn no_record(&mut self, found: &RawValue) -> ImportError {
        self.over = true;
        let mut start: String = found.get().chars().take(40).collect();
        if start.len() < found.get().len() {
            start.push('…');
        }
        ImportError::Malformed {
            line: self.place.breaks.load(Ordering::Relaxed) + 1,
            column: self.place.column.load(Ordering::Relaxed).max(1),
            message: format!("a record is an object, not {start}"),
        }
    }
}

fn malformed(error: serde_json::Error) -> ImportError {
    if error.is_io() {
        return ImportError::Unreadable(error.into());
    }
    let (line, column) = (error.line(), error.column());
    let message = error.to_string();
    let place = format!(" at line {line} column {column}");
    ImportError::Malformed {
        line,
        column: column.max(1),
        message: message.strip_suffix(&place).unwrap_or(&message).to_owned(),
    }
}

/// The records in one document.
fn unwrap(document: Box<RawValue>) -> VecDeque<Box<RawValue>> {
    let document = answer(&document).unwrap_or(document);
    let document = envelope(&document).unwrap_or(document);
    if document.get().starts_with('[')
        && let Ok(items) = serde_json::from_str::<VecDeque<Box<RawValue>>>(document.get())
    {
        if items.iter().all(|item| answer(item).is_none()) {
            return items;
        }
        return items.into_iter().flat_map(unwrap).collect();
    }
    VecDeque::from([document])
}

type Members<'a> = std::collections::BTreeMap<std::borrow::Cow<'a, str>, &'a RawValue>;

/// What was answered, when this is a call that somebody recorded: what was asked, a status, and the answer as `body`.
fn answer(document: &RawValue) -> Option<Box<RawValue>> {
    // Far cheaper than to take every record apart.
    if !document.get().contains("\"body\"") {
        return None;
    }
    let members: Members<'_> = serde_json::from_str(document.get()).ok()?;
    let status: u16 = serde_json::from_str(members.get("status")?.get()).ok()?;
    let body = members.get("body")?.get();
    let asked = ["path", "url", "request"]
        .iter()
        .any(|name| members.contains_key(*name));
    if !asked || !(200..300).contains(&status) {
        return None;
    }
    match body.as_bytes().first() {
        Some(b'{' | b'[') => RawValue::from_string(body.to_owned()).ok(),
        Some(b'"') => RawValue::from_string(serde_json::from_str(body).ok()?).ok(),
        _ => None,
    }
}

/// What is inside an envelope: a list of records, or the one record of a single answer.
fn envelope(document: &RawValue) -> Option<Box<RawValue>> {
    let members: Members<'_> = serde_json::from_str(document.get()).ok()?;
    // A record may have a member of such a name among its own, but no envelope carries an action.
    if ["attributes", "action", "summary", "timestamp"]
        .iter()
        .any(|name| members.contains_key(*name))
    {
        return None;
    }
    let inside = ENVELOPES.iter().find_map(|name| {
        let inside = members.get(*name)?.get();
        (inside.starts_with('[') || (*name == "data" && inside.starts_with('{'))).then_some(inside)
    })?;
    RawValue::from_string(inside.to_owned()).ok()
}

/// Whose record this is, as far as its shape says so.
///
/// Data Center products write the same shape; the keys of their own actions tell them apart, and where those are common
/// to all, who did it and the links. What none of these tell is [one of them](is_data_center), and its neighbours say which.
#[must_use]
pub fn recognise(record: &RawValue) -> Option<System> {
    let value = look::value(record);
    let look = Look::new(&value);
    if look.at("attributes").at("action").text().is_some() {
        return Some(System::Organization);
    }
    if let Some(system) = hook::recognise(look).or_else(|| shape::system_of(look)) {
        return Some(system);
    }
    if audit_kind(look).is_some() {
        return data_center(look);
    }
    look.at("summary").text()?;
    if look.at("creationDate").time().is_some() {
        Some(System::ConfluenceCloud)
    } else if look.at("created").time().is_some() {
        Some(System::JiraCloud)
    } else {
        None
    }
}

/// Whether a record is from the audit log of some Data Center product.
#[must_use]
pub fn is_data_center(record: &RawValue) -> bool {
    audit_kind(Look::new(&look::value(record))).is_some()
}

fn audit_kind(look: Look<'_>) -> Option<Look<'_>> {
    let kinds = [look.at("type"), look.at("auditType")];
    kinds.into_iter().find(|kind| {
        ["action", "actionI18nKey"]
            .iter()
            .any(|name| kind.at(name).text().is_some())
    })
}

fn data_center(look: Look<'_>) -> Option<System> {
    let kind = audit_kind(look)?;
    let keys = ["actionI18nKey", "categoryI18nKey"].map(|name| kind.at(name).text());
    let own = |key: String| match key.split('.').next() {
        Some("bitbucket" | "stash") => Some(System::BitbucketDc),
        Some("jira") => Some(System::JiraDc),
        Some("audit" | "confluence") => Some(System::ConfluenceDc),
        _ => None,
    };
    let people = || {
        let objects = look.at("affectedObjects").list();
        std::iter::once(look.at("author")).chain(objects)
    };
    let typed = || {
        people().find_map(|person| {
            let kind = person.at("type").text()?;
            match kind.as_str() {
                "NORMAL" | "SERVICE" | "REPOSITORY" => Some(System::BitbucketDc),
                "ApplicationUser" => Some(System::JiraDc),
                "Space" => Some(System::ConfluenceDc),
                _ => None,
            }
        })
    };
    let linked = || {
        people().find_map(|person| {
            let link = person.at("uri").text()?;
            let paths = [
                ("/secure/", System::JiraDc),
                ("/admin/users/viewuser.action", System::ConfluenceDc),
                ("/display/", System::ConfluenceDc),
                ("/admin/users/view?", System::BitbucketDc),
                ("/admin/groups/view?", System::BitbucketDc),
                ("/users/", System::BitbucketDc),
            ];
            let found = paths.into_iter().find(|(path, _)| link.contains(path));
            found.map(|(_, system)| system)
        })
    };
    // A user of Confluence is known by 32 hexadecimal digits.
    let keyed = || {
        people().find_map(|person| {
            let id = person.at("id").text()?;
            let digits = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
            let jira = id.starts_with("JIRAUSER").then_some(System::JiraDc);
            jira.or(digits.then_some(System::ConfluenceDc))
        })
    };
    keys.into_iter()
        .flatten()
        .find_map(own)
        .or_else(typed)
        .or_else(linked)
        .or_else(keyed)
}

/// How far a file has been read: line breaks, and bytes since the last one. Atomic only so that it may be shared.
#[derive(Default)]
struct Place {
    breaks: AtomicUsize,
    column: AtomicUsize,
}

/// Counts lines and columns, and leaves out the byte order mark that some editors put first.
///
/// The deserializer asks for one byte at a time, so the count is where it stands.
struct Counted<R> {
    reader: R,
    place: Arc<Place>,
    start: bool,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.start {
            self.start = false;
            if self.reader.fill_buf()?.starts_with("\u{feff}".as_bytes()) {
                self.reader.consume(3);
            }
        }
        let read = self.reader.read(buffer)?;
        for byte in &buffer[..read] {
            if *byte == b'\n' {
                self.place.breaks.fetch_add(1, Ordering::Relaxed);
                self.place.column.store(0, Ordering::Relaxed);
            } else {
                self.place.column.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(read)
    }
}

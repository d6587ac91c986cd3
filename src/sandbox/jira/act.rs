//! What happens in Jira, and to what: acts in the order in which they happened, and the issues they happened to.
//!
//! An act is a row of the table, a time, somebody, and what it was done to, with the changes it made. Ids are places
//! in the list of acts, moved up; so they grow with time and never change.

use super::table::{Deed, Part, deed};
use super::thing::Thing;
use super::value::{ATTACHMENT, Item, LINK, Values};
use crate::event::Timestamp;

/// One thing that happened.
#[derive(Clone, Debug)]
pub(super) struct Act {
    /// When, in whole milliseconds.
    pub(super) time: Timestamp,
    /// Who did it; none for Jira itself.
    pub(super) actor: Option<u32>,
    /// Whether Jira does not say who did it.
    pub(super) hidden: bool,
    /// The row of the table.
    pub(super) row: u16,
    /// What it was done to.
    pub(super) what: What,
    /// Where the organization log tells of it.
    pub(super) place: Option<usize>,
    /// Whether it is only the fallout of another act.
    pub(super) fallout: bool,
}

/// What something was done to.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// An issue, and how its fields changed.
    Issue(u32, Vec<Item>),
    /// Something in an issue, in which version, and how the issue's fields changed.
    Piece(u32, u32, Vec<Item>),
    /// A thing, as it is now and as it was.
    Thing(Box<Thing>, Option<Box<Thing>>),
    /// An account: a person, or a former one from the end of the numbers.
    User(u32),
    /// A group and somebody.
    Member(u32, u32),
    /// A group.
    Group(u32),
    /// A setting, now on or off.
    Switch(bool),
}

impl Act {
    /// Its row.
    pub(super) fn deed(&self) -> &'static Deed {
        deed(self.row)
    }

    /// Who did it, as far as Jira says.
    pub(super) fn author(&self) -> Option<u32> {
        self.actor.filter(|_| !self.hidden)
    }
}

/// An issue.
#[derive(Clone, Debug)]
pub(super) struct Issue {
    /// Its project, an index into the company's.
    pub(super) project: u32,
    /// Its number within the project.
    pub(super) number: u32,
    /// When it was created.
    pub(super) created: Timestamp,
    /// Who created it.
    pub(super) creator: Option<u32>,
    /// Summary and description in their own words, as long as nobody changes them.
    pub(super) text: Option<(String, serde_json::Value)>,
    /// Who reported it.
    pub(super) reporter: u32,
    /// Its fields when it was created.
    pub(super) first: Values,
    /// Its fields now.
    pub(super) now: Values,
    /// When something about it changed last.
    pub(super) updated: Timestamp,
    /// Whether it exists by now.
    pub(super) born: bool,
    /// Whether it was deleted.
    pub(super) gone: bool,
    /// Whether the organization log speaks of it.
    pub(super) told: bool,
    /// The acts that are in its change log, oldest first.
    pub(super) history: Vec<u32>,
    /// What it contains or contained.
    pub(super) pieces: Vec<u32>,
}

impl Issue {
    /// Its id, the same as in the organization log.
    pub(super) fn id(&self) -> u64 {
        10_000 + u64::from(self.project) * 100_000 + u64::from(self.number)
    }
}

/// Something in an issue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// What it is.
    pub(super) part: Part,
    /// Its id, unique among its kind.
    pub(super) id: u64,
    /// The issue it is in.
    pub(super) issue: u32,
    /// The issue at the other end of a link.
    pub(super) other: u32,
    /// Who made it.
    pub(super) author: Option<u32>,
    /// Who changed it last.
    pub(super) editor: Option<u32>,
    /// When it was made.
    pub(super) created: Timestamp,
    /// When it was changed last.
    pub(super) updated: Timestamp,
    /// How often it was changed.
    pub(super) changes: u32,
    /// Seconds of a worklog, bytes of an attachment.
    pub(super) amount: u32,
    /// When it was deleted.
    pub(super) gone: Option<Timestamp>,
}

/// The id of the history that an act left in an issue; a link leaves one in the other issue too.
pub(super) fn history_id(act: usize, other: bool) -> u64 {
    100_000 + u64::try_from(act).unwrap_or(0) * 2 + u64::from(other)
}

/// The id of the audit record of an act.
pub(super) fn record_id(act: usize) -> u64 {
    10_000 + u64::try_from(act).unwrap_or(0)
}

/// How a piece shows in the change log when it comes or goes; `place` is where it is in the list.
pub(super) fn shown_as(part: Part, place: u32, comes: bool) -> Option<Item> {
    let field = match part {
        Part::Attachment => ATTACHMENT,
        Part::Link => LINK,
        Part::Comment | Part::Worklog => return None,
    };
    let (from, to) = if comes {
        (0, place + 1)
    } else {
        (place + 1, 0)
    };
    Some(Item { field, from, to })
}

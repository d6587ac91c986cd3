//! What is left of a deleted issue, and what can be made of it again, in words.

use crate::event::Timestamp;
use serde_json::{Map, Value};

/// A field of a deleted issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its name upstream, e.g. `priority`.
    pub field: String,
    /// What it said, for people.
    pub value: String,
}

/// A field of a deleted issue that the new one will not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its name upstream, e.g. `customfield_10016`.
    pub field: String,
    /// What it said, for people.
    pub value: String,
    /// Why it cannot be set.
    pub reason: String,
}

/// A deleted issue as it would be made again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The key that it had.
    pub key: String,
    /// The project's key.
    pub project: String,
    /// The summary.
    pub summary: String,
    /// What the new issue is made of, as upstream takes it.
    pub fields: Map<String, Value>,
    /// The same for people, and the status that it is brought to.
    pub sets: Vec<Kept>,
    /// The status, by upstream's id, that it is brought to afterwards.
    pub status: Option<String>,
    /// What it will not have.
    pub leaves: Vec<Left>,
    /// Fields that upstream demands of a new issue and that the deleted one did not have.
    pub demands: Vec<String>,
}

/// An issue that was made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Its new id.
    pub id: String,
    /// Its new key.
    pub key: String,
    /// When upstream made it, where that was asked for.
    pub created: Option<Timestamp>,
}

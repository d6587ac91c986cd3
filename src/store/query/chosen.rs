//! What a filter chooses, once everything that people type has been looked up: a tree of tests on one event.
//!
//! Three things read it: SQL for pages ([`sql`](super::sql)), the matcher for streams ([`excerpt`](super::excerpt)), and
//! the masks of the aggregated view. It holds numbers and names as they are compared. What changes while a stream is
//! open is not in it: who is in a group, or which actions have a name, is asked whenever it is used.
//!
//! A new criterion is a field of the filter, a variant here, and an arm wherever the tree is read.

use crate::access::Standing;
use crate::event::filter::Membership;
use crate::event::{Product, Timestamp};
use crate::store::entity::action;
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// A test that an event passes or not. What an event lacks fails every test about it, so [`Test::Not`] passes then.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// All of these pass; with none of them every event passes.
    All(Vec<Test>),
    /// One of these passes; with none of them no event does.
    Any(Vec<Test>),
    /// This does not pass.
    Not(Box<Test>),
    /// It happened at the first moment or later, and before the second.
    Time {
        /// The first moment that counts.
        from: Option<Timestamp>,
        /// The first moment that no longer counts.
        to: Option<Timestamp>,
    },
    /// It came from one of these, in `sources`.
    Sources(Vec<i32>),
    /// It happened in one of these.
    Products(Vec<Product>),
    /// Its action is called by one of these names.
    Actions(ActionNames),
    /// One of these did it, as the event says or as was learned later.
    Actors(People),
    /// It happened in one of these, in `containers`, or in what lies directly inside one.
    Inside(Vec<i64>),
    /// It concerns an issue.
    OfIssue,
    /// It concerns an issue that it calls so: by Jira's id, or, where it has none, by key.
    Issues(Arc<BTreeSet<String>>),
    /// It happened at one of these sites, by their scopes.
    Sites(Vec<String>),
    /// It was done to one of these.
    Targets(Targets),
    /// One of its changes fits.
    Changed(ChangeOf),
    /// It was done from one of these ranges of addresses, first and last included, as `events.ip_number` has them.
    Addresses(Vec<(Uuid, Uuid)>),
    /// One of its words is one of these, by [`fold`].
    Word(WordOf, BTreeSet<String>),
    /// It has this text; see [`Text`].
    Text(Text),
    /// Nothing keeps it from somebody: its issue has no security level, or one with which they may see it in Jira, and
    /// it did not happen in Assets, unless they may see that.
    Shown(Standing),
}

/// Names of actions, folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionNames {
    /// What is called so.
    pub of: ActionName,
    /// The names, by [`fold`].
    pub names: BTreeSet<String>,
}

/// What of an action a name is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionName {
    /// Its own names: the code, the upstream name, the label, and upstream's label.
    Itself,
    /// The category, the heading under which upstream lists it, and that heading's key.
    Category,
}

/// People, chosen in four ways; one is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// The persons whose accounts these are, in `users`.
    pub users: Vec<i64>,
    /// Members of these, in `groups`; a customer organization is the group of its people.
    pub groups: Vec<i64>,
    /// Members of these, in `containers`.
    pub containers: Vec<i64>,
    /// At which moment somebody has to be a member.
    pub membership: Membership,
}

/// What something was done to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// Ids and names, by [`fold`].
    pub names: BTreeSet<String>,
    /// The persons whose accounts these are, in `users`.
    pub users: Vec<i64>,
}

/// A change of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeOf {
    /// Names of the field, by [`fold`].
    pub fields: BTreeSet<String>,
    /// The value before is one of these, by [`fold`].
    pub from: Option<BTreeSet<String>>,
    /// The value after is one of these, by [`fold`].
    pub to: Option<BTreeSet<String>>,
}

/// A word that an event's row has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordOf {
    /// The country from which it was done.
    Country,
    /// The city from which it was done.
    City,
    /// By which means it was done.
    Method,
}

/// A text that occurs in what an event says (see [`EventFilter::text`](crate::event::filter::EventFilter::text)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text as it was typed, without space around it.
    pub text: String,
    /// Whether it is looked for in people's names, too: not for who may not look them up.
    pub with_people: bool,
}

impl Test {
    /// What no event passes.
    #[must_use]
    pub const fn nothing() -> Self {
        Self::Any(Vec::new())
    }
}

/// Text as it is compared where the case of plain Latin letters does not matter.
#[must_use]
pub fn fold(text: &str) -> String {
    text.to_ascii_lowercase()
}

impl ActionNames {
    /// Whether an action is called so.
    #[must_use]
    pub fn name(&self, action: &action::Model) -> bool {
        let is = |name: &str| self.names.contains(&fold(name));
        let may_be = |name: &Option<String>| name.as_deref().is_some_and(is);
        match self.of {
            ActionName::Itself => {
                is(&action.code)
                    || is(&action.name)
                    || is(&action.label)
                    || may_be(&action.upstream_label)
            }
            ActionName::Category => {
                is(&action.category)
                    || may_be(&action.upstream_group)
                    || may_be(&action.upstream_group_key)
            }
        }
    }
}

impl People {
    /// Whether belonging to something is asked about.
    #[must_use]
    pub fn asks_for_members(&self) -> bool {
        !self.groups.is_empty() || !self.containers.is_empty()
    }
}

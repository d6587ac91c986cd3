//! The event vocabulary: what a fact looks like once it has left its upstream system.
//!
//! Sources turn upstream records into [`NewEvent`]s and [`directory`] entries, the store keeps them, the rest reads them.
//! Pure: no input, no output. Read next: [`action`] (all that can happen), [`filter`], then `sync.rs`.

pub mod action;
pub mod archived;
pub mod directory;
pub mod export;
pub mod filter;
pub mod jql;
pub mod node;
pub mod order;
pub mod permission;
pub mod profile;
pub mod restore;
pub mod saved;
pub mod schedule;
pub mod search;
pub mod signal;
mod system;
mod time;
pub mod view;
pub mod webhook;

pub use system::{Product, System};
pub use time::{Stretch, Timestamp};

use serde::{Deserialize, Serialize};

/// A fact as a source hands it over, before the log gives it a position.
///
/// Everything but `upstream_key`, `system`, `action` and `raw` may be unknown: upstream promises little.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewEvent {
    /// What makes this event unique within its source: the upstream id, or a hash over its content.
    pub upstream_key: String,
    /// Whose vocabulary `action` belongs to.
    pub system: System,
    /// The action's name as upstream says it, e.g. `jira_issue_viewed`.
    pub action: String,
    /// The product in which it happened.
    pub product: Product,
    /// When it happened, as upstream says; the moment of recording stands in when upstream does not say.
    pub time: Option<Timestamp>,
    /// Who did it.
    pub actor: Option<Actor>,
    /// What it was done to.
    pub target: Option<Object>,
    /// Everything else that was involved, e.g. the group that a user was added to.
    pub objects: Vec<Object>,
    /// Where it happened, innermost first: a repository, project, space, site, workspace or organization.
    pub container: Option<Container>,
    /// The issue it concerns.
    pub issue: Option<IssueRef>,
    /// Field by field what changed.
    pub changes: Vec<Change>,
    /// From where it was done.
    pub location: Location,
    /// By which means, e.g. `api-token` or `session`.
    pub method: Option<String>,
    /// Upstream's own sentence about it.
    pub message: Option<String>,
    /// Upstream's record, character for character.
    pub raw: String,
}

/// What one upstream record says: things that happened, and what is therefore known to be there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// What happened.
    pub events: Vec<NewEvent>,
    /// What the record shows of the directory in passing, e.g. the issue as it was.
    pub entries: Vec<directory::Entry>,
}

impl From<Vec<NewEvent>> for Facts {
    fn from(events: Vec<NewEvent>) -> Self {
        Self {
            events,
            entries: Vec::new(),
        }
    }
}

impl From<NewEvent> for Facts {
    fn from(event: NewEvent) -> Self {
        vec![event].into()
    }
}

/// One name under which some system knows somebody. One person has several: an Atlassian account id, a Bitbucket uuid,
/// a Data Center user id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Alias {
    /// Who gave the name: `account` (Atlassian account ids), `bitbucket` (Bitbucket Cloud uuids), `email` (addresses),
    /// `data-center:` with the scope of an instance (its user ids and keys), or `token` (tokens of this server).
    pub namespace: String,
    /// The name itself, as upstream writes it.
    pub value: String,
}

impl Alias {
    /// An Atlassian account id, e.g. `557058:0e7a…`; the same in all cloud products.
    #[must_use]
    pub fn account(id: impl Into<String>) -> Self {
        Self {
            namespace: "account".to_owned(),
            value: id.into(),
        }
    }

    /// A Bitbucket Cloud user uuid, with its braces.
    #[must_use]
    pub fn bitbucket(uuid: impl Into<String>) -> Self {
        Self {
            namespace: "bitbucket".to_owned(),
            value: uuid.into(),
        }
    }

    /// A user id or key of a Data Center instance, e.g. `2`, `JIRAUSER10100`; unique within the instance's scope.
    #[must_use]
    pub fn data_center(scope: &str, id: impl Into<String>) -> Self {
        Self {
            namespace: format!("data-center:{scope}"),
            value: id.into(),
        }
    }

    /// The holder of a token of this server who acts for no account, by the token's number.
    #[must_use]
    pub fn token(id: i32) -> Self {
        Self {
            namespace: "token".to_owned(),
            value: id.to_string(),
        }
    }

    /// An e-mail address, where upstream names somebody by nothing else.
    #[must_use]
    pub fn email(address: &str) -> Self {
        Self {
            namespace: "email".to_owned(),
            value: address.trim().to_lowercase(),
        }
    }
}

/// What kind of somebody an actor or user is.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    async_graphql::Enum,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActorKind {
    /// A human being with an account.
    #[default]
    Person,
    /// An app, integration or service account.
    App,
    /// A customer of a service portal.
    Customer,
    /// The upstream system itself.
    System,
    /// Somebody who was not logged in.
    Anonymous,
}

impl ActorKind {
    /// All kinds; a kind's place in this list is its number in the database, so only ever append.
    pub const ALL: [Self; 5] = [
        Self::Person,
        Self::App,
        Self::Customer,
        Self::System,
        Self::Anonymous,
    ];

    /// The kind's number in the database.
    #[must_use]
    pub fn number(self) -> i16 {
        Self::ALL
            .iter()
            .position(|kind| *kind == self)
            .and_then(|place| i16::try_from(place).ok())
            .unwrap_or(0)
    }

    /// The kind with that number; [`ActorKind::Person`] when there is none.
    #[must_use]
    pub fn from_number(number: i16) -> Self {
        usize::try_from(number)
            .ok()
            .and_then(|place| Self::ALL.get(place))
            .copied()
            .unwrap_or_default()
    }
}

/// Somebody as one event names them. The store keeps what it says in the user's row, not in the event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The name by which upstream knows them.
    pub alias: Alias,
    /// What kind of somebody.
    pub kind: ActorKind,
    /// Display name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// A thing or person that an event involves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// What kind of thing, in upstream's words, e.g. `group`, `org-policy`, `issue`.
    pub kind: String,
    /// Upstream's id of it.
    pub id: Option<String>,
    /// Its display name; absent for people, whose names live in the user's row.
    pub name: Option<String>,
    /// A link for people to open.
    pub url: Option<String>,
    /// The person, when the object is one.
    #[serde(skip)]
    pub user: Option<Actor>,
}

/// What kind of container.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    async_graphql::Enum,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContainerKind {
    /// The Atlassian organization.
    Organization,
    /// A site (`acme.atlassian.net`) or a Data Center instance.
    Site,
    /// A Bitbucket Cloud workspace.
    Workspace,
    /// A Jira or Bitbucket project.
    Project,
    /// A Confluence space.
    Space,
    /// A Bitbucket repository.
    Repository,
}

impl ContainerKind {
    /// All kinds; a kind's place in this list is its number in the database, so only ever append.
    pub const ALL: [Self; 6] = [
        Self::Organization,
        Self::Site,
        Self::Workspace,
        Self::Project,
        Self::Space,
        Self::Repository,
    ];

    /// The kind's number in the database.
    #[must_use]
    pub fn number(self) -> i16 {
        Self::ALL
            .iter()
            .position(|kind| *kind == self)
            .and_then(|place| i16::try_from(place).ok())
            .unwrap_or(0)
    }

    /// The kind with that number; [`ContainerKind::Project`] when there is none.
    #[must_use]
    pub fn from_number(number: i16) -> Self {
        usize::try_from(number)
            .ok()
            .and_then(|place| Self::ALL.get(place))
            .copied()
            .unwrap_or(Self::Project)
    }
}

/// A place in which things happen.
///
/// Identified by (`kind`, `scope`, `id`), or by (`kind`, `scope`, `key`) as long as the id is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// What kind of place.
    pub kind: ContainerKind,
    /// What makes ids and keys unique: the cloud id of a site, the uuid of a workspace, the URL of an instance;
    /// empty where ids are unique by themselves (organizations, sites, workspaces).
    pub scope: String,
    /// Upstream's id; at least one of `id` and `key` must be given.
    pub id: Option<String>,
    /// The short name people use: a project key, a space key, a repository or workspace slug.
    pub key: Option<String>,
    /// Display name.
    pub name: Option<String>,
    /// A link for people to open.
    pub url: Option<String>,
    /// Whether outsiders are kept out; unknown for most.
    pub private: Option<bool>,
    /// The container around this one.
    pub parent: Option<Box<Container>>,
}

impl Container {
    /// A container known by its id alone.
    #[must_use]
    pub fn new(kind: ContainerKind, scope: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            kind,
            scope: scope.into(),
            id: Some(id.into()),
            key: None,
            name: None,
            url: None,
            private: None,
            parent: None,
        }
    }
}

/// The issue that an event concerns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueRef {
    /// Jira's id, e.g. `284408`.
    pub id: Option<String>,
    /// The key at the time, e.g. `WEB-1`.
    pub key: Option<String>,
}

/// One field that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The field's name, e.g. `status`.
    pub field: String,
    /// The value before; absent when there was none or upstream does not say.
    pub from: Option<String>,
    /// The value after; absent when there is none or upstream does not say.
    pub to: Option<String>,
}

/// From where something was done; each part may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// IP address as upstream writes it.
    pub ip: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Region or state.
    pub region: Option<String>,
    /// Country name in English.
    pub country: Option<String>,
}

//! The directory vocabulary: who and what exists, as a source lists it.
//!
//! A source that lists its users, groups and containers hands over entries page by page and closes each complete
//! listing with [`Entry::End`]. The store compares them with what it knows; what differs becomes events of the system
//! [`System::Directory`](super::System::Directory). An entry says what is true now, never what changed.

use super::{ActorKind, Alias, Container, Timestamp};
use serde::{Deserialize, Serialize};

/// One line of a directory listing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Entry {
    /// Somebody who has an account.
    User(Box<DirectoryUser>),
    /// A group.
    Group(DirectoryGroup),
    /// A project, space, repository, workspace, site or organization.
    Container(Container),
    /// Somebody's membership of a container, e.g. of a workspace.
    Member(DirectoryMember),
    /// An action that upstream can report.
    Action(DirectoryAction),
    /// Signs that somebody who may be known was active. Not a listing: it says nothing of who is there.
    Activity(Box<DirectoryUser>),
    /// An issue as it was at some moment. Not a listing: nobody lists all issues.
    Issue(Box<DirectoryIssue>),
    /// A version, board, sprint, filter, issue type, status or anything else with a name and details.
    Thing(Box<DirectoryThing>),
    /// Everybody who has a role in a schema of Assets. Not a listing: the source itself says what changed.
    RoleHolders(Vec<RoleHolder>),
    /// The listing of this kind is complete: whatever it did not name is gone.
    End(Listing),
}

/// The kinds of listing that can be complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Listing {
    /// All users of the source, with their groups where the source names them.
    Users,
    /// All groups of the source.
    Groups,
    /// All containers of the source.
    Containers,
    /// All members of all containers of the source.
    Members,
    /// All things of this kind.
    Things(ThingKind),
}

/// Somebody who has a role in a schema of Assets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum RoleHolder {
    /// An Atlassian account, by its id.
    Account(String),
    /// All who are in a group, by its id or name.
    Group(String),
}

/// Somebody as a directory lists them; absent means "not said", never "empty".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DirectoryUser {
    /// All names by which upstream knows them, the most telling first; at least one.
    pub aliases: Vec<Alias>,
    /// What kind of somebody.
    pub kind: ActorKind,
    /// Display name.
    pub name: Option<String>,
    /// Nickname.
    pub nickname: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Whether upstream says that nobody has confirmed the address.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unverified_email: bool,
    /// Whether they can use their account.
    pub status: Option<UserStatus>,
    /// Picture URL.
    pub avatar_url: Option<String>,
    /// Job title.
    pub job_title: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// When they were added to the organization or instance.
    pub added_at: Option<Timestamp>,
    /// The groups they are in, when this listing says so: then it names all of them.
    pub groups: Option<Vec<DirectoryGroup>>,
    /// Signs of activity.
    pub activity: Vec<ActivitySignal>,
}

/// Whether somebody can use their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, async_graphql::Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UserStatus {
    /// In use.
    Active,
    /// Suspended from the directory, or invited but not there yet.
    Suspended,
    /// Deactivated.
    Inactive,
    /// Deleted for good, or about to be.
    Closed,
}

impl UserStatus {
    /// All statuses; a status's place in this list is its number in the database, so only ever append.
    pub const ALL: [Self; 4] = [Self::Active, Self::Suspended, Self::Inactive, Self::Closed];

    /// The status's number in the database.
    #[must_use]
    pub fn number(self) -> i16 {
        Self::ALL
            .iter()
            .position(|status| *status == self)
            .and_then(|place| i16::try_from(place).ok())
            .unwrap_or(0)
    }

    /// The status with that number.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        usize::try_from(number)
            .ok()
            .and_then(|place| Self::ALL.get(place))
            .copied()
    }
}

/// One sign that somebody was active, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActivitySignal {
    /// What says so, e.g. `product-access:confluence` or `workspace:acme`; see [`signal`](super::signal).
    pub evidence: String,
    /// When they were last active by it.
    pub time: Timestamp,
}

/// A group as a directory lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DirectoryGroup {
    /// Upstream's id; the name where upstream has no ids.
    pub id: String,
    /// Name.
    pub name: Option<String>,
    /// Description.
    pub description: Option<String>,
}

/// Somebody's membership of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DirectoryMember {
    /// Of what.
    pub container: Container,
    /// Who, with all their known names.
    pub user: Box<DirectoryUser>,
    /// With which rights, in upstream's word, e.g. `owner`.
    pub permission: Option<String>,
    /// Since when, where upstream says so.
    pub since: Option<Timestamp>,
}

/// An issue as a source shows it; absent means "not said", never "empty".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DirectoryIssue {
    /// What makes ids unique: the scope of its site or instance, as in [`Container::scope`].
    pub scope: String,
    /// Jira's id, e.g. `284408`.
    pub id: String,
    /// The key, e.g. `WEB-1`.
    pub key: Option<String>,
    /// The issue type's name, e.g. `Bug`.
    pub kind: Option<String>,
    /// Its title.
    pub summary: Option<String>,
    /// The request type's name, for issues of a service project.
    pub request_type: Option<String>,
    /// The security level; `Some(None)` when upstream says that there is none.
    pub security: Option<Option<SecurityLevel>>,
    /// The project it is in.
    pub project: Option<Container>,
    /// The moment of which this is true; older news does not replace newer. Absent: the moment of recording.
    pub at: Option<Timestamp>,
    /// Set when the issue has been deleted: its whole body before that, in upstream's words, from which it can be restored.
    pub deleted: Option<String>,
}

/// An issue's security level: who is not in it does not see the issue.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SecurityLevel {
    /// Upstream's id.
    pub id: String,
    /// Name.
    pub name: Option<String>,
}

/// How the ids of groups begin that are the people of a customer organization of Jira Service Management; its id follows.
pub const CUSTOMER_ORGANIZATION: &str = "jsm-organization/";

/// Something that a source lists besides people, groups and containers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DirectoryThing {
    /// What kind of thing.
    pub kind: ThingKind,
    /// Upstream's id, unique within the source and kind.
    pub id: String,
    /// Name.
    pub name: Option<String>,
    /// Where it belongs, e.g. a version's project.
    pub container: Option<Container>,
    /// What else is known of it and worth an event when it changes, e.g. `released` of a version; sorted by name.
    pub details: std::collections::BTreeMap<String, String>,
}

/// The kinds of things that sources list.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, async_graphql::Enum,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ThingKind {
    /// A project's version.
    Version,
    /// A board.
    Board,
    /// A sprint.
    Sprint,
    /// A saved filter of Jira.
    Filter,
    /// An issue type.
    IssueType,
    /// A status.
    Status,
    /// A resolution.
    Resolution,
    /// A field.
    Field,
    /// A project role.
    ProjectRole,
    /// A permission scheme.
    PermissionScheme,
    /// An issue security level.
    SecurityLevel,
    /// An organization of Jira Service Management's customers.
    CustomerOrganization,
}

impl ThingKind {
    /// All kinds; a kind's place in this list is its number in the database, so only ever append.
    pub const ALL: [Self; 12] = [
        Self::Version,
        Self::Board,
        Self::Sprint,
        Self::Filter,
        Self::IssueType,
        Self::Status,
        Self::Resolution,
        Self::Field,
        Self::ProjectRole,
        Self::PermissionScheme,
        Self::SecurityLevel,
        Self::CustomerOrganization,
    ];

    /// The word that events use for such a thing, the first part of its actions' codes, e.g. `issue_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Board => "board",
            Self::Sprint => "sprint",
            Self::Filter => "filter",
            Self::IssueType => "issue_type",
            Self::Status => "status",
            Self::Resolution => "resolution",
            Self::Field => "field",
            Self::ProjectRole => "project_role",
            Self::PermissionScheme => "permission_scheme",
            Self::SecurityLevel => "security_level",
            Self::CustomerOrganization => "customer_organization",
        }
    }

    /// The kind's number in the database.
    #[must_use]
    pub fn number(self) -> i16 {
        Self::ALL
            .iter()
            .position(|kind| *kind == self)
            .and_then(|place| i16::try_from(place).ok())
            .unwrap_or(0)
    }

    /// The kind with that number.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        usize::try_from(number)
            .ok()
            .and_then(|place| Self::ALL.get(place))
            .copied()
    }
}

/// An action that upstream can report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DirectoryAction {
    /// The name that events carry, e.g. `user_login`.
    pub name: String,
    /// What people read, e.g. `Logged in to account`.
    pub label: Option<String>,
    /// The heading it is listed under.
    pub group: Option<String>,
    /// The key of that heading, which does not follow the language that upstream speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_key: Option<String>,
}

//! The lists that make up the site's directory: where each is, and which listing is incomplete without it.

use crate::event::Container;
use crate::event::directory::{DirectoryGroup, Listing, ThingKind};

/// One list.
#[derive(Clone, Debug)]
pub(super) enum List {
    Groups,
    /// The people in a group.
    Members(DirectoryGroup),
    Organizations,
    /// The people in a customer organization, by its id and as a group.
    Customers(String, DirectoryGroup),
    Users,
    Projects,
    Versions(Container),
    /// The roles of a project, not a list but an object; with the account of its lead.
    Roles(Container, Option<String>),
    /// Who has a role in a project, by the role's id.
    Actors(Container, String),
    Boards,
    /// The sprints of a board, by its id.
    Sprints(String),
    /// Who belongs to security levels.
    LevelMembers,
    /// Things that need nothing else.
    Things(ThingKind),
}

/// The kinds of things that [`List::Things`] lists.
pub(super) const PLAIN: [ThingKind; 8] = [
    ThingKind::Filter,
    ThingKind::IssueType,
    ThingKind::Status,
    ThingKind::Resolution,
    ThingKind::Field,
    ThingKind::ProjectRole,
    ThingKind::PermissionScheme,
    ThingKind::SecurityLevel,
];

impl List {
    /// What it is, in words for people.
    pub(super) fn what(&self) -> String {
        let named = |noun: &str, name: Option<&str>| {
            format!("the list of {noun} of {}", name.unwrap_or("no name"))
        };
        match self {
            Self::Groups => "the list of groups".to_owned(),
            Self::Members(group) => named("members", group.name.as_deref()),
            Self::Organizations => "the list of customer organizations".to_owned(),
            Self::Customers(_, group) => named("customers", group.name.as_deref()),
            Self::Users => "the list of users".to_owned(),
            Self::Projects => "the list of projects".to_owned(),
            Self::Versions(project) => named("versions", project.key.as_deref()),
            Self::Roles(project, _) => named("roles", project.key.as_deref()),
            Self::Actors(project, _) => named("people with roles", project.key.as_deref()),
            Self::Boards => "the list of boards".to_owned(),
            Self::Sprints(board) => named("sprints", Some(&format!("board {board}"))),
            Self::LevelMembers => "the list of members of security levels".to_owned(),
            Self::Things(kind) => format!("the list of {}s", kind.as_str().replace('_', " ")),
        }
    }

    /// Where it is, under the base of the API.
    pub(super) fn path(&self) -> String {
        let id = |place: &Container| {
            let name = place.id.as_deref().or(place.key.as_deref());
            name.unwrap_or_default().to_owned()
        };
        match self {
            Self::Groups => "rest/api/3/group/bulk".to_owned(),
            Self::Members(_) => "rest/api/3/group/member".to_owned(),
            Self::Organizations => "rest/servicedeskapi/organization".to_owned(),
            Self::Customers(id, _) => format!("rest/servicedeskapi/organization/{id}/user"),
            Self::Users => "rest/api/3/users/search".to_owned(),
            Self::Projects => "rest/api/3/project/search".to_owned(),
            Self::Versions(project) => format!("rest/api/3/project/{}/version", id(project)),
            Self::Roles(project, _) => format!("rest/api/3/project/{}/role", id(project)),
            Self::Actors(project, role) => {
                format!("rest/api/3/project/{}/role/{role}", id(project))
            }
            Self::Boards => "rest/agile/1.0/board".to_owned(),
            Self::Sprints(board) => format!("rest/agile/1.0/board/{board}/sprint"),
            Self::LevelMembers => "rest/api/3/issuesecurityschemes/level/member".to_owned(),
            Self::Things(kind) => match kind {
                ThingKind::Filter => "rest/api/3/filter/search",
                ThingKind::IssueType => "rest/api/3/issuetype",
                ThingKind::Status => "rest/api/3/statuses/search",
                ThingKind::Resolution => "rest/api/3/resolution/search",
                ThingKind::Field => "rest/api/3/field",
                ThingKind::ProjectRole => "rest/api/3/role",
                ThingKind::PermissionScheme => "rest/api/3/permissionscheme",
                _ => "rest/api/3/issuesecurityschemes/level",
            }
            .to_owned(),
        }
    }

    /// What is asked for besides the page.
    pub(super) fn query(&self) -> Vec<(&str, &str)> {
        match self {
            Self::Members(group) => {
                // Where groups have no ids, their names stand for them.
                let by_name = group.name.as_deref() == Some(group.id.as_str());
                let name = if by_name { "groupname" } else { "groupId" };
                vec![(name, &group.id), ("includeInactiveUsers", "true")]
            }
            Self::Projects => vec![
                ("status", "live"),
                ("status", "archived"),
                ("status", "deleted"),
                ("expand", "lead"),
            ],
            Self::Sprints(_) => vec![("state", "active,future,closed")],
            Self::Things(ThingKind::Filter) => vec![("expand", "owner,jql,description")],
            Self::Things(ThingKind::PermissionScheme) => vec![("expand", "permissions")],
            _ => Vec::new(),
        }
    }

    /// The names of the parameters for the first entry and the number of entries; `None` for lists in one piece.
    pub(super) fn paging(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Roles(..)
            | Self::Actors(..)
            | Self::Things(
                ThingKind::IssueType
                | ThingKind::Field
                | ThingKind::ProjectRole
                | ThingKind::PermissionScheme,
            ) => None,
            Self::Organizations | Self::Customers(..) => Some(("start", "limit")),
            _ => Some(("startAt", "maxResults")),
        }
    }

    /// As many entries as upstream gives at once.
    pub(super) fn most(&self) -> &'static str {
        match self {
            Self::Users => "1000",
            Self::Things(ThingKind::Status) => "200",
            Self::Projects | Self::Versions(_) | Self::Things(_) | Self::LevelMembers => "100",
            _ => "50",
        }
    }

    /// The listings that are not complete without it.
    pub(super) fn part_of(&self) -> Vec<Listing> {
        match self {
            Self::Groups => vec![Listing::Groups, Listing::Members],
            // Groups have roles, too.
            Self::Members(_) | Self::Customers(..) | Self::Roles(..) | Self::Actors(..) => {
                vec![Listing::Members]
            }
            Self::Organizations => vec![
                Listing::Groups,
                Listing::Things(ThingKind::CustomerOrganization),
            ],
            Self::Users => vec![Listing::Users],
            Self::Projects => vec![
                Listing::Containers,
                Listing::Members,
                Listing::Things(ThingKind::Version),
            ],
            Self::Versions(_) => vec![Listing::Things(ThingKind::Version)],
            Self::Boards => vec![
                Listing::Things(ThingKind::Board),
                Listing::Things(ThingKind::Sprint),
            ],
            Self::Sprints(_) => vec![Listing::Things(ThingKind::Sprint)],
            Self::LevelMembers => vec![Listing::Things(ThingKind::SecurityLevel)],
            Self::Things(kind) => vec![Listing::Things(*kind)],
        }
    }

    /// Whether a refusal with this status means that there is no such list, rather than that it must not be seen.
    pub(super) fn is_absent(&self, status: u16) -> bool {
        match self {
            // Boards without sprints.
            Self::Sprints(_) => matches!(status, 400 | 404),
            // Sites without Jira Software or Jira Service Management; groups and projects deleted meanwhile.
            Self::Boards
            | Self::Organizations
            | Self::Members(_)
            | Self::Customers(..)
            | Self::Versions(_)
            | Self::Roles(..)
            | Self::Actors(..) => matches!(status, 404 | 410),
            _ => false,
        }
    }
}

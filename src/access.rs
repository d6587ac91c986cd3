//! Who asks, and what they may see: the only place that answers "may they see it?".
//!
//! A [`Viewer`] comes out of a token and goes into every read that reaches a person. What a viewer may not see is not
//! there for them: no other code tells the two apart. Knows nothing of how tokens are stored or how queries are built.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, async_graphql::Enum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees all projects and grants access.
    Administrator,
    /// Sees all projects; grants nothing.
    Manager,
    /// Reads only the projects granted to the token.
    Viewer,
}

impl Role {
    /// All roles; a role's place in this list is its number in the database, so only ever append.
    pub const ALL: [Self; 3] = [Self::Administrator, Self::Manager, Self::Viewer];

    /// The name used on the command line, e.g. `administrator`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Manager => "manager",
            Self::Viewer => "viewer",
        }
    }

    /// The role of that name; `admin` is short for `administrator`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        if name == "admin" {
            return Some(Self::Administrator);
        }
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// The role's number in the database.
    #[must_use]
    pub fn number(self) -> i16 {
        Self::ALL
            .iter()
            .position(|role| *role == self)
            .and_then(|place| i16::try_from(place).ok())
            .unwrap_or(0)
    }

    /// The role with that number; the least powerful when there is none.
    #[must_use]
    pub fn from_number(number: i16) -> Self {
        usize::try_from(number)
            .ok()
            .and_then(|place| Self::ALL.get(place))
            .copied()
            .unwrap_or(Self::Viewer)
    }
}

/// The one who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The token they hold, by number; the server itself has none, and nothing that Jira hides is hidden from it.
    pub token_id: i32,
    /// The token's name.
    pub name: String,
    /// What the token allows.
    pub role: Role,
    /// The Atlassian account the token acts for.
    pub account_id: Option<String>,
    /// The projects granted to the token, by number; matters for [`Role::Viewer`] only.
    pub projects: Vec<i64>,
}

/// Which events a viewer may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// All of them: for the server itself, which reads on nobody's behalf.
    Everything,
    /// What somebody may see.
    Limited(Limits),
}

/// What somebody may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What happens in these projects and what lies inside them; `None`: in all of them.
    pub projects: Option<Vec<i64>>,
    /// As whom they stand before what Jira hides; `None`: nothing is hidden from them.
    pub standing: Option<Standing>,
}

/// As whom somebody stands before what is kept from people whatever their role and grants: issues with a security level,
/// and Assets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Standing {
    /// The Atlassian account that Jira is asked about; without one, issues with a security level are hidden.
    pub account: Option<Arc<str>>,
    /// Whether they are an administrator or manager here, without which nothing of Assets is shown.
    pub leads: bool,
}

impl Sight {
    /// Whether no project is left out, so that names that mean nothing may be told apart from those that mean something.
    #[must_use]
    pub fn spans_projects(&self) -> bool {
        self.projects().is_none()
    }

    /// The projects to which it is limited.
    #[must_use]
    pub fn projects(&self) -> Option<&[i64]> {
        match self {
            Self::Everything => None,
            Self::Limited(limits) => limits.projects.as_deref(),
        }
    }

    /// As whom the viewer stands before what Jira hides; `None`: nothing is hidden from them.
    #[must_use]
    pub fn standing(&self) -> Option<&Standing> {
        match self {
            Self::Everything => None,
            Self::Limited(limits) => limits.standing.as_ref(),
        }
    }
}

/// The number of no token.
const SERVER: i32 = 0;

impl Viewer {
    /// The server itself, when it reads on nobody's behalf.
    #[must_use]
    pub fn server() -> Self {
        Self {
            token_id: SERVER,
            name: "server".to_owned(),
            role: Role::Administrator,
            account_id: None,
            projects: Vec::new(),
        }
    }

    /// Whether it is the server itself.
    #[must_use]
    pub fn is_server(&self) -> bool {
        self.token_id == SERVER
    }

    /// Which events they may see.
    #[must_use]
    pub fn sight(&self) -> Sight {
        let projects = match self.role {
            Role::Administrator | Role::Manager => None,
            Role::Viewer => Some(self.projects.clone()),
        };
        let standing = (!self.is_server()).then(|| Standing {
            account: self.account_id.as_deref().map(Arc::from),
            leads: self.sees_directory(),
        });
        if projects.is_none() && standing.is_none() {
            return Sight::Everything;
        }
        Sight::Limited(Limits { projects, standing })
    }

    /// As whom they have what is theirs, such as saved filters: the account that the token acts for, whichever token it
    /// is; without one, the token itself.
    #[must_use]
    pub fn holder(&self) -> String {
        match &self.account_id {
            Some(account) => format!("account:{account}"),
            None => format!("token:{}", self.token_id),
        }
    }

    /// Whether they may decide what holds for everybody, such as who is one person.
    #[must_use]
    pub fn administers(&self) -> bool {
        self.role == Role::Administrator
    }

    /// Whether they may look through the directory: all people, groups and sources.
    #[must_use]
    pub fn sees_directory(&self) -> bool {
        matches!(self.role, Role::Administrator | Role::Manager)
    }
}

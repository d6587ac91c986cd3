//! Where it is from: the systems that report events, and the products in which things happen.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The vocabulary that upstream names belong to; also what `import --as` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    /// The audit log and directory of an Atlassian organization.
    Organization,
    /// Bitbucket Cloud.
    BitbucketCloud,
    /// Bitbucket Data Center.
    BitbucketDc,
    /// Jira Cloud.
    JiraCloud,
    /// Jira Data Center.
    JiraDc,
    /// Confluence Cloud.
    ConfluenceCloud,
    /// Confluence Data Center.
    ConfluenceDc,
    /// Assets of Jira Service Management.
    Assets,
    /// What this server notices by comparing two snapshots of a directory.
    Directory,
    /// What is done on this server itself.
    Auditgraph,
}

impl System {
    /// All systems, in the order in which they are listed to people.
    pub const ALL: [Self; 10] = [
        Self::Organization,
        Self::BitbucketCloud,
        Self::BitbucketDc,
        Self::JiraCloud,
        Self::JiraDc,
        Self::ConfluenceCloud,
        Self::ConfluenceDc,
        Self::Assets,
        Self::Directory,
        Self::Auditgraph,
    ];

    /// The name used in configuration, on the command line and in the database, e.g. `bitbucket-cloud`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::BitbucketCloud => "bitbucket-cloud",
            Self::BitbucketDc => "bitbucket-dc",
            Self::JiraCloud => "jira-cloud",
            Self::JiraDc => "jira-dc",
            Self::ConfluenceCloud => "confluence-cloud",
            Self::ConfluenceDc => "confluence-dc",
            Self::Assets => "assets",
            Self::Directory => "directory",
            Self::Auditgraph => "auditgraph",
        }
    }

    /// Whether it is this server itself, which nobody has to connect or import.
    #[must_use]
    pub const fn is_own(self) -> bool {
        matches!(self, Self::Directory | Self::Auditgraph)
    }

    /// The system of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|system| system.as_str() == name)
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An Atlassian product.
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
pub enum Product {
    /// Organization-wide administration: accounts, sites, policies, groups.
    Organization,
    /// Jira.
    Jira,
    /// Jira Service Management.
    ServiceManagement,
    /// Confluence.
    Confluence,
    /// Bitbucket.
    Bitbucket,
    /// Assets.
    Assets,
    /// Atlassian Guard.
    Guard,
    /// Any other product.
    Other,
    /// This server.
    Auditgraph,
}

impl Product {
    /// All products; a product's place in this list is its number in the database, so only ever append.
    pub const ALL: [Self; 9] = [
        Self::Organization,
        Self::Jira,
        Self::ServiceManagement,
        Self::Confluence,
        Self::Bitbucket,
        Self::Assets,
        Self::Guard,
        Self::Other,
        Self::Auditgraph,
    ];

    /// The product's number in the database.
    #[must_use]
    pub fn number(self) -> i16 {
        Self::ALL
            .iter()
            .position(|product| *product == self)
            .and_then(|place| i16::try_from(place).ok())
            .unwrap_or(0)
    }

    /// The product with that number; [`Product::Other`] when there is none.
    #[must_use]
    pub fn from_number(number: i16) -> Self {
        usize::try_from(number)
            .ok()
            .and_then(|place| Self::ALL.get(place))
            .copied()
            .unwrap_or(Self::Other)
    }
}

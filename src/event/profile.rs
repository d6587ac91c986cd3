//! What is changed of a profile upstream, in words.

use async_graphql::Enum;
use std::collections::BTreeMap;

/// A field of somebody's profile that can be changed from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enum)]
pub enum ProfileField {
    /// The department.
    Department,
    /// The job title.
    JobTitle,
    /// The organization, as the profile names it.
    Organization,
    /// Where they work.
    Location,
}

/// Values of a profile; what is empty is not set.
pub type Values = BTreeMap<ProfileField, String>;

/// Somebody's profile as upstream has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Its values.
    pub values: Values,
    /// The fields that upstream would not let us change, each with the reason.
    pub locked: BTreeMap<ProfileField, String>,
}

impl ProfileField {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Department,
        Self::JobTitle,
        Self::Organization,
        Self::Location,
    ];

    /// What people call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Department => "department",
            Self::JobTitle => "job title",
            Self::Organization => "organization",
            Self::Location => "location",
        }
    }
}

//! THE TABLE of qualifiers: the words before a colon, and which criterion of a filter each stands for.

use crate::event::Product;
use crate::event::filter::{EventFilter, Membership};

/// What a qualifier stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Qualifier {
    /// A criterion whose values are texts.
    List(List),
    Products,
    /// The time, with the sign that the word already says.
    Time(Sign),
    Zone,
    Membership,
    Jql,
    Text,
    /// The alternatives in the parentheses behind it, exactly as they are.
    Any,
}

/// How a moment bounds a range of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// The word does not say.
    Open,
    /// `>=`
    From,
    /// `>`
    After,
    /// `<`
    Before,
    /// `<=`
    Until,
}

/// A criterion whose values are texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Users,
    Groups,
    PeopleInProjects,
    PeopleInOrganizations,
    Actions,
    Categories,
    Sources,
    Projects,
    Issues,
    Targets,
    StatusFrom,
    StatusTo,
    Resolutions,
    Fields,
    Ips,
    Countries,
    Cities,
    Methods,
}

/// Each qualifier with its words; the first is the one that is printed. Case, `-` and `_` do not matter.
const TABLE: [(Qualifier, &[&str]); 29] = [
    (
        Qualifier::List(List::Users),
        &["actor", "user", "users", "author", "by"],
    ),
    (Qualifier::List(List::Groups), &["group", "groups"]),
    (
        Qualifier::List(List::PeopleInProjects),
        &["people-in-project", "people-in-projects"],
    ),
    (
        Qualifier::List(List::PeopleInOrganizations),
        &[
            "people-in-organization",
            "people-in-organizations",
            "people-in-org",
        ],
    ),
    (Qualifier::List(List::Actions), &["action", "actions"]),
    (
        Qualifier::List(List::Categories),
        &["category", "categories"],
    ),
    (Qualifier::List(List::Sources), &["source", "sources"]),
    (
        Qualifier::List(List::Projects),
        &["project", "projects", "space"],
    ),
    (Qualifier::List(List::Issues), &["issue", "issues", "key"]),
    (
        Qualifier::List(List::Targets),
        &["target", "targets", "object"],
    ),
    (
        Qualifier::List(List::StatusFrom),
        &["status-from", "from-status"],
    ),
    (
        Qualifier::List(List::StatusTo),
        &["status-to", "to-status", "status"],
    ),
    (
        Qualifier::List(List::Resolutions),
        &["resolution", "resolutions"],
    ),
    (
        Qualifier::List(List::Fields),
        &["field", "fields", "changed"],
    ),
    (
        Qualifier::List(List::Ips),
        &["ip", "ips", "address", "network"],
    ),
    (Qualifier::List(List::Countries), &["country", "countries"]),
    (Qualifier::List(List::Cities), &["city", "cities"]),
    (
        Qualifier::List(List::Methods),
        &["method", "methods", "via"],
    ),
    (Qualifier::Products, &["product", "products"]),
    (
        Qualifier::Time(Sign::Open),
        &["created", "time", "date", "when"],
    ),
    (Qualifier::Time(Sign::From), &["since"]),
    (Qualifier::Time(Sign::After), &["after"]),
    (Qualifier::Time(Sign::Before), &["before"]),
    (Qualifier::Time(Sign::Until), &["until"]),
    (Qualifier::Zone, &["tz", "time-zone"]),
    (Qualifier::Membership, &["membership"]),
    (Qualifier::Jql, &["jql"]),
    (Qualifier::Text, &["text"]),
    (Qualifier::Any, &["any"]),
];

impl Qualifier {
    /// The qualifier of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = plain(name);
        let has = |words: &[&str]| words.iter().any(|word| plain(word) == name);
        let row = TABLE.iter().find(|(_, words)| has(words))?;
        Some(row.0)
    }

    /// All names, those that are printed first.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        let first = TABLE.iter().filter_map(|(_, words)| words.first());
        let others = TABLE.iter().flat_map(|(_, words)| words.iter().skip(1));
        first.chain(others).copied()
    }

    /// Each with all its names, the one that is printed first.
    #[cfg(test)]
    pub(super) fn all() -> impl Iterator<Item = &'static [&'static str]> {
        TABLE.iter().map(|(_, words)| *words)
    }

    /// The name that is printed.
    pub(super) fn name(self) -> &'static str {
        let row = TABLE.iter().find(|(qualifier, _)| *qualifier == self);
        row.and_then(|(_, words)| words.first().copied())
            .unwrap_or_default()
    }
}

/// A name without what does not matter.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|character| !matches!(character, '-' | '_'))
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

impl List {
    /// In the order in which they are printed.
    pub(super) const ALL: [Self; 18] = [
        Self::Users,
        Self::Groups,
        Self::PeopleInProjects,
        Self::PeopleInOrganizations,
        Self::Actions,
        Self::Categories,
        Self::Sources,
        Self::Projects,
        Self::Issues,
        Self::Targets,
        Self::StatusFrom,
        Self::StatusTo,
        Self::Resolutions,
        Self::Fields,
        Self::Ips,
        Self::Countries,
        Self::Cities,
        Self::Methods,
    ];

    /// The values that a filter gives.
    pub(super) fn of(self, filter: &EventFilter) -> Option<&Vec<String>> {
        match self {
            Self::Users => &filter.users,
            Self::Groups => &filter.groups,
            Self::PeopleInProjects => &filter.people_in_projects,
            Self::PeopleInOrganizations => &filter.people_in_organizations,
            Self::Actions => &filter.actions,
            Self::Categories => &filter.categories,
            Self::Sources => &filter.sources,
            Self::Projects => &filter.projects,
            Self::Issues => &filter.issues,
            Self::Targets => &filter.targets,
            Self::StatusFrom => &filter.status_from,
            Self::StatusTo => &filter.status_to,
            Self::Resolutions => &filter.resolutions,
            Self::Fields => &filter.fields,
            Self::Ips => &filter.ips,
            Self::Countries => &filter.countries,
            Self::Cities => &filter.cities,
            Self::Methods => &filter.methods,
        }
        .as_ref()
    }

    /// Where a filter keeps them.
    pub(super) fn in_mut(self, filter: &mut EventFilter) -> &mut Option<Vec<String>> {
        match self {
            Self::Users => &mut filter.users,
            Self::Groups => &mut filter.groups,
            Self::PeopleInProjects => &mut filter.people_in_projects,
            Self::PeopleInOrganizations => &mut filter.people_in_organizations,
            Self::Actions => &mut filter.actions,
            Self::Categories => &mut filter.categories,
            Self::Sources => &mut filter.sources,
            Self::Projects => &mut filter.projects,
            Self::Issues => &mut filter.issues,
            Self::Targets => &mut filter.targets,
            Self::StatusFrom => &mut filter.status_from,
            Self::StatusTo => &mut filter.status_to,
            Self::Resolutions => &mut filter.resolutions,
            Self::Fields => &mut filter.fields,
            Self::Ips => &mut filter.ips,
            Self::Countries => &mut filter.countries,
            Self::Cities => &mut filter.cities,
            Self::Methods => &mut filter.methods,
        }
    }

    /// Whether it chooses people; these combine with OR.
    pub(super) const fn is_people(self) -> bool {
        matches!(
            self,
            Self::Users | Self::Groups | Self::PeopleInProjects | Self::PeopleInOrganizations
        )
    }

    /// Whether it is about what an event changed; these may have to hold for one change together.
    pub(super) const fn is_change(self) -> bool {
        matches!(
            self,
            Self::StatusFrom | Self::StatusTo | Self::Resolutions | Self::Fields
        )
    }
}

/// The word for a product.
pub(super) const fn product(product: Product) -> &'static str {
    match product {
        Product::Organization => "organization",
        Product::Jira => "jira",
        Product::ServiceManagement => "service-management",
        Product::Confluence => "confluence",
        Product::Bitbucket => "bitbucket",
        Product::Assets => "assets",
        Product::Guard => "guard",
        Product::Other => "other",
        Product::Auditgraph => "auditgraph",
    }
}

/// The product with that word.
pub(super) fn product_named(word: &str) -> Option<Product> {
    let word = plain(word);
    Product::ALL
        .into_iter()
        .find(|known| plain(product(*known)) == word)
}

/// The word for a time of membership.
pub(super) const fn membership(membership: Membership) -> &'static str {
    match membership {
        Membership::Now => "now",
        Membership::AtEventTime => "at-event-time",
    }
}

/// The time of membership with that word.
pub(super) fn membership_named(word: &str) -> Option<Membership> {
    [Membership::Now, Membership::AtEventTime]
        .into_iter()
        .find(|known| plain(membership(*known)) == plain(word))
}

#[cfg(test)]
mod tests {
    use super::{Qualifier, TABLE, plain};
    use std::collections::BTreeSet;

    #[test]
    fn a_word_stands_for_one_criterion() {
        let mut words = BTreeSet::new();
        for word in Qualifier::names() {
            assert!(words.insert(plain(word)), "{word} is there twice");
        }
        for (qualifier, _) in TABLE {
            assert_eq!(Qualifier::named(qualifier.name()), Some(qualifier));
        }
        // The names that the fields have in GraphQL do as well.
        for field in ["peopleInOrganizations", "statusFrom", "timeZone", "IPS"] {
            assert!(Qualifier::named(field).is_some(), "{field}");
        }
    }
}

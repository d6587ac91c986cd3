//! Whom a filter means: users, and the members of groups, projects and customer organizations, by any name that people
//! know them by.

use super::{Lookup, given, wrong};
use crate::event::directory::CUSTOMER_ORGANIZATION;
use crate::event::filter::{EventFilter, Membership};
use crate::event::node::{NodeId, NodeKind};
use crate::store::entity::{alias, group, user, user_word};
use crate::store::query::chosen::{People, Test};
use crate::store::{StoreError, clean};
use sea_orm::sea_query::Condition;
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};
use std::collections::{BTreeSet, HashMap};

impl Lookup<'_> {
    /// The selectors of people choose users, and combine with OR.
    pub(super) async fn people(
        &self,
        filter: &EventFilter,
        path: &str,
    ) -> Result<Option<Test>, StoreError> {
        let users = given(filter.users.as_ref(), path, "users")?;
        let groups = given(filter.groups.as_ref(), path, "groups")?;
        let projects = given(filter.people_in_projects.as_ref(), path, "peopleInProjects")?;
        let organizations = filter.people_in_organizations.as_ref();
        let organizations = given(organizations, path, "peopleInOrganizations")?;
        if users.is_none() && groups.is_none() && projects.is_none() && organizations.is_none() {
            return Ok(None);
        }
        let mut people = People {
            membership: filter.membership.unwrap_or_default(),
            ..People::default()
        };
        if !self.sees_all {
            return Ok(Some(Test::Actors(people)));
        }
        let users = users.unwrap_or_default();
        let found = self.users(users).await?;
        for (place, (name, found)) in users.iter().zip(found).enumerate() {
            if found.is_empty() {
                return Err(wrong(
                    format!("{path}.users[{place}]"),
                    format!(
                        "there is no user `{name}`; give a user's id, account id or e-mail address"
                    ),
                ));
            }
            people.users.extend(found);
        }
        for (place, name) in groups.unwrap_or_default().iter().enumerate() {
            let found = self.groups(name).await?;
            if found.is_empty() {
                return Err(wrong(
                    format!("{path}.groups[{place}]"),
                    format!("there is no group `{name}`; give a group's id or name"),
                ));
            }
            let groups = still_there(&found, people.membership);
            let groups = groups.ok_or_else(|| {
                let message = format!("the group `{name}` has been deleted; {INSTEAD}");
                wrong(format!("{path}.groups[{place}]"), message)
            })?;
            people.groups.extend(groups);
        }
        for (place, name) in organizations.unwrap_or_default().iter().enumerate() {
            let found = self.organizations(name).await?;
            if found.is_empty() {
                return Err(wrong(
                    format!("{path}.peopleInOrganizations[{place}]"),
                    format!(
                        "there is no customer organization `{name}`; give its name, Jira Service Management's id of \
                         it, or the id of the group of its people"
                    ),
                ));
            }
            let groups = still_there(&found, people.membership);
            let groups = groups.ok_or_else(|| {
                let message =
                    format!("the customer organization `{name}` has been deleted; {INSTEAD}");
                wrong(format!("{path}.peopleInOrganizations[{place}]"), message)
            })?;
            people.groups.extend(groups);
        }
        if let Some(names) = projects {
            people.containers = self.projects(names, path, "peopleInProjects").await?;
        }
        Ok(Some(Test::Actors(people)))
    }

    /// Everybody whom each of these ids, account ids or e-mail addresses names.
    pub(super) async fn users(&self, names: &[String]) -> Result<Vec<Vec<i64>>, StoreError> {
        let mut found = vec![Vec::new(); names.len()];
        if !self.sees_all {
            return Ok(found);
        }
        let number = |name: &String| NodeId::number_of(name, NodeKind::User);
        let persons = self.persons(names.iter().filter_map(number)).await?;
        let names: Vec<String> = names.iter().map(|name| clean(name.clone())).collect();
        let aliases = self.named(names.iter().filter(|name| number(name).is_none()));
        let aliases = aliases.await?;
        for (name, found) in names.iter().zip(&mut found) {
            let known = match number(name) {
                Some(number) => persons.get(&number),
                None => aliases.get(name),
            };
            found.extend(known.into_iter().flatten());
        }
        let unknown = names.iter().zip(&found);
        let unknown = unknown.filter(|(name, found)| found.is_empty() && number(name).is_none());
        let addresses: BTreeSet<String> = unknown.map(|(name, _)| name.to_lowercase()).collect();
        let by_address = self.addressed(&addresses).await?;
        for (name, found) in names.iter().zip(&mut found) {
            if found.is_empty() {
                let known = by_address.get(&name.to_lowercase());
                found.extend(known.into_iter().flatten());
            }
        }
        Ok(found)
    }

    /// Whose accounts these are, by number.
    async fn persons(
        &self,
        numbers: impl Iterator<Item = i64>,
    ) -> Result<HashMap<i64, Vec<i64>>, StoreError> {
        let numbers: Vec<i64> = numbers.collect();
        if numbers.is_empty() {
            return Ok(HashMap::new());
        }
        let rows: Vec<(i64, i64)> = user::Entity::find()
            .select_only()
            .column(user::Column::Id)
            .column(user::Column::PersonId)
            .filter(user::COLUMN.id.is_in(numbers))
            .into_tuple()
            .all(&self.store.read)
            .await?;
        Ok(rows
            .into_iter()
            .map(|(id, person)| (id, vec![person]))
            .collect())
    }

    /// Whose names these are.
    async fn named(
        &self,
        names: impl Iterator<Item = &String>,
    ) -> Result<HashMap<String, Vec<i64>>, StoreError> {
        let names: BTreeSet<&String> = names.collect();
        let mut whose: HashMap<String, Vec<i64>> = HashMap::new();
        if names.is_empty() {
            return Ok(whose);
        }
        let rows = alias::Entity::find()
            .filter(alias::COLUMN.value.is_in(names))
            .all(&self.store.read)
            .await?;
        for row in rows {
            whose.entry(row.value).or_default().push(row.user_id);
        }
        Ok(whose)
    }

    /// Whose e-mail addresses these are, in lower case.
    async fn addressed(
        &self,
        addresses: &BTreeSet<String>,
    ) -> Result<HashMap<String, Vec<i64>>, StoreError> {
        let mut whose: HashMap<String, Vec<i64>> = HashMap::new();
        if addresses.is_empty() {
            return Ok(whose);
        }
        let words = user_word::Entity::find()
            .filter(user_word::COLUMN.word.is_in(addresses))
            .all(&self.store.read)
            .await?;
        let ids: BTreeSet<i64> = words.into_iter().map(|word| word.user_id).collect();
        let users = user::Entity::find()
            .filter(user::COLUMN.id.is_in(ids))
            .all(&self.store.read)
            .await?;
        for user in users {
            if let Some(email) = user.email {
                let users = whose.entry(email.to_lowercase()).or_default();
                users.push(user.person_id);
            }
        }
        Ok(whose)
    }

    /// Every group with this id or name.
    async fn groups(&self, name: &str) -> Result<Vec<Found>, StoreError> {
        let named = match NodeId::number_of(name, NodeKind::Group) {
            Some(number) => Condition::all().add(group::COLUMN.id.eq(number)),
            None => Condition::any()
                .add(group::COLUMN.upstream_id.eq(clean(name.to_owned())))
                .add(group::COLUMN.name.eq(clean(name.to_owned()))),
        };
        self.groups_where(named).await
    }

    /// Every customer organization with this id or name: each is kept as the group of its people.
    async fn organizations(&self, name: &str) -> Result<Vec<Found>, StoreError> {
        let name = clean(name.to_owned());
        let named = match NodeId::number_of(&name, NodeKind::Group) {
            Some(number) => Condition::all().add(group::COLUMN.id.eq(number)),
            None => Condition::any()
                .add(
                    group::COLUMN
                        .upstream_id
                        .eq(format!("{CUSTOMER_ORGANIZATION}{name}")),
                )
                .add(group::COLUMN.upstream_id.eq(name.clone()))
                .add(group::COLUMN.name.eq(name)),
        };
        let kind = group::COLUMN.upstream_id.starts_with(CUSTOMER_ORGANIZATION);
        self.groups_where(Condition::all().add(named).add(kind))
            .await
    }

    async fn groups_where(&self, named: Condition) -> Result<Vec<Found>, StoreError> {
        Ok(group::Entity::find()
            .select_only()
            .column(group::Column::Id)
            .column(group::Column::GoneAt)
            .filter(named)
            .into_tuple()
            .all(&self.store.read)
            .await?)
    }
}

/// A group, and when it was noticed to be gone.
type Found = (i64, Option<i64>);

/// What can be asked for in the place of a group that has been deleted.
const INSTEAD: &str = "choose another one, or, with `membership: AT_EVENT_TIME`, those who were in it when they did something";

/// The groups whose members can be meant: nobody is in one that is gone, but people were. None where all are gone.
fn still_there(found: &[Found], membership: Membership) -> Option<Vec<i64>> {
    let meant = |(_, gone): &&Found| gone.is_none() || membership == Membership::AtEventTime;
    let groups: Vec<i64> = found.iter().filter(meant).map(|(id, _)| *id).collect();
    (!groups.is_empty()).then_some(groups)
}

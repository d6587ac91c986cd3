//! Whom a filter means: users, and the members of groups, projects and customer organizations, by any name that people
//! know them by.

use super::{Lookup, given, wrong};
use crate::event::directory::CUSTOMER_ORGANIZATION;
use crate::event::filter::EventFilter;
use crate::event::node::{NodeId, NodeKind};
use crate::store::entity::{alias, group, user, user_word};
use crate::store::query::chosen::{People, Test};
use crate::store::{StoreError, clean};
use sea_orm::sea_query::Condition;
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};

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
        for (place, name) in users.unwrap_or_default().iter().enumerate() {
            let found = self.users(name).await?;
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
            people.groups.extend(found);
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
            people.groups.extend(found);
        }
        if let Some(names) = projects {
            people.containers = self.projects(names, path, "peopleInProjects").await?;
        }
        Ok(Some(Test::Actors(people)))
    }

    /// Everybody whom this id, account id or e-mail address names.
    pub(super) async fn users(&self, name: &str) -> Result<Vec<i64>, StoreError> {
        if !self.sees_all {
            return Ok(Vec::new());
        }
        let db = &self.store.read;
        if let Some(number) = NodeId::number_of(name, NodeKind::User) {
            let found = user::Entity::find_by_id(number).one(db).await?;
            return Ok(found.into_iter().map(|user| user.person_id).collect());
        }
        let name = clean(name.to_owned());
        let aliases = alias::Entity::find()
            .filter(alias::COLUMN.value.eq(&name))
            .all(db)
            .await?;
        if !aliases.is_empty() {
            return Ok(aliases.into_iter().map(|alias| alias.user_id).collect());
        }
        let lower = name.to_lowercase();
        let words = user_word::Entity::find()
            .filter(user_word::COLUMN.word.eq(&lower))
            .all(db)
            .await?;
        let users = user::Entity::find()
            .filter(
                user::COLUMN
                    .id
                    .is_in(words.into_iter().map(|word| word.user_id)),
            )
            .all(db)
            .await?;
        let has_address = |user: &user::Model| {
            user.email
                .as_deref()
                .is_some_and(|email| email.to_lowercase() == lower)
        };
        Ok(users
            .into_iter()
            .filter(has_address)
            .map(|user| user.person_id)
            .collect())
    }

    /// Every group with this id or name.
    async fn groups(&self, name: &str) -> Result<Vec<i64>, StoreError> {
        let named = match NodeId::number_of(name, NodeKind::Group) {
            Some(number) => Condition::all().add(group::COLUMN.id.eq(number)),
            None => Condition::any()
                .add(group::COLUMN.upstream_id.eq(clean(name.to_owned())))
                .add(group::COLUMN.name.eq(clean(name.to_owned()))),
        };
        self.groups_where(named).await
    }

    /// Every customer organization with this id or name: each is kept as the group of its people.
    async fn organizations(&self, name: &str) -> Result<Vec<i64>, StoreError> {
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

    async fn groups_where(&self, named: Condition) -> Result<Vec<i64>, StoreError> {
        Ok(group::Entity::find()
            .select_only()
            .column(group::Column::Id)
            .filter(named)
            .into_tuple()
            .all(&self.store.read)
            .await?)
    }
}

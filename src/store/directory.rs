//! Reading the directory: people, groups, projects, and who belongs to what.
//!
//! A token that sees only some projects does not get to look through the directory: for it there are only those
//! projects, and the people who show up in their events are named there.

use super::alphabet::{begins_word, by_name, prefix_pattern};
use super::entity::{alias, container, group, membership, user};
use super::query::{check_search, persons_meant, persons_with_word, word_prefix};
use super::read::{Range, Rows, cut};
use super::{Store, StoreError, conflicts};
use crate::access::Viewer;
use crate::event::filter::EventFilter;
use crate::event::{Alias, ContainerKind, Timestamp};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Order, Query};
use sea_orm::{EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};
use std::collections::{BTreeSet, HashMap};

/// Where a page of a list that is sorted by name begins or ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameMark {
    /// The lower-case name.
    pub name: String,
    /// The number, for names that are equal.
    pub id: i64,
}

impl Store {
    /// A page of users by name; all of them, or those whom the choice leaves.
    pub async fn users(
        &self,
        viewer: &Viewer,
        choice: &UserChoice<'_>,
        range: Range<NameMark>,
    ) -> Result<Rows<user::Model>, StoreError> {
        check_search(choice.search)?;
        let rows = users(viewer, choice, &range).all(&self.read).await?;
        Ok(cut(rows, &range))
    }

    /// A page, by name, of the users whom a filter's selectors of people mean now; of all of them when it has none.
    /// Whatever else a filter asks for, it asks of events.
    pub async fn users_meant(
        &self,
        viewer: &Viewer,
        filter: &EventFilter,
        range: Range<NameMark>,
    ) -> Result<Rows<user::Model>, StoreError> {
        let mut users = users(viewer, &UserChoice::default(), &range);
        if filter.chooses_people() {
            let people = self.people_meant(filter, "filter", &viewer.sight()).await?;
            users = users.filter(persons_meant(&people));
        }
        let rows = users.all(&self.read).await?;
        Ok(cut(rows, &range))
    }

    /// How the database goes about such a page, in its own words, a step a line.
    pub async fn explain_users(
        &self,
        choice: &UserChoice<'_>,
        range: Range<NameMark>,
    ) -> Result<Vec<String>, StoreError> {
        let users = users(&Viewer::server(), choice, &range);
        self.explain(users.build(self.read.get_database_backend()))
            .await
    }

    /// A page of groups by name; all that the choice leaves.
    pub async fn groups(
        &self,
        viewer: &Viewer,
        choice: &GroupChoice<'_>,
        range: Range<NameMark>,
    ) -> Result<Rows<group::Model>, StoreError> {
        check_search(choice.search)?;
        let rows = groups(viewer, choice, &range).all(&self.read).await?;
        Ok(cut(rows, &range))
    }

    /// How the database goes about such a page, in its own words, a step a line.
    pub async fn explain_groups(
        &self,
        choice: &GroupChoice<'_>,
        range: Range<NameMark>,
    ) -> Result<Vec<String>, StoreError> {
        let groups = groups(&Viewer::server(), choice, &range);
        self.explain(groups.build(self.read.get_database_backend()))
            .await
    }

    /// A page of containers of these kinds by name; all of them, or those of which a word of the name, or the key, begins
    /// with `search`.
    pub async fn containers(
        &self,
        viewer: &Viewer,
        choice: &ContainerChoice<'_>,
        range: Range<NameMark>,
    ) -> Result<Rows<container::Model>, StoreError> {
        check_search(choice.search)?;
        let kinds = choice.kinds.iter().map(|kind| kind.number());
        let mut containers = container::Entity::find()
            .filter(visible_containers(viewer))
            .filter(container::COLUMN.kind.is_in(kinds))
            .filter(container::COLUMN.gone_at.is_null());
        if let Some(parent) = choice.parent {
            containers = containers.filter(container::COLUMN.parent_id.eq(parent));
        }
        if let Some(search) = choice.search {
            let key = Expr::expr(sea_orm::sea_query::Func::lower(Expr::col(
                container::Column::Key,
            )));
            containers = containers.filter(
                Condition::any()
                    .add(begins_word(container::Column::SortName, search))
                    .add(key.like(prefix_pattern(search))),
            );
        }
        let columns = (container::Column::SortName, container::Column::Id);
        let rows = by_name(containers, container::Entity, columns, &range)
            .all(&self.read)
            .await?;
        Ok(cut(rows, &range))
    }

    /// The users with these numbers, as far as the viewer may look them up, each with the number that found them: an
    /// account that was linked to another finds the person whose it is now.
    pub async fn users_by_id(
        &self,
        viewer: &Viewer,
        ids: &[i64],
    ) -> Result<Vec<(i64, user::Model)>, StoreError> {
        let accounts: Vec<(i64, i64)> = user::Entity::find()
            .select_only()
            .column(user::Column::Id)
            .column(user::Column::PersonId)
            .filter(user::COLUMN.id.is_in(ids.iter().copied()))
            .into_tuple()
            .all(&self.read)
            .await?;
        let persons: BTreeSet<i64> = accounts.iter().map(|(_, person)| *person).collect();
        let users = user::Entity::find()
            .filter(visible_users(viewer))
            .filter(user::COLUMN.id.is_in(persons))
            .all(&self.read)
            .await?;
        let found = accounts.into_iter().filter_map(|(id, person)| {
            let user = users.iter().find(|user| user.id == person)?;
            Some((id, user.clone()))
        });
        Ok(found.collect())
    }

    /// The accounts of these users, those that stand for them among them.
    pub async fn accounts_of(&self, users: &[i64]) -> Result<Vec<user::Model>, StoreError> {
        Ok(user::Entity::find()
            .filter(user::COLUMN.person_id.is_in(users.iter().copied()))
            .order_by_asc(user::Column::Id)
            .all(&self.read)
            .await?)
    }

    /// Whom these aliases name, whoever asks: to be shown by name beside an event that the viewer may see.
    pub async fn people(
        &self,
        aliases: &[i64],
    ) -> Result<Vec<(alias::Model, user::Model)>, StoreError> {
        let aliases = alias::Entity::find().filter(alias::COLUMN.id.is_in(aliases.iter().copied()));
        let aliases = aliases.all(&self.read).await?;
        let ids: BTreeSet<i64> = aliases.iter().map(|alias| alias.user_id).collect();
        let users = user::Entity::find()
            .filter(user::COLUMN.id.is_in(ids))
            .all(&self.read)
            .await?;
        Ok(aliases
            .into_iter()
            .filter_map(|alias| {
                let user = users.iter().find(|user| user.id == alias.user_id)?.clone();
                Some((alias, user))
            })
            .collect())
    }

    /// The user whom this alias names, if the viewer may look them up.
    pub async fn user_by_alias(
        &self,
        viewer: &Viewer,
        name: &Alias,
    ) -> Result<Option<user::Model>, StoreError> {
        let alias = alias::Entity::find()
            .filter(alias::COLUMN.namespace.eq(&name.namespace))
            .filter(alias::COLUMN.value.eq(&name.value))
            .one(&self.read)
            .await?;
        let Some(alias) = alias else { return Ok(None) };
        let found = self.users_by_id(viewer, &[alias.user_id]).await?.pop();
        Ok(found.map(|(_, user)| user))
    }

    /// All names of these users, oldest first.
    pub async fn aliases_of(&self, users: &[i64]) -> Result<Vec<alias::Model>, StoreError> {
        let aliases =
            alias::Entity::find().filter(alias::COLUMN.user_id.is_in(users.iter().copied()));
        Ok(aliases
            .order_by_asc(alias::Column::Id)
            .all(&self.read)
            .await?)
    }

    /// The groups with these numbers, as far as the viewer may see them.
    pub async fn groups_by_id(
        &self,
        viewer: &Viewer,
        ids: &[i64],
    ) -> Result<Vec<group::Model>, StoreError> {
        let groups = group::Entity::find().filter(visible_groups(viewer));
        Ok(groups
            .filter(group::COLUMN.id.is_in(ids.iter().copied()))
            .all(&self.read)
            .await?)
    }

    /// The containers with these numbers, whoever asks: to be shown beside an event that the viewer may see.
    pub async fn containers_by_id(&self, ids: &[i64]) -> Result<Vec<container::Model>, StoreError> {
        let containers = container::Entity::find();
        Ok(containers
            .filter(container::COLUMN.id.is_in(ids.iter().copied()))
            .all(&self.read)
            .await?)
    }

    /// The project, space or repository with this number, if the viewer may see it.
    pub async fn visible_project(
        &self,
        viewer: &Viewer,
        id: i64,
    ) -> Result<Option<container::Model>, StoreError> {
        let kinds = [
            ContainerKind::Project,
            ContainerKind::Space,
            ContainerKind::Repository,
        ];
        let containers = container::Entity::find_by_id(id)
            .filter(visible_containers(viewer))
            .filter(
                container::COLUMN
                    .kind
                    .is_in(kinds.map(ContainerKind::number)),
            );
        Ok(containers.one(&self.read).await?)
    }

    /// The containers of this kind and key that the viewer may see.
    pub async fn containers_by_key(
        &self,
        viewer: &Viewer,
        key: &str,
        kinds: &[ContainerKind],
    ) -> Result<Vec<container::Model>, StoreError> {
        Ok(container::Entity::find()
            .filter(visible_containers(viewer))
            .filter(container::COLUMN.key.eq(key.to_owned()))
            .filter(
                container::COLUMN
                    .kind
                    .is_in(kinds.iter().map(|kind| kind.number())),
            )
            .order_by_asc(container::Column::Id)
            .all(&self.read)
            .await?)
    }

    /// The containers of these kinds with this id, whoever asks.
    pub async fn containers_by_upstream_id(
        &self,
        id: &str,
        kinds: &[ContainerKind],
    ) -> Result<Vec<container::Model>, StoreError> {
        let kinds = kinds.iter().map(|kind| kind.number());
        Ok(container::Entity::find()
            .filter(container::COLUMN.kind.is_in(kinds))
            .filter(container::COLUMN.upstream_id.eq(id.to_owned()))
            .order_by_asc(container::Column::Id)
            .all(&self.read)
            .await?)
    }

    /// The memberships of these users, with all their accounts, that held at a moment; each with its user.
    pub async fn memberships(
        &self,
        users: &[i64],
        at: Option<Timestamp>,
    ) -> Result<Vec<(i64, membership::Model)>, StoreError> {
        let accounts: HashMap<i64, i64> = self
            .accounts_of(users)
            .await?
            .into_iter()
            .map(|account| (account.id, account.person_id))
            .collect();
        let ids: Vec<i64> = accounts.keys().copied().collect();
        let rows = memberships_at(MembershipSide::User, &ids, at)
            .order_by_asc(membership::Column::Id)
            .all(&self.read)
            .await?;
        let known = |row: membership::Model| Some((*accounts.get(&row.user_id)?, row));
        Ok(rows.into_iter().filter_map(known).collect())
    }

    /// A page of the memberships of one group or container that held at a moment, in the order in which they began.
    pub async fn members(
        &self,
        side: MembershipSide,
        id: i64,
        at: Option<Timestamp>,
        range: Range<i64>,
    ) -> Result<Rows<membership::Model>, StoreError> {
        let mut rows = memberships_at(side, &[id], at);
        if let Some(after) = range.after {
            rows = rows.filter(membership::COLUMN.id.gt(after));
        }
        if let Some(before) = range.before {
            rows = rows.filter(membership::COLUMN.id.lt(before));
        }
        let direction = if range.from_end {
            Order::Desc
        } else {
            Order::Asc
        };
        let rows = rows
            .order_by(membership::Column::Id, direction)
            .limit(range.limit + 1)
            .all(&self.read)
            .await?;
        Ok(cut(rows, &range))
    }
}

/// A page of the people whom a choice leaves.
fn users(
    viewer: &Viewer,
    choice: &UserChoice<'_>,
    range: &Range<NameMark>,
) -> Select<user::Entity> {
    let person = Expr::col((user::Entity, user::Column::PersonId));
    let mut users = user::Entity::find()
        .filter(visible_users(viewer))
        .filter(person.eq(Expr::col((user::Entity, user::Column::Id))));
    let search = choice.search.unwrap_or_default().to_lowercase();
    for term in search.split_whitespace() {
        let named = persons_with_word(word_prefix(term));
        users = users.filter(user::COLUMN.id.in_subquery(named));
    }
    if let Some(conflict) = choice.conflict {
        let with = Condition::all().add(conflicts::has_conflict());
        users = users.filter(if conflict { with } else { with.not() });
    }
    let columns = (user::Column::SortName, user::Column::Id);
    by_name(users, user::Entity, columns, range)
}

/// A page of the groups that a choice leaves.
fn groups(
    viewer: &Viewer,
    choice: &GroupChoice<'_>,
    range: &Range<NameMark>,
) -> Select<group::Entity> {
    let mut groups = group::Entity::find()
        .filter(visible_groups(viewer))
        .filter(group::COLUMN.gone_at.is_null());
    if choice.organizations {
        // Spelt out, so that databases see that it is what an index is of.
        groups = groups.filter(Expr::cust("\"upstream_id\" LIKE 'jsm-organization/%'"));
    }
    if let Some(search) = choice.search {
        groups = groups.filter(begins_word(group::Column::SortName, search));
    }
    let columns = (group::Column::SortName, group::Column::Id);
    by_name(groups, group::Entity, columns, range)
}

fn memberships_at(
    side: MembershipSide,
    ids: &[i64],
    at: Option<Timestamp>,
) -> Select<membership::Entity> {
    let column = match side {
        MembershipSide::User => membership::Column::UserId,
        MembershipSide::Group => membership::Column::GroupId,
        MembershipSide::Container => membership::Column::ContainerId,
    };
    let rows = membership::Entity::find().filter(Expr::col(column).is_in(ids.iter().copied()));
    match at {
        None => rows.filter(membership::COLUMN.until.is_null()),
        Some(at) => rows
            .filter(
                membership::COLUMN
                    .since
                    .is_null()
                    .or(membership::COLUMN.since.lte(at.micros())),
            )
            .filter(
                membership::COLUMN
                    .until
                    .is_null()
                    .or(membership::COLUMN.until.gt(at.micros())),
            ),
    }
}

/// Which users to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserChoice<'a> {
    /// Of whom every word of this begins a word of their name, nickname or e-mail address.
    pub search: Option<&'a str>,
    /// Who may be the same person as somebody else, or who may not.
    pub conflict: Option<bool>,
}

/// Which groups to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct GroupChoice<'a> {
    /// A word of whose name begins with this.
    pub search: Option<&'a str>,
    /// Only those that are the people of a customer organization.
    pub organizations: bool,
}

/// Which containers to list.
#[derive(Clone, Copy, Debug)]
pub struct ContainerChoice<'a> {
    /// Of these kinds.
    pub kinds: &'a [ContainerKind],
    /// Directly inside this one.
    pub parent: Option<i64>,
    /// Whose key, or a word of whose name, begins with this.
    pub search: Option<&'a str>,
}

/// From which side a membership is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MembershipSide {
    /// What a user belongs to.
    User,
    /// Who belongs to a group.
    Group,
    /// Who belongs to a container.
    Container,
}

fn visible_users(viewer: &Viewer) -> Condition {
    if viewer.sees_directory() {
        return Condition::all();
    }
    let own = viewer.account_id.clone().unwrap_or_default();
    let themself = Query::select()
        .column(alias::Column::UserId)
        .from(alias::Entity)
        .and_where(Expr::col(alias::Column::Namespace).eq("account"))
        .and_where(Expr::col(alias::Column::Value).eq(own))
        .to_owned();
    Condition::all().add(Expr::col((user::Entity, user::Column::Id)).in_subquery(themself))
}

fn visible_groups(viewer: &Viewer) -> Condition {
    if viewer.sees_directory() {
        Condition::all()
    } else {
        Condition::all().add(Expr::val(1).eq(0))
    }
}

fn visible_containers(viewer: &Viewer) -> Condition {
    if viewer.sees_directory() {
        return Condition::all();
    }
    let granted = || viewer.projects.iter().copied();
    Condition::any()
        .add(Expr::col((container::Entity, container::Column::Id)).is_in(granted()))
        .add(Expr::col((container::Entity, container::Column::ParentId)).is_in(granted()))
}

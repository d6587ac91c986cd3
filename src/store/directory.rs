//! Reading the directory: people, groups, projects, and who belongs to what.
//!
//! A token that sees only some projects does not get to look through the directory: for it there are only those
//! projects, and the people who show up in their events are named there.

use super::entity::{activity_signal, alias, container, group, membership, user, user_word};
use super::query::word_prefix;
use super::read::{Range, Rows, cut};
use super::{Store, StoreError, bulk};
use crate::access::Viewer;
use crate::event::{Alias, ContainerKind, Timestamp};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, LikeExpr, Order, Query};
use sea_orm::{DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use std::collections::BTreeSet;

/// Where a page of a list that is sorted by name begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameMark {
    /// The lower-case name.
    pub name: String,
    /// The number, for names that are equal.
    pub id: i64,
}

impl Store {
    /// A page of users by name; all of them, or those of whom every word of `search` begins a word of their name,
    /// nickname or e-mail address.
    pub async fn users(
        &self,
        viewer: &Viewer,
        search: Option<&str>,
        range: Range<NameMark>,
    ) -> Result<Rows<user::Model>, StoreError> {
        let mut users = user::Entity::find().filter(visible_users(viewer));
        for term in search.unwrap_or_default().to_lowercase().split_whitespace() {
            let matching = Query::select()
                .column(user_word::Column::UserId)
                .from(user_word::Entity)
                .cond_where(word_prefix(term))
                .to_owned();
            users = users.filter(user::COLUMN.id.in_subquery(matching));
        }
        let columns = (user::Column::SortName, user::Column::Id);
        let rows = by_name(users, user::Entity, columns, &range)
            .all(&self.read)
            .await?;
        Ok(cut(rows, &range))
    }

    /// A page of groups by name; all of them, or those whose name begins with `search`.
    pub async fn groups(
        &self,
        viewer: &Viewer,
        search: Option<&str>,
        range: Range<NameMark>,
    ) -> Result<Rows<group::Model>, StoreError> {
        let mut groups = group::Entity::find()
            .filter(visible_groups(viewer))
            .filter(group::COLUMN.gone_at.is_null());
        if let Some(search) = search {
            groups = groups.filter(starts_with(group::Column::SortName, search));
        }
        let columns = (group::Column::SortName, group::Column::Id);
        let rows = by_name(groups, group::Entity, columns, &range)
            .all(&self.read)
            .await?;
        Ok(cut(rows, &range))
    }

    /// A page of containers of these kinds by name; all of them, or those whose name or key begins with `search`.
    pub async fn containers(
        &self,
        viewer: &Viewer,
        choice: &ContainerChoice<'_>,
        range: Range<NameMark>,
    ) -> Result<Rows<container::Model>, StoreError> {
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
                    .add(starts_with(container::Column::SortName, search))
                    .add(key.like(prefix_pattern(search))),
            );
        }
        let columns = (container::Column::SortName, container::Column::Id);
        let rows = by_name(containers, container::Entity, columns, &range)
            .all(&self.read)
            .await?;
        Ok(cut(rows, &range))
    }

    /// The users with these numbers, as far as the viewer may look them up.
    pub async fn users_by_id(
        &self,
        viewer: &Viewer,
        ids: &[i64],
    ) -> Result<Vec<user::Model>, StoreError> {
        let users = user::Entity::find().filter(visible_users(viewer));
        Ok(users
            .filter(user::COLUMN.id.is_in(ids.iter().copied()))
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
        Ok(self.users_by_id(viewer, &[alias.user_id]).await?.pop())
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

    /// All signs of activity of these users, newest first.
    pub async fn activity_of(
        &self,
        users: &[i64],
    ) -> Result<Vec<activity_signal::Model>, StoreError> {
        let signals = activity_signal::Entity::find()
            .filter(activity_signal::COLUMN.user_id.is_in(users.iter().copied()));
        Ok(signals
            .order_by_desc(activity_signal::Column::Time)
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

    /// Memberships of these users, groups or containers that held at a moment.
    pub async fn memberships(
        &self,
        side: MembershipSide,
        ids: &[i64],
        at: Option<Timestamp>,
    ) -> Result<Vec<membership::Model>, StoreError> {
        let rows = memberships_at(side, ids, at);
        Ok(rows
            .order_by_asc(membership::Column::Id)
            .all(&self.read)
            .await?)
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
        let rows = rows
            .order_by_asc(membership::Column::Id)
            .limit(range.limit + 1)
            .all(&self.read)
            .await?;
        Ok(cut(rows, &range))
    }
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

/// Which containers to list.
#[derive(Clone, Copy, Debug)]
pub struct ContainerChoice<'a> {
    /// Of these kinds.
    pub kinds: &'a [ContainerKind],
    /// Directly inside this one.
    pub parent: Option<i64>,
    /// Whose name or key begins with this.
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

/// A list sorted by name and then number, cut to a range.
fn by_name<E: EntityTrait>(
    mut list: Select<E>,
    entity: E,
    (name, id): (E::Column, E::Column),
    range: &Range<NameMark>,
) -> Select<E> {
    let key = || Expr::tuple([Expr::col((entity, name)), Expr::col((entity, id))]);
    let place = |mark: &NameMark| Expr::tuple([Expr::val(mark.name.clone()), Expr::val(mark.id)]);
    if let Some(mark) = &range.after {
        list = list.filter(if range.descending {
            key().lt(place(mark))
        } else {
            key().gt(place(mark))
        });
    }
    if let Some(mark) = &range.before {
        list = list.filter(if range.descending {
            key().gt(place(mark))
        } else {
            key().lt(place(mark))
        });
    }
    let direction = if range.descending == range.from_end {
        Order::Asc
    } else {
        Order::Desc
    };
    list.order_by(name, direction.clone())
        .order_by(id, direction)
        .limit(range.limit + 1)
}

fn starts_with<C: sea_orm::ColumnTrait>(column: C, search: &str) -> Expr {
    Expr::col(column.as_column_ref()).like(prefix_pattern(search))
}

fn prefix_pattern(search: &str) -> LikeExpr {
    let escaped = search
        .to_lowercase()
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    LikeExpr::new(format!("{escaped}%")).escape('\\')
}

/// Indexes the words of somebody's names anew, for search by prefix.
pub(super) async fn index_words(
    transaction: &DatabaseTransaction,
    user: &user::Model,
) -> Result<(), StoreError> {
    user_word::Entity::delete_many()
        .filter(user_word::COLUMN.user_id.eq(user.id))
        .exec(transaction)
        .await?;
    bulk::insert(transaction, &words_of(user)).await
}

/// The rows of the words of somebody's names.
pub(super) fn words_of(user: &user::Model) -> Vec<user_word::Model> {
    let texts = [
        user.name.as_deref(),
        user.nickname.as_deref(),
        user.email.as_deref(),
    ];
    let words: BTreeSet<String> = texts.into_iter().flatten().flat_map(words).collect();
    words
        .into_iter()
        .map(|word| user_word::Model {
            word,
            user_id: user.id,
        })
        .collect()
}

/// The words of a text in lower case: what stands between spaces, and each part of it that begins behind something
/// that is neither letter nor digit, so that `ann-lee@example.com` is found by `ann-lee@ex` and by `lee@`.
fn words(text: &str) -> Vec<String> {
    let lower = super::clean(text.to_lowercase());
    let mut words = Vec::new();
    for whole in lower.split_whitespace() {
        let mut inside = false;
        for (place, character) in whole.char_indices() {
            let belongs = character.is_alphanumeric();
            if belongs && !inside {
                words.push(short(&whole[place..]));
            }
            inside = belongs;
        }
        words.push(short(whole));
    }
    words
}

/// As much of a word as anybody types.
fn short(word: &str) -> String {
    word.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_begin_wherever_a_part_begins() {
        let mut found = words("Ann-Lee  O'Neil ann.lee@Example.com");
        found.sort();
        found.dedup();
        assert_eq!(
            found,
            [
                "ann-lee",
                "ann.lee@example.com",
                "com",
                "example.com",
                "lee",
                "lee@example.com",
                "neil",
                "o'neil"
            ]
        );
    }
}

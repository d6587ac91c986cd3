//! Whose events a filter chooses: users and the members of groups, by any name that people know them by.

use super::{Compiler, given, wrong};
use crate::event::filter::EventFilter;
use crate::event::node::{NodeId, NodeKind};
use crate::store::StoreError;
use crate::store::entity::{alias, event, group, membership, user, user_word};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{EntityTrait, QueryFilter};

impl Compiler<'_> {
    /// The selectors of people choose users, and combine with OR.
    pub(super) async fn people(
        &self,
        filter: &EventFilter,
        path: &str,
    ) -> Result<Option<Condition>, StoreError> {
        let users = given(filter.users.as_ref(), path, "users")?;
        let groups = given(filter.groups.as_ref(), path, "groups")?;
        if users.is_none() && groups.is_none() {
            return Ok(None);
        }
        let mut chosen = Condition::any();
        if let Some(names) = users {
            let mut ids = Vec::new();
            for (place, name) in names.iter().enumerate() {
                let found = if self.sees_all {
                    self.users(name).await?
                } else {
                    Vec::new()
                };
                if found.is_empty() && self.sees_all {
                    return Err(wrong(
                        format!("{path}.users[{place}]"),
                        format!(
                            "there is no user `{name}`; give a user's id, account id or e-mail address"
                        ),
                    ));
                }
                ids.extend(found);
            }
            chosen = chosen.add(Expr::col(alias::Column::UserId).is_in(ids));
        }
        if let Some(names) = groups {
            let mut ids = Vec::new();
            for (place, name) in names.iter().enumerate() {
                let found = if self.sees_all {
                    self.groups(name).await?
                } else {
                    Vec::new()
                };
                if found.is_empty() && self.sees_all {
                    return Err(wrong(
                        format!("{path}.groups[{place}]"),
                        format!("there is no group `{name}`; give a group's id or name"),
                    ));
                }
                ids.extend(found);
            }
            let members = Query::select()
                .column(membership::Column::UserId)
                .from(membership::Entity)
                .and_where(Expr::col(membership::Column::GroupId).is_in(ids))
                .and_where(Expr::col(membership::Column::Until).is_null())
                .to_owned();
            chosen = chosen.add(Expr::col(alias::Column::UserId).in_subquery(members));
        }
        let theirs = self
            .among(event::Column::ActorId, aliases_of(chosen))
            .await?;
        Ok(Some(Condition::all().add(theirs)))
    }

    /// Everybody whom this id, account id or e-mail address names.
    async fn users(&self, name: &str) -> Result<Vec<i64>, StoreError> {
        if !self.sees_all {
            return Ok(Vec::new());
        }
        let db = &self.store.read;
        if let Some(number) = NodeId::number_of(name, NodeKind::User) {
            let found = user::Entity::find_by_id(number).one(db).await?;
            return Ok(found.into_iter().map(|user| user.id).collect());
        }
        let aliases = alias::Entity::find()
            .filter(alias::COLUMN.value.eq(name))
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
            .map(|user| user.id)
            .collect())
    }

    /// Every group with this id or name.
    async fn groups(&self, name: &str) -> Result<Vec<i64>, StoreError> {
        if !self.sees_all {
            return Ok(Vec::new());
        }
        let mut groups = group::Entity::find();
        groups = match NodeId::number_of(name, NodeKind::Group) {
            Some(number) => groups.filter(group::COLUMN.id.eq(number)),
            None => groups.filter(
                Condition::any()
                    .add(group::COLUMN.upstream_id.eq(name))
                    .add(group::COLUMN.name.eq(name.to_owned())),
            ),
        };
        Ok(groups
            .all(&self.store.read)
            .await?
            .into_iter()
            .map(|group| group.id)
            .collect())
    }
}

/// The aliases, as events refer to them, for which this holds.
pub(super) fn aliases_of(condition: Condition) -> SelectStatement {
    Query::select()
        .column(alias::Column::Id)
        .from(alias::Entity)
        .cond_where(condition)
        .to_owned()
}

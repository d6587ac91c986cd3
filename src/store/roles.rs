//! Who has a role in a schema of Assets, as the source that knows has read it last.

use super::entity::{alias, group, membership, role_holder, source};
use super::listing::Comparison;
use super::{Store, StoreError, clean};
use crate::event::directory::{CUSTOMER_ORGANIZATION, RoleHolder};
use crate::event::{Alias, System};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Query};
use sea_orm::{EntityTrait, IntoActiveModel, QueryFilter};
use std::collections::BTreeSet;

/// The systems whose groups can have such a role. A group of the same name in a Data Center instance is another one.
const ONE_DIRECTORY: [System; 3] = [
    System::Organization,
    System::JiraCloud,
    System::ConfluenceCloud,
];

/// Rows that one statement writes.
const ROWS: usize = 1_000;

impl Comparison<'_, '_> {
    /// Takes these instead of those whom the source named before.
    pub(super) async fn role_holders(&self, holders: Vec<RoleHolder>) -> Result<(), StoreError> {
        let transaction = self.resolver.transaction;
        role_holder::Entity::delete_many()
            .filter(role_holder::COLUMN.source_id.eq(self.source_id))
            .exec(transaction)
            .await?;
        let rows: BTreeSet<(bool, String)> = holders
            .into_iter()
            .map(|holder| match holder {
                RoleHolder::Account(id) => (false, clean(id)),
                RoleHolder::Group(name) => (true, clean(name)),
            })
            .collect();
        let rows: Vec<_> = rows
            .into_iter()
            .map(|(is_group, holder)| {
                let source_id = self.source_id;
                let row = role_holder::Model {
                    source_id,
                    is_group,
                    holder,
                };
                row.into_active_model()
            })
            .collect();
        for rows in rows.chunks(ROWS) {
            role_holder::Entity::insert_many(rows.to_vec())
                .exec_without_returning(transaction)
                .await?;
        }
        Ok(())
    }
}

impl Store {
    /// Forgets who has a role by any source but these: the settings no longer say where to read it.
    pub async fn keep_role_holders_of(&self, sources: &[&str]) -> Result<(), StoreError> {
        let these = Query::select()
            .column(source::Column::Id)
            .from(source::Entity)
            .and_where(source::COLUMN.name.is_in(sources.iter().copied()))
            .to_owned();
        role_holder::Entity::delete_many()
            .filter(role_holder::COLUMN.source_id.not_in_subquery(these))
            .exec(&self.write)
            .await?;
        Ok(())
    }

    /// Whether an account has a role in a schema of Assets, by itself or through a group.
    pub(super) async fn has_role(&self, account: &str) -> Result<bool, StoreError> {
        let alias = Alias::account(account);
        let users = Query::select()
            .column(alias::Column::UserId)
            .from(alias::Entity)
            .and_where(alias::COLUMN.namespace.eq(alias.namespace))
            .and_where(alias::COLUMN.value.eq(alias.value.clone()))
            .to_owned();
        let cloud = Query::select()
            .column(source::Column::Id)
            .from(source::Entity)
            .and_where(
                source::COLUMN
                    .system
                    .is_in(ONE_DIRECTORY.map(System::as_str)),
            )
            .to_owned();
        let holder = || Expr::col((role_holder::Entity, role_holder::Column::Holder));
        let called = |column| holder().eq(Expr::col((group::Entity, column)));
        let in_group = Query::select()
            .expr(Expr::val(1))
            .from(membership::Entity)
            .inner_join(
                group::Entity,
                Expr::col((group::Entity, group::Column::Id))
                    .eq(Expr::col((membership::Entity, membership::Column::GroupId))),
            )
            .and_where(membership::COLUMN.user_id.in_subquery(users))
            .and_where(membership::COLUMN.until.is_null())
            .and_where(group::COLUMN.gone_at.is_null())
            .and_where(group::COLUMN.source_id.in_subquery(cloud))
            .and_where(
                group::COLUMN
                    .upstream_id
                    .starts_with(CUSTOMER_ORGANIZATION)
                    .not(),
            )
            .cond_where(
                Condition::any()
                    .add(called(group::Column::UpstreamId))
                    .add(called(group::Column::Name)),
            )
            .to_owned();
        let own = Condition::all()
            .add(role_holder::COLUMN.is_group.eq(false))
            .add(role_holder::COLUMN.holder.eq(alias.value));
        let through_group = Condition::all()
            .add(role_holder::COLUMN.is_group.eq(true))
            .add(Expr::exists(in_group));
        let found = role_holder::Entity::find()
            .filter(Condition::any().add(own).add(through_group))
            .one(&self.read)
            .await?;
        Ok(found.is_some())
    }
}

//! The tests of a tree as sets of numbers, for those who have the log in another form than rows: the aggregated view
//! turns them into masks over its columns.

use super::chosen::{ActionNames, People, Test};
use super::sql::{at_sites, inside, of_any, of_users};
use super::{Condition, Sql, Use, Whose};
use crate::event::Timestamp;
use crate::event::filter::Membership;
use crate::store::entity::{alias, event, membership, user};
use crate::store::{Store, StoreError};
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect};

/// The time in which what somebody does under one of their names is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stint {
    /// The name, in `aliases`.
    pub alias_id: i64,
    /// The first moment; open when absent.
    pub since: Option<Timestamp>,
    /// The first moment that no longer counts; open when absent.
    pub until: Option<Timestamp>,
}

impl Store {
    /// The numbers of the actions that are called so.
    pub async fn actions_called(&self, names: &ActionNames) -> Result<Vec<i32>, StoreError> {
        let known = self.actions().await?;
        let called = known.iter().filter(|action| names.name(action));
        Ok(called.map(|action| action.id).collect())
    }

    /// The numbers of these containers and of what lies directly inside one.
    pub async fn containers_inside(&self, ids: &[i64]) -> Result<Vec<i64>, StoreError> {
        self.numbers(&inside(ids)).await
    }

    /// The numbers of the sites with these scopes and of everything at them.
    pub async fn containers_at(&self, scopes: &[String]) -> Result<Vec<i64>, StoreError> {
        self.numbers(&at_sites(scopes)).await
    }

    async fn numbers(&self, found: &SelectStatement) -> Result<Vec<i64>, StoreError> {
        let rows = self.read.query_all(found).await?;
        let number = |row: &sea_orm::QueryResult| row.try_get_by_index(0);
        Ok(rows.iter().map(number).collect::<Result<_, _>>()?)
    }

    /// Who is chosen, name by name, and when; a name may have several stints.
    ///
    /// Events that name nobody count for whom they are known to be by now: see [`Store::late_actors`].
    pub async fn stints(&self, people: &People) -> Result<Vec<Stint>, StoreError> {
        let always = |alias_id: i64| Stint {
            alias_id,
            since: None,
            until: None,
        };
        let users: Vec<i64> = alias::Entity::find()
            .select_only()
            .column(alias::Column::Id)
            .filter(of_users(&people.users))
            .into_tuple()
            .all(&self.read)
            .await?;
        let mut stints: Vec<Stint> = users.into_iter().map(always).collect();
        if !people.asks_for_members() {
            return Ok(stints);
        }
        let mut members = alias::Entity::find()
            .select_only()
            .column(alias::Column::Id)
            .column(membership::Column::Since)
            .column(membership::Column::Until)
            .join(
                JoinType::InnerJoin,
                alias::Entity::belongs_to(user::Entity)
                    .from(alias::Column::UserId)
                    .to(user::Column::PersonId)
                    .into(),
            )
            .join(
                JoinType::InnerJoin,
                user::Entity::belongs_to(membership::Entity)
                    .from(user::Column::Id)
                    .to(membership::Column::UserId)
                    .into(),
            )
            .filter(of_any(people));
        let now = people.membership == Membership::Now;
        if now {
            members = members.filter(membership::COLUMN.until.is_null());
        }
        let members: Vec<(i64, Option<i64>, Option<i64>)> =
            members.into_tuple().all(&self.read).await?;
        stints.extend(members.into_iter().map(|(alias_id, since, until)| Stint {
            alias_id,
            since: since.filter(|_| !now).map(Timestamp::from_micros),
            until: until.map(Timestamp::from_micros),
        }));
        Ok(stints)
    }

    /// The positions behind `after`, up to `until`, of events that pass a test, in order: for tests of what is in no
    /// column. The stretch should not be longer than one statement may take.
    pub async fn positions(
        &self,
        test: &Test,
        after: i64,
        until: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let condition: Condition = Sql::new(self, Use::Lasting, Whose::Theirs).of(test).await?;
        let seq = || Expr::col((event::Entity, event::Column::Seq));
        Ok(event::Entity::find()
            .select_only()
            .column(event::Column::Seq)
            .filter(condition)
            .filter(seq().gt(after))
            .filter(seq().lte(until))
            .order_by_asc(event::Column::Seq)
            .into_tuple()
            .all(&self.read)
            .await?)
    }
}

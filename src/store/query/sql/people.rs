//! Who did it: by the event's own word, or as was learned later; and who belonged to what, now or then.

use super::super::text::persons_of;
use super::{Sql, Use, Whose, column, one};
use crate::event::filter::Membership;
use crate::store::StoreError;
use crate::store::entity::{alias, event, late_actor, membership, user};
use crate::store::query::chosen::People;
use sea_orm::JoinType;
use sea_orm::QueryResult;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Func, Query, SelectStatement};

impl Sql<'_> {
    pub(super) async fn actors(&self, people: &People) -> Result<Condition, StoreError> {
        let mut chosen = Condition::any().add(of_users(&people.users));
        if !people.asks_for_members() {
            return self.did(chosen).await;
        }
        if people.membership == Membership::Now {
            chosen = chosen.add(of_members(people, true));
            return self.did(chosen).await;
        }
        // Who ever was a member can be looked up in an index; whether it was at the right time is then asked of each event.
        let ever = Condition::all().add(of_members(people, false));
        let then = Condition::all()
            .add(self.did(ever).await?)
            .add(held(people));
        if people.users.is_empty() {
            return Ok(then);
        }
        Ok(Condition::any().add(self.did(chosen).await?).add(then))
    }

    /// That somebody did it one of whose names is chosen.
    async fn did(&self, names: Condition) -> Result<Condition, StoreError> {
        let theirs = aliases_of(names);
        let late = match self.whose {
            Whose::Named => None,
            Whose::Theirs | Whose::Late => self.late(&theirs).await?,
        };
        let mut any = Condition::any().add_option(late);
        if self.whose != Whose::Late {
            any = any.add(self.among(event::Column::ActorId, theirs).await?);
        } else if any.is_empty() {
            any = any.add(Expr::val(false));
        }
        Ok(any)
    }

    /// What somebody turned out later to have done; `None` when there is nothing of the kind.
    async fn late(&self, aliases: &SelectStatement) -> Result<Option<Expr>, StoreError> {
        let mut learned = learned(aliases.clone());
        if self.used == Use::Now {
            let seq = |row: &QueryResult| row.try_get_by_index::<i64>(0);
            if let Some(found) = self.few(&mut learned, seq).await? {
                if found.is_empty() {
                    return Ok(None);
                }
                return Ok(Some(column(event::Column::Seq).is_in(found)));
            }
        }
        Ok(Some(column(event::Column::Seq).in_subquery(learned)))
    }
}

/// That a name is one of these persons'. Who stands for them may change while a stream is open.
pub(in crate::store::query) fn of_users(users: &[i64]) -> Expr {
    let persons = Query::select()
        .column(user::Column::PersonId)
        .from(user::Entity)
        .and_where(Expr::col(user::Column::Id).is_in(users.iter().copied()))
        .to_owned();
    Expr::col(alias::Column::UserId).in_subquery(persons)
}

/// That a name is somebody's who is a member now, or ever was.
fn of_members(people: &People, now: bool) -> Expr {
    let mut members = Query::select()
        .column(membership::Column::UserId)
        .from(membership::Entity)
        .cond_where(of_any(people))
        .to_owned();
    if now {
        members.and_where(Expr::col(membership::Column::Until).is_null());
    }
    Expr::col(alias::Column::UserId).in_subquery(persons_of(members))
}

/// That somebody is one of those whom selectors of people mean now.
pub(in crate::store) fn persons_meant(people: &People) -> Condition {
    let id = || Expr::col((user::Entity, user::Column::Id));
    let persons = Query::select()
        .column(user::Column::PersonId)
        .from(user::Entity)
        .and_where(Expr::col(user::Column::Id).is_in(people.users.iter().copied()))
        .to_owned();
    let mut any = Condition::any().add(id().in_subquery(persons));
    if people.asks_for_members() {
        let members = Query::select()
            .column(membership::Column::UserId)
            .from(membership::Entity)
            .cond_where(of_any(people))
            .and_where(Expr::col(membership::Column::Until).is_null())
            .to_owned();
        any = any.add(id().in_subquery(persons_of(members)));
    }
    any
}

/// That a membership is one of what is asked about.
pub(in crate::store::query) fn of_any(people: &People) -> Condition {
    let mut any = Condition::any();
    for (column, ids) in [
        (membership::Column::GroupId, &people.groups),
        (membership::Column::ContainerId, &people.containers),
    ] {
        if !ids.is_empty() {
            let column = Expr::col((membership::Entity, column));
            any = any.add(column.is_in(ids.iter().copied()));
        }
    }
    any
}

/// That whoever did it was a member when it happened. A membership whose beginning nobody saw has always been.
fn held(people: &People) -> Condition {
    let time = || Expr::col((event::Entity, event::Column::Time));
    let since = || Expr::col((membership::Entity, membership::Column::Since));
    let until = || Expr::col((membership::Entity, membership::Column::Until));
    let late = Query::select()
        .column(late_actor::Column::AliasId)
        .from(late_actor::Entity)
        .and_where(
            Expr::col((late_actor::Entity, late_actor::Column::Seq))
                .equals((event::Entity, event::Column::Seq)),
        )
        .to_owned();
    let actor = Func::coalesce([
        column(event::Column::ActorId),
        Expr::SubQuery(None, Box::new(late.into())),
    ]);
    let name = |column| Expr::col((alias::Entity, column));
    let held = Query::select()
        .expr(Expr::val(1))
        .from(alias::Entity)
        .join(
            JoinType::InnerJoin,
            user::Entity,
            Expr::col((user::Entity, user::Column::PersonId))
                .equals((alias::Entity, alias::Column::UserId)),
        )
        .join(
            JoinType::InnerJoin,
            membership::Entity,
            Expr::col((membership::Entity, membership::Column::UserId))
                .equals((user::Entity, user::Column::Id)),
        )
        .and_where(name(alias::Column::Id).eq(actor))
        .cond_where(of_any(people))
        .cond_where(
            Condition::any()
                .add(since().is_null())
                .add(since().lte(time())),
        )
        .cond_where(
            Condition::any()
                .add(until().is_null())
                .add(until().gt(time())),
        )
        .to_owned();
    one(Expr::exists(held))
}

/// The events that one of these aliases turned out later to have done.
pub(in crate::store::query) fn learned(aliases: SelectStatement) -> SelectStatement {
    Query::select()
        .column(late_actor::Column::Seq)
        .from(late_actor::Entity)
        .and_where(Expr::col(late_actor::Column::AliasId).in_subquery(aliases))
        .to_owned()
}

/// The aliases, as events refer to them, for which this holds.
pub(in crate::store::query) fn aliases_of(condition: Condition) -> SelectStatement {
    Query::select()
        .column(alias::Column::Id)
        .from(alias::Entity)
        .cond_where(condition)
        .to_owned()
}

/// The aliases of these persons.
pub(super) fn aliases_of_users(users: &[i64]) -> SelectStatement {
    aliases_of(Condition::all().add(of_users(users)))
}

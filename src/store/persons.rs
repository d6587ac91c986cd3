//! One person, several accounts.
//!
//! An account is a row of `users` with its aliases, profile, memberships, listings and signs of activity; it keeps them
//! for ever. A person is a set of accounts: the row of one of them stands for all (`users.person_id`, `aliases.user_id`).
//! Linking and separating change nothing but these two columns, so separating gives back exactly what was linked, and
//! events, which refer to aliases, follow by themselves.
//!
//! Who is one person:
//!
//! 1. **An administrator's decision beats every rule**, for ever: what they separated no rule links again, and what they
//!    linked only they separate. Rules only ever link.
//! 2. **Named together**: names that one line of a directory gives to somebody are one person's, unless then one person
//!    would have two Atlassian accounts or two Bitbucket accounts. That is a contradiction: kept, and listed as a
//!    conflict.
//! 3. **One verified e-mail address**: two accounts are one person's when two directories that vouch for addresses, the
//!    organization's or a Data Center instance's, each list exactly one person with it, both people, both active.
//! 4. **Known by the address alone**: somebody whose only kind of name is an e-mail address is the one active person whom
//!    such directories list with it.
//!
//! Everything else that looks like one person (the same address without proof, the same name) is listed as a conflict and
//! never linked; see [`conflicts`](super::conflicts).

use super::entity::{alias, person_contradiction, person_decision, revision, user};
use super::listing::Comparison;
use super::names::{Resolver, unnamed};
use super::observation::Observation;
use super::{StoreError, bulk, words};
use crate::event::directory::UserStatus;
use crate::event::{Actor, ActorKind, Alias};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, Set, Statement,
};
use std::collections::BTreeSet;

/// Namespaces in which one person has one name.
const SINGLE: [&str; 2] = ["account", "bitbucket"];

/// What the rules say to making two persons one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They are one already.
    Same,
    /// An administrator keeps them apart.
    Apart,
    /// One person would have two names where everybody has one.
    Contradiction,
    /// Nothing is against it.
    Free,
}

impl Resolver<'_> {
    /// The person whose account has this number.
    pub(super) async fn person_of(&self, id: i64, path: String) -> Result<i64, StoreError> {
        let row = user::Entity::find_by_id(id).one(self.transaction).await?;
        row.map(|row| row.person_id)
            .ok_or_else(|| wrong(path, "there is no such user".to_owned()))
    }

    /// All names of a person, oldest first.
    pub(super) async fn names_of(&self, person: i64) -> Result<Vec<alias::Model>, StoreError> {
        Ok(alias::Entity::find()
            .filter(alias::COLUMN.user_id.eq(person))
            .order_by_asc(alias::Column::Id)
            .all(self.transaction)
            .await?)
    }

    /// An account as an event names it.
    pub(super) async fn actor(&self, account: i64) -> Result<Option<Actor>, StoreError> {
        let alias = alias::Entity::find()
            .filter(alias::COLUMN.account_id.eq(account))
            .order_by_asc(alias::Column::Id)
            .one(self.transaction)
            .await?;
        let user = user::Entity::find_by_id(account)
            .one(self.transaction)
            .await?;
        Ok(alias.zip(user).map(|(alias, user)| Actor {
            alias: Alias {
                namespace: alias.namespace,
                value: alias.value,
            },
            kind: ActorKind::from_number(user.kind),
            name: user.name,
            email: user.email,
        }))
    }

    /// Whether a rule may make these two one person.
    pub(super) async fn judge(&self, one: i64, other: i64) -> Result<Verdict, StoreError> {
        if one == other {
            return Ok(Verdict::Same);
        }
        let (ours, theirs) = (self.names_of(one).await?, self.names_of(other).await?);
        if !decided_apart(self, &ours, &theirs).await?.is_empty() {
            return Ok(Verdict::Apart);
        }
        let has = |names: &[alias::Model], namespace: &str| {
            names.iter().any(|name| name.namespace == namespace)
        };
        let doubled = SINGLE
            .iter()
            .any(|namespace| has(&ours, namespace) && has(&theirs, namespace));
        Ok(if doubled {
            Verdict::Contradiction
        } else {
            Verdict::Free
        })
    }

    /// Whether a person may have this name, too.
    pub(super) async fn fits(&self, person: i64, name: &Alias) -> Result<bool, StoreError> {
        if !SINGLE.contains(&name.namespace.as_str()) {
            return Ok(true);
        }
        let names = self.names_of(person).await?;
        Ok(!names.iter().any(|row| row.namespace == name.namespace))
    }

    /// Makes these persons one; the number of who stands for them.
    pub(super) async fn join(&self, persons: &[i64]) -> Result<i64, StoreError> {
        let accounts = user::Entity::find()
            .filter(user::COLUMN.person_id.is_in(persons.iter().copied()))
            .all(self.transaction)
            .await?;
        self.unite(accounts.iter().map(|account| account.id).collect())
            .await
    }

    /// Makes these accounts one person. The oldest with an Atlassian account id stands for them, or else the oldest: so
    /// the same accounts always make the same person.
    async fn unite(&self, accounts: Vec<i64>) -> Result<i64, StoreError> {
        let cloud = alias::Entity::find()
            .filter(alias::COLUMN.account_id.is_in(accounts.iter().copied()))
            .filter(alias::COLUMN.namespace.eq("account"))
            .order_by_asc(alias::Column::AccountId)
            .one(self.transaction)
            .await?;
        let oldest = accounts.iter().copied().min().unwrap_or_default();
        let person = cloud.map_or(oldest, |alias| alias.account_id);
        user::Entity::update_many()
            .col_expr(user::Column::PersonId, Expr::value(person))
            .filter(user::COLUMN.id.is_in(accounts.iter().copied()))
            .exec(self.transaction)
            .await?;
        alias::Entity::update_many()
            .col_expr(alias::Column::UserId, Expr::value(person))
            .filter(alias::COLUMN.account_id.is_in(accounts))
            .exec(self.transaction)
            .await?;
        revision::Entity::update_many()
            .col_expr(
                revision::Column::Number,
                Expr::col(revision::Column::Number).add(1),
            )
            .filter(revision::COLUMN.name.eq(revision::PEOPLE))
            .exec(self.transaction)
            .await?;
        Ok(person)
    }

    /// Makes two persons of one. An account with names on both sides stays with the most telling of them, and the others
    /// get an account of their own.
    pub(super) async fn split(
        &mut self,
        leaving: &[alias::Model],
        staying: &[alias::Model],
    ) -> Result<(i64, i64), StoreError> {
        let accounts = |names: &[alias::Model]| -> BTreeSet<i64> {
            names.iter().map(|name| name.account_id).collect()
        };
        let (mut gone, mut kept) = (accounts(leaving), accounts(staying));
        let shared: Vec<i64> = gone.intersection(&kept).copied().collect();
        for account in shared {
            let telling = |names: &[alias::Model]| {
                let ours = names.iter().filter(|name| name.account_id == account);
                ours.map(|name| (name.namespace != "account", name.id))
                    .min()
            };
            let (moves, side) = if telling(leaving) < telling(staying) {
                (staying, &mut kept)
            } else {
                (leaving, &mut gone)
            };
            let fresh = self.branch_off(account).await?;
            let moves = moves.iter().filter(|name| name.account_id == account);
            alias::Entity::update_many()
                .col_expr(alias::Column::AccountId, Expr::value(fresh))
                .filter(alias::COLUMN.id.is_in(moves.map(|name| name.id)))
                .exec(self.transaction)
                .await?;
            side.remove(&account);
            side.insert(fresh);
        }
        let gone = self.unite(gone.into_iter().collect()).await?;
        let kept = self.unite(kept.into_iter().collect()).await?;
        Ok((gone, kept))
    }

    /// A new account that is called as another is.
    async fn branch_off(&mut self, account: i64) -> Result<i64, StoreError> {
        let like = user::Entity::find_by_id(account)
            .one(self.transaction)
            .await?;
        let like = like.unwrap_or_else(|| unnamed(account));
        let row = user::Model {
            kind: like.kind,
            name: like.name,
            sort_name: like.sort_name,
            ..unnamed(self.next_user().await?)
        };
        bulk::insert(self.transaction, &words::words_of(&row)).await?;
        let row = row.into_active_model().reset_all();
        Ok(row.insert(self.transaction).await?.id)
    }
}

impl Comparison<'_, '_> {
    /// Upstream gives these names to whoever has this account: they are one person's, unless something speaks against it.
    pub(super) async fn named_together(
        &mut self,
        account: &user::Model,
        names: &[alias::Model],
    ) -> Result<(), StoreError> {
        let Some(own) = names.iter().find(|name| name.account_id == account.id) else {
            return Ok(());
        };
        for other in names.iter().filter(|name| name.account_id != account.id) {
            // Linking the one before may have changed who stands for them.
            let [one, two] = [
                self.resolver.person_of(account.id, String::new()).await?,
                self.resolver
                    .person_of(other.account_id, String::new())
                    .await?,
            ];
            match self.resolver.judge(one, two).await? {
                Verdict::Same | Verdict::Apart => {}
                Verdict::Free => {
                    let why = format!("{} names them together", self.source);
                    self.link(one, two, why).await?;
                }
                Verdict::Contradiction => self.contradict(own, other).await?,
            }
        }
        Ok(())
    }

    /// Keeps that upstream gives two persons' names to one.
    async fn contradict(&self, one: &alias::Model, other: &alias::Model) -> Result<(), StoreError> {
        let row = person_contradiction::ActiveModel {
            low_id: Set(Ord::min(one.id, other.id)),
            high_id: Set(Ord::max(one.id, other.id)),
            source_id: Set(self.source_id),
            noticed_at: Set(self.now.micros()),
        };
        let known = OnConflict::columns([
            person_contradiction::Column::LowId,
            person_contradiction::Column::HighId,
        ])
        .do_nothing()
        .to_owned();
        person_contradiction::Entity::insert(row)
            .on_conflict(known)
            .exec_without_returning(self.resolver.transaction)
            .await?;
        Ok(())
    }

    /// Links whom directories list under one verified address.
    pub(super) async fn link_by_address(&mut self) -> Result<(), StoreError> {
        for sql in [listed_twice(), known_by_address()] {
            let backend = self.resolver.transaction.get_database_backend();
            let found = self
                .resolver
                .transaction
                .query_all_raw(Statement::from_string(backend, sql))
                .await?;
            for row in found {
                let pair: [i64; 2] = [row.try_get_by_index(0)?, row.try_get_by_index(1)?];
                // An earlier pair may have changed who stands for them.
                let [one, other] = [
                    self.resolver.person_of(pair[0], String::new()).await?,
                    self.resolver.person_of(pair[1], String::new()).await?,
                ];
                if self.resolver.judge(one, other).await? == Verdict::Free {
                    let why = "directories list them under one verified e-mail address";
                    self.link(one, other, why.to_owned()).await?;
                }
            }
        }
        Ok(())
    }

    async fn link(&mut self, one: i64, other: i64, why: String) -> Result<(), StoreError> {
        let named = [
            self.resolver.actor(one).await?,
            self.resolver.actor(other).await?,
        ];
        let user = self.resolver.join(&[one, other]).await?;
        let [mut kept, mut gone] = named;
        if user != one {
            std::mem::swap(&mut kept, &mut gone);
        }
        if let Some(kept) = kept {
            let linked = Observation::of_people("user.linked", kept, gone.into_iter().collect());
            self.observe(linked.because(why));
        }
        Ok(())
    }
}

/// Decisions that keep some of ours and some of theirs apart.
pub(super) async fn decided_apart(
    resolver: &Resolver<'_>,
    ours: &[alias::Model],
    theirs: &[alias::Model],
) -> Result<Vec<person_decision::Model>, StoreError> {
    let is = |names: &[alias::Model], id: i64| names.iter().any(|name| name.id == id);
    let all = || ours.iter().chain(theirs).map(|name| name.id);
    let rows = person_decision::Entity::find()
        .filter(person_decision::Column::LowId.is_in(all()))
        .filter(person_decision::Column::HighId.is_in(all()))
        .filter(person_decision::Column::Linked.eq(false))
        .all(resolver.transaction)
        .await?;
    let crosses = |row: &person_decision::Model| {
        (is(ours, row.low_id) && is(theirs, row.high_id))
            || (is(theirs, row.low_id) && is(ours, row.high_id))
    };
    Ok(rows.into_iter().filter(crosses).collect())
}

/// Pairs of persons whom two directories list with one address, and nobody else with it in either.
fn listed_twice() -> String {
    let alone = |listed: &str, account: &str| {
        format!(
            "NOT EXISTS (SELECT 1 FROM listed_users x JOIN users y ON y.id = x.user_id
                WHERE x.source_id = {listed}.source_id AND x.email = {listed}.email
                AND y.person_id <> {account}.person_id)"
        )
    };
    format!(
        "SELECT DISTINCT u.person_id, v.person_id
        FROM listed_users l
        JOIN listed_users m ON m.email = l.email AND m.source_id > l.source_id
        JOIN users u ON u.id = l.user_id
        JOIN users v ON v.id = m.user_id
        WHERE u.person_id <> v.person_id AND {} AND {} AND {} AND {}
        ORDER BY 1, 2",
        active_person("u"),
        active_person("v"),
        alone("l", "u"),
        alone("m", "v"),
    )
}

/// Persons who are known by an address alone, with the one person whom directories list with it.
fn known_by_address() -> String {
    format!(
        "SELECT a.user_id, MIN(u.person_id)
        FROM aliases a
        JOIN listed_users l ON l.email = a.value
        JOIN users u ON u.id = l.user_id
        WHERE a.namespace = 'email' AND NOT EXISTS (
            SELECT 1 FROM aliases o WHERE o.user_id = a.user_id AND o.namespace <> 'email')
        GROUP BY a.id, a.user_id
        HAVING COUNT(DISTINCT u.person_id) = 1 AND MIN(CASE WHEN {} THEN 1 ELSE 0 END) = 1
        ORDER BY 1",
        active_person("u"),
    )
}

fn active_person(account: &str) -> String {
    format!(
        "{account}.kind = {} AND {account}.status = {}",
        ActorKind::Person.number(),
        UserStatus::Active.number()
    )
}

pub(super) fn wrong(path: String, message: String) -> StoreError {
    StoreError::Filter { path, message }
}

//! A tree of tests as a condition for the database.
//!
//! Written so that the common questions walk an index in the order of the list (`tests/it/plans.rs` says which).

mod people;
mod security;
mod text;

pub(in crate::store) use people::persons_meant;
pub(super) use people::{aliases_of, learned, of_any, of_users};

use super::chosen::{ActionName, ActionNames, ChangeOf, Targets, Test, WordOf};
use super::text::{fits, lower};
use super::{FEW, column};
use crate::event::{ContainerKind, Timestamp};
use crate::store::entity::{action, change, container, event};
use crate::store::{Store, StoreError, bulk};
use futures::future::BoxFuture;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryResult};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use uuid::Uuid;

/// How long a condition is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// For one page: what is there now may be written out, so that an index can be walked in the order of the list.
    Now,
    /// For a stream: who joins a group, and what is seen for the first time, counts from then on.
    Lasting,
}

/// Whose events the tests of actors that must all pass are to choose; those further inside always choose both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Whose {
    /// Of everybody whom it names.
    Theirs,
    /// Those that name them by themselves, which an index has in the order of the list.
    Named,
    /// Those of which it turned out later that they did it.
    Late,
}

/// How many numbers a statement may name one by one: databases take only so many parameters.
const NUMBERS: usize = 10_000;

/// Turns one tree into a condition.
#[derive(Clone)]
pub(super) struct Sql<'a> {
    store: &'a Store,
    used: Use,
    whose: Whose,
    /// How many numbers may still be named.
    room: Arc<AtomicUsize>,
}

impl<'a> Sql<'a> {
    pub(super) fn new(store: &'a Store, used: Use, whose: Whose) -> Self {
        Self {
            store,
            used,
            whose,
            room: Arc::new(AtomicUsize::new(NUMBERS)),
        }
    }

    /// The condition of a whole tree.
    pub(super) async fn of(&self, tree: &Test) -> Result<Condition, StoreError> {
        let Test::All(tests) = tree else {
            return self.inner(tree).await;
        };
        let mut all = Condition::all();
        for test in tests {
            all = all.add(match test {
                Test::Actors(people) => self.actors(people).await?,
                test => self.inner(test).await?,
            });
        }
        Ok(all)
    }

    async fn inner(&self, test: &Test) -> Result<Condition, StoreError> {
        let inner = Sql {
            whose: Whose::Theirs,
            ..self.clone()
        };
        inner.test(test).await
    }

    fn test<'c>(&'c self, tree: &'c Test) -> BoxFuture<'c, Result<Condition, StoreError>> {
        Box::pin(async move {
            Ok(match tree {
                Test::All(parts) => {
                    let mut all = Condition::all();
                    for part in parts {
                        all = all.add(self.test(part).await?);
                    }
                    all
                }
                Test::Any(parts) => {
                    let mut any = Vec::with_capacity(parts.len());
                    for part in parts {
                        any.push(self.test(part).await?);
                    }
                    any_of(any)
                }
                Test::Not(test) => {
                    // An event that lacks what is asked about was not chosen, so it stays: unknown counts as no.
                    let left_out = Expr::from(self.test(test).await?);
                    let chosen = Func::coalesce([left_out, Expr::val(false)]);
                    Condition::all().add(Expr::expr(chosen).not())
                }
                Test::Time { from, to } => self.time(*from, *to),
                Test::Sources(ids) => {
                    one(column(event::Column::SourceId).is_in(ids.iter().copied()))
                }
                Test::Products(products) => {
                    let numbers = products.iter().map(|product| product.number());
                    one(column(event::Column::Product).is_in(numbers))
                }
                Test::Actions(names) => {
                    let found = self.actions(names);
                    one(self.among(event::Column::ActionId, found).await?)
                }
                Test::Actors(people) => self.actors(people).await?,
                Test::Inside(ids) => {
                    one(self.among(event::Column::ContainerId, inside(ids)).await?)
                }
                Test::OfIssue => one(self.unindexed(issue_reference()).is_not_null()),
                Test::Issues(names) => one(self.issues(names)?),
                Test::Sites(scopes) => {
                    one(column(event::Column::ContainerId).in_subquery(at_sites(scopes)))
                }
                Test::Targets(targets) => self.targets(targets),
                Test::Changed(change) => self.changed(change).await?,
                Test::Addresses(ranges) => addresses(ranges),
                Test::Word(of, names) => {
                    let word = lower(self.store, column(word_column(*of)));
                    one(word.is_in(names.iter().cloned()))
                }
                Test::Text(text) => text::containing(self.store, text),
                Test::Shown(standing) => self.store.shown(standing).await?,
            })
        })
    }

    /// That a column names one of the rows that a query finds.
    async fn among(
        &self,
        column_of: event::Column,
        mut found: SelectStatement,
    ) -> Result<Expr, StoreError> {
        if self.used == Use::Now {
            // The numbers of actions are shorter than those of people and places.
            let number = |row: &QueryResult| match column_of {
                event::Column::ActionId => row.try_get_by_index::<i32>(0).map(i64::from),
                _ => row.try_get_by_index(0),
            };
            if let Some(numbers) = self.few(&mut found, number).await? {
                return Ok(column(column_of).is_in(numbers));
            }
        }
        Ok(self.indexed(column_of).in_subquery(found))
    }

    /// The numbers that a query finds, unless they are many.
    async fn few(
        &self,
        found: &mut SelectStatement,
        number: impl Fn(&QueryResult) -> Result<i64, sea_orm::DbErr>,
    ) -> Result<Option<Vec<i64>>, StoreError> {
        let limit = FEW + 1;
        found.limit(limit as u64);
        let rows = self.store.read.query_all(&*found).await?;
        found.reset_limit();
        let room = |room: usize| room.checked_sub(rows.len());
        let taken = self.room.fetch_update(Relaxed, Relaxed, room);
        if rows.len() == limit || taken.is_err() {
            return Ok(None);
        }
        let numbers: Vec<i64> = rows.iter().map(number).collect::<Result<_, _>>()?;
        Ok(Some(numbers))
    }

    /// A column that has an index. A stream reads a short stretch of the log by its primary key, and SQLite would rather
    /// read all that an index finds and sort it; behind a plus sign it does not see the index.
    fn indexed(&self, column_of: event::Column) -> Expr {
        self.hidden(column(column_of))
    }

    fn hidden(&self, indexed: Expr) -> Expr {
        if self.used == Use::Lasting {
            self.unindexed(indexed)
        } else {
            indexed
        }
    }

    /// What SQLite is not to look up in an index; PostgreSQL knows when that is worth it.
    fn unindexed(&self, indexed: Expr) -> Expr {
        if self.store.is_postgres() {
            indexed
        } else {
            Expr::cust_with_expr("+?", indexed)
        }
    }

    fn time(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> Condition {
        let time = || self.indexed(event::Column::Time);
        Condition::all()
            .add_option(from.map(|from| time().gte(from.micros())))
            .add_option(to.map(|to| time().lt(to.micros())))
    }

    /// The actions that are called so.
    fn actions(&self, names: &ActionNames) -> SelectStatement {
        let columns: &[action::Column] = match names.of {
            ActionName::Itself => &[
                action::Column::Code,
                action::Column::Name,
                action::Column::Label,
                action::Column::UpstreamLabel,
            ],
            ActionName::Category => &[
                action::Column::Category,
                action::Column::UpstreamGroup,
                action::Column::UpstreamGroupKey,
            ],
        };
        let mut chosen = Condition::any();
        for column in columns {
            let called = lower(self.store, Expr::col(*column));
            chosen = chosen.add(called.is_in(names.names.iter().cloned()));
        }
        Query::select()
            .column(action::Column::Id)
            .from(action::Entity)
            .cond_where(chosen)
            .to_owned()
    }

    fn issues(&self, names: &BTreeSet<String>) -> Result<Expr, StoreError> {
        let called = self.hidden(issue_reference());
        if names.len() <= FEW {
            return Ok(called.is_in(names.iter().cloned()));
        }
        let names = bulk::texts(&self.store.read, names.iter().map(String::as_str))?;
        Ok(called.in_subquery(names))
    }

    fn targets(&self, targets: &Targets) -> Condition {
        let mut any = Condition::any();
        for named in [event::Column::TargetId, event::Column::TargetName] {
            let named = lower(self.store, column(named));
            any = any.add(named.is_in(targets.names.iter().cloned()));
        }
        if targets.users.is_empty() {
            return any;
        }
        let theirs = people::aliases_of_users(&targets.users);
        any.add(column(event::Column::TargetAliasId).in_subquery(theirs))
    }

    /// That one change fits. Where only few events have such a change they are named; otherwise each event that the list
    /// comes to is asked for its own.
    async fn changed(&self, wanted: &ChangeOf) -> Result<Condition, StoreError> {
        let mut such = fits(self.store, change::Column::Field, &wanted.fields);
        for (column, values) in [
            (change::Column::FromValue, &wanted.from),
            (change::Column::ToValue, &wanted.to),
        ] {
            if let Some(values) = values {
                such = such.add(fits(self.store, column, values));
            }
        }
        let changes = Query::select()
            .column((change::Entity, change::Column::Seq))
            .from(change::Entity)
            .cond_where(such)
            .to_owned();
        if self.used == Use::Now {
            let seq = |row: &QueryResult| row.try_get_by_index::<i64>(0);
            if let Some(found) = self.few(&mut changes.clone(), seq).await? {
                return Ok(one(column(event::Column::Seq).is_in(found)));
            }
        }
        let mut own = changes;
        let seq = Expr::col((change::Entity, change::Column::Seq));
        own.and_where(seq.equals((event::Entity, event::Column::Seq)));
        Ok(one(Expr::exists(own)))
    }
}

/// What an event calls its issue: as the index has it.
pub(in crate::store) fn issue_reference() -> Expr {
    let names = [event::Column::IssueId, event::Column::IssueKey];
    Func::coalesce(names.map(column)).into()
}

/// These containers and what lies directly inside one of them.
pub(super) fn inside(containers: &[i64]) -> SelectStatement {
    let ids = || containers.iter().copied();
    Query::select()
        .column(container::Column::Id)
        .from(container::Entity)
        .cond_where(
            Condition::any()
                .add(Expr::col(container::Column::Id).is_in(ids()))
                .add(Expr::col(container::Column::ParentId).is_in(ids())),
        )
        .to_owned()
}

/// The sites with these scopes and everything at them.
pub(super) fn at_sites(scopes: &[String]) -> SelectStatement {
    let scopes = || scopes.iter().cloned();
    let site = Expr::col(container::Column::Kind).eq(ContainerKind::Site.number());
    Query::select()
        .column(container::Column::Id)
        .from(container::Entity)
        .cond_where(
            Condition::any()
                .add(Expr::col(container::Column::Scope).is_in(scopes()))
                .add(
                    Condition::all()
                        .add(site)
                        .add(Expr::col(container::Column::UpstreamId).is_in(scopes())),
                ),
        )
        .to_owned()
}

fn addresses(ranges: &[(Uuid, Uuid)]) -> Condition {
    let address = || column(event::Column::IpNumber);
    let (single, ranges): (Vec<_>, Vec<_>) = ranges.iter().partition(|(first, last)| first == last);
    let mut any: Vec<Condition> = ranges
        .into_iter()
        .map(|(first, last)| one(address().between(first, last)))
        .collect();
    any.push(one(
        address().is_in(single.into_iter().map(|(only, _)| only))
    ));
    any_of(any)
}

fn word_column(of: WordOf) -> event::Column {
    match of {
        WordOf::Country => event::Column::Country,
        WordOf::City => event::Column::City,
        WordOf::Method => event::Column::Method,
    }
}

fn one(condition: Expr) -> Condition {
    Condition::all().add(condition)
}

/// That one of many conditions holds. They are put in groups, and these in groups: what is one long chain is nested as
/// deeply as it is long, which neither we nor the databases can take.
fn any_of(mut conditions: Vec<Condition>) -> Condition {
    const GROUP: usize = 16;
    if conditions.is_empty() {
        return one(Expr::val(false));
    }
    while conditions.len() > GROUP {
        let groups = conditions.chunks(GROUP).map(|group| {
            let group = group.iter().cloned();
            group.fold(Condition::any(), Condition::add)
        });
        conditions = groups.collect();
    }
    conditions
        .into_iter()
        .fold(Condition::any(), Condition::add)
}

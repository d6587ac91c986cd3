//! What a filter means: the one place where [`EventFilter`] and a viewer's sight become SQL.
//!
//! A new criterion is a field there and an arm here. Everything that people type (ids, keys, names, addresses) is looked
//! up first, so that a mistake is an error that names it, not an empty answer.

mod people;
mod place;
mod text;

pub(super) use text::{bytewise, lower, word_prefix};

use super::entity::{action, event, source};
use super::{Store, StoreError};
use crate::access::Sight;
use crate::event::filter::{EventFilter, zone_named};
use crate::event::{self as vocabulary, Timestamp};
use futures::future::BoxFuture;
pub use sea_orm::sea_query::Condition;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SelectStatement};
use sea_orm::{ConnectionTrait, EntityTrait, QueryResult};

/// How deep `not` and `any` may be nested.
const DEPTH: usize = 8;

/// How many values one criterion may have.
const VALUES: usize = 1_000;

/// How many rows a condition for now names one by one, before it asks for them inside the statement instead.
const FEW: usize = 500;

/// How long a condition is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// For one page: what is there now may be written out, so that an index can be walked in the order of the list.
    Now,
    /// For a stream: who joins a group, and what is seen for the first time, counts from then on.
    Lasting,
}

impl Store {
    /// The condition under which an event is both chosen by the filter and visible; stays right as time goes by,
    /// except for ranges of time that count from `now`.
    pub async fn condition(
        &self,
        filter: &EventFilter,
        sight: &Sight,
        now: Timestamp,
    ) -> Result<Condition, StoreError> {
        self.compiled(filter, sight, now, Use::Lasting).await
    }

    /// The same for one statement at once.
    pub(super) async fn condition_now(
        &self,
        filter: &EventFilter,
        sight: &Sight,
        now: Timestamp,
    ) -> Result<Condition, StoreError> {
        self.compiled(filter, sight, now, Use::Now).await
    }

    async fn compiled(
        &self,
        filter: &EventFilter,
        sight: &Sight,
        now: Timestamp,
        used: Use,
    ) -> Result<Condition, StoreError> {
        let compiler = Compiler {
            store: self,
            now,
            zone: None,
            sees_all: *sight == Sight::Everything,
            used,
        };
        let chosen = compiler.compile(filter, "filter".to_owned(), 0).await?;
        let visible = match sight {
            Sight::Everything => Condition::all(),
            Sight::Projects(projects) => {
                let inside = place::inside(projects);
                let visible = compiler.among(event::Column::ContainerId, inside).await?;
                Condition::all().add(visible)
            }
        };
        Ok(Condition::all().add(visible).add(chosen))
    }
}

/// The condition under which an event is visible.
pub(super) fn visible(sight: &Sight) -> Condition {
    match sight {
        Sight::Everything => Condition::all(),
        Sight::Projects(projects) => {
            let inside = place::inside(projects);
            Condition::all().add(column(event::Column::ContainerId).in_subquery(inside))
        }
    }
}

fn column(column: event::Column) -> Expr {
    Expr::col((event::Entity, column))
}

/// Turns one filter into a condition.
struct Compiler<'a> {
    store: &'a Store,
    now: Timestamp,
    /// The time zone of the filter around this one, for filters that name none themselves.
    zone: Option<String>,
    /// Whether unknown people and places may be told apart from invisible ones; where not, no people are visible at all.
    sees_all: bool,
    used: Use,
}

impl Compiler<'_> {
    /// That a column names one of the rows that a query finds.
    async fn among(
        &self,
        column_of: event::Column,
        mut found: SelectStatement,
    ) -> Result<Expr, StoreError> {
        if self.used == Use::Now {
            let limit = FEW + 1;
            found.limit(limit as u64);
            let rows = self.store.read.query_all(&found).await?;
            if rows.len() < limit {
                // The numbers of actions are shorter than those of people and places.
                let number = |row: &QueryResult| match column_of {
                    event::Column::ActionId => row.try_get_by_index::<i32>(0).map(i64::from),
                    _ => row.try_get_by_index(0),
                };
                let numbers: Vec<i64> = rows.iter().map(number).collect::<Result<_, _>>()?;
                return Ok(column(column_of).is_in(numbers));
            }
            found.reset_limit();
        }
        Ok(self.indexed(column_of).in_subquery(found))
    }

    /// A column that has an index. A stream reads a short stretch of the log by its primary key, and SQLite would rather
    /// read all that an index finds and sort it; behind a plus sign it does not see the index.
    fn indexed(&self, column_of: event::Column) -> Expr {
        if self.used == Use::Lasting && !self.store.is_postgres() {
            Expr::cust_with_expr("+?", column(column_of))
        } else {
            column(column_of)
        }
    }

    fn compile<'c>(
        &'c self,
        filter: &'c EventFilter,
        path: String,
        depth: usize,
    ) -> BoxFuture<'c, Result<Condition, StoreError>> {
        Box::pin(async move {
            if depth > DEPTH {
                return Err(wrong(
                    path,
                    format!("nested too deeply; at most {DEPTH} levels of `not` and `any`"),
                ));
            }
            let mut all = Condition::all();
            let zone = filter.time_zone.clone().or_else(|| self.zone.clone());
            for criterion in self.criteria(filter, zone.as_deref(), &path).await? {
                all = all.add(criterion);
            }
            let within = Compiler {
                store: self.store,
                now: self.now,
                zone,
                sees_all: self.sees_all,
                used: self.used,
            };
            if let Some(not) = &filter.not {
                let left_out = within
                    .compile(not, format!("{path}.not"), depth + 1)
                    .await?;
                // An event that lacks what is asked about was not chosen, so it stays: unknown counts as no.
                let chosen = Func::coalesce([Expr::from(left_out), Expr::val(false)]);
                all = all.add(Expr::expr(chosen).not());
            }
            if let Some(filters) = given(filter.any.as_ref(), &path, "any")? {
                let mut any = Condition::any();
                for (place, filter) in filters.iter().enumerate() {
                    any = any.add(
                        within
                            .compile(filter, format!("{path}.any[{place}]"), depth + 1)
                            .await?,
                    );
                }
                all = all.add(any);
            }
            Ok(all)
        })
    }

    async fn criteria(
        &self,
        filter: &EventFilter,
        zone: Option<&str>,
        path: &str,
    ) -> Result<Vec<Condition>, StoreError> {
        let mut criteria = vec![self.time(filter, zone, path)?];
        if let Some(names) = given(filter.sources.as_ref(), path, "sources")? {
            criteria.push(self.sources(names, path).await?);
        }
        if let Some(products) = given(filter.products.as_ref(), path, "products")? {
            let numbers = products.iter().map(|product| product.number());
            criteria.push(Condition::all().add(column(event::Column::Product).is_in(numbers)));
        }
        if let Some(categories) = given(filter.categories.as_ref(), path, "categories")? {
            criteria.push(self.categories(categories, path).await?);
        }
        if let Some(actions) = given(filter.actions.as_ref(), path, "actions")? {
            criteria.push(self.actions(actions, path).await?);
        }
        if let Some(people) = self.people(filter, path).await? {
            criteria.push(people);
        }
        if let Some(projects) = given(filter.projects.as_ref(), path, "projects")? {
            criteria.push(self.projects(projects, path).await?);
        }
        if let Some(ips) = given(filter.ips.as_ref(), path, "ips")? {
            criteria.push(place::networks(ips, path)?);
        }
        if let Some(countries) = given(filter.countries.as_ref(), path, "countries")? {
            criteria.push(self.countries(countries));
        }
        if let Some(text) = filter
            .text
            .as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty())
        {
            criteria.push(text::containing(self.store, text, self.sees_all));
        }
        Ok(criteria)
    }

    fn time(
        &self,
        filter: &EventFilter,
        zone: Option<&str>,
        path: &str,
    ) -> Result<Condition, StoreError> {
        let zone = zone_named(zone)
            .map_err(|error| wrong(format!("{path}.timeZone"), error.to_string()))?;
        let mut bounds = Condition::all();
        let Some(time) = &filter.time else {
            return Ok(bounds);
        };
        let range = time
            .bounds(zone, self.now)
            .map_err(|error| wrong(format!("{path}.time"), error.to_string()))?;
        if let Some(from) = range.from {
            bounds = bounds.add(self.indexed(event::Column::Time).gte(from.micros()));
        }
        if let Some(to) = range.to {
            bounds = bounds.add(self.indexed(event::Column::Time).lt(to.micros()));
        }
        Ok(bounds)
    }

    async fn sources(&self, names: &[String], path: &str) -> Result<Condition, StoreError> {
        let known = source::Entity::find().all(&self.store.read).await?;
        let mut ids = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let Some(row) = known.iter().find(|row| row.name == *name) else {
                let names = known
                    .iter()
                    .map(|row| row.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ");
                return Err(wrong(
                    format!("{path}.sources[{place}]"),
                    format!("there is no source `{name}`; there are: {names}"),
                ));
            };
            ids.push(row.id);
        }
        Ok(Condition::all().add(column(event::Column::SourceId).is_in(ids)))
    }

    async fn categories(&self, names: &[String], path: &str) -> Result<Condition, StoreError> {
        let stored = self.store.actions().await?;
        for (place, name) in names.iter().enumerate() {
            let known = vocabulary::action::all()
                .any(|action| action.category.eq_ignore_ascii_case(name))
                || stored
                    .iter()
                    .any(|action| action.category.eq_ignore_ascii_case(name))
                || name.eq_ignore_ascii_case(vocabulary::action::OTHER);
            if !known {
                return Err(wrong(
                    format!("{path}.categories[{place}]"),
                    format!("there is no category `{name}`; the query `actions` lists them"),
                ));
            }
        }
        self.actions_named(&[action::Column::Category], names).await
    }

    async fn actions(&self, names: &[String], path: &str) -> Result<Condition, StoreError> {
        let stored = self.store.actions().await?;
        let matches = |action: &action::Model, name: &str| {
            action.code.eq_ignore_ascii_case(name) || action.name.eq_ignore_ascii_case(name)
        };
        for (place, name) in names.iter().enumerate() {
            let known = vocabulary::action::all()
                .any(|action| action.code.eq_ignore_ascii_case(name))
                || stored.iter().any(|action| matches(action, name));
            if !known {
                return Err(wrong(
                    format!("{path}.actions[{place}]"),
                    format!("there is no action `{name}`; the query `actions` lists them"),
                ));
            }
        }
        self.actions_named(&[action::Column::Code, action::Column::Name], names)
            .await
    }

    /// The actions that have one of these names in one of these columns, in any case.
    async fn actions_named(
        &self,
        columns: &[action::Column],
        names: &[String],
    ) -> Result<Condition, StoreError> {
        let names = || names.iter().map(|name| name.to_ascii_lowercase());
        let mut chosen = Condition::any();
        for column in columns {
            chosen = chosen.add(lower(self.store, Expr::col(*column)).is_in(names()));
        }
        let found = Query::select()
            .column(action::Column::Id)
            .from(action::Entity)
            .cond_where(chosen)
            .to_owned();
        let among = self.among(event::Column::ActionId, found).await?;
        Ok(Condition::all().add(among))
    }
}

/// The values of a criterion; an empty list is no criterion.
fn given<'a, T>(
    values: Option<&'a Vec<T>>,
    path: &str,
    field: &str,
) -> Result<Option<&'a [T]>, StoreError> {
    match values {
        None => Ok(None),
        Some(values) if values.is_empty() => Ok(None),
        Some(values) if values.len() > VALUES => Err(wrong(
            format!("{path}.{field}"),
            format!(
                "{} values are too many; give at most {VALUES}",
                values.len()
            ),
        )),
        Some(values) => Ok(Some(values)),
    }
}

fn wrong(path: String, message: String) -> StoreError {
    StoreError::Filter { path, message }
}

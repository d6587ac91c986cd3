//! What a filter means: the one place where [`EventFilter`] and a viewer's sight become SQL.
//!
//! A new criterion is a field there and an arm here. Everything that people type (ids, keys, names, addresses) is looked
//! up first, so that a mistake is an error that names it, not an empty answer.

use super::append::ip_number;
use super::entity::{action, alias, container, event, group, membership, source, user, user_word};
use super::{Store, StoreError};
use crate::access::Sight;
use crate::event::filter::EventFilter;
use crate::event::node::{NodeId, NodeKind};
use crate::event::{self as vocabulary, Timestamp};
use futures::future::BoxFuture;
use ipnet::IpNet;
pub use sea_orm::sea_query::Condition;
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr, Query, SelectStatement, SimpleExpr};
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};
use std::net::IpAddr;

/// How deep `not` and `any` may be nested.
const DEPTH: usize = 8;

/// How many values one criterion may have.
const VALUES: usize = 1_000;

impl Store {
    /// The condition under which an event is both chosen by the filter and visible.
    pub async fn condition(
        &self,
        filter: &EventFilter,
        sight: &Sight,
        now: Timestamp,
    ) -> Result<Condition, StoreError> {
        let path = "filter".to_owned();
        let chosen = Compiler {
            store: self,
            now,
            zone: None,
            sees_all: *sight == Sight::Everything,
        }
        .compile(filter, path, 0)
        .await?;
        Ok(Condition::all().add(visible(sight)).add(chosen))
    }
}

/// The condition under which an event is visible.
pub(super) fn visible(sight: &Sight) -> Condition {
    match sight {
        Sight::Everything => Condition::all(),
        Sight::Projects(projects) => Condition::all().add(inside(projects)),
    }
}

/// In one of these containers, or in what lies directly inside one of them.
fn inside(containers: &[i64]) -> SimpleExpr {
    let ids = || containers.iter().copied();
    let inside = Query::select()
        .column(container::Column::Id)
        .from(container::Entity)
        .cond_where(
            Condition::any()
                .add(Expr::col(container::Column::Id).is_in(ids()))
                .add(Expr::col(container::Column::ParentId).is_in(ids())),
        )
        .to_owned();
    column(event::Column::ContainerId).in_subquery(inside)
}

fn column(column: event::Column) -> Expr {
    Expr::col((event::Entity, column))
}

/// The range of words that begin with `prefix`.
pub(super) fn word_prefix(prefix: &str) -> Condition {
    // U+10FFFF sorts behind every other character in UTF-8, and words never hold it.
    Condition::all()
        .add(Expr::col((user_word::Entity, user_word::Column::Word)).gte(prefix.to_owned()))
        .add(
            Expr::col((user_word::Entity, user_word::Column::Word))
                .lt(format!("{prefix}\u{10FFFF}")),
        )
}

/// Turns one filter into a condition.
struct Compiler<'a> {
    store: &'a Store,
    now: Timestamp,
    /// The time zone of the filter around this one, for filters that name none themselves.
    zone: Option<String>,
    /// Whether unknown people and places may be told apart from invisible ones; where not, no people are visible at all.
    sees_all: bool,
}

impl Compiler<'_> {
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
        let mut criteria = vec![time(filter, zone, self.now, path)?];
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
            criteria.push(networks(ips, path)?);
        }
        if let Some(countries) = given(filter.countries.as_ref(), path, "countries")? {
            let lower = countries.iter().map(|country| country.to_lowercase());
            let country = column(event::Column::Country);
            criteria.push(
                Condition::any()
                    .add(country.clone().is_in(countries.iter().cloned()))
                    .add(Expr::expr(Func::lower(country)).is_in(lower)),
            );
        }
        if let Some(text) = filter
            .text
            .as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty())
        {
            criteria.push(containing(text));
        }
        Ok(criteria)
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
                    .any(|action| action.category.to_lowercase() == name.to_lowercase())
                || name.eq_ignore_ascii_case(vocabulary::action::OTHER);
            if !known {
                return Err(wrong(
                    format!("{path}.categories[{place}]"),
                    format!("there is no category `{name}`; the query `actions` lists them"),
                ));
            }
        }
        Ok(actions_named(&[action::Column::Category], names))
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
        Ok(actions_named(
            &[action::Column::Code, action::Column::Name],
            names,
        ))
    }

    /// The selectors of people choose users, and combine with OR.
    async fn people(
        &self,
        filter: &EventFilter,
        path: &str,
    ) -> Result<Option<Condition>, StoreError> {
        let users = given(filter.users.as_ref(), path, "users")?;
        let groups = given(filter.groups.as_ref(), path, "groups")?;
        if users.is_none() && groups.is_none() {
            return Ok(None);
        }
        let mut any = Condition::any();
        if let Some(names) = users {
            let mut ids = Vec::new();
            for (place, name) in names.iter().enumerate() {
                let found = if self.sees_all {
                    self.user(name).await?
                } else {
                    None
                };
                if found.is_none() && self.sees_all {
                    return Err(wrong(
                        format!("{path}.users[{place}]"),
                        format!(
                            "there is no user `{name}`; give a user's id, account id or e-mail address"
                        ),
                    ));
                }
                ids.extend(found);
            }
            let aliases =
                aliases_of(Condition::all().add(Expr::col(alias::Column::UserId).is_in(ids)));
            any = any.add(column(event::Column::ActorId).in_subquery(aliases));
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
            let aliases = aliases_of(
                Condition::all().add(Expr::col(alias::Column::UserId).in_subquery(members)),
            );
            any = any.add(column(event::Column::ActorId).in_subquery(aliases));
        }
        Ok(Some(any))
    }

    async fn user(&self, name: &str) -> Result<Option<i64>, StoreError> {
        let db = &self.store.read;
        if let Some(number) = NodeId::number_of(name, NodeKind::User) {
            return Ok(user::Entity::find_by_id(number)
                .one(db)
                .await?
                .map(|user| user.id));
        }
        let alias = alias::Entity::find()
            .filter(alias::COLUMN.value.eq(name))
            .one(db)
            .await?;
        if let Some(alias) = alias {
            return Ok(Some(alias.user_id));
        }
        let lower = name.to_lowercase();
        let word = user_word::Entity::find()
            .filter(user_word::COLUMN.word.eq(&lower))
            .all(db)
            .await?;
        let ids = word.into_iter().map(|word| word.user_id);
        let users = user::Entity::find()
            .filter(user::COLUMN.id.is_in(ids))
            .all(db)
            .await?;
        let mut found = users.into_iter().filter(|user| {
            user.email
                .as_deref()
                .is_some_and(|email| email.to_lowercase() == lower)
        });
        Ok(found.next().map(|user| user.id))
    }

    async fn groups(&self, name: &str) -> Result<Vec<i64>, StoreError> {
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

    async fn projects(&self, names: &[String], path: &str) -> Result<Condition, StoreError> {
        let mut ids = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let mut found = container::Entity::find()
                .select_only()
                .column(container::Column::Id);
            found = match NodeId::number_of(name, NodeKind::Project) {
                Some(number) => found.filter(container::COLUMN.id.eq(number)),
                None => found.filter(container::COLUMN.key.eq(name.clone())),
            };
            let found: Vec<i64> = found.into_tuple().all(&self.store.read).await?;
            if found.is_empty() && self.sees_all {
                return Err(wrong(
                    format!("{path}.projects[{place}]"),
                    format!("there is no project `{name}`; give a project's id or key"),
                ));
            }
            ids.extend(found);
        }
        Ok(Condition::all().add(inside(&ids)))
    }
}

fn time(
    filter: &EventFilter,
    zone: Option<&str>,
    now: Timestamp,
    path: &str,
) -> Result<Condition, StoreError> {
    let mut bounds = Condition::all();
    let Some(time) = &filter.time else {
        return Ok(bounds);
    };
    let range = time
        .bounds(zone, now)
        .map_err(|error| wrong(format!("{path}.time"), error.to_string()))?;
    if let Some(from) = range.from {
        bounds = bounds.add(column(event::Column::Time).gte(from.micros()));
    }
    if let Some(to) = range.to {
        bounds = bounds.add(column(event::Column::Time).lt(to.micros()));
    }
    Ok(bounds)
}

fn networks(ips: &[String], path: &str) -> Result<Condition, StoreError> {
    let mut any = Condition::any();
    for (place, text) in ips.iter().enumerate() {
        let network = text
            .trim()
            .parse::<IpNet>()
            .or_else(|_| text.trim().parse::<IpAddr>().map(IpNet::from));
        let Ok(network) = network else {
            return Err(wrong(
                format!("{path}.ips[{place}]"),
                format!(
                    "`{text}` is not an IP address or network; give 203.0.113.9 or 203.0.113.0/24"
                ),
            ));
        };
        let first = ip_number(&network.network().to_string());
        let last = ip_number(&network.broadcast().to_string());
        if let (Some(first), Some(last)) = (first, last) {
            any = any.add(column(event::Column::IpNumber).between(first, last));
        }
    }
    Ok(any)
}

fn containing(text: &str) -> Condition {
    let lower = text.to_lowercase();
    let escaped = lower
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    let like = |expression: Expr| {
        Expr::expr(Func::lower(expression)).like(LikeExpr::new(format!("%{escaped}%")).escape('\\'))
    };
    let mut any = Condition::any();
    for text in [
        event::Column::Message,
        event::Column::TargetName,
        event::Column::TargetId,
        event::Column::IssueKey,
    ] {
        any = any.add(like(column(text)));
    }
    let actions = Query::select()
        .column(action::Column::Id)
        .from(action::Entity)
        .cond_where(
            Condition::any()
                .add(like(Expr::col(action::Column::Label)))
                .add(like(Expr::col(action::Column::Code)))
                .add(like(Expr::col(action::Column::Name))),
        )
        .to_owned();
    let people = Query::select()
        .column(user_word::Column::UserId)
        .from(user_word::Entity)
        .cond_where(word_prefix(&lower))
        .to_owned();
    let aliases =
        aliases_of(Condition::all().add(Expr::col(alias::Column::UserId).in_subquery(people)));
    any.add(column(event::Column::ActionId).in_subquery(actions))
        .add(column(event::Column::ActorId).in_subquery(aliases))
}

/// With an action that has one of these names, in any case. Looked up anew each time: a stream outlives the list of
/// actions that were known when it began.
fn actions_named(columns: &[action::Column], names: &[String]) -> Condition {
    let lower = || names.iter().map(|name| name.to_ascii_lowercase());
    let mut chosen = Condition::any();
    for column in columns {
        chosen = chosen.add(Expr::expr(Func::lower(Expr::col(*column))).is_in(lower()));
    }
    let ids = Query::select()
        .column(action::Column::Id)
        .from(action::Entity)
        .cond_where(chosen)
        .to_owned();
    Condition::all().add(column(event::Column::ActionId).in_subquery(ids))
}

fn aliases_of(condition: Condition) -> SelectStatement {
    Query::select()
        .column(alias::Column::Id)
        .from(alias::Entity)
        .cond_where(condition)
        .to_owned()
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

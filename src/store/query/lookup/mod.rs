//! From what people type to a tree of tests: every name is looked up, and a name that means nothing is an error that
//! says where it stands. Who does not see everything is told nothing of what there is: for them an unknown name chooses
//! nothing, like one that they may not see.

mod change;
mod issue;
mod people;
mod place;

use super::chosen::{ActionName, ActionNames, People, Targets, Test, Text, WordOf, fold};
use super::wrong;
use crate::access::Sight;
use crate::event::filter::{EventFilter, zone_named};
use crate::event::{self as vocabulary, Timestamp};
use crate::store::entity::{action, source};
use crate::store::{Store, StoreError, clean};
use futures::future::BoxFuture;
use sea_orm::EntityTrait;
use std::collections::BTreeSet;

/// How many values one criterion may have.
const VALUES: usize = 1_000;

/// All criteria of a filter, each of which must hold.
pub(super) async fn criteria(
    store: &Store,
    filter: &EventFilter,
    sight: &Sight,
    now: Timestamp,
) -> Result<Vec<Test>, StoreError> {
    let lookup = Lookup {
        store,
        now,
        zone: None,
        sight,
        sees_all: sight.spans_projects(),
    };
    lookup.filter(filter, "filter".to_owned()).await
}

/// Whom the selectors of people in a filter mean; nobody when it has none. `path` is where the filter stands.
pub(super) async fn people(
    store: &Store,
    filter: &EventFilter,
    path: &str,
    sight: &Sight,
) -> Result<People, StoreError> {
    let lookup = Lookup {
        store,
        now: Timestamp::from_micros(0),
        zone: None,
        sight,
        sees_all: sight.spans_projects(),
    };
    Ok(match lookup.people(filter, path).await? {
        Some(Test::Actors(people)) => people,
        _ => People::default(),
    })
}

/// Looks up one filter.
struct Lookup<'a> {
    store: &'a Store,
    now: Timestamp,
    /// The time zone of the filter around this one, for filters that name none themselves.
    zone: Option<String>,
    /// What may be seen by who asks.
    sight: &'a Sight,
    /// Whether unknown people and places may be told apart from invisible ones; where not, no people are visible at all.
    sees_all: bool,
}

impl Lookup<'_> {
    fn filter<'c>(
        &'c self,
        filter: &'c EventFilter,
        path: String,
    ) -> BoxFuture<'c, Result<Vec<Test>, StoreError>> {
        Box::pin(async move {
            let within = Lookup {
                zone: filter.time_zone.clone().or_else(|| self.zone.clone()),
                ..*self
            };
            let mut all = within.simple(filter, &path).await?;
            all.extend(within.directory(filter, &path).await?);
            all.extend(within.changes(filter, &path).await?);
            if let Some(not) = &filter.not {
                let left_out = within.filter(not, format!("{path}.not")).await?;
                all.push(Test::Not(Box::new(Test::All(left_out))));
            }
            if let Some(filters) = given(filter.any.as_ref(), &path, "any")? {
                let mut any = Vec::with_capacity(filters.len());
                for (place, filter) in filters.iter().enumerate() {
                    let path = format!("{path}.any[{place}]");
                    any.push(Test::All(within.filter(filter, path).await?));
                }
                all.push(Test::Any(any));
            }
            Ok(all)
        })
    }

    /// The criteria about what stands in an event's own row, by its actions' names and by sources.
    async fn simple(&self, filter: &EventFilter, path: &str) -> Result<Vec<Test>, StoreError> {
        let mut tests: Vec<Test> = self.time(filter, path)?.into_iter().collect();
        if let Some(names) = given(filter.sources.as_ref(), path, "sources")? {
            tests.push(self.sources(names, path).await?);
        }
        if let Some(products) = given(filter.products.as_ref(), path, "products")? {
            tests.push(Test::Products(products.to_vec()));
        }
        if let Some(categories) = given(filter.categories.as_ref(), path, "categories")? {
            tests.push(self.categories(categories, path).await?);
        }
        if let Some(actions) = given(filter.actions.as_ref(), path, "actions")? {
            tests.push(self.actions(actions, path).await?);
        }
        if let Some(ips) = given(filter.ips.as_ref(), path, "ips")? {
            tests.push(Test::Addresses(place::networks(ips, path)?));
        }
        for (of, values, field) in [
            (WordOf::Country, &filter.countries, "countries"),
            (WordOf::City, &filter.cities, "cities"),
            (WordOf::Method, &filter.methods, "methods"),
        ] {
            if let Some(values) = given(values.as_ref(), path, field)? {
                tests.push(Test::Word(of, folded(values)));
            }
        }
        if let Some(text) = said(filter.text.as_ref()) {
            tests.push(Test::Text(Text {
                text,
                with_people: self.sees_all,
            }));
        }
        Ok(tests)
    }

    /// The criteria about people, places, issues and other things with names.
    async fn directory(&self, filter: &EventFilter, path: &str) -> Result<Vec<Test>, StoreError> {
        let mut tests: Vec<Test> = self.people(filter, path).await?.into_iter().collect();
        if let Some(projects) = given(filter.projects.as_ref(), path, "projects")? {
            tests.push(Test::Inside(
                self.projects(projects, path, "projects").await?,
            ));
        }
        if let Some(issues) = given(filter.issues.as_ref(), path, "issues")? {
            tests.push(self.issues(issues, path).await?);
        }
        if let Some(jql) = said(filter.jql.as_ref()) {
            tests.push(self.jql(&jql, path).await?);
        }
        if let Some(targets) = given(filter.targets.as_ref(), path, "targets")? {
            let users = self.users(targets).await?;
            let users = users.into_iter().flatten().collect();
            tests.push(Test::Targets(Targets {
                names: folded(targets),
                users,
            }));
        }
        Ok(tests)
    }

    fn time(&self, filter: &EventFilter, path: &str) -> Result<Option<Test>, StoreError> {
        let zone = zone_named(self.zone.as_deref())
            .map_err(|error| wrong(format!("{path}.timeZone"), error.to_string()))?;
        let Some(time) = &filter.time else {
            return Ok(None);
        };
        let range = time
            .bounds(zone, self.now)
            .map_err(|error| wrong(format!("{path}.time"), error.to_string()))?;
        Ok(Some(Test::Time {
            from: range.from,
            to: range.to,
        }))
    }

    async fn sources(&self, names: &[String], path: &str) -> Result<Test, StoreError> {
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
        Ok(Test::Sources(ids))
    }

    async fn categories(&self, names: &[String], path: &str) -> Result<Test, StoreError> {
        let stored = self.store.actions().await?;
        for (place, name) in names.iter().enumerate() {
            let known = vocabulary::action::all()
                .any(|action| action.category.eq_ignore_ascii_case(name))
                || stored.iter().any(|action| {
                    action.category.eq_ignore_ascii_case(name)
                        || is(action.upstream_group.as_ref(), name)
                        || is(action.upstream_group_key.as_ref(), name)
                })
                || name.eq_ignore_ascii_case(vocabulary::action::OTHER);
            if !known {
                return Err(wrong(
                    format!("{path}.categories[{place}]"),
                    format!("there is no category `{name}`; the query `actions` lists them"),
                ));
            }
        }
        Ok(called(ActionName::Category, names))
    }

    async fn actions(&self, names: &[String], path: &str) -> Result<Test, StoreError> {
        let stored = self.store.actions().await?;
        let matches = |action: &action::Model, name: &str| {
            action.code.eq_ignore_ascii_case(name)
                || action.name.eq_ignore_ascii_case(name)
                || action.label.eq_ignore_ascii_case(name)
                || is(action.upstream_label.as_ref(), name)
        };
        for (place, name) in names.iter().enumerate() {
            let known = vocabulary::action::all().any(|action| {
                action.code.eq_ignore_ascii_case(name) || action.label.eq_ignore_ascii_case(name)
            }) || stored.iter().any(|action| matches(action, name));
            if !known {
                return Err(wrong(
                    format!("{path}.actions[{place}]"),
                    format!("there is no action `{name}`; the query `actions` lists them"),
                ));
            }
        }
        Ok(called(ActionName::Itself, names))
    }
}

fn called(of: ActionName, names: &[String]) -> Test {
    let names = names.iter().map(|name| fold(name)).collect();
    Test::Actions(ActionNames { of, names })
}

/// Whether upstream's own text is this one; case does not matter.
fn is(text: Option<&String>, name: &str) -> bool {
    text.is_some_and(|text| text.eq_ignore_ascii_case(name))
}

/// Names without space around them, as they are compared with what is stored.
fn folded(names: &[String]) -> BTreeSet<String> {
    let name = |name: &String| fold(&clean(name.trim().to_owned()));
    names.iter().map(name).collect()
}

/// What a text says; nothing but space is nothing.
fn said(text: Option<&String>) -> Option<String> {
    let text = text?.trim();
    (!text.is_empty()).then(|| clean(text.to_owned()))
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

//! Names and their numbers: sources, actions, people's aliases and containers, as events refer to them.
//!
//! What is known is kept in memory. What a transaction learns stays with it until it has committed: a number that was
//! rolled back must never be handed out.

mod actions;

use super::append::{LOOKUP, greatest};
use super::entity::{action, alias, container, source, user};
use super::{StoreError, bulk, clean, email_key, indexed, sort_name, words};
use crate::event::{Actor, ActorKind, Alias, Container, System};
use sea_orm::sea_query::Condition;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, Set,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

/// The names known so far.
#[derive(Debug, Default)]
pub(super) struct Names(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    sources: HashMap<String, i32>,
    actions: HashMap<(String, String), i32>,
    action_rows: HashMap<i32, Arc<action::Model>>,
    aliases: HashMap<Alias, i64>,
    containers: HashMap<Place, i64>,
}

/// What a container is known by: kind, scope, and id or key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place(i16, String, PlaceName);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum PlaceName {
    Id(String),
    Key(String),
}

impl Names {
    /// Reads the small tables, so that the first events find them.
    pub(super) async fn load(&self, db: &impl ConnectionTrait) -> Result<(), StoreError> {
        let sources = source::Entity::find().all(db).await?;
        let actions = action::Entity::find().all(db).await?;
        let mut known = Known::default();
        known
            .sources
            .extend(sources.into_iter().map(|source| (source.name, source.id)));
        for row in actions {
            known.learn_action(row);
        }
        self.merge(known);
        Ok(())
    }

    /// The action with that number, if it has been seen.
    pub(super) fn action(&self, id: i32) -> Option<Arc<action::Model>> {
        self.get(|known| known.action_rows.get(&id).cloned())
    }

    /// The number of the source with that name, if it has been seen.
    pub(super) fn source(&self, name: &str) -> Option<i32> {
        self.get(|known| known.sources.get(name).copied())
    }

    /// The name of the source with that number, if it has been seen.
    pub(super) fn source_name(&self, id: i32) -> Option<String> {
        self.get(|known| {
            known
                .sources
                .iter()
                .find(|(_, known)| **known == id)
                .map(|(name, _)| name.clone())
        })
    }

    fn get<T>(&self, look: impl FnOnce(&Known) -> Option<T>) -> Option<T> {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn merge(&self, fresh: Known) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.sources.extend(fresh.sources);
        known.actions.extend(fresh.actions);
        known.action_rows.extend(fresh.action_rows);
        known.aliases.extend(fresh.aliases);
        known.containers.extend(fresh.containers);
    }
}

impl Known {
    fn learn_action(&mut self, row: action::Model) {
        self.actions
            .insert((row.system.clone(), row.name.clone()), row.id);
        self.action_rows.insert(row.id, Arc::new(row));
    }
}

/// Turns names into numbers inside one transaction, making those that are new.
pub(super) struct Resolver<'a> {
    pub(super) transaction: &'a DatabaseTransaction,
    names: &'a Names,
    fresh: Known,
    last_user: Option<i64>,
    last_alias: Option<i64>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(transaction: &'a DatabaseTransaction, names: &'a Names) -> Self {
        Self {
            transaction,
            names,
            fresh: Known::default(),
            last_user: None,
            last_alias: None,
        }
    }

    /// What was learned; for [`Resolver::keep`] once the transaction has committed.
    pub(super) fn learned(self) -> Learned {
        Learned(self.fresh)
    }

    /// The number of a source.
    pub(super) async fn source(&mut self, name: &str, system: System) -> Result<i32, StoreError> {
        if let Some(id) = self
            .fresh
            .sources
            .get(name)
            .copied()
            .or_else(|| self.names.source(name))
        {
            return Ok(id);
        }
        let found = source::Entity::find()
            .filter(source::COLUMN.name.eq(name))
            .one(self.transaction)
            .await?;
        let row = match found {
            Some(row) => row,
            None => {
                source::ActiveModel {
                    name: Set(name.to_owned()),
                    system: Set(system.as_str().to_owned()),
                    ..Default::default()
                }
                .insert(self.transaction)
                .await?
            }
        };
        self.fresh.sources.insert(row.name, row.id);
        Ok(row.id)
    }

    /// Makes sure that everybody has a number: who is new gets a row of their own.
    pub(super) async fn learn_people<'e>(
        &mut self,
        people: impl Iterator<Item = &'e Actor>,
    ) -> Result<(), StoreError> {
        let mut unknown: BTreeMap<&Alias, &Actor> = BTreeMap::new();
        for actor in people {
            if self.alias(&actor.alias).is_none() {
                unknown.entry(&actor.alias).or_insert(actor);
            }
        }
        let names: Vec<&Alias> = unknown.keys().copied().collect();
        for names in names.chunks(LOOKUP) {
            let values = names.iter().map(|name| indexed(name.value.clone()));
            let found = alias::Entity::find().filter(alias::COLUMN.value.is_in(values));
            let found: HashMap<(String, String), i64> = found
                .all(self.transaction)
                .await?
                .into_iter()
                .map(|row| ((row.namespace, row.value), row.id))
                .collect();
            for name in names {
                let stored = (name.namespace.clone(), indexed(name.value.clone()));
                if let Some(id) = found.get(&stored) {
                    unknown.remove(name);
                    self.fresh.aliases.insert((*name).clone(), *id);
                }
            }
        }
        self.add_people(unknown).await
    }

    async fn add_people(&mut self, new: BTreeMap<&Alias, &Actor>) -> Result<(), StoreError> {
        if new.is_empty() {
            return Ok(());
        }
        let mut rows = (Vec::new(), Vec::new(), Vec::new());
        for (name, actor) in new {
            let user = user::Model {
                kind: actor.kind.number(),
                name: actor.name.clone().map(clean),
                email: actor.email.clone().map(clean),
                email_key: email_key(actor.email.as_deref()),
                sort_name: sort_name(actor.name.as_deref().or(actor.email.as_deref())),
                ..unnamed(self.next_user().await?)
            };
            let alias = self.new_alias(name, &user).await?;
            self.fresh.aliases.insert(name.clone(), alias.id);
            rows.0.push(alias);
            rows.1.extend(words::words_of(&user));
            rows.2.push(user);
        }
        bulk::insert(self.transaction, &rows.2).await?;
        bulk::insert(self.transaction, &rows.0).await?;
        bulk::insert(self.transaction, &rows.1).await
    }

    /// The number of an alias, once it has been learned.
    pub(super) fn alias(&self, alias: &Alias) -> Option<i64> {
        let fresh = self.fresh.aliases.get(alias).copied();
        fresh.or_else(|| self.names.get(|known| known.aliases.get(alias).copied()))
    }

    /// The number for the next user. Whoever appends is alone with the log, so counting on is safe.
    pub(super) async fn next_user(&mut self) -> Result<i64, StoreError> {
        let last = match self.last_user {
            Some(last) => last,
            None => greatest(self.transaction, user::Entity::find(), user::Column::Id).await?,
        };
        self.last_user = Some(last + 1);
        Ok(last + 1)
    }

    async fn new_alias(
        &mut self,
        alias: &Alias,
        account: &user::Model,
    ) -> Result<alias::Model, StoreError> {
        let last = match self.last_alias {
            Some(last) => last,
            None => greatest(self.transaction, alias::Entity::find(), alias::Column::Id).await?,
        };
        self.last_alias = Some(last + 1);
        let value = indexed(alias.value.clone());
        Ok(alias::Model {
            id: last + 1,
            namespace: alias.namespace.clone(),
            value,
            user_id: account.person_id,
            account_id: account.id,
        })
    }

    pub(super) async fn stored_alias(
        &self,
        alias: &Alias,
    ) -> Result<Option<alias::Model>, StoreError> {
        Ok(alias::Entity::find()
            .filter(alias::COLUMN.namespace.eq(&alias.namespace))
            .filter(alias::COLUMN.value.eq(indexed(alias.value.clone())))
            .one(self.transaction)
            .await?)
    }

    /// Gives an account one more alias.
    pub(super) async fn add_alias(
        &mut self,
        alias: &Alias,
        account: &user::Model,
    ) -> Result<alias::Model, StoreError> {
        let row = self.new_alias(alias, account).await?;
        Ok(row
            .into_active_model()
            .reset_all()
            .insert(self.transaction)
            .await?)
    }

    /// The number of a container; a new one is made, with those around it.
    pub(super) async fn container(
        &mut self,
        container: &Container,
    ) -> Result<Option<i64>, StoreError> {
        let Some(place) = Place::of(container) else {
            return Ok(None);
        };
        let known = self.fresh.containers.get(&place).copied();
        if let Some(id) = known.or_else(|| {
            self.names
                .get(|known| known.containers.get(&place).copied())
        }) {
            return Ok(Some(id));
        }
        let id = if let Some(row) = self.stored_container(container).await? {
            row.id
        } else {
            let parent_id = match &container.parent {
                Some(parent) => Box::pin(self.container(parent)).await?,
                None => None,
            };
            let name = container
                .name
                .clone()
                .or_else(|| container.key.clone())
                .map(clean);
            let row = container::ActiveModel {
                kind: Set(container.kind.number()),
                scope: Set(indexed(container.scope.clone())),
                upstream_id: Set(container.id.clone().map(indexed)),
                key: Set(container.key.clone().map(indexed)),
                sort_name: Set(sort_name(name.as_deref())),
                name: Set(container.name.clone().map(clean)),
                url: Set(container.url.clone().map(clean)),
                private: Set(container.private),
                parent_id: Set(parent_id),
                ..Default::default()
            };
            row.insert(self.transaction).await?.id
        };
        self.fresh.containers.insert(place, id);
        Ok(Some(id))
    }

    /// The row of a container: by its id, or else by its key as long as no row with another id has that key.
    pub(super) async fn stored_container(
        &self,
        container: &Container,
    ) -> Result<Option<container::Model>, StoreError> {
        let here = Condition::all()
            .add(container::COLUMN.kind.eq(container.kind.number()))
            .add(container::COLUMN.scope.eq(indexed(container.scope.clone())));
        if let Some(id) = &container.id {
            let by_id = container::Entity::find()
                .filter(here.clone())
                .filter(container::COLUMN.upstream_id.eq(indexed(id.clone())))
                .one(self.transaction)
                .await?;
            if by_id.is_some() {
                return Ok(by_id);
            }
        }
        let Some(key) = &container.key else {
            return Ok(None);
        };
        let mut by_key = container::Entity::find()
            .filter(here)
            .filter(container::COLUMN.key.eq(indexed(key.clone())));
        if container.id.is_some() {
            by_key = by_key.filter(container::COLUMN.upstream_id.is_null());
        }
        let Some(row) = by_key.one(self.transaction).await? else {
            return Ok(None);
        };
        let Some(id) = &container.id else {
            return Ok(Some(row));
        };
        let mut row = row.into_active_model();
        row.upstream_id = Set(Some(indexed(id.clone())));
        Ok(Some(row.update(self.transaction).await?))
    }
}

/// A user of whom nothing is known but the number.
pub(super) fn unnamed(id: i64) -> user::Model {
    user::Model {
        id,
        kind: ActorKind::default().number(),
        name: None,
        nickname: None,
        email: None,
        status: None,
        avatar_url: None,
        job_title: None,
        department: None,
        added_at: None,
        listed: false,
        sort_name: String::new(),
        person_id: id,
        email_key: None,
    }
}

/// Names that a transaction has learned.
pub(super) struct Learned(Known);

impl Names {
    /// Keeps what a transaction has learned, now that it has committed.
    pub(super) fn keep(&self, learned: Learned) {
        self.merge(learned.0);
    }

    /// Remembers an action that another process has added.
    pub(super) fn keep_action(&self, row: action::Model) {
        let mut known = Known::default();
        known.learn_action(row);
        self.merge(known);
    }
}

impl Place {
    fn of(container: &Container) -> Option<Self> {
        let name = match (&container.id, &container.key) {
            (Some(id), _) => PlaceName::Id(id.clone()),
            (None, Some(key)) => PlaceName::Key(key.clone()),
            (None, None) => return None,
        };
        Some(Self(container.kind.number(), container.scope.clone(), name))
    }
}

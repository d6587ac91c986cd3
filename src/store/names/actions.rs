//! Actions and their numbers: upstream's names for them, and what upstream tells people about them.

use super::{Known, Resolver};
use crate::event::System;
use crate::event::directory::DirectoryAction;
use crate::store::entity::action;
use crate::store::meaning::Meaning;
use crate::store::{StoreError, clean, indexed};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QueryFilter, Set};
use std::sync::Arc;

/// What upstream tells people about an action.
#[derive(Default)]
struct Told {
    label: Option<String>,
    group: Option<String>,
    group_key: Option<String>,
}

impl Told {
    fn of(listed: &DirectoryAction) -> Self {
        Self {
            label: listed.label.clone().map(clean),
            group: listed.group.clone().map(clean),
            group_key: listed.group_key.clone().map(clean),
        }
    }

    fn is_kept(&self, row: &action::Model) -> bool {
        row.upstream_label == self.label
            && row.upstream_group == self.group
            && row.upstream_group_key == self.group_key
    }

    /// Writes it into a row, with what the action means to us by it.
    fn explain(self, system: System, name: &str, row: &mut action::ActiveModel) {
        let meaning = Meaning::of(system, name, self.label.as_deref());
        row.code = Set(meaning.code);
        row.label = Set(meaning.label);
        row.category = Set(meaning.category);
        row.upstream_label = Set(self.label);
        row.upstream_group = Set(self.group);
        row.upstream_group_key = Set(self.group_key);
    }
}

impl Resolver<'_> {
    /// The number of an upstream action name.
    pub(in crate::store) async fn action(
        &mut self,
        system: System,
        name: &str,
    ) -> Result<i32, StoreError> {
        let key = (system.as_str().to_owned(), indexed(name.to_owned()));
        let known = self.fresh.actions.get(&key).copied();
        if let Some(id) = known.or_else(|| self.names.get(|known| known.actions.get(&key).copied()))
        {
            return Ok(id);
        }
        let row = match self.stored_action(&key.0, &key.1).await? {
            Some(row) => row,
            None => self.new_action(system, &key.1, Told::default()).await?,
        };
        let id = row.id;
        self.fresh.learn_action(row);
        Ok(id)
    }

    /// What is known of an action that has a number.
    pub(in crate::store) fn action_row(&self, id: i32) -> Option<Arc<action::Model>> {
        let fresh = self.fresh.action_rows.get(&id).cloned();
        fresh.or_else(|| self.names.action(id))
    }

    /// Learns what upstream itself calls an action; what it means to us may change by that.
    pub(in crate::store) async fn describe_action(
        &mut self,
        system: System,
        listed: &DirectoryAction,
    ) -> Result<(), StoreError> {
        let name = indexed(listed.name.clone());
        let told = Told::of(listed);
        // Records that name their action in passing say the same again and again.
        let key = (system.as_str().to_owned(), name.clone());
        let same = |known: &Known| {
            let row = known.action_rows.get(known.actions.get(&key)?)?;
            Some(told.is_kept(row))
        };
        if same(&self.fresh).or_else(|| self.names.get(same)) == Some(true) {
            return Ok(());
        }
        let row = match self.stored_action(system.as_str(), &name).await? {
            None => self.new_action(system, &name, told).await?,
            Some(row) if told.is_kept(&row) => row,
            Some(row) => {
                let mut row = row.into_active_model();
                told.explain(system, &name, &mut row);
                row.update(self.transaction).await?
            }
        };
        self.fresh.learn_action(row);
        Ok(())
    }

    async fn stored_action(
        &self,
        system: &str,
        name: &str,
    ) -> Result<Option<action::Model>, StoreError> {
        Ok(action::Entity::find()
            .filter(action::COLUMN.system.eq(system))
            .filter(action::COLUMN.name.eq(name))
            .one(self.transaction)
            .await?)
    }

    async fn new_action(
        &self,
        system: System,
        name: &str,
        told: Told,
    ) -> Result<action::Model, StoreError> {
        let mut row = action::ActiveModel {
            system: Set(system.as_str().to_owned()),
            name: Set(name.to_owned()),
            ..Default::default()
        };
        told.explain(system, name, &mut row);
        Ok(row.insert(self.transaction).await?)
    }
}

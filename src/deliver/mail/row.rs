//! Events as rows of text, as they are shown in mails and files.

use crate::event::{ContainerKind, Timestamp};
use crate::store::entity::{alias, change, container, event, user};
use crate::store::{Store, StoreError};
use std::collections::{BTreeSet, HashMap};

/// Rows that are read at once.
pub(super) const PAGE: u64 = 500;

/// An event as a row of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// When it happened.
    pub(super) time: Option<Timestamp>,
    /// Who did it.
    pub(super) actor: String,
    /// What was done.
    pub(super) action: String,
    /// What it was done to.
    pub(super) target: String,
    /// In which project or other place.
    pub(super) project: String,
    /// The changed fields.
    pub(super) field: String,
    /// Their values before.
    pub(super) old: String,
    /// Their values after.
    pub(super) new: String,
    /// The issue's key.
    pub(super) issue: String,
}

/// Events as rows, in the same order.
pub(super) async fn rows(store: &Store, events: &[event::Model]) -> Result<Vec<Row>, StoreError> {
    let around = Around::load(store, events).await?;
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        let action = store.action(event.action_id).await?;
        rows.push(Row {
            action: action.map_or_else(String::new, |action| action.label.clone()),
            ..around.row(event)
        });
    }
    Ok(rows)
}

/// What stands beside a page of events.
struct Around {
    people: HashMap<i64, String>,
    late: HashMap<i64, i64>,
    changes: HashMap<i64, Vec<change::Model>>,
    containers: HashMap<i64, container::Model>,
}

impl Around {
    async fn load(store: &Store, events: &[event::Model]) -> Result<Self, StoreError> {
        let positions: Vec<i64> = events.iter().map(|event| event.seq).collect();
        let late: HashMap<i64, i64> = store
            .late_actors(&positions)
            .await?
            .into_iter()
            .map(|late| (late.seq, late.alias_id))
            .collect();
        let named = events
            .iter()
            .flat_map(|event| [event.actor_id, event.target_alias_id])
            .flatten();
        let aliases: BTreeSet<i64> = named.chain(late.values().copied()).collect();
        let aliases: Vec<i64> = aliases.into_iter().collect();
        let people = store.people(&aliases).await?;
        let mut changes: HashMap<i64, Vec<change::Model>> = HashMap::new();
        for change in store.changes(&positions).await? {
            changes.entry(change.seq).or_default().push(change);
        }
        let places: BTreeSet<i64> = events
            .iter()
            .filter_map(|event| event.container_id)
            .collect();
        let places: Vec<i64> = places.into_iter().collect();
        let mut containers = store.containers_by_id(&places).await?;
        let parents: BTreeSet<i64> = containers.iter().filter_map(|row| row.parent_id).collect();
        let parents: Vec<i64> = parents.into_iter().collect();
        containers.extend(store.containers_by_id(&parents).await?);
        Ok(Self {
            people: people.iter().map(named_by).collect(),
            late,
            changes,
            containers: containers.into_iter().map(|row| (row.id, row)).collect(),
        })
    }

    fn row(&self, event: &event::Model) -> Row {
        let person = |alias: i64| self.people.get(&alias).cloned();
        let actor = event.actor_id.or(self.late.get(&event.seq).copied());
        let target = match event.target_alias_id {
            Some(alias) => person(alias),
            None => event.target_name.clone().or(event.target_id.clone()),
        };
        let changes = self.changes.get(&event.seq).map(Vec::as_slice);
        let joined = |value: fn(&change::Model) -> Option<&str>| {
            let values = changes.unwrap_or_default().iter();
            let values: Vec<&str> = values.map(|row| value(row).unwrap_or_default()).collect();
            // Nothing but commas says nothing.
            if values.iter().all(|value| value.is_empty()) {
                return String::new();
            }
            values.join(", ")
        };
        Row {
            time: Some(Timestamp::from_micros(event.time)),
            actor: actor.and_then(person).unwrap_or_default(),
            action: String::new(),
            target: target.unwrap_or_default(),
            project: self.project(event.container_id).unwrap_or_default(),
            field: joined(|row| Some(&row.field)),
            old: joined(|row| row.from_value.as_deref()),
            new: joined(|row| row.to_value.as_deref()),
            issue: event.issue_key.clone().unwrap_or_default(),
        }
    }

    /// The project around a place, or else the place, by key or name.
    fn project(&self, place: Option<i64>) -> Option<String> {
        let row = self.containers.get(&place?)?;
        let is_repository = ContainerKind::from_number(row.kind) == ContainerKind::Repository;
        let parent = row.parent_id.filter(|_| is_repository);
        let row = parent
            .and_then(|id| self.containers.get(&id))
            .unwrap_or(row);
        row.key.clone().or(row.name.clone())
    }
}

fn named_by((alias, user): &(alias::Model, user::Model)) -> (i64, String) {
    let name = user.name.as_ref().or(user.nickname.as_ref());
    (alias.id, name.unwrap_or(&alias.value).clone())
}

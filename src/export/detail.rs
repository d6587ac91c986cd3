//! A page of events with all that their rows say: names instead of numbers, as far as the viewer may see them.

use super::cell::Cell;
use super::reader::{Within, time_in};
use crate::access::Viewer;
use crate::event::{ContainerKind, Timestamp};
use crate::store::beside::Beside;
use crate::store::entity::{action, alias, change, container, event, issue, user};
use crate::store::issues::IssueName;
use crate::store::{Store, StoreError};
use chrono_tz::Tz;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The upstream name of a view of an issue where it was the portal that somebody looked at; all others mean Jira itself.
const IN_PORTAL: &str = "view/customer_portal";

/// What is known about the events of a page.
pub(super) struct Facts {
    zone: Tz,
    beside: Beside,
    actions: HashMap<i32, Arc<action::Model>>,
    /// By position, who did what upstream named nobody for.
    late: HashMap<i64, String>,
    changes: HashMap<i64, Vec<change::Model>>,
    issues: HashMap<IssueName, issue::Model>,
}

impl Facts {
    pub(super) async fn load(
        within: &Within,
        events: &[event::Model],
        beside: Beside,
        zone: Tz,
    ) -> Result<Self, StoreError> {
        let store = &within.store;
        let positions: Vec<i64> = events.iter().map(|event| event.seq).collect();
        let unnamed: Vec<i64> = events
            .iter()
            .filter(|event| event.actor_id.is_none())
            .map(|event| event.seq)
            .collect();
        let late = store.late_actors(&unnamed).await?;
        let people = names(store, late.iter().map(|row| row.alias_id).collect()).await?;
        let late = late.into_iter().filter_map(|row| {
            let name = people.get(&row.alias_id)?;
            Some((row.seq, name.clone()))
        });
        let mut changes: HashMap<i64, Vec<change::Model>> = HashMap::new();
        for change in store.changes(&positions).await? {
            changes.entry(change.seq).or_default().push(change);
        }
        let mut actions = HashMap::new();
        for id in events
            .iter()
            .map(|event| event.action_id)
            .collect::<BTreeSet<_>>()
        {
            actions.extend(store.action(id).await?.map(|action| (id, action)));
        }
        Ok(Self {
            zone,
            beside,
            actions,
            late: late.collect(),
            changes,
            issues: issues(store, &within.viewer, events).await?,
        })
    }

    /// The event with what is known about it.
    pub(super) fn about(self: &Arc<Self>, event: event::Model) -> Detail {
        let facts = Arc::clone(self);
        Detail { event, facts }
    }
}

/// What these aliases are called.
pub(super) async fn names(
    store: &Store,
    aliases: BTreeSet<i64>,
) -> Result<HashMap<i64, String>, StoreError> {
    let aliases: Vec<i64> = aliases.into_iter().collect();
    let people = store.people(&aliases).await?;
    Ok(people
        .into_iter()
        .map(|(alias, user)| (alias.id, name(&alias, &user).to_owned()))
        .collect())
}

/// Somebody's name; where that is unknown, the name under which upstream knows them.
fn name<'a>(alias: &'a alias::Model, user: &'a user::Model) -> &'a str {
    user.name
        .as_deref()
        .or(user.nickname.as_deref())
        .unwrap_or(&alias.value)
}

/// These containers.
pub(super) async fn places(
    store: &Store,
    ids: BTreeSet<i64>,
) -> Result<HashMap<i64, container::Model>, StoreError> {
    let ids: Vec<i64> = ids.into_iter().collect();
    let rows = store.containers_by_id(&ids).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// What a container is called.
pub(super) fn place_name(row: &container::Model) -> Option<&str> {
    row.name.as_deref().or(row.key.as_deref())
}

async fn issues(
    store: &Store,
    viewer: &Viewer,
    events: &[event::Model],
) -> Result<HashMap<IssueName, issue::Model>, StoreError> {
    let names: BTreeSet<(Option<String>, Option<String>, Option<i64>)> = events
        .iter()
        .filter_map(issue_name)
        .map(|name| (name.id, name.key, name.container_id))
        .collect();
    let name = |(id, key, container_id)| IssueName {
        id,
        key,
        container_id,
    };
    let names: Vec<IssueName> = names.into_iter().map(name).collect();
    store.issues_named(viewer, &names).await
}

fn issue_name(event: &event::Model) -> Option<IssueName> {
    let named = event.issue_id.is_some() || event.issue_key.is_some();
    named.then(|| IssueName {
        id: event.issue_id.clone(),
        key: event.issue_key.clone(),
        container_id: event.container_id,
    })
}

/// An event with what is known about it.
pub struct Detail {
    event: event::Model,
    facts: Arc<Facts>,
}

impl Detail {
    pub(super) fn time(&self) -> Cell {
        let time = Timestamp::from_micros(self.event.time);
        Cell::Text(time_in(time, self.facts.zone))
    }

    pub(super) fn author(&self) -> Cell {
        let late = || self.facts.late.get(&self.event.seq).map(String::as_str);
        Cell::of(self.person(self.event.actor_id).or_else(late))
    }

    /// The kind of thing and its name, or its id where it has none.
    pub(super) fn target(&self) -> Cell {
        let Some(kind) = &self.event.target_kind else {
            return Cell::Empty;
        };
        let name = self
            .person(self.event.target_alias_id)
            .or(self.event.target_name.as_deref())
            .or(self.event.target_id.as_deref());
        Cell::Text(match name {
            Some(name) => format!("{kind}: {name}"),
            None => kind.clone(),
        })
    }

    pub(super) fn action(&self) -> Cell {
        Cell::of(self.stored_action().map(|action| &action.label))
    }

    pub(super) fn project(&self) -> Cell {
        Cell::of(self.place_around().and_then(place_name))
    }

    pub(super) fn before(&self) -> Cell {
        self.changed(|change| change.from_value.as_deref())
    }

    pub(super) fn after(&self) -> Cell {
        self.changed(|change| change.to_value.as_deref())
    }

    /// The issue's key, or the id of what it was done to: a project, version, user, sprint and so on.
    pub(super) fn id(&self) -> Cell {
        match self.issue_key() {
            Cell::Empty => Cell::of(self.event.target_id.as_ref()),
            key => key,
        }
    }

    pub(super) fn issue_type(&self) -> Cell {
        Cell::of(self.issue().and_then(|issue| issue.kind.as_ref()))
    }

    /// The key at the time, or the one that it has now where the event has only the issue's id.
    pub(super) fn issue_key(&self) -> Cell {
        let now = || self.issue().and_then(|issue| issue.key.as_ref());
        Cell::of(self.event.issue_key.as_ref().or_else(now))
    }

    pub(super) fn summary(&self) -> Cell {
        Cell::of(self.issue().and_then(|issue| issue.summary.as_ref()))
    }

    /// From where an issue was viewed.
    pub(super) fn place(&self) -> Cell {
        let portal = self
            .stored_action()
            .is_some_and(|action| action.name == IN_PORTAL);
        Cell::of(Some(if portal {
            "Customer Portal"
        } else {
            "Issue View"
        }))
    }

    fn person(&self, alias: Option<i64>) -> Option<&str> {
        let person = self.facts.beside.person(alias?)?;
        Some(name(&person.0, &person.1))
    }

    fn stored_action(&self) -> Option<&action::Model> {
        let found = self.facts.actions.get(&self.event.action_id);
        found.map(Arc::as_ref)
    }

    fn issue(&self) -> Option<&issue::Model> {
        self.facts.issues.get(&issue_name(&self.event)?)
    }

    /// The project or space in which it happened.
    fn place_around(&self) -> Option<&container::Model> {
        let row = self.facts.beside.container(self.event.container_id?)?;
        match ContainerKind::from_number(row.kind) {
            ContainerKind::Project | ContainerKind::Space => Some(row),
            ContainerKind::Repository => {
                let around = self.facts.beside.container(row.parent_id?)?;
                (around.kind == ContainerKind::Project.number()).then_some(&**around)
            }
            _ => None,
        }
    }

    /// One side of all changes, a line a field.
    fn changed(&self, side: impl Fn(&change::Model) -> Option<&str>) -> Cell {
        let changes = self.facts.changes.get(&self.event.seq);
        let lines: Vec<String> = changes
            .into_iter()
            .flatten()
            .filter_map(|change| Some(format!("{}: {}", change.field, side(change)?)))
            .collect();
        Cell::of((!lines.is_empty()).then(|| lines.join("\n")))
    }
}

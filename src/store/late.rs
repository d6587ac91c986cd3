//! Late actors: who did what a webhook reported without a name, learned from another report of the same act.
//!
//! Jira's webhooks for projects, versions, sprints, links and much else name nobody. The audit log, the changelog or the
//! organization's log does, minutes earlier or days later. Events never change, so what is learned stands beside them.
//!
//! A **witness** of such an event names a person or app, happened within two minutes of it at the same site, and is
//! either the same action (by code) on the same target, or, for parts of an issue (a comment or worklog deleted, a link,
//! an attachment deleted), an update of that issue whose changes show that act, or are not told at all. All witnesses
//! must name one and the same person, or else nobody is named: it is never guessed. What has once been learned stays,
//! for it has been seen; which event it was learned from is kept with it. The surest witness is the same record again,
//! this time with a name: it is stored only once, and counts as an event's own word.
//!
//! What comparing two listings shows is left alone: it happened some time between them, so no two minutes can be told.

use super::entity::{action, awaited_actor, change, event, late_actor};
use super::names::Resolver;
use super::witness::{APART, Names, people, subjects, witnesses};
use super::{Store, StoreError, bulk};
use crate::event::action::late::{ISSUE_UPDATED, may_be_awaited, may_lack_actor, tells_of_parts};
use crate::event::{System, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{EntityTrait, QueryFilter, QuerySelect, Set};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

impl Store {
    /// Who did what these events report without a name, as far as that has been learned.
    pub async fn late_actors(
        &self,
        positions: &[i64],
    ) -> Result<Vec<late_actor::Model>, StoreError> {
        Ok(late_actor::Entity::find()
            .filter(late_actor::COLUMN.seq.is_in(positions.iter().copied()))
            .all(&self.read)
            .await?)
    }
}

/// What an action has to do with late actors.
#[derive(Clone, Copy, Default)]
struct Role {
    awaits: bool,
    tells: bool,
    updates: bool,
}

/// Learns from what has just been stored who did it, and who did what was stored before.
///
/// `again` are records that were stored already and came once more with a name.
pub(super) async fn learn(
    resolver: &Resolver<'_>,
    (events, changes): (&[event::Model], &[change::Model]),
    again: &[(Uuid, i64)],
    now: Timestamp,
) -> Result<(), StoreError> {
    named_again(resolver, again, now).await?;
    let mut roles: HashMap<i32, Option<(Role, Arc<action::Model>)>> = HashMap::new();
    let (mut nameless, mut telling) = (Vec::new(), Vec::new());
    for row in events {
        let known = roles.entry(row.action_id).or_insert_with(|| {
            let action = resolver.action_row(row.action_id)?;
            Some((Role::of(&action), action))
        });
        let Some((role, action)) = known else {
            continue;
        };
        if row.actor_id.is_none() && role.awaits {
            nameless.push((row, action.code.clone()));
        } else if row.actor_id.is_some() && (role.tells || role.updates) {
            telling.push((row, *role, action.code.clone()));
        }
    }
    let mut waiting: BTreeMap<i64, event::Model> = BTreeMap::new();
    if !nameless.is_empty() {
        let names = Names::of(resolver, nameless.iter().map(|(row, _)| *row)).await?;
        let rows: Vec<_> = nameless
            .iter()
            .flat_map(|(row, code)| {
                let subjects = subjects(row, code, &names);
                subjects.into_iter().map(|subject| awaited_actor::Model {
                    seq: row.seq,
                    subject,
                    time: row.time,
                })
            })
            .collect();
        bulk::insert(resolver.transaction, &rows).await?;
        waiting.extend(nameless.iter().map(|(row, _)| (row.seq, (*row).clone())));
    }
    if !telling.is_empty() && anything_awaited(resolver).await? {
        let parts: HashSet<i64> = parts_of_issues(changes);
        let detailed: HashSet<i64> = changes.iter().map(|change| change.seq).collect();
        telling.retain(|(row, role, _)| {
            role.tells || parts.contains(&row.seq) || !detailed.contains(&row.seq)
        });
        for row in awaited_by(resolver, &telling).await? {
            waiting.insert(row.seq, row);
        }
    }
    for row in waiting.into_values() {
        resolve(resolver, &row, now).await?;
    }
    Ok(())
}

impl Role {
    fn of(action: &action::Model) -> Self {
        let system = System::parse(&action.system);
        Self {
            awaits: system.is_some_and(|system| may_lack_actor(system, &action.name)),
            tells: may_be_awaited(&action.code),
            updates: action.code == ISSUE_UPDATED,
        }
    }
}

/// The same records with a name: nobody knows better than they do.
async fn named_again(
    resolver: &Resolver<'_>,
    again: &[(Uuid, i64)],
    now: Timestamp,
) -> Result<(), StoreError> {
    if again.is_empty() {
        return Ok(());
    }
    let keys = bulk::among(resolver.transaction, again.iter().map(|(key, _)| *key))?;
    let rows = event::Entity::find()
        .filter(event::COLUMN.key.in_subquery(keys))
        .filter(event::COLUMN.actor_id.is_null())
        .all(resolver.transaction)
        .await?;
    for row in rows {
        if let Some((_, alias_id)) = again.iter().find(|(key, _)| *key == row.key) {
            keep(resolver, row.seq, *alias_id, row.seq, now).await?;
        }
    }
    Ok(())
}

async fn anything_awaited(resolver: &Resolver<'_>) -> Result<bool, StoreError> {
    let any: Option<i64> = awaited_actor::Entity::find()
        .select_only()
        .column(awaited_actor::Column::Seq)
        .limit(1)
        .into_tuple()
        .one(resolver.transaction)
        .await?;
    Ok(any.is_some())
}

/// The events whose changes tell of parts of an issue.
fn parts_of_issues(changes: &[change::Model]) -> HashSet<i64> {
    let parts = changes
        .iter()
        .filter(|change| tells_of_parts(&change.field));
    parts.map(|change| change.seq).collect()
}

/// The events that wait for one of these.
async fn awaited_by(
    resolver: &Resolver<'_>,
    telling: &[(&event::Model, Role, String)],
) -> Result<Vec<event::Model>, StoreError> {
    let names = Names::of(resolver, telling.iter().map(|(row, ..)| *row)).await?;
    let mut told: HashMap<String, Vec<i64>> = HashMap::new();
    for (row, _, code) in telling {
        for subject in subjects(row, code, &names) {
            told.entry(subject).or_default().push(row.time);
        }
    }
    let subjects = bulk::texts(resolver.transaction, told.keys().map(String::as_str))?;
    let awaited = awaited_actor::Entity::find()
        .filter(awaited_actor::COLUMN.subject.in_subquery(subjects))
        .all(resolver.transaction)
        .await?;
    let near = awaited.into_iter().filter(|row| {
        let times = told.get(&row.subject).into_iter().flatten();
        times
            .into_iter()
            .any(|time| time.abs_diff(row.time) <= APART.unsigned_abs())
    });
    let positions: BTreeSet<i64> = near.map(|row| row.seq).collect();
    Ok(event::Entity::find()
        .filter(event::COLUMN.seq.is_in(positions))
        .all(resolver.transaction)
        .await?)
}

/// Names whoever did what an event reports, if the log by now says so without a doubt.
async fn resolve(
    resolver: &Resolver<'_>,
    row: &event::Model,
    now: Timestamp,
) -> Result<(), StoreError> {
    let witnesses = witnesses(resolver, row).await?;
    let aliases: BTreeSet<i64> = witnesses.iter().filter_map(|row| row.actor_id).collect();
    let people = people(resolver, aliases).await?;
    let mut named = witnesses.iter().filter_map(|witness| {
        let alias_id = witness.actor_id?;
        Some((*people.get(&alias_id)?, alias_id, witness.seq))
    });
    let Some((person, alias_id, from)) = named.next() else {
        return Ok(());
    };
    if named.any(|(other, ..)| other != person) {
        return Ok(());
    }
    keep(resolver, row.seq, alias_id, from, now).await
}

/// Keeps who did it, unless that is known already; nobody needs to be waited for any more.
async fn keep(
    resolver: &Resolver<'_>,
    seq: i64,
    alias_id: i64,
    from_seq: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let newest: Option<Option<i64>> = late_actor::Entity::find()
        .select_only()
        .expr(Expr::col(late_actor::Column::Number).max())
        .into_tuple()
        .one(resolver.transaction)
        .await?;
    let row = late_actor::ActiveModel {
        seq: Set(seq),
        alias_id: Set(alias_id),
        from_seq: Set(from_seq),
        learned_at: Set(now.micros()),
        number: Set(newest.flatten().unwrap_or_default() + 1),
    };
    let first = OnConflict::column(late_actor::Column::Seq)
        .do_nothing()
        .to_owned();
    late_actor::Entity::insert(row)
        .on_conflict(first)
        .exec_without_returning(resolver.transaction)
        .await?;
    awaited_actor::Entity::delete_many()
        .filter(awaited_actor::COLUMN.seq.eq(seq))
        .exec(resolver.transaction)
        .await?;
    Ok(())
}

//! An administrator's decisions on who is one person: linking several, separating one.
//!
//! Each is kept for the names that it is about, beats what the rules in [`persons`](super::persons) say, and becomes an
//! event. Whether somebody may decide is not asked here.

use super::append::Appended;
use super::entity::{alias, person_decision};
use super::names::Resolver;
use super::observation::Observation;
use super::persons::{decided_apart, wrong};
use super::{Store, StoreError, bulk, clean, deeds};
use crate::access::Viewer;
use crate::event::{Alias, Timestamp};
use sea_orm::EntityTrait;
use std::collections::BTreeSet;

/// Users who are linked at once.
const MOST: usize = 50;

/// What linking did.
#[derive(Clone, Copy, Debug)]
pub struct Linked {
    /// The user who stands for all of them now.
    pub user: i64,
    /// What it added to the log.
    pub appended: Appended,
}

/// What separating did.
#[derive(Clone, Copy, Debug)]
pub struct Separated {
    /// The user who keeps the other names.
    pub user: i64,
    /// The user to whom the separated names belong now.
    pub separated: i64,
    /// What it added to the log.
    pub appended: Appended,
}

impl Store {
    /// Makes one person of several, by an administrator's decision.
    pub async fn link_users(
        &self,
        viewer: &Viewer,
        users: &[i64],
        now: Timestamp,
    ) -> Result<Linked, StoreError> {
        if users.len() > MOST {
            return Err(wrong(
                "input.users".to_owned(),
                format!("{} users are too many; give at most {MOST}", users.len()),
            ));
        }
        let transaction = self.begin_alone().await?;
        let mut resolver = Resolver::new(&transaction, &self.names);
        let mut persons = BTreeSet::new();
        for (place, id) in users.iter().enumerate() {
            let path = format!("input.users[{place}]");
            persons.insert(resolver.person_of(*id, path).await?);
        }
        let persons: Vec<i64> = persons.into_iter().collect();
        if persons.len() < 2 {
            return Err(wrong(
                "input.users".to_owned(),
                "give at least two users who are not one person already".to_owned(),
            ));
        }
        let (mut names, mut actors) = (Vec::new(), Vec::new());
        for person in &persons {
            names.push(resolver.names_of(*person).await?);
            actors.push(resolver.actor(*person).await?);
        }
        let decision = Decision {
            viewer,
            now,
            linked: true,
        };
        for (place, ours) in names.iter().enumerate() {
            for theirs in &names[place + 1..] {
                decision.forget_apart(&resolver, ours, theirs).await?;
                let first = |names: &[alias::Model]| names.iter().take(1).cloned().collect();
                let (one, other): (Vec<_>, Vec<_>) = (first(ours), first(theirs));
                decision.keep(&resolver, &one, &other).await?;
            }
        }
        let user = resolver.join(&persons).await?;
        let (mut kept, mut others) = (None, Vec::new());
        for (person, actor) in persons.into_iter().zip(actors) {
            if person == user {
                kept = actor;
            } else {
                others.extend(actor);
            }
        }
        let linked = kept.map(|kept| Observation::of_people("user.linked", kept, others));
        let appended = deeds::decided(&mut resolver, viewer, now, linked).await?;
        let learned = resolver.learned();
        self.commit(transaction, learned, appended).await?;
        Ok(Linked { user, appended })
    }

    /// Makes some of a person's names another person's, by an administrator's decision.
    pub async fn separate_user(
        &self,
        viewer: &Viewer,
        user: i64,
        names: &[Alias],
        now: Timestamp,
    ) -> Result<Separated, StoreError> {
        let transaction = self.begin_alone().await?;
        let mut resolver = Resolver::new(&transaction, &self.names);
        let person = resolver.person_of(user, "input.user".to_owned()).await?;
        let all = resolver.names_of(person).await?;
        let chosen = chosen(&all, names)?;
        let (leaving, staying): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|row| chosen.contains(&row.id));
        let (separated, user) = resolver.split(&leaving, &staying).await?;
        let decision = Decision {
            viewer,
            now,
            linked: false,
        };
        decision.keep(&resolver, &leaving, &staying).await?;
        let gone = resolver.actor(separated).await?.into_iter().collect();
        let kept = resolver.actor(user).await?;
        let told = kept.map(|kept| Observation::of_people("user.separated", kept, gone));
        let appended = deeds::decided(&mut resolver, viewer, now, told).await?;
        let learned = resolver.learned();
        self.commit(transaction, learned, appended).await?;
        Ok(Separated {
            user,
            separated,
            appended,
        })
    }
}

/// The numbers of the names to separate, which are some of a person's but not all.
fn chosen(all: &[alias::Model], names: &[Alias]) -> Result<BTreeSet<i64>, StoreError> {
    let mut chosen = BTreeSet::new();
    for (place, name) in names.iter().enumerate() {
        let is_meant =
            |row: &&alias::Model| row.namespace == name.namespace && row.value == name.value;
        let Some(found) = all.iter().find(is_meant) else {
            return Err(wrong(
                format!("input.aliases[{place}]"),
                format!(
                    "the user has no name `{}` of `{}`; give some of their `aliases`",
                    name.value, name.namespace
                ),
            ));
        };
        chosen.insert(found.id);
    }
    if chosen.is_empty() || chosen.len() == all.len() {
        return Err(wrong(
            "input.aliases".to_owned(),
            "give some of the user's aliases, but not all of them".to_owned(),
        ));
    }
    Ok(chosen)
}

/// An administrator's word on who is one person.
struct Decision<'a> {
    viewer: &'a Viewer,
    now: Timestamp,
    linked: bool,
}

impl Decision<'_> {
    /// Keeps it for each pair of names, in place of what was decided before.
    async fn keep(
        &self,
        resolver: &Resolver<'_>,
        ours: &[alias::Model],
        theirs: &[alias::Model],
    ) -> Result<(), StoreError> {
        let mut rows = Vec::new();
        for one in ours {
            for other in theirs {
                rows.push(person_decision::Model {
                    low_id: one.id.min(other.id),
                    high_id: one.id.max(other.id),
                    linked: self.linked,
                    decided_by: clean(self.viewer.name.clone()),
                    decided_at: self.now.micros(),
                });
            }
        }
        for row in &rows {
            person_decision::Entity::delete_by_id((row.low_id, row.high_id))
                .exec(resolver.transaction)
                .await?;
        }
        bulk::insert(resolver.transaction, &rows).await
    }

    /// Forgets that these were to be kept apart.
    async fn forget_apart(
        &self,
        resolver: &Resolver<'_>,
        ours: &[alias::Model],
        theirs: &[alias::Model],
    ) -> Result<(), StoreError> {
        for row in decided_apart(resolver, ours, theirs).await? {
            person_decision::Entity::delete_by_id((row.low_id, row.high_id))
                .exec(resolver.transaction)
                .await?;
        }
        Ok(())
    }
}

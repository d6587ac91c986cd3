//! What events refer to, kept in memory: whose names are, and places. So a page reads nothing but events.
//!
//! The database counts how often any of it has changed, whoever it was ([`revision::NAMES`]), and each page says which
//! number holds for it: what is given out is never older than the page.

use super::beside::{Beside, Person, revision_of_names};
use super::entity::{alias, container, event, user};
use super::{Store, StoreError, packed};
use lru::LruCache;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

/// People, and containers, that are kept: some megabytes of them.
const KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(19_999);

/// What events refer to, by number.
#[derive(Debug, Default)]
pub(super) struct References {
    aliases: BTreeSet<i64>,
    containers: BTreeSet<i64>,
}

impl References {
    /// All that these refer to.
    pub(super) fn of(events: &[event::Model]) -> Self {
        let people = events
            .iter()
            .flat_map(|event| [event.actor_id, event.target_alias_id]);
        let places = events.iter().map(|event| event.container_id);
        Self {
            aliases: people.flatten().collect(),
            containers: places.flatten().collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.aliases.is_empty() && self.containers.is_empty()
    }
}

/// What is kept.
#[derive(Debug)]
pub(super) struct Referred(Mutex<Kept>);

#[derive(Debug)]
struct Kept {
    revision: i64,
    people: LruCache<i64, Person>,
    containers: LruCache<i64, Arc<container::Model>>,
}

impl Default for Referred {
    fn default() -> Self {
        Self(Mutex::new(Kept {
            revision: i64::MIN,
            people: LruCache::new(KEPT),
            containers: LruCache::new(KEPT),
        }))
    }
}

impl Referred {
    /// What is at hand of these, as new as a revision, and what is not.
    fn look(&self, wanted: &References, revision: i64) -> (Beside, References) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.advance(revision);
        let (mut beside, mut missing) = (Beside::default(), References::default());
        for alias in &wanted.aliases {
            match kept.people.get(alias) {
                Some(person) => {
                    beside.people.insert(*alias, Arc::clone(person));
                }
                None => {
                    missing.aliases.insert(*alias);
                }
            }
        }
        for id in &wanted.containers {
            let mut next = Some(*id);
            // The place itself, and the one around it.
            for _ in 0..2 {
                let Some(id) = next else { break };
                let Some(place) = kept.containers.get(&id) else {
                    missing.containers.insert(id);
                    break;
                };
                next = place.parent_id;
                beside.containers.insert(id, Arc::clone(place));
            }
        }
        (beside, missing)
    }

    /// Keeps what was read at a revision, unless something has changed since.
    fn keep(&self, read: &Beside, revision: i64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.advance(revision);
        if kept.revision == revision {
            for (alias, person) in &read.people {
                kept.people.put(*alias, Arc::clone(person));
            }
            for (id, place) in &read.containers {
                kept.containers.put(*id, Arc::clone(place));
            }
        }
    }
}

impl Kept {
    /// Forgets everything that is older than a revision.
    fn advance(&mut self, revision: i64) {
        if self.revision < revision {
            self.revision = revision;
            self.people.clear();
            self.containers.clear();
        }
    }
}

impl Store {
    /// What stands beside events for which a revision of names holds.
    pub(super) async fn beside(
        &self,
        wanted: &References,
        revision: i64,
    ) -> Result<Beside, StoreError> {
        let (found, missing) = self.referred.look(wanted, revision);
        if missing.is_empty() {
            return Ok(found);
        }
        let backend = self.read.get_database_backend();
        let ids = |ids: &BTreeSet<i64>| {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            format!("[{}]", ids.join(","))
        };
        let values = [
            ids(&missing.aliases).into(),
            ids(&missing.containers).into(),
        ];
        let statement = Statement::from_sql_and_values(backend, reading(backend), values);
        let Some(row) = self.read.query_one_raw(statement).await? else {
            return Ok(found);
        };
        let people: Vec<(alias::Model, user::Model)> = packed::unpack(&row, 0)?;
        let containers: Vec<container::Model> = packed::unpack(&row, 1)?;
        let read = Beside {
            people: people
                .into_iter()
                .map(|person| (person.0.id, Arc::new(person)))
                .collect(),
            containers: containers
                .into_iter()
                .map(|row| (row.id, Arc::new(row)))
                .collect(),
        };
        self.referred.keep(&read, row.try_get_by_index(2)?);
        Ok(found.and(read))
    }
}

/// The statement that reads people and containers, the places around these, and the revision that holds for all of it.
fn reading(backend: DbBackend) -> String {
    let (list, row) = packed::functions(backend);
    let aliases = packed::columns::<alias::Entity>(backend, "a", |_| true);
    let users = packed::columns::<user::Entity>(backend, "u", |_| true);
    let containers = packed::columns::<container::Entity>(backend, "c", |_| true);
    let of_people = among(backend, &numbers(backend, "$1"));
    let inside = numbers(backend, "$2");
    let around = format!(
        "SELECT parent_id FROM containers WHERE id {}",
        among(backend, &inside)
    );
    let of_places = among(backend, &format!("{inside} UNION {around}"));
    let revision = revision_of_names();
    format!(
        "SELECT (SELECT CAST({list}({row}({row}({aliases}), {row}({users}))) AS text) FROM aliases a \
         JOIN users u ON u.id = a.user_id WHERE a.id {of_people}), \
         (SELECT CAST({list}({row}({containers})) AS text) FROM containers c WHERE c.id {of_places}), {revision}"
    )
}

/// The numbers in a list that is given as JSON.
fn numbers(backend: DbBackend, list: &str) -> String {
    match backend {
        DbBackend::Postgres => {
            format!(
                "SELECT CAST(value AS bigint) FROM json_array_elements_text(CAST({list} AS json))"
            )
        }
        _ => format!("SELECT value FROM json_each({list})"),
    }
}

/// That something is among the few that a query finds. For PostgreSQL as an array: it would read whole tables otherwise.
fn among(backend: DbBackend, query: &str) -> String {
    match backend {
        DbBackend::Postgres => format!("= ANY(ARRAY({query}))"),
        _ => format!("IN ({query})"),
    }
}

//! What stands beside the events of an excerpt: actions, places, people and what they belong to, changes.
//!
//! Each kind is read when the first test needs it, in one or two statements for all events together.

use super::super::chosen::Test;
use crate::access::Standing;
use crate::store::entity::{
    action, alias, change, container, event, late_actor, membership, user, user_word,
};
use crate::store::{Store, StoreError};
use sea_orm::{EntityTrait, QueryFilter, QuerySelect};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::OnceCell;

/// A kind of facts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Actions,
    Places,
    /// Those that need people come behind them.
    People,
    Memberships,
    Words,
    Changes,
    /// What is shown to somebody.
    Shown(Standing),
}

/// What is known beside the events; what has not been needed yet is empty.
#[derive(Debug, Default)]
pub(super) struct Facts {
    actions: OnceCell<HashMap<i32, action::Model>>,
    places: OnceCell<HashMap<i64, container::Model>>,
    people: OnceCell<People>,
    memberships: OnceCell<HashMap<i64, Vec<membership::Model>>>,
    words: OnceCell<HashMap<i64, Vec<String>>>,
    changes: OnceCell<HashMap<i64, Vec<change::Model>>>,
    /// The positions of what is shown to somebody.
    shown: RwLock<HashMap<Standing, BTreeSet<i64>>>,
}

/// Whose the names are that events refer to.
#[derive(Debug, Default)]
struct People {
    /// Who did what was reported without a name, by position.
    late: HashMap<i64, i64>,
    /// The accounts of the person behind a name, by the name's number.
    accounts: HashMap<i64, Arc<[i64]>>,
}

/// The kinds of facts that a tree of tests asks for.
pub(super) fn needs(tree: &Test) -> BTreeSet<Kind> {
    match tree {
        Test::All(parts) | Test::Any(parts) => parts.iter().flat_map(needs).collect(),
        Test::Not(left_out) => needs(left_out),
        Test::Actors(people) if people.asks_for_members() => {
            BTreeSet::from([Kind::People, Kind::Memberships])
        }
        Test::Inside(_) | Test::Sites(_) => BTreeSet::from([Kind::Places]),
        Test::Targets(targets) if targets.users.is_empty() => BTreeSet::new(),
        Test::Actors(_) | Test::Targets(_) => BTreeSet::from([Kind::People]),
        Test::Changed(_) => BTreeSet::from([Kind::Changes]),
        Test::Shown(standing) => BTreeSet::from([Kind::Shown(standing.clone())]),
        Test::Text(text) if text.with_people => {
            BTreeSet::from([Kind::Actions, Kind::People, Kind::Words])
        }
        Test::Actions(_) | Test::Text(_) => BTreeSet::from([Kind::Actions]),
        Test::Time { .. }
        | Test::Sources(_)
        | Test::Products(_)
        | Test::OfIssue
        | Test::Issues(_)
        | Test::Addresses(_)
        | Test::Word(..) => BTreeSet::new(),
    }
}

impl Facts {
    /// Reads what has not been read yet.
    pub(super) async fn load(
        &self,
        store: &Store,
        events: &[Arc<event::Model>],
        needs: BTreeSet<Kind>,
    ) -> Result<(), StoreError> {
        for kind in needs {
            match kind {
                Kind::Actions => {
                    let read = || actions(store, events);
                    self.actions.get_or_try_init(read).await?;
                }
                Kind::Places => {
                    let read = || places(store, events);
                    self.places.get_or_try_init(read).await?;
                }
                Kind::People => {
                    let read = || people(store, events);
                    self.people.get_or_try_init(read).await?;
                }
                Kind::Memberships => {
                    let read = || memberships(store, self.all_accounts());
                    self.memberships.get_or_try_init(read).await?;
                }
                Kind::Words => {
                    let read = || words(store, self.all_accounts());
                    self.words.get_or_try_init(read).await?;
                }
                Kind::Changes => {
                    let read = || changes(store, events);
                    self.changes.get_or_try_init(read).await?;
                }
                Kind::Shown(standing) => self.show(store, events, standing).await?,
            }
        }
        Ok(())
    }

    /// Learns what is shown to somebody: as the database has it, so that there is one rule.
    async fn show(
        &self,
        store: &Store,
        events: &[Arc<event::Model>],
        standing: Standing,
    ) -> Result<(), StoreError> {
        if self.knows(&standing) {
            return Ok(());
        }
        let shown = shown(store, events, &standing).await?;
        let mut known = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(standing, shown);
        Ok(())
    }

    fn knows(&self, standing: &Standing) -> bool {
        let known = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        known.contains_key(standing)
    }

    fn all_accounts(&self) -> BTreeSet<i64> {
        let people = self.people.get();
        let accounts = people
            .into_iter()
            .flat_map(|people| people.accounts.values());
        accounts
            .flat_map(|accounts| accounts.iter().copied())
            .collect()
    }

    pub(super) fn action(&self, event: &event::Model) -> Option<&action::Model> {
        self.actions.get()?.get(&event.action_id)
    }

    pub(super) fn place(&self, event: &event::Model) -> Option<&container::Model> {
        self.places.get()?.get(&event.container_id?)
    }

    pub(super) fn is_shown(&self, standing: &Standing, event: &event::Model) -> bool {
        let known = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        let shown = known.get(standing);
        shown.is_some_and(|shown| shown.contains(&event.seq))
    }

    /// The accounts of whoever did it.
    pub(super) fn actor(&self, event: &event::Model) -> &[i64] {
        let late = || self.people.get()?.late.get(&event.seq).copied();
        self.accounts(event.actor_id.or_else(late))
    }

    /// The accounts of the person behind a name.
    pub(super) fn accounts(&self, name: Option<i64>) -> &[i64] {
        let accounts = || self.people.get()?.accounts.get(&name?);
        accounts().map_or(&[], |accounts| accounts)
    }

    pub(super) fn memberships(&self, account: i64) -> &[membership::Model] {
        let found = || self.memberships.get()?.get(&account);
        found().map_or(&[], Vec::as_slice)
    }

    pub(super) fn words(&self, account: i64) -> &[String] {
        let found = || self.words.get()?.get(&account);
        found().map_or(&[], Vec::as_slice)
    }

    pub(super) fn changes(&self, event: &event::Model) -> &[change::Model] {
        let found = || self.changes.get()?.get(&event.seq);
        found().map_or(&[], Vec::as_slice)
    }
}

async fn actions(
    store: &Store,
    events: &[Arc<event::Model>],
) -> Result<HashMap<i32, action::Model>, StoreError> {
    let ids: BTreeSet<i32> = events.iter().map(|event| event.action_id).collect();
    let rows = action::Entity::find()
        .filter(action::COLUMN.id.is_in(ids))
        .all(&store.read)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

async fn shown(
    store: &Store,
    events: &[Arc<event::Model>],
    standing: &Standing,
) -> Result<BTreeSet<i64>, StoreError> {
    let positions = || events.iter().map(|event| event.seq);
    let (Some(first), Some(last)) = (positions().min(), positions().max()) else {
        return Ok(BTreeSet::new());
    };
    let shown: Vec<i64> = event::Entity::find()
        .select_only()
        .column(event::Column::Seq)
        .filter(event::COLUMN.seq.between(first, last))
        .filter(store.shown(standing).await?)
        .into_tuple()
        .all(&store.read)
        .await?;
    Ok(shown.into_iter().collect())
}

async fn places(
    store: &Store,
    events: &[Arc<event::Model>],
) -> Result<HashMap<i64, container::Model>, StoreError> {
    let ids: BTreeSet<i64> = events
        .iter()
        .filter_map(|event| event.container_id)
        .collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let rows = store.containers_by_id(&ids).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

async fn people(store: &Store, events: &[Arc<event::Model>]) -> Result<People, StoreError> {
    let nameless = events.iter().filter(|event| event.actor_id.is_none());
    let nameless: Vec<i64> = nameless.map(|event| event.seq).collect();
    let late: HashMap<i64, i64> = late_actor::Entity::find()
        .filter(late_actor::COLUMN.seq.is_in(nameless))
        .all(&store.read)
        .await?
        .into_iter()
        .map(|row| (row.seq, row.alias_id))
        .collect();
    let named = events
        .iter()
        .flat_map(|event| [event.actor_id, event.target_alias_id]);
    let ids: BTreeSet<i64> = named.flatten().chain(late.values().copied()).collect();
    let aliases = alias::Entity::find()
        .filter(alias::COLUMN.id.is_in(ids))
        .all(&store.read)
        .await?;
    let persons: BTreeSet<i64> = aliases.iter().map(|alias| alias.user_id).collect();
    let mut accounts: HashMap<i64, Vec<i64>> = HashMap::new();
    let rows = user::Entity::find()
        .filter(user::COLUMN.person_id.is_in(persons))
        .all(&store.read)
        .await?;
    for row in rows {
        accounts.entry(row.person_id).or_default().push(row.id);
    }
    let accounts: HashMap<i64, Arc<[i64]>> = accounts
        .into_iter()
        .map(|(person, accounts)| (person, accounts.into()))
        .collect();
    let of_name = |row: alias::Model| Some((row.id, Arc::clone(accounts.get(&row.user_id)?)));
    Ok(People {
        late,
        accounts: aliases.into_iter().filter_map(of_name).collect(),
    })
}

async fn memberships(
    store: &Store,
    accounts: BTreeSet<i64>,
) -> Result<HashMap<i64, Vec<membership::Model>>, StoreError> {
    let rows = membership::Entity::find()
        .filter(membership::COLUMN.user_id.is_in(accounts))
        .all(&store.read)
        .await?;
    let mut memberships: HashMap<i64, Vec<membership::Model>> = HashMap::new();
    for row in rows {
        memberships.entry(row.user_id).or_default().push(row);
    }
    Ok(memberships)
}

async fn words(
    store: &Store,
    accounts: BTreeSet<i64>,
) -> Result<HashMap<i64, Vec<String>>, StoreError> {
    let rows = user_word::Entity::find()
        .filter(user_word::COLUMN.user_id.is_in(accounts))
        .all(&store.read)
        .await?;
    let mut words: HashMap<i64, Vec<String>> = HashMap::new();
    for row in rows {
        words.entry(row.user_id).or_default().push(row.word);
    }
    Ok(words)
}

async fn changes(
    store: &Store,
    events: &[Arc<event::Model>],
) -> Result<HashMap<i64, Vec<change::Model>>, StoreError> {
    let positions: Vec<i64> = events.iter().map(|event| event.seq).collect();
    let mut changes: HashMap<i64, Vec<change::Model>> = HashMap::new();
    for row in store.changes(&positions).await? {
        changes.entry(row.seq).or_default().push(row);
    }
    Ok(changes)
}

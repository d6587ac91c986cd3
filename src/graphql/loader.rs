//! Loading in batches: whatever many events ask for one by one is read from the store once.
//!
//! Loaders live as long as a request, for what they may load depends on who asks. They cache nothing.

use super::Backend;
use crate::access::Viewer;
use crate::store::activity::Activity;
use crate::store::conflicts::Conflict;
use crate::store::entity::{
    alias, change, container, event, group, issue, issue_key, late_actor, membership, user,
};
use crate::store::issues::IssueName;
use crate::store::{Store, StoreError};
use async_graphql::dataloader::{DataLoader, Loader};
use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

/// Something to be loaded by a key.
pub(super) trait Key: Clone + Eq + Hash + Send + Sync + 'static {
    type Value: Clone + Send + Sync + 'static;

    /// Loads many at once; keys without a value are left out.
    fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> impl Future<Output = Result<HashMap<Self, Self::Value>, StoreError>> + Send;
}

/// What loaders read from, and on whose behalf.
pub(super) struct Reader {
    store: Store,
    viewer: Arc<Viewer>,
}

/// Loads whatever one request asks for; each kind of key is gathered for itself.
pub(super) type Loaders = DataLoader<Reader>;

impl<K: Key> Loader<K> for Reader {
    type Value = K::Value;
    type Error = Arc<StoreError>;

    async fn load(&self, keys: &[K]) -> Result<HashMap<K, K::Value>, Arc<StoreError>> {
        K::load(keys, self).await.map_err(Arc::new)
    }
}

/// The loaders of a request.
pub(super) fn loaders_for(backend: &Backend, viewer: Arc<Viewer>) -> Loaders {
    let reader = Reader {
        store: backend.feed.store().clone(),
        viewer,
    };
    let tasks = backend.tasks.clone();
    // What is asked for in one go is known in one go: waiting longer only makes the answer late.
    DataLoader::new(reader, move |future| tasks.spawn(future)).delay(Duration::ZERO)
}

/// An alias, for whom it names.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct AliasId(pub(super) i64);

impl Key for AliasId {
    type Value = Arc<(alias::Model, user::Model)>;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let people = reader.store.people(&ids).await?;
        Ok(people
            .into_iter()
            .map(|person| (Self(person.0.id), Arc::new(person)))
            .collect())
    }
}

/// A user whom the viewer may look up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct UserId(pub(super) i64);

impl Key for UserId {
    type Value = Arc<user::Model>;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let users = reader.store.users_by_id(&reader.viewer, &ids).await?;
        Ok(users
            .into_iter()
            .map(|(id, user)| (Self(id), Arc::new(user)))
            .collect())
    }
}

/// A container.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ContainerId(pub(super) i64);

impl Key for ContainerId {
    type Value = Arc<container::Model>;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let containers = reader.store.containers_by_id(&ids).await?;
        Ok(containers
            .into_iter()
            .map(|container| (Self(container.id), Arc::new(container)))
            .collect())
    }
}

/// A group that the viewer may see.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct GroupId(pub(super) i64);

impl Key for GroupId {
    type Value = Arc<group::Model>;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let groups = reader.store.groups_by_id(&reader.viewer, &ids).await?;
        Ok(groups
            .into_iter()
            .map(|group| (Self(group.id), Arc::new(group)))
            .collect())
    }
}

/// The changes of an event.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ChangesOf(pub(super) i64);

impl Key for ChangesOf {
    type Value = Vec<change::Model>;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        Ok(grouped(reader.store.changes(&ids).await?, |change| {
            Self(change.seq)
        }))
    }
}

/// Upstream's own text of an event.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RawOf(pub(super) i64);

impl Key for RawOf {
    type Value = String;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let payloads = reader.store.payloads(&ids).await?;
        Ok(payloads
            .into_iter()
            .map(|payload| (Self(payload.seq), payload.raw))
            .collect())
    }
}

/// All names of a user.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct AliasesOf(pub(super) i64);

impl Key for AliasesOf {
    type Value = Vec<alias::Model>;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        Ok(grouped(reader.store.aliases_of(&ids).await?, |alias| {
            Self(alias.user_id)
        }))
    }
}

/// What is known of a user's activity.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ActivityOf(pub(super) i64);

impl Key for ActivityOf {
    type Value = Arc<Activity>;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let activity = reader.store.activity_of(&ids).await?;
        Ok(activity
            .into_iter()
            .map(|(user, activity)| (Self(user), Arc::new(activity)))
            .collect())
    }
}

/// All accounts of a user.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct AccountsOf(pub(super) i64);

impl Key for AccountsOf {
    type Value = Vec<user::Model>;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        Ok(grouped(reader.store.accounts_of(&ids).await?, |account| {
            Self(account.person_id)
        }))
    }
}

/// The conflicts of a user.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ConflictsOf(pub(super) i64);

impl Key for ConflictsOf {
    type Value = Vec<Conflict>;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        Ok(grouped(
            reader.store.conflicts_of(&ids).await?,
            |conflict| Self(conflict.user),
        ))
    }
}

/// What a user belongs to now.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct MembershipsOf(pub(super) i64);

impl Key for MembershipsOf {
    type Value = Vec<membership::Model>;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let mut groups: HashMap<Self, Self::Value> = HashMap::new();
        for (user, row) in reader.store.memberships(&ids, None).await? {
            groups.entry(Self(user)).or_default().push(row);
        }
        Ok(groups)
    }
}

/// An issue that the viewer may see.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct IssueId(pub(super) i64);

impl Key for IssueId {
    type Value = Arc<issue::Model>;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let issues = reader.store.issues_by_id(&reader.viewer, &ids).await?;
        Ok(issues
            .into_iter()
            .map(|issue| (Self(issue.id), Arc::new(issue)))
            .collect())
    }
}

/// An issue as an event names it, if the viewer may see it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct NamedIssue(pub(super) Arc<IssueName>);

impl Key for NamedIssue {
    type Value = Arc<issue::Model>;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let names: Vec<IssueName> = keys.iter().map(|key| (*key.0).clone()).collect();
        let issues = reader.store.issues_named(&reader.viewer, &names).await?;
        Ok(issues
            .into_iter()
            .map(|(name, issue)| (Self(Arc::new(name)), Arc::new(issue)))
            .collect())
    }
}

/// All keys of an issue.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct KeysOf(pub(super) i64);

impl Key for KeysOf {
    type Value = Vec<String>;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = grouped(reader.store.keys_of(&ids).await?, |row| Self(row.issue_id));
        let keys = |rows: Vec<issue_key::Model>| rows.into_iter().map(|row| row.key).collect();
        Ok(rows
            .into_iter()
            .map(|(issue, rows)| (issue, keys(rows)))
            .collect())
    }
}

/// Who did what an event reports without a name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct LateActorOf(pub(super) i64);

impl Key for LateActorOf {
    type Value = late_actor::Model;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let late = reader.store.late_actors(&ids).await?;
        Ok(late
            .into_iter()
            .map(|late| (Self(late.seq), late))
            .collect())
    }
}

/// An event that the viewer may see, by its position.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct EventAt(pub(super) i64);

impl Key for EventAt {
    type Value = Arc<event::Model>;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let events = reader.store.events_at(&ids, &reader.viewer.sight()).await?;
        Ok(events
            .into_iter()
            .map(|event| (Self(event.seq), Arc::new(event)))
            .collect())
    }
}

fn grouped<K: Eq + Hash, R>(rows: Vec<R>, key: impl Fn(&R) -> K) -> HashMap<K, Vec<R>> {
    let mut groups: HashMap<K, Vec<R>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

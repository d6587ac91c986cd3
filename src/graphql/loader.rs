//! Loading in batches: whatever many events ask for one by one is read from the store once.
//!
//! Loaders live as long as a request, for what they may load depends on who asks. They cache nothing.

use super::Backend;
use crate::access::Viewer;
use crate::store::directory::MembershipSide;
use crate::store::entity::{activity_signal, alias, change, container, group, membership, user};
use crate::store::{Store, StoreError};
use async_graphql::dataloader::{DataLoader, Loader};
use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

/// Something to be loaded by a key.
pub(super) trait Key: Copy + Eq + Hash + Send + Sync + 'static {
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

/// All loaders of one request.
pub(super) struct Loaders {
    pub(super) people: DataLoader<Batch<AliasId>>,
    pub(super) users: DataLoader<Batch<UserId>>,
    pub(super) containers: DataLoader<Batch<ContainerId>>,
    pub(super) groups: DataLoader<Batch<GroupId>>,
    pub(super) changes: DataLoader<Batch<ChangesOf>>,
    pub(super) raw: DataLoader<Batch<RawOf>>,
    pub(super) aliases: DataLoader<Batch<AliasesOf>>,
    pub(super) activity: DataLoader<Batch<ActivityOf>>,
    pub(super) memberships: DataLoader<Batch<MembershipsOf>>,
}

/// A loader of one kind of key.
pub(super) struct Batch<K> {
    reader: Arc<Reader>,
    key: std::marker::PhantomData<K>,
}

impl<K: Key> Loader<K> for Batch<K> {
    type Value = K::Value;
    type Error = Arc<StoreError>;

    async fn load(&self, keys: &[K]) -> Result<HashMap<K, K::Value>, Arc<StoreError>> {
        K::load(keys, &self.reader).await.map_err(Arc::new)
    }
}

impl Loaders {
    pub(super) fn new(backend: &Backend, viewer: Arc<Viewer>) -> Self {
        let reader = Arc::new(Reader {
            store: backend.feed.store().clone(),
            viewer,
        });
        Self {
            people: loader(&reader, backend),
            users: loader(&reader, backend),
            containers: loader(&reader, backend),
            groups: loader(&reader, backend),
            changes: loader(&reader, backend),
            raw: loader(&reader, backend),
            aliases: loader(&reader, backend),
            activity: loader(&reader, backend),
            memberships: loader(&reader, backend),
        }
    }
}

fn loader<K: Key>(reader: &Arc<Reader>, backend: &Backend) -> DataLoader<Batch<K>> {
    let tasks = backend.tasks.clone();
    let batch = Batch {
        reader: Arc::clone(reader),
        key: std::marker::PhantomData,
    };
    // What is asked for in one go is known in one go: waiting longer only makes the answer late.
    DataLoader::new(batch, move |future| tasks.spawn(future)).delay(Duration::ZERO)
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
            .map(|user| (Self(user.id), Arc::new(user)))
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

/// All signs of a user's activity.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ActivityOf(pub(super) i64);

impl Key for ActivityOf {
    type Value = Vec<activity_signal::Model>;

    async fn load(
        keys: &[Self],
        reader: &Reader,
    ) -> Result<HashMap<Self, Self::Value>, StoreError> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        Ok(grouped(reader.store.activity_of(&ids).await?, |signal| {
            Self(signal.user_id)
        }))
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
        let rows = reader
            .store
            .memberships(MembershipSide::User, &ids, None)
            .await?;
        Ok(grouped(rows, |row| Self(row.user_id)))
    }
}

fn grouped<K: Eq + Hash, R>(rows: Vec<R>, key: impl Fn(&R) -> K) -> HashMap<K, Vec<R>> {
    let mut groups: HashMap<K, Vec<R>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

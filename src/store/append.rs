//! The only way into the log: events, directory entries and the cursor behind them, in one transaction.

use super::coverage::{self, Reading};
use super::entity::{change, cursor, event, payload};
use super::hooks::{self, Arrived};
use super::listing::Comparison;
use super::names::Resolver;
use super::runs::PageOfRun;
use super::{Store, StoreError, bulk, clean, indexed, late, pulse, pushed, runs, views};
use crate::event::action::late::may_lack_actor;
use crate::event::directory::Entry;
use crate::event::{Actor, NewEvent, Object, System, Timestamp};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect,
    Select, Set,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::HashSet;
use std::net::IpAddr;
use uuid::Uuid;

/// The advisory lock under which PostgreSQL appends: positions become visible in the order in which they are given.
pub(super) const APPEND_LOCK: i64 = 0x6175_6469_7467_7261;

/// The channel on which PostgreSQL tells other processes to look again.
pub(crate) const CHANNEL: &str = "auditgraph_log";

/// Keys looked up at once; SQLite takes 32,766 parameters.
pub(super) const LOOKUP: usize = 10_000;

/// What one page of a source brings.
#[derive(Debug, Default)]
pub struct Batch {
    /// The part of the source it belongs to; its cursor is kept under this name.
    pub part: &'static str,
    /// Events, in the order they are to have in the log.
    pub events: Vec<NewEvent>,
    /// Directory entries; where they differ from what is known, events follow.
    pub entries: Vec<Entry>,
    /// The cursor to keep; `None` leaves it where it is.
    pub cursor: Option<String>,
    /// When the listing that the entries belong to began.
    pub listing_began: Option<Timestamp>,
    /// The webhooks that brought it.
    pub hooks: Arrived,
    /// What the page shows of the log that it is from.
    pub reading: Option<Reading>,
    /// The run whose page it is.
    pub page: Option<PageOfRun>,
    /// Whether upstream pushed the events, instead of being asked for them.
    pub pushed: bool,
}

/// What an append did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// Events that were stored.
    pub new: u64,
    /// Events that were there already.
    pub repeated: u64,
    /// The newest position in the log after it.
    pub newest: i64,
}

impl Store {
    /// Stores a batch and the cursor behind it; all of it or, on an error, nothing.
    pub async fn append(
        &self,
        source: &str,
        system: System,
        batch: Batch,
        now: Timestamp,
    ) -> Result<Appended, StoreError> {
        let transaction = self.begin_alone().await?;
        let mut resolver = Resolver::new(&transaction, &self.names);
        let source_id = resolver.source(source, system).await?;
        let began = batch.listing_began.unwrap_or(now);
        let comparison = Comparison::new(&mut resolver, source, source_id, system, (began, now));
        let observed = comparison.apply(batch.entries).await?;
        let told = batch.events.iter().filter(|_| batch.pushed);
        let told: Vec<Uuid> = told
            .map(|event| event_key(source, &event.upstream_key))
            .collect();
        let mut appended = write(&mut resolver, source, source_id, batch.events, now).await?;
        pushed::note(&transaction, told).await?;
        if !observed.is_empty() {
            // What a directory shows has a source of its own: it was noticed by us, not reported by upstream.
            let name = System::Directory.as_str();
            let directory_id = resolver.source(name, System::Directory).await?;
            let also = write(&mut resolver, name, directory_id, observed, now).await?;
            appended = Appended {
                new: appended.new + also.new,
                repeated: appended.repeated + also.repeated,
                newest: also.newest,
            };
        }
        if let Some(page) = batch.page {
            runs::count_page(&transaction, page, appended, now).await?;
        }
        if let Some(reading) = &batch.reading {
            coverage::note(&transaction, source_id, reading).await?;
        }
        if let Some(value) = batch.cursor {
            save_cursor(&transaction, source_id, batch.part, value, now).await?;
        }
        hooks::count(&transaction, source_id, batch.hooks, now).await?;
        let learned = resolver.learned();
        self.commit(transaction, learned, appended).await?;
        Ok(appended)
    }

    /// Tells other processes to look again, once the transaction has committed.
    pub(super) async fn tell_others(
        &self,
        transaction: &DatabaseTransaction,
        appended: Appended,
    ) -> Result<(), StoreError> {
        if appended.new > 0 && self.is_postgres() {
            transaction
                .execute_unprepared(&format!("NOTIFY {CHANNEL}"))
                .await?;
        }
        Ok(())
    }

    /// The newest position in the log; 0 when it is empty.
    pub async fn newest(&self) -> Result<i64, StoreError> {
        newest(&self.door).await
    }

    /// The cursor kept for a part of a source.
    pub async fn cursor(&self, source: &str, part: &str) -> Result<Option<String>, StoreError> {
        let Some(source_id) = self.source_id(source).await? else {
            return Ok(None);
        };
        let row = cursor::Entity::find_by_id((source_id, part.to_owned()))
            .one(&self.read)
            .await?;
        Ok(row.map(|row| row.value))
    }
}

/// Gives the events that are new their positions and stores them.
pub(super) async fn write(
    resolver: &mut Resolver<'_>,
    source: &str,
    source_id: i32,
    events: Vec<NewEvent>,
    now: Timestamp,
) -> Result<Appended, StoreError> {
    let mut seq = newest(resolver.transaction).await?;
    let total = events.len();
    let mut taken = stored_keys(resolver.transaction, source, &events).await?;
    resolver
        .learn_people(events.iter().flat_map(people))
        .await?;
    let is_new = |new: &NewEvent| !taken.contains(&event_key(source, &new.upstream_key));
    let views = views::repeats(resolver, source_id, &events, now.micros(), is_new).await?;
    let (mut rows, mut again) = (Rows::default(), Vec::new());
    for (place, new) in events.into_iter().enumerate() {
        let key = event_key(source, &new.upstream_key);
        if !views.contains(&place) && taken.insert(key) {
            seq += 1;
            rows.add(
                resolver,
                Place {
                    seq,
                    key,
                    source_id,
                    now,
                },
                new,
            )
            .await?;
        } else if let Some(actor) = &new.actor
            && may_lack_actor(new.system, &new.action)
        {
            again.extend(resolver.alias(&actor.alias).map(|alias| (key, alias)));
        }
    }
    let new = rows.events.len();
    bulk::insert(resolver.transaction, &rows.events).await?;
    bulk::insert(resolver.transaction, &rows.payloads).await?;
    bulk::insert(resolver.transaction, &rows.changes).await?;
    let times = rows.events.iter().map(|event| event.time);
    pulse::tally(resolver.transaction, source_id, times).await?;
    late::learn(resolver, (&rows.events, &rows.changes), &again, now).await?;
    Ok(Appended {
        new: new as u64,
        repeated: (total - new) as u64,
        newest: seq,
    })
}

/// Everybody whom an event names.
fn people(event: &NewEvent) -> impl Iterator<Item = &Actor> {
    let things = event.target.iter().chain(&event.objects);
    event
        .actor
        .iter()
        .chain(things.filter_map(|thing| thing.user.as_ref()))
}

pub(super) async fn newest(db: &impl ConnectionTrait) -> Result<i64, StoreError> {
    greatest(db, event::Entity::find(), event::Column::Seq).await
}

/// The greatest number in a column; 0 when there is none.
pub(super) async fn greatest<E: EntityTrait>(
    db: &impl ConnectionTrait,
    rows: Select<E>,
    column: E::Column,
) -> Result<i64, StoreError> {
    let greatest: Option<Option<i64>> = rows
        .select_only()
        .expr(column.max())
        .into_tuple()
        .one(db)
        .await?;
    Ok(greatest.flatten().unwrap_or(0))
}

/// Which of these events are in the log already, by key.
async fn stored_keys(
    transaction: &DatabaseTransaction,
    source: &str,
    events: &[NewEvent],
) -> Result<HashSet<Uuid>, StoreError> {
    let keys = events
        .iter()
        .map(|event| event_key(source, &event.upstream_key));
    let keys = bulk::among(transaction, keys)?;
    let stored: Vec<Uuid> = event::Entity::find()
        .select_only()
        .column(event::Column::Key)
        .filter(event::COLUMN.key.in_subquery(keys))
        .into_tuple()
        .all(transaction)
        .await?;
    Ok(stored.into_iter().collect())
}

/// What makes an event unique: the first sixteen bytes of a hash over its source and upstream key.
pub(super) fn event_key(source: &str, upstream_key: &str) -> Uuid {
    // As it is kept, so that whoever reads it back finds the same event.
    let kept = if upstream_key.contains('\0') {
        Cow::Owned(clean(upstream_key.to_owned()))
    } else {
        Cow::Borrowed(upstream_key)
    };
    let hash = Sha256::new()
        .chain_update(source)
        .chain_update([0])
        .chain_update(kept.as_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Uuid::from_bytes(bytes)
}

pub(super) async fn save_cursor(
    transaction: &DatabaseTransaction,
    source_id: i32,
    part: &str,
    value: String,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = cursor::ActiveModel {
        source_id: Set(source_id),
        part: Set(part.to_owned()),
        value: Set(clean(value)),
        updated_at: Set(now.micros()),
    };
    let replace = OnConflict::columns([cursor::Column::SourceId, cursor::Column::Part])
        .update_columns([cursor::Column::Value, cursor::Column::UpdatedAt])
        .to_owned();
    cursor::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

/// An object as the event's row keeps it: people by number, things by what upstream calls them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredObject {
    /// What kind of thing.
    pub kind: String,
    /// Upstream's id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A link to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The person, in `aliases`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<i64>,
}

/// The rows that a batch of events becomes.
#[derive(Default)]
struct Rows {
    events: Vec<event::Model>,
    payloads: Vec<payload::Model>,
    changes: Vec<change::Model>,
}

/// Where an event goes.
#[derive(Clone, Copy)]
struct Place {
    seq: i64,
    key: Uuid,
    source_id: i32,
    now: Timestamp,
}

impl Rows {
    async fn add(
        &mut self,
        resolver: &mut Resolver<'_>,
        place: Place,
        new: NewEvent,
    ) -> Result<(), StoreError> {
        let Place {
            seq,
            key,
            source_id,
            now,
        } = place;
        let target = new.target.map(|target| stored_object(resolver, target));
        let objects: Vec<_> = new
            .objects
            .into_iter()
            .map(|object| stored_object(resolver, object))
            .collect();
        let container_id = match &new.container {
            Some(container) => resolver.container(container).await?,
            None => None,
        };
        let (target_kind, target_id, target_name, target_url, target_alias_id) = match target {
            Some(target) => (
                Some(target.kind),
                target.id,
                target.name,
                target.url,
                target.alias,
            ),
            None => (None, None, None, None, None),
        };
        let issue = new.issue.unwrap_or_default();
        self.events.push(event::Model {
            seq,
            key,
            source_id,
            upstream_key: clean(new.upstream_key),
            action_id: resolver.action(new.system, &new.action).await?,
            product: new.product.number(),
            time: new.time.unwrap_or(now).micros(),
            recorded_at: now.micros(),
            actor_id: new
                .actor
                .as_ref()
                .and_then(|actor| resolver.alias(&actor.alias)),
            container_id,
            target_kind,
            target_id,
            target_name,
            target_url,
            target_alias_id,
            objects: if objects.is_empty() {
                None
            } else {
                serde_json::to_string(&objects).ok()
            },
            issue_id: issue.id.map(indexed),
            issue_key: issue.key.map(indexed),
            ip_number: new.location.ip.as_deref().and_then(ip_number),
            ip: new.location.ip.map(clean),
            city: new.location.city.map(clean),
            region: new.location.region.map(clean),
            country: new.location.country.map(clean),
            method: new.method.map(clean),
            message: new.message.map(clean),
        });
        self.payloads.push(payload::Model {
            seq,
            raw: clean(new.raw),
        });
        for (place, change) in (0..).zip(new.changes) {
            self.changes.push(change::Model {
                seq,
                place,
                field: clean(change.field),
                from_value: change.from.map(clean),
                to_value: change.to.map(clean),
            });
        }
        Ok(())
    }
}

fn stored_object(resolver: &Resolver<'_>, object: Object) -> StoredObject {
    let alias = object
        .user
        .as_ref()
        .and_then(|user| resolver.alias(&user.alias));
    StoredObject {
        kind: clean(object.kind),
        id: object.id.map(clean),
        // A person's name lives in their own row, where it can be erased.
        name: if alias.is_some() {
            None
        } else {
            object.name.map(clean)
        },
        url: object.url.map(clean),
        alias,
    }
}

/// An address as sixteen bytes in network order, IPv4 mapped into IPv6, so that networks become ranges.
pub(super) fn ip_number(text: &str) -> Option<Uuid> {
    let address = match text.trim().parse().ok()? {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    };
    Some(Uuid::from_bytes(address.octets()))
}

//! Missed webhooks: what reading found and no webhook has told.
//!
//! Reading fills in what it can, but some things only webhooks tell. So around the time of what was missed there is a gap
//! in the log of what is pushed.

use super::append::save_cursor;
use super::coverage::{self, HOOKS};
use super::entity::{cursor, event, pushed};
use super::{Store, StoreError, bulk};
use crate::event::{Stretch, Timestamp};
use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{
    DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use uuid::Uuid;

/// The cursor of the search for missed webhooks: the position up to which events have been looked at.
const PART: &str = "missed-hooks";

/// Events looked at in one go.
const PAGE: u64 = 1_000;

/// How much around what was missed may be missing, too.
const AROUND: Duration = Duration::from_mins(1);

const MISSED: &str = "a webhook was missed: reading found what it should have told, and what only webhooks tell may be \
                      missing, too";

/// Notes that upstream has pushed the events of these keys.
pub(super) async fn note(
    transaction: &DatabaseTransaction,
    keys: Vec<Uuid>,
) -> Result<(), StoreError> {
    if keys.is_empty() {
        return Ok(());
    }
    let keys = bulk::among(transaction, keys.into_iter())?;
    let positions: Vec<i64> = event::Entity::find()
        .select_only()
        .column(event::Column::Seq)
        .filter(event::COLUMN.key.in_subquery(keys))
        .into_tuple()
        .all(transaction)
        .await?;
    let rows = positions
        .into_iter()
        .map(|seq| pushed::ActiveModel { seq: Set(seq) });
    let known = OnConflict::column(pushed::Column::Seq)
        .do_nothing()
        .to_owned();
    pushed::Entity::insert_many(rows)
        .on_conflict(known)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

/// What the search looks at of an event: position, time, source, upstream key.
type Candidate = (i64, i64, i32, String);

impl Store {
    /// Looks for events of a source that were read at least `patience` ago and that a webhook should have told by then;
    /// around each there is a gap. Returns how many webhooks were missed.
    ///
    /// Only kinds of things that webhooks have told before are looked for: what nobody subscribed to is not missed.
    pub async fn find_missed_hooks(
        &self,
        source: &str,
        patience: Duration,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let Some(source_id) = self.source_id(source).await? else {
            return Ok(0);
        };
        let mut missed = 0;
        loop {
            let transaction = self.begin().await?;
            let hooks = coverage::stretches(&transaction, source_id, HOOKS).await?;
            let Some(first) = hooks.first().map(|row| row.begins) else {
                return Ok(missed);
            };
            let before = now.minus(patience);
            let Some(position) = position(&transaction, source_id).await? else {
                // What was there before the first search is not looked at: nobody knows whether webhooks came then.
                let newest = self.newest().await?.to_string();
                save_cursor(&transaction, source_id, PART, newest, now).await?;
                transaction.commit().await?;
                return Ok(missed);
            };
            let candidates = candidates(&transaction, position, before).await?;
            let Some((last, ..)) = candidates.last() else {
                return Ok(missed);
            };
            let last = last.to_string();
            let mine = candidates.into_iter();
            let mine = mine.filter(|(_, time, of, _)| *of == source_id && *time >= first);
            missed += mark(&transaction, source_id, mine.collect()).await?;
            save_cursor(&transaction, source_id, PART, last, now).await?;
            transaction.commit().await?;
        }
    }
}

async fn position(
    transaction: &DatabaseTransaction,
    source_id: i32,
) -> Result<Option<i64>, StoreError> {
    let row = cursor::Entity::find_by_id((source_id, PART.to_owned()))
        .one(transaction)
        .await?;
    Ok(row.and_then(|row| row.value.parse().ok()))
}

/// The next events of all sources after a position that were stored before a moment.
async fn candidates(
    transaction: &DatabaseTransaction,
    position: i64,
    before: Timestamp,
) -> Result<Vec<Candidate>, StoreError> {
    Ok(event::Entity::find()
        .select_only()
        .column(event::Column::Seq)
        .column(event::Column::Time)
        .column(event::Column::SourceId)
        .column(event::Column::UpstreamKey)
        .filter(event::COLUMN.seq.gt(position))
        .filter(event::COLUMN.recorded_at.lte(before.micros()))
        .order_by_asc(event::Column::Seq)
        .limit(PAGE)
        .into_tuple()
        .all(transaction)
        .await?)
}

/// Notes a gap around each of these that no webhook has told; returns how many those were.
async fn mark(
    transaction: &DatabaseTransaction,
    source_id: i32,
    candidates: Vec<Candidate>,
) -> Result<u64, StoreError> {
    let positions = candidates.iter().map(|(seq, ..)| *seq);
    let told: HashSet<i64> = pushed::Entity::find()
        .filter(pushed::COLUMN.seq.is_in(positions))
        .all(transaction)
        .await?
        .into_iter()
        .map(|row| row.seq)
        .collect();
    let (mut missed, mut expected) = (0, HashMap::new());
    for (seq, time, _, key) in candidates {
        let Some((kind, _)) = key.split_once('/').filter(|_| !told.contains(&seq)) else {
            continue;
        };
        if !expected.contains_key(kind) {
            let told = was_told(transaction, source_id, kind).await?;
            expected.insert(kind.to_owned(), told);
        }
        if expected.get(kind) == Some(&true) {
            missed += 1;
            let time = Timestamp::from_micros(time);
            let stretch = Stretch {
                from: time.minus(AROUND),
                to: time.plus(AROUND),
            };
            coverage::lose(transaction, source_id, HOOKS, stretch, MISSED).await?;
        }
    }
    Ok(missed)
}

/// Whether a webhook has ever told of such a thing.
async fn was_told(
    transaction: &DatabaseTransaction,
    source_id: i32,
    kind: &str,
) -> Result<bool, StoreError> {
    let told = event::Entity::find()
        .filter(event::COLUMN.source_id.eq(source_id))
        .filter(event::COLUMN.upstream_key.starts_with(format!("{kind}/")))
        .filter(
            event::COLUMN.seq.in_subquery(
                Query::select()
                    .column(pushed::Column::Seq)
                    .from(pushed::Entity)
                    .to_owned(),
            ),
        )
        .limit(1)
        .count(transaction)
        .await?;
    Ok(told > 0)
}

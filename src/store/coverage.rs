//! What is proven to have been read of upstream's logs, and what can never be.
//!
//! A source says which stretch of a log is complete once a page is stored, and that is kept in the page's own transaction:
//! what is proven is stored. Stretches are by the time of events. What is neither proven nor lost is still to be read; that
//! is worked out when somebody asks, see [`timeline`]. Late events may still show up in what is proven: upstream had not
//! taken them in yet.

use super::entity::{coverage, source};
use super::{Store, StoreError};
use crate::event::{Stretch, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, Set,
};

/// What reading a page shows of the log that it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Which of the source's logs, e.g. `events`.
    pub log: &'static str,
    /// What has been read completely with this page.
    pub covered: Option<Stretch>,
    /// What cannot be read any more, and why.
    pub lost: Option<(Stretch, String)>,
}

/// What is known of a stretch of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, async_graphql::Enum)]
pub enum CoverageState {
    /// Read completely.
    Proven,
    /// Still to be read.
    Pending,
    /// Not read, and not to be had any more.
    Gap,
}

/// A stretch of a log, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// From when to when.
    pub stretch: Stretch,
    /// What is known of it.
    pub state: CoverageState,
    /// Why it is missing.
    pub gap: Option<String>,
}

impl Store {
    /// The proven and the lost stretches of all logs of a source, by log and time.
    pub async fn coverage(&self, source_id: i32) -> Result<Vec<coverage::Model>, StoreError> {
        Ok(coverage::Entity::find()
            .filter(coverage::COLUMN.source_id.eq(source_id))
            .order_by_asc(coverage::Column::Log)
            .order_by_asc(coverage::Column::Begins)
            .all(&self.read)
            .await?)
    }

    /// The moment up to which a log was last proven; `None` when nothing of it ever was.
    pub async fn proven_until(
        &self,
        source: &str,
        log: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let Some(source_id) = self.source_id(source).await? else {
            return Ok(None);
        };
        let rows = stretches(&self.read, source_id, log).await?;
        Ok(last_proven(&rows))
    }

    /// Notes that a source could be reached by upstream just now: up to now its `hooks` are proven, unless it was out of
    /// reach for longer than upstream keeps trying to deliver.
    pub async fn reachable(
        &self,
        source: &str,
        patience: std::time::Duration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(source_id) = self.source_id(source).await? else {
            return Ok(());
        };
        let transaction = self.begin().await?;
        let rows = stretches(&transaction, source_id, HOOKS).await?;
        let before = last_proven(&rows).unwrap_or(now);
        let missed = now.since(before) > patience;
        let reading = Reading {
            log: HOOKS,
            covered: Some(Stretch {
                from: if missed { now } else { before },
                to: now,
            }),
            lost: missed.then(|| {
                let stretch = Stretch {
                    from: before,
                    to: now,
                };
                (stretch, OUT_OF_REACH.to_owned())
            }),
        };
        note(&transaction, source_id, &reading).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// The log of what upstream pushes rather than what we read.
pub const HOOKS: &str = "hooks";

const OUT_OF_REACH: &str = "the server could not be reached, and upstream does not deliver again after so long: what only \
                            webhooks tell may be missing";

/// Keeps what a page has shown.
pub(super) async fn note(
    transaction: &DatabaseTransaction,
    source_id: i32,
    reading: &Reading,
) -> Result<(), StoreError> {
    if let Some((stretch, reason)) = &reading.lost {
        lose(transaction, source_id, reading.log, *stretch, reason).await?;
    }
    if let Some(stretch) = reading.covered
        && stretch.from <= stretch.to
    {
        prove(transaction, source_id, reading.log, stretch).await?;
    }
    Ok(())
}

/// What was believed lost and has been read after all is no gap.
async fn prove(
    transaction: &DatabaseTransaction,
    source_id: i32,
    log: &str,
    stretch: Stretch,
) -> Result<(), StoreError> {
    paint(transaction, (source_id, log), stretch, None).await
}

/// What was believed proven and turns out to be missing is a gap.
pub(super) async fn lose(
    transaction: &DatabaseTransaction,
    source_id: i32,
    log: &str,
    stretch: Stretch,
    reason: &str,
) -> Result<(), StoreError> {
    if stretch.from >= stretch.to {
        return Ok(());
    }
    paint(transaction, (source_id, log), stretch, Some(reason)).await
}

/// Makes a stretch of a log proven or a gap: joins it with those of its kind that it touches, and cuts it out of others.
async fn paint(
    transaction: &DatabaseTransaction,
    (source_id, log): (i32, &str),
    stretch: Stretch,
    gap: Option<&str>,
) -> Result<(), StoreError> {
    let (mut begins, mut ends) = (stretch.from.micros(), stretch.to.micros());
    let touching = stretches(transaction, source_id, log)
        .await?
        .into_iter()
        .filter(|row| row.begins <= ends && row.ends >= begins);
    let (same, others): (Vec<_>, Vec<_>) = touching.partition(|row| row.gap.as_deref() == gap);
    for other in others {
        let rests = [(other.begins, begins), (ends, other.ends)];
        coverage::Entity::delete_by_id(other.id)
            .exec(transaction)
            .await?;
        for (begins, ends) in rests.into_iter().filter(|(begins, ends)| begins < ends) {
            let mut rest = other.clone().into_active_model().reset_all();
            rest.id = sea_orm::NotSet;
            rest.begins = Set(begins);
            rest.ends = Set(ends);
            rest.insert(transaction).await?;
        }
    }
    let mut same = same.into_iter();
    let Some(first) = same.next() else {
        let row = coverage::ActiveModel {
            source_id: Set(source_id),
            log: Set(log.to_owned()),
            begins: Set(begins),
            ends: Set(ends),
            gap: Set(gap.map(ToOwned::to_owned)),
            ..Default::default()
        };
        row.insert(transaction).await?;
        return Ok(());
    };
    (begins, ends) = (begins.min(first.begins), ends.max(first.ends));
    for other in same {
        (begins, ends) = (begins.min(other.begins), ends.max(other.ends));
        coverage::Entity::delete_by_id(other.id)
            .exec(transaction)
            .await?;
    }
    let mut row = first.into_active_model();
    row.begins = Set(begins);
    row.ends = Set(ends);
    row.update(transaction).await?;
    Ok(())
}

pub(super) async fn stretches(
    db: &impl ConnectionTrait,
    source_id: i32,
    log: &str,
) -> Result<Vec<coverage::Model>, StoreError> {
    Ok(coverage::Entity::find()
        .filter(coverage::COLUMN.source_id.eq(source_id))
        .filter(coverage::COLUMN.log.eq(log))
        .order_by_asc(coverage::Column::Begins)
        .all(db)
        .await?)
}

fn last_proven(rows: &[coverage::Model]) -> Option<Timestamp> {
    let proven = rows.iter().filter(|row| row.gap.is_none());
    proven.map(|row| Timestamp::from_micros(row.ends)).max()
}

/// Notes when a source was first read, unless that is known.
pub(super) async fn connected(
    db: &impl ConnectionTrait,
    source_id: i32,
    now: Timestamp,
) -> Result<(), StoreError> {
    source::Entity::update_many()
        .col_expr(source::Column::ConnectedAt, Expr::value(now.micros()))
        .filter(source::COLUMN.id.eq(source_id))
        .filter(source::COLUMN.connected_at.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// One log from end to end: its proven and lost stretches, and between them what is still to be read.
///
/// `rows` are those of one log. It begins with `expected`, or before it where more has been read, and ends with it.
#[must_use]
pub fn timeline(rows: &[coverage::Model], expected: Stretch) -> Vec<Known> {
    let mut rows: Vec<&coverage::Model> = rows.iter().collect();
    rows.sort_by_key(|row| (row.begins, row.ends));
    let first = rows.first().map(|row| Timestamp::from_micros(row.begins));
    let mut at = expected.from.min(first.unwrap_or(expected.from));
    let mut whole = Vec::new();
    let pending = |from: Timestamp, to: Timestamp, whole: &mut Vec<Known>| {
        if from < to {
            whole.push(Known {
                stretch: Stretch { from, to },
                state: CoverageState::Pending,
                gap: None,
            });
        }
    };
    for row in rows {
        let (from, to) = (
            Timestamp::from_micros(row.begins).max(at),
            Timestamp::from_micros(row.ends),
        );
        if to <= from {
            continue;
        }
        pending(at, from, &mut whole);
        whole.push(Known {
            stretch: Stretch { from, to },
            state: if row.gap.is_some() {
                CoverageState::Gap
            } else {
                CoverageState::Proven
            },
            gap: row.gap.clone(),
        });
        at = to;
    }
    pending(at, expected.to, &mut whole);
    whole
}

#[cfg(test)]
mod tests {
    use super::{CoverageState, timeline};
    use crate::event::{Stretch, Timestamp};
    use crate::store::entity::coverage;

    fn row(begins: i64, ends: i64, gap: bool) -> coverage::Model {
        coverage::Model {
            id: 0,
            source_id: 1,
            log: "events".to_owned(),
            begins,
            ends,
            gap: gap.then(|| "lost".to_owned()),
        }
    }

    fn shown(rows: &[coverage::Model], from: i64, to: i64) -> Vec<(i64, i64, CoverageState)> {
        let expected = Stretch {
            from: Timestamp::from_micros(from),
            to: Timestamp::from_micros(to),
        };
        timeline(rows, expected)
            .into_iter()
            .map(|known| {
                let stretch = known.stretch;
                (stretch.from.micros(), stretch.to.micros(), known.state)
            })
            .collect()
    }

    #[test]
    fn what_is_not_known_is_pending() {
        use CoverageState::{Gap, Pending, Proven};
        assert_eq!(shown(&[], 0, 10), [(0, 10, Pending)]);
        assert_eq!(
            shown(&[row(6, 9, false), row(2, 4, true)], 0, 10),
            [
                (0, 2, Pending),
                (2, 4, Gap),
                (4, 6, Pending),
                (6, 9, Proven),
                (9, 10, Pending)
            ]
        );
        assert_eq!(
            shown(&[row(-5, 3, false)], 0, 3),
            [(-5, 3, Proven)],
            "more than expected counts"
        );
    }
}

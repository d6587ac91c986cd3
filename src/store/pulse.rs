//! How talkative sources are: events by the hour, from which it shows when a source has fallen silent.
//!
//! An answer without events is the commonest failure of an upstream system, and looks like a quiet day.

use super::entity::source_hour;
use super::{Store, StoreError};
use crate::event::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use std::collections::BTreeMap;

const MICROS: i64 = 3_600_000_000;
const WEEK: i64 = 7 * 24;

/// How many weeks back are compared with the present one.
const WEEKS: i64 = 3;

/// Hours with events that a week must have had in the hours that are now silent, so that silence means something.
const TALKATIVE: usize = 3;

/// Hours without an event that are too few to mean anything.
const BREATH: i64 = 3;

/// Adds these events to the hours in which they happened.
pub(super) async fn tally(
    transaction: &DatabaseTransaction,
    source_id: i32,
    times: impl Iterator<Item = i64>,
) -> Result<(), StoreError> {
    let mut hours = BTreeMap::<i64, i64>::new();
    for time in times {
        *hours.entry(time.div_euclid(MICROS)).or_default() += 1;
    }
    if hours.is_empty() {
        return Ok(());
    }
    let rows = hours
        .into_iter()
        .map(|(hour, events)| source_hour::ActiveModel {
            source_id: Set(source_id),
            hour: Set(hour),
            events: Set(events),
        });
    let sum = Expr::col((source_hour::Entity, source_hour::Column::Events))
        .add(Expr::col(("excluded", source_hour::Column::Events)));
    let add = OnConflict::columns([source_hour::Column::SourceId, source_hour::Column::Hour])
        .value(source_hour::Column::Events, sum)
        .to_owned();
    source_hour::Entity::insert_many(rows)
        .on_conflict(add)
        .exec_without_returning(transaction)
        .await?;
    Ok(())
}

impl Store {
    /// Since when a source that used to talk at these hours says nothing; `None` when that means nothing.
    pub async fn silent_since(
        &self,
        source_id: i32,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let now = now.micros().div_euclid(MICROS);
        let hours: Vec<i64> = source_hour::Entity::find()
            .select_only()
            .column(source_hour::Column::Hour)
            .filter(source_hour::COLUMN.source_id.eq(source_id))
            .filter(source_hour::COLUMN.hour.gte(now - (2 * WEEKS + 1) * WEEK))
            .filter(source_hour::COLUMN.hour.lte(now))
            .order_by_asc(source_hour::Column::Hour)
            .into_tuple()
            .all(&self.read)
            .await?;
        Ok(silence(&hours, now).map(|hour| Timestamp::from_micros(hour * MICROS)))
    }
}

/// The first silent hour, when in each of the last weeks there was something in the same hours.
///
/// `hours` are those with events, in order. Weekends, nights and holidays of a week ago are thereby no silence; two weeks
/// must have been seen before anything is called silent.
fn silence(hours: &[i64], now: i64) -> Option<i64> {
    let (first, last) = (*hours.first()?, *hours.last()?);
    if now - last < BREATH {
        return None;
    }
    let weeks: Vec<i64> = (1..=WEEKS)
        .filter(|week| last - week * WEEK >= first)
        .collect();
    let talked = |week: &i64| {
        let (from, to) = (last - week * WEEK, now - week * WEEK);
        let then = hours.iter().filter(|hour| **hour > from && **hour <= to);
        then.count() >= TALKATIVE
    };
    (weeks.len() >= 2 && weeks.iter().all(talked)).then_some(last + 1)
}

#[cfg(test)]
mod tests {
    use super::silence;

    /// The working hours of some weeks.
    fn working_hours(weeks: i64) -> Vec<i64> {
        let days = (0..weeks).flat_map(|week| (0..5).map(move |day| week * 7 + day));
        days.flat_map(|day| (9..17).map(move |hour| day * 24 + hour))
            .collect()
    }

    #[test]
    fn silence_is_what_no_other_week_had() {
        let hours = working_hours(4);
        let monday = 4 * 7 * 24;
        assert_eq!(silence(&hours, monday - 48), None, "a weekend");
        assert_eq!(silence(&hours, monday + 10), None, "Monday has only begun");
        let friday = (3 * 7 + 4) * 24 + 16;
        assert_eq!(silence(&hours, monday + 13), Some(friday + 1));
        assert_eq!(silence(&working_hours(1), 7 * 24 + 13), None, "too new");
        assert_eq!(silence(&[], 5), None);
    }
}

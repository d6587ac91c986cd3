//! Which filter subscriptions are due, who is at them, and what became of it.
//!
//! A due time is claimed by a lease in its row, and everything that is known of it is stored in one transaction when it is
//! over. A process that dies leaves its run open: whoever claims it next goes on with the same window and the same
//! Message-ID.

use super::{RunStatus, object};
use crate::event::Timestamp;
use crate::event::schedule::Schedule;
use crate::store::append::{self, Appended};
use crate::store::entity::{event, filter_subscription, filter_subscription_run};
use crate::store::observation::Observation;
use crate::store::query::Condition;
use crate::store::read::EventMark;
use crate::store::{Store, StoreError, clean};
use filter_subscription::Column;
use sea_orm::sea_query::{Expr, ExprTrait, Order};
use sea_orm::{
    ActiveModelTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};
use sha2::{Digest, Sha256};
use std::time::Duration;
use uuid::Uuid;

/// Due filter subscriptions that are looked at for one that is free.
const CANDIDATES: u64 = 32;

/// Runs that are remembered of a filter subscription.
pub const RUNS: u64 = 200;

/// How long an alert that failed is left alone.
const ALERT_RESTS: Duration = Duration::from_hours(1);

/// A due time that is ours to send a mail for.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The filter subscription.
    pub row: filter_subscription::Model,
    /// The due time.
    pub run: filter_subscription_run::Model,
    holder: Uuid,
}

/// What became of a due time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The mail was accepted.
    Sent {
        /// How many events were found.
        events: u64,
        /// Who was refused.
        refused: Option<String>,
    },
    /// Nothing was found, so no mail was sent.
    Empty,
    /// It has to be tried again.
    Later {
        /// Why.
        error: String,
        /// When.
        at: Timestamp,
    },
    /// It did not work; what was to be in the mail will be in the next one.
    Failed {
        /// Why.
        error: String,
    },
    /// It cannot work until somebody does something about it.
    Paused {
        /// Why.
        error: String,
    },
}

impl Store {
    /// Takes a filter subscription that is due and that nobody is at, for a time.
    pub async fn claim_filter_subscription(
        &self,
        holder: Uuid,
        now: Timestamp,
        span: Duration,
    ) -> Result<Option<Claim>, StoreError> {
        let due = Expr::col(Column::AttemptAt).lte(now.micros());
        let free = Expr::col(Column::LeaseUntil)
            .is_null()
            .or(Expr::col(Column::LeaseUntil).lte(now.micros()));
        let candidates: Vec<i64> = filter_subscription::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(due.clone())
            .filter(free.clone())
            .order_by_asc(Column::AttemptAt)
            .limit(CANDIDATES)
            .into_tuple()
            .all(&self.read)
            .await?;
        for id in candidates {
            let transaction = self.begin().await?;
            let taken = filter_subscription::Entity::update_many()
                .col_expr(Column::LeaseHolder, Expr::value(holder))
                .col_expr(Column::LeaseUntil, Expr::value(now.plus(span).micros()))
                .filter(filter_subscription::COLUMN.id.eq(id))
                .filter(due.clone())
                .filter(free.clone())
                .exec(&transaction)
                .await?;
            if taken.rows_affected == 0 {
                // Another process was faster.
                transaction.rollback().await?;
                continue;
            }
            let row = filter_subscription::Entity::find_by_id(id)
                .one(&transaction)
                .await?;
            let Some(row) = row else {
                transaction.rollback().await?;
                continue;
            };
            let run = begin_run(&transaction, &row, now).await?;
            transaction.commit().await?;
            return Ok(Some(Claim { row, run, holder }));
        }
        Ok(None)
    }

    /// Whether a claim is still ours; if so, it is for another span of time from now.
    pub async fn keep_filter_subscription(
        &self,
        claim: &Claim,
        now: Timestamp,
        span: Duration,
    ) -> Result<bool, StoreError> {
        let kept = filter_subscription::Entity::update_many()
            .col_expr(Column::LeaseUntil, Expr::value(now.plus(span).micros()))
            .filter(filter_subscription::COLUMN.id.eq(claim.row.id))
            .filter(filter_subscription::COLUMN.lease_holder.eq(claim.holder))
            .exec(&self.write)
            .await?;
        Ok(kept.rows_affected > 0)
    }

    /// Keeps what became of a claim, and gives it back; nothing when it is no longer ours.
    pub async fn end_filter_subscription_run(
        &self,
        claim: &Claim,
        ending: &Ending,
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        let transaction = self.begin_alone().await?;
        let row = filter_subscription::Entity::find_by_id(claim.row.id)
            .filter(filter_subscription::COLUMN.lease_holder.eq(claim.holder))
            .one(&transaction)
            .await?;
        let Some(row) = row else {
            let newest = append::newest(&transaction).await?;
            let appended = Appended {
                newest,
                ..Appended::default()
            };
            return Ok(((), appended));
        };
        end_run(&transaction, &claim.run, ending, now).await?;
        after(&row, &claim.run, ending, now)
            .update(&transaction)
            .await?;
        forget(&transaction, row.id).await?;
        let failed = |error: &String| {
            Observation::of_own("filter_subscription.failed", object(&row)).because(error.clone())
        };
        let deeds = match ending {
            Ending::Failed { error }
            | Ending::Sent {
                refused: Some(error),
                ..
            } => vec![failed(error)],
            Ending::Paused { error } => {
                let paused = Observation::of_own("filter_subscription.paused", object(&row));
                vec![paused.because(error.clone())]
            }
            _ => Vec::new(),
        };
        let told = ("schedule", deeds);
        let appended = self.conclude_alone(transaction, now, told).await?;
        Ok(((), appended))
    }

    /// Filter subscriptions that wait for events, by number, after one.
    pub async fn waiting_alerts(
        &self,
        after: i64,
        limit: u64,
    ) -> Result<Vec<filter_subscription::Model>, StoreError> {
        Ok(filter_subscription::Entity::find()
            .filter(filter_subscription::COLUMN.at_once.eq(true))
            .filter(filter_subscription::COLUMN.attempt_at.is_null())
            .filter(filter_subscription::COLUMN.paused_at.is_null())
            .filter(filter_subscription::COLUMN.id.gt(after))
            .order_by_asc(Column::Id)
            .limit(limit)
            .all(&self.read)
            .await?)
    }

    /// Makes an alert that waits due at a moment.
    pub async fn set_off_alert(&self, id: i64, at: Timestamp) -> Result<(), StoreError> {
        waiting(id)
            .col_expr(Column::NextRunAt, Expr::value(at.micros()))
            .col_expr(Column::AttemptAt, Expr::value(at.micros()))
            .exec(&self.write)
            .await?;
        Ok(())
    }

    /// Notes how far the log was looked through for an alert that waits.
    pub async fn pass_over(&self, id: i64, position: i64) -> Result<(), StoreError> {
        waiting(id)
            .col_expr(Column::Position, Expr::value(position))
            .filter(filter_subscription::COLUMN.position.lt(position))
            .exec(&self.write)
            .await?;
        Ok(())
    }

    /// How many events behind one position and up to another a condition chooses.
    pub async fn count_between(
        &self,
        condition: &Condition,
        (after, until): (i64, i64),
    ) -> Result<u64, StoreError> {
        Ok(event::Entity::find()
            .filter(condition.clone())
            .filter(event::COLUMN.seq.between(after + 1, until))
            .count(&self.read)
            .await?)
    }

    /// The latest events behind one position and up to another that a condition chooses, latest first; those before a mark,
    /// where there is one.
    pub async fn latest_between(
        &self,
        condition: &Condition,
        (after, until): (i64, i64),
        before: Option<EventMark>,
        limit: u64,
    ) -> Result<Vec<event::Model>, StoreError> {
        let seq = || Expr::col((event::Entity, event::Column::Seq));
        // Not the bare column: its index would have the whole log walked through for a short stretch of it.
        let time = || Expr::col((event::Entity, event::Column::Time)).add(0);
        let mut events = event::Entity::find()
            .filter(condition.clone())
            .filter(event::COLUMN.seq.between(after + 1, until));
        if let Some(mark) = before {
            let mark = Expr::tuple([Expr::val(mark.time), Expr::val(mark.seq)]);
            events = events.filter(Expr::tuple([time(), seq()]).lt(mark));
        }
        Ok(events
            .order_by(time(), Order::Desc)
            .order_by(seq(), Order::Desc)
            .limit(limit)
            .all(&self.read)
            .await?)
    }
}

/// An update of an alert as long as it waits.
fn waiting(id: i64) -> sea_orm::UpdateMany<filter_subscription::Entity> {
    filter_subscription::Entity::update_many()
        .filter(filter_subscription::COLUMN.id.eq(id))
        .filter(filter_subscription::COLUMN.attempt_at.is_null())
        .filter(filter_subscription::COLUMN.paused_at.is_null())
}

/// The run that is open, tried once more, or a new one.
async fn begin_run(
    transaction: &DatabaseTransaction,
    row: &filter_subscription::Model,
    now: Timestamp,
) -> Result<filter_subscription_run::Model, StoreError> {
    let open = filter_subscription_run::Entity::find()
        .filter(filter_subscription_run::COLUMN.subscription_id.eq(row.id))
        .filter(filter_subscription_run::COLUMN.finished_at.is_null())
        .order_by_desc(filter_subscription_run::Column::Id)
        .one(transaction)
        .await?;
    let recipients = i32::try_from(row.recipients().len()).unwrap_or(i32::MAX);
    if let Some(open) = open {
        let again = filter_subscription_run::ActiveModel {
            id: Set(open.id),
            status: Set(RunStatus::Running.number()),
            attempts: Set(open.attempts.saturating_add(1)),
            next_attempt_at: Set(None),
            recipients: Set(recipients),
            ..Default::default()
        };
        return Ok(again.update(transaction).await?);
    }
    let scheduled = row.next_run_at.filter(|due| *due <= now.micros());
    let due = scheduled.or(row.requested_at).unwrap_or(now.micros());
    let run = filter_subscription_run::ActiveModel {
        subscription_id: Set(row.id),
        due_at: Set(due),
        requested: Set(row.requested_at.is_some()),
        status: Set(RunStatus::Running.number()),
        attempts: Set(1),
        started_at: Set(now.micros()),
        window_from: Set(row.window_from),
        window_to: Set(now.micros()),
        after_seq: Set(row.position),
        until_seq: Set(append::newest(transaction).await?),
        recipients: Set(recipients),
        message_id: Set(message_id(row, due, now)),
        ..Default::default()
    };
    Ok(run.insert(transaction).await?)
}

/// What makes the mail of a due time the same mail however often it is sent.
fn message_id(row: &filter_subscription::Model, due: i64, now: Timestamp) -> String {
    let text = format!("{}/{}/{due}/{now}", row.id, row.created_at);
    format!("{:x}", Sha256::digest(text))[..32].to_owned()
}

async fn end_run(
    transaction: &DatabaseTransaction,
    run: &filter_subscription_run::Model,
    ending: &Ending,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut ended = filter_subscription_run::ActiveModel {
        id: Set(run.id),
        finished_at: Set(Some(now.micros())),
        error: Set(None),
        ..Default::default()
    };
    let status = match ending {
        Ending::Sent { events, refused } => {
            ended.events = Set(i64::try_from(*events).ok());
            ended.error = Set(refused.clone().map(clean));
            RunStatus::Sent
        }
        Ending::Empty => {
            ended.events = Set(Some(0));
            RunStatus::Empty
        }
        Ending::Later { error, at } => {
            ended.error = Set(Some(clean(error.clone())));
            ended.next_attempt_at = Set(Some(at.micros()));
            ended.finished_at = Set(None);
            RunStatus::Retrying
        }
        Ending::Failed { error } | Ending::Paused { error } => {
            ended.error = Set(Some(clean(error.clone())));
            RunStatus::Failed
        }
    };
    ended.status = Set(status.number());
    ended.update(transaction).await?;
    Ok(())
}

/// What a filter subscription is like after a run.
fn after(
    row: &filter_subscription::Model,
    run: &filter_subscription_run::Model,
    ending: &Ending,
    now: Timestamp,
) -> filter_subscription::ActiveModel {
    let mut kept = filter_subscription::ActiveModel {
        id: Set(row.id),
        lease_holder: Set(None),
        lease_until: Set(None),
        ..Default::default()
    };
    if let Ending::Later { at, .. } = ending {
        kept.attempt_at = Set(Some(at.micros()).filter(|_| row.paused_at.is_none()));
        return kept;
    }
    if matches!(ending, Ending::Sent { .. } | Ending::Empty) {
        kept.position = Set(run.until_seq);
    }
    if matches!(ending, Ending::Sent { .. }) {
        kept.window_from = Set(run.window_to);
        kept.last_sent_at = Set(Some(now.micros()));
    }
    let paused = matches!(ending, Ending::Paused { .. });
    if let Ending::Paused { error } = ending
        && row.paused_at.is_none()
    {
        kept.paused_at = Set(Some(now.micros()));
        kept.paused_because = Set(Some(clean(error.clone())));
    }
    kept.requested_at = Set(None);
    // Due times that have passed meanwhile are not made up for: this mail had what they would have had.
    let past = now.max(Timestamp::from_micros(run.due_at));
    let next = match row.schedule() {
        Ok(Schedule::AtOnce(_)) if matches!(ending, Ending::Failed { .. }) => {
            Some(now.plus(ALERT_RESTS))
        }
        Ok(schedule) => schedule.next_after(row.zone(), past).ok().flatten(),
        Err(_) => None,
    };
    let next = next.filter(|_| row.paused_at.is_none() && !paused);
    kept.next_run_at = Set(next.map(Timestamp::micros));
    kept.attempt_at = Set(next.map(Timestamp::micros));
    kept
}

/// Forgets the oldest runs.
async fn forget(transaction: &DatabaseTransaction, id: i64) -> Result<(), StoreError> {
    let oldest: Option<i64> = filter_subscription_run::Entity::find()
        .select_only()
        .column(filter_subscription_run::Column::Id)
        .filter(filter_subscription_run::COLUMN.subscription_id.eq(id))
        .order_by_desc(filter_subscription_run::Column::Id)
        .offset(RUNS)
        .limit(1)
        .into_tuple()
        .one(transaction)
        .await?;
    if let Some(oldest) = oldest {
        filter_subscription_run::Entity::delete_many()
            .filter(filter_subscription_run::COLUMN.subscription_id.eq(id))
            .filter(filter_subscription_run::COLUMN.id.lte(oldest))
            .exec(transaction)
            .await?;
    }
    Ok(())
}

//! Filter subscriptions: mails of what a saved filter chooses, on a schedule or when something happens.
//!
//! Whose it is decides what it sends: what they may see at that moment with the token with which they saved it last. So
//! nobody but its owner may change it; an administrator may have it run, pause it and delete it. [`due`] says which are due
//! and keeps what became of them; how a mail looks and travels is not known here.

mod check;
mod due;
mod kind;

pub use check::{FilterSubscriptionChange, NewFilterSubscription};
pub use due::{Claim, Ending, RUNS};
pub use kind::{MailFormat, RunStatus};

use super::alphabet::by_name;
use super::append::{self, Appended};
use super::directory::NameMark;
use super::entity::{event, filter_subscription, filter_subscription_run, saved_filter};
use super::observation::Observation;
use super::read::{Range, Rows, cut};
use super::{Store, StoreError, clean, sort_name};
use crate::access::Viewer;
use crate::event::node::{NodeId, NodeKind};
use crate::event::schedule::Schedule;
use crate::event::{Object, Timestamp};
use check::{checked_name, checked_recipients, checked_schedule};
use chrono_tz::Tz;
use sea_orm::sea_query::Condition;
use sea_orm::{
    ActiveModelTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};

/// Filter subscriptions that one person may have.
const MOST: u64 = 500;

/// A filter subscription, as a viewer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterSubscription {
    /// Its row.
    pub row: filter_subscription::Model,
    /// Whether it is the viewer's own.
    pub own: bool,
}

impl filter_subscription::Model {
    /// When it is due.
    pub fn schedule(&self) -> Result<Schedule, StoreError> {
        serde_json::from_str(&self.schedule).map_err(|error| {
            let message = format!("what is kept cannot be read any more ({error}); save it anew");
            wrong("schedule".to_owned(), message)
        })
    }

    /// In whose days and hours; UTC where the name means nothing any more.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.time_zone.parse().unwrap_or(Tz::UTC)
    }

    /// To whom it is sent.
    #[must_use]
    pub fn recipients(&self) -> Vec<String> {
        serde_json::from_str(&self.recipients).unwrap_or_default()
    }

    /// In what form the events are.
    #[must_use]
    pub fn format(&self) -> MailFormat {
        MailFormat::from_number(self.format)
    }
}

impl Store {
    /// A page of the viewer's filter subscriptions by name, for administrators everybody's; of one saved filter, or all.
    pub async fn filter_subscriptions(
        &self,
        viewer: &Viewer,
        filter: Option<i64>,
        range: Range<NameMark>,
    ) -> Result<Rows<FilterSubscription>, StoreError> {
        let mut found = filter_subscription::Entity::find().filter(may_see(viewer));
        if let Some(filter) = filter {
            found = found.filter(filter_subscription::COLUMN.filter_id.eq(filter));
        }
        let columns = (
            filter_subscription::Column::SortName,
            filter_subscription::Column::Id,
        );
        let page = by_name(found, filter_subscription::Entity, columns, &range);
        let Rows { rows, more } = cut(page.all(&self.read).await?, &range);
        let rows = rows.into_iter().map(|row| seen_by(viewer, row)).collect();
        Ok(Rows { rows, more })
    }

    /// The filter subscription with that number, if the viewer may see it.
    pub async fn filter_subscription(
        &self,
        viewer: &Viewer,
        id: i64,
    ) -> Result<Option<FilterSubscription>, StoreError> {
        let row = filter_subscription::Entity::find_by_id(id)
            .filter(may_see(viewer))
            .one(&self.read)
            .await?;
        Ok(row.map(|row| seen_by(viewer, row)))
    }

    /// What became of a filter subscription's due times, newest first, at most `limit`.
    pub async fn filter_subscription_runs(
        &self,
        id: i64,
        limit: u64,
    ) -> Result<Vec<filter_subscription_run::Model>, StoreError> {
        Ok(filter_subscription_run::Entity::find()
            .filter(filter_subscription_run::COLUMN.subscription_id.eq(id))
            .order_by_desc(filter_subscription_run::Column::Id)
            .limit(limit)
            .all(&self.read)
            .await?)
    }

    /// Begins to send what a saved filter chooses, on the viewer's behalf.
    pub async fn create_filter_subscription(
        &self,
        viewer: &Viewer,
        new: NewFilterSubscription,
        now: Timestamp,
    ) -> Result<(i64, Appended), StoreError> {
        let filter = self.saved_filter(viewer, new.filter_id).await?;
        let filter = filter.ok_or_else(|| StoreError::NotFound {
            what: "saved filter with this id".to_owned(),
        })?;
        let (name, recipients) = (
            checked_name(&new.name)?,
            checked_recipients(&new.recipients)?,
        );
        let (zone, next) = checked_schedule(&new.schedule, &new.time_zone, now)?;
        let from = first_window(&new.schedule, zone, now);
        let recorded = self.recorded_before(from).await?;
        let transaction = self.begin_alone().await?;
        // Who waits for events waits for those to come.
        let position = if new.schedule.is_at_once() {
            append::newest(&transaction).await?
        } else {
            recorded
        };
        let theirs = filter_subscription::Entity::find()
            .filter(filter_subscription::COLUMN.holder.eq(viewer.holder()))
            .count(&transaction)
            .await?;
        if theirs >= MOST {
            let message =
                format!("you have {theirs} filter subscriptions already; delete one first");
            return Err(wrong("input".to_owned(), message));
        }
        let row = filter_subscription::ActiveModel {
            filter_id: Set(new.filter_id),
            sort_name: Set(sort_name(Some(&name))),
            name: Set(name),
            recipients: Set(written(&recipients)),
            schedule: Set(written(&new.schedule)),
            time_zone: Set(zone.name().to_owned()),
            at_once: Set(new.schedule.is_at_once()),
            send_when_empty: Set(new.send_when_empty),
            format: Set(new.format.number()),
            holder: Set(clean(viewer.holder())),
            holder_name: Set(clean(viewer.name.clone())),
            token_id: Set(viewer.token_id),
            position: Set(position),
            window_from: Set(from.micros()),
            next_run_at: Set(next.map(Timestamp::micros)),
            attempt_at: Set(next.map(Timestamp::micros)),
            created_at: Set(now.micros()),
            updated_at: Set(now.micros()),
            ..Default::default()
        };
        let row = row.insert(&transaction).await?;
        let mut deed = Observation::of_own("filter_subscription.created", object(&row));
        deed = deed.change("saved filter", None, Some(filter.row.name));
        for (field, value) in told(&row) {
            deed = deed.change(field, None, Some(value));
        }
        let appended = self.conclude(transaction, viewer, now, vec![deed]).await?;
        Ok((row.id, appended))
    }

    /// Changes a filter subscription, if it is the viewer's own; from then on it sends what they may see with this token.
    pub async fn change_filter_subscription(
        &self,
        viewer: &Viewer,
        id: i64,
        change: FilterSubscriptionChange,
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        let transaction = self.begin_alone().await?;
        let old = editable(&transaction, viewer, id, true).await?;
        let mut row = old.clone();
        if let Some(name) = &change.name {
            row.name = checked_name(name)?;
        }
        if let Some(recipients) = change.recipients {
            row.recipients = written(&checked_recipients(&recipients)?);
        }
        row.send_when_empty = change.send_when_empty.unwrap_or(row.send_when_empty);
        if let Some(format) = change.format {
            row.format = format.number();
        }
        let mut kept = filter_subscription::ActiveModel {
            id: Set(id),
            name: Set(row.name.clone()),
            sort_name: Set(sort_name(Some(&row.name))),
            recipients: Set(row.recipients.clone()),
            send_when_empty: Set(row.send_when_empty),
            format: Set(row.format),
            holder_name: Set(clean(viewer.name.clone())),
            token_id: Set(viewer.token_id),
            updated_at: Set(now.micros()),
            ..Default::default()
        };
        if change.schedule.is_some() || change.time_zone.is_some() {
            let schedule = match change.schedule {
                Some(schedule) => schedule,
                None => row.schedule()?,
            };
            let zone = change.time_zone.unwrap_or_else(|| row.time_zone.clone());
            let (zone, next) = checked_schedule(&schedule, &zone, now)?;
            row.schedule = written(&schedule);
            zone.name().clone_into(&mut row.time_zone);
            kept.schedule = Set(row.schedule.clone());
            kept.time_zone = Set(row.time_zone.clone());
            kept.at_once = Set(schedule.is_at_once());
            let changed = row.schedule != old.schedule || row.time_zone != old.time_zone;
            if changed && old.paused_at.is_none() {
                let next = next.map(Timestamp::micros);
                kept.next_run_at = Set(next);
                kept.attempt_at = Set(old.requested_at.or(next));
            }
        }
        kept.update(&transaction).await?;
        let mut deed = Observation::of_own("filter_subscription.changed", object(&row));
        for ((field, from), (_, to)) in told(&old).into_iter().zip(told(&row)) {
            if from != to {
                deed = deed.change(field, Some(from), Some(to));
            }
        }
        let deeds = if deed.has_changes() {
            vec![deed]
        } else {
            Vec::new()
        };
        let appended = self.conclude(transaction, viewer, now, deeds).await?;
        Ok(((), appended))
    }

    /// Lets a filter subscription rest, or go on: then its next mail has what came meanwhile, too. If it is the viewer's
    /// own, it goes on with the token that they use now.
    pub async fn pause_filter_subscription(
        &self,
        viewer: &Viewer,
        id: i64,
        paused: bool,
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        let transaction = self.begin_alone().await?;
        let row = editable(&transaction, viewer, id, false).await?;
        if row.paused_at.is_some() == paused {
            let appended = self.conclude(transaction, viewer, now, Vec::new()).await?;
            return Ok(((), appended));
        }
        let mut kept = filter_subscription::ActiveModel {
            id: Set(id),
            paused_at: Set(paused.then(|| now.micros())),
            paused_because: Set(None),
            requested_at: Set(None),
            next_run_at: Set(None),
            attempt_at: Set(None),
            ..Default::default()
        };
        if !paused {
            let next = row.schedule()?.next_after(row.zone(), now);
            let next =
                next.map_err(|error| wrong(format!("schedule.{}", error.path), error.message))?;
            kept.next_run_at = Set(next.map(Timestamp::micros));
            kept.attempt_at = Set(next.map(Timestamp::micros));
            if row.holder == viewer.holder() {
                kept.token_id = Set(viewer.token_id);
                kept.holder_name = Set(clean(viewer.name.clone()));
            }
        }
        kept.update(&transaction).await?;
        let code = if paused {
            "filter_subscription.paused"
        } else {
            "filter_subscription.resumed"
        };
        let deed = Observation::of_own(code, object(&row));
        let appended = self.conclude(transaction, viewer, now, vec![deed]).await?;
        Ok(((), appended))
    }

    /// Has a filter subscription send its mail now, whatever its schedule says, and even while it is paused.
    pub async fn run_filter_subscription(
        &self,
        viewer: &Viewer,
        id: i64,
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        let transaction = self.begin_alone().await?;
        let row = editable(&transaction, viewer, id, false).await?;
        let kept = filter_subscription::ActiveModel {
            id: Set(id),
            requested_at: Set(Some(row.requested_at.unwrap_or(now.micros()))),
            attempt_at: Set(Some(now.micros())),
            ..Default::default()
        };
        kept.update(&transaction).await?;
        let deed = Observation::of_own("filter_subscription.run", object(&row));
        let appended = self.conclude(transaction, viewer, now, vec![deed]).await?;
        Ok(((), appended))
    }

    /// Deletes a filter subscription and its history.
    pub async fn delete_filter_subscription(
        &self,
        viewer: &Viewer,
        id: i64,
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        let transaction = self.begin_alone().await?;
        let row = editable(&transaction, viewer, id, false).await?;
        let deed = delete(&transaction, &row).await?;
        let appended = self.conclude(transaction, viewer, now, vec![deed]).await?;
        Ok(((), appended))
    }

    /// The position up to which everything was stored before a moment.
    async fn recorded_before(&self, moment: Timestamp) -> Result<i64, StoreError> {
        let (mut low, mut high) = (0, self.newest().await?);
        while low < high {
            let middle = low + (high - low + 1) / 2;
            let recorded: Option<i64> = event::Entity::find_by_id(middle)
                .select_only()
                .column(event::Column::RecordedAt)
                .into_tuple()
                .one(&self.read)
                .await?;
            if recorded.is_some_and(|recorded| recorded < moment.micros()) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Ok(low)
    }
}

/// From when the first mail has events: one period before it is due; from now on where it waits for them.
fn first_window(schedule: &Schedule, zone: Tz, now: Timestamp) -> Timestamp {
    match schedule.next_runs(zone, now, 2).as_deref() {
        Ok([first, second]) => first.minus(second.since(*first)).min(now),
        _ => now,
    }
}

/// Deletes what is sent of a saved filter that is deleted, whosever it is.
pub(super) async fn delete_with_filter(
    transaction: &DatabaseTransaction,
    filter: &saved_filter::Model,
) -> Result<Vec<Observation<'static>>, StoreError> {
    let rows = filter_subscription::Entity::find()
        .filter(filter_subscription::COLUMN.filter_id.eq(filter.id))
        .all(transaction)
        .await?;
    let mut deeds = Vec::new();
    for row in rows {
        deeds.push(delete(transaction, &row).await?);
    }
    Ok(deeds)
}

async fn delete(
    transaction: &DatabaseTransaction,
    row: &filter_subscription::Model,
) -> Result<Observation<'static>, StoreError> {
    filter_subscription_run::Entity::delete_many()
        .filter(filter_subscription_run::COLUMN.subscription_id.eq(row.id))
        .exec(transaction)
        .await?;
    filter_subscription::Entity::delete_by_id(row.id)
        .exec(transaction)
        .await?;
    let mut deed = Observation::of_own("filter_subscription.deleted", object(row));
    for (field, value) in told(row) {
        deed = deed.change(field, Some(value), None);
    }
    Ok(deed)
}

/// The row to change, if the viewer may.
async fn editable(
    transaction: &DatabaseTransaction,
    viewer: &Viewer,
    id: i64,
    by_owner_only: bool,
) -> Result<filter_subscription::Model, StoreError> {
    let row = filter_subscription::Entity::find_by_id(id)
        .filter(may_see(viewer))
        .one(transaction)
        .await?;
    let row = row.ok_or_else(|| StoreError::NotFound {
        what: "filter subscription with this id".to_owned(),
    })?;
    if by_owner_only && row.holder != viewer.holder() {
        return Err(StoreError::Forbidden(
            "only its owner may change a filter subscription, for it sends what they may see; you may pause or delete it"
                .to_owned(),
        ));
    }
    Ok(row)
}

fn may_see(viewer: &Viewer) -> Condition {
    if viewer.administers() {
        return Condition::all();
    }
    Condition::all().add(filter_subscription::COLUMN.holder.eq(viewer.holder()))
}

fn seen_by(viewer: &Viewer, row: filter_subscription::Model) -> FilterSubscription {
    FilterSubscription {
        own: row.holder == viewer.holder(),
        row,
    }
}

/// What the log says of a filter subscription, field by field.
fn told(row: &filter_subscription::Model) -> [(&'static str, String); 6] {
    let format = match row.format() {
        MailFormat::Table => "table",
        MailFormat::Csv => "csv",
        MailFormat::Xlsx => "xlsx",
    };
    let when_empty = if row.send_when_empty { "yes" } else { "no" };
    [
        ("name", row.name.clone()),
        ("recipients", row.recipients().join(", ")),
        ("schedule", row.schedule.clone()),
        ("time zone", row.time_zone.clone()),
        ("send when empty", when_empty.to_owned()),
        ("format", format.to_owned()),
    ]
}

/// A filter subscription as the target of an event.
fn object(row: &filter_subscription::Model) -> Object {
    Object {
        kind: "filter_subscription".to_owned(),
        id: Some(NodeId::new(NodeKind::FilterSubscription, row.id).encode()),
        name: Some(row.name.clone()),
        ..Object::default()
    }
}

fn written(value: &impl serde::Serialize) -> String {
    clean(serde_json::to_string(value).unwrap_or_default())
}

fn wrong(path: String, message: String) -> StoreError {
    StoreError::Filter { path, message }
}

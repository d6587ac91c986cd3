//! Exports: what was asked for, seen by whoever asked and by administrators, and how far each has come.
//!
//! The files themselves are no business of the store. Whoever writes one notes every so often where it would have to be
//! gone on with, and finds out by that whether it is still wanted.

use super::append::Appended;
use super::entity::export;
use super::observation::Observation;
use super::read::{Range, Rows, cut};
use super::{Store, StoreError, clean};
use crate::access::Viewer;
use crate::event::export::{Format, Question, Status};
use crate::event::node::{NodeId, NodeKind};
use crate::event::saved::View;
use crate::event::{Object, Timestamp, search};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Order};
use sea_orm::{
    ActiveModelTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use std::time::Duration;

/// Exports that one person may have under way.
const UNDER_WAY: u64 = 20;

/// How many jobs are looked at in one go.
const JOBS: u64 = 100;

/// How often an export is tried that never comes further, and how long it waits after the first failure.
const ATTEMPTS: i32 = 10;
const WAIT: Duration = Duration::from_secs(5);

/// An export to be made.
#[derive(Clone, Debug)]
pub struct NewExport {
    /// Which rows.
    pub question: Question,
    /// In which form.
    pub format: Format,
    /// The saved filter that is part of the question, by number and name.
    pub saved_filter: Option<(i64, String)>,
}

/// How far an export has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Records that are written.
    pub records: u64,
    /// Bytes of the file that hold them.
    pub bytes: u64,
    /// Where the list goes on behind them, for a file that can be gone on with.
    pub mark: Option<String>,
}

impl Progress {
    /// How far an export is known to have come.
    #[must_use]
    pub fn of(row: &export::Model) -> Self {
        Self {
            records: u64::try_from(row.records).unwrap_or_default(),
            bytes: u64::try_from(row.bytes).unwrap_or_default(),
            mark: row.mark.clone(),
        }
    }
}

impl Store {
    /// Asks for an export on the viewer's behalf, of the log as it is now.
    pub async fn create_export(
        &self,
        viewer: &Viewer,
        new: NewExport,
        now: Timestamp,
    ) -> Result<(i64, Appended), StoreError> {
        let transaction = self.begin_alone().await?;
        let under_way = export::Entity::find()
            .filter(export::COLUMN.holder.eq(viewer.holder()))
            .filter(unfinished())
            .count(&transaction)
            .await?;
        if under_way >= UNDER_WAY {
            let message = format!(
                "you have {under_way} exports under way; wait for one of them, or delete it"
            );
            return Err(StoreError::Filter {
                path: "input".to_owned(),
                message,
            });
        }
        let (saved_filter_id, saved_filter_name) = new.saved_filter.unzip();
        let question = clean(serde_json::to_string(&new.question).unwrap_or_default());
        let row = export::ActiveModel {
            file_name: Set(String::new()),
            holder: Set(clean(viewer.holder())),
            holder_name: Set(clean(viewer.name.clone())),
            token_id: Set(viewer.token_id),
            format: Set(new.format.number()),
            question: Set(question),
            saved_filter_id: Set(saved_filter_id),
            saved_filter_name: Set(saved_filter_name),
            status: Set(Status::Queued.number()),
            problem: Set(None),
            until: Set(super::append::newest(&transaction).await?),
            expected: Set(None),
            records: Set(0),
            bytes: Set(0),
            mark: Set(None),
            attempts: Set(0),
            not_before: Set(0),
            created_at: Set(now.micros()),
            started_at: Set(None),
            finished_at: Set(None),
            expires_at: Set(None),
            removed_at: Set(None),
            ..Default::default()
        };
        let row = row.insert(&transaction).await?;
        let named = export::ActiveModel {
            id: Set(row.id),
            file_name: Set(file_name(new.question.view.kind, new.format, row.id, now)),
            ..Default::default()
        };
        let row = named.update(&transaction).await?;
        let told = [
            ("view", view_name(new.question.view.kind).to_owned()),
            ("format", new.format.extension().to_owned()),
            ("filter", search::print(&new.question.filter)),
        ];
        let mut deed = Observation::of_own("export.created", object(&row));
        for (field, value) in told {
            deed = deed.change(field, None, Some(value).filter(|value| !value.is_empty()));
        }
        let appended = self.conclude(transaction, viewer, now, [deed]).await?;
        Ok((row.id, appended))
    }

    /// A page of the exports that the viewer may see, by number; only their own, or only those of others, when `own` says
    /// so.
    pub async fn exports(
        &self,
        viewer: &Viewer,
        own: Option<bool>,
        range: Range<i64>,
    ) -> Result<Rows<export::Model>, StoreError> {
        let mut exports = export::Entity::find().filter(visible(viewer));
        if let Some(own) = own {
            let theirs = Condition::all().add(export::COLUMN.holder.eq(viewer.holder()));
            exports = exports.filter(if own { theirs } else { theirs.not() });
        }
        for (mark, beyond) in [(range.after, true), (range.before, false)] {
            if let Some(mark) = mark {
                exports = exports.filter(if beyond == range.descending {
                    export::COLUMN.id.lt(mark)
                } else {
                    export::COLUMN.id.gt(mark)
                });
            }
        }
        let direction = if range.descending == range.from_end {
            Order::Asc
        } else {
            Order::Desc
        };
        let rows = exports
            .order_by(export::Column::Id, direction)
            .limit(range.limit + 1)
            .all(&self.read)
            .await?;
        Ok(cut(rows, &range))
    }

    /// The export with that number, if the viewer may see it.
    pub async fn export(
        &self,
        viewer: &Viewer,
        id: i64,
    ) -> Result<Option<export::Model>, StoreError> {
        let export = export::Entity::find_by_id(id).filter(visible(viewer));
        Ok(export.one(&self.read).await?)
    }

    /// Notes that the viewer takes an export's file away.
    pub async fn note_export_downloaded(
        &self,
        viewer: &Viewer,
        row: &export::Model,
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        let transaction = self.begin_alone().await?;
        let deed = Observation::of_own("export.downloaded", object(row));
        let appended = self.conclude(transaction, viewer, now, [deed]).await?;
        Ok(((), appended))
    }

    /// Forgets an export that the viewer may see; its file has been deleted.
    pub async fn delete_export(
        &self,
        viewer: &Viewer,
        id: i64,
        now: Timestamp,
    ) -> Result<((), Appended), StoreError> {
        let row = self.export(viewer, id).await?.ok_or_else(missing)?;
        let transaction = self.begin_alone().await?;
        export::Entity::delete_by_id(id).exec(&transaction).await?;
        let deed = Observation::of_own("export.deleted", object(&row)).change(
            "records",
            Some(row.records.to_string()),
            None,
        );
        let appended = self.conclude(transaction, viewer, now, [deed]).await?;
        Ok(((), appended))
    }

    /// Exports that are to be written or gone on with, oldest first.
    pub async fn unfinished_exports(
        &self,
        now: Timestamp,
    ) -> Result<Vec<export::Model>, StoreError> {
        Ok(export::Entity::find()
            .filter(unfinished())
            .filter(export::COLUMN.not_before.lte(now.micros()))
            .order_by_asc(export::Column::Id)
            .limit(JOBS)
            .all(&self.door)
            .await?)
    }

    /// The export with that number, if it is still to be written.
    pub async fn unfinished_export(&self, id: i64) -> Result<Option<export::Model>, StoreError> {
        let export = export::Entity::find_by_id(id).filter(unfinished());
        Ok(export.one(&self.write).await?)
    }

    /// Notes that an export is being written, from where it has come to; `expected` is about how many records there will
    /// be. False when nobody wants it any more.
    pub async fn start_export(
        &self,
        id: i64,
        from: &Progress,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let started = Expr::col(export::Column::StartedAt).if_null(now.micros());
        let start = advance(from)
            .col_expr(
                export::Column::Status,
                Expr::value(Status::Running.number()),
            )
            .col_expr(export::Column::StartedAt, started)
            .col_expr(export::Column::Expected, Expr::value(expected.map(signed)));
        self.still_wanted(id, start).await
    }

    /// Notes how far an export has come. False when nobody wants it any more.
    pub async fn advance_export(&self, id: i64, to: &Progress) -> Result<bool, StoreError> {
        let advance = advance(to).col_expr(export::Column::Attempts, Expr::value(0));
        self.still_wanted(id, advance).await
    }

    /// Notes that an export's file is complete. False when nobody wants it any more.
    pub async fn finish_export(
        &self,
        id: i64,
        end: &Progress,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let finish = advance(end)
            .col_expr(export::Column::Status, Expr::value(Status::Done.number()))
            .col_expr(export::Column::Problem, Expr::value(None::<String>))
            .col_expr(export::Column::FinishedAt, Expr::value(now.micros()))
            .col_expr(export::Column::ExpiresAt, Expr::value(expires_at.micros()));
        self.still_wanted(id, finish).await
    }

    /// Notes that there will be no file, and why.
    pub async fn fail_export(
        &self,
        id: i64,
        problem: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let fail = advance(&Progress::default())
            .col_expr(export::Column::Status, Expr::value(Status::Failed.number()))
            .col_expr(
                export::Column::Problem,
                Expr::value(clean(problem.to_owned())),
            )
            .col_expr(export::Column::FinishedAt, Expr::value(now.micros()));
        self.still_wanted(id, fail).await?;
        Ok(())
    }

    /// Notes that an export failed for a reason that may pass: it is tried again later, each time after twice as long a
    /// wait. False when it has been tried often enough.
    pub async fn postpone_export(
        &self,
        row: &export::Model,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let attempts = row.attempts + 1;
        if attempts >= ATTEMPTS {
            return Ok(false);
        }
        let wait = WAIT * 2_u32.saturating_pow(attempts.unsigned_abs() - 1);
        let postpone = export::Entity::update_many()
            .col_expr(export::Column::Attempts, Expr::value(attempts))
            .col_expr(
                export::Column::NotBefore,
                Expr::value(now.plus(wait).micros()),
            );
        self.still_wanted(row.id, postpone).await?;
        Ok(true)
    }

    /// Exports whose files are to be deleted, because their time is over.
    pub async fn expired_exports(&self, now: Timestamp) -> Result<Vec<export::Model>, StoreError> {
        Ok(export::Entity::find()
            .filter(export::COLUMN.expires_at.lte(now.micros()))
            .filter(export::COLUMN.removed_at.is_null())
            .order_by_asc(export::Column::Id)
            .limit(JOBS)
            .all(&self.read)
            .await?)
    }

    /// Notes that an export's file was deleted.
    pub async fn note_export_removed(&self, id: i64, now: Timestamp) -> Result<(), StoreError> {
        export::Entity::update_many()
            .col_expr(export::Column::RemovedAt, Expr::value(now.micros()))
            .filter(export::COLUMN.id.eq(id))
            .exec(&self.write)
            .await?;
        Ok(())
    }

    async fn still_wanted(
        &self,
        id: i64,
        change: sea_orm::UpdateMany<export::Entity>,
    ) -> Result<bool, StoreError> {
        let changed = change
            .filter(export::COLUMN.id.eq(id))
            .filter(unfinished())
            .exec(&self.write)
            .await?;
        Ok(changed.rows_affected > 0)
    }
}

/// What an export asks for; an error where what is kept cannot be read any more.
pub fn question(row: &export::Model) -> Result<Question, StoreError> {
    serde_json::from_str(&row.question).map_err(|error| StoreError::Filter {
        path: "question".to_owned(),
        message: format!("what is kept cannot be read any more ({error}); ask for it anew"),
    })
}

fn advance(to: &Progress) -> sea_orm::UpdateMany<export::Entity> {
    export::Entity::update_many()
        .col_expr(export::Column::Records, Expr::value(signed(to.records)))
        .col_expr(export::Column::Bytes, Expr::value(signed(to.bytes)))
        .col_expr(export::Column::Mark, Expr::value(to.mark.clone()))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// That an export is the viewer's own; administrators see everybody's.
fn visible(viewer: &Viewer) -> Condition {
    if viewer.administers() {
        return Condition::all();
    }
    Condition::all().add(export::COLUMN.holder.eq(viewer.holder()))
}

fn unfinished() -> Condition {
    let running = [Status::Queued, Status::Running].map(Status::number);
    Condition::all().add(export::COLUMN.status.is_in(running))
}

fn view_name(view: View) -> &'static str {
    match view {
        View::Detail => "detail",
        View::Aggregated => "aggregated",
        View::IssueViews => "issue-views",
        View::LastActive => "last-active",
    }
}

/// E.g. `detail-2026-11-20T120000Z-17.csv`: sorted by time, and no other export has it.
fn file_name(view: View, format: Format, id: i64, now: Timestamp) -> String {
    let (view, time) = (view_name(view), now.to_utc().format("%Y-%m-%dT%H%M%SZ"));
    format!("{view}-{time}-{id}.{}", format.extension())
}

/// An export as the target of an event.
fn object(row: &export::Model) -> Object {
    Object {
        kind: "export".to_owned(),
        id: Some(NodeId::new(NodeKind::Export, row.id).encode()),
        name: Some(row.file_name.clone()),
        ..Object::default()
    }
}

fn missing() -> StoreError {
    StoreError::NotFound {
        what: "export with this id".to_owned(),
    }
}

//! What synchronisation remembers of itself: one row for each run.

use super::entity::{cursor, source, sync_run};
use super::{Appended, Store, StoreError, clean, coverage};
use crate::event::{System, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter, QueryOrder, Set,
};

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Pages fetched.
    pub pages: u64,
    /// Records on them.
    pub records: u64,
    /// Events that were new.
    pub new: u64,
    /// Events that were there already.
    pub repeated: u64,
    /// The cursor it came to.
    pub cursor: Option<String>,
    /// The newest upstream moment it read.
    pub watermark: Option<Timestamp>,
    /// How much of the whole is done, and how much that is, where it is known.
    pub progress: Option<(u64, u64)>,
    /// Why it failed.
    pub error: Option<String>,
}

impl Store {
    /// The number of the source with that name, if anything was ever stored for it.
    pub async fn source_id(&self, name: &str) -> Result<Option<i32>, StoreError> {
        if let Some(id) = self.names.source(name) {
            return Ok(Some(id));
        }
        let row = source::Entity::find()
            .filter(source::COLUMN.name.eq(name))
            .one(&self.read)
            .await?;
        Ok(row.map(|row| row.id))
    }

    /// The name of the source with that number, if that has been read already.
    #[must_use]
    pub fn known_source(&self, id: i32) -> Option<String> {
        self.names.source_name(id)
    }

    /// The name of the source with that number.
    pub async fn source_name(&self, id: i32) -> Result<Option<String>, StoreError> {
        if let Some(name) = self.names.source_name(id) {
            return Ok(Some(name));
        }
        let row = source::Entity::find_by_id(id).one(&self.read).await?;
        Ok(row.map(|row| row.name))
    }

    /// All sources that anything was ever stored for, by name.
    pub async fn sources(&self) -> Result<Vec<source::Model>, StoreError> {
        Ok(source::Entity::find()
            .order_by_asc(source::Column::Name)
            .all(&self.read)
            .await?)
    }

    /// Notes that a run has begun, and returns its number.
    pub async fn begin_run(
        &self,
        source: &str,
        system: System,
        part: &str,
        now: Timestamp,
    ) -> Result<i64, StoreError> {
        let source_id = match self.source_id(source).await? {
            Some(id) => id,
            None => self.add_source(source, system).await?,
        };
        coverage::connected(&self.write, source_id, now).await?;
        let cursor_from = self.cursor(source, part).await?;
        let row = sync_run::ActiveModel {
            source_id: Set(source_id),
            part: Set(part.to_owned()),
            started_at: Set(now.micros()),
            pages: Set(0),
            records: Set(0),
            new: Set(0),
            repeated: Set(0),
            cursor_from: Set(cursor_from),
            ..Default::default()
        };
        Ok(row.insert(&self.write).await?.id)
    }

    /// Notes what a run did.
    pub async fn end_run(
        &self,
        run: i64,
        outcome: &Outcome,
        now: Timestamp,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        sync_run::Entity::update_many()
            .set(sync_run::ActiveModel {
                finished_at: Set(Some(now.micros())),
                error: Set(outcome.error.clone().map(clean)),
                next_run_at: Set(next.map(Timestamp::micros)),
                ..so_far(outcome)
            })
            .filter(sync_run::COLUMN.id.eq(run))
            .exec(&self.write)
            .await?;
        Ok(())
    }

    /// The newest run of each part of a source, newest first.
    pub async fn latest_runs(&self, source_id: i32) -> Result<Vec<sync_run::Model>, StoreError> {
        let newest = sea_orm::sea_query::Query::select()
            .expr(Expr::col(sync_run::Column::Id).max())
            .from(sync_run::Entity)
            .and_where(Expr::col(sync_run::Column::SourceId).eq(source_id))
            .group_by_col(sync_run::Column::Part)
            .to_owned();
        Ok(sync_run::Entity::find()
            .filter(sync_run::COLUMN.id.in_subquery(newest))
            .order_by_desc(sync_run::Column::Id)
            .all(&self.read)
            .await?)
    }

    /// The newest run of a source that ended without an error; of one part, or of any.
    pub async fn latest_success(
        &self,
        source_id: i32,
        part: Option<&str>,
    ) -> Result<Option<sync_run::Model>, StoreError> {
        let mut runs = sync_run::Entity::find()
            .filter(sync_run::COLUMN.source_id.eq(source_id))
            .filter(sync_run::COLUMN.finished_at.is_not_null())
            .filter(sync_run::COLUMN.error.is_null());
        if let Some(part) = part {
            runs = runs.filter(sync_run::COLUMN.part.eq(part));
        }
        Ok(runs
            .order_by_desc(sync_run::Column::Id)
            .one(&self.read)
            .await?)
    }

    /// The newest runs of a source, newest first, at most `limit`.
    pub async fn recent_runs(
        &self,
        source_id: i32,
        limit: u64,
    ) -> Result<Vec<sync_run::Model>, StoreError> {
        use sea_orm::QuerySelect;
        Ok(sync_run::Entity::find()
            .filter(sync_run::COLUMN.source_id.eq(source_id))
            .order_by_desc(sync_run::Column::Id)
            .limit(limit)
            .all(&self.read)
            .await?)
    }

    /// Forgets runs that began before `before`, but keeps the newest of each part.
    pub async fn forget_runs(&self, before: Timestamp) -> Result<u64, StoreError> {
        let newest = sea_orm::sea_query::Query::select()
            .expr(Expr::col(sync_run::Column::Id).max())
            .from(sync_run::Entity)
            .add_group_by([
                Expr::col(sync_run::Column::SourceId),
                Expr::col(sync_run::Column::Part),
            ])
            .to_owned();
        let deleted = sync_run::Entity::delete_many()
            .filter(sync_run::COLUMN.started_at.lt(before.micros()))
            .filter(sync_run::COLUMN.id.not_in_subquery(newest))
            .exec(&self.write)
            .await?;
        Ok(deleted.rows_affected)
    }

    /// All remembered runs of a part that read towards an end, oldest first: how a backfill has gone.
    pub async fn backfill_runs(
        &self,
        source_id: i32,
        part: &str,
    ) -> Result<Vec<sync_run::Model>, StoreError> {
        Ok(sync_run::Entity::find()
            .filter(sync_run::COLUMN.source_id.eq(source_id))
            .filter(sync_run::COLUMN.part.eq(part))
            .filter(sync_run::COLUMN.total.is_not_null())
            .order_by_asc(sync_run::Column::Id)
            .all(&self.read)
            .await?)
    }

    /// All cursors of a source: part and value.
    pub async fn cursors(&self, source_id: i32) -> Result<Vec<cursor::Model>, StoreError> {
        Ok(cursor::Entity::find()
            .filter(cursor::COLUMN.source_id.eq(source_id))
            .all(&self.read)
            .await?)
    }

    async fn add_source(&self, name: &str, system: System) -> Result<i32, StoreError> {
        let transaction = self.begin_alone().await?;
        let mut resolver = super::names::Resolver::new(&transaction, &self.names);
        let id = resolver.source(name, system).await?;
        let learned = resolver.learned();
        transaction.commit().await?;
        self.names.keep(learned);
        Ok(id)
    }
}

/// A page of a run, as the run's row counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageOfRun {
    /// The run's number.
    pub run: i64,
    /// Records and entries on the page.
    pub records: u64,
    /// How much of the whole is done with it, and how much that is.
    pub progress: Option<(u64, u64)>,
}

/// Counts a page in the row of its run, so that a run that is cut off has told how far it came.
pub(super) async fn count_page(
    transaction: &DatabaseTransaction,
    page: PageOfRun,
    appended: Appended,
    now: Timestamp,
) -> Result<(), StoreError> {
    use sync_run::Column;
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let mut update = sync_run::Entity::update_many()
        .col_expr(Column::StoredAt, Expr::value(now.micros()))
        .filter(sync_run::COLUMN.id.eq(page.run));
    for (column, more) in [
        (Column::Pages, 1),
        (Column::Records, page.records),
        (Column::New, appended.new),
        (Column::Repeated, appended.repeated),
    ] {
        update = update.col_expr(column, Expr::col(column).add(number(more)));
    }
    if let Some((done, total)) = page.progress {
        update = update
            .col_expr(Column::Done, Expr::value(number(done)))
            .col_expr(Column::Total, Expr::value(number(total)));
    }
    update.exec(transaction).await?;
    Ok(())
}

/// What a run has done, as its row keeps it.
fn so_far(outcome: &Outcome) -> sync_run::ActiveModel {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    sync_run::ActiveModel {
        pages: Set(count(outcome.pages)),
        records: Set(count(outcome.records)),
        new: Set(count(outcome.new)),
        repeated: Set(count(outcome.repeated)),
        cursor_to: Set(outcome.cursor.clone().map(clean)),
        watermark: Set(outcome.watermark.map(Timestamp::micros)),
        done: Set(outcome.progress.map(|(done, _)| count(done))),
        total: Set(outcome.progress.map(|(_, total)| count(total))),
        ..Default::default()
    }
}

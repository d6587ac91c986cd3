//! Sources: what is connected, and how it is doing.

mod health;

use super::{backend, error, viewer};
use crate::event::Timestamp;
use crate::event::node::{NodeId, NodeKind};
use crate::source;
use crate::store::StoreError;
use crate::store::entity::{source as row, sync_run};
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use health::{Backfill, Coverage, Expiry, SourceWarning};
use std::sync::Arc;

#[derive(Default)]
pub(super) struct SourceQuery;

/// Runs that a source shows, at most.
const RUNS: i32 = 500;

#[Object]
impl SourceQuery {
    /// All sources: those that are configured, and those that events were imported for. None for a token that sees only
    /// some projects.
    async fn sources(&self, ctx: &Context<'_>) -> Result<Vec<Source>> {
        all(ctx).await
    }
}

/// A source by its number, as `node` finds it.
pub(super) async fn by_number(ctx: &Context<'_>, number: i64) -> Result<Option<Source>> {
    Ok(all(ctx)
        .await?
        .into_iter()
        .find(|source| i64::from(source.row.id) == number))
}

async fn all(ctx: &Context<'_>) -> Result<Vec<Source>> {
    if !viewer(ctx)?.sees_directory() {
        return Ok(Vec::new());
    }
    let backend = backend(ctx)?;
    let rows = backend
        .feed
        .store()
        .sources()
        .await
        .map_err(|failure| error::from_store(ctx, failure))?;
    let connection = |name: &str| {
        backend
            .sources
            .iter()
            .find(|source| source.name() == name)
            .cloned()
    };
    Ok(rows
        .into_iter()
        .map(|row| Source {
            connection: connection(&row.name),
            expiry: Expiry::of(backend, &row.name),
            row,
        })
        .collect())
}

/// How a source is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum SourceStatus {
    /// Its newest runs succeeded.
    Healthy,
    /// The newest run of at least one of its parts failed.
    Failing,
    /// It is connected, but no run has ended yet.
    Starting,
    /// It is not connected: its events were imported, noticed, or come from a connection that is switched off.
    Offline,
}

#[derive(Clone)]
pub(super) struct Source {
    row: row::Model,
    connection: Option<Arc<dyn source::Source>>,
    expiry: Option<Expiry>,
}

/// An upstream connection.
#[Object]
impl Source {
    /// The global id.
    pub(super) async fn id(&self) -> ID {
        NodeId::new(NodeKind::Source, self.row.id.into())
            .encode()
            .into()
    }

    /// The configured name; what `EventFilter.sources` takes.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// The system behind it, e.g. `organization` or `bitbucket-cloud`.
    async fn system(&self) -> &str {
        &self.row.system
    }

    /// How it is doing.
    async fn status(&self, ctx: &Context<'_>) -> Result<SourceStatus> {
        if self.connection.is_none() {
            return Ok(SourceStatus::Offline);
        }
        let runs = self.latest(ctx).await?;
        Ok(if runs.iter().any(|run| run.error.is_some()) {
            SourceStatus::Failing
        } else if runs.iter().any(|run| run.finished_at.is_some()) {
            SourceStatus::Healthy
        } else {
            SourceStatus::Starting
        })
    }

    /// When a run last ended without an error.
    async fn last_success_at(&self, ctx: &Context<'_>) -> Result<Option<Timestamp>> {
        let run = backend(ctx)?
            .feed
            .store()
            .latest_success(self.row.id, None)
            .await;
        let run = run.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(run
            .and_then(|run| run.finished_at)
            .map(Timestamp::from_micros))
    }

    /// How many seconds ago upstream was last known to be read to its end: of its events where it has any, otherwise of
    /// its directory. Null when that never was.
    async fn lag_seconds(&self, ctx: &Context<'_>) -> Result<Option<f64>> {
        let Some(connection) = &self.connection else {
            return Ok(None);
        };
        let Some(part) = connection.parts().first() else {
            return Ok(None);
        };
        let backend = backend(ctx)?;
        let run = backend
            .feed
            .store()
            .latest_success(self.row.id, Some(part.as_str()))
            .await;
        let run = run.map_err(|failure| error::from_store(ctx, failure))?;
        let lag = |run: sync_run::Model| {
            backend
                .clock
                .now()
                .since(Timestamp::from_micros(run.started_at))
        };
        Ok(run.map(|run| lag(run).as_secs_f64()))
    }

    /// When it is to run next.
    async fn next_run_at(&self, ctx: &Context<'_>) -> Result<Option<Timestamp>> {
        let runs = self.latest(ctx).await?;
        Ok(runs
            .iter()
            .filter_map(|run| run.next_run_at)
            .min()
            .map(Timestamp::from_micros))
    }

    /// Why the newest run of a part failed; null when all succeeded.
    async fn last_error(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let runs = self.latest(ctx).await?;
        Ok(runs
            .into_iter()
            .find_map(|run| run.error.map(|error| format!("{}: {error}", run.part))))
    }

    /// How much of its request budget is spent; null when it is not connected.
    async fn budget(&self) -> Option<Budget> {
        let budget = self.connection.as_ref()?.budget();
        let left = budget.per_minute.saturating_sub(budget.spent);
        Some(Budget {
            per_minute: i32::try_from(budget.per_minute).unwrap_or(i32::MAX),
            spent: i32::try_from(budget.spent).unwrap_or(i32::MAX),
            left: i32::try_from(left).unwrap_or(i32::MAX),
        })
    }

    /// What is proven to have been read of upstream's logs, what is still to be read, and what can never be, by log and
    /// time; the stretches of one log follow each other without holes. Empty for what is not connected and never was.
    async fn coverage(&self, ctx: &Context<'_>) -> Result<Vec<Coverage>> {
        health::coverage(ctx, &self.row, self.connection.as_deref()).await
    }

    /// How far the reading of the past has come, one item for each log that has a past; empty when nothing is left of it
    /// to read, or when it has not begun.
    async fn backfills(&self, ctx: &Context<'_>) -> Result<Vec<Backfill>> {
        health::backfills(ctx, &self.row, self.connection.as_deref()).await
    }

    /// The day on which its credential expires, e.g. `2027-03-31`, as `[credential_expiry]` in the settings says: upstream
    /// does not tell. Null when the settings do not say.
    async fn credential_expires_on(&self) -> Option<String> {
        self.expiry.map(|expiry| expiry.day.to_string())
    }

    /// In how many days its credential expires; negative once it has. Null when the settings do not say.
    async fn credential_days_left(&self) -> Option<i64> {
        self.expiry.map(|expiry| expiry.days_left)
    }

    /// What somebody should look at: a failing run, a credential about to expire, a gap, an unusual silence.
    async fn warnings(&self, ctx: &Context<'_>) -> Result<Vec<SourceWarning>> {
        let failing = self.last_error(ctx).await?;
        health::warnings(ctx, self, failing).await
    }

    /// Its newest runs, newest first.
    async fn runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most this many, 500 at most.", default = 20)] first: i32,
    ) -> Result<Vec<SyncRun>> {
        if !(0..=RUNS).contains(&first) {
            return Err(error::bad_input(
                "first",
                format!("{first} is out of range; give 0 to {RUNS}"),
            ));
        }
        let limit = u64::try_from(first).unwrap_or(0);
        let runs = backend(ctx)?
            .feed
            .store()
            .recent_runs(self.row.id, limit)
            .await;
        let runs = runs.map_err(|failure| error::from_store(ctx, failure))?;
        Ok(runs.into_iter().map(SyncRun).collect())
    }
}

impl Source {
    async fn latest(&self, ctx: &Context<'_>) -> Result<Vec<sync_run::Model>> {
        let runs: std::result::Result<_, StoreError> =
            backend(ctx)?.feed.store().latest_runs(self.row.id).await;
        runs.map_err(|failure| error::from_store(ctx, failure))
    }
}

/// The request budget of a source.
#[derive(SimpleObject)]
pub(super) struct Budget {
    /// Requests allowed a minute.
    per_minute: i32,
    /// Requests sent in the last minute.
    spent: i32,
    /// Requests that may still be sent in this minute.
    left: i32,
}

pub(super) struct SyncRun(sync_run::Model);

/// One run of one part of a source.
#[Object]
impl SyncRun {
    /// The part: `events`, `history`, `directory`, `activity` or `actions`.
    async fn part(&self) -> &str {
        &self.0.part
    }

    /// When it began.
    async fn started_at(&self) -> Timestamp {
        Timestamp::from_micros(self.0.started_at)
    }

    /// When it ended; null while it runs, or when the server was stopped in the middle of it.
    async fn finished_at(&self) -> Option<Timestamp> {
        self.0.finished_at.map(Timestamp::from_micros)
    }

    /// Pages fetched.
    async fn pages(&self) -> i64 {
        self.0.pages
    }

    /// Records and directory entries on them.
    async fn records(&self) -> i64 {
        self.0.records
    }

    /// Events that were new.
    async fn new(&self) -> i64 {
        self.0.new
    }

    /// Events that were there already.
    async fn repeated(&self) -> i64 {
        self.0.repeated
    }

    /// The newest moment of upstream's log that it read.
    async fn watermark(&self) -> Option<Timestamp> {
        self.0.watermark.map(Timestamp::from_micros)
    }

    /// Why it failed; null when it succeeded.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    /// When the next run was planned.
    async fn next_run_at(&self) -> Option<Timestamp> {
        self.0.next_run_at.map(Timestamp::from_micros)
    }
}

//! How a source is doing, beyond its last run: coverage, backfills, and what to warn of.

use crate::event::{Stretch, Timestamp};
use crate::graphql::{Backend, backend, error};
use crate::source::{Part, Source};
use crate::store::coverage::{CoverageState, HOOKS, Known, timeline};
use crate::store::entity::{coverage, source as row, sync_run};
use async_graphql::{Context, Enum, Result, SimpleObject};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Credentials that expire within so many days are warned of: time enough to ask for a new one.
const EXPIRY_NOTICE: i64 = 14;

/// A stretch of one of a source's logs, and what is known of it.
#[derive(SimpleObject)]
pub(super) struct Coverage {
    /// Which log: `events` (audit records), `issues`, `worklogs`, or `hooks` (what upstream pushes).
    log: String,
    /// Its first moment.
    from: Timestamp,
    /// The moment after its last.
    to: Timestamp,
    /// What is known of it.
    state: CoverageState,
    /// Why it is missing; null when it is not.
    reason: Option<String>,
}

/// How far the reading of a log's past has come.
#[derive(SimpleObject)]
pub(super) struct Backfill {
    /// Which part reads it, e.g. `history`.
    part: String,
    /// Days read completely.
    done: i64,
    /// Days in all.
    of: i64,
    /// When it will be done if it goes on as it has gone so far; null before there is anything to go by.
    estimated_end_at: Option<Timestamp>,
}

/// Something about a source that somebody should look at.
#[derive(SimpleObject)]
pub(super) struct SourceWarning {
    /// What kind of warning.
    code: SourceWarningCode,
    /// What it is, and what to do about it.
    message: String,
}

/// What a source can be warned of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum SourceWarningCode {
    /// The newest run of a part failed.
    Failing,
    /// Its credential expires soon, or has.
    CredentialExpires,
    /// Something can never be read any more.
    Gap,
    /// In each of the last weeks it said something at this time, and now nothing: its credential may have lost a right,
    /// or upstream's log may be switched off.
    Silent,
}

/// What is known of all logs of a source.
pub(super) async fn coverage(
    ctx: &Context<'_>,
    row: &row::Model,
    connection: Option<&dyn Source>,
) -> Result<Vec<Coverage>> {
    let backend = backend(ctx)?;
    let rows = backend.feed.store().coverage(row.id).await;
    let rows = rows.map_err(|failure| error::from_store(ctx, failure))?;
    let mut logs: BTreeMap<&str, Vec<coverage::Model>> = BTreeMap::new();
    let parts = connection.map_or(&[][..], Source::parts);
    for log in parts.iter().filter_map(|part| part.log()) {
        logs.entry(log).or_default();
    }
    for row in &rows {
        logs.entry(&row.log).or_default().push(row.clone());
    }
    let now = backend.clock.now();
    let connected = row.connected_at.map_or(now, Timestamp::from_micros);
    let reach = connection.map_or(Duration::ZERO, Source::reach);
    let mut all = Vec::new();
    for (log, rows) in logs {
        let from = if log == HOOKS {
            connected
        } else {
            connected.minus(reach)
        };
        // What is no longer connected is not expected to be read on.
        let to = match (connection, rows.iter().map(|row| row.ends).max()) {
            (Some(_), _) => now,
            (None, Some(last)) => Timestamp::from_micros(last),
            (None, None) => continue,
        };
        let from = from.min(to);
        let known = timeline(&rows, Stretch { from, to }).into_iter();
        all.extend(known.map(|known| shown(log, known)));
    }
    Ok(all)
}

fn shown(log: &str, known: Known) -> Coverage {
    Coverage {
        log: log.to_owned(),
        from: known.stretch.from,
        to: known.stretch.to,
        state: known.state,
        reason: known.gap,
    }
}

/// The parts that read the past and have not come to its end.
pub(super) async fn backfills(
    ctx: &Context<'_>,
    row: &row::Model,
    connection: Option<&dyn Source>,
) -> Result<Vec<Backfill>> {
    let backend = backend(ctx)?;
    let parts = connection.map_or(&[][..], Source::parts).iter();
    let mut all = Vec::new();
    for part in parts.filter(|part| matches!(part, Part::History | Part::IssueHistory)) {
        let runs = backend.feed.store().backfill_runs(row.id, part.as_str());
        let runs = runs.await;
        let runs = runs.map_err(|failure| error::from_store(ctx, failure))?;
        let Some((done, of)) = runs.last().and_then(|run| run.done.zip(run.total)) else {
            continue;
        };
        if done < of {
            all.push(Backfill {
                part: part.as_str().to_owned(),
                done,
                of,
                estimated_end_at: estimate(&runs, (done, of), backend.clock.now()),
            });
        }
    }
    Ok(all)
}

/// When the rest is done, at the pace of the time that runs have spent on what is done; pauses between them do not count.
fn estimate(runs: &[sync_run::Model], (done, of): (i64, i64), now: Timestamp) -> Option<Timestamp> {
    let spent = |run: &sync_run::Model| {
        let end = run.finished_at.or(run.stored_at).unwrap_or(run.started_at);
        u64::try_from(end - run.started_at).unwrap_or(0)
    };
    let spent: u64 = runs.iter().map(spent).sum();
    let (done, left) = (u64::try_from(done).ok()?, u64::try_from(of - done).ok()?);
    let each = spent.checked_div(done)?;
    Some(now.plus(Duration::from_micros(each.saturating_mul(left))))
}

/// When a credential expires.
#[derive(Clone, Copy)]
pub(super) struct Expiry {
    pub(super) day: NaiveDate,
    pub(super) days_left: i64,
}

impl Expiry {
    /// As the settings say; `None` when they do not.
    pub(super) fn of(backend: &Backend, source: &str) -> Option<Self> {
        let day = *backend.expiry.get(source)?;
        let today = backend.clock.now().to_utc().date_naive();
        let days_left = (day - today).num_days();
        Some(Self { day, days_left })
    }
}

/// What somebody should look at.
pub(super) async fn warnings(
    ctx: &Context<'_>,
    source: &super::Source,
    failing: Option<String>,
) -> Result<Vec<SourceWarning>> {
    let (row, connection) = (&source.row, source.connection.as_deref());
    let mut warnings = Vec::new();
    let mut warn = |code, message| warnings.push(SourceWarning { code, message });
    if connection.is_none() {
        return Ok(warnings);
    }
    if let Some(message) = failing {
        warn(SourceWarningCode::Failing, message);
    }
    let days_left = source.expiry.map(|expiry| expiry.days_left);
    if let Some(days) = days_left.filter(|days| *days <= EXPIRY_NOTICE) {
        let message = if days < 0 {
            format!("the credential expired {} days ago; set a new one", -days)
        } else {
            format!("the credential expires in {days} days; make a new one and set it before then")
        };
        warn(SourceWarningCode::CredentialExpires, message);
    }
    let gaps: BTreeSet<String> = coverage(ctx, row, connection)
        .await?
        .into_iter()
        .filter_map(|known| {
            let reason = known.reason?;
            Some(format!(
                "{} from {} to {}: {reason}",
                known.log, known.from, known.to
            ))
        })
        .collect();
    for gap in gaps {
        warn(SourceWarningCode::Gap, gap);
    }
    let backend = backend(ctx)?;
    let silent = backend
        .feed
        .store()
        .silent_since(row.id, backend.clock.now());
    let silent = silent
        .await
        .map_err(|failure| error::from_store(ctx, failure))?;
    if let Some(since) = silent {
        warn(
            SourceWarningCode::Silent,
            format!(
                "nothing has happened since {since}, unlike in the weeks before; see whether the credential still has its \
                 rights and whether upstream's log is switched on"
            ),
        );
    }
    Ok(warnings)
}

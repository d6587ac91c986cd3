//! How long one statement of a reader may take. PostgreSQL keeps the time itself; SQLite asks while it works.
//!
//! A SQLite connection does not say when a statement begins, and asking it costs a turn of its thread. So its stopwatch
//! starts when SQLite first asks, which a small statement seldom lives to see, and a connection whose stopwatch may
//! have run gets a new one before it is handed out again. A reader is handed out for one statement.

use super::StoreError;
use futures::future::BoxFuture;
use sea_orm::{ConnectOptions, DbErr, RuntimeErr};
use sqlx::SqliteConnection;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Steps of SQLite's virtual machine between two looks at the stopwatch: far more than a small statement takes, yet
/// milliseconds' worth, or a second's where every row has to come from a slow disk.
const STEPS: i32 = 100_000;

/// Makes PostgreSQL end statements that take longer.
pub(super) fn on_postgres(options: &mut ConnectOptions, limit: Duration) {
    let milliseconds = limit.as_millis();
    options.map_sqlx_postgres_opts(move |postgres| {
        postgres.options([("statement_timeout", milliseconds)])
    });
}

/// Makes SQLite end statements that take longer, even when nobody waits for them any more.
pub(super) fn on_sqlite(options: &mut ConnectOptions, limit: Duration) {
    let running = Running::default();
    let first = running.clone();
    options.map_sqlx_sqlite_pool_opts(move |pool| {
        let running = first.clone();
        pool.after_connect(move |connection, _| time(connection, limit, running.clone()))
    });
    options.map_sqlx_sqlite_before_acquire(move |connection, _| {
        let running = running.clone();
        Box::pin(async move {
            if running.any() {
                time(connection, limit, running).await?;
            }
            Ok(true)
        })
    });
}

/// How many stopwatches of some connections have started.
#[derive(Clone, Debug, Default)]
pub(super) struct Running(Arc<AtomicUsize>);

impl Running {
    /// Whether any has: then nobody knows whose it is.
    pub(super) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// Gives a connection a new stopwatch.
pub(super) fn time(
    connection: &mut SqliteConnection,
    limit: Duration,
    running: Running,
) -> BoxFuture<'_, Result<(), sqlx::Error>> {
    let mut stopwatch = Stopwatch {
        limit,
        since: None,
        running,
    };
    Box::pin(async move {
        let mut connection = connection.lock_handle().await?;
        connection.set_progress_handler(STEPS, move || stopwatch.in_time());
        Ok(())
    })
}

/// How long a connection has been at its statement.
struct Stopwatch {
    limit: Duration,
    since: Option<Instant>,
    running: Running,
}

impl Stopwatch {
    fn in_time(&mut self) -> bool {
        let since = *self.since.get_or_insert_with(|| {
            self.running.0.fetch_add(1, Ordering::Relaxed);
            Instant::now()
        });
        since.elapsed() < self.limit
    }
}

impl Drop for Stopwatch {
    fn drop(&mut self) {
        if self.since.is_some() {
            self.running.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        DbErr::Conn(RuntimeErr::SqlxError(error.into())).into()
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if timed_out(&error) {
            Self::TimedOut
        } else {
            Self::Database(error)
        }
    }
}

/// Whether a database has given a statement up: PostgreSQL's `query_canceled`, SQLite's `SQLITE_INTERRUPT`.
fn timed_out(error: &DbErr) -> bool {
    let (DbErr::Query(cause) | DbErr::Exec(cause) | DbErr::Conn(cause)) = error else {
        return false;
    };
    let RuntimeErr::SqlxError(cause) = cause else {
        return false;
    };
    let code = cause
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code == "57014" || code == "9")
}

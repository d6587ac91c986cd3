//! Connections of SQLite with which pages are read: they go from one page to the next without a pool.
//!
//! To give a connection back to a pool costs as much as a small statement does: a task, and two turns of the connection's
//! thread to see whether it is alive. When all of these are at work, pages are read as everything else is.

use super::StoreError;
use super::limit::{Running, time};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbErr, QueryResult, RuntimeErr, Statement, Values,
};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// The connections.
#[derive(Debug)]
pub(super) struct Readers {
    /// The pool that reads everything else.
    others: DatabaseConnection,
    free: Mutex<Vec<Reader>>,
    /// As many as there may be.
    turns: Semaphore,
    limit: Duration,
}

/// A connection, and whether its stopwatch has started.
#[derive(Debug)]
struct Reader {
    connection: SqliteConnection,
    running: Running,
}

impl Readers {
    /// Half as many as read everything else; they are opened when they are needed.
    pub(super) fn beside(others: &DatabaseConnection, readers: u32, limit: Duration) -> Self {
        Self {
            others: others.clone(),
            free: Mutex::default(),
            turns: Semaphore::new(usize::try_from(readers.div_ceil(2)).unwrap_or(1)),
            limit,
        }
    }

    /// The first row of an answer.
    pub(super) async fn query_one(
        &self,
        statement: Statement,
    ) -> Result<Option<QueryResult>, StoreError> {
        let Ok(_turn) = self.turns.try_acquire() else {
            return Ok(self.others.query_one_raw(statement).await?);
        };
        let mut reader = self.take().await?;
        let values = SqlxValues(statement.values.unwrap_or(Values(Vec::new())));
        let asked = sqlx::query_with(AssertSqlSafe(statement.sql), values);
        // Whoever no longer waits, or fails, drops the connection: it ends with its statement.
        let row = asked.fetch_optional(&mut reader.connection).await;
        let row = row.map_err(|error| DbErr::Query(RuntimeErr::SqlxError(error.into())))?;
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(reader);
        Ok(row.map(QueryResult::from))
    }

    /// One whose stopwatch has not started.
    async fn take(&self) -> Result<Reader, StoreError> {
        let mut reader = if let Some(free) = self.free() {
            if !free.running.any() {
                return Ok(free);
            }
            free
        } else {
            let options = self.others.get_sqlite_connection_pool().connect_options();
            Reader {
                connection: SqliteConnection::connect_with(&options).await?,
                running: Running::default(),
            }
        };
        let running = reader.running.clone();
        time(&mut reader.connection, self.limit, running).await?;
        Ok(reader)
    }

    fn free(&self) -> Option<Reader> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.pop()
    }
}

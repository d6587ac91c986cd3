//! Opening the database: connections with the right settings, the guard against a second writer, migrations.

use super::readers::Readers;
use super::{Store, StoreError, limit};
use crate::config;
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use secrecy::ExposeSecret;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, PgConnection};
use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// What a process wants to do with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Write the log; a SQLite file takes one such process at a time.
    Log,
    /// Do something small beside a process that writes the log, such as making a token.
    Beside,
}

impl Store {
    /// Opens the database and brings it up to date.
    pub async fn open(settings: &config::Database, purpose: Purpose) -> Result<Self, StoreError> {
        let url = settings.url.expose_secret();
        let store = if url.starts_with("sqlite:") {
            Self::open_sqlite(url, settings, purpose).await?
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Self::open_postgres(url, settings).await?
        } else {
            return Err(StoreError::Url(
                "the URL begins with neither sqlite: nor postgres:".to_owned(),
            ));
        };
        migrations::up(&store.write).await?;
        store.names.load(&store.write).await?;
        Ok(store)
    }

    async fn open_sqlite(
        url: &str,
        settings: &config::Database,
        purpose: Purpose,
    ) -> Result<Self, StoreError> {
        let parsed = SqliteConnectOptions::from_str(url)
            .map_err(|error| StoreError::Url(error.to_string()))?;
        if url.contains(":memory:") || url.contains("mode=memory") {
            // Every connection to an in-memory database has a database of its own, so there is only one.
            // It is gone with that connection, which therefore must never be replaced by a fresh one. And it writes,
            // so that it has no limit.
            let mut options = sqlite_options(url, 1);
            options.idle_timeout(None).max_lifetime(None);
            let only = connect(options).await?;
            return Ok(Self::assemble(
                [only.clone(), only.clone(), only],
                settings,
                None,
            ));
        }
        let folder = parsed.get_filename().parent();
        if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty())
            && !folder.is_dir()
        {
            return Err(StoreError::Url(format!(
                "there is no folder `{}`",
                folder.display()
            )));
        }
        let lock = match purpose {
            Purpose::Log => Some(Arc::new(lock(parsed.get_filename().to_owned())?)),
            Purpose::Beside => None,
        };
        let write = connect(sqlite_options(url, 1)).await?;
        let mut reading = sqlite_options(url, settings.readers);
        limit::on_sqlite(&mut reading, settings.statement_limit());
        let read = connect(reading).await?;
        let readers = Readers::beside(&read, settings.readers, settings.statement_limit());
        let mut door = sqlite_options(url, 1);
        limit::on_sqlite(&mut door, settings.statement_limit());
        let door = connect(door).await?;
        Ok(Self {
            readers: Some(Arc::new(readers)),
            ..Self::assemble([read, door, write], settings, lock)
        })
    }

    async fn open_postgres(url: &str, settings: &config::Database) -> Result<Self, StoreError> {
        let write = match reach_postgres(url).await {
            Ok(()) => connect(options(url, 4)).await?,
            Err(cause) => {
                tracing::warn!(%cause, "the database cannot be reached; trying again for a while");
                connect(options(url, 4)).await.map_err(|_| cause)?
            }
        };
        let mut reading = options(url, settings.readers);
        limit::on_postgres(&mut reading, settings.statement_limit());
        let read = connect(reading).await?;
        let mut door = options(url, 1);
        limit::on_postgres(&mut door, settings.statement_limit());
        let door = connect(door).await?;
        Ok(Self::assemble([read, door, write], settings, None))
    }

    fn assemble(
        [read, door, write]: [DatabaseConnection; 3],
        settings: &config::Database,
        lock: Option<Arc<File>>,
    ) -> Self {
        Self {
            read,
            door,
            write,
            readers: None,
            names: Arc::default(),
            referred: Arc::default(),
            statement_seconds: settings.statement_seconds,
            search: None,
            permissions: None,
            _lock: lock,
        }
    }
}

async fn connect(options: ConnectOptions) -> Result<DatabaseConnection, StoreError> {
    Ok(Box::pin(Database::connect(options)).await?)
}

/// Tries one connection: a pool that waits in vain does not say for what.
async fn reach_postgres(url: &str) -> Result<(), StoreError> {
    let connection = PgConnection::connect(url).await?;
    Ok(connection.close().await?)
}

fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(30))
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .test_before_acquire_if_idle_for(Duration::from_secs(30))
        .map_sqlx_postgres_pool_opts(|pool| {
            pool.after_release(|connection, _| {
                Box::pin(async move {
                    // A statement that nobody waits for any more may fail, which sqlx would hear of only when it tests
                    // the connection. It would take the connection for broken, and over TLS wait for its end for good.
                    if connection.flush().await.is_err() {
                        connection.flush().await?;
                    }
                    Ok(true)
                })
            })
        });
    options
}

fn sqlite_options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = options(url, connections);
    options.map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // Batches make the extra flush cheap, and a mail that was sent stays sent after a power cut.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true)
            .pragma("temp_store", "memory")
            .pragma("cache_size", "-65536")
    });
    options
}

/// Takes the lock that a process which writes the log holds; the operating system releases it, even after a crash.
fn lock(database: PathBuf) -> Result<File, StoreError> {
    let mut path = database.clone().into_os_string();
    path.push(".lock");
    let path = PathBuf::from(path);
    let file = match File::create(&path) {
        Ok(file) => file,
        Err(error) => return Err(StoreError::Lock { path, error }),
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: database }),
        Err(TryLockError::Error(error)) => Err(StoreError::Lock { path, error }),
    }
}

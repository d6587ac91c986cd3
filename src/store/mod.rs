//! The store: everything that is remembered, on SQLite or PostgreSQL. All of `sea_orm` lives in here.
//!
//! [`Store::append`] is the only way into the log; [`read`] and [`directory`] are the ways out, and take a viewer.
//! Knows nothing of upstream systems, of waking anybody, or of GraphQL.
//!
//! One writer at a time: SQLite has a single writing connection, PostgreSQL an advisory lock inside the transaction.
//! So positions are handed out in commit order and without gaps, and a reader that has seen one has seen all before it.

pub mod access_tokens;
pub mod activity;
mod alphabet;
mod append;
mod belonging;
pub mod beside;
mod bulk;
pub mod choices;
pub mod columns;
pub mod conflicts;
pub mod coverage;
mod decisions;
mod deeds;
pub mod deliveries;
pub mod directory;
pub mod endpoints;
pub mod entity;
pub mod exports;
pub mod hooks;
pub mod issues;
mod late;
mod limit;
mod listen;
mod listing;
mod meaning;
mod monitored;
mod names;
mod news;
mod observation;
mod open;
mod packed;
mod people;
mod permissions;
mod persons;
pub mod positions;
mod pulse;
mod pushed;
pub mod query;
pub mod read;
mod readers;
mod referred;
mod roles;
pub mod runs;
pub mod saved;
mod signs;
mod sites;
pub mod subscriptions;
mod things;
pub mod tokens;
mod views;
mod witness;
mod words;
pub mod write_backs;

pub use append::{Appended, Batch, StoredObject};
pub use decisions::{Linked, Separated};
pub use listen::Listener;
pub use open::Purpose;

use crate::access::Sight;
use crate::event::jql::IssueSearch;
use crate::event::permission::Permissions;
use names::Names;
use readers::Readers;
use referred::Referred;
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbBackend, DbErr};
use std::path::PathBuf;
use std::sync::Arc;

/// The database, opened and migrated. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    read: DatabaseConnection,
    /// What reads pages, where that is not the same.
    readers: Option<Arc<Readers>>,
    /// For what is looked up before any question: who asks, and where the log ends. It never waits behind a question.
    door: DatabaseConnection,
    write: DatabaseConnection,
    names: Arc<Names>,
    /// What pages of the log refer to.
    referred: Arc<Referred>,
    statement_seconds: u32,
    /// Who answers what filters ask in Jira's language.
    search: Option<Arc<dyn IssueSearch>>,
    /// Who says which issues with a security level somebody may see; without one, nobody may see any.
    permissions: Option<Arc<permissions::Asking>>,
    /// Held for as long as the store is open, so that no second process writes the same file.
    _lock: Option<Arc<std::fs::File>>,
}

/// Why the store could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process is writing to the same SQLite file.
    #[error(
        "`{}` is in use by another auditgraph process; stop that one first, or use PostgreSQL to run several",
        path.display()
    )]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// The database URL is of no use.
    #[error(
        "database.url: {0}; give sqlite://FILE?mode=rwc or postgres://USER:PASSWORD@HOST/DATABASE"
    )]
    Url(String),
    /// A filter asks for what cannot be.
    #[error("{path}: {message}")]
    Filter {
        /// Where in the filter, e.g. `filter.time.between`.
        path: String,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// It contradicts what is there.
    #[error("{0}")]
    Conflict(String),
    /// The viewer may see it, but not do this with it.
    #[error("{0}")]
    Forbidden(String),
    /// There is no such thing, or the viewer may not see it.
    #[error("there is no {what}")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// The file beside the database that guards it cannot be used.
    #[error("cannot lock `{}`: {error}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the operating system says.
        error: std::io::Error,
    },
    /// An upstream system that had to be asked gave no answer.
    #[error("{0}")]
    Upstream(String),
    /// The database gave up a statement that took too long: [`Store::statement_seconds`] for one that reads.
    #[error(
        "the database gave up a statement that took too long; database.statement_seconds limits those that read"
    )]
    TimedOut,
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[source] DbErr),
}

impl Store {
    /// Which of the two databases this is.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self.read.get_database_backend() == DbBackend::Postgres
    }

    /// The same store, which asks somebody for the issues that filters choose in Jira's language.
    #[must_use]
    pub fn asking(self, search: Arc<dyn IssueSearch>) -> Self {
        Self {
            search: Some(search),
            ..self
        }
    }

    /// The same store, which asks somebody who may see issues that have a security level.
    #[must_use]
    pub fn permitting(self, permissions: Arc<dyn Permissions>) -> Self {
        Self {
            permissions: Some(Arc::new(permissions::Asking::new(permissions))),
            ..self
        }
    }

    /// How many seconds one statement that reads may take.
    #[must_use]
    pub fn statement_seconds(&self) -> u32 {
        self.statement_seconds
    }

    /// Starts a transaction that gives out positions or numbers for names: no other such transaction runs beside it.
    async fn begin_alone(&self) -> Result<DatabaseTransaction, StoreError> {
        use sea_orm::{ConnectionTrait, IsolationLevel, TransactionOptions};
        if !self.is_postgres() {
            return self.begin().await;
        }
        // Under a stricter level the snapshot would be older than the lock, and positions would be given out twice.
        let options = TransactionOptions {
            isolation_level: Some(IsolationLevel::ReadCommitted),
            ..TransactionOptions::default()
        };
        let transaction = self.begin_with(options).await?;
        let lock = format!("SELECT pg_advisory_xact_lock({})", append::APPEND_LOCK);
        transaction.execute_unprepared(&lock).await?;
        Ok(transaction)
    }

    /// Starts a transaction that writes: on SQLite it takes the write lock at once.
    async fn begin(&self) -> Result<DatabaseTransaction, StoreError> {
        use sea_orm::{SqliteTransactionMode, TransactionOptions};
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.begin_with(options).await
    }

    /// Begins on a task of its own, which comes to its end even if nobody waits for it any more. With sqlx 0.9.0 a
    /// transaction on PostgreSQL that is given up while it begins stays open on its connection (its issue 4393), and what
    /// the next one writes there on its own is never committed.
    async fn begin_with(
        &self,
        options: sea_orm::TransactionOptions,
    ) -> Result<DatabaseTransaction, StoreError> {
        use sea_orm::{DbErr, RuntimeErr, TransactionTrait};
        let write = self.write.clone();
        #[expect(
            clippy::disallowed_methods,
            reason = "shutdown need not wait for it: it ends what it began"
        )]
        let beginning = tokio::spawn(async move { write.begin_with_options(options).await });
        match beginning.await {
            Ok(begun) => Ok(begun?),
            Err(broken_off) => {
                Err(DbErr::Conn(RuntimeErr::Internal(broken_off.to_string())).into())
            }
        }
    }
}

/// Text as both databases can keep it: PostgreSQL has no NUL characters.
fn clean(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "\u{FFFD}")
    } else {
        text
    }
}

/// Text as an index can keep it: what is longer than PostgreSQL's indexes take is cut, and told apart by a hash.
fn indexed(text: String) -> String {
    use sha2::{Digest, Sha256};
    let text = clean(text);
    if text.len() <= INDEXED {
        return text;
    }
    let end = text.floor_char_boundary(INDEXED - 80);
    format!("{}…{:x}", &text[..end], Sha256::digest(&text))
}

/// Bytes of text that an index takes; PostgreSQL's own limit is about three times that, for all columns together.
const INDEXED: usize = 800;

/// What names are sorted by: lower case, and never missing.
fn sort_name(name: Option<&str>) -> String {
    let lower = clean(name.unwrap_or_default().to_lowercase());
    let end = lower.floor_char_boundary(INDEXED);
    lower[..end].to_owned()
}

/// What e-mail addresses are compared by; absent where there is none.
fn email_key(address: Option<&str>) -> Option<String> {
    let lower = address?.trim().to_lowercase();
    (!lower.is_empty()).then(|| indexed(lower))
}

/// Whether the viewer sees no event at all, so that no query needs to be asked.
fn blind(sight: &Sight) -> bool {
    sight.projects().is_some_and(<[i64]>::is_empty)
}

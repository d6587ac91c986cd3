//! The database's history: every change of its shape, in order.
//!
//! A migration never sees today's entities: it spells out its tables, so that it does the same thing in ten years. A
//! new one is a file here and a line in [`Migrator`].

#![expect(
    elided_lifetimes_in_paths,
    reason = "the migration trait is declared that way"
)]

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, TransactionTrait,
};

mod m0001_log;
mod m0002_directory;
mod m0003_sync;
mod m0004_tokens;
mod m0005_hooks;
mod m0006_issues;
mod m0007_coverage;
mod m0008_people;
mod m0009_pushed;
mod m0010_monitored_fields;
mod m0011_changes_index;
mod m0012_issue_security;
mod m0013_pickers;
mod m0014_columns;
mod m0015_saved_filters;
mod m0016_positions;
mod m0017_exports;
mod m0018_webhook_endpoints;
mod m0019_filter_subscriptions;
mod m0021_access_tokens;
mod m0022_write_backs;
mod m0023_role_holders;
mod m0024_names_revision;

/// All migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_log::Migration),
            Box::new(m0002_directory::Migration),
            Box::new(m0003_sync::Migration),
            Box::new(m0004_tokens::Migration),
            Box::new(m0005_hooks::Migration),
            Box::new(m0006_issues::Migration),
            Box::new(m0007_coverage::Migration),
            Box::new(m0008_people::Migration),
            Box::new(m0009_pushed::Migration),
            Box::new(m0010_monitored_fields::Migration),
            Box::new(m0011_changes_index::Migration),
            Box::new(m0012_issue_security::Migration),
            Box::new(m0013_pickers::Migration),
            Box::new(m0014_columns::Migration),
            Box::new(m0015_saved_filters::Migration),
            Box::new(m0016_positions::Migration),
            Box::new(m0017_exports::Migration),
            Box::new(m0018_webhook_endpoints::Migration),
            Box::new(m0019_filter_subscriptions::Migration),
            Box::new(m0021_access_tokens::Migration),
            Box::new(m0022_write_backs::Migration),
            Box::new(m0023_role_holders::Migration),
            Box::new(m0024_names_revision::Migration),
        ]
    }
}

/// Brings the database up to date; several processes may do so at the same time.
pub async fn up(db: &DatabaseConnection) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Migrator::up(db, None).await;
    }
    let transaction = db.begin().await?;
    transaction
        .execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        .await?;
    Migrator::up(&transaction, None).await?;
    transaction.commit().await
}

/// The migrations that have not been applied yet, by name, oldest first.
pub async fn pending(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let pending = Migrator::get_pending_migrations(db).await?;
    Ok(pending
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect())
}

/// The advisory lock under which PostgreSQL migrates.
const MIGRATION_LOCK: i64 = 0x6175_6469_746d_6967;

/// Adds an index named after its table and columns.
async fn index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
    unique: bool,
) -> Result<(), DbErr> {
    let mut index = Index::create();
    index
        .name(format!("{table}_{}", columns.join("_")))
        .table(table);
    for column in columns {
        index.col(*column);
    }
    if unique {
        index.unique();
    }
    manager.create_index(index).await
}

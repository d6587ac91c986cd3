//! Changes by field and new value: which events moved an issue to a status, or changed a field, is looked up.
//!
//! Values may be whole documents, which no index takes, so it has their beginnings.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let collate = match manager.get_database_backend() {
            DbBackend::Postgres => " COLLATE \"C\"",
            _ => "",
        };
        let index = format!(
            "CREATE INDEX \"changes_field_value_seq\" ON \"changes\" \
             (lower(substr(\"field\"{collate}, 1, 100)), lower(substr(\"to_value\"{collate}, 1, 100)), \"seq\")"
        );
        manager.get_connection().execute_unprepared(&index).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop = "DROP INDEX \"changes_field_value_seq\"";
        manager.get_connection().execute_unprepared(drop).await?;
        Ok(())
    }
}

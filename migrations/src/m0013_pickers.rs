//! What pickers list: customer organizations among all groups, things of one kind, and the statuses that issues left.
//!
//! The statuses that issues came to, and changed fields, have an index already.

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
        let organizations =
            "CREATE INDEX \"groups_organizations\" ON \"groups\" (\"sort_name\", \"id\") \
             WHERE \"upstream_id\" LIKE 'jsm-organization/%'"
                .to_owned();
        let things = "CREATE INDEX \"things_kind\" ON \"things\" (\"kind\")".to_owned();
        // Values may be whole documents, which no index takes, so it has their beginnings.
        let left = format!(
            "CREATE INDEX \"changes_status_left\" ON \"changes\" (lower(substr(\"from_value\"{collate}, 1, 100))) \
             WHERE lower(\"field\"{collate}) = 'status'"
        );
        for index in [organizations, things, left] {
            manager.get_connection().execute_unprepared(&index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for index in ["changes_status_left", "things_kind", "groups_organizations"] {
            let drop = format!("DROP INDEX \"{index}\"");
            manager.get_connection().execute_unprepared(&drop).await?;
        }
        Ok(())
    }
}

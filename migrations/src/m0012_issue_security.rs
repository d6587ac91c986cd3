//! Which issues have a security level, in the order in which that changed, and who may see them all the same.

use crate::index;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema;
use sea_orm_migration::sea_orm::ConnectionTrait;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for statement in [
            "ALTER TABLE \"issues\" ADD COLUMN \"security_change\" bigint NULL",
            "UPDATE \"issues\" SET \"security_change\" = \"id\" WHERE \"security_id\" IS NOT NULL",
            "CREATE UNIQUE INDEX \"issues_security_change\" ON \"issues\" (\"security_change\") \
             WHERE \"security_change\" IS NOT NULL",
            // Each event on a page is asked about; mostly there is nothing in here.
            "CREATE INDEX \"issues_secured\" ON \"issues\" (\"upstream_id\") WHERE \"security_id\" IS NOT NULL",
        ] {
            db.execute_unprepared(statement).await?;
        }
        manager
            .create_table(
                Table::create()
                    .table("issue_permissions")
                    .col(schema::text("account_id"))
                    .col(schema::big_integer("issue_id"))
                    .col(schema::text("security_id"))
                    .col(schema::boolean("may_see"))
                    .col(schema::big_integer("checked_at"))
                    .primary_key(Index::create().col("account_id").col("issue_id"))
                    .to_owned(),
            )
            .await?;
        index(manager, "issue_permissions", &["checked_at"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("issue_permissions").to_owned())
            .await?;
        let db = manager.get_connection();
        for statement in [
            "DROP INDEX \"issues_secured\"",
            "DROP INDEX \"issues_security_change\"",
            "ALTER TABLE \"issues\" DROP COLUMN \"security_change\"",
        ] {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

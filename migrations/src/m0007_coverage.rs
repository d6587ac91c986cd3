//! What is proven to have been read of upstream's logs, how talkative a source is, and how far a backfill has come.

use crate::index;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The columns that runs and sources get.
fn columns() -> [(&'static str, ColumnDef); 4] {
    [
        ("sync_runs", schema::big_integer_null("done")),
        ("sync_runs", schema::big_integer_null("total")),
        ("sync_runs", schema::big_integer_null("stored_at")),
        ("sources", schema::big_integer_null("connected_at")),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("coverage")
                    .col(schema::big_pk_auto("id"))
                    .col(schema::integer("source_id"))
                    .col(schema::text("log"))
                    .col(schema::big_integer("begins"))
                    .col(schema::big_integer("ends"))
                    .col(schema::text_null("gap"))
                    .to_owned(),
            )
            .await?;
        index(manager, "coverage", &["source_id", "log"], false).await?;

        manager
            .create_table(
                Table::create()
                    .table("source_hours")
                    .col(schema::integer("source_id"))
                    .col(schema::big_integer("hour"))
                    .col(schema::big_integer("events"))
                    .primary_key(Index::create().col("source_id").col("hour"))
                    .to_owned(),
            )
            .await?;

        for (table, column) in columns() {
            let table = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in columns() {
            let name = column.get_column_name();
            let table = Table::alter().table(table).drop_column(name).to_owned();
            manager.alter_table(table).await?;
        }
        for table in ["source_hours", "coverage"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

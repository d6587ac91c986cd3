//! What synchronisation remembers: sources, their cursors, and every run.

use crate::index;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("sources")
                    .col(schema::pk_auto("id"))
                    .col(schema::text("name"))
                    .col(schema::text("system"))
                    .to_owned(),
            )
            .await?;
        index(manager, "sources", &["name"], true).await?;

        manager
            .create_table(
                Table::create()
                    .table("cursors")
                    .col(schema::integer("source_id"))
                    .col(schema::text("part"))
                    .col(schema::text("value"))
                    .col(schema::big_integer("updated_at"))
                    .primary_key(Index::create().col("source_id").col("part"))
                    .to_owned(),
            )
            .await?;

        manager
            .create_table(
                Table::create()
                    .table("sync_runs")
                    .col(schema::big_pk_auto("id"))
                    .col(schema::integer("source_id"))
                    .col(schema::text("part"))
                    .col(schema::big_integer("started_at"))
                    .col(schema::big_integer_null("finished_at"))
                    .col(schema::big_integer("pages"))
                    .col(schema::big_integer("records"))
                    .col(schema::big_integer("new"))
                    .col(schema::big_integer("repeated"))
                    .col(schema::text_null("cursor_from"))
                    .col(schema::text_null("cursor_to"))
                    .col(schema::big_integer_null("watermark"))
                    .col(schema::text_null("error"))
                    .col(schema::big_integer_null("next_run_at"))
                    .to_owned(),
            )
            .await?;
        index(manager, "sync_runs", &["source_id", "part", "id"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["sync_runs", "cursors", "sources"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

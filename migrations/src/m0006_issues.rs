//! Issues with all their keys, the things that sources list, and who did what was first reported without a name.

use crate::index;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        issues(manager).await?;
        manager
            .create_table(
                Table::create()
                    .table("things")
                    .col(schema::integer("source_id"))
                    .col(schema::small_integer("kind"))
                    .col(schema::text("upstream_id"))
                    .col(schema::text_null("name"))
                    .col(schema::big_integer_null("container_id"))
                    .col(schema::text("details"))
                    .col(schema::big_integer("seen_at"))
                    .col(schema::big_integer_null("gone_at"))
                    .primary_key(
                        Index::create()
                            .col("source_id")
                            .col("kind")
                            .col("upstream_id"),
                    )
                    .to_owned(),
            )
            .await?;
        late_actors(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop = "DROP INDEX \"events_issue_time_seq\"";
        manager.get_connection().execute_unprepared(drop).await?;
        for table in [
            "awaited_actors",
            "late_actors",
            "things",
            "issue_keys",
            "issues",
        ] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

async fn issues(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("issues")
                .col(schema::big_integer("id").primary_key())
                .col(schema::text("scope"))
                .col(schema::text("upstream_id"))
                .col(schema::text_null("key"))
                .col(schema::text_null("kind"))
                .col(schema::text_null("summary"))
                .col(schema::text_null("request_type"))
                .col(schema::text_null("security_id"))
                .col(schema::text_null("security_name"))
                .col(schema::big_integer_null("container_id"))
                .col(schema::big_integer("at"))
                .col(schema::big_integer_null("deleted_at"))
                .col(schema::text_null("body"))
                .col(schema::text("said"))
                .col(binary_column(manager, "sort_name"))
                .to_owned(),
        )
        .await?;
    index(manager, "issues", &["upstream_id", "scope"], true).await?;
    index(manager, "issues", &["sort_name", "id"], false).await?;
    index(
        manager,
        "issues",
        &["container_id", "sort_name", "id"],
        false,
    )
    .await?;
    manager
        .create_table(
            Table::create()
                .table("issue_keys")
                .col(schema::text("key"))
                .col(schema::big_integer("issue_id"))
                .primary_key(Index::create().col("key").col("issue_id"))
                .to_owned(),
        )
        .await?;
    index(manager, "issue_keys", &["issue_id"], false).await?;
    // An event names its issue by id, by key or by both; ids are numbers, so they are never taken for keys.
    let events = "CREATE INDEX \"events_issue_time_seq\" ON \"events\" \
         (COALESCE(\"issue_id\", \"issue_key\"), \"time\", \"seq\") \
         WHERE COALESCE(\"issue_id\", \"issue_key\") IS NOT NULL";
    manager.get_connection().execute_unprepared(events).await?;
    Ok(())
}

async fn late_actors(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("late_actors")
                .col(schema::big_integer("seq").primary_key())
                .col(schema::big_integer("alias_id"))
                .col(schema::big_integer("from_seq"))
                .col(schema::big_integer("learned_at"))
                .to_owned(),
        )
        .await?;
    index(manager, "late_actors", &["alias_id", "seq"], false).await?;
    manager
        .create_table(
            Table::create()
                .table("awaited_actors")
                .col(schema::big_integer("seq"))
                .col(schema::text("subject"))
                .col(schema::big_integer("time"))
                .primary_key(Index::create().col("seq").col("subject"))
                .to_owned(),
        )
        .await?;
    index(manager, "awaited_actors", &["subject", "time"], false).await
}

/// A text column that compares byte by byte in both databases, so that the order is the same.
fn binary_column(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = schema::text(name);
    if manager.get_database_backend() == DbBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}

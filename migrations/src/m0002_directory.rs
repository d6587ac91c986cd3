//! The directory: people with all their names, groups, containers, memberships as intervals, signs of activity.

use crate::index;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        people(manager).await?;
        places(manager).await?;
        manager
            .create_table(
                Table::create()
                    .table("memberships")
                    .col(schema::big_pk_auto("id"))
                    .col(schema::integer("source_id"))
                    .col(schema::big_integer("user_id"))
                    .col(schema::big_integer_null("group_id"))
                    .col(schema::big_integer_null("container_id"))
                    .col(schema::text_null("permission"))
                    .col(schema::big_integer_null("since"))
                    .col(schema::big_integer_null("until"))
                    .col(schema::big_integer("seen_at"))
                    .to_owned(),
            )
            .await?;
        index(manager, "memberships", &["user_id"], false).await?;
        index(manager, "memberships", &["group_id", "user_id"], false).await?;
        index(manager, "memberships", &["container_id", "user_id"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "memberships",
            "containers",
            "groups",
            "activity_signals",
            "listed_users",
            "user_words",
            "aliases",
            "users",
        ] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

async fn people(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("users")
                .col(schema::big_integer("id").primary_key())
                .col(schema::small_integer("kind"))
                .col(schema::text_null("name"))
                .col(schema::text_null("nickname"))
                .col(schema::text_null("email"))
                .col(schema::small_integer_null("status"))
                .col(schema::text_null("avatar_url"))
                .col(schema::text_null("job_title"))
                .col(schema::text_null("department"))
                .col(schema::big_integer_null("added_at"))
                .col(schema::big_integer_null("last_active_at"))
                .col(schema::text_null("last_active_evidence"))
                .col(schema::boolean("listed").default(false))
                .col(binary_column(manager, "sort_name"))
                .to_owned(),
        )
        .await?;
    index(manager, "users", &["sort_name", "id"], false).await?;

    manager
        .create_table(
            Table::create()
                .table("aliases")
                .col(schema::big_integer("id").primary_key())
                .col(schema::text("namespace"))
                .col(schema::text("value"))
                .col(schema::big_integer("user_id"))
                .to_owned(),
        )
        .await?;
    index(manager, "aliases", &["namespace", "value"], true).await?;
    index(manager, "aliases", &["user_id"], false).await?;

    manager
        .create_table(
            Table::create()
                .table("user_words")
                .col(binary_column(manager, "word"))
                .col(schema::big_integer("user_id"))
                .primary_key(Index::create().col("word").col("user_id"))
                .to_owned(),
        )
        .await?;
    index(manager, "user_words", &["user_id"], false).await?;

    manager
        .create_table(
            Table::create()
                .table("listed_users")
                .col(schema::integer("source_id"))
                .col(schema::big_integer("user_id"))
                .col(schema::big_integer("seen_at"))
                .primary_key(Index::create().col("source_id").col("user_id"))
                .to_owned(),
        )
        .await?;

    manager
        .create_table(
            Table::create()
                .table("activity_signals")
                .col(schema::big_integer("user_id"))
                .col(schema::integer("source_id"))
                .col(schema::text("evidence"))
                .col(schema::big_integer("time"))
                .primary_key(
                    Index::create()
                        .col("user_id")
                        .col("source_id")
                        .col("evidence"),
                )
                .to_owned(),
        )
        .await
}

/// A text column that compares byte by byte in both databases, so that prefixes are ranges.
fn binary_column(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = schema::text(name);
    if manager.get_database_backend() == sea_orm_migration::sea_orm::DbBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}

async fn places(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("groups")
                .col(schema::big_pk_auto("id"))
                .col(schema::integer("source_id"))
                .col(schema::text("upstream_id"))
                .col(schema::text_null("name"))
                .col(schema::text_null("description"))
                .col(binary_column(manager, "sort_name"))
                .col(schema::big_integer("seen_at"))
                .col(schema::big_integer_null("gone_at"))
                .to_owned(),
        )
        .await?;
    index(manager, "groups", &["source_id", "upstream_id"], true).await?;
    index(manager, "groups", &["sort_name", "id"], false).await?;

    manager
        .create_table(
            Table::create()
                .table("containers")
                .col(schema::big_pk_auto("id"))
                .col(schema::small_integer("kind"))
                .col(schema::text("scope"))
                .col(schema::text_null("upstream_id"))
                .col(schema::text_null("key"))
                .col(schema::text_null("name"))
                .col(schema::text_null("url"))
                .col(schema::boolean_null("private"))
                .col(schema::big_integer_null("parent_id"))
                .col(binary_column(manager, "sort_name"))
                .col(schema::integer_null("source_id"))
                .col(schema::big_integer_null("seen_at"))
                .col(schema::big_integer_null("gone_at"))
                .to_owned(),
        )
        .await?;
    index(
        manager,
        "containers",
        &["kind", "scope", "upstream_id"],
        true,
    )
    .await?;
    index(manager, "containers", &["kind", "scope", "key"], false).await?;
    index(manager, "containers", &["parent_id"], false).await?;
    index(manager, "containers", &["kind", "sort_name", "id"], false).await
}

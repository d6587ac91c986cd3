//! Filters that people keep: whose they are, with whom they are shared, and who likes them.

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
                    .table("saved_filters")
                    .col(schema::big_pk_auto("id"))
                    .col(schema::text("name"))
                    .col(schema::text("sort_name"))
                    .col(schema::text_null("description"))
                    .col(schema::text("filter"))
                    .col(schema::text("view"))
                    .col(schema::text("holder"))
                    .col(schema::text("holder_name"))
                    .col(schema::big_integer("created_at"))
                    .col(schema::big_integer("updated_at"))
                    .to_owned(),
            )
            .await?;
        index(manager, "saved_filters", &["sort_name", "id"], false).await?;
        index(manager, "saved_filters", &["holder"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("saved_filter_shares")
                    .col(schema::big_integer("filter_id"))
                    .col(schema::small_integer("kind"))
                    .col(schema::big_integer("target_id"))
                    .col(schema::boolean("may_edit"))
                    .primary_key(
                        Index::create()
                            .col("filter_id")
                            .col("kind")
                            .col("target_id"),
                    )
                    .to_owned(),
            )
            .await?;
        index(
            manager,
            "saved_filter_shares",
            &["kind", "target_id"],
            false,
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("saved_filter_favorites")
                    .col(schema::text("holder"))
                    .col(schema::big_integer("filter_id"))
                    .primary_key(Index::create().col("holder").col("filter_id"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "saved_filter_favorites",
            "saved_filter_shares",
            "saved_filters",
        ] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

//! Who may ask: tokens, kept as hashes, and the projects granted to them.

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
                    .table("tokens")
                    .col(schema::pk_auto("id"))
                    .col(schema::text("name"))
                    .col(schema::small_integer("role"))
                    .col(schema::blob("hash"))
                    .col(schema::text_null("account_id"))
                    .col(schema::big_integer("created_at"))
                    .col(schema::big_integer_null("expires_at"))
                    .col(schema::big_integer_null("last_used_at"))
                    .col(schema::big_integer_null("revoked_at"))
                    .to_owned(),
            )
            .await?;
        index(manager, "tokens", &["hash"], true).await?;

        manager
            .create_table(
                Table::create()
                    .table("token_grants")
                    .col(schema::integer("token_id"))
                    .col(schema::big_integer("container_id"))
                    .primary_key(Index::create().col("token_id").col("container_id"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["token_grants", "tokens"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

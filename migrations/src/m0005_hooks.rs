//! Webhooks: how many came for each source, and when the last one did.

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
                    .table("hooks")
                    .col(schema::integer("source_id").primary_key())
                    .col(schema::big_integer("received"))
                    .col(schema::big_integer("refused"))
                    .col(schema::big_integer_null("received_at"))
                    .col(schema::big_integer_null("refused_at"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("hooks").to_owned())
            .await
    }
}

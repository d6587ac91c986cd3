//! Who has a role in a schema of Assets: they see what happens there.

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
                    .table("role_holders")
                    .col(schema::integer("source_id"))
                    .col(schema::boolean("is_group"))
                    .col(schema::text("holder"))
                    .primary_key(
                        Index::create()
                            .col("source_id")
                            .col("is_group")
                            .col("holder"),
                    )
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("role_holders").to_owned())
            .await
    }
}

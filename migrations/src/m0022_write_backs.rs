//! Write-backs: what was changed upstream through this server, so that it is done once.

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
                    .table("write_backs")
                    .col(schema::big_pk_auto("id"))
                    .col(schema::text("source"))
                    .col(schema::big_integer_null("seq"))
                    .col(schema::small_integer("state"))
                    .col(schema::text("holder"))
                    .col(schema::big_integer("started_at"))
                    .col(schema::big_integer_null("ended_at"))
                    .col(schema::big_integer_null("unclear_since"))
                    .col(schema::text_null("result"))
                    .col(schema::text_null("problem"))
                    .to_owned(),
            )
            .await?;
        index(manager, "write_backs", &["seq"], true).await?;
        index(manager, "write_backs", &["source", "started_at"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("write_backs").to_owned())
            .await
    }
}

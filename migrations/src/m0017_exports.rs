//! Exports: what was asked for, by whom, how far each has come, and where to go on.

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
                    .table("exports")
                    .col(schema::big_pk_auto("id"))
                    .col(schema::text("file_name"))
                    .col(schema::text("holder"))
                    .col(schema::text("holder_name"))
                    .col(schema::integer("token_id"))
                    .col(schema::small_integer("format"))
                    .col(schema::text("question"))
                    .col(schema::big_integer_null("saved_filter_id"))
                    .col(schema::text_null("saved_filter_name"))
                    .col(schema::small_integer("status"))
                    .col(schema::text_null("problem"))
                    .col(schema::big_integer("until"))
                    .col(schema::big_integer_null("expected"))
                    .col(schema::big_integer("records"))
                    .col(schema::big_integer("bytes"))
                    .col(schema::text_null("mark"))
                    .col(schema::integer("attempts"))
                    .col(schema::big_integer("not_before"))
                    .col(schema::big_integer("created_at"))
                    .col(schema::big_integer_null("started_at"))
                    .col(schema::big_integer_null("finished_at"))
                    .col(schema::big_integer_null("expires_at"))
                    .col(schema::big_integer_null("removed_at"))
                    .to_owned(),
            )
            .await?;
        index(manager, "exports", &["holder", "id"], false).await?;
        index(manager, "exports", &["status", "id"], false).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("exports").to_owned())
            .await
    }
}

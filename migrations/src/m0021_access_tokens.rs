//! Access tokens of saved filters, with how far each is read; and the keys of the headings under which upstream lists
//! actions.

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
                    .table("access_tokens")
                    .col(schema::big_pk_auto("id"))
                    .col(schema::big_integer("filter_id"))
                    .col(schema::text("name"))
                    .col(schema::text("sort_name"))
                    .col(schema::blob("hash"))
                    .col(schema::text("holder"))
                    .col(schema::text("holder_name"))
                    .col(schema::integer("token_id"))
                    .col(schema::big_integer("created_at"))
                    .col(schema::big_integer_null("last_used_at"))
                    .col(schema::big_integer("reading"))
                    .col(schema::blob_null("read_what"))
                    .col(schema::big_integer("read_at"))
                    .col(schema::big_integer("read_until"))
                    .to_owned(),
            )
            .await?;
        index(manager, "access_tokens", &["hash"], true).await?;
        index(
            manager,
            "access_tokens",
            &["filter_id", "sort_name", "id"],
            false,
        )
        .await?;
        index(manager, "access_tokens", &["holder"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("access_token_pages")
                    .col(schema::big_integer("access_token_id"))
                    .col(schema::big_integer("reading"))
                    .col(schema::big_integer("page"))
                    .col(schema::text("mark"))
                    .primary_key(
                        Index::create()
                            .col("access_token_id")
                            .col("reading")
                            .col("page"),
                    )
                    .to_owned(),
            )
            .await?;
        let key = Table::alter()
            .table("actions")
            .add_column(ColumnDef::new("upstream_group_key").text())
            .to_owned();
        manager.alter_table(key).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let key = Table::alter()
            .table("actions")
            .drop_column("upstream_group_key")
            .to_owned();
        manager.alter_table(key).await?;
        for table in ["access_token_pages", "access_tokens"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

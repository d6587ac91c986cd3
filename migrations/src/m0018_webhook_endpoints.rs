//! Webhook endpoints: where events are sent, how far each has come in the log, and how it went.

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
                    .table("webhook_endpoints")
                    .col(schema::big_pk_auto("id"))
                    .col(schema::uuid("key"))
                    .col(schema::text("name"))
                    .col(schema::text("sort_name"))
                    .col(schema::text("url"))
                    .col(schema::small_integer("format"))
                    .col(schema::text("filter"))
                    .col(schema::big_integer_null("saved_filter_id"))
                    .col(schema::text("secret"))
                    .col(schema::text_null("old_secret"))
                    .col(schema::big_integer_null("old_secret_until"))
                    .col(schema::text_null("authorization"))
                    .col(schema::text("holder"))
                    .col(schema::text("holder_name"))
                    .col(schema::small_integer("state"))
                    .col(schema::text_null("reason"))
                    .col(schema::big_integer("state_since"))
                    .col(schema::big_integer("position"))
                    .col(schema::big_integer("failures"))
                    .col(schema::big_integer_null("failing_since"))
                    .col(schema::big_integer_null("next_attempt_at"))
                    .col(schema::big_integer("deliveries"))
                    .col(schema::big_integer_null("open_delivery"))
                    .col(schema::big_integer("created_at"))
                    .col(schema::big_integer("updated_at"))
                    .to_owned(),
            )
            .await?;
        index(manager, "webhook_endpoints", &["sort_name", "id"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("webhook_deliveries")
                    .col(schema::big_integer("endpoint_id"))
                    .col(schema::big_integer("number"))
                    .col(schema::text("message_id"))
                    .col(schema::boolean("test"))
                    .col(schema::big_integer("first_seq"))
                    .col(schema::big_integer("last_seq"))
                    .col(schema::big_integer("events"))
                    .col(schema::small_integer("state"))
                    .col(schema::big_integer("attempts"))
                    .col(schema::text("log"))
                    .col(schema::big_integer("began_at"))
                    .col(schema::big_integer_null("ended_at"))
                    .col(schema::big_integer_null("next_attempt_at"))
                    .primary_key(Index::create().col("endpoint_id").col("number"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["webhook_deliveries", "webhook_endpoints"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

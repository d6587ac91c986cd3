//! The log: events with their changes, upstream's own text, and the names of actions.

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
                    .table("events")
                    .col(schema::big_integer("seq").primary_key())
                    .col(schema::uuid("key"))
                    .col(schema::integer("source_id"))
                    .col(schema::string("upstream_key"))
                    .col(schema::integer("action_id"))
                    .col(schema::small_integer("product"))
                    .col(schema::big_integer("time"))
                    .col(schema::big_integer("recorded_at"))
                    .col(schema::big_integer_null("actor_id"))
                    .col(schema::big_integer_null("container_id"))
                    .col(schema::text_null("target_kind"))
                    .col(schema::text_null("target_id"))
                    .col(schema::text_null("target_name"))
                    .col(schema::text_null("target_url"))
                    .col(schema::big_integer_null("target_alias_id"))
                    .col(schema::text_null("objects"))
                    .col(schema::text_null("issue_id"))
                    .col(schema::text_null("issue_key"))
                    .col(schema::text_null("ip"))
                    .col(schema::uuid_null("ip_number"))
                    .col(schema::text_null("city"))
                    .col(schema::text_null("region"))
                    .col(schema::text_null("country"))
                    .col(schema::text_null("method"))
                    .col(schema::text_null("message"))
                    .to_owned(),
            )
            .await?;
        index(manager, "events", &["key"], true).await?;
        index(manager, "events", &["time", "seq"], false).await?;
        index(manager, "events", &["actor_id", "time", "seq"], false).await?;
        index(manager, "events", &["action_id", "time", "seq"], false).await?;
        index(manager, "events", &["container_id", "time", "seq"], false).await?;

        manager
            .create_table(
                Table::create()
                    .table("changes")
                    .col(schema::big_integer("seq"))
                    .col(schema::integer("place"))
                    .col(schema::text("field"))
                    .col(schema::text_null("from_value"))
                    .col(schema::text_null("to_value"))
                    .primary_key(Index::create().col("seq").col("place"))
                    .to_owned(),
            )
            .await?;

        manager
            .create_table(
                Table::create()
                    .table("payloads")
                    .col(schema::big_integer("seq").primary_key())
                    .col(schema::text("raw"))
                    .to_owned(),
            )
            .await?;

        manager
            .create_table(
                Table::create()
                    .table("actions")
                    .col(schema::pk_auto("id"))
                    .col(schema::text("system"))
                    .col(schema::text("name"))
                    .col(schema::text("code"))
                    .col(schema::text("label"))
                    .col(schema::text("category"))
                    .col(schema::text_null("upstream_label"))
                    .col(schema::text_null("upstream_group"))
                    .to_owned(),
            )
            .await?;
        index(manager, "actions", &["system", "name"], true).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["actions", "payloads", "changes", "events"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

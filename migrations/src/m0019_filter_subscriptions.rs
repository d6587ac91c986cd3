//! Mails that are sent of what a saved filter chooses: when, to whom, and what became of each.

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
                    .table("filter_subscriptions")
                    .col(schema::big_pk_auto("id"))
                    .col(schema::big_integer("filter_id"))
                    .col(schema::text("name"))
                    .col(schema::text("sort_name"))
                    .col(schema::text("recipients"))
                    .col(schema::text("schedule"))
                    .col(schema::text("time_zone"))
                    .col(schema::boolean("at_once"))
                    .col(schema::boolean("send_when_empty"))
                    .col(schema::small_integer("format"))
                    .col(schema::text("holder"))
                    .col(schema::text("holder_name"))
                    .col(schema::integer("token_id"))
                    .col(schema::big_integer("position"))
                    .col(schema::big_integer("window_from"))
                    .col(schema::big_integer_null("next_run_at"))
                    .col(schema::big_integer_null("requested_at"))
                    .col(schema::big_integer_null("attempt_at"))
                    .col(schema::big_integer_null("last_sent_at"))
                    .col(schema::big_integer_null("paused_at"))
                    .col(schema::text_null("paused_because"))
                    .col(schema::uuid_null("lease_holder"))
                    .col(schema::big_integer_null("lease_until"))
                    .col(schema::big_integer("created_at"))
                    .col(schema::big_integer("updated_at"))
                    .to_owned(),
            )
            .await?;
        index(manager, "filter_subscriptions", &["sort_name", "id"], false).await?;
        index(manager, "filter_subscriptions", &["filter_id"], false).await?;
        index(manager, "filter_subscriptions", &["attempt_at"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("filter_subscription_runs")
                    .col(schema::big_pk_auto("id"))
                    .col(schema::big_integer("subscription_id"))
                    .col(schema::big_integer("due_at"))
                    .col(schema::boolean("requested"))
                    .col(schema::small_integer("status"))
                    .col(schema::integer("attempts"))
                    .col(schema::big_integer("started_at"))
                    .col(schema::big_integer_null("next_attempt_at"))
                    .col(schema::big_integer_null("finished_at"))
                    .col(schema::big_integer("window_from"))
                    .col(schema::big_integer("window_to"))
                    .col(schema::big_integer("after_seq"))
                    .col(schema::big_integer("until_seq"))
                    .col(schema::big_integer_null("events"))
                    .col(schema::integer("recipients"))
                    .col(schema::text("message_id"))
                    .col(schema::text_null("error"))
                    .to_owned(),
            )
            .await?;
        index(
            manager,
            "filter_subscription_runs",
            &["subscription_id", "id"],
            false,
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["filter_subscription_runs", "filter_subscriptions"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        Ok(())
    }
}

//! One person with several accounts: which accounts are one person's, what an administrator decided about it, and where
//! upstream contradicts itself. Accounts themselves stay as they are, so that what was linked can be separated.

use crate::index;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema;
use sea_orm_migration::sea_orm::ConnectionTrait;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add(
            manager,
            "users",
            schema::big_integer("person_id").default(0),
        )
        .await?;
        add(manager, "users", schema::text_null("email_key")).await?;
        add(
            manager,
            "aliases",
            schema::big_integer("account_id").default(0),
        )
        .await?;
        add(manager, "listed_users", schema::text_null("email")).await?;
        for column in ["last_active_at", "last_active_evidence"] {
            let alter = Table::alter().table("users").drop_column(column).to_owned();
            manager.alter_table(alter).await?;
        }
        for statement in [
            "UPDATE users SET person_id = id, email_key = lower(email)",
            "UPDATE aliases SET account_id = user_id",
        ] {
            manager
                .get_connection()
                .execute_unprepared(statement)
                .await?;
        }
        index(manager, "users", &["person_id"], false).await?;
        index(manager, "users", &["email_key"], false).await?;
        index(manager, "aliases", &["account_id"], false).await?;
        index(manager, "listed_users", &["email"], false).await?;
        index(manager, "listed_users", &["user_id"], false).await?;

        manager
            .create_table(
                Table::create()
                    .table("person_decisions")
                    .col(schema::big_integer("low_id"))
                    .col(schema::big_integer("high_id"))
                    .col(schema::boolean("linked"))
                    .col(schema::text("decided_by"))
                    .col(schema::big_integer("decided_at"))
                    .primary_key(Index::create().col("low_id").col("high_id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("person_contradictions")
                    .col(schema::big_integer("low_id"))
                    .col(schema::big_integer("high_id"))
                    .col(schema::integer("source_id"))
                    .col(schema::big_integer("noticed_at"))
                    .primary_key(Index::create().col("low_id").col("high_id"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["person_contradictions", "person_decisions"] {
            manager
                .drop_table(Table::drop().table(table).to_owned())
                .await?;
        }
        for (table, name) in [
            ("listed_users", "listed_users_user_id"),
            ("listed_users", "listed_users_email"),
            ("aliases", "aliases_account_id"),
            ("users", "users_email_key"),
            ("users", "users_person_id"),
        ] {
            manager
                .drop_index(Index::drop().table(table).name(name).to_owned())
                .await?;
        }
        for (table, column) in [
            ("listed_users", "email"),
            ("aliases", "account_id"),
            ("users", "email_key"),
            ("users", "person_id"),
        ] {
            let alter = Table::alter().table(table).drop_column(column).to_owned();
            manager.alter_table(alter).await?;
        }
        add(manager, "users", schema::big_integer_null("last_active_at")).await?;
        add(manager, "users", schema::text_null("last_active_evidence")).await
    }
}

async fn add(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: impl IntoColumnDef,
) -> Result<(), DbErr> {
    manager
        .alter_table(Table::alter().table(table).add_column(column).to_owned())
        .await
}

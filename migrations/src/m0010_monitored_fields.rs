//! The fields whose changes people look at: what a filter means that asks for changes of no field in particular.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema;

/// What is monitored until somebody decides otherwise: what says what an issue is about, whose it is and when it is due,
/// under the names that Jira's changelog gives. Statuses and resolutions have criteria of their own.
const FIELDS: [&str; 14] = [
    "summary",
    "description",
    "issuetype",
    "priority",
    "assignee",
    "reporter",
    "labels",
    "Component",
    "Fix Version",
    "Version",
    "duedate",
    "security",
    "Sprint",
    "Story Points",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("monitored_fields")
                    .col(schema::text("folded").primary_key())
                    .col(schema::text("name"))
                    .to_owned(),
            )
            .await?;
        let mut rows = Query::insert();
        rows.into_table("monitored_fields")
            .columns(["folded", "name"]);
        for name in FIELDS {
            rows.values_panic([name.to_ascii_lowercase().into(), name.into()]);
        }
        manager.execute(rows).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("monitored_fields").to_owned())
            .await
    }
}

//! What those who keep a copy of the log in memory need to follow it: the order in which actors were learned later, and
//! a number that grows whenever names pass from one person to another.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema;
use sea_orm_migration::sea_orm::ConnectionTrait;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let number = Table::alter()
            .table("late_actors")
            .add_column(ColumnDef::new("number").big_integer().not_null().default(0))
            .to_owned();
        manager.alter_table(number).await?;
        let db = manager.get_connection();
        db.execute_unprepared(
            "UPDATE \"late_actors\" SET \"number\" = \"placed\".\"place\" FROM \
             (SELECT \"seq\", row_number() OVER (ORDER BY \"seq\") AS \"place\" FROM \"late_actors\") AS \"placed\" \
             WHERE \"placed\".\"seq\" = \"late_actors\".\"seq\"",
        )
        .await?;
        crate::index(manager, "late_actors", &["number"], true).await?;
        manager
            .create_table(
                Table::create()
                    .table("revisions")
                    .col(schema::string("name").primary_key())
                    .col(schema::big_integer("number"))
                    .to_owned(),
            )
            .await?;
        db.execute_unprepared(
            "INSERT INTO \"revisions\" (\"name\", \"number\") VALUES ('people', 0)",
        )
        .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let revisions = Table::drop().table("revisions").to_owned();
        manager.drop_table(revisions).await?;
        let index = Index::drop()
            .table("late_actors")
            .name("late_actors_number")
            .to_owned();
        manager.drop_index(index).await?;
        let number = Table::alter()
            .table("late_actors")
            .drop_column("number")
            .to_owned();
        manager.alter_table(number).await
    }
}

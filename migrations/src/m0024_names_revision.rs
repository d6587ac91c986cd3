//! A number that grows whenever something changes that events refer to: what somebody or a place is called, and whose a
//! name is. Those who keep a copy see by it that theirs is old. The database counts by itself, so nothing is forgotten.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Each table, and the columns that count: not when a listing last named a place, for that is with every listing.
const WATCHED: [(&str, &[&str]); 3] = [
    ("aliases", &["namespace", "value", "user_id", "account_id"]),
    (
        "users",
        &[
            "kind",
            "name",
            "nickname",
            "email",
            "status",
            "avatar_url",
            "job_title",
            "department",
            "added_at",
            "listed",
            "person_id",
        ],
    ),
    (
        "containers",
        &[
            "kind",
            "scope",
            "upstream_id",
            "key",
            "name",
            "url",
            "private",
            "parent_id",
            "source_id",
            "gone_at",
        ],
    ),
];

const COUNT: &str = "UPDATE revisions SET number = number + 1 WHERE name = 'names';";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let postgres = db.get_database_backend() == DbBackend::Postgres;
        db.execute_unprepared("INSERT INTO revisions (name, number) VALUES ('names', 0)")
            .await?;
        if postgres {
            let function = format!(
                "CREATE FUNCTION names_changed() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN {COUNT} RETURN NULL; END $$"
            );
            db.execute_unprepared(&function).await?;
        }
        let action = if postgres {
            "EXECUTE FUNCTION names_changed()".to_owned()
        } else {
            format!("BEGIN {COUNT} END")
        };
        let differs = if postgres {
            "IS DISTINCT FROM"
        } else {
            "IS NOT"
        };
        for (table, columns) in WATCHED {
            let changed: Vec<String> = columns
                .iter()
                .map(|column| format!("OLD.\"{column}\" {differs} NEW.\"{column}\""))
                .collect();
            let changed = changed.join(" OR ");
            db.execute_unprepared(&format!(
                "CREATE TRIGGER {table}_changed AFTER UPDATE ON {table} FOR EACH ROW WHEN ({changed}) {action}"
            ))
            .await?;
            db.execute_unprepared(&format!(
                "CREATE TRIGGER {table}_gone AFTER DELETE ON {table} FOR EACH ROW {action}"
            ))
            .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let postgres = db.get_database_backend() == DbBackend::Postgres;
        for (table, _) in WATCHED {
            let on = if postgres {
                format!(" ON {table}")
            } else {
                String::new()
            };
            for trigger in ["changed", "gone"] {
                db.execute_unprepared(&format!("DROP TRIGGER {table}_{trigger}{on}"))
                    .await?;
            }
        }
        if postgres {
            db.execute_unprepared("DROP FUNCTION names_changed()")
                .await?;
        }
        db.execute_unprepared("DELETE FROM revisions WHERE name = 'names'")
            .await?;
        Ok(())
    }
}

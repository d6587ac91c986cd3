//! The tables that the migrations make are the tables that the entities describe, on both databases.

use crate::world::{Kind, World, on_both};
use auditgraph::store::entity;
use sea_orm::sea_query::ColumnType;
use sea_orm::{ColumnTrait, EntityTrait, IdenStatic, Iterable};
use sqlx::Connection;
use std::collections::BTreeMap;

on_both!(entities_match_migrations);

/// Table to column to what is known of it, in words.
type Tables = BTreeMap<String, BTreeMap<String, String>>;

fn words(family: &str, optional: bool, key: bool) -> String {
    let optional = if optional { ", optional" } else { "" };
    format!("{family}{optional}{}", if key { ", key" } else { "" })
}

fn described<E: EntityTrait>(kind: Kind, entity: E) -> (String, BTreeMap<String, String>) {
    let keys: Vec<&str> = E::PrimaryKey::iter().map(|key| key.as_str()).collect();
    let columns = E::Column::iter().map(|column| {
        let (name, column) = (column.as_str(), column.def());
        let family = match (column.get_column_type(), kind) {
            (ColumnType::BigInteger, Kind::Postgres) => "bigint",
            (ColumnType::SmallInteger, Kind::Postgres) => "smallint",
            (ColumnType::BigInteger | ColumnType::Integer | ColumnType::SmallInteger, _) => {
                "integer"
            }
            (ColumnType::Boolean, _) => "boolean",
            (ColumnType::Uuid, Kind::Postgres) => "uuid",
            (
                ColumnType::Uuid
                | ColumnType::Blob
                | ColumnType::Binary(_)
                | ColumnType::VarBinary(_),
                _,
            ) => "bytes",
            _ => "text",
        };
        let words = words(family, column.is_null(), keys.contains(&name));
        (name.to_owned(), words)
    });
    (entity.table_name().to_owned(), columns.collect())
}

async fn in_postgres(url: &str) -> Tables {
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let rows: Vec<(String, String, String, bool, bool)> = sqlx::query_as(
        "SELECT c.table_name::text, c.column_name::text, c.data_type::text, c.is_nullable = 'YES', EXISTS (
            SELECT 1 FROM information_schema.key_column_usage k
            JOIN information_schema.table_constraints t USING (constraint_name, table_schema)
            WHERE t.constraint_type = 'PRIMARY KEY' AND k.table_name = c.table_name
                AND k.column_name = c.column_name)
        FROM information_schema.columns c WHERE c.table_schema = 'public'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut tables = Tables::new();
    for (table, column, kind, optional, key) in rows {
        let family = match kind.as_str() {
            "character varying" => "text",
            "bytea" => "bytes",
            other => other,
        };
        let words = words(family, optional, key);
        tables.entry(table).or_default().insert(column, words);
    }
    tables
}

async fn in_sqlite(url: &str) -> Tables {
    let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
    let rows: Vec<(String, String, String, bool, i64)> = sqlx::query_as(
        "SELECT m.name, c.name, lower(c.type), c.\"notnull\" = 0, c.pk
        FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut tables = Tables::new();
    for (table, column, kind, optional, key) in rows {
        let family = match kind.as_str() {
            kind if kind.contains("int") => "integer",
            kind if kind.contains("bool") => "boolean",
            kind if kind.contains("uuid") || kind.contains("blob") => "bytes",
            _ => "text",
        };
        let words = words(family, optional && key == 0, key > 0);
        tables.entry(table).or_default().insert(column, words);
    }
    tables
}

async fn entities_match_migrations(kind: Kind) {
    let world = World::new(kind).await;
    let entities = Tables::from([
        described(kind, entity::access_token::Entity),
        described(kind, entity::access_token_page::Entity),
        described(kind, entity::action::Entity),
        described(kind, entity::activity_signal::Entity),
        described(kind, entity::alias::Entity),
        described(kind, entity::awaited_actor::Entity),
        described(kind, entity::change::Entity),
        described(kind, entity::container::Entity),
        described(kind, entity::coverage::Entity),
        described(kind, entity::cursor::Entity),
        described(kind, entity::event::Entity),
        described(kind, entity::export::Entity),
        described(kind, entity::filter_subscription::Entity),
        described(kind, entity::filter_subscription_run::Entity),
        described(kind, entity::group::Entity),
        described(kind, entity::issue::Entity),
        described(kind, entity::issue_key::Entity),
        described(kind, entity::issue_permission::Entity),
        described(kind, entity::late_actor::Entity),
        described(kind, entity::hook::Entity),
        described(kind, entity::lease::Entity),
        described(kind, entity::listed_user::Entity),
        described(kind, entity::membership::Entity),
        described(kind, entity::monitored_field::Entity),
        described(kind, entity::payload::Entity),
        described(kind, entity::person_contradiction::Entity),
        described(kind, entity::person_decision::Entity),
        described(kind, entity::position::Entity),
        described(kind, entity::pushed::Entity),
        described(kind, entity::revision::Entity),
        described(kind, entity::role_holder::Entity),
        described(kind, entity::saved_filter::Entity),
        described(kind, entity::saved_filter_favorite::Entity),
        described(kind, entity::saved_filter_share::Entity),
        described(kind, entity::source::Entity),
        described(kind, entity::source_hour::Entity),
        described(kind, entity::sync_run::Entity),
        described(kind, entity::thing::Entity),
        described(kind, entity::token::Entity),
        described(kind, entity::token_grant::Entity),
        described(kind, entity::user::Entity),
        described(kind, entity::user_word::Entity),
        described(kind, entity::webhook_delivery::Entity),
        described(kind, entity::webhook_endpoint::Entity),
        described(kind, entity::write_back::Entity),
    ]);
    let mut migrated = match kind {
        Kind::Postgres => in_postgres(&world.database.url).await,
        Kind::Sqlite => in_sqlite(&world.database.url).await,
    };
    // Tables of the migrations' and the database's own.
    migrated.retain(|table, _| table != "seaql_migrations" && !table.starts_with("sqlite_"));
    let lines = |tables: &Tables| -> Vec<String> {
        let columns = tables.iter().flat_map(|(table, columns)| {
            columns
                .iter()
                .map(move |(column, words)| format!("{table}.{column}: {words}"))
        });
        columns.collect()
    };
    let (entities, migrated) = (lines(&entities), lines(&migrated));
    let only = |these: &[String], those: &[String], who: &str| -> String {
        let lines = these.iter().filter(|line| !those.contains(line));
        let lines: Vec<String> = lines.map(|line| format!("{who} {line}")).collect();
        lines.join("\n")
    };
    let difference =
        only(&entities, &migrated, "entity   ") + &only(&migrated, &entities, "migration");
    assert!(difference.is_empty(), "\n{difference}");
}

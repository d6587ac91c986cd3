//! Many rows as one JSON text: the database packs them, and they are taken apart here. That is several times less work
//! for the driver than a row at a time.

use super::StoreError;
use sea_orm::sea_query::ColumnType;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, EntityTrait, IdenStatic,
    Iterable, QueryResult, Statement, Value,
};
use serde::de::DeserializeOwned;

/// The functions that make a list of rows, and of a row a list.
pub(super) fn functions(backend: DbBackend) -> (&'static str, &'static str) {
    match backend {
        DbBackend::Postgres => ("json_agg", "json_build_array"),
        _ => ("json_group_array", "json_array"),
    }
}

/// The columns of an entity, as a row of that `alias` has them, in the order in which its model reads them. Those that are
/// not `wanted` are packed as nothing, or where a model cannot do without a value as an empty one.
pub(super) fn columns<E: EntityTrait>(
    backend: DbBackend,
    alias: &str,
    wanted: impl Fn(E::Column) -> bool,
) -> String {
    let columns: Vec<String> = E::Column::iter()
        .map(|column| {
            let of_type = column.def();
            if wanted(column) {
                let name = format!("{alias}.\"{}\"", column.as_str());
                value(backend, of_type.get_column_type(), name)
            } else if of_type.is_null() {
                "NULL".to_owned()
            } else {
                empty(backend, of_type.get_column_type()).to_owned()
            }
        })
        .collect();
    columns.join(", ")
}

fn value(backend: DbBackend, of_type: &ColumnType, name: String) -> String {
    match (of_type, backend) {
        (_, DbBackend::Postgres) => name,
        // SQLite has neither in JSON.
        (ColumnType::Uuid, _) => format!("nullif(hex({name}), '')"),
        (ColumnType::Boolean, _) => {
            format!("json(CASE {name} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END)")
        }
        _ => name,
    }
}

fn empty(backend: DbBackend, of_type: &ColumnType) -> &'static str {
    match (of_type, backend) {
        (ColumnType::Uuid, _) => "'00000000-0000-0000-0000-000000000000'",
        (ColumnType::Boolean, DbBackend::Postgres) => "false",
        (ColumnType::Boolean, _) => "json('false')",
        (ColumnType::String(_) | ColumnType::Text, _) => "''",
        _ => "0",
    }
}

/// The rows that a statement packs into its only column.
pub(super) async fn load<T: DeserializeOwned>(
    db: &DatabaseConnection,
    sql: String,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<T>, StoreError> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    match db.query_one_raw(statement).await? {
        Some(row) => unpack(&row, 0),
        None => Ok(Vec::new()),
    }
}

/// The rows that are packed in a column.
pub(super) fn unpack<T: DeserializeOwned>(
    row: &QueryResult,
    column: usize,
) -> Result<Vec<T>, StoreError> {
    // Where there are no rows, PostgreSQL packs nothing instead of an empty list.
    let Some(text) = row.try_get_by_index::<Option<String>>(column)? else {
        return Ok(Vec::new());
    };
    let wrong = |error: serde_json::Error| DbErr::Type(error.to_string());
    Ok(serde_json::from_str(&text).map_err(wrong)?)
}

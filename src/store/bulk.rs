//! Many rows of one table in one statement.
//!
//! The rows travel as one JSON parameter and the database takes them apart: several times faster than a parameter for
//! each value, and no limit on how many rows fit.

use super::StoreError;
use sea_orm::sea_query::ColumnType;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, IdenStatic,
    Iterable, Statement,
};
use serde::Serialize;

/// Rows in one statement; larger batches are cut.
const ROWS: usize = 5_000;

/// Inserts `rows` into the table of `E`. The rows' JSON field names must be the column names.
pub(super) async fn insert<E>(
    transaction: &DatabaseTransaction,
    rows: &[E::Model],
) -> Result<(), StoreError>
where
    E: EntityTrait,
    E::Model: Serialize,
{
    for rows in rows.chunks(ROWS) {
        let json = serde_json::to_string(rows)
            .map_err(|error| sea_orm::DbErr::Custom(error.to_string()))?;
        let backend = transaction.get_database_backend();
        let sql = statement::<E>(backend);
        transaction
            .execute_raw(Statement::from_sql_and_values(backend, sql, [json.into()]))
            .await?;
    }
    Ok(())
}

fn statement<E: EntityTrait>(backend: DbBackend) -> String {
    let table = E::default().table_name().to_owned();
    let columns: Vec<(&str, ColumnType)> = E::Column::iter()
        .map(|column| (column.as_str(), column.def().get_column_type().clone()))
        .collect();
    let names = columns
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect::<Vec<_>>()
        .join(", ");
    if backend == DbBackend::Postgres {
        let types = columns
            .iter()
            .map(|(name, kind)| format!("\"{name}\" {}", postgres_type(kind)))
            .collect::<Vec<_>>()
            .join(", ");
        format!(
            "INSERT INTO \"{table}\" ({names}) SELECT {names} FROM json_to_recordset($1::json) AS row({types})"
        )
    } else {
        let values = columns
            .iter()
            .map(|(name, kind)| sqlite_value(name, kind))
            .collect::<Vec<_>>()
            .join(", ");
        format!("INSERT INTO \"{table}\" ({names}) SELECT {values} FROM json_each(?)")
    }
}

fn postgres_type(kind: &ColumnType) -> &'static str {
    match kind {
        ColumnType::BigInteger => "bigint",
        ColumnType::Integer => "integer",
        ColumnType::SmallInteger => "smallint",
        ColumnType::Boolean => "boolean",
        ColumnType::Uuid => "uuid",
        _ => "text",
    }
}

fn sqlite_value(name: &str, kind: &ColumnType) -> String {
    match kind {
        ColumnType::Uuid => format!("unhex(replace(value->>'{name}', '-', ''))"),
        _ => format!("value->>'{name}'"),
    }
}

//! Many rows of one table in one statement.
//!
//! The rows travel as one JSON parameter and the database takes them apart: no limit on how many rows fit, and far less
//! work for the driver than a parameter for each value.

use super::StoreError;
use sea_orm::sea_query::{ColumnType, Expr, ExprTrait, Func, Query, SelectStatement, Value};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, IdenStatic,
    Iterable, ModelTrait, Statement,
};

use uuid::Uuid;

/// Rows in one statement; larger batches are cut.
const ROWS: usize = 5_000;

/// Inserts these rows into their table.
pub(super) async fn insert<M: ModelTrait>(
    transaction: &DatabaseTransaction,
    rows: &[M],
) -> Result<(), StoreError> {
    let backend = transaction.get_database_backend();
    let columns: Vec<_> = <M::Entity as EntityTrait>::Column::iter().collect();
    for rows in rows.chunks(ROWS) {
        let json = match backend {
            DbBackend::Postgres => objects(rows, &columns)?,
            _ => arrays(rows, &columns)?,
        };
        let statement =
            Statement::from_sql_and_values(backend, sql::<M::Entity>(backend), [json.into()]);
        transaction.execute_raw(statement).await?;
    }
    Ok(())
}

/// These ids as the answer of a query, to be compared with a column: one parameter, however many there are.
pub(super) fn among(
    db: &impl ConnectionTrait,
    ids: impl Iterator<Item = Uuid>,
) -> Result<SelectStatement, StoreError> {
    let id = match db.get_database_backend() {
        DbBackend::Postgres => "CAST(value AS uuid)",
        _ => "unhex(value)",
    };
    elements(db, id, ids.map(|id| id.simple().to_string()))
}

/// The same for texts.
pub(super) fn texts<'a>(
    db: &impl ConnectionTrait,
    texts: impl Iterator<Item = &'a str>,
) -> Result<SelectStatement, StoreError> {
    elements(db, "value", texts.map(str::to_owned))
}

fn elements(
    db: &impl ConnectionTrait,
    value: &'static str,
    texts: impl Iterator<Item = String>,
) -> Result<SelectStatement, StoreError> {
    let texts: Vec<String> = texts.collect();
    let json = serde_json::to_string(&texts).map_err(|error| DbErr::Custom(error.to_string()))?;
    let (json, elements) = match db.get_database_backend() {
        DbBackend::Postgres => (Expr::val(json).cast_as("json"), "json_array_elements_text"),
        _ => (Expr::val(json), "json_each"),
    };
    Ok(Query::select()
        .expr(Expr::cust(value))
        .from_function(Func::cust(elements).arg(json), "ids")
        .to_owned())
}

type ColumnOf<M> = <<M as ModelTrait>::Entity as EntityTrait>::Column;

/// `[[1, "a"], …]`: places are found faster than names.
fn arrays<M: ModelTrait>(rows: &[M], columns: &[ColumnOf<M>]) -> Result<String, StoreError> {
    let mut json = String::from("[");
    for (place, row) in rows.iter().enumerate() {
        json.push_str(if place == 0 { "[" } else { ",[" });
        for (place, column) in columns.iter().enumerate() {
            if place > 0 {
                json.push(',');
            }
            write(&mut json, &row.get(*column))?;
        }
        json.push(']');
    }
    json.push(']');
    Ok(json)
}

/// `[{"seq": 1, "field": "a"}, …]`: the only form that PostgreSQL turns into columns by itself.
fn objects<M: ModelTrait>(rows: &[M], columns: &[ColumnOf<M>]) -> Result<String, StoreError> {
    let mut json = String::from("[");
    for (place, row) in rows.iter().enumerate() {
        json.push_str(if place == 0 { "{" } else { ",{" });
        let mut first = true;
        for column in columns {
            let value = row.get(*column);
            if is_null(&value) {
                continue;
            }
            json.push_str(if first { "\"" } else { ",\"" });
            first = false;
            json.push_str(column.as_str());
            json.push_str("\":");
            write(&mut json, &value)?;
        }
        json.push('}');
    }
    json.push(']');
    Ok(json)
}

fn write(json: &mut String, value: &Value) -> Result<(), StoreError> {
    let failed = |message: String| StoreError::Database(DbErr::Custom(message));
    match value {
        value if is_null(value) => json.push_str("null"),
        Value::BigInt(Some(number)) => json.push_str(&number.to_string()),
        Value::Int(Some(number)) => json.push_str(&number.to_string()),
        Value::SmallInt(Some(number)) => json.push_str(&number.to_string()),
        Value::Bool(Some(flag)) => json.push_str(if *flag { "true" } else { "false" }),
        Value::Uuid(Some(uuid)) => {
            json.push('"');
            json.push_str(uuid.simple().encode_lower(&mut [0; 32]));
            json.push('"');
        }
        Value::String(Some(text)) => {
            json.push_str(&serde_json::to_string(text).map_err(|error| failed(error.to_string()))?);
        }
        other => return Err(failed(format!("{other:?} cannot be inserted in bulk"))),
    }
    Ok(())
}

fn is_null(value: &Value) -> bool {
    matches!(
        value,
        Value::BigInt(None)
            | Value::Int(None)
            | Value::SmallInt(None)
            | Value::Bool(None)
            | Value::Uuid(None)
            | Value::String(None)
    )
}

fn sql<E: EntityTrait>(backend: DbBackend) -> String {
    let table = E::default().table_name().to_owned();
    let columns: Vec<(&str, ColumnType)> = E::Column::iter()
        .map(|column| (column.as_str(), column.def().get_column_type().clone()))
        .collect();
    let join = |parts: Vec<String>| parts.join(", ");
    let names = join(
        columns
            .iter()
            .map(|(name, _)| format!("\"{name}\""))
            .collect(),
    );
    if backend == DbBackend::Postgres {
        let typed = |(name, kind): &(&str, ColumnType)| format!("\"{name}\" {}", postgres(kind));
        let definitions = join(columns.iter().map(typed).collect());
        format!(
            "INSERT INTO \"{table}\" ({names}) \
             SELECT {names} FROM json_to_recordset($1::json) AS row({definitions})"
        )
    } else {
        let values = join(
            columns
                .iter()
                .enumerate()
                .map(|(place, (_, kind))| sqlite(place, kind))
                .collect(),
        );
        format!("INSERT INTO \"{table}\" ({names}) SELECT {values} FROM json_each(?)")
    }
}

fn postgres(kind: &ColumnType) -> &'static str {
    match kind {
        ColumnType::BigInteger => "bigint",
        ColumnType::Integer => "integer",
        ColumnType::SmallInteger => "smallint",
        ColumnType::Boolean => "boolean",
        ColumnType::Uuid => "uuid",
        _ => "text",
    }
}

fn sqlite(place: usize, kind: &ColumnType) -> String {
    match kind {
        ColumnType::Uuid => format!("unhex(value->>{place})"),
        _ => format!("value->>{place}"),
    }
}

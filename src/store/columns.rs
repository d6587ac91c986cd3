//! The log as those read it who keep columns of it in memory: few values of many events at a time.
//!
//! The database packs a stretch of the log, SQLite into one JSON text and PostgreSQL into an array a value: that is several
//! times faster than a row at a time, and a start has to read all of it.

use super::entity::{alias, container, event, late_actor, revision, user};
use super::sites::{Sites, scope_of};
use super::{Store, StoreError, packed};
use crate::event::ContainerKind;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use serde::Deserialize;
use sqlx::AssertSqlSafe;
use std::collections::HashMap;

/// People whose names are read in one statement.
const PEOPLE: usize = 5_000;

/// Of one event what the columns keep: position, time in microseconds, actor (as far as known by now), action, product,
/// source, container, Jira's id of the issue, and its key where there is no id.
#[derive(Clone, Debug, Deserialize)]
pub struct EventValues(
    pub i64,
    pub i64,
    pub Option<i64>,
    pub i32,
    pub i16,
    pub i32,
    pub Option<i64>,
    pub Option<String>,
    pub Option<String>,
);

/// The same in SQL, of an event `e` with what was learned of its actor later, `l`.
const EVENT_VALUES: [&str; 9] = [
    "e.seq",
    "e.time",
    "coalesce(e.actor_id, l.alias_id)",
    "e.action_id",
    "e.product",
    "e.source_id",
    "e.container_id",
    "e.issue_id",
    "CASE WHEN e.issue_id IS NULL THEN e.issue_key END",
];

/// The same of many events, a list a value.
type Lists = (
    Vec<i64>,
    Vec<i64>,
    Vec<Option<i64>>,
    Vec<i32>,
    Vec<i16>,
    Vec<i32>,
    Vec<Option<i64>>,
    Vec<Option<String>>,
    Vec<Option<String>>,
);

/// Of one change what the columns keep: the event's position, the field, and for statuses the value before and after.
#[derive(Clone, Debug, Deserialize)]
pub struct ChangeValues(pub i64, pub String, pub Option<String>, pub Option<String>);

/// How far everything has come that the columns follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Tide {
    /// The newest position.
    pub events: i64,
    /// How many actors were learned later.
    pub late: i64,
    /// The newest alias.
    pub aliases: i64,
    /// How often names have passed from one person to another.
    pub people: i64,
}

/// Of a container what a breakdown needs.
#[derive(Clone, Debug)]
pub struct ContainerValues {
    /// Its number.
    pub id: i64,
    /// What it is.
    pub kind: ContainerKind,
    /// What it lies in.
    pub parent_id: Option<i64>,
    /// The host of its site, or what is known of it instead.
    pub site: Option<String>,
}

impl Store {
    /// How far everything has come.
    pub async fn tide(&self) -> Result<Tide, StoreError> {
        let sql = format!(
            "SELECT coalesce((SELECT max(seq) FROM events), 0) AS events, \
             coalesce((SELECT max(number) FROM late_actors), 0) AS late, \
             coalesce((SELECT max(id) FROM aliases), 0) AS aliases, \
             coalesce((SELECT number FROM revisions WHERE name = '{}'), 0) AS people",
            revision::PEOPLE
        );
        let statement = Statement::from_string(self.door.get_database_backend(), sql);
        let row = self.door.query_one_raw(statement).await?;
        let tide = row.map(|row| Tide::from_query_result(&row, ""));
        Ok(tide.transpose()?.unwrap_or_default())
    }

    /// The events behind a position up to another, in order.
    pub async fn event_values(
        &self,
        after: i64,
        until: i64,
    ) -> Result<Vec<EventValues>, StoreError> {
        let from = "FROM events e LEFT JOIN late_actors l ON l.seq = e.seq WHERE e.seq > $1 AND e.seq <= $2";
        let mut rows = if self.is_postgres() {
            let lists = EVENT_VALUES.map(|value| format!("array_agg({value})"));
            let sql = format!("SELECT {} {from} HAVING count(*) > 0", lists.join(", "));
            let lists: Option<Lists> = sqlx::query_as(AssertSqlSafe(sql))
                .bind(after)
                .bind(until)
                .fetch_optional(self.read.get_postgres_connection_pool())
                .await?;
            lists.map(of_lists).unwrap_or_default()
        } else {
            let values = EVENT_VALUES.join(", ");
            let sql = format!("SELECT json_group_array(json_array({values})) {from}");
            packed::load(&self.read, sql, [after.into(), until.into()]).await?
        };
        // Packing promises no order, though it mostly keeps it.
        rows.sort_by_key(|row| row.0);
        Ok(rows)
    }

    /// The changes of the events behind a position up to another, in no particular order.
    pub async fn change_values(
        &self,
        after: i64,
        until: i64,
    ) -> Result<Vec<ChangeValues>, StoreError> {
        let (array, object) = packed::functions(self.read.get_database_backend());
        let sql = format!(
            "SELECT CAST({array}({object}(seq, field, CASE WHEN lower(field) = 'status' THEN from_value END, \
             CASE WHEN lower(field) = 'status' THEN to_value END)) AS text) \
             FROM changes WHERE seq > $1 AND seq <= $2"
        );
        packed::load(&self.read, sql, [after.into(), until.into()]).await
    }

    /// When exactly the events at these positions happened, in microseconds.
    pub async fn times_of(&self, positions: &[i64]) -> Result<Vec<(i64, i64)>, StoreError> {
        Ok(event::Entity::find()
            .select_only()
            .column(event::Column::Seq)
            .column(event::Column::Time)
            .filter(event::COLUMN.seq.is_in(positions.iter().copied()))
            .into_tuple()
            .all(&self.read)
            .await?)
    }

    /// The actors learned later behind a number up to another: position, alias.
    pub async fn late_values(&self, after: i64, until: i64) -> Result<Vec<(i64, i64)>, StoreError> {
        Ok(late_actor::Entity::find()
            .select_only()
            .column(late_actor::Column::Seq)
            .column(late_actor::Column::AliasId)
            .filter(late_actor::COLUMN.number.between(after + 1, until))
            .into_tuple()
            .all(&self.read)
            .await?)
    }

    /// Whose the names are that are newer than this one: alias, person.
    pub async fn name_values(&self, after: i64) -> Result<Vec<(i64, i64)>, StoreError> {
        Ok(alias::Entity::find()
            .select_only()
            .column(alias::Column::Id)
            .column(alias::Column::UserId)
            .filter(Expr::col(alias::Column::Id).gt(after))
            .order_by_asc(alias::Column::Id)
            .into_tuple()
            .all(&self.read)
            .await?)
    }

    /// All containers.
    pub async fn container_values(&self) -> Result<Vec<ContainerValues>, StoreError> {
        let sites = Sites::load(&self.read).await?;
        let all = container::Entity::find()
            .order_by_asc(container::Column::Id)
            .all(&self.read)
            .await?;
        let values = all.into_iter().map(|row| ContainerValues {
            id: row.id,
            kind: ContainerKind::from_number(row.kind),
            parent_id: row.parent_id,
            site: scope_of(&row).map(|scope| sites.host(&scope).unwrap_or(&scope).to_owned()),
        });
        Ok(values.collect())
    }

    /// What these people are sorted by.
    pub async fn sort_names(&self, users: &[i64]) -> Result<HashMap<i64, String>, StoreError> {
        let mut names = HashMap::new();
        for users in users.chunks(PEOPLE) {
            let found: Vec<(i64, String)> = user::Entity::find()
                .select_only()
                .column(user::Column::Id)
                .column(user::Column::SortName)
                .filter(user::COLUMN.id.is_in(users.iter().copied()))
                .into_tuple()
                .all(&self.read)
                .await?;
            names.extend(found);
        }
        Ok(names)
    }
}

fn of_lists(lists: Lists) -> Vec<EventValues> {
    let (seqs, times, actors, actions, products, sources, containers, mut ids, mut keys) = lists;
    let event = |at: usize| {
        EventValues(
            seqs[at],
            times[at],
            actors[at],
            actions[at],
            products[at],
            sources[at],
            containers[at],
            ids[at].take(),
            keys[at].take(),
        )
    };
    (0..seqs.len()).map(event).collect()
}
